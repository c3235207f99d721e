"""Edits of the next workbook that follow from past years: stocks, sales, plants, budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from models import resolve, schema, tolerances
from models.case import Case, begun_capital
from models.checks.advice import begun_beyond_the_budget
from models.plan import Plan
from planner.going_on.outcome import PastYears
from planner.render.words import capitalized, listed


@dataclass(frozen=True)
class CellEdit:
    """A changed cell of an existing row: its field, its new value and its old value."""

    record: type[schema.Record]
    row: int
    field: str
    value: object
    before: object
    what: str
    reason: str


@dataclass(frozen=True)
class NewRow:
    """An added row: its cells by field."""

    record: type[schema.Record]
    cells: Mapping[str, object]
    field: str
    what: str
    reason: str


@dataclass(frozen=True)
class RemovedRow:
    """A row that is removed, since all its years are over."""

    record: type[schema.Record]
    row: int
    what: str
    reason: str


@dataclass(frozen=True)
class Edits:
    """All edits, with warnings about them in sentences."""

    cells: tuple[CellEdit, ...]
    rows: tuple[NewRow, ...]
    removed: tuple[RemovedRow, ...]
    warnings: tuple[str, ...]


_ROLLED = "planner roll"


def edits(plan: Plan, case: Case, outcome: PastYears) -> Edits:
    """Return the edits to a case's workbook; ``plan`` is a plan of the case or of a scenario."""
    cells: list[CellEdit] = []
    rows: list[NewRow] = []
    warnings: list[str] = []
    if plan.case != case:
        options = f"the scenario {plan.case.scenario}"
        if plan.case.scenario == case.scenario:
            options = "what-ifs, or with --max-country-share"
        warnings.append(
            f"the plan was made with {options}: its decisions are carried over, but this workbook"
            " is the base case"
        )
    for edit in (
        *_stocks(plan, case, outcome, warnings),
        *_sales(plan, case, outcome, warnings),
        *_built(case, outcome),
        *_budgets(plan, case, outcome, warnings),
    ):
        (cells if isinstance(edit, CellEdit) else rows).append(edit)  # type: ignore[arg-type]
    warnings += _beyond_budgets(case, outcome, cells)
    return Edits(tuple(cells), tuple(rows), tuple(_removed_rows(case, outcome.to)), tuple(warnings))


# ---- stocks --------------------------------------------------------------------------------------


def _stocks(plan: Plan, case: Case, outcome: PastYears, warnings: list[str]) -> Iterator[CellEdit]:
    """Yield opening stocks, targets that were blank, and each Max below its opening stock."""
    for pile in case.stockpiles:
        key = pile.mineral, pile.member
        if key not in outcome.stocks:  # a scenario removed the member
            continue
        closing, whose = outcome.stocks[key], f"{pile.mineral}, {pile.member}"
        why = f"{'actual' if key in outcome.actual else 'planned'}, end of {outcome.last}"
        if pile.max < closing <= pile.max * (1.0 + tolerances.SAME_SUM):
            closing = pile.max  # the solver's rounding
        if closing != pile.opening:
            yield CellEdit(schema.Stockpile, pile.row, "opening", closing, pile.opening, whose, why)
        if pile.target.base is None and pile.target_days is None:
            reason = f"the cell was blank: the opening stock of {plan.expanded.years[0]}"
            target = pile.opening
            yield CellEdit(schema.Stockpile, pile.row, "target", target, None, whose, reason)
        if closing > pile.max:
            text = "the stock at the end of the year exceeds this maximum"
            yield CellEdit(schema.Stockpile, pile.row, "max", closing, pile.max, whose, text)
            warnings.append(
                f"Max of the reserve of {whose} is raised from {pile.max:z,.6g} t to"
                f" {closing:z,.6g} t, the stock at the end of {outcome.last}"
            )


# ---- current supply ------------------------------------------------------------------------------


def _sales(
    plan: Plan, case: Case, outcome: PastYears, warnings: list[str]
) -> Iterator[CellEdit | NewRow]:
    """Yield the rows of Current supply: sales of each refiner in the last past year."""
    sold = _sold(plan, outcome, warnings)
    grown = [refiner for refiner in case.refiners if refiner.max_growth is not None]
    if outcome.last < outcome.to - 1 and grown:
        warnings.append(
            f"{outcome.to - 1} is not planned: Max growth uses the sales of {outcome.last} instead"
        )
    rows = {(row.refiner, row.mineral, row.member, row.plant): row for row in case.current_supply}
    reason = f"bought in {outcome.last}"
    if outcome.unreported == outcome.rows:
        reason += ", as planned"
    known = {mineral for _, mineral, *_ in {*rows, *sold}}
    for r in grown:
        if r.mineral not in known and case.members:  # 0: the current supply is known to be none
            sold[r.name, r.mineral, case.members[0].name, ""] = 0.0
            known.add(r.mineral)
    for key in sorted({*rows, *sold}):
        refiner, mineral, member, plant = key
        tonnes, what = sold.get(key, 0.0), f"{refiner}, {mineral}, {member or plant}"
        row = rows.get(key)
        if row is None:
            names = {"refiner": refiner, "mineral": mineral, "member": member, "plant": plant}
            cells = {**names, "tonnes": tonnes, "source": f"{_ROLLED}: {reason}"}
            yield NewRow(schema.CurrentSupply, cells, "tonnes", what, reason)
            continue
        record, source = schema.CurrentSupply, f"{_ROLLED}: {reason}"
        if row.tonnes != tonnes:
            yield CellEdit(record, row.row, "tonnes", tonnes, row.tonnes, what, reason)
        is_rolled = row.source.startswith(_ROLLED)
        if row.source != source and (is_rolled or row.tonnes != tonnes):
            yield CellEdit(record, row.row, "source", source, row.source or None, what, reason)


