"""Asking the cluster as its administrator."""

import json
import subprocess

from parts import KUBERNETES
from report import Failure
from settings import KUBECONFIG


def command(*arguments):
    return [str(KUBERNETES.program("kubectl")), f"--kubeconfig={KUBECONFIG}", *map(str, arguments)]


def run(*arguments, input=None):
    """What kubectl printed; Failure with what it complained about."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, input=input)
    if done.returncode != 0:
        raise Failure(f"kubectl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def answers(path="/readyz"):
    """Whether the API server answers on that path with a success."""
    return subprocess.run(command("--request-timeout=2s", "get", "--raw", path), capture_output=True).returncode == 0


def exists(kind, name, namespace="default"):
    return subprocess.run(command("-n", namespace, "get", kind, name), capture_output=True).returncode == 0


def items(kind, *arguments):
    return json.loads(run("get", kind, *arguments, "-o", "json"))["items"]


def ready_nodes():
    """Names of the nodes whose condition Ready is true."""
    return {
        node["metadata"]["name"]
        for node in items("nodes")
        if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
    }
