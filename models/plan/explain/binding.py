"""What binds where a mineral, a member and a year meet, and what one unit more would save."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.account import Laid
from models.expand import budget_year, start_years
from models.plan.explain.facts import Bound
from models.plan.explain.label import Labels, opened
from models.plan.explain.local import Step
from models.plan.explain.price import Pricing

_WEIGHTLESS = 1e-9
"""A shadow price below this part of the largest is rounding."""


def binding(pricing: Pricing, mineral: str, member: str, year: int) -> tuple[Bound, ...]:
    """Return what binds there and is worth something, the largest rent first.

    Budgets come last: they are all minerals' own.
    """
    labels = pricing.labels
    prices = labels.plan.prices
    least = _WEIGHTLESS * float(np.max(np.abs(prices), initial=0.0))
    found = [
        bound_of(pricing, laid.part.name, key, at)
        for laid in labels.program.row_parts
        if laid.part.name in _BEARS
        for at, key in _of(laid, prices, least)
        if _BEARS[laid.part.name](labels, key, (mineral, member, year))
    ]
    told = [b for b in found if b.worth > least]
    return tuple(sorted(told, key=lambda b: (b.kind == "budget", -b.rent, b.what)))


def bound_of(pricing: Pricing, name: str, key: Any, at: int, *, is_solved: bool = True) -> Bound:
    """Return the row ``at`` that binds: its limit as its cell says it, and what moving it is worth.

    A unit is one of the cell's: a tonne of a capacity of which a part is open loosens the row by
    that part; one of a plant that is built in part, by what is built of it. Without ``is_solved``
    its worth is the shadow price alone, and nothing is solved.
    """
    labels = pricing.labels
    label = labels.of(name, key)
    limit, step = _step(pricing, name, key, at)
    year = key if name == "budget" else key[-1]
    worth = labels.case.discount(year)
    reach = pricing.local(at).reach(step, is_solved=is_solved)
    sign = -1 if name in _LEAST or label.kind == "minimum share" else 1
    saves, costs = (reach.more, reach.less)[::sign]
    unit = 0.01 if label.unit == "point" else 1.0
    return Bound(
        kind=label.kind,
        what=label.what,
        at=limit,
        unit=label.unit,
        worth=abs(reach.rate) / worth,
        rent=abs(reach.rate) / worth * limit / unit,
        year=year,
        place=label.place,
        direction=sign,
        low=None if reach.down is None else _from_nothing(limit - unit * reach.down, limit),
        high=None if reach.up is None else limit + unit * reach.up,
        saves=None if saves is None else max(0.0, -saves / worth),
        costs=None if costs is None else max(0.0, costs / worth),
    )


def _from_nothing(low: float, limit: float) -> float:
    """Return where a range begins, 0 where that is nothing but rounding away."""
    return low if low > _WEIGHTLESS * limit else 0.0


_LEAST = {"contract_minimum"}
"""Rows that ask for at least so much: one unit less saves."""


def _step(pricing: Pricing, name: str, key: Any, at: int) -> tuple[float, Step]:
    """Return what a limit's cell says, and what a unit more of it is in the program."""
    labels = pricing.labels
    if name == "share_limit":
        cap = labels.caps[key]
        if cap.of_purchases:
            base = [c for c, _ in pricing.entries_of(at) if labels.column(c)[0] == "base"]
            return cap.share, Step(at, entries=tuple((c, -0.01) for c in base))
        return cap.share, Step(at, cap.demand / 100.0)
    if name == "project_capacity":
        built = [c for c, _ in pricing.entries_of(at) if labels.column(c)[0] == "built"]
        plant: Any = labels.record(key[0], key[1], key[2])
        return plant.capacity.value(key[3]), Step(at, entries=tuple((c, -1.0) for c in built))
    if name == "refining_capacity":
        refiner: Any = labels.record(key[0], "", key[1])
        open_part = opened(refiner, key[2])
        if open_part > 0:
            return refiner.capacity.value(key[2]), Step(at, open_part)
    if name == "sales_growth":
        sold = (a * float(labels.plan.x[c]) for c, a in pricing.entries_of(at) if a > 0)
        return sum(sold), Step(at, 1.0)
    rows = labels.program.rows
    high, low = float(rows.row_upper[at]), float(rows.row_lower[at])
    return (high if np.isfinite(high) else low), Step(at, 1.0)


def _of(laid: Laid, prices: Any, least: float) -> list[tuple[int, Any]]:
    """Return the rows of a part that are worth something, with their keys."""
    at = np.flatnonzero(np.abs(prices[laid.at]) > least)
    keys = laid.part.spelled(at) if len(at) else []
    return list(zip(laid.at[at].tolist(), keys, strict=True))


Cell = tuple[str, str, int]


def _reaches(labels: Labels, name: str, project: str, cell: Cell) -> bool:
    """Return whether a source may deliver to the member in the year."""
    e, (mineral, member, year) = labels.e, cell
    d, j = e.deliveries, e.member_at[member]
    return any(
        d.member[i] == j and (e.sources[d.source[i]].name, e.sources[d.source[i]].project)
        == (name, project)
        for i in e.cell(e.mineral_at[mineral], e.years.index(year))
    )  # fmt: skip


def _source(labels: Labels, key: Any, cell: Cell) -> bool:
    name, mineral, year = key[0], key[-2], key[-1]
    project = key[1] if len(key) > 3 else ""  # noqa: PLR2004 - (name, project, mineral, year)
    return (mineral, year) == (cell[0], cell[2]) and _reaches(labels, name, project, cell)


def _lane(_: Labels, key: Any, cell: Cell) -> bool:
    return tuple(key[-3:]) == cell


def _limit(labels: Labels, key: Any, cell: Cell) -> bool:
    cap = labels.caps[key]
    mine = labels.e.member_at[cell[1]] in cap.buyers
    return (cap.mineral, cap.year) == (cell[0], cell[2]) and mine


def _contract(_: Labels, key: Any, cell: Cell) -> bool:
    return tuple(key[2:]) == cell


def _mine(_: Labels, key: Any, cell: Cell) -> bool:
    return (key[1], key[2]) == (cell[0], cell[2])


def _budget(labels: Labels, year: int, cell: Cell) -> bool:
    """Return whether a plant of the mineral that could run in the year is paid in a budget year."""
    e = labels.e
    return any(
        budget_year(p, start, e.years) == year and start <= cell[2] < start + p.life
        for p in labels.case.projects
        if p.mineral == cell[0] and p.built_in is None and p.capex > 0
        for start in start_years(p, e.years)
    )


_BEARS: dict[str, Any] = {
    "refining_capacity": _source,
    "project_capacity": _source,
    "sales_growth": _source,
    "agreed_sales": _source,
    "country_lane_max": _lane,
    "refiner_lane_max": _lane,
    "share_limit": _limit,
    "contract_minimum": _contract,
    "contract_maximum": _contract,
    "mine_capacity": _mine,
    "budget": _budget,
}
"""Rows that may bind, and whether one bears on a mineral, member and year."""
