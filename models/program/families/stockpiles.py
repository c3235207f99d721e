"""Stockpiles: a member's reserve carries tonnes from year to year and has a target."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.program import builder, component, market
from models.program.family import Family
from models.resolve import DAYS, Expanded, Floats, stock_room, stock_target, target_penalty
from models.schema import Stockpile

if TYPE_CHECKING:
    from models.program.builder import Program
    from models.program.frame import Frame, Row
    from models.program.solved import Solved

HOLDING = component.CostHeading("holding")
SHORTFALL_PENALTY = component.CostHeading("stock shortfall", is_penalty=True, rank=1)


def _holding(plan: Solved, key: Any, column: int, times: float) -> list[component.PriceTerm]:
    place = STOCK.place(plan.case.stockpile_of[key[:2]], key[2])
    amount = times * float(plan.program.rows.cost[column])
    return [component.PriceTerm("holding", f"holding a tonne in {key[2]}", amount, place)]


def _label(plan: Solved, key: Any) -> component.Label:
    stockpile = plan.case.stockpile_of[key[:2]]
    field = "target_days" if stockpile.target_days is not None else "target"
    return component.Label(
        f"the reserve's target in {key[2]}", component.address_of(stockpile, field, key[2])
    )


def _days(plan: Solved, key: Any, at: component.Where) -> float:
    stockpile = plan.case.stockpile_of[key[:2]] if key == at else None
    return (
        0.0 if stockpile is None or stockpile.target_days is None else stockpile.target_days / DAYS
    )


STOCK = component.Columns(
    name="stock",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="The stock in a member's reserve at the end of a year.",
    cell=(Stockpile, "holding_cost"),
    headings=(HOLDING,),
    balance=-1,
    move="in the reserve{of} of {member} at the end of {year}",
    serves="the reserve at the end of {year}",
    terms=_holding,
    spent=("holding",),
    decided=component.year_of_key,
    is_first_stage=False,
    decision=component.STORING,
    divided=market.by_member,
)
SHORTFALL = component.Columns(
    name="stock_shortfall",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="How far a reserve is below its target.",
    cell=(Stockpile, "target_penalty"),
    headings=(SHORTFALL_PENALTY,),
    move="missing to the target of {member}'s reserve{of} in {year}",
)
TARGET = component.Rows(
    name="stock_target",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A penalty is paid for every tonne that a reserve is below its target.",
    cell=(Stockpile, "target"),
    kind="stock target",
    label=_label,
    slope=_days,
    divided=market.by_member,
)


def _pace_label(plan: Solved, key: Any, field: str) -> component.Label:
    place = component.address_of(plan.case.stockpile_of[key[:2]], field, key[2])
    named = Stockpile.column_of(field).header
    return component.Label(f"the reserve's {named} in {key[2]}", place)


def _pace_step(plan: Solved, key: Any, at: int, field: str) -> tuple[float, component.LimitStep]:
    """Return the value of the cell; one tonne more of it raises the row's limit by one tonne."""
    return getattr(plan.case.stockpile_of[key[:2]], field), component.LimitStep(at, 1.0)


def _given_in_full(plan: Solved, at: component.Where) -> component.Obstacle | None:
    """Return the statement that a member may draw no more from its reserve, if it holds more."""
    row, nothing = plan.row_at(DRAW, at), plan.tolerance(at[0], at[2])
    if row < 0 or plan.slack[row] > nothing:
        return None
    has_more = plan.value(STOCK, at) > nothing or plan.prices[row] < 0
    return component.Obstacle("its reserve gives no more than Max draw") if has_more else None


