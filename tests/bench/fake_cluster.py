"""A whole cluster without machines, in a network of its own: a real API server, scheduler and controllers, nodes and pods that KWOK makes believe,
and one process of ours that plays the shims in them. Everything ends with close(), and the network with this process."""

import collections
import contextlib
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path += [str(ROOT / "tests/cluster"), str(ROOT / "tools/cluster")]  # Behind those of tests/e2e, which has a harness too.

import api_server  # noqa: E402
import machines  # noqa: E402
import parts  # noqa: E402

CLONE_NEWNET = 0x40000000
POD_NETWORK = "10.64.0.0/16"
HERE = "10.63.0.1"
SPACE = "worlds"
# Every call but watches, which last; nothing of their bodies.
AUDIT = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [watch]}
- {level: Metadata}
"""
# Without limits of their own they would be what is measured.
UNHURRIED = ("--kube-api-qps=500", "--kube-api-burst=1000")


def leave_the_network():
    """From here on this process, and whatever it starts, has a network of its own, in which all addresses of pods are this machine's."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network of its own: this needs root")
    for words in ("link set lo up", f"address add {HERE}/32 dev lo", f"route add local {POD_NETWORK} dev lo"):
        api_server.run("ip", *words.split())


class FakeCluster(api_server.ApiServer):
    def __init__(self, programs, nodes, volumes):
        self.build_parts()
        leave_the_network()
        self.shims = None
        super().__init__()
        try:
            self.start_rest(programs, nodes, volumes)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def build_parts():
        """What has to be fetched is fetched while there is a network to fetch it from. Standard output is for figures."""
        with contextlib.redirect_stdout(sys.stderr):
            for name in ("kubernetes", "kwok"):
                parts.build(parts.PARTS[name])

    def start_rest(self, programs, nodes, volumes):
        self.start_controllers()
        self.apply(*[self.node(number) for number in range(nodes)], self.storage_class(), *[self.volume(number) for number in range(volumes)])
        self.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=60s")
        self.shims = Shims(programs / "gk_bench_cluster_shims", self.environment(), self.folder / "shims.log")

    def api_flags(self):
        (self.folder / "audit.yaml").write_text(AUDIT)
        return (f"--advertise-address={HERE}", f"--audit-policy-file={self.folder}/audit.yaml", f"--audit-log-path={self.folder}/audit.log",
                # Streamed lists need a newer etcd than Debian's, and KWOK insists on them for as long as it is told that they are there.
                "--feature-gates=WatchList=false")

    def start_controllers(self):
        pki, own = self.folder / "pki", self.usual
        self.spawn("controllers", parts.KUBERNETES.program("kube-controller-manager"), f"--kubeconfig={own}", "--leader-elect=false",
                   "--concurrent-statefulset-syncs=20", f"--root-ca-file={pki}/ca.crt",
                   f"--service-account-private-key-file={pki}/accounts.key", f"--flex-volume-plugin-dir={self.folder}/plugins",
                   "--secure-port=0", "--node-monitor-grace-period=24h", *UNHURRIED)
        self.spawn("scheduler", parts.KUBERNETES.program("kube-scheduler"), f"--kubeconfig={own}", "--leader-elect=false", "--secure-port=0",
                   *UNHURRIED)
        # Leases of 50 nodes are work that a kubelet's own machine does in real life.
        self.spawn("kwok", parts.PARTS["kwok"].program("kwok"), f"--kubeconfig={own}", "--manage-all-nodes",
                   f"--cidr={POD_NETWORK}", f"--node-ip={HERE}", "--node-lease-duration-seconds=0", f"--config={ROOT}/tests/bench/kwok_stages.yaml")

    def apply(self, *objects):
        return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-",
                            text=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    @staticmethod
    def node(number):
        room = {"cpu": "64", "memory": "256Gi", "pods": "110"}
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{number:02}", "labels": {"type": "kwok"}},
                "status": {"allocatable": room, "capacity": room}}

    @staticmethod
    def storage_class():
        return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "ready-made"},
                "provisioner": "kubernetes.io/no-provisioner"}

    @staticmethod
    def volume(number):
        return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"volume-{number:04}"},
                "spec": {"storageClassName": "ready-made", "capacity": {"storage": "64Gi"}, "accessModes": ["ReadWriteOnce"],
                         "hostPath": {"path": f"/volumes/{number}"}}}

    def calls(self, space=SPACE):
        """What was called about that namespace so far: a count for each (who, what verb of what)."""
        found = collections.Counter()
        for line in (self.folder / "audit.log").read_text().splitlines():
            said = json.loads(line)
            about = said.get("objectRef", {})
            if said.get("stage") != "ResponseComplete" or about.get("namespace") != space or said["responseStatus"]["code"] >= 400:
                continue
            what = about["resource"] + (f"/{about['subresource']}" if about.get("subresource") else "")
            found[said.get("userAgent", "").split("/")[0], said["verb"], what] += 1
        return found

    @staticmethod
    def wait_ready(condition, log, seconds=180):
        machines.wait_for(condition, seconds, "gamekeeper serve did not get there", log)

    def close(self):
        if self.shims is not None:
            self.shims.close()
        super().close()


class Shims:
    """The process that plays them, and the newest of what it said."""

    def __init__(self, program, environment, log):
        with open(log, "ab") as errors:
            self.process = subprocess.Popen([program], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.told = threading.Condition()
        self.said = {"epoch": 0, "greeted": 0, "runs": 0}
        self.is_closed = False
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            with self.told:
                self.said = json.loads(line)
                self.told.notify_all()
        if not self.is_closed:
            print(f"the shims have ended: {self.process.wait()}", file=sys.stderr, flush=True)

    def wait_until(self, condition, seconds):
        """The first of its words for which that is true."""
        with self.told:
            if not self.told.wait_for(lambda: condition(self.said), seconds):
                raise AssertionError(f"the shims still say {self.said} after {seconds} s")
            return dict(self.said)

    def close(self):
        self.is_closed = True
        self.process.kill()
        self.process.wait()


class States:
    """How many GameServers are in each state, followed by a watch of its own."""

    def __init__(self, environment):
        command = ["kubectl", "get", "gs", "-n", SPACE, "-w", "-o", "jsonpath={.metadata.name} {.status.phase}{'\\n'}"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.changed = threading.Condition()
        self.phases = {}
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            name, _, phase = line.strip().partition(" ")
            with self.changed:
                self.phases[name] = phase
                self.changed.notify_all()

    def wait_for(self, count, phase, seconds):
        """When that many are in that phase: the moment, by the monotonic clock."""
        with self.changed:
            if not self.changed.wait_for(lambda: list(self.phases.values()).count(phase) >= count, seconds):
                raise AssertionError(f"after {seconds} s: {collections.Counter(self.phases.values())}")
            return time.monotonic()

    def close(self):
        self.process.kill()
        self.process.wait()


def programs():
    return pathlib.Path(os.environ.get("GK_TEST_BIN", ROOT / "build/release/bin"))
