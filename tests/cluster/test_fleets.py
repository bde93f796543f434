#!/usr/bin/python3
"""Match servers on nodes that are emptied or fall silent, on the real cluster.

    GK_TEST_BIN=DIR tests/cluster/test_fleets.py [Class.test]        needs the cluster (make cluster-up) for itself alone
"""

import json
import time

import harness
import test_matches
from harness import NODES
from test_nodes import PROVISIONER, node, only


class OnNodes(test_matches.Matches):
    settings = {"MATCH_FLEET": "duels"}

    def setUp(self):
        # The database must not be on the node that the test breaks.
        pods = json.loads(harness.kubectl("get", "pods", "-A", "-o", "json").stdout)["items"]
        self.safe = next(it["spec"]["nodeName"] for it in pods if PROVISIONER in it["metadata"]["name"])
        self.victim = next(name for name in NODES if name != self.safe)
        with only(self.safe):
            super().setUp()

    def clean_up(self):
        super().clean_up()
        node("mend", self.victim)
        harness.kubectl("uncordon", self.victim)
        harness.kubectl("wait", "--for=condition=Ready", f"node/{self.victim}", "--timeout=60s")

    def fleet_on_the_victim(self, ready):
        with only(self.victim):
            self.space.apply(self.fleet(ready=ready, max=8))
            self.fleet_becomes(ready=ready)
            server = self.allocate()[1]
            self.fleet_becomes(ready=ready, allocated=1)
        self.assertEqual({self.victim}, self.places())
        return server

    def places(self, without=None):
        return {pod["spec"].get("nodeName") for name, pod in self.servers().items() if name != without}

    def test_a_cordon_moves_who_waits_and_leaves_matches(self):
        server = self.fleet_on_the_victim(ready=2)

        harness.kubectl("cordon", self.victim)
        self.wait_for_servers(lambda found: len(found) == 3 and self.places(without=server["server"]) == {self.safe})

        self.fleet_becomes(ready=2, allocated=1)
        self.assertEqual(self.victim, self.servers()[server["server"]]["spec"]["nodeName"])
        self.assertEqual(b"STATE open\n", self.speak(*test_matches.place(server), b"GET_STATE\n"))

    # Others hand out the servers of a dead node for minutes.
    def test_nobody_gets_a_server_of_a_silent_node(self):
        self.fleet_on_the_victim(ready=2)

        node("cut", self.victim)
        begun = time.monotonic()
        self.assertFalse(self.plane.ended(5))  # What is promised is a time, not an event.
        status, server = self.allocate()
        if status == 200:  # One that was begun elsewhere meanwhile.
            self.assertEqual(NODES[self.safe], server["endpoints"][0]["host"])
        else:
            self.assertEqual("exhausted", server["code"])
        self.wait_for_servers(lambda found: sum(pod["spec"].get("nodeName") == self.safe for pod in found.values()) >= 1, seconds=120)
        print(f"    replaced after {time.monotonic() - begun:.0f} s", flush=True)

    # Its cluster gives the node up a minute after it has noticed; players do not wait for it to come back.
    def test_players_of_a_dead_node_hear_of_it_and_play_again(self):
        with only(self.victim):
            self.space.apply(self.fleet(ready=1, max=8))
            self.fleet_becomes(ready=1)
            found = self.match()
        pod = self.record_of(found)["server"]["name"]
        self.assertEqual(self.victim, self.servers()[pod]["spec"]["nodeName"])

        node("cut", self.victim)
        begun = time.monotonic()
        self.status_becomes("ended", seconds=240)
        print(f"    ended {time.monotonic() - begun:.0f} s after the cut", flush=True)
        self.assertEqual(("ended", "node_unreachable"), tuple(self.record_of(found)[name] for name in ("state", "end_reason")))
        self.space.wait_for("delete", f"pod/{pod}")

        again = self.match()
        self.assertEqual(NODES[self.safe], again["connect_host"])

    # S1-11: a node dies while the server of their match is being started there.
    def test_players_whose_match_had_not_begun_get_another(self):
        with only(self.victim):
            node("cut", self.victim)
            self.join()
            self.wait_for_servers(lambda found: any(name.startswith("game-server-") for name in found))

        found = self.status_becomes("matched", seconds=240)
        self.assertEqual(NODES[self.safe], found["connect_host"])
        self.wait_for_servers(lambda pods: self.record_of(found)["server"]["name"] in pods)


if __name__ == "__main__":
    harness.main()
