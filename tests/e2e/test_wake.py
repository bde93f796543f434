#!/usr/bin/python3
"""Worlds behind the edge: they sleep, players knock with the games' own clients, and a control plane that is away is no player's concern."""

import datetime
import json
import os
import re
import select
import signal
import socket
import subprocess
from concurrent import futures

import harness
import openarena_player
import player
from minetest_player import Player

HERE = "127.0.0.1"


def edges(state):
    """The processes that relay for this installation."""
    return [pid for pid in harness.pids() if f"--state {state}/edge" in harness.command_line(pid)]


def wait_for_text(path, text, seconds):
    """True once the file holds it. It is read again whenever it has grown."""
    with subprocess.Popen(["tail", "-n", "+1", "-F", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tail:
        try:
            seen = b""
            while select.select([tail.stdout], [], [], seconds)[0]:
                came = os.read(tail.stdout.fileno(), 65536)
                seen += came
                if text.encode() in seen:
                    return True
                if not came:
                    return False
            return False
        finally:
            tail.kill()


def text_at(packet):
    """The text that ends with a NUL there, behind the packed number of the answer."""
    return packet[1:packet.index(b"\0")].decode()


def teeworlds_token(sock, mine):
    """Asks for the token that everything else needs; the answer is no larger than the question."""
    sock.send(bytes([0x04, 0, 0]) + b"\xff\xff\xff\xff" + bytes([5]) + mine + bytes(508))
    return sock.recv(2048)[8:12]


def teeworlds_info(sock, mine, theirs):
    sock.send(bytes([0x21]) + theirs + mine + b"\xff\xff\xff\xff" + b"gie3" + bytes([1]))
    while True:
        packet = sock.recv(2048)
        at = packet.find(b"inf3")
        if at >= 0:
            return packet[at + 4:]


class WakeCase(harness.Case):
    settings = {"EDGE_ENABLED": "true", "EDGE_PORTS": harness.PORTS[0] - 10000, "EDGE_LOOPS": 2}

    def leave_nothing(self):
        """The edge is made to outlive its control plane: here it is ended once that has gone."""
        if self.keeper.process.poll() is None:
            self.keeper.delete_servers()
            self.keeper.stop()
        for pid in edges(self.keeper.state):
            os.kill(pid, signal.SIGTERM)
            harness.wait_for_end(pid, 20)
        super().leave_nothing()

    def door(self, name):
        (endpoint,) = [e for e in self.api.server(name)["endpoints"] if e["role"] == "game"]
        return endpoint["port"]

    def route(self, name):
        found = [r for r in self.api.ask("GET", "/v1/edge/routes")["items"] if r["server"] == name]
        return found[0] if found else None

    def wait_for_route(self, name, state, seconds=60):
        self.api.wait_until(lambda: (r := self.route(name)) and r["state"] == state, f"the route of {name} is {state}", seconds)
        # Told is not yet heard: the edge says by which table it relays.
        self.api.wait_until(lambda: (e := self.api.ask("GET", "/v1/edge/stats")["items"]) and all(one["is_current"] for one in e),
                            "the edge relays by it", seconds)

    def put_to_sleep(self, name, game, **more):
        self.create(name, game, **more)
        self.api.verb(name, "pause")
        self.wait_for_route(name, "asleep")

    def wait_for_face(self, name):
        """Until the edge has seen what the game tells lists of servers; returns that."""
        kept = self.keeper.state / "edge" / "faces.json"

        def seen():
            try:
                faces = json.loads(kept.read_text())
            except FileNotFoundError:
                return None
            return next((face for key, face in faces.items() if key.startswith(f"{name} ")), None)

        return self.api.wait_until(seen, f"the edge has seen {name}", 60)

    def starts(self, name):
        return [o for o in self.api.ask("GET", f"/v1/operations?server={name}&limit=100")["items"] if o["verb"] == "start"]

    def join(self, name, player, seconds=90):
        """The real client, from its first packet until the game lists it."""
        with Player(player, HERE, self.door(name)) as client:
            try:
                self.api.wait_until(lambda: player in self.api.server(name)["players"]["names"], f"{player} plays", seconds)
            except AssertionError as error:
                said = f"--- the client said:\n{client.log()[-2000:]}\n--- the edge said:\n{self.edge_log()[-3000:]}"
                raise AssertionError(f"{error}\n{said}") from None

    def assert_is_traced(self, name, trace):
        """From her first packet to the first that was relayed, by one name everywhere."""
        self.assertRegex(trace, "^[0-9a-f]{16}$")
        told = lambda: "\n".join(self.api.ask("GET", f"/v1/servers/{name}/explain")["lines"])
        self.api.wait_until(lambda: "first byte relayed" in told(), "the edge has said when it relayed first", 30)
        (story,) = re.findall(rf"Trace {trace}: first packet ([0-9:.]+), asked ([0-9:.]+), ready ([0-9:.]+), first byte relayed ([0-9:.]+) ", told())
        at = [datetime.datetime.strptime(text, "%H:%M:%S.%f") for text in story]
        # Two processes tell it, each by a clock of its own that counts whole milliseconds.
        for earlier, later in zip(at, at[1:]):
            self.assertLessEqual(earlier, later + datetime.timedelta(milliseconds=5), story)
        self.assertIn(f"trace {trace}", self.starts(name)[0]["cause"])
        self.assertIn(f"trace {trace}", self.keeper.cli("server", "show", name).stdout)
        for log in (self.edge_log(), self.keeper.log()):
            self.assertIn(trace, log)

    def edge_log(self):
        return (self.keeper.state / "edge" / "edge.log").read_text(errors="replace")


class Minetest(WakeCase):
    def test_a_player_who_joins_wakes_it_and_is_in(self):
        self.put_to_sleep("castle", "minetest")
        self.assertEqual(len(self.starts("castle")), 1, "by whoever made it")

        self.join("castle", "anna")

        server = self.api.server("castle")
        self.assertEqual(server["started_by"]["kind"], "knock")
        self.assertTrue(server["started_by"]["source"].startswith("127.0.0.1:"), server["started_by"])
        self.assert_is_traced("castle", server["started_by"]["trace"])
        self.assertIn("It was started at", "\n".join(self.api.ask("GET", "/v1/servers/castle/explain")["lines"]))
        self.assertIn("a knock", self.keeper.cli("server", "show", "castle").stdout)
        self.assertEqual(len(self.starts("castle")), 2, "once, however often he knocked")
        self.assertRegex(self.route("castle")["upstream"], rf"^127\.\d+\.\d+\.\d+:{self.door('castle') - 10000}$")
        routes = self.keeper.cli("edge", "routes").stdout
        self.assertIn("castle", routes)
        self.assertIn("minetest", routes)

    def test_a_control_plane_that_is_away_is_no_players_concern(self):
        self.create("castle", "minetest")
        self.wait_for_route("castle", "up")
        (edge,) = edges(self.keeper.state)
        with Player("anna", HERE, self.door("castle")):
            self.api.wait_until(lambda: self.api.server("castle")["players"]["names"] == ["anna"], "anna plays", 90)
            sessions = lambda: [(s["server"], s["sessions"]) for s in self.api.ask("GET", "/v1/edge/sessions")["items"]]
            self.api.wait_until(lambda: sessions() == [("castle", 1)], "the edge says so too", 30)
            self.keeper.kill()
            self.keeper.wait_for_launcher()
            self.assertEqual(edges(self.keeper.state), [edge], "it stays")
            self.keeper.start()
            self.wait_for_route("castle", "up")
            self.assertEqual(edges(self.keeper.state), [edge], "and is found again")
            self.api.wait_until(lambda: self.api.server("castle")["players"]["names"] == ["anna"], "anna plays on", 30)
            log = self.keeper.cli("server", "logs", "castle", "--tail", "200").stdout
            self.assertEqual(log.count("joins game"), 1, f"she has noticed nothing:\n{log}")

    def test_who_knocks_while_the_control_plane_is_away_is_let_in_when_it_is_back(self):
        self.put_to_sleep("castle", "minetest")
        door = self.door("castle")
        self.keeper.stop()
        self.keeper.wait_for_launcher()
        with Player("anna", HERE, door) as client:
            self.assertTrue(wait_for_text(self.keeper.state / "edge" / "edge.log", "a player knocked", 60), client.log()[-2000:])
            self.keeper.start()
            self.api.wait_for_state("castle", "running", 120)
        self.assertEqual(self.api.server("castle")["started_by"]["kind"], "knock")

    def test_a_killed_edge_is_back_with_its_routes(self):
        self.put_to_sleep("castle", "minetest")
        (before,) = edges(self.keeper.state)
        os.kill(before, signal.SIGKILL)
        self.api.wait_until(lambda: (now := edges(self.keeper.state)) and now != [before], "another one runs", 30)
        self.wait_for_route("castle", "asleep")
        self.join("castle", "anna")


class OpenArena(WakeCase):
    def test_lists_see_that_it_sleeps_and_a_player_who_connects_wakes_it(self):
        self.create("arena", "openarena", settings={"name": "Ann's arena", "map": "oa_dm2", "max_clients": 10})
        self.wait_for_face("arena")
        with openarena_player.Player("anna", HERE, self.door("arena")) as anna:
            awake, whole = anna.info(), anna.status()
            self.assertEqual((awake["hostname"], awake["protocol"]), ("Ann's arena", str(openarena_player.PROTOCOL)))
            self.api.verb("arena", "pause")
            self.wait_for_route("arena", "asleep")
            for _ in range(5):
                asleep, status = anna.info(), anna.status()
                self.assertEqual(asleep["hostname"], "Ann's arena (sleeping, join to start)")
                self.assertEqual(status["sv_hostname"], "Ann's arena (sleeping, join to start)")
            # Clients pass over servers of another protocol or game than theirs.
            for key in ("protocol", "gamename", "mapname", "sv_maxclients"):
                self.assertEqual(asleep[key], awake[key], key)
            self.assertEqual(status["version"], whole["version"])
            self.assertEqual(len(self.starts("arena")), 1, "a list wakes nobody")
            self.assertEqual(self.api.server("arena")["state"], "paused")
            self.assertTrue(anna.connect(tries=30), "the game has a place for her")
            self.api.wait_until(lambda: self.api.server("arena")["players"]["online"] == 1, "and counts her", 30)
        self.assertEqual(len(self.starts("arena")), 2)

    def test_its_face_outlives_the_edge_and_the_control_plane(self):
        self.create("arena", "openarena", settings={"name": "Ann's arena"})
        self.wait_for_face("arena")
        self.api.verb("arena", "pause")
        self.wait_for_route("arena", "asleep")
        with openarena_player.Player("anna", HERE, self.door("arena")) as anna:
            before = anna.info()
            self.assertEqual(before["protocol"], str(openarena_player.PROTOCOL))
            self.keeper.kill()
            self.keeper.wait_for_launcher()
            (edge,) = edges(self.keeper.state)
            os.kill(edge, signal.SIGKILL)
            harness.wait_for_end(edge, 20)
            self.keeper.start()
            self.wait_for_route("arena", "asleep")
            self.assertEqual(anna.info(), before)

    def test_ten_who_connect_at_once_wake_it_once_and_are_all_in(self):
        self.put_to_sleep("arena", "openarena")
        players = [self.enterContext(openarena_player.Player(f"player{i}", HERE, self.door("arena"))) for i in range(10)]
        with futures.ThreadPoolExecutor(len(players)) as pool:
            self.assertEqual(list(pool.map(lambda player: player.connect(tries=30), players)), [True] * 10)
        self.api.wait_until(lambda: self.api.server("arena")["players"]["online"] == 10, "the game counts them", 30)
        self.assertEqual(len(self.starts("arena")), 2)


class BzFlag(WakeCase):
    """With the game's own text client, which can watch and talk, and needs no screen."""

    def admin(self, name):
        client = subprocess.Popen([player.program("bzadmin"), "-ui", "stdboth", f"{name}@{HERE}:{self.door('tanks')}"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.end, client)
        return client

    @staticmethod
    def end(client):
        client.kill()
        client.communicate()

    def test_who_connects_wakes_it_and_is_in(self):
        self.put_to_sleep("tanks", "bzflag")
        # Who only looks whether there is anybody is none of its players.
        with socket.create_connection((HERE, self.door("tanks"))):
            pass
        self.assertEqual(len(self.starts("tanks")), 1)
        client = self.admin("[gk] anna")
        self.api.wait_until(lambda: self.api.server("tanks")["players"]["names"] == ["[gk] anna"], "anna is in", 60)
        said, _ = client.communicate("/quit\n", timeout=30)
        self.assertIn("joined the game as Observer", said)
        self.api.wait_until(lambda: self.api.server("tanks")["players"]["online"] == 0, "and has left", 30)
        self.assertEqual(len(self.starts("tanks")), 2)

    def test_ten_who_connect_at_once_wake_it_once(self):
        self.put_to_sleep("tanks", "bzflag")
        names = [f"player{i}" for i in range(10)]
        for name in names:
            self.admin(name)
        self.api.wait_until(lambda: sorted(self.api.server("tanks")["players"]["names"]) == names, "all ten are in", 60)
        self.assertEqual(len(self.starts("tanks")), 2)


class Teeworlds(WakeCase):
    def test_lists_see_that_it_sleeps_and_do_not_wake_it(self):
        self.create("arena", "teeworlds", settings={"name": "Ann's arena"})
        seen = self.wait_for_face("arena")
        self.api.verb("arena", "pause")
        self.wait_for_route("arena", "asleep")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(20)
            sock.connect((HERE, self.door("arena")))
            mine = os.urandom(4)
            theirs = teeworlds_token(sock, mine)
            for _ in range(5):
                packet = teeworlds_info(sock, mine, theirs)
                self.assertIn(b"Ann's arena (sleeping, join to start)", packet)
                # The version of the game that Debian packages: clients pass over servers of another one.
                self.assertEqual(text_at(packet), seen["version"])
        self.assertRegex(seen["version"], r"^0\.7\.\d+$")
        (stats,) = self.api.ask("GET", "/v1/edge/stats")["items"]
        self.assertEqual(stats["waking"], 0)
        self.assertEqual(len(self.starts("arena")), 1)
        self.assertEqual(self.api.server("arena")["state"], "paused")

    def test_ten_who_join_at_once_wake_it_once(self):
        self.put_to_sleep("arena", "teeworlds")
        door = self.door("arena")
        players = [self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(10)]
        for sock in players:
            sock.settimeout(20)
            sock.connect((HERE, door))
            mine = os.urandom(4)
            theirs = teeworlds_token(sock, mine)
            # A control packet, CONNECT (1), with the token that everybody needs to be believed.
            sock.send(bytes([0x04, 0, 0]) + theirs + bytes([1]) + mine + bytes(508))
        self.api.wait_for_state("arena", "running", 90)
        self.assertEqual(len(self.starts("arena")), 2)

    def test_who_is_not_on_the_list_does_not_wake_it(self):
        self.put_to_sleep("arena", "teeworlds", wake={"admission": "allow-list", "addresses": ["203.0.113.0/24"]})
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(20)
            sock.connect((HERE, self.door("arena")))
            mine = os.urandom(4)
            theirs = teeworlds_token(sock, mine)
            sock.send(bytes([0x04, 0, 0]) + theirs + bytes([1]) + mine + bytes(508))
            # He is told so, in his own client: CLOSE (4) with a text.
            answer = sock.recv(2048)
            self.assertEqual(answer[7], 4, answer)
        self.assertEqual(len(self.starts("arena")), 1)
        self.assertEqual(self.api.server("arena")["state"], "paused")

    def test_a_world_that_was_switched_off_is_not_woken(self):
        self.create("arena", "teeworlds")
        self.api.verb("arena", "stop")
        self.api.wait_until(lambda: self.route("arena") is None, "it has no route")
        self.assertEqual(self.api.server("arena")["state"], "stopped")


if __name__ == "__main__":
    harness.main()
