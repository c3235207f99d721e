"""Each mineral's figures for the sheets: shortage, largest country and supplier, concentration.

A supplier is one country outside the coalition; Rest of world is many countries, so it is none.
Its shares are of purchases in the last planned year, in the plan and in the same case without share
limits. Its share today comes from the sheet Current supply. Minerals that are not on that sheet use
shares of the world's refining capacity in the first year instead, marked as an estimate.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from models import measures, results, schema, tolerances
from models.case import Case, in_force
from models.measures import (
    Dependence,
    Top,
    landed_cost,
    largest_country_shares,
    rounded_share,
    served_share,
    sums,
)
from models.plan import Plan, stages
from models.results import (
    ByMineral,
    CountryShares,
    Format,
    MeasuresByYear,
    Scorecard,
    ShortageCauses,
    common,
    supply,
)
from models.results.common import words_of
from models.results.field import spread_over
from models.results.members import dependences_of, payments_against
from models.results.overall import CAPACITY_TODAY, CURRENT_SUPPLY
from models.schema import COALITION, PURCHASES, REST_OF_WORLD
from models.scorecard import Score, Value, scorecard
from planner.render.table import Cell
from planner.render.words import all_of, counted, each_year, listed
from planner.sheets import findings
from planner.sheets.context import Context, once

_EXTRA = {
    "extra_cost": "extra_cost", "extra": "extra_cost_per_t", "extra_cost_share": "extra_cost_share",
    "same_cost": "same_cost",
}  # fmt: skip
"""The fields of By mineral on the extra cost of the same tonnes, by field of PlanNumbers."""


@once
def plan_numbers(context: Context) -> results.PlanNumbers:
    """Return the plan's numbers by mineral, against those without share limits if known."""
    return results.PlanNumbers.of(context.plan, _free(context))


@once
def _free(context: Context) -> results.PlanNumbers | None:
    """Return the numbers of the plan without share limits, if it is known."""
    free = context.without_limits
    return None if free is None else results.PlanNumbers.of(free)


@once
def figures(context: Context) -> tuple[findings.Row, ...]:
    """Return the fields of a row of By mineral for every mineral, in the case's order.

    Further keys: ``top`` and ``last``, the largest share of a country in any year and in the last
    one; ``demand_value``, demand at the stated price.
    """
    plan, case = context.plan, context.case
    of_plan, used = plan_numbers(context).by_mineral(), used_by_plants(plan)
    is_compared, has_limits = context.without_limits is not None, bool(case.share_limits)
    lost = _shortage_by_limits(context)
    sold, bound = coalition_purchases(plan), _binding_caps(plan)
    paid = paid_by(plan, "mineral")  # without inputs that made nothing
    tops, lasts = (
        measures.largest_country_shares(rows, context.basis)
        for rows in (sold, sold[sold["year"] == case.years[-1]] if case.years else sold[:0])
    )
    refiners = plan.sources[["mineral", "country", "nameplate"]][plan.sources["project"] == ""]
    capacity = measures.sums_within(refiners, "nameplate", "mineral", "country")
    sold_by = measures.sums_within(sold, "tonnes", "mineral", "country")
    result = []
    for record in case.minerals:
        name = record.name
        mine = of_plan[name]
        needed, short, bought, spent = (
            mine[key] for key in ("need", "missing", "tonnes", "purchases")
        )
        top, last, limits = tops.get(name), lasts.get(name), bound[name]
        at_limit, of_others = _bound_on(limits, last)
        by_limits = mine["further_missing"] if is_compared else None if has_limits else 0.0
        of_supply = None if by_limits is None else short - by_limits
        # 0 where no tonne is left to compare: then no extra cost is known
        compared = mine["tonnes_compared"] if has_limits else None
        result.append(
            {
                "mineral": name,
                "unit": record.unit or "t",
                "demand": needed,
                "purchased": bought,
                "taken": sum(used.get((name, year), 0.0) for year in case.years),
                "last_taken": used.get((name, case.years[-1]), 0.0) if case.years else None,
                "short": short,
                "missing_share": mine["missing_share"],
                "served": measures.served_share(needed, short),
                "paid": spent,
                "landed": measures.landed_cost(paid.get(name, 0.0), bought),
                "tonnes_compared": compared,
                **{key: mine[total] if compared else None for key, total in _EXTRA.items()},
                "demand_value": sum(
                    case.coalition_demand(name, y) * record.price.value(y) for y in case.years
                ),
                "top": top,
                "last": last,
                **(vars(top) if top else {}),
                **({f"last_{key}": value for key, value in vars(last).items()} if last else {}),
                "years_at_limit": at_limit,
                "bound_on_members": sum(buyer != "" for buyer, *_ in limits),
                "bound_on_others": of_others,
                "hhi_capacity": measures.hhi(capacity[name]),
                "hhi_purchases": measures.hhi(sold_by[name]),
                "short_of_supply": of_supply,
                "missing_without_limits_share": None
                if of_supply is None
                else measures.ratio(of_supply, needed),
                "short_by_limits": by_limits,
                "shortage_by_limits": lost.get(name),
                **supplies(context).get(name, {}),
            }
        )
    return tuple(result)


