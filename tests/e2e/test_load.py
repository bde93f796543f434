#!/usr/bin/python3
"""The load tester, against a front with known ways and the real match server: every flag and variable is seen in effect."""

import http.server
import json
import os
import signal
import subprocess
import threading
import time
import unittest
import urllib.parse

import harness
from harness import BIN
from test_match_server import MatchServer

PATIENCE = 120


class Front:
    """The routes of the original. A player's match is there at its second look."""

    def __init__(self, match_port, match_host="127.0.0.1", join_status=200):
        self.match_port, self.match_host, self.join_status = match_port, match_host, join_status
        self.joined, self.looks, self.ended, self.lock = {}, {}, [], threading.Lock()
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
                if self.path == "/api/match/join":
                    return self.answer(*front.join(body["player_id"]))
                session = self.path.split("/")[3]
                with front.lock:
                    front.ended.append(session)
                return self.answer(200, {"status": "ended", "session_id": session})

            def do_GET(self):
                self.answer(200, front.look(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["player_id"][0]))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def join(self, player):
        with self.lock:
            self.joined[player] = time.monotonic()
        return self.join_status, {"session_id": f"pending:{player}", "players": [player], "connect_host": "", "connect_port": 0}

    def look(self, player):
        with self.lock:
            self.looks[player] = self.looks.get(player, 0) + 1
            is_first = self.looks[player] == 1
        if is_first:
            return {"status": "pending"}
        return {"status": "matched", "session_id": f"m-{player}", "connect_host": self.match_host, "connect_port": self.match_port}


def load(*flags, **variables):
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run([BIN / "gamekeeper", "load", *flags], env=environment, capture_output=True, text=True, timeout=PATIENCE)


class LoadTester(unittest.TestCase):
    def setUp(self):
        self.matches = self.enterContext(MatchServer("--many", "--clients-max", "5000"))

    def front(self, **settings):
        return self.enterContext(Front(self.matches.port, **settings))

    def report(self, *flags, status=0, **variables):
        done = load("--many", "-o", "json", *flags, **variables)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def test_variables_of_the_original(self):
        front = self.front(match_host="192.0.2.1")
        seen = self.report(TARGET_URL=front.url, CLIENTS="5", MATCH_DURATION="2.0", SPAWN_RATE="5", GAME_SERVER_HOST_OVERRIDE="127.0.0.1")

        self.assertEqual((seen["life_cycles"], seen["ended_well"]), (5, 5))
        self.assertEqual(len(front.ended), 5)
        self.assertGreater(seen["seconds"], 0.8 + 0.5 + 2 - 0.1, "the last one's way: begin as one of five a second, look again, play")
        self.assertLess(seen["seconds"], PATIENCE)

    def test_flags_stand_above_variables(self):
        front = self.front()
        others = {"TARGET_URL": "http://127.0.0.1:1", "CLIENTS": "50", "MATCH_DURATION": "60", "SPAWN_RATE": "0.1",
                  "GAME_SERVER_HOST_OVERRIDE": "192.0.2.1"}
        seen = self.report("3", "--url", front.url, "--match-duration", "1", "--spawn-rate", "0", "--host-override", "127.0.0.1", **others)

        self.assertEqual(seen["ended_well"], 3)
        self.assertLess(seen["seconds"], 30, "0.1 a second, or 60 seconds of play")

    def test_the_table_and_what_each_client_does(self):
        front = self.front()
        done = load("2", "--many", "--url", front.url, "--match-duration", "1", "-v")

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^2 life cycles in .* s: 2 ended well, 0 failed; ")
        for row in ("join", "time to match", "time to connected"):
            self.assertRegex(done.stdout, rf"(?m)^{row} +2 +\d+ ms +\d+ ms +\d+ ms +\d+ ms$")
        for state in ("joining_matchmaking", "queued", "matched", "tcp_connecting", "tcp_connected attempts=1", "running_length 1", "server_running",
                      "server_stop", "ending_session", "session_ended"):
            self.assertEqual(done.stderr.count(f" {state}"), 2, f"{state} in {done.stderr}")

    def test_limits_decide_the_exit_status(self):
        front = self.front()
        common = ("2", "--url", front.url, "--match-duration", "1")
        self.assertEqual(self.report(*common, "--p99-join", "10s", "--p99-match", "20s")["limits"][1]["kept"], True)
        broken = self.report(*common, "--p99-match", "1ms", status=1)["limits"]
        self.assertEqual([(limit["limit"], limit["kept"]) for limit in broken], [("max-errors", True), ("p99-match", False)])

        refusing = self.front(join_status=503)
        failed = self.report("4", "--url", refusing.url, status=1)
        self.assertEqual(failed["errors"]["join"]["count"], 4)
        self.assertIn("503", failed["errors"]["join"]["example"])
        self.assertEqual(self.report("4", "--url", refusing.url, "--max-errors", "100%")["failed"], 4)

    def test_mistakes_end_with_status_2(self):
        for flags, variables, said in ((("x",), {}, "CLIENTS"), ((), {"SPAWN_RATE": "fast"}, "SPAWN_RATE"), (("--url", "here"), {}, "TARGET_URL")):
            done = load(*flags, **variables)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)

    def test_nobody_listens(self):
        done = load("2", "--url", "http://127.0.0.1:1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("2 failed at join: POST /api/match/join: nobody listens on http://127.0.0.1:1", done.stdout)

    def test_ctrl_c_reports_what_happened_until_then(self):
        front = self.front()
        command = [BIN / "gamekeeper", "load", "3", "--many", "--url", front.url, "--match-duration", "600", "-v"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            running = 0
            while running < 3:
                line = process.stderr.readline()
                self.assertTrue(line, "it ended by itself")
                running += line.endswith("server_running\n")
            process.send_signal(signal.SIGINT)
            table, _ = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("3 failed at interrupted: the run was ended", table)

    def test_a_line_now_and_then_says_how_far_it_is(self):
        """To a file or a pipe a line of its own every few seconds; nothing else stands there, so that it can be read by programs."""
        front = self.front()
        command = [BIN / "gamekeeper", "load", "3", "--many", "--url", front.url, "--match-duration", "600"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            lines = []
            while not lines or " 3 connected" not in lines[-1]:
                lines.append(process.stderr.readline())
                self.assertRegex(lines[-1], r"^\d+ s: \d of 3 begun, \d joined, \d matched, \d connected, 0 ended, 0 failed\n$")
            process.send_signal(signal.SIGINT)
            table, rest = process.communicate(timeout=PATIENCE)
        self.assertEqual(lines[-1].split(": ")[1], "3 of 3 begun, 3 joined, 3 matched, 3 connected, 0 ended, 0 failed\n")
        self.assertIn("3 life cycles in", table)
        self.assertNotIn("begun", rest + table)

    def test_a_thousand_clients_have_no_thread_each(self):
        front = self.front()
        with subprocess.Popen([BIN / "gamekeeper", "load", "1000", "--many", "--url", front.url, "--match-duration", "8", "-o", "json"],
                              stdout=subprocess.PIPE, text=True) as process:
            threads = set()
            while process.poll() is None and len(front.ended) < 1000:
                try:
                    threads.add(len(os.listdir(f"/proc/{process.pid}/task")))
                    process.wait(0.2)
                except (subprocess.TimeoutExpired, FileNotFoundError):
                    pass
            seen = json.loads(process.stdout.read())
        self.assertEqual((seen["ended_well"], seen["failed"]), (1000, 0), seen["errors"])
        self.assertLessEqual(max(threads), 2)


if __name__ == "__main__":
    harness.main()
