"""Recorded conversations with old clients: requests and what they are answered, word for word, compared with a committed file.

A file holds paragraphs: `> METHOD TARGET`, more lines `> ...` for the body, then `< STATUS` and `< ...` with the reply's body. `. NAME STATE` waits
until that server is in that state, as a client would that asks again and again. `# ...` is for the reader. What differs from run to run is replaced
by a word. GK_TEST_UPDATE=1 writes the files anew; read the difference before you commit it.
"""

import os
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "compat"

CHANGING = [
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r'(?<="port":)\d+'), "PORT"),
    (re.compile(r'(?<="connect_port":)[1-9]\d*'), "PORT"),
    (re.compile(r'(?<="connect_host":")[0-9a-f.:]+'), "ADDRESS"),
    (re.compile(r"\bgame-server-[0-9a-f]{8}\b"), "game-server-ID"),
    (re.compile(r"\bgkp_[\w.-]+"), "TOKEN"),
    (re.compile(r'(?<=ip":")[0-9a-f.:]+'), "ADDRESS"),
    (re.compile(r'("(?:cpu_usage|memory_usage_gb|cpu_percent|memory_percent)":)[\d.e-]+'), r"\1NUMBER"),
    (re.compile(r"(?<=can give games )\d+ MiB and \d+"), "ROOM"),
]


def steady(text):
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


class Exchange:
    """A request, and the lines that stand before it."""

    def __init__(self, before, method, target):
        self.before, self.method, self.target = before, method, target
        self.body = []


def exchanges_of(path):
    found, before = [], []
    for line in path.read_text().splitlines():
        if line.startswith("> ") and re.match(r"> [A-Z]+ /", line):
            found.append(Exchange(before, *line[2:].split(" ", 1)))
            before = []
        elif line.startswith(">"):
            found[-1].body.append(line[2:])
        elif line and not line.startswith("<"):
            before.append(line)
    return found


def answered(exchange, call):
    status, text = call(exchange.method, exchange.target, "\n".join(exchange.body))
    lines = exchange.before + [f"> {exchange.method} {exchange.target}"] + [f"> {line}" for line in exchange.body] + [f"< {status}"]
    return "\n".join(lines + [f"< {line}" for line in steady(text).splitlines()]) + "\n"


def played(path, call, wait):
    """Has the conversation with call(method, target, body) -> (status, text); what the file should hold."""
    out = []
    for exchange in exchanges_of(path):
        for line in exchange.before:
            if line.startswith(". "):
                wait(*line[2:].split())
        out.append(answered(exchange, call))
    return "\n".join(out)


def check(test, path, call, wait):
    seen = played(path, call, wait)
    if os.environ.get("GK_TEST_UPDATE"):
        path.write_text(seen)
    test.maxDiff = None
    test.assertEqual(path.read_text(), seen, f"{path.name}: GK_TEST_UPDATE=1 writes it anew")
