"""Glossary: the terms that this workbook uses, in a sentence each, with where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.results import ChartData, Checks, Glossary, Scorecard, Summary
from planner.render.front import NAME as OVERVIEW
from planner.render.table import Table, table_of

_WORDS = {
    Summary.TABLE: (Summary.measure, Summary.remark),
    Scorecard.TABLE: (Scorecard.measure,),
    Checks.TABLE: (Checks.what,),
}
"""Columns whose cells are read for terms, beside the headers of all sheets."""
_DEFAULT = "default"
"""Rows of Checks that repeat the words of the input's manual."""


@dataclass(frozen=True)
class Term:
    """A term, what it means, and the words (a regular expression) that show that it is used."""

    name: str
    meaning: str
    shown_by: str


TERMS = (
    Term(
        "Binding",
        "A limit or a capacity binds where it is reached, so that nothing more could flow.",
        r"\bbind(s|ing)?\b",
    ),
    Term(
        "By value",
        "Tonnes times the mineral's price in the input, so that minerals of unlike worth add up.",
        r"by value",
    ),
    Term(
        "Capital charge",
        "The capital of a plant turned into a level yearly sum over its life at the cost of"
        " capital (capital-recovery factor); the plan's cost counts it instead of the capex.",
        r"capital charge|cost: capital",
    ),
    Term(
        "Cash cost",
        "All that is paid: purchases, ore, capital charges, holding of stocks, take or pay; no"
        " penalty and no cost of shortage.",
        r"cash",
    ),
    Term(
        "Cause of a shortage",
        "What stops each supplier that could still serve the member, in words.",
        r"^cause$",
    ),
    Term(
        "Coalition",
        "The members as one buyer; it is also the bloc of their countries.",
        r"coalition|^buyer$",
    ),
    Term(
        "CR1",
        "Concentration ratio: the share of supply that the largest country has.",
        r"\bcr1\b",
    ),
    Term(
        "CR3",
        "Concentration ratio: the share of supply that the three largest countries have together.",
        r"\bcr3\b",
    ),
    Term(
        "Days of cover",
        "How many days of the year's demand the stock at its end would last.",
        r"days of cover",
    ),
    Term(
        "Diversification premium",
        "What the share limits cost: this plan against the cheapest plan of the same case without"
        " them, in cash, per tonne bought and in tonnes that are then short.",
        r"limits cost|extra (landed )?cost|share limits cost",
    ),
    Term(
        "Dual infeasibility",
        "How far the solver's prices are from prices at which no other purchase would pay; near 0"
        " in a proven plan.",
        r"dual infeasibility",
    ),
    Term(
        "EU benchmarks",
        "What Regulation (EU) 2024/1252 asks of the Union by 2030: of its yearly consumption at"
        " least 10 % mined, 40 % processed and 25 % recycled inside, at most 65 % from one third"
        " country.",
        r"(extraction|processing|recycling) inside|one third country",
    ),
    Term(
        "Fair shortage",
        "A shortage that cannot be helped is spread over members in proportion to their demand; a"
        " tonne short beyond a member's part costs a little more.",
        r"unfair shortage|fair shortage",
    ),
    Term(
        "Gap",
        "The difference between the plan's cost and the least that any plan could cost, as a part"
        " of it; near 0 in a proven plan.",
        r"\bgap\b",
    ),
    Term(
        "Headroom",
        "How much the share could still rise up to its limit.",
        r"headroom",
    ),
    Term(
        "HHI",
        "Herfindahl-Hirschman index of concentration: the sum of the squared country shares in per"
        " cent, 10,000 for one country alone; above 1,800 counts as highly concentrated.",
        r"\bhhi\b",
    ),
    Term(
        "HHI-WGI",
        "HHI in which each country counts the more the worse it is governed, by the World Bank's"
        " Worldwide Governance Indicators; 0 to 10, lower is better.",
        r"hhi-wgi",
    ),
    Term(
        "Import reliance",
        "The part of demand that plants inside the bloc do not supply: bought from outside, drawn"
        " from stock, or short.",
        r"import reliance",
    ),
    Term(
        "Landed cost",
        "What a tonne costs delivered: the refiner's cost or the contract's price, tariff and"
        " freight.",
        r"landed",
    ),
    Term(
        "Marginal price",
        "What one more tonne of a member's demand would cost the plan.",
        r"marginal price",
    ),
    Term(
        "N-1",
        "What is left of supply when the largest supplier country stops.",
        r"largest supplier|n-1|\bstops\b",
    ),
    Term(
        "Nameplate capacity",
        "The whole capacity of a refiner, also the part that is closed to the coalition.",
        r"nameplate",
    ),
    Term(
        "Ore, contained",
        "Tonnes of the metal in the ore; refining gives back the part called recovery.",
        r"^mine country$",
    ),
    Term(
        "Penalty",
        "A price, paid by nobody, on what a plan may miss but should not: a shortage, a soft limit"
        " passed, a reserve below its target.",
        r"penalt(y|ies)",
    ),
    Term(
        "Proof",
        "Computed apart from the solver: the program is the input's, the plan breaks none of its"
        " rules, and no plan is cheaper.",
        r"proven|proof|passed",
    ),
    Term(
        "Scarcity rent",
        "What one more tonne of a capacity would save the coalition in that year; 0 where capacity"
        " is left over.",
        r"scarcity rent|scarcest",
    ),
    Term(
        "Served share",
        "The part of demand that is met from purchases and stocks.",
        r"served",
    ),
    Term(
        "Shadow price",
        "What the plan would save if a limit gave way by one unit; 0 where it does not bind. It"
        " holds for small changes.",
        r"shadow price",
    ),
    Term(
        "Share base",
        "What a share limit is a share of: the buyer's demand, or what the buyer purchases.",
        r"share basis|^share of$|^limit is of$",
    ),
    Term(
        "Soft limit",
        "A limit with a penalty: it may be passed at that price.",
        r"beyond limit|limit penalty",
    ),
    Term(
        "Surge",
        "What a supplier sells beyond what was agreed when another stops, as a part of its"
        " capacity.",
        r"more of their capacity|of their capacity more|surge",
    ),
    Term(
        "Take or pay",
        "A contract's minimum is paid for whether it is taken or not; it lapses where the supplier"
        " cannot deliver (force majeure).",
        r"untaken|take or pay",
    ),
    Term(
        "Tier",
        "A rank of demand; a shortage falls on the tier whose shortage costs least first.",
        r"^tier$",
    ),
    Term(
        "Total cost",
        "What the plan makes as small as can be: cash cost, shortage and penalties, discounted"
        " where the input gives a rate.",
        r"total cost",
    ),
    Term(
        "Utilization",
        "What a refiner sells the coalition over the capacity open to it.",
        r"utilization",
    ),
    Term(
        "Violation",
        "By how much a plan breaks a rule of the program; rounding alone in a proven plan.",
        r"violation",
    ),
)
"""Every term in the order of the alphabet."""


