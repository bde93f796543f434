"""What an account may do, and what it has done: the rules of the chart, and the audit log of the test cluster."""

import json
import pathlib
import sys

import harness
import yaml
from harness import ROOT, kubectl, run

sys.path.insert(0, str(ROOT / "tools" / "cluster"))

import settings  # noqa: E402  The test cluster's.
from parts import KUBERNETES  # noqa: E402

CHART = ROOT / "deploy" / "helm" / "gamekeeper"
AUDIT_LOG = settings.CONTROL_PLANE.directory / "log" / "audit.log"


class Account:
    """The control plane's account with the rights of the chart, in a namespace that is also that of servers; match servers have one of their own.

    Cluster roles get names of their own, so that they stand beside those of an installation."""

    def __init__(self, space, matches):
        self.space = space
        self.name = f"system:serviceaccount:{space.name}:gamekeeper"
        words = (f"--namespace={space.name}", "--show-only=templates/rights.yaml", "--show-only=templates/matches.yaml",
                 f"--set=spaces={{{space.name}}},postgres.enabled=true,matches.space={matches.name}")
        rendered = run(harness.program("helm", "helm"), "template", "gamekeeper", CHART, f"--kube-version={KUBERNETES.version}", *words).stdout
        self.objects = [item for item in yaml.safe_load_all(rendered) if item]
        for item in self.objects:
            if item["kind"].startswith("ClusterRole"):
                item["metadata"]["name"] += f"-{space.name}"
            if item.get("roleRef", {}).get("kind") == "ClusterRole":
                item["roleRef"]["name"] += f"-{space.name}"
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": self.objects})
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)

    def kubeconfig(self, path):
        """As that account, with a token that the API server has given out."""
        config = yaml.safe_load(pathlib.Path(harness.ENVIRONMENT["KUBECONFIG"]).read_text())
        config["users"][0]["user"] = {"token": self.space.kubectl("create", "token", "gamekeeper", "--duration=1h").stdout.strip()}
        path.write_text(json.dumps(config))
        return path

    def rules(self):
        """(verb, group, resource) of every rule, each with the namespaces where it is bound; None stands for all."""
        bound = {}
        for item in self.objects:
            if "roleRef" in item:
                bound.setdefault((item["roleRef"]["kind"], item["roleRef"]["name"]), []).append(item["metadata"].get("namespace"))
        for item in self.objects:
            for rule in item.get("rules", []):
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        for verb in rule["verbs"]:
                            yield (verb, group, resource), bound[item["kind"], item["metadata"]["name"]]

    def calls(self):
        """What the account has asked for: the API server's own words, each with the namespace (None: all) and whether it was allowed."""
        with open(AUDIT_LOG, encoding="utf-8") as log:
            for line in log:
                call = json.loads(line)
                if call["user"]["username"] != self.name or "objectRef" not in call:
                    continue
                what = call["objectRef"]
                resource = "/".join(word for word in (what["resource"], what.get("subresource")) if word)
                allowed = call.get("annotations", {}).get("authorization.k8s.io/decision") == "allow"
                yield (call["verb"], what.get("apiGroup", ""), resource), what.get("namespace"), allowed

    def remove(self):
        for item in self.objects:
            if item["kind"].startswith("ClusterRole"):
                kubectl("delete", item["kind"], item["metadata"]["name"], check=False)
