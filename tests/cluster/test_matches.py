#!/usr/bin/python3
"""Matches on the real cluster: servers as bare pods, begun for a match or ahead by a Fleet, which kubectl declares as well as the API.

    GK_TEST_BIN=DIR tests/cluster/test_matches.py [Class.test]        needs the cluster (make cluster-up)
"""

import json
import signal
import socket
import subprocess
import time
import urllib.request
import uuid

import control_plane
import harness
import yaml
from harness import ClusterTest

PATIENCE = 60


class NoVault:
    """Matches have nothing to save; nobody ever asks for it."""

    address, bucket, key, secret = "127.0.0.1", "none", "none", "none"


class Matches(ClusterTest):
    level = "privileged"  # Players come by ports of the nodes.
    exposures = "hostPort,internal"
    settings = {}

    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("gamekeeper", "postgres")

    def setUp(self):
        super().setUp()
        database = harness.Postgres(self.space)
        # Not by its Service: this machine's way to those leads through a node that a test may cut.
        address = self.space.get("pod", "postgres-0")["status"]["podIP"]
        self.plane = control_plane.ControlPlane(
            self.space, NoVault, COMPAT_ANONYMOUS="true", MATCH_QUEUE="casual", MATCH_SIZE=4, MATCH_LEAST=2, MATCH_FLUSH="2s",
            CLUSTER_MATCHES=self.space.name, CLUSTER_EXPOSURES=self.exposures, **self.settings,
            LEDGER_URL=f"postgresql://gamekeeper:{database.password}@{address}:5432/gamekeeper")
        self.addCleanup(self.plane.clean_up)
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.plane.settings["API_LISTEN"] = f"127.0.0.1:{self.port}"
        del self.plane.settings["VAULT_PLACE"]
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()

    # What people do.

    def fleet(self, **spec):
        return {"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "Fleet", "metadata": {"name": "duels"},
                "spec": {"game": "match-server", **spec}}

    def fleet_becomes(self, seconds=PATIENCE, **wanted):
        def has_come(fleet):
            status = fleet.get("status", {})
            return all(status.get(name) == value for name, value in wanted.items())

        return self.space.until(has_come, "fleet", "duels", seconds)

    def allocate(self, match=None):
        return self.plane.call("POST", "/v1/fleets/duels/allocate", {"match": match or str(uuid.uuid4())})

    def load(self, clients, *more):
        command = [harness.PROGRAMS / "gamekeeper", "load", "-o", "json", "--url", f"http://127.0.0.1:{self.port}", str(clients), *more]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout

    def servers(self):
        """The pods of match servers that are there and not leaving."""
        said = json.loads(self.space.kubectl("get", "pods", "-l", "gamekeeper.dev/match-server", "-o", "json").stdout)["items"]
        return {pod["metadata"]["name"]: pod for pod in said if "deletionTimestamp" not in pod["metadata"]}

    def wait_for_servers(self, condition, seconds=PATIENCE):
        """The first set of them for which the condition holds."""
        end = time.monotonic() + seconds
        while True:
            found = self.servers()
            if condition(found):
                return found
            left = end - time.monotonic()
            self.assertGreater(left, 0, f"the match servers are {sorted(found)}")
            # The next event of any of them, or a second.
            subprocess.run(["kubectl", "-n", self.space.name, "get", "pods", "--watch-only", "-l", "gamekeeper.dev/match-server", "-o", "name",
                            "--request-timeout=1s"], env=harness.ENVIRONMENT, capture_output=True, check=False)

    def front(self, method, path, body=None):
        """The first original's routes, as players call them."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, headers={"Content-Type": "application/json"},
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read())

    def join(self):
        for i in range(4):
            self.front("POST", "/api/match/join", {"player_id": f"player{i}"})

    def status_becomes(self, wanted, seconds=45):
        """What the first of the four players is told, once it is that."""
        begun = time.monotonic()
        while (found := self.front("GET", "/api/match/status?player_id=player0"))["status"] != wanted:
            self.assertLess(time.monotonic() - begun, seconds, found)
            self.assertFalse(self.plane.ended(0.05))
        return found

    def match(self):
        """Four players join, and are told where they play."""
        self.join()
        return self.status_becomes("matched")

    def record_of(self, found):
        return self.plane.call("GET", f"/v1/matches/{found['session_id']}")[1]

    def speak(self, host, port, words):
        """One line to a match server, and what it answers first."""
        with socket.create_connection((host, port), timeout=10) as player:
            player.sendall(words)
            return player.recv(100)


def place(server):
    """Where players reach what was allocated."""
    return server["endpoints"][0]["host"], server["endpoints"][0]["port"]


class ForMatches(Matches):
    # S1-10, S1-12, S1-13: the load tester plays whole life cycles, the last word of which is the end of each match's server.
    def test_whole_life_cycles(self):
        code, report = self.load(12, "--match-duration", "2")
        self.assertEqual(0, code, report)
        self.wait_for_servers(lambda found: not found)


    def bare_pod(self):
        """How long the cluster takes for a pod that is a match server's in all but its port and its labels."""
        pod = next(iter(self.servers().values()))
        spec = {name: pod["spec"][name] for name in ("containers", "volumes", "securityContext", "restartPolicy", "automountServiceAccountToken")}
        spec["containers"][0].pop("ports")
        begun = time.monotonic()
        self.space.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": spec})
        self.space.until(lambda it: it["status"].get("phase") == "Running", "pod", "bare")
        return time.monotonic() - begun

    # S1-10, S1-11: ready within 45 s. What we add to what any pod takes is printed.
    def test_a_fresh_pod_is_ready_soon(self):
        begun = time.monotonic()
        found = self.match()
        ready = time.monotonic() - begun

        self.assertEqual([f"game-server-{found['session_id'][:8]}"], list(self.servers()))
        labels = self.servers()[f"game-server-{found['session_id'][:8]}"]["metadata"]["labels"]
        self.assertEqual(("game-server", found["session_id"]), (labels["app"], labels["session_id"]))
        print(f"    from the first join to ready {ready:.1f} s, a bare pod {self.bare_pod():.1f} s", flush=True)


