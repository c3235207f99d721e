"""The builder: columns, rows and entries of a program, collected as arrays family by family.

A group's keys are given as arrays of whole numbers (positions of sources, members and years,
numbered names); ``key`` spells them as the model does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.program.component import Columns, Heading, Rows, columns_named, rows_named
from models.program.groups import Charge, Group, Key
from models.resolve import Cell, Expanded, Floats, Ints

Numbers = Floats | float


class Names:
    """Whole numbers for names; shared by the programs of a case and of its variants."""

    def __init__(self, names: Iterable[Any] = ()) -> None:
        """Start with names that have their numbers already."""
        self.names: list[Any] = list(names)
        self._number: dict[Any, int] = {name: i for i, name in enumerate(self.names)}

    def number(self, name: Any) -> int:
        """Return a name's number."""
        if name not in self._number:
            self._number[name] = len(self.names)
            self.names.append(name)
        return self._number[name]


@dataclass(frozen=True)
class Shares:
    """The rows of one row of Share limits: their limits are its share of a demand, if ``fixed``.

    ``said`` is all that the row says but its share; ``rows`` are positions, ``demand`` [t] and
    ``year`` (by position) of each.
    """

    said: tuple[Any, ...]
    rows: Ints
    demand: Floats
    year: Ints
    is_max: bool
    fixed: bool


@dataclass
class _Numbers:
    """Named arrays that grow group by group."""

    arrays: dict[str, list[Floats]] = field(default_factory=dict)

    def add(self, count: int, **values: Numbers) -> None:
        """Add a group's numbers, each an array or one number for all."""
        for name, value in values.items():
            self.arrays.setdefault(name, []).append(_each(value, count))

    def copy(self) -> _Numbers:
        """Return a copy to add to."""
        return _Numbers({name: [*arrays] for name, arrays in self.arrays.items()})

    def joined(self, name: str) -> Floats:
        """Return one of the arrays."""
        return np.concatenate([np.zeros(0), *self.arrays.get(name, [])])


class Builder:
    """Collects a program family by family.

    ``flow`` is the column of each delivery; ``mined`` are mine, year (by position) and column of
    each ore column, which the ore stage fills; ``built`` is the column of each (project, first
    year), ``balance`` the row of each (mineral, member, year), by position. ``posted`` is what
    enters a member's balance: mineral, member and year by position, columns, and sign.
    """

    def __init__(self, expanded: Expanded, names: Names) -> None:
        """Start with an empty program."""
        self.expanded = e = expanded
        self.names = names
        for name in sorted(_all_names(e)):  # in this order whatever part of a case it is
            names.number(name)
        self.years = len(e.years)
        self.calendar = np.array(e.years, dtype=np.int64)
        self.discount = np.array([e.case.discount(y) for y in e.years])
        self.mineral_of_source = np.array(
            [e.mineral_at[s.mineral] for s in e.sources], dtype=np.int64
        )
        self.variables: list[Group] = []
        self.constraints: list[Group] = []
        self.column_numbers, self.row_numbers = _Numbers(), _Numbers()
        self.entry_rows: list[Ints] = []
        self.entry_columns: list[Ints] = []
        self.entry_values: list[Floats] = []
        self.posted: list[tuple[Ints, Ints, Ints, Ints, int]] = []
        self.shares: list[Shares] = []
        self.flow: Ints = np.zeros(0, dtype=np.int64)
        self.balance: Ints = np.zeros((0, 0, 0), dtype=np.int64)
        self.built: dict[tuple[int, int], int] = {}
        none = integers([])
        self.mined: tuple[Ints, Ints, Ints] = (none, none, none)

    def fork(self, expanded: Expanded, names: Names) -> Builder:
        """Return a copy to add to, for a case of which all that was added so far is true, too."""
        new = copy.copy(self)
        new.expanded, new.names = expanded, names
        new.variables, new.constraints = [*self.variables], [*self.constraints]
        new.column_numbers, new.row_numbers = self.column_numbers.copy(), self.row_numbers.copy()
        new.entry_rows, new.entry_columns = [*self.entry_rows], [*self.entry_columns]
        new.entry_values = [*self.entry_values]
        new.posted, new.shares = [*self.posted], [*self.shares]
        return new

    @cached_property
    def ore(self) -> dict[tuple[str, int, int], list[int]]:
        """The ore columns by mined country, and mineral and year by position."""
        e, found = self.expanded, dict[tuple[str, int, int], list[int]]()
        of = [(mine.country, e.mineral_at[mine.mineral]) for mine in e.case.mines]
        for n, t, column in zip(*(part.tolist() for part in self.mined), strict=True):
            found.setdefault((*of[n], t), []).append(column)
        return found

    def columns(  # noqa: PLR0913 - what columns have, all of it named
        self,
        component: Columns | str,
        cell: Ints,
        index: tuple[Ints, ...],
        key: Key,
        *,
        price: Numbers = 0.0,
        cost: Numbers | None = None,
        charges: Mapping[Heading, Numbers] | Sequence[Charge] | None = None,
        lower: Numbers = 0.0,
        upper: Numbers = np.inf,
        whole: bool = False,
    ) -> Ints:
        """Add columns and return their provisional positions.

        ``price`` is what a unit costs [money of its year], all under the component's heading unless
        ``charges`` split it; ``cost`` [money of the first year] where that is not one year's price.
        """
        of, year, count = columns_named(component), cell % max(self.years, 1), len(cell)
        at = _next(self.variables, count)
        if charges is None:
            charges = dict.fromkeys(of.headings, price)
        if isinstance(charges, Mapping):
            charges = [Charge(h, _each(p, count), year) for h, p in charges.items()]
        group = Group(of, at, cell, index, key, self.calendar[year], tuple(charges))
        self.variables.append(group)
        now = _each(price, count) * self.discount[year] if cost is None else cost
        self.column_numbers.add(count, cost=now, lower=lower, upper=upper, whole=float(whole))
        return at

    def rows(  # noqa: PLR0913 - what rows have, all of it named
        self,
        component: Rows | str,
        cell: Ints,
        index: tuple[Ints, ...],
        key: Key,
        *,
        least: Numbers = -np.inf,
        most: Numbers = np.inf,
        size: Numbers = np.nan,
        year: Ints | None = None,
    ) -> Ints:
        """Add rows and return their provisional positions.

        ``size`` is how large a row's limit is where that is not its bound [t].
        """
        at = _next(self.constraints, len(cell))
        of_year = self.calendar[cell % self.years] if year is None else year
        self.constraints.append(Group(rows_named(component), at, cell, index, key, of_year))
        self.row_numbers.add(len(cell), least=least, most=most, size=size)
        return at

    def post(self, at: tuple[Ints, Ints, Ints], columns: Ints, sign: int) -> None:
        """Post columns into the balances of (mineral, member, year), or out of them."""
        self.posted.append((*at, columns, sign))

    # ---- keys, by position -----------------------------------------------------------------------

    def of_member(self, m: int, j: int, t: int) -> tuple[str, str, int]:
        """Return mineral, member and year."""
        e = self.expanded
        return (e.minerals[m], e.members[j], e.years[t])

    def of_refiner(self, r: int, t: int) -> tuple[str, str, int]:
        """Return refiner, mineral and year of a source."""
        source = self.expanded.sources[r]
        return (source.name, source.mineral, self.expanded.years[t])

    def of_source(self, r: int, t: int) -> tuple[str, str, str, int]:
        """Return refiner, project, mineral and year of a source."""
        source = self.expanded.sources[r]
        return (source.name, source.project, source.mineral, self.expanded.years[t])

    def of_lane(self, r: int, j: int, t: int) -> tuple[str, str, str, str, int]:
        """Return refiner, project, mineral, member and year of what a source sells a member."""
        name, project, mineral, year = self.of_source(r, t)
        return (name, project, mineral, self.expanded.members[j], year)

    # ---- entries ---------------------------------------------------------------------------------

    def enter(self, rows: Ints, columns: Ints, values: Numbers) -> None:
        """Add entries: each row's coefficient of each column."""
        self.entry_rows.append(rows)
        self.entry_columns.append(columns)
        self.entry_values.append(_each(values, len(rows)))


