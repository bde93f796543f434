#!/usr/bin/python3
"""The tests themselves: what a killed test leaves behind is found and removed."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

import harness


def be_killed():
    """A test with a game, which has told where and waits for its end."""
    case = harness.ToyCase()
    case.setUp()
    case.create_toy("tower")
    print(case.keeper.state, harness.Gamekeeper.last_resort.process.pid, flush=True)
    signal.pause()


class KilledTest(unittest.TestCase):
    def setUp(self):
        environment = os.environ | {"GK_TEST_UID_BASE": str(harness.UID_BASE)}
        self.victim = subprocess.Popen([sys.executable, __file__, "victim"], stdout=subprocess.PIPE, text=True, env=environment)
        self.addCleanup(self.victim.stdout.close)
        self.addCleanup(self.victim.wait)
        self.addCleanup(self.victim.kill)

    def test_nothing_of_a_killed_test_stays(self):
        state, last_resort = self.victim.stdout.readline().split()
        found = harness.Leftovers(state)
        kinds = (found.processes, found.mounts, found.loops, found.cgroups, found.chains)
        self.assertEqual([kind.__name__ for kind in kinds if not kind()], [], "what a running game holds is seen")

        self.victim.kill()
        harness.wait_for_end(int(last_resort), 60)

        self.assertEqual(found.describe(), [])
        self.assertFalse(pathlib.Path(state).exists())


if __name__ == "__main__":
    be_killed() if sys.argv[1:] == ["victim"] else harness.main()
