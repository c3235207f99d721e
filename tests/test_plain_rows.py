"""Rows taken from the text of a worksheet are, cell for cell, what an XML parser makes of them."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from models.errors import InputError
from planner.workbook.archive import MAIN
from planner.workbook.excel import open_excel
from planner.workbook.stream import PlainRows
from tests.small_book import workbook

INPUTS = Path(__file__).parents[1] / "inputs"

CELLS = (
    '<c r="{a}"><v>5</v></c>',
    '<c r="{a}" s="1" t="n"><v>-1.5E-3</v></c>',
    '<c r="{a}" s="2"><v>46000</v></c>',  # a date
    '<c r="{a}" s="2"><v>1e10</v></c>',  # a date that is none
    '<c r="{a}" t="s"><v>1</v></c>',
    '<c r="{a}" t="s"><v>99</v></c>',  # no such text
    '<c r="{a}" t="inlineStr"><is><t>Türkiye</t></is></c>',
    '<c r="{a}" t="inlineStr"><is><t xml:space="preserve"> a &amp; b </t></is></c>',
    '<c r="{a}" t="inlineStr"><is><r><t>rich</t></r><r><t>er</t></r></is></c>',
    '<c r="{a}" t="inlineStr"><is><t></t></is></c>',
    '<c r="{a}"><f>A1*2</f><v>12</v></c>',
    '<c r="{a}"><f>A1*2</f><v>0</v></c>',
    '<c r="{a}"><f>A1*2</f></c>',
    '<c r="{a}"><f>A1*2</f><v></v></c>',
    '<c r="{a}"><f t="shared" si="0"/><v>7</v></c>',
    '<c r="{a}"><f t="array" ref="{a}:{b}">1</f><v>0</v></c>',
    '<c r="{a}" t="str"><f aca="false">B1</f><v>銅 mine</v></c>',
    '<c r="{a}" t="str"><f>B1</f><v>a&lt;b</v></c>',
    '<c r="{a}" t="e"><v>#REF!</v></c>',
    '<c r="{a}" t="b"><v>1</v></c>',
    '<c r="{a}" t="d"><v>2026-01-01</v></c>',
    '<c r="{a}" s="1"/>',
    '<c r="{a}"><v>1_000</v></c>',
    '<c r="{a}"><v>٣</v></c>',
    '<c r="{a}"><v>nan</v></c>',
    '<c r="{a}"><v>1e999</v></c>',
    '<c r="{a}"><v>12345678901234567890123</v></c>',
    "<c><v>3</v></c>",
    '<c t="n" r="{a}"><v>4</v></c>',
    '<c r="{a}"><v><![CDATA[8]]></v></c>',
    '<c r="{a}" s="3"><v>5</v></c>',  # shown as 10 %
    '<c r="{a}" s="03"><v>5</v></c>',
    '<c r="{a}" s="3" t="s"><v>1</v></c>',  # a text, shown as no
    '<c r="{a}" s="3"><f>A1*2</f><v>12</v></c>',
    '<c r="{a}"><v>-0.0</v></c>',
    '<c r="{a}"><f>RAND()</f><v>0.5</v></c>',
    '<c r="{a}"><f>&#82;AND()</f><v>0.5</v></c>',
    '<c r="{a}" t="str"><f>"RAND()"</f><v>RAND()</v></c>',
)
SAID = (' ht="15"', ' hidden="1"', ' ht="0"', " ht = '0.5'", ' customHeight="1"', "")
ANEW = b' fullCalcOnLoad="1"'
SOME = 0.05
PLAIN = (0, 1, 4, 6, 10, 14, 16)


def sheet_of(draw: random.Random, rows: int, odd: float) -> str:
    """The XML of a worksheet; some of its rows hold an odd cell."""
    lines = []
    for row in range(2, rows + 2):
        kinds = [draw.choice(PLAIN) for _ in range(4)]
        if draw.random() < odd:
            kinds[draw.randrange(4)] = draw.randrange(len(CELLS))
        cells = [
            CELLS[kind].format(a=f"{'ABCD'[i]}{row}", b=f"{'ABCD'[i]}{row + 2}")
            for i, kind in enumerate(kinds)
        ]
        number = "" if draw.random() < odd / 10 else f' r="{row}"'
        said = draw.choice(SAID) if draw.random() < odd else SAID[0]
        lines.append(f"<row{number}{said}>{''.join(cells)}</row>")
        if draw.random() < odd / 10:
            lines.append(f'<!-- <row r="{row}"><c r="A{row}"><v>666</v></c></row> -->')
    head = "".join(f'<c r="{c}1" t="inlineStr"><is><t>{c}</t></is></c>' for c in "ABCD")
    data = f'<row r="1">{head}</row>{"".join(lines)}'
    after = '<extra><row r="3"><c r="A3"><v>1</v></c></row></extra>'
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData>{after}</worksheet>'


def book_with(path: Path, xml: str, *, anew: bool = False) -> Path:
    """A workbook of three formats and two texts, one sheet of which is the given XML."""
    made = path.with_suffix(".made.xlsx")
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        sheet.write_number(0, 0, 1, book.add_format({"num_format": "0.00"}))
        sheet.write_number(1, 0, 1, book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_number(4, 0, 1, book.add_format({"num_format": '[<6]"10 %";0;0;"no"'}))
        sheet.write_string(2, 0, "first")
        sheet.write_string(3, 0, " second ")
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/workbook.xml" and not anew:
                assert ANEW in part
                part = part.replace(ANEW, b"")
            new.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else part)
    return path


def read(path: Path, *, plain: bool, monkeypatch) -> object:
    with monkeypatch.context() as patch:
        if not plain:
            patch.setattr(PlainRows, "take", lambda *_: None)
        try:
            grids = open_excel(path).grids
        except InputError:
            return "damaged"
    return [
        (
            g.title,
            g.header_row,
            repr(g.header),
            g.rows,
            {position: repr(column) for position, column in g.columns.items()},
            repr(g.stray),
            (g.hidden_rows, g.hidden_columns, g.volatile, g.is_hidden),
        )
        for g in grids
    ]


@pytest.mark.parametrize("anew", [False, True], ids=["saved values", "to be calculated anew"])
@pytest.mark.parametrize("odd", [0.0, 0.05, 0.5])
def test_both_ways_give_the_same_cells(tmp_path, monkeypatch, odd, anew):
    draw = random.Random(f"{odd} {anew}")
    seen = set()
    for i in range(12):
        xml = sheet_of(draw, 60, odd)
        if i % 4 == 3:
            xml = xml.replace("<sheetData>", '<sheetFormatPr zeroHeight="1"/><sheetData>', 1)
        path = book_with(tmp_path / "b.xlsx", xml, anew=anew)
        one = read(path, plain=True, monkeypatch=monkeypatch)
        seen |= {word for word in ("Printed(", "VolatileFormula(", "Dated(") if word in repr(one)}
        assert one == read(path, plain=False, monkeypatch=monkeypatch)
    assert len(seen) == 3 or odd < SOME


@pytest.mark.parametrize("name", ["critical-minerals", "magnets", "plain"])
def test_both_ways_agree_on_the_examples(name, monkeypatch):
    path = INPUTS / f"{name}.xlsx"
    one = read(path, plain=True, monkeypatch=monkeypatch)
    assert one == read(path, plain=False, monkeypatch=monkeypatch)


def test_nearly_all_rows_are_taken_without_a_parser(tmp_path, monkeypatch):
    taken = []
    take = PlainRows.take

    def counted(self, piece, at):
        found = take(self, piece, at)
        taken.append(found)
        return found

    monkeypatch.setattr(PlainRows, "take", counted)
    book = workbook()
    book.save(tmp_path / "b.xlsx")
    rows = sum(sheet.max_row for sheet in book)
    assert open_excel(tmp_path / "b.xlsx").grids
    assert sum(t is not None for t in taken) == rows


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'xmlns="{MAIN}"', 'xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"'),
        ("<worksheet", '<?xml version="1.0" encoding="ISO-8859-9"?><worksheet'),
        ("<sheetData>", "<!-- <sheetData> --><sheetData>"),
        ("</sheetData>", "</sheetData></worksheet>"),
        ("</row><row", "</row>\n  <row"),
        ('<row r="1"', '<row spans="1:4" r="1"'),
        ("<worksheet", "<!DOCTYPE worksheet [<!ENTITY e '1'>]><worksheet"),
    ],
)
def test_odd_sheets_read_as_the_parser_reads_them(tmp_path, monkeypatch, old, new):
    xml = sheet_of(random.Random(7), 30, 0.0)
    assert old in xml
    path = book_with(tmp_path / "b.xlsx", xml.replace(old, new))
    one = read(path, plain=True, monkeypatch=monkeypatch)
    assert one == read(path, plain=False, monkeypatch=monkeypatch)
