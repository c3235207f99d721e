"""Summary: the plan on one sheet, with one row per measure and one column per mineral."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from models import measures
from models.plan import OPTIMAL
from models.program.component import cost_headings
from models.results import ByMineral, Figure, Format, Summary, common, overall
from models.results.field import spread_over
from planner.render.words import clean_text, counted, known, search_words
from planner.sheets.context import Context, estimates, question
from planner.sheets.figures import binding, figures, plan_numbers

WRITTEN = "%Y-%m-%d %H:%M:%S"
"""Format of the time at which a plan was written."""
STAGES = ("read", "build", "solve")
"""The stages of a run that are timed, in order."""

Rows = Iterator[str | tuple[Any, ...]]
"""Rows of Summary: measure and value, then format, unit, remark, and the measure's value for each
mineral by name. A row of only a text is the heading of a group."""

_NAME = f"{ByMineral.country.header}'s name"
_REMARKS = {h.name: "A penalty, not paid." if h.is_penalty else h.remark for h in cost_headings()}
_HHI_SCALE = "10,000 is one country alone; above 1,800 is highly concentrated; see Glossary."
_BLANK: tuple[Any, ...] = ("", None, Format.LONG, "", "", {})


def summary_of(rows: Iterable[str | tuple[Any, ...]], minerals: Sequence[str] = ()) -> Summary:
    """Return Summary from its rows, with a column for each mineral; unknown values are blank."""
    kind = spread_over(Summary, Summary.minerals, [clean_text(name) for name in minerals])
    spread = [f.name for f in kind.FIELDS if f.name.startswith("of_")]
    table, formats, sections = list[dict[str, Any]](), list[Format](), list[int]()
    for row in rows:
        if isinstance(row, str):
            sections.append(len(formats))
        given = (row, None) if isinstance(row, str) else row
        measure, value, fmt, unit, remark, each = (*given, *_BLANK[len(given) :])
        formats.append(fmt)
        cells = {"measure": measure, "value": value, "unit": unit, "remark": remark}
        cells |= {name: each.get(mineral) for name, mineral in zip(spread, minerals, strict=True)}
        unknown = {k for k, v in cells.items() if isinstance(v, float) and not math.isfinite(v)}
        # a text may run over a blank cell
        table.append({k: None if k in unknown or v == "" else v for k, v in cells.items()})
    mixed = dict.fromkeys((Summary.value.name, *spread), formats)
    return kind.of_rows(table, formats=mixed, sections=sections)


def summary(context: Context) -> Summary:
    blocks = (
        _plan, _cost_rows, _supply, _country_rows, _concentration, _cost_of_limits,
        _resilience, _binding_rows, _run_rows,
    )  # fmt: skip
    rows = (row for block in blocks for row in block(context))
    return summary_of(rows, [m.name for m in context.case.minerals])


def _by_mineral_of(context: Context, name: str) -> dict[str, Any]:
    """Return a field of By mineral for each mineral, for the columns of a row of Summary."""
    return {row["mineral"]: row.get(name) for row in figures(context)}


def _plan(context: Context) -> Rows:
    case = context.case
    other = "The title is the workbook's; this plan is of the scenario and options named here."
    yield "The plan"
    yield Figure.TITLE, context.title, Format.TEXT
    yield Figure.QUESTION, question(case), Format.LONG
    yield Figure.SCENARIO, context.made_by, Format.LONG, "", "" if context.is_as_given else other
    if context.plan.extension is not None:
        remark = "Added to the model in Python. The plan keeps the case's rules and what was added."
        yield Figure.EXTENDED, context.plan.extension.words, Format.LONG, "", remark
    plan, remark = context.plan, "Proven; the sheet Checks shows the proof."
    remark = remark if plan.status == OPTIMAL else search_words(plan.proof.mip_gap)
    yield Figure.STATUS, plan.status, Format.LONG, "", remark
    yield Figure.YEARS, context.horizon
    if case.settings.price_year is not None:
        yield Figure.PRICE_YEAR, case.settings.price_year, Format.YEAR, context.currency
    yield Figure.MINERALS, len(case.minerals), Format.COUNT
    yield Figure.MEMBERS, len(case.members), Format.COUNT


def _cost_rows(context: Context) -> Rows:
    each = partial(_by_mineral_of, context)
    plan, money, plain = context.plan, context.currency, _undiscounted_note(context)
    rate = context.case.settings.discount_rate
    discounted = f", discounted at {rate * 100:.3g} % a year" if rate > 0 else ""
    per_tonne = measures.landed_cost(plan.purchases, plan.tonnes)
    yield "Cost"
    remark = f"The plan minimises this: cash cost, cost of shortage and penalties{discounted}."
    yield Figure.TOTAL_COST, plan.objective, Format.MONEY, money, remark
    remark = "Money paid, without the cost of shortage and other penalties. New plants count with"
    remark += f" their yearly capital charge, not their capex{plain}."
    yield Figure.CASH_COST, plan.cash, Format.MONEY, money, remark
    remark = "Tariff rate times the cost or price of each flow, added up; members' own treasuries"
    remark += f" receive it{plain}."
    yield Figure.TARIFFS, plan.tariffs, Format.MONEY, money, remark
    also, levied = (" and levies", ", levy") if plan.levies else ("", "")
    if plan.case.price_floors:
        remark = "Imports below a price floor pay the difference; members' own treasuries receive"
        remark += f" it{plain}."
        yield Figure.LEVIES, plan.levies, Format.MONEY, money, remark
    remark = f"Cash cost minus tariffs{also}{plain}."
    yield Figure.NET_COST, plan.cash_cost.net, Format.MONEY, money, remark
    remark = f"Cost or price, tariff{levied} and freight of all flows{plain}."
    yield Figure.PURCHASES_COST, plan.purchases, Format.MONEY, money, remark, each("paid")
    remark, landed = "Cost of purchases divided by the tonnes bought.", each("landed")
    yield Figure.COST_PER_TONNE, per_tonne, Format.PRICE, context.per_tonne, remark, landed
    yield "Cost by heading" + (" (undiscounted)" if rate > 0 else "")
    for heading, cost in zip(plan.costs["heading"], plan.costs["money"], strict=True):
        if cost:
            yield f"{overall.COST}{heading}", float(cost), Format.MONEY, money, _REMARKS[heading]
    added = plan.extension.cost if plan.extension else 0.0
    if added:
        remark = f"Included in the total cost{discounted}, and in no other cost."
        yield f"{overall.COST}what was added to the model", added, Format.MONEY, money, remark


def _undiscounted_note(context: Context) -> str:
    return "; undiscounted" if context.case.settings.discount_rate > 0 else ""


def _supply(context: Context) -> Rows:
    each = partial(_by_mineral_of, context)
    plan, demand = context.plan, context.case.total_demand
    yield "Supply"
    yield overall.COUNTED_IN, None, Format.LONG, "", "", common.units_of(context.case)
    yield Figure.DEMAND, demand, Format.TONNES, "t", "", each("demand")
    bought = each("purchased")
    yield Figure.TONNES, plan.tonnes, Format.TONNES, "t", "Purchases for stock included.", bought
    if plan.expanded.plant_inputs:
        remark = "Bought by plants or supplied by members. No total: one is made into another."
        yield ByMineral.taken.header, None, Format.TONNES, "t", remark, each("taken")
    yield Figure.SHORTAGE, plan.shortage, Format.TONNES, "t", "", each("short")
    yield Figure.SERVED_SHARE, plan.served_share, Format.SHARE, "of demand", "", each("served")


def _country_rows(context: Context) -> Rows:
    """Yield the largest country of the last year in detail: limits that tighten are final then."""
    each = partial(_by_mineral_of, context)
    case, unit = context.case, f"of {context.basis}"
    several = len(case.years) > 1
    last = f" in {case.years[-1]}" if several else ""
    share = f"Largest country's share of {context.basis}"
    yield f"Largest share of one country in the coalition's {context.basis}"
    tops = each("last" if several else "top")
    yield f"{share}{last}", None, Format.SHARE, unit, "", _of_top(tops, lambda t: t.share, 0.0)
    names = _of_top(tops, lambda top: context.country_name(top.country), "none sells")
    yield f"{_NAME}{last}", None, Format.LONG, "", "", names
    remark = "The coalition's limit on that country; blank if it has none."
    limits = _of_top(tops, lambda top: top.limit)
    yield f"{ByMineral.limit.header}{last}", None, Format.SHARE, unit, remark, limits
    remark = "Years in which that limit binds."
    yield (
        ByMineral.years_at_limit.header,
        None,
        Format.COUNT,
        "years",
        remark,
        each("years_at_limit"),
    )
    remark = "The coalition's binding limits on suppliers other than that country."
    yield (
        "Binding limits on other suppliers",
        None,
        Format.COUNT,
        "",
        remark,
        each("bound_on_others"),
    )
    yield ByMineral.bound_on_members.header, None, Format.COUNT, "", "", each("bound_on_members")
    if several:
        tops = each("top")
        remark = "The largest share in any year; the sheet By year has each year's."
        yield share, None, Format.SHARE, unit, remark, _of_top(tops, lambda top: top.share, 0.0)


def _of_top(
    tops: Mapping[str, measures.Top | None], read: Callable[[measures.Top], Any], none: Any = None
) -> dict[str, Any]:
    """Return ``read`` of each mineral's largest country, ``none`` where there is none."""
    return {mineral: none if top is None else read(top) for mineral, top in tops.items()}


