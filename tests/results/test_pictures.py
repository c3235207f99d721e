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
