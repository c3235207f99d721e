"""This planner in one process, and the table of its flows: what a plan says when it is asked."""

from models import plan
from models.case import Case
from tests.bench.clock import PROOF, READ, Clock
from tests.bench.rivals.child import Answer, main
from tests.bench.rivals.planner import proved, watch


def solve(case: Case, clock: Clock) -> Answer:
    """Plan a case and make the table of flows, with the names and costs of each."""
    watch(clock)
    clock.start()
    found = plan.solve(case)
    with clock.counting(READ):
        bought = float(found.flows["tonnes"].sum())
    with clock.counting(PROOF):
        said = proved(found)
        if abs(bought - found.tonnes) > 1e-6 * found.tonnes:
            said = f"failed: the flows add up to {bought:g} t, not {found.tonnes:g} t"
    return Answer([found.objective], clock.stop(), said)


if __name__ == "__main__":
    main(solve)
