"""What the plan costs, heading by heading."""

from __future__ import annotations

from collections.abc import Iterable

from planner.render.chart import Role, Series
from planner.render.plotly import rows
from planner.render.text import word
from planner.render.words import known, money, scale
from planner.report.part import Part, Plot, View
from planner.report.tables import Tables, facts
from planner.workbook.plan_file import PlanFile

_COST = "Cost: "
_PENALTY = "A penalty, not paid"


def costs(plan: PlanFile, tables: Tables) -> Part | None:
    """Draw the headings of cost: what is paid, and penalties, which are not."""
    table = tables.part("Summary", name="Measure", value="Value", remark="Remark")
    table = table[table["name"].astype(str).str.startswith(_COST)]
    found = [
        (word(n).removeprefix(_COST), float(v), word(r).startswith(_PENALTY))
        for n, v, r in zip(table["name"], table["value"], table["remark"], strict=True)
        if known(v)
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
        "Kind": ["penalty, not paid" if f[2] else "paid" for f in found],
        f"Amount ({plan.currency})": [f[1] for f in found],
    }
    return Part(
        "costs",
        "What it costs",
        "Purchases, freight, tariffs and projects are paid; the cost of shortage and other "
        "penalties is what the plan weighs them with.",
        {(): View((plot,), facts(columns))},
    )
