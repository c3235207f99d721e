"""Verify and redact with plans whose XML was written by hand: nothing is shown that is not read."""

from __future__ import annotations

import dataclasses
import time
import zipfile

import openpyxl
import pytest

from models.errors import InputError
from planner.audit import open_plan
from planner.audit.verify import verify
from planner.cli import main
from planner.run import solve_file, start_file
from planner.sheets import write_plan
from planner.sheets.checks import WORST
from planner.sheets.front.shares import SURGE
from planner.studies.agreed import Rules
from planner.workbook.plan_file import read_plan
from tests.audit import raw
from tests.audit.test_verify import is_named


def found(plan, made):
    """Return what verify finds."""
    start = start_file(made / "case.xlsx")
    return verify(open_plan(plan), start.book, start.case, start.variant, lost_is_due=True)


@pytest.mark.parametrize("name", raw.FORMULAS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_formula_is_found_however_it_is_written(made, tmp_path, name):
    plan = tmp_path / "plan.xlsx"
    place = raw.write(made / "plan.xlsx", plan, raw.FORMULAS[name])
    told = found(plan, made).findings
    assert [(f.sheet, f.cell) for f in told if "formula" in f.found] == [(place[0], place[2])]


@pytest.mark.parametrize("name", raw.SHOWN)
def test_what_is_shown_beside_right_values_is_found(made, tmp_path, name):
    plan = tmp_path / "plan.xlsx"
    place = raw.write(made / "plan.xlsx", plan, raw.SHOWN[name])
    assert is_named(place, found(plan, made).findings)


@pytest.mark.parametrize("name", raw.REFUSED)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_stands_twice_is_refused(made, tmp_path, name, capsys):
    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, raw.REFUSED[name])
    for read in (open_plan, read_plan):
        with pytest.raises(InputError, match=r"two sheets are called|stands there twice"):
            read(plan)
    assert main(["verify", str(plan), str(made / "case.xlsx")]) == 1
    assert main(["redact", str(plan), "--member", "Japan"]) == 1
    capsys.readouterr()


@pytest.mark.parametrize("code", ["utf-16", "another name"])
def test_a_workbook_part_in_another_form_is_read(made, tmp_path, capsys, code):
    def coded(parts):
        def how(text):
            return text.decode().replace("UTF-8", "UTF-16").encode("utf-16")

        raw.change(parts, raw.BOOK, how)

    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, coded if code == "utf-16" else raw.renamed)
    assert main(["verify", str(plan), str(made / "case.xlsx")]) == (code != "utf-16")
    assert main(["redact", str(plan), "--member", "Japan"]) == 0
    capsys.readouterr()


def test_a_sheet_that_declares_entities_is_refused(made, tmp_path, capsys):
    def declare(parts):
        head = b'<!DOCTYPE x [<!ENTITY g "1">]><worksheet '
        raw.change(parts, raw.SUMMARY, lambda text: text.replace(b"<worksheet ", head, 1))

    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, declare)
    assert main(["verify", str(plan), str(made / "case.xlsx")]) == 1
    assert "the sheet Summary is damaged (a sheet declares an entity)" in capsys.readouterr().err


def test_a_sheet_made_to_take_long_is_read_as_fast_as_any(made, tmp_path):
    """Openings of cells in a comment, of which each was once looked behind."""

    def long(parts):
        comment = b"<!-- <f> " + b"<c " * 100_000 + b"-->"
        how = lambda text: text.replace(b"</sheetData>", b"</sheetData>" + comment)  # noqa: E731
        raw.change(parts, raw.SUMMARY, how)

    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, long)
    began = time.process_time()
    assert found(plan, made).findings == ()
    assert time.process_time() - began < 20


@pytest.fixture(scope="module")
def run(made):
    """The run of the case."""
    return solve_file(made / "case.xlsx")


def written(path, run, *, free=True, **changed):
    """Write the plan of a run with another loss, or without what it is set against."""
    lost = dataclasses.replace(run.lost, **changed) if changed.pop("lost", True) else None
    write_plan(
        path, run.plan, run.book, without_limits=run.without_limits if free else None,
        options=run.options, timings=run.seconds, made_with=run.made_with, lost=lost,
    )  # fmt: skip
    return path


def test_a_plan_without_what_it_is_set_against_is_found(made, run, tmp_path):
    path = tmp_path / "plan.xlsx"
    assert found(written(path, run), made).findings == ()
    assert run.lost is not None
    assert run.plan.case.share_limits
    told = found(written(path, run, free=False), made)
    assert told.is_proven
    assert [f.found for f in told.findings] == [
        "the plan without share limits is missing: what the limits cost is not proven"
    ]
    told = found(written(path, run, lost=False), made)
    assert [f.sheet for f in told.findings] == ["Values"]
    assert "has stopped is missing" in told.findings[0].found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda lost: {"bought": {k: 3 * v for k, v in lost.bought.items()}}, "cannot sell"),
        (lambda lost: {"short": dict.fromkeys(lost.short, 0.0)}, "cannot be short"),
        (lambda lost: {"short": {k: v + 50 for k, v in lost.short.items()}}, "do not add up"),
        (lambda lost: {"bought": {k: v / 2 for k, v in lost.bought.items()}}, "do not add up"),
        (lambda _: {"surge": 5.0}, "the surge is 5"),
        (lambda _: {"country": "CHL"}, "is not the largest supplier"),
    ],
)
def test_a_loss_that_cannot_be_so_is_found(made, run, tmp_path, changed, said):
    verdict = found(written(tmp_path / "plan.xlsx", run, **changed(run.lost)), made)
    assert any(said in f.found for f in verdict.findings), [f.found for f in verdict.findings]


def test_the_surge_of_the_check_is_that_of_the_stress_test():
    assert Rules().surge == SURGE


def test_stages_other_than_those_of_a_run_are_none_of_its_record(made, run, tmp_path):
    seconds = {**run.seconds, "Approved by ministers": 1.0}
    path = written(tmp_path / "plan.xlsx", dataclasses.replace(run, seconds=seconds))
    assert open_plan(path).recorded.timings == run.seconds
    assert [f.sheet for f in found(path, made).findings] == ["Summary"]


def test_no_part_is_read_twice_as_another(made):
    """The archive of a plan as written names each part once."""
    with zipfile.ZipFile(made / "plan.xlsx") as archive:
        assert len({n.casefold() for n in archive.namelist()}) == len(archive.namelist())


@pytest.mark.parametrize(
    ("at", "is_named"),
    [("balance: Copper, Japan, 2026", False), ("balance: Coper, Japan, 2026", True)],
)
def test_the_worst_constraint_may_be_another_of_the_program(made, tmp_path, at, is_named):
    """Which it is, is noise where nothing is violated; what is none of the program is no noise."""
    book = openpyxl.load_workbook(made / "plan.xlsx")
    row = next(r for r in book["Checks"].iter_rows() if str(r[5].value).startswith(WORST[0]))
    row[5].value = f"{WORST[0]}, at {at}"
    book.save(tmp_path / "plan.xlsx")
    findings = found(tmp_path / "plan.xlsx", made).findings
    assert [f.cell for f in findings] == [row[5].coordinate] * is_named
