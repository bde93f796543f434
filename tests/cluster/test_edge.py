#!/usr/bin/python3
"""The edge of a cluster: worlds without a pod, players who knock at a port of a node with their games' own clients, and edges and control planes that
come and go meanwhile. The edge's pods are those of the chart; the control plane is a process of this machine.

    GK_TEST_BIN=DIR tests/cluster/test_edge.py [Class.test]        needs the cluster (make cluster-up) and the games (tools/setup test)
"""

import json
import os
import pathlib
import signal
import socket
import tempfile
import time

import yaml

import control_plane
import harness
from harness import NODES, ROOT, ClusterTest

import minetest_player  # isort: skip  In tests/e2e, to which control_plane has led.
import teeworlds_player  # isort: skip
from player import Player, program  # isort: skip

PATIENCE = 120
THIS_MACHINE = "10.200.0.1"  # As nodes and pods see it.
PORTS = range(26000, 26010)
SLEEPING = b"sleeping, join to start"


def free_port():
    with socket.socket() as sock:
        sock.bind((THIS_MACHINE, 0))
        return sock.getsockname()[1]


def to_this_machine(name, port):
    """A Service whose only end is a process of this machine."""
    return ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"name": "edges", "port": 9402}]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
             "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
             "ports": [{"name": "edges", "port": port}], "endpoints": [{"addresses": [THIS_MACHINE]}]})


