"""Summary: the plan on one sheet, measure by measure."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime

import pandas as pd

from models.measures import Top, landed_cost, largest, part, served_if_largest_stops
from models.plan import Plan
from models.program.component import headings
from models.results import ByMineral, Figure, Look, Summary
from models.results.overall import COST, HHI, OPTION
from models.schema import BY_COUNTRY, BY_OWNER
from models.solve import version
from planner._version import __version__
from planner.render.table import COALITION_BUYER
from planner.sheets.context import Context
from planner.sheets.figures import Figures, binding, coalition_purchases, figures, total
from planner.sheets.front.shares import Served, surge_of, today, when_lost
from planner.sheets.notes import BY_WEIGHT
from planner.sheets.rows import Rows

STAGES = ("read", "build", "solve")
"""The stages of a run that are timed, in order."""

_DEAREST = 5
"""How many binding limits are named."""
_REMARKS = {of.name: "A penalty, not paid." if of.is_penalty else of.remark for of in headings()}


def summary(context: Context) -> Summary:
    """Return the sheet Summary."""
    rows, minerals = Rows(), figures(context)
    _plan(context, rows)
    _cost(context, rows)
    _supply(context, rows, minerals)
    _beside_today(context, rows)
    _largest(context, rows, minerals)
    _concentration(rows, minerals)
    _cost_of_limits(context, rows, minerals)
    _resilience(context, rows, minerals)
    _binding(context, rows)
    _run(context, rows)
    return rows.result()


def _plan(context: Context, rows: Rows) -> None:
    case = context.case
    rows.section("The plan")
    rows.add(Figure.TITLE, context.title)
    rows.add(
        Figure.SCENARIO, context.made_by,
        remark="" if context.is_as_given else
        "The title is the workbook's; this plan is of the scenario and options named here.",
    )  # fmt: skip
    rows.add(Figure.STATUS, context.plan.status, remark="Proven; the proof stands in Checks.")
    rows.add(Figure.YEARS, context.horizon)
    if case.settings.price_year is not None:
        rows.add(Figure.PRICE_YEAR, case.settings.price_year, Look.YEAR, context.currency)
    rows.add(Figure.MINERALS, len(case.minerals), Look.COUNT)
    rows.add(Figure.MEMBERS, len(case.members), Look.COUNT)


def _cost(context: Context, rows: Rows) -> None:
    plan, money = context.plan, context.currency
    rate = context.case.settings.discount_rate
    rows.section("Cost")
    discounted = f", discounted at {rate * 100:.3g} % a year" if rate > 0 else ""
    rows.add(
        Figure.TOTAL_COST, plan.objective, Look.MONEY, money,
        f"What the plan minimises: cash cost, shortage and penalties{discounted}.",
    )  # fmt: skip
    rows.add(
        Figure.CASH_COST, plan.cash, Look.MONEY, money,
        "What is paid, not the cost of shortage and other penalties; of projects a yearly capital"
        f" charge, not the capex{_plain(context)}.",
    )  # fmt: skip
    rows.add(
        Figure.PURCHASES_COST, plan.purchases, Look.MONEY, money,
        f"Cost or price, tariff and freight of all flows{_plain(context)}.",
    )  # fmt: skip
    rows.add(
        Figure.COST_PER_TONNE, landed_cost(plan.purchases, plan.tonnes), Look.PRICE,
        context.per_tonne, f"Purchases cost over tonnes purchased. {BY_WEIGHT}",
    )  # fmt: skip
    rows.section("Cost by heading" + (" (undiscounted)" if rate > 0 else ""))
    for heading, cost in zip(plan.costs["heading"], plan.costs["money"], strict=True):
        if cost:
            rows.add(f"{COST}{heading}", float(cost), Look.MONEY, money, _REMARKS[heading])


def _supply(context: Context, rows: Rows, minerals: tuple[Figures, ...]) -> None:
    plan = context.plan
    rows.section("Supply")
    rows.add(Figure.DEMAND, context.case.total_demand, Look.TONNES, "t", BY_WEIGHT)
    rows.add(
        Figure.TONNES, plan.tonnes, Look.TONNES, "t",
        f"Purchases for stock included. {BY_WEIGHT}",
    )  # fmt: skip
    rows.add(Figure.SHORTAGE, plan.shortage, Look.TONNES, "t", BY_WEIGHT)
    rows.add(Figure.SERVED_SHARE, plan.served_share, Look.SHARE, "of demand", BY_WEIGHT)
    rows.section("Shortage by mineral")
    for of in minerals:
        remark = f"{1.0 - of.served:.1%} of demand" if of.short > 0 else ""
        rows.add(f"Shortage: {of.name}", of.short, Look.TONNES, of.unit, remark)


def _beside_today(context: Context, rows: Rows) -> None:
    """Set today's supply beside the plan's first year, mineral by mineral."""
    if not context.case.current_supply:
        return
    table, first = context.plan.changes, context.case.years[0]
    rows.section(f"Today beside the plan, {first}")
    for mineral, of in table.groupby("mineral", sort=True):
        today, planned = of["today"].sum(), of["planned"].sum()
        left = float((of["today"] - of["planned"]).clip(lower=0.0).sum())
        for what, whole, name in (
            ("today", today, "today"),
            (f"in {first}", planned, "planned"),
        ):
            tops = largest(total(of, "country", name))
            if whole > 0 and tops:
                country, most = tops[0]
                rows.add(
                    f"Largest country {what}: {mineral}",
                    most / float(whole),
                    Look.SHARE,
                    "of supply" if what == "today" else "of purchases",
                    f"{context.country(country)}; {whole:,.0f} t in all",
                )
        rows.add(
            f"Moved from today's suppliers: {mineral}",
            left,
            Look.TONNES,
            context.units[str(mineral)],
            "What flows of today lose in the first year; row by row in the sheet Changes.",
        )


def _largest(context: Context, rows: Rows, minerals: tuple[Figures, ...]) -> None:
    """The last year's first: a limit that tightens is what it is meant to be at the end."""
    what = f"Largest share of one country in the coalition's {context.basis}"
    years = context.case.years
    if len(years) > 1:
        rows.section(f"{what}, in {years[-1]}")
        for of in minerals:
            _share(context, rows, of, of.last, f" in {years[-1]}")
        rows.section(f"{what}, in any year")
    else:
        rows.section(what)
    for of in minerals:
        _share(context, rows, of, of.top, "")


