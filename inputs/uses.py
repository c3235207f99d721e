"""End uses: the sheet Tiers, and demand split by use, from `data/end_uses.csv`."""

import math
from collections.abc import Iterable
from functools import cache

from inputs.tables import WHOLE_FROM, YEARS, Record, Row, note, number, read, source


def tiers(minerals: Iterable[str]) -> list[Record]:
    """The uses; a tonne short costs the same in each, so that a use that is cut off shows."""
    names = dict.fromkeys(tier for mineral in minerals for tier in uses(mineral))
    return [
        {
            "Tier": name,
            "Shortage cost multiple": None,
            "Source": source("end_uses", "no source says what a use would pay"),
            "Note": note(["a tonne short costs the same in each use as without uses"]),
        }
        for name in names
    ]


@cache
def uses(mineral: str) -> tuple[str, ...]:
    """The uses of a mineral, none where it isn't split; the last one is the rest."""
    return tuple(
        dict.fromkeys(row["tier"] for row in read("end_uses") if row["mineral"] == mineral)
    )


def split(mineral: str, member: str, whole: Record) -> list[Record]:
    """A row of Demand as one row for each use; the last use has what the others leave."""
    if not uses(mineral):
        return [whole]
    parts = [_part(mineral, member, tier) for tier in uses(mineral)]
    shares = [float(part["share"]) for part in parts[:-1]]
    rows = [_row(whole, part) for part in parts]
    for year in map(str, YEARS):
        for row, used in zip(rows, _parts(float(str(whole[year])), shares), strict=True):
            row[year] = number(f"{used:.6f}")
    return rows


def _parts(amount: float, shares: list[float]) -> list[float]:
    """An amount [t] by use: the given shares, and the rest.

    Their sum is the amount to the bit, so that the plan is that of demand without uses.
    """
    step = 1.0 if amount >= WHOLE_FROM else 1 / 64
    parts = [round(share * amount / step) * step for share in shares]
    while math.fsum([*parts, round(amount - sum(parts), 6)]) != amount:
        parts[-1] -= step
    return [*parts, round(amount - sum(parts), 6)]


def _part(mineral: str, member: str, tier: str) -> Row:
    """The part of a use in a member's need: its own row, or that for all members."""
    rows = [row for row in read("end_uses") if (row["mineral"], row["tier"]) == (mineral, tier)]
    of = {row["member"]: row for row in rows}
    return of.get(member) or of[""]


def _row(whole: Record, part: Row) -> Record:
    """A use's row of Demand, with the tonnes of the whole."""
    tier = part["tier"]
    return {
        "Mineral": whole["Mineral"],
        "Member": whole["Member"],
        "Tier": tier,
        **{str(year): None for year in YEARS},
        "Source": f"{whole['Source']}; {source('end_uses', part['source'], tier)}",
        "Note": f"{whole['Note']}; {tier} {part['confidence']}, {part['note'] or part['source']}",
    }
