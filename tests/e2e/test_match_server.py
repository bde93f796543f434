#!/usr/bin/python3
"""The real match server, spoken to as players' clients do.

Transcripts (tests/match/transcripts) are scripts: their first line after the comments begins with `$` and holds flags and variables, each other line
is something that a player or the test does, or what a player hears. What was heard is compared with the file.
    NAME connects | NAME > text with \\r \\n \\t, `300*x`, token(PLAYER) | NAME < line or (closed) | NAME leaves | SIGTERM | exit STATUS REASON
"""

import hashlib
import hmac
import json
import os
import pathlib
import re
import resource
import shlex
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import harness
from harness import BIN, ROOT

TRANSCRIPTS = ROOT / "tests" / "match" / "transcripts"
PATIENCE = 60  # Seconds; beyond it something is broken, never slow.
FAR = 4102444800  # 2100-01-01


def token(key, session, player, expires=FAR):
    text = f"gamekeeper-join-1\n{session}\n{expires}\n{player}".encode()
    return f"{expires}.{player.encode().hex()}.{hmac.new(key.encode(), text, hashlib.sha256).hexdigest()}"


class MatchServer:
    """The program, from the moment it listens."""

    def __init__(self, *flags, **variables):
        self.log = tempfile.TemporaryFile("w+")
        environment = {"PATH": os.environ["PATH"], "PORT": "0", **variables}
        command = [BIN / "gamekeeper", "match-server", *flags]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        ready = self.process.stdout.readline()
        if not ready.startswith("ready on "):
            raise AssertionError(f"it did not begin: {ready}{self.said()}")
        self.port = int(ready.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def end(self):
        """Exit status and the reason that stands in the log."""
        status = self.process.wait(PATIENCE)
        reasons = [line["reason"] for line in map(json.loads, self.said().splitlines()) if line["event"] == "the match ended"]
        return status, " ".join(reasons)


class Person:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""

    def say(self, text):
        self.socket.sendall(text.encode())

    def hears(self):
        while b"\n" not in self.unread:
            try:
                more = self.socket.recv(4096)
            except ConnectionResetError:
                more = b""
            except TimeoutError:
                return "(nothing)"
            if not more:
                return f"(closed) {self.unread.decode()}".rstrip()
            self.unread += more
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def asks(self, line):
        self.say(line + "\n")
        return self.hears()

    def leaves(self):
        self.socket.close()


def unfolded(text, key):
    text = re.sub(r"token\((\w+)\)", lambda found: token(key, "s1", found[1]), text)
    text = re.sub(r"(\d+)\*(.)", lambda found: found[2] * int(found[1]), text)
    return text.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t")


class Play:
    """One transcript: does what it says and writes down what was heard."""

    def __init__(self, server, key):
        self.server, self.key, self.people = server, key, {}

    def line(self, line):
        words = line.split(" ", 2)
        if line == "SIGTERM":
            self.server.stop()
        elif words[0] == "exit":
            status, reason = self.server.end()
            return f"exit {status} {reason}".rstrip()
        elif words[1] == "connects":
            self.people[words[0]] = Person(self.server.port)
        elif words[1] == "leaves":
            self.people.pop(words[0]).leaves()
        elif words[1] == ">":
            self.people[words[0]].say(unfolded(words[2], self.key))
        elif words[1] == "<":
            return f"{words[0]} < {self.people[words[0]].hears()}"
        else:
            raise AssertionError(f"what is '{line}'?")
        return line

    def close(self):
        for person in self.people.values():
            person.leaves()


def played(path):
    lines = path.read_text().splitlines()
    begin = next(line for line in lines if line.startswith("$"))
    words = shlex.split(begin[1:])
    variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    flags = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    out = []
    with MatchServer(*flags, **variables) as server:
        play = Play(server, variables.get("MATCH_TOKEN_KEY", ""))
        for line in lines:
            out.append(line if line.startswith(("#", "$")) else play.line(line))
        play.close()
    return "\n".join(out) + "\n"


class Transcripts(unittest.TestCase):
    def test_each(self):
        self.maxDiff = None
        paths = sorted(TRANSCRIPTS.glob("*.txt"))
        self.assertGreater(len(paths), 5)
        for path in paths:
            with self.subTest(path.name):
                self.assertMultiLineEqual(played(path), path.read_text())


class Times(unittest.TestCase):
    def test_a_match_lasts_as_long_as_was_asked_for(self):
        with MatchServer("--session", "s1") as server:
            ada = Person(server.port)
            begun = time.monotonic()
            ada.asks("REQUEST_MATCH 2")
            self.assertEqual(ada.hears(), "STATE running")
            self.assertEqual(ada.hears(), "STATE stop")
            self.assertGreater(time.monotonic() - begun, 1.99)
            ada.leaves()
            self.assertEqual(server.end(), (0, "length_over"))

    def test_whoever_stays_connected_does_not_hold_the_end_up(self):
        with MatchServer("--session", "s1") as server:
            ada = Person(server.port)
            ada.asks("GET_STATE")
            server.stop()
            self.assertEqual(server.end(), (0, "asked"))
            ada.leaves()


class Readers(unittest.TestCase):
    def test_who_does_not_read_is_dropped_and_nobody_else_notices(self):
        with MatchServer("--session", "s1") as server:
            ada = Person(server.port)
            ada.asks("GET_STATE")
            slow = Person(server.port)
            with self.assertRaises((ConnectionResetError, BrokenPipeError)):
                for _ in range(20_000):
                    slow.say("\n" * 1000)
            self.assertEqual(ada.asks("GET_STATE"), "STATE open")
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            self.assertLess(int(re.search(r"VmHWM:\s+(\d+)", status)[1]), 80_000, "KiB: what it is told to keep is bounded")
            ada.leaves()
            slow.leaves()

    def test_two_thousand_in_one_process(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        with MatchServer("--session", "s1", "--clients-max", "2000") as server:
            people = [Person(server.port) for _ in range(2000)]
            for person in people:
                person.say("GET_STATE\n")
            self.assertEqual({person.hears() for person in people}, {"STATE open"})
            self.assertEqual(people[0].asks("REQUEST_MATCH 60"), "RUNNING_LENGTH 60")
            self.assertEqual({person.hears() for person in people}, {"STATE running"})
            threads = len(os.listdir(f"/proc/{server.process.pid}/task"))
            server.stop()
            self.assertEqual({person.hears() for person in people}, {"STATE stop"})
            for person in people:
                person.leaves()
            self.assertEqual(server.end(), (0, "asked"))
            self.assertLessEqual(threads, 2)


class Beginnings(unittest.TestCase):
    def refused(self, *flags, **variables):
        environment = {"PATH": os.environ["PATH"], **variables}
        done = subprocess.run([BIN / "gamekeeper", "match-server", *flags], env=environment, capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stderr

    def test_mistakes_end_with_their_name_and_status_2(self):
        for said, variables in (
            ("SESSION_ID", {}),
            ("SESSION_ID", {"SESSION_ID": "a b"}),
            ("PLAYERS", {"SESSION_ID": "a", "PLAYERS": "ada"}),
            ("PORT", {"SESSION_ID": "a", "PORT": "x"}),
            ("MATCH_TOKEN_KEY", {"SESSION_ID": "a", "MATCH_TOKEN_KEY": "short"}),
        ):
            status, text = self.refused(**variables)
            self.assertEqual(status, 2, text)
            self.assertIn(said, text)

    def test_a_port_that_is_taken_is_named(self):
        with MatchServer("--session", "s1") as server:
            status, text = self.refused("--session", "s2", "--port", str(server.port))
            self.assertEqual(status, 1)
            self.assertIn(f"0.0.0.0:{server.port}", text)

    def test_variables_are_those_of_the_original(self):
        with MatchServer(SESSION_ID="s1", PLAYERS='["ada"]') as server:
            ada, bob = Person(server.port), Person(server.port)
            self.assertEqual(ada.asks("GET_STATE"), "STATE open")
            self.assertEqual(bob.hears(), "FULL")
            ada.leaves()
            bob.leaves()
            server.stop()
            self.assertEqual(server.end(), (0, "asked"))


class AsAGame(harness.Case):
    def test_it_runs_in_the_sandbox_as_any_game(self):
        settings = {"session": "s1", "players": '["ada"]', "token_key": "0123456789abcdef"}
        server = self.create("arena", "match-server", settings=settings, resources={"cpu_millis": 100, "memory_mib": 32, "disk_mib": 16})
        (endpoint,) = [e for e in server["endpoints"] if e["role"] == "game"]

        ada = Person(endpoint["port"])
        self.assertEqual(ada.asks("TOKEN " + token("0123456789abcdef", "s1", "ada")), "TOKEN ok")
        self.assertEqual(ada.asks("REQUEST_MATCH 300"), "RUNNING_LENGTH 300")
        self.assertEqual(ada.hears(), "STATE running")
        pausing = self.api.begin("POST", "/v1/servers/arena/pause", {})
        self.assertEqual(ada.hears(), "STATE stop")
        ada.leaves()
        self.assertEqual(self.api.finish(pausing)["status"], "succeeded")


if __name__ == "__main__":
    harness.main()
