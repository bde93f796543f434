#!/usr/bin/python3
"""What lies on a paused world's disk, on the real cluster: its files and the last lines of its log, by a pod that waits and goes again; and logs that
are followed while control planes and games come and go.

    GK_TEST_BIN=DIR tests/cluster/test_paused.py [Class.test]        needs the cluster (make cluster-up)
"""

import subprocess

import control_plane
import harness
from harness import ClusterTest

READY = "listening on"  # minetest says so when it is ready.


class PausedWorlds(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "gk-shim", "restic", "versitygw")

    def setUp(self):
        super().setUp()
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space))
        self.follower = None
        self.plane.start()
        self.plane.world("create", "castle", "--game", "minetest", "--start")

    def clean_up(self):
        if self.follower:
            self.follower.kill()
            self.follower.communicate()
        if self.has_failed():
            self.plane.tell_log()
        self.plane.clean_up()

    def test_logs_and_files_of_a_paused_world(self):
        by_kubectl = self.space.kubectl("logs", "gs-castle-0").stdout
        self.assertIn(READY, by_kubectl)
        self.plane.world("pause", "castle")
        self.space.wait_for("delete", "pod/gs-castle-0")

        lines = self.plane.world("logs", "castle", "--tail", "500").stdout

        self.assertIn(READY, lines)
        self.assertEqual("paused", self.plane.show("castle")["state"], "a pod that only waits is no game")
        status, files = self.plane.call("GET", f"/api/bucket/files/castle?namespace={self.space.name}")
        self.assertEqual(200, status, files)
        # It has had nothing to do for a minute then.
        self.space.wait_for("delete", "pod/gs-castle-0", seconds=120)

    def follow(self):
        command = [harness.PROGRAMS / "gamekeeper", "--socket", self.plane.socket, "server", "logs", "castle", "-n", self.space.name, "-f"]
        self.follower = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, env=self.plane.environment())

    def until_heard(self, text):
        for line in self.follower.stdout:
            if text in line:
                return
        self.fail(f"the follower ended before it heard '{text}'")

    def test_who_follows_a_log_hears_of_later_runs_by_later_control_planes(self):
        self.follow()
        self.until_heard(READY)
        self.plane.end()
        self.plane.start()
        self.plane.world("pause", "castle")
        self.until_heard("Shutting down")
        self.plane.world("start", "castle")
        self.until_heard(READY)


if __name__ == "__main__":
    harness.main()
