#!/usr/bin/python3
"""How players reach a game: by a port of every node, of its own node, of a cloud's load balancer, and from inside; and from one to the other.

    GK_TEST_BIN=DIR tests/cluster/test_exposure.py [Class.test]        needs the cluster (make cluster-up) and the images minetest and gk-shim

The cluster has no cloud: the test gives addresses and takes them back, by the Service's status and its finalizer, as a cloud's controller does.
"""

import json
import os

import harness
from harness import NODES, answers
from runtime_driver import DriverTest


class Exposure(DriverTest):
    level = "privileged"  # "baseline" and "restricted" refuse ports of nodes.

    def service(self):
        return self.space.get("service", "gs-castle")

    def cloud_gives(self, address):
        status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        self.space.kubectl("patch", "service", "gs-castle", "--subresource=status", "--type=merge", "-p", json.dumps(status))

    def pod(self):
        return self.space.get("pod", "gs-castle-0")["metadata"]["uid"]

    def test_a_running_game_is_reached_in_another_way_without_a_restart(self):
        server = self.started("castle")
        port, pod = server.ports[0]["open"], self.pod()
        node = NODES[self.node_of("castle")]
        self.assertTrue(answers(node, port))

        self.assertEqual(port, server.do("expose", "internal")["ports"][0]["open"], "players keep their port")
        self.assertEqual("ClusterIP", self.service()["spec"]["type"])
        self.assertNotIn("nodePort", self.service()["spec"]["ports"][0])
        self.assertTrue(answers(self.service()["spec"]["clusterIP"], port))
        self.assertEqual(f"gs-castle.{self.space.name}.svc", server.do("host")["host"])

        server.do("expose", "loadBalancer")
        spec = self.service()["spec"]
        self.assertEqual(("LoadBalancer", "Local"), (spec["type"], spec["externalTrafficPolicy"]))
        self.assertIn("the cloud has given no address", server.ask("host")["detail"])
        self.cloud_gives("2001:db8::7")
        self.assertEqual("2001:db8::7", server.do("host")["host"])

        server.do("expose", "nodePort")
        self.assertEqual(port, self.service()["spec"]["ports"][0]["nodePort"])
        self.assertTrue(answers(node, port))
        self.assertEqual(node, server.do("host")["host"])
        self.assertEqual(pod, self.pod(), "the game was started again")

    def test_a_port_of_the_node_is_joined_and_is_part_of_the_pod(self):
        server = self.started("castle", exposure="hostPort")
        port = server.ports[0]["open"]
        self.assertIn(port, range(7100, 7200))
        self.assertTrue(answers(NODES[self.node_of("castle")], port), "nobody answers at the node's port")
        game = self.space.get("pod", "gs-castle-0")["spec"]["containers"][0]
        self.assertEqual(port, game["ports"][0]["hostPort"])

        server.do("stop")
        server.until("exited")
        server.do("clean")
        forwarded = server.do("expose", "nodePort")["ports"][0]["open"]
        self.assertIn(forwarded, range(30100, 30200))
        server.do("prepare")
        server.do("launch")
        server.until("ready")
        self.assertTrue(answers(NODES[self.node_of("castle")], forwarded))
        self.assertFalse(answers(NODES[self.node_of("castle")], port), "the old port is still open")

    def test_two_games_on_one_node_have_two_ports_of_it(self):
        one, two = (self.server(name, exposure="hostPort") for name in ("castle", "tower"))
        numbers = [server.do("reserve")["ports"][0]["open"] for server in (one, two)]
        self.assertEqual(2, len(set(numbers)), numbers)

    def test_what_a_cloud_has_made_is_given_back(self):
        server = self.server("castle", exposure="loadBalancer")
        server.do("reserve")
        finalizers = json.dumps({"metadata": {"finalizers": ["service.kubernetes.io/load-balancer-cleanup"]}})
        self.space.kubectl("patch", "service", "gs-castle", "--type=merge", "-p", finalizers)
        server.do("release")
        self.assertIn("deletionTimestamp", self.service()["metadata"])

        again = self.server("castle", exposure="loadBalancer")
        self.assertIn("still being removed", again.ask("reserve")["detail"])
        self.space.kubectl("patch", "service", "gs-castle", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        again.do("reserve")


class Restricted(DriverTest):
    def test_a_namespace_that_refuses_ports_of_nodes_says_so(self):
        server = self.server("castle", exposure="hostPort")
        server.do("reserve")
        server.do("create_disk", 64)
        answer = server.ask("launch")
        self.assertEqual("invalid", answer["error"])
        for words in ("hostPort", "violates PodSecurity", "choose nodePort"):
            self.assertIn(words, answer["detail"])
        self.assertEqual([], self.pods())


if __name__ == "__main__":
    if "GK_TEST_NO_IMAGES" not in os.environ:
        harness.use_images("minetest", "gk-shim")
    harness.main()
