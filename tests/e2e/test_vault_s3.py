#!/usr/bin/python3
"""The vault in an object store that verifies signatures: worlds come back byte for byte, a store that refuses or dies keeps every disk, and nobody
sees the keys."""

import hashlib
import os
import pathlib
import subprocess
import time

import harness
import s3_store

MIB = 1 << 20


def digest(folder):
    """Of every file's path and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class StoreCase(harness.ToyCase):
    def setUp(self):
        self.store = s3_store.Store()
        self.addCleanup(self.store.close)
        self.secret_file = self.store.home / "secret"
        self.write_secret(self.store.SECRET)
        self.settings = {"VAULT_PLACE": self.store.place, "VAULT_S3_KEY_ID": self.store.KEY_ID, "VAULT_S3_SECRET_FILE": self.secret_file,
                         "VAULT_S3_CA_FILE": self.store.home / "ca.pem"}
        super().setUp()

    def write_secret(self, text):
        """Only root may read it: serve does so before it gives up root."""
        self.secret_file.write_text(text + "\n")
        os.chmod(self.secret_file, 0o600)

    def restart(self):
        self.keeper.stop()
        self.keeper.wait_for_launcher()
        self.keeper.start()

    def fill_world(self, name, mebibytes):
        """Bytes that do not compress, in files of different sizes."""
        world = self.keeper.world(name) / "region"
        world.mkdir()
        for number in range(mebibytes):
            (world / f"{number:04}.mca").write_bytes(os.urandom(MIB))
        (world / "empty").touch()
        self.keeper.own(name, world)

    def create_large(self, name, mebibytes):
        size = {"cpu_millis": 100, "memory_mib": 64, "disk_mib": mebibytes}
        self.api.operate("POST", "/v1/servers", {"id": name, "game": "toy", "start": True, "resources": size})

    def restics(self):
        """Command lines and environments of every restic that runs."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "exe").endswith("/restic"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def repository(self, name):
        return self.store.repositories / self.api.server(name)["uid"]


class RoundTrips(StoreCase):
    def test_a_stopped_world_has_no_disk_and_comes_back_byte_for_byte(self):
        self.create_toy("tower")
        self.write_world("tower", "treasure", "gold")
        self.fill_world("tower", 5)
        server = self.keeper.state / "servers" / self.api.server("tower")["uid"]

        self.api.verb("tower", "pause")
        saved = digest(self.keeper.world("tower"))
        self.api.verb("tower", "stop")

        self.assertEqual(self.newest_snapshot("tower")["status"], "complete")
        self.assertFalse((server / "live" / "data").exists(), "a stopped world has no disk")
        self.assertFalse((self.keeper.state / "vault").exists(), "nothing of it lies on this machine")
        self.api.verb("tower", "start")
        found = digest(self.keeper.world("tower"))
        self.assertEqual({path: found.get(path) for path in saved}, saved)

        self.api.operate("DELETE", "/v1/servers/tower?purge=tower")
        self.assertEqual([path for path in self.store.repositories.rglob("*") if path.is_file() and ".spare" not in str(path)], [])

    def test_a_world_of_250_mb_goes_and_comes_back(self):
        self.create_large("tower", 512)
        self.fill_world("tower", 239)  # 250 million bytes.
        saved = digest(self.keeper.world("tower") / "region")
        begun = time.monotonic()
        self.api.verb("tower", "stop", seconds=300)
        stopped = time.monotonic()
        self.api.verb("tower", "start", seconds=300)
        started = time.monotonic()

        self.assertEqual(digest(self.keeper.world("tower") / "region"), saved)
        print(f"250 MB: saved, read back and freed in {stopped - begun:.1f} s, restored and started in {started - stopped:.1f} s", flush=True)

    def test_what_vault_show_prints_works_with_plain_restic(self):
        self.create_toy("tower")
        self.write_world("tower", "treasure", "gold")
        self.api.verb("tower", "pause")

        shown = self.keeper.cli("vault", "show", "tower").stdout

        self.assertIn("AWS_ACCESS_KEY_ID", shown)
        restore = next(line.strip() for line in shown.splitlines() if line.strip().startswith("restic ") and " restore " in line)
        target = self.keeper.home / "restored"
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.keeper.home), "AWS_ACCESS_KEY_ID": self.store.KEY_ID,
                       "AWS_SECRET_ACCESS_KEY": self.store.SECRET}
        command = restore.replace("TARGET", str(target)) + f" --no-cache --cacert {self.store.home / 'ca.pem'}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, cwd=self.keeper.home)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stderr}")
        self.assertEqual((next(target.rglob("treasure"))).read_text(), "gold")


