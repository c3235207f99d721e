"""The rules for every sheet: headers, names, countries, defaults, notes, findings."""

from __future__ import annotations

import openpyxl
import pytest

from models.errors import InputError
from planner.workbook import Book, read, read_tables
from tests.small_book import add, both, column, faults, head, put, small_book, without, workbook


@pytest.fixture
def saved(tmp_path):
    """Save a workbook and read it."""

    def save(made: openpyxl.Workbook, name: str = "book.xlsx") -> Book:
        made.save(tmp_path / name)
        return read(tmp_path / name)

    return save


def test_a_file_and_its_rows_are_one_case(saved) -> None:
    book = saved(workbook())
    assert book.case == read_tables(small_book()).case
    assert book.warnings == ()
    assert book.title == "Small"
    assert len(book.sha256) == 64
    assert book.layout.address("Refiners", 3, "Capacity 2028") == "E3"
    assert book.layout.address("Settings", 0, "Discount rate") == "B5"


def test_case_spaces_and_order_of_headers_do_not_count(saved) -> None:
    made = workbook()
    for sheet in made:
        for cell in sheet[1]:
            if isinstance(cell.value, str):
                cell.value = f"  {cell.value.replace(' ', chr(10) + ' ')} "
                if "(" not in cell.value:
                    cell.value = cell.value.upper()
        if sheet.title not in {"Demand", "Settings"}:
            rows = [[c.value for c in row][::-1] for row in sheet.iter_rows()]
            for i, row in enumerate(rows, start=1):
                for j, value in enumerate(row, start=1):
                    sheet.cell(i, j).value = value
        sheet.title = f" {sheet.title.lower()}"
    assert saved(made).case == read_tables(small_book()).case


def test_the_order_of_rows_does_not_count() -> None:
    book = small_book()
    for sheet, rows in book.items():
        if sheet not in {"Lanes", "Ore lanes", "Scenarios", "Risks"}:
            rows.reverse()
    assert read_tables(book).case == read_tables(small_book()).case


def test_the_header_is_the_first_row_that_is_not_empty(saved) -> None:
    made = workbook()
    made["Refiners"].insert_rows(1, 3)
    made["Refiners"].insert_cols(1, 2)
    made["Refiners"]["F6"].value = "1,200"
    told = faults(saved, made)
    assert [place for place, _ in told] == ["Refiners!F6"]
    made["Refiners"]["F6"].value = 5000
    assert saved(made).case == read_tables(small_book()).case


def test_empty_and_hidden_rows(saved) -> None:
    made = workbook()
    sheet = made["Refiners"]
    sheet.insert_rows(3, 2)
    sheet["A3"].value = "   "
    sheet.row_dimensions[5].hidden = True
    sheet.auto_filter.ref = "A1:M6"
    made["Demand"].sheet_state = "hidden"
    book = saved(made)
    assert book.case == read_tables(small_book()).case
    assert [r.row for r in book.case.refiners] == [2, 6, 5, 7]


def test_percent_formats_and_whole_floats(saved) -> None:
    made = workbook()
    made["Share limits"]["F2"].value = 0.65
    made["Share limits"]["F2"].number_format = "0 %"
    made["Lanes"]["I3"].value = 2026.0
    assert saved(made).case == read_tables(small_book()).case


def test_names_take_the_spelling_of_their_home_sheet() -> None:
    book = small_book()
    put("Refiners", 2, "Mineral", " COPPER ")(book)
    put("Demand", 2, "Member", "JAPAN")(book)
    put("Lanes", 3, "Refiner", "ganFENG")(book)
    put("Share limits", 2, "Supplier", "Each  Outside  COALITION")(book)
    put("Share limits", 3, "Supplier", "FRIENDS")(book)
    put("Share limits", 5, "Buyer", "asia")(book)
    put("Share limits", 6, "Buyer", "EACH")(book)
    put("Contracts", 2, "Refiner", "codelco")(book)
    put("Scenarios", 4, "Scenario", "GROWTH")(book)
    assert read_tables(book).case == read_tables(small_book()).case


