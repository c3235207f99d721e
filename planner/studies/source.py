"""A source of variants: the runs that a study plans, the first of which is the reference.

A study of variants asks the same of each run: what is missing, what the same tonnes cost, whom the
coalition depends on. It only has to say which runs there are; tables, charts, findings, JSON and
report follow from its ``Source``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np

from models import answers, measures, units
from models.case import Case, in_force
from models.errors import SolverError, UsageError
from models.plan import Plan, security_requirements
from models.plan.secured import SECURED, secured_rows
from models.resolve import Expanded
from models.results.numbers import ALL, PlanNumbers
from models.schema import COALITION, EACH_OUTSIDE
from models.schema.column import MOST_TARIFF
from planner.render.words import each_year, join_words, listed
from planner.scenarios import parameters, set_max_country_share
from planner.scenarios.parameters import exact_percent as percent_of
from planner.studies.engine import Run, Study, split_chains
from planner.studies.variant_tables import Row


@dataclass(frozen=True)
class RunSource:
    """The runs of a study of variants, and the case that they change.

    ``runs`` begin with the reference, with which the others are compared. ``values`` are the values
    of the number that runs after the reference set, in the unit of ``axis``; a run without a value
    (None) is drawn as a level. ``base`` is the case that the runs change; for losses, the case that
    is left after an agreed plan. ``chain`` is the largest number of runs that warm-start one
    another. ``read`` returns what is kept of a plan, with its numbers.
    """

    base: Case
    runs: tuple[Run, ...]
    values: tuple[float | None, ...] = ()
    axis: str = ""
    chain: int = 1
    read: Callable[[Plan], Any] = PlanNumbers.of
    is_compared: bool = True

    @property
    def study(self) -> Study[Any]:
        """The runs in chains: the reference and runs without a value are on their own.

        Chains are fixed, so results don't depend on where they are planned.
        """
        reference, *others = self.runs
        alone = sum(value is None for value in self.values)
        own = [(run,) for run in (reference, *others[:alone])]
        chains = (*own, *split_chains(others[alone:], self.chain))
        return Study(self.base, chains, self.read, is_compared=self.is_compared)


# ---- variants that set one number to several values: a cap, a tariff, security, a floor ----------


AS_IN_WORKBOOK = "As in the workbook"
"""The point with the workbook's own caps if they differ by year, and its row of About."""
MOST_POINTS = 1_000
"""How many points a sweep has at most."""
CHAIN = 10
"""How many points a chain has at most. Each starts from the one before; chains run in parallel."""
_SLIP = 100
"""A number from 1 to ``_SLIP`` was probably meant in per cent."""


def evenly_spaced(
    parameter: parameters.Parameter, first: float, last: float, step: float
) -> tuple[float, ...]:
    """Return the points from first to last, both included; the last step may be shorter.

    Raises UsageError if a number is out of bounds, or the step leads nowhere or to too many points.
    """
    most = parameter.kind.largest_value
    for option, value in (("--from", first), ("--to", last)):
        if not 0.0 <= value <= most:
            slip = most <= MOST_TARIFF and most < value <= _SLIP
            hint = f"; {units.percent_hint(value)}" if slip else ""
            bounds = "0 to 1 (100 %)" if most == 1.0 else f"0 to {most:g}"
            msg = f"{option} {value:g}: {parameter.title} must be from {bounds}{hint}"
            raise UsageError(msg)
    if step == 0 or not math.isfinite(step):
        msg = f"--step {step:g} is not a step: name one such as {parameter.default_range[2]:g}"
        raise UsageError(msg)
    if step < 0 <= last - first or step > most:
        slip = most <= 1.0 <= step <= _SLIP
        hint = units.percent_hint(step) if slip else "take a smaller step, in that direction"
        msg = f"--step {step:g} does not lead from {first:g} to {last:g}; {hint}"
        raise UsageError(msg)
    # Decimal, so that every point is the number that a person would type: 0.6, not 0.60000001
    start, end, by = (Decimal(repr(number)) for number in (first, last, abs(step)))
    steps = math.ceil(abs(end - start) / by)
    if steps >= MOST_POINTS:
        msg = (
            f"from {first:g} to {last:g} by {abs(step):g} is {steps + 1:,} points, more than"
            f" {MOST_POINTS:,}: take a larger --step"
        )
        raise UsageError(msg)
    return (*(float(start + (by if end > start else -by) * i) for i in range(steps)), last)


