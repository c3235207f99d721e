"""The tutorial's example: two metals, three members, a plant to build. Made-up figures."""

from inputs.tables import Record
from planner.workbook.template import template_tables

TUTORIAL = "tutorial"
YEARS = (2026, 2027, 2028)
COUNTRIES = {
    "United States": "coalition", "Japan": "coalition", "Germany": "coalition",
    "Austria": "coalition", "China": "other", "Vietnam": "other", "Israel": "other",
    "Turkey": "other",
}  # fmt: skip
MEMBERS = tuple(COUNTRIES)[:3]
PRICES = {"Tungsten": 42_000, "Magnesium": 3_100}
REFINERS = (
    ("Ganzhou", "Tungsten", "China", 60_000, 33_000, 0.5, None),
    ("Nui Phao", "Tungsten", "Vietnam", 6_500, 36_000, 0.8, None),
    ("Treibach", "Tungsten", "Austria", 4_000, 38_500, 1, None),
    ("Shaanxi", "Magnesium", "China", 850_000, 2_300, 0.4, "figure checked"),
    ("Dead Sea", "Magnesium", "Israel", 12_000, 3_000, 1, None),
    ("Kar", "Magnesium", "Turkey", 8_000, 3_050, 1, None),
)
REFINER = (
    "Refiner", "Mineral", "Country", "Capacity (t/yr)", "Cost (USD/t)", "Available share", "Note",
)  # fmt: skip
DEMAND = {
    ("Tungsten", "United States"): (7_000, 7_100, 7_200),
    ("Tungsten", "Japan"): (4_300, 4_300, 4_400),
    ("Tungsten", "Germany"): (4_800, 4_800, 4_900),
    ("Magnesium", "United States"): (28_000, 28_500, 29_000),
    ("Magnesium", "Japan"): (15_000, 15_000, 15_200),
    ("Magnesium", "Germany"): (22_000, 22_500, 23_000),
}


def tutorial_book() -> dict[str, list[Record]]:
    """The sheets of the tutorial's workbook: settings and share limit are the template's."""
    template = template_tables()
    settings = {str(row["Setting"]): row for row in template["Settings"]}
    settings["Plan title"]["Value"] = "Tungsten and magnesium to 2028"
    return {
        "Settings": [*settings.values()],
        "Minerals": [{"Mineral": of, "Price (USD/t)": price} for of, price in PRICES.items()],
        "Members": [{"Member": name, "Country": name} for name in MEMBERS],
        "Countries": [{"Country": name, "Bloc": bloc} for name, bloc in COUNTRIES.items()],
        "Refiners": [dict(zip(REFINER, row, strict=True)) for row in REFINERS],
        "Demand": [
            {"Mineral": of, "Member": member}
            | {str(year): need for year, need in zip(YEARS, needs, strict=True)}
            for (of, member), needs in DEMAND.items()
        ],
        "Freight": [{"From country": "China", "United States": 180, "Japan": 70, "Germany": 250}],
        "Share limits": template["Share limits"],
        "Projects": [
            {
                "Project": "Bitterfeld", "Refiner": "Bitterfeld", "Mineral": "Magnesium",
                "Country": "Germany", "Capacity (t/yr)": 12_000, "Capex (USD m)": 60,
                "Cost (USD/t)": 2_900, "First year": 2027, "Lead time (yr)": 1,
            }
        ],
        "Budget": [
            {"Year": year, "Capex (USD m)": 10 if year == YEARS[0] else 0} for year in YEARS
        ],
    }  # fmt: skip
