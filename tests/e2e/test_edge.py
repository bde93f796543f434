#!/usr/bin/python3
"""The real edge with a file of routes, between players and games made of sockets."""

import json
import signal
import socket
import subprocess
import time

import harness
from edge_program import PATIENCE, Edge, WithEdge, free, place, tcp, udp
from harness import BIN

HAND_OVER_VERSION = 2  # src/edge/hand_over.hpp


class Routes(WithEdge):
    def test_relays_and_goes_on_when_the_file_is_read_again(self):
        edge = self.running_edge({"datagrams": [self.castle()]})
        before = self.ask(b"first")
        self.game.sendto(b"answer", before)
        self.assertEqual(self.player.recvfrom(100), (b"answer", self.door))

        second = free(udp)
        said = edge.read_again({"datagrams": [self.castle(), {"server": "tower", "listen": "%s:%d" % second, "state": "asleep"}]})

        self.assertIn('"datagrams":2', said)
        self.assertEqual(self.ask(b"second"), before, "the session went on")

    def test_a_file_with_an_error_changes_nothing(self):
        edge = self.running_edge({"datagrams": [self.castle()]})
        before = self.ask(b"first")

        said = edge.read_again({"datagrams": [self.castle(state="awake")]})

        self.assertIn("/datagrams/0/state", said)
        self.assertEqual(self.ask(b"second"), before)

    def test_an_older_table_is_not_taken(self):
        edge = self.running_edge({"number": 7, "datagrams": [self.castle()]})
        before = self.ask(b"first")

        said = edge.read_again({"number": 6, "datagrams": []})

        self.assertIn("number 6 is older than what is there: epoch 1, number 7", said)
        self.assertEqual(self.ask(b"second"), before)

    def test_a_knock_at_a_server_that_sleeps_is_said_and_replayed(self):
        rule = {"knocks_needed": 1}
        edge = self.running_edge({"datagrams": [self.castle(state="asleep", rule=rule)]})
        self.player.sendto(b"let me in", self.door)
        self.assertIn('"server":"castle"', edge.hear("a player knocked"))

        edge.read_again({"datagrams": [self.castle(rule=rule)]})

        self.assertEqual(self.game.recv(100), b"let me in")

    def test_streams_of_one_port_go_where_their_first_bytes_say(self):
        door = free(tcp)
        with tcp() as tower, tcp() as mill:
            routes = [{"server": name, "hosts": [f"{name}.example.org"], "state": "up", "upstream": place(at)}
                      for name, at in (("tower", tower), ("mill", mill))]
            self.running_edge({"streams": [{"listen": "%s:%d" % door, "protocol": "minecraft", "routes": routes}]})
            for name, at in (("mill", mill), ("tower", tower)):
                host = f"{name}.example.org".encode()
                # A handshake to log in: id 0, protocol 765, host, port 25565, next state 2; then a login start of Ann.
                hello = b"\x00\xfd\x05" + bytes([len(host)]) + host + b"\x63\xdd\x02"
                login = b"\x00\x03Ann" + bytes(16)
                said = bytes([len(hello)]) + hello + bytes([len(login)]) + login
                with socket.create_connection(door, PATIENCE) as player:
                    player.sendall(said)
                    there, _ = at.accept()
                    with there:
                        there.settimeout(PATIENCE)
                        self.assertEqual(there.recv(len(said), socket.MSG_WAITALL), said)
                        there.sendall(b"welcome")
                        self.assertEqual(player.recv(100), b"welcome")

    def test_ends_by_a_signal_with_status_nought(self):
        edge = self.running_edge({"datagrams": [self.castle()]})
        edge.process.send_signal(signal.SIGTERM)
        self.assertEqual(edge.process.wait(PATIENCE), 0)

    def test_says_which_address_cannot_be_listened_at(self):
        with udp() as taken:
            edge = self.edge({"datagrams": [{**self.castle(), "listen": place(taken)}]})
            self.assertIn(place(taken), edge.hear("the players of 'castle' cannot be listened for"))
            self.assertEqual(edge.process.wait(PATIENCE), 1)

    def test_says_what_is_wrong_with_the_file(self):
        (self.folder / "routes.yaml").write_text("epoch: 1\nnumber: 1\ndatagrams:\n  - {server: castle, listen: here, state: up}\nstreams: []\n")
        done = subprocess.run([BIN / "gamekeeper", "edge", "--routes", self.folder / "routes.yaml"], capture_output=True, text=True, timeout=PATIENCE,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("routes.yaml:4: /datagrams/0/listen: an address with its port is expected here", done.stderr)


class Replacing(WithEdge):
    """One process takes the place of another one, or ends when its players have."""

    def setUp(self):
        super().setUp()
        self.control = self.folder / "edge.sock"
        self.tower = self.enterContext(tcp())
        self.gate = free(tcp)
        self.table = {"datagrams": [self.castle()],
                      "streams": [{"listen": "%s:%d" % self.gate, "routes": [{"server": "tower", "state": "up", "upstream": place(self.tower)}]}]}

    def stream(self):
        """Both ends of a stream through the edge."""
        player = self.enterContext(socket.create_connection(self.gate, PATIENCE))
        there, _ = self.tower.accept()
        there.settimeout(PATIENCE)
        return player, self.enterContext(there)

    def expect_talk(self, player, there):
        player.sendall(b"question")
        self.assertEqual(there.recv(8, socket.MSG_WAITALL), b"question")
        there.sendall(b"answer")
        self.assertEqual(player.recv(6, socket.MSG_WAITALL), b"answer")

    def test_another_process_takes_over_with_all_who_play(self):
        edge = self.running_edge(self.table, "--control", self.control)
        before = self.ask(b"first")
        player, there = self.stream()
        for _ in range(3):
            player.sendall(b"under way")
            after = self.running_edge(self.table, "--control", self.control, "--takeover")
            self.assertEqual(edge.process.wait(PATIENCE), 0, "the first one ends by itself")
            self.assertEqual(there.recv(9, socket.MSG_WAITALL), b"under way")
            self.expect_talk(player, there)
            self.assertEqual(self.ask(b"more"), before, "the same session")
            edge = after
        self.expect_talk(*self.stream())

    def test_a_taker_that_is_killed_changes_nothing(self):
        self.running_edge(self.table, "--control", self.control)
        before = self.ask(b"first")
        ends = self.stream()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as taker:
            taker.connect(str(self.control))
            taker.send(b"T" + HAND_OVER_VERSION.to_bytes(8, "big"))
            self.assertEqual(taker.recv(100)[:1], b"P")
        self.expect_talk(*ends)
        self.assertEqual(self.ask(b"more"), before)

    def test_says_that_nobody_is_there_to_take_over_from(self):
        edge = self.edge(self.table, "--control", self.control, "--takeover")
        self.assertIn(f"no edge answers at {self.control}", edge.hear("nothing was taken over"))
        self.assertEqual(edge.process.wait(PATIENCE), 1)

    def test_two_do_not_run_at_one_socket(self):
        self.running_edge(self.table, "--control", self.control)
        other = self.edge({}, "--control", self.control)
        self.assertIn("another edge runs at", other.hear("nobody can take over"))
        self.assertEqual(other.process.wait(PATIENCE), 1)

    def test_a_drain_waits_for_the_last_player(self):
        edge = self.running_edge(self.table, "--drain", "10m")
        player, there = self.stream()
        edge.process.send_signal(signal.SIGTERM)
        edge.hear("nobody new is let in")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(self.gate, PATIENCE)
        self.expect_talk(player, there)
        player.close()
        there.close()
        self.assertEqual(edge.process.wait(PATIENCE), 0)

    def test_a_second_signal_ends_a_drain(self):
        edge = self.running_edge(self.table, "--drain", "10m")
        self.stream()
        edge.process.send_signal(signal.SIGTERM)
        edge.hear("nobody new is let in")
        edge.process.send_signal(signal.SIGTERM)
        self.assertEqual(edge.process.wait(PATIENCE), 0)


class ControlPlane:
    """Its end of the stream, as far as an edge can tell: says tables, hears reports."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.settimeout(PATIENCE)

    def meet(self):
        self.stream, _ = self.listener.accept()
        self.stream.settimeout(PATIENCE)
        self.lines = self.stream.makefile("r")

    def say(self, table):
        self.stream.sendall(json.dumps({"datagrams": [], "streams": [], **table}).encode() + b"\n")

    def hear(self, wanted):
        """The first report of which that is true."""
        end = time.monotonic() + PATIENCE
        for line in self.lines:
            report = json.loads(line)
            if wanted(report):
                return report
            if time.monotonic() > end:
                raise AssertionError(f"the edge says {report}")
        raise AssertionError("the edge has closed the stream")

    def go(self):
        self.lines.close()
        self.stream.close()
        self.listener.close()
        self.path.unlink()


class Following(WithEdge):
    """An edge that is told its routes, and is replaced by another one while nobody tells it any."""

    def start(self, *more):
        edge = Edge(self.folder, {}, *more, routes=["--connect", self.folder / "edge.sock", "--state", self.folder / "edge",
                                                    "--control", self.folder / "control"])
        self.addCleanup(edge.end)
        self.assertTrue(edge.is_ready())
        return edge

    def control_plane(self):
        plane = ControlPlane(self.folder / "edge.sock")
        self.addCleanup(plane.listener.close)
        return plane

    def test_who_knocks_and_waits_is_handed_over_with_the_routes(self):
        plane = self.control_plane()
        first = self.start()
        plane.meet()
        asleep = self.castle(state="asleep", upstream=None, rule={"knocks_needed": 1})
        plane.say({"epoch": 3, "number": 1, "datagrams": [asleep]})
        plane.hear(lambda report: report["number"] == 1)
        plane.go()
        self.player.sendto(b"let me in", self.door)
        first.hear("a player knocked")

        second = self.start("--takeover")
        self.assertEqual(first.process.wait(PATIENCE), 0)
        plane = self.control_plane()
        plane.meet()

        report = plane.hear(lambda report: report["knockers"])
        self.assertEqual((report["epoch"], report["number"], report["pid"]), (3, 1, second.process.pid))
        self.assertEqual(report["knockers"][0]["server"], "castle")
        self.assertEqual(report["knockers"][0]["source"], place(self.player))
        plane.say({"epoch": 4, "number": 1, "datagrams": [self.castle()]})
        came, source = self.game.recvfrom(100)
        self.assertEqual(came, b"let me in")
        self.game.sendto(b"welcome", source)
        self.assertEqual(self.player.recvfrom(100), (b"welcome", self.door))
        self.assertEqual(plane.hear(lambda report: report["epoch"] == 4)["knockers"], [])
        self.assertEqual(self.ask(b"more"), source, "what was held was replayed once")
        plane.go()


if __name__ == "__main__":
    harness.main()
