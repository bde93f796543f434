#!/usr/bin/python3
"""Installing, upgrading and uninstalling on the real cluster: what must be there is, and what must stay stays.

    tests/cluster/test_install.py [Class.test]
"""

import json

import harness
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
        self.remove_what_is_cluster_wide()  # There is one of each, and a test that was killed leaves them.

    def clean_up(self):
        self.helm("uninstall", "gamekeeper", check=False)
        self.remove_what_is_cluster_wide()

    def remove_what_is_cluster_wide(self):
        for kind in ("clusterrole", "clusterrolebinding"):
            kubectl("delete", kind, "-l", "app.kubernetes.io/part-of=gamekeeper", check=False)

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

    def test_the_account_may_do_what_it_needs_and_no_more(self):
        self.put_only("rights", f"spaces={{{self.space.name}}}")
        account = f"--as=system:serviceaccount:{self.space.name}:gamekeeper"

        def may(*words):
            return kubectl("auth", "can-i", *words, account, check=False).stdout.strip() == "yes"

        here = f"--namespace={self.space.name}"
        for words in (("watch", "gameservers.gamekeeper.dev", "-A"), ("create", "statefulsets.apps", here), ("get", "secrets", here),
                      ("patch", "gameservers.gamekeeper.dev", "--subresource=status", here)):
            self.assertTrue(may(*words), words)
        for words in (("list", "secrets", here), ("get", "secrets", "--namespace=kube-system"), ("create", "pods", "--namespace=kube-system"),
                      ("create", "clusterrolebindings"), ("delete", "nodes"), ("create", "pods", "--subresource=exec", here)):
            self.assertFalse(may(*words), words)

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
