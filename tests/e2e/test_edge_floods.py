#!/usr/bin/python3
"""Strangers on a street of their own (a network namespace) against the real edge: datagrams and connections in the name of people who never sent
them, logins that never end, and how much reaches those whose names were used.

Nothing here is a matter of the machine's speed: who floods waits until the edge has taken what came, and what is asked is what is lost, kept in
memory, and sent to others. GK_TEST_FLOODS=full makes all of it ten times as long (`make soak`).
"""

import collections
import contextlib
import os
import pathlib
import select
import socket
import struct
import subprocess
import time
import unittest

import elsewhere
import harness
import test_edge_attacks
from edge_program import PATIENCE, place, tcp, udp
from test_dns import castle, zone

TIMES = 10 if os.environ.get("GK_TEST_FLOODS") == "full" else 1
DOOR = (elsewhere.HERE_V4, 31900)
INVENTED = "198.18.0.0/16"  # Nobody there ever answers; what is sent to them is counted.
ATTACKERS = "198.19.0.0/16"  # Machines that are really there, so that they can speak TCP.
MEMORY_MOST = 100 * test_edge_attacks.MIB
ONE_NEIGHBOURHOOD, EVERYBODY = 250, 50_000  # People of INVENTED: those in a /24, and those in 200.
UDP_HEADERS = 28
LOST_MOST = 0.005


def invented(number):
    """One of 62,500 people, whom it may not have been; neighbours share a /24 by 250."""
    return f"198.18.{number // 250 % 250}.{1 + number % 250}"


def attacker(number):
    return f"198.19.{number // 250 % 250}.{1 + number % 250}"


def ip_header(source, protocol, size):
    """Of what goes to the edge; the kernel fills in number and sum."""
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + size, 0, 0, 64, protocol, 0, socket.inet_aton(source), socket.inet_aton(DOOR[0]))


def datagram(source, port, words):
    return ip_header(source, socket.IPPROTO_UDP, 8 + len(words)) + struct.pack(">HHHH", port, DOOR[1], 8 + len(words), 0) + words


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def opening(source, port):
    """SYN: somebody wants to connect."""
    tcp_header = lambda its_sum: struct.pack(">HHIIBBHHH", port, DOOR[1], port * 65537, 0, 5 << 4, 2, 64000, its_sum, 0)
    beside = socket.inet_aton(source) + socket.inet_aton(DOOR[0]) + struct.pack(">HH", socket.IPPROTO_TCP, 20)
    return ip_header(source, socket.IPPROTO_TCP, 20) + tcp_header(checksum(beside + tcp_header(0)))


@unittest.skipUnless(elsewhere.is_possible(), "needs root and network namespaces")
class Flooded(test_edge_attacks.Attacked):
    def setUp(self):
        super().setUp()
        self.street = self.enterContext(elsewhere.Elsewhere(players=3))
        self.street.leads_nowhere(INVENTED)
        self.street.has(ATTACKERS)
        with elsewhere.inside(self.street.name):
            self.raw = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
        self.raw.connect((DOOR[0], 0))
        # Strangers' first words reach the game, too: what is measured is the edge, and not how fast this game reads.
        self.game.setsockopt(socket.SOL_SOCKET, test_edge_attacks.SO_RCVBUFFORCE, 64 * test_edge_attacks.MIB)

    def one_loop(self, table):
        """All come to the same socket, so that who is answered knows that all before him were heard."""
        return self.running_edge(table, "--loops", "1")

    def wakes(self, edge):
        """How often it has asked for a server until now."""
        while select.select([edge.process.stderr], [], [], 0)[0]:
            edge.unread += os.read(edge.process.stderr.fileno(), 65536).decode()
        return edge.unread.count("a player knocked")

    def reached_others(self):
        """Bytes, and packets, that came to the street so far."""
        counts = {}
        with elsewhere.inside(self.street.name):
            for file in ("snmp", "netstat"):
                lines = pathlib.Path(f"/proc/thread-self/net/{file}").read_text(encoding="ascii").splitlines()
                for names, values in zip(lines[::2], lines[1::2]):
                    counts.update(zip((names.split(":")[0] + "." + n for n in names.split()[1:]), values.split()[1:]))
        return int(counts["IpExt.InOctets"]), int(counts["Ip.InReceives"])

    def until_all_was_taken(self):
        """The edge's public socket is empty."""
        end = time.monotonic() + PATIENCE
        ask = ["ss", "-Hlun", "src", f"{DOOR[0]}:{DOOR[1]}"]
        while time.monotonic() < end:
            lines = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.splitlines()
            self.assertEqual(len(lines), 1, "one loop has one socket")
            if int(lines[0].split()[1]) == 0:
                return
        self.fail("the edge did not take what came")


