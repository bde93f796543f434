#!/usr/bin/python3
"""What programs that others have written see of a server that sleeps, and read when they join it: gamedig, which web sites list servers with, and
every version of Minecraft that minecraft-protocol knows. The programs come from npm."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import test_edge

CLIENTS = pathlib.Path(__file__).parent / "clients"
PACKAGES = ["gamedig@5.3.3", "minecraft-protocol@1.68.0"]
ICON = "data:image/png;base64,iVBORw0KGgo="
SLEEPS = "castle (sleeping, join to start)"


def installed(folder):
    npm = ["npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries", "5", "--prefix", folder, *PACKAGES]
    subprocess.run(npm, check=True, capture_output=True, cwd=folder)
    for script in CLIENTS.iterdir():
        shutil.copy(script, folder)


class Lists(test_edge.WithEdge):
    @classmethod
    def setUpClass(cls):
        cls.node = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="gk-lists-")))
        installed(cls.node)

    def setUp(self):
        super().setUp()
        self.minecraft = test_edge.free(test_edge.tcp)

    def table(self, **more):
        castle = {"server": "castle", "state": "asleep", **more,
                  "face": {"title": SLEEPS, "players_max": 20, "version": "1.20.4", "icon": ICON}}
        arena = {"server": "castle", "state": "asleep", "listen": "%s:%d" % self.door, "protocol": "quake3",
                 "face": {"title": SLEEPS, "map": "oa_dm1", "game_type": "OpenArena", "protocol": 71, "players_max": 12}}
        return {"datagrams": [arena], "streams": [{"listen": "%s:%d" % self.minecraft, "protocol": "minecraft", "routes": [castle]}]}

    def run_node(self, script, *words):
        done = subprocess.run(["node", self.node / script, *map(str, words)], capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def knocks(self, edge):
        """How many it has called a player's knock. Ends it, for its log to be whole."""
        edge.process.terminate()
        _, log = edge.process.communicate(timeout=test_edge.PATIENCE)
        return (edge.unread + log).count("a player knocked")

    def test_gamedig_sees_that_they_sleep_and_wakes_neither(self):
        edge = self.running_edge(self.table())
        arena, castle = self.run_node("lists.mjs", "openarena", *self.door, "minecraft", *self.minecraft)
        self.assertEqual((arena["name"], arena["map"], int(arena["players_max"]), arena["players"]), (SLEEPS, "oa_dm1", 12, 0))
        self.assertEqual((castle["name"], castle["players_max"], castle["players"]), (SLEEPS, 20, 0))
        self.assertEqual(self.knocks(edge), 0)

    def test_each_version_of_minecraft_can_read_what_it_is_told(self):
        # It takes longer than any client waits, so that each is told how long.
        edge = self.running_edge(self.table(ready_in="40s"), "--loops", "1")
        seen = self.run_node("versions.js", *self.minecraft)
        print(f"\n{'version':8} {'protocol':8}  in its list; told to who joins")
        for one in seen:
            print(f"{one['version']:8} {one['protocol']:<8}  {one['list']['text']}; {one.get('told')}")
        self.assertGreaterEqual(len(seen), 30, "from 1.7 on")
        for one in seen:
            with self.subTest(version=one["version"]):
                # Its own number, so that it does not call the server outdated.
                self.assertEqual(one["list"], {"text": SLEEPS, "name": "1.20.4", "protocol": one["protocol"], "max": 20, "icon": ICON})
                self.assertEqual(one["told"], "castle is waking up. Join again in about 40 seconds.")
        self.assertEqual(self.knocks(edge), 1, "however many joined")


if __name__ == "__main__":
    unittest.main()
