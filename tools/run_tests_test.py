#!/usr/bin/python3
"""tools/run-tests counts what passed and failed, and lets nothing that broke look like success. Its programs here are small scripts."""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import unittest

RUNNER = pathlib.Path(__file__).with_name("run-tests")
REPORT = """#!/bin/bash
for word in "$@"; do case $word in --gtest_output=json:*) report=${word#*json:} ;; esac; done
echo "output of $0"
"""


def report_of(*tests):
    cases = [{"name": name, "result": "COMPLETED", "time": "0.01s", **({} if passed else {"failures": [{"failure": "x"}]})} for name, passed in tests]
    return f"cat >\"$report\" <<'E'\n{json.dumps({'testsuites': [{'name': 'Suite', 'testsuite': cases}]})}\nE\n"


# As the end-to-end tests are: their main loop, and a thread that the main one waits for.
HANGING = f"""
import sys, threading, unittest
sys.path.insert(0, {str(RUNNER.parent.parent / "tests/e2e")!r})
import harness

def wait_for_ever():
    threading.Event().wait()

class Hanging(unittest.TestCase):
    def test_hangs(self):
        waiting = threading.Thread(target=wait_for_ever, daemon=True)
        waiting.start()
        waiting.join()

harness.main()
"""


class Runner(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="gk-runner-")
        self.addCleanup(self.directory.cleanup)
        self.build = pathlib.Path(self.directory.name)
        self.programs = self.build / "programs"
        (self.programs / "tests").mkdir(parents=True)
        (self.build / "tests").mkdir()

    def program(self, name, body, build=None):
        path = (build or self.build) / "tests" / name
        path.write_text(REPORT + body)
        path.chmod(0o755)

    def run_all(self, pattern="^try_", *options, path=os.environ["PATH"]):
        # A pattern that no registered script has: those would start this very test again.
        argv = [RUNNER, "--build", self.build, "--programs", self.programs, *options, pattern]
        done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "PATH": path}, timeout=60)
        return done.returncode, done.stdout

    def last_line(self, text):
        return text.rstrip("\n").split("\n")[-1]

    def test_passed_tests_are_added_up(self):
        self.program("try_a_test", report_of(("A", True), ("B", True)))
        self.program("try_b_test", report_of(("C", True)))

        code, text = self.run_all()

        self.assertEqual((code, self.last_line(text)), (0, "3 passed, 0 failed"))

    def test_a_simulator_runs_beside_the_scripts_and_is_counted(self):
        self.program("gk_sim_test", report_of(("Long", True)))

        code, text = self.run_all("^gk_sim_test")

        self.assertEqual((code, self.last_line(text)), (0, "1 passed, 0 failed"))

    def compiler(self, body):
        """The PATH of a machine whose build does that."""
        commands = self.build / "commands"
        commands.mkdir()
        (commands / "cmake").write_text(f"#!/bin/bash\ncd {self.build}\n{body}\n")
        (commands / "cmake").chmod(0o755)
        return f"{commands}:{os.environ['PATH']}"

    def test_programs_that_are_compiled_first_are_run(self):
        self.program("try_a_test", report_of(("A", True)))
        path = self.compiler("chmod a-x tests/try_a_test && cp -p tests/try_a_test tests/try_b_test && chmod a+x tests/try_b_test")

        code, text = self.run_all("^try_", "--compile", path=path)

        self.assertEqual((code, self.last_line(text)), (0, "1 passed, 0 failed"))
        self.assertIn("compile ", text)

    def test_a_compiler_that_fails_is_heard_and_ends_all(self):
        self.program("try_a_test", report_of(("A", True)))

        code, text = self.run_all("^try_", "--compile", path=self.compiler("echo 'no such thing'; exit 2"))

        self.assertEqual((code, self.last_line(text)), (1, "0 passed, 1 failed"))
        self.assertIn("no such thing", text)

    def test_what_is_there_optimised_too_runs_both_ways(self):
        self.program("gk_sim_test", report_of(("Long", True)))
        self.program("gk_sim_test", report_of(("Long", False)), self.programs)

        code, text = self.run_all("^gk_sim_test")

        self.assertEqual((code, self.last_line(text)), (1, "1 passed, 1 failed"))
        self.assertIn("===== optimised gk_sim_test =====", text)

    def test_a_list_of_scripts_is_run_instead_of_everything(self):
        self.program("try_a_test", report_of(("A", True)))
        listing = self.listing((self.script("a_script", "echo '2 passed, 0 failed'"), "10  # Seconds."))

        done = subprocess.run([RUNNER, "--build", self.build, "--scripts", listing], capture_output=True, text=True, timeout=60)

        self.assertEqual((done.returncode, self.last_line(done.stdout)), (0, "2 passed, 0 failed"))

    def script(self, name, body):
        path = self.build / name
        path.write_text(f"#!/bin/sh\ncd {self.build}\n{body}\n")
        path.chmod(0o755)
        return path

    def listing(self, *lines):
        path = self.build / "scripts.txt"
        path.write_text("".join(f"{script} {words}\n" for script, words in lines))
        return path

    def test_scripts_that_bear_company_run_at_a_time_and_others_behind_them(self):
        os.mkfifo(self.build / "meeting")
        listing = self.listing((self.script("alone", "test -e heard"), "10 alone"), (self.script("says", "echo x >meeting"), "10"),
                               (self.script("hears", "read x <meeting && touch heard"), "10"))

        done = subprocess.run([RUNNER, "--build", self.build, "--scripts", listing, "--at-a-time", "2"], capture_output=True, text=True, timeout=60)

        self.assertEqual((done.returncode, self.last_line(done.stdout)), (0, "3 passed, 0 failed"))

    def test_who_ends_the_runner_ends_its_scripts(self):
        os.mkfifo(self.build / "life")  # Reading it ends when the last one has ended that could write.
        listing = self.listing((self.script("long", "exec 3>life; echo x >&3; sleep 300"), "300"))
        runner = subprocess.Popen([RUNNER, "--build", self.build, "--scripts", listing], stdout=subprocess.DEVNULL)

        with open(self.build / "life") as life:
            self.assertEqual("x\n", life.readline())
            runner.terminate()
            ended, _, _ = select.select([life], [], [], 30)
            self.assertTrue(ended, "its script goes on")
            self.assertEqual("", life.readline())

        self.assertEqual(143, runner.wait(10))

    def time_out(self, text):
        """What the runner prints about a Python script that takes longer than its 5 s."""
        script = self.build / "hangs"
        script.write_text("#!/usr/bin/python3\n" + text)
        script.chmod(0o755)
        plain = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        done = subprocess.run([RUNNER, "--build", self.build, "--scripts", self.listing((script, "5"))], capture_output=True, text=True, timeout=60,
                              env=plain)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not finished after 5 s", done.stdout)
        return done

    def test_what_a_script_said_that_timed_out_is_kept(self):
        done = self.time_out("import signal\nprint('said before')\nsignal.pause()\n")

        self.assertIn("said before", done.stdout)

    def test_where_a_script_hangs_that_timed_out_is_told(self):
        done = self.time_out(HANGING)

        self.assertEqual(self.last_line(done.stdout), "0 passed, 2 failed")
        self.assertIn("in wait_for_ever\n", done.stdout, "the stack of the thread that hangs")

    def test_a_failed_test_is_named_and_its_output_shown(self):
        self.program("try_a_test", report_of(("A", True), ("B", False)) + "exit 1\n")

        code, text = self.run_all()

        self.assertEqual((code, self.last_line(text)), (1, "1 passed, 1 failed"))
        self.assertIn("FAILED Suite.B", text)
        self.assertIn("output of", text)

    def test_a_fuzz_target_is_given_its_corpus_and_is_one_test(self):
        self.program("gk_fuzz_try", 'echo "read $1"\nexit ${#1}\n')

        code, text = self.run_all("^gk_fuzz_try$")

        self.assertEqual((code, self.last_line(text)), (1, "0 passed, 1 failed"))
        self.assertIn("tests/fuzz/corpus/try", text)

    def test_a_program_that_breaks_outside_of_a_test_is_a_failure(self):
        self.program("try_a_test", report_of(("A", True)) + "kill -SEGV $$\n")

        code, text = self.run_all()

        self.assertEqual((code, self.last_line(text)), (1, "1 passed, 1 failed"))
        self.assertIn("SIGSEGV outside of any test", text)

    def test_a_program_without_any_test_is_a_failure(self):
        self.program("try_a_test", "exit 0\n")

        code, text = self.run_all()

        self.assertEqual((code, self.last_line(text)), (1, "0 passed, 1 failed"))

    def test_nothing_to_run_is_a_failure(self):
        code, text = self.run_all()

        self.assertEqual((code, self.last_line(text)), (1, "0 passed, 1 failed"))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    broken = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - broken} passed, {broken} failed", flush=True)
    sys.exit(1 if broken else 0)
