"""What a reader of a plan is told first, in words: from the rows of By mineral and nothing else.

Page, report and terminal say the same sentences. A finding counts minerals; none adds them up but
what is paid, which says the mineral that is most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from models import schema, tolerances
from models.measures import (
    IF_IT_STOPS,
    KEEPS_ENOUGH,
    SEE_MORE,
    TIED_INPUTS,
    keeps_enough,
    ratio,
    rounded,
)
from models.results import ByMineral, Field, Result
from models.results.members import BENCHMARK_WORDS, EU_BENCHMARK, is_dependent
from models.results.overall import CURRENT_SUPPLY
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.front import AnswerState, KeyFinding, Light
from planner.render.sentences import SAME_TONNES, ranked
from planner.render.words import amount, counted, known, listed, opened, share, solid

Country = Callable[[str], str]
Row = dict[str, Any]
"""A row of By mineral by the names of its fields; None where a cell is blank."""

TOLD = (
    ByMineral.mineral, ByMineral.demand, ByMineral.purchased, ByMineral.taken,
    ByMineral.short_of_supply, ByMineral.short_by_limits, ByMineral.supplier_free,
    ByMineral.supplier_free_share, ByMineral.supplier, ByMineral.supplier_share,
    ByMineral.supplier_of_demand, ByMineral.supplier_limit, ByMineral.served_without,
    ByMineral.extra, ByMineral.dependent, ByMineral.dependent_country, ByMineral.dependent_share,
)  # fmt: skip
"""The fields of By mineral that are told first: on the first page and in the report."""
_NAMED = 2
"""Minerals that a sentence names; one more is named, too, or counted."""
LEAST_SERVED = 0.9
"""Where less of a mineral's need is met, the answer is no."""


def fields_of(table: Result, chosen: Sequence[Field]) -> tuple[Field, ...]:
    """Return the chosen fields without the optional ones that a table hasn't."""
    return tuple(f for f in chosen if not f.optional or f.name in table.data)


def rows_of(table: Result) -> list[Row]:
    """Return the rows of a table; a blank cell is None, whether read back or just made."""
    names = [f.name for f in table.fields]
    return [
        {name: None if _is_blank(value) else value for name, value in zip(names, row, strict=True)}
        for row in table.rows(*table.fields)
    ]


def _is_blank(value: Any) -> bool:
    return value is None or value != value or value == ""  # noqa: PLR0124 - NaN is a blank cell


def findings(table: ByMineral, years: int, country: Country) -> tuple[KeyFinding, ...]:
    """Return the figures of a plan: need met, price of the limits, loss of the largest supplier.

    ``years`` are how many are planned; ``country`` names a country by its code. A mineral whose
    row is blank, as of a redacted plan, is not counted; of no row nothing is found.
    """
    rows, words = _needed(table), table.words
    if not rows:
        return ()
    return (
        _need(rows),
        _price(rows, years, words["money"]),
        _loss(rows, words["last"], country),
    )


def _needed(table: ByMineral) -> list[Row]:
    amounts = ("need", "demand", "purchased", "short", "served")
    return [row for row in rows_of(table) if all(known(row[name]) for name in amounts)]


def _number(number: int, whole: int) -> str:
    return f"{number:,} of {whole:,}"


def _minerals(number: int, whole: int) -> str:
    return f"{_number(number, whole)} mineral{'' if whole == 1 else 's'}"


# ---- the answer, and the need that is met --------------------------------------------------------


