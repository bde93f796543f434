"""kill -9 of the control plane at its external effects while a world goes through its life, on one machine or on a cluster.

The control plane itself counts its effects (src/programs/crash) and dies before or after the one it was told (GK_TEST_CRASH). A kind of effect is its
name and the request during which it happens. The runs are tried with one of each kind first: before it, after it, and after it with a second kill
while the next control plane takes over. The environment says which:
    GK_TEST_CRASH_EVERY=N, _FIRST=K    the K-th of that order, and each N-th after it; with N=1 all of them, which takes hours
    GK_TEST_CRASH_MINUTES=M            begins no further one after that time
    GK_TEST_CRASH_LIVES=N              instead: so many lives of a world during each of which control planes die all along, at random effects soon
                                       after each other; prints which kinds were met (GK_TEST_CRASH_SEED=S of the effects; printed)
"""

import collections
import contextlib
import http.client
import json
import os
import random
import re
import signal
import sys
import time
import traceback
import uuid

from client import OperationFailed, Refused
from goals import within

BROKEN = (OSError, http.client.HTTPException)
DEATH = re.compile(r"GK_TEST_CRASH: dies (before|after) effect \d+, (\S+)")
GAP_MAX = 45  # Effects between two deaths: most often enough for the next one to get further than the one before.


def one_of_each_kind_first(effects):
    """Numbers of effects, from 1: the first of each (request, name), then the second of each, and so on."""
    seen = collections.Counter()
    order = []
    for number, kind in enumerate(effects, 1):
        seen[kind] += 1
        order.append((seen[kind], number))
    return [number for _, number in sorted(order)]


