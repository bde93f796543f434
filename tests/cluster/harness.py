"""What the tests on the real cluster share: a namespace for each test, images, S3 and PostgreSQL as pods, and waiting by watches.

A test is a method of a ClusterTest. It gets `self.space`, whose Pod Security is "restricted", and when it fails the story of that namespace
(pods, events, logs) is printed before the namespace goes. The script ends with harness.main().
"""

import json
import os
import pathlib
import re
import secrets
import socket
import subprocess
import sys
import time
import unittest
import urllib.parse

from counted import main  # noqa: F401  The scripts' harness.main().

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = pathlib.Path(os.environ.get("GK_TEST_BIN", ROOT / "build" / "release" / "bin"))
TAG = os.environ.get("GK_TEST_TAG", "test")
NODES = {"node-1": "10.200.0.11", "node-2": "10.200.0.12"}


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def environment():
    """What `eval "$(tools/cluster/env)"` sets."""
    said = run(ROOT / "tools" / "cluster" / "env").stdout
    lines = re.findall(r"^export (\w+)=(.*)$", said, re.MULTILINE)
    return dict(os.environ, **{name: value.replace("$PATH", os.environ["PATH"]) for name, value in lines})


ENVIRONMENT = environment()


def kubectl(*arguments, check=True, **options):
    return run("kubectl", *arguments, check=check, env=ENVIRONMENT, **options)


def image(name):
    return f"gamekeeper.local/{name}:{TAG}"


used_images = set()


def use_images(*names):
    """Makes these images with the programs under test, and makes them known to each node. Quick when nothing has changed."""
    new = [name for name in names if name not in used_images]
    if new:
        run(ROOT / "tools" / "images", "--import", "--tag", TAG, "--programs", PROGRAMS, *new)
    used_images.update(new)


def definitions():
    """Those of our kinds, as the program under test prints them; and nothing else, which would be an installation beside the tests."""
    return run(PROGRAMS / "gamekeeper", "manifests", "--definitions").stdout


def define_kinds():
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=definitions())


def program(part, name):
    """A program that tools/cluster builds (helm, kubeconform), built now when it is not in the cache."""
    return pathlib.Path(run(ROOT / "tools" / "cluster" / "build", part).stdout.splitlines()[-1]) / name


