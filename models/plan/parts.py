"""Parts of a large block, solved alone: the minerals that a variant changes.

In a block that a few rows link, such as the budget of all projects, the other minerals mostly keep
their plan. So a variant is first planned for the minerals that it changes (a *part*), with the
amounts of all others as in the base plan. A mineral with no say in the prices of the linking rows
pays them as they are in the base plan. Otherwise the part has all minerals that have a say, those
that would use the links if these were cheaper, and the linking rows. The result is a plan of the
whole block if the other minerals' amounts are still optimal; if not, or if the certificate of the
whole block fails, the block is solved in full.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.program import Program, Scaling
from models.resolve import Bools, Floats, Ints
from models.solve import LinearProgram, Solution
from models.solve.highs import AGAIN, PersistentSolver, basis_of, statuses

_MOST = 0.7
"""A part with a larger share of the block's columns is not solved alone."""
_NEAR = 0.5
"""A mineral that uses the links once their prices fall by this share is part of what is solved."""
_BASIC = 1


@dataclass
class _MineralsAlone:
    """Columns, rows and entries of a block; its rows include the linking ones if ``has_links``.

    ``is_rest`` says which entries of linking rows are those of other minerals, whose columns are
    ``others``.
    """

    columns: Ints
    rows: Ints
    entries: Ints
    starts: Ints
    local_columns: Ints
    has_links: bool
    is_rest: Bools
    others: Ints
    scale: Scaling
    basis: Any
    base: LinearProgram | None = None
    scaled: LinearProgram | None = None
    solver: PersistentSolver | None = None


