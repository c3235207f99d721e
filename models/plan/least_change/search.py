"""The program of the smallest change, solved and certified."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from models.account import FRACTION, MONEY, account, scaling, units_of
from models.compile import compile_model
from models.errors import SolverError
from models.expand import Expanded, Floats
from models.plan.least_change.attempts import first_proven
from models.proof import certify
from models.solver import Rows
from models.sourcing import Bounds, Lever, build_least_change

_SLACK = 1e-9
"""What may be left over what is least, as a part of demand: the solver's rounding."""
_USED = 1e-9
"""A change of fewer units than this is rounding."""
SPARE = 0.1
"""A change is left out where fewer do it that need not grow by more than this part in all."""


class Search:
    """One program of the least change: ``levers`` and what they may not make worse."""

    def __init__(self, wide: Expanded, levers: tuple[Lever, ...], bounds: Bounds) -> None:
        """Build the model of all cells of the case."""
        of = account(wide)
        cells = [cell for cells in of.blocks for cell in cells]
        frame = build_least_change(wide, cells, levers, bounds)
        self.rows = compile_model(frame.model)
        unit = {name: MONEY if of == "money" else FRACTION for name, of in frame.units.items()}
        self.other = frozenset(unit)
        self.units = (
            units_of(self.rows.column_keys, len(self.rows.cost), unit),
            units_of(self.rows.row_keys, len(self.rows.row_lower), unit),
        )
        self.need = float(np.max(of.need, initial=1.0))
        self.yardstick = wide.case.yardstick
        at = {keys.name: keys.stretch for keys in self.rows.column_keys}
        self.change, self.left = at["change"], at["left"].start
        self.kept: Any = None

    def least_left(self) -> float:
        """Return the tonnes that no change removes."""
        cost = np.zeros(len(self.rows.cost))
        cost[self.left] = 1.0
        return max(0.0, float(self._solved(dataclasses.replace(self.rows, cost=cost))[self.left]))

    def smallest(self, left: float) -> dict[int, float]:
        """Return the units of each lever that is used, with so many tonnes left over [t].

        A lever is not used where fewer do without it and need hardly grow.
        """
        upper = self.rows.upper.copy()
        upper[self.left] = left + _SLACK * self.need
        rows = dataclasses.replace(self.rows, upper=upper)
        units = self._solved(rows)[self.change]
        total = float(units.sum())
        for i in np.argsort(units, kind="stable").tolist():
            if units[i] <= _USED:
                continue
            without = upper.copy()
            without[self.change.start + i] = 0.0
            try:
                found = self._solved(dataclasses.replace(rows, upper=without))[self.change]
            except SolverError:
                continue  # it is needed
            fewer = np.count_nonzero(found > _USED) < np.count_nonzero(units > _USED)
            if fewer and float(found.sum()) <= (1.0 + SPARE) * total:
                upper, units = without, found
                rows = dataclasses.replace(rows, upper=upper)
        return {i: float(u) for i, u in enumerate(units.tolist()) if u > _USED}

    def _solved(self, rows: Rows) -> Floats:
        """Return the proven values of the columns; SolverError where there are none."""
        found = first_proven(
            rows,
            lambda raised: scaling(
                rows, need=self.need, column_unit=self.units[0], row_unit=self.units[1],
                raised=raised,
            ),
            lambda found: certify(rows, found, self.yardstick, self.other).passed,
        )  # fmt: skip
        if found is not None:
            return found.x
        msg = "no proven smallest change"
        raise SolverError(msg)