def _concentration(context: Context) -> Rows:
    before = f"Nameplate capacity, all countries and years. {_HHI_SCALE}"
    after = "The coalition's purchases, all years; Scorecard has single years."
    yield "Concentration by country (HHI), before and after"
    for field, remark in ((ByMineral.hhi_capacity, before), (ByMineral.hhi_purchases, after)):
        each = _by_mineral_of(context, field.name)
        yield field.header, None, Format.INDEX, "0 to 10,000", remark, each


def _cost_of_limits(context: Context) -> Rows:
    each = partial(_by_mineral_of, context)
    plan, free, money = context.plan, context.without_limits, context.currency
    yield "What the share limits cost (this plan compared with the same case without them)"
    if not context.case.share_limits:
        remark = "The case has no share limits: they cost nothing."
        yield "Share limits", "none", Format.LONG, "", remark
        return
    if free is None:
        remark = "No plan of the case without share limits is known."
        yield "Share limits", "not known", Format.LONG, "", remark
        return
    discounted = ", discounted" if context.case.settings.discount_rate > 0 else ""
    compared = [row for row in figures(context) if row["extra"] is not None]
    whole = plan_numbers(context).row()
    extra = whole["extra_cost_per_t"] if compared else None
    remark = f"{Figure.TOTAL_COST}, all years{discounted}: cash, shortage and penalties."
    yield Figure.LIMITS_COST, plan.objective - free.objective, Format.MONEY, money, remark
    fewer, plain = free.tonnes - plan.tonnes, _undiscounted_note(context)
    remark = "Cash cost over all years with the limits minus the cash cost without them, new plants"
    remark += f" included{plain}."
    if fewer > 0:
        remark = f"With the limits, {fewer:z,.0f} t fewer are bought and paid for. {remark}"
    yield Figure.LIMITS_COST_CASH, plan.cash - free.cash, Format.MONEY, money, remark
    years = max(1, len(context.case.years))
    same = f"{common.HOW_COMPARED} The reference is the plan without share limits{plain}."
    more = f"More shortage than without limits, at the cost of shortage{plain}. Nobody pays it."
    for measure, name, remark in (
        (Figure.LIMITS_COST_A_YEAR, "extra_cost", same),
        (Figure.LIMITS_SHORTAGE_A_YEAR, "shortage_by_limits", more),
    ):
        a_year = {m: cost / years for m, cost in each(name).items() if cost is not None}
        yield measure, sum(a_year.values()), Format.MONEY, f"{money} a year", remark, a_year
    each_t, part = common.EXTRA_COST_PER_T, common.EXTRA_COST_SHARE
    yield each_t.header, extra, Format.PRICE, context.per_tonne, each_t.meaning, each("extra")
    share = whole["extra_cost_share"] if compared else None
    yield part.header, share, Format.SHARE, "share", part.meaning, each("extra_cost_share")
    supply = each("short_of_supply")
    remark, unit = "Missing even without share limits.", "t"
    yield ByMineral.short_of_supply.header, free.shortage, Format.TONNES, unit, remark, supply
    limits, of_limits = plan.shortage - free.shortage, each("short_by_limits")
    remark = "Missing with the share limits, but not without them."
    yield ByMineral.short_by_limits.header, limits, Format.TONNES, unit, remark, of_limits


