"""Starts a real Gamekeeper in a directory of its own, as root, and leaves nothing behind.

A test class derives from `Case`; `self.keeper` is a fresh installation. Release programs are taken from $GK_TEST_BIN (tools/run-tests sets it)
or build/release/bin.
"""

import faulthandler
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from client import Client, OperationFailed
from leftovers import LastResort, Leftovers
from processes import UID_BASE, command_line, end, game_pids, pids, uid_of, wait_for_end  # Also for the scripts.

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("GK_TEST_BIN", ROOT / "build/release/bin"))
PORTS = (22000 + os.getpid() % 40 * 250, 22249 + os.getpid() % 40 * 250)


class Gamekeeper:
    """One installation: a state directory, and the control plane over it while it is up."""

    present = set()
    last_resort = None

    def __init__(self, state=None, **settings):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-e2e-"))
        os.chmod(self.home, 0o755)
        self.state = pathlib.Path(state) if state else self.home / "state"
        self.settings = settings  # Environment names without GK_: API_LISTEN="127.0.0.1:0".
        self.log_path = self.home / "serve.log"
        self.process = None
        Gamekeeper.present.add(self)
        Gamekeeper.last_resort = Gamekeeper.last_resort or LastResort()
        Gamekeeper.last_resort.watch(self.state, self.home)

    @property
    def socket(self):
        return self.state / "api.sock"

    @property
    def api(self):
        return Client(self.socket)

    def environment(self):
        plain = {key: value for key, value in os.environ.items() if not key.startswith("GK_")}
        ours = {"API_LISTEN": "127.0.0.1:0", "MACHINE_UID_BASE": UID_BASE, "PORTS_FIRST": PORTS[0], "PORTS_LAST": PORTS[1], **self.settings}
        return plain | {f"GK_{key}": str(value) for key, value in ours.items()}

    def start(self, seconds=30):
        """Returns the seconds until the API answered."""
        begun = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BIN / "gamekeeper", "serve", "--state", self.state], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment(), start_new_session=True)
        while not self.answers():
            # Waits for the end of the process, which would be the news; else asks again.
            if self.ended(0.02) or time.monotonic() - begun > seconds:
                raise AssertionError(f"gamekeeper serve does not answer; its log:\n{self.log()[-4000:]}")
        return time.monotonic() - begun

    def answers(self):
        try:
            return self.api.call("GET", "/healthz", timeout=5).status == 200
        except OSError:
            return False

    def ended(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def kill(self):
        """As a power cut does it to the control plane alone: no goodbye."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """In order; the games run on."""
        self.process.terminate()
        if not self.ended(30):
            raise AssertionError(f"gamekeeper serve does not end on SIGTERM; its log:\n{self.log()[-4000:]}")
        return self.process.returncode

    def wait_for_launcher(self, seconds=10):
        """The launcher ends by itself when serve is gone, after it has put away what nobody uses."""
        for pid in pids():
            if f"gamekeeper serve --state {self.state}" in command_line(pid):
                wait_for_end(pid, seconds)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def cli(self, *arguments, check=True, timeout=120):
        command = [BIN / "gamekeeper", "--state", self.state, "--socket", self.socket, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, env=self.environment())
        if check and done.returncode != 0:
            raise AssertionError(f"gamekeeper {' '.join(map(str, arguments))}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def world(self, name):
        """Where the files of a server's world lie while its disk is there."""
        return self.state / "servers" / self.api.server(name)["uid"] / "live" / "data"

    def own(self, name, *paths):
        """Gives files that the test wrote into a world to whom the world belongs."""
        owner = self.world(name).stat()
        for path in paths:
            for found in [path, *path.rglob("*")]:
                os.chown(found, owner.st_uid, owner.st_gid)

    def break_vault(self):
        """Nobody but root may write there; the control plane is not root. There is a vault from the first backup on."""
        vault = self.state / "vault"
        self.vault_owner = vault.stat()
        for path in [vault, *vault.rglob("*")]:
            if path.is_dir():
                os.chown(path, 0, 0)
                os.chmod(path, 0o500)

    def mend_vault(self):
        vault = self.state / "vault"
        for path in [vault, *vault.rglob("*")]:
            if path.is_dir():
                os.chown(path, self.vault_owner.st_uid, self.vault_owner.st_gid)
                os.chmod(path, 0o700)

    def clean_up(self):
        """Ends and removes everything of this installation, in order when it can, by force when not; returns what it had to force."""
        forced = []
        if self.process and self.process.poll() is None and self.answers():
            forced += [f"folder {path}" for path in self.delete_servers()]
        if self.process and self.process.poll() is None:
            self.process.terminate()
            if not self.ended(20):
                self.process.kill()
                self.process.wait()
        self.wait_for_launcher()
        found = Leftovers(self.state)
        forced += found.describe()
        found.remove()
        shutil.rmtree(self.home, ignore_errors=True)
        Gamekeeper.present.discard(self)
        Gamekeeper.last_resort.release(self.state, self.home)
        return forced

    def delete_servers(self):
        """Returns folders of servers that are still there then."""
        try:
            begun = []
            for server in self.api.ask("GET", "/v1/servers?limit=1000")["items"]:
                name = server["id"]
                begun.append(self.api.begin("DELETE", f"/v1/servers/{name}?namespace={server['namespace']}&purge={name}&force={name}"))
            for operation in begun:
                self.api.finish(operation, 300)  # Each is saved before it goes, and a repository is made for each first.
        except (AssertionError, OSError) as error:
            print(f"clean-up: {error}", file=sys.stderr)
        return list((self.state / "servers").glob("*-*"))


class Case(unittest.TestCase):
    """A test with an installation of its own. `settings` are configuration keys as environment names without GK_."""

    settings = {}

    def setUp(self):
        if os.geteuid() != 0:
            self.fail("end-to-end tests start real sandboxes: run them as root")
        self.keeper = self.installation()
        self.addCleanup(self.leave_nothing)
        self.keeper.start()
        self.api = self.keeper.api

    def installation(self):
        return Gamekeeper(**self.settings)

    def leave_nothing(self):
        # doCleanups runs after the test's own verdict: show the log only when that was bad.
        log = self.keeper.log()
        forced = self.keeper.clean_up()
        bad = any(test is self for test, _ in self._outcome.result.failures + self._outcome.result.errors)
        if bad or forced:
            print(f"--- end of serve's log\n{log[-6000:]}", file=sys.stderr)
        self.assertEqual(forced, [], "this was left behind and had to be removed by force")

    def create(self, name, game, start=True, seconds=120, **more):
        """Creates a server, starts it and returns its object."""
        self.api.operate("POST", "/v1/servers", {"id": name, "game": game, "start": start, **more}, seconds)
        return self.api.server(name)

    def folders(self):
        """Of everything that runs or rests on this machine."""
        return set((self.keeper.state / "servers").glob("*-*"))

    def end_matches(self, besides=frozenset()):
        """Their servers end with them; waits until nothing of any is left."""
        for match in self.api.ask("GET", "/v1/matches?live=true&limit=1000")["items"]:
            self.api.ask("POST", f"/v1/matches/{match['id']}/end", {})
        deadline = time.monotonic() + 60
        while left := self.folders() - besides:
            self.assertLess(time.monotonic(), deadline, f"left of matches that are over: {left}")
            self.assertFalse(self.keeper.ended(0.1), "serve has ended")  # Which would be the news.

    def newest_snapshot(self, name, **wanted):
        found = [s for s in self.api.snapshots(name) if all(s[key] == value for key, value in wanted.items())]
        self.assertTrue(found, f"no snapshot with {wanted} among {self.api.snapshots(name)}")
        return found[0]


# Variants of the toy by how they end: asked nicely; with status 1 although asked; after five seconds of patience, by SIGKILL.
TOYS = {
    "toy": "[{command: stop, wait: 5s}, {signal: SIGTERM, wait: 2s}]",
    "rude": "[{command: exit 1, wait: 5s}]",
    "stubborn": "[{signal: SIGTERM, wait: 5s}]",
}


class ToyCase(Case):
    """Tests with the toy game, whose behaviour is a matter of settings and variants."""

    def installation(self):
        """A fresh one that knows the toy game; its program lies where games' files may lie."""
        keeper = Gamekeeper(**self.settings)
        games = keeper.state / "games"
        (games / "toy").mkdir(parents=True)
        shutil.copy(BIN / "gk-toy-game", games / "toy" / "gk-toy-game")
        definition = (ROOT / "tests/e2e/toy.yaml").read_text().replace("@FOLDER@", str(games / "toy"))
        for name, ladder in TOYS.items():
            (games / f"{name}.yaml").write_text(definition.replace("@NAME@", name).replace("@STOP@", ladder))
        for path in (keeper.state, games, games / "toy"):
            os.chmod(path, 0o755)
        return keeper

    def begin_toy(self, name, game="toy", **settings):
        size = {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}
        return self.api.begin("POST", "/v1/servers", {"id": name, "game": game, "start": True, "settings": settings, "resources": size})

    def create_toy(self, name, game="toy", seconds=120, **settings):
        operation = self.api.finish(self.begin_toy(name, game, **settings), seconds)
        if operation["status"] != "succeeded":
            raise OperationFailed(operation)
        return self.api.server(name)

    def only_pid(self, name):
        found = game_pids("gk-toy-game")
        self.assertEqual(len(found), 1, f"one process of {name}")
        return next(iter(found))

    def write_world(self, name, path, text):
        file = self.keeper.world(name) / path
        file.write_text(text)
        self.keeper.own(name, file)


def interrupted(*_):
    """The time is over: what the installations said last, before anything is cleaned up."""
    for keeper in list(Gamekeeper.present):
        print(f"--- end of the log of {keeper.state}\n{keeper.log()[-6000:]}", file=sys.stderr, flush=True)
    raise KeyboardInterrupt


def main():
    """Runs the tests of the script that calls it; its last line is what tools/run-tests reads."""
    # A time-out of the runner, or Ctrl-C, must not leave games and mounts behind. unittest itself runs no clean-ups then. Where every thread was is
    # said first, also when the main one would not hear of it.
    signal.signal(signal.SIGTERM, interrupted)
    faulthandler.register(signal.SIGTERM, chain=True)
    try:
        result = unittest.main(module="__main__", exit=False, verbosity=2).result
    except KeyboardInterrupt:
        for keeper in list(Gamekeeper.present):
            keeper.clean_up()
        print("0 passed, 1 failed", flush=True)
        sys.exit(1)
    # One test may fail more than once: in some of its parts, and in its clean-up.
    broken = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    sys.stderr.flush()
    print(f"{result.testsRun - broken} passed, {broken} failed", flush=True)
    sys.exit(1 if broken or result.testsRun == 0 else 0)
