#!/usr/bin/python3
"""Games whose files are fetched, on the real cluster: from a web site to the control plane, from there into the pod, and kept on the claim.

    GK_TEST_BIN=DIR tests/cluster/test_fetched.py [Class.test]        needs the cluster (make cluster-up)
"""

import hashlib
import io
import pathlib
import tarfile

import control_plane
import harness
from harness import ClusterTest

from web_site import Site

GAME = """#!/bin/sh
echo "it holds $(wc -c <"$(dirname "$0")/maps/large")"
trap 'exit 0' TERM
echo ready
while :; do sleep 60 & wait $!; done
"""
DEFINITION = """
name: fetched
title: Fetched
sources:
  - fetch: {{url: "{site}/game.tar.gz", sha256: "{digest}", unpack: tar}}
    runs_in: {{name: restic}}
command: [/bin/sh, "{{{{paths.game}}}}/game.sh"]
ports: [{{role: game, protocol: udp}}]
ready: {{log: '^ready$', timeout: 20s}}
stop: [{{signal: SIGTERM, wait: 5s}}]
"""
LARGE = 20_000_000


def archive():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in (("game.sh", GAME.encode()), ("maps/large", b"m" * LARGE)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class FetchedGames(ClusterTest):
    def setUp(self):
        harness.define_kinds()
        harness.use_images("gk-shim", "restic", "versitygw")
        super().setUp()
        self.plane = control_plane.ControlPlane(self.space, harness.S3(self.space))
        self.site = Site(pathlib.Path(self.plane.home))
        content = archive()
        self.site.files["/game.tar.gz"] = content
        plain = self.plane.environment
        self.plane.environment = lambda: plain() | {"SSL_CERT_FILE": str(self.site.certificate)}
        self.plane.define("fetched", DEFINITION.format(site=self.site.address, digest=hashlib.sha256(content).hexdigest()))
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()
        self.plane.clean_up()
        self.site.shutdown()
        self.site.server_close()

    def in_pod(self, script):
        return self.space.kubectl("exec", "gs-castle-0", "--", "sh", "-c", script).stdout

    def test_reach_the_pod_once(self):
        self.plane.world("create", "castle", "--game", "fetched", "--start")
        self.assertIn(f"it holds {LARGE}", self.plane.world("logs", "castle").stdout)
        self.assertEqual(["/game.tar.gz"], self.site.visits)
        first = self.in_pod("cd /gk/volume/game/*/ && stat -c %i game.sh && ls -A ..").split()
        self.assertEqual(2, len(first), "nothing is left beside it")

        self.plane.world("pause", "castle")
        self.plane.world("start", "castle")

        self.assertEqual(first, self.in_pod("cd /gk/volume/game/*/ && stat -c %i game.sh && ls -A ..").split(), "the files were there already")
        self.assertEqual(["/game.tar.gz"], self.site.visits)
        status, files = self.plane.call("GET", f"/api/bucket/files/castle?namespace={self.space.name}")
        self.assertEqual((200, False), (status, "game" in str(files)), "they are no part of the world")


if __name__ == "__main__":
    harness.main()
