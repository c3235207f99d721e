"""The account of what reaches beyond one year or stage: stocks, projects and ore."""

from __future__ import annotations

import numpy as np

from models.account.builder import FRACTION, MONEY, Builder, columns_of, grouped, integers
from models.case import in_force
from models.expand import (
    Bools,
    Floats,
    Ints,
    budget_year,
    capital_charge,
    mine_capacity,
    start_years,
    starts,
    stock_room,
    stock_target,
    target_penalty,
)
from models.schema import Project


def stocks(b: Builder) -> None:
    """Reserves, their room, and what their targets lack."""
    e, case = b.expanded, b.expanded.case
    keys = [
        (e.mineral_at[m], e.member_at[j], t) for m, j in case.stockpile_of for t in range(b.years)
    ]
    piles = [case.stockpile_of[e.minerals[m], e.members[j]] for m, j, _ in keys]
    room = {(p.mineral, p.member): stock_room(case, p) for p in case.stockpiles}
    m, j, t = columns_of(keys, 3)

    def spell(m: int, j: int, t: int) -> tuple[str, str, int]:
        return (e.minerals[m], e.members[j], e.years[t])

    columns = b.columns(
        "stock",
        m * b.years + t,
        (m, j, t),
        spell,
        cost=np.array([p.holding_cost for p in piles]) * b.discount[t],
        upper=np.array([room[p.mineral, p.member] for p in piles]),
    )
    b.stock = dict(zip(keys, columns.tolist(), strict=True))
    target = np.array(
        [stock_target(case, p, e.years[k[2]]) for p, k in zip(piles, keys, strict=True)]
    )
    penalty = np.array(
        [target_penalty(case, p, e.years[k[2]]) for p, k in zip(piles, keys, strict=True)]
    )
    wanted = np.flatnonzero(target > 0)
    key = (m[wanted], j[wanted], t[wanted])
    cell = key[0] * b.years + key[2]
    lacking = b.columns(
        "stock_shortfall", cell, key, spell,
        cost=penalty[wanted] * b.discount[key[2]] if len(wanted) else 0.0,
    )  # fmt: skip
    rows = b.rows("stock_target", cell, key, spell, least=target[wanted] if len(wanted) else 0.0)
    b.enter(rows, columns[wanted], 1.0)
    b.enter(rows, lacking, 1.0)


def projects(b: Builder) -> None:
    """Fractions built, once each, within capacity and budget."""
    e, case = b.expanded, b.expanded.case
    at_year = {year: t for t, year in enumerate(e.years)}
    builds = [
        (p, project, at_year[year])
        for p, project in enumerate(case.projects)
        for year in start_years(project, e.years)
    ]
    p, t = columns_of([(p, t) for p, _, t in builds], 2)
    mineral = integers([e.mineral_at[q.mineral] for q in case.projects])
    first = mineral[p] * b.years if len(p) else p
    worth = [
        sum(b.discount[s] for s, y in enumerate(e.years) if e.years[t] <= y < e.years[t] + q.life)
        for _, q, t in builds
    ]
    cost = [capital_charge(case, q) * w for (_, q, _), w in zip(builds, worth, strict=True)]
    columns = b.columns(
        "built",
        first,
        (p, t),
        lambda p, t: (case.projects[p].name, e.years[t]),
        cost=np.array(cost),
        lower=np.array([float(q.built_in is not None) for _, q, _ in builds]),
        upper=1.0,
        whole=case.settings.whole_projects,
        unit=FRACTION,
    )
    b.built = {(q, t): c for (q, _, t), c in zip(builds, columns.tolist(), strict=True)}
    (once,), inverse = grouped(p)
    rows = b.rows(
        "project_once",
        mineral[once] * b.years if len(once) else once,
        (once,),
        lambda p: case.projects[p].name,
        most=1.0,
        unit=FRACTION,
        year=np.zeros(len(once), dtype=np.int64),
    )
    b.enter(rows[inverse], columns, 1.0)
    _running(b)
    _budget(b, builds, first)


def _running(b: Builder) -> None:
    e, d = b.expanded, b.expanded.deliveries
    place = {project.name: p for p, project in enumerate(e.case.projects)}
    at_year = {year: t for t, year in enumerate(e.years)}
    planned = np.array([bool(s.project) for s in e.sources], dtype=bool)
    at = np.flatnonzero(planned[d.source]) if len(planned) else np.zeros(0, dtype=np.int64)
    (r, t), inverse = grouped(d.source[at], d.year[at])

    def spell(r: int, t: int) -> tuple[str, str, str, int]:
        s = e.sources[r]
        return (s.name, s.project, s.mineral, e.years[t])

    cell = b.mineral_of_source[r] * b.years + t
    rows = b.rows("project_capacity", cell, (r, t), spell, most=0.0)
    b.enter(rows[inverse], b.flow[at], 1.0)
    entered: list[tuple[int, int, float]] = []
    for row, i, year in zip(rows.tolist(), r.tolist(), t.tolist(), strict=True):
        source = e.sources[i]
        if isinstance(source.record, Project):
            begun = starts(source.record, e.years, e.years[year])
            built = [b.built[place[source.project], at_year[y]] for y in begun]
            entered += [(row, column, -float(e.nameplate[i, year])) for column in built]
    running, columns = columns_of([(row, column) for row, column, _ in entered], 2)
    b.enter(running, columns, np.array([value for *_, value in entered]))


