"""Image tar files in the OCI image layout, version 1.0.0. Equal content gives equal bytes: no owner, time or order of this machine gets in.

An image is a list of layers (tar files, the lowest first) and a configuration. Layers are files in FOLDER/layers, so that images share them.
"""

import hashlib
import io
import json
import os
import tarfile

import settings

FOLDER = settings.CACHE / "images"
LAYERS = FOLDER / "layers"
MEDIA = "application/vnd.oci.image."


def digest_of(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short_digest(value):
    """Eight digits that stand for what JSON can say about the value."""
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:8]


def plain(member):
    """A file of this machine as anybody's: no owner, no times, and no finer rights than whether it may be run."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    if member.isreg():
        member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


def add_folder(layer, name, mode=0o755):
    folder = tarfile.TarInfo(name)
    folder.type, folder.mode = tarfile.DIRTYPE, mode
    layer.addfile(folder)


def add_text(layer, name, text, mode=0o644):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), mode
    layer.addfile(entry, io.BytesIO(text.encode()))


def add_link(layer, name, target):
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    layer.addfile(link)


def add_tree(layer, name, source):
    """A file or a whole folder of this machine, in the order of names."""
    layer.add(source, arcname=name, recursive=False, filter=plain)
    if source.is_dir() and not source.is_symlink():
        for entry in sorted(source.iterdir()):
            add_tree(layer, f"{name}/{entry.name}", entry)


def made_layer(name, write):
    """The layer of that name (which says what is in it): from the cache, or made by `write`, which gets an open tar file."""
    path = LAYERS / f"{name}.tar"
    if not path.exists():
        LAYERS.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".new{os.getpid()}")
        try:
            with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as layer:
                write(layer)
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


def write_image(layers, configuration, reference, file):
    """Writes the tar file. `configuration` is the object `config` of the specification: entry point, user, environment."""
    digests = {path: digest_of(path) for path in layers}
    blobs = {}

    def blob(kind, value):
        data = json.dumps(value, sort_keys=True).encode()
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": f"{MEDIA}{kind}+json", "digest": f"sha256:{digest}", "size": len(data)}

    config = blob("config.v1", {
        "architecture": "amd64", "os": "linux", "config": configuration,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digests[path]}" for path in layers]}})
    manifest = blob("manifest.v1", {
        "schemaVersion": 2, "mediaType": f"{MEDIA}manifest.v1+json", "config": config,
        "layers": [{"mediaType": f"{MEDIA}layer.v1.tar", "digest": f"sha256:{digests[path]}", "size": path.stat().st_size} for path in layers]})
    manifest["annotations"] = {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference.rsplit(":", 1)[1]}
    with tarfile.open(file, "w") as tar:
        add_text(tar, "oci-layout", '{"imageLayoutVersion": "1.0.0"}')
        add_text(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}, sort_keys=True))
        for digest, data in blobs.items():
            add_text(tar, f"blobs/sha256/{digest}", data.decode())
        for digest, path in {digests[path]: path for path in layers}.items():
            add_tree(tar, f"blobs/sha256/{digest}", path)
    return manifest["digest"]


def manifest_digest(file):
    """By which a registry, or a node, tells this image from others."""
    with tarfile.open(file) as tar:
        return json.load(tar.extractfile("index.json"))["manifests"][0]["digest"]


def layer_sizes(file):
    """How much each layer of an image's tar file holds, in bytes, the lowest first."""
    with tarfile.open(file) as tar:
        def document(digest):
            return json.load(tar.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}"))

        manifest = document(manifest_digest(file))
        return [layer["size"] for layer in manifest["layers"]]
