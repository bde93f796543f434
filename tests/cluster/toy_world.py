"""Worlds of the toy game on the real cluster, kept by a control plane of the test's own; and what of them really runs, by the kernel's word."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess

import control_plane
import harness
from processes import command_line, pids, wait_for_end  # In tests/e2e, to which control_plane has led.

PROGRAM = "gk-toy-game"
LADDER = "[{command: stop, wait: 5s}, {signal: SIGTERM, wait: 2s}]"


def definition():
    """The toy of tests/e2e, as an image."""
    text = (harness.ROOT / "tests/e2e/toy.yaml").read_text()
    for old, new in (("@NAME@", "toy"), ("@STOP@", LADDER), ('directory: {path: "@FOLDER@"}', "image: {name: toy}"),
                     ("{{paths.game}}/gk-toy-game", f"/usr/local/bin/{PROGRAM}")):
        assert old in text, f"tests/e2e/toy.yaml has no {old} any more"
        text = text.replace(old, new)
    return text


@dataclasses.dataclass(frozen=True)
class Game:
    """A process that runs a game: the same one as before when all of this is equal."""

    pid: int
    began: int  # In ticks since this machine was started.
    claim: str  # Whose disk it has.

    @property
    def folder(self):
        return pathlib.Path(f"/proc/{self.pid}/root/data")

    @property
    def shim(self):
        return stat(self.pid)[1]

    def wait_for_end(self, seconds=30):
        wait_for_end(self.pid, seconds)


def stat(pid):
    """State, parent, ... of a process, behind its name."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [words[0], *map(int, words[1:])]


def games(space):
    """Every game that has a claim of this namespace mounted, whatever the API server believes."""
    found = []
    for pid in pids():
        if os.path.basename(command_line(pid).split(" ")[0]) != PROGRAM:
            continue
        try:
            mounts = pathlib.Path(f"/proc/{pid}/mountinfo").read_text()
            claim = re.search(rf"/pvc-[0-9a-f-]+_{space}_(gs-\S+?)[/ ]", mounts)
            if claim and stat(pid)[0] != "Z":
                found.append(Game(pid, stat(pid)[19], claim.group(1)))
        except OSError:
            continue  # It has just ended.
    return found


def befall(*words):
    """tools/cluster/node: what may befall a machine of the cluster."""
    return harness.run(harness.ROOT / "tools" / "cluster" / "node", *words).stdout


class ToyWorlds(harness.ClusterTest):
    """`plane` keeps the namespace `space`, with backups in `store`; castle is a world of the toy."""

    settings = {}

    @classmethod
    def setUpClass(cls):
        harness.define_kinds()
        harness.use_images("toy", "gk-shim", "restic", "versitygw")

    def setUp(self):
        super().setUp()
        self.store = harness.S3(self.space)
        self.plane = control_plane.ControlPlane(self.space, self.store, **self.settings)
        self.addCleanup(self.plane.clean_up)
        self.plane.define("toy", definition())
        self.plane.start()

    def clean_up(self):
        if self.has_failed():
            self.plane.tell_log()
        self.remove_world()

    def remove_world(self):
        """While somebody keeps it: else claims and pods stay until the namespace's end."""
        if self.plane.process.poll() is None:
            path = f"/v1/servers/castle?namespace={self.space.name}&purge=castle&force=castle"
            self.plane.call("DELETE", path)
            subprocess.run(["kubectl", "-n", self.space.name, "wait", "--for=delete", "gs/castle", "--timeout=30s"], env=harness.ENVIRONMENT,
                           capture_output=True)

    def games(self):
        return games(self.space.name)

    def the_game(self):
        found = self.games()
        self.assertEqual(1, len(found), f"processes of castle's game: {found}")
        return found[0]

    def mark(self, name, text=""):
        """Puts a file into the world of the game that runs, as the game itself would."""
        path = self.the_game().folder / name
        path.write_text(text)
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

    def marks(self):
        return {path.name for path in self.the_game().folder.glob("mark*")}

    def names(self, kind, *more):
        """Of the objects of that kind that belong to worlds, and are not leaving."""
        said = self.space.kubectl("get", kind, "-l", ",".join(["gamekeeper.dev/server", *more]), "-o", "json").stdout
        return [it["metadata"]["name"] for it in json.loads(said)["items"] if "deletionTimestamp" not in it["metadata"]]
