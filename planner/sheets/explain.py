"""Explanations in words and as data: what sets a price, what binds, what ends a shortage."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models import answers, schema, tolerances, units
from models.case import Case
from models.plan import BUILT, SHORTAGE, STOCK
from models.resolve import made_into, tier_words
from planner.render.table import json_value
from planner.render.words import NAMED, all_of, each_year, listed, near_zero, share_words, signed

if TYPE_CHECKING:
    from models.answers.least_change import CellChange, LeastChange

SHOWN = 8
"""Most binding limits listed; the JSON form has all."""
_IDLE = 4
"""Most idle plants named; the JSON form has all."""
POINT = "point"
"""Unit of a limit on a share: one percentage point."""
_FEW, _MOST_SUMS = 4, 6
"""Most moves shown one by one; if there are more, most sums by source shown instead."""
_MATTERS = 0.01
"""Relative difference from which the cost of one more tonne of demand is shown next to the price.
"""
_MEASURE = (
    "These cells were chosen because they are few and change least. From 100 to 150 counts as one "
    "half; for a closed lane or a cell at 0, the change is divided by the member's demand."
)
_SHEETS = {record.SHEET: record for record in schema.SHEETS}


@dataclass(frozen=True)
class Cells:
    """Finds the cell of a value in the workbook; ``original`` is its case before any scenario.

    ``cell_of`` turns sheet, row and header into a cell, "" if the sheet has no such column.
    ``unit_of`` returns the unit of a sheet's column and the factor that converts its numbers to
    the catalogue's unit; None if the column is in the catalogue's unit.
    """

    original: Case
    planned: Case
    cell_of: Callable[[str, int, str], str]
    unit_of: Callable[[str, str], tuple[str, float] | None]

    def address(self, place: answers.CellAddress | None) -> str:
        """Return ``Refiners!D14``; else sheet, row and header; "" for no place."""
        if place is None:
            return ""
        column = self._column(place)
        cell = self.cell_of(place.sheet, place.row, column)
        row = f" row {place.row}" if place.row else ""
        return f"{place.sheet}!{cell}" if cell else f"{place.sheet}{row}, {column}"

    def bracketed(self, *places: answers.CellAddress | None) -> str:
        """Return cells in brackets, to follow the text that they belong to; "" for no place.

        If a cell's unit differs from the text's, it is given.
        """
        given = [(self.address(place), self._unit_in_workbook(place)) for place in places if place]
        cells = "; ".join(cell + (f", in {other[0]}" if other else "") for cell, other in given)
        return f"  [{cells}]" if cells else ""

    def unit(self, place: answers.CellAddress) -> str:
        """Return the unit that a cell is written in, "" if it has none."""
        other, currency = self._unit_in_workbook(place), self.planned.settings.currency
        return other[0] if other else units.in_currency(self._declared(place).unit, currency)

    def in_unit_of_cell(self, place: answers.CellAddress, value: float) -> float:
        """Return a value in the unit that its cell is written in."""
        other = self._unit_in_workbook(place)
        return value if other is None else float(f"{value / other[1]:.12g}")

    def typed_up(self, place: answers.CellAddress, value: float) -> float:
        """Return ``in_unit_of_cell``, rounded up to a short number where the units differ."""
        other = self._unit_in_workbook(place)
        return value if other is None else answers.rounded_up(value / other[1], other[0])

    def _unit_in_workbook(self, place: answers.CellAddress) -> tuple[str, float] | None:
        """Return a cell's unit and factor (see ``unit_of``) if it isn't in the catalogue's."""
        return self.unit_of(place.sheet, self._column(place))

    def is_overridden(self, place: answers.CellAddress) -> bool:
        """Return whether a scenario or what-if sets another value than the cell has."""
        before, after = (self._record(case, place) for case in (self.original, self.planned))
        field = self._declared(place).field
        return None in (before, after) or getattr(before, field) != getattr(after, field)

    def _column(self, place: answers.CellAddress) -> str:
        """Return the header; a year that only a scenario sets gets the workbook's earlier year."""
        record = self._record(self.original, place)
        series: Any = None if record is None else getattr(record, self._declared(place).field)
        if place.step is None or not isinstance(series, schema.ByYear):
            return place.column
        return dataclasses.replace(place, step=answers.step_in_force(series, place.step)).column

    @staticmethod
    def _declared(place: answers.CellAddress) -> schema.Column:
        return next(c for c in _SHEETS[place.sheet].columns() if c.header == place.header)

    @staticmethod
    def _record(case: Case, place: answers.CellAddress) -> schema.Record | None:
        return next((r for r in case.records(place.sheet) if r.row == place.row), None)


