"""The brief: at most six slides and 40 words each, in the plan's own sentences and numbers."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import openpyxl
import pytest
from pptx import Presentation
from pptx.util import Inches

from models.results import ByMineral, DecideNow, Members
from models.units import MILLION
from planner.cli import main
from planner.render.chart import Form, Picture, Role, Series
from planner.render.front import NAME as OVERVIEW
from planner.render.slides import split_by_room, with_fewer_bars, write_slides
from planner.render.words import split_sentences
from planner.report import read_plan_or_study
from planner.report.brief import SLIDE_OF, SURE, brief
from planner.report.plan import first_page_of_plan
from planner.studies import STUDIES
from tests.books import editing, write_book
from tests.budget import few
from tests.extreme_books import extreme_book
from tests.small_book import small_book

INPUTS = Path(__file__).parents[2] / "inputs"
NAMES = few(("plain", "critical-minerals-first-use", "critical-minerals"), 2)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The plan of an input."""
    folder = tmp_path_factory.mktemp("briefs")

    def plan(name):
        path = folder / f"{name}.xlsx"
        if not path.exists():
            assert main(["solve", str(INPUTS / f"{name}.xlsx"), "-o", str(path)]) == 0
        return path

    return plan


def written(tmp_path, *workbooks):
    target = tmp_path / "brief.pptx"
    assert main(["brief", *map(str, workbooks), "-o", str(target)]) == 0
    return Presentation(str(target))


def texts_of(slide):
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def charts_of(slide):
    return [shape.chart for shape in slide.shapes if shape.has_chart]


def is_small(deck):
    """Whether each slide has few words, and all that is on it is within its edges."""
    assert 1 <= len(deck.slides) <= 6
    for number, slide in enumerate(deck.slides, 1):
        said = [text for text in texts_of(slide) if text and text != str(number)]
        assert sum(len(text.split()) for text in said) <= 40
        assert sum(map(len, said)) <= 310
        assert slide.shapes.title.text_frame.text
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height
        boxes = [s for s in slide.shapes if (s.has_text_frame and s.text_frame.text) or s.has_chart]
        boxes.sort(key=lambda shape: shape.top)
        for above, below in itertools.pairwise(boxes):
            assert above.top + above.height <= below.top + Inches(0.06)
        assert "Where the numbers are:" in slide.notes_slide.notes_text_frame.text
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_slides_are_few_words_charts_and_numbers_of_the_plan(planned, tmp_path, name):
    path = planned(name)
    plan, deck = read_plan_or_study(path), written(tmp_path, path)
    assert is_small(deck)
    assert len(deck.slides) == 5
    some = [chart for slide in deck.slides for chart in charts_of(slide)]
    assert len(some) == len(deck.slides)
    for chart in some:
        assert chart.part.chart_workbook.xlsx_part.blob.startswith(b"PK")
    pictures = [shape for slide in deck.slides for shape in slide.shapes if shape.shape_type == 13]
    assert not pictures
    are_of_the_first_page(plan, path)
    are_of_the_tables(plan, some)


def are_of_the_first_page(plan, path):
    """Check that the page has every sentence, or had it if it had room."""
    page = " ".join(
        str(cell)
        for row in openpyxl.load_workbook(path)[OVERVIEW].iter_rows(values_only=True)
        for cell in row
        if cell is not None
    )
    figures = [each.text for each in first_page_of_plan(plan).sentences if each.place == "figure"]
    page = " ".join((page.replace("\xa0", " "), *figures))
    *slides, _ = brief(plan)
    for slide in slides:
        for sentence in (each for text in slide.words for each in split_sentences(text)):
            assert sentence.removesuffix(".").lower() in page.lower(), sentence


def are_of_the_tables(plan, charts):
    """Check that bars add up to the numbers of the sheets."""
    drawn = {series[0].name: series for chart in charts for series in [[*chart.plots[0].series]]}
    table = plan.result(ByMineral).frame()
    lacking = table[table["short"] > 0]
    if len(lacking) > 1:
        short = drawn["Supply can't give it"]
        whole = sum(sum(v or 0.0 for v in series.values) for series in short)
        assert whole == pytest.approx((lacking["short"] / lacking["demand"]).sum())
    (kept,) = drawn["Still met"]
    assert [*kept.values] == pytest.approx([*table["served_without"].dropna()])
    extra, _ = drawn["Extra cash, same tonnes"]
    members = plan.result(Members).frame()
    assert sum(extra.values) == pytest.approx(sum(members["extra"]) / MILLION, abs=0.1)
    rows = plan.result(DecideNow).frame()
    begun = rows[rows["decision"] == "begin"]
    if len(begun) > 1:
        spent = sorted(begun.groupby("what")["cost"].sum() / 1e9, reverse=True)
        assert [*drawn["Cost"][0].values] == pytest.approx(spent[:10])


@pytest.mark.slow
def test_a_slide_on_how_sure_it_is_where_a_study_says_so(made, tmp_path):
    alone = written(tmp_path, made())
    deck = written(tmp_path, made(), made("risk"), made("stress"), made("sweep"), made("exit"))
    assert is_small(deck)
    assert len(deck.slides) == len(alone.slides) + 1
    assert SURE in texts_of(deck.slides[-1])
    notes = deck.slides[-1].notes_slide.notes_text_frame.text
    assert "case-risk.xlsx: the sentences in sheet Overview" in notes


