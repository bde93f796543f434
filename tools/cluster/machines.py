"""Machines without hardware: each is one set of namespaces (processes, mounts, network, host name) held by a first process, `machine-init`.

Nothing is written down about what runs: the kernel is asked every time, so that no record can be wrong after a `kill -9` or a crash.
A machine's parts are the programs that were started in it by start(); they are told by the path they were started with.
"""

import os
import pathlib
import signal
import subprocess
import time

from settings import CACHE, DIRECTORY, TOOLS
from report import Failure

INIT = TOOLS / "machine-init"
KINDS = ["--mount", "--pid", "--net", "--uts"]
LISTENS = "0A"  # The state of a TCP socket, in the kernel's tables.


def command_lines():
    """(pid, arguments) of every process that can be read; processes that end meanwhile are left out."""
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            except OSError:
                pass


def namespace(pid, kind="pid"):
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:
        return None


def all_first_processes():
    """(directory, machine name, pid) of every machine of every test cluster; whatever checkout it was started from."""
    own = namespace("self")
    for pid, words in command_lines():
        if len(words) == 5 and words[1].endswith("/" + INIT.name) and namespace(pid) not in (None, own):
            yield words[2], words[3], pid


def first_processes():
    """{machine name: pid} of the machines that live, of the cluster in DIRECTORY."""
    return {name: pid for directory, name, pid in all_first_processes() if directory == str(DIRECTORY)}


def first_process(machine):
    return first_processes().get(machine.name)


def part_pid(machine, program):
    """The pid (on the host) of the program in that machine, or None. Pods have process namespaces of their own and are never meant."""
    init = first_process(machine)
    if init is None:
        return None
    inside = namespace(init)
    for pid, words in command_lines():
        if words and pathlib.Path(words[0]).name == program and namespace(pid) == inside:
            return pid
    return None


def create(machine):
    """Starts the machine; returns the pid of its first process. Its network is empty yet."""
    for name in ("var/lib", "var/log", "var/tmp", "log"):
        (machine.directory / name).mkdir(parents=True, exist_ok=True)
    log = log_file(machine, "machine-init")
    with log.open("ab") as output:
        subprocess.Popen(
            ["unshare", *KINDS, "--fork", "--kill-child", "--propagation", "private", str(INIT), str(DIRECTORY), machine.name, str(CACHE)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/",
        )

    def ready():
        init = first_process(machine)
        return init if init and os.path.exists(f"/proc/{init}/root/run/machine-is-ready") else None

    return wait_for(ready, 10, f"machine {machine.name} did not start", log)


def is_stopped(pid):
    """Whether somebody has stopped it by a signal."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def listener_on(machine, port):
    """The socket (its number in the kernel) that listens for TCP on that port in the machine, or None."""
    init, wanted = first_process(machine), f":{port:04X}"
    for table in ("tcp", "tcp6"):
        for words in map(str.split, pathlib.Path(f"/proc/{init}/net/{table}").read_text().splitlines()[1:]):
            if words[1].endswith(wanted) and words[3] == LISTENS:
                return words[9]
    return None


def owner_of(socket):
    """(pid, name) of a process that holds the socket; None when none is found."""
    for pid, words in command_lines():
        try:
            held = {os.readlink(entry) for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
        except OSError:
            continue
        if f"socket:[{socket}]" in held:
            return pid, pathlib.Path(words[0]).name if words else "?"
    return None


def check_port_is_free(machine, program, port):
    """A program that is about to end lets go of its port in a moment; that is waited for."""
    try:
        wait_for(lambda: listener_on(machine, port) is None, 3, "taken")
    except Failure:
        pid, name = owner_of(listener_on(machine, port)) or ("?", "somebody")
        raise Failure(f"port {port} of {machine.name}, which {program} needs, is in use by {name} (pid {pid})", f"end it: kill {pid}") from None


def enter(machine, command):
    init = first_process(machine)
    if init is None:
        raise Failure(f"{machine.name} is not running", "start the cluster with tools/cluster/up")
    return ["nsenter", "--target", str(init), *KINDS, "--", *map(str, command)]


def run(machine, command, **options):
    """Runs a command in the machine to its end and returns what it printed."""
    done = subprocess.run(enter(machine, command), capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Failure(f"on {machine.name}: {' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def start(machine, command, ports=()):
    """Starts a part, which listens on these ports, unless it runs. Its output goes to the machine's log folder."""
    program = pathlib.Path(command[0]).name
    if part_pid(machine, program):
        return
    for port in ports:
        check_port_is_free(machine, program, port)
    with log_file(machine, program).open("ab") as output:
        entrance = subprocess.Popen(enter(machine, command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/")

    def runs():
        if entrance.poll() is not None:  # It waits for what it started.
            raise has_ended(machine, program)
        return part_pid(machine, program)

    wait_for(runs, 10, f"{program} on {machine.name} did not start", log_file(machine, program))


def wait_for_part(machine, program, condition, seconds, complaint):
    """Polls like wait_for() for what that part is to do, but no longer than it lives."""
    def holds():
        if part_pid(machine, program) is None:
            raise has_ended(machine, program)
        return condition()

    wait_for(holds, seconds, complaint, log_file(machine, program))


def has_ended(machine, program):
    return Failure(f"{program} on {machine.name} has ended", tail(log_file(machine, program)))


def log_file(machine, program):
    return machine.directory / "log" / f"{program}.log"


def wake_entrances(init):
    """nsenter stops when what it has started is stopped, and must be told itself to go on: until then nobody collects what has ended in there."""
    for pid, words in command_lines():
        if words[:3] == ["nsenter", "--target", str(init)]:
            os.kill(pid, signal.SIGCONT)


def destroy(machine_name, init):
    """Ends the machine with everything in it, and waits until the kernel has done so."""
    inside = namespace(init)
    try:
        os.kill(init, signal.SIGKILL)
    except ProcessLookupError:
        return
    wake_entrances(init)
    wait_for(
        lambda: not any(namespace(pid) == inside for pid, _ in command_lines()), 30,
        f"processes of {machine_name} do not end; they may hang in the kernel (state D in `ps`)",
    )


def wait_for(condition, seconds, complaint, log=None):
    """Polls until the condition gives something true and returns that; else fails with the complaint and the end of the log."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Failure(f"{complaint} within {seconds} s", tail(log) if log else None)
        time.sleep(0.05)


def tail(log, lines=12):
    try:
        text = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return f"{log} cannot be read"
    return "\n".join([f"the end of {log}:", *("    " + line[:300] for line in text)])