# ---- amounts and money in words ------------------------------------------------------------------


def plain_amount(value: float) -> str:
    """Return tonnes, or money in millions, with their significant digits only."""
    if abs(value) >= 100:  # noqa: PLR2004
        return f"{value:z,.0f}"
    return near_zero(value) or f"{value:z,.4g}"


def _money(value: float) -> str:
    value = 0.0 if _look_equal(value, 0.0) else value
    return f"{value:z,.0f}" if abs(value) >= 1000 else f"{value:z,.2f}"  # noqa: PLR2004


def _percent(value: float) -> str:
    return f"{value * 100:z.4g} %"


def _amount_of_limit(value: float, unit: str, currency: str) -> str:
    amount = f"{plain_amount(value)} {'t' if unit == 't' else f'm {currency}'}"
    return _percent(value) if unit == POINT else amount


def _text_of_cell(value: float, unit: str) -> str:
    """Return a value as it is typed into a cell of this unit."""
    if unit == answers.SHARE:
        return _percent(value)
    if unit == answers.OPEN:
        return "yes" if value > 0 else "no"
    return f"{value:,.12g} {unit}"


def _one_unit_in_words(unit: str, currency: str) -> str:
    return {POINT: "one percentage point", "t": "one tonne"}.get(unit, f"one million {currency}")


def _look_equal(a: float, b: float) -> bool:
    """Return whether two amounts are the same once they are rounded to be shown."""
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=0.005)


# ---- one member, mineral and year ---------------------------------------------------------------


def explained(
    answer: answers.Explanation,
    change: LeastChange | None,
    cells: Cells,
    without: float | None = None,
) -> Iterator[str]:
    """Yield the lines of an explanation.

    ``without`` [t] is the member's shortage in the workbook without scenario and what-ifs; None if
    it is not known, or not worth showing.
    """
    currency = cells.planned.settings.currency
    mineral, member, year = answer.mineral, answer.member, answer.year
    unit = cells.planned.mineral_of[mineral].unit
    yield f"{mineral}{'' if unit in {'', 't'} else f' ({unit})'} for {member} in {year}"
    if answer.price is None:
        yield f"{member} has no demand for {mineral} in {year}, and no reserve."
        if products := made_into(cells.planned, mineral, member, year):
            goes = f"{mineral} is used to make {listed(products, NAMED)}, which {member} needs"
            yield f'{goes}: explain it with --mineral "{products[0]}".'
        return
    yield _need(answer)
    if answer.cause:
        yield f"Why short: {answer.cause}"
    if answer.members_short > 1:
        members = all_of(answer.members_short, "member")
        yield f"{members} are short of it in {year} for the same reason."
    for plant in answer.unpaid:
        name, needs = plant.project.name, f"{plain_amount(plant.needs)} m {currency}"
        left = f"{plain_amount(plant.left)} m" if plant.left > _MATTERS * plant.needs else "nothing"
        done = (
            f"is {share_words(plant.built)} built: the rest"
            if plant.built > 0
            else "is not built: it"
        )
        text = f"{name} {done} costs {needs}, and {plant.what} leaves {left} for it."
        yield f"{text}{cells.bracketed(plant.place)}"
    yield ""
    yield from _price(answer, answer.price, cells, currency)
    yield ""
    yield from _binding_lines(answer, cells, currency)
    if answer.idle:  # how much less their tonnes must cost to be bought, for their nearest buyer
        named = [f"{who} {_money(gap)}" for who, gap in answer.idle]
        start = f"Plants for {mineral} that are idle in {year} stay so unless a"
        yield f"{start} tonne costs at least this much less ({currency}): {listed(named, _IDLE)}."
    if change is not None:
        yield ""
        yield from _change_lines(answer, change, cells)
    if without is not None:
        short = f"{plain_amount(without)} t short" if without > answer.nothing else "not short"
        yield f"Without scenario and what-ifs, {answer.member} is {short} in {year}."


