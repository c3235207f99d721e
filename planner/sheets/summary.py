"""Summary: the plan on one sheet, measure by measure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from models.measures import Top, landed_cost, largest, part, served_if_largest_stops
from models.program.component import headings
from models.results import ByMineral, Figure, Look, Summary
from models.results.common import units_of
from models.results.overall import COST, HHI, OPTION
from models.schema import BY_COUNTRY, BY_OWNER
from planner.render.table import COALITION_BUYER
from planner.render.words import counted
from planner.sheets.context import Context
from planner.sheets.figures import binding, coalition_purchases, figures, total
from planner.sheets.served import surge_of, today, when_lost

WRITTEN = "%Y-%m-%d %H:%M:%S"
"""How a plan says when it was written."""
STAGES = ("read", "build", "solve")
"""The stages of a run that are timed, in order."""

Rows = Iterator[str | tuple[Any, ...]]
"""Rows of Summary: measure and value, then look, unit and remark; a text alone heads a group."""

_DEAREST = 5
"""How many binding limits are named."""
_REMARKS = {of.name: "A penalty, not paid." if of.is_penalty else of.remark for of in headings()}
_BY_WEIGHT = "All minerals by weight; see By mineral."


def summary_of(rows: Iterable[str | tuple[Any, ...]]) -> Summary:
    """Return Summary from its rows; a value that is not known is blank."""
    columns: tuple[list[Any], ...] = ([], [], [], [], [])
    sections = []
    for row in rows:
        if isinstance(row, str):
            sections.append(len(columns[0]))
        cells = (row, None) if isinstance(row, str) else row
        for column, cell in zip(columns, (*cells, *_BLANK[len(cells) :]), strict=True):
            is_unknown = isinstance(cell, float) and not math.isfinite(cell)
            column.append(None if is_unknown else cell)
    measure, value, looks, unit, remark = columns
    return Summary(
        measure=measure, value=value, unit=unit, remark=remark,
        looks={Summary.value.name: looks}, sections=sections,
    )  # fmt: skip


_BLANK = ("", None, Look.LONG, "", "")


def summary(context: Context) -> Summary:
    """Return the sheet Summary."""
    blocks = (
        _plan, _cost, _supply, _beside_today, _largest, _concentration, _cost_of_limits,
        _resilience, _binding, _run,
    )  # fmt: skip
    return summary_of(row for block in blocks for row in block(context))


def _plan(context: Context) -> Rows:
    case = context.case
    other = "The title is the workbook's; this plan is of the scenario and options named here."
    yield "The plan"
    yield Figure.TITLE, context.title
    yield Figure.SCENARIO, context.made_by, Look.LONG, "", "" if context.is_as_given else other
    yield Figure.STATUS, context.plan.status, Look.LONG, "", "Proven; the proof stands in Checks."
    yield Figure.YEARS, context.horizon
    if case.settings.price_year is not None:
        yield Figure.PRICE_YEAR, case.settings.price_year, Look.YEAR, context.currency
    yield Figure.MINERALS, len(case.minerals), Look.COUNT
    yield Figure.MEMBERS, len(case.members), Look.COUNT


def _cost(context: Context) -> Rows:
    plan, money, plain = context.plan, context.currency, _plain(context)
    rate = context.case.settings.discount_rate
    discounted = f", discounted at {rate * 100:.3g} % a year" if rate > 0 else ""
    per_tonne = landed_cost(plan.purchases, plan.tonnes)
    yield "Cost"
    said = f"What the plan minimises: cash cost, shortage and penalties{discounted}."
    yield Figure.TOTAL_COST, plan.objective, Look.MONEY, money, said
    said = (
        "What is paid, not the cost of shortage and other penalties; of projects a yearly capital"
        f" charge, not the capex{plain}."
    )
    yield Figure.CASH_COST, plan.cash, Look.MONEY, money, said
    said = f"Cost or price, tariff and freight of all flows{plain}."
    yield Figure.PURCHASES_COST, plan.purchases, Look.MONEY, money, said
    said = f"Purchases cost over tonnes purchased. {_BY_WEIGHT}"
    yield Figure.COST_PER_TONNE, per_tonne, Look.PRICE, context.per_tonne, said
    yield "Cost by heading" + (" (undiscounted)" if rate > 0 else "")
    for heading, cost in zip(plan.costs["heading"], plan.costs["money"], strict=True):
        if cost:
            yield f"{COST}{heading}", float(cost), Look.MONEY, money, _REMARKS[heading]


def _plain(context: Context) -> str:
    """Return what is said of money that is not discounted, where other money is."""
    return "; undiscounted" if context.case.settings.discount_rate > 0 else ""


def _supply(context: Context) -> Rows:
    plan, for_stock = context.plan, f"Purchases for stock included. {_BY_WEIGHT}"
    yield "Supply"
    yield Figure.DEMAND, context.case.total_demand, Look.TONNES, "t", _BY_WEIGHT
    yield Figure.TONNES, plan.tonnes, Look.TONNES, "t", for_stock
    yield Figure.SHORTAGE, plan.shortage, Look.TONNES, "t", _BY_WEIGHT
    yield Figure.SERVED_SHARE, plan.served_share, Look.SHARE, "of demand", _BY_WEIGHT
    yield "Shortage by mineral"
    for of in figures(context):
        remark = f"{1.0 - of.served:.1%} of demand" if of.short > 0 else ""
        yield f"Shortage: {of.mineral}", of.short, Look.TONNES, of.unit, remark


def _beside_today(context: Context) -> Rows:
    """Set today's supply beside the plan's first year, mineral by mineral."""
    if not context.case.current_supply:
        return
    table, first = context.plan.changes, context.case.years[0]
    yield f"Today beside the plan, {first}"
    for mineral, of in table.groupby("mineral", sort=True):
        for name, when, unit in (
            ("today", "today", "of supply"), ("planned", f"in {first}", "of purchases")
        ):  # fmt: skip
            whole, tops = of[name].sum(), largest(total(of, "country", name))
            if whole > 0 and tops:
                country, most = tops[0]
                said = f"{context.country(country)}; {whole:,.0f} t in all"
                share = most / float(whole)
                yield f"Largest country {when}: {mineral}", share, Look.SHARE, unit, said
        yield (
            f"Moved from today's suppliers: {mineral}",
            float((of["today"] - of["planned"]).clip(lower=0.0).sum()),
            Look.TONNES,
            units_of(context.case)[str(mineral)],
            "What flows of today lose in the first year; row by row in the sheet Changes.",
        )


def _largest(context: Context) -> Rows:
    """The last year's first: a limit that tightens is what it is meant to be at the end."""
    what = f"Largest share of one country in the coalition's {context.basis}"
    years, minerals = context.case.years, figures(context)
    if len(years) > 1:
        yield f"{what}, in {years[-1]}"
        for of in minerals:
            told = (of.years_at_limit, of.bound_on_others, of.bound_on_members)
            yield from _share(context, of.mineral, of.last, f" in {years[-1]}", told)
        yield f"{what}, in any year"
        for of in minerals:
            yield from _share(context, of.mineral, of.top, "", None)
        return
    yield what
    for of in minerals:
        told = (of.years_at_limit, of.bound_on_others, of.bound_on_members)
        yield from _share(context, of.mineral, of.top, "", told)


