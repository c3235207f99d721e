"""The first page: what a reader who has no time must know, in words, one table and one chart.

All that is said of minerals is said mineral by mineral, from the rows of By mineral: findings that
count them, the table of them, and the chart of the largest supplier's share of what its limit is a
share of. Members whose shares are printed alike are told together. What changed, what is fragile
and where the figures come from follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from models.answers import scarcest, sharing
from models.case import Case
from models.measures import part
from models.plan import OPTIMAL, Plan
from models.results import Security
from models.schema import MAX, Settings
from planner.render.chart import Picture
from planner.render.front import Front, Light, Line, State
from planner.render.table import Table, table_of
from planner.render.words import (
    amount,
    built_in_steps,
    counted,
    is_estimate,
    known,
    listed,
    proven_words,
    search_words,
    share,
    tariff_words,
)
from planner.sheets.checks import checks
from planner.sheets.context import Context, once
from planner.sheets.explain import plain_amount, scarce_words
from planner.sheets.figures import binding, by_mineral, figures
from planner.sheets.findings import (
    TOLD,
    Row,
    chart,
    findings,
    lacks,
    moves,
    rows_of,
    served_in_full,
    survival,
)
from planner.sheets.suppliers import current_guesses, todays_minerals

if TYPE_CHECKING:
    import pandas as pd

LEAST_SERVED = 0.9
"""Need of which less is served is not met."""
MOST_ROWS = 12
"""Minerals beyond these, by value, are left to the sheet By mineral."""
_SCARCEST = 2
_IN_PART = 2
"""Plants named of those that are built in part, the smallest part first."""
_LEAST_FLOW = 1e-6
"""Tonnes, or parts of a plant, that count."""
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
    drawn, lights = (
        front_pictures(context),
        (_need, _limits, _security, _stocks, _contracts, _proof),
    )
    return Front(
        title=context.title,
        made_by=context.made_by,
        findings=findings(by_mineral(context), len(context.case.years), context.country),
        minerals=_minerals(context),
        notes=tuple(_notes(context)),
        lights=tuple(light for ask in lights if (light := ask(context)) is not None),
        changed=tuple(_changed(context)),
        fragile=tuple(_fragile(context)),
        origin=tuple(_origin(context)),
        links=(),
        picture=drawn[0] if drawn else None,
    )


@once
def _rows(context: Context) -> list[Row]:
    """Return the rows of By mineral."""
    return rows_of(by_mineral(context))


def _shown(context: Context) -> list[bool]:
    """Return whether each mineral is on the page: those of the largest value of demand."""
    by_value = sorted(figures(context), key=lambda of: -of["demand_value"])[:MOST_ROWS]
    kept = {of["mineral"] for of in by_value}
    return [of["mineral"] in kept for of in figures(context)]


def _minerals(context: Context) -> Table:
    """Return the page's table of minerals: some fields of By mineral."""
    made = by_mineral(context).where(_shown(context))
    whole = table_of(made, context.country)
    return replace(whole, columns=tuple(whole.column(f.title(made.words)) for f in TOLD))


@once
def front_pictures(context: Context) -> tuple[Picture, ...]:
    """Return the page's chart: the largest supplier's share today, in the plan, and the limit."""
    pairs = zip(_rows(context), _shown(context), strict=True)
    rows = [row for row, is_shown in pairs if is_shown]
    picture = chart(rows, by_mineral(context).words)
    return () if picture is None else (picture,)


def _notes(context: Context) -> Iterator[str]:
    """Yield how the table of minerals is to be read."""
    left = len(_rows(context)) - sum(_shown(context))
    if left:
        yield (
            f"The {MOST_ROWS} minerals of the largest value of demand; {left:,} more in By mineral."
        )
    surge = share(context.case.settings.surge)
    yield (
        "A supplier is one country outside the coalition, by where it refines; Rest of world is"
        " none. If it stops, what it sells is lost and nothing is bought instead; stocks give what"
        " the plan draws in that year. With a surge of the others, each by"
        f" {surge} of its usable capacity as far as that is open: {_surged(context)}."
        f" What is short, and what limits cost a tonne, is of all years.{_whence_today(context)}"
    )


