#!/usr/bin/python3
"""How long a game's start takes on the real cluster (make cluster-up), from kubectl apply to the line in which the game says that it is ready, as the
node's clock notes it: of a GameServer into whose pod gk-shim is copied, beside a StatefulSet with the same image and one more container before it;
and of a GameServer with gk-shim in its image, beside the bare pod. Each has a claim of its own.

    GK_TEST_BIN=DIR tests/bench/cluster_start.py [RUNS]      prints figures and appends them to bench/results
"""

import datetime
import os
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

SPACE = f"{harness.TAG}-start-{os.getpid()}"  # The last one may still be going.
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


def copied(definition):
    """The same game as if its image were somebody else's."""
    return definition.replace('name: "toy"', 'name: "toy-copied"').replace("{name: toy}", "{name: toy, shim: copied}")


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
    game = "toy-copied" if name.startswith("copied") else "toy"
    return [{"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": name},
             "spec": {"game": game, "resources": {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}}}], f"gs-{name}-0"


def first_line(space, pod):
    """When the game said that it is ready: as such, or behind a time when its shim says it again."""
    space.kubectl("wait", f"pod/{pod}", "--for=create", "--timeout=90s")
    space.kubectl("wait", f"pod/{pod}", "--for=condition=Ready", "--timeout=90s")
    command = ["kubectl", "-n", space.name, "logs", "-f", pod, "-c", "game", "--timestamps"]
    with subprocess.Popen(command, env=harness.ENVIRONMENT, stdout=subprocess.PIPE, text=True) as log:
        patience = threading.Timer(60, log.kill)
        patience.start()
        try:
            for line in log.stdout:
                stamp, *words = line.split()
                if words[-1:] == ["ready"]:
                    return datetime.datetime.fromisoformat(stamp[:26] + "+00:00").timestamp()
        finally:
            patience.cancel()
            log.kill()
    raise AssertionError(f"{pod} does not say that it is ready:\n{space.story()}")


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
    kinds = {"copied": game_server, "set": stateful_set, "included": game_server, "pod": bare_pod}
    took = {kind: [] for kind in kinds}
    told = {}
    try:
        for run in range(runs + 1):
            for kind, make in kinds.items():
                seconds, begun = start(space, make, f"{kind}-{run}")
                if run == 0:
                    continue  # Images are unpacked, caches warm.
                took[kind].append(seconds * 1000)
                if make is game_server:
                    told[kind] = parts_of(begun, f"{kind}-{run}", followed)
    finally:
        for one in followed.values():
            one.close()
    how = "from kubectl apply until the game says that it is ready, toy game with a claim of its own, real cluster"
    names = {"copied": "GameServer whose shim is copied", "set": "StatefulSet with one init container",
             "included": "GameServer with the shim in its image", "pod": "bare pod"}
    for kind, times in took.items():
        more = f"; the last one, ms after the apply: {told[kind]}" if kind in told else ""
        yield figures.figure(f"start of a {names[kind]}", times, "ms", how + more)
    for ours, other in (("copied", "set"), ("included", "pod")):
        over = [a - b for a, b in zip(took[ours], took[other])]
        yield figures.figure(f"start of a {names[ours]}, over a {names[other]}", over, "ms", how + "; each beside the other of the same turn", 300)


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
            plane.define("toy-copied", copied(toy_world.definition()))
            plane.start()
            found = list(measure(space, plane, runs))
        finally:
            plane.clean_up()
            space.remove()
    figures.append(found)
    figures.show(found)


if __name__ == "__main__":
    main()
