"""The reference on random books: its halves agree, and no plan beats the optimum."""

from __future__ import annotations

import copy
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from tests.budget import few

from .agreement import solved
from .cases import ALL, CORE, END_USE, OWNED, SECURE, books, random_book
from .cases_sheets import BookT
from .cells import text
from .formulation import evaluate, solve
from .program import NoOptimumError
from .reading import Case

CHECKS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@given(book=books(CORE))
@CHECKS
def test_halves_agree_on_core(book: BookT) -> None:
    """evaluate(solve) = solve."""
    legal(book)
    solved(book)


@pytest.mark.slow
@given(book=books(ALL))
@CHECKS
def test_halves_agree_on_all(book: BookT) -> None:
    """evaluate(solve) = solve."""
    legal(book)
    solved(book)


@pytest.mark.slow
@given(book=books(SECURE))
@settings(CHECKS, max_examples=75)
def test_halves_agree_on_security(book: BookT) -> None:
    """evaluate(solve) = solve."""
    legal(book)
    solved(book)


@pytest.mark.slow
@given(book=books(OWNED))
@settings(CHECKS, max_examples=75)
def test_halves_agree_on_companies(book: BookT) -> None:
    """evaluate(solve) = solve."""
    legal(book)
    solved(book)


@pytest.mark.parametrize("feature", sorted(END_USE))
def test_each_feature_alone(feature: str) -> None:
    """A feature can be drawn without the others."""
    for seed in range(20):
        book = random_book(np.random.default_rng(seed), 2, {feature})
        legal(book)
        solved(book)


@pytest.mark.parametrize("seed", few(range(200), 40))
def test_tighter_limits_never_gain(seed: int) -> None:
    """A plan under halved hard caps is a plan of the book itself, and no better."""
    book = random_book(np.random.default_rng(seed))
    tight = copy.deepcopy(book)
    for row in tight.get("Share limits", []):
        if row["Limit"] == "max" and row["Penalty (USD/t)"] is None:
            for header, value in row.items():
                if header.startswith("Share") and isinstance(value, float):
                    row[header] = value / 2
    best, other = solved(book), solved(tight)
    again = evaluate(book, other.flows)
    assert again.violation <= 1e-5, again.violated
    assert again.objective >= best.objective * (1 - 1e-9) - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(60), 20))
def test_whole_projects_by_trying_all(seed: int) -> None:
    """The optimum with whole projects is the best of all whole builds, each tried by itself."""
    rng = np.random.default_rng(seed)
    book: BookT = {}
    while not book.get("Projects"):
        book = random_book(rng, 2, ALL - {"whole projects"})
    whole = copy.deepcopy(book)
    whole.setdefault("Settings", []).append({"Setting": "Whole projects", "Value": "yes"})
    optimum, case, best = solved(whole), Case(book), inf
    for starts in product([None, *case.years], repeat=len(case.project_rows)):
        pairs = zip(case.project_rows, starts, strict=True)
        builds = {(project, start): 1.0 for project, start in pairs if start is not None}
        try:
            best = min(best, solve(book, builds).objective)
        except NoOptimumError:  # before a first year or beyond a budget
            continue
    assert optimum.objective == pytest.approx(best, rel=1e-9, abs=1e-6)


def legal(book: BookT) -> None:
    """The rules of contract section 2 that a generated book could break."""
    keys = {
        "Minerals": ["Mineral"],
        "Members": ["Member"],
        "Countries": ["Country"],
        "Refiners": ["Refiner", "Mineral"],
        "Demand": ["Mineral", "Member", "Tier"],
        "Stockpiles": ["Mineral", "Member"],
        "Mines": ["Mineral", "Country"],
        "Projects": ["Project"],
        "Budget": ["Year"],
        "Settings": ["Setting"],
        "Freight": ["From country"],
        "Tiers": ["Tier"],
        "Current supply": ["Refiner", "Mineral", "Member", "Plant"],
        "Inputs": ["Mineral", "Refiner", "Input"],
        "Built": ["Project", "Year"],
    }
    for sheet, headers in keys.items():
        found = [tuple(row.get(header) for header in headers) for row in book.get(sheet, [])]
        assert len(found) == len(set(found)), sheet
    for sheet in ("Minerals", "Members", "Refiners", "Demand"):
        assert book[sheet], sheet
    case = Case(book)
    names = {source.refiner for source in case.sources}
    groups = {row.get("Group") for row in book["Members"]} - {None}
    blocs = {"coalition", "other"}.union(
        *(str(row["Bloc"] or "").split("; ") for row in book.get("Countries", []))
    )
    assert not groups & set(case.members)
    for rows in book.values():
        for row in rows:
            assert text(row, "Mineral") in {None, *case.minerals}
            assert text(row, "Refiner") in {None, *names}
            assert {text(row, "Member"), text(row, "To member")} <= {None, *case.members}
            first, last = row.get("First year"), row.get("Last year")
            assert first is None or last is None or float(str(first)) <= float(str(last))
            for value in row.values():
                assert not isinstance(value, float) or 0 <= value <= 1e8
    for row in book.get("Stockpiles", []):
        assert float(str(row["Opening (t)"] or 0)) <= float(str(row["Max (t)"]))
        assert None in (row.get("Target (days)"), row["Target (t)"])
    named = {row["Tier"] for row in book.get("Tiers", [])}
    assert {row.get("Tier") for row in book["Demand"]} <= {None, *named}
    for row in [*book.get("Contracts", []), *book.get("Current supply", [])]:
        assert (row["Refiner"], row["Mineral"]) in case.refiner_rows
    for row in book.get("Share limits", []):
        supplier = str(row["Supplier"] or "")
        assert row["Limit"] == "max" or (supplier and "each outside" not in supplier)
        assert row["Buyer"] in {None, "each", *case.members, *groups}
        if supplier.startswith("each outside ") or row["Supplier group"] == "bloc":
            assert supplier.removeprefix("each outside ") in blocs | {""}
        if row["Stage"] == "mining":
            assert row["Buyer"] is None
            assert row["Supplier group"] in {"country", "bloc"}
    lost = {str(row["Lost country"]) for row in book.get("Security", [])}
    assert {name[13:] for name in lost if name.startswith("each outside ")} <= blocs
    for source in case.sources:
        for member in case.members:
            assert case.lane(source, member, case.years[0]).freight < inf
