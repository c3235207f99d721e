"""Sensitivity: which numbers of a workbook decide its plan, and which to look up first.

``factors`` says what moves and what is read of each plan; here are the tables that come of it, and
the finding and charts made of these tables alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from models import schema, tolerances
from models.case import Case
from models.errors import PlannerError
from models.plan import Plan
from models.resolve import Bools, Floats
from models.resolve.uncertainty import Factor, column_of, factors, values_of
from models.results import About, Field, Look, Result, common, field
from models.results import Figure as Measure
from models.units import MILLION
from planner.options import CAP_HELP, IntegerOption
from planner.render.chart import Form, Picture, Role, bars, drawn
from planner.render.words import capitalized, clean, counted, cut, known, money, share, tonnes
from planner.studies.engine import Change, Outcome, Run, Study, Tell, chains_of, run_study
from planner.studies.factors import (
    ENDS,
    LOW,
    Compared,
    DrawnFactors,
    DrawReading,
    EndReading,
    FactorChanges,
    Hypercube,
    Reading,
    Trajectories,
    binding,
    cost_of,
    draw_reading,
    mean_effects,
    multiples,
    reading,
)
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.workbook.plan_file import read_study

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where
    from planner.workbook.findings import Layout

COST, SHORTAGE, DECISIONS = "cost", "shortage", "decisions"
BY, NUMBERS, DRAWS = "Ranked by", "Numbers with a range", "Draws"
"""Rows of About: what the numbers are ranked by, how many there are, how often all are drawn."""
EXACT, LEAST, MOST, NEITHER, UNKNOWN = "exact", "at least", "at most", "neither", "not known"
CHAIN = 24
"""Runs in a chain, at most."""
ENOUGH = 0.8
"""The numbers that decide hold this part of all swings together ..."""
HOLDS = 0.95
"""A decision holds that is as planned in this part of draws or more."""
BUILDS, BUYS, BINDS = "built", "bought from", "binds"
_NOT_FAIR = "no fair sample of all"
_MOST_TRAJECTORIES = 10
_MOST_DRAWS, _MOST_SEED = 100_000, 2**63 - 1
_DECIDE = 12
"""... and are at most so many."""
_MOST_SAID = 2
_AS_NOW = "As it stands"


# ---- tables --------------------------------------------------------------------------------------


def _end(header: str, meaning: str, make: Callable[..., Field], key: str) -> tuple[Field, Field]:
    """Return the fields of both ends of a range."""
    ends = ((LOW, "at its low end"), ("high", "at its high end"))
    low, high = (
        make(f"{header} at {end}", f"{meaning} {where}.", key=key.format(end=end))
        for end, where in ends
    )
    return low, high


class _Ends(Result):
    """What is known of a number, or of several that move together."""

    rank = field("Rank", Look.COUNT)
    what = field.text("What", "The number that moves, and whose it is.", widest=44)
    sheet = common.SHEET
    column = common.COLUMN
    cells = field.text("Cells", "Its cells in the workbook: of one row, all years.", optional=True)
    mineral = common.MINERAL.like(meaning="")
    count = field("Numbers", Look.COUNT, "How many numbers move.", optional=True)
    value = field("Value", Look.FACTOR, "The value in its first cell.", optional=True)
    unit = common.UNIT.like(meaning="", optional=True)
    low = field("Low", Look.FACTOR, "The low end, as a factor on the value.", optional=True)
    high = field("High", Look.FACTOR, "The high end, as a factor on the value.", optional=True)
    swing = field.millions(
        "Swing in cost",
        "From the least to the most total cost of the plans at both ends and as it stands."
        " Shortage counts at its price.",
        key="swing_usd",
    )
    alone = field.millions(
        "Sum of single swings",
        "The swings in cost of its numbers, each alone, added up.",
        key="alone_usd",
        optional=True,
    )
    effect = field.millions(
        "Mean effect",
        "Mean size of the change in total cost when the group moves by two thirds of its range"
        " while all others are anywhere in theirs, over those two thirds: Morris's mu*.",
        key="mean_effect_usd",
        optional=True,
    )
    swing_short = field.tonnes(
        "Swing in shortage", "The same of the tonnes short.", key="swing_short_t"
    )
    moved = field.share(
        "Bought elsewhere",
        "Part of purchases, by value, that other plants sell than planned; the larger end.",
    )
    otherwise_low, otherwise_high = (
        field(
            f"What the plan would do at its {end} end",
            Look.SENTENCE,
            "Otherwise than as it stands: what it builds, buys and leaves short.",
            widest=60,
            key=f"otherwise_{end}",
        )
        for end in ENDS
    )
    worth = field.millions(
        "Worth of knowing",
        "Mean over both ends of what planning again saves against the builds of today's plan.",
        key="worth_usd",
    )
    by = field.text(
        "Range by",
        "A row of Uncertainty, the grade of its row, or its mark; else that it has none.",
        optional=True,
    )
    estimate = field.text(
        "Estimate", "yes: its row is marked or graded as an estimate or a guess.", optional=True
    )
    origin = field(
        "Source or mark", Look.REMARK, "The source of its row, else its note.", optional=True
    )
    cost_low, cost_high = _end(
        Measure.TOTAL_COST.value, "Total cost of the plan", field.millions, "cost_{end}_usd"
    )
    short_low, short_high = _end(
        common.SHORT.header, "Tonnes short in the plan", field.tonnes, "short_{end}_t"
    )
    first_low, first_high = _end(
        "First order",
        "What the shadow prices of today's plan say that total cost changes by",
        field.millions,
        "first_order_{end}_usd",
    )
    is_exact = field.text(
        "First order is",
        f"{EXACT}: it is the change of cost at both ends. {LEAST}: the cost changes by it or more;"
        f" {MOST}: by it or less, since the cost is convex in limits and concave in costs."
        f" {NEITHER}: no bound. {UNKNOWN}: the move changes what there is to decide.",
        key="first_order",
    )
    top_low, top_high = _end(
        "Change in largest share",
        "The largest change of a mineral's share from its largest supplier country, of purchases,",
        field.share,
        "top_share_{end}",
    )


_OF_ONE = (
    _Ends.cells, _Ends.value, _Ends.unit, _Ends.low, _Ends.high, _Ends.by, _Ends.estimate,
    _Ends.origin,
)  # fmt: skip
_OF_SEVERAL = (_Ends.count, _Ends.alone, _Ends.effect)


class Sensitivities(_Ends):
    """One row a number with a range, the one that decides most first; each moves alone."""

    TABLE, GRAIN, BOOK = "Sensitivity", ("sheet", "cells"), "sensitivity"


class GroupSensitivities(_Ends):
    """One row a sheet, mineral and column, whose numbers move together."""

    TABLE, GRAIN, BOOK = "Groups", ("sheet", "column", "mineral"), "sensitivity"


class DrawMeasures(Result):
    """One row a measure, and a mineral where it is of one: what all numbers moved at once give."""

    TABLE, GRAIN, BOOK = "Draws", ("measure", "mineral"), "sensitivity"

    measure = common.MEASURE.like(look=Look.TEXT)
    mineral = common.MINERAL.like(meaning="")
    unit = common.UNIT.like(meaning="")
    now = field("As it stands", Look.PRICE, "In the plan of the workbook's own numbers.")
    often = field.share("Draws with a shortage", "Part of all draws.", key="short_in")
    mean = field("Mean", Look.PRICE)
    p5 = field("5th percentile", Look.PRICE)
    p25 = field("25th percentile", Look.PRICE)
    p50 = field("Median", Look.PRICE)
    p75 = field("75th percentile", Look.PRICE)
    p95 = field("95th percentile", Look.PRICE)


class DrawDecisions(Result):
    """One row a project, a supplier and a share limit: in how many draws it is as planned."""

    TABLE, GRAIN, BOOK = "Decisions", ("decision", "name", "mineral"), "sensitivity"

    decision = field.text(
        "Decision",
        f"{BUILDS}: at least 1 % of the project. {BUYS}: the coalition buys from the plant."
        f" {BINDS}: the row of Share limits is reached in some year.",
    )
    name = field.text("Of", "The project, the plant, or the row of Share limits.", widest=44)
    mineral = common.MINERAL.like(meaning="")
    planned = field.text("As it stands", "Whether it is so in the plan of the workbook's numbers.")
    often = field.share("In draws", "Part of all draws in which it is so.", key="in_draws")
    holds = field.text("Holds", f"yes: it is as planned in {share(HOLDS)} of draws or more.")
    unit = common.UNIT.like(meaning="")
    p5 = field("5th percentile", Look.PRICE, "Of what is built, or of the tonnes bought.")
    p50 = field("Median", Look.PRICE)
    p95 = field("95th percentile", Look.PRICE)


class AsItStands(Result):
    """The plan that both ends of each number are held against."""

    TABLE, GRAIN, BOOK = "As it stands", (), "sensitivity"

    cost = field.millions(Measure.TOTAL_COST.value, "Shortage counts at its price.", key="cost_usd")
    cash = field.millions(
        Measure.CASH_COST.value, f"What is paid. {common.UNDISCOUNTED}", key="cash_usd"
    )
    short = common.SHORT.like(key="short_t")


# ---- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactorGroup:
    """Numbers that move together from end to end; their runs by end, "" for an end that is 1."""

    factors: tuple[Factor, ...]
    mineral: str
    runs: Mapping[str, str]

    @property
    def head(self) -> Factor:
        return self.factors[0]


@dataclass(frozen=True)
class Ends:
    """What is known of the plans at both ends, None where there is no proven plan.

    An end that does not move is the plan as it stands.
    """

    base: Reading
    low: EndReading | None
    high: EndReading | None

    @property
    def known(self) -> tuple[EndReading, ...]:
        return tuple(end for end in (self.low, self.high) if end is not None)

    def swing(self, of: Callable[[Reading], float], nothing: float) -> float | None:
        """Return the most less the least of a number, None where an end is not known.

        What is below ``nothing`` is the solver's rounding.
        """
        if len(self.known) < len(ENDS):
            return None
        numbers = [of(self.base), *(of(end.plan) for end in self.known)]
        swing = max(numbers) - min(numbers)
        return swing if swing > nothing else 0.0

    @property
    def worth(self) -> float | None:
        lost = [end.kept - end.plan.objective for end in self.known]
        mean = sum(lost) / len(ENDS) if len(lost) == len(ENDS) else math.nan
        return max(0.0, mean) if math.isfinite(mean) else None

    def moved(self, prices: Floats) -> float:
        """Return the part of purchases, by value, that other sources sell; the larger end."""
        value = float((self.base.sold * prices).sum())
        parts = [float((np.abs(e.plan.sold - self.base.sold) * prices).sum()) for e in self.known]
        return max(parts, default=0.0) / 2.0 / value if value > 0 else 0.0

    @property
    def verdict(self) -> str:
        """What the first-order figures are."""
        moves = [end for end in self.known if end.plan is not self.base]
        if len(self.known) < len(ENDS) or any(math.isnan(end.first) for end in moves):
            return UNKNOWN
        changes = [(end.plan.objective - self.base.objective, end.first) for end in moves]
        if all(_same(change, first, self.base.objective) for change, first in changes):
            return EXACT
        return next((end.bound for end in moves if end.bound), NEITHER)


def _same(change: float, first: float, cost: float) -> bool:
    near = tolerances.SAME_SHARE * max(abs(change), abs(first))
    return abs(change - first) <= near + tolerances.SAME_CELL * abs(cost)


def study_of(
    case: Case, every: Sequence[Factor], names: Callable[[Factor], str], *, is_grouped: bool
) -> tuple[Study[object], list[FactorGroup]]:
    """Return the runs and what each is of: factors first, then groups.

    Runs that one layout gives are neighbours; a group of one has the runs of its factor.
    """
    movement = FactorChanges(case, every)
    moving, runs = list[FactorGroup](), list[tuple[object, Run]]()

    def ends(factors: tuple[Factor, ...], name: str, mineral: str) -> FactorGroup:
        found = {}
        for end in ENDS:
            if all(getattr(factor, end) == 1.0 for factor in factors):
                continue
            change: Change = movement.change(factors, end)
            found[end] = f"{name} {end}"
            key = factors[0].sheet, factors[0].field, end, movement.rank(factors)
            runs.append((key, Run(found[end], change, compare=Compared(change))))
        return FactorGroup(factors, mineral, found)

    for factor in every:
        moving.append(ends((factor,), names(factor), movement.mineral(factor)))
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, factor in enumerate(every if is_grouped else ()):
        groups.setdefault((factor.sheet, movement.mineral(factor), factor.field), []).append(i)
    for (sheet, mineral, column), members in groups.items():
        own = tuple(every[i] for i in members)
        if len(own) == 1:
            moving.append(FactorGroup(own, mineral, moving[members[0]].runs))
        else:
            name = f"{sheet}, {mineral or 'all minerals'}, {column_of(sheet, column).header}"
            moving.append(ends(own, name, mineral))
    alike: dict[object, list[Run]] = {}
    for key, run in runs:
        alike.setdefault(key, []).append(run)
    return Study(case, ((Run(_AS_NOW),), *_chains(alike.values())), read), moving


def _chains(alike: Iterable[list[Run]]) -> Iterator[tuple[Run, ...]]:
    """Yield runs in chains: those of one layout together, where they are not more than a chain."""
    chain: list[Run] = []
    for runs in alike:
        if chain and len(chain) + len(runs) > CHAIN:
            yield tuple(chain)
            chain = []
        *full, rest = chains_of(runs, CHAIN)
        yield from full
        chain += rest
    if chain:
        yield tuple(chain)


def read(plan: Plan) -> object:
    """Return the plan as it stands, whole."""
    return plan


# ---- what the numbers are called -----------------------------------------------------------------


def cells_of(factor: Factor, case: Case, layout: Layout) -> list[str]:
    """Return the cells of a number, one a year where its years have columns."""
    record: Any = next(r for r in case.records(factor.sheet) if r.row == factor.row)
    value, header = getattr(record, factor.field), factor.column.header
    if isinstance(value, tuple):
        heads = [str(name) for name, n in value if n and factor.member in {"", name}]
    elif isinstance(value, schema.ByYear):
        heads = [header] if value.base is not None else []
        heads += [f"{header} {year}" for year, step in value.steps if step is not None]
    else:
        heads = [header]
    cells = (layout.known_cell(factor.sheet, factor.row, head) for head in heads)
    return [cell for cell in cells if cell]


def what_of(factor: Factor, record: Any, case: Case) -> str:
    """Return what a number is, and whose: ``Capacity of Jiangxi for Copper``."""
    at, mineral = factor.column.header, getattr(record, "mineral", "")
    country = case.country_name(str(getattr(record, "country", "")))
    if isinstance(record, schema.Mine):
        whose = f"mines in {country}"
    elif isinstance(record, schema.Demand):
        whose = f"{record.member}{f' ({record.tier})' if record.tier else ''}"
    elif isinstance(record, schema.Freight):
        whose = f"{country} to {factor.member}"
    elif hasattr(record, "name"):
        whose = str(record.name) or f"row {record.row}"
    else:
        names = ("refiner", "country", "member", "input", "year")
        parts = [str(getattr(record, name, "") or "") for name in names]
        whose = ", ".join(filter(None, parts)) or f"row {record.row}"
    named = mineral and mineral.casefold() not in whose.casefold()
    return clean(f"{at} of {whose}{f' for {mineral}' if named else ''}")


def _otherwise(base: Reading, end: Reading, plan: Plan) -> str:
    """Return in words what a plan does otherwise than the one as it stands."""
    case, e = plan.case, plan.expanded
    same = ("built", "sold", "short")
    if all(np.array_equal(getattr(base, name), getattr(end, name)) for name in same):
        return ""
    said = []
    for p, project in enumerate(case.projects):
        before, after = float(base.built[p].sum()), float(end.built[p].sum())
        if abs(after - before) > _LEAST_BUILT:
            said.append((abs(after - before), _built(project.name, before, after)))
        elif after > 0 and _begins(end.built[p]) != _begins(base.built[p]):
            first, now = (e.years[_begins(each[p])] for each in (base.built, end.built))
            said.append((_LEAST_BUILT, f"{project.name} from {now} instead of {first}"))
    parts = [text for _, text in sorted(said, key=lambda pair: -pair[0])[:_MOST_SAID]]
    for sign, word in ((-1.0, "less"), (1.0, "more")):
        changes = sign * (end.sold - base.sold)
        for s in np.argsort(-changes, kind="stable")[:_MOST_SAID]:
            if changes[s] > tolerances.LEAST_MOVE * max(1.0, float(base.sold.sum())):
                source = e.sources[s]
                plant = source.project or source.name
                parts.append(f"{tonnes(float(changes[s]))} {word} {source.mineral} from {plant}")
    for m in np.argsort(-np.abs(end.short - base.short), kind="stable")[:_MOST_SAID]:
        change = float(end.short[m] - base.short[m])
        if abs(change) > tolerances.LEAST_MOVE * max(1.0, case.total_demand):
            word = "more" if change > 0 else "less"
            parts.append(f"{tonnes(abs(change))} {word} {e.minerals[m]} short")
    return "; ".join(parts)


_LEAST_BUILT = 0.01


def _begins(built: Floats) -> int:
    return int(np.argmax(built > tolerances.SAME_SHARE))


def _built(name: str, before: float, after: float) -> str:
    words = [share(min(1.0, each)) if each > tolerances.SAME_SHARE else "nothing"
             for each in (after, before)]  # fmt: skip
    return f"{name}: {words[0]} built instead of {words[1]}"


# ---- rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SensitivityRuns:
    """What came of a study: the plan as it stands, and the plans at the ends of what moves."""

    case: Case
    base: Plan
    reading: Reading
    moving: tuple[FactorGroup, ...]
    outcomes: Mapping[str, Outcome[Any]]

    def ends(self, moving: FactorGroup) -> Ends:
        still = EndReading(self.reading, self.reading.objective, 0.0, "")
        low, high = (
            self.outcomes[moving.runs[end]].found if end in moving.runs else still for end in ENDS
        )
        return Ends(self.reading, low, high)

    def row(self, moving: FactorGroup) -> dict[str, Any]:
        """Return what a row of factors and one of groups have in common."""
        ends = self.ends(moving)
        row: dict[str, Any] = {
            "sheet": moving.head.sheet, "column": moving.head.column.header,
            "mineral": moving.mineral,
            "swing": ends.swing(
                lambda of: of.objective, tolerances.SAME_CELL * abs(self.reading.objective)
            ),
            "swing_short": ends.swing(
                lambda of: float(of.short.sum()),
                tolerances.LEAST_MOVE * max(1.0, self.case.largest_demand),
            ),
            "moved": ends.moved(self.prices),
            "worth": ends.worth, "is_exact": ends.verdict,
        }  # fmt: skip
        for end, at in zip(ENDS, (ends.low, ends.high), strict=True):
            if at is not None:
                change = at.plan.top - self.reading.top
                change = np.where(np.abs(change) < tolerances.SAME_SHARE, 0.0, change)
                said = _otherwise(self.reading, at.plan, self.base)
                row |= {
                    f"otherwise_{end}": said,
                    f"cost_{end}": at.plan.objective, f"short_{end}": float(at.plan.short.sum()),
                    f"first_{end}": at.first if math.isfinite(at.first) else None,
                    f"top_{end}": float(change[np.argmax(np.abs(change))]) if len(change) else 0.0,
                }  # fmt: skip
        return row

    @cached_property
    def prices(self) -> Floats:
        """The mean price of what each source sells [money/t]."""
        years = self.case.years
        price = {
            m.name: sum(m.price.value(year) for year in years) / len(years)
            for m in self.case.minerals
        }
        return np.array([price[source.mineral] for source in self.base.expanded.sources])


_RANKED = {COST: "swing", SHORTAGE: "swing_short", DECISIONS: "moved"}


def _in_rank(rows: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return rows with their rank, the largest first; what is not known comes last."""
    name = _RANKED[by]
    ranked = sorted(rows, key=lambda row: -1.0 if row[name] is None else row[name], reverse=True)
    return [row | {"rank": i} for i, row in enumerate(ranked, 1)]


