"""The planner's errors, and the exit code with which each ends a command.

::

    PlannerError
    ├── InputError       1   the workbook (or the case) has errors; carries all Findings
    ├── UsageError       2   the command's arguments are wrong
    ├── SolverError      3   no proven optimum
    └── WriteError       4   the plan cannot be written

Any error of Python's or of a library's may come from too little memory: ``is_out_of_memory``.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 1000
"""How many characters of a cell a finding quotes."""


class Severity(StrEnum):
    """How much a finding matters: an error stops the run, a warning travels into the plan."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """A problem in the input: its place, the value found and the value expected.

    ``row`` is the row of the worksheet (1 is the first), ``column`` the header of the column.
    ``planner.workbook`` derives ``cell`` (``D14``) from both. ``file`` is the CSV file that holds
    the sheet; ``column`` is then the full header.
    """

    sheet: str = ""
    row: int = 0
    column: str = ""
    found: str = ""
    expected: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    cell: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        """Cut long texts: a cell can hold 32,767 characters."""
        for name in ("column", "found", "hint"):
            text = getattr(self, name)
            if len(text) > LONGEST:
                object.__setattr__(self, name, f"{text[: LONGEST - 1]}…")

    @property
    def message(self) -> str:
        """The value found, the value expected and the nearest fix, in one sentence each."""
        wanted = f"expected {self.expected}" if self.expected else ""
        text = "; ".join(part for part in (self.found, wanted) if part)
        return f"{text}. {self.hint}" if self.hint else text

    @property
    def place(self) -> str:
        """Sheet and cell as Excel writes them: ``Refiners!D14``; of a CSV file, row and column."""
        if self.file:
            row = f"row {self.row}" if self.row else ""
            column = f"column {self.column}" if self.column else ""
            return ", ".join(filter(None, (self.file, row, column)))
        where = self.cell or (f"row {self.row}" if self.row else self.column)
        return f"{self.sheet}!{where}" if where else self.sheet

    def as_json(self) -> dict[str, str]:
        place = {"sheet": self.sheet, "cell": self.cell, "message": self.message}
        if self.file:
            place |= {"file": self.file, "row": str(self.row or ""), "column": self.column}
        return place


def warning(sheet: str, row: int = 0, column: str = "", *, found: str, hint: str = "") -> Finding:
    return Finding(sheet, row, column, found, hint=hint, severity=Severity.WARNING)


class PlannerError(Exception):
    """An error that the planner raises on purpose; the command ends with its ``exit_code``."""

    exit_code = 1


class InputError(PlannerError):
    """The workbook or the case has errors; all of them are in ``findings``.

    ``file`` is the workbook, where a command reads several.
    """

    exit_code = 1
    file: Path | None = None

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        errors = [f for f in self.findings if f.severity is Severity.ERROR]
        shown = "; ".join(f"{f.place}: {f.message}" if f.place else f.message for f in errors[:3])
        more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""  # noqa: PLR2004
        super().__init__(f"{len(errors)} error(s) in the input: {shown}{more}")


class UsageError(PlannerError):
    """The command was called wrongly."""

    exit_code = 2


class Mistakes:
    """Collects all mistakes in a command's arguments, to report them together."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextlib.contextmanager
    def collect(self, where: str = "") -> Iterator[None]:
        """Collect the lines of a UsageError raised inside, each with the prefix ``where``."""
        try:
            yield
        except UsageError as error:
            self.lines += [f"{where}{line}" for line in str(error).splitlines()]

    def raise_if_any(self) -> None:
        if self.lines:
            raise UsageError("\n".join(self.lines))


class SolverError(PlannerError):
    """No attempt of the solver gave a proven optimum."""

    exit_code = 3


class WriteError(PlannerError):
    """The plan cannot be written."""

    exit_code = 4


# ---- memory --------------------------------------------------------------------------------------

OUT_OF_MEMORY = "There is not enough memory. Close other programs, or allow this one more memory."
OUT_OF_MEMORY_CODE = 71
"""Exit code if the system gives no memory, process or thread (EX_OSERR)."""
_REFUSALS = (
    OUT_OF_MEMORY.casefold(),  # of a run in another process
    "cannot allocate memory",
    "can't start new thread",
    "error return without exception set",  # of a module that Python could not load
    "failed to map segment",
    "resource temporarily unavailable",
    "std::bad_alloc",
)
"""What texts of errors say, if the system gives no memory for a library, a thread or a process."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error, or one that it was raised from, comes from too little memory."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        is_refused = isinstance(error, OSError) and error.errno == errno.ENOMEM
        text = str(error).casefold()
        if is_refused or isinstance(error, MemoryError) or any(each in text for each in _REFUSALS):
            return True
        error = error.__cause__ or error.__context__
    return False
