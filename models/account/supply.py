"""The account of supply: flows, capacities, lanes, contracts, what was agreed or sold before."""

from __future__ import annotations

import numpy as np

from models.account.builder import Builder, Spell, columns_of, grouped, integers
from models.expand import SPOT, Floats, Ints, contract_price, growth
from models.schema import Refiner


def flows(b: Builder) -> None:
    """Every delivery, spot or under contract, at what it costs at the member's gate."""
    e, d = b.expanded, b.expanded.deliveries
    cell = d.mineral * b.years + d.year
    cost = d.landed * b.discount[d.year]
    spot = d.contract == SPOT
    b.flow = np.zeros(len(d), dtype=np.int64)

    def free(r: int, j: int, t: int) -> tuple[str, str, str, str, int]:
        s = e.sources[r]
        return (s.name, s.project, s.mineral, e.members[j], e.years[t])

    b.flow[spot] = b.columns(
        "spot",
        cell[spot],
        (d.source[spot], d.member[spot], d.year[spot]),
        free,
        cost=cost[spot],
    )
    signed = ~spot
    b.flow[signed] = b.columns(
        "contracted", cell[signed], (d.contract[signed], d.year[signed]), _signed(b),
        cost=cost[signed],
    )  # fmt: skip


def _signed(b: Builder) -> Spell:
    e = b.expanded

    def spell(k: int, t: int) -> tuple[int, str, str, str, int]:
        record = e.case.contracts[k]
        return (k, record.refiner, record.mineral, record.member, e.years[t])

    return spell


def refining(b: Builder) -> None:
    """A refiner sells no more than its usable capacity."""
    e, d = b.expanded, b.expanded.deliveries
    own = np.array([not s.project for s in e.sources], dtype=bool)
    at = np.flatnonzero(own[d.source]) if len(own) else np.zeros(0, dtype=np.int64)
    (r, t), inverse = grouped(d.source[at], d.year[at])
    rows = b.rows(
        "refining_capacity",
        b.mineral_of_source[r] * b.years + t,
        (r, t),
        lambda r, t: (e.sources[r].name, e.sources[r].mineral, e.years[t]),
        most=e.usable[r, t],
    )
    b.enter(rows[inverse], b.flow[at], 1.0)


def lanes(b: Builder) -> None:
    """What a country, and what a named refiner, may ship to a member."""
    e, d = b.expanded, b.expanded.deliveries
    shape = (len(e.sources), len(e.members), len(e.years))
    of_refiner, of_country = np.full(shape, np.inf), np.full(shape, np.inf)
    for name in e.minerals:
        found = e.lanes[name]
        if found.sources:
            mine = slice(found.sources[0], found.sources[-1] + 1)
            place = [found.countries.index(e.sources[i].country) for i in found.sources]
            of_refiner[mine], of_country[mine] = found.refiner_max, found.country_max[place]
    _refiner_lanes(b, of_refiner[d.source, d.member, d.year])
    most = of_country[d.source, d.member, d.year]
    at = np.flatnonzero(np.isfinite(most))
    country = integers([b.names.number(s.country) for s in e.sources])
    (c, m, j, t), inverse = grouped(
        country[d.source[at]] if len(at) else at, d.mineral[at], d.member[at], d.year[at]
    )
    limits = np.zeros(len(c))
    limits[inverse] = most[at]
    rows = b.rows(
        "country_lane_max",
        m * b.years + t,
        (c, m, j, t),
        lambda c, m, j, t: (b.names.names[c], e.minerals[m], e.members[j], e.years[t]),
        most=limits,
    )
    b.enter(rows[inverse], b.flow[at], 1.0)


def _refiner_lanes(b: Builder, most: Floats) -> None:
    e, d = b.expanded, b.expanded.deliveries
    at = np.flatnonzero(np.isfinite(most))
    (r, j, t), inverse = grouped(d.source[at], d.member[at], d.year[at])
    limits = np.zeros(len(r))
    limits[inverse] = most[at]

    def spell(r: int, j: int, t: int) -> tuple[str, str, str, str, int]:
        s = e.sources[r]
        return (s.name, s.project, s.mineral, e.members[j], e.years[t])

    cell = b.mineral_of_source[r] * b.years + t
    rows = b.rows("refiner_lane_max", cell, (r, j, t), spell, most=limits)
    b.enter(rows[inverse], b.flow[at], 1.0)


