#!/usr/bin/python3
"""Rule sets tried before players do: what `match rules check` and `simulate` say, word by word, and the pictures in docs/images, byte for byte.

GK_TEST_UPDATE=1 writes the transcript and the pictures anew.
"""

import json
import os
import shutil
import unittest

import harness
import transcript

EXAMPLES = harness.ROOT / "docs/examples/match"
PICTURE = harness.ROOT / "docs/images/match-rules.svg"
PLAYERS = ["--arrivals", "20/s", "--players", "skill=normal(1500,300)"]


class MatchRules(unittest.TestCase):
    def setUp(self):
        self.keeper = harness.Gamekeeper()  # Never started: nothing of this needs one.
        self.addCleanup(self.keeper.clean_up)
        self.home = self.keeper.home
        for folder in (EXAMPLES, harness.ROOT / "tests/match/check"):
            for file in folder.iterdir():
                shutil.copy(file, self.home)

    def simulate(self, *words):
        return self.keeper.cli("match", "rules", "simulate", *map(str, words))

    def test_what_is_said_of_rules_and_traces(self):
        transcript.check(self, self.keeper, "match_rules")

    def test_the_picture_in_the_readme_is_what_the_command_draws(self):
        drawn = self.home / "drawn.svg"

        self.simulate(*(EXAMPLES / f"{name}.yaml" for name in ("first-come", "wide", "narrow")), *PLAYERS, "--plot", drawn)

        if os.environ.get("GK_TEST_UPDATE"):
            PICTURE.write_bytes(drawn.read_bytes())
        self.assertEqual(drawn.read_bytes(), PICTURE.read_bytes(), "the picture is another one; GK_TEST_UPDATE=1 writes it anew")

    def test_a_trace_that_was_written_gives_the_same_report(self):
        trace = self.home / "written.jsonl"

        made_up = self.simulate("-o", "json", EXAMPLES / "wide.yaml", *PLAYERS, "--for", "1m", "--write-trace", trace)
        replayed = self.simulate("-o", "json", EXAMPLES / "wide.yaml", "--trace", trace)

        self.assertEqual(made_up.stdout, replayed.stdout)
        report = json.loads(replayed.stdout)["items"][0]
        self.assertEqual(report["players"]["joined"], len(trace.read_text().splitlines()))
        self.assertGreater(report["matches"], 50)


class Live(harness.Case):
    """The same of a queue where players really came."""

    settings = {"MATCH_QUEUE": "casual", "MATCH_SIZE": 12, "MATCH_LEAST": 12}

    def join(self, *players):
        for player in players:
            self.api.ask("POST", "/v1/tickets", {"players": [{"id": player, "attributes": {"skill": 1500}}], "queues": ["casual"]})

    def test_a_queue_is_recorded_and_replayed(self):
        self.join("ann", "ben")

        recorded = self.keeper.cli("queue", "trace", "casual", "--since", "10m").stdout
        trace = self.keeper.home / "recorded.jsonl"
        trace.write_text(recorded)
        replayed = self.keeper.cli("-o", "json", "match", "rules", "simulate", EXAMPLES / "demo.yaml", "--trace", trace, "--until", "15m")

        self.assertNotIn("ann", recorded)
        self.assertIn("ann", self.keeper.cli("queue", "trace", "casual", "--names").stdout)
        report = json.loads(replayed.stdout)["items"][0]
        self.assertEqual(report["players"]["matched"], 2)
        self.assertEqual(report["measured"]["spread"]["max"], 0)

    def wait_for_metric(self, line):
        self.api.wait_until(lambda: f"{line}\n" in self.api.call("GET", "/metrics").text, line)

    def test_who_waits_is_measured(self):
        self.wait_for_metric('gamekeeper_match_tickets_waiting{queue="casual"} 0')

        self.join("ann", "ben")

        self.wait_for_metric('gamekeeper_match_tickets_waiting{queue="casual"} 2')
        self.wait_for_metric('gamekeeper_match_ticket_steps_total{step="queued"} 2')
        self.wait_for_metric('gamekeeper_matches_total{outcome="made"} 0')


if __name__ == "__main__":
    harness.main()
