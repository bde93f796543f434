#!/usr/bin/python3
"""Games behind the edge see their players' addresses: real games, players from another machine, bans that hit one of them."""

import os
import pathlib
import re
import select
import socket
import subprocess
import tempfile
import time
import unittest

import elsewhere
import harness
from minetest_player import Player
from edge_program import PATIENCE, Edge
from test_wake import WakeCase, edges, teeworlds_token

PLAYERS = 10
ASK = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(20)
s.connect((sys.argv[1], int(sys.argv[2])))
try:
    s.send(bytes([4, 0, 0]) + bytes([255]) * 4 + bytes([5]) + b"mine" + bytes(508))
    s.recv(2048)
except (PermissionError, ConnectionRefusedError):
    sys.exit(7)
"""


class TeeworldsClient:
    """As far as the server lets somebody in: token, connect, accept. It keeps quiet then, and hears whether it is sent away."""

    CONNECT, ACCEPT, CLOSE, TOKEN = 1, 2, 4, 5

    def __init__(self, sock, door):
        self.sock, self.mine = sock, os.urandom(4)
        sock.connect(door)
        self.theirs = self.ask(b"\xff\xff\xff\xff", self.TOKEN, self.TOKEN)[:4]
        self.ask(self.theirs, self.CONNECT, self.ACCEPT)

    def ask(self, token, question, answer):
        """Again and again, as clients do: who has proved nothing is answered only so often."""
        self.sock.settimeout(0.5)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.sock.send(bytes([0x04, 0, 0]) + token + bytes([question]) + self.mine + bytes(508))
            try:
                return self.wait_for(answer)
            except TimeoutError:
                pass
        raise AssertionError(f"no answer {answer} to {question}")

    def wait_for(self, message):
        while True:
            packet = self.sock.recv(2048)
            if packet[0] & 0x04 and packet[7] == message:
                return packet[8:]

    def said_at_the_end(self):
        """Why it was sent away, if it was until now."""
        self.sock.settimeout(0)
        try:
            return self.wait_for(self.CLOSE)
        except BlockingIOError:
            return None


@unittest.skipUnless(elsewhere.is_possible(), "needs root and network namespaces")
class Transparent(WakeCase):
    def setUp(self):
        super().setUp()
        self.street = self.enterContext(elsewhere.Elsewhere(PLAYERS))

    def log_of(self, name):
        return self.keeper.cli("server", "logs", name, "--tail", "500").stdout

    def place(self, name):
        host, port = self.route(name)["upstream"].rsplit(":", 1)
        return host, int(port)

    def takes(self, command):
        """Whether the game has heard it."""
        return self.api.call("POST", "/v1/servers/arena/commands", {"command": command}).status == 200

    def test_a_ban_in_teeworlds_hits_one_of_ten(self):
        self.create("arena", "teeworlds", settings={"max_clients": 16})
        self.wait_for_route("arena", "up")
        self.assertEqual(self.api.server("arena")["source"], "player")
        door = (elsewhere.HERE_V4, self.door("arena"))
        clients = [TeeworldsClient(self.enterContext(self.street.socket(elsewhere.address(n))), door) for n in range(1, PLAYERS + 1)]
        six = TeeworldsClient(self.enterContext(self.street.socket(elsewhere.address_v6(1))), (elsewhere.HERE_V6, door[1]))

        for command in ("status", f"ban {elsewhere.address(4)} 5 test"):
            self.api.wait_until(lambda c=command: self.takes(c), f"it takes '{command}'", 30)

        clients[3].sock.settimeout(PATIENCE)
        self.assertIn(b"banned", clients[3].wait_for(TeeworldsClient.CLOSE))
        others = [c for c in clients if c is not clients[3]] + [six]
        self.assertEqual([c.said_at_the_end() for c in others], [None] * PLAYERS, "nobody else was sent away")
        # Without the console's own connection.
        seen = [one for one in re.findall(r"id=\d+ addr=([\d.]+):", self.log_of("arena")) if one != "127.0.0.1"]
        self.assertEqual(seen[:PLAYERS], [elsewhere.address(n) for n in range(1, PLAYERS + 1)])
        self.assertRegex(seen[PLAYERS], r"^2[45]\d\.\d+\.\d+\.\d+$", "who comes by IPv6 has a stand-in")

    def test_a_game_is_reached_by_its_edge_alone(self):
        self.create("arena", "teeworlds")
        self.create("tower", "teeworlds")
        self.wait_for_route("tower", "up")
        host, port = self.place("arena")
        self.assertRegex(host, r"^127\.71\.")
        self.assertNotEqual(host, self.place("tower")[0])
        past = self.enterContext(self.street.socket(elsewhere.address(1)))
        past.settimeout(PATIENCE)
        past.connect((elsewhere.HERE_V4, port))
        with self.assertRaises(ConnectionRefusedError):
            teeworlds_token(past, b"mine")

        owner = lambda name: (self.keeper.world(name).stat()).st_uid
        ask = lambda uid: subprocess.run(["python3", "-c", ASK, host, str(port)], user=uid, check=False).returncode
        self.assertEqual(ask(owner("tower")), 7, "another game may not")
        self.assertEqual(ask(owner("arena")), 0, "its own shim may")

    def test_minetest_sees_who_comes_and_a_killed_edge_comes_back_so(self):
        self.create("castle", "minetest")
        self.wait_for_route("castle", "up")
        with elsewhere.inside(self.street.name):
            anna = self.enterContext(Player("anna", elsewhere.HERE_V4, self.door("castle")))
        sees = lambda name: re.search(name + r" \[(::ffff:)?198\.51\.100\.\d+\] joins game", self.log_of("castle"))
        self.api.wait_until(lambda: sees("anna"), "the game sees where she is", 90)
        anna.close()
        (edge,) = edges(self.keeper.state)

        harness.wait_for_end(edge, 20, kill=True)

        self.api.wait_until(lambda: (now := edges(self.keeper.state)) and now != [edge], "another edge is there", 20)
        self.wait_for_route("castle", "up")
        with elsewhere.inside(self.street.name):
            self.enterContext(Player("bert", elsewhere.HERE_V4, self.door("castle")))
        self.api.wait_until(lambda: sees("bert"), "and him", 90)

    def test_who_is_banned_is_heard_by_no_game_until_he_is_let_in_again(self):
        self.create("arena", "teeworlds")
        self.wait_for_route("arena", "up")
        door = (elsewhere.HERE_V4, self.door("arena"))

        def player(number):
            one = self.enterContext(self.street.socket(elsewhere.address(number)))
            one.settimeout(PATIENCE)
            one.connect(door)
            return one

        def knock(one):
            one.send(bytes([0x04, 0, 0]) + b"\xff\xff\xff\xff" + bytes([5]) + b"mine" + bytes(508))

        def is_heard(one):
            knock(one)
            return bool(select.select([one], [], [], PATIENCE)[0])

        def is_kept_out(one):
            """Others who come after him are answered, and he is not."""
            knock(one)
            teeworlds_token(player(2), b"mine")
            return not select.select([one], [], [], 0)[0]

        def tell(*words):
            """Returns when the edge relays by what was said."""
            number = lambda: self.api.ask("GET", "/v1/edge/stats")["items"][0]["number"]
            before = number()
            said = self.keeper.cli("edge", *words).stdout
            self.api.wait_until(lambda: number() > before, f"the edge has heard: {words}")
            return said

        self.assertTrue(is_heard(player(1)))
        told = tell("ban", f"{elsewhere.address(1)}/32", "--for", "1h")
        self.assertIn(f"{elsewhere.address(1)}/32 is banned until", told)
        self.assertTrue(is_kept_out(player(1)))

        (edge,) = edges(self.keeper.state)
        self.keeper.stop()
        harness.wait_for_end(edge, 20, kill=True)
        self.keeper.start()
        self.api.wait_until(lambda: edges(self.keeper.state), "an edge is there", 20)
        self.wait_for_route("arena", "up")
        self.assertIn(f"{elsewhere.address(1)}/32", self.keeper.cli("edge", "bans").stdout)
        self.assertTrue(is_kept_out(player(1)), "neither serve nor edge has forgotten him")

        tell("unban", elsewhere.address(1))
        self.assertTrue(is_heard(player(1)))
        self.assertIn("until it is lifted", tell("ban", elsewhere.address(1)), "as nobody has said how long")
        self.assertTrue(is_kept_out(player(1)))
        wrong = self.keeper.cli("edge", "ban", "arena", check=False)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("an address or a block is expected", wrong.stderr)


class Unseen(WakeCase):
    settings = WakeCase.settings | {"EDGE_TRANSPARENT": "false"}

    def test_a_server_says_that_its_game_does_not_see_them(self):
        self.create("arena", "teeworlds")
        self.wait_for_route("arena", "up")

        self.assertEqual(self.api.server("arena")["source"], "hidden")
        self.assertIn("hidden", self.keeper.cli("server", "show", "arena").stdout)
        self.assertTrue(self.route("arena")["upstream"].startswith("127.0.0.1:"))


OWN = "127.71.0.9"
TABLE = 7100


@unittest.skipUnless(elsewhere.is_possible(), "needs root and network namespaces")
class Streams(unittest.TestCase):
    """The edge with a file of routes, both kinds of sockets, and one edge after another."""

    def setUp(self):
        self.street = self.enterContext(elsewhere.Elsewhere(2))
        rule = ("rule", "add", "from", OWN, "iif", "lo", "lookup", str(TABLE), "priority", str(TABLE))
        elsewhere.ip("route", "replace", "local", "default", "dev", "lo", "table", str(TABLE))
        elsewhere.ip(*rule)
        self.addCleanup(elsewhere.ip, *("del" if word == "add" else word for word in rule))
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gk-edge-")))

    def edge(self, table, *more):
        edge = Edge(self.folder, table, *more)
        self.addCleanup(edge.end)
        self.assertTrue(edge.is_ready())
        edge.hear("routes were taken")
        return edge

    def test_games_see_players_before_and_after_a_hand_over(self):
        listener = self.enterContext(socket.create_server((OWN, 0)))
        listener.settimeout(PATIENCE)
        game = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        game.settimeout(PATIENCE)
        game.bind((OWN, 0))
        at = lambda one: "%s:%d" % one.getsockname()
        door = (elsewhere.HERE_V4, 31999)
        common = {"server": "castle", "state": "up", "transparent": True}
        table = {"datagrams": [{**common, "listen": "%s:%d" % door, "upstream": at(game)}],
                 "streams": [{"listen": "%s:%d" % door, "routes": [{**common, "upstream": at(listener)}]}]}
        control = f"{self.folder}/control"
        self.edge(table, "--control", control)

        def talk(player, there):
            player.sendall(b"hello")
            self.assertEqual(there.recv(5), b"hello")
            there.sendall(b"welcome")
            self.assertEqual(player.recv(7), b"welcome")

        def streams(number):
            player = self.enterContext(self.street.socket(elsewhere.address(number), socket.SOCK_STREAM))
            player.settimeout(PATIENCE)
            player.connect(door)
            there, source = listener.accept()
            self.enterContext(there)
            self.assertEqual(source[0], elsewhere.address(number))
            talk(player, there)
            return player, there

        def datagrams(number, player=None):
            if player is None:
                player = self.enterContext(self.street.socket(elsewhere.address(number)))
                player.settimeout(PATIENCE)
                player.connect(door)
            player.send(b"hello")
            source = game.recvfrom(100)[1]
            self.assertEqual(source, player.getsockname(), "his port too, where it is free")
            game.sendto(b"welcome", source)
            self.assertEqual(player.recv(100), b"welcome")
            return player

        first, said = streams(1), datagrams(1)
        self.edge(table, "--control", control, "--takeover")

        talk(*first)
        datagrams(1, said)
        streams(2)
        datagrams(2)

    def test_a_game_that_is_gone_is_noticed(self):
        with socket.create_server((OWN, 0)) as gone:
            upstream = "%s:%d" % gone.getsockname()
        door = (elsewhere.HERE_V4, 31998)
        route = {"server": "castle", "state": "up", "transparent": True, "upstream": upstream}
        self.edge({"streams": [{"listen": "%s:%d" % door, "routes": [route]}]})
        player = self.enterContext(self.street.socket(elsewhere.address(1), socket.SOCK_STREAM))
        player.settimeout(PATIENCE)
        player.connect(door)
        before = time.monotonic()
        self.assertEqual(player.recv(1), b"")
        self.assertLess(time.monotonic() - before, 5, "at once, not when a connection has timed out")


if __name__ == "__main__":
    harness.main()
