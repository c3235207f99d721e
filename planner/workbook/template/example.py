"""The rows that a new template shows: a small case that solves, and whose limit binds.

Every figure is made up, of a believable size; the notes say so.
"""

from __future__ import annotations

from planner.workbook.template.layout import Row

MADE_UP = "Example figure: replace it."

_LITHIUM, _COBALT = "Lithium", "Cobalt"
_CHINA, _US, _JAPAN, _GERMANY = "China", "United States", "Japan", "Germany"
_CHILE, _AUSTRALIA, _FINLAND, _CONGO = "Chile", "Australia", "Finland", "DR Congo"
_SALAR = "Antofagasta carbonate plant"


def template_tables() -> dict[str, list[dict[str, object]]]:
    """Return example rows for every sheet of the catalogue, each header with its unit."""
    return {sheet: [dict(row) for row in rows] for sheet, rows in _TABLES.items()}


def _refiner(  # noqa: PLR0913, PLR0917 - the columns in their order
    name: str,
    mineral: str,
    country: str,
    capacity: float,
    cost: float,
    share: float | None = None,
    **more: object,
) -> Row:
    return {
        "Refiner": name,
        "Mineral": mineral,
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Cost (USD/t)": cost,
        "Available share": share,
        **more,
    }


def _demand(mineral: str, member: str, *tonnes: float) -> Row:
    return {
        "Mineral": mineral,
        "Member": member,
        **{str(2026 + i): t for i, t in enumerate(tonnes)},
    }


def _today(refiner: str, mineral: str, member: str, tonnes: float) -> Row:
    return {"Refiner": refiner, "Mineral": mineral, "Member": member, "Tonnes (t/yr)": tonnes}


def _freight(country: str, us: float, japan: float, germany: float) -> Row:
    return {"From country": country, _US: us, _JAPAN: japan, _GERMANY: germany}


