"""An explanation as data: plain names, numbers and cells."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from models.answers import Bound, Explanation
from planner.sheets.explain.cells import Cells
from planner.sheets.explain.change import typed_unit

if TYPE_CHECKING:
    from models.answers import LeastChange


def facts(
    found: Explanation, change: LeastChange | None, cells: Cells
) -> dict[str, object]:  # fmt: skip
    """Return the same facts as ``told``; what has no end or no answer is null."""
    price = found.price
    return {
        "mineral": found.mineral,
        "member": found.member,
        "year": found.year,
        "demand_t": found.demand,
        "purchased_t": found.purchased,
        "short_t": found.short,
        "cause": found.cause,
        "marginal_price": None if price is None else price.amount,
        "holds_for_more_t": None if price is None else _finite(price.up),
        "holds_for_less_t": None if price is None else _finite(price.down),
        "one_tonne_more_costs": None if price is None else price.more,
        "one_tonne_less_saves": None if price is None else price.less,
        "demand_cost": found.demand_cost,
        "set_by": None if price is None else price.setter or "nothing",
        "source": "" if price is None else price.words,
        "source_is_scarce": price is not None and price.is_scarce,
        "moves": [dataclasses.asdict(m) for m in (() if price is None else price.moves)],
        "has_room": price is None or price.has_room,
        "terms": [
            {
                "kind": t.kind,
                "what": t.what,
                "amount": t.amount,
                "cell": cells.cell(t.place),
                "cell_unit": "" if t.place is None else cells.unit(t.place),
                "times_cell": cells.cell(t.times),
            }
            for t in (() if price is None else price.terms)
        ],
        "binding": [_bound(b, cells) for b in found.binding],
        "change": None if change is None else _change(change, cells),
    }


def _bound(b: Bound, cells: Cells) -> dict[str, object]:
    return {
        "kind": b.kind,
        "what": b.what,
        "limit": b.at,
        "unit": b.unit,
        "saving_direction": "more" if b.direction > 0 else "less",
        "worth": b.worth,
        "holds_from": _finite(b.low),
        "holds_to": _finite(b.high),
        "one_unit_saves": b.saves,
        "one_unit_back_costs": b.costs,
        "rent": b.rent,
        "year": b.year,
        "cell": cells.cell(b.place),
        "cell_unit": "" if b.place is None else cells.unit(b.place),
    }


def _change(change: LeastChange, cells: Cells) -> dict[str, object]:
    return {
        "cells": [
            {
                "cell": cells.cell(c.place),
                "what": c.what,
                "unit": typed_unit(c, cells),
                "from": cells.typed(c.place, c.was),
                "to": cells.typed_up(c.place, c.to),
                "least": cells.typed(c.place, c.least),
                "years": list(c.years),
                "said_by": "scenario" if cells.is_of_scenario(c.place) else "workbook",
            }
            for c in change.changes
        ],
        "removes": change.scope if change.changes else "nothing",
        "least_remaining_t": change.left,
        "short_after_t": change.after,
        "more_short_elsewhere_t": change.elsewhere,
        "supply_is_dearer_than_shortage": change.is_dear,
        "new_refiner": (None if change.newcomer is None else dataclasses.asdict(change.newcomer)),
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value
