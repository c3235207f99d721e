"""The sheet Risks: what it holds, what is refused at which cell, what is warned of."""

from __future__ import annotations

import pytest

from models import checks
from models.errors import Severity
from models.schema import ACTION_CELLS, ACTIONS, EVENT_ACTIONS, EventStep
from planner.scenarios.events import Event, active_rows, apply_events, events_of
from planner.scenarios.start import check_file
from planner.workbook import read_tables
from tests.books import write_book
from tests.case_rows import tables_of
from tests.small_book import add, both, faults, put, small_book, without

R = "Risks"
_ = None


def test_the_small_book_has_two_events() -> None:
    case = read_tables(small_book()).case
    assert events_of(case) == (Event("Strike", 0.1, 2, (0, 1)), Event("Ban", 0.05, 1, (2,)))
    assert read_tables(small_book()).warnings == ()


def test_the_sheet_is_optional() -> None:
    book = small_book()
    without(R)(book)
    assert read_tables(book).case.risks == ()


def test_rows_read_back_as_they_were_written() -> None:
    case = read_tables(small_book()).case
    assert read_tables(tables_of(case)).case.risks == case.risks


def test_an_event_does_what_has_both_years() -> None:
    """It can be said of one year alone, or it happens once: a plant is late."""
    dated = {
        a for a, takes in ACTION_CELLS.items() if {"first_year", "last_year"} <= {*takes.selectors}
    }
    assert set(EVENT_ACTIONS) == dated - {"scale budget"} | {"delay project"}
    assert set(EVENT_ACTIONS) < set(ACTIONS)


WRONG = [
    (put(R, 2, "Event", None), "Risks!A2", "must be filled"),
    (put(R, 2, "Action", "embargo"), "Risks!B2", "block lanes"),
    (put(R, 2, "Action", "scale capcity"), "Risks!B2", "did you mean 'scale capacity'?"),
    (put(R, 4, "Action", "build project"), "Risks!B4", "use the sheet Scenarios"),
    (
        put(R, 4, "Action", "Remove member"),
        "Risks!B4",
        "it changes all years, but an event lasts only for some",
    ),
    (put(R, 4, "Action", "set max country share"), "Risks!B4", "use the sheet Scenarios"),
    (put(R, 4, "Action", "drop share limits"), "Risks!B4", "use the sheet Scenarios"),
    (put(R, 2, "Mineral", "Coper"), "Risks!C2", "did you mean 'Copper'?"),
    (put(R, 2, "Country", "Chille"), "Risks!D2", "did you mean 'Chile'?"),
    (put(R, 4, "Refiner", "Ganfen"), "Risks!E4", "did you mean 'Ganfeng'?"),
    (put(R, 4, "Member", "Jpan"), "Risks!F4", "did you mean 'Japan'?"),
    (put(R, 2, "Member", "Japan"), "Risks!F2", "a blank cell"),
    (put(R, 2, "Value", None), "Risks!I2", "`scale capacity` needs a Value"),
    (put(R, 2, "Value", -1), "Risks!I2", "from 0 to 1000"),
    (put(R, 3, "First year", 2028), "Risks!H3", "before the first year 2028"),
    (put(R, 4, "Yearly probability", None), "Risks!J4", "must be filled"),
    (put(R, 4, "Yearly probability", 5), "Risks!J4", "did you mean 0.05 (5 %)?"),
    (put(R, 4, "Yearly probability", -0.1), "Risks!J4", "from 0 to 1"),
    (put(R, 4, "Yearly probability", "10%"), "Risks!J4", "stored as text"),
    (put(R, 4, "Duration (yr)", 0), "Risks!K4", "from 1 to 100"),
    (put(R, 4, "Duration (yr)", 1.5), "Risks!K4", "a whole number"),
    (put(R, 3, "Yearly probability", 0.2), "Risks!J3", "0.2 in row 3 and 0.1 in row 2"),
    (put(R, 3, "Duration (yr)", None), "Risks!K3", "duration 1 in row 3 and 2 in row 2"),
    (both(put(R, 3, "Event", "STRIKE "), put(R, 3, "Value", None)), "Risks!I3", "needs a Value"),
    (without(R, "Yearly probability"), "Risks!K1", "'Yearly probability' is missing"),
]


@pytest.mark.parametrize(("change", "place", "said"), WRONG)
def test_wrong_row(change, place, said) -> None:
    """One error, at its cell."""
    book = small_book()
    change(book)
    ((where, message),) = faults(read_tables, book)
    assert where == place
    assert said in message


