"""The sheets By year (every mineral in every year) and Shortage causes (who is short, and why)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models.measures import Top, landed_cost, largest_country_shares, served_share, sums
from models.plan import Plan
from models.results import ByMineral, CountryShares, Format, MeasuresByYear, ShortageCauses, common
from models.results.field import spread_over
from planner.render.words import all_of, each_year, listed
from planner.sheets.context import Context
from planner.sheets.figures import coalition_purchases, paid_by, used_by_plants

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
