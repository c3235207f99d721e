"""The detailed tables of a plan: flows, shares, limits, prices, stocks, projects and ore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models import schema
from models.case import Case
from models.measures import IN_SECURITY, excess_of_purchases, shares_of
from models.results import common, proof
from models.results.common import PlanTable
from models.results.field import Format, Name, Result, field

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


class Flows(PlanTable):
    """Every flow above 1e-6 t, spot or under a contract, with undiscounted money."""

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Plan", 40, "flows", False
    GRAIN = ("year", "mineral", "refiner", "project", "member", "contract")

    year = common.YEAR
    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY
    member = common.MEMBER
    contract = common.CONTRACT
    tonnes = common.TONNES
    cost = field.price("Cost", "The refiner's cost or the contract's price, at the gate.")
    tariff = field.price("Tariff", "Tariff rate x cost.")
    freight = common.FREIGHT
    support = field.price(
        "Support",
        "Payment of a scenario to the plant for each tonne; the buyer pays that much less.",
        optional=True,
    )
    levy = field.price(
        "Levy",
        "Levy up to a price floor at the border; members' own treasuries receive it.",
        optional=True,
    )
    landed = field.price("Landed cost", "Cost, tariff, freight and levy, minus support.")
    total = field.money("Total", f"Tonnes x landed cost. {common.UNDISCOUNTED}")
    project = common.PROJECT.like(printed=False)
    owner = common.OWNER.like(printed=False)
    company = common.COMPANY.like(optional=True)
    kind = common.KIND.like(printed=False)

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        """Return the flows by year, with the column of companies if any plant has one."""
        flows = plan.flows.sort_values("year", kind="stable")
        return flows if flows["company"].any() else flows.drop(columns="company")

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        return {
            "contract": _contracts(plan.case, table["contract"]),
            "tariff": table["cost"] * table["tariff"],
        }


def _contracts(case: Case, positions: pd.Series[int]) -> list[str]:
    """Return the name of each row's contract, "" for spot purchases."""
    names = [
        r.name or (f"row {r.row} of Contracts" if r.row else f"contract {k + 1}")
        for k, r in enumerate(case.contracts)
    ]
    return [names[k] if k >= 0 else "" for k in positions.tolist()]


class Shortages(PlanTable):
    """Every member and year with a shortage of a mineral, with its cause."""

    TABLE, PLACE, PLAN_TABLE = "Shortages", 50, "shortages"
    GRAIN = ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    demand = common.DEMAND
    short = common.SHORT
    share = common.SHARE_SHORT
    cause = field(
        "Cause",
        Format.SENTENCE,
        "Why each supplier that could serve the member does not. The formula bar shows"
        " the whole text.",
    )


class ShortageCauses(Result):
    """The shortages of each mineral by cause. Members with the same cause share a row.

    The sheet Shortages has every member and year.
    """

    TABLE, PLACE = "Shortage causes", 45
    GRAIN = ("mineral", "years", "members", "cause")

    mineral = common.MINERAL
    years = field.text("Years", "Years in which the same members have a shortage for this cause.")
    members = field(
        "Members", Format.LONG, "Names of the members, or all that need the mineral.", widest=40
    )
    demand = common.DEMAND.like("Demand of these members in these years.")
    short = common.MISSING_TONNES.like("What these members miss in these years together.")
    share = common.MISSING_SHARE
    cause = Shortages.cause.like("Why each supplier that could serve them does not.")
    unit = common.UNIT.like(printed=False)


