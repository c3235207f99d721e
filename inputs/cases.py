"""What sets the two cases apart: the demand they plan for and the supply they may buy."""

from collections.abc import Callable
from dataclasses import dataclass

from inputs.tables import YEARS, Row, interpolate, number, tonnes

PUBLISHED = (2024, 2030, 2035)
OPEN_OUTSIDE = 0.6


@dataclass(frozen=True)
class Share:
    """The part of a plant's capacity open to the coalition, with where it comes from."""

    value: float
    confidence: str
    basis: str


@dataclass(frozen=True)
class Case:
    """One workbook: its name, its title and the rules for demand and for open supply.

    `demand_note` is the column of the demand table with the remarks for this case; `has_today` says
    whether its demand is refined material, so that the supply of today can be set beside it;
    `by_use` whether demand is split by use; `caution` is what its first page warns of.
    """

    name: str
    title: str
    demand: Callable[[Row], dict[int, float]]
    demand_estimate: Callable[[Row], str]
    demand_note: str
    share: Callable[[Row], Share]
    has_today: bool = False
    by_use: bool = False
    caution: str = ""


def final_demand(row: Row) -> dict[int, float]:
    """60 % of world demand by member, on straight lines between the published years."""
    known = {year: number(row[f"demand_{year}_t"]) for year in PUBLISHED}
    path = {year: value for year, value in known.items() if value is not None}
    return {year: interpolate(path, year) for year in YEARS}


def first_use(row: Row) -> dict[int, float]:
    """First use of 2024, grown as the member's final demand for the mineral grows."""
    base = float(row["first_use_2024_t"]) / float(row["demand_2024_t"])
    return {year: base * value for year, value in final_demand(row).items()}


def rounded(path: dict[int, float]) -> dict[str, int | float]:
    """A demand path as cells under its year headings."""
    return {str(year): tonnes(value) for year, value in path.items()}


def _years(row: Row) -> str:
    """How the years of a demand row are filled."""
    if row["demand_2030_t"]:
        return "straight lines between 2024, 2030 and 2035"
    return "no outlook found, 2024 held in every year"


def final_demand_estimate(row: Row) -> str:
    """What is estimated in a row of final demand."""
    return (
        "60 % of world demand, split half by GDP and half by first use, metal inside imported "
        f"goods counted; {_years(row)}"
    )


def first_use_estimate(row: Row) -> str:
    """What is estimated in a row of first use."""
    label = row["first_use_confidence"]
    base = "2024 is published" if label == "published" else f"2024 is {label}"
    grown = "2026 to 2035 grow as the member's final demand does, " if row["demand_2030_t"] else ""
    return f"{base}; {grown}{_years(row)}"


def even_share(row: Row) -> Share:
    """Members' plants in full, every other plant by 0.6, less what has no feed of its own."""
    feed = float(row["feed_share"])
    if row["coalition_member"] == "yes":
        return Share(feed, "derived", row["feed_share_basis"])
    basis = f"{OPEN_OUTSIDE}, the coalition's assumed part of world demand, for every plant outside"
    return Share(feed * OPEN_OUTSIDE, "estimate", basis)


def stated_share(row: Row) -> Share:
    """The share of the data: exports over capacity for China, row by row elsewhere."""
    basis = row["available_share_basis"]
    value, confidence = float(row["available_share"]), row["available_share_confidence"]
    return Share(value, confidence, "" if basis == "coalition member" else basis)


CASES = (
    Case(
        "critical-minerals",
        "Ten critical minerals, 2026 to 2035",
        final_demand,
        final_demand_estimate,
        "final_demand_note",
        even_share,
        by_use=True,
        caution="This case is no buying plan: much of this metal is bought inside goods.",
    ),
    Case(
        "critical-minerals-first-use",
        "Critical minerals bought by members' own industries",
        first_use,
        first_use_estimate,
        "first_use_note",
        stated_share,
        has_today=True,
        caution="Safer than reality: what is bought inside cathodes and magnets is left out.",
    ),
)


def case(name: str) -> Case:
    """The case of that name."""
    for known in CASES:
        if known.name == name:
            return known
    message = f"no case {name!r}; there are {', '.join(known.name for known in CASES)}"
    raise ValueError(message)
