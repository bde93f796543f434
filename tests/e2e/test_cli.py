#!/usr/bin/python3
"""The command line as people and scripts use it: what it prints word by word, at a terminal and in a pipe, and its exit codes."""

import json
import re
import shlex
import signal
import subprocess

import harness
import transcript
from terminal import Terminal

OK, FAILED, USAGE, NOT_FOUND, REFUSED, UNREACHABLE, TIMEOUT = range(7)
SMALL = ["--cpu", "100", "--memory", "64", "--disk", "64"]


class CommandLine(harness.ToyCase):
    def status(self, *arguments):
        return self.keeper.cli(*arguments, check=False).returncode

    def argv(self, *arguments):
        return [harness.BIN / "gamekeeper", "--state", self.keeper.state, "--socket", self.keeper.socket, *arguments]

    def terminal(self, *arguments, **environment):
        return Terminal(self.argv(*arguments), self.keeper.environment() | environment)

    def test_a_day_with_it(self):
        transcript.check(self, self.keeper, "day")

    def test_errors_say_cause_and_cure(self):
        transcript.check(self, self.keeper, "errors")

    def test_games_packages_and_keys(self):
        transcript.check(self, self.keeper, "catalog")

    def test_the_commands_of_the_readme(self):
        readme = (harness.ROOT / "README.md").read_text()
        commands = [line for line in re.findall(r"^gamekeeper (server .*)$", readme, re.MULTILINE)]
        self.assertGreater(len(commands), 5)

        for command in commands:
            words = shlex.split(command.replace("--game minetest", "--game toy"))
            if words[1] == "create":
                words += SMALL
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
        self.assertEqual(self.status("server", "pause", "tower", "--timeout", "0s"), TIMEOUT)
        self.api.wait_for_state("tower", "paused")
        self.keeper.stop()
        self.assertEqual(self.status("server", "list"), UNREACHABLE)
        self.keeper.start()

    def test_an_operation_that_fails_exits_with_1_and_says_how_to_learn_more(self):
        self.create_toy("tower")
        self.keeper.cli("server", "backup", "tower")
        vault = self.keeper.state / "vault"
        vault.rename(self.keeper.home / "elsewhere")
        vault.write_text("in the way")

        done = self.keeper.cli("server", "pause", "tower", check=False)

        vault.unlink()
        (self.keeper.home / "elsewhere").rename(vault)
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertRegex(done.stderr, r"probe vault +failed after")
        self.assertIn("gamekeeper server explain tower", done.stderr)
        self.assertEqual(self.api.server("tower")["state"], "running", "nothing is stopped that cannot be saved")

    def test_labels_are_changed_one_by_one_and_shown(self):
        self.create_toy("tower")
        self.keeper.cli("server", "set", "tower", "--label", "owner=anna", "--label", "tier=gold")

        self.keeper.cli("server", "set", "tower", "--label", "tier-", "--label", "team=red")

        self.assertEqual(self.api.server("tower")["labels"], {"owner": "anna", "team": "red"})
        self.assertIn("labels         owner=anna\n               team=red\n", self.keeper.cli("server", "show", "tower").stdout)

    def test_json_is_the_object_of_the_api(self):
        self.create_toy("tower")

        shown = json.loads(self.keeper.cli("-o", "json", "server", "show", "tower").stdout)
        listed = json.loads(self.keeper.cli("-o", "json", "server", "list").stdout)

        self.assertEqual(shown["uid"], self.api.server("tower")["uid"])
        self.assertEqual([server["uid"] for server in listed["items"]], [shown["uid"]])
        self.assertIsNone(listed["next_cursor"])

    def test_no_wait_returns_with_the_operation_under_way(self):
        self.create_toy("tower")

        done = self.keeper.cli("-o", "json", "server", "pause", "tower", "--no-wait")

        operation = self.api.finish(json.loads(done.stdout))
        self.assertEqual(operation["status"], "succeeded")

    def test_a_terminal_shows_the_step_under_way_and_colours_unless_they_are_refused(self):
        self.create_toy("tower")

        pause = self.terminal("server", "pause", "tower")
        self.assertEqual(pause.finish(), OK, pause.shown)
        painted, plain = self.terminal("server", "list"), self.terminal("server", "list", NO_COLOR="1")
        painted.finish()
        plain.finish()

        self.assertRegex(pause.shown, r"\r\x1b\[K  [a-z ]+ \.\.\.")
        self.assertRegex(pause.text, r"snapshot at rest +[0-9.]+ m?s")
        self.assertIn("\x1b[", painted.shown)
        self.assertNotIn("\x1b[", plain.shown)
        self.assertEqual(painted.text, plain.text)

    def test_ctrl_c_leaves_the_operation_running_and_says_how_to_follow_it(self):
        self.create_toy("tower")

        pause = self.terminal("server", "pause", "tower")
        pause.read_until("snapshot running ...")  # The first one makes the repository, which takes a while.
        pause.type("\x03")
        status = pause.finish()

        self.assertEqual(status, 128 + signal.SIGINT)
        follow = re.search(r"gamekeeper (operation show \S+)", pause.text)
        self.assertIsNotNone(follow, pause.text)
        self.keeper.cli(*follow[1].split())
        self.assertEqual(self.api.server("tower")["state"], "paused")

    def test_deleting_asks_at_a_terminal_and_wants_yes_without_one(self):
        self.create_toy("tower")

        self.assertEqual(self.status("server", "delete", "tower"), USAGE)
        refused = self.terminal("server", "delete", "tower", "--purge")
        refused.read_until("ALL ITS BACKUPS? Type its name to go on: ")
        refused.type("yes\n")
        self.assertEqual(refused.finish(), FAILED)
        self.assertEqual(self.api.server("tower")["state"], "running")
        agreed = self.terminal("server", "delete", "tower")
        agreed.read_until("Type its name to go on: ")
        agreed.type("tower\n")
        self.assertEqual(agreed.finish(), OK, agreed.text)

        self.assertEqual(self.status("server", "show", "tower"), NOT_FOUND)

    def test_a_log_is_followed_through_a_restart_of_the_control_plane(self):
        self.create_toy("tower")
        follow = self.terminal("server", "logs", "tower", "-f")
        follow.read_until("ready")

        self.keeper.stop()
        self.keeper.start()
        self.keeper.cli("server", "command", "tower", "say", "still here")

        follow.read_until("still here")
        self.assertEqual(follow.text.count("ready"), 1, "no line is shown twice")
        self.keeper.cli("server", "delete", "tower", "--purge", "--yes")
        self.assertEqual(follow.finish(), OK, follow.text)

    def test_a_log_is_followed_through_a_restart_of_the_game_and_ends_with_its_server(self):
        self.create_toy("tower")

        follow = self.terminal("server", "logs", "tower", "-f")
        follow.read_until("ready")
        self.keeper.cli("server", "command", "tower", "say", "first run")
        follow.read_until("first run")
        self.keeper.cli("server", "restart", "tower")
        self.keeper.cli("server", "command", "tower", "say", "second run")
        follow.read_until("second run")
        self.keeper.cli("server", "delete", "tower", "--purge", "--yes")

        self.assertEqual(follow.finish(), OK, follow.text)
        self.assertEqual(follow.text.count("ready"), 2)

    def test_a_key_is_shown_once_and_opens_the_api_until_it_is_revoked(self):
        made = json.loads(self.keeper.cli("-o", "json", "key", "create", "ci").stdout)
        url = re.search(r"http://[0-9.:]+", self.keeper.log())[0]

        def status():
            return self.keeper_at(url, made["key"]).returncode

        self.assertEqual(status(), OK)
        self.assertNotIn(made["key"], self.keeper.cli("-o", "json", "key", "list").stdout)
        self.keeper.cli("key", "revoke", made["id"])
        self.assertEqual(status(), REFUSED)

    def keeper_at(self, url, key):
        argv = [harness.BIN / "gamekeeper", "server", "list"]
        return subprocess.run(argv, env=self.keeper.environment() | {"GK_URL": url, "GK_KEY": key}, capture_output=True, text=True, timeout=30)

    def test_a_place_where_nobody_answers_is_named_with_the_cure(self):
        done = self.keeper_at("http://127.0.0.1:1", "gk_x")

        self.assertEqual(done.returncode, UNREACHABLE)
        self.assertIn("http://127.0.0.1:1", done.stderr)
        self.assertIn("gamekeeper serve", done.stderr)
        self.assertEqual(self.keeper_at("nonsense", "gk_x").returncode, USAGE)

    def test_bash_completes_commands_names_and_values(self):
        self.create_toy("tower")
        script = f'eval "$(gamekeeper completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gamekeeper; printf "%s\\n" "${{COMPREPLY[@]}}"'

        def completed(*words):
            argv = ["bash", "-c", script, "bash", "gamekeeper", "--state", self.keeper.state, *words]
            environment = self.keeper.environment()
            environment["PATH"] = f"{harness.BIN}:{environment['PATH']}"
            return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout.split()

        self.assertEqual(completed("ser"), ["serve", "server"])
        self.assertEqual(completed("server", "pau"), ["pause"])
        self.assertEqual(completed("server", "pause", ""), ["tower"])
        self.assertEqual(completed("server", "create", "x", "--game", "st"), ["stubborn"])
        self.assertEqual(completed("server", "delete", "tower", "--pu"), ["--purge"])

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
