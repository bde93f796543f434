#!/usr/bin/python3
"""How long a game's start takes on the real cluster (make cluster-up), from kubectl apply to the game's first line, as the node's clock notes it:
of a GameServer, of a StatefulSet with the same image and one more container before it, and of the bare pod; each with a claim of its own.

    GK_TEST_BIN=DIR tests/bench/cluster_start.py [RUNS]      prints figures and appends them to bench/results
"""

import datetime
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster"), str(ROOT / "tests/bench"), str(ROOT / "tests/e2e")]
sys.path[:0] = [str(ROOT / "tests/cluster")]  # Before tests/e2e, which has a harness too.

import figures  # noqa: E402
import harness  # noqa: E402
import toy_world  # noqa: E402
from control_plane import ControlPlane  # noqa: E402

SPACE = f"{harness.TAG}-start"
GAME = ["/usr/local/bin/gk-toy-game", "--udp", "30999", "--bind", "0.0.0.0", "--world", "/data"]
LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
USER = {"runAsUser": 61000, "runAsGroup": 61000, "fsGroup": 61000, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
ROOM = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}


class Nowhere:
    """Nothing is saved here; a folder that pods do not see is enough for a vault that is only asked."""

    address, bucket, key, secret = "127.0.0.1", "none", "none", "none"


class Followed:
    """When each object of a kind came into which state, seen by a watch: seconds since the epoch."""

    def __init__(self, kind, state):
        command = ["kubectl", "-n", SPACE, "get", kind, "-w", "-o", f"jsonpath={{.metadata.name}}|{state}{{'\\n'}}"]
        self.process = subprocess.Popen(command, env=harness.ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.seen = {}
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            self.seen.setdefault(tuple(line.strip().split("|", 1)), time.time())

    def close(self):
        self.process.kill()
        self.process.wait()


def pod_spec(volumes, before=()):
    container = {"name": "game", "image": harness.image("toy"), "imagePullPolicy": "IfNotPresent", "command": GAME, "workingDir": "/data",
                 "resources": ROOM, "securityContext": LOCKED, "volumeMounts": [{"name": "world", "mountPath": "/data"}]}
    return {"automountServiceAccountToken": False, "enableServiceLinks": False, "terminationGracePeriodSeconds": 1, "securityContext": USER,
            "containers": [container], "initContainers": list(before), "volumes": list(volumes)}


def claim_spec():
    return {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}


def stateful_set(name):
    copy = {"name": "shim", "image": harness.image("gk-shim"), "imagePullPolicy": "IfNotPresent",
            "command": ["/gk/bin/gk-shim", "--install", "/gk/copy"], "resources": ROOM, "securityContext": LOCKED,
            "volumeMounts": [{"name": "bin", "mountPath": "/gk/copy"}]}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec([{"name": "bin", "emptyDir": {}}], [copy])}
    return [{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
             "spec": {"serviceName": name, "selector": {"matchLabels": labels}, "template": template,
                      "volumeClaimTemplates": [{"metadata": {"name": "world"}, "spec": claim_spec()}]}}], f"{name}-0"


def bare_pod(name):
    volume = {"name": "world", "persistentVolumeClaim": {"claimName": name}}
    return [{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": claim_spec()},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": pod_spec([volume])}], name


def game_server(name):
    return [{"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": name},
             "spec": {"game": "toy", "resources": {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}}}], f"gs-{name}-0"


def first_line(space, pod):
    """When the game's first line was written."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        said = space.kubectl("logs", pod, "-c", "game", "--timestamps", check=False).stdout
        for line in said.splitlines():
            stamp, _, text = line.partition(" ")
            if text.startswith("ready"):
                return datetime.datetime.fromisoformat(stamp[:26] + "+00:00").timestamp()
        space.kubectl("wait", f"pod/{pod}", "--for=condition=Ready", "--timeout=1s", check=False)
    raise AssertionError(f"{pod} says nothing:\n{space.story()}")


def start(space, make, name):
    """Seconds from apply to the first line; and the moment of the apply."""
    objects, pod = make(name)
    begun = time.time()
    space.apply(*objects)
    return first_line(space, pod) - begun, begun


def parts_of(begun, name, followed):
    """When, in ms after the apply, what the start waits for was there."""
    rows = [("claim made", "pvc", (f"gs-{name}-0", "Pending")), ("claim bound", "pvc", (f"gs-{name}-0", "Bound")),
            ("pod made", "pod", (f"gs-{name}-0", "Pending|")), ("pod runs", "pod", None),
            *((f"phase {phase}", "gs", (name, phase)) for phase in ("requested", "deploying", "starting", "running"))]
    out = []
    for what, kind, key in rows:
        seen = followed[kind].seen
        at = seen.get(key) if key else min((when for (which, state), when in seen.items()
                                            if which == f"gs-{name}-0" and state.startswith("Running")), default=None)
        if at is not None:
            out.append((at - begun, what))
    return ", ".join(f"{what} {seconds * 1000:.0f}" for seconds, what in sorted(out))


def measure(space, plane, runs):
    followed = {"pvc": Followed("pvc", "{.status.phase}"), "gs": Followed("gs", "{.status.phase}"),
                "pod": Followed("pod", "{.status.phase}|{.spec.nodeName}")}
    kinds = {"world": game_server, "set": stateful_set, "pod": bare_pod}
    took = {kind: [] for kind in kinds}
    told = ""
    try:
        for run in range(runs + 1):
            for kind, make in kinds.items():
                seconds, begun = start(space, make, f"{kind}-{run}")
                if run == 0:
                    continue  # Images are unpacked, caches warm.
                took[kind].append(seconds * 1000)
                if kind == "world":
                    told = parts_of(begun, f"{kind}-{run}", followed)
    finally:
        for one in followed.values():
            one.close()
    how = "from kubectl apply to the game's first line, toy game with a claim of its own, real cluster"
    names = {"world": "GameServer", "set": "StatefulSet with one init container", "pod": "bare pod"}
    for kind, times in took.items():
        more = f"; the last one, ms after the apply: {told}" if kind == "world" else ""
        yield figures.figure(f"start of a {names[kind]}", times, "ms", how + more)
    for kind, whom in (("set", "over a StatefulSet with one init container"), ("pod", "over the bare pod")):
        yield figures.figure(f"start of a GameServer, {whom}", [a - b for a, b in zip(took["world"], took[kind])], "ms", how, 300)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    definitions = harness.run(harness.PROGRAMS / "gamekeeper", "manifests").stdout
    harness.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=definitions)
    harness.use_images("toy", "gk-shim")
    space = harness.Space(SPACE)
    with tempfile.TemporaryDirectory() as vault:
        plane = ControlPlane(space, Nowhere, VAULT_PLACE=vault)
        try:
            plane.define("toy", toy_world.definition())
            plane.start()
            found = list(measure(space, plane, runs))
        finally:
            plane.clean_up()
            space.remove()
    figures.append(found)
    figures.show(found)


if __name__ == "__main__":
    main()
