#!/usr/bin/python3
"""Why a game ended: asked, crashed, out of memory and a crash loop are told apart, by intent and the kernel's own events."""

import harness


class Exits(harness.ToyCase):
    def test_an_asked_stop_is_asked_whatever_the_exit_code(self):
        self.create_toy("tower", "rude")

        self.api.verb("tower", "pause")

        exit_record = self.api.server("tower")["last_exit"]
        self.assertEqual((exit_record["cause"], exit_record["code"]), ("asked", 1))

    def test_a_game_that_ignores_everything_is_killed_at_the_end_of_the_ladder_and_still_was_asked(self):
        self.create_toy("tower", "stubborn", ignore_stop=True)

        self.api.verb("tower", "pause")

        exit_record = self.api.server("tower")["last_exit"]
        self.assertEqual((exit_record["cause"], exit_record["signal"]), ("asked", 9))

    def test_a_crash_is_saved_and_started_again(self):
        self.create_toy("tower")
        first = self.only_pid("tower")

        harness.end(first)
        self.api.wait_until(lambda: harness.game_pids("gk-toy-game") - {first}, "the toy runs again", 60)
        server = self.api.wait_for_state("tower", "running")

        self.assertEqual((server["last_exit"]["cause"], server["last_exit"]["signal"]), ("crashed", 9))
        self.assertTrue([s for s in self.api.snapshots("tower") if s["trigger"] == "crash"])

    def test_out_of_memory_is_named(self):
        self.create_toy("tower")
        self.api.ask("POST", "/v1/servers/tower/commands", {"command": "eat 2000"})

        server = self.api.wait_until(lambda: (s := self.api.server("tower"))["last_exit"] and s, "it has ended once", 60)

        self.assertEqual(server["last_exit"]["cause"], "out_of_memory")

    def test_a_game_that_crashes_again_and_again_is_saved_each_time_and_shows_its_last_lines(self):
        # That it is given up after ten times is the simulator's to show: with the back-off between them that takes ten minutes.
        self.begin_toy("tower", crash_after_ms="50")
        seen = set()

        def crashed_three_times():
            last = self.api.server("tower")["last_exit"]
            seen.update([last["at"]] if last else [])
            return len(seen) >= 3

        self.api.wait_until(crashed_three_times, "three crashes", 90)
        server = self.api.server("tower")

        self.assertEqual(server["last_exit"]["cause"], "crashed")
        self.assertIn("ready", server["last_exit"]["log_tail"])
        self.assertTrue(self.api.ask("GET", "/v1/servers/tower/explain")["lines"])


if __name__ == "__main__":
    harness.main()
