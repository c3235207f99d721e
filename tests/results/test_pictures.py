"""A picture is data; both of its renderers draw the same series from it."""

from __future__ import annotations

import zipfile

import pytest

from models.results import Look
from planner.render.chart import Form, Picture, Role, Series, chart_table
from planner.render.plotly import figure_of
from planner.render.xlsx import write_workbook

SERIES = (Series("Here", Role.PLAN, (0.2, 0.5)), Series("Cap", Role.LIMIT, (0.4, None)))


@pytest.mark.parametrize("form", [f for f in Form if f not in {Form.COUNTS, Form.HEAT}])
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


def test_a_map_has_a_row_a_series():
    picture = Picture("Title", Form.HEAT, ("copper", "tin"), SERIES, "share", "")
    (drawn,) = figure_of(picture).data
    assert list(drawn.y) == [each.name for each in SERIES]
    assert [list(row) for row in drawn.z] == [list(each.values) for each in SERIES]
