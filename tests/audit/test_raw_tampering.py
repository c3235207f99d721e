"""Verify with plans whose XML was written by hand: nothing is shown that is not read."""

from __future__ import annotations

import dataclasses
import zipfile

import pytest

from models.errors import InputError
from models.measures import SURGE
from models.plan import Plan
from planner.audit.file import open_sheets
from planner.audit.verify import verify
from planner.cli import main
from planner.run import solve_file
from planner.scenarios.start import start_file
from planner.sheets import write_plan
from planner.sheets.checks import FREE, WORST
from planner.studies.agreed_plan import Rules
from planner.workbook.plan_file import read_plan
from tests.audit import raw
from tests.audit.tampering import cell
from tests.books import editing
from tests.budget import few


def found(plan, made):
    """Return what verify finds."""
    start = start_file(made / "case.xlsx")
    return verify(open_sheets(plan), start.book, start.case, start.variant)


@pytest.mark.slow
@pytest.mark.parametrize("name", few(raw.OTHER_LOOKS, 6))
def test_what_is_shown_beside_the_right_cells_is_not_vouched_for(made, tmp_path, name, capsys):
    """Never is such a file called the planner's own."""
    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, raw.OTHER_LOOKS[name])
    assert main(["verify", str(plan), str(made / "case.xlsx")]) == 0
    err = capsys.readouterr().err
    assert "was saved by another program; its cells equal the proven plan of" in err
    assert "Not proven    how cells look (formats, colours), charts, and anything else" in err


@pytest.mark.parametrize("name", raw.SHOWN)
def test_a_text_that_another_one_replaces_is_found(made, tmp_path, name):
    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, raw.swap(*raw.SHOWN[name]))
    assert any(f.row for f in found(plan, made).findings)


@pytest.mark.parametrize("name", raw.REFUSED)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_stands_twice_is_refused(made, tmp_path, name, capsys):
    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, raw.REFUSED[name])
    for read in (open_sheets, read_plan):
        with pytest.raises(InputError, match=r"two sheets are called|appears twice"):
            read(plan)
    assert main(["verify", str(plan), str(made / "case.xlsx")]) == 1
    capsys.readouterr()


@pytest.fixture(scope="module")
def run(made):
    """The run of the case."""
    return solve_file(made / "case.xlsx")


def written(path, run, *, free=True):
    """Write the plan of a run, perhaps without what it is set against."""
    write_plan(
        path, run.plan, run.book, without_limits=run.without_limits if free else None,
        options=run.options, timings=run.seconds, made_with=run.made_with,
    )  # fmt: skip
    return path


@pytest.mark.slow
def test_a_plan_without_what_it_is_set_against_is_found(made, run, tmp_path):
    path = tmp_path / "plan.xlsx"
    assert found(written(path, run), made).findings == ()
    assert run.plan.case.share_limits
    told = found(written(path, run, free=False), made)
    said = "the plan without share limits is missing, so figures compared with it are not proven"
    assert [f.found for f in told.findings] == [said]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sheet", "family"), [("Values", "spot"), ("Values", "shortage"), ("Duals", "balance")]
)
def test_a_plan_without_limits_that_is_not_the_cheapest_is_found(made, tmp_path, sheet, family):
    """The plan without share limits is proven as the plan is."""
    with editing(made / "plan.xlsx", tmp_path / "plan.xlsx") as book:
        row = next(
            r for r in book[sheet].iter_rows(2) if (r[0].value, r[1].value) == (FREE, family)
        )
        row[3].value = row[3].value * 1.01 + 1
    verdict = found(tmp_path / "plan.xlsx", made)
    assert not verdict.is_proven
    assert any(FREE in f.found for f in verdict.findings), [f.found for f in verdict.findings]


def test_the_surge_of_the_check_is_that_of_the_stress_test():
    assert Rules().surge == SURGE


def test_stages_other_than_those_of_a_run_are_none_of_its_record(made, run, tmp_path):
    seconds = {**run.seconds, "Approved by ministers": 1.0}
    path = written(tmp_path / "plan.xlsx", dataclasses.replace(run, seconds=seconds))
    assert open_sheets(path).recorded.timings == run.seconds
    findings = found(path, made).findings
    assert "Summary" in {f.sheet for f in findings} <= {"", "Summary"}


def test_no_part_is_read_twice_as_another(made):
    """The archive of a plan as written names each part once."""
    with zipfile.ZipFile(made / "plan.xlsx") as archive:
        assert len({n.casefold() for n in archive.namelist()}) == len(archive.namelist())


@pytest.mark.parametrize("at", ["balance: Copper, Japan, 2026", "balance: Coper, Japan, 2026"])
def test_where_nothing_is_violated_no_constraint_is_named(made, tmp_path, at):
    """Rounding counts as 0 and names no place: a place put there, or a figure, is found."""
    with editing(made / "plan.xlsx", tmp_path / "plan.xlsx") as book:
        row = next(r for r in book["Checks"].iter_rows() if str(r[5].value).startswith(WORST[0]))
        assert (row[5].value, row[6].value) == (WORST[0], 0)
        row[5].value, row[6].value = f"{WORST[0]}, at {at}", 1e-12
    findings = found(tmp_path / "plan.xlsx", made).findings
    assert [f.cell for f in findings] == [row[5].coordinate, row[6].coordinate]


@pytest.mark.slow
def test_an_attempt_that_failed_is_a_record_of_a_closed_form(made, run, tmp_path):
    """Its reason is one of the planner's; a sentence in its place is none."""
    plan = run.plan
    for said, is_one in (
        (
            "dual simplex of 3 blocks: violation 0.01, dual infeasibility 2e-05, gap 0, MIP gap 0",
            True,
        ),
        ("from the plan before: not kept", True),
        ("dual simplex: approved by ministers", False),
        ("dual simplex: the solver ended with: Approved by ministers", False),
    ):
        first = dataclasses.replace(plan.blocks[0], failures=(said,))
        again = Plan(plan.case, [first, *plan.blocks[1:]], plan.expanded, plan.program)
        path = written(tmp_path / "plan.xlsx", dataclasses.replace(run, plan=again))
        assert (found(path, made).findings == ()) is is_one, said


RECORDS = {
    "Planner version": "1.0 approved", "Solver version": "HiGHS approved",
    "Python version": "three", "Written": "2026-13-45 00:00:00",
    "Input file": "approved by ministers",
}  # fmt: skip


@pytest.mark.slow
def test_records_of_another_form_are_found(made, tmp_path):
    with editing(made / "plan.xlsx", tmp_path / "plan.xlsx") as book:
        here = {measure: cell(book, "Summary", measure) for measure in RECORDS}
        for measure, value in RECORDS.items():
            here[measure].value = value
    told = {f.cell for f in found(tmp_path / "plan.xlsx", made).findings}
    assert {one.coordinate for one in here.values()} <= told