def _resilience(context: Context) -> Rows:
    """Yield how much is still served if each mineral's largest supplier stops."""
    each = {
        name: left
        for name, left in _by_mineral_of(context, "served_without").items()
        if known(left)
    }
    if not each:
        return
    last = context.case.years[-1]
    yield f"What is still served if the largest supplier stops, in {last}"
    remark, unit = f"{measures.IF_IT_STOPS} {measures.SEE_MORE}", f"of {last}'s need"
    yield Figure.IF_IT_STOPS, None, Format.SHARE, unit, remark, each
    if context.plan.expanded.plant_inputs:
        through = {
            n: left for n, left in _by_mineral_of(context, "served_through").items() if known(left)
        }
        remark = "For the country whose loss is worst. What plants make from its inputs and ore is"
        remark += f" lost, too. {measures.TIED_INPUTS}"
        yield Figure.THROUGH_ALL_STAGES, None, Format.SHARE, unit, remark, through
    kept = sum(map(measures.keeps_enough, each.values()))
    yield Figure.KEEP_ENOUGH, kept, Format.COUNT, f"of {counted(len(each), 'mineral')}"


def _binding_rows(context: Context) -> Rows:
    table = binding(context.plan)
    on_members = int((table["buyer"] != "").sum())
    yield "Binding share limits"
    remark = f"Out of {len(context.plan.limits)}; each buyer, supplier, mineral and year counts."
    remark += f" On members or groups: {on_members}." if on_members else ""
    remark += " The sheet Share limits has each."
    yield Figure.BINDING_LIMITS, len(table), Format.COUNT, "", remark


