"""The first page of a plan: its findings against the sheets, its size, its links, its chart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import openpyxl
import pytest

from models.plan import solve
from models.results import ByMineral, DecideNow
from planner.cli import main
from planner.render.front import DECIDE, MOST, MOST_COLUMNS, MOST_NUMBERS, MOST_WORDS, FirstPage
from planner.render.table import table_of
from planner.report.plan import first_page_of_plan
from planner.run import solve_file
from planner.sheets import Context, write_plan
from planner.sheets.front import SHOWN, overview
from planner.workbook import read_tables
from planner.workbook.plan_file import read_plan
from tests.books import write_book
from tests.budget import few
from tests.reference.cases import random_book
from tests.reference.claims import read_workbook, wrong_finding, wrong_findings
from tests.sheets.desk import context, refiner, rows, with_peru


def two_minerals(**more):
    """Of 100 t copper China gives 60 t, Chile 40 t; of 10 t cobalt China 6 t, and 4 t are short.

    Without limits China gives all: 100 t at 11, 10 t at 101.
    """
    book = rows(**more)
    book["Minerals"].append({"Mineral": "cobalt", "Price (USD/t)": 500, "Unit": "t Co"})
    book["Refiners"] = [
        refiner("China works", "China", 100, 10),
        refiner("Chile works", "Chile", 100, 20),
        refiner("China cobalt", "China", 10, 100, Mineral="cobalt"),
    ]
    book["Demand"] = [
        {"Mineral": "copper", "Member": "A", "2026": 100},
        {"Mineral": "cobalt", "Member": "A", "2026": 10},
    ]
    return book


def written(book, path):
    """Write a book's plan; return its context, its findings, what is wrong, the cells' rows."""
    of = context(book)
    write_plan(path, of.plan, of.book, without_limits=of.without_limits)
    return of, [each.json() for each in overview(of).findings]


def test_what_the_page_says_by_hand(tmp_path):
    of, findings = written(two_minerals(), tmp_path / "two.xlsx")
    page = overview(of)
    assert page.question == (
        "Can the coalition get what it needs with at most 60 % of demand from any one country?"
    )
    assert [(f["place"], f.get("name"), f.get("number"), f["sentence"]) for f in findings] == [
        ("answer", None, None, "No: 1 of 2 minerals runs short."),
        ("answer", None, None,
         "cobalt is hit hardest: 40 % of its need is missing, because of the limits."),
        # 1,100 USD without limits for copper, 1,500 with them; cobalt costs the same a tonne
        ("figure", "Extra cost of the same tonnes", "400 USD",
         "In 2026, the same tonnes cost 400 USD more than without share limits."),
        ("figure", "Part of need kept without a supplier", "0 %",
         "If China stopped selling in 2026, cobalt would keep least of its need: 0 %."),
        ("figure", "Needs met in full", "1", "The need for 1 of 2 minerals is met in full."),
        ("decide", None, None, "Buy 40 t of copper for A from Chile works in 2026: 840 USD."),
        ("decide", None, None, "All 3 decisions: sheet Decide now."),
        ("care", None, None,
         "Limits are shares of demand: of cobalt bought in 2026, China sells 100 %."),
    ]  # fmt: skip
    assert page.proof.startswith("Proven")
    assert wrong_findings(findings, tmp_path / "two.xlsx") == []


@pytest.mark.parametrize(("words", "named"), [(0, 3), (70, 3), (85, 2), (100, 1), (120, 0)])
def test_a_decision_is_left_out_only_with_the_count_of_all(words, named):
    """Of three decisions fewer fit below a longer title; then the page says how many there are."""
    page = overview(context(two_minerals()))
    decision, count = page.of("decide")
    three = tuple(replace(decision, text=f"{decision.text} {n}") for n in range(3))
    page = replace(page, title="a " * words, sentences=(*three, count))
    assert page.of("decide") == (three if named == len(three) else (*three[:named], count))


def test_all_needs_met_without_limits(tmp_path):
    """Then nothing is compared: the figure is what is paid."""
    book = rows()
    del book["Share limits"]
    for row in book["Demand"]:
        row["2027"] = 10
    of, findings = written(book, tmp_path / "all.xlsx")
    said = [f["sentence"] for f in findings]
    assert said[0] == "Yes: no mineral runs short."
    # 120 t of China at 11
    assert "Members pay 1,320 USD in the planned years." in said
    assert wrong_findings(findings, tmp_path / "all.xlsx") == []
    assert overview(of).of("care") == ()


def test_a_mineral_is_short_however_little_is_missing(tmp_path):
    """Of 201 t copper 200 t can be bought."""
    book = two_minerals()
    del book["Share limits"]
    book["Demand"][0]["2026"] = 201
    of, findings = written(book, tmp_path / "little.xlsx")
    said = [f["sentence"] for f in findings]
    assert said[:2] == [
        "No: 1 of 2 minerals runs short.",
        "copper is hit hardest: 0.5 % of its need is missing.",
    ]
    assert overview(of).of("figure")[-1].number == "1"


@pytest.mark.parametrize("share", [0.2, 0])
def test_a_mineral_that_is_mostly_missing_is_not_in_the_extra_cost(tmp_path, share):
    """Of 100 t copper 40 t or none are bought with the limits; cobalt costs the same as without."""
    book = two_minerals()
    book["Share limits"][0] |= {"Mineral": "copper", "Share": share}
    of, findings = written(book, tmp_path / "mostly.xlsx")
    said = "the same tonnes cost 0 USD more than without share limits."
    counted = "Only minerals of which 50 % or more is still bought count."
    assert overview(of).of("figure")[0].text == f"In 2026, {said} {counted}"
    assert wrong_findings(findings, tmp_path / "mostly.xlsx") == []


KINDS = {
    "plain": frozenset(),
    "stages": frozenset({"stages"}),
    "security": frozenset({"security", "limits"}),
    "all": None,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", few(KINDS, 2))
def test_claims_of_random_books_hold(kind, tmp_path):
    """Each claim, sentence, link and size; and the same findings of the saved workbook."""
    rng, checked = np.random.default_rng(41), 0
    for seed in range(3):
        features = {} if KINDS[kind] is None else {"features": KINDS[kind]}
        read = read_tables(random_book(rng, 1 + seed % 3, **features))
        plan = solve(read.case)
        free = solve(read.case.change(share_limits=())) if read.case.share_limits else None
        of, path = Context(plan, read, free), tmp_path / f"{seed}.xlsx"
        write_plan(path, plan, read, without_limits=free)
        findings = [each.json() for each in overview(of).findings]
        assert wrong_findings(findings, path) == []
        again = [each.json() for each in first_page_of_plan(read_plan(path)).findings]
        assert [each for each in again if each in findings] == findings
        assert is_short(overview(of))
        checked += sum(len(f["claims"]) for f in findings)
    assert checked > 10


def is_short(page: FirstPage) -> bool:
    """Return whether a page keeps to its budgets."""
    parts = [len(page.of(place)) <= most for place, most in MOST.items()]
    columns = 0 if page.table is None else len(page.table.columns)
    return all(parts) and columns <= MOST_COLUMNS


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", "magnets"])
def test_the_examples_keep_to_the_budget_on_each_surface(name, tmp_path, capsys):
    """160 words and 20 numbers outside the table, years apart; 25 lines of 120 characters."""
    path = tmp_path / "plan.xlsx"
    assert main(["solve", f"inputs/{name}.xlsx", "--output", str(path)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 25
    assert max(map(len, lines)) <= 120
    page = first_page_of_plan(read_plan(path))
    first, _ = read_workbook(path)
    table = {header.replace(" %", "\u00a0%") for header in page.table.headers}
    table |= {str(cell) for column in page.table.columns for cell in column.values}
    words = [w for *_, text in first.texts if text not in table for w in text.split()]
    assert len(words) <= MOST_WORDS
    numbers = [w for w in words if w[0].isdigit() and not w.strip(".,;:").startswith("20")]
    assert len(numbers) <= MOST_NUMBERS
    assert first.links


def test_wrong_claims_of_a_page_fall(tmp_path):
    """A sentence that is not in the workbook, a claim of another row, a cell that was changed."""
    _, findings = written(two_minerals(), tmp_path / "two.xlsx")
    _, sheets = read_workbook(tmp_path / "two.xlsx")
    assert [why for f in findings for why in wrong_finding(f, sheets)] == []
    sheets["By mineral"].rows[0]["Missing (share)"] = 0.9
    assert [why for f in findings for why in wrong_finding(f, sheets)]
    findings[0]["sentence"] = "No: 2 of 2 minerals run short."
    assert any("in 0 cells" in why for why in wrong_findings(findings, tmp_path / "two.xlsx"))


# ---- as a sheet ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("first") / "plan.xlsx"
    of = context(with_peru())
    made = write_plan(path, of.plan, of.book, without_limits=of.without_limits)
    return of, made, openpyxl.load_workbook(path)


def test_it_is_the_first_sheet_and_what_nobody_reads_is_last(page):
    _, _, book = page
    assert book.sheetnames[:3] == ["Overview", "Decide now", "Summary"]
    assert book.sheetnames[-4:] == ["Glossary", "Chart data", "Values", "Duals"]
    assert book.active.title == "Overview"
    sheet = book["Overview"]
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.orientation == "landscape"
    # at the top of its row, the first decision would touch the line below its heading
    heading = next(c for row in sheet.iter_rows() for c in row if c.value == DECIDE)
    assert heading.offset(1).alignment.vertical == "center"


def test_its_table_is_part_of_by_mineral(page):
    of, made, book = page
    cells = [c for row in book["Overview"].iter_rows() for c in row if c.data_type == "n"]
    shown = [c.value for c in cells if c.value is not None]
    titles = [f.title(of_words(of)) for f in SHOWN if not f.optional]
    told = [made["By mineral"].column(title) for title in titles]
    assert shown == pytest.approx([v for c in told for v in c.values if isinstance(v, float | int)])


def of_words(of):
    return {"last": str(of.case.years[-1]), "money": "USD", "basis": "demand"}


def test_its_chart_reads_the_chart_data(page):
    of, made, _ = page
    assert overview(of).pictures == ()  # a single mineral has no chart of one bar
    two = context(two_minerals())
    (picture,) = overview(two).pictures
    assert [s.name for s in picture.series] == ["Without limits", "With limits"]
    assert "Chart data" in made


@pytest.mark.slow
def test_many_minerals_end_in_a_count(tmp_path, capsys):
    """On the page and on the terminal; the sheet has all."""
    book = rows()
    names = [f"m{i:02}" for i in range(30)]
    book["Minerals"] = [{"Mineral": n, "Price (USD/t)": 10 + i} for i, n in enumerate(names)]
    book["Refiners"] = [refiner(f"{n} works", "China", 100, 5, Mineral=n) for n in names]
    book["Demand"] = [{"Mineral": n, "Member": "A", "2026": 100} for n in names]
    write_book(tmp_path / "case.xlsx", book)
    assert main(["solve", str(tmp_path / "case.xlsx"), "--output", str(tmp_path / "p.xlsx")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= 25
    assert [each for each in lines if each.startswith("and ") and "more: By mineral" in each]
    first, _ = read_workbook(tmp_path / "p.xlsx")
    assert "and 18 more: By mineral" in [text for *_, text in first.texts]
    assert main(["solve", str(tmp_path / "case.xlsx"), "-v"]) == 0
    said = capsys.readouterr().err
    assert all(name in said for name in names)


@pytest.mark.slow
def test_an_odd_name_stays_text_and_breaks_no_claim(tmp_path):
    for name in ("=1+1", "no", "All", "25 %", "worst {0}", "Need [x]"):
        book = rows()
        book["Minerals"][0]["Mineral"] = name
        for sheet in ("Refiners", "Demand"):
            book[sheet] = [{**row, "Mineral": name} for row in book[sheet]]
        written(book, tmp_path / "odd.xlsx")
        sheet = openpyxl.load_workbook(tmp_path / "odd.xlsx")["Overview"]
        assert not any(c.data_type == "f" for row in sheet.iter_rows() for c in row)


# ---- what to decide now --------------------------------------------------------------------------


def decided(book):
    table = table_of(DecideNow.from_plan(context(book).plan), str)
    columns = [table.column(name).values for name in ("Decision", "What", "Member", "Amount")]
    costs = table.column("Cost (USD)").values
    return [*zip(*columns, costs, strict=True)]


def test_decisions_of_the_first_year_by_hand():
    """A and B need 60 and 40 t of 2026: 60 % of each from China; 10 t are short."""
    of = decided(rows())
    assert {kind for kind, *_ in of} == {"buy"}
    assert sum(amount for *_, amount, _ in of) == pytest.approx(90)
    assert sum(cost for *_, cost in of) == pytest.approx(60 * 11 + 30 * 21)
    assert [cost for *_, cost in of] == sorted((cost for *_, cost in of), reverse=True)


def test_a_caution_comes_before_all_else_to_read_with_care(tmp_path):
    """Also with numbers in it, and in the page that is made again from the workbook."""
    book, text = two_minerals(), "This case is no buying plan: 60 % is bought inside goods."
    book["Settings"].append({"Setting": "Caution", "Value": text})
    of, findings = written(book, tmp_path / "case.xlsx")
    assert overview(of).of("care")[0].text == text
    assert wrong_findings(findings, tmp_path / "case.xlsx") == []
    assert first_page_of_plan(read_plan(tmp_path / "case.xlsx")).of("care")[0].text == text


def test_a_run_has_its_page(tmp_path):
    write_book(tmp_path / "case.xlsx", two_minerals())
    run = solve_file(tmp_path / "case.xlsx")
    assert run.front.findings[0].text == "No: 1 of 2 minerals runs short."
    assert run.front.table.name == ByMineral.TABLE
