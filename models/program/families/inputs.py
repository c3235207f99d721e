"""Inputs: what a plant makes of a mineral takes another one, bought or handed over."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.case import Case
from models.program import builder, component, division, market
from models.resolve import Expanded, Ints, closing_lane, needed_rows, to_plant
from models.schema import Input

if TYPE_CHECKING:
    from models.program.solved import Flow, Solved
    from models.program.sourcing import Frame, Row


def _plant(e: Expanded, i: int) -> tuple[str, str, str, str]:
    """Return the parts of a key that stand for an intake."""
    of = e.intakes[i]
    return (of.mineral, of.refiner, of.project, of.product)


def _label(of: Solved, key: Any) -> component.Label:
    name, refiner, project, product, year = key
    found = next(i for i in of.expanded.intakes if _same(i, key))
    makes = of.expanded.sources[found.needs[0][0]]
    record = next(row for row in needed_rows(of.case, makes) if row.input == name)
    made = f" for {product}" if product else ""
    where = f"{project or refiner} in {year}"
    return component.Label(f"{name}{made} at {where}", NEED.place(record, year))


def _same(intake: Any, key: Any) -> bool:
    return (intake.mineral, intake.refiner, intake.project, intake.product) == tuple(key[:4])


def _joint_label(of: Solved, key: Any) -> component.Label:
    name, refiner, product, year = key
    record = next(
        row for row in needed_rows(of.case, of.source(refiner, "", product)) if row.input == name
    )
    return component.Label(
        f"{name} for {product} at {refiner} in {year}", JOINT_NEED.place(record, year)
    )


def _without_input(of: Solved, flow: Flow, _: Sequence[int]) -> Iterator[component.Stop]:
    """Yield that nobody can sell a source an input, or that all who can are at a limit."""
    for i, intake in enumerate(of.expanded.intakes):
        if not any(r == flow.source for r, _ratio in intake.needs):
            continue
        columns = of.once(_columns_by_intake).get((i, flow.year), [])
        name = intake.mineral
        if not columns:
            many = f"suppliers to which no {name} can come"
            yield component.Stop(many.replace("suppliers", "supplier", 1), many=many)
        elif all(_is_stopped(of, column, flow.nothing) for column in columns):
            many = f"suppliers without more {name}: all who could sell it are at a limit"
            yield component.Stop(many.replace("suppliers", "supplier", 1), many=many)


def _columns_by_intake(of: Solved) -> dict[tuple[int, int], list[int]]:
    """Return the columns that bring each intake its input, by intake and year."""
    e, found = of.expanded, dict[tuple[int, int], list[int]]()
    flows, handed = e.input_flows, e.hand_overs
    columns = of.program.sold[len(e.deliveries) :]
    for i, t, column in zip(flows.intake, flows.year, columns, strict=True):
        found.setdefault((int(i), int(t)), []).append(int(column))
    for i, t, column in zip(handed.intake, handed.year, of.program.handed, strict=True):
        found.setdefault((int(i), int(t)), []).append(int(column))
    return found


def _is_stopped(of: Solved, column: int, nothing: float) -> bool:
    """Return whether a row has no room for more of what brings an input."""
    return any(amount > 0 and of.room[row] <= nothing for row, amount in of.entries(column))


NEED = component.Rows(
    name="input_need",
    key=(
        component.INPUT,
        component.PLANT,
        component.PLANT_PROJECT,
        component.PRODUCT,
        component.YEAR,
    ),
    index=(component.INTAKE, component.YEAR),
    meaning="A plant takes in what it sells, times the tonnes of input that a tonne of it needs.",
    cell=(Input, "tonnes"),
    kind="input",
    label=_label,
    stops=_without_input,
    stops_beyond=True,
    stop_rank=3,
    through=(market.INPUT_FLOW, market.HANDED),
    divided=division.nothing,
)
JOINT_NEED = component.Rows(
    name="joint_input_need",
    key=(component.INPUT, component.PLANT, component.MINERAL, component.YEAR),
    index=(component.INTAKE, component.SOURCE, component.YEAR),
    meaning="A refiner takes in at least what each of its joint products needs.",
    cell=(Input, "tonnes"),
    kind="input",
    label=_joint_label,
    through=(market.INPUT_FLOW, market.HANDED),
    divided=division.nothing,
)
TOTAL = component.Rows(
    name="taken_by_plants_total",
    key=(component.MINERAL, component.YEAR),
    meaning="What plants take, and what unmet demand would have taken, adds up.",
    kind="input base",
    label=lambda _, key: component.Label(
        f"what more {key[0]} in plants lets the limits on it take"
    ),
    through=(market.BEYOND,),
    divided=division.nothing,
)


def model(f: Frame) -> None:
    r"""A plant takes in what it sells, times the tonnes of input that a tonne of it needs.

    .. math:: \sum_s f_{s,p,t} + \sum_j h_{j,p,t} = ratio_p \cdot made_{p,t}                [t/yr]
    .. math:: \sum_s f_{s,p,t} + \sum_j h_{j,p,t} \ge ratio_i \cdot made_{i,t}
              \quad \text{for each joint product i of refiner p}                         [t/yr]
    .. math:: T_{m,t} = \sum_{s,p} f_{s,p,t} + \sum_{j,p} h_{j,p,t}
              + \sum_{i,j} ratio_{m,i} \, u_{i,j,t}                                        [t]

    made is all that p sells, to members (spot and contract) and to other plants. T is what the base
    of the coalition's share limits on an input has beyond demand: what plants take of it, and what
    the unmet demand of each product i would have taken, through all stages.

    variables   input sold f [t], from source s to plant p, in the frame; input handed over h [t],
                by member j; taken by plants T [t]
    posts       out of the member's balance h; cost headings "purchase", "tariff", "levy", "freight"
    dual        what one more tonne of the input is worth to the plant; of a joint input the sum
                over its products [money/t]
    source      activity analysis with joint products, Koopmans (1951), Activity Analysis of
                Production and Allocation, ch. 3
    """
    e, flows = f.expanded, f.expanded.input_flows
    prices = {
        market.PURCHASE: flows.cost,
        market.TARIFF: flows.cost * flows.tariff,
        market.FREIGHT: flows.freight,
        market.LEVY: flows.levy,
        market.SUPPORT: -flows.support,
    }
    years = np.asarray(e.years)[flows.year[f.input_at]]
    for heading, price in prices.items():
        f.books.cost(heading, f.input_flow, price[f.input_at], years)
    arriving: dict[tuple[int, int], list[Any]] = {}
    for at, column in zip(f.input_at.tolist(), f.input_flow, strict=True):
        place = (int(flows.intake[at]), int(flows.year[at]))
        arriving.setdefault(place, []).append(column)
    _hand_over(f, arriving)
    needs: dict[Any, Row] = {}
    joint: dict[Any, Row] = {}
    for i, intake in enumerate(e.intakes):
        for r, ratio in intake.needs:
            for t, year in enumerate(e.years):
                made = f.by_source_year.get((r, t), [])
                if not made:
                    continue
                arrive = arriving.get((i, t), [])
                amounts = [1.0] * len(arrive) + [-ratio] * len(made)
                if intake.is_joint:
                    key = (intake.mineral, intake.refiner, e.sources[r].mineral, year)
                    joint[key] = (0.0, [*arrive, *made], amounts, None)
                else:
                    needs[*_plant(e, i), year] = (0.0, [*arrive, *made], amounts, 0.0)
    f.constraints(NEED, needs)
    f.constraints(JOINT_NEED, joint)
    _base(f, arriving)


def _hand_over(f: Frame, arriving: dict[tuple[int, int], list[Any]]) -> None:
    """Add what members hand over, and let it arrive."""
    e, hand = f.expanded, f.expanded.hand_overs
    every = zip(hand.mineral, hand.year, hand.intake, hand.member, strict=True)
    places = [(m, t, i, j) for m, t, i, j in map(_whole, every) if (m, t) in f.cells]
    keys = {}
    for m, t, i, j in places:
        name, *plant = _plant(e, i)
        keys[m, t, i, j] = (name, e.members[j], *plant, e.years[t])
    handed = f.variables(market.HANDED, keys.values())
    for (m, t, i, j), key in keys.items():
        f.books.out(f.key(m, j, t), handed[key])
        f.handed[i, j, t] = handed[key]
        arriving.setdefault((i, t), []).append(handed[key])


def _whole(numbers: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(map(int, numbers))


def _base(f: Frame, arriving: dict[tuple[int, int], list[Any]]) -> None:
    """Add what the base of limits on each input has beyond demand."""
    e, short = f.expanded, f.short
    cells = [(m, t) for m, t in f.cells if e.is_input(e.minerals[m])]
    beyond = f.variables(market.BEYOND, [(e.minerals[m], e.years[t]) for m, t in cells])
    rows: dict[Any, Row] = {}
    for m, t in cells:
        name, year = e.minerals[m], e.years[t]
        columns = [
            column
            for i, intake in enumerate(e.intakes)
            if intake.mineral == name
            for column in arriving.get((i, t), [])
        ]
        amounts = [1.0] * len(columns)
        for product, ratio in e.unmet_ratios.get(name, {}).items():
            unmet = [short[key] for j in e.members if (key := (product, j, year)) in short]
            columns, amounts = [*columns, *unmet], amounts + [ratio] * len(unmet)
        total = beyond[name, year]
        f.beyond[m, t] = total
        rows[name, year] = (0.0, [*columns, total], [*amounts, -1.0], 0.0)
    f.constraints(TOTAL, rows)


def arrays(b: builder.Builder) -> None:
    """The same rows as arrays."""
    e, flows, hand = b.expanded, b.expanded.input_flows, b.expanded.hand_overs
    b.handed = b.columns(market.HANDED, (hand.intake, hand.member, hand.year))
    b.post((hand.mineral, hand.member, hand.year), b.handed, market.HANDED.balance)
    arriving = b.sold[len(e.deliveries) :]
    intake = np.concatenate([flows.intake, hand.intake])
    year = np.concatenate([flows.year, hand.year])
    column = np.concatenate([arriving, b.handed])
    sells = np.zeros((len(e.sources), b.years), dtype=bool)
    sells[e.sales.source, e.sales.year] = True
    _needs(b, sells, (intake, year, column), is_joint=False)
    _needs(b, sells, (intake, year, column), is_joint=True)
    _base_arrays(b, (intake, year, column))


def _needs(
    b: builder.Builder, sells: Any, arriving: tuple[Ints, Ints, Ints], *, is_joint: bool
) -> None:
    """Add a row for each year in which a plant sells what it needs an input for."""
    e, (intake, year, column) = b.expanded, arriving
    found = [
        (i, r, t, ratio)
        for i, of in enumerate(e.intakes)
        if of.is_joint == is_joint
        for r, ratio in of.needs
        for t in np.flatnonzero(sells[r]).tolist()
    ]
    i, r, t = builder.columns_of([(i, r, t) for i, r, t, _ in found], 3)
    if is_joint:
        rows = b.rows(JOINT_NEED, (i, r, t), least=0.0)
    else:
        rows = b.rows(NEED, (i, t), least=0.0, most=0.0)
    place: dict[tuple[int, int], list[int]] = {}
    made: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for row, (of, source, when, ratio) in zip(rows.tolist(), found, strict=True):
        place.setdefault((of, when), []).append(row)
        made.setdefault((source, when), []).append((row, ratio))
    _enter(
        b,
        zip(intake, year, column, strict=True),
        {k: [(r, 1.0) for r in v] for k, v in place.items()},
    )
    at = zip(e.sales.source, e.sales.year, b.sold, strict=True)
    _enter(b, at, {k: [(row, -ratio) for row, ratio in v] for k, v in made.items()})


def _enter(
    b: builder.Builder,
    columns: Iterable[tuple[Any, Any, Any]],
    rows: dict[tuple[int, int], list[tuple[int, float]]],
) -> None:
    """Enter columns, each of a plant or source and a year, into the rows of these."""
    found = [
        (row, int(column), amount)
        for of, t, column in (columns if rows else ())
        for row, amount in rows.get((int(of), int(t)), ())
    ]
    row, column = builder.columns_of([entry[:2] for entry in found], 2)
    b.enter(row, column, np.array([amount for *_, amount in found], dtype=float))


def _base_arrays(b: builder.Builder, arriving: tuple[Ints, Ints, Ints]) -> None:
    e, (intake, year, column) = b.expanded, arriving
    minerals = [m for m, name in enumerate(e.minerals) if e.is_input(name)]
    cells = [(m, t) for m in minerals for t in range(b.years)]
    m, t = builder.columns_of(cells, 2)
    beyond, rows = b.columns(market.BEYOND, (m, t)), b.rows(TOTAL, (m, t), least=0.0, most=0.0)
    b.beyond = np.full((len(e.minerals), b.years), -1, dtype=np.int64)
    b.beyond[m, t] = beyond
    b.enter(rows, beyond, -1.0)
    place = np.full((len(e.minerals), b.years), -1, dtype=np.int64)
    place[m, t] = rows
    b.enter(place[b.mineral_of[component.INTAKE][intake], year], column, 1.0)
    product, _, when, short = b.short
    for name, ratios in e.unmet_ratios.items():
        ratio = np.array([ratios.get(of, 0.0) for of in e.minerals])[product]
        at = np.flatnonzero(ratio)
        b.enter(place[e.mineral_at[name], when[at]], short[at], ratio[at])


def _levers(of: component.Levers) -> None:
    """Lanes between plants that are closed may be opened."""
    if all(row.open is not False for row in of.case.input_lanes):
        return
    for i, intake in enumerate(of.e.intakes):
        for r, (t, year) in itertools.product(
            of.e.of_mineral[intake.mineral], enumerate(of.e.years)
        ):
            source = of.e.sources[r]
            row = closing_lane(of.e, source, intake.country, year)
            if row is None:
                continue
            seller = row.refiner or row.company or of.case.country_name(row.country)
            land = of.case.country_name(row.to_country) or "every country"
            what = f"row {row.row}: lanes from {seller or 'every country'} to plants in {land}"
            cell = of.cell(row, "open", year, what=what, unit=component.OPEN, was=0.0)
            if cell is not None:
                cell.lanes.append((r, to_plant(i), t))


def _joins(case: Case) -> Iterable[tuple[str, ...]]:
    """A product and its inputs are planned together."""
    return ((row.mineral, row.input) for row in case.inputs if row.tonnes > 0)


_FILLS = ("input_lanes", ("open",))
FAMILY = component.Family(
    model, arrays, joins=_joins, loosening=component.Loosening(_levers, _FILLS, rank=3)
)
