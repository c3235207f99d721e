"""What members cost alone and together, who pays what by each rule, and who is tempted to leave.

Whatever the duals y of any group's program, c(S) >= y x the parts of S, by weak duality. Two facts
follow, which carry all of this:

- the duals of the coalition's program make bills that sum to its cost and leave no group a reason
  to go, not even one of parts of members (Owen 1975, Mathematical Programming 9);
- each group planned bounds all groups, so the one most tempted to leave a split is found by a
  program of a column a member and a row a group planned (row generation; Drechsel & Kimms 2010,
  International Journal of Production Economics 128): a handful of plans in the place of 2^n.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from models import solve as solver
from models import tolerances
from models.answers import games, price
from models.answers.pool import Pool, divided, unpaid
from models.errors import SolverError
from models.plan import Plan
from models.program import CashCost
from models.program.component import CONTRACT, MEMBER, PROJECT, SOURCE, YEAR
from models.program.division import Owners, by_demand, by_right, own
from models.program.families.shortage import UNFAIR
from models.resolve import Floats, Rights

_STEP = 1e-6
"""By how much a member is larger or smaller where the range of its bill is asked for."""
_MOST_PLANS = 200
"""Groups planned at most in the search for the one most tempted."""


# ---- bills by dual prices ------------------------------------------------------------------------


@dataclass(frozen=True)
class DualBills:
    """Bills by the prices of the coalition's limits, and their range over all such prices [money].

    Where several prices are right, as where more limits bind than are needed, ``bills`` are the
    mean of those at which each member in turn, of those that they matter to, pays ``least`` and
    ``most``.
    """

    bills: Floats
    least: Floats
    most: Floats


def dual_bills(pool: Pool) -> DualBills:
    """Return the bills by dual prices.

    What a member's bill may be ends where it becomes a little larger, or smaller: c rises there by
    its dearest price, falls by its cheapest. Where all grow at once, each a little otherwise, and
    both ways give the same prices, there are no others.
    """
    one, members = pool.together.bills, pool.of.members
    uneven = 0.5 + np.modf(np.arange(1, members + 1) * (np.sqrt(5.0) - 1.0) / 2.0)[0] / 2.0
    pool.restart()
    ends = [_prices(pool, step * uneven) for step in (_STEP, -_STEP)]
    if (
        max(np.max(np.abs(end - one), initial=0.0) for end in ends)
        <= tolerances.BILL_ROUNDING * pool.scale
    ):
        return DualBills(one, one, one)
    each = [[_prices(pool, by * row) for by in (-_STEP, _STEP)] for row in np.eye(members)]
    least, most = (np.min(each, axis=(0, 1)), np.max(each, axis=(0, 1)))
    # a member with one bill whatever the prices moves none of the others'
    moved = [
        of
        for of, width in zip(each, most - least, strict=True)
        if width > tolerances.BILLS_SUM * pool.scale
    ]
    return DualBills(np.mean(moved or [[one]], axis=(0, 1)), least, most)


def _prices(pool: Pool, step: Floats) -> Floats:
    """Return the coalition's bills at the prices of one a little larger or smaller.

    Where these are no prices of the coalition itself, since a limit is near that binds, or where
    nothing is proven there, its own.
    """
    try:
        found = pool.cost(1.0 + step).bills
    except SolverError:
        return pool.together.bills
    is_own = abs(float(found.sum()) - pool.together.cost) <= tolerances.BILLS_SUM * pool.scale
    return found if is_own else pool.together.bills


# ---- who is tempted to leave ---------------------------------------------------------------------


@dataclass(frozen=True)
class Tempted:
    """The group that gains most by leaving a split.

    ``gain`` [money] is what its bills are above its cost, 0 where no ``group`` gains; ``at_most``
    what no group gains more than, ``in_parts`` what none gains more than of which members may be
    there in part (None: not asked).
    """

    group: tuple[int, ...]
    gain: float
    at_most: float
    in_parts: float | None


def tempted(pool: Pool, split: Floats) -> Tempted:
    """Return who is tempted most to leave a split of the coalition's cost [money]."""
    in_parts, *_ = _search(pool, split, whole=False)
    at_most, gain, group = _search(pool, split, whole=True) if in_parts > 0 else (0.0, 0.0, ())
    return Tempted(group, gain, max(at_most, gain), in_parts)


def _search(pool: Pool, split: Floats, *, whole: bool) -> tuple[float, float, tuple[int, ...]]:
    """Return what no group gains more than, and the most that a group planned gains; 0 for none.

    Of all groups the one is planned that the bounds known so far leave most, until none is left.
    """
    gain, group, asked = 0.0, np.zeros(pool.of.members), set[tuple[float, ...]]()
    least = tolerances.BILL_ROUNDING * pool.scale
    for _ in range(_MOST_PLANS):
        most, bound = _most_left(pool, split, whole=whole)
        if bound <= max(gain, 0.0) + least or tuple(most) in asked:
            break
        asked.add(tuple(most))
        gains = float(np.sum(split * most)) - pool.cost(most).cost
        if gains > max(gain, least):
            gain, group = gains, most
    bound = max(bound, gain) if bound > least else 0.0
    return bound, gain, tuple(np.flatnonzero(group > 0).tolist())


