"""The tables of a plan, row by row: flows, shares and limits, prices, and stages of supply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models import schema
from models.case import Case
from models.measures import IN_SECURITY, excess_of_purchases, shares_of
from models.results import common
from models.results.common import PlanTable
from models.results.field import Look, Name, Result, field
from models.results.proof import Runs

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


class Flows(PlanTable):
    """Every flow, spot or contract, above 1e-6 t; tonnes in t, money undiscounted."""

    TABLE, PLACE, OF = "Plan", 40, "flows"
    GRAIN = ("year", "mineral", "refiner", "project", "member", "contract")

    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY
    member = common.MEMBER
    contract = common.CONTRACT
    tonnes = common.TONNES
    cost = field.price("Cost", "The refiner's cost, or the contract's price, at the gate.")
    tariff = field.price("Tariff", "Tariff rate x cost.")
    freight = common.FREIGHT
    support = field.price(
        "Support",
        "What a scenario has paid to the plant for each tonne, which the buyer pays less.",
        optional=True,
    )
    landed = field.price("Landed cost", "Cost, tariff and freight, less support.")
    total = field.money("Total", f"Tonnes x landed cost. {common.UNDISCOUNTED}")
    project = common.PROJECT.like(printed=False)
    owner = common.OWNER.like(printed=False)
    company = common.COMPANY.like(optional=True)
    kind = common.KIND.like(printed=False)

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        """Return the flows by year; with companies where any plant has one."""
        flows = plan.flows.sort_values("year", kind="stable")
        return flows if flows["company"].any() else flows.drop(columns="company")

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        return {
            "contract": _contracts(plan.case, table["contract"]),
            "tariff": table["cost"] * table["tariff"],
        }


def _contracts(case: Case, positions: pd.Series[int]) -> list[str]:
    """Return the contracts' names, "" for what is bought without one."""
    names = [
        r.name or (f"row {r.row} of Contracts" if r.row else f"contract {k + 1}")
        for k, r in enumerate(case.contracts)
    ]
    return [names[k] if k >= 0 else "" for k in positions.tolist()]


class Shortages(PlanTable):
    """Every member and year that is short of a mineral, and why."""

    TABLE, PLACE, OF = "Shortages", 50, "shortages"
    GRAIN = ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    demand = common.DEMAND
    short = common.SHORT
    share = common.SHARE_SHORT
    cause = field(
        "Cause",
        Look.SENTENCE,
        "What stops each supplier that could still serve the member. Long ones stand in full in the"
        " cell, see the formula bar.",
    )


class ShortageCauses(Result):
    """Who is short of a mineral, when and why: one row where all members share one cause.

    The sheet Shortages has a row for each member and year of it.
    """

    TABLE, PLACE = "Shortage causes", 45
    GRAIN = ("mineral", "years", "members", "cause")

    mineral = common.MINERAL
    years = field.text("Years", "The years in which the same members are short for that cause.")
    members = field("Members", Look.LONG, "All that need the mineral, or which.", widest=40)
    demand = common.DEMAND.like(meaning="What those members need in those years.")
    short = common.SHORT.like(meaning="Of those members, those years together.")
    share = common.SHARE_SHORT
    cause = Shortages.cause.like(meaning="What stops each supplier that could still serve them.")
    unit = common.UNIT.like(printed=False)


