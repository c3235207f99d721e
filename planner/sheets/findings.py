"""The main findings of a plan in words, from the rows of the sheet By mineral alone.

First page, report and terminal show the same sentences. A finding counts minerals; only money is
added up over minerals, and the sentence then names the mineral with the largest part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from models import measures, schema, tolerances
from models.measures import IF_IT_STOPS, KEEPS_ENOUGH, SEE_MORE, TIED_INPUTS
from models.results import ByMineral, Field, Result
from models.results.members import BENCHMARK_WORDS, EU_BENCHMARK, is_dependent
from models.results.overall import CURRENT_SUPPLY
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.front import AnswerState, KeyFinding, TrafficLight
from planner.render.sentences import SAME_TONNES, largest_first
from planner.render.words import amount, capitalized, counted, known, listed, share, without_noise

Country = Callable[[str], str]
Row = dict[str, Any]
"""A row of By mineral by the names of its fields; None where a cell is blank."""

SHOWN_FIRST = (
    ByMineral.mineral, ByMineral.demand, ByMineral.purchased, ByMineral.taken,
    ByMineral.short_of_supply, ByMineral.short_by_limits, ByMineral.supplier_free,
    ByMineral.supplier_free_share, ByMineral.supplier, ByMineral.supplier_share,
    ByMineral.supplier_of_demand, ByMineral.supplier_limit, ByMineral.served_without,
    ByMineral.extra, ByMineral.dependent, ByMineral.dependent_country, ByMineral.dependent_share,
)  # fmt: skip
"""The fields of By mineral on the first page and at the top of the report."""
_NAMED = 2
"""Minerals that a sentence names; more than one further mineral are counted."""
LEAST_SERVED = 0.9
"""If a smaller share of a mineral's need is met, the answer is no."""


