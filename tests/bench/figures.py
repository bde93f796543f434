"""What becomes of samples: figures with their goals, a table of them, and a line of JSON for each (bench/results/README.md says what is in it)."""

import json
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VERDICT = {None: "", True: "yes", False: "NO"}


def share(samples, part):
    """The smallest sample that at least this part of all, in per cent, does not exceed."""
    ranked = sorted(samples)
    return ranked[max(0, -(-len(ranked) * part // 100) - 1)]


def figure(name, samples, unit, how, goal=None, part=50, better="less"):
    """One figure: the given percentile of the samples."""
    value = share(samples, part)
    met = None if goal is None else value <= goal if better == "less" else value >= goal
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "better": better, "met": met, "how": how,
            "samples": {"count": len(samples), "least": round(min(samples), 3), "most": round(max(samples), 3)}}


def cpu_model():
    found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} x {found.group(1) if found else 'unknown'}"


def append(figures):
    results = ROOT / "bench/results"
    results.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    head = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit, "machine": cpu_model()}
    with open(results / f"{head['at'][:10]}.jsonl", "a", encoding="utf-8") as lines:
        for one in figures:
            lines.write(json.dumps(head | one) + "\n")


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def show(figures):
    """The table; true when every goal is met."""
    rows = [("figure", "value", "unit", "goal", "met", "least to most")]
    for one in figures:
        sign = "" if one["goal"] is None else f"{'<=' if one['better'] == 'less' else '>='} {one['goal']:,g}"
        samples = one["samples"]
        spread = f"{number(samples['least'])} to {number(samples['most'])} of {samples['count']}" if samples["count"] > 1 else ""
        rows.append((one["name"], number(one["value"]), one["unit"], sign, VERDICT[one["met"]], spread))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for name, value, unit, *rest in rows:
        line = [name.ljust(widths[0]), value.rjust(widths[1]), unit.ljust(widths[2]), *(text.ljust(width) for text, width in zip(rest, widths[3:]))]
        print("  ".join(line).rstrip())
    missed = [one["name"] for one in figures if one["met"] is False]
    if missed:
        print(f"\nMISSED {len(missed)} of {sum(one['met'] is not None for one in figures)} goals: {', '.join(missed)}")
    return not missed
