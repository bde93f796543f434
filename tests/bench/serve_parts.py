"""Parts of the bench that measure a running `gamekeeper serve`, each on an installation of its own that leaves nothing behind."""

import datetime
import pathlib
import shutil
import tempfile
import time

import harness
from figures import figure
from machine import children_of, cpu_seconds, free_port, load, proportional_mib, resident_mib, serve_by_nginx

SECONDS_OF_LOAD = 4
SECONDS_IDLE = 10
RUNS = 3


class ServeParts(harness.ToyCase):
    """Not tests, but they use a test's installation and its cleanliness. What a part yields is a figure."""

    settings = {"API_LISTEN": "", "PORTS_FIRST": 20000, "PORTS_LAST": 27999, "KEEPER_WORKERS": 8, "MACHINE_CPU_OVERCOMMIT": 50}

    def setUp(self):
        self.port = free_port()
        self.settings = {**type(self).settings, "API_LISTEN": f"127.0.0.1:{self.port}"}
        super().setUp()

    def http(self):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="gk-nginx-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        body = self.api.call("GET", "/healthz").text
        port = free_port()
        nginx = serve_by_nginx(body, port, directory)
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)
        self.api.wait_until(lambda: children_of(nginx.pid), "nginx has its worker", 10)

        # In turns, so that both see the same machine.
        runs = []
        for _ in range(RUNS):
            ours = load(f"http://127.0.0.1:{self.port}/healthz", [self.keeper.process.pid], SECONDS_OF_LOAD)
            theirs = load(f"http://127.0.0.1:{port}/", children_of(nginx.pid), SECONDS_OF_LOAD)
            runs.append((*ours, *theirs))
        how = f"wrk -t1 -c32, {SECONDS_OF_LOAD} s, in turns with nginx that serves the same bytes with one worker"
        yield figure("GET /healthz", [run[0] for run in runs], "requests/s", how, better="more")
        yield figure("nginx, same bytes", [run[2] for run in runs], "requests/s", how, better="more")
        yield figure("GET /healthz, processor time", [run[1] for run in runs], "us/request", how)
        yield figure("nginx, processor time", [run[3] for run in runs], "us/request", how)
        yield figure("processor time, ours to nginx", [run[1] / run[3] for run in runs], "times", how, 1.5)

    def catalog(self, count=1000):
        size = {"cpu_millis": 1, "memory_mib": 16, "disk_mib": 8}
        bodies = [{"id": f"s-{n}", "game": "toy", "resources": size} for n in range(count)]
        times = [self.milliseconds("POST", "/v1/servers", body) for body in bodies]
        how = f"POST /v1/servers of {count} servers, one at a time, through the socket; to the answer"
        yield figure("durable create, p50", times, "ms", how, 5)
        yield figure("durable create, p99", times, "ms", how, part=99)
        times = [self.milliseconds("GET", f"/v1/servers?limit={count}") for _ in range(200)]
        how = f"GET /v1/servers?limit={count} with {count} servers, 200 times, through the socket; to the last byte"
        yield figure(f"list of {count:,} servers, p50", times, "ms", how)
        yield figure(f"list of {count:,} servers, p99", times, "ms", how, 20, part=99)
        self.keeper.kill()  # They have nothing but records: no need to delete each.

    def start(self, count=20):
        times = [self.to_exec("POST", "/v1/servers", self.toy_body(f"new-{n}")) for n in range(count)]
        how = "from the request to the answer of the launch step, which comes behind the game's exec; toy servers, one at a time"
        yield figure("create --start to the game's exec, p50", times, "ms", how + "; with a fresh disk")
        yield figure("create --start to the game's exec, p99", times, "ms", how + "; with a fresh disk", part=99)
        names = [f"new-{n}" for n in range(count)]
        self.pause(names)
        times = [self.to_exec("POST", f"/v1/servers/{name}/start") for name in names]
        yield figure("start call to the game's exec, p50", times, "ms", how + "; with the disk there", 150)
        yield figure("start call to the game's exec, p99", times, "ms", how + "; with the disk there", part=99)

    def fleet(self, count=200):
        names = [f"toy-{n}" for n in range(count)]
        took, _ = self.all_at_once([("POST", "/v1/servers", self.toy_body(name)) for name in names])
        how = "all asked for at once; to the last one that is running"
        yield figure(f"{count} toy servers created and started, fresh disks", [took], "s", how)
        self.pause(names)
        took, finished = self.all_at_once([("POST", f"/v1/servers/{name}/start", None) for name in names])
        yield figure(f"{count} toy servers started, disks there", [took], "s", how, 20)
        launches = [step["ms"] for operation in finished for step in operation["steps"] if step["name"] == "launch"]
        yield figure("launch step among all of them, p50", launches, "ms", "steps of the operations")

        how = f"VmRSS with {count} servers running"
        yield figure("control plane, resident", [resident_mib(self.keeper.process.pid)], "MiB", how, 40)
        yield figure("launcher, resident", [resident_mib(self.launcher_pid())], "MiB", how)
        shims = self.shim_pids()
        self.assertEqual(len(shims), count)
        yield figure("shim, resident", [resident_mib(pid) for pid in shims], "MiB", "VmRSS, median of all shims", 2)
        yield figure("shim, its share", [proportional_mib(pid) for pid in shims], "MiB", "Pss, median of all shims", 2)

        times = [self.found_again() for _ in range(RUNS)]
        yield figure(f"{count} games found again after kill -9", times, "s", "from the start of serve to all of them shown as running", 2)

    def idle(self, count=20):
        self.all_at_once([("POST", "/v1/servers", self.toy_body(f"idle-{n}")) for n in range(count)])
        times = []
        for _ in range(RUNS):
            before = cpu_seconds([self.keeper.process.pid])
            self.assertFalse(self.keeper.ended(SECONDS_IDLE))
            times.append((cpu_seconds([self.keeper.process.pid]) - before) / SECONDS_IDLE * 100)
        yield figure(f"serve, idle with {count} servers", times, "% of a CPU", f"user and system time over {SECONDS_IDLE} s")

    def minetest(self):
        times = []
        for n in range(RUNS):
            begun = time.monotonic()
            self.create(f"world-{n}", "minetest")
            times.append(time.monotonic() - begun)
        how = "POST /v1/servers to the end of its operation, whose last step is the game's own readiness; with a new world"
        yield figure("create --start of minetest to running", times, "s", how)

    def milliseconds(self, method, path, body=None):
        begun = time.monotonic()
        reply = self.api.call(method, path, body)
        took = (time.monotonic() - begun) * 1000
        self.assertLess(reply.status, 300, reply.text)
        return took

    def to_exec(self, method, path, body=None):
        begun = time.time()
        operation = self.api.operate(method, path, body)
        launch = next(step for step in operation["steps"] if step["name"] == "launch")
        return (datetime.datetime.fromisoformat(launch["started_at"]).timestamp() - begun) * 1000 + launch["ms"]

    def all_at_once(self, requests):
        """Seconds until the last of these operations is done, and all of them."""
        begun = time.monotonic()
        finished = [self.api.finish(operation, 300) for operation in [self.api.begin(*request) for request in requests]]
        took = time.monotonic() - begun
        failed = [operation for operation in finished if operation["status"] != "succeeded"]
        self.assertEqual(failed, [])
        return took, finished

    def pause(self, names):
        """Without a backup: while the vault cannot be reached, a pause that is forced by name goes on. A save takes seconds, and is not measured."""
        vault = self.keeper.state / "vault"
        vault.mkdir(mode=0o700)  # Nothing was saved yet, so it is not there; of root, so that nothing can be.
        self.all_at_once([("POST", f"/v1/servers/{name}/pause", {"force": name}) for name in names])
        vault.rmdir()

    def toy_body(self, name):
        return {"id": name, "game": "toy", "start": True, "resources": {"cpu_millis": 100, "memory_mib": 64, "disk_mib": 64}}

    def launcher_pid(self):
        return next(pid for pid in children_of(self.keeper.process.pid) if "serve" in harness.command_line(pid))

    def shim_pids(self):
        lines = {pid: harness.command_line(pid) for pid in harness.pids()}
        return [pid for pid, line in lines.items() if line.split(" ")[0].endswith("gk-shim") and str(self.keeper.state) in line]

    def found_again(self):
        self.keeper.kill()
        begun = time.monotonic()
        self.keeper.start()
        self.api.wait_until(lambda: all(s["state"] == "running" for s in self.api.ask("GET", "/v1/servers?limit=1000")["items"]), "all are found", 60)
        return time.monotonic() - begun
