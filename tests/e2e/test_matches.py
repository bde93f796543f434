#!/usr/bin/python3
"""Matches on one machine: the second original's routes and ours, with the real match server and the real load tester."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest.mock
import urllib.error
import urllib.request

import harness
import transcript
from harness import BIN, Gamekeeper

PATIENCE = 60


class Front:
    """The API at its TCP address, as players reach it: without a key, or with the token of one."""

    def __init__(self, url):
        self.url = url

    def call(self, method, path, body=None, token=None, headers=()):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={"Content-Type": "application/json", **dict(headers)})
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                return reply.status, json.loads(reply.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")

    def join(self, player):
        status, reply = self.call("POST", "/api/match/join", {"player_id": player})
        assert status == 200, (status, reply)
        return reply

    def status(self, player):
        return self.call("GET", f"/api/match/status?player_id={player}")

    def events(self, player, token):
        """What happens to a player's tickets, as it happens; names only. Its heartbeats go on for ever, so the whole of it has a limit."""
        deadline = time.monotonic() + PATIENCE
        request = urllib.request.Request(f"{self.url}/v1/players/{player}/events", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as stream:
            for line in stream:
                if line.startswith(b"event: "):
                    yield line[7:].decode().strip()
                if time.monotonic() > deadline:
                    return

    def wait_for(self, player, wanted, token):
        """Looks at each event whether it has come to that; what was before is told first."""
        heard = []
        for event in self.events(player, token):
            heard.append(event)
            status, reply = self.status(player)
            if status == 200 and reply["status"] == wanted:
                return reply
        raise AssertionError(f"{player} is not {wanted} within {PATIENCE} s, but heard of {heard}: {self.status(player)}")


def environment_of(session):
    """What the server of a match finds in its environment, as the kernel tells it."""
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            words = dict(word.split("=", 1) for word in path.read_bytes().decode(errors="replace").split("\0") if "=" in word)
        except OSError:
            continue  # It has just ended.
        if words.get("SESSION_ID") == session:
            return words
    raise AssertionError(f"no process serves {session}")


class MatchCase(harness.Case):
    def installation(self):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        return Gamekeeper(API_LISTEN=f"127.0.0.1:{self.port}", **self.settings)

    def setUp(self):
        super().setUp()
        self.front = Front(f"http://127.0.0.1:{self.port}")
        self.addCleanup(self.end_matches)

    def match_of(self, *players):
        tokens = {player: self.front.join(player)["player_token"] for player in players}
        matched = self.front.wait_for(players[0], "matched", tokens[players[0]])
        return matched, tokens

    def play(self, matched):
        return socket.create_connection((matched["connect_host"], matched["connect_port"]), timeout=PATIENCE)

    def load(self, *arguments):
        run = subprocess.run([BIN / "gamekeeper", "load", "-o", "json", "--url", self.front.url, *map(str, arguments)], capture_output=True,
                             text=True, timeout=300, check=False)
        return run.returncode, json.loads(run.stdout)



class DemoQueue(MatchCase):
    """As the second original is set up, by its own names."""

    settings = {"MATCH_QUEUE": "casual", "COMPAT_ANONYMOUS": "true"}

    def installation(self):
        demo = unittest.mock.patch.dict(os.environ, SESSION_SIZE="12", MIN_PARTIAL_SESSION_SIZE="2", FLUSH_WAIT_SECONDS="15")
        demo.start()
        self.addCleanup(demo.stop)
        return super().installation()

    # S1-4.
    def test_twenty_five_joins_are_two_matches_and_one_who_waits(self):
        tokens = {f"player{i}": self.front.join(f"player{i}")["player_token"] for i in range(25)}
        matched = [self.front.wait_for(f"player{i}", "matched", tokens[f"player{i}"]) for i in range(24)]

        self.assertEqual(len({reply["session_id"] for reply in matched}), 2)
        self.assertEqual({len(match["members"]) for match in self.api.ask("GET", "/v1/matches")["items"]}, {12})
        self.assertEqual(self.front.status("player24"), (200, {"status": "pending"}))

    def test_two_hundred_whole_lives(self):
        code, report = self.load(200, "--match-duration", 2)
        self.assertEqual(code, 0, report)


class Matches(MatchCase):
    settings = {"MATCH_QUEUE": "casual", "MATCH_SIZE": 4, "MATCH_LEAST": 2, "MATCH_FLUSH": "2s", "COMPAT_ANONYMOUS": "true"}

    def test_whole_life_cycles(self):
        code, report = self.load(24, "--match-duration", 2)
        self.assertEqual(code, 0, report)

    # S1-4, S1-8, S1-10.
    def test_a_match_is_made_of_who_joins_and_has_a_server_of_its_own(self):
        players = [f"player{i}" for i in range(4)]
        first = self.front.join(players[0])
        again = self.front.call("POST", "/api/match/join", {"player_id": players[0]}, token=first["player_token"])[1]
        self.assertEqual((again["session_id"], again["player_token"]), ("pending:player0", first["player_token"]))
        matched, tokens = self.match_of(*players[1:])
        tokens[players[0]] = first["player_token"]
        sessions = {self.front.wait_for(player, "matched", tokens[player])["session_id"] for player in players}
        self.assertEqual(sessions, {matched["session_id"]})
        status, active = self.front.call("GET", "/api/sessions/active")
        self.assertEqual((status, active["count"]), (200, 1))
        self.assertEqual(active["sessions"], [{"session_id": matched["session_id"], "game_server_pod": f"game-server-{matched['session_id'][:8]}"}])
        with self.play(matched) as player:
            player.sendall(b"GET_STATE\n")
            self.assertEqual(player.recv(100), b"STATE open\n")

    # S1-5.
    def test_two_are_enough_when_the_first_has_waited(self):
        begun = time.monotonic()
        self.match_of("ann", "ben")
        self.assertGreater(time.monotonic() - begun, 1.9)

    # S1-2, S1-3, S1-21.
    def test_who_may_end_a_match(self):
        matched, tokens = self.match_of("ann", "ben")
        session = matched["session_id"]
        end = f"/api/match/{session}/end"
        stranger = self.front.join("eve")["player_token"]
        self.assertEqual(self.front.call("POST", end, {})[0], 403)
        self.assertEqual(self.front.call("POST", end, {}, token=stranger)[0], 404)
        self.assertEqual(self.front.call("POST", "/api/match/11111111-1111-4111-8111-111111111111/end", {})[0], 404)
        self.assertEqual(self.front.call("POST", end, {}, token=tokens["ann"]), (200, {"status": "ended", "session_id": session}))
        self.assertEqual(self.front.call("POST", end, {})[0], 200)
        self.assertEqual(self.front.wait_for("ben", "ended", tokens["ben"])["session_id"], session)
        self.assertEqual(self.front.status("nobody")[0], 404)
        status, reply = self.front.call("POST", "/api/match/join", {})
        self.assertEqual((status, reply["detail"][0]["loc"]), (422, ["body", "player_id"]))

    # S1-12, S1-13: without any client's word.
    def test_the_end_of_the_server_is_the_end_of_the_match(self):
        matched, tokens = self.match_of("ann", "ben")
        with self.play(matched) as player:
            player.sendall(b"REQUEST_MATCH 1\n")
            self.front.wait_for("ann", "ended", tokens["ann"])
        self.assertEqual(self.front.call("GET", "/api/sessions/active")[1]["count"], 0)

    def ticket(self, player, queue):
        return self.api.ask("POST", "/v1/tickets", {"player": player, "queue": queue})

    def wait_for_state(self, ticket, *wanted):
        deadline = time.monotonic() + PATIENCE
        while (seen := self.api.ask("GET", f"/v1/tickets/{ticket['id']}?wait=5s"))["state"] not in wanted:
            self.assertLess(time.monotonic(), deadline, seen)
        return seen

    def test_a_key_stands_for_one_join_whatever_its_player_does_now(self):
        def join(key, **more):
            reply = self.api.call("POST", "/v1/tickets", {"player": "ann", "queue": "casual", **more}, headers={"Idempotency-Key": key})
            return reply.status, reply.json

        status, first = join("one")
        self.assertEqual(status, 201)
        self.assertEqual(join("one", priority=1)[1]["code"], "idempotency_mismatch")
        self.api.ask("DELETE", f"/v1/tickets/{first['id']}")
        second = join("two")[1]
        self.assertNotEqual(second["id"], first["id"])
        status, again = join("one")
        self.assertEqual((status, again["id"], again["state"]), (201, first["id"], "cancelled"))

    # Asked, played, filled up, rated.
    def test_a_match_of_those_who_accept_it_takes_others_in_and_rates_them(self):
        rules = {"size": 3, "partial": {"least": 2, "after": "1s"}, "near": {"skill": {"within": 20}}}
        queue = {"game": "match-server", "rules": rules, "acceptance": "30s", "rating": {"attribute": "skill"}}
        self.api.ask("PUT", "/v1/queues/duel", queue)
        ann, ben = self.ticket("ann", "duel"), self.ticket("ben", "duel")
        match = self.wait_for_state(ann, "accepting")["match"]["id"]
        for ticket in ann, ben:
            self.front.call("POST", f"/v1/matches/{match}/accept", token=ticket["player_token"])
        self.wait_for_state(ann, "assigned")
        status, refused = self.front.call("POST", f"/v1/matches/{match}/decline", token=ben["player_token"])
        self.assertEqual((status, refused["code"]), (409, "not_asked"))

        self.assertEqual(self.api.ask("POST", f"/v1/matches/{match}/backfill", {"size": 3})["open_slots"], 1)
        cid = self.ticket("cid", "duel")
        asked = self.wait_for_state(cid, "accepting")["match"]
        self.assertEqual((asked["id"], asked["server"]), (match, None), "who is taken in is asked first")
        self.assertEqual(self.front.call("POST", f"/v1/matches/{match}/accept", token=cid["player_token"])[0], 200)
        self.assertEqual(self.wait_for_state(cid, "assigned")["match"]["id"], match)

        results = {"results": {"players": {"ann": 1, "ben": 2, "cid": 3}}}
        for _ in range(2):
            self.assertEqual(self.api.ask("POST", f"/v1/matches/{match}/end", results)["state"], "ended")
        ratings = [self.api.ask("GET", f"/v1/queues/duel/ratings/{player}") for player in ("ann", "ben", "cid")]
        self.assertEqual([rating["matches"] for rating in ratings], [1, 1, 1])
        self.assertGreater(ratings[0]["value"], ratings[2]["value"])
        shown = self.keeper.cli("queue", "rating", "duel", "ann")
        self.assertIn("after 1 matches (weng_lin)", shown.stdout)

    # The first command of docs/guide/matches.md, in a queue without a word about its game.
    def test_rules_alone_make_a_queue_that_can_play(self):
        self.keeper.cli("queue", "put", "guide", str(harness.ROOT / "docs/examples/match/demo.yaml"))
        self.assertEqual(self.api.ask("GET", "/v1/queues/guide")["game"], "match-server")
        ann, _ = self.ticket("ann", "guide"), self.ticket("ben", "guide")
        self.wait_for_state(ann, "assigned")

    # GK_TEST_UPDATE=1 writes it anew.
    def test_queues_and_fleets_on_the_command_line(self):
        shutil.copy(harness.ROOT / "docs/examples/match/demo.yaml", self.keeper.home)
        (self.keeper.home / "ranked.yaml").write_text("{game: match-server, fleet: warm, rating: {attribute: skill}, rules: {size: 2}}\n")
        (self.keeper.home / "warm.yaml").write_text("{game: match-server, package: small, ready: 0, max: 2}\n")
        self.api.ask("DELETE", "/v1/queues/casual")
        transcript.check(self, self.keeper, "queues")

    def test_a_match_on_the_command_line(self):
        self.api.ask("PUT", "/v1/queues/duel", {"rules": {"size": 2}})
        ann = self.ticket("ann", "duel")
        deadline = time.monotonic() + PATIENCE
        while "queue duel:" not in (explained := self.keeper.cli("match", "explain", ann["id"]).stdout):
            self.assertLess(time.monotonic(), deadline, explained)  # Who makes the matches had not looked at it yet.
        self.ticket("ben", "duel")
        match = self.wait_for_state(ann, "assigned")["match"]["id"]
        self.assertIn(match, self.keeper.cli("match", "list", "--live", "--player", "ann").stdout)
        self.assertIn("takes 0 others in", self.keeper.cli("match", "backfill", match, "2").stdout)
        self.assertIn("ben has left", self.keeper.cli("match", "leave", match, "ben").stdout)
        refused = self.keeper.cli("match", "accept", match, check=False)
        self.assertEqual((refused.returncode, "by its players" in refused.stderr), (4, True), refused.stderr)
        self.keeper.cli("match", "end", match)
        self.assertIn("ended", self.keeper.cli("match", "show", match).stdout)

    def test_a_queue_of_a_fleet_that_is_not_there_is_refused(self):
        reply = self.api.call("PUT", "/v1/queues/lost", {"fleet": "nowhere", "rules": {"size": 2}})
        self.assertEqual((reply.status, reply.json["errors"][0]["pointer"]), (400, "/fleet"))
        self.assertEqual(self.api.call("GET", "/v1/queues/lost").status, 404)

    def test_a_call_that_is_held_is_a_sign_of_life(self):
        self.api.ask("PUT", "/v1/queues/strict", {"rules": {"size": 3}, "silence": "3s"})
        held, forgotten = self.ticket("ann", "strict"), self.ticket("ben", "strict")
        status, reply = self.front.call("GET", f"/v1/tickets/{held['id']}?wait=8s", token=held["player_token"])
        self.assertEqual((status, reply["state"]), (200, "queued"))
        reply = self.api.ask("GET", f"/v1/tickets/{forgotten['id']}")
        self.assertEqual((reply["state"], reply["reason"]), ("expired", "silent"))

    # S1-28: by a server of its own, and by one that was started ahead.
    def test_only_who_shows_its_join_token_is_let_in(self):
        self.api.ask("PUT", "/v1/fleets/warm", {"game": "match-server", "package": "small", "ready": 1, "max": 2})
        self.addCleanup(self.api.call, "DELETE", "/v1/fleets/warm")
        for queue, more in ("closed", {}), ("closed-and-warm", {"fleet": "warm"}):
            with self.subTest(queue):
                self.api.ask("PUT", f"/v1/queues/{queue}", {"rules": {"size": 2}, "join_tokens": True, **more})
                ann, ben = self.ticket(f"ann of {queue}", queue), self.ticket(f"ben of {queue}", queue)
                server = self.wait_for_state(ann, "assigned")["match"]["server"]

                shown = [self.front.call("GET", f"/v1/tickets/{ticket['id']}", token=ticket["player_token"])[1] for ticket in (ann, ben)]
                tokens = [ticket["join_token"] for ticket in shown]
                self.assertIsNone(self.api.ask("GET", f"/v1/tickets/{ann['id']}")["join_token"], "an operator is no player")
                for line, answer in ("GET_STATE", b"DENIED\n"), (f"TOKEN {tokens[0]}", b"TOKEN ok\n"), (f"TOKEN {tokens[1]}", b"TOKEN ok\n"):
                    with socket.create_connection((server["host"], server["port"]), timeout=PATIENCE) as player:
                        player.sendall(f"{line}\n".encode())
                        self.assertEqual(player.makefile("rb").readline(), answer, line)

    # S1-3: not by what an operator has, but by what the server was given.
    def test_the_server_of_a_match_speaks_for_it_and_for_no_other_one(self):
        self.api.ask("PUT", "/v1/queues/duel", {"rules": {"size": 2}, "rating": {"attribute": "skill"}})
        ann, _ = self.ticket("ann", "duel"), self.ticket("ben", "duel")
        match = self.wait_for_state(ann, "assigned")["match"]["id"]
        cid, _ = self.ticket("cid", "duel"), self.ticket("dan", "duel")
        other = self.wait_for_state(cid, "assigned")["match"]["id"]
        told = environment_of(match)
        key, here = told["MATCH_KEY"], Front(told["GAMEKEEPER_API"])

        def say(match, verb, body):
            return here.call("POST", f"/v1/matches/{match}/{verb}", body, token=key)[0]

        results = {"results": {"players": {"ann": 1, "ben": 2}}}
        self.assertEqual(self.front.call("GET", f"/v1/matches/{match}", token=key)[0], 200)
        self.assertEqual([say(match, "backfill", {"size": 2}), say(match, "leave", {"players": ["ben"]}), say(match, "end", results)], [200] * 3)
        self.assertEqual([say(other, "backfill", {"size": 2}), say(other, "leave", {"players": ["cid"]}), say(other, "end", {})], [404] * 3)
        self.assertEqual(self.api.ask("GET", "/v1/queues/duel/ratings/ann")["matches"], 1)
        self.assertEqual(self.front.call("POST", "/v1/tickets", {"player": "eve", "queue": "duel"}, token=key)[0], 403)
        self.assertEqual(self.front.call("GET", "/v1/matches", token=key)[0], 403)

    # S1-3: whoever names a player on the original's routes is told how it stands, and not its token.
    def test_a_stranger_who_joins_again_for_a_player_cannot_end_its_match(self):
        matched, tokens = self.match_of("ann", "ben")
        end = f"/api/match/{matched['session_id']}/end"
        eve = self.front.join("eve")["player_token"]
        for token in None, eve:
            status, again = self.front.call("POST", "/api/match/join", {"player_id": "ann"}, token=token)
            self.assertEqual((status, again["session_id"]), (200, matched["session_id"]))
            self.assertNotIn("player_token", again)
        status, again = self.front.call("POST", "/api/match/join", {"player_id": "ann"}, token=tokens["ann"])
        self.assertEqual(self.front.call("POST", end, {}, token=again["player_token"])[0], 200)

    def test_rules_that_are_tried_are_compared_with_those_that_count(self):
        self.api.ask("PUT", "/v1/queues/casual/rules?shadow=true", {"size": 3})
        self.match_of("ann", "ben")
        compared = self.api.ask("GET", "/v1/queues/casual")["comparison"]
        self.assertEqual((compared["made"]["matches"], compared["would_make"]["matches"], compared["would_wait"]), (1, 0, 2))
        self.keeper.kill()
        self.keeper.start()
        deadline = time.monotonic() + PATIENCE
        while (queue := self.api.ask("GET", "/v1/queues/casual"))["comparison"] is None:
            self.assertLess(time.monotonic(), deadline, "nobody makes matches")
            self.assertFalse(self.keeper.ended(0.02), "serve has ended")
        self.assertEqual((queue["shadow"], queue["comparison"]["made"]["matches"]), ({"size": 3}, 0))
        self.assertEqual(self.api.ask("PUT", "/v1/queues/casual/rules?shadow=false")["rules"], {"size": 3})

    def test_matches_outlive_the_control_plane(self):
        matched, tokens = self.match_of("ann", "ben")
        waiting = self.front.join("cleo")
        self.keeper.kill()
        with self.play(matched) as player:
            player.sendall(b"REQUEST_MATCH 3\n")
            self.assertIn(b"RUNNING_LENGTH 3", player.recv(100))
            self.keeper.start()
            self.assertEqual(self.front.wait_for("ann", "matched", tokens["ann"])["session_id"], matched["session_id"])
            self.front.wait_for("ann", "ended", tokens["ann"])
        self.assertEqual(waiting["session_id"], "pending:cleo")
        self.assertEqual(self.front.status("cleo")[1]["status"], "pending")


if __name__ == "__main__":
    harness.main()