def contracts(b: Builder) -> None:
    """Minimums are taken or paid for; maximums hold."""
    e, d = b.expanded, b.expanded.deliveries
    case, spell = e.case, _signed(b)
    mineral = integers([e.mineral_at[c.mineral] for c in case.contracts])
    k, t = columns_of(list(e.minimums), 2)
    cell = mineral[k] * b.years + t if len(k) else k
    price = [contract_price(e, i, e.years[y]) for i, y in zip(k.tolist(), t.tolist(), strict=True)]
    untaken = b.columns("untaken", cell, (k, t), spell, cost=np.array(price) * b.discount[t])
    rows = b.rows("contract_minimum", cell, (k, t), spell, least=np.array([*e.minimums.values()]))
    b.enter(rows, untaken, 1.0)
    at = np.flatnonzero(d.contract != SPOT)
    place = dict(zip(e.minimums, rows.tolist(), strict=True))
    of = [
        place.get(key, -1) for key in zip(d.contract[at].tolist(), d.year[at].tolist(), strict=True)
    ]
    found = integers(of)
    b.enter(found[found >= 0], b.flow[at[found >= 0]], 1.0)
    most = np.array([np.inf if c.max is None else c.max for c in case.contracts], dtype=float)
    limited = at[np.isfinite(most[d.contract[at]])] if len(at) else at
    k, t = d.contract[limited], d.year[limited]
    rows = b.rows(
        "contract_maximum", d.mineral[limited] * b.years + t, (k, t), spell,
        most=most[k] if len(k) else 0.0,
    )  # fmt: skip
    b.enter(rows, b.flow[limited], 1.0)


def continuity(b: Builder) -> None:
    """Leaving a supplier of today costs; sales grow no faster than they can, or than was agreed."""
    e, d, case = b.expanded, b.expanded.deliveries, b.expanded.case
    price = case.settings.switching_cost
    today = [
        (e.source_of_refiner[s.refiner, s.mineral], e.member_at[s.member], s.tonnes)
        for s in case.current_supply
        if price > 0 and s.tonnes > 0
    ]
    r, j = columns_of([(r, j) for r, j, _ in today], 2)
    first = b.mineral_of_source[r] * b.years if len(r) else r

    def spell(r: int, j: int) -> tuple[str, str, str]:
        return (e.sources[r].name, e.sources[r].mineral, e.members[j])

    switched = b.columns("switched", first, (r, j), spell, cost=price)
    rows = b.rows("switching", first, (r, j), spell, least=np.array([t for *_, t in today]))
    b.enter(rows, switched, 1.0)
    place = {(r, j): row for (r, j, _), row in zip(today, rows.tolist(), strict=True)}
    if place:
        at = np.flatnonzero(d.year == 0)
        pairs = zip(d.source[at].tolist(), d.member[at].tolist(), strict=True)
        found = integers([place.get(pair, -1) for pair in pairs])
        b.enter(found[found >= 0], b.flow[at[found >= 0]], 1.0)
    _growth(b)
    _agreed(b)


def _sold(b: Builder) -> tuple[tuple[Ints, Ints], dict[tuple[int, int], Ints]]:
    """Return the (source, year) that sell, and the flow columns of each."""
    d = b.expanded.deliveries
    (r, t), inverse = grouped(d.source, d.year)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse, minlength=len(r)))
    parts = np.split(b.flow[order], ends[:-1]) if len(r) else []
    return (r, t), dict(zip(zip(r.tolist(), t.tolist(), strict=True), parts, strict=True))


def _growth(b: Builder) -> None:
    e, case = b.expanded, b.expanded.case
    growing = any(r.max_growth is not None for r in case.refiners)
    if not growing:
        return
    _, sold = _sold(b)
    found = []
    for (r, t), columns in sold.items():
        record = e.sources[r].record
        allowed = (
            growth(case, record, e.years[t], float(e.usable[r, t]))
            if isinstance(record, Refiner)
            else None
        )
        if allowed is not None:
            before = (
                sold.get((r, t - 1), columns[:0]) if allowed.before is not None else columns[:0]
            )
            found.append((r, t, allowed, columns, before))
    refiner, year = columns_of([(r, t) for r, t, *_ in found], 2)
    rows = b.rows(
        "sales_growth",
        b.mineral_of_source[refiner] * b.years + year,
        (refiner, year),
        lambda r, t: (e.sources[r].name, e.sources[r].mineral, e.years[t]),
        most=np.array([allowed.most for _, _, allowed, *_ in found]),
    )
    for row, (_, _, allowed, columns, before) in zip(rows.tolist(), found, strict=True):
        b.enter(np.full(len(columns), row), columns, 1.0)
        b.enter(np.full(len(before), row), before, -allowed.times)


def _agreed(b: Builder) -> None:
    e, d, case = b.expanded, b.expanded.deliveries, b.expanded.case
    if not case.ceilings:
        return
    place = {(s.name, s.project, s.mineral): i for i, s in enumerate(e.sources)}
    at_year = {year: t for t, year in enumerate(e.years)}
    most = np.full((len(e.sources), len(e.years)), np.inf)
    for name, project, mineral, year, tonnes in case.ceilings:
        source = place.get((name, project, mineral))
        if source is not None and year in at_year:
            most[source, at_year[year]] = tonnes
    at = np.flatnonzero(np.isfinite(most[d.source, d.year]))
    (r, when), inverse = grouped(d.source[at], d.year[at])

    def spell(r: int, t: int) -> tuple[str, str, str, int]:
        s = e.sources[r]
        return (s.name, s.project, s.mineral, e.years[t])

    cell = b.mineral_of_source[r] * b.years + when
    rows = b.rows("agreed_sales", cell, (r, when), spell, most=most[r, when])
    b.enter(rows[inverse], b.flow[at], 1.0)
