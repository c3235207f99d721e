"""Factors: numbers of a case moved to the ends of their ranges, and the figures of each plan.

A factor moves alone or in a group. For some sheets one program with
all factors of a column moved is built once (a kind of change, ``models.plan.variation``); an end
then takes the arrays of its own mineral or plant from it. Any other end has a program of its own.
Both ways give the same plan.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from models import schema, tolerances
from models.case import Case, CaseStep, CaseSteps, Selection, SortedRecords
from models.errors import PlannerError
from models.plan import BUDGET, BUILT, PENALTIES, SHORTAGE, Plan, Session
from models.program import ComponentArrays, fit
from models.resolve import Floats
from models.resolve.uncertainty import Factor, Number, scaled_row
from models.schema import Mine, Project, Refiner
from models.solve import ARRAYS, summed_at
from planner.studies.engine import Change

LOW, HIGH = "low", "high"
ENDS = (LOW, HIGH)


# ---- changes of numbers --------------------------------------------------------------------------


@dataclass(frozen=True)
class ScaledNumbers:
    """A kind of change: each number is multiplied by its own factor."""

    moves: tuple[tuple[Number, float], ...]

    @cached_property
    def _hash(self) -> int:
        return hash(self.moves)

    def __hash__(self) -> int:
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        return {"moves": self.moves}  # hashes of texts differ between processes

    @cached_property
    def fields(self) -> frozenset[tuple[str, str]]:
        """Sheet and field of all numbers."""
        return frozenset((number.sheet, number.field) for number, _ in self.moves)

    def __call__(self, case: Case, of: Selection = Selection()) -> Case:  # noqa: B008 - frozen
        moves: dict[str, dict[int, list[tuple[Number, float]]]] = {}
        for number, factor in self.moves:
            moves.setdefault(number.sheet, {}).setdefault(number.row, []).append((number, factor))
        changed: dict[str, Any] = {}
        selectors = of.selectors.items()
        for sheet, by_row in moves.items():
            records = []
            for record in case.records(sheet):
                new: Any = record
                own = _selection_of(record) if selectors and record.row in by_row else of
                if all(getattr(own, name) == wanted for name, wanted in selectors):
                    for number, factor in by_row.get(record.row, ()):
                        new = scaled_row(new, number.column, factor, number.member)
                records.append(new)
            if sheet == schema.Settings.SHEET:
                (changed[case.SHEET_FIELDS[sheet]],) = records
                continue
            keyed = any(column.key for column in type(records[0]).columns())
            rows = SortedRecords(records) if keyed else tuple(records)
            changed[case.SHEET_FIELDS[sheet]] = rows
        return case.change(**changed)


def _selection_of(record: schema.Record) -> Selection:
    """Return the mineral, and the plant or mines, with arrays that the numbers of a row change."""
    mineral, refiner, mine = getattr(record, "mineral", ""), "", ""
    if isinstance(record, schema.Mineral):
        mineral = record.name
    elif isinstance(record, Refiner):
        refiner = record.name
    elif isinstance(record, Project):
        refiner = record.refiner
    elif isinstance(record, Mine):
        mine = record.country
    return Selection(mineral=mineral, refiner=refiner, mine=mine)


_BY_MINERAL = {
    schema.Mineral.SHEET, schema.Demand.SHEET, schema.Project.SHEET, schema.Mine.SHEET,
    schema.Refiner.SHEET,
}  # fmt: skip
"""Sheets with numbers that change arrays of their own mineral alone, if no mineral is made from
another."""


class FactorChanges:
    """The changes that move factors of a case to their ends."""

    def __init__(self, case: Case, factors: Sequence[Factor]) -> None:
        """Sort the factors into kinds: each moves at most one factor per mineral or plant."""
        self.case, self.factors = case, factors
        self.record = {
            (sheet, record.row): record
            for sheet in {number.sheet for factor in factors for number in factor.numbers}
            for record in case.records(sheet)
        }
        self._kinds: dict[tuple[str, str, int, str], ScaledNumbers] = {}
        self._rank: dict[Factor, int] = {}
        ranks: dict[tuple[str, str, Selection], int] = {}
        by_kind: dict[tuple[str, str, int], list[Factor]] = {}
        for factor in factors:
            if len(factor.numbers) > 1:
                continue
            number = factor.first
            place = number.sheet, number.field, self.selection(number)
            rank = self._rank[factor] = ranks[place] = ranks.get(place, -1) + 1
            by_kind.setdefault((number.sheet, number.field, rank), []).append(factor)
        for (sheet, field, rank), moving in by_kind.items():
            for end in ENDS:
                self._kinds[sheet, field, rank, end] = scaled_numbers(moving, end)

    def selection(self, number: Number) -> Selection:
        return _selection_of(self.record[number.sheet, number.row])

    def mineral(self, factor: Factor) -> str:
        """Return the mineral of a factor's numbers; "" if they have none or several."""
        minerals = {self.selection(number).mineral for number in factor.numbers}
        return minerals.pop() if len(minerals) == 1 else ""

    def rank(self, factors: Sequence[Factor]) -> int:
        """Return the number of a factor's kind among those of its column; -1 for several numbers.

        A kind moves at most one factor of each selection: kind 0 the first one, kind 1 the second.
        """
        return self._rank.get(factors[0], -1) if len(factors) == 1 else -1

    def case_change(self, factors: Sequence[Factor], end: str) -> CaseSteps | ScaledNumbers:
        """Return the change that moves factors to an ``end``, ``LOW`` or ``HIGH``.

        Facts are CaseSteps, planned by vectors. If they are numbers of one column that change
        arrays of their own mineral alone, their change is cut from their kind's, which is laid out
        only once. Other numbers are a ScaledNumbers, which makes the changed case.
        """
        number, selection = factors[0].first, self.selection(factors[0].first)
        sheet, field = number.sheet, number.field
        if not all(n.column.is_fact for factor in factors for n in factor.numbers):
            return scaled_numbers(factors, end)
        is_one = all(len(factor.numbers) == 1 for factor in factors)
        if self.case.inputs or sheet not in _BY_MINERAL or not is_one:
            return CaseSteps((CaseStep(scaled_numbers(factors, end)),))
        key = sheet, field, self.rank(factors), end
        if len(factors) > 1:
            selection = Selection(mineral=selection.mineral)
        if key not in self._kinds:
            column = [f for f in self._rank if (f.first.sheet, f.first.field) == key[:2]]
            self._kinds[key] = scaled_numbers(column, end)
        return CaseSteps((CaseStep(self._kinds[key], selection),))


