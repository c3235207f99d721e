"""What is told of a program's parts: rows in words, the cells that say them, what stops a sale.

The same wherever it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.case import Case, in_force
from models.resolve import Cap
from models.schema import BY_COUNTRY, EACH, MINING, ByYear, Lane, Record, Settings, ShareLimit

COALITION_WORDS = "the coalition"
Where = tuple[str, str, int]
"""A mineral, member and year."""


@dataclass(frozen=True)
class Place:
    """A cell of the workbook by sheet, row and header; ``planner.workbook`` knows its letter.

    ``step`` is the year of the column in force (``Share 2030``), None for the plain one.
    """

    sheet: str
    row: int
    header: str
    step: int | None = None

    @property
    def column(self) -> str:
        """The header as it stands in the sheet, unit left out."""
        return self.header if self.step is None else f"{self.header} {self.step}"


@dataclass(frozen=True)
class Label:
    """What a row is: words for people, and its cell; ``kind`` where it is not its component's.

    ``unit`` is what the cell counts: "t", "point" (a hundredth of a share) or "money m".
    """

    what: str
    place: Place | None = None
    unit: str = "t"
    kind: str = ""


@dataclass(frozen=True)
class Term:
    """One part of a marginal price [money/t]; ``kind`` is a word for programs.

    ``times`` is a second cell, where the amount is the product of the two.
    """

    kind: str
    what: str
    amount: float
    place: Place | None = None
    times: Place | None = None


@dataclass(frozen=True)
class Step:
    """What one unit more of a limit is in the program.

    ``right`` is added to the limit of ``row``, ``entries`` (column, amount) to its coefficients.
    """

    row: int
    right: float = 0.0
    entries: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Stop:
    """What keeps a supplier from selling more to a member that is short.

    Of several the lowest ``rank`` is told. ``what`` is told before the names of all suppliers that
    it stops (``name`` is this one's), or as often as there are suppliers where ``many`` says it of
    several, or else once, as it stands. ``named`` are things to name in brackets, with their size.
    """

    rank: int
    what: str
    name: str = ""
    many: str = ""
    named: tuple[tuple[str, float], ...] = ()


def limit_words(case: Case, cap: Cap) -> str:
    """Return a cap in words: ``the limit in row 2 of Share limits (at most 65 % from China ...)``.

    A limit that a scenario made has no row.
    """
    supplier = case.country_name(cap.supplier)
    if cap.record.group != BY_COUNTRY:
        supplier = f"{cap.record.group} {supplier}"
    buyer = cap.buyer or COALITION_WORDS
    stage = " (ore)" if cap.record.stage == MINING else ""
    at = f" in row {cap.record.row} of Share limits" if cap.record.row else ""
    most = "most" if cap.is_max else "least"
    return f"the limit{at} (at {most} {cap.share * 100:.4g} % from {supplier}{stage}, for {buyer})"


def row_words(case: Case, row: ShareLimit, share: float) -> str:
    """Return a row of Share limits in words: all that it limits, not one supplier alone."""
    supplier = case.country_name(row.supplier) or f"each {row.group}"
    buyer = {"": COALITION_WORDS, EACH: "each member"}.get(row.buyer, row.buyer)
    stage = " (ore)" if row.stage == MINING else ""
    of = f" of {row.mineral}" if row.mineral else ""
    return f"row {row.row}: at most {share * 100:.4g} %{of} from {supplier}{stage}, for {buyer}"


def lane_words(case: Case, row: Lane) -> str:
    """Return the lanes that a row of Lanes is about."""
    seller = row.refiner or case.country_name(row.country) or "every country"
    return f"row {row.row}: lanes from {seller} to {row.member or 'every member'}"


def step_in_force(series: ByYear, year: int) -> int | None:
    """Return the year of the column that a series takes its value of a year from, None: plain."""
    found = None
    for start, _ in series.steps:
        if start <= year:
            found = start
    return found


def place_of(record: Record, field: str, year: int) -> Place | None:
    """Return the cell that a record's field has its value of a year from; None without a row."""
    if not record.row:
        return None
    series = getattr(record, field)
    step = step_in_force(series, year) if isinstance(series, ByYear) else None
    return Place(record.SHEET, record.row, type(record).column_of(field).header, step)


def short_cost(
    case: Case, mineral: str, tier: str, year: int
) -> tuple[str, Place | None, Place | None]:
    """Return how a tonne short comes to cost what it does, and the cells that say it.

    Of a tier ("" is none) that is price times its multiple, else the shortage cost as stated, else
    price times the multiple of Settings, which has no row: its cell is found by its name.
    """
    of = case.mineral_of[mineral]
    record = next((row for row in case.tiers if row.name == tier), None)
    if record is not None:
        times, place = record.multiple, place_of(record, "multiple", year)
    elif of.shortage_cost.at(year) is not None:
        return "", place_of(of, "shortage_cost", year), None
    else:
        header = Settings.column_of("shortage_cost_multiple").header
        times = case.settings.shortage_cost_multiple
        place = Place(Settings.SHEET, 0, header)
    name = "" if place is None else place.header[0].lower() + place.header[1:]
    return f" (price x {name} {times:g})", place_of(of, "price", year), place


def lane_row(rows: Iterable[Lane], field: str, lane: tuple[str, str, str, str, int]) -> Lane | None:
    """Return the row of Lanes that decides a field of a lane: the last that matches and says it.

    The lane is (mineral, country, refiner, member, year); for Max of a country the refiner is "".
    """
    mineral, country, refiner, member, year = lane
    found = None
    for row in rows:
        if field == "max" and bool(row.refiner) != bool(refiner):
            continue
        if (
            getattr(row, field) is not None
            and row.mineral in {"", mineral}
            and row.country in {"", country}
            and row.refiner in {"", refiner}
            and row.member in {"", member}
            and in_force(row, year)
        ):
            found = row
    return found
