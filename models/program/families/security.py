"""Security: if any one country is lost, enough supply is left, or a penalty is paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models import measures, resolve, schema
from models.program import component, market
from models.program.builder import Builder, integers, key_arrays, unique_keys
from models.program.family import Family
from models.resolve import Cell, Expanded, Floats, Ints

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Solved

SECURITY_PENALTY = component.CostHeading("security", is_penalty=True, rank=2)


def _requirement_of(plan: Solved, key: Any) -> resolve.Survival:
    return plan.cached(_all_asked)[key]


def _all_asked(plan: Solved) -> dict[Any, resolve.Survival]:
    return {found.key: found for found in security_requirements(plan.expanded)}


def _label(plan: Solved, key: Any) -> component.Label:
    found = _requirement_of(plan, key)
    who, least = plan.case.country_name(found.country), (1.0 - found.most_short) * 100
    what = f"the supply required if {who} is lost ({least:.4g} % of demand)"
    return component.Label(what, SURVIVAL.place(found.record, found.year), unit="point")


def _step(plan: Solved, key: Any, at: int) -> tuple[float, component.LimitStep]:
    """Return the supply required, and one point of demand: the cell says how much may be short.

    For an input, demand includes what plants outside the country take.
    """
    found = _requirement_of(plan, key)
    countries = {
        (i.mineral, i.refiner, i.project, i.product): i.country for i in plan.expanded.plant_inputs
    }
    entries: list[tuple[int, float]] = []
    for column, _ in plan.row_entries(at) if found.is_input else ():
        name, where = plan.column_key(column)
        if name is market.PLANT_DEMAND:
            entries.append((column, -measures.POINT))
        is_plant_use = name in {market.INPUT_FLOW, market.TRANSFERRED}
        if is_plant_use and countries[found.mineral, *where[-4:-1]] == found.country:
            entries.append((column, measures.POINT))
    right = measures.POINT * found.demand
    return 1.0 - found.most_short, component.LimitStep(at, right, tuple(entries))


def _slope(plan: Solved, key: Any, where: component.Where) -> float:
    found, (mineral, _, year) = _requirement_of(plan, key), where
    return 1.0 - found.most_short if (found.mineral, found.year) == (mineral, year) else 0.0


def _move(plan: Solved, key: Any, _: str) -> tuple[str, str]:
    _, _, country, year = key
    words = f"missing if {plan.case.country_name(country)} is lost, {year}"
    return words, words


def _mined_by_right(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Divide the capacity of all mines of a mineral by the rights to each."""
    e, found = owners.expanded, np.zeros((len(limit), len(owners.expanded.members)))
    for n, mine in enumerate(e.case.mines):
        rows = np.flatnonzero(at[component.MINERAL] == e.mineral_at[mine.mineral])
        years = at[component.YEAR][rows]
        capacity = np.array([resolve.mine_capacity(mine, e.years[t]) for t in years.tolist()])
        found[rows] += capacity[:, None] * owners.rights.mines[n, years]
    return found


