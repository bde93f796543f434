#!/usr/bin/python3
"""The command line as people and scripts use it: every command of the README, and the documented exit codes."""

import json
import re

import harness

OK, FAILED, USAGE, NOT_FOUND, REFUSED, UNREACHABLE = range(6)


class CommandLine(harness.ToyCase):
    def status(self, *arguments):
        return self.keeper.cli(*arguments, check=False).returncode

    def test_the_commands_of_the_readme(self):
        readme = (harness.ROOT / "README.md").read_text()
        commands = [line for line in re.findall(r"^gamekeeper (server .*)$", readme, re.MULTILINE)]
        self.assertGreater(len(commands), 5)

        for command in commands:
            words = command.replace("--game minetest", "--game toy").split()
            if words[1] == "create":
                words += ["--cpu", "100", "--memory", "64", "--disk", "64"]
            if words[-1] == "-f":
                words.pop()  # Would follow for ever.
            if words[-1] == "SNAPSHOT":
                words[-1] = "latest"
            self.keeper.cli(*words)

    def test_exit_codes_are_as_documented(self):
        self.create_toy("tower")

        self.assertEqual(self.status("server", "show", "tower"), OK)
        self.assertEqual(self.status("server", "frobnicate"), USAGE)
        self.assertEqual(self.status("server", "show", "nobody"), NOT_FOUND)
        self.assertEqual(self.status("server", "create", "tower", "--game", "toy"), REFUSED)
        self.keeper.stop()
        self.assertEqual(self.status("server", "list"), UNREACHABLE)
        self.keeper.start()

    def test_json_is_the_object_of_the_api(self):
        self.create_toy("tower")

        shown = json.loads(self.keeper.cli("-o", "json", "server", "show", "tower").stdout)

        self.assertEqual(shown["uid"], self.api.server("tower")["uid"])

    def test_long_work_shows_its_steps_and_their_times(self):
        self.create_toy("tower")

        done = self.keeper.cli("server", "pause", "tower", "--timings")

        self.assertRegex(done.stdout + done.stderr, r"\d+ ms")
        self.assertNotIn("\r", done.stdout + done.stderr, "plain lines in a pipe")

    def test_no_wait_returns_with_the_operation_under_way(self):
        self.create_toy("tower")

        done = self.keeper.cli("-o", "json", "server", "pause", "tower", "--no-wait")

        operation = self.api.finish(json.loads(done.stdout))
        self.assertEqual(operation["status"], "succeeded")

    def test_errors_name_the_field_and_the_cure(self):
        done = self.keeper.cli("server", "create", "tower", "--game", "toy", "--set", "motto=hello", check=False)

        self.assertEqual(done.returncode, USAGE)
        self.assertIn("motto", done.stderr)
        self.assertIn("motd", done.stderr, "did you mean")

    def test_deleting_asks_or_wants_yes(self):
        self.create_toy("tower")

        self.assertEqual(self.status("server", "delete", "tower"), USAGE)
        self.keeper.cli("server", "delete", "tower", "--purge", "--yes")

        self.assertEqual(self.status("server", "show", "tower"), NOT_FOUND)

    def test_a_bad_game_is_told_with_line_and_column(self):
        path = self.keeper.home / "bad.yaml"
        path.write_text("name: bad\ntitle: Bad\nprots: []\n")

        done = self.keeper.cli("game", "check", path, check=False)

        self.assertNotEqual(done.returncode, OK)
        self.assertRegex(done.stdout + done.stderr, r"bad\.yaml:3:\d+: .*prots")

    def test_doctor_says_what_the_machine_has(self):
        done = self.keeper.cli("doctor", check=False)

        self.assertRegex(done.stdout + done.stderr, r"cgroup")


if __name__ == "__main__":
    harness.main()
