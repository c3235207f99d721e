"""Whatever a mineral, a member or a refiner is called, every command shows it as it is written."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.results import Summary
from models.results.field import header_of_name
from tests.books import write_book
from tests.cli.test_degenerate import run
from tests.extreme_books import renamed
from tests.small_book import small_book

LONG = "x" * 254
NAMES = {
    "headers": {"Other EU": "Country", "Korea": "Country (name)", "Lithium": "Mineral"},
    "braces": {"Other EU": "{x}", "Lithium": "{money}", "Copper": "%s", "Codelco": "{0}"},
    "long": {"Other EU": f"{LONG}ab", "Lithium": f"{LONG}cd", "Copper": f"{LONG}ce"},
    "markup": {"Other EU": "<b>&\"'", "Lithium": "</script>", "Copper": "🪨 銅"},
}
COMMANDS = (
    ("solve", "case.xlsx", "--output", "plan.xlsx"),
    ("stress", "case.xlsx", "--output", "stress.xlsx", "--pairs"),
    ("bills", "case.xlsx", "--output", "bills.xlsx"),
    ("report", "plan.xlsx", "stress.xlsx", "bills.xlsx", "-o", "all.html"),
    ("brief", "plan.xlsx", "stress.xlsx", "bills.xlsx", "-o", "brief.pptx"),
)


@pytest.mark.slow
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES.keys())
def test_every_name_is_only_a_name(tmp_path: Path, names: dict[str, str]) -> None:
    """With so much demand that the sheets and charts of a shortage are there, too."""
    book = small_book()
    for row in book["Demand"]:
        row |= {year: float(str(row[year])) * 30 for year in ("2026", "2027")}
    for was, new in names.items():
        if was == "Korea":  # its country is called so as well
            book["Refiners"][3]["Country"] = "South Korea"
        renamed(was, new)(book)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    with contextlib.chdir(tmp_path):
        for words in COMMANDS:
            code, _, err = run(*words)
            assert code == 0, err


TAKEN = [f for f in Summary.FIELDS if not f.spread]
odd = st.sampled_from(
    ["Country", "Measure", "measure", "Value", "{x}", LONG, f"{LONG}a", f"{LONG}b", "Value (name)"]
)


@given(odd | st.text(min_size=1), odd | st.text(min_size=1))
def test_columns_of_names_have_headers_of_their_own(one: str, other: str) -> None:
    """Unlike each other where the names are, unlike the table's own, and short enough for Excel."""
    headers = [header_of_name(name, TAKEN) for name in (one, other)]
    assert not {h.casefold() for h in headers} & {f.header.casefold() for f in TAKEN}
    assert all(len(h) <= 255 for h in headers)
    if one.isprintable() and other.isprintable() and "_x" not in one + other:
        assert (headers[0] == headers[1]) == (one == other)