def documents(text):
    """The JSON documents that stand one after the other in the text; what is not complete yet is left."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        try:
            found, position = decoder.raw_decode(text, position)
        except ValueError:
            return
        yield found, position
        while position < len(text) and text[position].isspace():
            position += 1


class Space:
    """One namespace."""

    def __init__(self, name, level="restricted"):
        self.name = name
        labels = {"gamekeeper.test": "space", "pod-security.kubernetes.io/enforce": level}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        self.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s")

    def kubectl(self, *arguments, **options):
        return kubectl("-n", self.name, *arguments, **options)

    def apply(self, *objects):
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)

    def get(self, kind, name):
        return json.loads(self.kubectl("get", kind, name, "-o", "json").stdout)

    def wait_for(self, condition, *what, seconds=60):
        """`kubectl wait`: condition is "condition=Ready", "delete", "jsonpath=...". It watches, so it ends with the event."""
        if "=" in condition:  # What is not there yet is waited for by another name.
            self.kubectl("wait", "--for=create", *what, f"--timeout={seconds}s")
        self.kubectl("wait", f"--for={condition}", *what, f"--timeout={seconds}s")

    def until(self, condition, kind, name, seconds=60):
        """The first state of the object, from now on, for which the condition is true; it is seen by a watch."""
        command = ["kubectl", "-n", self.name, "get", kind, "-w", "-o", "json", f"--field-selector=metadata.name={name}",
                   f"--request-timeout={seconds}s"]
        end, text = time.monotonic() + seconds, ""
        with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
            try:
                for line in watch.stdout:
                    text += line
                    if not line.startswith("}"):
                        continue
                    for state, used in documents(text):
                        text = text[used:].lstrip()
                        if condition(state):
                            return state
                        break
            finally:
                watch.kill()
        left = f"after {seconds - max(0, end - time.monotonic()):.0f} s"
        raise AssertionError(f"{kind} {name}: it did not happen {left}; it is\n{self.kubectl('get', kind, name, '-o', 'yaml', check=False).stdout}")

    def story(self):
        """What happened here, for people: objects, events, logs."""
        parts = [self.kubectl("get", "all,pvc,gameservers", "-o", "wide", check=False).stdout,
                 self.kubectl("get", "events", "--sort-by=.lastTimestamp", check=False).stdout]
        for pod in self.kubectl("get", "pods", "-o", "name", check=False).stdout.split():
            for more in ([], ["--previous"]):
                said = self.kubectl("logs", pod, "--all-containers", "--prefix", "--tail=60", *more, check=False).stdout
                parts.append(f"--- {pod} {' '.join(more)}\n{said}" if said else "")
        return "\n".join(part for part in parts if part)

    def remove(self):
        self.kubectl("delete", "gameservers", "--all", "--wait=false", check=False)
        for line in self.kubectl("get", "gameservers", "-o", "name", check=False).stdout.split():
            self.kubectl("patch", line, "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
        kubectl("delete", "namespace", self.name, "--wait=false", check=False)


RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def stored(name, image_name, port, arguments=(), env=(), secret=None, uid=65532):
    """A Secret, a Service, and a StatefulSet of one pod with a claim at /data: what keeps things for others."""
    labels = {"app": name}
    mounts = [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"},
              {"name": "secret", "mountPath": "/secret", "readOnly": True}]
    container = {
        "name": name, "image": image(image_name), "imagePullPolicy": "Never", "args": list(arguments), "env": list(env),
        "ports": [{"containerPort": port}], "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1}, "volumeMounts": mounts,
        "securityContext": RESTRICTED}
    pod = {
        "automountServiceAccountToken": False, "enableServiceLinks": False, "terminationGracePeriodSeconds": 5, "containers": [container],
        "securityContext": {"runAsNonRoot": True, "runAsUser": uid, "runAsGroup": uid, "fsGroup": uid, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "secret", "secret": {"secretName": name, "defaultMode": 0o440}}]}
    claim = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": secret or {}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": labels, "ports": [{"port": port}]}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": {
            "serviceName": name, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod},
            "volumeClaimTemplates": [claim]}}]


class Postgres:
    """PostgreSQL as a pod with a claim; its password lies in the Secret `postgres`, key `password`."""

    def __init__(self, space):
        use_images("postgres")
        self.password = secrets.token_hex(16)
        space.apply(*stored("postgres", "postgres", 5432, secret={"password": self.password}))
        space.kubectl("rollout", "status", "statefulset/postgres", "--timeout=120s")
        self.address = space.get("service", "postgres")["spec"]["clusterIP"]
        self.url = f"postgresql://gamekeeper@postgres.{space.name}.svc:5432/gamekeeper"


class S3:
    """versitygw as a pod with a claim, with one bucket; it verifies signatures. Its account lies in the Secret `s3`."""

    bucket = "worlds"

    def __init__(self, space):
        use_images("versitygw")
        self.key, self.secret = "test-account", secrets.token_hex(16)
        account = [{"name": name, "valueFrom": {"secretKeyRef": {"name": "s3", "key": key}}}
                   for name, key in (("ROOT_ACCESS_KEY", "key"), ("ROOT_SECRET_KEY", "secret"))]
        space.apply(*stored("s3", "versitygw", 7070, ("--port", ":7070", "posix", "/data"), account, {"key": self.key, "secret": self.secret}))
        space.kubectl("rollout", "status", "statefulset/s3", "--timeout=120s")
        self.address = space.get("service", "s3")["spec"]["clusterIP"]
        self.endpoint = f"http://s3.{space.name}.svc:7070"
        # The pod is ready, but kube-proxy may have to hear of it: until then it refuses, or drops what comes without a word.
        run("curl", "-sS", "--fail-with-body", "--connect-timeout", "2", "--retry", "60", "--retry-delay", "1", "--retry-connrefused",
            *self.signed(), "-X", "PUT", f"http://{self.address}:7070/{self.bucket}")

    def keys(self, prefix):
        """The names of objects that begin like this, at most a page of them."""
        query = urllib.parse.urlencode({"list-type": 2, "prefix": prefix})
        said = run("curl", "-sS", "--fail-with-body", *self.signed(), f"http://{self.address}:7070/{self.bucket}?{query}").stdout
        return re.findall(r"<Key>(.*?)</Key>", said)

    def signed(self):
        """Options with which curl signs a request."""
        return ("--aws-sigv4", "aws:amz:us-east-1:s3", "--user", f"{self.key}:{self.secret}", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD")


# The shortest packet of Minetest's protocol to which each server, and the toy, answers with a number for the client.
HELLO = bytes.fromhex("4f457403" "0000" "00" "00")


def answers(address, port, seconds=5):
    """A player could join there, by when kube-proxy has heard of the pod."""
    end = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((address, port))  # Only then a refusal is heard of.
        is_refused = False
        while time.monotonic() < end:
            try:
                udp.settimeout(0.1 if is_refused else 1)
                is_refused or udp.send(HELLO)
                return udp.recv(512).startswith(HELLO[:4])
            except TimeoutError:
                is_refused = False
            except ConnectionRefusedError:
                is_refused = True  # For a moment we only listen.
    return False


class ClusterTest(unittest.TestCase):
    level = "restricted"  # Pod Security of the test's namespace.

    def setUp(self):
        words = re.sub(r"[^a-z0-9]+", "-", self._testMethodName.removeprefix("test_").lower())
        self.space = Space(f"{words[:40].strip('-')}-{secrets.token_hex(2)}", self.level)
        self.addCleanup(self.space.remove)  # Also when the rest of a setUp fails.

    def has_failed(self):
        """So far; known in tearDown too."""
        bad = self._outcome.result.failures + self._outcome.result.errors
        return any(getattr(test, "test_case", test) is self for test, _ in bad)

    def tearDown(self):
        if self.has_failed():
            print(f"\n===== what happened in namespace {self.space.name} =====\n{self.space.story()}", file=sys.stderr, flush=True)
        self.clean_up()

    def clean_up(self):
        """What a test has made outside of its namespace; called before that goes."""
