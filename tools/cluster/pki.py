"""The cluster's own certificates, by openssl: one authority for the cluster, one for aggregated APIs, and what each part shows of itself.

What exists is kept: a second `up` must not make the certificates of running parts worthless.
"""

import subprocess

import settings
from report import Failure
from settings import CONTROL_PLANE, DIRECTORY, NODES

FOLDER = DIRECTORY / "pki"
DAYS = "3650"


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"openssl {arguments[0]}: {done.stderr.strip()}")


def certificate(name):
    return FOLDER / f"{name}.crt"


def key(name):
    return FOLDER / f"{name}.key"


def make_key(name):
    if not key(name).exists():
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key(name))


def authority(name):
    if certificate(name).exists():
        return
    make_key(name)
    openssl("req", "-x509", "-new", "-key", key(name), "-days", DAYS, "-subj", f"/CN=gamekeeper-cluster {name}", "-out", certificate(name))


def issue(name, subject, names=(), by="ca"):
    """A certificate for a client, and for a server when it has names (as openssl writes them: IP:..., DNS:...)."""
    if certificate(name).exists():
        return
    make_key(name)
    request, extensions = FOLDER / f"{name}.csr", FOLDER / f"{name}.ext"
    usage = "clientAuth, serverAuth" if names else "clientAuth"
    lines = ["basicConstraints = CA:FALSE", "keyUsage = digitalSignature", f"extendedKeyUsage = {usage}"]
    if names:
        lines.append("subjectAltName = " + ", ".join(names))
    extensions.write_text("\n".join(lines) + "\n")
    openssl("req", "-new", "-key", key(name), "-subj", subject, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", certificate(by), "-CAkey", key(by), "-CAcreateserial", "-days", DAYS,
            "-extfile", extensions, "-out", certificate(name))
    request.unlink()
    extensions.unlink()


def make_all():
    """Everything the parts need, in FOLDER: NAME.crt and NAME.key, and service-accounts.{key,pub}."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority("ca")
    authority("front-proxy-ca")
    api_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{settings.CLUSTER_DOMAIN}"]
    issue("apiserver", "/CN=kube-apiserver", [
        *(f"DNS:{name}" for name in api_names),
        *(f"IP:{address}" for address in (CONTROL_PLANE.address, settings.API_SERVICE_ADDRESS, "127.0.0.1")),
    ])
    issue("admin", "/O=system:masters/CN=gamekeeper-cluster-admin")
    issue("apiserver-kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client")
    issue("controller-manager", "/CN=system:kube-controller-manager")
    issue("scheduler", "/CN=system:kube-scheduler")
    issue("proxy", "/CN=system:kube-proxy")
    issue("front-proxy-client", "/CN=front-proxy-client", by="front-proxy-ca")
    for node in NODES:
        issue(node.name, f"/O=system:nodes/CN=system:node:{node.name}", [f"DNS:{node.name}", f"IP:{node.address}"])
    make_key("service-accounts")
    if not (FOLDER / "service-accounts.pub").exists():
        openssl("ec", "-in", key("service-accounts"), "-pubout", "-out", FOLDER / "service-accounts.pub")


def files_for(machine):
    """What that machine may see, as {file name: text}: the control plane everything, a node only its own and the proxy's."""
    if machine == CONTROL_PLANE:
        return {path.name: path.read_text() for path in FOLDER.iterdir() if path.suffix in (".crt", ".key", ".pub")}
    return {path.name: path.read_text() for path in (certificate("ca"), certificate(machine.name), key(machine.name))}
