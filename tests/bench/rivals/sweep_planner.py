"""A sweep of the coalition's cap with this planner's session, each point proved."""

import dataclasses

from models.case import Case, CaseStep, Selection, SetNumber
from models.plan import Session
from models.schema import ByYear
from tests.bench.cases import SWEEP
from tests.bench.clock import Clock
from tests.bench.rivals.child import Answer, main
from tests.bench.rivals.planner import proved


def capped(case: Case, _: Selection, share: float) -> Case:
    """Return the case with another cap on the coalition's share."""
    return case.change(
        share_limits=tuple(
            row if row.buyer else dataclasses.replace(row, share=ByYear(share))
            for row in case.share_limits
        )
    )


def solve(case: Case, clock: Clock) -> Answer:
    """Plan every point, each started from the one before."""
    clock.start()
    session = Session(case, in_background=True)
    _ = session.base
    objectives, proofs = [], set()
    for share in SWEEP:
        found = session.vary([CaseStep(SetNumber(capped, share))])
        assert found is not None, "a cap is a change of vectors"
        _ = found.delivered
        objectives.append(found.objective)
        proofs.add(proved(found))
    session.confirm()
    failed = sorted(proofs - {"passed"})
    total = clock.stop()["total"]
    return Answer(objectives, {"total": total}, failed[0] if failed else "passed")


if __name__ == "__main__":
    main(solve)
