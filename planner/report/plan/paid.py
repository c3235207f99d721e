"""What a mineral costs landed, what one more tonne would, and what the plan costs by heading."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from models.results import Prices, Summary
from models.results.common import KIND, MINERAL, YEAR
from models.results.overall import COST
from planner.render import palette
from planner.render.chart import Role, Series
from planner.render.plotly import Scale, lines, rows
from planner.render.text import word
from planner.render.words import known, money, number, scale
from planner.report.part import Part, Plot, View
from planner.report.tables import facts, in_order, years_of
from planner.workbook.plan_file import PlanFile

_FEW = 5
_LANDED, _MARGINAL = Prices.landed.header, Prices.marginal.header
_PENALTY = "A penalty, not paid"


def prices(plan: PlanFile) -> Part | None:
    """Draw a small chart a mineral: average landed cost and marginal price over the years."""
    table = plan.result(Prices).frame()
    if table.empty or not (table["demand"] > 0).any():
        return None
    years = years_of(table["year"])
    minerals = sorted(in_order(table["mineral"]), key=str.casefold)
    unit = f"{plan.currency}/t"
    plots, rows = [], []
    for mineral in minerals:
        of = table[table["mineral"] == mineral]
        landed = [_mean(of[of["year"] == y], "landed", "purchased") for y in years]
        marginal = [_mean(of[of["year"] == y], "marginal", "demand") for y in years]
        rows += [
            (mineral, y, a, b, *_ends(of[of["year"] == y]))
            for y, a, b in zip(years, landed, marginal, strict=True)
        ]
        plots.append(_plot(mineral, years, landed, marginal, unit))
    names = (
        MINERAL.header, YEAR.header, f"{_LANDED} ({unit})", f"{_MARGINAL} ({unit})",
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
        {(): View(tuple(plots), facts(columns, {YEAR.header: "year"}))},
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


def costs(plan: PlanFile) -> Part | None:
    """Draw the headings of cost: what is paid, and penalties, which are not."""
    figures = plan.result(Summary).rows(Summary.measure, Summary.value, Summary.remark)
    found = [
        (word(name).removeprefix(COST), float(value), word(remark).startswith(_PENALTY))
        for name, value, remark in figures
        if word(name).startswith(COST) and known(value)
    ]
    if not found:
        return None
    found.sort(key=lambda f: -f[1])
    names = [f[0].capitalize() for f in found]
    size, unit = scale(max(abs(f[1]) for f in found), plan.currency)
    paid: list[float | None] = [None if f[2] else f[1] / size for f in found]
    penalty: list[float | None] = [f[1] / size if f[2] else None for f in found]
    series = [
        Series("Paid", Role.PLAN, paid),
        Series("Penalty, not paid", Role.SHORT, penalty),
    ]
    series = [s for s in series if any(v is not None for v in s.values)]
    alt = "Bars by heading. " + "; ".join(
        f"{n}: {money(f[1], plan.currency)}" for n, f in zip(names, found, strict=True)
    )
    plot = Plot(
        f"Cost by heading, all years, undiscounted ({unit})",
        rows(names, series, axis=unit, shares=False),
        f"{alt}.",
        120 + 34 * len(names),
    )
    columns: dict[str, Iterable[object]] = {
        "Heading": names,
        KIND.header: ["penalty, not paid" if f[2] else "paid" for f in found],
        f"Amount ({plan.currency})": [f[1] for f in found],
    }
    return Part(
        "costs",
        "What it costs",
        "Purchases, freight, tariffs and projects are paid; the cost of shortage and other "
        "penalties is what the plan weighs them with.",
        {(): View((plot,), facts(columns))},
    )