def scaled_numbers(factors: Sequence[Factor], end: str) -> ScaledNumbers:
    """Return the change that moves factors to an ``end``."""
    return ScaledNumbers(tuple((n, getattr(f, end)) for f in factors for n in f.numbers))


# ---- figures of a plan ---------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanFigures:
    """Figures of a plan: total cost is discounted, cash is not, tonnes are sums over all years.

    ``short`` [t], ``missing`` (its share of the need) and ``top`` (the largest share of one country
    in a year's purchases) are by mineral, ``built`` (a fraction) by project and year, ``sold`` [t]
    by source of the base case.
    """

    objective: float
    cash: float
    short: Floats
    missing: Floats
    top: Floats
    built: Floats
    sold: Floats


@dataclass(frozen=True)
class EndPlan:
    """The plan at an end of a range, compared with the base plan.

    ``kept_cost`` is the cost with the builds of the base plan, NaN if it is not known.
    ``first_order`` is the change of cost that the base's duals predict, NaN if they can't;
    ``bound`` says whether it is a lower bound (``LEAST``), an upper bound (``MOST``) or "".
    """

    figures: PlanFigures
    kept_cost: float
    first_order: float
    bound: str


def plan_figures(plan: Plan) -> PlanFigures:
    return FigureReader(plan).figures(plan)


