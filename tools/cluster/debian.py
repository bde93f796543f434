"""Debian 12 trees as image layers: one base that all images share, and for each list of packages a layer with what they add to it."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tarfile

import oci
from report import Failure, step

# What people's tools look up: whom a world's pod and our own pods run as. PostgreSQL refuses to run as somebody without a name.
USERS = (("game", 61000), ("gamekeeper", 65532))
# Without it the package usrmerge would come, and all of Perl with it.
MERGED = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"
# What nobody reads in a pod; and what PostgreSQL would compile queries with (we start it with jit=off), 200 MB of it.
LEFT_OUT = ("usr/share/doc/*", "usr/share/man/*", "usr/share/locale/*", "usr/share/info/*", "usr/share/lintian/*",
            "usr/lib/x86_64-linux-gnu/libLLVM*", "usr/lib/llvm-*", "usr/lib/postgresql/*/lib/bitcode/*")


def layers(packages):
    """The tar files, the lowest first."""
    packages = sorted(packages)
    base = oci.made_layer(f"debian-{key_of([])}", lambda layer: write_tree(layer, [], {}))
    if not packages:
        return [base]
    name = f"debian-{'-'.join(packages)[:60]}-{key_of(packages)}"
    return [base, oci.made_layer(name, lambda layer: write_tree(layer, packages, contents(base)))]


def key_of(packages):
    """Changes when the mirror has newer versions of these packages, or of the two that stand for the base."""
    asked = ["base-files", "libc6", *packages]
    done = subprocess.run(["apt-cache", "policy", *asked], capture_output=True, text=True)
    versions = [line.strip() for line in done.stdout.splitlines() if line.startswith("  Candidate:")]
    if done.returncode != 0 or len(versions) != len(asked):
        raise Failure(f"apt does not know all of these packages: {', '.join(asked)}", "apt-get update; or correct the name")
    return oci.short_digest([asked, versions, USERS, MERGED, LEFT_OUT])


def write_tree(layer, packages, below):
    """Adds to the layer what a tree with these packages has and `below` (its contents()) has not."""
    title = f"Debian tree: {', '.join(packages) or 'base'}"
    unpacked = oci.LAYERS / f"{oci.short_digest([packages, os.getpid()])}.tree"
    with step(title[:46]):
        try:
            bootstrap(packages, unpacked)
            write_difference(layer, unpacked, below)
        finally:
            unpacked.unlink(missing_ok=True)


def bootstrap(packages, path):
    """A minimal Debian with these packages as a tar file, from the same sources as this machine's apt."""
    if shutil.which("mmdebstrap") is None:
        raise Failure("mmdebstrap is missing", "tools/setup cluster")
    users = "; ".join(f"echo {name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin >>$1/etc/passwd; echo {name}:x:{uid}: >>$1/etc/group"
                      for name, uid in USERS)
    command = ["nice", "mmdebstrap", "--quiet", "--mode=root", "--format=tar", "--variant=essential", MERGED,
               *(f"--include={name}" for name in packages), *apt_options(),
               *(f"--dpkgopt=path-exclude=/{pattern}" for pattern in LEFT_OUT), f"--customize-hook={users}",
               # Java's alternatives link pages of the manual, which are not there, and fail where their folder is not.
               "--essential-hook=mkdir -p $1/usr/share/man/man1", "--customize-hook=rm -rf $1/usr/share/man/man1",
               "--customize-hook=rm -rf $1/var/cache/debconf $1/var/lib/systemd $1/etc/ssl/certs/ssl-cert-snakeoil.pem $1/etc/ssl/private",
               "bookworm", str(path), *apt_sources()]
    # Without a given time the tree would hold the present one in many places.
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ, SOURCE_DATE_EPOCH="0"))
    if done.returncode != 0:
        raise Failure(f"mmdebstrap could not make a tree with {', '.join(packages) or 'nothing more'}: {done.stderr.strip()[-2000:]}")


def apt_sources():
    folder = pathlib.Path("/etc/apt")
    found = [folder / "sources.list", *sorted((folder / "sources.list.d").iterdir())]
    return [str(path) for path in found if path.is_file() and path.suffix in (".list", ".sources")]


def apt_options():
    """How this machine reaches its mirrors (proxy, certificates) holds for the tree as well."""
    known = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout.splitlines()
    return [f"--aptopt={line}" for line in known if line.startswith("Acquire::http") and not line.endswith('"";')]


def members(tar):
    """(name without "./", member), in the order of names; device files and the top folder are no part of an image."""
    found = {member.name.removeprefix("./").rstrip("/"): member for member in tar}
    return [(name, found[name]) for name in sorted(found) if name not in ("", ".") and not name.startswith("dev/")]


def content(tar, member):
    data = hashlib.sha256(tar.extractfile(member).read()).hexdigest() if member.isreg() else member.linkname
    return (member.type, member.mode, member.uid, member.gid, data)


def contents(path):
    """{name: what makes it differ} of a layer."""
    with tarfile.open(path) as tar:
        return {name: content(tar, member) for name, member in members(tar)}


def write_difference(layer, tree, below):
    with tarfile.open(tree) as tar:
        found = dict(members(tar))
        changed = {name for name, member in found.items() if below.get(name) != content(tar, member)}
        # A hard link must find its target in the same layer.
        changed |= {found[name].linkname.removeprefix("./") for name in changed if found[name].islnk()}
        for name in sorted(set(below) - set(found)):
            folder, _, last = name.rpartition("/")
            oci.add_text(layer, f"{folder}/.wh.{last}".lstrip("/"), "")
        links = [name for name in sorted(changed) if found[name].islnk()]
        for name in [name for name in sorted(changed) if not found[name].islnk()] + links:
            add_member(layer, tar, name, found[name])


def add_member(layer, tar, name, member):
    member.name, member.uname, member.gname, member.pax_headers = name, "", "", {}
    if member.islnk():
        member.linkname = member.linkname.removeprefix("./")
    layer.addfile(member, tar.extractfile(member) if member.isreg() else None)
