"""Runs the tests of the script that calls it; the last line is `N passed, N failed`."""

import sys
import unittest


def main():
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"{max(0, result.testsRun - failed - len(result.skipped))} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)
