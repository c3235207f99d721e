"""What a mineral costs landed, and what one more tonne of it would, by year."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from planner.render import palette
from planner.render.chart import Role, Series
from planner.render.plotly import Scale, lines
from planner.render.words import known, number
from planner.report.part import Part, Plot, View
from planner.report.tables import Tables, facts, in_order, years_of
from planner.workbook.plan_file import PlanFile

_FEW = 5
_LANDED, _MARGINAL = "Average landed cost", "Marginal price"


def prices(_: PlanFile, tables: Tables) -> Part | None:
    """Draw a small chart a mineral: average landed cost and marginal price over the years."""
    table = tables.part(
        "Prices", year="Year", mineral="Mineral", member="Member", marginal=_MARGINAL,
        landed=_LANDED, demand="Demand", bought="Purchases", unit="Unit",
    )  # fmt: skip
    if table.empty or not (table["demand"] > 0).any():
        return None
    years = years_of(table["year"])
    minerals = sorted(in_order(table["mineral"]), key=str.casefold)
    unit = tables.unit("Prices", _MARGINAL)
    plots, rows = [], []
    for mineral in minerals:
        of = table[table["mineral"] == mineral]
        landed = [_mean(of[of["year"] == y], "landed", "bought") for y in years]
        marginal = [_mean(of[of["year"] == y], "marginal", "demand") for y in years]
        rows += [
            (mineral, y, a, b, *_ends(of[of["year"] == y]))
            for y, a, b in zip(years, landed, marginal, strict=True)
        ]
        plots.append(_plot(mineral, years, landed, marginal, unit))
    names = (
        "Mineral", "Year", f"{_LANDED} ({unit})", f"{_MARGINAL} ({unit})",
        f"Lowest of a member ({unit})", f"Highest of a member ({unit})",
    )  # fmt: skip
    columns: dict[str, Iterable[object]] = {
        name: [row[i] for row in rows] for i, name in enumerate(names)
    }
    return Part(
        "prices",
        "Prices",
        "What the coalition pays landed, by tonnes bought, and what one more tonne of demand would "
        "cost, by demand. Where a mineral is short the marginal price is the cost of shortage.",
        {(): View(tuple(plots), facts(columns, {"Year": "year"}))},
        small=True,
    )


def _mean(of: pd.DataFrame, name: str, weight: str) -> float | None:
    of = of[of[name].notna() & (of[weight] > 0)]
    whole = float(of[weight].sum())
    return float((of[name] * of[weight]).sum()) / whole if whole > 0 else None


def _ends(of: pd.DataFrame) -> tuple[float | None, float | None]:
    found = of.loc[of["demand"] > 0, "marginal"].dropna()
    return (float(found.min()), float(found.max())) if len(found) else (None, None)


def _plot(
    mineral: str,
    years: list[int],
    landed: list[float | None],
    marginal: list[float | None],
    unit: str,
) -> Plot:
    series = [
        Series(_LANDED, Role.PLAN, landed),
        Series(_MARGINAL, Role.ONE_OF_MANY, marginal, palette.ORANGE),
    ]
    first, last = (next((v for v in side if known(v)), None) for side in (landed, landed[::-1]))
    top = max((v for v in marginal if v is not None), default=None)
    alt = (
        f"{mineral}: average landed cost {number(first) or 'unknown'} {unit} in {years[0]}, "
        f"{number(last) or 'unknown'} in {years[-1]}; the marginal price reaches "
        f"{number(top) or 'no known value'}."
    )
    figure = lines(Scale(years), series, axis="")
    if len(years) <= _FEW:  # no half years
        figure.update_xaxes(tickmode="array", tickvals=years)
    return Plot(f"{mineral} ({unit})", figure, alt, 240)