def _budget(b: Builder, builds: list[tuple[int, Project, int]], first: np.ndarray) -> None:
    e, case = b.expanded, b.expanded.case
    limits = {row.year: row.capex for row in case.budget}
    spent: dict[int, list[int]] = {}
    for i, (_, project, t) in enumerate(builds):
        year = budget_year(project, e.years[t], e.years)
        if year in limits and project.built_in is None and project.capex > 0:
            spent.setdefault(year, []).append(i)
    years = integers(sorted(spent))
    rows = b.rows(
        "budget",
        integers([int(first[spent[y][0]]) for y in years.tolist()]),
        (years,),
        lambda year: year,
        most=np.array([limits[y] for y in years.tolist()]),
        unit=MONEY,
        year=years,
    )
    at = list(b.built.values())
    for row, year in zip(rows.tolist(), years.tolist(), strict=True):
        paid = spent[year]
        capex = np.array([builds[i][1].capex for i in paid])
        b.enter(np.full(len(paid), row), integers([at[i] for i in paid]), capex)


def ore(b: Builder) -> None:
    """Refiners that need ore get it from mines, within what each can give."""
    e, d, case = b.expanded, b.expanded.deliveries, b.expanded.case
    mined = {m.mineral for m in case.mines}
    needs = np.array([s.needs_ore and s.mineral in mined for s in e.sources], dtype=bool)
    at = np.flatnonzero(needs[d.source]) if len(needs) else np.zeros(0, dtype=np.int64)
    (r, t), inverse = grouped(d.source[at], d.year[at])
    capacity = np.array([[mine_capacity(m, y) for y in e.years] for m in case.mines])
    capacity = capacity.reshape(len(case.mines), b.years)
    price, is_open = _ore_lanes(b)
    found: list[tuple[Ints, Ints]] = []
    for i, from_mine in enumerate(case.mines):
        mineral = e.mineral_at[from_mine.mineral]
        mine = np.flatnonzero(b.mineral_of_source[r] == mineral) if len(r) else r
        mine = mine[(capacity[i, t[mine]] > 0) & is_open[i, r[mine], t[mine]]]
        found.append((np.full(len(mine), i), mine))
    n = np.concatenate([integers([]), *(f[0] for f in found)])
    balances = np.concatenate([integers([]), *(f[1] for f in found)])
    refiner, year = r[balances], t[balances]

    def spell(n: int, r: int, t: int) -> tuple[str, str, str, str, int]:
        s = e.sources[r]
        return (case.mines[n].country, s.name, s.project, s.mineral, e.years[t])

    cell = b.mineral_of_source[refiner] * b.years + year if len(n) else n
    cost = price[n, refiner, year] * b.discount[year] if len(n) else 0.0
    columns = b.columns("ore", cell, (n, refiner, year), spell, cost=cost)
    b.mined = (n, year, columns)
    recovery = np.array([s.recovery for s in e.sources])
    rows = b.rows(
        "ore_balance",
        b.mineral_of_source[r] * b.years + t if len(r) else r,
        (r, t),
        lambda r, t: spell(0, r, t)[1:],
        least=0.0,
        most=0.0,
    )
    b.enter(rows[balances], columns, 1.0)
    b.enter(rows[inverse], b.flow[at], -1.0 / recovery[d.source[at]] if len(at) else 0.0)
    _mines(b, capacity)


def _ore_lanes(b: Builder) -> tuple[Floats, Bools]:
    """Return what ore costs beside the refiner's cost [money/t contained], and whether it may flow.

    Both by (mine, source, year); rows of Ore lanes apply top to bottom.
    """
    e, case = b.expanded, b.expanded.case
    shape = (len(case.mines), len(e.sources), b.years)
    freight, is_open = np.zeros(shape), np.ones(shape, dtype=bool)
    countries = np.array([s.country for s in e.sources], dtype=object)
    for row in case.ore_lanes:
        mines = [
            n
            for n, mine in enumerate(case.mines)
            if row.mineral in {"", mine.mineral} and row.mine_country in {"", mine.country}
        ]
        at = np.flatnonzero((countries == row.refiner_country) | (row.refiner_country == ""))
        years = np.flatnonzero([in_force(row, y) for y in e.years])
        where = np.ix_(integers(mines), at, years)
        if row.freight is not None:
            freight[where] = row.freight
        if row.open is not None:
            is_open[where] = row.open
    premium = np.array([mine.premium for mine in case.mines])
    return freight + premium[:, None, None], is_open


def _mines(b: Builder, capacity: Floats) -> None:
    """A country mines no more than it can [t contained], by (mine, year)."""
    e, case = b.expanded, b.expanded.case
    mine, year, columns = b.mined
    (n, t), inverse = grouped(mine, year)
    mineral = integers([e.mineral_at[m.mineral] for m in case.mines])
    rows = b.rows(
        "mine_capacity",
        mineral[n] * b.years + t if len(n) else n,
        (n, t),
        lambda n, t: (case.mines[n].country, case.mines[n].mineral, e.years[t]),
        most=capacity[n, t] if len(n) else 0.0,
    )
    b.enter(rows[inverse], columns, 1.0)
