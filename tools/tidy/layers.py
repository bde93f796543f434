"""Who may include whom. The table is cmake/layers.cmake, the same one that the build enforces: one table, one truth."""

import re

from source import Problem

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
# Layers that may name Boost. A port may return Task<T>, whose alias lives in one header.
BOOST_LAYERS = {"async", "net", "adapters", "api", "edge", "programs", "tests"}
BOOST_FILES = {"src/ports/task.hpp"}


def read_table(cmake):
    """{layer: set of layers it may use}, and the layers that are open within."""
    found = dict(re.findall(r'set\(GK_LAYER_(\w+) "([^"]*)"\)', cmake))

    def expand(text):
        names = set()
        for name in text.split(";"):
            reference = re.fullmatch(r"\$\{GK_LAYER_(\w+)\}", name)
            names |= expand(found[reference.group(1)]) if reference else {name} - {""}
        return names

    open_within = re.search(r"set\(GK_LAYERS_OPEN_WITHIN ([^)]*)\)", cmake)
    return {layer: expand(text) for layer, text in found.items()}, set(open_within.group(1).split() if open_within else [])


def layer_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def check(source, table, open_within):
    """#include lines of one file under src/ against the table. Tests beside the source may use doubles of any layer."""
    layer = layer_of(source.path)
    if layer is None or not source.is_cxx or layer not in table:
        return
    for match in INCLUDE.finditer(source.code):
        line = source.line_of(match.start())
        if match.group(2):
            yield from boost(source, layer, match.group(2), line)
        elif not source.is_test:
            yield from edge(source, layer, match.group(1), line, table, open_within)


def boost(source, layer, header, line):
    if header.startswith("boost/") and layer not in BOOST_LAYERS and source.path not in BOOST_FILES and not source.is_test:
        yield Problem("boost", source.path, line, f"layer '{layer}' may not use Boost ({header}); use std, fmt or base, or move this to one of: "
                      + ", ".join(sorted(BOOST_LAYERS)))


def edge(source, layer, header, line, table, open_within):
    used = header.split("/")[0]
    if used not in table or "/" not in header:
        return
    if used == layer:
        if layer in open_within or same_folder(source.path, header):
            return
        yield Problem("layers", source.path, line, f"'{header}': one adapter may not use another; put what both need into a port or into net")
    elif used not in table[layer]:
        yield Problem("layers", source.path, line, f"layer '{layer}' may not use layer '{used}' ({header}); it may use: "
                      + (", ".join(sorted(table[layer])) or "nothing") + " (cmake/layers.cmake)")


def same_folder(path, header):
    return path.split("/")[1:3] == header.split("/")[:2]
