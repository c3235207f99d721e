"""A copy of a workbook in which every faulty cell is coloured and commented."""

from __future__ import annotations

import re

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from models.errors import Finding, InputError, WriteError, warning
from planner.workbook import read
from planner.workbook.archive import is_input, is_plan, sheet_names
from planner.workbook.findings import sentence
from planner.workbook.marked import (
    MOST_JOINED,
    MOST_LISTED,
    MOST_MARKED,
    SIGN,
    is_markable,
    is_marked,
    mark,
)
from tests.parts import parts_of, parts_of_book, write_parts
from tests.small_book import workbook

RED, YELLOW = "FFFFC7CE", "FFFFEB9C"


def marked(tmp_path, book, findings=None):
    """Save a workbook, mark what is found in it (or what is given) and open the copy."""
    book.save(tmp_path / "case.xlsx")
    before = (tmp_path / "case.xlsx").read_bytes()
    found = findings if findings is not None else found_in(tmp_path / "case.xlsx")
    made = mark(tmp_path / "case.xlsx", tmp_path / "copy.xlsx", found)
    assert made.path == tmp_path / "copy.xlsx"
    assert (tmp_path / "case.xlsx").read_bytes() == before
    return openpyxl.load_workbook(tmp_path / "copy.xlsx")


def found_in(path):
    try:
        return read(path).warnings
    except InputError as error:
        return error.findings


def listed(book):
    """The rows of the sheet Findings below its header."""
    return [[c.value for c in row] for row in book["Findings"].iter_rows(min_row=5)]


def colour(cell):
    return cell.fill.fgColor.rgb


# ---- cells ---------------------------------------------------------------------------------------


def test_faulty_cells_are_coloured_and_say_what_is_wrong(tmp_path):
    book = workbook()
    book["Refiners"]["D2"] = "n/a"
    book["Refiners"]["C3"] = "Chinna"
    book["Refiners"]["N1"] = "Purity"
    copy = marked(tmp_path, book)
    sheet = copy["Refiners"]
    assert [colour(sheet[c]) for c in ("D2", "C3", "N1")] == [RED, RED, YELLOW]
    text = sheet["C3"].comment.text
    assert text.startswith(f"{SIGN}\nError: 'Chinna' is not a known country; expected a country")
    assert text.endswith("Did you mean 'China'?")
    assert sheet["N1"].comment.text.startswith(f"{SIGN}\nWarning: ")
    assert sheet["D2"].value == "n/a"
    assert sheet["D3"].comment is None


def test_several_findings_of_a_cell_are_joined_errors_first(tmp_path):
    findings = [warning("Demand", 2, found="odd", hint="look"), Finding("Demand", 2, found="wrong")]
    findings = [Finding(**{**vars(f), "cell": "C2"}) for f in findings]
    cell = marked(tmp_path, workbook(), findings)["Demand"]["C2"]
    assert cell.comment.text == f"{SIGN}\nError: wrong.\nWarning: odd. Look."
    assert colour(cell) == RED


def test_a_comment_shows_all_of_its_findings_up_to_a_number(tmp_path):
    many = [Finding("Demand", 2, found=f"wrong {i}", cell="C2") for i in range(MOST_JOINED + 3)]
    short = [Finding("Demand", 3, found="wrong", cell="C3")]
    marked(tmp_path, workbook(), [*many, *short])
    parts = parts_of(tmp_path / "copy.xlsx")
    drawings = (content.decode() for name, content in parts.items() if name.endswith(".vml"))
    heights = re.findall(r"height:(\d+)", "".join(drawings))
    text = openpyxl.load_workbook(tmp_path / "copy.xlsx")["Demand"]["C2"].comment.text
    assert text.endswith("\nand 3 more")
    tall, low = sorted(map(int, heights), reverse=True)
    assert tall >= 17 * text.count("\n")
    assert low < 80


def test_a_comment_that_was_there_is_kept(tmp_path):
    book = workbook()
    book["Refiners"]["D2"] = "n/a"
    book["Refiners"]["D2"].comment = Comment("ask Ana", "Ben")
    book["Refiners"]["E2"].comment = Comment("as of May", "Ben")
    copy = marked(tmp_path, book)
    comment = copy["Refiners"]["D2"].comment
    assert comment.text.startswith(f"ask Ana\n\n{SIGN}\nError: ")
    assert comment.author == "Ben"
    assert copy["Refiners"]["E2"].comment.text == "as of May"