def answer(table: ByMineral, question: str) -> Light | None:
    """Return whether all need is met within the limits, in two sentences; None of no row."""
    rows = _needed(table)
    if not rows:
        return None
    needed = [row for row in rows if row["demand"] > 0]
    if not needed:
        return Light(question, AnswerState.NONE, "Nothing is needed.", ByMineral.TABLE)
    lacking = [row for row in needed if row["short"] > 0]
    beyond = [row for row in needed if row["limits_kept"] == "no"]
    missed = {row["mineral"] for row in (*lacking, *beyond)}
    if not missed:
        text = "Yes. Every member gets all it needs in every year."
        return Light(question, AnswerState.GOOD, text, ByMineral.TABLE)
    if not lacking:
        exceeds = "exceeds its limit" if len(beyond) == 1 else "exceed their limits"
        who = listed((row["mineral"] for row in beyond), _NAMED)
        text = f"Not fully. {opened(who)} {exceeds}, and the plan pays the penalty."
        return Light(question, AnswerState.CARE, text, ByMineral.TABLE)
    fails = "runs" if len(missed) == 1 else "run"
    fails += " short or over the limit" if len(missed) > len(lacking) else " short"
    text = f"Not fully: {_minerals(len(missed), len(needed))} {fails}."
    worst = max(lacking, key=_part_short)
    part_short, mineral = share(_part_short(worst)), worst["mineral"]
    if len(needed) == 1:
        text = f"Not fully. {part_short} of the need for {mineral} stays unmet{_because(worst)}."
    else:
        text += f" {opened(mineral)} is hit hardest: {part_short} of the need for it stays unmet"
        text += f"{_because(worst)}."
    least = min(row["served"] for row in needed)
    return Light(
        question, AnswerState.CARE if least >= LEAST_SERVED else AnswerState.BAD, text, "Shortages"
    )


def _part_short(row: Row) -> float:
    return float(row["short"] / row["demand"])


def _because(row: Row) -> str:
    """Return how much of the need limits leave unmet, and how much all else; "" if unknown."""
    if not row["limits_kept"] or row["short_by_limits"] is None:
        return ""
    of_limits = min(1.0, max(0.0, row["short_by_limits"] / row["short"]))
    if of_limits <= tolerances.SAME_SHARE:
        return ", even without the limits"
    if of_limits >= 1.0 - tolerances.SAME_SHARE:
        return ", because of the limits"
    by_limits, by_supply = (
        share(_part_short(row) * part).removesuffix(" %") for part in (of_limits, 1.0 - of_limits)
    )
    return f", {by_limits} points because of the limits and {by_supply} points even without them"


def _need(rows: Sequence[Row]) -> KeyFinding:
    name, sheet = "Need met in full", ByMineral.TABLE
    needed = [row for row in rows if row["demand"] > 0]
    if not needed:
        return KeyFinding(name, "no need", "Nothing is needed in any year.", sheet)
    lacking = [row for row in needed if row["short"] > 0]
    number = _minerals(len(needed) - len(lacking), len(needed))
    if not lacking:
        return KeyFinding(name, number, "Every member gets all it needs in every year.", sheet)
    parts = {row["mineral"]: _part_short(row) for row in lacking}
    unmet = ranked(parts, lambda mineral: f"{mineral} {share(parts[mineral])}", _NAMED)
    return KeyFinding(name, number, f"Unmet part of the need over all years: {unmet}.", sheet)


def cautions(table: ByMineral, country: Country) -> Iterator[str]:
    """Yield where a limit on demand is kept while the share of what is bought is above it."""
    if table.words["basis"] != schema.DEMAND:
        return
    above = [
        row
        for row in _needed(table)
        if known(row["supplier_limit"])
        and known(row["supplier_share"])
        and rounded(row["supplier_share"]) > rounded(row["supplier_limit"])
    ]
    if above:
        top = max(above, key=lambda row: row["supplier_share"] - row["supplier_limit"])
        text = (
            f"Limits are shares of demand, so {country(top['supplier'])} still sells"
            f" {share(top['supplier_share'])} of the {top['mineral']} that is bought in"
            f" {table.words['last']}"
        )
        more = len(above) - 1
        also = f" So it is for {counted(more, 'more mineral')}." if more else ""
        yield f"{text}.{also}"


# ---- if the largest supplier stops ---------------------------------------------------------------


def _loss(rows: Sequence[Row], last: str, country: Country) -> KeyFinding:
    name = f"Minerals that keep {share(KEEPS_ENOUGH)} if their largest supplier stops in {last}"
    sheet = ByMineral.TABLE
    needed = [row for row in rows if known(row["served_without"])]
    if not needed:
        return KeyFinding(name, "no need", f"Nothing is needed in {last}.", sheet)
    if not any(row["supplier"] for row in needed):
        text = f"No single country outside the coalition sells anything to it in {last}."
        return KeyFinding(
            name, "no such country", f"{text}{_through(needed, None, last, country)}", sheet
        )
    kept = sum(keeps_enough(row["served_without"]) for row in needed)
    least = min(needed, key=lambda row: row["served_without"])
    who = country(least["supplier"]) if least["supplier"] else "its largest supplier"
    text = f"Without {who}, {_served(least, 'served_without', last)}"
    text += ", the smallest part among all minerals" if len(needed) > 1 else ""
    text = f"{text}.{_through(needed, least, last, country)} {IF_IT_STOPS} {SEE_MORE}"
    return KeyFinding(name, _number(kept, len(needed)), text, sheet)


