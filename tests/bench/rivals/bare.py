"""Bare arrays and one ``passModel`` without solving: the limit of building and handing over."""

from models.case import Case
from tests.bench.clock import Clock
from tests.bench.facts import of_case
from tests.bench.rivals.arrays import everything, hand_over, highs, program
from tests.bench.rivals.child import Answer, main


def build(case: Case, clock: Clock) -> Answer:
    """Build and hand over; nothing is solved, so there is no objective."""
    clock.start()
    facts = of_case(case)
    hand_over(highs(), program(facts, everything(facts)))
    return Answer([], clock.stop())


if __name__ == "__main__":
    main(build)
