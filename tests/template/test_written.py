"""An input workbook as it is written: driven by the catalogue, easy to fill in."""

from __future__ import annotations

import zipfile

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from models import schema
from models.schema import SHEETS, CellKind
from planner.workbook.template import EVERY_CASE, template_tables, write_book


def written(tmp_path, tables, **options):
    path = tmp_path / "case.xlsx"
    write_book(path, tables, **options)
    return openpyxl.load_workbook(path)


def headers(sheet):
    return [cell.value for cell in sheet[1]]


def rules_at(sheet, cell):
    return [rule for rule in sheet.data_validations.dataValidation if cell in rule.sqref]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return written(tmp_path_factory.mktemp("full"), template_tables())


# ---- what the catalogue drives -------------------------------------------------------------------


def test_every_sheet_of_the_catalogue_has_example_rows():
    assert list(template_tables()) == [record.SHEET for record in SHEETS]
    assert all(template_tables().values())


@pytest.mark.parametrize("record", [r for r in SHEETS if r is not schema.Settings])
def test_every_column_stands_in_its_order_with_its_unit(full, record):
    titles = [c.title for c in record.columns()]
    assert headers(full[record.SHEET])[: len(titles)] == titles
    assert {"Note", "Source"} <= set(headers(full[record.SHEET]))


def test_every_setting_is_shown_with_what_holds_unless_stated(full):
    rows = {row[0].value: row[1] for row in full["Settings"].iter_rows(min_row=2)}
    titles = [c.title for c in schema.Settings.columns()]
    assert list(rows) == titles
    assert rows["Cost of capital"].value == 0.08
    assert rows["Cost of capital"].number_format == "0.0%"


@pytest.mark.parametrize("record", SHEETS)
def test_every_header_has_a_comment(full, record):
    for cell in full[record.SHEET][1]:
        assert cell.comment is not None, cell.value
    if record is not schema.Settings:
        for cell, column in zip(full[record.SHEET][1], record.columns(), strict=False):
            assert column.meaning in cell.comment.text
            wanted = "Must be filled." if column.required else f"Blank: {column.default}."
            assert wanted in cell.comment.text
            for choice in column.choices:
                assert choice in cell.comment.text


def test_every_setting_has_a_comment(full):
    for row in full["Settings"].iter_rows(min_row=2):
        assert row[0].comment is not None, row[0].value


@pytest.mark.parametrize("record", SHEETS)
def test_required_headers_are_marked_by_their_look(full, record):
    fills = {True: set(), False: set()}
    if record is schema.Settings:
        return
    for cell, column in zip(full[record.SHEET][1], record.columns(), strict=False):
        fills[column.required].add(cell.fill.fgColor.rgb)
    assert fills[True] <= {"FF1F3864"}
    assert fills[False] <= {"FFD9E2F3"}


@pytest.mark.parametrize("record", SHEETS)
def test_headers_are_frozen_and_filtered(full, record):
    sheet = full[record.SHEET]
    assert sheet.freeze_panes is not None
    assert sheet.freeze_panes.endswith("2")
    left, top, right, _ = range_boundaries(sheet.auto_filter.ref)
    assert (left, top, right) == (1, 1, len(headers(sheet)))


def test_number_formats(full):
    refiners = dict(zip(headers(full["Refiners"]), full["Refiners"][2], strict=True))
    assert refiners["Capacity (t/yr)"].number_format == "[>=1000]#,##0;General"
    assert refiners["Available share"].number_format == "0.0%"
    lanes = dict(zip(headers(full["Lanes"]), full["Lanes"][2], strict=True))
    assert lanes["First year"].number_format == "0"
    assert lanes["Tariff"].number_format == "0.0%"


# ---- drop-downs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [r for r in SHEETS if r is not schema.Settings])
def test_every_column_with_a_list_has_its_drop_down(full, record):
    sheet = full[record.SHEET]
    for cell, column in zip(sheet[1], record.columns(), strict=False):
        first, last = f"{cell.column_letter}2", f"{cell.column_letter}1000"
        found = rules_at(sheet, first)
        assert found == rules_at(sheet, last)
        kinds = [rule.type for rule in found]
        listed = column.choices or column.refers or column.kind is CellKind.YES_NO
        if listed or (column.kind is CellKind.COUNTRY and record is not schema.Country):
            assert kinds == ["list"], column.title
        elif column.kind in (CellKind.NUMBER, CellKind.SHARE):
            assert kinds == ["decimal"], column.title
        elif column.kind in (CellKind.YEAR, CellKind.WHOLE):
            assert kinds == ["whole"], column.title