def _served(row: Row, served: str, last: str) -> str:
    return f"{share(row[served])} of the need for {row['mineral']} in {last} would still be met"


def _through(rows: Sequence[Row], at_last: Row | None, last: str, country: Country) -> str:
    """Return which mineral loses most if its plants lose their inputs, too; "" without stages.

    ``at_last`` is the mineral that loses most at the last stage, where any does.
    """
    staged = [row for row in rows if known(row.get("served_through"))]
    if not staged:
        return ""
    least = min(staged, key=lambda row: row["served_through"])
    where, still = country(least["stage_country"]), _served(least, "served_through", last)
    is_same = least is at_last and least["stage_country"] == least["supplier"]
    if is_same and share(least["served_through"]) == share(least["served_without"]):
        return (
            f" That part is the same if plants lose their inputs from {where}, too. {TIED_INPUTS}"
        )
    return f" If plants also lose their inputs from {where}, {still}. {TIED_INPUTS}"


# ---- who depends on whom -------------------------------------------------------------------------


def dependence(table: ByMineral, country: Country) -> str:
    """Return how many minerals a member buys mostly in one country, and who depends most."""
    last = table.words["last"]
    rows = [r for r in _needed(table) if not r["dependent"] or known(r["dependent_share"])]
    rows = [row for row in rows if row["demand"] > 0 or row["dependent"]]
    bought = [row for row in rows if row["dependent"]]
    if not rows:
        return ""
    if not bought:
        return f"No member buys from a single country outside the coalition in {last}."
    much = sum(is_dependent(row["dependent_share"]) for row in bought)
    start = (
        f"In {last} no member buys over {share(EU_BENCHMARK)} of a mineral, {BENCHMARK_WORDS},"
        " from one country outside the coalition"
    )
    if much:
        which = f"{much:,} of {len(rows):,} minerals {'has' if much == 1 else 'have'}"
        if much == len(rows):
            which = "every mineral has" if much > 1 else f"{bought[0]['mineral']} has"
        start = (
            f"In {last} {which} a member that buys over {share(EU_BENCHMARK)} of it,"
            f" {BENCHMARK_WORDS}, from one country outside the coalition"
        )
    top = max(rounded(row["dependent_share"]) for row in bought)
    ties = [row for row in bought if rounded(row["dependent_share"]) == top]
    most = max(ties, key=lambda row: row["wholly_dependent"])
    part_of = share(most["dependent_share"]) if top < 1.0 else "all"
    buys = "buys" if (most["alike"] or 1) == 1 else "each buy"
    minerals, each = listed((row["mineral"] for row in ties), _NAMED), "each" if ties[1:] else "it"
    where = {country(row["dependent_country"]) for row in ties}
    place = where.pop() if len(where) == 1 else "one country"
    if len({row["dependent"] for row in ties}) == 1 and place != "one country":
        return (
            f"{start}. The largest share is for {minerals}: {most['dependent']} {buys} {part_of}"
            f" of {each} from {place}."
        )
    return f"{start}. {minerals} each have a member that buys {part_of} of it from {place}."


# ---- what the limits cost ------------------------------------------------------------------------


def _price(rows: Sequence[Row], years: int, money: str) -> KeyFinding:
    name, sheet = "Price of the limits", ByMineral.TABLE
    if not any(row["limits_kept"] for row in rows):
        text = "The workbook has no share limit on what is needed."
        return KeyFinding(name, "no limits", text, sheet)
    premium = like_for_like(rows)
    if premium is None:
        text = "What the same tonnes would cost without share limits is not known."
        return KeyFinding(name, "not known", text, sheet)
    more, same = premium
    unbought = _unbought(rows)
    a_year = solid(more, same) / max(1, years)
    if not a_year:
        text = "The same tonnes cost as much without limits."
        return KeyFinding(name, "nothing more", f"{text} {unbought}", sheet)
    parts = {row["mineral"]: row["extra"] * row["purchased"] for row in _bought(rows)}
    weight = _weight(parts, more, years, money) if len(parts) > 1 else ""
    size, share_more, than = (
        amount(abs(a_year), money),
        ratio(abs(more), same),
        "more" if a_year > 0 else "less",
    )
    number = f"{share(share_more) if share_more is not None else size} {than}"
    free = "" if same > 0 else ", which cost nothing"
    cost = SAME_TONNES.format(more=f"{size} a year {than} than without limits{free}")
    return KeyFinding(name, number, f"{cost}{weight} {unbought}", sheet)


