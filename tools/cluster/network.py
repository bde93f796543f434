"""The cables: one bridge on the host, one pair of virtual links per machine. The host itself gets the bridge, its address and three
routes, no firewall rule; everything else lies in the machines' network namespaces and ends with them."""

import json
import pathlib
import subprocess

import machines
from report import Failure
from settings import BRIDGE, CONTROL_PLANE, HOST_ADDRESS, MACHINE_NETWORK, MACHINES, NODES, SERVICE_NETWORK


def ip(*arguments):
    done = subprocess.run(["ip", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"ip {' '.join(map(str, arguments))}: {done.stderr.strip()}")
    return done.stdout


def link_exists(name):
    return subprocess.run(["ip", "link", "show", name], capture_output=True).returncode == 0


def check_addresses_are_free():
    for network in (MACHINE_NETWORK, SERVICE_NETWORK, *(node.pod_network for node in NODES)):
        for route in json.loads(ip("-json", "route", "show", "exact", network) or "[]"):
            if route["dev"] != BRIDGE:
                raise Failure(f"the network {network} is in use by link {route['dev']}", f"the cluster needs it: see 'ip route show {network}'")


def make_bridge():
    if not link_exists(BRIDGE):
        ip("link", "add", BRIDGE, "type", "bridge")
    ip("address", "replace", f"{HOST_ADDRESS}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")
    for network, gateway in routes(None):
        ip("route", "replace", network, "via", gateway, "dev", BRIDGE)


def routes(machine):
    """(network, gateway) for a machine, or for the host: pods by their node; services by the first node, whose kube-proxy knows them."""
    for node in NODES:
        if node != machine:
            yield node.pod_network, node.address
    if machine in (None, CONTROL_PLANE):
        yield SERVICE_NETWORK, NODES[0].address


def is_attached(init):
    """Whether attach() came to its end for the machine of that first process; its cable may be pulled since."""
    lines = pathlib.Path(f"/proc/{init}/net/route").read_text().splitlines()
    return any(line.split()[:2] == ["eth0", "00000000"] for line in lines)


def attach(machine, init):
    """Gives a machine its link to the bridge, address and routes. Does nothing when it has that, up or cut."""
    if is_attached(init):
        return
    delete_link(machine.link)  # Half made, or of a machine that is dead: the kernel takes that away when it finds the time.
    ip("link", "add", machine.link, "master", BRIDGE, "type", "veth", "peer", "name", "eth0", "netns", str(init))
    ip("link", "set", machine.link, "up")
    machines.run(machine, ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"])
    lines = ["link set lo up", f"address add {machine.address}/24 dev eth0", "link set eth0 up"]
    lines += [f"route add {network} via {gateway}" for network, gateway in routes(machine)]
    lines += [f"route add default via {HOST_ADDRESS}"]  # The last, as is_attached() looks for it.
    machines.run(machine, ["ip", "-batch", "-"], input="\n".join(lines) + "\n")


def cut(machine):
    ip("link", "set", machine.link, "down")


def mend(machine):
    ip("link", "set", machine.link, "up")


def is_cut(machine):
    return link_exists(machine.link) and not json.loads(ip("-json", "link", "show", machine.link))[0]["flags"].count("UP")


def remove():
    """Machines take their links with them; what is left is the bridge, and links of machines that died half made."""
    for name in [machine.link for machine in MACHINES] + [BRIDGE]:
        delete_link(name)


def delete_link(name):
    """Unless there is none."""
    subprocess.run(["ip", "link", "delete", name], capture_output=True)
