"""Variants of a case that only change numbers (vectors) of the base case's program.

The program of the base case is built once: minimize ``cost @ x`` subject to
``lower <= x <= upper`` and ``row_lower <= A x <= row_upper``. A variant that needs no new columns
or rows has the same arrays with other numbers:

    cost                    one per column     discounted money per unit
    lower, upper            one per column     t, or a fraction of a project
    row_lower, row_upper    one per row        in the row's unit: t, a fraction or money
    values                  one per nonzero    coefficients of A, row by row

If a variant closes a lane or loses a refiner, their columns stay, with an upper bound of 0. So the
arrays of the base and of its variants have the same positions; the solver changes the numbers that
differ and continues from its last basis.

A *kind* of change is a function of a case and a ``Selection``; it changes all selected records,
such as ``close every lane``. For each kind, the program of the changed case is built once, with all
records selected (``Selection()``). A ``CaseStep`` is a kind with a narrower selection, such as the
lanes from China to Japan in 2030. It takes the new numbers only at the positions of that country,
member and year. So a study of hundreds of runs builds only a few programs:

    variation = Variation(expanded, program)              # of the base case
    rows = variation.arrays([CaseStep(kind, Selection(country="CHN", member="Japan")), ...])
    plan = session.vary([CaseStep(...), ...])             # ``models.plan.Session``: proven

Several steps apply together. If two steps change the same number, the one that closes a column or
removes a limit wins. NoVectorsError is raised, and the caller builds the variant's own program, if

- the variant has columns or rows that the base doesn't have,
- two steps give one number different values, and neither closes a column or removes a limit, or
- a change affects a position that belongs to nobody who could be selected.

The first step of each kind (or of kinds with the same ``alike``) is verified: its arrays must equal
those of its own case's program. A kind that sets a number (``SetNumber``, such as a cap on the
share of each country) is built at two values, interpolated linearly, and verified at a third. The
sliders of the page (``models.plan.sliders``) are such lines over the same arrays.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from models import tolerances
from models.case import Case, CaseStep, Kind, Selection, SetNumber
from models.errors import PlannerError, SolverError
from models.program import ComponentArrays, Program, build_program, choose_scaling, fit
from models.program import component as c
from models.program.families.contracts import MINIMUM
from models.resolve import Bools, Expanded, Floats, Ints
from models.solve import ARRAYS, LinearProgram, highs

_OF_COLUMNS, _OF_ROWS = ARRAYS[:3], ARRAYS[3:5]
_FITTED_AT, _VERIFIED_AT = (0.5, 1.0), 0.75
"""The values at which lines are fitted, and the value at which they are verified."""


class NoVectorsError(PlannerError):
    """A variant is not expressible by changed numbers of the base case's program."""


Vectors = Mapping[str, tuple[Ints, Floats]]
"""For each array that changes, by name: the positions that change, and their new values."""


