#!/usr/bin/python3
"""Several control planes with one PostgreSQL on the real cluster: each takes what people ask for, one keeps, and another one goes on when it ends,
dies or sleeps.

    GK_TEST_BIN=DIR tests/cluster/test_replicas.py [Class.test]        needs the cluster (make cluster-up)
"""

import base64
import calendar
import json
import re
import signal
import subprocess
import time
import unittest

import control_plane
import harness
import toy_world
from harness import ClusterTest, answers

MARK = "/api/bucket/files/castle/mark.txt"


class Replica(control_plane.ControlPlane):
    """One of several: ready is not the same as keeping."""

    def readiness(self):
        done = subprocess.run(["curl", "-sS", "--unix-socket", self.socket, "http://x/readyz"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def keeps(self):
        return self.readiness().get("keeper", {}).get("keeps") is True

    def name(self):
        """As it stands in the Lease."""
        holder = self.readiness()["keeper"].get("holder")
        return holder if holder else self.lease()["spec"]["holderIdentity"]

    def lease(self):
        return self.space.get("lease", "gamekeeper")

    def status_with(self, token, method="GET", path="/v1/servers", body=None):
        """What somebody with that key or token is answered."""
        words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", self.socket, "-X", method,
                 "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json"]
        return int(harness.run(*words, *(["-d", json.dumps(body)] if body is not None else []), f"http://x{path}").stdout)


class Replicas(ClusterTest):
    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("minetest", "toy", "gk-shim", "restic", "versitygw", "postgres")

    def setUp(self):
        super().setUp()
        self.planes = []
        try:
            self.start()
        except BaseException:
            self.tell_logs()
            self.clean_up()
            self.space.remove()
            raise

    def start(self):
        store, database = harness.S3(self.space), harness.Postgres(self.space)
        for plane in [self.plane(store, database) for _ in range(2)]:
            plane.begin()
        for plane in self.planes:
            plane.becomes_ready()
        self.settle_who_keeps()

    def plane(self, store, database):
        plane = Replica(self.space, store)
        plane.define("toy", toy_world.definition())
        password = plane.home / "password"
        password.write_text(database.password)
        plane.settings |= {"CLUSTER_WORLDS": self.space.name,
                           "LEDGER_URL": f"postgresql://gamekeeper@{database.address}:5432/gamekeeper", "LEDGER_PASSWORD_FILE": password,
                           "CLUSTER_ADMINS": f"system:serviceaccounts:{self.space.name}", "CLUSTER_READERS": "user:nobody"}
        self.planes.append(plane)
        return plane

    def settle_who_keeps(self):
        """`keeper` is the one that keeps, `other` the other one."""
        end = time.monotonic() + 30
        while not any(plane.keeps() for plane in self.planes):
            self.assertLess(time.monotonic(), end, "nobody keeps")
        self.keeper = next(plane for plane in self.planes if plane.keeps())
        self.other = next(plane for plane in self.planes if plane is not self.keeper)

    def clean_up(self):
        if self.has_failed():
            self.tell_logs()
        for plane in self.planes:
            plane.clean_up()

    def tell_logs(self):
        for number, plane in enumerate(self.planes):
            print(f"===== log of control plane {number} =====\n{plane.log()[-6000:]}", flush=True)

    def holder_is_another(self, than, seconds=30):
        """The Lease from the moment when somebody else than the one of that name has it."""
        return self.space.until(lambda lease: lease["spec"].get("holderIdentity") not in (None, "", than), "lease", "gamekeeper", seconds)

    def reach(self, state, seconds=120):
        return self.space.until(lambda gs: gs.get("status", {}).get("state") == state, "gs", "castle", seconds)

    def joinable(self, server):
        endpoint = server["status"]["endpoints"][0]
        return answers(endpoint["host"], endpoint["port"])

    def create(self, plane, game="minetest"):
        plane.world("create", "castle", "--game", game, "--package", "small", "--start")
        return self.space.get("gs", "castle")

    def test_the_first_key_is_one_and_lies_in_a_secret(self):
        secret = base64.b64decode(self.space.get("secret", "gamekeeper-admin")["data"]["key"]).decode()
        for plane in self.planes:
            self.assertEqual(200, plane.status_with(secret))
            self.assertNotIn(secret, plane.log())
            self.assertFalse((plane.home / "state" / "admin.key").exists())
        self.assertEqual(1, len(self.keeper.call("GET", "/v1/keys")[1]["items"]))

        made = self.other.call("POST", "/v1/keys", {"name": "ci", "scope": "admin"})[1]
        self.assertEqual(200, self.keeper.status_with(made["key"]), "a key is known to all when its maker has heard of it")

    def test_tokens_of_the_cluster_are_keys(self):
        self.space.kubectl("create", "serviceaccount", "somebody")
        token = self.space.kubectl("create", "token", "somebody").stdout.strip()

        for plane in self.planes:
            self.assertEqual(200, plane.status_with(token))
            self.assertEqual(401, plane.status_with("eyJhbGciOiJub25lIn0.e30.x"))

    def test_who_uses_kubectl_is_known_to_the_command_line(self):
        self.space.kubectl("create", "serviceaccount", "somebody")
        token = self.space.kubectl("create", "token", "somebody").stdout.strip()
        config = self.keeper.home / "config"
        server = json.loads(harness.kubectl("config", "view", "--minify", "-o", "json").stdout)["clusters"][0]["cluster"]["server"]
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "somebody", "users": [{"name": "somebody", "user": {"token": token}}],
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "contexts": [{"name": "somebody", "context": {"cluster": "here", "user": "somebody"}}]}))
        url = re.search(r"answers at (http://127\S+)", self.keeper.log())[1]
        command = [harness.PROGRAMS / "gamekeeper", "--url", url, "--state", config.parent / "nothing", "server", "list", "-n", self.space.name]

        self.assertEqual(4, harness.run(*command, check=False).returncode, "nobody has said who he is")
        self.assertEqual(0, harness.run(*command, "--kubeconfig", config).returncode)
        self.assertEqual(0, harness.run(*command, "--context", "somebody", env={"KUBECONFIG": str(config)}).returncode)
        refused = harness.run(*command, "--kubeconfig", config, "--context", "nobody", check=False)
        self.assertEqual((2, True), (refused.returncode, "'nobody'" in refused.stderr), refused.stderr)

    def test_whoever_does_not_keep_takes_everything_all_the_same(self):
        running = self.create(self.other, "toy")  # It takes commands.
        self.assertTrue(self.joinable(running))

        status, reply = self.other.call("POST", f"/v1/servers/castle/commands?namespace={self.space.name}", {"command": "say hello"})
        self.assertEqual(200, status, reply)
        self.assertEqual(running["status"]["state"], self.other.show("castle")["state"])

        self.other.world("pause", "castle")
        here = f"{MARK}?namespace={self.space.name}"
        status, reply = self.other.call("PUT", here, {"content": "mark 1\n"})
        self.assertEqual(200, status, reply)
        self.assertEqual((200, {"content": "mark 1\n"}), self.keeper.call("GET", here))
        self.assertFalse(self.other.keeps())

        self.assertEqual(202, self.other.call("DELETE", f"/v1/servers/castle?namespace={self.space.name}")[0])
        self.space.wait_for("delete", "gs/castle", seconds=120)

    def test_one_that_ends_in_order_hands_over_at_once(self):
        name = self.keeper.name()
        asked = time.time()

        self.keeper.send(signal.SIGTERM)
        lease = self.holder_is_another(name)

        self.assertLess(self.seconds_since(asked, lease["spec"]["acquireTime"]), 2)
        self.keeper.process.wait(30)
        self.assertEqual(0, self.keeper.process.returncode)
        self.assertEqual(200, self.other.call("GET", "/v1/servers")[0])

    def seconds_since(self, start, micro_time):
        at = re.match(r"(.*)\.(\d+)Z", micro_time)
        return calendar.timegm(time.strptime(at[1], "%Y-%m-%dT%H:%M:%S")) + float(f"0.{at[2]}") - start

    def test_what_was_acknowledged_survives_the_keeper(self):
        name = self.keeper.name()
        order = {"id": "castle", "namespace": self.space.name, "game": "minetest", "package": "small", "start": True}
        status, operation = self.keeper.call("POST", "/v1/servers", order)
        self.keeper.end(signal.SIGKILL)
        self.assertEqual(202, status, operation)

        # Nobody keeps for as long as the lease lasts; what is asked meanwhile is taken.
        self.assertEqual(200, self.other.call("PATCH", f"/v1/servers/castle?namespace={self.space.name}", {"labels": {"a": "b"}})[0])
        self.holder_is_another(name)
        self.assertTrue(self.joinable(self.reach("running")))
        ended = self.other.api.finish(operation)  # A moment after the world runs.
        self.assertEqual("succeeded", ended["status"], ended)

    def test_one_that_slept_while_another_took_over_writes_nothing_more(self):
        self.create(self.keeper)
        pod = self.space.get("pod", "gs-castle-0")["metadata"]["uid"]
        name = self.keeper.name()
        # It falls asleep over a change that is another one's by the time at which it wakes.
        self.assertEqual(202, self.keeper.call("POST", f"/v1/servers/castle/pause?namespace={self.space.name}", {})[0])
        self.keeper.send(signal.SIGSTOP)

        self.holder_is_another(name, 40)
        self.reach("paused")
        self.other.world("start", "castle")
        running = self.space.get("pod", "gs-castle-0")
        before = self.space.get("gs", "castle")["status"]["record"]
        self.keeper.send(signal.SIGCONT)

        self.assertTrue(self.keeper.ended(20), "it goes on although another one keeps")
        self.assertNotEqual(0, self.keeper.process.returncode)
        self.assertEqual(before, self.space.get("gs", "castle")["status"]["record"])
        after = self.space.get("pod", "gs-castle-0")
        self.assertNotEqual(pod, after["metadata"]["uid"])
        self.assertEqual(running["metadata"]["uid"], after["metadata"]["uid"])
        self.assertEqual(running["status"]["containerStatuses"][0]["state"], after["status"]["containerStatuses"][0]["state"])
        self.assertTrue(self.joinable(self.space.get("gs", "castle")))
        self.assertEqual("running", self.other.show("castle")["state"])


if __name__ == "__main__":
    harness.main()
