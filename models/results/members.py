"""The tables of members: levies, need, cost, shortage, dependence, and who pays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from models import measures, schema
from models.measures import SAME_COST, Dependence, rounded_share
from models.results import common
from models.results.common import UNDISCOUNTED, PlanTable, words_of
from models.results.field import Format, Name, Result, field
from models.results.numbers import PlanNumbers

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan

# ---- levies at borders with a price floor ------------------------------------------------------


def levies_paid(plan: Plan) -> pd.DataFrame:
    """Return one row for each year, mineral and payer of a levy: its tonnes and levies [money].

    The payer is a ``member``, or a ``plant`` that buys an input, wherever in the zone it is; the
    other column is "".
    """
    flows = plan.flows.assign(levy=plan.flows.get("levy", 0.0), plant="")
    flows = flows.assign(levies=flows["tonnes"] * flows["levy"])[flows["levy"] > 0]
    payer, amounts = ["year", "mineral", "member", "plant"], ["tonnes", "levies"]
    e, paid = plan.expanded, plan.delivered_to_plants * plan.expanded.input_flows.levy
    inputs = [
        (e.years[e.input_flows.year[k]], e.minerals[e.input_flows.mineral[k]], "",
         e.plant_inputs[e.input_flows.plant_input[k]].plant, plan.delivered_to_plants[k], paid[k])
        for k in np.flatnonzero(paid > 0).tolist()
    ]  # fmt: skip
    if inputs:
        import pandas as pd  # a check does without

        columns = [*payer, *amounts]
        flows = pd.concat([flows[columns], pd.DataFrame(inputs, columns=columns)])
    return flows.groupby(payer, as_index=False)[amounts].sum()


def levies_received(plan: Plan) -> dict[str, float]:
    """Return the levies [money] that the treasury of each member receives, in all years.

    A treasury receives the levies of its own member, and of plants in its country that buy inputs.
    If several members have the same country, they share the plants' levies equally.
    """
    e = plan.expanded
    if "levy" not in plan.flows and not plan.input_levies.any():
        return {}
    received = measures.sums(levies_paid(plan), "levies", "member")
    for k in np.flatnonzero(plan.input_levies > 0).tolist():
        country = e.plant_inputs[e.input_flows.plant_input[k]].country
        names = [member.name for member in plan.case.members if member.country == country]
        for name in names:
            received[name] = received.get(name, 0.0) + float(plan.input_levies[k]) / len(names)
    return received


class Levies(PlanTable):
    """Who pays levies at borders with a price floor, by year and mineral."""

    TABLE, PLACE = "Levies", 42
    SHOWN_FOR = "price_floors"
    GRAIN = ("year", "mineral", "member", "plant")

    year = common.YEAR
    mineral = common.MINERAL
    member = common.MEMBER.like(
        "The member that buys these tonnes and pays the levy; blank if a plant pays it."
    )
    plant = common.PLANT.like(
        "The plant that buys these tonnes as an input and pays the levy.",
        names=Name.REFINER,
        optional=True,
    )
    tonnes = common.TONNES.like("Tonnes on which a levy is paid.")
    levies = field.money(
        "Levies",
        "Tonnes x levy. The treasury of the buyer's country receives it; of members' countries it"
        f" is in Summary. {common.UNDISCOUNTED}",
    )
    each = field.price("Levy per tonne", "Levies divided by tonnes.")

    @classmethod
    def table(cls, plan: Plan) -> pd.DataFrame:
        table = levies_paid(plan)
        return table if table["plant"].any() else table.drop(columns="plant")

    @classmethod
    def _more(cls, plan: Plan, table: pd.DataFrame) -> dict[str, Any]:
        del plan
        return {"each": table["levies"] / table["tonnes"]}


# ---- members -----------------------------------------------------------------------------------

EU_BENCHMARK = 0.65
"""A member depends on a country if it buys more than this share of a mineral from it.