def _need(answer: answers.Explanation) -> str:
    text = f"Needs {plain_amount(answer.demand)} t, buys {plain_amount(answer.purchased)} t"
    stored = answer.purchased + answer.short - answer.demand
    if stored > answer.nothing:
        text += f", puts {plain_amount(stored)} t into its reserve"
    elif stored < -answer.nothing:
        text += f", takes {plain_amount(-stored)} t from its reserve"
    if answer.is_short:
        part = answer.short / answer.demand * 100.0
        return f"{text}, misses {plain_amount(answer.short)} t ({part:.3g} % of its need)."
    return f"{text}; nothing is missing."


# ---- the price ---------------------------------------------------------------------------------


def _price(
    answer: answers.Explanation, price: answers.MarginalPrice, cells: Cells, currency: str
) -> Iterator[str]:
    yield f"Marginal price of supply: {_money(price.amount)} {currency}/t (sheet Prices)."
    if answer.dearest_tier is not None:
        yield from _tier_lines(answer, answer.dearest_tier, currency)
    yield (_if_wholly_short if answer.is_wholly_short else _price_validity)(answer, price, currency)
    if price.moves and price.has_slack:
        yield "How the plan would get one more tonne:"
        yield from _moves(price.moves, currency)
    if price.terms:
        start = f"Parts of the price, for a tonne from {price.words}:"
        if price.setter == STOCK.name:
            start = f"One more tonne would come from {price.words}:"
        is_of_shortage = price.setter == SHORTAGE.name
        yield "The price is the cost of a missing tonne:" if is_of_shortage else start
        yield from _price_lines(price, cells, currency)
    elif not price.setter and not _look_equal(price.amount, 0.0):
        yield "No single supplier's cost explains this price."
    costs = [c for c in answer.demand_costs.values()
             if abs(c - price.amount) > _MATTERS * abs(price.amount)]  # fmt: skip
    lost = ", supply that must be left if a country is lost" if cells.planned.security else ""
    others = f"imits on shares of demand{lost}, fair parts of a shortage, tiers of shortage and"
    others += " reserves in days also change with demand.)"
    if costs and answer.is_wholly_short:
        yield f"(Need and supply differ, because l{others}"
    elif costs and answer.demand_cost is not None:
        about = "" if price.up > 0 and price.down > 0 else "some "
        start = (
            f"(One more tonne in the sheet Demand would cost {about}{_money(costs[0])} {currency}"
        )
        yield f"{start}, not {_money(price.amount)}. L{others}"


def _tier_lines(answer: answers.Explanation, dearest: str, currency: str) -> Iterator[str]:
    """Yield the price of each tier, who may not sell to it, and what it misses."""
    yield f"It is the price of {tier_words(dearest)}, the dearest tier (sheet Tiers)."
    for tier, amount in answer.tier_prices.items():
        short, parts = answer.tier_short.get(tier, 0.0), list[str]()
        if tier != dearest:
            parts.append(f"one more tonne costs {_money(amount)} {currency}")
        if short > answer.nothing:
            parts.append(f"{plain_amount(short)} t are missing")
        if who := answer.closed.get(tier):
            parts.append(f"no lane is open from {listed(who, _IDLE)}")
        if parts:
            yield f"For {tier_words(tier)}, {'; '.join(parts)}."


