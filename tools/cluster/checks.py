"""What must be true of this machine before anything is started, with the cure when it is not."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess

import control_plane
import machines
import network
import settings
from report import Failure

PROGRAMS = ("etcd", "containerd", "ctr", "runc", "conntrack", "socat", "iptables", "ip", "nsenter", "unshare", "openssl", "busybox")
SYS_ADMIN, NET_ADMIN = 21, 12
ROOM_MIB = 2048  # What the images of the usual tests take, unpacked on each of two nodes.


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


def room():
    """For what is about to be started. Later a full disk shows as anything: pods that stay pending, an etcd that has ended."""
    place = next(path for path in (settings.DIRECTORY, *settings.DIRECTORY.parents) if path.exists())
    free = shutil.disk_usage(place).free >> 20
    if free < ROOM_MIB:
        raise Failure(f"{settings.DIRECTORY}: {free} MiB are free there, and the cluster needs {ROOM_MIB}",
                      "make room, or name another place: GK_CLUSTER_DIR=DIRECTORY")


def nothing_stands_still():
    """What a test that was interrupted, or somebody at work, has left so: to start what is missing would be no cure, and to wait neither."""
    for machine, programs in control_plane.programs():
        init = machines.first_process(machine)
        if init is None:
            continue
        if network.is_attached(init) and network.is_cut(machine):
            raise Failure(f"{machine.name} is cut off: its cable {machine.link} is pulled", f"tools/cluster/node mend {machine.name}")
        for program in programs:
            pid = machines.part_pid(machine, program)
            if pid and machines.is_stopped(pid):
                raise Failure(f"{program} on {machine.name} was stopped by a signal (pid {pid})",
                              f"tools/cluster/node thaw {machine.name} {program}")


@contextlib.contextmanager
def alone():
    """One `up` or `down` at a time; a second one waits. The lock ends with its process."""
    path = settings.DIRECTORY.with_name(settings.DIRECTORY.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            if not settings.DIRECTORY.exists():
                path.unlink()
