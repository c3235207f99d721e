"""Inputs: a plant's product needs another mineral, bought or supplied by members."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.program import builder, component, market
from models.program.family import Family
from models.resolve import Floats, Ints, closing_lane, needed_rows, to_plant
from models.schema import Input

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved


def _label(solved: Solved, key: Any) -> component.Label:
    """Return a plant's need of an input in words, and its cell of Inputs."""
    name, refiner, *projects, product, year = key
    project = "".join(projects)  # a joint line has no project
    source = solved.source(refiner, project, product)
    row = next(row for row in needed_rows(solved.case, source) if row.input == name)
    words = f"{name} for {product} at {project or refiner} in {year}"
    return component.Label(words, NEED.place(row, year))


def _without_input(solved: Solved, flow: Flow, _: Sequence[int]) -> Iterator[component.Obstacle]:
    """Yield that nobody can sell a source an input, or that all sellers are at a limit."""

    def is_stopped(column: int) -> bool:
        """Return whether a row without slack keeps the column from growing."""
        rows = solved.column_entries(column)
        return any(amount > 0 and solved.slack[row] <= flow.tolerance for row, amount in rows)

    for i, plant_input in enumerate(solved.expanded.plant_inputs):
        if not any(r == flow.source for r, _ratio in plant_input.needs):
            continue
        columns = solved.cached(_columns_by_plant_input).get((i, flow.year), [])
        what = plant_input.mineral
        if not columns:
            why = f"that can't get {what}: no seller of {what} can reach"
            yield component.Obstacle(f"supplier {why} it", many=f"suppliers {why} them")
        elif all(map(is_stopped, columns)):
            why = f"that can't get more {what}: all sellers of {what} are at a limit"
            yield component.Obstacle(f"supplier {why}", many=f"suppliers {why}")


def _columns_by_plant_input(solved: Solved) -> dict[tuple[int, int], list[int]]:
    """Return the columns that bring each plant input its input, by plant input and year."""
    e, by_plant_input = solved.expanded, dict[tuple[int, int], list[int]]()
    to_plants = solved.program.sold[len(e.deliveries) :]
    for ways, columns in (
        (e.input_flows, to_plants),
        (e.plant_transfers, solved.program.transferred),
    ):
        places = zip(ways.plant_input.tolist(), ways.year.tolist(), columns.tolist(), strict=True)
        for i, t, column in places:
            by_plant_input.setdefault((i, t), []).append(column)
    return by_plant_input


NEED = component.Rows(
    name="input_need",
    key=(component.INPUT, *component.PLANT_YEAR),
    index=(component.PLANT_INPUT, component.YEAR),
    meaning="A plant takes in its sales times the tonnes of input per tonne sold.",
    cell=(Input, "tonnes"),
    kind="input",
    label=_label,
    obstacles=_without_input,
    is_always_asked=True,
    obstacle_rank=3,
    through=(market.INPUT_FLOW, market.TRANSFERRED),
    divided=market.to_nobody,
)
JOINT_NEED = component.Rows(
    name="joint_input_need",
    key=(component.INPUT, component.PLANT, component.MINERAL, component.YEAR),
    index=(component.PLANT_INPUT, component.SOURCE, component.YEAR),
    meaning="A refiner takes in at least the need of each of its joint products.",
    cell=(Input, "tonnes"),
    kind="input",
    label=_label,
    through=(market.INPUT_FLOW, market.TRANSFERRED),
    divided=market.to_nobody,
)
TOTAL = component.Rows(
    name="taken_by_plants_total",
    key=(component.MINERAL, component.YEAR),
    meaning="Plants' use of an input and the need of unmet demand add up to a total.",
    kind="input base",
    label=lambda _, key: component.Label(
        f"the {key[0]} that its limits allow for one more tonne that plants take"
    ),
    through=(market.PLANT_DEMAND,),
    divided=market.to_nobody,
)


