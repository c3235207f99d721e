"""Match actual figures with the plan: each row with its order, reserve or plant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from models import errors, tolerances
from models.case import fold
from models.checks.common import did_you_mean, name_hint
from models.plan import Plan
from models.schema.rounds import ActualBuild, ClosingStock, Delivery
from planner.documents.deliveries import same_parts, split_id
from planner.going_on.actuals import ORDER_NAMES, Actuals, RowErrors, order_identity
from planner.going_on.outcome import PastYears, Purchase
from planner.render.words import counted, span

if TYPE_CHECKING:
    from planner.documents.orders import Orders

_MOST_HINTS, _LEAST_SIMILARITY = 20, 0.9
"""Most unknown ids for which a similar one is suggested, and its least similarity."""


def with_actuals(outcome: PastYears, actuals: Actuals, plan: Plan, orders: Orders) -> PastYears:
    """Return the outcome of past years with actual figures; InputError lists all errors."""
    matching = _Matching(actuals, outcome, plan, orders)
    actual = matching.outcome()
    findings = matching.in_order()
    if any(f.severity is errors.Severity.ERROR for f in findings):
        raise errors.InputError(findings)
    return actual


@dataclass
class _Matching(RowErrors):
    """Finds the order, reserve or plant of each row."""

    before: PastYears
    plan: Plan
    orders: Orders

    def outcome(self) -> PastYears:
        """Return the outcome, with every actual figure in the file."""
        purchases, given = self._purchases()
        stocks, stock_keys = self._stocks()
        built, built_keys = self._built()
        rows = len(purchases) + len(stocks) + len(built) + self.before.inputs
        actual = len(given) + len(stock_keys) + len(built_keys)
        before = self.before.stocks
        differing = {k for k in stocks.keys() & stock_keys if stocks[k] != before[k]}
        return replace(
            self.before,
            purchases=tuple(
                replace(each, is_reported=i in given) for i, each in enumerate(purchases)
            ),
            differing=frozenset(differing),
            stocks=stocks,
            built=built,
            actual=frozenset({*stock_keys, *built_keys}),
            unreported=rows - actual,
            rows=rows,
        )

    @property
    def _years(self) -> list[int]:
        return [year for year in self.plan.expanded.years if year < self.before.to]

    # ---- deliveries -----------------------------------------------------------------------------

    def _purchases(self) -> tuple[list[Purchase], set[int]]:
        """Return all purchases, and the positions of purchases with an actual figure."""
        purchases, given = list(self.before.purchases), set[int]()
        seen: dict[tuple[object, ...], Delivery] = {}
        first_of: dict[int, Delivery] = {}
        parts: dict[int, dict[str, Delivery]] = {}
        for row in self._of_this_plan():
            match = self._by_id(row) if row.order else self._by_names(row)
            if match is None:
                continue
            position, part = match
            key = ("order", position, part) if position >= 0 else order_identity(row)
            first = seen.get(("order", position, "")) or seen.get(key)
            if position >= 0 and not part:
                first = first or first_of.get(position)
            if first is not None:
                self.order_given_twice(row, first)
                continue
            seen[key] = row
            if position >= 0:
                first_of.setdefault(position, row)
            if part:
                parts.setdefault(position, {})[part] = row
            elif position >= 0:
                purchases[position] = _as_delivered(purchases[position], row)
            elif (bought := self._unplanned(row)) is not None:
                given.add(len(purchases))
                purchases.append(bought)
            if position >= 0 and (row.delivered is not None or row.paid is not None):
                given.add(position)
        for position, rows in parts.items():
            purchases[position] = self._in_parts(purchases[position], rows)
        return purchases, given

    def _of_this_plan(self) -> Iterator[Delivery]:
        """Yield the rows of this plan; rows of another plan are one error, at the first of them."""
        rows = self.actuals.deliveries
        others = [r for r in rows if r.plan and fold(r.plan) != fold(self.orders.plan_id)]
        if others:
            more = f", and {counted(len(others) - 1, 'more row')}" if len(others) > 1 else ""
            found = f"the plan {others[0].plan}{more}: these rows belong to another plan"
            hint = f"planner new --actuals {self.orders.plan.path.name} writes a file for this plan"
            self.wrong(others[0], "plan", found, self.orders.plan_id, hint)
        left_out = {id(row) for row in others}
        yield from (row for row in rows if id(row) not in left_out)

    def _by_id(self, row: Delivery) -> tuple[int, str] | None:
        """Return the position of a row's order, and the part delivered; None if it is wrong."""
        (name, part), purchases = split_id(row.order), self.before.purchases
        position = self._ids.get(fold(name))
        if position is not None:
            return (position, part) if self._agrees(row, purchases[position]) else None
        year = self._year_of_id.get(fold(name))
        if year is not None:
            found = f"the order {row.order} belongs to {year}"
            self.wrong(row, "order", found, f"an order of {span(self._years)}")
            return None
        hint = ""
        if len(self.findings) < _MOST_HINTS:  # comparing with all ids takes time
            ids = {fold(each.order): each.order for each in purchases}
            hint = name_hint(row.order, ids, _LEAST_SIMILARITY)
        found = f"{self.orders.plan.path.name} has no order {row.order!r}"
        self.wrong(row, "order", found, "an id that planner orders writes", hint)
        return None

    @cached_property
    def _year_of_id(self) -> dict[str, int]:
        table = self.orders.table
        return dict(zip(map(fold, table["order_id"]), map(int, table["year"]), strict=True))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {fold(each.order): i for i, each in enumerate(self.before.purchases)}

    def _agrees(self, row: Delivery, order: Purchase) -> bool:
        """Return whether the names that a row gives are the names of its order."""
        for name in ("year", *ORDER_NAMES, "project", "contract"):
            typed, planned = getattr(row, name), getattr(order, name)
            if typed not in {"", None} and fold(str(typed)) != fold(str(planned)):
                belongs = f"belongs to {planned}" if planned else f"has no {name}"
                found = f"{typed}, but the order {row.order} {belongs}"
                wanted = f"{planned} or a blank cell" if planned else "a blank cell"
                self.wrong(row, name, found, wanted)
                return False
        return True

    def _by_names(self, row: Delivery) -> tuple[int, str] | None:
        """Return the position of the order with a row's names, -1 if none; None if it is wrong."""
        if not (self.has_names(row) and self._is_over(row) and self._is_known(row)):
            return None
        names = order_identity(row)
        matches = self._positions_by_names.get(names, [])  # without a project: the refiner's own
        if len(matches) > 1:
            ids = ", ".join(self.before.purchases[i].order for i in matches[:3])
            self.wrong(row, "order", f"{len(matches)} orders have these names", f"one of {ids}")
            return None
        return (matches[0] if matches else -1), ""

    @cached_property
    def _positions_by_names(self) -> dict[tuple[object, ...], list[int]]:
        positions: dict[tuple[object, ...], list[int]] = {}
        for i, each in enumerate(self.before.purchases):
            positions.setdefault(order_identity(each), []).append(i)
        return positions

    def _is_over(self, row: Delivery | ClosingStock) -> bool:
        if row.year in self._years:
            return True
        self.year_not_over(row, span(self._years))
        return False

    @cached_property
    def _known(self) -> dict[str, dict[str, str]]:
        """All names by column; each is spelt out by its folded form."""
        case, ordered = self.plan.case, map(str, self.orders.table["contract"])
        names: dict[str, Iterable[str]] = {
            "mineral": case.mineral_of,
            "member": case.member_of,
            "refiner": case.refiner_names,
            "project": [p.name for p in case.projects],
            "contract": [*ordered, *(c.name for c in case.contracts)],
        }
        return {column: {fold(name): name for name in every} for column, every in names.items()}

    def _is_known(self, row: Delivery) -> bool:
        for name, known in self._known.items():
            typed = getattr(row, name)
            if typed and fold(typed) not in known:
                found = f"{typed!r} is not in the plan"
                self.wrong(row, name, found, "", did_you_mean(typed, known.values()))
                return False
        if self._source(row) is None:
            self.wrong(row, "refiner", f"{row.refiner} does not refine {row.mineral}")
            return False
        return True

    def _source(self, row: Delivery) -> int | None:
        return self._sources.get(tuple(map(fold, (row.refiner, row.mineral, row.project))))

    @cached_property
    def _sources(self) -> dict[tuple[str, ...], int]:
        sources = enumerate(self.plan.expanded.sources)
        return {tuple(map(fold, (s.name, s.mineral, s.project))): i for i, s in sources}

    def _unplanned(self, row: Delivery) -> Purchase | None:
        """Return a purchase without an order, at its cost in the plan."""
        if row.delivered is None:
            found = "the cell is blank, and the plan has no such order"
            self.wrong(row, "delivered", found, "the tonnes that were delivered")
            return None
        planned = self._landed(row)
        if planned is None and row.paid is None:
            found = "the cell is blank, and the plan has no price for this purchase"
            self.wrong(row, "paid", found, "the cost per tonne")
            return None
        source = self.plan.expanded.sources[self._source(row) or 0]
        members = {fold(name): name for name in self.plan.case.member_of}
        price = row.paid if planned is None else planned
        return Purchase(
            order="",
            year=row.year or 0,
            mineral=source.mineral,
            refiner=source.name,
            project=source.project,
            country=source.country,
            member=members[fold(row.member)],
            contract=row.contract,
            planned=0.0,
            planned_price=price or 0.0,
            delivered=row.delivered,
            paid=(price or 0.0) if row.paid is None else row.paid,
        )

    def _landed(self, row: Delivery) -> float | None:
        """Return the cost of a tonne of a spot purchase in the plan; None without an open lane."""
        e, d = self.plan.expanded, self.plan.expanded.deliveries
        members = [fold(name) for name in e.members]
        same = (d.source == self._source(row)) & (d.year == e.years.index(row.year or 0))
        same &= (d.member == members.index(fold(row.member))) & (d.contract < 0)
        places = np.flatnonzero(same)
        return float(d.landed[places[0]]) if len(places) else None

    def _in_parts(self, order: Purchase, rows: Mapping[str, Delivery]) -> Purchase:
        """Return an order that is delivered in parts; parts without a row are as planned."""
        kinds = {part[0] for part in rows}
        if len(kinds) > 1:
            self.by_quarter_and_month([*rows.values()][-1], order.order)
            return order
        every = same_parts(next(iter(rows)))
        tonnes, money = 0.0, 0.0
        for part in every:
            due = order.planned / len(every)
            planned = replace(order, planned=due, delivered=due)
            delivery = _as_delivered(planned, rows.get(part))
            tonnes += delivery.delivered
            money += delivery.delivered * delivery.paid
        paid = money / tonnes if tonnes > 0 else order.planned_price
        return replace(order, delivered=tonnes, paid=paid)

    # ---- reserves and plants --------------------------------------------------------------------

    def _stocks(self) -> tuple[dict[tuple[str, str], float], set[tuple[object, ...]]]:
        found, given = dict(self.before.stocks), set[tuple[object, ...]]()
        homes = {(fold(mineral), fold(member)): (mineral, member) for mineral, member in found}
        for row in self.actuals.stocks:
            if not self._is_over(row):
                continue
            key = homes.get((fold(row.mineral), fold(row.member)))
            if key is None:
                name = f"{row.mineral} of {row.member}"
                hint = did_you_mean(name, [" of ".join(home) for home in found])
                self.wrong(row, "mineral", f"the plan has no reserve of {name}", "", hint)
            elif row.closing is not None and row.year == self.before.last:
                found[key] = row.closing
                given.add(key)
        return found, given

    def _built(self) -> tuple[dict[tuple[str, int], float], set[tuple[object, ...]]]:
        found, given = dict(self.before.built), set[tuple[object, ...]]()
        projects = {fold(p.name): p for p in self.plan.case.projects}
        last: dict[str, ActualBuild] = {}
        for row in self.actuals.built:
            project = projects.get(fold(row.project))
            if project is None:
                hint = did_you_mean(row.project, [p.name for p in projects.values()])
                self.wrong(row, "project", f"{row.project!r} is not in the plan", "", hint)
            elif row.year < self.plan.expanded.years[0] and row.year not in dict(project.begun):
                wanted = f"a year from {self.plan.expanded.years[0]} on"
                self.wrong(row, "year", f"the year {row.year}", wanted)
            elif row.part is not None:
                found[project.name, row.year] = row.part
                given.add((project.name, row.year))
                last[project.name] = row
        for name, row in last.items():
            parts = dict(projects[fold(name)].begun)
            parts |= {year: part for (of, year), part in found.items() if of == name}
            if sum(parts.values()) > 1.0 + tolerances.WHOLE_SUM:
                planned = [y for y in parts if (name, y) not in given and parts[y] > 0]
                as_planned = f" ({span(planned)} as planned)" if planned else ""
                self.too_much_built(row, name, sum(parts.values()), as_planned)
        return found, given


def _as_delivered(order: Purchase, row: Delivery | None) -> Purchase:
    delivered = order.delivered if row is None or row.delivered is None else row.delivered
    paid = order.paid if row is None or row.paid is None else row.paid
    return replace(order, delivered=delivered, paid=paid)
