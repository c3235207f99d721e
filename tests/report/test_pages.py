"""What a report says, against numbers computed by hand; what it never does with a name."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from models.measures import TIED_INPUTS
from models.results import ByMineral
from planner.cli import main
from planner.report import read_plan_or_study
from planner.report.page import study_page
from planner.report.plan import plan_page
from planner.sheets.findings import EXTRA_COST, MET_OF_ONE, PURCHASES
from tests.books import write_book
from tests.models.stages import CHINA, plant, stages
from tests.models.stages import made as made_from
from tests.report.cases import HOSTILE, case
from tests.report.conftest import COMMANDS


@pytest.fixture
def page(made):
    return plan_page(read_plan_or_study(made()))


@pytest.fixture
def study(made):
    return lambda command: study_page(read_plan_or_study(made(command)))


def part(page, key):
    return next(part for part in page.parts if part.key == key)


def table(part):
    """The rows of a part's table, by header."""
    facts = part.view.facts
    return [dict(zip(facts.headers, row, strict=True)) for row in facts.rows]


def first_row(page):
    """The first row of the first page's table, by header."""
    facts = page.fronts[0].view.facts
    return dict(zip(facts.headers, facts.rows[0], strict=True))


def answer_of(page):
    """What the first page answers."""
    return " ".join(each.text for each in page.front.of("answer"))


# ---- a plan ------------------------------------------------------------------------------------


def test_headlines_of_a_plan_are_the_findings_of_its_first_page(page):
    price, loss, _ = page.front.of("figure")
    assert page.front.question == (
        "Can the coalition get what it needs with at most 60 % of demand from any one country"
        " outside it?"
    )
    (answer,) = page.front.of("answer")
    assert answer.text == "No: 10 % of the need for Cobalt is missing, because of the limits."
    # 180 t for 420,000 EUR; without limits for 360,000
    assert price.number == "60 thousand EUR"
    # in 2027 China sells 60 t of 100 t and Finland 30 t
    assert loss.text == "If China stopped selling in 2027, Cobalt would keep 30 % of its need."


def test_a_plan_of_an_older_planner_says_why_findings_lack(made):
    plan = read_plan_or_study(made())
    assert not any("Plan the workbook again" in note for note in plan_page(plan).notes)
    table = plan.tables[ByMineral.TABLE]
    lacking = [h for h in table if ByMineral.supplier.parsed(h) or ByMineral.need.parsed(h)]
    older = replace(plan, tables={**plan.tables, ByMineral.TABLE: table.drop(columns=lacking)})
    page = plan_page(older)
    assert [each.name for each in page.front.of("figure")] == [EXTRA_COST, MET_OF_ONE]
    assert any("has no columns for some findings" in note for note in page.notes)


def test_shares_of_purchases(tmp_path):
    """Where limits are on purchases, 45 t from China and 30 t from Finland are 60 and 40 %."""
    tables = case()
    tables["Settings"].append({"Setting": "Share basis", "Value": "purchases"})
    page = plan_page(solved(tables, tmp_path))
    assert first_row(page)["Its share of purchases in 2027"] == "60.0 %"
    assert table(part(page, "share-limits"))[0]["Share reached"] == "60.0 %"
    assert not any("Limits count demand" in note for note in page.notes)


def test_nothing_to_show(tmp_path):
    tables = case()
    tables["Demand"][0] |= {"2026": 0, "2027": 0}
    page = plan_page(solved(tables, tmp_path))
    assert page.parts == ()
    assert [each.text for each in page.front.findings] == [
        "Nothing is needed in the planned years.",
        "1 of 10 rows of the input is marked as estimates.",
    ]


def test_without_limits_or_shortage(tmp_path):
    tables = case()
    del tables["Share limits"]
    page = plan_page(solved(tables, tmp_path))
    assert "shortage-causes" not in [each.key for each in page.parts]
    assert page.front.of("figure")[0].name == PURCHASES
    assert len(part(page, "share-limits").view.plots[0].figure.data) == 1


def solved(tables, folder):
    """The plan of such tables, read back."""
    write_book(folder / "case.xlsx", tables, sheets=tables)
    plan = folder / "plan.xlsx"
    assert main(["solve", str(folder / "case.xlsx"), "--output", str(plan)]) == 0
    return read_plan_or_study(plan)


def test_options_stand_under_the_title(made, tmp_path):
    case = made().with_name("case.xlsx")
    path = tmp_path / "lost.xlsx"
    assert main(["solve", str(case), "--lose", "China", "--output", str(path)]) == 0
    found = plan_page(read_plan_or_study(path))
    assert "lose China" in found.made_by
    assert ("Option: Lose", "China") in found.about.rows