class Refusals(StoreCase):
    def test_a_wrong_key_is_named_and_keeps_game_and_disk(self):
        self.create_toy("tower")
        self.api.operate("POST", "/v1/servers/tower/snapshots")
        before = self.only_pid("tower")
        self.write_secret("gk-test-another-secret")
        self.restart()

        operation = self.api.finish(self.api.begin("POST", "/v1/servers/tower/stop"))

        self.assertEqual(operation["status"], "failed")
        self.assertIn("secret", operation["error"]["detail"])
        self.assertIn("vault.s3.secret_file", operation["error"]["detail"])
        self.assertEqual(self.only_pid("tower"), before, "the game was not touched")

        self.write_secret(self.store.SECRET)
        self.restart()
        self.api.verb("tower", "stop")
        self.assertEqual(self.newest_snapshot("tower")["status"], "complete")

    def test_without_a_key_nothing_starts_and_the_cure_is_named(self):
        self.keeper.stop()
        self.keeper.wait_for_launcher()
        os.remove(self.secret_file)
        done = self.keeper.cli("serve", check=False, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("vault.s3.secret_file", done.stderr)
        self.write_secret(self.store.SECRET)
        self.keeper.start()

    def test_damage_in_the_store_is_found_before_the_disk_is_freed(self):
        self.create_toy("tower")
        self.write_world("tower", "treasure", "gold")
        self.api.verb("tower", "pause")
        self.api.verb("tower", "start")
        for pack in (self.repository("tower") / "data").rglob("*"):
            if pack.is_file():
                content = bytearray(pack.read_bytes())
                content[len(content) // 3] ^= 1
                pack.write_bytes(content)

        operation = self.api.finish(self.api.begin("POST", "/v1/servers/tower/stop"), 180)

        # Either the stop has said so and kept the disk, or it has stored everything again, and that is whole.
        if operation["status"] != "succeeded":
            self.assertEqual((self.keeper.world("tower") / "treasure").read_text(), "gold")
            self.api.wait_for_state("tower", "stopped", 180)
        self.api.verb("tower", "start")
        self.assertEqual((self.keeper.world("tower") / "treasure").read_text(), "gold")

    def test_a_store_that_dies_while_it_receives_keeps_the_disk_and_the_stop_goes_on_later(self):
        self.create_large("tower", 512)
        self.fill_world("tower", 200)
        saved = digest(self.keeper.world("tower") / "region")
        world = self.keeper.world("tower")
        operation = self.api.begin("POST", "/v1/servers/tower/stop")
        data = self.repository("tower") / "data"
        self.api.wait_until(lambda: data.exists() and any(path.is_file() for path in data.rglob("*")), "the upload has begun")

        self.store.kill()
        self.assertEqual(digest(world / "region"), saved, "the disk is there")
        self.store.start()
        self.api.finish(operation, 300)

        self.api.wait_for_state("tower", "stopped", 300)
        self.assertEqual(self.newest_snapshot("tower")["status"], "complete")
        self.api.verb("tower", "start", seconds=300)
        self.assertEqual(digest(self.keeper.world("tower") / "region"), saved)


class Secrets(StoreCase):
    def test_nobody_sees_the_keys(self):
        self.create_large("tower", 256)
        self.fill_world("tower", 100)
        game = self.only_pid("tower")
        operation = self.api.begin("POST", "/v1/servers/tower/snapshots")
        lines = self.api.wait_until(self.restics, "restic runs")
        while not self.ended(operation):
            lines += self.restics()

        seen = {"command lines": "\n".join(lines), "log": self.keeper.log(), "events": self.api.call("GET", "/v1/operations").text,
                "metrics": self.api.call("GET", "/metrics").text,
                "game": pathlib.Path(f"/proc/{game}/environ").read_bytes().decode() + pathlib.Path(f"/proc/{game}/cmdline").read_bytes().decode()}
        for pid in harness.pids():
            seen[f"command line of {pid}"] = harness.command_line(pid)
        for path in self.keeper.state.rglob("*"):
            if path.is_file() and "live" not in path.parts:
                seen[str(path)] = path.read_bytes().decode(errors="replace")

        self.assertTrue(any("backup" in line for line in lines), lines)
        for where, text in seen.items():
            self.assertNotIn(self.store.SECRET, text, where)
        self.assertNotIn("AWS_", seen["game"])

    def ended(self, operation):
        return self.api.ask("GET", f"/v1/operations/{operation['id']}")["status"] not in ("queued", "running")


if __name__ == "__main__":
    harness.main()
