#!/usr/bin/python3
"""Installing, upgrading and uninstalling on the real cluster: what must be there is, and what must stay stays.

    tests/cluster/test_install.py [Class.test]
"""

import json

import harness
import yaml
from api_server import parts
from harness import ROOT, ClusterTest, kubectl, program, run, use_images

CHART = ROOT / "deploy" / "helm" / "gamekeeper"


class Install(ClusterTest):
    @classmethod
    def setUpClass(cls):
        use_images("gamekeeper", "postgres")
        cls.helm_program = program("helm", "helm")
        # Helm makes them with the first release that it sees, and never changes them.
        kubectl("apply", "--server-side", "--force-conflicts", "-f", CHART / "crds")

    def setUp(self):
        super().setUp()
        self.remove_what_a_killed_test_left()

    def clean_up(self):
        self.helm("uninstall", "gamekeeper", check=False)

    def remove_what_a_killed_test_left(self):
        """A cluster has room for one installation, and what is cluster-wide is in its way. Other people's is left as it is."""
        chart = yaml.safe_load_all(self.helm("template", "gamekeeper", CHART, f"--kube-version={parts.KUBERNETES.version}").stdout)
        for kind, name in ((item["kind"], item["metadata"]["name"]) for item in chart if item and item["kind"].startswith("ClusterRole")):
            said = kubectl("get", kind, name, "--ignore-not-found", "-o", "json").stdout
            if not said:
                continue
            owner = json.loads(said)["metadata"].get("annotations", {}).get("meta.helm.sh/release-namespace", "")
            if not self.is_of_a_test(owner):
                self.fail(f"the cluster has an installation, in namespace '{owner}': {kind} {name}; uninstall it first")
            kubectl("delete", kind, name)

    @staticmethod
    def is_of_a_test(space):
        """Or it was: of what is in no namespace nobody else can take care any more."""
        said = space and kubectl("get", "namespace", space, "--ignore-not-found", "-o", "json").stdout
        return space and (not said or "gamekeeper.test" in json.loads(said)["metadata"]["labels"])

    def helm(self, *words, **options):
        return run(self.helm_program, *words, "--namespace", self.space.name, env=harness.ENVIRONMENT, **options)

    def put(self, verb, *values):
        """Installs or upgrades, with games in the test's own namespace, and waits until it is ready."""
        sets = [f"--set={value}" for value in (f"images.tag={harness.TAG}", f"spaces={{{self.space.name}}}", *values)]
        self.helm(verb, "gamekeeper", CHART, *sets)
        self.space.kubectl("rollout", "status", "deployment/gamekeeper", "--timeout=120s")

    def put_only(self, template, value):
        """One file of the chart."""
        rendered = self.helm("template", "gamekeeper", CHART, f"--set={value}", f"--show-only=templates/{template}.yaml",
                             f"--kube-version={parts.KUBERNETES.version}").stdout
        self.space.kubectl("apply", "--server-side", "-f", "-", input=rendered)

    def in_the_pod(self, *words):
        return self.space.kubectl("exec", "deploy/gamekeeper", "--", *words).stdout

    def test_an_installation_works_is_upgraded_and_leaves_what_must_stay(self):
        self.put("install")
        self.assertIn("items", json.loads(self.in_the_pod("gamekeeper", "-o", "json", "server", "list")))
        key = self.space.get("secret", "gamekeeper-admin")["data"]["key"]

        self.put("upgrade", "config.log.level=debug")
        self.assertEqual(self.space.get("secret", "gamekeeper-admin")["data"]["key"], key)

        self.helm("uninstall", "gamekeeper", "--wait")
        self.assertEqual(kubectl("get", "crd", "gameservers.gamekeeper.dev", check=False).returncode, 0)
        self.assertEqual(self.space.get("pvc", "gamekeeper-state")["status"]["phase"], "Bound")

        self.put("install")
        self.assertEqual(self.space.get("secret", "gamekeeper-admin")["data"]["key"], key)

    def holder(self):
        """The pod that keeps, as its name begins in the Lease."""
        return self.space.get("lease", "gamekeeper")["spec"]["holderIdentity"].partition("_")[0]

    def test_of_two_copies_one_goes_on_when_the_other_is_deleted(self):
        self.put("install", "postgres.enabled=true", "replicas.max=2")
        self.space.wait_for("jsonpath={.status.readyReplicas}=2", "deployment/gamekeeper", seconds=120)
        first = self.holder()

        self.space.kubectl("delete", "pod", first, "--wait=false")
        self.space.until(lambda lease: lease["spec"].get("holderIdentity", "").partition("_")[0] not in ("", first), "lease", "gamekeeper", 10)

        second = self.holder()
        said = self.space.kubectl("exec", second, "--", "gamekeeper", "-o", "json", "server", "list").stdout
        self.assertIn("items", json.loads(said))
        self.space.wait_for("jsonpath={.status.readyReplicas}=2", "deployment/gamekeeper", seconds=60)

    def test_the_database_has_a_password_that_nobody_wrote(self):
        self.put_only("postgres", f"images.tag={harness.TAG},postgres.enabled=true")
        self.space.kubectl("rollout", "status", "statefulset/gamekeeper-postgres", "--timeout=120s")

        def ask(password):
            script = f"PGPASSWORD={password} exec psql -h 127.0.0.1 -U gamekeeper -tAc 'select 42'"
            return self.space.kubectl("exec", "gamekeeper-postgres-0", "--", "sh", "-c", script, check=False).stdout.strip()

        self.assertEqual(ask("$(cat /secret/password)"), "42")
        self.assertEqual(ask("wrong"), "")


if __name__ == "__main__":
    harness.main()
