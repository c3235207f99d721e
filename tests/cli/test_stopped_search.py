"""Ctrl-C and a polite request to end while whole projects are searched: heard at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pycountry
import pytest

from tests.books import write_book
from tests.cli.desk import POSIX, ROOT
from tests.models.desk import BookT, jin, make
from tests.waiting import HANG

pytestmark = pytest.mark.slow

SEARCH = """
import sys
from models.solve import highs
solve = highs.PersistentSolver.run
def run(held):
    if held.whole:
        print("searching", file=sys.stderr, flush=True)
    return solve(held)
highs.PersistentSolver.run = run
from planner.cli import main
sys.exit(main(["solve", "hard.xlsx"]))
"""
MUCH = 25.0
"""Seconds of a processor that a stopped search doesn't use; the whole search uses sixty."""


def hard(plants: int = 100, members: int = 200) -> BookT:
    """Return which of many plants to build for whom in three years: a search of a minute."""
    rng, years = np.random.default_rng(3), (2026, 2027, 2028)
    codes = sorted(country.alpha_3 for country in pycountry.countries)[:plants]
    demand = {f"M{j}": rng.integers(1, 8, len(years)).tolist() for j in range(members)}
    book = make(jin(1), demand=demand, years=years, settings={"Whole projects": "yes"})
    book["Minerals"][0]["Price (USD/t)"] = 1000
    book["Projects"] = [
        {
            "Project": f"P{code}", "Refiner": f"R{code}", "Mineral": "copper", "Country": code,
            "Capacity (t/yr)": int(rng.integers(20, 60)), "Cost (USD/t)": 1, "First year": 2026,
            "Capex (USD m)": int(rng.integers(15, 45)) / 1000, "Life (yr)": 3,
        }
        for code in codes
    ]  # fmt: skip
    book["Freight"] = [
        {"From country": code} | {name: int(rng.integers(10, 100)) for name in demand}
        for code in codes
    ]
    return book


def used() -> float:
    """Return the processor seconds of processes that have ended."""
    return os.times().children_user + os.times().children_system


@POSIX
def test_a_search_hears_a_signal(folder) -> None:
    write_book(folder / "hard.xlsx", hard())
    before = used()
    with subprocess.Popen(
        [sys.executable, "-c", SEARCH],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "searching" not in process.stderr.readline():
            assert process.poll() is None
        time.sleep(3)  # deep in its first relaxation, where nothing is asked for seconds
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=HANG)
    assert used() - before < MUCH
    assert process.returncode == 143
    assert err.endswith("Stopped before the command was finished\n")
    assert not (folder / "outputs").exists()
