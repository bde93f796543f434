#!/usr/bin/python3
"""Figures say what their samples say, and a goal that is missed is said."""

import contextlib
import io
import unittest

from figures import figure, share, show


def shown(*figures):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        all_met = show(figures)
    return all_met, text.getvalue()


class Figures(unittest.TestCase):
    def test_a_percentile_is_a_sample_that_was_measured(self):
        cases = [([7], 50, 7), ([7], 99, 7), ([3, 1, 2], 50, 2), ([4, 1, 3, 2], 50, 2), (range(1, 101), 99, 99), (range(1, 11), 99, 10)]
        for samples, part, expected in cases:
            with self.subTest(samples=samples, part=part):
                self.assertEqual(share(samples, part), expected)

    def test_a_goal_is_met_from_its_side(self):
        for better, value, met in [("less", 20, True), ("less", 20.5, False), ("more", 20, True), ("more", 19.5, False)]:
            with self.subTest(better=better, value=value):
                self.assertIs(figure("a", [value], "ms", "how", 20, better=better)["met"], met)
        self.assertIsNone(figure("a", [1], "ms", "how")["met"])

    def test_the_table_names_what_was_missed(self):
        fast, slow, plain = figure("fast", [1, 2], "ms", "how", 5), figure("slow", [9], "ms", "how", 5), figure("plain", [1234567.8], "bytes", "how")

        all_met, text = shown(fast, slow, plain)

        self.assertFalse(all_met)
        self.assertIn("MISSED 1 of 2 goals: slow", text)
        self.assertIn("1,234,568", text)
        self.assertEqual(shown(fast, plain)[0], True)


if __name__ == "__main__":
    unittest.main()
