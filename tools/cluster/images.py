"""Images without a registry: an image is a tar file in the OCI layout, made here and imported on each node. Nothing is ever pulled.

The tar lies in CACHE/images, named by what it was made of. What it is made of: at most a Debian tree (debian.py) and one layer of files.
"""

import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import re
import subprocess
import tempfile

import debian
import machines
import oci
import settings
from report import Failure, step

KEPT = 10  # Tags of an image, see prune().
BUSYBOX = pathlib.Path("/bin/busybox")
SHELL_TOOLS = (
    "sh cat chmod chown cp cut date echo env false find grep head hostname httpd id ip kill ln ls mkdir mv nc nslookup od ping printf ps rm rmdir "
    "sed seq sleep sort stat sync tail tar tee test touch tr true uname wc wget"
).split()
NOBODY_ELSE = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"


@dataclasses.dataclass(frozen=True)
class Image:
    """What an image holds. `packages`: None for an image that is nothing but its files, else a Debian tree, with these packages."""

    name: str
    tag: str
    files: tuple = ()  # (path in the image, file or folder of this machine)
    packages: tuple | None = None
    entrypoint: tuple = ()
    links: tuple = ()  # (path in the image, where it points to)
    texts: tuple = ()  # (path in the image, text of a script)
    user: str = ""
    environment: tuple = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games",)

    @property
    def reference(self):
        """The name in a pod's `image:`. No such host exists: use imagePullPolicy IfNotPresent or Never."""
        return f"gamekeeper.local/{self.name}:{self.tag}"

    def file(self):
        """Where the tar file is, or would be."""
        tree = None if self.packages is None else debian.key_of(self.packages)
        named = dataclasses.astuple(dataclasses.replace(self, files=()))
        seed = [named, [(name, fingerprint(path)) for name, path in self.files], tree]
        return oci.FOLDER / f"{self.name}-{self.tag}-{oci.short_digest(seed)}.tar"


SHELL_LINKS = tuple((f"bin/{name}", "busybox") for name in SHELL_TOOLS)
# Holds a pod's namespaces. Sleeps; containerd kills it when the pod ends.
PAUSE = Image("pause", "1", files=(("bin/busybox", BUSYBOX),), entrypoint=("/bin/busybox", "sleep", "2147483647"))
SHELL = Image("shell", "1", files=(("bin/busybox", BUSYBOX),), links=SHELL_LINKS)


def of_program(part):
    return Image(part.name, part.version, files=((part.name, part.program(part.name)),), entrypoint=(f"/{part.name}",))


def fingerprint(path):
    """Changes when the file, or a file below the folder, changes."""
    if not path.exists():
        raise Failure(f"{path} does not exist", "build it: make build")
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [(str(p.relative_to(path)), oci.digest_of(p)) for p in found]


def write_files(image, layer):
    if image.packages is None:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("var", 0o755)):
            oci.add_folder(layer, name, mode)
        oci.add_text(layer, "etc/passwd", NOBODY_ELSE)
        oci.add_text(layer, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
    for name, source in image.files:
        with stripped(source) as small:
            oci.add_tree(layer, name, small)
    for name, text in image.texts:
        oci.add_text(layer, name, text, 0o755)
    for name, target in image.links:
        oci.add_link(layer, name, target)


class stripped:
    """A program that was built here without what only a debugger reads; everything else as it is."""

    def __init__(self, source):
        self.source, self.folder = source, None

    def __enter__(self):
        if not self.source.is_file() or self.source.read_bytes()[:4] != b"\x7fELF":
            return self.source
        self.folder = tempfile.TemporaryDirectory()
        small = pathlib.Path(self.folder.name) / self.source.name
        subprocess.run(["strip", "-o", small, self.source], check=True)
        return small

    def __exit__(self, *_):
        if self.folder:
            self.folder.cleanup()


def make(image):
    """The image's tar file, made unless it is there. Of several who want one, one makes it."""
    file = image.file()
    if not file.exists():
        with alone():
            if not file.exists():
                make_alone(image, file)
    os.utime(file)  # As one that is used.
    return file


def make_tree(packages):
    """What of Debian is below an image with these packages."""
    with alone():
        debian.layers(packages)


@contextlib.contextmanager
def alone():
    oci.FOLDER.mkdir(parents=True, exist_ok=True)
    with (oci.FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_alone(image, file):
    below = [] if image.packages is None else debian.layers(image.packages)
    with step(f"make image {image.name}:{image.tag}"), tempfile.TemporaryDirectory(dir=oci.FOLDER) as folder:
        own = oci.made_layer(file.stem, lambda layer: write_files(image, layer))
        configuration = {"Entrypoint": list(image.entrypoint), "Env": list(image.environment), "User": image.user, "WorkingDir": "/"}
        unfinished = pathlib.Path(folder) / "image.tar"
        oci.write_image([*below, own], configuration, image.reference, unfinished)
        own.unlink()  # Nobody shares it.
        for old in oci.FOLDER.glob(f"{image.name}-{image.tag}-????????.tar"):
            old.unlink(missing_ok=True)
        unfinished.rename(file)
        prune(image.name)


def prune(name):
    """Keeps so many images of a name, those that were used last: each tag that was ever tried has one, of up to 150 MB."""
    of_name = re.compile(re.escape(name) + r"-[^-]+-[0-9a-f]{8}\.tar")
    found = [path for path in oci.FOLDER.iterdir() if of_name.fullmatch(path.name)]
    for old in sorted(found, key=last_used)[:-KEPT]:
        old.unlink(missing_ok=True)


def last_used(path):
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # Somebody else prunes too.
        return 0


def import_on_nodes(files):
    """Makes images known to each node that does not have them yet, just as they are now. `files` are their tar files, by reference."""
    digests = {reference: oci.manifest_digest(file) for reference, file in files.items()}

    def import_on(node):
        known = known_images(node)
        for reference, file in files.items():
            if known.get(reference) != digests[reference]:
                machines.run(node, ["ctr", "-n", "k8s.io", "images", "import", pathlib.Path("/run/cache") / file.relative_to(settings.CACHE)])

    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(import_on, settings.NODES))


def known_images(node):
    """{reference: digest of the manifest} of what the node has."""
    lines = machines.run(node, ["ctr", "-n", "k8s.io", "images", "ls"]).splitlines()[1:]
    return {reference: digest for reference, _, digest, *_ in map(str.split, lines)}
