"""Rules and warnings on the sheet Inputs, and on other rows about inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from models import resolve, schema, tolerances, units
from models.case import Case, in_force
from models.checks.common import error, minerals_made, plants, seller, warn
from models.checks.scenarios import steps
from models.errors import Finding
from models.schema import InputLane, Record
from models.schema.policy import ActionRow
from models.schema.stages import MOST_RATIO


def ratios_are_in_range(case: Case) -> Iterator[Finding]:
    """Tonnes per tonne is 0, or large enough to compute with."""
    least, most = f"{tolerances.LEAST_RATIO:zf}", units.in_words(MOST_RATIO)
    for row in case.needed_inputs:
        if row.tonnes < tolerances.LEAST_RATIO:
            expected = f"0, or a number from {least} to {most}"
            yield error(row, "tonnes", f"the number {row.tonnes:g}", expected)


def inputs_are_others(case: Case) -> Iterator[Finding]:
    """A mineral is not made from itself, directly or through others; rows of 0 don't count."""
    inputs: dict[str, list[str]] = {}
    for row in case.needed_inputs:
        if row.input != row.mineral:
            inputs.setdefault(row.mineral, []).append(row.input)
    shown: set[frozenset[str]] = set()
    for row in sorted(case.inputs, key=lambda row: row.row):
        if row.input == row.mineral:
            problem = f"{row.mineral} is listed as its own input"
            yield error(row, "input", problem, "another mineral")
            continue
        circle = _path(inputs, row.input, row.mineral) if row.tonnes > 0 else []
        if circle and frozenset(circle) not in shown:
            shown.add(frozenset(circle))
            path = " <- ".join([row.mineral, *circle])
            problem = f"{row.mineral} would be made from itself, through {row.input}: {path}"
            yield error(row, "input", problem, "inputs that are not made from the product")


def _path(inputs: dict[str, list[str]], start: str, end: str) -> list[str]:
    """Return the shortest path from a mineral through its inputs to another; [] if none."""
    paths = {start: [start]}
    for mineral in (reached := [start]):
        if mineral == end:
            return paths[mineral]
        for other in inputs.get(mineral, ()):
            if other not in paths:
                paths[other] = [*paths[mineral], other]
                reached.append(other)
    return []


def plants_make_the_product(case: Case) -> Iterator[Finding]:
    """A refiner named in Inputs makes that product; its joint products have one country."""
    products = minerals_made((seller(plant), plant) for plant in plants(case))
    countries = {(refiner.name, refiner.mineral): refiner.country for refiner in case.refiners}
    lines: dict[tuple[str, str], tuple[str, str]] = {}
    for row in sorted(case.inputs, key=lambda row: row.row):
        makes = products.get(row.refiner, set())
        if row.refiner and makes and row.mineral in case.mineral_of and row.mineral not in makes:
            problem = f"{row.refiner} does not make {row.mineral}"
            hint = f"it makes {', '.join(sorted(makes))}"
            yield error(row, "refiner", problem, f"a refiner or project of {row.mineral}", hint)
        if not row.joint:
            continue
        if not row.refiner:
            expected = "the refiner that makes the joint products"
            yield error(row, "refiner", "the row is joint and names no refiner", expected)
        elif row.tonnes > 0 and (country := countries.get((row.refiner, row.mineral))):
            line = (row.mineral, country)
            product, other = lines.setdefault((row.refiner, row.input), line)
            if other != country:
                here, there = map(case.country_name, (country, other))
                problem = f"{row.refiner} makes {row.mineral} in {here}, {product} in {there}"
                yield error(row, "joint", problem, "all joint products of a refiner in one country")


def supply_of_today_has_a_buyer(case: Case) -> Iterator[Finding]:
    """A row of Current supply names a member, or a plant that takes the mineral as an input."""
    takes = resolve.inputs_by_plant(case)
    for today in case.current_supply:
        if today.member and today.plant:
            yield error(today, "plant", "the row names a member and a plant", "only one of the two")
        elif not today.member and not today.plant:
            yield error(today, "member", "a blank cell", "a member, or a plant in the column Plant")
        elif today.plant in case.refiner_names and today.mineral in case.mineral_of:
            inputs = takes.get(today.plant, frozenset())
            if today.mineral not in inputs:
                yield _no_input(today, "plant", today.plant, today.mineral, inputs)


