"""What the real clients of games share: a home of its own, a log, and an end."""

import os
import pathlib
import shutil
import subprocess
import tempfile


def program(name):
    """Debian keeps games out of root's path."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/games") or name


class Player:
    """A client that joins at once and stays until it is closed."""

    def __init__(self, *words, environment=(), files=()):
        """`files` are (name, text) in the folder that is its home and where it is started."""
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-player-"))
        for name, text in files:
            (self.home / name).write_text(text)
        self.log_path = self.home / "client.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
                env={**os.environ, "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.home), **dict(environment)})

    def log(self):
        return self.log_path.read_text(errors="replace")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
