#!/usr/bin/python3
"""Clients of the originals, as they are: recorded conversations, and what a conversation cannot show."""

import http.client
import json
import re
import socket
import subprocess

import conversation
import harness
import schema
import yaml

PACKAGES = """
packages:
  standard: {title: Standard, cpu_millis: 100, memory_mib: 64, disk_mib: 64}
"""


class OldCase(harness.ToyCase):
    """An installation whose usual game is the toy, and the address of its API as an old client knows it."""

    settings = {"COMPAT_GAME": "toy", "COMPAT_ANONYMOUS": "true"}

    def installation(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        keeper = super().installation()
        keeper.settings["API_LISTEN"] = f"127.0.0.1:{self.port}"
        # S0-4: what packages there are is said in a file.
        (keeper.state / "games" / "packages.yaml").write_text(PACKAGES)
        return keeper

    def call(self, method, target, body="", headers=()):
        """One request without a key, unless the headers have one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        try:
            connection.request(method, target, body or None, {"Content-Type": "application/json", **dict(headers)})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def ask(self, method, target, body=None):
        status, text = self.call(method, target, json.dumps(body) if body is not None else "")
        return status, json.loads(text)

    def wait(self, name, state):
        if state == "gone":
            self.api.wait_until(lambda: self.api.call("GET", f"/v1/servers/{name}").status == 404, f"{name} is gone", 120)
        else:
            # What is asked to restart is running until that begins.
            self.api.wait_until(lambda: all(one["finished_at"] for one in self.api.ask("GET", f"/v1/operations?server={name}")["items"]),
                                f"what was asked of {name} is done", 120)
            self.api.wait_for_state(name, state, 120)


class Description:
    """api/originals.yaml: what is said in conversations is compared with it, and all of it must have been said."""

    def __init__(self):
        self.document = yaml.safe_load((harness.ROOT / "api/originals.yaml").read_text())
        self.checker = schema.Checker(self.document)
        self.said = set()

    def place_of(self, target):
        path = target.partition("?")[0]
        for pattern in self.document["paths"]:
            # A file's path may have slashes, and nothing else may.
            words = re.sub(r"{(\w+)}", lambda word: ".+" if word.group(1) == "path" else "[^/]*", pattern)
            if re.fullmatch(words, path):
                return pattern
        raise AssertionError(f"{path} is no route that api/originals.yaml describes")

    def complaints(self, method, target, status, text):
        body = json.loads(text) if text.startswith("{") else text
        if isinstance(body, dict) and body.get("type") == "about:blank":
            return []  # Refused before it reached a route.
        place = self.place_of(target)
        operation = self.document["paths"][place].get(method.lower())
        if operation is None or str(status) not in operation["responses"]:
            return [f"{method} {place} answers {status}, which is not described"]
        self.said.add((method, place))
        (media,) = self.checker.resolve(operation["responses"][str(status)])["content"].values()
        return self.checker.errors(media["schema"], body)

    def unsaid(self):
        everything = {(method.upper(), path) for path, item in self.document["paths"].items() for method in item if method != "parameters"}
        return everything - self.said


class Conversations(OldCase):
    settings = {**OldCase.settings, "MATCH_QUEUE": "casual", "MATCH_SIZE": "2"}

    def setUp(self):
        super().setUp()
        self.tokens, self.token = {}, None

    def wait(self, name, state):
        """`. as NAME` shows the token of that player's join from then on, and `. as nobody` none."""
        if name == "as":
            self.token = self.tokens.get(state)
        else:
            super().wait(name, state)

    def say(self, method, target, body):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        status, text = self.call(method, target, body, headers)
        reply = json.loads(text) if text.startswith("{") else {}
        if "player_token" in reply:
            self.tokens[reply["players"][0]] = reply["player_token"]
        return status, text

    def test_are_as_recorded_and_as_described_and_all_that_is_described_is_said(self):
        description = Description()

        def call(method, target, body=""):
            status, text = self.say(method, target, body)
            self.assertEqual([], description.complaints(method, target, status, text), f"{method} {target} {body}: {text}")
            return status, text

        self.assertEqual(description.document, json.loads(call("GET", "/openapi-originals.json")[1]))
        for path in sorted(conversation.FOLDER.glob("seed00*/*.txt")):
            self.token = None
            with self.subTest(path.stem):
                conversation.check(self, path, call, self.wait)
        self.assertEqual(set(), description.unsaid())


class Worlds(OldCase):
    def start(self, name):
        status, reply = self.ask("POST", "/api/server/start-server", {"package": "standard", "server_id": name})
        self.assertEqual(status, 200, reply)
        return reply

    def test_the_address_that_is_returned_is_where_the_game_answers(self):
        info = self.start("castle")["connection_info"]

        # What Minetest answers to whoever says hello: the toy speaks that much.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.sendto(bytes.fromhex("4f45740300000000"), (info["ip"], info["port"]))
            self.assertTrue(sock.recv(64))

    def test_a_world_comes_back_as_it_was_saved(self):
        self.start("castle")
        self.ask("PUT", "/api/bucket/files/castle/treasure", {"content": "gold"})
        self.assertEqual(self.ask("POST", "/api/server/stop-server", {"server_id": "castle"})[1]["files_saved"], ["toy.conf"])

        again = self.start("castle")

        self.assertEqual((again["files_restored"], again["existing_files"]), (True, ["toy.conf"]))
        self.assertEqual(self.ask("GET", "/api/bucket/files/castle/treasure"), (200, {"content": "gold"}))

    def test_a_deleted_world_that_is_kept_is_adopted(self):
        self.start("castle")
        self.ask("PUT", "/api/bucket/files/castle/treasure", {"content": "gold"})
        self.api.operate("DELETE", "/v1/servers/castle")

        self.assertTrue(self.start("castle")["files_restored"])
        self.assertEqual(self.ask("GET", "/api/bucket/files/castle/treasure"), (200, {"content": "gold"}))

    def test_files_reach_no_other_world_by_a_link(self):
        self.start("castle")
        (self.keeper.world("castle") / "out").symlink_to("/etc/passwd")

        self.assertEqual(self.ask("GET", "/api/bucket/files/castle/out")[0], 403)
        self.assertEqual(self.ask("PUT", "/api/bucket/files/castle/out", {"content": "x"})[0] // 100, 4)

    def test_the_same_idempotency_key_starts_once(self):
        body = json.dumps({"package": "standard", "server_id": "castle"})
        first = self.call("POST", "/api/server/start-server", body, {"Idempotency-Key": "once"})
        again = self.call("POST", "/api/server/start-server", body, {"Idempotency-Key": "once"})

        self.assertEqual(first[0], 200, first)
        self.assertEqual(first, again)

    def test_without_a_vault_nothing_is_paused(self):
        self.start("castle")
        self.api.operate("POST", "/v1/servers/castle/snapshots")
        self.keeper.break_vault()

        status, reply = self.ask("POST", "/api/server/pause-server", {"server_id": "castle"})

        self.assertEqual((status, reply["error"]), (500, "Server pause failed"), reply)
        self.assertEqual(self.ask("GET", "/api/server/status/castle")[1]["status"], "degraded")
        self.only_pid("castle")
        self.keeper.mend_vault()
        self.assertEqual(self.ask("POST", "/api/server/pause-server", {"server_id": "castle"})[0], 200)


class Patience(OldCase):
    settings = {**OldCase.settings, "COMPAT_WAIT": "0s", "COMPAT_HEALTH": "001"}

    def test_whoever_waited_long_enough_gets_the_operation(self):
        status, reply = self.ask("POST", "/api/server/start-server", {"package": "standard", "server_id": "castle"})

        self.assertEqual((status, reply["error"], reply["type"]), (504, "Server start timed out", "TimeoutError"), reply)
        self.assertEqual(self.api.finish(reply["details"])["status"], "succeeded")

    def test_health_can_speak_for_the_matchmaking(self):
        self.assertEqual(self.ask("GET", "/health"), (200, {"status": "ok"}))


class Rights(OldCase):
    settings = {"COMPAT_GAME": "toy", "MATCH_QUEUE": "casual"}

    def test_a_key_is_needed_and_the_refusal_has_the_shape_of_the_original(self):
        for target in ("/api/server/", "/api/user/info", "/api/user/servers", "/api/bucket/files/castle", "/api/game/info/toy"):
            status, reply = self.ask("GET", target)
            self.assertEqual((status, reply["error"], reply["type"]), (401, "Unauthorized", "AuthenticationError"), target)
        status, reply = self.ask("GET", "/api/v1/server/7/status")
        self.assertEqual((status, reply["success"]), (401, False))
        for target in ("/api/match/status?player_id=ann", "/match/status?player_id=ann", "/api/sessions/active", "/sessions/active"):
            status, reply = self.ask("GET", target)
            self.assertEqual((status, list(reply)), (401, ["detail"]), target)
        for target in ("/api/match/join", "/match/join", "/api/match/x/end", "/match/x/end", "/cleanup/orphaned-servers"):
            self.assertEqual(self.ask("POST", target, {"player_id": "ann"})[0], 401, target)
        for target in ("/health", "/healthcheck"):
            self.assertEqual(self.ask("GET", target)[0], 200)

    def test_with_a_key_everything_is_as_without(self):
        key = (self.keeper.state / "admin.key").read_text().strip()

        status, text = self.call("GET", "/api/user/info", headers={"Authorization": f"Bearer {key}"})

        self.assertEqual((status, json.loads(text)["roles"]), (200, ["admin"]))

    def test_letting_everybody_in_beyond_this_machine_is_refused(self):
        environment = {**self.keeper.environment(), "GK_API_LISTEN": "0.0.0.0:0", "GK_API_EXPOSE_WITHOUT_TLS": "true", "GK_COMPAT_ANONYMOUS": "true"}
        command = [harness.BIN / "gamekeeper", "serve", "--state", self.keeper.home / "other"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)

        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("compat.anonymous", done.stderr)


class Environment(OldCase):
    def refused(self, code, **environment):
        command = [harness.BIN / "gamekeeper", "serve", "--state", self.keeper.home / "other"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=self.keeper.environment() | environment)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_every_mistake_is_told_at_once_under_the_name_it_was_made(self):
        said = self.refused(2, PORT="http", LOG_LEVEL="LOUD", GK_BACKUP_EVERY="5")

        for name in ("PORT: 'http'", "LOG_LEVEL: 'LOUD'", "GK_BACKUP_EVERY"):
            self.assertIn(name, said)

    def test_the_bucket_s_key_may_have_its_old_names(self):
        place = {"GK_VAULT_PLACE": "s3:https://127.0.0.1:1/bucket/worlds"}

        self.assertIn("needs a key", self.refused(1, **place))
        self.assertIn("needs a secret key", self.refused(1, **place, B2_KEY_ID="id"))
        self.assertIn("ca_file", self.refused(1, **place, B2_KEY_ID="id", B2_APP_KEY="secret", GK_VAULT_S3_CA_FILE="/nowhere"), "the next question")


class WebPages(OldCase):
    def test_no_web_page_gets_in_without_a_key(self):
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            self.assertEqual(self.call("GET", "/api/server/", headers=headers)[0], 403, headers)
        self.assertEqual(self.call("GET", "/api/server/", headers={"Host": f"localhost:{self.port}"})[0], 200)


if __name__ == "__main__":
    harness.main()
