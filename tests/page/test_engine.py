"""The page's engine, run by Node: what it plans is what ``planner solve`` plans."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.plan import Session, solve
from models.results import Security
from planner.cli import main
from planner.page.sliders import adjustable
from planner.run import open_input
from planner.sheets.findings import rows_of
from planner.sheets.survival import is_missed, needed_of, survival
from planner.workbook import read_tables
from tests.budget import BUDGET
from tests.page.draws import draw, unmoved, variant_of
from tests.reference.cases import SECURE, random_book
from tests.sheets.desk import refiner, rows

INPUTS = Path(__file__).parents[2] / "inputs"
DRAWS = BUDGET // 2


def holds(case, answers, settings):
    """Hold each answer against the plan of the command that the page says does the same."""
    # what is bought may differ where several plans cost the same
    session = Session(case)
    for answer, of in zip(answers, settings, strict=True):
        try:
            plan = session.solve(variant_of(case, answer["command"]))
        except InputError:  # such as a mineral whose name a command cannot say
            continue
        assert answer["proof"]["passed"], (of, answer)
        assert answer["objective"] == pytest.approx(plan.objective, rel=1e-6, abs=1e-3), of
        yield answer, plan


def test_the_small_example_as_the_command_plans_it(planned):
    """Any settings of the sliders, 60 at random."""
    case = open_input(INPUTS / "plain.xlsx").case
    of, lacking = adjustable(case)
    assert not lacking
    rng = np.random.default_rng(7)
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(3 * DRAWS))]
    for answer, plan in holds(case, planned(case, settings), settings):
        assert answer["paid"] == pytest.approx(plan.purchases, rel=1e-6)
        assert answer["short"] == pytest.approx(plan.shortage, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(max(6, DRAWS // 3)))
def test_random_books(seed, planned):
    """Contracts, stocks, projects, ore, tiers, soft limits, shares of purchases: all that is."""
    book = random_book(np.random.default_rng([31, seed]), 1 + seed % 3, SECURE)
    case = read_tables(book).case
    of, _ = adjustable(case)
    rng = np.random.default_rng([32, seed])
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(5))]
    assert list(holds(case, planned(case, settings, bases=seed % 2 == 0), settings))


def test_what_is_claimed_of_a_loss_is_what_the_command_finds(planned):
    """How many losses are tested and missed, and the worst, as the sheet Security has them."""
    rng, seen = np.random.default_rng(33), set()
    for seed in range(max(4, DRAWS // 4)):
        book = random_book(np.random.default_rng([34, seed]), 1 + seed % 2, SECURE)
        book["Settings"].append({"Setting": "Fair shortage weight", "Value": 0})
        book["Settings"] = [*{row["Setting"]: row for row in book["Settings"]}.values()]
        for row in book["Security"]:
            row["Penalty (USD/t)"] = (
                1000.0 + rng.random()
            )  # none is free: what is missing has to be
        case = read_tables(book).case
        of, _ = adjustable(case)
        settings = [unmoved(case, len(of.countries))]
        settings += [{**draw(of, rng), "security": [most] * len(case.minerals)}
                     for most in (0.05, 0.3, 0.6, 1.0)]  # fmt: skip
        if not any(layer.slider == "security" for layer in of.layers):
            settings = settings[:1]
        for answer, plan in holds(case, planned(case, settings), settings):
            rows = [row for row in rows_of(Security.of(plan)) if round(row["target"], 3) > 0]
            found = answer["losses"]
            assert found["tested"] == len(rows)
            assert (found["missed"] > 0) == any(map(is_missed, rows))
            seen |= {found["missed"] > 0, f"tested {found['tested'] > 0}"}
    assert seen == {True, False, "tested True", "tested False"}


def test_the_worst_loss_is_named_as_the_plan_names_it(planned):
    """Need 100, China 100 at 10 and Chile 100 at 20, 5 % may be short: without China 55 % is."""
    book = rows(Refiners=[refiner("J", "China", 100, 10), refiner("S", "Chile", 100, 20)])
    book |= {"Share limits": [], "Security": [{"Max short": 0.6, "First year": 2027}]}
    for row in book["Demand"]:
        row |= {"2026": 50, "2027": 50}
    case = read_tables(book).case
    still = unmoved(case, len(adjustable(case)[0].countries))
    kept, moved = planned(case, [still, still | {"security": [0.05]}])
    assert kept["losses"] == {"tested": 2, "missed": 0, "worst": None}
    worst = moved["losses"]["worst"]
    assert (worst["country"], worst["mineral"], worst["year"]) == ("China", "copper", 2027)
    assert worst["short"] == pytest.approx(0.55)
    plan = solve(variant_of(case, moved["command"]))
    light = survival(Security.of(plan), needed_of(case), case.country_name)
    assert "without China 55 % of copper is short in 2027; 5 % may be" in light.said
    assert "Not tested: copper in 2026" in light.said


def test_the_command_gives_the_same(planned, tmp_path, monkeypatch, capsys):
    """The line that the page tells, run as it stands."""
    file = INPUTS / "plain.xlsx"
    case = open_input(file).case
    of = adjustable(case)[0]
    moved = unmoved(case, len(of.countries)) | {"cap": [0.5, 0.5], "demand": [1.1]}
    moved["lost"][of.countries.index("CHN")] = 1
    (answer,) = planned(case, [moved], file=str(file))
    monkeypatch.chdir(tmp_path)
    words = shlex.split(answer["command"])
    assert words[:3] == ["planner", "solve", str(file)]
    assert main([*words[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["objective_usd"] == pytest.approx(answer["objective"], rel=1e-9)
