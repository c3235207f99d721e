"""The drop-downs of a template: LibreOffice offers their entries, and Excel takes their XML."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.formula import ArrayFormula

from models.schema import EVENT_ACTIONS, SHEETS, CellKind, Settings
from planner.cli import main
from tests.waiting import HANG

pytestmark = pytest.mark.slow

LETTERS = string.ascii_uppercase
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
LONGEST = 255
"""Characters of a drop-down's formula, and of the words that it spells out, in Excel."""
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """What ``planner new --all`` writes."""
    path = tmp_path_factory.mktemp("new") / "case.xlsx"
    assert main(["new", str(path), "--all"]) == 0
    return path


@pytest.fixture(scope="module")
def columns(template) -> dict[str, list[list[object]]]:
    """The cells of each sheet, column by column, as they were written."""
    book = openpyxl.load_workbook(template)
    return {
        sheet.title: [[cell.value for cell in column] for column in sheet.columns]
        for sheet in book.worksheets
    }


def names(columns: dict[str, list[list[object]]], sheet: str, header: str) -> list[object]:
    """The filled cells below a header."""
    column = next(column for column in columns[sheet] if column[0] == header)
    return [value for value in column[1:] if value is not None]


def letter_of(columns: dict[str, list[list[object]]], sheet: str, header: str) -> str:
    """The letter of a column; the sheets have less than 26."""
    return LETTERS[[column[0] for column in columns[sheet]].index(header)]


# ---- in LibreOffice ------------------------------------------------------------------------------

ACTIONS = next(
    column.choices
    for record in SHEETS
    if record.SHEET == "Scenarios"
    for column in record.columns()
    if column.header == "Action"
)
SPELLED = {
    ("Refiners", "Kind"): ("primary", "recycled"),
    ("Refiners", "Needs ore"): ("yes", "no"),
    ("Share limits", "Limit"): ("max", "min"),
    ("Share limits", "Supplier group"): ("country", "owner", "bloc", "kind", "refiner", "company"),
    ("Share limits", "Stage"): ("refining", "mining"),
    ("Lanes", "Open"): ("yes", "no"),
    ("Scenarios", "Action"): ACTIONS,
    ("Risks", "Action"): EVENT_ACTIONS,
}
"""Columns whose words stand in the drop-down."""
FED = {
    ("Refiners", "Mineral"): ("Minerals", "Mineral"),
    ("Demand", "Mineral"): ("Minerals", "Mineral"),
    ("Demand", "Member"): ("Members", "Member"),
    ("Lanes", "To member"): ("Members", "Member"),
    ("Lanes", "From country"): ("Countries", "Country"),
    ("Refiners", "Country"): ("Countries", "Country"),
    ("Stockpiles", "Member"): ("Members", "Member"),
    ("Scenarios", "Country"): ("Countries", "Country"),
    ("Risks", "Member"): ("Members", "Member"),
}
"""Columns whose entries are the names of another sheet."""
WORDS_FIRST = {
    ("Share limits", "Buyer"): (("each",), ("Members", "Member")),
    ("Share limits", "Supplier"): (
        ("each outside coalition", "coalition", "other", "primary", "recycled"),
        ("Countries", "Country"),
    ),
    ("Security", "Lost country"): (("each outside coalition",), ("Countries", "Country")),
}
"""Columns with a few words above the names of another sheet."""
NO_LIST = (("Refiners", "First year"), ("Share limits", "Share"))
OWNERS = (("Scenarios", "Owner"), ("Risks", "Owner"))
ASKED = (*SPELLED, *FED, *WORDS_FIRST, *NO_LIST, *OWNERS)
NEW = {"Minerals": "Unobtainium", "Members": "Utopia", "Countries": "Freedonia"}
"""Names that are added below the others."""

MOST = 60
"""Entries of a list that are looked at."""

Told = dict[str, dict[tuple[str, str], dict[str, Any]]]


