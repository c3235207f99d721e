"""Which numbers matter in the larger example: ``python -m inputs.sensitivity_story``.

Runs ``planner sensitivity`` on the workbook, and again with the ranges of two numbers that were
looked up; writes both tables of ``docs/sensitivity.md``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inputs.story import CASES, replaced
from models.schema import Uncertainty
from planner.scenarios import Variant
from planner.scenarios.start import Start
from planner.studies.kind import Tables
from planner.studies.sensitivity import COST, SensitivityStudy
from planner.studies.sensitivity_tables import Sensitivities
from planner.studies.workbook import about_of
from planner.workbook import read
from planner.workbook.findings import each_cell

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "sensitivity.md"
_COUNTED = 1_000
"""The smallest value that is shown without decimals."""
CELLS, LOOKED_UP = "cells", "after"
"""The marks of the tables."""


@dataclass(frozen=True)
class LookedUp:
    """A number that was looked up: its first cell, its name, and its new range."""

    cell: tuple[str, str]
    name: str
    range: Uncertainty


KNOWN = (
    LookedUp(
        ("Refiners", "D114"),
        "nickel refining in Indonesia",
        Uncertainty(
            sheet="Refiners", header="Capacity", mineral="Nickel",
            refiner="Indonesia refining (aggregate)", low=0.8, high=1.2, row=102,
        ),
    ),
    LookedUp(
        ("Mines", "C33"),
        "cobalt from DR Congo",
        Uncertainty(
            sheet="Mines", header="Capacity", mineral="Cobalt", country="COD",
            low=0.9, high=1.0, row=103,
        ),
    ),
)  # fmt: skip


def study(ranges: Sequence[Uncertainty] = (), only: Sequence[tuple[str, str]] = ()) -> Tables:
    """Return the study of the larger example, or only of some numbers by sheet and first cell."""
    book = read(HERE / f"{CASES[0]}.xlsx")
    case = book.case.change(uncertainty=(*book.case.uncertainty, *ranges))
    start = Start(dataclasses.replace(book, case=case), case, Variant("Base"), 0.0)
    sensitivity = SensitivityStudy(start, is_grouped=False, by=COST)
    if only:
        sensitivity.factors = tuple(
            f for f in sensitivity.factors if _place(f.first.sheet, sensitivity.cells[f]) in only
        )
    sensitivity.plan(None, None, lambda _: None)
    return Tables([*sensitivity.tables(), about_of(sensitivity, {})])


def rows(tables: Tables) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rows of a study by sheet and first cell."""
    every: Any = tables.records(Sensitivities)
    return {_place(row["sheet"], row["cells"]): row for row in every}


def _place(sheet: str, cells: str) -> tuple[str, str]:
    """Return the sheet and the first cell of a factor, by its cells as a study writes them."""
    first = next(iter(each_cell(cells)), "")
    own, _, cell = first.rpartition("!")
    return own or sheet, cell


def largest(tables: Tables) -> Iterator[str]:
    """Yield the table of the numbers that change total cost most."""
    yield "| cells | what | value | swing, USD bn | swing, Mt short |"
    yield "|---|---|---:|---:|---:|"
    yield from map(line, [*rows(tables).values()][:8])


def line(row: dict[str, Any]) -> str:
    """Return the line of a number."""
    what = row["what"].replace(" (aggregate)", "")
    value, name = row["value"], f"{what[0].lower()}{what[1:]}"
    number = "" if value is None else f"{value:,.0f}" if value >= _COUNTED else f"{value:g}"
    value = f"{number} {row['unit'] or ''}".strip() if number else "several"
    swings = (f"{row['swing_usd'] / 1e9:z.0f}", f"{row['swing_short_t'] / 1e6:z.2f}")
    place = row["cells"] if "!" in row["cells"] else f"{row['sheet']} {row['cells']}"
    cells_of_line = (place, name, value, *swings)
    return f"| {' | '.join(cells_of_line)} |"


def changes(before: Tables, after: Tables) -> Iterator[str]:
    """Yield the table of the changes by the numbers that were looked up."""
    yield "| number | swing, USD bn, before | after | Mt short, before | after | rank |"
    yield "|---|---:|---:|---:|---:|---|"
    old, new = rows(before), rows(after)
    for each in KNOWN:
        was, now = old[each.cell], new[each.cell]
        rank = f"{now['rank']:.0f}, "
        rank += "as before" if was["rank"] == now["rank"] else f"not {was['rank']:.0f}"
        yield f"| {change(each.name, was, now)} | {rank} |"


def change(name: str, was: dict[str, Any], now: dict[str, Any]) -> str:
    """Return the cells of one line: its swings before and after."""
    numbers = [
        f"{row[key] / by:z.{digits}f}"
        for key, by, digits in (("swing_usd", 1e9, 0), ("swing_short_t", 1e6, 2))
        for row in (was, now)
    ]
    return " | ".join((name, *numbers))


def main() -> None:
    """Write both tables between their marks."""
    before, after = study(), study([each.range for each in KNOWN])
    text = PAGE.read_text(encoding="utf-8")
    for mark, lines in ((CELLS, largest(before)), (LOOKED_UP, changes(before, after))):
        text = replaced(text, mark, "\n".join(lines))
    PAGE.write_text(text, encoding="utf-8")
    for tables_of in (before, after):
        said = (sentence.text for sentence in SensitivityStudy.findings(tables_of))
        print(*said, sep="\n")  # noqa: T201 - for who writes the page


if __name__ == "__main__":
    main()