# ---- what is kept of a point ---------------------------------------------------------------------


@dataclass(frozen=True)
class SweepPoint:
    """The numbers of one plan of a sweep.

    ``more`` has, by mineral with ``ALL`` first, ``slope``: the saving per percentage point of the
    cap by its duals [money]; ``lost``: what is missing if a country is lost [t]; ``kept``: the
    share of tested losses in which nothing is missing, None if none is tested. Only the case
    without caps has ``smallest``, the smallest caps at which no more is missing; ``trouble`` says
    why they are not known.
    """

    numbers: PlanNumbers
    more: Mapping[str, Row] = field(default_factory=dict)
    smallest: tuple[tuple[str, float], ...] = ()
    trouble: str = ""


def read_point(plan: Plan) -> SweepPoint:
    saved = plan.cap_savings
    lost = [dict(zip(SECURED.split(), row, strict=True)) for row in secured_rows(plan)]
    more = dict[str, Row]()
    for name in (ALL, *plan.expanded.minerals):
        gaps = [row["missing"] for row in lost if name in {ALL, row["mineral"]}]
        slope = saved.get(name, 0.0) if name else sum(saved.values())
        more[name] = {
            "slope": slope * measures.POINT,
            "lost": sum(gaps),
            "kept": np.mean([gap <= 0 for gap in gaps]).item() if gaps else None,
        }
    return SweepPoint(PlanNumbers.of(plan), more)


@dataclass(frozen=True)
class UncappedReader:
    """Reads the plan without caps on single countries: a point's numbers, and smallest caps."""

    base: Case

    def __call__(self, plan: Plan) -> SweepPoint:
        try:
            smallest = answers.least_share(set_max_country_share(self.base, 1.0), plan)
        except SolverError as error:
            return replace(read_point(plan), trouble=f"the smallest caps are not known: {error}")
        names = (ALL, *plan.expanded.minerals)
        known_caps = ((name, smallest[name]) for name in names if name in smallest)
        return replace(read_point(plan), smallest=tuple(known_caps))


# ---- the runs ------------------------------------------------------------------------------------


def without_country_caps(case: Case) -> Case:
    kept = tuple(row for row in case.share_limits if not row.caps_each_country)
    return case.change(share_limits=kept)


def number_source(
    base: Case, parameter: parameters.Parameter, points: Sequence[float]
) -> RunSource:
    """Return the runs of a sweep: the reference, then the points in chains.

    For a sweep over the cap, the reference is the case without caps on single countries, from which
    the smallest caps are read, too. If the case's own caps differ by year, they are one more point
    before the others.
    """
    reference = Run("As given")
    if parameter.is_cap:
        read = UncappedReader(base)
        reference = Run("No caps on single countries", without_country_caps, read, is_cold=True)
    elif parameter.kind == parameters.SECURITY:
        reference = Run("Without security", parameters.without_security)
    runs = [Run(parameter.run_name(value), parameter.change_to(value)) for value in points]
    has_path = parameter.is_cap and bool(cap_path_words(base))
    given = (Run(AS_IN_WORKBOOK),) if has_path else ()
    values = (*[None] * len(given), *points)
    axis = parameter.title
    return RunSource(base, (reference, *given, *runs), values, axis, CHAIN, read_point)


# ---- words ---------------------------------------------------------------------------------------


def title_of(parameter: parameters.Parameter, points: Sequence[float], basis: str) -> str:
    """Return a sweep in words: ``Cap on one country's share of demand from 90 % to 30 %``."""
    span = parameter.words(points[0])
    if len(points) > 1:
        span = f"from {span} to {parameter.words(points[-1])}"
    what = f"Cap on one country's share of {basis}" if parameter.is_cap else parameter.title
    return f"{what} {span}"


