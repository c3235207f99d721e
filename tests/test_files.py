"""Workbooks as files: formulas, formats, size, and what is no workbook."""

from __future__ import annotations

import datetime as dt
import time
import zipfile
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import PatternFill

from planner.workbook import Book, archive, read, read_tables
from tests.parts import parts_of_book, write_parts
from tests.small_book import faults, small_book, workbook


@pytest.fixture
def saved(tmp_path):
    """Save a workbook and read it."""

    def save(made: openpyxl.Workbook, name: str = "book.xlsx") -> Book:
        made.save(tmp_path / name)
        return read(tmp_path / name)

    return save


# ---- formulas, error values and formats --------------------------------------------------------


def cells_as(tmp_path: Path, xml: str) -> Path:
    """A file whose cell Refiners!D2 is written as given."""
    parts, sheet = parts_of_book(workbook()), "xl/worksheets/sheet5.xml"
    was = b'<c r="D2" t="n"><v>1000</v></c>'
    assert was in parts[sheet]
    parts[sheet] = parts[sheet].replace(was, xml.encode())
    return write_parts(tmp_path / "book.xlsx", parts)


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        ('<c r="D2"><f>1+1</f></c>', "a formula without a saved value"),
        ('<c r="D2"><f>1+1</f><v></v></c>', "open it in Excel or LibreOffice"),
        ('<c r="D2"><f>1+1</f><v/></c>', "open it in Excel or LibreOffice"),
        ('<c r="D2" t="e"><f>A99/0</f><v>#DIV/0!</v></c>', "the error value #DIV/0!"),
        ('<c r="D2" t="e"><v>#REF!</v></c>', "the error value #REF!"),
        ('<c r="D2" t="e"><v>#N/A</v></c>', "the error value #N/A"),
        ('<c r="D2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="D2" t="str"><f>"a"</f><v>a</v></c>', "the text 'a'"),
        ('<c r="D2" t="str"><f>""</f><v></v></c>', "must be filled"),
        ('<c r="D2" t="inlineStr"><is><t>1,200</t></is></c>', "1200"),
        ('<c r="D2" t="n"><v>1e999</v></c>', "the number inf"),
        ('<c r="D2"><v>abc</v></c>', "the text 'abc'"),
        ('<c r="D2"><v>١٠٠٠</v></c>', "the text '١٠٠٠'"),
        ('<c r="D2"><v>１０００</v></c>', "the text '１０００'"),
        ('<c r="D2" t="d"><v>2026-03-04T00:00:00</v></c>', "the date 2026-03-04"),
        ('<c r="D2"/>', "must be filled"),
        ('<c r="D2" s="0"></c>', "must be filled"),
        ("", "must be filled"),
    ],
)
def test_cells_that_hold_no_number(tmp_path, xml: str, said: str) -> None:
    told = faults(read, cells_as(tmp_path, xml))
    assert len(told) == 1
    assert told[0][0] == "Refiners!D2"
    assert said in told[0][1]


@pytest.mark.parametrize(
    "xml",
    [
        '<c r="D2"><f>500*2</f><v>1000</v></c>',
        '<c r="D2"><v>1E3</v></c>',
        '<c r="D2" t="n"><f t="array" ref="D2">500*2</f><v>1000.0</v></c>',
    ],
)
def test_a_formula_with_its_value_is_that_value(tmp_path, xml: str) -> None:
    assert read(cells_as(tmp_path, xml)).case == read_tables(small_book()).case


