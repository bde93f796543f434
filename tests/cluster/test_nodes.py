#!/usr/bin/python3
"""Nodes that fall silent, die and are emptied, on the real cluster: worlds stay single, and what was saved is there again.

    GK_TEST_BIN=DIR tests/cluster/test_nodes.py [Class.test]        needs the cluster (make cluster-up) for itself alone
"""

import contextlib
import json
import re
import signal
import subprocess
import threading

import control_plane
import harness
import toy_world
from harness import NODES, ROOT, ClusterTest, answers

FILE = "/api/bucket/files/castle/mark.txt"
PROVISIONER = "local-path"


def node(*words):
    harness.run(ROOT / "tools" / "cluster" / "node", *words)


@contextlib.contextmanager
def only(name):
    """New pods go to this node."""
    others = [other for other in NODES if other != name]
    harness.kubectl("cordon", *others)
    try:
        yield
    finally:
        harness.kubectl("uncordon", *others)


class WorldOnANode(ClusterTest):
    breaks_nodes = True

    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "gk-shim", "restic", "versitygw")

    def setUp(self):
        super().setUp()
        # What the test needs itself must not be on the node that it breaks.
        pods = json.loads(harness.kubectl("get", "pods", "-A", "-o", "json").stdout)["items"]
        self.safe = next(it["spec"]["nodeName"] for it in pods if PROVISIONER in it["metadata"]["name"])
        self.victim = next(name for name in NODES if name != self.safe)
        with only(self.safe) if self.breaks_nodes else contextlib.nullcontext():
            self.store = harness.S3(self.space)
        # Not by its Service: this machine's way to those leads through a node, and a test may break that one.
        self.store.address = self.space.get("pod", "s3-0")["status"]["podIP"]
        self.plane = control_plane.ControlPlane(self.space, self.store)
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()
        if self.breaks_nodes:
            self.mend()
        self.plane.clean_up()

    def mend(self):
        """The cluster as it was, whatever the test has come to."""
        node("mend", self.victim)
        node("thaw", self.victim, "kubelet")
        self.register_again()
        harness.kubectl("uncordon", *NODES)
        harness.kubectl("taint", "node", self.victim, "node.kubernetes.io/out-of-service-", check=False)
        harness.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=60s")

    def register_again(self):
        """A kubelet makes its Node only when it starts."""
        if harness.kubectl("get", "node", self.victim, check=False).returncode != 0:
            node("kill", self.victim, "kubelet")
            node("start", self.victim)
            harness.kubectl("wait", "--for=create", f"node/{self.victim}", "--timeout=60s")

    def castle_on_victim(self):
        with only(self.victim):
            self.plane.world("create", "castle", "--game", "minetest", "--start")
        self.assertEqual(self.victim, self.pod()["spec"]["nodeName"])
        self.write("mark 1\n")
        return self.space.get("gs", "castle")

    def write(self, text):
        status, said = self.plane.call("PUT", f"{FILE}?namespace={self.space.name}", {"content": text})
        self.assertEqual(200, status, said)

    def mark(self):
        return self.plane.call("GET", f"{FILE}?namespace={self.space.name}")[1]["content"]

    def pod(self):
        return self.space.get("pod", "gs-castle-0")

    def until(self, condition, seconds=150):
        return self.space.until(condition, "gs", "castle", seconds)

    def until_reason(self, reason, seconds=60):
        return self.until(lambda gs: gs.get("status", {}).get("reason") == reason, seconds)

    def until_running_on(self, name, seconds=150):
        running = self.until(lambda gs: gs["status"]["state"] == "running" and
                             gs["status"]["endpoints"][0].get("host") == NODES[name] and not gs["status"].get("reason"), seconds)
        self.assertEqual(name, self.pod()["spec"]["nodeName"])
        self.assertTrue(self.joinable(running))
        return running

    def joinable(self, server):
        endpoint = server["status"]["endpoints"][0]
        return answers(endpoint["host"], endpoint["port"])

    def live_claims(self):
        found = json.loads(self.space.kubectl("get", "pvc", "-l", "gamekeeper.dev/world=live", "-o", "json").stdout)["items"]
        return [it["metadata"]["name"] for it in found if "deletionTimestamp" not in it["metadata"]]

    def story(self):
        return self.space.kubectl("get", "events", "-o", "custom-columns=:.message", "--no-headers").stdout