def present_fields(table: Result, chosen: Sequence[Field]) -> tuple[Field, ...]:
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

    ``years`` is the number of planned years; ``country`` turns a country's code into its name.
    Blank rows, as in a redacted plan, are not counted. Without any row, nothing is returned.
    """
    rows, words = _needed(table), table.words
    if not rows:
        return ()
    price, loss = _price(rows, years, words["money"]), _loss(rows, words["last"], country)
    return _need(rows), price, loss


def _needed(table: ByMineral) -> list[Row]:
    amounts = ("need", "demand", "purchased", "short", "served")
    return [row for row in rows_of(table) if all(known(row[name]) for name in amounts)]


def _number(number: int, whole: int) -> str:
    return f"{number:,} of {whole:,}"


def _minerals(number: int, whole: int) -> str:
    return f"{_number(number, whole)} mineral{'' if whole == 1 else 's'}"


# ---- the answer, and the need that is met --------------------------------------------------------


def answer(table: ByMineral, question: str) -> TrafficLight | None:
    """Return whether all need is met within the limits, in two sentences; None without rows."""
    rows = _needed(table)
    if not rows:
        return None
    needed = [row for row in rows if row["demand"] > 0]
    if not needed:
        return TrafficLight(question, AnswerState.NONE, "Nothing is needed.", ByMineral.TABLE)
    lacking = [row for row in needed if row["short"] > 0]
    beyond = [row for row in needed if row["limits_kept"] == "no"]
    missed = {row["mineral"] for row in (*lacking, *beyond)}
    if not missed:
        text = "Yes. Every member gets all it needs in every year."
        return TrafficLight(question, AnswerState.GOOD, text, ByMineral.TABLE)
    if not lacking:
        exceeds = "exceeds its limit" if len(beyond) == 1 else "exceed their limits"
        who = listed((row["mineral"] for row in beyond), _NAMED)
        text = f"Not fully. {capitalized(who)} {exceeds}; the plan's total cost counts a penalty."
        return TrafficLight(question, AnswerState.CARE, text, ByMineral.TABLE)
    fails = "runs" if len(missed) == 1 else "run"
    fails += " short or over the limit" if len(missed) > len(lacking) else " short"
    text = f"Not fully: {_minerals(len(missed), len(needed))} {fails}."
    worst = max(lacking, key=_part_short)
    of_need, mineral = f"{share(_part_short(worst))} of the need", worst["mineral"]
    unmet = f"stays unmet{_because(worst)}."
    if len(needed) == 1:
        text = f"Not fully. {of_need} for {mineral} {unmet}"
    else:
        text += f" {capitalized(mineral)} is hit hardest: {of_need} for it {unmet}"
    is_bad = min(row["served"] for row in needed) < LEAST_SERVED
    state = AnswerState.BAD if is_bad else AnswerState.CARE
    return TrafficLight(question, state, text, "Shortages")


def _part_short(row: Row) -> float:
    return float(row["short"] / row["demand"])


def _because(row: Row) -> str:
    """Return how much of the need would be unmet without the limits; "" if that is not known."""
    if not row["limits_kept"] or row["short_by_limits"] is None:
        return ""
    of_limits = min(1.0, max(0.0, row["short_by_limits"] / row["short"]))
    if of_limits <= tolerances.SAME_SHARE:
        return ", with the limits or without them"
    if of_limits >= 1.0 - tolerances.SAME_SHARE:
        return " because of the limits"
    return f"; without the limits, it would be {share(_part_short(row) * (1.0 - of_limits))}"


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
    unmet = largest_first(parts, lambda mineral: f"{mineral} {share(parts[mineral])}", _NAMED)
    return KeyFinding(name, number, f"Share of the need unmet over all years: {unmet}.", sheet)


def cautions(table: ByMineral, country: Country) -> Iterator[str]:
    """Yield a caution if limits on shares of demand are kept, but purchases are above them."""
    if table.words["basis"] != schema.DEMAND:
        return
    rows = [r for r in _needed(table) if known(r["supplier_limit"]) and known(r["supplier_share"])]
    rounded = measures.rounded
    above = [r for r in rows if rounded(r["supplier_share"]) > rounded(r["supplier_limit"])]
    if above:
        top = max(above, key=lambda row: row["supplier_share"] - row["supplier_limit"])
        text = "Limits are shares of demand, not of purchases. Within its limit,"
        text += f" {country(top['supplier'])} still sells {share(top['supplier_share'])} of the"
        text += f" {top['mineral']} bought in {table.words['last']}"
        more = len(above) - 1
        also = f" The same holds for {counted(more, 'more mineral')}." if more else ""
        yield f"{text}.{also}"


# ---- if the largest supplier stops ---------------------------------------------------------------


def _loss(rows: Sequence[Row], last: str, country: Country) -> KeyFinding:
    name = f"Minerals with {share(KEEPS_ENOUGH)} of need still met if their largest supplier stops"
    name, sheet = f"{name} in {last}", ByMineral.TABLE
    needed = [row for row in rows if known(row["served_without"])]
    if not needed:
        return KeyFinding(name, "no need", f"Nothing is needed in {last}.", sheet)
    if not any(row["supplier"] for row in needed):
        text = f"No country outside the coalition sells anything to it in {last}."
        text += _through(needed, None, last, country)
        return KeyFinding(name, "no such country", text, sheet)
    kept = sum(measures.keeps_enough(row["served_without"]) for row in needed)
    least = min(needed, key=lambda row: row["served_without"])
    who = country(least["supplier"]) if least["supplier"] else "its largest supplier"
    text = f"Without {who}, {_served(least, 'served_without', last)}"
    text += ", the smallest share of all minerals" if len(needed) > 1 else ""
    text = f"{text}.{_through(needed, least, last, country)} {IF_IT_STOPS} {SEE_MORE}"
    return KeyFinding(name, _number(kept, len(needed)), text, sheet)


def _served(row: Row, served: str, last: str) -> str:
    return f"{share(row[served])} of the need for {row['mineral']} in {last} would still be met"


def _through(rows: Sequence[Row], at_last: Row | None, last: str, country: Country) -> str:
    """Return which mineral loses most if plants lose their inputs, too; "" without such plants.

    ``at_last`` is the mineral that loses most if only sales to members are lost.
    """
    staged = [row for row in rows if known(row.get("served_through"))]
    if not staged:
        return ""
    least = min(staged, key=lambda row: row["served_through"])
    where, still = country(least["stage_country"]), _served(least, "served_through", last)
    is_same = least is at_last and least["stage_country"] == least["supplier"]
    if is_same and share(least["served_through"]) == share(least["served_without"]):
        return f" That share is the same if plants also lose inputs from {where}. {TIED_INPUTS}"
    return f" If plants also lose their inputs from {where}, {still}. {TIED_INPUTS}"


# ---- who depends on whom -------------------------------------------------------------------------


def dependence(table: ByMineral, country: Country) -> str:
    """Return for how many minerals a member buys mostly from one country, and who depends most."""
    last = table.words["last"]
    rows = [r for r in _needed(table) if not r["dependent"] or known(r["dependent_share"])]
    rows = [row for row in rows if row["demand"] > 0 or row["dependent"]]
    bought = [row for row in rows if row["dependent"]]
    if not rows:
        return ""
    if not bought:
        return f"No member buys from any country outside the coalition in {last}."
    much = sum(is_dependent(row["dependent_share"]) for row in bought)
    which = f" for {much:,} of {len(rows):,} minerals,"
    if much == len(rows):
        which = f" for {'every mineral' if much > 1 else bought[0]['mineral']},"
    which, some, of_any = (which, "some", "") if much else ("", "no", " of any mineral")
    benchmark = share(EU_BENCHMARK)
    start = f"In {last},{which} {some} member buys over {benchmark}{of_any} from one country"
    start += f" outside the coalition ({benchmark} is {BENCHMARK_WORDS})"
    top = max(measures.rounded(row["dependent_share"]) for row in bought)
    ties = [row for row in bought if measures.rounded(row["dependent_share"]) == top]
    most = max(ties, key=lambda row: row["wholly_dependent"])
    part_of = share(most["dependent_share"]) if top < 1.0 else "all"
    buys = "buys" if (most["alike"] or 1) == 1 else "each buy"
    minerals, each = listed((row["mineral"] for row in ties), _NAMED), "each" if ties[1:] else "it"
    where = {country(row["dependent_country"]) for row in ties}
    place = where.pop() if len(where) == 1 else "one country"
    if len({row["dependent"] for row in ties}) == 1 and place != "one country":
        largest = f"{most['dependent']} {buys} {part_of} of {each} from {place}"
        return f"{start}. The largest share is for {minerals}: {largest}."
    return f"{start}. For {minerals}, some member buys {part_of} of it from {place}."


# ---- what the limits cost ------------------------------------------------------------------------


def _price(rows: Sequence[Row], years: int, money: str) -> KeyFinding:
    name, sheet = "Price of the limits", ByMineral.TABLE
    if not any(row["limits_kept"] for row in rows):
        text = "The workbook has no share limit on any mineral that is needed."
        return KeyFinding(name, "no limits", text, sheet)
    premium = constant_basket(rows)
    if premium is None:
        text = "It is not known what the same tonnes would cost without share limits."
        return KeyFinding(name, "not known", text, sheet)
    more, same = premium
    unbought = _unbought(rows)
    a_year = without_noise(more, same) / max(1, years)
    if not a_year:
        text = "The same tonnes cost as much without limits."
        return KeyFinding(name, "nothing more", f"{text} {unbought}", sheet)
    parts = {row["mineral"]: row["extra_cost"] for row in _bought(rows)}
    weight = _weight(parts, more, years, money) if len(parts) > 1 else ""
    size, than = amount(abs(a_year), money), "more" if a_year > 0 else "less"
    share_more = measures.ratio(abs(more), same)
    number = f"{share(share_more) if share_more is not None else size} {than}"
    free = "" if same > 0 else ", where they cost nothing"
    cost = SAME_TONNES.format(more=f"{size} a year {than} than they would without limits{free}")
    return KeyFinding(name, number, f"{cost}{weight} {unbought}", sheet)


def _weight(parts: Mapping[str, float], more: float, years: int, money: str) -> str:
    """Return which mineral adds most to the extra cost, and what the others add or save."""
    top = max(parts, key=lambda m: (abs(parts[m]), m))
    rest = more - parts[top]
    largest, others = (amount(abs(cost) / max(1, years), money) for cost in (parts[top], rest))
    if abs(rest) <= tolerances.SAME_SHARE * abs(more):
        return f" All of the extra cost is for {top}."
    if (rest > 0) == (parts[top] > 0):
        return f" {largest} of that is for {top}."
    more_here, there = ("more", "less") if parts[top] > 0 else ("less", "more")
    who = "the others together" if len(parts) > 2 else "the other"  # noqa: PLR2004
    return f" {capitalized(top)} costs {largest} {more_here}, and {who} {others} {there}."


def _unbought(rows: Sequence[Row]) -> str:
    """Return the tonnes that are missing because of the limits: shown with every extra cost."""
    lacking = {row["mineral"]: row for row in rows if (row["short_by_limits"] or 0.0) > 0}
    if not lacking:
        return "No tonne is missing because of the limits."
    parts = {mineral: row["short_by_limits"] / row["demand"] for mineral, row in lacking.items()}
    missing = {m: f"{amount(row['short_by_limits'], 't')} of {m}" for m, row in lacking.items()}
    tonnes = largest_first(parts, missing.__getitem__, _NAMED)
    return f"Because of the limits, {tonnes} are missing over all years."


def _bought(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if known(row["extra_cost"])]


def constant_basket(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Return the extra cost of the same tonnes, and their cost without limits."""
    bought = _bought(rows)
    more, same = (sum(row[name] for row in bought) for name in ("extra_cost", "same_cost"))
    return (more, same) if bought else None


def chart(rows: Sequence[Row], words: Mapping[str, str]) -> Picture | None:
    """Return the chart of the largest supplier's share of purchases, without and with limits.

    It also shows the supplier's share of demand if the limit is of demand, and its share today if
    the workbook says what is bought today. A limit of demand is drawn as a bar: a line would also
    cross the bars of purchases, and seem to be exceeded.
    """
    drawn = [r for r in rows if known(r["supplier_share"]) or known(r["supplier_free_share"])]
    if not drawn:
        return None
    last, is_limited = words["last"], any(known(row["supplier_limit"]) for row in drawn)
    of_demand = is_limited and words["basis"] == schema.DEMAND
    today = [r["supplier_today_share"] if r["today_by"] == CURRENT_SUPPLY else None for r in drawn]
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
    shown = tuple(s for s in series if any(map(known, s.values)))
    named = tuple(short(str(row["mineral"])) for row in drawn)
    title = f"Largest supplier's share of what is bought, {last}"
    return Picture(title, Form.GROUPED, named, shown, "", "")