def test_the_0_of_a_library_that_does_not_calculate_is_no_value(tmp_path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for title, rows in small_book().items():
            sheet = made.add_worksheet(title)
            sheet.write_row(0, 0, list(rows[0]))
            for i, row in enumerate(rows, start=1):
                sheet.write_row(i, 0, list(row.values()))
            if title == "Demand":
                sheet.write_formula("C2", "=A9+B9")
                sheet.write_formula("D2", "=600+50", None, 650)
    told = faults(read, path)
    assert [place for place, _ in told] == ["Demand!C2"]


def test_the_0s_of_a_formula_over_several_cells_are_no_values(tmp_path) -> None:
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for title, rows in small_book().items():
            sheet = made.add_worksheet(title)
            sheet.write_row(0, 0, list(rows[0]))
            for i, row in enumerate(rows, start=1):
                sheet.write_row(i, 0, list(row.values()))
            if title == "Refiners":
                sheet.write_array_formula("D2:D4", "{=A9:A11*2}")
    told = faults(read, path)
    assert [place for place, _ in told] == ["Refiners!D2", "Refiners!D3", "Refiners!D4"]


def test_a_date_is_no_number_and_no_header(saved) -> None:
    made = workbook()
    made["Refiners"]["I3"].value = dt.datetime(2020, 1, 1)
    made["Demand"]["D1"].value = dt.datetime(2027, 1, 1)
    told = dict(faults(saved, made))
    assert "the date 2027-01-01" in told["Demand!D1"]
    assert "the date 2020-01-01" in told["Refiners!I3"]


def test_a_number_that_its_format_shows_as_a_date_is_told_as_both(saved) -> None:
    made = workbook()
    made["Minerals"]["B2"].number_format = "d-mmm-yy"
    made["Refiners"]["F2"].number_format = "[h]:mm"
    told = dict(faults(saved, made))
    assert "the number 9000, shown as the date 1924-08-21" in told["Minerals!B2"]
    assert "if you mean the number, give the cell a number format" in told["Minerals!B2"]
    assert "the number 8000, shown as the time" in told["Refiners!F2"]


# ---- size --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_million_formatted_blank_rows_cost_little(tmp_path) -> None:
    blank = "".join(
        f'<row r="{r}" s="1" customFormat="1"><c r="A{r}" s="1"/><c r="B{r}" s="1"/></row>'
        for r in range(10, 1_000_001)
    )
    parts, sheet = parts_of_book(workbook()), "xl/worksheets/sheet6.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", f"{blank}</sheetData>".encode())
    path = write_parts(tmp_path / "book.xlsx", parts)
    began = time.process_time()
    assert read(path).case == read_tables(small_book()).case
    assert time.process_time() - began < 20


# ---- what is no workbook -----------------------------------------------------------------------


def _zip(**parts: bytes) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def _cut() -> bytes:
    made = BytesIO()
    workbook().save(made)
    return made.getvalue()[:-200]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

BROKEN = {
    "empty": (b"", "the file is empty"),
    "csv": (b"Mineral,Price\nCopper,9000\n", "text (CSV?)"),
    "html": (b"<html><table></table></html>", "HTML or XML text"),
    "xls": (OLE + b"\0" * 600, "old .xls workbook"),
    "protected": (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "by a password"),
    "cut off": (_cut(), "damaged or cut off"),
    "bytes": (bytes(range(256)) * 9, "not a workbook"),
    "zip": (_zip(a=b"1"), "a zip archive, not a workbook"),
    "ods": (_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
    "xlsb": (_zip(**{"[Content_Types].xml": b"<x/>", "xl/workbook.bin": b""}), ".xlsb"),
    "no parts": (_zip(**{"[Content_Types].xml": b"<x/>"}), "damaged"),
    "bad xml": (_zip(**{"[Content_Types].xml": b"<Types"}), "damaged"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_workbook_is_one_finding(tmp_path, kind: str) -> None:
    content, said = BROKEN[kind]
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    told = faults(read, path)
    assert len(told) == 1
    assert said in told[0][1]
    assert str(path) in told[0][1]


def test_missing_files_and_folders(tmp_path) -> None:
    assert "there is no such file" in faults(read, tmp_path / "none.xlsx")[0][1]
    assert "the folder has no CSV file" in faults(read, tmp_path)[0][1]
    assert "there is no such file" in faults(read, Path("a\0b.xlsx"))[0][1]


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch) -> None:
    workbook().save(tmp_path / "book.xlsx")
    monkeypatch.setattr(archive, "MOST_UNPACKED", 10_000)
    assert "unpacks to more than 10,000 bytes" in faults(read, tmp_path / "book.xlsx")[0][1]


def test_a_damaged_sheet_is_one_finding(tmp_path) -> None:
    assert "damaged" in faults(read, cells_as(tmp_path, '<c r="D2"><v>'))[0][1]


def test_macro_workbooks_and_styled_sheets_are_read(saved) -> None:
    made = workbook()
    for row in made["Refiners"].iter_rows():
        for cell in row:
            cell.fill = PatternFill("solid", "FFFF00")
    assert saved(made, "book.xlsm").case == read_tables(small_book()).case
