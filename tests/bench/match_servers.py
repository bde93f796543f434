"""Parts of the bench about the servers of matches: a whole `gamekeeper serve` with real processes, each in its sandbox."""

import os
import re
import subprocess
import time
import uuid

import harness
from figures import figure
from machine import free_port

RUNS = 3
PATIENCE = 60
READY = 10


class MatchServerParts(harness.Case):
    # Numbers of ports rest for a minute, and a server takes one each.
    settings = {"PORTS_FIRST": 20000, "PORTS_LAST": 27999, "MACHINE_CPU_OVERCOMMIT": 50}

    def setUp(self):
        self.port = free_port()
        self.settings = {**type(self).settings, "API_LISTEN": f"127.0.0.1:{self.port}"}
        super().setUp()
        self.addCleanup(self.end_servers)

    def end_servers(self):
        for queue in self.api.ask("GET", "/v1/queues")["items"]:
            self.api.ask("DELETE", f"/v1/queues/{queue['name']}")
        for fleet in self.api.ask("GET", "/v1/fleets")["items"]:
            self.api.ask("DELETE", f"/v1/fleets/{fleet['name']}")
        # To whom nobody comes, they end after a minute.
        folder = self.keeper.state / "servers"
        self.api.wait_until(lambda: all(name.startswith(".") for name in os.listdir(folder)), "every server has ended and is removed", 3 * PATIENCE)

    def fleet(self, ready):
        self.api.ask("PUT", "/v1/fleets/bench", {"game": "match-server", "ready": ready, "max": 400})
        self.wait_for_ready(ready)

    def wait_for_ready(self, count):
        def ready():
            servers = self.api.ask("GET", "/v1/fleets/bench")["servers"]
            return servers is not None and servers["ready"] >= count

        self.api.wait_until(ready, f"{count} servers are ready", PATIENCE)

    def match_warm(self, takes=60):
        """From the request for a server that waits to the answer, before which the server has been told its match."""
        self.fleet(READY)
        times = []
        for _ in range(takes):
            begun = time.monotonic()
            self.api.ask("POST", "/v1/fleets/bench/allocate", {"match": str(uuid.uuid4())})
            times.append((time.monotonic() - begun) * 1000)
            self.wait_for_ready(READY)
        how = f"POST /v1/fleets/.../allocate, {takes} times, one after the other, when {READY} wait; the request, the store and the shim included"
        yield figure("warm server told its match, p50", times, "ms", how)
        yield figure("warm server told its match, p99", times, "ms", how, 5, part=99)

    def match_start(self, matches=20):
        """Without a fleet: a process for a match of one player."""
        self.api.ask("PUT", "/v1/queues/bench", {"game": "match-server", "rules": {"size": 1}})
        times = []
        for n in range(matches):
            begun = time.monotonic()
            ticket = self.api.ask("POST", "/v1/tickets", {"player": f"p-{n}", "queue": "bench"})
            while ticket["state"] != "assigned":
                ticket = self.api.ask("GET", f"/v1/tickets/{ticket['id']}?wait=25s&state={ticket['state']}")
            times.append((time.monotonic() - begun) * 1000)
        yield figure("join to a server begun for it, p50", times, "ms", f"{matches} matches of one, one after the other; looks are 50 ms apart")

    def match_processes(self, clients=200, rounds=5):
        """Whole lives, ten in a match, each match with a process of its own."""
        yield from self.lives("", clients, rounds, "begun for it")
        self.fleet(2 * READY)
        yield from self.lives("bench", clients, rounds, "of a fleet")

    def lives(self, fleet, clients, rounds, whose):
        self.api.ask("PUT", "/v1/queues/bench", {"game": "match-server", "rules": {"size": 10}, **({"fleet": fleet} if fleet else {})})
        rates = []
        for _ in range(RUNS):
            command = [harness.BIN / "gamekeeper", "load", str(clients), "--rounds", str(rounds), "--api", "v1", "--queue", "bench",
                       "--url", f"http://127.0.0.1:{self.port}", "--connections", str(clients), "--match-duration", "0.1", "-o", "json"]
            environment = os.environ | {"GK_KEY": re.search(r"^First admin key.*: (\S+)$", self.keeper.log(), re.MULTILINE).group(1)}
            begun = time.monotonic()
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            rates.append(clients * rounds / (time.monotonic() - begun))
        how = f"gamekeeper load {clients} --rounds {rounds} --match-duration 0.1: ten in a match, a process {whose} for each; generator beside"
        yield figure(f"whole lives with a process {whose}", rates, "lives/s", how, better="more")