def _most_left(pool: Pool, split: Floats, *, whole: bool) -> tuple[Floats, float]:
    """Return the group that gains most by all bounds known, and that gain: t - split z is least.

    t >= bills z, for the bills of each group planned.
    """
    bills = np.array([of.bills for of in pool.known.values()]) / pool.scale
    count, n = bills.shape
    row, column = np.indices((count, n + 1)).reshape(2, -1)
    program = price.arrays(
        (row, column, np.hstack([-bills, np.ones((count, 1))]).ravel()),
        (
            np.append(tolerances.GAIN_OF_ONE_MORE - split / pool.scale, 1.0),
            np.append(np.zeros(n), -np.inf),
            np.append(np.ones(n), np.inf),
        ),
        (np.zeros(count), np.full(count, np.inf)),
    )
    program = dataclasses.replace(program, whole=np.append(np.full(n, whole), False))
    found = solver.first_solved(partial(solver.solve, program))
    group = np.clip(np.round(found.x[:n]) if whole else found.x[:n], 0.0, 1.0)
    return group, float(np.sum(split * found.x[:n])) - float(found.x[n]) * pool.scale


# ---- what each bought ----------------------------------------------------------------------------


def borne(plan: Plan) -> tuple[Floats, Floats]:
    """Return what each member pays as it buys, and what it goes without, at its price [money].

    Both discounted; what sharing a shortage fairly costs on top is left out. What is bought for
    all, such as ore or a plant, is paid by those that buy of it, in proportion to tonnes, or by its
    owners where nobody does; penalties on a limit of several members by demand.
    """
    e, program = plan.expanded, plan.program
    owners = Owners(e, Rights(e), program.names)
    d = e.deliveries
    bought = np.zeros((len(e.sources), len(e.years), len(e.members)))
    np.add.at(bought, (d.source, d.year, d.member), plan.delivered)
    place = {s.project: i for i, s in enumerate(e.sources)}
    of_project = np.array([place[p.name] for p in e.case.projects], dtype=np.int64)
    priced, found = unpaid(program, e), np.zeros((2, len(e.members)))
    for group in program.variables:
        of, x, one = group.component, plan.x[group.at], np.ones(len(group))
        if of is UNFAIR or not program.rows.cost[group.at].any():
            continue
        at = dict(zip(of.positions, group.index, strict=True))
        if {MEMBER, CONTRACT} & at.keys():
            each = own(owners, at, one)
        elif SOURCE in at:
            each = _first(bought[at[SOURCE], at[YEAR]], by_right(owners, at, one))
        elif PROJECT in at:
            sold = bought[of_project[at[PROJECT]]].sum(axis=1)
            each = _first(sold, by_right(owners, at, one))
        else:
            each = by_demand(owners, at, one)
        lacking = priced[group.at]
        for i, amount in enumerate((program.rows.cost[group.at] - lacking, lacking)):
            found[i] += np.einsum("i,ij->j", amount * x, each)
    return found[0], found[1]


def _first(parts: Floats, else_: Floats) -> Floats:
    found = np.where(parts.sum(axis=1, keepdims=True) > 0, parts, else_)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


# ---- every rule ----------------------------------------------------------------------------------

AS_BOUGHT, BY_DEMAND, EQUAL_SAVINGS, DUAL_PRICES, NUCLEOLUS, SHAPLEY = (
    "as bought", "by demand", "equal savings", "dual prices", "nucleolus", "Shapley value",
)  # fmt: skip
"""The rules for who pays what; the last two take what every group costs."""


@dataclass(frozen=True)
class Sharing:
    """What members cost alone and together, and what each pays by every rule [money, discounted].

    ``alone_paid`` and ``alone_priced`` are what each pays alone, and what it then goes without at
    its price; ``bought_priced`` the latter as the plan has it. ``bills`` are by rule, those of a
    rule sum to ``cost``; ``tempted`` who leaves them; ``failed`` is why that, or a rule's bills,
    are not known. ``paid`` is the plan's cash cost, with the tariffs and levies in it.
    ``duals`` have the range of the bills by dual prices. ``fairly`` is what the
    plan costs beyond ``cost``, the cheapest, so that a shortage is shared fairly: that is left out
    of bills in proportion.
    """

    cost: float
    fairly: float
    alone_paid: Floats
    alone_priced: Floats
    bought_priced: Floats
    bills: Mapping[str, Floats]
    duals: DualBills
    tempted: Mapping[str, Tempted]
    failed: Mapping[str, str] = field(default_factory=dict)
    paid: CashCost = CashCost()

    @property
    def alone(self) -> Floats:
        return self.alone_paid + self.alone_priced

    def listed(self, costs: Floats) -> Sharing:
        """Return the same with the rules that take what every group costs, by ``games.groups``."""
        bills, failed = {SHAPLEY: games.shapley(costs)}, dict(self.failed)
        try:
            bills = {NUCLEOLUS: games.nucleolus(costs), **bills}
        except SolverError as error:
            failed[NUCLEOLUS] = str(error)
        leaving = {rule: tempted_of(split, costs) for rule, split in bills.items()}
        return dataclasses.replace(
            self,
            bills={**self.bills, **bills},
            tempted={**self.tempted, **leaving},
            failed=failed,
        )


