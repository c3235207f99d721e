"""Factors: numbers of a case set to the ends of their ranges, and what is read of each plan.

A factor moves alone, in a group, or with all others in a draw. Where its sheet allows, an end is a
part of a kind of change (``models.plan.variation``): all factors of a sheet and column, some of
each mineral, are laid out once, and an end takes the numbers of its mineral or plant. Any other is
laid out by itself. The number is the same either way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from models import schema, tolerances
from models.case import Case, CaseStep, CaseSteps, Selection, SortedRecords
from models.errors import PlannerError
from models.plan import BUILT, SHORTAGE, Plan, Session
from models.plan.variation import ARRAYS
from models.program import fit
from models.resolve import Floats, start_years
from models.resolve.uncertainty import Factor, column_of, scaled
from models.schema import Built, Mine, Project, Refiner
from planner.studies.engine import Change

LOW, HIGH = "low", "high"
ENDS = (LOW, HIGH)


# ---- what moves ----------------------------------------------------------------------------------


Moves = tuple[tuple[int, str, float], ...]
"""Row, member (of Freight) and the factor on its number, for some rows of a sheet."""


@dataclass(frozen=True)
class ScaledColumn:
    """A kind of change: numbers of a column times a factor each."""

    sheet: str
    field: str
    moves: Moves

    @property
    def alike(self) -> tuple[str, str, bool]:
        """What is tried once: the numbers of a column, all of them up or all of them down."""
        return self.sheet, self.field, any(factor > 1.0 for *_, factor in self.moves)

    def __call__(self, case: Case, of: Selection = Selection()) -> Case:  # noqa: B008 - frozen
        """Return the case in which those of the rows selected have moved."""
        by_row: dict[int, list[tuple[str, float]]] = {}
        column = column_of(self.sheet, self.field)
        for row, member, factor in self.moves:
            by_row.setdefault(row, []).append((member, factor))
        records = []
        for record in case.records(self.sheet):
            new = record
            for member, factor in by_row.get(record.row, ()) if _selects(of, record) else ():
                new = scaled(new, column, factor, member)
            records.append(new)
        keyed = any(column.key for column in type(records[0]).columns()) if records else False
        rows = SortedRecords(records) if keyed else tuple(records)
        return case.change(**{case.SHEET_FIELDS[self.sheet]: rows})


def _selects(of: Selection, record: schema.Record) -> bool:
    own = _place(record).selectors
    return all(own.get(name, "") == wanted for name, wanted in of.selectors.items())


def _mineral(record: schema.Record) -> str:
    return record.name if isinstance(record, schema.Mineral) else getattr(record, "mineral", "")


def _place(record: schema.Record) -> Selection:
    """Return whose arrays the numbers of a row change: its mineral's, and its plant's or mines'."""
    refiner, mine = "", ""
    if isinstance(record, Refiner):
        refiner = record.name
    elif isinstance(record, Project):
        refiner = record.refiner
    elif isinstance(record, Mine):
        mine = record.country
    return Selection(mineral=_mineral(record), refiner=refiner, mine=mine)


_BY_MINERAL = {
    schema.Mineral.SHEET, schema.Demand.SHEET, schema.Project.SHEET, schema.Mine.SHEET,
    schema.Refiner.SHEET,
}  # fmt: skip
"""Sheets whose facts change arrays of their own mineral alone, where none is made of another."""


