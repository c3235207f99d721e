"""The page of any study: what it says and draws of its tables becomes parts of the report."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from models.results import Format, Name, Result, field
from planner.render.chart import Form, Picture, Role, Series
from planner.render.front import FirstPage
from planner.render.table import Facts
from planner.report.page import part_of, plot_of
from planner.studies.kind import Section, section_of


class Points(Result):
    """Points of a study of the test's own."""

    cap = field("Cap", Format.SHARE)
    country = field("Largest country", Format.TEXT, names=Name.COUNTRY)
    cost = field("Cost", Format.MONEY, unit="{money}")


FRONT = FirstPage("Title", "What?", ())
MADE = Points(cap=[0.9, 0.5], country=["China", None], cost=[1.0e6, 2.5e6], words={"money": "EUR"})


def numbers(*fields):
    return SimpleNamespace(result=MADE, fields=fields)


def lines(**more):
    series = (Series("Short", Role.SHORT, [0.0, 0.25]),)
    caps = tuple(MADE.cap)
    return Picture("Short", Form.LINES, caps, series, "Part", "Cap", scale=Format.SHARE, **more)


def section(pictures, shown):
    return Section("points", "Points", "Each.", (pictures, shown))


def test_charts_have_their_numbers_and_tables_below():
    part = part_of(section([lines()], numbers()), FRONT)
    facts = part.view.facts
    assert facts.headers == ("Cap", "Largest country", "Cost (EUR)")
    assert facts.rows == (("90.0 %", "China", "1,000,000"), ("50.0 %", "", "2,500,000"))
    assert facts.numeric == {0, 2}
    assert not part.small
    few = part_of(section([lines(small=True)], numbers(Points.cap)), FRONT)
    assert few.small
    assert few.view.facts.headers == ("Cap",)


@pytest.mark.parametrize(("rows", "said"), [(200, ""), (201, "The first 200 of 201 rows; ")])
def test_a_table_of_a_study_is_a_part_with_its_first_rows(rows, said):
    many = Points(cap=[0.5] * rows, country=[None] * rows, cost=[1.0] * rows)
    part = section_of(many, None, lines())
    assert (
        part.lead
        == f"Points of a study of the test's own.{said and f' {said}the workbook has all.'}"
    )
    assert [len(part.view[0]), len(part.view[1].result)] == [1, min(rows, 200)]


def test_countries_are_named_and_a_hint_is_read_with_its_value():
    codes = Points(cap=[0.9], country=["CHN"], cost=[1.0], words={"money": "EUR"})
    shown = SimpleNamespace(result=codes, fields=(), heading="", note="")
    part = part_of(section([], shown), FRONT, {"CHN": "China"}.get)
    assert part.view.facts.rows == (("90.0 %", "China", "1"),)
    series = (Series("Largest", Role.PLAN, [0.6, 0.5], hints=["China", ""]),)
    bars = Picture("Shares", Form.GROUPED, (2026, 2027), series, "", "")
    assert plot_of(bars).alt == "Shares. Bars. 2026: Largest (China) 60.0 %; 2027: Largest 50.0 %."


def test_what_charts_show_in_a_sentence():
    assert plot_of(lines()).alt == (
        "Short. Lines from 90.0 % to 50.0 %: Short from 0.0 % to 25.0 %."
    )
    rows = (Series("No China", Role.SHORT, [0.4, None]), Series("Quiet", Role.SHORT, [0.0, 0.1]))
    here = Series("The workbook's cap, 65 %", Role.HERE, [None, None])
    marked = replace(lines(), series=(*lines().series, here))
    assert plot_of(marked).alt == (
        "Short. Lines from 90.0 % to 50.0 %: Short from 0.0 % to 25.0 %; The workbook's cap, 65 %, "
        "is marked."
    )
    level = replace(lines(), series=(Series("Short", Role.SHORT, [0.2502, 0.25]),))
    assert plot_of(level).alt == "Short. Lines from 90.0 % to 50.0 %: Short at 25.0 %."
    heat = Picture("Short", Form.HEAT, ("Cobalt", "Copper"), rows, "short", "")
    assert (
        plot_of(heat).alt
        == "Short. Heat map, 2 by 2. The largest value is 40.0 %: Cobalt, No China."
    )
    bars = Picture("Short", Form.BARS, ("Cobalt", "Copper"), rows, "short", "")
    assert plot_of(bars).alt == (
        "Short. Bars. Cobalt: No China 40.0 %, Quiet 0.0 %; Copper: Quiet 10.0 %."
    )
    empty = (Series("Quiet", Role.SHORT, [None, None]),)
    blank = Picture("Short", Form.HEAT, ("Cobalt", "Copper"), empty, "short", "")
    assert plot_of(blank).alt == "Short. Heat map, 1 by 2."


ONE = Picture("One", Form.BARS, ("Tin",), (Series("Short", Role.SHORT, [0.4]),), "Part", "")


@pytest.mark.parametrize(
    "nothing",
    [
        ONE,
        replace(ONE, categories=("Tin", "Zinc"), series=(Series("Short", Role.SHORT, [0.4, 0]),)),
        replace(ONE, categories=("Tin", "Zinc"), series=(Series("S", Role.SHORT, [1e-9, 2e-9]),)),
        replace(ONE, form=Form.HEAT),
        replace(lines(), series=(Series("Short", Role.SHORT, [0.0, 1e-8]),)),
        lines(),
    ],
    ids=["one bar", "one and a zero", "rounding", "one cell", "flat at zero", "on the first page"],
)
def test_a_chart_that_shows_nothing_more_is_left_out(nothing):
    front = replace(FRONT, pictures=(lines(),))
    part = part_of(section([nothing], numbers()), front)
    assert not part.view.plots
    assert part.view.facts.rows  # its numbers stay
    two = replace(ONE, categories=("Tin", "Zinc"), series=(Series("S", Role.SHORT, [0.4, 0.1]),))
    assert part_of(section([two], numbers()), front).view.plots


@pytest.mark.parametrize("count", [3, 9, 14, 30, 60])
@pytest.mark.parametrize("word", ["t", "Missing without limits (share)", "Wort" * 12])
def test_no_table_is_wider_than_a_page(count, word):
    facts = Facts(
        tuple(f"{word} {i}" for i in range(count)), (tuple("123,456" for _ in range(count)),)
    )
    parts = facts.side_by_side
    assert {header for each in parts for header in each.headers} == {*facts.headers}
    for each in parts:
        assert each.headers[0] == facts.headers[0]
        wide = sum(max(7, *map(len, header.split())) + 2 for header in each.headers)
        assert wide <= 138 or len(each.headers) == 2
