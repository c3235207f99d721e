"""Read the data tables and turn their text into cells, sources and notes."""

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

Row = dict[str, str]
Cell = str | int | float | None
Record = dict[str, Cell]

DATA = Path(__file__).parent / "data"
YEARS = tuple(range(2026, 2036))
ESTIMATE = "Estimate:"
ASSUMED = ("assumption", "estimate")
REMARKS = ("recalled", "derived", "judgement")
WHOLE_FROM = 1000


@cache
def read(table: str) -> tuple[Row, ...]:
    """The rows of `data/<table>.csv`, every cell as the text that stands there."""
    with (DATA / f"{table}.csv").open(newline="", encoding="utf-8") as handle:
        return tuple(csv.DictReader(handle))


@cache
def names(table: str, key: str) -> dict[str, str]:
    """The readable name of each code in a table that has a column `name`."""
    return {row[key]: row["name"] for row in read(table)}


def mineral(code: str) -> str:
    """`rare_earths` becomes `Rare earths`."""
    return names("minerals", "mineral")[code]


def member(code: str) -> str:
    """`EUO` becomes `Other EU`."""
    return names("members", "member")[code]


def country(code: str) -> str:
    """An ISO code becomes the country's English name; `ROW` the unattributed rest."""
    return names("countries", "country").get(code) or {"ROW": "Rest of world"}[code]


def number(text: str) -> int | float | None:
    """A number as it stands in the table, whole where it is whole; blank gives None."""
    if not text.strip():
        return None
    value = float(text)
    return int(value) if value.is_integer() else value


def tonnes(value: float) -> int | float:
    """Whole tonnes from 1,000 t on, hundredths below, so that gallium keeps its digits."""
    return round(value) if value >= WHOLE_FROM else number(f"{value:.2f}") or 0


def interpolate(known: dict[int, float], year: int) -> float:
    """Straight line between the known years around `year`; flat outside them."""
    before = max((y for y in known if y <= year), default=min(known))
    after = min((y for y in known if y >= year), default=max(known))
    if before >= after:
        return known[before]
    return known[before] + (known[after] - known[before]) * (year - before) / (after - before)


def source(table: str, text: str, key: str = "") -> str:
    """What a row rests on, and the table (and id) where its address and method stand."""
    return f"{text} [data/{table}.csv{f' {key}' if key else ''}]"


def note(estimates: Iterable[str] = (), remarks: Iterable[str] = ()) -> str | None:
    """One note: first what is estimated, after the word that marks it, then the rest."""
    estimated = "; ".join(part for part in estimates if part)
    rest = "; ".join(part for part in remarks if part)
    parts = [f"{ESTIMATE} {estimated}" if estimated else "", rest[:1].upper() + rest[1:]]
    return ". ".join(part for part in parts if part) or None


def planning_prices() -> dict[str, Row]:
    """The reference price series of each mineral."""
    return {row["mineral"]: row for row in read("prices") if row["reference"] == "yes"}


def in_force() -> Iterator[Row]:
    """Rows that have capacity in at least one year of the horizon."""
    for row in read("refiners"):
        first, last = number(row["first_year"]), number(row["last_year"])
        ended = last is not None and last < YEARS[0]
        late = first is not None and first > YEARS[-1]
        if not ended and not late and number(row["capacity_t"]):
            yield row


def by_confidence(row: Row) -> Cell:
    """The row's own note, marked as an estimate, or led by its confidence, where it needs it."""
    how = row["confidence"]
    if how in ASSUMED:
        return note([row["note"]])
    return note(remarks=[how if how.startswith(REMARKS) else "", row["note"]])
