"""The change that is named, typed into the workbook, ends the shortage, and no smaller one does."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.answers.least_change import CellChange, applied, least_change
from models.answers.search import SPARE
from models.plan import Plan
from tests.budget import at_length, few
from tests.models.desk import FIRST, BookT, changed, jin, make, solve_case
from tests.models.desk import solve_once as solve
from tests.models.test_explain import capped
from tests.models.test_laws import draw
from tests.models.typed import books, header_of

near = pytest.approx
ROOM = 0.02
"""A change smaller by this part does not do; what rounding up adds is less."""


def edited(book: BookT, changes: tuple[CellChange, ...], part: float = 1.0) -> BookT:
    """Return the book with the cells as told, or changed by a part of what is asked for."""
    for c in changes:
        sheet, row = c.place.sheet, c.place.row
        header = header_of(book, sheet, row, c.place.column)
        assert float(str(book[sheet][row - 2][header])) == near(c.was)
        value = c.to if part == 1.0 else c.was + part * (c.least - c.was)
        book = changed(book, sheet, row - 2, **{header: value})
    return book


def short_of(plan: Plan) -> dict[str, float]:
    """What each member is short."""
    return {m.name: plan.value("shortage", ("copper", m.name, FIRST)) for m in plan.case.members}


@pytest.mark.fuzz
@settings(max_examples=at_length(5, 25))
@given(books(scarce=True), st.sampled_from("AB"))
def test_the_change_typed_in_ends_the_shortage_and_no_smaller_one_does(
    book: BookT, member: str
) -> None:
    """As told it does; two parts in a hundred less does not, nor does any cell alone by less.

    Where members share a shortage the change told is the smallest that ends it for all.
    """
    plan = solve(book)
    found = least_change(plan, "copper", member, FIRST)
    before, nothing = short_of(plan), plan.tolerance("copper", FIRST)
    if found is None:
        assert before[member] <= nothing
        return
    assert found.changes
    assert short_of(solve(edited(book, found.changes)))[member] <= nothing
    whose = [member] if found.scope == "member" else list(before)
    assert not ends(edited(book, found.changes, 1.0 - ROOM), before, whose, nothing)
    units = sum((c.least - c.was) / c.was for c in found.changes)
    less = 1.0 + units * (1.0 - ROOM) / (1.0 + SPARE)
    for sheet, header in (
        ("Refiners", "Capacity (t/yr)"), ("Share limits", "Share"), ("Lanes", "Max (t/yr)"),
        ("Mines", "Capacity (t/yr)"), ("Refiners", "Available share"),
    ):  # fmt: skip
        for i, row in enumerate(book.get(sheet, [])):
            if header in row:
                most = 1.0 if header in {"Share", "Available share"} else math.inf
                value = min(float(str(row[header])) * less, most)
                other = changed(book, sheet, i, **{header: value})
                assert not ends(other, before, whose, nothing), (sheet, i, header, value)


@pytest.mark.fuzz
@settings(max_examples=at_length(3, 15))
@given(books(scarce=True), st.sampled_from("AB"))
def test_what_is_said_of_a_change_is_what_planning_with_it_gives(book: BookT, member: str) -> None:
    """In books of one year."""
    is_as_planned_again(solve(book), ("copper", member, FIRST))


@pytest.mark.parametrize("seed", few([0, 19, 22, 41], 2))
def test_the_same_in_books_of_several_years(seed: int) -> None:
    """In these, what ends the shortage of all is more than one member's own takes."""
    plan = solve(draw(seed))
    for row in plan.shortages.head(2).to_dict("records"):
        is_as_planned_again(plan, (row["mineral"], row["member"], row["year"]))


def is_as_planned_again(plan: Plan, at: tuple[str, str, int]) -> None:
    """Assert who is served, who is still short, and that with two hundredths less the member is."""
    found, nothing = least_change(plan, *at), plan.tolerance(at[0], at[2])
    if found is None or not found.changes:
        return
    before = short_in(plan, at)
    after = short_in(solve_case(applied(plan.case, found.changes)), at)
    assert found.outcome is not None
    assert at[1] in found.outcome.served
    assert dict(found.outcome.still) == near(after)
    assert set(found.outcome.served) == before.keys() - after.keys()
    if found.scope != "member":
        assert not after
    if not found.is_dear and any(each.unit != "open" for each in found.changes):
        less = (part_of(change, 1.0 - ROOM) for change in found.changes)
        assert solve_case(applied(plan.case, less)).value("shortage", at) > nothing


def part_of(change: CellChange, part: float) -> CellChange:
    """Return a part of what is asked for; a lane is open or not."""
    value = change.to if change.unit == "open" else change.was + part * (change.least - change.was)
    return dataclasses.replace(change, to=value)


def short_in(plan: Plan, at: tuple[str, str, int]) -> dict[str, float]:
    """Return who is short of the mineral in the year, beyond rounding."""
    mineral, _, year = at
    tonnes = {m.name: plan.value("shortage", (mineral, m.name, year)) for m in plan.case.members}
    return {name: t for name, t in tonnes.items() if t > plan.tolerance(mineral, year)}


def ends(book: BookT, before: dict[str, float], whose: list[str], nothing: float) -> bool:
    """Return whether a book ends the shortage of some, and nobody is shorter than before."""
    after = short_of(solve(book))
    served = all(after[name] <= nothing for name in whose)
    return served and all(after[name] <= before[name] + nothing for name in before)


def test_where_only_a_new_refiner_helps() -> None:
    """Jin has closed: no cell may change that; one of 100 t in B's country does, for both."""
    book = make(jin(Last_year=2025), demand={"A": 60, "B": 40})
    book["Members"][1]["Country"] = "Germany"
    found = least_change(solve(book), "copper", "A", FIRST)
    assert found is not None
    assert (found.changes, found.left) == ((), near(60))
    assert found.newcomer is not None
    assert (found.newcomer.country, found.newcomer.capacity) == ("Germany", near(100))


def test_where_no_new_refiner_helps() -> None:
    """Each country may sell half: a new one in one country cannot make all of it."""
    book = make(jin(Last_year=2025), Share_limits=[capped(0.5)])
    book["Members"][0]["Country"] = "Germany"
    found = least_change(solve(book), "copper", "A", FIRST)
    assert found is not None
    assert found.newcomer is None
