"""Glossary: the terms that this workbook uses, in a sentence each, with where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.measures import BY_CAPACITY, IF_IT_STOPS, IN_SECURITY, SEE_MORE
from models.results import (
    ChartData,
    Checks,
    CountryShares,
    Field,
    Figure,
    Flows,
    Glossary,
    Prices,
    Projects,
    Refiners,
    Runs,
    Scorecard,
    Security,
    ShareLimits,
    Stocks,
    Summary,
    Tiers,
)
from models.results.overall import HHI
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
    """A term, the words (a regular expression) that show that it is used, and what it means."""

    name: str
    shown_by: str
    meaning: str


def _of(declared: Field, shown_by: str = "") -> Term:
    """Return the term that a column's header is, unless said shown by that alone."""
    return Term(declared.header, shown_by or declared.header, declared.meaning)


# fmt: off
TERMS = (
    Term(ShareLimits.binding.header, r"\bbind(s|ing)?\b",
         "A limit or a capacity binds where it is reached, so that nothing more could flow."),
    Term("By value", r"by value",
         "Tonnes times the mineral's price in the input, so that minerals of unlike worth add up."),
    _of(Projects.charge, r"capital charge|cost: capital"),
    Term(Figure.CASH_COST, r"cash",
         "All that is paid: purchases, ore, capital charges, holding of stocks, take or pay; no"
         " penalty and no cost of shortage."),
    Term("Cause of a shortage", r"^cause$",
         "What stops each supplier that could still serve the member, in words."),
    Term("Coalition", r"coalition|^buyer$",
         "The members as one buyer; it is also the bloc of their countries."),
    Term(Figure.NET_COST, r"tariff",
         "Cash cost less tariffs. A tariff goes from a member's buyers to that member's own"
         " treasury: it changes who sells, and is no cost to the coalition."),
    Term("CR1", r"\bcr1\b",
         "Concentration ratio: the share of supply that the largest country has."),
    Term("CR3", r"\bcr3\b",
         "Concentration ratio: the share of supply that the three largest countries have"
         " together."),
    _of(Stocks.days),
    Term("Diversification premium", r"limits cost|extra (landed )?cost|share limits cost",
         "What the share limits cost: this plan against the cheapest plan of the same case"
         " without them, in cash, per tonne bought and in tonnes that are then short."),
    Term(Runs.dual_infeasibility.header, r"dual infeasibility",
         "How far the solver's prices are from prices at which no other purchase would pay; near"
         " 0 in a proven plan."),
    Term("EU benchmarks", r"(extraction|processing|recycling) inside|one third country",
         "What Regulation (EU) 2024/1252 asks of the Union by 2030: of its yearly consumption at"
         " least 10 % mined, 40 % processed and 25 % recycled inside, at most 65 % from one third"
         " country."),
    Term("Fair shortage", r"unfair shortage|fair shortage",
         "A shortage that cannot be helped is spread over members in proportion to their demand;"
         " a tonne short beyond a member's part costs a little more."),
    Term(Runs.gap.header, r"\bgap\b",
         "The difference between the plan's cost and the least that any plan could cost, as a"
         " part of it; near 0 in a proven plan."),
    _of(CountryShares.headroom),
    Term("HHI", r"\bhhi\b", HHI),
    Term("HHI-WGI", r"hhi-wgi",
         "HHI in which each country counts the more the worse it is governed, by the World Bank's"
         " Worldwide Governance Indicators; 0 to 10, lower is better."),
    Term("Import reliance", r"import reliance",
         "The part of demand that plants inside the bloc do not supply: bought from outside,"
         " drawn from stock, or short."),
    Term(Flows.landed.header, r"landed",
         "What a tonne costs delivered: the refiner's cost or the contract's price, tariff and"
         " freight."),
    _of(Prices.marginal),
    Term("N-1", r"\bn-1\b",
         "Supply without its largest country, over demand, as the scorecard and planner stress have"
         f" it. {BY_CAPACITY}"),
    _of(Refiners.nameplate, r"nameplate"),
    Term("Ore, contained", r"^mine country$",
         "Tonnes of the metal in the ore; refining gives back the part called recovery."),
    Term("Penalty", r"penalt(y|ies)",
         "A price, paid by nobody, on what a plan may miss but should not: a shortage, a soft"
         " limit passed, a reserve below its target."),
    Term("Proof", r"proven|proof|passed",
         "Computed apart from the solver: the program is the input's, the plan breaks none of its"
         " rules, and no plan is cheaper."),
    _of(Refiners.rent, r"scarcity rent|scarcest"),
    Term(Security.TABLE, r"lost country|survives? the loss|cost: security",
         "That enough is left if a country is lost: what the others sell, and could sell more by"
         f" the surge, and what is in stock when the year begins. {IN_SECURITY}"),
    Term(Figure.SERVED_SHARE, r"served",
         "The part of demand that is met from purchases and stocks."),
    Term(ShareLimits.shadow_price.header, r"shadow price",
         "What the plan would save if a limit gave way by one unit; 0 where it does not bind. It"
         " holds for small changes."),
    Term("Share base", r"share basis|^share of$|^limit is of$",
         "What a share limit is a share of: the buyer's demand, or what the buyer purchases."),
    Term("Soft limit", r"beyond limit|limit penalty",
         "A limit with a penalty: it may be passed at that price."),
    Term("Supplier that stops", r"supplier stop|it stops",
         f"The largest country outside the coalition, in the last year. {IF_IT_STOPS} {SEE_MORE}"),
    Term("Surge", r"more of their capacity|of their capacity more|surge",
         "What a supplier sells beyond what was agreed when another stops, as a part of its"
         " capacity."),
    Term("Take or pay", r"untaken|take or pay",
         "A contract's minimum is paid for whether it is taken or not; it lapses where the"
         " supplier cannot deliver (force majeure)."),
    Term(Tiers.tier.header, r"^tier$",
         "A rank of demand; a shortage falls on the tier whose shortage costs least first."),
    Term(Figure.TOTAL_COST, r"total cost",
         "What the plan makes as small as can be: cash cost, shortage and penalties, discounted"
         " where the input gives a rate."),
    _of(Refiners.utilization),
    Term("Violation", r"violation",
         "By how much a plan breaks a rule of the program; rounding alone in a proven plan."),
)
# fmt: on
"""Every term in the order of the alphabet."""


def glossary(tables: Sequence[Table], said: Iterable[str] = ()) -> Table:
    """Return the terms used in a workbook: those in its headers, in Summary, Checks or Overview.

    ``said`` are the sentences of the first page.
    """
    words = {OVERVIEW: list(said), **{table.name: _words(table) for table in tables}}
    found: dict[str, list[str]] = {}
    for term in TERMS:
        shown = re.compile(term.shown_by, re.IGNORECASE)
        found[term.name] = [name for name, of in words.items() if any(map(shown.search, of))]
    used = [term for term in TERMS if found[term.name]]
    return table_of(
        Glossary(
            term=[term.name for term in used],
            meaning=[term.meaning for term in used],
            places=[", ".join(found[term.name]) for term in used],
        )
    )


def _words(table: Table) -> list[str]:
    """Return a sheet's headers without units, and its words where it says things in sentences."""
    if table.name == ChartData.TABLE:
        return []
    found = [header.partition(" (")[0] for header in table.headers]
    kinds = table.column(Checks.check.header).values if table.name == Checks.TABLE else None
    for field in _WORDS.get(table.name, ()):
        cells = table.column(field.header).values
        told = (c for i, c in enumerate(cells) if kinds is None or kinds[i] != _DEFAULT)
        found += [cell for cell in told if isinstance(cell, str)]
    return found
