#!/usr/bin/python3
"""kill -9 of the control plane at its external effects while a world on the real cluster goes through its life: nothing lost, twice or left.

    GK_TEST_BIN=DIR tests/cluster/test_crash.py        needs the cluster (make cluster-up)

By default a sample of two minutes; tests/e2e/crash_driver.py has the scenario, and the variables that choose more. A dead one's lease, which
would keep the next one from working for 15 s, is given back in its name: the sooner the next one begins, the more is still under way.
"""

import harness
from toy_world import ToyWorlds
from crash_driver import CrashDriver  # In tests/e2e, to which control_plane has led.


class CrashOnTheCluster(CrashDriver, ToyWorlds):
    first, every, minutes = 11, 37, 2
    steady_seconds = 60  # Pods that end and begin are part of it.
    finish_seconds = 120

    def setUp(self):
        super().setUp()
        self.keeper = self.plane
        self.uid = None

    @property
    def namespace(self):
        return self.space.name

    def before_start(self):
        self.plane.give_lease_back()

    def write(self, number):
        self.mark(f"mark{number}")

    def markers(self):
        return sorted(int(name.removeprefix("mark")) for name in self.marks())

    def check(self, state):
        super().check(state)
        self.uid = self.see(lambda: self.has_state(state))["uid"]
        live = self.names("pvc", "gamekeeper.dev/world=live")
        self.assertEqual(0 if state == "stopped" else 1, len(live), f"claims while {state}: {live}")

    def check_nothing_is_left(self):
        self.assertEqual([], self.games(), "processes after the deletion")
        self.space.kubectl("wait", "--for=delete", "pvc,pod", "-l", "gamekeeper.dev/server", "--timeout=30s")
        left = self.space.kubectl("get", "gs,sts,svc,pvc,pdb,pod,secret", "-l", "gamekeeper.dev/server", "-o", "name").stdout
        self.assertEqual("", left, "objects after the purge")
        self.assertEqual([], self.store.keys(f"{self.uid}/"), "objects in the store after the purge")

    def test_nothing_is_lost_or_done_twice(self):
        self.try_effects()


if __name__ == "__main__":
    harness.main()
