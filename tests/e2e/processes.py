"""Processes as /proc shows them, and those of this test run among them."""

import os
import pathlib
import select
import signal

# An installation's whole range, away from that of a Gamekeeper that this machine may really run, and from those of other test scripts: clean-up
# ends whatever has a uid of this range, and the launcher leaves the firewall as it is while anybody has one.
UIDS = 60000
UID_BASE = int(os.environ.get("GK_TEST_UID_BASE", 700000 + os.getpid() % 4000 * UIDS))


def pids():
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def stat_of(pid):
    """Name, state and parent of a process without a command line; empty when it has ended meanwhile."""
    try:
        return " ".join(pathlib.Path(f"/proc/{pid}/stat").read_text().split()[1:4])
    except OSError:
        return ""


def uid_of(pid):
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1


def is_of_a_game(uid):
    return UID_BASE <= uid < UID_BASE + UIDS


def game_pids(program):
    """Processes of games of this installation that run a program of that name."""
    return {pid for pid in pids() if is_of_a_game(uid_of(pid)) and os.path.basename(command_line(pid).split(" ")[0]) == program}


def wait_for_end(pid, seconds=10, kill=False):
    try:
        handle = os.pidfd_open(pid)
        if kill:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        return
    select.select([handle], [], [], seconds)
    os.close(handle)


def end(pid, seconds=10):
    """Kills a process and waits until it is gone."""
    wait_for_end(pid, seconds, kill=True)
