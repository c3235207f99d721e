"""Sessions and jobs: what a visitor brought, and the processes that work on it, within limits."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import WriteError
from models.results import Figure as Measure
from planner.options import NeededOption
from planner.scratch import PREFIX
from planner.studies import STUDIES

if TYPE_CHECKING:
    from planner.studies.kind import StudyKind

MADE = "<made>"
"""Stands in a job's commands for the workbook that the command before made: it names it itself."""
MOST_JOBS = 40
"""Jobs of a session; the oldest that are done give way, and no more than these wait or run."""
_GRACE = 10.0
"""Seconds in which a job that is asked to stop writes what it has."""
_LOOK = 0.2
_LONGEST_NAME = 80
_DOWNLOADS = {".xlsx", ".html", ".pptx", ".sqlite"}
KEPT_VARIABLES = (
    "PATH", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", "LANG", "LC_ALL", "HOME", "USERPROFILE",
    "LOCALAPPDATA", "XDG_CACHE_HOME",
)  # fmt: skip
"""What a job's process hears of the server's environment: no token, and no other's secret."""


@dataclass(frozen=True)
class ServerLimits:
    """What a visitor and a job may take.

    ``upload`` and ``memory`` in bytes, ``seconds`` a job, ``idle`` seconds until a session ends,
    ``jobs`` at a time, of all sessions.
    """

    upload: int = 32 * 2**20
    memory: int = 4 * 2**30
    seconds: float = 1800.0
    idle: float = 7200.0
    jobs: int = max(1, (os.cpu_count() or 2) - 1)


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ERRORS = "errors"
    STOPPED = "stopped"
    LATE = "out of time"
    KILLED = "out of memory, or killed"


_OF_CODE = {0: JobState.DONE, 130: JobState.STOPPED, 143: JobState.STOPPED}
LIVE = {JobState.WAITING, JobState.RUNNING}


FIELDS = {
    "scenario": str(Measure.SCENARIO),
    "max-country-share": "Most of one country",
    "lose": "Lose a country",
    "country": "Country to leave",
}
"""What a visitor may say of a plan or a study: options of commands, and what the page calls them.
"""
_TYPED = re.compile(r"Usage: planner .*\n(Try .*\n)?\n?|\s*\(planner [^)]*\)")
"""What commands say to whoever types them: how they are used, and what another would show."""
_FIELD = re.compile(rf"--({'|'.join(FIELDS)})\b")


def in_words_of_page(text: str) -> str:
    """Return what a command says in the words of the page, whose visitors type no commands."""
    return _FIELD.sub(lambda option: FIELDS[option[1]], _TYPED.sub("", text))


@dataclass(frozen=True)
class JobKind:
    """What a visitor can ask for: a command, and what it answers.

    ``takes`` are the fields that it can do something with, ``needs`` those that it cannot do
    without; ``asked`` is how the command line asks for it where that is no command of its own.
    """

    name: str
    title: str
    says: str
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    asked: str = ""

    def commands(self, file: Path, options: Mapping[str, str]) -> list[list[str]]:
        """Return the commands of a job on a workbook; ``options`` are by the names of fields."""
        if self.name == CHECK.name:
            return [["check", str(file), "--json", "--marked", f"{file.stem}-marked.xlsx"]]
        if self.name == PAGE.name:
            return [["page", str(file), "--json", "-o", f"{file.stem}-page.html"]]
        command, *more = (self.asked or self.name).split()
        first = [command, str(file), *more, "--workers", "1"]
        first += ["--json"] if self.name == PLAN.name else []
        first += [f"--{name}={value}" for name, value in options.items() if value]
        slides = [["brief", MADE, "--json"]] if self.name == PLAN.name else []
        tables = ["data", MADE, "-o", f"{file.stem}.sqlite", "--json"]
        return [first, ["report", MADE, "--json"], *slides, tables]


CHECK = JobKind("check", "Check of a workbook", "Every error and warning, beside its cell.")
PLAN = JobKind(
    "solve",
    "Plan",
    "Who buys how much from whom, at what cost; with its report and slides.",
    frozenset(FIELDS) - {"country"},
)
PAGE = JobKind("page", "Page with sliders", "One file that plans again as you move a slider.")


