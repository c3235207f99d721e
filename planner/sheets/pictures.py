"""What the charts show: series over categories, read from the plan; no drawing here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from models.measures import Top
from models.plan import Plan
from models.results import ChartData
from models.results.common import LIMIT, MEMBER, MINERAL, SHORT, YEAR
from models.schema import COALITION, REST_OF_WORLD
from planner.render.chart import Form, Picture, Role, Series, chart_rows, short
from planner.sheets.context import Context, once
from planner.sheets.figures import Figures, coalition_purchases, figures, largest_share
from planner.sheets.front import front_pictures

_MOST_CATEGORIES = 12
"""Minerals and members beyond these, by value and by demand, are left to the tables."""
_MOST_COUNTRIES = 6
_DUST = 1e-9
"""A part of a stack below this is rounding."""
_FULL = 1.005
"""A share above this is shown to be more than all."""


@once
def pictures(context: Context) -> tuple[Picture, ...]:
    """Return every chart of a plan that has something to show, in order."""
    told = _telling(figures(context))
    if not told or not context.case.years:
        return ()
    made = [
        _largest(context, told),
        _suppliers(context, told),
        _members(context),
        _capacity(context, told),
        *(_over_years(context, of) for of in told if len(context.case.years) > 1),
        _shortage(context, told),
    ]
    shown = [_shown(picture) for picture in made if picture is not None]
    return tuple(picture for picture in shown if picture.series and picture.categories)


def _shown(picture: Picture) -> Picture:
    """Return a picture without the parts of its stacks that are nowhere: no legend names them."""
    if picture.form not in {Form.STACKED, Form.BARS}:
        return picture
    parts = (s for s in picture.series if any(v and v > _DUST for v in s.values))
    return replace(picture, series=tuple(parts))


def chart_data(context: Context) -> ChartData:
    """Return the sheet Chart data; the first page's chart stands last."""
    return chart_rows((*pictures(context), *front_pictures(context)))


def _telling(found: Sequence[Figures]) -> list[Figures]:
    """Return the minerals with any demand or purchases, those of the largest value, in order."""
    alive = [of for of in found if of.demand > 0 or of.purchased > 0]
    kept = {of.name for of in sorted(alive, key=lambda of: -of.demand_value)[:_MOST_CATEGORIES]}
    return [of for of in alive if of.name in kept]


def _largest(context: Context, told: Sequence[Figures]) -> Picture:
    """The largest country beside its limit in the last year, and without limits."""
    year = context.case.years[-1]
    series, tops, is_limited = _against_limit(context, [(of.name, year) for of in told])
    labels = [
        f"{short(of.name)}: {short(context.country(t.country))}" if t else short(of.name)
        for of, t in zip(told, tops, strict=True)
    ]
    who = "country under a limit" if is_limited else "supplier country"
    return Picture(
        f"Largest {who}: share of coalition {context.basis}, {year}",
        Form.GROUPED,
        tuple(labels),
        series,
        f"Share of coalition {context.basis}",
        f"Mineral and its largest {who}",
    )


def _against_limit(
    context: Context, cells: Sequence[tuple[str, int]]
) -> tuple[tuple[Series, ...], list[Top | None], bool]:
    """Return the largest country's share by (mineral, year): here, without limits, and its limit.

    Where limits are on some countries only, the largest of those is meant in either plan: the
    others may supply what they can. The limit is the tightest on that country.
    """
    of = _sold(context)
    tops = [_top_of(context, of.plan, cell, of.suspects.get(cell)) for cell in cells]
    series = [Series("This plan", Role.PLAN, _shares(tops))]
    if of.free is not None:
        before = [_top_of(context, of.free, cell, of.suspects.get(cell)) for cell in cells]
        series.insert(0, Series("Without limits", Role.FREE, _shares(before)))
    caps = tuple(
        t.limit if t else of.tightest.get(cell) for t, cell in zip(tops, cells, strict=True)
    )
    if any(c is not None for c in caps):
        series.append(Series(LIMIT.header, Role.LIMIT, caps))
    return tuple(series), tops, bool(of.suspects)


