"""Contracts: tranches at their own price, take or pay."""

from __future__ import annotations

from typing import Any

import pyomo.core as pyo

from models.expand import SPOT, contract_price
from models.frame import Frame, total


def add(f: Frame) -> None:
    r"""What is not taken of a contract's minimum is paid for; no more than its maximum is taken.

    .. math:: y_{k,t} + w_{k,t} \ge min_{k,t}, \qquad y_{k,t} \le max_{k}             [t/yr]

    The minimum lapses under force majeure and shrinks where a refiner's minimums exceed its usable
    capacity (``Expanded.minimums``).

    variables   untaken tonnes w [t]; the flow y stands in the frame
    posts       cost heading "take or pay" (w at the contract's price)
    dual        of the minimum: what one tonne less of it would save [money/t]; of the maximum: what
                one more tonne of it would save [money/t]
    source      take-or-pay clauses: Masten & Crocker (1985), American Economic Review 75(5)
    """
    e, case = f.expanded, f.case
    cells = set(f.cells)
    columns = _by_contract_year(f)
    minimums: dict[tuple[int, str, str, str, int], tuple[list[Any], float]] = {}
    for (k, t), least in e.minimums.items():
        record = case.contracts[k]
        if (e.mineral_at[record.mineral], t) in cells:
            key = (k, record.refiner, record.mineral, record.member, e.years[t])
            minimums[key] = (columns.get((k, t), []), least)
    f.model.untaken = pyo.Var(list(minimums), within=pyo.NonNegativeReals)
    f.model.contract_minimum = pyo.Constraint(
        list(minimums),
        rule=lambda b, *key: (
            minimums[key][1],
            total([*minimums[key][0], b.untaken[key]]),
            None,
        ),
    )
    maximums: dict[tuple[int, str, str, str, int], tuple[list[Any], float]] = {}
    for (k, t), taken in columns.items():
        record = case.contracts[k]
        if record.max is not None:
            key = (k, record.refiner, record.mineral, record.member, e.years[t])
            maximums[key] = (taken, record.max)
    f.model.contract_maximum = pyo.Constraint(
        list(maximums), rule=lambda _, *key: (None, total(maximums[key][0]), maximums[key][1])
    )
    f.books.cost(
        "take or pay",
        [f.model.untaken[key] for key in minimums],
        [contract_price(e, key[0], key[4]) for key in minimums],
        [key[4] for key in minimums],
    )


def _by_contract_year(f: Frame) -> dict[tuple[int, int], list[Any]]:
    return {(k, t): found for (k, t), found in f.grouped("contract", "year").items() if k != SPOT}
