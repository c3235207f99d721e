"""What must hold of the sheet Inputs, and what of it is likely not meant."""

from __future__ import annotations

from collections.abc import Iterator

from models import resolve, schema, tolerances, units
from models.case import Case, in_force
from models.checks.common import advise, at, plants, seller
from models.errors import Finding
from models.schema.stages import MOST_RATIO


def ratios(case: Case) -> Iterator[Finding]:
    """Tonnes per tonne is 0, or no next to nothing."""
    for row in case.inputs:
        if 0 < row.tonnes < tolerances.LEAST_RATIO:
            wanted = (
                f"0, or a number from {tolerances.LEAST_RATIO:f} to {units.spelled(MOST_RATIO)}"
            )
            yield at(row, "tonnes", f"the number {row.tonnes:g}", wanted)


def inputs_are_others(case: Case) -> Iterator[Finding]:
    """A mineral is not made from itself, nor by way of others; rows of 0 don't count."""
    made_from: dict[str, list[str]] = {}
    for row in case.inputs:
        if row.tonnes > 0 and row.input != row.mineral:
            made_from.setdefault(row.mineral, []).append(row.input)
    shown: set[frozenset[str]] = set()
    for row in sorted(case.inputs, key=lambda row: row.row):
        if row.input == row.mineral:
            said = f"{row.mineral} as an input of itself"
            yield at(row, "input", said, "another mineral")
            continue
        circle = _way(made_from, row.input, row.mineral) if row.tonnes > 0 else []
        if circle and frozenset(circle) not in shown:
            shown.add(frozenset(circle))
            way = " <- ".join([row.mineral, *circle])
            wanted = "inputs that do not lead back to the product"
            yield at(row, "input", f"{row.input} leads back to {row.mineral}: {way}", wanted)


def _way(made_from: dict[str, list[str]], start: str, end: str) -> list[str]:
    """Return the shortest way from a mineral, by what it is made from, to another; [] for none."""
    ways = {start: [start]}
    for mineral in (reached := [start]):
        if mineral == end:
            return ways[mineral]
        for other in made_from.get(mineral, ()):
            if other not in ways:
                ways[other] = [*ways[mineral], other]
                reached.append(other)
    return []


def plants_make_the_product(case: Case) -> Iterator[Finding]:
    """A refiner that a row of Inputs names makes the product; its joint products in one country."""
    made: dict[str, set[str]] = {}
    where: dict[tuple[str, str], str] = {}
    for plant in plants(case):
        made.setdefault(seller(plant), set()).add(plant.mineral)
        if isinstance(plant, schema.Refiner):
            where[plant.name, plant.mineral] = plant.country
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for row in sorted(case.inputs, key=lambda row: row.row):
        makes = made.get(row.refiner, set())
        if row.refiner and makes and row.mineral in case.mineral_of and row.mineral not in makes:
            said = f"{row.refiner} does not make {row.mineral}"
            hint = f"it makes {', '.join(sorted(makes))}"
            yield at(row, "refiner", said, f"a refiner or project of {row.mineral}", hint)
        if not row.joint:
            continue
        if not row.refiner:
            said, wanted = "a joint input without a refiner", "the refiner of the joint products"
            yield at(row, "refiner", said, wanted)
        elif row.tonnes > 0 and (country := where.get((row.refiner, row.mineral))):
            product, there = first.setdefault((row.refiner, row.input), (row.mineral, country))
            if there != country:
                both = f"{product} in {case.country_name(there)}"
                said = f"{row.refiner} makes {row.mineral} in {case.country_name(country)}, {both}"
                yield at(row, "joint", said, "joint products that are made in one country")


def supply_of_today_has_a_buyer(case: Case) -> Iterator[Finding]:
    """A row of Current supply names a member, or a plant that takes the mineral as an input."""
    takes: dict[str, set[str]] = {}
    sources = [resolve.source_of(plant) for plant in plants(case)]
    for plant in sources:
        for row in resolve.needed_rows(case, plant):
            takes.setdefault(plant.name, set()).add(row.input)
    for today in case.current_supply:
        if bool(today.member) == bool(today.plant):
            both = today.member != ""
            said = "both a member and a plant" if both else "a blank cell"
            wanted = "only one of the two" if both else "a member, or a plant in the column Plant"
            yield at(today, "plant" if both else "member", said, wanted)
        elif today.plant in {s.name for s in sources} and today.mineral in case.mineral_of:
            taken = takes.get(today.plant, set())
            if today.mineral not in taken:
                said = f"{today.plant} does not take {today.mineral} as an input"
                hint = f"it takes {', '.join(sorted(taken))}" if taken else ""
                yield at(today, "plant", said, f"a plant that takes {today.mineral}", hint)


