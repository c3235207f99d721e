"""Slides: text and charts as data, drawn as a presentation with charts that can be edited.

``fitted`` chooses which sentences fit on a slide; the others go to the speaker notes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.results.field import Format
from models.tolerances import SHOWN_SHARE
from planner.render import palette
from planner.render.chart import (
    Form,
    Picture,
    Role,
    Series,
    colour_of,
    is_worth_drawing,
    shortened,
    some_of,
)
from planner.render.native import LINE_COLOURS
from planner.render.style import number_format
from planner.render.words import clean_text, truncated, width_of

MOST_WORDS, MOST_LETTERS = 40, 300
"""Most words and letters on a slide, without its chart: more is not read, and would not fit."""
_WIDE, _HIGH = 13.333, 7.5
"""Width and height of a slide in inches: 16 to 9."""
_LEFT, _ACROSS = 0.6, 12.1
_TOPIC, _WORDS, _FOOT = 0.35, 0.9, 7.1
"""Positions in inches: top of the topic, top of the sentences, and bottom of the chart."""
_LETTER, _BOLD, _LINE = 0.6, 0.68, 1.25
"""Width of a letter, of a bold letter, and height of a line, relative to the font size. They are
for a wide font, because programs may replace the font."""
_LARGE, _SMALL = (30, 28, 26, 24, 22, 20, 18, 16, 14), (18, 16, 14, 13, 12)
_ALONE = (44, 40, 36, 32, *_LARGE)
"""Font sizes in points: of the first sentence, of the others, and of the first sentence on slides
without a chart. The largest size that fits is used."""
_MOST_BARS, _FEW, _NEARLY_ALL = 10, 3, 0.7
"""Bars that fit with large labels (three times as many fit with small ones); number of bars up to
which they are narrow; share above which a scale ends at 100 %."""
_LONGEST_PROPERTY = 255
"""Most letters of a title in the properties of a file, by Office's rules."""
_LONGEST = 56
"""Most letters of a name next to a bar, if there are few bars."""


@dataclass(frozen=True)
class Slide:
    """One slide: its topic, its sentences, a chart with its alternative text, and speaker notes."""

    topic: str
    words: tuple[str, ...]
    picture: Picture | None
    alt: str
    notes: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.topic, *self.words)


