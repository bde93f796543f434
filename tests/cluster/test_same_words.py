#!/usr/bin/python3
"""The same mistake, sent to the API server and to the REST API: both refuse the same field with the same sentence.

Starts an API server, its etcd and two control planes by itself, without root and without nodes. Needs the programs of `make cluster-up` in the cache.

    tests/cluster/test_same_words.py [Class.test]      GK_TEST_BIN=DIR for gamekeeper in another folder than build/dev/bin
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import counted
from api_server import machines
from client import Client
from test_store import PROGRAMS, WithServer

TOO_LONG = "a" * 257
ALL = {"cpu_millis": 1, "memory_mib": 1, "disk_mib": 1}
LINE = "0 4 * * *"
# What is wrong with a new server, by what is said of it besides its name and its game.
SERVERS = (
    {"package": "small", "resources": ALL},
    {"resources": ALL | {"cpu_millis": 0}},
    {"resources": ALL | {"cpu_millis": 1_000_001}},
    {"resources": ALL | {"memory_mib": 16_777_217}},
    {"resources": ALL | {"disk_mib": -5}},
    {"labels": {f"l{i}": "x" for i in range(65)}},
    {"labels": {TOO_LONG: "x"}},
    {"labels": {"": "x"}},
    {"labels": {"long": TOO_LONG}},
    {"schedules": [{"at": LINE, "do": "backup"}] * 33},
    {"schedules": [{"at": LINE, "do": "backup"}, {"at": LINE, "do": "command"}]},
    {"schedules": [{"at": LINE, "do": "command", "command": ""}]},
    {"schedules": [{"at": LINE, "do": "restart", "command": "say hello"}]},
    {"backup_every": ""},
    {"backup_every": "often"},
    {"backup_every": "5"},
    {"backup_every": "1m2h"},
    {"backup_every": "59s"},
    {"backup_every": "0h59s999ms"},
    {"wake": {"names": ["ann"]}},
    {"wake": {"admission": "never", "addresses": ["203.0.113.7"]}},
    {"wake": {"admission": "allow-list"}},
    {"wake": {"admission": "allow-list", "names": [], "addresses": []}},
    {"wake": {"admission": "allow-list", "names": [f"n{i}" for i in range(257)]}},
    {"wake": {"admission": "allow-list", "names": [""]}},
    {"wake": {"admission": "allow-list", "names": ["ä" * 33]}},
    {"wake": {"admission": "allow-list", "addresses": ["home"]}},
    {"wake": {"starts_per_day": 0}},
    {"wake": {"starts_per_day": 1001}},
    {"idle": {"after": ""}},
    {"idle": {"after": "soon"}},
    {"idle": {"after": "1m59s"}},
    {"idle": {"after": "0d90s"}},
    {"idle": {"notice": "soon"}},
    {"idle": {"after": "5m", "notice": "300s"}},
    {"notify": ["ann@example.org", "nobody"]},
    {"notify": ["ann@castle@example.org"]},
    {"notify": ["<ann@example.org>"]},
    {"notify": ["a" * 243 + "@example.org"]},
    {"exposure": {"type": "nodePort", "address": "play example"}},
    {"exposure": {"type": "nodePort", "address": "a" * 254}},
    {"exposure": {"type": "nodePort", "dns_label": "castle"}},
    {"exposure": {"type": "internal", "static_address": "192.0.2.1"}},
    {"exposure": {"type": "loadBalancer", "dns_label": "1castle"}},
    {"exposure": {"type": "loadBalancer", "dns_label": "castle-"}},
    {"exposure": {"type": "loadBalancer", "dns_label": "ca"}},
    {"exposure": {"type": "loadBalancer", "dns_label": "a" * 64}},
    {"exposure": {"type": "loadBalancer", "static_address": "192.0.2.1/32"}},
)
# What the schema itself refuses, before any rule is looked at: the same field, in words of the API server's own.
FORMS = (
    {"replica": 1},
    {"package": 5},
    {"resources": {"cpu_millis": 1, "memory_mib": 4096}},
    {"schedules": [{"at": LINE, "do": "dance"}]},
    {"launch": "magic"},
    {"world": "borrow"},
    {"wake": {"admission": "sometimes"}},
    {"wake": {"name": ["ann"]}},
    {"idle": {"after": 5}},
    {"notify": [f"p{i}@example.org" for i in range(11)]},
    {"exposure": {"type": "magic"}},
    {"exposure": {"address": "play.example.org"}},
)
# What is right, at the edge of what is wrong. loadBalancer is none that may be chosen by default.
RIGHT = (
    {"package": "", "resources": ALL | {"memory_mib": 4096, "disk_mib": 4096}},
    {"resources": {"cpu_millis": 1_000_000, "memory_mib": 4096, "disk_mib": 1_073_741_824}},
    {"labels": {f"l{i}": "x" for i in range(64)} | {"l0": "a" * 256}},
    {"schedules": [{"at": LINE, "do": "backup", "command": ""}] * 32},
    {"backup_every": "1m"},
    {"backup_every": "60s"},
    {"backup_every": "0d90s"},
    {"backup_every": "1d2h3m4s5ms"},
    {"wake": {"admission": "any", "names": [], "starts_per_day": 1}},
    {"wake": {"admission": "allow-list", "names": [f"n{i}" for i in range(255)] + ["ä" * 32], "addresses": ["203.0.113.0/24", "2001:db8::/32"]}},
    {"wake": {"starts_per_day": 1000}},
    {"idle": {"after": "never", "notice": "5m"}},
    {"idle": {"after": "2m", "notice": "119s"}},
    {"idle": {"after": "0d120s"}},
    {"idle": {"after": "1d", "notice": "1h"}},
    {"notify": ["ann@example.org", "a'{|}~+x-1@localhost", "a" * 242 + "@example.org"]},
    {"exposure": {"type": "internal", "address": "play.example.org", "dns_label": "", "static_address": ""}},
)
FLEETS = (
    {"ready": 5, "max": 4},
    {"ready": 4001, "max": 5000},
    {"max": 0, "ready": 0},
    {"max": 24_001},
    {"starting_max": 0},
    {"start_limit": "soon"},
    {"start_limit": "999ms"},
    {"autopilot": {"least": 3, "most": 2}},
    {"autopilot": {"most": 4001}},
)


def field_of(pointer):
    """As the API server names a place of the spec; of a map's member it names the map."""
    path = re.sub(r"/(\d+)", r"[\1]", pointer).replace("/", ".")
    return "spec.labels" if path.startswith(".labels") else f"spec{path}"