class Warm(Matches):
    settings = {"MATCH_FLEET": "duels"}

    def test_a_fleet_that_kubectl_declares(self):
        self.space.apply(self.fleet(ready=2, max=6))
        self.fleet_becomes(ready=2)
        line = self.space.kubectl("get", "fl").stdout
        for word in ("duels", "match-server", "2"):
            self.assertIn(word, line)

        # One is given to a match at once, by name and where its node is reached; and it is replaced.
        match = str(uuid.uuid4())
        begun = time.monotonic()
        status, server = self.allocate(match)
        took = time.monotonic() - begun
        self.assertEqual(200, status, server)
        print(f"    allocated in {took * 1000:.1f} ms", flush=True)
        self.space.until(lambda pod: pod["metadata"]["labels"].get("session_id") == match, "pod", server["server"])
        self.assertEqual(b"STATE open\n", self.speak(*place(server), b"GET_STATE\n"))
        pod = self.servers()[server["server"]]
        self.assertEqual("duels", pod["metadata"]["labels"]["fleet"])
        self.assertEqual("Never", pod["spec"]["restartPolicy"])
        self.assertNotIn("initContainers", pod["spec"])
        self.assertEqual("Fleet", pod["metadata"]["ownerReferences"][0]["kind"])
        self.assertIn(server["endpoints"][0]["host"], harness.NODES.values())
        self.fleet_becomes(ready=2, allocated=1)

        # Scaled as anything is, and the API sees the same.
        self.space.kubectl("scale", "fl", "duels", "--replicas=1")
        self.fleet_becomes(ready=1, allocated=1)
        self.assertEqual(1, self.plane.call("GET", "/v1/fleets/duels")[1]["ready"])

        # What cannot be is said in it, and the fleet stays.
        self.space.apply(self.fleet(game="no-such-game", ready=1, max=6))
        self.space.until(lambda it: any(c["type"] == "Accepted" and c["status"] == "False" and "no-such-game" in c["message"]
                                        for c in it["status"]["conditions"]), "fleet", "duels")
        self.assertEqual("match-server", self.plane.call("GET", "/v1/fleets/duels")[1]["game"])
        refused = self.space.kubectl("scale", "fl", "duels", "--replicas=7", check=False)
        self.assertNotEqual(0, refused.returncode)

    def test_an_update_leaves_matches_alone_and_the_api_removes_a_fleet_without_them(self):
        status, shown = self.plane.call("PUT", "/v1/fleets/duels", {"game": "match-server", "ready": 2, "max": 6})
        self.assertEqual(201, status, shown)
        self.fleet_becomes(ready=2)
        _, server = self.allocate()
        self.fleet_becomes(ready=2, allocated=1)
        before = set(self.servers())

        self.plane.call("PUT", "/v1/fleets/duels", {"game": "match-server", "ready": 2, "max": 6, "settings": {"session": "second"}})
        after = self.wait_for_servers(lambda found: len(found) == 3 and len(before & set(found)) == 1)
        self.assertIn(server["server"], after)
        self.assertEqual(b"STATE open\n", self.speak(*place(server), b"GET_STATE\n"))

        self.assertEqual(204, self.plane.call("DELETE", "/v1/fleets/duels")[0])
        self.wait_for_servers(lambda found: set(found) == {server["server"]})

    # Of two games in one cluster the one is for players outside, the other for some program inside.
    def test_a_games_exposure_decides_how_its_servers_are_reached(self):
        spec = yaml.safe_load((harness.ROOT / "games" / "match-server.yaml").read_text())
        del spec["name"]
        self.space.apply({"apiVersion": "gamekeeper.dev/v1alpha1", "kind": "Game", "metadata": {"name": "inside"},
                          "spec": {**spec, "exposure": {"type": "internal"}}})
        self.space.apply(self.fleet(game="inside", ready=1, max=2))
        self.fleet_becomes(ready=1)

        status, server = self.allocate()

        self.assertEqual(200, status, server)
        pod = self.servers()[server["server"]]
        self.assertEqual(pod["status"]["podIP"], server["endpoints"][0]["host"])
        self.assertNotIn("hostPort", json.dumps(pod["spec"]))
        self.assertEqual(b"STATE open\n", self.speak(*place(server), b"GET_STATE\n"))

    # A drain does this, and a node that runs out of memory: the match ends, and its players hear why.
    def test_players_hear_that_their_server_was_evicted(self):
        self.space.apply(self.fleet(ready=1, max=6))
        self.fleet_becomes(ready=1)
        found = self.match()
        pod = self.record_of(found)["server"]["name"]
        with socket.create_connection((found["connect_host"], found["connect_port"]), timeout=30) as player:
            player.sendall(b"GET_STATE\n")
            self.assertEqual(b"STATE open\n", player.recv(100))
            eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
            harness.kubectl("create", "--raw", f"/api/v1/namespaces/{self.space.name}/pods/{pod}/eviction", "-f", "-", input=json.dumps(eviction))
            self.assertEqual(b"STATE stop\n", player.recv(100))

        self.status_becomes("ended")
        self.assertEqual(("ended", "pod_evicted"), tuple(self.record_of(found)[name] for name in ("state", "end_reason")))
        self.space.wait_for("delete", f"pod/{pod}")

    # A match gets one that waits; all outlive the control plane, and its successor knows which is whose.
    def test_servers_outlive_the_control_plane(self):
        self.space.apply(self.fleet(ready=1, max=6))
        self.fleet_becomes(ready=1)
        waiting = list(self.servers())
        found = self.match()
        self.fleet_becomes(ready=1, allocated=1)
        before = {name: pod["metadata"]["uid"] for name, pod in self.servers().items()}
        self.assertTrue(set(waiting) < set(before), before)

        self.plane.end(signal.SIGKILL)
        self.assertEqual(b"STATE open\n", self.speak(found["connect_host"], found["connect_port"], b"GET_STATE\n"))
        self.plane.give_lease_back()
        self.plane.start()

        end = time.monotonic() + PATIENCE
        while self.allocate()[0] != 200:  # Its matchmaker reads what is there first.
            self.assertLess(time.monotonic(), end)
            self.assertFalse(self.plane.ended(0.2))
        self.assertEqual(found, self.front("GET", "/api/match/status?player_id=player0"))
        self.assertEqual(before, {name: pod["metadata"]["uid"] for name, pod in self.servers().items() if name in before})


if __name__ == "__main__":
    harness.main()
