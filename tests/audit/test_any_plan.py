"""Verify holds for plans of every kind: any book, any family, any program that saved them anew."""

from __future__ import annotations

import shutil
import subprocess

import highspy
import numpy as np
import pytest
from openpyxl.cell import MergedCell

from models.results import Duals
from planner.audit.file import open_sheets
from planner.audit.verify import ComparisonBasis, verify
from planner.cli import main
from planner.run import solve_file
from planner.scenarios import Variant
from planner.scenarios.start import start_file
from planner.sheets import write_plan
from planner.workbook.template import EVERY_CASE, template_tables
from tests.audit.conftest import short_book
from tests.audit.tampering import at
from tests.books import editing, write_book
from tests.budget import BUDGET, at_length, few
from tests.models.desk import FIRST, jin, make, sur
from tests.reference.cases import random_book
from tests.waiting import HANG

FUZZ = BUDGET // 20
"""Books of the long run: a plan is written, read and written again of each, so they are fewer."""
BATCH = 10
FAMILIES = {
    "balance", "budget", "contract_maximum", "contract_minimum", "country_lane_max",
    "fair_shortage", "mine_capacity", "ore_balance", "project_capacity", "project_once",
    "purchases_total", "refiner_lane_max", "refining_capacity", "sales_growth", "share_limit",
    "shortage_total", "stock_target", "switching", "tier_total",
}  # fmt: skip
"""Constraints that plans of the random books must have between them."""


def verified(folder, tables, share=None):
    """Solve a book, write its plan and verify that; returns the verdict and the families."""
    case, plan = folder / "case.xlsx", folder / "plan.xlsx"
    write_book(case, tables)
    run = solve_file(case, max_country_share=share)
    write_plan(
        plan, run.plan, run.book, without_limits=run.without_limits, options=run.options,
        timings=run.seconds, made_with=run.made_with,
    )  # fmt: skip
    start = start_file(case, max_country_share=share)
    assert start.variant == Variant(max_country_share=share)
    verdict = verify(open_sheets(plan), start.book, start.case, start.variant)
    return verdict, {group.name for group in run.plan.program.constraints}


def some_book(seed):
    """A random book, and the limit on countries' shares that a third of them is planned with."""
    return random_book(np.random.default_rng(seed), 1 + seed % 4), (None, 0.5, 0.3)[seed % 3]


@pytest.mark.slow
def test_plans_of_every_family_are_verified(tmp_path):
    families = set()
    for seed in at_length((1, 6, 12, 17), range(20)):
        verdict, found = verified(tmp_path, *some_book(seed))
        assert verdict.findings == (), seed
        assert verdict.is_proven, seed
        assert verdict.compared is ComparisonBasis.PARTS, seed
        families |= found
    assert families >= FAMILIES


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("batch", range((FUZZ + BATCH - 1) // BATCH))
def test_plans_of_many_books_are_verified(tmp_path, batch):
    for seed in range(1000 + batch * BATCH, 1000 + min(FUZZ, (batch + 1) * BATCH)):
        verdict, _ = verified(tmp_path, *some_book(seed))
        assert verdict.findings == (), seed
        assert verdict.compared is ComparisonBasis.PARTS, seed


DUALS = {
    "1e4": (9, 3, 1e-3), "1e7": (9, 6, 1e-12), "1e10": (99, 6, 1e-6), "1e13": (500, 5, 1e-17),
    "1e16": (99, 8, 1e-12), "1e18": (30, 12, 1e-36), "1e24": (99, 12, 1e-30),
    "1e28": (99, 14, 1e-38), "1e32": (500, 12, 1e-37),
}  # fmt: skip
"""How fast sales may grow, for how many years and from how many tonnes, by the dual of a tonne."""


@pytest.mark.slow
@pytest.mark.parametrize("least", few(DUALS, 3))
def test_plans_are_verified_whatever_their_duals_are(tmp_path, least):
    """A tonne more today is worth all that it grows to."""
    growth, count, today = DUALS[least]
    years, demand = range(FIRST, FIRST + count), [1e6] * count
    supply = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Tonnes (t/yr)": today}
    tables = make(jin(1e6, Max_growth=growth), demand=demand, years=years, Current_supply=[supply])
    verdict, _ = verified(tmp_path, tables)
    assert verdict.findings == ()
    assert verdict.compared is ComparisonBasis.PARTS
    duals = [
        abs(row.cells[0]) for row in open_sheets(tmp_path / "plan.xlsx").table_rows(Duals.dual)
    ]
    assert float(least) < max(duals) < 1e3 * float(least)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ["--block", "CHN:Japan"],
        ["--max-country-share", "0.3", "--lose", "CHN"],
        ["--what-if", "remove member; member=*"],
        ["--scenario", "Embargo", "--what-if", "drop share limits"],
    ],
)
def test_plans_of_what_ifs_are_verified(tmp_path, options, capsys):
    """The options stand in Checks as rows, and are applied again."""
    short_book().save(tmp_path / "case.xlsx")
    plan = str(tmp_path / "plan.xlsx")
    code = main(["solve", str(tmp_path / "case.xlsx"), "--output", plan, *options])
    assert code == 0, capsys.readouterr().err
    assert main(["verify", plan, str(tmp_path / "case.xlsx")]) == 0
    assert "every part of the file is as the planner wrote it" in capsys.readouterr().err


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The template's case with every sheet, and its plan."""
    folder = tmp_path_factory.mktemp("any")
    write_book(folder / "case.xlsx", template_tables(), sheets=EVERY_CASE)
    assert main(["solve", str(folder / "case.xlsx"), "--output", str(folder / "plan.xlsx")]) == 0
    return folder


