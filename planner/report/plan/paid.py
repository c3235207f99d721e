"""What a mineral costs landed, what one more tonne would, and what the plan costs by heading."""

from __future__ import annotations

import pandas as pd

from models.measures import part
from models.results import Look, Prices, Summary, field
from models.results.common import KIND, MINERAL, YEAR
from models.results.overall import COST
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series
from planner.render.words import known, money, number, scale
from planner.report.part import Columns, Part, Plot, View, facts, plot
from planner.workbook.plan_file import PlanFile

_PENALTY = "A penalty, not paid"
_LOWEST = field("Lowest of a member", Look.PRICE, unit="{money}/t")
_HIGHEST = field("Highest of a member", Look.PRICE, unit="{money}/t")
_Row = tuple[str, int, float | None, float | None, float | None, float | None]
_AMOUNT = field("Amount", Look.MONEY, unit="{money}")


def prices(plan: PlanFile) -> Part | None:
    """Draw a small chart a mineral: average landed cost and marginal price over the years."""
    table = plan.result(Prices).frame()
    if table.empty or not (table["demand"] > 0).any():
        return None
    rows: list[_Row] = [
        (str(mineral), int(str(year)), _mean(of, "landed", "purchased"),
         _mean(of, "marginal", "demand"), *_ends(of))
        for (mineral, year), of in table.groupby(["mineral", "year"])
    ]  # fmt: skip
    rows.sort(key=lambda row: (row[0].casefold(), row[1]))
    fields = (MINERAL, YEAR, Prices.landed, Prices.marginal, _LOWEST, _HIGHEST)
    numbers: Columns = dict(zip(fields, zip(*rows, strict=True), strict=True))
    unit = f"{plan.currency}/t"
    plots = [
        _plot(mineral, [row for row in rows if row[0] == mineral], unit)
        for mineral in dict.fromkeys(row[0] for row in rows)
    ]
    return Part(
        "prices",
        "Prices",
        "What the coalition pays landed, by tonnes bought, and what one more tonne of demand would "
        "cost, by demand. Where a mineral is short the marginal price is the cost of shortage.",
        {(): View(tuple(plots), facts(numbers, money=plan.currency))},
        small=True,
    )


def _mean(of: pd.DataFrame, name: str, weight: str) -> float | None:
    of = of[of[name].notna() & (of[weight] > 0)]
    return part(float((of[name] * of[weight]).sum()), float(of[weight].sum()))


def _ends(of: pd.DataFrame) -> tuple[float | None, float | None]:
    found = of.loc[of["demand"] > 0, "marginal"].dropna()
    return (float(found.min()), float(found.max())) if len(found) else (None, None)


def _plot(mineral: str, rows: list[_Row], unit: str) -> Plot:
    years = tuple(row[1] for row in rows)
    landed, marginal = [row[2] for row in rows], [row[3] for row in rows]
    series = (
        Series(Prices.landed.header, Role.PLAN, landed),
        Series(Prices.marginal.header, Role.ONE_OF_MANY, marginal, palette.ORANGE),
    )
    first, last = (next((v for v in side if known(v)), None) for side in (landed, landed[::-1]))
    top = max((v for v in marginal if v is not None), default=None)
    return plot(
        Picture(f"{mineral} ({unit})", Form.LINES, years, series, "", "", Look.PRICE, small=True),
        f"{mineral}: average landed cost {number(first) or 'unknown'} {unit} in {years[0]}, "
        f"{number(last) or 'unknown'} in {years[-1]}; the marginal price reaches "
        f"{number(top) or 'no known value'}.",
    )


def costs(plan: PlanFile) -> Part | None:
    """Draw the headings of cost: what is paid, and penalties, which are not."""
    figures = plan.result(Summary).rows(Summary.measure, Summary.value, Summary.remark)
    found = [
        (name.removeprefix(COST).capitalize(), float(value), str(remark).startswith(_PENALTY))
        for name, value, remark in figures
        if str(name).startswith(COST) and known(value)
    ]
    if not found:
        return None
    found.sort(key=lambda f: -f[1])
    names = tuple(name for name, *_ in found)
    size, unit = scale(max(abs(amount) for _, amount, _ in found), plan.currency)
    series = (
        Series("Paid", Role.PLAN, [None if p else v / size for _, v, p in found]),
        Series("Penalty, not paid", Role.SHORT, [v / size if p else None for _, v, p in found]),
    )
    drawn = tuple(s for s in series if any(v is not None for v in s.values))
    title = f"Cost by heading, all years, undiscounted ({unit})"
    said = "; ".join(f"{name}: {money(v, plan.currency)}" for name, v, _ in found)
    picture = Picture(title, Form.BARS, names, drawn, unit, "", Look.MONEY)
    numbers: Columns = {
        "Heading": names,
        KIND: ["penalty, not paid" if is_penalty else "paid" for *_, is_penalty in found],
        _AMOUNT: [amount for _, amount, _ in found],
    }
    made = facts(numbers, money=plan.currency)
    return Part(
        "costs",
        "What it costs",
        "Purchases, freight, tariffs and projects are paid; the cost of shortage and other "
        "penalties is what the plan weighs them with.",
        {(): View((plot(picture, f"Bars by heading. {said}."),), made)},
    )
