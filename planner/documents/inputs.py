"""Compares the input workbooks of two plans, cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

from models.case import Case, normalize
from models.errors import InputError
from models.results import Figure, Format
from models.results.difference import InputChanges
from models.schema import Record, ScenarioStep, Settings
from planner.render.table import Cell
from planner.render.words import listed, number_of, terminal_safe, truncated
from planner.sheets import changes
from planner.sheets.changes import InputDifference
from planner.workbook import Book, save
from planner.workbook.plan_file import PlanFile

CHANGE = (
    InputChanges.sheet, InputChanges.old_cell, InputChanges.new_cell, InputChanges.what,
    InputChanges.old, InputChanges.new,
)  # fmt: skip
"""The fields of a change that are shown, in order."""
_IN_ORDER = {"Lanes", "Ore lanes", "Input lanes"}
"""Sheets whose rows apply top to bottom."""
_SHOWN = 12
"""Characters of a SHA-256 that are shown."""
_NAME, _VALUE = 60, 28
"""Most characters that a line shows of an input's name, and of a text in its cell."""


@dataclass(frozen=True)
class Inputs:
    """The comparison of two plans' inputs.

    ``changes`` are the cells that differ; ``reason`` says what was compared, or why nothing was;
    ``are_compared`` is also true for equal files.
    """

    changes: InputChanges
    reason: str
    are_compared: bool
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> str:
        number = len(self.changes)
        differ = "differs" if number == 1 else "differ"
        return f"{number_of(number, 'input')} {differ}" if number else "no input differs"

    @property
    def in_words(self) -> Iterator[tuple[str, str, str, str]]:
        """Each change in four texts: its cell, its name, the old and the new value.

        An added or removed row has no old value; rows that only changed their order have neither.
        """
        formats = self.changes.formats[InputChanges.old.name]
        for row, fmt in zip(self.changes.rows(*CHANGE), formats, strict=True):
            sheet, old_cell, new_cell, name, old, new = row
            cell = new_cell or old_cell
            address = f"{sheet}!{cell}" if cell else sheet
            address += " (old)" if old_cell and not new_cell else ""
            values = (_value_text(old, fmt), _value_text(new, fmt))
            if old is None and new in {None, changes.ADDED, changes.REMOVED}:  # a row
                values = ("", str(new or ""))
            yield terminal_safe(address), truncated(terminal_safe(name), _NAME), *values


def _value_text(value: Cell, fmt: Format) -> str:
    if value is None or isinstance(value, str):
        return truncated(terminal_safe(value), _VALUE) if value else "blank"
    if fmt is Format.SHARE:
        return f"{value * 100:z.4g} %"
    return f"{value:g}" if fmt is Format.YEAR else f"{value:z,.6g}"


def find_input(plan: PlanFile) -> Path | None:
    """Return the input of a plan, if it is in or near the plan's folder and unchanged."""
    name, sha256 = plan.measure(Figure.INPUT_FILE), plan.measure(Figure.INPUT_SHA256)
    if not isinstance(name, str) or Path(name).name != name:
        return None
    here, above = plan.path.parent, plan.path.parent.parent
    folders = (here, above, here / "inputs", above / "inputs", Path(), Path("inputs"))
    for path in dict.fromkeys(folder / name for folder in folders):
        try:
            if path.exists() and save.fingerprint(path) == sha256:
                return path
        except (OSError, InputError):
            continue
    return None


def not_compared(old: PlanFile, new: PlanFile, paths: tuple[Path | None, Path | None]) -> Inputs:
    """Return a comparison without changes, with the reason: the inputs are equal, or missing."""
    prints = [str(plan.measure(Figure.INPUT_SHA256) or "") for plan in (old, new)]
    if prints[0] and prints[0] == prints[1]:
        name = new.measure(Figure.INPUT_FILE) or "the same workbook"
        return Inputs(_changes_table(()), f"both plans are made from one workbook, {name}", True)
    absent = [
        f"the input of {plan.path.name} ({plan.measure(Figure.INPUT_FILE) or 'no file'},"
        f" SHA-256 {sha[:_SHOWN]}...)"
        for plan, path, sha in zip((old, new), paths, prints, strict=True)
        if path is None
    ]
    reason = (
        "the plans are made from different workbooks, which could not be compared:"
        f" {listed(absent)} {'were' if len(absent) > 1 else 'was'} not found or changed since;"
        " name both with --inputs OLD_IN NEW_IN"
    )
    return Inputs(_changes_table(()), reason, are_compared=False)


def compare_inputs(old: PlanFile, new: PlanFile, books: tuple[Book, Book]) -> Inputs:
    """Compare two input workbooks cell by cell; rows are matched by their keys."""
    notes = []
    for plan, book in zip((old, new), books, strict=True):
        if book.sha256 != plan.measure(Figure.INPUT_SHA256):
            name = "the workbook" if book.path is None else str(book.path)
            notes.append(
                f"{name} is not the file that {plan.path.name} was made from: its SHA-256 differs"
                " (it was changed or saved again since)"
            )
    texts = (str(plan.measure(Figure.SCENARIO) or "") for plan in (old, new))
    scenarios = {normalize(text.partition(";")[0]) for text in texts}
    changes = _changes_table(_change_rows(*books, scenarios))
    names = [book.file_name for book in books]
    return Inputs(changes, f"{names[0]} and {names[1]} compared", True, tuple(notes))


