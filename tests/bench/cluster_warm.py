#!/usr/bin/python3
"""How long a match waits for a server of a Fleet on the real cluster (make cluster-up): from the request until its answer, before which the server's
pod has been told its match. One after the other, each when the Fleet has as many that wait as before.

    GK_TEST_BIN=DIR tests/bench/cluster_warm.py [TIMES]      prints figures and appends them to bench/results
"""

import pathlib
import sys
import time
import unittest
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster"), str(ROOT / "tests/bench"), str(ROOT / "tests/e2e")]
sys.path[:0] = [str(ROOT / "tests/cluster")]  # Before tests/e2e, which has a harness too.

import figures  # noqa: E402
from test_matches import Matches  # noqa: E402

READY = 5
PATIENCE = 120
TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 60


class Warm(Matches):
    def wait_for_ready(self):
        ready = lambda: (servers := self.plane.api.ask("GET", "/v1/fleets/duels")["servers"]) and servers["ready"] >= READY
        self.plane.api.wait_until(ready, f"{READY} servers are ready", PATIENCE)

    def test_how_long_a_match_waits_for_a_server(self):
        self.plane.api.ask("PUT", "/v1/fleets/duels", {"game": "match-server", "ready": READY, "max": 400})
        took = []
        for _ in range(TIMES):
            self.wait_for_ready()
            begun = time.monotonic()
            self.plane.api.ask("POST", "/v1/fleets/duels/allocate", {"match": str(uuid.uuid4())})
            took.append((time.monotonic() - begun) * 1000)
        how = f"POST /v1/fleets/.../allocate, {TIMES} times, one after the other, when {READY} pods wait; two nodes on this machine"
        found = [figures.figure("warm pod told its match, p50", took, "ms", how),
                 figures.figure("warm pod told its match, p99", took, "ms", how, part=99)]
        figures.append(found)
        figures.show(found)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
