"""The charts of a plan as data, made from its tables alone: nothing is drawn here.

The workbook, and a report or slides that are made later from the saved workbook, show the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from models import measures, tolerances
from models.results import ChartData, Format, Members, common
from models.schema import REST_OF_WORLD
from models.units import MILLION
from planner.render.chart import Form, Picture, Role, Series, chart_rows, drawn, shortened, top
from planner.render.words import known
from planner.sheets import findings, front
from planner.sheets.context import Context, once
from planner.sheets.figures import by_mineral_table, coalition_purchases, members_table

if TYPE_CHECKING:
    import pandas as pd

_MOST_CATEGORIES = 12
"""Most minerals (by what is paid) and members (by need) in a chart; the tables have all."""
_MOST_COUNTRIES = 6
_FULL = 1.005
"""A share above this is more than 100 % also when rounded."""


@dataclass(frozen=True)
class ChartSource:
    """What the charts of a plan are made from: its tables, and the words of its charts.

    ``minerals`` are rows of By mineral, ``sold`` the coalition's rows of Country shares. ``basis``
    is what share limits are shares of, ``horizon`` the years in words. A saved workbook has no
    ``free``: ``sold`` of the plan without share limits.
    """

    minerals: Sequence[findings.Row]
    members: Members
    sold: pd.DataFrame
    years: tuple[int, ...]
    country: Callable[[str], str]
    basis: str
    horizon: str
    free: pd.DataFrame | None = None

    @cached_property
    def largest(self) -> tuple[_Tops, _Tops | None, dict[tuple[str, int], float]]:
        return _largest_by_cell(self)


@once
def pictures(context: Context) -> tuple[Picture, ...]:
    """Return every chart of a plan that has something to show, in order."""
    plan, free = context.plan, context.without_limits
    source = ChartSource(
        findings.result_rows(by_mineral_table(context)), members_table(context),
        coalition_purchases(plan), context.case.years, context.country_name, context.basis,
        context.horizon, None if free is None else coalition_purchases(free),
    )  # fmt: skip
    return tuple(picture for each in charts_of(source).values() for picture in each)


_AMOUNTS = ("demand", "purchased", "taken")


def charts_of(source: ChartSource) -> dict[str, tuple[Picture, ...]]:
    """Return the charts of a plan that have something to show, in order, by what they show."""
    used = {row["mineral"]: row for row in source.minerals if any(row.get(n) for n in _AMOUNTS)}
    largest = top({name: row["paid"] or 0.0 for name, row in used.items()}, _MOST_CATEGORIES)
    source = replace(source, minerals=[used[name] for name in largest])
    minerals, years = source.minerals, source.years
    if not minerals or not years:
        return {}
    charts = {
        "largest": drawn(_largest_country_chart(source)),
        "supply": drawn(_suppliers_chart(source)),
        "members": drawn(_members_chart(source)),
        "payers": drawn(_payers(source)),
        "years": drawn(*(_over_years(source, m["mineral"]) for m in minerals if len(years) > 1)),
        "shortage": drawn(_shortage(source)),
    }
    return {
        name: tuple(p for p in map(_without_nothing, each) if p.series and p.categories)
        for name, each in charts.items()
    }


def _without_nothing(picture: Picture) -> Picture:
    """Return a picture without the parts of its stacks that are 0 in every category."""
    if picture.form not in {Form.STACKED, Form.BARS}:
        return picture
    parts = (s for s in picture.series if any(v and v > tolerances.REMAINDER for v in s.values))
    return replace(picture, series=tuple(parts))


def chart_data(context: Context) -> ChartData:
    drawn = pictures(context)
    return chart_rows((*drawn, *(p for p in front.overview(context).pictures if p not in drawn)))


def _mineral_chart(
    title: str, form: Form, minerals: Sequence[findings.Row], series: Sequence[Series], axis: str
) -> Picture:
    names = tuple(shortened(row["mineral"]) for row in minerals)
    return Picture(title, form, names, tuple(series), axis, common.MINERAL.header)


# ---- the largest country and its limit ---------------------------------------------------------


def _largest_country_chart(source: ChartSource) -> Picture:
    """Return the chart of the largest country, with its limit and without limits, last year."""
    year, names = source.years[-1], [row["mineral"] for row in source.minerals]
    series, tops, who = _against_limit(source, [(name, year) for name in names])
    labels = (
        f"{shortened(name)}: {shortened(source.country(top.country))}" if top else shortened(name)
        for name, top in zip(names, tops, strict=True)
    )
    axis = f"Share of coalition {source.basis}"
    title = f"Largest {who}: share of coalition {source.basis}, {year}"
    across = f"Mineral and its largest {who}"
    return Picture(title, Form.GROUPED, tuple(labels), series, axis, across)


def _over_years(source: ChartSource, mineral: str) -> Picture | None:
    """Return a mineral's chart of the largest country and its limit by year; None if none sells."""
    years = source.years
    series, tops, who = _against_limit(source, [(mineral, year) for year in years])
    if not any(tops) and not any(any(s.values) for s in series if s.role is Role.FREE):
        return None
    title, axis = f"{shortened(mineral)}: largest {who}", f"Share of coalition {source.basis}"
    return Picture(title, Form.AGAINST, years, series, axis, common.YEAR.header, small=True)


