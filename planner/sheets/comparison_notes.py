"""What the headers of a comparison mean, by sheet; notes of the plan's own sheets stand apart."""

from __future__ import annotations

_AGAINST = "This scenario's less the base's; 0 where they differ by rounding alone."

COMPARISON_NOTES = {
    "Comparison: Scenario": "Base is the workbook as it stands; each scenario changes it alone.",
    "Comparison: Total cost": "What a plan minimises: cash, shortage and other penalties,"
    " discounted where the workbook has a rate.",
    "Comparison: Total cost against base": _AGAINST,
    "Comparison: Cash cost": "What is paid: no shortage, no penalties. Undiscounted.",
    "Comparison: Cash cost against base": _AGAINST + " Below 0 where less is bought.",
    "Comparison: Purchases cost": "Cost or price, tariff and freight of all flows. Undiscounted.",
    "Comparison: Tonnes purchased": "All minerals by weight, purchases for stock included.",
    "Comparison: Short": "All minerals by weight; by mineral in the sheets that follow.",
    "Comparison: Short against base": _AGAINST,
    "Comparison: Served if largest suppliers stop": "Purchases less those from each mineral's"
    " largest country of each year, over demand; nothing is bought in its stead.",
    "Comparison: Result": "proven optimal, or why there is no plan.",
    "Comparison: Binding share limits": "Each buyer, supplier, mineral and year counted alone.",
    "Comparison: Inputs changed": "Rows of the sheet Changes.",
    "By mineral: Short against base": _AGAINST,
    "By mineral: Landed cost against base": _AGAINST,
    "By mineral: HHI against base": _AGAINST + " Above 0: more concentrated.",
    "Changes: Cell": "Where the input stands in the workbook; added: a row that only the scenario"
    " has.",
    "Changes: Input": "The row by its key, then the column, with the years in which it differs.",
    "Changes: Base value": "Blank where the row, or its number, is not there.",
    "Changes: Scenario value": "What the scenario makes of it; removed: the row is gone.",
    "Differences: Level": "country to member: what one country sells one member; refiner to"
    " coalition: what one refiner or project sells all members. Each level tells the same tonnes.",
    "Differences: From": "The ten largest changes of each scenario, mineral and level are listed;"
    " a row below them counts the others. A mineral that costs and lacks in each year what it does"
    " in the base is named in the scenario's last row.",
    "Differences: Base": "Over all years.",
    "Differences: In the scenario": "Over all years.",
    "Differences: Change": "Scenario less base.",
}
"""Notes by sheet and header without its unit."""
