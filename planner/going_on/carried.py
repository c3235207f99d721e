"""What the years that are over leave behind: stocks, plants, sales, budgets; as edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from models import schema, tolerances
from models.case import Case, begun_capital
from models.checks.advice import begun_beyond_the_budget
from models.plan import Plan
from models.resolve import budget_year
from planner.going_on.edits import CellEdit, Edits, GoneRow, NewRow
from planner.going_on.outcome import PastYears
from planner.render.words import capitalized, listed

_ROLLED = "planner roll"


def edits(plan: Plan, case: Case, outcome: PastYears) -> Edits:
    """Return what of a case's workbook changes; ``plan`` is of the case or of a scenario of it."""
    cells: list[CellEdit] = []
    rows: list[NewRow] = []
    warnings: list[str] = []
    if plan.case != case:
        of = f"the scenario {plan.case.scenario}"
        of = of if plan.case.scenario != case.scenario else "what-ifs, or with a limit of its own"
        warnings.append(
            f"the plan was made with {of}: what it decided is taken over, and the workbook is the"
            " base case again"
        )
    for found in (
        *_stocks(plan, case, outcome, warnings),
        *_sales(plan, case, outcome, warnings),
        *_built(case, outcome),
        *_budgets(plan, case, outcome, warnings),
    ):
        (cells if isinstance(found, CellEdit) else rows).append(found)  # type: ignore[arg-type]
    warnings += _beyond_budgets(case, outcome, cells)
    return Edits(tuple(cells), tuple(rows), tuple(_gone(case, outcome.to)), tuple(warnings))


def _why(outcome: PastYears, *key: object) -> str:
    return f"{'actual' if key in outcome.actual else 'planned'}, end of {outcome.last}"


# ---- stocks --------------------------------------------------------------------------------------


def _stocks(plan: Plan, case: Case, outcome: PastYears, warnings: list[str]) -> Iterator[CellEdit]:
    """Yield opening stocks, targets whose default they were, and a Max that is below them."""
    for pile in case.stockpiles:
        key = pile.mineral, pile.member
        if key not in outcome.stocks:  # a scenario took the member out
            continue
        closing, whose = outcome.stocks[key], f"{pile.mineral}, {pile.member}"
        why = _why(outcome, *key)
        if pile.max < closing <= pile.max * (1.0 + tolerances.SAME_SUM):
            closing = pile.max  # the solver's rounding
        if closing != pile.opening:
            yield CellEdit(schema.Stockpile, pile.row, "opening", closing, pile.opening, whose, why)
        if pile.target.base is None and pile.target_days is None:
            reason = f"the opening stock of {plan.expanded.years[0]}, as it was blank"
            target = pile.opening
            yield CellEdit(schema.Stockpile, pile.row, "target", target, None, whose, reason)
        if closing > pile.max:
            text = "the stock at the end of the year is above it"
            yield CellEdit(schema.Stockpile, pile.row, "max", closing, pile.max, whose, text)
            warnings.append(
                f"Max of the reserve of {whose} is raised from {pile.max:z,.6g} t to"
                f" {closing:z,.6g} t, which it held at the end of {outcome.last}"
            )


# ---- what is bought today ------------------------------------------------------------------------


def _sales(
    plan: Plan, case: Case, outcome: PastYears, warnings: list[str]
) -> Iterator[CellEdit | NewRow]:
    """Yield Current supply: what each refiner sold in the last year that is over."""
    sold = _sold(plan, outcome, warnings)
    if outcome.last < outcome.to - 1 and any(r.max_growth is not None for r in case.refiners):
        warnings.append(
            f"{outcome.to - 1} is not planned: Max growth counts the sales of {outcome.last} as"
            f" those of the year before {outcome.to}"
        )
    home = {(row.refiner, row.mineral, row.member, row.plant): row for row in case.current_supply}
    reason = f"bought in {outcome.last}"
    if outcome.as_planned == outcome.rows:
        reason += ", as planned"
    grown = {(r.name, r.mineral): r for r in case.refiners if r.max_growth is not None}
    known = {mineral for _, mineral, *_ in {*home, *sold}}
    for refiner, mineral in grown:
        if mineral not in known and case.members:  # 0 says that today's supply is known
            sold[refiner, mineral, case.members[0].name, ""] = 0.0
            known.add(mineral)
    for key in sorted({*home, *sold}):
        refiner, mineral, member, plant = key
        tonnes, what = sold.get(key, 0.0), f"{refiner}, {mineral}, {member or plant}"
        row = home.get(key)
        if row is None:
            names = {"refiner": refiner, "mineral": mineral, "member": member, "plant": plant}
            cells = {**names, "tonnes": tonnes, "source": f"{_ROLLED}: {reason}"}
            yield NewRow(schema.CurrentSupply, cells, "tonnes", what, reason)
            continue
        of, source = schema.CurrentSupply, f"{_ROLLED}: {reason}"
        if row.tonnes != tonnes:
            yield CellEdit(of, row.row, "tonnes", tonnes, row.tonnes, what, reason)
        is_ours = row.source.startswith(_ROLLED)
        if row.source != source and (is_ours or row.tonnes != tonnes):
            yield CellEdit(of, row.row, "source", source, row.source or None, what, reason)


