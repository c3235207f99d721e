"""Numbers that are none, wherever a package has one: findings, never a fault of the planner."""

from __future__ import annotations

import re
import tempfile

import pytest

from planner.cli import main
from tests.audit import raw
from tests.budget import at_length
from tests.disk import small_disk

ODD = ("1.2.3", "1e", "--1", "1_0", "٣", "1e999", "nan", "1,5", "", "9" * 5000, "-0", "0x1")
PLACES = {
    "a cell": (raw.SUMMARY, rb'(<c r="B\d+" s="\d+"><v>)[^<]*'),
    "a cell's text": (raw.SUMMARY, rb'(<c r="A5" s="\d+" t="s"><v>)[^<]*'),
    "a row": (raw.SUMMARY, rb'(<row r=")7(?=")'),
    "a value": ("xl/worksheets/sheet{Values}.xml", rb'(<c r="D2" s="\d+"><v>)[^<]*'),
    "a dual": ("xl/worksheets/sheet{Duals}.xml", rb'(<c r="D2" s="\d+"><v>)[^<]*'),
}  # fmt: skip
"""Places that are read; where others differ, the file is not the planner's own."""


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
@pytest.mark.parametrize("place", PLACES)
def test_a_number_that_is_none_is_a_finding(made, tmp_path, place, capsys):
    """Each place with one of them, and in a long run with all."""
    plan = tmp_path / "plan.xlsx"
    at = [*PLACES].index(place)
    for odd in at_length(ODD[at : at + 1], ODD):
        raw.write(made / "plan.xlsx", plan, put(place, odd))
        assert main(["verify", str(plan), str(made / "case.xlsx")]) == 1, odd
        capsys.readouterr()


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
