"""The price of security: cost against what may be short if any one country is lost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models.errors import UsageError
from models.results.common import words_of
from planner.render.words import known
from planner.run import start_file
from planner.scenarios.parameters import parameter_of, with_security
from planner.studies.kind import Tables
from planner.studies.places import Here
from planner.studies.sweep import Sweep, results, sweep
from planner.studies.sweep_tables import SecurityCurve, WithoutSecurity, safe_limits
from planner.studies.workbook import about_of
from planner.workbook.template import write_book
from tests.models.desk import BookT, make, read, refiner

near = pytest.approx
POINTS = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)


def two() -> BookT:
    """Return suppliers of 100 t at 1 and at 2 for a demand of 100; no row of Security."""
    return make(refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 100, 2))


def test_closed_form() -> None:
    """100 + max(0, 80 - 100 x Max short) down to 0.3; at 0.2 20 t lack at 50 each."""
    case = with_security(read(two()), "security")
    found = sweep(case, parameter_of(case, "security"), POINTS, Here())
    whole = found.rows[found.rows["mineral"] == ""]
    assert whole["objective"].tolist() == near([100, 100, 120, 140, 150, 140 + 20 * 50])
    assert whole["cash"].tolist() == near([100, 100, 120, 140, 150, 140])
    assert whole["missing"].tolist() == near([0, 0, 0, 0, 0, 20])
    assert whole["kept"].tolist() == near([1, 1, 1, 1, 1, 0.5])
    assert whole["dearer"].tolist() == near([0, 0, 0.2, 0.4, 0.5, 0.4])
    curve, beside = results(found, words_of(case))
    assert (type(curve), type(beside)) == (SecurityCurve, WithoutSecurity)
    assert list(curve.slope)[2:4] == near([1, 1])  # a point tighter moves a tonne at 1
    assert list(beside.objective) == near([100, 100])


def test_rows_of_the_workbook_are_set_and_taken_out() -> None:
    """Its own row stands, with its penalty; what is compared with has none."""
    row = {"Max short": 0.4, "Penalty (USD/t)": 3, "Lost country": "China"}
    case = read(two() | {"Security": [row]})
    assert with_security(case, "security") is case
    found = sweep(case, parameter_of(case, "security"), (0.4, 0.0), Here())
    whole = found.rows[found.rows["mineral"] == ""]
    assert whole["objective"].tolist() == near([140, 180])
    assert found.reference["objective"].tolist() == near([100, 100])


def of_three(**row: object) -> BookT:
    """Return copper, tin and zinc for 100 t in two years; a row of Security for copper in 2027."""
    names = ("copper", "tin", "zinc")
    book = make(
        *(refiner(f"{who} {name}", who, 100, cost) | {"Mineral": name}
          for name in names for who, cost in (("CHN", 1), ("CHL", 2)))
    )  # fmt: skip
    price = book["Minerals"][0]
    book["Minerals"] = [price | {"Mineral": name} for name in names]
    need = {"Mineral": "", "Member": book["Members"][0]["Member"], "2026": 100, "2027": 100}
    book["Demand"] = [need | {"Mineral": name} for name in names]
    return book | {"Security": [{"Mineral": "copper", "Max short": 0.4, "First year": 2027} | row]}


@pytest.mark.parametrize(
    ("over", "book", "down", "lacking"),
    [
        ("security", of_three(), "down to 30 % of copper in 2027",
         "tin and zinc in every year, and copper in 2026"),
        ("security", of_three(**{"First year": None}), "down to 30 % of copper", "tin and zinc"),
        ("security:copper", of_three(Mineral=""), "down to 30 % of copper in 2027",
         "tin and zinc in every year, and copper in 2026"),
        ("security", of_three(Mineral="", **{"First year": None}),
         "down to 30 % of copper, 30 % of tin and 30 % of zinc", ""),
        ("security:tin", of_three() | {"Security": []}, "down to 30 % of tin", "copper and zinc"),
    ],
)  # fmt: skip
def test_nothing_is_claimed_of_what_is_not_tested(
    over: str, book: BookT, down: str, lacking: str, tmp_path: Path
) -> None:
    """Minerals and years without a row, or that the knob doesn't set, are named as not tested."""
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    start = start_file(tmp_path / "case.xlsx")
    study = Sweep(start, over=over, first=0.5, last=0.1, step=0.1)
    study.plan(Here(), None, lambda _: None)
    tables = Tables([*study.tables(), about_of(study, {})])
    found = study.headline(tables)
    assert f"without any one country outside the coalition, no supply is missing {down}" in (
        found.finding
    )
    end = f"Not tested: {lacking}." if lacking else "."
    assert found.finding.endswith(end)
    assert ("Not tested" in found.finding) == bool(lacking)
    curve = tables[SecurityCurve]
    for mineral, missing, tested in curve.rows(curve.mineral, curve.missing, curve.tested):
        assert mineral == "" or known(missing) == bool(tested) == (mineral in down)


def test_what_is_missing_nowhere_is_so_at_every_looser_point() -> None:
    """A point that passes below one that fails is no claim."""
    rows = pd.DataFrame(
        [("copper", 0.3, 0.0), ("copper", 0.2, 5.0), ("copper", 0.1, 0.0), ("copper", 1.0, 0.0)],
        columns=["mineral", "value", "missing"],
    )
    ends = safe_limits(rows)  # what is between two points nobody planned
    assert ends["safe"].to_dict() == {"copper": 0.3}
    assert ends["next"].to_dict() == {"copper": 0.2}


def test_other_knobs_ask_for_nothing() -> None:
    """A row is there for security alone."""
    case = read(two())
    assert with_security(case, "demand") is case
    assert with_security(case, " Security:copper ").security


def test_a_knob_of_a_mineral_and_of_nobody() -> None:
    """A mineral may be named; a country is no mineral."""
    case = with_security(read(two()), "security")
    assert parameter_of(case, "security:COPPER").title == "Max short, copper"
    with pytest.raises(UsageError, match="'China' is not a mineral in the workbook"):
        parameter_of(case, "security:China")


def test_a_claim_ends_at_the_grid_and_names_what_it_is_against(tmp_path: Path) -> None:
    """The next point is named, costs are against no security, and one mineral has no rivals."""
    book = of_three(**{"First year": None})
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    study = Sweep(
        start_file(tmp_path / "case.xlsx"), over="security", first=0.5, last=0.1, step=0.1
    )
    study.plan(Here(), None, lambda _: None)
    found = study.headline(Tables([*study.tables(), about_of(study, {})]))
    assert "down to 30 % of copper, but some is missing at the next point, 20 %" in found.finding
    assert "dearest" not in found.finding
    (pays,) = [figure for figure in found.figures if figure.name == "Who pays most"]
    assert "more a year than without security" in pays.remark
    assert not any("as given" in figure.remark for figure in found.figures)
