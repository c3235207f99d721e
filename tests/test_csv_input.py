"""A folder of CSV files gives the case of the workbook, or says what is wrong with it."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from threading import Event, Thread

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import case
from models.case import Case
from models.errors import InputError
from models.plan import solve
from models.schema import SHEETS
from planner.cli import main
from planner.documents.folder import write_case
from planner.sheets import write_plan
from planner.workbook import csv_folder, read, read_tables
from planner.workbook.csv_folder import open_folder
from planner.workbook.excel import open_excel
from planner.workbook.grid import header_and_rows
from planner.workbook.save import fingerprint, watch_saves
from tests.books import write_book
from tests.budget import IS_LONG, few
from tests.csv_book import write_csv_book
from tests.reference.cases import EVERYTHING, random_book
from tests.small_book import small_book
from tests.waiting import HANG

INPUTS = sorted((Path(__file__).parents[1] / "inputs").glob("*.xlsx"))
DIALECTS = {
    "commas": {},
    "byte-order mark": {"encoding": "utf-8-sig"},
    "UTF-16": {"encoding": "utf-16"},
    "a European Excel": {"separator": ";", "mark": ",", "encoding": "utf-8-sig"},
    "semicolons and points": {"separator": ";", "end": "\n"},
    "tabs": {"separator": "\t", "mark": ",", "end": "\r"},
}
SHEET_NAMES = {record.SHEET for record in SHEETS}
OF_THE_RUN = {"Input SHA-256", "Written"}


def whole(given: Case) -> object:
    """Return all that a case holds, rows, notes and sources, too."""
    return [[dataclasses.astuple(r) for r in given.records(record.SHEET)] for record in SHEETS]


def sheets_of(book: Path) -> dict[str, list[list[object]]]:
    """Return the sheets of a workbook cell by cell."""
    return {g.title: header_and_rows(g) for g in open_excel(book).grids if g.title in SHEET_NAMES}


def values(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every cell of a plan's workbook but the hash of its input and the time."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [r for r in sheet.iter_rows(values_only=True) if r[0] not in OF_THE_RUN]
        for sheet in book.worksheets
    }


def faults(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        read(folder)
    return [(f.place, f.message) for f in caught.value.findings]


@pytest.fixture
def folder(tmp_path):
    """The small book as CSV files."""
    return write_csv_book(tmp_path / "small", small_book())


def change(folder: Path, sheet: str, old: str, new: str, encoding: str = "utf-8") -> None:
    path = folder / f"{sheet}.csv"
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode(encoding))


# ---- the same case, the same plan ----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("book", INPUTS, ids=lambda path: path.stem)
def test_inputs_give_the_same_plan_to_the_cell(tmp_path, book) -> None:
    folder = tmp_path / book.name
    write_case(folder, sheets_of(book))
    workbook, given = read(book), read(folder)
    assert whole(given.case) == whole(workbook.case)
    assert [(f.cell, f.message) for f in given.warnings] == [
        (f.cell, f.message) for f in workbook.warnings
    ]
    if book.stem == "plain" or IS_LONG:  # the others take a minute
        plans = []
        for source in (workbook, given):
            write_plan(tmp_path / "plan.xlsx", solve(source.case), source)
            plans.append(values(tmp_path / "plan.xlsx"))
        assert plans[0] == plans[1]


def assert_same(path: Path, seed: int) -> None:
    """A random book as a workbook and in each dialect: one case, its rows and notes too."""
    tables = random_book(np.random.default_rng(seed), features=EVERYTHING)
    wanted = read_tables(tables)
    for name, dialect in DIALECTS.items():
        given = read(write_csv_book(path / name, tables, **dialect))
        assert given.case == wanted.case
        assert whole(given.case) == whole(wanted.case), name
        assert [f.message for f in given.warnings] == [f.message for f in wanted.warnings]
    write_book(path / "book.xlsx", tables)
    write_case(path / "cells", sheets_of(path / "book.xlsx"))
    assert whole(read(path / "cells").case) == whole(read(path / "book.xlsx").case)


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(15), 5))
def test_random_books_give_the_same_case(tmp_path, seed) -> None:
    assert_same(tmp_path, seed)


def test_fingerprint_is_of_what_is_read(folder) -> None:
    first = read(folder).sha256
    assert fingerprint(folder) == first
    (folder / "README.txt").write_text("no sheet", encoding="utf-8")
    (folder / "scraps.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert read(folder).sha256 == first
    change(folder, "demand", "600", "601")
    assert read(folder).sha256 == fingerprint(folder) != first


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
TEXTS_OF_A_CELL = st.one_of(
    NAMES,
    st.sampled_from(
        ["=1+1", "'=1", "-5", "@x", "007", "1e5", "sep=;", '"', "a,b;c\td", "x\ny", " "]
    ),
)


@pytest.mark.slow
@given(notes=st.lists(TEXTS_OF_A_CELL, min_size=1, max_size=6))
@settings(max_examples=200)
def test_texts_that_the_planner_writes_come_back(tmp_path_factory, notes) -> None:
    folder = tmp_path_factory.mktemp("texts")
    write_case(
        folder,
        {
            "Minerals": [
                ["Mineral", "Price (USD/t)", "Note"],
                *([f"M{i}", 1.5, note] for i, note in enumerate(notes)),
            ]
        },
    )
    (grid,) = open_folder(folder).grids
    wanted = [note.strip() if case.normalize(note) else None for note in notes]
    assert grid.values(3) == [text or None for text in wanted]
    assert grid.values(2) == [1.5] * len(notes)


@pytest.mark.slow
@given(content=st.binary(max_size=300), encoding=st.sampled_from(["", "utf-8-sig", "utf-16"]))
@settings(max_examples=300)
def test_any_bytes_are_read_or_told(tmp_path_factory, content, encoding) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    if encoding:
        content = content.decode("latin-1").encode(encoding)
    (folder / "settings.csv").write_bytes(content)
    (folder / "minerals.csv").write_bytes(b"Mineral,Price (USD/t)\n" + content)
    (folder / "other.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.findings


# ---- where something is wrong --------------------------------------------------------------------


def test_errors_name_file_row_and_column(folder) -> None:
    change(folder, "refiners", "Chile,1000", "Chille,1000")
    change(folder, "refiners", "China,5000", "China,n/a")
    change(folder, "settings", "0.05", "65")
    places = dict(faults(folder))
    assert "is not a known country" in places["refiners.csv, row 2, column Country"]
    assert "'n/a'" in places["refiners.csv, row 3, column Capacity (t/yr)"]
    assert places.keys() == {
        "refiners.csv, row 2, column Country",
        "refiners.csv, row 3, column Capacity (t/yr)",
        "settings.csv, row 5, column Value",
    }


def test_duplicate_names_both_rows(folder) -> None:
    change(folder, "minerals", "Lithium", "copper")
    found = dict(faults(folder))["minerals.csv, row 3, column Mineral"]
    assert "first in row 2, column 1" in found


def test_json_has_sheet_cell_file_row_and_column(folder) -> None:
    change(folder, "refiners", "China,5000", "China,n/a")
    with pytest.raises(InputError) as caught:
        read(folder)
    (answer,) = [f.as_json() for f in caught.value.findings]
    assert {k: v for k, v in answer.items() if k != "message"} == {
        "sheet": "Refiners", "cell": "D3",
        "file": "refiners.csv", "row": "3", "column": "Capacity (t/yr)",
    }  # fmt: skip


TEXTS = {
    "formula as a name": ("Jiangxi", "=HYPERLINK(1)", "the formula '=HYPERLINK(1)'"),
    "thousands mark": ("China,5000", 'China,"5,000"', "without thousands marks"),
    "thousands twice": ("China,5000", 'China,"5,000,000"', "5,000,000"),
    "logical value": ("China,5000", "China,TRUE", "the text 'TRUE'"),
    "date": ("China,5000", "China,2026-01-01", "the text '2026-01-01'"),
    "not a number": ("China,5000", "China,nan", "the text 'nan'"),
    "infinity": ("China,5000", "China,1e999", "the number inf"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), TEXTS.values(), ids=TEXTS)
def test_a_cell_that_is_no_value_is_told(folder, old, new, words) -> None:
    change(folder, "refiners", old, new)
    assert any(words in message for _, message in faults(folder))


def test_an_apostrophe_says_that_a_text_is_no_formula(folder) -> None:
    change(folder, "minerals", "LME", "'=LME")
    assert read(folder).case.minerals[0].note == "=LME"


def test_percentages_are_fractions(folder) -> None:
    change(folder, "share-limits", "0.65", "65%")
    change(folder, "settings", "0.05", "5 %")
    change(folder, "lanes", "0.1,yes", "10%,yes")
    assert whole(read(folder).case) == whole(read_tables(small_book()).case)
    change(folder, "refiners", "China,5000", "China,50%")
    assert [place for place, _ in faults(folder)] == ["refiners.csv, row 3, column Capacity (t/yr)"]


@pytest.mark.parametrize("text", ["1.234", "1,234", "-1.234"])
def test_a_mark_that_nothing_shows(tmp_path, text) -> None:
    content = f"Mineral;Country;Capacity (t/yr)\nCopper;Chile;{text}\n"
    (tmp_path / "mines.csv").write_text(content, encoding="utf-8")
    (grid,) = open_folder(tmp_path).grids
    (cell,) = grid.values(3)
    assert "the mark may separate thousands or decimals" in cell.text
    (tmp_path / "minerals.csv").write_text("Mineral;Price (USD/t)\nCopper;0,5\n", "utf-8")
    mines = open_folder(tmp_path).grids[-1].values(3)
    assert (
        mines == [-1.234 if text[0] == "-" else 1.234] if "," in text else isinstance(mines, list)
    )


def test_quoted_newlines_are_one_row(folder) -> None:
    change(folder, "minerals", "LME", '"LME,\r\nsecond line, ""quoted"""')
    change(folder, "minerals", "12000.5", "n/a")
    assert faults(folder)[0][0] == "minerals.csv, row 3, column Price (USD/t)"
    change(folder, "minerals", "n/a", "12000.5")
    assert read(folder).case.minerals[0].note == 'LME,\r\nsecond line, "quoted"'


