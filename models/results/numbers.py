"""A plan's numbers by mineral, each with its one base: the table that all sheets and studies read.

A plan in a worker becomes ``PlanNumbers``, which is small and can be sent home. There it is
compared with the numbers of a reference (``against``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from models import measures, schema, tolerances
from models.measures import difference, ratio
from models.measures.same_tonnes import Basket, Baskets, Purchases
from models.resolve import Floats, Ints
from models.results import common
from models.results.field import Name, Result, field
from models.results.overall import ByMineral
from models.results.supply import PRODUCTS

if TYPE_CHECKING:
    from models.plan import Plan

ALL = ""
"""The name of all minerals together."""


class PlanNumbers(Result):
    """A plan's numbers by mineral; all minerals together come first.

    Columns about a reference are blank until ``against``. Tonnes of all minerals together are
    added by weight.
    """

    GRAIN: ClassVar[tuple[str, ...]] = ("mineral",)

    mineral = common.MINERAL.like(
        meaning="all: all minerals together, added by weight.", names=Name.MINERALS
    )
    need = common.NEED.like(key="need_t")
    missing = common.MISSING_TONNES.like(key="shortage_t")
    missing_share = common.MISSING_SHARE
    further_missing = common.FURTHER_MISSING.like(key="further_missing_t")
    further_missing_share = common.FURTHER_MISSING_SHARE
    tonnes = common.TONNES.like(
        header="Bought by members", meaning="What members buy, also for stock.", unit="t",
        key="tonnes",
    )  # fmt: skip
    inputs = field.tonnes("Bought by plants", "What plants buy of it as an input.", key="inputs_t")
    outside = field.tonnes(
        "Bought outside", "What members and plants buy from countries outside the coalition."
    )
    objective = field.money(
        "Total cost, {discounted}",
        "Cash, shortage and other penalties, discounted to the first year.",
        key="objective_usd",
    )
    purchases = ByMineral.paid.like(key="purchases_usd")
    cash = field.money(
        "Cash cost",
        "What buyers pay, with inputs, tariffs and levies. The cost of inputs is charged to the"
        f" minerals made from them. {common.UNDISCOUNTED}",
        key="cash_usd",
    )
    tariffs = field.money("Tariffs in it", common.IN_CASH, key="tariffs_usd")
    levies = field.money("Levies in it", common.IN_CASH, key="levies_usd")
    net_cash = field.money("Net cash cost", common.LESS_TARIFFS, key="net_cost_usd")
    extra_cost = common.EXTRA_COST.like(key="extra_cost_usd")
    extra_cost_per_t = common.EXTRA_COST_PER_T.like(key="extra_cost_usd_per_t")
    extra_cost_share = common.EXTRA_COST_SHARE
    same_cost = common.COST_OF_SAME_TONNES
    tonnes_compared = common.TONNES_COMPARED
    supplier = common.SUPPLIER
    supplier_share = common.SUPPLIER_SHARE
    supplier_of_demand = common.SUPPLIER_OF_DEMAND
    served_last = field.share(
        "Served if it stops, at the last stage, in {last}",
        "(Tonnes that members and plants buy elsewhere, and stock drawn) / (need and what plants"
        " take), at most the share served in the plan.",
    )
    served_through = field.share(
        "Served if it stops, through all stages, in {last}",
        "The same of members' need, without what others make from that country's ore and inputs.",
    )
    dependence = field.share(
        "Dependence on it through all stages, in {last}",
        "The share of purchases that is lost if that country stops, with what others make from its"
        " ore and inputs.",
    )
    share = ByMineral.share.like(key="max_country_share")
    country = ByMineral.country.like(key="largest_country")

    minerals: tuple[str, ...]
    years: tuple[int, ...]
    bought: Purchases
    """All purchases by buyer, mineral and year, for the extra cost of the same tonnes."""
    by_year: Mapping[str, Floats]
    """Tonnes by (mineral, year): ``need`` and ``missing``."""
    by_member: Mapping[str, tuple[float, float]]
    """By member: what it pays, inputs included, and its shortage at the shortage cost [money]."""
    baskets: Baskets | None = None
    """The same tonnes here and in the reference; None without one."""

    @classmethod
    def of(cls, plan: Plan, reference: Plan | PlanNumbers | None = None) -> Self:
        """Return the numbers of a plan, compared with a reference if there is one.

        The arrays that the table is made from go with it: see ``against``, ``missing_by_year`` and
        ``extra_by_buyer``.
        """
        e = plan.expanded
        need, missing = e.demand.sum(axis=1), plan.missing.sum(axis=1)
        suppliers = _supplier_dependence(plan)
        money, tonnes = money_by_mineral(plan), _tonnes_of_mineral(plan)
        tops = measures.tops(_shares(plan), plan.case.settings.share_basis, ("mineral",))
        rows: list[dict[str, Any]] = []
        for m, name in enumerate(e.minerals):
            row: dict[str, Any] = {"mineral": name, "need": float(need[m].sum())}
            row |= {"missing": float(missing[m].sum())}
            row |= {key: float(amounts[m]) for key, amounts in tonnes.items()}
            row |= {key: amounts[name] for key, amounts in money.items()}
            if (name,) in tops:
                row |= {"share": tops[name,].share, "country": tops[name,].country}
            rows.append(row | suppliers.get(name, {}))
        rows.insert(0, _all_minerals(plan, rows))
        for row in rows:
            row["missing_share"] = ratio(row["missing"], row["need"])
            row["net_cash"] = measures.net_cost(row["cash"], row["tariffs"] + row["levies"])
        numbers = cls.of_rows(rows, words=common.words_of(plan.case))
        numbers.minerals, numbers.years = tuple(e.minerals), tuple(e.years)
        numbers.bought, numbers.by_year = purchases_of(plan), {"need": need, "missing": missing}
        numbers.by_member = _member_payments(plan)
        if reference is None:
            return numbers
        other = reference if isinstance(reference, PlanNumbers) else cls.of(reference)
        return numbers.against(other)

    def against(self, reference: PlanNumbers) -> Self:
        """Return these numbers with the columns that compare them with a reference's.

        A mineral that the reference does not have is compared with nothing.
        """
        baskets = self.bought.against(reference.bought)
        basket_of = {ALL: baskets.whole(), **baskets.by_mineral()}
        before = dict(reference.rows(PlanNumbers.mineral, PlanNumbers.missing))
        columns: dict[str, list[Any]] = {name: list(values) for name, values in self.data.items()}
        for i, name in enumerate(self.mineral):
            if name not in before:
                continue
            need, further = self.need[i], difference(self.missing[i], before[name], self.need[i])
            columns["further_missing"][i] = further
            columns["further_missing_share"][i] = ratio(further, need)
            columns["extra_cost"][i] = basket_of[name].extra
            columns["extra_cost_per_t"][i] = basket_of[name].per_tonne
            columns["extra_cost_share"][i] = basket_of[name].share
            columns["same_cost"][i] = basket_of[name].cost
            # tonnes of several minerals are not compared with one another
            columns["tonnes_compared"][i] = basket_of[name].compared if name else None
        numbers = type(self)(words=self.words, formats={}, **columns)
        for name in ("minerals", "years", "bought", "by_year", "by_member"):
            setattr(numbers, name, getattr(self, name))
        numbers.baskets = baskets
        return numbers

    def row(self, mineral: str = ALL) -> dict[str, Any]:
        """Return the numbers of a mineral, or of all together, by field name."""
        at = list(self.mineral).index(mineral)
        return {f.name: self.data[f.name][at] for f in self.fields}

    def by_mineral(self) -> dict[str, dict[str, Any]]:
        """Return the numbers by mineral and field name; ``ALL`` is first."""
        return {name: self.row(name) for name in self.mineral}

    def missing_by_year(
        self, reference: PlanNumbers | None = None
    ) -> dict[tuple[str, int], tuple[float, float, float | None]]:
        """Return need, missing and further missing [t], by mineral and year.

        Further missing is None without a reference, and where the reference lacks the mineral.
        """
        then = {} if reference is None else dict(_by_mineral_year(reference, "missing"))
        needed = dict(_by_mineral_year(self, "need"))
        return {
            cell: (
                needed[cell],
                tonnes,
                difference(tonnes, then[cell], needed[cell]) if cell in then else None,
            )
            for cell, tonnes in _by_mineral_year(self, "missing")
        }

    def extra_by_buyer(self) -> dict[tuple[str, str], Basket]:
        """Return the same tonnes by buyer: (member, ""), or ("", product) of all its plants."""
        return {} if self.baskets is None else self.baskets.by_buyer()


def _by_mineral_year(numbers: PlanNumbers, name: str) -> Sequence[tuple[tuple[str, int], float]]:
    names = ((m, year) for m in numbers.minerals for year in numbers.years)
    return list(zip(names, numbers.by_year[name].ravel().tolist(), strict=True))


# ---- arrays of a plan --------------------------------------------------------------------------


def _counted_tonnes(plan: Plan) -> Floats:
    """Return the tonnes of all sales, without those too small for the sheets."""
    return np.where(plan.all_sold > tolerances.LEAST_FLOW, plan.all_sold, 0.0)


def _is_outside(plan: Plan) -> Any:
    """Return whether each source is in a country outside the coalition."""
    home = [
        schema.COALITION in plan.case.blocs_of(source.country) for source in plan.expanded.sources
    ]
    return ~np.array(home, dtype=bool)


def _tonnes_of_mineral(plan: Plan) -> dict[str, Floats]:
    """Return tonnes by mineral: of members, of plants, and from outside the coalition."""
    sales, tonnes = plan.expanded.sales, _counted_tonnes(plan)
    to_plants, outside = sales.member < 0, _is_outside(plan)[sales.source]
    count = len(plan.expanded.minerals)

    def sums(part: Any) -> Floats:
        return np.asarray(np.bincount(sales.mineral, tonnes * part, count), dtype=float)

    return {"tonnes": sums(~to_plants), "inputs": sums(to_plants), "outside": sums(outside)}


def _shares(plan: Plan) -> dict[str, Any]:
    from models.plan.countries import country_shares  # a check does without

    return country_shares(plan, 1)


def purchases_of(plan: Plan) -> Purchases:
    """Return the purchases of members, and of plants: the makers of a product are one buyer.

    A line that makes joint products is a buyer of all of them together.
    """
    e, d, f = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    products = [
        plant_input.product or PRODUCTS.join(e.sources[r].mineral for r, _ in plant_input.needs)
        for plant_input in e.plant_inputs
    ]
    made = sorted(set(products))
    buyers = [*((member, "") for member in e.members), *(("", product) for product in made)]
    product_at = np.array([len(e.members) + made.index(p) for p in products], dtype=np.int64)
    of_plants = product_at[f.plant_input] if len(f) else np.zeros(0, dtype=np.int64)
    at = tuple(
        np.concatenate(parts)
        for parts in ((d.member, of_plants), (d.mineral, f.mineral), (d.year, f.year))
    )
    tonnes, price = _counted_tonnes(plan), np.concatenate([d.landed, f.landed])
    used = np.flatnonzero(tonnes)
    where: tuple[Ints, Ints, Ints] = (at[0][used], at[1][used], at[2][used])
    return Purchases.of((buyers, e.minerals, e.years), where, tonnes[used], price[used])


def _member_payments(plan: Plan) -> dict[str, tuple[float, float]]:
    """Return what each member pays, and its shortage at the shortage cost [money]."""
    from models.plan.supply import supply_columns  # a check does without

    paid = {name: [0.0, 0.0] for name in plan.expanded.members}
    columns = supply_columns(plan)
    spent = np.nan_to_num(columns["purchased"] * columns["landed"])
    rows = zip(columns["member"], spent.tolist(), columns["short_cost"].tolist(), strict=True)
    for member, money, lost in rows:
        paid[member][0] += money
        paid[member][1] += lost
    return {name: (money, lost) for name, (money, lost) in paid.items()}


def _supplier_dependence(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return what depends on each mineral's largest supplier in the last year."""
    from models.plan import stages  # a check does without

    e, sales, tonnes = plan.expanded, plan.expanded.sales, _counted_tonnes(plan)
    if not e.years:
        return {}
    t, year = len(e.years) - 1, e.years[-1]
    names = sorted({source.country for source in e.sources})
    country = np.array([names.index(source.country) for source in e.sources], dtype=np.int64)
    rows = np.flatnonzero((sales.year == t) & (tonnes > 0))
    code = sales.mineral[rows] * len(names) + country[sales.source[rows]]
    sold = np.bincount(code, tonnes[rows], len(e.minerals) * len(names))
    by_country = [
        dict(zip(names, row, strict=True))
        for row in sold.reshape(len(e.minerals), len(names)).tolist()
    ]
    home = {n for n in names if schema.COALITION in plan.case.blocs_of(n)}
    tops = [measures.largest_supplier(amounts, home) for amounts in by_country]
    base = e.demand[:, :, t].sum(axis=1) + plan.plant_demand[:, t]
    found: dict[str, dict[str, Any]] = {}
    # where no country outside sells, nothing is lost
    nothing = stages.served_without_country(plan, "", year)
    for mineral, top in zip(e.minerals, tops, strict=True):
        if top is None:
            found[mineral] = {"served_last": nothing[mineral][0]}
    for name in dict.fromkeys(top[0] for top in tops if top):
        served = stages.served_without_country(plan, name, year)
        depends = stages.dependence(plan, name)[:, t].tolist() if e.plant_inputs else []
        for m, (mineral, top) in enumerate(zip(e.minerals, tops, strict=True)):
            if top is None or top[0] != name:
                continue
            last, through = served[mineral]
            found[mineral] = {
                "supplier": name,
                "supplier_share": top[1],
                "supplier_of_demand": ratio(by_country[m][name], float(base[m])),
                "served_last": last,
                "served_through": through if e.plant_inputs else None,
                "dependence": depends[m] if depends else None,
            }
    return found


