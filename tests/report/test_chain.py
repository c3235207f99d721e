"""The chart of a chain: who makes what of whose inputs, from ore to member."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import openpyxl
import pytest

from models.measures import TIED_INPUTS
from planner.cli import main
from planner.render import plotly
from planner.report import read_report, report_html
from planner.report.chain import chain
from planner.report.plan import plan_page
from tests.books import write_book
from tests.budget import few
from tests.models.stages import ALLY, CHINA, cap, made, oxide_and_alloy, plant, stages
from tests.reference.cases import STAGED, random_book

ENDS = "source", "target", "value"
OUTSIDE = """
const outside = (box, frame) => box.top < frame.top - 1 || box.bottom > frame.bottom + 1
  || box.left < frame.left - 1 || box.right > frame.right + 1;
const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
  && a.top < b.bottom - 1 && b.top < a.bottom - 1;
return Array.from(document.querySelectorAll('#chain .plot'), plot => {
  const frame = plot.querySelector('.main-svg').getBoundingClientRect();
  const nodes = Array.from(plot.querySelectorAll('.sankey-node'));
  const box = (node, part) => node.querySelector(part).getBoundingClientRect();
  const amiss = ['.node-rect', '.node-label'].flatMap(part => nodes.filter((node, i) =>
    outside(box(node, part), frame)
    || nodes.some((other, j) => i < j && meet(box(node, part), box(other, part)))));
  return [nodes.length, amiss.map(node => node.textContent)];
});
"""
"""How many nodes each chart has, and which are cut off or on one another."""
PICK = (
    "const pick = document.querySelectorAll('#chain select')[arguments[0]];"
    "pick.selectedIndex = arguments[1]; pick.dispatchEvent(new Event('change'))"
)
"""Choose an option of a selector, chain or year, by its position."""
SEEN = "return ['.plot', 'tbody tr'].map(e => document.querySelectorAll('#chain ' + e).length)"
"""How many charts and rows there are."""


def planned(tmp_path, book):
    """Return the file of a book's plan."""
    write_book(tmp_path / "case.xlsx", {name: rows for name, rows in book.items() if rows})
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "-o", str(plan), "--workers", "1"]) == 0
    return plan


def section(path, key="chain"):
    return next((p for p in plan_page(read_report(path)).parts if p.key == key), None)


def flows(view):
    """Return the rows of a view's table: what flows, from where to where, and its part."""
    return [row[:3] + row[4:] for row in view.facts.rows]


def drawn(view):
    """Return the links of a chart by the names of their ends, and their widths."""
    (trace,) = view.plots[0].figure.data
    names = list(trace.node.label)
    ends = zip(trace.link.source, trace.link.target, trace.link.value, strict=True)
    return {(names[s], names[t]): value for s, t, value in ends}


def test_oxide_alloy_and_the_member_that_buys(tmp_path):
    """The contract's closed form b, a cap on oxide alone: 13 and 7 t of it, all alloy China's."""
    view = section(planned(tmp_path, oxide_and_alloy(cap(0.65, "oxide")))).views[0, 0]
    assert flows(view) == [
        ("oxide", "CHN", "CHN, alloy", "65.0 %"),
        ("oxide", "AUS", "CHN, alloy", "35.0 %"),
        ("alloy", "CHN", "A", "100.0 %"),
    ]
    (trace,) = view.plots[0].figure.data
    assert list(trace.node.label) == ["CHN", "AUS", "CHN", "A"]
    assert [*np.array(trace.node.x).round(2)] == [0, 0, 0.5, 1]
    assert list(trace.link.value) == pytest.approx([0.65, 0.35, 1])
    assert [a.text for a in view.plots[0].figure.layout.annotations] == [
        "<b>oxide</b>", "<b>alloy</b>", "<b>Members</b>",
    ]  # fmt: skip
    assert view.plots[0].alt.endswith("alloy CHN (100.0 %) and oxide CHN (65.0 %).")


def test_what_a_member_hands_over_goes_by_way_of_it(tmp_path):
    """A buys 12 t of oxide, keeps 2 and hands 10 to the plant at home, which makes its alloy.

    What goes into the alloy is as wide as the alloy, and so are 10 of the 12 t that A buys.
    """
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Arafura", "alloy", ALLY, 2)],
        [made("alloy", "oxide")], {"alloy": 10, "oxide": 2}, members={"A": ALLY},
        Input_lanes=[{"Input": "oxide", "Open": "no"}],
        Stockpiles=[{"Mineral": "oxide", "Member": "A", "Max (t)": 0}],
    )  # fmt: skip
    view = section(planned(tmp_path, book)).views[0, 0]
    assert drawn(view) == pytest.approx({
        ("CHN", "A supplies"): 1, ("CHN", "A"): 0.2,
        ("A supplies", "AUS"): 1, ("AUS", "A"): 1,
    })  # fmt: skip


