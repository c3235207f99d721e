"""Copies of a workbook keep what they don't change: rolled, pulled into and marked."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
import zlib

import openpyxl
import pytest
from lxml import etree
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image
from openpyxl.formatting.rule import CellIsRule, DataBarRule
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from models.errors import Finding
from planner.cli import main
from planner.workbook import read
from planner.workbook.edit import EditedBook
from planner.workbook.marked import mark
from tests.cli.roll.book import save_values, three_rows
from tests.parts import parts_of, write_parts
from tests.waiting import HANG

from planner.workbook.template import write_book  # isort: skip

BOX = (
    b'<xdr:twoCellAnchor xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/'
    b'spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    b"<xdr:from><xdr:col>9</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>30</xdr:row>"
    b"<xdr:rowOff>0</xdr:rowOff></xdr:from><xdr:to><xdr:col>12</xdr:col><xdr:colOff>0</xdr:colOff>"
    b"<xdr:row>33</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:to><xdr:sp><xdr:nvSpPr>"
    b'<xdr:cNvPr id="9" name="Box"/><xdr:cNvSpPr/></xdr:nvSpPr><xdr:spPr>'
    b'<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr><xdr:txBody><a:bodyPr/><a:p><a:r>'
    b"<a:t>a box of words</a:t></a:r></a:p></xdr:txBody></xdr:sp><xdr:clientData/>"
    b"</xdr:twoCellAnchor>"
)
SHARED = (
    b'<c r="F1"><f t="shared" ref="F1:F3" si="0">Refiners!$E2*1</f><v>1</v></c>',
    b'<c r="F2"><f t="shared" si="0"/><v>2</v></c>',
    b'<c r="F3"><f t="shared" si="0"/><v>0</v></c>',
)
KEPT = ("conditionalFormatting", "dataValidations", "drawing", "legacyDrawing", "mergeCells",
        "pageMargins", "extLst")  # fmt: skip


def png() -> io.BytesIO:
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress((b"\0" + b"\xff\0\0" * 4) * 4))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + header + rows + chunk(b"IEND", b""))


def rich(path) -> None:
    """Write a case with a chart, a picture, a text box, formats, names, a hidden sheet."""
    sources = [{"Sheet": "Refiners", "From": "near.csv"}]
    tables = three_rows(Sources=sources)
    write_book(path, tables, sheets=tuple(tables))
    book = openpyxl.load_workbook(path)
    refiners = book["Refiners"]
    chart = BarChart()
    chart.add_data(Reference(refiners, min_col=4, min_row=1, max_row=3), titles_from_data=True)
    refiners.add_chart(chart, "J2")
    refiners.add_image(Image(png()), "J20")
    refiners.conditional_formatting.add("D2:D9", DataBarRule("min", None, "max", None, "FF638EC6"))
    refiners.conditional_formatting.add(
        "E2:E9", CellIsRule("greaterThan", ["3"], fill=PatternFill("solid", bgColor="FFFFC7CE"))
    )
    refiners.add_data_validation(DataValidation("list", formula1='"Near,Far"', sqref="A2:A9"))
    refiners["B2"].comment = Comment("ask Ana", "Ben")
    refiners["A2"].font = Font(italic=True)
    hidden = book.create_sheet("My hidden notes")
    hidden.sheet_state, hidden["A1"], hidden["B1"] = "hidden", "Growth", "=A2+1"
    for row in range(1, 4):
        hidden[f"F{row}"] = f"=Refiners!$E{row + 1}*1"
    book.defined_names["Costs"] = DefinedName("Costs", attr_text="Refiners!$E$2:$E$3")
    own = DefinedName("Own", attr_text="'My hidden notes'!$A$1")
    hidden.defined_names["Own"] = own
    book.save(path)
    save_values(path, {hidden.title: {"B1": 1, "F1": 1, "F2": 2, "F3": 0}})
    parts = parts_of(path)
    box = next(
        n
        for n in parts
        if re.fullmatch(r"xl/drawings/drawing\d+\.xml", n)
        and b"<pic" in parts[n].replace(b"xdr:", b"")
    )
    end = parts[box].rindex(b"</")
    parts[box] = parts[box][:end] + BOX + parts[box][end:]
    sheet = f"xl/worksheets/sheet{book.sheetnames.index(hidden.title) + 1}.xml"
    for row, cell in enumerate(SHARED, start=1):
        parts[sheet], count = re.subn(rb'<c r="F%d".*?</c>' % row, cell, parts[sheet])
        assert count == 1
    write_parts(path, parts)


def by_libreoffice(folder) -> None:
    """Have LibreOffice open and save the case."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
               "--convert-to", "xlsx", "--outdir", str(folder / "saved"), "case.xlsx"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=HANG)
    shutil.move(folder / "saved" / "case.xlsx", folder / "case.xlsx")


