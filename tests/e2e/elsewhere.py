"""Another machine at the end of a cable: a network namespace with many addresses. For root only."""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import socket
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
HERE_V4, HERE_V6 = "198.51.100.254", "2001:db8:51::ffff"


def address(number):
    """Of the players there, from 1."""
    return f"198.51.100.{number}"


def address_v6(number):
    """Each of a network of his own, as players have them."""
    return f"2001:db8:51:{number}::1"


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@contextlib.contextmanager
def inside(name):
    """What is made meanwhile, by this thread, belongs there for good."""
    with open("/proc/thread-self/ns/net", "rb") as ours, open(f"/run/netns/{name}", "rb") as theirs:
        try:
            if LIBC.setns(theirs.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            yield
        finally:
            LIBC.setns(ours.fileno(), CLONE_NEWNET)


class Elsewhere:
    def __init__(self, players=10, players_v6=2):
        # One at a time on this machine: all have the same addresses.
        self.lock = open("/run/gk-elsewhere.lock", "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.name, self.cable = "gk-players", "gk-street"
        self.remove()  # What somebody has left who was killed.
        cable = self.cable
        ip("netns", "add", self.name)
        try:
            ip("link", "add", cable, "type", "veth", "peer", "name", "street", "netns", self.name)
            ip("address", "add", f"{HERE_V4}/24", "dev", cable)
            ip("address", "add", f"{HERE_V6}/64", "dev", cable, "nodad")
            ip("link", "set", cable, "up")
            there = ["-n", self.name]
            ip(*there, "link", "set", "lo", "up")
            ip(*there, "link", "set", "street", "up")
            for number in range(1, players + 1):
                ip(*there, "address", "add", f"{address(number)}/24", "dev", "street")
            ip(*there, "address", "add", "2001:db8:51::1/64", "dev", "street", "nodad")
            for number in range(1, players_v6 + 1):
                ip(*there, "address", "add", f"{address_v6(number)}/128", "dev", "street", "nodad")
                ip("-6", "route", "add", f"{address_v6(number)}/128", "via", "2001:db8:51::1", "dev", cable)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.remove()
        self.lock.close()

    def leads_nowhere(self, block):
        """What is sent to these arrives there, is counted by its kernel, and answered by nobody."""
        ip("route", "add", block, "via", address(1), "dev", self.cable)
        ip("-n", self.name, "route", "add", "blackhole", block)

    def has(self, block):
        """All addresses of a block are machines there."""
        ip("route", "add", block, "via", address(1), "dev", self.cable)
        ip("-n", self.name, "route", "add", "local", block, "dev", "lo")

    def remove(self):
        """The cable first: with the namespace it would go only when the kernel finds time for that."""
        for words in (["link", "delete", self.cable], ["netns", "delete", self.name]):
            subprocess.run(["ip", *words], check=False, capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def socket(self, source, kind=socket.SOCK_DGRAM):
        with inside(self.name):
            one = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, kind)
            one.bind((source, 0))
        return one


def is_possible():
    """Whether this machine lets us: a container may not."""
    if os.geteuid() != 0 or not pathlib.Path("/usr/sbin/ip").exists():
        return False
    return subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode == 0
