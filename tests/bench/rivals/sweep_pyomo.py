"""A sweep of the coalition's cap: Pyomo's persistent ``appsi_highs`` and a mutable parameter.

The interface is told that nothing but the parameter changes, which spares it its checks.
"""

from pyomo.contrib.appsi.solvers import Highs

from models.case import Case
from tests.bench.cases import SWEEP
from tests.bench.clock import Clock
from tests.bench.facts import of_case
from tests.bench.rivals.child import SOLVER, Answer, main
from tests.bench.rivals.plain_pyomo import model

UNCHANGED = (
    "check_for_new_or_removed_constraints",
    "check_for_new_or_removed_vars",
    "check_for_new_or_removed_params",
    "check_for_new_objective",
    "update_constraints",
    "update_vars",
    "update_named_expressions",
    "update_objective",
    "treat_fixed_vars_as_params",
)


def solve(case: Case, clock: Clock) -> Answer:
    """Solve every point from the basis of the one before; all values are loaded at each."""
    clock.start()
    b = model(of_case(case))
    solver = Highs()
    solver.highs_options = dict(SOLVER)
    solver.set_instance(b)
    for name in UNCHANGED:
        setattr(solver.update_config, name, False)
    solver.update_config.update_params = True
    objectives = []
    for share in SWEEP:
        b.share.value = share
        found = solver.solve(b)
        objectives.append(float(found.best_feasible_objective))
    return Answer(objectives, clock.stop())


if __name__ == "__main__":
    main(solve)