def sharing_of(plan: Plan) -> Sharing:
    """Return who pays what for a plan; SolverError where a group has no proven cost."""
    pool = Pool(divided(plan.case))
    cost, members = pool.together.cost, range(pool.of.members)
    apart = np.array([pool.alone(i) for i in members])
    alone, priced = (
        (cost_of * apart).sum(axis=1) for cost_of in (pool.of.rows.cost, pool.of.priced)
    )
    paid, lacking = borne(plan)
    whole = float(paid.sum() + lacking.sum())
    part = cost / whole if whole > 0 else 1.0
    duals = dual_bills(pool)
    bills = {
        AS_BOUGHT: (paid + lacking) * part,
        BY_DEMAND: cost * _needs(plan),
        EQUAL_SAVINGS: alone - (alone.sum() - cost) / len(alone),
        DUAL_PRICES: duals.bills,
    }
    leaving, failed = dict[str, Tempted](), dict[str, str]()
    for rule, split in bills.items():
        try:
            leaving[rule] = tempted(pool, split)
        except SolverError as error:  # the bills are known all the same
            failed[rule] = str(error)
    return Sharing(
        cost, whole - cost, alone - priced, priced, lacking * part, bills, duals, leaving, failed,
        plan.cash_cost,
    )  # fmt: skip


@dataclass(frozen=True)
class DualBill:
    """What each member pays by dual prices, and of that the shortage at its price [money].

    Discounted; by member's name. The sum is the cost of the plan together: builds as fractions,
    without what a shortage that is shared fairly costs on top.
    """

    whole: Mapping[str, float]
    priced: Mapping[str, float]


def bill_of(plan: Plan) -> DualBill:
    """Return each member's bill of a plan; SolverError where no prices are proven."""
    pool = Pool(divided(plan.case))
    paid, lacking = borne(plan)
    whole = float(paid.sum() + lacking.sum())
    part = pool.together.cost / whole if whole > 0 else 1.0
    names = [m.name for m in plan.case.members]
    of = (dual_bills(pool).bills, lacking * part)
    return DualBill(*(dict(zip(names, each.tolist(), strict=True)) for each in of))


def dual_bills_of(
    plan: Plan, member: int, *, secured: bool = True
) -> tuple[tuple[float, ...], float]:
    """Return the bills of a plan by dual prices, and what a member costs alone [money].

    Not ``secured``: nothing of its demand has to be served if a country is lost.
    """
    pool = Pool(divided(plan.case, None if secured else member))
    alone = float(np.sum(pool.of.rows.cost * pool.alone(member)))
    return tuple(dual_bills(pool).bills.tolist()), alone


def _needs(plan: Plan) -> Floats:
    """Return each member's part of all demand, at discounted prices; equal parts without any."""
    e, case = plan.expanded, plan.case
    worth = np.array(
        [[m.price.value(y) * case.discount(y) for y in e.years] for m in case.minerals]
    )
    need = np.einsum("mjt,mt->j", e.demand, worth.reshape(len(e.minerals), len(e.years)))
    return need / need.sum() if need.sum() > 0 else np.full(len(need), 1.0 / len(need))


def costs_of(plan: Plan, numbers: Sequence[int]) -> tuple[float | None, ...]:
    """Return what groups cost, each by its number as of ``games.groups``; None: nothing is proven.

    Planned one after another: numbers that differ in one bit are planned fastest.
    """
    pool = Pool(divided(plan.case))
    members = np.arange(pool.of.members)
    pool.restart()

    def cost(number: int) -> float | None:
        try:
            return pool.cost(((number >> members) & 1).astype(float)).cost
        except SolverError:
            return None

    return tuple(map(cost, numbers))


def tempted_of(split: Floats, costs: Floats) -> Tempted:
    """Return who is tempted most to leave a split, of what every group costs."""
    every = games.groups(len(split))
    gains = np.einsum("ij,j->i", every, split) - costs
    gains[[0, -1]], scale = 0.0, abs(float(costs[-1])) or 1.0
    most = int(np.argmax(gains - tolerances.GAIN_OF_ONE_MORE * scale * every.sum(axis=1)))
    gain = float(gains[most])
    if gain <= tolerances.BILL_ROUNDING * scale:
        return Tempted((), 0.0, 0.0, None)
    return Tempted(tuple(np.flatnonzero(every[most]).tolist()), gain, gain, None)