# ---- what is likely not meant --------------------------------------------------------------------


def inputs_without_a_source(case: Case) -> Iterator[Finding]:
    """An input that nobody can sell in any year stops all plants that need it."""
    e = resolve.Expanded(case)
    for row in case.inputs:
        of = [*e.of_mineral[row.input]]
        if row.tonnes > 0 and not (of and e.startable[of].any()):
            hint = f"nothing can be made of {row.mineral} by whoever needs it"
            yield advise(row, "input", f"no usable refiner or project of {row.input}", hint)


def caps_on_all_of_an_input(case: Case) -> Iterator[Finding]:
    """A hard cap on whoever sells all of an input leaves a part of its products unmade."""
    e = resolve.Expanded(case)
    inputs = sorted({row.input for row in case.inputs if row.tonnes > 0})
    for limit in case.share_limits:
        hard = limit.limit == schema.MAX and limit.penalty is None and not limit.buyer
        if not hard or limit.stage == schema.MINING or limit.caps_each_country:
            continue  # of caps on each country ``caps_that_cannot_be_met`` warns
        for name in inputs if not limit.mineral else {limit.mineral} & {*inputs}:
            found = next(_covered(e, limit, name), None)
            if found is not None and name not in limit.except_minerals:
                who, share = found
                said = f"{who} is the only one that can sell {name}, at most {share:.4g} of it"
                hint = "as much of what is made from it can't be made"
                yield advise(limit, "share", said, hint)
                break


def _covered(
    e: resolve.Expanded, limit: schema.ShareLimit, mineral: str
) -> Iterator[tuple[str, float]]:
    """Yield the supplier that a cap holds below 1 and that has all usable sources of a mineral."""
    for t, year in enumerate(e.years):
        share = limit.share.at(year)
        usable = [e.sources[r] for r in e.of_mineral[mineral] if e.startable[r, t]]
        if share is None or share >= 1 or not usable or not in_force(limit, year):
            continue
        shared = set(resolve.supplier_names(e.case, usable[0], limit.group)).intersection(
            *(resolve.supplier_names(e.case, source, limit.group) for source in usable)
        )
        named = shared & {limit.named} if limit.named else shared
        if not limit.named and limit.group in schema.OF_COUNTRIES:
            named = {*resolve.single_countries(e.case, limit.supplier, shared)}
        for name in sorted(named):
            yield e.case.supplier_name(limit.group, name), share


def contract_prices_without_inputs(case: Case) -> Iterator[Finding]:
    """The price of a contract on a product with inputs is a toll: the inputs are paid for apart."""
    need: dict[tuple[str, str], list[str]] = {}
    for plant in case.refiners:
        rows = resolve.needed_rows(case, resolve.source_of(plant))
        need[plant.name, plant.mineral] = sorted(row.input for row in rows)
    for contract in case.contracts:
        inputs = need.get((contract.refiner, contract.mineral), [])
        if contract.price is not None and inputs:
            said = f"a price of {contract.price:g} for {contract.mineral}"
            yield advise(
                contract, "price", said, f"{', '.join(inputs)} for it must be paid for on top"
            )


def floors_below_inputs(case: Case) -> Iterator[Finding]:
    """A price floor on a product with inputs is compared with its toll, without the inputs."""
    products = {row.mineral for row in case.inputs if row.tonnes > 0}
    for row in case.price_floors:
        if row.mineral in products:
            found = f"a floor on {row.mineral}, which is made from other minerals"
            yield advise(row, "floor", found, "it is compared with the cost without the inputs")


def members_that_hand_over_nothing(case: Case) -> Iterator[Finding]:
    """A member without a country of its own hands no stock of an input to a plant."""
    inputs = {row.input for row in case.inputs if row.tonnes > 0}
    for pile in case.stockpiles:
        member = case.member_of.get(pile.member)
        if pile.mineral in inputs and member is not None and not member.country:
            said = f"{pile.member} has no country of its own"
            yield advise(pile, "member", said, f"it hands no {pile.mineral} to plants")
