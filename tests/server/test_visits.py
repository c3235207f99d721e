"""Visits cost nothing: no session, no job, no redirect. What is replaced is released."""

from __future__ import annotations

import errno
import shutil

import pytest
from starlette.testclient import TestClient

from planner.server import jobs
from planner.server.app import Config
from planner.server.jobs import ServerLimits
from tests.disk import small_disk
from tests.server.conftest import PLAIN, Visitor

pytestmark = pytest.mark.slow


def forgetful(page: TestClient, times: int, path: str = "/"):
    """Visit as a browser that keeps no cookie, as one does that comes from another site."""
    for _ in range(times):
        page.cookies.clear()
        yield page.get(path, follow_redirects=False)


@pytest.mark.parametrize("path", ["/", "/?token=secret", "/state", "/?token=wrong", "/jobs/a/b"])
def test_a_visit_makes_no_session_and_no_job(serve, path) -> None:
    """Not even 300 of them, which is more than there are places for sessions."""
    page = serve(Config(token="secret" if "token" in path else ""))
    store = page.app.state.store
    for answer in forgetful(page, 300, path):
        assert "location" not in answer.headers
    assert (store.sessions, list(store.folder.iterdir())) == ({}, [])
    page.cookies.clear()
    assert page.get("/?token=secret").status_code == 200


def test_whoever_came_before_sees_the_same_session_by_a_link(serve) -> None:
    """A browser sends the cookie with a link from another site, and the page is as it was."""
    page = serve()
    visitor = Visitor(page)
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    visitor.wait()
    linked = page.get("/?token=any", headers={"Sec-Fetch-Site": "cross-site"})
    assert (linked.status_code, "plain.xlsx" in linked.text) == (200, True)
    assert "set-cookie" not in linked.headers
    assert len(page.app.state.store.sessions) == 1


def test_a_key_is_taken_from_this_server_alone(serve) -> None:
    """One that is made up, or of another server, opens nothing."""
    page = serve(Config(token="secret"))
    page.get("/?token=secret")
    key = page.cookies["planner_session"]
    for other in ("", "x", "x.y", key[:-1], f"x{key}", key.replace(".", "..")):
        page.cookies.clear()
        page.cookies.set("planner_session", other, domain="localhost")
        assert page.get("/").status_code == 401
        assert page.get("/state").status_code == 403


def followed(page: TestClient):
    """Return another visitor of the same server."""
    other = TestClient(page.app, base_url="http://localhost:8765")
    other.portal = page.portal
    return Visitor(other)


def test_what_is_followed_is_planned_once_for_all_visitors(serve, tmp_path) -> None:
    """Who asks for more gets a session of its own, which others do not see; a workbook ends it."""
    shutil.copy(PLAIN, tmp_path / "plain.xlsx")
    page = serve(Config(follow=tmp_path / "plain.xlsx"))
    store, one = page.app.state.store, Visitor(page)
    page.get("/")
    assert "plain-plan.xlsx" in one.wait("Download plain-plan")
    assert all(answer.status_code == 200 for answer in forgetful(page, 20))
    assert len(store.followed.jobs) == 2
    assert store.sessions == {}
    page.get("/")
    one.ask("support")
    shown = one.wait("Support of plants <small>")
    other = followed(page)
    other.client.get("/")
    assert "Download plain-plan" in other.wait("Download plain-plan")
    assert "Support of plants <small>" not in other.client.get("/state").text
    assert len(store.sessions) == 1
    shared = store.followed.jobs[-1]
    sent = {"data": {"form": other.form}}
    assert other.client.post(f"/jobs/{shared.key}/stop", **sent).status_code == 404
    assert "Download plain-plan" in shown
    one.bring("mine.xlsx", PLAIN.read_bytes())
    assert ">mine.xlsx</h2>" in one.wait()
    assert "Followed" not in one.wait()
    assert len(store.followed.jobs) == 2


def test_an_upload_is_released_when_it_is_replaced(serve) -> None:
    """With what its check left; not before the jobs that wait for it have begun."""
    page = serve(jobs=1)
    visitor, folder = Visitor(page), page.app.state.store.folder
    for name in ("a.xlsx", "c.xlsx"):
        visitor.bring(name, PLAIN.read_bytes())
        visitor.wait()
    assert {path.name for path in folder.rglob("*.xlsx")} == {"c.xlsx", "c-marked.xlsx"}
    visitor.ask("scorecard")
    visitor.ask("scorecard")
    visitor.bring("d.xlsx", PLAIN.read_bytes())
    shown = visitor.wait()
    assert shown.count("Download c-scorecard.xlsx") == 2
    left = {path.name for path in folder.rglob("*.xlsx")}
    assert left == {"c-scorecard.xlsx", "d.xlsx", "d-marked.xlsx"}
    assert not list(folder.rglob("*.upload"))


def test_a_full_disk_is_a_sentence_as_a_workbook_is_brought(serve, tmp_path, monkeypatch) -> None:
    """And the page goes on: what was written of it is gone."""
    with small_disk(tmp_path / "disk", "16k") as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        page = serve()
        visitor = Visitor(page)
        answer = visitor.bring("plain.xlsx", PLAIN.read_bytes())
        assert (answer.status_code, "server&#39;s disk is full" in answer.text) == (507, True)
        assert "Drop a workbook" in page.get("/").text
        assert page.app.state.store.sessions == {}
        assert not list(disk.rglob("*.upload"))


@pytest.mark.parametrize("at", ["_new_folder", "accept", "start_job"])
def test_a_full_disk_is_a_sentence_wherever_it_is_met(serve, monkeypatch, at) -> None:
    """In the session's folder, too."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    visitor = Visitor(serve())
    monkeypatch.setattr(jobs.BrowserSession, at, full)
    answer = visitor.bring("plain.xlsx", PLAIN.read_bytes())
    assert (answer.status_code, "server&#39;s disk is full" in answer.text) == (507, True)
    assert "Traceback" not in answer.text


def test_a_job_that_meets_a_full_disk_says_so(serve, tmp_path, monkeypatch) -> None:
    """Its process finds no room for what it makes, nor for its log."""
    room = PLAIN.stat().st_size // 1024 * 2 + 24
    with small_disk(tmp_path / "disk", f"{room}k") as disk:
        monkeypatch.setattr("tempfile.tempdir", str(disk))
        page = serve(Config(limits=ServerLimits(jobs=1)))
        visitor = Visitor(page)
        assert visitor.bring("plain.xlsx", PLAIN.read_bytes()).status_code == 200
        visitor.wait()
        (disk / "rest").write_bytes(b"")
        with (disk / "rest").open("ab", buffering=0) as rest:
            while rest.write(bytes(512)):
                if shutil.disk_usage(disk).free < 1024:
                    break
        assert visitor.ask("solve").status_code in {200, 507}
        shown = visitor.wait()
        assert "Traceback" not in shown
        assert "killed" not in shown
