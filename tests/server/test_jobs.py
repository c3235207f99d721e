"""Jobs: findings beside their cells, a plan and its report, studies stopped, late or too large."""

from __future__ import annotations

import errno
import html
import io
import re
import zipfile

import pytest
from pptx import Presentation

from planner.cli.commands import COMMANDS
from planner.server.jobs import FIELDS, PAGE, PLAN, Job, kinds
from planner.studies import STUDIES
from planner.workbook.template import EVERY_CASE, template_tables
from tests.books import write_book
from tests.server.conftest import PLAIN, Visitor

pytestmark = pytest.mark.slow


def test_findings_beside_their_cells(serve, tmp_path) -> None:
    """The row with its header, the cell marked, names as text; a marked copy to download."""
    tables = template_tables()
    tables["Refiners"][0]["Capacity (t/yr)"] = "<script>alert(1)</script>"
    write_book(tmp_path / "b.xlsx", tables, sheets=EVERY_CASE)
    page = serve()
    visitor = Visitor(page)
    visitor.bring("<img src=x>.xlsx", (tmp_path / "b.xlsx").read_bytes())
    shown = visitor.wait()
    assert "1 error: correct it before planning" in shown
    assert "<b>D2</b>" in shown
    assert '<td class="it">&lt;script&gt;alert(1)&lt;/script&gt;</td>' in shown
    assert '<th scope="col" class="it">Capacity (t/yr)</th>' in shown
    assert "<script>" not in shown
    assert "<img" not in shown
    assert ">Plan</button>" not in shown
    link = re.search(r'href="(/jobs/[^"]+-marked\.xlsx)"', shown)
    assert link
    marked = page.get(link[1])
    assert marked.headers["content-disposition"].startswith("attachment")
    assert zipfile.is_zipfile(io.BytesIO(marked.content))


def test_a_plan_its_report_and_a_word_that_is_wrong(serve) -> None:
    """From the workbook to downloads; then a cap that is none, with what the planner says."""
    page = serve()
    visitor = Visitor(page)
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    assert "No errors, no warnings" in visitor.wait()
    visitor.ask("solve", **{"max-country-share": "0.6"})
    shown = visitor.wait()
    assert "Plan, max country share 0.6" in shown
    assert "<td>Rare earths</td>" in shown
    assert "<td>China</td>" in shown
    assert "Download plain-what-if cap 60-plan.xlsx" in shown
    links = re.findall(r'href="(/jobs/[^"]+)"', shown)
    plan = next(link for link in links if link.endswith("plan.xlsx"))
    assert zipfile.is_zipfile(io.BytesIO(page.get(plan).content))
    report = page.get(next(link for link in links if link.endswith("plan.html")))
    assert report.headers["Content-Security-Policy"].startswith("sandbox allow-scripts;")
    assert "<!DOCTYPE html>" in report.text
    tables = page.get(next(link for link in links if link.endswith(".sqlite")))
    assert tables.content.startswith(b"SQLite format 3")
    slides = page.get(next(link for link in links if link.endswith("plan-brief.pptx")))
    assert slides.headers["content-disposition"].startswith("attachment")
    assert len(Presentation(io.BytesIO(slides.content)).slides) == 5
    answer = next(iter(page.app.state.store.sessions.values())).jobs[-1].result["answers"][0]
    for finding in answer["findings"]:
        assert finding["sentence"] in html.unescape(shown).replace("\xa0", " ")
    assert "<dt>Extra cost of the same tonnes</dt>" in shown
    visitor.ask("solve", **{"max-country-share": "lots", "lose": "--help"})
    shown = visitor.wait()
    assert "Errors" in shown
    assert "lots" in shown


def test_what_is_wrong_is_said_in_the_words_of_the_page(serve) -> None:
    """No path of the server, no option, no command: whoever reads it has no terminal."""
    page = serve()
    visitor = Visitor(page)
    visitor.bring("notabook.xlsx", b"no workbook")
    shown = visitor.wait()
    assert "notabook.xlsx: this is text (CSV?), not a workbook" in shown
    assert str(page.app.state.store.folder) not in shown
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    visitor.wait()
    visitor.ask("solve", **{"max-country-share": "50"})
    visitor.ask("risk")
    visitor.ask("compare")
    shown = visitor.wait()
    said = "Most of one country &#39;50&#39; is not a share from 0 to 1; did you mean 0.5 (50 %)?"
    assert shown.count(said) == 1
    assert shown.count("Yearly probability") == shown.count("rows to the sheet Scenarios") == 1
    told = re.sub(r"<[^>]+>", "", shown)
    for typed in ("Usage", "--", "planner ", "/tmp"):
        assert typed not in told