def _whence_today(context: Context) -> str:
    """Return where today's shares come from, and of which minerals they are an estimate."""
    given, told = todays_minerals(context.book.case), _rows(context)
    today = [row["mineral"] for row in told if row["supplier_today"] and row["mineral"] in given]
    guess = [
        row["mineral"] for row in told if row["supplier_today"] and row["mineral"] not in given
    ]
    parts = [
        f"{what}{f' ({listed(of)})' if today and guess else ''}"
        for what, of in (
            (f"from the sheet Current supply{current_guesses(context)}", today),
            ("an estimate from the world's refining capacity", guess),
        )
        if of
    ]
    return f" Today's shares are {' and '.join(parts)}, before any scenario." if parts else ""


def _surged(context: Context) -> str:
    """Return what a surge would add, mineral by mineral where it adds most."""
    rows = [row for row in _rows(context) if known(row["surged"]) and row["supplier"]]
    gains = sorted(rows, key=lambda row: row["served_without"] - row["surged"])
    said = [
        f"{row['mineral']} {share(row['surged'])}"
        + (f" (today {share(row['surged_today'])})" if known(row["surged_today"]) else "")
        for row in gains
        if row["surged"] - row["served_without"] > _LEAST_FLOW
    ]
    if not said:
        return "the same in the plan, for no plant that is left has room"
    return f"{listed(said, 2)}{'' if len(said) == len(rows) else '; of the others the same'}"


# ---- yes, partly or no -------------------------------------------------------------------------


def _need(context: Context) -> Light:
    question, rows = "Is the need met?", _rows(context)
    if not any(row["demand"] > 0 for row in rows):
        return Light(question, State.NONE, "The case has no demand.", "By mineral")
    if context.plan.short.empty:
        said = "All of it, of every mineral, in every year and for every member."
        return Light(question, State.GOOD, said, "By mineral")
    said, least = served_in_full(rows)
    state = State.CARE if least >= LEAST_SERVED else State.BAD
    return Light(question, state, " ".join(filter(None, (said, lacks(rows)))), "Shortages")


def _limits(context: Context) -> Light:
    question, table = "Are the share limits kept?", context.plan.limits
    if table.empty:
        return Light(question, State.NONE, "The case has no share limits.", "Summary")
    over = table[table["excess"] > 0]
    cells = zip(over["mineral"], over["year"], strict=True)
    dust = [context.plan.tolerance(mineral, int(year)) for mineral, year in cells]
    broken = over["excess"][over["excess"] > dust]
    if broken.empty:
        reached = int((binding(context.plan)["kind"] == MAX).sum())
        said = (
            f"All {len(table):,}, one for each supplier, mineral and year; {reached:,} of them are"
            " used up to the last tonne."
        )
        return Light(question, State.GOOD, said, "Share limits")
    said = (
        f"{counted(len(broken), 'limit')} of {len(table):,} not, at their penalty:"
        f" {amount(float(broken.sum()), 't')} beyond them."
    )
    return Light(question, State.CARE, said, "Share limits")


def _security(context: Context) -> Light | None:
    if not context.case.security:
        return None
    return survival(Security.of(context.plan), context.country)


def _stocks(context: Context) -> Light | None:
    table = context.plan.stocks
    if table.empty or not (table["target"] > 0).any():
        return None
    question = "Are the reserves filled?"
    below = table[table["shortfall"] > _LEAST_FLOW]
    if below.empty:
        return Light(question, State.GOOD, "Every target, in every year.", "Stocks")
    last = context.case.years[-1]
    missed, held, at_end = (
        rows.groupby(["mineral", "member"]).ngroups
        for rows in (below, table, below[below["year"] == last])
    )
    said = (
        f"Below target in some year: {missed} of {counted(held, 'reserve')};"
        f" in {last}, the last: {at_end or 'none'}."
    )
    return Light(question, State.CARE, said, "Stocks")


def _contracts(context: Context) -> Light | None:
    table, question = context.plan.contracts, "Are the contracts taken?"
    if table.empty:
        return None
    unpaid = table[table["untaken"] > _LEAST_FLOW]
    if unpaid.empty:
        return Light(question, State.GOOD, "Every minimum in force.", "Contracts")
    cost = amount(float((unpaid["untaken"] * unpaid["price"]).sum()), context.currency)
    return Light(question, State.CARE, f"{cost} is paid for what is not taken.", "Contracts")


def _proof(context: Context) -> Light:
    passed = checks(context).passed[0] == "yes"
    if passed and context.plan.status != OPTIMAL:
        best = search_words(context.plan.proof.mip_gap)
        said = f"It keeps every rule of the case: computed apart from the solver. {best}"
        return Light("Is it proven?", State.CARE, said, "Checks")
    what = proven_words()
    if context.plan.extension is not None:
        keeps = "It keeps every rule of the case and what was added to its model; no plan that does"
        what = proven_words(keeps)
    if context.within:
        what = f"It keeps every rule of the case, and {context.within}"
    said = f"{what}: computed apart from the solver." if passed else "See the rows that say no."
    return Light("Is it proven?", State.GOOD if passed else State.BAD, said, "Checks")


