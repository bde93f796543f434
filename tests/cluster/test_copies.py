#!/usr/bin/python3
"""Two copies of the control plane as the chart makes them, with TLS, on the real cluster: whichever of them players ask, the one that makes the
matches answers; and match servers reach the API, through the network policies.

    GK_TEST_BIN=DIR tests/cluster/test_copies.py [Class.test]        needs the cluster (make cluster-up)
"""

import base64
import json
import pathlib
import ssl
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import harness
import policies
import yaml
from api_server import parts
from harness import ROOT, ClusterTest, kubectl, program, run, use_images

CHART = ROOT / "deploy" / "helm" / "gamekeeper"
PATIENCE = 90


def rendered(space):
    """The chart; its cluster roles get names of their own, so that they stand beside those of an installation."""
    values = (f"images.tag={harness.TAG}", "postgres.enabled=true", "replicas.min=2", "replicas.max=2", "tls.secret=api", "spaces=null",
              "games.exposures={internal}", "network.apiFrom[0].podSelector.matchLabels.app=console", f"config.cluster.worlds={space.name}")
    said = run(program("helm", "helm"), "template", "gamekeeper", CHART, f"--namespace={space.name}", f"--kube-version={parts.KUBERNETES.version}",
               *(f"--set={value}" for value in values)).stdout
    objects = [item for item in yaml.safe_load_all(said) if item]
    for item in objects:
        if item["kind"].startswith("ClusterRole"):
            item["metadata"]["name"] += f"-{space.name}"
        if item.get("roleRef", {}).get("kind") == "ClusterRole":
            item["roleRef"]["name"] += f"-{space.name}"
    return objects


def told_of_the_api(pod):
    """What the game in it finds in its environment, as the kernel of this machine tells it."""
    told = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"pod{pod['metadata']['uid']}" in (process / "cgroup").read_text():
                told.update(word.removeprefix(b"GAMEKEEPER_API=").decode() for word in (process / "environ").read_bytes().split(b"\0")
                            if word.startswith(b"GAMEKEEPER_API="))
        except OSError:
            continue  # It has just ended.
    return told


class Copies(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        use_images("gamekeeper", "gk-shim", "postgres")

    def setUp(self):
        super().setUp()
        self.objects = rendered(self.space)
        self.make_certificate()
        self.addCleanup(self.remove_roles)
        self.space.apply(*self.objects)
        for what in "statefulset/gamekeeper-postgres", "deployment/gamekeeper":
            self.space.kubectl("rollout", "status", what, "--timeout=240s")
        self.copies = self.wait_for_copies()
        self.key = base64.b64decode(self.space.get("secret", "gamekeeper-admin")["data"]["key"]).decode()

    def remove_roles(self):
        for item in self.objects:
            if item["kind"].startswith("ClusterRole"):
                kubectl("delete", item["kind"], item["metadata"]["name"], "--ignore-not-found")

    def make_certificate(self):
        """Of the name that people call; no copy's address is in it."""
        name = f"gamekeeper.{self.space.name}.svc"
        with tempfile.TemporaryDirectory() as folder:
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=api",
                "-addext", f"subjectAltName=DNS:{name}", "-keyout", f"{folder}/key", "-out", f"{folder}/certificate")
            self.space.kubectl("create", "secret", "tls", "api", f"--cert={folder}/certificate", f"--key={folder}/key")
            self.trust = ssl.create_default_context(cafile=f"{folder}/certificate")
        self.trust.check_hostname = False  # The pods are asked by their addresses.

    def wait_for_copies(self):
        """The addresses of both, once both are ready."""
        self.space.until(lambda it: it["status"].get("readyReplicas") == 2, "deployment", "gamekeeper", 240)
        pods = json.loads(self.space.kubectl("get", "pods", "-l", "app.kubernetes.io/name=gamekeeper", "-o", "json").stdout)["items"]
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def ask(self, copy, method, path, body=None, token=None):
        """Of one of the copies; its status and what it says."""
        headers = {"Authorization": f"Bearer {token or self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"https://{copy['status']['podIP']}:8080{path}", method=method, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.trust) as reply:
                return reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")

    def ask_until(self, is_right, copy, method, path, body=None):
        end = time.monotonic() + PATIENCE
        while not is_right(said := self.ask(copy, method, path, body)):
            self.assertLess(time.monotonic(), end, said)
            # Until the Fleet says something new, or for a second.
            self.space.kubectl("get", "fleets", "--watch-only", "--request-timeout=1s", check=False)
        return said

    def waits_for_server(self, copy, ticket):
        """Its match, once that has one."""
        end = time.monotonic() + PATIENCE
        while (match := self.ask(copy, "GET", f"/v1/tickets/{ticket['id']}?wait=25s")[1]["match"]) is None or match["state"] != "assigned":
            self.assertLess(time.monotonic(), end, match)
        return match

    def test_whichever_copy_is_asked_the_one_that_makes_the_matches_answers(self):
        one, two = self.copies
        # One of them makes the matches; for the other one this goes to its pod's address, by TLS.
        self.assertEqual(201, self.ask(one, "PUT", "/v1/fleets/duels", {"game": "match-server", "ready": 2, "max": 6})[0])
        for copy in one, two:
            # Counts are what only the one that makes the matches knows.
            self.ask_until(lambda said: said[1]["servers"] and said[1]["servers"]["ready"] == 2, copy, "GET", "/v1/fleets/duels")
            self.assertEqual(200, self.ask(copy, "POST", "/v1/fleets/duels/allocate", {"match": str(uuid.uuid4())})[0])

        self.assertEqual(201, self.ask(one, "PUT", "/v1/queues/duel", {"fleet": "duels", "game": "match-server", "rules": {"size": 2}})[0])
        ann = self.ask(one, "POST", "/v1/tickets", {"player": "ann", "queue": "duel"})[1]
        for copy in one, two:
            status, said = self.ask_until(lambda said: said[0] == 200 and said[1]["queues"], copy, "GET", f"/v1/tickets/{ann['id']}/explain")
            self.assertEqual(["duel"], [queue["queue"] for queue in said["queues"]])
        self.ask(two, "POST", "/v1/tickets", {"player": "ben", "queue": "duel"})
        match = self.waits_for_server(two, ann)

        self.policies_let_the_server_reach_the_api(match["server"]["name"])
        self.policies_let_copies_reach_each_other(one, two)

    def policies_let_the_server_reach_the_api(self, name):
        server, service = self.space.get("pod", name), self.space.get("service", "gamekeeper")["spec"]["clusterIP"]
        self.assertEqual({f"https://gamekeeper.{self.space.name}.svc:8080"}, told_of_the_api(server))
        database = self.space.get("pod", "gamekeeper-postgres-0")["status"]["podIP"]
        self.assertTrue(policies.reaches(server, database, 5432), "without the policies it is reached, or the test says nothing")

        policies.Walls(server)
        self.assertFalse(policies.reaches(server, database, 5432))
        self.assertTrue(policies.reaches(server, service, 8080))

    def policies_let_copies_reach_each_other(self, one, two):
        database, address = self.space.get("pod", "gamekeeper-postgres-0"), two["status"]["podIP"]
        self.assertTrue(policies.reaches(database, address, 8080), "without the policies it is reached, or the test says nothing")
        policies.Walls(two)
        self.assertFalse(policies.reaches(database, address, 8080))
        self.assertTrue(policies.reaches(one, address, 8080))


if __name__ == "__main__":
    harness.main()
