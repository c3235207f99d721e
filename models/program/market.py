"""What all families share: every possible flow, members' balances, and members' parts of limits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from models import resolve
from models.program import builder, component
from models.resolve import Floats
from models.schema import Contract, Refiner

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Solved

# ---- members' parts of a limit -------------------------------------------------------------------

# A family chooses how each of its limits is divided among members that plan apart. Where each limit
# is a sum of one part per member, the joint cost is a linear production game (Owen 1975,
# Mathematical Programming 9): no group of members gains by dividing the limits, and the shadow
# prices of the limits give bills that give no group a reason to leave.


def by_member(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Give each limit to the member in its key, or of its contract."""
    if component.CONTRACT in at:
        of_contract = [owners.expanded.member_at[c.member] for c in owners.expanded.case.contracts]
        member = np.array(of_contract, dtype=np.int64)[at[component.CONTRACT]]
    else:
        member = at[component.MEMBER]
    return np.asarray(limit[:, None] * np.eye(len(owners.expanded.members))[member])


def by_right(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Divide limits by the rights to a source (refiner or project), a mine or a project.

    A project has the same rights in all years.
    """
    if component.SOURCE in at:
        parts = owners.rights.source_shares[at[component.SOURCE], at[component.YEAR]]
    elif component.MINE in at:
        parts = owners.rights.mines[at[component.MINE], at[component.YEAR]]
    else:
        parts = owners.rights.project_shares[at[component.PROJECT]]
    return np.asarray(limit[:, None] * parts)


def by_capital(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Divide budgets among members in proportion to the capital of the projects they own."""
    del at
    return np.asarray(limit[:, None] * owners.rights.capital)


def by_demand(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Divide limits in proportion to demand: among a buyer's members, or all members."""
    e = owners.expanded
    demand = e.demand[at[component.MINERAL], :, at[component.YEAR]]
    if component.BUYER in at:  # "" is the coalition, so all members
        buyers = [owners.names[number] for number in at[component.BUYER].tolist()]
        inside = [{name, *e.case.groups.get(name, ())} if name else {*e.members} for name in buyers]
        demand = demand * np.array([[float(m in buyer) for m in e.members] for buyer in inside])
    whole = demand.sum(axis=1, keepdims=True)
    return np.asarray(limit[:, None] * demand / np.where(whole > 0, whole, 1.0))


def to_nobody(owners: component.Owners, at: component.At, limit: Floats) -> Floats:
    """Give every member 0, for a limit that is 0 whichever members take part."""
    del at
    return np.zeros((len(limit), len(owners.expanded.members)))


# ---- flows and balances --------------------------------------------------------------------------

PURCHASE, TARIFF, LEVY, FREIGHT = (
    component.CostHeading("purchase"),
    component.CostHeading("tariff"),
    component.CostHeading(
        "levy", is_rare=True, remark="A levy that raises the price of imports to a price floor."
    ),
    component.CostHeading("freight"),
)
SUPPORT = component.CostHeading(
    "support",
    is_penalty=True,
    remark="Payments to plants lower the buyers' cost: transfers, not cash of the coalition.",
)


def charges_of(flows: resolve.PricedFlows) -> dict[component.CostHeading, Floats]:
    """Return the cost of a tonne of each flow [money/t], by heading."""
    return {
        PURCHASE: flows.cost,
        TARIFF: flows.cost * flows.tariff,
        FREIGHT: flows.freight,
        LEVY: flows.levy,
        SUPPORT: -flows.support,
    }


def _landed(plan: Solved, _: Any, column: int, times: float) -> list[component.PriceTerm]:
    """Return the terms of the cost of a tonne delivered: cost or price, tariff, freight, levy."""
    case, e = plan.case, plan.expanded
    i = int(np.flatnonzero(plan.program.sold == column)[0])
    source, year = e.sources[e.sales.source[i]], e.years[e.sales.year[i]]
    worth = times * case.discount(year)
    who = plan.supplier_words(*source.key)
    words, place = f"cost at {who}", component.address_of(source.record, "cost", year)
    flows: resolve.PricedFlows = e.deliveries
    if i < len(e.deliveries):
        buyer = e.members[e.deliveries.member[i]]
        country, contract = case.member_of[buyer].country, int(e.deliveries.contract[i])
        if contract != resolve.SPOT:
            record = case.contracts[contract]
            words = f"price of the contract {record.name or 'with ' + record.refiner}, {who}"
            place = component.address_of(record, "price", year)
    else:
        flows, i = e.input_flows, i - len(e.deliveries)
        plant_input = e.plant_inputs[e.input_flows.plant_input[i]]
        buyer, country = plant_input.plant, plant_input.country
        words = f"{worth:.4g} t of {source.mineral}: {words}"
    money = {heading: worth * float(price[i]) for heading, price in charges_of(flows).items()}
    tariff, paid = f"tariff, {float(flows.tariff[i]) * 100:.4g} % of the price", money[SUPPORT]
    terms = [component.PriceTerm("support", "support paid for it", paid)] if paid else []
    terms.append(component.PriceTerm("cost", words, money[PURCHASE], place))
    terms.append(component.PriceTerm("tariff", tariff, money[TARIFF]))
    row = resolve.deciding_row(
        case, source.mineral, source.country, resolve.buyer_blocs(case, country), year
    )
    if money[LEVY] > 0.0 and row is not None:
        words = f"levy that raises the price to the floor of {row.floor.value(year):g}"
        place = component.address_of(row, "floor", year)
        terms.append(component.PriceTerm("levy", words, money[LEVY], place))
    return [*terms, component.PriceTerm("freight", f"freight to {buyer}", money[FREIGHT])]


def _spot_seller(plan: Solved, key: Any) -> str:
    return plan.supplier_words(*key[:3])


def _contract_seller(plan: Solved, key: Any) -> str:
    return f"{plan.supplier_words(key[1], '', key[2])}, under contract"


def _sale(key: Any, seller: str, mineral: str) -> tuple[str, str]:
    *_, own, member, year = key
    who = seller if own == mineral else f"{own} from {seller}"
    return f"{who} to {member}, {year}", f"{who}, {year}"


_sales = partial(
    component.Columns,
    headings=(PURCHASE, TARIFF, LEVY, FREIGHT, SUPPORT),
    terms=_landed,
    spent=("cost", "tariff", "levy", "freight", "support"),
    decided=component.year_of_key,
    is_first_stage=False,
)
SPOT_FLOW = _sales(
    name="spot",
    key=(component.REFINER, component.PROJECT, component.MINERAL, component.MEMBER, component.YEAR),
    meaning="Tonnes that a member buys from a refiner or project without a contract.",
    cell=(Refiner, "cost"),
    balance=1,
    is_delivery=True,
    move=lambda plan, key, mineral: _sale(key, _spot_seller(plan, key), mineral),
    serves=_spot_seller,
    decision=component.BUYING,
)
CONTRACT_FLOW = _sales(
    name="contracted",
    key=component.CONTRACT_YEAR,
    meaning="Tonnes that a member takes under a contract.",
    cell=(Contract, "price"),
    balance=1,
    is_delivery=True,
    move=lambda plan, key, mineral: _sale(key, _contract_seller(plan, key), mineral),
    serves=_contract_seller,
    decision=component.BUYING,
)


def plant_words(key: Any) -> str:
    """Return the plant in words; the key ends with refiner, project, product and year."""
    *_, refiner, project, product, _year = key
    return f"{project or refiner}{f' ({product})' if product else ''}"


def _input_sale(plan: Solved, key: Any, mineral: str) -> tuple[str, str]:
    who, name, year = plan.supplier_words(*key[:3]), key[2], key[-1]
    seller = who if name == mineral else f"{name} from {who}"
    return f"{seller} to {plant_words(key)}, {year}", f"{seller}, {year}"


INPUT_FLOW = _sales(
    name="input_flow",
    key=(component.REFINER, component.PROJECT, component.MINERAL, *component.PLANT_YEAR),
    index=(component.SOURCE, component.PLANT_INPUT, component.YEAR),
    meaning="Tonnes of an input that a plant buys from a refiner or project.",
    cell=(Refiner, "cost"),
    move=_input_sale,
    decision=component.BUYING_FOR_PLANTS,
)


def _transfer_words(_: Solved, key: Any, mineral: str) -> tuple[str, str]:
    name, member, *_, year = key
    words = f"{'' if name == mineral else f'{name} '}passed on by {member} to {plant_words(key)}"
    return f"{words}, {year}", f"{words}, {year}"


TRANSFERRED = component.Columns(
    name="handed_input",
    key=(component.INPUT, component.MEMBER, *component.PLANT_YEAR),
    index=(component.PLANT_INPUT, component.MEMBER, component.YEAR),
    meaning="Tonnes of an input that a member passes on to a plant from its purchases or stock.",
    balance=-1,
    move=_transfer_words,
    decided=component.year_of_key,
    is_first_stage=False,
    decision=component.TRANSFERRING,
    divided=by_member,
)
PLANT_DEMAND = component.Columns(
    name="taken_by_plants",
    key=(component.MINERAL, component.YEAR),
    meaning="Inputs that plants use, plus inputs that unmet demand for products would have needed.",
    is_move=False,
    move="taken by plants",
)


BALANCE = component.Rows(
    name="balance",
    key=(component.MINERAL, component.MEMBER, component.YEAR),
    meaning="Purchases, stock drawn and shortage equal demand, stock added and inputs passed on.",
    kind="other year",
    label=lambda _, key: component.Label(
        f"the value of a tonne of {key[0]} to {key[1]} in {key[2]}"
    ),
    is_neutral=True,
    slope=lambda _, key, at: float(key == at),
    divided=by_member,
)


def delivery_columns(f: Frame) -> list[Any]:
    """Declare ``spot[r, p, m, j, t]`` and ``contracted[k, r, m, j, t]``, both >= 0 [t]."""
    e, d = f.expanded, f.expanded.deliveries
    parts = (d.source, d.mineral, d.member, d.year, d.contract)
    keys: list[tuple[bool, tuple[Any, ...]]] = []
    for r, m, j, t, k in zip(*(part[f.at].tolist() for part in parts), strict=True):
        source, of = e.sources[r], (e.minerals[m], e.members[j], e.years[t])
        key = (source.name, source.project, *of) if k == resolve.SPOT else (k, source.name, *of)
        keys.append((k == resolve.SPOT, key))
    x = f.variables(SPOT_FLOW, [key for is_spot, key in keys if is_spot])
    y = f.variables(CONTRACT_FLOW, [key for is_spot, key in keys if not is_spot])
    return [x[key] if is_spot else y[key] for is_spot, key in keys]


def add_flows(b: builder.Builder) -> None:
    """Add every delivery, spot or under contract, with its delivered cost."""
    d = b.expanded.deliveries
    spot, charges, landed = d.contract == resolve.SPOT, charges_of(d), d.landed
    b.flow = np.zeros(len(d), dtype=np.int64)
    for of, at, index in (
        (SPOT_FLOW, spot, (d.source, d.member, d.year)),
        (CONTRACT_FLOW, ~spot, (d.contract, d.year)),
    ):
        split = {heading: price[at] for heading, price in charges.items()}
        parts = tuple(part[at] for part in index)
        b.flow[at] = b.add_columns(of, parts, price=landed[at], charges=split)
    b.post((d.mineral, d.member, d.year), b.flow, SPOT_FLOW.balance)
    f = b.expanded.input_flows
    index, charges = (f.source, f.plant_input, f.year), charges_of(f)
    to_plants = b.add_columns(INPUT_FLOW, index, price=f.landed, charges=charges)
    b.sold = np.concatenate([b.flow, to_plants])


def input_columns(f: Frame) -> list[Any]:
    """Declare ``input_flow[r, p, m, plant, plant project, product, t]`` >= 0 [t]."""
    e, flows = f.expanded, f.expanded.input_flows
    keys = []
    for i in f.input_at.tolist():
        source, plant_input = e.sources[flows.source[i]], e.plant_inputs[flows.plant_input[i]]
        keys.append((*source.key, *plant_input.buyer, e.years[flows.year[i]]))
    columns = f.variables(INPUT_FLOW, keys)
    return [columns[key] for key in keys]


def balance(f: Frame) -> None:
    r"""Declare the supply balances: supply received minus supply passed on is demand.

    .. math:: \sum_r (x + y)_{r,m,j,t} + s_{m,j,t-1} - s_{m,j,t} + u_{m,j,t}
              = demand_{m,j,t} + \sum_p h_{j,p,t}                                         [t]

    dual    the marginal price of supply: the value of one more tonne [money/t]
    """
    demand = {f.key(m, j, t): demand for m, j, t, demand in f.buyers}
    rows: dict[Any, Row] = {}
    for key, wanted in demand.items():
        arrive, leave = f.posted_in.get(key, []), f.posted_out.get(key, [])
        stockpile = f.case.stockpile_of.get(key[:2]) if key[2] == f.case.years[0] else None
        right = wanted - (0.0 if stockpile is None else stockpile.opening)
        if arrive or leave:  # without demand and a stock there is nothing to balance
            amounts = [1.0] * len(arrive) + [-1.0] * len(leave)
            rows[key] = (right, [*arrive, *leave], amounts, right)
    f.constraints(BALANCE, rows)


def balances(b: builder.Builder) -> None:
    """Add the balances as arrays; posted columns are added after all families."""
    e = b.expanded
    table = e.demand.transpose(0, 2, 1)  # by (mineral, year, member), as cells are
    stored = np.broadcast_to(e.has_stock[:, None, :], table.shape)
    m, t, j = np.nonzero((table > 0) | stored)
    opening = np.zeros(len(m))
    for (mineral, member), stockpile in e.case.stockpile_of.items():
        at = (m == e.mineral_at[mineral]) & (j == e.member_at[member]) & (t == 0)
        opening[at] = stockpile.opening
    need = table[m, t, j] - opening

    rows = b.add_rows(BALANCE, (m, j, t), least=need, most=need)
    b.balance = np.full((len(e.minerals), len(e.members), b.years), -1, dtype=np.int64)
    b.balance[m, j, t] = rows


def balances_closed(b: builder.Builder) -> None:
    """Add the columns that all families have posted into (1) or out of (-1) the balances."""
    for m, j, t, columns, sign in b.posted:
        b.add_entries(b.balance[m, j, t], columns, float(sign))