_PACE = "the fill and draw limits of reserves"
FILL = component.Rows(
    name="stock_fill",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A reserve grows in a year by at most Max fill.",
    cell=(Stockpile, "max_fill"),
    kind="stock fill",
    label=partial(_pace_label, field="max_fill"),
    bears_on=component.key_matches,
    relaxable=_PACE,
    step=partial(_pace_step, field="max_fill"),
    divided=market.by_member,
)
DRAW = component.Rows(
    name="stock_draw",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="A reserve shrinks in a year by at most Max draw.",
    cell=(Stockpile, "max_draw"),
    kind="stock draw",
    label=partial(_pace_label, field="max_draw"),
    bears_on=component.key_matches,
    holds_back=_given_in_full,
    relaxable=_PACE,
    step=partial(_pace_step, field="max_draw"),
    divided=market.by_member,
)
_PACES = ((FILL, "max_fill", 1.0), (DRAW, "max_draw", -1.0))
"""The rows that limit a stock's change in a year: the field with the limit, and its sign."""


def model(f: Frame) -> None:
    r"""A reserve holds at most its maximum; a penalty is paid for tonnes below its target.

    .. math:: 0 \le s_{m,j,t} \le max_{m,j}, \qquad s_{m,j,t} + v_{m,j,t} \ge target_{m,j,t}   [t]
    .. math:: s_{m,j,t} - s_{m,j,t-1} \le fill_{m,j}, \qquad s_{m,j,t-1} - s_{m,j,t} \le draw_{m,j}

    Before the first year s is the opening stock.

    variables   stock s at the end of the year [t]; shortfall v from target [t]
    posts       s out of its year's balance and into the next one's; cost headings "holding" and
                "stock shortfall"
    dual        of the target: the saving if it were one tonne lower [money/t]; of Max fill and Max
                draw: the saving if it were one tonne higher [money/t]
    source      inventory balance, Wagner & Whitin (1958), Management Science 5(1)
    """
    e, case = f.expanded, f.case
    minerals = {e.minerals[m] for m, _ in f.cells}
    stockpiles = {
        key: stockpile for key, stockpile in case.stockpile_of.items() if key[0] in minerals
    }
    keys = [(m, j, year) for m, j in stockpiles for year in e.years]
    targets = {
        key: target
        for key in keys
        if (target := stock_target(case, stockpiles[key[:2]], key[2])) > 0
    }
    room = {key: stock_room(case, stockpile) for key, stockpile in stockpiles.items()}
    stock = f.variables(STOCK, keys, upper={key: room[key[:2]] for key in keys})
    f.stock = stock
    lacking = f.variables(SHORTFALL, targets)
    f.constraints(
        TARGET, {k: (target, [stock[k], lacking[k]], None, None) for k, target in targets.items()}
    )
    _paces(f, stockpiles, stock)
    next_year = dict(pairwise(e.years))
    for m, j, year in keys:
        f.out((m, j, year), stock[m, j, year])
        if year in next_year:
            f.into((m, j, next_year[year]), stock[m, j, year])
    held, lacked = [stock[key] for key in keys], [lacking[key] for key in targets]
    costs = [stockpiles[m, j].holding_cost for m, j, _ in keys]
    f.add_cost(HOLDING, held, costs, [year for *_, year in keys])
    penalties = [target_penalty(case, stockpiles[m, j], year) for m, j, year in targets]
    f.add_cost(SHORTFALL_PENALTY, lacked, penalties, [year for *_, year in targets])


def _paces(f: Frame, stockpiles: dict[tuple[str, str], Stockpile], stock: Any) -> None:
    years = f.expanded.years
    for limit, field, sign in _PACES:
        rows: dict[Any, Row] = {}
        for (m, j), stockpile in stockpiles.items():
            most = getattr(stockpile, field)
            if most is None or not years:
                continue
            first = (m, j, years[0])
            rows[first] = (None, [stock[first]], [sign], most + sign * stockpile.opening)
            for before, year in pairwise(years):
                columns = [stock[m, j, year], stock[m, j, before]]
                rows[m, j, year] = (None, columns, [sign, -sign], most)
        f.constraints(limit, rows)


