"""The blocks as arrays in HiGHS on all cores: what this planner could reach without a model."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from models.case import Case
from tests.bench.clock import Clock
from tests.bench.facts import Facts, of_case
from tests.bench.rivals.arrays import Box, hand_over, highs, optimum, program
from tests.bench.rivals.child import Answer, cores, main

CHUNKS = 8
"""Parcels of work for each process, so that none idles long at the end."""

_facts: list[Facts] = []


def boxes(facts: Facts) -> list[Box]:
    """Return the blocks: a mineral in a year, or in all years where there are stocks."""
    years = len(facts.years)
    spans = [slice(0, years)] if facts.piles else [slice(t, t + 1) for t in range(years)]
    return [(slice(m, m + 1), span) for m in range(len(facts.minerals)) for span in spans]


def _start(facts: Facts) -> None:
    _facts[:] = [facts]


def _parcel(of: list[Box]) -> list[tuple[float, np.ndarray, np.ndarray]]:
    solver = highs()
    found = []
    for box in of:
        hand_over(solver, program(_facts[0], box))
        found.append(optimum(solver))
    return found


def solve(case: Case, clock: Clock) -> Answer:
    """Solve every block in one of as many processes as there are cores."""
    clock.start()
    facts = of_case(case)
    every, count = boxes(facts), CHUNKS * cores()
    parcels = [part for k in range(count) if (part := every[k::count])]
    # HiGHS has not run in this process yet: a fork is safe, and the quickest start there is
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    with ProcessPoolExecutor(cores(), context, _start, (facts,)) as pool:
        found = [result for part in pool.map(_parcel, parcels) for result in part]
    seconds = {"total": clock.stop()["total"]}
    return Answer([sum(objective for objective, *_ in found)], seconds)


if __name__ == "__main__":
    main(solve)
