"""The change told, typed into the workbook, ends the shortage, and no smaller one does."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.answers import SPARE, Change, least_change
from models.plan import Plan
from tests.models.desk import FIRST, BookT, changed, jin, make, solve
from tests.models.test_explain import capped
from tests.models.typed import books, header_of

near = pytest.approx
ROOM = 0.02
"""A change smaller by this part does not do; what rounding up adds is less."""


def edited(book: BookT, changes: tuple[Change, ...], part: float = 1.0) -> BookT:
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


@settings(max_examples=25)
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