def held(content: bytes) -> dict[str, list[bytes]]:
    """What a sheet has beside its cells."""
    tree = etree.fromstring(content)
    return {
        tag: [etree.tostring(e, method="c14n2").strip() for e in tree.iterchildren(f"{{*}}{tag}")]
        for tag in KEPT
    }


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "near.csv").write_text("Refiner,Mineral,Cost (USD/t)\nNear,Copper,1.5\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*extension is not supported")
@pytest.mark.parametrize("program", ["openpyxl", "libreoffice"])
def test_what_an_edit_does_not_touch_stays(desk, capsys, program):
    """Parts to the byte; in a changed sheet everything but its cells; names of their own sheets."""
    if program == "libreoffice" and shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice")
    rich(desk / "case.xlsx")
    if program == "libreoffice":
        by_libreoffice(desk)
    assert main(["solve", "case.xlsx", "-o", "plan.xlsx"]) == 0
    assert main(["roll", "plan.xlsx", "case.xlsx", "--to", "2027", "-o", "roll.xlsx"]) == 0
    assert main(["pull", "case.xlsx", "-o", "pull.xlsx"]) == 0, capsys.readouterr().err
    wrong = [Finding("Refiners", 2, found="wrong", cell=cell) for cell in ("B2", "E2")]
    mark(desk / "case.xlsx", desk / "mark.xlsx", wrong)
    before = parts_of("case.xlsx")
    sheets = {s.title: s.part for s in EditedBook(desk / "case.xlsx")._package.sheets}
    changed = {
        "roll": {"Demand", "Projects", "Budget", "Stockpiles", "Scenarios", "Settings",
                 "My hidden notes"},
        "pull": {"Refiners", "Sources"},
        "mark": {"Refiners"},
    }  # fmt: skip
    book_parts = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels",
                  "xl/styles.xml"}  # fmt: skip
    for name, titles in changed.items():
        after = parts_of(f"{name}.xlsx")
        own = {sheets[title] for title in titles if title in sheets}
        differ = {n for n in before if before[n] != after.get(n)} - book_parts - own
        if name == "mark":  # the comments of one sheet
            notes = {n for n in differ if re.search(r"comments|vmlDrawing", n)}
            assert len(notes) == 2
            differ -= notes
        selected = {n for n in differ if re.search(rb'tabSelected="(1|true)"', before[n])}
        assert len(selected) == (name != "pull")
        assert differ - selected == set(), name
        for part in set(sheets.values()):
            assert held(before[part]) == held(after[part]), (name, part)
        openpyxl.load_workbook(f"{name}.xlsx")
        copy = EditedBook(desk / f"{name}.xlsx")
        names = etree.fromstring(after["xl/workbook.xml"]).iter("{*}definedName")
        places = {e.get("name"): e.get("localSheetId") for e in names}
        assert copy.titles[int(places["Own"])] == "My hidden notes"
        assert copy.notes("Refiners")[2, 2].startswith("ask Ana")
        assert read(desk / f"{name}.xlsx").case.refiners
    formulas = openpyxl.load_workbook("roll.xlsx")["My hidden notes"]
    assert formulas["F2"].value == "=Refiners!$E3*1"


@pytest.mark.parametrize("place", ["F1", "F2", "F3"])
def test_a_shared_formula_outlives_the_cell_with_its_text(desk, place):
    """Each of the cells in turn becomes a value; the others keep their own formula."""
    rich(desk / "case.xlsx")
    book = EditedBook(desk / "case.xlsx")
    sheet = book.sheet("my hidden notes")
    row = int(place[1:])
    sheet.put(row, 6, 7.5)
    (desk / "copy.xlsx").write_bytes(book.finished_copy(".xlsx"))
    cells = openpyxl.load_workbook(desk / "copy.xlsx")["My hidden notes"]
    wanted = {f"F{r}": 7.5 if r == row else f"=Refiners!$E{r + 1}*1" for r in range(1, 4)}
    assert {at: cells[at].value for at in wanted} == wanted


def test_formulas_of_changed_cells_become_values(desk):
    """One that names the cell, one with a range, one by a name; others stay."""
    rich(desk / "case.xlsx")
    book = EditedBook(desk / "case.xlsx")
    book.sheet("Refiners").put(2, 5, 9.0)
    assert book.fix() == [("My hidden notes", "F1", 1.0)]


def test_marks_share_styles_and_leave_the_comments_of_others(desk):
    """A thousand marked cells add one style for each that they had; the copy opens in openpyxl."""
    rich(desk / "case.xlsx")
    found = [Finding("Refiners", r, found="wrong", cell=f"E{r}") for r in range(2, 900)]
    mark(desk / "case.xlsx", desk / "copy.xlsx", found)
    before, styles = (
        etree.fromstring(parts_of(desk / name)["xl/styles.xml"]).find("{*}cellXfs")
        for name in ("case.xlsx", "copy.xlsx")
    )
    assert len(styles) - len(before) < 40
    sheet = openpyxl.load_workbook(desk / "copy.xlsx")["Refiners"]
    assert sheet["B2"].comment.text == "ask Ana"
    assert sheet["E899"].comment.text.endswith("wrong.")