def _run_rows(context: Context) -> Rows:
    book, settings, record = context.book, context.case.settings, context.record
    yield "The run"
    remark = "The base of all share limits."
    yield Figure.SHARE_BASIS, settings.share_basis, Format.LONG, "", remark
    yield Figure.WHOLE_PROJECTS, "yes" if settings.whole_projects else "no"
    if settings.carry_over_budget:
        yield Figure.CARRY_OVER_BUDGET, "yes"
    if settings.surge != measures.SURGE or context.case.security:
        remark = "Extra sales of each remaining supplier, as a share of its usable capacity."
        yield Figure.SURGE, settings.surge, Format.SHARE, "of capacity", remark
    for name, value in context.options.items():
        if name != Figure.SCENARIO:  # shown under the title
            yield f"{overall.OPTION}{name}", value
    if marked := estimates(book.case):
        remark = "Rows of the input whose Note marks them as an estimate."
        yield Figure.ESTIMATES, marked, Format.LONG, "", remark
    yield Figure.INPUT_FILE, book.file_name or "none", Format.TEXT
    yield Figure.INPUT_SHA256, book.sha256, Format.TEXT
    yield Figure.PLANNER, record.planner
    yield Figure.SOLVER, record.solver
    yield "Python version", record.python
    yield Figure.WRITTEN, record.written.strftime(WRITTEN), Format.LONG, "UTC"
    for stage, seconds in context.timings.items():
        yield f"Time: {stage}", float(seconds), Format.SECONDS, "s"
