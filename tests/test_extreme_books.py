"""A few extreme books in every run, through some commands; in a long one many, through all."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from models.answers.cost_sharing import sharing_of
from models.plan import solve
from models.schema import Demand
from planner.studies.bills import in_fractions
from planner.workbook import read_tables
from tests.books import write_book
from tests.budget import at_length, few
from tests.cli.test_degenerate import CALLS, run
from tests.extreme_books import demand, extreme_book
from tests.small_book import Change, Tables, both, put, small_book

COMMANDS = at_length(("check", "solve", "explain", "bills", "verify"), CALLS)
NEGATIVE_ZERO = re.compile(r"(?<![\w.,\-\[])-0(?:\.0+)?(?!\.?\w)")


@pytest.mark.slow
@pytest.mark.parametrize("number", at_length([28, 216], range(300)))
def test_every_command_ends_as_it_should(tmp_path: Path, number: int) -> None:
    book, said = extreme_book(number)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    names = str(book["Minerals"][0]["Mineral"]), str(book["Members"][0]["Member"])
    with contextlib.chdir(tmp_path):
        for command in COMMANDS:
            code, out, err = run(command, *CALLS[command](*names))
            assert code in {0, 1}, (command, said, err)
            assert not NEGATIVE_ZERO.search(out + err) or "-0" in str(said)


@pytest.mark.slow
@pytest.mark.parametrize("tonnes", few([5e-324, 5.551115123125783e-17, 1e-9, 1.1e-9], 2))
@pytest.mark.parametrize("command", ["solve", "solve --under-risk", "bills", "support"])
def test_a_demand_that_rounding_leaves(tmp_path: Path, command: str, tonnes: float) -> None:
    """Such as that of ``=0.1+0.2-0.3``."""
    book = small_book()
    demand(tonnes, tonnes)(book)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    with contextlib.chdir(tmp_path):
        code, _, err = run(*command.split(), *CALLS[command]("Copper", "Japan"))
    assert code == 0, err


def scaled(sheet: str, header: str, by: float) -> Change:
    """Multiply the numbers of a column."""

    def change(book: Tables) -> None:
        for row in book[sheet]:
            if row[header] is not None:
                row[header] = float(str(row[header])) * by

    return change


@pytest.mark.parametrize(
    "change",
    [
        both(put("Demand", 4, "2026", 1e-6), put("Demand", 4, "2027", 1.5e-9)),
        both(put("Demand", 2, "2026", 0), put("Demand", 3, "2027", 1e-8)),
        scaled("Minerals", "Price (USD/t)", 1e-6),
        both(scaled("Minerals", "Price (USD/t)", 5e3), put("Demand", 3, "2026", 1e-6)),
        both(put("Minerals", 3, "Shortage cost (USD/t)", 0), put("Demand", 4, "2026", 1e-3)),
        both(scaled("Refiners", "Cost (USD/t)", 1e-6), put("Demand", 2, "2027", 1e5)),
    ],
    ids=["dust", "a year of none", "cheap", "dear", "shortage is free", "one is large"],
)
def test_bills_of_an_extreme_book_are_known(change: Change) -> None:
    book = small_book()
    change(book)
    sharing = sharing_of(solve(in_fractions(read_tables(book).case)))
    assert not sharing.failed
    for split in sharing.bills.values():
        assert split.sum() == pytest.approx(sharing.cost, rel=1e-9, abs=1e-9)


def test_what_rounding_leaves_of_a_demand_is_none() -> None:
    row = Demand(mineral="Copper", member="Japan", tonnes=((2026, 1e-9), (2027, 2e-9)))
    assert row.tonnes == ((2026, 0.0), (2027, 2e-9))
