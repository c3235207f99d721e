"""Ore: a refiner's sales need ore, and mines have a capacity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case, in_force
from models.program import builder, component, market
from models.program.family import Family
from models.resolve import Bools, Expanded, Floats, mine_capacity, ore_lane
from models.schema import Mine

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved

PREMIUM, FREIGHT = component.CostHeading("ore premium"), component.CostHeading("ore freight")


def _terms(plan: Solved, key: Any, _: int, times: float) -> list[component.PriceTerm]:
    country, refiner, project, mineral, year = key
    worth, where = times * plan.case.discount(year), plan.case.country_name(country)
    mine = _mine(plan.case, country, mineral)
    plant = plan.source(refiner, project, mineral)
    freight, _open = ore_lane(plan.case, mineral, country, plant.country, year)
    words = f"premium of ore from {where}"
    return [
        component.PriceTerm("ore premium", words, worth * mine.premium, ORE.place(mine, year)),
        component.PriceTerm("ore freight", f"freight of ore from {where}", worth * freight),
    ]


def _mine(case: Case, country: str, mineral: str) -> Mine:
    return next(n for n in case.mines if (n.country, n.mineral) == (country, mineral))


def _move(plan: Solved, key: Any, _: str) -> tuple[str, str]:
    country, refiner, project, mineral, year = key
    who, where = plan.supplier_words(refiner, project, mineral), plan.case.country_name(country)
    return f"ore from {where} to {who}, {year}", f"ore from {where}, {year}"


def _mine_label(plan: Solved, key: Any) -> component.Label:
    country, mineral, year = key
    place = CAPACITY.place(_mine(plan.case, country, mineral), year)
    return component.Label(f"mines of {plan.case.country_name(country)}", place)


def _without_ore(plan: Solved, flow: Flow, at: Sequence[int]) -> Iterator[component.Obstacle]:
    for row in at:
        mines = plan.cached(_mines_by_row)[row]
        if not mines:
            many = "suppliers without ore: no mine with an open lane ships any to them"
            yield component.Obstacle(many.replace("suppliers", "supplier", 1), many=many)
        elif all(plan.slack[mine] <= flow.tolerance for mine, *_ in mines):
            many = "suppliers without more ore: the mines that can ship to them are used up"
            named = tuple((name, size) for _, name, size in mines)
            yield component.Obstacle(
                many.replace("suppliers", "supplier", 1), many=many, named=named
            )


def _mines_by_row(plan: Solved) -> dict[int, list[tuple[int, str, float]]]:
    """Return the mines that ship ore to each source: row of their capacity, country, capacity."""
    case, e, rows = plan.case, plan.expanded, plan.program.rows
    mine, year = np.full((2, len(rows.cost)), -1, dtype=np.int64)
    ((ore,), (balance,), (limit,)) = map(plan.program.groups, (ORE, BALANCE, CAPACITY))
    mine[ore.at], _, year[ore.at] = ore.index
    found: dict[int, list[tuple[int, str, float]]] = {row: [] for row in balance.at.tolist()}
    of_mine: dict[tuple[int, int], tuple[int, str, float]] = {}
    for row, n, t in zip(limit.at.tolist(), *map(list, limit.index), strict=True):
        size = mine_capacity(case.mines[n], e.years[t])
        of_mine[n, t] = (row, case.country_name(case.mines[n].country), size)
    of_row, n_of, t_of = rows.entry_rows(), mine[rows.columns], year[rows.columns]
    arrives = np.flatnonzero((n_of >= 0) & np.isin(of_row, builder.integers(list(found))))
    for at in arrives.tolist():
        found[int(of_row[at])].append(of_mine[int(n_of[at]), int(t_of[at])])
    return found


ORE = component.Columns(
    name="ore",
    key=(component.COUNTRY, *component.SOURCE_YEAR),
    index=(component.MINE, component.SOURCE, component.YEAR),
    meaning="Ore that a country's mines ship to a refiner or project [t contained].",
    cell=(Mine, "premium"),
    headings=(PREMIUM, FREIGHT),
    is_move=False,
    move=_move,
    terms=_terms,
    spent=("ore premium", "ore freight"),
    decided=component.year_of_key,
    is_first_stage=False,
    decision=component.NOT_LISTED,
)
BALANCE = component.Rows(
    name="ore_balance",
    key=component.SOURCE_YEAR,
    meaning="A refiner that needs ore takes in its sales divided by its recovery.",
    kind="ore",
    label=lambda plan, key: component.Label(f"ore at {plan.supplier_words(*key[:3])}"),
    obstacles=_without_ore,
    obstacle_rank=3,
    through=(ORE,),
    divided=market.to_nobody,
)
CAPACITY = component.Rows(
    name="mine_capacity",
    key=(component.COUNTRY, component.MINERAL, component.YEAR),
    index=(component.MINE, component.YEAR),
    meaning="Ore from a country's mines is at most their capacity.",
    cell=(Mine, "capacity"),
    kind="mine",
    label=_mine_label,
    bears_on=component.key_matches,
    relaxable="mines",
    divided=market.by_right,
)


def model(f: Frame) -> None:
    r"""A refiner that needs ore takes in its sales divided by its recovery.

    .. math:: \sum_n z_{n,r,m,t} = \frac{1}{recovery_r} \sum_j (x + y)_{r,m,j,t}, \qquad
              \sum_r z_{n,r,m,t} \le capacity_{n,m,t}                        [t contained/yr]

    Minerals without mines have no ore stage.

    variables   ore z from mine country n to source r [t contained], where the ore lane is open
    posts       cost headings "ore premium" and "ore freight"
    dual        of the ore balance: the value of a tonne of ore at the refiner; of the mine: the
                saving of one more tonne of mine capacity [money/t contained]
    source      two-stage transshipment, Orden (1956), Management Science 2(3)
    """
    e, case = f.expanded, f.case
    mined = {m.mineral for m in case.mines}
    flows: dict[tuple[str, str, str, str, int], tuple[float, float]] = {}
    balance: dict[tuple[str, str, str, int], tuple[list[Any], float]] = {}
    of_mine: dict[tuple[str, str, int], float] = {}
    lane = cache(partial(ore_lane, case))  # refiners of one country share their lanes
    for (r, t), columns in f.by_source_year.items():
        source, year = e.sources[r], e.years[t]
        if not source.needs_ore or source.mineral not in mined:
            continue
        balance[*source.key, year] = (columns, source.recovery)
        for mine in case.mines:
            capacity = mine_capacity(mine, year) if mine.mineral == source.mineral else 0.0
            if capacity <= 0:
                continue
            freight, is_open = lane(source.mineral, mine.country, source.country, year)
            if is_open:
                key = (mine.country, *source.key, year)
                flows[key] = (mine.premium, freight)
                of_mine[mine.country, source.mineral, year] = capacity
    ore = f.variables(ORE, flows)
    arriving: dict[tuple[str, str, str, int], list[Any]] = {}
    for key in flows:
        country, name, project, mineral, year = key
        f.ore_of.setdefault((country, mineral, year), []).append(ore[key])
        arriving.setdefault((name, project, mineral, year), []).append(ore[key])
    rows: dict[Any, Row] = {}
    for balanced, (columns, recovery) in balance.items():
        arrive = arriving.get(balanced, [])
        amounts = [1.0] * len(arrive) + [-1.0 / recovery] * len(columns)
        rows[balanced] = (0.0, [*arrive, *columns], amounts, 0.0)
    f.constraints(BALANCE, rows)
    f.constraints(CAPACITY, {k: (None, f.ore_of[k], None, most) for k, most in of_mine.items()})
    every, years = [ore[key] for key in flows], [key[4] for key in flows]
    f.add_cost(PREMIUM, every, [premium for premium, _ in flows.values()], years)
    f.add_cost(FREIGHT, every, [freight for _, freight in flows.values()], years)


def arrays(b: builder.Builder) -> None:
    e, d, case = b.expanded, b.expanded.sales, b.expanded.case
    mined = {m.mineral for m in case.mines}
    needs = np.array([s.needs_ore and s.mineral in mined for s in e.sources], dtype=bool)
    at = np.flatnonzero(needs[d.source])
    rows, (r, t), inverse = b.rows_by_key(BALANCE, at, least=0.0, most=0.0)
    capacity = e.mine_capacity
    freight, is_open = _ore_lanes(b)
    serves = b.mineral_of[component.MINE][:, None] == b.mineral_of[component.SOURCE][r]
    # by mine and balance: the mine's number, and the balances that it serves
    n, balances = np.nonzero(serves & (capacity[:, t] > 0) & is_open[:, r, t])
    split = {
        PREMIUM: np.array([mine.premium for mine in case.mines], dtype=float)[n],
        FREIGHT: freight[n, r[balances], t[balances]],
    }
    price = split[FREIGHT] + split[PREMIUM]
    columns = b.add_columns(ORE, (n, r[balances], t[balances]), price=price, charges=split)
    b.mined = (n, t[balances], columns)
    recovery = np.array([s.recovery for s in e.sources], dtype=float)
    b.add_entries(rows[balances], columns, 1.0)
    b.add_entries(rows[inverse], b.sold[at], -1.0 / recovery[d.source[at]])
    (n, t), inverse = builder.unique_keys(*b.mined[:2])
    rows = b.add_rows(CAPACITY, (n, t), most=capacity[n, t])
    b.add_entries(rows[inverse], columns, 1.0)


def _ore_lanes(b: builder.Builder) -> tuple[Floats, Bools]:
    """Return freight [money/t contained] and whether ore may flow, by (mine, source, year).

    Rows of Ore lanes apply top to bottom.
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
        where = np.ix_(builder.integers(mines), at, years)
        if row.freight is not None:
            freight[where] = row.freight
        if row.open is not None:
            is_open[where] = row.open
    return freight, is_open


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    for n in cells.case.mines:
        running = [y for y in cells.case.years if in_force(n, y)]
        for year, was in cells.values_in_force(n.capacity, running):
            cells.add_cell(
                n, "capacity", year, what=f"mines of {cells.case.country_name(n.country)}",
                unit="t/yr", was=was, loosens=(CAPACITY, (n.country, n.mineral, year)),
            )  # fmt: skip


def _right(e: Expanded) -> Iterator[tuple[component.Rows, Any, float]]:
    for mine in e.case.mines:
        for year in e.years:
            yield CAPACITY, (mine.country, mine.mineral, year), mine_capacity(mine, year)


FAMILY = Family(
    model,
    arrays,
    relaxation=component.Relaxation(_relaxable_cells, ("mines", ("capacity",)), _right, rank=2),
)