def cap_path_words(case: Case, *, is_one: bool = False) -> str:
    """Return in words how the caps on single countries change by year; "" if they don't.

    For example ``from 85 % in 2026 to 65 % in 2030``; a year without a cap counts as a change. If
    caps change in different ways, or return to the first value, the words are their bounds. With
    ``is_one`` the result is "" only if one cap holds for every mineral, buyer and year.
    """
    buyers = {row.buyer for row in case.share_limits if row.caps_each_country}
    paths = {
        tuple(_tightest(case, mineral.name, buyer, year) for year in case.years)
        for mineral in case.minerals
        for buyer in buyers
    }
    capped = [path for path in paths if is_one or any(share < math.inf for share in path)]
    is_flat = all(len({*path}) == 1 for path in capped)
    if is_flat and (len(capped) <= 1 or not is_one):
        return ""
    path = capped[0]
    first, last = path[0], path[-1]
    if len(capped) == 1 and first != last:
        start = case.years[0]
        steps = zip(case.years[1:], path[:-1], path[1:], strict=True)
        end = max(year for year, before, after in steps if before != after)
        return f"from {_cap_words(first)} in {start} to {_cap_words(last)} in {end}"
    shares = [share for path in capped for share in path]
    by = " and ".join(["by year"] * (not is_flat) + ["by mineral or buyer"] * (len(capped) > 1))
    return f"from {_cap_words(max(shares))} to {_cap_words(min(shares))}, {by}"


def _tightest(case: Case, mineral: str, buyer: str, year: int) -> float:
    """Return the tightest cap on single countries of a mineral and buyer in a year, or infinity."""
    shares = (
        row.share.value(year)
        for row in case.share_limits
        if row.caps_each_country
        and row.buyer == buyer
        and row.mineral in {"", mineral}
        and mineral not in row.except_minerals
        and in_force(row, year)
    )
    return min(shares, default=math.inf)


def _cap_words(share: float) -> str:
    return percent_of(share) if share < math.inf else "no cap"


def uniform_cap(case: Case) -> float | None:
    """Return the workbook's cap if one holds for every mineral, buyer and year."""
    rows = [row for row in case.share_limits if row.caps_each_country]
    caps = {row.share.value(year) for row in rows for year in case.years}
    return caps.pop() if len(caps) == 1 and not cap_path_words(case, is_one=True) else None


# ---- which losses a sweep over security tests ----------------------------------------------------

_LOSES = "Country that is lost"
"""The row of About that names the countries whose loss is tested."""


def tested_cells(case: Case, parameter: parameters.Parameter) -> Cells:
    """Return the minerals and years whose allowed shortage a sweep over security sets."""
    aimed = {aim.mineral for aim in parameter.aims}
    cells = years_tested(case) if parameter.kind == parameters.SECURITY else {}
    return {m: years for m, years in cells.items() if aimed & {"", m}}


def tested_losses(case: Case, parameter: parameters.Parameter) -> dict[str, str]:
    """Return rows of About that say which losses a sweep over security tests, and which not."""
    if parameter.kind != parameters.SECURITY:
        return {}
    tests = tests_of(case, tested_cells(case, parameter))
    untested = tests["untested"].removeprefix(f"{NOT_TESTED}: ").removesuffix(".")
    return {_LOSES: tests["lost"], NOT_TESTED: untested}


# ---- which losses the sheet Security tests, and whether the plan survives them -------------------


Cells = Mapping[str, frozenset[int]]
"""Years by mineral."""

ANY = f"{EACH_OUTSIDE}{COALITION}"
"""What a row of Security without a Lost country tests: each country outside the coalition."""
NOT_TESTED, EVERY_YEAR = "Not tested", "every year"
_NAMED = 2
"""Names in a list; more than one further name are counted."""


# ---- which minerals and years --------------------------------------------------------------------


