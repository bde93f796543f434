#!/usr/bin/python3
"""Whole worlds on the real cluster: kubectl, command line and API on the same GameServers, real games, backups in S3.

    GK_TEST_BIN=DIR tests/cluster/test_worlds.py [Class.test]        needs the cluster (make cluster-up)
"""

import signal
import subprocess

import control_plane
import harness
from harness import ClusterTest, answers

MARK = "/api/bucket/files/castle/mark.txt"


class Worlds(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "gk-shim", "restic", "versitygw")

    def setUp(self):
        super().setUp()
        self.store = harness.S3(self.space)
        self.plane = control_plane.ControlPlane(self.space, self.store)
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()
        self.plane.clean_up()

    def castle(self, **more):
        return {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": "castle"},
                "spec": {"game": "minetest", "package": "small", **more}}

    def reach(self, state, seconds=120):
        return self.space.until(lambda gs: gs.get("status", {}).get("state") == state, "gs", "castle", seconds)

    def wait_until_told(self, reason, seconds=60):
        """By an event; nobody waits for those, so they come when they come."""
        words = ("events", f"--field-selector=involvedObject.name=castle,reason={reason}", "-w", "-o", "name", f"--request-timeout={seconds}s")
        with subprocess.Popen(["kubectl", "-n", self.space.name, "get", *words], env=harness.ENVIRONMENT, stdout=subprocess.PIPE, text=True) as watch:
            try:
                self.assertTrue(watch.stdout.readline(), f"no event {reason} within {seconds} s")
            finally:
                watch.kill()

    def joinable(self, server):
        endpoint = server["status"]["endpoints"][0]
        return answers(endpoint["host"], endpoint["port"])

    def nothing_is_left(self, kinds):
        """A claim that was deleted goes when Kubernetes has seen that nobody uses it any more."""
        self.space.wait_for("delete", kinds, "-l", "gamekeeper.dev/server", seconds=30)

    def test_kubectl_declares_a_world(self):
        self.space.apply(self.castle(replicas=1))

        running = self.reach("running")

        self.assertTrue(self.joinable(running))
        line = self.space.kubectl("get", "gs").stdout
        for word in ("castle", "minetest", "running"):
            self.assertIn(word, line)
        self.wait_until_told("Running")

        self.space.kubectl("scale", "gs", "castle", "--replicas=0")
        paused = self.reach("paused")
        self.assertEqual("True", next(it["status"] for it in paused["status"]["conditions"] if it["type"] == "BackedUp"))
        self.assertFalse(self.joinable(running))
        self.wait_until_told("Paused")
        conditions, _, story = self.space.kubectl("describe", "gs", "castle").stdout.partition("Events:")
        self.assertIn("Accepted", conditions)
        for state in ("running", "pausing", "paused"):
            self.assertRegex(story, rf"Normal +\w+ .* gamekeeper.dev/keeper +{state} \(", "describe tells no story")

        self.space.kubectl("scale", "gs", "castle", "--replicas=1")
        self.assertTrue(self.joinable(self.reach("running")))

    def test_what_is_deleted_is_saved_first(self):
        self.space.apply(self.castle(replicas=0))
        self.reach("stopped")
        self.plane.world("start", "castle")
        self.plane.world("pause", "castle")
        # After the snapshot of the pause: what comes back with it is of one that the deletion made.
        status, _ = self.plane.call("PUT", f"{MARK}?namespace={self.space.name}", {"content": "gold\n"})
        self.assertEqual(200, status)

        self.space.kubectl("delete", "gs", "castle", "--timeout=120s")
        self.nothing_is_left("sts,pvc")

        self.plane.world("create", "castle", "--game", "minetest", "--world", "adopt", "--start")
        self.assertEqual((200, {"content": "gold\n"}), self.plane.call("GET", f"{MARK}?namespace={self.space.name}"))

    def test_what_stop_frees_start_brings_back_byte_for_byte(self):
        self.plane.world("create", "castle", "--game", "minetest", "--start")
        self.plane.world("pause", "castle")
        status, _ = self.plane.call("PUT", f"{MARK}?namespace={self.space.name}", {"content": "mark 1\n"})
        self.assertEqual(200, status)

        self.plane.world("stop", "castle")
        self.nothing_is_left("pvc")
        self.plane.world("start", "castle")

        self.assertEqual((200, {"content": "mark 1\n"}), self.plane.call("GET", f"{MARK}?namespace={self.space.name}"))
        self.assertTrue(self.joinable(self.space.get("gs", "castle")))

    def test_games_run_on_when_the_control_plane_dies(self):
        self.space.apply(self.castle(replicas=1))
        running = self.reach("running")
        pod = self.space.get("pod", "gs-castle-0")["metadata"]["uid"]

        self.plane.end(signal.SIGKILL)
        self.assertTrue(self.joinable(running))
        self.plane.start()

        self.assertEqual("running", self.plane.show("castle")["state"])
        self.assertEqual(pod, self.space.get("pod", "gs-castle-0")["metadata"]["uid"])

    def test_what_cannot_be_is_said_in_the_declaration(self):
        self.space.apply(self.castle(replicas=0))
        refused = self.space.kubectl("scale", "gs", "castle", "--replicas=2", check=False)
        self.assertNotEqual(0, refused.returncode)
        self.assertIn("Fleet", refused.stderr)
        self.space.apply(self.castle(game="no-such-game") | {"metadata": {"name": "keep"}})

        def is_refused(server):
            conditions = server.get("status", {}).get("conditions", [])
            return any(it["type"] == "Accepted" and it["status"] == "False" and "no-such-game" in it["message"] for it in conditions)

        self.space.until(is_refused, "gs", "keep")


if __name__ == "__main__":
    harness.main()
