"""Changes of a case as vectors of its base's program: the plans are those of the cases laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pytest

from models.case import Case, CaseStep, CaseSteps, Selection, SetNumber
from models.errors import InputError
from models.plan import Session
from models.plan.variation import NoVectorsError, Variation
from models.program import build_program
from models.resolve import Expanded
from models.schema import ScenarioStep
from planner.scenarios.actions import ActionKind, set_max_country_share
from planner.studies.draws import waive
from tests.budget import BUDGET
from tests.models.desk import BookT, read
from tests.reference.cases import SECURE, random_book

TIERED = (0, 5)
"""Seeds of books with demand in two years or a stock, in which tiers are cut off."""


def kind(action: str, value: float | None = None, **selectors: str) -> ActionKind:
    """A kind of change: an action on all that its step selects."""
    return ActionKind(ScenarioStep(name="x", action=action, value=value, **selectors))


def changes(case: Case) -> Iterator[CaseSteps]:
    """Yield changes by country, member and year, alone and two at once."""
    one, late = frozenset({case.years[0]}), frozenset(case.years[1:])
    countries = sorted({r.country for r in case.refiners})[:3]
    lost, closed = kind("scale capacity", 0.0), kind("block lanes")
    alone = [
        *(CaseStep(lost, Selection(country=country)) for country in countries),
        *(CaseStep(lost, Selection(refiner=r.name)) for r in case.refiners[:2]),
        *(
            CaseStep(closed, Selection(country=country, member=member.name))
            for country in countries
            for member in case.members[:2]
        ),
        CaseStep(waive, Selection(years=one)),
        CaseStep(waive, Selection(years=late)),
        CaseStep(kind("scale demand", 1.2), Selection(years=late)),
        CaseStep(kind("scale capacity", 0.6, country=countries[0]), Selection(years=one)),
        CaseStep(kind("scale mines", 0.5), Selection(years=late)),
        CaseStep(kind("block ore"), Selection(years=one)),
        CaseStep(kind("block lanes", country=countries[-1]), Selection(years=late)),
        CaseStep(kind("raise tariff", 0.3, country=countries[-1]), Selection(years=late)),
        CaseStep(kind("scale cost", 1.4)),
    ]
    yield from (CaseSteps((part,)) for part in alone)
    yield from map(CaseSteps, list(combinations(alone, 2))[::7])


def with_tiers(book: BookT, seed: int) -> BookT:
    """Return the book with a second tier of each demand, closed to some countries."""
    dice = np.random.default_rng([62, seed])
    years = [header for header in book["Demand"][0] if header.isdigit()]
    book["Tiers"] = [{"Tier": "defence", "Shortage cost multiple": 40}]
    plain = {(row["Mineral"], row["Member"]): row | {"Tier": None} for row in book["Demand"]}
    part = {key: {y: 0.4 * float(row[y] or 0) for y in years} for key, row in plain.items()}
    tiered = [row | {"Tier": "defence"} | part[key] for key, row in plain.items()]
    book["Demand"] = [*plain.values(), *tiered]
    countries = sorted({row["Country"] for row in book["Refiners"]})
    book.setdefault("Lanes", []).extend(
        {"From country": code, "Tier": "defence", "Open": "no"}
        for i, code in enumerate(countries)
        if i == 0 or dice.random() < 0.6
    )
    return book


def check(seed: int, *, tiers: bool = False) -> tuple[int, int]:
    """Compare a book's plans by vectors with those laid out: how many, and how many are refused."""
    book = random_book(np.random.default_rng([61, seed]), 1 + seed % 3, SECURE)
    case = read(with_tiers(book, seed) if tiers else book)
    assert not tiers or Expanded(case).cut_off
    if seed % 3:  # what is to be served without one country is of no one country
        case = case.change(security=())
    session, planned, refused = Session(case, is_compared=False), 0, 0
    for change in changes(case):
        session.restart()
        plan = session.vary(change.parts)
        if plan is None:
            refused += 1
            continue
        planned += 1
        laid_out = session.solve_cold(change(case))
        assert plan.objective == pytest.approx(laid_out.objective, rel=1e-9, abs=1e-6), change
        assert plan.cash == pytest.approx(laid_out.cash, rel=1e-6) or plan.shortage > 0
        assert plan.proof.violation <= plan.proof.allowed
    return planned, refused


@pytest.mark.parametrize("tiers", [False, True])
def test_vectors_give_the_plans_of_cases_laid_out(tiers: bool) -> None:
    """Losses, closed lanes, events of some years and waived limits, alone and two at once.

    Also where tiers are cut off, from the base on.
    """
    counts = [check(seed, tiers=tiers) for seed in (TIERED if tiers else range(6))]
    planned, refused = map(sum, zip(*counts, strict=True))
    assert planned > 2 * refused


