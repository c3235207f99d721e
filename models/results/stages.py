"""Contracts, stocks, projects, ore, tiers and changes: tables of rows that not every case has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from models.results.common import (
    CAPACITY,
    CHANGE,
    CONTRACT,
    COUNTRY,
    DEMAND,
    FREIGHT,
    MAX,
    MEMBER,
    MINERAL,
    NOTE,
    PROJECT,
    REFINER,
    RENT,
    ROW,
    SHARE_SHORT,
    SHORT,
    SOURCE,
    TONNES,
    UNIT,
    YEAR,
    of_table,
)
from models.results.field import Look, Name, Result, field

if TYPE_CHECKING:
    from models.plan import Plan


class Contracts(Result):
    """What is taken under each contract, what is paid for and not taken."""

    TABLE = "Contracts"
    GRAIN = ("year", "row", "contract", "refiner", "mineral", "member")

    year = YEAR
    contract = CONTRACT
    refiner = REFINER
    mineral = MINERAL
    member = MEMBER
    min = field("Min", Look.TONNES, unit="t/yr")
    minimum = field("Min in force", Look.TONNES, unit="t/yr")
    maximum = MAX.like(meaning="The most the contract gives; blank: no maximum.", unit="t/yr")
    taken = field("Taken", Look.TONNES, unit="t")
    untaken = field("Untaken", Look.TONNES, unit="t")
    price = field("Price", Look.PRICE, unit="{money}/t")
    paid = field("Paid for untaken", Look.MONEY, unit="{money}")
    worth = field(
        "Shadow price of min",
        Look.PRICE,
        "What one tonne less of the contract's minimum would save.",
        unit="{money}/t",
    )
    row = ROW
    unit = UNIT.like(printed=False)
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the contracts of a plan."""
        table = plan.contracts
        rows = [plan.case.contracts[k] for k in table["contract"]]
        names = ("refiner", "mineral", "member", "min")
        table = table.assign(**{name: [getattr(r, name) for r in rows] for name in names})
        return of_table(
            cls,
            plan,
            table,
            rows,
            contract=[r.name for r in rows],
            paid=table["untaken"] * table["price"],
            row=[r.row or None for r in rows],
        )


class Stocks(Result):
    """Each stockpile by year, against its target."""

    TABLE = "Stocks"
    GRAIN = ("year", "mineral", "member")

    year = YEAR
    mineral = MINERAL
    member = MEMBER
    opening = field("Opening", Look.TONNES, "In stock when the year begins.", unit="t")
    change = CHANGE.like(meaning="Into stock; below 0 out of it.", unit="t")
    closing = field("Closing", Look.TONNES, "In stock when the year ends.", unit="t")
    target = field(
        "Target",
        Look.TONNES,
        "What is to be in stock when the year ends; what lacks costs a penalty.",
        unit="t",
    )
    shortfall = field("Below target", Look.TONNES, "What lacks of the target.", unit="t")
    most = MAX.like(meaning="The most that may be.", unit="t")
    worth = field(
        "Shadow price of target",
        Look.PRICE,
        "What one tonne less of the target would save.",
        unit="{money}/t",
    )
    days = field("Days of cover", Look.DAYS, "Closing stock over a day's demand of the year.")
    day_worth = field(
        "Shadow price of a day",
        Look.MONEY,
        "What a target lower by one day of demand would save.",
        unit="{money}",
    )
    unit = UNIT.like(printed=False)
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the stockpiles of a plan."""
        table, pile_of = plan.stocks, plan.case.stockpile_of
        rows = [pile_of[key] for key in zip(table["mineral"], table["member"], strict=True)]
        return of_table(
            cls,
            plan,
            table,
            rows,
            change=table["closing"] - table["opening"],
            most=[r.max for r in rows],
        )


class Projects(Result):
    """What is built of each project, and when; capex is that of the output starting in the year."""

    TABLE = "Projects"
    GRAIN = ("year", "project")

    year = YEAR
    project = PROJECT
    mineral = MINERAL
    country = COUNTRY
    started = field(
        "Started", Look.SHARE, "The part of the project whose output begins in this year."
    )
    running = field("Running", Look.SHARE, "The part of the project that runs in this year.")
    capacity = CAPACITY.like(meaning="What runs in the year.")
    tonnes = TONNES
    capex = field(
        "Capex",
        Look.MILLIONS,
        "Money to be spent for the part started in this year; the plan's cost counts the yearly"
        " capital charge instead.",
        unit="{money} m",
    )
    spent_in = field(
        "Capex spent in",
        Look.YEAR,
        "The year in which the capex is spent, the lead time before the output.",
    )
    charge = field(
        "Capital charge",
        Look.MONEY,
        "The capex turned into a yearly sum over the project's life at the cost of capital.",
        unit="{money}",
    )
    rent = RENT
    refiner = REFINER.like(printed=False)
    unit = UNIT.like(printed=False)
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the projects of a plan."""
        table, first = plan.projects, min(plan.case.years, default=0)
        records = {p.name: p for p in plan.case.projects}
        rows = [records[name] for name in table["project"]]
        return of_table(
            cls,
            plan,
            table,
            rows,
            started=table["built"],
            spent_in=[
                max(year - r.lead_time, first) if built > 0 else None
                for year, built, r in zip(table["year"], table["built"], rows, strict=True)
            ],
        )