def paid_by(plan: Plan, *keys: str) -> dict[Any, float]:
    """Return what members pay [money], including the cost of inputs, by the given keys."""
    if not plan.expanded.plant_inputs:
        return measures.sums(plan.flows, "total", *keys)
    table = plan.supply.assign(paid=measures.payment_by_row(plan.supply))
    return measures.sums(table, "paid", *keys)


def used_by_plants(plan: Plan) -> dict[tuple[str, int], float]:
    """Return the tonnes that plants use as an input, by (mineral, year) [t]."""
    if not plan.expanded.plant_inputs:
        return {}
    return measures.sums(plan.inputs, "tonnes", "mineral", "year")


def _shortage_by_limits(context: Context) -> dict[str, float]:
    """Return the extra cost of each mineral's shortage against the plan without share limits."""
    if context.without_limits is None:
        return {}
    plans = (context.plan, context.without_limits)
    costs, free_costs = (measures.sums(p.supply, "short_cost", "mineral") for p in plans)
    lost = ((m, cost, free_costs[m]) for m, cost in costs.items())
    return {m: measures.difference(now, was, max(now, was)) for m, now, was in lost}


def _binding_caps(plan: Plan) -> dict[str, list[tuple[str, str, str, int]]]:
    """Return buyer, group, supplier and year of each max limit that binds, by mineral."""
    table, limits = binding(plan), defaultdict[str, list[tuple[str, str, str, int]]](list)
    columns = (table[c].tolist() for c in ("kind", "mineral", "buyer", "group", "supplier", "year"))
    for kind, mineral, *row in zip(*columns, strict=True):
        if kind == schema.MAX:
            limits[mineral].append(tuple(row))
    return limits


def _bound_on(
    bound: Sequence[tuple[str, str, str, int]], last: Top | None
) -> tuple[int | None, int]:
    """Return the years in which the limit on the largest country binds, and how many others do.

    Only limits on the coalition count.
    """
    of_coalition = [row for buyer, *row in bound if buyer == ""]
    top = [schema.BY_COUNTRY, last and last.country]
    on_it = [year for *on, year in of_coalition if on == top]
    is_limited = bool(on_it) or (last is not None and last.limit is not None)
    return (len(set(on_it)) if is_limited else None), len(of_coalition) - len(on_it)


def coalition_purchases(plan: Plan) -> pd.DataFrame:
    return plan.countries[plan.countries["buyer"] == ""]


