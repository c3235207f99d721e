"""The price of security: cost against what may be short if any one country is lost."""

from __future__ import annotations

import pytest

from models.errors import UsageError
from models.results.common import words_of
from planner.scenarios.parameters import parameter_of, secured
from planner.studies.places import Here
from planner.studies.sweep import SecurityCurve, WithoutSecurity, results, sweep
from tests.models.desk import BookT, make, read, refiner

near = pytest.approx
POINTS = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)


def two() -> BookT:
    """Return suppliers of 100 t at 1 and at 2 for a demand of 100; no row of Security."""
    return make(refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 100, 2))


def test_closed_form() -> None:
    """100 + max(0, 80 - 100 x Max short) down to 0.3; at 0.2 20 t lack at 50 each."""
    case = secured(read(two()), "security")
    found = sweep(case, parameter_of(case, "security"), POINTS, Here())
    whole = found.rows[found.rows["mineral"] == ""]
    assert whole["objective"].tolist() == near([100, 100, 120, 140, 150, 140 + 20 * 50])
    assert whole["cash"].tolist() == near([100, 100, 120, 140, 150, 140])
    assert whole["missing"].tolist() == near([0, 0, 0, 0, 0, 20])
    assert whole["kept"].tolist() == near([1, 1, 1, 1, 1, 0.5])
    assert whole["dearer"].tolist() == near([0, 0, 0.2, 0.4, 0.5, 0.4])
    curve, beside = results(found, words_of(case))
    assert (type(curve), type(beside)) == (SecurityCurve, WithoutSecurity)
    assert list(curve.slope)[2:4] == near([-1, -1])  # a point more saves a tonne moved at 1
    assert list(beside.objective) == near([100, 100])


def test_rows_of_the_workbook_are_set_and_taken_out() -> None:
    """Its own row stands, with its penalty; what is compared with has none."""
    row = {"Max short": 0.4, "Penalty (USD/t)": 3, "Lost country": "China"}
    case = read(two() | {"Security": [row]})
    assert secured(case, "security") is case
    found = sweep(case, parameter_of(case, "security"), (0.4, 0.0), Here())
    whole = found.rows[found.rows["mineral"] == ""]
    assert whole["objective"].tolist() == near([140, 180])
    assert found.reference["objective"].tolist() == near([100, 100])


def test_other_knobs_ask_for_nothing() -> None:
    """A row is there for security alone."""
    case = read(two())
    assert secured(case, "demand") is case
    assert secured(case, " Security:copper ").security


def test_a_knob_of_a_mineral_and_of_nobody() -> None:
    """A mineral may be named; a country is no mineral."""
    case = secured(read(two()), "security")
    assert parameter_of(case, "security:COPPER").title == "Max short, copper"
    with pytest.raises(UsageError, match="'China' is not a mineral of the workbook"):
        parameter_of(case, "security:China")
