"""What the headers of a scorecard, and of what its benchmarks cost, mean."""

from __future__ import annotations

import re

SCORECARD, BENCHMARKS = "Scorecard", "EU benchmarks"

_NOTES = {
    f"{SCORECARD}: Measure": "What is measured; the row above each group says of what. Shares of"
    " supply are of what is bought, so that they differ from the shares of demand in Summary where"
    " a mineral is short or stocks are filled. Concentration and reliance are better low; what is"
    " inside, cover and N-1 better high.",
    f"{SCORECARD}: Buyer": "Whose supply it is: the coalition's, or the EU's own where members are"
    " grouped as EU and a bloc of Countries is called EU.",
    f"{SCORECARD}: Before": "Of the world as the workbook has it (a scenario and what-ifs"
    " included), without the plan; the column Before is says of what.",
    f"{SCORECARD}: After, YEAR": "Of the plan in that year.",
    f"{SCORECARD}: Required": "The benchmark of Regulation (EU) 2024/1252, Art. 5. It is set for"
    " the Union, by 2030, overall where it is a least; here it is read mineral by mineral, and of"
    " the coalition as if it were the Union: inside are plants and mines in countries whose Bloc is"
    " coalition (of the EU's own: EU), whoever owns them.",
    f"{SCORECARD}: Met": "Whether the plan keeps the benchmark in every year from 2030 on (in the"
    " last, where it ends before); years without demand are skipped. The years that miss it stand"
    " in the remark. no data: the workbook does not say it; the remark says what lacks.",
    f"{SCORECARD}: Unit": "What the numbers of the row are.",
    f"{SCORECARD}: Before is": "nameplate: capacity of all refiners, or mines, in the first year;"
    " usable: what of it the coalition may use; today: what members buy by Current supply;"
    " opening: the stock before the first year.",
    f"{SCORECARD}: Remark": "Who it is, or why there is no number. Of HHI-WGI: between what and"
    " what it lies where countries have no Governance, all of those governed best, and worst.",
    f"{SCORECARD}: Source": "Where the measure, or the benchmark, comes from.",
    f"{SCORECARD}: Formula": "How it is computed. S_c is a country's share of supply, D the buyer's"
    " demand.",
    f"{BENCHMARKS}: Benchmark": "A benchmark of Regulation (EU) 2024/1252, Art. 5, that the plan"
    " misses in some year from 2030 on (in the last, where it ends before).",
    f"{BENCHMARKS}: Buyer": "Whose consumption it is a share of.",
    f"{BENCHMARKS}: Required": "At least, or at most (one third country), this share.",
    f"{BENCHMARKS}: Plan's worst year": "The share in the plan, in the worst of those years.",
    f"{BENCHMARKS}: In year": "That worst year.",
    f"{BENCHMARKS}: Reached if asked for": "The same share in the cheapest plan of the same case"
    " with the benchmark added to its limits, in the worst of those years. Where it cannot be met,"
    " of the plan from which the fewest tonnes lack.",
    f"{BENCHMARKS}: Can it be met": "Whether that plan keeps the benchmark in all those years.",
    f"{BENCHMARKS}: Limit kind": "min: at least the share is required; max: at most.",
    f"{BENCHMARKS}: Extra cash cost": "Cash cost of that plan less that of the plan, all years,"
    " undiscounted. Below 0 where tonnes are given up. Where the benchmark cannot be met, what it"
    " costs to come as close.",
    f"{BENCHMARKS}: Extra cost with shortage": "Total cost of that plan less that of the plan,"
    " discounted, the cost of shortage and of missed stock targets in it, the penalty for what"
    " lacks of the benchmark not.",
    f"{BENCHMARKS}: Extra short": "What is short of the mineral beyond what is short in the plan,"
    " all years together.",
    f"{BENCHMARKS}: Extra short of others": "The same of all other minerals, by weight: a budget"
    " of projects ties them together.",
    f"{BENCHMARKS}: Remark": "The worst year, or why the benchmark was not asked for.",
}


def scorecard_note(sheet: str, header: str) -> str:
    """Return what a header of these sheets means, "" where it is none of theirs."""
    bare = re.sub(r"\b\d{4}\b", "YEAR", header.partition(" (")[0])
    return _NOTES.get(f"{sheet}: {bare}", "")
