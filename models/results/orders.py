"""A plan as orders: the lines of orders.csv, and the sheets of a member's workbook."""

from __future__ import annotations

from models.results import common
from models.results.field import Look, Name, Result, field
from models.results.supply import Contracts, Flows, Shortages, Stocks

BOOK = "orders"


class OrderLines(Result):
    """All orders of a plan, one a line of orders.csv, for other systems."""

    TABLE, GRAIN, BOOK = "orders.csv", ("order_id",), BOOK

    order_id = field.text(
        "order_id", "The order: of one year, mineral, refiner, project, member and"
        " contract.",
    )  # fmt: skip
    revision = field.text(
        "revision", "Changes when the order's tonnes, prices, unit or currency do, else never."
    )
    plan_id = field.text("plan_id", "The plan: changes when any of its orders does.")
    scenario = field.text("scenario", "The scenario and the options that the plan was made with.")
    year = field("year", Look.YEAR, "The year of delivery.")
    start_date = field.text("start_date", "The first day of delivery, YYYY-MM-DD.")
    end_date = field.text("end_date", "The last day of delivery, YYYY-MM-DD.")
    member = field.text("member", "Who buys.", names=Name.MEMBER)
    mineral = field.text("mineral", "What is bought.", names=Name.MINERAL)
    mass_unit = field.text("mass_unit", "What a tonne is a tonne of.")
    refiner = field.text("refiner", "Who sells.", names=Name.REFINER)
    project = field.text(
        "project",
        "The project that builds the plant; empty for an existing plant.",
        names=Name.PROJECT,
    )
    country = field.text("country", "The refiner's country.")
    country_code = field.text(
        "country_code", "The same as ISO 3166-1 alpha-3; empty for Rest of world."
    )
    kind = field.text("kind", "primary: from ore; recycled: from scrap.")
    contract = field.text(
        "contract", "The contract that it is bought under; empty: spot.",
        names=Name.CONTRACT,
    )  # fmt: skip
    tonnes = field("tonnes", Look.TONNES, "Tonnes of the year.")
    currency = field.text("currency", "The currency of every price and amount.")
    price_year = field.text(
        "price_year", "Prices are in this year's money; empty if the workbook names no year."
    )
    unit_price = field(
        "unit_price", Look.PRICE, "The refiner's cost, or the contract's price, per tonne."
    )
    unit_tariff = field("unit_tariff", Look.PRICE, "Tariff per tonne.")
    unit_freight = field("unit_freight", Look.PRICE, "Freight per tonne.")
    unit_levy = field(
        "unit_levy",
        Look.PRICE,
        "Levy up to a price floor per tonne; only where an order pays one.",
        optional=True,
    )
    unit_landed = field("unit_landed", Look.PRICE, "Price, tariff, freight and levy per tonne.")
    price_amount = field("price_amount", Look.MONEY, "Tonnes x unit_price.")
    tariff_amount = field("tariff_amount", Look.MONEY, "Tonnes x unit_tariff.")
    freight_amount = field("freight_amount", Look.MONEY, "Tonnes x unit_freight.")
    levy_amount = field("levy_amount", Look.MONEY, "Tonnes x unit_levy.", optional=True)
    total_amount = field(
        "total_amount",
        Look.MONEY,
        "Price, tariff, freight and levy of all tonnes: Total of the sheet Plan.",
    )


class DeliveryLines(Result):
    """The deliveries of all orders, one a line of deliveries.csv; an order's add up to it."""

    TABLE, GRAIN, BOOK = "deliveries.csv", ("delivery_id",), BOOK

    delivery_id = field.text(
        "delivery_id", "The delivery: the order's id and the part of the year, as Q1 or M01."
    )
    order_id = OrderLines.order_id
    plan_id = OrderLines.plan_id
    year = OrderLines.year
    period = field.text("period", "The part of the year: Q1 to Q4, or M01 to M12.")
    start_date = OrderLines.start_date
    end_date = OrderLines.end_date
    member = OrderLines.member
    mineral = OrderLines.mineral
    mass_unit = OrderLines.mass_unit
    refiner = OrderLines.refiner
    project = OrderLines.project
    contract = OrderLines.contract
    tonnes = OrderLines.tonnes.like(meaning="Tonnes of the delivery.")
    currency = OrderLines.currency
    unit_landed = OrderLines.unit_landed
    total_amount = OrderLines.total_amount.like(
        meaning="Price, tariff, freight and levy of the delivery's tonnes."
    )


_PRICE_IN_ALL = field.money("Price in all", "Tonnes x price.")
_TARIFF_IN_ALL = field.money("Tariff in all", "Tonnes x tariff.")
_FREIGHT_IN_ALL = field.money("Freight in all", "Tonnes x freight.")
_LEVY_IN_ALL = field.money("Levy in all", "Tonnes x levy.", optional=True)


