"""Charts: what a legend is for, and the palette's promise to the colour-blind."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest

from models.results import Format
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, chart_table
from planner.render.xlsx import write_workbook
from planner.sheets.pictures import pictures
from tests.sheets.desk import context, parts, refiner, rows

PLAN = Series("This plan", Role.PLAN, (0.5, 0.6))
FREE = Series("Without limits", Role.FREE, (0.7, 0.8))


def legends(path, form: Form, *series: Series) -> int:
    picture = Picture("T", form, (2026, 2027), series, "Share", "Year")
    data = chart_table([picture])
    write_workbook(path, [data], [picture], "T", charts_before="Chart data")
    (chart,) = parts(path, "xl/charts/chart")
    return chart.count("<c:legend>")


@pytest.mark.parametrize("form", [f for f in Form if f not in {Form.HEAT, Form.ROWS}])
def test_one_series_needs_no_legend_unless_it_is_a_part(tmp_path, form):
    """A bar of the plan's, or of what is short, is what its title speaks of; others are parts."""
    assert legends(tmp_path / "one.xlsx", form, PLAN) == int(form is Form.STACKED)
    if form in {Form.STACKED, Form.BARS}:
        assert legends(tmp_path / "part.xlsx", form, replace(PLAN, role=Role.OTHER)) == 1
    assert legends(tmp_path / "two.xlsx", form, PLAN, FREE) == 1


def test_what_is_nowhere_is_in_no_stack():
    """All comes from Chile: nothing is short."""
    book = rows(Refiners=[refiner("Chile works", "Chile", 300, 20)])
    del book["Share limits"]
    shown = {p.title.split(",")[0]: [s.name for s in p.series] for p in pictures(context(book))}
    assert shown["Who supplies the coalition"] == ["Chile"]
    assert shown["Demand served by member"] == ["Served"]


def test_a_stack_above_all_of_the_demand_says_why():
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 20, "Target (t)": 20}
    book = rows(Stockpiles=[pile | {"Target penalty (USD/t/yr)": 50_000}])
    book["Refiners"] = [refiner("China works", "China", 500, 10)]
    del book["Share limits"]
    titles = [p.title for p in pictures(context(book))]
    assert "Who supplies the coalition, 2026 to 2027 (above 100 %: for stock)" in titles


def test_a_mineral_that_no_country_sells_has_no_chart_of_its_largest():
    """Rest of world is none; where any country is limited, the chart is of those."""
    book = rows(Refiners=[refiner("World", "Rest of world", 300, 20)])
    assert not any(": largest" in picture.title for picture in pictures(context(book)))
    assert any(": largest" in picture.title for picture in pictures(context(rows())))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.1)."""
    parts_of = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts_of
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# Machado, Oliveira and Fernandes (2009): linear RGB as seen without red, without green.
BLIND = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
               (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
               (-0.011820, 0.042940, 0.968881)),
}  # fmt: skip


def seen(colour: str, blind: str) -> tuple[float, ...]:
    given = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(sum(k * v for k, v in zip(row, given, strict=True)) for row in BLIND[blind])


@pytest.mark.parametrize("blind", BLIND)
def test_colours_side_by_side_are_told_apart_by_the_colour_blind(blind):
    shown = (*palette.COLOURS, palette.NAVY, palette.LIGHT_GREY, palette.VERMILION)
    for one, other in itertools.combinations(shown, 2):
        apart = sum((a - b) ** 2 for a, b in zip(seen(one, blind), seen(other, blind), strict=True))
        assert apart**0.5 > 0.12, (one, other)


@pytest.mark.parametrize("name", ["INK", "MUTED", "NAVY", "GOOD", "CAUTION", "BAD", "BLUE"])
def test_words_are_legible_on_white(name):
    assert contrast(getattr(palette, name), palette.WHITE) >= 4.5


def test_every_colour_is_one():
    colours = [v for v in vars(palette).values() if isinstance(v, str) and v.startswith("#")]
    assert colours
    assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in colours)


def test_columns_below_zero_have_an_axis_that_shows_them(tmp_path):
    """Who pays less than without limits: its column points down, and the axis reaches there."""
    series = (Series("cash", Role.PLAN, [300.0, -109.0]),)
    chart = Picture("Who pays", Form.GROUPED, ("A", "B"), series, "USD m", "", fmt=Format.MILLIONS)
    table = chart_table([chart])
    write_workbook(tmp_path / "c.xlsx", [table], [chart], "T", charts_before="Chart data")
    [drawn] = parts(tmp_path / "c.xlsx", "xl/charts/")
    assert float(re.search(r'<c:min val="([^"]+)"', drawn)[1]) <= -109


@pytest.mark.parametrize(("many", "size"), [(3, 1000), (8, 1000), (9, 800), (12, 800)])
def test_names_under_columns_stand_level(tmp_path, many, size):
    """A program that turns them would cover the axis title and the legend; many are smaller."""
    names = tuple(f"Heavy mineral {i}: Country" for i in range(many))
    series = [replace(each, values=(0.5,) * many) for each in (PLAN, FREE)]
    picture = Picture("T", Form.GROUPED, names, tuple(series), "Share", "Mineral")
    path = tmp_path / "many.xlsx"
    write_workbook(path, [chart_table([picture])], [picture], "T", charts_before="Chart data")
    (chart,) = parts(path, "xl/charts/chart")
    axis = chart[chart.index("<c:catAx>") : chart.index("</c:catAx>")]
    text = axis[axis.rindex("<c:txPr>") :]
    assert 'rot="0"' in text
    assert f'sz="{size}"' in text


def test_inputs_are_drawn_with_what_plants_take():
    """Members need no oxide; who supplies it adds up to all that plants take."""
    from planner.sheets.context import Context
    from planner.workbook import read_tables
    from tests.models.desk import solve_once as solve
    from tests.models.stages import cap, oxide_and_alloy

    book = oxide_and_alloy(cap(0.65))
    shown = {p.title.split(",")[0]: p for p in pictures(Context(solve(book), read_tables(book)))}
    supplied = shown["Who supplies the coalition"]
    assert set(supplied.categories) == {"alloy", "oxide"}
    sums = [sum(values) for values in zip(*(s.values for s in supplied.series), strict=True)]
    assert sums == pytest.approx([1.0, 1.0])
    largest = shown["Largest country under a limit: share of coalition demand"]
    assert len(largest.categories) == 2