_TABLES: dict[str, list[Row]] = {
    "Settings": [
        {"Setting": "Plan title", "Value": "Example: two battery metals, at most 65 % a country"},
        {"Setting": "Currency", "Value": "USD"},
        {"Setting": "Price year", "Value": 2025},
        {"Setting": "Discount rate", "Value": 0.0},
        {"Setting": "Cost of capital", "Value": 0.08},
        {"Setting": "Default freight (USD/t)", "Value": 150},
        {"Setting": "Shortage cost multiple", "Value": 10},
        {"Setting": "Fair shortage weight", "Value": 0.1},
        {"Setting": "Share basis", "Value": "demand"},
        {"Setting": "Switching cost (USD/t)", "Value": 0},
        {"Setting": "Growth floor", "Value": 0.1},
        {"Setting": "Whole projects", "Value": "no"},
    ],
    "Minerals": [
        {"Mineral": _LITHIUM, "Price (USD/t)": 48000, "Unit": "t Li content", "Note": MADE_UP},
        {"Mineral": _COBALT, "Price (USD/t)": 35000, "Unit": "t Co content", "Note": MADE_UP},
    ],
    "Members": [
        {"Member": _US, "Country": _US},
        {"Member": _JAPAN, "Country": _JAPAN},
        {"Member": _GERMANY, "Country": _GERMANY, "Group": "EU"},
    ],
    "Countries": [
        {"Country": _US, "Bloc": "coalition"},
        {"Country": _JAPAN, "Bloc": "coalition"},
        {"Country": _GERMANY, "Bloc": "coalition"},
        {"Country": _FINLAND, "Bloc": "coalition"},
        {"Country": _AUSTRALIA, "Bloc": "coalition"},
        {"Country": _CHILE, "Bloc": "partner"},
        {"Country": _CONGO, "Bloc": "other"},
        {"Country": _CHINA, "Bloc": "other"},
    ],
    "Refiners": [
        _refiner("Sichuan hydroxide plants", _LITHIUM, _CHINA, 200000, 42000, 0.4, Note=MADE_UP),
        _refiner(_SALAR, _LITHIUM, _CHILE, 30000, 45000, 1.0, Note=MADE_UP),
        _refiner("Kwinana hydroxide plant", _LITHIUM, _AUSTRALIA, 12000, 52000, Note=MADE_UP),
        _refiner("Zhejiang cobalt refineries", _COBALT, _CHINA, 150000, 31000, 0.3, Note=MADE_UP),
        _refiner("Kokkola cobalt refinery", _COBALT, _FINLAND, 14000, 36000, Note=MADE_UP),
        _refiner(
            "Rhine battery recycling",
            _COBALT,
            _GERMANY,
            3000,
            38000,
            Kind="recycled",
            Note=MADE_UP,
        ),
    ],
    "Demand": [
        _demand(_LITHIUM, _US, 24000, 28000, 33000),
        _demand(_LITHIUM, _JAPAN, 14000, 15000, 16000),
        _demand(_LITHIUM, _GERMANY, 18000, 21000, 25000),
        _demand(_COBALT, _US, 9000, 9500, 10000),
        _demand(_COBALT, _JAPAN, 11000, 11000, 11500),
        _demand(_COBALT, _GERMANY, 8000, 8500, 9000),
    ],
    "Freight": [
        _freight(_CHINA, 180, 70, 250),
        _freight(_CHILE, 150, 200, 180),
        _freight(_AUSTRALIA, 170, 90, 170),
        _freight(_FINLAND, 130, 230, 60),
        _freight(_GERMANY, 120, 230, 20),
    ],
    "Lanes": [
        {
            "Mineral": _LITHIUM,
            "From country": _CHINA,
            "To member": _US,
            "Tariff": 0.1,
            "First year": 2027,
            "Note": "Example: a tariff of 10 % from 2027 on.",
        },
    ],
    "Share limits": [
        {
            "Limit": "max",
            "Supplier group": "country",
            "Supplier": "each outside coalition",
            "Share": 0.65,
            "Note": "No country outside the coalition above 65 % of demand, each mineral alone.",
        },
    ],
    "Contracts": [
        {
            "Contract": "Offtake 1",
            "Refiner": _SALAR,
            "Mineral": _LITHIUM,
            "Member": _GERMANY,
            "Min (t/yr)": 4000,
            "Max (t/yr)": 8000,
            "Price (USD/t)": 44000,
            "First year": 2026,
            "Last year": 2028,
        },
    ],
    "Projects": [
        {
            "Project": "Nevada lithium, phase 1",
            "Refiner": "Nevada lithium",
            "Mineral": _LITHIUM,
            "Country": _US,
            "Capacity (t/yr)": 7000,
            "Capex (USD m)": 900,
            "Cost (USD/t)": 30000,
            "First year": 2027,
            "Lead time (yr)": 1,
            "Note": MADE_UP,
        },
    ],
    "Budget": [
        {"Year": 2026, "Capex (USD m)": 600},
        {"Year": 2027, "Capex (USD m)": 600},
        {"Year": 2028, "Capex (USD m)": 600},
    ],
    "Stockpiles": [
        {
            "Mineral": _COBALT,
            "Member": _JAPAN,
            "Max (t)": 2500,
            "Opening (t)": 1000,
            "Target (t)": 1500,
            "Holding cost (USD/t/yr)": 200,
            "Note": "Blank Target penalty: a reserve serves a shortage, not a saving.",
        },
    ],
    "Mines": [
        {"Mineral": _LITHIUM, "Country": _AUSTRALIA, "Capacity (t/yr)": 90000, "Note": MADE_UP},
        {
            "Mineral": _LITHIUM,
            "Country": _CHILE,
            "Capacity (t/yr)": 45000,
            "Premium (USD/t)": 100,
            "Note": MADE_UP,
        },
    ],
    "Ore lanes": [
        {
            "Mineral": _LITHIUM,
            "Mine country": _AUSTRALIA,
            "Refiner country": _CHINA,
            "Freight (USD/t)": 600,
            "Note": "Per t of lithium contained in concentrate.",
        },
    ],
    "Tiers": [
        {"Tier": "defence", "Shortage cost multiple": 50},
        {"Tier": "industry", "Shortage cost multiple": 10},
    ],
    "Current supply": [
        _today("Sichuan hydroxide plants", _LITHIUM, _US, 20000),
        _today("Sichuan hydroxide plants", _LITHIUM, _JAPAN, 11000),
        _today(_SALAR, _LITHIUM, _GERMANY, 9000),
        _today("Zhejiang cobalt refineries", _COBALT, _JAPAN, 8000),
        _today("Kokkola cobalt refinery", _COBALT, _GERMANY, 7000),
    ],
    "Scenarios": [
        {
            "Scenario": "Export ban",
            "Action": "block lanes",
            "Mineral": _LITHIUM,
            "Country": _CHINA,
            "First year": 2027,
            "Note": "No Chinese lithium from 2027 on.",
        },
        {"Scenario": "Half", "Action": "set max country share", "Value": 0.5},
        {
            "Scenario": "Weak year in Chile",
            "Action": "scale capacity",
            "Country": _CHILE,
            "First year": 2027,
            "Last year": 2027,
            "Value": 0.5,
        },
    ],
    "Risks": [
        {
            "Event": "Chinese export stop",
            "Action": "block lanes",
            "Mineral": _LITHIUM,
            "Country": _CHINA,
            "Yearly probability": 0.05,
            "Duration (yr)": 2,
            "Note": "Both rows of this event happen together, for two years. " + MADE_UP,
        },
        {
            "Event": "Chinese export stop",
            "Action": "scale capacity",
            "Mineral": _COBALT,
            "Country": _CHINA,
            "Value": 0.5,
            "Yearly probability": 0.05,
            "Duration (yr)": 2,
            "Note": MADE_UP,
        },
        {
            "Event": "Drought in Chile",
            "Action": "scale capacity",
            "Country": _CHILE,
            "Value": 0.6,
            "Yearly probability": 0.1,
            "Note": MADE_UP,
        },
    ],
}
