#!/usr/bin/python3
"""kill -9 of the control plane at its external effects, before and after each one: nothing lost, nothing twice, no orphan, steady in 10 s (R1).

The scenario has some 330 effects of some 100 kinds; by default each 110th is tried. crash_driver.py has the scenario, and the variables that choose.
"""

import json

from crash_driver import CrashDriver
from harness import Leftovers, ToyCase, game_pids, main


class CrashAtExternalEffects(CrashDriver, ToyCase):
    def games(self):
        return game_pids("gk-toy-game")

    def write(self, number):
        self.write_world("castle", f"marker-{number}", str(number))

    def markers(self):
        return sorted(int(path.name.split("-")[1]) for path in self.keeper.world("castle").glob("marker-*"))

    def check_starts(self):
        log = self.see(lambda: self.api.call("GET", "/v1/servers/castle/logs").text)
        starts = sum(json.loads(line)["line"] == "ready" for line in log.splitlines())
        # Only a restore that was asked for again after a crash starts the game once more.
        self.assertIn(starts, range(4, 5 + self.crashes), "how often the game said that it is ready")

    def check_nothing_is_left(self):
        for folder in ("servers", "vault"):
            self.assertEqual(list((self.keeper.state / folder).glob("*-*")), [], "directories after the purge")
        self.assertEqual(self.games(), set(), "processes after the deletion")
        found = Leftovers(self.keeper.state)
        self.assertEqual(found.mounts() + found.loops() + found.cgroups(), [], "what a server had on the machine")

    def test_nothing_is_lost_or_done_twice(self):
        self.try_effects()


if __name__ == "__main__":
    main()
