"""A sweep of the coalition's cap as a study of this planner, on all cores, each point proved."""

from models.case import Case, CaseStep, CaseSteps, SetNumber
from models.plan import Plan
from planner.studies import Run, Study, run_study
from planner.studies.engine import split_chains
from tests.bench.cases import SWEEP
from tests.bench.clock import Clock
from tests.bench.rivals.child import Answer, cores, main
from tests.bench.rivals.planner import proved
from tests.bench.rivals.sweep_planner import capped


def solve(case: Case, clock: Clock) -> Answer:
    """Plan every point, in as many chains as there are cores."""
    clock.start()
    runs = [Run(f"{share}", CaseSteps((CaseStep(SetNumber(capped, share)),))) for share in SWEEP]
    outcomes = run_study(Study(case, split_chains(runs, -(-len(runs) // cores())), read)).of_runs
    failed = sorted({outcome.error or str(outcome.result) for outcome in outcomes} - {"passed"})
    total = clock.stop()["total"]
    objectives = [outcome.objective or 0.0 for outcome in outcomes]
    return Answer(objectives, {"total": total}, failed[0] if failed else "passed")


def read(plan: Plan) -> str:
    """Return what the proof of a point says, once its flows have been read."""
    _ = plan.delivered
    return proved(plan)


if __name__ == "__main__":
    from tests.bench.rivals import sweep_cores  # so that workers find what is read of a plan

    main(sweep_cores.solve)
