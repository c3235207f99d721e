"""Who supplies each mineral: parts of demand, and the flows from country to member."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from models.results import ByMineral, Flows
from models.results.common import MINERAL, NOTE, SHORT, TONNES, YEAR
from models.schema import REST_OF_WORLD
from planner.render import palette
from planner.render.chart import Role, Series
from planner.render.plotly import Flow, rows, sankey
from planner.render.text import label
from planner.render.words import NAMED, listed, percent, tonnes
from planner.report.part import Choice, Part, Plot, Selector, View
from planner.report.tables import by_pair, facts, in_order, ratio, years_of
from planner.report.world import world_map
from planner.workbook.plan_file import PlanFile

_MOST_COLOURED = 5
_SMALLEST = 0.0005
_MOST = 12
"""Countries and members beyond these, by tonnes, are drawn as one."""
_NAMED = 3
"""Countries that the map's sentence names."""
_OTHERS, _OTHER_MEMBERS = "Other countries", "Other members"


def _named(plan: PlanFile) -> pd.DataFrame:
    """Return the flows with countries by their names."""
    table = plan.result(Flows).frame()
    return table.assign(country=table["country"].map(plan.country))


def leading(plan: PlanFile) -> dict[str, str]:
    """Return the countries that supply the most, each with its colour in every chart.

    Minerals are not added up: a country's weight is the sum of its parts of each mineral.
    """
    sold = _sold(plan)
    weight: dict[str, float] = {}
    for (_, country), part in sold.items():
        if country != REST_OF_WORLD:
            weight[country] = weight.get(country, 0.0) + part
    first = sorted(weight, key=lambda c: (-round(weight[c], 9), plan.country(c)))[:_MOST_COLOURED]
    return dict(zip(map(plan.country, first), palette.COLOURS, strict=False))


def _sold(plan: PlanFile) -> dict[tuple[str, str], float]:
    """Return each country's part of a mineral's purchases."""
    sums = by_pair(plan.result(Flows).frame(), "mineral", "country", "tonnes")
    whole: dict[str, float] = {}
    for (mineral, _), sold in sums.items():
        whole[mineral] = whole.get(mineral, 0.0) + sold
    return {key: ratio(sold, whole[key[0]]) or 0.0 for key, sold in sums.items()}


def supply(plan: PlanFile) -> Part | None:
    """Draw each mineral as a bar: who serves its demand, and what is not served."""
    of = plan.result(ByMineral).frame()
    of = of[(of["demand"] > 0) | (of["purchased"] > 0)]
    if of.empty:
        return None
    minerals = in_order(of["mineral"])
    whole = {
        str(m): float(d if d > 0 else b)
        for m, d, b in zip(of["mineral"], of["demand"], of["purchased"], strict=True)
    }
    sums = by_pair(_named(plan), "mineral", "country", "tonnes")
    share = {key: v / whole[key[0]] for key, v in sums.items() if key[0] in whole}
    colours = leading(plan)
    series = [
        Series(country, Role.ONE_OF_MANY, [share.get((m, country), 0.0) for m in minerals], colour)
        for country, colour in colours.items()
    ]
    rest = [
        sum(v for (mineral, c), v in share.items() if mineral == m and c not in colours)
        for m in minerals
    ]
    short = [float(s) / whole[str(m)] for m, s in zip(of["mineral"], of["short"], strict=True)]
    series.append(Series("Other countries", Role.OTHER, rest))
    series.append(Series(SHORT.header, Role.SHORT, short))
    series = [s for s in series if any((v or 0.0) > _SMALLEST for v in s.values)]
    worst = max(range(len(minerals)), key=lambda i: short[i])
    alt = (
        f"Bars of {len(minerals)} minerals, each split by supplier country and what is short. "
        + (
            f"The most is short of {minerals[worst]}: {percent(short[worst])} of its demand."
            if short[worst] > 0
            else "Nothing is short."
        )
    )
    columns: dict[str, Iterable[object]] = {MINERAL.header: list(minerals)}
    columns |= {s.name: list(s.values) for s in series}
    plot = Plot(
        "Parts of the coalition's demand, all years",
        rows(minerals, series, axis="Part of demand"),
        alt,
        110 + 34 * len(minerals),
    )
    return Part(
        "supply",
        "Who supplies the coalition",
        "Each mineral's demand over all years by the country that it is refined in, and what is "
        "short. Beyond 100 % is bought for stock; what lacks of 100 % is drawn from stock.",
        {(): View((plot,), facts(columns, dict.fromkeys(columns, "share")))},
    )


def flows(plan: PlanFile) -> Part | None:
    """Draw who buys from where, with a selector of the mineral and one of the year."""
    sold = _named(plan)
    sold = sold[sold["tonnes"] > 0]
    if sold.empty:
        return None
    minerals, years = in_order(sold["mineral"]), years_of(sold["year"])
    minerals.sort(key=str.casefold)
    colours = leading(plan)
    periods = ["All years", *map(str, years)] if len(years) > 1 else [str(years[0])]
    views: dict[Choice, View] = {}
    for m, mineral in enumerate(minerals):
        of = sold[sold["mineral"] == mineral]
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
        (Selector(MINERAL.header, tuple(minerals)), Selector(YEAR.header, tuple(periods))),
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
        return View((), facts({NOTE.header: [alt]}))
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
            f"{TONNES.header} ({unit})": [f.amount for f in every],
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
