"""The report in a browser: charts drawn, nothing fetched, by keyboard, in the dark, on paper."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from planner.cli import main
from planner.report import read_plan_or_study, report_html
from tests.report.cases import HOSTILE
from tests.report.conftest import COMMANDS

pytestmark = pytest.mark.slow

TAB, ENTER = "\ue004", "\ue007"


@pytest.fixture
def opened(window, written):
    """Open a report; returns the window."""

    def open_report(command="solve", book="case", **options):
        window.open(written(command, book), **options)
        return window

    return open_report


@pytest.mark.parametrize("command", COMMANDS)
def test_drawn_without_a_word_or_a_request(opened, written, command):
    window = opened(command)
    assert window.console() == []
    asked = window.requests()
    assert asked[0] == written(command).as_uri()
    assert all(url.startswith("data:") for url in asked[1:])
    drawn = window.run(
        "return Array.from(document.querySelectorAll('.plot'), box => "
        "box.querySelectorAll('.main-svg .trace, .main-svg .hm').length)"
    )
    assert drawn or command in {"stress", "compare"}  # one mineral and one loss: a single bar
    assert all(drawn)
    window.resize(500, 900)  # nothing sticks out on a phone
    wide, room = window.run("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= room


def test_the_log_would_tell(window, tmp_path):
    """A page that fetches and fails is seen to do so."""
    page = tmp_path / "loud.html"
    page.write_text(
        "<!DOCTYPE html><html><body><img src='gone.png'><script>"
        "console.error('loud'); document.documentElement.dataset.drawn = 'yes'</script>"
    )
    window.open(page)
    window.wait("return document.readyState === 'complete'")
    assert any("loud" in said for said in window.console())
    assert any(url.endswith("gone.png") for url in window.requests())


def test_studies_below_a_plan(window, together):
    window.open(together)
    assert window.console() == []
    assert all(url.startswith("data:") for url in window.requests()[1:])
    assert window.run("return document.querySelectorAll('#study1-frontier table').length") > 0
    assert window.run("return document.querySelectorAll('#study2-heat-map table').length") == 1


def test_a_phone(window, together, tmp_path):
    """Heat maps scroll in their place, by keyboard too; numbers stay on their charts."""
    window.open(together)
    window.phone(400, 900)
    wide = window.run(
        "return Array.from(document.querySelectorAll('.plot'), box => "
        "[box.scrollWidth > box.clientWidth, box.tabIndex])"
    )
    assert all(tab == (0 if scrolls else -1) for scrolls, tab in wide)
    plan, page = tmp_path / "plan.xlsx", tmp_path / "plan.html"  # two minerals, so it has bars
    assert main(["solve", "inputs/plain.xlsx", "-o", str(plan)]) == 0
    page.write_text(report_html(read_plan_or_study(plan)), encoding="utf-8")
    window.open(page)
    window.phone(400, 900)
    out = window.run(
        "return Array.from(document.querySelectorAll('.bartext'), text => {"
        "const t = text.getBoundingClientRect(),"
        " s = text.closest('.plot').getBoundingClientRect();"
        "return t.width && (t.left < s.left || t.right > s.right)}).filter(Boolean).length"
    )
    assert out == 0
    assert window.run("return document.querySelectorAll('.bartext').length") > 0
    window.desktop()


def test_all_that_acts_is_reached_by_tab(opened):
    window = opened()
    wanted = window.run(
        "window.acting = Array.from(document.querySelectorAll('a, button, select, summary'));"
        "window.reached = new Set(); document.addEventListener('focusin', e => {"
        "if (window.acting.includes(e.target)) window.reached.add(e.target) });"
        "return window.acting.length"
    )
    window.press(*[TAB] * (wanted + 20))  # regions that scroll are reached, too
    assert window.run("return window.reached.size") == wanted


def test_tables_open_by_keyboard(opened):
    window = opened()
    window.run("document.querySelector('#costs summary').focus()")
    window.press(ENTER)
    assert window.run("return document.querySelector('#costs details').open")
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert window.run(outline) == "solid"


GROUND = "return getComputedStyle(document.body).backgroundColor"
WORDS = "return getComputedStyle(document.querySelector('.xtick text')).fill"


def test_dark_as_the_system_asks(opened):
    window = opened(dark=True)
    assert window.run("return document.documentElement.dataset.theme") == "dark"
    dark = window.run(GROUND), window.run(WORDS)
    window.scheme("light")
    window.wait("return document.documentElement.dataset.theme === 'light'")
    light = window.run(GROUND), window.run(WORDS)
    assert light[0] == "rgb(255, 255, 255)"
    assert dark[0] != light[0]
    assert dark[1] != light[1]


def test_the_toggle_is_kept(opened, written):
    window = opened()
    window.run("document.getElementById('theme').focus()")
    window.press(ENTER)
    assert window.run("return document.documentElement.dataset.theme") == "dark"
    assert window.run("return document.getElementById('theme').ariaPressed") == "true"
    window.open(written())
    assert window.run("return document.documentElement.dataset.theme") == "dark"
    window.run("document.getElementById('theme').click(); localStorage.clear()")
    assert window.run("return document.documentElement.dataset.theme") == "light"


def test_printed_light_and_as_wide_as_paper(opened):
    window = opened(dark=True, size=(1700, 900))
    window.run(
        "window.seen = []; window.addEventListener('beforeprint', () => window.seen.push("
        "document.documentElement.dataset.theme, ...Array.from("
        "document.querySelectorAll('.plot > .plot-container .main-svg'), s => s.clientWidth)))"
    )
    printed = window.pdf()
    assert printed.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
    seen = window.run("return window.seen")
    assert seen[0] == "light"
    assert seen[1:]
    assert max(seen[1:]) <= 688  # pixels between margins of 14 mm on A4
    assert window.run("return document.documentElement.dataset.theme") == "dark"
    assert window.console() == []


def test_names_are_shown_and_do_nothing(opened):
    window = opened("solve", "hostile")
    assert window.console() == []
    assert window.run("return document.title") == HOSTILE["Small"]
    assert (
        window.run("return document.querySelectorAll('main img, main b, main script').length") == 0
    )
    cells = "return Array.from(document.querySelectorAll('main td'), c => c.textContent)"
    assert HOSTILE["Japan"] in window.run(cells)
    words = window.run("return document.querySelector('.plot').textContent")
    assert HOSTILE["Japan"][:20] in words
    assert window.run("return document.title") == HOSTILE["Small"]


# ---- contrast ----------------------------------------------------------------------------------


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out(theme):
    """4.5 to 1 for words, as WCAG 2.2 asks at level AA."""
    style = files("planner.report").joinpath("page.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root[^{]*\{([^}]*)\}", style)[:2]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", light if theme == "light" else dark))
    for words in ("ink", "muted", "head", "link", "good", "bad"):
        for ground in ("ground", "card"):
            assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)
    for cell in ("card", "flag"):
        assert contrast(colours["cell"], colours[cell]) >= 4.5
