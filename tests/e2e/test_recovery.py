#!/usr/bin/python3
"""Everything is gone but the vault and the recovery key, and every world comes back."""

import subprocess

import harness


class Recovery(harness.ToyCase):
    def recover(self, vault, state, key):
        key_file = self.keeper.home / "recovery.key"
        key_file.write_text(key + "\n")
        command = [harness.BIN / "gamekeeper", "--state", state, "recover", "--vault", vault, "--key-file", key_file]
        return subprocess.run(command, capture_output=True, text=True, env=self.keeper.environment(), timeout=120)

    def test_all_servers_come_back_from_vault_and_recovery_key_alone(self):
        for name in ("keep", "tower"):
            self.create_toy(name, motd=f"this is {name}")
            self.write_world(name, "treasure", f"gold of {name}")
            self.api.verb(name, "stop")
        key = (self.keeper.state / "recovery.key").read_text().strip()
        endpoints = {name: self.api.server(name)["endpoints"] for name in ("keep", "tower")}
        second = self.installation()
        rescue = second.home  # Goes when that one has ended.
        subprocess.run(["cp", "-a", self.keeper.state / "vault", rescue / "vault"], check=True)
        self.keeper.clean_up()

        self.keeper = second
        recovered = self.recover(rescue / "vault", self.keeper.state, key)
        self.assertEqual(recovered.returncode, 0, recovered.stdout + recovered.stderr)
        for name in ("keep", "tower"):
            self.assertIn(name, recovered.stdout)
        self.keeper.start()
        self.api = self.keeper.api

        for name in ("keep", "tower"):
            self.assertEqual(self.api.server(name)["state"], "stopped")
            self.assertEqual(self.api.server(name)["endpoints"], endpoints[name])
            self.api.verb(name, "start")
            self.assertEqual((self.keeper.world(name) / "treasure").read_text(), f"gold of {name}")
            self.assertEqual(self.api.server(name)["settings"]["motd"], f"this is {name}")

    def test_a_wrong_key_is_refused_and_nothing_is_made(self):
        self.create_toy("tower")
        self.api.verb("tower", "stop")
        target = self.keeper.home / "elsewhere"

        done = self.recover(self.keeper.state / "vault", target, "AAAAA-BBBBB")

        self.assertNotEqual(done.returncode, 0)
        self.assertTrue(done.stderr)
        self.assertFalse((target / "gamekeeper.db").exists())


if __name__ == "__main__":
    harness.main()
