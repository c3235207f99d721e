"""The certificate: primal feasibility, dual feasibility and gap, from arrays and a solution.

Nothing the solver says of its own work is taken over: activities, reduced costs and both objectives
are computed here. Weak duality (any textbook, such as Bertsimas & Tsitsiklis (1997), ch. 4): if the
three hold, no plan costs less than the dual objective, so this one is optimal to the gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.solver import Floats, Rows, Solution

MOST_VIOLATION = 1e-6
"""Accepted violation of any constraint, as a part of the largest demand."""
MOST_GAP = 1e-7
"""Accepted relative dual infeasibility and relative gap."""
MOST_MIP_GAP = 1e-9
"""Accepted MIP gap of whole projects: 0 but for rounding."""
_NEGLIGIBLE = 1e-8
"""Prices below this part of the largest are rounding themselves."""


@dataclass(frozen=True)
class Certificate:
    """What a solution is worth as a proof; every figure is relative, 0 is perfect.

    ``violation`` is the largest of any row or bound, as a part of the largest demand (of 1 for
    fractions, of the limit for money), in ``violated``; ``dual_infeasibility`` is the largest wrong
    sign of a reduced cost or dual against the prices that make it up; ``gap`` is that between the
    primal and the dual objective; ``mip_gap`` is the solver's for whole projects.
    """

    violation: float
    violated: str
    dual_infeasibility: float
    gap: float
    primal: float
    dual: float
    mip_gap: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether it is a proof; anything that is not a number is not."""
        return bool(
            self.violation <= MOST_VIOLATION
            and self.dual_infeasibility <= MOST_GAP
            and self.gap <= MOST_GAP
            and self.mip_gap <= MOST_MIP_GAP
        )


def certify(
    rows: Rows, solution: Solution, largest: float, fractions: frozenset[str]
) -> Certificate:
    """Return the certificate of a solution.

    ``largest`` is the case's yardstick [t]; ``fractions`` are the components not in tonnes.
    With whole columns it is that of the linear program with those fixed.
    """
    if not fits(rows, solution):
        return Certificate(np.inf, "the solution's shape", np.inf, np.inf, np.nan, np.nan)
    lower, upper = rows.lower, rows.upper
    if rows.whole.any():
        fixed = np.clip(np.round(solution.x), rows.lower, rows.upper)
        lower = np.where(rows.whole, fixed, lower)
        upper = np.where(rows.whole, fixed, upper)
    activity = rows.activity(solution.x)
    violation, violated = _worst_violation(
        rows, solution.x, activity, (lower, upper), largest, fractions
    )
    prices = np.abs(rows.cost) + rows.absolute().priced(np.abs(solution.duals))
    prices = np.maximum(prices, _NEGLIGIBLE * float(np.max(prices, initial=0.0)))
    reduced = rows.cost - rows.priced(solution.duals)
    infeasibility = _dual_infeasibility(rows, solution.duals, reduced, prices, (lower, upper))
    primal = float(rows.cost @ solution.x)
    terms = np.concatenate(
        [
            _valued(solution.duals, rows.row_lower, rows.row_upper),
            _valued(reduced, lower, upper),
        ]
    )
    dual = float(terms.sum())
    # what doubles cannot tell apart is no gap: 1e-16 of all the money that is added up
    noise = 1e-9 * float(np.abs(terms).sum() + (prices * np.abs(solution.x)).sum())
    gap = abs(primal - dual) / max(abs(primal), abs(dual), noise, 1e-300)
    return Certificate(violation, violated, infeasibility, gap, primal, dual, solution.mip_gap)


def fits(rows: Rows, solution: Solution) -> bool:
    """Return whether a solution has a number for every column and row."""
    return (
        len(solution.x) == len(rows.cost)
        and len(solution.duals) == len(rows.row_lower)
        and bool(np.isfinite(solution.x).all() and np.isfinite(solution.duals).all())
    )


def _worst_violation(  # noqa: PLR0913, PLR0917 - the parts of a violation
    rows: Rows,
    x: Floats,
    activity: Floats,
    bounds: tuple[Floats, Floats],
    largest: float,
    fractions: frozenset[str],
) -> tuple[float, str]:
    worst, where = 0.0, ""
    for keys, value, low, high in (
        *((k, activity, rows.row_lower, rows.row_upper) for k in rows.row_keys),
        *((k, x, *bounds) for k in rows.column_keys),
    ):
        at = keys.stretch
        if not len(keys.index):
            continue
        by = np.maximum(low[at] - value[at], value[at] - high[at])
        i = int(np.argmax(by))
        limits = [abs(v) for v in (low[at][i], high[at][i]) if np.isfinite(v)]
        relative = float(by[i]) / (max([1.0, *limits]) if keys.name in fractions else largest)
        if relative > worst:
            worst, where = relative, f"{keys.name}{keys.index[i]}"
    return worst, where


def _dual_infeasibility(
    rows: Rows, duals: Floats, reduced: Floats, prices: Floats, bounds: tuple[Floats, Floats]
) -> float:
    """Return the largest price of a wrong sign: against a bound that is not there."""
    columns = _wrong_sign(reduced, *bounds) / np.maximum(prices, 1e-300)
    largest = max(float(np.max(np.abs(duals), initial=0.0)), 1e-300)
    on_rows = _wrong_sign(duals, rows.row_lower, rows.row_upper) / largest
    return max(float(np.max(columns, initial=0.0)), float(np.max(on_rows, initial=0.0)))


def _wrong_sign(price: Floats, low: Floats, high: Floats) -> Floats:
    wrong_up = np.where(np.isfinite(low), 0.0, np.maximum(price, 0.0))
    wrong_down = np.where(np.isfinite(high), 0.0, np.maximum(-price, 0.0))
    worst: Floats = np.maximum(wrong_up, wrong_down)
    return worst


def _valued(price: Floats, low: Floats, high: Floats) -> Floats:
    """Return what each bound contributes to the dual objective."""
    up = np.where(np.isfinite(low), low, 0.0) * np.maximum(price, 0.0)
    down = np.where(np.isfinite(high), high, 0.0) * np.minimum(price, 0.0)
    total: Floats = up + down
    return total
