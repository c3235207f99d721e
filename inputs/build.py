"""Make the example workbooks: `python -m inputs.build`.

`book` gives a workbook as plain data, `estimates` counts what in it is estimated, `write`
puts it into a file.
"""

from functools import partial
from pathlib import Path

from inputs.cases import CASES, case
from inputs.magnets import BY_USE, MAGNETS, magnets_book
from inputs.plain import PLAIN, plain_book
from inputs.published.cobalt import COBALT, cobalt_book
from inputs.sheets import SHEETS
from inputs.tables import ESTIMATE
from inputs.tutorial import TUTORIAL, tutorial_book
from planner.workbook.template import write_book

Book = dict[str, list[dict[str, object]]]

HERE = Path(__file__).parent
OWN = {
    PLAIN: plain_book,
    MAGNETS: magnets_book,
    BY_USE: partial(magnets_book, by_use=True),
    TUTORIAL: tutorial_book,
    COBALT: cobalt_book,
}
"""The workbooks that are more than a rule for demand and supply."""
BOOKS = (*(known.name for known in CASES), *OWN)


def book(name: str) -> Book:
    """The workbook of a case: sheet name -> rows, each header -> cell (None is blank).

    Every row of a sheet has the same headers in the same order; a sheet without rows is left out.
    """
    if name in OWN:
        return {sheet: [dict(row) for row in rows] for sheet, rows in OWN[name]().items()}
    chosen = case(name)
    filled: Book = {sheet: [dict(row) for row in rows(chosen)] for sheet, rows in SHEETS}
    return {sheet: found for sheet, found in filled.items() if found}


def estimates(workbook: Book) -> dict[str, tuple[int, int]]:
    """For each sheet the number of its rows and of those that rest on an estimate."""
    return {
        sheet: (len(rows), sum(str(row.get("Note") or "").startswith(ESTIMATE) for row in rows))
        for sheet, rows in workbook.items()
    }


def write(path: Path, workbook: Book) -> None:
    """Write the workbook as the planner writes its template: drop-downs, header notes, formats."""
    write_book(path, workbook)


def main() -> None:
    """Write every workbook beside this file."""
    for name in BOOKS:
        write(HERE / f"{name}.xlsx", book(name))


if __name__ == "__main__":
    main()
