"""An API server and its etcd, without nodes, controllers or root: enough for tests of a client. Ready in about 5 seconds."""

import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "cluster"))
sys.path.append(str(ROOT / "tests" / "e2e"))  # Behind our own folder, which has a harness too.

import machines  # noqa: E402
import parts  # noqa: E402
from leftovers import LastResort  # noqa: E402


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class ApiServer:
    """Starts both; close() ends them and removes all they had."""

    TOKEN = "admin-token-of-a-test"
    last_resort = None  # Ends what is left of them when the test is killed.

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-api-server-"))
        ApiServer.last_resort = ApiServer.last_resort or LastResort()
        ApiServer.last_resort.watch(self.folder, self.folder)
        self.ports = {name: free_port() for name in ("etcd", "peer", "api")}
        self.processes = {}
        self.make_keys()
        self.start_etcd()
        self.start_api()

    def make_keys(self):
        pki = self.folder / "pki"
        pki.mkdir()
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        run("openssl", "req", "-x509", *curve, "-keyout", pki / "ca.key", "-out", pki / "ca.crt", "-subj", "/CN=test authority")
        for name, subject, usage in (("server", "/CN=api", "serverAuth"), ("client", "/O=system:masters/CN=test", "clientAuth")):
            (pki / "extensions").write_text(f"subjectAltName=DNS:api.test\nextendedKeyUsage={usage}\n")
            run("openssl", "req", *curve, "-keyout", pki / f"{name}.key", "-out", pki / f"{name}.csr", "-subj", subject)
            run("openssl", "x509", "-req", "-in", pki / f"{name}.csr", "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", pki / "extensions", "-out", pki / f"{name}.crt")
        run("openssl", "genrsa", "-out", pki / "accounts.key", "2048")
        (pki / "tokens.csv").write_text(f'{self.TOKEN},token-user,1,"system:masters"\n')

    def spawn(self, name, *command):
        log = open(self.folder / f"{name}.log", "ab")
        self.processes[name] = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()

    def start_etcd(self):
        client, peer = (f"http://127.0.0.1:{self.ports[name]}" for name in ("etcd", "peer"))
        self.spawn("etcd", "etcd", f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync", "--log-level=error", f"--listen-client-urls={client}",
                   f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
                   f"--initial-cluster=default={peer}")

    def start_api(self, port=None):
        """On its usual port, or on another one, where only whoever has a kubeconfig from now on finds it."""
        self.api_port = port or self.ports["api"]
        self.usual = self.kubeconfig()
        pki = self.folder / "pki"
        program = parts.KUBERNETES.program("kube-apiserver")
        self.spawn("api", program, f"--etcd-servers=http://127.0.0.1:{self.ports['etcd']}", f"--secure-port={self.api_port}",
                   "--bind-address=127.0.0.1", f"--tls-cert-file={pki}/server.crt", f"--tls-private-key-file={pki}/server.key",
                   f"--client-ca-file={pki}/ca.crt", f"--token-auth-file={pki}/tokens.csv", "--authorization-mode=RBAC",
                   "--service-account-issuer=https://api.test", f"--service-account-key-file={pki}/accounts.key",
                   f"--service-account-signing-key-file={pki}/accounts.key", "--service-cluster-ip-range=10.96.0.0/16",
                   f"--cert-dir={pki}", "--disable-admission-plugins=ServiceAccount", *self.api_flags())
        machines.wait_for(self.answers, 90, "the API server did not become ready", self.folder / "api.log")

    def api_flags(self):
        """What a test wants besides."""
        return ()

    def answers(self):
        done = subprocess.run(["kubectl", "get", "--raw", "/readyz"], env=self.environment(), capture_output=True, text=True)
        return done.stdout == "ok"

    def end(self, name):
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def kubeconfig(self, user=None, **cluster):
        """As a file, which is what the programs read; `user` is with what one says who one is, without: a client certificate."""
        pki = self.folder / "pki"

        def data(name):
            return base64.b64encode((pki / name).read_bytes()).decode()

        user = user or {"client-certificate-data": data("client.crt"), "client-key-data": data("client.key")}
        cluster = {"server": f"https://127.0.0.1:{self.api_port}", "certificate-authority-data": data("ca.crt"), "tls-server-name": "api.test",
                   **cluster}
        path = self.folder / f"{len(list(self.folder.iterdir()))}.kubeconfig"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test", "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": user}], "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]}))
        return path

    def environment(self, kubeconfig=None):
        return dict(os.environ, KUBECONFIG=str(kubeconfig or self.usual))

    def kubectl(self, *arguments, text=None):
        return run("kubectl", *arguments, env=self.environment(), input=text)

    def compact(self):
        """Forgets all history but the present state, in etcd; watches from before get 410 when the API server asks it again."""
        def ask(path, body):
            url = f"http://127.0.0.1:{self.ports['etcd']}/v3/{path}"
            with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=10) as reply:
                return json.load(reply)

        revision = ask("kv/range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"]
        ask("kv/compaction", {"revision": revision, "physical": True})

    def close(self):
        for name in list(self.processes):
            self.end(name)
        shutil.rmtree(self.folder)
        ApiServer.last_resort.release(self.folder, self.folder)


if __name__ == "__main__":
    server = ApiServer()
    try:
        print(f"export KUBECONFIG={server.kubeconfig()}", flush=True)
        signal.pause()
    finally:
        server.close()