def glossary(tables: Sequence[Table], said: Iterable[str] = ()) -> Table:
    """Return the terms used in a workbook: those in its headers, in Summary, Checks or Overview.

    ``said`` are the sentences of the first page.
    """
    words = {table.name: _words(table) for table in tables}
    words = {OVERVIEW: list(said), **words}
    found: list[tuple[Term, list[str]]] = []
    for term in TERMS:
        shown = re.compile(term.shown_by, re.IGNORECASE)
        places = [name for name, of in words.items() if any(map(shown.search, of))]
        if places:
            found.append((term, places))
    return table_of(
        Glossary(
            term=[term.name for term, _ in found],
            meaning=[term.meaning for term, _ in found],
            places=[", ".join(places) for _, places in found],
        )
    )


def _words(table: Table) -> list[str]:
    """Return a sheet's headers without units, and its words where it says things in sentences."""
    if table.name == ChartData.TABLE:
        return []
    found = [header.partition(" (")[0] for header in table.headers]
    cells = [table.column(f.header).values for f in _WORDS.get(table.name, ())]
    kinds = table.column(Checks.check.header).values if table.name == Checks.TABLE else None
    for column_cells in cells:
        found += [
            cell
            for i, cell in enumerate(column_cells)
            if isinstance(cell, str) and (kinds is None or kinds[i] != _DEFAULT)
        ]
    return found
