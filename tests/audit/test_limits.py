"""Both sides of each limit of proof and comparison: the numbers are written out here."""

from __future__ import annotations

import dataclasses

import pytest

from models.plan import Plan, block_solver
from models.plan import solve as solve_case
from models.results.decisions import differ
from models.schema import SHEETS
from models.solve import Certificate
from planner.audit import compare
from planner.audit.verify import _unproven
from planner.sheets.checks import FREE, THIS, _proof_figure, _seen
from planner.workbook.grid import Grid
from planner.workbook.read import _sheets_meant
from tests.models.desk import jin, make, read, sur

LIMITS = {"violation": 1e-6, "dual_infeasibility": 1e-7, "gap": 1e-7}
"""What a proof may miss by: constraints, of the largest need; prices and cost, of themselves."""
INSIDE, OUTSIDE = 0.99, 1.01


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan of one block."""
    return solve_case(read(make(jin(), sur(), demand=50)))


def with_proof(plan: Plan, **figures: float) -> Plan:
    """Return the plan with other figures of its block's certificate."""
    block = plan.blocks[0]
    certificate = dataclasses.replace(block.certificate, **figures)
    changed = dataclasses.replace(block, certificate=certificate)
    return Plan(plan.case, [changed, *plan.blocks[1:]], plan.expanded, plan.program)


@pytest.mark.parametrize("whose", [THIS, FREE])
@pytest.mark.parametrize("figure", LIMITS)
def test_verify_accepts_a_proof_up_to_its_limit_and_no_more(plan, figure, whose) -> None:
    limit = LIMITS[figure]
    for within in (limit * INSIDE, limit):
        assert not [*_unproven(with_proof(plan, **{figure: within}), whose)]
    for beyond in (limit * OUTSIDE, limit * 1000, float("inf"), float("nan")):
        [finding] = _unproven(with_proof(plan, **{figure: beyond}), whose)
        assert ("Values" if figure == "violation" and whose == FREE else "") in finding.sheet


@pytest.mark.parametrize(("figure", "limit"), [*LIMITS.items(), ("mip_gap", 1e-9)])
def test_a_certificate_passes_up_to_its_limit_and_no_more(figure, limit) -> None:
    passing = Certificate(0.0, "", 0.0, 0.0, 8.0, 8.0)
    for within in (limit * INSIDE, limit):
        assert dataclasses.replace(passing, **{figure: within}).passed
    for beyond in (limit * OUTSIDE, limit * 1000, float("nan")):
        assert not dataclasses.replace(passing, **{figure: beyond}).passed


@pytest.mark.parametrize(("figure", "limit"), [*LIMITS.items(), ("mip_gap", 0.01)])
def test_a_search_that_may_end_early_has_a_gap_of_its_own_only(figure, limit) -> None:
    passing = Certificate(1e-6, "a row", 1e-7, 1e-7, 8.0, 8.0, 0.01)
    assert passing.passed_within(0.01)
    assert not passing.passed
    assert not dataclasses.replace(passing, **{figure: limit * OUTSIDE}).passed_within(0.01)


@pytest.mark.parametrize(
    ("here", "due", "is_same"),
    [
        (1e6, 1e6 * (1 + 0.9e-9), True), (1e6, 1e6 * (1 + 1.1e-9), False),
        (-1e6, -1e6 * (1 - 0.9e-9), True), (-1e6, -1e6 * (1 - 1.1e-9), False),
        (1e6, 1e6 * (1 + 1e-6), False), (1e6, -1e6, False),
        (0, 0.9e-13, True), (0, 1.1e-13, False), (0, 1e-10, False),
        ("1", 1, False), (None, 0, False), (float("nan"), float("nan"), False),
        (True, 1, False), (float("inf"), float("inf"), False),
    ],
)  # fmt: skip
def test_cells_are_equal_to_a_billionth(here, due, is_same) -> None:
    assert compare.near(here, due, 1e-13) is is_same
    assert compare.near(due, here, 1e-13) is is_same


def test_equal_cells_are_equal_without_rounding() -> None:
    assert compare.near(0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("gap", "status"), [(0.9e-9, "optimal"), (1e-9, "optimal"), (1.1e-9, "feasible")]
)
def test_a_plan_is_optimal_up_to_the_search_gap(gap, status) -> None:
    assert block_solver.status_of(gap) == status


@pytest.mark.parametrize(("value", "passed"), [(0.0, "yes"), (1e-6, "yes"), (1.01e-6, "no")])
def test_a_figure_of_the_proof_passes_up_to_what_is_accepted(value, passed) -> None:
    assert _proof_figure("", value, 1e-6, "t")["passed"] == passed


@pytest.mark.parametrize(("value", "shown"), [(0.9e-9, 0.0), (1.1e-9, 1.1e-9)])
def test_a_thousandth_of_what_is_accepted_is_shown_as_nothing(value, shown) -> None:
    assert _seen(value, 1e-6) == shown


@pytest.mark.parametrize(
    ("before", "now", "differs"),
    [
        (0.0, 0.9e-3, False), (0.0, 1.1e-3, True), (1.1e-3, 0.0, True), (0.0, 1.0, True),
        (1000.0, 1000.0 + 0.0105, False), (1000.0, 1000.0 + 0.0115, True),
        (1000.0 + 0.0115, 1000.0, True),
    ],
)  # fmt: skip
def test_an_order_differs_by_more_than_a_kilogram_and_rounding(before, now, differs) -> None:
    """A kilogram, and 0.01 t of 1,000 t: a hundred-thousandth."""
    assert differ(before, now) is differs


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Frieght", ["Freight"]), ("Refinrs", ["Refiners"]), ("Demnd", ["Demand"]),
        ("Mineraxx", ["Minerals"]), ("Mineraxxx", []), ("Notes", []), ("Calculation", []),
    ],
)  # fmt: skip
def test_a_sheet_is_meant_if_three_quarters_of_its_name_are_there(typed, meant) -> None:
    """Of Mineraxx, 12 of 16 letters of both names match; of Mineraxxx, 12 of 17."""
    names = {sheet.SHEET.casefold(): sheet.SHEET for sheet in SHEETS}
    assert _sheets_meant(Grid(typed), names, ()) == meant
