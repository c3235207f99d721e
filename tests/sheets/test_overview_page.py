"""The first page as a sheet: its numbers against the other sheets, links, chart."""

from __future__ import annotations

import openpyxl
import pytest

from models.measures import IF_IT_STOPS, SEE_MORE
from planner.sheets import write_plan
from planner.sheets.findings import SHOWN_FIRST
from planner.sheets.front import MOST_ROWS, front_pictures, overview
from tests.sheets.desk import context, refiner, rows, with_peru

TITLES = {"last": "2027", "money": "USD", "basis": "demand"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("overview") / "plan.xlsx"
    of = context(with_peru())
    made = write_plan(path, of.plan, of.book, without_limits=of.without_limits)
    return of, made, openpyxl.load_workbook(path)


def two_minerals():
    """Of 100 t copper China gives 60 t, Chile 40 t; of 10 t cobalt China 6 t, and 4 t are short.

    Without limits China gives all: 100 t at 11, 10 t at 101. Today China has half of the copper's
    capacity.
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
    return context(book)


def words_of(sheet):
    cells = [c.value for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
    return " ".join(cells).replace("\u00a0", " ")


def test_what_the_page_says_by_hand(tmp_path):
    of = two_minerals()
    write_plan(tmp_path / "two.xlsx", of.plan, of.book, without_limits=of.without_limits)
    words = words_of(openpyxl.load_workbook(tmp_path / "two.xlsx")["Overview"])
    for said in (
        "Can the coalition get what it needs with at most 60 % of demand from any one country?",
        "Not fully: 1 of 2 minerals runs short.",
        "Cobalt is hit hardest: 40 % of the need for it stays unmet because of the limits.",
        "1 of 2 minerals",
        "Share of the need unmet over all years: cobalt 40 %.",
        # 1,100 USD without limits for copper, 1,500 with them; cobalt costs the same a tonne
        "23.4 % more",
        "The tonnes bought cost 400 USD a year more than they would without limits. All of the",
        "Because of the limits, 4 t of cobalt are missing over all years.",
        "0 of 2",
        "Without China, 0 % of the need for cobalt in 2026 would still be met, the smallest",
        f"{IF_IT_STOPS} {SEE_MORE}",
        "In 2026, for 1 of 2 minerals, some member buys over 65 % from one country outside the",
        "coalition (65 % is the EU's benchmark).",
        "The largest share is for cobalt: A buys all of it from China.",
        (
            "Limits are shares of demand, not of purchases. Within its limit, China still sells"
            " 100 % of the cobalt bought in 2026."
        ),
    ):
        assert said in words, said


def test_it_is_the_first_sheet_and_the_one_that_opens(page):
    _, _, book = page
    assert book.sheetnames[:2] == ["Overview", "Summary"]
    assert book.active.title == "Overview"
    sheet = book["Overview"]
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in {(1, 1), (None, None)}
    assert sheet.page_setup.orientation == "landscape"


def test_its_numbers_are_those_of_the_sheet_by_mineral(page):
    _, made, book = page
    cells = [c for row in book["Overview"].iter_rows() for c in row if c.data_type == "n"]
    shown = [c.value for c in cells if c.value is not None]
    table = made["By mineral"]
    told = [table.column(f.title(TITLES)) for f in SHOWN_FIRST if not f.optional]
    numbers = [c.values[0] for c in told if isinstance(c.values[0], int | float)]
    assert shown == pytest.approx(numbers)
    assert all(c.number_format != "General" for c in cells if c.value is not None)
    assert {c.header for c in told} <= {
        c.value.replace("\u00a0", " ")
        for row in book["Overview"].iter_rows() for c in row if isinstance(c.value, str)
    }  # fmt: skip


def test_of_many_minerals_the_page_shows_those_of_the_largest_value(tmp_path):
    book = rows()
    names = [f"m{i:02}" for i in range(15)]
    book["Minerals"] = [{"Mineral": n, "Price (USD/t)": 10 + i} for i, n in enumerate(names)]
    book["Refiners"] = [refiner(f"{n} works", "China", 100, 5, Mineral=n) for n in names]
    book["Demand"] = [{"Mineral": n, "Member": "A", "2026": 100} for n in names]
    front = overview(context(book), ())
    assert len(front.minerals) == MOST_ROWS
    assert front.minerals.columns[0].values == names[3:]
    assert front.findings[0].number == "0 of 15 minerals"
    assert "the sheet By mineral has 3 more" in front.notes[0]


def test_its_links_lead_to_sheets_that_exist(page):
    _, _, book = page
    links = [c.hyperlink for row in book["Overview"].iter_rows() for c in row if c.hyperlink]
    targets = {link.location.split("!")[0].strip("'") for link in links}
    assert targets <= set(book.sheetnames)
    assert targets >= set(book.sheetnames) - {"Overview", "Chart data"}


def test_its_chart_reads_the_chart_data(page):
    of, made, _ = page
    (picture,) = front_pictures(of)
    assert [s.name for s in picture.series] == [
        "Without limits, of purchases", "With limits, of purchases", "With limits, of demand",
        "Limit, of demand",
    ]  # fmt: skip
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
