"""What is likely meant by a name that is not known: near names, codes, sheets of another name."""

from __future__ import annotations

import pytest

from models.checks.common import did_you_mean, name_hint
from models.errors import InputError
from planner.workbook import read_tables
from tests.small_book import small_book

SCENARIOS = {"base": "Base", "antimony ban": "Antimony ban", "china ban 2028": "China ban 2028"}


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("Ban", "did you mean 'Antimony ban' or 'China ban 2028'?"),
        ("antimony", "did you mean 'Antimony ban'?"),
        ("Antimny ban", "did you mean 'Antimony ban'?"),
        ("chin", "did you mean 'China ban 2028'?"),
        ("an", ""),
        ("nothing", ""),
    ],
)
def test_a_part_of_a_name_names_it(typed: str, hint: str) -> None:
    assert name_hint(typed, SCENARIOS) == hint


@pytest.mark.parametrize(
    ("typed", "known", "hint"),
    [
        ("Spain", ["Japan", "France"], "choose from France, Japan"),
        ("Jpan", ["Japan", "France"], "did you mean 'Japan'?"),
        ("Frence", ["Japan", "France"], "did you mean 'France'?"),
        ("Janap", ["Japan", "France"], "did you mean 'Japan'?"),
        ("Koeb", ["Kobe", "Weld"], "did you mean 'Kobe'?"),
        ("Jaan", ["Kobe", "Weld"], "choose from Kobe, Weld"),
    ],
)
def test_a_name_that_is_far_is_not_meant(typed: str, known: list[str], hint: str) -> None:
    assert did_you_mean(typed, known) == hint


def _with_members(*countries: str) -> dict[str, list[dict[str, object]]]:
    """Return a book whose members are called as no country is."""
    book = small_book()
    names = [f"Member of {country}" for country in countries]
    own = dict(book["Members"][0])
    book["Members"] = [
        {**own, "Member": name, "Country": country}
        for name, country in zip(names, countries, strict=True)
    ]
    book["Demand"] = [{**book["Demand"][0], "Member": name} for name in names]
    return book


@pytest.mark.parametrize("typed", ["USA", "US", "United States", "U.S.A."])
def test_a_country_in_a_members_place_names_the_member(typed: str) -> None:
    book = _with_members("United States", "Japan")
    book["Demand"][1]["Member"] = typed
    with pytest.raises(InputError) as raised:
        read_tables(book)
    [finding] = [f for f in raised.value.findings if f.sheet == "Demand" and f.cell == "B3"]
    assert finding.hint == "did you mean 'Member of United States'?"


def _warned(book: dict[str, list[dict[str, object]]]) -> list[tuple[str, str, str]]:
    found = read_tables(book).warnings
    return [(f.sheet, f.found, f.hint) for f in found if "not known and not read" in f.found]


LIMIT = [{"Limit": "max", "Supplier group": "country", "Supplier": "China", "Share": 0.5}]


@pytest.mark.parametrize(
    "title", ["Limits", "Share limit", "Share limits 2026", "Share", "Caps on countries"]
)
def test_a_sheet_that_is_meant_as_another_is_warned_of(title: str) -> None:
    """By its name, by a part of its name, or by its columns."""
    book = {name: rows for name, rows in small_book().items() if name != "Share limits"}
    said = f"the sheet {title!r} is not known and not read"
    assert _warned({**book, title: LIMIT}) == [(title, said, "did you mean 'Share limits'?")]


@pytest.mark.parametrize("title", ["Limits", "Share", "Caps on countries", "Notes", "Lists"])
def test_a_sheet_of_its_own_is_not(title: str) -> None:
    """What the workbook has is not meant by another sheet; nor is a sheet of notes."""
    rows = LIMIT if title in {"Limits", "Share", "Caps on countries"} else [{"Text": "hello"}]
    book = {**small_book(), "Share limits": LIMIT, title: rows}
    assert _warned(book) == []


def test_demand_that_is_missing_has_columns_by_year() -> None:
    book = {name: rows for name, rows in small_book().items() if name != "Demand"}
    with pytest.raises(InputError) as raised:
        read_tables(book)
    [finding] = [f for f in raised.value.findings if f.sheet == "Demand"]
    assert finding.expected.endswith("Member, and a column for each year, such as 2026")