def _share(
    context: Context,
    mineral: str,
    top: Top | None,
    when: str,
    bound: tuple[int | None, int, int] | None,
) -> Rows:
    """Yield a largest share and the limit on it; ``bound`` counts limits that bind, if told."""
    unit = f"of {context.basis}"
    measure = f"Largest country's share of {context.basis}{when}: {mineral}"
    if top is None:
        yield measure, 0.0, Look.SHARE, unit, "No country sells."
        return
    where = f"{context.country(top.country)}, {top.year}"
    yield measure, top.share, Look.SHARE, unit, where
    none = "no limit of the coalition on that country in that year"
    notes = [none if top.limit is None else where]
    if bound is not None:
        at_limit, on_others, on_members = bound
        notes += [f"binds in {counted(at_limit, 'year')}"] if at_limit else []
        notes += [f"limits on other suppliers: {on_others} bind"] if on_others else []
        notes += [f"limits on members: {on_members} bind"] if on_members else []
    said = "; ".join(notes)
    yield f"{ByMineral.limit.header}{when}: {mineral}", top.limit, Look.SHARE, unit, said


def _concentration(context: Context) -> Rows:
    scale = "0 to 10,000"
    before = "Before: nameplate capacity, all countries, all years; Scorecard has the first alone."
    after = "After: the coalition's purchases, all years; Scorecard has single years."
    yield "Concentration by country (HHI), before and after"
    yield "How to read it", "Herfindahl-Hirschman index", Look.LONG, "", HHI
    for of in figures(context):
        for field, hhi, remark in (
            (ByMineral.hhi_capacity, of.hhi_capacity, before),
            (ByMineral.hhi_purchases, of.hhi_purchases, after),
        ):
            yield f"{field.header}: {of.mineral}", hhi, Look.INDEX, scale, remark


