"""The sweep: one number of a case turned step by step, and what each step costs.

Over the cap on single countries it is the frontier of cost and shortage: the less one country may
supply, the dearer the plan, until tonnes are lacking.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from models.answers import least_share
from models.case import Case
from models.errors import SolverError, UsageError
from models.plan import Plan
from models.schema.column import MOST_TARIFF
from models.units import percent_hint
from planner.scenarios import set_max_country_share
from planner.studies import Outcomes, Run, Study, Tell, Where, run_study
from planner.studies.frontier import Reading, by_mineral, frontier, read, reference, smallest_caps
from planner.studies.knobs import Knob, percent

MOST_POINTS = 1_000
"""Points of a sweep at most."""
CHAIN = 10
"""Points of a chain at most: neighbours start from one another, chains run side by side."""
_SLIP = 100
"""A number up to this in the place of a fraction was likely meant in per cent."""


@dataclass(frozen=True)
class Point:
    """One plan of a sweep: all minerals first, then each.

    ``smallest`` are the smallest caps that cost no tonne of supply, known from the reference alone;
    ``trouble`` says why they are not known.
    """

    readings: tuple[Reading, ...]
    smallest: tuple[tuple[str, float], ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep and what came of it.

    ``rows`` has a row a point and mineral, all minerals first; a point without a plan is one row
    with its ``trouble``. Its columns: value; mineral; objective, purchases, cash [money]; demand,
    tonnes, short, lost (short beyond the reference) [t]; served, share, country; slope [money a
    point]; premium, like_for_like, with_shortage [money/t]; dearer (like_for_like as a fraction).
    ``reference`` has the same columns for the case that the premiums are measured against (empty:
    not known). ``smallest`` has one row a mineral, for the cap alone: mineral, smallest (the least
    cap that costs no tonne), costs_from (the loosest point that does) and lost (tonnes there).
    """

    knob: Knob
    points: tuple[float, ...]
    rows: pd.DataFrame
    reference: pd.DataFrame
    smallest: pd.DataFrame
    outcomes: Outcomes[Point]
    trouble: str


def grid(knob: Knob, first: float, last: float, step: float) -> tuple[float, ...]:
    """Return the points from first to last, both included; the last step may be a shorter one.

    Raises UsageError where a number is out of bounds, the step leads nowhere or to too many points.
    """
    most = knob.kind.most
    for option, value in (("--from", first), ("--to", last)):
        if not 0.0 <= value <= most:
            slip = most <= MOST_TARIFF and most < value <= _SLIP
            hint = f"; {percent_hint(value)}" if slip else ""
            bounds = "0 to 1 (100 %)" if most == 1.0 else f"0 to {most:g}"
            msg = f"{option} {value:g}: {knob.title} goes from {bounds}{hint}"
            raise UsageError(msg)
    way = last - first
    if step == 0 or not math.isfinite(step):
        msg = f"--step {step:g} leads nowhere: name a step such as {knob.kind.step:g}"
        raise UsageError(msg)
    if step < 0 <= way or step > most:
        slip = most <= 1.0 <= step <= _SLIP
        hint = percent_hint(step) if slip else "the direction is that from --from to --to"
        msg = f"--step {step:g} does not lead from {first:g} to {last:g}; {hint}"
        raise UsageError(msg)
    # Decimal, so that 0.9 by 0.05 meets 0.3 and every point is the number that one would type.
    start, end, by = (Decimal(repr(number)) for number in (first, last, abs(step)))
    steps = math.ceil(abs(end - start) / by)
    if steps >= MOST_POINTS:
        msg = (
            f"from {first:g} to {last:g} by {abs(step):g} is {steps + 1:,} points, of at most"
            f" {MOST_POINTS:,}: take a larger --step"
        )
        raise UsageError(msg)
    sign = 1 if end > start else -1
    return (*(float(start + sign * i * by) for i in range(steps)), last)


def without_country_caps(case: Case) -> Case:
    """Return the case without the limits that a cap on single countries sets; all others stay."""
    kept = tuple(row for row in case.share_limits if not row.caps_each_country)
    return case.change(share_limits=kept)


def as_given(case: Case) -> Case:
    """Return the case itself."""
    return case


@dataclass(frozen=True)
class Reader:
    """Reads a point of its plan; of the case without caps on countries also the smallest caps."""

    base: Case
    of_cap: bool

    def __call__(self, plan: Plan) -> Point:
        """Return what a sweep keeps of a plan."""
        readings = read(plan)
        if not self.of_cap or any(row.caps_each_country for row in plan.case.share_limits):
            return Point(readings)
        try:
            found = least_share(set_max_country_share(self.base, 1.0), plan)
        except SolverError as error:
            return Point(readings, trouble=f"the smallest caps are not known: {error}")
        return Point(readings, tuple((m, found[m]) for m in plan.expanded.minerals if m in found))


def study_of(base: Case, knob: Knob, points: Sequence[float]) -> Study[Point]:
    """Return the runs of a sweep: the reference, then the points in chains of neighbours."""
    first = (
        Run("No cap on single countries", without_country_caps)
        if knob.is_cap
        else Run("As given", as_given)
    )
    runs = [Run(knob.name(value), knob.turned(value)) for value in points]
    chains = [tuple(runs[at : at + CHAIN]) for at in range(0, len(runs), CHAIN)]
    return Study(base, ((first,), *chains), Reader(base, knob.is_cap))


def sweep(
    base: Case,
    knob: Knob,
    points: Sequence[float],
    where: Where | None = None,
    tell: Tell | None = None,
) -> Sweep:
    """Plan a case at each value of a knob; a point without a plan does not lose the others.

    ``where`` and ``tell`` as in ``run_study``.
    """
    outcomes = run_study(study_of(base, knob, points), where, tell)
    compared, *turned = outcomes
    free = by_mineral(_readings(compared.found))
    rows = frontier(
        points,
        [by_mineral(_readings(outcome.found)) for outcome in turned],
        [outcome.error for outcome in turned],
        free,
        by_duals=knob.is_cap,
    )
    least = dict(compared.found.smallest) if compared.found is not None else {}
    trouble = [compared.error and f"what to compare with is not known: {compared.error}"]
    trouble += [compared.found.trouble if compared.found is not None else ""]
    return Sweep(
        knob,
        tuple(points),
        rows,
        reference(free),
        smallest_caps(rows, free, least) if knob.is_cap else pd.DataFrame(),
        outcomes,
        "; ".join(filter(None, trouble)),
    )


def _readings(point: Point | None) -> tuple[Reading, ...]:
    return () if point is None else point.readings


def title_of(knob: Knob, points: Sequence[float]) -> str:
    """Return a sweep in words: ``Cap from 90 % to 30 %, 13 points``."""
    span = percent(points[0])
    if len(points) > 1:
        span = f"from {span} to {percent(points[-1])}, {len(points)} points"
    return f"{knob.title} {span}"
