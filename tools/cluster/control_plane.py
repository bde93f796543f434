"""etcd and the three programs of the control plane, each with its flags; and the kubeconfig files with which parts and people reach it."""

import base64

import kubectl
import machines
import pki
import settings
from parts import KUBERNETES
from settings import API, CONTROL_PLANE, NODES, POD_NETWORK, SERVICE_NETWORK

FOLDER = "/run/machine/pki"


# Who calls what, of programs that have a service account and are no part of Kubernetes: tests compare it with the rights that they have.
AUDIT = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, userGroups: ["system:serviceaccounts:kube-system", "system:nodes"]}
- {level: Metadata, userGroups: ["system:serviceaccounts"], omitManagedFields: true}
- {level: None}
"""
AUDIT_LOG = CONTROL_PLANE.directory / "log" / "audit.log"


def encoded(path):
    return base64.b64encode(path.read_bytes()).decode()


def kubeconfig(name):
    """A complete kubeconfig with the certificate of that name inside."""
    return f"""apiVersion: v1
kind: Config
clusters:
- name: gamekeeper-cluster
  cluster: {{server: "{API}", certificate-authority-data: {encoded(pki.certificate("ca"))}}}
users:
- name: {name}
  user: {{client-certificate-data: {encoded(pki.certificate(name))}, client-key-data: {encoded(pki.key(name))}}}
contexts:
- name: gamekeeper-cluster
  context: {{cluster: gamekeeper-cluster, user: {name}}}
current-context: gamekeeper-cluster
"""


def write_private(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def write_files():
    for name, text in pki.files_for(CONTROL_PLANE).items():
        write_private(CONTROL_PLANE.directory / "pki" / name, text)
    (CONTROL_PLANE.directory / "audit.yaml").write_text(AUDIT)
    for name in ("controller-manager", "scheduler"):
        write_private(CONTROL_PLANE.directory / f"{name}.kubeconfig", kubeconfig(name))
    write_private(settings.KUBECONFIG, kubeconfig("admin"))


def flags(**named):
    """client_ca_file="x" becomes --client-ca-file=x."""
    return [f"--{name.replace('_', '-')}={value}" for name, value in named.items()]


def etcd():
    # A test cluster may lose its last second in a power cut; waiting for the disk would slow everything down.
    return ["/usr/bin/etcd", "--data-dir=/var/lib/etcd", "--unsafe-no-fsync", "--log-level=warn"]


def api_server():
    return [KUBERNETES.program_inside("kube-apiserver"), *flags(
        advertise_address=CONTROL_PLANE.address, etcd_servers="http://127.0.0.1:2379", service_cluster_ip_range=SERVICE_NETWORK,
        authorization_mode="Node,RBAC", enable_admission_plugins="NodeRestriction", allow_privileged="true",
        client_ca_file=f"{FOLDER}/ca.crt", tls_cert_file=f"{FOLDER}/apiserver.crt", tls_private_key_file=f"{FOLDER}/apiserver.key",
        kubelet_certificate_authority=f"{FOLDER}/ca.crt", kubelet_client_certificate=f"{FOLDER}/apiserver-kubelet-client.crt",
        kubelet_client_key=f"{FOLDER}/apiserver-kubelet-client.key", kubelet_preferred_address_types="InternalIP",
        service_account_issuer=f"https://kubernetes.default.svc.{settings.CLUSTER_DOMAIN}",
        service_account_key_file=f"{FOLDER}/service-accounts.pub", service_account_signing_key_file=f"{FOLDER}/service-accounts.key",
        requestheader_client_ca_file=f"{FOLDER}/front-proxy-ca.crt", requestheader_allowed_names="front-proxy-client",
        requestheader_username_headers="X-Remote-User", requestheader_group_headers="X-Remote-Group",
        requestheader_extra_headers_prefix="X-Remote-Extra-", proxy_client_cert_file=f"{FOLDER}/front-proxy-client.crt",
        proxy_client_key_file=f"{FOLDER}/front-proxy-client.key",
        audit_policy_file="/run/machine/audit.yaml", audit_log_path=f"/run/machine/log/{AUDIT_LOG.name}", audit_log_maxsize="20",
        audit_log_maxbackup="1",
        enable_aggregator_routing="true",  # The control plane runs no kube-proxy: aggregated APIs are reached by their pods' addresses.
    )]


def controller_manager():
    own = "/run/machine/controller-manager.kubeconfig"
    return [KUBERNETES.program_inside("kube-controller-manager"), *flags(
        kubeconfig=own, authentication_kubeconfig=own, authorization_kubeconfig=own, leader_elect="false",
        service_account_private_key_file=f"{FOLDER}/service-accounts.key", root_ca_file=f"{FOLDER}/ca.crt",
        cluster_signing_cert_file=f"{FOLDER}/ca.crt", cluster_signing_key_file=f"{FOLDER}/ca.key",
        use_service_account_credentials="true", cluster_cidr=POD_NETWORK, service_cluster_ip_range=SERVICE_NETWORK,
        flex_volume_plugin_dir="/var/lib/volume-plugins",  # The usual folder lies in the host's /usr.
        # A lost node is seen after 16 s instead of 50 s: tests wait for it. Kubelets renew their lease every 5 s (nodes.py).
        node_monitor_grace_period="16s", node_monitor_period="2s",
    )]


def scheduler():
    own = "/run/machine/scheduler.kubeconfig"
    return [KUBERNETES.program_inside("kube-scheduler"), *flags(
        kubeconfig=own, authentication_kubeconfig=own, authorization_kubeconfig=own, leader_elect="false")]


def start():
    machines.start(CONTROL_PLANE, etcd(), ports=(2379, 2380))
    machines.start(CONTROL_PLANE, api_server(), ports=(6443,))
    machines.wait_for_part(CONTROL_PLANE, "kube-apiserver", kubectl.answers, 60, "the API server did not become ready")
    machines.start(CONTROL_PLANE, controller_manager(), ports=(10257,))
    machines.start(CONTROL_PLANE, scheduler(), ports=(10259,))
    # Before that pods are refused, and the command is not to return before pods can be made.
    machines.wait_for_part(CONTROL_PLANE, "kube-controller-manager", lambda: kubectl.exists("serviceaccount", "default"), 30,
                           "the controllers did not make the service account 'default'")


def programs():
    """The parts that have to run on each machine, in the order of their start."""
    yield CONTROL_PLANE, ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
    for node in NODES:
        yield node, ("containerd", "kubelet", "kube-proxy")
