"""The first page: the question, its answer, three figures, a table and a chart by mineral.

Findings on minerals come from the sheet By mineral. Next steps, builds, tight spots, warnings and
sources follow.
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
from planner.render.front import AnswerState, Front, Light, Sentence
from planner.render.sentences import ranked
from planner.render.table import Table, table_of
from planner.render.words import amount, each_year, listed
from planner.sheets import explain
from planner.sheets import findings as sheets_findings
from planner.sheets.checks import checks
from planner.sheets.context import Context, estimates, once, question
from planner.sheets.figures import binding, by_mineral, figures
from planner.sheets.last_plan import holds, plants_moved
from planner.sheets.survival import needed_in, survival

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 12
"""Minerals beyond these, by value, are left to the sheet By mineral."""
_IN_PART = 2
"""Plants named of those that are built in part, the smallest part first."""
_SHEET_OF = {
    "capacity": "Refiners", "mine": "Ore", "share limit": "Share limits", "budget": "Projects",
}  # fmt: skip


def overview(context: Context, sheets: Iterable[str]) -> Front:
    """Return the first page of a plan; ``sheets`` are the names of those that its links lead to."""
    names = [name for name in sheets if name != "Chart data"]
    if "Plan" in names:
        names.insert(names.index("Plan"), "Charts")
    return replace(_front(context), links=tuple(names))


@once
def _front(context: Context) -> Front:
    drawn = front_pictures(context)
    lights = (_limits, _security, _stocks, _contracts, _supported, holds, _proof)
    asked, table = question(context.case), by_mineral(context)
    light_of_need = sheets_findings.answer(table, asked)
    return Front(
        title=context.title,
        made_by=context.made_by,
        answer=light_of_need
        or Light(asked, AnswerState.NONE, "Nothing is planned.", results.ByMineral.TABLE),
        findings=sheets_findings.findings(table, len(context.case.years), context.country),
        minerals=_minerals(context),
        notes=tuple(_notes(context)),
        lights=tuple(light for ask in lights if (light := ask(context)) is not None),
        lines=tuple(_lines(context)),
        care=(*sheets_findings.cautions(table, context.country), *_origin(context)),
        links=(),
        picture=drawn[0] if drawn else None,
    )


@once
def _rows(context: Context) -> list[sheets_findings.Row]:
    return sheets_findings.rows_of(by_mineral(context))


def _shown(context: Context) -> list[bool]:
    """Return whether each mineral is on the page: those of the largest value of demand."""
    by_value = sorted(figures(context), key=lambda row: -row["demand_value"])[:MOST_ROWS]
    kept = {row["mineral"] for row in by_value}
    return [row["mineral"] in kept for row in figures(context)]


def _minerals(context: Context) -> Table:
    """Return the page's table of minerals: some fields of By mineral."""
    chosen = by_mineral(context).where(_shown(context))
    whole = table_of(chosen, context.country)
    fields = sheets_findings.fields_of(chosen, sheets_findings.TOLD)
    return replace(whole, columns=tuple(whole.column(f.title(chosen.words)) for f in fields))


@once
def front_pictures(context: Context) -> tuple[Picture, ...]:
    """Return the page's chart: the largest supplier's share without limits and with them."""
    pairs = zip(_rows(context), _shown(context), strict=True)
    rows = [row for row, is_shown in pairs if is_shown]
    picture = sheets_findings.chart(rows, by_mineral(context).words)
    return () if picture is None else (picture,)


def _notes(context: Context) -> Iterator[str]:
    """Yield how the table of minerals is to be read."""
    left = len(_rows(context)) - sum(_shown(context))
    if left:
        yield (
            f"Shown: the {MOST_ROWS} minerals of the largest value of demand; the sheet By"
            f" mineral has {left:,} more."
        )
    if context.plan.expanded.intakes:
        yield "A share of an input also counts what plants take, wherever they are."
    yield (
        'Largest supplier: the country outside the coalition that sells most; "Rest of world"'
        " isn't a country. Tonnes and extra cost are for all years."
    )


# ---- yes, partly or no ------------------------------------------------------------------------


def _limits(context: Context) -> Light:
    question, table = "Are the share limits kept?", context.plan.limits
    if table.empty:
        return Light(question, AnswerState.NONE, "The case has no share limits.", "Summary")
    over = table[table["excess"] > 0]
    cells = zip(over["mineral"], over["year"], strict=True)
    dust = [context.plan.tolerance(mineral, int(year)) for mineral, year in cells]
    broken = over["excess"][over["excess"] > dust]
    if broken.empty:
        reached = int((binding(context.plan)["kind"] == schema.MAX).sum())
        text = (
            f"All {len(table):,} limits are kept, counting one for each buyer, supplier, mineral"
            f" and year; {reached:,} of them leave no tonne of room."
        )
        return Light(question, AnswerState.GOOD, text, "Share limits")
    text = (
        f"{len(broken):,} of {words.counted(len(table), 'limit')}"
        f" {'is' if len(broken) == 1 else 'are'} exceeded, by"
        f" {words.amount(float(broken.sum()), 't')} in all; the plan pays the penalty."
    )
    return Light(question, AnswerState.CARE, text, "Share limits")