class Datagrams(Flooded):
    ALL, AT_ONCE = 100_000 * TIMES, 250

    def play(self, player, words):
        """Whether it came to the game and back; who came before it has been heard by then."""
        player.send(words)
        with contextlib.suppress(TimeoutError):
            while True:
                came, where = self.game.recvfrom(2000)
                if came == words:
                    break
            self.game.sendto(words, where)
            while player.recv(2000) != words:
                pass
            return True
        return False

    def test_who_plays_does_not_notice_a_flood_and_others_get_in_elsewhere(self):
        mill = self.enterContext(udp())
        tower = self.enterContext(tcp())
        another = (DOOR[0], DOOR[1] + 1)
        up = {"server": "tower", "state": "up", "upstream": place(tower)}
        edge = self.one_loop({"datagrams": [self.castle(listen="%s:%d" % DOOR), {"server": "mill", "state": "up", "listen": "%s:%d" % another,
                                                                                "upstream": place(mill)}],
                              "streams": [{"listen": "%s:%d" % DOOR, "routes": [up]}]})
        ann, bert = (self.enterContext(self.street.socket(elsewhere.address(number))) for number in (1, 2))
        for player, door in ((ann, DOOR), (bert, another)):
            player.settimeout(PATIENCE)
            player.connect(door)
        for i in range(3):  # Who she is is known.
            self.assertTrue(self.play(ann, b"hello %d" % i))
        begun, lost, rounds = time.monotonic(), 0, self.ALL // self.AT_ONCE
        for i in range(rounds):
            for number in range(i * self.AT_ONCE, (i + 1) * self.AT_ONCE):
                self.raw.send(datagram(invented(number), 1024 + number % 60_000, b"x" * 64))
            lost += not self.play(ann, b"live %d" % i)
        took = time.monotonic() - begun
        memory, descriptors = self.memory(edge), self.descriptors(edge)
        print(f"flood: {self.ALL} datagrams of as many sources in {took:.1f} s; {lost} of {rounds} lost; {memory / test_edge_attacks.MIB:.0f} MiB, "
              f"{descriptors} descriptors", flush=True)

        bert.send(b"let me in")
        self.assertEqual(mill.recv(100), b"let me in", "another world's door is open")
        with elsewhere.inside(self.street.name):
            carl = self.enterContext(socket.create_connection(DOOR, PATIENCE))
        carl.sendall(b"me too")
        there = self.enterContext(tower.accept()[0])
        there.settimeout(PATIENCE)
        self.assertEqual(there.recv(6, socket.MSG_WAITALL), b"me too")
        self.assertLessEqual(lost, rounds * LOST_MOST)
        self.assertLess(descriptors, 1_100, "strangers keep few at a time")
        self.assertLess(memory, MEMORY_MOST)


