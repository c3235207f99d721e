"""What came of the years that are over: as planned, but for what actuals say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models import tolerances
from models.plan import BUILT, STOCK, Plan
from models.schema import Project
from planner.render.words import counted

if TYPE_CHECKING:
    from planner.documents.orders import Orders


@dataclass(frozen=True)
class Purchase:
    """What was planned to be bought in a year under an order, and what came [t, money/t].

    ``order`` is "" where it was in no plan. Prices are landed.
    """

    order: str
    year: int
    mineral: str
    refiner: str
    project: str
    country: str
    member: str
    contract: str
    planned: float
    planned_price: float
    delivered: float
    paid: float


@dataclass(frozen=True)
class PastYears:
    """All of it, for the years before ``to``; ``last`` is the last of them.

    ``stocks`` are closing stocks of the last year by mineral and member [t]; ``built`` fractions by
    project and first year of output; ``actual`` are the keys of both that actuals gave.
    ``inputs`` counts what plants bought as inputs: no order is for it, so it is as planned.
    ``as_planned`` counts what had no actual figure, of ``rows`` in all.
    """

    to: int
    last: int
    purchases: tuple[Purchase, ...]
    stocks: dict[tuple[str, str], float]
    built: dict[tuple[str, int], float]
    actual: frozenset[tuple[object, ...]] = field(default=frozenset())
    inputs: int = 0
    as_planned: int = 0
    rows: int = 0

    @property
    def taken_as_planned(self) -> str:
        """How many figures are as planned, and of what."""
        kinds = "orders, closing stocks, plants"
        if self.inputs:
            kinds += f", {counted(self.inputs, 'purchase')} of inputs by plants"
        return f"{self.as_planned:,} of {counted(self.rows, 'figure')} ({kinds})"


def planned_outcome(plan: Plan, orders: Orders, to: int) -> PastYears:
    """Return what comes of the years before one if all goes as planned."""
    past = orders.table[orders.table["year"] < to]
    purchases = tuple(
        Purchase(
            order=row["order_id"],
            year=int(row["year"]),
            **{n: str(row[n] or "") for n in _NAMES},
            planned=float(row["tonnes"]),
            planned_price=float(row["unit_landed"]),
            delivered=float(row["tonnes"]),
            paid=float(row["unit_landed"]),
        )
        for row in past.to_dict("records")
    )
    last = max(year for year in plan.expanded.years if year < to)
    stocks = {k: max(0.0, plan.value(STOCK, (*k, last))) for k in plan.case.stockpile_of}
    built = {
        (project.name, year): part
        for project in plan.case.projects
        for year, part in _built(plan, project, to).items()
    }
    inputs = int(((plan.inputs["year"] < to) & (plan.inputs["refiner"] != "")).sum())
    rows = len(purchases) + len(stocks) + len(built) + inputs
    return PastYears(to, last, purchases, stocks, built, inputs=inputs, as_planned=rows, rows=rows)


_NAMES = ("mineral", "refiner", "project", "country", "member", "contract")


def _built(plan: Plan, project: Project, to: int) -> dict[int, float]:
    """Return what is built of a project for each year for which building had to begin by now.

    Years that the sheet Built has are left out. Years beyond the horizon are in it, too: what was
    not begun in time cannot begin in the past when they are planned.
    """
    known = dict(project.begun)
    first = max(project.first_year, plan.expanded.years[0])
    years = {y for y in range(first, to + project.lead_time) if y not in known}
    if project.built_in is not None and project.built_in - project.lead_time < to:
        years |= {project.built_in} - known.keys()
    parts = {year: _part(plan, project, year) for year in sorted(years)}
    return _within(parts, 1.0 - sum(known.values()))


def _part(plan: Plan, project: Project, year: int) -> float:
    """Return the fraction whose output starts in a year, the solver's rounding taken off."""
    part = plan.value(BUILT, (project.name, year))
    near = round(part) if abs(part - round(part)) <= tolerances.WHOLE_SUM else part
    return float(min(max(near, 0.0), 1.0))


def _within(parts: dict[int, float], most: float) -> dict[int, float]:
    """Take what sums are above the most by, the solver's rounding, off the largest."""
    over = sum(parts.values()) - most
    if over > 0 and parts:
        largest = max(parts, key=lambda year: parts[year])
        parts[largest] = max(0.0, parts[largest] - over)
    return parts