class Variation:
    """Computes the arrays of variants from a base case's program; kinds of change are cached."""

    def __init__(self, expanded: Expanded, program: Program) -> None:
        self.expanded, self.program = expanded, program
        self._kind_vectors: dict[Kind, Vectors] = {}
        self._step_vectors: dict[CaseStep, Vectors] = {}
        self._verified: set[tuple[Any, tuple[str, ...]]] = set()
        self._inexpressible: dict[Any, NoVectorsError] = {}
        self._lines: dict[Any, dict[str, tuple[Ints, Floats, Floats]]] = {}
        self._owners: dict[str, tuple[Ints, Ints, dict[Any, int]]] = {}

    @cached_property
    def statuses(self) -> tuple[Any, Any] | None:
        """The status of each column and row in an optimal basis (``highs.statuses``), or None.

        There is none with integer columns.
        """
        program = self.program
        if program.rows.whole.any():
            return None
        need = float(np.max(program.need, initial=0.0)) or 1.0
        scale = choose_scaling(
            program.rows, need=need, column_unit=program.column_unit, row_unit=program.row_unit
        )
        try:
            return highs.statuses(highs.solve(scale.scaled(program.rows)).basis)
        except SolverError:
            return None

    def arrays_of(self, case: Case) -> LinearProgram:
        """Build a case's program; return its arrays at the base's positions.

        Raises NoVectorsError if it has columns or rows that the base doesn't have.
        """
        program = self.program
        variant = build_program(self.expanded.changed(case), program.names, like=program)
        fitted = fit(variant, program)
        if (fitted.of_block < 0).any():
            msg = "the case has columns or rows that the base case does not have"
            raise NoVectorsError(msg)
        return fitted.arrays

    def arrays(self, steps: Sequence[CaseStep]) -> LinearProgram:
        """Return the base's arrays after all steps; raises NoVectorsError."""
        several = [self._vectors_of_step(step) for step in steps]
        for step, vectors in zip(steps, several, strict=True):
            limits, _ = vectors.get("row_lower", (self._shared_minimums[:0], None))
            if (len(steps) > 1 or step.of.member) and np.isin(limits, self._shared_minimums).any():
                msg = "minimums of one refiner's contracts depend on one another"
                raise NoVectorsError(msg)
        return self._without_idle_limits(self._with_changes(several))

    @cached_property
    def _empty(self) -> Bools:
        return _is_empty(self.program.rows)

    @cached_property
    def _shared_minimums(self) -> Ints:
        """The minimum rows of refiners with several contracts; such minimums fall in proportion."""
        rows = [np.zeros(0, dtype=np.int64)]
        for group in self.program.constraints:
            if group.component is MINIMUM:
                record, year = group.index
                contracts = self.expanded.case.contracts
                who = [(contracts[k].refiner, contracts[k].mineral) for k in record.tolist()]
                every = list(zip(who, year.tolist(), strict=True))
                count = Counter(every)
                rows.append(group.at[[count[one] > 1 for one in every]])
        return np.concatenate(rows)

    # ---- kinds of change and steps ---------------------------------------------------------------

    def _vectors_of_step(self, step: CaseStep) -> Vectors:
        """Return a step's vectors; the first of each kind and set of selectors is verified."""
        kind = step.kind.turn if isinstance(step.kind, SetNumber) else step.kind
        if self._inexpressible and kind in self._inexpressible:
            raise self._inexpressible[kind]
        if step not in self._step_vectors:
            try:
                self._step_vectors[step] = self._select(self._vectors_of_kind(step.kind), step.of)
                tested = getattr(step.kind, "alike", step.kind), tuple(step.of.selectors)
                if step.of.selectors and tested not in self._verified:
                    self._verify(step)
                    self._verified.add(tested)
            except NoVectorsError as error:
                self._inexpressible[kind] = error
                raise
        return self._step_vectors[step]

    def _vectors_of_kind(self, kind: Kind) -> Vectors:
        """Return the vectors of a kind of change with all records selected."""
        if isinstance(kind, SetNumber):
            lines = self._lines_of(kind.turn).items()
            return {name: (at, const + slope * kind.value) for name, (at, const, slope) in lines}
        if kind not in self._kind_vectors:
            base, rows = self.program.rows, self.arrays_of(kind(self.expanded.case, Selection()))
            vectors: dict[str, tuple[Ints, Floats]] = {}
            # an empty row that 0 satisfies is left out of the variant's program; keep its limits
            empty = _is_empty(rows) & _allows_zero(base)
            for name in ARRAYS:
                now, before = getattr(rows, name), getattr(base, name)
                changed = now != before
                if name in _OF_ROWS:
                    changed &= ~empty
                at = np.flatnonzero(changed)
                if len(at):
                    vectors[name] = at, now[at]
            self._kind_vectors[kind] = vectors
        return self._kind_vectors[kind]

    def _lines_of(
        self, turn: Callable[[Case, Selection, float], Case]
    ) -> dict[str, tuple[Ints, Floats, Floats]]:
        """Return for each array the positions that depend on the number, constants and slopes."""
        if turn not in self._lines:
            case, lines = self.expanded.case, {}
            low, high, other = (
                self.arrays_of(turn(case, Selection(), value))
                for value in (*_FITTED_AT, _VERIFIED_AT)
            )
            for name in ARRAYS:
                before, *ends, wanted = (
                    getattr(rows, name) for rows in (self.program.rows, low, high, other)
                )
                # positions that depend on the number; a third case shows that they do so linearly
                at = np.flatnonzero(np.any([end != before for end in ends], axis=0))
                const, slope = line_through(ends[0][at], ends[1][at], _FITTED_AT)
                now = before.copy()
                now[at] = const + slope * _VERIFIED_AT
                if differs(now, wanted).any():
                    msg = f"{name} does not depend linearly on the number"
                    raise NoVectorsError(msg)
                if len(at):
                    lines[name] = at, const, slope
            self._lines[turn] = lines
        return self._lines[turn]

    def _select(self, vectors: Vectors, selection: Selection) -> Vectors:
        """Return the vectors at the positions of the selected records.

        Raises NoVectorsError if a changed position belongs to nobody who could be selected.
        """
        selected = dict(vectors)
        if {*selection.selectors} - {"years", "mineral"} and self.expanded.plant_inputs:
            msg = "a plant's input belongs to both its seller and the plant"
            raise NoVectorsError(msg)
        for name, wanted in selection.selectors.items():
            column_owner, row_owner, number = self._owners_by(name)
            every = wanted if isinstance(wanted, frozenset) else {wanted}
            # by the owner's number
            is_chosen = np.zeros(len(number) + 1, dtype=bool)  # the last is for -1: no owner
            is_chosen[[number[one] for one in every if one in number]] = True
            for array, (at, values) in selected.items():
                owner = self._owner_of(array, at, column_owner, row_owner)
                lost = owner < 0  # without an owner, such as an auxiliary column
                if lost.any() and not self._is_gone(array, at[lost], values[lost]).all():
                    msg = f"a change of {array} belongs to no {name}"
                    raise NoVectorsError(msg)
                kept = is_chosen[owner]
                selected[array] = at[kept], values[kept]
        return selected

    def _is_gone(self, array: str, at: Ints, values: Floats) -> Bools:
        """Return which new values close a column or remove a limit that 0 satisfies.

        If all columns that depend on an auxiliary column or limit are closed, a program is built
        without it. Its number need not change then: the column would be 0, and the limit idle.
        """
        gone = {"upper": 0.0, "row_lower": -np.inf, "row_upper": np.inf}.get(array, np.nan)
        limits = _allows_zero(self.program.rows)[at] if array in _OF_ROWS else True
        return np.asarray((values == gone) & limits)

    def _owner_of(self, array: str, at: Ints, column_owner: Ints, row_owner: Ints) -> Ints:
        """Return the owners of positions; a nonzero's owner is its column's or else its row's."""
        if array != "values":
            return (column_owner if array in _OF_COLUMNS else row_owner)[at]
        program = self.program.rows
        owner = column_owner[program.columns[at]]
        return np.where(owner >= 0, owner, row_owner[program.entry_rows()[at]])

    def _verify(self, step: CaseStep) -> None:
        """Compare a step's arrays with those of its own case; raises NoVectorsError.

        Differences that have no effect are allowed: in closed columns and in idle rows.
        """
        base = self.program.rows
        varied = self._without_idle_limits(self._with_changes([self._step_vectors[step]]))
        wanted = self.arrays_of(step(self.expanded.case))
        closed = (varied.lower == 0) & (varied.upper == 0)
        is_wrong = {name: differs(getattr(varied, name), getattr(wanted, name)) for name in ARRAYS}
        empty = _is_empty(varied) & _allows_zero(base)
        is_wrong["cost"] &= ~closed
        for name, where in is_wrong.items():
            at = np.flatnonzero(where)
            gone = self._is_gone(name, at, getattr(wanted, name)[at])
            for columns, rows, _ in map(self._owners_by, step.of.selectors) if gone.any() else ():
                where[at[gone & (self._owner_of(name, at, columns, rows) < 0)]] = False
        is_wrong["values"] &= ~(closed[base.columns] | empty[base.entry_rows()])
        for name in _OF_ROWS:
            is_wrong[name] &= ~empty
        wrong = [name for name, where in is_wrong.items() if where.any()]
        if wrong:
            msg = f"a step's arrays differ from those of its own case: {', '.join(wrong)}"
            raise NoVectorsError(msg)

    # ---- several steps together ------------------------------------------------------------------

    def _with_changes(self, several: Sequence[Vectors]) -> LinearProgram:
        """Return the base's arrays after several changes together."""
        base, arrays = self.program.rows, dict[str, Any]()
        for vectors in several:
            for name, (at, values) in vectors.items():
                before = getattr(base, name)
                array = arrays.setdefault(name, before.copy())
                now = array[at]
                twice = (now != before[at]) & (now != values)
                array[at] = _combined(name, now, values, twice) if twice.any() else values
        return dataclasses.replace(base, **arrays)

    def _without_idle_limits(self, rows: LinearProgram) -> LinearProgram:
        """Remove limits whose columns are all closed, if 0 satisfies them.

        A program that is built without these columns doesn't have these limits, either.
        """
        base = self.program.rows
        if rows.upper is base.upper:
            return rows
        closed = (rows.upper == 0) & (rows.lower == 0)
        if not (closed & (base.upper > 0)).any():
            return rows
        is_limit = (rows.row_lower < rows.row_upper) & _allows_zero(rows)
        empty = np.flatnonzero(is_limit & _is_empty(rows) & ~self._empty)
        low, high = rows.row_lower.copy(), rows.row_upper.copy()
        low[empty], high[empty] = -np.inf, np.inf
        return dataclasses.replace(rows, row_lower=low, row_upper=high)

    # ---- owners of columns and rows --------------------------------------------------------------

    def _owners_by(self, name: str) -> tuple[Ints, Ints, dict[Any, int]]:
        """Return the owner of each column and of each row, and each owner's number.

        ``name`` is a field of ``Selection``. For ``country``, the owner of a purchase is the
        seller's country. Owners are numbered; -1: the column or row has no owner.
        """
        if name not in self._owners:
            number: dict[Any, int] = {}
            owners: dict[str, Ints] = {}
            for position, names in self._names(name).items():
                owners[position] = np.array(
                    [number.setdefault(n, len(number)) for n in names], np.int64
                )
            rows = self.program.rows
            every = (
                (self.program.variables, len(rows.cost)),
                (self.program.constraints, len(rows.row_lower)),
            )
            columns, limits = (
                self._owner_numbers(groups, count, owners) for groups, count in every
            )
            self._owners[name] = columns, limits, number
        return self._owners[name]

    def _owner_numbers(
        self, groups: Sequence[ComponentArrays], count: int, owners: Mapping[str, Ints]
    ) -> Ints:
        """Return the owner of each of ``count`` columns or rows.

        ``owners`` has the owner of each record by kind of index, such as the country of a source.
        """
        numbers = np.full(count, -1, dtype=np.int64)
        for group in groups:
            index = dict(zip(group.component.positions, group.index, strict=True))
            if c.MINERAL in owners:
                index = {c.MINERAL: group.cell // len(self.expanded.years)}
            owner = next((owners[p][at] for p, at in index.items() if p in owners), None)
            if owner is not None:
                numbers[group.at] = owner
        return numbers

    def _names(self, name: str) -> dict[str, Sequence[Any]]:
        """Return the owner's name of each record by kind of index, such as a source's country."""
        e, case = self.expanded, self.expanded.case
        if name == "mineral":
            return {c.MINERAL: e.minerals}
        if name == "mine":
            return {c.MINE: [row.country for row in case.mines]}
        if name == "years":
            return {c.YEAR: e.years, c.CALENDAR: range(10_000)}
        if name == "member":
            return {c.MEMBER: e.members, c.CONTRACT: [row.member for row in case.contracts]}
        seller = "name" if name == "refiner" else name
        of_source = [getattr(source, seller) for source in e.sources]
        contracted = [
            of_source[e.source_of_refiner[row.refiner, row.mineral]] for row in case.contracts
        ]
        built = [getattr(row, name) for row in case.projects]
        return {c.SOURCE: of_source, c.CONTRACT: contracted, c.PROJECT: built}


def _combined(name: str, earlier: Floats, later: Floats, twice: Bools) -> Floats:
    """Combine two changes of one array: where both change it, the closing or removing one wins.

    Raises NoVectorsError if they give a number different values and neither of them wins.
    """
    wins = {"row_lower": -np.inf, "row_upper": np.inf}.get(name, 0.0)
    if name == "cost" or (twice & (earlier != wins) & (later != wins)).any():
        msg = f"two steps change the same number of {name}"
        raise NoVectorsError(msg)
    return np.where(twice, wins, later)


def _is_empty(rows: LinearProgram) -> Bools:
    """Return which rows have no open column."""
    is_open = ((rows.upper != 0) | (rows.lower != 0))[rows.columns] & (rows.values != 0)
    # ``before`` [row]: open nonzeros in all rows before it; as many as before the next row: none
    before = np.concatenate([[0], np.cumsum(is_open)])[rows.starts]
    return np.asarray(before[1:] == before[:-1])


def _allows_zero(rows: LinearProgram) -> Bools:
    """Return which rows hold if all their columns are 0."""
    return np.asarray((rows.row_lower <= 0) & (rows.row_upper >= 0))


def differs(now: Floats, wanted: Floats) -> Bools:
    """Return which numbers differ by more than rounding."""
    with np.errstate(invalid="ignore"):  # inf - inf
        is_far = np.abs(now - wanted) > tolerances.SLIDER_RULE * np.maximum(1.0, np.abs(wanted))
    return np.asarray((now != wanted) & (is_far | ~np.isfinite(now) | ~np.isfinite(wanted)))


def line_through(
    first: Floats, last: Floats, between: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return constants and slopes of lines through two values; 0 between equal infinities."""
    low, high = between
    slope = apart(last, first) / (high - low)
    return first - slope * low, slope


def apart(a: Floats, b: Floats) -> Floats:
    """Return ``a - b``; 0 for equal infinite numbers."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)
