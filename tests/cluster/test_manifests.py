#!/usr/bin/python3
"""The chart and what is made of it: valid by kubeconform and by a real API server, equal to what the program carries, lint-free in every shape.

Starts an API server and its etcd by itself. Builds helm and kubeconform into the cache when they are not there.

    tests/cluster/test_manifests.py [Class.test]      GK_TEST_BIN=DIR for gamekeeper in another folder than build/release/bin
"""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import counted
import yaml
from api_server import ROOT, ApiServer, parts
from schemas import write

sys.path.insert(0, str(ROOT / "tests" / "deploy"))

import lint  # noqa: E402

CHART = ROOT / "deploy" / "helm" / "gamekeeper"
TESTBED = ROOT / "deploy" / "testbed"
GUIDE = ROOT / "docs" / "guide" / "kubernetes.md"
# What the guide leaves to its reader, as somebody might fill it in.
FILLED = {"REGISTRY": "registry.example/gk", "BUCKET": "worlds"}
PROGRAMS = pathlib.Path(os.environ.get("GK_TEST_BIN", ROOT / "build" / "release" / "bin"))
# Ways in which people install it, as words for helm.
SHAPES = {
    "defaults": (),
    "several copies": ("postgres.enabled=true",),
    "own database": ("postgres.url=postgresql://gk@db.example:5432/gk", "postgres.secret=db"),
    "matches": ("postgres.enabled=true", "matches.space=games", "tls.secret=api", "network.apiFrom[0].podSelector.matchLabels.app=console"),
    "vault and TLS": ("vault.place=s3:https://s3.example/worlds/gk", "vault.secret=vault", "tls.secret=api", "service.type=LoadBalancer"),
    "several spaces": ("spaces={default,games,friends}", "images.registry=registry.example/gk", "images.tag=1.2.3",
                       "images.pullSecrets={pull}"),
    "placed": ("nodeSelector.pool=system", "tolerations[0].key=system", "tolerations[0].operator=Exists", "state.storageClass=fast",
               "storageClass=fast"),
    "placed games": ("games.exposures={loadBalancer,hostPort}", "games.hostPorts.first=6000", "games.nodeSelector.pool=games",
                     "games.tolerations={games=yes:NoSchedule,spot}", "games.pullSecrets={pull}", "games.priorityClass=games",
                     "games.loadBalancerAnnotations.example\\.org/group=games"),
    "sizes": ("packages.tiny.cpu_millis=250", "packages.tiny.memory_mib=256", "packages.tiny.disk_mib=512", "packages.tiny.exposure.type=internal"),
    "edges": ("edge.enabled=true", "edge.domain=play.example.org", "spaces={default,games}", "images.pullSecrets={pull}"),
    "only edges": ("edge.enabled=true", "games.exposures={edge}", "edge.nodeSelector.door=yes", "edge.address=play.example.org",
                   "edge.tolerations[0].key=door", "edge.tolerations[0].operator=Exists", "postgres.enabled=true"),
    "no policies": ("network.policies=false", "config.log.level=debug"),
}


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)


def part(name):
    parts.build(parts.PARTS[name])
    return parts.PARTS[name].program(name)


def guide():
    """The guide's text, with continued lines as one."""
    text = re.sub(r" \\\n\s+", " ", GUIDE.read_text())
    for word, value in FILLED.items():
        text = text.replace(word, value)
    return text


def unknown_members(values, known, path=""):
    """Paths of members that the chart's values do not have; what is empty there is people's own."""
    found = []
    for name, value in values.items():
        if name not in known:
            found.append(path + name)
        elif isinstance(value, dict) and known[name]:
            found += unknown_members(value, known[name], f"{path}{name}.")
    return found


