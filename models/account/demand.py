"""The account of demand: balances, shortages and how they are shared."""

from __future__ import annotations

import numpy as np

from models.account.builder import Builder, columns_of, integers
from models.expand import Floats, Ints


def demand(b: Builder) -> None:
    """What arrives less what is stored is the demand; what does not arrive is short, at a price."""
    e, d = b.expanded, b.expanded.deliveries
    table = e.demand.transpose(0, 2, 1)  # by (mineral, year, member), as cells are
    stored = np.broadcast_to(e.has_stock[:, None, :], table.shape)
    m, t, j = np.nonzero((table > 0) | stored)
    opening = np.zeros(len(m))
    for (mineral, member), pile in e.case.stockpile_of.items():
        at = (m == e.mineral_at[mineral]) & (j == e.member_at[member]) & (t == 0)
        opening[at] = pile.opening
    need = table[m, t, j] - opening

    def spell(m: int, j: int, t: int) -> tuple[str, str, int]:
        return (e.minerals[m], e.members[j], e.years[t])

    rows = b.rows("balance", m * b.years + t, (m, j, t), spell, least=need, most=need)
    place = np.full((len(e.minerals), len(e.members), b.years), -1, dtype=np.int64)
    place[m, j, t] = rows
    b.enter(place[d.mineral, d.member, d.year], b.flow, 1.0)
    (m, j, t), stock = columns_of([*b.stock], 3), integers([*b.stock.values()])
    b.enter(place[m, j, t], stock, -1.0)
    kept = t + 1 < b.years  # until the next year
    b.enter(place[m[kept], j[kept], t[kept] + 1], stock[kept], 1.0)
    _shortage(b, place)


def _shortage(b: Builder, balance: Ints) -> None:
    e, case = b.expanded, b.expanded.case
    table = e.demand.transpose(0, 2, 1)
    m, t, j = np.nonzero(table > 0)
    wanted = table[m, t, j]
    each = np.array([[case.shortage_cost(name, y) for y in e.years] for name in e.minerals])
    price = each.reshape(len(e.minerals), b.years) * b.discount

    def spell(m: int, j: int, t: int) -> tuple[str, str, int]:
        return (e.minerals[m], e.members[j], e.years[t])

    tiered = np.zeros(len(m), dtype=bool)
    if case.tiers_of:
        keys = zip(m.tolist(), j.tolist(), t.tolist(), strict=True)
        tiered = np.array([spell(*key) in case.tiers_of for key in keys], dtype=bool)
    cell = m * b.years + t
    short = b.columns(
        "shortage",
        cell,
        (m, j, t),
        spell,
        cost=np.where(tiered, 0.0, price[m, t]),
        upper=np.where(e.has_stock[m, j], wanted, np.inf),
    )
    b.enter(balance[m, j, t], short, 1.0)
    _tiers(b, (m[tiered], j[tiered], t[tiered]), short[tiered])
    weight = case.settings.fair_shortage_weight
    buyers = np.bincount(cell, minlength=len(e.minerals) * b.years)
    shared = (buyers > 1) & (weight > 0)
    at = np.flatnonzero(shared[cell])
    _fair(b, (m[at], j[at], t[at]), short[at], wanted[at], weight * price[m[at], t[at]])


def _fair(
    b: Builder, key: tuple[Ints, Ints, Ints], short: Ints, wanted: Floats, price: Floats
) -> None:
    """A member's part of a shortage beyond its part of demand costs more."""
    e = b.expanded
    m, _, t = key
    cell = m * b.years + t
    cells, inverse = np.unique(cell, return_inverse=True)

    def of_cell(m: int, t: int) -> tuple[str, int]:
        return (e.minerals[m], e.years[t])

    def spell(m: int, j: int, t: int) -> tuple[str, str, int]:
        return (e.minerals[m], e.members[j], e.years[t])

    at = np.divmod(cells, b.years)
    total = b.columns("coalition_shortage", cells, at, of_cell, cost=0.0)
    unfair = b.columns("unfair_shortage", cell, key, spell, cost=price)
    rows = b.rows("shortage_total", cells, at, of_cell, least=0.0, most=0.0)
    b.enter(rows[inverse], short, 1.0)
    b.enter(rows, total, -1.0)
    every = e.demand[m, :, t].sum(axis=1) if len(m) else np.zeros(0)
    rows = b.rows("fair_shortage", cell, key, spell, most=0.0, size=wanted)
    b.enter(rows, short, 1.0)
    b.enter(rows, total[inverse], -wanted / every)
    b.enter(rows, unfair, -1.0)


def _tiers(b: Builder, key: tuple[Ints, Ints, Ints], short: Ints) -> None:
    """Where demand has tiers, the shortage is the sum of theirs."""
    e, case = b.expanded, b.expanded.case
    found: list[tuple[int, int, int, int]] = []
    rows_of: list[int] = []
    upper: list[float] = []
    price: list[float] = []
    for i, (m, j, t) in enumerate(zip(*(k.tolist() for k in key), strict=True)):
        mineral, year = e.minerals[m], e.years[t]
        for tier, tonnes in case.tiers_of[mineral, e.members[j], year].items():
            found.append((m, j, b.names.number(tier), t))
            rows_of.append(i)
            upper.append(tonnes)
            price.append(case.tier_cost(mineral, tier, year) * b.discount[t])
    m, j, n, t = columns_of(found, 4)
    parts = b.columns(
        "tier_shortage",
        m * b.years + t,
        (m, j, n, t),
        lambda m, j, n, t: (e.minerals[m], e.members[j], b.names.names[n], e.years[t]),
        cost=np.array(price),
        upper=np.array(upper),
    )
    rows = b.rows(
        "tier_total",
        key[0] * b.years + key[2],
        key,
        lambda m, j, t: (e.minerals[m], e.members[j], e.years[t]),
        least=0.0,
        most=0.0,
    )
    b.enter(rows[integers(rows_of)], parts, 1.0)
    b.enter(rows, short, -1.0)
