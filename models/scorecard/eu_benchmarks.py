"""The benchmarks of the European Critical Raw Materials Act, as far as a workbook can tell them.

Regulation (EU) 2024/1252, Art. 5(1), sets them for 2030: Union capacity able to extract the ores
for at least 10 %, to process at least 40 % and to recycle at least 25 % of the Union's annual
consumption of strategic raw materials, overall; and of each such material, at any relevant stage
of processing, no more than 65 % of annual consumption from a single third country. Here each is
told mineral by mineral, of flows in a plan (before it, of capacity), with the demand of the
workbook as consumption; for the coalition as if it were the Union, and for the EU's own where the
workbook has a group of members and a bloc of that name. Inside is where a plant or a mine stands:
in a country of the buyer's bloc (the column Bloc of Countries; a country not listed there is in the
coalition's if it is a member's), whoever owns it. A third country is any other.
"""

from __future__ import annotations

from models.measures import largest
from models.schema import RECYCLED
from models.scorecard.supplied import Buyer, Supplied, country_of, summed
from models.scorecard.value import NOTHING_SUPPLIED, UNTOLD, Value, names, over

DUE = 2030
"""The year by which the benchmarks are to be met."""

EXTRACTION, PROCESSING, RECYCLING, ONE_COUNTRY = 0.10, 0.40, 0.25, 0.65

NO_MINES = "no mines of it in the workbook"
NO_RECYCLING = "no recycled supply of it in the workbook"

_ALL = 0.9995
"""A share of tonnes that is all of them, as per cent are rounded."""


def extraction(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Extraction inside.

    formula: metal contained in ore from mines of the bloc, whoever refines and buys it, over D; before: mine capacity of the bloc over D
    unit: share of consumption
    source: Regulation (EU) 2024/1252, Art. 5(1)(a)(i): at least 10 %, to the extent that reserves allow
    """  # noqa: E501 - a line a word, as the sheet shows them
    if not of.is_mined(mineral):
        return Value(None, NO_MINES)
    inside = sum(t for c, t in of.ore(mineral, when).items() if of.is_inside(c, buyer))
    year = of.first if when is None else when
    followed = 1.0 if when is None else of.followed(mineral, when)
    said = "" if followed > _ALL else f"ore is followed behind {followed:.0%} of primary tonnes"
    return over(inside, of.demand(mineral, year, buyer), said)


def processing(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Processing inside.

    formula: tonnes bought of refiners in the bloc over D; before: their nameplate capacity, or what is bought of them today, over D
    unit: share of consumption
    source: Regulation (EU) 2024/1252, Art. 5(1)(a)(ii): at least 40 %
    """  # noqa: E501 - a line a word, as the sheet shows them
    inside = sum(t for s, t in of.tonnes(mineral, when, buyer) if of.is_inside(s.country, buyer))
    return over(inside, of.consumed(mineral, when, buyer))


def recycling(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Recycling inside.

    formula: tonnes bought of refiners of Kind recycled in the bloc over D; before: as Processing inside
    unit: share of consumption
    source: Regulation (EU) 2024/1252, Art. 5(1)(a)(iii): at least 25 %
    """  # noqa: E501 - a line a word, as the sheet shows them
    if not of.is_recycled(mineral):
        return Value(None, NO_RECYCLING)
    return recycled_inside(of, mineral, buyer, when)


def recycled_inside(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Return what is recycled inside over consumption, 0 where nothing is recycled anywhere."""
    inside = sum(
        t
        for s, t in of.tonnes(mineral, when, buyer)
        if s.kind == RECYCLED and of.is_inside(s.country, buyer)
    )
    return over(inside, of.consumed(mineral, when, buyer))


def one_country(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Refined in one third country.

    formula: max over countries outside the bloc of tonnes bought of their refiners over D; before: over the world's capacity, or over all bought today
    unit: share of consumption
    source: Regulation (EU) 2024/1252, Art. 5(1)(b): at most 65 % at any relevant stage of processing
    """  # noqa: E501 - a line a word, as the sheet shows them
    tonnes = of.tonnes(mineral, when, buyer)
    amounts = summed(tonnes, country_of)
    if when is None:
        return _outside(of, buyer, amounts, sum(amounts.values()), NOTHING_SUPPLIED)
    return _outside(of, buyer, amounts, of.demand(mineral, when, buyer))


def one_country_ore(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Mined in one third country.

    formula: max over countries outside the bloc of metal contained in their ore over D; before: of their mine capacity over that of all mines
    unit: share of consumption
    source: Regulation (EU) 2024/1252, Art. 5(1)(b), at the stage of mining: at most 65 %
    """  # noqa: E501 - a line a word, as the sheet shows them
    if buyer.name:
        return UNTOLD
    if not of.is_mined(mineral):
        return Value(None, NO_MINES)
    amounts = of.ore(mineral, when)
    if when is None:
        return _outside(of, buyer, amounts, sum(amounts.values()), "no mine is open")
    return _outside(of, buyer, amounts, of.demand(mineral, when, buyer))


def _outside(
    of: Supplied, buyer: Buyer, amounts: dict[str, float], whole: float, lacks: str = "no demand"
) -> Value:
    outside = {c: t for c, t in amounts.items() if not of.is_inside(c, buyer)}
    top = largest(outside)
    return over(sum(t for _, t in top), whole, names(of.case, (c for c, _ in top)), lacks)
