"""Who supplies each mineral: shares of demand, and the flows from country to member."""

from __future__ import annotations

from typing import cast

import pandas as pd

from models import tolerances
from models.results import ByMineral, CountryShares, Flows, Result, field
from models.results.common import MINERAL, NOTE, SHORT, TONNES, YEAR
from models.results.field import matrix_of
from models.schema import REST_OF_WORLD
from planner.render import palette, plotly
from planner.render.chart import Form, Picture, Role, Series
from planner.render.facts import facts_of
from planner.render.words import NAMED, label, listed, percent, tonnes, uncapitalized
from planner.report.page import Choice, Plot, ReportSection, View
from planner.report.world import world_map
from planner.studies.kind import Numbers, Section
from planner.workbook.plan_file import PlanFile

_MOST_COLOURED = 5
_MOST = 12
"""Most countries, and most members, that are drawn; the smaller ones are merged into one."""
_ON_MAP = 3
"""Most countries named in the map's alternative text."""
OTHERS, OTHER_MEMBERS, ALL_YEARS = "Other countries", "Other members", "All years"
_Pairs = dict[tuple[str, str], float]


def _sold(plan: PlanFile) -> pd.DataFrame:
    table = plan.result(Flows).frame()
    return table.assign(country=table["country"].map(plan.country))


def supplier_colours(plan: PlanFile) -> dict[str, str]:
    """Return the countries that supply the most, each with its colour in every chart.

    Tonnes of different minerals are not added up: countries are ranked by the sum of their shares
    of each mineral.
    """
    sums = _sold(plan).groupby(["mineral", "country"])["tonnes"].sum()
    parts = sums / sums.groupby(level="mineral").transform("sum")
    weight = parts.groupby(level="country").sum().drop(plan.country(REST_OF_WORLD), errors="ignore")
    first = sorted(weight.index, key=lambda name: (-round(weight[name], 9), name))
    return dict(zip(first[:_MOST_COLOURED], palette.COLOURS, strict=False))


def supply(plan: PlanFile) -> Section | None:
    """Draw each mineral as a bar: its supplier countries, and its shortage."""
    table = plan.result(ByMineral).frame().set_index("mineral")
    table = table[(table["demand"] > 0) | (table["purchased"] > 0)]
    if table.empty:
        return None
    whole = table["demand"].where(table["demand"] > 0, table["purchased"])
    sums = _sold(plan).groupby(["mineral", "country"])["tonnes"].sum().unstack(fill_value=0)
    share = sums.reindex(table.index, fill_value=0.0).div(whole, axis=0)
    colours = supplier_colours(plan)
    series = [Series(c, Role.ONE_OF_MANY, list(share[c]), colours[c]) for c in colours]
    rest, short = share.drop(columns=[*colours]).sum(axis=1), table["short"] / whole
    series += [Series(OTHERS, Role.OTHER, [*rest]), Series(SHORT.header, Role.SHORT, [*short])]
    series = [s for s in series if any((v or 0.0) > tolerances.SHOWN_SHARE for v in s.values)]
    lengths = (sum(s.values[i] or 0.0 for s in series) for i in range(len(table)))
    is_more = max(lengths, default=0.0) > 1.0 + tolerances.SHOWN_SHARE
    title, axis = "Shares of the coalition's demand, all years", CountryShares.of_demand.header
    axis += " (above 100 %: bought for stock)" if is_more else ""
    minerals = tuple(map(str, table.index))
    picture = Picture(title, Form.BARS, minerals, tuple(series), axis, "")
    cells = {
        (m, s.name): value for s in series for m, value in zip(minerals, s.values, strict=True)
    }
    lead, names = {ByMineral.mineral: minerals}, [s.name for s in series]
    return Section(
        "supply",
        "Who supplies the coalition",
        "Each mineral's demand over all years, by the country that refines it, and its shortage."
        " A bar above 100 % includes purchases for stock. If a bar is below 100 %, the rest comes"
        " from stock.",
        Numbers(matrix_of("Supply", lead, names, cells, field.share(""), {})).view(picture),
    )


