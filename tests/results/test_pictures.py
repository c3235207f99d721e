"""A picture is data; both of its renderers draw the same series from it."""

from __future__ import annotations

import html
import zipfile

import pytest

from models.results import Format
from planner.render.chart import Form, Picture, Role, Series, chart_table, lines
from planner.render.native import _upright
from planner.render.plotly import figure_of
from planner.render.xlsx import _colour_scale, write_workbook

SERIES = (Series("Here", Role.PLAN, (0.2, 0.5)), Series("Cap", Role.LIMIT, (0.4, None)))


REPORTED = {Form.ROWS, Form.HEAT}
"""Forms of one renderer, or drawn by it in their own way."""


@pytest.mark.parametrize("form", [f for f in Form if f not in REPORTED])
def test_both_renderers_draw_every_form(tmp_path, form):
    picture = Picture("Title", form, (2026, 2027), SERIES, "Share", "Year", fmt=Format.SHARE)
    drawn = figure_of(picture)
    assert [trace.name for trace in drawn.data] == ["Here", "Cap"]
    shown = [trace.x if form in {Form.BARS, Form.STACKED} else trace.y for trace in drawn.data]
    assert [list(values) for values in shown] == [[0.2, 0.5], [0.4, None]]
    path = tmp_path / "t.xlsx"
    write_workbook(path, [chart_table([picture])], [picture], "T", charts_before="Chart data")
    with zipfile.ZipFile(path) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
    assert all(f"<c:v>{each.name}</c:v>" in chart for each in SERIES)


def test_a_long_axis_keeps_its_unit():
    axis = "Extra cost, shortage priced, of all members <b> (USD bn)"
    picture = Picture(
        "Title", Form.ROWS, ("A",), [Series("Here", Role.PLAN, (0.2,))], axis, "", fmt=Format.MONEY
    )
    title = figure_of(picture).layout.xaxis.title.text
    assert title.replace("<br>", " ") == axis.replace("<b>", "&lt;b&gt;")
    assert all(len(line) < 45 for line in title.split("<br>"))


@pytest.mark.parametrize(
    ("axis", "lines"),
    [
        ("Extra cost, shortage priced (USD bn)", 3),
        ("Above its landed cost before, of all members (USD m)", 4),
        ("USD bn", 1),
        ("Tonnes that members and plants need over all of the years planned here", 5),
        ("", 0),
    ],
)
@pytest.mark.parametrize("form", [Form.ROWS, Form.GROUPED])
def test_no_line_of_an_axis_ends_within_its_unit(axis, lines, form):
    here = [Series("Here", Role.PLAN, (0.2,))]
    drawn = figure_of(Picture("Title", form, ("A",), here, axis, "", fmt=Format.MONEY)).layout
    title = (drawn.xaxis if form is Form.ROWS else drawn.yaxis).title.text or ""
    assert title.replace("<br>", " ") == axis
    assert "(USD<br>" not in title
    if form is Form.ROWS:
        assert len(title.split("<br>")) == max(lines, 1)


@pytest.mark.parametrize(
    "name",
    ["For missing tonnes, at their price (nobody pays it)", "Here", "Less <b>, more & " * 3, ""],
)
def test_a_legend_names_a_series_in_full(name):
    picture = Picture("Title", Form.ROWS, ("A",), [Series(name, Role.SHORT, (0.2,))], "", "")
    legend = figure_of(picture).data[0].name
    assert html.unescape(legend.replace("<br>", " ")) == name.strip()
    assert max(map(len, html.unescape(legend).split("<br>"))) <= 34


def test_a_name_beyond_two_lines_is_cut():
    picture = Picture(
        "Title", Form.ROWS, ("A",), [Series("long " * 40, Role.SHORT, (0.2,))], "", ""
    )
    legend = figure_of(picture).data[0].name
    assert len(legend.replace("<br>", " ")) <= 68


@pytest.mark.parametrize("most", [0.0, 0.02, 0.11, 0.6, 1.0, 1.4])
def test_one_share_is_as_dark_on_every_map(most):
    """The scale goes from 0 to 100 %, on the chart and in the cells."""
    rows = [Series("a", Role.SHORT, (most, 0.0)), Series("b", Role.SHORT, (None, most / 2))]
    drawn = figure_of(Picture("T", Form.HEAT, ("x", "y"), rows, "of need", "")).data[0]
    assert (drawn.zmin, drawn.zmax) == (0, max(most, 1.0))
    assert _colour_scale(most)["max_value"] == max(most, 1.0)


def test_lines_that_lie_on_one_another_are_one():
    values = {"A": (0.6, 0.6), "B": (0.6, 0.6), "C": (0.5, 0.6), "D": (0.6, 0.6), "E": (0.0, 0.1)}
    picture = lines("Title", (2026, 2027), values, "Share")
    assert [s.name for s in picture.with_merged_lines.series] == ["A and 2 more", "C", "E"]
    assert [trace.customdata for trace in figure_of(picture.with_merged_lines).data] == [None] * 3


@pytest.mark.parametrize("most", [0.6, 0.6 + 1e-12, 0.6 + 1e-10, 0.6 + 1e-7, 0.61])
def test_no_point_of_a_line_is_above_its_axis(most):
    """A share of 60 % but for rounding: programs leave out what is above the axis."""
    picture = lines("Title", (2026, 2027), {"A": (most, 0.6)}, "Share")
    axis = _upright(picture)
    assert axis["max"] >= most
    assert (axis["max"] == pytest.approx(0.6, abs=1e-9)) == (most < 0.6 + 1e-9)


def test_equal_rows_of_a_heat_map_are_one():
    """Twelve members that are short alike are one row, which names them to who points at it."""
    alike = [Series(f"Member {i}", Role.SHORT, [0.1 + i * 1e-5, None]) for i in range(12)]
    other = Series("Other", Role.SHORT, [0.1, 0.0])
    rows = (*alike[:6], other, *alike[6:])
    picture = Picture("Title", Form.HEAT, ("Cobalt", "Copper"), rows, "short", "")
    (drawn,) = figure_of(picture).data
    assert drawn.type == "heatmap"
    assert list(drawn.y) == ["Member 0 and 11 more", "Other"]
    assert [list(row) for row in drawn.z] == [[0.1, None], [0.1, 0.0]]
    assert drawn.customdata[0][0].startswith("Member 0, Member 1, ")
    assert drawn.customdata[0][0].endswith(" and Member 11")


def test_rows_that_differ_stay_apart():
    values = (0.0, 0.0004, 0.002)
    rows = tuple(Series(n, Role.SHORT, [v]) for n, v in zip("ABC", values, strict=True))
    (drawn,) = figure_of(Picture("Title", Form.HEAT, ("Cobalt",), rows, "short", "")).data
    assert list(drawn.y) == ["A", "B", "C"]


def test_forms_of_the_report_alone():
    """A map has a row a series; bars side by side lie, as those on one another do."""
    heat, bars = (
        figure_of(Picture("Title", form, (2026, 2027), SERIES, "short", "", fmt=Format.SHARE))
        for form in (Form.HEAT, Form.ROWS)
    )
    (cells,) = heat.data
    assert (list(cells.y), list(cells.x)) == (["Here", "Cap"], ["2026", "2027"])
    assert [list(row) for row in cells.z] == [[0.2, 0.5], [0.4, None]]
    assert [list(trace.x) for trace in bars.data] == [[0.2, 0.5], [0.4, None]]
    assert bars.layout.barmode == "group"