def test_columns_of_years_and_members_are_bounded_as_they_are_read(full):
    for sheet, column, most in (("Demand", "2026", 1e10), ("Freight", "Japan", 1e8)):
        cell = next(c for c in full[sheet][1] if str(c.value).partition(" ")[0] == column)
        (rule,) = rules_at(full[sheet], f"{cell.column_letter}2")
        assert (rule.type, float(rule.formula1), float(rule.formula2)) == ("decimal", 0, most)


def test_names_are_offered_from_their_own_sheet(full):
    for sheet, column, home in (
        ("Refiners", "Mineral", "Minerals!$A$2"),
        ("Demand", "Member", "Members!$A$2"),
        ("Lanes", "Refiner", "Refiners!$A$2"),
        ("Refiners", "Owner country", "Countries!$A$2"),
    ):
        cell = next(c for c in full[sheet][1] if c.value == column)
        (rule,) = rules_at(full[sheet], f"{cell.column_letter}2")
        assert home in rule.formula1
        assert len(rule.formula1) <= 255


def test_words_that_no_sheet_defines_are_offered_too(full):
    assert full["Lists"].sheet_state == "hidden"
    words = {cell.value for row in full["Lists"].iter_rows() for cell in row}
    assert {"each", "each outside coalition"} <= words


# ---- which sheets, which columns -----------------------------------------------------------------


def test_the_sheets_asked_for_are_shown_in_the_order_of_the_catalogue(tmp_path):
    book = written(tmp_path, template_tables(), sheets=["Stockpiles", *EVERY_CASE])
    assert [s for s in book.sheetnames if s != "Lists"] == [
        "Read me",
        "Settings",
        "Minerals",
        "Members",
        "Countries",
        "Refiners",
        "Demand",
        "Freight",
        "Lanes",
        "Share limits",
        "Stockpiles",
    ]


def test_the_required_sheets_are_there(tmp_path):
    book = written(tmp_path, {"Minerals": []})
    assert [s for s in book.sheetnames if s != "Lists"] == [
        "Read me",
        "Minerals",
        "Members",
        "Refiners",
        "Demand",
    ]


def test_read_me_tells_every_sheet_the_rules_and_the_commands(full):
    said = "\n".join(str(c.value) for row in full["Read me"].iter_rows() for c in row if c.value)
    for record in SHEETS:
        assert record.SHEET in said
        assert record.MEANING in said
    for word in ("planner check", "planner solve", "10. The planner never writes"):
        assert word in said


def test_columns_beyond_the_catalogue_are_kept(tmp_path):
    row = {
        "Source": "a",
        "Refiner": "R",
        "Mineral": "M",
        "Capacity 2030 (kt/yr)": 2,
        "Capacity 2027 (kt/yr)": 1,
        "Capacity (kt/yr)": 0,
        "Purity": "A",
        "Note": "n",
    }
    book = written(tmp_path, {"Refiners": [row]})
    sheet = book["Refiners"]
    found = headers(sheet)
    assert found[:7] == [
        "Refiner",
        "Mineral",
        "Country",
        "Capacity (kt/yr)",
        "Capacity 2027 (kt/yr)",
        "Capacity 2030 (kt/yr)",
        "Cost (USD/t)",
    ]
    assert found[-3:] == ["Purity", "Source", "Note"]
    cells = dict(zip(found, (c.value for c in sheet[2]), strict=True))
    assert {k: v for k, v in cells.items() if v is not None} == row


def test_headers_are_in_the_currency_of_the_workbook(tmp_path):
    tables = {"Settings": [{"Setting": "Currency", "Value": "EUR"}], "Projects": []}
    book = written(tmp_path, tables)
    assert "Cost (EUR/t)" in headers(book["Refiners"])
    assert "Capex (EUR m)" in headers(book["Projects"])


def test_freight_has_a_column_for_every_member(tmp_path):
    tables = {"Members": [{"Member": "A"}, {"Member": "B"}], "Freight": []}
    assert headers(written(tmp_path, tables)["Freight"])[:3] == ["From country", "A", "B"]


def test_text_stays_text(tmp_path):
    words = ["=1+1", "http://example.org", "007", "+cmd", "{=A1}"]
    book = written(tmp_path, {"Minerals": [{"Mineral": w, "Price (USD/t)": 1} for w in words]})
    cells = [row[0] for row in book["Minerals"].iter_rows(min_row=2)]
    assert [c.value for c in cells] == words
    assert {c.data_type for c in cells} == {"s"}
    assert not any(c.hyperlink for c in cells)


def test_a_number_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Minerals, row 2"):
        written(tmp_path, {"Minerals": [{"Mineral": "M", "Price (USD/t)": float("nan")}]})


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_book(tmp_path / name, template_tables())
    one, two = (zipfile.ZipFile(tmp_path / n) for n in ("a.xlsx", "b.xlsx"))
    with one, two:
        assert one.namelist() == two.namelist()
        assert all(one.read(n) == two.read(n) for n in one.namelist())
