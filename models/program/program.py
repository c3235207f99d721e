"""A case's linear program as arrays, laid out block after block."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.program.blocks import split
from models.program.builder import Builder, Names, Shares, blocks_of
from models.program.families import FAMILIES
from models.program.families.diversification import what_is_said
from models.program.groups import Group, LazyKeys, fingerprint
from models.program.market import balances_closed, flows
from models.resolve import Cell, Expanded, Floats, Ints, stock_target
from models.schema import MIN
from models.solve import Rows

*_BEFORE_LIMITS, _LIMITS = FAMILIES
"""The families that a case which differs in share limits alone takes over, and those limits."""


@dataclass(frozen=True)
class Program:
    """A case's program: ``rows`` are all blocks' arrays, one block after the other.

    Block b has the columns ``column_starts[b]`` up to ``column_starts[b + 1]``, and rows likewise;
    no entry reaches from one block into another. ``flow`` is the column of each delivery;
    ``column_unit`` and ``row_unit`` are what each counts: TONNES, FRACTION or MONEY; ``row_year``
    is the year whose money a row's dual is in, 0 for none;
    ``row_size`` [t] is how large a row's limit is where that is not its bound; ``need`` [t] is the
    largest demand, opening stock or stock target of each block; ``least_need`` the smallest demand;
    ``names`` are the numbered names that keys are spelt with;
    ``draft`` is what the program was made of before its share limits, ``shares`` what those are.
    """

    blocks: tuple[tuple[Cell, ...], ...]
    rows: Rows
    column_starts: Ints
    row_starts: Ints
    variables: tuple[Group, ...]
    constraints: tuple[Group, ...]
    column_unit: NDArray[np.int8]
    row_unit: NDArray[np.int8]
    row_size: Floats
    row_year: Ints
    need: Floats
    least_need: Floats
    flow: Ints
    names: tuple[Any, ...]
    draft: Builder
    shares: tuple[Shares, ...]

    def columns_of(self, block: int, last: int | None = None) -> slice:
        """Return the columns of a block, or of all from it up to another."""
        end = (block if last is None else last) + 1
        return slice(int(self.column_starts[block]), int(self.column_starts[end]))

    def rows_of(self, block: int, last: int | None = None) -> slice:
        """Return the rows of a block, or of all from it up to another."""
        end = (block if last is None else last) + 1
        return slice(int(self.row_starts[block]), int(self.row_starts[end]))

    def block(self, b: int, last: int | None = None) -> Rows:
        """Return the program of one block, or of all from it up to another.

        Its columns and rows are named when asked for.
        """
        of, at, rows = self.rows, self.columns_of(b, last), self.rows_of(b, last)
        first, last = int(of.starts[rows.start]), int(of.starts[rows.stop])
        return Rows(
            cost=of.cost[at],
            lower=of.lower[at],
            upper=of.upper[at],
            row_lower=of.row_lower[rows],
            row_upper=of.row_upper[rows],
            starts=of.starts[rows.start : rows.stop + 1] - first,
            columns=of.columns[first:last] - at.start,
            values=of.values[first:last],
            whole=of.whole[at],
            column_keys=LazyKeys(self.variables, at),
            row_keys=LazyKeys(self.constraints, rows),
        )

    def shape(self, b: int) -> bytes:
        """Return a fingerprint of a block's structure: same shape, same model but for numbers."""
        every = ((self.variables, self.columns_of(b)), (self.constraints, self.rows_of(b)))
        sizes = [size for of, stretch in every for size in LazyKeys(of, stretch).sizes()]
        return fingerprint(self.block(b), sorted({m for m, _ in self.blocks[b]}), sizes)

    def measure(self, largest: float) -> Floats:
        """Return what each block's violations are measured by [t]: its own need.

        The case's ``largest`` need [t] where that is smaller, or the block needs nothing.
        """
        return np.where(self.need > 0, np.minimum(self.need, largest), largest)

    def __getstate__(self) -> None:
        """Refuse to be sent: it is made again from its case where it is needed."""
        msg = "a program is not sent; its case is"
        raise TypeError(msg)


def program_of(
    expanded: Expanded,
    names: Sequence[Any] = (),
    blocks: Sequence[Sequence[Cell]] | None = None,
    like: Program | None = None,
) -> Program:
    """Return the case's program as arrays: no model is looked at.

    ``names`` are those of the program of a case that this one is a variant of, so that keys of the
    two compare; ``blocks`` are parts to keep together (None: as the case splits);
    ``like`` is the program of a case that may differ in share limits alone: the rest is then taken
    over.
    """
    cells = tuple(tuple(cells) for cells in (split(expanded.case) if blocks is None else blocks))
    draft = None if like is None else like.draft
    if like is not None and draft is not None and blocks is None and _is_like(draft, expanded):
        same = _shared_anew(like, expanded)
        if same is not None:
            return same
    if draft is None or not _is_like(draft, expanded):
        draft = Builder(expanded, Names(names))
        flows(draft)
        for family in _BEFORE_LIMITS:
            family.arrays(draft)
    # a draft made anew has numbered names of its own; one taken over knows none beyond those given
    known = names if like is not None and draft is like.draft else draft.names.names
    b = draft.fork(expanded, Names(known))
    _LIMITS.arrays(b)
    balances_closed(b)
    of_cell = blocks_of(expanded, cells)
    columns, column_starts, variables = _laid_out(b.variables, of_cell, len(cells))
    rows, row_starts, constraints = _laid_out(b.constraints, of_cell, len(cells))
    return Program(
        blocks=cells,
        rows=_arrays(b, columns, rows),
        column_starts=column_starts,
        row_starts=row_starts,
        variables=variables,
        constraints=constraints,
        column_unit=_units(variables, len(columns)),
        row_unit=_units(constraints, len(rows)),
        row_size=_placed(b.row_numbers.joined("size"), rows),
        row_year=_years(constraints, len(rows)),
        need=_need(b, of_cell, len(cells)),
        least_need=_least_need(b, of_cell, len(cells)),
        flow=columns[b.flow],
        names=tuple(b.names.names),
        draft=draft,
        shares=tuple(dataclasses.replace(of, rows=rows[of.rows]) for of in b.shares),
    )