def _sold(
    plan: Plan, outcome: PastYears, warnings: list[str]
) -> dict[tuple[str, str, str, str], float]:
    """Return the sales in the last past year by refiner, mineral, member and plant [t].

    A buyer of an earlier past year that no longer buys has 0.
    """
    refiners = {(r.name, r.mineral) for r in plan.case.refiners}
    sold = defaultdict[tuple[str, str, str, str], float](float)
    others = defaultdict[str, float](float)
    for each in outcome.purchases:
        tonnes = each.delivered if each.year == outcome.last else 0.0
        if each.project or (each.refiner, each.mineral) not in refiners:
            others[each.mineral] += tonnes
        else:
            sold[each.refiner, each.mineral, each.member, ""] += tonnes
    inputs = plan.inputs
    for row in inputs[inputs["year"] <= outcome.last].to_dict("records"):
        if row["refiner"] and not row["project"]:
            tonnes = row["tonnes"] if row["year"] == outcome.last else 0.0
            sold[row["refiner"], row["mineral"], "", row["plant"]] += tonnes
    for mineral, tonnes in sorted(others.items()):
        if tonnes > tolerances.LEAST_FLOW:
            warnings.append(
                f"projects sold {tonnes:z,.6g} t of {mineral} in {outcome.last}: these are not in"
                f" {schema.CurrentSupply.SHEET}, which lists only refiners"
            )
    return sold


# ---- plants --------------------------------------------------------------------------------------


def _built(case: Case, outcome: PastYears) -> Iterator[CellEdit | NewRow]:
    """Yield the rows of Built: the fractions begun in past years, also 0."""
    rows = {(row.project, row.year): row for row in case.built}
    for (project, year), part in sorted(outcome.built.items()):
        reason = "actual" if (project, year) in outcome.actual else "planned"
        if (project, year) not in outcome.actual and part == 0:
            reason = "no part was begun"
        what, row = f"{project}, {year}", rows.get((project, year))
        if row is None:
            source = f"{_ROLLED}: {reason}"
            cells = {"project": project, "year": year, "fraction": part, "source": source}
            yield NewRow(schema.Built, cells, "fraction", what, reason)
        elif row.fraction != part:
            yield CellEdit(schema.Built, row.row, "fraction", part, row.fraction, what, reason)


# ---- budgets -------------------------------------------------------------------------------------


def _budgets(plan: Plan, case: Case, outcome: PastYears, warnings: list[str]) -> Iterator[CellEdit]:
    """Yield the rows of carried-over budgets.

    The last past year gets the money that is left, earlier past years get 0. If more was spent than
    budgeted, the next budgets are reduced by the excess.
    """
    rows = sorted(case.budget, key=lambda row: row.year)
    past = [row for row in rows if row.year < outcome.to]
    if not case.settings.carry_over_budget or not past:
        return
    left = sum(row.capex for row in past) - _spent(plan, outcome, {row.year for row in past})
    reason = f"the unspent budget at the end of {outcome.last}"
    values = {row.year: 0.0 for row in past}
    if left >= 0:
        values[past[-1].year] = left
    for row in rows[len(past) :]:
        excess = min(row.capex, max(0.0, -left))
        left += excess
        values[row.year] = row.capex - excess
    for row in rows:
        capex = values[row.year]
        if capex != row.capex:
            why = reason if row.year < outcome.to else "more was spent before than was budgeted"
            year = str(row.year)
            yield CellEdit(schema.BudgetYear, row.row, "capex", capex, row.capex, year, why)
            if row.year >= outcome.to:
                warnings.append(
                    f"the budget of {row.year} is reduced by {row.capex - capex:z,.6g} million,"
                    " because earlier years spent more than their budgets"
                )


def _spent(plan: Plan, outcome: PastYears, years: set[int]) -> float:
    """Return the spending on plants from the budgets of some years [money m]."""
    case, horizon = plan.case, plan.expanded.years
    due = begun_capital(case.projects, case.years)
    spent = sum(money for year, money in due.items() if year in years)
    for project in case.projects:
        if project.built_in is not None:
            continue
        begun = dict(project.begun)
        for (name, start), part in outcome.built.items():
            is_new = name == project.name and start not in begun
            if is_new and resolve.budget_year(project, start, horizon) in years:
                spent += part * project.capex
    return spent


def _beyond_budgets(case: Case, outcome: PastYears, cells: Iterable[CellEdit]) -> Iterator[str]:
    """Yield a warning for each budget of the next plan that begun plants exceed."""
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


# ---- rows of past years --------------------------------------------------------------------------


def _removed_rows(case: Case, to: int) -> Iterator[RemovedRow]:
    """Yield the rows of Scenarios and Risks that only apply in past years."""
    steps: Iterable[schema.ScenarioStep | schema.EventStep] = (*case.scenarios, *case.risks)
    for step in steps:
        last = step.first_year if step.action == "build project" else step.last_year
        if last is not None and last < to:
            country = case.country_name(step.country)
            selected = [step.mineral, country, step.refiner, step.member, step.tier, step.plant]
            names = listed([each for each in selected if each]) or "all"
            what = f"{step.name}: {step.action}, {names}"
            yield RemovedRow(type(step), step.row, what, f"its last year was {last}")
