#!/usr/bin/python3
"""Dashboards, alert rules, the program and its documentation speak of the same metrics, with the same labels."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MONITORING = ROOT / "deploy/monitoring"
DASHBOARDS = sorted((MONITORING / "grafana").glob("*.json"))
ALERTS = MONITORING / "alerts.yaml"
GUIDE = (ROOT / "docs/guide/monitoring.md").read_text()
METRIC = re.compile(r"gamekeeper_[a-z_]+")


def exported():
    """Names that the program registers, by the kind of their family."""
    found = {}
    for source in (ROOT / "src/api").rglob("*metrics.cpp"):
        for kind, name in re.findall(r"Build(Counter|Gauge|Histogram)\(\)\s*\.Name\(\"([^\"]+)\"\)", source.read_text()):
            found[name] = kind.lower()
    return found


def documented():
    """Rows of the guide's table: name to kind and labels."""
    rows = re.findall(r"^\| `(gamekeeper_[a-z_]+)` \| (\w+) \|([^|]*)\|", GUIDE, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def series(kinds):
    """What a family is called in a query."""
    for name, kind in kinds.items():
        yield from (f"{name}_{part}" for part in ("bucket", "sum", "count")) if kind == "histogram" else (name,)


def alerts():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def queries():
    for board in DASHBOARDS:
        for panel in json.loads(board.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{board.name}: {panel['title']}", target["expr"]
    for rule in alerts():
        yield f"alerts.yaml: {rule['alert']}", rule["expr"]


class Monitoring(unittest.TestCase):
    def test_what_is_asked_for_is_exported(self):
        known = set(series(exported()))
        for where, expression in queries():
            for name in METRIC.findall(expression):
                self.assertIn(name, known, where)

    def test_what_is_exported_is_documented_and_the_other_way_round(self):
        self.assertEqual(exported(), {name: kind for name, (kind, _) in documented().items()})

    def test_what_is_exported_is_shown_on_a_dashboard(self):
        shown = {name for where, expression in queries() for name in METRIC.findall(expression)}
        for name, kind in exported().items():
            self.assertTrue(shown & set(series({name: kind})), name)

    def test_labels_are_those_of_the_metric(self):
        labels = {one: of for name, (kind, of) in documented().items() for one in series({name: kind})}
        for where, expression in queries():
            for name, chosen in re.findall(r"(gamekeeper_[a-z_]+)\{([^}]*)\}", expression):
                for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen):
                    self.assertIn(label, labels[name], where)
            asked = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in re.findall(r"\w+", group)} - {"le"}
            known = set().union(*(labels[name] for name in METRIC.findall(expression)))
            self.assertLessEqual(asked, known, where)

    def test_dashboards_can_be_imported(self):
        for path in DASHBOARDS:
            board = json.loads(path.read_text())
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)), path.name)
            self.assertTrue(board["uid"] and board["title"])
            self.assertEqual({panel["datasource"]["uid"] for panel in board["panels"]}, {"${datasource}"})

    def test_every_alert_says_what_is_wrong_and_what_to_do(self):
        for rule in alerts():
            self.assertIn(rule["labels"]["severity"], ("warning", "critical"))
            self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"])
            self.assertIn(f"| `{rule['alert']}` |", GUIDE)

    def test_prometheus_of_the_test_bed_has_the_rules(self):
        items = list(yaml.safe_load_all((ROOT / "deploy/testbed/stores.yaml").read_text()))
        configuration = next(it for it in items if it["kind"] == "ConfigMap")["data"]["prometheus.yml"]
        pod = next(it for it in items if it["kind"] == "StatefulSet" and it["metadata"]["name"] == "prometheus")["spec"]["template"]["spec"]
        places = {mount["name"]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        with tempfile.TemporaryDirectory() as root:
            for name, file in ("alerts", ALERTS.name), ("key", "key"), ("config", "prometheus.yml"):
                (place := pathlib.Path(root + places[name])).mkdir(parents=True)
                (place / file).write_text("secret")
                configuration = configuration.replace(places[name] + "/", f"{place}/")
            (pathlib.Path(root + places["alerts"]) / ALERTS.name).write_text(ALERTS.read_text())
            (found := pathlib.Path(root + places["config"]) / "prometheus.yml").write_text(configuration)
            done = subprocess.run(["promtool", "check", "config", found], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(alerts())} rules found", done.stdout + done.stderr)

    def test_prometheus_accepts_the_rules(self):
        done = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)
