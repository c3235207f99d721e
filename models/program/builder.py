"""The builder collects a program as arrays, group by group; the program holds them, by block.

A group's keys are given as arrays of positions (of sources, members, years or numbered names). The
component's ``index`` says which kinds of positions. ``KeysFromPositions`` makes the same keys as
the Pyomo model has.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import schema, solve
from models.program import component as kinds
from models.program.component import TONNES
from models.resolve import Cell, Expanded, Floats, Ints, running_starts
from models.solve import LinearProgram as Arrays

Numbers = Floats | float
STAGES = (schema.REFINING, schema.MINING)


# ---- groups: a component's columns or rows ------------------------------------------------------


@dataclass(frozen=True)
class Charge:
    """The cost per unit of each column under a heading [money, undiscounted], and its year."""

    heading: kinds.CostHeading
    price: Floats
    year: Ints


@dataclass(frozen=True)
class ComponentArrays:
    """Columns or rows of one component.

    ``at`` has their positions in the program, ascending once it is laid out. ``cell`` has the
    mineral and year of each as one number (mineral x years + year). ``keys_of`` makes the keys from
    the positions in ``index``. ``year`` is the year of the money of a row's dual, 0 for none.
    ``charges`` are the costs of columns. ``numbers`` has the columns' bounds and costs, or the
    rows' limits, until the program is laid out.
    """

    component: kinds.Component
    at: Ints
    cell: Ints
    index: tuple[Ints, ...]
    keys_of: KeysFromPositions
    year: Ints
    charges: tuple[Charge, ...] = ()
    numbers: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cell)

    @property
    def name(self) -> str:
        return self.component.name

    @property
    def is_share_limit(self) -> bool:
        return self.component.positions[0] == kinds.LIMIT

    @property
    def limit_numbers(self) -> Ints:
        """The position in Share limits of the row to which each belongs."""
        numbers, at = np.unique(self.index[0], return_inverse=True)
        return integers([self.keys_of.limit_of[number] for number in numbers.tolist()])[at]

    def keys(self, which: Ints) -> list[Any]:
        return self.keys_of(self.component, [part[which] for part in self.index])

    def placed(self, place: Ints) -> ComponentArrays:
        """Return the group with its provisional positions replaced by final ones, sorted."""
        group = replace(self, at=place[self.at], numbers={})
        if not len(group) or (np.diff(group.at) > 0).all():
            return group
        # the group's order is not that of the blocks
        return group.chosen(np.argsort(group.at, kind="stable"))

    def within(self, span: slice) -> ComponentArrays:
        """Return the part of the group in a span of the program, with positions from its start."""
        part = self.chosen(slice(*np.searchsorted(self.at, (span.start, span.stop)).tolist()))
        return replace(part, at=part.at - span.start)

    def chosen(self, which: Ints | slice) -> ComponentArrays:
        return replace(
            self,
            at=self.at[which],
            cell=self.cell[which],
            index=tuple(part[which] for part in self.index),
            year=self.year[which],
            charges=tuple(Charge(c.heading, c.price[which], c.year[which]) for c in self.charges),
        )


class LazyKeys(Sequence[solve.Keys]):
    """The keys of a range of columns or rows, made on first use."""

    def __init__(self, groups: tuple[ComponentArrays, ...], span: slice) -> None:
        self._groups, self._span = groups, span

    @cached_property
    def _all(self) -> tuple[solve.Keys, ...]:
        """All keys; neighbouring ranges of one component are merged, as for Share limits."""
        merged: list[solve.Keys] = []
        found = (keys for group in self._groups for keys in self._of(group))
        for keys in sorted(found, key=lambda keys: keys.start):
            if merged and merged[-1].name == keys.name:
                before = merged.pop()
                merged.append(solve.Keys(keys.name, before.start, before.index + keys.index))
            else:
                merged.append(keys)
        return tuple(merged)

    def _of(self, group: ComponentArrays) -> Iterator[solve.Keys]:
        part = group.within(self._span)
        ends = np.flatnonzero(np.diff(part.at) > 1) + 1
        for run in np.split(np.arange(len(part)), ends) if len(part) else ():
            yield solve.Keys(part.name, int(part.at[run[0]]), tuple(part.keys(run)))

    def __getitem__(self, at: Any) -> Any:
        return self._all[at]

    def __len__(self) -> int:
        return len(self._all)


def group_sizes(groups: Sequence[ComponentArrays], starts: Ints) -> list[list[tuple[str, int]]]:
    """Return (name, number of keys) of each group of columns or rows, by block; none is 0.

    ``starts`` has the first position of each block and the end. Each row of Share limits is a group
    of its own. No key is built.
    """
    found: list[list[tuple[str, int]]] = [[] for _ in starts[1:]]
    for group in groups:
        ends = bounds = np.searchsorted(group.at, starts)
        if group.is_share_limit:
            ends = np.union1d(bounds, np.flatnonzero(np.diff(group.index[0])) + 1)
        sizes = np.diff(ends)
        block = np.searchsorted(bounds, ends[:-1], side="right") - 1
        for b, size in zip(block.tolist(), sizes.tolist(), strict=True):
            if size:
                found[b].append((group.name, size))
    return found


def shape_of(rows: Arrays, minerals: Sequence[int], sizes: Sequence[tuple[str, int]]) -> bytes:
    """Return a fingerprint of a block's structure: equal ones differ only in their numbers.

    It covers its minerals (by position), its components and their ``sizes``, the positions and
    signs of entries, the integer columns, which bounds exist and which rows are equations.
    """
    parts = (
        rows.starts.astype(np.int32),
        rows.columns.astype(np.int32),
        np.sign(rows.values).astype(np.int8),
        rows.whole,
        *map(np.isfinite, (rows.lower, rows.upper, rows.row_lower, rows.row_upper)),
        rows.row_lower == rows.row_upper,
    )
    head = repr((minerals, len(rows.cost), sizes)).encode()
    structure = b"".join((head, *(part.tobytes() for part in parts)))
    return hashlib.blake2b(structure, digest_size=16).digest()


class NameIndex:
    """Maps names to integers; shared by the programs of a case and of its variants."""

    def __init__(self, names: Iterable[Any] = ()) -> None:
        self.names: list[Any] = list(names)
        self._number: dict[Any, int] = {name: i for i, name in enumerate(self.names)}

    def number(self, name: Any) -> int:
        if name not in self._number:
            self._number[name] = len(self.names)
            self.names.append(name)
        return self._number[name]


class KeysFromPositions:
    """Makes keys from positions; a separate object, so that a program has no reference cycle."""

    def __init__(self, expanded: Expanded, names: NameIndex, limit_of: Mapping[int, int]) -> None:
        self._expanded, self._numbered, self.limit_of = expanded, names, limit_of

    def __call__(self, component: kinds.Component, index: Sequence[Ints]) -> list[Any]:
        found: dict[str, list[Any]] = {}
        for what, at in zip(component.positions, index, strict=True):
            for part, names in self._names[what].items():
                if part in component.key:
                    found[part] = [names[i] for i in at.tolist()]
        parts = [found[part] for part in component.key]
        return list(zip(*parts, strict=True)) if len(parts) > 1 else parts[0]

    @cached_property
    def _names(self) -> dict[str, dict[str, Any]]:
        """For each kind of position, the parts of a key that follow from it, and their names."""
        e, case, names = self._expanded, self._expanded.case, self._numbered.names

        def names_of(records: Iterable[Any], **fields: str) -> dict[str, Any]:
            """Return for each part of a key the values of the field named for it, by record."""
            every = tuple(records)
            return {part: [getattr(r, name) for r in every] for part, name in fields.items()}

        contracts = names_of(case.contracts, refiner="refiner", mineral="mineral", member="member")
        return {
            kinds.SOURCE: names_of(e.sources, refiner="name", project="project", mineral="mineral"),
            kinds.CONTRACT: {kinds.CONTRACT: range(len(case.contracts)), **contracts},
            kinds.MINE: names_of(case.mines, country="country", mineral="mineral"),
            kinds.PLANT_INPUT: names_of(
                e.plant_inputs, input="mineral", plant="refiner", product="product"
            )
            | {kinds.PLANT_PROJECT: [plant_input.project for plant_input in e.plant_inputs]},
            kinds.PROJECT: names_of(case.projects, project="name"),
            kinds.MINERAL: {kinds.MINERAL: e.minerals},
            kinds.MEMBER: {kinds.MEMBER: e.members},
            kinds.YEAR: {kinds.YEAR: e.years},
            kinds.CALENDAR: {kinds.YEAR: range(10_000)},
            kinds.STAGE: {kinds.STAGE: STAGES},
            kinds.LIMIT: {kinds.LIMIT: self.limit_of},
            kinds.SECURITY: {kinds.SECURITY: range(len(case.security))},
            **{
                part: {part: names}
                for part in (kinds.COUNTRY, kinds.TIER, kinds.PATTERN, kinds.BUYER, kinds.SUPPLIER)
            },
        }


class Builder:
    """Collects a program family by family.

    ``flow`` has the column of each delivery, ``sold`` of each of the case's ``sales``, and
    ``transferred`` of each of its ``plant_transfers``. ``plant_demand`` has by (mineral, year) the
    column for the part of the share limits' base that exceeds demand (-1: none). The family of ore
    fills ``mined``: mine and year (by position) and column of each ore column. The families of
    stocks and shortages fill ``stock`` and ``short``: mineral, member, year and column;
    ``tier_short`` has the number of the tier before the year. ``built`` has the column of each
    (project by position, first year), ``balance`` the row of each (mineral, member, year), by
    position. ``posted`` has the entries of members' balances: mineral, member and year by position,
    columns, and sign. ``entries`` are rows, columns and values. ``limit_of`` has the position of
    each numbered row of Share limits.
    """

    def __init__(self, expanded: Expanded, names: NameIndex) -> None:
        self.expanded = e = expanded
        case, m = e.case, e.mineral_at
        self.names = names
        for name in sorted(all_names(e)):  # the same order for any selection of minerals
            names.number(name)
        self.years = len(e.years)
        self.calendar = np.array(e.years, dtype=np.int64)
        self.discount = e.discounts
        self.mineral_of = {
            kinds.MINERAL: np.arange(len(e.minerals)),
            kinds.SOURCE: integers([m[s.mineral] for s in e.sources]),
            kinds.CONTRACT: integers([m[c.mineral] for c in case.contracts]),
            kinds.MINE: integers([m[n.mineral] for n in case.mines]),
            kinds.PROJECT: integers([m[p.mineral] for p in case.projects]),
            kinds.PLANT_INPUT: integers([m[i.mineral] for i in e.plant_inputs]),
        }
        self.variables: list[ComponentArrays] = []
        self.constraints: list[ComponentArrays] = []
        self.entries: list[tuple[Ints, Ints, Floats]] = []
        self.posted: list[tuple[Ints, Ints, Ints, Ints, int]] = []
        self.limit_of: dict[int, int] = {}
        self.keys_of = KeysFromPositions(expanded, names, self.limit_of)
        none = integers([])
        self.flow: Ints = none
        self.sold: Ints = none
        self.transferred: Ints = none
        self.plant_demand: Ints = np.full((len(e.minerals), self.years), -1, dtype=np.int64)
        self.balance: Ints = np.zeros((0, 0, 0), dtype=np.int64)
        self.built: dict[tuple[int, int], int] = {}
        self.mined: tuple[Ints, Ints, Ints] = (none, none, none)
        self.stock: tuple[Ints, Ints, Ints, Ints] = (none, none, none, none)
        self.short: tuple[Ints, Ints, Ints, Ints] = (none, none, none, none)
        self.tier_short: tuple[Ints, ...] = (none, none, none, none, none)

    def extensible_copy(self, expanded: Expanded, names: NameIndex) -> Builder:
        """Return a copy to extend for another case that shares everything added so far."""
        new = copy.copy(self)
        new.expanded, new.names, new.limit_of = expanded, names, {}
        new.keys_of = KeysFromPositions(expanded, names, new.limit_of)
        for name in ("variables", "constraints", "entries", "posted"):
            setattr(new, name, [*getattr(self, name)])
        return new

    @cached_property
    def ore(self) -> dict[tuple[str, int, int], list[int]]:
        """The ore columns by country of the mine, mineral and year (both by position)."""
        mines, found = self.expanded.case.mines, dict[tuple[str, int, int], list[int]]()
        for n, t, column in zip(*(part.tolist() for part in self.mined), strict=True):
            at = (mines[n].country, int(self.mineral_of[kinds.MINE][n]), t)
            found.setdefault(at, []).append(column)
        return found

    def add_columns(  # noqa: PLR0913 - what columns have, all of it named
        self,
        component: kinds.Columns | str,
        index: tuple[Ints, ...],
        *,
        cell: Ints | None = None,
        price: Numbers = 0.0,
        cost: Numbers | None = None,
        charges: Mapping[kinds.CostHeading, Numbers] | Sequence[Charge] | None = None,
        lower: Numbers = 0.0,
        upper: Numbers = np.inf,
        whole: Numbers = 0.0,
    ) -> Ints:
        """Add columns and return their provisional positions.

        ``cell`` is the mineral and year of each column, if it does not follow from the key.
        ``price`` is the cost per unit [money of its year], under the component's heading unless
        ``charges`` split it. ``cost`` [money of the first year] replaces it if the cost is not in
        one year.
        """
        declared = kinds.columns_named(component)
        where, year = self._cells(declared, index)
        if charges is None:
            charges = dict.fromkeys(declared.headings, price)
        if isinstance(charges, Mapping):
            charges = [Charge(h, _as_array(p, len(year)), year) for h, p in charges.items()]
        now = _as_array(price, len(year)) * self.discount[year] if cost is None else cost
        numbers = {"cost": now, "lower": lower, "upper": upper, "whole": whole}
        if self.expanded.case.fixed_decisions is not None and declared.decided is not None:
            numbers |= self._fixed_bounds(declared, index, lower, upper)
        cell, of_year = where if cell is None else cell, self.calendar[year]
        return self._add(self.variables, declared, index, cell, of_year, numbers, charges)

    def _fixed_bounds(
        self, component: kinds.Columns, index: tuple[Ints, ...], lower: Numbers, upper: Numbers
    ) -> dict[str, Numbers]:
        """Return the bounds of columns, with the values that an earlier plan has fixed."""
        case = self.expanded.case
        amounts = [component.fixed_value(case, key) for key in self.keys_of(component, index)]
        decided = np.array([amount is not None for amount in amounts], dtype=bool)
        fixed = np.array([amount or 0.0 for amount in amounts])
        bounds = {"lower": lower, "upper": upper}
        return {name: np.where(decided, fixed, bound) for name, bound in bounds.items()}

    def add_rows(  # noqa: PLR0913 - what rows have, all of it named
        self,
        component: kinds.Rows | str,
        index: tuple[Ints, ...],
        *,
        cell: Ints | None = None,
        least: Numbers = -np.inf,
        most: Numbers = np.inf,
        size: Numbers = np.nan,
        year: Ints | None = None,
    ) -> Ints:
        """Add rows and return their provisional positions.

        ``cell`` is as for ``columns``. ``size`` is the magnitude of a row's limit, if it is not its
        bound [t]. ``year`` is the year of the money of the dual, if not the key's year.
        """
        declared = kinds.rows_named(component)
        where, at_year = self._cells(declared, index)
        numbers = {"least": least, "most": most, "size": size}
        cell = where if cell is None else cell
        year = self.calendar[at_year] if year is None else year
        return self._add(self.constraints, declared, index, cell, year, numbers)

    def _add(  # noqa: PLR0913, PLR0917 - what a group has
        self,
        groups: list[ComponentArrays],
        component: kinds.Component,
        index: tuple[Ints, ...],
        cell: Ints,
        year: Ints,
        numbers: Mapping[str, Numbers],
        charges: Sequence[Charge] = (),
    ) -> Ints:
        start = next((int(group.at[-1]) + 1 for group in reversed(groups) if len(group)), 0)
        count = len(cell)
        at = np.arange(start, start + count, dtype=np.int64)
        each = {name: _as_array(value, count) for name, value in numbers.items()}
        groups.append(
            ComponentArrays(component, at, cell, index, self.keys_of, year, tuple(charges), each)
        )
        return at

    def upper_limit(self, component: kinds.Rows, at: Ints, most: Numbers) -> None:
        """Add rows that limit the sum of sales with the same key, and their entries.

        ``most`` is given for each sale, and is equal for all sales with the same key.
        """
        rows, _, inverse = self.rows_by_key(component, at, most=most)
        self.add_entries(rows[inverse], self.sold[at], 1.0)

    def rows_by_key(
        self, component: kinds.Rows, at: Ints, most: Numbers, least: Numbers = -np.inf
    ) -> tuple[Ints, tuple[Ints, ...], Ints]:
        """Add one row per distinct key of sales; return rows, their index, each sale's row."""
        d = self.expanded.sales
        parts = {
            kinds.SOURCE: d.source,
            kinds.MINERAL: d.mineral,
            kinds.MEMBER: d.member,
            kinds.YEAR: d.year,
        }
        if kinds.COUNTRY in component.key:
            country = [self.names.number(s.country) for s in self.expanded.sources]
            parts[kinds.COUNTRY] = integers(country)[d.source]
        index, inverse = unique_keys(*(parts[what][at] for what in component.positions))
        limits = np.zeros(len(index[0]))
        limits[inverse] = most
        return self.add_rows(component, index, least=least, most=limits), index, inverse

    def running_builds(self, r: Ints, t: Ints) -> tuple[Ints, Ints, Floats]:
        """Return the builds that can run of projects among sources: position, column, capacity.

        The position is that in ``r`` and ``t``; the capacity is that if fully built [t/yr].
        """
        e = self.expanded
        place = {project.name: p for p, project in enumerate(e.case.projects)}
        found: list[tuple[int, int]] = []
        for i, (source, year) in enumerate(zip(r.tolist(), t.tolist(), strict=True)):
            record = e.sources[source].record
            if isinstance(record, schema.Project):
                begun = running_starts(record, e.years, e.years[year])
                found += [(i, self.built[place[record.name], y]) for y in begun]
        whose, built = key_arrays(found, 2)
        return whose, built, e.nameplate[r[whose], t[whose]]

    def post(self, at: tuple[Ints, Ints, Ints], columns: Ints, sign: int) -> None:
        """Post columns into the balances of (mineral, member, year), or out of them."""
        self.posted.append((*at, columns, sign))

    def add_entries(self, rows: Ints, columns: Ints, values: Numbers) -> None:
        self.entries.append((rows, columns, _as_array(values, len(rows))))

    def _cells(self, component: kinds.Component, index: tuple[Ints, ...]) -> tuple[Ints, Ints]:
        """Return mineral and year of each key as one number, and its year (default: the first)."""
        parts = dict(zip(component.positions, index, strict=True))
        year = parts.get(kinds.YEAR, np.zeros(len(index[0]), dtype=np.int64))
        for what, at in parts.items():
            if what in self.mineral_of:
                return self.mineral_of[what][at] * self.years + year, year
        return year, year


