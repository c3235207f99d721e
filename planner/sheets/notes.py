"""What the headers mean: the notes that readers see when they point at one, all in one place."""

from __future__ import annotations

import re

from planner.sheets.comparison_notes import comparison_note
from planner.sheets.difference_notes import DIFFERENCE_NOTES
from planner.sheets.orders.notes import ORDER_NOTES
from planner.sheets.scorecard_notes import scorecard_note
from planner.sheets.stress.notes import stress_note

HHI = (
    "Herfindahl-Hirschman index: the sum of the squared country shares in per cent."
    " 10,000 is one country alone; above 1,800 counts as highly concentrated"
    " (US merger guidelines, 2023). Rest of world counts in the whole and adds nothing itself."
)
SHADOW_PRICE = (
    "What the plan would save if the limit gave way by one tonne; 0 where it does not bind."
)
SCARCITY_RENT = (
    "What one more tonne of capacity there would save the coalition in that year; 0 where capacity"
    " is left over."
)
MARGINAL_PRICE = (
    "What one more tonne of demand of this member would cost the plan. Where the member is short"
    " this is about the shortage cost, a little above or below it: the rule of fair shortage lets"
    " who is short beyond its part pay a little more, and the others a little less."
)
BY_WEIGHT = "All minerals by weight; see By mineral."
IF_EACH_STOPS = (
    "Served if each mineral's largest supplier stops (by weight, nothing bought instead)"
)
"""The measure of what is left without the largest country of each mineral."""