class Refiners(PlanTable):
    """Every refiner and project by year: capacity open to the coalition, and its use.

    Capacity is nameplate capacity x available share; for a project, it is the part in operation.
    """

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Refiners", 80, "sources", False
    GRAIN = ("year", "refiner", "mineral", "project")
    INPUTS = (schema.Refiner, schema.Project)

    year = common.YEAR
    refiner = common.REFINER
    mineral = common.MINERAL
    country = common.COUNTRY
    capacity = common.CAPACITY.like(
        "Capacity that the coalition can use: nameplate capacity x available share; for a"
        " project, the part in operation."
    )
    tonnes = common.TONNES
    utilization = field.share("Utilization", "Tonnes as a share of Capacity.")
    rent = common.RENT
    gap = proof.Runs.gap.like(
        fmt=Format.PRICE,
        unit="{money}/t",
        meaning="Payment per tonne that an idle plant would need at least. More may be needed"
        " (see planner support). For a partly used plant it is 0. For an unbuilt project it"
        " includes the return on its capital, in all years of output. Blank: the plant is fully"
        " used, does not exist yet, or has no lane, ore or input.",
    )
    project = common.PROJECT.like(printed=False)
    nameplate = field(
        "Nameplate capacity",
        Format.TONNES,
        "The whole capacity, including the part closed to the coalition.",
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
        keys = zip(*(table[n].tolist() for n in ("project", "refiner", "mineral")), strict=True)
        return {
            "inputs": [built[key] if key[0] else records[key] for key in keys],
            "capacity": usable,
            "utilization": np.divide(table["tonnes"], usable, out=nothing, where=usable > 0),
        }


class Prices(PlanTable):
    """The value of one more tonne to each member, and the average cost of its tonnes."""

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Prices", 90, "supply", False
    GRAIN = ("year", "mineral", "member")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    marginal = common.MARGINAL_PRICE.like(
        "Value of one more tonne of supply to this member, with all limits unchanged."
        " One more tonne of demand has another price, since it also moves limits that"
        f" are shares of demand (planner explain gives both). {common.SHORT_PRICE}",
    )
    landed = common.LANDED
    demand = common.DEMAND
    purchased = common.PURCHASES
    short = common.MISSING_TONNES

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        del plan
        return {"marginal": table["marginal_price"]}


class CountryShares(PlanTable):
    """Each country's tonnes to the coalition and to each member, with the lowest limit on it.

    Limit and headroom are shares of demand, or of purchases if the setting Share basis says so.
    """

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Country shares", 60, "countries", False
    GRAIN = ("year", "mineral", "buyer", "country")

    year = common.YEAR
    mineral = common.MINERAL
    buyer = common.BUYER
    country = common.COUNTRY
    tonnes = common.TONNES
    of_demand = field.share(
        "Share of demand",
        "Tonnes as a share of the buyer's demand for the mineral in that year."
        " Purchases for stock count, so the sum may be above 100 %.",
    )
    of_purchases = field.share(
        "Share of purchases",
        "Tonnes as a share of the buyer's purchases of the mineral in that year.",
    )
    limit = common.LIMIT.like(
        "The tightest max on this country for this buyer; blank if there is none."
    )
    headroom = field.share("Headroom", "The limit minus the share that it limits.")
    over = field.share(
        "Over the limit by purchases",
        "Share of purchases minus the limit, if only the share of demand is within the limit. This"
        " happens if there is a shortage. The column is missing if limits are shares of purchases.",
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
    """Every limit that applied, by buyer, supplier, mineral and year.

    The shadow price is the saving if the limit is loosened by one tonne, undiscounted.
    """

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Share limits", 70, "limits", False
    GRAIN = ("row", "mineral", "buyer", "supplier", "year")
    INPUTS = (schema.ShareLimit,)

    row = common.ROW
    kind = common.LIMIT_KIND
    mineral = common.MINERAL
    buyer = common.BUYER
    group = field.text(
        "Supplier group",
        "The kind of supplier: country, owner, bloc, kind, refiner or company.",
    )
    supplier = field.text("Supplier", "The supplier that the limit is on.", names=Name.SUPPLIER)
    year = common.YEAR
    share = field.share("Share reached", "The supplier's share in that year.")
    limit = common.LIMIT
    binding = field.text(
        "Binding", "yes: the limit is reached, and more (max) or less (min) is not allowed."
    )
    shadow_price = field.price(
        "Shadow price",
        "Saving if the limit were one tonne looser; 0 if it does not bind.",
    )
    share_of = field.text("Share of", "The base of the limit: demand or purchases.", printed=False)
    tonnes = common.TONNES.like("Tonnes that count under the limit.", printed=False)
    base = field.tonnes(
        "Base", "Tonnes of demand or purchases that the limit is a share of.", printed=False
    )
    room = field.tonnes("Room", "Tonnes between what counts and the limit.", printed=False)
    excess = field.tonnes(
        "Outside the limit", "Tonnes above a max or below a min with a penalty.", printed=False
    )
    stage = field.text(
        "Stage", "What counts. refining: refined tonnes; mining: ore.", printed=False
    )

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
    """The share of demand that is served if a country is lost, and its target in Security.

    One row for each country, mineral and year. Lanes are ignored, and members share all supply.
    """

    TABLE, PLACE, PLAN_TABLE = "Security", 75, "security"
    SHOWN_FOR = "security"
    GRAIN = ("row", "year", "mineral", "country")
    INPUTS = (schema.SecurityTarget,)

    year = common.YEAR
    mineral = common.MINERAL
    country = common.COUNTRY.like(header="Lost country", meaning="The country that is lost.")
    served = field.share(
        "Served if it is lost",
        "Sales of all other countries, their surge and the stocks that count, divided"
        f" by the coalition's demand of the year. {IN_SECURITY}",
    )
    target = field.share("To be served", "1 minus Max short.")
    missing = field.tonnes(common.MISSING, "Tonnes below the target; each costs the penalty.")
    binding = ShareLimits.binding.like("yes: no more is served than the target asks for.")
    point = field.money(
        "A point costs",
        "Cost of serving one more percentage point of demand; 0 if the target does not bind.",
    )
    lost = field.tonnes("Sold by it", "Tonnes that the plan buys from the country.", printed=False)
    left = field.tonnes(
        "Left without it",
        "Tonnes served if the country is lost, including stocks that count.",
        printed=False,
    )
    demand = common.DEMAND.like("Demand of the coalition in that year.", printed=False)
    asked = field.text(
        "Asked of",
        "Lost country of the row: one country, or each of several in turn.",
        printed=False,
    )
    row = common.ROW.like(printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        rows = [plan.case.security[k] for k in table["row"]]
        return {
            "inputs": rows,
            "row": [r.row or None for r in rows],
            "asked": [_selected_loss(plan.case, r.lost_country) for r in rows],
        }


def _selected_loss(case: Case, lost: str) -> str:
    every = lost or f"{schema.EACH_OUTSIDE}{schema.COALITION}"
    return every if every.startswith(schema.EACH_OUTSIDE) else case.country_name(every)


def binds(table: pd.DataFrame) -> pd.Series[bool]:
    """Return whether each row of ``Plan.limits`` binds; False if the buyer needs nothing."""
    needed = (table["base"] > 0) | (table["shadow_price"] > 0)
    return table["binding"].astype(bool) & needed


class Contracts(PlanTable):
    """The tonnes taken under each contract, and those paid for but not taken."""

    TABLE, PLACE, PLAN_TABLE = "Contracts", 100, "contracts"
    SHOWN_FOR = "contracts"
    GRAIN = ("year", "row", "contract", "refiner", "mineral", "member")
    INPUTS = (schema.Contract,)

    year = common.YEAR
    contract = common.CONTRACT
    refiner = common.REFINER
    mineral = common.MINERAL
    member = common.MEMBER
    min = field("Min", Format.TONNES, unit="t/yr")
    minimum = field("Min in force", Format.TONNES, unit="t/yr")
    maximum = common.MAX.like(
        "Most tonnes that the contract gives; blank if there is no maximum.", unit="t/yr"
    )
    taken = field.tonnes("Taken")
    untaken = field.tonnes("Untaken")
    price = field.price("Price")
    paid = field.money("Paid for untaken")
    worth = field.price(
        "Shadow price of min",
        "Saving if the contract's minimum were one tonne lower.",
    )
    row = common.ROW

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        """Return the contracts by year, with the refiner, mineral, member and Min of each."""
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
    """Each stockpile and its target by year."""

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Stocks", 110, "stocks", False
    SHOWN_FOR = "stockpiles"
    GRAIN = ("year", "mineral", "member")
    INPUTS = (schema.Stockpile,)

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    opening = field.tonnes("Opening", "Stock at the start of the year.")
    change = common.CHANGE.like("Tonnes added to stock; below 0: drawn from it.", unit="t")
    closing = field.tonnes("Closing", "Stock at the end of the year.")
    target = field.tonnes(
        "Target", "Stock to hold at the end of the year. A shortfall costs a penalty."
    )
    shortfall = field.tonnes("Below target", "Tonnes missing from the target.")
    most = common.MAX.like("Most tonnes that can be stored.", unit="t")
    worth = field.price("Shadow price of target", "Saving if the target were one tonne lower.")
    days = field("Days of cover", Format.DAYS, "Closing stock in days of that year's demand.")
    day_worth = field.money(
        "Shadow price of a day",
        "Saving if the target were lower by one day of demand.",
    )
    fill_worth = field.price(
        "Shadow price of fill",
        "Saving if Max fill were one tonne higher in the year.",
        optional=True,
    )
    draw_worth = field.price(
        "Shadow price of draw",
        "Saving if Max draw were one tonne higher in the year.",
        optional=True,
    )

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        """Return the stocks, with shadow prices of fill and draw if any stockpile limits them."""
        prices = {"max_fill": "fill_worth", "max_draw": "draw_worth"}
        stockpiles = plan.case.stockpiles
        free = [
            limit
            for limit in prices
            if all(getattr(stockpile, limit) is None for stockpile in stockpiles)
        ]
        return super().table(plan).drop(columns=[prices[limit] for limit in free])

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        pile_of = plan.case.stockpile_of
        rows = [pile_of[key] for key in zip(table["mineral"], table["member"], strict=True)]
        change = table["closing"] - table["opening"]
        return {"inputs": rows, "change": change, "most": [r.max for r in rows]}


class Projects(PlanTable):
    """The part of each project that is built, by year. Capex is for output that starts then."""

    TABLE, PLACE, PLAN_TABLE = "Projects", 120, "projects"
    SHOWN_FOR = "projects"
    GRAIN = ("year", "project")
    INPUTS = (schema.Project,)

    year = common.YEAR
    project = common.PROJECT
    mineral = common.MINERAL
    country = common.COUNTRY
    started = field.share("Started", "Fraction of the project whose output begins in this year.")
    running = field.share("Running", "Fraction of the project that is in operation in this year.")
    capacity = common.CAPACITY.like("Capacity in operation in the year.")
    tonnes = common.TONNES
    capex = field.millions(
        "Capex",
        "Capital spent on the part that starts in this year. The plan's cost counts"
        " the yearly capital charge instead.",
        scale=1.0,
    )
    spent_in = field(
        "Capex spent in",
        Format.YEAR,
        "Year in which the capex is spent: the first year of output minus the lead time.",
    )
    charge = field.money(
        "Capital charge",
        "The capex as equal yearly payments over the project's life, at the cost of capital.",
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
    """Every flow of ore from a mine country to a refiner, in tonnes of contained metal."""

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Ore", 130, "ore", False
    SHOWN_FOR = "mines"
    GRAIN = ("year", "mineral", "mine_country", "refiner", "project")
    INPUTS = (schema.Mine,)

    year = common.YEAR
    mineral = common.MINERAL
    mine_country = field.country("Mine country", "Country of the mines.")
    refiner = common.REFINER
    country = field.country("Refiner country", "Country of the refiner.")
    tonnes = common.TONNES
    premium = field.price("Premium", "Price of the ore on top of the refiner's cost.")
    freight = common.FREIGHT.like("Freight of the ore from mine to refiner.")
    mine_capacity = field(
        "Mine capacity",
        Format.TONNES,
        "Capacity of the country's mines of the mineral in that year, in contained metal.",
        unit="t/yr",
    )
    rent = field.price("Scarcity rent of mine", "Saving from one more tonne of mine capacity.")
    project = common.PROJECT.like(printed=False)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        mines = {(m.mineral, m.country): m for m in plan.case.mines}
        keys = zip(table["mineral"].tolist(), table["mine_country"].tolist(), strict=True)
        return {"inputs": [mines[key] for key in keys]}


class Tiers(PlanTable):
    """Each tier of demand: who serves it, what is missing, and what one more tonne costs."""

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Tiers", 140, "tiers", False
    GRAIN = ("year", "mineral", "member", "tier")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER
    tier = field.text("Tier", "The tier of demand; blank: demand without a tier.")
    demand = common.DEMAND
    served = field.tonnes("Served", "Demand that is met, from suppliers and from stock.")
    suppliers = common.FROM.like(
        "Suppliers with their tonnes. Those that may serve the fewest tiers come first, and tiers"
        " in the order of the rows. Those that may serve the same tiers do so by their tonnes.",
        widest=60,
    )
    from_stock = field.tonnes("From stock", "What comes from the member's reserve.")
    short = common.MISSING_TONNES
    share = common.MISSING_SHARE
    closed = field.text(
        "Closed to it",
        "Suppliers with a lane that is open to other tiers of the member, but not to this one.",
        widest=60,
    )
    cost = field.price("Shortage cost", "What a missing tonne of the tier costs.")
    price = common.MARGINAL_PRICE.like(
        "What one more tonne for the tier costs: the dual values of the member's balance and of the"
        " tier. A member's price is that of its dearest tier.",
    )
    unit = common.UNIT

    @classmethod
    def is_shown(cls, plan: Plan, given: Case) -> bool:
        del given
        return len(plan.tiers) > 0


class Changes(PlanTable):
    """The purchases of each member from each refiner, today and in the plan's first year."""

    TABLE, PLACE, PLAN_TABLE, PRINTED = "Changes", 150, "changes", False
    GRAIN = ("mineral", "refiner", "member")
    INPUTS = (schema.CurrentSupply,)

    mineral = common.MINERAL
    refiner = common.REFINER
    country = common.COUNTRY
    member = common.MEMBER
    today = field("Today", Format.TONNES, unit="t/yr")
    planned = field("Planned {first}", Format.TONNES, unit="t/yr")
    change = common.CHANGE.like("Planned minus today.", unit="t/yr")
    unit = common.UNIT

    @classmethod
    def is_shown(cls, plan: Plan, given: Case) -> bool:
        del given
        return any(row.member for row in plan.case.current_supply)

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        supplied = {(s.mineral, s.refiner, s.member): s for s in plan.case.current_supply}
        keys = zip(table["mineral"], table["refiner"], table["member"], strict=True)
        return {"inputs": [supplied.get(key) for key in keys]}


PRODUCTS = "; "
"""The separator between the products of a joint input."""


class PlantInputs(PlanTable):
    """Every flow of an input to a plant, which a plant sells or a member supplies."""

    TABLE, PLACE, PLAN_TABLE = "Inputs", 135, "inputs"
    PRINTED = False
    SHOWN_FOR = "needed_inputs"
    GRAIN = ("year", "mineral", "refiner", "project", "member", "plant", "plant_project", "product")

    year = common.YEAR
    mineral = common.MINERAL.like(
        header="Input", meaning="The mineral that the plant uses as an input."
    )
    refiner = common.REFINER.like(
        header="Supplier", meaning="The refiner that sells it; blank if a member supplies it."
    )
    country = common.COUNTRY.like(header="Supplier country", meaning="Country of the supplier.")
    member = common.MEMBER.like(
        header="Member",
        meaning="The member that supplies it from purchases or stock; blank if a refiner does.",
    )
    plant = common.PLANT.like("The refiner that uses the input.", names=Name.REFINER)
    product = field.text(
        "Product", "The product that the plant makes from it; several for a joint input."
    )
    plant_country = field.country("Plant country", "Country of the plant.")
    tonnes = common.TONNES
    cost = Flows.cost.like("The supplier's cost of a tonne, at its gate.")
    tariff = Flows.tariff
    freight = common.FREIGHT.like("Freight from the supplier's country to the plant's.")
    support = Flows.support
    levy = Flows.levy
    landed = Flows.landed.like(f"{Flows.landed.meaning} 0 if a member supplies it.")
    total = Flows.total
    worth = Prices.marginal.like("Value of one more tonne of the input to the plant in that year.")
    unused = field.tonnes(
        "More than needed",
        "Tonnes of a joint input that the plant uses and its products do not need.",
    )
    project = common.PROJECT.like(
        "The project, if the supplier is one; blank for existing refiners.", printed=False
    )
    plant_project = common.PROJECT.like(
        header="Plant project",
        meaning="The project, if the plant is one; blank for existing refiners.",
        printed=False,
    )

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        minerals, products = [source.mineral for source in plan.expanded.sources], {}
        for plant_input in plan.expanded.plant_inputs:
            if plant_input.is_joint:
                names = (minerals[source] for source, _ in plant_input.needs)
                products[plant_input.mineral, plant_input.refiner] = PRODUCTS.join(names)
        rows = zip(table["mineral"], table["plant"], table["product"], strict=True)
        return {
            "tariff": table["cost"] * table["tariff"],
            "product": [product or products[mineral, plant] for mineral, plant, product in rows],
        }
