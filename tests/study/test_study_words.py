"""What studies say, on tables made by hand: bounds, one or many, who is named first."""

from __future__ import annotations

import numpy as np
import pytest

from planner.studies import risk, under_risk
from planner.studies.kind import Tables

USD = {"money": "USD"}


# ---- risk ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "words"),
    [(19, "too few to have a worst 5 %"), (20, "1 draw, too few"), (399, "19 draws"), (400, "")],
)
def test_when_draws_are_too_few(count: int, words: str) -> None:
    assert (words in risk._too_few(count)) if words else not risk._too_few(count)


def test_a_figure_just_as_far_as_chance_reaches_is_not_distinguishable() -> None:
    one, bound = np.ones(3), np.array([risk._SIGNIFICANT, risk._SIGNIFICANT * 1.001, -2.0])
    assert risk.significant(bound, one, one * 0.0, one) == [
        "neither", "cost alone", "cost alone",
    ]  # fmt: skip
    assert risk.significant(bound[1:2], one[:1], bound[1:2], one[:1]) == ["cost and shortage"]


def test_the_likeliest_shortage_is_listed_first() -> None:
    rows = [
        {"mineral": m, "plan": plan, "more": more}
        for m, more in (("tin", 0.1), ("zinc", 0.4), ("lead", 0.0))
        for plan in (risk.AGREED, risk.REPLANNED)
    ]
    table = risk._rows_of(risk.RiskByMineral.of_rows(rows), risk.AGREED)
    assert list(table.ranked(risk.RiskByMineral.more).mineral) == ["zinc", "tin"]


# ---- under risk ----------------------------------------------------------------------------------


def decision(kind: str, who: str, plain: dict[int, float], risky: dict[int, float]):
    years = sorted({*plain, *risky})
    return [
        {"what": kind, "mineral": "tin", "who": who, "year": year,
         "plain_t": plain.get(year, 0.0), "under_risk_t": risky.get(year, 0.0)}
        for year in years
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (decision("built", "Oulu tin", {2030: 10.0}, {2028: 10.0}),
         "Build Oulu tin 2 years earlier"),
        (decision("built", "Oulu", {2028: 10.0}, {2029: 10.0}), "Build Oulu (tin) 1 year later"),
        (decision("built", "Oulu tin", {2028: 10.0}, {2028: 12.0}), "Build Oulu tin larger"),
        (decision("built", "Oulu tin", {2028: 10.0}, {}), "Do not build Oulu tin"),
        (decision("built", "Oulu tin", {}, {2028: 10.0}), "Build Oulu tin"),
        (decision("built", "Tin A", {2028: 9.0}, {2028: 5.0})
         + decision("built", "Tin B", {2028: 9.0}, {2027: 9.0}),
         "Build Tin A smaller and Tin B 1 year earlier"),
        (decision("bought", "Peru", {2026: 5.0}, {2026: 6.0}), "Buy more tin from Peru in 2026"),
        (decision("taken", "Peru: A", {2026: 5.0}, {2026: 4.0}),
         "Take less tin from Peru: A in 2026"),
        (decision("in stock at the end of the year", "A", {2026: 5.0}, {2026: 6.0}),
         "Keep more tin in stock in A"),
    ],
)  # fmt: skip
def test_what_to_decide_otherwise_in_words(rows, words: str) -> None:
    assert under_risk._advice(rows, 2) == words


def test_the_saving_is_called_unsure_from_its_own_size_on() -> None:
    for error, is_unsure in ((0.0, False), (4.9, False), (5.0, True)):
        care = " ".join(under_risk._care({"error": error, "vss": 5.0}, 100, [1, 2]))
        assert ("no larger than its margin of error" in care) == is_unsure, error
    for futures, words in ((1, "1 future is too few"), (9, "9 futures are too few")):
        care = next(under_risk._care({"error": None, "vss": 5.0}, futures, []))
        assert care.startswith(f"{words} to say how sure the saving is")


def test_missing_is_of_the_mineral_for_which_the_plans_differ_most() -> None:
    rows = [("tin", 0.0, 50.0, 50.0), ("zinc", 0.0, 10.0, 30.0), ("lead", 0.0, 5.0, 6.0)]
    names = ("mineral", "informed", "risky", "plain")
    made = [dict(zip(names, row, strict=True)) | {"demand": 100.0} for row in rows]
    tables = Tables([under_risk.Expected.of_rows(made)])
    assert under_risk._missing(tables) == (
        "10 % of zinc",
        "30 % in the plain plan, as a share of the need in all years.",
    )
    tables = Tables([under_risk.Expected.of_rows(made[:1])])
    assert under_risk._missing(tables) == (
        "50 % of tin",
        "as in the plain plan, as a share of the need in all years.",
    )
