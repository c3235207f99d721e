"""What a study's first page says: its numbers are the tables', and none adds minerals up."""

from __future__ import annotations

import pytest

from models.results import About, Format
from planner.cli import main
from planner.report import read_plan_or_study
from planner.report.page import study_page
from planner.report.plan import plan_page
from planner.studies import STUDIES
from tests.books import write_book

COMMANDS = {
    "solve": (),
    "compare": (),
    "sweep": ("--from", "0.9", "--to", "0.3", "--step", "0.3"),
    "stress": (),
    "risk": ("--draws", "20"),
}
USD = {"money": "USD"}


def book(of_zinc=1.0):
    """Tin in thousands of tonnes and zinc in tens; zinc is counted in a unit so much smaller."""

    def plant(name, mineral, country, capacity, cost):
        by = of_zinc if mineral == "Zinc" else 1.0
        return {
            "Refiner": name, "Mineral": mineral, "Country": country,
            "Capacity (t/yr)": capacity * by, "Cost (USD/t)": cost / by, "Available share": 1,
        }  # fmt: skip

    def prices(mineral, price):
        by = of_zinc if mineral == "Zinc" else 1.0
        return {
            "Mineral": mineral, "Price (USD/t)": price / by,
            "Shortage cost (USD/t)": 20 * price / by,
        }  # fmt: skip

    return {
        "Settings": [
            {"Setting": "Discount rate", "Value": 0},
            {"Setting": "Default freight (USD/t)", "Value": 0},
        ],
        "Minerals": [prices("Tin", 100), prices("Zinc", 5000)],
        "Members": [{"Member": "A", "Country": "France"}, {"Member": "B", "Country": "Japan"}],
        "Refiners": [
            plant("T1", "Tin", "China", 5000, 80), plant("T2", "Tin", "Peru", 900, 90),
            plant("Z1", "Zinc", "China", 60, 4000), plant("Z2", "Zinc", "Peru", 25, 4500),
        ],
        "Demand": [
            {"Mineral": "Tin", "Member": "A", "2026": 1800},
            {"Mineral": "Tin", "Member": "B", "2026": 200},
            {"Mineral": "Zinc", "Member": "A", "2026": 10 * of_zinc},
            {"Mineral": "Zinc", "Member": "B", "2026": 40 * of_zinc},
        ],
        "Share limits": [{
            "Limit": "max", "Supplier group": "country", "Supplier": "each outside coalition",
            "Share": 0.6,
        }],
        "Scenarios": [
            {"Scenario": "No Peru", "Action": "block lanes", "Country": "Peru"},
            {"Scenario": "Boom", "Action": "scale demand", "Value": 1.1},
        ],
        "Risks": [{
            "Event": "Ban", "Action": "block lanes", "Country": "China", "Duration (yr)": 1,
            "Yearly probability": 0.5, "Note": "Estimate: once in two years",
        }],
    }  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of each command by the unit of zinc, and the tables of its workbook."""
    found = {}
    for size in (1.0, 1000.0):
        folder = tmp_path_factory.mktemp("findings")
        write_book(folder / "case.xlsx", book(size), sheets=book(size))
        for command, words in COMMANDS.items():
            path = folder / f"{command}.xlsx"
            assert main([command, str(folder / "case.xlsx"), *words, "--output", str(path)]) == 0
            source = read_plan_or_study(path)
            page = plan_page(source) if command == "solve" else study_page(source)
            found[command, size] = page, source
    return found


def said(page):
    """Every sentence of a first page: its place, its name, its number and its words."""
    return [(each.place, each.name, each.number, each.text) for each in page.front.findings]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_finding_adds_minerals_up(pages, command):
    """Counted in kilograms zinc would weigh a thousand times more: what is said stays."""
    one, other = (said(pages[command, size][0]) for size in (1.0, 1000.0))
    assert one == other
    assert any("Tin" in text or "minerals" in text for *_, text in one)


def test_a_finding_says_what_it_assumes(pages):
    """What is known of a scenario, and what others sell after a loss and after an event."""
    one, lost, chance = (said(pages[command, 1.0][0]) for command in ("compare", "stress", "risk"))
    texts = {place: text for place, *_, text in one}
    assert "as if it were known from the beginning" in texts["care"]
    cared = [text for place, *_, text in lost if place == "care"]
    assert any("sell what was agreed, and a part of their free" in text for text in cared)
    texts = {place: text for place, *_, text in chance}
    assert texts["answer"].endswith("draws, some mineral is further missing than without events.")
    assert "each supplier can sell the agreed tonnes and a surge" in texts["care"]


def test_every_study_says_whether_money_is_discounted_and_what_is_an_estimate(pages):
    for command in ("compare", "stress", "risk"):
        about = dict(pages[command, 1.0][1].tables[About.TABLE].itertuples(index=False))
        assert "discounted" in about["Money"]
        assert about["Marked as estimates"].startswith("1 of ")
        assert ("Probabilities" in about) == (command == "risk")


@pytest.mark.parametrize("kind", ["compare", "stress", "risk", "under-risk", "scorecard", "bills"])
def test_every_column_of_money_says_whether_it_is_discounted(kind):
    study = STUDIES[kind].kind
    assert study.MONEY
    for of in study.RESULTS:
        for field in of.FIELDS:
            if field.fmt in {Format.MONEY, Format.MILLIONS}:
                assert "iscounted" in field.meaning, (of.TABLE, field.header)
