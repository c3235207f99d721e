"""End use by hand: a supplier that may sell to some tiers of a member's demand, and not to others.

Unless a test says otherwise, Jin of China has 100 t at 1 a tonne and is closed to defence; Sur of
Chile has 15 t at 3. Defence needs 20 t (50 a tonne short), other 80 t (10 a tonne short).
"""

from __future__ import annotations

from typing import Any

import pytest

from models.plan import Plan
from tests.models.desk import BookT, make, refiner, solve

near = pytest.approx
BAN = {"From country": "CHN", "Tier": "defence", "Open": "no"}
_NEED = {"defence": 20.0, "other": 80.0}
_TIERS = {"defence": 50, "other": 10}


def demand(member: str = "A", need: dict[str, Any] | None = None, years: int = 1) -> list[Any]:
    """Return the rows of Demand of a member, with the tonnes of each tier in every year."""
    return [
        {"Mineral": "copper", "Member": member, "Tier": tier or None}
        | {
            str(2026 + i): t
            for i, t in enumerate(tonnes if isinstance(tonnes, list) else [tonnes] * years)
        }
        for tier, tonnes in (need or _NEED).items()
    ]


def book(*lanes: dict[str, object], sellers: list[Any] | None = None, **sheets: list[Any]) -> BookT:
    made = make(
        *(sellers or [refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 15, 3)]),
        Lanes=list(lanes),
    )
    made["Minerals"][0]["Price (USD/t)"] = 1
    made["Demand"] = demand()
    made["Tiers"] = [{"Tier": t, "Shortage cost multiple": times} for t, times in _TIERS.items()]
    return made | {name.replace("_", " "): rows for name, rows in sheets.items()}


def reserve(**more: object) -> list[Any]:
    return [
        {"Mineral": "copper", "Member": "A", "Max (t)": 100, "Opening (t)": 10, "Target (t)": 0}
        | more
    ]


def missing(plan: Plan) -> dict[str, float]:
    """Return the tonnes short by tier in the first year."""
    table = plan.tiers[plan.tiers["year"] == 2026]
    return dict(zip(table["tier"], table["short"], strict=True))


def test_the_closed_forms_of_the_contract() -> None:
    """Sur's 15 t serve defence, 5 t of it are short, Jin serves the rest: 45 + 250 + 80 = 375.

    Without the ban Jin serves all: 100. A reserve of 10 t leaves 10 t to Sur: 30 + 80 = 110. With
    Max draw 4, Sur's 15 t and 1 t short: 45 + 50 + 80 = 175.
    """
    plan = solve(book(BAN))
    assert plan.objective == near(375)
    assert missing(plan) == near({"defence": 5, "other": 0})
    assert solve(book()).objective == near(100)
    assert solve(book(BAN, Stockpiles=reserve())).objective == near(110)
    assert solve(book(BAN, Stockpiles=reserve(**{"Max draw (t/yr)": 4}))).objective == near(175)
