#!/usr/bin/python3
"""kill -9 of the control plane at its external effects, before and after each one: nothing lost, nothing twice, no orphan, steady in 10 s (R1).

The scenario has some 280 effects. GK_TEST_CRASH_EVERY=1 tries every one of them, before and after (hours: make soak), 20 with GK_TEST_CRASH_FIRST=7
the 7th, 27th and so on. By default it is each 64th from the second on: the first, the epoch, comes before the API answers.
"""

import http.client
import json
import os
import time

from client import OperationFailed, Refused
from harness import Leftovers, ToyCase, game_pids, main

EVERY = int(os.environ.get("GK_TEST_CRASH_EVERY", "64"))
FIRST = int(os.environ.get("GK_TEST_CRASH_FIRST", "2"))
STEADY_SECONDS = 10
BROKEN = (OSError, http.client.HTTPException)


class CrashAtExternalEffects(ToyCase):
    def restart(self, order=None):
        self.keeper.settings.pop("TEST_CRASH", None)
        if order:
            self.keeper.settings["TEST_CRASH"] = order
        self.keeper.start()

    def go_on_after_a_crash(self):
        """True when the control plane had died; it is up again then, and whatever was under way has ended or goes on by itself."""
        if not self.keeper.ended(0 if self.crashed else 5):
            return False
        self.assertFalse(self.crashed, f"it ended twice; its log:\n{self.keeper.log()[-4000:]}")
        self.crashed = True
        begun = time.monotonic()
        self.restart()
        for operation in self.api.ask("GET", "/v1/operations?limit=1000")["items"]:
            self.api.finish(operation, 60)
        self.steady_after = max(self.steady_after, time.monotonic() - begun)
        return True

    def insist(self, method, path, body=None, holds=()):
        """Does it, once more when a crash came between. `holds`: refusals that say that it had been done already."""
        for _ in range(3):
            try:
                return self.api.operate(method, path, body, 60)
            except BROKEN:
                if not self.go_on_after_a_crash():
                    raise
            except Refused as refused:
                if refused.reply.json["code"] not in holds:
                    raise
                return None
            except OperationFailed as failed:
                if not self.crashed or failed.operation["error"]["code"] not in ("not_created", "interrupted"):
                    raise
        raise AssertionError(f"{method} {path} was not done in three tries")

    def write_marker(self, number):
        self.write_world("castle", f"marker-{number}", str(number))
        self.written.append(number)

    def check(self, state):
        server = self.api.wait_for_state("castle", state)
        running = game_pids("gk-toy-game")
        self.assertEqual(len(running), 1 if state == "running" else 0, f"game processes while {state}")
        if state == "running":
            found = sorted(int(p.name.split("-")[1]) for p in self.keeper.world("castle").glob("marker-*"))
            self.assertEqual(found, self.written, "what was written and saved is there")
        return server

    def scenario(self):
        size = {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}
        self.insist("POST", "/v1/servers", {"id": "castle", "game": "toy", "start": True, "resources": size}, holds=("exists",))
        self.insist("POST", "/v1/servers/castle/start")
        self.check("running")
        for number, (verb, state) in enumerate([("pause", "paused"), ("start", "running"), ("stop", "stopped"), ("start", "running")]):
            if verb != "start":
                self.write_marker(number)
            self.insist("POST", f"/v1/servers/castle/{verb}")
            self.check(state)
        self.go_back()
        log = self.api.call("GET", "/v1/servers/castle/logs").text
        starts = sum(json.loads(line)["line"] == "ready" for line in log.splitlines())
        # Only a restore that was asked for again after a crash starts the game once more.
        self.assertIn(starts, (4, 5) if self.crashed else (4,), "how often the game said that it is ready")
        self.insist("DELETE", "/v1/servers/castle?purge=castle&force=castle", holds=("not_found",))
        self.check_nothing_is_left()

    def check_nothing_is_left(self):
        self.assertEqual(list((self.keeper.state / "servers").glob("*-*")), [], "directories after the deletion")
        self.assertEqual(game_pids("gk-toy-game"), set(), "processes after the deletion")
        found = Leftovers(self.keeper.state)
        self.assertEqual(found.mounts() + found.loops() + found.cgroups(), [], "what a server had on the machine")

    def go_back(self):
        """What was written after a backup is gone when the server was restored to it."""
        self.insist("POST", "/v1/servers/castle/snapshots")
        saved = next(it["id"] for it in self.api.snapshots("castle") if it["trigger"] == "user" and it["status"] == "complete")
        self.write_world("castle", "marker-99", "99")
        self.insist("POST", "/v1/servers/castle/restore", {"snapshot": saved})
        self.check("running")

    def begin(self, order):
        self.crashed, self.steady_after, self.written = False, 0.0, []
        self.keeper.stop()
        self.restart(order)
        self.api = self.keeper.api

    def end(self):
        """Also of a scenario that failed half way, so that the next one begins with nothing."""
        self.keeper.stop()
        self.restart()
        self.insist("DELETE", "/v1/servers/castle?purge=castle&force=castle", holds=("not_found",))

    def count_effects(self):
        log = self.keeper.home / "effects"
        log.touch()
        os.chmod(log, 0o666)
        self.begin(f"log:{log}")
        self.scenario()
        self.end()
        return log.read_text().splitlines()

    def test_nothing_is_lost_or_done_twice(self):
        effects = self.count_effects()
        self.assertGreater(len(effects), 80)
        tried, slowest = 0, 0.0
        for number in range(FIRST, len(effects) + 1, EVERY):
            for when in ("before", "after"):
                with self.subTest(effect=effects[number - 1], when=when):
                    self.begin(f"{when}:{number}")
                    self.addCleanup(self.keeper.settings.pop, "TEST_CRASH", None)
                    try:
                        self.scenario()
                    finally:
                        self.end()
                    self.assertTrue(self.crashed, "the effect was reached")
                    tried += 1
                    slowest = max(slowest, self.steady_after)
                    self.assertLess(self.steady_after, STEADY_SECONDS, "steady again")
        print(f"{len(effects)} effects, {tried} crashes tried, steady again after {slowest:.1f} s at most")


if __name__ == "__main__":
    main()
