#!/usr/bin/python3
"""A world that nobody plays goes to sleep: told, saved, paused. The shortest time is two minutes, and that is what this takes."""

import time

import harness

PLAYERS = """
players: {join: '^(\\w+) joins$', leave: '^(\\w+) leaves$'}
announce: {command: say}
"""


class Idle(harness.ToyCase):
    settings = {"KEEPER_INTERVAL": "1s"}

    def installation(self):
        keeper = super().installation()
        definition = keeper.state / "games" / "toy.yaml"
        definition.write_text(definition.read_text() + PLAYERS)
        return keeper

    def say(self, name, text):
        self.api.ask("POST", f"/v1/servers/{name}/commands", {"command": f"say {text}"})

    def make(self, name, **idle):
        body = {"id": name, "game": "toy", "start": True, "idle": idle, "resources": {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}}
        self.api.operate("POST", "/v1/servers", body)

    def players(self, name, count):
        self.api.wait_until(lambda: self.api.server(name)["players"]["online"] == count, f"{count} players are seen")

    def test_a_world_sleeps_when_nobody_plays_and_one_that_is_played_does_not(self):
        begun = time.monotonic()
        self.make("quiet", after="2m", notice="30s")
        self.make("busy", after="2m", notice="30s")
        self.make("never", after="never")
        self.say("busy", "anna joins")
        self.players("busy", 1)
        cursor = self.api.log_end("quiet")

        shown = self.api.wait_until(lambda: (s := self.api.server("quiet"))["awake"] and s["awake"]["sleeps_at"] and s, "it is known when it sleeps")
        self.assertIn("nobody plays", shown["awake"]["because"])
        self.api.wait_until(lambda: (self.api.server("busy")["awake"] or {}).get("because") == "1 player is on", "why it is up")

        self.api.wait_for_line("quiet", "goes to sleep in about 30 seconds", cursor, 120)
        self.api.wait_for_state("quiet", "paused", 120)
        self.assertGreaterEqual(time.monotonic() - begun, 120)
        self.assertTrue([s for s in self.api.snapshots("quiet") if s["consistency"] == "at_rest" and s["status"] == "complete"])
        lines = self.api.ask("GET", "/v1/servers/quiet/explain")["lines"]
        self.assertTrue([line for line in lines if "nobody" in line.lower() or "idle" in line.lower()], lines)
        self.assertEqual(self.api.server("busy")["state"], "running")
        self.assertEqual(self.api.server("never")["state"], "running")
        self.assertIsNone(self.api.server("never")["awake"])


if __name__ == "__main__":
    harness.main()