def test_unknown_file_has_the_closest_sheet(folder) -> None:
    (folder / "refiners.csv").rename(folder / "refinery.csv")
    said = "there is no file refiners.csv. is the file refinery.csv meant?"
    assert faults(folder) == [("refiners.csv", said)]


def test_unknown_file_is_known_by_its_columns(folder) -> None:
    (folder / "refiners.csv").rename(folder / "extract 2026.csv")
    said = "there is no file refiners.csv. is the file extract 2026.csv meant?"
    assert faults(folder) == [("refiners.csv", said)]


def test_names_of_files(folder) -> None:
    (folder / "share-limits.csv").rename(folder / "Share_Limits.CSV")
    (folder / "ore-lanes.csv").rename(folder / "Ore lanes.csv")
    assert whole(read(folder).case) == whole(read_tables(small_book()).case)
    (folder / "ore-lanes.csv").write_bytes((folder / "Ore lanes.csv").read_bytes())
    assert "the file Ore lanes.csv and the file ore-lanes.csv" in faults(folder)[0][1]


def test_other_things_in_the_folder_are_left_alone(folder) -> None:
    (folder / "old").mkdir()
    (folder / "old" / "refiners.csv").write_text("Refiner\n", encoding="utf-8")
    (folder / "._refiners.csv").write_bytes(b"\0\5")
    (folder / "~refiners.csv").write_bytes(b"\0\5")
    (folder / "plan.xlsx").write_bytes(b"PK")
    assert whole(read(folder).case) == whole(read_tables(small_book()).case)


