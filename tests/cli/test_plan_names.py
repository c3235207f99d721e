"""Where the plan of a scenario or a what-if goes: never over that of the base case."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.cli.common import case_part
from tests.budget import few


def written(folder: Path) -> set[str]:
    return {path.name for path in (folder / "outputs").iterdir()}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ((), "case-plan.xlsx"),
        (("--scenario", " base"), "case-plan.xlsx"),
        (("--scenario", "Half"), "case-Half-plan.xlsx"),
        (("--scenario", "export  BAN"), "case-Export ban-plan.xlsx"),
        (("--lose", "CHL"), "case-what-if lose CHL-plan.xlsx"),
        (("--block", "CHN:JPN"), "case-what-if block CHN-JPN 88dab2-plan.xlsx"),
        (
            ("--what-if", "scale demand; value=0.9"),
            "case-what-if scale demand, value 0.9-plan.xlsx",
        ),
        (("--max-country-share", "0.6"), "case-what-if cap 60-plan.xlsx"),
        (("--scenario", "Half", "--lose", "CHL"), "case-Half what-if lose CHL-plan.xlsx"),
        (("--scenario", "Half", "--output", "mine"), None),
    ],
)
def test_each_case_has_a_place_of_its_own(case, ask, folder, options, name):
    code, answer = ask("solve", case, *options)
    assert code == 0
    assert answer["output"] == (f"outputs/{name}" if name else "mine.xlsx")
    if name:
        assert written(folder) == {name}


STUDIED = (
    ("stress", ()),
    ("sweep", ("--from", "0.7", "--to", "0.6", "--step", "0.1")),
    ("risk", ("--draws", "5", "--seed", "3")),
    ("support", ()),
    ("exit", ("--country", "CHN")),
)


@pytest.mark.parametrize(
    ("study", "options"), few(STUDIED, 2), ids=few([name for name, _ in STUDIED], 2)
)
def test_no_study_of_another_case_has_the_name_of_the_base(case, ask, study, options):
    names = set()
    for of in ((), ("--scenario", "half"), ("--lose", "CHL"), ("--max-country-share", "0.6")):
        code, answer = ask(study, case, *options, *of, "--workers", "1")
        if code == 2:  # a study that does not take it
            continue
        names.add(answer["output"])
        assert "Half" in answer["output"] or not of or of[0] != "--scenario"
        assert "what-if" in answer["output"] or not of or of[0] == "--scenario"
    assert len(names) > 1


ODD = ["A/B", "A:B", "..", "../../up", "CON", "what-if", "x" * 300, "日" * 120, "a\nb", "=1", "a. "]


@pytest.mark.parametrize("stem", ["case", "y" * 200, "y" * 225])
def test_names_of_scenarios_within_those_of_files(stem):
    of = {"scenario": "Base", "what_ifs": (), "max_country_share": 0.5}
    parts = {name: case_part(Path(f"{stem}.xlsx"), of, name) for name in ODD}
    parts["none"] = case_part(Path(f"{stem}.xlsx"), of)
    parts["as a what-if"] = case_part(Path(f"{stem}.xlsx"), {}, "what-if cap 50")
    assert len({*parts.values()}) == len(ODD) + 2
    for part in parts.values():
        file = f"{stem}-{part}-plan.xlsx"
        assert len(file.encode()) <= 255
        assert len(part.encode()) <= 100
        assert not set(file) & set('/\\:*?"<>|\n\0')


@pytest.mark.slow
def test_what_is_made_of_a_scenarios_plan_bears_its_name(case, ask, folder):
    plans = [ask("solve", case, *options)[1]["output"] for options in ((), ("--scenario", "Half"))]
    assert ask("diff", *plans)[1]["output"] == "outputs/case-Half-plan-diff.xlsx"
    assert ask("diff", *plans)[1]["inputs"]["compared"]
    assert ask("verify", plans[1], case)[1]["status"] == "verified"
    assert ask("report", plans[1])[1]["output"] == "outputs/case-Half-plan.html"
