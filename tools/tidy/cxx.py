"""Rules about single C++ files."""

import re

import functions
from source import Problem

COLUMNS_MAX = 150
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 500

# What only adapters/system may touch, because everything else must run on virtual time and repeatable randomness. The shim and the
# launcher are processes of their own below all ports, and have nothing to repeat.
OUTSIDE_WORLD_FOLDERS = ("src/adapters/system/", "src/shim/", "src/launcher/")
OUTSIDE_WORLD = (
    (r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b", "read time from the port Clock (ports/clock.hpp)"),
    (r"\b(?:steady_timer|system_timer|deadline_timer|basic_waitable_timer)\b", "wait with Clock::sleep or async's deadlines"),
    (r"\b(?:random_device|rand\s*\(|srand\s*\()", "take randomness from the port Random (ports/random.hpp)"),
    (r"\b(?:sleep_for|sleep_until)\s*\(", "wait with the port Clock"),
)


def outside_world(source):
    if not source.is_cxx or source.path.startswith(OUTSIDE_WORLD_FOLDERS):
        return
    for pattern, instead in OUTSIDE_WORLD:
        for match in re.finditer(pattern, source.code):
            what = match.group().rstrip("( ")
            if what == "sleep_until" and not re.search(r"this_thread::\s*$", source.code[: match.start()]):
                continue  # Our own Clock has a member of that name.
            yield Problem("outside-world", source.path, source.line_of(match.start()), f"{what} outside src/adapters/system: {instead}", what)
    # A generator with a fixed seed is what a test wants.
    for match in re.finditer(r"\bmt19937(?:_64)?\b", "" if source.is_test else source.code):
        yield Problem("outside-world", source.path, source.line_of(match.start()),
                      "take randomness from the port Random (ports/random.hpp)", match.group())


def test_sleeps(source):
    """Waits of a fixed length make tests slow and still fail on a busy machine."""
    if source.path.startswith("tools/tidy/"):
        return  # Its own tests are full of examples.
    if not source.is_test or source.suffix not in (".cpp", ".hpp", ".py", ".sh"):
        return
    text = source.code if source.is_cxx else re.sub(r"#[^\n]*", lambda m: " " * len(m.group()), source.text)
    pattern = r"\b(?:sleep_for|usleep|nanosleep|time\.sleep)\s*\(|(?<![\w.>])(?<!\w::)sleep\s*\(\s*\d|^\s*sleep [\d.$]"
    for match in re.finditer(pattern, text, re.MULTILINE):
        yield Problem("test-sleep", source.path, source.line_of(match.start()),
                      "a test never sleeps: wait for the event itself (SimClock, a pushed status, a file descriptor, Popen.wait)")


def test_names(source):
    """GoogleTest makes classes of them, and a tree has one way to write them."""
    if not source.is_cxx or not source.is_test:
        return
    for match in re.finditer(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP)\(\s*\w+,\s*(\w+)", source.code, re.MULTILINE):
        name = match.group(1)
        if "_" in name or not name[0].isupper():
            pascal = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
            yield Problem("test-name", source.path, source.line_of(match.start()), f"name it {pascal}: a sentence in PascalCase")


def own_directories(source):
    if source.is_cxx and source.is_test and not source.path.startswith("tests/support/"):
        for match in re.finditer(r"\bmkdtemp\s*\(", source.code):
            yield Problem("own-directory", source.path, source.line_of(match.start()),
                          "take test::TemporaryDirectory (tests/support/temporary_directory.hpp): it goes also when the test fails")


def include_paths(source):
    if not source.is_cxx:
        return
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"([^"/]+)"', source.code, re.MULTILINE):
        yield Problem("include-path", source.path, source.line_of(match.start()), f"'{match.group(1)}': say the folder, from src or from the root")


def detached(source):
    if not source.is_cxx:
        return
    for match in re.finditer(r"\bdetached\b(?!\s*\()", source.code):
        if re.search(r"asio::\s*$", source.code[: match.start()]):
            yield Problem("detached", source.path, source.line_of(match.start()),
                          "asio::detached swallows exceptions and outlives its owner: give the coroutine to an async::TaskGroup")


def co_await_temporaries(source):
    """Braces and capturing lambdas behind co_await: GCC destroys such temporaries twice, and they read badly anyway."""
    if not source.is_cxx:
        return
    for match in re.finditer(r"\bco_await\b", source.code):
        found = hazard_behind(source.code, match.end())
        if found:
            yield Problem("co-await", source.path, source.line_of(match.start()), f"{found} in a co_await expression: name it on the line before")


def hazard_behind(code, at):
    depth = 0
    while at < len(code):
        char = code[at]
        if char in "(":
            depth += 1
        elif char in ")":
            depth -= 1
            if depth < 0:
                return None
        elif char == ";" or (char == "," and depth == 0):
            return None
        elif char == "{":
            return "a braced temporary"
        elif char == "[" and re.search(r"[(,=]\s*$", code[:at][-40:]):
            end = code.find("]", at)
            if code[at + 1 : end].strip():
                return "a capturing lambda"
            brace = code.find("{", end)
            at = functions.closing(code, brace) if brace != -1 else len(code)
        at += 1
    return None


def pragma_once(source):
    if source.suffix == ".hpp" and not re.match(r"(?:\s*//[^\n]*\n)*\s*#pragma once\n", source.text):
        yield Problem("pragma-once", source.path, 1, "a header begins with #pragma once")


def columns(source):
    if source.suffix not in (".cpp", ".hpp", ".py", ".sh", ".cmake") and not source.path.endswith("CMakeLists.txt"):
        return
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield Problem("columns", source.path, number, f"{len(line)} columns; break the line before {COLUMNS_MAX}")


def function_lengths(source):
    if not source.is_cxx:
        return
    for name, first, last in functions.spans(source.code):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield Problem("function-length", source.path, first, f"{name} has {last - first + 1} lines, more than {FUNCTION_LINES_MAX}: "
                          "split it where a name of the glossary appears", name)


def file_lengths(source):
    count = len(source.lines) - 1
    if source.suffix in (".cpp", ".hpp", ".py") and count > FILE_LINES_MAX:
        yield Problem("file-length", source.path, 1, f"{count} lines, more than {FILE_LINES_MAX}: say which two things it holds, and split it there")