class Refiners(PlanTable):
    """Every refiner and project by year: capacity open to the coalition, and its use.

    Capacity is what the coalition can use: nameplate x available share, a project's by the
    fraction that runs. Utilization is tonnes over that.
    """

    TABLE, PLACE, OF = "Refiners", 80, "sources"
    GRAIN = ("year", "refiner", "mineral", "project")
    INPUTS = (schema.Refiner, schema.Project)

    year = common.YEAR
    refiner = common.REFINER
    mineral = common.MINERAL
    country = common.COUNTRY
    capacity = common.CAPACITY.like(
        meaning="What the coalition can use: nameplate capacity x available share; a project's by"
        " the part that runs."
    )
    tonnes = common.TONNES
    utilization = field.share("Utilization", "Tonnes over the capacity open to the coalition.")
    rent = common.RENT
    gap = Runs.gap.like(
        look=Look.PRICE,
        unit="{money}/t",
        meaning="What an idle plant lacks for each tonne, at the margin: less than that paid surely"
        " leaves it idle, more may be needed to make it run (planner support finds how much). Of a"
        " plant used in part 0; of a project that is"
        " nowhere built what earns its capital, too, paid in all years of output. Blank: used up,"
        " not there yet, or without a lane or ore.",
    )
    project = common.PROJECT.like(printed=False)
    nameplate = field(
        "Nameplate capacity",
        Look.TONNES,
        "The whole capacity, that closed to the coalition included.",
        unit="t/yr",
        printed=False,
    )
    owner = common.OWNER.like(printed=False)
    kind = common.KIND.like(printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        usable = table["usable"].to_numpy(dtype=float)
        nothing = np.full(len(usable), np.nan)
        records = {("", r.name, r.mineral): r for r in plan.case.refiners}
        built = {(p.name, p.refiner, p.mineral): p for p in plan.case.projects}
        keys = zip(table["project"], table["refiner"], table["mineral"], strict=True)
        return {
            "inputs": [built[key] if key[0] else records[key] for key in keys],
            "capacity": usable,
            "utilization": np.divide(table["tonnes"], usable, out=nothing, where=usable > 0),
        }


class Prices(PlanTable):
    """What one tonne more is worth to each member, and what its tonnes cost on average."""

    TABLE, PLACE, OF = "Prices", 90, "supply"
    GRAIN = ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    marginal = field.price(
        "Marginal price",
        "What one tonne more of supply is worth to this member, with every limit as it is. A tonne"
        " more in the sheet Demand may cost more or less: it also moves limits that are shares of"
        " demand (planner explain gives both). Where the member is"
        " short this is about the shortage cost, a little above or below it: the rule of fair"
        " shortage lets who is short beyond its part pay a little more, and the others a little"
        " less.",
    )
    landed = common.LANDED
    demand = common.DEMAND
    purchased = common.PURCHASES
    short = common.SHORT

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        del plan
        return {"marginal": table["marginal_price"]}


class CountryShares(PlanTable):
    """Each country's tonnes to the coalition and to each member, beside the tightest max.

    Limit and headroom are shares of demand, or of purchases where Share basis says so. A limit that
    is kept of demand and broken of purchases is marked.
    """

    TABLE, PLACE, OF = "Country shares", 60, "countries"
    GRAIN = ("year", "mineral", "buyer", "country")

    year = common.YEAR
    mineral = common.MINERAL
    buyer = common.BUYER
    country = common.COUNTRY
    tonnes = common.TONNES
    of_demand = field.share(
        "Share of demand",
        "Tonnes over the buyer's demand for the mineral in that year; stock purchases count, so"
        " that the sum may exceed 100 %.",
    )
    of_purchases = field.share(
        "Share of purchases",
        "Tonnes over all that the buyer purchases of the mineral in that year.",
    )
    limit = common.LIMIT.like(
        meaning="The tightest max on this country for this buyer; blank: none."
    )
    headroom = field.share("Headroom", "Limit less the share that it limits.")
    over = field.share(
        "Over the limit by purchases",
        "Share of purchases less the limit, where the share of demand keeps the limit and the share"
        " of purchases does not: demand is short, so that what is kept of demand is more of what is"
        " bought. Blank elsewhere; no such column where limits are of purchases.",
        optional=True,
    )
    limit_of = field.text(
        "Limit is of", "Whether the limit is a share of demand or of purchases.", printed=False
    )

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        basis = plan.case.settings.share_basis
        over = {"over": excess_of_purchases(table, basis)} if basis == schema.DEMAND else {}
        return {
            **over,
            "headroom": table["limit"] - shares_of(table, basis),
            "limit_of": [basis if is_limited else "" for is_limited in table["limit"].notna()],
        }


class ShareLimits(PlanTable):
    """Every limit that applied, spelt out: buyer, supplier, mineral and year.

    The shadow price is what one tonne of relief saves, undiscounted.
    """

    TABLE, PLACE, OF = "Share limits", 70, "limits"
    GRAIN = ("row", "mineral", "buyer", "supplier", "year")
    INPUTS = (schema.ShareLimit,)

    row = common.ROW
    kind = common.LIMIT_KIND
    mineral = common.MINERAL
    buyer = common.BUYER
    group = field.text(
        "Supplier group",
        "How suppliers are put together: by country, owner, bloc, kind, refiner or company.",
    )
    supplier = field.text("Supplier", "Whom the limit is on.", names=Name.SUPPLIER)
    year = common.YEAR
    share = field.share("Share reached", "What the supplier has of the buyer's base in that year.")
    limit = common.LIMIT
    binding = field.text(
        "Binding", "yes: the limit is reached, so that nothing more could flow (max) or less (min)."
    )
    shadow_price = field.price(
        "Shadow price",
        "What the plan would save if the limit gave way by one tonne; 0 where it does not bind.",
    )
    share_of = field.text(
        "Share of", "What the limit is a share of: demand or purchases.", printed=False
    )
    tonnes = common.TONNES.like(meaning="Tonnes that count under the limit.", printed=False)
    base = field.tonnes(
        "Base", "The demand, or the purchases, that the limit is a share of.", printed=False
    )
    room = field.tonnes("Room", "Tonnes left up to the limit.", printed=False)
    excess = field.tonnes("Beyond limit", "Tonnes past a limit that has a penalty.", printed=False)
    stage = field.text("Stage", "refining: tonnes of refined metal; mining: ore.", printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        rows = [plan.case.share_limits[k] for k in table["limit"]]
        basis = plan.case.settings.share_basis
        return {
            "inputs": rows,
            "row": [r.row or None for r in rows],
            "share": table["share"].where(table["base"] > 0, np.nan),
            "limit": table["allowed"],
            "binding": binds(table),
            "share_of": np.where(table["kind"] == "min", schema.DEMAND, basis),
        }


class Security(PlanTable):
    """What is served if a country is lost, beside what Security asks for.

    One row a country, mineral and year of a row of Security; lanes are left aside, and members
    share what is left.
    """

    TABLE, PLACE, OF = "Security", 75, "security"
    GIVEN = "security"
    GRAIN = ("row", "year", "mineral", "country")
    INPUTS = (schema.Security,)

    year = common.YEAR
    mineral = common.MINERAL
    country = common.COUNTRY.like(header="Lost country", meaning="The country that is lost.")
    served = field.share(
        "Served if it is lost",
        "What all others sell, and could sell more by the surge, with stocks that count, over the"
        f" coalition's demand of the year. {IN_SECURITY}",
    )
    target = field.share("To be served", "1 less Max short.")
    missing = field.tonnes("Missing", "What lacks of that, at the row's penalty.")
    binding = ShareLimits.binding.like(meaning="yes: no more is served than has to be, or less.")
    point = field.money(
        "A point costs",
        "What one percentage point of demand more to be served would cost; 0 where more is served.",
    )
    lost = field.tonnes("Sold by it", "What the plan buys in the country.", printed=False)
    left = field.tonnes(
        "Left without it",
        "What is served if it is lost, stocks that count included.",
        printed=False,
    )
    demand = common.DEMAND.like(meaning="What the coalition needs in that year.", printed=False)
    asked = field.text(
        "Asked of", "The row's Lost country: one, or each of many, one at a time.", printed=False
    )
    row = common.ROW.like(printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        rows = [plan.case.security[k] for k in table["row"]]
        return {
            "inputs": rows,
            "row": [r.row or None for r in rows],
            "asked": [_asked(plan.case, r.lost_country) for r in rows],
        }


def _asked(case: Case, lost: str) -> str:
    """Return whom a row of Security loses, in words."""
    every = lost or f"{schema.EACH_OUTSIDE}{schema.COALITION}"
    return every if every.startswith(schema.EACH_OUTSIDE) else case.country_name(every)


def binds(table: pd.DataFrame) -> pd.Series[bool]:
    """Return whether each row of ``Plan.limits`` binds; one on a buyer without need does not."""
    needed = (table["base"] > 0) | (table["shadow_price"] > 0)
    return table["binding"].astype(bool) & needed


class Contracts(PlanTable):
    """What is taken under each contract, what is paid for and not taken."""

    TABLE, PLACE, OF = "Contracts", 100, "contracts"
    GIVEN = "contracts"
    GRAIN = ("year", "row", "contract", "refiner", "mineral", "member")
    INPUTS = (schema.Contract,)

    year = common.YEAR
    contract = common.CONTRACT
    refiner = common.REFINER
    mineral = common.MINERAL
    member = common.MEMBER
    min = field("Min", Look.TONNES, unit="t/yr")
    minimum = field("Min in force", Look.TONNES, unit="t/yr")
    maximum = common.MAX.like(
        meaning="The most the contract gives; blank: no maximum.", unit="t/yr"
    )
    taken = field.tonnes("Taken")
    untaken = field.tonnes("Untaken")
    price = field.price("Price")
    paid = field.money("Paid for untaken")
    worth = field.price(
        "Shadow price of min", "What one tonne less of the contract's minimum would save."
    )
    row = common.ROW

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        """Return the contracts by year, with whose and of what each is."""
        rows = [plan.case.contracts[k] for k in plan.contracts["contract"]]
        names = ("refiner", "mineral", "member", "min")
        return plan.contracts.assign(**{n: [getattr(r, n) for r in rows] for n in names})

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        rows = [plan.case.contracts[k] for k in table["contract"]]
        return {
            "inputs": rows,
            "contract": [r.name for r in rows],
            "paid": table["untaken"] * table["price"],
            "row": [r.row or None for r in rows],
        }


class Stocks(PlanTable):
    """Each stockpile by year, against its target."""

    TABLE, PLACE, OF = "Stocks", 110, "stocks"
    GIVEN = "stockpiles"
    GRAIN = ("year", "mineral", "member")
    INPUTS = (schema.Stockpile,)

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    opening = field.tonnes("Opening", "In stock when the year begins.")
    change = common.CHANGE.like(meaning="Into stock; below 0 out of it.", unit="t")
    closing = field.tonnes("Closing", "In stock when the year ends.")
    target = field.tonnes(
        "Target", "What is to be in stock when the year ends; what lacks costs a penalty."
    )
    shortfall = field.tonnes("Below target", "What lacks of the target.")
    most = common.MAX.like(meaning="The most that may be.", unit="t")
    worth = field.price("Shadow price of target", "What one tonne less of the target would save.")
    days = field("Days of cover", Look.DAYS, "Closing stock over a day's demand of the year.")
    day_worth = field.money(
        "Shadow price of a day", "What a target lower by one day of demand would save."
    )

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        pile_of = plan.case.stockpile_of
        rows = [pile_of[key] for key in zip(table["mineral"], table["member"], strict=True)]
        change = table["closing"] - table["opening"]
        return {"inputs": rows, "change": change, "most": [r.max for r in rows]}


class Projects(PlanTable):
    """What is built of each project, and when; capex is that of the output starting in the year."""

    TABLE, PLACE, OF = "Projects", 120, "projects"
    GIVEN = "projects"
    GRAIN = ("year", "project")
    INPUTS = (schema.Project,)

    year = common.YEAR
    project = common.PROJECT
    mineral = common.MINERAL
    country = common.COUNTRY
    started = field.share("Started", "The part of the project whose output begins in this year.")
    running = field.share("Running", "The part of the project that runs in this year.")
    capacity = common.CAPACITY.like(meaning="What runs in the year.")
    tonnes = common.TONNES
    capex = field.millions(
        "Capex",
        "Money to be spent for the part started in this year; the plan's cost counts the yearly"
        " capital charge instead.",
        scale=1.0,
    )
    spent_in = field(
        "Capex spent in",
        Look.YEAR,
        "The year in which the capex is spent, the lead time before the output.",
    )
    charge = field.money(
        "Capital charge",
        "The capex turned into a yearly sum over the project's life at the cost of capital.",
    )
    rent = common.RENT
    refiner = common.REFINER.like(printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        first = min(plan.case.years, default=0)
        records = {p.name: p for p in plan.case.projects}
        rows = [records[name] for name in table["project"]]
        built = zip(table["year"], table["built"], rows, strict=True)
        return {
            "inputs": rows,
            "started": table["built"],
            "spent_in": [max(y - r.lead_time, first) if b > 0 else None for y, b, r in built],
        }


class Ore(PlanTable):
    """Every flow of ore from a mine country to a refiner, in t contained."""

    TABLE, PLACE, OF = "Ore", 130, "ore"
    GIVEN = "mines"
    GRAIN = ("year", "mineral", "mine_country", "refiner", "project")
    INPUTS = (schema.Mine,)

    year = common.YEAR
    mineral = common.MINERAL
    mine_country = field.text("Mine country", "Where the ore is mined.", names=Name.COUNTRY)
    refiner = common.REFINER
    country = field.text("Refiner country", "Where the ore is refined.", names=Name.COUNTRY)
    tonnes = common.TONNES
    premium = field.price("Premium", "Price of the ore beyond what the refiner's cost counts.")
    freight = common.FREIGHT.like(meaning="Freight of the ore from mine to refiner.")
    mine_capacity = field(
        "Mine capacity",
        Look.TONNES,
        "What the country's mines give of the mineral in that year, contained.",
        unit="t/yr",
    )
    rent = field.price(
        "Scarcity rent of mine", "What one more tonne of mine capacity there would save."
    )
    project = common.PROJECT.like(printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        mines = {(m.mineral, m.country): m for m in plan.case.mines}
        keys = zip(table["mineral"], table["mine_country"], strict=True)
        return {"inputs": [mines[key] for key in keys]}


class Tiers(PlanTable):
    """What each tier of demand is short, and what a tonne of it short costs."""

    TABLE, PLACE, OF = "Tiers", 140, "tiers"
    GRAIN = ("year", "mineral", "member", "tier")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    tier = field.text("Tier")
    demand = common.DEMAND
    short = common.SHORT
    share = common.SHARE_SHORT
    cost = field.price("Shortage cost")
    unit = common.UNIT

    @classmethod
    def is_due(cls, plan: Plan, given: Case) -> bool:
        """Return whether any demand that is planned has tiers."""
        del given
        return len(plan.tiers) > 0

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        del plan
        return {"share": table["short"] / table["demand"].where(table["demand"] > 0)}


class Changes(PlanTable):
    """What each member buys from each refiner today, and in the plan's first year."""

    TABLE, PLACE, OF = "Changes", 150, "changes"
    GRAIN = ("mineral", "refiner", "member")
    INPUTS = (schema.CurrentSupply,)

    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY
    member = common.MEMBER
    today = field("Today", Look.TONNES, unit="t/yr")
    planned = field("Planned {first}", Look.TONNES, unit="t/yr")
    change = common.CHANGE.like(meaning="Planned less today.", unit="t/yr")
    unit = common.UNIT

    @classmethod
    def is_due(cls, plan: Plan, given: Case) -> bool:
        """Return whether the case that is planned knows today's supply."""
        del given
        return bool(plan.case.current_supply)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        known = {(s.mineral, s.refiner, s.member): s for s in plan.case.current_supply}
        keys = zip(table["mineral"], table["refiner"], table["member"], strict=True)
        return {"inputs": [known.get(key) for key in keys]}
