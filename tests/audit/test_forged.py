"""Verify and packages that were forged: not one of them is told to be the proven plan."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.errors import InputError
from planner.audit.file import open_plan
from planner.cli import main
from planner.workbook import read
from planner.workbook.plan_file import read_plan
from tests.audit import raw
from tests.audit.archives import ARCHIVES
from tests.audit.forged import DIFFERS, REFUSED
from tests.audit.test_versions import OTHERS

MANUAL = Path(__file__).parents[2] / "docs" / "audit.md"
pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")


def verified(plan, made, capsys):
    """Return exit code and what is told."""
    code = main(["verify", str(plan), str(made / "case.xlsx")])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("name", REFUSED)
def test_what_programs_show_in_different_ways_is_refused_as_plan_and_as_input(
    made, tmp_path, name, capsys
):
    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, REFUSED[name])
    code, told = verified(plan, made, capsys)
    assert code == 1
    assert "programs show this workbook in different ways" in told
    for reader in (read, read_plan, open_plan):
        with pytest.raises(InputError, match="in different ways"):
            reader(plan)


@pytest.mark.parametrize("name", DIFFERS)
def test_a_part_that_is_not_the_planners_own_is_told(made, tmp_path, name, capsys):
    tamper, place = DIFFERS[name]
    plan = tmp_path / "plan.xlsx"
    raw.write(made / "plan.xlsx", plan, tamper)
    code, told = verified(plan, made, capsys)
    assert code == 1
    assert "differs from the plan that the planner makes from" in told
    assert place in told, told


def test_the_manual_counts_the_forgeries_by_verdict():
    counts = re.findall(r"^- \*\*.+?: (\d+) ", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert [*map(int, counts)] == [len(REFUSED) + len(ARCHIVES), len(DIFFERS), len(OTHERS)]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (rb"\1<v>\2</v><v>7</v></c>", "a cell with two values"),
        (rb"\1<v>\2</v></c>\1<v>7</v></c>", "in the file twice"),
    ],
)
def test_an_input_cell_of_two_values_is_a_finding_at_the_cell(made, tmp_path, new, said):
    """Programs show the one or the other."""

    def tamper(parts):
        demand = re.compile(rb'(<c r="C2"[^>]*>)<v>(4600)</v></c>')
        at = next(i for i, (_, content) in enumerate(parts) if demand.search(content))
        parts[at] = (parts[at][0], demand.sub(new, parts[at][1]))

    raw.write(made / "case.xlsx", tmp_path / "case.xlsx", tamper)
    with pytest.raises(InputError) as error:
        read(tmp_path / "case.xlsx")
    assert [(f.place, said in f.found) for f in error.value.findings] == [("Demand!C2", True)]