@cache
def kinds() -> dict[str, JobKind]:
    """Return all that a visitor can ask for by command: the plan, every study there is, the page.

    What a study takes and needs is read of its command's options.
    """
    studies = (_of_study(listed.kind, listed.asked) for listed in STUDIES.values())
    return {kind.name: kind for kind in (PLAN, *studies, PAGE)}


def _of_study(study: type[StudyKind], asked: str) -> JobKind:
    def command() -> None:
        """Gather options, as click does before it makes a command."""

    for option in study.OPTIONS:
        option(command)
    parameters: list[click.Parameter] = getattr(command, "__click_params__", [])
    takes = {name.lstrip("-") for parameter in parameters for name in parameter.opts}
    shared = {"scenario": study.SCENARIO, "lose": study.WHAT_IFS, "max-country-share": study.LIMIT}
    takes |= {name for name, is_taken in shared.items() if is_taken}
    needs = frozenset(str(p.name) for p in parameters if p.required or isinstance(p, NeededOption))
    taken = frozenset(FIELDS.keys() & takes)
    return JobKind(study.NAME, study.TITLE, study.QUESTION, taken, needs, asked)


@dataclass
class Job:
    """One thing asked for, in a folder of its own; ``result`` is what its process wrote at the end.

    ``options`` are the fields that were filled.
    """

    kind: JobKind
    file: Path
    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    state: JobState = JobState.WAITING
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    asked_to_stop: bool = False
    result: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""
    """What kept it from running, or from writing what it found."""

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def seconds(self) -> float:
        return (time.monotonic() if self.ended is None else self.ended) - self.began

    @property
    def log(self) -> list[str]:
        """What its commands said to a person, line by line."""
        text = ""
        with contextlib.suppress(OSError):
            text = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        lines = [line for line in in_words_of_page(text).splitlines() if line.strip()]
        return [*lines, self.trouble] if self.trouble else lines

    @property
    def files(self) -> list[str]:
        """The names of what can be downloaded."""
        if self.is_live:
            return []
        paths = (path for path in self.folder.iterdir() if path.suffix in _DOWNLOADS)
        names = {path.name for path in paths} - {self.file.name}
        return sorted(name for name in names if not name.startswith((PREFIX, ".")))

    async def run(self, limits: ServerLimits, place: asyncio.Semaphore) -> None:
        """Wait for a place, run the commands in a process of their own, read what came of it."""
        async with place:
            if self.state is not JobState.WAITING:
                return
            self.state, self.began = JobState.RUNNING, time.monotonic()
            try:
                code = await self._run(limits)
            except OSError as error:  # no process, no memory or no disk to be had
                code, self.trouble = WriteError.exit_code, trouble_of(error)
            finally:
                self.ended = time.monotonic()
                (self.folder / self.file.name).unlink(missing_ok=True)
        with contextlib.suppress(OSError, ValueError):
            self.result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        if not self.result and code == WriteError.exit_code and not self.trouble:
            self.trouble = "It could not write what it found: the disk of this server may be full."
        if self.state is JobState.RUNNING:
            failure = JobState.ERRORS if self.result or self.trouble else JobState.KILLED
            self.state = _OF_CODE.get(int(self.result.get("code", code)), failure)
            if self.asked_to_stop and self.state is not JobState.DONE:
                self.state = JobState.STOPPED

    async def _run(self, limits: ServerLimits) -> int:
        file = Path(self.file.name)  # beside what is made of it: no one is told where that is
        try:
            (self.folder / file).hardlink_to(self.file)
        except OSError:
            shutil.copyfile(self.file, self.folder / file)
        order = {"commands": self.kind.commands(file, self.options), "memory": limits.memory}
        env = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        here = str(self.folder)
        env |= {"TMPDIR": here, "TEMP": here, "TMP": here, "OMP_NUM_THREADS": "1"}
        with (self.folder / "log.txt").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "planner.cli.job", json.dumps(order),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=here, env=env,
                start_new_session=True,
            )  # fmt: skip
            try:
                return await self._watched(process, limits)
            finally:
                _signal(process, kill=True)
                await process.wait()

    async def _watched(self, process: asyncio.subprocess.Process, limits: ServerLimits) -> int:
        """Wait for the process; ask it to stop where it was told to or is late, then end it."""
        end, ask = time.monotonic() + limits.seconds, True
        while True:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(process.wait()), _LOOK)
            is_late = time.monotonic() > end
            if ask and (is_late or self.asked_to_stop):
                if is_late:
                    self.state = JobState.LATE
                _signal(process, kill=False)
                ask, end = False, time.monotonic() + _GRACE
            elif not ask and is_late:
                _signal(process, kill=True)

    def stop(self) -> None:
        """Have it stopped: what is finished of a study is kept."""
        self.asked_to_stop = True
        if self.state is JobState.WAITING:
            self.state, self.ended = JobState.STOPPED, time.monotonic()


