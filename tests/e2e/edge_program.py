"""`gamekeeper edge` with a file of routes, and players and games made of sockets, for whoever tests it."""

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import BIN

PATIENCE = 60  # Seconds; beyond it something is broken, never slow.


def udp():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(PATIENCE)
    one.bind(("127.0.0.1", 0))
    return one


def tcp():
    one = socket.create_server(("127.0.0.1", 0))
    one.settimeout(PATIENCE)
    return one


def place(one):
    return "%s:%d" % one.getsockname()


def free(make):
    """An address that was free a moment ago."""
    with make() as one:
        return one.getsockname()


def free_for_both():
    """A port that was free a moment ago for datagrams and for streams, at every address: connections that have ended keep theirs for a minute."""
    while True:
        with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as streams, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as datagrams:
            port = streams.getsockname()[1]
            with contextlib.suppress(OSError):
                datagrams.bind(("::", port))
                return port


class Edge:
    """The program, from the moment it listens."""

    def __init__(self, folder, table, *more, routes=None):
        """`routes`: how it is told them, instead of by a file with the table."""
        self.file = folder / "routes.json"
        self.write(table)
        command = [BIN / "gamekeeper", "edge", *(routes or ["--routes", self.file]), *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.unread = ""

    def write(self, table):
        self.file.write_text(json.dumps({"epoch": 1, "number": 1, "datagrams": [], "streams": [], **table}))

    def is_ready(self):
        return self.process.stdout.readline() == "ready\n"

    def hear(self, *words):
        """The next line of its log with one of the words."""
        while True:
            line, newline, rest = self.unread.partition("\n")
            if newline:
                self.unread = rest
                if any(word in line for word in words):
                    return line
                continue
            if not select.select([self.process.stderr], [], [], PATIENCE)[0]:
                raise AssertionError(f"it did not say {words}")
            came = os.read(self.process.stderr.fileno(), 65536).decode()
            if not came:
                raise AssertionError(f"it ended without saying {words}")
            self.unread += came

    def read_again(self, table):
        """What it says came of it."""
        self.write(table)
        self.process.send_signal(signal.SIGHUP)
        return self.hear("routes were taken", "new routes were not taken")

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


class WithEdge(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gk-edge-")))
        self.game = self.enterContext(udp())
        self.player = self.enterContext(udp())
        self.door = free(udp)

    def edge(self, table, *more):
        edge = Edge(self.folder, table, *more)
        self.addCleanup(edge.end)
        return edge

    def running_edge(self, table, *more):
        edge = self.edge(table, *more)
        self.assertTrue(edge.is_ready())
        edge.hear("routes were taken")
        return edge

    def castle(self, **more):
        return {"server": "castle", "listen": "%s:%d" % self.door, "state": "up", "upstream": place(self.game), **more}

    def ask(self, text):
        """The player's datagram at the game, and from where it came."""
        self.player.sendto(text, self.door)
        came, source = self.game.recvfrom(100)
        self.assertEqual(came, text)
        return source