def plants_of_lanes_take_the_input(case: Case) -> Iterator[Finding]:
    """A plant named in Input lanes, Scenarios or Risks takes the row's mineral as an input."""
    takes = resolve.inputs_by_plant(case)
    for row, field, plant, name in _rows_with_a_plant(case):
        inputs = takes.get(plant, frozenset())
        is_known = plant in case.refiner_names and name in {"", *case.mineral_of}
        if is_known and not (name in inputs if name else inputs):
            yield _no_input(row, field, plant, name, inputs)
        if isinstance(row, ActionRow) and row.member:
            problem = f"the row names the plant {plant} and the member {row.member}"
            yield error(row, "member", problem, "a blank cell", "a plant is no member's lane")
        if isinstance(row, ActionRow) and row.tier:
            problem = f"the row names the plant {plant} and the tier {row.tier}"
            yield error(row, "tier", problem, "a blank cell", "a plant takes inputs for all tiers")


def _rows_with_a_plant(case: Case) -> Iterator[tuple[InputLane | ActionRow, str, str, str]]:
    """Yield the rows of lanes of inputs that name a plant, its field, the plant and the input."""
    for lane in case.input_lanes:
        if lane.to_plant:
            yield lane, "to_plant", lane.to_plant, lane.input
    for step in steps(case):
        if step.plant and step.action == "block lanes":
            yield step, "plant", step.plant, step.mineral


def _no_input(row: Record, field: str, plant: str, mineral: str, inputs: frozenset[str]) -> Finding:
    problem = f"{plant} does not take {mineral or 'a mineral'} as an input"
    hint = f"it takes {', '.join(sorted(inputs))}" if inputs else ""
    return error(row, field, problem, f"a plant that takes {mineral or 'one'}", hint)


# ---- warnings ------------------------------------------------------------------------------------


def inputs_without_a_source(case: Case) -> Iterator[Finding]:
    """Warn of inputs that nobody can sell in any year, so that plants stop."""
    e = resolve.Expanded(case)
    for row in case.needed_inputs:
        sources = [*e.of_mineral[row.input]]
        if not (sources and e.startable[sources].any()):
            problem = f"no refiner or project can sell {row.input} in any year"
            hint = f"the plants that need {row.input} can't make {row.mineral}"
            yield warn(row, "input", problem, hint)


def plants_reached_through_members(case: Case) -> Iterator[Finding]:
    """Warn of a plant that is cut off, if a member can buy the input and transfer it."""
    e = resolve.Expanded(case)
    for row, field, plant, name in _rows_with_a_plant(case):
        if isinstance(row, InputLane) and row.open is not False:
            continue
        transfers, sold = e.plant_transfers, e.deliveries
        reached = {
            (e.minerals[m], e.members[j])
            for m, t, i, j in zip(
                *(vars(transfers)[f.name] for f in fields(transfers)), strict=True
            )
            if e.plant_inputs[i].refiner == plant and in_force(row, e.years[t])
        }
        for mineral, member in sorted(reached):
            if name not in {"", mineral} or _is_blocked(case, row, mineral, member):
                continue
            at = (sold.mineral == e.mineral_at[mineral]) & (sold.member == e.member_at[member])
            sellers = [e.sources[r] for r in sorted({*sold.source[at].tolist()})]
            seller = next((s for s in sellers if resolve.selects_source(row, s)), None)
            if seller is not None:
                problem = f"{member} can still buy {mineral} from {seller.project or seller.name}"
                hint = f"{member} holds a stock of it, and can hand it to {plant}"
                yield warn(row, field, problem, hint)
                break


def _is_blocked(case: Case, row: InputLane | ActionRow, mineral: str, member: str) -> bool:
    """Return whether another row of a scenario or event closes the same suppliers to a member."""
    return isinstance(row, ActionRow) and any(
        step.action == "block lanes"
        and not step.plant
        and step.member in {"", member}
        and step.mineral in {"", mineral}
        and step.selects(mineral, row.country, row.refiner, row.company)
        for step in steps(case)
        if (type(step), step.name) == (type(row), row.name)
    )