class OrderSheet(Result):
    """A member's orders, one a row."""

    TABLE, GRAIN, BOOK = "Orders", ("order_id",), BOOK

    order_id = field.text(
        "Order",
        "The order's id: of its year, mineral, refiner, project, member and contract. It stays the"
        " same in every plan that has such an order.",
    )
    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY.like(names=None)
    contract = Flows.contract.like(meaning="The contract that it is bought under; blank: spot.")
    tonnes = common.TONNES
    unit_price = Contracts.price.like(meaning=Flows.cost.meaning)
    unit_tariff = Flows.tariff
    unit_freight = common.FREIGHT
    unit_levy = Flows.levy
    unit_landed = Flows.landed
    price_amount = _PRICE_IN_ALL
    tariff_amount = _TARIFF_IN_ALL
    freight_amount = _FREIGHT_IN_ALL
    levy_amount = _LEVY_IN_ALL
    total_amount = Flows.total
    mass_unit = common.UNIT
    revision = field.text("Revision", OrderLines.revision.meaning)
    project = common.PROJECT.like(printed=False)
    kind = common.KIND.like(printed=False)


class OrdersByYear(Result):
    """What is ordered in each year of each mineral, and what it costs."""

    TABLE, GRAIN, BOOK = "By year", ("year", "mineral"), BOOK

    year = common.YEAR
    mineral = common.MINERAL
    orders = field(OrderSheet.TABLE, Look.COUNT, "How many orders there are.")
    tonnes = common.TONNES.like(meaning="Tonnes ordered, as the column Unit defines them.")
    price_amount = _PRICE_IN_ALL.like(
        meaning="The refiners' cost, or the contracts' price, of all tonnes."
    )
    tariff_amount = _TARIFF_IN_ALL.like(meaning="Tariff of all tonnes.")
    freight_amount = _FREIGHT_IN_ALL.like(meaning="Freight of all tonnes.")
    levy_amount = _LEVY_IN_ALL.like(meaning="Levy of all tonnes.")
    total_amount = Flows.total.like(
        meaning="Price, tariff, freight and levy of all tonnes. Undiscounted."
    )
    landed = Flows.landed.like(meaning="Total over tonnes.")
    untaken = Contracts.untaken.like(
        meaning="Contract tonnes that are paid for and not taken.", optional=True
    )
    paid = Contracts.paid.like(
        meaning="Untaken x the contracts' price; no tariff and no freight.", optional=True
    )
    change = field.tonnes(
        "Into stock", "What goes into the member's stock; below 0 out of it.", optional=True
    )
    short = common.SHORT.like(optional=True)
    unit = common.UNIT


class Calendar(Result):
    """When a member's orders are delivered: an order a row, a part of the year a column."""

    TABLE, GRAIN, BOOK = "Calendar", ("order_id",), BOOK

    order_id = OrderSheet.order_id.like(
        meaning="The order's id. A delivery has the part of the year behind it, as ORD-...-Q1."
    )
    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    contract = OrderSheet.contract
    tonnes = common.TONNES.like(meaning="Tonnes of the year: the sum of all deliveries.")
    parts = field(
        "A column a part of the year",
        Look.TONNES,
        "Tonnes delivered in it.",
        optional=True,
        spread=True,
    )
    unit = common.UNIT


class Obligations(Result):
    """What a member's contracts oblige it to, and what it takes of them."""

    TABLE, BOOK = "Obligations", BOOK

    year = common.YEAR
    contract = Contracts.contract.like(
        meaning="The contract, as the workbook names it, or its row there."
    )
    refiner = common.REFINER
    mineral = common.MINERAL
    min = field.tonnes("Minimum", "What the contract has the member take, or pay for, in the year.")
    minimum = field.tonnes("Minimum in force", "The minimum less what force majeure lets lapse.")
    maximum = field.tonnes("Maximum", "The most the contract gives; blank: no maximum.")
    taken = Contracts.taken.like(meaning="What is ordered under the contract.")
    untaken = Contracts.untaken.like(
        meaning="What is missing to the minimum in force: take or pay."
    )
    price = Contracts.price.like(
        meaning="The contract's price, at the gate; the refiner's cost if it has none."
    )
    paid = Contracts.paid.like(meaning="Untaken x price; no tariff and no freight.")
    unit = common.UNIT


class Stock(Result):
    """A member's stockpiles by year, against their targets."""

    TABLE, GRAIN, BOOK = "Stock", ("year", "mineral"), BOOK

    year = common.YEAR
    mineral = common.MINERAL
    opening = Stocks.opening
    change = field.tonnes("Movement", "Into stock; below 0 out of it.")
    closing = Stocks.closing
    target = Stocks.target
    shortfall = Stocks.shortfall
    unit = common.UNIT


class MemberShortages(Result):
    """What a member is short of, and why."""

    TABLE, GRAIN, BOOK = Shortages.TABLE, ("year", "mineral"), BOOK

    year = common.YEAR
    mineral = common.MINERAL
    demand = common.DEMAND
    short = common.SHORT
    share = common.SHARE_SHORT
    cause = Shortages.cause
    unit = common.UNIT.like(printed=False)


class ColumnNotes(Result):
    """What each header means: the notes that point at them, in one place."""

    TABLE, BOOK = "Columns", BOOK

    sheet = common.SHEET
    column = common.COLUMN
    meaning = common.MEANING
