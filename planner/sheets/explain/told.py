"""The sentences of an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.answers import NEUTRAL, Bound, Explanation, Move, Price, Term
from models.program.families.projects import BUILT
from models.program.families.shortage import SHORTAGE
from models.program.families.stockpiles import STOCK
from planner.sheets.explain.amounts import amount, limit, money, near, one_unit
from planner.sheets.explain.cells import Cells
from planner.sheets.explain.change import change_told

if TYPE_CHECKING:
    from models.answers import LeastChange

SHOWN = 8
"""What binds is told so many times at most; the JSON form has all."""
_FEW = 4
"""So many moves are told one by one; of more, what they come to."""
_TOLD = 6
_NOTHING = 1e-9
_MATTERS = 0.01
"""What a tonne more of demand costs is told where it is this part off the price of supply."""


def told(
    found: Explanation, change: LeastChange | None, cells: Cells, without: float | None = None
) -> Iterator[str]:
    """Yield the lines of an explanation.

    ``without`` [t] is what the member is short of in the workbook as it stands, where that is known
    and no change of it helps.
    """
    currency = cells.planned.settings.currency
    unit = cells.planned.mineral_of[found.mineral].unit or "t"
    of = "" if unit == "t" else f" ({unit})"
    yield f"{found.mineral}{of} for {found.member} in {found.year}"
    if found.price is None:
        yield f"{found.member} has no demand for {found.mineral} in {found.year}, and no reserve."
        return
    yield _need(found)
    if found.cause:
        yield f"Why short: {found.cause}"
    yield ""
    yield from _price(found, found.price, cells, currency)
    yield ""
    yield from _binding(found, cells, currency)
    if change is not None:
        yield ""
        yield from change_told(found, change, cells)
    if without is not None:
        short = f"short {amount(without)} t" if without > found.nothing else "not short"
        yield f"Without scenario and what-ifs {found.member} is {short} there."


def _need(found: Explanation) -> str:
    """Return what is needed, bought, taken from the reserve or put into it, and short."""
    said = f"Needs {amount(found.demand)} t, buys {amount(found.purchased)} t"
    stored = found.purchased + found.short - found.demand
    if stored > found.nothing:
        said += f", puts {amount(stored)} t into its reserve"
    elif stored < -found.nothing:
        said += f", takes {amount(-stored)} t from its reserve"
    if found.is_short:
        share = found.short / found.demand * 100.0
        return f"{said}, is short {amount(found.short)} t ({share:.3g} % of its need)."
    return f"{said}; nothing is short."


# ---- the price ---------------------------------------------------------------------------------


def _price(found: Explanation, price: Price, cells: Cells, currency: str) -> Iterator[str]:
    yield f"Marginal price of supply: {money(price.amount)} {currency}/t (sheet Prices)."
    yield _holds(found, price, currency)
    if price.moves and price.has_room:
        yield "How the plan would find one tonne more:"
        yield from _moves(price.moves, currency)
    if price.terms:
        yield _read_at(price)
        yield from _terms(price, cells, currency)
    elif not price.setter and not near(price.amount, 0.0):
        yield "No single supplier's cost explains it."
    cost = found.demand_cost
    if cost is not None and abs(cost - price.amount) > _MATTERS * abs(price.amount):
        about = "" if price.up > 0 and price.down > 0 else "some "
        yield (
            f"(A tonne more in the sheet Demand would cost {about}{money(cost)} {currency}, not "
            f"{money(price.amount)}: limits on shares of demand, parts of a shortage and reserves "
            "in days move with demand.)"
        )


def _holds(found: Explanation, price: Price, currency: str) -> str:
    """Return what one tonne more and less is worth, and how far the price holds."""
    more, less = price.more, price.less
    costs = "" if more is None else f"One tonne more for {found.member} would cost {money(more)}"
    costs += f" {currency}" if costs else ""
    if price.up > 0 and price.down > 0:
        how_far = f"the price holds for {_far(price.up)} more and {_far(price.down)} less"
        if (more is None or near(more, price.amount)) and costs:
            return f"{costs}; {how_far}."
        return f"{how_far[0].upper()}{how_far[1:]}." if not costs else f"{costs}; {how_far}."
    saves = "" if less is None else f"one tonne less would save {money(less)} {currency}"
    both = ", ".join(part for part in (costs, saves) if part)
    if price.up > 0 or price.down > 0:
        way, far = ("more", price.up) if price.up > 0 else ("less", price.down)
        return f"{both}. The price holds for {_far(far)} {way} only: the plan is at a corner."
    if not (costs and saves):
        return f"{both}." if both else "A tonne more or less there is out of reach."
    return (
        f"{both}. The marginal price lies between the two: more limits bind at once than it takes "
        "to fix it."
    )


def _far(tonnes: float) -> str:
    return "any number of tonnes" if tonnes == float("inf") else f"{amount(tonnes)} t"


def _moves(moves: tuple[Move, ...], currency: str) -> Iterator[str]:
    """Yield what moves, one by one or by what it comes to; the money adds up to the price."""
    if len(moves) <= _FEW:
        lines = [(m.amount, m.cost, m.what, m.kind) for m in moves]
    else:
        nets: dict[str, tuple[float, float, str, str]] = {}
        for m in moves:
            tonnes, cost, *_ = nets.get(m.source, (0.0, 0.0))
            nets[m.source] = (tonnes + m.amount, cost + m.cost, m.source, m.kind)
        lines = sorted(
            (net for net in nets.values() if abs(net[0]) > _NOTHING and not near(net[1], 0.0)),
            key=lambda net: -abs(net[1]),
        )[:_TOLD]
    amounts = [
        f"{tonnes:+,.4g} {'' if kind == BUILT.name else 't'}" for tonnes, _, _, kind in lines
    ]
    moneys = [f"{cost:,.2f}" for _, cost, _, _ in lines]
    rest = sum(m.cost for m in moves) - sum(cost for _, cost, _, _ in lines)
    other = [] if near(rest, 0.0) else [f"{rest:,.2f}"]
    left, right = max(map(len, amounts)), max(map(len, [*moneys, *other]))
    for many, spent, (_, _, what, _) in zip(amounts, moneys, lines, strict=True):
        yield f"  {many:>{left}}  {spent:>{right}} {currency}  {what}"
    for spent in other:
        all_else = "all else, such as tonnes that change hands"
        yield f"  {'':>{left}}  {spent:>{right}} {currency}  {all_else}"
    if any(m.kind == STOCK.name for m in moves) and all(kind != STOCK.name for *_, kind in lines):
        yield "  (Reserves carry tonnes from one year to another.)"


def _read_at(price: Price) -> str:
    if price.setter == SHORTAGE.name:
        return "It is the price of going short:"
    if price.setter == STOCK.name:
        return f"A tonne would come from {price.words}:"
    return f"The same price taken apart, for a tonne from {price.words}:"


def _terms(price: Price, cells: Cells, currency: str) -> Iterator[str]:
    terms = [term for term in price.terms if not near(term.amount, 0.0)] or price.terms
    amounts, total = [f"{term.amount:,.2f}" for term in terms], f"{price.amount:,.2f}"
    wide = max(map(len, [*amounts, total]))
    for said, term in zip(amounts, terms, strict=True):
        yield f"  {said:>{wide}}  {_term(term)}{cells.at(term.place, term.times)}"
    if len(terms) > 1:
        yield f"  {total:>{wide}}  in all, {currency}/t"


def _term(term: Term) -> str:
    rent = "" if term.kind in NEUTRAL else "scarcity of " if term.amount > 0 else "credit for "
    return f"{rent}{term.what}"


# ---- what binds --------------------------------------------------------------------------------


def _binding(found: Explanation, cells: Cells, currency: str) -> Iterator[str]:
    bounds = sorted(found.binding, key=lambda b: near(b.saves or 0.0, 0.0))
    if not bounds:
        yield "No limit binds there that would save anything if it were wider."
        return
    yield (
        f"What binds for {found.mineral} in {found.year}, and what moving it is worth, each alone "
        "and all else as it stands:"
    )
    for b in bounds[:SHOWN]:
        size = "" if b.unit == "point" else f", at {limit(b.at, b.unit, currency)}"
        size += ", for all minerals" if b.is_common else ""
        yield f"  {b.what[0].upper()}{b.what[1:]}{size}{cells.at(b.place)}"
        yield f"    {worth_words(b, currency)}"
    if len(bounds) > SHOWN:
        yield f"  ... and {len(bounds) - SHOWN} more (--json has all)"
    yield (
        "  (A cell that also holds for other years, minerals or suppliers moves those limits, too.)"
    )
    if cells.planned.settings.whole_projects and cells.planned.projects:
        yield "  (Prices and worths are those of the plants as built: whole plants have none.)"


def worth_words(b: Bound, currency: str) -> str:
    """Return what one unit of a limit is worth, which way, and how far that holds."""
    unit = one_unit(b.unit, currency)
    way, other = ("more", "less")[:: b.direction]
    said = f"{unit} {way} saves {money(b.worth)} {currency} at the margin"
    if b.saves is not None:
        said = f"{unit} {way} saves {money(b.saves)} {currency}"
        if near(b.saves, 0.0):
            said = f"{unit} {way} saves nothing by itself: something else binds as well"
    said = said[0].upper() + said[1:]
    held = _range(b, currency)
    if held and near(b.worth if b.saves is None else b.saves, b.worth):
        return f"{said}, as does each {held}."
    if held:
        return f"{said}: {money(b.worth)} {currency} each {held}, less beyond."
    if b.costs is not None and not near(b.costs, b.worth if b.saves is None else b.saves):
        return f"{said}; {unit} {other} costs {money(b.costs)} {currency}."
    return f"{said}."


def _range(b: Bound, currency: str) -> str:
    """Return between what the rate holds, "" where it holds nowhere or that is not known."""
    if b.low is None or b.high is None or not b.low < b.at < b.high:
        return ""
    low, high = (limit(each, b.unit, currency) for each in (b.low, b.high))
    if b.high == float("inf") or (b.unit == "point" and b.high >= 1.0):
        return f"from {low} on"
    return f"between {low} and {high}"