def _weight(parts: Mapping[str, float], more: float, years: int, money: str) -> str:
    """Return which mineral is most of what is paid more, and what the others are beside it."""
    top = max(parts, key=lambda m: (abs(parts[m]), m))
    rest = more - parts[top]
    largest, others = (amount(abs(cost) / max(1, years), money) for cost in (parts[top], rest))
    if abs(rest) <= tolerances.SAME_SHARE * abs(more):
        return f" All of that is for {top}."
    if (rest > 0) == (parts[top] > 0):
        return f" {largest} of that is for {top}."
    more_here, there = ("more", "less") if parts[top] > 0 else ("less", "more")
    who = "the others together" if len(parts) > 2 else "the other"  # noqa: PLR2004
    return f" {opened(top)} costs {largest} {more_here}, and {who} {others} {there}."


def _unbought(rows: Sequence[Row]) -> str:
    """Return what limits leave unbought: a cost is never told without it."""
    lacking = {row["mineral"]: row for row in rows if (row["short_by_limits"] or 0.0) > 0}
    if not lacking:
        return "No tonne is missing because of the limits."
    parts = {mineral: row["short_by_limits"] / row["demand"] for mineral, row in lacking.items()}
    tonnes = ranked(
        parts, lambda name: f"{amount(lacking[name]['short_by_limits'], 't')} of {name}", _NAMED
    )
    return f"Over all years the limits leave {tonnes} missing."


def _bought(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if known(row["extra"]) and known(row["landed"])]


def like_for_like(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Return what all tonnes bought cost more than without limits, and what they cost there."""
    bought = _bought(rows)
    more = sum(row["extra"] * row["purchased"] for row in bought)
    return (more, sum(row["paid"] for row in bought) - more) if bought else None


def chart(rows: Sequence[Row], words: Mapping[str, str]) -> Picture | None:
    """Return the largest supplier's share of what is bought, without limits and with them.

    Beside it its share of demand, where the limit is of demand, and what it sells today, where the
    workbook says what is bought today. A limit on demand is a bar beside that share, since a line
    would cross the bars of purchases too, and seem to be exceeded.
    """
    drawn = [
        row for row in rows if known(row["supplier_share"]) or known(row["supplier_free_share"])
    ]
    if not drawn:
        return None
    last, is_limited = words["last"], any(known(row["supplier_limit"]) for row in drawn)
    of_demand = is_limited and words["basis"] == schema.DEMAND
    today = [
        row["supplier_today_share"] if row["today_by"] == CURRENT_SUPPLY else None for row in drawn
    ]
    plan = "With limits" if any(known(row["supplier_free_share"]) for row in drawn) else "Plan"

    def column(name: str) -> list[float | None]:
        return [row[name] for row in drawn]

    series = [
        Series("Today, of purchases", Role.OTHER, today, palette.ORANGE),
        Series("Without limits, of purchases", Role.FREE, column("supplier_free_share")),
        Series(f"{plan}, of purchases", Role.PLAN, column("supplier_share")),
    ]
    if of_demand:
        demanded = column("supplier_of_demand")
        series.append(Series(f"{plan}, of demand", Role.PLAN, demanded, palette.PALE_SKY))
    limit = f"Limit, of {words['basis']}"
    role, colour = (Role.OTHER, palette.VERMILION) if of_demand else (Role.LIMIT, "")
    series.append(Series(limit, role, column("supplier_limit"), colour))
    shown = tuple(s for s in series if any(known(value) for value in s.values))
    named = tuple(short(str(row["mineral"])) for row in drawn)
    title = f"Largest supplier's share of what is bought, {last}"
    return Picture(title, Form.GROUPED, named, shown, "", "")