def split_by_room(topic: str, sentences: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sentences that a slide has room for, in order, and the others."""
    shown, left, used = list[str](), list[str](), [clean_text(topic)]
    for each in filter(None, map(clean_text, sentences)):
        fits = fits_slide([*used, each])
        (shown if fits else left).append(each)
        used += [each] if fits else []
    return tuple(shown), tuple(left)


def fits_slide(texts: Sequence[str]) -> bool:
    words = sum(len(text.split()) for text in texts)
    return words <= MOST_WORDS and sum(map(width_of, texts)) <= MOST_LETTERS


def is_drawable(picture: Picture) -> bool:
    """Return whether a slide can show a chart, and the chart shows something."""
    return picture.form is not Form.HEAT and is_worth_drawing(picture)


def with_fewer_bars(picture: Picture) -> Picture:
    """Return a chart with as many bars as there is room for; its title says so."""
    most = 3 * _MOST_BARS
    if picture.form not in {Form.BARS, Form.ROWS, Form.GROUPED} or len(picture) <= most:
        return picture
    series = tuple(replace(s, values=[*s.values][:most]) for s in picture.series)
    title = picture.title + some_of(most, len(picture), "first")
    return replace(picture, title=title, categories=picture.categories[:most], series=series)


def write_slides(path: Path, slides: Sequence[Slide], title: str) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    deck: Any = Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    deck.core_properties.title = truncated(clean_text(title), _LONGEST_PROPERTY)
    deck.core_properties.author = deck.core_properties.last_modified_by = "planner"
    deck.core_properties.created = deck.core_properties.modified = datetime.now(UTC)
    layout = deck.slide_layouts.get_by_name("Title Only")
    for number, slide in enumerate(slides, 1):
        _draw_slide(deck.slides.add_slide(layout), slide, number)
    deck.save(str(path))


def _draw_slide(page: Any, slide: Slide, number: int) -> None:
    """Draw one slide: a line at the top, the topic, the sentences, the chart, the page number."""
    from pptx.util import Inches

    rule = page.shapes.add_shape(1, 0, 0, Inches(_WIDE), Inches(0.14))
    rule.fill.solid()
    rule.fill.fore_color.rgb = _colour(palette.NAVY)
    rule.line.fill.background()
    rule.shadow.inherit = False
    topic = page.shapes.add_textbox(*map(Inches, (_LEFT, _TOPIC, _ACROSS, 0.45)))
    _fill_text(topic, slide.topic, (20, 18, 16, 14, 12, 10), palette.MUTED, 0.45)
    first, *further = slide.words
    title, top = page.shapes.title, _WORDS
    title.left, title.top, title.width = map(Inches, (_LEFT, top, _ACROSS))
    top += _fill_text(title, first, _ALONE if slide.picture is None else _LARGE, palette.NAVY,
                 1.3 if slide.picture else 3.5, bold=True)  # fmt: skip
    if further:
        below = page.shapes.add_textbox(*map(Inches, (_LEFT, top + 0.1, _ACROSS, 0.3)))
        top += 0.1 + _fill_text(below, " ".join(further), _SMALL, palette.INK, 1.0)
    if slide.picture is not None:
        area = (_LEFT, top + 0.15, _ACROSS, _FOOT - 0.15 - top)
        _chart(page, slide.picture, slide.alt, [Inches(each) for each in area])
    foot = page.shapes.add_textbox(*map(Inches, (_WIDE - 1.1, _FOOT, 0.8, 0.25)))
    _fill_text(foot, str(number), (11,), palette.MUTED, 0.3)
    page.notes_slide.notes_text_frame.text = "\n".join(map(clean_text, slide.notes))


def _fill_text(  # noqa: PLR0913 - what a text box holds, and how it looks
    shape: Any, text: str, sizes: Sequence[int], colour: str, high: float, *, bold: bool = False
) -> float:
    """Fill a shape with a text in the largest size that fits; set and return its height."""
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Inches, Pt

    frame = shape.text_frame
    frame.word_wrap, frame.vertical_anchor = True, MSO_ANCHOR.TOP
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.text = clean_text(text)
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.LEFT
    letter, wide = _BOLD if bold else _LETTER, shape.width.inches
    heights = {size: _height(text, size * letter, wide) * size for size in sizes}
    size = next((each for each in sizes if heights[each] <= high), sizes[-1])
    font = paragraph.font
    font.size, font.name, font.bold, font.color.rgb = Pt(size), palette.FONT, bold, _colour(colour)
    shape.height = Inches(heights[size])
    return heights[size]


def _height(text: str, letter: float, wide: float) -> float:
    """Return the height of a text in a box of this width, in inches per point of font size."""
    lines = math.ceil(width_of(text) * letter / (wide * 72))
    return max(1, lines) * _LINE / 72


def _colour(name: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(name.removeprefix("#"))


# ---- charts --------------------------------------------------------------------------------------


def _chart(page: Any, picture: Picture, alt: str, area: Sequence[Any]) -> None:
    """Draw a chart that can be edited: its numbers are in a workbook inside the presentation.

    Series that are 0 or missing everywhere are left out.
    """
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION

    is_named = len(picture.series) > 1
    filled = tuple(s for s in picture.series if any(s.values)) or picture.series
    alone = len(filled) == 1 and picture.form is Form.BARS  # its labels are next to the bars
    picture = replace(picture, series=filled, form=Form.ROWS if alone else picture.form)
    upright = dict.fromkeys((Form.GROUPED, Form.AGAINST), XL_CHART_TYPE.COLUMN_CLUSTERED)
    kinds = upright | {
        Form.STACKED: XL_CHART_TYPE.COLUMN_STACKED,
        Form.BARS: XL_CHART_TYPE.BAR_STACKED,
        Form.ROWS: XL_CHART_TYPE.BAR_CLUSTERED,
        Form.LINES: XL_CHART_TYPE.XY_SCATTER_LINES,
    }
    frame = page.shapes.add_chart(kinds[picture.form], *area, _data(picture))
    properties = frame._element.nvGraphicFramePr.cNvPr  # noqa: SLF001 - no public name for it
    properties.set("descr", clean_text(alt))
    chart = frame.chart
    size = 12 if len(picture) <= _MOST_BARS or picture.form is Form.LINES else 10
    chart.font.size, chart.font.name = _points(size), palette.FONT
    chart.font.color.rgb = _colour(palette.INK)
    chart.has_title = True
    chart.chart_title.text_frame.text = clean_text(picture.title)
    heading = chart.chart_title.text_frame.paragraphs[0].font
    heading.size, heading.bold, heading.color.rgb = _points(14), True, _colour(palette.NAVY)
    chart.has_legend = is_named
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    _axes(chart, picture)
    many = 0
    for series, drawn in zip(picture.series, chart.plots[0].series, strict=True):
        _style_series(drawn, series, picture.form, many)
        many += series.role is Role.ONE_OF_MANY


def _points(size: int) -> Any:
    from pptx.util import Pt

    return Pt(size)


def _data(picture: Picture) -> Any:
    from pptx.chart.data import CategoryChartData, XyChartData

    if picture.form is Form.LINES:
        points = XyChartData()
        for series in picture.series:
            line = points.add_series(clean_text(series.name))
            for place, value in zip(picture.categories, series.values, strict=True):
                if value is not None and isinstance(place, int | float):
                    line.add_data_point(place, value)
        return points
    bars = CategoryChartData()
    is_across = picture.form in {Form.BARS, Form.ROWS}
    most = _LONGEST if is_across and len(picture) <= _MOST_BARS else 0
    names = map(str, picture.categories)
    bars.categories = [
        truncated(clean_text(name), most) if most else shortened(name) for name in names
    ]
    for series in picture.series:
        bars.add_series(clean_text(series.name), series.values)
    return bars


def _format(picture: Picture) -> str:
    """Return the number format of the axis of values: no decimals for shares from 5 % on."""
    if picture.fmt is not Format.SHARE:
        return number_format(picture.fmt, picture.numbers)
    return "0%" if max(map(abs, picture.numbers), default=0.0) >= 0.05 else "0.0%"  # noqa: PLR2004


def _axes(chart: Any, picture: Picture) -> None:
    """Set a chart's axes, with grid lines for the values only."""
    from pptx.enum.chart import XL_TICK_LABEL_POSITION, XL_TICK_MARK
    from pptx.oxml.ns import qn

    values, across = chart.value_axis, chart.category_axis
    values.major_tick_mark = across.major_tick_mark = XL_TICK_MARK.NONE
    values.has_major_gridlines = True
    values.major_gridlines.format.line.color.rgb = _colour(palette.GRID)
    across.has_major_gridlines = False
    for axis, title in ((values, picture.axis), (across, picture.across)):
        axis.format.line.color.rgb = _colour(palette.LINE)
        axis.has_title = bool(title)
        if title:
            axis.axis_title.text_frame.text = clean_text(title)
            axis.axis_title.text_frame.paragraphs[0].font.size = _points(12)
    if min(picture.numbers, default=0.0) >= 0:
        values.minimum_scale = 0
        if picture.fmt is Format.SHARE and _NEARLY_ALL < picture.highest <= 1.0 + SHOWN_SHARE:
            values.maximum_scale = 1.0
    else:
        across.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    values.tick_labels.number_format = _format(picture)
    values.tick_labels.number_format_is_linked = False
    if picture.form is Form.LINES:
        places = picture.places
        across.tick_labels.number_format = number_format(picture.scale, places)
        across.tick_labels.number_format_is_linked = False
        across.minimum_scale, across.maximum_scale = min(places), max(places)
        across.reverse_order = places[0] > places[-1]
    if picture.form in {Form.BARS, Form.ROWS}:  # the first name is on top
        across.reverse_order = True
        values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    if picture.form is not Form.LINES:
        plot = chart.plots[0]
        plot.gap_width = 60 if len(picture) > _FEW else 200
        if picture.form in {Form.BARS, Form.STACKED}:
            plot.overlap = 100
        interval = across._element.makeelement(qn("c:tickLblSkip"), {"val": "1"})  # noqa: SLF001
        across._element.find(qn("c:noMultiLvlLbl")).addprevious(interval)  # noqa: SLF001
        if len(picture.series) == 1:
            plot.has_data_labels = True
            amounts = "#,##0.00" if picture.highest < 10 else "#,##0.0"  # noqa: PLR2004
            plot.data_labels.number_format = "0.0%" if picture.fmt is Format.SHARE else amounts
            plot.data_labels.number_format_is_linked = False


def _style_series(drawn: Any, series: Series, form: Form, number: int) -> None:
    """Give a series the same colour as in every chart."""
    colours = LINE_COLOURS if form is Form.LINES else palette.COLOURS
    colour = _colour(colour_of(series, number, colours))
    if form is Form.LINES:
        drawn.smooth = False
        drawn.format.line.color.rgb, drawn.format.line.width = colour, _points(2)
        drawn.marker.format.fill.solid()
        drawn.marker.format.fill.fore_color.rgb = colour
        drawn.marker.format.line.color.rgb = colour
        return
    drawn.invert_if_negative = False
    drawn.format.fill.solid()
    drawn.format.fill.fore_color.rgb = colour
