"""What is likely meant by a name that is not known: near names, codes, sheets of another name."""

from __future__ import annotations

import pytest

from models import schema
from models.checks.common import did_you_mean, name_hint
from models.errors import Finding, InputError, Severity
from planner.workbook import read_tables
from tests.books import in_euros
from tests.small_book import Tables, column, put, small_book, without

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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("block", "block lanes|block ore"),
        ("Set max", "set max country share|set max short"),
        ("tariff", "raise tariff|set tariff"),
        ("project", "build project|delay project"),
        ("blok lanes", "block lanes"),
        ("scal demnd", "scale demand"),
    ],
)
def test_every_action_that_has_the_typed_words_is_named(typed: str, meant: str) -> None:
    """Not only the one that is spelt most like them."""
    names = " or ".join(map(repr, meant.split("|")))
    assert did_you_mean(typed, schema.ACTIONS) == f"did you mean {names}?"


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


def _findings(book: Tables) -> list[Finding]:
    try:
        return list(read_tables(book).warnings)
    except InputError as error:
        return list(error.findings)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Freight", "Frieght"),
        ("Minerals", "Minerls"),
        ("Projects", "Projcts"),
        ("Countries", "Contries"),
        ("Members", "Memebers"),
        ("Demand", "Demand 2026"),
    ],
)
def test_a_misspelt_sheet_that_is_needed_is_named_once(name: str, title: str) -> None:
    """Not once for each country or name that is missing with it."""
    book = small_book()
    book[title] = book.pop(name)
    [finding] = _findings(book)
    assert finding.message == f"there is no sheet {name}. is the sheet {title!r} meant?"
    assert (finding.sheet, finding.severity) == (name, Severity.ERROR)


def test_a_currency_in_a_misspelt_sheet_is_missed_once() -> None:
    book = in_euros(small_book())
    book["Setings"] = book.pop("Settings")
    said = "there is no sheet Settings. is the sheet 'Setings' meant?"
    assert [finding.message for finding in _findings(book)] == [said]


@pytest.mark.parametrize("name", ["Budget", "Settings", "Lanes", "Stockpiles", "Ore lanes"])
def test_a_misspelt_sheet_that_is_not_needed_is_a_warning(name: str) -> None:
    book = small_book()
    book[f"{name}x"] = book.pop(name)
    [finding] = _findings(book)
    assert finding.hint == f"did you mean {name!r}?"
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("sheet", "row", "name", "typed", "uses"),
    [
        ("Minerals", 3, "Lithium", "Lithum", 5),
        ("Minerals", 2, "Copper", "Coper", 17),
        ("Members", 2, "Japan", "Japann", 4),
        ("Members", 2, "Japan", "Jpan", 4),
        ("Refiners", 4, "Ganfeng", "Gangfeng", 2),
    ],
)
def test_a_name_that_its_home_misspells_is_named_there(
    sheet: str, row: int, name: str, typed: str, uses: int
) -> None:
    book = small_book()
    column("Contracts", "Note", "")(book)
    if sheet == "Refiners":
        first = {**dict.fromkeys(book["Contracts"][0]), "Mineral": "Lithium", "Member": "Other EU"}
        book["Contracts"] += [{**first, "Contract": "C-2", "Refiner": name, "Min (t/yr)": 1}]
    key = {"Minerals": "Mineral", "Members": "Member", "Refiners": "Refiner"}[sheet]
    put(sheet, row, key, typed)(book)
    said = f"no row of another sheet names {typed!r}, but {uses} rows name {name!r}"
    [finding] = _findings(book)
    assert (finding.place, finding.found) == (f"{sheet}!A{row}", said)
    assert finding.hint == f"is {typed!r} mistyped?"


@pytest.mark.parametrize(
    ("sheet", "row", "header", "typed"),
    [
        ("Contracts", 2, "Mineral", "Coper"),
        ("Demand", 4, "Mineral", "Lithum"),
        ("Lanes", 2, "To member", "Japann"),
        ("Demand", 3, "Member", "Koera"),
        ("Contracts", 2, "Refiner", "Codelko"),
    ],
)
def test_a_name_that_one_row_misspells_is_named_there(
    sheet: str, row: int, header: str, typed: str
) -> None:
    book = small_book()
    put(sheet, row, header, typed)(book)
    [finding] = [f for f in _findings(book) if f.severity is Severity.ERROR]
    assert finding.sheet == sheet
    assert finding.hint.startswith("did you mean")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1.200", "1.2 or 1200"),
        ("1,200", "1.2 or 1200"),
        ("12.500", "12.5 or 12500"),
        ("-1.200", "-1.2 or -1200"),
        (" 999,999 ", "999.999 or 999999"),
        ("0.200", None),
        ("1.20", None),
        ("1.2000", None),
        ("1 200", None),
        ("1,200.5", None),
    ],
)
def test_a_mark_that_may_be_of_thousands_asks_which_is_meant(typed: str, meant: str | None) -> None:
    book = small_book()
    put("Refiners", 2, "Capacity (t/yr)", typed)(book)
    [finding] = _findings(book)
    assert (f"is {meant} meant? type it as a number" == finding.hint) == (meant is not None)


@pytest.mark.parametrize(
    ("years", "odd"),
    [
        ((2026, 2072, 2028, 2029), ["the year 2028 comes after 2072"]),
        ((2027, 2026, 2020), ["the year 2026 comes after 2027", "the year 2020 comes after 2026"]),
    ],
)
def test_the_year_that_is_out_of_order_is_named(years: tuple[int, ...], odd: list[str]) -> None:
    book = small_book()
    book["Demand"] = [
        {"Mineral": row["Mineral"], "Member": row["Member"], **{str(year): 1 for year in years}}
        for row in book["Demand"]
    ]
    assert [f.found for f in _findings(book) if f.sheet == "Demand"] == odd


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (("Glencore", "Glencore", "Glencor"), "Glencore"),
        (("Tianqi", "Tianqui"), "Tianqi"),
        (("Rio Tinto", "RioTinto"), "Rio Tinto"),
        (("Norilsk", "Norlisk"), "Norilsk"),
        (("Umicore", "Umicoré"), "Umicore"),
        (("Plant 1", "Plant 2"), ""),
        (("Works A", "Works B"), ""),
        (("Works 12", "Works 1"), ""),
        (("A", "B"), ""),
        (("Glencore", "GLENCORE "), ""),
        (("Albemarle", "Ganfeng"), ""),
    ],
)
@pytest.mark.parametrize("sheet", ["Refiners", "Members", "Countries"])
def test_an_owner_group_or_bloc_one_letter_off_is_warned_of(
    sheet: str, names: tuple[str, ...], alike: str
) -> None:
    header = {"Refiners": "Owner", "Members": "Group", "Countries": "Bloc"}[sheet]
    book = small_book()
    without("Share limits")(book)
    if sheet == "Countries":
        book["Countries"] = [{"Country": each} for each in ("Chile", "China", "Peru")]
    column(sheet, header, *names)(book)
    found = [f for f in _findings(book) if "one letter off" in f.found]
    assert [f.hint for f in found] == ([f"did you mean {alike!r}?"] if alike else [])
    assert all(f.severity is Severity.WARNING and repr(names[-1]) in f.found for f in found)
