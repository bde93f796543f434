"""An object store for tests: versitygw, which verifies every signature, over a folder, by TLS with an authority of its own.

The program is a part of the test cluster's cache; where it is not there yet it is built, which takes a minute and Go.
"""

import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "cluster"))

import parts  # noqa: E402

BUCKET = "worlds"


def program():
    part = parts.PARTS["versitygw"]
    if not part.program("versitygw").exists():
        print("versitygw is not in the cache: it is built now", file=sys.stderr, flush=True)
        subprocess.run([ROOT / "tools/cluster/build", "versitygw"], check=True, stdout=sys.stderr)
    return part.program("versitygw")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Store:
    KEY_ID = "gk-test-key-id"
    SECRET = "gk-test-secret-that-must-never-be-seen"

    def __init__(self):
        self.program = program()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-s3-"))
        self.objects = self.home / "objects"
        (self.objects / BUCKET).mkdir(parents=True)
        self.port = free_port()
        self.process = None
        self.make_keys()
        self.start()

    @property
    def place(self):
        return f"s3:https://127.0.0.1:{self.port}/{BUCKET}/castle"

    @property
    def repositories(self):
        return self.objects / BUCKET / "castle"

    def make_keys(self):
        run = lambda *words: subprocess.run([str(w) for w in ("openssl", *words)], check=True, capture_output=True, cwd=self.home)  # noqa: E731
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        run("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority")
        (self.home / "extensions").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        run("req", *curve, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=store")
        run("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions",
            "-out", "certificate.pem")

    def start(self):
        environment = {"ROOT_ACCESS_KEY": self.KEY_ID, "ROOT_SECRET_KEY": self.SECRET, "PATH": "/usr/bin:/bin"}
        command = [self.program, "--port", f"127.0.0.1:{self.port}", "--cert", self.home / "certificate.pem", "--key", self.home / "key.pem", "posix",
                   self.objects]
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + 20
        while not self.listens():
            if self.ended(0.02) or time.monotonic() > end:
                raise AssertionError(f"versitygw does not listen:\n{(self.home / 'log').read_text()}")

    def listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ended(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)