def _against_limit(
    source: ChartSource, cells: Sequence[tuple[str, int]]
) -> tuple[tuple[Series, ...], list[measures.Top | None], str]:
    """Return the largest country's share by (mineral, year): in both plans, and its limit.

    If limits are on some countries only, the largest of these is shown: the others may supply what
    they can. The limit is the tightest on that country. Also returned are the countries, and the
    phrase for such a country.
    """
    plan, free, tightest = source.largest
    tops = [plan.get(cell) for cell in cells]
    series = [Series("This plan", Role.PLAN, [t.share if t else 0.0 for t in tops])]
    if free is not None:
        before = [free[cell].share if cell in free else 0.0 for cell in cells]
        series.insert(0, Series("Without limits", Role.FREE, before))
    pairs = zip(tops, cells, strict=True)
    caps = [top.limit if top else tightest.get(cell) for top, cell in pairs]
    if any(cap is not None for cap in caps):
        series.append(Series(common.LIMIT.header, Role.LIMIT, caps))
    return tuple(series), tops, "country under a limit" if tightest else "supplier country"


_Tops = dict[tuple[str, int], measures.Top]
"""The largest country by (mineral, year)."""


def _largest_by_cell(
    source: ChartSource,
) -> tuple[_Tops, _Tops | None, dict[tuple[str, int], float]]:
    """Return the largest country by the coalition's purchases, in this plan and without limits.

    Only countries under a limit count, if there are any. The tightest limits come third.
    """
    table = source.sold
    columns = (table[c].tolist() for c in ("mineral", "year", "country", "limit"))
    limits = {tuple(key): cap for *key, cap in zip(*columns, strict=True) if known(cap)}
    tightest: dict[tuple[str, int], float] = {}
    for (mineral, year, _), limit in limits.items():
        tightest[mineral, year] = min(limit, tightest.get((mineral, year), limit))

    def largest(sold: pd.DataFrame) -> _Tops:
        rows = zip(*(sold[c].tolist() for c in ("mineral", "year", "country")), strict=True)
        counts = [row in limits or row[:2] not in tightest for row in rows]
        counted = sold[np.array(counts, dtype=bool)]
        return measures.largest_country_shares(counted, source.basis, ("mineral", "year"))

    before = None if source.free is None else largest(source.free)
    return largest(table), before, tightest


# ---- suppliers and members -----------------------------------------------------------------------


def _suppliers_chart(source: ChartSource) -> Picture:
    """Return the chart of each mineral's supplier countries over all years, and its shortage.

    Demand includes what plants take.
    """
    sold, minerals = source.sold, source.minerals
    needed = {row["mineral"]: row["demand"] + (row.get("taken") or 0.0) for row in minerals}
    demand = {row["mineral"]: needed[row["mineral"]] or row["purchased"] for row in minerals}
    short_part = [(1.0 - r["served"]) * (r["demand"] / demand[r["mineral"]]) for r in minerals]
    share: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    columns = (sold[c] for c in ("mineral", "country", "tonnes"))
    for mineral, country, tonnes in zip(*columns, strict=True):
        if mineral in demand:
            share[country][mineral] += tonnes / demand[mineral]
    weight = {c: round(sum(by.values()), 9) for c, by in share.items() if c != REST_OF_WORLD}
    leading = sorted(weight, key=lambda c: (-weight[c], c))[:_MOST_COUNTRIES]
    rest = [by for country, by in share.items() if country not in leading]
    parts = ((shortened(source.country(c)), [share[c][m] for m in demand]) for c in leading)
    series = [Series(name, Role.ONE_OF_MANY, part) for name, part in parts]
    others = [sum(by[m] for by in rest) for m in demand]
    series.append(Series("Other countries", Role.OTHER, others))
    series.append(Series(common.SHORT.header, Role.SHORT, short_part))
    is_more = any(sum(by[m] for by in share.values()) > _FULL for m in demand)
    more = " (above 100 %: for stock)" if is_more else ""
    title = f"Who supplies the coalition, {source.horizon}{more}"
    return _mineral_chart(title, Form.STACKED, minerals, series, "Share of coalition demand")


