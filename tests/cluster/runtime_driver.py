"""Worlds on the cluster without a keeper, for tests: gk-cluster-runtime obeys one order after the other."""

import base64
import json
import secrets
import subprocess
import uuid

import harness
from harness import PROGRAMS, ROOT, ClusterTest, image


class Driver:
    """gk-cluster-runtime for one server; an order is a method call by its name."""

    def __init__(self, space, name, game, image_name, uid=None, shim="included", exposure="nodePort", launch="shim"):
        self.uid = uid or str(uuid.uuid4())
        words = [PROGRAMS / "gk-cluster-runtime", space, name, self.uid, game, image_name, shim, exposure, launch]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(harness.ENVIRONMENT, GK_TEST_TAG=harness.TAG))
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("gk-cluster-runtime has ended")
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.read()

    def do(self, *words):
        """Until it is done: as the keeper does, it asks again after what may pass."""
        answer = self.ask("do", *words)
        if "error" in answer:
            raise AssertionError(f"{words}: {answer}")
        return answer

    def until(self, process):
        seen = self.ask("until", process)
        if seen.get("process") != process:
            raise AssertionError(f"it is not {process}, but {seen}")
        return seen

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)


class DriverTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.drivers = []

    def tearDown(self):
        for driver in self.drivers:
            driver.end()
        super().tearDown()

    def server(self, name, game="minetest", **options):
        if not self.space.kubectl("get", "secret", f"gs-{name}", check=False).stdout:
            key = base64.b64encode(secrets.token_bytes(32)).decode()
            self.space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"gs-{name}"}, "data": {"shim": key}})
        definition = options.pop("definition", ROOT / "games" / f"{game}.yaml")
        driver = Driver(self.space.name, name, definition, image(game), **options)
        self.drivers.append(driver)
        return driver

    def started(self, name, **options):
        server = self.server(name, **options)
        server.ports = server.do("reserve")["ports"]
        server.do("create_disk", 128)
        server.do("prepare")
        server.do("launch")
        server.until("ready")
        return server

    def node_of(self, name):
        return self.space.get("pod", f"gs-{name}-0")["spec"]["nodeName"]

    def pods(self):
        return self.space.kubectl("get", "pods", "-o", "name").stdout.split()

    def claims(self):
        return self.space.kubectl("get", "pvc", "-o", "name").stdout.split()
