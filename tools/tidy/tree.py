"""Rules about the tree as a whole, and about text of every kind."""

import posixpath
import re

from layers import INCLUDE
from source import Problem

# Written in two parts, so that this file does not break its own rules.
FIX = "FIX" + "ME"
LATER = "TO" + "DO"
MACHINE_PATHS = re.compile(r"(?<![\w.$}/-])/(?:wo" + r"rk|ro" + r"ot|home/[a-z]\w*|Users/\w+)/[\w.]")
PRIVATE_HOST = re.compile(r"https?://(?:[\w-]+(?:\.(?:internal|local|corp|lan|intranet))+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+)(?=[:/\s\"'])")
REGISTRY_SETTING = re.compile(r"--(?:index-url|extra-index-url|registry)[ =]\S|\b(?:GOPROXY|PIP_INDEX_URL|npm_config_registry)=\S", re.IGNORECASE)


def leftovers(source):
    for match in re.finditer(rf"\b(?:{FIX}|{LATER})\b(\(#\d+\))?", source.text):
        line = source.line_of(match.start())
        if match.group().startswith(FIX):
            yield Problem("leftover", source.path, line, f"{FIX} may not be merged: mend it, or open an issue and write {LATER}(#n): reason")
        elif not match.group(1):
            yield Problem("leftover", source.path, line, f"write {LATER}(#n): reason, with the number of an open issue, or do it now")


def machine_traces(source):
    for match in MACHINE_PATHS.finditer(source.text):
        yield Problem("machine-path", source.path, source.line_of(match.start()),
                      f"'{match.group()}...' is a path of somebody's machine: use a path relative to the tree, or a temporary directory")
    for pattern in (PRIVATE_HOST, REGISTRY_SETTING):
        for match in pattern.finditer(source.text):
            yield Problem("private-host", source.path, source.line_of(match.start()),
                          f"'{match.group()}' names a host or registry of one machine: leave that to the machine's own configuration")


def dead_files(sources):
    """A source that CMake never names, or a header that nobody includes."""
    listed = set()
    for source in sources:
        if not source.path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        folder = posixpath.dirname(source.path)
        text = re.sub(r"#[^\n]*", "", source.text).replace("${CMAKE_SOURCE_DIR}/", "/").replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
        for name in re.findall(r"[\w./+-]+\.(?:cpp|hpp|c)\b", text):
            listed.add(name.lstrip("/") if name.startswith("/") else posixpath.normpath(posixpath.join(folder, name)))
    included = {name for source in sources if source.is_cxx for name, _ in INCLUDE.findall(source.code) if name}
    for source in sources:
        if not source.is_cxx or source.path in listed:
            continue
        if source.suffix == ".cpp" and not source.path.startswith("cmake/"):
            yield Problem("dead-file", source.path, 1, "no CMakeLists.txt lists this source: add it to its library, or delete it")
        if source.suffix == ".hpp" and not is_included(source.path, included) and not source.path.startswith("cmake/"):
            yield Problem("dead-file", source.path, 1, "nobody includes this header: use it or delete it")


def is_included(path, included):
    return path in included or path.removeprefix("src/") in included


def markdown_links(sources):
    """Relative links lead to a file or folder of the tree."""
    paths = {source.path for source in sources}
    folders = {posixpath.dirname(path) for path in paths}
    folders |= {parent for folder in list(folders) for parent in parents(folder)}
    for source in sources:
        if source.suffix != ".md":
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", lambda m: re.sub(r"[^\n]", " ", m.group()), source.text, flags=re.DOTALL)
        for match in re.finditer(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)", text):
            target = match.group(1)
            if re.match(r"[a-z]+:", target):
                continue
            place = posixpath.normpath(posixpath.join(posixpath.dirname(source.path), target))
            if place not in paths and place not in folders:
                yield Problem("link", source.path, source.line_of(match.start()), f"'{target}' leads nowhere: mend the link or add the file")


def parents(folder):
    while folder:
        folder = posixpath.dirname(folder)
        yield folder
