"""Files that are made to fill the memory, damaged ones, and what is no regular file."""

from __future__ import annotations

import io
import os
import socket
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.cli import main
from planner.workbook import archive, findings, read
from planner.workbook.archive import sheet_names
from tests import fuzz_parts
from tests.budget import at_length
from tests.parts import parts_of, parts_of_book, write_parts
from tests.small_book import faults, workbook
from tests.test_fuzz_workbook import PLAIN, run

SHEET, TEXTS = "xl/worksheets/sheet5.xml", "xl/sharedStrings.xml"


@pytest.fixture
def changed(tmp_path) -> Callable[..., Path]:
    """Write a book with a text put before a mark in one of its parts."""

    def change(part: str, mark: bytes, new: bytes) -> Path:
        parts = parts_of(PLAIN) if part == TEXTS else parts_of_book(workbook())
        assert mark in parts[part]
        parts[part] = parts[part].replace(mark, new + mark, 1)
        return write_parts(tmp_path / "book.xlsx", parts)

    return change


MANY = 700_000
LARGE = {
    "names": ("xl/workbook.xml", b"</workbook>", (b"<x/>", MANY), "elements"),
    "a long part": ("xl/styles.xml", b"</styleSheet>", (b" ", 1 << 25), "unpacks to more than"),
    "texts": (TEXTS, b"</sst>", (b" ", 1 << 27), "unpacks to more than"),
    "a ratio": ("xl/theme/theme1.xml", b"</a:theme>", (b" ", 1 << 27), "times its bytes"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_a_file_that_unpacks_to_too_much_is_refused(changed, kind: str, monkeypatch) -> None:
    part, mark, (each, times), said = LARGE[kind]
    if kind != "a ratio":
        monkeypatch.setattr(archive, "MOST_RATIO", 1 << 20)
    told = faults(read, changed(part, mark, each * times))
    assert len(told) == 1
    assert said in told[0][1]


FAR = {"A1048576": "M", "XFD9": "", "XFD1048576": "XFD", "ZZ900000": "ZZ", "T500000": "T"}


@pytest.mark.parametrize("place", FAR)
def test_a_cell_far_from_the_others_is_named(changed, place: str) -> None:
    """calamine holds every cell from A1 to the last one: this would take up to 400 GB."""
    row = place.lstrip("ATXFDZ")
    cell = f'<row r="{row}"><c r="{place}"><v>1</v></c></row>'
    path = changed(SHEET, b"</sheetData>", cell.encode())
    if not FAR[place]:
        assert read(path)
    else:
        said = f"the sheet Refiners reaches to row {int(row):,} and column {FAR[place]}"
        assert said in faults(read, path)[0][1]


def test_a_sheet_that_is_listed_many_times_counts_each_time(changed, monkeypatch):
    monkeypatch.setattr(archive, "MOST_CELLS", 1_000)
    space = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    again = b"".join(
        b'<sheet name="s%d" sheetId="%d" xmlns:r="%s" r:id="rId5"/>' % (i, i, space)
        for i in range(99)
    )
    path = changed("xl/workbook.xml", b"</sheets>", again)
    assert "the file has more than 1,000 cells" in faults(read, path)[0][1]


def test_many_parts_are_refused(changed, monkeypatch) -> None:
    monkeypatch.setattr(archive, "MOST_PARTS", 5)
    assert "parts inside; at most 5" in faults(read, changed(TEXTS, b"</sst>", b" "))[0][1]


def test_what_a_part_declares_does_not_count(changed) -> None:
    """A size of 100 written over that of a part of many megabytes gives no more than 100 bytes."""
    path = changed("xl/styles.xml", b"</styleSheet>", b" " * (1 << 24))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"xl/styles.xml") - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    struct.pack_into("<L", content, at + 24, 100)
    path.write_bytes(content)
    assert "damaged" in faults(read, path)[0][1]


def test_only_packings_that_excel_knows_are_unpacked(tmp_path) -> None:
    path = write_parts(tmp_path / "book.xlsx", parts_of_book(workbook()), zipfile.ZIP_BZIP2)
    assert "packed in a way that Excel does not know" in faults(read, path)[0][1]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(0, 200, 25))
