"""Claims about losing a country: true for all that they cover, and naming what they don't."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from planner.studies.source import Cells, coverage_words


def pairs(cells: Cells) -> set[tuple[str, int]]:
    return {(mineral, year) for mineral, years in cells.items() for year in years}


# ---- words ---------------------------------------------------------------------------------------

MINERALS = ("copper", "tin", "zinc", "cobalt", "nickel")
YEARS = (2026, 2027, 2028)


def meant(said: str, needed: Cells) -> set[tuple[str, int]]:
    """Read back which minerals and years words mean."""
    if said.startswith("any mineral but "):
        names = re.split(", | and ", said.removeprefix("any mineral but "))
        return {(m, y) for m, y in pairs(needed) if m not in names}
    found: set[tuple[str, int]] = set()
    names, of = list[str](), list[str]()
    for token in re.split(", and |, | and ", said):
        name, _, years = token.partition(" in ")
        if token[0].isdigit():
            years = token
        else:
            names.append(name)
        if years:
            of, names = (names or of), []
        first, _, last = years.partition(" to ")
        when = set(YEARS) if years == "every year" else set()
        when |= set(range(int(first), int(last or first) + 1)) if first[:1].isdigit() else set()
        for each in of if years else ():
            found |= {(each, y) for y in when} | {
                (m, y) for m in needed if each == "any mineral" for y in when
            }
    return (
        found
        | {(name, y) for name in names for y in YEARS}
        | (pairs(needed) if said == "any mineral" else set())
    ) & pairs(needed)


@given(
    st.dictionaries(
        st.sampled_from(MINERALS), st.frozensets(st.sampled_from(YEARS), min_size=1), min_size=1
    ),
    st.data(),
)
def test_words_mean_the_minerals_and_years(needed: dict[str, frozenset[int]], data: Any) -> None:
    """Whatever is needed and covered, as long as no list is cut."""
    cells = {
        mineral: years
        for mineral in needed
        if (years := frozenset(data.draw(st.sets(st.sampled_from(sorted(needed[mineral]))))))
    }
    if not cells:
        return
    said = coverage_words(cells, needed)
    if "more" not in said and "others" not in said:
        assert meant(said, needed) == pairs(cells), said