@pytest.mark.parametrize("seed", [6, 36])
def test_what_is_refused_does_not_depend_on_the_steps_before(seed: int) -> None:
    """Whichever step of a kind comes first, the same ones are refused."""
    case = read(random_book(np.random.default_rng([61, seed]), 1 + seed % 3, SECURE))
    expanded, program = Expanded(case), build_program(Expanded(case))
    chain = [change.parts for change in changes(case)]

    def refused(several: Sequence[Sequence[CaseStep]]) -> set[Sequence[CaseStep]]:
        variation, found = Variation(expanded, program), set[Sequence[CaseStep]]()
        for steps in several:
            try:
                variation.arrays(steps)
            except NoVectorsError:
                found.add(steps)
        return found

    expected = refused(chain)
    assert len(expected) < len(chain)
    assert refused(chain[::-1]) == expected
    assert {steps for steps in chain if refused([steps])} == expected


def test_a_tier_that_only_a_variant_cuts_off_is_laid_out() -> None:
    """It needs columns that the base doesn't have."""
    book = with_tiers(random_book(np.random.default_rng([61, 5]), 3, SECURE), 5)
    session = Session(read(book | {"Lanes": []}), is_compared=False)
    country = book["Refiners"][0]["Country"]
    assert session.vary([CaseStep(kind("block lanes", country=country, tier="defence"))]) is None


# ---- a number that is set ------------------------------------------------------------------------

CAP = kind("set max country share")


def capped(seed: int, share: float = 0.7) -> Case:
    """A book's case, with the caps on single countries that a number of them needs rows for."""
    book = random_book(np.random.default_rng([67, seed]), 1 + seed % 3, SECURE)
    return set_max_country_share(read(book), share)


def to_cap(share: float) -> list[CaseStep]:
    """The change of a case to a cap on single countries."""
    return [CaseStep(SetNumber(CAP, share))]


@pytest.mark.parametrize("seed", range(6))
def test_caps_follow_lines(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any cap gives the plan of its case, and three cases are laid out for all of them."""
    laid_out, arrays_of = list[Case](), Variation.arrays_of
    monkeypatch.setattr(
        Variation, "arrays_of", lambda self, case: laid_out.append(case) or arrays_of(self, case)
    )
    planning = Session(capped(seed), is_compared=False)
    for share in (0.9, 0.65, 0.4, 0.1, 0.0, 0.7):
        plan = planning.vary(to_cap(share))
        wanted = planning.solve_cold(set_max_country_share(planning.case, share))
        assert plan is not None
        assert plan.objective == pytest.approx(wanted.objective, rel=1e-9, abs=1e-6), share
        assert plan.proof.violation <= plan.proof.allowed
    assert len(laid_out) == 3


def test_what_needs_other_rows_or_follows_no_line_is_laid_out() -> None:
    """A cap where there is none, and demand by the square of a number."""
    case = capped(2)
    uncapped = Session(case.change(share_limits=()), is_compared=False)
    assert uncapped.vary(to_cap(0.5)) is None

    def squared(case: Case, of: Selection, value: float) -> Case:
        return kind("scale demand")(case, of, value * value)

    planning = Session(case, is_compared=False)
    assert planning.vary([CaseStep(SetNumber(squared, 0.9))]) is None
    assert planning.vary([CaseStep(SetNumber(kind("scale demand"), 0.9))]) is not None


@pytest.mark.parametrize("selector", ["years", "mineral", "both"])
def test_a_number_of_some_records_is_verified_once(
    selector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the values: three programs for the line, one more for the selector."""
    built, arrays_of = list[Case](), Variation.arrays_of
    monkeypatch.setattr(
        Variation, "arrays_of", lambda self, case: built.append(case) or arrays_of(self, case)
    )
    case = capped(2).change(security=())
    selection = Selection(
        years=None if selector == "mineral" else frozenset(case.years[1:]),
        mineral="" if selector == "years" else case.minerals[0].name,
    )
    session = Session(case, is_compared=False)
    for value in (0.9, 1.1, 1.3):
        change = CaseStep(SetNumber(kind("scale demand"), value), selection)
        plan = session.vary([change])
        assert plan is not None
        wanted = session.solve_cold(change(case))
        assert plan.objective == pytest.approx(wanted.objective, rel=1e-9, abs=1e-6)
    assert len(built) == 4


def test_a_number_out_of_bounds_is_refused() -> None:
    with pytest.raises(InputError, match="Share"):
        Session(capped(0), is_compared=False).vary(to_cap(1.5))


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(100, 100 + BUDGET // 20))
def test_more_books(seed: int) -> None:
    """The same on more books."""
    check(seed)
