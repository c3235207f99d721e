"""The command support: what it writes, what it says, and what a program hears."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.studies.support import _bars
from planner.workbook.template import template_tables
from tests.books import write_book
from tests.cli.desk import sheets
from tests.models.desk import make, refiner
from tests.small_book import small_book

HERE = ("--workers", "1")
ROW = {
    "Plant": "codelco", "Mineral": "Copper", "Strike price (USD/t)": 10000,
    "Reference price (USD/t)": None, "Clawback above (USD/t)": None, "Payer": "asia",
    "First year": None, "Last year": None,
}  # fmt: skip


@pytest.fixture
def supported(folder):
    """The small book with a contract for difference, names spelt another way."""
    book = small_book()
    book["Supports"] = [ROW]
    write_book(folder / "case.xlsx", book)
    return "case.xlsx"


def test_what_is_written(supported, call, folder):
    code, out, err = call("support", supported, *HERE)
    assert (code, out) == (0, "")
    made = folder / "outputs" / "case-support.xlsx"
    names = sheets(made)
    assert names[:2] == ["Overview", "Support needed"]
    assert {"Gaps", "Support bills", "About", "Runs"} <= set(names)
    assert "Onsan (Copper) could be brought in for" in err


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ((20,), ("could be",)),
        ((20, 20), ("could be",)),
        ((20, 20, 30), ("could be", "Dearest is Kyoto 2")),
        ((20, 30, 30), ("Cheapest to bring in is Kyoto 0",)),
        ((20, 25, 30), ("Cheapest to bring in is Kyoto 0", "Dearest is Kyoto 2")),
    ],
)
def test_no_plant_is_named_before_others_that_need_as_much(folder, ask, costs, said):
    """Jin sells all that is needed at 10; each Kyoto at home is idle in all years."""
    plants = (refiner(f"Kyoto {i}", "JPN", 100, cost) for i, cost in enumerate(costs))
    book = make(refiner("Jin", "CHN", 100, 10), *plants)
    book["Members"][0]["Country"] = "JPN"
    write_book(folder / "case.xlsx", book)
    found = [f["sentence"] for f in ask("support", "case.xlsx", *HERE)[1]["findings"]]
    starts = ("could be", "Cheapest to bring in is Kyoto", "Dearest is Kyoto")
    assert [f for f in found if any(start in f for start in starts)] == [
        f for f in found if any(each in f for each in said)
    ]
    assert sum(any(each in f for f in found) for each in said) == len(said)
    assert not any("Most years idle" in f for f in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("needs", "years", "running"),
    [((100, 50), 1, 1), ((50, 50), 2, 0), ((100, 100), 0, 0), ((50, 100), 1, 1), ((62, 50), 2, 0)],
)
def test_a_plant_that_runs_in_other_years_says_so(folder, ask, needs, years, running):
    """Jin sells 60 t at 10; Kyoto at home sells the rest, 50 t at most, at 20: 2 t are too few."""
    book = make(refiner("Jin", "CHN", 60, 10), refiner("Kyoto", "JPN", 50, 20),
                demand={"A": needs}, years=(2026, 2027))  # fmt: skip
    book["Members"][0]["Country"] = "JPN"
    write_book(folder / "case.xlsx", book)
    code, said = ask("support", "case.xlsx", *HERE)
    assert code == 0
    found = [(row["years"], row["running"]) for row in said["plants"] if row["plant"] == "Kyoto"]
    assert found == ([(years, running)] if years else [])


def test_what_a_person_hears(folder, call):
    """No heading over no rows; money in millions, prices a tonne not."""
    write_book(folder / "case.xlsx", template_tables())
    _, _, err = call("support", "case.xlsx", *HERE)
    assert "Support: " in err
    assert "Plants at home that lack least" not in err


def test_what_a_program_hears(supported, ask):
    code, said = ask("support", supported, *HERE)
    assert (code, said["status"], said["errors"]) == (0, "optimal", [])
    for bill in said["bills"]:
        assert (bill["plant"], bill["payer"], bill["strike"]) == ("Codelco", "Asia", 10000)
        assert bill["each"] == 10000 - 9000
        assert bill["total"] == pytest.approx(bill["tonnes"] * bill["each"])
    assert all(row["gap"] >= 0 for row in said["gaps"])


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"Plant": "Codelca"}, "id you mean 'Codelco'?"),
        ({"Mineral": "Lithium"}, "Codelco does not make Lithium"),
        ({"Payer": "Asi"}, "is neither a member nor a group"),
        ({"Clawback above (USD/t)": 9000}, "at least the strike price of the row"),
    ],
)
def test_errors_name_their_cell(folder, call, cells, words):
    book = small_book()
    book["Supports"] = [ROW | cells]
    write_book(folder / "case.xlsx", book)
    code, _, err = call("support", "case.xlsx", *HERE)
    assert code == 1
    assert words in err
    assert "Supports!" in err


def test_a_bar_too_short_to_be_seen_has_its_number_beside_its_name() -> None:
    rows = pd.DataFrame({
        "mineral": ["Nickel"], "plant": ["India refining (aggregate)"], "of_price": [0.001]
    })  # fmt: skip
    assert _bars("Gaps", rows).categories == ("Nickel: India refining (aggregate), 0.1 %",)


def test_a_plant_that_can_reach_nobody_has_no_gap(folder, call):
    """All its lanes are shut, so no gap is known in any year."""
    book = make(refiner("Far", "CHN", 100, 8), refiner("Shut", "USA", 100, 11))
    book["Members"][0]["Country"] = "USA"
    book["Lanes"] = [{"Refiner": "Shut", "Open": "no"}]
    write_book(folder / "case.xlsx", book)
    code, _, err = call("support", "case.xlsx", *HERE)
    assert code == 0, err