def _security(context: Context) -> Light | None:
    if not context.case.security:
        return None
    needed = needed_in(context.plan.supply)
    return survival(results.Security.of(context.plan), needed, context.country)


def _stocks(context: Context) -> Light | None:
    table = context.plan.stocks
    if table.empty or not (table["target"] > 0).any():
        return None
    question = "Are the reserves filled?"
    below = table[table["shortfall"] > tolerances.LEAST_FLOW]
    if below.empty:
        return Light(
            question, AnswerState.GOOD, "Every reserve reaches its target in every year.", "Stocks"
        )
    last = context.case.years[-1]
    missed, held, at_end = (
        rows.groupby(["mineral", "member"]).ngroups
        for rows in (below, table, below[below["year"] == last])
    )
    text = (
        f"{missed} of {words.counted(held, 'reserve')} {'is' if missed == 1 else 'are'} below"
        f" target in some year; in the last year, {last}, {at_end or 'all'}"
        f" {'is' if at_end == 1 else 'are'} {'still below' if at_end else 'filled'}."
    )
    return Light(question, AnswerState.CARE, text, "Stocks")


def _contracts(context: Context) -> Light | None:
    table, question = context.plan.contracts, "Are the contracts taken?"
    if table.empty:
        return None
    unpaid = table[table["untaken"] > tolerances.LEAST_FLOW]
    if unpaid.empty:
        return Light(
            question,
            AnswerState.GOOD,
            "Every member takes the contract minimums that are in force.",
            "Contracts",
        )
    cost = words.amount(float((unpaid["untaken"] * unpaid["price"]).sum()), context.currency)
    return Light(
        question,
        AnswerState.CARE,
        f"{cost} is paid for contract tonnes that are not taken.",
        "Contracts",
    )


def _proof(context: Context) -> Light:
    passed = checks(context).passed[0] == "yes"
    if passed and context.plan.status != OPTIMAL:
        best = words.search_words(context.plan.proof.mip_gap)
        text = (
            f"The plan keeps every rule of the case, as a check apart from the solver shows. {best}"
        )
        return Light("Is it proven?", AnswerState.CARE, text, "Checks")
    proven = words.proven_words()
    if context.plan.extension is not None:
        keeps = "The plan keeps every rule of the case and of what was added; no other that does"
        proven = words.proven_words(keeps)
    if context.within:
        proven = f"The plan keeps every rule of the case, and {context.within}"
    text = (
        f"{proven}. A check apart from the solver shows it."
        if passed
        else 'No: the rows of Checks with "no" say what fails.'
    )
    return Light("Is it proven?", AnswerState.GOOD if passed else AnswerState.BAD, text, "Checks")


# ---- what it builds, where it is tight, where the figures come from ---------------------------


def _lines(context: Context) -> Iterator[Sentence]:
    table = context.plan.projects
    if not table.empty:
        started = table[table["built"] > tolerances.LEAST_FLOW]
        plants, all_of = started["project"].nunique(), table["project"].nunique()
        builds = "none is built"
        if plants:
            cost = words.amount(float(started["capex"].sum()) * 1e6, context.currency)
            builds = (
                f"{plants} of {words.counted(all_of, 'plant')} {'is' if plants == 1 else 'are'}"
                f" built, for {cost}{_in_part(started)}"
            )
        yield Sentence(f"New plants: {builds}.", "Projects")
    yield from plants_moved(context)
    lacking = shortage_words(context.plan)
    if lacking:
        yield Sentence(lacking, "Shortages")
    levied = levy_words(context.plan, context.currency)
    if levied:
        yield Sentence(levied, results.Levies.TABLE)
    for scarce in answers.scarcest(context.plan, most=1):
        kind = scarce.hardest.kind
        yield Sentence(explain.scarce_words(scarce, context.currency), _SHEET_OF.get(kind, "Duals"))
    depends = sheets_findings.dependence(by_mineral(context), context.country)
    if depends:
        yield Sentence(depends, results.Members.TABLE)


def _in_part(started: pd.DataFrame) -> str:
    """Return the plants that are not built in full at once, "" where all are."""
    steps = started.sort_values("year").groupby("project")["built"].agg(list)
    built = [
        words.built_in_steps(str(project), parts)
        for project, parts in sorted(
            steps.items(), key=lambda project_steps: (sum(project_steps[1]), str(project_steps[0]))
        )
        if min(parts) < 1.0 - tolerances.LEAST_FLOW
    ]
    return f". In part or in steps: {words.listed(built, _IN_PART)}" if built else ""


