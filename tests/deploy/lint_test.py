#!/usr/bin/python3
"""What we ask people to apply keeps to the rules of tests/deploy/lint.py, and each rule finds what it is for."""

import pathlib
import unittest

import lint
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ITEMS = [item for item in yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()) if item]
STORES = list(yaml.safe_load_all((ROOT / "deploy" / "testbed" / "stores.yaml").read_text().replace("@TAG@", "1")))


def find(items, kind, name="it"):
    return next(item for item in items if item["kind"] == kind and item["metadata"]["name"] == name)


def template():
    """A pod that keeps to all rules."""
    return {"spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": "it"}}],
        "containers": [{
            "name": "it", "image": "registry:5000/it:1", "resources": {"limits": {"memory": "1Mi"}},
            "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
            "readinessProbe": {"httpGet": {"path": "/ready"}}, "livenessProbe": {"httpGet": {"path": "/alive"}}}]}}


def good():
    bodies = {
        "Secret": {"type": "kubernetes.io/service-account-token"},
        "ClusterRole": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
        "ClusterRoleBinding": {"roleRef": {"name": "it"}},
        "Role": {"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]},
        "PersistentVolumeClaim": {},
        "Deployment": {"spec": {"template": template()}},
        "StatefulSet": {"spec": {"template": template(), "volumeClaimTemplates": [{}]}},
    }
    return [{"kind": kind, "metadata": {"name": "it"}, **body} for kind, body in bodies.items()]


def pod(items):
    return find(items, "Deployment")["spec"]["template"]["spec"]


def container(items):
    return pod(items)["containers"][0]


# What somebody might write one day, and the rule that must find it.
MISTAKES = {
    lint.no_secret_is_inline: [
        lambda items: find(items, "Secret").update(stringData={"password": "x"}),
        lambda items: find(items, "Secret").update(type="Opaque"),
        lambda items: container(items).update(env=[{"name": "DB_PASSWORD", "value": "x"}])],
    lint.no_rule_is_a_wildcard: [lambda items: find(items, "ClusterRole")["rules"][0].update(verbs=["*"])],
    lint.no_right_to_secrets_is_cluster_wide: [
        lambda items: find(items, "ClusterRole")["rules"][0].update(resources=["secrets"], verbs=["get"]),
        lambda items: find(items, "Role")["rules"][0].update(verbs=["list"])],
    lint.every_image_is_pinned: [
        lambda items: container(items).update(image="registry:5000/it"), lambda items: container(items).update(image="it:latest")],
    lint.pods_are_restricted: [
        lambda items: container(items)["securityContext"].update(allowPrivilegeEscalation=True),
        lambda items: container(items)["securityContext"].pop("capabilities"),
        lambda items: container(items)["securityContext"].pop("readOnlyRootFilesystem"),
        lambda items: container(items)["resources"].pop("limits"),
        lambda items: pod(items)["securityContext"].update(runAsNonRoot=False)],
    lint.what_keeps_things_has_a_claim: [
        lambda items: find(items, "StatefulSet")["spec"].pop("volumeClaimTemplates"),
        lambda items: pod(items)["volumes"][0]["persistentVolumeClaim"].update(claimName="another")],
    lint.ready_and_alive_are_two_questions: [
        lambda items: container(items).update(livenessProbe=container(items)["readinessProbe"]),
        lambda items: container(items).pop("readinessProbe")],
}


class Lint(unittest.TestCase):
    def test_what_we_ship_keeps_to_every_rule(self):
        self.assertEqual(lint.complaints(ITEMS), [])
        self.assertEqual(lint.complaints(STORES), [])

    def test_each_rule_finds_its_mistakes(self):
        self.assertEqual(set(MISTAKES), set(lint.RULES))
        self.assertEqual(lint.complaints(good()), [])
        for rule, mistakes in MISTAKES.items():
            for number, mistake in enumerate(mistakes):
                with self.subTest(rule=rule.__name__, mistake=number):
                    items = good()
                    mistake(items)
                    self.assertEqual(len(list(rule(items))), 1)

    def test_games_are_refused_the_cluster_and_the_shims_port(self):
        policy = find(ITEMS, "NetworkPolicy", "gamekeeper-worlds")["spec"]
        open_to_all = [port for entry in policy["ingress"] if "from" not in entry for port in entry["ports"] if port["protocol"] == "TCP"]
        addresses = [block["ipBlock"] for entry in policy["egress"] for block in entry["to"] if "ipBlock" in block]

        self.assertFalse(any(port["port"] <= 9401 <= port["endPort"] for port in open_to_all))
        self.assertIn("169.254.0.0/16", addresses[0]["except"])
        self.assertEqual(policy["policyTypes"], ["Ingress", "Egress"])


if __name__ == "__main__":
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)
