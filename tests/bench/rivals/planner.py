"""This planner, block after block in one process."""

from models import plan
from models.case import Case
from models.program.builder import Program
from tests.bench.clock import BUILD, PROOF, READ, Clock
from tests.bench.rivals.child import Answer, main


def proved(*plans: plan.Plan) -> str:
    """Return "passed" where the proof of every block of every plan passes, else the trouble."""
    blocks = [block for found in plans for block in found.blocks]
    failed = [block.certificate for block in blocks if not block.certificate.passed]
    return f"failed: {failed[0]}" if failed or not blocks else "passed"


def watch(clock: Clock) -> None:
    """Tell the clock what is proof and what is reading back; all the rest counts as building."""
    clock.rest = BUILD
    clock.watch(Program, "certify", PROOF)
    clock.watch(plan.Plan, "__init__", READ)


def solve(case: Case, clock: Clock) -> Answer:
    """Plan a case; values and duals of every block are arrays in Python then."""
    watch(clock)
    clock.start()
    found = plan.solve(case)
    with clock.counting(PROOF):
        said = proved(found)
    return Answer([found.objective], clock.stop(), said)


if __name__ == "__main__":
    main(solve)
