"""Who supplies each mineral: the largest countries' part of demand, and what is short."""

from __future__ import annotations

from collections.abc import Iterable

from models.schema import REST_OF_WORLD
from planner.render import palette
from planner.render.chart import Role, Series
from planner.render.plotly import rows
from planner.render.words import percent
from planner.report.part import Part, Plot, View
from planner.report.tables import Tables, by_pair, facts, in_order, ratio
from planner.workbook.plan_file import PlanFile

_MOST = 5
_SMALLEST = 0.0005


def leading(tables: Tables) -> dict[str, str]:
    """Return the countries that supply the most, each with its colour in every chart.

    Minerals are not added up: a country's weight is the sum of its parts of each mineral.
    """
    sold = _sold(tables)
    weight: dict[str, float] = {}
    for (_, country), part in sold.items():
        if country != REST_OF_WORLD:
            weight[country] = weight.get(country, 0.0) + part
    first = sorted(weight, key=lambda c: (-round(weight[c], 9), c))[:_MOST]
    return dict(zip(first, palette.COLOURS, strict=False))


def _sold(tables: Tables) -> dict[tuple[str, str], float]:
    """Return each country's part of a mineral's purchases."""
    plan = tables.part("Plan", mineral="Mineral", country="Country", tonnes="Tonnes")
    sums = by_pair(plan, "mineral", "country", "tonnes")
    whole: dict[str, float] = {}
    for (mineral, _), tonnes in sums.items():
        whole[mineral] = whole.get(mineral, 0.0) + tonnes
    return {key: ratio(tonnes, whole[key[0]]) or 0.0 for key, tonnes in sums.items()}


def supply(_: PlanFile, tables: Tables) -> Part | None:
    """Draw each mineral as a bar: who serves its demand, and what is not served."""
    of = tables.part("By mineral", mineral="Mineral", demand="Demand", bought="Purchases",
                     short="Short")  # fmt: skip
    of = of[(of["demand"] > 0) | (of["bought"] > 0)]
    if of.empty:
        return None
    minerals = in_order(of["mineral"])
    whole = {
        str(m): float(d if d > 0 else b)
        for m, d, b in zip(of["mineral"], of["demand"], of["bought"], strict=True)
    }
    plan = tables.part("Plan", mineral="Mineral", country="Country", tonnes="Tonnes")
    sums = by_pair(plan, "mineral", "country", "tonnes")
    share = {key: v / whole[key[0]] for key, v in sums.items() if key[0] in whole}
    colours = leading(tables)
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
    series.append(Series("Short", Role.SHORT, short))
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
    columns: dict[str, Iterable[object]] = {"Mineral": list(minerals)}
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