def test_every_study_has_a_slide():
    assert {listed.kind.NAME for listed in STUDIES.values()} <= SLIDE_OF.keys()


@pytest.mark.parametrize("number", few([3, 19, 28, 41, 57, 73, 104, 158, 216, 300], 4))
def test_random_books(tmp_path, number):
    book, _ = extreme_book(number)
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    plan = tmp_path / "plan.xlsx"
    if main(["solve", str(tmp_path / "case.xlsx"), "-o", str(plan)]) == 0:
        assert is_small(written(tmp_path, plan))


def test_names_that_would_be_markup(made, tmp_path):
    deck = written(tmp_path, made("solve", "hostile"), made("stress", "hostile"))
    assert is_small(deck)
    said = " ".join(text for slide in deck.slides for text in texts_of(slide))
    assert "<img src=x" in said


def test_long_names_leave_whole_sentences(tmp_path, made):
    """What does not fit stands in the notes, whole."""
    name = "Very long name of a mineral " * 30
    shown, left = split_by_room("The plan", (f"{name} is short.", "Two are short."))
    assert shown == ("Two are short.",)
    assert left == (f"{name} is short.",)
    shown, left = split_by_room("The plan", ("x" * 10_000,))
    assert (shown, len(left)) == ((), 1)


def test_a_chart_of_many_bars_says_which_it_shows():
    names = tuple(f"Mineral {number}" for number in range(40))
    series = Series("Short", Role.SHORT, [0.5] * 40)
    picture = Picture("Short", Form.BARS, names, (series,), "", "")
    short = with_fewer_bars(picture)
    assert (short.title, len(short), len(short.series[0].values)) == (
        "Short (the 30 first of 40)", 30, 30,
    )  # fmt: skip
    assert with_fewer_bars(short) is short


def test_a_name_does_not_end_a_sentence():
    text = "Dr. No is short. St. Ives Ltd. Ore is not."
    assert split_sentences(text, ["dr. No", "St. Ives Ltd. Ore"]) == [
        "Dr. No is short.", "St. Ives Ltd. Ore is not.",
    ]  # fmt: skip
    assert split_sentences("") == []


def test_what_is_no_plan_is_refused(made, tmp_path, capsys):
    case = made().with_name("case.xlsx")
    target = tmp_path / "brief.pptx"
    for words, code in (
        ((case,), 1),
        ((made("stress"),), 2),
        ((made(), made()), 2),
        ((made(), case), 1),
    ):
        assert main(["brief", *map(str, words), "-o", str(target)]) == code
    assert main(["brief", str(made()), "-o", str(tmp_path / "brief.ppt")]) == 2
    assert "must end in .pptx" in capsys.readouterr().err
    assert not target.exists()


def changed(plan, folder, sheet, header, value):
    """Write a copy of a plan in which another program changed the first cell of a column."""
    path = folder / "plan.xlsx"
    with editing(plan, path) as book:
        headers = [str(cell.value) for cell in book[sheet][1]]
        column = next(i for i, name in enumerate(headers, 1) if name.startswith(header))
        book[sheet].cell(2, column).value = value
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "edit",
    [
        ("Plan", "Tonnes", 999_999),
        ("Summary", "Measure", "Another plan"),
    ],
)
def test_edits_are_found_by_verify_alone(made, tmp_path, capsys, edit):
    """So neither command vouches for a plan; their help says which one does."""
    path = changed(made(), tmp_path, *edit)
    for command in ("brief", "report"):
        assert main([command, str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["warnings"] == []
        assert main([command, "--help"]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "only planner verify finds out whether a plan was edited" in said
    assert main(["verify", str(path), str(made().with_name("case.xlsx"))]) == 1


@pytest.mark.parametrize("title", ["x" * 256, "two\nlines " * 40, "😀" * 300])
def test_titles_of_any_length(made, tmp_path, title):
    """The properties of a file hold 255 letters of a title; slides and notes have them all."""
    write_slides(tmp_path / "brief.pptx", brief(read_plan_or_study(made())), title)
    kept = Presentation(str(tmp_path / "brief.pptx")).core_properties.title
    assert 250 < len(kept) <= 255
    assert kept.endswith("…")


@pytest.mark.parametrize("tonnes", few([1e-9, 1e-6, 1e-5, 1e-3, 1e9], 2))
def test_plans_of_next_to_nothing(tmp_path, tonnes):
    book = small_book()
    for row in book["Demand"]:
        row |= {"2026": tonnes, "2027": tonnes}
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "-o", str(plan)]) == 0
    assert is_small(written(tmp_path, plan))


def test_a_plan_that_failed_its_checks_is_refused(made, tmp_path, capsys):
    path = changed(made(), tmp_path, "Checks", "Passed", "no")
    assert main(["brief", str(path), "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert answer["status"] == "solver_error"
    assert "is not proven" in answer["errors"][0]["message"]
    assert not path.with_name("plan-brief.pptx").exists()


def test_a_study_of_another_input_is_refused(made, planned, tmp_path, capsys):
    assert main(["brief", str(planned("plain")), str(made("stress"))]) == 2
    assert "made from another input" in capsys.readouterr().err