def _signal(process: asyncio.subprocess.Process, *, kill: bool) -> None:
    """Ask a job's process to end, or end it and all that it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if kill:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                os.kill(process.pid, signal.SIGINT)
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def trouble_of(error: OSError) -> str:
    """Return what the system has against it, in a sentence for visitors."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk of this server is full: forget a session, or tell whoever runs it."
    return f"This server could not do that: {error.strerror or 'it does not say why'}."


@dataclass
class BrowserSession:
    """A visitor: the workbook brought last, and the jobs on it. Its folder goes with it."""

    folder: Path
    workbook: Path | None = None
    jobs: list[Job] = field(default_factory=list)
    seen: float = field(default_factory=time.monotonic)
    follows: bool = False
    brought: set[Path] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def check(self) -> Job | None:
        checks = (j for j in reversed(self.jobs) if j.kind is CHECK and j.file == self.workbook)
        return next(checks, None)

    def take(self, name: str, content: Path) -> None:
        """Take a workbook over, under a name that is safe: what it is called, as far as may be.

        The one before is released, and what its check left.
        """
        workbook = self._new_folder() / safe_name(name)
        shutil.move(content, workbook)
        self.workbook = workbook
        self.brought.add(workbook)
        for job in self.jobs:
            if job.kind is CHECK:
                job.stop()
        self._release()

    def take_as(self, workbook: Path) -> None:
        """Take what another session has, by a name of its own."""
        copy = self.folder / f"taken-{secrets.token_hex(4)}"
        try:
            copy.hardlink_to(workbook)
        except OSError:
            shutil.copyfile(workbook, copy)
        self.take(workbook.name, copy)

    def _drop(self, job: Job) -> None:
        self.jobs.remove(job)
        shutil.rmtree(job.folder, ignore_errors=True)

    def _release(self) -> None:
        """Remove the workbooks that no job waits for, but the last, and what their checks left."""
        for job in [j for j in self.jobs if j.kind is CHECK and not j.is_live]:
            if job.file != self.workbook:
                self._drop(job)
        needed = {self.workbook, *(job.file for job in self.jobs if job.state is JobState.WAITING)}
        for file in self.brought - needed:
            shutil.rmtree(file.parent, ignore_errors=True)
        self.brought &= needed

    def start(
        self, kind: JobKind, options: dict[str, str], limits: ServerLimits, place: asyncio.Semaphore
    ) -> Job:
        """Start a job on the workbook."""
        if self.workbook is None:
            msg = "no workbook"
            raise ValueError(msg)
        job = Job(kind, self.workbook, self._new_folder(), options)
        self.jobs.append(job)
        for old in [j for j in self.jobs if not j.is_live][: max(0, len(self.jobs) - MOST_JOBS)]:
            self._drop(old)
        task = asyncio.create_task(job.run(limits, place))
        self.tasks.add(task)
        task.add_done_callback(self._done)
        return job

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._release()

    async def end(self) -> None:
        """Stop what runs, and leave nothing behind."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _new_folder(self) -> Path:
        folder = self.folder / secrets.token_hex(6)
        folder.mkdir(mode=0o700)
        return folder


def safe_name(name: str) -> str:
    """Return a file name of letters, digits, spaces and dashes, which ends in .xlsx or .xlsm."""
    path = Path(name.replace("\\", "/").rpartition("/")[2])
    stem = re.sub(r"[^\w \-]", "-", path.stem).strip(" -")[:_LONGEST_NAME]
    suffix = path.suffix.casefold() if path.suffix.casefold() == ".xlsm" else ".xlsx"
    return f"{stem or 'workbook'}{suffix}"
