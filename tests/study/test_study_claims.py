"""The findings of studies against their own JSON and workbook, by a checker that knows no more."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from planner.cli import main
from planner.report import read_plan_or_study
from planner.report.page import kind_and_tables
from planner.report.plan import first_page_of_plan
from planner.workbook.plan_file import PlanFile
from tests.books import write_book
from tests.budget import few
from tests.first_pages import over_budget, printed_of
from tests.models.desk import jin, make, sur
from tests.models.stages import cap as limit
from tests.reference.cases import random_book
from tests.reference.claims import wrong_findings

STUDIES = {
    "bills": ["bills"], "exit": ["exit", "--country", "China"], "ranges": ["ranges"],
    "sensitivity": ["sensitivity"], "support": ["support"], "risk": ["risk", "--draws", "40"],
    "under risk": ["solve", "--under-risk", "--futures", "8"], "stress": ["stress"],
    "sweep": ["sweep", "--from", "0.9", "--to", "0.3", "--step", "0.2"], "scorecard": ["scorecard"],
    "compare": ["compare", "--what-if", "scale demand; value=1.2"],
}  # fmt: skip
"""The command of each study, with its options."""
RISKS = ("risk", "under risk")
"""Studies that need the sheet Risks."""
KINDS = {"plain": frozenset(), "limits": frozenset({"limits"}), "stages": frozenset({"stages"})}
"""The features of random books."""
INPUTS = Path(__file__).parents[2] / "inputs"


def findings_of(command, path, book, capsys):
    """Run a study of a book; return its findings, after each claim has been made again."""
    name, *options = STUDIES[command]
    code = main([name, str(book), *options, "--json", "-o", str(path), "--workers", "1"])
    said = json.loads(capsys.readouterr().out)
    assert code == 0, said
    assert wrong_findings(said["findings"], path) == []
    page = front_page(path)
    assert [*over_budget(page, printed_of(page))] == []
    return said["findings"]


def front_page(path):
    """Return the first page of a study, or of a plan under risk, made again from its workbook."""
    source = read_plan_or_study(path)
    if isinstance(source, PlanFile):
        return first_page_of_plan(source)
    kind, tables = kind_and_tables(source)
    title = "A title as long as those of the examples, at most 65 % from one country"
    return kind.front(tables, title)


@pytest.mark.slow
@pytest.mark.parametrize("kind", few(KINDS, 1))
@pytest.mark.parametrize("command", STUDIES)
def test_claims_of_random_books_hold(command, kind, tmp_path, capsys):
    rng = np.random.default_rng(41)
    book = random_book(rng, 1 + [*KINDS].index(kind), features=KINDS[kind])
    if command in RISKS and not book.get("Risks"):
        lost = {"Event": "Loss", "Yearly probability": 0.3, "Duration (yr)": 1}
        book["Risks"] = [lost | {"Action": "scale capacity", "Country": "China", "Value": 0.2}]
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    findings = findings_of(command, tmp_path / "study.xlsx", tmp_path / "case.xlsx", capsys)
    assert findings[0]["place"] == "answer"


@pytest.mark.parametrize("command", sorted({*STUDIES} - {*RISKS, "support"}))
def test_claims_of_the_example_hold(command, tmp_path, capsys):
    findings = findings_of(command, tmp_path / "study.xlsx", INPUTS / "plain.xlsx", capsys)
    assert sum(len(each["claims"]) for each in findings) >= 2


# ---- where too little is bought to compare -------------------------------------------------------


def sentences(tmp_path, capsys, *command, **sheets):
    """Return the sentences of a command on a book of Jin (China, 10) and Sur (Chile, 20)."""
    book = make(jin(), sur(45), **sheets)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    path = tmp_path / "out.xlsx"
    name, *options = command
    assert main([name, str(tmp_path / "case.xlsx"), *options, "--json", "-o", str(path)]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert wrong_findings(findings, path) == []
    return " ".join(each["sentence"] for each in findings)


SAME = "same tonnes cost"


@pytest.mark.parametrize(("left", "named"), [(0.0, False), (0.04, False), (0.05, True)])
def test_a_scenario_that_buys_less_than_half_names_no_cost(left, named, tmp_path, capsys):
    """45 t of Sur and a part of Jin's 100 t, of 100: from half on, they cost more."""
    lost = {"Scenario": "Loss", "Action": "scale capacity", "Country": "China", "Value": left}
    found = sentences(tmp_path, capsys, "compare", Scenarios=[lost])
    assert (SAME in found) is named


@pytest.mark.parametrize(("cap", "named"), [("0.24", False), ("0.26", True)])
def test_a_cap_that_leaves_less_than_half_names_no_cost(cap, named, tmp_path, capsys):
    """Jin and Sur may sell 24 t each, or 26 t: 48 or 52 of 100 t."""
    found = sentences(tmp_path, capsys, "sweep", "--from", "0.9", "--to", cap, "--step", "0.7")
    assert (f"At a cap of {cap[2:]} %: the same tonnes" in found) is named
    assert ("too much is missing to compare costs" in found) is not named


@pytest.mark.parametrize(("cap", "named"), [(0.24, False), (0.26, True)])
def test_a_plan_that_buys_less_than_half_names_no_cost(cap, named, tmp_path, capsys):
    limits = [limit(cap, supplier=None)]
    found = sentences(tmp_path, capsys, "solve", Share_limits=limits)
    assert ("more than without share limits" in found) is named
    assert ("Members pay" in found) is not named


def test_minerals_that_are_mostly_missing_are_not_in_the_extra_cost(tmp_path, capsys):
    """At 20 %, less than half of the example's lithium is bought that is bought without limits."""
    path, options = tmp_path / "plan.xlsx", ["--max-country-share", "20%", "--json"]
    assert main(["solve", str(INPUTS / "plain.xlsx"), *options, "-o", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert wrong_findings(found, path) == []
    (cost,) = [f for f in found if "than without share limits" in f["sentence"]]
    assert cost["sentence"].endswith("minerals of which 50 % or more is still bought count.")
    assert [claim["rule"] for claim in cost["claims"]] == ["sum", "count", "value", "value"]


# ---- tiers of demand that a supplier is closed to ------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["solve", "--scenario", "Dual use"],
         "defence is hit hardest: 50 % of its need is missing. Some suppliers are closed to it."),
        (["compare", "--unforeseen", "2027"],
         "By use, in Dual use: 50 % of the need for copper for defence in A is further missing"),
        (["stress", "--pairs"], "is further missing than in the agreed plan"),
    ],
)  # fmt: skip
def test_claims_on_tiers_hold(command, said, tmp_path, capsys):
    """Jin of China has 100 t, Sur 10 t; defence needs 20 t, which China may not serve."""
    book = make(jin(), sur(10), years=(2026, 2027))
    row = book["Demand"][0]
    book["Demand"] = [
        row | {"Tier": tier, "2026": t, "2027": t} for tier, t in (("defence", 20), ("other", 80))
    ]
    book["Tiers"] = [{"Tier": "defence", "Shortage cost multiple": 50},
                     {"Tier": "other", "Shortage cost multiple": 10}]  # fmt: skip
    book["Scenarios"] = [{"Scenario": "Dual use", "Action": "block lanes", "Country": "China",
                          "Tier": "defence"}]  # fmt: skip
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    name, *options = command
    path = tmp_path / "out.xlsx"
    assert main([name, str(tmp_path / "case.xlsx"), *options, "--json", "-o", str(path)]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert wrong_findings(findings, path) == []
    assert said in " ".join(each["sentence"] for each in findings)