def _sold(
    plan: Plan, outcome: PastYears, warnings: list[str]
) -> dict[tuple[str, str, str, str], float]:
    """Return what refiners sold in the last year by refiner, mineral, member and plant [t].

    Who bought in an earlier year that is over, and no longer does, is listed with 0.
    """
    refiners = {(r.name, r.mineral) for r in plan.case.refiners}
    sold: dict[tuple[str, str, str, str], float] = {}
    others: dict[str, float] = {}
    for each in outcome.purchases:
        tonnes = each.delivered if each.year == outcome.last else 0.0
        if each.project or (each.refiner, each.mineral) not in refiners:
            others[each.mineral] = others.get(each.mineral, 0.0) + tonnes
            continue
        key = each.refiner, each.mineral, each.member, ""
        sold[key] = sold.get(key, 0.0) + tonnes
    inputs = plan.inputs
    for row in inputs[inputs["year"] <= outcome.last].to_dict("records"):
        if row["refiner"] and not row["project"]:
            key = row["refiner"], row["mineral"], "", row["plant"]
            tonnes = row["tonnes"] if row["year"] == outcome.last else 0.0
            sold[key] = sold.get(key, 0.0) + tonnes
    for mineral, tonnes in sorted(others.items()):
        if tonnes > tolerances.LEAST_FLOW:
            warnings.append(
                f"{tonnes:z,.6g} t of {mineral} that projects sold in {outcome.last} are not in"
                f" {schema.CurrentSupply.SHEET}, which lists refiners alone"
            )
    return sold


# ---- plants --------------------------------------------------------------------------------------


def _built(case: Case, outcome: PastYears) -> Iterator[CellEdit | NewRow]:
    """Yield the rows of Built: what was begun by now, 0 included."""
    home = {(row.project, row.year): row for row in case.built}
    for (project, year), part in sorted(outcome.built.items()):
        reason = "actual" if (project, year) in outcome.actual else "planned"
        if (project, year) not in outcome.actual and part == 0:
            reason = "nothing was begun for it"
        what, row = f"{project}, {year}", home.get((project, year))
        if row is None:
            cells = {"project": project, "year": year, "fraction": part}
            cells["source"] = f"{_ROLLED}: {reason}"
            yield NewRow(schema.Built, cells, "fraction", what, reason)
        elif row.fraction != part:
            yield CellEdit(schema.Built, row.row, "fraction", part, row.fraction, what, reason)


# ---- budgets -------------------------------------------------------------------------------------


def _budgets(plan: Plan, case: Case, outcome: PastYears, warnings: list[str]) -> Iterator[CellEdit]:
    """Yield what is left of budgets that are carried over.

    The last row of the years that are over holds it; the rows before that are used up. Where more
    was spent than there was, the next budgets are less by so much.
    """
    rows = sorted(case.budget, key=lambda row: row.year)
    past = [row for row in rows if row.year < outcome.to]
    if not case.settings.carry_over_budget or not past:
        return
    left = sum(row.capex for row in past) - _spent(plan, outcome, {row.year for row in past})
    reason = f"what is left of it at the end of {outcome.last}"
    values = {row.year: 0.0 for row in past}
    if left >= 0:
        values[past[-1].year] = left
    for row in rows[len(past) :]:
        less = min(row.capex, max(0.0, -left))
        left += less
        values[row.year] = row.capex - less
    for row in rows:
        capex = values[row.year]
        if capex != row.capex:
            why = reason if row.year < outcome.to else "more was spent before than there was"
            yield CellEdit(
                schema.BudgetYear, row.row, "capex", capex, row.capex, str(row.year), why
            )
            if row.year >= outcome.to:
                warnings.append(
                    f"the budget of {row.year} is less by {row.capex - capex:z,.6g} m: that much"
                    " was spent before beyond the budgets of the years that are over"
                )


def _spent(plan: Plan, outcome: PastYears, years: set[int]) -> float:
    """Return what was paid for plants out of the budgets of some years [money m]."""
    case, horizon = plan.case, plan.expanded.years
    due = begun_capital(case.projects, case.years)
    spent = sum(money for year, money in due.items() if year in years)
    for project in case.projects:
        if project.built_in is not None:
            continue
        begun = dict(project.begun)
        for (name, start), part in outcome.built.items():
            is_own = name == project.name and start not in begun
            if is_own and budget_year(project, start, horizon) in years:
                spent += part * project.capex
    return spent


def _beyond_budgets(case: Case, outcome: PastYears, cells: Iterable[CellEdit]) -> Iterator[str]:
    """Yield which budgets of the next plan are less than what begun plants take of them."""
    capex: dict[int, Any] = {e.row: e.value for e in cells if e.record is schema.BudgetYear}
    built = [row for row in case.built if (row.project, row.year) not in outcome.built]
    built += [
        schema.Built(project=project, year=year, fraction=part)
        for (project, year), part in outcome.built.items()
    ]
    following = case.change(
        demand=[
            replace(row, tonnes=tuple(each for each in row.tonnes if each[0] >= outcome.to))
            for row in case.demand
        ],
        built=built,
        budget=[replace(row, capex=capex.get(row.row, row.capex)) for row in case.budget],
    )
    for finding in begun_beyond_the_budget(following):
        yield f"{capitalized(finding.found)}: {finding.hint}"


# ---- rows whose years are over -------------------------------------------------------------------


def _gone(case: Case, to: int) -> Iterator[GoneRow]:
    """Yield the rows of Scenarios and Risks all of whose years are over."""
    steps: Iterable[schema.ScenarioStep | schema.EventStep] = (*case.scenarios, *case.risks)
    for step in steps:
        is_build = step.action == "build project"
        last = step.first_year if is_build else step.last_year
        if last is not None and last < to:
            selected = [step.mineral, case.country_name(step.country), step.refiner, step.member]
            of = listed([each for each in selected if each]) or "all"
            what = f"{step.name}: {step.action}, {of}"
            yield GoneRow(type(step), step.row, what, f"its last year was {last}")
