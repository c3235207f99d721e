"""A variant laid out only where it differs from its base; the rest is taken over as it stands.

Minerals that no block ties are programs side by side. Those whose records a variant leaves alone
have the base's columns, rows and deliveries, and so its certificate, too; each of the others is
laid out as a case of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np

from models.case import OF_MINERAL, Case, InOrder
from models.program.builder import Charge, ComponentArrays, integers
from models.program.component import CONTRACT, MINE, MINERAL, PROJECT, SOURCE
from models.program.program import Program, program_of
from models.resolve import Deliveries, Expanded, Ints

# ---- what differs --------------------------------------------------------------------------------

_UNREAD = {"scenarios", "risks", "rights", "supports", "country_names", "scenario", "built"}
"""Fields of a case that no program is made of; what is built is in the projects' records."""


def touched(base: Case, variant: Case) -> frozenset[str] | None:
    """Return the minerals whose programs may differ; None: all, for all that can be told."""
    found: set[str] = set()
    for name in (field.name for field in dataclasses.fields(base)):
        new, old = getattr(variant, name), getattr(base, name)
        if new is old or name in _UNREAD:
            continue
        if name == "minerals":
            found |= {row.name for row in _apart(new, old)}
        elif name in OF_MINERAL:
            found |= {row.mineral for row in _apart(new, old)}
        elif name == "lanes" and all(a is b for a, b in zip(new, old, strict=False)):
            if len(new) < len(old):
                return None
            found |= _on_lanes(variant, new[len(old) :])
        elif name in {"ceilings", "member_ceilings"}:
            found |= {row[2] for row in {*new} ^ {*old}}
        elif new != old:
            return None
    return frozenset(found)


def _apart(new: Sequence[Any], old: Sequence[Any]) -> Iterable[Any]:
    before, now = ({id(row): row for row in of} for of in (old, new))
    return [(before.get(at) or now[at]) for at in before.keys() ^ now.keys()]


def _on_lanes(case: Case, rows: Sequence[Any]) -> set[str]:
    """Return the minerals of the sources that rows of Lanes select."""
    sellers = [(of.mineral, of.country, of.name, of.company) for of in case.refiners]
    sellers += [(of.mineral, of.country, of.refiner, of.company) for of in case.projects]
    asked = {(row.mineral, row.country, row.refiner, row.company) for row in rows}
    return {
        of[0]
        for of in sellers
        if any(all(a in {"", b} for a, b in zip(row, of, strict=True)) for row in asked)
    }


# ---- a part of a base case -----------------------------------------------------------------------


def apart(
    expanded: Expanded, program: Program, tied: Iterable[Sequence[int]]
) -> tuple[frozenset[int], ...]:
    """Return the smallest sets of minerals that share no block, nor blocks that are ``tied``."""
    group_of = [*range(len(expanded.minerals))]
    of_blocks = [[m for b in blocks for m, _ in program.blocks[b]] for blocks in tied]
    for together in (*of_blocks, *([m for m, _ in cells] for cells in program.blocks)):
        same = {group_of[m] for m in together}
        group_of = [min(same) if g in same else g for g in group_of]
    every = sorted(set(group_of))
    return tuple(frozenset(m for m, g in enumerate(group_of) if g == each) for each in every)


@dataclass(frozen=True)
class PartialProgram:
    """Blocks of a base's program, and the case of their minerals alone.

    ``blocks`` are their numbers in the whole, ``columns`` and ``rows`` its positions; ``program``
    is theirs alone, in which all is numbered anew; ``minerals`` are positions in the whole.
    """

    whole: Expanded
    minerals: tuple[int, ...]
    blocks: tuple[int, ...]
    expanded: Expanded
    program: Program
    columns: Ints
    rows: Ints

    def of(self, variant: Case) -> Case:
        """Return the case of the part's minerals alone of a variant."""
        base, kept = self.whole.case, set(self.expanded.minerals)
        every = {field.name: getattr(variant, field.name) for field in dataclasses.fields(base)}
        fields = {name: of for name, of in every.items() if of is not getattr(base, name)}
        for name in {*OF_MINERAL} & fields.keys():
            fields[name] = InOrder(row for row in fields[name] if row.mineral in kept)
        if "minerals" in fields:
            fields["minerals"] = InOrder(m for m in fields["minerals"] if m.name in kept)
        return self.expanded.case.change(**fields)

    @cached_property
    def positions(self) -> Mapping[str, Ints]:
        """The positions in the whole of the part's own."""
        case, kept = self.whole.case, set(self.expanded.minerals)
        of: dict[str, Sequence[Any]] = {
            SOURCE: self.whole.sources,
            CONTRACT: case.contracts,
            MINE: case.mines,
            PROJECT: case.projects,
        }
        found = {
            what: integers([i for i, row in enumerate(rows) if row.mineral in kept])
            for what, rows in of.items()
        }
        return found | {MINERAL: integers(self.minerals)}

    def moved(self, what: str, at: Ints) -> Ints:
        """Return the positions in the whole that stand for some of the part's own; -1 for -1."""
        own = self.positions.get(what)
        return at if own is None or not len(own) else np.where(at < 0, at, own[at])