def rendered(*values, more=()):
    done = run(part("helm"), "template", "gamekeeper", CHART, "--namespace=gamekeeper-system", f"--kube-version={parts.KUBERNETES.version}",
               *(f"--set={value}" for value in values), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = ApiServer()
        cls.addClassCleanup(cls.server.close)
        cls.server.kubectl("apply", "--server-side", "-f", CHART / "crds")
        for name in ("gamekeeper-system", "gamekeeper-edge", "games", "friends"):
            cls.server.kubectl("create", "namespace", name)

    def test_the_chart_and_the_pods_of_games_are_valid_by_kubeconform(self):
        with tempfile.TemporaryDirectory() as folder:
            location = write(json.loads(self.server.kubectl("get", "--raw", "/openapi/v2")), pathlib.Path(folder))
            for shape, values in SHAPES.items():
                with self.subTest(shape=shape):
                    done = run(part("kubeconform"), "-strict", "-summary", "-schema-location", location, input=rendered(*values))
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

            # Some are parts of an object, or changes of one.
            documents = sorted((ROOT / "src/adapters/kubernetes/testdata").glob("*.json"))
            golden = [path for path in documents if "kind" in json.loads(path.read_text())]
            done = run(part("kubeconform"), "-strict", "-schema-location", location, *golden)
            self.assertEqual((bool(golden), done.returncode), (True, 0), done.stdout + done.stderr)

            wrong = rendered().replace("type: Recreate", "typ: Recreate")
            self.assertNotEqual(run(part("kubeconform"), "-strict", "-schema-location", location, input=wrong).returncode, 0)

    def test_a_real_server_takes_the_chart_in_every_shape(self):
        for shape, values in SHAPES.items():
            with self.subTest(shape=shape):
                self.server.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", text=rendered(*values))

    def test_the_objects_of_the_test_bed_are_valid_and_break_no_rule(self):
        stores = (TESTBED / "stores.yaml").read_text().replace("@TAG@", "1")
        objects = rendered(more=["--values", TESTBED / "values.yaml"]) + "---\n" + stores
        self.server.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "--namespace=games", "-f", "-", text=stores)
        self.assertEqual(lint.complaints([item for item in yaml.safe_load_all(objects) if item]), [])

    def test_the_chart_breaks_no_rule_in_any_shape(self):
        for shape, values in SHAPES.items():
            with self.subTest(shape=shape):
                self.assertEqual(lint.complaints([item for item in yaml.safe_load_all(rendered(*values)) if item]), [])

    def worlds_policy(self, shape):
        items = [item for item in yaml.safe_load_all(rendered(*SHAPES[shape])) if item]
        return next(item for item in items if (item["kind"], item["metadata"]["name"]) == ("NetworkPolicy", "gamekeeper-worlds"))["spec"]["ingress"]

    def test_where_there_are_only_edges_nobody_else_reaches_a_game(self):
        edges = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gamekeeper-edge"}},
                  "podSelector": {"matchLabels": {"app.kubernetes.io/name": "gamekeeper-edge"}}}]
        players, shims = self.worlds_policy("only edges")
        self.assertEqual(edges, players["from"])
        self.assertEqual([{"protocol": "TCP", "port": 9401}], shims["ports"])
        self.assertNotIn("from", self.worlds_policy("edges")[0], "of a world that has a port of its own players come from everywhere")

    def test_an_edge_may_be_on_chosen_nodes_only_where_players_are_told_of_it(self):
        with self.assertRaisesRegex(AssertionError, "edge.nodeSelector without edge.address"):
            rendered("edge.enabled=true", "edge.nodeSelector.door=yes")
        with self.assertRaisesRegex(AssertionError, "have 500 at most"):
            rendered("edge.enabled=true", "edge.ports.last=26500")

    # That they get there through the policies is shown by test_copies.
    def test_match_servers_are_told_of_the_api_where_matches_are_made(self):
        for shape, told in (("defaults", None), ("several copies", "http://gamekeeper.gamekeeper-system.svc:8080"),
                            ("matches", "https://gamekeeper.gamekeeper-system.svc:8080")):
            with self.subTest(shape=shape):
                items = [item for item in yaml.safe_load_all(rendered(*SHAPES[shape])) if item]
                configuration = next(item for item in items if item["kind"] == "ConfigMap")["data"]["gamekeeper.yaml"]
                self.assertEqual(told, yaml.safe_load(configuration).get("match", {}).get("api"))

    def test_the_rendering_in_the_tree_is_that_of_the_chart(self):
        done = run(ROOT / "tools" / "render-manifests", "--check")

        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_real_server_takes_the_objects_of_the_guide(self):
        objects = [yaml.safe_load(text) for text in re.findall(r"kubectl [^\n]*<<EOF\n(.*?)\n *EOF\n", guide(), re.DOTALL)]
        self.assertEqual({"ConfigMap", "Fleet", "Game", "GameServer", "StorageClass"}, {it["kind"] for it in objects})
        for item in objects:
            with self.subTest(kind=item["kind"]):
                if item["kind"] != "StorageClass":
                    item["metadata"]["namespace"] = "games"
                self.server.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", text=yaml.safe_dump(item))

    def test_the_values_of_the_guide_are_those_of_the_chart(self):
        known = yaml.safe_load((CHART / "values.yaml").read_text())
        commands = [shlex.split(line) for line in re.findall(r"^ *(helm (?:install|upgrade) .*)$", guide(), re.MULTILINE)]
        self.assertGreaterEqual(len(commands), 2)
        for words in commands:
            values = [value for option, value in zip(words, words[1:]) if option == "--set"]
            with self.subTest(values=values):
                rendered(*values)
                for value in values:
                    if value.startswith("config."):
                        continue  # A key of gamekeeper.yaml, which the program itself knows.
                    at = known
                    for name in value.partition("=")[0].split("."):
                        self.assertIn(name, at)
                        at = at[name]

    def test_the_values_files_of_the_guide_are_those_of_the_chart(self):
        known = yaml.safe_load((CHART / "values.yaml").read_text())
        files = dict(re.findall(r"cat >(aks.yaml|eks.yaml) <<EOF\n(.*?)\n *EOF\n", guide(), re.DOTALL))
        self.assertEqual({"aks.yaml", "eks.yaml"}, set(files))
        for name, text in files.items():
            with self.subTest(name=name), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(text)
                file.flush()
                self.assertEqual([], unknown_members(yaml.safe_load(text), known))
                objects = rendered(more=["--values", file.name])
                self.server.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", text=objects)

    def test_the_program_prints_the_definitions_of_the_chart_and_its_rendering(self):
        printed = run(PROGRAMS / "gamekeeper", "manifests").stdout

        definitions = (CHART / "crds" / "gamekeeper.yaml").read_text()
        self.assertEqual(printed, definitions + (ROOT / "deploy" / "kubernetes.yaml").read_text())

    def test_the_program_takes_the_configuration_of_every_shape(self):
        for shape, values in SHAPES.items():
            with self.subTest(shape=shape), tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                items = [item for item in yaml.safe_load_all(rendered(*values)) if item]
                file.write(next(item for item in items if item["kind"] == "ConfigMap")["data"]["gamekeeper.yaml"])
                file.flush()

                done = run(PROGRAMS / "gamekeeper", "serve", "--config", file.name, "--check-config")

                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    counted.main()
