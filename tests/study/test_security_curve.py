"""The price of security: cost against what may be short if any one country is lost."""

from __future__ import annotations

import pytest

from models.errors import UsageError
from planner.scenarios.parameters import parameter_of, with_security
from planner.studies.source import NOT_TESTED
from planner.studies.sweep_tables import Frontier, Reference
from tests.models.desk import BookT, make, read, refiner
from tests.study.planned import said, swept, table, tables_of

near = pytest.approx
POINTS = (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)


def two() -> BookT:
    """Return suppliers of 100 t at 1 and at 2 for a demand of 100; no row of Security."""
    return make(refiner("Jin", "CHN", 100, 1), refiner("Sur", "CHL", 100, 2))


def test_closed_form() -> None:
    """100 + max(0, 80 - 100 x Max short) down to 0.3; at 0.2 20 t lack at 50 each."""
    found = swept(two(), *POINTS, over="security")
    every = table(found, Frontier)
    whole = every[every["mineral"] == ""]
    assert whole["objective"].tolist() == near([100, 100, 120, 140, 150, 140 + 20 * 50])
    assert whole["cash"].tolist() == near([100, 100, 120, 140, 150, 140])
    assert whole["lost"].tolist() == near([0, 0, 0, 0, 0, 20])
    assert whole["kept"].tolist() == near([1, 1, 1, 1, 1, 0.5])
    assert whole["extra_cost_share"].tolist() == near([0, 0, 0.2, 0.4, 0.5, 0.4])
    assert whole["slope"].tolist()[2:4] == near([1, 1])  # a point tighter moves a tonne at 1
    assert table(found, Reference)["objective"].tolist() == near([100, 100])
    start = "of demand may be short after the loss of a country:"
    survives = "the plan survives every tested loss, and the same tonnes cost"
    assert said(found)[:3] == [
        f"If up to 80 % {start} {survives} as much as without security.",
        f"If up to 40 % {start} {survives} 40 USD more than without security.",
        f"If up to 20 % {start} the plan survives 50 % of the losses tested for copper.",
    ]


def test_rows_of_the_workbook_are_set_and_taken_out() -> None:
    """Its own row stands, with its penalty; what is compared with has none."""
    row = {"Max short": 0.4, "Penalty (USD/t)": 3, "Lost country": "China"}
    case = read(two() | {"Security": [row]})
    assert with_security(case, "security") is case
    found = swept(two() | {"Security": [row]}, 0.4, 0.0, over="security")
    every = table(found, Frontier)
    assert every[every["mineral"] == ""]["objective"].tolist() == near([140, 180])
    assert table(found, Reference)["objective"].tolist() == near([100, 100])


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
    ("over", "book", "tested", "lacking"),
    [
        ("security", of_three(), "copper",
         "tin and zinc in every year, and copper in 2026"),
        ("security", of_three(**{"First year": None}), "copper", "tin and zinc"),
        ("security:copper", of_three(Mineral=""), "copper",
         "tin and zinc in every year, and copper in 2026"),
        ("security", of_three(Mineral="", **{"First year": None}),
         "copper tin zinc", ""),
        ("security:tin", of_three() | {"Security": []}, "tin", "copper and zinc"),
    ],
)  # fmt: skip
def test_nothing_is_claimed_of_what_is_not_tested(
    over: str, book: BookT, tested: str, lacking: str
) -> None:
    """Minerals and years without a row, or that the number doesn't set, are named."""
    found = swept(book, 0.5, 0.4, 0.3, 0.2, 0.1, over=over)
    for row in tables_of(found).records(Frontier):
        is_tested = str(row["mineral"]) in tested.split()
        lost = row["missing_if_lost_t"] is not None
        assert not row["mineral"] or lost == bool(row["tested"]) == is_tested
    gaps = [text for text in said(found) if text.startswith("Not tested")]
    assert len(gaps) == bool(lacking)
    assert found.options[NOT_TESTED] == lacking


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
