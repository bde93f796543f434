"""What must be true of this machine before anything is started, with the cure when it is not."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess

import machines
import network
import settings
from report import Failure

PROGRAMS = ("etcd", "containerd", "ctr", "runc", "conntrack", "socat", "iptables", "ip", "nsenter", "unshare", "openssl", "busybox")
SYS_ADMIN, NET_ADMIN = 21, 12


def root():
    if os.geteuid() != 0:
        raise Failure("root is needed: machines of the cluster are namespaces, links and cgroups", "run the same command with sudo")


def capabilities():
    status = open("/proc/self/status").read()
    effective = int(re.search(r"CapEff:\s*(\w+)", status).group(1), 16)
    for name, bit in (("CAP_SYS_ADMIN", SYS_ADMIN), ("CAP_NET_ADMIN", NET_ADMIN)):
        if not effective >> bit & 1:
            raise Failure(f"this root has no {name}", "in a container, start it with --privileged")


def namespaces():
    """The rights may be there, and a filter of system calls around us all the same."""
    tried = subprocess.run(["unshare", *machines.KINDS, "--fork", "mount", "-t", "tmpfs", "none", "/tmp"], capture_output=True, text=True)
    if tried.returncode != 0:
        raise Failure(f"no machine can be made here: {tried.stderr.strip()}", "in a container, start it with --privileged")


def packages():
    missing = [name for name in PROGRAMS if shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None]
    if not os.path.exists("/usr/lib/cni/bridge"):
        missing.append("the CNI plug-ins")
    if missing:
        raise Failure(f"not installed: {', '.join(missing)}", "tools/setup cluster")


def cgroups():
    if not (settings.CGROUP_ROOT / "memory").is_dir():
        raise Failure("there is no cgroup hierarchy 'memory': this tool knows cgroup version 1 only so far",
                      "start the kernel with systemd.unified_cgroup_hierarchy=0")


def only_cluster():
    """Another directory's cluster has the same names and addresses: one at a time."""
    for directory, _, _ in machines.all_first_processes():
        if directory != str(settings.DIRECTORY):
            raise Failure(f"another test cluster runs, in {directory}", f"GK_CLUSTER_DIR={directory} tools/cluster/down")


def machine():
    """What nobody can install."""
    root()
    capabilities()
    cgroups()
    namespaces()


def before_up():
    machine()
    packages()
    only_cluster()
    network.check_addresses_are_free()


@contextlib.contextmanager
def alone():
    """One `up` or `down` at a time; a second one waits. The lock ends with its process."""
    path = settings.DIRECTORY.with_name(settings.DIRECTORY.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        if not settings.DIRECTORY.exists():
            path.unlink()
