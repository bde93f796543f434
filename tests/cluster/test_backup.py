#!/usr/bin/python3
"""Backups beside a world on the real cluster: restic in a pod of its own, from a claim to S3 and back into another claim (gk-cluster-backup).

    GK_TEST_BIN=DIR tests/cluster/test_backup.py [Class.test]        needs the cluster (make cluster-up)
"""

import base64
import json
import secrets
import subprocess
import uuid

import harness
from harness import PROGRAMS, RESTRICTED, S3, ClusterTest, image

GAMES_UID = 61000


class BackupTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.uid = str(uuid.uuid4())
        keys = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("shim", "tools")}
        self.space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "gs-castle"}, "data": keys})
        words = [PROGRAMS / "gk-cluster-backup", self.space.name, "castle", self.uid, image("restic")]
        self.driver = None
        self.words = [str(word) for word in words]

    def tearDown(self):
        self.end_driver()
        super().tearDown()

    def end_driver(self):
        if self.driver:
            self.driver.stdin.close()
            self.driver.stdout.close()
            self.driver.wait(30)
            self.driver = None

    def claim(self, number, world):
        labels = {"gamekeeper.dev/server": self.uid, "gamekeeper.dev/name": "castle", "gamekeeper.dev/world": world,
                  "app.kubernetes.io/managed-by": "gamekeeper"}
        self.space.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": f"gs-castle-{number}", "labels": labels},
                          "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}})

    def in_claim(self, number, script):
        """What a script says that works in the claim as a game would."""
        name = f"hand-{secrets.token_hex(2)}"
        user = {"runAsNonRoot": True, "runAsUser": GAMES_UID, "runAsGroup": GAMES_UID, "fsGroup": GAMES_UID,
                "seccompProfile": {"type": "RuntimeDefault"}}
        self.space.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
            "restartPolicy": "Never", "automountServiceAccountToken": False, "securityContext": user,
            "containers": [{"name": "hand", "image": image("restic"), "imagePullPolicy": "Never", "command": ["/bin/sh", "-c", script],
                            "securityContext": RESTRICTED, "volumeMounts": [{"name": "world", "mountPath": "/volume"}]}],
            "volumes": [{"name": "world", "persistentVolumeClaim": {"claimName": f"gs-castle-{number}"}}]}})
        self.space.wait_for("jsonpath={.status.phase}=Succeeded", f"pod/{name}")
        said = self.space.kubectl("logs", name).stdout
        self.space.kubectl("delete", "pod", name)
        return said

    def driven(self):
        return subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=harness.ENVIRONMENT)

    def ask(self, *argv, **more):
        if self.driver is None:
            self.driver = self.driven()
        order = {"argv": argv, "env": {}, "secrets": {}, "files": {}, **more}
        self.driver.stdin.write(json.dumps(order) + "\n")
        self.driver.stdin.flush()
        line = self.driver.stdout.readline()
        self.assertTrue(line, f"gk-cluster-backup has ended: {line or self.driver.wait(30)}")
        return json.loads(line)

    def do(self, *argv, **more):
        ended = self.ask(*argv, **more)
        self.assertEqual(ended.get("code"), 0, ended)
        return ended

    def test_a_world_goes_to_the_store_and_comes_back(self):
        store = S3(self.space)
        self.claim(0, "live")
        self.claim(1, "staged")
        self.in_claim(0, "umask 077; mkdir -p /volume/data/region && echo gold > /volume/data/treasure && head -c 3000000 /dev/urandom > "
                         "/volume/data/region/0.mca")
        sums = "cd /volume/data && find . -type f | sort | xargs sha256sum"
        saved = self.in_claim(0, sums)
        secret = {"RESTIC_PASSWORD": "of-the-vault", "AWS_ACCESS_KEY_ID": store.key, "AWS_SECRET_ACCESS_KEY": store.secret}
        restic = ["restic", "--no-cache", "--repo", f"s3:http://{store.address}:7070/{store.bucket}/{self.uid}"]

        self.do(*restic, "init", secrets=secret)
        taken = self.do(*restic, "backup", "--json", "--quiet", "data", "record", secrets=secret, files={"record.json": "{}"})
        self.assertIn('"message_type":"summary"', taken["output"])
        self.do(*restic, "restore", "latest", "--verify", "--target", ".", "--include", "/data", disk="staged", write=True, secrets=secret)

        self.assertEqual(self.in_claim(1, sums), saved)
        self.assertEqual(self.in_claim(1, "ls /volume").split(), ["data"], "nothing else is left in the claim")
        self.space.wait_for("delete", "pod/gs-castle-backup")  # It goes when its work is done.
        everything = self.space.kubectl("get", "all,secrets,configmaps,events", "-o", "yaml").stdout
        self.assertNotIn("of-the-vault", everything)
        kept = json.loads(self.space.kubectl("get", "secrets", "-o", "json").stdout)["items"]
        texts = [base64.b64decode(text) for it in kept for text in it.get("data", {}).values()]
        self.assertTrue(texts, "the key of the shim at least")
        self.assertEqual([], [text for text in texts if b"of-the-vault" in text])

    def test_the_world_that_is_played_cannot_be_written(self):
        self.claim(0, "live")
        self.in_claim(0, "mkdir -p /volume/data && echo gold > /volume/data/treasure")
        ended = self.ask("sh", "-c", "cat data/treasure; echo changed > data/treasure", write=True)
        self.assertNotEqual(ended["code"], 0)
        self.assertEqual(ended["output"], "gold\n")
        self.assertIn("Read-only", ended["errors"])

    def test_without_a_claim_there_is_no_world(self):
        self.assertIn("absent", self.ask("true")["error"])

    def test_what_a_dead_control_plane_has_left_goes_before_the_next(self):
        self.claim(0, "live")
        self.in_claim(0, "mkdir -p /volume/data")
        self.do("true")
        self.driver.stdin.write(json.dumps({"argv": ["sleep", "1000"], "env": {}, "secrets": {}, "files": {}}) + "\n")
        self.driver.stdin.flush()
        self.space.wait_for("create", "pod/gs-castle-backup")
        self.driver.kill()
        self.end_driver()

        self.assertEqual(self.do("sh", "-c", "echo hello; uname -n")["output"], "hello\ngamekeeper-vault\n")
        self.space.wait_for("delete", "pod/gs-castle-backup")

    def test_a_keeper_that_was_replaced_ends_nothing_of_a_newer_ones(self):
        self.claim(0, "live")
        self.in_claim(0, "mkdir -p /volume/data")
        newer = self.driven()
        self.addCleanup(newer.kill)
        newer.stdin.write(json.dumps({"epoch": 2, "argv": ["sh", "-c", "sleep 1000"], "env": {}, "secrets": {}, "files": {}}) + "\n")
        newer.stdin.flush()
        self.space.wait_for("jsonpath={.status.phase}=Running", "pod/gs-castle-backup")
        pod = self.space.get("pod", "gs-castle-backup")["metadata"]["uid"]

        self.assertIn("newer keeper", self.ask("true", epoch=1)["error"])
        self.assertEqual(pod, self.space.get("pod", "gs-castle-backup")["metadata"]["uid"])

        # And the next one ends it.
        self.assertEqual(0, self.ask("true", epoch=3)["code"])
        self.assertNotEqual(0, json.loads(newer.stdout.readline()).get("code"))
        newer.stdin.close()
        newer.stdout.close()
        newer.wait(30)

    def test_a_program_may_say_much(self):
        self.claim(0, "live")
        self.in_claim(0, "mkdir -p /volume/data")
        ended = self.ask("sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x; cat record/a.txt >&2; ls; exit 7", files={"a.txt": "given"})
        self.assertEqual((7, "given"), (ended["code"], ended["errors"]))
        self.assertEqual("x" * 5000000 + "data\nrecord\n", ended["output"])


if __name__ == "__main__":
    harness.use_images("restic", "versitygw")
    harness.main()
