"""The cables: one bridge on the host, one pair of virtual links per machine. The host itself gets the bridge, its address and three
routes, no firewall rule; everything else lies in the machines' network namespaces and ends with them."""

import json
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


def attach(machine, init):
    """Gives a machine its link to the bridge, address and routes. Does nothing when its link is there, up or cut."""
    if link_exists(machine.link):
        return
    ip("link", "add", machine.link, "master", BRIDGE, "type", "veth", "peer", "name", "eth0", "netns", str(init))
    ip("link", "set", machine.link, "up")
    lines = ["link set lo up", f"address add {machine.address}/24 dev eth0", "link set eth0 up", f"route add default via {HOST_ADDRESS}"]
    lines += [f"route add {network} via {gateway}" for network, gateway in routes(machine)]
    machines.run(machine, ["ip", "-batch", "-"], input="\n".join(lines) + "\n")
    machines.run(machine, ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"])


def cut(machine):
    ip("link", "set", machine.link, "down")


def mend(machine):
    ip("link", "set", machine.link, "up")


def is_cut(machine):
    return not json.loads(ip("-json", "link", "show", machine.link))[0]["flags"].count("UP")


def remove():
    """Machines take their links with them; what is left is the bridge, and links of machines that died half made."""
    for name in [machine.link for machine in MACHINES] + [BRIDGE]:
        if link_exists(name):
            subprocess.run(["ip", "link", "delete", name], capture_output=True)
