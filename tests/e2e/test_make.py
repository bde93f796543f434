#!/usr/bin/python3
"""`make up` twice, `make down`, `make up`, and `up` after a crash and after a loss of everything that ran: what the README promises, on a prefix of
its own."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import harness

UP_WITHIN_S = 60  # From built binaries to a world that can be joined.


class Installed(unittest.TestCase):
    def setUp(self):
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix="gk-make-"))
        os.chmod(self.prefix, 0o755)
        self.state = self.prefix / "var/lib/gamekeeper"
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(("GK_", "MAKE")) or key == "GK_TEST_BIN"} | {
            "GK_TEST_PREFIX": str(self.prefix), "GK_API_LISTEN": "127.0.0.1:0", "GK_MACHINE_UID_BASE": str(harness.UID_BASE),
            "GK_PORTS_FIRST": str(harness.PORTS[0]), "GK_PORTS_LAST": str(harness.PORTS[1])}
        self.left = harness.Leftovers(self.state, self.prefix)
        self.last_resort = harness.LastResort()
        self.last_resort.watch(self.state, self.prefix)
        self.addCleanup(self.clean_up)

    def clean_up(self):
        self.down(check=False)
        self.left.remove()
        shutil.rmtree(self.prefix, ignore_errors=True)
        self.last_resort.end()

    def run_here(self, *command, check=True):
        done = subprocess.run(command, cwd=harness.ROOT, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
        self.assertTrue(done.returncode == 0 or not check, f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def make(self, target):
        return self.run_here("make", "--no-print-directory", target)

    # What `make up` and `make down` do when everything is built.
    def up(self):
        return self.run_here("tools/up", "--as-root")

    def down(self, check=True):
        return self.run_here("tools/down", "--as-root", check=check)

    def games(self):
        return harness.game_pids("minetestserver")

    def world(self):
        """Of the only server."""
        return next((self.state / "servers").glob("*-*")) / "live" / "data"


class MakeUp(Installed):
    def test_up_twice_down_and_up_again(self):
        begun = time.monotonic()
        first = self.make("up")
        self.assertLess(time.monotonic() - begun, UP_WITHIN_S)
        self.assertIn("minetest --go --address", first)
        self.assertIn("gk_", first, "the admin key is shown once")
        running = self.games()
        self.assertEqual(len(running), 1)

        second = self.make("up")
        self.assertIn("already up", second)
        self.assertNotIn("gk_", second)
        self.assertEqual(self.games(), running, "nothing was changed")

        uid = next((self.state / "servers").iterdir()).name
        self.make("down")
        self.assertEqual(self.left.describe(), [])

        self.make("up")
        self.assertIn(uid, [path.name for path in (self.state / "servers").iterdir()], "the same world")
        self.assertEqual(len(self.games()), 1)


class UpAgain(Installed):
    def setUp(self):
        super().setUp()
        self.up()
        self.marker = self.world() / "marker"
        self.marker.write_text("was here")
        self.running = self.games()
        self.assertEqual(len(self.running), 1)

    def kill_control_plane(self):
        harness.end(int((self.state / "gamekeeper.db.lock").read_text()))

    def test_after_a_crash_of_the_control_plane_the_game_has_not_noticed(self):
        self.kill_control_plane()

        self.up()

        self.assertEqual(self.games(), self.running)
        self.down()
        self.assertEqual(self.left.describe(), [])

    def test_after_everything_was_lost_that_ran_the_same_world_is_back(self):
        self.kill_control_plane()
        self.left.remove()  # As a machine that starts again: no process, mount, loop device, cgroup or rule is there.
        self.assertEqual(self.left.describe(), [])

        self.up()

        self.assertEqual(self.marker.read_text(), "was here")
        self.assertEqual(len(self.games() - self.running), 1)
        self.down()
        self.assertEqual(self.left.describe(), [])
        self.up()
        self.assertEqual(self.marker.read_text(), "was here", "out of the vault")


if __name__ == "__main__":
    harness.main()
