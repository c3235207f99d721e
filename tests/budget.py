"""How much the random tests do: the environment variable PLANNER_FUZZ says it, once for all.

Tests with the marker ``fuzz`` grow with it; what takes long in any case waits for a long run.
"""

from __future__ import annotations

import os

BUDGET = int(os.environ.get("PLANNER_FUZZ", "20"))
"""How many random cases a test with the marker ``fuzz`` tries, or a part of them."""
IS_LONG = BUDGET >= 300
"""Whether this is a long run, of hours."""


def at_length(few: int, many: int) -> int:
    """Return how many random cases a test tries: few in every run, many in a long one."""
    return many if IS_LONG else few
