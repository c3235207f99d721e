"""The bounds that every column ought to have, from the Case, apart from the model."""

from __future__ import annotations

import math
from typing import Any

from models.expand import Expanded, stock_room
from models.solver import Rows


def wrong_bounds(e: Expanded, rows: Rows) -> list[str]:
    """Return which columns of the arrays have other bounds than the Case says, in words."""
    case = e.case
    built_in = {p.name: p.built_in for p in case.projects}

    def expected(name: str, key: Any) -> tuple[float, float, bool]:
        if name == "shortage":
            mineral, member, _ = key
            stored = e.has_stock[e.mineral_at[mineral], e.member_at[member]]
            return (0.0, case.demand_of[key] if stored else math.inf, False)
        if name == "tier_shortage":
            mineral, member, tier, year = key
            return (0.0, case.tiers_of[mineral, member, year][tier], False)
        if name == "stock":
            return (0.0, stock_room(case, case.stockpile_of[key[:2]]), False)
        if name == "built":
            forced = built_in[key[0]] is not None
            return (1.0 if forced else 0.0, 1.0, case.settings.whole_projects)
        return (0.0, math.inf, False)

    return [
        f"the bounds of {keys.name}{key} differ"
        for keys in rows.column_keys
        for i, key in enumerate(keys.index, start=keys.start)
        if (rows.lower[i], rows.upper[i], bool(rows.whole[i])) != expected(keys.name, key)
    ]
