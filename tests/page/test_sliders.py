"""What sliders do to the arrays of a program is what the varied case's own program has.

With a loss beside other sliders, rows and columns of what is lost may differ, where nothing flows;
that the plans are the same the tests of the engine hold.
"""

from __future__ import annotations

import numpy as np
import pytest

from models.plan.sliders import ARRAYS, Adjustable, NotLinearError, set_to
from planner.page.sliders import SLIDERS, with_sliders
from planner.workbook import read_tables
from tests.budget import few
from tests.reference.cases import SECURE, random_book

VALUES = {"demand": 0.83, "budget": 1.7, "cap": 0.37, "security": 0.21, "tariff": 0.4, "lost": 1.0}


def agrees(of, names, settings, country):
    """Hold the rule against the program of the case, changed one action after another."""
    varied = of.case
    for slider in SLIDERS:
        if slider.name in names:
            part = country if slider.is_loss else ""
            varied = slider.change(varied, VALUES[slider.name], part)
    made = set_to(of.base, of.layers, {name: settings[name] for name in names})
    wanted = of.arrays_of(varied)
    for name in ARRAYS:
        assert getattr(made, name) == pytest.approx(getattr(wanted, name), rel=1e-9, abs=1e-6), name


@pytest.mark.parametrize("seed", few(range(10), 4))
def test_values_that_no_slider_was_read_at(seed):
    """All sliders at once, and each country lost alone; every other book with price floors."""
    book = random_book(np.random.default_rng([41, seed]), 1 + seed % 3, SECURE)
    if seed % 2:
        book["Price floors"] = [
            {"Mineral": of["Mineral"], "Floor (USD/t)": 0.9 * float(of["Price (USD/t)"])}
            for of in book["Minerals"]
        ]
    case = read_tables(book).case
    of, _ = with_sliders(case)
    has = {layer.slider for layer in of.layers}
    sizes = {"demand": 1, "budget": 1, "tariff": len(of.countries)}
    settings = {name: (v,) * sizes.get(name, len(case.minerals)) for name, v in VALUES.items()}
    agrees(of, has - {"lost"}, settings, "")
    for country in set(of.countries) - {"ROW"}:
        settings["lost"] = tuple(1.0 if code == country else np.nan for code in of.countries)
        agrees(of, has & {"lost"}, settings, country)


@pytest.mark.parametrize("slider", SLIDERS, ids=lambda slider: slider.name)
def test_what_cannot_be_moved_says_what_to_use(slider, monkeypatch):
    """Whichever it is, a command is named, and no array of the program."""

    def refuse(of, asked):
        if asked.name == slider.name:
            msg = f"{asked.name} does not change the program linearly (row_lower)"
            raise NotLinearError(msg)

    monkeypatch.setattr(Adjustable, "add", refuse)
    case = read_tables(random_book(np.random.default_rng([41, 0]), 1, SECURE)).case
    _, [said] = with_sliders(case)
    assert said.startswith(f"{slider.name.capitalize()} can't be moved here; use planner ")
    assert "row_lower" not in said
