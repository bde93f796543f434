"""A command as somebody at a terminal sees and steers it."""

import os
import pty
import re
import select
import signal
import time

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    """Runs a command on a terminal of its own. `shown` is every byte that it wrote."""

    def __init__(self, argv, environment):
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(argv[0], [str(a) for a in argv], {**environment, "TERM": "xterm"})

    def read_until(self, text, seconds=60):
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"'{text}' was not shown; what was:\n{self.shown}")

    def type(self, text):
        os.write(self.fd, text.encode())

    def finish(self, seconds=60):
        """Reads to the end; the exit status."""
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass
        if time.monotonic() >= deadline:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def _read(self, seconds):
        if seconds <= 0 or not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # The other end is closed.
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)

    @property
    def text(self):
        return ESCAPES.sub("", self.shown).replace("\r", "")
