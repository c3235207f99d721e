"""The largest country's share against its limit, by mineral and year, and the limits that bind."""

from __future__ import annotations

import pandas as pd

from models.measures import Top, largest_country_share, shares_of
from models.results import ByMineral, CountryShares, Figure, Look, ShareLimits, field
from models.results.common import BUYER, COUNTRY, LIMIT, MINERAL, ROW, YEAR
from models.schema import DEMAND, REST_OF_WORLD
from planner.render.chart import Form, Picture, Role, Series
from planner.render.table import COALITION_BUYER
from planner.render.words import known, percent, span
from planner.report.part import Block, Columns, Part, Plot, View, facts, plot
from planner.workbook.plan_file import PlanFile

_ALIKE = 1e-6
"""Shares that differ by less are the same."""
_MOST_BINDING = 40
_SAVES = field("A tonne of relief saves at most", Look.PRICE, unit="{money}/t")
_SHARE = field("Share of {basis}", Look.SHARE)


Tops = dict[int, Top]
"""The largest country of a mineral by year."""


def shares(plan: PlanFile) -> Part | None:
    """Draw a small chart a mineral: the largest country's share a year, and its limit."""
    table = plan.result(CountryShares).frame()
    table = table[table["buyer"] == ""]
    basis = str(plan.measure(Figure.SHARE_BASIS) or DEMAND)
    tops = _tops(table, basis)
    if not tops:
        return None
    years = tuple(sorted({int(year) for year in table["year"]}))
    plots = tuple(_plot(plan, mineral, years, of, basis) for mineral, of in tops.items())
    every = [(mineral, top) for mineral, of in tops.items() for top in of.values()]
    numbers: Columns = {
        MINERAL: [mineral for mineral, _ in every],
        YEAR: [top.year for _, top in every],
        COUNTRY: [plan.country(top.country) for _, top in every],
        _SHARE: [top.share for _, top in every],
        ByMineral.limit: [top.limit for _, top in every],
        "At the limit": ["yes" if _is_reached(top) else "" for _, top in every],
    }
    return Part(
        "shares",
        "Shares against limits",
        f"The country with the largest share of the coalition's {basis}, of those under a limit "
        "where there are any, and the limit on it.",
        {(): View(plots, facts(numbers, basis=basis))},
        small=True,
        blocks=_binding(plan),
    )


def _is_reached(top: Top) -> bool:
    return top.limit is not None and top.share >= top.limit - _ALIKE


def _tops(table: pd.DataFrame, basis: str) -> dict[str, Tops]:
    """Return the largest country of each mineral and year, of those under a limit if any is."""
    found: dict[str, Tops] = {}
    single = table["country"] != REST_OF_WORLD
    for (mineral, year), rows in table[single].groupby(["mineral", "year"], sort=False):
        limited = rows[rows["limit"].notna() & shares_of(rows, basis).notna()]
        top = largest_country_share(limited if len(limited) else rows, basis, idle=True)
        if top is not None:
            found.setdefault(str(mineral), {})[int(str(year))] = top
    return {m: dict(sorted(found[m].items())) for m in sorted(found, key=str.casefold)}


def _plot(plan: PlanFile, mineral: str, years: tuple[int, ...], at: Tops, basis: str) -> Plot:
    hints = [plan.country(at[y].country) if y in at else "" for y in years]
    line = [at[y].share if y in at else None for y in years]
    limits = [at[y].limit if y in at else None for y in years]
    series = [Series(ByMineral.country.header, Role.PLAN, line, hints=hints)]
    said = "No limit."
    if any(limit is not None for limit in limits):
        series.append(Series(LIMIT.header, Role.LIMIT, limits))
        reached = sum(map(_is_reached, at.values()))
        said = f"The limit is reached in {reached} of {len(at)} years."
    top, last = max(at.values(), key=lambda t: t.share), [*at.values()][-1]
    who = {plan.country(t.country) for t in at.values()}
    title = f"{mineral}: {who.pop() if len(who) == 1 else 'largest country'}"
    return plot(
        Picture(title, Form.GROUPED, years, tuple(series), "", "", small=True),
        f"{mineral}: the largest share of {basis} is {percent(top.share)} "
        f"({plan.country(top.country)}, {top.year}); {percent(last.share)} in {last.year}. {said}",
    )


def _binding(plan: PlanFile) -> tuple[Block, ...]:
    """Return the limits that bind, the dearest first: on whom, when, and what relief saves."""
    table = plan.result(ShareLimits).frame()
    table = table[table["binding"] == "yes"]
    if table.empty:
        return ()
    rows = []
    for _, of in table.groupby(
        ["kind", "mineral", "buyer", "supplier", "stage"], sort=False, dropna=False
    ):
        dearest = of.sort_values("shadow_price", ascending=False, kind="stable").iloc[0]
        rows.append({**dearest, "years": span(of["year"].unique()), "range": _range(of["limit"])})
    limits = pd.DataFrame(rows)
    limits = limits.sort_values("shadow_price", key=abs, ascending=False, kind="stable")
    told = limits.head(_MOST_BINDING)
    numbers: Columns = {
        LIMIT.like(look=Look.TEXT): ["at most" if k == "max" else "at least" for k in told["kind"]],
        MINERAL: told["mineral"],
        BUYER: [buyer or COALITION_BUYER for buyer in told["buyer"]],
        ShareLimits.supplier: told["supplier"],
        ShareLimits.stage: told["stage"],
        "Binds in": told["years"],
        "Limit there": told["range"],
        _SAVES: told["shadow_price"],
        ROW.like(look=Look.TEXT): [
            _row(*each) for each in zip(told["row"], told["note"], strict=True)
        ],
    }
    more = len(limits) - len(told)
    note = f"{more:,} more stand in the sheet Share limits." if more else ""
    made = facts(numbers, money=plan.currency)
    return (Block("Limits that bind, the dearest first", made, note),)


def _row(row: object, note: object) -> str:
    estimate = ", an estimate" if str(note).startswith("Estimate:") else ""
    return f"{row:.0f}{estimate}" if known(row) else ""


def _range(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return percent(low) if high - low < _ALIKE else f"{percent(low)} to {percent(high)}"
