"""What earlier versions had: each command says what to use instead, and refuses redacted plans."""

from __future__ import annotations

import pytest

from planner.cli.answer import RETIRED_COMMANDS, RETIRED_OPTIONS
from planner.cli.commands import planner
from tests.books import editing

OLD = [
    *([name] for name in RETIRED_COMMANDS),
    *([command, "x.xlsx", option] for command, of in RETIRED_OPTIONS.items() for option in of),
]


@pytest.mark.parametrize("more", [(), ("more",), ("--member", "Japan", "-o", "y.xlsx")], ids=len)
@pytest.mark.parametrize("words", OLD, ids=" ".join)
def test_an_old_command_or_option_says_what_to_use(call, ask, words, more) -> None:
    code, out, err = call(*words, *more)
    assert (code, out) == (2, "")
    [line] = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert " no longer exists: " in line
    code, answer = ask(*words, *more)
    assert (code, answer["status"]) == (2, "usage_error")
    assert [f"Error: {e['message']}" for e in answer["errors"]] == [line]


def test_what_is_retired_is_not_there() -> None:
    """Nobody brings an old name back and leaves it in the table."""
    assert not {*RETIRED_COMMANDS} & {*planner.commands}
    for command, options in RETIRED_OPTIONS.items():
        there = {name for p in planner.commands[command].params for name in p.opts}
        assert not {*options} & there


@pytest.fixture
def redacted(template_plan, folder):
    """A plan as an earlier version redacted it: its Summary says so."""
    with editing(template_plan, folder / "redacted.xlsx") as book:
        book["Summary"].insert_rows(2, 2)
        book["Summary"]["A3"], book["Summary"]["B3"] = "Redacted", "orders and prices of 1 member"
        for sheet in ("Values", "Duals", "Overview"):
            del book[sheet]
    return "redacted.xlsx"


@pytest.mark.parametrize(
    "words",
    [
        "verify {} case.xlsx", "brief {}", "report {}", "data {} -o x.db",
        "roll {} case.xlsx --to 2027", "diff {} {}", "orders {} orders", "page {}", "check {}",
        "solve {}", "stress {}", "explain {} --mineral Cobalt", "model {} -o x.lp",
        "new --actuals {} actuals.xlsx",
    ],
)  # fmt: skip
def test_a_redacted_plan_is_refused(case, redacted, call, folder, words) -> None:
    before = {*folder.iterdir()}
    code, out, err = call(*words.format(*[redacted] * words.count("{}")).split())
    assert code == 1
    [line] = [line for line in (out + err).splitlines() if "this plan is redacted" in line]
    assert "Use the plan from before it was redacted" in line
    assert {*folder.iterdir()} == before
