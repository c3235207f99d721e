"""The orders of a plan: orders.csv, and the sheets of a member's workbook."""

from __future__ import annotations

from models.results import common
from models.results.field import Format, Name, Result, field
from models.results.supply import Contracts, Flows, Shortages, Stocks

BOOK = "orders"


class OrderLines(Result):
    """All orders of a plan, one per line of orders.csv, for other systems."""

    TABLE, GRAIN, BOOK = "orders.csv", ("order_id",), BOOK

    order_id = field.text(
        "order_id",
        "The order's id. An order is for one year, mineral, refiner, project, member and contract.",
    )  # fmt: skip
    revision = field.text(
        "revision",
        "A code that changes only if the order's tonnes, prices, unit or currency change.",
    )
    plan_id = field.text("plan_id", "The plan's id, which changes if any of its orders changes.")
    scenario = field.text("scenario", "The scenario and the options that the plan was made with.")
    year = field("year", Format.YEAR, "The year of delivery.")
    start_date = field.text("start_date", "The first day of delivery, YYYY-MM-DD.")
    end_date = field.text("end_date", "The last day of delivery, YYYY-MM-DD.")
    member = field.text("member", "The member that buys.", names=Name.MEMBER)
    mineral = field.text("mineral", "The mineral that is bought.", names=Name.MINERAL)
    mass_unit = field.text("mass_unit", "The substance that a tonne counts, such as t Li content.")
    refiner = field.text("refiner", "The refiner that sells.", names=Name.REFINER)
    project = field.text(
        "project",
        "The project that builds the plant; empty for an existing plant.",
        names=Name.PROJECT,
    )
    country = field.text("country", "The refiner's country.")
    country_code = field.text(
        "country_code",
        "The refiner's country as an ISO 3166-1 alpha-3 code; empty for Rest of world.",
    )
    kind = field.text("kind", "primary: from ore; recycled: from scrap.")
    contract = field.text(
        "contract", "The contract that the tonnes are bought under; empty: spot.",
        names=Name.CONTRACT,
    )  # fmt: skip
    tonnes = field("tonnes", Format.TONNES, "Tonnes of the year.")
    currency = field.text("currency", "The currency of every price and amount.")
    price_year = field.text(
        "price_year", "Prices are in this year's money; empty if the workbook names no year."
    )
    unit_price = field(
        "unit_price", Format.PRICE, "The refiner's cost, or the contract's price, per tonne."
    )
    unit_tariff = field("unit_tariff", Format.PRICE, "Tariff per tonne.")
    unit_freight = field("unit_freight", Format.PRICE, "Freight per tonne.")
    unit_levy = field(
        "unit_levy",
        Format.PRICE,
        "Levy per tonne that raises the price to a price floor; missing if no order pays one.",
        optional=True,
    )
    unit_landed = field("unit_landed", Format.PRICE, "Price, tariff, freight and levy per tonne.")
    price_amount = field("price_amount", Format.MONEY, "Tonnes x unit_price.")
    tariff_amount = field("tariff_amount", Format.MONEY, "Tonnes x unit_tariff.")
    freight_amount = field("freight_amount", Format.MONEY, "Tonnes x unit_freight.")
    levy_amount = field("levy_amount", Format.MONEY, "Tonnes x unit_levy.", optional=True)
    total_amount = field(
        "total_amount",
        Format.MONEY,
        "Price, tariff, freight and levy of all tonnes, as in the column Total of the sheet Plan.",
    )


class DeliveryLines(Result):
    """All deliveries, one per line of deliveries.csv. Those of an order add up to the order."""

    TABLE, GRAIN, BOOK = "deliveries.csv", ("delivery_id",), BOOK

    delivery_id = field.text(
        "delivery_id",
        "The delivery's id: the order's id and the part of the year, such as Q1 or M01.",
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
    tonnes = OrderLines.tonnes.like("Tonnes of the delivery.")
    currency = OrderLines.currency
    unit_landed = OrderLines.unit_landed
    total_amount = OrderLines.total_amount.like(
        "Price, tariff, freight and levy of the delivery's tonnes."
    )


_PRICE_IN_ALL = field.money("Price in all", "Tonnes x price.")
_TARIFF_IN_ALL = field.money("Tariff in all", "Tonnes x tariff.")
_FREIGHT_IN_ALL = field.money("Freight in all", "Tonnes x freight.")
_LEVY_IN_ALL = field.money("Levy in all", "Tonnes x levy.", optional=True)


class OrderSheet(Result):
    """A member's orders, one per row."""

    TABLE, GRAIN, BOOK = "Orders", ("order_id",), BOOK

    order_id = field.text(
        "Order",
        "The order's id. It is the same in every plan with an order of this year,"
        " mineral, refiner, project, member and contract.",
    )
    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY.like(names=None)
    contract = Flows.contract.like("The contract that the tonnes are bought under; blank: spot.")
    tonnes = common.TONNES
    unit_price = Contracts.price.like(Flows.cost.meaning)
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


class Calendar(Result):
    """The deliveries of a member: one row for each order, one column for each part of the year."""

    TABLE, GRAIN, BOOK = "Calendar", ("order_id",), BOOK

    order_id = OrderSheet.order_id.like(
        "The order's id. A delivery's id ends with the part of the year, such as ORD-...-Q1."
    )
    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    contract = OrderSheet.contract
    tonnes = common.TONNES.like("Tonnes of the year: the sum of all deliveries.")
    parts = field(
        "One column for each part of the year",
        Format.TONNES,
        "Tonnes delivered in that part of the year.",
        optional=True,
        spread=True,
    )
    unit = common.UNIT


class Obligations(Result):
    """The tonnes that a member's contracts oblige it to take, and the tonnes it takes."""

    TABLE, BOOK = "Obligations", BOOK

    year = common.YEAR
    contract = Contracts.contract.like("The contract's name in the workbook, or else its row.")
    refiner = common.REFINER
    mineral = common.MINERAL
    min = field.tonnes("Minimum", "Tonnes that the member must take or pay for in the year.")
    minimum = field.tonnes(
        "Minimum in force", "The minimum, without the tonnes that lapse through force majeure."
    )
    maximum = field.tonnes("Maximum", "Most tonnes that the contract gives; blank: no maximum.")
    taken = Contracts.taken.like("Tonnes ordered under the contract.")
    untaken = Contracts.untaken.like(
        "Tonnes by which the order is below the minimum in force. They are paid for (take or pay)."
    )
    price = Contracts.price.like(
        "The contract's price at the gate, or the refiner's cost if it has none."
    )
    paid = Contracts.paid.like("Untaken tonnes x price, without tariff and freight.")
    unit = common.UNIT


class Stock(Result):
    """A member's stockpiles and their targets by year."""

    TABLE, GRAIN, BOOK = "Stock", ("year", "mineral"), BOOK

    year = common.YEAR
    mineral = common.MINERAL
    opening = Stocks.opening
    change = field.tonnes("Movement", "Tonnes added to stock; below 0: drawn from it.")
    closing = Stocks.closing
    target = Stocks.target
    shortfall = Stocks.shortfall
    unit = common.UNIT


class MemberShortages(Result):
    """A member's shortages, and their causes."""

    TABLE, GRAIN, BOOK = Shortages.TABLE, ("year", "mineral"), BOOK

    year = common.YEAR
    mineral = common.MINERAL
    demand = common.DEMAND
    short = common.SHORT
    share = common.SHARE_SHORT
    cause = Shortages.cause
    unit = common.UNIT.like(printed=False)
