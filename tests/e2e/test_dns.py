#!/usr/bin/python3
"""The edge as the authoritative name server of a zone: asked by drill, and by a real resolver (unbound) on the way to it."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import harness
import test_wake
from edge_program import PATIENCE, Edge, free_for_both

RESOLVER = """
server:
    interface: 127.0.0.1@{port}
    do-daemonize: no
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    num-threads: 1
    do-not-query-localhost: no
    module-config: "iterator"
    access-control: 127.0.0.0/8 allow
    qname-minimisation: yes
    use-caps-for-id: yes
remote-control:
    control-enable: no
stub-zone:
    name: example.org
    stub-addr: 127.0.0.1@{authority}
"""


def castle(**more):
    return {"name": "castle.example.org", "addresses": ["203.0.113.7", "2001:db8::7"], "server": "castle", "state": "asleep",
            "services": [{"name": "_minecraft._tcp", "port": 25565}], "rule": {"knocks_needed": 1}, **more}


def zone(*names):
    server = {"name": "ns.example.org", "addresses": ["127.0.0.1"]}
    return {"origin": "example.org", "contact": "hostmaster.example.org", "name_servers": ["ns.example.org"], "serial": 7,
            "names": [server, *names]}


class Asking:
    """Asks the edge, which answers at `port`."""

    def drill(self, *words, port=None):
        """Its whole answer. drill prints records as "name ttl class type data"."""
        command = ["drill", "-p", str(port or self.port), *words, "@127.0.0.1"]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout

    def records(self, *words, port=None):
        answer = self.drill(*words, port=port).partition("ANSWER SECTION:")[2].partition(";;")[0]
        return sorted(" ".join(line.split()) for line in answer.splitlines() if line.strip())


class Names(Asking, unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gk-dns-")))
        self.port = free_for_both()

    def table(self, *names):
        return {"dns": [f"127.0.0.1:{self.port}"], "zones": [zone(*names)]}

    def edge(self, *names):
        edge = Edge(self.folder, self.table(*names))
        self.addCleanup(edge.end)
        self.assertTrue(edge.is_ready())
        edge.hear("routes were taken")
        return edge

    def resolver(self):
        """A resolver that everybody might use, and the port where it listens."""
        port = free_for_both()
        file = self.folder / "unbound.conf"
        file.write_text(RESOLVER.format(port=port, authority=self.port))
        process = subprocess.Popen([shutil.which("unbound") or "/usr/sbin/unbound", "-d", "-c", file], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.terminate)
        for line in process.stderr:
            if "start of service" in line:
                return port
        raise AssertionError("unbound ended")

    def test_says_what_a_zone_holds(self):
        self.edge(castle())
        self.assertEqual(self.records("castle.example.org", "A"), ["castle.example.org. 5 IN A 203.0.113.7"])
        # By stream: strangers get but a few whole answers a second by datagram.
        self.assertEqual(self.records("-t", "castle.example.org", "AAAA"), ["castle.example.org. 5 IN AAAA 2001:db8::7"])
        self.assertEqual(self.records("-t", "_minecraft._tcp.castle.example.org", "SRV"),
                         ["_minecraft._tcp.castle.example.org. 5 IN SRV 0 0 25565 castle.example.org."])
        self.assertEqual(self.records("-t", "example.org", "NS"), ["example.org. 300 IN NS ns.example.org."])
        self.assertEqual(self.records("-t", "example.org", "SOA"),
                         ["example.org. 5 IN SOA ns.example.org. hostmaster.example.org. 7 7200 900 1209600 5"])
        self.assertIn("flags: qr aa rd ;", self.drill("-t", "castle.example.org", "A"))

    def test_says_what_there_is_not(self):
        self.edge(castle())
        nothing = self.drill("-t", "castle.example.org", "TXT")
        self.assertIn("rcode: NOERROR", nothing)
        self.assertRegex(nothing, r"AUTHORITY SECTION:\nexample\.org\.\s+5\s+IN\s+SOA")
        self.assertIn("rcode: NXDOMAIN", self.drill("-t", "tower.example.org", "A"))
        self.assertIn("rcode: REFUSED", self.drill("-t", "example.com", "A"))

    def test_answers_by_stream_and_with_edns(self):
        self.edge(castle())
        self.assertEqual(self.records("-t", "castle.example.org", "A"), ["castle.example.org. 5 IN A 203.0.113.7"])
        self.assertIn("udp: 1232", self.drill("-b", "4096", "castle.example.org", "A"))

    def test_a_question_for_a_name_wakes_its_server_once(self):
        edge = self.edge(castle())
        resolver = self.resolver()
        self.assertEqual(self.records("castle.example.org", "AAAA", port=resolver), ["castle.example.org. 5 IN AAAA 2001:db8::7"])
        said = edge.hear("a player knocked")
        self.assertIn('"server":"castle"', said)
        for _ in range(10):
            self.records("-t", "castle.example.org", "A")
        edge.write({"number": 2, **self.table(castle(state="up"))})
        edge.process.send_signal(signal.SIGHUP)
        knocks = 1
        while "a player knocked" in edge.hear("a player knocked", "routes were taken"):
            knocks += 1
        self.assertLessEqual(knocks, os.cpu_count(), "each loop asks once until it is told more")

    def test_a_resolver_finds_a_server_by_its_service(self):
        self.edge(castle())
        found = self.records("_minecraft._tcp.castle.example.org", "SRV", port=self.resolver())
        self.assertRegex(found[0], r"SRV 0 0 25565 castle\.example\.org\.$")

    def test_who_is_up_is_remembered_for_longer(self):
        edge = self.edge(castle(state="up", rule=None))
        self.assertEqual(self.records("-t", "castle.example.org", "A"), ["castle.example.org. 60 IN A 203.0.113.7"])
        said = edge.read_again({"number": 2, **self.table(castle())})
        self.assertIn("routes were taken", said)
        self.assertEqual(self.records("-t", "castle.example.org", "A"), ["castle.example.org. 5 IN A 203.0.113.7"])

    def test_by_both_families(self):
        edge = Edge(self.folder, {"dns": [f"[::]:{self.port}"], "zones": [zone(castle())]})
        self.addCleanup(edge.end)
        self.assertTrue(edge.is_ready())
        self.assertEqual(self.records("castle.example.org", "A"), ["castle.example.org. 5 IN A 203.0.113.7"])
        six = subprocess.run(["drill", "-p", str(self.port), "castle.example.org", "A", "@::1"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertIn("203.0.113.7", six.stdout)


class OfTheControlPlane(Asking, test_wake.WakeCase):
    """A domain that is delegated to the edge of an installation: its worlds have names there by themselves."""

    def installation(self):
        self.port = free_for_both()
        self.settings = {**test_wake.WakeCase.settings, "EDGE_ZONE": "play.example.org", "EDGE_ADDRESSES": "203.0.113.7, 2001:db8::7",
                         "EDGE_NAME_SERVERS": "ns.play.example.org, ns.example.net", "EDGE_DNS": f"127.0.0.1:{self.port}", "EDGE_DNS_WAKES": "castle"}
        return super().installation()

    def test_each_world_has_its_name_and_a_question_wakes_only_the_one_that_may_be(self):
        for name in ("castle", "tower"):
            self.put_to_sleep(name, "teeworlds")
        self.assertEqual(self.records("-t", "tower.play.example.org", "A"), ["tower.play.example.org. 5 IN A 203.0.113.7"])
        self.assertEqual(self.records("-t", "tower.play.example.org", "AAAA"), ["tower.play.example.org. 5 IN AAAA 2001:db8::7"])
        self.assertEqual(self.records("-t", "ns.play.example.org", "A"), ["ns.play.example.org. 300 IN A 203.0.113.7"])
        self.assertEqual(self.records("-t", "play.example.org", "NS"),
                         ["play.example.org. 300 IN NS ns.example.net.", "play.example.org. 300 IN NS ns.play.example.org."])
        self.assertRegex(self.records("-t", "play.example.org", "SOA")[0], r"SOA ns\.play\.example\.org\. hostmaster\.play\.example\.org\. \d{10} ")
        self.assertIn("rcode: NXDOMAIN", self.drill("-t", "nobody.play.example.org", "A"))
        before = len(self.starts("castle"))

        self.records("castle.play.example.org", "A")
        self.api.wait_for_state("castle", "running", 60)
        self.wait_for_route("castle", "up")

        self.assertEqual(self.records("-t", "castle.play.example.org", "A"), ["castle.play.example.org. 60 IN A 203.0.113.7"])
        self.assertEqual(len(self.starts("castle")), before + 1)
        self.assertEqual(self.api.server("tower")["state"], "paused")
        self.api.verb("tower", "stop")
        self.api.wait_until(lambda: "rcode: NXDOMAIN" in self.drill("-t", "tower.play.example.org", "A"), "what is switched off has no name")


if __name__ == "__main__":
    harness.main()
