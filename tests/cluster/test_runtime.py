#!/usr/bin/python3
"""Worlds on the real cluster without a keeper: disks, files, launches, ports and what befalls pods, order by order (gk-cluster-runtime).

    GK_TEST_BIN=DIR tests/cluster/test_runtime.py [Class.test]        needs the cluster (make cluster-up) and the images minetest, toy and gk-shim
"""

import base64
import os
import pathlib
import shutil
import tempfile
import time

import harness
from harness import NODES, ROOT, answers
from runtime_driver import Driver, DriverTest


class RuntimeTest(DriverTest):
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

    def definition(self, launch):
        """Minetest with another way to start, and with the settings file that its init container makes."""
        folder = tempfile.mkdtemp(prefix="gk-definition-")
        self.addCleanup(shutil.rmtree, folder)
        text = (ROOT / "games" / "minetest.yaml").read_text()
        path = pathlib.Path(folder, "minetest.yaml")
        path.write_text(text + launch)
        return path

    def test_a_wrapper_becomes_the_game(self):
        wrapped = self.definition('launch: {wrapper: [/usr/bin/env, WRAPPED=yes, /usr/bin/nice, -n, "3"]}\n')
        server = self.started("castle", definition=wrapped, launch="wrapper")
        self.assertTrue(answers(NODES[self.node_of("castle")], server.ports[0]["open"]))
        look = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/environ 2>/dev/null | grep -q WRAPPED=yes && cat $p/comm; done; true"
        told = self.space.kubectl("exec", "gs-castle-0", "--", "/bin/sh", "-c", look).stdout
        self.assertIn("minetestserver", told)
        server.do("stop")
        exited = server.until("exited")
        self.assertEqual(exited["exit"], "asked", "the signal did not reach the game")

    def test_what_init_containers_make_reaches_the_game(self):
        prepared = self.definition("""launch:
  init:
    - name: settings
      command: [/bin/sh, -c, 'test ! -e /data/world && echo "port = $SERVER_PORT" >$GK_SHARED/minetest.conf']
""")
        text = prepared.read_text().replace('  - minetest.conf\n  - --port\n  - "{{ports.game}}"\n', "  - /gk/shared/minetest.conf\n")
        self.assertNotIn("- --port", text)
        prepared.write_text(text)
        server = self.started("castle", definition=prepared, launch="init")
        self.assertTrue(answers(NODES[self.node_of("castle")], server.ports[0]["open"]), "the port did not come by the shared folder")

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