class Nodes(WorldOnANode):
    def test_a_drained_node_lets_its_world_go_saved_and_whole(self):
        self.castle_on_victim()

        drained = harness.kubectl("drain", self.victim, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=170s",
                                  "--pod-selector=gamekeeper.dev/name=castle")

        self.assertIn("Cannot evict pod as it would violate the pod's disruption budget", drained.stdout + drained.stderr)
        self.until_running_on(self.safe)
        self.assertEqual("mark 1\n", self.mark())
        self.assertEqual(["gs-castle-1"], self.live_claims())
        self.assertIn("is to be emptied (cordoned)", self.story())

    def test_a_drain_waits_for_the_backup_that_runs_there(self):
        self.castle_on_victim()
        saving = threading.Thread(target=self.plane.world, args=("backup", "castle"))
        saving.start()
        self.space.wait_for("create", "pod/gs-castle-backup")
        self.plane.send(signal.SIGSTOP)  # The backup lasts as long as we like.
        self.space.wait_for("condition=Ready", "pod/gs-castle-backup", seconds=30)

        with subprocess.Popen(["kubectl", "drain", self.victim, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=90s",
                               "--pod-selector=gamekeeper.dev/name=castle"], env=harness.ENVIRONMENT, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True) as drain:
            said = ""
            while not re.search("error when evicting pods/.gs-castle-backup", said):
                line = drain.stdout.readline()
                self.assertTrue(line, f"kubectl drain has ended: {said}")
                said += line
            self.plane.send(signal.SIGCONT)
            said += drain.stdout.read()
        saving.join()

        self.assertEqual(0, drain.returncode, said)
        self.until_running_on(self.safe)
        self.assertEqual("mark 1\n", self.mark())

    def test_a_frozen_kubelet_ends_no_game_and_starts_none(self):
        running = self.castle_on_victim()
        pod = self.pod()["metadata"]["uid"]

        node("freeze", self.victim, "kubelet")
        self.until_reason("node_unreachable")
        self.assertTrue(self.joinable(running), "the game itself is well")
        node("thaw", self.victim, "kubelet")

        self.until_running_on(self.victim)
        self.assertEqual(pod, self.pod()["metadata"]["uid"])

    def test_a_node_that_is_cut_off_keeps_its_world_until_somebody_says_that_it_is_dead(self):
        self.castle_on_victim()
        self.plane.world("backup", "castle")
        self.write("mark 2\n")

        node("cut", self.victim)
        self.until_reason("node_unreachable")
        self.space.kubectl("delete", "pod", "gs-castle-0", "--force", "--grace-period=0")
        # Somebody believes to know better; the keeper does not.
        self.space.wait_for("create", "pod/gs-castle-0", seconds=30)
        self.assertEqual("node_unreachable", self.space.get("gs", "castle")["status"]["reason"])
        self.assertEqual(["gs-castle-0"], self.live_claims())

        self.assertIn("unreachable", self.plane.cli("node", "list").stdout)
        self.assertEqual(2, self.plane.cli("node", "confirm-dead", self.victim, check=False).returncode, "nobody can be asked")
        self.assertIn("answers", self.plane.cli("node", "confirm-dead", self.safe, "--yes", check=False).stderr)
        confirmed = self.plane.cli("node", "confirm-dead", self.victim, "--yes")
        self.assertIn(f"{self.space.name}/castle", confirmed.stderr)
        self.plane.cli("node", "confirm-dead", self.victim, "--yes")

        self.until_running_on(self.safe)
        self.assertEqual("mark 1\n", self.mark(), "what was newer than the backup is lost ...")
        self.assertIn("what was written after it is lost", self.story(), "... which is said")

        node("mend", self.victim)
        harness.kubectl("wait", "--for=condition=Ready", f"node/{self.victim}", "--timeout=60s")
        self.until_running_on(self.safe)
        self.assertEqual(["pod/gs-castle-0"], self.space.kubectl("get", "pods", "-l", "gamekeeper.dev/server", "-o", "name").stdout.split())

    def test_what_was_on_a_node_that_is_deleted_comes_back_elsewhere(self):
        self.castle_on_victim()
        self.plane.world("backup", "castle")
        self.write("mark 2\n")

        node("cut", self.victim)
        self.until_reason("node_unreachable")
        harness.kubectl("delete", "node", self.victim)

        self.until_running_on(self.safe)
        self.assertEqual("mark 1\n", self.mark())
        self.assertIn("what was written after it is lost", self.story())

        # The machine comes back as another node of the same name, and ends what it finds there.
        node("mend", self.victim)
        self.register_again()
        harness.kubectl("wait", "--for=condition=Ready", f"node/{self.victim}", "--timeout=60s")
        self.until_running_on(self.safe)
        self.assertEqual(["pod/gs-castle-0"], self.space.kubectl("get", "pods", "-l", "gamekeeper.dev/server", "-o", "name").stdout.split())


class Played(WorldOnANode):
    """What players read of a move: the toy says what it is told to, and does not know who plays."""

    def test_players_are_told_before_their_world_moves(self):
        harness.use_images("toy")
        self.plane.end()
        self.plane.define("toy", toy_world.definition() + "announce: {command: say, before: 5s}\n")
        self.plane.start()
        with only(self.victim):
            self.plane.world("create", "castle", "--game", "toy", "--start")

        harness.kubectl("cordon", self.victim)
        self.until_reason("node_cordoned")

        self.assertIn("This world moves to another machine in 5 seconds", self.plane.world("logs", "castle").stdout)
        self.until_running_on(self.safe)


class LostDisk(WorldOnANode):
    breaks_nodes = False

    def test_a_claim_that_was_deleted_comes_back_from_the_newest_backup(self):
        self.plane.world("create", "castle", "--game", "minetest", "--start")
        self.write("mark 1\n")
        self.plane.world("pause", "castle")

        self.space.kubectl("delete", "pvc", "gs-castle-0", "--timeout=30s")
        self.until_reason("disk_lost")
        self.plane.world("start", "castle")

        self.assertEqual("mark 1\n", self.mark())
        self.assertIn("the newest proven backup, of", self.story())

    def test_a_claim_that_was_deleted_under_a_game_is_replaced_as_soon_as_it_stops(self):
        self.plane.world("create", "castle", "--game", "minetest", "--start")
        self.write("mark 1\n")
        self.plane.world("backup", "castle")
        self.write("mark 2\n")

        old = self.space.get("pvc", "gs-castle-0")["metadata"]["uid"]
        self.space.kubectl("delete", "pvc", "gs-castle-0", "--wait=false")
        lost = self.until_reason("claim_deleted")
        self.assertTrue(self.joinable(lost), "the game itself is well")
        self.assertEqual("mark 2\n", self.mark())
        self.plane.world("restart", "castle")

        [claim] = self.live_claims()
        self.assertNotEqual(old, self.space.get("pvc", claim)["metadata"]["uid"])
        self.assertEqual("mark 1\n", self.mark())
        self.assertIn("what was written after it is lost", self.story())


if __name__ == "__main__":
    harness.main()
