"""All rules, run over all files, less what the allow-list permits."""

import pathlib

import cxx
import layers
import tree
from source import Problem

FILE_RULES = (
    cxx.outside_world,
    cxx.test_sleeps,
    cxx.test_names,
    cxx.own_directories,
    cxx.include_paths,
    cxx.detached,
    cxx.co_await_temporaries,
    cxx.pragma_once,
    cxx.columns,
    cxx.function_lengths,
    cxx.file_lengths,
    tree.leftovers,
    tree.machine_traces,
)
TREE_RULES = (tree.dead_files, tree.markdown_links)
ALLOWED = pathlib.Path(__file__).with_name("allowed.txt")


def problems(sources):
    table, open_within = {}, set()
    for source in sources:
        if source.path == "cmake/layers.cmake":
            table, open_within = layers.read_table(source.text)
    for source in sources:
        if source.path == "LICENSE" or source.path.startswith("cmake/pch_"):
            continue  # Not our words; and lists of other people's headers that are compiled once.
        for rule in FILE_RULES:
            yield from rule(source)
        yield from layers.check(source, table, open_within)
    for rule in TREE_RULES:
        yield from rule(sources)


def read_allowed(text):
    """Lines `rule path [detail]  # reason` -> {(rule, path, detail): line number}."""
    entries = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if words:
            entries[(words[0], words[1], words[2] if len(words) > 2 else "")] = number
    return entries


def judged(found, allowed, allowed_path="tools/tidy/allowed.txt"):
    """Problems that stay after the allow-list, and one for each of its entries that is no longer needed."""
    used = set()
    for problem in found:
        entry = next((key for key in ((problem.rule, problem.path, problem.detail), (problem.rule, problem.path, "")) if key in allowed), None)
        if entry:
            used.add(entry)
        else:
            yield problem
    for entry, line in allowed.items():
        if entry not in used:
            name = " ".join(filter(None, entry))
            yield Problem("allow-list", allowed_path, line, f"'{name}' is not needed any more: remove the line; this list only shrinks")
