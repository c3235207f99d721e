"""A scenario on a tiny book: its steps, its case, its plan."""

from __future__ import annotations

from models.case import Case
from models.errors import Finding, InputError
from models.plan import Plan
from models.plan import solve as solve_case
from planner import scenarios
from planner.workbook import read_tables
from tests.scenarios.edits import BookT, Row

NAME = "What if"


def step(action: str, value: float | None = None, **selectors: object) -> Row:
    """A row of the sheet Scenarios; a selector of two words is given with an underscore."""
    row: Row = {"Scenario": NAME, "Action": action}
    row |= {header.replace("_", " "): said for header, said in selectors.items()}
    return row if value is None else row | {"Value": value}


def with_steps(book: BookT, *steps: Row) -> BookT:
    """The book with a scenario of these steps; all rows have all columns."""
    headers = list(dict.fromkeys(header for row in steps for header in row))
    return book | {"Scenarios": [{h: row.get(h) for h in headers} for row in steps]}


def base_of(book: BookT, *steps: Row) -> Case:
    """The case of the book as it stands, with the scenario told and not applied."""
    return read_tables(with_steps(book, *steps)).case


def case_of(book: BookT, *steps: Row) -> Case:
    """The case that the scenario makes."""
    return scenarios.apply(base_of(book, *steps), NAME)


def plan_of(book: BookT, *steps: Row) -> Plan:
    """The plan of the scenario."""
    return solve_case(case_of(book, *steps))


def objective(book: BookT, *steps: Row) -> float:
    """The total cost of the scenario."""
    return plan_of(book, *steps).objective


def warnings_of(book: BookT, *steps: Row) -> tuple[Finding, ...]:
    """What applying the scenario warns of."""
    _, findings = scenarios.apply_with_findings(base_of(book, *steps), NAME)
    return findings


def errors_of(book: BookT, *steps: Row) -> list[Finding]:
    """What reading the book with the scenario refuses."""
    try:
        base_of(book, *steps)
    except InputError as error:
        return [f for f in error.findings if f.severity == "error"]
    return []
