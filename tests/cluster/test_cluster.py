#!/usr/bin/python3
"""The test cluster keeps what docs/guide/test-cluster.md promises. Needs root and a few minutes; starts the cluster and ends it.

    tests/cluster/test_cluster.py [Class.test]      GK_CLUSTER_WITH=dns,storage,metrics for all add-ons
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import counted

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / "tools" / "cluster"
sys.path.insert(0, str(TOOLS))

import machines  # noqa: E402

CONTROL_PLANE = machines.DIRECTORY / "control-plane"
ADDONS = os.environ.get("GK_CLUSTER_WITH", "dns,storage")
SHELL = "gamekeeper.local/shell:1"
RESTRICTED = {
    "runAsNonRoot": True, "runAsUser": 61000, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
}


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def tool(name, *arguments, **options):
    return run(TOOLS / name, *arguments, **options)


def environment():
    lines = re.findall(r"^export (\w+)=(.*)$", tool("env").stdout, re.MULTILINE)
    return {name: value.replace("$PATH", os.environ["PATH"]) for name, value in lines}


def kubectl(*arguments, check=True, **options):
    return run("kubectl", *arguments, check=check, env=dict(os.environ, **environment()), **options)


def apply(*objects):
    return kubectl("apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def eventually(condition, seconds=60):
    """The first true result of the condition."""
    return machines.wait_for(condition, seconds, "it did not happen")


def child_of(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


def state_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def pod(name, *command, namespace="default", labels=None, node=None, ports=(), security=None):
    container = {"name": "main", "image": SHELL, "imagePullPolicy": "Never", "command": list(command) or None, "ports": list(ports),
                 "securityContext": security or {}}
    specification = {"containers": [container], "terminationGracePeriodSeconds": 0}
    if node:
        specification["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, "spec": specification}


def web_server(text):
    return ("sh", "-c", f"mkdir -p /tmp/www && echo {text} >/tmp/www/index.html && exec httpd -f -p 8000 -h /tmp/www")


def phase(name, namespace="default"):
    return kubectl("-n", namespace, "get", "pod", name, "-o", "jsonpath={.status.phase}", check=False).stdout


def wait_running(*names, namespace="default"):
    for name in names:
        eventually(lambda name=name: phase(name, namespace) == "Running")


def page(address, port):
    return run("curl", "-s", "--max-time", "2", f"http://{address}:{port}/", check=False).stdout.strip()


def is_ready(node):
    reply = kubectl("get", "node", node, "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}").stdout
    return reply == "True"


def traces():
    """What a cluster can leave on its host: processes, mounts, links, cgroups, routes, firewall rules."""
    words = r"gk-cluster|gkc-|gamekeeper-cluster|kube|KUBE|CNI-|containerd|/etcd|machine-init"
    # A process that has ended may wait a while for the host's first process to take note of it; its name then stands in brackets.
    processes = [line for line in run("ps", "-eo", "args").stdout.splitlines() if re.match(r"[^[\s]*(etcd|containerd|kube|unshare|nsenter)", line)]
    cgroups = [str(p) for p in pathlib.Path("/sys/fs/cgroup").glob("*/gamekeeper-cluster*")]
    listings = [pathlib.Path("/proc/self/mountinfo").read_text(), run("ip", "link").stdout, run("ip", "route").stdout, run("iptables-save").stdout]
    folders = [p for p in ("/run/containerd", "/var/lib/kubelet", "/var/lib/cni", "/opt/containerd", "/usr/libexec/kubernetes") if os.path.exists(p)]
    return processes + cgroups + folders + [line for text in listings for line in text.splitlines() if re.search(words, line)]


class Cluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tool("down")
        cls.before = traces()
        print(tool("up", "--with", ADDONS).stdout, file=sys.stderr)

    @classmethod
    def tearDownClass(cls):
        tool("down")

    def tearDown(self):
        # An API server that does not answer is what some of these tests are about, and is no reason to stand still here.
        kubectl("delete", "pod,service,statefulset,pvc,namespace", "-l", "test=cluster", "-A", "--wait=false", "--request-timeout=20s", check=False)

    labels = {"test": "cluster"}

    def create(self, *objects):
        for item in objects:
            item["metadata"].setdefault("labels", {}).update(self.labels)
        apply(*objects)

    def remove(self, *names):
        kubectl("delete", "pod", *names, "--force", "--grace-period=0", check=False)

    def test_a_second_up_changes_nothing(self):
        before = tool("status").stdout

        said = tool("up", "--with", ADDONS).stdout

        self.assertIn("already up", said)
        self.assertEqual(re.findall(r"pid \d+", tool("status").stdout), re.findall(r"pid \d+", before))

    def test_a_pod_with_a_present_image_runs_within_five_seconds(self):
        begun = time.monotonic()
        self.create(pod("quick", "sleep", "1000"))

        wait_running("quick")

        took = time.monotonic() - begun
        print(f"pod Running after {took:.2f} s", file=sys.stderr)
        self.assertLess(took, 5)

    def test_a_host_port_and_a_node_port_are_reachable_from_outside(self):
        self.create(
            pod("web", *web_server("hello"), node="node-2", labels={"app": "web"}, ports=[{"containerPort": 8000, "hostPort": 30999}]),
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
             "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8000, "nodePort": 30080}]}},
        )
        wait_running("web")

        eventually(lambda: page("10.200.0.12", 30999) == "hello")
        eventually(lambda: page("10.200.0.11", 30080) == "hello")
        eventually(lambda: page("10.200.0.12", 30080) == "hello")

    def test_logs_and_exec_reach_pods_of_both_nodes(self):
        for node in ("node-1", "node-2"):
            self.create(pod(f"at-{node}", "sh", "-c", "echo here; sleep 1000", node=node))
            wait_running(f"at-{node}")

            self.assertEqual(eventually(lambda node=node: kubectl("logs", f"at-{node}", check=False).stdout), "here\n")
            self.assertEqual(kubectl("exec", f"at-{node}", "--", "hostname").stdout.strip(), f"at-{node}")

    def test_names_of_services_resolve_in_pods_of_both_nodes(self):
        for node in ("node-1", "node-2"):
            self.create(pod(f"asks-{node}", "sleep", "1000", node=node))
            wait_running(f"asks-{node}")

            said = kubectl("exec", f"asks-{node}", "--", "nslookup", "kubernetes.default.svc.cluster.local").stdout

            self.assertIn("10.96.0.1", said)

    def test_a_stateful_set_gets_its_claim_and_keeps_what_it_wrote(self):
        claim = {"metadata": {"name": "world"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Mi"}}}}
        container = {"name": "main", "image": SHELL, "imagePullPolicy": "Never", "command": ["sh", "-c", "echo x >>/world/starts; exec sleep 1000"],
                     "securityContext": RESTRICTED, "volumeMounts": [{"name": "world", "mountPath": "/world"}]}
        template = {"metadata": {"labels": {"app": "keeps", **self.labels}},
                    "spec": {"containers": [container], "securityContext": {"fsGroup": 61000}, "terminationGracePeriodSeconds": 0}}
        self.create({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "keeps"},
                     "spec": {"selector": {"matchLabels": {"app": "keeps"}}, "serviceName": "keeps", "template": template,
                              "volumeClaimTemplates": [claim]}})
        wait_running("keeps-0")
        self.remove("keeps-0")

        eventually(lambda: kubectl("exec", "keeps-0", "--", "cat", "/world/starts", check=False).stdout == "x\nx\n")

        self.assertEqual(kubectl("get", "pvc", "world-keeps-0", "-o", "jsonpath={.status.phase}").stdout, "Bound")

    def test_an_image_made_of_a_folder_runs_on_both_nodes(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(f"{folder}/bin")
            shutil.copy("/bin/busybox", f"{folder}/bin/busybox")
            run(ROOT / "tools" / "images", "own", "--import", "--folder", folder, "--entrypoint", "/bin/busybox", "sleep", "1000")
        for node in ("node-1", "node-2"):
            own = pod(f"own-{node}", node=node)
            own["spec"]["containers"][0]["image"] = "gamekeeper.local/own:1"
            self.create(own)

        wait_running("own-node-1", "own-node-2")

    def test_a_game_server_from_debian_runs_without_rights(self):
        run(ROOT / "tools" / "images", "debian-teeworlds", "--import", "--packages", "teeworlds-server",
            "--entrypoint", "/usr/games/teeworlds-server")
        game = pod("tee", "/usr/games/teeworlds-server", "sv_port 8303", security=RESTRICTED)
        # It refuses to start where it cannot make its folder in HOME.
        game["spec"]["volumes"] = [{"name": "home", "emptyDir": {}}]
        game["spec"]["containers"][0].update({
            "image": "gamekeeper.local/debian-teeworlds:1", "env": [{"name": "HOME", "value": "/home"}],
            "volumeMounts": [{"name": "home", "mountPath": "/home"}]})
        self.create(game)

        eventually(lambda: "[server]: starting..." in kubectl("logs", "tee", check=False).stdout)
        self.assertEqual(phase("tee"), "Running")

    def test_a_restricted_namespace_refuses_root(self):
        self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": "strict", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
        eventually(lambda: kubectl("-n", "strict", "get", "serviceaccount", "default", check=False).returncode == 0)

        refused = kubectl("apply", "-f", "-", input=json.dumps(pod("bad", "sleep", "1", namespace="strict")), check=False)
        self.create(pod("good", "sleep", "1000", namespace="strict", security=RESTRICTED))

        self.assertIn("violates PodSecurity", refused.stderr)
        wait_running("good", namespace="strict")

    def test_a_node_that_is_cut_off_is_not_ready_and_comes_back(self):
        begun = time.monotonic()
        tool("node", "cut", "node-2")
        try:
            eventually(lambda: not is_ready("node-2"), 60)
            print(f"not Ready after {time.monotonic() - begun:.1f} s", file=sys.stderr)
        finally:
            tool("node", "mend", "node-2")

        eventually(lambda: is_ready("node-2"), 60)

    def test_up_repairs_what_was_killed(self):
        for machine, *part in (("control-plane", "kube-apiserver"), ("node-1", "kubelet"), ("node-2",)):
            tool("node", "kill", machine, *part)
        self.assertEqual(tool("status", check=False).returncode, 1)
        # The kernel may take its time with the cable of a machine that is dead: here is one that stays.
        eventually(lambda: run("ip", "link", "add", "gkc-2", "type", "veth", "peer", "name", "gkc-2-old", check=False).returncode == 0)

        self.check_whole()

    def check_whole(self):
        tool("up", "--with", ADDONS)
        eventually(lambda: is_ready("node-1") and is_ready("node-2"))
        self.assertEqual(tool("status").returncode, 0)

    def refused(self, words):
        """The cure that `up` knows when it says this and gives up at once."""
        begun = time.monotonic()
        done = tool("up", "--with", ADDONS, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(words, done.stderr)
        self.assertLess(time.monotonic() - begun, 30, "it waited for what could not come")
        return done.stderr.splitlines()[-1]

    def test_up_says_which_port_of_a_machine_is_in_use_and_by_whom(self):
        tool("node", "kill", "control-plane", "kube-scheduler")
        listen = "import signal, socket; it = socket.create_server(('', 10259)); print('listens', flush=True); signal.pause()"
        busy = subprocess.Popen([TOOLS / "node", "run", "control-plane", "python3", "-c", listen], stdout=subprocess.PIPE, text=True)
        self.addCleanup(busy.communicate)
        self.addCleanup(lambda: busy.poll() is None and os.kill(child_of(busy.pid), signal.SIGKILL))
        self.assertEqual(busy.stdout.readline(), "listens\n")

        cure = self.refused("port 10259 of control-plane, which kube-scheduler needs, is in use by python3 (pid ")

        run(*cure.removeprefix("end it: ").split())
        busy.wait(10)
        self.check_whole()

    def test_up_says_what_stands_still(self):
        for harm, cure, what, complaint in (("freeze", "thaw", "control-plane etcd", "etcd on control-plane was stopped by a signal"),
                                            ("cut", "mend", "node-2", "node-2 is cut off: its cable gkc-2 is pulled")):
            tool("node", harm, *what.split())
            try:
                self.assertEqual(self.refused(complaint), f"tools/cluster/node {cure} {what}")
            finally:
                tool("node", cure, *what.split())
            self.check_whole()

    def test_up_does_not_wait_for_what_has_ended(self):
        tool("node", "kill", "control-plane", "kube-apiserver")
        key = CONTROL_PLANE / "pki" / "apiserver.key"
        text = key.read_text()
        key.write_text("no key\n")  # `up` takes the files from where it made them; `start` what is there.
        try:
            done = tool("node", "start", "control-plane", check=False)
        finally:
            key.write_text(text)
        self.check_whole()

        self.assertIn("kube-apiserver on control-plane has ended", done.stderr)
        self.assertIn("PEM data in key", done.stderr, "the end of its log")

    def test_metrics_of_nodes_are_measured(self):
        if "metrics" not in ADDONS:
            self.skipTest("the cluster was started without metrics")
        eventually(lambda: "node-2" in kubectl("top", "nodes", check=False).stdout, 90)


class Machines(unittest.TestCase):
    """Without the cluster: a machine of nothing but a process that sleeps."""

    def test_a_machine_ends_although_something_in_it_was_stopped(self):
        machine = subprocess.Popen(["unshare", "--pid", "--mount", "--net", "--uts", "--fork", "--mount-proc", "sleep", "300"])
        init = eventually(lambda: child_of(machine.pid))
        inside = subprocess.Popen(["nsenter", "--target", str(init), *machines.KINDS, "--", "sleep", "300"], start_new_session=True)
        program = eventually(lambda: child_of(inside.pid))
        os.kill(program, signal.SIGSTOP)
        eventually(lambda: state_of(inside.pid) == "T")

        machines.destroy("toy", init)

        self.assertNotEqual(inside.wait(10), 0)
        machine.wait(10)


class Refused(unittest.TestCase):
    """Where no cluster can run, `up` says so at once, with the cure, and changes nothing."""

    @classmethod
    def setUpClass(cls):
        tool("down")

    def check_refused(self, complaint, cure, *before, **environment):
        traces_before = traces()
        done = run(*before, TOOLS / "up", check=False, env=dict(os.environ, **environment))
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stderr, complaint)
        self.assertIn(cure, done.stderr)
        self.assertEqual(traces(), traces_before)

    def test_a_right_that_is_missing(self):
        for right in ("SYS_ADMIN", "NET_ADMIN"):
            self.check_refused(f"this root has no CAP_{right}", "--privileged", "setpriv", f"--bounding-set=-{right.lower()}")

    def test_a_disk_that_is_full(self):
        disk = tempfile.mkdtemp()
        self.addCleanup(os.rmdir, disk)
        run("mount", "-t", "tmpfs", "-o", "size=64m", "none", disk)
        self.addCleanup(run, "umount", disk)

        self.check_refused(rf"{disk}/cluster: \d+ MiB are free there, and the cluster needs \d+", "GK_CLUSTER_DIR=",
                           GK_CLUSTER_DIR=f"{disk}/cluster")

        self.assertEqual(os.listdir(disk), [])

    def test_a_network_that_somebody_else_has(self):
        run("ip", "link", "add", "gk-test-taken", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "gk-test-taken")
        run("ip", "link", "set", "gk-test-taken", "up")
        run("ip", "route", "add", "10.200.0.0/24", "dev", "gk-test-taken")

        self.check_refused("the network 10.200.0.0/24 is in use by link gk-test-taken", "ip route show 10.200.0.0/24")


class Down(unittest.TestCase):
    def test_down_leaves_nothing(self):
        tool("down")
        before = traces()
        tool("up", "--with", "none")
        apply(pod("left", "sleep", "1000", ports=[{"containerPort": 1, "hostPort": 30998}]))
        wait_running("left")
        self.assertNotEqual(traces(), before)

        tool("down")

        self.assertEqual(traces(), before)
        self.assertFalse(os.path.exists(os.environ.get("GK_CLUSTER_DIR", "/var/lib/gamekeeper-cluster")))
        self.assertIn("not running", tool("down").stdout)

    def test_another_directory_is_told_of_the_cluster_that_runs(self):
        tool("up", "--with", "none")

        refused = tool("up", check=False, env=dict(os.environ, GK_CLUSTER_DIR="/var/lib/gamekeeper-cluster-other"))

        tool("down")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("another test cluster runs", refused.stderr)


if __name__ == "__main__":
    counted.main()
