#!/usr/bin/python3
"""What we ask people to apply keeps to the rules of tests/deploy/lint.py, and each rule finds what it is for."""

import copy
import pathlib
import unittest

import lint
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ITEMS = [item for item in yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text()) if item]


def find(items, kind, name):
    return next(item for item in items if item["kind"] == kind and item["metadata"]["name"] == name)


def container(items, kind="Deployment", name="gamekeeper"):
    return find(items, kind, name)["spec"]["template"]["spec"]["containers"][0]


# What somebody might write one day, and the rule that must find it.
MISTAKES = {
    lint.no_secret_is_inline: [
        lambda items: find(items, "Secret", "gamekeeper-ledger").update(stringData={"password": "x"}),
        lambda items: find(items, "Secret", "gamekeeper-ledger").update(type="Opaque"),
        lambda items: container(items).update(env=[{"name": "DB_PASSWORD", "value": "x"}])],
    lint.no_rule_is_a_wildcard: [lambda items: find(items, "ClusterRole", "gamekeeper-watch")["rules"][0].update(verbs=["*"])],
    lint.no_right_to_secrets_is_cluster_wide: [
        lambda items: find(items, "ClusterRole", "gamekeeper-watch")["rules"][0].update(resources=["secrets"]),
        lambda items: find(items, "Role", "gamekeeper")["rules"].append({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]})],
    lint.every_image_is_pinned: [
        lambda items: container(items).update(image="registry:5000/gamekeeper"), lambda items: container(items).update(image="gamekeeper:latest")],
    lint.pods_are_restricted: [
        lambda items: container(items)["securityContext"].update(allowPrivilegeEscalation=True),
        lambda items: container(items)["securityContext"].pop("capabilities"),
        lambda items: container(items)["securityContext"].pop("readOnlyRootFilesystem"),
        lambda items: container(items)["resources"].pop("limits"),
        lambda items: find(items, "Deployment", "gamekeeper")["spec"]["template"]["spec"]["securityContext"].update(runAsNonRoot=False)],
    lint.what_keeps_things_has_a_claim: [lambda items: find(items, "StatefulSet", "gamekeeper-postgres")["spec"].pop("volumeClaimTemplates")],
    lint.ready_and_alive_are_two_questions: [
        lambda items: container(items).update(livenessProbe=container(items)["readinessProbe"]),
        lambda items: container(items).pop("readinessProbe")],
}


class Lint(unittest.TestCase):
    def test_what_we_ship_keeps_to_every_rule(self):
        self.assertEqual(lint.complaints(ITEMS), [])

    def test_each_rule_finds_its_mistakes(self):
        self.assertEqual(set(MISTAKES), set(lint.RULES))
        for rule, mistakes in MISTAKES.items():
            for number, mistake in enumerate(mistakes):
                with self.subTest(rule=rule.__name__, mistake=number):
                    items = copy.deepcopy(ITEMS)
                    mistake(items)
                    self.assertGreaterEqual(len(list(rule(items))), 1)

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
