"""The command bills: what it writes and says, every group, and going on with an earlier one."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder) -> None:
    """A workbook beside the plans, CSV where asked for, a report of it; every header has a note."""
    code, out, err = call("bills", plain, "--csv", "tables", *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "plain-bills.xlsx"
    book = openpyxl.load_workbook(made)
    names = ["Overview", "Savings", "Charts", "Bills", "Transfers", "Groups", "Rights", "About"]
    assert book.sheetnames == [*names, "Runs", "Chart data"]
    assert "Planning together saves" in err
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
    code, other = ask("bills", plain, "--resume", made, "--lose", "China", "--output", "b.xlsx")
    assert code == 2
    assert "of another workbook, scenario or what-if" in other["errors"][0]["message"]


def test_whole_projects_and_fairness_are_said(plain, ask, folder) -> None:
    """What the theory needs and the case lacks stands in About."""
    book = openpyxl.load_workbook(plain)
    book["Settings"].append(["Whole projects", "yes"])
    book.save(folder / "whole.xlsx")
    code, _ = ask("bills", str(folder / "whole.xlsx"), *HERE)
    assert code == 0
    about = openpyxl.load_workbook(folder / "outputs" / "whole-bills.xlsx")["About"]
    said = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    assert said["Builds"].startswith("as fractions")
    assert said["Sharing a shortage fairly"].startswith("not priced")