class FigureReader:
    """Reads the figures of plans whose programs have the columns of a given plan's.

    ``need`` [t] is by mineral, summed over members and years.
    """

    def __init__(self, plan: Plan) -> None:
        e = self.expanded = plan.expanded
        self.columns, self.groups = plan.program.rows.columns, plan.program.variables
        self.need: Floats = e.demand.sum(axis=(1, 2))
        (self._mineral, _, _), self._short = plan.positions(SHORTAGE)
        (project, year), built = plan.positions(BUILT)
        within = (year >= e.years[0]) & (year <= e.years[-1])
        self._built = built[within]
        self._built_in = project[within], np.searchsorted(e.years, year[within])
        codes = {c: i for i, c in enumerate(dict.fromkeys(s.country for s in e.sources))}
        self._countries = codes
        self._country = np.array([codes[s.country] for s in e.sources], dtype=np.int64)
        self._price = np.zeros(len(plan.program.rows.cost))
        self._set_prices(self._price, self.groups)

    def reads(self, plan: Plan) -> bool:
        """Return whether a plan has the columns that this reader was made for."""
        return plan.expanded is self.expanded and plan.program.rows.columns is self.columns

    def figures(self, plan: Plan, need: Floats | None = None) -> PlanFigures:
        """Return a plan's figures; ``need`` is the plan's if it is not the reader's."""
        e, need = self.expanded, self.need if need is None else need
        short = np.bincount(self._mineral, plan.x[self._short], len(e.minerals)).astype(float)
        missing = np.divide(short, need, out=np.zeros_like(short), where=need > 0)
        built = np.zeros((len(e.case.projects), len(e.years)))
        np.add.at(built, self._built_in, plan.x[self._built])
        sold, top = plan.sold.sum(axis=1), self._top_shares(plan)
        return PlanFigures(plan.objective, self.cash(plan), short, missing, top, built, sold)

    def cash(self, plan: Plan) -> float:
        """Return ``Plan.cash``, without its parts by heading and mineral."""
        price, groups = self._price, plan.program.variables
        changed = [new for new, old in zip(groups, self.groups, strict=True) if new is not old]
        if changed:
            price = price.copy()
            self._set_prices(price, changed)
        x = plan.x.copy()
        x[plan.program.flow] = plan.delivered
        return float((x * price).sum())

    @staticmethod
    def _set_prices(price: Floats, groups: Iterable[ComponentArrays]) -> None:
        """Set the cash price of each column, without penalties."""
        for group in groups:
            paid = [c.price for c in group.charges if c.heading.name not in PENALTIES]
            price[group.at] = sum(paid, start=np.zeros(len(group)))

    def _top_shares(self, plan: Plan) -> Floats:
        """Return for each mineral the largest share of one country in a year's purchases."""
        e, d, code = self.expanded, self.expanded.deliveries, self._countries
        at = d.mineral, d.year, self._country[d.source]
        bought = summed_at(at, plan.delivered, (len(e.minerals), len(e.years), len(code)))
        total = bought.sum(axis=2, keepdims=True)
        if schema.REST_OF_WORLD in code:
            bought[:, :, code[schema.REST_OF_WORLD]] = 0.0
        shares = np.divide(
            bought, total, out=np.zeros_like(bought), where=total > tolerances.LEAST_FLOW
        )
        return np.asarray(shares.max(axis=(1, 2), initial=0.0))


_OF_CAPITAL = {(Project.SHEET, "capex"), (schema.BudgetYear.SHEET, "capex")}


@dataclass(frozen=True)
class CompareWithBase:
    """Compares the plan of a change with the base plan, in the session of the base case."""

    change: Change
    fields: frozenset[tuple[str, str]]
    """Sheet and field of each number that changes."""

    def __call__(self, plan: Plan, session: Session) -> EndPlan:
        base = _BASE_PLANS.get(session)
        if base is None:
            base = _BASE_PLANS[session] = BasePlan(session.base)
        now = dataclasses.replace(base.figures, objective=plan.objective)
        if not np.array_equal(plan.solver_x, base.x):
            is_needed = any(sheet == schema.Demand.SHEET for sheet, _ in self.fields)
            now = base.figures_of(plan, self.change(session.case) if is_needed else None)
        elif plan.objective != base.figures.objective:  # the same amounts at other costs
            now = dataclasses.replace(now, cash=base.reader_of(plan).cash(plan))
        first, bound = base.first_order(plan)
        kept_cost = now.objective
        if np.abs(now.built - base.figures.built).max(initial=0.0) > tolerances.SAME_SHARE:
            if self.fields <= _OF_CAPITAL:
                # the base's builds cost more or less; all else costs the same
                costs = fit(plan.program, base.plan.program).arrays.cost - base.rows.cost
                kept_cost = base.figures.objective + float((costs * base.x).sum())
            else:
                session.restart()  # the base plan has these builds, so it is the nearer start
                try:
                    kept_cost = session.with_base_amounts(plan, BUILT, BUDGET).objective
                except PlannerError:
                    kept_cost = math.nan
        session.restart()  # a change that moves nothing is then proven without a solve
        return EndPlan(now, kept_cost, first, bound)


