"""A case's linear program as arrays, block after block; a variant in the layout of its base.

A block is a part of a case that shares nothing with the others. It is a linear program by itself,
which is built, solved, proved and sent to another process as a unit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import schema, solve
from models.case import Case
from models.program import builder, families, market
from models.program.builder import Program
from models.program.families.diversification import line_numbers
from models.resolve import Bools, Cell, Expanded, Floats, Ints, stock_target

*_BEFORE_LIMITS, _LIMITS = families.FAMILIES
"""Families that can be reused for a case that differs only in share limits, and that family."""


def split_blocks(case: Case) -> tuple[tuple[Cell, ...], ...]:
    """Return the blocks in a fixed order, each as its cells (positions of mineral and year).

    Each family declares the minerals whose years it links (by a stock, a project or a limit on
    growth), and the minerals that it links with each other: those of projects in one budget, or a
    product and its inputs.
    """
    years = range(len(case.years))
    tied = {mineral for family in families.FAMILIES for mineral in family.ties(case)}
    group_of = {m.name: frozenset({m.name}) for m in case.minerals}
    joined = set[str]()
    for names in (names for family in families.FAMILIES for names in family.joins(case)):
        known = [name for name in names if name in group_of]
        group = frozenset[str]().union(*(group_of[name] for name in known))
        group_of |= dict.fromkeys(group, group)
        joined |= group
    alone: list[tuple[Cell, ...]] = []
    together: list[tuple[Cell, ...]] = []
    at = {m.name: i for i, m in enumerate(case.minerals)}
    for group in dict.fromkeys(group_of.values()):
        minerals = sorted(at[name] for name in group)
        blocks = together if group <= joined else alone
        if group.isdisjoint(tied):
            blocks += [tuple((m, t) for m in minerals) for t in years]
        else:
            blocks.append(tuple((m, t) for m in minerals for t in years))
    return (*alone, *together)


def build_program(
    expanded: Expanded,
    names: Sequence[Any] = (),
    blocks: Sequence[Sequence[Cell]] | None = None,
    like: Program | None = None,
) -> Program:
    """Return the case's program as arrays, without building a model.

    ``names`` are those of the base's program if this case is a variant, so that keys compare.
    ``blocks`` are blocks to keep together (None: as the case splits). ``like`` is the program of a
    case that may differ only in share limits: everything else is then reused.
    """
    cells = tuple(
        tuple(cells) for cells in (split_blocks(expanded.case) if blocks is None else blocks)
    )
    if like is not None and _is_like(like.draft, expanded):
        draft, known = like.draft, names  # it has no names beyond those given
    else:
        draft = builder.Builder(expanded, builder.NameIndex(names))
        market.add_flows(draft)
        for family in _BEFORE_LIMITS:
            family.arrays(draft)
        known = draft.names.names
    b = draft.extensible_copy(expanded, builder.NameIndex(known))
    _LIMITS.arrays(b)
    market.balances_closed(b)
    of_cell = builder.blocks_of(expanded, cells)
    columns, column_starts, variables = _laid_out(b.variables, of_cell, len(cells))
    rows, row_starts, constraints = _laid_out(b.constraints, of_cell, len(cells))
    need, least_need = _block_needs(b, of_cell, len(cells))
    return Program(
        blocks=cells,
        rows=_arrays(b, columns, rows, like if like is not None and like.blocks == cells else None),
        column_starts=column_starts,
        row_starts=row_starts,
        variables=variables,
        constraints=constraints,
        column_unit=_of_groups(variables, columns, [g.component.unit for g in variables], np.int8),
        row_unit=_of_groups(constraints, rows, [g.component.unit for g in constraints], np.int8),
        row_size=_moved_group(b.constraints, "size", rows),
        row_year=_of_groups(constraints, rows, [g.year for g in constraints], np.int64),
        need=need,
        least_need=least_need,
        flow=columns[b.flow],
        sold=columns[b.sold],
        transferred=columns[b.transferred],
        names=tuple(b.names.names),
        draft=draft,
    )


def _is_like(draft: builder.Builder, expanded: Expanded) -> bool:
    """Return whether a case differs from a draft's case at most in share limits."""
    case, other = expanded.case, draft.expanded.case
    limits_or_names = {"share_limits", "scenarios", "risks", "scenario"}
    leasts, others = (
        [row.mineral for row in of.share_limits if row.limit == schema.MIN] for of in (case, other)
    )  # the bound of a stock depends on the number of stocks
    names = {field.name for field in dataclasses.fields(case)} - limits_or_names
    return leasts == others and all(getattr(case, name) is getattr(other, name) for name in names)


