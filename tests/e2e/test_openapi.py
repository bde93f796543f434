#!/usr/bin/python3
"""Walks every route of api/openapi.yaml against the running server: each answers as documented, and refuses what it should refuse."""

import json
import pathlib

import yaml

import harness
from client import UnixConnection
from schema import Checker

DOCUMENT = yaml.safe_load((pathlib.Path(harness.ROOT) / "api/openapi.yaml").read_text())
UNKNOWN_UUID = "00000000-0000-4000-8000-000000000000"


def is_stream(operation):
    """Without an end; asked in other tests."""
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


PAIRS = {"game": "toy", "rules": {"size": 2}}
FLEET = {"game": "toy", "ready": 0, "max": 2}


class Routes(harness.ToyCase):
    def setUp(self):
        super().setUp()
        self.checker = Checker(DOCUMENT)

    def raw(self, method, path, body=b"", headers=()):
        """Bytes as they are, past everything that would make them proper."""
        connection = UnixConnection(self.keeper.socket, 30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **dict(headers)})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def check_reply(self, method, path, reply):
        """Status and body are in the document."""
        operation = DOCUMENT["paths"][path][method.lower()]
        documented = operation["responses"].get(str(reply.status))
        self.assertIsNotNone(documented, f"{method} {path} answered {reply.status}, which the document does not name: {reply.text}")
        self.assertIn("X-Request-Id", reply.headers, f"{method} {path}")
        content = self.checker.resolve(documented).get("content", {})
        for kind, media in content.items():
            self.assertTrue(reply.headers["Content-Type"].startswith(kind), f"{method} {path}: {reply.headers['Content-Type']}, not {kind}")
            if kind.endswith("json") and "ndjson" not in kind:
                self.assertEqual(self.checker.errors(media["schema"], reply.json), [], f"{method} {path}: {reply.text}")

    def test_every_route_answers_as_documented(self):
        server = self.create_toy("tower")
        snapshot = self.api.operate("POST", "/v1/servers/tower/snapshots")
        self.api.ask("PATCH", "/v1/servers/tower", {"labels": {"a": "b"}})
        worlds = self.folders()
        values = {"{id}": "tower", "{game}": "toy", "{operation}": snapshot["id"], "{key}": self.make_key(), **self.make_matches()}
        bodies = {"/v1/servers": {"id": "second", "game": "toy"}, "/v1/keys": {"name": "second"}, "/v1/servers/{id}/commands": {"command": "say hi"},
                  "/v1/servers/{id}/restore": {"snapshot": self.newest_snapshot("tower")["id"]}, "/v1/servers/{id}": {"labels": {"a": "c"}},
                  "/v1/queues/{queue}": PAIRS, "/v1/queues/{queue}/rules": {"size": 2}, "/v1/fleets/{fleet}": FLEET,
                  "/v1/tickets": {"queues": ["pairs"], "players": [{"id": "cleo"}]}, "/v1/tickets/{ticket}": {"players": [{"id": "ann"}]},
                  "/v1/fleets/{fleet}/allocate": {"match": values["{match}"]}}
        # Reading first; then changes in the order in which they are possible, each waited for.
        order = {"get": 0, "put": 1, "patch": 2, "post": 3, "delete": 4}
        walk = sorted(((order[m], m, path) for path, item in DOCUMENT["paths"].items() for m in item if m in order and not is_stream(item[m])))
        self.assertEqual(server["state"], "running")

        for _, method, path in walk:
            with self.subTest(f"{method} {path}"):
                concrete = path
                for name, value in values.items():
                    concrete = concrete.replace(name, value)
                body = bodies.get(path, {} if method == "post" else None) if method in ("put", "post", "patch") else None
                reply = self.api.call(method.upper(), concrete, body, headers={"Prefer": "wait=60"}, timeout=90)
                self.check_reply(method.upper(), path, reply)
                self.assertNotIn(reply.status, (401, 404, 500), reply.text)
        self.end_matches(besides=worlds)

    def make_matches(self):
        """Somebody who waits, somebody who plays, and a fleet."""
        self.api.ask("PUT", "/v1/queues/alone", {"game": "toy", "rules": {"size": 1}})
        self.api.ask("PUT", "/v1/queues/pairs", PAIRS)
        self.api.ask("PUT", "/v1/fleets/warm", FLEET)
        playing = self.api.ask("POST", "/v1/tickets", {"queues": ["alone"], "players": [{"id": "ben"}]})
        waiting = self.api.ask("POST", "/v1/tickets", {"queues": ["pairs"], "players": [{"id": "ann"}]})
        shown = playing
        while shown["state"] != "assigned":
            self.assertIn(shown["state"], ("queued", "claimed", "placing"), shown)
            shown = self.api.ask("GET", f"/v1/tickets/{playing['id']}?wait=25s")
        return {"{queue}": "pairs", "{fleet}": "warm", "{ticket}": waiting["id"], "{match}": shown["match"]["id"], "{player}": "ann"}

    def make_key(self):
        return self.api.ask("POST", "/v1/keys", {"name": "walker"})["id"]

    def test_what_does_not_exist_is_a_problem_document(self):
        for path, item in DOCUMENT["paths"].items():
            for method in ("get", "delete", "post"):
                if method in item and ("{id}" in path or "{operation}" in path or "{key}" in path or "{game}" in path):
                    concrete = path.replace("{id}", "nobody").replace("{game}", "nothing")
                    concrete = concrete.replace("{operation}", UNKNOWN_UUID).replace("{key}", UNKNOWN_UUID)
                    body = {"command": "x"} if path.endswith("commands") else {"snapshot": UNKNOWN_UUID} if path.endswith("restore") else None
                    with self.subTest(f"{method} {path}"):
                        reply = self.api.call(method.upper(), concrete, body)
                        self.assertEqual(reply.status, 404, reply.text)
                        self.check_reply(method.upper(), path, reply)

    def test_bodies_that_are_wrong_are_refused_and_change_nothing(self):
        good = {"id": "tower", "game": "toy"}
        deep = b'{"id":"tower","game":"toy","settings":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}"
        for name, body, status in (
            ("no JSON", b"{", 400),
            ("duplicate key", b'{"id":"tower","id":"other","game":"toy"}', 400),
            ("unknown field", json.dumps({**good, "colour": "red"}).encode(), 400),
            ("wrong type", json.dumps({**good, "start": "yes"}).encode(), 400),
            ("bad UTF-8", b'{"id":"tower","game":"\xff"}', 400),
            ("too deep", deep, 400),
            ("too large", b'{"id":"tower","game":"toy","labels":{"a":"' + b"x" * (1 << 20) + b'"}}', 413),
            ("trailing bytes", json.dumps(good).encode() + b"x", 400),
        ):
            with self.subTest(name):
                seen, headers, text = self.raw("POST", "/v1/servers", body)
                self.assertEqual(seen, status, text)
                self.assertTrue(headers["Content-Type"].startswith("application/problem+json"), headers)
        self.assertEqual(self.api.ask("GET", "/v1/servers")["items"], [])

    def test_all_field_errors_come_at_once(self):
        reply = self.api.call("POST", "/v1/servers", {"id": "NOT A NAME", "start": 3, "colour": "red"})

        self.assertEqual(reply.status, 400)
        self.assertEqual({error["pointer"] for error in reply.json["errors"]}, {"/id", "/game", "/start", "/colour"})

    def test_the_same_idempotency_key_gives_the_same_answer_and_another_body_is_refused(self):
        body = {"id": "tower", "game": "toy"}
        first = self.api.call("POST", "/v1/servers", body, headers={"Idempotency-Key": "once"})
        again = self.api.call("POST", "/v1/servers", body, headers={"Idempotency-Key": "once"})
        other = self.api.call("POST", "/v1/servers", {**body, "id": "other"}, headers={"Idempotency-Key": "once"})

        self.assertEqual(first.json["id"], again.json["id"])
        self.assertEqual((other.status, other.json["code"]), (422, "idempotency_mismatch"))

    def test_the_served_document_is_this_one(self):
        self.assertEqual(self.api.ask("GET", "/openapi.json")["paths"].keys(), DOCUMENT["paths"].keys())
        self.assertIn("<html", self.api.call("GET", "/docs").text.lower())


if __name__ == "__main__":
    harness.main()