def model(f: Frame) -> None:
    r"""A plant takes in its sales times the tonnes of input per tonne sold.

    .. math:: \sum_s f_{s,p,t} + \sum_j h_{j,p,t} = ratio_p \cdot made_{p,t}                [t/yr]
    .. math:: \sum_s f_{s,p,t} + \sum_j h_{j,p,t} \ge ratio_i \cdot made_{i,t}
              \quad \text{for each joint product i of refiner p}                         [t/yr]
    .. math:: T_{m,t} = \sum_{s,p} f_{s,p,t} + \sum_{j,p} h_{j,p,t}
              + \sum_{i,j} ratio_{m,i} \, u_{i,j,t}                                        [t]

    made are all sales of p, to members (spot and contract) and to other plants. T is the part of
    the base of the coalition's share limits on an input that exceeds demand: the tonnes that plants
    take, plus the tonnes that unmet demand of each product i would have needed, through all stages.

    variables   input sold f [t], from source s to plant p; input supplied h [t], by member j;
                taken by plants T [t]
    posts       out of the member's balance h; cost headings "purchase", "tariff", "levy", "freight"
    dual        the value of one more tonne of the input to the plant; for a joint input the sum
                over its products [money/t]
    source      activity analysis with joint products, Koopmans (1951), Activity Analysis of
                Production and Allocation, ch. 3
    """
    e, flows = f.expanded, f.expanded.input_flows
    years = np.asarray(e.years)[flows.year[f.input_at]]
    for heading, price in market.charges_of(flows).items():
        f.add_cost(heading, f.input_flow, price[f.input_at], years)
    arriving: dict[tuple[int, int], list[Any]] = {}
    for flow, column in zip(f.input_at.tolist(), f.input_flow, strict=True):
        place = (int(flows.plant_input[flow]), int(flows.year[flow]))
        arriving.setdefault(place, []).append(column)
    _add_transfers(f, arriving)
    needs: dict[Any, Row] = {}
    joint: dict[Any, Row] = {}
    for i, plant_input in enumerate(e.plant_inputs):
        for r, ratio in plant_input.needs:
            for t, year in enumerate(e.years):
                sold = f.by_source_year.get((r, t), [])
                if not sold:
                    continue
                arrive = arriving.get((i, t), [])
                amounts = [1.0] * len(arrive) + [-ratio] * len(sold)
                if plant_input.is_joint:
                    key = (plant_input.mineral, plant_input.refiner, e.sources[r].mineral, year)
                    joint[key] = (0.0, [*arrive, *sold], amounts, None)
                else:
                    row = (0.0, [*arrive, *sold], amounts, 0.0)
                    needs[plant_input.mineral, *plant_input.buyer, year] = row
    f.constraints(NEED, needs)
    f.constraints(JOINT_NEED, joint)
    _add_plant_demand(f, arriving)


def _add_transfers(f: Frame, arriving: dict[tuple[int, int], list[Any]]) -> None:
    e, transfers = f.expanded, f.expanded.plant_transfers
    axes = (transfers.mineral, transfers.year, transfers.plant_input, transfers.member)
    positions = (axis.tolist() for axis in axes)
    keys = {
        (m, t, i, j): (e.minerals[m], e.members[j], *e.plant_inputs[i].buyer, e.years[t])
        for m, t, i, j in zip(*positions, strict=True)
        if (m, t) in f.cells
    }
    transferred = f.variables(market.TRANSFERRED, keys.values())
    for (m, t, i, j), key in keys.items():
        f.out(f.key(m, j, t), transferred[key])
        f.transferred[i, j, t] = transferred[key]
        arriving.setdefault((i, t), []).append(transferred[key])


def _add_plant_demand(f: Frame, arriving: dict[tuple[int, int], list[Any]]) -> None:
    """Add the part of the base of limits on each input that exceeds demand."""
    e, short = f.expanded, f.short
    cells = [(m, t) for m, t in f.cells if e.is_input(e.minerals[m])]
    plant_demand = f.variables(market.PLANT_DEMAND, [(e.minerals[m], e.years[t]) for m, t in cells])
    rows: dict[Any, Row] = {}
    for m, t in cells:
        name, year = e.minerals[m], e.years[t]
        plant_inputs = [
            i for i, plant_input in enumerate(e.plant_inputs) if plant_input.mineral == name
        ]
        columns = [column for i in plant_inputs for column in arriving.get((i, t), [])]
        amounts = [1.0] * len(columns)
        for product, ratio in e.unmet_ratios.get(name, {}).items():
            unmet = [short[key] for j in e.members if (key := (product, j, year)) in short]
            columns += unmet
            amounts += [ratio] * len(unmet)
        total = plant_demand[name, year]
        f.plant_demand[m, t] = total
        rows[name, year] = (0.0, [*columns, total], [*amounts, -1.0], 0.0)
    f.constraints(TOTAL, rows)


def arrays(b: builder.Builder) -> None:
    """Add the columns and rows of ``model`` as arrays.

    ``arriving`` has the plant input, the year and the column of everything that brings a plant an
    input: first what it buys, then what members pass on.
    """
    e, flows, transfers = b.expanded, b.expanded.input_flows, b.expanded.plant_transfers
    b.transferred = b.add_columns(
        market.TRANSFERRED, (transfers.plant_input, transfers.member, transfers.year)
    )
    balance = (transfers.mineral, transfers.member, transfers.year)
    b.post(balance, b.transferred, market.TRANSFERRED.balance)
    to_plants = b.sold[len(e.deliveries) :]  # the columns of sales are those to members first
    arriving = (
        np.concatenate([flows.plant_input, transfers.plant_input]),
        np.concatenate([flows.year, transfers.year]),
        np.concatenate([to_plants, b.transferred]),
    )
    sells = np.zeros((len(e.sources), b.years), dtype=bool)  # by (source, year)
    sells[e.sales.source, e.sales.year] = True
    _add_needs(b, sells, arriving, is_joint=False)
    _add_needs(b, sells, arriving, is_joint=True)
    _add_plant_demand_arrays(b, arriving)


