"""The page in a browser: from a double click, nothing fetched, every slider, in the dark, small."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from models.measures import SAME_COST, TIED_INPUTS
from planner.cli import main
from tests.books import write_book
from tests.models.stages import cap, oxide_and_alloy
from tests.report.cases import HOSTILE, case
from tests.sheets.desk import rows

pytestmark = pytest.mark.slow

INPUTS = Path(__file__).parents[2] / "inputs"
MOVE = """
const [id, value] = arguments, control = document.getElementById(id);
control.value = value;
control.dispatchEvent(new Event(control.tagName === 'SELECT' ? 'change' : 'input'));
"""


HURRY = """
const [slider, ...values] = arguments, control = document.getElementById(slider);
const move = (value) => { control.value = value; control.dispatchEvent(new Event('input')); };
move(values.shift());
move(values.shift());
new MutationObserver((_, seen) => {
  if (values.length) move(values.shift()); else seen.disconnect();
}).observe(document.documentElement, { attributeFilter: ['data-answered'] });
"""
"""Moves a slider twice at once, then again as each answer comes, which is late by then."""
TEXT = "return document.getElementById(arguments[0]).textContent"
IDLE = "return document.documentElement.dataset.idle === 'yes'"
FRONTIER = """
return [document.getElementById('frontier-text').textContent,
  document.getElementById('frontier').getAttribute('aria-label'),
  ...Array.from(document.querySelectorAll('#short-by-cap tr'), row => row.textContent)]