def test_ore_comes_first_and_the_inputs_of_a_product_share_its_width(tmp_path):
    """Two oxides go into alloy: each is half as wide, as is its ore."""
    book = stages(
        {"Nd": 50, "Dy": 50, "alloy": 100},
        [
            plant("Bao", "Nd", CHINA, 1), plant("Lyn", "Dy", ALLY, 1, Recovery=0.5),
            plant("Zhong", "alloy", CHINA, 1),
        ],
        [made("alloy", "Nd", 0.9), made("alloy", "Dy", 0.1)], {"alloy": 10},
        Mines=[{"Mineral": "Dy", "Country": "CHL", "Capacity (t/yr)": 50}],
    )  # fmt: skip
    view = section(planned(tmp_path, book)).views[0, 0]
    assert flows(view)[0] == ("Dy ore", "CHL", "AUS, Dy", "100.0 %")
    assert drawn(view) == pytest.approx({
        ("CHL", "AUS, Dy"): 0.5, ("CHN, Nd", "CHN"): 0.5, ("AUS, Dy", "CHN"): 0.5,
        ("CHN", "A"): 1,
    })  # fmt: skip


def test_what_a_line_takes_is_divided_among_its_products(tmp_path):
    """One line makes 8 t of Nd and 2 t of Dy of 50 t of ore; each goes into half of the alloy."""
    line = {"Refiner": "Bao", "Input": "rock", "Joint": "yes"}
    book = stages(
        {"rock": 5, "Nd": 50, "Dy": 50, "alloy": 100},
        [
            plant("Pit", "rock", ALLY, 1), plant("Bao", "Nd", CHINA, 1),
            plant("Bao", "Dy", CHINA, 1), plant("Zhong", "alloy", CHINA, 1),
        ],
        [
            {"Mineral": "Nd", "Tonnes per tonne": 6.25, **line},
            {"Mineral": "Dy", "Tonnes per tonne": 25, **line},
            made("alloy", "Nd", 0.8), made("alloy", "Dy", 0.2),
        ], {"alloy": 10},
    )  # fmt: skip
    assert drawn(section(planned(tmp_path, book)).views[0, 0]) == pytest.approx({
        ("AUS", "CHN, Nd"): 0.5, ("AUS", "CHN, Dy"): 0.5,
        ("CHN, Nd", "CHN"): 0.5, ("CHN, Dy", "CHN"): 0.5, ("CHN", "A"): 1,
    })  # fmt: skip


def test_plants_of_other_inputs_are_as_wide_as_what_they_make(tmp_path):
    """A plant makes 3 t of scrap and one makes 7 t of oxide: 3 and 7 parts of the alloy."""
    book = stages(
        {"oxide": 50, "scrap": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 1), plant("Old", "scrap", ALLY, 1),
            plant("Zhong", "alloy", CHINA, 1, 7), plant("Again", "alloy", CHINA, 2),
        ],
        [
            made("alloy", "oxide"), made("alloy", "oxide", 0, Refiner="Again"),
            made("alloy", "scrap", 2, Refiner="Again"),
        ], {"alloy": 10},
    )  # fmt: skip
    assert drawn(section(planned(tmp_path, book)).views[0, 0]) == pytest.approx({
        ("CHN, oxide", "CHN"): 0.7, ("AUS, scrap", "CHN"): 0.3, ("CHN", "A"): 1,
    })  # fmt: skip


@pytest.mark.parametrize("least", [0, 3, 10])
def test_nothing_goes_into_a_plant_without_listed_inputs(tmp_path, least):
    """Old makes alloy of nothing listed: only what Zhong makes is as wide before as after."""
    zhong = {"Refiner": "Zhong"}
    book = stages(
        {"oxide": 50, "alloy": 100},
        [
            plant("Bao", "oxide", CHINA, 1), plant("Zhong", "alloy", CHINA, 1),
            plant("Old", "alloy", CHINA, 1, least),
        ],
        [made("alloy", "oxide", **zhong)], {"alloy": 10},
    )  # fmt: skip
    part = section(planned(tmp_path, book))
    if least == 10:
        assert part is None
        return
    widths = {("CHN, oxide", "CHN"): 1 - least / 10, ("CHN", "A"): 1}
    names = {("CHN", "CHN"): ("CHN, oxide", "CHN")}
    found = drawn(part.views[0, 0])
    assert {names.get(ends, ends): value for ends, value in found.items()} == pytest.approx(widths)


