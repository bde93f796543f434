#!/usr/bin/python3
"""A real Minetest world, its real client, and a block that must be where it belongs."""

import harness
from minetest_player import Player, install_mod

GOLD, MESE, AIR = "default:goldblock", "default:mese", "air"


class MinetestWorld(harness.Case):
    def setUp(self):
        super().setUp()
        self.create("castle", "minetest")
        self.api.verb("castle", "pause")
        world = self.keeper.world("castle")
        self.assertTrue((world / "world" / "world.mt").exists(), f"no world.mt below {world}: {sorted(world.rglob('*'))[:20]}")
        self.keeper.own("castle", install_mod(world / "world"))
        self.api.verb("castle", "start")

    def join(self, name):
        """Joins under that name; returns the block that the player then sees."""
        (endpoint,) = [e for e in self.api.server("castle")["endpoints"] if e["role"] == "game"]
        before = self.api.log_end("castle")
        with Player(name, "127.0.0.1", endpoint["port"]) as player:
            try:
                line = self.api.wait_for_line("castle", f"gk_mark: {name} sees", before, 40)["line"]
            except AssertionError as error:
                raise AssertionError(f"{error}\n--- the client said:\n{player.log()[-2000:]}") from None
        return line.split(" sees ")[1].strip()

    def test_a_block_is_there_after_pause_and_start(self):
        self.assertEqual(self.join("put_gold"), GOLD)

        self.api.verb("castle", "pause")
        self.assertEqual(self.api.server("castle")["state"], "paused")
        self.api.verb("castle", "start")

        self.assertEqual(self.join("look"), GOLD)

    def test_a_block_is_there_after_the_disk_was_freed(self):
        self.assertEqual(self.join("put_gold"), GOLD)

        self.api.verb("castle", "stop")
        directory = self.keeper.world("castle").parent.parent
        self.assertFalse((directory / "live.img").exists(), "stop frees the disk")
        self.assertEqual(self.newest_snapshot("castle")["consistency"], "at_rest")
        self.api.verb("castle", "start")

        self.assertEqual(self.join("look"), GOLD)

    def test_restoring_an_older_snapshot_takes_the_block_away_and_undo_brings_it_back(self):
        self.api.verb("castle", "pause")
        older = self.newest_snapshot("castle", consistency="at_rest", status="complete")
        self.api.verb("castle", "start")
        self.assertEqual(self.join("put_mese"), MESE)

        self.api.verb("castle", "restore", {"snapshot": older["id"]})
        self.assertEqual(self.join("look"), AIR)
        self.assertTrue(self.newest_snapshot("castle", trigger="before_restore", status="complete"))

        self.api.verb("castle", "restore/undo")
        self.assertEqual(self.join("look"), MESE)

    def test_who_plays_is_seen(self):
        (endpoint,) = [e for e in self.api.server("castle")["endpoints"] if e["role"] == "game"]
        with Player("anna", "127.0.0.1", endpoint["port"]):
            self.api.wait_until(lambda: self.api.server("castle")["players"]["names"] == ["anna"], "anna is listed as playing", 40)
        self.api.wait_until(lambda: self.api.server("castle")["players"]["online"] == 0, "nobody plays any more", 60)


if __name__ == "__main__":
    harness.main()
