"""What calamine doesn't say of a sheet's cells is found in its XML, at the cell."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path

import pytest
import xlsxwriter

from models.errors import InputError
from planner.workbook.excel import UNSAVED, open_excel
from planner.workbook.grid import Dated, Fault, Grid
from tests.parts import parts_of, write_parts

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = '<row r="1">' + "".join(f'<c r="{c}1" t="inlineStr"><is><t>{c}</t></is></c>' for c in "ABCD")
FULL_LOAD = b' fullCalcOnLoad="1"'


def grid_of(
    folder: Path, rows: str, before: str = "", *, is_stale: bool = False, prefixed: str = ""
) -> Grid:
    """A sheet of the given rows below a header; its book has three formats and two texts."""
    path = folder / "book.xlsx"
    with xlsxwriter.Workbook(folder / "made.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 1, book.add_format({"num_format": "0.00"}))
        sheet.write_number(1, 0, 1, book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_string(2, 0, "first")
        sheet.write_string(3, 0, " second ")
        book.define_name("Luck", "=RAND()")
    xml = f'<worksheet xmlns="{MAIN}" xmlns:x="{MAIN}">'
    xml += f"{before}<sheetData>{HEAD}</row>{rows}</sheetData></worksheet>"
    if prefixed:
        xml = re.sub(rf"<(/?){prefixed}\b", rf"<\1x:{prefixed}", xml)
    parts = parts_of(folder / "made.xlsx")
    if not is_stale:
        assert FULL_LOAD in parts["xl/workbook.xml"]
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(FULL_LOAD, b"")
    write_parts(path, parts | {"xl/worksheets/sheet1.xml": xml.encode()})
    return open_excel(path).grids[0]


VALUES = [
    ("<v>5</v>", "", 5),
    ("<v>1.5E3</v>", "", 1500),
    ("<v>-0.0</v>", "", 0),
    ("<v> 5 </v>", "", "5"),
    ("<v><![CDATA[8]]></v>", "", 8),
    ("<v>1</v>", ' t="s"', "second"),
    ('<is><r><t xml:space="preserve">a </t></r><r><t>b</t></r></is>', ' t="inlineStr"', "a b"),
    ("<is><t>&lt;_x0041_&gt;</t></is>", ' t="inlineStr"', "<A>"),
    ("<f>B1</f><v>0</v>", "", 0),
    ('<f>""</f><v></v>', ' t="str"', None),
    ("<v>1</v>", ' t="b"', True),
    ("<v>#SPILL!</v>", ' t="e"', "the error value #SPILL!"),
    ("<v>#N/A</v>", ' t="e"', "the error value #N/A"),
    ("<f>A1</f>", "", "a formula without a saved value"),
    ("<f>A1</f><v/>", "", "a formula without a saved value"),
]


@pytest.mark.parametrize(("inner", "kind", "value"), VALUES)
def test_a_cell_and_its_neighbours_are_read(tmp_path, inner, kind, value) -> None:
    """A damaged cell leaves the others as they are."""
    cells = f'<c r="A3"><v>1</v></c><c r="C3"{kind}>{inner}</c><c r="D3"><v>2</v></c>'
    grid = grid_of(tmp_path, f'<row r="3">{cells}</row>')
    assert grid.rows == [3]
    first, read, last = (grid.columns[position][0] for position in (1, 3, 4))
    read = read.text if isinstance(read, Fault) else read
    assert (first, read, last) == (1, value, 2)
    assert isinstance(read, type(value))


@pytest.mark.parametrize(
    "cell",
    ['t="s"><v>99</v>', 't="b"><v>7</v>', 't="zzz"><v>7</v>', 't="n"><v>x</v>', "><v>7</v>\n</c"],
)
def test_a_cell_that_no_program_writes_is_damage(tmp_path, cell: str) -> None:
    with pytest.raises(InputError, match="the workbook is damaged"):
        grid_of(tmp_path, f'<row r="3"><c r="A3" {cell}</c></row>')


ODD = [
    '<c r="C3" t="inlineStr"/>', '<c r="C3" t="s"/>', '<c r="C3" s="9999"><v>7</v></c>', "<c/>",
    '<c r="C3"><f t="shared" si="5"/><v>7</v></c>', "<c><v>7</v></c>",
    '<c r="C3"><f t="dataTable"/></c>',
    '<c r="C3"><f t="array" ref="A1:XFD1048576">1</f></c>', '<c r="C3"><v>1</v><v>2</v></c>',
    '<c r="C3"><v><b>1</b></v></c>', '<c r="XFE3"><v>7</v></c>', '<c r="C0"><v>7</v></c>',
    '<c r="C3"><v>7</v></c></row><row r="0"><c r="A0"><v>1</v></c>',
    '<c r="C3"/></row><row r="-5"/><row r="1048577"><c r="A1048577"><v>1</v></c>',
    '<c r="C3"/></row><row r="1.5"><c r="A1"/>', '<c r="C3"/></row><row r="x"><c r="A1"/>',
]  # fmt: skip


@pytest.mark.parametrize("cell", ODD)
def test_an_odd_cell_is_read_or_refused(tmp_path, cell: str) -> None:
    with contextlib.suppress(InputError):
        grid = grid_of(tmp_path, f'<row r="3">{cell}</row>')
        assert all(
            isinstance(v, int | str | Fault | None) for c in grid.columns.values() for v in c
        )


ROWS = [
    ("<row><c><v>1</v></c><c><f>A1</f></c><c><v>3</v></c></row>", {2: [1, "unsaved", 3]}),
    ('<row r="9"><c r="C9"><v>3</v></c><c r="A9"><v>1</v></c></row>', {9: [1, None, 3]}),
    ('<row r="3"><c r="B3" t="e"><v>#REF!</v></c></row>', {3: [None, "the error", None]}),
    ('<row r="3" s="1"><c r="A3" s="1"/></row><row r="8"/>', {}),
    (
        "".join(
            f'<row r="{r}"><c r="A{r}" s="0"><v>{r}</v></c><c r="B{r}"{kind}</v></c></row>'
            for r, kind in [(3, "><v>1"), (4, ' t="e"><v>#REF!'), (5, ' t="s"><v>1'), (6, "><v>6")]
        ),
        {3: [3, 1], 4: [4, "the error"], 5: [5, "second"], 6: [6, 6]},
    ),
    ('<!-- <row r="9"><c r="A9"><v>9</v></c></row> --><row r="3"><c r="A3"><v>1</v></c></row>',
     {3: [1]}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "cells"), ROWS)
def test_where_cells_are(tmp_path, rows: str, cells: dict[int, list[object]]) -> None:
    grid = grid_of(tmp_path, rows)
    assert grid.rows == list(cells)
    for i, row in enumerate(grid.rows):
        for position, value in enumerate(cells[row], start=1):
            read = grid.columns[position][i]
            assert read == value or str(value) in read.text.replace("without a saved", "unsaved")


@pytest.mark.parametrize("part", ["worksheet", "sheetData", "row", "c", "v"])
def test_a_namespace_may_have_a_prefix(tmp_path, part: str) -> None:
    """Office programs write none; some libraries do."""
    rows = '<row r="3"><c r="A3"><v>1</v></c><c r="B3" t="e"><v>#N/A</v></c></row>'
    grid = grid_of(tmp_path, rows, prefixed=part)
    assert [grid.columns[1][0], grid.columns[2][0]] == [1, Fault("the error value #N/A")]


def test_an_array_formula_without_values_has_none_in_any_cell(tmp_path) -> None:
    cells = '<c r="A3"><f t="array" ref="A3:A4">1</f><v>0</v></c>'
    rows = f'<row r="3">{cells}</row><row r="4"><c r="A4"><v>0</v></c></row>'
    assert grid_of(tmp_path, rows, is_stale=True).columns[1] == [UNSAVED, UNSAVED]
    assert grid_of(tmp_path, rows).columns[1] == [0, 0]
    assert open_excel(tmp_path / "book.xlsx").sheets[0].scan.formulas == [(3, 1)]


@pytest.mark.parametrize(
    ("row", "before", "is_hidden"),
    [
        ('hidden="1"', "", True),
        ('ht="0"', "", True),
        ("ht = '0.5'", "", True),
        ('ht="15"', "", False),
        ("", '<sheetFormatPr zeroHeight="1"/>', True),
        ('ht="15"', '<sheetFormatPr zeroHeight="1"/>', False),
    ],
)
def test_hidden_rows(tmp_path, row: str, before: str, is_hidden: bool) -> None:
    grid = grid_of(
        tmp_path, f'<row r="3"{" " * bool(row)}{row}><c r="A3"><v>1</v></c></row>', before
    )
    assert (3 in grid.hidden_rows) is is_hidden


def test_dates_times_and_what_a_sheet_says_of_its_size(tmp_path) -> None:
    cells = '<c r="A3" s="2"><v>46000.5</v></c><c r="B3" s="2"><v>12345678</v></c>'
    for size in ("A1", "x", "", "A1:XFD1048576"):
        before = f'<dimension ref="{size}"/>'
        grid = grid_of(tmp_path, f'<row r="3">{cells}</row>', before)
        assert grid.columns[1] == [Dated(46000.5, dt.datetime(2025, 12, 9, 12))]
        assert grid.columns[2] == [12345678]