def all_names(e: Expanded) -> set[str]:
    """Return every name that may occur in a key of the program."""
    case = e.case
    found = {"", *e.members, *case.groups, *case.blocs}
    for source in e.sources:
        found |= {source.name, source.country, source.owner, source.company, source.kind}
    found |= {tier.name for tier in case.tiers} | {row.tier for row in case.demand}
    for row in case.share_limits:
        found |= {row.buyer, row.supplier}
    return found


def _as_array(value: Numbers, count: int) -> Floats:
    return np.full(count, value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)


def unique_keys(*key: Ints) -> tuple[tuple[Ints, ...], Ints]:
    """Return the distinct keys, sorted, and the index of each given key among them."""
    if not len(key[0]):
        return key, integers([])
    sizes = [int(part.max()) + 1 for part in key]
    code = np.ravel_multi_index(key, sizes)
    total = int(np.prod([float(size) for size in sizes]))
    if total <= max(1 << 16, 4 * len(code)):  # few enough to mark each: faster than sorting
        present = np.zeros(total, dtype=bool)
        present[code] = True
        found, place = np.flatnonzero(present), np.empty(total, dtype=np.int64)
        place[found] = np.arange(len(found))
        inverse = place[code]
    else:
        found, inverse = np.unique(code, return_inverse=True)
    return tuple(np.unravel_index(found, sizes)), inverse


