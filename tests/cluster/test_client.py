#!/usr/bin/python3
"""Our Kubernetes client against a real API server: verbs, watches through restarts and lost history, elections, credentials.

Starts an API server and its etcd by itself, without root and without nodes. Needs the programs of `make cluster-up` in the cache, and
gk-cluster-client (ninja -C build/dev gk-cluster-client).

    tests/cluster/test_client.py [Class.test]      GK_TEST_BIN=DIR for gk-cluster-client in another folder than build/dev/bin
"""

import itertools
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import threading
import time
import unittest

import counted
from api_server import ROOT, ApiServer, free_port, machines

PROGRAM = pathlib.Path(os.environ.get("GK_TEST_BIN", ROOT / "build" / "dev" / "bin")) / "gk-cluster-client"


class Client:
    """The test program, with the lines of JSON that it prints."""

    def __init__(self, server, *words, kubeconfig=None):
        self.process = subprocess.Popen([PROGRAM, *words], env=server.environment(kubeconfig), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(json.loads(line))
                self.news.notify_all()

    def wait_for(self, word, after=0, seconds=60):
        """The first line from that number on which has the word."""
        with self.news:
            found = self.news.wait_for(lambda: [line for line in self.lines[after:] if word in line], seconds)
        if not found:
            raise AssertionError(f"it did not print {word} within {seconds} s, but {self.lines[-3:]}")
        return found[0]

    def state(self):
        seen = len(self.lines)
        self.process.stdin.write("state\n")
        self.process.stdin.flush()
        return self.wait_for("state", seen)

    def wait_for_state(self, wanted, seconds=60):
        def is_there():
            state = self.state()
            return state if state["state"] == wanted else None

        return machines.wait_for(is_there, seconds, "the copy did not become what is there")

    def acts(self):
        return [(line["epoch"], line["acted"]) for line in list(self.lines) if "acted" in line]

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


class WithServer(unittest.TestCase):
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.server = ApiServer()

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def setUp(self):
        self.space = f"space-{next(self.numbers)}"
        self.server.kubectl("create", "namespace", self.space)

    def client(self, *words, kubeconfig=None):
        client = Client(self.server, *words, kubeconfig=kubeconfig)
        self.addCleanup(client.end)
        return client

    def make_maps(self, first, last, text="x"):
        items = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"map-{i}", "namespace": self.space}, "data": {"text": text}}
                 for i in range(first, last)]
        self.server.kubectl("apply", "--server-side", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def delete_maps(self, first, last):
        self.server.kubectl("-n", self.space, "delete", "configmap", "--wait=false", *(f"map-{i}" for i in range(first, last)))

    def truth(self):
        items = json.loads(self.server.kubectl("-n", self.space, "get", "configmap", "-o", "json"))["items"]
        return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}


class Verbs(WithServer):
    def verbs(self, kubeconfig=None):
        done = subprocess.run([PROGRAM, "verbs", self.space], env=self.server.environment(kubeconfig), capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_every_verb_does_what_the_api_says(self):
        self.assertEqual(self.verbs(), (0, ""))

    def test_a_token_from_a_file(self):
        token = self.server.folder / "token"
        token.write_text(self.server.TOKEN + "\n")
        self.assertEqual(self.verbs(self.server.kubeconfig({"tokenFile": str(token)})), (0, ""))

    def test_an_exec_plug_in(self):
        for version in ("v1", "v1beta1"):
            with self.subTest(version):
                plugin, runs = self.server.folder / "plugin", self.server.folder / f"runs-{version}"
                kind = {"apiVersion": f"client.authentication.k8s.io/{version}", "kind": "ExecCredential"}
                credential = {**kind, "status": {"token": self.server.TOKEN}}
                plugin.write_text(f"#!/bin/sh\necho \"$1 $KUBERNETES_EXEC_INFO\" >>{runs}\necho '{json.dumps(credential)}'\n")
                plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
                user = {"exec": {"apiVersion": credential["apiVersion"], "command": str(plugin), "args": ["a; b $(c)"], "interactiveMode": "Never"}}
                self.setUp()  # Another namespace.
                self.assertEqual(self.verbs(self.server.kubeconfig(user)), (0, ""))
                said = runs.read_text().splitlines()
                self.assertEqual(len(said), 1, "it is run once for all calls")
                self.assertTrue(said[0].startswith("a; b $(c) {"), said[0])

    def test_a_plug_in_is_run_again_once_when_its_token_is_refused(self):
        plugin, runs = self.server.folder / "stale", self.server.folder / "stale-runs"
        line = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
        plugin.write_text(f"#!/bin/sh\necho run >>{runs}\n[ $(wc -l <{runs}) = 1 ] && echo '{line % 'old'}' || echo '{line % self.server.TOKEN}'\n")
        plugin.chmod(0o755)
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}}
        self.assertEqual(self.verbs(self.server.kubeconfig(user)), (0, ""))
        self.assertEqual(len(runs.read_text().splitlines()), 2)

    def test_a_server_that_is_somebody_else_is_not_spoken_to(self):
        code, said = self.verbs(self.server.kubeconfig(**{"tls-server-name": "other.test"}))
        self.assertEqual(code, 1)
        self.assertIn("certificate", said)


