"""The command risk: what it writes, says, refuses and how it ends."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from planner.cli import main
from planner.studies.draws import AS_AGREED
from planner.studies.risk import LEFT_OUT
from planner.workbook.template import EVERY_CASE, template_tables
from tests.books import editing, write_book
from tests.cli.desk import sheets
from tests.models.desk import jin, make
from tests.order_book import table

TABLES = ["Risk", "Charts", "Risk by mineral", "Events", "Draws", "About", "Runs"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study of 60 draws, run once, with its tables as CSV."""
    folder = tmp_path_factory.mktemp("risk")
    write_book(folder / "case.xlsx", template_tables())
    words = ["risk", folder / "case.xlsx", "--draws", 60, "--workers", 1]
    words += ["--output", folder / "risk.xlsx", "--csv", folder / "csv"]
    assert main([str(word) for word in words]) == 0
    return folder


def test_the_workbook_has_its_sheets(made) -> None:
    assert sheets(made / "risk.xlsx") == ["Overview", *TABLES, "Chart data"]
    assert {p.stem for p in (made / "csv").iterdir()} >= {"risk", "draws", "risk-by-mineral"}
    charts = openpyxl.load_workbook(made / "risk.xlsx")["Charts"]
    assert charts["A1"].value.startswith("Example: two battery metals")


def test_each_draw_has_its_row_and_the_summary_is_of_them(made) -> None:
    draws = table(made / "risk.xlsx", "Draws")
    assert [row["Draw"] for row in draws] == list(range(1, 61))
    costs = [row["Total cost, as agreed (USD m)"] for row in draws]
    calm = [cost for row, cost in zip(draws, costs, strict=True) if row["Events"] == "no event"]
    (total, *_) = table(made / "risk.xlsx", "Risk")
    assert (total["Measure"], total["Plan"], total["Unit"]) == ("Total cost", "As agreed", "USD m")
    assert total["Mean"] == pytest.approx(sum(costs) / 60)
    assert calm == pytest.approx([total["No event"]] * len(calm))
    assert total["Mean of the worst 5 % (CVaR 95)"] == pytest.approx(sum(sorted(costs)[-3:]) / 3)


def test_the_terminal_shows_minerals_in_the_agreed_plan(made, capsys, tmp_path) -> None:
    words = ["risk", made / "case.xlsx", "--draws", 60, "--workers", 1]
    words += ["--output", tmp_path / "risk.xlsx"]
    assert main([str(word) for word in words]) == 0
    printed = [re.split(r"  +", each) for each in capsys.readouterr().err.splitlines()]
    further = "Further missing by events (share)"
    as_agreed = [r for r in table(made / "risk.xlsx", "Risk by mineral") if r["Plan"] == AS_AGREED]
    as_agreed.sort(key=lambda row: -row[further])
    shown = [row for row in printed if row[0] in {row["Mineral"] for row in as_agreed}]
    assert [row[0] for row in shown] == [row["Mineral"] for row in as_agreed]
    for row, cells in zip(as_agreed, shown, strict=True):
        for name, cell in zip(("Missing on average (share)", further), cells[3:5], strict=True):
            assert cell in {f"{100 * row[name]:.3g} %", f"{100 * row[name]:.1f} %", "under 0.1 %"}


def test_few_draws_are_warned_of_and_all_that_was_asked_is_told(made) -> None:
    about = {(row["What"], row["Value"]) for row in table(made / "risk.xlsx", "About")}
    assert ("Seed", "1") in about
    (warned,) = [value for what, value in about if what == "Warning"]
    assert "the worst 5 % are 3 draws" in warned
    runs = table(made / "risk.xlsx", "Runs")
    assert {row["Proven"] for row in runs} == {"yes"}
    assert len(runs) == len({row["Run"] for row in runs})


def test_json_has_both_plans(case, ask) -> None:
    code, said = ask("risk", case, "--draws", 30, "--seed", 3, "--keep-caps", "--surge", "10%")
    assert code == 0
    assert said["status"] == "optimal"
    assert [row["plan"] for row in said["rows"]] == ["As agreed", "Re-planned"]
    as_agreed, anew = said["rows"]
    assert anew["objective_usd"]["mean"] <= as_agreed["objective_usd"]["mean"]
    assert as_agreed["objective_usd"]["base"] == pytest.approx(anew["objective_usd"]["base"])
    assert set(as_agreed["by_mineral"]) == {"Lithium", "Cobalt"}
    assert (said["draws"], said["seed"], said["surge"], said["keep_caps"]) == (30, 3, 0.1, True)
    assert {event["event"] for event in said["events"]} == {
        "Chinese export stop",
        "Drought in Chile",
    }
    assert said["output"] == str(Path("outputs") / "case-risk.xlsx")
    assert (case.parent / "outputs" / "case-risk.xlsx").exists()
    assert said["errors"] == []


