"""The charts of a comparison: cost, shortage and the largest country's share by scenario."""

from __future__ import annotations

from collections.abc import Sequence

from models.plan import PENALTIES
from models.results.field import Look
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.text import clean
from planner.sheets.comparison.entry import Entry
from planner.sheets.comparison.figures import ending
from planner.sheets.context import Context
from planner.sheets.figures import figures

_MOST_SCENARIOS = 12
_MOST_MINERALS = 6
"""Minerals told apart in one chart; the others are drawn together."""
_BILLION, _MILLION = 1e9, 1e6
_WHOLE = 20
"""Amounts up to so many millions, or billions, have a decimal on their axis."""
_LABEL, _SMALL_LABEL = 48, 34
"""Characters of a scenario's name beside its bar, in large charts and in small ones."""
_DUST = 1e-9
"""A share beyond its limit by less is at it."""

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
    """Return the names of the bars, each on one line so that none is left out for want of room.

    Longer ones lose their middle, for scenarios often differ at their ends; those that are alike
    then are numbered, in the order of the sheet Comparison.
    """
    most = _SMALL_LABEL if small else _LABEL
    names = [clean(name) for name, _ in told]
    cut = [_without_middle(name, most) for name in names]
    return tuple(
        shown if cut.count(shown) == 1 else _without_middle(f"{number}: {name}", most)
        for number, (name, shown) in enumerate(zip(names, cut, strict=True), start=1)
    )


def _without_middle(name: str, most: int) -> str:
    """Return a name of at most so many characters, its beginning and its end."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end].rstrip()}…{name[-end:].lstrip()}"


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
    """A mineral's largest country share in the last year against the limit on it, by scenario."""
    tops = []
    for _, context in told:
        of = next((f for f in figures(context) if f.name == mineral), None)
        tops.append(None if of is None else of.last)
    shares = [top.share if top else 0.0 for top in tops]
    if not any(shares):
        return None
    caps = [top.limit if top else None for top in tops]
    over = [
        share - cap if cap is not None and share > cap + _DUST else 0.0
        for share, cap in zip(shares, caps, strict=True)
    ]
    room = [0.0 if cap is None else max(0.0, cap - s) for s, cap in zip(shares, caps, strict=True)]
    inside = tuple(share - by for share, by in zip(shares, over, strict=True))
    series = [Series("Largest country share", Role.PLAN, inside)]
    if any(over):
        series.append(Series("Beyond its limit", Role.SHORT, tuple(over)))
    if any(by > _DUST for by in room):
        series.append(Series("Room up to its limit", Role.INSIDE_IDLE, tuple(room)))
    limits = {cap for cap in caps if cap is not None}
    limit = f", limit {limits.pop() * 100:.4g} %" if len(limits) == 1 else ""
    return Picture(
        f"{short(mineral)}: largest country{last}{limit}",
        Form.BARS,
        _names(told, small=True),
        tuple(series),
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