class Copies(WithServer):
    def test_a_thousand_objects_and_their_changes(self):
        self.make_maps(0, 1000)
        client = self.client("inform", self.space)
        begun = time.monotonic()
        client.wait_for_state(self.truth())
        print(f"1,000 objects listed and decoded in {time.monotonic() - begun:.2f} s", file=sys.stderr)

        self.make_maps(500, 1100, "changed")
        self.delete_maps(0, 300)

        state = client.wait_for_state(self.truth())
        self.assertEqual(len(state["state"]), 800)
        self.assertEqual((state["lists"], state["requests"]), (1, 3), "one list, which is two pages, and one watch")

    def test_a_restart_of_the_server_loses_nothing(self):
        self.make_maps(0, 20)
        client = self.client("inform", self.space)
        client.wait_for_state(self.truth())

        for turn in range(3):
            self.server.end("api")
            self.server.start_api()
            self.make_maps(turn * 10, turn * 10 + 15, f"turn {turn}")
            self.delete_maps(turn * 10, turn * 10 + 3)
            client.wait_for_state(self.truth())

        self.assertLessEqual(client.state()["requests"], 60)

    def test_history_that_is_gone_is_listed_again(self):
        self.make_maps(0, 20)
        client = self.client("inform", self.space)
        before = client.wait_for_state(self.truth())

        # The changes are made by a server that the client does not find, so that it cannot have heard of them; then their history is dropped.
        self.server.end("api")
        self.server.start_api(free_port())
        self.make_maps(10, 30, "changed")
        self.delete_maps(0, 5)
        self.server.end("api")
        self.server.compact()
        self.server.start_api()

        after = client.wait_for_state(self.truth())
        self.assertEqual(len(after["state"]), 25)
        self.assertGreater(after["lists"], before["lists"])
        self.make_maps(30, 31)
        client.wait_for_state(self.truth())

    def test_etcd_that_stops_for_a_while(self):
        self.make_maps(0, 20)
        client = self.client("inform", self.space)
        client.wait_for_state(self.truth())

        etcd = self.server.processes["etcd"]
        etcd.send_signal(signal.SIGSTOP)
        with self.assertRaises(subprocess.TimeoutExpired):
            etcd.wait(5)
        etcd.send_signal(signal.SIGCONT)
        self.make_maps(10, 40, "changed")

        client.wait_for_state(self.truth())


class Elections(WithServer):
    def test_a_leader_that_sleeps_is_followed_and_never_acts_again(self):
        one = self.client("elect", f"{self.space}/keeper", "one")
        one.wait_for("acted")
        two = self.client("elect", f"{self.space}/keeper", "two")
        self.assertFalse(two.acts())

        one.process.send_signal(signal.SIGSTOP)
        two.wait_for("acted", seconds=40)
        one.process.send_signal(signal.SIGCONT)
        one.wait_for("lost", seconds=10)

        self.assertEqual(one.process.wait(10), 0)
        self.assertEqual({epoch for epoch, _ in one.acts()}, {1})
        self.assertEqual({epoch for epoch, _ in two.acts()}, {2})
        last, first = max(at for _, at in one.acts()), min(at for _, at in two.acts())
        self.assertLess(last, first)
        print(f"the next leader acted {(first - last) / 1000:.1f} s after the last act of the one that slept", file=sys.stderr)

    def test_a_server_that_is_away_ends_the_leadership_in_time(self):
        one = self.client("elect", f"{self.space}/keeper", "one")
        one.wait_for("began")

        self.server.processes["api"].send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        one.wait_for("lost", seconds=20)
        self.server.processes["api"].send_signal(signal.SIGCONT)

        self.assertLessEqual(time.monotonic() - stopped, 11)


if __name__ == "__main__":
    counted.main()