def _if_wholly_short(
    answer: answers.Explanation, price: answers.MarginalPrice, currency: str
) -> str:
    """Return what a tonne of need costs and a tonne of supply saves, where no need is met."""
    plain = [*answer.demand_costs] == [""]
    each = [
        f"{_money(cost)} {currency}{'' if plain else f' in tier {tier}' if tier else ' in no tier'}"
        for tier, cost in answer.demand_costs.items()
    ]
    text = f"One more tonne of need would cost {listed(each)}"
    if price.less is not None:
        text += f"; one tonne of supply would save {_money(price.less)} {currency}"
    if price.down > 0:
        return f"{text}. The price holds for up to {_as_tonnes(price.down)} of supply."
    return f"{text}. More limits bind than are needed to determine the marginal price."


def _price_validity(
    answer: answers.Explanation, price: answers.MarginalPrice, currency: str
) -> str:
    """Return what one more tonne costs, what one less saves, and how far the price holds."""
    more, less = price.more, price.less
    costs = "" if more is None else f"One tonne more for {answer.member} would cost {_money(more)}"
    costs += f" {currency}" if costs else ""
    if price.up > 0 and price.down > 0:
        up, down = _as_tonnes(price.up), _as_tonnes(price.down)
        how_far = f"the price holds for up to {up} more and {down} less"
        return f"{costs}; {how_far}." if costs else f"{how_far[0].upper()}{how_far[1:]}."
    saves = "" if less is None else f"one tonne less would save {_money(less)} {currency}"
    both = ", ".join(part for part in (costs, saves) if part)
    if price.up > 0 or price.down > 0:
        way, far = ("more", price.up) if price.up > 0 else ("less", price.down)
        return f"{both}. The price holds only for up to {_as_tonnes(far)} {way}."
    if not (costs and saves):
        return f"{both}." if both else "Neither one tonne more nor one tonne less is possible."
    why = "because more limits bind than are needed to determine it"
    return f"{both}. The marginal price lies between the two, {why}."


def _as_tonnes(tonnes: float) -> str:
    return "any number of tonnes" if tonnes == float("inf") else f"{plain_amount(tonnes)} t"


def _moves(moves: tuple[answers.Move, ...], currency: str) -> Iterator[str]:
    """Yield the changes of the plan, one by one or summed by source; they add up to the price."""
    if len(moves) <= _FEW:
        lines = [(m.amount, m.cost, m.what, m.kind) for m in moves]
    else:
        nets: dict[str, tuple[float, float, str, str]] = {}
        for m in moves:
            tonnes, cost, *_ = nets.get(m.source, (0.0, 0.0))
            nets[m.source] = (tonnes + m.amount, cost + m.cost, m.source, m.kind)
        largest = sorted(nets.values(), key=lambda net: -abs(net[1]))
        some = (net for net in largest if abs(net[0]) > tolerances.REMAINDER)
        lines = [net for net in some if not _look_equal(net[1], 0.0)][:_MOST_SUMS]
    amounts = [f"{signed(m, ',.4g')} {'' if kind == BUILT.name else 't'}" for m, *_, kind in lines]
    digits = 0 if max((abs(cost) for _, cost, _, _ in lines), default=0.0) >= 1000 else 2  # noqa: PLR2004
    moneys = [f"{cost:z,.{digits}f}" for _, cost, _, _ in lines]
    rest = sum(m.cost for m in moves) - sum(cost for _, cost, _, _ in lines)
    other = [] if _look_equal(rest, 0.0) else [f"{rest:z,.{digits}f}"]
    left, right = max(map(len, amounts)), max(map(len, [*moneys, *other]))
    for many, spent, (_, _, source, _) in zip(amounts, moneys, lines, strict=True):
        yield f"  {many:>{left}}  {spent:>{right}} {currency}  {source}"
    for spent in other:
        all_else = "everything else, such as tonnes that go to another member"
        yield f"  {'':>{left}}  {spent:>{right}} {currency}  {all_else}"
    if any(m.kind == STOCK.name for m in moves) and all(kind != STOCK.name for *_, kind in lines):
        yield "  (Reserves carry tonnes from one year to another.)"


