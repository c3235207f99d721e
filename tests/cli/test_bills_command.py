"""The command bills: what it writes and says, every group, and going on with an earlier one."""

from __future__ import annotations

import json

import numpy as np
import openpyxl
import pytest

from models.answers.cost_sharing import group_costs
from planner.cli import main
from planner.workbook.template import write_book
from tests.models.desk import jin, make
from tests.models.test_sharing import crossed

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder) -> None:
    """A workbook beside the plans, CSV where asked for, a report of it; every header has a note."""
    code, out, err = call("bills", plain, "--csv", "tables", *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "plain-bills.xlsx"
    book = openpyxl.load_workbook(made)
    names = ["Overview", "Savings", "Charts", "Bills", "Transfers", "Groups", "Rights", "About"]
    assert book.sheetnames == [*names, "Runs", "Chart data"]
    assert "If the members plan together" in err
    assert {"bills.csv", "groups.csv", "rights.csv"} <= {
        p.name for p in (folder / "tables").iterdir()
    }
    code, _, _ = call("report", str(made))
    assert code == 0


def test_every_group_and_going_on(plain, ask, folder) -> None:
    """With --exact six rules; an earlier workbook spares its groups; another input is refused."""
    code, said = ask("bills", plain, "--exact", *HERE)
    assert (code, said["status"], said["trouble"]) == (0, "optimal", None)
    rules = {row["rule"] for row in said["bills"]}
    assert {"nucleolus", "Shapley value"} < rules
    of_rule = {rule: [r for r in said["bills"] if r["rule"] == rule] for rule in rules}
    for rows in of_rule.values():
        assert sum(r["bill_usd"] for r in rows) == pytest.approx(said["together_usd"], rel=1e-7)
    made = str(folder / "outputs" / "plain-bills.xlsx")
    code, again = ask("bills", plain, "--wishes", "--resume", made, "--output", "again.xlsx", *HERE)
    assert code == 0
    assert again["runs"] == 1 + len(again["wishes"])
    bills_of = [[row["bill_usd"] for row in each["bills"]] for each in (said, again)]
    assert np.allclose(*bills_of, rtol=1e-9)
    assert again["resume_refused"] is None
    code, other = ask("bills", plain, "--resume", made, "--lose", "China", "--output", "b.xlsx")
    assert code == 2
    assert "for another workbook, scenario or what-if" in other["errors"][0]["message"]


def cell_of(book, sheet: str, what: str, column: int = 2):
    """Return the cell of a row, by what its first cell holds."""
    rows = book[sheet].iter_rows(min_row=2)
    return next(row[column - 1] for row in rows if row[0].value == what)


def other_cost(book) -> None:
    book["Coalitions"]["D3"].value *= 1.0 + 1e-9


def swapped(book) -> None:
    cells = book["Coalitions"]["D2"], book["Coalitions"]["D4"]
    cells[0].value, cells[1].value = cells[1].value, cells[0].value


def row_less(book) -> None:
    book["Coalitions"].delete_rows(3)
    book["Coalitions"].tables.clear()


def other_number(book) -> None:
    book["Coalitions"]["A2"].value = 6


def other_seal(book) -> None:
    cell_of(book, "About", "Seal of the sheet Coalitions").value = "0" * 32


def no_seal(book) -> None:
    cell_of(book, "About", "Seal of the sheet Coalitions", 1).value = "Note"


def in_the_costs_of_another(book) -> None:
    """All costs of the same groups in another case, as its planner wrote them."""
    for row in book["Coalitions"].iter_rows(min_row=2):
        row[3].value *= 2.0


EDITS = [other_cost, swapped, row_less, other_number, other_seal, no_seal, in_the_costs_of_another]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_groups_of_a_book_that_was_edited_are_planned_again(edit, plain, ask, call, folder) -> None:
    """Whatever was edited: the bills are those of a run without it, and it is said."""
    code, said = ask("bills", plain, "--exact", *HERE)
    assert code == 0
    made = folder / "outputs" / "plain-bills.xlsx"
    book = openpyxl.load_workbook(made)
    edit(book)
    book.save(folder / "edited.xlsx")
    resumed = ("bills", plain, "--resume", "edited.xlsx", "--output", "again.xlsx", *HERE)
    code, again = ask(*resumed)
    assert code == 0
    assert "edited.xlsx was edited, or written by another version" in again["resume_refused"]
    assert again["runs"] > 1
    for key in ("bills", "groups", "transfers"):
        assert again[key] == said[key]
    _, _, err = call(*resumed)
    assert "planned again" in " ".join(err.split())


@pytest.mark.parametrize("asked", [("--lose", "China"), ("--what-if", "scale demand; value=2")])
def test_groups_of_a_what_if_are_not_those_of_the_case(asked, plain, ask, folder) -> None:
    """The input is the same; what was asked beside it is in the seal, if not in the names known."""
    assert ask("bills", plain, "--exact", *asked, "--output", "if.xlsx", *HERE)[0] == 0
    resumed = ("--resume", "if.xlsx", "--output", "again.xlsx", *HERE)
    code, again = ask("bills", plain, *resumed)
    assert code == 0
    assert again["resume_refused"]
    code, said = ask("bills", plain, "--exact", "--output", "own.xlsx", *HERE)
    assert again["bills"] == said["bills"]
    assert ask("bills", plain, *asked, *resumed)[1]["resume_refused"] is None


def test_what_is_no_workbook_of_bills(plain, ask, folder) -> None:
    """One line says what a workbook is that --resume cannot go on from, whatever its cells hold."""
    assert ask("solve", plain)[0] == 0
    for path, kind in ((plain, "an input workbook"), ("outputs/plain-plan.xlsx", "a plan")):
        code, said = ask("bills", plain, "--resume", path, "--output", "b.xlsx", *HERE)
        (error,) = said["errors"]
        assert code == 1
        assert f"{path}: this is {kind}, its sheet Savings is missing" in error["message"]
        assert "expected a workbook of planner bills" in error["message"]


def test_whole_projects_and_fairness_are_said(plain, ask, folder) -> None:
    """What the theory needs and the case lacks stands in About."""
    book = openpyxl.load_workbook(plain)
    book["Settings"].append(["Whole projects", "yes"])
    signed = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 30}
    least = make(jin(200), demand={"A": 50.0, "B": 50.0}, Contracts=[signed])
    write_book(folder / "signed.xlsx", least)
    book.save(folder / "whole.xlsx")
    assert ask("bills", str(folder / "signed.xlsx"), *HERE)[0] == 0
    about = openpyxl.load_workbook(folder / "outputs" / "signed-bills.xlsx")["Overview"]
    said = " ".join(str(cell) for row in about.iter_rows(values_only=True) for cell in row)
    assert "where capacity reduces a minimum, the reduced minimum of the joint plan" in said
    code, _ = ask("bills", str(folder / "whole.xlsx"), *HERE)
    assert code == 0
    about = openpyxl.load_workbook(folder / "outputs" / "whole-bills.xlsx")["About"]
    said = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    assert said["Builds"].startswith("in fractions")
    assert said["Sharing a shortage fairly"].startswith("left out of the bills")


