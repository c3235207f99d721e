"""The first page as a sheet: its numbers by hand and against the other sheets, links, chart."""

from __future__ import annotations

import openpyxl
import pytest

from planner.sheets import write_plan
from planner.sheets.front import front_pictures, overview
from tests.sheets.desk import context, measures, refiner, rows, with_peru


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("overview") / "plan.xlsx"
    of = context(with_peru(), lost=True)
    made = write_plan(path, of.plan, of.book, without_limits=of.without_limits, lost=of.lost)
    return of, made, openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def two_minerals(tmp_path_factory):
    """Of 100 t copper China gives 60 t, Chile 40 t; of 10 t cobalt China 6 t, and 4 t are short.

    Worth 5,000 USD each. Without limits China gives all: 100 t at 11, 10 t at 101. If China stops,
    Chile sells 40 t and 20 t of surge. Today China has half of the copper's capacity.
    """
    book = rows()
    book["Minerals"].append({"Mineral": "cobalt", "Price (USD/t)": 500, "Unit": "t Co"})
    book["Refiners"] = [
        refiner("China works", "China", 100, 10),
        refiner("Chile works", "Chile", 100, 20),
        refiner("China cobalt", "China", 10, 100, Mineral="cobalt"),
    ]
    book["Demand"] = [
        {"Mineral": "copper", "Member": "A", "2026": 100},
        {"Mineral": "cobalt", "Member": "A", "2026": 10},
    ]
    of = context(book, lost=True)
    path = tmp_path_factory.mktemp("overview") / "two.xlsx"
    made = write_plan(path, of.plan, of.book, without_limits=of.without_limits, lost=of.lost)
    sheet = openpyxl.load_workbook(path)["Overview"]
    cells = [c.value for row in sheet.iter_rows() for c in row if c.value is not None]
    numbers = [value for value in cells if not isinstance(value, str)]
    words = " ".join(value.replace("\u00a0", " ") for value in cells if isinstance(value, str))
    return made, numbers, words


def test_every_number_of_the_page_by_hand(two_minerals):
    _, numbers, words = two_minerals
    assert numbers == pytest.approx([0.35, 0.30, 0.75, 0.60, -4, 4])
    for said in (
        "If China stops: how much of the need is still served?",
        "today cobalt, 0 %; in the plan cobalt, 0 %.",
        "What the others sell anyway is 20 % of the need (today 25 %);",
        "add 10 % (today 10 %).",
        "today cobalt, 100 % from China; in the plan cobalt, 60 % from China.",
        "The limit on one country is 60 % of each mineral's demand in 2026.",
        "0.2 % less: less is bought",
        "In 1 year 4 t are short: 0 t that supply cannot give, 4 t that the limits forbid.",
        "the tonnes bought cost 400 USD a year more;",
        "80 % is served by value. Least of all cobalt: 60 %.",
        "30 % of need would still be served. Least of all cobalt: 0 %.",
        "Against today: China -15.0 points and Chile -5.0 points.",
        "the cheapest plan without share limits: China -40.0 points and Chile +20.0 points.",
        "Without China the least is left of cobalt: 0 % of its need is served (60 % with it).",
    ):
        assert said in words, said


