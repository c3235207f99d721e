"""Roll a plan: make the workbook of the next plan from the outcome of past years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models import tolerances
from models.errors import UsageError
from models.plan import BUILT, Plan
from models.plan.past import cost_before
from models.schema.rounds import PreviousBuild, PreviousOrder
from planner.going_on import carried
from planner.going_on.next_book import RolledPlan
from planner.going_on.outcome import PastYears, planned_outcome

if TYPE_CHECKING:
    from planner.documents.orders import Orders
    from planner.workbook import Book


def refuse_year(plan: Plan, to: int) -> None:
    """Raise UsageError for a year that is not a later year of the plan."""
    years = plan.expanded.years
    if to not in years[1:]:
        later = ", ".join(map(str, years[1:]))
        choice = f"choose from {later}" if later else "the plan has only one year"
        msg = f"--to {to} is not a year of the plan after its first, {years[0]}; {choice}"
        raise UsageError(msg)


def rolled(
    plan: Plan, orders: Orders, book: Book, outcome: PastYears, names: tuple[str, str]
) -> RolledPlan:
    """Return a rolled plan; ``names`` are the names of the plan's file and of its input."""
    to = outcome.to
    return RolledPlan(
        book=book,
        outcome=outcome,
        edits=carried.edits(plan, book.case, outcome),
        dropped=cost_before(plan, to),
        names=names,
        orders=tuple(_orders(orders, to)),
        builds=tuple(_builds(plan, to)),
    )


def as_planned(plan: Plan, orders: Orders, book: Book, to: int) -> RolledPlan:
    names = (orders.plan.path.name, book.path.name if book.path else "")
    return rolled(plan, orders, book, planned_outcome(plan, orders, to), names)


def _orders(orders: Orders, to: int) -> list[PreviousOrder]:
    table = orders.table[orders.table["year"] >= to]
    return [
        PreviousOrder(
            year=int(row["year"]), mineral=row["mineral"], refiner=row["refiner"],
            project=row["project"], member=row["member"], contract=row["contract"],
            tonnes=float(row["tonnes"]), landed=float(row["unit_landed"]),
        )
        for row in table.to_dict("records")
    ]  # fmt: skip


def _builds(plan: Plan, to: int) -> list[PreviousBuild]:
    return [
        PreviousBuild(project=project, year=year, part=min(part, 1.0))
        for (project, year), part in sorted(plan.amounts(BUILT).items())
        if year >= to and part > tolerances.LEAST_FLOW
    ]
