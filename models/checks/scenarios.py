"""Rules on rows that select others, such as Scenarios: selectors, values, years and ranges."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from models import schema
from models.case import Case, normalize
from models.checks.common import companies, error, name_hint, plants, seller, warn
from models.checks.magnitude import CHECKED
from models.errors import Finding
from models.resolve import uncertainty
from models.schema.column import MOST_TARIFF
from models.schema.policy import SELECTORS, WHOLE_YEARS, ActionRow
from models.units import in_words, percent_hint

# ---- rows that match nothing -------------------------------------------------------------------

Patterns = set[tuple[str, ...]]
"""Every combination of selectors, some of them blank, that matches something."""
_NOTHING = "the row matches nothing"
_FACTOR, _LARGE = "a factor", 10.0
"""A factor of this or more was probably meant in per cent: it gets a warning."""
_MEMBERS_OWN = {"scale demand": "row of Demand", "set stock target": "stockpile"}
_MINES_OWN = {"scale mines", "block ore"}
_OF_PROJECTS = {"build project", "delay project"}
_Selecting = schema.Lane | schema.Right | ActionRow


def lanes_that_match_nothing(case: Case) -> Iterator[Finding]:
    """A row of Lanes applies to at least one pair of refiner and member."""
    sources = _seller_patterns(case)
    for lane in case.lanes:
        if ("", lane.country, "", "") not in sources and lane.country:
            problem = f"no refiner is in {case.country_name(lane.country)}"
            yield warn(lane, "country", problem, _NOTHING)
        elif _is_sure(case, lane, sources) and _selected(lane) not in sources:
            problem = _no(case, _seller_words(lane), lane.mineral, lane.country)
            yield warn(lane, _field(lane), problem, _NOTHING)


def steps_that_match_nothing(case: Case) -> Iterator[Finding]:
    """Warn of rows of Scenarios and Risks that match no record that they could change."""
    sources = _seller_patterns(case)
    mines = _patterns((m.mineral, m.country, "", "") for m in case.mines)
    demand = _patterns((d.mineral, d.member) for d in case.demand)
    stockpiles = _patterns((s.mineral, s.member) for s in case.stockpiles)
    for step in steps(case):
        takes, problem, field = schema.ACTION_CELLS.get(step.action), "", _field(step)
        if takes is None or step.action in _OF_PROJECTS or not _is_sure(case, step, sources):
            continue
        if step.action in _MEMBERS_OWN:
            pairs = demand if step.action == "scale demand" else stockpiles
            if (step.mineral, step.member) not in pairs:
                problem = _no(case, _MEMBERS_OWN[step.action], step.member)
                problem += f" for {step.mineral}" if step.mineral else ""
                field = "member" if step.member else field
        elif step.action in _MINES_OWN:
            if _selected(step) not in mines:
                problem = _no(case, "mine", step.mineral, step.country)
        elif "refiner" in takes.selectors and _selected(step) not in sources:
            problem = _no(case, _seller_words(step), step.mineral, step.country)
        if problem:
            yield warn(step, field, f"`{step.action}` matches {problem}")


def ore_lanes_that_match_nothing(case: Case) -> Iterator[Finding]:
    """Warn of rows of Ore lanes that match no mine, or no country that refines."""
    ends = {
        "mine_country": ("mine", _patterns((m.mineral, m.country) for m in case.mines)),
        "refiner_country": ("refiner", _patterns((p.mineral, p.country) for p in plants(case))),
    }
    for row in case.ore_lanes:
        for field, (what, known) in ends.items():
            country = getattr(row, field)
            if row.mineral in {"", *case.mineral_of} and (row.mineral, country) not in known:
                problem = _no(case, what, row.mineral, country)
                yield warn(row, field if country else "mineral", problem, _NOTHING)
                break


def rights_that_match_nothing(case: Case) -> Iterator[Finding]:
    """A row of Rights applies to at least one refiner."""
    sources = _seller_patterns(case)
    known = sources | _patterns((m.mineral, m.country, "", "") for m in case.mines)
    for row in case.rights:
        if _is_sure(case, row, sources) and _selected(row) not in known:
            problem = _no(case, row.refiner or "refiner or mine", row.mineral, row.country)
            yield warn(row, _field(row), problem, _NOTHING)


def _patterns(keys: Iterable[tuple[str, ...]]) -> Patterns:
    return {found for key in set(keys) for found in itertools.product(*((k, "") for k in key))}


def _seller_patterns(case: Case) -> Patterns:
    return _patterns((p.mineral, p.country, seller(p), p.company) for p in plants(case))


def _selected(row: _Selecting) -> tuple[str, str, str, str]:
    return (row.mineral, row.country, row.refiner, _company(row))


def _company(row: _Selecting) -> str:
    return getattr(row, "company", "")


def _is_sure(case: Case, row: _Selecting, sources: Patterns) -> bool:
    """Return whether all names are known, and no other finding covers the row."""
    known = row.mineral in {"", *case.mineral_of} and row.member in {"", *case.member_of}
    known &= ("", "", "", _company(row)) in sources | {("", "", "", "")}
    return known and (not row.refiner or (row.mineral, "", row.refiner, "") in sources)


def _field(row: _Selecting) -> str:
    named = ("country", "refiner", "company", "mineral", "member")
    blank = "action" if isinstance(row, ActionRow) else "country"
    return next((field for field in named if getattr(row, field, "")), blank)


def _seller_words(row: schema.Lane | ActionRow) -> str:
    of_company = f" of {row.company}" if row.company else ""
    return f"{row.refiner or 'refiner'}{of_company}"


def _no(case: Case, what: str, whose: str, country: str = "") -> str:
    where = f" in {case.country_name(country)}" if country else ""
    return f"no {what}{f' of {whose}' if whose else ''}{where}"


# ---- rows of Scenarios and Risks ---------------------------------------------------------------


def steps(case: Case) -> tuple[ActionRow, ...]:
    return (*case.scenarios, *case.risks)


def selectors_fit_actions(case: Case) -> Iterator[Finding]:
    """Selectors that an action does not use are blank."""
    for step in steps(case):
        takes = (
            schema.ACTION_CELLS[step.action].selectors
            if step.action in schema.ACTION_CELLS
            else SELECTORS
        )
        for name in SELECTORS:
            value = getattr(step, name)
            if value not in {"", None} and name not in takes:
                listed = ", ".join(schema.ScenarioStep.column_of(known).header for known in takes)
                shown = case.country_name(value) if name == "country" else value
                problem = f"`{step.action}` does not read this column, which says {shown!r}"
                alike = f"; {advice}" if (advice := advice_on(step.action, name)) else ""
                yield error(step, name, problem, "a blank cell", f"it reads {listed}{alike}")


def advice_on(action: str, selector: str) -> str:
    """Return what to do instead of giving an action a selector that it does not read; "": none."""
    if (action, selector) == ("scale demand", "tier"):
        return "it scales all tiers alike: for a single tier, edit its rows of Demand"
    return ""


def values_fit_actions(case: Case) -> Iterator[Finding]:
    """Value is filled if the action needs one, and is within its bounds."""
    for step in steps(case):
        takes = schema.ACTION_CELLS.get(step.action)
        if takes is None:
            continue
        wanted = f"{takes.value} from {in_words(takes.least)} to {in_words(takes.most)}"
        if not takes.value:
            if step.value is not None:
                problem = f"`{step.action}` takes no Value, so this number is ignored"
                yield warn(step, "value", problem)
        elif step.value is None:
            yield error(step, "value", f"a blank cell; `{step.action}` needs a Value", wanted)
        elif not takes.least <= step.value <= takes.most or (
            takes.value == WHOLE_YEARS and step.value % 1
        ):
            fraction = takes.most <= MOST_TARIFF < step.value <= 100  # noqa: PLR2004
            percent = percent_hint(step.value) if fraction else ""
            yield error(step, "value", f"the number {step.value:g}", wanted, percent)
        elif (
            takes.value == _FACTOR and step.value >= _LARGE and CHECKED not in normalize(step.note)
        ):
            problem = f"the row makes it {step.value:g} times as much as in the workbook"
            yield warn(step, "value", problem, percent_hint(step.value))


def projects_are_matched(case: Case) -> Iterator[Finding]:
    """`build project` and `delay project` match a project; a year to build in is planned."""
    for step in steps(case):
        takes = schema.EVENT_ACTIONS if isinstance(step, schema.EventStep) else _OF_PROJECTS
        if step.action in _OF_PROJECTS and step.action in takes:
            # an unknown mineral of a project has its own error
            found = [
                p
                for p in case.projects
                if step.selects(p.mineral, p.country, p.refiner, p.company)
                or p.mineral not in case.mineral_of
            ]
            is_delay = step.action == "delay project"
            is_planned = is_delay or step.first_year is None or step.first_year in case.years
            if not is_planned and case.years:
                yield error(step, "first_year", f"the year {step.first_year}", _horizon(case))
            elif is_planned and found and not is_delay:
                yield from _build_findings(case, step, found)
            elif (
                is_planned
                and not found
                and (not step.refiner or step.refiner in case.refiner_names)
                and (not step.company or step.company in companies(case))
            ):
                country = step.country and case.country_name(step.country)
                who = (step.refiner, step.company, step.mineral, country)
                problem = f"no project of {', '.join(filter(None, who)) or 'any refiner'}"
                field = next((f for f in ("refiner", "company") if getattr(step, f)), "action")
                hint = _running(case, step)
                yield error(step, field, problem, "a project of the sheet Projects", hint)


def _running(case: Case, step: ActionRow) -> str:
    """Return what to use for a refiner that a row on projects selects; "" if it selects none."""
    selects = (r for r in case.refiners if step.selects(r.mineral, r.country, r.name, r.company))
    found = next(selects, None) if step.refiner or step.company else None
    if found is None:
        return ""
    is_delay = step.action == "delay project"
    use = "to stop it, use `scale capacity`" if is_delay else "to enlarge it, use `add capacity`"
    return f"{found.name} is in the sheet Refiners, so it runs already; {use}"


def _build_findings(case: Case, step: ActionRow, found: list[schema.Project]) -> Iterator[Finding]:
    """Yield a finding if projects that a row builds would start unexpectedly late or early."""
    if step.first_year is not None:
        for plant in found:
            if step.first_year < plant.first_year:
                own = f"before its First year {plant.first_year} in Projects"
                problem = f"the scenario builds {plant.name} in {step.first_year}, {own}"
                yield warn(step, "first_year", problem)
        return
    late = [p for p in found if case.years and p.first_year > case.years[-1]]
    if late and len(late) == len(found):
        problem = f"First year is blank, so {late[0].name} would be built in its First year"
        yield error(step, "first_year", f"{problem} {late[0].first_year}", _horizon(case))
    for plant in late if len(late) < len(found) else ():
        problem = f"the scenario does not build {plant.name}, since its First year is"
        hint = "that is after the last planned year"
        yield warn(step, "action", f"{problem} {plant.first_year}", hint)


def _horizon(case: Case) -> str:
    first, last = case.years[0], case.years[-1]
    every = f"a year of the sheet Demand ({first} to {last})"
    return every if first != last else f"the year {first}"


# ---- events ------------------------------------------------------------------------------------


def events_fit_single_years(case: Case) -> Iterator[Finding]:
    """An event uses only actions that can apply to single years."""
    for step in case.risks:
        if step.action in schema.ACTION_CELLS and step.action not in schema.EVENT_ACTIONS:
            problem = f"`{step.action}` changes all years, but an event lasts for some years only"
            wanted, hint = "an action that can hold for some years", "use the sheet Scenarios"
            yield error(step, "action", problem, wanted, hint)


def one_event_one_chance(case: Case) -> Iterator[Finding]:
    """All rows of an event have the same probability and duration."""
    firsts = _first_rows(case)
    for step in case.risks:
        first = firsts[step.name]
        for field in ("probability", "duration"):
            here, there = getattr(step, field), getattr(first, field)
            if here != there:
                what = f"{step.name} has the {schema.EventStep.column_of(field).header.lower()}"
                problem = f"{what} {here:g} in row {step.row} and {there:g} in row {first.row}"
                wanted = "the same in all rows of an event"
                yield error(step, field, problem, wanted, "they happen together")


def events_never_or_always(case: Case) -> Iterator[Finding]:
    """Warn of events that never happen, or that begin in every year."""
    for step in _first_rows(case).values():
        if step.probability == 0:
            yield warn(step, "probability", f"the probability is 0, so {step.name} never happens")
        elif step.probability == 1:
            problem = f"the probability is 1, so {step.name} begins in every year"
            yield warn(step, "probability", problem, "if you mean 1 %, write 0.01")


def _first_rows(case: Case) -> dict[str, schema.EventStep]:
    found: dict[str, schema.EventStep] = {}
    for step in case.risks:
        found.setdefault(step.name, step)
    return found


# ---- the sheet Uncertainty ----------------------------------------------------------------------


def ranges_are_of_numbers(case: Case) -> Iterator[Finding]:
    """A row names a column of numbers, and selects only by columns of the same sheet."""
    for row in case.uncertainty:
        record = uncertainty.RANGED.get(normalize(row.sheet))
        if record is None:
            known = {name: ranged.SHEET for name, ranged in uncertainty.RANGED.items()}
            problem = f"{row.sheet!r} is not a sheet with numbers that can have a range"
            wanted = f"one of {', '.join(known.values())}"
            yield error(row, "sheet", problem, wanted, name_hint(row.sheet, known))
        elif uncertainty.column_named(record, row.header, case) is None:
            yield _no_column(record, row)
        else:
            for name in uncertainty.SELECTORS:
                if getattr(row, name) and not uncertainty.fields_of(record, name):
                    header = row.column_of(name).header
                    problem = f"the sheet {record.SHEET} has no {header}"
                    yield error(row, name, problem, "a blank cell")


def _no_column(record: type[schema.Record], row: schema.Uncertainty) -> Finding:
    chosen = (field for sheet, field in uncertainty.CHOICES if sheet == record.SHEET)
    known = {normalize(c.header): c.header for c in uncertainty.columns_with_ranges(record)}
    problem = f"the sheet {record.SHEET} has no column of numbers called {row.header!r}"
    hint = name_hint(row.header, known)
    if normalize(row.header) in {normalize(record.column_of(field).header) for field in chosen}:
        problem = f"{row.header!r} is what you choose, not an uncertain fact"
        hint = "`planner sweep` varies caps"
    return error(row, "header", problem, f"one of {', '.join(known.values())}", hint)


def assumptions_have_one_range(case: Case) -> Iterator[Finding]:
    """Rows of Uncertainty with one name in Together have the same Low and High."""
    firsts: dict[str, schema.Uncertainty] = {}
    for row in case.uncertainty:
        first = firsts.setdefault(normalize(row.together), row) if row.together else row
        for name in ("low", "high"):
            number, wanted = getattr(row, name), getattr(first, name)
            if number != wanted:
                problem = f"{number:g}, but {wanted:g} in row {first.row}"
                problem += f" for the same {row.together!r}"
                yield error(row, name, problem, "one range for all numbers that move together")


def ranges_that_match_nothing(case: Case) -> Iterator[Finding]:
    """Warn of rows that match no number above 0."""
    for row in case.uncertainty:
        if uncertainty.matches_nothing(case, row):
            problem = "no number of the workbook matches the row"
            yield warn(row, "sheet", problem, "the row changes nothing")
