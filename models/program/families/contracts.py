"""Contracts: tonnes at their own price, take or pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.program import builder, component, market
from models.program.family import Family
from models.resolve import SPOT, contract_price
from models.schema import Contract

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Solved

TAKE_OR_PAY = component.CostHeading("take or pay")


def _label(plan: Solved, key: Any, limit: str) -> component.Label:
    record = plan.case.contracts[key[0]]
    named = record.name or f"with {record.refiner}"
    return component.Label(
        f"the {limit} of the contract {named}", component.address_of(record, limit, key[4])
    )


UNTAKEN = component.Columns(
    name="untaken",
    key=component.CONTRACT_YEAR,
    meaning="Tonnes of a contract's minimum that are paid for but not taken.",
    cell=(Contract, "price"),
    headings=(TAKE_OR_PAY,),
    move="not taken by {member} under the contract with {refiner}, {year}",
)
MINIMUM = component.Rows(
    name="contract_minimum",
    key=component.CONTRACT_YEAR,
    meaning="The part of a contract's minimum that is not taken must be paid for.",
    cell=(Contract, "min"),
    kind="contract min",
    label=lambda plan, key: _label(plan, key, "min"),
    bears_on=component.key_matches,
    relaxable=component.NOT_RELAXABLE,
    divided=market.by_member,
)
MAXIMUM = component.Rows(
    name="contract_maximum",
    key=component.CONTRACT_YEAR,
    meaning="Purchases under a contract are at most its maximum.",
    cell=(Contract, "max"),
    kind="contract max",
    label=lambda plan, key: _label(plan, key, "max"),
    bears_on=component.key_matches,
    relaxable=component.NOT_RELAXABLE,
    divided=market.by_member,
)


def model(f: Frame) -> None:
    r"""The untaken part of a contract's minimum is paid for; purchases are at most its maximum.

    .. math:: y_{k,t} + w_{k,t} \ge min_{k,t}, \qquad y_{k,t} \le max_{k}             [t/yr]

    The minimum lapses under force majeure and shrinks where a refiner's minimums exceed its usable
    capacity (``Expanded.minimums``).

    variables   untaken tonnes w [t]
    posts       cost heading "take or pay" (w at the contract's price)
    dual        of the minimum: the saving if it were one tonne lower [money/t]; of the maximum: the
                saving if it were one tonne higher [money/t]
    source      take-or-pay clauses: Masten & Crocker (1985), American Economic Review 75(5)
    """
    e, case = f.expanded, f.case
    columns = {(k, t): y for (k, t), y in f.deliveries_by("contract", "year").items() if k != SPOT}
    least = {
        _minimum_key(case.contracts[k], k, e.years[t]): (columns.get((k, t), []), tonnes)
        for (k, t), tonnes in e.minimums.items()
        if (e.mineral_at[case.contracts[k].mineral], t) in f.cells
    }
    untaken = f.variables(UNTAKEN, least)
    f.constraints(
        MINIMUM,
        {key: (tonnes, [*y, untaken[key]], None, None) for key, (y, tonnes) in least.items()},
    )
    most: dict[Any, Row] = {}
    for (k, t), y in columns.items():
        record = case.contracts[k]
        if record.max is not None:
            most[_minimum_key(record, k, e.years[t])] = (None, y, None, record.max)
    f.constraints(MAXIMUM, most)
    prices = [contract_price(e, key[0], key[4]) for key in least]
    f.add_cost(TAKE_OR_PAY, list(untaken.values()), prices, [key[4] for key in least])


def _minimum_key(record: Contract, k: int, year: int) -> tuple[int, str, str, str, int]:
    return (k, record.refiner, record.mineral, record.member, year)


def arrays(b: builder.Builder) -> None:
    e, d, case = b.expanded, b.expanded.deliveries, b.expanded.case
    k, t = builder.key_arrays(list(e.minimums), 2)
    price = [contract_price(e, i, e.years[y]) for i, y in e.minimums]
    untaken = b.add_columns(UNTAKEN, (k, t), price=np.array(price))
    rows = b.add_rows(MINIMUM, (k, t), least=np.array([*e.minimums.values()]))
    b.add_entries(rows, untaken, 1.0)
    at = np.flatnonzero(d.contract != SPOT)
    place = np.full((len(case.contracts), b.years), -1)
    place[k, t] = rows
    found = place[d.contract[at], d.year[at]]
    b.add_entries(found[found >= 0], b.flow[at[found >= 0]], 1.0)
    most = np.array([np.inf if c.max is None else c.max for c in case.contracts], dtype=float)
    limited = at[np.isfinite(most[d.contract[at]])]
    k = d.contract[limited]
    rows = b.add_rows(MAXIMUM, (k, d.year[limited]), most=most[k])
    b.add_entries(rows, b.flow[limited], 1.0)


FAMILY = Family(model, arrays)
