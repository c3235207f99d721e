"""What a sweep says of each point: its figures by mineral, and the premium over a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from models.measures import (
    beyond,
    largest_country_shares,
    part,
    premium,
    premium_like_for_like,
    premium_with_shortage,
    served_share,
)
from models.plan import PENALTIES, Plan

ALL = ""
"""In the place of a mineral's name: all of them together."""
POINT = 0.01
"""What a slope is per: one percentage point."""

COLUMNS = (
    "value", "mineral", "objective", "purchases", "cash", "demand", "tonnes", "short", "lost",
    "served", "share", "country", "slope", "premium", "like_for_like", "dearer", "with_shortage",
    "trouble",
)  # fmt: skip
_WORDS = ("mineral", "country", "trouble")

_LOST = 1e-6
"""A point costs tonnes where more than this part of demand is short beyond the reference."""


@dataclass(frozen=True)
class Reading:
    """What one plan says of one mineral, or of all of them (``ALL``).

    Tonnes in t over all years; ``objective`` discounted, ``purchases`` and ``cash`` not [money].
    ``share`` is the largest of one country in any year, ``country`` whose (None, "": nobody sells).
    ``saved`` is what one point more of the cap on single countries saves by the plan's duals [money
    discounted to the first year].
    """

    mineral: str
    objective: float
    purchases: float
    cash: float
    demand: float
    tonnes: float
    short: float
    share: float | None
    country: str
    saved: float

    @property
    def served(self) -> float:
        """The part of demand that is met; 1 where there is none."""
        return served_share(self.demand, self.short)


Readings = Mapping[str, Reading]
"""What is read of a plan, by mineral, all of them first; empty where there is no plan."""


# ---- what is read of a plan --------------------------------------------------------------------


def read(plan: Plan) -> tuple[Reading, ...]:
    """Return the readings of a plan, all minerals first."""
    costs = plan.mineral_costs
    paid = costs[~costs["heading"].isin(PENALTIES)]
    objective, cash = _sums(costs, "discounted"), _sums(paid, "money")
    purchases = _sums(plan.flows, "total")
    demand, tonnes, short = (_sums(plan.supply, c) for c in ("demand", "purchased", "short"))
    saved = _saved(plan)
    tops = largest_country_shares(plan.countries, plan.case.settings.share_basis)
    each = []
    for name in plan.expanded.minerals:
        own = tops.get(name)
        each.append(
            Reading(
                mineral=name,
                objective=objective.get(name, 0.0),
                purchases=purchases.get(name, 0.0),
                cash=cash.get(name, 0.0),
                demand=demand.get(name, 0.0),
                tonnes=tonnes.get(name, 0.0),
                short=short.get(name, 0.0),
                share=None if own is None else own.share,
                country="" if own is None else plan.case.country_name(own.country),
                saved=saved.get(name, 0.0),
            )
        )
    top = max((r for r in each if r.share is not None), key=lambda r: r.share or 0.0, default=None)
    whole = Reading(
        mineral=ALL,
        objective=plan.objective,
        purchases=plan.purchases,
        cash=plan.cash,
        demand=plan.case.total_demand,
        tonnes=plan.tonnes,
        short=plan.shortage,
        share=None if top is None else top.share,
        country="" if top is None else top.country,
        saved=sum(saved.values()),
    )
    return (whole, *each)


def _sums(table: pd.DataFrame, amount: str) -> dict[str, float]:
    sums = table.groupby("mineral")[amount].sum()
    return dict(zip(map(str, sums.index), sums.tolist(), strict=True))


def _saved(plan: Plan) -> dict[str, float]:
    """Return by mineral what one point more saves: each cap's dual x its base, discounted."""
    case, found = plan.case, dict[str, float]()
    table = plan.limits
    for at, mineral, year, base, price in zip(
        *(table[c] for c in ("limit", "mineral", "year", "base", "shadow_price")), strict=True
    ):
        if case.share_limits[at].caps_each_country:
            worth = float(price * base) * case.discount(year) * POINT
            found[mineral] = found.get(mineral, 0.0) + worth
    return found


# ---- rows --------------------------------------------------------------------------------------


def by_mineral(readings: Sequence[Reading]) -> dict[str, Reading]:
    """Return readings by mineral."""
    return {of.mineral: of for of in readings}


