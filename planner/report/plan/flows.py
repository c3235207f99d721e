"""Flows from the country of refining to the member that buys, by mineral and year."""

from __future__ import annotations

import pandas as pd

from planner.render.plotly import Flow, sankey
from planner.render.text import label
from planner.render.words import NAMED, listed, percent, tonnes
from planner.report.part import Choice, Part, Plot, Selector, View
from planner.report.plan.supply import leading
from planner.report.tables import Tables, by_pair, facts, in_order, years_of
from planner.report.world import world_map
from planner.workbook.plan_file import PlanFile

_MOST = 12
"""Countries and members beyond these, by tonnes, are drawn as one."""
_NAMED = 3
"""Countries that the map's sentence names."""
_OTHERS, _OTHER_MEMBERS = "Other countries", "Other members"


def flows(_: PlanFile, tables: Tables) -> Part | None:
    """Draw who buys from where, with a selector of the mineral and one of the year."""
    plan = tables.part(
        "Plan", year="Year", mineral="Mineral", country="Country", member="Member",
        tonnes="Tonnes", unit="Unit",
    )  # fmt: skip
    plan = plan[plan["tonnes"] > 0]
    if plan.empty:
        return None
    minerals, years = in_order(plan["mineral"]), years_of(plan["year"])
    minerals.sort(key=str.casefold)
    colours = leading(tables)
    periods = ["All years", *map(str, years)] if len(years) > 1 else [str(years[0])]
    views: dict[Choice, View] = {}
    for m, mineral in enumerate(minerals):
        of = plan[plan["mineral"] == mineral]
        unit = next(iter(in_order(of["unit"])), "t")
        for p, period in enumerate(periods):
            chosen = (
                of if period == "All years" or len(periods) == 1 else of[of["year"] == int(period)]
            )
            views[m, p] = _view(chosen, mineral, period, unit, colours)
    return Part(
        "flows",
        "Flows from refiner country to member",
        "From the country of refining, on the left, to the member that buys, on the right; the "
        "width is tonnes. Grey countries supply less of all minerals than the coloured ones. The "
        "map shows where what is bought is refined; its borders are Natural Earth's.",
        views,
        (Selector("Mineral", tuple(minerals)), Selector("Year", tuple(periods))),
    )


def _view(of: pd.DataFrame, mineral: str, period: str, unit: str, colours: dict[str, str]) -> View:
    sums = by_pair(of, "country", "member", "tonnes")
    every = [Flow(country, member, amount) for (country, member), amount in sums.items()]
    every.sort(key=lambda f: (-f.amount, f.source, f.target))
    total = sum(f.amount for f in every)
    when = "all years" if period == "All years" else period
    title = f"{mineral}, {when} ({unit})"
    if not every:
        alt = f"Nothing is bought of {mineral} in {when}."
        return View((), facts({"Note": [alt]}))
    first = every[0]
    alt = (
        f"Flows of {mineral}, {when}: {tonnes(total)} in {len(every)} flows. The largest goes from "
        f"{first.source} to {first.target}: {tonnes(first.amount)}, "
        f"{percent(first.amount / total)} of all."
    )
    drawn = _gathered(every)
    high = max(len({f.source for f in drawn}), len({f.target for f in drawn}))
    plot = Plot(title, sankey(drawn, colours, unit=label(unit)), alt, 220 + 30 * high)
    table = facts(
        {
            "From country": [f.source for f in every],
            "To member": [f.target for f in every],
            f"Tonnes ({unit})": [f.amount for f in every],
            "Part of all": [f.amount / total for f in every],
        },
        {"Part of all": "share"},
    )
    return View((plot, _map(every, mineral, when, total)), table)


def _map(every: list[Flow], mineral: str, when: str, total: float) -> Plot:
    """Draw the countries of refining by their part of what is bought."""
    parts: dict[str, float] = {}
    for flow in every:
        parts[flow.source] = parts.get(flow.source, 0.0) + flow.amount / total
    figure, lacking = world_map(parts)
    first = sorted(parts, key=lambda name: (-parts[name], name))[:_NAMED]
    said = listed([f"{name} {percent(parts[name])}" for name in first], NAMED)
    alt = f"A map of where {mineral} is refined, {when}: {said}."
    if lacking:
        rest = percent(sum(parts[name] for name in lacking))
        alt += f" Not on the map: {listed(lacking, NAMED)}, {rest} in all."
    return Plot(f"Where it is refined: part of the {mineral} bought, {when}", figure, alt, 440)


def _gathered(every: list[Flow]) -> list[Flow]:
    """Return the flows with small countries and small members put together."""
    sources, targets = (
        _large([(f.source, f.amount) for f in every]),
        _large([(f.target, f.amount) for f in every]),
    )
    sums: dict[tuple[str, str], float] = {}
    for flow in every:
        key = (
            flow.source if flow.source in sources else _OTHERS,
            flow.target if flow.target in targets else _OTHER_MEMBERS,
        )
        sums[key] = sums.get(key, 0.0) + flow.amount
    return [Flow(source, target, amount) for (source, target), amount in sums.items()]


def _large(pairs: list[tuple[str, float]]) -> set[str]:
    total: dict[str, float] = {}
    for name, amount in pairs:
        total[name] = total.get(name, 0.0) + amount
    order = sorted(total, key=lambda name: (-total[name], name))
    return set(order if len(order) <= _MOST else order[: _MOST - 1])
