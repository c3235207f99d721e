"""Sessions and jobs: visitors' workbooks, and the processes that work on them within limits."""

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
"""Placeholder in a job's commands for the workbook that the previous command made and named."""
STEP = "step "
"""Prefix of the lines on stderr with which a call reports progress."""
MOST_SLICE = 200
"""Most rows of a table that a call returns."""
MOST_JOBS = 40
"""Most jobs of a session; when there are more, the oldest finished ones are deleted."""
_GRACE = 10.0
"""Seconds that a job has to write its results after it is asked to stop."""
_POLL_SECONDS = 0.2
_LONGEST_NAME = 80
_DOWNLOADS = {".xlsx", ".html", ".pptx", ".sqlite"}
KEPT_VARIABLES = (
    "PATH", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT", "LANG", "LC_ALL", "HOME", "USERPROFILE",
    "LOCALAPPDATA", "XDG_CACHE_HOME",
)  # fmt: skip
"""Environment variables passed to a job's process: neither the token nor other secrets."""


@dataclass(frozen=True)
class ServerLimits:
    """Limits of visitors and jobs.

    ``upload`` and ``memory`` are in bytes; ``seconds`` is the longest time of a job, ``idle`` the
    time [s] after which an unused session ends, ``jobs`` how many run at the same time.
    """

    upload: int = 32 * 2**20
    memory: int = 4 * 2**30
    seconds: float = 1800.0
    idle: float = 7200.0
    jobs: int = max(1, (os.cpu_count() or 2) - 1)


class JobState(StrEnum):
    """The state of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ERRORS = "errors"
    STOPPED = "stopped"
    LATE = "out of time"
    KILLED = "out of memory, or killed"


_OF_CODE = {0: JobState.DONE, 130: JobState.STOPPED, 143: JobState.STOPPED}
FIELDS = {
    "scenario": str(Measure.SCENARIO),
    "max-country-share": "Most of one country",
    "lose": "Lose a country",
    "country": "Country to leave",
}
"""Options that a visitor may set for a plan or a study, and their labels on the page."""
_TYPED = re.compile(r"Usage: planner .*\n(Try .*\n)?\n?|\s*\(planner [^)]*\)")
"""Parts of commands' output for people who type commands: usage, and hints at other commands."""
_FIELD = re.compile(rf"--({'|'.join(FIELDS)})\b")


def in_words_of_page(text: str) -> str:
    """Return a command's output in the words of the page, whose visitors type no commands."""
    return _FIELD.sub(lambda option: FIELDS[option[1]], _TYPED.sub("", text))


@dataclass(frozen=True)
class JobKind:
    """A kind of job that a visitor can start: a command, its title and what its result says.

    ``takes`` are the fields that it uses, ``needs`` those that it requires; ``asked`` is its
    command line, if that is more than its name.
    """

    name: str
    title: str
    says: str
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    asked: str = ""

    def commands(self, file: Path, options: Mapping[str, str]) -> list[list[str]]:
        """Return the commands of a job on a workbook; ``options`` are values by field."""
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


CHECK = JobKind("check", "Check of a workbook", "Every error and warning, with its cell.")
_SAYS = "Who buys how much from whom, at what cost; with its report and slides."
PLAN = JobKind("solve", "Plan", _SAYS, frozenset(FIELDS) - {"country"})
PAGE = JobKind("page", "Page with sliders", "One file that plans again as you move a slider.")


@cache
def kinds() -> dict[str, JobKind]:
    """Return all kinds of jobs by name: the plan, every study, the page with sliders.

    The fields of a study are read from its command's options.
    """
    studies = (_of_study(listed.kind, listed.asked) for listed in STUDIES.values())
    return {kind.name: kind for kind in (PLAN, *studies, PAGE)}


def _of_study(study: type[StudyKind], asked: str) -> JobKind:
    def command() -> None:
        """Collect the options of a study, which are click's decorators."""

    for option in study.OPTIONS:
        option(command)
    parameters: list[click.Parameter] = getattr(command, "__click_params__", [])
    takes = {name.lstrip("-") for parameter in parameters for name in parameter.opts}
    shared = {"scenario": study.SCENARIO, "lose": study.WHAT_IFS, "max-country-share": study.LIMIT}
    takes |= {name for name, is_accepted in shared.items() if is_accepted}
    needs = frozenset(str(p.name) for p in parameters if p.required or isinstance(p, NeededOption))
    accepted = frozenset(FIELDS.keys() & takes)
    return JobKind(study.NAME, study.TITLE, study.QUESTION, accepted, needs, asked)