def _price_lines(price: answers.MarginalPrice, cells: Cells, currency: str) -> Iterator[str]:
    """Yield the terms of a price, one a line with its cells, and their sum."""
    terms = [term for term in price.terms if not _look_equal(term.amount, 0.0)] or price.terms
    amounts, total = [f"{term.amount:z,.2f}" for term in terms], f"{price.amount:z,.2f}"
    wide = max(map(len, [*amounts, total]))
    for amount, term in zip(amounts, terms, strict=True):
        rent = "scarcity of " if term.amount > 0 else "credit for "
        what = f"{'' if term.kind in answers.NEUTRAL else rent}{term.what}"
        yield f"  {amount:>{wide}}  {what}{cells.bracketed(term.place, term.times)}"
    if len(terms) > 1:
        yield f"  {total:>{wide}}  in all, {currency}/t"


# ---- what binds --------------------------------------------------------------------------------


def _binding_lines(answer: answers.Explanation, cells: Cells, currency: str) -> Iterator[str]:
    """Yield the limits that bind, each with what one unit more or less would save."""
    bounds = sorted(answer.binding, key=lambda b: _look_equal(b.saves or 0.0, 0.0))
    if not bounds:
        yield "No limit would save anything if it were looser."
        return
    start = f"Binding limits for {answer.mineral} in {answer.year}, and what changing each one"
    yield f"{start} saves if all else stays the same:"
    for b in bounds[:SHOWN]:
        size = "" if b.unit == "point" else f", at {_amount_of_limit(b.limit, b.unit, currency)}"
        size += ", for all minerals" if b.is_common else ""
        yield f"  {b.words[0].upper()}{b.words[1:]}{size}{cells.bracketed(b.place)}"
        yield f"    {_saving_words(b, currency)}"
    if len(bounds) > SHOWN:
        yield f"  ... and {len(bounds) - SHOWN} more (--json has all)"
    yield "  (If a cell also applies to other years, minerals or suppliers, it changes these, too.)"
    if cells.planned.settings.whole_projects and cells.planned.projects:
        yield "  (Prices and savings are for the plants as built: building a whole plant has none.)"


def _saving_words(b: answers.Bound, currency: str) -> str:
    """Return what one unit of a limit saves, in which direction, and how far that holds."""
    unit, (way, other) = _one_unit_in_words(b.unit, currency), ("more", "less")[:: b.direction]
    saving = b.shadow_price if b.saves is None else b.saves
    saving_text = f"{_money(saving)} {currency}{' at the margin' if b.saves is None else ''}"
    if b.saves is not None and _look_equal(b.saves, 0.0):
        saving_text = "nothing alone, because another limit binds as well"
    text = f"{unit[0].upper()}{unit[1:]} {way} saves {saving_text}"
    held = _saving_range(b, currency)
    if held and _look_equal(saving, b.shadow_price):
        return f"{text}, as does each {held}."
    if held:
        end = "above" if b.direction > 0 else "below"
        price = f"{_money(b.shadow_price)} {currency}"
        return f"{text}; each unit saves {price} {held}, and less {end} that range."
    if b.costs is not None and not _look_equal(b.costs, saving):
        return f"{text}; {unit} {other} costs {_money(b.costs)} {currency}."
    return f"{text}."


def _saving_range(b: answers.Bound, currency: str) -> str:
    """Return the range in which the saving per unit holds; "" if it has none or is not known."""
    if b.low is None or b.high is None or not b.low < b.limit < b.high:
        return ""
    low, high = (_amount_of_limit(each, b.unit, currency) for each in (b.low, b.high))
    if b.high == float("inf") or (b.unit == "point" and b.high >= 1.0):
        return f"from {low} on"
    return "" if low == high else f"from {low} to {high}"


