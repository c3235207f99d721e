"""Shortage: unmet demand has a price, and members share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.program import builder, component, market
from models.program.family import Family
from models.program.market import by_member, to_nobody
from models.resolve import Floats, Ints, tier_words
from models.schema import Mineral, Settings, Tier

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Solved

COST = component.CostHeading("shortage", is_penalty=True)
UNFAIR_COST = component.CostHeading("unfair shortage", is_penalty=True)


def _short_cost(
    case: Case, mineral: str, tier: str, year: int
) -> tuple[str, component.CellAddress | None, component.CellAddress | None]:
    """Return the parts of the cost of a tonne short in words, and the cells that set it.

    In a tier with a multiple, the cost is price times that. Otherwise it is the shortage cost of
    the workbook, or else price times the multiple of Settings. Settings has no row: that cell is
    found by its name.
    """
    stated = case.mineral_of[mineral]
    record = next((row for row in case.tiers if row.name == tier), None)
    if record is not None and record.multiple is not None:
        times, place = record.multiple, component.address_of(record, "multiple", year)
    elif stated.shortage_cost.at(year) is not None:
        return "", component.address_of(stated, "shortage_cost", year), None
    else:
        header = Settings.column_of("shortage_cost_multiple").header
        times = case.settings.shortage_cost_multiple
        place = component.CellAddress(Settings.SHEET, 0, header)
    name = "" if place is None else place.header[0].lower() + place.header[1:]
    return f" (price x {name} {times:g})", component.address_of(stated, "price", year), place


def _shortage_cost(plan: Solved, key: Any, column: int, times: float) -> list[component.PriceTerm]:
    mineral, _, *tiers, year = key
    words, place, by = _short_cost(plan.case, mineral, tiers[0] if tiers else "", year)
    whose = "".join(f" of {tier_words(tier)}" for tier in tiers)
    amount = times * float(plan.program.rows.cost[column])
    return [
        component.PriceTerm(
            "shortage", f"the cost of a tonne short{whose}{words}", amount, place, by
        )
    ]


def _fair_label(_: Solved, __: Any) -> component.Label:
    return component.Label("its part in sharing the shortage fairly")


def _fair_part(plan: Solved, key: Any, at: component.Where) -> float:
    """Return the rise of a member's fair part of a shortage per tonne of its demand."""
    case, (mineral, member, year), other = plan.case, at, key[1]
    if (key[0], key[2]) != (mineral, year):
        return 0.0
    every, own = case.coalition_demand(mineral, year), case.demand_of[mineral, other, year]
    short = plan.value(OF_COALITION, (mineral, year))
    return ((every if other == member else 0.0) - own) / every**2 * short


SHORTAGE = component.Columns(
    name="shortage",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="Demand of a member that is not met.",
    cell=(Mineral, "shortage_cost"),
    headings=(COST,),
    balance=1,
    move="short{of}: {member}, {year}",
    serves="one more tonne of demand would not be met",
    terms=_shortage_cost,
    spent=("shortage",),
    divided=by_member,
)
OF_COALITION = component.Columns(
    name="coalition_shortage",
    key=(component.MINERAL, component.YEAR),
    meaning="Demand of all members that is not met.",
    is_move=False,
    move="coalition shortage",
)
UNFAIR = component.Columns(
    name="unfair_shortage",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A member's shortage above its fair part of the coalition's shortage.",
    cell=(Settings, "fair_shortage_weight"),
    headings=(UNFAIR_COST,),
    is_move=False,
    move="short{of} above its fair part: {member}, {year}",
)
OF_TIER = component.Columns(
    name="tier_shortage",
    key=(component.MINERAL, component.MEMBER, component.TIER, component.YEAR),
    meaning="Demand of a member's tier that is not met.",
    cell=(Tier, "multiple"),
    headings=(COST,),
    is_move=False,
    move="short{of}: {member}, tier {tier}, {year}",
    terms=_shortage_cost,
    spent=("shortage",),
    divided=by_member,
)
TOTAL = component.Rows(
    name="shortage_total",
    key=(component.MINERAL, component.YEAR),
    meaning="The coalition's shortage is the sum of its members' shortages.",
    kind="fair share",
    label=_fair_label,
    is_neutral=True,
    through=(OF_COALITION,),
    divided=to_nobody,
)
FAIR = component.Rows(
    name="fair_shortage",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A member's shortage above its fair part, by demand, costs more.",
    kind="fair share",
    label=_fair_label,
    is_neutral=True,
    slope=_fair_part,
    divided=to_nobody,
)
TIERS = component.Rows(
    name="tier_total",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A member's shortage is the sum of its tiers' shortages.",
    kind="tier",
    label=lambda _, __: component.Label("the split of a shortage into tiers"),
    through=(OF_TIER,),
    divided=to_nobody,
)