class FactorChanges:
    """The changes that set factors of a case to their ends."""

    def __init__(self, case: Case, factors: Sequence[Factor]) -> None:
        """Sort the factors into kinds: of each kind, and in each mineral or plant, one moves."""
        self.case, self.factors = case, factors
        self.record = {
            (sheet, record.row): record
            for sheet in {factor.sheet for factor in factors}
            for record in case.records(sheet)
        }
        self._kinds: dict[tuple[str, str, int, str], ScaledColumn] = {}
        self._rank: dict[Factor, int] = {}
        ranks: dict[tuple[str, str, Selection], int] = {}
        members: dict[tuple[str, str, int], list[Factor]] = {}
        for factor in factors:
            place = factor.sheet, factor.field, self.selection(factor)
            rank = self._rank[factor] = ranks[place] = ranks.get(place, -1) + 1
            members.setdefault((factor.sheet, factor.field, rank), []).append(factor)
        for (sheet, field, rank), alike in members.items():
            for end in ENDS:
                self._kinds[sheet, field, rank, end] = moved(sheet, field, alike, end)

    def mineral(self, factor: Factor) -> str:
        """Return whose mineral a factor is, "" where it is that of several."""
        return _mineral(self.record[factor.sheet, factor.row])

    def selection(self, factor: Factor) -> Selection:
        """Return whose arrays a factor changes."""
        return _place(self.record[factor.sheet, factor.row])

    def rank(self, factors: Sequence[Factor]) -> int:
        """Return which of the kinds of its column moves a factor; -1 of several."""
        return self._rank[factors[0]] if len(factors) == 1 else -1

    def is_vectors(self, factor: Factor) -> bool:
        """Return whether its change may be read from that of its kind."""
        return factor.column.is_fact and factor.sheet in _BY_MINERAL and not self.case.inputs

    def change(self, factors: Sequence[Factor], end: str) -> CaseSteps | ScaledColumn:
        """Return the change that sets factors of one column and mineral to an end together."""
        first = factors[0]
        if not self.is_vectors(first):
            return moved(first.sheet, first.field, factors, end)
        if len(factors) == 1:
            kind, of = self._kinds[first.sheet, first.field, self._rank[first], end], first
            return CaseSteps((CaseStep(kind, self.selection(of)),))
        return CaseSteps(
            (CaseStep(self._whole(first, end), Selection(mineral=self.mineral(first))),)
        )

    def _whole(self, like: Factor, end: str) -> ScaledColumn:
        """Return the kind of change that moves a whole column."""
        place = like.sheet, like.field, -1, end
        if place not in self._kinds:
            alike = [f for f in self.factors if (f.sheet, f.field) == place[:2]]
            self._kinds[place] = moved(like.sheet, like.field, alike, end)
        return self._kinds[place]


def moved(sheet: str, field: str, factors: Sequence[Factor], end: str) -> ScaledColumn:
    """Return the change that sets factors of one column to an end."""
    return ScaledColumn(sheet, field, tuple((f.row, f.member, getattr(f, end)) for f in factors))


@dataclass(frozen=True)
class KeptBuilds:
    """A kind of change: what is built of projects is decided, as in a plan."""

    built: tuple[tuple[str, int, float], ...]
    """Project, first year of output, fraction; 0 in any other year."""

    def __call__(self, case: Case, of: Selection = Selection()) -> Case:  # noqa: B008 - frozen
        """Return the case in which nothing else can be built."""
        del of
        parts = {(name, year): part for name, year, part in self.built}
        rows = [
            Built(project=p.name, year=year, fraction=parts.get((p.name, year), 0.0))
            for p in case.projects
            if p.built_in is None
            for year in start_years(p, case.years)
        ]
        return case.change(built=(*case.built, *rows))