def arrays(b: builder.Builder) -> None:
    e, case = b.expanded, b.expanded.case
    stockpiles = [
        (stockpile, t) for stockpile in case.stockpile_of.values() for t in range(b.years)
    ]
    keys = [(e.mineral_at[p.mineral], e.member_at[p.member], t) for p, t in stockpiles]
    room = {(p.mineral, p.member): stock_room(case, p) for p in case.stockpiles}
    m, j, t = builder.key_arrays(keys, 3)
    stock = b.add_columns(
        STOCK, (m, j, t),
        price=np.array([p.holding_cost for p, _ in stockpiles]),
        upper=np.array([room[p.mineral, p.member] for p, _ in stockpiles]),
    )  # fmt: skip
    b.stock = (m, j, t, stock)
    b.post((m, j, t), stock, STOCK.balance)
    kept = t + 1 < b.years  # until the next year
    b.post((m[kept], j[kept], t[kept] + 1), stock[kept], -STOCK.balance)
    target = np.array([stock_target(case, p, e.years[y]) for p, y in stockpiles], dtype=float)
    penalty = np.array([target_penalty(case, p, e.years[y]) for p, y in stockpiles], dtype=float)
    wanted = np.flatnonzero(target > 0)
    index = (m[wanted], j[wanted], t[wanted])
    lacking = b.add_columns(SHORTFALL, index, price=penalty[wanted])
    rows = b.add_rows(TARGET, index, least=target[wanted])
    b.add_entries(rows, stock[wanted], 1.0)
    b.add_entries(rows, lacking, 1.0)
    opening = np.array([0.0 if y else p.opening for p, y in stockpiles])
    for of, field, sign in _PACES:
        stated = [getattr(p, field) for p, _ in stockpiles]
        most = np.array([np.nan if value is None else value for value in stated], dtype=float)
        at = np.flatnonzero(np.isfinite(most))
        rows = b.add_rows(of, (m[at], j[at], t[at]), most=(most + sign * opening)[at])
        b.add_entries(rows, stock[at], sign)
        later = t[at] > 0  # the column before is that of the year before
        b.add_entries(rows[later], stock[at[later] - 1], -sign)


def maximum(e: Expanded, key: Any, output: Floats | None = None) -> float | None:
    """Return the upper bound of a stock [t]; None where an earlier plan fixed the stock.

    It is infinite if the coalition could never buy enough to fill the stockpile. ``output`` [t] by
    source and year is the most that is sold, if that may be more than in the case.
    """
    if STOCK.fixed_value(e.case, key) is not None:
        return None
    stockpile, makers = e.case.stockpile_of[key[:2]], [*e.lanes[key[0]].sources]
    sold = np.maximum(e.usable[makers], e.nameplate[makers]) if output is None else output[makers]
    most = stockpile.opening + float(sold.sum())
    return stockpile.max if stockpile.max < most else math.inf


def valid_upper_bounds(e: Expanded, program: Program, output: Floats | None = None) -> Floats:
    """Return upper bounds of columns that are valid in any plan, for other objectives than cost.

    The program's own bounds on stocks (``stock_room``) are valid only in cheapest plans, without
    added constraints. ``output`` is as in ``maximum``.
    """
    upper = program.rows.upper.copy()
    for group in program.groups(STOCK):
        for at, key in zip(group.at.tolist(), group.keys(np.arange(len(group))), strict=True):
            most = maximum(e, key, output)
            upper[at] = upper[at] if most is None else most
    return upper


def _ties(case: Case) -> Iterable[str]:
    return (stockpile.mineral for stockpile in case.stockpiles)


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    for stockpile in cells.case.stockpiles:
        for rows, field, _ in _PACES:
            was = getattr(stockpile, field)
            for year in cells.e.years if was is not None else ():
                cells.add_cell(
                    stockpile, field, year, unit="t/yr", was=was,
                    what=f"{Stockpile.column_of(field).header} of {stockpile.member}'s reserve",
                    loosens=(rows, (stockpile.mineral, stockpile.member, year)),
                )  # fmt: skip


FAMILY = Family(
    model, arrays, ties=_ties, relaxation=component.Relaxation(_relaxable_cells, rank=5)
)
