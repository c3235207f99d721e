"""The page's engine, run by Node: what it plans is what ``planner solve`` plans."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.plan import Session
from planner.cli import main
from planner.page.sliders import adjustable
from planner.run import open_input
from planner.workbook import read_tables
from tests.budget import BUDGET
from tests.page.draws import draw, unmoved, variant_of
from tests.reference.cases import SECURE, random_book

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