class CrashDriver:
    """Mixed into a test case, which has `keeper`, its control plane, and says what a world is made of there:
    games()                  the processes of castle's game
    write(number)            puts the marker of that number into the world, as the game that runs would
    markers()                the numbers of those in the world of the game that runs, in order
    check_nothing_is_left()  after castle was deleted and its backups were purged
    """

    first, every, minutes = 1, 110, float("inf")  # Unless the environment says otherwise.
    steady_seconds = within(10, 60)
    finish_seconds = 60
    namespace = "default"
    tries = 4  # Of a request, which deaths may come between.
    is_death_usual = False

    def setUp(self):
        self.request_begun = lambda what: None
        super().setUp()

    def path(self, rest="", **query):
        words = "&".join(f"{name}={value}" for name, value in {"namespace": self.namespace, **query}.items())
        return f"/v1/servers/castle{rest}?{words}"

    def restart(self, order=None):
        """False when it died at its effect before the API answered."""
        self.keeper.settings.pop("TEST_CRASH", None)
        if order:
            self.keeper.settings["TEST_CRASH"] = order
        self.before_start()
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
            self.deaths.update((self.request, *death) for death in DEATH.findall(self.keeper.log()[-2000:])[-1:])
            begun = time.monotonic()
            if self.restart(next(iter(self.orders), None)) and self.comes_to_rest():
                self.steady_after = max(self.steady_after, time.monotonic() - begun)
                return True

    def comes_to_rest(self):
        try:
            for operation in self.api.ask("GET", "/v1/operations?limit=1000")["items"]:
                self.api.finish(operation, self.finish_seconds)
            return True
        except BROKEN:
            if not self.keeper.ended(5):
                raise
            return False

    def insist(self, method, path, body=None, holds=()):
        """Does it, once more when a crash came between. `holds`: refusals that say that it had been done already."""
        self.request = f"{method} {path.split('?')[0]}"
        self.request_begun(f"{method} {path}")
        once = self.key()
        for _ in range(self.tries):
            try:
                return self.api.operate(method, path, body, self.finish_seconds, headers=once)
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
                once = self.key()
        raise AssertionError(f"{method} {path} was not done in {self.tries} tries")

    def key(self):
        """Without one, a request that is repeated begins anew what goes on already, which a death every few seconds lets nobody end."""
        return {"Idempotency-Key": str(uuid.uuid4())} if self.is_death_usual else {}

    def see(self, question):
        """What is looked at or done beside the requests, once more when a crash came between."""
        try:
            return question()
        except BROKEN:
            if not self.go_on_after_a_crash():
                raise
            return question()

    def has_state(self, state):
        server = self.api.ask("GET", self.path())
        return server["state"] == state and server

    def check(self, state):
        self.see(lambda: self.api.wait_until(lambda: self.has_state(state), f"castle is {state}"))
        self.assertEqual(len(self.games()), 1 if state == "running" else 0, f"game processes while {state}")
        if state == "running":
            self.assertEqual(self.see(self.markers), self.saved, "what was written and saved is there")

    def write_marker(self, number):
        self.see(lambda: self.write(number))

    def scenario(self):
        size = {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}
        wish = {"id": "castle", "namespace": self.namespace, "game": "toy", "start": True, "resources": size}
        self.insist("POST", "/v1/servers", wish, holds=("exists",))
        self.insist("POST", self.path("/start"))
        self.check("running")
        for number, (verb, state) in enumerate([("pause", "paused"), ("start", "running"), ("stop", "stopped"), ("start", "running")]):
            if verb != "start":
                self.write_marker(number)
                self.saved.append(number)
            self.insist("POST", self.path(f"/{verb}"))
            self.check(state)
        self.go_back()
        self.check_starts()
        self.delete_castle()
        self.check_nothing_is_left()

    def go_back(self):
        """What was written after a backup is gone when the server was restored to it."""
        self.insist("POST", self.path("/snapshots"))
        there = self.see(lambda: self.api.ask("GET", self.path("/snapshots"))["items"])
        saved = next(it["id"] for it in there if it["trigger"] == "user" and it["status"] == "complete")
        self.write_marker(99)
        self.insist("POST", self.path("/restore"), {"snapshot": saved})
        self.check("running")

    def delete_castle(self):
        self.insist("DELETE", self.path(purge="castle", force="castle"), holds=("not_found",))

    def begin(self, *orders, log=None):
        self.orders, self.crashes, self.steady_after, self.saved = list(orders), 0, 0.0, []
        self.request, self.deaths = "start of the control plane", collections.Counter()
        self.keeper.stop()
        if not self.restart(log or orders[0]):
            self.go_on_after_a_crash()
        self.api = self.keeper.api

    def end(self):
        """Also of a scenario that failed half way, so that the next one begins with nothing."""
        self.orders = []
        self.keeper.stop()
        self.restart()
        self.delete_castle()

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
        with self.one_of_many(" ".join(orders)):
            self.scenario()
            # The last effects come after the last answer.
            if self.orders:
                self.go_on_after_a_crash()
            self.assertEqual(self.orders, [], "the effect was reached")
            self.assertLess(self.steady_after, self.steady_seconds, "steady again")

    @contextlib.contextmanager
    def one_of_many(self, name):
        try:
            yield
        except Exception:
            # Of hundreds one wants to see at once what failed, while unittest keeps it for the end.
            traceback.print_exc()
            print(f"{name}: serve's log ends with\n{self.keeper.log()[-4000:]}", file=sys.stderr)
            raise
        finally:
            self.end()

    def try_lives(self, lives):
        """Whole lives full of deaths. Not one of them is about a certain effect: all together meet most kinds, before, after, and while another
        control plane takes over."""
        seed = int(os.environ.get("GK_TEST_CRASH_SEED", time.time_ns() % 1_000_000))
        print(f"GK_TEST_CRASH_SEED={seed}", flush=True)
        dice = random.Random(seed)
        kinds = set(self.list_effects_of_requests())
        self.is_death_usual, self.tries = True, 40
        met, deaths = collections.Counter(), 0
        deadline = self.deadline()
        for life in range(lives):
            if time.monotonic() > deadline:
                break
            orders = [f"{dice.choice(['before', 'after'])}:{dice.randrange(1, GAP_MAX)}" for _ in range(1000)]
            with self.subTest(life=life, seed=seed):
                self.begin(*orders)
                with self.one_of_many(f"life {life} of seed {seed}"):
                    self.scenario()
            met += self.deaths
            deaths += self.crashes
            print(f"life {life}: {self.crashes} deaths; {self.share(met, kinds)}", flush=True)
        missing = sorted({(request, name) for request, name in kinds if (request, "before", name) not in met or (request, "after", name) not in met})
        print(f"{deaths} deaths in all; {self.share(met, kinds)}; not yet both before and after: {missing}")

    @staticmethod
    def share(met, kinds):
        count = {when: sum((request, when, name) in met for request, name in kinds) for when in ("before", "after")}
        return f"met {count['before']} before and {count['after']} after, of {len(kinds)} kinds"

    def list_effects_of_requests(self):
        """Kinds as deaths are counted: the request without the effects that had gone before it."""
        return [(kind.split(" after effect ")[0].split("?")[0], name) for kind, name in self.list_effects()]

    def try_effects(self):
        if lives := int(os.environ.get("GK_TEST_CRASH_LIVES", 0)):
            return self.try_lives(lives)
        effects = self.list_effects()
        self.assertGreater(len(effects), 80)
        first, every = (int(os.environ.get(f"GK_TEST_CRASH_{name.upper()}", getattr(self, name))) for name in ("first", "every"))
        chosen = one_of_each_kind_first(effects)[first - 1::every]
        deadline = self.deadline()
        tried, slowest = 0, 0.0
        for number in chosen:
            again = f"before:{2 + number % 10}"  # These are the first ones after the next control plane's epoch.
            for orders in ([f"before:{number}"], [f"after:{number}"], [f"after:{number}", again]):
                if time.monotonic() > deadline:
                    break
                with self.subTest(effect=effects[number - 1], orders=orders):
                    self.crash_at(*orders)
                slowest = max(slowest, self.steady_after)
                tried += 1
                print(f"{' '.join(orders)} {effects[number - 1]}: steady after {self.steady_after:.1f} s", flush=True)
        print(f"{len(effects)} effects of {len(set(effects))} kinds, {tried} of {3 * len(chosen)} runs with crashes, "
              f"steady again after {slowest:.1f} s at most")

    def deadline(self):
        return time.monotonic() + float(os.environ.get("GK_TEST_CRASH_MINUTES", self.minutes)) * 60

    def before_start(self):
        """What must be true before the next control plane starts."""

    def check_starts(self):
        """That the game was started as often as was asked, where that can be told."""
