#!/usr/bin/python3
"""A game fills its disk: people are warned, the game is paused before it spoils what it cannot save, and an older snapshot makes room."""

import os

import harness


class Disk(harness.ToyCase):
    settings = {"KEEPER_INTERVAL": "1s"}

    def test_a_disk_that_fills_up_is_told_and_one_that_is_full_pauses_the_game(self):
        server = self.create_toy("tower")
        self.assertIsNone(server["reason"])
        self.api.operate("POST", "/v1/servers/tower/snapshots")
        roomy = self.newest_snapshot("tower")["id"]
        disk = os.statvfs(self.keeper.world("tower"))  # Less than the package says: the file system needs some.

        self.type(f"fill {disk.f_bavail * disk.f_frsize * 9 // 10 >> 20}", "filled")
        low = self.wait_for_reason("disk_low")
        self.assertEqual((low["state"], low["wanted"]), ("running", "running"))

        self.type("fill 1000", "disk full")
        self.wait_for_reason("disk_full")
        full = self.api.wait_for_state("tower", "paused")
        self.assertEqual((full["reason"], full["wanted"]), ("disk_full", "paused"))
        self.assertIn("Restore an older snapshot", full["message"])
        at_rest = self.newest_snapshot("tower", consistency="at_rest")
        self.assertEqual((at_rest["status"], at_rest["trigger"]), ("complete", "pause"))
        self.assertIn("asked by disk watch", " ".join(self.api.ask("GET", "/v1/servers/tower/explain")["lines"]))

        self.api.operate("POST", "/v1/servers/tower/restore", {"snapshot": roomy})
        self.assertIsNone(self.wait_for_reason(None)["message"])
        self.api.verb("tower", "start")
        self.assertEqual(self.api.server("tower")["state"], "running")

    def type(self, command, answer):
        begin = self.api.log_end("tower")
        self.api.ask("POST", "/v1/servers/tower/commands", {"command": command})
        self.api.wait_for_line("tower", answer, begin)

    def wait_for_reason(self, reason):
        return self.api.wait_until(lambda: (s := self.api.server("tower"))["reason"] == reason and s, f"reason {reason}")


if __name__ == "__main__":
    harness.main()
