"""Share limits: what each single cap reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from models.plan.tables.base import table
from models.program.families.diversification import EXCESS, SHARE

if TYPE_CHECKING:
    from models.plan.plan import Plan


def limits(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.limits``."""
    rows = []
    for cap in plan.caps:
        tonnes, base = plan.reached(cap)
        allowed = cap.share * base
        room = allowed - tonnes if cap.is_max else tonnes - allowed
        rows.append(
            {
                "limit": cap.limit,
                "kind": cap.record.limit,
                "stage": cap.record.stage,
                "mineral": cap.mineral,
                "buyer": cap.buyer,
                "group": cap.record.group,
                "supplier": cap.supplier,
                "year": cap.year,
                "tonnes": tonnes,
                "base": base,
                "share": tonnes / base if base > 0 else 0.0,
                "allowed": cap.share,
                "room": room,
                "excess": plan.value(EXCESS, cap.key),
                "binding": bool(
                    (cap.flows or cap.ore) and room <= plan.tolerance(cap.mineral, cap.year)
                ),
                "shadow_price": abs(plan.dual(SHARE, cap.key)),
            }
        )
    columns = [
        "limit", "kind", "stage", "mineral", "buyer", "group", "supplier", "year", "tonnes", "base",
        "share", "allowed", "room", "excess", "binding", "shadow_price",
    ]  # fmt: skip
    return table(rows, columns, [])
