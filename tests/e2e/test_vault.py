#!/usr/bin/python3
"""The vault fails at the two moments that matter, comes back, and in between nothing is lost. Also: plain restic can read it."""

import subprocess
import tempfile

import harness


class VaultFails(harness.ToyCase):
    def test_before_the_running_snapshot_the_game_stays_up(self):
        self.create_toy("tower")
        self.api.operate("POST", "/v1/servers/tower/snapshots")
        before = self.only_pid("tower")
        self.keeper.break_vault()

        operation = self.api.finish(self.api.begin("POST", "/v1/servers/tower/stop"))

        self.assertEqual(operation["status"], "failed")
        self.assertTrue(operation["error"]["detail"])
        server = self.api.server("tower")
        self.assertEqual((server["phase"], server["state"]), ("backup_failed", "running"))
        self.assertEqual(self.only_pid("tower"), before, "the game was not touched")

        self.keeper.mend_vault()
        self.api.verb("tower", "stop")
        self.assertEqual(self.newest_snapshot("tower")["status"], "complete")

    def test_between_the_running_snapshot_and_the_one_at_rest_the_disk_stays(self):
        self.create_toy("tower", "stubborn", ignore_stop=True)  # The ladder takes a few seconds, and that is our moment.
        self.write_world("tower", "treasure", "gold")
        operation = self.api.begin("POST", "/v1/servers/tower/stop")
        self.api.wait_until(lambda: self.step(operation, "stop_game"), "the stop ladder has begun")

        self.keeper.break_vault()
        server = self.api.wait_until(lambda: (s := self.api.server("tower"))["phase"] == "backup_failed" and s, "the failed backup shows", 120)

        self.assertFalse(harness.game_pids("gk-toy-game"))
        self.assertEqual((self.keeper.world("tower") / "treasure").read_text(), "gold", "nothing is freed before it is saved")
        self.assertTrue(server["message"])
        self.keeper.mend_vault()
        self.api.wait_for_state("tower", "stopped", 120)
        self.api.verb("tower", "start")
        self.assertEqual((self.keeper.world("tower") / "treasure").read_text(), "gold")

    def test_force_by_name_goes_on_and_is_recorded(self):
        self.create_toy("tower")
        self.api.operate("POST", "/v1/servers/tower/snapshots")
        self.keeper.break_vault()

        wrong = self.api.call("POST", "/v1/servers/tower/stop", {"force": "another"})
        operation = self.api.operate("POST", "/v1/servers/tower/stop", {"force": "tower"})

        self.assertEqual(wrong.status, 400, wrong.text)
        self.assertTrue(operation["force"])
        self.keeper.mend_vault()

    def step(self, operation, name):
        steps = self.api.ask("GET", f"/v1/operations/{operation['id']}")["steps"]
        return any(step["name"] == name for step in steps)


class PlainRestic(harness.ToyCase):
    def test_what_vault_show_prints_works_with_plain_restic(self):
        self.create_toy("tower")
        self.write_world("tower", "treasure", "gold")
        self.api.verb("tower", "pause")

        shown = self.keeper.cli("vault", "show", "tower").stdout

        commands = [line.strip() for line in shown.splitlines() if line.strip().startswith("restic ")]
        self.assertTrue(commands, f"no restic command in:\n{shown}")
        with tempfile.TemporaryDirectory(prefix="gk-restic-") as target:
            restore = next(c for c in commands if " restore " in c)
            done = subprocess.run(["bash", "-c", restore.replace("TARGET", target)], capture_output=True, text=True, cwd=target)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = subprocess.run(["grep", "-r", "-l", "gold", target], capture_output=True, text=True).stdout
            self.assertIn("treasure", found)


if __name__ == "__main__":
    harness.main()