# ---- what is read of a plan ----------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """A plan in numbers: total cost discounted, the rest over all years.

    ``short`` [t] and ``top`` (the largest share of one country in what is bought in a year) are by
    mineral, ``built`` (a fraction) by project and year, ``sold`` [t] by source, as of the base.
    """

    objective: float
    short: Floats
    top: Floats
    built: Floats
    sold: Floats


@dataclass(frozen=True)
class EndReading:
    """The plan at an end: its numbers, and what is known of it beside them.

    ``kept`` is the cost with the builds of the base case, NaN where it is not known. ``first`` is
    the first-order change of the cost by the base's duals, NaN where there is none; ``bound`` says
    what it is by theory: ``least``, ``most`` or neither ("").
    """

    plan: Reading
    kept: float
    first: float
    bound: str


def reading(plan: Plan, base: Plan | None = None) -> Reading:
    """Return a plan in numbers, sources and projects in the order of a base case's."""
    e = plan.expanded
    short = np.zeros(len(e.minerals))
    (mineral, _, _), tonnes = plan.part(SHORTAGE)
    np.add.at(short, mineral, tonnes)
    built = np.zeros((len(e.case.projects), len(e.years)))
    (project, year), fraction = plan.part(BUILT)
    within = (year >= e.years[0]) & (year <= e.years[-1])
    at = np.searchsorted(e.years, year[within])
    np.add.at(built, (project[within], at), fraction[within])
    sold = plan.sold.sum(axis=1)
    if base is not None and e.sources != base.expanded.sources:
        of = {(s.name, s.project, s.mineral): t for s, t in zip(e.sources, sold, strict=True)}
        keys = ((s.name, s.project, s.mineral) for s in base.expanded.sources)
        sold = np.array([of.get(key, 0.0) for key in keys])
    return Reading(plan.objective, short, top_shares(plan), built, sold)


def top_shares(plan: Plan) -> Floats:
    """Return by mineral the largest share of one country in what is bought in a year."""
    e, d = plan.expanded, plan.expanded.deliveries
    code = {c: i for i, c in enumerate(dict.fromkeys(s.country for s in e.sources))}
    country = np.array([code[s.country] for s in e.sources], dtype=np.int64)
    bought = np.zeros((len(e.minerals), len(e.years), len(code)))
    np.add.at(bought, (d.mineral, d.year, country[d.source]), plan.delivered)
    total = bought.sum(axis=2, keepdims=True)
    if schema.REST_OF_WORLD in code:
        bought[:, :, code[schema.REST_OF_WORLD]] = 0.0
    shares = np.divide(
        bought, total, out=np.zeros_like(bought), where=total > tolerances.LEAST_FLOW
    )
    return np.asarray(shares.max(axis=(1, 2), initial=0.0))


@dataclass(frozen=True)
class Compared:
    """What is read of the plan of a change, beside the session of the base case."""

    change: Change

    def __call__(self, plan: Plan, session: Session) -> EndReading:
        """Return the plan in numbers, its cost with the base's builds, and the first order."""
        base = BasePlan.of(session)
        now = base.read(plan)
        first, bound = base.first_order(plan)
        kept = now.objective
        if np.abs(now.built - base.reading.built).max(initial=0.0) > tolerances.SAME_SHARE:
            if self.is_capital:  # what is built is paid for; nothing else has another cost
                kept = base.reading.objective + base.costs(plan)
            else:
                session.restart()  # the base has these builds: it is nearer than the end
                kept = self._kept(base.plan, base.reading, session)
        session.restart()  # what moves nothing is then proven without a solve
        return EndReading(now, kept, first, bound)

    def _kept(self, base: Plan, before: Reading, session: Session) -> float:
        """Return the cost where nothing else may be built than in the base; NaN if not known."""
        e = base.expanded
        keep = KeptBuilds(
            tuple(
                (e.case.projects[p].name, e.years[t], min(1.0, fraction))
                for (p, t), fraction in np.ndenumerate(before.built)
                if fraction > tolerances.SAME_SHARE
            )
        )
        try:
            plan = None
            if isinstance(self.change, CaseSteps):
                plan = session.vary((*self.change.parts, CaseStep(keep)))
            return (plan or session.solve(keep(self.change(session.case)))).objective
        except PlannerError:
            return float("nan")

    @property
    def is_capital(self) -> bool:
        """Whether it changes what builds cost, or may cost in all, and nothing else."""
        parts = self.change.parts if isinstance(self.change, CaseSteps) else ()
        kinds: list[object] = [part.kind for part in parts] or [self.change]
        return all(getattr(kind, "field", "") == "capex" for kind in kinds)


LEAST, MOST = "at least", "at most"


