"""The builder: columns, rows and entries of a program, collected as arrays and laid out by blocks.

A part is one component's columns or rows. Its key is given as integer arrays (positions of sources,
members, years, interned names); ``spell`` turns them into the names that the model uses.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.expand import Cell, Expanded, Floats, Ints

TONNES, FRACTION, MONEY = 0, 1, 2
"""What a column or row counts."""

COLUMNS = frozenset(
    {
        "spot", "contracted", "untaken", "stock", "stock_shortfall", "built", "ore",
        "switched", "shortage", "coalition_shortage", "unfair_shortage", "tier_shortage",
        "excess", "base",
    }
)  # fmt: skip
ROWS = frozenset(
    {
        "refining_capacity", "country_lane_max", "refiner_lane_max", "contract_minimum",
        "contract_maximum", "stock_target", "project_once", "project_capacity", "budget",
        "ore_balance", "mine_capacity", "switching", "sales_growth", "agreed_sales",
        "balance", "shortage_total", "fair_shortage", "tier_total", "share_limit",
        "purchases_total",
    }
)  # fmt: skip
"""Every component of the program, whether a case has it or not."""

Spell = Callable[..., Any]
Numbers = Floats | float


class Names:
    """Whole numbers for names; shared by the accounts of a case and of its variants."""

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


@dataclass
class Part:
    """The columns or rows of one component: ``cell`` (mineral x years + year) says whose they are.

    ``start`` is the provisional position of the first; ``year`` is the year whose money a row's
    dual is in, 0 for none.
    """

    name: str
    start: int
    cell: Ints
    key: tuple[Ints, ...]
    spell: Spell
    unit: int = TONNES
    year: Ints | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.cell)

    def spelled(self, at: Ints) -> list[Any]:
        """Return the keys of some of them."""
        return [self.spell(*key) for key in zip(*(k[at].tolist() for k in self.key), strict=True)]


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
    """Named arrays that grow part by part."""

    arrays: dict[str, list[Floats]] = field(default_factory=dict)

    def add(self, count: int, **values: Numbers) -> None:
        """Add a part's numbers, each an array or one number for all."""
        for name, value in values.items():
            given = np.full(count, value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)
            self.arrays.setdefault(name, []).append(given)

    def copy(self) -> _Numbers:
        """Return a copy to add to."""
        return _Numbers({name: [*arrays] for name, arrays in self.arrays.items()})

    def joined(self, name: str) -> Floats:
        """Return one of the arrays."""
        return np.concatenate([np.zeros(0), *self.arrays.get(name, [])])


class Builder:
    """Collects a program part by part.

    ``flow`` is the column of each delivery; ``mined`` are mine, year (by position) and column of
    each ore column, which the ore stage fills; ``stock`` is the column of each (mineral, member,
    year), ``built`` that of each (project, first year), all by position.
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
        self.column_parts: list[Part] = []
        self.row_parts: list[Part] = []
        self.column_numbers, self.row_numbers = _Numbers(), _Numbers()
        self.entry_rows: list[Ints] = []
        self.entry_columns: list[Ints] = []
        self.entry_values: list[Floats] = []
        self.shares: list[Shares] = []
        self.flow: Ints = np.zeros(0, dtype=np.int64)
        self.stock: dict[tuple[int, int, int], int] = {}
        self.built: dict[tuple[int, int], int] = {}
        none = integers([])
        self.mined: tuple[Ints, Ints, Ints] = (none, none, none)

    def fork(self, expanded: Expanded, names: Names) -> Builder:
        """Return a copy to add to, for a case of which all that was added so far is true, too."""
        new = copy.copy(self)
        new.expanded, new.names = expanded, names
        new.column_parts, new.row_parts = [*self.column_parts], [*self.row_parts]
        new.column_numbers, new.row_numbers = self.column_numbers.copy(), self.row_numbers.copy()
        new.entry_rows, new.entry_columns = [*self.entry_rows], [*self.entry_columns]
        new.entry_values = [*self.entry_values]
        new.shares = [*self.shares]
        return new

    @cached_property
    def ore(self) -> dict[tuple[str, int, int], list[int]]:
        """The ore columns by mined country, and mineral and year by position."""
        e, found = self.expanded, dict[tuple[str, int, int], list[int]]()
        of = [(mine.country, e.mineral_at[mine.mineral]) for mine in e.case.mines]
        for n, t, column in zip(*(part.tolist() for part in self.mined), strict=True):
            found.setdefault((*of[n], t), []).append(column)
        return found

    def columns(  # noqa: PLR0913 - the parts of a component, all of them named
        self,
        name: str,
        cell: Ints,
        key: tuple[Ints, ...],
        spell: Spell,
        *,
        cost: Numbers,
        lower: Numbers = 0.0,
        upper: Numbers = np.inf,
        whole: bool = False,
        unit: int = TONNES,
    ) -> Ints:
        """Add columns and return their provisional positions."""
        known(COLUMNS, name)
        start = _end(self.column_parts)
        self.column_parts.append(Part(name, start, cell, key, spell, unit))
        self.column_numbers.add(len(cell), cost=cost, lower=lower, upper=upper, whole=float(whole))
        return np.arange(start, start + len(cell), dtype=np.int64)

    def rows(  # noqa: PLR0913 - the parts of a component, all of them named
        self,
        name: str,
        cell: Ints,
        key: tuple[Ints, ...],
        spell: Spell,
        *,
        least: Numbers = -np.inf,
        most: Numbers = np.inf,
        unit: int = TONNES,
        size: Numbers = np.nan,
        year: Ints | None = None,
    ) -> Ints:
        """Add rows and return their provisional positions.

        ``size`` is how large a row's limit is where that is not its bound [t].
        """
        known(ROWS, name)
        start = _end(self.row_parts)
        of_year = self.calendar[cell % self.years] if year is None else year
        self.row_parts.append(Part(name, start, cell, key, spell, unit, of_year))
        self.row_numbers.add(len(cell), least=least, most=most, size=size)
        return np.arange(start, start + len(cell), dtype=np.int64)

    def enter(self, rows: Ints, columns: Ints, values: Numbers) -> None:
        """Add entries: each row's coefficient of each column."""
        self.entry_rows.append(rows)
        self.entry_columns.append(columns)
        given = np.full(len(rows), values) if np.ndim(values) == 0 else values
        self.entry_values.append(np.asarray(given, dtype=float))


def known(components: frozenset[str], *names: str) -> None:
    """Raise KeyError for a name that no component has: a misspelt one is not 0."""
    for name in names:
        if name not in components:
            msg = f"no component {name!r}"
            raise KeyError(msg)


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


def _end(parts: Sequence[Part]) -> int:
    return parts[-1].start + len(parts[-1]) if parts else 0


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
