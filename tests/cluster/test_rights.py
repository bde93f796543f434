#!/usr/bin/python3
"""The control plane with exactly the rights of the chart: nothing it calls is refused, and nothing it may is never called (S1-37).

What it calls is read from the API server's audit log, so code that calls something new fails here until the chart says so.

    GK_TEST_BIN=DIR tests/cluster/test_rights.py [Class.test]        needs the cluster (make cluster-up)
"""

import control_plane
import harness
import yaml
from harness import ROOT, ClusterTest, kubectl
from rights import Account

# Rights that a life without accidents need not use, and why they are there.
RARE = {
    ("update", "gamekeeper.dev", "gameservers/finalizers"): "admission plug-ins that guard owner references ask for it (OpenShift)",
    ("patch", "gamekeeper.dev", "gameservers/status"): "players who come and go, if somebody looks while they do",
    ("create", "apps", "statefulsets"): "an apply that makes the object is asked for it besides",
    ("create", "policy", "poddisruptionbudgets"): "the same",
    ("patch", "", "services"): "another exposure of a server that is there",
    ("get", "", "nodes"): "before a node is called dead",
    ("patch", "", "nodes"): "gamekeeper node confirm-dead",
}


class Rights(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "gk-shim", "restic", "versitygw")

    def setUp(self):
        super().setUp()
        self.plane, self.account = None, Account(self.space)

    def start(self):
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space))
        self.plane.settings["CLUSTER_KUBECONFIG"] = self.account.kubeconfig(self.plane.home / "kubeconfig")
        self.plane.start()

    def clean_up(self):
        if self.plane and self.has_failed():
            self.plane.tell_log()
        if self.plane:
            self.plane.clean_up()
        self.account.remove()

    def live(self):
        """What people do with servers, by kubectl and by the API."""
        definition = yaml.safe_load((ROOT / "games" / "minetest.yaml").read_text())
        game = {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "Game", "metadata": {"name": "minetest"}, "spec": definition}
        server = {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": "castle"}, "spec": {"game": "minetest"}}
        self.space.apply(game)
        self.space.apply(server)
        self.space.until(lambda gs: gs.get("status", {}).get("state") == "running", "gs", "castle", 120)
        self.plane.world("backup", "castle")
        self.plane.world("set", "castle", "motd=hello")
        self.plane.world("set", "castle", "default_password=swordfish")
        self.plane.world("restart", "castle")
        self.space.kubectl("scale", "gs", "castle", "--replicas=0")
        self.space.until(lambda gs: gs["status"]["state"] == "paused", "gs", "castle", 120)
        self.plane.world("stop", "castle")
        self.plane.world("start", "castle")
        self.space.kubectl("delete", "gs", "castle", "--timeout=120s")
        self.plane.world("create", "tower", "--game", "minetest")
        self.plane.world("delete", "tower", "--yes")

    def test_every_call_is_allowed_and_every_right_is_used(self):
        self.start()
        self.live()

        calls = list(self.account.calls())
        self.assertEqual([], sorted({call for call, allowed in calls if not allowed}), "it was refused")
        used = {call for call, _ in calls}
        for verb, group, resource, _ in self.account.rules():
            with self.subTest(verb=verb, group=group, resource=resource):
                right = (verb, group, resource)
                self.assertTrue(right in used or right in RARE, "nothing calls it, and no reason is given")

    def test_no_rule_is_wider_than_its_words(self):
        for verb, group, resource, everywhere in self.account.rules():
            with self.subTest(verb=verb, group=group, resource=resource):
                self.assertNotIn("*", (verb, group, resource))
                if everywhere and (verb, resource) not in (("create", "tokenreviews"), ("patch", "nodes")):
                    self.assertIn(verb, ("get", "list", "watch"))
                    self.assertNotEqual("secrets", resource)


if __name__ == "__main__":
    harness.main()