def _laid_out(
    groups: list[builder.ComponentArrays], of_cell: NDArray[np.int32], blocks: int
) -> tuple[Ints, Ints, tuple[builder.ComponentArrays, ...]]:
    """Return the final position of each provisional one, the blocks' starts, and the groups.

    Within a block, groups and their members keep their order.
    """
    block = np.concatenate([np.zeros(0, np.int32), *(of_cell[group.cell] for group in groups)])
    order = np.argsort(block, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    starts = np.searchsorted(block[order], np.arange(blocks + 1)).astype(np.int64)
    return place, starts, tuple(group.placed(place) for group in groups)


def _moved_group(groups: Sequence[builder.ComponentArrays], name: str, place: Ints) -> Floats:
    """Return a named number of provisional groups, each at its final position."""
    found = np.empty(len(place))
    found[place] = np.concatenate([np.zeros(0), *(group.numbers[name] for group in groups)])
    return found


def _of_groups(
    groups: Sequence[builder.ComponentArrays], place: Ints, values: Sequence[Any], sort: Any
) -> Any:
    found = np.zeros(len(place), dtype=sort)
    for group, value in zip(groups, values, strict=True):
        found[group.at] = value
    return found


def _arrays(
    b: builder.Builder, columns: Ints, rows: Ints, like: Program | None
) -> solve.LinearProgram:
    """Return the arrays; entries that equal those of another program are shared with it."""
    empty = np.zeros(0, dtype=np.int64)
    at_row = rows[np.concatenate([empty, *(entry[0] for entry in b.entries)])]
    at_column = columns[np.concatenate([empty, *(entry[1] for entry in b.entries)])]
    values = np.concatenate([np.zeros(0), *(entry[2] for entry in b.entries)])
    code = at_row * len(columns) + at_column
    order = np.argsort(code, kind="stable")  # by row, then column
    code = code[order]
    if (code[1:] == code[:-1]).any():  # entries with the same row and column are added up
        first = np.flatnonzero(np.diff(code, prepend=-1))
        values = np.add.reduceat(values[order], first)
        at_row, at_column = at_row[order[first]], at_column[order[first]]
        order = np.arange(len(first))
    counts = np.bincount(at_row, minlength=len(rows))
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    entries = (starts, at_column[order])
    if like is not None:
        of_like = like.rows.starts, like.rows.columns
        entries = of_like if all(map(np.array_equal, entries, of_like)) else entries
    return solve.LinearProgram(
        cost=_moved_group(b.variables, "cost", columns),
        lower=_moved_group(b.variables, "lower", columns),
        upper=_moved_group(b.variables, "upper", columns),
        row_lower=_moved_group(b.constraints, "least", rows),
        row_upper=_moved_group(b.constraints, "most", rows),
        starts=entries[0],
        columns=entries[1],
        values=values[order],
        whole=_moved_group(b.variables, "whole", columns) > 0,
    )


def _block_needs(
    b: builder.Builder, of_cell: NDArray[np.int32], blocks: int
) -> tuple[Floats, Floats]:
    """Return the largest and the smallest need of each block [t]; 1 without any.

    The largest is a demand, opening stock or stock target. The smallest is over its minerals and
    years, of the largest demand in each.
    """
    e, case = b.expanded, b.expanded.case
    most, least = np.zeros(blocks), np.full(blocks, np.inf)
    largest = e.demand.max(axis=1, initial=0.0).ravel()
    at = of_cell >= 0
    np.maximum.at(most, of_cell[at], largest[at])
    at &= largest > 0
    np.minimum.at(least, of_cell[at], largest[at])
    for stockpile in case.stockpiles:
        block = of_cell[e.mineral_at[stockpile.mineral] * b.years] if b.years else -1
        if block >= 0:
            targets = (stock_target(case, stockpile, year) for year in case.years)
            most[block] = max(most[block], stockpile.opening, *targets)
    return most, np.where(np.isfinite(least), least, 1.0)


# ---- a variant in the layout of its base ---------------------------------------------------------

# Columns and rows that a variant does not have (a closed lane, a lost refiner) stay in the base's
# layout, as columns at 0 and rows without limits, so that a solver can keep its basis. If a
# variant's block has more than the base's, it does not fit and is built again.


@dataclass(frozen=True)
class FittedVariant:
    """A variant in the layout of its base.

    ``columns`` and ``rows`` map each column and row of the variant to its position in the base (-1:
    none). ``like`` maps each block of the variant to the base's block (-1: none); ``of_block`` is
    the same, but -1 where the block does not fit. ``arrays`` is the variant's program in the base's
    layout, with the base's numbers where no block fits. ``is_same``: both layouts are the same.
    """

    columns: Ints
    rows: Ints
    like: Ints
    of_block: Ints
    arrays: solve.LinearProgram
    is_same: bool = False


def fit(variant: Program, base: Program) -> FittedVariant:
    """Return a variant's program in the layout of its base.

    The variant's names must start with those of the base (``names`` of ``build_program``).
    """
    of, own = variant.rows, base.rows
    if of.columns is own.columns:  # the same program except for its limits
        every = (np.arange(len(own.cost)), np.arange(len(own.row_lower)))
        blocks = np.arange(len(base.blocks))
        return FittedVariant(*every, blocks, blocks, of, is_same=True)
    names = variant.names
    columns = _positions_in_base(names, variant.variables, base.variables, len(of.cost))
    rows = _positions_in_base(names, variant.constraints, base.constraints, len(of.row_lower))
    wide, of_row = len(own.cost) + 1, own.entry_rows()
    # row and column as one number; the base's are ascending
    theirs, mine = of_row * wide + own.columns, rows[of.entry_rows()] * wide + columns[of.columns]
    gone = _lacking(rows, len(own.row_lower))[of_row] | _lacking(columns, wide - 1)[own.columns]
    at = np.flatnonzero(~gone)  # nearly always: whole rows and columns are missing
    if not np.array_equal(theirs[at], mine):
        at = positions_in(theirs, mine)
    block = {cells: b for b, cells in enumerate(base.blocks)}
    like = np.array([block.get(cells, -1) for cells in variant.blocks], dtype=np.int64)
    unfit = _any_by_segment(columns < 0, variant.column_starts) | _any_by_segment(
        rows < 0, variant.row_starts
    )
    unfit |= _any_by_segment(_any_by_segment(at < 0, of.starts), variant.row_starts)
    of_block = np.where(unfit, -1, like)
    arrays = _in_layout(of, own, columns, rows, at)
    _as_in_base(arrays, base, of_block)
    return FittedVariant(columns, rows, like, of_block, arrays)


def _positions_in_base(
    names: Sequence[Any],
    variant: tuple[builder.ComponentArrays, ...],
    base: tuple[builder.ComponentArrays, ...],
    count: int,
) -> Ints:
    """Map the variant's columns, or rows, to positions in the base; -1 for none.

    Positions with the same key match; a row of Share limits may match another of the same line
    (``line_numbers``).
    """
    found = np.full(count, -1, dtype=np.int64)
    for component in {group.component for group in variant}:
        mine, theirs = (
            [group for group in of if group.component is component and len(group)]
            for of in (variant, base)
        )
        if not mine or not theirs:
            continue
        at, places = (np.concatenate([group.at for group in groups]) for groups in (mine, theirs))
        keys, others = (
            [np.concatenate(part) for part in zip(*(group.index for group in groups), strict=True)]
            for groups in (mine, theirs)
        )
        if mine[0].is_share_limit:
            both = line_numbers(names, np.concatenate([keys[0], others[0]]))
            keys[0], others[0] = both[: len(keys[0])], both[len(keys[0]) :]
        # the parts of a key as the digits of one number, so that keys compare as numbers
        sizes = [int(max(k.max(), o.max())) + 1 for k, o in zip(keys, others, strict=True)]
        codes, base_codes = (
            np.ravel_multi_index(tuple(digits), sizes) for digits in (keys, others)
        )
        if np.array_equal(codes, base_codes):
            found[at] = places
            continue
        order = np.argsort(base_codes, kind="stable")
        where = positions_in(base_codes[order], codes)
        found[at] = np.where(where >= 0, places[order[where]], -1)
    return found


def positions_in(codes: Ints, wanted: Ints) -> Ints:
    """Return the position of each number in an ascending array, -1 for none."""
    if not len(codes):
        return np.full(len(wanted), -1, dtype=np.int64)
    if np.array_equal(codes, wanted):
        return np.arange(len(codes))
    where = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[where] == wanted, where, -1)


