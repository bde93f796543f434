#!/usr/bin/python3
"""An installation in the layout of the guide, with worlds in a namespace of their own: what becomes of a running game when the control plane is
upgraded, uninstalled and installed again; what its network policies wall off; worlds that sleep behind its edges, which are upgraded; and
`gamekeeper manifests | kubectl apply -f -`.

    tests/cluster/test_installed.py [Class.test]        needs the cluster (make cluster-up) and the games (tools/setup test)
"""

import json
import time

import control_plane  # noqa: F401  It leads to tests/e2e.
import harness
import policies
from harness import NODES, PROGRAMS, ROOT, ClusterTest, Space, answers, kubectl, program, run, use_images

import minetest_player  # isort: skip  In tests/e2e.

CHART = ROOT / "deploy" / "helm" / "gamekeeper"
THIS_MACHINE = "10.200.0.1"  # As nodes see it.
MINE = "app.kubernetes.io/part-of=gamekeeper"


def castle(**spec):
    spec = {"game": "minetest", **spec}
    return {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": "castle"}, "spec": spec}


def is_running(server):
    return server.get("status", {}).get("state") == "running"


class Installation(ClusterTest):
    """A cluster has room for one; clean_up() leaves none."""

    @classmethod
    def setUpClass(cls):
        kubectl("apply", "--server-side", "--force-conflicts", "-f", CHART / "crds")

    def setUp(self):
        super().setUp()
        there = kubectl("get", "clusterrolebinding", "gamekeeper-watch", "--ignore-not-found", "-o", "name").stdout
        self.assertEqual("", there, "the cluster has an installation already; uninstall it first")

    def becomes_ready(self, space):
        space.kubectl("rollout", "status", "deployment/gamekeeper", "--timeout=180s")

    def ask(self, space, *words):
        """The command line in the control plane's pod, where no key is needed."""
        return json.loads(space.kubectl("exec", "deploy/gamekeeper", "--", "gamekeeper", "-o", "json", *words).stdout)

    def game(self, space):
        """What tells one life of castle's game from another."""
        pod = space.get("pod", "gs-castle-0")
        state = pod["status"]["containerStatuses"][0]
        return pod["metadata"]["uid"], state["containerID"], state["restartCount"]

    def is_played(self, space):
        endpoint = space.get("gs", "castle")["status"]["endpoints"][0]
        return answers(endpoint["host"], endpoint["port"])


class Chart(Installation):
    """The chart's, with a place for backups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        use_images("gamekeeper", "gk-shim", "restic", "versitygw", "minetest")
        cls.helm_program = program("helm", "helm")

    def setUp(self):
        super().setUp()
        self.system = Space(f"{self.space.name[:50]}-sys")
        self.addCleanup(self.system.remove)
        self.store = harness.S3(self.system)
        self.system.kubectl("create", "secret", "generic", "vault", f"--from-literal=key-id={self.store.key}",
                            f"--from-literal=secret={self.store.secret}")

    def clean_up(self):
        if self.has_failed():
            print(f"===== in namespace {self.system.name} =====\n{self.system.story()}", flush=True)
        self.helm("uninstall", "gamekeeper", "--wait", check=False)

    def helm(self, *words, **options):
        return run(self.helm_program, *words, "--namespace", self.system.name, env=harness.ENVIRONMENT, **options)

    def release(self, verb, *values):
        place = f"vault.place=s3:{self.store.endpoint}/{self.store.bucket}"
        sets = (f"images.tag={harness.TAG}", f"spaces={{{self.space.name}}}", place, "vault.secret=vault", *values)
        self.helm(verb, "gamekeeper", CHART, *(f"--set={value}" for value in sets))

    def put(self, verb, *values):
        self.release(verb, *values)
        self.becomes_ready(self.system)

    def shown(self):
        return self.ask(self.system, "server", "show", "castle", "-n", self.space.name)


class ByHelm(Chart):
    def test_a_game_runs_on_through_upgrade_uninstall_and_install(self):
        self.put("install")
        self.space.apply(castle())
        self.space.until(is_running, "gs", "castle", 180)
        game = self.game(self.space)
        self.assertTrue(self.is_played(self.space))

        self.put("upgrade", "config.log.level=debug")
        self.assertEqual("running", self.shown()["state"])
        self.assertEqual((game, True), (self.game(self.space), self.is_played(self.space)))

        self.helm("uninstall", "gamekeeper", "--wait")
        self.assertEqual("", self.system.kubectl("get", "deployment", "-o", "name").stdout)
        self.assertEqual((game, True), (self.game(self.space), self.is_played(self.space)))
        self.assertTrue(is_running(self.space.get("gs", "castle")))

        self.put("install")
        self.assertEqual("running", self.shown()["state"])
        self.assertEqual((game, True), (self.game(self.space), self.is_played(self.space)))

        # It is kept as before: paused is saved, and what was saved comes back.
        self.space.kubectl("scale", "gs", "castle", "--replicas=0")
        self.space.until(lambda it: it["status"]["state"] == "paused", "gs", "castle", 180)
        self.assertTrue(self.shown()["last_snapshot"])
        self.space.kubectl("scale", "gs", "castle", "--replicas=1")
        self.space.until(is_running, "gs", "castle", 180)
        self.space.kubectl("delete", "gs", "castle", "--timeout=180s")
        # The node lets go of a claim when the pod that used it last has ended.
        self.space.kubectl("wait", "--for=delete", "sts,pvc", "--all", "--timeout=60s")

    def test_the_policies_wall_a_game_off_and_let_its_players_in(self):
        self.put("install")
        self.space.apply(castle())
        self.space.until(is_running, "gs", "castle", 180)
        game = self.space.get("pod", "gs-castle-0")
        plane = json.loads(self.system.kubectl("get", "pods", "-l", "app.kubernetes.io/name=gamekeeper", "-o", "json").stdout)["items"][0]
        stranger = self.system.get("pod", "s3-0")
        shim, api = game["status"]["podIP"], kubectl("-n", "default", "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}").stdout
        names = kubectl("-n", "kube-system", "get", "service", "kube-dns", "-o", "jsonpath={.spec.clusterIP}").stdout
        refused = ((stranger, shim, 9401), (game, api, 443), (game, plane["status"]["podIP"], 8080), (game, stranger["status"]["podIP"], 7070))
        let_in = ((plane, shim, 9401), (game, names, 53))
        for way in (*refused, *let_in):
            self.assertTrue(policies.reaches(*way), f"without the policies {way[1:]} is reached, or the test says nothing")

        policies.Walls(game)
        for way in refused:
            self.assertFalse(policies.reaches(*way), way[1:])
        for way in let_in:
            self.assertTrue(policies.reaches(*way), way[1:])
        self.assertTrue(self.is_played(self.space))
        self.assertEqual("running", self.shown()["state"])


class WithEdges(Chart):
    """Everything in pods: the control plane, its edges, and the worlds behind them."""

    def setUp(self):
        super().setUp()
        self.doors = Named(f"doors-{self.space.name}")  # The chart makes it, and takes it away.
        self.values = ("edge.enabled=true", f"edge.namespace={self.doors.name}", "edge.ports.first=26000", "edge.ports.last=26009",
                       "edge.drainSeconds=300")

    def clean_up(self):
        if self.has_failed():
            print(f"===== the edges =====\n{self.doors.story()}", flush=True)
        super().clean_up()

    def until(self, holds, what, seconds=120):
        """Each question is a process in the control plane's pod, and takes its time."""
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"not within {seconds} s: {what}")

    def edges(self):
        return self.ask(self.system, "edge", "stats")["items"]

    def all_edges_know(self):
        return len(edges := self.edges()) == len(NODES) and all(one["is_current"] for one in edges)

    def state_of_route(self):
        return next((route["state"] for route in self.ask(self.system, "edge", "routes")["items"] if route["server"] == "castle"), "none")

    def test_a_world_sleeps_and_whoever_knocks_at_an_edge_is_in(self):
        self.release("install", *self.values)
        keys = run(PROGRAMS / "gamekeeper", "manifests", "--edge-keys", "--namespace", self.system.name, "--edge-namespace", self.doors.name).stdout
        kubectl("apply", "--server-side", "-f", "-", input=keys)
        self.becomes_ready(self.system)
        self.doors.kubectl("rollout", "status", "daemonset/gamekeeper-edge", "--timeout=120s")
        self.until(self.all_edges_know, "the edges of all nodes have come")
        self.space.apply(castle())
        self.space.until(is_running, "gs", "castle", 180)
        self.space.kubectl("scale", "gs", "castle", "--replicas=0")
        self.space.until(lambda it: it["status"]["state"] == "paused", "gs", "castle", 180)
        self.until(lambda: self.state_of_route() == "asleep" and self.all_edges_know(), "the edges have heard that it sleeps")

        endpoint = self.space.get("gs", "castle")["status"]["endpoints"][0]
        with minetest_player.Player("anna", endpoint["host"], endpoint["port"]) as client:
            self.until(lambda: self.shown()["players"]["names"] == ["anna"], "anna is in")
            self.assertEqual("knock", self.shown()["started_by"]["kind"])
            game = self.game(self.space)

            # Its players notice nothing of another control plane.
            self.system.kubectl("rollout", "restart", "deployment/gamekeeper")
            self.becomes_ready(self.system)
            self.until(lambda: self.state_of_route() == "up" and self.all_edges_know(), "the edges have come to the new one")
            self.until(lambda: self.shown()["players"]["names"] == ["anna"], "she plays on")
            self.assertEqual(game, self.game(self.space))
            self.assertEqual(1, self.space.kubectl("logs", "gs-castle-0").stdout.count("joins game"), client.log()[-2000:])

            # With the rights that the chart gives.
            self.ask(self.system, "edge", "ban", THIS_MACHINE)
            self.until(lambda: self.shown()["players"]["online"] == 0, "she was sent away")
            self.system.kubectl("exec", "deploy/gamekeeper", "--", "gamekeeper", "edge", "unban", THIS_MACHINE)
            self.assertEqual([], self.ask(self.system, "edge", "bans")["items"])


