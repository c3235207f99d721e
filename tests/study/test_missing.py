"""Parts that are missing by year add up to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from planner.cli import main
from planner.report import read_plan_or_study
from planner.report.page import study_page
from planner.studies.compare_tables import MissingByYear
from planner.studies.kind import Tables
from planner.studies.stress_tables import Detail, LossByMineral
from planner.studies.variant_tables import RunMinerals
from tests.books import write_book
from tests.budget import few
from tests.reference.cases import random_book


@pytest.mark.slow
@pytest.mark.parametrize("seed", few([1, 3, 7, 10, 14, 18], 2))
def test_years_of_a_comparison_and_of_a_stress_test_add_up(seed, tmp_path):
    """On random books: what is short by year is the mineral's over all years, in every case."""
    book = random_book(np.random.default_rng(seed), 1 + seed % 4)
    years = sorted(int(h) for row in book["Demand"] for h in row if str(h).isdigit())
    seller = book["Refiners"][0]["Country"]
    book["Scenarios"] = [
        {"Scenario": "Late", "Action": "block lanes", "Country": seller, "First year": years[-1]},
        {"Scenario": "More", "Action": "scale demand", "Value": 1.2},
    ]
    path = tmp_path / "case.xlsx"
    write_book(path, book, sheets=book)
    made = {}
    for command in ("compare", "stress"):
        out = tmp_path / f"{command}.xlsx"
        assert main([command, str(path), "--output", str(out), "--workers", "1"]) in {0, 3}
        source = read_plan_or_study(out)
        study_page(source)
        kinds = (RunMinerals, MissingByYear, LossByMineral, Detail)
        made[command] = Tables.read(source.tables, kinds)
    of, short = MissingByYear, dict[tuple[str, str], float]()
    by_year = made["compare"]
    rows = by_year[of].frame() if of in by_year else None
    for row in rows.to_dict("records") if rows is not None else ():
        at = row["run"], row["mineral"]
        short[at] = short.get(at, 0.0) + row["missing"]
    for row in by_year[RunMinerals].frame().to_dict("records"):
        at = row["run"], row["mineral"]
        assert short.get(at, 0.0) == pytest.approx(row["missing"], rel=1e-6, abs=1e-6)
    lost = made["stress"]
    if LossByMineral not in lost or Detail not in lost:
        return
    detail = lost[Detail].frame().groupby(["lost", "kind", "mineral"])["short_t"].sum()
    for row in lost[LossByMineral].frame().to_dict("records"):
        total = detail.get((row["lost"], row["kind"], row["mineral"]), 0.0)
        assert total == pytest.approx(row["short_t"], rel=1e-6, abs=1e-4)
