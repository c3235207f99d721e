"""Other plans than the cheapest: out of a country, and what is near the plan (contract section 6).

Readings: nobody is shorter where no mineral is shorter in any year, all members together. Cash is
what is paid for goods, ore, storage, capital and switching, undiscounted; penalties are all else
(shortage, unfair shortage, misses of stock targets, share limits and security) and are not fenced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from .evaluation import evaluate
from .model import CASH, Model
from .neutral import Book, Flows, Optimum
from .reading import Case, Source

DUST = 1e-9
"""By what part of the largest amount a row gives way, so that the plan itself keeps all."""


@dataclass
class Given:
    """What is held of a plan: t short by mineral and year, undiscounted USD of cash by mineral
    with the penalties beside it, and the builds."""

    short: dict[tuple[str, int], float]
    cash: dict[str, float]
    penalties: dict[str, float]
    builds: dict[tuple[str, int], float]


def given(book: Book, flows: Flows) -> Given:
    """What is held of a plan, priced straight from the book."""
    found = evaluate(book, flows)
    short: dict[tuple[str, int], float] = defaultdict(float)
    for (mineral, _, year), t in found.shortage.items():
        short[mineral, year] += t
    cash: dict[str, float] = defaultdict(float)
    penalties: dict[str, float] = defaultdict(float)
    for (kind, mineral, _), usd in found.money.items():
        (cash if kind in CASH else penalties)[mineral] += usd
    builds = {(project, year): fraction for project, year, fraction in flows.builds}
    return Given(short, cash, penalties, builds)


@dataclass
class Exit:
    """The cheapest plan with the least tonnes: by year, their sum, and the plan."""

    least: float
    tonnes: dict[int, float]
    plan: Optimum


def leave(
    book: Book,
    country: str,
    minerals: Collection[str],
    short: Mapping[tuple[str, int], float],
    *,
    most: Mapping[str, float] | None = None,
    lacking: Mapping[tuple[str, str, int], float] | None = None,
) -> Exit:
    """Least t from a country's refiners and projects over all years, then least USD.

    `minerals` may say what a t of each counts; `most` is the most t of a mineral from there;
    `lacking` the most t of a reserve below its target, where that may not be paid for.
    """
    model = _no_shorter(Model(Case(book)), short)
    weights = minerals if isinstance(minerals, Mapping) else dict.fromkeys(minerals, 1.0)

    def of(source: Source) -> bool:
        return source.country == country and source.mineral in minerals

    for mineral, t in (most or {}).items():
        theirs = _flows(model, lambda s, m=mineral: (s.country, s.mineral) == (country, m))
        model.program.row([(c, 1.0) for c in theirs], "<=", t + DUST * _largest(model))
    for key, t in (lacking or {}).items():
        if key in model.lacking:
            model.program.row([(model.lacking[key], 1.0)], "<=", t + DUST * _largest(model))
    terms = [
        (column, weights[source.mineral])
        for (source, _, _), columns in model.flow.items()
        if of(source)
        for column in columns
    ] + [(c, weights[s.mineral]) for (s, _, _), c in model.inputs.items() if of(s)]
    costs = model.program.cost
    model.program.cost = [0.0] * len(costs)
    for column, weight in terms:
        model.program.cost[column] = weight
    least, _ = model.program.optimum()
    model.program.cost = costs
    top = max(weights.values(), default=1.0)
    dust = DUST * _largest(model)
    model.program.row([(c, w / top) for c, w in terms], "<=", least / top + dust)
    objective, x = model.program.optimum()
    tonnes = {year: float(sum(x[c] for c in _flows(model, of, year))) for year in model.case.years}
    return Exit(least, tonnes, model.answer(objective, x))


def span(
    book: Book,
    mineral: str,
    of: Callable[[Source], bool],
    held: Given,
    slack: float = 0.01,
    *,
    builds_free: bool = False,
    penalties_held: bool = False,
) -> tuple[float, float]:
    """Least and most t of a mineral from some of its sources over all years.

    The mineral's cash is at most (1 + slack) x that of the plan, no year is shorter, builds are the
    plan's, but the mineral's own where they are free; penalties of the mineral are at most the
    plan's where they are held.
    """
    case = Case(book)
    own = [p for p, row in case.project_rows.items() if row["Mineral"] == mineral and builds_free]
    model = _no_shorter(Model(case, held.builds, own), held.short)
    costs: dict[bool, list[tuple[int, float]]] = defaultdict(list)
    for (kind, name), columns in model.costs.items():
        costs[kind in CASH] += columns if name == mineral else []
    rights = {True: held.cash.get(mineral, 0.0) * (1.0 + slack)}
    if penalties_held:
        rights[False] = held.penalties.get(mineral, 0.0)
    for kind, usd in rights.items():
        of_a_tonne = (price for column, price in costs[kind] if model.program.mass[column])
        dearest = max(of_a_tonne, default=0.0) or 1.0  # HiGHS drops what is small beside capital
        terms = [(c, price / dearest) for c, price in costs[kind]]
        model.program.row(terms, "<=", usd / dearest * (1.0 + DUST) + DUST)
    columns = _flows(model, lambda source: source.mineral == mineral and of(source))
    model.program.cost = _objective(model, columns, 1.0)
    least, _ = model.program.optimum()
    model.program.cost = _objective(model, columns, -1.0)
    most, _ = model.program.optimum()
    return least, -most


def _no_shorter(model: Model, short: Mapping[tuple[str, int], float]) -> Model:
    """The built model with the tonnes short of each mineral and year at most those given."""
    model.build_all()
    for mineral in model.case.minerals:
        for year in model.case.years:
            tiers = [model.short[mineral, member, year] for member in model.case.members]
            terms = [(column, 1.0) for tier in tiers for column in tier.values()]
            most = short.get((mineral, year), 0.0) + DUST * _largest(model)
            model.program.row(terms, "<=", most)
    return model


def _largest(model: Model) -> float:
    case = model.case
    demands = [case.demand_of(m, tuple(case.members), t) for m in case.minerals for t in case.years]
    return max(demands, default=0.0) or 1.0


def _flows(model: Model, of: Callable[[Source], bool], year: int | None = None) -> list[int]:
    """Columns of the flows of some sources, spot and contracts, of one year or all."""
    return [
        column
        for (source, _, t), columns in model.flow.items()
        if of(source) and year in {None, t}
        for column in columns
    ] + [c for (source, _, t), c in model.inputs.items() if of(source) and year in {None, t}]


def _objective(model: Model, columns: list[int], weight: float) -> list[float]:
    result = [0.0] * len(model.program.cost)
    for column in columns:
        result[column] = weight
    return result
