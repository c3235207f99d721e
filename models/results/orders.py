"""A plan as orders: the lines of orders.csv, and the sheets of a member's workbook."""

from __future__ import annotations

from models.results.common import (
    COLUMN,
    COUNTRY,
    DEMAND,
    FREIGHT,
    KIND,
    MEANING,
    MINERAL,
    PROJECT,
    REFINER,
    SHARE_SHORT,
    SHEET,
    SHORT,
    TONNES,
    UNIT,
    YEAR,
)
from models.results.field import Look, Name, Result, field
from models.results.supply import Contracts, Flows, Shortages, Stocks

BOOK = "orders"


class OrderLines(Result):
    """All orders of a plan, one a line of orders.csv, for other systems."""

    TABLE, GRAIN, BOOK = "orders.csv", ("order_id",), BOOK

    order_id = field(
        "order_id", Look.TEXT, "The order: of one year, mineral, refiner, project, member and"
        " contract.",
    )  # fmt: skip
    revision = field(
        "revision",
        Look.TEXT,
        "Changes when the order's tonnes, prices, unit or currency do, else never.",
    )
    plan_id = field("plan_id", Look.TEXT, "The plan: changes when any of its orders does.")
    scenario = field(
        "scenario", Look.TEXT, "The scenario and the options that the plan was made with."
    )
    year = field("year", Look.YEAR, "The year of delivery.")
    start_date = field("start_date", Look.TEXT, "The first day of delivery, YYYY-MM-DD.")
    end_date = field("end_date", Look.TEXT, "The last day of delivery, YYYY-MM-DD.")
    member = field("member", Look.TEXT, "Who buys.", names=Name.MEMBER)
    mineral = field("mineral", Look.TEXT, "What is bought.", names=Name.MINERAL)
    mass_unit = field("mass_unit", Look.TEXT, "What a tonne is a tonne of.")
    refiner = field("refiner", Look.TEXT, "Who sells.", names=Name.REFINER)
    project = field(
        "project",
        Look.TEXT,
        "The project whose new plant delivers; empty for a plant that stands.",
        names=Name.PROJECT,
    )
    country = field("country", Look.TEXT, "Where the refiner stands.")
    country_code = field(
        "country_code", Look.TEXT, "The same as ISO 3166-1 alpha-3; empty for Rest of world."
    )
    kind = field("kind", Look.TEXT, "primary: from ore; recycled: from scrap.")
    contract = field(
        "contract", Look.TEXT, "The contract that it is bought under; empty: spot.",
        names=Name.CONTRACT,
    )  # fmt: skip
    tonnes = field("tonnes", Look.TONNES, "Tonnes of the year.")
    currency = field("currency", Look.TEXT, "The currency of every price and amount.")
    price_year = field(
        "price_year",
        Look.TEXT,
        "The year in whose money prices are; empty where the workbook says none.",
    )
    unit_price = field(
        "unit_price", Look.PRICE, "The refiner's cost, or the contract's price, per tonne."
    )
    unit_tariff = field("unit_tariff", Look.PRICE, "Tariff per tonne.")
    unit_freight = field("unit_freight", Look.PRICE, "Freight per tonne.")
    unit_landed = field("unit_landed", Look.PRICE, "Price, tariff and freight per tonne.")
    price_amount = field("price_amount", Look.MONEY, "Tonnes x unit_price.")
    tariff_amount = field("tariff_amount", Look.MONEY, "Tonnes x unit_tariff.")
    freight_amount = field("freight_amount", Look.MONEY, "Tonnes x unit_freight.")
    total_amount = field(
        "total_amount",
        Look.MONEY,
        "Price, tariff and freight of all tonnes: Total of the sheet Plan.",
    )


_PRICE_IN_ALL = field("Price in all", Look.MONEY, "Tonnes x price.", unit="{money}")
_TARIFF_IN_ALL = field("Tariff in all", Look.MONEY, "Tonnes x tariff.", unit="{money}")
_FREIGHT_IN_ALL = field("Freight in all", Look.MONEY, "Tonnes x freight.", unit="{money}")