def test_a_plan_without_inputs_has_no_chain(tmp_path):
    book = stages({"oxide": 50}, [plant("Bao", "oxide", CHINA, 1)], [], {"oxide": 1})
    assert section(planned(tmp_path, book)) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(5), 2))
def test_what_is_drawn_of_random_chains_adds_up(tmp_path, seed):
    """The parts of each mineral in a chain add up to all of it, in every year."""
    book = random_book(np.random.default_rng([29, seed]), 2 + seed % 2, STAGED)
    of = section(planned(tmp_path, book))
    for view in () if of is None else of.views.values():
        total = defaultdict(float)
        for mineral, _, _, part in flows(view):
            total[mineral] += float(part.removesuffix(" %") or 0)
        assert all(abs(part - 100) < 0.06 * len(view.facts.rows) + 0.01 for part in total.values())
        (trace,) = view.plots[0].figure.data
        assert all(value > 0 for value in trace.link.value)
        into, out = defaultdict(float), defaultdict(float)
        for start, end, value in zip(*(trace.link[k] for k in ENDS), strict=True):
            out[start] += value
            into[end] += value
        assert all(into[node] <= out[node] * (1 + 1e-9) for node in into.keys() & out.keys())
        assert all(0 < y < 1 for y in trace.node.y)
    assert "The chain from ore" in report_html(read_report(tmp_path / "plan.xlsx")) or of is None


def makes_nothing(tmp_path):
    """Return a plan in whose first year S1 takes 37 t of copper and makes no lithium."""
    book = random_book(np.random.default_rng(546), 1, STAGED)
    book["Tiers"][0]["Shortage cost multiple"] = 0
    return planned(tmp_path, book)


@pytest.mark.slow
def test_what_a_plant_makes_nothing_of_is_in_the_table_alone(tmp_path):
    plan = makes_nothing(tmp_path)
    views = section(plan).views
    assert flows(views[0, 1])[1] == ("copper", "COD", "COD, lithium", "100.0 %")
    assert [len(view.plots) for view in views.values()] == [1, 0, 1]
    assert "The chain from ore" in report_html(read_report(plan))


ALLOY_MAKERS = "Zhong", "Arafura"
EDITS = {
    "one plant has no row": lambda row: None if row["Refiner"] == "Zhong" else row,
    "no plant has a row": lambda row: None,
    "one plant makes nothing": lambda row: (
        row | ({"Tonnes": 0} if row["Refiner"] == "Zhong" else {})
    ),
    "no alloy is made": lambda row: row | ({"Tonnes": 0} if row["Refiner"] in ALLOY_MAKERS else {}),
    "nothing is made": lambda row: row | {"Tonnes": 0},
}
"""What becomes of the rows of a plan's sheet Refiners."""


@pytest.mark.parametrize(
    ("letters", "parts"),
    [
        ((3, 5), [8]), ((3, 5, 2), [3, 7]), ((24, 3, 3, 3), [24, 3, 6]),
        ((3, 24, 3, 3), [3, 24, 6]), ((3, 3, 24, 3), [3, 3, 27]), ((3, 3, 3, 24), [3, 3, 27]),
        ((1, 2, 3, 10, 4), [1, 2, 3, 14]),
    ],
)  # fmt: skip
def test_a_chart_has_room_for_the_names_of_each_column(letters, parts):
    """7 pixels a letter and 18 more; between the last two columns both their names are."""
    columns = [plotly.StageNode(float(i), "oxide", "x" * n) for i, n in enumerate(letters)]
    links = [plotly.StageLink(*ends, 1.0, "") for ends in pairwise(columns)]
    stages = [plotly.Stage(node.column, ("oxide",)) for node in columns]
    figure = plotly.staged_flows(links, stages, {}, 400)
    needed = (len(letters) - 1) * (7 * max(parts) + 18)
    assert plotly.staged_width(figure) == pytest.approx(needed, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "is_sold"), [*((name, True) for name in EDITS), ("nothing is made", False)]
)
def test_a_chain_is_drawn_whatever_its_plants_make(tmp_path, name, is_sold):
    """What members buy has a width, even where what goes into their plants has none."""
    plan = planned(tmp_path, oxide_and_alloy(cap(0.65, "oxide")))
    book = openpyxl.load_workbook(plan)
    change(book["Refiners"], EDITS[name])
    if not is_sold:
        change(book["Plan"], lambda row: None)
    book.save(plan)
    (view,) = chain(read_report(plan)).views.values()
    assert [row[0] for row in view.facts.rows].count("oxide") >= 2
    assert len(view.plots) == is_sold
    if is_sold:
        assert drawn(view)["CHN", "A"] == pytest.approx(1)