def planned_stages(tmp_path, inputs):
    """Return the sections of a plan of alloy, made from oxide if ``inputs`` says so."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Zhong", "alloy", CHINA, 1)],
        inputs, {"alloy": 10},
    )  # fmt: skip
    write_book(tmp_path / "case.xlsx", {name: rows for name, rows in book.items() if rows})
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "-o", str(plan), "--workers", "1"]) == 0
    return plan_page(read_plan_or_study(plan))


@pytest.mark.parametrize("is_staged", [True, False])
def test_shares_through_stages_say_what_they_cover(tmp_path, is_staged):
    page = planned_stages(tmp_path, [made_from("alloy", "oxide")] if is_staged else [])
    assert (TIED_INPUTS in part(page, "by-mineral").lead) == is_staged


def test_shares_against_limits(page):
    row, _ = table(part(page, "share-limits"))
    names = ("Mineral", "Buyer", "Supplier", "Year", "Share reached", "Limit")
    assert [row[n] for n in names] == ["Cobalt", "Coalition", "China", "2026", "60.0 %", "60.0 %"]
    # A tonne from China in place of a tonne short: 100,000 less 2,000.
    assert row["Shadow price (EUR/t)"] == "98,000"


def test_shortage_with_its_cause(page):
    shortage = part(page, "shortage-causes")
    assert not shortage.view.plots  # a single bar shows no more than its number
    (row,) = table(shortage)
    assert [row[n] for n in ("Mineral", "Members", "Missing (t)")] == ["Cobalt", "Japan", "20"]
    assert "Kokkola" in row["Cause"]


def test_costs(page):
    costs = {row["Heading"]: row for row in table(part(page, "costs"))}
    assert costs["Shortage"]["Amount (EUR)"] == "2,000,000"
    assert costs["Shortage"]["Remark"].startswith("A penalty, not paid")
    assert costs["Freight"]["Amount (EUR)"] == "18,000"


def test_what_a_reader_must_know_first(page):
    said = " ".join(page.notes)
    assert "got the default" in said
    care = [each.text for each in page.front.of("care")]
    assert "1 of 10 rows of the input is marked as estimates." in care
    assert "Limits are shares of demand: of Cobalt bought in 2027, China sells 66.7 %." in care


# ---- studies -----------------------------------------------------------------------------------


def test_sweep_is_a_frontier(study):
    page = study("sweep")
    assert page.title.startswith("Cap on one country's share of demand from 90 %")
    assert page.verdict == "Each of 4 runs is proven optimal."
    figures = [(each.name, each.number) for each in page.front.of("figure")]
    price = ("Extra cost of the same tonnes", "16.7 %")
    assert figures == [("Further missing (share)", "40 %"), price]
    assert answer_of(page).startswith("Down to a cap of 70 %, no mineral is further missing")
    said = " ".join(each.text for each in page.front.of("answer"))
    assert "At the workbook's cap of 60 %: 10 % of the need for Cobalt is further missing" in said
    rows = [row for row in table(part(page, "frontier")) if row["Mineral"] == "Cobalt"]
    assert [row["Cap"] for row in rows] == ["90.0 %", "60.0 %", "30.0 %"]
    assert [row["Missing (share)"] for row in rows] == ["0.0 %", "10.0 %", "40.0 %"]


def test_sweep_of_another_knob(made, tmp_path):
    path = tmp_path / "over.xlsx"
    case_file = str(made().with_name("case.xlsx"))
    over = ("--over", "capacity:CHN:cobalt", "--from", "1", "--to", "0", "--step", "0.5")
    assert main(["sweep", case_file, *over, "--output", str(path)]) == 0
    page = study_page(read_plan_or_study(path))
    rows = [row for row in table(part(page, "frontier")) if row["Mineral"] == "all"]
    assert [row["Capacity of China, Cobalt"] for row in rows] == ["100.0 %", "50.0 %", "0.0 %"]
    header = "Further missing of that mineral (share of its need)"
    assert [row[header] for row in rows] == ["0.0 %", "0.0 %", "60.0 %"]
    assert [h.name for h in page.front.of("figure")] == ["Cash cost"] * 2
    assert answer_of(page).endswith(
        "Capacity of China, Cobalt at 0 %: 60 % of the need for Cobalt is further missing than in"
        " the case as given."
    )


# ---- the file ----------------------------------------------------------------------------------


class Outline(HTMLParser):
    """The tags of a page with their attributes, and its visible text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.level = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.level = tag

    def handle_data(self, data):
        if self.level not in {"script", "style"}:
            self.text.append(data)

    def named(self, *names):
        return [(tag, attributes) for tag, attributes in self.tags if tag in names]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_linked(written, command):
    outline = Outline(written(command).read_text(encoding="utf-8"))
    for _, attributes in outline.tags:
        for name in {"src", "href", "action", "data", "poster", "srcset"} & set(attributes):
            assert attributes[name].startswith(("#", "data:,"))
    (policy,) = [a["content"] for t, a in outline.named("meta") if "http-equiv" in a]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_chart_has_words_and_a_table(written, command):
    outline = Outline(written(command).read_text(encoding="utf-8"))
    charts = [a for t, a in outline.named("div") if a.get("class") == "plot"]
    assert all(a["role"] == "img" and a["aria-label"].endswith(".") for a in charts)
    levels = [int(t[1]) for t, _ in outline.named("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    sections = outline.named("section")
    assert 0 < len(outline.named("details")) <= len(sections)  # a table below each chart
    headings = [a.get("id") for _, a in outline.named("h1", "h2")]
    assert all(attributes["aria-labelledby"] in headings for _, attributes in sections)


def test_names_are_text(written):
    text = written("solve", "hostile").read_text(encoding="utf-8")
    outline = Outline(text)
    assert not outline.named("img", "b", "i")
    assert len(outline.named("script")) == 3
    shown = "".join(outline.text)
    for name in HOSTILE.values():
        assert name in shown
    data = re.search(r'<script type="application/json" id="parts">(.*?)</script>', text, re.DOTALL)
    assert "<" not in data[1]
