"""Scenarios beside their base: cost, shortage, and the largest shares."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from planner.render.chart import Role, Series
from planner.render.plotly import heat, heat_width, rows
from planner.render.text import word
from planner.render.words import known, money, number, percent, scaled, tonnes
from planner.report.part import Headline, Part, Plot, View
from planner.report.studies.tables import Tables, blank, facts, largest_cell

_SHEET = "Comparison"
_MILLION = 1e6
_DUST = 1e-3
"""Tonnes, or millions, below which a difference is none."""


def comparison(tables: Tables) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    """Return the headlines and the parts of a comparison's report."""
    table = tables.part(
        _SHEET, name="Scenario", total="Total cost", against="Total cost against base",
        cash="Cash cost", short="Short (t)", more="Short against base",
        served="Served share of demand", result="Result",
    )  # fmt: skip
    currency = tables.unit(_SHEET, "Cash cost").removesuffix(" m")
    parts = (
        _cost(table, currency),
        _map(
            tables, "Short by mineral", "shortage", "Shortage by mineral",
            "Part of each mineral's demand that is short, all years.", "short",
        ),
        _map(
            tables, "Largest shares", "shares", "Largest share of one country",
            "In the last year, of each mineral.", "from one country",
        ),
    )  # fmt: skip
    return _headlines(table, currency), tuple(part for part in parts if part is not None)


def _headlines(table: pd.DataFrame, currency: str) -> tuple[Headline, ...]:
    base, others = table.iloc[0], table.iloc[1:]
    others = others[pd.to_numeric(others["against"], errors="coerce").notna()]
    total = money(float(base["total"]) * _MILLION, currency) if known(base["total"]) else "unknown"
    found = [
        Headline(
            word(base["name"]), total,
            f"total cost, penalties included; {percent(base['served'], 2)} of demand served.",
        )
    ]  # fmt: skip
    if others.empty:
        return (*found, Headline("Scenarios", "none", "there is none with a proven plan."))
    dearest = others.sort_values("against", ascending=False, kind="stable").iloc[0]
    worst = others.sort_values("more", ascending=False, kind="stable").iloc[0]
    cost = float(dearest["against"])
    more = float(worst["more"])
    return (
        *found,
        Headline(
            "Dearest scenario", word(dearest["name"]),
            f"{'+' if cost > 0 else ''}{money(cost * _MILLION, currency)} against the base.",
        ),
        Headline(
            "Most short",
            word(worst["name"]) if more > _DUST else "none",
            f"{tonnes(more)} more short than in the base."
            if more > _DUST
            else "no scenario leaves more short than the base.",
        ),
    )  # fmt: skip


def _cost(table: pd.DataFrame, currency: str) -> Part | None:
    of = table.iloc[1:]
    columns: dict[str, Iterable[object]] = {
        "Scenario": table["name"],
        f"Total cost ({currency} m)": table["total"],
        f"Against base ({currency} m)": table["against"],
        f"Cash cost ({currency} m)": table["cash"],
        "Short (t)": table["short"],
        "Short against base (t)": table["more"],
        "Demand served": table["served"],
        "Result": table["result"],
    }
    numbers = facts(columns, {"Demand served": "share"})
    if of.empty:
        return None
    names = [word(n) for n in of["name"]]
    values, unit = scaled(blank(of["against"]), currency)
    said = "; ".join(
        f"{n}: {number(v)} {unit}" for n, v in zip(names, values, strict=True) if v is not None
    )
    series = [Series("Against base", Role.PLAN, values)]
    plot = Plot(
        f"Total cost against the base ({unit})",
        rows(names, series, axis=unit, shares=False),
        f"Bars of the total cost against the base. {said}.",
        110 + 34 * len(names),
    )
    return Part(
        "cost",
        "What each scenario costs",
        "Total cost, discounted, shortage and penalties included.",
        {(): View((plot,), numbers)},
    )


def _map(  # noqa: PLR0913, PLR0917 - a map and its words
    tables: Tables, sheet: str, key: str, heading: str, lead: str, what: str
) -> Part | None:
    if sheet not in tables:
        return None
    table = tables.sheets[sheet]
    minerals = [str(h) for h in table.columns if h != "Scenario"]
    names = [word(n) for n in table["Scenario"]]
    values = [blank(row) for row in table[minerals].to_numpy(dtype=object)]
    worst = largest_cell(names, minerals, values)
    alt = f"A map of {len(names)} scenarios and {len(minerals)} minerals. " + (
        f"The most is {percent(worst[0])}: {worst[2]}, {worst[1]}." if worst else "It is blank."
    )
    plot = Plot(f"{heading}, by scenario", heat(names, minerals, values, what=what), alt,
                100 + 30 * len(names), heat_width(minerals))  # fmt: skip
    columns: dict[str, Iterable[object]] = {"Scenario": names}
    columns |= {m: [row[i] for row in values] for i, m in enumerate(minerals)}
    numbers = facts(columns, dict.fromkeys(minerals, "share"))
    return Part(key, heading, lead, {(): View((plot,), numbers)})
