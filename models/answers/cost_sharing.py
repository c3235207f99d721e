"""Costs of members alone and together, bills by several rules, and who would gain by leaving.

Let y be the duals of the program of any group. By weak duality, the cost of every group S is at
least y times the sum of the limits that its members bring in. Two facts follow:

- The duals of the coalition's program make bills that sum to its cost and give no group a reason to
leave, not even a group that members join in fractions (Owen 1975, Mathematical Programming 9). -
Each group that is planned bounds all groups. So the group most tempted to leave a split is found by
a program with one column per member and one row per planned group (row generation; Drechsel & Kimms
2010, International Journal of Production Economics 128). It needs a few plans in place of 2^n.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from models import solve as solver
from models import tolerances
from models.answers.pool import ProductionGame, divided, non_cash_costs
from models.errors import SolverError
from models.plan import Plan
from models.program import CashCost
from models.program.component import CONTRACT, MEMBER, PLANT_INPUT, PROJECT, SOURCE, YEAR, Owners
from models.program.families.shortage import UNFAIR
from models.program.market import by_demand, by_member, by_right
from models.resolve import Floats, Rights, by_stage
from models.solve import highs

_STEP = 1e-6
"""Fraction by which a member's demand is varied to get the range of its bill."""
_MOST_PLANS = 200
"""The most groups to plan in the search for the group that gains most by leaving."""


# ---- bills by dual prices ------------------------------------------------------------------------


@dataclass(frozen=True)
class DualBills:
    """Bills by the coalition's shadow prices, and their range over all such prices [member, money].

    If several shadow prices are optimal, ``bills`` are averaged over the extreme ones: for each
    member whose bill depends on the prices, the one where it pays ``least`` and the one where it
    pays ``most``.
    """

    bills: Floats
    least: Floats
    most: Floats


def dual_bills(pool: ProductionGame) -> DualBills:
    """Return the bills by dual prices [money].

    For each member, two more plans scale its parts of all limits up and down by a tiny fraction. In
    the first, its own bill is the highest that the optimal prices allow; in the second, the lowest.
    Its range is its lowest and highest bill in these plans of all members. To test whether the
    prices are unique, all members first grow and then shrink by different fractions: they are if
    the bills stay the same both times.
    """
    bills, members = pool.together.bills, pool.divided.members
    uneven = 0.5 + np.modf(np.arange(1, members + 1) * (np.sqrt(5.0) - 1.0) / 2.0)[0] / 2.0
    pool.restart()
    ends = [_coalition_bills(pool, step * uneven) for step in (_STEP, -_STEP)]
    if (
        max(np.max(np.abs(end - bills), initial=0.0) for end in ends)
        <= tolerances.BILL_ROUNDING * pool.scale
    ):
        return DualBills(bills, bills, bills)
    each = [
        [_coalition_bills(pool, by * unit) for by in (-_STEP, _STEP)] for unit in np.eye(members)
    ]
    least, most = (np.min(each, axis=(0, 1)), np.max(each, axis=(0, 1)))
    # a member with the same bill at all prices does not change the others' bills
    widths = zip(each, most - least, strict=True)
    moved = [pair for pair, width in widths if width > tolerances.BILLS_SUM * pool.scale]
    return DualBills(np.mean(moved or [[bills]], axis=(0, 1)), least, most)


def _coalition_bills(pool: ProductionGame, step: Floats) -> Floats:
    """Return the bills at the prices of a coalition that is a little larger or smaller.

    If these are not optimal prices of the coalition itself, or nothing is proven, return its own
    bills.
    """
    try:
        bills = pool.cost(1.0 + step).bills
    except SolverError:
        return pool.together.bills
    is_optimal = abs(float(bills.sum()) - pool.together.cost) <= tolerances.BILLS_SUM * pool.scale
    return bills if is_optimal else pool.together.bills


# ---- who would gain by leaving -------------------------------------------------------------------


@dataclass(frozen=True)
class LeavingGroup:
    """The ``group`` that gains most by leaving a split; empty if no group gains.

    ``gain`` [money] is the group's bills minus its cost when it plans alone. No group gains more
    than ``gain_bound``. No group that members join with only a fraction gains more than
    ``fractional_gain_bound`` (None: not computed).
    """

    group: tuple[int, ...]
    gain: float
    gain_bound: float
    fractional_gain_bound: float | None


