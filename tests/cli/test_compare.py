"""The command compare: what it writes, what it says, and every way to fail."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from models.errors import SolverError
from models.plan import Session
from planner.workbook.template import EVERY_CASE, template_tables
from tests.books import write_book
from tests.cli.desk import sheets

ALL = ["Base", "Export ban", "Half", "Weak year in Chile"]
KNOWN = "Each scenario is planned as if it were known from the beginning."
HERE = ("--workers", "1")


def names(answer):
    return [row["scenario"] for row in answer["rows"]]


def test_compare_writes_a_workbook_and_says_what_it_holds(case, call):
    before = case.read_bytes()
    code, out, err = call("compare", case, *HERE)
    assert (code, out) == (0, "")
    assert case.read_bytes() == before
    made = sheets("outputs/case-compare.xlsx")
    assert made[:4] == ["Overview", "Comparison", "Charts", "Heat map"]
    assert {"Changes", "Plan", "Shortages", "Country shares", "Prices"} <= set(made)
    assert made[-3:] == ["About", "Runs", "Chart data"]
    for said in (*ALL, "case-compare.xlsx"):
        assert said in err
    book = openpyxl.load_workbook("outputs/case-compare.xlsx", read_only=True)
    first = [row[0] for row in book["Comparison"].iter_rows(values_only=True)]
    assert first == ["Scenario", *ALL]


def test_scenarios_are_said_to_be_known_from_the_first_year(case, call):
    """On the terminal and on the first page; the report tells the same finding."""
    _, _, err = call("compare", case, "-v", *HERE)
    assert KNOWN in " ".join(err.split())
    page = openpyxl.load_workbook("outputs/case-compare.xlsx")["Overview"]
    texts = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value]
    assert any(text.endswith(KNOWN) for text in texts)


@pytest.mark.slow
def test_what_comes_unforeseen_stands_beside_it(case, ask, call):
    """Each scenario is followed by itself, unforeseen, in every table and in JSON."""
    code, answer = ask("compare", case, "--unforeseen", "2027", "--csv", "tables", *HERE)
    assert code == 0
    assert answer["unforeseen"] == 2027
    wanted = [
        "Base", "Export ban", "Export ban (unforeseen)",
        "Half", "Half from 2027", "Half from 2027 (unforeseen)",  # it acts in 2026, too
        "Weak year in Chile", "Weak year in Chile (unforeseen)",
    ]  # fmt: skip
    assert names(answer) == wanted
    by_name = {row["scenario"]: row for row in answer["rows"]}
    for name, row in by_name.items():
        late = name.endswith(" (unforeseen)")
        assert row["foresight"] == ("unforeseen" if late else "foreseen")
        if not late:
            assert row["surprise_usd"] is None
            continue
        known = by_name[name.removesuffix(" (unforeseen)")]
        assert row["surprise_usd"] == pytest.approx(
            row["objective_usd"] - known["objective_usd"], abs=1e-3
        )
        assert row["surprise_usd"] >= 0
    book = openpyxl.load_workbook("outputs/case-compare.xlsx", read_only=True)
    for sheet in ("Comparison", "By mineral", "Plan"):
        head, *rows = book[sheet].iter_rows(values_only=True)
        assert {row[head.index("Scenario")] for row in rows} == {*wanted}
    assert [row[0] for row in book["Runs"].iter_rows(min_row=2, values_only=True)] == wanted
    rows = dict(row[:2] for row in book["About"].iter_rows(values_only=True))
    assert rows["Unforeseen before"] == "2027"
    table = Path("tables/comparison.csv").read_text(encoding="utf-8")
    assert "Not knowing costs (USD)" in table
    _, _, err = call("compare", case, "--unforeseen", "2027", "-v", *HERE)
    said = " ".join(err.split())
    assert "Surprises keep what the base plan decides before they come." in said


def test_unforeseen_before_the_first_year_is_foreseen(case, ask):
    """Nobody could know earlier: every cell of both rows is the same."""
    code, answer = ask("compare", case, "--unforeseen", "2026", *HERE)
    assert code == 0
    apart = {"scenario", "foresight", "surprise_usd"}
    rows = [{k: v for k, v in row.items() if k not in apart} for row in answer["rows"]]
    assert rows[1::2] == rows[2::2]
    assert [row["surprise_usd"] for row in answer["rows"][2::2]] == [0, 0, 0]
    book = openpyxl.load_workbook("outputs/case-compare.xlsx", read_only=True)
    for sheet in ("Comparison", "By mineral", "Plan", "Prices", "Country shares"):
        head, *found = book[sheet].iter_rows(values_only=True)
        at = [
            i for i, name in enumerate(head) if name not in {"Foresight", "Not knowing costs (USD)"}
        ]
        of = {name: [] for name in {row[head.index("Scenario")] for row in found}}
        for row in found:
            cells = [row[i] for i in at if head[i] != "Scenario"]
            of[row[head.index("Scenario")]].append(cells)
        for name in ALL[1:]:
            assert of[name] == of[f"{name} (unforeseen)"], (sheet, name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--unforeseen", "2050"), "--unforeseen 2050 is not a year of the plan, which has 2026"),
        (("--unforeseen", "2025"), "--unforeseen 2025 is not a year of the plan"),
        (("--unforeseen", "2027", "--scenario", "base"), "nothing can come as a surprise"),
        (
            (
                "--unforeseen",
                "2027",
                "--scenario",
                "base",
                "--what-if",
                "remove member; member=Japan",
            ),
            "nothing can come as a surprise. What if remove member",
        ),
        (("--unforeseen", "soon"), "'soon' is not a valid integer"),
    ],
)
def test_a_year_that_makes_no_sense(case, ask, words, said):
    code, answer = ask("compare", case, *words, *HERE)
    assert code == 2
    assert said in answer["errors"][0]["message"]
    assert not Path("outputs").exists()


@pytest.mark.slow
def test_compare_answers_another_program(case, ask):
    """Each row is what solve says of the scenario alone."""
    code, answer = ask("compare", case, "--output", "all.xlsx", "--csv", "tables", *HERE)
    assert code == 0
    assert answer["status"] == "optimal"
    assert answer["output"] == "all.xlsx"
    assert Path("all.xlsx").is_file()
    assert Path("tables/comparison.csv").is_file()
    assert Path("tables/changes.csv").is_file()
    assert names(answer) == ALL
    base = answer["rows"][0]
    assert base["difference_usd"] == 0
    for row in answer["rows"]:
        _, alone = ask("solve", case, "--scenario", row["scenario"])
        for key in ("objective_usd", "shortage_t", "tonnes", "served_share"):
            assert row[key] == pytest.approx(alone[key], rel=1e-9)
        assert row["max_country_share"] == pytest.approx(alone["max_country_share"])
        by = row["objective_usd"] - base["objective_usd"]
        assert row["difference_usd"] == pytest.approx(by)
        assert row["error"] is None


def test_chosen_scenarios_and_what_the_command_asks(case, ask):
    asked = ("--lose", "Chile", "--max-country-share", "0.5")
    code, answer = ask("compare", case, "--scenario", "half", "--scenario", " HALF ", *asked, *HERE)
    assert code == 0
    assert names(answer) == ["Base", "Half", "Lose Chile; Max country share 0.5"]
    assert answer["what_ifs"] == [{"option": "--lose", "given": "Chile", "does": "Chile"}]
    _, alone = ask("solve", case, *asked)
    assert answer["output"] == "outputs/case-what-if lose Chile cap 50-compare.xlsx"
    last = answer["rows"][-1]["objective_usd"]
    assert last == pytest.approx(alone["objective_usd"], rel=1e-9)
    rows = openpyxl.load_workbook(answer["output"])["About"].iter_rows(values_only=True)
    about = dict(row[:2] for row in rows)
    assert about["Scenarios"] == "Half"
    assert about["Lose"] == "Chile"
    assert about["Max country share"] == "0.5"


def test_without_scenarios_base_alone_is_written(folder, call, ask):
    write_book(folder / "bare.xlsx", template_tables(), sheets=EVERY_CASE)
    code, _, err = call("compare", "bare.xlsx", *HERE)
    assert code == 0
    assert "Add rows to the sheet Scenarios" in err
    assert Path("outputs/bare-compare.xlsx").is_file()
    code, answer = ask("compare", "bare.xlsx", "--block", "CHN:JPN", *HERE)
    assert (code, names(answer)) == (0, ["Base", "Block China to Japan"])


@pytest.fixture
def contradicting(folder):
    """A workbook whose scenario Too dear breaks the bound of a cost."""
    tables = template_tables()
    steps = [{"Scenario": "Too dear", "Action": "scale cost", "Value": 1000.0}] * 3
    tables["Scenarios"][1:1] = [dict(step) for step in steps]
    write_book(folder / "dear.xlsx", tables)
    return folder / "dear.xlsx"


@pytest.mark.slow
def test_a_scenario_that_contradicts_the_rules(contradicting, call, ask):
    """It stands in its row with the reason; the others are written; the exit code is 1."""
    code, answer = ask("compare", contradicting, *HERE)
    assert (code, answer["status"]) == (1, "input_error")
    assert names(answer) == ["Base", "Export ban", "Too dear", "Half", "Weak year in Chile"]
    row = answer["rows"][2]
    assert row["objective_usd"] is None
    assert "Refiners!E2: Found the number 4.2e+13" in row["error"]
    assert all(r["error"] is None for r in answer["rows"] if r is not row)
    assert answer["output"] == str(Path("outputs/dear-compare.xlsx"))
    assert answer["errors"][0]["cell"] == "E2"
    assert "scenario Too dear" in answer["errors"][0]["message"]
    code, out, err = call("compare", contradicting, *HERE)
    assert (code, out) == (1, "")
    assert "No plan: Too dear: Refiners!E2" in err
    result = openpyxl.load_workbook("outputs/dear-compare.xlsx")["Comparison"]
    said = {row[0]: row for row in result.iter_rows(values_only=True)}
    assert any("Refiners!E2" in str(cell) for cell in said["Too dear"])


def without_half(monkeypatch, broken):
    """Make the solver fail on cases with a cap of 50 %, or on all."""
    solve = Session.solve

    def refuse(session, case):
        if broken(case):
            msg = "no proven optimum for Lithium 2026"
            raise SolverError(msg)
        return solve(session, case)

    monkeypatch.setattr(Session, "solve", refuse)


def test_a_scenario_without_a_proven_optimum(case, call, ask, monkeypatch):
    without_half(monkeypatch, lambda c: c.scenario == "Half")
    code, answer = ask("compare", case, *HERE)
    assert (code, answer["status"]) == (3, "solver_error")
    assert [row["error"] for row in answer["rows"]].count(None) == 3
    assert answer["rows"][2]["error"] == "no proven optimum for Lithium 2026"
    assert answer["errors"][0]["message"] == "Half: no proven optimum for Lithium 2026"
    assert Path("outputs/case-compare.xlsx").is_file()
    code, _, err = call("compare", case, *HERE)
    assert code == 3
    assert "No plan: Half: no proven optimum for Lithium 2026" in err.splitlines()


def test_without_a_base_the_scenarios_are_told(case, ask, monkeypatch):
    without_half(monkeypatch, lambda c: c.scenario == "Base")
    code, answer = ask("compare", case, *HERE)
    assert code == 3
    assert answer["rows"][0]["objective_usd"] is None
    assert {row["difference_usd"] for row in answer["rows"]} == {None}
    assert answer["rows"][1]["objective_usd"] > 0
    assert Path("outputs/case-compare.xlsx").is_file()


@pytest.mark.slow
def test_what_a_scenario_leaves_unchanged_is_warned_of(folder, ask):
    tables = template_tables()
    tables["Scenarios"][:] = [{"Scenario": "Idle", "Action": "scale demand", "Value": 1.0}]
    write_book(folder / "idle.xlsx", tables)
    _, answer = ask("compare", "idle.xlsx", *HERE)
    warned = [w for w in answer["warnings"] if w["sheet"] == "Scenarios"]
    assert any("changes nothing" in w["message"] for w in warned)
    changes = openpyxl.load_workbook("outputs/idle-compare.xlsx")["Changes"]
    rows = list(changes.iter_rows(min_row=2, values_only=True))
    assert rows[0][:4] == ("Idle", None, None, "nothing differs from the base")


def test_every_unknown_name_is_told_at_once(case, call, ask):
    words = ("--scenario", "Export bann", "--scenario", "foo", "--lose", "Chna")
    code, _, err = call("compare", case, *words, "--max-country-share", "140")
    assert code == 2
    said = [line for line in err.splitlines() if line.startswith("Error: ")]
    wanted = ("Export bann", "foo", "--lose 'Chna'", "--max-country-share '140'")
    assert [next(w for w in wanted if w in line) for line in said] == list(wanted)
    assert len(ask("compare", case, *words)[1]["errors"]) == 3


def test_a_scenario_named_as_the_command_names_its_own(folder, ask):
    tables = template_tables()
    row = {"Scenario": "Lose Chile", "Action": "scale demand", "Value": 2.0}
    tables["Scenarios"][:] = [row]
    write_book(folder / "named.xlsx", tables)
    code, answer = ask("compare", "named.xlsx", "--lose", "CHL", *HERE)
    assert code == 0
    assert names(answer) == ["Base", "Lose Chile", "Lose Chile (command line)"]