It is the benchmark of Regulation (EU) 2024/1252, Art. 5(1)(b), applied to each member's purchases.
"""
"""The words for it in sentences, so that nobody takes it for a limit in the workbook."""

_GAINS = f"It pays less in this plan than without share limits. {SAME_COST}"
_CHOICE = f" {SAME_COST}"


PAID = field.millions(
    "Paid", f"Cost or price, tariff and freight of all its purchases. {UNDISCOUNTED}"
)


class Members(Result):
    """One row for each member: need, cost, shortage, dependence, and its cost of share limits.

    Need and shortage are counted by value, at the prices of the sheet Minerals. A remark marks
    members that pay less with the limits.
    """

    TABLE, PLACE = "Members", 27
    GRAIN = ("member",)

    member = common.MEMBER
    need = field.millions(
        "Need by value",
        "Demand of all years, with each tonne at its mineral's price of the year.",
        key="need_usd",
    )
    paid_a_year = PAID.like(
        header="Paid a year",
        meaning=f"{PAID.meaning} Average per year.",
        key="paid_usd_a_year",
    )
    levies = field.millions(
        "Levies a year",
        "Levies that the member, and plants in its country, pay at borders with a"
        " price floor; its own treasury receives them. The sheet Levies shows them by"
        f" year. Average per year. {UNDISCOUNTED}",
        optional=True,
        key="levies_usd_a_year",
    )
    support = field.millions(
        "Support paid a year",
        "Payments to plants that a scenario supports. Buyers pay that much less for"
        " the plants' tonnes, so all members together pay the full cost.",
        optional=True,
        key="support_usd_a_year",
    )
    floors = field.millions(
        "Contracts for difference a year",
        "Payments to plants under the rows of Supports: strike price minus reference"
        " price for each tonne that they sell in the plan. Average per year. Below 0:"
        f" the plants pay the member. {UNDISCOUNTED}",
        optional=True,
        key="supports_usd_a_year",
    )
    floors_of = field(
        "Paid to",
        Format.LONG,
        "The plants that receive these payments, or pay them back (below 0), each with"
        " its row of Supports.",
        optional=True,
        key="supports",
        widest=44,
    )
    extra = field.millions(
        "Limits: cash a year",
        f"{common.EXTRA_COST.meaning} The reference is the plan without share limits. What plants"
        f" pay more for inputs is not divided among members. Average per year.{_CHOICE}",
        optional=True,
        key="extra_usd_a_year",
    )
    extra_shortage = field.millions(
        "Limits: shortage a year",
        "Its shortage cost minus its shortage cost in the plan without share limits."
        " Nobody pays it in cash. Below 0: the limits move supply to this member.",
        optional=True,
        key="extra_shortage_usd_a_year",
    )
    short = field.share(
        "Short by value",
        "Demand that is neither bought nor drawn from stock, as a share of need, both by value.",
    )
    short_mineral = common.MINERAL.like(
        header="Shortest mineral",
        meaning="The mineral with the largest shortage as a share of its demand, all years.",
        names=Name.MINERAL,
    )
    short_of_it = field.share(
        "Short of it", "Shortage of that mineral divided by its demand, all years."
    )
    depends_mineral = common.MINERAL.like(
        header="Most dependent mineral, {last}",
        meaning="The mineral for which one country outside the coalition sells the largest share"
        " of the member's purchases in the last year. If shares are equal: the mineral that the"
        " member pays most for. Rest of world is many suppliers, not a country.",
    )
    depends_country = common.COUNTRY.like(
        header="Depends on", meaning="The country that sells most of this mineral to the member."
    )
    depends_share = field.share(
        "Of its purchases",
        "That country's share of the member's purchases of the mineral in the last planned year.",
    )
    dependent = field.count(
        "Minerals above 65 %",
        "Number of minerals for which more than 65 % of its purchases come from one country"
        " outside the coalition, in the last planned year. 65 % is the benchmark of Regulation"
        " (EU) 2024/1252, Art. 5, for the Union's consumption.",
    )
    remark = common.REMARK.like(
        fmt=Format.LONG, meaning="A note on the member's payments.", optional=True, widest=44
    )
    paid = PAID.like(header="Paid in all", printed=False, key="paid_usd")
    dearer = field.share(
        "Limits: dearer",
        "Extra cash divided by the cost of the same tonnes without share limits.",
        optional=True,
        printed=False,
    )
    paid_short = field.millions(
        "Shortage at its cost a year",
        f"Its shortage cost; nobody pays it in cash. {UNDISCOUNTED}",
        printed=False,
        key="shortage_usd_a_year",
    )

    @classmethod
    def from_plan(cls, plan: Plan, payments: Sequence[dict[str, Any]] | None) -> Self:
        """Return the table of a plan; ``payments`` are against the plan without share limits.

        They are as ``payments_against`` returns them; None: there are no limits.
        """
        case, years, whole = plan.case, max(1, len(plan.case.years)), _totals_by_member(plan)
        compared = ("extra", "dearer", "extra_shortage")
        costs = {row["member"]: {name: row[name] for name in compared} for row in payments or ()}
        shortest, depends, floors = _shortest(plan), _depends(plan), _floors(plan, years)
        levies = levies_received(plan)
        rows = []
        for member in (m.name for m in case.members):
            totals = whole.get(member, {})
            row: dict[str, Any] = {
                "member": member,
                "need": totals.get("need", 0.0),
                "paid": totals.get("paid", 0.0),
                "paid_a_year": totals.get("paid", 0.0) / years,
                "paid_short": totals.get("short_cost", 0.0) / years,
                "short": measures.ratio(totals.get("short", 0.0), totals.get("need", 0.0)),
                **costs.get(member, {}),
                "dependent": 0,
            }
            if (row.get("extra") or 0.0) < 0.0:
                row["remark"] = _GAINS
            if levies:
                row["levies"] = levies.get(member, 0.0) / years
            if plan.support_paid:
                row["support"] = plan.support_paid.get(member, 0.0) / years
            row |= floors.get(member, {})
            rows.append(row | shortest.get(member, {}) | depends.get(member, {}))
        empty = [] if floors else [cls.floors, cls.floors_of]
        empty += [] if levies else [cls.levies]
        return cls.of_rows(rows, words=words_of(case)).without(*empty)


class WhoPays(Result):
    """Who pays more or less than in a reference: one row for each case and member.

    Money is per year. Each kind of study names its cases and its reference. Cash is compared for
    the same tonnes. Tonnes that are not bought cost no cash, and are counted as shortage cost.
    """

    GRAIN = ("case", "member")

    case = field.text("Case")
    member = common.MEMBER
    paid_a_year = Members.paid_a_year
    extra = field.millions(
        f"{common.EXTRA_COST.header} a year",
        f"{common.EXTRA_COST.meaning}{_CHOICE}",
        key=Members.extra.key,
    )
    dearer = Members.dearer.like(
        header=common.EXTRA_COST_SHARE.header,
        meaning=common.EXTRA_COST_SHARE.meaning,
        optional=False,
        printed=True,
    )
    paid_short = Members.paid_short.like(printed=True)
    extra_shortage = field.millions(
        "Extra shortage a year",
        "Its shortage cost minus its shortage cost in the reference. Nobody pays it"
        f" in cash. {UNDISCOUNTED}",
        key=Members.extra_shortage.key,
    )


def payments_against(numbers: PlanNumbers, reference: PlanNumbers) -> list[dict[str, Any]]:
    """Return one row per member with its yearly payments against a reference's.

    The keys are fields of ``WhoPays``. Extra cash is the extra cost of the same tonnes that the
    member itself buys; what plants pay more for inputs is not divided among members.
    """
    baskets, years = numbers.against(reference).extra_by_buyer(), max(1, len(numbers.years))
    rows = []
    for name, (paid, lost) in numbers.by_member.items():
        basket, (_, before) = baskets[name, ""], reference.by_member.get(name, (0.0, 0.0))
        rows.append({
            "member": name, "paid_a_year": paid / years, "extra": basket.extra / years,
            "dearer": basket.share, "paid_short": lost / years,
            "extra_shortage": measures.difference(lost, before, max(lost, before)) / years,
        })  # fmt: skip
    return rows


def _floors(plan: Plan, years: int) -> dict[str, dict[str, Any]]:
    """Return the yearly payment of each member under the rows of Supports, and the plants paid.

    It has all members, or none if nothing is paid.
    """
    from models.plan import payments_by_member  # a check does without

    paid, plants = defaultdict[str, float](float), defaultdict[str, dict[str, None]](dict)
    for member, bill, money in payments_by_member(plan):
        paid[member] += money / years
        plants[member][f"{bill.plant} ({bill.mineral}), row {bill.row} of Supports"] = None
    names = [m.name for m in plan.case.members] if paid else []
    return {m: {"floors": paid[m], "floors_of": "; ".join(plants[m])} for m in names}


def _totals_by_member(plan: Plan) -> dict[str, dict[str, float]]:
    """Return for each member its need and shortage by value, its payments and its shortage cost."""
    case, table = plan.case, plan.supply
    prices = {(m.name, year): m.price.value(year) for m in case.minerals for year in case.years}
    cells = zip(table["mineral"].tolist(), table["year"].tolist(), strict=True)
    price = [prices[cell] for cell in cells]
    need, short, paid = (
        table["demand"] * price,
        table["short"] * price,
        measures.payment_by_row(table),
    )
    amounts = table.assign(need=need, short=short, paid=paid).groupby("member")
    totals: Any = amounts[["need", "short", "paid", "short_cost"]].sum()
    return dict(totals.to_dict("index"))


def _shortest(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return for each member the mineral with its largest relative shortage, and that share."""
    need: dict[tuple[str, str], float] = defaultdict(float)
    for (mineral, member, _), tonnes in plan.case.demand_of.items():
        need[member, mineral] += tonnes
    shares: dict[str, list[tuple[float, str]]] = defaultdict(list)
    short = measures.sums(plan.short, "short", "member", "mineral")
    for (member, mineral), tonnes in short.items():
        shares[member].append((tonnes / need[member, mineral], mineral))
    worst = {}
    for member, each in shares.items():
        share, mineral = max(each, key=lambda pair: (round(pair[0], 9), pair[1]))
        worst[member] = {"short_mineral": mineral, "short_of_it": share}
    return worst


