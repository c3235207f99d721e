"""What is scarcest in a plan: the limits whose rent is the largest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.plan.explain.binding import bound_of
from models.plan.explain.facts import Bound
from models.plan.explain.label import Labels
from models.plan.explain.price import Pricing

if TYPE_CHECKING:
    from models.plan.plan import Plan

_KINDS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "refining_capacity": lambda key: ("capacity", key[1], key[0]),
    "country_lane_max": lambda key: ("lane", key[1], key[0], key[2]),
    "refiner_lane_max": lambda key: ("lane", key[2], *key[:2], key[3]),
    "share_limit": lambda key: ("share limit", key[1], key[0], key[2], key[3]),
    "mine_capacity": lambda key: ("mine", key[1], key[0]),
    "budget": lambda _: ("budget", ""),
}
"""What may be scarce, and what is one thing over the years: its kind, its mineral, its names."""


@dataclass(frozen=True)
class Scarce:
    """One limit over the years: its ``rent`` in all [money], and the year that it binds hardest.

    ``mineral`` is "" for a budget; ``years`` are those in which it is worth something.
    """

    mineral: str
    rent: float
    years: tuple[int, ...]
    hardest: Bound


def scarcest(plan: Plan, most: int = 3) -> tuple[Scarce, ...]:
    """Return the limits whose rent over all years is the largest, the largest first.

    Nothing is solved: a limit is told with its shadow price, not with what a whole unit saves.
    """
    labels, prices = Labels(plan), plan.prices
    rows = labels.program.rows
    size = np.where(np.isfinite(rows.row_upper), rows.row_upper, 0.0) * np.abs(prices)
    rents: dict[tuple[Any, ...], float] = {}
    found: dict[tuple[Any, ...], list[tuple[float, int, str, Any]]] = {}
    for laid in labels.program.row_parts:
        group = _KINDS.get(laid.part.name)
        if group is None:
            continue
        at = np.flatnonzero(size[laid.at] > 0)
        for row, key in zip(laid.at[at].tolist(), laid.part.spelled(at), strict=True):
            if laid.part.name == "share_limit" and not labels.caps[key].is_max:
                continue
            one = group(key)
            rents[one] = rents.get(one, 0.0) + float(size[row])
            found.setdefault(one, []).append((float(size[row]), row, laid.part.name, key))
    ranked = sorted(rents, key=lambda one: (-rents[one], str(one)))
    pricing = Pricing(labels)
    return tuple(_scarce(pricing, str(one[1]), rents[one], found[one]) for one in ranked[:most])


def _scarce(
    pricing: Pricing, mineral: str, rent: float, rows: list[tuple[float, int, str, Any]]
) -> Scarce:
    _, at, name, key = max(rows, key=lambda row: (row[0], -row[1]))
    years = tuple(sorted({key if name == "budget" else key[-1] for *_, name, key in rows}))
    hardest = bound_of(pricing, name, key, at, is_solved=False)
    return Scarce(mineral, rent, years, hardest)
