"""Stockpiles: a member's reserve carries tonnes from year to year and has a target."""

from __future__ import annotations

from itertools import pairwise

import pyomo.core as pyo

from models.expand import stock_room, stock_target, target_penalty
from models.frame import Frame, total


def add(f: Frame) -> None:
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
    stocks = [(m, j, year) for m, j in piles for year in e.years]
    targets = {
        key: target for key in stocks if (target := stock_target(case, piles[key[:2]], key[2])) > 0
    }
    room = {key: stock_room(case, pile) for key, pile in piles.items()}
    f.model.stock = pyo.Var(
        stocks,
        within=pyo.NonNegativeReals,
        bounds=lambda _, *key: (0.0, room[key[:2]]),
    )
    f.model.stock_shortfall = pyo.Var(list(targets), within=pyo.NonNegativeReals)
    f.model.stock_target = pyo.Constraint(
        list(targets),
        rule=lambda b, *key: (targets[key], total([b.stock[key], b.stock_shortfall[key]]), None),
    )
    next_year = dict(pairwise(e.years))
    for m, j, year in stocks:
        column = f.model.stock[m, j, year]
        f.books.out((m, j, year), column)
        if year in next_year:
            f.books.into((m, j, next_year[year]), column)
    f.books.cost(
        "holding",
        [f.model.stock[key] for key in stocks],
        [piles[m, j].holding_cost for m, j, _ in stocks],
        [year for _, _, year in stocks],
    )
    f.books.cost(
        "stock shortfall",
        [f.model.stock_shortfall[key] for key in targets],
        [target_penalty(case, piles[m, j], year) for m, j, year in targets],
        [year for _, _, year in targets],
    )
