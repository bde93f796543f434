#!/usr/bin/python3
"""The control plane is killed without a word; the games do not notice, and it finds them again."""

import os
import signal
import time

import harness
from goals import within

SERVERS = 20
KILLS = 5
FOUND_WITHIN_S = within(2, 30)
SAVED_WITHIN_S = 150  # Also on a loaded machine; a lock whose owner is dead would hold it up for more than six minutes.


class KilledControlPlane(harness.ToyCase):
    def test_twenty_games_run_on_and_are_found_again(self):
        names = [f"tower-{n}" for n in range(SERVERS)]
        begun = [self.begin_toy(name) for name in names]
        for operation in begun:
            self.assertEqual(self.api.finish(operation, 300)["status"], "succeeded")
        before = harness.game_pids("gk-toy-game")
        self.assertEqual(len(before), SERVERS)

        for _ in range(KILLS):
            self.keeper.kill()
            self.assertEqual(harness.game_pids("gk-toy-game"), before, "no game ends with the control plane")
            started = time.monotonic()
            self.keeper.start()
            self.api.wait_until(self.all_are_running, "all are running")
            took = time.monotonic() - started

            self.assertEqual(harness.game_pids("gk-toy-game"), before, "nothing was started twice, nothing was ended")
            self.assertLess(took, FOUND_WITHIN_S, "found again in time")
        # The API answers a moment before the keeper has taken over, and says 503 to commands until then.
        command = ("POST", f"/v1/servers/{names[0]}/commands", {"command": "save-all"})
        self.api.wait_until(lambda: self.api.call(*command).status != 503, "commands are taken", 10)
        reply = self.api.ask(*command)
        self.assertIsInstance(reply["reply"], str)

    def all_are_running(self):
        return all(s["state"] == "running" for s in self.api.ask("GET", "/v1/servers?limit=1000")["items"])

    def test_an_operation_under_way_is_finished_by_the_next_control_plane(self):
        self.create_toy("tower")
        operation = self.api.begin("POST", "/v1/servers/tower/stop")

        self.keeper.kill()
        self.keeper.start()

        self.assertEqual(self.api.finish(operation)["status"], "succeeded")
        self.assertEqual(self.api.server("tower")["state"], "stopped")
        self.assertFalse(harness.game_pids("gk-toy-game"))
        self.assertEqual(len([s for s in self.api.snapshots("tower") if s["consistency"] == "at_rest"]), 1, "saved once, not twice")

    def test_a_backup_that_was_killed_with_everything_is_made_again_at_once(self):
        self.create_toy("tower")
        treasure = self.keeper.world("tower") / "treasure"
        treasure.write_bytes(os.urandom(40 << 20))
        self.keeper.own("tower", treasure)
        repository = self.keeper.state / "vault" / self.api.server("tower")["uid"]
        operation = self.api.begin("POST", "/v1/servers/tower/stop")
        deadline = time.monotonic() + 60
        while not any(repository.glob("locks/*")):
            # Waits for the end of serve, which would be the news; else looks again.
            self.assertFalse(self.keeper.ended(0.02) or time.monotonic() > deadline, "a backup holds its lock")

        for pid in self.backups(repository):
            os.kill(pid, signal.SIGKILL)
        self.keeper.kill()
        self.keeper.wait_for_launcher()
        self.assertTrue(any(repository.glob("locks/*")), "restic had no time to tidy up")
        self.keeper.start()

        self.assertEqual(self.api.finish(operation, SAVED_WITHIN_S)["status"], "succeeded")
        self.assertEqual([s["status"] for s in self.api.snapshots("tower") if s["consistency"] == "at_rest"], ["complete"])

    def backups(self, repository):
        lines = {pid: harness.command_line(pid) for pid in harness.pids()}
        return [pid for pid, line in lines.items() if line.startswith("restic ") and str(repository) in line and " backup " in line]

    def test_a_game_that_died_meanwhile_is_noticed(self):
        self.create_toy("tower")
        first = self.only_pid("tower")

        self.keeper.kill()
        harness.end(first)
        self.keeper.start()
        self.api.wait_until(lambda: harness.game_pids("gk-toy-game"), "the toy runs again", 60)
        server = self.api.wait_for_state("tower", "running")

        self.assertEqual(server["last_exit"]["cause"], "crashed")


if __name__ == "__main__":
    harness.main()
