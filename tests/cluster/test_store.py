#!/usr/bin/python3
"""GameServers in a real API server: the schema with its rules, and ServerStore's contract suite against it.

Starts an API server and its etcd by itself, without root and without nodes. Needs the programs of `make cluster-up` in the cache, gamekeeper and
gk-cluster-store-test (ninja -C build/dev gamekeeper gk-cluster-store-test).

    tests/cluster/test_store.py [Class.test]      GK_TEST_BIN=DIR for programs in another folder than build/dev/bin
"""

import json
import os
import pathlib
import subprocess
import unittest

import counted
from api_server import ROOT, ApiServer, machines

PROGRAMS = pathlib.Path(os.environ.get("GK_TEST_BIN", ROOT / "build" / "dev" / "bin"))


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = ApiServer()
        manifests = subprocess.run([PROGRAMS / "gamekeeper", "manifests", "--definitions"], capture_output=True, text=True, check=True).stdout
        cls.server.kubectl("apply", "--server-side", "-f", "-", text=manifests)
        cls.server.kubectl("wait", "--for=condition=Established", "crd/gameservers.gamekeeper.dev", "crd/games.gamekeeper.dev")
        for space in ("aaa", "other"):
            cls.server.kubectl("create", "namespace", space)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def kubectl(self, *words, text=None):
        """Exit code and all that was printed."""
        done = subprocess.run(["kubectl", *words], env=self.server.environment(), input=text, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def apply(self, name, **spec):
        document = {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": name}, "spec": spec}
        return self.kubectl("apply", "-f", "-", text=json.dumps(document))


class Schema(WithServer):
    def refused(self, words, name="refused", **spec):
        code, said = self.apply(name, **spec)
        self.assertEqual(code, 1, said)
        self.assertIn(words, said)

    def test_a_game_is_enough_and_one_copy_is_meant(self):
        self.assertEqual(self.apply("enough", game="minetest")[0], 0)
        code, said = self.kubectl("get", "gs", "enough", "-o", "jsonpath={.spec.replicas}")
        self.assertEqual((code, said), (0, "1"))

    def test_the_rules_of_the_api_in_its_words(self):
        self.refused("more than one copy is what the kind Fleet is for", game="minetest", replicas=2)
        self.refused("0 or 1", game="minetest", replicas=-1)
        self.refused("give either 'package' or 'resources', not both", game="minetest", package="small",
                     resources={"cpu_millis": 1, "memory_mib": 1, "disk_mib": 1})
        self.refused("spec.game", package="small")
        self.refused("unknown field", game="minetest", replica=1)
        self.refused("may have 1 to 50 lower-case letters", name="dots.are.bad", game="minetest")
        self.refused("may have 1 to 50 lower-case letters", name="a" * 51, game="minetest")
        self.refused("a schedule that does 'command' needs one", game="minetest", schedules=[{"at": "0 4 * * *", "do": "command"}])
        self.refused("only a schedule that does 'command' has one", game="minetest",
                     schedules=[{"at": "0 4 * * *", "do": "backup", "command": "save"}])
        self.refused("Unsupported value", game="minetest", exposure={"type": "magic"})
        self.refused("spec.resources.cpu_millis", game="minetest", resources={"cpu_millis": 0, "memory_mib": 1, "disk_mib": 1})

    def test_settings_are_whatever_the_game_knows(self):
        settings = {"motd": "hi", "max_users": 3, "creative": True}
        self.assertEqual(self.apply("settings", game="minetest", settings=settings)[0], 0)
        said = self.kubectl("get", "gs", "settings", "-o", "jsonpath={.spec.settings}")[1]
        self.assertEqual(json.loads(said), settings)

    def test_scale_and_columns(self):
        self.assertEqual(self.apply("scaled", game="minetest")[0], 0)
        self.assertEqual(self.kubectl("scale", "gs", "scaled", "--replicas=0")[0], 0)
        self.assertEqual(self.kubectl("get", "gs", "scaled", "-o", "jsonpath={.spec.replicas}")[1], "0")
        self.assertEqual(self.kubectl("scale", "gs", "scaled", "--replicas=3")[0], 1)
        head = self.kubectl("get", "gs", "scaled")[1].splitlines()[0]
        self.assertEqual(head.split(), ["NAME", "GAME", "STATE", "PLAYERS", "ADDRESS", "AGE"])

    def test_what_a_world_hangs_on_stays_once_it_is_made(self):
        self.assertEqual(self.apply("kept", game="minetest", package="small")[0], 0)
        self.assertEqual(self.apply("kept", game="minetest", package="large")[0], 0)
        patch = json.dumps({"status": {"record": "{}"}})
        self.assertEqual(self.kubectl("patch", "gs", "kept", "--subresource=status", "--type=merge", "-p", patch)[0], 0)
        self.refused("a server keeps its package", name="kept", game="minetest", package="small")
        self.refused("a server keeps its game", name="kept", game="teeworlds", package="large")
        self.assertEqual(self.apply("kept", game="minetest", package="large", settings={"motd": "x"})[0], 0)


class Store(WithServer):
    def test_the_contract(self):
        done = subprocess.run([PROGRAMS / "gk-cluster-store-test", "--gtest_brief=1"], env=self.server.environment(), capture_output=True, text=True,
                              timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    counted.main()
