"""What a plan says of losing a country: what Security tests of it, and what nobody has tested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.case import Case
from models.measures import IN_SECURITY, printed
from models.plan import security_requirements
from models.resolve import Expanded
from models.results import Security
from models.schema import COALITION, EACH_OUTSIDE
from planner.render.front import AnswerState, Light
from planner.render.sentences import WITHOUT, WORST_LOSS
from planner.render.words import each_year, joined, listed, share
from planner.sheets.findings import Country, Row, rows_of

if TYPE_CHECKING:
    import pandas as pd

Cells = Mapping[str, frozenset[int]]
"""Years by mineral."""

ANY = f"{EACH_OUTSIDE}{COALITION}"
"""What a row of Security asks for whose Lost country is blank."""
NOT_TESTED, EVERY_YEAR = "Not tested", "every year"
_NAMED = 2
"""Names of a list; one more is named, too, or counted."""


# ---- which minerals and years --------------------------------------------------------------------


def cells_of(pairs: Iterable[tuple[str, int]]) -> Cells:
    """Return the years of each mineral, from pairs of mineral and year."""
    by_mineral = defaultdict[str, set[int]](set)
    for mineral, year in pairs:
        by_mineral[str(mineral)].add(int(year))
    return {mineral: frozenset(years) for mineral, years in by_mineral.items()}


def needed_in(supply: pd.DataFrame) -> Cells:
    """Return in which years each mineral is needed, of rows with mineral, year and demand."""
    rows = supply[supply["demand"] > 0]
    return cells_of(zip(rows["mineral"], rows["year"], strict=True))


def needed_of(case: Case) -> Cells:
    every = ((m.name, year) for m in case.minerals for year in case.years)
    return cells_of(cell for cell in every if case.coalition_demand(*cell) > 0)


def asked_of(case: Case) -> Cells:
    """Return the minerals and years in which a row of Security has a country to lose."""
    asked = security_requirements(Expanded(case)) if case.security else ()
    return cells_of((s.mineral, s.year) for s in asked)


def years_words(cells: Cells, needed: Cells) -> dict[str, str]:
    """Return the years of each mineral in words: ``2029 to 2035``, or ``every year``."""
    return {
        mineral: EVERY_YEAR if years >= needed.get(mineral, frozenset()) else each_year(years)
        for mineral, years in cells.items()
    }


def without(cells: Cells, others: Cells) -> Cells:
    left = {m: years - others.get(m, frozenset()) for m, years in cells.items()}
    return {mineral: years for mineral, years in left.items() if years}


def cells_words(cells: Cells, needed: Cells, each: str = "any") -> str:
    """Return which minerals and years are meant: ``tin in every year, and zinc in 2029 to 2035``.

    Years are named where a mineral is needed in others, too. Where all minerals but a few are meant
    in all years, the few are named instead.
    """
    whole = [m for m in cells if cells[m] >= needed.get(m, frozenset())]
    others = [m for m in needed if m not in whole]
    if not others and len(whole) > 1:
        return f"{each} mineral"
    if len(cells) == len(whole) > _NAMED + 1 >= len(others):
        return f"{each} mineral but {listed(others)}"
    years = defaultdict[str, list[str]](list)
    for mineral in cells:
        if mineral not in whole:
            years[each_year(cells[mineral], " and ")].append(mineral)
    if not whole and len(years) == 1 and len(cells) == len(needed) > 1:
        return f"{each} mineral in {next(iter(years))}"
    parts = [listed(whole, _NAMED)] if whole else []
    if years and whole:
        parts = [f"{parts[0]} in {EVERY_YEAR}"]
    parts += [f"{listed(names, _NAMED)} in {when}" for when, names in years.items()]
    kept = parts if len(parts) <= _NAMED + 1 else [*parts[:_NAMED], "others in some years"]
    return joined(kept, ", and ")


def untested_words(tested: Cells, needed: Cells) -> str:
    """Return what no claim covers, as a sentence; "" where all that is needed is tested."""
    lacking = without(needed, tested)
    return f"{NOT_TESTED}: {cells_words(lacking, needed, 'every')}." if lacking else ""


def lost_words(who: str | None) -> str:
    """Return which country is lost, of a row's Lost country: its name, or any one of many."""
    outside = (who or ANY).removeprefix(EACH_OUTSIDE)
    bloc = "the coalition" if outside == COALITION else outside
    return outside if outside == who else f"any one country outside {bloc}"