def binding(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.limits`` that bind; limits on buyers without need never do."""
    return plan.limits[supply.binds(plan.limits)]


def exceeded(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.limits`` that are exceeded by more than rounding."""
    over = plan.limits[plan.limits["excess"] > 0]
    cells = zip(over["mineral"], over["year"], strict=True)
    return over[over["excess"] > [plan.tolerance(mineral, int(year)) for mineral, year in cells]]


_OF_TOP = [f.name for f in dataclasses.fields(Top)]
NO_TOP: dict[str, Any] = dict.fromkeys([*_OF_TOP, *(f"last_{name}" for name in _OF_TOP)])
"""The figures of a mineral that no single country sells."""


@once
def by_mineral_table(context: Context) -> results.ByMineral:
    """Return By mineral; some columns are only there if some minerals are made from others."""
    rows = [NO_TOP | row for row in figures(context)]
    made = results.ByMineral.of_rows(rows, words=common.words_of(context.case))
    of_stages = (f for f in results.ByMineral.FIELDS if f.optional)
    return made if context.plan.expanded.plant_inputs else made.without(*of_stages)


@once
def members_table(context: Context) -> results.Members:
    free = _free(context)
    paid = None if free is None else payments_against(plan_numbers(context), free)
    return results.Members.from_plan(context.plan, paid)


# ---- whom the coalition depends on ---------------------------------------------------------------


def _today(case: Case) -> dict[str, tuple[str, float] | None]:
    """Return each mineral's largest supplier today and its share, without any change of a case."""
    if not case.years:
        return {}
    first, given = case.years[0], todays_minerals(case)
    bought = defaultdict[tuple[str, str], float](float)
    for flow in case.current_supply:
        bought[flow.refiner, flow.mineral] += flow.tonnes
    sold: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for r in case.refiners:
        tonnes = bought[r.name, r.mineral]
        if r.mineral not in given and case.coalition_demand(r.mineral, first) > 0:
            tonnes = r.capacity.value(first) if in_force(r, first) else 0.0
        sold[r.mineral][r.country] += tonnes
    own_countries = {r.country for r in case.refiners if COALITION in case.blocs_of(r.country)}
    others = {REST_OF_WORLD, *own_countries}
    return {mineral: measures.largest_supplier(sales, others) for mineral, sales in sold.items()}


def todays_minerals(case: Case) -> set[str]:
    return {flow.mineral for flow in case.current_supply if flow.tonnes > 0}


# ---- in the plan ------------------------------------------------------------------------------


def _surged(plan: Plan, of_plan: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the share of each mineral served if its largest supplier stops and others surge.

    It is of the last year. ``of_plan`` has the plan's numbers by mineral.
    """
    e, t, surge = plan.expanded, -1, plan.case.settings.surge
    others: dict[str, float] = defaultdict(float)
    table = plan.sources[plan.sources["year"] == e.years[t]]
    columns = (table[c].tolist() for c in ("mineral", "country", "tonnes", "usable"))
    for mineral, country, sold, usable in zip(*columns, strict=True):
        if country != of_plan[mineral]["supplier"]:
            others[mineral] += measures.with_surge(sold, usable, surge)
    need, stock, missing = (
        tonnes[:, :, t].sum(axis=1) for tonnes in (e.demand, stages.stock_drawn(plan), plan.missing)
    )
    parts = (stock, missing, need + plan.used_by_plants[:, t])
    amounts = zip(e.minerals, *(each.tolist() for each in parts), strict=True)
    return {
        name: measures.served_without(others[name], drawn, base, lacking)
        for name, drawn, lacking, base in amounts
    }


def _dependent(plan: Plan) -> dict[str, list[tuple[str, Dependence]]]:
    """Return each mineral's members that depend on a country for it, the most dependent first.

    Among members whose shares are printed alike, those that depend on the country with most such
    members come first, the largest buyer first.
    """
    by_mineral: dict[str, list[tuple[str, Dependence]]] = defaultdict(list)
    for member, each in dependences_of(plan).items():
        for dependence in each:
            by_mineral[dependence.mineral].append((member, dependence))
    for members in by_mineral.values():
        same = Counter(_as_printed(dependence) for _, dependence in members)
        members.sort(key=lambda e: (-round(e[1].purchased, 6), e[0]))
        members.sort(key=lambda e: (-rounded_share(e[1].share), -same[_as_printed(e[1])]))
    return by_mineral


def _as_printed(dependence: Dependence) -> tuple[float, str]:
    return rounded_share(dependence.share), dependence.country


def _limits_kept(plan: Plan) -> dict[str, str]:
    """Return for each mineral with share limits whether all of them are kept: yes or no."""
    kept = dict.fromkeys(map(str, plan.limits["mineral"].unique()), "yes")
    return kept | dict.fromkeys(map(str, exceeded(plan)["mineral"]), "no")


def _through_all_stages(plan: Plan, year: int) -> dict[str, dict[str, Any]]:
    """Return for each mineral the country whose loss leaves least, and the share then served.

    The loss counts through all stages; empty if no mineral is made from others. No country is named
    if none takes any of the mineral with it: what is missing then is missing anyway.
    """
    if not plan.expanded.plant_inputs:
        return {}
    nothing = {"stage_country": None, "served_through": None}
    by_mineral: dict[str, dict[str, Any]] = {m.name: nothing for m in plan.case.minerals}
    planned = stages.served_without_country(plan, "", year)
    for name, losses in plan.served_if_lost(year).items():
        if losses:
            country = min(losses, key=lambda each: (losses[each][1], each))
            left, served = losses[country][1], planned[name][1] or 0.0
            is_hit = left < served - tolerances.SAME_SHARE
            by_mineral[name] = {
                "stage_country": country if is_hit else None,
                "served_through": left,
            }
    return by_mineral


@once
def supplies(context: Context) -> Mapping[str, dict[str, Any]]:
    """Return for each mineral the fields of ByMineral that say whom the coalition depends on."""
    plan, case = context.plan, context.case
    if not case.years:
        return {}
    year, kept, dependent = case.years[-1], _limits_kept(plan), _dependent(plan)
    given = todays_minerals(context.book.case)
    now, then = _today(context.book.case), plan_numbers(context).by_mineral()
    surged, unlimited = _surged(plan, then), _free(context)
    free = {} if unlimited is None else unlimited.by_mineral()
    sold = coalition_purchases(plan)
    last = sold[sold["year"] == year]
    tops = measures.largest_country_shares(last, PURCHASES, ("mineral", "country"))
    through = _through_all_stages(plan, year)
    by_name = {}
    for m in case.minerals:
        stop, before = then[m.name], now.get(m.name) or (None, None)
        top = tops.get((m.name, stop["supplier"]))
        members = dependent.get(m.name, [])
        member, most = members[0] if members else (None, None)
        alike = sum(_as_printed(each) == _as_printed(members[0][1]) for _, each in members)
        if alike > 1:
            all_members = counted(len(case.members), "member")
            member = f"{'all' if alike == len(case.members) else f'{alike:,} of'} {all_members}"
        by_name[m.name] = {
            "need": case.coalition_demand(m.name, year),
            "supplier_free": free.get(m.name, {}).get("supplier"),
            "supplier_free_share": free.get(m.name, {}).get("supplier_share"),
            "supplier_today": before[0],
            "today_by": before[0] and (CURRENT_SUPPLY if m.name in given else CAPACITY_TODAY),
            "supplier_today_share": before[1],
            "supplier": stop["supplier"],
            "supplier_share": stop["supplier_share"],
            "supplier_of_demand": stop["supplier_of_demand"],
            "supplier_limit": top and top.limit,
            "served_without": stop["served_last"],
            "surged": surged[m.name],
            "dependent": member,
            "dependent_country": most and most.country,
            "dependent_share": most and most.share,
            "limits_kept": kept.get(m.name),
            **through.get(m.name, {}),
        }
    return by_name


# ---- the sheets By year and Shortage causes ------------------------------------------------------


At = tuple[str, int]
"""A mineral and a year."""
_MOST_MEMBERS = 6
"""Members that are named if they are not all short for the same cause."""


def by_year_table(context: Context) -> MeasuresByYear | None:
    """Return the sheet By year: a block per measure, a row per mineral, a column per year."""
    case = context.case
    if not case.years or not case.minerals:
        return None
    kind = spread_over(MeasuresByYear, MeasuresByYear.years, [str(year) for year in case.years])
    units, money = common.units_of(case), f"{context.currency}/t"
    rows, formats, sections = list[dict[str, Any]](), list[Format](), list[int]()
    for (measure, meaning), (fmt, unit, cells) in _blocks(context).items():
        sections.append(len(rows))
        rows.append({"measure": f"{measure}: {meaning}", "unit": ""})
        formats += [Format.LONG, *[fmt] * len(case.minerals)]
        for mineral in (m.name for m in case.minerals):
            of_mineral = units.get(mineral, "") if unit == "t" else unit
            if of_mineral == money:
                of_mineral = f"{context.currency} per {units[mineral]}"
            by_year = {f"of_{i}": cells.get((mineral, y)) for i, y in enumerate(case.years)}
            rows.append({"measure": measure, "mineral": mineral, "unit": of_mineral, **by_year})
    mixed = {f"of_{i}": formats for i in range(len(case.years))}
    return kind.of_rows(rows, words=common.words_of(case), formats=mixed, sections=sections)


def _blocks(
    context: Context,
) -> Mapping[tuple[str, str], tuple[Format, str, Mapping[At, Any]]]:
    """Return format, unit and cells of each measure, by its name and meaning."""
    plan, basis = context.plan, context.basis
    need, bought, short = (
        sums(plan.supply, amount, "mineral", "year") for amount in ("demand", "purchased", "short")
    )
    paid, tonnes = paid_by(plan, "mineral", "year"), sums(plan.flows, "tonnes", "mineral", "year")
    served = {cell: served_share(need[cell], short[cell]) for cell in need if need[cell] > 0}
    landed = {cell: landed_cost(paid[cell], tonnes[cell]) for cell in tonnes}
    tops = _largest_suppliers(context)

    def read_from_tops(read: Callable[[Top], Any]) -> dict[At, Any]:
        return {cell: read(top) for cell, (top, _) in tops.items()}

    largest = f"the country with the largest share of {basis}"
    used: dict[tuple[str, str], tuple[Format, str, Mapping[At, Any]]] = {}
    if plan.expanded.plant_inputs:
        name = ByMineral.taken.header, "what plants use of it as an input; counted in its shares"
        used[name] = Format.TONNES, "t", used_by_plants(plan)
    return {
        (common.DEMAND.header, "what the members need"): (Format.TONNES, "t", need),
        (common.PURCHASES.header, "what they buy, also for stock"): (Format.TONNES, "t", bought),
        **used,
        (common.SHORT.header, "neither bought nor taken from stock"): (Format.TONNES, "t", short),
        ("Served", "1 minus shortage divided by demand"): (Format.SHARE, "of demand", served),
        ("Largest supplier", largest): (
            Format.TEXT, "", read_from_tops(lambda top: context.country_name(top.country))
        ),
        (CountryShares.of_demand.header, "bought from that country, also for stock"): (
            Format.SHARE, "of demand", {cell: part for cell, (_, (part, _)) in tops.items()}
        ),
        (CountryShares.of_purchases.header, "that country's part of all purchases"): (
            Format.SHARE, "of purchases", {cell: part for cell, (_, (_, part)) in tops.items()}
        ),
        (common.LIMIT.header, f"the coalition's tightest on that country, as a share of {basis}"): (
            Format.SHARE, f"of {basis}", read_from_tops(lambda top: top.limit)
        ),
        (common.LANDED.header, "what a tonne costs on average, with tariff and freight"): (
            Format.PRICE, context.per_tonne, landed
        ),
    }  # fmt: skip


def _largest_suppliers(context: Context) -> dict[At, tuple[Top, tuple[float, float]]]:
    """Return each mineral and year's largest supplier, and its shares of demand and purchases."""
    table = coalition_purchases(context.plan)
    tops = largest_country_shares(table, context.basis, ("mineral", "year"))
    whose = zip(*(table[c].tolist() for c in ("mineral", "year", "country")), strict=True)
    shares = (table[c].fillna(0.0).tolist() for c in ("of_demand", "of_purchases"))
    of_country = dict(zip(whose, zip(*shares, strict=True), strict=True))
    return {cell: (top, of_country[*cell, top.country]) for cell, top in tops.items()}


# ---- who is short, and why ---------------------------------------------------------------------


def shortage_causes(plan: Plan) -> ShortageCauses | None:
    """Return one row per mineral, cause and set of members, with the years; None if none."""
    table, case = plan.shortages, plan.case
    if table.empty:
        return None
    units, need = common.units_of(case), defaultdict[At, set[str]](set)
    for (mineral, member, year), tonnes in case.demand_of.items():
        if tonnes > 0:
            need[mineral, year].add(member)
    cells: dict[tuple[str, int, str], list[tuple[str, float, float]]] = defaultdict(list)
    columns = ("mineral", "year", "cause", "member", "short", "demand")
    for *place, member, short, demand in zip(*(table[c].tolist() for c in columns), strict=True):
        cells[*place,].append((member, short, demand))
    shared: dict[tuple[str, str, str], list[At]] = defaultdict(list)
    for mineral, year, cause in sorted(cells):
        names = [name for name, *_ in cells[mineral, year, cause]]
        shared[mineral, _who_is_short(names, need[mineral, year]), cause].append((mineral, year))
    rows = []
    in_order = sorted(shared.items(), key=lambda cause: (cause[0][0], cause[1]))
    for (mineral, who, cause), every in in_order:
        parts = [np.array([amounts for _, *amounts in cells[mineral, y, cause]]) for _, y in every]
        short, demand = (float(sum(part[:, amounts].sum() for part in parts)) for amounts in (0, 1))
        years = each_year(year for _, year in every)
        row = {"mineral": mineral, "years": years, "members": who, "demand": demand}
        row |= {"short": short, "share": short / demand, "cause": cause, "unit": units[mineral]}
        rows.append(row)
    return ShortageCauses.of_rows(rows, words=common.words_of(case))


def _who_is_short(names: list[str], need: set[str]) -> str:
    """Return who is short: all that need the mineral in one word, others by name."""
    if len(names) > 1 and set(names) >= need:
        return all_of(len(names), "member")
    named = listed(sorted(names), _MOST_MEMBERS)
    return named if len(names) == 1 else f"{len(names)} of {len(need)}: {named}"


# ---- the scorecard: every measure before the plan and after, next to its benchmark ---------------


MET, MISSED, NO_DATA = "✓ met", "✗ missed", "– no data"
"""Verdicts on a benchmark: a sign and a word, readable without colour."""


def scorecard_of(plan: Plan, scores: Sequence[Score] | None = None) -> Scorecard | None:
    """Return the scorecard of a plan, with a heading row for each measure; None without years.

    ``scores`` are computed unless given.
    """
    scores = scorecard(plan) if scores is None else scores
    if not scores:
        return None
    case, rows, sections, formats = plan.case, list[dict[str, Cell]](), list[int](), list[Format]()
    for measure, group in groupby(scores, key=lambda score: score.measure):
        about: dict[str, Cell] = {"source": measure.source, "formula": measure.formula}
        sections.append(len(rows))
        rows.append({"measure": f"{measure.title}: {measure.unit}", **about})
        scored = [{"measure": measure.title, **about, **_score_row(score, case)} for score in group]
        formats += [Format.TEXT, *[measure.fmt] * len(scored)]
        rows += scored
    mixed = (Scorecard.before, Scorecard.after_first, Scorecard.after_last)
    by_field = {f.name: formats for f in mixed}
    card = Scorecard.of_rows(rows, words=words_of(case), formats=by_field, sections=sections)
    return card if len(case.years) > 1 else card.without(Scorecard.after_last)


def _score_row(score: Score, case: Case) -> dict[str, Cell]:
    return {
        "mineral": score.mineral,
        "buyer": score.buyer.name,
        "before": score.before.amount,
        "after_first": score.first.amount,
        "after_last": score.last.amount,
        "required": None if score.required is None else score.required.share,
        "met": result_mark(score),
        "unit": score.measure.unit,
        "before_is": score.before_is or None,
        "remark": remark(score, case) or None,
    }


def result_mark(score: Score) -> str | None:
    """Return ``MET``, ``MISSED`` or ``NO_DATA``; None if the measure has no benchmark."""
    return None if score.required is None else {True: MET, False: MISSED, None: NO_DATA}[score.met]


def remark(score: Score, case: Case) -> str:
    """Return whom a score is about or why it has no number, and which limits it misses.

    It lists the years that miss a benchmark, and limits that are kept for demand but not purchases.
    """
    years = case.years
    values = {"before": score.before, str(years[0]): score.first, str(years[-1]): score.last}
    missed = f"missed in {each_year(score.missed)}" if score.missed else ""
    return "; ".join(filter(None, (_remarks(values), missed, _limit_remark(score, case))))


def _limit_remark(score: Score, case: Case) -> str:
    """Return where a limit of the workbook is kept for demand but not for purchases; "" if none."""
    if not score.exceeded_by_purchases:
        return ""
    most = score.exceeded_by_purchases[0]
    years = {each.year for each in score.exceeded_by_purchases}
    who, part = case.country_name(most.country), f"{most.of_purchases:z.0%} of purchases"
    more = f"; over it in {each_year(years)}" if len(years) > 1 else ""
    return f"{who} has {part} in {most.year}, over the limit of {most.limit:z.0%} of demand{more}"


def _remarks(values: dict[str, Value]) -> str:
    """Return the remark of each time, only once if all are the same."""
    by_words: dict[str, list[str]] = {}
    for when, value in values.items():
        if value.remark:
            by_words.setdefault(value.remark, []).append(when)
    if len(by_words) == 1 and len(next(iter(by_words.values()))) == len(values):
        return next(iter(by_words))
    return "; ".join(f"{', '.join(when)}: {words}" for words, when in by_words.items())