def leaving_group(pool: ProductionGame, split: Floats) -> LeavingGroup:
    """Return the group that gains most by leaving a split of the coalition's cost [money]."""
    fractional, *_ = _search(pool, split, whole=False)
    bound, gain, group = _search(pool, split, whole=True) if fractional > 0 else (0.0, 0.0, ())
    return LeavingGroup(group, gain, max(bound, gain), fractional)


def _search(
    pool: ProductionGame, split: Floats, *, whole: bool
) -> tuple[float, float, tuple[int, ...]]:
    """Return the upper bound on any group's gain, the largest gain of a planned group, that group.

    Each round plans the group with the largest possible gain, until no group can gain more.
    """
    gain, group, asked = 0.0, np.zeros(pool.divided.members), set[tuple[float, ...]]()
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


def _most_left(pool: ProductionGame, split: Floats, *, whole: bool) -> tuple[Floats, float]:
    """Return the group with the largest gain that all bounds allow, and that gain.

    It minimises t - split z subject to t >= bills z, for the bills of each planned group.
    """
    bills = np.array([priced.bills for priced in pool.planned.values()]) / pool.scale
    count, n = bills.shape
    at_row, at_column = np.indices((count, n + 1)).reshape(2, -1)
    program = solver.LinearProgram.of(
        (at_row, at_column, np.hstack([-bills, np.ones((count, 1))]).ravel()),
        (
            np.append(tolerances.GAIN_OF_ONE_MORE - split / pool.scale, 1.0),
            np.append(np.zeros(n), -np.inf),
            np.append(np.ones(n), np.inf),
        ),
        (np.zeros(count), np.full(count, np.inf)),
    )
    program = dataclasses.replace(program, whole=np.append(np.full(n, whole), False))
    optimum = highs.first_solved(partial(highs.solve, program))
    group = np.clip(np.round(optimum.x[:n]) if whole else optimum.x[:n], 0.0, 1.0)
    return group, float(np.sum(split * optimum.x[:n])) - float(optimum.x[n]) * pool.scale


# ---- what each member bought ---------------------------------------------------------------------


def costs_as_bought(plan: Plan) -> tuple[Floats, Floats]:
    """Return what each member pays for its purchases, and its priced shortage [member, money].

    Both are discounted, without the penalty for unfair shortages. Costs of ore, inputs and plants
    are split among their buyers by tonnes (among the owners if nobody buys). Penalties on a shared
    limit are split by demand.
    """
    e, program = plan.expanded, plan.program
    owners = Owners(e, Rights(e), program.names)
    bought, of_inputs = _bought_through(plan)
    place = {s.project: i for i, s in enumerate(e.sources)}
    of_project = np.array([place[p.name] for p in e.case.projects], dtype=np.int64)
    priced, sums = non_cash_costs(program, e), np.zeros((2, len(e.members)))
    for group in program.variables:
        component, x, ones = group.component, plan.x[group.at], np.ones(len(group))
        if component is UNFAIR or not program.rows.cost[group.at].any():
            continue
        index = dict(zip(component.positions, group.index, strict=True))
        if {MEMBER, CONTRACT} & index.keys():
            each = by_member(owners, index, ones)
        elif PLANT_INPUT in index:
            each = _shares_or(
                of_inputs[index[PLANT_INPUT], index[YEAR]], by_right(owners, index, ones)
            )
        elif SOURCE in index:
            each = _shares_or(bought[index[SOURCE], index[YEAR]], by_right(owners, index, ones))
        elif PROJECT in index:
            sold = bought[of_project[index[PROJECT]]].sum(axis=1)
            each = _shares_or(sold, by_right(owners, index, ones))
        else:
            each = by_demand(owners, index, ones)
        lacking = priced[group.at]
        for i, amount in enumerate((program.rows.cost[group.at] - lacking, lacking)):
            sums[i] += np.einsum("i,ij->j", amount * x, each)
    return sums[0], sums[1]


