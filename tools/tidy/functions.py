"""Where functions begin and end in C++ source, by braces. Good enough for lengths; it does not try to parse the language."""

import re

SCOPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b", re.DOTALL)
ACCESS = re.compile(r"^\s*(?:public|private|protected)\s*:")


def spans(code):
    """(name, first line, last line) of every function in code whose comments and literals are blanked."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n?)*", lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.MULTILINE)
    at, head = 0, 0
    while at < len(code):
        char = code[at]
        if char in ";}":
            head = at + 1
        elif char == "{":
            kind = classify(code[head:at])
            if kind == "function":
                end = closing(code, at)
                text = ACCESS.sub(lambda m: " " * len(m.group()), code[head:at])
                start = head + len(text) - len(text.lstrip())
                yield name_of(text), code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1
                at, head = end, end + 1
            elif kind == "scope":
                head = at + 1
            else:  # A braced initialiser: skip it and stay in the same head.
                at = closing(code, at)
        at += 1


def classify(text):
    stripped = ACCESS.sub("", text).strip()
    if SCOPE.match(stripped) and not re.search(r"\)\s*(?:const|noexcept|override|final|->.*)?\s*$", stripped):
        return "scope"
    if "(" not in stripped or stripped.endswith(("=", ",", "(", "return")):
        return "initialiser"
    # `Type::Type() : member_{` opens a member's initialiser; the body comes after `)` or `}`.
    if re.search(r"\)\s*(?:noexcept\s*)?:(?!:)", stripped) and re.search(r"[\w>]$", stripped):
        return "initialiser"
    if re.search(r"=\s*[\w:<>, ]+$", stripped):
        return "initialiser"
    return "function"


def closing(code, opening):
    depth = 0
    for at in range(opening, len(code)):
        if code[at] == "{":
            depth += 1
        elif code[at] == "}":
            depth -= 1
            if depth == 0:
                return at
    return len(code) - 1


def name_of(head):
    test = re.match(r"\s*(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP)\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    if test:
        return f"{test.group(1)}.{test.group(2)}"
    head = re.sub(r"\brequires\s*\([^()]*(?:\([^()]*\)[^()]*)*\)", "", head)
    named = re.search(r"([~\w:]+|operator\s*\S+)\s*\(", head)
    return re.sub(r"\s+", "", named.group(1)) if named else "?"
