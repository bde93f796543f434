#!/usr/bin/python3
"""`make up` twice, `make down`, `make up`: what the README promises, on a prefix of its own."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import harness

UP_WITHIN_S = 60  # From built binaries to a world that can be joined.


class MakeUp(unittest.TestCase):
    def setUp(self):
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix="gk-make-"))
        os.chmod(self.prefix, 0o755)
        self.state = self.prefix / "var/lib/gamekeeper"
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("GK_", "MAKE"))} | {
            "GK_TEST_PREFIX": str(self.prefix), "GK_API_LISTEN": "127.0.0.1:0", "GK_MACHINE_UID_BASE": str(harness.UID_BASE),
            "GK_PORTS_FIRST": str(harness.PORTS[0]), "GK_PORTS_LAST": str(harness.PORTS[1])}
        self.addCleanup(self.clean_up)

    def clean_up(self):
        self.make("down")
        found = harness.Leftovers(self.state)
        found.remove()
        shutil.rmtree(self.prefix, ignore_errors=True)

    def make(self, target):
        return subprocess.run(["make", "--no-print-directory", target], cwd=harness.ROOT, env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=600)

    def games(self):
        return harness.game_pids("minetestserver")

    def test_up_twice_down_and_up_again(self):
        begun = time.monotonic()
        first = self.make("up")
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        self.assertLess(time.monotonic() - begun, UP_WITHIN_S)
        self.assertIn("minetest --go --address", first.stdout)
        self.assertIn("gk_", first.stdout, "the admin key is shown once")
        running = self.games()
        self.assertEqual(len(running), 1)

        second = self.make("up")
        self.assertEqual(second.returncode, 0, second.stdout + second.stderr)
        self.assertIn("already up", second.stdout)
        self.assertNotIn("gk_", second.stdout)
        self.assertEqual(self.games(), running, "nothing was changed")

        uid = next((self.state / "servers").iterdir()).name
        down = self.make("down")
        self.assertEqual(down.returncode, 0, down.stdout + down.stderr)
        self.assertEqual(harness.Leftovers(self.state).describe(), [])

        third = self.make("up")
        self.assertEqual(third.returncode, 0, third.stdout + third.stderr)
        self.assertIn(uid, [path.name for path in (self.state / "servers").iterdir()], "the same world")
        self.assertEqual(len(self.games()), 1)


if __name__ == "__main__":
    harness.main()