class BasePlan:
    """The plan of a base case, as others are held against it: made once a session."""

    _of: ClassVar[WeakKeyDictionary[Session, BasePlan]] = WeakKeyDictionary()

    def __init__(self, plan: Plan) -> None:
        """Read the plan and its prices."""
        self.plan, self.reading = plan, reading(plan)
        self.rows = plan.program.rows
        self.x, self.duals = plan.solver_x, plan.discounted
        self.reduced = self.rows.cost - self.rows.value_at(self.duals)

    @classmethod
    def of(cls, session: Session) -> BasePlan:
        """Return that of a session's base case."""
        if session not in cls._of:
            cls._of[session] = cls(session.base)
        return cls._of[session]

    def read(self, plan: Plan) -> Reading:
        """Return a plan in numbers; where it decides what the base does, those of the base."""
        if not np.array_equal(plan.solver_x, self.x):
            return reading(plan, self.plan)
        return dataclasses.replace(self.reading, objective=plan.objective)

    def costs(self, plan: Plan) -> float:
        """Return by how much more the base's plan costs at the costs of another plan's program."""
        new = fit(plan.program, self.plan.program).arrays
        return float(((new.cost - self.rows.cost) * self.x).sum())

    def first_order(self, plan: Plan) -> tuple[float, str]:
        """Return by how much the cost changes to first order, by the base's duals, and as a bound.

        The cost of a plan is convex in bounds and right-hand sides, and concave in costs. So where
        these alone change, the figure is the least, or the most, that the cost can change by; where
        both do, or coefficients, or where builds are whole, it is neither. NaN where the plan's
        program has other columns or rows, or where a limit that has a price is waived.
        """
        fitted = fit(plan.program, self.plan.program)
        if (fitted.of_block < 0).any():
            return float("nan"), ""
        own, new, terms = self.rows, fitted.arrays, list[Floats]()
        has = {name: getattr(new, name) is not getattr(own, name) for name in ARRAYS}
        has = {name: is_new and bool((getattr(new, name) != getattr(own, name)).any())
               for name, is_new in has.items()}  # fmt: skip
        if has["cost"]:
            terms.append((new.cost - own.cost) * self.x)
        for price, low, high in (
            (self.reduced, "lower", "upper"), (self.duals, "row_lower", "row_upper")
        ):  # fmt: skip
            for name, is_priced in ((low, price > 0), (high, price < 0)):
                if has[name]:
                    at = np.flatnonzero(is_priced & (getattr(new, name) != getattr(own, name)))
                    change = getattr(new, name)[at] - getattr(own, name)[at]
                    terms.append(price[at] * change)
        if has["values"]:
            at = np.flatnonzero(new.values != own.values)
            change = new.values[at] - own.values[at]
            terms.append(-self.duals[own.entry_rows()[at]] * change * self.x[own.columns[at]])
        with np.errstate(invalid="ignore"):  # a limit that is waived beside one that is set
            first = float(sum(term.sum() for term in terms))
        is_bound = any(has[name] for name in ARRAYS if name not in {"cost", "values"})
        bound = (LEAST if is_bound else MOST) if is_bound != has["cost"] else ""
        is_theory = not (has["values"] or own.whole.any())
        return (first if np.isfinite(first) else float("nan")), bound if is_theory else ""


# ---- all at once ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hypercube:
    """A Latin hypercube: of each number's range each n-th part, by chance, is drawn once.

    McKay, Beckman & Conover (1979), Technometrics 21(2), 239-245.
    """

    draws: int
    seed: int

    def places(self, numbers: int) -> Floats:
        """Return how far along its range each number is, 0 to 1: a row a draw."""
        source = _random(self.seed)
        strata = [source.permutation(self.draws) for _ in range(numbers)]
        return np.asarray(np.stack(strata, axis=1) + source.random((self.draws, numbers))) / (
            self.draws
        )


