#!/usr/bin/python3
"""A world that nobody plays goes to sleep: told, saved, paused. The shortest time is two minutes, and that is what this takes."""

import subprocess
import time

import harness

PLAYERS = """
players: {join: '^(\\w+) joins$', leave: '^(\\w+) leaves$'}
announce: {command: say}
"""


class Idle(harness.ToyCase):
    settings = {"KEEPER_INTERVAL": "1s", "IDLE_KEEP_FOR": "console, files"}

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

    def open_console(self, name):
        console = subprocess.Popen([harness.BIN / "gamekeeper", "--state", self.keeper.state, "--socket", self.keeper.socket,
                                    "server", "logs", name, "-f"], stdout=subprocess.DEVNULL, env=self.keeper.environment())
        self.addCleanup(self.close, console)
        return console

    def close(self, console):
        console.terminate()
        console.wait(20)

    def why(self, name):
        return (self.api.server(name)["awake"] or {}).get("because")

    def test_a_world_sleeps_when_nobody_plays_and_one_that_is_played_does_not(self):
        begun = time.monotonic()
        self.make("quiet", after="2m", notice="30s")
        self.make("busy", after="2m", notice="30s")
        self.make("never", after="never")
        self.make("watched", after="2m", notice="30s")
        console = self.open_console("watched")
        self.say("busy", "anna joins")
        self.players("busy", 1)

        shown = self.api.wait_until(lambda: (s := self.api.server("quiet"))["awake"] and s["awake"]["sleeps_at"] and s, "it is known when it sleeps")
        self.assertIn("nobody plays", shown["awake"]["because"])
        self.api.wait_until(lambda: self.why("busy") == "1 player is on", "why it is up")
        self.api.wait_until(lambda: self.why("watched") == "nobody plays, but its console is open", "why it is up")

        # Nobody follows its log meanwhile: that would be an open console.
        self.api.wait_for_state("quiet", "paused", 240)
        self.assertIn("goes to sleep in about 30 seconds", self.keeper.cli("server", "logs", "quiet").stdout)
        self.assertGreaterEqual(time.monotonic() - begun, 120)
        self.assertTrue([s for s in self.api.snapshots("quiet") if s["consistency"] == "at_rest" and s["status"] == "complete"])
        lines = self.api.ask("GET", "/v1/servers/quiet/explain")["lines"]
        self.assertTrue([line for line in lines if "nobody" in line.lower() or "idle" in line.lower()], lines)
        self.assertEqual(self.api.server("busy")["state"], "running")
        self.assertEqual(self.api.server("never")["state"], "running")
        self.assertEqual(self.api.server("watched")["state"], "running")
        self.close(console)
        self.api.wait_until(lambda: self.why("watched") == "nobody plays, but not for long enough yet", "its console was closed")
        self.assertIsNone(self.api.server("never")["awake"])


if __name__ == "__main__":
    harness.main()
