"""What studies say, on tables made by hand: bounds, one or many, who is named first."""

from __future__ import annotations

import numpy as np
import pytest

from planner.studies import risk, risk_tables

USD = {"money": "USD"}


# ---- risk ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "words"),
    [(19, "too few to have a worst 5 %"), (20, "1 draw, too few"), (399, "19 draws"), (400, "")],
)
def test_when_draws_are_too_few(count: int, words: str) -> None:
    assert (words in risk._too_few(count)) if words else not risk._too_few(count)


def test_a_figure_just_as_far_as_chance_reaches_is_not_distinguishable() -> None:
    one, bound = (
        np.ones(3),
        np.array([risk_tables._SIGNIFICANT, risk_tables._SIGNIFICANT * 1.001, -2.0]),
    )
    assert risk_tables.significant(bound, one, one * 0.0, one) == [
        "neither", "cost alone", "cost alone",
    ]  # fmt: skip
    assert risk_tables.significant(bound[1:2], one[:1], bound[1:2], one[:1]) == [
        "cost and shortage"
    ]


def test_the_likeliest_shortage_is_listed_first() -> None:
    rows = [
        {"mineral": m, "plan": plan, "more": more}
        for m, more in (("tin", 0.1), ("zinc", 0.4), ("lead", 0.0))
        for plan in (risk.AGREED, risk.REPLANNED)
    ]
    table = risk._rows_of(risk_tables.RiskByMineral.of_rows(rows), risk.AGREED)
    assert list(table.ranked(risk_tables.RiskByMineral.more).mineral) == ["zinc", "tin"]
