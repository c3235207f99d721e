"""What guards the page: headers, names, other pages' forms, tokens, sizes, other visitors."""

from __future__ import annotations

import io
import zipfile

import pytest
from starlette.testclient import TestClient

from planner.server.app import HEADERS, Config
from planner.server.jobs import ServerLimits, safe_name
from tests.server.conftest import PLAIN, Visitor


@pytest.mark.parametrize("path", ["/", "/state", "/jobs/a/b", "/nothing", "/static/server.js"])
def test_headers_of_every_answer(serve, path) -> None:
    """Whatever is asked: no script of others, no frame, no guess, no address told, nothing kept."""
    page = serve()
    page.get("/")
    answer = page.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.text
    assert "style=" not in answer.text
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("localhost:8765", 200),
        ("127.0.0.1:8765", 200),
        ("[::1]:8765", 200),
        ("planner.example.org", 200),
        ("evil.example", 421),
        ("localhost.evil.example:8765", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_foreign_names_are_refused(serve, host, code) -> None:
    """A name that an attacker has lead here is not served: DNS rebinding."""
    page = serve(Config(names=("planner.example.org",)))
    assert page.get("/", headers={"host": host}).status_code == code


def test_forms_of_other_pages_are_refused(serve) -> None:
    """Another origin, no form word, another session's word, no session at all."""
    page = serve()
    visitor, mine = Visitor(page), Visitor(page).form
    data = PLAIN.read_bytes()
    for origin in ("http://evil.example", "http://localhost:1", "null"):
        sent = {"data": {"form": mine}, "headers": {"origin": origin}}
        assert page.post("/forget", **sent).status_code == 403
    assert visitor.bring("a.xlsx", data, form="x" * 32).status_code == 403
    assert page.post("/jobs", data={"kind": "solve"}).status_code == 403
    assert page.post("/forget", data={"form": ""}).status_code == 403
    page.cookies.clear()
    assert page.post("/jobs", data={"form": mine, "kind": "solve"}).status_code == 403
    assert page.get("/state").status_code == 403
    ours = page.get("/", headers={"origin": "http://evil.example"})
    assert "httponly" in ours.headers["set-cookie"].lower()
    assert "samesite=lax" in ours.headers["set-cookie"].lower()
    assert "access-control-allow-origin" not in ours.headers


def test_a_token_opens_the_page(serve) -> None:
    """Once: then the cookie does."""
    page = serve(Config(token="secret"))
    assert page.get("/").status_code == 401
    assert page.get("/?token=secre").status_code == 401
    assert page.get("/state").status_code == 403
    opened = page.get("/?token=secret")
    assert (opened.status_code, opened.history) == (200, [])
    assert page.get("/").status_code == 200


def test_what_is_too_large_is_not_taken(serve) -> None:
    """By its length as told, and by what comes where none is told."""
    page = serve(upload=200_000)
    visitor = Visitor(page)
    assert visitor.bring("big.xlsx", bytes(50 * 2**20)).status_code == 413
    head = b'--b\r\nContent-Disposition: form-data; name="workbook"; filename="a.xlsx"\r\n\r\n'

    def body():
        yield head
        for _ in range(30):
            yield bytes(10_000)
        yield b"\r\n--b--\r\n"

    kind = {"content-type": "multipart/form-data; boundary=b"}
    assert page.post("/workbook", content=body(), headers=kind).status_code == 413
    assert "Drop a workbook" in page.get("/").text


def test_nothing_chosen_and_nothing_known(serve) -> None:
    """An empty form, a study without a workbook, a job and a kind that are not there."""
    page = serve()
    visitor = Visitor(page)
    assert page.post("/workbook", data={"form": visitor.form}).status_code == 400
    assert visitor.ask("solve").status_code == 400
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    assert visitor.ask("new --example").status_code == 400
    assert page.post("/jobs/no/stop", data={"form": visitor.form}).status_code == 404
    assert page.get("/jobs/no/../../etc/passwd").status_code == 404
    assert page.delete("/").status_code == 405


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd.xlsx"),
        ("C:\\books\\case 1.XLSX", "case 1.xlsx"),
        ("--output=x.xlsm", "output-x.xlsm"),
        ("金属.xlsx", "金属.xlsx"),
        ('<b>"\n.xlsx', "b.xlsx"),
        ("x" * 300 + ".xlsx", "x" * 80 + ".xlsx"),
        (".xlsx", "xlsx.xlsx"),
        ("~$?.xlsx", "workbook.xlsx"),
    ],
)
def test_names_of_workbooks_are_made_safe(name, safe) -> None:
    assert safe_name(name) == safe


@pytest.mark.slow
def test_a_zip_bomb_is_a_finding(serve) -> None:
    """What a workbook unpacks to is held to the planner's own limits, in the job's process."""
    held = io.BytesIO()
    with zipfile.ZipFile(PLAIN) as whole, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bomb:
        for each in whole.namelist():
            bomb.writestr(each, whole.read(each))
        with bomb.open("xl/media/x.bin", "w", force_zip64=True) as part:
            for _ in range(2):
                part.write(bytes(50 * 2**20))
    visitor = Visitor(serve())
    assert len(held.getvalue()) < 4 * 2**20
    visitor.bring("bomb.xlsx", held.getvalue())
    shown = visitor.wait()
    assert "1 error: correct it" in shown


@pytest.mark.slow
def test_visitors_do_not_see_one_another(serve) -> None:
    """Two at a time, each with a workbook of its own; a third has nothing."""
    page = serve(jobs=2)
    other = TestClient(page.app, base_url="http://localhost:8765")
    other.portal = page.portal  # one server
    one, two = Visitor(page), Visitor(other)
    one.bring("one.xlsx", PLAIN.read_bytes())
    two.bring("two.xlsx", b"no workbook")
    first, second = one.wait(), two.wait()
    assert "No errors" in first
    assert "two.xlsx" not in first
    assert "1 error" in second
    link = first_link(page)
    assert page.get(link).status_code == 200
    assert other.get(link).status_code == 404


def first_link(page: TestClient) -> str:
    """Return the link to a file of the session's only job, a check."""
    store = page.app.state.store
    job = next(s for s in store.sessions.values() if s.workbook.name == "one.xlsx").jobs[0]
    return f"/jobs/{job.key}/{job.files[0]}"


def test_sessions_end(serve) -> None:
    """Forgotten by the visitor, or with the server: nothing is left on the disk."""
    page = serve(Config(limits=ServerLimits()))
    visitor = Visitor(page)
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    visitor.wait()
    folder = page.app.state.store.folder
    assert list(folder.rglob("plain.xlsx"))
    said = page.post("/forget", data={"form": visitor.form})
    assert "All your workbooks, plans and studies are deleted" in said.text
    assert not list(folder.rglob("*.xlsx"))
    visitor.bring("plain.xlsx", PLAIN.read_bytes())
    page.__exit__()
    assert not folder.exists()