def _share(context: Context, rows: Rows, of: Figures, top: Top | None, when: str) -> None:
    unit = f"of {context.basis}"
    measure = f"Largest country's share of {context.basis}{when}: {of.name}"
    if top is None:
        rows.add(measure, 0.0, Look.SHARE, unit, "No country sells.")
        return
    where = f"{context.country(top.country)}, {top.year}"
    rows.add(measure, top.share, Look.SHARE, unit, where)
    notes = []
    if top.limit is None:
        notes.append("no limit of the coalition on that country in that year")
    else:
        notes.append(where)
    if when or len(context.case.years) == 1:
        if of.years_at_limit:
            notes.append(f"binds in {_counted(of.years_at_limit, 'year')}")
        if of.bound_on_others:
            notes.append(f"limits on other suppliers: {of.bound_on_others} bind")
        if of.bound_on_members:
            notes.append(f"limits on members: {of.bound_on_members} bind")
    said = "; ".join(notes)
    rows.add(f"{ByMineral.limit.header}{when}: {of.name}", top.limit, Look.SHARE, unit, said)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"


def _plain(context: Context) -> str:
    """Return what is said of money that is not discounted, where other money is."""
    return "; undiscounted" if context.case.settings.discount_rate > 0 else ""


def _concentration(rows: Rows, minerals: tuple[Figures, ...]) -> None:
    rows.section("Concentration by country (HHI), before and after")
    scale = "0 to 10,000"
    rows.add("How to read it", "Herfindahl-Hirschman index", remark=HHI)
    for of in minerals:
        rows.add(
            f"{ByMineral.hhi_capacity.header}: {of.name}", of.hhi_capacity, Look.INDEX, scale,
            "Before: nameplate capacity, all countries, all years; Scorecard has the first alone.",
        )  # fmt: skip
        rows.add(
            f"{ByMineral.hhi_purchases.header}: {of.name}", of.hhi_purchases, Look.INDEX, scale,
            "After: the coalition's purchases, all years; Scorecard has single years.",
        )  # fmt: skip