# ---- what changed, what is fragile, where the figures come from --------------------------------


def _changed(context: Context) -> Iterator[Line]:
    for said in moves(by_mineral(context), context.country):
        yield Line(said, "Country shares")
    table = context.plan.projects
    if table.empty:
        return
    started = table[table["built"] > _LEAST_FLOW]
    plants, all_of = started["project"].nunique(), table["project"].nunique()
    said = "no plant is built"
    if plants:
        cost = amount(float(started["capex"].sum()) * 1e6, context.currency)
        said = f"{plants} of {counted(all_of, 'plant')} built for {cost}{_in_part(started)}"
    yield Line(f"New plants: {said}.", "Projects")


def _in_part(started: pd.DataFrame) -> str:
    """Return the plants that are not built in full at once, "" where all are."""
    steps = started.sort_values("year").groupby("project")["built"].agg(list)
    said = [
        built_in_steps(str(project), parts)
        for project, parts in sorted(steps.items(), key=lambda of: (sum(of[1]), str(of[0])))
        if min(parts) < 1.0 - _LEAST_FLOW
    ]
    return f". In part or in steps: {listed(said, _IN_PART)}" if said else ""


def _fragile(context: Context) -> Iterator[Line]:
    rows = [row for row in _rows(context) if known(row["served_without"]) and row["supplier"]]
    rows.sort(key=lambda row: row["served_without"])
    last = context.case.years[-1] if context.case.years else ""
    for row in rows[:1]:
        country = context.country(row["supplier"])
        with_it = part(row["need"] - _short_in(context, row["mineral"], last), row["need"])
        yield Line(
            f"Without {country} {share(row['served_without'])} of the need for {row['mineral']} in"
            f" {last} is served ({share(with_it or 0.0)} with it).",
            "By mineral",
        )
    lacking = shortage_words(context.plan)
    if lacking:
        yield Line(lacking, "Shortages")
    for scarce in scarcest(context.plan, most=_SCARCEST - bool(lacking)):
        said, kind = scarce_words(scarce, context.currency), scarce.hardest.kind
        yield Line(said, _SHEET_OF.get(kind, "Duals"))


def _short_in(context: Context, mineral: str, year: object) -> float:
    table = context.plan.supply
    return float(table[(table["mineral"] == mineral) & (table["year"] == year)]["short"].sum())


def _origin(context: Context) -> Iterator[str]:
    case = context.case
    yield from _tariffs(context)
    name = context.book.path.name if context.book.path is not None else "a case without a file"
    guessed = estimates(context.book.case)
    said = f"From {name}; its fingerprint, options and versions stand at the end of Summary."
    if guessed:
        said += f" {guessed}."
    price = f" of {case.settings.price_year}" if case.settings.price_year else ""
    yield f"{said} Money is {context.currency}{price}, undiscounted."


def _tariffs(context: Context) -> Iterator[str]:
    plan = context.plan
    told = tariff_words({"": (plan.cash, plan.tariffs)}, context.currency)
    if told:
        yield told


def estimates(case: Case, *sheets: str) -> str:
    """Return how many rows of a workbook, or of sheets of it, are marked as estimates, if any."""
    every = sheets or tuple(sheet for sheet in case.SHEET_FIELDS if sheet != Settings.SHEET)
    rows = [row for sheet in every for row in case.records(sheet)]
    guessed = sum(is_estimate(getattr(row, "note", "")) for row in rows)
    of = f"{guessed:,} of its {counted(len(rows), 'row')}"
    return f"{of} {'is' if guessed == 1 else 'are'} marked as estimates" if guessed else ""


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
    mineral, year = min(lost.index, key=lambda at: (-lost[at], at))
    rows = table[(table["mineral"] == mineral) & (table["year"] == year)]
    cause = rows.loc[rows["short"].idxmax(), "cause"]
    short, need = float(rows["short"].sum()), case.coalition_demand(mineral, int(year))
    all_of = sharing(plan, str(mineral), int(year))
    shared = f", all {all_of} members for one cause" if all_of > 1 else ""
    return (
        f"Short above all: {mineral} in {year}, {plain_amount(short)} t,"
        f" {short / need * 100:.3g} % of the coalition's need{shared}. {cause}"
    )
