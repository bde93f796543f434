#!/usr/bin/python3
"""Who may ask, over TCP and over the socket; and that no secret is ever told."""

import http.client
import os
import pathlib
import re
import socket
import subprocess

import harness


class Rights(harness.ToyCase):
    def setUp(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        self.settings = {"API_LISTEN": f"127.0.0.1:{self.port}"}
        super().setUp()

    def over_tcp(self, path, key=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {key}"} if key else {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def test_every_route_but_health_and_documentation_needs_a_key(self):
        self.assertEqual(self.over_tcp("/healthz")[0], 200)
        for path in ("/v1/servers", "/v1/games", "/v1/operations", "/v1/events", "/v1/keys", "/metrics", "/v1/servers/x/logs"):
            self.assertEqual(self.over_tcp(path)[0], 401, path)
            self.assertEqual(self.over_tcp(path, "gk_wrong")[0], 401, path)

    def test_the_admin_key_of_the_first_start_opens(self):
        path = self.keeper.state / "admin.key"
        key = path.read_text().strip()

        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertTrue(key.startswith("gk_"))
        self.assertEqual(self.over_tcp("/v1/servers", key)[0], 200)

    def test_a_revoked_key_is_refused_at_once(self):
        made = self.api.ask("POST", "/v1/keys", {"name": "short"})
        self.assertEqual(self.over_tcp("/v1/servers", made["key"])[0], 200)

        self.assertEqual(self.api.call("DELETE", f"/v1/keys/{made['id']}").status, 204)

        self.assertEqual(self.over_tcp("/v1/servers", made["key"])[0], 401)

    def test_the_socket_does_not_trust_other_users(self):
        curl = ["curl", "--silent", "--max-time", "5", "--unix-socket", self.keeper.socket, "--write-out", "%{http_code}",
                "http://localhost/v1/servers"]
        done = subprocess.run(curl, capture_output=True, text=True, user="nobody")

        self.assertIn(done.stdout[-3:], ("000", "401"), "either the socket cannot be opened, or the peer is not trusted")

    def test_listening_beyond_this_machine_without_tls_is_refused(self):
        environment = {**self.keeper.environment(), "GK_API_LISTEN": "0.0.0.0:0"}
        command = [harness.BIN / "gamekeeper", "serve", "--state", self.keeper.home / "other"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)

        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("api.listen", done.stderr)

    def test_listening_beyond_this_machine_with_tls_is_fine(self):
        certificate, key = self.keeper.home / "api.crt", self.keeper.home / "api.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600, "only root reads it")
        self.keeper.stop()
        self.keeper.settings |= {"API_LISTEN": "0.0.0.0:0", "API_TLS_CERTIFICATE": certificate, "API_TLS_KEY": key}
        self.keeper.start()
        port = re.findall(r"answers at https://[^ ]*:(\d+) ", self.keeper.log())[-1]
        remote = ["--url", f"https://127.0.0.1:{port}", "--key", (self.keeper.state / "admin.key").read_text().strip()]

        trusting = subprocess.run([harness.BIN / "gamekeeper", *remote, "--ca", certificate, "server", "list"], capture_output=True, text=True)
        doubting = subprocess.run([harness.BIN / "gamekeeper", *remote, "server", "list"], capture_output=True, text=True)

        self.assertEqual(trusting.returncode, 0, trusting.stderr)
        self.assertEqual(doubting.returncode, 5, doubting.stderr)
        self.assertIn("certificate is not accepted", doubting.stderr)

    def test_the_control_plane_is_unprivileged(self):
        self.assertNotEqual(harness.uid_of(self.keeper.process.pid), 0)
        status = (pathlib.Path("/proc") / str(self.keeper.process.pid) / "status").read_text()
        self.assertRegex(status, r"CapEff:\s+0000000000000000")

    def test_no_secret_is_in_logs_or_command_lines(self):
        self.create_toy("tower")
        self.api.verb("tower", "pause")
        secrets = [(self.keeper.state / name).read_text().strip() for name in ("admin.key", "recovery.key")]

        for secret in secrets:
            self.assertLessEqual(self.keeper.log().count(secret), 1, "the first start prints its keys once")
        for pid in harness.pids():
            for secret in secrets:
                self.assertNotIn(secret, harness.command_line(pid))


class Sandbox(harness.ToyCase):
    """What a game is allowed to be, read from the kernel."""

    def status(self, pid, field):
        text = (pathlib.Path("/proc") / str(pid) / "status").read_text()
        return next(line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(field + ":"))

    def test_a_game_has_its_own_user_no_capabilities_and_a_filter(self):
        self.create_toy("tower")
        pid = self.only_pid("tower")

        self.assertGreaterEqual(harness.uid_of(pid), harness.UID_BASE)
        for field in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            self.assertEqual(int(self.status(pid, field), 16), 0, field)
        self.assertEqual(self.status(pid, "NoNewPrivs"), "1")
        self.assertEqual(self.status(pid, "Seccomp"), "2")

    def test_a_game_has_namespaces_of_its_own_and_a_root_it_cannot_write(self):
        self.create_toy("tower")
        pid = self.only_pid("tower")

        for kind in ("mnt", "pid", "ipc"):
            self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/{kind}"), os.readlink(f"/proc/self/ns/{kind}"), kind)
        self.assertIn("ro", self.options(pid, "/"))
        self.assertNotIn("ro", self.options(pid, "/data"))

    def options(self, pid, place):
        lines = (pathlib.Path("/proc") / str(pid) / "mounts").read_text().splitlines()
        return [line.split()[3].split(",") for line in lines if line.split()[1] == place][-1]

    def test_worlds_of_others_are_closed(self):
        self.create_toy("tower")
        world = self.keeper.world("tower")

        seen = subprocess.run(["ls", world], capture_output=True, user="nobody")

        self.assertNotEqual(seen.returncode, 0)
        self.assertEqual(world.stat().st_mode & 0o077, 0)


if __name__ == "__main__":
    harness.main()