def integers(values: Sequence[int] | Sequence[tuple[int, ...]]) -> Ints:
    return np.array(values, dtype=np.int64)


def key_arrays(keys: Sequence[tuple[int, ...]], width: int) -> tuple[Ints, ...]:
    """Return key tuples of a given length as one array per position."""
    return tuple(integers(keys).reshape(-1, width).T)


def positions_in_ranges(begin: Ints, sizes: Ints) -> Ints:
    """Return all positions of ranges, one range after the other: ``sizes`` from ``begin`` on."""
    before = np.cumsum(sizes) - sizes  # [range]: positions of all ranges before it
    return np.repeat(begin - before, sizes) + np.arange(int(sizes.sum()))


def blocks_of(expanded: Expanded, blocks: Sequence[Sequence[Cell]]) -> NDArray[np.int32]:
    """Return the block of each (mineral, year); -1: none."""
    found = np.full(len(expanded.minerals) * len(expanded.years), -1, dtype=np.int32)
    for b, cells in enumerate(blocks):
        for m, t in cells:
            found[m * len(expanded.years) + t] = b
    return found


@dataclass(frozen=True)
class Program:
    """A case's program: ``rows`` are all blocks' arrays, one block after the other.

    Block b has the columns ``column_starts[b]`` up to ``column_starts[b + 1]``, and rows likewise;
    no entry reaches from one block into another. ``flow`` has the column of each delivery.
    ``column_unit`` and ``row_unit`` have their units: TONNES, FRACTION or MONEY. ``row_year`` is
    the year of the money of a row's dual, 0 for none. ``row_size`` [t] is the magnitude of a row's
    limit where its bound does not show it. ``need`` [t] is the largest demand, opening stock or
    stock target of each block; ``least_need`` the smallest demand. ``sold`` has the column of each
    of the case's ``sales``, deliveries first, ``transferred`` of each of its ``plant_transfers``.
    ``names`` are the numbered names in keys. ``draft`` is the builder before share limits were
    added.
    """

    blocks: tuple[tuple[Cell, ...], ...]
    rows: solve.LinearProgram
    column_starts: Ints
    row_starts: Ints
    variables: tuple[ComponentArrays, ...]
    constraints: tuple[ComponentArrays, ...]
    column_unit: NDArray[np.int8]
    row_unit: NDArray[np.int8]
    row_size: Floats
    row_year: Ints
    need: Floats
    least_need: Floats
    flow: Ints
    sold: Ints
    transferred: Ints
    names: tuple[Any, ...]
    draft: Builder

    def columns_of(self, block: int, last: int | None = None) -> slice:
        """Return the positions of the columns of blocks ``block`` up to and including ``last``.

        ``last`` None means the one block.
        """
        end = (block if last is None else last) + 1
        return slice(int(self.column_starts[block]), int(self.column_starts[end]))

    def blocks_of(self, columns: Any) -> Ints:
        """Return the block of each column, both by position."""
        return np.asarray(np.searchsorted(self.column_starts, columns, side="right") - 1)

    def rows_of(self, block: int, last: int | None = None) -> slice:
        """Return the positions of the rows of blocks, as ``columns_of`` does of columns."""
        end = (block if last is None else last) + 1
        return slice(int(self.row_starts[block]), int(self.row_starts[end]))

    def block(
        self, b: int, last: int | None = None, arrays: solve.LinearProgram | None = None
    ) -> solve.LinearProgram:
        """Return the program of block ``b``, or of blocks ``b`` up to and including ``last``.

        Its keys are made on first use. ``arrays`` in the same layout may replace the program's
        arrays.
        """
        full, at, rows = arrays or self.rows, self.columns_of(b, last), self.rows_of(b, last)
        first, end = int(full.starts[rows.start]), int(full.starts[rows.stop])
        return solve.LinearProgram(
            cost=full.cost[at],
            lower=full.lower[at],
            upper=full.upper[at],
            row_lower=full.row_lower[rows],
            row_upper=full.row_upper[rows],
            starts=full.starts[rows.start : rows.stop + 1] - first,
            columns=full.columns[first:end] - at.start,
            values=full.values[first:end],
            whole=full.whole[at],
            column_keys=LazyKeys(self.variables, at),
            row_keys=LazyKeys(self.constraints, rows),
        )

    def groups(
        self, component: kinds.Component | None = None, block: int | None = None
    ) -> Iterator[ComponentArrays]:
        """Yield the groups of a component; None: of all columns.

        With a ``block``, only the part in it, with positions in the block.
        """
        is_rows = isinstance(component, kinds.Rows)
        for group in self.constraints if is_rows else self.variables:
            if component in {None, group.component}:
                of = self.rows_of if is_rows else self.columns_of
                yield group if block is None else group.within(of(block))

    def fingerprint(self, b: int) -> bytes:
        """Return a fingerprint of a block's structure: equal ones differ only in numbers."""
        minerals = sorted({m for m, _ in self.blocks[b]})
        return shape_of(self.block(b), minerals, self._group_sizes[b])

    @cached_property
    def _group_sizes(self) -> list[list[tuple[str, int]]]:
        columns = group_sizes(self.variables, self.column_starts)
        rows = group_sizes(self.constraints, self.row_starts)
        return [[*pair[0], *pair[1]] for pair in zip(columns, rows, strict=True)]

    def violation_scale(self, largest: float) -> Floats:
        """Return the scale of each block's violations [t]: its need, but at most the case's.

        ``largest`` is the case's largest need, which is also the scale of a block without need.
        """
        return np.where(self.need > 0, np.minimum(self.need, largest), largest)

    def certify(  # noqa: PLR0913, PLR0917 - a solution, of what, and how it is measured
        self,
        x: Floats,
        duals: Floats,
        measure: Floats,
        first: int = 0,
        last: int | None = None,
        rows: solve.LinearProgram | None = None,
    ) -> solve.Certificates:
        """Return the certificates of a solution of blocks ``first`` up to and including ``last``.

        ``last`` None means the last block of all. ``measure`` [t] has the scale of every block of
        the program. ``rows`` may be the blocks' arrays, or others of the same shape.
        """
        last = len(self.blocks) - 1 if last is None else last
        span = slice(first, last + 2)
        column_starts, row_starts = self.column_starts[span], self.row_starts[span]
        at, inside = self.columns_of(first, last), self.rows_of(first, last)
        return solve.certify_blocks(
            self.block(first, last) if rows is None else rows,
            x,
            duals,
            measure[first : last + 1],
            tonnes=(self.column_unit[at] == TONNES, self.row_unit[inside] == TONNES),
            starts=(column_starts - column_starts[0], row_starts - row_starts[0]),
        )

    def __getstate__(self) -> None:
        msg = "send the case to another process, not its program"
        raise TypeError(msg)