def test_formats_formulas_and_drop_downs_are_kept(tmp_path):
    book = workbook()
    sheet = book["Refiners"]
    sheet["D2"], sheet["D3"] = "n/a", "=1000*2"
    sheet["D2"].number_format = "0.00"
    sheet["D2"].font = Font(bold=True)
    sheet["E3"].fill = PatternFill("solid", fgColor="FF00FF00")
    sheet.freeze_panes, sheet.column_dimensions["D"].width = "B2", 33
    rule = DataValidation(type="list", formula1="=Minerals!$A$2:$A$3", sqref="B2:B90")
    sheet.add_data_validation(rule)
    copy = marked(tmp_path, book)["Refiners"]
    assert copy["D3"].value == "=1000*2"
    assert (copy["D2"].number_format, copy["D2"].font.b) == ("0.00", True)
    assert colour(copy["E3"]) == "FF00FF00"
    assert (copy.freeze_panes, copy.column_dimensions["D"].width) == ("B2", 33)
    (kept,) = copy.data_validations.dataValidation
    assert (kept.formula1, str(kept.sqref)) == ("=Minerals!$A$2:$A$3", "B2:B90")


def test_a_drop_down_that_excel_keeps_apart_is_kept(tmp_path):
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14='
        '"http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
        '<x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/'
        'main"><x14:dataValidation type="list" allowBlank="1" showErrorMessage="1" '
        'errorTitle="Mineral"><x14:formula1><xm:f>Minerals!$A$2:$A$3</xm:f></x14:formula1>'
        "<xm:sqref>B2:B9 B11</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )
    parts, sheet = parts_of_book(workbook()), "xl/worksheets/sheet5.xml"
    end = f"{extension}</worksheet>".encode()
    parts[sheet] = parts[sheet].replace(b"</worksheet>", end)
    path = write_parts(tmp_path / "case.xlsx", parts)
    mark(path, tmp_path / "copy.xlsx", found_in(path))
    kept = parts_of(tmp_path / "copy.xlsx")[sheet].decode()
    assert extension.partition("<x14:")[2] in kept


def test_of_merged_cells_the_one_that_shows_is_marked(tmp_path):
    book = workbook()
    book["Demand"].merge_cells("A6:C7")
    copy = marked(tmp_path, book, [Finding("Demand", 7, found="wrong", cell="B7")])
    assert colour(copy["Demand"]["A6"]) == RED
    assert copy["Demand"]["A6"].comment is not None


def test_the_letters_of_a_dark_header_stay_readable(tmp_path):
    book = workbook()
    book["Refiners"]["A1"].font = Font(color="FFFFFFFF", bold=True)
    cell = marked(tmp_path, book, [Finding("Refiners", 1, found="wrong", cell="A1")])["Refiners"][
        "A1"
    ]
    assert (cell.font.color.rgb, cell.font.b) == ("FF9C0006", True)


# ---- the sheet Findings --------------------------------------------------------------------------


def test_every_finding_is_listed_with_a_link_to_its_cell(tmp_path):
    book = workbook()
    book["Refiners"].title = " refiners "
    book[" refiners "]["D2"] = "n/a"
    book[" refiners "]["N1"] = "Purity"
    del book["Members"]
    copy = marked(tmp_path, book)
    assert copy.sheetnames[0] == "Findings"
    assert [sheet.sheet_view.tabSelected for sheet in copy].count(True) == 1
    assert copy.active.title == "Findings"
    rows = listed(copy)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    (missing,) = [
        row for row in rows if row[3].startswith("The sheet Members is missing; expected")
    ]
    assert missing[1:3] == ["Members", None]
    at = next(i for i, row in enumerate(rows, 5) if row[1:3] == [" refiners ", "D2"])
    assert copy["Findings"][f"C{at}"].hyperlink.location == "' refiners '!D2"
    assert rows[at - 5][3].startswith("Found the text 'n/a'; expected a number")
    errors = sum(row[0] == "error" for row in rows)
    assert copy["Findings"]["A2"].value == f"Errors: {errors}. Warnings: {len(rows) - errors}."


def test_nothing_found_gives_an_empty_list(tmp_path):
    copy = marked(tmp_path, workbook(), [])
    assert copy["Findings"]["A2"].value == "Errors: 0. Warnings: 0."
    assert not any(any(row) for row in listed(copy))


def test_texts_of_the_input_stay_texts(tmp_path):
    findings = [
        Finding("Demand", 2, found='=HYPERLINK("x")', hint="\x00\x1b\ud800", cell="C2"),
        Finding("Demand", 3, found="x" * 40_000, cell="C3"),
    ]
    copy = marked(tmp_path, workbook(), findings)
    assert copy["Findings"]["D5"].data_type == "s"
    assert copy["Findings"]["D5"].value.startswith("=HYPERLINK")
    assert copy["Findings"]["E5"].value == "???."
    assert len(copy["Findings"]["D6"].value) == 1_000


@pytest.mark.slow
def test_beyond_a_number_cells_are_not_marked_and_it_is_said(tmp_path):
    many = [warning("Demand", i, found="odd") for i in range(2, MOST_LISTED + 10)]
    many = [Finding(**{**vars(f), "cell": f"C{f.row}"}) for f in many]
    last = Finding("Demand", 99_000, found="wrong", cell="C99000")
    copy = marked(tmp_path, workbook(), [*many, last])
    cells = [c for row in copy["Demand"].iter_rows() for c in row if c.comment is not None]
    assert len(cells) == MOST_MARKED
    assert colour(copy["Demand"]["C99000"]) == RED  # errors go first
    assert len(listed(copy)) == MOST_LISTED
    said = copy["Findings"]["A2"].value
    assert "The first 2,000 of 5,009 cells are marked." in said
    assert "The first 5,000 of 5,009 findings are listed." in said


