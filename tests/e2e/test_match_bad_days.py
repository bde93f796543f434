#!/usr/bin/python3
"""What players are answered on bad days: while a server takes 45 s to start (S1-9), and while the database is gone or hangs (S1-21)."""

import os
import pathlib
import shutil
import signal
import socket
import tempfile
import time

import harness
from harness import Gamekeeper
from test_match_replicas import Postgres
from test_matches import PATIENCE, MatchCase

NEVER_READY = """
name: sleepy
title: A match server that never says that it is ready
sources:
  - builtin: {}
command: ["{{paths.game}}/gamekeeper", match-server]
env: {PORT: "{{ports.game}}", SESSION_ID: "{{settings.session}}", PLAYERS: "{{settings.players}}"}
ports:
  - {role: game, protocol: tcp}
settings:
  session: {type: string, title: Match, default: match, max_length: 64}
  players: {type: string, title: Players, default: "", max_length: 4096}
minimum: {memory_mib: 32, disk_mib: 16}
packages:
  small: {title: One match, cpu_millis: 100, memory_mib: 64, disk_mib: 16}
ready: {log: '^who says this$', timeout: 45s}
console: {kind: stdin}
stop:
  - {signal: SIGTERM, wait: 5s}
"""


class SlowServers(MatchCase):
    settings = {"MATCH_QUEUE": "casual", "MATCH_SIZE": 200, "MATCH_FLUSH": "10m", "COMPAT_ANONYMOUS": "true"}

    def installation(self):
        keeper = super().installation()
        games = keeper.state / "games"
        games.mkdir(parents=True)
        (games / "sleepy.yaml").write_text(NEVER_READY)
        for path in (keeper.state, games):
            os.chmod(path, 0o755)
        return keeper

    def test_a_join_does_not_wait_for_the_start_of_a_server(self):
        self.api.ask("PUT", "/v1/queues/sleepy", {"game": "sleepy", "rules": {"size": 2}})
        waiting = [self.api.ask("POST", "/v1/tickets", {"player": player, "queue": "sleepy"}) for player in ("ann", "ben")]
        deadline = time.monotonic() + PATIENCE
        while (seen := self.api.ask("GET", f"/v1/tickets/{waiting[0]['id']}?wait=5s"))["state"] != "placing":
            self.assertLess(time.monotonic(), deadline, seen)

        took = []
        for number in range(100):
            begun = time.monotonic()
            self.assertEqual(self.front.join(f"p{number}")["session_id"], f"pending:p{number}")
            took.append(time.monotonic() - begun)

        self.assertEqual(self.api.ask("GET", f"/v1/tickets/{waiting[0]['id']}")["state"], "placing", "the start was over before the joins were")
        took.sort()

        # Nor does anybody wait for it when the match is over.
        match = self.api.ask("GET", f"/v1/tickets/{waiting[0]['id']}")["match"]["id"]
        begun = time.monotonic()
        self.api.ask("POST", f"/v1/matches/{match}/end", {})
        while self.folders():
            self.assertLess(time.monotonic() - begun, 30, "the server starts on, and nobody will play there")
            self.assertFalse(self.keeper.ended(0.1), "serve has ended")  # Which would be the news.
        print(f"100 joins beside a start: p50 {took[50] * 1000:.0f} ms, p99 {took[98] * 1000:.0f} ms", flush=True)


class DatabaseAway(MatchCase):
    """On PostgreSQL."""

    def installation(self):
        self.postgres = Postgres()
        self.addCleanup(self.postgres.clean_up)
        servers = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-matches-"))
        self.addCleanup(shutil.rmtree, servers, ignore_errors=True)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        return Gamekeeper(API_LISTEN=f"127.0.0.1:{self.port}", MACHINE_SANDBOX="false", MATCH_URL=self.postgres.url, MATCH_SERVERS=servers,
                          MATCH_QUEUE="casual", MATCH_SIZE=200, MATCH_FLUSH="10m", COMPAT_ANONYMOUS="true")

    def check_says_that_it_cannot(self):
        """Each route of the front and of the back end, with its own shape: never that something was done, nor that it is our mistake."""
        for method, path, body in (("POST", "/api/match/join", {"player_id": "ben"}), ("POST", "/match/join", {"player_id": "ben"}),
                                   ("GET", "/api/match/status?player_id=ann", None), ("GET", "/api/sessions/active", None)):
            status, reply = self.front.call(method, path, body)
            self.assertEqual((status, list(reply)), (503, ["detail"]), (method, path, reply))
            self.assertTrue(reply["detail"], reply)

    def check_says_yes_again(self, player):
        deadline = time.monotonic() + PATIENCE
        while (answer := self.front.call("POST", "/api/match/join", {"player_id": player}))[0] != 200:
            self.assertEqual(answer[0], 503, answer)
            self.assertLess(time.monotonic(), deadline, answer)
        self.assertEqual(self.front.status(player), (200, {"status": "pending"}))
        self.assertEqual(self.front.status("ann"), (200, {"status": "pending"}), "who waited before waits on")

    def test_gone(self):
        self.front.join("ann")
        self.postgres.crash()
        self.check_says_that_it_cannot()
        self.postgres.start()
        self.check_says_yes_again("cora")

    def test_hanging(self):
        self.front.join("ann")
        children = pathlib.Path(f"/proc/{self.postgres.process.pid}/task/{self.postgres.process.pid}/children").read_text().split()
        everybody = [self.postgres.process.pid, *map(int, children)]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.check_says_that_it_cannot()
        finally:
            for pid in everybody:
                os.kill(pid, signal.SIGCONT)
        self.check_says_yes_again("cora")


if __name__ == "__main__":
    harness.main()
