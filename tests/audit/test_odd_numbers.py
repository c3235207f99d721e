"""Numbers that are none, wherever a package has one: findings, never a fault of the planner."""

from __future__ import annotations

import re
import tempfile

import pytest

from planner.cli import main
from tests.audit import raw
from tests.budget import at_length, few
from tests.disk import small_disk

ODD = ("1.2.3", "1e", "--1", "1_0", "٣", "1e999", "nan", "1,5", "", "9" * 5000, "-0", "0x1")
PLACES = {
    "a cell": (raw.SUMMARY, rb'(<c r="B\d+" s="\d+"><v>)[^<]*'),
    "a cell's text": (raw.SUMMARY, rb'(<c r="A5" s="\d+" t="s"><v>)[^<]*'),
    "a cell's look": (raw.SUMMARY, rb'(<c r="B\d+" s=")[^"]*'),
    "a row": (raw.SUMMARY, rb'(<row r=")7(?=")'),
    "a row's height": (raw.SUMMARY, rb'(<row r="\d+" [^>]*?ht=")[^"]*'),
    "a column's width": (raw.SUMMARY, rb'(<col [^>]*?width=")[^"]*'),
    "a column's place": (raw.SUMMARY, rb'(<col [^>]*?max=")[^"]*'),
    "a chart's number": ("xl/charts/chart1.xml", rb"(<c:numCache>.*?<c:v>)[^<]*"),
    "a chart's scale": ("xl/charts/chart1.xml", rb'(<c:gapWidth val=")[^"]*'),
    "a format": ("xl/styles.xml", rb'(<xf numFmtId=")16\d(?=")'),
    "a value": ("xl/worksheets/sheet{Values}.xml", rb'(<c r="D2" s="\d+"><v>)[^<]*'),
    "a dual": ("xl/worksheets/sheet{Duals}.xml", rb'(<c r="D2" s="\d+"><v>)[^<]*'),
}  # fmt: skip
CELLS = {"a cell", "a cell's text", "a row", "a value", "a dual"}
"""Places that are read; others are not the planner's own, but nothing is said of them."""


def put(place, odd):
    """Put an odd number at a place of a plan's package."""
    part, pattern = PLACES[place]

    def tamper(parts):
        book = dict(parts)[raw.BOOK].decode()
        sheets = re.findall(r'<sheet name="([^"]*)"', book)
        name = part.format(**{sheet: i for i, sheet in enumerate(sheets, start=1)})
        new = rb"\g<1>" + odd.encode()
        raw.change(parts, name, lambda t: re.sub(pattern, new, t, count=1, flags=re.DOTALL))

    return tamper


@pytest.mark.slow
@pytest.mark.parametrize("place", few(PLACES, 6))
def test_a_number_that_is_none_is_a_finding(made, tmp_path, place, capsys):
    """Each place with one of them, and in a long run with all."""
    plan = tmp_path / "plan.xlsx"
    at = [*PLACES].index(place)
    for odd in at_length(ODD[at : at + 1], ODD):
        raw.write(made / "plan.xlsx", plan, put(place, odd))
        code = main(["verify", str(plan), str(made / "case.xlsx")])
        err = capsys.readouterr().err
        assert code == 1 or (place not in CELLS and "was saved by another program" in err), odd


def test_a_full_folder_for_temporary_files_is_a_finding(made, tmp_path, monkeypatch, capsys):
    paths = [str(made / "plan.xlsx"), str(made / "case.xlsx")]
    with small_disk(tmp_path / "disk", "64k") as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        assert main(["verify", *paths]) == 1
        err = capsys.readouterr().err
        assert "cannot be verified" in err
        assert "No space left" in err
        assert [*folder.iterdir()] == []


def test_a_folder_for_temporary_files_that_is_not_there_is_a_finding(
    made, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert main(["verify", str(made / "plan.xlsx"), str(made / "case.xlsx"), "--json"]) == 1
    assert '"cannot_verify"' in capsys.readouterr().out
