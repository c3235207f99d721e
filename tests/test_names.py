"""Names that look the same are the same: letters that nobody sees, other forms of one letter."""

from __future__ import annotations

import pytest

from models.case import clean_name, normalize
from planner.workbook import read_tables
from tests.small_book import Change, add, both, faults, head, put, small_book

SAME = {
    "zero width": "Cop\u200bper",
    "byte order mark": "\ufeffCopper",
    "left to right": "Copper\u200e",
    "right to left": "\u200fCopper",
    "override": "\u202dCopper\u202c",
    "soft hyphen": "Cop\u00adper",
    "no-break space": "\u00a0Copper\u202f",
    "joiner": "Cop\u2060per",
    "full width": "Ｃｏｐｐｅｒ",
    "case": "COPPER",
}


def changed(change: Change):
    book = small_book()
    change(book)
    return book


@pytest.mark.parametrize("kind", SAME)
def test_a_key_that_looks_like_another_stands_twice(kind: str) -> None:
    book = changed(add("Minerals", SAME[kind], 1))
    told = faults(read_tables, book)
    assert told[0][0] == "Minerals!A4"
    assert "appears twice, first in A2" in told[0][1]


@pytest.mark.parametrize("kind", SAME)
def test_two_refiners_of_one_look_are_not_added_up(kind: str) -> None:
    row = small_book()["Refiners"][0]
    book = changed(add("Refiners", *(row | {"Mineral": SAME[kind]}).values()))
    assert "appears twice" in faults(read_tables, book)[0][1]


@pytest.mark.parametrize("kind", SAME)
def test_references_and_selectors_find_the_name(kind: str) -> None:
    name = SAME[kind]
    change = both(
        put("Refiners", 2, "Mineral", name),
        put("Demand", 2, "Mineral", name),
        put("Lanes", 2, "Mineral", name),
        put("Scenarios", 3, "Mineral", name),
    )
    assert read_tables(changed(change)).case == read_tables(small_book()).case


def unseen(text: str) -> str:
    """A text with a letter in it that nobody sees."""
    return f"{text[:2]}\u200b{text[2:]}"


def wide(text: str) -> str:
    """A text in full width letters."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@pytest.mark.parametrize("form", [unseen, wide])
def test_headers_settings_choices_and_countries_as_well(form) -> None:
    change = both(
        head("Refiners", "Capacity (t/yr)", form("Capacity (t/yr)")),
        head("Refiners", "Capacity 2028 (t/yr)", form("Capacity 2028 (t/yr)")),
        head("Freight", "Korea", form("Korea")),
        head("Demand", "Member", form("Member")),
        put("Settings", 3, "Value", form("USD")),
        put("Settings", 5, "Setting", form("Discount rate")),
        put("Settings", 6, "Value", form("no")),
        head("Settings", "Value", form("Value")),
        put("Refiners", 2, "Needs ore", form("yes")),
        put("Refiners", 3, "Kind", form("primary")),
        put("Refiners", 4, "Country", form("China")),
        put("Share limits", 2, "Supplier", form("each outside coalition")),
        put("Share limits", 3, "Supplier", form("friends")),
        put("Scenarios", 2, "Action", form("block lanes")),
    )
    plain = read_tables(small_book()).case
    assert read_tables(changed(change)).case.records("Refiners") == plain.records("Refiners")
    assert read_tables(changed(change)).case.records("Share limits") == plain.records(
        "Share limits"
    )
    assert read_tables(changed(change)).case.settings == plain.settings


def test_the_name_shown_is_the_text_without_what_nobody_sees() -> None:
    book = read_tables(changed(put("Contracts", 2, "Contract", "\u202e C\u00ad-1 \u200b x²")))
    assert book.case.contracts[0].name == "C-1 x²"
    assert clean_name("👩\u200d🔬") == "👩\u200d🔬"
    assert normalize("👩\u200d🔬") == normalize("👩🔬")
    assert normalize("ﬁrst") == normalize("FIRST")


def test_a_cell_of_letters_that_nobody_sees_is_blank() -> None:
    told = faults(read_tables, changed(put("Refiners", 2, "Mineral", "\u200b\ufeff")))
    assert "a blank cell" in told[0][1].lower()
