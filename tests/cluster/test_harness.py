#!/usr/bin/python3
"""The images that tools/images makes run without rights, and what tests stand on keeps things: PostgreSQL and S3 with claims."""

import pathlib
import shutil
import tempfile

import harness
import yaml
from harness import ClusterTest, Postgres, S3, kubectl, run, use_images


def pod(name, image_name, command, uid=61000):
    """Runs one command to its end, with nothing but its image."""
    container = {"name": "main", "image": harness.image(image_name), "imagePullPolicy": "Never", "command": list(command),
                 "securityContext": harness.RESTRICTED, "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "restartPolicy": "Never", "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": uid, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {}}], "containers": [container]}}


class Images(ClusterTest):
    def said_by(self, name, image_name, *command, uid=61000):
        self.space.apply(pod(name, image_name, command, uid))
        ended = self.space.until(lambda state: state["status"].get("phase") in ("Succeeded", "Failed"), "pod", name)
        said = self.space.kubectl("logs", name).stdout
        self.assertEqual(ended["status"]["phase"], "Succeeded", said)
        return said

    def test_the_control_plane_finds_all_it_needs_in_its_image(self):
        use_images("gamekeeper")

        self.assertRegex(self.said_by("version", "gamekeeper", "/usr/local/bin/gamekeeper", "--version", uid=65532), r"\d+\.\d+")
        self.assertIn("restic", self.said_by("restic", "gamekeeper", "restic", "version", uid=65532))

    def test_game_images_bring_their_game_and_the_shim(self):
        use_images("minetest", "teeworlds", "toy")

        for name, program in (("minetest", "/usr/games/minetestserver"), ("teeworlds", "/usr/games/teeworlds-server")):
            self.said_by(name, name, "/bin/sh", "-c", f"test -x {program} && test -x /gk/bin/gk-shim && test \"$(id -un)\" = game")

    def test_equal_content_gives_equal_images(self):
        first = run(harness.ROOT / "tools" / "images", "gk-shim", "--tag", "once", "--programs", harness.PROGRAMS).stdout.split()[-1]
        before = pathlib.Path(first).read_bytes()
        pathlib.Path(first).unlink()

        run(harness.ROOT / "tools" / "images", "gk-shim", "--tag", "once", "--programs", harness.PROGRAMS)

        self.assertEqual(pathlib.Path(first).read_bytes(), before)
        pathlib.Path(first).unlink()

    def test_a_name_that_stands_for_other_content_now_is_known_to_the_nodes_as_that(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy("/bin/busybox", folder)
        for word in ("first", "second"):
            (folder / "word").write_text(word)
            run(harness.ROOT / "tools" / "images", "renewed", "--import", "--tag", harness.TAG, "--folder", folder, "--entrypoint", "/busybox")

            self.assertEqual(word, self.said_by(word, "renewed", "/busybox", "cat", "/word"))


class Stores(ClusterTest):
    def test_postgres_keeps_what_it_was_told_when_its_pod_is_gone(self):
        database = Postgres(self.space)
        self.ask(database, "create table kept (word text); insert into kept values ('kept')")
        self.space.kubectl("delete", "pod", "postgres-0")
        self.space.kubectl("rollout", "status", "statefulset/postgres", "--timeout=120s")

        self.assertIn("kept", self.ask(database, "select word from kept"))

    def ask(self, database, statement):
        script = f"PGPASSWORD=$(cat /secret/password) exec psql -h 127.0.0.1 -U gamekeeper -tAc \"{statement}\""
        return self.space.kubectl("exec", "postgres-0", "--", "sh", "-c", script).stdout

    def test_s3_takes_objects_with_a_signature_and_refuses_others(self):
        s3 = S3(self.space)
        url = f"http://{s3.address}:7070/{s3.bucket}/world"

        run("curl", "-sSf", *s3.signed(), "-X", "PUT", "--data-binary", "castle", url)

        self.assertEqual(run("curl", "-sSf", *s3.signed(), url).stdout, "castle")
        self.assertNotEqual(run("curl", "-sSf", url, check=False).returncode, 0)


class Spaces(ClusterTest):
    def test_a_namespace_of_a_test_refuses_root(self):
        refused = kubectl("-n", self.space.name, "run", "bad", "--image=gamekeeper.local/shell:1", check=False)

        self.assertIn("violates PodSecurity", refused.stderr)

    # Its cluster roles bear the names of every installation's: one beside the tests takes the rights of another away.
    def test_what_the_tests_define_is_no_installation(self):
        self.assertEqual({"CustomResourceDefinition"}, {it["kind"] for it in yaml.safe_load_all(harness.definitions()) if it})


if __name__ == "__main__":
    harness.main()