@dataclass(frozen=True)
class Trajectories:
    """Morris's trajectories by groups: from a point on a grid, each group moves once, in any order.

    Morris (1991), Technometrics 33(2), 161-174; by groups Campolongo, Cariboni & Saltelli (2007),
    Environmental Modelling & Software 22(10), 1509-1518. ``group`` is that of each number.
    """

    count: int
    seed: int
    group: tuple[int, ...]

    def places(self, numbers: int) -> Floats:
        """Return how far along its range each number is: a row a run, trajectories in turn."""
        source, group, found = _random(self.seed), np.array(self.group), list[Floats]()
        groups = int(group.max()) + 1
        for _ in range(self.count):
            low = source.integers(0, 2, numbers) / (LEVELS - 1)
            is_up = source.integers(0, 2, numbers).astype(bool)
            at = np.where(is_up, low, low + STEP)
            found.append(at)
            for moved_group in source.permutation(groups):
                at = np.where(group == moved_group, np.where(is_up, low + STEP, low), at)
                found.append(at)
        return np.stack(found)


LEVELS = 4
STEP = LEVELS / (2.0 * (LEVELS - 1))
"""The levels of the grid of trajectories, and how far along its range a number moves at once."""


def mean_effects(places: Floats, results: Floats, group: Sequence[int]) -> Floats:
    """Return by group the mean size of what it changes, over its step: Morris's mu*."""
    groups, of = int(max(group)) + 1, np.array(group)
    sizes: list[list[float]] = [[] for _ in range(groups)]
    for first in range(0, len(places), groups + 1):
        for i in range(first, first + groups):
            step = places[i + 1] - places[i]
            moved_group = int(of[np.flatnonzero(step)[0]])
            sizes[moved_group].append(abs(float(results[i + 1] - results[i])) / STEP)
    return np.array([float(np.mean(each)) for each in sizes])


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))


@lru_cache(maxsize=4)
def multiples(every: tuple[Factor, ...], design: Hypercube | Trajectories) -> Floats:
    """Return the factor on each number in each run of a design: a row a run.

    Half of a range is below the value, half above, evenly on each side.
    """
    chance = design.places(len(every))
    low, high = (np.array([getattr(factor, end) for factor in every]) for end in ENDS)
    below = low + (1.0 - low) * 2.0 * chance
    above = 1.0 + (high - 1.0) * (2.0 * chance - 1.0)
    return np.asarray(np.where(chance < 0.5, below, above))  # noqa: PLR2004 - a half


@dataclass(frozen=True)
class DrawnFactors:
    """A change: every number somewhere in its range, as one run of a design has it."""

    factors: tuple[Factor, ...]
    design: Hypercube | Trajectories
    number: int

    def __call__(self, case: Case) -> Case:
        """Return the case of the run."""
        times = multiples(self.factors, self.design)[self.number].tolist()
        columns: dict[tuple[str, str], list[tuple[int, str, float]]] = {}
        for factor, by in zip(self.factors, times, strict=True):
            place = factor.sheet, factor.field
            columns.setdefault(place, []).append((factor.row, factor.member, by))
        for (sheet, field), moves in columns.items():
            case = ScaledColumn(sheet, field, tuple(moves))(case)
        return case


@dataclass(frozen=True)
class DrawReading:
    """The plan of a draw in numbers, its cash, and which rows of Share limits bind, by mineral."""

    plan: Reading
    cash: float
    binding: frozenset[tuple[int, str]]


def draw_reading(plan: Plan, session: Session) -> DrawReading:
    """Return the plan of a draw in numbers, as the base case's are."""
    return DrawReading(reading(plan, session.base), plan.cash, binding(plan))


def binding(plan: Plan) -> frozenset[tuple[int, str]]:
    """Return the share limits that bind in any year, by row of the sheet and mineral."""
    rows = plan.limits[plan.limits["binding"]]
    return frozenset(zip(rows["limit"].tolist(), rows["mineral"].tolist(), strict=True))


def cost_of(plan: Plan, session: Session) -> float:
    """Return the total cost of a plan, which is all that is read of a step."""
    del session
    return plan.objective