# ---- all numbers at once -------------------------------------------------------------------------


def draw_tables(base: Plan, drawn: Sequence[DrawReading]) -> tuple[DrawMeasures, DrawDecisions]:
    """Return the quantiles of cost and shortage, and which decisions hold."""
    case, e, now = base.case, base.expanded, reading(base)
    words, currency = common.words_of(case), case.settings.currency
    short = np.array([d.plan.short for d in drawn])
    measures: list[tuple[str, str, str, float, Floats]] = [
        (Measure.TOTAL_COST, "", f"{currency} m", now.objective / MILLION,
         np.array([d.plan.objective for d in drawn]) / MILLION),
        (Measure.CASH_COST, "", f"{currency} m", base.cash / MILLION,
         np.array([d.cash for d in drawn]) / MILLION),
        (Measure.SHORTAGE, "", "t", float(now.short.sum()), short.sum(axis=1)),
        *((Measure.SHORTAGE, mineral, "t", float(now.short[m]), short[:, m])
          for m, mineral in enumerate(e.minerals)),
    ]  # fmt: skip
    rows = [
        {"measure": str(name), "mineral": mineral, "unit": unit, "now": value,
         "often": float((sample > tolerances.LEAST_FLOW).mean()) if unit == "t" else None,
         "mean": float(sample.mean()), **_quantiles(sample)}
        for name, mineral, unit, value, sample in measures
    ]  # fmt: skip
    decisions = list(_decisions(base, now, drawn))
    return (
        DrawMeasures.of_rows(rows, words=words), DrawDecisions.of_rows(decisions, words=words)
    )  # fmt: skip