def _bought_through(plan: Plan) -> tuple[Floats, Floats]:
    """Return who buys the tonnes of each source, and of each plant that takes an input.

    By (source or plant input, year, member): the member's own purchases and those of products made
    from them, through all stages, in proportion to tonnes.
    """
    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    shape = (len(e.years), len(e.members))
    bought = solver.summed_at(
        (d.source, d.year, d.member), plan.delivered, (len(e.sources), *shape)
    )
    made = np.zeros((len(e.plant_inputs), *shape))
    for mineral in by_stage(plan.case) if e.plant_inputs else ():  # products before their inputs
        for i, plant_input in enumerate(e.plant_inputs):
            if plant_input.mineral == mineral:
                made[i] = bought[[r for r, _ in plant_input.needs]].sum(axis=0)
        at = np.flatnonzero(flows.mineral == e.mineral_at[mineral])
        made_by = made[flows.plant_input[at], flows.year[at]]
        whole = made_by.sum(axis=1, keepdims=True)
        part = np.divide(made_by, whole, out=np.zeros_like(made_by), where=whole > 0)
        np.add.at(
            bought, (flows.source[at], flows.year[at]), plan.delivered_to_plants[at][:, None] * part
        )
    return bought, made


def _shares_or(parts: Floats, else_: Floats) -> Floats:
    chosen = np.where(parts.sum(axis=1, keepdims=True) > 0, parts, else_)
    return np.asarray(chosen / chosen.sum(axis=1, keepdims=True))


# ---- every rule ----------------------------------------------------------------------------------

AS_BOUGHT, BY_DEMAND, EQUAL_SAVINGS, DUAL_PRICES = (
    "as bought", "by demand", "equal savings", "dual prices",
)  # fmt: skip
"""The rules for who pays what."""


@dataclass(frozen=True)
class Sharing:
    """Costs of members alone and together, and the bills of every rule [money, discounted].

    If each member plans alone, it pays ``alone_paid``, and its shortage has the price
    ``alone_priced``. ``bought_priced`` is the price of each member's shortage in the joint plan.
    ``bills`` are by rule; the bills of each rule add up to ``cost``. ``tempted`` has by rule the
    group that would gain most by leaving. ``failed`` says why a rule's bills or its group are not
    known. ``paid`` is the plan's cash cost, including tariffs and levies. ``duals`` has the range
    of the bills by dual prices. ``fairly`` is the extra cost of the plan, above the cheapest
    (``cost``), of sharing shortages fairly; the bills leave it out.
    """

    cost: float
    fairly: float
    alone_paid: Floats
    alone_priced: Floats
    bought_priced: Floats
    bills: Mapping[str, Floats]
    duals: DualBills
    tempted: Mapping[str, LeavingGroup]
    failed: Mapping[str, str] = field(default_factory=dict)
    paid: CashCost = CashCost()

    @property
    def alone(self) -> Floats:
        """The cost of each member alone: cash and priced shortage [money]."""
        return self.alone_paid + self.alone_priced


def sharing_of(plan: Plan) -> Sharing:
    """Return the bills of a plan; SolverError where a group has no proven cost."""
    pool = ProductionGame(divided(plan.case))
    cost, members = pool.together.cost, range(pool.divided.members)
    apart = np.array([pool.plan_alone(i) for i in members])
    alone, priced = (
        (cost_of * apart).sum(axis=1) for cost_of in (pool.divided.rows.cost, pool.divided.priced)
    )
    paid, lacking = costs_as_bought(plan)
    whole = float(paid.sum() + lacking.sum())
    part = cost / whole if whole > 0 else 1.0
    duals = dual_bills(pool)
    bills = {
        AS_BOUGHT: (paid + lacking) * part,
        BY_DEMAND: cost * _demand_shares(plan),
        EQUAL_SAVINGS: alone - (alone.sum() - cost) / len(alone),
        DUAL_PRICES: duals.bills,
    }
    leaving, failed = dict[str, LeavingGroup](), dict[str, str]()
    for rule, split in bills.items():
        try:
            leaving[rule] = leaving_group(pool, split)
        except SolverError as error:  # the bills are known all the same
            failed[rule] = str(error)
    return Sharing(
        cost, whole - cost, alone - priced, priced, lacking * part, bills, duals, leaving, failed,
        plan.cash_cost,
    )  # fmt: skip


def _demand_shares(plan: Plan) -> Floats:
    """Return each member's share of demand at discounted prices; equal shares without demand."""
    e = plan.expanded
    need = np.einsum("mjt,mt->j", e.demand, e.prices * e.discounts)
    return need / need.sum() if need.sum() > 0 else np.full(len(need), 1.0 / len(need))