def entries(folder: Path, book: openpyxl.Workbook, lists: list[str]) -> list[list[object]]:
    """What LibreOffice makes of the formulas of lists, each in a column of a sheet of its own."""
    sheet = book.create_sheet("Scratch")
    for letter, formula in zip(LETTERS, lists, strict=False):
        sheet[f"{letter}1"] = ArrayFormula(f"{letter}1:{letter}{MOST}", f"={formula}")
        sheet[f"{letter}{MOST + 1}"] = f"=ROWS({formula})"
    book.save(folder / "asked.xlsx")
    words = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless",
             "--convert-to", "xlsx", "--outdir", folder / "told",
             folder / "asked.xlsx"]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True, timeout=HANG)
    read = openpyxl.load_workbook(folder / "told" / "asked.xlsx", data_only=True)["Scratch"]
    columns = [[cell.value for cell in column] for column in read.columns]
    return [column[: int(column[MOST])] for column in columns]


@pytest.fixture(scope="module")
def told(template, columns, tmp_path_factory) -> Told:
    """The rule of each column asked for, and its entries before names were added and after."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    found: Told = {}
    for when in ("before", "after"):
        book = openpyxl.load_workbook(template)
        for sheet, name in NEW.items() if when == "after" else ():
            book[sheet][f"A{len(names(columns, sheet, str(columns[sheet][0][0]))) + 2}"] = name
        found[when] = {}
        for sheet, header in ASKED:
            cell = f"{letter_of(columns, sheet, header)}2"
            (rule,) = [r for r in book[sheet].data_validations.dataValidation if cell in r.sqref]
            found[when][sheet, header] = {
                "type": rule.type, "formula": rule.formula1, "refuses": rule.showErrorMessage,
                "shown": not rule.showDropDown, "entries": [],
            }  # fmt: skip
        rules = [r for r in found[when].values() if r["type"] == "list"]
        by_formula = [r for r in rules if not r["formula"].startswith('"')]
        for rule in rules:
            rule["entries"] = rule["formula"].strip('"').split(",")
        made = entries(tmp_path_factory.mktemp(when), book, [r["formula"] for r in by_formula])
        for rule, listed in zip(by_formula, made, strict=True):
            rule["entries"] = listed
    return found


@pytest.mark.parametrize("column", SPELLED, ids="!".join)
def test_words_are_offered_and_others_refused(told, column) -> None:
    for when in ("before", "after"):
        rule = told[when][column]
        assert rule["type"] == "list"
        assert rule["shown"]
        assert rule["refuses"]
        assert rule["entries"] == list(SPELLED[column])


@pytest.mark.parametrize("column", FED, ids="!".join)
def test_names_of_another_sheet_are_offered_also_new_ones(told, columns, column) -> None:
    home, header = FED[column]
    there = names(columns, home, header)
    rule = told["before"][column]
    assert rule["type"] == "list"
    assert rule["shown"]
    assert f"{home}!" in rule["formula"].replace("'", "")
    assert there
    assert rule["entries"] == there
    assert told["after"][column]["entries"] == [*there, NEW[home]]
    assert rule["refuses"] == (home != "Countries"), "any country may be written, listed or not"


@pytest.mark.parametrize("column", WORDS_FIRST, ids="!".join)
def test_words_come_before_names(told, columns, column) -> None:
    words, (home, header) = WORDS_FIRST[column]
    there = [*words, *names(columns, home, header)]
    rule = told["before"][column]
    assert rule["type"] == "list"
    assert rule["entries"] == there
    assert told["after"][column]["entries"] == [*there, NEW[home]]
    assert not rule["refuses"]


@pytest.mark.parametrize("column", OWNERS, ids="!".join)
def test_owners_of_refiners_are_offered_and_others_are_not_refused(told, columns, column) -> None:
    rule = told["before"][column]
    assert rule["type"] == "list"
    assert not rule["refuses"]
    assert set(filter(None, rule["entries"])) == set(names(columns, "Refiners", "Owner"))
    assert len(rule["entries"]) == len(names(columns, "Refiners", "Refiner"))


@pytest.mark.parametrize("column", NO_LIST, ids="!".join)
def test_numbers_have_bounds_and_no_list(told, column) -> None:
    assert told["before"][column]["type"] in {"whole", "decimal"}
    assert told["before"][column]["entries"] == []


# ---- as Excel needs them -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rules(template) -> dict[str, list[ET.Element]]:
    """The validations of each sheet, as they stand in its XML."""
    with zipfile.ZipFile(template) as archive:
        book = ET.fromstring(archive.read("xl/workbook.xml"))
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        parts = {link.get("Id"): link.get("Target") for link in links}
        return {
            sheet.get("name"): list(
                ET.fromstring(archive.read(f"xl/{parts[sheet.get(f'{RELATED}id')]}")).iter(
                    f"{MAIN}dataValidation"
                )
            )
            for sheet in book.iter(f"{MAIN}sheet")
        }


def formulas(rules: dict[str, list[ET.Element]]) -> Iterator[tuple[str, str]]:
    """Sheet and formula of every drop-down."""
    for sheet, found in rules.items():
        for rule in found:
            if rule.get("type") == "list":
                yield sheet, rule.findtext(f"{MAIN}formula1") or ""


def test_every_rule_is_of_a_kind_and_at_cells_that_there_are(rules) -> None:
    for sheet, found in rules.items():
        areas = []
        for rule in found:
            assert rule.get("type") in {"list", "whole", "decimal"}
            assert rule.get("showDropDown") in {None, "0"}, "1 hides the arrow"
            for area in rule.get("sqref", "").split():
                left, top, right, bottom = range_boundaries(area)
                assert 1 <= left <= right <= LAST_COLUMN, area
                assert 1 <= top <= bottom <= LAST_ROW, area
                assert top > 1, f"{sheet}!{area}: the header has no rule"
                areas.append((left, top, right, bottom))
            assert rule.get("sqref")
            assert len(rule.get("errorTitle", "")) <= 32
            assert len(rule.get("error", "")) <= LONGEST
        for i, one in enumerate(areas):
            for other in areas[:i]:
                apart = one[2] < other[0] or other[2] < one[0]
                apart = apart or one[3] < other[1] or other[3] < one[1]
                assert apart, f"{sheet}: two rules at one cell, {one} and {other}"


def test_the_count_of_rules_is_right(template) -> None:
    with zipfile.ZipFile(template) as archive:
        for name in archive.namelist():
            if "worksheets/sheet" in name and name.endswith(".xml"):
                for group in ET.fromstring(archive.read(name)).iter(f"{MAIN}dataValidations"):
                    assert int(group.get("count", "0")) == len(group) > 0


def test_words_are_spelled_within_what_excel_takes(rules) -> None:
    spelled = [f for _, f in formulas(rules) if f.startswith('"')]
    assert spelled
    for formula in spelled:
        assert formula.endswith('"')
        words = formula[1:-1]
        assert len(words) <= LONGEST
        assert '"' not in words
        assert all(word == word.strip() and word for word in words.split(","))


def test_formulas_refer_to_sheets_that_there_are_and_quote_them(rules) -> None:
    referring = [(sheet, f) for sheet, f in formulas(rules) if not f.startswith('"')]
    assert referring
    for sheet, formula in referring:
        assert not formula.startswith("="), "the XML has formulas without their sign"
        assert len(formula) <= LONGEST, f"{sheet}: {formula}"
        homes = re.findall(r"('(?:[^']|'')+'|[^\s'!(),:+*=\"]+)!", formula)
        assert homes, formula
        assert formula.count("!") == len(homes)
        for home in homes:
            bare = home.strip("'")
            assert bare in rules, f"{sheet}: {formula}"
            assert home != bare or re.fullmatch(r"[A-Za-z_]\w*", bare), f"{home} wants quotes"


def test_the_settings_with_choices_have_them(rules, columns) -> None:
    labels = columns[Settings.SHEET][0]
    for column in Settings.columns():
        wanted = ",".join(column.choices) or ("yes,no" if column.kind is CellKind.YES_NO else "")
        if wanted:
            cell = f"B{labels.index(column.title) + 1}"
            (rule,) = [r for r in rules[Settings.SHEET] if cell in r.get("sqref", "").split()]
            assert rule.findtext(f"{MAIN}formula1") == f'"{wanted}"'
