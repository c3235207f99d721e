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

A kind is verified with each set of selectors that it is asked for, such as country and member: for
the selection with the most changed numbers, the arrays must equal those of its own case's program.
So what is refused depends on the step alone, and not on the steps before. A kind that sets a number
(``SetNumber``, such as a cap on the share of each country) is built at two values, interpolated
linearly, and verified at a third. The sliders of the page (``models.plan.sliders``) are such lines
over the same arrays.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np

from models import tolerances
from models.case import Case, CaseStep, Kind, Selection, SetNumber
from models.errors import PlannerError, SolverError
from models.program import ComponentArrays, Program, build_program, choose_scaling, component, fit
from models.program.families.contracts import MINIMUM
from models.resolve import Bools, Expanded, Floats, Ints
from models.solve import ARRAYS, LinearProgram, highs

_OF_COLUMNS, _OF_ROWS = ARRAYS[:3], ARRAYS[3:5]
_GONE = {"upper": 0.0, "row_lower": -np.inf, "row_upper": np.inf}
"""The number in an array that closes a column, or removes a limit."""
_FITTED_AT, _VERIFIED_AT = (0.5, 1.0), 0.75
"""The values at which lines are fitted, and the value at which they are verified."""


class NoVectorsError(PlannerError):
    """A variant is not expressible by changed numbers of the base case's program."""


Vectors = Mapping[str, tuple[Ints, Floats]]
"""For each array that changes, by name: the positions that change, and their new values."""


_P = ParamSpec("_P")
_Result = TypeVar("_Result")


def _remembered(
    method: Callable[Concatenate[Variation, _P], _Result],
) -> Callable[Concatenate[Variation, _P], _Result]:
    """Remember by its arguments what a method returns, or why it raises NoVectorsError."""

    def remembering(self: Variation, /, *args: _P.args, **kwargs: _P.kwargs) -> _Result:
        memory, key = self._memory, (method, args, *kwargs.items())
        if key not in memory:
            try:
                memory[key] = method(self, *args, **kwargs), ""
            except NoVectorsError as error:
                memory[key] = None, str(error)
        result, refusal = memory[key]
        if refusal:
            raise NoVectorsError(refusal)
        return cast("_Result", result)

    return remembering


