"""Sensitivity: which numbers of a workbook matter to its plan, and which to look up first.

``factors`` changes the numbers and reads the plans. This module makes the rows of
``sensitivity_tables``, and the finding and charts from these tables alone.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import click
import numpy as np

from models import schema, tolerances
from models.case import Case, normalize
from models.plan import Plan
from models.resolve import Floats, uncertainty
from models.resolve.uncertainty import Factor, Number
from models.results import Format, Result, common
from planner.options import CAP_HELP
from planner.render.chart import Form, Picture, Role, bars, drawn
from planner.render.keys import AnswerKey, table_key
from planner.render.table import Record
from planner.render.words import counted, share_words, truncated
from planner.studies import factors
from planner.studies.engine import Change, Outcome, Run, Study, split_chains, whole_plan
from planner.studies.factor_words import (
    builds_in_words,
    differences_in_words,
    factor_cells,
    name_of,
)
from planner.studies.factors import ENDS, EndPlan, PlanFigures
from planner.studies.kind import TROUBLE, Numbers, StudyKind, Tables
from planner.studies.sensitivity_findings import sensitivity_findings
from planner.studies.sensitivity_tables import (
    EXACT,
    NEITHER,
    NO,
    NUMBER_FIELDS,
    UNKNOWN,
    YES,
    BaseTotals,
    DecidingNumbers,
    EndResults,
    GroupSensitivities,
    Sensitivities,
)
from planner.workbook.findings import each_cell

if TYPE_CHECKING:
    from planner.scenarios.start import Start

COST, SHORTAGE, DECISIONS = "cost", "shortage", "decisions"
BY, NUMBERS = "Ranked by", "Numbers with a range"
"""Rows of About: the ranking measure, and the count of numbers."""
CHAIN = 24
"""Largest number of runs in a chain."""
_MOST_BARS = 12
"""How many numbers the tornado chart shows at most."""
_BASE_RUN = "As it stands"


# ---- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FactorGroup:
    """Numbers that move together; ``runs`` are run names by end, without ends that move nothing."""

    factors: tuple[Factor, ...]
    mineral: str
    runs: Mapping[str, str]

    @property
    def numbers(self) -> tuple[Number, ...]:
        return tuple(number for factor in self.factors for number in factor.numbers)


@dataclass(frozen=True)
class EndPlans:
    """The plans at both ends, None without a proven plan; the base plan if an end moves nothing."""

    base: PlanFigures
    low: EndPlan | None
    high: EndPlan | None

    @property
    def proven(self) -> tuple[EndPlan, ...]:
        return tuple(end for end in (self.low, self.high) if end is not None)

    def swing(self, of: Callable[[PlanFigures], float], rounding: float) -> float | None:
        """Return maximum minus minimum of a figure, None if an end is not proven.

        A swing up to ``rounding`` is taken as 0.
        """
        if len(self.proven) < len(ENDS):
            return None
        numbers = [of(self.base), *(of(end.figures) for end in self.proven)]
        swing = max(numbers) - min(numbers)
        return swing if swing > rounding else 0.0

    @property
    def worth_of_knowing(self) -> float | None:
        """What is lost on average, at the two ends, by keeping the builds of the base plan [money].

        It is what knowing the number in advance would save; None if a cost at an end is not known.
        """
        lost = [end.kept_cost - end.figures.objective for end in self.proven]
        mean = sum(lost) / len(ENDS) if len(lost) == len(ENDS) else math.nan
        return max(0.0, mean) if math.isfinite(mean) else None

    @property
    def changes_builds(self) -> str:
        """Whether knowing the number would change what is built: yes, no or not known."""
        worth = self.worth_of_knowing
        if worth is None:
            return UNKNOWN
        return YES if worth > tolerances.WORTH_KNOWING * abs(self.base.objective) else NO

    def share_moved(self, prices: Floats) -> float:
        """Return the share of purchases, by value, that moves to other sources: the larger end."""
        value = float((self.base.sold * prices).sum())
        moves = (np.abs(end.figures.sold - self.base.sold) for end in self.proven)
        most = max((float((moved * prices).sum()) for moved in moves), default=0.0)
        return most / 2.0 / value if value > 0 else 0.0

    @property
    def first_order_is(self) -> str:
        """How the first-order figures compare with the changes of cost."""
        moves = [end for end in self.proven if end.figures is not self.base]
        if len(self.proven) < len(ENDS) or any(math.isnan(end.first_order) for end in moves):
            return UNKNOWN
        changes = [(end.figures.objective - self.base.objective, end.first_order) for end in moves]
        if all(_is_same_change(change, first, self.base.objective) for change, first in changes):
            return EXACT
        return next((end.bound for end in moves if end.bound), NEITHER)


def _is_same_change(change: float, first: float, cost: float) -> bool:
    """Return whether a change of cost is the predicted one, up to rounding."""
    near = tolerances.SAME_SHARE * max(abs(change), abs(first))
    return abs(change - first) <= near + tolerances.SAME_CELL * abs(cost)


def study_of(
    case: Case, ranged: Sequence[Factor], names: Callable[[Factor], str], *, is_grouped: bool
) -> tuple[Study[object], list[FactorGroup]]:
    """Return the study, and its numbers: each factor alone first, then groups.

    Runs with the same kind of change follow one another. A group of one factor shares its runs.
    """
    movement = factors.FactorChanges(case, ranged)
    moving, runs = list[FactorGroup](), defaultdict[object, list[Run]](list)

    def add_runs(moved: tuple[Factor, ...], name: str, mineral: str) -> FactorGroup:
        ends = [end for end in ENDS if any(getattr(factor, end) != 1.0 for factor in moved)]
        for end in ends:
            change: Change = movement.case_change(moved, end)
            key = moved[0].first.sheet, moved[0].first.field, end, movement.rank(moved)
            fields = frozenset((n.sheet, n.field) for f in moved for n in f.numbers)
            compare = factors.CompareWithBase(change, fields)
            runs[key].append(Run(f"{name} {end}", change, compare=compare))
        return FactorGroup(moved, mineral, {end: f"{name} {end}" for end in ends})

    for factor in ranged:
        moving.append(add_runs((factor,), names(factor), movement.mineral(factor)))
    groups = defaultdict[tuple[str, str, str], list[int]](list)
    for i, factor in enumerate(ranged if is_grouped else ()):
        if not factor.together:
            groups[factor.first.sheet, moving[i].mineral, factor.first.field].append(i)
    for (sheet, mineral, column), members in groups.items():
        group = tuple(ranged[i] for i in members)
        if len(group) == 1:
            moving.append(FactorGroup(group, mineral, moving[members[0]].runs))
        else:
            header = uncertainty.header_of(sheet, column).header
            name = f"{sheet}, {mineral or 'all minerals'}, {header}"
            moving.append(add_runs(group, name, mineral))
    chains = (Run(_BASE_RUN),), *_chains(runs.values())
    return Study(case, chains, whole_plan, is_local=True), moving


def _chains(kinds: Iterable[list[Run]]) -> Iterator[tuple[Run, ...]]:
    """Yield chains of runs; runs with one kind of change share a chain if they fit into it."""
    chain: list[Run] = []
    for runs in kinds:
        if chain and len(chain) + len(runs) > CHAIN:
            yield tuple(chain)
            chain = []
        *full, rest = split_chains(runs, CHAIN)
        yield from full
        chain += rest
    if chain:
        yield tuple(chain)


# ---- rows ----------------------------------------------------------------------------------------


def _result_rows(
    base: Plan, groups: Iterable[FactorGroup], outcomes: Mapping[str, Outcome[Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the results at the ends of all numbers; ``outcomes`` are by run name."""
    now, case = factors.plan_figures(base), base.case
    rounding = tolerances.SAME_CELL * abs(now.objective)
    least = tolerances.LEAST_MOVE * max(1.0, case.largest_demand)
    unmoved = EndPlan(now, now.objective, 0.0, "")
    price = {  # the mean over the years
        m.name: sum(m.price.value(year) for year in case.years) / len(case.years)
        for m in case.minerals
    }
    prices = np.array([price[source.mineral] for source in base.expanded.sources])
    for moving in groups:
        of_run = {end: outcomes[run].result for end, run in moving.runs.items()}
        low, high = (of_run.get(end, unmoved) for end in ENDS)
        ends = EndPlans(now, low, high)
        row: dict[str, Any] = {
            "sheet": _distinct_names(number.sheet for number in moving.numbers),
            "column": _distinct_names(number.column.header for number in moving.numbers),
            "mineral": moving.mineral,
            "swing": ends.swing(lambda of: of.objective, rounding),
            "swing_short": ends.swing(lambda of: float(of.short.sum()), least),
            "swing_cash": ends.swing(lambda of: of.cash, rounding),
            "moved": ends.share_moved(prices), "builds": ends.changes_builds,
            "worth": ends.worth_of_knowing, "first_order_is": ends.first_order_is,
        }  # fmt: skip
        row |= _hardest_hit_mineral(ends, base.expanded.minerals)
        for end, plan in zip(ENDS, (low, high), strict=True):
            if plan is not None:
                change = plan.figures.top - now.top
                built = builds_in_words(now, plan.figures, base) if row["builds"] != NO else ()
                change = np.where(np.abs(change) < tolerances.SAME_SHARE, 0.0, change)
                row |= {
                    f"otherwise_{end}": differences_in_words(now, plan.figures, base),
                    f"built_{end}": "; ".join(built) or None,
                    f"cash_{end}": plan.figures.cash,
                    f"cost_{end}": plan.figures.objective,
                    f"short_{end}": float(plan.figures.short.sum()),
                    f"first_{end}": plan.first_order if math.isfinite(plan.first_order) else None,
                    f"top_{end}": float(change[np.argmax(np.abs(change))]) if len(change) else 0.0,
                }  # fmt: skip
        yield row