"""


@pytest.fixture(scope="session")
def pages(solver, tmp_path_factory):
    """The pages of the small example and of a book whose names would be markup."""
    folder = tmp_path_factory.mktemp("pages")
    falling = case()
    falling["Share limits"][0]["Share 2027"] = 0.5
    falling["Projects"] = [
        {"Project": "Vulcan", "Refiner": "Vulcan", "Mineral": "Cobalt", "Country": "Finland",
         "First year": 2026, "Capacity (t/yr)": 20, "Capex (EUR m)": 0.01, "Cost (EUR/t)": 2000},
    ]  # fmt: skip
    falling["Budget"] = [{"Year": year, "Capex (EUR m)": 0.005} for year in (2026, 2027)]
    for name, book in (("hostile", case(HOSTILE)), ("falling", falling)):
        write_book(folder / f"{name}.xlsx", book, sheets=book)
    secured = rows(Security=[{"Max short": 0.5, "First year": 2027}])
    write_book(folder / "secured.xlsx", secured, sheets=secured)
    chain = oxide_and_alloy(cap(0.65, "oxide"))
    write_book(folder / "chain.xlsx", chain, sheets=chain)
    made = (folder / f"{name}.xlsx" for name in ("hostile", "falling", "secured", "chain"))
    for file in (INPUTS / "plain.xlsx", *made):
        assert main(["page", str(file), "-o", str(folder / f"{file.stem}.html")]) == 0
    return folder


@pytest.fixture
def opened(window, pages):
    """Open a page and wait for its first answer; returns the window."""

    def open_page(name, **options):
        window.open(pages / f"{name}.html", drawn="answered", **options)
        return window

    return open_page


def moved(window, slider, value):
    """Move a slider, and wait for the answer."""
    before = window.run("return document.documentElement.dataset.answered")
    window.run(MOVE, slider, value)
    window.wait(f"return document.documentElement.dataset.answered !== '{before}'")
    return window.run("return [document.getElementById('command').textContent, "
                      "document.getElementById('verdict').textContent]")  # fmt: skip


def test_every_slider_with_nothing_asked_of_the_network(opened, pages):
    window = opened("plain")
    said = ""
    for slider, value in (
        ("cap", "0.5"), ("lost", "0"), ("demand", "1.1"), ("tariff", "0.3"), ("cap-0", "0.4"),
    ):  # fmt: skip
        command, verdict = moved(window, slider, value)
        assert "Proved" in verdict
        assert command != said
        said = command
    assert said.startswith('planner solve plain.xlsx --lose ARG --what-if "scale demand; value=')
    window.wait(IDLE)
    assert window.console() == []
    first, *others = window.requests()
    assert first == (pages / "plain.html").as_uri()
    assert all(url.startswith(("data:", "blob:")) for url in others)


def test_an_answer_that_comes_late_is_of_what_was_asked(opened):
    """Moves faster than answers leave the frontier as it was drawn at rest."""
    window = opened("plain")
    window.wait(IDLE)
    at_rest = window.run(FRONTIER)
    window.run(HURRY, "cap", 0.7, 0.6, 0.55, 0.5, 0.45, 0.4)
    window.wait("return document.getElementById('command').textContent.endsWith(' 40%')")
    window.wait(IDLE)
    assert window.run(FRONTIER) == at_rest
    window.run("document.getElementById('reset').click()")
    window.wait(IDLE)
    assert window.run(FRONTIER) == at_rest


def test_a_page_with_other_numbers_proves_nothing(window, pages):
    """What a slider adds to a cost is half as much: the plan found would be proved all the same."""
    text = (pages / "plain.html").read_text(encoding="utf-8")
    before, zipped, after = re.split(r'(?<=id="program">)([^<]+)', text, maxsplit=1)
    raw = bytearray(gzip.decompress(base64.b64decode(zipped)))
    said = json.loads(re.search(r'id="page-data">([^<]+)', text)[1])
    at = next(i for i, of in enumerate(said["layers"]) if of["slider"] == "tariff")
    _, offset, length = said["arrays"][f"layer{at}_slope"]
    slopes = np.frombuffer(raw, "<f8", length, offset)
    slopes *= 0.5
    other = base64.b64encode(gzip.compress(bytes(raw))).decode()
    (pages / "tampered.html").write_text(before + other + after, encoding="utf-8")
    window.driver.get((pages / "tampered.html").as_uri())
    window.wait("return document.getElementById('verdict').textContent.startsWith('!')")
    assert window.run(TEXT, "verdict") == (
        "! This page could not plan: Error: its numbers were changed after it was made"
    )
    assert window.run(TEXT, "minerals") == ""


def test_tariffs_are_told_once_with_the_cost_net_of_them(opened):
    """Nothing is told where there are none; a slider moved back to 0 is one that is not moved."""
    window = opened("plain")
    assert window.run(TEXT, "tariffs") == ""
    option = "Array.from(document.getElementById('tariff-on')).find(o => o.text === 'China')"
    window.run(MOVE, "tariff-on", window.run(f"return {option}.value"))
    moved(window, "tariff", "0.3")
    assert window.run(TEXT, "asked") == "With tariffs on China 30 percentage points higher"
    text = window.run(TEXT, "tariffs")
    assert "of the cost of purchases is tariffs. Members' own treasuries receive this money" in text
    assert "; without it, the cost of purchases is " in text
    assert window.run("return document.querySelector('main').textContent").count("treasuries") == 1
    command, _ = moved(window, "tariff", "0")
    assert command == "planner solve plain.xlsx"


def test_names_that_would_be_markup_are_text(opened):
    window = opened("hostile")
    moved(window, "cap", "0.3")
    window.wait(IDLE)
    assert window.run("return document.title").endswith("what if")
    assert window.run("return document.querySelectorAll('main img, main b').length") == 0
    shown = window.run("return document.getElementById('members').textContent")
    assert HOSTILE["Japan"] in shown
    assert window.console() == []


def test_one_cap_is_not_the_workbooks_that_falls(opened):
    """Where the workbook's cap differs by year, the slider says that it sets another."""
    window = opened("falling")
    path = "from 60 % in 2026 to 50 % in 2027"
    assert window.run(TEXT, "cap-path") == (
        f"In the workbook the cap goes {path}; the slider sets one cap for every mineral and year."
    )
    said = window.run("return document.getElementById('cap').ariaValueText")
    assert said == f"as in the workbook, where it goes {path}"
    moved(window, "cap", "0.5")
    said = window.run("return document.getElementById('cap').ariaValueText")
    assert said == "50\u00a0%"
    assert "for every mineral and year" in window.run(TEXT, "asked")
    window = opened("plain")
    assert window.run("return document.getElementById('cap-path').hidden")


