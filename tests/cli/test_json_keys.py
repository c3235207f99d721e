"""The keys of JSON answers are those that the manual lists, and no others."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest

from docs.assemble import HERE, keys_of
from planner.cli import main
from planner.studies import STUDIES
from planner.workbook.template import template_tables
from tests.books import write_book

CALLS = {
    "check": ("check", "case.xlsx"),
    "check, marked": ("check", "case.xlsx", "--marked", "m.xlsx"),
    "solve": ("solve", "case.xlsx", "--lose", "CHN", "-o", "plan.xlsx"),
    "under-risk": ("solve", "case.xlsx", "--under-risk", "--futures", "4", "-o", "u.xlsx"),
    "risk": ("risk", "case.xlsx", "-o", "r.xlsx", "--draws", "20"),
    "exit": ("exit", "case.xlsx", "--country", "China", "-o", "e.xlsx"),
    "ranges": ("ranges", "case.xlsx", "-o", "ra.xlsx"),
    "bills": ("bills", "case.xlsx", "-o", "b.xlsx"),
    "support": ("support", "case.xlsx", "-o", "su.xlsx"),
    "compare": ("compare", "case.xlsx", "-o", "c.xlsx", "--unforeseen", "2027"),
    "sweep": ("sweep", "case.xlsx", "-o", "s.xlsx", "--step", "0.3"),
    "sweep, security": (
        "sweep", "case.xlsx", "-o", "s.xlsx", "--over", "security", "--from", "1", "--to", "0",
        "--step", "0.5",
    ),
    "stress": ("stress", "case.xlsx", "-o", "t.xlsx", "--pairs", "--refiners"),
    "scorecard": ("scorecard", "case.xlsx", "-o", "sc.xlsx"),
    "sensitivity": ("sensitivity", "case.xlsx", "-o", "se.xlsx", "--group"),
}  # fmt: skip
MAYBE = {"check, marked": {"marked", "marked_cells"}, "compare": {"unforeseen"},
         "sweep, security": {"not_tested"}}  # fmt: skip
"""Keys that an answer has by its options."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a case of every sheet."""
    folder = tmp_path_factory.mktemp("keys")
    tables = template_tables()
    del tables["Sources"]
    write_book(folder / "case.xlsx", tables)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_has_the_keys_that_the_manual_lists(desk, capsys, call: str) -> None:
    command = call.split(",", maxsplit=1)[0]
    with contextlib.chdir(desk):
        assert main([*CALLS[call], "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    plans, studies = command != "check", command in STUDIES
    groups = ["every check", *["every plan"] * plans, *["every study"] * studies, command]
    declared = {key.name: key for name in groups for key in keys_of(name)}
    expected = {name for name, key in declared.items() if not key.when}
    expected |= set() if command in {"check", "compare"} else {"scenario"}
    assert answer.keys() == expected | MAYBE.get(call, set())
    for name, key in declared.items():
        for row in answer.get(name, []) if key.rows else []:
            assert {*key.rows} - {*key.optional} <= row.keys() <= {*key.rows}, name
    assert command == "check" or any(key.rows and answer[name] for name, key in declared.items())


def test_each_study_has_its_keys_on_one_page() -> None:
    pages = [page.read_text(encoding="utf-8") for page in HERE.glob("*.md")]
    listed = [name for page in pages for name in re.findall("<!-- keys of (.+) -->", page)]
    assert len(listed) == len({*listed})
    declared = {name for name, entry in STUDIES.items() if entry.kind.ANSWER}
    assert {*listed} == declared | {"every check", "every plan", "every study", "solve", "check"}
