"""How far China's share of the larger example can fall: ``python -m inputs.exit_story``.

Writes the table of ``docs/exit.md`` between its marks: by mineral the years from which the share is
at most 50, 25, 10 and 0 %, the extra cash, and the plants that are built differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from inputs.story import CASES, DOMINANT, replaced
from models.answers.exit import exit_from
from models.plan import solve
from planner.render.table import formatted
from planner.render.words import percent
from planner.sheets.explain import Cells
from planner.studies.exit_tables import Builds, Exits, plants_not_in_plan, tables_of
from planner.studies.kind import Tables
from planner.workbook.read import open_input

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "exit.md"
_LAST = (Exits.half, Exits.quarter)
_PLANTS = 3
"""Plants of a mineral that are named."""


def tables(name: str) -> Tables:
    """Return the tables of the way out for an example."""
    book = open_input(HERE / f"{name}.xlsx")
    cells = Cells(book.case, book.case, book.layout.known_cell, book.layout.unit)
    country = book.case.country_name(DOMINANT)
    return Tables(tables_of(exit_from(solve(book.case), DOMINANT), cells, country))


def lines(study: Tables) -> Iterator[str]:
    """Yield the table of an example, one line per mineral."""
    exits, builds = study[Exits], study[Builds]
    last = exits.words["last"]
    yield (
        f"| mineral | China's share in the plan, {last} | share that remains, {last} |"
        " 50 % | 25 % | extra cash, USD m | plants that are built differently |"
    )
    yield "|---|---:|---:|---:|---:|---:|---|"
    fields = (Exits.mineral, Exits.planned_share, Exits.left_share, Exits.cash, *_LAST)
    for mineral, planned, left, cash, *reached in exits.rows(*fields):
        years = [formatted(year, f.fmt) or "never" for year, f in zip(reached, _LAST, strict=True)]
        years_begun = plants_not_in_plan(builds, mineral)
        first = [f"{plant} ({year})" for plant, year in years_begun.items()]
        more = f" and {len(first) - _PLANTS} more" if len(first) > _PLANTS else ""
        plants = f"{', '.join(first[:_PLANTS])}{more}" or "-"
        money = f"{cash / 1e6:z,.0f}"
        cells = [mineral, percent(planned), percent(left), *years, money, plants]
        yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the table of the larger example."""
    table = "\n".join(lines(tables(CASES[0])))
    page = replaced(PAGE.read_text(encoding="utf-8"), "exit", table)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