class Reflection(Flooded):
    """How much comes to those who have asked for nothing (contract, section 10), counted where they live. Of one neighbourhood and of many."""

    ALL, AT_ONCE = 5_000 * TIMES, 1_000
    DNS = bytes.fromhex("123401000001000000000001") + b"\x06castle\x07example\x03org\0" + bytes.fromhex("00ff0001") + bytes.fromhex(
        "0000291000000000000000")
    FACE = {"title": "Castle (sleeping)" * 4, "map": "castle", "game_type": "survival", "version": "1.0", "players_max": 20}

    def asleep(self, protocol):
        return {"datagrams": [self.castle(listen="%s:%d" % DOOR, state="asleep", protocol=protocol, face=self.FACE)]}

    def flood(self, table, words, sources, is_answered):
        """Bytes said, bytes and answers that came to those people, and the seconds it took."""
        edge = self.one_loop(table)
        before, begun = self.reached_others(), time.monotonic()
        for number in range(self.ALL):
            self.raw.send(datagram(invented(number % sources), 1024 + number % 60_000, words))
            if number % self.AT_ONCE == self.AT_ONCE - 1:
                self.until_all_was_taken()
        while is_answered and self.reached_others()[1] == before[1]:
            self.assertLess(time.monotonic() - begun, 60 * TIMES, "nobody was answered")
        wakes, memory = self.wakes(edge), self.memory(edge)
        edge.end()  # All that it will ever say was said.
        took = time.monotonic() - begun
        octets, answers = (now - then for now, then in zip(self.reached_others(), before))
        if sources >= self.ALL:  # Who repeats himself may be a player, where the protocol has no proof.
            self.assertEqual(wakes, 0)
        self.assertLess(memory, MEMORY_MOST)
        return self.ALL * len(words), octets - answers * UDP_HEADERS, answers, took

    def floods(self, name, table, words, is_answered=True):
        """In the name of one /24, and of 200: how many people, and as flood(). `is_answered`: some of them are."""
        for sources in (ONE_NEIGHBOURHOOD, EVERYBODY):
            out, back, answers, took = self.flood(table, words, sources, is_answered)
            print(f"reflection: {name}: {back} bytes in {answers} answers for {out} bytes of {sources} people in {took:.1f} s", flush=True)
            yield sources, out, back, answers, took

    def within_budget(self, sources, back, answers, took):
        """As much as is saved up at first, and what comes in meanwhile."""
        time_and_one = took + 1
        self.assertLessEqual(back, 65536 * time_and_one)
        if sources == ONE_NEIGHBOURHOOD:
            self.assertLessEqual(answers, 10 * time_and_one)
            self.assertLessEqual(back, 2048 * time_and_one)

    def test_where_there_is_a_proof_no_more_comes_than_was_said(self):
        for protocol, question in test_edge_attacks.Reflection.PROVED.items():
            for _, out, back, _, _ in self.floods(protocol, self.asleep(protocol), question):
                self.assertLessEqual(back, out)

    def test_where_there_is_none_little_comes(self):
        for protocol, question in test_edge_attacks.Reflection.UNPROVED.items():
            lists = protocol in ("raknet", "quake3")  # The others say nothing while they sleep.
            for sources, _, back, answers, took in self.floods(protocol, self.asleep(protocol), question, is_answered=lists):
                self.within_budget(sources, back, answers, took)

    def test_a_name_server_says_little(self):
        name_server = {"dns": ["%s:%d" % DOOR], "zones": [zone(castle())]}
        for sources, _, back, answers, took in self.floods("dns", name_server, self.DNS):
            self.within_budget(sources, back, answers, took)

    def test_a_game_that_says_much_is_heard_little_by_who_has_said_one_word(self):
        game = self.enterContext(self.talkative())
        table = {"datagrams": [self.castle(listen="%s:%d" % DOOR, upstream="127.0.0.1:%d" % game)]}
        for sources, _, back, answers, took in self.floods("a game of 1,200 bytes for one", table, b"x"):
            self.within_budget(sources, back, answers, took)

    @contextlib.contextmanager
    def talkative(self):
        """A game that answers each datagram with a long one; its port."""
        with subprocess.Popen(["/usr/bin/python3", "-c", TALKATIVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as game:
            try:
                yield int(game.stdout.readline())
            finally:
                game.kill()


TALKATIVE = """
import socket
game = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
game.bind(("127.0.0.1", 0))
print(game.getsockname()[1], flush=True)
while True:
    game.sendto(b"y" * 1200, game.recvfrom(2000)[1])
"""


class Streams(Flooded):
    HELLO = b"\x00\xfd\x05\x05tower\x63\xdd\x02"
    LOGIN = bytes([len(HELLO)]) + HELLO + b"\x15\x00\x03Ann" + bytes(16)

    def setUp(self):
        super().setUp()
        self.tower = self.enterContext(tcp())
        route = {"server": "tower", "state": "up", "upstream": place(self.tower)}
        mill = {"server": "mill", "hosts": ["mill"], "state": "asleep", "rule": {"knocks_needed": 1}}
        self.table = {"streams": [{"listen": "%s:%d" % DOOR, "protocol": "minecraft", "routes": [route, mill]}]}

    def connect(self, source):
        one = self.street.socket(source, socket.SOCK_STREAM)
        one.settimeout(PATIENCE)
        one.connect(DOOR)
        return one

    def login(self):
        """A player, and the game's end of him."""
        player = self.enterContext(self.connect(elsewhere.address(1)))
        player.sendall(self.LOGIN)
        there = self.enterContext(self.tower.accept()[0])
        there.settimeout(PATIENCE)
        self.assertEqual(there.recv(len(self.LOGIN), socket.MSG_WAITALL), self.LOGIN)
        return player, there

    def talk(self, ends):
        ends[1].sendall(b"still here")
        self.assertEqual(ends[0].recv(10, socket.MSG_WAITALL), b"still here")

    def test_who_begins_connections_in_the_name_of_others_hinders_nobody(self):
        edge = self.one_loop(self.table)
        ann = self.login()
        before = self.descriptors(edge)
        for number in range(50_000 * TIMES):
            self.raw.send(opening(invented(number), 1024 + number % 60_000))
            if number % 1000 == 999:
                self.talk(ann)
        self.assertEqual(self.descriptors(edge), before, "nobody has arrived")
        self.talk(self.login())
        self.talk(ann)
        self.assertLess(self.memory(edge), MEMORY_MOST)

    def test_half_open_logins_take_no_more_room_than_they_may(self):
        at_once, more = 15_000, 1_500
        edge = self.one_loop(self.table)
        ann = self.login()
        opened, most = collections.deque(), 0
        for number in range(at_once + more if TIMES == 1 else 100_000):
            opened.append(self.enterContext(self.connect(attacker(number // 30))))
            opened[-1].send(self.LOGIN[:8])
            if number % 500 == 499:
                self.talk(ann)
                most = max(most, self.descriptors(edge))
            if len(opened) > at_once + more:
                opened.popleft().close()
        memory = self.memory(edge)
        print(f"half-open: at most {most} descriptors, {memory / test_edge_attacks.MIB:.0f} MiB", flush=True)
        self.talk(ann)
        self.talk(self.login())
        self.assertLess(most, at_once + 200)
        self.assertLess(memory, MEMORY_MOST)

    def test_a_login_byte_by_byte_is_ended_in_time(self):
        edge = self.one_loop(self.table)
        ann = self.login()
        before = self.descriptors(edge)
        slow = [self.enterContext(self.connect(attacker(number))) for number in range(500 * TIMES)]
        with select.epoll() as ended:
            for one in slow:
                ended.register(one, select.EPOLLRDHUP | select.EPOLLERR)
            # Each says one byte a second of a name that has no end: never silent, and never done.
            hello = b"\xff\x01\x00\xfd\x05\xff\x01" + b"a" * 200
            gone, end, said = set(), time.monotonic() + 60, 0
            while len(gone) < len(slow) and time.monotonic() < end:
                for one in slow:
                    with contextlib.suppress(OSError):
                        if one.fileno() not in gone:
                            one.send(hello[said:said + 1])
                said += 1
                self.talk(ann)
                again = time.monotonic() + 1
                while (wait := again - time.monotonic()) > 0:
                    gone |= {fd for fd, _ in ended.poll(wait)}
                    for fd in gone:
                        with contextlib.suppress(FileNotFoundError):
                            ended.unregister(fd)
        self.assertEqual(len(gone), len(slow), "the edge has ended all of them")
        self.assertLess(said, len(hello))
        self.assertLessEqual(self.descriptors(edge), before)
        self.assertEqual(self.wakes(edge), 0)
        self.talk(ann)


if __name__ == "__main__":
    harness.main()
