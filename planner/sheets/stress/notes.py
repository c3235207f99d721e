"""What the headers of a stress test's sheets mean."""

from __future__ import annotations

_LOST = "What the agreed plan buys of what is lost, from the loss on."
_REPLACED = (
    "What is bought more of the suppliers that are left; below 0: less, as with a member that gives"
    " tonnes up to others. Lost = replaced + from stock + short."
)
_STOCKED = "Drawn from stock more than agreed, or stored less; over all years, net of refilling."
_SHORT = (
    "Demand that the agreed plan meets and that nothing meets after the loss. What the agreed plan"
    " is short itself comes on top."
)
_UNCAPPED = "The same loss, hitting the plan of the same case without share limits."
_SURVIVE = (
    "Days from the loss on until the coalition as one is short, if stocks are drawn first and lent"
    " among members: 365 a year, a year's gap spread evenly over it. Blank: never short."
)
_USED = "The most by which stocks fall below the agreed ones, in days of the coalition's demand."
_CASH = (
    "What is paid more than under the same rules with nothing lost; below 0 where less is bought."
    " Undiscounted, without capital."
)
_COST = "Extra cash cost, and what is newly short at its shortage cost. Undiscounted."
_HIGHEST = (
    "The highest marginal price of supply of a mineral of which something is lost, of those that"
    " stand highest over the mineral's price."
)

NOTES = {
    "Lost": "Who is lost: countries, then refiners, the worst first by extra cost with shortage.",
    "Lost (t)": _LOST,
    "Lost, capped plan": _LOST,
    "Lost, uncapped plan": "What the plan without share limits buys of what is lost.",
    "What": "country: its refiners and projects make nothing for the coalition; refiner: that one;"
    " embargo: the country's lanes to the member are closed.",
    "Replaced": _REPLACED,
    "From stock": _STOCKED,
    "Short": _SHORT,
    "Short, capped plan": _SHORT,
    "Short, uncapped plan": _UNCAPPED,
    "Share short": "Short over all demand of the coalition.",
    "Share short, capped plan": "Short over all demand of the coalition.",
    "Share short, uncapped plan": _UNCAPPED,
    "Short before the loss, capped plan": "What the agreed plan is short itself, over all demand.",
    "Short before the loss, uncapped plan": "What the plan without share limits is short itself.",
    "Worst mineral": "The mineral with the largest share of demand newly short.",
    "Share short of it": "Short over all demand of the coalition for that mineral.",
    "Short from": "The first year with a shortage.",
    "Short in the agreed plan": "What is short with nothing lost.",
    "Time to survive": _SURVIVE,
    "Stock used": _USED,
    "Extra cash cost": _CASH,
    "Extra cost with shortage": _COST,
    "Extra cost with shortage, uncapped plan": _UNCAPPED,
    "Highest marginal price": _HIGHEST,
    "Times the mineral's price": "The highest marginal price over the mineral's price.",
    "Short of the member itself": "What the embargoed member is short; others may be short, too.",
    "Member's demand short, by value": "What the member is short over its demand, minerals weighted"
    " by their prices.",
    "Demand": "All demand, what the agreed plan leaves short included.",
    "Supply open to the coalition": "Usable capacity of refiners, and of projects what the agreed"
    " plan has built.",
    "Largest country": "The country with the most supply; Rest of world is none.",
    "Demand of the largest": "Demand of the members whose country it is; 0 for others.",
    "Supply left over all demand": "(S - Smax) / D: supply without that of the largest country,"
    " over all demand of the coalition.",
    "Supply left over the rest's demand": "(S - Smax) / (D - Dmax): the same, over demand without"
    " that of the largest country; the N-1 of the International Energy Agency, here of the supply"
    " open to the coalition and its demand.",
    "Bought of others over all demand": "What the agreed plan buys without its largest seller, over"
    " all demand.",
}

SHEETS = ("Stress", "Stress by mineral", "Capped or not", "Embargoes", "Stress detail", "N-1")
_HEAT = {
    "Heat map": "Share of the coalition's demand newly short; blank where nothing is lost.",
    "Embargo matrix": "Share of this member's demand newly short if the country's lanes to it are"
    " closed, minerals weighted by their prices; blank where they do not trade in the agreed plan.",
    "Embargo cost": "Extra cost with shortage, of the coalition, if the country's lanes to this"
    " member are closed; blank where they do not trade in the agreed plan.",
}


def stress_note(sheet: str, header: str) -> str:
    """Return what a header of a stress test means, "" where it speaks for itself."""
    if sheet in _HEAT and header not in {"Lost", "What", "Country"}:
        return _HEAT[sheet]
    if sheet not in (*SHEETS, *_HEAT):
        return ""
    return NOTES.get(header) or NOTES.get(header.partition(" (")[0], "")
