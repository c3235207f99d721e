"""How concentrated supply is: shares of the largest, Herfindahl and Hirschman, governance.

The higher, the more concentrated, or the worse governed: all of them are better low.

S_c is a country's share of what is supplied: before, of the world's nameplate capacity, or of what
members buy today where Current supply says so; after, of what the coalition buys. Rest of world
counts in the whole and is no country itself: it is many small ones.
"""

from __future__ import annotations

from collections.abc import Callable

from models.measures import hhi, largest, named
from models.resolve import Source
from models.scorecard.supplied import Buyer, Supplied, country_of, owner_of, summed
from models.scorecard.value import NOTHING_SUPPLIED, Value, names, over

WORST = 10.0
"""The weight of the worst governance; that of the best is 0."""
_SCALE = 2.5
"""The Worldwide Governance Indicators run from -2.5 (worst) to 2.5 (best)."""


def cr1(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Share of the largest country (CR1).

    formula: max over c of S_c
    unit: share of supply
    source: concentration ratio; Curry & George, J. Ind. Econ. 31 (1983), 203-255
    """
    return _of_largest(of, mineral, buyer, when, 1)


def cr3(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Share of the three largest countries (CR3).

    formula: S_1 + S_2 + S_3, the largest first
    unit: share of supply
    source: as CR1; the top three of IEA, Global Critical Minerals Outlook 2025
    """
    return _of_largest(of, mineral, buyer, when, 3)


def _of_largest(of: Supplied, mineral: str, buyer: Buyer, when: int | None, number: int) -> Value:
    amounts = summed(of.tonnes(mineral, when, buyer), country_of)
    top = largest(amounts, number)
    said = names(of.case, (country for country, _ in top))
    return over(sum(t for _, t in top), sum(amounts.values()), said, NOTHING_SUPPLIED)


def hhi_country(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Concentration by country (HHI).

    formula: sum over c of (100 S_c)^2
    unit: index, 0 to 10,000
    source: Hirschman (1945), Herfindahl (1950); above 1,800 highly concentrated: US merger guidelines, 2023
    """  # noqa: E501 - a line a word, as the sheet shows them
    return _hhi(of, mineral, buyer, when, country_of)


def hhi_owner(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Concentration by country of the owner (HHI by owner).

    formula: sum over o of (100 S_o)^2, S_o the share of refiners owned in o, wherever they stand
    unit: index, 0 to 10,000
    source: as HHI; owner from the column Owner country, blank: where the refiner stands
    """
    return _hhi(of, mineral, buyer, when, owner_of)


def _hhi(
    of: Supplied, mineral: str, buyer: Buyer, when: int | None, name: Callable[[Source], str]
) -> Value:
    found = hhi(summed(of.tonnes(mineral, when, buyer), name))
    return Value(found, NOTHING_SUPPLIED if found is None else "")


def hhi_governance(of: Supplied, mineral: str, buyer: Buyer, when: int | None) -> Value:
    """Concentration weighted by governance (HHI-WGI).

    formula: sum over c of S_c^2 g_c, g_c = 2 (2.5 - Governance_c): 0 best governed, 10 worst; lower is better
    unit: index, 0 to 10
    source: HHI_WGI of EC, Methodology for establishing the EU list of critical raw materials (2017), its trade parameter t_c = 1; Blengini et al., EUR 28654 EN

    The World Bank's scores, -2.5 (worst) to 2.5 (best), are turned round and scaled to 10 to 0 as
    the Commission does. Not computed where a supplier has no governance value; said is then between
    what and what it lies, all of those governed best, and worst.
    """  # noqa: E501 - a line a word, as the sheet shows them
    shares = _shares(of, mineral, buyer, when, country_of)
    if shares is None:
        return Value(None, NOTHING_SUPPLIED)
    scores = {c.code: c.governance for c in of.case.countries}
    known, unknown, odd = 0.0, 0.0, []
    for country, share in shares.items():
        score = scores.get(country)
        if score is None:
            unknown += share**2
        elif abs(score) > _SCALE:
            odd.append(country)
        else:
            known += share**2 * weight(score)
    if odd:
        return Value(None, f"Governance beyond -2.5 to 2.5 for {names(of.case, odd)}")
    if unknown > 0:
        lacking = sorted(
            (c for c in shares if scores.get(c) is None), key=lambda c: (-shares[c], c)
        )
        low, high = known, known + WORST * unknown
        lacks = f"no Governance for {names(of.case, lacking, 2)}"
        return Value(None, f"{low:.2f} to {high:.2f}: {lacks}")
    return Value(known)


def weight(governance: float) -> float:
    """Return what a governance score weighs: 10 at -2.5, 0 at 2.5."""
    return WORST * (_SCALE - governance) / (2 * _SCALE)


def _shares(
    of: Supplied, mineral: str, buyer: Buyer, when: int | None, name: Callable[[Source], str]
) -> dict[str, float] | None:
    """Return each country's share of supply, Rest of world left out; None of nothing."""
    amounts = summed(of.tonnes(mineral, when, buyer), name)
    whole = sum(amounts.values())
    if whole <= 0:
        return None
    return {c: amount / whole for c, amount in named(amounts).items()}