LEAST, MOST = "at least", "at most"


class BasePlan:
    """The plan of a base case, for comparison with others."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self._reader = plan, FigureReader(plan)
        self.figures = self._reader.figures(plan)
        self.rows = plan.program.rows
        self.entry_rows = self.rows.entry_rows()
        self.x, self.duals = plan.solver_x, plan.discounted
        self.reduced = self.rows.cost - self.rows.value_at(self.duals)

    def reader_of(self, plan: Plan) -> FigureReader:
        return self._reader if self._reader.reads(plan) else FigureReader(plan)

    def figures_of(self, plan: Plan, demand: Case | None) -> PlanFigures:
        """Return a plan's figures; sources are in the order of the base case.

        ``demand`` is the case with the plan's demand if that is not the plan's own.
        """
        reader, e = self.reader_of(plan), self.plan.expanded
        need = reader.need
        if demand is not None:
            need, years = self._reader.need.copy(), {*e.years}
            for new, old in zip(demand.demand, e.case.demand, strict=True):
                for row, sign in ((new, 1.0), (old, -1.0)) if new is not old else ():
                    tonnes = (t for year, t in row.tonnes if year in years)
                    need[e.mineral_at[row.mineral]] += sign * math.fsum(tonnes)
        now = reader.figures(plan, need)
        if plan.expanded.sources == e.sources:
            return now
        sources = zip(reader.expanded.sources, now.sold, strict=True)
        tonnes_of = {(s.name, s.project, s.mineral): tonnes for s, tonnes in sources}
        keys = ((s.name, s.project, s.mineral) for s in e.sources)
        return dataclasses.replace(now, sold=np.array([tonnes_of.get(key, 0.0) for key in keys]))

    def first_order(self, plan: Plan) -> tuple[float, str]:
        """Return the change of cost that the base's duals predict, and what bound it is.

        The cost of a plan is convex in bounds and right-hand sides, and concave in costs. If bounds
        alone change, the figure is a lower bound on the change of cost; if costs alone change, an
        upper bound. If both or coefficients change, or if projects are integer, it is neither. NaN
        if the program has other columns or rows, or if a limit with a price is waived.
        """
        fitted = fit(plan.program, self.plan.program)
        if (fitted.of_block < 0).any():
            return float("nan"), ""
        own, new, terms = self.rows, fitted.arrays, list[Floats]()
        changed = {name: new.differs_at(name, own) for name in ARRAYS}
        has = {name: bool(len(at)) for name, at in changed.items()}

        def change_of(name: str) -> Floats:
            """Return by how much numbers of the new program differ from the base's."""
            return np.asarray(getattr(new, name)[changed[name]] - getattr(own, name)[changed[name]])

        if has["cost"]:
            terms.append(change_of("cost") * self.x[changed["cost"]])
        for price, low, high in (
            (self.reduced, "lower", "upper"), (self.duals, "row_lower", "row_upper")
        ):  # fmt: skip
            for name, sign in ((low, 1.0), (high, -1.0)):
                prices = price[changed[name]]
                is_priced = sign * prices > 0
                terms.append(prices[is_priced] * change_of(name)[is_priced])
        if has["values"]:
            at = changed["values"]
            worth = self.duals[self.entry_rows[at]] * self.x[own.columns[at]]
            terms.append(-worth * change_of("values"))
        with np.errstate(invalid="ignore"):  # one limit is waived and another is set
            first = float(sum(term.sum() for term in terms))
        is_bound = any(has[name] for name in ARRAYS if name not in {"cost", "values"})
        bound = (LEAST if is_bound else MOST) if is_bound != has["cost"] else ""
        is_theory = not (has["values"] or own.whole.any())
        return (first if np.isfinite(first) else float("nan")), bound if is_theory else ""


_BASE_PLANS: WeakKeyDictionary[Session, BasePlan] = WeakKeyDictionary()
"""The base plan of each session, read once."""
