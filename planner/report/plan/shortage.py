"""What is short, of which mineral, for whom, and why."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from models.results import ByMineral, Figure, Prices, Shortages
from models.results.common import MEMBER, MINERAL, NOTE, SHORT
from planner.render import palette
from planner.render.chart import Role, Series
from planner.render.plotly import heat, heat_width, rows
from planner.render.text import word
from planner.render.words import NAMED, known, listed, percent, span
from planner.report.part import Block, Part, Plot, View
from planner.report.tables import facts, in_order, matrix, years_of
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
        empty = View((), facts({NOTE.header: ["All demand is served."]}))
        return Part("shortage", _TITLE, "Nothing is short.", {(): empty})
    minerals = sorted(in_order(table["mineral"]), key=str.casefold)
    by = table.rename(columns={"member": "down", "mineral": "across"})
    members = sorted(in_order(table["member"]), key=str.casefold)
    short = matrix(by.assign(value=by["short"]), members, minerals)
    demand = matrix(by.assign(value=by["demand"]), members, minerals)
    parts = [
        [s / d if d and s is not None else None for s, d in zip(one, other, strict=True)]
        for one, other in zip(short, demand, strict=True)
    ]
    worst = max(
        ((value, m, n) for m, row in zip(members, parts, strict=True)
         for n, value in zip(minerals, row, strict=True) if value is not None),
        key=lambda found: found[0],
    )  # fmt: skip
    plots = [_why(plan)] if ByMineral in plan else []
    plots.append(
        Plot(
            "Part of demand that is short, by member and mineral, all years",
            heat(members, minerals, parts, what="short"),
            f"A map of {len(members)} members and {len(minerals)} minerals. The most is short for "
            f"{worst[1]} of {worst[2]}: {percent(worst[0])} of its demand.",
            100 + 28 * len(members),
            heat_width(minerals),
        )
    )
    columns: dict[str, Iterable[object]] = {MEMBER.header: list(members)}
    columns |= {m: [row[i] for row in parts] for i, m in enumerate(minerals)}
    return Part(
        "shortage",
        _TITLE,
        "What demand is not met, over all years. Blank: no demand.",
        {(): View(tuple(plots), facts(columns, dict.fromkeys(minerals, "share")))},
        blocks=_causes(plan),
    )


def _why(plan: PlanFile) -> Plot:
    """Draw, by mineral, what no supply could give and what the limits forbid."""
    table = plan.result(ByMineral).frame()
    table = table[table["short"] > 0]
    series = [
        Series(_CAN_T, Role.ONE_OF_MANY, _part(table, "short_of_supply"), palette.ORANGE),
        Series(_FORBIDDEN, Role.SHORT, _part(table, "short_by_limits")),
    ]
    minerals = [word(m) for m in table["mineral"]]
    said = "; ".join(
        f"{m}: {percent(a)} cannot be supplied, {percent(b)} is forbidden"
        for m, a, b in zip(minerals, series[0].values, series[1].values, strict=True)
    )
    return Plot(
        "Part of demand that is short, and why",
        rows(minerals, series, axis="Part of demand"),
        f"Bars by mineral. {said}.",
        120 + 32 * len(minerals),
    )


def _part(table: pd.DataFrame, name: str) -> list[float | None]:
    return [
        float(v) / float(d) if known(v) and d > 0 else None
        for v, d in zip(table[name], table["demand"], strict=True)
    ]


def _causes(plan: PlanFile) -> tuple[Block, ...]:
    """Return the causes of shortage, by mineral, the largest first."""
    table = plan.result(Shortages).frame()
    if table.empty:
        return ()
    found = [
        (word(mineral), float(rows["short"].sum()), rows, word(cause))
        for (mineral, cause), rows in table.groupby(["mineral", "cause"], sort=False, dropna=False)
    ]
    found.sort(key=lambda f: (f[0].casefold(), -f[1]))
    of: dict[str, int] = {}
    shown = []
    for each in found:
        of[each[0]] = of.get(each[0], 0) + 1
        if of[each[0]] <= _MOST_CAUSES:
            shown.append(each)
    numbers = facts(
        {
            MINERAL.header: [f[0] for f in shown],
            Figure.YEARS: [span(years_of(f[2]["year"])) for f in shown],
            SHORT.whole: [f[1] for f in shown],
            "For": [
                listed(sorted(in_order(f[2]["member"]), key=str.casefold), NAMED) for f in shown
            ],
            Shortages.cause.header: [f[3] for f in shown],
        }
    )
    more = len(found) - len(shown)
    note = f"{more:,} more causes stand in the sheet Shortages." if more else ""
    return (Block("Causes, of each mineral the largest", numbers, note),)