class OrderSheet(Result):
    """A member's orders, one a row."""

    TABLE, GRAIN, BOOK = "Orders", ("order_id",), BOOK

    order_id = field(
        "Order",
        Look.TEXT,
        "The order's id: of its year, mineral, refiner, project, member and contract. It stays the"
        " same in every plan that has such an order.",
    )
    year = YEAR
    mineral = MINERAL
    refiner = REFINER
    country = COUNTRY.like(names=None)
    contract = Flows.contract.like(meaning="The contract that it is bought under; blank: spot.")
    tonnes = TONNES
    unit_price = Contracts.price.like(meaning=Flows.cost.meaning)
    unit_tariff = Flows.tariff
    unit_freight = FREIGHT
    unit_landed = Flows.landed
    price_amount = _PRICE_IN_ALL
    tariff_amount = _TARIFF_IN_ALL
    freight_amount = _FREIGHT_IN_ALL
    total_amount = Flows.total
    mass_unit = UNIT
    revision = field("Revision", Look.TEXT, OrderLines.revision.meaning)
    project = PROJECT.like(printed=False)
    kind = KIND.like(printed=False)


class ByYear(Result):
    """What is ordered in each year of each mineral, and what it costs."""

    TABLE, GRAIN, BOOK = "By year", ("year", "mineral"), BOOK

    year = YEAR
    mineral = MINERAL
    orders = field(OrderSheet.TABLE, Look.COUNT, "How many orders there are.")
    tonnes = TONNES.like(meaning="Tonnes ordered, as the column Unit defines them.")
    price_amount = _PRICE_IN_ALL.like(
        meaning="The refiners' cost, or the contracts' price, of all tonnes."
    )
    tariff_amount = _TARIFF_IN_ALL.like(meaning="Tariff of all tonnes.")
    freight_amount = _FREIGHT_IN_ALL.like(meaning="Freight of all tonnes.")
    total_amount = Flows.total.like(
        meaning="Price, tariff and freight of all tonnes. Undiscounted."
    )
    landed = Flows.landed.like(meaning="Total over tonnes.")
    untaken = Contracts.untaken.like(
        meaning="Contract tonnes that are paid for and not taken.", optional=True
    )
    paid = Contracts.paid.like(
        meaning="Untaken x the contracts' price; no tariff and no freight.", optional=True
    )
    change = field(
        "Into stock",
        Look.TONNES,
        "What goes into the member's stock; below 0 out of it.",
        unit="t",
        optional=True,
    )
    short = SHORT.like(optional=True)
    unit = UNIT


class Obligations(Result):
    """What a member's contracts oblige it to, and what it takes of them."""

    TABLE, BOOK = "Obligations", BOOK

    year = YEAR
    contract = Contracts.contract.like(
        meaning="The contract, as the workbook names it, or its row there."
    )
    refiner = REFINER
    mineral = MINERAL
    min = field(
        "Minimum",
        Look.TONNES,
        "What the contract has the member take, or pay for, in the year.",
        unit="t",
    )
    minimum = field(
        "Minimum in force", Look.TONNES, "The minimum less what force majeure lets lapse.", unit="t"
    )
    maximum = field(
        "Maximum", Look.TONNES, "The most the contract gives; blank: no maximum.", unit="t"
    )
    taken = Contracts.taken.like(meaning="What is ordered under the contract.")
    untaken = Contracts.untaken.like(
        meaning="What is missing to the minimum in force: take or pay."
    )
    price = Contracts.price.like(
        meaning="The contract's price, at the gate; the refiner's cost if it has none."
    )
    paid = Contracts.paid.like(meaning="Untaken x price; no tariff and no freight.")
    unit = UNIT


class Stock(Result):
    """A member's stockpiles by year, against their targets."""

    TABLE, GRAIN, BOOK = "Stock", ("year", "mineral"), BOOK

    year = YEAR
    mineral = MINERAL
    opening = Stocks.opening
    change = field("Movement", Look.TONNES, "Into stock; below 0 out of it.", unit="t")
    closing = Stocks.closing
    target = Stocks.target
    shortfall = Stocks.shortfall
    unit = UNIT


class MemberShortages(Result):
    """What a member is short of, and why."""

    TABLE, GRAIN, BOOK = Shortages.TABLE, ("year", "mineral"), BOOK

    year = YEAR
    mineral = MINERAL
    demand = DEMAND
    short = SHORT
    share = SHARE_SHORT
    cause = Shortages.cause
    unit = UNIT.like(printed=False)


class Columns(Result):
    """What each header means: the notes that point at them, in one place."""

    TABLE, BOOK = "Columns", BOOK

    sheet = SHEET
    column = COLUMN
    meaning = MEANING
