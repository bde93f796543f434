#!/usr/bin/python3
"""The shipped definition of minecraft-java, from fetch to stop, as old clients start it. The game itself cannot be had here: a small server of ours
stands in for it (tests/compat/stand_in), packed as the jar that a web site of the test gives out."""

import hashlib
import http.client
import json
import pathlib
import re
import socket
import subprocess

import harness
from test_sources import Site

STAND_IN = pathlib.Path(harness.ROOT) / "tests/compat/stand_in/Server.java"


def packed(folder):
    """The stand-in as server.jar."""
    subprocess.run(["javac", "-d", folder / "classes", STAND_IN], check=True)
    subprocess.run(["jar", "--create", "--file", folder / "server.jar", "--main-class", "Server", "-C", folder / "classes", "."], check=True)
    return (folder / "server.jar").read_bytes()


class MinecraftCase(harness.Case):
    """An installation whose minecraft-java is the shipped one, but for where it is fetched from."""

    def installation(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = sock.getsockname()[1]
        keeper = harness.Gamekeeper(**self.settings, API_LISTEN=f"127.0.0.1:{self.port}", KEEPER_INTERVAL="1s", COMPAT_ANONYMOUS="true",
                                    MACHINE_MEMORY_MIB=16384)
        site = Site(keeper.home)
        self.addCleanup(site.server_close)
        self.addCleanup(site.shutdown)
        jar = packed(keeper.home)
        site.files["/server.jar"] = jar
        plain = keeper.environment
        keeper.environment = lambda: plain() | {"SSL_CERT_FILE": str(site.certificate)}
        definition = (harness.ROOT / "games/minecraft-java.yaml").read_text()
        definition = re.sub(r'url: "[^"]*"', f'url: "{site.address}/server.jar"', definition)
        definition = re.sub(r"sha256: [0-9a-f]{64}", f"sha256: {hashlib.sha256(jar).hexdigest()}", definition)
        games = keeper.state / "games"
        games.mkdir(parents=True)
        (games / "minecraft-java.yaml").write_text(definition)
        keeper.state.chmod(0o755)
        games.chmod(0o755)
        return keeper

    def ask(self, method, target, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        try:
            connection.request(method, target, json.dumps(body) if body else None)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


class Minecraft(MinecraftCase):
    settings = {"COMPAT_EULA": "accepted"}

    def test_package_standard_of_the_first_original_is_this_game(self):
        status, started = self.ask("POST", "/api/server/start-server", {"package": "standard", "server_id": "castle"})

        self.assertEqual(status, 200, started)
        info = started["connection_info"]
        self.assertEqual(self.api.server("castle")["resources"]["memory_mib"], 6144)
        files = self.ask("GET", "/api/bucket/files/castle")[1]["files"]
        for name in ("server.properties", "ops.json", "whitelist.json", "banned-players.json", "banned-ips.json"):
            self.assertIn(name, files)
        with socket.create_connection((info["ip"], info["port"]), 10) as player:
            player.sendall(b"Notch\n")
            self.api.wait_until(lambda: self.api.server("castle")["players"]["names"] == ["Notch"], "Notch is seen")
        self.api.wait_until(lambda: self.api.server("castle")["players"]["online"] == 0, "Notch is gone")
        self.assertEqual(self.ask("POST", "/api/server/pause-server", {"server_id": "castle"})[0], 200)
        self.assertEqual(self.newest_snapshot("castle", trigger="pause", consistency="quiesced")["status"], "complete", "save-off, save-all, save-on")
        self.assertEqual(self.ask("GET", "/api/bucket/files/castle/world/level.dat"), (200, {"content": "saved"}))

    def test_four_fifths_of_its_memory_are_heap(self):
        status, reply = self.ask("POST", "/api/v1/server/7/create", {"ram_gb": 4, "disk_gb": 2})
        self.assertEqual((status, reply), (200, {"success": True}))
        self.api.wait_for_state("7", "running", 120)

        self.api.wait_for_line("7", "The heap may have 32")
        self.assertEqual(self.ask("GET", "/api/v1/server/7/usage")[1]["memory_limits_gb"], 4)


class Licence(MinecraftCase):
    def test_nothing_is_started_before_somebody_accepts_it(self):
        status, reply = self.ask("POST", "/api/server/start-server", {"package": "standard", "server_id": "castle"})

        self.assertEqual((status, reply["error"]), (400, "Validation failed"), reply)
        self.assertIn("https://", reply["details"]["eula"][0])
        self.assertEqual(self.api.ask("GET", "/v1/servers")["items"], [])


if __name__ == "__main__":
    harness.main()
