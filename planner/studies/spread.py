"""Statistics of a sample: mean, percentiles and tail, and the uncertainty of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.resolve import Floats

TAIL = 0.95
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""Student's t for 95 %, for 1, 2, 3 and more degrees of freedom."""
SURE = 1.959963984540054
"""Standard errors on either side of the mean that contain 95 % of a normal distribution."""


@dataclass(frozen=True)
class Spread:
    """Statistics of a sample of one quantity, each in the quantity's unit.

    ``error`` is the standard error of the mean, ``tail_error`` the standard error of ``tail``. The
    95th percentile lies between ``high_from`` and ``high_to`` with 95 % confidence (NaN: too few
    draws).
    """

    mean: float
    error: float
    low: float
    middle: float
    high: float
    high_from: float
    high_to: float
    tail: float
    tail_error: float


def spread(sample: Floats) -> Spread:
    """Return the statistics of a sample; all are NaN if it is empty.

    Percentiles are interpolated linearly between the drawn values, as in Excel's PERCENTILE.INC.
    """
    if not len(sample):
        return Spread(*([math.nan] * 9))
    low, middle, high = (float(v) for v in np.quantile(sample, (0.05, 0.5, TAIL)))
    first, last = _ranks(len(sample), TAIL)
    ordered = np.sort(sample)
    tail, tail_error = conditional_value_at_risk(sample)
    return Spread(
        mean=float(sample.mean()),
        error=standard_error(sample),
        low=low,
        middle=middle,
        high=high,
        high_from=float(ordered[first - 1]) if first >= 1 else math.nan,
        high_to=float(ordered[last - 1]) if last <= len(ordered) else math.nan,
        tail=tail,
        tail_error=tail_error,
    )


def standard_error(sample: Floats) -> float:
    """Return the standard error of a mean; NaN for fewer than two draws."""
    return float(sample.std(ddof=1) / math.sqrt(len(sample))) if len(sample) > 1 else math.nan


def confidence_half_width(batches: Floats) -> float:
    r"""Return the half-width of the 95 % confidence interval of the mean of independent batches.

    .. math:: t_{B-1} \frac{s}{\sqrt B}

    s is the standard deviation of B batches, at most ten: Mak, Morton & Wood (1999), Operations
    Research Letters 24(1-2), 47-56. NaN for fewer than two.
    """
    error = standard_error(batches)
    return error if math.isnan(error) else _STUDENT[len(batches) - 2] * error


def conditional_value_at_risk(sample: Floats, level: float = TAIL) -> tuple[float, float]:
    r"""Return the mean of the worst fraction ``1 - level`` of a sample, and its standard error.

    .. math:: CVaR_a = \min_v \; v + \frac{1}{(1 - a) n} \sum_i \max(0, x_i - v)

    Larger is worse. The minimum lies at the smallest value that at least a fraction ``level`` of
    the sample does not exceed: Rockafellar & Uryasev (2000), Journal of Risk 2(3), theorem 1. The
    error is the standard error of the mean of ``v + max(0, x - v) / (1 - level)`` at that value,
    which has the estimate's distribution in large samples: Trindade et al. (2007), Journal of
    Banking & Finance 31(11).
    """
    ordered = np.sort(sample)
    rank = max(1, math.ceil(round(level * len(ordered), 9)))
    value = float(ordered[rank - 1])
    terms = value + np.maximum(0.0, ordered - value) / (1.0 - level)
    return float(terms.mean()), standard_error(terms)


def _ranks(count: int, level: float) -> tuple[int, int]:
    """Return the ranks (1: smallest) between which a percentile lies with 95 % confidence.

    The number of draws below it is binomial, approximated as normal.
    """
    middle, by = count * level, SURE * math.sqrt(count * level * (1.0 - level))
    return math.floor(middle - by), math.ceil(middle + by) + 1


@dataclass(frozen=True)
class Chance:
    """How often something was drawn, with a 95 % confidence interval of its probability."""

    share: float
    error: float
    least: float
    most: float


def chance(happened: int, count: int) -> Chance:
    """Return the probability estimated from the draws in which something happened.

    The interval is Wilson's (1927, Journal of the American Statistical Association 22(158)). It
    stays between 0 and 1, and is also valid if nothing happened in any draw.
    """
    if count == 0:
        return Chance(math.nan, math.nan, math.nan, math.nan)
    share, z = happened / count, SURE
    error = math.sqrt(share * (1.0 - share) / count)
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    by = z / (1 + z * z / count) * math.sqrt(error**2 + z * z / (4 * count**2))
    least = 0.0 if happened == 0 else centre - by  # exactly, not by rounding
    most = 1.0 if happened == count else centre + by
    return Chance(share, error, least, most)


def estimated_effects(sample: Floats, counts: Floats) -> tuple[Floats, Floats]:
    r"""Return the effect of one event of each kind on a quantity, and its standard error.

    ``counts`` has one row per draw and one column per kind of event. Least squares of the sample on
    the counts separates the effects of events that happen in the same draws. An effect is NaN if
    its event never happened, or equally often in all draws. The errors are robust to unequal
    variance (White 1980, Econometrica 48(4), scaled by n / (n - k)).
    """
    draws, kinds = counts.shape
    slope_of, errors = np.full(kinds, np.nan), np.full(kinds, np.nan)
    varied = np.flatnonzero(counts.max(axis=0, initial=0) > counts.min(axis=0, initial=np.inf))
    design = np.column_stack([np.ones(draws), counts[:, varied]])
    if not len(varied) or np.linalg.matrix_rank(design) < design.shape[1] or draws <= len(varied):
        return slope_of, errors
    inverse = np.linalg.inv(design.T @ design)
    slopes = inverse @ (design.T @ sample)
    slope_of[varied] = slopes[1:]
    left = draws - design.shape[1]
    if left > 0:
        scattered = design * (sample - design @ slopes)[:, None]
        spread_of = inverse @ (scattered.T @ scattered) @ inverse * (draws / left)
        errors[varied] = np.sqrt(np.maximum(0.0, np.diag(spread_of)))[1:]  # no negative rounding
    return slope_of, errors
