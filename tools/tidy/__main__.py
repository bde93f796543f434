"""tidy: the rules of the source. See README.md beside this file."""

import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import rules  # noqa: E402
import source  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    parser = argparse.ArgumentParser(prog="tools/tidy", description="Checks the rules of the source over the whole tree.")
    parser.add_argument("--changed", metavar="REV", help="report only what lies in files changed since this commit")
    parser.add_argument("--staged", action="store_true", help="report only what lies in files of the commit that is being made")
    options = parser.parse_args()
    begun = time.monotonic()
    sources = source.load(ROOT)
    found = list(rules.judged(rules.problems(sources), rules.read_allowed(rules.ALLOWED.read_text())))
    if options.changed or options.staged:
        changed = source.staged_files(ROOT) if options.staged else source.changed_files(ROOT, options.changed)
        found = [problem for problem in found if problem.path in changed]
    for problem in sorted(found, key=lambda p: (p.path, p.line)):
        print(problem)
    print(f"tidy: {len(sources)} files, {len(found)} problems, {time.monotonic() - begun:.1f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
