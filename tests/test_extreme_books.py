"""A few extreme books in every run; ``python -m tests.fuzz_long --extremes`` has the rest."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from models.schema import Demand
from planner.workbook.template import write_book
from tests.cli.test_degenerate import CALLS, demand, run
from tests.extreme_books import extreme_book
from tests.fuzz_long import NEGATIVE_ZERO
from tests.small_book import small_book

COMMANDS = ("check", "solve", "explain", "bills", "verify")


@pytest.mark.parametrize("number", [19, 28, 73, 216])
def test_every_command_ends_as_it_should(tmp_path: Path, number: int) -> None:
    book, said = extreme_book(number)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    names = str(book["Minerals"][0]["Mineral"]), str(book["Members"][0]["Member"])
    with contextlib.chdir(tmp_path):
        for command in COMMANDS:
            code, out, err = run(command, *CALLS[command](*names))
            assert code in {0, 1}, (command, said, err)
            assert not NEGATIVE_ZERO.search(out + err) or "-0" in str(said)


@pytest.mark.parametrize("tonnes", [5e-324, 5.551115123125783e-17, 1e-9, 1.1e-9])
@pytest.mark.parametrize("command", ["solve", "solve --under-risk", "bills", "support"])
def test_a_demand_that_rounding_leaves(tmp_path: Path, command: str, tonnes: float) -> None:
    """Such as that of ``=0.1+0.2-0.3``."""
    book = small_book()
    demand(tonnes, tonnes)(book)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    with contextlib.chdir(tmp_path):
        code, _, err = run(*command.split(), *CALLS[command]("Copper", "Japan"))
    assert code == 0, err


def test_what_rounding_leaves_of_a_demand_is_none() -> None:
    row = Demand(mineral="Copper", member="Japan", tonnes=((2026, 1e-9), (2027, 2e-9)))
    assert row.tonnes == ((2026, 0.0), (2027, 2e-9))
