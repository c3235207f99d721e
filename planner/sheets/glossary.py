"""Glossary: the terms that a workbook uses, each explained, with the sheets that use it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

from models import results
from models.measures import BY_CAPACITY, IF_IT_STOPS, IN_SECURITY, SEE_MORE
from models.results.overall import HHI
from planner.render.front import NAME as OVERVIEW
from planner.render.table import Table, table_of

_WORDS = {
    results.Summary.TABLE: (results.Summary.measure, results.Summary.remark),
    results.Scorecard.TABLE: (results.Scorecard.measure,),
    results.Checks.TABLE: (results.Checks.what,),
}
"""Columns whose cells are searched for terms, in addition to the headers of all sheets."""
_DEFAULT = "default"
"""Rows of Checks that repeat the words of the input's manual."""


@dataclass(frozen=True)
class GlossaryTerm:
    """A term, a regular expression that matches its uses, and its meaning."""

    name: str
    shown_by: str
    meaning: str


def _of(declared: results.Field, shown_by: str = "") -> GlossaryTerm:
    """Return a column's header as a term; ``shown_by`` matches its uses, if not the header does."""
    return GlossaryTerm(declared.header, shown_by or declared.header, declared.meaning)


# fmt: off
TERMS = (
    GlossaryTerm(results.ShareLimits.binding.header, r"\bbind(s|ing)?\b",
         "A limit or capacity binds if it is used up, so that nothing more can flow."),
    GlossaryTerm("By value", r"by value",
         "Tonnes times the mineral's price in the input, so that different minerals can be added"
         " up."),
    _of(results.Projects.charge, r"capital charge|cost: capital"),
    GlossaryTerm(results.Figure.CASH_COST, r"cash",
         "Everything that is paid: purchases, freight, tariffs, levies, ore, capital charges, stock"
         " holding, take or pay, switching of suppliers."
         " Penalties and the cost of shortage are left out."),
    GlossaryTerm("Cause of a shortage", r"^cause$",
         "What stops each supplier that could still serve the member."),
    GlossaryTerm("Coalition", r"coalition|^buyer$",
         "All members, as one buyer. As a bloc, it is all countries of the members."),
    GlossaryTerm(results.Figure.NET_COST, r"tariff",
         "Cash cost minus tariffs. A tariff goes to the member's own treasury. It changes who"
         " sells, but is no cost to the coalition."),
    GlossaryTerm("CR1", r"\bcr1\b",
         "Concentration ratio: the share of supply from the largest country."),
    GlossaryTerm("CR3", r"\bcr3\b",
         "Concentration ratio: the share of supply from the three largest countries."),
    _of(results.Stocks.days),
    GlossaryTerm("Diversification premium", r"limits cost|extra (landed )?cost|share limits cost",
         "What the share limits cost: this plan compared with the cheapest plan without them, in"
         " cash, per tonne bought and in tonnes short."),
    GlossaryTerm(results.Runs.dual_infeasibility.header, r"dual infeasibility",
         "How much another purchase could still save at the solver's prices. Near 0 in a proven"
         " plan."),
    GlossaryTerm("EU benchmarks",
                 r"(extraction|processing|recycling) at home|in one country outside",
         "Targets of Regulation (EU) 2024/1252 for 2030. At home, in the Union: at least 10 % of"
         " yearly consumption mined, 40 % processed and 25 % recycled. From any one country"
         " outside the Union: at most 65 %."),
    GlossaryTerm("Fair shortage", r"unfair shortage|fair shortage",
         "An unavoidable shortage is spread over members in proportion to demand. Each missing"
         " tonne beyond a member's proportion has a slightly higher cost of shortage."),
    GlossaryTerm(results.Runs.gap.header, r"\bgap\b",
         "The plan's cost minus the least possible cost, as a share of the plan's cost. Near 0 in"
         " a proven plan."),
    _of(results.CountryShares.headroom),
    GlossaryTerm("HHI", r"\bhhi\b", HHI),
    GlossaryTerm("HHI-WGI", r"hhi-wgi",
         "HHI weighted by the World Bank's Worldwide Governance Indicators: a badly governed"
         " country counts more. 0 to 10; lower is better."),
    GlossaryTerm("Import reliance", r"import reliance",
         "Part of demand that plants inside the bloc do not supply: it is imported, drawn from"
         " stock, or missing."),
    GlossaryTerm(results.Flows.landed.header, r"landed",
         "Cost of a delivered tonne: the refiner's cost or the contract's price, tariff and"
         " freight."),
    GlossaryTerm(results.Flows.levy.header, r"\blev(y|ies)\b",
         "What imports pay at a border with a price floor: the floor minus their landed cost. It"
         " goes to the member's own treasury."),
    _of(results.Prices.marginal),
    GlossaryTerm("N-1", r"\bn-1\b",
         f"Supply without its largest country, divided by demand: in the scorecard. {BY_CAPACITY}"),
    _of(results.Refiners.nameplate, r"nameplate"),
    GlossaryTerm("Ore, contained", r"^mine country$",
         "Tonnes of metal in the ore. Recovery is the share of it that refining yields."),
    GlossaryTerm("Penalty", r"penalt(y|ies)",
         "A price, paid by nobody, on something that a plan should not miss: a shortage, a soft"
         " limit, a reserve's target."),
    GlossaryTerm("Proof", r"proven|proof|passed",
         "A check without the solver: the linear program matches the input, the plan keeps all"
         " rules of the program, and no other plan is cheaper."),
    _of(results.Refiners.rent, r"scarcity rent|scarcest"),
    GlossaryTerm(results.Security.TABLE, r"lost country|survives? the loss|cost: security",
         "A rule: enough supply must be left if a country is lost. It counts the sales and surge"
         f" of other countries, and stocks at the start of the year. {IN_SECURITY}"),
    GlossaryTerm(results.Figure.SERVED_SHARE, r"served",
         "Part of demand met from purchases and stocks."),
    GlossaryTerm(results.ShareLimits.shadow_price.header, r"shadow price",
         "What the plan would save if a limit were one unit looser; 0 if the limit does not bind."
         " It holds for small changes of the limit."),
    GlossaryTerm("Share base", r"share basis|^share of$|^limit is of$",
         "The base of a share limit: the buyer's demand or its purchases."),
    GlossaryTerm("Soft limit", r"outside the limit|limit penalty",
         "A limit with a penalty: a plan may exceed it, at that penalty per tonne."),
    GlossaryTerm("Supplier that stops", r"supplier stop|it stops",
         f"The largest country outside the coalition, in the last year. {IF_IT_STOPS} {SEE_MORE}"),
    GlossaryTerm("Surge", r"more of their capacity|of their capacity more|surge",
         "How much more than ordered a supplier sells if another one stops, as a share of its"
         " usable capacity."),
    GlossaryTerm("Take or pay", r"untaken|take or pay",
         "A contract's minimum is paid for, taken or not. It lapses if the supplier cannot"
         " deliver (force majeure)."),
    GlossaryTerm(results.Tiers.tier.header, r"^tier$",
         "A rank of demand. The tier with the lowest cost of shortage goes without first."),
    GlossaryTerm(results.Figure.TOTAL_COST, r"total cost",
         "What the plan minimizes: cash cost, shortage and penalties, discounted at the input's"
         " rate."),
    _of(results.Refiners.utilization),
    GlossaryTerm("Violation", r"violation",
         "By how much a plan breaks a rule of the program. In a proven plan, this is only"
         " rounding."),
)
# fmt: on
"""Every term, in alphabetical order."""


