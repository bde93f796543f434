#!/usr/bin/python3
"""What a size and a game say of their servers: resources from a ConfigMap, how players reach them, which nodes they may run on.

    GK_TEST_BIN=DIR tests/cluster/test_sizes.py [Class.test]        needs the cluster (make cluster-up)
"""

import subprocess

import harness
import yaml
from harness import ROOT
from test_games import WithControlPlane, condition, is_seen

TINY = {"cpu_millis": 300, "memory_mib": 256, "disk_mib": 128}
INSIDE = {"exposure": {"type": "internal"}}


class Sizes(WithControlPlane):
    def declare_sizes(self, text):
        labels = {"gamekeeper.dev/packages": "true"}
        self.space.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sizes", "labels": labels}, "data": {"sizes.yaml": text}})

    def event_about(self, name, reason, seconds=60):
        """The first one's sentence; those that were there before are told, too."""
        command = ["kubectl", "-n", self.space.name, "get", "events", "-w", f"--field-selector=involvedObject.name={name}", "-o",
                   'jsonpath={.reason} {.message}{"\\n"}', f"--request-timeout={seconds}s"]
        with subprocess.Popen(command, env=harness.ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as watch:
            try:
                return next((line for line in watch.stdout if line.startswith(reason)), None)
            finally:
                watch.kill()

    def service(self, name="castle"):
        return self.space.get("service", f"gs-{name}")["spec"]

    def test_a_config_map_says_what_sizes_there_are(self):
        self.declare_sizes(yaml.safe_dump({"packages": {"tiny": TINY | INSIDE}}))
        self.space.apply(self.castle(game="minetest", package="tiny"))

        running = self.reach("running")
        limits = self.space.get("pod", "gs-castle-0")["spec"]["containers"][0]["resources"]["limits"]
        self.assertEqual(("300m", "256Mi"), (limits["cpu"], limits["memory"]))
        self.assertEqual("ClusterIP", self.service()["type"])
        self.assertEqual(f"gs-castle.{self.space.name}.svc", running["status"]["endpoints"][0]["host"])
        self.assertIn("tiny", self.plane.cli("package", "list").stdout)

        self.declare_sizes("packages: {tiny: {cpu_millis: many}}")
        said = self.event_about("sizes", "Refused")
        self.assertIn("sizes.yaml:1:31: /packages/tiny/cpu_millis", said)
        self.plane.world("create", "tower", "--game", "minetest", "--package", "tiny")
        self.assertEqual(256, self.plane.show("tower")["resources"]["memory_mib"])

    def test_a_game_says_how_and_where_its_servers_run(self):
        spec = yaml.safe_load((ROOT / "games" / "minetest.yaml").read_text())
        del spec["name"]
        spec["sources"] = [{"image": {"name": "minetest", "node_selector": {"kubernetes.io/hostname": "node-2"},
                                      "tolerations": ["games.example.org/pool=worlds:NoSchedule"]}}]
        self.space.apply({"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "Game", "metadata": {"name": "blocks"}, "spec": {**spec, **INSIDE}})
        self.assertEqual("True", condition(self.space.until(is_seen, "games", "blocks", 30), "Accepted")["status"])

        self.space.apply(self.castle(game="blocks"))
        self.reach("running")
        pod = self.space.get("pod", "gs-castle-0")["spec"]
        self.assertEqual("node-2", pod["nodeName"])
        self.assertIn({"key": "games.example.org/pool", "operator": "Equal", "value": "worlds", "effect": "NoSchedule"}, pod["tolerations"])
        self.assertEqual("ClusterIP", self.service()["type"])

        self.space.apply(self.castle(game="blocks", exposure={"type": "nodePort"}))
        self.space.until(lambda it: it["spec"]["type"] == "NodePort", "service", "gs-castle", 30)
        self.space.apply(self.castle(game="blocks"))  # As its game says again.
        self.space.until(lambda it: it["spec"]["type"] == "ClusterIP", "service", "gs-castle", 30)

    def test_what_the_operator_does_not_allow_is_refused_and_not_replaced(self):
        self.declare_sizes(yaml.safe_dump({"packages": {"open": TINY | {"exposure": {"type": "hostPort"}}}}))
        self.space.apply(self.castle(game="minetest", package="open"))

        refused = self.space.until(lambda it: "hostPort" in condition(it, "Accepted").get("message", ""), "gs", "castle", 60)
        self.assertEqual("False", condition(refused, "Accepted")["status"])
        self.assertIn("/exposure: 'hostPort' is how servers of game 'minetest' are reached that say nothing, and it is not allowed in this cluster",
                      condition(refused, "Accepted")["message"])

        self.space.apply(self.castle(game="minetest", package="open", exposure={"type": "internal"}))
        self.reach("running")


if __name__ == "__main__":
    harness.main()
