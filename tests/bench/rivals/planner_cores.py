"""This planner, the parts of a case spread over all cores."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from models.case import Case
from models.plan import Plan
from models.plan.solving import block_groups, solve_group
from tests.bench.clock import Clock
from tests.bench.rivals.child import Answer, cores, main
from tests.bench.rivals.planner import proved


def solve(case: Case, clock: Clock) -> Answer:
    """Plan a case with a pool of processes, started afresh as the planner's own are."""
    clock.start()
    with ProcessPoolExecutor(cores(), multiprocessing.get_context("spawn")) as pool:
        every = pool.map(solve_group, block_groups(case))
        found = Plan(case, [result for results in every for result in results])
    said = proved(found)
    return Answer([found.objective], {"total": clock.stop()["total"]}, said)


if __name__ == "__main__":
    main(solve)