_UNDISCOUNTED = "Undiscounted."
_NOTES = {
    "Year": "The year of the plan; each is planned alone but for stocks, projects and growth.",
    "Mineral": "The mineral, as named in the sheet Minerals.",
    "Unit": "What a tonne of this mineral is a tonne of.",
    "Country": "Where the refiner stands.",
    "Owner country": "The country of the refiner's owner; its location where none is given.",
    "Refiner": "The refiner, as named in the sheets Refiners and Projects.",
    "Member": "The member of the coalition that buys.",
    "Buyer": "The coalition as one, a group of members, or one member.",
    "Kind": "primary: from ore; recycled: from scrap.",
    "Project": "The project whose plant this is; blank for refiners that stand.",
    "Tonnes": "Tonnes in that year, as the column Unit defines them.",
    "Demand": "What is needed, over the years of the row.",
    "Purchases": "What is bought, for stock too.",
    "Short": "Demand that is neither bought nor taken from stock.",
    "Share short": "Short over demand.",
    "Cause": "What stops each supplier that could still serve the member. Long ones stand in full"
    " in the cell, see the formula bar.",
    "Row in input": "The row in the sheet of that name of the input workbook.",
    "Limit": "The share allowed: at most for a max, at least for a min.",
    "Note": "The note of the input's row.",
    "Source": "The source of the input's row.",
    "Served share of demand": "1 less what is short over demand, all years together.",
    "Short because supply can't give it": "Short even without any share limit.",
    "Short because the limits forbid it": "Short with the share limits and not without them."
    " Below 0: the limits move supply to this mineral.",
    "Average landed cost": "Cost or price, tariff and freight over tonnes bought. " + _UNDISCOUNTED,
    "Extra landed cost by limits": "Average landed cost of this plan less that of the same case"
    " without share limits.",
    "Largest share of BASIS": "The largest share that one country has in any single year, Rest of"
    " world left out. Where the limit tightens over the years this is often the first year.",
    "Limit on it": "The tightest limit of the coalition on that country in that year; blank: none.",
    "Largest country": "The country that has the largest share of any year.",
    "In year": "The year of the largest share.",
    "Largest share in YEAR": "The largest share of one country in the last year planned.",
    "Limit in YEAR": "The tightest limit of the coalition on that country in that year; blank:"
    " none.",
    "Largest country in YEAR": "The country that has the largest share in the last year planned.",
    "Years at limit": "In how many years the coalition's limit on the largest country of the last"
    " year binds; blank where it has none.",
    "Binding limits on members": "How many max limits on single members or groups bind, each"
    " supplier and year counted alone.",
    "HHI by capacity": "By nameplate capacity of all refiners, before. " + HHI,
    "HHI by purchases": "By what the coalition buys, after. " + HHI,
    "Served if largest supplier stops": "Purchases less those from the largest country of each"
    " year, over demand; nothing is bought in its stead.",
    "Share of demand": "Tonnes over the buyer's demand for the mineral in that year; stock"
    " purchases count, so that the sum may exceed 100 %.",
    "Share of purchases": "Tonnes over all that the buyer purchases of the mineral in that year.",
    "Headroom": "Limit less the share that it limits.",
    "Limit is of": "Whether the limit is a share of demand or of purchases.",
    "Limit kind": "max: at most the share; min: at least.",
    "Supplier group": "How suppliers are put together: by country, owner, bloc, kind or refiner.",
    "Supplier": "Whom the limit is on.",
    "Share reached": "What the supplier has of the buyer's base in that year.",
    "Binding": "yes: the limit is reached, so that nothing more could flow (max) or less (min).",
    "Shadow price": SHADOW_PRICE,
    "Share of": "What the limit is a share of: demand or purchases.",
    "Base": "The demand, or the purchases, that the limit is a share of.",
    "Room": "Tonnes left up to the limit.",
    "Beyond limit": "Tonnes past a limit that has a penalty.",
    "Stage": "refining: tonnes of refined metal; mining: ore.",
    "Capacity": "What the coalition can use: nameplate capacity x available share; a project's by"
    " the part that runs.",
    "Utilization": "Tonnes over the capacity open to the coalition.",
    "Scarcity rent": SCARCITY_RENT,
    "Nameplate capacity": "The whole capacity, that closed to the coalition included.",
    "Marginal price": MARGINAL_PRICE,
    "Contract": "The contract that the tonnes are bought under; blank: bought spot.",
    "Cost": "The refiner's cost, or the contract's price, at the gate.",
    "Tariff": "Tariff rate x cost.",
    "Freight": "Freight from the refiner's country to the member.",
    "Landed cost": "Cost, tariff and freight.",
    "Total": "Tonnes x landed cost. " + _UNDISCOUNTED,
    "Shadow price of min": "What one tonne less of the contract's minimum would save.",
    "Shadow price of target": "What one tonne less of the target would save.",
    "Shadow price of a day": "What a target lower by one day of demand would save.",
    "Scarcity rent of mine": "What one more tonne of mine capacity there would save.",
    "Opening": "In stock when the year begins.",
    "Change": "Into stock; below 0 out of it.",
    "Closing": "In stock when the year ends.",
    "Target": "What is to be in stock when the year ends; what lacks costs a penalty.",
    "Below target": "What lacks of the target.",
    "Max": "The most that may be.",
    "Days of cover": "Closing stock over a day's demand of the year.",
    "Started": "The part of the project whose output begins in this year.",
    "Running": "The part of the project that runs in this year.",
    "Capex spent in": "The year in which the capex is spent, the lead time before the output.",
    "Mine country": "Where the ore is mined.",
    "Refiner country": "Where the ore is refined.",
    "Premium": "Price of the ore beyond what the refiner's cost counts.",
    "Mine capacity": "What the country's mines give of the mineral in that year, contained.",
    "Accepted up to": "What the check lets pass.",
    "Passed": "yes or no; blank where there is nothing to pass.",
    "Capital charge": "The capex turned into a yearly sum over the project's life at the cost of"
    " capital.",
    "Capex": "Money to be spent for the part started in this year; the plan's cost counts the"
    " yearly capital charge instead.",
}
_BY_CHANCE = " A figure within two standard errors of 0, either sign, may be chance alone."
_APART = (
    "Which of the two figures lies more than 1.96 standard errors from 0. The others are not"
    " distinguishable from 0: more draws, or more years of the event in them, would tell."
)
_TOTAL = (
    "What the program minimises: cash, shortage and other penalties, discounted to the first year."
)
_PREMIUM_SHORT = " It falls below 0 where tonnes that cannot be had are not paid for."
_OF_A_SHEET = {
    "Frontier: Cap": "The most that one country may supply of the coalition's base in a year, set"
    " for all minerals as --max-country-share of solve does.",
    "Frontier: Knob": "What is turned.",
    "Frontier: Value": "What it is set to: of a factor 100 % is the case as given.",
    "Frontier: Mineral": "all: the coalition's whole plan, its tonnes by weight.",
    "Frontier: Total cost": _TOTAL,
    "Frontier: Purchases": "Cost or price, tariff and freight of all flows. " + _UNDISCOUNTED,
    "Frontier: Cash cost": "All that is paid: purchases, ore, capital charges, holding, take or"
    " pay; no shortage, no penalties. " + _UNDISCOUNTED,
    "Frontier: Tonnes": "What is bought over all years, for stock too.",
    "Frontier: Short": "Demand neither bought nor taken from stock, all years together.",
    "Frontier: Short by the cap": "Short, less what is short without any cap on single countries.",
    "Frontier: Short beyond as given": "Short, less what is short in the case as given.",
    "Frontier: Served share": "1 less what is short over demand.",
    "Frontier: Largest country share": "The largest share of one country in any year, Rest of world"
    " left out. Countries that the cap leaves alone (the coalition's own, where the workbook says"
    " so) count, too.",
    "Frontier: A point looser saves": "What a cap looser by one percentage point saves in total"
    " cost: its shadow prices x base, over all countries and years; at a kink any value between the"
    " slopes on both sides.",
    "Frontier: A point more costs": "What one percentage point more adds to total cost, as the"
    " difference to the point before; below 0: it saves.",
    "Frontier: Premium": "Cash cost less that of the reference (no cap on single countries; of"
    " another knob the case as given), over tonnes bought." + _PREMIUM_SHORT,
    "Frontier: Premium like for like": "Cash cost of a tonne bought, less what a tonne of that"
    " mineral costs in the reference; of all minerals the sum over tonnes bought.",
    "Frontier: Dearer like for like": "The premium like for like over what the same tonnes cost in"
    " the reference.",
    "Frontier: Premium with shortage": "Total cost less that of the reference, over demand:"
    " shortage counts at its stated cost. Of all minerals it never falls as a cap tightens.",
    "Frontier: Trouble": "Why this point has no plan.",
    "As given: Total cost": _TOTAL,
    "Runs: Objective": "Total cost: " + _TOTAL[:1].lower() + _TOTAL[1:],
    "As given: Purchases": "Cost or price, tariff and freight of all flows. " + _UNDISCOUNTED,
    "As given: Cash cost": "All that is paid: no shortage, no penalties. " + _UNDISCOUNTED,
    "As given: Tonnes": "What is bought over all years, for stock too.",
    "As given: Short": "Demand neither bought nor taken from stock, all years together.",
    "As given: Largest country share": "The largest share of one country in any year, Rest of world"
    " left out.",
    "Events: A year adds, as agreed": "What a year of the event adds to total cost, from how draws"
    " with more and fewer such years differ." + _BY_CHANCE,
    "Events: A year adds, re-planned": "The same of the plan made anew." + _BY_CHANCE,
    "Events: A year adds short, as agreed": "What a year of the event adds to shortage."
    + _BY_CHANCE,
    "Events: A year adds short, re-planned": "The same of the plan made anew." + _BY_CHANCE,
    "Events: Distinguishable from 0, as agreed": _APART,
    "Events: Distinguishable from 0, re-planned": _APART,
    "Smallest caps: Mineral": "all: the largest of the minerals' smallest caps.",
    "Smallest caps: Smallest cap": "The smallest cap on single countries at which no more need be"
    " short than without any, in every year; exact, not from the grid. The cheapest plan at that"
    " cap may still leave tonnes short that cost more than a shortage. Minerals that a budget ties"
    " share it out. Blank: not known, as where shares are of purchases.",
    "Smallest caps: First point that costs tonnes": "The loosest cap of this sweep at which more is"
    " short than without any; blank: none is.",
    "Smallest caps: Short by the cap there": "What is short at that point beyond what is short"
    " without any cap.",
    "Smallest caps: Its share without caps": "Its largest share in any year; purchases for stock"
    " count, so that it may exceed 100 % of demand.",
    "By mineral: Demand": "All years together.",
    "By mineral: Purchases": "All years together, purchases for stock included.",
    "By mineral: Purchases (money)": "Cost or price, tariff and freight of all flows. "
    + _UNDISCOUNTED,
    "By mineral: Short": "Demand neither bought nor taken from stock, all years together.",
    "Changes: Change": "Planned less today.",
    "Contracts: Max": "The most the contract gives; blank: no maximum.",
    "Country shares: Limit": "The tightest max on this country for this buyer; blank: none.",
    "Share limits: Tonnes": "Tonnes that count under the limit.",
    "Projects: Capacity": "What runs in the year.",
    "Ore: Freight": "Freight of the ore from mine to refiner.",
    "Ore: Country": "Where the ore is refined.",
    "Values: Plan": "this plan, or one that it is set against: that of the same case without share"
    " limits, or what is left when the largest supplier country has stopped.",
    "Values: Family": "The family of columns of the linear program, as in docs/mathematics.md.",
    "Values: Key": "Which column of the family it is; countries by their code.",
    "Values: Value": "Tonnes; of the family built the fraction of a project. Columns that are not"
    " here are 0, but for the flows of the sheet Plan. For planner verify.",
    "Duals: Plan": "this plan, or the plan of the same case without share limits that it is set"
    " against.",
    "Duals: Family": "The family of rows of the linear program, as in docs/mathematics.md.",
    "Duals: Key": "Which row of the family it is; countries by their code.",
    "Duals: Dual": "What one unit more on the right-hand side of the row would cost, undiscounted."
    " Rows that are not here have none. For planner verify.",
}


def note(sheet: str, header: str) -> str:
    """Return what a header means, "" where it speaks for itself."""
    bare, _, unit = header.partition(" (")
    bare = re.sub(r"\b\d{4}\b", "YEAR", bare)
    bare = re.sub(r"^(Largest share of) (demand|purchases)$", r"\1 BASIS", bare)
    if sheet == "By mineral" and bare == "Purchases" and unit != "t)":
        bare = "Purchases (money)"
    place = f"{sheet}: {bare}"
    told = (
        stress_note(sheet, header)
        or scorecard_note(sheet, header)
        or comparison_note(sheet, header)
        or ORDER_NOTES.get(place)
        or DIFFERENCE_NOTES.get(place)
        or _OF_A_SHEET.get(place)
    )
    return told or _NOTES.get(bare, "")
