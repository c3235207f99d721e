"""Which losses of a country the sheet Security tests, and whether the plan survives them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.case import Case
from models.measures import IN_SECURITY, rounded
from models.plan import security_requirements
from models.resolve import Expanded
from models.results import Security
from models.schema import COALITION, EACH_OUTSIDE
from planner.render.front import AnswerState, TrafficLight
from planner.render.sentences import WITHOUT, WORST_LOSS
from planner.render.words import each_year, joined, listed, share
from planner.sheets.findings import Country, Row, rows_of

if TYPE_CHECKING:
    import pandas as pd

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


def years_needed(supply: pd.DataFrame) -> Cells:
    """Return the years in which each mineral is needed, from rows of mineral, year and demand."""
    rows = supply[supply["demand"] > 0]
    return years_by_mineral(zip(rows["mineral"], rows["year"], strict=True))


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
    return joined(parts, ", and ")


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


# ---- what the tests find -------------------------------------------------------------------------


@dataclass(frozen=True)
class LossFinding:
    """What Security finds if one country, or each of several in turn, is lost: ``lost`` says which.

    ``passed`` are the minerals and years whose shortage stays within its bound, ``failed`` the
    tested ones above it; ``bounds`` are the lowest and highest allowed shortage of each mineral, as
    fractions of need.
    """

    lost: str
    passed: Cells
    failed: Cells
    bounds: Mapping[str, tuple[float, float]]

    def sentences(self, needed: Cells) -> Iterator[str]:
        """Yield what passes and what fails, each with the minerals and years that it covers."""
        some = self.lost.replace("any one country", "at least one country")
        passed, failed = (self.lost, self.passed, "at most"), (some, self.failed, "more than")
        for lost, cells, bound in (passed, failed):
            if cells:
                least = min(self.bounds[mineral][0] for mineral in cells)
                largest = max(self.bounds[mineral][1] for mineral in cells)
                part = " to ".join(dict.fromkeys(map(share, (least, largest))))
                minerals = coverage_words(cells, needed)
                yield WITHOUT.format(lost=lost, bound=bound, part=part, minerals=minerals)


def loss_findings(table: Security) -> list[LossFinding]:
    """Return what Security finds for each country lost.

    Rows that allow a shortage of 100 % test nothing, so they are left out.
    """
    by_country = defaultdict[str, list[Row]](list)
    for row in _tested(table):
        by_country[row["asked"] or ANY].append(row)
    results = []
    for who, rows in by_country.items():
        allowed = defaultdict[str, list[float]](list)
        for row in rows:
            allowed[row["mineral"]].append(rounded(1.0 - row["target"]))
        failed = _cells(filter(is_missed, rows))
        bounds = {mineral: (min(parts), max(parts)) for mineral, parts in allowed.items()}
        passed = years_left(_cells(rows), failed)
        results.append(LossFinding(lost_words(who), passed, failed, bounds))
    return results


def survival(table: Security, needed: Cells, country: Country) -> TrafficLight | None:
    """Return whether a plan survives the losses that Security tests; None if it tests none.

    The finding covers the tested minerals and years; the others in ``needed`` are named as not
    tested.
    """
    if not len(table):
        return None
    rows, found = _tested(table), loss_findings(table)
    everyone = lost_words(ANY)
    is_named = bool(found) and not any(each.lost.startswith("any one") for each in found)
    whom = listed((each.lost for each in found), _NAMED) if is_named else "a country"
    question = f"Does it survive the loss of {whom}?"
    if not found:
        nothing = "The sheet Security allows the whole need to be missing, so no loss is tested."
        return TrafficLight(question, AnswerState.NONE, nothing, table.TABLE)
    texts = [sentence for each in found for sentence in each.sentences(needed)]
    failed = [row for row in rows if is_missed(row)]
    if failed:
        worst = max(failed, key=lambda row: row["target"] - row["served"])
        texts.append(
            WORST_LOSS.format(
                country=country(worst["country"]), short=share(1.0 - worst["served"]),
                mineral=worst["mineral"], year=worst["year"], most=share(1.0 - worst["target"]),
            )
        )  # fmt: skip
    texts += [untested_words(_cells(rows), needed), IN_SECURITY]
    counted = _cells(row for row in rows if is_named or lost_words(row["asked"]) == everyone)
    state = AnswerState.CARE if failed or years_left(needed, counted) else AnswerState.GOOD
    if {row["mineral"] for row in failed} == {row["mineral"] for row in rows}:
        state = AnswerState.BAD
    return TrafficLight(question, state, " ".join(filter(None, texts)), table.TABLE)


def is_missed(row: Row) -> bool:
    return bool(row["missing"] > 0 and row["served"] < row["target"])


def _tested(table: Security) -> list[Row]:
    return [row for row in rows_of(table) if rounded(row["target"]) > 0.0]


def _cells(rows: Iterable[Row]) -> Cells:
    return years_by_mineral((row["mineral"], row["year"]) for row in rows)
