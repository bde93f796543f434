#!/usr/bin/python3
"""Games that people declare with kubectl: what the API server refuses, what the control plane says of them, and servers of such a game. And passwords
in settings, which stand in Secrets alone.

    GK_TEST_BIN=DIR tests/cluster/test_games.py [Class.test]        needs the cluster (make cluster-up)
"""

import base64
import pathlib
import signal

import control_plane
import harness
import yaml
from harness import ROOT, ClusterTest, answers, kubectl
from processes import command_line, pids  # In tests/e2e, to which control_plane has led.


def condition(game, kind):
    return next((it for it in game.get("status", {}).get("conditions", []) if it["type"] == kind), {})


def is_seen(game):
    return game.get("status", {}).get("observedGeneration") == game["metadata"]["generation"]


def text_of(pid, file):
    """What the kernel says of a process; nothing when it has just ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return ""


class WithControlPlane(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "gk-shim", "restic", "versitygw")

    def setUp(self):
        super().setUp()
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space))
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()
        self.plane.clean_up()

    def castle(self, **spec):
        return {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "GameServer", "metadata": {"name": "castle"}, "spec": spec}

    def reach(self, state, seconds=120):
        return self.space.until(lambda gs: gs.get("status", {}).get("state") == state, "gs", "castle", seconds)


class Games(WithControlPlane):
    def game(self, name="blocks", **changes):
        """Minetest's definition under another name."""
        spec = yaml.safe_load((ROOT / "games" / "minetest.yaml").read_text())
        del spec["name"]
        return {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "Game", "metadata": {"name": name}, "spec": {**spec, "title": "Blocks", **changes}}

    def declare(self, *arguments, **changes):
        """Returns the Game once the control plane has looked at it."""
        self.space.apply(self.game(*arguments, **changes))
        return self.space.until(is_seen, "games", arguments[0] if arguments else "blocks", 20)

    def title(self, name):
        status, game = self.plane.call("GET", f"/v1/games/{name}")
        return game["title"] if status == 200 else status

    def test_servers_of_a_declared_game_run_whatever_becomes_of_its_definition(self):
        tiny = {"cpu_millis": 300, "memory_mib": 256, "disk_mib": 128}
        declared = self.declare(packages={"tiny": tiny})
        self.assertEqual("True", condition(declared, "Accepted")["status"])
        line = self.space.kubectl("get", "games").stdout
        for word in ("blocks", "Blocks", "True"):
            self.assertIn(word, line)

        self.space.apply(self.castle(game="blocks", package="tiny"))
        running = self.reach("running")
        endpoint = running["status"]["endpoints"][0]
        self.assertTrue(answers(endpoint["host"], endpoint["port"]))
        self.assertEqual(256, self.plane.show("castle")["resources"]["memory_mib"])
        pod = self.space.get("pod", "gs-castle-0")["metadata"]["uid"]

        # A definition that the API server takes and that means nothing all the same: the one before it counts, also for who starts anew.
        broken = self.declare(packages={"tiny": tiny}, ready={"log": "ready", "port": "nowhere", "protocol": "minetest"})
        accepted = condition(broken, "Accepted")
        self.assertEqual(("False", "Invalid"), (accepted["status"], accepted["reason"]))
        self.assertIn("there is no port 'nowhere'", accepted["message"])
        self.assertIn("Refused", self.space.kubectl("describe", "game", "blocks").stdout)
        self.plane.end(signal.SIGKILL)
        self.plane.start()
        self.assertEqual("Blocks", self.title("blocks"))
        self.plane.world("restart", "castle")
        self.assertNotEqual(pod, self.space.get("pod", "gs-castle-0")["metadata"]["uid"])
        self.assertTrue(answers(endpoint["host"], endpoint["port"]))

        self.space.kubectl("delete", "game", "blocks")
        self.assertTrue(answers(endpoint["host"], endpoint["port"]))
        self.plane.world("pause", "castle")
        refused = self.plane.world("start", "castle", check=False)
        self.assertNotEqual(0, refused.returncode)
        self.assertIn("there is no game 'blocks'", refused.stdout + refused.stderr)

    def process(self):
        """That of castle's game, as this machine numbers it."""
        pod = f"pod{self.space.get('pod', 'gs-castle-0')['metadata']['uid']}"
        there = {pid: command_line(pid) for pid in pids() if pod in text_of(pid, "cgroup")}
        found = [pid for pid, line in there.items() if line.split(" ")[0].endswith("/minetestserver")]
        self.assertEqual(1, len(found), there)
        return found[0]

    def test_a_game_runs_and_is_saved_as_the_user_of_its_image_which_it_may_write_into(self):
        self.declare(sources=[{"image": {"name": "minetest", "user": 61234, "writable_root": True}}])
        self.space.apply(self.castle(game="blocks", package="small"))
        self.reach("running")
        self.is_as_its_image_wants()

        # Whoever backs it up reads its files, and what was restored is its own.
        self.plane.world("stop", "castle")
        self.space.kubectl("wait", "--for=delete", "pvc", "-l", "gamekeeper.dev/name=castle", "--timeout=60s")
        self.plane.world("start", "castle")
        self.is_as_its_image_wants()

    def is_as_its_image_wants(self):
        endpoint, process = self.plane.show("castle")["endpoints"][0], self.process()
        self.assertTrue(answers(endpoint["host"], endpoint["port"]))
        self.assertIn("Uid:\t61234\t61234\t61234\t61234\n", text_of(process, "status"))
        root = next(line.split() for line in text_of(process, "mountinfo").splitlines() if line.split()[4] == "/")
        self.assertEqual("rw", root[5].split(",")[0], "the root of its image")
        world = pathlib.Path(f"/proc/{process}/root/data/world/world.mt")
        self.assertEqual(61234, world.stat().st_uid)

    def test_a_declared_game_stands_in_front_of_a_shipped_one(self):
        self.assertEqual("Minetest", self.title("minetest"))

        self.declare("minetest")
        self.assertEqual("Blocks", self.title("minetest"))

        self.space.kubectl("delete", "game", "minetest")
        self.plane.end()
        self.plane.start()
        self.assertEqual("Minetest", self.title("minetest"))

    def test_a_game_without_an_image_counts_and_says_that_it_cannot_run_here(self):
        game = self.declare(sources=[{"debian": {"packages": ["castle"], "program": "/usr/games/castle"}}])

        self.assertEqual("True", condition(game, "Accepted")["status"])
        available = condition(game, "Available")
        self.assertEqual(("False", "NoSource"), (available["status"], available["reason"]))
        self.assertIn("image", available["message"])

    def test_the_api_server_refuses_what_is_no_definition(self):
        of_another_name = self.game()
        of_another_name["spec"]["name"] = "tower"
        cases = ((self.game(name="Blocks"), "Invalid value"), (of_another_name, "a Game's name is that of its object"),
                 (self.game(ports=[{"role": "game", "protocol": "smoke"}]), "Unsupported value"), (self.game(portz=[]), "portz"),
                 (self.game(stop=[]), "stop"))
        for game, words in cases:
            with self.subTest(words=words):
                text = yaml.safe_dump(game)
                refused = self.space.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", input=text, check=False)
                self.assertNotEqual(0, refused.returncode)
                self.assertIn(words, refused.stderr)