class Parts:
    """Parts of one block of a base case, with the optimal plan and basis of the block."""

    def __init__(  # noqa: PLR0913, PLR0917 - a block, how it is scaled, and its optimum
        self,
        program: Program,
        block: int,
        rows: LinearProgram,
        scale: Scaling,
        basis: Any,
        point: tuple[Floats, Floats],
    ) -> None:
        """Take block ``block`` of a program; ``point`` has its optimal values and duals."""
        self.rows, self.scale = rows, scale
        self.x, self.duals = point
        span, years = program.columns_of(block), len(program.draft.expanded.years)
        self.mineral = np.full(len(rows.cost), -1, dtype=np.int64)
        for group in program.variables:
            inside = (group.at >= span.start) & (group.at < span.stop)
            self.mineral[group.at[inside] - span.start] = group.cell[inside] // years
        self._entry_rows = rows.entry_rows()
        of_entry = self.mineral[rows.columns]
        first = np.full(len(rows.row_lower), np.iinfo(np.int64).max)
        last = np.full(len(rows.row_lower), -1, dtype=np.int64)
        np.minimum.at(first, self._entry_rows, of_entry)
        np.maximum.at(last, self._entry_rows, of_entry)
        self.is_linking: Bools = first < last
        self.row_mineral = np.where(self.is_linking, -1, last)
        self._link_entries = np.flatnonzero(self.is_linking[self._entry_rows])
        self._states = statuses(basis)
        count = int(self.mineral.max(initial=-1)) + 1
        columns, limits = self._states
        basics = np.bincount(self.mineral[columns == _BASIC], minlength=count)
        own = self.row_mineral >= 0
        basics += np.bincount(self.row_mineral[own & (limits == _BASIC)], minlength=count)
        owned = np.bincount(self.row_mineral[own], minlength=count)
        self._priced = frozenset(np.flatnonzero(basics > owned).tolist())
        """Minerals with more basic columns and rows than rows: they set the prices of the links."""
        self._link_columns = np.unique(rows.columns[self._link_entries])
        self._parts: dict[tuple[frozenset[int], bool], _MineralsAlone | None] = {}

    def solve(self, rows: LinearProgram) -> Solution | None:
        """Return a solution of the block with a variant's numbers; None if parts don't give one.

        Raises SolverError if the part has no optimum.
        """
        # if builds are fixed, no mineral has a say in what the links cost
        is_fixed = bool((rows.lower == rows.upper)[self._link_columns].all())
        minerals = self._changed(rows, is_fixed=is_fixed)
        part = self._part(minerals, is_fixed=is_fixed) if minerals else None
        if part is None:
            return None
        duals = self.duals.copy()
        duals[_is_waived(rows)] = 0.0
        local = self._local(part, rows, duals)
        if part.solver is None or part.base is None or part.scaled is None:
            part.base, part.scaled = local, part.scale.scaled(local)
            part.solver = PersistentSolver(AGAIN).load(part.scaled)
        else:
            part.solver.change_program(part.scale.scaled(local, (part.base, part.scaled)))
        part.solver.start_from(part.basis)
        solution = part.scale.unscaled(part.solver.run())
        x = self.x.copy()
        x[part.columns], duals[part.rows] = solution.x, solution.duals
        kept = (
            self._keeps_prices(part, rows, duals) if part.has_links else self._keeps_links(rows, x)
        )
        return replace(solution, x=x, duals=duals, basis=None) if kept else None

    def _changed(self, rows: LinearProgram, *, is_fixed: bool) -> frozenset[int]:
        """Return the minerals with changed numbers; none if a linking row has another limit."""
        base = self.rows
        columns, limits = np.zeros(len(base.cost), bool), np.zeros(len(base.row_lower), bool)
        for name in ("cost", "lower", "upper"):
            columns[rows.differs_at(name, base)] = True
        # columns that are fixed at their values stay optimal
        columns &= ~((rows.lower == rows.upper) & (rows.lower == self.x))
        for name in ("row_lower", "row_upper"):
            limits[rows.differs_at(name, base)] = True
        if (limits & self.is_linking & ~_is_waived(rows)).any():
            return frozenset()
        entries = rows.differs_at("values", base)
        columns[base.columns[entries]] = True
        changed = {*self.mineral[columns].tolist(), *self.row_mineral[limits].tolist()} - {-1}
        if is_fixed:
            return frozenset(changed)
        if self.is_linking[self._entry_rows[entries]].any() or changed & self._priced:
            changed |= self._priced
        return frozenset(changed)

    def _part(self, minerals: frozenset[int], *, is_fixed: bool) -> _MineralsAlone | None:
        key = minerals, is_fixed
        if key not in self._parts:
            has_links = not is_fixed and self._priced <= minerals
            choices = [minerals | self._nearly_used, minerals] if has_links else [minerals]
            parts = (
                self._cut(each, has_links=has_links, is_fixed=is_fixed)
                for each in dict.fromkeys(choices)
            )
            self._parts[key] = next((part for part in parts if part is not None), None)
        return self._parts[key]

    def _cut(
        self, minerals: frozenset[int], *, has_links: bool, is_fixed: bool
    ) -> _MineralsAlone | None:
        every = [*minerals]
        is_own = np.isin(self.row_mineral, every) | (self.is_linking & has_links)
        is_in = np.isin(self.mineral, every)
        columns, rows = np.flatnonzero(is_in), np.flatnonzero(is_own)
        entries = np.flatnonzero(is_own[self._entry_rows] & is_in[self.rows.columns])
        states, limits = self._states[0][columns], self._states[1][rows]
        is_regular = bool((states == _BASIC).sum() + (limits == _BASIC).sum() == len(rows))
        if not (is_regular or is_fixed):
            return None
        if len(columns) > _MOST * len(self.mineral):
            return None
        place, links = np.cumsum(is_in) - 1, self.rows.columns[self._link_entries]
        is_rest = ~is_in[links]
        counts = np.bincount(self._entry_rows[entries], minlength=len(is_own))[rows]
        return _MineralsAlone(
            columns,
            rows,
            entries,
            np.concatenate([[0], np.cumsum(counts)]),
            place[self.rows.columns[entries]],
            has_links,
            is_rest,
            np.unique(links[is_rest]),
            Scaling(
                self.scale.column[columns],
                self.scale.row[rows],
                self.scale.price[columns] if np.ndim(self.scale.price) else self.scale.price,
                self.scale.dual[rows] if np.ndim(self.scale.dual) else self.scale.dual,
            ),
            basis_of(states, limits, is_regular=is_regular),
        )

    def _local(self, part: _MineralsAlone, rows: LinearProgram, duals: Floats) -> LinearProgram:
        """Return a part's program with a variant's numbers; ``duals`` price the linking rows."""
        cost, low, high = rows.cost, rows.row_lower[part.rows], rows.row_upper[part.rows]
        links = self._link_entries
        at, limit, value = rows.columns[links], self._entry_rows[links], rows.values[links]
        if part.has_links:
            rest = part.is_rest
            used = np.zeros(len(self.is_linking))
            np.add.at(used, limit[rest], value[rest] * self.x[at[rest]])
            low, high = low - used[part.rows], high - used[part.rows]
        else:
            cost = cost.copy()
            np.subtract.at(cost, at, duals[limit] * value)
        return replace(
            rows,
            cost=cost[part.columns],
            lower=rows.lower[part.columns],
            upper=rows.upper[part.columns],
            row_lower=low,
            row_upper=high,
            starts=part.starts,
            columns=part.local_columns,
            values=rows.values[part.entries],
            whole=rows.whole[part.columns],
        )

    def _keeps_links(self, rows: LinearProgram, x: Floats) -> bool:
        """Return whether the linking rows have the same activity as in the base plan."""
        links = self._link_entries
        before, now = (
            np.bincount(self._entry_rows[links], values * amounts[self.rows.columns[links]])
            for values, amounts in ((self.rows.values[links], self.x), (rows.values[links], x))
        )
        far = np.abs(now - before) > tolerances.NEEDS_NO_SOLVE * np.maximum(1.0, np.abs(before))
        return not (far & ~_is_waived(rows)[: len(far)]).any()

    def _keeps_prices(self, part: _MineralsAlone, rows: LinearProgram, duals: Floats) -> bool:
        """Return whether the other minerals' columns are optimal at new prices of the links."""
        change = self._link_charges(rows, duals - self.duals)
        others = part.others
        reduced = ((self._reduced - change) * self.scale.price)[others]
        x, lower, upper = (each[others] for each in (self.x, rows.lower, rows.upper))
        is_wrong = (reduced > tolerances.NO_DUAL) & (x > lower)
        is_wrong |= (reduced < -tolerances.NO_DUAL) & (x < upper)
        return not is_wrong.any()

    def _link_charges(self, rows: LinearProgram, duals: Floats) -> Floats:
        """Return by column what the duals of its linking rows come to [money a unit]."""
        links = self._link_entries
        charges = duals[self._entry_rows[links]] * rows.values[links]
        return np.asarray(np.bincount(rows.columns[links], charges, len(self.x)))

    @cached_property
    def _nearly_used(self) -> frozenset[int]:
        """Minerals whose use of the links changes if those cost less, by a part of their price.

        Parts without them mostly fail: in the larger example 152 of 158 did.
        """
        charged = np.abs(self._link_charges(self.rows, self.duals))
        is_near = np.abs(self._reduced) < _NEAR * charged
        return frozenset(self.mineral[is_near & (self._states[0] != _BASIC)].tolist()) - {-1}

    @cached_property
    def _reduced(self) -> Floats:
        """The reduced costs of the columns in the base plan."""
        return self.rows.cost - self.rows.value_at(self.duals)


def _is_waived(rows: LinearProgram) -> Bools:
    """Return which rows limit nothing."""
    return np.asarray(np.isneginf(rows.row_lower) & np.isposinf(rows.row_upper))