def teeworlds_info(host, port):
    """What lists of servers are told, or nothing when nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect((host, port))
        mine = os.urandom(4)
        try:
            sock.send(bytes([0x04, 0, 0]) + b"\xff\xff\xff\xff" + bytes([5]) + mine + bytes(508))
            theirs = sock.recv(2048)[8:12]
            sock.send(bytes([0x21]) + theirs + mine + b"\xff\xff\xff\xff" + b"gie3" + bytes([1]))
            return sock.recv(2048)
        except OSError:  # No answer in time, or a port that nobody has.
            return b""


class EdgeCase(ClusterTest):
    games = ()
    drain_seconds = 1  # Nobody waits for players who are away.

    def setUp(self):
        harness.define_kinds()
        harness.use_images(*self.games, "gamekeeper", "gk-shim", "restic", "versitygw")
        super().setUp()
        self.doors = harness.Space(f"doors-{self.space.name}", "privileged")
        self.addCleanup(self.doors.remove)
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space), **self.settings())
        self.addCleanup(self.plane.clean_up)
        for name, text in self.definitions().items():
            self.plane.define(name, text)
        self.plane.start()
        self.doors.kubectl("apply", "--server-side", "-f", "-", input=yaml.safe_dump_all(self.edge()))
        self.doors.kubectl("rollout", "status", "daemonset/gamekeeper-edge", f"--timeout={PATIENCE}s")
        self.until(lambda: len(self.stats()) == len(NODES), "every node's edge has come")

    def definitions(self):
        """Of games that are no part of the program, or not of the cluster's images."""
        return {}

    def make_keys(self):
        """As an operator makes them. Ours lie in files, those of the edges in their Secret."""
        made = harness.run(harness.PROGRAMS / "gamekeeper", "manifests", "--edge-keys", "--namespace", self.space.name, "--edge-namespace",
                           self.doors.name).stdout
        harness.kubectl("apply", "--server-side", "-f", "-", input=made)
        ours = next(yaml.safe_load_all(made))
        self.assertEqual(self.space.name, ours["metadata"]["namespace"])
        for name, text in ours["stringData"].items():
            (self.keys / name).write_text(text)

    def settings(self):
        keys = self.keys = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gk-edge-keys-")))
        self.make_keys()
        port = free_port()
        self.space.apply(*to_this_machine("gamekeeper-edges", port))
        return {"EDGE_ENABLED": "true", "EDGE_LISTEN": f"{THIS_MACHINE}:{port}", "EDGE_CERTIFICATE": keys / "tls.crt", "EDGE_KEY": keys / "tls.key",
                "EDGE_AUTHORITY": keys / "ca.crt", "CLUSTER_EXPOSURES": "edge,internal", "CLUSTER_EDGE_PORTS_FIRST": PORTS.start,
                "CLUSTER_EDGE_PORTS_LAST": PORTS.stop - 1}

    def edge(self):
        """The chart's own objects of the edge; its control plane is elsewhere here."""
        values = (f"edge.enabled=true,edge.namespace={self.doors.name},edge.ports.first={PORTS.start},edge.ports.last={PORTS.stop - 1},"
                  f"edge.drainSeconds={self.drain_seconds}")
        version = json.loads(harness.kubectl("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
        text = harness.run(harness.program("helm", "helm"), "template", "gamekeeper", ROOT / "deploy/helm/gamekeeper", f"--kube-version={version}",
                           f"--namespace={self.space.name}", f"--set={values}", f"--set-string=images.tag={harness.TAG}").stdout
        objects = [item for item in yaml.safe_load_all(text) if item and item["metadata"].get("namespace") == self.doors.name]
        self.assertEqual({"ServiceAccount", "DaemonSet", "NetworkPolicy"}, {item["kind"] for item in objects})
        return objects

    def clean_up(self):
        if not self.has_failed():
            return
        self.plane.tell_log()
        print(f"===== the edges =====\n{self.doors.story()}", flush=True)

    def until(self, holds, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"not within {seconds} s: {what}")
            self.assertFalse(self.plane.ended(0.5), "the control plane has ended")

    def ask(self, path):
        status, said = self.plane.call("GET", path)
        self.assertEqual(200, status, said)
        return said["items"]

    def stats(self):
        return self.ask("/v1/edge/stats")

    def route(self, name):
        found = [r for r in self.ask("/v1/edge/routes") if r["server"] == name]
        return found[0] if found else {"state": "none"}

    def until_routed(self, name, state):
        """Every edge has heard it, and not only been told."""
        self.until(lambda: self.route(name)["state"] == state, f"the route of {name} is {state}")
        self.until(lambda: len(stats := self.stats()) == len(NODES) and all(one["is_current"] for one in stats), "the edges relay by it")

    def put_to_sleep(self, name, game):
        self.plane.world("create", name, "--game", game, "--start")
        self.plane.world("pause", name)
        self.until_routed(name, "asleep")
        self.space.wait_for("delete", f"pod/gs-{name}-0")

    def door(self, name):
        """Where players are told to go."""
        endpoint = next(e for e in self.space.get("gs", name)["status"]["endpoints"] if e["role"] == "game")
        self.assertIn(endpoint["port"], PORTS)
        return endpoint["host"], endpoint["port"]

    def starts(self, name):
        space = self.space.name
        return [o for o in self.ask(f"/v1/operations?server={name}&namespace={space}&limit=100") if o["verb"] == "start"]

    def until_played_by(self, name, players, client):
        try:
            self.until(lambda: self.plane.show(name)["players"]["names"] == players, f"{players} play in {name}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n--- the client said:\n{client.log()[-2000:]}") from None

    def pod_on(self, address):
        """The edge's pod on the node with that address."""
        [node] = [name for name, at in NODES.items() if at == address]
        [pod] = json.loads(self.doors.kubectl("get", "pod", "-o", "json", f"--field-selector=spec.nodeName={node}").stdout)["items"]
        return pod


class Minetest(EdgeCase):
    games = ("minetest",)

    def test_who_knocks_is_in_and_plays_on_while_the_control_plane_is_away(self):
        self.put_to_sleep("castle", "minetest")
        self.assertEqual(1, len(self.starts("castle")), "by whoever made it")
        with minetest_player.Player("anna", *self.door("castle")) as client:
            self.until_played_by("castle", ["anna"], client)
            world = self.plane.show("castle")
            self.assertEqual("knock", world["started_by"]["kind"])
            self.assertEqual("anna", world["started_by"]["player"])
            self.assertEqual(2, len(self.starts("castle")), "once, however often she knocked")
            pod = self.space.get("pod", "gs-castle-0")["status"]["podIP"]
            self.assertEqual(pod, self.route("castle")["upstream"].partition(":")[0])
            sessions = lambda: sum(one["sessions"] for one in self.ask("/v1/edge/sessions") if one["server"] == "castle")
            self.until(lambda: sessions() == 1, "one edge says so too")

            self.plane.end(signal.SIGKILL)
            self.plane.give_lease_back()
            self.plane.start()

            self.until_routed("castle", "up")
            self.until(lambda: sessions() == 1, "it is still there")
            self.until_played_by("castle", ["anna"], client)
        log = self.space.kubectl("logs", "gs-castle-0").stdout
        self.assertEqual(1, log.count("joins game"), f"she has noticed nothing:\n{log[-3000:]}")

    def test_an_edge_that_was_killed_is_back_with_its_routes(self):
        self.put_to_sleep("castle", "minetest")
        host, port = self.door("castle")
        before = self.pod_on(host)["metadata"]

        self.doors.kubectl("delete", "pod", before["name"], "--grace-period=0", "--force")
        self.doors.wait_for("delete", f"pod/{before['name']}")
        self.doors.kubectl("rollout", "status", "daemonset/gamekeeper-edge", f"--timeout={PATIENCE}s")

        self.assertNotEqual(before["uid"], self.pod_on(host)["metadata"]["uid"])
        self.until_routed("castle", "asleep")
        with minetest_player.Player("anna", host, port) as client:
            self.until_played_by("castle", ["anna"], client)


class Teeworlds(EdgeCase):
    games = ("teeworlds",)

    def test_it_sleeps_when_nobody_plays_and_every_node_leads_to_it(self):
        self.plane.world("create", "arena", "--game", "teeworlds", "--idle", "2m", "--start")
        self.until_routed("arena", "up")
        self.assertEqual(0, self.plane.show("arena")["players"]["online"], "asked by a query in its pod's network")
        self.until(lambda: self.plane.show("arena")["state"] == "paused", "it sleeps by itself", 300)
        self.until_routed("arena", "asleep")
        own, port = self.door("arena")
        for host in NODES.values():
            self.until(lambda at=host: SLEEPING in teeworlds_info(at, port), f"lists are told so by the edge at {host}", 30)
        self.assertEqual(("paused", 1), (self.plane.show("arena")["state"], len(self.starts("arena"))), "who only asks wakes nobody")

        other = next(host for host in NODES.values() if host != own)
        with teeworlds_player.Player("anna", other, port) as client:
            self.until_played_by("arena", ["anna"], client)
        self.assertEqual(2, len(self.starts("arena")))


class Banned(EdgeCase):
    """Who is banned is so at every edge."""

    games = ("teeworlds",)

    def bans(self):
        return [ban["address"] for ban in self.ask("/v1/edge/bans")]

    def heard_at(self, port):
        """The nodes whose edges answer this machine."""
        return [host for host in NODES.values() if teeworlds_info(host, port)]

    def test_who_is_banned_reaches_no_edge_until_it_is_lifted(self):
        self.plane.world("create", "arena", "--game", "teeworlds", "--start")
        self.until_routed("arena", "up")
        own, port = self.door("arena")
        self.until(lambda: self.heard_at(port) == list(NODES.values()), "every edge answers")
        with teeworlds_player.Player("anna", own, port) as anna:
            self.until_played_by("arena", ["anna"], anna)
            self.plane.cli("edge", "ban", THIS_MACHINE)
            self.until(lambda: self.plane.show("arena")["players"]["online"] == 0, "anna was sent away")
        self.until(lambda: not self.heard_at(port), "no edge answers")

        # It outlives the control plane, and edges.
        self.plane.stop()
        self.plane.start()
        pod = self.pod_on(own)["metadata"]["name"]
        self.doors.kubectl("delete", "pod", pod)
        self.doors.kubectl("rollout", "status", "daemonset/gamekeeper-edge", f"--timeout={PATIENCE}s")
        self.until_routed("arena", "up")
        self.assertEqual([f"{THIS_MACHINE}/32"], self.bans())
        self.assertEqual([], self.heard_at(port))

        # Another copy of the control plane has written there, or somebody with kubectl.
        both = {"bans": [{"address": f"{THIS_MACHINE}/32", "until": None}, {"address": "203.0.113.0/24", "until": None}]}
        self.space.kubectl("patch", "configmap", "gamekeeper-bans", "--type=merge", "-p", json.dumps({"data": {"bans.json": json.dumps(both)}}))
        self.until(lambda: self.bans() == [f"{THIS_MACHINE}/32", "203.0.113.0/24"], "it counts")

        self.plane.cli("edge", "unban", f"{THIS_MACHINE}/32")
        self.assertEqual(["203.0.113.0/24"], self.bans())
        self.until(lambda: self.heard_at(port) == list(NODES.values()), "every edge answers again")
        with teeworlds_player.Player("anna", own, port) as anna:
            self.until_played_by("arena", ["anna"], anna)

    def test_bans_that_cannot_be_read_are_said_and_not_written_over(self):
        self.plane.cli("edge", "ban", "203.0.113.7")
        self.space.kubectl("patch", "configmap", "gamekeeper-bans", "--type=merge", "-p", '{"data": {"bans.json": "{}"}}')
        self.until(lambda: self.plane.call("GET", "/v1/edge/bans")[0] == 503, "it is said")
        status, said = self.plane.call("POST", "/v1/edge/bans", {"address": "203.0.113.8"})
        self.assertEqual((503, "bans_unavailable"), (status, said["code"]))
        self.assertEqual({"bans.json": "{}"}, self.space.get("configmap", "gamekeeper-bans")["data"])


class Renewed(EdgeCase):
    def lives(self):
        """What tells one process of an edge from another."""
        pods = json.loads(self.doors.kubectl("get", "pod", "-o", "json").stdout)["items"]
        return sorted((pod["metadata"]["uid"], pod["status"]["containerStatuses"][0]["containerID"]) for pod in pods)

    def test_edges_come_with_new_keys_and_are_not_started_again(self):
        before = self.lives()
        self.make_keys()
        self.assertEqual(len(NODES), len(self.stats()), "connections that are there go on")

        # They end; a new one has to be with keys of the new authority, on both sides. Nodes fetch a changed Secret within a minute or two.
        self.plane.stop()
        self.plane.start()
        self.until(lambda: len(self.stats()) == len(NODES), "every node's edge has come", 300)
        self.assertEqual(before, self.lives())


class Replaced(EdgeCase):
    """An edge that is told to go, as by an upgrade: its ports are free for the next one only when it has gone."""

    games = ("teeworlds",)
    drain_seconds = 600  # More than the test takes: nobody is sent away by the clock.

    def test_who_plays_may_finish_and_who_comes_goes_by_another_node(self):
        self.plane.world("create", "arena", "--game", "teeworlds", "--start")
        self.until_routed("arena", "up")
        own, port = self.door("arena")
        other = next(host for host in NODES.values() if host != own)
        before = self.pod_on(own)["metadata"]
        with teeworlds_player.Player("anna", own, port) as anna:
            self.until_played_by("arena", ["anna"], anna)

            self.doors.kubectl("delete", "pod", before["name"], "--wait=false")
            log = lambda: self.doors.kubectl("logs", before["name"], check=False).stdout
            self.until(lambda: "nobody new is let in" in log(), "it lets nobody in")
            self.assertEqual(b"", teeworlds_info(own, port), "nor answers who is new")
            with teeworlds_player.Player("boris", other, port):
                self.until(lambda: sorted(self.plane.show("arena")["players"]["names"]) == ["anna", "boris"], "anna plays on, and boris with her")
                self.assertEqual(before["uid"], self.pod_on(own)["metadata"]["uid"], "anna's edge is there until she leaves")
        self.doors.wait_for("delete", f"pod/{before['name']}", seconds=PATIENCE)
        self.doors.kubectl("rollout", "status", "daemonset/gamekeeper-edge", f"--timeout={PATIENCE}s")
        self.until_routed("arena", "up")
        with teeworlds_player.Player("carla", own, port) as carla:
            self.until_played_by("arena", ["carla"], carla)


class BzflagPlayer(Player):
    """Debian's client without a screen. It stays and says what it hears."""

    def __init__(self, name, host, port):
        super().__init__(program("bzadmin"), "-ui", "stdout", f"{name}@{host}:{port}")


class Bzflag(EdgeCase):
    """A stream: what the player says first is held until the game can hear it."""

    games = ("bzflag",)

    def definitions(self):
        """The shipped one, as an image."""
        game = yaml.safe_load((ROOT / "games" / "bzflag.yaml").read_text())
        return {"tanks": yaml.safe_dump(game | {"name": "tanks", "sources": [{"image": {"name": "bzflag"}}]}, sort_keys=False)}

    def test_who_connects_is_held_until_he_is_in(self):
        self.put_to_sleep("hill", "tanks")
        with BzflagPlayer("anna", *self.door("hill")) as client:
            self.until_played_by("hill", ["anna"], client)
        self.assertEqual("knock", self.plane.show("hill")["started_by"]["kind"])
        self.assertEqual(2, len(self.starts("hill")))


if __name__ == "__main__":
    harness.main()
