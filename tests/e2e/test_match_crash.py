#!/usr/bin/python3
"""kill -9 of the control plane, at random moments and at its external effects, while players join, cancel, play and end: what was acknowledged stays
true, nobody plays twice, everybody's ticket comes to an end. On SQLite, and on a PostgreSQL and a Redis that are killed as well.

    GK_TEST_MATCH_JOINS=N    life cycles of players (10,000 by `make soak`)
    GK_TEST_MATCH_SECONDS=T  for how long there are kills (20); then everybody plays to the end
    GK_TEST_MATCH_SEED=S     of the moments; printed
"""

import concurrent.futures
import http.client
import os
import pathlib
import random
import shutil
import signal
import tempfile
import threading
import time
import uuid

import harness
from harness import Gamekeeper
from test_match_replicas import Postgres, Redis

BROKEN = (OSError, http.client.HTTPException)
LIVE = ("queued", "claimed", "accepting", "placing", "assigned")
AT_ONCE = 24  # Players who want to play.
PATIENCE = 120


class Promises:
    """What players were told, under a lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tickets, self.cancelled, self.ended, self.servers = {}, set(), set(), {}

    def joined(self, ticket, player):
        with self.lock:
            assert self.tickets.setdefault(ticket, player) == player, f"ticket {ticket} is of {self.tickets[ticket]} and of {player}"

    def assigned(self, match, server):
        with self.lock:
            known = self.servers.setdefault(match, server)
            assert known == server, f"match {match} is at {known} and at {server}"


class MatchCrash(harness.Case):
    settings = {"MATCH_QUEUE": "casual", "MATCH_SIZE": 6, "MATCH_LEAST": 2, "MATCH_FLUSH": "2s"}
    joins = 200

    def setUp(self):
        super().setUp()
        self.addCleanup(self.end_matches)
        seed = int(os.environ.get("GK_TEST_MATCH_SEED", time.time_ns() % 1_000_000))
        print(f"GK_TEST_MATCH_SEED={seed}", flush=True)
        self.dice = random.Random(seed)
        self.promises, self.kills, self.playing = Promises(), 0, []
        self.calm = threading.Event()  # Nobody is killed any more.

    def insist(self, method, path, body=None, headers=()):
        """Asks until there is an answer: a client that knows nothing of crashes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                reply = self.api.call(method, path, body, headers=headers, timeout=40)
                if reply.status < 500:
                    return reply
            except BROKEN:
                reply = None
            self.assertLess(time.monotonic(), deadline, f"{method} {path} is not answered: {reply}")
            threading.Event().wait(0.05)  # As long as a client waits before it asks again; nothing tells it when to.

    def life_cycle(self, number):
        """One player from its join to the end of its match."""
        dice = random.Random(number)
        player = f"p{number}"
        joined = self.insist("POST", "/v1/tickets", {"player": player, "queue": "casual"}, {"Idempotency-Key": str(uuid.uuid4())})
        self.assertIn(joined.status, (200, 201, 202), joined.text)
        ticket = joined.json["id"]
        self.promises.joined(ticket, player)
        if dice.random() < 0.1:
            self.leave(ticket)
        seen = self.wait_while(ticket, ("queued", "claimed", "accepting", "placing"))
        if seen["state"] == "assigned":
            match = self.insist("GET", f"/v1/matches/{seen['match']['id']}").json
            self.promises.assigned(match["id"], match["server"])
            if dice.random() < 0.5 and self.insist("POST", f"/v1/matches/{match['id']}/end", {}).status < 300:
                self.promises.ended.add(match["id"])
            self.wait_while(ticket, LIVE)

    def leave(self, ticket):
        if self.insist("DELETE", f"/v1/tickets/{ticket}").json["outcome"] == "cancelled":
            self.promises.cancelled.add(ticket)

    def is_alone(self):
        """Nobody is left who could play with the last one, whose ticket would wait for five minutes."""
        return sum(not one.done() for one in self.playing) == 1

    def wait_while(self, ticket, states):
        deadline = time.monotonic() + PATIENCE
        while True:
            seen = self.insist("GET", f"/v1/tickets/{ticket}?wait=5s")
            self.assertEqual(seen.status, 200, f"the ticket {ticket} was acknowledged: {seen.text}")
            if seen.json["state"] not in states:
                return seen.json
            if seen.json["state"] == "queued" and self.is_alone():
                self.leave(ticket)
            self.assertLess(time.monotonic(), deadline, f"it stays so: {seen.text}")

    def crash(self):
        """Once: at a moment, or at an effect that is about to come. Then there is another one."""
        self.calm.wait(self.dice.uniform(0.3, 2.5))
        if not self.keeper.ended(0):
            self.keeper.kill()
        self.kills += 1
        self.begin_again()

    def begin_again(self):
        self.keeper.settings.pop("TEST_CRASH", None)
        if self.dice.random() < 0.3 and not self.calm.is_set():
            self.keeper.settings["TEST_CRASH"] = f"{self.dice.choice(['before', 'after'])}:{self.dice.randrange(1, 200)}"
        try:
            self.keeper.start()
        except AssertionError:
            # It died at its effect before it answered.
            if self.keeper.process.returncode != -signal.SIGKILL:
                raise
            self.begin_again()

    def test_what_was_acknowledged_stays_true(self):
        joins = int(os.environ.get("GK_TEST_MATCH_JOINS", self.joins))
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as players:
            self.playing = [players.submit(self.life_cycle, number) for number in range(joins)]
            until = time.monotonic() + float(os.environ.get("GK_TEST_MATCH_SECONDS", 20))
            while not self.are_done() and time.monotonic() < until:
                self.crash()
            self.calm.set()
            if "TEST_CRASH" in self.keeper.settings:
                self.keeper.kill()
                self.begin_again()
            for one in self.playing:
                one.result()
        self.check_promises()

    def are_done(self):
        return all(one.done() for one in self.playing) or any(one.done() and one.exception() for one in self.playing)

    def check_promises(self):
        matches = self.all_matches()
        of_ticket = {}
        for match in matches.values():
            self.assertIn(match["state"], ("ended", "failed"), match)
            if match["state"] == "failed":
                continue
            for member in match["members"]:
                other = of_ticket.setdefault(member["ticket"], match["id"])
                self.assertEqual(other, match["id"], f"{member['player']} has played twice for one ticket")
        states = {}
        for ticket, player in self.promises.tickets.items():
            seen = self.api.ask("GET", f"/v1/tickets/{ticket}")
            states[seen["state"]] = states.get(seen["state"], 0) + 1
            self.assertNotIn(seen["state"], LIVE, seen)
            self.assertEqual(seen["players"], [player])
            self.assertEqual(seen["state"] == "ended", ticket in of_ticket, seen)
        for ticket in self.promises.cancelled:
            self.assertNotIn(ticket, of_ticket, "it was cancelled")
        for match in self.promises.ended:
            self.assertEqual(matches[match]["state"], "ended")
        print(f"{len(self.promises.tickets)} joins, {self.kills} kills, {len(matches)} matches, tickets: {states}", flush=True)
        self.assertGreater(self.kills, 0)

    def all_matches(self):
        matches, path = {}, "/v1/matches?limit=1000"
        page = self.api.ask("GET", path)
        while True:
            matches |= {match["id"]: match for match in page["items"]}
            if not page["next_cursor"]:
                return matches
            page = self.api.ask("GET", f"{path}&cursor={page['next_cursor']}")