def model(f: Frame) -> None:
    r"""Demand may stay unmet, at a cost; a member's shortage above its fair part costs more.

    .. math:: 0 \le u_{m,j,t} \le demand_{m,j,t}, \qquad U_{m,t} = \sum_j u_{m,j,t}, \qquad
              u_{m,j,t} - \frac{demand_{m,j,t}}{\sum_i demand_{m,i,t}} U_{m,t} \le h_{m,j,t}  [t]

    Where demand has tiers, u is the sum of the tiers' shortages, each at the tier's cost. If a
    tonne costs the same in all as without tiers, and none is cut off, they share u by demand.

    variables   shortage u [t]; coalition shortage U [t]; unfair shortage h [t]; tier shortage [t]
    posts       into the member's balance u; cost headings "shortage" (u at the shortage cost) and
                "unfair shortage" (h at weight x shortage cost)
    dual        of a member's part: the saving if it could be exceeded by one tonne [money/t]
    source      value of lost load, Stoft (2002), Power System Economics, ch. 2-5; proportional
                rationing, Moulin (2000), Econometrica 68(3)
    """
    case = f.case
    wanted = {f.key(m, j, t): demand for m, j, t, demand in f.buyers if demand > 0}
    # without a stockpile the balance itself limits u; a bound would only split its dual
    stored = {f.key(m, j, t) for m, j, t, _ in f.buyers if f.expanded.has_stock[m, j]}
    upper = {key: demand for key, demand in wanted.items() if key in stored}
    short = f.variables(SHORTAGE, wanted, upper=upper)
    f.short = short
    for key in wanted:
        f.into(key, short[key])
    split = f.expanded.split_tiers
    plain = [key for key in wanted if key not in split]
    costs = [case.shortage_cost(m, t) for m, _, t in plain]
    f.add_cost(COST, [short[key] for key in plain], costs, [t for *_, t in plain])
    _tier_rows(f, short, [key for key in wanted if key in split])
    _fair(f, short, wanted)


def _fair(f: Frame, short: Any, demand: dict[tuple[str, str, int], float]) -> None:
    e, weight = f.expanded, f.case.settings.fair_shortage_weight
    by_cell: dict[tuple[str, int], list[str]] = {}
    for mineral, member, year in demand:
        by_cell.setdefault((mineral, year), []).append(member)
    shared = {cell: of for cell, of in by_cell.items() if len(of) > 1 and weight > 0}
    keys = [(m, j, t) for (m, t), members in shared.items() for j in members]
    total = f.variables(OF_COALITION, shared)
    unfair = f.variables(UNFAIR, keys)
    totals: dict[Any, Row] = {}
    for (m, t), members in shared.items():
        columns = [*(short[m, j, t] for j in members), total[m, t]]
        totals[m, t] = (0.0, columns, [1.0] * len(members) + [-1.0], 0.0)
    f.constraints(TOTAL, totals)
    places = ((m, t, e.mineral_at[m], e.years.index(t)) for m, t in shared)
    every = {(m, t): float(e.demand[i, :, y].sum()) for m, t, i, y in places}
    parts: dict[Any, Row] = {}
    for m, j, t in keys:
        columns = [short[m, j, t], total[m, t], unfair[m, j, t]]
        parts[m, j, t] = (None, columns, [1.0, -demand[m, j, t] / every[m, t], -1.0], 0.0)
    f.constraints(FAIR, parts)
    costs = [weight * f.case.shortage_cost(m, t) for m, _, t in keys]
    f.add_cost(UNFAIR_COST, [unfair[key] for key in keys], costs, [t for *_, t in keys])