def _members_chart(source: ChartSource) -> Picture:
    """Return the chart of each member's demand, served and short, by value at minerals' prices."""
    table = source.members.frame()
    table = table[table["need"] > 0].sort_values(["need", "member"], ascending=[False, True])
    table = table[:_MOST_CATEGORIES]
    lost = table["short"].tolist()
    served = Series("Served", Role.PLAN, [max(0.0, 1.0 - part) for part in lost])
    series = served, Series(common.SHORT.header, Role.SHORT, lost)
    title = f"Demand served by member, by value, {source.horizon}"
    axis = "Share of the value of demand, at the minerals' prices"
    names = tuple(map(shortened, table["member"]))
    return Picture(title, Form.BARS, names, series, axis, common.MEMBER.header)


def _payers(source: ChartSource) -> Picture | None:
    """Return the chart of each member's cost of the share limits; None if it is not known."""
    table = source.members
    if not all(f.name in table.data for f in _COSTS):
        return None
    costs = [row for row in table.rows(Members.member, *_COSTS) if all(map(known, row[1:]))]
    title = f"Who pays for the share limits: cost per year, {source.horizon}"
    return who_pays(title, costs, table.words.get("money", ""), "the plan without limits")


_COSTS = Members.extra, Members.extra_shortage


def who_pays(
    title: str, costs: Iterable[tuple[str, float, float]], currency: str, reference: str
) -> Picture | None:
    """Return a chart of members' extra cost per year against a reference; None if all is 0.

    ``costs`` are member, extra cash and extra shortage at its cost [money].
    """
    millions = [(member, cash / MILLION, lost / MILLION) for member, cash, lost in costs]
    some = [each for each in millions if round(each[1], 1) or round(each[2], 1)]
    if not some:
        return None
    some = sorted(some, key=lambda each: (-each[1] - each[2], each[0]))[:_MOST_CATEGORIES]
    cash, lost = sum(each[1] for each in millions), sum(each[2] for each in millions)
    across = f"{common.MEMBER.header}; all together {cash:z,.1f} in cash, {lost:z,.1f} in shortage"
    if sum(abs(each[1]) for each in millions) > _CHOICE * abs(cash):
        across = f"{across}; equally cheap plans divide most of the cash otherwise"
    series = (
        Series("Extra cash, same tonnes", Role.PLAN, [each[1] for each in some]),
        Series("Extra shortage (no cash)", Role.SHORT, [each[2] for each in some]),
    )
    names, axis = tuple(shortened(m) for m, *_ in some), f"{currency} m a year against {reference}"
    return Picture(title, Form.GROUPED, names, series, axis, across, fmt=Format.MILLIONS)


_CHOICE = 2
"""If members' costs and gains add up to more than this multiple of the total, most of them only
depend on which member takes which of several equally cheap tonnes."""


def _shortage(source: ChartSource) -> Picture | None:
    """Return the chart of shortage by cause, supply or limits; None if that is not known."""
    rows = [row for row in source.minerals if row["demand"]]
    parts = [(row["short_of_supply"], row["short_by_limits"], row["demand"]) for row in rows]
    if not any(row["short"] for row in rows) or not all(known(limits) for _, limits, _ in parts):
        return None
    supply = [(missing or 0.0) / demand for missing, _, demand in parts]
    limits = [max(0.0, of) / demand for _, of, demand in parts]
    series = (
        Series("Supply can't give it", Role.OTHER, supply),
        Series("The limits forbid it", Role.LIMIT, limits),
    )
    title, axis = f"Short, and why, {source.horizon}", "Share of coalition demand"
    return replace(_mineral_chart(title, Form.BARS, rows, series, axis), small=True)