def _cost_of_limits(context: Context, rows: Rows, minerals: tuple[Figures, ...]) -> None:
    plan, free, money = context.plan, context.without_limits, context.currency
    rows.section("What the share limits cost (this plan against the same case without them)")
    if not context.case.share_limits:
        rows.add("Share limits", "none", remark="The case has no share limits: they cost nothing.")
    elif free is None:
        rows.add("Share limits", "not known", remark="The case without share limits has no plan.")
    else:
        rate = context.case.settings.discount_rate
        rows.add(
            Figure.LIMITS_COST, plan.objective - free.objective, Look.MONEY, money,
            f"{Figure.TOTAL_COST}{', discounted' if rate > 0 else ''}: cash, shortage and"
            " penalties.",
        )  # fmt: skip
        rows.add(
            Figure.LIMITS_COST_CASH, plan.cash - free.cash, Look.MONEY, money,
            _of_cash(context, plan, free),
        )  # fmt: skip
        rows.add(
            "Extra cost per tonne bought", _extra(minerals), Look.PRICE, context.per_tonne,
            "Landed, against the same minerals without the limits, at the tonnes bought here.",
        )  # fmt: skip
        for of in minerals:
            if of.extra is not None:
                unit = f"{context.currency} per {of.unit}"
                rows.add(f"Extra cost per tonne bought: {of.name}", of.extra, Look.PRICE, unit)
        _split(rows, "", "t", (free.shortage, plan.shortage - free.shortage))
        rows.remarks[-2:] = [
            f"Short without share limits too. {BY_WEIGHT}",
            f"Short with the share limits and not without them. {BY_WEIGHT}",
        ]
        for of in minerals:
            if of.short_of_supply is not None and of.short_by_limits is not None:
                _split(rows, f": {of.name}", of.unit, (of.short_of_supply, of.short_by_limits))


def _of_cash(context: Context, plan: Plan, free: Plan) -> str:
    """Return the remark on what the limits cost in cash: what is bought less, first."""
    less = free.tonnes - plan.tonnes
    bare = "Cash cost with the limits less that without"
    if plan.cash >= free.cash or less <= 0:
        return f"{bare}{_plain(context)}."
    return f"Less is bought: {less:,.0f} t that the limits forbid. {bare}{_plain(context)}."


def _extra(minerals: tuple[Figures, ...]) -> float | None:
    """Return what limits add to the cost of a tonne, each mineral against itself."""
    known = [(of.extra, of.purchased) for of in minerals if of.extra is not None]
    tonnes = sum(bought for _, bought in known)
    return part(sum(extra * bought for extra, bought in known), tonnes)


def _split(rows: Rows, of: str, unit: str, tonnes: tuple[float, float]) -> None:
    rows.add(f"{ByMineral.short_of_supply.header}{of}", tonnes[0], Look.TONNES, unit)
    rows.add(f"{ByMineral.short_by_limits.header}{of}", tonnes[1], Look.TONNES, unit)