def _least_by_member(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Divide the supply required: shares of demand, minus each member's opening stocks.

    Only stocks that count are subtracted. A member may have more stock than it needs. If all do, no
    supply is required, and the parts add up to less than 0, which requires nothing either.
    """
    del limit
    e, security = owners.expanded, owners.expanded.case.security
    opening = np.zeros((len(e.minerals), len(e.members)))
    for stockpile in e.case.stockpiles:
        opening[e.mineral_at[stockpile.mineral], e.member_at[stockpile.member]] = stockpile.opening
    counts = (security[i].count_stocks and t == 0 for i, t in _security_rows(at))
    counting = np.array([float(of_row) for of_row in counts])
    return np.asarray(to_be_served(owners, at) - counting[:, None] * opening[at[component.MINERAL]])


def to_be_served(owners: component.Owners, at: component.At) -> Floats:
    """Return the part of each member's demand that must be served if a country is lost [t]."""
    e, security = owners.expanded, owners.expanded.case.security
    short = [security[i].max_short.value(e.years[t]) for i, t in _security_rows(at)]
    return np.asarray(
        (1.0 - np.array(short))[:, None] * e.demand[at[component.MINERAL], :, at[component.YEAR]]
    )


def _security_rows(at: component.At) -> Iterator[tuple[int, int]]:
    return zip(at[component.SECURITY].tolist(), at[component.YEAR].tolist(), strict=True)


RESERVE = component.Columns(
    name="reserve",
    key=component.SOURCE_YEAR,
    meaning="How much more a supplier could sell if a country is lost.",
    is_move=False,
    move="reserve",
    gives_way=True,
)
SUPPLY = component.Columns(
    name="supply",
    key=(component.MINERAL, component.YEAR),
    meaning="All sales of suppliers, and their possible extra sales.",
    is_move=False,
    move="supply",
)
MISSING = component.Columns(
    name="missing_if_lost",
    key=(component.SECURITY, component.MINERAL, component.COUNTRY, component.YEAR),
    meaning="How far supply is below the supply required if a country is lost.",
    cell=(schema.SecurityTarget, "penalty"),
    headings=(SECURITY_PENALTY,),
    move=_move,
)
SURGE = component.Rows(
    name="surge",
    key=component.SOURCE_YEAR,
    meaning="A supplier's extra sales are at most a share (Surge) of its usable capacity.",
    cell=(schema.Settings, "surge"),
    kind="surge",
    label=lambda plan, key: component.Label(f"the extra sales of {plan.supplier_words(*key[:3])}"),
    divided=market.by_right,
)
ORE = component.Rows(
    name="surge_ore",
    key=(component.MINERAL, component.YEAR),
    meaning="Mines can supply the ore for actual and possible extra sales.",
    cell=(schema.Mine, "capacity"),
    kind="surge",
    label=lambda _, key: component.Label(f"the mines of {key[0]} in all"),
    divided=_mined_by_right,
)
TOTAL = component.Rows(
    name="supply_total",
    key=(component.MINERAL, component.YEAR),
    meaning="Total supply is the sum of suppliers' sales and possible extra sales.",
    kind="supply",
    label=lambda _, key: component.Label(f"the supply of {key[0]} if a country is lost"),
    through=(SUPPLY,),
    divided=market.to_nobody,
)
SURVIVAL = component.Rows(
    name="survival",
    key=(component.SECURITY, component.MINERAL, component.COUNTRY, component.YEAR),
    meaning="If a country is lost, at most Max short is missing, or a penalty is paid.",
    cell=(schema.SecurityTarget, "max_short"),
    kind="security",
    label=_label,
    bears_on=component.key_matches,
    relaxable=component.NOT_RELAXABLE,
    step=_step,
    slope=_slope,
    divided=_least_by_member,
)


def _capacities() -> list[component.Rows]:
    return [c for c in component.components() if isinstance(c, component.Rows) and c.is_capacity]


def security_requirements(e: Expanded) -> Iterator[resolve.Survival]:
    """Yield the requirements of the sheet Security, one per row, country, mineral and year."""
    for m, t in np.ndindex(len(e.minerals), len(e.years)):
        yield from resolve.survivals(e, m, t)


def model(f: Frame) -> None:
    r"""Supply without a lost country must serve demand, except for the shortage allowed.

    .. math:: g_{r,t} \le surge \cdot usable_{r,t}, \qquad
              \sum_j (x + y)_{r,m,j,t} + g_{r,t} \le usable_{r,t}                        [t/yr]
    .. math:: \sum_r \frac{1}{recovery_r} \Bigl( \sum_j (x + y)_{r,m,j,t} + g_{r,t} \Bigr)
              \le \sum_n capacity_{n,m,t}                                      [t contained/yr]
    .. math:: q_{m,t} - \sum_{r \in k} \Bigl( \sum_j (x + y)_{r,m,j,t} + g_{r,t} \Bigr)
              + \sum_j s_{m,j,t-1} + v_{i,m,k,t}
              \ge (1 - short_{i,t}) \sum_j demand_{m,j,t}                               [t]

    q is the sum of x + y + g over all sources, and of their sales to plants. Demand for an input
    includes T minus what plants in the lost country take (see Inputs). The usable capacity of a
    project is the part that runs. The extra sales g enter the rows of refining and projects (second
    inequality). The third inequality is for sources that need ore, of minerals with mines. Stocks
    are those at the end of the year before (first year: the opening stocks), if row i of Security
    counts them. Only minerals and years of such a row have these rows. The rest of the world is
    never lost.

    variables   extra sales g that a source could make [t/yr]; q, the sum of g and all sales;
                missing v of row i if country k is lost [t]
    posts       cost heading "security" (v at the row's penalty)
    dual        of the last: the cost of requiring one more tonne [money/t]
    source      N-1 security with corrective action, Monticelli, Pereira & Granville (1987), IEEE
                Transactions on Power Systems 2(4); here the corrections are bounded by the surge
    """
    e = f.expanded
    found = {cell: [*resolve.survivals(e, *cell)] for cell in f.cells}
    selling = {cell: resolve.sellers(e, *cell) for cell, of in found.items() if of}
    reserve = _reserve(f, selling)
    could_sell = {
        (r, t): [*f.by_source_year.get((r, t), []), reserve[*e.sources[r].key, e.years[t]]]
        for (_, t), of in selling.items()
        for r in of
    }
    _add_ore_limit(f, selling, could_sell)
    supply = f.variables(SUPPLY, [_position(e, cell) for cell in selling])
    totals: dict[Any, Row] = {}
    for cell, of in selling.items():
        columns = [column for r in of for column in could_sell[r, cell[1]]]
        at = _position(e, cell)
        totals[at] = (0.0, [*columns, supply[at]], [1.0] * len(columns) + [-1.0], 0.0)
    f.constraints(TOTAL, totals)
    every = [(cell, survival) for cell, of in found.items() for survival in of]
    missing = f.variables(MISSING, [survival.key for _, survival in every])
    rows: dict[Any, Row] = {}
    for cell, survival in every:
        theirs = (r for r in selling[cell] if e.sources[r].country == survival.country)
        gone = [column for r in theirs for column in could_sell[r, cell[1]]]
        more = [
            supply[_position(e, cell)],
            *_stock_columns(f, cell, survival),
            missing[survival.key],
        ]
        amounts = [-1.0] * len(gone) + [1.0] * len(more)
        part = 1.0 - survival.most_short
        used, in_it = _plant_use(f, cell, survival.country) if part > 0 else ([], [])
        amounts += [-part] * len(used) + [part] * len(in_it)
        columns, amounts = _once([*gone, *more, *used, *in_it], amounts)
        rows[survival.key] = (survival.least, columns, amounts, None)
    f.constraints(SURVIVAL, rows)
    prices, years = ([getattr(s, name) for _, s in every] for name in ("penalty", "year"))
    f.add_cost(SECURITY_PENALTY, list(missing.values()), prices, years)


def _position(e: Expanded, cell: Cell) -> tuple[str, int]:
    return (e.minerals[cell[0]], e.years[cell[1]])


def _reserve(f: Frame, selling: Mapping[Cell, list[int]]) -> Any:
    """Add each source's extra sales: at most a share of its usable capacity."""
    e, surge = f.expanded, f.case.settings.surge
    at = {(*e.sources[r].key, e.years[t]): (r, t) for (_, t), of in selling.items() for r in of}
    reserve = f.variables(RESERVE, at)
    for of in _capacities():
        for key, row in f.pyomo_component(of).items() if at else ():
            own = tuple(of.part(key, what) for what in RESERVE.key)
            if own in at:
                f.enter(row, reserve[own])
    rows: dict[Any, Row] = {}
    for key, (r, t) in at.items():
        record, plants = e.sources[r].record, list[Any]()
        if isinstance(record, schema.Project):
            begun = resolve.running_starts(record, e.years, e.years[t])
            plants = [f.built[record.name, year] for year in begun]
        amounts = [1.0] + [-surge * float(e.nameplate[r, t])] * len(plants)
        rows[key] = (None, [reserve[key], *plants], amounts, surge * float(e.usable[r, t]))
    f.constraints(SURGE, rows)
    return reserve


def _add_ore_limit(
    f: Frame, selling: Mapping[Cell, list[int]], could_sell: Mapping[Cell, Sequence[Any]]
) -> None:
    """Add the limit on ore for actual and extra sales: the capacity of all mines."""
    e = f.expanded
    rows: dict[Any, Row] = {}
    for cell, most in _mined(e, selling).items():
        parts = [(e.sources[r], could_sell[r, cell[1]]) for r in selling[cell]]
        needing = [(source.recovery, columns) for source, columns in parts if source.needs_ore]
        columns = [column for _, of in needing for column in of]
        amounts = [1.0 / recovery for recovery, of in needing for _ in of]
        rows[_position(e, cell)] = (None, columns, amounts, most)
    f.constraints(ORE, rows)


def _mined(e: Expanded, cells: Iterable[Cell]) -> dict[Cell, float]:
    """Return the capacity of all mines [t contained/yr], for cells with a source that needs ore."""
    found: dict[Cell, float] = {}
    for m, t in cells:
        mines = [mine for mine in e.case.mines if mine.mineral == e.minerals[m]]
        if mines and any(e.sources[r].needs_ore for r in resolve.sellers(e, m, t)):
            found[m, t] = sum(resolve.mine_capacity(mine, e.years[t]) for mine in mines)
    return found


def _once(columns: Sequence[Any], amounts: Sequence[float]) -> tuple[list[Any], list[float]]:
    """Return each column once: sales to plants in the same country are there twice."""
    every = {id(column): column for column in columns}
    total = dict.fromkeys(every, 0.0)
    for column, amount in zip(columns, amounts, strict=True):
        total[id(column)] += amount
    return [*every.values()], [*total.values()]


def _plant_use(f: Frame, cell: Cell, country: str) -> tuple[list[Any], list[Any]]:
    """Return what plants take of an input, and the part that plants in a country take."""
    if cell not in f.plant_demand:
        return [], []
    e, (m, t), flows = f.expanded, cell, f.expanded.input_flows
    in_country = {
        i for i, plant_input in enumerate(e.plant_inputs)
        if plant_input.country == country and plant_input.mineral == e.minerals[m]
    }  # fmt: skip
    bought = [
        column
        for at, column in zip(f.input_at.tolist(), f.input_flow, strict=True)
        if int(flows.year[at]) == t and int(flows.plant_input[at]) in in_country
    ]
    transferred = [
        column for (i, _, when), column in f.transferred.items() if when == t and i in in_country
    ]
    return [f.plant_demand[cell]], [*bought, *transferred]


def _stock_columns(f: Frame, cell: Cell, survival: resolve.Survival) -> list[Any]:
    if cell[1] == 0 or not survival.record.count_stocks:
        return []
    before = f.expanded.years[cell[1] - 1]
    keys = ((survival.mineral, member, before) for member in f.expanded.members)
    return [f.stock[key] for key in keys if key in f.stock]


def arrays(b: Builder) -> None:
    """Add the columns and rows of ``model`` as arrays.

    A cell is a mineral and year in which a loss must be survived; ``place`` has its number, -1 for
    none. A requirement is one row of Security for one lost country, mineral and year.
    """
    e, sales = b.expanded, b.expanded.sales
    every, at_year = [*security_requirements(e)], {year: t for t, year in enumerate(e.years)}
    if not every:
        return
    number = b.names.number
    keys = [(s.row, e.mineral_at[s.mineral], number(s.country), at_year[s.year]) for s in every]
    # one entry a requirement: row of Security, mineral, number of the lost country, year
    index = security, mineral, lost, when = key_arrays(keys, 4)
    cells, _ = unique_keys(mineral, when)
    place = np.full((len(e.minerals), b.years), -1)
    place[cells] = np.arange(len(cells[0]))
    counted = np.flatnonzero(place[sales.mineral, sales.year] >= 0)  # [sale in a cell]
    # [possible extra sale: a source that can sell in a year of a cell]
    sellers, years = np.nonzero(e.can_sell & (place[b.mineral_of[component.SOURCE]] >= 0))
    reserve = _reserve_arrays(b, sellers, years)
    # one entry for each sale, then for each possible extra sale: source, year, column and cell
    source = np.concatenate([sales.source[counted], sellers])
    year = np.concatenate([sales.year[counted], years])
    column = np.concatenate([b.sold[counted], reserve])
    in_cell = place[b.mineral_of[component.SOURCE][source], year]
    _ore_arrays(b, cells, source, in_cell, column)
    # one of each for every cell
    supply, totals = b.add_columns(SUPPLY, cells), b.add_rows(TOTAL, cells, least=0.0, most=0.0)
    b.add_entries(totals, supply, -1.0)
    b.add_entries(totals[in_cell], column, 1.0)
    missing = b.add_columns(MISSING, index, price=np.array([s.penalty for s in every]))
    rows = b.add_rows(SURVIVAL, index, least=np.array([s.least for s in every]))
    b.add_entries(rows, missing, 1.0)
    b.add_entries(rows, supply[place[mineral, when]], 1.0)
    country = integers([b.names.number(s.country) for s in e.sources])  # of each source, by number
    for position in range(len(e.case.security)):
        of_record = np.flatnonzero(security == position)  # requirements of one row of Security
        row_of = np.full((len(supply), len(b.names.names)), -1)  # by (cell, lost country)
        cell_of = place[mineral[of_record], when[of_record]]
        row_of[cell_of, lost[of_record]] = rows[of_record]
        # by sale, then possible extra sale: the requirement in which it is lost with its source's
        # country; -1: none
        gone = row_of[in_cell, country[source]]
        b.add_entries(gone[gone >= 0], column[gone >= 0], -1.0)
    counts = np.array([s.record.count_stocks for s in every], dtype=bool)
    # one entry a stock at the end of a year; those of the year before count
    stock_mineral, _, stock_year, stocks = b.stock
    # for each requirement and stock: whether the stock counts
    is_counted = (mineral[:, None] == stock_mineral) & (when[:, None] == stock_year + 1)
    survival, stock = np.nonzero(is_counted & counts[:, None])
    b.add_entries(rows[survival], stocks[stock], 1.0)
    _plant_use_arrays(b, every, index, rows)


def _reserve_arrays(b: Builder, source: Ints, year: Ints) -> Ints:
    """Add the extra sales of sources in years, and their limits; return their columns.

    ``source`` and ``year`` have one entry for each possible extra sale.
    """
    e, surge = b.expanded, b.expanded.case.settings.surge
    reserve = b.add_columns(RESERVE, (source, year))
    rows = b.add_rows(SURGE, (source, year), most=surge * e.usable[source, year])
    b.add_entries(rows, reserve, 1.0)
    # [build that runs, with an extra sale of its plant]
    extra, built, size = b.running_builds(source, year)
    b.add_entries(rows[extra], built, -surge * size)
    capacity = np.full((len(e.sources), b.years), -1)  # the row, by (source, year)
    for group in b.constraints:
        if group.component in _capacities():  # their index is source and year
            capacity[group.index] = group.at
    has_capacity = capacity[source, year] >= 0  # a source that nobody needs has no row
    b.add_entries(capacity[source, year][has_capacity], reserve[has_capacity], 1.0)
    return reserve


def _ore_arrays(
    b: Builder, cells: tuple[Ints, ...], source: Ints, in_cell: Ints, column: Ints
) -> None:
    """Add the limit on ore of each cell with mines.

    ``source``, ``in_cell`` and ``column`` have one entry for each sale and possible extra sale.
    """
    e = b.expanded
    pairs = [*zip(*(part.tolist() for part in cells), strict=True)]
    most = _mined(e, pairs)  # of cells with mines, in the order of all cells
    rows = b.add_rows(ORE, key_arrays([*most], 2), most=np.array([*most.values()]))
    row_of = np.full(len(cells[0]), -1)  # by cell; -1: without mines
    row_of[[cell in most for cell in pairs]] = rows
    needs = np.array([s.needs_ore for s in e.sources], dtype=bool)[source] & (row_of[in_cell] >= 0)
    recovery = np.array([s.recovery for s in e.sources], dtype=float)  # [source]
    b.add_entries(row_of[in_cell[needs]], column[needs], 1.0 / recovery[source[needs]])


def _plant_use_arrays(
    b: Builder, every: Sequence[resolve.Survival], index: tuple[Ints, ...], rows: Ints
) -> None:
    """Add what plants take of an input to demand, minus the part of plants in a lost country."""
    e, flows, transfers = b.expanded, b.expanded.input_flows, b.expanded.plant_transfers
    _, mineral, lost, year = index  # [requirement], like ``part`` and ``plant_demand``
    part = np.array([1.0 - s.most_short for s in every])
    plant_demand = b.plant_demand[mineral, year]
    at = np.flatnonzero((plant_demand >= 0) & (part > 0))
    b.add_entries(rows[at], plant_demand[at], -part[at])
    # [plant input]: the number of the country
    country = integers([b.names.number(plant.country) for plant in e.plant_inputs])
    bought = b.sold[len(e.deliveries) :]  # [input flow]
    for ways, columns in ((flows, bought), (transfers, b.transferred)):
        # [requirement, flow]: whether the flow goes to a plant in the lost country
        is_in_lost = (mineral[:, None] == ways.mineral) & (year[:, None] == ways.year)
        is_in_lost &= (lost[:, None] == country[ways.plant_input]) & (part > 0)[:, None]
        survival, used = np.nonzero(is_in_lost)
        b.add_entries(rows[survival], columns[used], part[survival])


FAMILY = Family(model, arrays)
