"""The solution of the program in neutral form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .neutral import Flows, Totals
from .reading import Case, Source
from .stages import Line

ShortT = dict[tuple[str, str, int], dict[str | None, int]]


@dataclass(frozen=True)
class Border:
    """USD per t of a flow that a member's own treasury receives."""

    tariff: float
    levy: float


def totals(
    case: Case,
    x: NDArray[np.float64],
    paid: dict[int, float],
    short: ShortT,
    *,
    border: dict[int, Border],
    members: Collection[int],
) -> Totals:
    """Undiscounted totals from the variables: flow columns with their prices, tiers short."""
    by_mineral = dict.fromkeys(case.minerals, 0.0)
    by_tier: dict[tuple[str, str, str | None], float] = defaultdict(float)
    for (mineral, member, _), columns in short.items():
        for tier, column in columns.items():
            by_mineral[mineral] += float(x[column])
            by_tier[mineral, member, tier] += float(x[column])
    return Totals(
        purchases_usd=float(sum(price * x[c] for c, price in paid.items())),
        tonnes=float(sum(x[c] for c in members)),
        shortage_t=sum(by_mineral.values()),
        demand_t=sum(
            case.demand_of(m, tuple(case.members), t) for m in case.minerals for t in case.years
        ),
        shortage_by_mineral=by_mineral,
        shortage_by_tier=dict(by_tier),
        tariffs_usd=float(sum(usd.tariff * x[c] for c, usd in border.items())),
        levies_usd=float(sum(usd.levy * x[c] for c, usd in border.items())),
    )


def plan(
    x: NDArray[np.float64],
    *,
    spot: dict[tuple[Source, str, int], int],
    contracts: dict[tuple[int, int], int],
    stock: dict[tuple[str, str, int], int],
    builds: dict[tuple[str, int], int],
    ore: dict[tuple[str, Source, int], int],
    inputs: dict[tuple[Source, Line, int], int],
    handed: dict[tuple[str, Line, int], int],
    left: dict[str, float],
) -> Flows:
    """Entries above 0 only."""
    return Flows(
        spot=[
            (s.refiner, s.project, s.mineral, j, t, float(x[c]))
            for (s, j, t), c in spot.items()
            if x[c] > 0
        ],
        contracts=[(k, t, float(x[c])) for (k, t), c in contracts.items() if x[c] > 0],
        stock=[(m, j, t, float(x[c])) for (m, j, t), c in stock.items() if x[c] > 0],
        builds=[(p, t, float(x[c]) * left[p]) for (p, t), c in builds.items() if x[c] > 0],
        ore=[
            (n, s.refiner, s.project, s.mineral, t, float(x[c]))
            for (n, s, t), c in ore.items()
            if x[c] > 0
        ],
        inputs=[
            ((s.refiner, s.project, s.mineral), line.plant, t, float(x[c]))
            for (s, line, t), c in inputs.items()
            if x[c] > 0
        ],
        handed=[
            (j, line.input, line.plant, t, float(x[c]))
            for (j, line, t), c in handed.items()
            if x[c] > 0
        ],
    )
