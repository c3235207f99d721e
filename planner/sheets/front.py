"""The first page: the question, its answer, three figures, a table and a chart by mineral.

Findings on minerals come from the sheet By mineral. Builds, tight spots, cautions and sources
follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from models import answers, measures, results, schema, tolerances
from models.case import in_force
from models.plan import OPTIMAL, Plan, bills, payments_by_member
from planner.render import words
from planner.render.chart import Picture
from planner.render.front import AnswerState, DetailLine, Front, TrafficLight
from planner.render.sentences import largest_first
from planner.render.table import Table, table_of
from planner.sheets import explain
from planner.sheets import findings as sheets_findings
from planner.sheets.checks import checks
from planner.sheets.context import Context, estimates, once, question
from planner.sheets.figures import binding, by_mineral, exceeded, figures
from planner.sheets.last_plan import plants_moved, previous_plan_holds
from planner.sheets.survival import survival, years_needed

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 12
"""Most minerals in the table, by value of demand; the sheet By mineral has all."""
_IN_PART = 2
"""Partly built plants that are named, the smallest part first."""
_SHEET_OF = {
    "capacity": "Refiners", "mine": "Ore", "share limit": "Share limits", "budget": "Projects",
}  # fmt: skip


def overview(context: Context, sheets: Iterable[str]) -> Front:
    """Return the first page of a plan, with links to these sheets."""
    names = [name for name in sheets if name != "Chart data"]
    if "Plan" in names:
        names.insert(names.index("Plan"), "Charts")
    return replace(_front(context), links=tuple(names))


@once
def _front(context: Context) -> Front:
    drawn = front_pictures(context)
    lights = (_limits, _security, _stocks, _contracts, _supported, previous_plan_holds, _proof)
    asked, table = question(context.case), by_mineral(context)
    nothing = TrafficLight(asked, AnswerState.NONE, "Nothing is planned.", table.TABLE)
    return Front(
        title=context.title,
        made_by=context.made_by,
        answer=sheets_findings.answer(table, asked) or nothing,
        findings=sheets_findings.findings(table, len(context.case.years), context.country),
        minerals=_minerals(context),
        notes=tuple(_notes(context)),
        lights=tuple(light for ask in lights if (light := ask(context)) is not None),
        lines=tuple(_lines(context)),
        care=(*sheets_findings.cautions(table, context.country), *_origin(context)),
        links=(),
        picture=drawn[0] if drawn else None,
    )


def _shown(context: Context) -> list[bool]:
    """Return whether each mineral is on the page, which has the largest ones by value of demand."""
    by_value = sorted(figures(context), key=lambda row: -row["demand_value"])[:MOST_ROWS]
    largest = {row["mineral"] for row in by_value}
    return [row["mineral"] in largest for row in figures(context)]


def _minerals(context: Context) -> Table:
    """Return the page's table of minerals: some fields of By mineral."""
    chosen = by_mineral(context).where(_shown(context))
    whole = table_of(chosen, context.country)
    fields = sheets_findings.present_fields(chosen, sheets_findings.SHOWN_FIRST)
    return replace(whole, columns=tuple(whole.column(f.title(chosen.words)) for f in fields))


@once
def front_pictures(context: Context) -> tuple[Picture, ...]:
    """Return the page's chart: the largest supplier's share without limits and with them."""
    chosen = by_mineral(context).where(_shown(context))
    picture = sheets_findings.chart(sheets_findings.rows_of(chosen), chosen.words)
    return () if picture is None else (picture,)


def _notes(context: Context) -> Iterator[str]:
    if left := _shown(context).count(False):
        start = f"Shown: the {MOST_ROWS} minerals whose demand has the largest value; the sheet By"
        yield f"{start} mineral has {left:,} more."
    if context.plan.expanded.intakes:
        yield "If plants use a mineral as an input, its shares also count what the plants take."
    yield (
        "Largest supplier: the country outside the coalition that sells it most;"
        ' "Rest of world" doesn\'t count as a country. Tonnes and extra cost are for all years.'
    )


# ---- yes, partly or no ------------------------------------------------------------------------


def _limits(context: Context) -> TrafficLight:
    question, table = "Are the share limits kept?", context.plan.limits
    if table.empty:
        return TrafficLight(question, AnswerState.NONE, "The case has no share limits.", "Summary")
    broken = exceeded(context.plan)["excess"]
    if broken.empty:
        reached = int((binding(context.plan)["kind"] == schema.MAX).sum())
        text = f"All {len(table):,} limits are kept; each buyer, supplier, mineral and year counts"
        text += f" as one limit. Purchases reach {reached:,} of them exactly."
        return TrafficLight(question, AnswerState.GOOD, text, "Share limits")
    text = f"{len(broken):,} of {words.counted(len(table), 'limit')}"
    text += f" {'is' if len(broken) == 1 else 'are'} exceeded, by"
    text += f" {words.amount(float(broken.sum()), 't')} in total. The plan's total cost counts a"
    text += " penalty for this."
    return TrafficLight(question, AnswerState.CARE, text, "Share limits")