def test_the_security_slider_claims_no_more_than_is_tested(opened):
    """China gives 96 t of 160 t in 2027, Chile 30 t: without China 18.8 % is served."""
    window = opened("secured")
    assert window.run(TEXT, "security-tests") == (
        "Tests the loss of any one country outside the coalition, for copper in 2027."
        " Not tested: copper in 2026."
    )
    moved(window, "security", "0.05")
    found = window.run(TEXT, "findings")
    assert "The target is missed in 2 of 2 tested losses." in found
    worst = "without China, 81.3\u00a0% of the need for copper is missing in 2027"
    assert f"{worst}; at most 5.0\u00a0% is allowed" in found
    assert "Not tested: copper in 2026." in found
    assert "a target of at most 5.0\u00a0% missing" in window.run(TEXT, "asked")


def test_no_number_is_minus_nothing_or_noise(opened):
    """Of every cap, in words and tables: no -0, no +0.0 %; the proof's rounding is 0."""
    window = opened("plain")
    for value in ("1", "0.8", "0.6", "0.5", "0.3"):
        moved(window, "cap", value)
        shown = window.run("return document.body.innerText")
        assert not re.findall(r"[-+]0(?:\.0+)?(?![\d.])", shown)
        proof = window.run(TEXT, "proof")
        assert not re.findall(r"e-(?:1\d|9\d)", proof)
        assert "largest violation" in proof


SAME_TONNES_CELLS = """
const every = (found) => Array.from(document.querySelectorAll(`#minerals ${found}`));
const at = every('th[scope=col]').findIndex(th => th.textContent === 'Cost of the same tonnes');
return every('tbody tr').map(tr => tr.children[at].textContent);
"""


def test_the_same_tonnes_cost_more_or_less_in_words(opened):
    """6.1 % less, not -6.1 %: in the table and in the sentence."""
    window, words = opened("plain"), set()
    for value in ("0.5", "0.8", "1"):
        moved(window, "cap", value)
        cells = window.run(SAME_TONNES_CELLS)
        for cell in cells:
            assert re.fullmatch(r"[\d.]+\u00a0% (more|less)|the same|nothing bought", cell), cell
            words.add(cell.split()[-1])
        found = window.run(TEXT, "findings")
        assert not re.search(r"tonnes bought cost [-+]", found)
        if any(cell.endswith(("more", "less")) for cell in cells):
            assert re.search(r"The tonnes bought cost [\d.]+\u00a0% (more|less) for", found), found
    assert words & {"more", "less"}


def test_the_plan_of_the_command_is_of_the_same_cost_alone(opened):
    """What a member pays is that of the page's own plan, and the page says so once."""
    window = opened("plain")
    moved(window, "cap", "0.5")
    shown = window.run("return document.querySelector('main').innerText")
    assert "This command gives a plan of the same cost" in shown
    assert shown.count(SAME_COST) == 1
    heads = window.run(
        "return Array.from(document.querySelectorAll('#members th[scope=col], "
        "#minerals th[scope=col]'), th => th.textContent)"
    )
    assert heads.count("With nothing moved") == 2
    assert "In the plan" not in heads


def test_reset_puts_every_slider_back(opened):
    window = opened("plain")
    values = "return Array.from(document.querySelectorAll('input'), slider => slider.value)"
    before = window.run(values)
    for slider, value in (("cap", "0.5"), ("cap-1", "0.3"), ("demand", "1.1"), ("tariff", "0.3")):
        moved(window, slider, value)
    assert window.run(values) != before
    window.run("document.getElementById('reset').click()")
    assert window.run(values) == before


def test_until_the_answer_is_of_the_controls_nothing_is_proved(opened):
    window = opened("plain")
    before = window.run(TEXT, "asked")
    at_once = "return ['verdict', 'asked'].map(id => document.getElementById(id).textContent)"
    assert window.run(f"{MOVE}; {at_once}", "cap", "0.5") == ["Planning \u2026", before]
    assert window.run("return document.getElementById('verdict').ariaLive") == "polite"
    window.wait("return document.getElementById('verdict').textContent.includes('Proved')")
    assert "50\u00a0%" in window.run(TEXT, "asked")


