#!/usr/bin/python3
"""A real Teeworlds server: its console (econ) and its players' query, asked for independently of our own code."""

import os
import socket
import struct

import harness


def query_info(host, port, seconds=5):
    """Asks a Teeworlds 0.7 server for its info, by the token handshake; returns the raw answer behind `inf3`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(seconds)
        sock.connect((host, port))
        mine = os.urandom(4)
        # A control packet (flag 1) with no token of theirs yet; message 5 is TOKEN; padded so that the answer is no larger than the question.
        sock.send(bytes([0x04, 0, 0]) + b"\xff\xff\xff\xff" + bytes([5]) + mine + bytes(508))
        answer = sock.recv(2048)
        theirs = answer[8:12]
        # A connectionless packet: flags 0x21 (version 1), their token, my token, then the request with a number of our choice.
        sock.send(bytes([0x21]) + theirs + mine + b"\xff\xff\xff\xff" + b"gie3" + bytes([1]))
        while True:
            packet = sock.recv(2048)
            at = packet.find(b"inf3")
            if at >= 0:
                return packet[at + 4 :]


class Teeworlds(harness.Case):
    def test_a_player_can_query_it_and_its_console_answers(self):
        server = self.create("arena", "teeworlds", settings={"name": "Gamekeeper arena"})
        (endpoint,) = [e for e in server["endpoints"] if e["role"] == "game"]

        info = query_info("127.0.0.1", endpoint["port"])
        self.assertIn(b"Gamekeeper arena", info)

        reply = self.api.ask("POST", "/v1/servers/arena/commands", {"command": "echo hello from the test"})["reply"]
        self.assertIn("hello from the test", reply)

    def test_the_console_is_no_endpoint_and_its_password_no_secret_told(self):
        server = self.create("arena", "teeworlds")

        self.assertEqual([e["role"] for e in server["endpoints"]], ["game"])
        password = [line.split(None, 1)[1].strip().strip('"') for path in self.keeper.world("arena").rglob("*.cfg")
                    for line in path.read_text().splitlines() if line.startswith("ec_password")]
        self.assertTrue(password, "no ec_password in the rendered files")
        told = self.keeper.log() + self.api.call("GET", "/v1/servers/arena").text + self.api.call("GET", "/v1/servers/arena/explain").text
        self.assertNotIn(password[0], told)
        for pid in harness.pids():
            self.assertNotIn(password[0], harness.command_line(pid))

    def test_its_console_is_there_again_when_it_is_started_again_at_once(self):
        self.create("arena", "teeworlds")
        # Stopped through its console, which the game then closes.
        self.api.verb("arena", "pause")

        self.api.verb("arena", "start")

        reply = self.api.ask("POST", "/v1/servers/arena/commands", {"command": "echo hello again"})["reply"]
        self.assertIn("hello again", reply)

    def test_an_asked_stop_is_no_crash_although_the_game_dies_by_the_signal(self):
        self.create("arena", "teeworlds")

        self.api.verb("arena", "pause")

        self.assertEqual(self.api.server("arena")["last_exit"]["cause"], "asked")


if __name__ == "__main__":
    harness.main()