def part_of(expanded: Expanded, program: Program, minerals: Iterable[int]) -> PartialProgram:
    """Return the part of a base that some sets of minerals are which are ``apart``."""
    of = tuple(sorted(minerals))
    blocks = tuple(b for b, cells in enumerate(program.blocks) if {m for m, _ in cells} <= {*of})
    if len(blocks) == len(program.blocks):
        own, alone = expanded, program
    else:
        own = Expanded(expanded.case.of_minerals(expanded.minerals[m] for m in of))
        alone = program_of(own, program.names)
    columns, rows = (
        np.concatenate([integers([]), *(np.arange(at.start, at.stop) for at in map(every, blocks))])
        for every in (program.columns_of, program.rows_of)
    )
    return PartialProgram(expanded, of, blocks, own, alone, columns, rows)


# ---- the whole of a variant ----------------------------------------------------------------------


def spliced(
    base: Program, part: PartialProgram, variant: Expanded, own: Expanded, anew: Program
) -> Program:
    """Return a variant's program: a part that was laid out anew, and the base's blocks elsewhere.

    ``variant`` is resolved as the base's variant; it is given the part's ``own`` lanes and
    deliveries. ``anew`` has the blocks that the part has in the base.
    """
    columns = _Axis((base.column_starts, anew.column_starts), part)
    rows = _Axis((base.row_starts, anew.row_starts), part)
    both = (base.rows, anew.rows)
    counts = rows.taken([np.diff(of.starts) for of in both])
    entries = [
        (both[s], slice(*both[s].starts[rows.of[s][[first, end]]].tolist()), shift)
        for (s, first, end, _), (*_, shift) in zip(rows.runs, columns.runs, strict=True)
    ]
    flow, deliveries = _deliveries(base, part, columns, own, anew)
    variant.__dict__.setdefault("deliveries", deliveries)
    whole, names = part.whole, own.minerals
    lanes = {n: replace(own.lanes[n], sources=whole.of_mineral[n]) for n in names}
    variant.__dict__.setdefault("lanes", whole.lanes | lanes)
    need, least_need = base.need.copy(), base.least_need.copy()
    need[[*part.blocks]], least_need[[*part.blocks]] = anew.need, anew.least_need
    of_rows: dict[str, Any] = {"starts": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)}
    of_rows["columns"] = np.concatenate([of.columns[at] + shift for of, at, shift in entries])
    of_rows["values"] = np.concatenate([of.values[at] for of, at, _ in entries])
    for axis, fields in (
        (columns, ("cost", "lower", "upper", "whole")),
        (rows, ("row_lower", "row_upper")),
    ):
        of_rows |= {name: axis.taken([getattr(of, name) for of in both]) for name in fields}
    return Program(
        blocks=base.blocks,
        rows=replace(base.rows, **of_rows),
        column_starts=columns.starts,
        row_starts=rows.starts,
        variables=_groups((base.variables, anew.variables), columns, part, variant),
        constraints=_groups((base.constraints, anew.constraints), rows, part, variant),
        column_unit=columns.taken((base.column_unit, anew.column_unit)),
        row_unit=rows.taken((base.row_unit, anew.row_unit)),
        row_size=rows.taken((base.row_size, anew.row_size)),
        row_year=rows.taken((base.row_year, anew.row_year)),
        need=need,
        least_need=least_need,
        flow=flow,
        names=anew.names,
        draft=anew.draft,
        shares=(),
    )