def flows(plan: PlanFile) -> ReportSection | None:
    """Draw the flows from countries to members, with selectors of the mineral and the year."""
    sold = _sold(plan)
    sold = sold[sold["tonnes"] > 0]
    if sold.empty:
        return None
    minerals = sorted(sold["mineral"].unique(), key=str.casefold)
    years = [str(year) for year in sorted(sold["year"].unique())]
    periods = [ALL_YEARS, *years] if len(years) > 1 else years
    colours = supplier_colours(plan)
    views: dict[Choice, View] = {}
    for m, mineral in enumerate(minerals):
        bought = sold[sold["mineral"] == mineral]
        for p, period in enumerate(periods):
            rows = bought if period == ALL_YEARS else bought[bought["year"] == int(period)]
            views[m, p] = _view(rows, mineral, period, str(bought["unit"].iloc[0] or "t"), colours)
    return ReportSection(
        "flows",
        "Flows from refiner country to member",
        "Flows go from the country of refining, on the left, to the member that buys, on the right;"
        " widths show tonnes. Grey countries supply less than the coloured ones, over all minerals."
        " The map shows where the purchases are refined; its borders are from Natural Earth.",
        views,
        {MINERAL.header: tuple(minerals), YEAR.header: tuple(periods)},
    )


class FlowParts(Result):
    """A mineral's flows with their parts of the total, the largest first."""

    source, target = field.text("From country"), field.text("To member")
    amount, part = TONNES.like(unit="{unit}"), field.share("Part of all")


class NothingBought(Result):
    """The note shown for a mineral that is not bought."""

    note = NOTE


def _view(
    rows: pd.DataFrame, mineral: str, period: str, unit: str, colours: dict[str, str]
) -> View:
    sums = cast("_Pairs", rows.groupby(["country", "member"])["tonnes"].sum().to_dict())
    every = [plotly.SankeyLink(*key, amount) for key, amount in sums.items()]
    every.sort(key=lambda f: (-f.amount, f.source, f.target))
    when = uncapitalized(period)
    if not every:
        note = f"No {mineral} is bought in {when}."
        return View((), facts_of(NothingBought(note=[note])))
    total, first = sum(f.amount for f in every), every[0]
    alt = (
        f"Flows of {mineral}, {when}: {tonnes(total)} in {len(every)} flows. The largest goes from "
        f"{first.source} to {first.target}: {tonnes(first.amount)}, "
        f"{percent(first.amount / total)} of the total."
    )
    links = _gathered(every)
    high = max(len({f.source for f in links}), len({f.target for f in links}))
    figure = plotly.sankey(links, colours, unit=label(unit))
    table = [{**vars(f), "part": f.amount / total} for f in every]
    plots = (
        Plot(f"{mineral}, {when} ({unit})", figure, alt, 220 + 30 * high),
        _map(every, mineral, when),
    )
    return View(plots, facts_of(FlowParts.of_rows(table, words={"unit": unit})))


def _map(every: list[plotly.SankeyLink], mineral: str, when: str) -> Plot:
    """Draw the countries of refining by their share of purchases."""
    sums = _summed([(f.source, f.amount) for f in every])
    total = sum(sums.values())
    parts = {name: amount / total for name, amount in sums.items()}
    figure, lacking = world_map(parts)
    largest = listed([f"{name} {percent(parts[name])}" for name in [*parts][:_ON_MAP]], NAMED)
    alt = f"A map of where {mineral} is refined, {when}: {largest}."
    if lacking:
        rest = percent(sum(parts[name] for name in lacking))
        alt += f" Not on the map: {listed(lacking, NAMED)}, {rest} in all."
    return Plot(f"Where it is refined: share of the {mineral} bought, {when}", figure, alt, 440)


def _gathered(every: list[plotly.SankeyLink]) -> list[plotly.SankeyLink]:
    """Return the flows with small countries and small members merged."""
    sides = (
        (_summed([(f.source, f.amount) for f in every]), OTHERS),
        (_summed([(f.target, f.amount) for f in every]), OTHER_MEMBERS),
    )
    (large, others), (buyers, other_buyers) = (
        ([*sums] if len(sums) <= _MOST else [*sums][: _MOST - 1], name) for sums, name in sides
    )
    sums: _Pairs = {}
    for f in every:
        source = f.source if f.source in large else others
        key = source, f.target if f.target in buyers else other_buyers
        sums[key] = sums.get(key, 0.0) + f.amount
    return [plotly.SankeyLink(*key, amount) for key, amount in sums.items()]


def _summed(pairs: list[tuple[str, float]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, 0.0) + amount
    return dict(sorted(sums.items(), key=lambda each: (-each[1], each[0])))