class SameWords(WithServer):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.kubectl("wait", "--for=condition=Established", "crd/fleets.gamekeeper.dev")
        cls.cluster = cls.serve(SHAPE="cluster", CLUSTER_KUBECONFIG=cls.server.usual, CLUSTER_NAMESPACE="aaa", CLUSTER_WORLDS="aaa")
        cls.machine = cls.serve(MACHINE_SANDBOX="false")

    @classmethod
    def serve(cls, **settings):
        """A control plane that answers; returns a client of its API."""
        home = pathlib.Path(tempfile.mkdtemp(prefix="gk-same-words-"))
        cls.addClassCleanup(shutil.rmtree, home)
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GK_")}
        environment = plain | {"GK_API_LISTEN": "127.0.0.1:0"} | {f"GK_{name}": str(value) for name, value in settings.items()}
        with open(home / "serve.log", "wb") as log:
            process = subprocess.Popen([PROGRAMS / "gamekeeper", "serve", "--state", home / "state"], stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, env=environment)
        cls.addClassCleanup(process.wait, 30)
        cls.addClassCleanup(process.terminate)
        client = Client(home / "state" / "api.sock")

        def answers():
            try:
                return client.call("GET", "/v1/games").status == 200
            except OSError:
                return False
        machines.wait_for(answers, 90, "gamekeeper serve did not answer", home / "serve.log")
        return client

    def asked_of_cluster(self, kind, name, spec, *flags):
        """All that the API server says, and whether it takes it."""
        document = {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
        code, said = self.kubectl("apply", "--server-side", "--dry-run=server", "--force-conflicts", "-n", "aaa", *flags, "-f", "-",
                                  text=json.dumps(document))
        return code == 0, said

    def is_said_by_both(self, reply, cluster):
        taken, said = cluster
        self.assertIn(reply.status, (400, 422), reply.text)
        self.assertFalse(taken, "the API server takes what REST refuses")
        self.assertTrue(reply.json["errors"], reply.text)
        for error in reply.json["errors"]:
            self.assertIn(error["detail"], said)
            line = next(it for it in said.splitlines() if error["detail"] in it)
            self.assertIn(f"{field_of(error['pointer'])}: Invalid value", line)

    def test_of_a_new_server(self):
        for wrong in SERVERS:
            with self.subTest(wrong=json.dumps(wrong)[:100]):
                reply = self.cluster.call("POST", "/v1/servers", {"id": "castle", "namespace": "aaa", "game": "minetest"} | wrong)
                if wrong.get("exposure", {}).get("type") == "loadBalancer":
                    # That it may not be chosen is the operator's word, and no rule of the cluster's.
                    errors = [it for it in reply.json["errors"] if it["pointer"] != "/exposure/type"]
                    reply.text = json.dumps(reply.json | {"errors": errors})
                self.is_said_by_both(reply, self.asked_of_cluster("GameServer", "castle", {"game": "minetest"} | wrong))

    def test_of_the_form_of_a_new_server_at_the_same_field(self):
        for wrong in FORMS:
            with self.subTest(wrong=json.dumps(wrong)):
                reply = self.cluster.call("POST", "/v1/servers", {"id": "castle", "namespace": "aaa", "game": "minetest"} | wrong)
                taken, said = self.asked_of_cluster("GameServer", "castle", {"game": "minetest"} | wrong, "--validate=strict")
                self.assertFalse(taken, said)
                for error in reply.json["errors"]:
                    self.assertIn(field_of(error["pointer"]), said.replace('unknown field "spec.replica"', "spec.replica"))

    def test_of_a_servers_name(self):
        for name in ("dots.are.bad", "a" * 51):
            with self.subTest(name=name):
                reply = self.cluster.call("POST", "/v1/servers", {"id": name, "namespace": "aaa", "game": "minetest"})
                _, said = self.asked_of_cluster("GameServer", name, {"game": "minetest"})
                self.assertEqual(["/id"], [it["pointer"] for it in reply.json["errors"]])
                self.assertIn(reply.json["errors"][0]["detail"], said)

    def test_of_what_is_right_both_say_nothing(self):
        for right in RIGHT:
            with self.subTest(right=json.dumps(right)[:100]):
                taken, said = self.asked_of_cluster("GameServer", "castle", {"game": "minetest"} | right)
                self.assertTrue(taken, said)
                # Nothing is made: its name is wrong, and nothing else is.
                reply = self.cluster.call("POST", "/v1/servers", {"id": "no name", "namespace": "aaa", "game": "minetest"} | right)
                self.assertEqual(["/id"], [it["pointer"] for it in reply.json["errors"]], reply.text)

    def test_of_what_a_server_keeps(self):
        made = {"game": "minetest", "package": "small"}
        self.assertEqual(201 // 100, self.cluster.call("POST", "/v1/servers", {"id": "kept", "namespace": "aaa"} | made).status // 100)
        self.server.kubectl("-n", "aaa", "wait", "--for=jsonpath={.status.record}", "gs/kept", "--timeout=30s")
        for name, value in (("game", "teeworlds"), ("package", "large"), ("resources", ALL)):
            with self.subTest(name=name):
                reply = self.cluster.call("PATCH", "/v1/servers/kept?namespace=aaa", {name: value})
                patch = json.dumps({"spec": {name: value}})
                code, said = self.kubectl("patch", "gs", "kept", "-n", "aaa", "--type=merge", "--dry-run=server", "-p", patch)
                self.is_said_by_both(reply, (code == 0, said))

    def test_of_a_fleet(self):
        for wrong in FLEETS:
            with self.subTest(wrong=json.dumps(wrong)):
                reply = self.machine.call("PUT", "/v1/fleets/duels", {"game": "match-server"} | wrong)
                self.is_said_by_both(reply, self.asked_of_cluster("Fleet", "duels", {"game": "match-server"} | wrong))
        reply = self.machine.call("PUT", f"/v1/fleets/{'a' * 41}", {"game": "match-server"})
        self.assertIn(reply.json["errors"][0]["detail"], self.asked_of_cluster("Fleet", "a" * 41, {"game": "match-server"})[1])


del WithServer  # Its tests are those of test_store.

if __name__ == "__main__":
    counted.main()