@dataclass(frozen=True)
class _Sold:
    """Rows of ``Plan.countries`` by (mineral, year), here and without limits.

    ``suspects`` are the countries under a limit there, ``tightest`` the tightest of those.
    """

    plan: dict[tuple[str, int], pd.DataFrame]
    free: dict[tuple[str, int], pd.DataFrame] | None
    suspects: dict[tuple[str, int], set[str]]
    tightest: dict[tuple[str, int], float]


@once
def _sold(context: Context) -> _Sold:
    free = context.without_limits
    plan = _by_cell(context.plan)
    limited = {cell: rows[rows["limit"].notna()] for cell, rows in plan.items()}
    limited = {cell: rows for cell, rows in limited.items() if len(rows)}
    return _Sold(
        plan,
        None if free is None else _by_cell(free),
        {cell: set(rows["country"]) for cell, rows in limited.items()},
        {cell: float(rows["limit"].min()) for cell, rows in limited.items()},
    )


def _by_cell(plan: Plan) -> dict[tuple[str, int], pd.DataFrame]:
    groups = coalition_purchases(plan).groupby(["mineral", "year"])
    found: dict[tuple[str, int], pd.DataFrame] = {}
    for (mineral, year), rows in groups:
        found[str(mineral), int(str(year))] = rows
    return found


def _top_of(
    context: Context,
    sold: dict[tuple[str, int], pd.DataFrame],
    cell: tuple[str, int],
    among: set[str] | None,
) -> Top | None:
    rows = sold.get(cell)
    if rows is None:
        return None
    return largest_share(context, rows if among is None else rows[rows["country"].isin(among)])


def _shares(tops: Sequence[Top | None]) -> tuple[float, ...]:
    return tuple(t.share if t else 0.0 for t in tops)


def _suppliers(context: Context, told: Sequence[Figures]) -> Picture:
    """Who serves each mineral's demand over the years, and what is short."""
    sold = coalition_purchases(context.plan)
    demand = {of.name: of.demand or of.purchased for of in told}
    share: dict[str, dict[str, float]] = {}
    for mineral, country, tonnes in zip(
        sold["mineral"], sold["country"], sold["tonnes"], strict=True
    ):
        if mineral in demand:
            row = share.setdefault(country, {})
            row[mineral] = row.get(mineral, 0.0) + tonnes / demand[mineral]
    named = [c for c in share if c != REST_OF_WORLD]
    weight = {c: round(sum(share[c].values()), 9) for c in named}
    leading = sorted(named, key=lambda c: (-weight[c], c))[:_MOST_COUNTRIES]
    series = [
        Series(
            short(context.country(c)),
            Role.ONE_OF_MANY,
            tuple(share[c].get(of.name, 0.0) for of in told),
        )
        for c in leading
    ]
    others = tuple(
        sum(by.get(of.name, 0.0) for c, by in share.items() if c not in leading) for of in told
    )
    series.append(Series("Other countries", Role.OTHER, others))
    series.append(Series(SHORT.header, Role.SHORT, tuple(1.0 - of.served for of in told)))
    bought = [sum(by.get(of.name, 0.0) for by in share.values()) for of in told]
    more = " (above 100 %: for stock)" if any(part > _FULL for part in bought) else ""
    return Picture(
        f"Who supplies the coalition, {context.horizon}{more}",
        Form.STACKED,
        tuple(short(of.name) for of in told),
        tuple(series),
        "Share of coalition demand",
        MINERAL.header,
    )


