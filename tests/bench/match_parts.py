"""Parts of the bench about matches: the engine, the store, and a front with real sockets (match_front.cpp) under joins, whole lives and watchers."""

import http.client
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import harness
from figures import figure
from machine import cpu_seconds, free_port, kib_of, resident_mib

RUNS = 3
WAITING = 1_000_000
WATCHERS = 15_000


class Front:
    """A matchmaker behind HTTP whose matches all go to one match server."""

    def __init__(self, case):
        port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-bench-"))
        case.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = subprocess.Popen([harness.BIN / "gamekeeper", "match-server", "--many", "--port", str(port)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        case.addCleanup(self.server.wait)
        case.addCleanup(self.server.terminate)
        self.process = subprocess.Popen([harness.BIN / "gk_bench_match_front", self.folder, f"127.0.0.1:{port}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.end)
        said = json.loads(self.process.stdout.readline())
        self.url, self.key = said["url"], said["key"]
        self.address = urllib.parse.urlsplit(self.url)

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def connection(self):
        return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)

    def call(self, method, path, body=None, connection=None):
        connection = connection or self.connection()
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read()
        if reply.status >= 300:
            raise RuntimeError(f"{method} {path}: {reply.status} {text.decode(errors='replace')}")
        return json.loads(text)

    def make_queue(self, name, rules):
        self.call("PUT", f"/v1/queues/{name}", {"game": "toy", "rules": rules, "ticket_ttl": "1h", "silence": "1h"})


class MatchParts(unittest.TestCase):
    def match_engine(self):
        how = "gk_bench_match: the first pass over so many tickets, all of whom it looks at; processor time; median of runs"
        goals = {100_000: 10, 1_000_000: 100}
        seen, sizes = {}, {}
        for _ in range(RUNS):
            command = [harness.BIN / "gk_bench_match", "--benchmark_filter=full_pass", "--benchmark_format=json"]
            text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
            for one in json.loads(text)["benchmarks"]:
                _, rules, tickets = one["name"].split("/")[:3]
                seen.setdefault((rules, int(tickets)), []).append(one["cpu_time"])
                sizes[rules, int(tickets)] = one["bytes/ticket"]
        for (rules, tickets), times in seen.items():
            yield figure(f"pass over {tickets:,} waiting, {rules}", times, "ms", how, goals[tickets])
        for (rules, tickets), size in sizes.items():
            yield figure(f"engine, {tickets:,} waiting, {rules}", [size], "bytes/ticket", "what the pool's containers hold", 128)

    def match_store(self):
        folder = tempfile.mkdtemp(prefix="gk-bench-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        text = subprocess.run([harness.BIN / "gk_bench_match_store", folder, str(WAITING)], stdout=subprocess.PIPE, text=True, check=True).stdout
        lines = [json.loads(line) for line in text.splitlines()]
        for line in lines:
            if line["measured"] == "joins":
                how = f"gk_bench_match_store: {line['wanted_per_s']:,} joins a second, {line['waiting']:,} wait at the end; to what is on disk"
                yield figure(f"store, join at {line['wanted_per_s']:,}/s, {line['waiting']:,} wait, p50", [line["p50_ms"]], "ms", how)
                yield figure(f"store, join at {line['wanted_per_s']:,}/s, {line['waiting']:,} wait, p99", [line["p99_ms"]], "ms", how)
        made = next(line for line in lines if line["measured"] == "matches")
        yield figure("store, matches of 10 committed", [made["committed_per_s"]], "matches/s", "50 in a call", better="more")
        yield figure("store, matches of 10 ended", [made["ended_per_s"]], "matches/s", "many at once", better="more")
        back = lines[-1]
        yield figure(f"store, opened with {back['waiting']:,} waiting", [back["open_s"]], "s", "Database::open: schema, checks")
        yield figure(f"store, {back['waiting']:,} waiting read", [back["read_s"]], "s", "in pages of 10,000")
        yield figure("store, restart", [back["open_s"] + back["read_s"]], "s", "both; without the engine, which takes them in beside", 2)

    def match_fleet(self):
        folder = tempfile.mkdtemp(prefix="gk-bench-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        run = json.loads(subprocess.run([harness.BIN / "gk_bench_fleet", folder], stdout=subprocess.PIPE, text=True, check=True).stdout)
        how = (f"gk_bench_fleet: {run['ready']:,} ready, {run['allocated']:,} in matches; every 10 ms one is taken, one match ends, one server is "
               "begun; from take() to stored and told")
        yield figure("allocation from a warm fleet, p50", [run["p50_ms"]], "ms", how)
        yield figure("allocation from a warm fleet, p99", [run["p99_ms"]], "ms", how, 20)
        yield figure("a match's server taken, ended and replaced", [run["processor_ms"]], "ms", "processor time of gk_bench_fleet for each")

    def match_joins(self):
        front = Front(self)
        front.make_queue("alone", {"size": 2, "near": {"skill": {"within": 0}}})
        p50, p99 = [], []
        for _ in range(RUNS):
            run = self.join(front, "alone", 5000, 50_000)
            p50.append(run["p50_ms"])
            p99.append(run["p99_ms"])
        how = ("gk_bench_match_joins: POST /v1/tickets, 5,000 a second for 10 s over 200 connections, from when each was due; generator and front on "
               "one machine")
        yield figure("durable join over HTTP at 5,000/s, p50", p50, "ms", how, 2)
        yield figure("durable join over HTTP at 5,000/s, p99", p99, "ms", how, 15)
        disk = syncs(front.folder)
        how = "300 times 64 KiB behind one another into a new file of the same folder, right afterwards: what no join can be quicker than"
        yield figure("the disk, fdatasync, p50", disk, "ms", how)
        yield figure("the disk, fdatasync, p99", disk, "ms", how, part=99)
        waiting = RUNS * 50_000
        yield figure("front, each who waits", [resident_mib(front.process.pid) * 1024 * 1024 / waiting], "bytes", f"VmRSS with {waiting:,} waiting")

    def join(self, front, queue, per_second, count):
        command = [harness.BIN / "gk_bench_match_joins", front.url, front.key, queue, str(per_second), str(count), "200"]
        run = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        self.assertEqual(run["failed"], 0, run)
        return run

    def match_lives(self, clients=1000, rounds=5):
        front = Front(self)
        front.make_queue("bench", {"size": 10})
        rates, matched = [], []
        for _ in range(RUNS):
            command = [harness.BIN / "gamekeeper", "load", str(clients), "--rounds", str(rounds), "--api", "v1", "--queue", "bench", "--many",
                       "--url", front.url, "--connections", str(clients), "--match-duration", "0.1", "-o", "json"]
            environment = os.environ | {"GK_KEY": front.key}
            before = cpu_seconds([front.process.pid])
            begun = time.monotonic()
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
            rates.append(clients * rounds / (time.monotonic() - begun))
            matched.append((cpu_seconds([front.process.pid]) - before) / (clients * rounds) * 1e6)
        how = f"gamekeeper load {clients} --rounds {rounds} --match-duration 0.1: join, wait, connect, play, end; ten in a match, one match server"
        yield figure("whole lives, 10 in a match", rates, "lives/s", how + "; generator on the same two processors", 5000, better="more")
        yield figure("front, a life", matched, "us", "its processor time for each life")

    def match_news(self, pairs=200):
        """From the join that makes a match possible to the event at the player who waited longer."""
        front = Front(self)
        front.make_queue("pairs", {"size": 2})
        times = []
        for n in range(pairs):
            first, second = f"a-{n}", f"b-{n}"
            front.call("POST", "/v1/tickets", {"queues": ["pairs"], "players": [{"id": first}]})
            stream = front.connection()
            stream.request("GET", f"/v1/players/{first}/events", headers={"Authorization": f"Bearer {front.key}"})
            reply = stream.getresponse()
            self.await_line(reply, b"event: queued")
            begun = time.monotonic()
            joined = threading.Thread(target=front.call, args=("POST", "/v1/tickets", {"queues": ["pairs"], "players": [{"id": second}]}))
            joined.start()
            self.await_line(reply, b"event: assigned")
            times.append((time.monotonic() - begun) * 1000)
            joined.join()
            stream.close()
        how = f"{pairs} pairs: from the second's POST to the event `assigned` at the first, over SSE; looks are 50 ms apart"
        yield figure("match possible to the event, p50", times, "ms", how)
        yield figure("match possible to the event, p99", times, "ms", how, 100, part=99)

    def await_line(self, reply, wanted):
        for line in reply:
            if line.strip() == wanted:
                return
        self.fail(f"the stream ended before {wanted}")

    def match_watchers(self, count=WATCHERS):
        front = Front(self)
        front.make_queue("bench", {"size": 10})
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        self.watch(front, 0, 100)  # What the first ones need once.
        before = resident_mib(front.process.pid) * 1024
        kernel_before = kernel_kib()
        sockets = self.watch(front, 100, count)
        taken = resident_mib(front.process.pid) * 1024 - before
        # Both ends are sockets of this machine; half of them are the client's.
        kernel = (kernel_kib() - kernel_before) / 2
        for one in sockets:
            one.close()
        how = f"{count:,} idle GET /v1/players/.../events"
        yield figure("a watcher, process", [taken / count], "KiB", f"VmRSS with {how}")
        yield figure("a watcher, kernel", [kernel / count], "KiB", f"Slab and PageTables with {how}, half of what both ends took")
        yield figure("a watcher, together", [(taken + kernel) / count], "KiB", how, 16)

    def watch(self, front, first, count):
        sockets = []
        for n in range(first, first + count):
            request = f"GET /v1/players/w-{n}/events HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {front.key}\r\n\r\n"
            one = socket.create_connection((front.address.hostname, front.address.port))
            one.sendall(request.encode())
            sockets.append(one)
        for one in sockets:
            self.assertTrue(one.recv(4096).startswith(b"HTTP/1.1 200"))
        return sockets


def syncs(folder):
    times = []
    with open(folder / "probe", "wb", buffering=0) as file:
        for _ in range(300):
            file.write(b"x" * 65536)
            begun = time.monotonic()
            os.fdatasync(file.fileno())
            times.append((time.monotonic() - begun) * 1000)
    return times


def kernel_kib():
    return sum(kib_of("/proc/meminfo", name) for name in ("Slab", "PageTables", "KernelStack"))