class _Axis:
    """The columns, or rows, of a variant: runs of blocks of the base (0) and of a part (1).

    ``of`` are where the blocks of each begin. A run is which of the two it is of, the first and the
    end of its blocks there, and how far its positions move.
    """

    def __init__(self, of: tuple[Ints, Ints], part: PartialProgram) -> None:
        """Lay the blocks side by side."""
        self.of, at = of, integers(part.blocks)
        sizes = np.diff(of[0])
        source, own = np.zeros(len(sizes), dtype=np.int64), np.arange(len(sizes))
        source[at], own[at], sizes[at] = 1, np.arange(len(at)), np.diff(of[1])
        self.starts: Ints = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.shifts = (self.starts[:-1] - of[0][:-1], self.starts[at] - of[1][:-1])
        self.runs: list[tuple[int, int, int, int]] = []
        for s, same in groupby(range(len(sizes)), key=source.tolist().__getitem__):
            blocks = own[[*same]]
            first = int(blocks[0])
            self.runs.append((s, first, int(blocks[-1]) + 1, int(self.shifts[s][first])))

    def taken(self, both: Sequence[Any]) -> Any:
        """Return an array of the variant, of that of the base and that of the part."""
        return np.concatenate(
            [both[s][self.of[s][first] : self.of[s][end]] for s, first, end, _ in self.runs]
        )

    def moved(self, s: int, at: Ints) -> Ints:
        """Return the variant's positions of some of the base's (0) or of the part's (1)."""
        return at + self.shifts[s][np.searchsorted(self.of[s], at, side="right") - 1]


def _groups(
    both: tuple[tuple[ComponentArrays, ...], tuple[ComponentArrays, ...]],
    axis: _Axis,
    part: PartialProgram,
    variant: Expanded,
) -> tuple[ComponentArrays, ...]:
    """Return the groups of a variant, of each component in their order."""
    found: dict[tuple[Any, int], list[ComponentArrays]] = {}
    for s, groups in enumerate(both):
        seen: dict[Any, int] = {}
        for group in groups:
            nth = seen[group.component] = seen.get(group.component, -1) + 1
            found.setdefault((group.component, nth), [_none_of(group)] * 2)[s] = group
    return tuple(_joined((of[0], of[1]), axis, part, variant) for of in found.values())


def _none_of(group: ComponentArrays) -> ComponentArrays:
    """Return a group like another, of nothing."""
    none = tuple(Charge(c.heading, c.price[:0], c.year[:0]) for c in group.charges)
    index, none_at = tuple(of[:0] for of in group.index), group.at[:0]
    return replace(group, at=none_at, cell=none_at, index=index, year=none_at, charges=none)


def _joined(
    both: tuple[ComponentArrays, ComponentArrays],
    axis: _Axis,
    part: PartialProgram,
    variant: Expanded,
) -> ComponentArrays:
    """Return a group of the variant: the base's where the part is not, and the part's."""
    pieces: list[tuple[int, slice]] = []
    shifts: list[Ints] = []
    base, own = both
    for s, first, end, shift in axis.runs:
        at = slice(*np.searchsorted(both[s].at, axis.of[s][[first, end]]).tolist())
        pieces.append((s, at))
        shifts.append(np.full(at.stop - at.start, shift))
    years = len(variant.years)

    def taken(mine: Any, theirs: Any) -> Any:
        return np.concatenate([(theirs if s else mine)[at] for s, at in pieces])

    cell = part.moved(MINERAL, own.cell // years) * years + own.cell % years
    index = zip(own.component.positions, base.index, own.index, strict=True)
    return ComponentArrays(
        own.component,
        taken(base.at, own.at) + np.concatenate(shifts),
        taken(base.cell, cell),
        tuple(taken(mine, part.moved(what, theirs)) for what, mine, theirs in index),
        own.spell.of(variant),
        taken(base.year, own.year),
        tuple(
            Charge(a.heading, taken(a.price, b.price), taken(a.year, b.year))
            for a, b in zip(base.charges, own.charges, strict=True)
        ),
    )


def _deliveries(
    base: Program, part: PartialProgram, columns: _Axis, own: Expanded, anew: Program
) -> tuple[Ints, Deliveries]:
    """Return the column of each delivery of a variant, and the deliveries."""
    whole, years = part.whole, len(part.whole.years)
    place = {m: i for i, m in enumerate(part.minerals)}
    pieces = []
    for m in range(len(whole.minerals)):
        starts = (own if m in place else whole).cell_starts
        at = place.get(m, m) * years
        pieces.append((m in place, slice(int(starts[at]), int(starts[at + years]))))

    def taken(mine: Any, theirs: Any) -> Any:
        return np.concatenate([(theirs if s else mine)[at] for s, at in pieces])

    what = {"mineral": MINERAL, "source": SOURCE, "contract": CONTRACT}
    found = {
        name: taken(mine, part.moved(what.get(name, ""), getattr(own.deliveries, name)))
        for name, mine in vars(whole.deliveries).items()
    }
    return taken(columns.moved(0, base.flow), columns.moved(1, anew.flow)), Deliveries(**found)