def _resilience(context: Context, rows: Rows, minerals: tuple[Figures, ...]) -> None:
    rows.section("What is still served if the largest supplier country stops")
    demand = context.case.total_demand
    left = served_if_largest_stops(coalition_purchases(context.plan), demand)
    rows.add(
        Figure.IF_EACH_STOPS, left, Look.SHARE, "of demand",
        "Purchases less those from each mineral's largest country of each year, over demand: each"
        f" mineral may lose another country. {BY_WEIGHT}",
    )  # fmt: skip
    for of in minerals:
        rows.add(
            f"Served if its largest supplier stops (nothing bought instead): {of.name}",
            of.served_if_lost, Look.SHARE, "of demand",
        )  # fmt: skip
    _as_on_front(context, rows)


def _as_on_front(context: Context, rows: Rows) -> None:
    """The first page's numbers: by value, and with what the others can do about it."""
    country, left = when_lost(context)
    now, surge = today(context), surge_of(context)
    said = "As on Overview: by value, all years together"
    instead = f"; the others sell {surge:.0%} of their capacity more" if surge else ""
    if country:
        how = "with surge and stocks" if surge else "nothing bought instead"
        _left(
            rows, f"Served if {context.country(country)} stops, in the plan (by value, {how})",
            left, f"{said}{instead}{', stocks are drawn, share limits waived' if surge else ''}.",
        )  # fmt: skip
    if now is not None and now.lost:
        how = "with surge" if surge else "nothing bought instead"
        _left(
            rows, f"Served if {context.country(now.lost)} stops, today (by value, {how})",
            now.left, f"{said}, at today's shares of supply{instead}.",
        )  # fmt: skip


def _left(rows: Rows, measure: str, left: Served, remark: str) -> None:
    """Add what is left, of all minerals and of each."""
    unit = "of need by value"
    rows.add(measure, left.share, Look.SHARE, unit, remark)
    for mineral in left.needed:
        rows.add(f"{measure}: {mineral}", left.share_of(mineral), Look.SHARE, unit)


def _binding(context: Context, rows: Rows) -> None:
    table = binding(context.plan)
    on_members = int((table["buyer"] != "").sum())
    rows.section("Binding share limits")
    rows.add(
        Figure.BINDING_LIMITS, len(table), Look.COUNT, "",
        f"Of {len(context.plan.limits)}, each buyer, supplier, mineral and year counted alone."
        + (f" {on_members} of those on members or groups." if on_members else "")
        + (f" The dearest {_DEAREST} follow." if len(table) > _DEAREST else ""),
    )  # fmt: skip
    for (limit, mineral, buyer, supplier), of in _dearest(table):
        group, kind = context.case.share_limits[limit].group, context.case.share_limits[limit].limit
        name = context.country(supplier) if group in {BY_COUNTRY, BY_OWNER} else supplier
        year, price, years = of
        rows.add(
            f"Shadow price: {kind} {name}, {mineral}, {buyer or COALITION_BUYER}", price,
            Look.PRICE, context.per_tonne,
            f"What one tonne of relief saves in {year}, its dearest year; binds in {years}"
            f" year{'s' if years > 1 else ''}.",
        )  # fmt: skip


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


def _run(context: Context, rows: Rows) -> None:
    book = context.book
    rows.section("The run")
    settings = context.case.settings
    rows.add(Figure.SHARE_BASIS, settings.share_basis, remark="What share limits are a share of.")
    rows.add(Figure.WHOLE_PROJECTS, "yes" if settings.whole_projects else "no")
    _options(context.options, rows)
    rows.add(Figure.INPUT_FILE, book.path.name if book.path is not None else "none")
    rows.add(Figure.INPUT_SHA256, book.sha256)
    rows.add(Figure.PLANNER, __version__)
    rows.add(Figure.SOLVER, version())
    rows.add("Python version", platform.python_version())
    rows.add(Figure.WRITTEN, datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"), unit="UTC")
    for stage, seconds in context.timings.items():
        rows.add(f"Time: {stage}", float(seconds), Look.SECONDS, "s")


def _options(options: Mapping[str, str], rows: Rows) -> None:
    for name, value in options.items():
        if name != Figure.SCENARIO:  # it stands under the title
            rows.add(f"{OPTION}{name}", value)
