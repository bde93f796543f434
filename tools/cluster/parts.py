"""The programs that are built from Go modules: what they are, and how they come into the cache.

Each part is a folder below go/ with a go.mod (exact versions; the programs are its `tool` lines) and a go.sum. A built part lies in
CACHE/NAME-VERSION-HASH, where the hash covers all that decides what comes out; a second run builds nothing.
"""

import dataclasses
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import settings
from report import Failure, step


@dataclasses.dataclass(frozen=True)
class Part:
    name: str
    module: str
    version_variable: str = ""  # The Go variable that the program reports as its version, where a wrong one disturbs.

    @property
    def folder(self):
        return settings.TOOLS / "go" / self.name

    @property
    def version(self):
        found = re.search(rf"^(?:require )?\s*{re.escape(self.module)} (v\S+)", (self.folder / "go.mod").read_text(), re.MULTILINE)
        return found.group(1)

    @property
    def link_flags(self):
        flags = ["-s", "-w"]
        if self.version_variable:
            major, minor = self.version.lstrip("v").split(".")[:2]
            for variable, value in (("Version", self.version), ("Major", major), ("Minor", minor)):
                flags += ["-X", f"{self.version_variable}{variable}={value}"]
        return " ".join(flags)

    @property
    def built_name(self):
        parts = [(self.folder / name).read_bytes() for name in ("go.mod", "go.sum")] + [self.link_flags.encode()]
        return f"{self.name}-{self.version}-{hashlib.sha256(b''.join(parts)).hexdigest()[:8]}"

    @property
    def built(self):
        return settings.CACHE / self.built_name

    def program(self, name):
        """Where the host finds a program of this part."""
        return self.built / name

    def program_inside(self, name):
        """Where the machines of the cluster find it."""
        return pathlib.Path("/run/cache") / self.built_name / name


PARTS = {
    part.name: part
    for part in (
        Part("kubernetes", "k8s.io/kubernetes", "k8s.io/component-base/version.git"),
        Part("coredns", "github.com/coredns/coredns"),
        Part("local-path-provisioner", "github.com/rancher/local-path-provisioner"),
        Part("metrics-server", "sigs.k8s.io/metrics-server"),
        Part("helm", "helm.sh/helm/v3"),
        Part("kubeconform", "github.com/yannh/kubeconform"),
        Part("versitygw", "github.com/versity/versitygw"),
        Part("kwok", "sigs.k8s.io/kwok"),
    )
}

KUBERNETES = PARTS["kubernetes"]


def go_version_needed(part):
    return re.search(r"^go (\S+)", (part.folder / "go.mod").read_text(), re.MULTILINE).group(1)


def as_numbers(version):
    return tuple(int(number) for number in re.findall(r"\d+", version))


def find_go(needed):
    """A Go that is new enough: the one on the path, else the module golang.org/toolchain, which any Go can fetch."""
    go = shutil.which("go")
    if go is None:
        raise Failure("there is no Go on the path", "any version will do to fetch the right one: apt-get install golang-go")
    present = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True).stdout.strip()
    if present and as_numbers(present) >= as_numbers(needed):
        return go
    return fetched_go(go, needed)


def fetched_go(go, version):
    folder = settings.CACHE / f"go-{version}"
    if not (folder / "bin" / "go").exists():
        settings.CACHE.mkdir(parents=True, exist_ok=True)
        module = f"golang.org/toolchain@v0.0.1-go{version}.linux-amd64"
        done = subprocess.run([go, "mod", "download", "-json", module], capture_output=True, text=True, cwd=settings.CACHE)
        found = re.search(r'"Dir": "(.*)"', done.stdout)
        if not found:
            raise Failure(f"Go {version} could not be fetched as module {module}: {(done.stderr or done.stdout).strip()}")
        unfinished = folder.with_name(folder.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(found.group(1), unfinished)
        # An old Go unpacks modules read-only and not executable.
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name in ("bin", "linux_amd64") else 0o644)
        unfinished.rename(folder)
    return str(folder / "bin" / "go")


def build(part):
    """Builds the part into the cache unless it is there. An interrupted build leaves nothing that looks complete; a second one waits."""
    if part.built.exists():
        return
    settings.CACHE.mkdir(parents=True, exist_ok=True)
    with (settings.CACHE / f"{part.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not part.built.exists():
            build_alone(part)


def build_alone(part):
    with step(f"build {part.name} {part.version}"):
        go = find_go(go_version_needed(part))
        unfinished = part.built.with_name(part.built.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        environment = dict(os.environ, CGO_ENABLED="0", GOTOOLCHAIN="local")
        # What a debugger reads is stripped by the flags of the linker: not to make it in the first place saves an eighth of the time.
        command = ["nice", "-n", "19", go, "build", "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", part.link_flags,
                   "-o", f"{unfinished}/", "tool"]
        done = subprocess.run(command, cwd=part.folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{part.name} {part.version} could not be built: {done.stderr.strip()[-3000:]}")
        unfinished.rename(part.built)
        for old in settings.CACHE.glob(f"{part.name}-v*"):
            if old != part.built:
                shutil.rmtree(old)