def _all_names(e: Expanded) -> set[str]:
    """Return every name that a key of the program may be spelt with."""
    case = e.case
    found = {"", *e.members, *case.groups, *case.blocs}
    for source in e.sources:
        found |= {source.name, source.country, source.owner, source.kind}
    found |= {tier.name for tier in case.tiers} | {row.tier for row in case.demand}
    for row in case.share_limits:
        found |= {row.buyer, row.supplier}
    return found


def _next(groups: Sequence[Group], count: int) -> Ints:
    """Return the positions of so many more."""
    start = sum(map(len, groups))
    return np.arange(start, start + count, dtype=np.int64)


def _each(value: Numbers, count: int) -> Floats:
    return np.full(count, value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)


def grouped(*key: Ints) -> tuple[tuple[Ints, ...], Ints]:
    """Return the different keys in ascending order, and for each given one which it is."""
    if not len(key[0]):
        return key, np.zeros(0, dtype=np.int64)
    sizes = [int(k.max()) + 1 for k in key]
    code = np.zeros(len(key[0]), dtype=np.int64)
    for part, size in zip(key, sizes, strict=True):
        code = code * size + part
    total = int(np.prod([float(s) for s in sizes]))
    if total <= max(1 << 16, 4 * len(code)):
        present = np.zeros(total, dtype=bool)
        present[code] = True
        found = np.flatnonzero(present)
        place = np.cumsum(present) - 1
        inverse = place[code]
    else:
        found, inverse = np.unique(code, return_inverse=True)
    parts: list[Ints] = []
    for size in reversed(sizes):
        found, last = np.divmod(found, size)
        parts.insert(0, last)
    return tuple(parts), inverse


def integers(values: Sequence[int] | Sequence[tuple[int, ...]]) -> Ints:
    """Return whole numbers as an array."""
    return np.array(values, dtype=np.int64)


def columns_of(keys: Sequence[tuple[int, ...]], width: int) -> tuple[Ints, ...]:
    """Return key tuples of a given length as one array for each position."""
    return tuple(np.array(keys, dtype=np.int64).reshape(-1, width).T)


def blocks_of(expanded: Expanded, blocks: Sequence[Sequence[Cell]]) -> NDArray[np.int32]:
    """Return the block of each (mineral, year); -1 where it is in none."""
    found = np.full(len(expanded.minerals) * len(expanded.years), -1, dtype=np.int32)
    for b, cells in enumerate(blocks):
        for m, t in cells:
            found[m * len(expanded.years) + t] = b
    return found
