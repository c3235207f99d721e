"""The page in a browser: what does not change stays in place while a job runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette

from planner.server.app import Config, application
from planner.server.jobs import ServerLimits
from tests.report.browser import chromium
from tests.server.conftest import PLAIN

pytestmark = pytest.mark.slow

LARGER = PLAIN.with_name("critical-minerals.xlsx")
LIST = 'document.querySelector("select[name=country]")'
PRESS = 'document.querySelector("button[value=solve]")'
JOB = 'document.querySelector("[aria-labelledby^=job-]")'


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve the page on a port of this machine; yields its address."""
    settings = uvicorn.Config(app, port=0, log_level="error")
    server = uvicorn.Server(settings)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(20)


def test_lists_stay_open_and_focus_is_kept(tmp_path) -> None:
    """A list, what was typed and the button with the focus outlast the looks of a second each.

    Of the larger example, whose 1,000 draws take long enough to be stopped.
    """
    app = application(Config(limits=ServerLimits(jobs=1)))
    with chromium(tmp_path / "profile") as browser, served(app) as address:
        browser.driver.get(address)
        browser.driver.find_element("id", "workbook").send_keys(str(LARGER))
        browser.run('document.querySelector("#drop button").click()')
        browser.wait('return document.querySelector("select[name=country]")')
        browser.run("window.alert = (said) => { window.said = said; }")
        browser.run('document.querySelector("button[value=exit]").click()')
        browser.wait('return window.said === "Exit needs: Country to leave."')
        browser.run(
            f'{LIST}.mark = 1; document.querySelector("[name=scenario]").value = "Loss of China"'
        )
        browser.run('document.querySelector("button[value=risk]").click()')
        browser.wait(f"return {JOB}?.querySelector('button')")
        in_view = "const at = {}.getBoundingClientRect(); return at.top >= 0 && at.top < 300"
        browser.wait(in_view.format(JOB))
        assert browser.run(f"return document.activeElement === {JOB}.querySelector('h2')")
        browser.run(f"window.first = {JOB}.querySelector('button'); first.focus()")
        browser.run(f"window.told = {JOB}.querySelector('small').textContent")
        browser.wait(f"return {JOB}.querySelector('small').textContent !== window.told")
        assert browser.run("return document.activeElement === window.first")
        assert browser.run(f"return {LIST}.mark") == 1
        assert (
            browser.run('return document.querySelector("[name=scenario]").value') == "Loss of China"
        )
        live = '[...document.querySelectorAll("[aria-live], [role=status]")]'
        said = browser.run(f"return {live}.map((each) => each.textContent)")
        assert said == ["✓ No errors, no warnings.", "Running"]
        from selenium.webdriver.common.action_chains import ActionChains

        button = browser.driver.find_element("css selector", "[aria-labelledby^=job-] button")
        chain = ActionChains(browser.driver).click_and_hold(button).pause(1.4).release()
        read = "() => setTimeout(() => { window.told = first.textContent; })"
        browser.run(f"first.form.addEventListener('submit', {read})")
        chain.perform()
        assert browser.run("return window.told") == "Stopping…"
        browser.wait(f"return {JOB}.textContent.includes('Stopped')")
        assert [each for each in browser.console() if "400" not in each] == []


def test_a_session_is_forgotten(tmp_path) -> None:
    """By the button, a form that no script sends: the disk, the links and the page."""
    app = application(Config())
    with chromium(tmp_path / "profile") as browser, served(app) as address:
        browser.driver.get(address)
        browser.driver.find_element("id", "workbook").send_keys(str(PLAIN))
        browser.run('document.querySelector("#drop button").click()')
        browser.wait(f"return {PRESS}")
        browser.run(f"{PRESS}.click()")
        browser.wait("return document.querySelector(\"#state a[href$='.xlsx']\")")
        link = browser.run("return document.querySelector(\"#state a[href$='.xlsx']\").href")
        folder = app.state.store.folder
        assert list(folder.rglob("plain*.xlsx"))
        browser.run("document.querySelector(\"form[action='/forget'] button\").click()")
        browser.wait("return document.querySelector('h1').textContent === 'Deleted'")
        assert "All your workbooks, plans and studies are deleted" in browser.run(
            "return document.body.textContent"
        )
        assert not list(folder.rglob("*.xlsx"))
        browser.driver.get(link)
        assert "visit has ended" in browser.run("return document.body.textContent")
        browser.driver.get(address)
        assert browser.run("return document.querySelector('#state section')") is None