def test_a_number_may_be_a_name() -> None:
    book = small_book()
    for sheet, row in (("Refiners", 2), ("Contracts", 2)):
        put(sheet, row, "Refiner", 7)(book)
    assert read_tables(book).case.contracts[0].refiner == "7"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (
            "KOR",
            "South Korea; Korea; Republic of Korea; kr; KOR; Korea, South; korea (south)",
        ),
        ("KOR", "Korea Republic"),
        ("PRK", "North Korea; DPRK"),
        ("GBR", "UK; U.K.; Great Britain; United Kingdom; gb; Britain"),
        ("USA", "United States; USA; U.S.; us; America; the United States of America"),
        ("RUS", "Russia; Russian Federation"),
        (
            "COD",
            "CD; COD; DR Congo; DRC; Congo-Kinshasa; Democratic Republic of the Congo; D.R. Congo",
        ),
        ("COG", "CG; cog; Republic of the Congo; Congo-Brazzaville"),
        ("TUR", "Turkey; Türkiye; Turkiye; TÜRKİYE; Türkiye (Turkey)"),
        ("VNM", "Vietnam; Viet Nam"),
        ("CZE", "Czech Republic; Czechia"),
        ("CIV", "Ivory Coast; Côte d'Ivoire; Cote d’Ivoire"),
        ("TWN", "Taiwan; Chinese Taipei"),
        ("BRN", "Brunei; Brunei Darussalam"),
        ("MMR", "Burma; Myanmar"),
        ("MKD", "North Macedonia; Macedonia"),
        ("ARE", "UAE; United Arab Emirates"),
        ("HKG", "Hong Kong"),
        ("BOL", "Bolivia; Plurinational State of Bolivia"),
        ("IRN", "Iran"),
        ("TZA", "Tanzania"),
        ("LAO", "Laos; Lao PDR"),
        ("FLK", "Falkland Islands"),
        ("IRL", "Ireland; Republic of Ireland"),
        ("NLD", "The Netherlands; Holland"),
        ("CHN", "China; PRC; People's Republic of China; cn; Chn; China PR"),
        ("NAM", "Namibia; NA"),
        ("NOR", "Norway; NO"),
        ("ROW", "Rest of world; ROW; rest of the World; Rest of World (ROW)"),
    ],
)
def test_country_names(code: str, names: str) -> None:
    from planner.workbook.cells import iso3_code

    assert {name: iso3_code(name) for name in names.split("; ")} == dict.fromkeys(
        names.split("; "), code
    )


def test_countries_are_spelt_as_in_countries_and_else_by_name() -> None:
    book = small_book()
    put("Countries", 3, "Country", "PRC")(book)
    case = read_tables(book).case
    assert case.country_name("CHN") == "PRC"
    assert case.country_name("KOR") == "Korea"
    assert case.country_name("AUS") == "Australia"


def test_by_year_columns_alone_cover_the_horizon() -> None:
    book = small_book()
    head("Refiners", "Cost (USD/t)", "Cost 2026 (USD/t)")(book)
    column("Refiners", "Cost 2027 (USD/kg)", 9)(book)
    series = read_tables(book).case.refiners[0].cost
    assert (series.base, series.steps) == (None, ((2026, 8000), (2027, 9000)))
    put("Refiners", 3, "Cost 2026 (USD/t)", None)(book)
    assert faults(read_tables, book)[0][0] == "Refiners!F3"


def test_notes_sources_and_unknown_columns_travel() -> None:
    book = small_book()
    both(column("Refiners", "Note", "n"), column("Refiners", "Source", "s"))(book)
    both(column("Refiners", "Capacty", 5), column("Budget", "Capex 2028", 5))(book)
    found = read_tables(book)
    refiner = next(r for r in found.case.refiners if r.name == "Codelco")
    assert (refiner.note, refiner.source) == ("n; Capacty: 5", "s")
    told = [(f.place, f.hint) for f in found.warnings]
    assert told == [
        ("Refiners!P1", "did you mean 'Capacity (t/yr)'?"),
        ("Budget!C1", "Capex cannot be given by year"),
    ]


def test_defaults_are_counted() -> None:
    taken = {(d.sheet, d.column): (d.cells, d.used) for d in read_tables(small_book()).defaults}
    assert taken["Refiners", "Kind"] == (2, "primary")
    assert taken["Refiners", "First year"] == (3, "always")
    assert taken["Projects", "Kind"] == (1, "primary")
    assert taken["Settings", "Cost of capital"] == (1, "0.08")
    assert taken["Minerals", "Shortage cost"] == (1, "price x shortage cost multiple")
    assert taken["Refiners", "Capacity 2028"] == (3, "the value before")
    assert ("Refiners", "Cost") not in taken


def test_a_blank_demand_is_a_warning_and_0() -> None:
    book = small_book()
    put("Demand", 3, "2027", None)(book)
    found = read_tables(book)
    assert [(f.place, f.hint) for f in found.warnings] == [
        ("Demand!D3", "it counts as a demand of 0")
    ]
    assert found.case.demand_of["Copper", "Korea", 2027] == 0


def test_unknown_sheets(saved) -> None:
    made = workbook()
    made.create_sheet("Stockpile").append(["Mineral"])
    made.create_sheet("Read me").append(["anything"])
    assert [(f.sheet, f.hint) for f in saved(made).warnings] == [
        ("Stockpile", "did you mean 'Stockpiles'?")
    ]


def test_two_sheets_of_one_name() -> None:
    book = small_book() | {"REFINERS ": small_book()["Refiners"]}
    assert "have the same name" in faults(read_tables, book)[0][1]


def test_cells_beside_the_table(saved) -> None:
    made = workbook()
    made["Refiners"]["P40"].value = "checked by AB"
    assert [f.place for f in saved(made).warnings] == ["Refiners!P40"]
    made["Demand"]["F3"].value = 700
    assert faults(saved, made)[0][0] == "Demand!F3"


