"""Splits of a cost that need the cost of every group: the Shapley value and the nucleolus.

Costs are indexed by the group's number: bit i of it says whether member i is in the group. The
empty group costs 0.
"""

from __future__ import annotations

from functools import partial
from math import factorial

import numpy as np

from models import tolerances
from models.answers.price import arrays
from models.resolve import Bools, Floats
from models.solve import highs

MOST_MEMBERS = 12
"""Up to this many members, the cost of all groups is computed (4,095 groups for 12)."""


def groups(members: int) -> Floats:
    """Return all groups, as 0 and 1 by (group, member)."""
    return ((np.arange(1 << members)[:, None] >> np.arange(members)) & 1).astype(float)


def shapley(costs: Floats) -> Floats:
    """Return what each member adds to the cost on average, over all orders of members.

    Shapley (1953), Contributions to the Theory of Games II.
    """
    members = len(costs).bit_length() - 1
    every = groups(members)
    size = every.sum(axis=1).astype(int)
    weight = np.array([factorial(s) * factorial(members - s - 1) for s in range(members)], float)
    weight /= factorial(members)
    shares = np.zeros(members)
    for i in range(members):
        without = np.flatnonzero(every[:, i] == 0)
        shares[i] = np.sum(weight[size[without]] * (costs[without + (1 << i)] - costs[without]))
    return shares


def nucleolus(costs: Floats) -> Floats:
    """Return the split that minimises the largest gain of any group by leaving, then the next.

    Schmeidler (1969), SIAM Journal on Applied Mathematics 17(6), by the programs of Kopelowitz
    (1967). Each program minimises the largest gain of the open groups. A group with a positive dual
    has that gain in every such split: its gain is then fixed. A group whose gain follows from fixed
    groups is no longer open.
    """
    members = len(costs).bit_length() - 1
    every, scale = groups(members), float(np.max(np.abs(costs))) or 1.0
    held, gains = every[-1:], np.zeros(1)  # all members together pay exactly their cost
    of_held = costs[-1:] / scale
    open_ = np.arange(1, len(costs) - 1)
    split = np.zeros(members)
    while np.linalg.matrix_rank(held) < members:
        open_ = open_[~_is_decided(held, every[open_])]
        split, gain, prices = _least(every[open_], costs[open_] / scale, held, of_held + gains)
        tight = open_[prices > tolerances.TIGHT_GROUP]
        held, of_held = np.vstack([held, every[tight]]), np.append(of_held, costs[tight] / scale)
        gains = np.append(gains, np.full(len(tight), gain))
    if members == 1:
        return costs[-1:].astype(float)
    return np.asarray(split * scale)


def _is_decided(held: Floats, groups: Floats) -> Bools:
    """Return which groups' bills follow from those of fixed groups."""
    _, sizes, basis = np.linalg.svd(held)
    basis = basis[: int(np.sum(sizes > tolerances.RANK_REMAINDER))]
    rest = groups - np.einsum("ij,kj->ik", groups, basis).dot(basis)
    return np.asarray(np.abs(rest).max(axis=1) <= tolerances.RANK_REMAINDER)


def _least(
    every: Floats, costs: Floats, held: Floats, amounts: Floats
) -> tuple[Floats, float, Floats]:
    """Return a split that minimises the largest gain, that gain, and the dual of each group's row.

    x(S) - gain <= c(S) for ``every`` open group, x(S) = amount for each fixed group in ``held``.
    """
    n, rows = every.shape[1], np.vstack([every, held])
    table = np.hstack([rows, np.append(-np.ones(len(every)), np.zeros(len(held)))[:, None]])
    row, column = np.nonzero(table)
    program = arrays(
        (row, column, table[row, column]),
        (np.append(np.zeros(n), 1.0), np.full(n + 1, -np.inf), np.full(n + 1, np.inf)),
        (np.append(np.full(len(every), -np.inf), amounts), np.append(costs, amounts)),
    )
    optimum = highs.first_solved(partial(highs.solve, program))
    return optimum.x[:n], float(optimum.x[n]), -optimum.duals[: len(every)]
