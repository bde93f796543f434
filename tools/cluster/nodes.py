"""A node: containerd, kubelet and kube-proxy in a machine, with their configuration. Paths are those inside the machine."""

import json

import control_plane
import images
import kubectl
import machines
import pki
from parts import KUBERNETES
from settings import CGROUP, CGROUP_ROOT, CLUSTER_DOMAIN, DNS_ADDRESS, NODES, POD_NETWORK

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"

# restrict_oom_score_adj: without CAP_SYS_RESOURCE runc dies with "can't get final child's PID from pipe: EOF" on every pod.
CONTAINERD = f"""version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
                    "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{images.PAUSE.reference}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/run/machine/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
"""


def cni(node):
    # Pods keep their addresses towards other nodes (ipMasq false): every machine has routes to all pods.
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True,
              "ipam": {"type": "host-local", "ranges": [[{"subnet": node.pod_network}]], "routes": [{"dst": "0.0.0.0/0"}]}}
    return {"cniVersion": "0.4.0", "name": "gamekeeper-cluster",
            "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]}


def kubelet(node):
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}, "x509": {"clientCAFile": "/run/machine/pki/ca.crt"}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"/run/machine/pki/{node.name}.crt", "tlsPrivateKeyFile": f"/run/machine/pki/{node.name}.key",
        "clusterDomain": CLUSTER_DOMAIN, "clusterDNS": [DNS_ADDRESS],
        # Two kubelets below one cgroup delete each other's pods, so each has its own.
        "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{CGROUP}/{node.name}", "enforceNodeAllocatable": [],
        "failCgroupV1": False, "failSwapOn": False,
        # The disk of a developer's machine may be nearly full; only memory may make pods go.
        "evictionHard": {"memory.available": "100Mi"}, "imageGCHighThresholdPercent": 100,
        "volumePluginDir": "/var/lib/kubelet/volume-plugins", "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s", "nodeLeaseDurationSeconds": 20,
    }


def write_files():
    for node in NODES:
        for name, text in pki.files_for(node).items():
            control_plane.write_private(node.directory / "pki" / name, text)
        control_plane.write_private(node.directory / "kubelet.kubeconfig", control_plane.kubeconfig(node.name))
        control_plane.write_private(node.directory / "kube-proxy.kubeconfig", control_plane.kubeconfig("proxy"))
        (node.directory / "cni").mkdir(exist_ok=True)
        (node.directory / "cni" / "10-bridge.conflist").write_text(json.dumps(cni(node), indent=1))
        (node.directory / "kubelet.yaml").write_text(json.dumps(kubelet(node), indent=1))
        (node.directory / "containerd.toml").write_text(CONTAINERD)


def hierarchies():
    return [folder for folder in CGROUP_ROOT.iterdir() if folder.is_dir() and not folder.is_symlink()]


def make_cgroups():
    """The kubelet wants its root to be there in every hierarchy. A new cpuset has neither CPUs nor memory until it is told."""
    for hierarchy in hierarchies():
        for folder in (hierarchy / CGROUP, *(hierarchy / CGROUP / node.name for node in NODES)):
            folder.mkdir(exist_ok=True)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if (folder / name).exists() and not (folder / name).read_text().strip():
                    (folder / name).write_text((folder.parent / name).read_text())


def remove_cgroups():
    for hierarchy in hierarchies():
        found = sorted((hierarchy / CGROUP).rglob("*"), reverse=True) if (hierarchy / CGROUP).exists() else []
        for folder in [path for path in found if path.is_dir()] + [hierarchy / CGROUP]:
            if folder.exists():
                # The last process has ended, but its cgroup may be busy for a moment more.
                machines.wait_for(lambda folder=folder: removed(folder), 10, f"the cgroup {folder} cannot be removed")


def removed(folder):
    try:
        folder.rmdir()
        return True
    except OSError:
        return False


def start_containerd():
    for node in NODES:
        machines.start(node, ["/usr/bin/containerd", "--config", "/run/machine/containerd.toml", "--log-level", "warn"])
    for node in NODES:
        machines.wait_for_part(node, "containerd", lambda node=node: containerd_answers(node), 20, f"containerd on {node.name} did not answer")


def containerd_answers(node):
    try:
        machines.run(node, ["ctr", "version"])
        return True
    except machines.Failure:
        return False


def start():
    for node in NODES:
        machines.start(node, [KUBERNETES.program_inside("kubelet"), *control_plane.flags(
            config="/run/machine/kubelet.yaml", kubeconfig="/run/machine/kubelet.kubeconfig",
            hostname_override=node.name, node_ip=node.address)], ports=(10248, 10250))
        machines.start(node, [KUBERNETES.program_inside("kube-proxy"), *control_plane.flags(
            kubeconfig="/run/machine/kube-proxy.kubeconfig", hostname_override=node.name, proxy_mode="iptables", cluster_cidr=POD_NETWORK,
            # 0: the machine's connection table belongs to the host and is left alone.
            conntrack_max_per_core=0, conntrack_tcp_timeout_established=0, conntrack_tcp_timeout_close_wait=0)], ports=(10249, 10256))


def wait_until_ready(seconds=60):
    for node in NODES:
        machines.wait_for_part(node, "kubelet", lambda node=node: node.name in kubectl.ready_nodes(), seconds, f"{node.name} did not become Ready")
