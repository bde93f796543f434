#!/usr/bin/python3
"""The recorded conversations with clients of the originals (tests/compat), had with servers that are pods.

They are those of one machine, word for word, with the few words that a cluster says otherwise.

    GK_TEST_BIN=DIR tests/cluster/test_compat_cluster.py [Class.test]        needs the cluster (make cluster-up)
"""

import http.client
import json
import socket

import harness
import toy_world

import conversation  # isort: skip  In tests/e2e, to which control_plane has led.

PACKAGES = "packages:\n  standard: {title: Standard, cpu_millis: 100, memory_mib: 64, disk_mib: 64}\n"
# What a conversation says of one machine, and what is so in a cluster.
WORDS = {
    '"service_type":"HostPort"': '"service_type":"NodePort"',
    # Here each conversation has an installation of its own, with one game more than ours.
    "rude, stubborn, ": "",
    '[{"server_id":"library","namespace":"default"},{"server_id":"tower","namespace":"team"}]': "[]",
}
# Paragraphs that are about one machine: what there is room for in a cluster its scheduler says.
LEFT_OUT = ["# Larger than this machine."]


class Conversations(toy_world.ToyWorlds):
    settings = {"COMPAT_GAME": "toy", "COMPAT_ANONYMOUS": "true"}

    def setUp(self):
        super().setUp()
        self.plane.end()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.plane.settings["API_LISTEN"] = f"127.0.0.1:{self.port}"
        self.plane.define("packages", PACKAGES)
        self.plane.start()

    def call(self, method, target, body="", headers=()):
        """As the client says it, but for the namespace: the test has one of its own, and says "default" for it."""
        space = self.space.name
        try:
            data = json.loads(body)
        except ValueError:
            data = None
        if isinstance(data, dict) and target.startswith("/api/server/"):
            if data and data.get("namespace", "default") == "default":
                body = json.dumps({**data, "namespace": space})
        elif target.startswith(("/api/server/", "/api/bucket/files/", "/api/v1/server/")):
            target += f"?namespace={space}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        try:
            connection.request(method, target, body or None, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read().decode().replace(space, "default")
        finally:
            connection.close()

    def wait(self, name, state):
        """As a client does that asks again and again; and until what was asked of it is done, for the answer comes when it is accepted."""
        if state == "gone":
            return self.until(name, lambda status, _: status == 404, state)
        path = f"/v1/operations?server={name}&namespace={self.space.name}"
        self.plane.api.wait_until(lambda: all(it["finished_at"] for it in self.plane.call("GET", path)[1]["items"]), f"{name} is at rest", 120)
        return self.until(name, lambda _, server: server.get("state") == state, state)

    def until(self, name, condition, what):
        path = f"/v1/servers/{name}?namespace={self.space.name}"
        self.plane.api.wait_until(lambda: condition(*self.plane.call("GET", path)), f"{name} is {what}", 120)

    def have(self, name):
        paragraphs = (conversation.FOLDER / f"{name}.txt").read_text().split("\n\n")
        wanted = "\n\n".join(it for it in paragraphs if not any(it.startswith(words) for words in LEFT_OUT))
        for alone, in_a_cluster in WORDS.items():
            wanted = wanted.replace(alone, in_a_cluster)
        path = self.plane.home / "conversation.txt"
        path.write_text(wanted)
        self.maxDiff = None
        self.assertEqual(wanted, conversation.played(path, self.call, self.wait))

    def test_servers_of_the_first_original(self):
        self.have("seed000/servers")

    def test_files_of_the_first_original(self):
        self.have("seed000/files")

    def test_other_routes_of_the_first_original(self):
        self.have("seed000/others")

    def test_what_the_first_original_refuses(self):
        self.have("seed000/bad_bodies")
        self.have("seed000/missing")

    def test_servers_of_the_third_original(self):
        self.have("seed002/servers")

    def test_what_the_third_original_refuses(self):
        self.have("seed002/refused")

    def test_usage_is_what_the_shim_measures_in_the_pod(self):
        self.call("POST", "/api/v1/server/7/", json.dumps({"ram_gb": 0.0625, "disk_gb": 0.0625, "cpu_count": 0.1}))
        self.wait("7", "running")

        usage = json.loads(self.call("GET", "/api/v1/server/7/usage")[1])
        self.assertGreater(usage["memory_percent"], 0, usage)
        self.assertEqual((0.1, 0.06), (usage["cpu_limits"], usage["memory_limits_gb"]))


if __name__ == "__main__":
    harness.main()
