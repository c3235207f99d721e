"""Everything that can go wrong, and the exit code each kind ends a command with.

::

    PlannerError
    ├── InputError       1   the workbook (or the case) has errors; carries all Findings
    ├── UsageError       2   the command's words are wrong
    ├── SolverError      3   no proven optimum
    └── WriteError       4   nowhere to write the plan
"""

from __future__ import annotations

import contextlib
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
    """One thing seen in the input: where, what is there, what is expected.

    ``row`` is the row of the worksheet (1 is the first), ``column`` the header of the column;
    ``planner.workbook`` alone turns the two into ``cell`` (``D14``). ``file`` is the CSV file that
    holds the sheet; ``column`` is then the whole header.
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
        """Cut what a cell of 32,767 characters would make of a message."""
        for name in ("column", "found", "hint"):
            text = getattr(self, name)
            if len(text) > LONGEST:
                object.__setattr__(self, name, f"{text[: LONGEST - 1]}…")

    @property
    def message(self) -> str:
        """What is there, what is expected and the nearest fix, in one sentence each."""
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
    """Return a finding that does not stop the run."""
    return Finding(sheet, row, column, found, hint=hint, severity=Severity.WARNING)


class PlannerError(Exception):
    """What the planner raises on purpose; ``exit_code`` is the command's."""

    exit_code = 1


class InputError(PlannerError):
    """The workbook or the case has errors; all of them are in ``findings``.

    ``file`` is the workbook, where a command reads several.
    """

    exit_code = 1
    file: Path | None = None

    def __init__(self, findings: Iterable[Finding]) -> None:
        """Keep every finding, errors and warnings alike."""
        self.findings = tuple(findings)
        errors = [f for f in self.findings if f.severity is Severity.ERROR]
        shown = "; ".join(f"{f.place}: {f.message}" if f.place else f.message for f in errors[:3])
        more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""  # noqa: PLR2004
        super().__init__(f"{len(errors)} error(s) in the input: {shown}{more}")


class UsageError(PlannerError):
    """The command was called wrongly."""

    exit_code = 2


class Mistakes:
    """Gathers all that is wrong with what was asked, to report it at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextlib.contextmanager
    def kept(self, where: str = "") -> Iterator[None]:
        """Keep the lines of a UsageError, each after ``where``, and go on."""
        try:
            yield
        except UsageError as error:
            self.lines += [f"{where}{line}" for line in str(error).splitlines()]

    def tell(self) -> None:
        """Raise one UsageError, a line each, if there was any."""
        if self.lines:
            raise UsageError("\n".join(self.lines))


class SolverError(PlannerError):
    """The solver gave no optimum that passes the proof, even on a second try."""

    exit_code = 3


class WriteError(PlannerError):
    """There is nowhere to write the plan."""

    exit_code = 4
