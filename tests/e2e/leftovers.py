"""What an installation left on the machine, and how it is removed by force, also when the test itself was killed."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from processes import UID_BASE, command_line, end, is_of_a_game, pids, stat_of, uid_of

CHAIN = f"GK-{UID_BASE}"  # Of the firewall, by the first uid.
TABLES = ("iptables", "ip6tables")


class Leftovers:
    """What an installation left: processes, mounts, loop devices, cgroups, chains of the firewall, temporary files."""

    def __init__(self, state, programs=None):
        """`programs`: where an installation has programs of its own, which name no state folder when they run."""
        self.state = str(state)
        self.named = [self.state, *([str(programs)] if programs else [])]

    def processes(self):
        # What ends by itself while it is looked for is not left behind. A dead child of process 1 waits for that one alone, and holds nothing.
        found = [pid for pid in pids() if pid != os.getpid() and (self.is_ours(command_line(pid)) or is_of_a_game(uid_of(pid)))]
        return [pid for pid in found if (stat := stat_of(pid)) and not stat.endswith(" Z 1")]

    def is_ours(self, line):
        return any(place in line for place in self.named)

    def mounts(self):
        lines = pathlib.Path("/proc/self/mounts").read_text().splitlines()
        return [line.split()[1] for line in lines if line.split()[1].startswith(self.state + "/")]

    def loops(self):
        found = []
        for backing in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
            try:
                if backing.read_text().startswith(self.state + "/"):
                    found.append("/dev/" + backing.parent.parent.name)
            except OSError:
                continue
        return found

    def cgroups(self):
        names = {path.name for path in (pathlib.Path(self.state) / "servers").glob("*")}
        # os.walk passes over what another installation removes meanwhile; a glob does not.
        return [pathlib.Path(folder) / name for folder, groups, _ in os.walk("/sys/fs/cgroup") if folder.endswith("/gamekeeper") for name in groups
                if name in names]

    def chains(self):
        return [tables for tables in TABLES if shutil.which(tables) and f":{CHAIN} " in saved_rules(tables)]

    def files(self):
        """Temporary files of games and of their backups, wherever everybody may write."""
        return [entry.path for folder in {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"} for entry in os.scandir(folder)
                if is_of_a_game(owner_of(entry.path))]

    def describe(self):
        return ([f"process {pid}: {command_line(pid) or stat_of(pid)}" for pid in self.processes()] + [f"mount {m}" for m in self.mounts()]
                + [f"loop device {d}" for d in self.loops()] + [f"cgroup {c}" for c in self.cgroups()]
                + [f"chain {CHAIN} of {t}" for t in self.chains()] + [f"file {f}" for f in self.files()])

    def remove(self):
        for pid in self.processes():
            end(pid)
        for mount in reversed(self.mounts()):
            subprocess.run(["umount", "-l", mount], check=False)
        for device in self.loops():
            subprocess.run(["losetup", "-d", device], check=False)
        for cgroup in self.cgroups():
            try:
                cgroup.rmdir()
            except OSError:
                pass
        for tables in self.chains():
            remove_chain(tables)
        for file in self.files():
            subprocess.run(["rm", "-rf", "--", file], check=False)


def saved_rules(tables):
    return subprocess.run([f"{tables}-save", "-t", "filter"], capture_output=True, text=True, check=True).stdout


def remove_chain(tables):
    jumps = [line for line in saved_rules(tables).splitlines() if line.endswith(f"-j {CHAIN}")]
    rules = ["*filter", f":{CHAIN} - [0:0]", *(line.replace("-A ", "-D ", 1) for line in jumps), f"-X {CHAIN}", "COMMIT", ""]
    subprocess.run([f"{tables}-restore", "-w", "10", "--noflush"], input="\n".join(rules), text=True, check=False)


def owner_of(path):
    try:
        return os.lstat(path).st_uid
    except OSError:
        return -1


class LastResort:
    """A process that removes what is left of installations when the test is killed: nothing of the test's own runs any more then.

    It reads "state folder<tab>folder to remove" for each installation and the same with a minus in front when that was cleaned up, and acts at
    the end of that stream, which only the test's end can bring.
    """

    def __init__(self):
        environment = os.environ | {"GK_TEST_UID_BASE": str(UID_BASE)}
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, text=True, start_new_session=True, env=environment)

    def watch(self, state, home):
        self._tell(f"{state}\t{home}")

    def release(self, state, home):
        self._tell(f"-{state}\t{home}")

    def end(self):
        self.process.stdin.close()
        self.process.wait()

    def _tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()


def main():
    left = {}
    for line in sys.stdin:
        installation = line.strip().lstrip("-")
        if line.startswith("-"):
            left.pop(installation, None)
        else:
            left[installation] = True
    for installation in left:
        state, home = installation.split("\t")
        Leftovers(state, home).remove()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