class Secrets(WithControlPlane):
    def keep(self, password, **labels):
        """In a Secret of people's own."""
        metadata = {"name": "passwords", "labels": labels}
        self.space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"castle": password}})

    def configured(self):
        """The password with which the game was started."""
        status, file = self.plane.call("GET", f"/api/bucket/files/castle/minetest.conf?namespace={self.space.name}")
        self.assertEqual(200, status, file)
        return next(line.partition("=")[2].strip() for line in file["content"].splitlines() if line.startswith("default_password"))

    def test_a_password_given_to_the_api_stands_in_the_servers_secret_alone(self):
        self.plane.world("create", "castle", "--game", "minetest", "--set", "default_password=swordfish", "--start")

        self.assertEqual("swordfish", self.configured())
        self.assertNotIn("swordfish", self.space.kubectl("get", "gs,sts,pod,svc,configmap,events", "-o", "yaml").stdout)
        self.assertNotIn("swordfish", self.plane.world("show", "castle", "-o", "json").stdout)
        values = self.space.get("secret", "gs-castle")["data"].values()
        self.assertIn(base64.b64encode(b"swordfish").decode(), values)

        self.plane.world("set", "castle", "default_password=trout")
        self.plane.world("restart", "castle")
        self.assertEqual("trout", self.configured())

    def test_a_setting_names_a_secret_that_may_be_used_for_it(self):
        named = {"default_password": {"secret": {"name": "passwords", "key": "castle"}}}
        self.keep("swordfish")
        self.space.apply(self.castle(game="minetest", replicas=0, settings=named))
        self.reach("stopped")
        refused = self.plane.world("start", "castle", check=False)
        self.assertNotEqual(0, refused.returncode)
        self.assertIn("gamekeeper.dev/settings=true", refused.stdout + refused.stderr)

        self.keep("swordfish", **{"gamekeeper.dev/settings": "true"})
        self.plane.world("start", "castle")
        self.assertEqual("swordfish", self.configured())
        self.assertEqual(named, {name: self.plane.show("castle")["settings"][name] for name in named})
        self.assertNotIn(base64.b64encode(b"swordfish").decode(), self.space.kubectl("get", "secret", "gs-castle", "-o", "yaml").stdout)

        self.keep("trout", **{"gamekeeper.dev/settings": "true"})
        self.plane.world("restart", "castle")
        self.assertEqual("trout", self.configured())

    def test_a_password_is_refused_where_everybody_reads_it(self):
        self.space.apply(self.castle(game="minetest", replicas=0, settings={"default_password": "swordfish"}))

        refused = self.space.until(lambda gs: condition(gs, "Accepted").get("status") == "False", "gs", "castle", 30)
        self.assertIn("is a secret", condition(refused, "Accepted")["message"])
        self.assertNotIn("swordfish", condition(refused, "Accepted")["message"])


if __name__ == "__main__":
    harness.main()