def _distinct_names(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _hardest_hit_mineral(ends: EndPlans, minerals: Sequence[str]) -> dict[str, Any]:
    """Return the mineral whose missing share of need differs most between the three plans."""
    if len(ends.proven) < len(ENDS):
        return {}
    missing = np.array([ends.base.missing, *(end.figures.missing for end in ends.proven)])
    spans = missing.max(axis=0) - missing.min(axis=0)
    m = int(np.argmax(spans))
    if spans[m] <= tolerances.MISSING_PART:
        return {"swing_hit": 0.0}
    at_ends = {f"hit_{end}": float(part) for end, part in zip(ENDS, missing[1:, m], strict=True)}
    return {"hit": minerals[m], "swing_hit": float(spans[m]), **at_ends}


_RANK_FIELDS = {COST: "swing", SHORTAGE: "swing_short", DECISIONS: "moved"}
_SHOWN_BY = {
    COST: EndResults.swing_cash, SHORTAGE: EndResults.swing_hit, DECISIONS: EndResults.moved
}  # fmt: skip
"""Fields by which numbers are ordered on the first page."""


def _with_ranks(rows: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """Return rows with their rank, the largest first; rows without a figure come last."""
    name = _RANK_FIELDS[by]
    ranked = sorted(rows, key=lambda row: -1.0 if row[name] is None else row[name], reverse=True)
    return [row | {"rank": i} for i, row in enumerate(ranked, 1)]


# ---- the kind ------------------------------------------------------------------------------------


def _with_cells(key: str, kind: type[Result]) -> AnswerKey:
    """Return the key that lists the rows of a table, with each cell of their ranges."""

    def rows(_: object, tables: Tables) -> list[Record]:
        found = tables.records(kind)
        return [row | {"cells": each_cell(str(row["cells"] or ""))} for row in found]

    return table_key(key, kind, rows)


class SensitivityStudy(StudyKind):
    """Find which numbers matter, and which to look up first.

    Each capacity, available share, cost, demand, price and capex of the workbook moves alone to the
    low and to the high end of its range, and the case is planned again. The range is given by the
    sheet Uncertainty, by the column Grade of its row, or by whether its row is marked as an
    estimate.

    \b
    planner sensitivity case.xlsx
    planner sensitivity case.xlsx --group --by shortage

    The worth of knowing a number is the average saving if the coalition builds for the number's
    true value, not as in today's plan.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "sensitivity", "Sensitivity", "sensitivity"
    QUESTION = "How sure is the plan: which numbers matter?"
    RESULTS = (Sensitivities, DecidingNumbers, GroupSensitivities, BaseTotals)
    ANSWER = (
        AnswerKey("by", "what the numbers are ranked by", "by"),
        AnswerKey("objective_usd", "total cost of the plan", "base.objective"),
        AnswerKey("shortage_t", "tonnes missing in the plan", "base.shortage"),
        _with_cells("factors", Sensitivities),
        _with_cells("decides", DecidingNumbers),
        table_key("groups", GroupSensitivities),
        table_key("as_it_stands", BaseTotals),
        *TROUBLE,
    )
    LIMIT, findings = CAP_HELP, staticmethod(sensitivity_findings)
    MONEY = "total cost discounted to the first year, cash cost undiscounted"
    OPTIONS = (
        click.option("--group", "is_grouped", is_flag=True,
                     help="Also move all numbers of a sheet, mineral and column together."),
        click.option("--by", type=click.Choice([COST, SHORTAGE, DECISIONS]), default=COST,
                     help="Rank the numbers by their effect on total cost, on tonnes that are"
                     " missing, or on the choice of suppliers [cost]."),
    )  # fmt: skip

    def __init__(self, start: Start, *, is_grouped: bool, by: str) -> None:
        super().__init__(start)
        self.by, self.is_grouped = by, is_grouped
        layout, case = start.book.layout, start.case
        cells = {f: factor_cells(f, case, layout) for f in uncertainty.factors(case)}
        # a setting that is left blank has no cell
        self.cells = {
            f: at for f, at in cells.items() if at or f.first.sheet != schema.Settings.SHEET
        }
        self.factors = tuple(self.cells)
        self.task = f"the case, then both ends of {counted(len(self.factors), 'number')}"

    def study(self) -> Study[object]:
        case, ranged = self.start.case, self.factors
        study, self.moving = study_of(case, ranged, self._name, is_grouped=self.is_grouped)
        return study

    def _name(self, factor: Factor) -> str:
        number, cells = factor.first, self.cells[factor]
        if factor.together:
            return f"{schema.Uncertainty.SHEET} {factor.together}"
        first = re.split(r"[:,]", cells)[0]
        return f"{number.sheet} {first or f'row {number.row} {number.field}'}"

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        """The base plan, and runs that did not start: an end may have no feasible plan."""
        return [*self.outcomes[:1], *(o for o in self.outcomes[1:] if not o.ran)]

    @property
    def trouble(self) -> str:
        failed = [o for o in self.outcomes[1:] if o.ran and not o.is_planned]
        if not failed:
            return ""
        first = f"{failed[0].name}: {failed[0].error}"
        return f"{counted(len(failed), 'run')} without a plan; the first is {first}"

    @property
    def base(self) -> Plan:
        return cast("Plan", self.outcomes[0].result)

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan with the workbook's numbers": self.base}

    @property
    def what_is_studied(self) -> str:
        return f"{counted(len(self.factors), 'number')} with a range, each moved alone"

    @property
    def options(self) -> dict[str, str]:
        settings = self.start.case.settings
        ranges = (
            f"± {share_words(settings.estimate_range)} for estimates,"
            f" ± {share_words(settings.published_range)} for other"
            " numbers, unless Uncertainty or a grade gives another range"
        )
        asked = {BY: self.by, NUMBERS: f"{len(self.factors):,}", "Ranges": ranges}
        return {**self.start.options, **asked}

    def tables(self) -> list[Result]:
        base, words = self.base, common.words_of(self.start.case)
        outcome_of = {outcome.name: outcome for outcome in self.outcomes}
        count, results = len(self.factors), list(_result_rows(base, self.moving, outcome_of))
        pairs = list(zip(self.moving, results, strict=True))
        rows = [row | self._number_cells(m.factors[0]) for m, row in pairs[:count]]
        table = Sensitivities.of_rows(_with_ranks(rows, self.by), words=words)
        is_joint = any(factor.together for factor in self.factors)
        table = table.without(*(() if is_joint else (EndResults.count,)), EndResults.alone)
        deciding = sorted((r for r in rows if r["builds"] == YES), key=lambda r: -r["worth"])
        decides = DecidingNumbers.of_rows(
            [row | {"rank": i} for i, row in enumerate(deciding, 1)], words=words
        )
        totals = {"cost": base.objective, "cash": base.cash, "short": base.shortage}
        base_totals = BaseTotals.of_rows([totals], words=words)
        found = [table, decides] if deciding else [table]
        if not self.is_grouped:
            return [*found, base_totals]
        alone = {m.factors[0]: row["swing"] for m, row in zip(self.moving, rows, strict=False)}
        groups = [row | self._group_cells(m, alone) for m, row in pairs[count:]]
        grouped = GroupSensitivities.of_rows(_with_ranks(groups, self.by), words=words)
        return [*found, grouped.without(*NUMBER_FIELDS), base_totals]

    def _number_cells(self, factor: Factor) -> dict[str, Any]:
        """Return the cells of a row on what is varied: name, value, range, origin."""
        case, number = self.start.case, factor.first
        record: Any = next(r for r in case.records(number.sheet) if r.row == number.row)
        units = {n.column.unit.replace("USD", case.settings.currency) for n in factor.numbers}
        named: Any = next(
            (
                row
                for row in case.uncertainty
                if factor.together and normalize(row.together) == normalize(factor.together)
            ),
            record,
        )
        is_one = len(factor.numbers) == 1
        return {
            "what": name_of(factor, case), "cells": self.cells[factor],
            "count": len(factor.numbers),
            "value": uncertainty.values_of(record, number.field, number.member)[0]
            if is_one else None,
            "unit": units.pop() if len(units) == 1 else None,
            "low": factor.low, "high": factor.high, "by": factor.by,
            "span": f"{factor.low:.3g} to {factor.high:.3g}",
            "estimate": "yes" if factor.is_estimate else "", "origin": named.source or named.note,
        }  # fmt: skip

    @staticmethod
    def _group_cells(moving: FactorGroup, alone: Mapping[Factor, float | None]) -> dict[str, Any]:
        """Return the name of a group, its size, and the sum of its numbers' own swings."""
        swings = [alone[factor] for factor in moving.factors]
        header, sheet = moving.numbers[0].column.header, moving.numbers[0].sheet
        header += "" if header == sheet else f" of {sheet}"
        return {
            "what": f"{header}, {moving.mineral}" if moving.mineral else header,
            "count": len(swings), "alone": sum(swing or 0.0 for swing in swings),
        }  # fmt: skip

    # ---- from the tables alone -------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return all numbers: those that change what is built first, then the largest swings."""
        if Sensitivities not in tables:
            return None
        table, fields, by = tables[Sensitivities], EndResults, _SHOWN_BY[tables.option(BY)]
        keys = [
            (builds != YES, -float((worth if builds == YES else swing) or 0.0))
            for builds, worth, swing in table.rows(fields.builds, fields.worth, by)
        ]
        positions = sorted(range(len(keys)), key=keys.__getitem__)
        return Numbers(
            table.take(positions),
            (
                fields.what,
                fields.span,
                fields.builds,
                by,
                fields.hit,
                fields.hit_low,
                fields.hit_high,
            ),
        )

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        by = _SHOWN_BY[tables.option(BY)].header
        return (
            "Those that change what is built come first, by worth of knowing; then sorted by"
            f" {by}. Swing: from the lowest to the highest result."
        )

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        kinds = (kind for kind in (Sensitivities, GroupSensitivities) if kind in tables)
        return drawn(*(tornado(tables, kind) for kind in kinds))


_WORDS = {
    COST: "what buyers pay",
    SHORTAGE: "what is missing",
    DECISIONS: "the choice of suppliers",
}


def tornado(tables: Tables, kind: type[EndResults]) -> Picture | None:
    """Return the tornado chart: the numbers that change most what buyers pay, or what is missing.

    A bar to the left is a decrease, a bar to the right an increase.
    """
    by, table = tables.option(BY), tables[kind]
    fields = EndResults
    most = {COST: fields.swing_cash, SHORTAGE: fields.swing_short, DECISIONS: fields.moved}[by]
    rows = table.ranked(most).frame().head(_MOST_BARS)
    if by == DECISIONS:
        series = {EndResults.moved.header: (Role.PLAN, rows["moved"])}
        axis = "Share of purchases, by value"
        more: dict[str, Any] = {}
    else:
        name = "cash" if by == COST else "short"
        (base,) = tables[BaseTotals].data[name]
        low, high = (rows[f"{name}_{end}"].astype(float) - base for end in ENDS)
        series = {"At its low end": (Role.PLAN, low), "At its high end": (Role.REPLANNED, high)}
        axis = "Change in cash, {unit}" if by == COST else "Change in missing tonnes, t"
        more = {"fmt": Format.TONNES}
    labels = [truncated(str(what), _LABEL) for what in rows["what"]]
    which, how = ("number", "alone") if kind is Sensitivities else ("group", "moved together")
    title = f"The {which} that changes {_WORDS[by]} most, {how}"
    if len(rows) > 1:
        title = f"The {len(rows)} {which}s that change {_WORDS[by]} most, each {how}"
    picture = bars(title, rows, labels, series, axis, form=Form.BARS, **more)
    return picture.in_money(table.words["money"]) if picture and by == COST else picture


_LABEL = 90
"""Most characters of a number's name next to its bar."""
