"""The part of the bench that measures a control plane with a thousand worlds in a cluster that only makes believe (fake_cluster.py)."""

import collections
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from fake_cluster import ROOT, SPACE, FakeCluster, States, programs
from figures import figure
from machine import cpu_seconds, resident_mib

import client

SERVERS = int(os.environ.get("GK_BENCH_SERVERS", "1000"))
NODES = 50
SECONDS_IDLE = 20
WRITES = ("create", "update", "patch", "delete")
OURS = "gamekeeper"
LOOKED = "every server was looked at"


class ControlPlane:
    def __init__(self, cluster):
        self.cluster = cluster
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-bench-plane-"))
        self.socket = self.home / "state" / "api.sock"
        self.process = None
        settings = {"SHAPE": "cluster", "STATE": self.home / "state", "API_LISTEN": "127.0.0.1:0", "CLUSTER_STORAGE_CLASS": "ready-made",
                    "VAULT_PLACE": self.home / "vault", "PORTS_FIRST": 30000, "PORTS_LAST": 32767}
        plain = {name: value for name, value in cluster.environment().items() if not name.startswith("GK_")}
        self.environment = plain | {f"GK_{name}": str(value) for name, value in settings.items()}

    def start(self):
        """The moment of its beginning; returns when it keeps."""
        begun = time.monotonic()
        with open(self.home / "serve.log", "ab") as log:
            self.process = subprocess.Popen([programs() / "gamekeeper", "serve"], env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        self.cluster.wait_ready(self.is_ready, self.home / "serve.log")
        return begun

    def is_ready(self):
        try:
            return client.Client(self.socket).call("GET", "/readyz").status == 200
        except OSError:
            return False

    def goes_on(self, seconds):
        """Raises when it ends meanwhile."""
        try:
            raise AssertionError(f"serve ended with {self.process.wait(seconds)}: {self.log()[-2000:]}")
        except subprocess.TimeoutExpired:
            pass

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(60)

    def log(self):
        return (self.home / "serve.log").read_text()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


def text_of(calls, count):
    rows = sorted(calls.items(), key=lambda row: -row[1])
    return "; ".join(f"{verb} {what} {number / count:.2f}" for (_, verb, what), number in rows)


class ClusterParts(unittest.TestCase):
    """Not tests, but with a test's cleanliness. What a part yields is a figure."""

    def cluster(self):
        cluster = FakeCluster(programs(), NODES, SERVERS)
        self.addCleanup(cluster.close)
        manifests = subprocess.run([programs() / "gamekeeper", "manifests", "--definitions"], capture_output=True, text=True, check=True).stdout
        cluster.kubectl("apply", "--server-side", "-f", "-", text=manifests)
        cluster.kubectl("wait", "--for=condition=Established", "crd/gameservers.gamekeeper.dev")
        for space in (SPACE, "gamekeeper-system"):
            cluster.kubectl("create", "namespace", space)
        plane = ControlPlane(cluster)
        self.addCleanup(plane.close)
        self.addCleanup(lambda: self.keep_logs(cluster, plane))
        plane.start()
        states = States(cluster.environment())
        self.addCleanup(states.close)

        yield from self.creation(cluster, plane, states)
        yield from self.idleness(plane)
        yield from self.restart(cluster, plane)

    def keep_logs(self, cluster, plane):
        folder = os.environ.get("GK_BENCH_LOGS")
        if folder:
            shutil.copytree(cluster.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("etcd", "pki"))
            shutil.copy(plane.home / "serve.log", folder)

    def creation(self, cluster, plane, states):
        before = cluster.calls()
        begun = time.monotonic()
        cluster.kubectl("create", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [self.world(n) for n in range(SERVERS)]}))
        created = time.monotonic() - begun
        took = states.wait_for(SERVERS, "running", 1200) - begun
        how = f"{SERVERS} GameServers of minetest by one kubectl (which took {created:.0f} s), {NODES} nodes; to the last one that is running"
        yield figure("cluster: servers reconciled", [SERVERS / took], "servers/s", how, better="more")
        plane.goes_on(2)  # What is written behind the last state, the story for example, is counted too.
        made = cluster.calls() - before
        ours = collections.Counter({call: number for call, number in made.items() if call[0] == OURS})
        writes = collections.Counter({call: number for call, number in ours.items() if call[1] in WRITES})
        reads = ours - writes
        others = collections.Counter({(who, verb, what): number for (who, verb, what), number in made.items()
                                      if who not in (OURS, "bench-shims", "kubectl") and verb in WRITES})
        how = "from the API server's audit log, for one server from create to running: "
        yield figure("cluster: writes of ours for a server", [writes.total() / SERVERS], "calls", how + text_of(writes, SERVERS), 6)
        yield figure("cluster: reads of ours for a server", [reads.total() / SERVERS], "calls", how + text_of(reads, SERVERS))
        yield figure("cluster: writes of others for a server", [others.total() / SERVERS], "calls", how + text_of(others, SERVERS))

    def idleness(self, plane):
        plane.goes_on(5)
        times = []
        for _ in range(3):
            before = cpu_seconds([plane.process.pid])
            plane.goes_on(SECONDS_IDLE)
            times.append((cpu_seconds([plane.process.pid]) - before) / SECONDS_IDLE * 100)
        how = f"user and system time of serve over {SECONDS_IDLE} s with {SERVERS} worlds that nobody plays in"
        yield figure("cluster: serve, idle", times, "% of a CPU", how, 1)
        yield figure("cluster: serve, resident", [resident_mib(plane.process.pid)], "MiB", f"VmRSS with {SERVERS} worlds running", 60)

    def restart(self, cluster, plane):
        """Orderly, as an upgrade or a drain is; and after a death, as of a container that the kubelet starts again."""
        for number, what in ((signal.SIGTERM, "after a restart"), (signal.SIGKILL, "after kill -9")):
            times = [self.began_again(cluster, plane, number) for _ in range(3)]
            how = (f"with {SERVERS} worlds, from the start of the next serve until it keeps, has told each shim its epoch, and has looked at each "
                   "server once")
            yield figure(f"cluster: consistent {what}", times, "s", how, 10)
        yield figure("cluster: serve, resident after a restart", [resident_mib(plane.process.pid)], "MiB", f"VmRSS with {SERVERS} worlds", 60)

    @staticmethod
    def began_again(cluster, plane, number):
        epoch, looks = cluster.shims.said["epoch"], plane.log().count(LOOKED)
        plane.end(number)
        begun = plane.start()
        cluster.shims.wait_until(lambda said: said["epoch"] > epoch and said["greeted"] >= SERVERS, 120)
        cluster.wait_ready(lambda: plane.log().count(LOOKED) > looks, plane.home / "serve.log")
        return time.monotonic() - begun

    @staticmethod
    def world(number):
        return {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": f"world-{number:04}", "namespace": SPACE},
                "spec": {"game": "minetest", "resources": {"cpu_millis": 100, "memory_mib": 256, "disk_mib": 64}}}
