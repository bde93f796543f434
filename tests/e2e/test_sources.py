#!/usr/bin/python3
"""A game that a definition names by address and hash: its licence, its versions, its archive, and sites that are wrong, away or slow."""

import hashlib
import io
import os
import tarfile

import harness
from web_site import Site

DEFINITION = """
name: fetched
title: Fetched toy
sources:
  - version: good
    fetch: {url: "SITE/toy.tar.gz", sha256: "GOOD", unpack: tar}
    needs: {packages: [coreutils], program: /usr/bin/env}
  - version: changed
    fetch: {url: "SITE/toy.tar.gz", sha256: "OTHER", unpack: tar}
  - version: alone
    fetch: {url: "SITE/gk-toy-game", sha256: "ALONE"}
command: ["{{paths.game}}/gk-toy-game", --udp, "{{ports.game}}", --bind, "{{bind_address}}"]
ports: [{role: game, protocol: udp}]
settings:
  version: {type: choice, choices: [good, changed, alone], default: good}
  eula: {type: choice, choices: [accepted], required: true, link: "https://toy.example/licence"}
ready: {log: '^ready$', protocol: minetest, port: game, timeout: 20s}
stop: [{signal: SIGTERM, wait: 5s}]
"""


class Sources(harness.Case):
    def installation(self):
        keeper = harness.Gamekeeper(KEEPER_INTERVAL="1s")
        self.site = Site(keeper.home)
        self.addCleanup(self.site.server_close)
        self.addCleanup(self.site.shutdown)
        toy = (harness.BIN / "gk-toy-game").read_bytes()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.add(harness.BIN / "gk-toy-game", "gk-toy-game")
        self.site.files = {"/toy.tar.gz": packed.getvalue(), "/gk-toy-game": toy}
        games = keeper.state / "games"
        games.mkdir(parents=True)
        good, alone = (hashlib.sha256(content).hexdigest() for content in (packed.getvalue(), toy))
        text = DEFINITION.replace("SITE", self.site.address).replace("GOOD", good).replace("ALONE", alone).replace("OTHER", "0" * 64)
        (games / "fetched.yaml").write_text(text)
        for path in (keeper.state, games):
            os.chmod(path, 0o755)
        plain = keeper.environment
        keeper.environment = lambda: plain() | {"SSL_CERT_FILE": str(self.site.certificate)}
        self.good = good
        return keeper

    def begin(self, name, **settings):
        size = {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}
        return self.api.begin("POST", "/v1/servers", {"id": name, "game": "fetched", "start": True, "settings": settings, "resources": size})

    def fetch_step(self, operation):
        steps = self.api.ask("GET", f"/v1/operations/{operation['id']}")["steps"]
        return next((step for step in steps if step["name"] == "fetch"), None)

    def test_a_game_is_fetched_once_after_its_licence_was_accepted(self):
        refused = self.api.call("POST", "/v1/servers", {"id": "one", "game": "fetched", "start": True})
        self.assertEqual(refused.status, 400)
        self.assertIn("https://toy.example/licence", refused.text)
        self.assertEqual(self.site.visits, [])

        for name in ("one", "two"):
            operation = self.api.finish(self.begin(name, eula="accepted"))
            self.assertEqual(operation["status"], "succeeded", operation)
        self.assertEqual(self.site.visits, ["/toy.tar.gz"], "the second server finds the files of the first")
        self.assertIsNone(self.fetch_step(operation))

        self.assertEqual(self.api.finish(self.begin("three", eula="accepted", version="alone"))["status"], "succeeded")
        downloads = self.keeper.state / "downloads"
        owner = downloads.stat().st_uid
        self.assertNotEqual(owner, 0, "never root")
        self.assertEqual({path.stat().st_uid for path in downloads.rglob("*")}, {owner})

    def test_another_file_is_named_with_both_hashes_and_never_started(self):
        operation = self.api.finish(self.begin("one", eula="accepted", version="changed"))

        self.assertEqual((operation["status"], operation["error"]["code"]), ("failed", "hash_mismatch"))
        for part in (f"{self.site.address}/toy.tar.gz", "expected " + "0" * 64, "found " + self.good):
            self.assertIn(part, operation["error"]["detail"])
        step = self.fetch_step(operation)
        self.assertEqual((step["status"], step["error"]["code"]), ("failed", "hash_mismatch"))
        self.assertEqual(self.api.server("one")["reason"], "hash_mismatch")

        self.api.ask("PATCH", "/v1/servers/one", {"settings": {"version": "good"}})
        self.api.verb("one", "start")
        self.assertEqual(self.api.server("one")["state"], "running")

    def test_a_slow_site_holds_up_nothing_and_a_crash_on_the_way_begins_anew(self):
        self.site.open.clear()
        operation = self.begin("one", eula="accepted")
        self.api.wait_until(lambda: (step := self.fetch_step(operation)) and step["status"] == "running", "the fetch is under way")
        self.api.wait_until(lambda: list((self.keeper.state / "downloads/incoming").glob("*/archive")), "the first bytes are here")

        self.keeper.kill()
        self.keeper.wait_for_launcher()
        self.site.open.set()
        self.keeper.start()

        self.assertEqual(self.api.finish(operation)["status"], "succeeded")
        self.assertEqual(list((self.keeper.state / "downloads/incoming").glob("*")), [])
        step = self.fetch_step(operation)
        self.assertEqual(step["status"], "succeeded")
        self.assertGreater(step["ms"], 0)

    def test_a_stop_does_not_wait_for_a_fetch(self):
        self.site.open.clear()
        operation = self.begin("one", eula="accepted")
        self.api.wait_until(lambda: self.fetch_step(operation), "the fetch is under way")

        self.api.verb("one", "stop", seconds=20)

        self.assertEqual(self.api.server("one")["state"], "stopped")
        self.site.open.set()


if __name__ == "__main__":
    harness.main()
