"""Members that plan together: the program in their parts, and what any group of them costs.

Of members that plan together each brings its demand, stocks, contracts and limits, and its rights
to what all share. So every limit of the program is a sum of the members' parts, and what a group S
costs is c(S) = min {c x : A x >= the sum of its parts}: a linear production game (Owen 1975,
Mathematical Programming 9).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from models.answers.price import arrays
from models.answers.search import first_proven
from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import BlockSolver, together
from models.program import TONNES, ComponentArrays, Program, Scaling, component
from models.program.division import Owners, own
from models.program.families.security import SURVIVAL, to_be_served
from models.program.market import HANDED
from models.resolve import Bools, Expanded, Floats, Ints, Rights
from models.solve import Certificate, Held, Solution, certify_alone
from models.solve import LinearProgram as Arrays

ROW_LIMITS, COLUMN_LIMITS = ("row_lower", "row_upper"), ("lower", "upper")
"""What of a program is divided among members: fields of its arrays."""
SHARED = -1
"""In the place of a member: a column or row of all of them."""


def shareable(case: Case) -> Case:
    """Return the case whose limits are sums of members' parts.

    Builds are fractions. A shortage beyond a member's part costs nothing on top: that part depends
    on who is there.
    """
    settings = dataclasses.replace(case.settings, fair_shortage_weight=0.0, whole_projects=False)
    return case if settings == case.settings else case.change(settings=settings)


# ---- a program in parts --------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """Blocks that are solved together: how they are taken out of the whole, and scaled.

    ``basis`` is what the coalition's plan ended with; ``measure`` [t] what violations are parts of;
    ``raised`` tells how it is scaled where small numbers are raised (None: as else).
    """

    take: Callable[[Arrays], Arrays]
    columns: slice
    rows: slice
    scale: Scaling
    measure: float
    basis: object = None
    raised: Callable[[], Scaling] | None = None


@dataclass(frozen=True)
class Divided:
    """A linear program whose limits are sums of members' parts.

    ``parts`` are those of each limit, by (column or row, member); ``column_owner`` and
    ``row_owner`` whose each is (SHARED: all members'); ``column_tonnes`` and ``row_tonnes`` which
    count tonnes; ``priced`` what a unit of each column costs that nobody pays in
    cash, such as a shortage [money].
    """

    rows: Arrays
    parts: Mapping[str, Floats]
    column_owner: Ints
    row_owner: Ints
    column_tonnes: Bools
    row_tonnes: Bools
    priced: Floats
    pieces: tuple[Piece, ...]

    @property
    def members(self) -> int:
        return int(self.parts["lower"].shape[1])

    def of(self, group: Floats) -> Arrays:
        """Return the program of a group: 1 for a member that is there, 0 for others, or between."""
        limits = {}
        for name, parts in self.parts.items():
            whole = getattr(self.rows, name)
            own_limit = np.einsum("ij,j->i", parts, group)
            limits[name] = np.where(np.isfinite(whole), own_limit, whole)
        return dataclasses.replace(self.rows, **limits)

    def bills(self, duals: Floats) -> Floats:
        """Return what each member's parts are worth at the prices of limits [money]."""
        reduced = self.rows.cost - self.rows.priced(duals)
        found = np.zeros(self.members)
        for names, price in ((ROW_LIMITS, duals), (COLUMN_LIMITS, reduced)):
            for name, of in zip(
                names, (np.maximum(price, 0.0), np.minimum(price, 0.0)), strict=True
            ):
                worth = np.where(np.isfinite(getattr(self.rows, name)), of, 0.0)
                found += np.einsum("i,ij->j", worth, self.parts[name])
        return found


def divided(case: Case, unsecured: int | None = None) -> Divided:
    """Return a case's program in parts; SolverError where it has no proven optimum.

    Of the member ``unsecured`` nothing has to be served if a country is lost; its stocks count.
    """
    expanded = Expanded(shareable(case))
    of = BlockSolver(expanded, is_compared=False)
    program, rows = of.program, _handed_apart(of.program, expanded)
    owners = Owners(expanded, Rights(expanded), program.names)
    count, columns, limits = len(expanded.members), len(rows.cost), len(rows.row_lower)
    parts = {name: np.zeros((columns, count)) for name in COLUMN_LIMITS}
    parts |= {name: np.zeros((limits, count)) for name in ROW_LIMITS}
    column_owner, row_owner = np.full(columns, SHARED), np.full(limits, SHARED)
    for group in program.variables:
        _divide(owners, group, column_owner, parts, {n: getattr(rows, n) for n in COLUMN_LIMITS})
    for group in program.constraints:
        _divide(owners, group, row_owner, parts, {n: getattr(rows, n) for n in ROW_LIMITS})
        if group.component is SURVIVAL and unsecured is not None:
            at = dict(zip(SURVIVAL.positions, group.index, strict=True))
            parts["row_lower"][group.at, unsecured] -= to_be_served(owners, at)[:, unsecured]
    return Divided(
        rows, parts, column_owner, row_owner,
        program.column_unit == TONNES, program.row_unit == TONNES, unpaid(program, expanded),
        tuple(_pieces(of)),
    )  # fmt: skip


def _handed_apart(program: Program, e: Expanded) -> Arrays:
    """Return a program whose hand-overs have an upper bound, more than plants can take.

    So a member that is not there hands over nothing, rather than buy for the others.
    """
    upper = program.rows.upper.copy()
    for group in program.variables:
        if group.component is HANDED and len(group):
            intake, _, t = group.index
            most = np.array([_most_taken(e, i) for i in range(len(e.intakes))])
            upper[group.at] = most[intake, t]
    return dataclasses.replace(program.rows, upper=upper)


def _most_taken(e: Expanded, i: int) -> Floats:
    """Return what a plant could take of an input [t], by year, its joint products added up."""
    needs = e.intakes[i].needs
    most = [ratio * np.maximum(e.usable[r], e.nameplate[r]) for r, ratio in needs]
    return np.asarray(np.sum(most, axis=0))


def unpaid(program: Program, expanded: Expanded) -> Floats:
    """Return what a unit of each column costs that nobody pays in cash [money, discounted]."""
    found = np.zeros(len(program.rows.cost))
    worth = expanded.discounts
    for group in program.variables:
        for charge in group.charges:
            if charge.heading.is_penalty:
                found[group.at] += charge.price * worth[charge.year]
    return found


def _divide(
    owners: Owners,
    group: ComponentArrays,
    whose: Ints,
    parts: Mapping[str, Floats],
    limits: Mapping[str, Floats],
) -> None:
    """Enter whose a group's columns or rows are, and the members' parts of their limits."""
    of: component.Columns | component.Rows = group.component  # type: ignore[assignment]
    at = dict(zip(of.positions, group.index, strict=True))
    if {component.MEMBER, component.CONTRACT} & at.keys():
        whose[group.at] = np.argmax(own(owners, at, np.ones(len(group))), axis=1)
    for name, every in limits.items():
        limit = every[group.at]
        kept = np.isfinite(limit)
        if of.divided is None:
            if limit[kept].any():
                msg = f"{of.name} has a bound, and does not say whose it is"
                raise TypeError(msg)
        elif kept.any():
            inside = {what: index[kept] for what, index in at.items()}
            parts[name][group.at[kept]] = of.divided(owners, inside, limit[kept])


def _pieces(of: BlockSolver) -> Iterator[Piece]:
    """Solve the coalition's program, and yield the blocks that were solved together."""
    program = of.program
    for group in together(program.blocks):
        for blocks, _, scale, basis in of.runs(of(group)):  # the others: nothing to decide
            yield Piece(
                take=_taking(program, blocks[0], blocks[-1]),
                columns=program.columns_of(blocks[0], blocks[-1]),
                rows=program.rows_of(blocks[0], blocks[-1]),
                scale=scale,
                raised=partial(of.scaling_of, blocks, raised=True),
                measure=float(of.measure[list(blocks)].max()),
                basis=basis,
            )


def _taking(program: Program, first: int, last: int) -> Callable[[Arrays], Arrays]:
    return lambda rows: program.block(first, last, rows)


# ---- any group planned ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Priced:
    """A group planned: what it costs [money], proven, and its columns.

    ``bills`` are what each member's parts are worth at its prices: of the members of any group they
    sum to no more than that one costs.
    """

    cost: float
    bills: Floats
    x: Floats


class Pool:
    """Members that plan together: what any group of them costs alone."""

    def __init__(self, of: Divided) -> None:
        """Plan the coalition; SolverError where nothing is proven."""
        self.of = of
        self._held: list[Held | None] = [None] * len(of.pieces)
        self.known: dict[tuple[float, ...], Priced] = {}
        self.together = self.cost(np.ones(of.members))

    @property
    def scale(self) -> float:
        """What amounts are measured by [money]."""
        return abs(self.together.cost) or 1.0

    def restart(self) -> None:
        """Let the next group start from the coalition's plan."""
        for held, piece in zip(self._held, self.of.pieces, strict=True):
            if held is not None:
                held.start_from(piece.basis)

    def cost(self, group: Floats) -> Priced:
        """Plan a group, from where the last one ended; SolverError where nothing is proven."""
        key = tuple(group.tolist())
        if key not in self.known:
            of, rows = self.of, self.of.of(group)
            x, duals = np.zeros(len(rows.cost)), np.zeros(len(rows.row_lower))
            for i, piece in enumerate(of.pieces):
                found = self._solved(i, piece, piece.take(rows))
                x[piece.columns], duals[piece.rows] = found.x, found.duals
            bills = of.bills(duals)
            self.known[key] = Priced(float(np.sum(bills * group)), bills, x)
        return self.known[key]

    def alone(self, member: int) -> Floats:
        """Plan one member, of the columns and rows that it has alone; return all columns."""
        of = self.of
        rows, x = of.of(np.eye(of.members)[member]), np.zeros(len(of.rows.cost))
        for piece in of.pieces:
            columns = np.isin(of.column_owner[piece.columns], (SHARED, member))
            limits = np.isin(of.row_owner[piece.rows], (SHARED, member))
            part = _cut(piece.take(rows), columns, limits)
            found = self._cold(piece, part, columns, limits)
            x[piece.columns][columns] = found.x
        return x

    def _solved(self, i: int, piece: Piece, rows: Arrays) -> Solution:
        """Solve a piece from where it was; cold where that proves nothing."""
        every = (np.ones(len(rows.cost), dtype=bool), np.ones(len(rows.row_lower), dtype=bool))
        held = self._held[i]
        try:
            if held is None:
                held = self._held[i] = Held().load(piece.scale.scaled(rows))
                held.start_from(piece.basis)
            else:
                held.change(piece.scale.scaled(rows))
            found = piece.scale.unscaled(held.run())
            if self._proof(piece, rows, found, *every).passed:
                return found
        except SolverError:
            pass
        self._held[i] = None
        return self._cold(piece, rows, *every)

    def _cold(self, piece: Piece, rows: Arrays, columns: Bools, limits: Bools) -> Solution:
        def scaled(*, raised: bool) -> Scaling:
            of = piece.raised() if raised and piece.raised else piece.scale
            return Scaling(of.column[columns], of.row[limits], of.price[columns], of.dual[limits])

        made = first_proven(
            rows, scaled, lambda found: self._proof(piece, rows, found, columns, limits)
        )
        if made is None:
            msg = "no proven cost of a group of members"
            raise SolverError(msg)
        return made[0]

    def _proof(
        self, piece: Piece, rows: Arrays, found: Solution, columns: Bools, limits: Bools
    ) -> Certificate:
        of = self.of
        tonnes = (of.column_tonnes[piece.columns][columns], of.row_tonnes[piece.rows][limits])
        return certify_alone(rows, found, piece.measure, tonnes).of(0)


def _cut(rows: Arrays, columns: Bools, limits: Bools) -> Arrays:
    """Return the program of some columns and rows."""
    at = rows.entry_rows()
    kept = columns[rows.columns] & limits[at]
    return arrays(
        (
            (np.cumsum(limits) - 1)[at[kept]],
            (np.cumsum(columns) - 1)[rows.columns[kept]],
            rows.values[kept],
        ),
        (rows.cost[columns], rows.lower[columns], rows.upper[columns]),
        (rows.row_lower[limits], rows.row_upper[limits]),
    )
