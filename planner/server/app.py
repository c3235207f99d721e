"""The server's page as a Starlette application: its routes and its protection."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from planner import _version, scratch
from planner.server import jobs
from planner.server.jobs import BrowserSession, Job

_COOKIE = "planner_session"
_LONGEST = 200
"""Most characters of a field."""
_SECONDS = 30.0
"""Seconds between two checks for sessions to end."""
_MOST_SESSIONS = 200
_CHUNK = 2**20
UPLOAD_SECONDS, PATIENCE = 600.0, 30.0
"""Most seconds for a request's body, and for a pause in it."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # with no-referrer browsers send "Origin: null" with the page's own forms, which are refused
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""Headers of every answer."""
_REPORT = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline';"
    " style-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'none'"
)
"""Content-Security-Policy of a report: its own script runs isolated from the page and its cookie.
"""


@dataclass
class Config:
    """How the page is served: ``token`` is what a visitor must know ("": nothing).

    ``names`` are host names of this machine that are accepted, besides localhost and IP addresses;
    ``follow`` is a workbook that every visitor sees, planned again each time it is saved.
    """

    token: str = ""
    names: tuple[str, ...] = ()
    follow: Path | None = None
    limits: jobs.ServerLimits = field(default_factory=jobs.ServerLimits)


# ---- protection ----------------------------------------------------------------------------------


class Guard:
    """Refuses requests for unknown host names, forms from other pages, and too large requests."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app, self.config = app, config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward allowed requests, and add the headers that every answer has."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refused(Request(scope))
        if refused is not None:
            await refused(scope, receive, with_headers)
            return
        await self.app(scope, self._counted(receive), with_headers)

    def _refused(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if not self._is_known(host):  # a foreign name that leads here is an attack (rebinding)
            return HTMLResponse("This server does not answer under this host name.", 421)
        if request.method in {"GET", "HEAD"}:
            return None
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("//")[2] != host:
            return HTMLResponse("This form was sent from another page.", 403)
        size = request.headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > self.config.limits.upload:
            return HTMLResponse(self._too_large, 413)
        return None

    def _is_known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            ipaddress.ip_address(name)
        except ValueError:
            return name in {"localhost", *self.config.names} if host else False
        return True

    def _counted(self, receive: Receive) -> Receive:
        """Refuse a body that turns out to be too large or too slow, whatever its header says."""
        got, is_whole, end = 0, False, time.monotonic() + UPLOAD_SECONDS

        async def counted() -> Message:
            nonlocal got, is_whole
            left = None if is_whole else max(0.0, min(PATIENCE, end - time.monotonic()))
            try:
                message = await asyncio.wait_for(receive(), left)
            except TimeoutError:
                raise HTTPException(408, "The upload took too long: try again.") from None
            is_whole = not message.get("more_body", False)
            got += len(message.get("body", b""))
            if got > self.config.limits.upload:
                raise HTTPException(413, self._too_large)
            return message

        return counted

    @property
    def _too_large(self) -> str:
        return f"A workbook may have at most {self.config.limits.upload // 2**20} MB."


class Server(uvicorn.Server):
    """A server that ignores the signals that this process ignores."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        both = (signal.SIGINT, signal.SIGTERM)
        self._ignored = {number for number in both if signal.getsignal(number) == signal.SIG_IGN}

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig not in self._ignored:
            super().handle_exit(sig, frame)


# ---- sessions ------------------------------------------------------------------------------------


class SessionStore:
    """All sessions, and the slots in which their jobs run.

    A visit alone makes no session: it gives the browser a signed key, which the server does not
    store. The first workbook, or the first job on the followed workbook, makes a session for it.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        """Start without sessions; their folders will be in ``folder``."""
        self.config, self.folder = config, folder
        self.job_slots = asyncio.Semaphore(config.limits.jobs)
        self.sessions: dict[str, BrowserSession] = {}
        self.followed: BrowserSession | None = None
        self._secret = secrets.token_bytes(32)

    def _signed(self, *words: str) -> str:
        return hmac.new(self._secret, "\n".join(words).encode(), "sha256").hexdigest()

    def new_key(self) -> str:
        """Return a new signed key for a visitor; it is not stored here."""
        name = secrets.token_urlsafe(24)
        return f"{name}.{self._signed('key', name)}"

    def key_of(self, request: Request) -> str:
        """Return the visitor's key, "" if this server did not issue it."""
        key = request.cookies.get(_COOKIE, "")
        name, _, signature = key.partition(".")
        is_ours = hmac.compare_digest(signature.encode(), self._signed("key", name).encode())
        return key if is_ours else ""

    def form_token(self, key: str) -> str:
        """Return the token in each form of a visitor's page, so that no other page can send one."""
        return self._signed("form", key)

    def find(self, key: str) -> BrowserSession | None:
        """Return the visitor's session, which now counts as used; None if there is none."""
        session = self.sessions.get(key)
        if session is not None:
            session.seen = time.monotonic()
        return session

    def open(self, key: str) -> BrowserSession:
        """Return the visitor's session, a new one if needed. HTTPException for too many."""
        session = self.find(key)
        if session is None:
            if len(self.sessions) >= _MOST_SESSIONS:
                raise HTTPException(503, "There are too many visitors now. Try again later.")
            session = BrowserSession(Path(tempfile.mkdtemp(dir=self.folder)))
            self.sessions[key] = session
        return session

    def shown_session(self, session: BrowserSession | None) -> BrowserSession | None:
        """Return the session whose workbook a visitor sees: the followed one, or the visitor's own.

        A visitor who brings a workbook no longer sees the followed one.
        """
        return self.followed if session is None or session.follows else session

    async def end(self, session: BrowserSession) -> None:
        """Forget a session, stop its jobs and delete its files."""
        self.sessions = {key: each for key, each in self.sessions.items() if each is not session}
        await session.end()

    def follow(self, path: Path) -> None:
        """Load the followed workbook, check it and plan it, once for all visitors."""
        if self.followed is None:
            self.followed = BrowserSession(Path(tempfile.mkdtemp(dir=self.folder)))
        copy = self.followed.folder / f"followed-{secrets.token_hex(4)}"
        with contextlib.suppress(OSError):
            shutil.copyfile(path, copy)
            for job in self.followed.jobs:
                if job.state is jobs.JobState.WAITING:  # the workbook was saved again since
                    job.stop()
            self.followed.accept(path.name, copy)
            for kind in (jobs.CHECK, jobs.PLAN):
                self.followed.start_job(kind, {}, self.config.limits, self.job_slots)

    async def end_idle_sessions(self) -> None:
        """While the page is served, end sessions that nobody has used for a long time."""
        while True:
            await asyncio.sleep(_SECONDS)
            seen_before = time.monotonic() - self.config.limits.idle
            for session in [s for s in self.sessions.values() if s.seen < seen_before]:
                await self.end(session)


@contextlib.contextmanager
def _reload_followed(store: SessionStore) -> Any:
    """Load the followed workbook now, and again each time it is saved."""
    path, stop, loop = store.config.follow, Event(), asyncio.get_running_loop()
    if path is None:
        yield
        return
    from planner.workbook.save import fingerprint, watch_saves

    digest = fingerprint(path)
    store.follow(path)

    def wait_for_saves() -> None:
        for _ in watch_saves(path, digest, stop):
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(store.follow, path)

    Thread(target=wait_for_saves, daemon=True).start()
    try:
        yield
    finally:
        stop.set()


# ---- routes --------------------------------------------------------------------------------------

_PAGES = Environment(loader=PackageLoader("planner.render"), autoescape=True, trim_blocks=True)
_PAGES.filters["of_page"] = jobs.in_words_of_page


def application(config: Config) -> Starlette:
    """Return the web application; its sessions and their files last as long as it runs."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with scratch.scratch_folder() as folder:
            app.state.store = store = SessionStore(config, folder)
            idle_check = asyncio.create_task(store.end_idle_sessions())
            with _reload_followed(store):
                try:
                    yield
                finally:
                    idle_check.cancel()
                    for session in [*store.sessions.values(), store.followed]:
                        if session is not None:
                            await session.end()

    routes = [
        Route("/", _main_page),
        Route("/state", _job_state),
        Route("/workbook", _accept_upload, methods=["POST"]),
        Route("/jobs", _start_job, methods=["POST"]),
        Route("/jobs/{key}/stop", _stop_job, methods=["POST"]),
        Route("/jobs/{key}/{name}", _download),
        Route("/forget", _delete_all, methods=["POST"]),
        Route("/favicon.ico", lambda _: Response(status_code=204)),  # asked for by bare answers
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]
    handlers = {HTTPException: _failure_page, OSError: _failure_page}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.add_middleware(Guard, config=config)
    return app


def _store_of(request: Request) -> SessionStore:
    store: SessionStore = request.app.state.store
    return store


async def _main_page(request: Request) -> Response:
    """Show the page; a new browser gets a key, if it knows the token.

    There is no redirect, session or job yet, since a visitor from a link may not accept cookies.
    """
    store = _store_of(request)
    key = given_key = store.key_of(request)
    if not given_key:
        given, wanted = request.query_params.get("token", ""), store.config.token
        if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
            words = "This page needs its token: open the address that planner serve printed."
            raise HTTPException(401, words)
        key = store.new_key()
    response = _rendered("server.html", store, key)
    if not given_key:
        # lax: a link from another site leads to the same session, but its forms are refused
        response.set_cookie(_COOKIE, key, httponly=True, samesite="lax", path="/")
    return response


async def _job_state(request: Request) -> Response:
    """Return the part of the page that shows the visitor's workbook and jobs."""
    return _rendered("server_state.html", _store_of(request), _key_or_403(request))


async def _accept_upload(request: Request) -> Response:
    """Take the workbook that a visitor sends, and start its check."""
    store, key = _store_of(request), _key_or_403(request)
    _refuse_too_many_jobs(store.find(key))
    with scratch.scratch_file(store.folder, ".upload") as upload:
        async with request.form(max_files=1, max_fields=4) as form:
            _refuse_other_form(store, key, form)
            given = form.get("workbook")
            if not isinstance(given, UploadFile) or not given.filename:
                raise HTTPException(400, "Choose a workbook first.")
            with upload.open("wb") as file:
                while chunk := await given.read(_CHUNK):
                    file.write(chunk)
        session = store.open(key)
        session.accept(given.filename, upload)
    session.follows = False
    session.start_job(jobs.CHECK, {}, store.config.limits, store.job_slots)
    return _to_page(request)


async def _start_job(request: Request) -> Response:
    store, key = _store_of(request), _key_or_403(request)
    _refuse_too_many_jobs(store.find(key))
    async with request.form(max_files=0, max_fields=8) as form:
        _refuse_other_form(store, key, form)
        session = store.find(key)  # it may have ended while the form arrived
        kind, shown = jobs.kinds().get(str(form.get("kind", ""))), store.shown_session(session)
        if kind is None or shown is None or shown.workbook is None:
            raise HTTPException(400, "There is no workbook, or no study of that name.")
        fields = {name: str(form.get(name, "")).strip() for name in jobs.FIELDS}
    fields = {name: value for name, value in fields.items() if value}
    if any(len(value) > _LONGEST for value in fields.values()):
        raise HTTPException(400, f"A field takes at most {_LONGEST} characters.")
    missing = [label for name, label in jobs.FIELDS.items() if name in kind.needs - fields.keys()]
    if missing:
        raise HTTPException(400, f"{kind.title} needs: {', '.join(missing)}.")
    # the form always sends the country to leave, which only one study uses
    unused = [jobs.FIELDS[name] for name in fields if name not in {*kind.takes, "country"}]
    if unused:
        raise HTTPException(400, f"{kind.title} does not use: {', '.join(unused)}. Leave it blank.")
    options = {name: value for name, value in fields.items() if name in kind.takes}
    session = store.open(key)
    if shown is store.followed:
        session.follows = True
        session.take_as(shown.workbook)
    job = session.start_job(kind, options, store.config.limits, store.job_slots)
    return _to_page(request, f"#job-{job.key}")


async def _stop_job(request: Request) -> Response:
    store, key = _store_of(request), _key_or_403(request)
    async with request.form(max_files=0, max_fields=4) as form:
        _refuse_other_form(store, key, form)
    _job(request, store.find(key)).stop()
    return _to_page(request)


async def _delete_all(request: Request) -> Response:
    """End the visitor's session, with its workbooks and results."""
    store, key = _store_of(request), _key_or_403(request)
    async with request.form(max_files=0, max_fields=4) as form:
        _refuse_other_form(store, key, form)
    session = store.find(key)
    if session is not None:
        await store.end(session)
    words = "All your workbooks, plans and studies are deleted. You may close this page."
    response = _words_page("Deleted", words, 200)
    response.delete_cookie(_COOKIE, path="/")
    return response


async def _download(request: Request) -> Response:
    """Return a file that a job made: a report to read, or a workbook to download."""
    store, name = _store_of(request), request.path_params["name"]
    session = store.find(_key_or_403(request))
    job = _job(request, session, store.shown_session(session))
    if name not in job.files:
        raise HTTPException(404, "This file does not exist, or was deleted.")
    path = job.folder / name
    if path.suffix == ".html" and job.kind is not jobs.PAGE:
        return FileResponse(path, headers={"Content-Security-Policy": _REPORT})
    return FileResponse(path, filename=name)


def _key_or_403(request: Request) -> str:
    key = _store_of(request).key_of(request)
    if not key:
        raise HTTPException(403, "Your visit has ended: open the page again.")
    return key


def _refuse_too_many_jobs(session: BrowserSession | None) -> None:
    if session is not None and sum(job.is_live for job in session.jobs) >= jobs.MOST_JOBS:
        raise HTTPException(429, f"{jobs.MOST_JOBS} jobs are waiting or running: stop one first.")


def _refuse_other_form(store: SessionStore, key: str, form: Mapping[str, Any]) -> None:
    if not hmac.compare_digest(str(form.get("form", "")).encode(), store.form_token(key).encode()):
        raise HTTPException(403, "This form belongs to an earlier visit: open the page again.")


def _job(request: Request, *sessions: BrowserSession | None) -> Job:
    """Return the job of these sessions that the address names; HTTPException if none is it."""
    for job in (job for session in sessions if session is not None for job in session.jobs):
        if job.key == request.path_params["key"]:
            return job
    raise HTTPException(404, "This job does not exist, or was deleted.")


def _to_page(request: Request, anchor: str = "") -> Response:
    """Redirect to the page, or to its part that changes if the page's script asks."""
    return RedirectResponse("/state" if "x-part" in request.headers else f"/{anchor}", 303)


def _rendered(template: str, store: SessionStore, key: str) -> Response:
    """Return a template of the page, filled for the visitor with this key."""
    own_session = store.find(key)
    session = store.shown_session(own_session)
    is_followed = session is not None and session is store.followed
    check = None if session is None else session.last_check
    answers = check.result.get("answers") if check is not None else None
    answer = answers[0] if answers else {}
    findings = answer.get("beside", ())
    owners = [own_session] if own_session is session else [own_session, session]
    shown = [job for each in owners if each is not None for job in reversed(each.jobs)]
    text = _PAGES.get_template(template).render(
        form=store.form_token(key),
        workbook=None if session is None or session.workbook is None else session.workbook.name,
        check=check,
        findings={
            kind: [(sheet, list(rows)) for sheet, rows in groupby(some, lambda f: f["sheet"])]
            for kind in ("error", "warning")
            if (some := [each for each in findings if each["kind"] == kind])
        },
        marked=[name for name in check.files if name.endswith(".xlsx")] if check else [],
        jobs=[job for job in shown if job.kind is not jobs.CHECK],
        own=[] if own_session is None else own_session.jobs,
        is_live=any(job.is_live for job in shown),
        studies=[kind for kind in jobs.kinds().values() if kind is not jobs.PLAN],
        plan=jobs.PLAN,
        fields=jobs.FIELDS,
        scenarios=answer.get("scenarios", ()),
        countries=answer.get("countries", ()),
        limits=store.config.limits,
        follow=is_followed,
        version=_version.__version__,
    )
    return HTMLResponse(text)


async def _failure_page(_: Request, error: Exception) -> Response:
    status, message = 500, "Something went wrong."
    if isinstance(error, OSError):
        status, message = 507, jobs.reason_of(error)
    elif isinstance(error, HTTPException):
        status, message = error.status_code, error.detail
    return _words_page("This did not work", message, status)


def _words_page(title: str, text: str, status: int) -> Response:
    return HTMLResponse(
        _PAGES.get_template("server_words.html").render(title=title, text=text), status
    )