def _cost_of_limits(context: Context) -> Rows:
    plan, free, money = context.plan, context.without_limits, context.currency
    yield "What the share limits cost (this plan against the same case without them)"
    if not context.case.share_limits:
        said = "The case has no share limits: they cost nothing."
        yield "Share limits", "none", Look.LONG, "", said
        return
    if free is None:
        said = "The case without share limits has no plan."
        yield "Share limits", "not known", Look.LONG, "", said
        return
    discounted = ", discounted" if context.case.settings.discount_rate > 0 else ""
    minerals = figures(context)
    known = [(of.extra, of.purchased) for of in minerals if of.extra is not None]
    extra = part(sum(more * bought for more, bought in known), sum(bought for _, bought in known))
    said = f"{Figure.TOTAL_COST}{discounted}: cash, shortage and penalties."
    yield Figure.LIMITS_COST, plan.objective - free.objective, Look.MONEY, money, said
    less, cash = free.tonnes - plan.tonnes, "Cash cost with the limits less that without"
    said = f"{cash}{_plain(context)}."
    if plan.cash < free.cash and less > 0:
        said = f"Less is bought: {less:,.0f} t that the limits forbid. {said}"
    yield Figure.LIMITS_COST_CASH, plan.cash - free.cash, Look.MONEY, money, said
    what = "Extra cost per tonne bought"
    said = "Landed, against the same minerals without the limits, at the tonnes bought here."
    yield what, extra, Look.PRICE, context.per_tonne, said
    for of in minerals:
        if of.extra is not None:
            yield f"{what}: {of.mineral}", of.extra, Look.PRICE, f"{money} per {of.unit}"
    short = (ByMineral.short_of_supply.header, ByMineral.short_by_limits.header)
    said = f"Short without share limits too. {_BY_WEIGHT}"
    yield short[0], free.shortage, Look.TONNES, "t", said
    said = f"Short with the share limits and not without them. {_BY_WEIGHT}"
    yield short[1], plan.shortage - free.shortage, Look.TONNES, "t", said
    for of in minerals:
        if of.short_of_supply is not None and of.short_by_limits is not None:
            yield f"{short[0]}: {of.mineral}", of.short_of_supply, Look.TONNES, of.unit
            yield f"{short[1]}: {of.mineral}", of.short_by_limits, Look.TONNES, of.unit


def _resilience(context: Context) -> Rows:
    sold, demand = coalition_purchases(context.plan), context.case.total_demand
    yield "What is still served if the largest supplier country stops"
    said = (
        "Purchases less those from each mineral's largest country of each year, over demand: each"
        f" mineral may lose another country. {_BY_WEIGHT}"
    )
    left = served_if_largest_stops(sold, demand)
    yield Figure.IF_EACH_STOPS, left, Look.SHARE, "of demand", said
    for of in figures(context):
        measure = "Served if its largest supplier stops (nothing bought instead)"
        yield f"{measure}: {of.mineral}", of.served_if_lost, Look.SHARE, "of demand"
    yield from _as_on_front(context)