def test_names_of_any_script_and_another_currency(folder, ask) -> None:
    """Members are named as in the workbook, money is in its currency; C needs nothing."""
    book = crossed()
    book["Settings"].append({"Setting": "Currency", "Value": "EUR"})
    for rows in (book["Members"], book["Demand"]):
        rows[0]["Member"] = "日本"
    for row in book["Freight"]:
        row["日本 (EUR/t)"] = row.pop("A (USD/t)")
        row["B (EUR/t)"], row["C (EUR/t)"] = row.pop("B (USD/t)"), row.pop("C (USD/t)")
    for rows, unit in ((book["Refiners"], "Cost"), (book["Minerals"], "Price")):
        for row in rows:
            row[f"{unit} (EUR/t)"] = row.pop(f"{unit} (USD/t)")
    book["Settings"][0]["Setting"] = "Default freight (EUR/t)"
    write_book(folder / "eur.xlsx", book)
    code, said = ask("bills", folder / "eur.xlsx", *HERE)
    assert code == 0, said
    assert said["currency"] == "EUR"
    paid = [t for t in said["transfers"] if t["rule"] == "dual prices"]
    assert [(t["payer"], t["receiver"]) for t in paid] == [("日本", "B")]
    assert paid[0]["amount_usd"] == pytest.approx(250)
    sheet = openpyxl.load_workbook(folder / "outputs" / "eur-bills.xlsx")["Savings"]
    assert sheet["B1"].value == "Alone (EUR m)"


def test_every_group_of_many_members_is_refused(folder, ask) -> None:
    """Never sampled in silence: thirteen members have no nucleolus."""
    book = make(jin(100), demand={f"M{i}": 5.0 for i in range(13)})
    write_book(folder / "many.xlsx", book)
    code, said = ask("bills", folder / "many.xlsx", "--exact", *HERE)
    assert code == 2
    assert "up to 12 members; this workbook has 13" in said["errors"][0]["message"]
    code, said = ask("bills", folder / "many.xlsx", *HERE)
    assert code == 0
    assert all(not row["group"] for row in said["groups"])


def test_a_stop_keeps_the_groups_that_are_known(plain, folder, monkeypatch, capsys) -> None:
    """What is known is written beside the whole result's name, and --resume goes on from there."""
    known = group_costs

    def stop_in_the_end(plan, numbers):
        if len(numbers) < 3:
            raise KeyboardInterrupt
        return known(plan, numbers)

    monkeypatch.setattr("planner.studies.bills._GROUPS_PER_RUN", 3)
    monkeypatch.setattr("models.answers.cost_sharing.group_costs", stop_in_the_end)
    code = main(["bills", str(plain), "--exact", *HERE, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["stopped"]) == (130, True)
    assert 0 < said["groups_planned"] < 1 << 3
    assert "nucleolus and Shapley value need every group" in said["trouble"]
    monkeypatch.setattr("models.answers.cost_sharing.group_costs", known)
    code = main(["bills", str(plain), "--resume", said["output"], *HERE, "--json"])
    again = json.loads(capsys.readouterr().out)
    assert code == 0
    assert again["groups_planned"] > said["groups_planned"]
    assert {"nucleolus"} < {row["rule"] for row in again["bills"]}