def test_a_scenario_is_what_events_strike(case, ask) -> None:
    _, said = ask("risk", case, "--draws", 10, "--scenario", "half")
    assert said["scenario"] == "Half"
    code, said = ask("risk", case, "--draws", 10, "--scenario", "Halff")
    assert code == 2
    assert "did you mean 'Half'?" in said["errors"][0]["message"]


def test_a_limit_on_countries_is_that_of_both_plans(case, ask) -> None:
    """Without events both plans are what solve makes of the limit, but for a price of security."""
    with editing(case) as book:
        del book["Security"]
    _, alone = ask("solve", case, "--max-country-share", "50%")
    code, said = ask("risk", case, "--draws", 5, "--max-country-share", "50%", "--workers", 1)
    assert code == 0
    costs = [row["objective_usd"]["base"] for row in said["rows"]]
    assert costs == pytest.approx([alone["objective_usd"]] * 2)
    about = {(row["What"], row["Value"]) for row in table(said["output"], "About")}
    assert ("Max country share", "0.5") in about


@pytest.mark.parametrize("penalty", [0, 45.25])
def test_the_penalty_that_is_left_out_is_an_amount_in_about(folder, ask, penalty) -> None:
    """80 of Jin's 100 t may not be missing."""
    ban = {"Event": "Ban", "Yearly probability": 0.5, "Action": "block lanes", "Country": "China"}
    row = {"Max short": 0.2, "Penalty (USD/t)": penalty, "Lost country": "China"}
    book = make(jin(100), demand=100, Risks=[ban]) | {"Security": [row]}
    write_book(folder / "case.xlsx", book)
    _, said = ask("risk", "case.xlsx", "--draws", 5, "--workers", 1)
    without = [f for f in said["findings"] if "without the plan's penalty" in f["sentence"]]
    assert [f["claims"] for f in without] == ([[]] if penalty else [])
    about = {row["What"]: row["Value"] for row in table(said["output"], "About")}
    assert about.get(LEFT_OUT) == ("3,620 USD" if penalty else None)


def test_a_workbook_without_events_is_told_how_to_add_them(folder, call, ask) -> None:
    write_book(folder / "case.xlsx", template_tables(), sheets=EVERY_CASE)
    code, out, err = call("risk", "case.xlsx")
    assert (code, out) == (2, "")
    assert "planner new FILE --with Risks" in err
    code, said = ask("risk", "case.xlsx")
    assert code == 2
    assert "add the sheet Risks" in said["errors"][0]["message"]
    assert not (folder / "outputs").exists()


def test_bad_rows_are_told_at_their_cells(folder, call, ask) -> None:
    tables = template_tables()
    tables["Risks"][1]["Yearly probability"] = 0.5
    tables["Risks"][2]["Action"] = "build project"
    write_book(folder / "bad.xlsx", tables)
    code, said = ask("risk", "bad.xlsx", "--draws", 5)
    assert code == 1
    assert {e["cell"] for e in said["errors"]} == {"B4", "M3"}
    code, _, err = call("risk", "bad.xlsx", "--draws", 5)
    assert code == 1
    assert "they happen together" in err.lower()
    assert not (folder / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--draws", "1e3"), "'1e3' is not a whole number from 1 to 100,000; did you mean 1000?"),
        (("--draws", "1,000"), "did you mean 1000?"),
        (("--draws", "many"), "'many' is not a whole number from 1 to 100,000"),
        (("--seed", "-1"), "'-1' is not a whole number from 0 to"),
        (("--surge", "-1"), "such as 0.65"),
    ],
)
def test_a_wrong_number_is_told_with_what_is_meant(case, call, words, said) -> None:
    assert said in call("risk", case, *words)[2]


def test_a_person_reads_the_spread(case, call) -> None:
    code, out, err = call("risk", case, "--draws", 40)
    assert (code, out) == (0, "")
    assert "Lithium" in err
    assert "outputs" in err
    assert max(map(len, err.splitlines())) <= 120
