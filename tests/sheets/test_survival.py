"""Claims about losing a country: true for all that they cover, and naming what they don't."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.plan import Plan, solve
from models.results import Security
from planner.render.front import AnswerState, TrafficLight
from planner.sheets.survival import (
    ANY,
    Cells,
    case_years_needed,
    coverage_words,
    loss_findings,
    lost_words,
    survival,
    years_left,
    years_needed,
)
from planner.studies import Here
from planner.studies.agreed import Rules
from planner.studies.losses import stress
from planner.workbook import read_tables
from tests.budget import BUDGET
from tests.reference.cases import random_book
from tests.sheets.desk import BookT, refiner, rows

NO_ORE_OR_LANES = frozenset(
    {"limits", "stockpiles", "contracts", "by year", "projects", "discount", "ROW", "security"}
)
COUNTED = (
    "This test loses one country at a time. It counts the extra tonnes that the others can sell,"
    " and all stocks."
)


def said_of(plan: Plan) -> TrafficLight | None:
    needed = years_needed(plan.supply)
    return survival(Security.from_plan(plan), needed, plan.case.country_name)


def secured(*security: dict[str, Any]) -> BookT:
    """Copper, zinc and tin, 100 t a year from 2026 to 2028: China has 100 t of each, Chile 100 t.

    Of tin there is China alone.
    """
    book, names = rows(), ("copper", "zinc", "tin")
    book["Minerals"] = [{"Mineral": name, "Price (USD/t)": 50} for name in names]
    book["Refiners"] = [
        refiner(f"{country} {name}", country, 100, cost, Mineral=name)
        for name in names
        for country, cost in (("China", 10), ("Chile", 20))
        if (name, country) != ("tin", "Chile")
    ]
    years = {str(year): 100 for year in (2026, 2027, 2028)}
    book["Demand"] = [{"Mineral": name, "Member": "A", **years} for name in names]
    book["Share limits"] = []
    return book | {"Security": list(security)}


@pytest.mark.parametrize(
    ("security", "state", "said"),
    [
        (
            [{"Mineral": "copper", "Max short": 0.4, "First year": 2027}], AnswerState.CARE,
            ("Without any one country outside the coalition, at most 40 % of the need for copper in"
            " 2027 and 2028 is missing. Not tested: tin and zinc in every year, and copper in"
            " 2026."),
        ),
        (
            [{"Mineral": "copper", "Max short": 0.4, "Lost country": "China"}], AnswerState.CARE,
            ("Without China, at most 40 % of the need for copper is missing. Not tested: tin and"
             " zinc."),
        ),
        (
            [{"Max short": 0.4}], AnswerState.CARE,
            ("Without any one country outside the coalition, at most 40 % of the need for copper"
            " and zinc is missing. Without at least one country outside the coalition, more than"
            " 40 % of the need for tin is missing. The worst case: without China, 100 % of the need"
            " for tin is missing in 2026; at most 40 % is allowed."),
        ),
        (
            [{"Mineral": "copper", "Max short": 0.4}, {"Mineral": "zinc", "Max short": 0.5},
             {"Mineral": "tin", "Max short": 0.9, "Max short 2027": 1, "Lost country": "Chile"}],
            AnswerState.CARE,
            ("Without any one country outside the coalition, at most 40 % to 50 % of the need for"
            " copper and zinc is missing. Not tested: tin."),
        ),
        (
            [{"Max short": 1, "Max short 2028": 0.4}], AnswerState.CARE,
            ("Without any one country outside the coalition, at most 40 % of the need for copper"
            " and zinc in 2028 is missing. Without at least one country outside the coalition, more"
            " than 40 % of the need for tin in 2028 is missing. The worst case: without China,"
            " 100 % of the need for tin is missing in 2028; at most 40 % is allowed. Not tested:"
            " every mineral in 2026 and 2027."),
        ),
        (
            [{"Mineral": "tin", "Max short": 0.4}], AnswerState.BAD,
            ("Without at least one country outside the coalition, more than 40 % of the need for"
            " tin is missing. The worst case: without China, 100 % of the need for tin is missing"
            " in 2026; at most 40 % is allowed. Not tested: copper and zinc."),
        ),
    ],
)  # fmt: skip
def test_a_claim_names_what_it_covers_and_what_not(
    security: list[dict[str, Any]], state: AnswerState, said: str
) -> None:
    """A country, minerals and years; yes only where all that is needed is tested and holds."""
    found = said_of(solve(read_tables(secured(*security)).case))
    assert found is not None
    assert (found.state, found.text) == (
        state,
        f"{said} {COUNTED}".replace("40 % to 50", "40 % to 50"),
    )


def test_where_all_may_be_short_nothing_is_claimed() -> None:
    """A row that asks nothing tests nothing."""
    found = said_of(solve(read_tables(secured({"Max short": 1})).case))
    assert found is not None
    assert found.state is AnswerState.NONE
    assert "no loss is tested" in found.text


# ---- on random books -----------------------------------------------------------------------------


def left_without(plan: Plan, mineral: str, year: int, country: str, *, stocks: bool) -> float:
    """Count again what is left of a mineral: what others sell, their surge, stocks [t]."""
    table, surge = plan.sources, plan.case.settings.surge
    own = table[(table["mineral"] == mineral) & (table["year"] == year)]
    others = own[own["country"] != country]
    more = np.minimum(surge * others["usable"], others["usable"] - others["tonnes"])
    left = float(others["tonnes"].sum() + np.maximum(0.0, more).sum())
    held = plan.stocks
    if stocks and len(held):
        left += float(held[(held["mineral"] == mineral) & (held["year"] == year)]["opening"].sum())
    return left


def test_claims_are_true_for_every_mineral_and_year_that_they_cover() -> None:
    """Counted again from the plan, as Security is defined: sales, surge, stocks at the start.

    What holds, what is missed and what is not tested are all that is needed, each once.
    """
    rng, seen = np.random.default_rng(515), 0
    for _ in range(BUDGET):
        plan = solve(read_tables(random_book(rng, 2, NO_ORE_OR_LANES)).case)
        case, needed = plan.case, years_needed(plan.supply)
        assert needed == case_years_needed(case)
        for claim in loss_findings(Security.from_plan(plan)):
            tested = {*pairs(claim.passed), *pairs(claim.failed)}
            assert not pairs(claim.passed) & pairs(claim.failed)
            untested = years_left(years_left(needed, claim.passed), claim.failed)
            assert tested | pairs(untested) == pairs(needed)
            for mineral, year in pairs(claim.passed):
                for row in case.security:
                    who = row.lost_country or ANY
                    name = who if who.startswith("each") else case.country_name(who)
                    is_mine = row.mineral in {"", mineral} and lost_words(name) == claim.lost
                    in_years = (row.first_year or year) <= year <= (row.last_year or year)
                    if is_mine and in_years:
                        seen += 1
                        holds(plan, row, mineral, year)
    assert seen > BUDGET // 3


def pairs(cells: Cells) -> set[tuple[str, int]]:
    return {(mineral, year) for mineral, years in cells.items() for year in years}


def holds(plan: Plan, row: Any, mineral: str, year: int) -> None:
    """See that no country that the row loses leaves more short than may be."""
    case, need = plan.case, plan.case.coalition_demand(mineral, year)
    selling = set(plan.sources["country"]) - {"ROW"}
    lost = {row.lost_country} & selling
    if not row.lost_country or row.lost_country.startswith("each"):
        bloc = (row.lost_country or ANY).removeprefix("each outside ")
        lost = {country for country in selling if bloc not in case.blocs_of(country)}
    for country in lost:
        left = left_without(plan, mineral, year, country, stocks=row.count_stocks)
        assert left >= (1.0 - row.max_short.value(year)) * need - 1e-5 * max(1.0, need)


def test_a_claim_agrees_with_stress() -> None:
    """One year, open lanes, no ore: what a loss leaves short when orders stand is no more."""
    rng, seen = np.random.default_rng(516), 0
    features = frozenset({"by year", "contracts", "stockpiles", "security"})
    for _ in range(BUDGET // 2):
        book = random_book(rng, 2, features)
        years = sorted({h for row in book["Demand"] for h in row if h.isdigit()})
        book["Demand"] = [
            {h: cell for h, cell in row.items() if h not in years[1:]} for row in book["Demand"]
        ]
        case = read_tables(book).case
        plan, year = solve(case), case.years[0]
        if plan.shortage > 0:
            continue
        held = defaultdict[str, set[str]](set)
        for claim in loss_findings(Security.from_plan(plan)):
            for mineral in claim.passed:
                held[mineral].add(claim.lost)
        found = stress(case, Rules(case.settings.surge), where=Here())
        for loss, effect in found.capped.effects.items():
            name = case.country_name(loss.country)
            for m, mineral in enumerate(plan.expanded.minerals):
                is_outside = "coalition" not in case.blocs_of(loss.country)
                covers = {name} | ({lost_words(ANY)} if is_outside else set())
                if not held[mineral] & covers:
                    continue
                short = float(effect.short[m].sum())
                most = max(
                    row.max_short.value(year) for row in case.security
                    if row.mineral in {"", mineral}
                )  # fmt: skip
                seen += 1
                need = case.coalition_demand(mineral, year)
                assert short <= most * need + 1e-5 * max(1.0, need)
    assert seen > 5


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
