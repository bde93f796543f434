"""Parts of the bench that need no installation: programs of ours that measure themselves, and the build."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import harness
from figures import ROOT, figure

RUNS = 3


class ProgramParts(unittest.TestCase):
    def stores(self):
        runs = [{line["callers"]: line for line in self.lines_of("gk_bench_stores", folder)} for folder, _ in zip(self.folders(), range(RUNS))]
        for callers in runs[0]:
            how = f"gk_bench_stores, {callers} callers at once, a file of its own in a temporary directory"
            yield figure(f"durable write, {callers} callers, p50", [run[callers]["p50_ms"] for run in runs], "ms", how)
            yield figure(f"durable write, {callers} callers", [run[callers]["changes_per_s"] for run in runs], "changes/s", how, better="more")

    def use_cases(self):
        lines = {line["what"]: line for line in self.lines_of("gk_bench_api", next(self.folders()))}
        for what, line in lines.items():
            how = f"gk_bench_api: {what}, {line['count']} times, the use case over SQLite and the JSON, without HTTP"
            yield figure(f"in process: {what}, p50", [line["p50_ms"]], "ms", how)
            yield figure(f"in process: {what}, processor", [line["cpu_p50_ms"]], "ms", how + "; processor time")

    def simulator(self):
        runs = [next(iter(self.lines_of("gk_bench_sim", "100"))) for _ in range(RUNS)]
        how = f"gk_bench_sim: {runs[0]['seeds']} seeds of 15 simulated minutes and their rest, {runs[0]['events']} events; processor time"
        yield figure("simulator", [run["events_per_s"] for run in runs], "events/s", how, 50_000, better="more")

    def build(self):
        """From nothing, without a cache, then with one changed source: takes some minutes."""
        folder = next(self.folders())
        environment = os.environ | {"CCACHE_DISABLE": "1"}
        begun = time.monotonic()
        self.run_quietly(["cmake", "--preset", "dev", "-B", folder], environment)
        self.run_quietly(["cmake", "--build", folder, "--parallel", str(os.cpu_count())], environment)
        how = f"cmake and all targets on {os.cpu_count()} processors, no ccache"
        yield figure("clean dev build", [(time.monotonic() - begun) / 60], "min", how, 12)
        sources = [ROOT / "src" / name for name in ("app/keeper/round.cpp", "api/render.cpp", "launcher/game.cpp")]
        times = [self.rebuild(folder, source, environment) for source in sources]
        yield figure("one changed source, rebuilt and linked", times, "s", "touch of a source, then the program gamekeeper; median of three", 15)

    def rebuild(self, folder, source, environment):
        as_it_was = source.stat()
        source.touch()
        try:
            begun = time.monotonic()
            self.run_quietly(["cmake", "--build", folder, "--target", "gamekeeper"], environment)
            return time.monotonic() - begun
        finally:
            os.utime(source, ns=(as_it_was.st_atime_ns, as_it_was.st_mtime_ns))

    def folders(self):
        while True:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="gk-bench-"))
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            yield folder

    def lines_of(self, program, *arguments):
        text = subprocess.run([harness.BIN / program, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
        return [json.loads(line) for line in text.splitlines()]

    def run_quietly(self, command, environment):
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