class MatchCrashOnPostgres(MatchCrash):
    """PostgreSQL is killed as well, and Redis: each every third time, at times both. Redis comes back empty."""

    joins = 80

    def setUp(self):
        self.postgres, self.redis = Postgres(), Redis()
        self.addCleanup(self.postgres.clean_up)
        self.addCleanup(self.redis.clean_up)
        self.servers_killed = {"PostgreSQL": 0, "Redis": 0}
        super().setUp()

    def installation(self):
        self.servers = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-matches-"))
        self.addCleanup(shutil.rmtree, self.servers, ignore_errors=True)
        return Gamekeeper(MACHINE_SANDBOX="false", MATCH_URL=self.postgres.url, MATCH_SERVERS=self.servers, REDIS_URL=self.redis.url,
                          **self.settings)

    def folders(self):
        return set((self.servers / "servers").glob("*-*"))

    def crash(self):
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            if self.dice.random() < 0.33 or self.servers_killed[name] == 0:
                server.crash()
                server.start()
                self.servers_killed[name] += 1
        super().crash()

    def check_promises(self):
        super().check_promises()
        print(f"killed besides: {self.servers_killed}", flush=True)
        # An index that was lost again and again shows what is stored: nobody waits, nothing is played.
        deadline = time.monotonic() + PATIENCE
        while shown := [key for key in self.redis.ask("KEYS", "*") if key != ""]:
            self.assertLess(time.monotonic(), deadline, f"Redis still shows {shown}")
            self.assertFalse(self.keeper.ended(0.1), "serve has ended")  # Which would be the news.


if __name__ == "__main__":
    harness.main()
