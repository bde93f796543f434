#!/usr/bin/python3
"""`make game-testbed`, `CLIENTS=200 make game-load-local` and `make down` when everything is built: 200 whole lives, every one of which ends well."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import harness

WITHIN_S = 60  # All lives together: the last players, fewer than a match has, wait for FLUSH_WAIT_SECONDS.


class TestBed(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-testbed-"))
        os.chmod(self.home, 0o755)
        self.state = self.home / "state"
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        plain = {key: value for key, value in os.environ.items() if not key.startswith(("GK_", "MAKE"))}
        self.environment = plain | {
            "GK_TEST_BIN": str(harness.BIN), "GK_TESTBED_STATE": str(self.state), "GK_MACHINE_UID_BASE": str(harness.UID_BASE),
            "GK_CLUSTER_DIR": str(self.home / "no-cluster"), "TESTBED_PORT": str(self.port), "TESTBED_PORTS_FIRST": str(harness.PORTS[0]),
            "TESTBED_PORTS_LAST": str(harness.PORTS[1]), "CLIENTS": "200", "MATCH_DURATION": "2"}
        self.left = harness.Leftovers(self.state)
        self.last_resort = harness.LastResort()
        self.last_resort.watch(self.state, self.home)
        self.addCleanup(self.clean_up)

    def clean_up(self):
        self.run_bed("down", check=False)
        self.left.remove()
        shutil.rmtree(self.home, ignore_errors=True)
        self.last_resort.end()

    def begin_bed(self, verb):
        return subprocess.run(["tools/testbed", verb], cwd=harness.ROOT, env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def run_bed(self, verb, check=True):
        done = self.begin_bed(verb)
        self.assertTrue(done.returncode == 0 or not check, f"testbed {verb}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_two_hundred_whole_lives(self):
        self.assertIn(f"The test bed is up: http://127.0.0.1:{self.port}\n", self.run_bed("up"))
        self.assertIn(f"is up already: http://127.0.0.1:{self.port}\n", self.run_bed("up"), "safe to repeat")

        begun = time.monotonic()
        told = self.run_bed("load")  # Its status says that every life ended well.
        took = time.monotonic() - begun
        print(f"200 lives in {took:.1f} s")
        self.assertLess(took, WITHIN_S)
        self.assertRegex(told, re.compile(r"\b200\b"))

        self.run_bed("down")
        self.assertEqual(self.left.describe(), [])
        self.assertFalse(self.state.exists())

    def test_a_port_that_is_taken_is_named_and_nothing_is_begun(self):
        """S1-39."""
        with socket.create_server(("127.0.0.1", self.port)):
            done = self.begin_bed("up")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, f"testbed: port {self.port} is taken; name another one as TESTBED_PORT\n")
        self.assertFalse(self.state.exists())


if __name__ == "__main__":
    harness.main()
