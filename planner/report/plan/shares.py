"""The largest country's share against its limit, by mineral and year, and the limits that bind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from models.schema import REST_OF_WORLD
from planner.render.chart import Role, Series
from planner.render.plotly import bars
from planner.render.table import COALITION_BUYER
from planner.render.text import word
from planner.render.words import known, percent, span
from planner.report.part import Block, Part, Plot, View
from planner.report.tables import Tables, facts, in_order, years_of
from planner.workbook.plan_file import PlanFile

_ALIKE = 1e-6
_MOST_BINDING = 40


@dataclass(frozen=True)
class _Top:
    """The largest country of a mineral in a year, and the limit on it."""

    mineral: str
    year: int
    country: str
    share: float
    limit: float | None

    @property
    def is_reached(self) -> bool:
        return self.limit is not None and self.share >= self.limit - _ALIKE


def shares(plan: PlanFile, tables: Tables) -> Part | None:
    """Draw a small chart a mineral: the largest country's share a year, and its limit."""
    table = tables.part(
        "Country shares", year="Year", mineral="Mineral", buyer="Buyer", country="Country",
        demand="Share of demand", purchases="Share of purchases", limit="Limit",
    )  # fmt: skip
    table = table[(table["buyer"] == COALITION_BUYER) & (table["country"] != REST_OF_WORLD)]
    if table.empty:
        return None
    basis = "purchases" if plan.measure("Share basis") == "purchases" else "demand"
    table = table.assign(share=table[basis])
    tops = _tops(table[table["share"].notna()])
    if not tops:
        return None
    years = years_of(table["year"])
    plots = tuple(
        _plot(mineral, years, [t for t in tops if t.mineral == mineral], basis)
        for mineral in in_order(t.mineral for t in tops)
    )
    numbers = facts(
        {
            "Mineral": [t.mineral for t in tops],
            "Year": [t.year for t in tops],
            "Country": [t.country for t in tops],
            f"Share of {basis}": [t.share for t in tops],
            "Limit on it": [t.limit for t in tops],
            "At the limit": ["yes" if t.is_reached else "" for t in tops],
        },
        {"Year": "year", f"Share of {basis}": "share", "Limit on it": "share"},
    )
    return Part(
        "shares",
        "Shares against limits",
        f"The country with the largest share of the coalition's {basis}, of those under a limit "
        "where there are any, and the limit on it.",
        {(): View(plots, numbers)},
        small=True,
        blocks=_binding(tables),
    )


def _tops(table: pd.DataFrame) -> list[_Top]:
    found = []
    for (mineral, year), rows in table.groupby(["mineral", "year"], sort=False):
        limited = rows[rows["limit"].notna()]
        among = limited if len(limited) else rows
        row = among.sort_values(["share", "country"], ascending=[False, True]).iloc[0]
        limit = float(row["limit"]) if known(row["limit"]) else None
        found.append(
            _Top(str(mineral), int(str(year)), word(row["country"]), float(row["share"]), limit)
        )
    return sorted(found, key=lambda t: (t.mineral.casefold(), t.year))


def _plot(mineral: str, years: Sequence[int], tops: Sequence[_Top], basis: str) -> Plot:
    at = {t.year: t for t in tops}
    line = [at[y].share if y in at else None for y in years]
    series = [
        Series(
            "Largest country",
            Role.PLAN,
            line,
            hints=[at[y].country if y in at else "" for y in years],
        )
    ]
    limits = [at[y].limit if y in at else None for y in years]
    if any(limit is not None for limit in limits):
        series.append(Series("Limit", Role.LIMIT, limits))
    top, last = max(tops, key=lambda t: t.share), tops[-1]
    reached = sum(t.is_reached for t in tops)
    who = in_order(t.country for t in tops)
    alt = (
        f"{mineral}: the largest share of {basis} is {percent(top.share)} ({top.country}, "
        f"{top.year}); {percent(last.share)} in {last.year}. "
        + (
            f"The limit is reached in {reached} of {len(tops)} years."
            if any(limits)
            else "No limit."
        )
    )
    title = f"{mineral}: {who[0] if len(who) == 1 else 'largest country'}"
    return Plot(title, bars(years, series, axis=""), alt, 240)


def _binding(tables: Tables) -> tuple[Block, ...]:
    """Return the limits that bind, the dearest first: on whom, when, and what relief saves."""
    table = tables.part(
        "Share limits", row="Row in input", kind="Limit kind", mineral="Mineral", buyer="Buyer",
        supplier="Supplier", year="Year", limit="Limit", binding="Binding", price="Shadow price",
        stage="Stage", note="Note",
    )  # fmt: skip
    table = table[table["binding"] == "yes"]
    if table.empty:
        return ()
    groups = []
    for key, rows in table.groupby(
        ["kind", "mineral", "buyer", "supplier", "stage"], sort=False, dropna=False
    ):
        dearest = rows.sort_values("price", ascending=False, kind="stable").iloc[0]
        note = word(dearest["note"])
        groups.append((tuple(map(word, key)), rows, dearest, note.startswith("Estimate:")))
    groups.sort(key=lambda g: -abs(float(g[2]["price"])) if known(g[2]["price"]) else 0.0)
    shown = groups[:_MOST_BINDING]
    unit = tables.unit("Share limits", "Shadow price")
    numbers = facts(
        {
            "Limit": [f"{'at most' if k[0] == 'max' else 'at least'}" for k, *_ in shown],
            "Mineral": [k[1] for k, *_ in shown],
            "Buyer": [k[2] for k, *_ in shown],
            "Supplier": [k[3] for k, *_ in shown],
            "Stage": [k[4] for k, *_ in shown],
            "Binds in": [span(years_of(rows["year"])) for _, rows, *_ in shown],
            "Limit there": [_range(rows["limit"]) for _, rows, *_ in shown],
            f"A tonne of relief saves at most ({unit})": [d["price"] for _, _, d, _ in shown],
            "Row in input": [
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
