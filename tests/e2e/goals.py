"""Goals of time: a machine on which others build and test keeps none, so only `make soak` holds tests to them."""

import os


def within(goal, broken):
    """Seconds that something may take: `goal` when the goals are asked for (GK_TEST_GOALS=on); else `broken`, beyond which nothing is slow any more,
    but does not happen."""
    return goal if os.environ.get("GK_TEST_GOALS") == "on" else broken
