"""The cobalt friend-shoring table of a public repository: prices and shares of eight suppliers.

The workbook has the prices. Each row of the table, with the shares that it fixes by hand, is a
scenario, so that the planner gives its total again.
"""

from inputs.tables import Record, Row, country, read, source

COBALT = "published/cobalt"
SUPPLIERS, TOTALS = "published_cobalt", "published_cobalt_totals"
MINERAL, MEMBER, YEAR = "Cobalt", "United States", 2032
NEED_KG = 148
"""What the table counts for a battery: 400 kg at 0.37 kg of cathode a kilogram."""
PRICE_USD_KG = 61.51
"""The table's price of Chinese cobalt; ten times it is what a kilogram short costs."""


def cobalt_book() -> dict[str, list[Record]]:
    """The sheets of the workbook."""
    return {
        "Settings": [
            {"Setting": "Plan title", "Value": "Cobalt for one battery: a published table"},
            {"Setting": "Currency", "Value": "USD"},
            {"Setting": "Default freight (USD/kg)", "Value": 0},
        ],
        "Minerals": [{"Mineral": MINERAL, "Price (USD/kg)": PRICE_USD_KG}],
        "Members": [{"Member": MEMBER, "Country": MEMBER}],
        "Refiners": [_refiner(row) for row in read(SUPPLIERS)],
        "Demand": [
            {
                "Mineral": MINERAL,
                "Member": MEMBER,
                str(YEAR): NEED_KG / 1000,
                "Source": source(SUPPLIERS, read(SUPPLIERS)[0]["source"]),
                "Note": f"{NEED_KG} kg of cathode, which the table prices as cobalt",
            }
        ],
        "Scenarios": [
            _step(total, supplier) for total in read(TOTALS) for supplier in read(SUPPLIERS)
        ],
    }


def _refiner(row: Row) -> Record:
    """A supplier, with enough for the whole need: the table has no capacities."""
    return {
        "Refiner": country(row["supplier"]),
        "Mineral": MINERAL,
        "Country": country(row["supplier"]),
        "Capacity (kg/yr)": NEED_KG,
        "Cost (USD/kg)": float(row["price_usd_kg"]),
        "Available share": 1,
        "Source": source(SUPPLIERS, row["source"], row["supplier"]),
        "Note": row["note"],
    }


def _step(total: Row, supplier: Row) -> Record:
    """A supplier's tonnes at the share that a row of the table fixes."""
    name = total["scenario"]
    return {
        "Scenario": name,
        "Action": "set lane max",
        "Country": country(supplier["supplier"]),
        "Value": round(float(supplier[name]) * NEED_KG / 1000, 6),
        "Source": source(TOTALS, total["source"], name),
        "Note": f"{total['title']}; {float(supplier[name]):.0%} of {NEED_KG} kg",
    }
