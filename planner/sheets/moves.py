"""Differences of two plans: amounts matched by key, the largest ones, and one row for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from models import tolerances
from planner.render.words import counted

MOST_MOVES = 10
"""Most flows listed in a group; a last row sums up the others."""
_AMOUNTS = ["old", "new", "change"]


def changed_amounts(old: pd.Series, new: pd.Series, group: Sequence[str]) -> pd.DataFrame:
    """Return the amounts that differ: the names in their keys, then old, new and change.

    Changes that are only rounding of the largest amount of their ``group`` don't count.
    """
    both = pd.DataFrame({"old": old, "new": new}).fillna(0.0)
    both["change"] = both["new"] - both["old"]
    largest = both.groupby(level=list(group))[["old", "new"]].transform("max").max(axis=1)
    return both[both["change"].abs() > tolerances.LEAST_MOVE * largest].reset_index()


def largest_moves(rows: Iterable[dict[Any, Any]]) -> Iterator[dict[Any, Any]]:
    """Yield the moves of one group, the largest first, and a last row that sums up the others."""
    order = sorted(rows, key=lambda row: (-abs(row["change"]), row["seller"], row["buyer"]))
    yield from order[:MOST_MOVES]
    if rest := order[MOST_MOVES:]:
        others = {amount: float(np.sum([row[amount] for row in rest])) for amount in _AMOUNTS}
        yield {"seller": counted(len(rest), "other flow"), "buyer": "", **others}


def minerals_that_differ(pairs: Iterable[tuple[pd.Series, pd.Series]]) -> set[str]:
    """Return the minerals whose cost or shortage differs in any year.

    ``pairs`` are series of the old and the new plan, by mineral and year: cost, and shortage.
    """
    minerals: set[str] = set()
    for old, new in pairs:
        before, after = old.align(new, fill_value=0.0)
        sizes = pd.concat([before.abs(), after.abs()], axis=1).max(axis=1)
        largest = sizes.groupby(level="mineral").transform("max").clip(lower=1.0)
        is_other = (after - before).abs() > tolerances.SAME_COST * largest
        minerals |= {str(mineral) for mineral, _ in is_other.index[is_other]}
    return minerals
