"""Extra rows for a search over integer builds: the same solutions, a tighter relaxation.

A plant's row limits its sales to its capacity times a binary variable (built or not). So half of a
plant can serve a small buyer in full, and the search has to close that gap by branching. One row
per buyer closes it at once: a buyer's purchases from a plant are at most the most that it can use,
times the binary variable (the strong formulation of facility location: Nemhauser & Wolsey 1988,
Integer and Combinatorial Optimization, ch. I.1).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from models import tolerances
from models.solve.certificate import Floats, Ints, LinearProgram

_TIGHTER = 1.0 - tolerances.TIGHTER_ROW
"""A row is added only if its limit is below this fraction of the limit in the plant's own row."""


def tightened(rows: LinearProgram) -> LinearProgram:
    """Return a program with the same integer solutions, with one more row per plant and buyer.

    Such a row is made from a row ``sum of a x - sum of c b <= 0`` with a, c > 0, continuous x >= 0
    and integer b in {0, 1}: each ``a x - sum of min(c, a u) b <= 0``, where u is the upper bound
    that other rows set on x. It holds for every integer solution: x is 0 if no b is 1, and
    otherwise at most u.
    """
    most = _most(rows)
    starts, columns, values = [rows.starts], [rows.columns], [rows.values]
    count = len(rows.values)
    for flows, builds in _plants(rows):
        size, room = -rows.values[builds], rows.values[flows] * most[rows.columns[flows]]
        for flow, limit in zip(flows.tolist(), room.tolist(), strict=True):
            if limit < _TIGHTER * size.max():
                columns += [rows.columns[[flow]], rows.columns[builds]]
                values += [rows.values[[flow]], -np.minimum(size, limit)]
                count += 1 + len(builds)
                starts.append(np.array([count]))
    added = len(starts) - 1
    return dataclasses.replace(
        rows,
        row_lower=np.concatenate([rows.row_lower, np.full(added, -np.inf)]),
        row_upper=np.concatenate([rows.row_upper, np.zeros(added)]),
        starts=np.concatenate(starts),
        columns=np.concatenate(columns),
        values=np.concatenate(values),
        row_keys=(),
    )


def _plants(rows: LinearProgram) -> list[tuple[Ints, Ints]]:
    """Return the rows that link several flows to builds, as entries of flows and of builds."""
    whole = rows.whole[rows.columns]
    fits = np.where(whole, rows.values < 0, (rows.values > 0) & (rows.lower[rows.columns] >= 0))
    row_of = rows.entry_rows()
    is_unfit = np.bincount(row_of, ~fits, len(rows.row_lower)) > 0
    has_builds = np.bincount(row_of, whole, len(rows.row_lower)) > 0
    of_plants = has_builds & ~is_unfit & (rows.row_upper == 0.0) & np.isneginf(rows.row_lower)
    plants = []
    for row in np.flatnonzero(of_plants).tolist():
        entries = np.arange(rows.starts[row], rows.starts[row + 1])
        flows, builds = entries[~whole[entries]], entries[whole[entries]]
        if len(flows) > 1:
            plants.append((flows, builds))
    return plants


def _most(rows: LinearProgram) -> Floats:
    """Return the upper limit of each column from its bound and from each row alone."""
    most = rows.upper.copy()
    row_of, columns = rows.entry_rows(), rows.columns
    for sign, limit in ((1.0, rows.row_upper), (-1.0, -rows.row_lower)):
        values = sign * rows.values
        with np.errstate(invalid="ignore"):  # 0 x inf, of entries that do not count
            least = np.where(values > 0, values * rows.lower[columns], values * rows.upper[columns])
        slack = limit - np.bincount(row_of, np.where(values == 0, 0.0, least), len(limit))
        up = (values > 0) & np.isfinite(slack[row_of])
        alone = (slack[row_of[up]] + least[up]) / values[up]
        np.minimum.at(most, columns[up], np.maximum(alone, 0.0))
    return most