class ByManifests(Installation):
    """What the program prints, as it stands: its namespace, its tag of images, worlds in `default`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run(ROOT / "tools" / "images", "--import", "--tag", "1", "--programs", PROGRAMS, "gamekeeper", "gk-shim", "restic", "minetest")
        cls.manifests = run(PROGRAMS / "gamekeeper", "manifests").stdout

    def setUp(self):
        super().setUp()
        self.system, self.worlds = Named("gamekeeper-system"), Named("default")

    def clean_up(self):
        if self.has_failed():
            print(self.system.story(), self.worlds.story(), flush=True)
        self.worlds.kubectl("patch", "gs", "castle", "--type=merge", "-p", '{"metadata":{"finalizers":null}}', check=False)
        self.worlds.kubectl("delete", "gs,sts,pvc,service,secret", "-l", "gamekeeper.dev/name=castle", check=False)
        self.worlds.kubectl("delete", "gs", "castle", "--ignore-not-found")
        kubectl("delete", "-f", "-", "--ignore-not-found", "--selector", MINE, input=self.manifests)
        kubectl("delete", "namespace", "gamekeeper-system", "--ignore-not-found")

    def test_what_the_program_prints_brings_everything_up(self):
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=self.manifests)
        self.becomes_ready(self.system)
        self.worlds.apply(castle())
        self.worlds.until(is_running, "gs", "castle", 180)
        self.assertTrue(self.is_played(self.worlds))
        self.assertEqual("running", self.ask(self.system, "server", "show", "castle")["state"])

        kubectl("apply", "--server-side", "-f", "-", input=self.manifests)  # Once more changes nothing.
        self.becomes_ready(self.system)
        self.assertTrue(self.is_played(self.worlds))

        # Without a place for backups nothing is freed, unless its name is said.
        done = self.system.kubectl("exec", "deploy/gamekeeper", "--", "gamekeeper", "server", "delete", "castle", "--force", "--purge", "--yes")
        self.assertEqual(0, done.returncode)
        self.worlds.wait_for("delete", "gs/castle")


class Named(Space):
    """A namespace that is there, and is nobody's to remove."""

    def __init__(self, name):  # pylint: disable=super-init-not-called
        self.name = name


if __name__ == "__main__":
    harness.main()
