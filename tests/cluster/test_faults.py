#!/usr/bin/python3
"""What befalls a cluster while worlds run: pods and containers that are ended, an API server and an etcd that are away, a control plane that dies.

    GK_TEST_BIN=DIR tests/cluster/test_faults.py [Class.test]        needs the cluster (make cluster-up), and nobody else who uses it

After each fault the world is single (one pod, one claim, one process), keeps its content and can be saved; a game that nothing had to end runs on as
the same process. Faults of nodes are in test_nodes.py, those of several control planes in test_replicas.py.
"""

import json
import os
import signal
import time

import harness
from toy_world import ToyWorlds, befall


class Faults(ToyWorlds):
    settings = {"LOG_LEVEL": "debug"}

    def setUp(self):
        super().setUp()
        castle = {"game": "toy", "replicas": 1, "resources": {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}}
        self.space.apply({"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": "castle"}, "spec": castle})
        self.running = self.reach("running")
        self.before = self.the_game()
        self.mark("mark-before")

    def reach(self, state, seconds=90):
        return self.space.until(lambda gs: gs.get("status", {}).get("state") == state, "gs", "castle", seconds)

    def is_joinable(self, server=None):
        endpoint = (server or self.space.get("gs", "castle"))["status"]["endpoints"][0]
        return harness.answers(endpoint["host"], endpoint["port"])

    def wait_for_another_game(self):
        self.before.wait_for_end()
        path = f"/v1/servers/castle?namespace={self.space.name}"

        def runs():
            return self.plane.api.ask("GET", path)["state"] == "running" and [game for game in self.games() if game != self.before]

        self.plane.api.wait_until(runs, "the game runs again", 90)

    def check_single(self):
        self.assertEqual(1, len(self.games()), f"games: {self.games()}")
        self.assertEqual({"gs-castle-0"}, set(self.names("pod")) - {"gs-castle-backup"})
        self.assertEqual([self.the_game().claim], self.names("pvc"))
        self.assertIn("mark-before", self.marks())
        self.assertTrue(self.is_joinable())

    def check_undisturbed(self):
        self.assertEqual([self.before], self.games(), "the game that ran before still runs, and no other")

    def check_saved(self):
        """What the world holds now comes back when its disk was given away."""
        self.mark("mark-after")
        self.plane.world("stop", "castle")
        self.assertEqual([], self.games())
        self.assertEqual([], self.names("pvc"))
        self.plane.world("start", "castle")
        self.assertEqual({"mark-before", "mark-after"}, self.marks())
        self.check_single()

    def test_a_pod_that_is_deleted_under_its_world(self):
        self.space.kubectl("delete", "pod", "gs-castle-0")

        self.wait_for_another_game()

        self.check_single()
        self.check_saved()

    def test_a_container_that_is_killed(self):
        os.kill(self.before.shim, signal.SIGKILL)

        self.wait_for_another_game()

        self.check_single()
        self.check_saved()

    def test_a_pod_that_is_deleted_while_the_control_plane_is_dead(self):
        self.plane.end(signal.SIGKILL)
        self.check_undisturbed()
        self.space.kubectl("delete", "pod", "gs-castle-0")
        self.space.wait_for("condition=Ready", "pod/gs-castle-0")
        self.assertEqual([], self.games(), "nobody but a keeper starts a game")

        self.plane.give_lease_back()
        self.plane.start()
        self.wait_for_another_game()

        self.check_single()
        self.check_saved()

    def test_an_api_server_that_is_started_again(self):
        befall("kill", "control-plane", "kube-apiserver")
        self.check_undisturbed()
        self.assertTrue(self.is_joinable(self.running))
        befall("start", "control-plane")

        self.mark("mark-meanwhile")
        self.assertIsNone(self.plane.process.poll(), f"the control plane has ended: {self.plane.log()[-2000:]}")
        self.space.kubectl("scale", "gs", "castle", "--replicas=0")
        self.reach("paused")
        self.space.kubectl("scale", "gs", "castle", "--replicas=1")
        self.reach("running")

        self.assertIn("mark-meanwhile", self.marks())
        self.check_single()

    def test_history_that_was_lost_while_nobody_watched(self):
        """A wish is declared while the control plane stands still; when it goes on, the watch that would have told of it is refused (410)."""
        self.plane.send(signal.SIGSTOP)
        said = len(self.plane.log())
        self.space.kubectl("scale", "gs", "castle", "--replicas=0")
        befall("kill", "control-plane", "kube-apiserver")
        self.compact()
        befall("start", "control-plane")
        self.plane.send(signal.SIGCONT)

        self.reach("paused")

        self.assertIsNone(self.plane.process.poll(), "the control plane stood still for longer than its lease: the machine is too slow for this test")
        self.assertRegex(self.plane.log()[said:], "gameservers.*(too old|compacted|410)")
        self.assertEqual([], self.games())
        self.plane.world("start", "castle")
        self.check_single()

    def test_an_etcd_that_stands_still_for_a_minute(self):
        """Which is longer than a lease of ours (15 s), than the controllers wait for a node (16 s), and than a request is waited for."""
        befall("freeze", "control-plane", "etcd")
        try:
            self.assertLess(0, self.live_through(60), "a control plane that cannot renew its lease ends")
            self.check_undisturbed()
        finally:
            befall("thaw", "control-plane", "etcd")

        self.comes_back()
        self.reach("running")

        self.check_undisturbed()
        self.check_single()
        self.check_saved()

    def live_through(self, seconds):
        """How often the control plane ended: each time it is started again, as a kubelet would. Meanwhile somebody plays."""
        end, times = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self.assertTrue(self.is_joinable(self.running), "the game answers a player")
            if self.plane.ended(1):
                self.plane.begin()
                times += 1
        return times

    def comes_back(self, seconds=60):
        end = time.monotonic() + seconds
        while not self.plane.is_ready():
            self.assertLess(time.monotonic(), end, f"not ready; its log:\n{self.plane.log()[-6000:]}")
            if self.plane.ended(0.2):
                self.plane.begin()

    def compact(self):
        """etcd forgets all but the present state."""
        def ask(path, body):
            return json.loads(befall("run", "control-plane", "curl", "-sS", "-d", json.dumps(body), f"http://127.0.0.1:2379/v3/{path}"))

        revision = ask("kv/range", {"key": "Lw=="})["header"]["revision"]
        ask("kv/compaction", {"revision": revision, "physical": True})


if __name__ == "__main__":
    harness.main()