def _tier_rows(f: Frame, short: Any, tiered: list[tuple[str, str, int]]) -> None:
    case = f.case
    tiers = {key: sorted(case.tiers_of[key].items()) for key in tiered}
    demand = {(m, j, q, t): tonnes for (m, j, t), each in tiers.items() for q, tonnes in each}
    of_tier = f.variables(OF_TIER, demand, upper=demand)
    f.tier_short = of_tier
    rows: dict[Any, Row] = {}
    for (m, j, t), each in tiers.items():
        parts = [of_tier[m, j, tier, t] for tier, _ in each]
        rows[m, j, t] = (0.0, [*parts, short[m, j, t]], [1.0] * len(parts) + [-1.0], 0.0)
    f.constraints(TIERS, rows)
    costs = [case.tier_cost(m, tier, t) for m, _, tier, t in demand]
    f.add_cost(COST, [of_tier[key] for key in demand], costs, [t for *_, t in demand])


def arrays(b: builder.Builder) -> None:
    """Add the rows of ``model`` as arrays, after the balances."""
    market.balances(b)
    e, case = b.expanded, b.expanded.case
    table = e.demand.transpose(0, 2, 1)
    m, t, j = np.nonzero(table > 0)
    wanted = table[m, t, j]
    each = np.array([[case.shortage_cost(name, y) for y in e.years] for name in e.minerals])
    price = each.reshape(len(e.minerals), b.years)

    tiered = np.zeros(len(m), dtype=bool)
    if e.split_tiers:
        keys = zip(m.tolist(), j.tolist(), t.tolist(), strict=True)
        tiered = np.array(
            [(e.minerals[i], e.members[k], e.years[y]) in e.split_tiers for i, k, y in keys],
            dtype=bool,
        )
    cell = m * b.years + t
    short = b.add_columns(
        SHORTAGE, (m, j, t),
        price=np.where(tiered, 0.0, price[m, t]),
        upper=np.where(e.has_stock[m, j], wanted, np.inf),
    )  # fmt: skip
    b.short = (m, j, t, short)
    b.post((m, j, t), short, SHORTAGE.balance)
    _tier_arrays(b, (m[tiered], j[tiered], t[tiered]), short[tiered])
    weight = case.settings.fair_shortage_weight
    buyers = np.bincount(cell, minlength=len(e.minerals) * b.years)
    shared = (buyers > 1) & (weight > 0)
    at = np.flatnonzero(shared[cell])
    _fair_arrays(b, (m[at], j[at], t[at]), short[at], wanted[at], price[m[at], t[at]])


def _fair_arrays(
    b: builder.Builder, index: tuple[Ints, Ints, Ints], short: Ints, demand: Floats, price: Floats
) -> None:
    e, weight = b.expanded, b.expanded.case.settings.fair_shortage_weight
    m, _, t = index
    at, inverse = builder.unique_keys(m, t)  # the distinct cells, and the index of each among them
    total = b.add_columns(OF_COALITION, at)
    cost = weight * (price * b.discount[t])
    unfair = b.add_columns(UNFAIR, index, price=weight * price, cost=cost)
    rows = b.add_rows(TOTAL, at, least=0.0, most=0.0)
    b.add_entries(rows[inverse], short, 1.0)
    b.add_entries(rows, total, -1.0)
    every = e.demand[m, :, t].sum(axis=1)
    rows = b.add_rows(FAIR, index, most=0.0, size=demand)
    b.add_entries(rows, short, 1.0)
    b.add_entries(rows, total[inverse], -demand / every)
    b.add_entries(rows, unfair, -1.0)


def _tier_arrays(b: builder.Builder, index: tuple[Ints, Ints, Ints], short: Ints) -> None:
    e, case = b.expanded, b.expanded.case
    tiers = [
        (i, m, j, t, tier, tonnes)
        for i, (m, j, t) in enumerate(zip(*(k.tolist() for k in index), strict=True))
        for tier, tonnes in case.tiers_of[e.minerals[m], e.members[j], e.years[t]].items()
    ]
    price = [case.tier_cost(e.minerals[m], tier, e.years[t]) for _, m, _, t, tier, _ in tiers]
    numbered = [(i, m, j, b.names.number(tier), t) for i, m, j, t, tier, _ in tiers]
    of, *parts = builder.key_arrays(numbered, 5)
    upper = np.array([tonnes for *_, tonnes in tiers], dtype=float)
    columns = b.add_columns(OF_TIER, tuple(parts), price=np.array(price, dtype=float), upper=upper)
    b.tier_short = (*parts, columns)
    rows = b.add_rows(TIERS, index, least=0.0, most=0.0)
    b.add_entries(rows[of], columns, 1.0)
    b.add_entries(rows, short, -1.0)


FAMILY = Family(model, arrays)
