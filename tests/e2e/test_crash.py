#!/usr/bin/python3
"""kill -9 of the control plane at its external effects, before and after each one: nothing lost, nothing twice, no orphan, steady in 10 s (R1).

The scenario has some 330 effects of some 100 kinds; a kind is an effect's name and the request during which it happens. They are tried with one of
each kind first: before it, after it, and after it with a second kill while the next control plane takes over. GK_TEST_CRASH_EVERY=1 tries them all
(hours: make soak), 20 with GK_TEST_CRASH_FIRST=7 the 7th, 27th and so on of that order; GK_TEST_CRASH_MINUTES ends it early, and says so. By default
it is each 110th.
"""

import collections
import http.client
import json
import os
import signal
import sys
import time
import traceback

from client import OperationFailed, Refused
from harness import Leftovers, ToyCase, game_pids, main

EVERY = int(os.environ.get("GK_TEST_CRASH_EVERY", "110"))
FIRST = int(os.environ.get("GK_TEST_CRASH_FIRST", "1"))
MINUTES = float(os.environ.get("GK_TEST_CRASH_MINUTES", "inf"))
STEADY_SECONDS = 10
BROKEN = (OSError, http.client.HTTPException)


def one_of_each_kind_first(effects):
    """Numbers of effects, from 1: the first of each (request, name), then the second of each, and so on."""
    seen = collections.Counter()
    order = []
    for number, kind in enumerate(effects, 1):
        seen[kind] += 1
        order.append((seen[kind], number))
    return [number for _, number in sorted(order)]


