"""The control plane in its cluster shape, as a process of this machine with the cluster's kubeconfig. What kubectl, the command line and the API do
to worlds is the same from a pod; here a test can kill and stop it as it likes."""

import json
import os
import pathlib
import signal
import shutil
import subprocess
import sys
import tempfile
import time

import harness

sys.path.append(str(harness.ROOT / "tests" / "e2e"))  # Behind our own folder, which has a harness too.

from client import Client  # noqa: E402
from leftovers import LastResort  # noqa: E402


class ControlPlane:
    last_resort = None  # Ends what is left of control planes when the test is killed.

    def __init__(self, space, store, **settings):
        self.space = space
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="gk-cluster-plane-"))
        self.state = self.home / "state"
        self.socket = self.state / "api.sock"
        ControlPlane.last_resort = ControlPlane.last_resort or LastResort()
        ControlPlane.last_resort.watch(self.state, self.home)
        self.settings = {
            "SHAPE": "cluster", "API_LISTEN": "127.0.0.1:0", "CLUSTER_NAMESPACE": space.name,
            "CLUSTER_WORLDS": space.name,  # Other tests may have control planes in the same cluster.
            "CLUSTER_IMAGE_TAG": harness.TAG, "CLUSTER_SHIM_IMAGE": harness.image("gk-shim"), "CLUSTER_BACKUP_IMAGE": harness.image("restic"),
            "VAULT_PLACE": f"s3:http://{store.address}:7070/{store.bucket}", **settings}
        self.secrets = {"AWS_ACCESS_KEY_ID": store.key, "AWS_SECRET_ACCESS_KEY": store.secret}
        self.process = None

    def define(self, game, text):
        """One more definition, beside those that are part of the program; before the start."""
        folder = self.state / "games"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{game}.yaml").write_text(text)

    def environment(self):
        plain = {name: value for name, value in harness.ENVIRONMENT.items() if not name.startswith("GK_")}
        return plain | self.secrets | {f"GK_{name}": str(value) for name, value in self.settings.items()}

    def start(self):
        self.begin()
        self.becomes_ready()

    def begin(self):
        """Starts it and returns at once."""
        with open(self.home / "serve.log", "ab") as log:
            self.process = subprocess.Popen([harness.PROGRAMS / "gamekeeper", "serve", "--state", self.state], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment(), start_new_session=True)

    def becomes_ready(self, seconds=60):
        """Alone it keeps then; of several one does."""
        end = time.monotonic() + seconds
        while not self.is_ready():
            # Waits for the end of the process, which would be the news; else asks again.
            if self.ended(0.05) or time.monotonic() > end:
                raise AssertionError(f"gamekeeper serve is not ready ({self.process.poll()}); its log:\n{self.log()[-6000:]}")

    def is_ready(self):
        done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", self.socket, "http://x/readyz"],
                              capture_output=True, text=True)
        return done.stdout == "200"

    def ended(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def log(self):
        path = self.home / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_log(self, *words, seconds=30):
        """The first line of its log with all of these words."""
        command = ["timeout", str(seconds), "tail", "--lines=+1", "--follow=name", "--retry", self.home / "serve.log"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as following:
            try:
                for line in following.stdout:
                    if all(word in line for word in words):
                        return line
            finally:
                following.terminate()
        raise AssertionError(f"no line of the control plane's log has {words}:\n{self.log()[-6000:]}")

    def tell_log(self):
        print(f"===== the control plane's log =====\n{self.log()[-12000:]}", flush=True)

    def cli(self, *words, check=True, timeout=240):
        command = [harness.PROGRAMS / "gamekeeper", "--socket", self.socket, *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
                              env=self.environment())
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.log()[-4000:]}")
        return done

    def world(self, verb, name, *more, **options):
        return self.cli("server", verb, name, "-n", self.space.name, *more, **options)

    def show(self, name):
        return json.loads(self.world("show", name, "-o", "json").stdout)

    def call(self, method, path, body=None):
        """Of the API, as the socket's owner."""
        command = ["curl", "-sS", "--unix-socket", self.socket, "-X", method, "-H", "Content-Type: application/json", "-w", "\n%{http_code}",
                   f"http://x{path}"]
        said = harness.run(*command, *(["-d", json.dumps(body)] if body is not None else [])).stdout
        text, _, status = said.rpartition("\n")
        return int(status), json.loads(text) if text else None

    def send(self, number):
        if self.process.poll() is None:
            os.kill(self.process.pid, number)

    @property
    def api(self):
        return Client(self.socket)

    def stop(self):
        """In order; the games run on."""
        self.end()

    def end(self, how=signal.SIGTERM):
        """Nothing happens to games."""
        if self.process is not None:
            self.send(how)
            self.process.wait(30)

    def give_lease_back(self):
        """In the name of one that was killed, so that the next one need not wait until the lease has run out."""
        patch = '{"spec":{"holderIdentity":""}}'
        self.space.kubectl("patch", "lease", "gamekeeper", "--type=merge", "-p", patch, check=False)

    def clean_up(self):
        if self.process is not None:
            self.send(signal.SIGCONT)
        self.end()
        shutil.rmtree(self.home, ignore_errors=True)
        ControlPlane.last_resort.release(self.state, self.home)