def _all_minerals(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the row of all minerals together."""
    sums = ("need", "tonnes", "inputs", "outside", "missing")
    selling = [row for row in rows if row.get("share") is not None]
    top = max(selling, key=lambda row: float(row["share"]), default={})
    exact = ("objective", "purchases", "cash", "tariffs", "levies")
    return {
        "mineral": ALL,
        **{name: sum(row[name] for row in rows) for name in sums},
        **{name: getattr(plan, name) for name in exact},
        **{name: top.get(name) for name in ("share", "country")},
    }


# ---- money by mineral: the cost of inputs goes to the minerals made from them --------------------


def money_by_mineral(plan: Plan) -> dict[str, dict[str, float]]:
    """Return total cost, purchases, cash, tariffs and levies of each mineral [money].

    Tariffs and levies are those that members' treasuries receive. Total cost is discounted.
    """
    from models.plan import LEVY, PENALTIES, TARIFF  # a check does without

    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows

    def charges_by_mineral(*headings: str, kind: int = 0) -> Floats:
        """Return the cost under headings by mineral [money]; kind 1: discounted, 0: not."""
        every = (plan.charges[name][kind] for name in headings if name in plan.charges)
        return np.asarray(sum(every, np.zeros(len(e.minerals))))

    # payments of plants for inputs, without and with support
    net, gross = (
        plan.delivered_to_plants * flows.landed,
        plan.delivered_to_plants * (flows.landed + flows.support),
    )
    worth = net * e.discounts[flows.year]
    tariffs, levies = (
        plan.delivered_to_plants * flows.cost * flows.tariff,
        plan.delivered_to_plants * flows.levy,
    )
    is_flow = plan.delivered > tolerances.LEAST_FLOW
    bought = np.zeros(len(e.minerals))
    np.add.at(bought, d.mineral, plan.delivered * d.landed * is_flow)
    paid = [name for name in plan.charges if name not in PENALTIES]
    total, tariff = charges_by_mineral(*plan.charges, kind=1), charges_by_mineral(TARIFF.name)
    levy = charges_by_mineral(LEVY.name)
    return {
        "objective": with_input_costs(plan, total, worth, worth),
        "purchases": with_input_costs(plan, bought, net),
        "cash": with_input_costs(plan, charges_by_mineral(*paid), gross, gross),
        "tariffs": with_input_costs(plan, tariff, plan.input_tariffs, tariffs),
        "levies": with_input_costs(plan, levy, plan.input_levies, levies),
    }


def with_input_costs(
    plan: Plan, amounts: Floats, charged: Floats, counted: Floats | float = 0.0
) -> dict[str, float]:
    """Return money by mineral, with the cost of inputs moved to the minerals made from them.

    ``amounts`` is by mineral. ``charged`` is the cost of each flow of an input [money]; ``counted``
    is the part of it that ``amounts`` already has at the input's mineral. If a plant makes nothing
    in a year, the cost stays with the input.
    """
    from models.plan.stages import input_cost  # a check does without

    e, d, flows = plan.expanded, plan.expanded.deliveries, plan.expanded.input_flows
    if not e.plant_inputs:
        return dict(zip(e.minerals, amounts.tolist(), strict=True))
    cost = input_cost(plan, charged)
    more, less = amounts.astype(float), np.zeros(len(e.minerals))
    np.add.at(more, d.mineral, plan.delivered * cost[d.source, d.year])
    made = np.array([plan.sold[[r for r, _ in i.needs]].sum(axis=0) for i in e.plant_inputs])
    spent = charged + plan.delivered_to_plants * cost[flows.source, flows.year]
    np.add.at(more, flows.mineral, (made[flows.plant_input, flows.year] <= 0) * spent)
    np.add.at(less, flows.mineral, counted)
    pairs = zip(more.tolist(), less.tolist(), strict=True)
    return {
        m: difference(plus, minus, plus) for m, (plus, minus) in zip(e.minerals, pairs, strict=True)
    }