def _any_by_segment(marks: Bools, starts: Ints) -> Bools:
    """Return for each segment, from a start to the next, whether any of its marks is true."""
    marked_before = np.concatenate([[0], np.cumsum(marks)])
    return np.asarray(marked_before[starts[1:]] > marked_before[starts[:-1]])


def _lacking(places: Ints, count: int) -> Bools:
    found = np.ones(count, dtype=bool)
    found[places[places >= 0]] = False
    return found


def _in_layout(
    variant: solve.LinearProgram, base: solve.LinearProgram, columns: Ints, rows: Ints, at: Ints
) -> solve.LinearProgram:
    """Return the variant's numbers in the base's layout; ``at``: positions of its entries."""
    n, m = len(base.cost), len(base.row_lower)

    def in_layout(values: Floats, to: Ints, else_: Floats) -> Floats:
        """Return ``else_`` with each value at its position ``to`` (-1: it is left out)."""
        found = else_.copy()
        found[to[to >= 0]] = values[to >= 0]
        return found

    values = in_layout(variant.values, at, base.values)
    # an entry missing in the variant, of a row and a column that it has, is 0
    lost = _lacking(at, len(values)) & ~_lacking(rows, m)[base.entry_rows()]
    values[lost & ~_lacking(columns, n)[base.columns]] = 0.0
    return dataclasses.replace(
        base,
        cost=in_layout(variant.cost, columns, base.cost),
        lower=in_layout(variant.lower, columns, np.zeros(n)),
        upper=in_layout(variant.upper, columns, np.zeros(n)),
        row_lower=in_layout(variant.row_lower, rows, np.full(m, -np.inf)),
        row_upper=in_layout(variant.row_upper, rows, np.full(m, np.inf)),
        values=values,
    )


def _as_in_base(arrays: solve.LinearProgram, base: Program, of_block: Ints) -> None:
    left = _lacking(of_block, len(base.blocks))
    columns = np.repeat(left, np.diff(base.column_starts))
    rows = np.repeat(left, np.diff(base.row_starts))
    at = {"cost": columns, "lower": columns, "upper": columns, "row_lower": rows, "row_upper": rows}
    for name, where in {**at, "values": np.repeat(rows, np.diff(base.rows.starts))}.items():
        getattr(arrays, name)[where] = getattr(base.rows, name)[where]