def _origin(context: Context) -> Iterator[str]:
    """Yield what the figures are made of."""
    case = context.case
    yield from _tariffs(context)
    name = context.book.file_name or "a case without a file"
    price = f" of {case.settings.price_year}" if case.settings.price_year else ""
    text = f"Made from {name}; money is {context.currency}{price}, undiscounted."
    marked = estimates(context.book.case)
    yield f"{text} Marked as estimates: {marked} of the workbook." if marked else text
    if context.record.sure:
        yield f"{results.Figure.SURE}: {context.record.sure}"


def _tariffs(context: Context) -> Iterator[str]:
    plan = context.plan
    paid = words.tariff_words({"": plan.cash_cost}, context.currency)
    if paid:
        yield paid


def levy_words(plan: Plan, currency: str) -> str:
    """Return who pays most at borders with a price floor, and when; "" where nobody does."""
    table = results.levied(plan)
    if table.empty:
        return ""
    by_payer = measures.sums(table, "levies", "member", "plant")
    by_year = measures.sums(table, "levies", "year")
    payer, year = (max(sums, key=lambda at: (sums[at], str(at))) for sums in (by_payer, by_year))
    text = (
        f"Importers pay {words.amount(plan.levies, currency)} of levies at price floors in all"
        " years"
    )
    if len(by_payer) > 1:
        member, plant = payer
        name = f"the plant {plant}" if plant else member
        text += f", most of it paid by {name}, {words.amount(by_payer[payer], currency)}"
    if len(by_year) > 1:
        text += f"; the largest amount falls in {year}, {words.amount(by_year[year], currency)}"
    return f"{text}."


def shortage_words(plan: Plan) -> str:
    """Return where most is lost to shortage, and why; "" where nothing is short.

    The mineral and year whose shortage costs most, with the cause of who is short of most tonnes.
    """
    table = plan.shortages
    if table.empty:
        return ""
    case = plan.case
    cost = [
        case.shortage_cost(mineral, year)
        for mineral, year in zip(table["mineral"], table["year"].tolist(), strict=True)
    ]
    lost = (table["short"] * cost).groupby([table["mineral"], table["year"]]).sum()
    mineral, year = min(lost.index, key=lambda cell: (-lost[cell], cell))
    rows = table[(table["mineral"] == mineral) & (table["year"] == year)]
    cause = rows.loc[rows["short"].idxmax(), "cause"]
    short, need = float(rows["short"].sum()), case.coalition_demand(mineral, int(year))
    count = answers.members_short_together(plan, str(mineral), int(year))
    every = words.all_of(count, "member")
    shared = f" {every} are short for the same cause." if count > 1 else ""
    return (
        f"The costliest shortage: in {year}, {short / need * 100:.3g} % of the need for {mineral}"
        f" is unmet, {explain.plain_amount(short)} t.{shared} {cause}"
    )


# ---- who pays for supports -----------------------------------------------------------------------

_NAMED = 3


def _supported(context: Context) -> Light | None:
    """Return who pays for the plants of the rows of Supports, and which of them sell nothing.

    None where there is no such row.
    """
    idle = _idle(context)
    paid, received = defaultdict[str, float](float), defaultdict[str, float](float)
    when = set[int]()
    for member, bill, money in payments_by_member(context.plan):
        when |= {bill.year} if money else set()
        paid[member] += money
        received[_named(bill.plant, bill.row)] += money
    asked = "Are plants supported?"
    if not paid:
        return Light(asked, AnswerState.CARE, idle, results.Members.TABLE) if idle else None
    total = sum(paid.values())
    payers, plants = (
        ranked({name: abs(cost) for name, cost in money.items()}, str, _NAMED)
        for money in (paid, received)
    )
    size = amount(abs(total), context.currency)
    years = each_year(when, " and ") or "no year"
    if total < 0:
        text = f"{plants} {_pay(received)} {payers} {size} back in {years}."
    else:
        text = f"{payers} {_pay(paid)} {plants} {size} in {years}."
    state = AnswerState.CARE if idle else AnswerState.GOOD
    return Light(asked, state, f"{text} {idle}".rstrip(), results.Members.TABLE)


def _idle(context: Context) -> str:
    """Return which plants sell nothing while a row of Supports is for them; "" if each sells."""
    case, selling = context.case, {bill.row for bill in bills(context.plan)}
    rows = [row for row in case.supports if row.row not in selling]
    # a row may be for years that are not planned
    rows = [row for row in rows if any(in_force(row, year) for year in case.years)]
    if not rows:
        return ""
    sells = "sells" if len(rows) == 1 else "sell"
    named = listed((_named(row.plant, row.row) for row in rows), _NAMED)
    return f"{named} {sells} nothing, so no support is paid."


def _named(plant: str, row: int) -> str:
    return f"{plant} (row {row} of {schema.Support.SHEET})"


def _pay(amounts: dict[str, float]) -> str:
    return "pay" if len(amounts) > 1 else "pays"
