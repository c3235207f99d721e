"""The magnet case: its page is what it says, its rows say where they are from, and it adds up."""

from __future__ import annotations

import openpyxl
import pytest

from inputs import magnets_story
from inputs.build import book, estimates
from inputs.magnets import magnets_book
from inputs.tables import ASSUMED, ESTIMATE
from inputs.tables import read as table
from models.plan import solve
from planner.scenarios import BASE
from planner.workbook import read

PATH = magnets_story.HERE / "magnets.xlsx"


@pytest.fixture(scope="module")
def plans() -> magnets_story.Plans:
    return magnets_story.make_plans()


@pytest.mark.slow
def test_the_page_is_what_the_case_says(plans) -> None:
    """`python -m inputs.magnets_story` was run after the last change."""
    assert magnets_story.PAGE.read_text(encoding="utf-8") == magnets_story.page(plans)


def test_the_words_of_the_page_hold(plans) -> None:
    """What the page says without a figure."""
    last = plans.last
    free, base, only = plans.free, plans.base, plans.scenarios[magnets_story.OXIDE_ALONE]
    magnets = plans.scenarios[magnets_story.MAGNETS_ALONE]
    guarded = plans.scenarios[magnets_story.FLOOR]
    floor = plans.scenarios[magnets_story.FLOOR_FREE]
    at_last, through = magnets_story.met_without(magnets, last)
    assert at_last > 0.3, "a cap on magnets alone looks safe"
    assert through < 0.05, "and is not"
    assert magnets_story.met_without(only, last)[1] > 10 * through
    assert magnets_story.met_without(plans.with_sales[magnets_story.OXIDE_ALONE], last)[1] < 0.05
    assert (
        2 * magnets_story.met_without(plans.with_sales[BASE], last)[1]
        < magnets_story.met_without(base, last)[1]
    )
    for plan in (base, plans.with_sales[BASE]):
        for mineral in magnets_story.STAGES:
            assert magnets_story.share(plan, mineral, last) <= 0.65 + 1e-6
    assert base.shortage == pytest.approx(0, abs=1)
    assert all(plan.shortage > 1e3 for cap, plan in plans.capped.items() if cap < 0.65)
    assert floor.cash == pytest.approx(free.cash, rel=1e-9), "a floor on oxide changes nothing"
    assert floor.levies == pytest.approx(0, abs=1)
    for year in plans.case.years:
        with_floor, without = (magnets_story.share(p, "Magnets", year) for p in (guarded, base))
        assert with_floor == pytest.approx(without, abs=1e-6), "no magnet safer"
    stages = [m for p, (m, _) in magnets_story.built(base).items() if p not in begun()]
    assert stages.count("Magnet alloy") > len(stages) / 2, "most are plants for alloy"


def begun() -> set[str]:
    """Return the projects that count as built."""
    return {row["project"] for row in table("magnet_projects") if row["built_year"]}


def test_today_s_plants_add_up_to_the_published_sums() -> None:
    """18.7 kt of oxide elsewhere, alloy for about 4 kt of rare earths; 94 % of magnets in China."""
    there = magnets_story.capacity()
    assert there.elsewhere["ndpr"] == pytest.approx(18_700, abs=100)
    metal = there.elsewhere["alloy"] * magnets_story.ratio("alloy", "ndpr") * 0.857
    assert metal == pytest.approx(4_000, abs=50)
    assert there.share_of_china("magnet") == pytest.approx(0.94, abs=0.005)


def test_joint_lines_give_what_their_ore_holds() -> None:
    """One tonne of ore gives both oxides of a line: its shares add up to less than a half."""
    lines: dict[str, dict[str, float]] = {}
    for row in table("magnet_inputs"):
        if row["joint"] == "yes":
            lines.setdefault(row["plant"], {})[row["mineral"]] = 1 / float(row["tonnes_per_tonne"])
    assert len(lines) == 4
    for line, oxides in lines.items():
        assert set(oxides) == {"ndpr", "dytb"}, line
        assert 0.1 < oxides["ndpr"] < 0.35, line
        assert oxides["dytb"] < 0.07, line


def test_what_china_s_exports_take_can_be_made_there() -> None:
    """The open parts of China's stages feed each other: 58,152 t of magnets are exported."""
    open_at: dict[str, float] = {}
    for row in table("magnet_plants"):
        if row["country"] == "CHN":
            amount = float(row["capacity_t"]) * float(row["available_share"])
            open_at[row["mineral"]] = open_at.get(row["mineral"], 0.0) + amount
    assert open_at["magnet"] == pytest.approx(58_152, rel=1e-3)
    alloy = open_at["magnet"] * magnets_story.ratio("magnet", "alloy")
    assert open_at["alloy"] >= alloy
    assert open_at["ndpr"] >= open_at["alloy"] * magnets_story.ratio("alloy", "ndpr")
    assert open_at["dytb"] >= open_at["alloy"] * magnets_story.ratio("alloy", "dytb")


def test_every_row_names_its_source_and_every_estimate_is_marked() -> None:
    for sheet, rows in magnets_book().items():
        for row in rows:
            if sheet != "Settings":
                assert row["Source"], (sheet, row)
    for name in ("plants", "inputs", "input_lanes", "demand", "projects"):
        for row in table(f"magnet_{name}"):
            for field in (f for f in row if f.endswith("confidence")):
                assert row[field] or not row.get(field.replace("confidence", "basis")), row
    for name, sheet in (("inputs", "Inputs"), ("input_lanes", "Input lanes")):
        for row, made in zip(table(f"magnet_{name}"), magnets_book()[sheet], strict=True):
            is_marked = str(made["Note"] or "").startswith(ESTIMATE)
            assert is_marked == (row["confidence"] in ASSUMED and bool(row["note"])), row


def test_the_workbook_is_what_the_tables_say() -> None:
    """`make inputs` was run after the last change."""
    book = openpyxl.load_workbook(PATH, read_only=True)
    for name, rows in magnets_book().items():
        header, *body = book[name].iter_rows(values_only=True)
        filled = [row for row in body if any(cell is not None for cell in row)]
        assert len(filled) == len(rows), name
        for found, row in zip(filled, rows, strict=True):
            cells = dict(zip(header, found, strict=False))
            assert {h: cells[h] for h in row} == row, name
    book.close()


def test_its_floors_alone_are_warned_of_and_it_is_proven() -> None:
    """They are meant without inputs, as the page says."""
    found = read(PATH)
    floors = [row for row in found.case.scenarios if row.action == "set price floor"]
    assert [(f.sheet, f.row) for f in found.warnings] == [("Scenarios", r.row) for r in floors]
    assert all("without the cost of inputs" in f.found for f in found.warnings)
    solve(found.case)  # raises where the proof fails


def test_the_readme_counts_its_rows() -> None:
    counted = estimates(book("magnets")).values()
    rows, marked = (sum(each[i] for each in counted) for i in (0, 1))
    readme = (magnets_story.HERE / "README.md").read_text(encoding="utf-8")
    said = f"`magnets.xlsx` has {rows} rows in {len(counted)} sheets, {marked} of them with one."
    assert said in " ".join(readme.split())
