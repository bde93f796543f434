"""Images without a registry: an image is a tar file in the OCI layout, made here and imported on each node. Nothing is ever pulled.

A tree of files becomes one layer; the tar lies in CACHE/images, named by what it was made of.
"""

import concurrent.futures
import dataclasses
import hashlib
import io
import json
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import machines
import settings
from report import Failure, step

FOLDER = settings.CACHE / "images"
BUSYBOX = pathlib.Path("/bin/busybox")
SHELL_TOOLS = (
    "sh cat chmod chown cp cut date echo env false find grep head hostname httpd id ip kill ln ls mkdir mv nc nslookup od ping printf ps rm rmdir "
    "sed seq sleep sort stat sync tail tar tee test touch tr true uname wc wget"
).split()


@dataclasses.dataclass(frozen=True)
class Image:
    """What an image holds: `files` are (path in the image, file or folder of the host), `packages` names of Debian packages."""

    name: str
    tag: str
    files: tuple = ()
    packages: tuple = ()
    entrypoint: tuple = ()
    links: tuple = ()  # (path in the image, where it points to)
    environment: tuple = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games",)

    @property
    def reference(self):
        """The name in a pod's `image:`. No such host exists: use imagePullPolicy IfNotPresent or Never."""
        return f"gamekeeper.local/{self.name}:{self.tag}"

    @property
    def file(self):
        seed = json.dumps([dataclasses.astuple(self), [fingerprint(path) for _, path in self.files]], default=str)
        return FOLDER / f"{self.name}-{self.tag}-{hashlib.sha256(seed.encode()).hexdigest()[:8]}.tar"


SHELL_LINKS = tuple((f"bin/{name}", "busybox") for name in SHELL_TOOLS)
# Holds a pod's namespaces. Sleeps; containerd kills it when the pod ends.
PAUSE = Image("pause", "1", files=(("bin/busybox", BUSYBOX),), entrypoint=("/bin/busybox", "sleep", "2147483647"))
SHELL = Image("shell", "1", files=(("bin/busybox", BUSYBOX),), links=SHELL_LINKS)

GAMES = {
    "minetest": Image("minetest", "bookworm", packages=("minetest-server",), entrypoint=("/usr/lib/minetest/minetestserver",)),
    "teeworlds": Image("teeworlds", "bookworm", packages=("teeworlds-server",), entrypoint=("/usr/games/teeworlds-server",)),
}


def of_program(part):
    return Image(part.name, part.version, files=((part.name, part.program(part.name)),), entrypoint=(f"/{part.name}",))


def fingerprint(path):
    """Changes when the file, or a file below the folder, changes."""
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return [(str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in found]


def plain(member):
    """Owner and times would make two equal images differ."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def write_layer(image, path):
    if image.packages:
        debian_tree(image.packages, path)
    with tarfile.open(path, "a" if image.packages else "w") as layer:
        if not image.packages:
            add_standard_folders(layer)
        for name, source in image.files:
            layer.add(source, arcname=name, filter=plain)
        for name, target in image.links:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            layer.addfile(link)


def add_standard_folders(layer):
    for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("var", 0o755)):
        folder = tarfile.TarInfo(name)
        folder.type, folder.mode = tarfile.DIRTYPE, mode
        layer.addfile(folder)
    people = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    for name, text in (("etc/passwd", people), ("etc/group", "root:x:0:\nnogroup:x:65534:\n")):
        entry = tarfile.TarInfo(name)
        entry.size = len(text)
        layer.addfile(entry, io.BytesIO(text.encode()))


def debian_tree(packages, path):
    """A minimal Debian with these packages as a tar file, from the same sources as this machine's apt."""
    if shutil.which("mmdebstrap") is None:
        raise Failure("mmdebstrap is missing", "tools/setup cluster")
    command = ["mmdebstrap", "--quiet", "--mode=root", "--format=tar", "--variant=minbase", f"--include={','.join(packages)}", *apt_options(),
               "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
               "bookworm", str(path), *apt_sources()]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"mmdebstrap could not make a tree with {', '.join(packages)}: {done.stderr.strip()[-2000:]}")


def apt_sources():
    folder = pathlib.Path("/etc/apt")
    found = [folder / "sources.list", *sorted((folder / "sources.list.d").iterdir())]
    return [str(path) for path in found if path.is_file() and path.suffix in (".list", ".sources")]


def apt_options():
    """How this machine reaches its mirrors (proxy, certificates) holds for the tree as well."""
    known = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout.splitlines()
    return [f"--aptopt={line}" for line in known if line.startswith("Acquire::http") and not line.endswith('"";')]


def digest_of(path):
    return hashlib.file_digest(path.open("rb"), "sha256").hexdigest()


def make(image):
    """The image's tar file, made unless it is there."""
    if image.file.exists():
        return image.file
    for _, source in image.files:
        if not source.exists():
            raise Failure(f"image {image.name}: {source} does not exist")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with step(f"make image {image.name}:{image.tag}"), tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        layout = pathlib.Path(folder)
        write_layout(image, layout)
        unfinished = layout / "image.tar"
        with tarfile.open(unfinished, "w") as tar:
            for name in ("oci-layout", "index.json", "blobs"):
                tar.add(layout / name, arcname=name, filter=plain)
        for old in FOLDER.glob(f"{image.name}-{image.tag}-????????.tar"):
            old.unlink()
        unfinished.rename(image.file)
    return image.file


def write_layout(image, layout):
    """The folder of an OCI image layout, version 1.0.0: an index, one manifest, one configuration, one layer."""
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{kind}+json", "digest": f"sha256:{digest}", "size": len(data)}

    write_layer(image, layout / "layer")
    layer = digest_of(layout / "layer")
    (layout / "layer").rename(blobs / layer)
    config = blob("config.v1", json.dumps({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "config": {"Entrypoint": list(image.entrypoint), "Env": list(image.environment)},
    }).encode())
    manifest = blob("manifest.v1", json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": f"sha256:{layer}", "size": (blobs / layer).stat().st_size}],
    }).encode())
    manifest["annotations"] = {"io.containerd.image.name": image.reference, "org.opencontainers.image.ref.name": image.tag}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def import_on_nodes(images, again=False):
    """Makes the images known to each node; `again` when their names may stand for other content than before."""
    files = {image.reference: pathlib.Path("/run/cache") / make(image).relative_to(settings.CACHE) for image in images}

    def import_on(node):
        known = [] if again else machines.run(node, ["ctr", "-n", "k8s.io", "images", "ls", "-q"]).split()
        for reference, file in files.items():
            if reference not in known:
                machines.run(node, ["ctr", "-n", "k8s.io", "images", "import", file])

    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(import_on, settings.NODES))
