#!/usr/bin/python3
"""Strangers against the real edge: half-open logins, invented sources, and questions whose answers are meant for somebody else.

All of 127.0.0.0/8 is this machine's: each of its addresses is another source.
"""

import pathlib
import resource
import select
import socket
import struct
import threading
import time

import harness
from edge_program import PATIENCE, WithEdge, free, place, tcp, udp

MIB = 1 << 20
IP_PKTINFO = 8  # Linux; Python has no names for these.
SO_RCVBUFFORCE = 33


def source(number):
    """One of 16 million addresses; none of them is 127.0.0.1."""
    return f"127.{1 + number // 62500 % 250}.{number // 250 % 250}.{1 + number % 250}"


class Attacked(WithEdge):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def memory(self, edge):
        """Bytes of its own."""
        with open(f"/proc/{edge.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))

    def descriptors(self, edge):
        return len(list(pathlib.Path(f"/proc/{edge.process.pid}/fd").iterdir()))


class HalfOpen(Attacked):
    ALL, AT_ONCE = 100_000, 15_000

    def test_a_hundred_thousand_half_open_logins_hurt_nobody(self):
        gate = free(tcp)
        tower = self.enterContext(tcp())
        route = {"server": "tower", "state": "up", "upstream": place(tower)}
        edge = self.running_edge({"streams": [{"listen": "%s:%d" % gate, "protocol": "minecraft", "routes": [route]}]})
        hello = b"\x00\xfd\x05\x05tower\x63\xdd\x02"
        login = bytes([len(hello)]) + hello + b"\x15\x00\x03Ann" + bytes(16)

        def play():
            player = self.enterContext(socket.create_connection(gate, PATIENCE))
            player.sendall(login[:-1])
            player.sendall(login[-1:])
            there = self.enterContext(tower.accept()[0])
            there.settimeout(PATIENCE)
            self.assertEqual(there.recv(len(login), socket.MSG_WAITALL), login)
            return player, there

        def talk(ends):
            ends[1].sendall(b"still here")
            self.assertEqual(ends[0].recv(10, socket.MSG_WAITALL), b"still here")

        ann = play()
        opened, most = [], 0
        for number in range(self.ALL):
            one = socket.socket()
            one.bind((source(number // 30), 0))
            one.settimeout(PATIENCE)
            # Closed, it is gone at once: a hundred thousand that wait for a minute would keep their ports from the tests that follow.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.connect(gate)
            one.send(login[:8])
            opened.append(one)
            if number % 1000 == 999:
                talk(ann)
                most = max(most, self.descriptors(edge))
            # The attacker may keep more open than the edge does.
            if len(opened) > self.AT_ONCE + 3000:
                opened.pop(0).close()
        memory = self.memory(edge)
        talk(ann)
        talk(play())
        for one in opened:
            one.close()
        print(f"half-open: at most {most} descriptors, {memory / MIB:.0f} MiB", flush=True)
        self.assertLess(most, self.AT_ONCE + 200)
        self.assertLess(memory, 200 * MIB)


class Flood(Attacked):
    SECONDS, PACE, LIVE_PACE = 5, 10_000, 100

    def flood(self, until):
        """Datagrams from ever new sources, of one socket: the source stands beside each."""
        sender = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sent = 0
        begun = time.monotonic()
        while time.monotonic() < until:
            beside = struct.pack("I4s4s", 0, socket.inet_aton(source(sent)), bytes(4))
            sender.sendmsg([b"x" * 64], [(socket.IPPROTO_IP, IP_PKTINFO, beside)], 0, self.door)
            sent += 1
            ahead = sent / self.PACE - (time.monotonic() - begun)
            if ahead > 0.002:
                select.select([], [], [], ahead)
        self.flooded = sent

    def echo(self):
        while True:
            came, where = self.game.recvfrom(2000)
            if came.startswith(b"live"):
                self.game.sendto(came, where)

    def test_a_live_session_hardly_notices_a_flood_of_invented_sources(self):
        edge = self.running_edge({"datagrams": [self.castle()]})
        self.game.settimeout(None)
        # Strangers' first words reach the game, too: what is measured is the edge, and not how fast this game reads.
        self.game.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 * MIB)
        threading.Thread(target=self.echo, daemon=True).start()
        for i in range(3):  # Who he is is known.
            self.player.sendto(b"live %d" % i, self.door)
            self.player.recv(100)
        begun = time.monotonic()
        flood = threading.Thread(target=self.flood, args=(begun + self.SECONDS,))
        flood.start()
        wanted = self.SECONDS * self.LIVE_PACE
        back = set()
        for i in range(wanted):
            self.player.sendto(b"live %d" % i, self.door)
            while select.select([self.player], [], [], max(0, begun + (i + 1) / self.LIVE_PACE - time.monotonic()))[0]:
                back.add(self.player.recv(100))
        flood.join()
        while len(back) < wanted and select.select([self.player], [], [], 2)[0]:
            back.add(self.player.recv(100))
        lost = wanted - len(back)
        print(f"flood: {self.flooded} datagrams of as many sources; {lost} of {wanted} lost; {self.memory(edge) / MIB:.0f} MiB", flush=True)
        self.assertLessEqual(lost, wanted * 0.005)
        self.assertLess(self.memory(edge), 200 * MIB)
        self.assertLess(self.descriptors(edge), 20_200)


class Reflection(Attacked):
    """What comes back to an address that has proved nothing (contract, section 10)."""

    SECONDS = 3
    # With a proof in the protocol: never more than was asked.
    PROVED = {"a2s": bytes.fromhex("ffffffff54") + b"Source Engine Query\0",
              "minecraft_query": bytes.fromhex("fefd0901020304"),
              "teeworlds": (bytes.fromhex("040000ffffffff05") + b"\x01\x02\x03\x04").ljust(520, b"\0")}
    # Without one: ten answers and 2 KiB a second, and as much at once at first.
    UNPROVED = {"raknet": bytes.fromhex("010102030405060708") + bytes.fromhex("00ffff00fefefefefdfdfdfd12345678") + bytes(8),
                "quake3": bytes.fromhex("ffffffff") + b"getstatus",
                "minetest": bytes.fromhex("4f45740300000003ffdc010000"),
                "generic": b"hello"}

    def asked_and_answered(self, protocol, question):
        """Bytes out, bytes back, and how many answers."""
        door = free(udp)
        face = {"title": "Castle (sleeping)" * 4, "map": "castle", "game_type": "survival", "version": "1.0", "players_max": 20}
        route = {"server": protocol, "listen": "%s:%d" % door, "protocol": protocol, "state": "asleep", "face": face}
        edge = self.running_edge({"datagrams": [route]})
        back = answers = out = 0
        with udp() as victim:
            until = time.monotonic() + self.SECONDS
            while time.monotonic() < until:
                victim.sendto(question, door)
                out += len(question)
                while select.select([victim], [], [], 0.002)[0]:
                    back += len(victim.recv(65536))
                    answers += 1
        edge.end()
        print(f"reflection: {protocol}: {back} bytes in {answers} answers for {out} bytes", flush=True)
        return out, back, answers

    def test_where_there_is_a_proof_no_more_comes_back_than_was_said(self):
        for protocol, question in self.PROVED.items():
            with self.subTest(protocol):
                out, back, answers = self.asked_and_answered(protocol, question)
                self.assertGreater(answers, 0)
                self.assertLessEqual(back, out)

    def test_where_there_is_none_little_comes_back(self):
        for protocol, question in self.UNPROVED.items():
            with self.subTest(protocol):
                _, back, answers = self.asked_and_answered(protocol, question)
                self.assertLessEqual(answers, 10 * (self.SECONDS + 2))
                self.assertLessEqual(back, 2048 * (self.SECONDS + 2))


if __name__ == "__main__":
    harness.main()