def _shared_anew(like: Program, expanded: Expanded) -> Program | None:
    """Return the program of a case that differs in shares alone, None where more differs."""
    rows = expanded.case.share_limits
    told = [(what_is_said(row), row.penalty) for row in rows]
    if told != [of.said for of in like.shares] or not all(of.fixed for of in like.shares):
        return None
    least, most = like.rows.row_lower.copy(), like.rows.row_upper.copy()
    for row, of in zip(rows, like.shares, strict=True):
        share = np.array([row.share.value(y) for y in expanded.years], dtype=float)
        (most if of.is_max else least)[of.rows] = share[of.year] * of.demand
    return dataclasses.replace(
        like, rows=dataclasses.replace(like.rows, row_lower=least, row_upper=most)
    )


def _is_like(draft: Builder, expanded: Expanded) -> bool:
    """Return whether a case differs from that of a draft in share limits alone, or not at all."""
    case, other = expanded.case, draft.expanded.case
    limits_or_names = {"share_limits", "scenarios", "risks", "scenario"}
    leasts, others = (
        [row.mineral for row in of.share_limits if row.limit == MIN] for of in (case, other)
    )  # what a stock may need to hold depends on how many there are
    return leasts == others and all(
        getattr(case, f.name) is getattr(other, f.name)
        for f in dataclasses.fields(case)
        if f.name not in limits_or_names
    )


def _laid_out(
    groups: list[Group], of_cell: NDArray[np.int32], blocks: int
) -> tuple[Ints, Ints, tuple[Group, ...]]:
    """Return each provisional position's place, where blocks start, and the groups laid out.

    Within a block the groups keep their order, and each group its own.
    """
    block = np.concatenate([np.zeros(0, np.int32), *(of_cell[group.cell] for group in groups)])
    order = np.argsort(block, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    starts = np.searchsorted(block[order], np.arange(blocks + 1)).astype(np.int64)
    return place, starts, tuple(group.moved(place) for group in groups)


def _placed(values: Floats, place: Ints) -> Floats:
    found = np.empty(len(values))
    found[place] = values
    return found


def _units(groups: Sequence[Group], count: int) -> NDArray[np.int8]:
    found = np.zeros(count, dtype=np.int8)
    for group in groups:
        found[group.at] = group.component.unit
    return found


def _years(groups: Sequence[Group], count: int) -> Ints:
    found = np.zeros(count, dtype=np.int64)
    for group in groups:
        found[group.at] = group.year
    return found


def _arrays(b: Builder, columns: Ints, rows: Ints) -> Rows:
    none = np.zeros(0, dtype=np.int64)
    at_row = rows[np.concatenate([none, *b.entry_rows])]
    at_column = columns[np.concatenate([none, *b.entry_columns])]
    values = np.concatenate([np.zeros(0), *b.entry_values])
    order = np.argsort(at_row * len(columns) + at_column, kind="stable")
    counts = np.bincount(at_row, minlength=len(rows))
    of = {name: _placed(b.column_numbers.joined(name), columns)
          for name in ("cost", "lower", "upper", "whole")}  # fmt: skip
    return Rows(
        cost=of["cost"],
        lower=of["lower"],
        upper=of["upper"],
        row_lower=_placed(b.row_numbers.joined("least"), rows),
        row_upper=_placed(b.row_numbers.joined("most"), rows),
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns=at_column[order],
        values=values[order],
        whole=of["whole"] > 0,
    )


def _need(b: Builder, of_cell: NDArray[np.int32], blocks: int) -> Floats:
    """Return the largest demand, opening stock or stock target of each block [t]."""
    e, case = b.expanded, b.expanded.case
    found = np.zeros(blocks)
    largest = e.demand.max(axis=1, initial=0.0).ravel()
    at = of_cell >= 0
    np.maximum.at(found, of_cell[at], largest[at])
    for pile in case.stockpiles:
        block = of_cell[e.mineral_at[pile.mineral] * b.years] if b.years else -1
        if block >= 0:
            targets = (stock_target(case, pile, year) for year in case.years)
            found[block] = max(found[block], pile.opening, *targets)
    return found


def _least_need(b: Builder, of_cell: NDArray[np.int32], blocks: int) -> Floats:
    """Return the smallest of each block's minerals' and years' largest demands [t]; else 1."""
    found = np.full(blocks, np.inf)
    largest = b.expanded.demand.max(axis=1, initial=0.0).ravel()
    at = (of_cell >= 0) & (largest > 0)
    np.minimum.at(found, of_cell[at], largest[at])
    return np.where(np.isfinite(found), found, 1.0)
