#!/usr/bin/python3
"""The real clients of real games in worlds of the cluster: what a player builds is there after the disk was given away, and who plays is seen.

    GK_TEST_BIN=DIR tests/cluster/test_players.py [Class.test]        needs the cluster (make cluster-up) and the games (tools/setup test)
"""

import subprocess
import time

import control_plane
import harness
from harness import NODES, ClusterTest

import minetest_player  # isort: skip  In tests/e2e, to which control_plane has led.
import teeworlds_player  # isort: skip

MOD = "world/worldmods/gk_mark"
GOLD = "default:goldblock"
PATIENCE = 60


class Players(ClusterTest):
    level = "privileged"  # For ports of nodes.
    games = ()

    def setUp(self):
        harness.define_kinds()
        harness.use_images(*self.games, "gk-shim", "restic", "versitygw")
        super().setUp()
        # Numbers of nodes are found out by one control plane for a cluster; here are several.
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space), CLUSTER_EXPOSURES="nodePort,hostPort",
                                                CLUSTER_HOST_PORTS_FIRST=6300, CLUSTER_HOST_PORTS_LAST=6399)
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()
        self.plane.clean_up()

    def endpoint(self, name):
        """Where players are told to go."""
        [endpoint] = self.space.get("gs", name)["status"]["endpoints"]
        self.assertIn(endpoint["host"], NODES.values())
        return endpoint["host"], endpoint["port"]

    def line(self, name, text, player):
        """The first line of the game's log that says so."""
        command = ["timeout", str(PATIENCE), "kubectl", "-n", self.space.name, "logs", "-f", f"gs-{name}-0"]
        with subprocess.Popen(command, env=harness.ENVIRONMENT, stdout=subprocess.PIPE, text=True) as log:
            try:
                for line in log.stdout:
                    if text in line:
                        return line.strip()
            finally:
                log.terminate()
        raise AssertionError(f"no line with '{text}' within {PATIENCE} s; the client said:\n{player.log()[-2000:]}")

    def until_played_by(self, name, count):
        """As `kubectl get gs` shows it."""
        self.space.until(lambda gs: gs["status"].get("players", {}).get("online") == count, "gs", name, PATIENCE)

    def until_named(self, name, players):
        """As the API shows it, once the game was asked again: of whom still connects it does not know the name."""
        end = time.monotonic() + PATIENCE
        while (names := self.plane.show(name)["players"]["names"]) != players:
            self.assertLess(time.monotonic(), end, names)
            self.assertFalse(self.plane.ended(0.5))


class Minetest(Players):
    games = ("minetest",)

    def put(self, name, text):
        status, said = self.plane.call("PUT", f"/api/bucket/files/castle/{MOD}/{name}?namespace={self.space.name}", {"content": text})
        self.assertEqual(200, status, said)

    def join(self, name):
        """The block that a player of this name sees when he joins."""
        with minetest_player.Player(name, *self.endpoint("castle")) as player:
            seen = self.line("castle", f"gk_mark: {name} sees", player)
            self.until_played_by("castle", 1)
        return seen.split(" sees ")[1]

    def test_what_a_player_built_is_there_after_the_disk_was_given_away(self):
        self.plane.world("create", "castle", "--game", "minetest", "--start")
        for name, text in minetest_player.MOD_FILES.items():
            self.put(name, text)
        self.plane.world("restart", "castle")
        self.assertEqual(GOLD, self.join("put_gold"))
        self.until_played_by("castle", 0)

        self.plane.world("stop", "castle")
        self.space.wait_for("delete", "pvc", "-l", "gamekeeper.dev/server", seconds=30)
        self.plane.world("start", "castle")

        self.assertEqual(GOLD, self.join("look"))


class Teeworlds(Players):
    games = ("teeworlds",)

    def test_players_come_by_a_port_of_the_node(self):
        self.plane.world("create", "arena", "--game", "teeworlds", "--exposure", "hostPort", "--start")
        host, port = self.endpoint("arena")
        self.assertIn(port, range(6300, 6400))

        with teeworlds_player.Player("anna", host, port) as player:
            self.line("arena", "player has entered the game", player)
            self.until_played_by("arena", 1)
            self.until_named("arena", ["anna"])
        self.until_played_by("arena", 0)


if __name__ == "__main__":
    harness.main()
