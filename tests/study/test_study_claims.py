"""The findings of studies against their own JSON and workbook, by a checker that knows no more."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from planner.cli import main
from planner.workbook.template import write_book
from tests.reference.cases import random_book
from tests.reference.claims import wrong_findings

STUDIES = {
    "bills": ["bills"], "exit": ["exit", "--country", "China"], "ranges": ["ranges"],
    "sensitivity": ["sensitivity"], "support": ["support"], "risk": ["risk", "--draws", "40"],
    "under risk": ["solve", "--under-risk", "--futures", "8"],
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
    return said["findings"]


@pytest.mark.parametrize("kind", KINDS)
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
