"""Golden transcripts: commands and what they print, compared with a committed file.

A file holds lines `$ gamekeeper ...` and under each its output, standard error first, then its exit status in brackets unless that is 0. What
differs from run to run is replaced by a word. GK_TEST_UPDATE=1 writes the files anew; read the difference before you commit it.
"""

import os
import pathlib
import re
import shlex

FOLDER = pathlib.Path(__file__).resolve().parent / "transcripts"

# Order matters: the longer forms first.
CHANGING = [
    (re.compile(r"\bgk_[0-9a-f]{40,}\b"), "KEY"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "TIME"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b\d+\.\d+\.\d+\.\d+:\d+"), "ADDRESS"),
    (re.compile(r"\b\d+(\.\d+)? (KiB|B)\b"), "SIZE"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "DURATION"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "SHORT-ID"),
    (re.compile(r"(?<=succeeded)( +)\d+$", re.MULTILINE), r"\1MS"),
    (re.compile(r"(?<=can give games )\d+ MiB and \d+"), "ROOM"),
]


def steady(text, replaced):
    for found, word in replaced:
        text = text.replace(str(found), word)
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    # Columns are as wide as their contents, which were just replaced; that they are aligned is a unit test's to show.
    text = re.sub(r"(?<=\S) {2,}(?=\S)", "  ", text)
    return text


def commands_of(name):
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    return [line[2:] for line in lines if line.startswith("$ ")]


def played(keeper, name):
    """Runs the commands of the file; what the file should hold."""
    replaced = [(keeper.state, "STATE"), (keeper.home, "HOME")]
    out = []
    for command in commands_of(name):
        words = shlex.split(command.replace("HOME", str(keeper.home)))
        done = keeper.cli(*words[1:], check=False)
        out.append(f"$ {command}\n{steady(done.stderr + done.stdout, replaced)}")
        if done.returncode:
            out.append(f"[{done.returncode}]\n")
        out.append("\n")
    return "".join(out).rstrip("\n") + "\n"


def check(test, keeper, name):
    seen = played(keeper, name)
    path = FOLDER / f"{name}.txt"
    if os.environ.get("GK_TEST_UPDATE"):
        path.write_text(seen)
    test.maxDiff = None
    test.assertMultiLineEqual(seen, path.read_text())