def years_by_mineral(pairs: Iterable[tuple[str, int]]) -> Cells:
    by_mineral = defaultdict[str, set[int]](set)
    for mineral, year in pairs:
        by_mineral[str(mineral)].add(int(year))
    return {mineral: frozenset(years) for mineral, years in by_mineral.items()}


def case_years_needed(case: Case) -> Cells:
    every = ((m.name, year) for m in case.minerals for year in case.years)
    return years_by_mineral(cell for cell in every if case.coalition_demand(*cell) > 0)


def years_tested(case: Case) -> Cells:
    """Return the minerals and years for which a row of Security tests the loss of a country."""
    asked = security_requirements(Expanded(case)) if case.security else ()
    return years_by_mineral((s.mineral, s.year) for s in asked)


def years_words(cells: Cells, needed: Cells) -> dict[str, str]:
    """Return the years of each mineral in words: ``2029 to 2035``, or ``every year``."""
    every = {mineral for mineral, years in cells.items() if years >= needed.get(mineral, set())}
    return {m: EVERY_YEAR if m in every else each_year(years) for m, years in cells.items()}


def years_left(cells: Cells, others: Cells) -> Cells:
    left = {m: years - others.get(m, frozenset()) for m, years in cells.items()}
    return {mineral: years for mineral, years in left.items() if years}


def coverage_words(cells: Cells, needed: Cells, each: str = "any") -> str:
    """Return which minerals and years are meant: ``tin in every year, and zinc in 2029 to 2035``.

    A mineral's years are left out if they are all years in which it is needed. If all minerals but
    a few are meant, the few are named instead.
    """
    in_all_years = [m for m in cells if cells[m] >= needed.get(m, frozenset())]
    others = [m for m in needed if m not in in_all_years]
    if not others and len(in_all_years) > 1:
        return f"{each} mineral"
    if len(cells) == len(in_all_years) > _NAMED + 1 >= len(others):
        return f"{each} mineral but {listed(others)}"
    years = defaultdict[str, list[str]](list)
    for mineral in cells:
        if mineral not in in_all_years:
            years[each_year(cells[mineral], " and ")].append(mineral)
    if not in_all_years and len(years) == 1 and len(cells) == len(needed) > 1:
        return f"{each} mineral in {next(iter(years))}"
    parts = [listed(in_all_years, _NAMED)] if in_all_years else []
    if years and in_all_years:
        parts = [f"{parts[0]} in {EVERY_YEAR}"]
    parts += [f"{listed(names, _NAMED)} in {when}" for when, names in years.items()]
    if len(parts) > _NAMED + 1:
        parts = [*parts[:_NAMED], "others in some years"]
    return join_words(parts, ", and ")


def untested_words(tested: Cells, needed: Cells) -> str:
    """Return which needed minerals and years are not tested, as a sentence; "" if all are."""
    untested = years_left(needed, tested)
    return f"{NOT_TESTED}: {coverage_words(untested, needed, 'every')}." if untested else ""


def lost_words(who: str | None) -> str:
    """Return in words which country a row loses: its name, or ``any one country outside ...``."""
    outside = (who or ANY).removeprefix(EACH_OUTSIDE)
    bloc = "the coalition" if outside == COALITION else outside
    return outside if outside == who else f"any one country outside {bloc}"


def tests_of(case: Case, cells: Cells) -> dict[str, str]:
    """Return what the rows of Security test, in words, for the minerals and years in ``cells``.

    ``lost`` names the lost countries, ``covers`` the tested minerals and years, ``untested`` the
    other ones with demand.
    """
    needed, asked = case_years_needed(case), {row.lost_country for row in case.security}
    codes = {code for code in asked if code and not code.startswith(EACH_OUTSIDE)}
    names = {*(asked - codes), *map(case.country_name, codes)}
    lost = listed(sorted(map(lost_words, names)), _NAMED)
    covers = coverage_words(cells, needed) if cells else ""
    return {"lost": lost, "covers": covers, "untested": untested_words(cells, needed)}