def _quantiles(sample: Floats, percents: Sequence[int] = (5, 25, 50, 75, 95)) -> dict[str, float]:
    return {f"p{p}": float(np.quantile(sample, p / 100)) for p in percents}


def _decisions(base: Plan, now: Reading, drawn: Sequence[DrawReading]) -> Iterator[dict[str, Any]]:
    """Yield what is built, who is bought from and which limits bind, in the plan and in draws."""
    case, few = base.case, (5, 50, 95)
    built = np.array([d.plan.built.sum(axis=1) for d in drawn])
    for p, project in enumerate(case.projects):
        is_so = float(now.built[p].sum()) >= _LEAST_BUILT
        often = built[:, p] >= _LEAST_BUILT
        yield _decision(BUILDS, project.name, project.mineral, is_so, often) | {
            "unit": "part built", **_quantiles(built[:, p], few)
        }  # fmt: skip
    sold = np.array([d.plan.sold for d in drawn])
    for s, source in enumerate(base.expanded.sources):
        is_so, name = bool(now.sold[s] > tolerances.LEAST_FLOW), source.project or source.name
        yield _decision(BUYS, name, source.mineral, is_so, sold[:, s] > tolerances.LEAST_FLOW) | {
            "unit": "t", **_quantiles(sold[:, s], few)
        }  # fmt: skip
    planned = binding(base)
    places = planned.union(*(d.binding for d in drawn))
    for limit, mineral in sorted(places):
        row = case.share_limits[limit]
        often = np.array([(limit, mineral) in d.binding for d in drawn])
        name = f"row {row.row}: {row.limit} of {row.supplier or row.group}"
        yield _decision(BINDS, name, mineral, (limit, mineral) in planned, often)


