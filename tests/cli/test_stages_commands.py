"""Every command on a case with stages: it counts what plants buy, or refuses in a sentence."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import openpyxl
import pytest

from planner.cli import main
from planner.render import words
from tests.books import write_book
from tests.models.stages import ALLY, CHINA, cap, oxide_and_alloy

CASE = oxide_and_alloy(
    cap(0.65),
    Scenarios=[
        {"Scenario": "Embargo", "Action": "block lanes", "Mineral": "oxide", "Country": CHINA}
    ],
    Security=[{"Mineral": "alloy", "Max short": 0.9}],
    Stockpiles=[
        {"Mineral": "oxide", "Member": "A", "Max (t)": 5, "Opening (t)": 1, "Target (t)": 0}
    ],
    Risks=[
        {"Event": "Strike", "Action": "scale capacity", "Mineral": "oxide", "Country": CHINA,
         "Value": 0.5, "Yearly probability": 0.5, "Duration (yr)": 1}
    ],
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the workbook and its plan."""
    made = tmp_path_factory.mktemp("stages")
    book = {name: rows for name, rows in CASE.items() if rows}
    book["Members"] = [{"Member": "A", "Country": ALLY}]
    write_book(made / "case.xlsx", book)
    answer(made, "solve", "case.xlsx", "-o", "plan.xlsx")
    return made


def answer(folder: Path, command: str, *words: str, code: int = 0) -> dict:
    """Return what a program hears of a command."""
    files = [str(folder / w) if w.endswith(".xlsx") or w == "orders" else w for w in words]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([command, *files, "--json"]) == code, out.getvalue()
    return json.loads(out.getvalue())


def test_solve_tells_what_plants_buy(folder: Path) -> None:
    """Tonnes are what members buy, oxide to hand over among it; verify finds nothing."""
    said = answer(folder, "solve", "case.xlsx", "-o", "again.xlsx")
    transferred = said["tonnes"] - 18 + 1  # bought for the stock, and the tonne in it
    assert said["inputs_t"] == pytest.approx(18 - transferred)
    assert said["max_country_share"]["alloy"] == pytest.approx(0.65)
    assert said["max_country_share"]["oxide"] <= 0.65 + 1e-9
    lost = said["served_if_lost"]["alloy"][CHINA]
    assert lost["through_all_stages"] <= lost["last_stage"] == pytest.approx(5 / 20)
    verified = answer(folder, "verify", "plan.xlsx", "case.xlsx")
    assert verified["errors"] == []


RUNS = {
    "check": ("case.xlsx",),
    "compare": ("case.xlsx", "-o", "compare.xlsx"),
    "sweep": ("case.xlsx", "--from", "0.9", "--to", "0.6", "--step", "0.1", "-o", "sweep.xlsx"),
    "stress": ("case.xlsx", "-o", "stress.xlsx"),
    "exit": ("case.xlsx", "--country", CHINA, "-o", "exit.xlsx"),
    "ranges": ("case.xlsx", "-o", "ranges.xlsx"),
    "support": ("case.xlsx", "-o", "support.xlsx"),
    "bills": ("case.xlsx", "-o", "bills.xlsx"),
    "scorecard": ("case.xlsx", "-o", "scorecard.xlsx"),
    "risk": ("case.xlsx", "--draws", "20", "-o", "risk.xlsx"),
    "explain": ("case.xlsx", "--mineral", "alloy", "--member", "A", "--year", "2026"),
    "orders": ("plan.xlsx", "orders"),
    "diff": ("plan.xlsx", "plan.xlsx", "-o", "diff.xlsx"),
}


@pytest.mark.parametrize("command", RUNS)
def test_a_command_runs(folder: Path, command: str) -> None:
    """And ends well."""
    said = answer(folder, command, *RUNS[command])
    assert not said.get("errors")


def test_diff_counts_what_plants_buy(folder: Path) -> None:
    """Paid by mineral adds up to all purchases, and moves to all tonnes that are sold."""
    old = answer(folder, "solve", "case.xlsx", "-o", "again.xlsx")
    half = ("--what-if", "scale capacity; refiner=Lyn; value=0.5")
    new = answer(folder, "solve", "case.xlsx", *half, "-o", "half.xlsx")
    said = answer(folder, "diff", "again.xlsx", "half.xlsx")
    for side, plan in (("old", old), ("new", new)):
        paid = sum(row["paid"][side] for row in said["minerals"])
        assert paid == pytest.approx(plan["purchases_usd"])
    more = sum(row["change_t"] for row in said["moves"] if row["to"])
    tonnes = [plan["tonnes"] + plan["inputs_t"] for plan in (old, new)]
    assert more == pytest.approx(tonnes[1] - tonnes[0], abs=1e-6)
    assert f"plants in {CHINA}" in {row["to"] for row in said["moves"]}


def test_orders_say_what_plants_buy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What members pay for orders and plants for inputs is what all purchases cost."""
    plan = answer(folder, "solve", "case.xlsx", "-o", "again.xlsx")
    said = answer(folder, "orders", "again.xlsx", "orders")
    assert said["paid_by_plants"] > 0
    assert said["total"] + said["paid_by_plants"] == pytest.approx(plan["purchases_usd"])
    paid = words.money_words(said["paid_by_plants"], "USD")
    sentence = f"Not in these orders: inputs worth {paid}, which plants buy to make the products of"
    assert sentence in (folder / "orders" / "README.txt").read_text(encoding="utf-8-sig")
    summary = openpyxl.load_workbook(folder / "orders" / "A.xlsx")["Summary"]
    cells = [str(cell) for row in summary.iter_rows(values_only=True) for cell in row]
    assert any(cell.startswith(sentence) for cell in cells)
    main(["orders", str(folder / "again.xlsx"), str(folder / "orders")])
    assert sentence in capsys.readouterr().err
