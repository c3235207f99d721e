"""What is short, of which mineral, for whom, and why."""

from __future__ import annotations

from typing import cast

import pandas as pd

from models.results import ByMineral, Figure, Look, Prices, Shortages, field
from models.results.common import MEMBER, MINERAL, SHORT
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series
from planner.render.words import NAMED, listed, percent, span
from planner.report.part import Block, Columns, Part, Plot, View, facts, plot
from planner.workbook.plan_file import PlanFile

_MOST_CAUSES = 3
"""Causes of each mineral that are told, the largest first."""
_TITLE = Figure.SHORTAGE.value
_CAN_T, _FORBIDDEN = "Supply can't give it", "The limits forbid it"


def shortage(plan: PlanFile) -> Part | None:
    """Draw the part of demand that is short by mineral and member, and tell the causes."""
    table = plan.result(Prices).frame()
    table = table[table["demand"] > 0]
    if table.empty:
        return None
    if not (table["short"] > 0).any():
        empty = View((), facts({"Note": ["All demand is served."]}))
        return Part("shortage", _TITLE, "Nothing is short.", {(): empty})
    sums = table.groupby(["member", "mineral"])[["short", "demand"]].sum()
    parts = (sums["short"] / sums["demand"]).unstack()
    parts = parts.sort_index(key=_folded).sort_index(axis=1, key=_folded)
    numbers: Columns = {MEMBER: parts.index} | {field(str(m), Look.SHARE): parts[m] for m in parts}
    plots = (_why(plan), _whose(parts)) if ByMineral in plan else (_whose(parts),)
    return Part(
        "shortage",
        _TITLE,
        "What demand is not met, over all years. Blank: no demand.",
        {(): View(plots, facts(numbers))},
        blocks=_causes(plan),
    )


def _folded(names: pd.Index) -> pd.Index:
    return names.map(str.casefold)


def _whose(parts: pd.DataFrame) -> Plot:
    """Draw the part of demand that is short by member, in rows, and mineral."""
    drawn = parts.astype(object).where(parts.notna(), None)
    series = [Series(m, Role.SHORT, list(drawn.loc[m])) for m in parts.index]
    member, mineral = cast("tuple[str, str]", parts.stack().idxmax())
    title = "Part of demand that is short, by member and mineral, all years"
    return plot(
        Picture(title, Form.HEAT, tuple(map(str, parts)), tuple(series), SHORT.header.lower(), ""),
        f"A map of {len(parts)} members and {len(parts.columns)} minerals. The most is short for "
        f"{member} of {mineral}: {percent(parts.loc[member, mineral])} of its demand.",
    )


def _why(plan: PlanFile) -> Plot:
    """Draw, by mineral, what no supply could give and what the limits forbid."""
    table = plan.result(ByMineral).frame().set_index("mineral")
    table = table[table["short"] > 0]
    can_t, forbidden = (
        [None if v != v else float(v) for v in table[name] / table["demand"]]  # noqa: PLR0124 - NaN
        for name in ("short_of_supply", "short_by_limits")
    )
    series = (
        Series(_CAN_T, Role.ONE_OF_MANY, can_t, palette.ORANGE),
        Series(_FORBIDDEN, Role.SHORT, forbidden),
    )
    said = "; ".join(
        f"{m}: {percent(a)} cannot be supplied, {percent(b)} is forbidden"
        for m, a, b in zip(table.index, can_t, forbidden, strict=True)
    )
    title, axis = "Part of demand that is short, and why", "Part of demand"
    picture = Picture(title, Form.BARS, tuple(table.index), series, axis, "")
    return plot(picture, f"Bars by mineral. {said}.")


def _causes(plan: PlanFile) -> tuple[Block, ...]:
    """Return the causes of shortage, by mineral, the largest first."""
    table = plan.result(Shortages).frame()
    if table.empty:
        return ()
    groups = table.groupby(["mineral", "cause"], sort=False, dropna=False)
    every = groups.agg(
        years=("year", lambda years: span(years.unique())),
        short=("short", "sum"),
        members=("member", lambda names: listed(sorted(set(names), key=str.casefold), NAMED)),
    ).reset_index()
    every = every.sort_values("short", ascending=False, kind="stable")
    every = every.sort_values("mineral", key=lambda names: names.map(str.casefold), kind="stable")
    told = every.groupby("mineral", sort=False).head(_MOST_CAUSES)
    numbers: Columns = {
        MINERAL: told["mineral"],
        Figure.YEARS: told["years"],
        SHORT: told["short"],
        "For": told["members"],
        Shortages.cause: [None if cause != cause else cause for cause in told["cause"]],  # noqa: PLR0124
    }
    more = len(every) - len(told)
    note = f"{more:,} more causes stand in the sheet Shortages." if more else ""
    return (Block("Causes, of each mineral the largest", facts(numbers), note),)
