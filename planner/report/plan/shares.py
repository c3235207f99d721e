"""The largest country's share against its limit, by mineral and year, and the limits that bind."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from models.measures import Top, largest_country_share, shares_of
from models.results import ByMineral, CountryShares, Figure, ShareLimits
from models.results.common import BUYER, COUNTRY, LIMIT, MINERAL, ROW, YEAR
from models.schema import DEMAND, REST_OF_WORLD
from planner.render.chart import Role, Series
from planner.render.plotly import bars
from planner.render.table import COALITION_BUYER
from planner.render.text import word
from planner.render.words import known, percent, span
from planner.report.part import Block, Part, Plot, View
from planner.report.tables import facts, in_order, years_of
from planner.workbook.plan_file import PlanFile

_ALIKE = 1e-6
_MOST_BINDING = 40


Tops = dict[int, Top]
"""The largest country of a mineral by year."""


def shares(plan: PlanFile) -> Part | None:
    """Draw a small chart a mineral: the largest country's share a year, and its limit."""
    table = plan.result(CountryShares).frame()
    table = table[table["buyer"] == ""]
    basis = word(plan.measure(Figure.SHARE_BASIS)) or DEMAND
    tops = _tops(table, basis)
    if not tops:
        return None
    years = years_of(table["year"])
    plots = tuple(_plot(plan, mineral, years, of, basis) for mineral, of in tops.items())
    every = [(mineral, top) for mineral, of in tops.items() for top in of.values()]
    share = f"Share of {basis}"
    numbers = facts(
        {
            MINERAL.header: [mineral for mineral, _ in every],
            YEAR.header: [top.year for _, top in every],
            COUNTRY.header: [plan.country(top.country) for _, top in every],
            share: [top.share for _, top in every],
            ByMineral.limit.header: [top.limit for _, top in every],
            "At the limit": ["yes" if _is_reached(top) else "" for _, top in every],
        },
        {YEAR.header: "year", share: "share", ByMineral.limit.header: "share"},
    )
    return Part(
        "shares",
        "Shares against limits",
        f"The country with the largest share of the coalition's {basis}, of those under a limit "
        "where there are any, and the limit on it.",
        {(): View(plots, numbers)},
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


def _plot(plan: PlanFile, mineral: str, years: Sequence[int], at: Tops, basis: str) -> Plot:
    hints = [plan.country(at[y].country) if y in at else "" for y in years]
    line = [at[y].share if y in at else None for y in years]
    series = [Series(ByMineral.country.header, Role.PLAN, line, hints=hints)]
    limits = [at[y].limit if y in at else None for y in years]
    if any(limit is not None for limit in limits):
        series.append(Series(LIMIT.header, Role.LIMIT, limits))
    tops = list(at.values())
    top, last = max(tops, key=lambda t: t.share), tops[-1]
    reached = sum(map(_is_reached, tops))
    who = in_order(plan.country(t.country) for t in tops)
    alt = (
        f"{mineral}: the largest share of {basis} is {percent(top.share)} "
        f"({plan.country(top.country)}, {top.year}); {percent(last.share)} in {last.year}. "
        + (
            f"The limit is reached in {reached} of {len(tops)} years."
            if any(limits)
            else "No limit."
        )
    )
    title = f"{mineral}: {who[0] if len(who) == 1 else 'largest country'}"
    return Plot(title, bars(years, series, axis=""), alt, 240)


def _binding(plan: PlanFile) -> tuple[Block, ...]:
    """Return the limits that bind, the dearest first: on whom, when, and what relief saves."""
    table = plan.result(ShareLimits).frame()
    table = table[table["binding"] == "yes"]
    if table.empty:
        return ()
    groups = []
    for key, rows in table.groupby(
        ["kind", "mineral", "buyer", "supplier", "stage"], sort=False, dropna=False
    ):
        dearest = rows.sort_values("shadow_price", ascending=False, kind="stable").iloc[0]
        note = word(dearest["note"])
        groups.append((tuple(map(word, key)), rows, dearest, note.startswith("Estimate:")))
    groups.sort(
        key=lambda g: -abs(float(g[2]["shadow_price"])) if known(g[2]["shadow_price"]) else 0.0
    )
    shown = groups[:_MOST_BINDING]
    unit = f"{plan.currency}/t"
    numbers = facts(
        {
            LIMIT.header: [f"{'at most' if k[0] == 'max' else 'at least'}" for k, *_ in shown],
            MINERAL.header: [k[1] for k, *_ in shown],
            BUYER.header: [k[2] or COALITION_BUYER for k, *_ in shown],
            ShareLimits.supplier.header: [k[3] for k, *_ in shown],
            ShareLimits.stage.header: [k[4] for k, *_ in shown],
            "Binds in": [span(years_of(rows["year"])) for _, rows, *_ in shown],
            "Limit there": [_range(rows["limit"]) for _, rows, *_ in shown],
            f"A tonne of relief saves at most ({unit})": [
                d["shadow_price"] for _, _, d, _ in shown
            ],
            ROW.header: [
                f"{d['row']:.0f}{', an estimate' if e else ''}" if known(d["row"]) else ""
                for _, _, d, e in shown
            ],
        }
    )
    more = len(groups) - len(shown)
    note = f"{more:,} more stand in the sheet Share limits." if more else ""
    return (Block("Limits that bind, the dearest first", numbers, note),)


def _range(values: pd.Series) -> str:
    low, high = values.min(), values.max()
    return percent(low) if high - low < _ALIKE else f"{percent(low)} to {percent(high)}"
