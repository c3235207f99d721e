"""The page in a browser: what does not change stays in place while a job runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from planner.server.app import Config, application
from planner.server.jobs import Limits
from planner.workbook.template import template_tables, write_book
from tests.report.browser import chromium

LIST = 'document.querySelector("select[name=country]")'
JOB = 'document.querySelector("[aria-labelledby^=job-]")'


@contextmanager
def served(config: Config) -> Iterator[str]:
    """Serve the page on a port of this machine; yields its address."""
    settings = uvicorn.Config(application(config), port=0, log_level="error")
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
    """A list, what was typed and the button with the focus outlast the looks of a second each."""
    write_book(tmp_path / "case.xlsx", template_tables())
    config = Config(limits=Limits(jobs=1))
    with chromium(tmp_path / "profile") as browser, served(config) as address:
        browser.driver.get(address)
        browser.driver.find_element("id", "workbook").send_keys(str(tmp_path / "case.xlsx"))
        browser.run('document.querySelector("#drop button").click()')
        browser.wait('return document.querySelector("select[name=country]")', 60)
        browser.run("window.alert = (said) => { window.said = said; }")
        browser.run('document.querySelector("button[value=exit]").click()')
        browser.wait('return window.said === "Exit needs: Country to leave."')
        browser.run(f'{LIST}.mark = 1; document.querySelector("[name=scenario]").value = "Half"')
        browser.run('document.querySelector("button[value=risk]").click()')
        browser.wait(f"return {JOB}?.querySelector('button')", 30)
        browser.run(f"window.first = {JOB}; first.querySelector('button').focus()")
        browser.wait(f"return {JOB} && {JOB} !== window.first", 30)
        assert browser.run("return document.activeElement.textContent") == "Stop"
        assert browser.run(f"return {LIST}.mark") == 1
        assert browser.run('return document.querySelector("[name=scenario]").value') == "Half"
        browser.run("document.activeElement.click()")
        browser.wait(f"return {JOB}.textContent.includes('Stopped')", 30)
        assert [each for each in browser.console() if "400" not in each] == []