def test_all_findings_come_at_once_in_order() -> None:
    book = small_book()
    both(
        put("Refiners", 4, "Capacity (t/yr)", "x"),
        put("Refiners", 2, "Cost (USD/t)", -1),
        put("Refiners", 2, "Capacity (t/yr)", "y"),
        put("Contracts", 2, "Member", "Jupiter"),
        put("Minerals", 2, "Price (USD/t)", None),
        add("Scenarios", "X", "scale demand"),
        column("Members", "Odd", 1),
        without("Freight", "Korea"),
    )(book)
    with pytest.raises(InputError) as caught:
        read_tables(book)
    assert [f.place for f in caught.value.findings] == [
        "Minerals!B2",
        "Members!D1",
        "Refiners!D2",
        "Refiners!F2",
        "Refiners!D4",
        "Freight!A2",
        "Freight!A3",
        "Freight!A4",
        "Freight!A5",
        "Contracts!D2",
        "Scenarios!I5",
    ]


def told_of(*changes) -> list[str]:
    """Place of every finding that the changed book raises."""
    book = small_book()
    both(*changes)(book)
    with pytest.raises(InputError) as caught:
        read_tables(book)
    return [f.place for f in caught.value.findings]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        (
            (put("Demand", 2, "2026", "x"), put("Demand", 2, "Member", "Jpan")),
            ["Demand!B2", "Demand!C2"],
        ),
        (
            (put("Demand", 2, "2026", "x"), put("Freight", 2, "Korea", None)),
            ["Demand!C2", "Freight!C2"],
        ),
        (
            (put("Settings", 4, "Value", "x"), put("Freight", 2, "Korea", None)),
            ["Settings!B4", "Freight!C2"],
        ),
        (
            (put("Settings", 6, "Value", "x"), put("Stockpiles", 2, "Target (t)", 101)),
            ["Settings!B6", "Stockpiles!E2"],
        ),
        (
            (add("Settings", "Default freight", 5), put("Freight", 2, "Korea", None)),
            ["Settings!A10"],
        ),
        ((put("Members", 2, "Member", True), put("Freight", 2, "Korea", None)), ["Members!A2"]),
        ((put("Freight", 2, "Japan", "x"), put("Freight", 2, "Korea", None)), ["Freight!B2"]),
        ((put("Stockpiles", 2, "Max (t)", "x"),), ["Stockpiles!C2"]),
        ((put("Scenarios", 2, "Action", "embargo"),), ["Scenarios!B2"]),
        ((put("Share limits", 3, "Supplier group", None),), ["Share limits!D3"]),
        ((put("Projects", 2, "Country", "x"),), ["Projects!D2"]),
        ((head("Demand", "2027", "2027 (MT)"),), ["Demand!D1"]),
        ((head("Demand", "2027", "2O27"),), ["Demand!D1"]),
        ((column("Refiners", "capacity (kt/yr)", 1, 1, 1, 1),), ["Refiners!N1"]),
        ((column("Stockpiles", "MAX (t)", 1),), ["Stockpiles!H1"]),
    ],
)
def test_a_bad_cell_hides_no_other_finding_and_makes_none(changes, places) -> None:
    assert told_of(*changes) == places


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("Congo", "did you mean DR Congo or Republic of the Congo?"),
        ("EU", "if you mean several countries, leave the cell blank"),
        ("European Union", "if you mean several countries, leave the cell blank"),
        ("Jpan", "did you mean 'Japan'?"),
        ("Janap", "did you mean 'Japan'?"),
        ("Asia", ""),
    ],
)
def test_what_is_said_of_an_unknown_country(said: str, hint: str) -> None:
    from planner.workbook.cells import closest_country, iso3_code

    assert iso3_code(said) is None
    assert closest_country(said) == hint


@pytest.mark.parametrize("sheet", list(small_book()))
def test_titles_above_a_header_are_one_error(saved, sheet: str) -> None:
    made = workbook()
    made[sheet].insert_rows(1, 2)
    made[sheet]["A1"].value = "Our own numbers"
    told = faults(saved, made)
    assert told == [(f"{sheet}!A1", "the header seems to be in row 3: clear the rows above")]
    if sheet == "Refiners":
        made[sheet]["D5"].value = "x"
        assert [place for place, _ in faults(saved, made)] == ["Refiners!A1", "Refiners!D5"]


def test_warnings_of_a_whole_column_are_told_once(saved) -> None:
    made = workbook()
    made["Demand"]["E1"].value = 2028
    for row in (2, 3):
        made["Refiners"][f"P{row}"].value = "checked"
    told = [(f.place, f.message) for f in saved(made).warnings]
    assert told == [
        (
            "Refiners!P2",
            "the text 'checked' and 1 more below are in a column without a header and not read",
        ),
        ("Demand!E1", "all 3 cells of the column are blank. they count as a demand of 0"),
    ]