class Ore(Result):
    """Every flow of ore from a mine country to a refiner, in t contained."""

    TABLE = "Ore"
    GRAIN = ("year", "mineral", "mine_country", "refiner", "project")

    year = YEAR
    mineral = MINERAL
    mine_country = field("Mine country", Look.TEXT, "Where the ore is mined.", names=Name.COUNTRY)
    refiner = REFINER
    country = field("Refiner country", Look.TEXT, "Where the ore is refined.", names=Name.COUNTRY)
    tonnes = TONNES
    premium = field(
        "Premium",
        Look.PRICE,
        "Price of the ore beyond what the refiner's cost counts.",
        unit="{money}/t",
    )
    freight = FREIGHT.like(meaning="Freight of the ore from mine to refiner.")
    mine_capacity = field(
        "Mine capacity",
        Look.TONNES,
        "What the country's mines give of the mineral in that year, contained.",
        unit="t/yr",
    )
    rent = field(
        "Scarcity rent of mine",
        Look.PRICE,
        "What one more tonne of mine capacity there would save.",
        unit="{money}/t",
    )
    project = PROJECT.like(printed=False)
    unit = UNIT.like(printed=False)
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the flows of ore in a plan."""
        table = plan.ore
        mines = {(m.mineral, m.country): m for m in plan.case.mines}
        keys = zip(table["mineral"], table["mine_country"], strict=True)
        return of_table(cls, plan, table, [mines[key] for key in keys])


class Tiers(Result):
    """What each tier of demand is short, and what a tonne of it short costs."""

    TABLE = "Tiers"
    GRAIN = ("year", "mineral", "member", "tier")

    year = YEAR
    mineral = MINERAL
    member = MEMBER
    tier = field("Tier", Look.TEXT)
    demand = DEMAND
    short = SHORT
    share = SHARE_SHORT
    cost = field("Shortage cost", Look.PRICE, unit="{money}/t")
    unit = UNIT

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return the tiers of demand in a plan."""
        table = plan.tiers
        share = table["short"] / table["demand"].where(table["demand"] > 0)
        return of_table(cls, plan, table, share=share)


class Changes(Result):
    """What each member buys from each refiner today, and in the plan's first year."""

    TABLE = "Changes"
    GRAIN = ("mineral", "refiner", "member")

    mineral = MINERAL
    refiner = REFINER
    country = COUNTRY
    member = MEMBER
    today = field("Today", Look.TONNES, unit="t/yr")
    planned = field("Planned {first}", Look.TONNES, unit="t/yr")
    change = CHANGE.like(meaning="Planned less today.", unit="t/yr")
    unit = UNIT
    note = NOTE
    source = SOURCE

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return what a plan changes against today."""
        table = plan.changes
        known = {(s.mineral, s.refiner, s.member): s for s in plan.case.current_supply}
        keys = zip(table["mineral"], table["refiner"], table["member"], strict=True)
        return of_table(cls, plan, table, [known.get(key) for key in keys])
