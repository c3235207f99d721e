"""Every command on cases that are valid and next to nothing: each ends as it should, and is proved.

A command is taken from the command line's own list: one without a call here fails the first test.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from planner.cli import main
from planner.cli.commands import COMMANDS
from tests.books import write_book
from tests.budget import IS_LONG
from tests.cli.desk import LASTING
from tests.page.solver import solver_or_skip
from tests.small_book import Change, Tables, add, both, column, put, small_book, without

Call = Callable[[str, str], tuple[str, ...]]
"""The arguments of a command, from the names of a mineral and a member of the case."""

CALLS: dict[str, Call] = {
    "check": lambda *_: ("case.xlsx", "--marked", "marked.xlsx"),
    "solve": lambda *_: ("case.xlsx", "--output", "plan.xlsx", "--csv", "csv"),
    "solve --under-risk": lambda *_: (
        *("case.xlsx", "--output", "under-risk.xlsx", "--futures", "4", "--weight", "50%"),
    ),
    "explain": lambda mineral, member: (
        *("case.xlsx", "--mineral", mineral, "--member", member, "--year", "2026"),
    ),
    "compare": lambda *_: ("case.xlsx", "--output", "compare.xlsx"),
    "sweep": lambda *_: (
        *("case.xlsx", "--output", "sweep.xlsx", "--from", "0.9", "--to", "0", "--step", "0.45"),
    ),
    "stress": lambda *_: ("case.xlsx", "--output", "stress.xlsx", "--refiners", "--pairs"),
    "risk": lambda *_: ("case.xlsx", "--output", "risk.xlsx", "--draws", "5"),
    "bills": lambda *_: ("case.xlsx", "--output", "bills.xlsx"),
    "model": lambda *_: ("case.xlsx", "-o", "model.lp"),
    "exit": lambda *_: ("case.xlsx", "--output", "exit.xlsx", "--country", "China"),
    "scorecard": lambda *_: ("case.xlsx", "--output", "scorecard.xlsx"),
    "ranges": lambda *_: ("case.xlsx", "--output", "ranges.xlsx", "--by", "refiner"),
    "support": lambda *_: ("case.xlsx", "--output", "support.xlsx"),
    "sensitivity": lambda *_: ("case.xlsx", "--output", "sensitivity.xlsx"),
    "data": lambda *_: ("plan.xlsx", "-o", "plans.sqlite"),
    "pull": lambda *_: ("case.xlsx",),
    "orders": lambda *_: ("plan.xlsx", "orders"),
    "diff": lambda *_: ("plan.xlsx", "plan.xlsx", "--inputs", "case.xlsx", "case.xlsx"),
    "verify": lambda *_: ("plan.xlsx", "case.xlsx"),
    "report": lambda *_: ("plan.xlsx", "stress.xlsx", "sweep.xlsx", "risk.xlsx", "-o", "all.html"),
    "brief": lambda *_: ("plan.xlsx", "stress.xlsx", "risk.xlsx", "-o", "brief.pptx"),
    "page": lambda *_: ("case.xlsx", "-o", "case.html"),
    "new": lambda *_: ("new.xlsx", "--force"),
    "roll": lambda *_: (
        *("plan.xlsx", "case.xlsx", "--to", "2027", "--output", "next.xlsx", "--force"),
    ),
}


def each(sheet: str, header: str, value: object) -> Change:
    """Set a column in all rows."""

    def change(book: Tables) -> None:
        assert header in book[sheet][0], header
        book[sheet] = [row | {header: value} for row in book[sheet]]

    return change


def only(sheet: str, *rows: int) -> Change:
    """Keep some rows of a sheet, the first being 2."""

    def change(book: Tables) -> None:
        book[sheet] = [book[sheet][row - 2] for row in rows]

    return change


def setting(name: str, value: object) -> Change:
    """Set a setting."""

    def change(book: Tables) -> None:
        book["Settings"] = [row for row in book["Settings"] if row["Setting"] != name]
        book["Settings"].append({"Setting": name, "Value": value})

    return change


def demand(*tonnes: float | None) -> Change:
    """Set every row of Demand, by year."""
    years = zip(("2026", "2027"), tonnes, strict=True)
    return both(*(each("Demand", year, t) for year, t in years))


def euros(book: Tables) -> None:
    """Say all money in euros."""
    for sheet, rows in book.items():
        book[sheet] = [{h.replace("USD", "EUR"): v for h, v in row.items()} for row in rows]
    setting("Currency", "EUR")(book)


WHOLE = setting("Whole projects", "yes")
SECOND_MINERAL = ("Lithium", "Tianqi", "Ganfeng")


def one_mineral(book: Tables) -> None:
    """Leave out lithium and all that has to do with it."""
    for sheet, rows in book.items():
        book[sheet] = [r for r in rows if not set(map(str, r.values())) & {*SECOND_MINERAL}]


def one_member(book: Tables) -> None:
    """Leave out all members but Japan."""
    for sheet, rows in book.items():
        kept = [r for r in rows if not set(map(str, r.values())) & {"Korea", "Other EU"}]
        book[sheet] = [{h: v for h, v in r.items() if h not in {"Korea", "Other EU"}} for r in kept]
    book["Share limits"] = [row for row in book["Share limits"] if row["Buyer"] != "Asia"]


NO_PROJECTS = both(without("Projects"), without("Budget"), only("Scenarios", 2, 3))
BARE = both(
    *(without(s) for s in ("Share limits", "Contracts", "Stockpiles", "Mines", "Ore lanes")),
    NO_PROJECTS,
)

CASES: dict[str, Change] = {
    "as it is": lambda _: None,
    "no demand": demand(0, 0),
    "no demand in a year": demand(500, 0),
    "a year left blank": demand(500, None),
    "all years left blank": demand(None, None),
    "no demand, no rules": both(demand(0, 0), BARE),
    "no capacity": each("Refiners", "Capacity (t/yr)", 0),
    "nothing open to the coalition": each("Refiners", "Available share", 0),
    "nothing to buy": both(
        each("Refiners", "Capacity (t/yr)", 0), each("Refiners", "Capacity 2028 (t/yr)", None),
        each("Stockpiles", "Max (t)", 0), each("Stockpiles", "Opening (t)", 0), NO_PROJECTS,
    ),
    "one member": one_member,
    "one mineral": one_mineral,
    "one year": both(without("Demand", "2027"), only("Scenarios", 3)),
    "all lanes closed": both(without("Lanes"), lambda b: b.update({"Lanes": [{"Open": "no"}]})),
    "all ore lanes closed": lambda b: b.update({"Ore lanes": [{"Open": "no"}]}),
    "no mines": each("Mines", "Capacity (t/yr)", 0),
    "only Rest of world": both(
        each("Refiners", "Country", "Rest of world"), each("Refiners", "Owner country", None),
        NO_PROJECTS, setting("Default freight (USD/t)", 10),
    ),
    "dust beside a mountain": both(demand(1e9, 1e9), put("Demand", 2, "2026", 1e-9)),
    "dust alone": demand(1e-9, 1e-9),
    "a millionth of a gram": demand(1e-12, 1e-12),
    "dust and whole projects": both(demand(1e-9, 1e-9), WHOLE),
    "price 0": each("Minerals", "Price (USD/t)", 0),
    "shortage cost 0": each("Minerals", "Shortage cost (USD/t)", 0),
    "nothing costs anything": both(
        each("Minerals", "Price (USD/t)", 0), each("Minerals", "Shortage cost (USD/t)", 0),
        each("Refiners", "Cost (USD/t)", 0), each("Freight", "Japan", 0),
        each("Freight", "Korea", 0), each("Freight", "Other EU", 0),
    ),
    "shortage cost multiple 0": setting("Shortage cost multiple", 0),
    "fair shortage weight 0": setting("Fair shortage weight", 0),
    "target penalty 0": each("Stockpiles", "Target penalty (USD/t/yr)", 0),
    "target penalty 0 and short": both(
        each("Stockpiles", "Target penalty (USD/t/yr)", 0), demand(9000, 9000)
    ),
    "stock max 0": both(each("Stockpiles", "Max (t)", 0), each("Stockpiles", "Opening (t)", 0)),
    "stock is all there is": both(
        each("Refiners", "Capacity (t/yr)", 0), each("Stockpiles", "Max (t)", 1e6),
        each("Stockpiles", "Opening (t)", 1e6),
    ),
    "project of no capacity": each("Projects", "Capacity (t/yr)", 0),
    "budget 0": each("Budget", "Capex (USD m)", 0),
    "capex 0": each("Projects", "Capex (USD m)", 0),
    "project after the horizon": each("Projects", "First year", 2040),
    "project of one year's life": column("Projects", "Life (yr)", 1),
    "whole projects": WHOLE,
    "whole projects, nothing to build": both(WHOLE, NO_PROJECTS),
    "whole projects, no budget": both(WHOLE, each("Budget", "Capex (USD m)", 0)),
    "contracts only": both(
        each("Refiners", "Capacity (t/yr)", 100), each("Contracts", "Min (t/yr)", 100),
        each("Contracts", "Max (t/yr)", 100), NO_PROJECTS,
    ),
    "contract of nothing": both(
        each("Contracts", "Min (t/yr)", 0), each("Contracts", "Max (t/yr)", 0)
    ),
    "contract without demand": both(demand(0, 0), each("Contracts", "Min (t/yr)", 90)),
    "share limits 0": each("Share limits", "Share", 0),
    "share limit 0 with min 1": both(
        each("Share limits", "Share", 0), put("Share limits", 3, "Share", 1),
        put("Share limits", 6, "Share", 1),
    ),
    "share limits 0 of purchases": both(
        each("Share limits", "Share", 0), setting("Share basis", "purchases")
    ),
    "a scenario without the members": add(
        "Scenarios", "Nobody", "remove member", None, None, None, "Japan"
    ),
    "a scenario without the only member": both(
        one_member, add("Scenarios", "Nobody", "remove member", None, None, None, "Japan")
    ),
    "no scenario": without("Scenarios"),
    "euros": euros,
    "members without country": both(
        each("Members", "Country", None), each("Members", "Group", None),
        lambda b: b["Share limits"].pop(3),
    ),
    "discount rate 0": setting("Discount rate", 0),
    "discount rate 1": setting("Discount rate", 1),
    "cost of capital 0": setting("Cost of capital", 0),
    "events that never begin": each("Risks", "Yearly probability", 0),
    "events that always begin": each("Risks", "Yearly probability", 1),
    "no share limits": without("Share limits"),
    "nothing may be short": lambda b: b.update(Security=[{"Max short": 0}]),
    "all may be short": lambda b: b.update(Security=[{"Max short": 1}]),
    "nothing but what must be": both(BARE, without("Countries"), without("Lanes")),
}  # fmt: skip

ENDS = {
    ("roll", "one year"): 2,
    **{("pull", case): 1 for case in CASES},
}
"""The exit codes that are not 0: there is no year to roll to, and no case says where
rows come from."""

MADE = {"plan.xlsx": "solve", "stress.xlsx": "stress", "sweep.xlsx": "sweep", "risk.xlsx": "risk"}
"""What other commands read, and which one makes it."""

EVERY = {"solve": 3, "verify": 12, "explain": 12, "sweep": 12, "stress": 12}
"""Commands that meet one case in three in every run, or in twelve; the others one in 48.

