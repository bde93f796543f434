"""Parts of the bench that measure `gamekeeper edge` beside nginx (datagrams and streams) and HAProxy (streams) in the same run, on loopback: one
worker each, in turns, with both ends played by gk_bench_edge_load."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from figures import figure
from machine import children_of, cpu_seconds, free_port, kib_of

ROUNDS = 3
SESSIONS = 500
BYTES = 100
SECONDS = 4
HELD = 9_000  # Streams take two descriptors each, and a process may have 20,000 on the machines that this is run on.
NGINX = """load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log crit;
events {{ worker_connections 19000; }}
stream {{
    server {{ listen 127.0.0.1:{port} udp reuseport rcvbuf=4m sndbuf=4m; proxy_pass 127.0.0.1:{game}; proxy_timeout 60s; }}
    server {{ listen 127.0.0.1:{port}; tcp_nodelay on; proxy_pass 127.0.0.1:{game}; }}
}}
"""
HAPROXY = """global
    nbthread 1
    maxconn 9500
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen game
    bind 127.0.0.1:{port}
    server one 127.0.0.1:{game}
"""


def programs():
    return pathlib.Path(os.environ["GK_TEST_BIN"])


class Relay:
    """Somebody between the players and the game."""

    def __init__(self, name, port, process, workers):
        self.name, self.port, self.process, self.workers = name, port, process, workers

    def place(self):
        return f"127.0.0.1:{self.port}"

    def cpu(self):
        return cpu_seconds(self.workers())

    def kib(self):
        return sum(kib_of(f"/proc/{pid}/status", "VmRSS") for pid in self.workers())

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class EdgeParts(unittest.TestCase):
    """Not tests, but with a test's cleanliness. What a part yields is a figure."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-bench-edge-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.load = programs() / "gk_bench_edge_load"
        self.game = free_port()
        echo = subprocess.Popen([self.load, "echo", f"127.0.0.1:{self.game}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(echo.stdout.close)
        self.addCleanup(echo.wait)
        self.addCleanup(echo.stdin.close)
        self.assertEqual(echo.stdout.readline(), "ready\n")

    def edge(self):
        port = free_port()
        here, game = f"127.0.0.1:{port}", f"127.0.0.1:{self.game}"
        up = {"server": "echo", "state": "up", "upstream": game}
        table = {"epoch": 1, "number": 1, "datagrams": [{"listen": here, **up}], "streams": [{"listen": here, "routes": [up]}]}
        file = self.folder / f"routes-{port}.json"
        file.write_text(json.dumps(table))
        process = subprocess.Popen([programs() / "gamekeeper", "edge", "--routes", file, "--loops", "1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return self.closed(Relay("edge", port, process, lambda: [process.pid]))

    def nginx(self):
        port = free_port()
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, port=port, game=self.game))
        process = subprocess.Popen(["nginx", "-c", self.folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        return self.closed(self.listening(Relay("nginx", port, process, lambda: children_of(process.pid))))

    def haproxy(self):
        port = free_port()
        (self.folder / "haproxy.conf").write_text(HAPROXY.format(port=port, game=self.game))
        process = subprocess.Popen(["haproxy", "-db", "-f", self.folder / "haproxy.conf"], stderr=subprocess.DEVNULL)
        return self.closed(self.listening(Relay("HAProxy", port, process, lambda: [process.pid])))

    def closed(self, relay):
        self.addCleanup(relay.close)
        return relay

    def listening(self, relay):
        end = time.monotonic() + 10
        while subprocess.run(["ss", "-Hltn", f"sport = :{relay.port}"], capture_output=True, check=True).stdout == b"":
            self.assertLess(time.monotonic(), end, f"{relay.name} does not listen")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.fail(f"{relay.name} ended with status {relay.process.wait(0.05)}")
        return relay

    def play(self, kind, place, sessions, rate, seconds=SECONDS):
        command = [self.load, kind, place, str(sessions), str(rate), str(seconds), str(BYTES)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout)

    def in_turns(self, kind, relays, rate):
        """(what the players saw, microseconds of processor time for each message that was relayed) of each relay, by round."""
        seen = {relay.name: [] for relay in relays}
        for _ in range(ROUNDS):
            for relay in relays:
                before = relay.cpu()
                got = self.play(kind, relay.place(), SESSIONS, rate)
                seen[relay.name].append((got, (relay.cpu() - before) * 1e6 / (got["sent"] + got["back"])))
        return seen

    def edge_datagrams(self):
        relays = [self.edge(), self.nginx()]
        rate = 20_000
        seen = self.in_turns("udp", relays, rate)
        how = f"{SESSIONS} sessions, {rate:,} datagrams/s of {BYTES} bytes each way, {SECONDS} s, loopback, one loop or worker, in turns"
        ours, theirs = ([spent for _, spent in seen[relay.name]] for relay in relays)
        yield figure("edge: datagram, processor time", ours, "us", how, 2.2)
        yield figure("nginx: datagram, processor time", theirs, "us", how)
        yield figure("datagram, processor time, ours to nginx", [a / b for a, b in zip(ours, theirs)], "times", how, 0.7)
        yield from self.datagrams_lost(relays)
        yield from self.time_added("udp", relays, 8)

    def datagrams_lost(self, relays):
        rate = 50_000
        seen = self.in_turns("udp", relays, rate)
        how = f"{SESSIONS} sessions, {rate:,} datagrams/s of {BYTES} bytes, {SECONDS} s; of those that should have come back"
        for relay in relays:
            lost = [100 * (1 - got["back"] / got["sent"]) for got, _ in seen[relay.name]]
            yield figure(f"{relay.name}: datagrams lost at {rate:,}/s", lost, "%", how, 0 if relay.name == "edge" else None)

    def time_added(self, kind, relays, goal):
        """Of a round trip, against the game itself."""
        rate, name = 500, {"udp": "datagram", "tcp": "message"}[kind]
        direct, through = [], {relay.name: [] for relay in relays}
        for _ in range(ROUNDS):
            direct.append(self.play(kind, f"127.0.0.1:{self.game}", 10, rate)["p50_us"])
            for relay in relays:
                through[relay.name].append(self.play(kind, relay.place(), 10, rate)["p50_us"] - direct[-1])
        how = f"median round trip of 10 sessions, {rate} {name}s/s in all, less that without a relay in the same turn"
        yield figure(f"no relay: {name}, round trip", direct, "us", how)
        for relay in relays:
            yield figure(f"{relay.name}: {name}, time added", through[relay.name], "us", how, goal if relay.name == "edge" else None)

    def edge_memory(self):
        for kind, makers in (("udp", (self.edge, self.nginx)), ("tcp", (self.edge, self.nginx, self.haproxy))):
            for make in makers:
                relay = make()
                before = relay.kib()
                command = [self.load, "hold", kind, relay.place(), str(HELD)]
                players = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                held = json.loads(players.stdout.readline())["held"]
                self.assertEqual(held, HELD, f"{relay.name}: those who are not held would be counted as memory of the others")
                each = (relay.kib() - before) * 1024 / held
                players.stdin.close()
                players.wait(30)
                players.stdout.close()
                how = f"resident memory at {held:,} sessions that have said and heard 64 bytes twice, less that without any; without the kernel's"
                yield figure(f"{relay.name}: memory of a session, {kind}", [each], "bytes", how, 1024 if relay.name == "edge" else None)
                relay.close()

    def edge_streams(self):
        relays = [self.edge(), self.haproxy(), self.nginx()]
        rate = 10_000
        seen = self.in_turns("tcp", relays, rate)
        how = f"{SESSIONS} streams, {rate:,} messages/s of {BYTES} bytes each way, {SECONDS} s, loopback, one loop or worker, in turns"
        spent = {relay.name: [each for _, each in seen[relay.name]] for relay in relays}
        yield figure("edge: message, processor time", spent["edge"], "us", how, 7)
        yield figure("HAProxy: message, processor time", spent["HAProxy"], "us", how)
        yield figure("nginx: message, processor time", spent["nginx"], "us", how)
        yield figure("message, processor time, ours to HAProxy", [a / b for a, b in zip(spent["edge"], spent["HAProxy"])], "times", how, 1)
        yield from self.time_added("tcp", relays, None)
        yield from self.bulk(relays)

    def bulk(self, relays):
        """Bytes through a relay, both ways, for each second of its processor."""
        rates = {relay.name: [] for relay in relays}
        for _ in range(ROUNDS):
            for relay in relays:
                before = relay.cpu()
                done = subprocess.run([self.load, "bulk", relay.place(), str(SECONDS)], capture_output=True, text=True, check=True, timeout=60)
                got = json.loads(done.stdout)
                rates[relay.name].append((got["sent"] + got["back"]) / 1e6 / max(relay.cpu() - before, 0.01))
        how = f"one stream, as fast as it goes, echoed, {SECONDS} s; megabytes both ways for a second of the relay's processor time"
        for relay in relays:
            yield figure(f"{relay.name}: bulk", rates[relay.name], "MB/core s", how, better="more")
        yield figure("bulk, ours to HAProxy", [a / b for a, b in zip(rates["edge"], rates["HAProxy"])], "times", how, 1, better="more")
