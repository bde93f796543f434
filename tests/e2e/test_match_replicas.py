#!/usr/bin/python3
"""Two control planes on one PostgreSQL make matches together, with Redis beside them: whatever of it all goes, nobody is lost or plays twice."""

import concurrent.futures
import contextlib
import os
import pathlib
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
import uuid

import harness
from client import Refused
from goals import within
from harness import Gamekeeper
from test_matches import PATIENCE, Front


def run_as_nobody(words):
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *map(str, words)]


class Server:
    """A server program that the test starts, and ends by force."""

    last = signal.SIGKILL  # SIGQUIT may be ignored, as in what a shell began in the background.

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-server-"))
        shutil.chown(self.home, "nobody", "nogroup")
        self.process = None

    def start(self):
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen(run_as_nobody(self.command()), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            assert time.monotonic() < deadline, (self.home / "log").read_text()
            try:
                self.process.wait(0.02)  # Its end would be the news.
                raise AssertionError((self.home / "log").read_text())
            except subprocess.TimeoutExpired:
                pass

    def crash(self, how=signal.SIGKILL):
        """Ends it and its children: as long as one of a PostgreSQL's lives, the next PostgreSQL finds the memory of the one before in use and does
        not start."""
        pid = self.process.pid
        self.process.send_signal(signal.SIGSTOP)  # From here on no child is born.
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        children = [os.pidfd_open(int(child)) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        try:
            self.process.send_signal(how)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait()
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(child, how)
                assert select.select([child], [], [], PATIENCE)[0], "a child of a server outlives it"
        finally:
            for child in children:
                os.close(child)

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.crash(self.last)
        shutil.rmtree(self.home, ignore_errors=True)


class Postgres(Server):
    last = signal.SIGQUIT  # Then it leaves no shared memory behind.

    def __init__(self):
        super().__init__()
        self.programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        words = [self.programs / "initdb", "--pgdata", self.home / "data", "--auth", "trust", "--username", "gamekeeper", "--encoding", "UTF8",
                 "--no-locale", "--no-sync"]
        subprocess.run(run_as_nobody(words), check=True, capture_output=True)
        self.start()
        self.url = f"host={self.home} user=gamekeeper dbname=postgres"

    def command(self):
        return [self.programs / "postgres", "-D", self.home / "data", "-k", self.home, "-c", "listen_addresses=", "-c", "fsync=off"]

    def answers(self):
        return subprocess.run([self.programs / "pg_isready", "-h", self.home, "-q"], check=False).returncode == 0

    def ask(self, sql):
        words = ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.home, "-U", "gamekeeper", "-d", "postgres", "-c",
                 f"SET search_path = gamekeeper; {sql}"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if line != "SET"]


class Redis(Server):
    def __init__(self):
        super().__init__()
        self.start()
        self.url = f"unix:{self.home}/redis.sock"

    def command(self):
        return ["redis-server", "--port", "0", "--unixsocket", self.home / "redis.sock", "--unixsocketperm", "777", "--save", "", "--dir", self.home]

    def answers(self):
        return self.ask("PING") == ["PONG"]

    def ask(self, *words):
        done = subprocess.run(["redis-cli", "-s", self.home / "redis.sock", *words], capture_output=True, text=True, check=False)
        return done.stdout.splitlines()


class Replicas(harness.Case):
    size = 10  # Of a match; each has a process of its own.
    tls = {}

    def setUp(self):
        self.postgres, self.redis = Postgres(), Redis()
        self.addCleanup(self.postgres.clean_up)
        self.addCleanup(self.redis.clean_up)
        self.servers = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-matches-"))
        self.addCleanup(shutil.rmtree, self.servers, ignore_errors=True)
        self.other = None
        super().setUp()
        self.other, self.other_port = self.replica()
        self.addCleanup(self.other.clean_up)
        self.other.start()
        self.fronts = [Front(f"http://127.0.0.1:{port}") for port in (self.port, self.other_port)]
        self.addCleanup(self.end_all)

    def replica(self):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        return Gamekeeper(API_LISTEN=f"127.0.0.1:{port}", MACHINE_SANDBOX="false", MATCH_URL=self.postgres.url, MATCH_SERVERS=self.servers,
                          MATCH_QUEUE="casual", MATCH_SIZE=self.size, MATCH_LEAST=2, MATCH_FLUSH="3s", REDIS_URL=self.redis.url,
                          COMPAT_ANONYMOUS="true", **self.tls), port

    def installation(self):
        keeper, self.port = self.replica()
        return keeper

    def end_all(self):
        for keeper in (self.keeper, self.other):
            if keeper.process.poll() is not None:
                keeper.start()
        deadline = time.monotonic() + PATIENCE
        while True:  # A test that failed may leave players behind who are matched meanwhile.
            for match in self.asked_until(deadline, "GET", "/v1/matches?live=true&limit=1000")["items"]:
                self.asked_until(deadline, "POST", f"/v1/matches/{match['id']}/end", {})
            left = list((self.servers / "servers").glob("*-*"))
            if not left:
                break
            self.assertLess(time.monotonic(), deadline, f"left of matches that are over: {left}")
            self.assertFalse(self.keeper.ended(0.1), "serve has ended")

    def asked_until(self, deadline, *request):
        """Its answer. A replica that has just lost its database, or whoever made the matches, asks for patience."""
        while True:
            try:
                return self.api.ask(*request)
            except Refused as refused:
                if refused.reply.status != 503 or time.monotonic() > deadline:
                    raise
                self.assertFalse(self.keeper.ended(0.1), "serve has ended")

    def join(self, number, patience=PATIENCE):
        """At one replica and, while that cannot, at the other: as a client behind a balancer. The token.

        With a key: whoever only names a player that waits already, since the answer to its first join was lost, is told no token."""
        deadline = time.monotonic() + patience
        once = {"Idempotency-Key": str(uuid.uuid4())}
        for attempt in range(10_000):
            try:
                status, reply = self.fronts[(number + attempt) % 2].call("POST", "/api/match/join", {"player_id": f"p{number}"}, headers=once)
            except OSError:
                status, reply = 0, "nobody listens"
            if status == 200:
                return reply["player_token"]
            assert status in (0, 503), (status, reply)
            assert time.monotonic() < deadline, (status, reply)

    def join_all(self, numbers, workers=8):
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            return dict(zip(numbers, pool.map(self.join, numbers)))

    def matched(self):
        """Who was matched, once for each match that came about; servers to which nobody comes end after a minute, and their matches with them."""
        return self.postgres.ask("SELECT p.player FROM match_players p JOIN matches m ON m.id = p.match WHERE m.state <> 'failed'")

    def wait_until(self, holds, seconds=PATIENCE, what="it"):
        """Asks again and again: what it waits for is in a store that tells us nothing. Seconds until it held."""
        begun = time.monotonic()
        while not holds():
            self.assertLess(time.monotonic() - begun, seconds, f"{what} did not come")
            self.assertFalse(self.keeper.process.poll() is None and self.keeper.ended(0.02), "serve has ended")
        return time.monotonic() - begun

    def check_everybody_plays_once(self, numbers):
        """S1-7: each in exactly one match, and in no other before or beside it."""
        self.assertEqual(sorted(self.matched()), sorted(f"p{number}" for number in numbers))
        twice = self.postgres.ask("SELECT player FROM match_ticket_players WHERE live GROUP BY player HAVING count(*) > 1")
        self.assertEqual(twice, [])

    def all_placed(self, count):
        return lambda: self.postgres.ask("SELECT count(*) FROM match_tickets WHERE state = 'queued'") == ["0"] and len(self.matched()) == count

    def owner(self):
        """The replica that makes the matches, and the other one."""
        keepers = [self.keeper, self.other]
        said = [keeper.log().count("matchmaker took over") for keeper in keepers]
        self.assertGreater(sum(said), 0)
        return keepers if said[0] > 0 else keepers[::-1]


class Together(Replicas):
    size = 50

    def test_a_thousand_joins_at_both_replicas(self):
        numbers = range(1000)
        tokens = self.join_all(numbers)
        self.assertEqual(len(tokens), 1000)
        self.wait_until(self.all_placed(1000), 120, "a match for everybody")
        self.check_everybody_plays_once(numbers)
        sizes = self.postgres.ask("SELECT DISTINCT count(*) FROM match_players GROUP BY match")
        self.assertTrue(all(int(size) <= self.size for size in sizes), sizes)


class Takeover(Replicas):
    # The next one has the office at once, and takes over what runs.
    def test_the_owner_is_killed(self):
        tokens = self.join_all(range(self.size))
        front = self.fronts[1]
        matched = front.wait_for("p0", "matched", tokens[0])
        owner, heir = self.owner()
        front = self.fronts[0 if heir is self.keeper else 1]
        with socket.create_connection((matched["connect_host"], matched["connect_port"]), timeout=PATIENCE) as player:
            begun = time.monotonic()
            owner.kill()
            newcomers = {number: front.join(f"p{number}")["player_token"] for number in range(100, 100 + self.size)}
            front.wait_for("p100", "matched", newcomers[100])
            print(f"the other replica had made a match {time.monotonic() - begun:.2f} s after the owner was killed")
            player.sendall(b"REQUEST_MATCH 1\n")
            self.assertIn(b"RUNNING_LENGTH 1", player.recv(100))
            # Its end is heard of by the heir, who never started it.
            front.wait_for("p0", "ended", tokens[0])
        # S1-14: when, who, which server, why.
        session = matched["session_id"]
        record = self.postgres.ask(f"SELECT server, end_reason, claimed_at < over_at FROM matches WHERE id = '{session}'")
        self.assertEqual(record, [f"game-server-{session[:8]}|server_exited|t"])
        played = self.postgres.ask(f"SELECT player FROM match_players WHERE match = '{session}' ORDER BY player")
        self.assertEqual(played, [f"p{number}" for number in range(self.size)])
        self.assertEqual(front.status("p100")[1]["status"], "matched")
        owner.start()
        self.assertEqual(owner.log().count("matchmaker took over"), 1, "whoever comes back waits for its turn")


class Asked(Replicas):
    size = 4

    def setUp(self):
        super().setUp()
        self.wait_until(lambda: any("matchmaker took over" in keeper.log() for keeper in (self.keeper, self.other)))
        self.maker, self.bystander = self.owner()
        self.ways = {"the maker's socket": self.maker.api, "the other's socket": self.bystander.api}

    def ask_both(self, path, part):
        answers = {way: part(api.ask("GET", path)) for way, api in self.ways.items()}
        self.assertEqual(*answers.values(), answers)
        return answers["the other's socket"]

    # Whoever is asked.
    def test_what_only_the_maker_knows_is_known_to_both(self):
        self.bystander.api.ask("PUT", "/v1/fleets/warm", {"game": "match-server", "ready": 1, "max": 2})
        self.addCleanup(self.bystander.api.call, "DELETE", "/v1/fleets/warm")
        # Until the maker has heard of it, nobody has counted its servers.
        self.wait_until(lambda: (known := self.maker.api.ask("GET", "/v1/fleets/warm")["servers"]) is not None and known["ready"] == 1)
        self.assertEqual(self.ask_both("/v1/fleets/warm", lambda fleet: fleet["servers"]["ready"]), 1)
        self.assertEqual(self.ask_both("/v1/fleets", lambda fleets: fleets["items"][0]["servers"]["ready"]), 1)

        match = {"match": str(uuid.uuid4())}
        server = self.bystander.api.ask("POST", "/v1/fleets/warm/allocate", match)
        self.assertEqual(self.bystander.api.ask("POST", "/v1/fleets/warm/allocate", match), server, "the same match has the same server")
        endpoint = server["endpoints"][0]
        with socket.create_connection((endpoint["host"], endpoint["port"]), timeout=PATIENCE) as player:
            player.sendall(b"REQUEST_MATCH 1\n")  # With its end it goes.
            self.assertIn(b"RUNNING_LENGTH 1", player.recv(100))

        refusal = self.bystander.api.call("POST", "/v1/fleets/cold/allocate", match)
        self.assertEqual((refusal.status, refusal.json["code"]), (404, "not_found"), "what the maker says comes along")

    def test_why_somebody_waits_is_told_by_both(self):
        joined = self.bystander.api.ask("POST", "/v1/tickets", {"queues": ["casual"], "players": [{"id": "lone"}]})
        explain = f"/v1/tickets/{joined['id']}/explain"
        self.wait_until(lambda: self.maker.api.ask("GET", "/v1/queues/casual")["waiting"] == 1)
        self.assertEqual(self.ask_both("/v1/queues/casual", lambda queue: queue["waiting"]), 1)
        self.assertEqual([it["queue"] for it in self.bystander.api.ask("GET", explain)["queues"]], ["casual"])

        front = self.fronts[0 if self.bystander is self.keeper else 1]
        self.assertEqual(front.call("GET", explain, token=joined["player_token"])[0], 200, "by a player's token")
        self.assertEqual(front.call("GET", explain, token="gkp_default.1.2.3")[0], 401)
        for way, api in self.ways.items():
            forged = api.call("GET", explain, headers={"Gamekeeper-Voucher": "4102444800.7b7d.00"})
            self.assertEqual(forged.status, 401, way)

    def test_while_the_maker_does_not_answer_it_is_said_when_to_ask_again(self):
        joined = self.bystander.api.ask("POST", "/v1/tickets", {"queues": ["casual"], "players": [{"id": "lone"}]})
        self.maker.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.maker.process.send_signal, signal.SIGCONT)

        reply = self.bystander.api.call("GET", f"/v1/tickets/{joined['id']}/explain")
        self.assertEqual((reply.status, reply.json["code"], "Retry-After" in reply.headers), (503, "not_at_work", True))
        self.assertIsNone(self.bystander.api.ask("GET", "/v1/queues/casual")["waiting"], "what is stored is shown without it")


