"""How much the random tests do: the environment variable PLANNER_FUZZ says it, once for all.

Tests with the marker ``fuzz`` grow with it; what takes long in any case waits for a long run.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

BUDGET = int(os.environ.get("PLANNER_FUZZ", "20"))
"""How many random cases a test with the marker ``fuzz`` tries, or a part of them."""
IS_LONG = BUDGET >= 300
"""Whether this is a long run, of hours."""


def at_length(few: Any, many: Any) -> Any:
    """Return what or how much a test tries: little in every run, much in a long one."""
    return many if IS_LONG else few


def few(items: Iterable[Any], count: int) -> list[Any]:
    """Return ``count`` of the items, evenly spread, in every run, and all in a long one."""
    every = list(items)
    if IS_LONG or len(every) <= count:
        return every
    return [every[(2 * i + 1) * len(every) // (2 * count)] for i in range(count)]
