"""NetworkPolicies, made to count for one pod: the test cluster's network enforces none, so this writes what they say as firewall rules into the pod's
own network namespace. Knows as much of them as our chart says, and refuses the rest."""

import ipaddress
import json
import os
import pathlib
import subprocess

from harness import kubectl


def listed(kind, *words):
    return json.loads(kubectl("get", kind, *words, "-o", "json").stdout)["items"]


def labels(item):
    return item["metadata"].get("labels", {})


def selects(selector, item):
    have = labels(item)
    if any(have.get(name) != text for name, text in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        fits = {"Exists": rule["key"] in have, "NotIn": have.get(rule["key"]) not in rule.get("values", [])}
        if not fits[rule["operator"]]:
            return False
    return True


def process_of(pod):
    """A process of the pod, as this machine numbers it."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if f"pod{pod['metadata']['uid']}" in pathlib.Path(f"/proc/{entry}/cgroup").read_text():
                return int(entry)
        except OSError:
            continue  # It has just ended.
    raise AssertionError(f"no process of pod {pod['metadata']['name']} on this machine")


def inside(pod, *command):
    """A command of this machine in the pod's network."""
    return subprocess.run(["nsenter", f"--net=/proc/{process_of(pod)}/ns/net", *map(str, command)], capture_output=True, text=True)


def reaches(pod, address, port):
    """A TCP connection from there comes about."""
    script = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
    return inside(pod, "/usr/bin/python3", "-c", script, address, port).returncode == 0


class Walls:
    """All that the policies of the pod's namespace say of it, as things are now: pods that come later are not known."""

    def __init__(self, pod):
        self.pod, self.space = pod, pod["metadata"]["namespace"]
        self.pods, self.services, self.spaces = listed("pods", "-A"), listed("services", "-A"), listed("namespaces")
        mine = [it["spec"] for it in listed("networkpolicies", "-n", self.space) if selects(it["spec"]["podSelector"], pod)]
        for chain, kind, way, loop in (("INPUT", "Ingress", "ingress", "-i"), ("OUTPUT", "Egress", "egress", "-o")):
            rules = [rule for spec in mine if kind in spec["policyTypes"] for rule in spec.get(way, [])]
            if any(kind in spec["policyTypes"] for spec in mine):
                self.wall(chain, loop, rules)

    def iptables(self, *words):
        done = inside(self.pod, "iptables", *words)
        assert done.returncode == 0, f"iptables {' '.join(map(str, words))}: {done.stderr}"

    def wall(self, chain, loop, rules):
        self.iptables("-A", chain, loop, "lo", "-j", "ACCEPT")
        self.iptables("-A", chain, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT")
        far = "-s" if chain == "INPUT" else "-d"
        for number, rule in enumerate(rules):
            name = f"{chain}-{number}"
            self.iptables("-N", name)
            self.iptables("-A", chain, "-j", name)
            peers = rule.get("from" if chain == "INPUT" else "to")
            for network, without in self.networks(peers):
                for port in rule["ports"]:
                    what = ("-p", port["protocol"].lower(), "--dport", f"{port['port']}:{port.get('endPort', port['port'])}")
                    for hole in without:
                        self.iptables("-A", name, far, hole, *what, "-j", "RETURN")
                    self.iptables("-A", name, far, network, *what, "-j", "ACCEPT")
        self.iptables("-A", chain, "-j", "REJECT")  # A network that enforces them drops instead; so nobody need wait here.

    def networks(self, peers):
        """Pairs of a network and of what is taken out of it."""
        if peers is None:
            yield "0.0.0.0/0", []
        for peer in peers or []:
            if "ipBlock" in peer:
                block = peer["ipBlock"]
                if ipaddress.ip_network(block["cidr"]).version == 4:
                    yield block["cidr"], block.get("except", [])
                continue
            yield from ((f"{address}/32", []) for address in self.addresses(peer))

    def addresses(self, peer):
        """Of pods, and of Services that lead to them: a pod's network sees the Service's."""
        wanted = peer.get("namespaceSelector")
        spaces = {self.space} if wanted is None else {it["metadata"]["name"] for it in self.spaces if selects(wanted, it)}
        pods = [it for it in self.pods if it["metadata"]["namespace"] in spaces and selects(peer.get("podSelector", {}), it)]
        for it in pods:
            yield from ([it["status"]["podIP"]] if it["status"].get("podIP") else [])
        for service in self.services:
            selector = {"matchLabels": service["spec"].get("selector", {})}
            address = service["spec"].get("clusterIP", "None")
            leads_there = any(it["metadata"]["namespace"] == service["metadata"]["namespace"] and selects(selector, it) for it in pods)
            if selector["matchLabels"] and address != "None" and leads_there:
                yield address