def test_every_number_of_the_page_is_that_of_the_sheets(two_minerals):
    made, numbers, words = two_minerals
    price = {"copper": 50, "cobalt": 500}
    told = measures(made["Summary"])
    without = "Served if China stops, in the plan (by value, with surge and stocks)"
    assert numbers[0] == pytest.approx(told["Served if China stops, today (by value, with surge)"])
    assert numbers[1] == pytest.approx(told[without])
    # the mineral that the page says is served least, of the sheet that it leads to
    assert min(told[f"{without}: {name}"] for name in price) == told[f"{without}: cobalt"] == 0
    assert numbers[4] == pytest.approx(told["Limits cost in cash"])
    assert numbers[5] == pytest.approx(told["Shortage"])
    assert f"{told['Short because the limits forbid it']:.0f} t that the limits forbid" in words
    minerals = made["By mineral"].to_frame()
    worth = minerals["Mineral"].map(price)
    need = float((minerals["Demand (t)"] * worth).sum())
    sold = made["Country shares"].to_frame()
    sold = sold[(sold["Buyer"] == "Coalition") & (sold["Country"] == "China")]
    from_china = float((sold["Tonnes"] * sold["Mineral"].map(price)).sum())
    assert numbers[3] == pytest.approx(from_china / need)
    values = made["Values"].to_frame()
    either = values["Plan"].isin(["this plan", "largest supplier stopped"])
    stopped = values[either & (values["Family"] == "shortage")]
    worth = stopped["Key"].str.partition(" | ")[0].map(price)
    assert numbers[1] == pytest.approx(1 - float((stopped["Value"] * worth).sum()) / need)
    limits = made["Share limits"].to_frame()
    reached = int((limits["Binding"] == "yes").sum())
    kept = f"All {len(limits)}, one for each supplier, mineral and year; {reached} of them are used"
    assert f"{kept} up to the last tonne." in words
    data = made["Chart data"].to_frame()
    drawn = data[data["Chart"].str.startswith("Who serves the coalition's need")]
    bars = drawn.set_index(["Series", "Category"])["Value"]
    assert bars["China", "Today"] == pytest.approx(numbers[2])
    assert bars["China", "The plan"] == pytest.approx(numbers[3])
    assert bars["Not served", "The plan without China"] == pytest.approx(1 - numbers[1])


def test_it_is_the_first_sheet_and_the_one_that_opens(page):
    _, _, book = page
    assert book.sheetnames[:2] == ["Overview", "Summary"]
    assert book.active.title == "Overview"
    sheet = book["Overview"]
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in {(1, 1), (None, None)}
    assert sheet.page_setup.orientation == "landscape"


def test_its_numbers_are_numbers(page):
    of, _, book = page
    cells = [c for row in book["Overview"].iter_rows() for c in row if c.data_type == "n"]
    shown = [c.value for c in cells if c.value is not None]
    expected = [n.value for asked in overview(of, ()).asked for n in asked.numbers]
    assert shown == pytest.approx(expected)
    assert shown[1] == pytest.approx(118 / 260)
    assert all(c.number_format != "General" for c in cells if c.value is not None)


def test_its_links_lead_to_sheets_that_exist(page):
    _, _, book = page
    links = [c.hyperlink for row in book["Overview"].iter_rows() for c in row if c.hyperlink]
    targets = {link.location.split("!")[0].strip("'") for link in links}
    assert targets <= set(book.sheetnames)
    assert targets >= set(book.sheetnames) - {"Overview", "Chart data"}


def test_its_chart_adds_up_and_reads_the_chart_data(page):
    of, made, _ = page
    (picture,) = front_pictures(of)
    assert picture.categories == ("Today", "The plan", "The plan without China")
    for i in range(3):
        assert sum(series.values[i] for series in picture.series) == pytest.approx(1.0)
    data = made["Chart data"].to_frame()
    mine = data[data["Chart"] == picture.title]
    assert list(mine["Value"]) == pytest.approx([v for s in picture.series for v in s.values])
    assert mine.index[-1] == len(data) - 1


def test_an_odd_name_stays_text_on_the_page(tmp_path):
    book = rows()
    book["Minerals"][0]["Mineral"] = "=1+1"
    for sheet in ("Refiners", "Demand"):
        book[sheet] = [{**row, "Mineral": "=1+1"} for row in book[sheet]]
    of = context(book)
    write_plan(tmp_path / "odd.xlsx", of.plan, of.book, without_limits=of.without_limits)
    sheet = openpyxl.load_workbook(tmp_path / "odd.xlsx")["Overview"]
    assert not any(c.data_type == "f" for row in sheet.iter_rows() for c in row)
