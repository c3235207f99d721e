"""The charts of a comparison: cost, shortage and the largest country's share by scenario."""

from __future__ import annotations

from collections.abc import Sequence

from models.plan import PENALTIES
from planner.sheets.comparison.entry import Entry
from planner.sheets.comparison.figures import ending
from planner.sheets.context import Context
from planner.sheets.figures import figures
from planner.sheets.picture import Form, Picture, Role, Series, short
from planner.sheets.table import Look

_MOST_SCENARIOS = 12
_MOST_MINERALS = 6
"""Minerals told apart in one chart; the others are drawn together."""
_BILLION, _MILLION = 1e9, 1e6
_WHOLE = 20
"""Amounts up to so many millions, or billions, have a decimal on their axis."""
_LABEL, _SMALL_LABEL = 24, 15
"""Characters of a scenario's name beside its bar, in large charts and in small ones."""

Told = list[tuple[str, Context]]


def pictures(entries: Sequence[Entry]) -> tuple[Picture, ...]:
    """Return the charts; scenarios beyond the first twelve are left to the tables."""
    planned = [(e.name, e.context) for e in entries if e.context is not None]
    told = planned[:_MOST_SCENARIOS]
    if not told or not told[0][1].case.years:
        return ()
    left = len(planned) - len(told)
    more = f" (the first {len(told)} of {len(planned)})" if left else ""
    found = [_cost(told, more), _short(told, more)]
    minerals = [m.name for m in told[0][1].case.minerals]
    found += [_largest(told, mineral, ending(entries)) for mineral in minerals]
    found += [_short_of(told, mineral) for mineral in minerals]
    return tuple(p for p in found if p is not None)


def _names(told: Told, *, small: bool = False) -> tuple[str, ...]:
    """Return the names of the bars, each on one line so that none is left out for want of room."""
    most = _SMALL_LABEL if small else _LABEL
    return tuple(
        name if len(name) <= most else f"{name[: most - 1].rstrip()}…"
        for name in (short(name) for name, _ in told)
    )


def _money(context: Context, highest: float) -> tuple[float, str, Look]:
    """Return what amounts are divided by, the unit they are then in, and how they look."""
    scale, word = (_BILLION, "bn") if highest >= 10 * _BILLION else (_MILLION, "m")
    look = Look.COUNT if highest >= _WHOLE * scale else Look.MILLIONS
    return scale, f"{context.currency} {word}", look


def _cost(told: Told, more: str) -> Picture:
    """What each scenario costs: what is paid, and shortage and other penalties."""
    tables = [context.plan.costs for _, context in told]
    is_penalty = [table["heading"].isin(PENALTIES) for table in tables]
    paid = [float(t.loc[~p, "discounted"].sum()) for t, p in zip(tables, is_penalty, strict=True)]
    fines = [float(t.loc[p, "discounted"].sum()) for t, p in zip(tables, is_penalty, strict=True)]
    first = told[0][1]
    highest = max(a + b for a, b in zip(paid, fines, strict=True))
    scale, unit, look = _money(first, highest)
    return Picture(
        f"Total cost, {first.horizon}{more}",
        Form.BARS,
        _names(told),
        (
            Series("Paid", Role.PLAN, tuple(v / scale for v in paid)),
            Series("Shortage and other penalties", Role.SHORT, tuple(v / scale for v in fines)),
        ),
        f"{unit}, discounted" if _discounts(first) else unit,
        "",
        look,
    )


def _discounts(context: Context) -> bool:
    return context.case.settings.discount_rate > 0


def _short(told: Told, more: str) -> Picture | None:
    """What is short in each scenario, at its stated price, so that minerals can be added up."""
    worth = [_worth_short(context) for _, context in told]
    totals: dict[str, float] = {}
    for of in worth:
        for mineral, money in of.items():
            totals[mineral] = totals.get(mineral, 0.0) + money
    ranked = sorted((m for m, money in totals.items() if money > 0), key=lambda m: -totals[m])
    if not ranked:
        return None
    shown, rest = ranked[:_MOST_MINERALS], ranked[_MOST_MINERALS:]
    if len(rest) == 1:  # a single one needs no name for many
        shown, rest = ranked[: _MOST_MINERALS - 1], ranked[_MOST_MINERALS - 1 :]
    first = told[0][1]
    scale, unit, look = _money(first, max(sum(of.values()) for of in worth))
    series = [
        Series(short(m), Role.ONE_OF_MANY, tuple(of.get(m, 0.0) / scale for of in worth))
        for m in shown
    ]
    if rest:
        others = tuple(sum(of.get(m, 0.0) for m in rest) / scale for of in worth)
        series.append(Series(f"{len(rest)} others", Role.OTHER, others))
    return Picture(
        f"Metal short, at its stated price, {first.horizon}{more}",
        Form.BARS,
        _names(told),
        tuple(series),
        unit,
        "",
        look,
    )


def _worth_short(context: Context) -> dict[str, float]:
    """Return what each mineral is short, at the price of the year [money]."""
    found: dict[str, float] = {}
    table = context.plan.shortages
    for mineral, year, tonnes in zip(table["mineral"], table["year"], table["short"], strict=True):
        price = context.case.mineral_of[mineral].price.value(int(year))
        found[mineral] = found.get(mineral, 0.0) + float(tonnes) * price
    return found


def _largest(told: Told, mineral: str, last: str) -> Picture | None:
    """A mineral's largest country share in the last year, by scenario."""
    shares = []
    for _, context in told:
        of = next((f for f in figures(context) if f.name == mineral), None)
        shares.append(of.last.share if of is not None and of.last is not None else 0.0)
    if not any(shares):
        return None
    return Picture(
        f"{short(mineral)}: largest country{last}",
        Form.BARS,
        _names(told, small=True),
        (Series("Largest country share", Role.PLAN, tuple(shares)),),
        f"Share of coalition {told[0][1].basis}",
        "",
        small=True,
    )


def _short_of(told: Told, mineral: str) -> Picture | None:
    """What part of a mineral's demand is short, by scenario, where any is."""
    parts = []
    for _, context in told:
        of = next((f for f in figures(context) if f.name == mineral), None)
        parts.append(1.0 - of.served if of is not None else 0.0)
    if not any(part > 0 for part in parts):
        return None
    return Picture(
        f"{short(mineral)}: short, {told[0][1].horizon}",
        Form.BARS,
        _names(told, small=True),
        (Series("Short", Role.SHORT, tuple(parts)),),
        "Share of coalition demand",
        "",
        small=True,
    )
