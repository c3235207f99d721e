"""Share limits: what each single cap reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from models.expand import Cap
from models.plan.tables.base import table

if TYPE_CHECKING:
    from models.plan.plan import Plan


def limits(plan: Plan) -> pd.DataFrame:
    """Return ``Plan.limits``."""
    rows = []
    for cap in plan.caps:
        tonnes, base = reached(plan, cap)
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
                "excess": plan.value("excess", cap.key),
                "binding": bool(
                    (cap.flows or cap.ore) and room <= plan.tolerance(cap.mineral, cap.year)
                ),
                "shadow_price": abs(plan.dual("share_limit", cap.key)),
            }
        )
    columns = [
        "limit", "kind", "stage", "mineral", "buyer", "group", "supplier", "year", "tonnes", "base",
        "share", "allowed", "room", "excess", "binding", "shadow_price",
    ]  # fmt: skip
    return table(rows, columns, [])


def reached(plan: Plan, cap: Cap) -> tuple[float, float]:
    """Return the tonnes that count under a cap and its base [t]."""
    if cap.is_mining:
        of_mineral = [
            (key[0], z)
            for key, z in plan.values.get("ore", {}).items()
            if (key[3], key[4]) == (cap.mineral, cap.year)
        ]
        tonnes = sum(z for country, z in of_mineral if country in cap.ore)
        bought = sum(z for _, z in of_mineral)
    else:
        tonnes = float(plan.delivered[list(cap.flows)].sum()) if cap.flows else 0.0
        bought = _bought(plan, cap) if cap.of_purchases else 0.0
    return tonnes, bought if cap.of_purchases else cap.demand


def _bought(plan: Plan, cap: Cap) -> float:
    e = plan.expanded
    inside = np.array(e.cell(e.mineral_at[cap.mineral], e.years.index(cap.year)), dtype=np.int64)
    mine = np.isin(e.deliveries.member[inside], cap.buyers)
    return float(plan.delivered[inside[mine]].sum())