@dataclass
class Job:
    """One job, in a folder of its own; ``result`` is what its process wrote at the end.

    ``options`` are the fields that were filled in.
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
    failure: str = ""
    """Why the job could not run, or could not write its results."""

    @property
    def is_live(self) -> bool:
        return self.state in {JobState.WAITING, JobState.RUNNING}

    @property
    def seconds(self) -> float:
        """How long the job has waited or, once it has begun to run, how long it has run [s]."""
        return (time.monotonic() if self.ended is None else self.ended) - self.began

    @property
    def log(self) -> list[str]:
        """The output of its commands, line by line."""
        text = ""
        with contextlib.suppress(OSError):
            text = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        lines = [line for line in in_words_of_page(text).splitlines() if line.strip()]
        return [*lines, self.failure] if self.failure else lines

    @property
    def files(self) -> list[str]:
        """The names of the files that can be downloaded."""
        if self.is_live:
            return []
        paths = (path for path in self.folder.iterdir() if path.suffix in _DOWNLOADS)
        names = {path.name for path in paths} - {self.file.name}
        return sorted(name for name in names if not name.startswith((PREFIX, ".")))

    async def run(self, limits: ServerLimits, slots: asyncio.Semaphore) -> None:
        """Wait for a free slot, run the commands in a separate process, and read the result."""
        async with slots:
            if self.state is not JobState.WAITING:
                return
            self.state, self.began = JobState.RUNNING, time.monotonic()
            try:
                code = await self._run(limits)
            except OSError as error:  # no process, memory or disk was available
                code, self.failure = WriteError.exit_code, reason_of(error)
            finally:
                self.ended = time.monotonic()
                (self.folder / self.file.name).unlink(missing_ok=True)
        with contextlib.suppress(OSError, ValueError):
            self.result = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))
        if not self.result and code == WriteError.exit_code and not self.failure:
            self.failure = "Its results could not be written: the server's disk may be full."
        if self.state is JobState.RUNNING:
            failed = JobState.ERRORS if self.result or self.failure else JobState.KILLED
            self.state = _OF_CODE.get(int(self.result.get("code", code)), failed)
            if self.asked_to_stop and self.state is not JobState.DONE:
                self.state = JobState.STOPPED

    async def _run(self, limits: ServerLimits) -> int:
        file = Path(self.file.name)  # in the job's folder: messages don't show the server's paths
        _link_or_copy(self.file, self.folder / file)
        request = {"commands": self.kind.commands(file, self.options), "memory": limits.memory}
        env = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        here = str(self.folder)
        env |= {"TMPDIR": here, "TEMP": here, "TMP": here, "OMP_NUM_THREADS": "1"}
        with (self.folder / "log.txt").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "planner.cli.job", json.dumps(request),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=here, env=env,
                start_new_session=True,
            )  # fmt: skip
            try:
                return await self._watched(process, limits)
            finally:
                _signal(process, kill=True)
                await process.wait()

    async def _watched(self, process: asyncio.subprocess.Process, limits: ServerLimits) -> int:
        """Wait for the process; if it should stop or is late, ask it to stop, then kill it."""
        end, ask = time.monotonic() + limits.seconds, True
        while True:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(process.wait()), _POLL_SECONDS)
            is_late = time.monotonic() > end
            if ask and (is_late or self.asked_to_stop):
                self.state = JobState.LATE if is_late else self.state
                _signal(process, kill=False)
                ask, end = False, time.monotonic() + _GRACE
            elif not ask and is_late:
                _signal(process, kill=True)

    def stop(self) -> None:
        """Stop the job; the finished part of a study is kept."""
        self.asked_to_stop = True
        if self.state is JobState.WAITING:
            self.state, self.ended = JobState.STOPPED, time.monotonic()


def _link_or_copy(file: Path, copy: Path) -> None:
    try:
        copy.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, copy)


def _signal(process: asyncio.subprocess.Process, *, kill: bool) -> None:
    """Ask a job's process to stop, or kill it and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name != "posix":
            process.kill()
        elif kill:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            os.kill(process.pid, signal.SIGINT)


def reason_of(error: OSError) -> str:
    """Return an error of the operating system as a sentence for visitors."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The server's disk is full. Delete your files, or tell whoever runs the server."
    return f"The server could not do this: {error.strerror or 'the reason is not known'}."


@dataclass
class BrowserSession:
    """A visitor's last workbook and jobs; the folder is deleted when the session ends."""

    folder: Path
    workbook: Path | None = None
    jobs: list[Job] = field(default_factory=list)
    seen: float = field(default_factory=time.monotonic)
    follows: bool = False
    brought: set[Path] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def last_check(self) -> Job | None:
        """The last job that checks the current workbook; None if there is none."""
        checks = (j for j in reversed(self.jobs) if j.kind is CHECK and j.file == self.workbook)
        return next(checks, None)

    def accept(self, name: str, content: Path) -> None:
        """Accept a workbook, under a safe name that is close to its own.

        The previous workbook and the files of its check are deleted.
        """
        workbook = self._new_folder() / safe_name(name)
        shutil.move(content, workbook)
        self.workbook = workbook
        self.brought.add(workbook)
        for job in self.jobs:
            if job.kind is CHECK:
                job.stop()
        self._delete_unused()

    def take_as(self, workbook: Path) -> None:
        """Accept a copy of another session's workbook."""
        copy = self.folder / f"taken-{secrets.token_hex(4)}"
        _link_or_copy(workbook, copy)
        self.accept(workbook.name, copy)

    def _delete_job(self, job: Job) -> None:
        self.jobs.remove(job)
        shutil.rmtree(job.folder, ignore_errors=True)

    def _delete_unused(self) -> None:
        """Delete workbooks that no job waits for, but not the last, and their checks."""
        for job in [j for j in self.jobs if j.kind is CHECK and not j.is_live]:
            if job.file != self.workbook:
                self._delete_job(job)
        needed = {self.workbook, *(job.file for job in self.jobs if job.state is JobState.WAITING)}
        for file in self.brought - needed:
            shutil.rmtree(file.parent, ignore_errors=True)
        self.brought &= needed

    def start_job(
        self, kind: JobKind, options: dict[str, str], limits: ServerLimits, slots: asyncio.Semaphore
    ) -> Job:
        """Start a job on the last workbook, once there is a slot; ValueError without a workbook."""
        if self.workbook is None:
            msg = "no workbook"
            raise ValueError(msg)
        job = Job(kind, self.workbook, self._new_folder(), options)
        self.jobs.append(job)
        for old in [j for j in self.jobs if not j.is_live][: max(0, len(self.jobs) - MOST_JOBS)]:
            self._delete_job(old)
        task = asyncio.create_task(job.run(limits, slots))
        self.tasks.add(task)
        task.add_done_callback(self._on_done)
        return job

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._delete_unused()

    async def end(self) -> None:
        """Stop all jobs and delete the folder."""
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