class Variation:
    """Computes the arrays of variants from a base case's program; kinds of change are cached."""

    def __init__(self, expanded: Expanded, program: Program) -> None:
        self.expanded, self.program = expanded, program
        self._memory: dict[Any, tuple[Any, str]] = {}

    @cached_property
    def statuses(self) -> tuple[Any, Any] | None:
        """The status of each column and row in an optimal basis (``highs.statuses``), or None.

        There is none with integer columns, or without any column.
        """
        program = self.program
        if program.rows.whole.any() or not len(program.rows.cost):
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
            at = vectors["row_lower"][0] if "row_lower" in vectors else ()
            if (len(steps) > 1 or step.of.member) and np.isin(at, self._shared_minimums).any():
                msg = "minimums of one refiner's contracts depend on one another"
                raise NoVectorsError(msg)
        return self._without_idle_limits(self._with_changes(several))

    @cached_property
    def _is_empty_in_base(self) -> Bools:
        return _is_empty(self.program.rows)

    @cached_property
    def _shared_minimums(self) -> Ints:
        """The minimum rows of refiners with several contracts; such minimums fall in proportion."""
        at = [np.zeros(0, dtype=np.int64)]
        for group in self.program.constraints:
            if group.component is MINIMUM:
                contract, year = (part.tolist() for part in group.index)
                records = [self.expanded.case.contracts[k] for k in contract]
                keys = [(r.refiner, r.mineral, t) for r, t in zip(records, year, strict=True)]
                count = Counter(keys)
                at.append(group.at[[count[key] > 1 for key in keys]])
        return np.concatenate(at)

    # ---- kinds of change and steps ---------------------------------------------------------------

    @_remembered
    def _vectors_of_step(self, step: CaseStep) -> Vectors:
        """Return a step's vectors; its kind is verified with the step's selectors."""
        vectors = self._selected(self._vectors_of_kind(step.kind), step.of)
        if step.of.selectors:  # a step without any is the kind itself
            kind = step.kind
            if isinstance(kind, SetNumber):
                kind = SetNumber(kind.turn, _VERIFIED_AT)
            self._verify(kind, tuple(step.of.selectors))
        return vectors

    @_remembered
    def _vectors_of_kind(self, kind: Kind) -> Vectors:
        """Return the vectors of a kind of change with all records selected."""
        if isinstance(kind, SetNumber):
            lines = self._lines_of(kind.turn).items()
            return {name: (at, const + slope * kind.value) for name, (at, const, slope) in lines}
        base, variant = self.program.rows, self.arrays_of(kind(self.expanded.case, Selection()))
        # a row whose columns are all closed is left out of the variant's program, if 0 satisfies
        # the base's limits. They stay: a narrower selection may leave some of the columns open
        is_left_out = _is_empty(variant) & _allows_zero(base)
        vectors: dict[str, tuple[Ints, Floats]] = {}
        for name in ARRAYS:
            values = getattr(variant, name)
            is_changed = values != getattr(base, name)
            if name in _OF_ROWS:
                is_changed &= ~is_left_out
            at = np.flatnonzero(is_changed)
            if len(at):
                vectors[name] = at, values[at]
        return vectors

    @_remembered
    def _lines_of(
        self, turn: Callable[[Case, Selection, float], Case]
    ) -> dict[str, tuple[Ints, Floats, Floats]]:
        """Return for each array the positions that depend on the number, constants and slopes."""
        case, lines = self.expanded.case, dict[str, tuple[Ints, Floats, Floats]]()
        low, high, third = (
            self.arrays_of(turn(case, Selection(), value)) for value in (*_FITTED_AT, _VERIFIED_AT)
        )
        for name in ARRAYS:
            base, *ends, wanted = (
                getattr(rows, name) for rows in (self.program.rows, low, high, third)
            )
            # positions that depend on the number; a third case shows that they do so linearly
            at = np.flatnonzero(np.any([end != base for end in ends], axis=0))
            const, slope = line_through(ends[0][at], ends[1][at], _FITTED_AT)
            interpolated = base.copy()
            interpolated[at] = const + slope * _VERIFIED_AT
            if differs(interpolated, wanted).any():
                msg = f"{name} does not depend linearly on the number"
                raise NoVectorsError(msg)
            if len(at):
                lines[name] = at, const, slope
        return lines

    def _selected(self, vectors: Vectors, selection: Selection) -> Vectors:
        """Return the vectors at the positions of the selected records.

        Raises NoVectorsError if a changed position belongs to nobody who could be selected.
        """
        selected = dict(vectors)
        if {*selection.selectors} - {"years", "mineral"} and self.expanded.plant_inputs:
            msg = "a plant's input belongs to both its seller and the plant"
            raise NoVectorsError(msg)
        for selector, wanted in selection.selectors.items():
            number = self._owners_by(selector)[2]
            names = wanted if isinstance(wanted, frozenset) else {wanted}
            # by the owner's number; the last is for -1: no owner
            is_chosen = np.zeros(len(number) + 1, dtype=bool)
            is_chosen[[number[name] for name in names if name in number]] = True
            for array, (at, values) in selected.items():
                owner = self._owner_of(array, at, selector)
                no_owner = owner < 0  # such as an auxiliary column
                if not self._is_gone(array, at[no_owner], values[no_owner]).all():
                    msg = f"a change of {array} belongs to no {selector}"
                    raise NoVectorsError(msg)
                selected[array] = at[is_chosen[owner]], values[is_chosen[owner]]
        return selected

    def _is_gone(self, array: str, at: Ints, values: Floats) -> Bools:
        """Return which new values close a column or remove a limit that 0 satisfies.

        If all columns that depend on an auxiliary column or limit are closed, a program is built
        without it. Its number need not change then: the column would be 0, and the limit idle.
        """
        if array not in _GONE:
            return np.zeros(len(at), dtype=bool)
        is_gone = np.asarray(values == _GONE[array])
        return is_gone & _allows_zero(self.program.rows)[at] if array in _OF_ROWS else is_gone

    def _owner_of(self, array: str, at: Ints, selector: str) -> Ints:
        """Return the owners of positions; a nonzero's owner is its column's or else its row's."""
        column_owner, row_owner, _ = self._owners_by(selector)
        if array != "values":
            return (column_owner if array in _OF_COLUMNS else row_owner)[at]
        program = self.program.rows
        owner = column_owner[program.columns[at]]
        return np.where(owner >= 0, owner, row_owner[program.entry_rows()[at]])

    def _largest_selection(self, vectors: Vectors, selectors: Sequence[str]) -> Selection | None:
        """Return the selection with the most changed numbers; None if no selection has any."""
        owners = [
            np.concatenate([self._owner_of(array, at, name) for array, (at, _) in vectors.items()])
            for name in selectors
            if vectors
        ]
        if not owners:
            return None
        # [selector, changed number that has an owner for each of the selectors]
        owned = np.array(owners)[:, np.min(owners, axis=0) >= 0]
        if not owned.size:
            return None
        each, count = np.unique(owned, axis=1, return_counts=True)
        chosen = {
            selector: [*self._owners_by(selector)[2]][owner]
            for selector, owner in zip(selectors, each[:, count.argmax()].tolist(), strict=True)
        }
        years = {"years": frozenset({chosen["years"]})} if "years" in chosen else {}
        return Selection(**{**chosen, **years})

    @_remembered
    def _verify(self, kind: Kind, selectors: tuple[str, ...]) -> None:
        """Compare the arrays of a kind's largest selection with those of its own case.

        Raises NoVectorsError if they differ in a number that has an effect.
        """
        vectors = self._vectors_of_kind(kind)
        selection = self._largest_selection(vectors, selectors)
        if selection is None:
            return
        base, chosen = self.program.rows, self._selected(vectors, selection)
        varied = self._without_idle_limits(self._with_changes([chosen]))
        wanted = self.arrays_of(kind(self.expanded.case, selection))
        is_closed = (varied.lower == 0) & (varied.upper == 0)
        is_idle = _is_empty(varied) & _allows_zero(base)
        # what a closed column costs, the coefficients of one, and limits of a row with only such
        has_no_effect = {
            "cost": is_closed,
            "values": is_closed[base.columns] | is_idle[base.entry_rows()],
            **dict.fromkeys(_OF_ROWS, is_idle),
        }
        for name in ARRAYS:
            new = getattr(wanted, name)
            is_wrong = differs(getattr(varied, name), new)
            if name in has_no_effect:
                is_wrong &= ~has_no_effect[name]
            at = np.flatnonzero(is_wrong)
            # its own program lacks auxiliary columns and rows that nobody owns, if nothing open
            # depends on them; here they stay
            is_left_out = self._is_gone(name, at, new[at]) & np.any(
                [self._owner_of(name, at, selector) < 0 for selector in selectors], axis=0
            )
            if not is_left_out.all():
                msg = f"{name} of {selection} and of its own case differ"
                raise NoVectorsError(msg)

    # ---- several steps together ------------------------------------------------------------------

    def _with_changes(self, several: Sequence[Vectors]) -> LinearProgram:
        """Return the base's arrays after several changes together."""
        base, arrays = self.program.rows, dict[str, Any]()
        for vectors in several:
            for name, (at, values) in vectors.items():
                array = arrays.setdefault(name, getattr(base, name).copy())
                earlier = array[at]
                twice = (earlier != getattr(base, name)[at]) & (earlier != values)
                array[at] = _combined(name, earlier, values, twice) if twice.any() else values
        return dataclasses.replace(base, **arrays)

    def _without_idle_limits(self, rows: LinearProgram) -> LinearProgram:
        """Remove limits whose columns are all closed, if 0 satisfies them.

        A program that is built without these columns doesn't have these limits, either.
        """
        base = self.program.rows
        if rows.upper is base.upper:
            return rows
        is_closed = (rows.upper == 0) & (rows.lower == 0)
        if not (is_closed & (base.upper > 0)).any():  # saves time, no more
            return rows
        is_limit = (rows.row_lower < rows.row_upper) & _allows_zero(rows)
        idle = np.flatnonzero(is_limit & _is_empty(rows) & ~self._is_empty_in_base)
        low, high = rows.row_lower.copy(), rows.row_upper.copy()
        low[idle], high[idle] = -np.inf, np.inf
        return dataclasses.replace(rows, row_lower=low, row_upper=high)

    # ---- owners of columns and rows --------------------------------------------------------------

    @_remembered
    def _owners_by(self, selector: str) -> tuple[Ints, Ints, dict[Any, int]]:
        """Return the owner of each column and of each row, and each owner's number.

        ``selector`` is a field of ``Selection``. For ``country``, the owner of a purchase is the
        seller's country. Owners are numbered; -1: the column or row has no owner.
        """
        number: dict[Any, int] = {}
        owners = {
            index: np.array([number.setdefault(name, len(number)) for name in names], np.int64)
            for index, names in self._names(selector).items()
        }
        program = self.program
        columns = self._owner_numbers(program.variables, len(program.rows.cost), owners)
        limits = self._owner_numbers(program.constraints, len(program.rows.row_lower), owners)
        return columns, limits, number

    def _owner_numbers(
        self, groups: Sequence[ComponentArrays], count: int, owners: Mapping[str, Ints]
    ) -> Ints:
        """Return the owner of each of ``count`` columns or rows.

        ``owners`` has the owner of each record by kind of index, such as the country of a source.
        """
        numbers = np.full(count, -1, dtype=np.int64)
        for group in groups:
            index = dict(zip(group.component.positions, group.index, strict=True))
            if component.MINERAL in owners:  # also where the mineral is not in the key
                index = {component.MINERAL: group.cell // len(self.expanded.years)}
            owner = next((owners[p][at] for p, at in index.items() if p in owners), None)
            if owner is not None:
                numbers[group.at] = owner
        return numbers

    def _names(self, name: str) -> dict[str, Sequence[Any]]:
        """Return the owner's name of each record by kind of index, such as a source's country."""
        e, case = self.expanded, self.expanded.case
        if name == "mineral":
            return {component.MINERAL: e.minerals}
        if name == "mine":
            return {component.MINE: [row.country for row in case.mines]}
        if name == "years":
            return {component.YEAR: e.years, component.CALENDAR: range(10_000)}
        if name == "member":
            return {
                component.MEMBER: e.members,
                component.CONTRACT: [row.member for row in case.contracts],
            }
        seller = "name" if name == "refiner" else name
        of_source = [getattr(source, seller) for source in e.sources]
        contracted = [
            of_source[e.source_of_refiner[row.refiner, row.mineral]] for row in case.contracts
        ]
        built = [getattr(row, name) for row in case.projects]
        return {
            component.SOURCE: of_source,
            component.CONTRACT: contracted,
            component.PROJECT: built,
        }


def _combined(name: str, earlier: Floats, later: Floats, twice: Bools) -> Floats:
    """Combine two changes of one array: where both change it, the closing or removing one wins.

    Raises NoVectorsError if they give a number different values and neither of them wins.
    """
    wins = _GONE.get(name, 0.0)  # of ``lower`` and ``values``: no minimum, and no part in a row
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