@dataclass(frozen=True)
class Tests:
    """Which losses Security tests, in words: whose, of which minerals and years, and of which not.

    ``covers`` is "" where nothing is tested, ``lacking`` "" where all that is needed is.
    """

    lost: str
    covers: str
    lacking: str


def tests_of(case: Case, cells: Cells) -> Tests:
    """Return what the rows of Security test, of the minerals and years in ``cells``."""
    needed = needed_of(case)
    names = {
        row.lost_country
        if not row.lost_country or row.lost_country.startswith(EACH_OUTSIDE)
        else case.country_name(row.lost_country)
        for row in case.security
    }
    lost = listed(sorted(lost_words(name) for name in names), _NAMED)
    covers = cells_words(cells, needed) if cells else ""
    return Tests(lost, covers, untested_words(cells, needed))


# ---- what is claimed of them ---------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """What Security finds of the loss of one country, or of each of many: ``lost`` says which.

    ``held`` are minerals and years of which no more is short than may be, ``missed`` the others
    that are tested; ``most`` is the part that may be short, by mineral, the least and the most.
    """

    lost: str
    held: Cells
    missed: Cells
    most: Mapping[str, tuple[float, float]]

    def sentences(self, needed: Cells) -> Iterator[str]:
        """Yield what holds, and what doesn't, each with the minerals and years that it covers."""
        some = self.lost.replace("any one country", "at least one country")
        for lost, cells, bound in (
            (self.lost, self.held, "at most"),
            (some, self.missed, "more than"),
        ):
            if cells:
                least, largest = (
                    pick(self.most[mineral][end] for mineral in cells)
                    for end, pick in enumerate((min, max))
                )
                part = " to ".join(dict.fromkeys(map(share, (least, largest))))
                minerals = cells_words(cells, needed)
                yield WITHOUT.format(lost=lost, bound=bound, part=part, minerals=minerals)


def claims(table: Security) -> list[Claim]:
    """Return what Security finds, by whom its rows lose; what lets all be short tests nothing."""
    by_whom = defaultdict[str, list[Row]](list)
    for row in _tested(table):
        by_whom[row["asked"] or ANY].append(row)
    made_of = []
    for who, rows in by_whom.items():
        most = defaultdict[str, list[float]](list)
        for row in rows:
            most[row["mineral"]].append(printed(1.0 - row["target"]))
        missed = _cells(filter(is_missed, rows))
        ends = {mineral: (min(parts), max(parts)) for mineral, parts in most.items()}
        made_of.append(Claim(lost_words(who), without(_cells(rows), missed), missed, ends))
    return made_of


def survival(table: Security, needed: Cells, country: Country) -> Light | None:
    """Return whether a plan survives what Security has lost; None where it has nothing lost.

    The claim covers the minerals and years with a row that asks for anything; ``needed`` are all,
    and those without such a row are named beside it.
    """
    if not len(table):
        return None
    rows, claimed = _tested(table), claims(table)
    everyone = lost_words(ANY)
    is_named = bool(claimed) and not any(claim.lost.startswith("any one") for claim in claimed)
    whom = listed((claim.lost for claim in claimed), _NAMED) if is_named else "a country"
    question = f"Does it survive the loss of {whom}?"
    if not claimed:
        nothing = "The sheet Security lets all of the need be missing, so no loss is tested."
        return Light(question, AnswerState.NONE, nothing, table.TABLE)
    texts = [sentence for claim in claimed for sentence in claim.sentences(needed)]
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
    state = AnswerState.CARE if failed or without(needed, counted) else AnswerState.GOOD
    if {row["mineral"] for row in failed} == {row["mineral"] for row in rows}:
        state = AnswerState.BAD
    return Light(question, state, " ".join(filter(None, texts)), table.TABLE)


def is_missed(row: Row) -> bool:
    """Return whether a row of Security leaves more short than may be."""
    return bool(row["missing"] > 0 and row["served"] < row["target"])


def _tested(table: Security) -> list[Row]:
    return [row for row in rows_of(table) if printed(row["target"]) > 0.0]


def _cells(rows: Iterable[Row]) -> Cells:
    return cells_of((row["mineral"], row["year"]) for row in rows)
