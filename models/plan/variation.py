"""One way to vary a case: as a change of vectors of its base's program, which is laid out once.

A program is ``cost @ x`` with ``lower <= x <= upper`` and ``row_lower <= A x <= row_upper``. A
change that adds no column and no row changes numbers of these arrays, each as long as the base's:

    cost                    one a column   money of the first year, for a unit
    lower, upper            one a column   t, or a fraction of a project
    row_lower, row_upper    one a row      t, a fraction or money, as the row counts
    values                  one an entry   coefficients of A, row by row

What a case no longer has (a lane that is closed, a refiner that is lost) stays as a column that is
0. Arrays of a base and of its variants have the same positions, so a solver changes what differs,
and starts from where it was.

A *kind* of change is a function of a case and a ``Selection``: what happens to all that is
selected, such as ``close every lane``. It is laid out once, for everything (``Selection()``); a
``CaseStep`` of it, such as the lanes from China to Japan in 2030, takes the numbers at the
positions of that country, member and year. So a study of hundreds of runs lays out a few:

    variation = Variation(expanded, program)              # of the base case
    rows = variation.arrays([CaseStep(kind, Selection(country="CHN", member="Japan")), ...])
    plan = session.vary([CaseStep(...), ...])                 # ``models.plan.Session``: proven

Several parts hold together: where two change one number, what closes, or waives, wins. Whatever
these rules do not express raises NoVectorsError, and the caller lays the variant's case out: rows
or columns that the base lacks, a number that two parts change otherwise, or a change at a position
that belongs to no one who could be selected. The first part of each kind is tried, too, or of kinds
that say that they are ``alike``: the arrays must be those of its own case, laid out. A kind that
sets a number (``SetNumber``, such as a cap on single countries) is laid out at two numbers and
tried at a third: between them all follows straight lines. The sliders of the page
(``models.plan.sliders``) are lines over the same arrays.
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
from models.errors import PlannerError
from models.program import ComponentArrays, Program, build_program, fit
from models.program import component as c
from models.program.families.contracts import MINIMUM
from models.resolve import Bools, Expanded, Floats, Ints
from models.solve import LinearProgram

ARRAYS = ("cost", "lower", "upper", "row_lower", "row_upper", "values")
"""The arrays of a program that a change may change."""
_OF_COLUMNS, _OF_ROWS = ARRAYS[:3], ARRAYS[3:5]
_BETWEEN, _TRIED = (0.5, 1.0), 0.75  # where straight lines are read, and where they are tried


class NoVectorsError(PlannerError):
    """A change cannot be expressed as new numbers at positions of the base's arrays.

    It adds columns or rows, for example, or two steps change one number in different ways.
    """


Vectors = Mapping[str, tuple[Ints, Floats]]
"""Of each array that changes, by name, the positions, and what is there then."""


class Variation:
    """What changes make of the arrays of a base case's program; what is worked out is kept."""

    def __init__(self, expanded: Expanded, program: Program) -> None:
        """Take the base; no kind of change is laid out yet."""
        self.expanded, self.program = expanded, program
        self._whole: dict[Kind, Vectors] = {}
        self._parts: dict[CaseStep, Vectors] = {}
        self._tried: set[tuple[Any, tuple[str, ...]]] = set()
        self._refused: dict[Any, NoVectorsError] = {}
        self._lines: dict[Any, dict[str, tuple[Ints, Floats, Floats]]] = {}
        self._owners: dict[str, tuple[Ints, Ints, dict[Any, int]]] = {}

    def arrays_of(self, case: Case) -> LinearProgram:
        """Return a case's arrays, laid out; NoVectorsError where it has other columns or rows."""
        program = self.program
        variant = build_program(self.expanded.changed(case), program.names, like=program)
        fitted = fit(variant, program)
        if (fitted.of_block < 0).any():
            msg = "the case has columns or rows that the layout lacks"
            raise NoVectorsError(msg)
        return fitted.arrays

    def arrays(self, parts: Sequence[CaseStep]) -> LinearProgram:
        """Return the base's arrays with several steps of changes made together.

        NoVectorsError where a step, or the steps together, cannot be expressed in these arrays.
        """
        several = [self._part(part) for part in parts]
        for part, vectors in zip(parts, several, strict=True):
            limits, _ = vectors.get("row_lower", (self._shared[:0], None))
            if (len(parts) > 1 or part.of.member) and np.isin(limits, self._shared).any():
                msg = "minimums of one refiner's contracts depend on one another"
                raise NoVectorsError(msg)
        return self._waived(self._changed(several))

    @cached_property
    def _empty(self) -> Bools:
        return _is_empty(self.program.rows)

    @cached_property
    def _shared(self) -> Ints:
        """The rows of minimums of refiners that have several, which shrink in proportion."""
        found = [np.zeros(0, dtype=np.int64)]
        for group in self.program.constraints:
            if group.component is MINIMUM:
                record, year = group.index
                contracts = self.expanded.case.contracts
                who = [(contracts[k].refiner, contracts[k].mineral) for k in record.tolist()]
                every = list(zip(who, year.tolist(), strict=True))
                count = Counter(every)
                found.append(group.at[[count[one] > 1 for one in every]])
        return np.concatenate(found)

    # ---- a kind of change, laid out once ---------------------------------------------------------

    def _part(self, part: CaseStep) -> Vectors:
        """Return a part's vectors; the first that selects by some names is tried."""
        kind = part.kind.turn if isinstance(part.kind, SetNumber) else part.kind
        if self._refused and kind in self._refused:
            raise self._refused[kind]
        if part not in self._parts:
            try:
                self._parts[part] = self._cut(self._read(part.kind), part.of)
                how = getattr(part.kind, "alike", part.kind), tuple(part.of.selectors)
                if part.of.selectors and how not in self._tried:
                    self._try(part)
                    self._tried.add(how)
            except NoVectorsError as error:
                self._refused[kind] = error
                raise
        return self._parts[part]

    def _read(self, kind: Kind) -> Vectors:
        """Return what a kind of change does to all."""
        if isinstance(kind, SetNumber):
            lines = self._follows(kind.turn).items()
            return {name: (at, const + slope * kind.value) for name, (at, const, slope) in lines}
        if kind not in self._whole:
            base, rows = self.program.rows, self.arrays_of(kind(self.expanded.case, Selection()))
            found: dict[str, tuple[Ints, Floats]] = {}
            # a row of which nothing is left goes with its columns, unless it asked for something
            empty = _is_empty(rows) & _allows_nothing(base)
            for name in ARRAYS:
                now, before = getattr(rows, name), getattr(base, name)
                changed = now != before
                if name in _OF_ROWS:
                    changed &= ~empty
                at = np.flatnonzero(changed)
                if len(at):
                    found[name] = at, now[at]
            self._whole[kind] = found
        return self._whole[kind]

    def _follows(
        self, turn: Callable[[Case, Selection, float], Case]
    ) -> dict[str, tuple[Ints, Floats, Floats]]:
        """Return of each array what follows a number: the positions, the constants and slopes."""
        if turn not in self._lines:
            case, found = self.expanded.case, {}
            low, high, tried = (
                self.arrays_of(turn(case, Selection(), value)) for value in (*_BETWEEN, _TRIED)
            )
            for name in ARRAYS:
                before, *ends, wanted = (
                    getattr(rows, name) for rows in (self.program.rows, low, high, tried)
                )
                at = np.flatnonzero(np.any([end != before for end in ends], axis=0))
                const, slope = line(ends[0][at], ends[1][at], _BETWEEN)
                now = before.copy()
                now[at] = const + slope * _TRIED
                if differs(now, wanted).any():
                    msg = f"{name} follows no straight line"
                    raise NoVectorsError(msg)
                if len(at):
                    found[name] = at, const, slope
            self._lines[turn] = found
        return self._lines[turn]

    def _cut(self, whole: Vectors, of: Selection) -> Vectors:
        """Return the numbers of what is selected; NoVectorsError where one is nobody's."""
        found = dict(whole)
        if {*of.selectors} - {"years", "mineral"} and self.expanded.intakes:
            msg = "what a plant takes is the seller's and the plant's"
            raise NoVectorsError(msg)
        for name, wanted in of.selectors.items():
            columns, rows, number = self._owner(name)
            every = wanted if isinstance(wanted, frozenset) else {wanted}
            chosen = [number[one] for one in every if one in number]
            for array, (at, values) in found.items():
                whose = self._whose(array, at, columns, rows)
                nobody = whose < 0
                if (nobody & ~self._is_gone(array, at, values)).any():
                    msg = f"a change of {array} is of no {name}"
                    raise NoVectorsError(msg)
                mine = np.isin(whose, chosen)
                found[array] = at[mine], values[mine]
        return found

    def _is_gone(self, array: str, at: Ints, values: Floats) -> Bools:
        """Return which numbers say that a column, or a limit, is not there.

        A case is laid out without a column that serves others where these are gone, and without a
        limit of them. So it may stay as it is: it would be 0, or bind nothing.
        """
        gone = {"upper": 0.0, "row_lower": -np.inf, "row_upper": np.inf}.get(array, np.nan)
        limits = _allows_nothing(self.program.rows)[at] if array in _OF_ROWS else True
        return np.asarray((values == gone) & limits)

    def _whose(self, array: str, at: Ints, columns: Ints, rows: Ints) -> Ints:
        """Return whose some numbers of an array are; entries their column's, else their row's."""
        if array != "values":
            return (columns if array in _OF_COLUMNS else rows)[at]
        of = self.program.rows
        whose = columns[of.columns[at]]
        return np.where(whose >= 0, whose, rows[of.entry_rows()[at]])

    def _try(self, part: CaseStep) -> None:
        """Compare a part with its own case, laid out."""
        base, made = self.program.rows, self._waived(self._changed([self._parts[part]]))
        wanted = self.arrays_of(part(self.expanded.case))
        closed = (made.lower == 0) & (made.upper == 0)
        apart = {name: differs(getattr(made, name), getattr(wanted, name)) for name in ARRAYS}
        empty = _is_empty(made) & _allows_nothing(base)
        apart["cost"] &= ~closed
        for name, where in apart.items():
            at = np.flatnonzero(where)
            gone = self._is_gone(name, at, getattr(wanted, name)[at])
            for columns, rows, _ in map(self._owner, part.of.selectors) if gone.any() else ():
                where[at[gone & (self._whose(name, at, columns, rows) < 0)]] = False
        apart["values"] &= ~(closed[base.columns] | empty[base.entry_rows()])
        for name in _OF_ROWS:
            apart[name] &= ~empty
        wrong = [name for name, where in apart.items() if where.any()]
        if wrong:
            msg = f"a part of a change is not that of the whole: {', '.join(wrong)}"
            raise NoVectorsError(msg)

    # ---- several parts together ------------------------------------------------------------------

    def _changed(self, several: Sequence[Vectors]) -> LinearProgram:
        """Return the base's arrays after changes that hold together."""
        base, arrays = self.program.rows, dict[str, Any]()
        for vectors in several:
            for name, (at, values) in vectors.items():
                before = getattr(base, name)
                array = arrays.setdefault(name, before.copy())
                now = array[at]
                twice = (now != before[at]) & (now != values)
                array[at] = _tighter(name, now, values, twice) if twice.any() else values
        return dataclasses.replace(base, **arrays)

    def _waived(self, rows: LinearProgram) -> LinearProgram:
        """Return a program in which limits bind nothing where nothing is left to limit.

        So they do in a program laid out without these columns.
        """
        base = self.program.rows
        if rows.upper is base.upper:
            return rows
        closed = (rows.upper == 0) & (rows.lower == 0)
        if not (closed & (base.upper > 0)).any():
            return rows
        is_limit = (rows.row_lower < rows.row_upper) & _allows_nothing(rows)
        empty = np.flatnonzero(is_limit & _is_empty(rows) & ~self._empty)
        low, high = rows.row_lower.copy(), rows.row_upper.copy()
        low[empty], high[empty] = -np.inf, np.inf
        return dataclasses.replace(rows, row_lower=low, row_upper=high)

    # ---- whose each column and row is ------------------------------------------------------------

    def _owner(self, name: str) -> tuple[Ints, Ints, dict[Any, int]]:
        """Return whose each column and row is, numbered, -1 for nobody's; and the numbers."""
        if name not in self._owners:
            number: dict[Any, int] = {}
            of: dict[str, Ints] = {}
            for what, names in self._names(name).items():
                of[what] = np.array([number.setdefault(n, len(number)) for n in names], np.int64)
            rows = self.program.rows
            every = (
                (self.program.variables, len(rows.cost)),
                (self.program.constraints, len(rows.row_lower)),
            )
            columns, limits = (self._numbered(groups, count, of) for groups, count in every)
            self._owners[name] = columns, limits, number
        return self._owners[name]

    def _numbered(
        self, groups: Sequence[ComponentArrays], count: int, of: Mapping[str, Ints]
    ) -> Ints:
        found = np.full(count, -1, dtype=np.int64)
        for group in groups:
            parts = dict(zip(group.component.positions, group.index, strict=True))
            if c.MINERAL in of:
                parts = {c.MINERAL: group.cell // len(self.expanded.years)}
            whose = next((of[what][at] for what, at in parts.items() if what in of), None)
            if whose is not None:
                found[group.at] = whose
        return found

    def _names(self, name: str) -> dict[str, Sequence[Any]]:
        """Return by kind of position in a key the name of each, such as the country of a source."""
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


def _tighter(name: str, one: Floats, other: Floats, twice: Bools) -> Floats:
    """Return what holds where two changes meet: what closes or waives; nothing else is known."""
    wins = {"row_lower": -np.inf, "row_upper": np.inf}.get(name, 0.0)
    if name == "cost" or (twice & (one != wins) & (other != wins)).any():
        msg = f"two changes of {name} meet"
        raise NoVectorsError(msg)
    return np.where(twice, wins, other)


def _is_empty(rows: LinearProgram) -> Bools:
    """Return which rows have no column that is not closed."""
    is_open = ((rows.upper != 0) | (rows.lower != 0))[rows.columns] & (rows.values != 0)
    count = np.bincount(rows.entry_rows()[is_open], minlength=len(rows.row_lower))
    return np.asarray(count == 0)


def _allows_nothing(rows: LinearProgram) -> Bools:
    return np.asarray((rows.row_lower <= 0) & (rows.row_upper >= 0))


def differs(a: Floats, b: Floats) -> Bools:
    """Return which numbers are not the same to within rounding."""
    with np.errstate(invalid="ignore"):
        far = np.abs(a - b) > tolerances.SLIDER_RULE * np.maximum(1.0, np.abs(b))
    return np.asarray((a != b) & (far | ~np.isfinite(a) | ~np.isfinite(b)))


def line(first: Floats, last: Floats, between: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return constant and slope of the lines through two values; an infinite value is constant."""
    low, high = between
    slope = apart(last, first) / (high - low)
    return first - slope * low, slope


def apart(a: Floats, b: Floats) -> Floats:
    """Return how far numbers are apart; infinite ones that are equal are not."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)
