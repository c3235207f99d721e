"""A picture is data; both of its renderers draw the same series from it."""

from __future__ import annotations

import zipfile

import pytest

from models.results import Look
from planner.render.chart import Form, Picture, Role, Series, chart_table
from planner.render.plotly import figure_of
from planner.render.xlsx import write_workbook

SERIES = (Series("Here", Role.PLAN, (0.2, 0.5)), Series("Cap", Role.LIMIT, (0.4, None)))


REPORTED = {Form.COUNTS, Form.ROWS, Form.HEAT}
"""Forms of one renderer, or drawn by it in their own way."""


@pytest.mark.parametrize("form", [f for f in Form if f not in REPORTED])
def test_both_renderers_draw_every_form(tmp_path, form):
    picture = Picture("Title", form, (2026, 2027), SERIES, "Share", "Year", look=Look.SHARE)
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
        "Title", Form.ROWS, ("A",), [Series("Here", Role.PLAN, (0.2,))], axis, "", look=Look.MONEY
    )
    title = figure_of(picture).layout.xaxis.title.text
    assert title.replace("<br>", " ") == axis.replace("<b>", "&lt;b&gt;")
    assert all(len(line) < 45 for line in title.split("<br>"))


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


def test_a_map_has_a_row_a_series():
    picture = Picture("Title", Form.HEAT, ("copper", "tin"), SERIES, "share", "")
    (drawn,) = figure_of(picture).data
    assert list(drawn.y) == [each.name for each in SERIES]
    assert [list(row) for row in drawn.z] == [list(each.values) for each in SERIES]


def test_forms_of_the_report_alone():
    """A map has a row a series; bars side by side lie, as those on one another do."""
    heat, bars = (
        figure_of(Picture("Title", form, (2026, 2027), SERIES, "short", "", look=Look.SHARE))
        for form in (Form.HEAT, Form.ROWS)
    )
    (cells,) = heat.data
    assert (list(cells.y), list(cells.x)) == (["Here", "Cap"], ["2026", "2027"])
    assert [list(row) for row in cells.z] == [[0.2, 0.5], [0.4, None]]
    assert [list(trace.x) for trace in bars.data] == [[0.2, 0.5], [0.4, None]]
    assert bars.layout.barmode == "group"