def test_a_folder_in_the_place_of_a_file(folder) -> None:
    (folder / "rights.csv").mkdir()
    assert faults(folder) == [("rights.csv", "this is a folder; expected a CSV file")]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_links_that_lead_out_and_pipes(folder, tmp_path) -> None:
    (folder / "refiners.csv").rename(tmp_path / "secret.csv")
    (folder / "refiners.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(folder / "rights.csv")
    found = dict(faults(folder))
    assert "a link that leads out of the folder" in found["refiners.csv"]
    assert "not a regular file" in found["rights.csv"]
    (folder / "rights.csv").unlink()
    (folder / "refiners.csv").unlink()
    (folder / "refiners.csv").symlink_to("/etc/passwd")
    assert "leads out of the folder" in dict(faults(folder))["refiners.csv"]
    (folder / "refiners.csv").unlink()
    (tmp_path / "secret.csv").rename(folder / "kept.txt")
    (folder / "refiners.csv").symlink_to(folder / "kept.txt")
    assert read(folder).case.refiners


def test_two_gigabytes_are_refused_before_they_are_read(folder, monkeypatch) -> None:
    def never(*_: object) -> bytes:
        raise AssertionError

    with (folder / "demand.csv").open("r+b") as file:
        file.truncate(2 << 30)
    monkeypatch.setattr(csv_folder, "contents", never)
    assert faults(folder) == [
        ("demand.csv",
         "the file has 2,147,483,648 bytes; at most 268,435,456 are read; expected a CSV file")
    ]  # fmt: skip


def test_many_files_rows_and_cells_are_refused(folder, monkeypatch) -> None:
    for name, words in (("MOST_UNPACKED", "bytes"), ("MOST_ROWS", "rows"), ("MOST_CELLS", "cells"),
                        ("MOST_PARTS", "files")):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(csv_folder.archive, name, 2)
            assert words in faults(folder)[0][1]


def test_an_empty_folder_says_what_is_expected(tmp_path) -> None:
    assert "has no CSV file; expected a folder of CSV files" in faults(tmp_path)[0][1]
    (tmp_path / "case.xlsx").write_bytes(b"PK")
    assert f"did you mean {tmp_path / 'case.xlsx'}?" in faults(tmp_path)[0][1]


def test_empty_files_and_blank_lines(folder) -> None:
    (folder / "rights.csv").write_bytes(b"")
    (folder / "supports.csv").write_bytes(b"\xef\xbb\xbf\r\n\r\n")
    text = (folder / "members.csv").read_bytes()
    (folder / "members.csv").write_bytes(b"\r\n,,\r\n" + text.replace(b"\r\n", b"\r\n\r\n"))
    members = read(folder).case.members
    assert {m.name: m.row for m in members} == {"Japan": 5, "Korea": 7, "Other EU": 9}
    (folder / "demand.csv").write_bytes(b"")
    assert "the file demand.csv is empty" in dict(faults(folder))["demand.csv"]


def test_cells_of_a_folder_are_its_texts(folder) -> None:
    change(folder, "minerals", "LME", "007")
    change(folder, "members", "Asia", "1.50")
    given = read(folder).case
    assert (given.minerals[0].note, given.members[0].group) == ("007", "1.50")
    assert open_folder(folder).grids[0].file == "budget.csv"


# ---- commands ------------------------------------------------------------------------------------

COMMANDS = {
    "check": ["--json"],
    "solve": ["-o", "plan.xlsx"],
    "compare": ["-o", "comparison.xlsx"],
    "explain": ["--mineral", "Copper", "--member", "Japan", "--year", "2026"],
    "model": ["-o", "case.lp"],
    "ranges": ["-o", "ranges.xlsx"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_take_a_folder(folder, tmp_path, monkeypatch, capsys, command) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command, "small", *COMMANDS[command]]) == 0, capsys.readouterr().err


@pytest.mark.slow
def test_plan_of_a_folder_is_named_and_verified(folder, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    folder.rename(tmp_path / "my.case")
    assert main(["solve", "my.case"]) == 0
    plan = "outputs/my.case-plan.xlsx"
    assert main(["verify", plan, "my.case"]) == 0
    change(tmp_path / "my.case", "demand", "600", "601")
    assert main(["verify", plan, "my.case"]) == 1
    assert main(["solve", "my.case", "-o", "new.xlsx"]) == 0
    capsys.readouterr()
    assert main(["diff", plan, "new.xlsx", "-o", "diff.xlsx"]) == 0
    monkeypatch.chdir(tmp_path / "my.case")
    assert main(["solve", "."]) == 0
    assert Path("outputs/my.case-plan.xlsx").is_file()


def test_new_csv(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "case", "--csv", "--all"]) == 0
    assert main(["new", "case.xlsx", "--all"]) == 0
    assert whole(read(Path("case")).case) == whole(read(Path("case.xlsx")).case)
    assert main(["new", "case", "--csv"]) == 2
    assert "exists already" in capsys.readouterr().err
    (tmp_path / "case" / "kept.txt").write_text("mine", encoding="utf-8")
    assert main(["new", "case", "--csv", "--force"]) == 0
    assert not read(Path("case")).case.rights  # of the sheets that were there before
    assert (tmp_path / "case" / "kept.txt").is_file()
    assert main(["new", "case.xlsx", "--csv"]) == 2
    assert main(["new", "example", "--csv", "--example"]) == 0
    assert main(["new", "example.xlsx", "--example"]) == 0
    assert whole(read(Path("example")).case) == whole(read(Path("example.xlsx")).case)


def test_a_folder_is_watched(folder) -> None:
    pytest.importorskip("watchfiles")
    stop, seen, first = Event(), [], fingerprint(folder)

    def listen() -> None:
        for _ in watch_saves(folder, first, stop):
            seen.append(fingerprint(folder))
            stop.set()

    thread = Thread(target=listen, daemon=True)
    thread.start()
    time.sleep(1)
    change(folder, "demand", "600", "601")
    thread.join(HANG)
    stop.set()
    assert seen == [read(folder).sha256]