class CrashAtExternalEffects(ToyCase):
    def setUp(self):
        self.request_begun = lambda what: None
        super().setUp()

    def restart(self, order=None):
        """False when it died at its effect before the API answered."""
        self.keeper.settings.pop("TEST_CRASH", None)
        if order:
            self.keeper.settings["TEST_CRASH"] = order
        try:
            self.keeper.start()
        except AssertionError:
            if not order or self.keeper.process.returncode != -signal.SIGKILL:
                raise
            return False
        return True

    def go_on_after_a_crash(self):
        """True when the control plane had died as ordered; it is up again then, and whatever was under way has ended or goes on by itself."""
        if not self.keeper.ended(5 if self.orders else 0):
            return False
        while True:
            self.assertTrue(self.orders, f"it ended without an order; its log:\n{self.keeper.log()[-4000:]}")
            self.orders.pop(0)
            self.crashes += 1
            begun = time.monotonic()
            if self.restart(next(iter(self.orders), None)) and self.comes_to_rest():
                self.steady_after = max(self.steady_after, time.monotonic() - begun)
                return True

    def comes_to_rest(self):
        try:
            for operation in self.api.ask("GET", "/v1/operations?limit=1000")["items"]:
                self.api.finish(operation, 60)
            return True
        except BROKEN:
            if not self.keeper.ended(5):
                raise
            return False

    def insist(self, method, path, body=None, holds=()):
        """Does it, once more when a crash came between. `holds`: refusals that say that it had been done already."""
        self.request_begun(f"{method} {path}")
        for _ in range(4):
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
                if not self.crashes or failed.operation["error"]["code"] not in ("not_created", "interrupted"):
                    raise
        raise AssertionError(f"{method} {path} was not done in four tries")

    def see(self, question):
        """What is looked at or done beside the requests, once more when a crash came between."""
        try:
            return question()
        except BROKEN:
            if not self.go_on_after_a_crash():
                raise
            return question()

    def write_marker(self, number):
        self.see(lambda: self.write_world("castle", f"marker-{number}", str(number)))

    def check(self, state):
        self.see(lambda: self.api.wait_for_state("castle", state))
        running = game_pids("gk-toy-game")
        self.assertEqual(len(running), 1 if state == "running" else 0, f"game processes while {state}")
        if state == "running":
            world = self.see(lambda: self.keeper.world("castle"))
            found = sorted(int(p.name.split("-")[1]) for p in world.glob("marker-*"))
            self.assertEqual(found, self.saved, "what was written and saved is there")

    def scenario(self):
        size = {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}
        self.insist("POST", "/v1/servers", {"id": "castle", "game": "toy", "start": True, "resources": size}, holds=("exists",))
        self.insist("POST", "/v1/servers/castle/start")
        self.check("running")
        for number, (verb, state) in enumerate([("pause", "paused"), ("start", "running"), ("stop", "stopped"), ("start", "running")]):
            if verb != "start":
                self.write_marker(number)
                self.saved.append(number)
            self.insist("POST", f"/v1/servers/castle/{verb}")
            self.check(state)
        self.go_back()
        log = self.see(lambda: self.api.call("GET", "/v1/servers/castle/logs").text)
        starts = sum(json.loads(line)["line"] == "ready" for line in log.splitlines())
        # Only a restore that was asked for again after a crash starts the game once more.
        self.assertIn(starts, range(4, 5 + self.crashes), "how often the game said that it is ready")
        self.insist("DELETE", "/v1/servers/castle?purge=castle&force=castle", holds=("not_found",))
        self.check_nothing_is_left()

    def check_nothing_is_left(self):
        for folder in ("servers", "vault"):
            self.assertEqual(list((self.keeper.state / folder).glob("*-*")), [], "directories after the purge")
        self.assertEqual(game_pids("gk-toy-game"), set(), "processes after the deletion")
        found = Leftovers(self.keeper.state)
        self.assertEqual(found.mounts() + found.loops() + found.cgroups(), [], "what a server had on the machine")

    def go_back(self):
        """What was written after a backup is gone when the server was restored to it."""
        self.insist("POST", "/v1/servers/castle/snapshots")
        there = self.see(lambda: self.api.snapshots("castle"))
        saved = next(it["id"] for it in there if it["trigger"] == "user" and it["status"] == "complete")
        self.write_marker(99)
        self.insist("POST", "/v1/servers/castle/restore", {"snapshot": saved})
        self.check("running")

    def begin(self, *orders, log=None):
        self.orders, self.crashes, self.steady_after, self.saved = list(orders), 0, 0.0, []
        self.keeper.stop()
        if not self.restart(log or orders[0]):
            self.go_on_after_a_crash()
        self.api = self.keeper.api

    def end(self):
        """Also of a scenario that failed half way, so that the next one begins with nothing."""
        self.orders = []
        self.keeper.stop()
        self.restart()
        self.insist("DELETE", "/v1/servers/castle?purge=castle&force=castle", holds=("not_found",))

    def list_effects(self):
        """(request during which it happens, its name) of each effect of the scenario, in the order in which they happen."""
        log = self.keeper.home / "effects"
        log.touch()
        os.chmod(log, 0o666)
        effects, request = [], "start of the control plane"

        def note(next_request):
            nonlocal request
            effects.extend((request, line.split()[1]) for line in log.read_text().splitlines()[len(effects):])
            request = f"{next_request} after effect {len(effects)}"

        self.begin(log=f"log:{log}")
        self.request_begun = note
        self.scenario()
        note("end")
        self.request_begun = lambda what: None
        self.end()
        return effects

    def crash_at(self, *orders):
        self.begin(*orders)
        try:
            self.scenario()
            # The last effects come after the last answer.
            if self.orders:
                self.go_on_after_a_crash()
            self.assertEqual(self.orders, [], "the effect was reached")
            self.assertLess(self.steady_after, STEADY_SECONDS, "steady again")
        except Exception:
            # Of hundreds one wants to see at once what failed, while unittest keeps it for the end.
            traceback.print_exc()
            print(f"{orders}: serve's log ends with\n{self.keeper.log()[-4000:]}", file=sys.stderr)
            raise
        finally:
            self.end()

    def test_nothing_is_lost_or_done_twice(self):
        effects = self.list_effects()
        self.assertGreater(len(effects), 80)
        chosen = one_of_each_kind_first(effects)[FIRST - 1::EVERY]
        deadline = time.monotonic() + MINUTES * 60
        tried, slowest = 0, 0.0
        for number in chosen:
            if time.monotonic() > deadline:
                break
            again = f"before:{2 + number % 10}"  # These are the first ones after the next control plane's epoch.
            for orders in ([f"before:{number}"], [f"after:{number}"], [f"after:{number}", again]):
                with self.subTest(effect=effects[number - 1], orders=orders):
                    self.crash_at(*orders)
                slowest = max(slowest, self.steady_after)
                tried += 1
                print(f"{' '.join(orders)} {effects[number - 1]}: steady after {self.steady_after:.1f} s", flush=True)
        print(f"{len(effects)} effects of {len(set(effects))} kinds, {tried} of {3 * len(chosen)} runs with crashes, "
              f"steady again after {slowest:.1f} s at most")


if __name__ == "__main__":
    main()