@pytest.mark.parametrize(
    ("limits", "state"),
    [({"seconds": 0.05}, "Out of time"), ({"memory": 40 * 2**20}, "Out of memory, or killed")],
)
def test_a_job_that_takes_too_much_is_ended(serve, limits, state) -> None:
    """Its process, and what it started."""
    visitor = Visitor(serve(**limits))
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    assert state.casefold() in visitor.wait().casefold()


def test_a_job_that_cannot_begin_ends(serve, monkeypatch) -> None:
    """Where no process is to be had."""

    async def none(*_: object) -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(Job, "_run", none)
    visitor = Visitor(serve())
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    assert "could not do this: Resource temporarily unavailable." in visitor.wait()


def test_no_more_jobs_wait_than_a_session_keeps(serve, monkeypatch) -> None:
    monkeypatch.setattr("planner.server.jobs.MOST_JOBS", 3)
    visitor = Visitor(serve(jobs=1))
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    visitor.wait()
    said = [visitor.ask("solve") for _ in range(4)]
    assert [of.status_code for of in said] == [200] * 3 + [429]
    assert "3 jobs are waiting or running" in said[-1].text
    assert visitor.bring("plain.xlsx", PLAIN.read_bytes()).status_code == 429


def test_what_waits_and_what_runs_is_stopped(serve, tmp_path) -> None:
    """One place: the second waits for it, and is stopped at once; the first as by Ctrl-C."""
    page = serve(jobs=1)
    visitor = Visitor(page)
    write_book(tmp_path / "case.xlsx", template_tables())
    visitor.bring("case.xlsx", (tmp_path / "case.xlsx").read_bytes())
    assert "<option>" in visitor.wait()  # its scenarios
    visitor.ask("risk")
    visitor.ask("stress")
    session = next(iter(page.app.state.store.sessions.values()))
    risk, stress = session.jobs[1:]
    assert ">Stop</button>" in visitor.wait("Running")
    assert stress.state == "waiting"
    for job in (stress, risk):
        page.post(f"/jobs/{job.key}/stop", data={"form": visitor.form})
    visitor.wait()
    assert (risk.state, stress.state) == ("stopped", "stopped")
    assert stress.files == []


def test_every_study_of_the_command_line_is_offered(serve) -> None:
    """Those that there are, each with its question; what it cannot do without is asked for."""
    assert [*kinds()] == [PLAN.name, *STUDIES, PAGE.name]
    for name, listed in STUDIES.items():
        kind = kinds()[name]
        assert (kind.title, kind.says) == (listed.kind.TITLE, listed.kind.QUESTION)
        assert kind.needs <= kind.takes <= FIELDS.keys()
    assert {name for name, kind in kinds().items() if kind.needs} == {"exit"}
    assert kinds()["sweep"].takes == {"scenario", "lose"}
    assert kinds()["compare"].takes == kinds()["stress"].takes == PLAN.takes
    assert kinds()["risk"].takes == {"scenario", "max-country-share"}
    assert kinds()["under-risk"].takes == PLAN.takes
    commands = {command.name: command for command in COMMANDS}
    for kind in kinds().values():
        command, *words = kind.commands(PLAIN, dict.fromkeys(kind.takes, "0.5"))[0]
        known = {option for parameter in commands[command].params for option in parameter.opts}
        assert {word.partition("=")[0] for word in words if word.startswith("-")} <= known
    visitor = Visitor(serve())
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    shown = visitor.wait()
    for name, kind in kinds().items():
        assert re.search(
            rf'<button type="submit" name="kind" value="{name}"[^>]*>{kind.title}<', shown
        )
    (choice,) = re.findall(r'<select name="country">(.*?)</select>', shown)
    assert "<option>China</option>" in choice
    assert "Rest of world" not in choice


def test_what_a_study_needs_and_what_it_goes_without(serve) -> None:
    """The way out of a country that is chosen; a cap that a sweep would not hear is refused."""
    visitor = Visitor(serve())
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    visitor.wait()
    said = visitor.ask("exit")
    assert (said.status_code, "Exit needs: Country to leave." in said.text) == (400, True)
    said = visitor.ask("sweep", **{"max-country-share": "0.6"})
    assert (said.status_code, "does not use: Most of one country" in said.text) == (400, True)
    said = visitor.ask("solve", lose="C" * 200_000)
    assert (said.status_code, "at most 200 characters" in said.text) == (400, True)
    visitor.ask("exit", country="China")
    visitor.ask("under-risk", country="China", lose="Chile", **{"max-country-share": "0.6"})
    shown = visitor.wait()
    assert "Exit, country China <small>" in shown
    assert "lose Chile" in shown
    assert shown.count(">Done<") == 2
    assert shown.count(">Open the report<") == 2
    assert "Download plain-CHN-exit.xlsx" in shown