def frontier(
    points: Sequence[float],
    found: Sequence[Readings],
    troubles: Sequence[str],
    free: Readings,
    *,
    by_duals: bool,
) -> pd.DataFrame:
    """Return a row a point and mineral, with the columns ``COLUMNS``.

    ``found`` and ``troubles`` are each point's; ``free`` is the reference. ``by_duals`` says that a
    slope is read from the duals of the plan; else it is the difference to the point before.
    """
    rows: list[dict[str, object]] = []
    before: tuple[float, Readings] | None = None
    for value, now, trouble in zip(points, found, troubles, strict=True):
        if not now:
            rows.append({"value": value, "mineral": ALL, "trouble": trouble})
        like = _like_for_like(now, free)
        for name, of in now.items():
            slope = of.saved if by_duals else _difference(value, of, before)
            rows.append(_row(value, of, free.get(name), slope, like.get(name)))
        before = (value, now) if now else None
    return _frame(rows)


def reference(free: Readings) -> pd.DataFrame:
    """Return the reference's rows, one a mineral, with the columns ``COLUMNS``."""
    return _frame([_row(None, of, None, None, None) for of in free.values()])


def _frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame([dict(row) for row in rows], columns=list(COLUMNS))
    numbers = [name for name in COLUMNS if name not in _WORDS]
    words = table[list(_WORDS)].astype(object)
    table[list(_WORDS)] = words.where(words.notna(), "")
    return table.astype(dict.fromkeys(numbers, float))


def _row(
    value: float | None,
    of: Reading,
    free: Reading | None,
    slope: float | None,
    like: tuple[float, float] | None,
) -> dict[str, object]:
    """Return a row; ``like`` is what ``_like_for_like`` says. Without a reference those are blank.

    Differences that are rounding are 0.
    """
    row: dict[str, object] = {
        "value": value,
        "mineral": of.mineral,
        "objective": of.objective,
        "purchases": of.purchases,
        "cash": of.cash,
        "demand": of.demand,
        "tonnes": of.tonnes,
        "short": of.short,
        "served": of.served,
        "share": of.share,
        "country": of.country,
        "slope": slope,
    }
    if free is not None:
        row["lost"] = beyond(of.short, free.short, max(of.demand, free.demand))
        row["premium"] = premium(of.cash, free.cash, of.tonnes)
        row["with_shortage"] = premium_with_shortage(of.objective, free.objective, of.demand)
    if like is not None and of.tonnes > 0:
        extra, same = like
        row["like_for_like"] = extra / of.tonnes
        row["dearer"] = part(extra, same)
    return row


def _like_for_like(now: Readings, free: Readings) -> dict[str, tuple[float, float]]:
    """Return by mineral what its tonnes cost more than the same tonnes in the reference, and that.

    The same tonnes are priced at the reference's cash cost per tonne; a mineral that is not bought
    there has none. All minerals together are the sums.
    """
    amounts = {
        name: (of.cash, of.tonnes, free[name].cash, free[name].tonnes)
        for name, of in now.items()
        if name != ALL and name in free and free[name].tonnes > 0
    }
    each = {name: premium_like_for_like([of]) for name, of in amounts.items()}
    found = {**each, ALL: premium_like_for_like(amounts.values())}
    return {name: of for name, of in found.items() if of is not None}


def _difference(value: float, of: Reading, before: tuple[float, Readings] | None) -> float | None:
    """Return what one point more saves between this point and the one before."""
    other = None if before is None else before[1].get(of.mineral)
    if before is None or other is None:
        return None
    saved = beyond(other.objective, of.objective, of.objective)
    return saved / (value - before[0]) * POINT or 0.0  # not -0.0


def smallest_caps(rows: pd.DataFrame, free: Readings, least: Mapping[str, float]) -> pd.DataFrame:
    """Return a row a mineral: its smallest cap, and the loosest point that costs tonnes.

    mineral, smallest (NaN: not known), costs_from (NaN: no point does), lost [t there].
    """
    found = []
    for name in free:
        own = rows[rows["mineral"] == name]
        costly = own[own["lost"] > _LOST * own["demand"]].sort_values("value")
        at = costly.iloc[-1] if len(costly) else None
        found.append(
            {
                "mineral": name,
                "smallest": max(least.values(), default=None) if name == ALL else least.get(name),
                "costs_from": None if at is None else at["value"],
                "lost": None if at is None else at["lost"],
            }
        )
    numbers = ("smallest", "costs_from", "lost")
    table = pd.DataFrame(found, columns=["mineral", *numbers])
    return table.astype(dict.fromkeys(numbers, float))
