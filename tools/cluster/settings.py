"""Where the test cluster lies, what its machines are called and which addresses they have. Only data."""

import dataclasses
import os
import pathlib

TOOLS = pathlib.Path(__file__).resolve().parent
ROOT = TOOLS.parent.parent

# All state of the cluster; `down` removes it. What is expensive to make (programs, image layers) is kept in CACHE and survives.
DIRECTORY = pathlib.Path(os.environ.get("GK_CLUSTER_DIR", "/var/lib/gamekeeper-cluster")).resolve()
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "gamekeeper" / "cluster"
KUBECONFIG = DIRECTORY / "kubeconfig"

BRIDGE = "gk-cluster"
HOST_ADDRESS = "10.200.0.1"
MACHINE_NETWORK = "10.200.0.0/24"
POD_NETWORK = "10.244.0.0/16"
SERVICE_NETWORK = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_ADDRESS = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"

# One parent for the pods of all nodes, in every hierarchy of cgroup version 1.
CGROUP = "gamekeeper-cluster"
CGROUP_ROOT = pathlib.Path("/sys/fs/cgroup")


@dataclasses.dataclass(frozen=True)
class Machine:
    """A machine of the cluster: in truth a set of namespaces, see machines.py."""

    name: str
    number: int

    @property
    def address(self):
        return f"10.200.0.{10 + self.number}"

    @property
    def pod_network(self):
        return f"10.244.{self.number}.0/24"

    @property
    def link(self):
        """The machine's cable, as the host sees it (at most 15 characters)."""
        return f"gkc-{self.number}"

    @property
    def directory(self):
        return DIRECTORY / self.name


CONTROL_PLANE = Machine("control-plane", 0)
NODES = (Machine("node-1", 1), Machine("node-2", 2))
MACHINES = (CONTROL_PLANE, *NODES)

API = f"https://{CONTROL_PLANE.address}:6443"


def machine(name):
    """The machine of that name; names of people's commands come here. KeyError when there is none."""
    return {m.name: m for m in MACHINES}[name]
