"""A small case for reports, and the same with names that would be markup."""

from __future__ import annotations

HOSTILE = {
    "Japan": "<script>document.title = 'struck'</script>",
    "Cobalt": "<img src=x onerror=\"document.title='struck'\">",
    "Kokkola": "</script><b>%{x}</b>",
    "Small": 'Small & <i>tall</i> "plan"',
}
"""Names that would be markup, were they not text."""


def case(names=None):
    """One mineral, one member: 100 t a year, 60 at most from China, 30 from Finland, 10 short.

    China could give all; at 2,000 and 3,000 a tonne landed, shortage at 100,000.
    """
    names = names or {}
    japan, cobalt = names.get("Japan", "Japan"), names.get("Cobalt", "Cobalt")
    kokkola, title = names.get("Kokkola", "Kokkola"), names.get("Small", "Small")
    return {
        "Settings": [
            {"Setting": "Plan title", "Value": title},
            {"Setting": "Currency", "Value": "EUR"},
            {"Setting": "Discount rate", "Value": 0},
        ],
        "Minerals": [{"Mineral": cobalt, "Price (EUR/t)": 10000, "Shortage cost (EUR/t)": 100000}],
        "Members": [{"Member": japan, "Country": "Japan"}],
        "Refiners": [
            refiner("Sichuan", cobalt, "China", 1000, 1900),
            refiner(kokkola, cobalt, "Finland", 30, 2900),
        ],
        "Demand": [{"Mineral": cobalt, "Member": japan, "2026": 100, "2027": 100}],
        "Freight": [
            {"From country": "China", japan: 100},
            {"From country": "Finland", japan: 100},
        ],
        "Share limits": [
            {
                "Limit": "max",
                "Supplier group": "country",
                "Supplier": "each outside coalition",
                "Share": 0.6,
                "Note": "Estimate: a guess.",
            }
        ],
        "Scenarios": [
            {"Scenario": "No China", "Action": "block lanes", "Country": "China"},
        ],
        "Risks": [
            {
                "Event": "Ban",
                "Action": "block lanes",
                "Country": "China",
                "Yearly probability": 0.5,
                "Duration (yr)": 1,
            }
        ],
    }


def refiner(name, mineral, country, capacity, cost):
    return {
        "Refiner": name,
        "Mineral": mineral,
        "Country": country,
        "Capacity (t/yr)": capacity,
        "Cost (EUR/t)": cost,
        "Available share": 1,
    }