def caps_on_all_of_an_input(case: Case) -> Iterator[Finding]:
    """Warn of hard caps on the only supplier of an input, so that products go unmade."""
    e = resolve.Expanded(case)
    inputs = sorted({row.input for row in case.needed_inputs})
    for limit in case.share_limits:
        hard = limit.limit == schema.MAX and limit.penalty is None and not limit.buyer
        if not hard or limit.stage == schema.MINING or limit.caps_each_country:
            continue  # ``caps_that_cannot_be_met`` warns of caps on each country
        for name in inputs if not limit.mineral else {limit.mineral} & {*inputs}:
            covered = next(_covered(e, limit, name), None)
            if covered is not None and name not in limit.except_minerals:
                supplier, share = covered
                cap = f"this row caps its sales at {share:.4g} of demand"
                hint = (
                    f"plants then have too little {name}, so some of their products can't be made"
                )
                yield warn(limit, "share", f"only {supplier} can sell {name}, but {cap}", hint)
                break


def _covered(
    e: resolve.Expanded, limit: schema.ShareLimit, mineral: str
) -> Iterator[tuple[str, float]]:
    """Yield each supplier that has all sources of a mineral, and its cap below 1."""
    for t, year in enumerate(e.years):
        share = limit.share.at(year)
        usable = [e.sources[r] for r in e.of_mineral[mineral] if e.startable[r, t]]
        if share is None or share >= 1 or not usable or not in_force(limit, year):
            continue
        shared = set(resolve.supplier_names(e.case, usable[0], limit.group)).intersection(
            *(resolve.supplier_names(e.case, source, limit.group) for source in usable)
        )
        named = shared & {limit.single_supplier} if limit.single_supplier else shared
        if not limit.single_supplier and limit.group in schema.OF_COUNTRIES:
            named = {*resolve.single_countries(e.case, limit.supplier, shared)}
        for name in sorted(named):
            yield e.case.supplier_name(limit.group, name), share


def contract_prices_without_inputs(case: Case) -> Iterator[Finding]:
    """Warn that a contract's price for a product does not include its inputs."""
    need: dict[tuple[str, str], list[str]] = {}
    for plant in case.refiners:
        rows = resolve.needed_rows(case, resolve.source_of(plant))
        need[plant.name, plant.mineral] = sorted(row.input for row in rows)
    for contract in case.contracts:
        inputs = need.get((contract.refiner, contract.mineral), [])
        if contract.price is not None and inputs:
            price = f"the contract's price of {contract.price:g} for {contract.mineral}"
            hint = f"the plan pays for {', '.join(inputs)} on top"
            yield warn(contract, "price", f"{price} does not include its inputs", hint)


def floors_below_inputs(case: Case) -> Iterator[Finding]:
    """Warn that a price floor on a product is compared with its cost without inputs."""
    products = {row.mineral for row in case.needed_inputs}
    problem = "the price floor of {} is set against processing cost, without the cost of inputs"
    for row in case.price_floors:
        if row.mineral in products:
            yield warn(row, "floor", problem.format(row.mineral))
    for step in steps(case):
        set_for = sorted(name for name in products if step.mineral in {"", name})
        if step.action == "set price floor" and step.value and set_for:
            yield warn(step, "value", problem.format(", ".join(set_for)))


def members_that_transfer_nothing(case: Case) -> Iterator[Finding]:
    """Warn of members without a country, which cannot transfer stock to plants."""
    inputs = {row.input for row in case.needed_inputs}
    for stockpile in case.stockpiles:
        member = case.member_of.get(stockpile.member)
        if stockpile.mineral in inputs and member is not None and not member.country:
            problem = f"the member {stockpile.member} has no Country"
            why = "a member serves the plants of its own country"
            hint = f"its {stockpile.mineral} can't go to plants, since {why}"
            yield warn(stockpile, "member", problem, hint)
