"""Source files as the rules see them: the text, and the text with comments and literals blanked out."""

import pathlib
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property

CXX = (".cpp", ".hpp")
TEXT = CXX + (".py", ".sh", ".cmake", ".md", ".yaml", ".yml", ".json", ".svg", ".txt", "")


@dataclass(frozen=True)
class Problem:
    rule: str
    path: str
    line: int
    text: str  # What is wrong and what to write instead.
    detail: str = ""  # What an entry of the allow-list names beside rule and path, for example a function.

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


@dataclass(frozen=True)
class Source:
    path: str  # From the root of the tree, with slashes.
    text: str

    @property
    def suffix(self):
        return pathlib.PurePosixPath(self.path).suffix

    @property
    def is_cxx(self):
        return self.suffix in CXX

    @property
    def is_test(self):
        return self.path.startswith("tests/") or re.search(r"_test\.(cpp|py)$", self.path) is not None

    @cached_property
    def lines(self):
        return self.text.split("\n")

    @cached_property
    def code(self):
        """C++ without comments and literals; every character keeps its place."""
        return blank_cxx(self.text)

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


# A raw string, a string, a character (not the digit separator of 1'000), a comment of either kind.
_LITERAL = re.compile(
    r'R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'"
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL,
)


def blank_cxx(text):
    def blanked(match):
        found = match.group()
        # The path of an #include "..." stays readable for the rules about layers.
        if found[0] == '"' and re.search(r"#\s*include\s*$", text[max(0, match.start() - 12) : match.start()]):
            return found
        return re.sub(r"[^\n]", " ", found)

    return _LITERAL.sub(blanked, text)


def list_files(root):
    """What git knows, and new files that it does not ignore."""
    names = set(git(root, "ls-files", "-co", "--exclude-standard", "-z").split("\0"))
    return [name for name in sorted(names) if name and pathlib.Path(root, name).is_file()]


def changed_files(root, revision):
    """Files that differ from that commit, new ones included."""
    names = git(root, "diff", "--name-only", "--diff-filter=d", "-z", revision, "--") + git(root, "ls-files", "-o", "--exclude-standard", "-z")
    return {name for name in names.split("\0") if name}


def staged_files(root):
    """Files of the commit that is being made."""
    names = git(root, "diff", "--cached", "--name-only", "--diff-filter=d", "-z")
    return {name for name in names.split("\0") if name}


def git(root, *arguments):
    return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True).stdout


def load(root):
    sources = []
    for name in list_files(root):
        if pathlib.PurePosixPath(name).suffix not in TEXT:
            continue
        try:
            sources.append(Source(name, pathlib.Path(root, name).read_text(encoding="utf-8")))
        except (UnicodeDecodeError, OSError):
            continue  # A fixture in binary, or gone since it was listed.
    return sources