def glossary(tables: Sequence[Table], sentences: Iterable[str] = ()) -> Table:
    """Return the terms used in a workbook: those in its headers, in Summary, Checks or Overview.

    ``sentences`` are the sentences of the first page.
    """
    words = {OVERVIEW: list(sentences), **{table.name: _words(table) for table in tables}}
    rows = []
    for term in TERMS:
        shown = re.compile(term.shown_by, re.IGNORECASE)
        sheets_with = [name for name, texts in words.items() if any(map(shown.search, texts))]
        row = {"term": term.name, "meaning": term.meaning, "places": ", ".join(sheets_with)}
        rows += [row] if sheets_with else []
    return table_of(results.Glossary.of_rows(rows))


def _words(table: Table) -> list[str]:
    """Return a sheet's headers without units, and the cells of its columns of sentences."""
    if table.name == results.ChartData.TABLE:
        return []
    texts = [header.partition(" (")[0] for header in table.headers]
    is_checks = table.name == results.Checks.TABLE
    kinds = table.column(results.Checks.check.header).values if is_checks else repeat("")
    for field in _WORDS.get(table.name, ()):
        cells = zip(kinds, table.column(field.header).values, strict=False)
        texts += [cell for kind, cell in cells if kind != _DEFAULT and isinstance(cell, str)]
    return texts