def _security(context: Context) -> TrafficLight | None:
    if not context.case.security:
        return None
    needed = years_needed(context.plan.supply)
    return survival(results.Security.from_plan(context.plan), needed, context.country)


def _stocks(context: Context) -> TrafficLight | None:
    table = context.plan.stocks
    if table.empty or not (table["target"] > 0).any():
        return None
    question = "Do the reserves reach their targets?"
    below = table[table["shortfall"] > tolerances.LEAST_FLOW]
    if below.empty:
        text = "Every reserve reaches its target in every year."
        return TrafficLight(question, AnswerState.GOOD, text, "Stocks")
    last = context.case.years[-1]
    missed, held, at_end = (
        rows.groupby(["mineral", "member"]).ngroups
        for rows in (below, table, below[below["year"] == last])
    )
    text = f"{missed} of {words.counted(held, 'reserve')} {'is' if missed == 1 else 'are'} below"
    text += f" target in some year; in the last year, {last}, {at_end or 'all'}"
    text += f" {'is' if at_end == 1 else 'are'} {'still below' if at_end else 'filled'}."
    return TrafficLight(question, AnswerState.CARE, text, "Stocks")


def _contracts(context: Context) -> TrafficLight | None:
    table, question = context.plan.contracts, "Are the contract minimums bought?"
    if table.empty:
        return None
    unpaid = table[table["untaken"] > tolerances.LEAST_FLOW]
    if unpaid.empty:
        text = "Every member buys the contract minimums that are in force."
        return TrafficLight(question, AnswerState.GOOD, text, "Contracts")
    cost = words.amount(float((unpaid["untaken"] * unpaid["price"]).sum()), context.currency)
    text = f"Members pay {cost} for contract tonnes that they don't take."
    return TrafficLight(question, AnswerState.CARE, text, "Contracts")


def _proof(context: Context) -> TrafficLight:
    proven = words.proven_words()
    if context.plan.extension is not None:
        proven = words.proven_words("The plan keeps every rule of the case and of what was added")
    if context.within:
        proven = f"The plan keeps every rule of the case, and {context.within}"
    state, text = AnswerState.GOOD, f"{proven}. A check without the solver confirms this."
    if checks(context).passed[0] != "yes":
        state, text = AnswerState.BAD, 'No: on the sheet Checks, rows with "no" say what fails.'
    elif context.plan.status != OPTIMAL:
        best = words.search_words(context.plan.proof.mip_gap)
        keeps = "A check without the solver shows that the plan keeps every rule of the case"
        state, text = AnswerState.CARE, f"{keeps}. {best}"
    return TrafficLight("Is the plan proven?", state, text, "Checks")


# ---- builds, scarcity, and the origin of the figures ---------------------------------------------


def _lines(context: Context) -> Iterator[DetailLine]:
    table = context.plan.projects
    if not table.empty:
        started = table[table["built"] > tolerances.LEAST_FLOW]
        plants, all_of = started["project"].nunique(), table["project"].nunique()
        builds = "none is built"
        if plants:
            cost = words.amount(float(started["capex"].sum()) * 1e6, context.currency)
            builds = f"{plants} of {words.counted(all_of, 'plant')}"
            builds += f" {'is' if plants == 1 else 'are'} built, for {cost}{_in_part(started)}"
        yield DetailLine(f"New plants: {builds}.", "Projects")
    yield from plants_moved(context)
    if lacking := shortage_words(context.plan):
        yield DetailLine(lacking, "Shortages")
    if levied := levy_words(context.plan, context.currency):
        yield DetailLine(levied, results.Levies.TABLE)
    for scarce in answers.scarcest(context.plan, most=1):
        kind = scarce.hardest.kind
        yield DetailLine(
            explain.scarce_words(scarce, context.currency), _SHEET_OF.get(kind, "Duals")
        )
    if depends := sheets_findings.dependence(by_mineral(context), context.country):
        yield DetailLine(depends, results.Members.TABLE)


def _in_part(started: pd.DataFrame) -> str:
    """Return the plants that are not built in full at once, "" if all are."""
    steps = started.sort_values("year").groupby("project")["built"].agg(list)
    order = sorted((sum(parts), str(project), parts) for project, parts in steps.items())
    built = [
        words.built_in_steps(project, parts)
        for _, project, parts in order
        if min(parts) < 1.0 - tolerances.LEAST_FLOW
    ]
    return f". Built only in part or in steps: {words.listed(built, _IN_PART)}" if built else ""


