"""Which losses of a country the sheet Security tests, and whether the plan survives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.case import Case
from models.plan import security_requirements
from models.resolve import Expanded
from models.schema import COALITION, EACH_OUTSIDE
from planner.render.words import each_year, join_words, listed

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


@dataclass(frozen=True)
class Tests:
    """Which losses Security tests, in words.

    ``lost`` names the lost countries, ``covers`` the tested minerals and years, ``untested`` the
    other ones with demand.
    """

    lost: str
    covers: str
    untested: str


def tests_of(case: Case, cells: Cells) -> Tests:
    """Return what the rows of Security test, for the minerals and years in ``cells``."""
    needed, asked = case_years_needed(case), {row.lost_country for row in case.security}
    codes = {code for code in asked if code and not code.startswith(EACH_OUTSIDE)}
    names = {*(asked - codes), *map(case.country_name, codes)}
    lost = listed(sorted(map(lost_words, names)), _NAMED)
    covers = coverage_words(cells, needed) if cells else ""
    return Tests(lost, covers, untested_words(cells, needed))