def test_nothing_is_solved(made, monkeypatch, capsys):
    """With a solver that can be neither handed a program nor run, a plan is still verified."""

    def refused(*_):
        message = "the solver was called"
        raise AssertionError(message)

    for name in ("run", "solve", "passModel", "addRows", "addVars"):
        if hasattr(highspy.Highs, name):
            monkeypatch.setattr(highspy.Highs, name, refused)
    paths = [str(made / name) for name in ("plan.xlsx", "case.xlsx")]
    assert main(["verify", *paths]) == 0
    again = ["--output", str(made / "again.xlsx"), "--workers", "1"]
    assert main(["solve", paths[1], *again]) != 0  # the same solver is what solve needs
    assert "the solver was called" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_saved_anew_by_libreoffice_it_is_verified(made, tmp_path, capsys):
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
            "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path),
            str(made / "plan.xlsx"),
        ],
        check=True, capture_output=True, timeout=HANG,
    )  # fmt: skip
    saved = tmp_path / "plan.xlsx"
    assert saved.read_bytes() != (made / "plan.xlsx").read_bytes()
    assert main(["verify", str(saved), str(made / "case.xlsx")]) == 0
    assert "was saved by another program; its cells equal" in capsys.readouterr().err


@pytest.mark.slow
def test_a_tonne_of_millions_is_found_though_its_row_still_adds_up(tmp_path):
    """Twenty million tonnes: a tonne is less than the proof has to notice, but the cells do."""
    tables = make(jin(1.5e7), sur(1e7), demand=2e7)
    assert verified(tmp_path, tables)[0].findings == ()
    with editing(tmp_path / "plan.xlsx") as book:
        for row, tonnes in ((2, -1), (3, 1)):
            landed = at(book, "Plan", "Landed cost", row).value
            at(book, "Plan", "Tonnes", row).value += tonnes
            at(book, "Plan", "Total", row).value += tonnes * landed
    start = start_file(tmp_path / "case.xlsx")
    verdict = verify(open_sheets(tmp_path / "plan.xlsx"), start.book, start.case, start.variant)
    assert verdict.findings
    assert {"Refiners", "Country shares"} <= {f.sheet for f in verdict.findings}


def test_a_plan_of_quite_another_case_is_told(made, tmp_path, capsys):
    """Other minerals, members and years: nothing of the plan is known to the input."""
    write_book(tmp_path / "other.xlsx", make(jin(), sur(), years=(2031, 2032)))
    assert main(["verify", str(made / "plan.xlsx"), str(tmp_path / "other.xlsx")]) == 1
    assert "plan was made from another file than other.xlsx" in capsys.readouterr().err


ODD = (
    None, "x", "#REF!", 0, -1, 1e99, 1e308, -1e308, 1e-308, True, "this plan", "balance",
    "0 | a | b", "2026", 12345678901234567890, "\\ | ", "Year", "Member",
)  # fmt: skip
SOLUTION = ("Values", "Duals", "Plan", "Summary", "Checks", "Chart data")


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(8), 3))
def test_whatever_stands_in_the_cells_it_ends_well(made, tmp_path, capsys, seed):
    """No cell, header or key that someone wrote into a plan is a fault of the planner's."""
    rng = np.random.default_rng(seed)
    with editing(made / "plan.xlsx", tmp_path / "plan.xlsx") as book:
        for _ in range(2 + 2 * seed):
            titles = SOLUTION if rng.random() < 0.6 else book.sheetnames
            sheet = book[titles[rng.integers(len(titles))]]
            row = 1 if rng.random() < 0.1 else int(rng.integers(2, sheet.max_row + 2))
            here = sheet.cell(row, int(rng.integers(1, sheet.max_column + 1)))
            if not isinstance(here, MergedCell):
                here.value = ODD[rng.integers(len(ODD))]
        book["Plan"]["A2"] = "changed"
    assert main(["verify", str(tmp_path / "plan.xlsx"), str(made / "case.xlsx")]) == 1
    capsys.readouterr()
