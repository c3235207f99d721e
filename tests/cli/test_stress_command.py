"""The command stress: what it writes, what it says, and how it is refused."""

from __future__ import annotations

import openpyxl
import pytest

from models.errors import SolverError
from models.plan import Session
from tests.cli.desk import sheets

HERE = ("--workers", "1")


def test_what_is_written(plain, call, folder):
    """A workbook beside the plans, CSV where asked for, and the worst losses on stderr."""
    code, out, err = call("stress", plain, "--csv", "tables", *HERE)
    assert (code, out) == (0, "")
    assert "Hardest is the loss of China from 2026 to 2028" in err
    made = folder / "outputs" / "plain-stress.xlsx"
    assert str(made.relative_to(folder)) in err
    assert sheets(made) == [
        "Overview", "Stress", "Heat map", "Stress by mineral", "Stress detail", "About", "Runs",
    ]  # fmt: skip
    book = openpyxl.load_workbook(made)
    assert [row[0].value for row in book["Stress"].iter_rows(min_row=2)][:2] == ["China", "Chile"]
    assert len(book["Runs"]["A"]) == 1 + 2 * (1 + 5) - 2  # two sell nothing without limits
    assert book["Heat map"].conditional_formatting
    names = {p.name for p in (folder / "tables").iterdir()}
    assert names == {
        "tables.json",
        "stress.csv", "heat-map.csv", "stress-by-mineral.csv",
        "stress-detail.csv",
    }  # fmt: skip


def test_no_tonnes_are_not_minus_none(plain, call):
    _, _, err = call("stress", plain, "--lose", "CHN", *HERE)
    assert "Argentina" in err
    assert "-0" not in err


def test_json(plain, ask):
    """One object: a row a loss with the same keys, dearest first, uncapped beside it."""
    code, said = ask("stress", plain, "--refiners", "--pairs", "--surge", "20%", *HERE)
    assert code == 0
    assert (said["status"], said["surge"], said["first_year"]) == ("optimal", 0.2, 2026)
    rows = said["rows"]
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert {row["kind"] for row in rows} == {"country", "refiner", "embargo"}
    for is_pair in (False, True):  # by extra cost on each of the two sheets
        costs = [r["extra_cost_usd"] for r in rows if (r["kind"] == "embargo") is is_pair]
        assert costs == sorted(costs, reverse=True)
    china = next(row for row in rows if row["lost"] == "China")
    assert (china["kind"], china["country"], china["member"]) == ("country", "CHN", None)
    assert china["short_t"] == pytest.approx(326972.75)
    assert china["uncapped_short_t"] == pytest.approx(376500.32)
    by_mineral = china["short_by_mineral_t"]
    assert sum(by_mineral.values()) == pytest.approx(china["short_t"])
    assert said["errors"] == []


def test_the_embargo_matrix(plain, call, folder):
    """Countries by members: blank where they do not trade, darker where more is short."""
    assert call("stress", plain, "--pairs", "--output", "out.xlsx", *HERE)[0] == 0
    book = openpyxl.load_workbook(folder / "out.xlsx")
    sheet = book["Embargo matrix"]
    rows = {row[0]: row[1:] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert [c.value for c in sheet[1]] == ["Country", "European Union", "Japan", "United States"]
    assert next(iter(rows)) == "China"
    assert max(rows["China"]) > 0.1
    members = [c.value for c in sheet[1]][1:]
    filled = {
        (c, m)
        for c, row in rows.items()
        for m, v in zip(members, row, strict=True)
        if v is not None
    }
    pairs = book["Embargoes"].iter_rows(min_row=2, max_col=2, values_only=True)
    assert filled == set(pairs)
    assert len(filled) < len(rows) * len(members)
    assert sheet.conditional_formatting
    assert [c.value for c in book["Embargoes"][1]][:2] == ["Country", "Member"]


def test_no_share_limits(plain, ask, folder):
    """There is no uncapped plan to set beside: null, and no sheet of it."""
    book = openpyxl.load_workbook(plain)
    del book["Share limits"]
    book.save(plain)
    code, said = ask("stress", plain, *HERE)
    assert code == 0
    assert all(row["uncapped_short_t"] is None for row in said["rows"])
    headers = [c.value for c in openpyxl.load_workbook(folder / said["output"])["Stress"][1]]
    assert "Further missing (t)" in headers
    assert not any("without share limits" in str(header) for header in headers)


def test_a_run_without_a_plan_keeps_the_others(plain, ask, monkeypatch, folder):
    """Its row says why; the workbook is written and the exit code is 3."""
    planned = Session.solve

    def fail(self, case):
        if sum(r.capacity.value(2026) for r in case.refiners if r.country == "CHN") == 0:
            msg = "no proven optimum for a reason"
            raise SolverError(msg)
        return planned(self, case)

    monkeypatch.setattr(Session, "vary", lambda *_: None)  # then its case is solved
    monkeypatch.setattr(Session, "solve", fail)
    code, said = ask("stress", plain, *HERE)
    assert (code, said["status"]) == (3, "solver_error")
    failed = [row for row in said["rows"] if row["error"]]
    assert [row["lost"] for row in failed] == ["China"]
    assert failed[0]["short_t"] is None
    assert (folder / said["output"]).is_file()
    assert "China" in said["errors"][0]["message"]