def test_rows_of_an_event_are_compared_though_others_are_wrong() -> None:
    """Two chances of one event are told with mistakes elsewhere, but not from an unread cell."""
    book = small_book()
    both(put(R, 3, "Yearly probability", 0.2), put(R, 4, "Refiner", "Ganfen"))(book)
    put(R, 2, "Value", None)(book)
    assert [where for where, _ in faults(read_tables, book)] == ["Risks!I2", "Risks!J3", "Risks!E4"]
    put(R, 2, "Yearly probability", "often")(book)
    assert [where for where, _ in faults(read_tables, book)] == ["Risks!I2", "Risks!J2", "Risks!E4"]


WARNED = [
    (put(R, 4, "Yearly probability", 0), "Risks!J4", "Ban never happens"),
    (put(R, 4, "Yearly probability", 1), "Risks!J4", "Ban begins in every year"),
    (put(R, 4, "First year", 2030), "Risks!G4", "the row never applies"),
    (put(R, 4, "Country", "Japan"), "Risks!D4", "matches no refiner of Lithium in Japan"),
    (add(R, "X", "scale mines", "Lithium", _, _, _, _, _, 2, 0.1), "Risks!C5", "no mine of Lith"),
]


@pytest.mark.parametrize(("change", "place", "said"), WARNED)
def test_row_that_is_likely_not_meant(change, place, said) -> None:
    book = small_book()
    change(book)
    (told,) = read_tables(book).warnings
    assert told.place == place
    assert said in told.message


def test_two_spellings_are_one_event() -> None:
    book = small_book()
    put(R, 3, "Event", " STRIKE")(book)
    assert [e.name for e in events_of(read_tables(book).case)] == ["Strike", "Ban"]


def test_a_case_made_in_code_keeps_the_rules() -> None:
    """What the reader refuses cannot be smuggled in."""
    case = read_tables(small_book()).case
    bad = EventStep(name="X", action="remove member", member="Japan", probability=0.1, row=9)
    found = [
        f for f in checks.check_rules(case.change(risks=(bad,))) if f.severity is Severity.ERROR
    ]
    assert [(f.sheet, f.row, f.column) for f in found] == [(R, 9, "Action")]


def test_check_tries_every_event(tmp_path) -> None:
    """A factor that takes a capacity beyond its bound, and a row that changes nothing."""
    book = small_book()
    book["Refiners"][0]["Capacity (t/yr)"] = 5e9
    add(R, "Boom", "scale capacity", "Copper", "Chile", _, _, _, _, 900, 0.1)(book)
    write_book(tmp_path / "book.xlsx", book)
    ((where, message),) = faults(check_file, tmp_path / "book.xlsx")
    assert where.startswith("Refiners!")
    assert message.startswith("in the event Boom")

    book = small_book()
    add(R, "Calm", "scale capacity", "Copper", "Chile", _, _, _, _, 1, 0.1)(book)
    write_book(tmp_path / "calm.xlsx", book)
    (told,) = check_file(tmp_path / "calm.xlsx").warnings
    assert told.place == "Risks!B5"
    assert "changes nothing" in told.message


def test_rows_hold_in_their_own_years_alone() -> None:
    """The second row of Strike ends in 2027; both rows hold in the years of the event."""
    book = small_book()
    for row in book["Demand"]:
        row |= {"2028": 100, "2029": 100}
    case = read_tables(book).case
    what = active_rows(case, {"Strike": (2027, 2028)})
    assert what == ((0, 2027), (0, 2028), (1, 2027))
    struck = apply_events(case, what)
    (codelco,) = (r for r in struck.refiners if r.name == "Codelco")
    assert [codelco.capacity.at(y) for y in case.years] == [1000, 500, 550, 1100]
    (mine,) = (m for m in struck.mines if m.country == "CHL")
    assert [mine.capacity.at(y) for y in case.years] == [3000, 1500, 3000, 3000]


def test_no_event_is_the_case_itself() -> None:
    case = read_tables(small_book()).case
    assert apply_events(case, ()) == case


def test_lanes_close_in_the_years_of_the_event() -> None:
    """Years that follow one another make one row of Lanes; years apart make two."""
    book = small_book()
    for row in book["Demand"]:
        row |= {"2028": 100, "2029": 100}
    case = read_tables(book).case
    added = apply_events(case, active_rows(case, {"Ban": (2026, 2027, 2029)})).lanes[
        len(case.lanes) :
    ]
    assert [(lane.open, lane.first_year, lane.last_year) for lane in added] == [
        (False, 2026, 2027),
        (False, 2029, 2029),
    ]