# ---- the smallest change of a workbook that ends a shortage -------------------------------------


def _change_lines(answer: answers.Explanation, change: LeastChange, cells: Cells) -> Iterator[str]:
    """Yield the cells whose change ends the shortage, or what else could end it."""
    if not change.changes:
        yield from _no_change_lines(answer, change)
        return
    dear = "Supply is available, but costs more than a missing tonne does. The plan would buy it"
    ends = f"The smallest change of cells that ends the shortage of {answer.member}:"
    yield f"{dear} with this change:" if change.is_dear else ends
    for each in change.changes:  # Share limits!F3: 65 % -> 71.4 %, as it is typed into the cell
        unit, place = _typed_unit(each, cells), each.place
        was, to = cells.in_unit_of_cell(place, each.was), cells.typed_up(place, each.to)
        yield f"  {cells.address(place)}: {_text_of_cell(was, unit)} -> {_text_of_cell(to, unit)}"
        years = each_year({*each.years} - {answer.year}, " and ")
        also = f"; the cell also applies to {years}" if answer.year in each.years and years else ""
        yield f"    {each.words}{also}"
        if cells.is_overridden(place):
            yield "    (a scenario or what-if sets this value, not the workbook: change it there)"
    yield from (f"  {line}" for line in _planned_again(change, answer))
    if not change.is_dear:
        yield f"  {_MEASURE}"


def _typed_unit(change: CellChange, cells: Cells) -> str:
    return change.unit if change.unit in {answers.SHARE, answers.OPEN} else cells.unit(change.place)


def _no_change_lines(answer: answers.Explanation, change: LeastChange) -> Iterator[str]:
    """Yield that no change of cells ends the shortage, why, and what would."""
    kinds = listed(answers.relaxable_words())
    if change.is_unknown:
        yield "No smallest change is known: the search for it found no proven optimum."
        return
    if change.is_dear:
        why = "this supply costs more than a missing tonne, or is used elsewhere"
        leaves = f"The cheapest plan would still leave the shortage: {why}."
        yield f"Changing {kinds} would make supply available. {leaves}"
    else:
        least = plain_amount(change.left)
        yield f"No change of {kinds} ends this shortage: at least {least} t stay missing."
    if change.newcomer is not None:
        tonnes, country = plain_amount(change.newcomer.capacity), change.newcomer.country
        start = f"A new refiner in {country} would end it if it made {tonnes} t in {answer.year}"
        start += f" and needed no ore: in a plan with it, {answer.member} is not short. Demand that"
        yield f"{start} is smaller by as much would end it, too."
    else:
        yield "A new refiner would not end it either; smaller demand would."


def _planned_again(change: LeastChange, answer: answers.Explanation) -> Iterator[str]:
    """Yield who is still short in that year in a plan with the change."""
    outcome = change.outcome
    if outcome is None:
        return
    there = f"short of {answer.mineral} in {answer.year}"
    others = [name for name in outcome.served if name != answer.member]
    if not outcome.still:
        yield f"With this change, nobody is {there} in a new plan."
    else:
        members, verb = listed([answer.member, *others], NAMED), "are" if others else "is"
        yield f"With this change, {members} {verb} not {there} in a new plan."
        still = [f"{name} {plain_amount(tonnes)} t" for name, tonnes in outcome.still]
        yield f"Still {there}: {listed(still, NAMED)}."
    if outcome.elsewhere > 0:
        yield f"Elsewhere, {plain_amount(outcome.elsewhere)} t more are missing than in this plan."
    if not change.is_dear and any(each.unit != answers.OPEN for each in change.changes):
        yield f"If the change is 1 % smaller, {answer.member} is still short."


# ---- the same as data ----------------------------------------------------------------------------