def _depends(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return each member's largest dependence in the last year, if it buys outside."""
    if not plan.case.years:
        return {}
    last = plan.supply[plan.supply["year"] == plan.case.years[-1]]
    keys = zip(last["member"].tolist(), last["mineral"].tolist(), strict=True)
    paid = dict(zip(keys, measures.payment_by_row(last).tolist(), strict=True))
    rows = {}
    for member, ties_of in dependences_of(plan).items():
        largest = rounded_share(ties_of[0].share)
        ties = [tie for tie in ties_of if rounded_share(tie.share) == largest]
        most = max(ties, key=lambda tie: paid.get((member, tie.mineral), 0.0))
        rows[member] = {
            "dependent": sum(1 for tie in ties_of if is_dependent(tie.share)),
            "depends_mineral": most.mineral,
            "depends_country": most.country,
            "depends_share": most.share,
        }
    return rows


def is_dependent(share: float) -> bool:
    """Return whether a share of a member's purchases is above 65 %, rounded as printed."""
    return rounded_share(share) > EU_BENCHMARK


def dependences_of(plan: Plan) -> dict[str, list[Dependence]]:
    """Return by member the largest outside supplier of each mineral it buys in the last year.

    Each list has one country per mineral, with the largest share first, however small. Rest of
    world is not a country. Members that buy nothing from a single outside country are left out.
    """
    case, table = plan.case, plan.countries
    if not case.years:
        return {}
    year = case.years[-1]
    rows = table[(table["year"] == year).to_numpy()]
    columns = (rows[name].tolist() for name in ("buyer", "mineral", "purchased"))
    is_bought = [b != "" and t > plan.tolerance(m, year) for b, m, t in zip(*columns, strict=True)]
    rows = rows[np.array(is_bought, dtype=bool)]
    home = {c for c in rows["country"].unique() if schema.COALITION in case.blocs_of(c)}
    return measures.dependences(rows, home)