def _origin(context: Context) -> Iterator[str]:
    """Yield sentences on tariffs, the workbook, its estimates, and how sure the plan is."""
    case = context.case
    if paid := words.tariff_words({"": context.plan.cash_cost}, context.currency):
        yield paid
    name = context.book.file_name or "a case without a file"
    price = f" of {case.settings.price_year}" if case.settings.price_year else ""
    text = f"Made from {name}. Money is in {context.currency}{price}, undiscounted."
    marked = estimates(context.book.case)
    yield f"{text} In the workbook, {marked} are marked as estimates." if marked else text
    if context.record.sure:
        yield f"{results.Figure.SURE}: {context.record.sure}"


def levy_words(plan: Plan, currency: str) -> str:
    """Return who pays most at borders with a price floor, and when; "" if nobody does."""
    table = results.levies_paid(plan)
    if table.empty:
        return ""
    by_payer = measures.sums(table, "levies", "member", "plant")
    by_year = measures.sums(table, "levies", "year")
    payer, year = (max(sums, key=lambda at: (sums[at], str(at))) for sums in (by_payer, by_year))
    whole = sum(by_payer.values())
    paid = words.amount(whole, currency)
    text = f"Over all years, importers pay {paid} in levies at price floors"
    if len(by_payer) > 1:
        member, plant = payer
        name = f"the plant {plant}" if plant else member
        part = "most of it" if by_payer[payer] > whole / 2 else "the largest part"
        text += f", {part} paid by {name}, {words.amount(by_payer[payer], currency)}"
    if len(by_year) > 1:
        text += f"; the largest amount falls in {year}, {words.amount(by_year[year], currency)}"
    return f"{text}."


def shortage_words(plan: Plan) -> str:
    """Return the mineral and year whose shortage costs most, and why; "" if nothing is missing.

    The cause is that of the member that misses most tonnes.
    """
    table = plan.shortages
    if table.empty:
        return ""
    case, cells = plan.case, zip(table["mineral"], table["year"].tolist(), strict=True)
    cost = [case.shortage_cost(*cell) for cell in cells]
    lost = (table["short"] * cost).groupby([table["mineral"], table["year"]]).sum()
    mineral, year = min(lost.index, key=lambda cell: (-lost[cell], cell))
    rows = table[(table["mineral"] == mineral) & (table["year"] == year)]
    cause = rows.loc[rows["short"].idxmax(), "cause"]
    short, need = float(rows["short"].sum()), case.coalition_demand(mineral, int(year))
    count = answers.members_short_together(plan, str(mineral), int(year))
    every = words.all_of(count, "member")
    shared = f" {every} are short for the same reason." if count > 1 else ""
    start = f"The costliest shortage: in {year}, {explain.plain_amount(short)} t of {mineral} are"
    return f"{start} missing, {short / need * 100:.3g} % of the need.{shared} {cause}"


# ---- who pays for supports -----------------------------------------------------------------------

_NAMED = 3


def _supported(context: Context) -> TrafficLight | None:
    """Return who pays for the plants that the sheet Supports names, and which sell nothing.

    None without a row of Supports.
    """
    idle = _idle(context)
    paid, received = defaultdict[str, float](float), defaultdict[str, float](float)
    when = set[int]()
    for member, bill, money in payments_by_member(context.plan):
        when |= {bill.year} if money else set()
        paid[member] += money
        received[_named(bill.plant, bill.row)] += money
    asked = "Who supports plants?"
    if not paid:
        return TrafficLight(asked, AnswerState.CARE, idle, results.Members.TABLE) if idle else None
    total = sum(paid.values())
    payers, plants = (
        largest_first({name: abs(cost) for name, cost in money.items()}, str, _NAMED)
        for money in (paid, received)
    )
    size = words.amount(abs(total), context.currency)
    years = words.each_year(when, " and ") or "no year"
    if total < 0:
        text = f"{plants} {'pay' if len(received) > 1 else 'pays'} {payers} {size} back in {years}."
    else:
        text = f"{payers} {'pay' if len(paid) > 1 else 'pays'} {plants} {size} in {years}."
    state = AnswerState.CARE if idle else AnswerState.GOOD
    return TrafficLight(asked, state, f"{text} {idle}".rstrip(), results.Members.TABLE)


def _idle(context: Context) -> str:
    """Return which plants of the sheet Supports sell nothing; "" if each sells."""
    case, selling = context.case, {bill.row for bill in bills(context.plan)}
    rows = [row for row in case.supports if row.row not in selling]
    # a row may be for years that are not planned
    rows = [row for row in rows if any(in_force(row, year) for year in case.years)]
    if not rows:
        return ""
    sells = "sells" if len(rows) == 1 else "sell"
    named = words.listed((_named(row.plant, row.row) for row in rows), _NAMED)
    return f"{named} {sells} nothing, so no support is paid."


def _named(plant: str, row: int) -> str:
    return f"{plant} (row {row} of {schema.Support.SHEET})"