def explanation_json(
    answer: answers.Explanation, change: LeastChange | None, cells: Cells
) -> dict[str, object]:
    """Return the same facts as ``explained``; infinite and unknown values are null."""
    price = answer.price
    terms = () if price is None else price.terms
    return {
        "mineral": answer.mineral,
        "member": answer.member,
        "year": answer.year,
        "demand_t": answer.demand,
        "purchased_t": answer.purchased,
        "short_t": answer.short,
        "cause": answer.cause,
        "unpaid": [
            {"project": u.project.name, "built": u.built, "needs_m": u.needs, "left_m": u.left,
             "budget_year": u.year, "cell": cells.address(u.place)}
            for u in answer.unpaid
        ],
        "idle": [{"plant": who, "gap": gap} for who, gap in answer.idle],
        "members_short_for_it": answer.members_short or None,
        "marginal_price": price and price.amount,
        "holds_for_more_t": price and json_value(price.up),
        "holds_for_less_t": price and json_value(price.down),
        "one_tonne_more_costs": answer.one_tonne_more,
        "one_tonne_less_saves": price and price.less,
        "demand_cost": answer.demand_cost,
        "price_by_tier": dict(answer.tier_prices),
        "closed_to_tier": {tier: list(who) for tier, who in answer.closed.items()},
        "demand_cost_by_tier": {t: c for t, c in answer.demand_costs.items() if t},
        "set_by": price and (price.setter or "nothing"),
        "source": "" if price is None else price.words,
        "source_is_scarce": price is not None and price.is_scarce,
        "moves": [] if price is None else [dataclasses.asdict(m) for m in price.moves],
        "has_room": price is None or price.has_slack,
        "terms": [
            {"kind": t.kind, "what": t.what, "amount": t.amount, **_cell_facts(t.place, cells),
             "times_cell": cells.address(t.times)}
            for t in terms
        ],
        "binding": [_bound_facts(b, cells) for b in answer.binding],
        "change": None if change is None else _change_facts(change, cells),
    }  # fmt: skip


def _bound_facts(b: answers.Bound, cells: Cells) -> dict[str, object]:
    """Return a binding limit as JSON has it."""
    return {
        "kind": b.kind,
        "what": b.words,
        "limit": b.limit,
        "unit": b.unit,
        "saving_direction": "more" if b.direction > 0 else "less",
        "worth": b.shadow_price,
        "holds_from": json_value(b.low),
        "holds_to": json_value(b.high),
        "one_unit_saves": b.saves,
        "one_unit_back_costs": b.costs,
        "rent": b.rent,
        "year": b.year,
        **_cell_facts(b.place, cells),
    }


def _cell_facts(place: answers.CellAddress | None, cells: Cells) -> dict[str, str]:
    unit = "" if place is None else cells.unit(place)
    return {"cell": cells.address(place), "cell_unit": unit}


def _change_facts(change: LeastChange, cells: Cells) -> dict[str, object]:
    """Return the smallest change that ends a shortage as JSON has it."""
    still = change.outcome.still if change.outcome else ()
    return {
        "cells": [
            {
                "cell": cells.address(c.place),
                "what": c.words,
                "unit": _typed_unit(c, cells),
                "from": cells.in_unit_of_cell(c.place, c.was),
                "to": cells.typed_up(c.place, c.to),
                "least": cells.in_unit_of_cell(c.place, c.least),
                "years": list(c.years),
                "said_by": "scenario" if cells.is_overridden(c.place) else "workbook",
            }
            for c in change.changes
        ],
        "removes": change.scope if change.changes else "nothing",
        "least_remaining_t": change.left,
        "short_after_t": change.outcome and change.outcome.after,
        "no_longer_short": list(change.outcome.served) if change.outcome else [],
        "still_short": [{"member": name, "short_t": tonnes} for name, tonnes in still],
        "more_short_elsewhere_t": change.outcome and change.outcome.elsewhere,
        "supply_is_dearer_than_shortage": change.is_dear,
        "new_refiner": change.newcomer and dataclasses.asdict(change.newcomer),
    }