# ---- which files ---------------------------------------------------------------------------------


def test_a_copy_is_marked_afresh(tmp_path):
    book = workbook()
    book["Refiners"]["D2"] = "n/a"
    book["Refiners"]["D2"].comment = Comment("ask Ana", "Ben")
    book["Refiners"]["D3"] = "n/a"
    copy = marked(tmp_path, book)
    copy["Refiners"]["D2"] = copy["Refiners"]["D3"] = 1000
    copy["Refiners"]["D4"] = "n/a"
    again = marked(tmp_path, copy)
    sheet = again["Refiners"]
    assert again.sheetnames.count("Findings") == 1
    assert sheet["D2"].comment.text == "ask Ana"
    assert sheet["D3"].comment is None
    assert [sheet[c].fill.fill_type for c in ("D2", "D3", "D4")] == [None, None, "solid"]
    assert [row[2] for row in listed(again)] == ["D4"]


def test_a_sheet_of_that_name_is_kept(tmp_path):
    book = workbook()
    book.create_sheet("FINDINGS")["A1"] = "mine"
    copy = marked(tmp_path, book, [])
    assert copy.sheetnames[0] == "Findings_"
    assert copy["FINDINGS"]["A1"].value == "mine"


def test_the_copy_of_a_workbook_with_macros_has_none(tmp_path):
    parts, types = parts_of_book(workbook()), "[Content_Types].xml"
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert kind in parts[types]
    with_macros = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    parts |= {types: parts[types].replace(kind, with_macros), "xl/vbaProject.bin": b"macros"}
    path = write_parts(tmp_path / "case.xlsm", parts)
    mark(path, tmp_path / "copy.xlsx", found_in(path))
    copy = parts_of(tmp_path / "copy.xlsx")
    assert "xl/vbaProject.bin" not in copy
    assert b"macroEnabled" not in copy[types]


def test_what_cannot_be_copied_is_said_and_nothing_written(tmp_path):
    (tmp_path / "case.xlsx").write_text("words")
    with pytest.raises(WriteError, match=r"copy.xlsx is not written: .*case.xlsx cannot be copied"):
        mark(tmp_path / "case.xlsx", tmp_path / "copy.xlsx", [])
    assert [p.name for p in tmp_path.iterdir()] == ["case.xlsx"]


def test_a_file_that_is_no_workbook_has_no_cells(tmp_path):
    (tmp_path / "case.xlsx").write_text("words")
    assert not is_markable(found_in(tmp_path / "case.xlsx"))
    assert is_markable([Finding("Demand", 2)])
    assert is_markable([])


def test_inputs_plans_and_copies_are_told_apart(tmp_path):
    book = workbook()
    book.save(tmp_path / "case.xlsx")
    assert is_input(tmp_path / "case.xlsx")
    marked(tmp_path, book, [])
    assert is_marked(tmp_path / "copy.xlsx")
    assert not is_marked(tmp_path / "case.xlsx")
    for name in ("Summary", "Plan"):
        book.create_sheet(name)
    book.save(tmp_path / "notes.xlsx")
    assert is_input(tmp_path / "notes.xlsx")  # with sheets of one's own
    assert not is_plan(tmp_path / "notes.xlsx")
    del book["Demand"]
    book.save(tmp_path / "plan.xlsx")
    assert is_plan(tmp_path / "plan.xlsx")
    assert not is_input(tmp_path / "plan.xlsx")
    (tmp_path / "text.xlsx").write_text("words")
    assert sheet_names(tmp_path / "text.xlsx") == []
    assert sheet_names(tmp_path / "missing.xlsx") == []


# ---- sentences -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected", "hint", "said"),
    [
        ("the text 'n/a'", "a number", "", "Found the text 'n/a'; expected a number."),
        ("the text 'it is so'", "yes or no", "", "Found the text 'it is so'; expected yes or no."),
        ("the sheet X is empty", "rows", "", "The sheet X is empty; expected rows."),
        ("'Chille' is no country", "", "did you mean 'Chile'?", None),
        ("a blank cell", "", "", "A blank cell."),
        ("", "a number", "type it", "Expected a number. Type it."),
        ("odd", "", "did you mean 5? it is text", "odd. Did you mean 5? It is text."),
        ("li.xlsx: not there", "", "", "li.xlsx: not there."),
        ("", "", "", ""),
    ],
)
def test_a_finding_reads_as_sentences(found, expected, hint, said):
    said = "'Chille' is no country. Did you mean 'Chile'?" if said is None else said
    assert sentence(Finding(found=found, expected=expected, hint=hint)) == said