def _decision(what: str, name: str, mineral: str, is_so: bool, often: Bools) -> dict[str, Any]:
    part_of = float(often.mean())
    holds = (part_of if is_so else 1.0 - part_of) >= HOLDS
    return {
        "decision": what, "name": name, "mineral": mineral, "planned": "yes" if is_so else "no",
        "often": part_of, "holds": "yes" if holds else "no",
    }  # fmt: skip


# ---- the kind ------------------------------------------------------------------------------------


class SensitivityStudy(StudyKind):
    """Find which numbers decide the plan, and which to look up first.

    Each capacity, available share, cost, demand, price and capex of the workbook moves alone to the
    low and to the high end of its range, and the case is planned again. The range is given by the
    sheet Uncertainty, by the column Grade of its row, or by whether its row is marked as an
    estimate.

    \b
    planner sensitivity case.xlsx
    planner sensitivity case.xlsx --group --by shortage

    The worth of knowing a number is what the coalition would save on average by building for its
    true value, not as in today's plan.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "sensitivity", "Sensitivity", "sensitivity"
    QUESTION = "How sure is the plan: which numbers decide it?"
    LACKING = "the plan as it stands is not known"
    RESULTS = (Sensitivities, GroupSensitivities, AsItStands, DrawMeasures, DrawDecisions)
    RECORDS = ("factors", "groups", "as_it_stands", "draws", "decisions")
    LIMIT = CAP_HELP
    MONEY = "total cost discounted to the first year, cash cost undiscounted"
    OPTIONS = (
        click.option("--group", "is_grouped", is_flag=True,
                     help="Also move all numbers of a sheet, mineral and column together."),
        click.option("--by", type=click.Choice([COST, SHORTAGE, DECISIONS]), default=COST,
                     help="What the numbers are ranked by: what they change in total cost, in"
                     " tonnes short, or in who is bought from [cost]."),
        click.option("--draws", type=IntegerOption(0, _MOST_DRAWS), default=0, metavar="N",
                     help="Also draw all numbers at once, so many times [none]."),
        click.option("--seed", type=IntegerOption(0, _MOST_SEED), default=1, metavar="S",
                     show_default=True, help="Seed of the draws: the same seed, the same draws."),
    )  # fmt: skip

    def __init__(
        self, start: Start, *, is_grouped: bool, by: str, draws: int = 0, seed: int = 1
    ) -> None:
        """Find the numbers with a range."""
        super().__init__(start)
        self.by, self.is_grouped, self.draws, self.seed = by, is_grouped, draws, seed
        self.factors = factors(start.case)
        self.task = f"the case, then both ends of {counted(len(self.factors), 'number')}"
        layout, case = start.book.layout, start.case
        self.cells = {f: cells_of(f, case, layout) for f in self.factors}

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case as it stands, then each end."""
        del say
        study, self.moving = study_of(
            self.start.case, self.factors, self._name, is_grouped=self.is_grouped
        )
        every = tuple(self.factors)
        cube = Hypercube(self.draws, self.seed)
        drawn = [
            Run(f"Draw {i + 1}", DrawnFactors(every, cube, i), compare=draw_reading)
            for i in range(self.draws if every else 0)
        ]
        self.trajectories = self._trajectories(every) if drawn and self.is_grouped else None
        steps = 0 if self.trajectories is None else len(multiples(every, self.trajectories))
        moves = [
            Run(f"Step {i + 1}", DrawnFactors(every, self.trajectories, i), compare=cost_of)
            for i in range(steps)
            if self.trajectories is not None
        ]
        more = (*chains_of(drawn, CHAIN), *chains_of(moves, CHAIN))
        study = replace(study, chains=(*study.chains, *more))
        outcomes = run_study(study, where, tell)
        self.outcomes, self.stopped = outcomes.every, outcomes.stopped

    def _trajectories(self, every: tuple[Factor, ...]) -> Trajectories:
        """Return the steps of groups while all other numbers are somewhere in their ranges."""
        group = {f: i for i, m in enumerate(self.moving[len(every) :]) for f in m.factors}
        count = min(_MOST_TRAJECTORIES, max(2, self.draws // (1 + max(group.values()))))
        return Trajectories(count, self.seed, tuple(group[factor] for factor in every))

    def _name(self, factor: Factor) -> str:
        cells = self.cells[factor]
        return f"{factor.sheet} {cells[0] if cells else f'row {factor.row} {factor.field}'}"

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """The plan as it stands, and what was not run: an end may have no plan."""
        return [*self.outcomes[:1], *(o for o in self.outcomes[1:] if not o.ran)]

    @property
    def progress_label(self) -> str:
        ends = self.outcomes[1:]
        return f"{sum(o.planned for o in ends):,} of {counted(len(ends), 'run')} planned"

    @property
    def trouble(self) -> str:
        """Which ends have no plan, and why."""
        failed = [o for o in self.outcomes[1:] if o.ran and not o.planned]
        if not failed:
            return ""
        first = f"{failed[0].name}: {failed[0].error}"
        return f"{counted(len(failed), 'run')} without a plan; the first is {first}"

    @property
    def plans(self) -> Mapping[str, Plan]:
        plan: Any = self.outcomes[0].found
        return {"the plan as it stands": plan}

    @property
    def subject(self) -> str:
        return f"{counted(len(self.factors), 'number')} with a range, each moved alone"

    @property
    def options(self) -> dict[str, str]:
        """What was asked, scenario and what-ifs among it."""
        settings = self.start.case.settings
        ranges = (
            f"{share(settings.estimate_range)} either way for estimates,"
            f" {share(settings.published_range)} for others, where neither Uncertainty nor a grade"
            " says otherwise"
        )
        asked = {BY: self.by, NUMBERS: f"{len(self.factors):,}", "Ranges": ranges}
        if self.draws:
            asked[DRAWS] = f"{self.draws:,}, Latin hypercube, seed {self.seed}"
            if 0 < len(self.drawn) < self.draws:
                asked[DRAWS] = f"{len(self.drawn):,} planned of {asked[DRAWS]}; {_NOT_FAIR}"
        return {**self.start.options, **asked}

    def tables(self) -> list[Result]:
        """Return the numbers, and the groups that move together."""
        base: Any = self.outcomes[0].found
        case, words = self.start.case, common.words_of(self.start.case)
        of = {outcome.name: outcome for outcome in self.outcomes}
        found = SensitivityRuns(case, base, reading(base), tuple(self.moving), of)
        count = len(self.factors)
        rows = [found.row(m) | self._of_one(m.head) for m in self.moving[:count]]
        table = Sensitivities.of_rows(_in_rank(rows, self.by), words=words).without(*_OF_SEVERAL)
        still = {"cost": base.objective, "cash": base.cash, "short": base.shortage}
        standing = AsItStands.of_rows([still], words=words)
        more = [standing, *(draw_tables(base, self.drawn) if self.drawn else ())]
        if not self.is_grouped:
            return [table, *more]
        alone = {m.head: row["swing"] for m, row in zip(self.moving, rows, strict=False)}
        groups = [found.row(m) | self._of_several(m, alone) for m in self.moving[count:]]
        effects = self._effects()
        for row, effect in zip(groups, effects, strict=False):
            row["effect"] = effect
        grouped = GroupSensitivities.of_rows(_in_rank(groups, self.by), words=words)
        unknown = () if effects else (GroupSensitivities.effect,)
        return [table, grouped.without(*_OF_ONE, *unknown), *more]

    @property
    def drawn(self) -> list[DrawReading]:
        """The draws that have a plan."""
        return [o.found for o in self.outcomes if isinstance(o.found, DrawReading)]

    def _effects(self) -> list[float]:
        """Return the mean effect of each group, none where a step has no plan."""
        steps = [o for o in self.outcomes if o.name.startswith("Step ")]
        if self.trajectories is None or not all(o.planned for o in steps):
            return []
        places = self.trajectories.places(len(self.factors))
        costs = np.array([o.objective for o in steps], dtype=float)
        return [float(effect) for effect in mean_effects(places, costs, self.trajectories.group)]

    def _of_one(self, factor: Factor) -> dict[str, Any]:
        case = self.start.case
        record: Any = next(r for r in case.records(factor.sheet) if r.row == factor.row)
        return {
            "what": what_of(factor, record, case), "cells": ", ".join(self.cells[factor]),
            "value": values_of(record, factor.field, factor.member)[0],
            "unit": factor.column.unit.replace("USD", case.settings.currency),
            "low": factor.low, "high": factor.high, "by": factor.by,
            "estimate": "yes" if factor.is_estimate else "", "origin": record.source or record.note,
        }  # fmt: skip

    @staticmethod
    def _of_several(moving: FactorGroup, alone: Mapping[Factor, float | None]) -> dict[str, Any]:
        swings = [alone[factor] for factor in moving.factors]
        header, sheet = moving.head.column.header, moving.head.sheet
        header += "" if header == sheet else f" of {sheet}"
        return {
            "what": f"{header}, {moving.mineral}" if moving.mineral else header,
            "count": len(swings), "alone": sum(swing or 0.0 for swing in swings),
        }  # fmt: skip

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return the plan as it stands, and the numbers with their cells as a list."""
        more, base = super().answer(tables), self.plans["the plan as it stands"]
        rows: Any = more["factors"]
        every = [row | {"cells": str(row["cells"] or "").split(", ")} for row in rows]
        known_base = {"objective_usd": base.objective, "shortage_t": base.shortage}
        return {
            "by": self.by,
            **known_base,
            "trouble": self.trouble or None,
            **more,
            "factors": every,
        }

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        """Return the numbers that decide, the same as the finding and the chart have."""
        table = tables[Sensitivities]
        yield Numbers(table.where([rank <= _shown(tables) for rank in table.rank]), _SCREEN)
        if DrawMeasures in tables:
            yield Numbers(tables[DrawMeasures], heading="All numbers drawn at once")
        if GroupSensitivities in tables:
            groups = tables[GroupSensitivities]
            first = groups.where([rank <= _DECIDE for rank in groups.rank])
            yield Numbers(first, _GROUP_SCREEN, "Moved together")

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say how many numbers decide the plan, what the first one moves, what knowing is worth."""
        table, by = tables[Sensitivities], tables.option(BY)
        deciding = decisive(tables)
        held = _held(tables, len(deciding))
        figures = tuple(_figures(tables))
        alone = (
            "Each number is moved alone, within its range: from its grade or mark, or from the"
            " sheet Uncertainty."
        )
        care = [
            alone,
            "Total cost includes shortage at its price, although nobody pays that.",
        ]
        if deciding:
            differ = (
                f"A number decides by how much it changes {_WORDS[by]}, and is worth knowing if"
                " plants should be built for its true value"
            )
            if DrawDecisions in tables:
                differ += "; a decision holds if draws rarely change it"
            care.insert(0, f"{differ}.")
        missing = len(table) - _known(table)
        if missing:
            every = counted(len(table), "number")
            care.insert(0, f"The swings of {missing:,} of {every} are not known.")
        if _NOT_FAIR in tables.option(DRAWS):
            care.insert(0, f"Draws: {tables.option(DRAWS)}.")
        rows = (
            (f"{sheet} {_cell(cells)}", cut(f"{what}. {origin or capitalized(by_mark)}", _SOURCE))
            for sheet, cells, what, origin, by_mark, _ in deciding
        )
        said = _finding(tables)
        if deciding:
            they = "Together they make up" if len(deciding) > 1 else "It makes up"
            which = "the known" if missing else "all"
            said += (
                f" {they} {share(held)} of the changes in {_WORDS[by]} that {which} numbers can"
                " cause, each alone."
            )
        return Headline(said, figures, tuple(care), tuple(rows))

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return the tornado of the largest numbers, and that of groups."""
        return drawn(
            tornado(tables, Sensitivities), tornado(tables, GroupSensitivities)
            if GroupSensitivities in tables else None,
        )  # fmt: skip

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the numbers that decide, then the groups."""
        lead = (
            "Each number is moved alone to both ends of its range, and the case is planned again"
            " each time."
        )
        table = tables[Sensitivities]
        first = Numbers(table.where([rank <= _shown(tables) for rank in table.rank]), _PAGE)
        views = first.view(tornado(tables, Sensitivities))
        found = [Section("sensitivity", "Which numbers decide the plan", lead, views)]
        if GroupSensitivities in tables:
            lead = "All numbers of one sheet, mineral and column are moved together."
            groups = Numbers(tables[GroupSensitivities], _GROUP_SCREEN)
            views = groups.view(tornado(tables, GroupSensitivities))
            found.append(Section("groups", "Moved together", lead, views))
        if DrawDecisions in tables:
            holds = f"A decision holds in {share(HOLDS)} of draws or more."
            lead = f"All numbers are drawn at once. {holds}"
            decisions, measures = tables[DrawDecisions], Numbers(tables[DrawMeasures])
            loose = decisions.where([holds == "no" for holds in decisions.holds])
            blocks = (Numbers(loose, heading="Decisions that do not hold"),)
            found.append(Section("draws", "All at once", lead, measures.view(), blocks=blocks))
        return tuple(found)


_WORDS = {COST: "total cost", SHORTAGE: "tonnes short", DECISIONS: "who is bought from"}
_SCREEN = (
    Sensitivities.sheet, Sensitivities.cells, Sensitivities.what, Sensitivities.low,
    Sensitivities.high, Sensitivities.swing, Sensitivities.swing_short, Sensitivities.worth,
)  # fmt: skip
_PAGE = (*_SCREEN, Sensitivities.otherwise_low, Sensitivities.otherwise_high, Sensitivities.origin)
_GROUP_SCREEN = (
    GroupSensitivities.sheet, GroupSensitivities.column, GroupSensitivities.mineral,
    GroupSensitivities.count, GroupSensitivities.swing, GroupSensitivities.alone,
    GroupSensitivities.swing_short, GroupSensitivities.worth,
)  # fmt: skip


def _sizes(tables: Tables) -> list[float]:
    """Return what the numbers are ranked by, 0 where it is not known."""
    return [float(v or 0.0) for v in tables[Sensitivities].data[_RANKED[tables.option(BY)]]]


def decisive(tables: Tables) -> list[tuple[Any, ...]]:
    """Return the numbers that decide: sheet, cells, what, source or mark, what gives the range.

    They are the fewest that hold most of all swings together, at most twelve.
    """
    table, sizes = tables[Sensitivities], _sizes(tables)
    needed, so_far, count = ENOUGH * sum(sizes), 0.0, 0
    while count < min(_DECIDE, len(sizes)) and so_far < needed:
        so_far += sizes[count]
        count += 1
    rows = table.rows(
        Sensitivities.sheet, Sensitivities.cells, Sensitivities.what, Sensitivities.origin,
        Sensitivities.by, Sensitivities.estimate,
    )  # fmt: skip
    return list(rows)[:count]


def _shown(tables: Tables) -> int:
    """Return how many numbers the finding, the terminal and the charts have: those that decide."""
    return len(decisive(tables)) or _DECIDE


# ---- what other commands say of a study that is there -------------------------------------------


def study_there(path: Path, sha256: str, options: Mapping[str, str]) -> Tables | None:
    """Return the tables of a study's workbook; None where it is not of the same case.

    The case is an input, by its hash, with the scenario, what-ifs and cap of ``options``: rows of
    About, which come before all that is the study's own.
    """
    try:
        if not path.is_file():
            return None
        file = read_study(path, Sensitivities.TABLE, SensitivityStudy.NAME)
    except (PlannerError, OSError):  # a name that is too long, or a folder that is closed
        return None
    tables = Tables.read(file.tables, (*SensitivityStudy.RESULTS, About))
    if About not in tables or Sensitivities not in tables:
        return None
    about = tables[About]
    case = takewhile(lambda row: row[0] != BY, zip(about.what, about.value, strict=True))
    _, *asked = case  # the file's name may be another
    wanted = {str(Measure.INPUT_SHA256): sha256, **options}
    return tables if dict(asked) == wanted else None


def how_sure(path: Path, sha256: str, options: Mapping[str, str]) -> str:
    """Say in one line which numbers decide a plan; "" where there is no study of its case."""
    tables = study_there(path, sha256, options)
    if tables is None:
        return ""
    said, deciding = _finding(tables), decisive(tables)
    if deciding:
        sheet, cells, what, *_ = deciding[0]
        said += f" The first is {what}, in {sheet} {_cell(cells)}."
    return said


def to_look_up(path: Path, sha256: str) -> dict[tuple[str, str], str]:
    """Return the cells to look up first, by sheet and address, and what is said of each."""
    tables = study_there(path, sha256, {})
    found = {}
    for i, (sheet, cells, what, *_) in enumerate(decisive(tables) if tables else (), 1):
        for cell in cells.split(", "):
            found[sheet, cell] = f"Look up first, number {i}: {what}."
    return found


def _known(table: Sensitivities) -> int:
    """Return of how many numbers the swing is known: both ends have a plan."""
    return sum(known(swing) for swing in table.swing)


def _held(tables: Tables, count: int) -> float:
    """Return the part of all swings that the first numbers hold."""
    sizes = _sizes(tables)
    return sum(sizes[:count]) / (sum(sizes) or 1.0)


def _finding(tables: Tables) -> str:
    """Say how many numbers decide the plan, of how many."""
    table, deciding = tables[Sensitivities], decisive(tables)
    every = _known(table)
    if not deciding:
        return f"No number decides the plan: none changes {_WORDS[tables.option(BY)]} in its range."
    marked, count = tables.option(str(Measure.ESTIMATES)), len(deciding)
    is_of_estimates = marked and every == len(table) and all(row[-1] for row in deciding)
    many = f"{marked.partition(' ')[0]} estimates" if is_of_estimates else counted(every, "number")
    which = f"these {count} decide" if count > 1 else "this one decides"
    them = "them" if count > 1 else "it"
    return f"Of {many}, {which} the plan: look {them} up first."


def _figures(tables: Tables) -> Iterator[KeyFigure]:
    """Yield what the first number moves, how many move nothing, and what is most worth knowing."""
    table = tables[Sensitivities]
    rows = table.frame().to_dict("records")
    currency = table.words.get("money", "")
    if not rows:
        return
    first, by = rows[0], tables.option(BY)
    size = first[_RANKED[by]]
    amounts = {COST: lambda v: money(v, currency), SHORTAGE: tonnes, DECISIONS: share}
    if known(size) and size > 0:
        yield KeyFigure(
            f"Changes {_WORDS[by]} most: {_place(first, tables)}",
            amounts[by](float(size)),
            f"between {first['low']:z.3g} and {first['high']:z.3g} times its value.",
        )
    nothing = sum(known(row["swing"]) and row["swing"] <= 0 for row in rows)
    yield KeyFigure(
        "Numbers that change no cost",
        f"{nothing:,} of {len(rows):,}",
        "at either end of their range.",
    )
    if DrawDecisions in tables:
        decisions = tables[DrawDecisions]
        holds = sum(each == "yes" for each in decisions.holds)
        yield KeyFigure(
            "Decisions that hold",
            f"{holds:,} of {len(decisions):,}",
            f"they come out as planned in {share(HOLDS)} of draws or more, with all numbers drawn"
            " at once.",
        )
    best = max(rows, key=lambda row: row["worth"] if known(row["worth"]) else 0.0)
    if known(best["worth"]) and best["worth"] > 0:
        yield KeyFigure(
            f"Most worth knowing: {_place(best, tables)}",
            money(float(best["worth"]), currency),
            "saved on average, if plants are built for its true value.",
        )


def _place(row: Mapping[Any, Any], tables: Tables) -> str:
    """Return what a number is, and where: ``Demand of Japan for Tin, 2026 to 2028 (Demand D2:F2)``.

    Years are named where each has its cell.
    """
    cell = _cell(row["cells"])
    years = f", {tables.option(YEARS)}" if ":" in cell and tables.option(YEARS) else ""
    return f"{row['what']}{years} ({row['sheet']} {cell})"


def _cell(cells: str) -> str:
    """Return the first and the last of some cells of a row."""
    every = (cells or "").split(", ")
    return every[0] if len(every) == 1 else f"{every[0]}:{every[-1]}"


def tornado(tables: Tables, kind: type[_Ends]) -> Picture | None:
    """Return what the numbers that swing most do to total cost at each end, or to tonnes short.

    A bar goes to the left where less is paid, to the right where more is.
    """
    by, table = tables.option(BY), tables[kind]
    rows = table.frame().head(_shown(tables) if kind is Sensitivities else _DECIDE)
    if by == DECISIONS:
        series = {_Ends.moved.header: (Role.PLAN, rows["moved"])}
        axis = "Part of purchases, by value"
        more: dict[str, Any] = {}
    else:
        name = "cost" if by == COST else "short"
        (base,) = tables[AsItStands].data[name]
        low, high = (rows[f"{name}_{end}"].astype(float) - base for end in ENDS)
        series = {"At its low end": (Role.PLAN, low), "At its high end": (Role.REPLANNED, high)}
        axis = "Change in total cost, {unit}" if by == COST else "Change in tonnes short, t"
        more = {"look": Look.TONNES}
    labels = [cut(str(what), _LABEL) for what in rows["what"]]
    which, how = ("number", "alone") if kind is Sensitivities else ("group", "moved together")
    title = f"The {which} that changes {_WORDS[by]} most, {how}"
    if len(rows) > 1:
        title = f"The {len(rows)} {which}s that change {_WORDS[by]} most, each {how}"
    picture = bars(title, rows, labels, series, axis, form=Form.BARS, **more)
    return picture.in_money(table.words["money"]) if picture and by == COST else picture


_LABEL, _SOURCE = 90, 400
"""Letters of a number next to its bar, and of what is said of one to look up."""
