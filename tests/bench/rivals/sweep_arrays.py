"""A sweep of the coalition's cap: one program as arrays, right-hand sides changed, basis kept."""

import numpy as np

from models.case import Case
from tests.bench.cases import SWEEP
from tests.bench.clock import Clock
from tests.bench.facts import of_case
from tests.bench.rivals.arrays import everything, hand_over, highs, optimum, program
from tests.bench.rivals.child import Answer, main


def solve(case: Case, clock: Clock) -> Answer:
    """Solve every point from the basis of the one before; all values are read at each."""
    clock.start()
    facts = of_case(case)
    made = program(facts, everything(facts))
    solver = highs()
    hand_over(solver, made)
    rows = np.arange(made.places["cap_all"], made.places["cap_each"], dtype=np.int32)
    base, nothing = made.row_upper[rows] / facts.cap_all, np.full(len(rows), -np.inf)
    objectives = []
    for share in SWEEP:
        solver.changeRowsBounds(len(rows), rows, nothing, share * base)
        objectives.append(optimum(solver)[0])
    return Answer(objectives, clock.stop())


if __name__ == "__main__":
    main(solve)