def _members(context: Context) -> Picture:
    """Demand served and short by member, each mineral counted by its value at its price."""
    table, mineral_of = context.plan.supply, context.case.mineral_of
    demand: dict[str, float] = {}
    missing: dict[str, float] = {}
    for year, mineral, member, needed, lacking in zip(
        *(table[c] for c in ("year", "mineral", "member", "demand", "short")), strict=True
    ):
        price = mineral_of[mineral].price.value(int(year))
        demand[member] = demand.get(member, 0.0) + needed * price
        missing[member] = missing.get(member, 0.0) + lacking * price
    order = sorted((m for m in demand if demand[m] > 0), key=lambda m: (-demand[m], m))
    order = order[:_MOST_CATEGORIES]
    lost = tuple(missing[m] / demand[m] for m in order)
    return Picture(
        f"Demand served by member, by value, {context.horizon}",
        Form.BARS,
        tuple(short(m) for m in order),
        (
            Series("Served", Role.PLAN, tuple(max(0.0, 1.0 - part) for part in lost)),
            Series(SHORT.header, Role.SHORT, lost),
        ),
        "Share of the value of demand, at the minerals' prices",
        MEMBER.header,
    )


def _capacity(context: Context, told: Sequence[Figures]) -> Picture:
    """How much of the capacity open to the coalition is used, at home and outside."""
    table, case = context.plan.sources, context.case
    home = table["country"].map(lambda c: COALITION in case.blocs_of(c)).astype(bool)
    names = [of.name for of in told]
    whole = table.groupby("mineral")["usable"].sum()
    series = []
    for name, used, where, is_idle in (
        ("Used, in the coalition", Role.INSIDE, home, False),
        ("Idle, in the coalition", Role.INSIDE_IDLE, home, True),
        ("Used, outside", Role.OUTSIDE, ~home, False),
        ("Idle, outside", Role.OUTSIDE_IDLE, ~home, True),
    ):
        rows = table[where]
        amount = (rows["usable"] - rows["tonnes"]).clip(lower=0.0) if is_idle else rows["tonnes"]
        of = amount.groupby(rows["mineral"]).sum()
        series.append(Series(name, used, tuple(_part(of, whole, m) for m in names)))
    return Picture(
        f"Use of the refining capacity open to the coalition, {context.horizon}",
        Form.STACKED,
        tuple(short(name) for name in names),
        tuple(series),
        "Share of usable capacity",
        MINERAL.header,
    )


def _part(of: pd.Series[float], whole: pd.Series[float], name: str) -> float:
    total = float(whole.get(name, 0.0))
    return float(of.get(name, 0.0)) / total if total > 0 else 0.0


def _shortage(context: Context, told: Sequence[Figures]) -> Picture | None:
    """What supply cannot give and what limits forbid, where limits are known to add to shortage."""
    rows = [of for of in told if of.demand > 0]
    if context.without_limits is None or not any(of.short > 0 for of in rows):
        return None
    supply = tuple((of.short_of_supply or 0.0) / of.demand for of in rows)
    limits = tuple(max(0.0, of.short_by_limits or 0.0) / of.demand for of in rows)
    return Picture(
        f"Short, and why, {context.horizon}",
        Form.BARS,
        tuple(short(of.name) for of in rows),
        (
            Series("Supply can't give it", Role.OTHER, supply),
            Series("The limits forbid it", Role.LIMIT, limits),
        ),
        "Share of coalition demand",
        MINERAL.header,
        small=True,
    )


def _over_years(context: Context, of: Figures) -> Picture | None:
    """One mineral's largest supplier country by year against the limit; None if nobody sells."""
    years = context.case.years
    series, tops, is_limited = _against_limit(context, [(of.name, year) for year in years])
    if not any(tops) and not any(any(s.values) for s in series if s.role is Role.FREE):
        return None
    who = "country under a limit" if is_limited else "supplier country"
    return Picture(
        f"{short(of.name)}: largest {who}",
        Form.AGAINST,
        years,
        series,
        f"Share of coalition {context.basis}",
        YEAR.header,
        small=True,
    )
