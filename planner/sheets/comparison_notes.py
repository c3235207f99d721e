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
    "Comparison: Projects that change most, capex": "Capex over all years, scenario less base; all"
    " stand in the sheet Projects built. Projects of all minerals share the sheet Budget: what a"
    " scenario of one mineral spends more is lacking to another.",
    "Projects built: Project": "Those that the scenario builds otherwise, the largest change of"
    " capex first; All projects is the sum over all of them, changed or not.",
    "Projects built: Mineral": "Minerals share the sheet Budget, where there is one: a plant built"
    " larger or sooner for one mineral can leave another one without.",
    "Projects built: Base capex": "Over all years.",
    "Projects built: Capex in the scenario": "Over all years.",
    "Projects built: Change of capex": _AGAINST,
    "Projects built: Base output starts": "Which part of the project starts in which year; blank:"
    " it is not built.",
    "Projects built: Output starts in the scenario": "Which part of the project starts in which"
    " year; blank: it is not built.",
    "Projects built: Base output": "Over all years; of all projects by weight.",
    "Projects built: Output in the scenario": "Over all years; of all projects by weight.",
    "Projects built: Change of output": _AGAINST,
    "Differences: From": "The ten largest changes of each scenario, mineral and level are listed;"
    " a row below them counts the others. A mineral that costs and lacks in each year what it does"
    " in the base is named in the scenario's last row.",
    "Differences: Base": "Over all years.",
    "Differences: In the scenario": "Over all years.",
    "Differences: Change": "Scenario less base.",
}
"""Notes by sheet and header without its unit."""

_COLOURED = (
    " Coloured where it differs from the base: orange above it, blue below, darker from 10 points"
    " on."
)
_MATRICES = {
    "Short by mineral": "Short over all demand of the coalition, all years together." + _COLOURED,
    "Largest shares": "The largest share of one country in the last year planned, Rest of world"
    " left out, whoever it is; By mineral says who, and the limit on it." + _COLOURED,
}
"""Sheets with a column a mineral."""


def comparison_note(sheet: str, header: str) -> str:
    """Return what a header of a comparison means, "" where it speaks for itself."""
    if sheet in _MATRICES and header != "Scenario":
        return _MATRICES[sheet]
    return COMPARISON_NOTES.get(f"{sheet}: {header.partition(' (')[0]}", "")
