"""The command bills: what it writes and says."""

from __future__ import annotations

import openpyxl
import pytest

from tests.books import editing, write_book
from tests.models.desk import jin, make
from tests.models.test_sharing import crossed

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder) -> None:
    """A workbook beside the plans, CSV where asked for, a report of it; every header has a note."""
    code, out, err = call("bills", plain, "--csv", "tables", *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "plain-bills.xlsx"
    book = openpyxl.load_workbook(made)
    names = ["Overview", "Savings", "Charts", "Bills", "Transfers", "Groups", "About"]
    assert book.sheetnames == [*names, "Runs", "Chart data"]
    assert "Together, the members pay" in err
    assert {"bills.csv", "groups.csv"} <= {p.name for p in (folder / "tables").iterdir()}
    code, _, _ = call("report", str(made))
    assert code == 0


def test_whole_projects_and_fairness_are_said(plain, ask, folder) -> None:
    """What the theory needs and the case lacks stands in About."""
    with editing(plain, folder / "whole.xlsx") as book:
        book["Settings"].append(["Whole projects", "yes"])
        signed = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 30}
        least = make(jin(200), demand={"A": 50.0, "B": 50.0}, Contracts=[signed])
        write_book(folder / "signed.xlsx", least)
    assert ask("bills", str(folder / "signed.xlsx"), *HERE)[0] == 0
    about = openpyxl.load_workbook(folder / "outputs" / "signed-bills.xlsx")["About"]
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
    assert sheet["B1"].value == "Cash if each plans alone (EUR m)"