In the long runs each meets all.
"""

NO_ANSWER = re.compile(r"Traceback|(?<![\w/])(nan|-?inf|None|NaN|Infinity)\b")


def pairs() -> Iterator[object]:
    """Yield every command with every case."""
    for i, command in enumerate(CALLS):
        for k, case in enumerate(CASES):
            is_seldom = bool((i + k) % EVERY.get(command, 48))
            if is_seldom and not IS_LONG:
                continue
            marks = [pytest.mark.fuzz] if is_seldom else []
            yield pytest.param(command, case, (i + k // 4) % 2 == 0, marks=marks)


def test_every_command_is_called() -> None:
    called = {call.partition(" ")[0] for call in CALLS}
    assert called | LASTING == {command.name for command in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize(("command", "case", "as_json"), list(pairs()))
def test_it_ends_as_it_should(
    tmp_path_factory: pytest.TempPathFactory, command: str, case: str, as_json: bool
) -> None:
    if command == "page":
        solver_or_skip()
    folder, *names = made(tmp_path_factory.getbasetemp() / "degenerate", case)
    arguments = CALLS[command](*names)
    with contextlib.chdir(folder):
        for path in arguments:
            if path in MADE and command != MADE[path] and not Path(path).exists():
                assert run(MADE[path], *CALLS[MADE[path]](*names))[0] == 0
        code, out, err = run(
            *command.split(), *arguments, *(["--json"] if as_json and command != "schema" else [])
        )
    assert code == ENDS.get((command, case), 0), err or out
    assert not NO_ANSWER.search(out + err), out + err
    if as_json or command == "schema":
        json.loads(out, parse_constant=pytest.fail)
    if "--output" in arguments and code == 0:
        readable(folder / arguments[arguments.index("--output") + 1])


READING = [name for name, call in CALLS.items() if call("", "")[0] == "case.xlsx"]
"""Commands that read an input workbook."""


@pytest.mark.parametrize("command", [name for name in READING if name != "pull"])
def test_a_workbook_with_errors_is_refused(folder, broken, command: str) -> None:
    """All its errors are listed with their cells, and nothing is made of it but a marked copy."""
    broken.rename("case.xlsx")
    words = *command.split(), *CALLS[command]("Lithium", "Japan")
    code, out, err = run(*words)
    assert (code, "Refiners!D2" in out + err) == (1, True), out + err
    code, out, _ = run(*words, "--json")
    assert (code, len(json.loads(out)["errors"])) == (1, 3)
    assert {path.name for path in folder.iterdir()} <= {"case.xlsx", "marked.xlsx"}


@cache
def made(root: Path, case: str) -> tuple[Path, str, str]:
    """Return a folder with a case, and the names of a mineral and a member of it."""
    folder = root / case.replace(" ", "-")
    folder.mkdir(parents=True)
    book = small_book()
    CASES[case](book)
    write_book(folder / "case.xlsx", book, sheets=book)
    return folder, str(book["Minerals"][0]["Mineral"]), str(book["Members"][0]["Member"])


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command here; returns exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*arguments])
    return code, out.getvalue(), err.getvalue()


def readable(path: Path) -> None:
    """Assert that a workbook can be read, and that every number in it is one."""
    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        for sheet in book:
            for row in sheet.iter_rows(values_only=True):
                assert not {"nan", "inf", "-inf"} & {str(v).lower() for v in row}, (sheet, row)
