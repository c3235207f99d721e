"""Numbers and names as a report words them."""

from __future__ import annotations

import pytest

from planner.render.html import environment
from planner.render.words import (
    chart_label,
    formatted_number,
    labels,
    money_words,
    percent,
    tonnes_words,
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (percent(0.65), "65.0 %"),
        (percent(float("nan")), ""),
        (formatted_number(0), "0"),
        (formatted_number(0.0012), "0.0012"),
        (formatted_number(99.94), "99.9"),
        (formatted_number(20.0), "20"),
        (formatted_number(12345.6), "12,346"),
        (formatted_number(None), ""),
        (tonnes_words(2_500_000), "2.5 million t"),
        (tonnes_words(999), "999 t"),
        (money_words(2.6e12, "USD"), "2.60 trillion USD"),
        (money_words(-5e6, "USD"), "-5.0 m USD"),
        (
            environment().from_string("{{ x }}").render(x="65 % of <b>"),
            "65\u00a0% of &lt;b&gt;",
        ),
        (chart_label("<b>x</b>"), "&lt;b&gt;x&lt;/b&gt;"),
    ],
)
def test_words(said, expected):
    assert said == expected


def test_names_that_are_cut_stay_apart():
    names = [f"China primary refining (aggregate) {i}" for i in range(3)]
    assert len(set(labels(names))) == 3
    assert len(labels(["x" * 200])[0]) == 30