class AskedByTls(Asked):
    """The same when they show a certificate with the name that people call, at addresses that it does not name."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-tls-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.certificate, key = self.folder / "api.crt", self.folder / "api.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=castle", "-addext", "subjectAltName=DNS:castle.example", "-keyout", key, "-out", self.certificate],
                       check=True, capture_output=True)
        self.tls = {"API_TLS_CERTIFICATE": self.certificate, "API_TLS_KEY": key}
        trust = ssl.create_default_context(cafile=self.certificate)
        trust.check_hostname = False  # Players of this test call an address.
        urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust)))
        self.addCleanup(urllib.request.install_opener, None)
        super().setUp()
        self.fronts = [Front(f"https://127.0.0.1:{port}") for port in (self.port, self.other_port)]


class WithoutDatabase(Replicas):
    size = 50

    # R7: what is asked again has been done once.
    def test_the_database_restarts(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            joining = pool.submit(self.join_all, range(300))
            self.wait_until(lambda: int(self.postgres.ask("SELECT count(*) FROM match_tickets")[0]) > 50)
            self.postgres.crash(signal.SIGQUIT)
            self.postgres.start()
            tokens = joining.result(PATIENCE)
        self.assertEqual(len(tokens), 300)
        self.wait_until(self.all_placed(300), 120, "a match for everybody")
        self.check_everybody_plays_once(range(300))


class WithoutRedis(Replicas):
    size = 50

    # S1-17, R8: shorter here than the 60 s of `make soak`.
    SECONDS = int(os.environ.get("GK_TEST_REDIS_AWAY", "5"))

    def same_in_redis(self):
        active = {session["session_id"] for session in self.fronts[0].call("GET", "/api/sessions/active")[1]["sessions"]}
        waiting = self.postgres.ask("SELECT count(*) FROM match_tickets WHERE state = 'queued'")[0]
        return set(self.redis.ask("SMEMBERS", "active_sessions")) == active and self.redis.ask("LLEN", "matchmaking_queue") == [waiting]

    def test_redis_goes_and_comes_back(self):
        self.join_all(range(100))
        self.wait_until(self.all_placed(100))
        self.wait_until(self.same_in_redis, what="an index that is right")

        self.redis.crash()
        begun, joined = time.monotonic(), 100
        slowest = 0
        while time.monotonic() - begun < self.SECONDS or joined < 200 or joined % self.size != 0:  # Nobody is left alone.
            asked = time.monotonic()
            self.join(joined, patience=0)
            slowest = max(slowest, time.monotonic() - asked)
            joined += 1
        print(f"{joined - 100} joins without Redis, the slowest {slowest * 1000:.0f} ms")
        self.redis.start()
        took = self.wait_until(self.same_in_redis, within(5, PATIENCE), "an index that is right again")
        print(f"resynchronised {took:.2f} s after Redis was back")
        self.wait_until(lambda: self.postgres.ask("SELECT count(*) FROM match_tickets WHERE state = 'queued'") == ["0"])
        self.check_everybody_plays_once(range(joined))


if __name__ == "__main__":
    harness.main()