# ---- matching rows ------------------------------------------------------------------------------


def _changes_table(lines: Iterable[tuple[Mapping[str, Cell], Format]]) -> InputChanges:
    changed = [*lines]
    formats = [fmt for _, fmt in changed]
    return InputChanges.of_rows(
        [row for row, _ in changed], formats={"old": formats, "new": formats}
    )


def _change_rows(
    old: Book, new: Book, scenarios: set[str]
) -> Iterator[tuple[Mapping[str, Cell], Format]]:
    for change in (
        *changes.input_differences(old.case, new.case, _identities),
        *_step_changes(old.case, new.case, scenarios),
    ):
        is_setting = change.sheet == Settings.SHEET  # its name is enough, also to find its cells
        rows = (1, 1) if is_setting else (change.row, change.row_after)
        yield (
            {
                "sheet": change.sheet,
                "old_cell": _address_of(old, change.sheet, rows[0], change.column),
                "new_cell": _address_of(
                    new, change.sheet, rows[1], change.column_after or change.column
                ),
                "what": change.what.rpartition(": ")[2] if is_setting else change.what,
                "old": _spelt(old.case, change, change.before),
                "new": _spelt(new.case, change, change.after),
            },
            change.fmt,
        )
    for sheet in sorted(_IN_ORDER):
        mine, others = list(old.case.records(sheet)), list(new.case.records(sheet))
        if mine != others and Counter(mine) == Counter(others):
            order = "the same rows in another order: a later one overrides an earlier"
            yield {"sheet": sheet, "old_cell": "", "new_cell": "", "what": order}, Format.TEXT


def _address_of(book: Book, sheet: str, row: int, column: str) -> str:
    """Return the cell of an input, "" if the workbook has no such row or column."""
    layout = book.layout
    is_there = row and layout.position(sheet, row, column)[1]
    return layout.address(sheet, row, column) if is_there else ""


def _spelt(case: Case, change: InputDifference, value: Cell) -> Cell:
    """Return a value as the case spells it: a country by its name, not its code."""
    is_code = isinstance(value, str) and change.what.lower().endswith("country")
    return case.country_name(str(value)) if is_code else value


def _identities(record: type[Record]) -> Iterator[Callable[[Record], Hashable]]:
    """Yield the keys that match the rows of a sheet in two workbooks.

    Two records match if they are equal or have the same key; in sheets without a key, if they have
    the same names, places and years; else if they differ in one cell, as after a change of name.
    """
    if record is Settings:
        yield lambda _: Settings
        return
    names = [f.name for f in fields(record) if f.compare]
    yield partial(_fields_but, "", names)
    yield _identities_of
    yield from (partial(_fields_but, name, names) for name in names)


def _fields_but(left_out: str, names: Iterable[str], record: Record) -> Hashable:
    return tuple(getattr(record, name) for name in names if name != left_out)


def _identities_of(record: Record) -> Hashable:
    """Return what identifies a record: its key, else its names, places and years."""
    columns = type(record).columns()
    names = [c for c in columns if c.refers or c.kind.name in {"NAME", "COUNTRY", "CHOICE"}]
    values = [getattr(record, c.field) for c in [c for c in columns if c.key] or names]
    return tuple(normalize(value) if isinstance(value, str) else value for value in values)


def _step_changes(old: Case, new: Case, scenarios: set[str]) -> Iterator[InputDifference]:
    """Yield changes in the steps of the plans' scenarios: removed ones, then changed and new."""
    mine, others = (
        [step for step in case.scenarios if normalize(step.name) in scenarios]
        for case in (old, new)
    )
    pairs = changes.paired_records(mine, others, _identities(ScenarioStep))
    for step, other in sorted(pairs, key=lambda pair: pair[1].row if pair[1] else 0):
        if step and other:
            yield from changes.record_differences(old, step, other)
        elif step:
            yield _whole_step(step, changes.REMOVED, row=step.row)
        elif other:
            yield _whole_step(other, changes.ADDED, row_after=other.row)


def _whole_step(step: Record, word: str, row: int = 0, row_after: int = 0) -> InputDifference:
    """Return the difference for a step that one of the scenarios lacks, with all its cells."""
    cells = [(column.header, getattr(step, column.field)) for column in type(step).columns()]
    what = ", ".join(
        f"{header} {value}"
        for header, value in cells
        if value not in {None, ""} and not isinstance(value, tuple)
    )
    cell = ScenarioStep.SHEET, row, "Action"
    return InputDifference(*cell, what, None, word, row_after=row_after)
