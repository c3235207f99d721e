"""A plan that says it was written by another version: what has no counterpart is named."""

from __future__ import annotations

import pytest

from planner.audit.verify import ComparisonBasis
from tests.audit.tampering import at, cell
from tests.audit.test_verify import found, is_named
from tests.books import editing


def under(sheet, header):
    """Change a column's first number, and its header, so that none of this version is of it."""

    def tamper(book):
        here, top = at(book, sheet, header), at(book, sheet, header, 1)
        here.value = (here.value or 0) * 1.5 + 1
        top.value = f"{top.value} in all"
        return sheet, 1, top.coordinate

    return tamper


def removed(sheet):
    def tamper(book):
        del book[sheet]
        return sheet, 0, ""

    return tamper


def added(title):
    def tamper(book):
        book.create_sheet(title)["A1"] = "Tonnes that were agreed: 7"
        return title, 0, ""

    return tamper


def renamed(sheet):
    def tamper(book):
        book[sheet].title = f"{sheet} agreed"
        return f"{sheet} agreed", 0, ""

    return tamper


def twice(book):
    """Put a column of other numbers before the true one, with its header."""
    sheet = book["Prices"]
    place = at(book, "Prices", "Demand", 1).column
    values = [sheet.cell(r, place).value for r in range(1, sheet.max_row + 1)]
    sheet.insert_cols(1)
    for row, value in enumerate(values, start=1):
        sheet.cell(row, 1).value = value if row == 1 else value + 1
    return "Prices", 1, ""


def beside(book):
    book["Plan"]["Z2"] = 7
    return "Plan", 2, "Z2"


def above(book):
    book["Prices"].insert_rows(1)
    book["Prices"]["A1"] = "Prices as agreed"
    return "Prices", 1, "A1"


def measure(change):
    def tamper(book):
        here = cell(book, "Summary", "Total cost", "Measure")
        change(book, here)
        return "Summary", 0, ""

    return tamper


def called_otherwise(book, here):
    here.value = "Total cost agreed"
    book["Summary"].cell(here.row, 2).value *= 0.5


def taken_out(book, here):
    book["Summary"].delete_rows(here.row)


OTHERS = {
    "a cost under another header": under("Plan", "Cost"),
    "a total under another header": under("By mineral", "Need"),
    "a check under another header": under("Checks", "Value"),
    "a sheet removed": removed("Refiners"),
    "the first page removed": removed("Overview"),
    "a sheet added": added("Approved"),
    "a sheet renamed": renamed("Prices"),
    "a header that appears twice": twice,
    "a number beside a table": beside,
    "a line above a table": above,
    "a measure under another name": measure(called_otherwise),
    "a measure taken out": measure(taken_out),
}


def as_another_version(made, target, tamper):
    """Write the plan as of another version, changed; returns the place."""
    with editing(made / "plan.xlsx", target) as book:
        cell(book, "Summary", "Planner version").value = "0.0.1"
        return tamper(book) if tamper else None


@pytest.mark.slow
@pytest.mark.parametrize("names", [[*OTHERS][at::4] for at in range(4)])
def test_what_has_no_counterpart_in_this_version_is_named(made, tmp_path, names):
    def tamper(book):
        return [OTHERS[name](book) for name in names]

    places = as_another_version(made, tmp_path / "plan.xlsx", tamper)
    _, _, verdict = found(tmp_path / "plan.xlsx", made / "case.xlsx")
    assert verdict.compared is ComparisonBasis.FIELDS
    assert [place for place in places if not is_named(place, verdict.findings)] == []
    assert verdict.is_proven
