#!/usr/bin/python3
"""Worlds on the real cluster without a keeper: disks, files, launches, ports and what befalls pods, order by order (gk-cluster-runtime).

    GK_TEST_BIN=DIR tests/cluster/test_runtime.py [Class.test]        needs the cluster (make cluster-up) and the images minetest, toy and gk-shim
"""

import base64
import json
import os
import secrets
import subprocess
import time
import unittest
import uuid

import harness
from harness import NODES, PROGRAMS, ROOT, ClusterTest, answers, image


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


class RuntimeTest(ClusterTest):
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

    def test_a_life(self):
        server = self.server("castle")
        port = server.do("reserve")["ports"][0]["open"]
        self.assertEqual(server.do("reserve")["ports"][0]["open"], port)
        server.do("create_disk", 128)
        server.do("create_disk", 128)
        self.assertEqual(server.do("observe"), {"disk": True, "staged": False, "process": "gone"})

        began = time.monotonic()
        server.do("prepare")
        prepared = time.monotonic()
        self.assertIn("minetest.conf", server.do("list", ".")["names"])
        launching = time.monotonic()
        server.do("launch")
        launched = time.monotonic()
        server.until("ready")
        print(f"claim, pod and first file {prepared - began:.2f} s; launch {launched - launching:.2f} s; "
              f"ready after {time.monotonic() - launching:.2f} s")
        self.assertTrue(answers(NODES[self.node_of("castle")], port), "nobody answers at the node port")
        self.assertTrue(any("listening on" in line for line in server.do("logs")["lines"]))
        self.assertGreater(server.do("usage")["memory_mib"], 1)

        server.do("stop")
        exited = server.until("exited")
        self.assertEqual(exited["exit"], "asked")
        server.do("clean")
        self.assertEqual(server.do("observe"), {"disk": True, "staged": False, "process": "gone"})
        self.assertEqual(self.pods(), [])
        # The world of a paused server is reached by a pod that runs nothing.
        self.assertIn("world", server.do("list", ".")["names"])
        self.assertEqual(server.do("observe")["process"], "gone")

        server.do("free_disk")
        self.assertEqual(server.do("observe"), {"disk": False, "staged": False, "process": "gone"})
        server.do("forget")
        server.do("release")
        self.space.wait_for("delete", "pvc", "--all")
        self.assertEqual(self.space.kubectl("get", "statefulset,service,pdb,pod", "-o", "name").stdout.split(), [])

    def test_a_restore_takes_the_place_of_the_world(self):
        server = self.server("castle")
        server.do("reserve")
        server.do("create_disk", 64)
        server.do("write", "marker", "old")
        server.do("stage_disk", 64)
        self.assertTrue(server.do("observe")["staged"])
        server.do("stage_disk", 64)
        server.do("commit_staged")
        server.do("commit_staged")
        self.assertEqual(server.do("observe"), {"disk": True, "staged": False, "process": "gone"})
        self.assertEqual(server.ask("read", "marker")["error"], "not_found", "this is the old world")
        self.space.wait_for("delete", "pvc/gs-castle-0")
        self.assertEqual(len(self.claims()), 1)

    def test_another_process_takes_over_a_game_that_runs(self):
        first = self.started("castle")
        port = first.ports[0]["open"]
        second = self.server("castle", uid=first.uid)
        second.do("fence", 5)
        self.assertEqual(second.until("ready")["disk"], True)
        self.assertEqual(second.do("reserve")["ports"][0]["open"], port)
        self.assertEqual(first.ask("stop")["error"], "refused")
        second.do("stop")
        second.until("exited")

    def test_a_pod_that_is_deleted_under_us_runs_nothing_by_itself(self):
        server = self.started("castle")
        self.space.kubectl("delete", "pod", "gs-castle-0", "--wait=true")
        self.space.wait_for("condition=Ready", "pod/gs-castle-0")
        server.until("gone")
        server.do("launch")
        server.until("ready")
        self.assertTrue(answers(NODES[self.node_of("castle")], server.ports[0]["open"]))

    def test_a_shim_that_is_killed_says_that_its_game_was_lost(self):
        server = self.started("castle")
        node = self.node_of("castle")
        pid = harness.run(ROOT / "tools" / "cluster" / "node", "run", node, "pgrep", "-n", "-f", "gk-shim --pod").stdout.split()[-1]
        harness.run(ROOT / "tools" / "cluster" / "node", "run", node, "kill", "-9", pid)
        seen = server.until("exited")
        self.assertEqual(seen["exit"], "lost")
        server.do("clean")
        server.do("launch")
        server.until("ready")

    def test_what_keeps_a_pod_from_running_is_said(self):
        server = Driver(self.space.name, "castle", ROOT / "games" / "minetest.yaml", "gamekeeper.local/there-is-none:1")
        self.drivers.append(server)
        self.space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "gs-castle"},
                          "data": {"shim": base64.b64encode(bytes(32)).decode()}})
        server.do("reserve")
        server.do("create_disk", 64)
        # A launch waits for its pod for a while; the kubelet takes its time over the first pull.
        for _ in range(4):
            answer = server.ask("launch")
            self.assertEqual(answer["error"], "unavailable")
            if "does not run yet" not in answer["detail"]:
                break
        self.assertIn("the image gamekeeper.local/there-is-none:1 cannot be pulled", answer["detail"])

    def test_the_shim_is_copied_into_a_foreign_image(self):
        server = self.started("castle", shim="copied")
        self.assertTrue(answers(NODES[self.node_of("castle")], server.ports[0]["open"]))

    def test_two_processes_never_get_one_port(self):
        servers = [self.server(f"castle{number}") for number in range(3)]
        numbers = []
        for server in servers:
            server.process.stdin.write("reserve\n")
            server.process.stdin.flush()
        for server in servers:
            numbers.append(server.read()["ports"][0]["open"])
        self.assertEqual(len(set(numbers)), 3, numbers)
        for server in servers:
            server.do("release")
        self.assertEqual(self.space.kubectl("get", "service", "-o", "name").stdout, "")


if __name__ == "__main__":
    if "GK_TEST_NO_IMAGES" not in os.environ:
        harness.use_images("minetest", "gk-shim")
    harness.main()
