#!/usr/bin/python3
"""`gamekeeper doctor --cluster` in front of what goes wrong on the way to a cluster: it says the cause and the cure. The API server here answers
just enough over real TLS; what a real one says is tried by tests/cluster."""

import base64
import http.server
import json
import os
import pathlib
import ssl
import stat
import subprocess
import tempfile
import threading
import unittest

import harness

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
GOOD_TOKEN = "Bearer good"


class Api(http.server.BaseHTTPRequestHandler):
    answers = {}

    def do_GET(self):
        if self.headers.get("Authorization") != GOOD_TOKEN:
            return self.reply(401, {"kind": "Status", "reason": "Unauthorized", "message": "Unauthorized", "code": 401})
        found = self.server.answers.get(self.path)
        missing = {"kind": "Status", "reason": "NotFound", "message": "the server could not find the requested resource", "code": 404}
        return self.reply(200, found) if found is not None else self.reply(404, missing)

    def reply(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def certificate(folder, name):
    key, cert = folder / f"{name}.key", folder / f"{name}.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return key, cert


class ClusterDoctor(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gk-doctor-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.key, self.cert = certificate(self.folder, "cluster")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.server.answers = {"/version": {"gitVersion": "v1.34.4"}, "/apis": {"kind": "APIGroupList"}, CLASSES: {"items": []}}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def kubeconfig(self, user, server=None, cert=None):
        authority = base64.b64encode((cert or self.cert).read_bytes()).decode()
        path = self.folder / "config"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "castle",
            "clusters": [{"name": "c", "cluster": {"server": server or self.url, "certificate-authority-data": authority}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "castle", "context": {"cluster": "c", "user": "u"}}]}))
        return path

    def doctor(self, config, *more, path=None):
        environment = {"PATH": f"{path}:/usr/bin:/bin" if path else "/usr/bin:/bin", "HOME": str(self.folder)}
        command = [str(harness.BIN / "gamekeeper"), "doctor", "--cluster", "--kubeconfig", str(config), *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
        return done.returncode, " ".join(done.stdout.split())

    def plugin(self, name, script):
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + script)
        os.chmod(path, path.stat().st_mode | stat.S_IXUSR)
        return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": name, "interactiveMode": "Never"}}

    def test_a_context_that_is_not_there_is_named_with_those_that_are(self):
        code, said = self.doctor(self.kubeconfig({"token": "good"}), "--context", "keep")

        self.assertEqual(code, 1)
        self.assertIn("'keep'", said)
        self.assertIn("castle", said)
        self.assertIn("cure: kubectl config get-contexts", said)

    def test_a_login_plug_in_that_is_not_installed(self):
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "kubelogin", "interactiveMode": "Never",
                         "installHint": "see the provider's page"}}

        code, said = self.doctor(self.kubeconfig(user))

        self.assertEqual(code, 1)
        self.assertIn("'kubelogin' is not in PATH", said)
        self.assertIn("see the provider's page", said)
        self.assertIn("cure: install 'kubelogin' and put it into PATH", said)

    def test_a_login_that_has_expired(self):
        user = self.plugin("kubelogin", 'echo "AADSTS700082: the refresh token has expired" >&2; exit 1')

        code, said = self.doctor(self.kubeconfig(user), path=self.folder)

        self.assertEqual(code, 1)
        self.assertIn("AADSTS700082", said)
        self.assertIn("cure: az login", said)

    def test_a_token_that_the_server_does_not_know(self):
        code, said = self.doctor(self.kubeconfig({"token": "old"}))

        self.assertEqual(code, 1)
        self.assertIn("does not know who we are", said)
        self.assertIn("cure: log in again", said)

    def test_a_certificate_of_somebody_else(self):
        _, other = certificate(self.folder, "other")

        code, said = self.doctor(self.kubeconfig({"token": "good"}, cert=other))

        self.assertEqual(code, 1)
        self.assertIn("certificate that this kubeconfig does not trust", said)
        self.assertIn("fetch the kubeconfig again", said)

    def test_a_cluster_that_is_stopped(self):
        code, said = self.doctor(self.kubeconfig({"token": "good"}, server="https://127.0.0.1:1"))

        self.assertEqual(code, 1)
        self.assertIn("nobody listens at https://127.0.0.1:1", said)
        self.assertIn("cure: start the cluster", said)

    def test_what_gamekeeper_needs_there(self):
        code, said = self.doctor(self.kubeconfig({"token": "good"}))
        self.assertEqual(code, 1)
        self.assertIn("v1.34.4", said)
        self.assertIn("does not know the kind GameServer", said)
        self.assertIn("cure: gamekeeper manifests | kubectl apply --server-side -f -", said)
        self.assertIn("no default storage class", said)

        self.server.answers["/apis/gamekeeper.dev/v1alpha1"] = {"kind": "APIResourceList"}
        marks = {"storageclass.kubernetes.io/is-default-class": "true"}
        self.server.answers[CLASSES] = {"items": [{"metadata": {"name": "fast", "annotations": marks}}]}
        code, said = self.doctor(self.kubeconfig(self.plugin("login", 'echo \'{"apiVersion": "client.authentication.k8s.io/v1", '
                                                             '"kind": "ExecCredential", "status": {"token": "good"}}\'')), path=self.folder)
        self.assertEqual(code, 0, said)
        self.assertIn("class 'fast'", said)

    def test_definitions_from_before_an_upgrade(self):
        older = {"GameServer": {"properties": {"spec": {"properties": {"game": {}, "settings": {}}}}}}
        schemas = {f"dev.gamekeeper.v1alpha1.{name}": schema for name, schema in older.items()}
        self.server.answers["/apis/gamekeeper.dev/v1alpha1"] = {"kind": "APIResourceList"}
        self.server.answers["/openapi/v3/apis/gamekeeper.dev/v1alpha1"] = {"components": {"schemas": schemas}}

        code, said = self.doctor(self.kubeconfig({"token": "good"}))

        self.assertEqual(code, 1)
        self.assertIn("older than this program", said)
        self.assertIn("schedules", said)
        self.assertNotIn("settings", said)


if __name__ == "__main__":
    harness.main()
