"""What the commands say to people: steps with their times, and failures with cause and cure."""

import contextlib
import errno
import sys
import time


class Failure(Exception):
    """Ends a command. `hint` is the cure, or what helps to find it; it is printed below the message."""

    def __init__(self, message, hint=None):
        super().__init__(message)
        self.hint = hint


@contextlib.contextmanager
def step(title):
    """Prints the title and how long what stands in the block took."""
    begun = time.monotonic()
    print(f"  {title:<46}", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - begun:7.2f} s", flush=True)


def command(main):
    """Runs the main function of a command and turns failures into a message and an exit status."""
    try:
        sys.exit(main() or 0)
    except Failure as failure:
        print(f"cluster: {failure}", file=sys.stderr)
        if failure.hint:
            print(failure.hint, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"cluster: {error.filename or 'a file'} could not be written: its disk is full", file=sys.stderr)
        print("make room, then run the same command again", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("cluster: interrupted; run the same command again to go on, or tools/cluster/down", file=sys.stderr)
        sys.exit(130)