def _as_on_front(context: Context) -> Rows:
    """The first page's numbers: by value, and with what the others can do about it."""
    (country, left), now, surge = when_lost(context), today(context), surge_of(context)
    instead = f"; the others sell {surge:.0%} of their capacity more" if surge else ""
    then = f"{instead}, stocks are drawn, share limits waived" if surge else ""
    for lost, when, served, how, said in (
        (country, "in the plan", left, "with surge and stocks", then),
        (now.lost if now else "", "today", now.left if now else None, "with surge",
         f", at today's shares of supply{instead}"),
    ):  # fmt: skip
        if not lost or served is None:
            continue
        by = f"by value, {how if surge else 'nothing bought instead'}"
        measure = f"Served if {context.country(lost)} stops, {when} ({by})"
        remark = f"As on Overview: by value, all years together{said}."
        unit = "of need by value"
        yield measure, served.share, Look.SHARE, unit, remark
        for mineral in served.needed:
            yield f"{measure}: {mineral}", served.share_of(mineral), Look.SHARE, unit


def _binding(context: Context) -> Rows:
    table, limits = binding(context.plan), context.case.share_limits
    on_members = int((table["buyer"] != "").sum())
    yield "Binding share limits"
    said = f"Of {len(context.plan.limits)}, each buyer, supplier, mineral and year counted alone."
    said += f" {on_members} of those on members or groups." if on_members else ""
    said += f" The dearest {_DEAREST} follow." if len(table) > _DEAREST else ""
    yield Figure.BINDING_LIMITS, len(table), Look.COUNT, "", said
    for (limit, mineral, buyer, supplier), (year, price, years) in _dearest(table):
        of = limits[limit]
        name = context.country(supplier) if of.group in {BY_COUNTRY, BY_OWNER} else supplier
        measure = f"Shadow price: {of.limit} {name}, {mineral}, {buyer or COALITION_BUYER}"
        often = counted(years, "year")
        said = f"What one tonne of relief saves in {year}, its dearest year; binds in {often}."
        yield measure, price, Look.PRICE, context.per_tonne, said


def _dearest(
    table: pd.DataFrame,
) -> list[tuple[tuple[int, str, str, str], tuple[int, float, int]]]:
    """Return the dearest limits as (limit, mineral, buyer, supplier), (year, price, years)."""
    best: dict[tuple[int, str, str, str], tuple[int, float, int]] = {}
    for row in table.to_dict("records"):
        key = (row["limit"], row["mineral"], row["buyer"], row["supplier"])
        year, price, years = best.get(key, (0, -1.0, 0))
        if row["shadow_price"] > price * (1 + 1e-9) + 1e-9 or not years:
            year, price = int(row["year"]), float(row["shadow_price"])
        best[key] = (year, price, years + 1)
    dear = [entry for entry in best.items() if entry[1][1] > 0]
    return sorted(dear, key=lambda e: -round(e[1][1], 6))[:_DEAREST]


def _run(context: Context) -> Rows:
    book, settings, record = context.book, context.case.settings, context.record
    basis = "What share limits are a share of."
    yield "The run"
    yield Figure.SHARE_BASIS, settings.share_basis, Look.LONG, "", basis
    yield Figure.WHOLE_PROJECTS, "yes" if settings.whole_projects else "no"
    if settings.carry_over_budget:
        yield Figure.CARRY_OVER_BUDGET, "yes"
    for name, value in context.options.items():
        if name != Figure.SCENARIO:  # it stands under the title
            yield f"{OPTION}{name}", value
    yield Figure.INPUT_FILE, book.path.name if book.path is not None else "none"
    yield Figure.INPUT_SHA256, book.sha256
    yield Figure.PLANNER, record.planner
    yield Figure.SOLVER, record.solver
    yield "Python version", record.python
    yield Figure.WRITTEN, record.written.strftime(WRITTEN), Look.LONG, "UTC"
    for stage, seconds in context.timings.items():
        yield f"Time: {stage}", float(seconds), Look.SECONDS, "s"