def test_a_bit_turned_in_a_part_is_a_finding_for_every_command(tmp_path, plan, number) -> None:
    book, made = plan
    bad, copy = tmp_path / "bad.xlsx", tmp_path / "copy.xlsx"
    for source, *words in (
        (book, "check", bad),
        (book, "solve", bad, "--output", copy),
        (made, "verify", bad, book),
        (made, "diff", bad, made),
        (made, "orders", bad, tmp_path / "orders"),
    ):
        content, said = fuzz_parts.flipped_bit(source.read_bytes(), f"{words[0]} {number}")
        bad.write_bytes(content)
        assert run(*words)[0] in {0, 1}, said


@pytest.fixture(scope="module")
def plan(tmp_path_factory) -> tuple[Path, Path]:
    """An input and its plan."""
    made = tmp_path_factory.mktemp("plan") / "plan.xlsx"
    assert run("solve", PLAIN, "--output", made)[0] == 0
    return PLAIN, made


def test_a_damaged_part_that_nobody_reads_is_a_finding(changed) -> None:
    path = changed("docProps/core.xml", b"</", b"")
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        part = made.getinfo("docProps/core.xml")
    at = part.header_offset + 30 + len(part.filename) + part.compress_size // 2
    path.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    assert "damaged" in faults(read, path)[0][1]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_regular_file_is_never_opened(tmp_path, kind: str, monkeypatch) -> None:
    path = tmp_path / "x.xlsx"
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("x.xlsx")
    else:
        path = Path("/dev/zero")
    assert "not a regular file" in faults(read, path)[0][1]
    assert sheet_names(path) == []
    for words in (("check", path), ("report", path), ("orders", path, "o"), ("verify", path, path)):
        assert run(*words)[0] == 1


@pytest.mark.parametrize(
    "name", ["a\0b.xlsx", "a\ud800b.xlsx", f"{'x' * 300}.xlsx", f"{'y/' * 3000}z"]
)
def test_a_name_that_no_file_can_have(name: str) -> None:
    said = faults(read, Path(name))[0][1]
    assert "there is no such file" in said or len(name) > 1000
    for words in (["check", name], ["report", name]):
        assert main(words) == 2


@pytest.mark.slow
@pytest.mark.fuzz
def test_very_many_rows_pass(changed) -> None:
    """Their names are given as texts of their own, which takes the most room."""
    many = at_length(20_000, 200_000)
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>R%d</t></is></c>'
        b'<c r="B%d" t="inlineStr"><is><t>Copper</t></is></c>'
        b'<c r="C%d" t="inlineStr"><is><t>Chile</t></is></c>'
        b'<c r="D%d"><v>%d.5</v></c><c r="F%d"><v>8000</v></c></row>' % ((r,) * 8)
        for r in range(9, 9 + many)
    )
    path = changed(SHEET, b"</sheetData>", rows)
    assert len(read(path).case.refiners) == many + 4


def test_of_millions_of_faulty_cells_some_are_told(changed, monkeypatch) -> None:
    monkeypatch.setattr(findings, "MOST_FINDINGS", 100)
    rows = b"".join(b'<row r="%d"><c r="D%d"><v>x</v></c></row>' % (r, r) for r in range(9, 1009))
    told = faults(read, changed(SHEET, b"</sheetData>", rows))
    assert len(told) < 1000
    assert any("900 more such cells" in said for _, said in told)


def test_elements_outside_the_rows_take_time_in_proportion(changed) -> None:
    began = time.process_time()
    read(changed(SHEET, b"</sheetData>", b"<x/>" * 1_000_000))
    assert time.process_time() - began < 20


def test_rows_and_texts_are_counted(changed, monkeypatch) -> None:
    monkeypatch.setattr(archive, "MOST_ROWS", 500)
    rows = b'<row r="501"><c r="A501"><v>1</v></c></row>'
    assert "more than 500 rows" in faults(read, changed(SHEET, b"</sheetData>", rows))[0][1]
    monkeypatch.setattr(archive, "MOST_CELLS", 5_000)
    assert "more than 5,000" in faults(read, changed(TEXTS, b"</sst>", b"<si/>" * 5_000))[0][1]
