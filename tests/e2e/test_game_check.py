#!/usr/bin/python3
"""What `gamekeeper game check` says of the definitions in tests/games/check, word by word: place, cause and cure."""

import shutil
import unittest

import harness
import transcript


class GameCheck(unittest.TestCase):
    def test_every_mistake_is_told_at_once_with_its_place_and_cure(self):
        keeper = harness.Gamekeeper()
        self.addCleanup(keeper.clean_up)
        for file in (harness.ROOT / "tests/games/check").glob("*.yaml"):
            shutil.copy(file, keeper.home)

        transcript.check(self, keeper, "game_check")


if __name__ == "__main__":
    harness.main()
