"""Stockpiles: a member's reserve carries tonnes from year to year and has a target."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.program import builder, component, division
from models.resolve import DAYS, Expanded, Floats, stock_room, stock_target, target_penalty
from models.schema import Stockpile

if TYPE_CHECKING:
    from models.program.program import Program
    from models.program.solved import Solved
    from models.program.sourcing import Frame

HOLDING = component.CostHeading("holding")
SHORTFALL_PENALTY = component.CostHeading("stock shortfall", is_penalty=True, rank=1)


def _holding(of: Solved, key: Any, column: int, times: float) -> list[component.PriceTerm]:
    place = STOCK.place(of.case.stockpile_of[key[:2]], key[2])
    amount = times * float(of.program.rows.cost[column])
    return [component.PriceTerm("holding", f"holding a tonne in {key[2]}", amount, place)]


def _label(of: Solved, key: Any) -> component.Label:
    pile = of.case.stockpile_of[key[:2]]
    field = "target_days" if pile.target_days is not None else "target"
    return component.Label(
        f"the reserve's target in {key[2]}", component.place_of(pile, field, key[2])
    )


def _days(of: Solved, key: Any, at: component.Where) -> float:
    pile = of.case.stockpile_of[key[:2]] if key == at else None
    return 0.0 if pile is None or pile.target_days is None else pile.target_days / DAYS


STOCK = component.Columns(
    name="stock",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="What a member's reserve holds at the end of a year.",
    cell=(Stockpile, "holding_cost"),
    headings=(HOLDING,),
    balance=-1,
    move="in the reserve{of} of {member} at the end of {year}",
    serves="the reserve at the end of {year}",
    terms=_holding,
    spent=("holding",),
    decided=component.in_its_year,
    is_first_stage=False,
    divided=division.own,
)
SHORTFALL = component.Columns(
    name="stock_shortfall",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="How far a reserve is below its target.",
    cell=(Stockpile, "target_penalty"),
    headings=(SHORTFALL_PENALTY,),
    move="lacking in the reserve{of} of {member} in {year}",
)
TARGET = component.Rows(
    name="stock_target",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A reserve pays for what it lacks of its target.",
    cell=(Stockpile, "target"),
    kind="stock target",
    label=_label,
    slope=_days,
    divided=division.own,
)


def model(f: Frame) -> None:
    r"""A reserve holds no more than its maximum and pays for what its target lacks.

    .. math:: 0 \le s_{m,j,t} \le max_{m,j}, \qquad s_{m,j,t} + v_{m,j,t} \ge target_{m,j,t}   [t]

    variables   stock s at the end of the year [t]; shortfall v from target [t]
    posts       s out of its year's balance and into the next one's; cost headings "holding" and
                "stock shortfall"
    dual        of the target: what one tonne less of it would save [money/t]
    source      inventory balance, Wagner & Whitin (1958), Management Science 5(1)
    """
    e, case = f.expanded, f.case
    minerals = {e.minerals[m] for m, _ in f.cells}
    piles = {key: pile for key, pile in case.stockpile_of.items() if key[0] in minerals}
    keys = [(m, j, year) for m, j in piles for year in e.years]
    targets = {
        key: target for key in keys if (target := stock_target(case, piles[key[:2]], key[2])) > 0
    }
    room = {key: stock_room(case, pile) for key, pile in piles.items()}
    stock = f.variables(STOCK, keys, upper={key: room[key[:2]] for key in keys})
    lacking = f.variables(SHORTFALL, targets)
    f.constraints(
        TARGET, {k: (target, [stock[k], lacking[k]], None, None) for k, target in targets.items()}
    )
    next_year = dict(pairwise(e.years))
    for m, j, year in keys:
        f.books.out((m, j, year), stock[m, j, year])
        if year in next_year:
            f.books.into((m, j, next_year[year]), stock[m, j, year])
    held, lacked = [stock[key] for key in keys], [lacking[key] for key in targets]
    costs = [piles[m, j].holding_cost for m, j, _ in keys]
    f.books.cost(HOLDING, held, costs, [year for *_, year in keys])
    penalties = [target_penalty(case, piles[m, j], year) for m, j, year in targets]
    f.books.cost(SHORTFALL_PENALTY, lacked, penalties, [year for *_, year in targets])


def arrays(b: builder.Builder) -> None:
    """The same rows as arrays."""
    e, case = b.expanded, b.expanded.case
    piles = [(pile, t) for pile in case.stockpile_of.values() for t in range(b.years)]
    keys = [(e.mineral_at[p.mineral], e.member_at[p.member], t) for p, t in piles]
    room = {(p.mineral, p.member): stock_room(case, p) for p in case.stockpiles}
    m, j, t = builder.columns_of(keys, 3)
    stock = b.columns(
        STOCK, (m, j, t),
        price=np.array([p.holding_cost for p, _ in piles]),
        upper=np.array([room[p.mineral, p.member] for p, _ in piles]),
    )  # fmt: skip
    b.post((m, j, t), stock, STOCK.balance)
    kept = t + 1 < b.years  # until the next year
    b.post((m[kept], j[kept], t[kept] + 1), stock[kept], -STOCK.balance)
    target = np.array([stock_target(case, p, e.years[y]) for p, y in piles], dtype=float)
    penalty = np.array([target_penalty(case, p, e.years[y]) for p, y in piles], dtype=float)
    wanted = np.flatnonzero(target > 0)
    index = (m[wanted], j[wanted], t[wanted])
    lacking = b.columns(SHORTFALL, index, price=penalty[wanted])
    rows = b.rows(TARGET, index, least=target[wanted])
    b.enter(rows, stock[wanted], 1.0)
    b.enter(rows, lacking, 1.0)


def maximum(e: Expanded, key: Any) -> float | None:
    """Return the most of a stock in any plan [t], infinite where less than that can be had.

    None where an earlier plan decided it.
    """
    if STOCK.agreed(e.case, key) is not None:
        return None
    pile, of = e.case.stockpile_of[key[:2]], [*e.lanes[key[0]].sources]
    most = pile.opening + float(np.maximum(e.usable[of], e.nameplate[of]).sum())
    return pile.max if pile.max < most else math.inf


def widest(e: Expanded, program: Program) -> Floats:
    """Return the columns' upper bounds in any plan: ``stock_room`` is one of cheapest plans alone.

    Whoever asks for another objective than the cost, or adds constraints, takes these.
    """
    upper = program.rows.upper.copy()
    for group in program.variables:
        if group.component is STOCK:
            for at, key in zip(group.at.tolist(), group.keys(np.arange(len(group))), strict=True):
                most = maximum(e, key)
                upper[at] = upper[at] if most is None else most
    return upper


def _ties(case: Case) -> Iterable[str]:
    return (pile.mineral for pile in case.stockpiles)


FAMILY = component.Family(model, arrays, ties=_ties)
