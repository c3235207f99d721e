"""A plan and its studies in one report."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import pytest

from planner.render.claims import Sentence
from planner.render.front import FirstPage
from planner.report import read_plan_or_study
from planner.report.page import combined_page as joined
from planner.report.page import front_section, html_of, study_page
from planner.report.plan import plan_page
from tests.report.test_pages import Outline


@pytest.fixture
def plan(made):
    return plan_page(read_plan_or_study(made()))


@pytest.fixture
def sweep(made):
    return study_page(read_plan_or_study(made("sweep")))


def test_a_plan_alone_is_as_it_was(plan):
    assert joined(plan, ()) is plan


def test_parts_headlines_and_sources_follow(plan, sweep):
    page = joined(plan, (sweep,))
    assert (page.title, page.verdict, page.all_proven) == (plan.title, plan.verdict, True)
    assert page.front is plan.front
    assert [each.front for each in page.fronts] == [plan.front, sweep.front]
    assert [each.heading for each in page.fronts] == ["", "Sweep"]
    assert page.parts[len(plan.parts)].heading == "Sweep: frontier"
    assert "Sweep: Each of 4 runs is proven optimal." in page.notes
    assert not any("another input" in note for note in page.notes)
    assert ("Sweep: Workbook", "case-sweep.xlsx") in page.about.rows


def test_the_first_page_of_a_study_follows_that_of_the_plan(plan, sweep):
    said = Sentence("It costs 1 & 2.", "answer", "")
    told = replace(sweep, fronts=(front_section(FirstPage("T", "What does a cap cost?", (said,))),))
    shown = unescape(html_of(joined(plan, (told,)))).replace("\xa0", " ")
    assert "It costs 1 & 2." in shown
    assert shown.index(plan.front.question) < shown.index("What does a cap cost?")


def test_another_input_is_told(plan, sweep):
    rows = tuple((what, "0" if what == "Input SHA-256" else v) for what, v in sweep.about.rows)
    other = replace(sweep, about=replace(sweep.about, rows=rows))
    (note,) = [n for n in joined(plan, (other,)).notes if "another input" in n]
    assert note.startswith("Sweep: ")


def test_a_study_that_is_not_proven_is_no_good_news(plan, sweep):
    bad = replace(sweep, all_proven=False, verdict="1 of 4 runs have no proven plan.")
    page = joined(plan, (bad,))
    assert not page.all_proven
    assert page.verdict.endswith("Sweep: 1 of 4 runs have no proven plan.")


def test_every_name_on_the_page_is_one_place(together):
    outline = Outline(together.read_text(encoding="utf-8"))
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for _, a in outline.named("a")]
    assert set(links) <= set(ids)


def test_the_same_study_twice(plan, sweep):
    keys = [part.key for part in joined(plan, (sweep, sweep)).parts]
    assert len(keys) == len(set(keys))
