#!/usr/bin/python3
"""The control plane with exactly the rights of the chart: nothing it calls is refused, and nothing it may is never called (S1-37).

What it calls is read from the API server's audit log, so code that calls something new fails here until the chart says so.

    GK_TEST_BIN=DIR tests/cluster/test_rights.py [Class.test]        needs the cluster (make cluster-up)
"""

import uuid

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
    ("update", "gamekeeper.dev", "fleets/finalizers"): "the same, for the pods of a Fleet",
    ("get", "", "nodes"): "before a node is called dead",
    ("patch", "", "nodes"): "gamekeeper node confirm-dead",
}
RARE_OF_MATCHES = {
    ("create", "", "secrets"): "an apply that makes the object is asked for it besides",
}


class Rights(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "gk-shim", "restic", "versitygw", "gamekeeper", "postgres")

    def setUp(self):
        super().setUp()
        self.matches = harness.Space(f"{self.space.name}-m", "privileged")  # Players of matches come by ports of the nodes.
        self.addCleanup(self.matches.remove)
        self.plane, self.account = None, Account(self.space, self.matches)

    def start(self):
        database = harness.Postgres(self.space)
        self.plane = control_plane.ControlPlane(
            self.space, harness.S3(self.space), CLUSTER_MATCHES=self.matches.name, CLUSTER_EXPOSURES="nodePort,hostPort",
            CLUSTER_HOST_PORTS_FIRST=6400, CLUSTER_HOST_PORTS_LAST=6499,
            LEDGER_URL=f"postgresql://gamekeeper:{database.password}@{database.address}:5432/gamekeeper")
        self.plane.settings["CLUSTER_KUBECONFIG"] = self.account.kubeconfig(self.plane.home / "kubeconfig")
        self.plane.start()

    def clean_up(self):
        if self.plane and self.has_failed():
            self.plane.tell_log()
        if self.plane:
            self.plane.clean_up()
        self.account.remove()

    # Nothing but its own namespace was given to it; in the cluster there are others with servers, some of them with a history.
    def test_servers_where_it_may_not_write_are_left_alone_and_said(self):
        elsewhere = harness.Space(f"{self.space.name}-e")
        self.addCleanup(elsewhere.remove)
        store = harness.S3(self.space)
        owner = control_plane.ControlPlane(elsewhere, store)
        self.addCleanup(owner.clean_up)
        owner.start()
        owner.world("create", "castle", "--game", "minetest", "--start")
        owner.end()
        elsewhere.apply({"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": "tower"}, "spec": {"game": "minetest"}})

        self.plane = control_plane.ControlPlane(self.space, store, CLUSTER_WORLDS="")
        self.plane.settings["CLUSTER_KUBECONFIG"] = self.account.kubeconfig(self.plane.home / "kubeconfig")
        self.plane.start()
        self.plane.world("create", "hut", "--game", "minetest", "--start")

        said = [line for line in self.plane.log().splitlines() if f"{elsewhere.name}/tower" in line]
        self.assertIn("could not be taken in", said[0])
        self.assertIn("add it to `spaces` of the chart", said[0])
        castle = elsewhere.get("gs", "castle")
        self.assertEqual("running", castle["status"]["state"])
        endpoint = castle["status"]["endpoints"][0]
        self.assertTrue(harness.answers(endpoint["host"], endpoint["port"]))

    # As by `kubectl delete clusterrolebinding`, or by a second installation, which has the same one.
    def test_rights_that_are_missing_are_said_and_waited_for(self):
        binding = next(item for item in self.account.objects if item["kind"] == "ClusterRoleBinding")
        harness.kubectl("delete", "clusterrolebinding", binding["metadata"]["name"])
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space))
        self.plane.settings["CLUSTER_KUBECONFIG"] = self.account.kubeconfig(self.plane.home / "kubeconfig")
        self.plane.begin()

        said = self.plane.wait_for_log("objects cannot be read", "nodes is forbidden")
        self.assertIn(self.account.name, said)
        self.assertFalse(self.plane.is_ready())

        harness.kubectl("apply", "-f", "-", input=yaml.safe_dump(binding))
        self.plane.becomes_ready(90)  # It asks again after a minute at most.
        self.plane.wait_for_log("objects are read again", "nodes")

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

    def play(self):
        """What people and matches do with fleets, by kubectl and by the API."""
        spec = {"game": "match-server", "ready": 1, "max": 3}
        self.matches.apply({"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "Fleet", "metadata": {"name": "duels"}, "spec": spec})
        self.matches.until(lambda it: it.get("status", {}).get("ready") == 1, "fleet", "duels")
        self.plane.api.ask("POST", "/v1/fleets/duels/allocate", {"match": str(uuid.uuid4())})
        self.plane.api.ask("PUT", "/v1/fleets/duels", spec | {"ready": 2})
        self.matches.until(lambda it: it.get("status", {}).get("ready") == 2, "fleet", "duels")
        self.plane.api.ask("DELETE", "/v1/fleets/duels")
        self.plane.api.ask("PUT", "/v1/fleets/teams", spec)
        self.matches.until(lambda it: it.get("status", {}).get("ready") == 1, "fleet", "teams")

    def test_every_call_is_allowed_and_every_right_is_used(self):
        self.start()
        self.live()
        self.play()

        calls = list(self.account.calls())
        self.assertEqual([], sorted({call for call, _, allowed in calls if not allowed}), "it was refused")
        used = {(call, space) for call, space, _ in calls}
        used_anywhere = {call for call, _, _ in calls}
        for right, spaces in self.account.rules():
            for space in spaces:
                with self.subTest(right=right, space=space):
                    is_used = (right, space) in used or space is None and right in used_anywhere
                    reasons = RARE | RARE_OF_MATCHES if space == self.matches.name else RARE
                    self.assertTrue(is_used or right in reasons, "nothing calls it, and no reason is given")

    def test_the_account_may_do_what_it_needs_and_no_more(self):
        account, here = f"--as={self.account.name}", f"--namespace={self.space.name}"

        def may(*words):
            return kubectl("auth", "can-i", *words, account, check=False).stdout.strip() == "yes"

        for words in (("watch", "gameservers.gamekeeper.dev", "-A"), ("create", "statefulsets.apps", here), ("get", "secrets", here),
                      ("patch", "gameservers.gamekeeper.dev", "--subresource=status", here)):
            self.assertTrue(may(*words), words)
        for words in (("list", "secrets", here), ("get", "secrets", "--namespace=kube-system"), ("create", "pods", "--namespace=kube-system"),
                      ("create", "clusterrolebindings"), ("delete", "nodes"), ("create", "pods", "--subresource=exec", here)):
            self.assertFalse(may(*words), words)

    def test_no_rule_is_wider_than_its_words(self):
        for (verb, group, resource), spaces in self.account.rules():
            with self.subTest(verb=verb, group=group, resource=resource):
                self.assertNotIn("*", (verb, group, resource))
                if None in spaces and (verb, resource) not in (("create", "tokenreviews"), ("patch", "nodes")):
                    self.assertIn(verb, ("get", "list", "watch"))
                    self.assertNotEqual("secrets", resource)


if __name__ == "__main__":
    harness.main()