def _add_needs(
    b: builder.Builder, sells: Any, arriving: tuple[Ints, Ints, Ints], *, is_joint: bool
) -> None:
    """Add a row for each plant input, source that needs it, and year in which that source sells."""
    e = b.expanded
    needs = [
        (i, r, t, ratio)
        for i, plant_input in enumerate(e.plant_inputs)
        if plant_input.is_joint == is_joint
        for r, ratio in plant_input.needs
        for t in np.flatnonzero(sells[r]).tolist()
    ]
    # one entry a row: what comes in there, and ``ratio`` times what the source sells
    plant_input, source, year = builder.key_arrays([(i, r, t) for i, r, t, _ in needs], 3)
    if is_joint:
        rows = b.add_rows(JOINT_NEED, (plant_input, source, year), least=0.0)
    else:
        # one source needs an input that isn't joint, so the key is unique without it
        rows = b.add_rows(NEED, (plant_input, year), least=0.0, most=0.0)
    if needs:
        ratios = np.array([-ratio for *_, ratio in needs])
        _enter(b, arriving, (plant_input, year, rows), np.ones(len(needs)))
        _enter(b, (e.sales.source, e.sales.year, b.sold), (source, year, rows), ratios)


def _enter(
    b: builder.Builder,
    columns: tuple[Ints, Ints, Ints],
    rows: tuple[Ints, Ints, Ints],
    amounts: Floats,
) -> None:
    """Add columns to rows of the same place, a plant input or source, and year, with their amounts.

    ``columns`` has the place, the year and the column of each; ``rows`` likewise, with the rows.
    ``amounts`` has one coefficient a row.
    """
    # place and year as one number
    of_column, of_row = (place * b.years + year for place, year, _ in (columns, rows))
    order = np.argsort(of_row, kind="stable")  # the rows, sorted by place and year
    # [column]: it enters ``count`` rows, which are neighbours in ``order``, from ``first`` on
    first, last = (
        np.searchsorted(of_row[order], of_column, side=side) for side in ("left", "right")
    )
    count = last - first
    # [column and row that it enters]
    column, row = np.repeat(columns[2], count), order[builder.positions_in_ranges(first, count)]
    b.add_entries(rows[2][row], column, amounts[row])


def _add_plant_demand_arrays(b: builder.Builder, arriving: tuple[Ints, Ints, Ints]) -> None:
    """Add the part of the base of limits on each input that exceeds demand, by mineral and year."""
    e, (plant_input, year, column) = b.expanded, arriving
    minerals = [m for m, name in enumerate(e.minerals) if e.is_input(name)]
    # [input's mineral and year]: its key, column and row
    cells = builder.key_arrays([(m, t) for m in minerals for t in range(b.years)], 2)
    totals = b.add_columns(market.PLANT_DEMAND, cells)
    rows = b.add_rows(TOTAL, cells, least=0.0, most=0.0)
    b.plant_demand = np.full((len(e.minerals), b.years), -1, dtype=np.int64)
    b.plant_demand[cells] = totals
    b.add_entries(rows, totals, -1.0)
    row_of = np.full((len(e.minerals), b.years), -1, dtype=np.int64)  # by (mineral, year)
    row_of[cells] = rows
    b.add_entries(row_of[b.mineral_of[component.PLANT_INPUT][plant_input], year], column, 1.0)
    short_mineral, _, short_year, short = b.short  # [shortage]: mineral, year and column
    for input_mineral, product, ratio in e.unmet_pairs:
        unmet = np.flatnonzero(short_mineral == product)
        b.add_entries(row_of[input_mineral, short_year[unmet]], short[unmet], ratio)


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    if all(row.open is not False for row in cells.case.input_lanes):
        return
    for i, plant_input in enumerate(cells.e.plant_inputs):
        for r, (t, year) in itertools.product(
            cells.e.of_mineral[plant_input.mineral], enumerate(cells.e.years)
        ):
            source = cells.e.sources[r]
            row = closing_lane(cells.e, source, plant_input, year)
            if row is None:
                continue
            seller = row.refiner or row.company or cells.case.country_name(row.country)
            land = cells.case.country_name(row.to_country) or "every country"
            buyer = row.to_plant or f"plants in {land}"
            what = f"row {row.row}: lanes from {seller or 'every country'} to {buyer}"
            cell = cells.add_cell(row, "open", year, what=what, unit=component.OPEN, was=0.0)
            if cell is not None:
                cell.lanes.append((r, to_plant(i), t))


def _joins(case: Case) -> Iterable[tuple[str, ...]]:
    """A product and its inputs are planned together."""
    return ((row.mineral, row.input) for row in case.needed_inputs)


FAMILY = Family(
    model,
    arrays,
    joins=_joins,
    relaxation=component.Relaxation(_relaxable_cells, ("input_lanes", ("open",)), rank=3),
)