def change(sheet, edit):
    """Change the rows of a sheet; None takes a row out."""
    head = [cell.value for cell in sheet[1]]
    for i in range(sheet.max_row, 1, -1):
        row = edit(dict(zip(head, (cell.value for cell in sheet[i]), strict=True)))
        if row is None:
            sheet.delete_rows(i)
            continue
        for cell, value in zip(sheet[i], row.values(), strict=True):
            cell.value = value


def charted(tmp_path, plan):
    """Return the report of a plan, as a file."""
    page = tmp_path / "report.html"
    page.write_text(report_html(read_report(plan)), encoding="utf-8")
    return page


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize("seed", few([2, 3, 12, 23], 2))
def test_all_of_a_random_chain_is_within_its_chart(window, tmp_path, seed, width):
    book = random_book(np.random.default_rng([29, seed]), 3, STAGED)
    window.open(charted(tmp_path, planned(tmp_path, book)), size=(width, 900))
    ((nodes, amiss),) = window.run(OUTSIDE)
    assert nodes >= 4
    assert amiss == []


@pytest.mark.slow
def test_a_year_without_a_chart_shows_its_table(window, tmp_path):
    window.open(charted(tmp_path, makes_nothing(tmp_path)))
    for year, counts in ((1, [0, 2]), (2, [1, 7]), (1, [0, 2]), (0, [1, 8])):
        window.run(PICK, 1, year)
        assert window.run(SEEN) == counts


@pytest.mark.slow
def test_a_chain_without_a_chart_comes_first(window, tmp_path):
    """No alloy is made or sold; the chain of metal can be chosen."""
    book = stages(
        {"oxide": 50, "alloy": 100, "rock": 50, "metal": 100},
        [
            plant("Bao", "oxide", CHINA, 1), plant("Zhong", "alloy", CHINA, 1),
            plant("Pit", "rock", ALLY, 1), plant("Works", "metal", ALLY, 1),
        ],
        [made("alloy", "oxide"), made("metal", "rock")], {"alloy": 10, "metal": 5},
    )  # fmt: skip
    plan = planned(tmp_path, book)
    edited = openpyxl.load_workbook(plan)
    for sheet in ("Refiners", "Plan"):
        change(edited[sheet], lambda row: None if row["Mineral"] == "alloy" else row)
    edited.save(plan)
    window.open(charted(tmp_path, plan))
    assert window.run(SEEN) == [0, 1]
    window.run(PICK, 0, 1)
    assert window.run(SEEN) == [1, 2]


@pytest.mark.slow
def test_all_of_the_chain_of_magnets_is_within_its_chart(window, tmp_path):
    """In all years together and in each."""
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", "inputs/magnets.xlsx", "-o", str(plan), "--workers", "1"]) == 0
    page = charted(tmp_path, plan)
    for width in (1280, 500):
        window.open(page, size=(width, 900))
        years = window.run("return document.querySelectorAll('#chain select')[1].length")
        assert years == 11
        for year in range(years):
            window.run(PICK, 1, year)
            window.wait("return document.querySelectorAll('#chain .sankey-node').length > 10")
            ((nodes, amiss),) = window.run(OUTSIDE)
            assert nodes > 10
            assert amiss == [], year


@pytest.mark.parametrize("is_staged", [True, False])
def test_what_is_left_through_all_stages_is_of_the_plan_shown(tmp_path, is_staged):
    """The note below the table says so, where the table has that share."""
    inputs = [made("alloy", "oxide")] if is_staged else []
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Zhong", "alloy", CHINA, 1)],
        inputs, {"alloy": 10},
    )  # fmt: skip
    *_, stops = section(planned(tmp_path, book), "minerals").blocks
    assert (TIED_INPUTS in str(stops)) == is_staged