def test_no_budget_reads_as_none(opened):
    window = opened("falling")
    moved(window, "budget", "0")
    assert window.run(TEXT, "asked") == "With no budget for new plants"
    assert window.run(TEXT, "budget-text") == "none"


def test_small_and_dark(opened):
    """Nothing sticks out, of the page or a tile, and the answer stays in view of the sliders."""
    window = opened("plain", dark=True)
    assert window.run("return document.documentElement.dataset.theme") == "dark"
    out = (
        "return Array.from(document.querySelectorAll('.headline .value'))"
        ".filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
    )
    china = "return Array.from(document.getElementById('lost')).find(o => o.text === 'China').value"
    moved(window, "lost", window.run(china))
    moved(window, "demand", "1.3")
    assert "%" in window.run("return document.querySelector('#cards .value').textContent")
    assert window.run(out) == []
    assert window.run("return document.getElementById('brief').offsetHeight") == 0
    window.phone(400, 800)
    try:
        window.wait(IDLE)
        assert window.run("return document.documentElement.scrollWidth") <= 400
        assert window.run(out) == []
        window.run("document.getElementById('reset').scrollIntoView({behavior: 'instant'})")
        brief = "const of = document.getElementById('brief'), at = of.getBoundingClientRect();"
        top, said = window.run(f"{brief} return [at.top, of.textContent]")
    finally:
        window.desktop()
    assert top == 0
    assert "than in the plan" in said
    assert "Proved" in said


def test_by_keyboard_and_to_the_ear(opened):
    """All controls and tables have names; arrow keys move a slider, and what they did is said."""
    window = opened("plain")
    names = window.run(
        "return Array.from(document.querySelectorAll('input, select, button, svg, [role=region]'),"
        "e => e.getAttribute('aria-label') || (e.labels && e.labels.length && "
        "e.labels[0].textContent) || e.textContent)"
    )
    assert all(name.strip() for name in names)
    tables = window.run(
        "return Array.from(document.querySelectorAll('table'), e => e.ariaLabelledByElements)"
        ".map(named => named && named[0].textContent)"
    )
    assert len({*tables} - {None}) == 5
    window.run("document.getElementById('demand').focus()")
    window.press("\ue014")
    window.wait("return document.documentElement.dataset.answered === '2'")
    assert (
        window.run("return document.getElementById('demand').ariaValueText") == "101\u00a0% of it"
    )
    live = window.run("return document.querySelector('.found[aria-live]').textContent")
    assert "demand at 101" in live


def test_a_chain_shows_what_goes_through_all_stages(opened):
    """The contract's closed form b: 13 of 20 t of oxide are Chinese, and all of the alloy."""
    window = opened("chain")
    oxide = "document.querySelectorAll('#minerals tbody tr')[1].textContent"
    assert (
        window.run(f"return {oxide}")
        == "oxidenonebought by plants65\u00a0% CHN, 202665\u00a0% CHN, 2026"
    )
    # until a slider moves, the first page of the plan is shown
    assert window.run("return document.getElementById('moved-answer').offsetHeight") == 0
    assert "no mineral runs short" in window.run(
        "return document.getElementById('as-planned').innerText"
    )
    cells = "document.querySelectorAll('#stops tbody td')"
    stops = f"return Array.from({cells}, (cell) => cell.textContent)"
    assert window.run(stops) == ["0\u00a0% without CHN"] * 4
    assert "met in 2026" in window.run(TEXT, "stages-lead")
    assert TIED_INPUTS in window.run(TEXT, "stages-lead")
    command, verdict = moved(window, "cap", 0.25)
    assert command.endswith("--max-country-share 25%")
    assert "Proved" in verdict
    now, unmoved, _, through = window.run(stops)
    assert (now[:2], unmoved, through) == ("25", "0\u00a0% without CHN", "0\u00a0% without CHN")
    assert not window.console()
    assert not window.run("return document.getElementById('stages').hidden")
    window = opened("plain")
    assert window.run("return document.getElementById('stages').hidden")
