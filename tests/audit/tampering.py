"""Ways to tamper with a plan: each changes an open workbook and says where.

What is said is (sheet, row, cell): sheet "", row 0 and cell "" stand for any.
"""

from __future__ import annotations

PAGES, SOLUTION = {"Overview", "Charts"}, {"Plan", "Values", "Duals"}


def cell(book, sheet, measure, header="Value"):
    """Return the cell of a row that begins with a text, in a column."""
    heads = [c.value for c in book[sheet][1]]
    row = next(r for r in book[sheet].iter_rows() if r[0].value == measure)
    return row[heads.index(header)]


def at(book, sheet, header, row=2):
    """Return a cell by its header, its unit apart."""
    heads = [str(c.value).partition(" (")[0] for c in book[sheet][1]]
    return book[sheet].cell(row, heads.index(header) + 1)


def first(sheet, header, text):
    """Return the first row of a sheet whose column holds a text."""

    def row(book):
        rows = range(2, book[sheet].max_row + 1)
        return next(r for r in rows if at(book, sheet, header, r).value == text)

    return row


def is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---- all sheets at once --------------------------------------------------------------------------


def columns_of(book):
    """Yield the columns of every table: its header, and the filled cells below it."""
    for sheet in (s for s in book if s.title not in PAGES):
        for header, *cells in sheet.iter_cols():
            yield sheet.title, header, [c for c in cells if c.value is not None]


def every_number(book):
    """Change a number in each column; not what the rest is computed from, nor keys of rows."""
    for title, header, cells in columns_of(book):
        numbers = [c for c in cells if is_number(c.value)]
        if numbers and title not in {"Values", "Duals"} and header.value not in NOT_ALONE:
            here = numbers[header.column % len(numbers)]
            here.value = here.value * 0.999 if isinstance(here.value, float) else here.value + 1
            yield title, here.row, here.coordinate


NOT_ALONE = {"Year", "Tonnes", "Row", "Rank"}


def a_text_of_each_sheet(turn):
    """Change a text of each sheet, by turns in each of its columns."""

    def tamper(book):
        texts = {}
        for title, _, cells in columns_of(book):
            named = [c for c in cells if isinstance(c.value, str)]
            texts.setdefault(title, []).extend(named[-1:])
        for title, cells in texts.items():
            if cells and title not in {"Values", "Duals"}:
                here = cells[turn % len(cells)]
                here.value = f"{here.value} more"
                yield title, here.row, ""

    return tamper


def a_header_of_each_sheet(turn):
    """Change a header of each sheet: its unit, or its words."""

    def tamper(book):
        headers = {}
        for title, header, _ in columns_of(book):
            headers.setdefault(title, []).append(header)
        for title, cells in headers.items():
            if title not in SOLUTION:
                here = cells[turn % len(cells)]
                here.value = f"{str(here.value).partition(' (')[0]} (EUR)"
                yield title, 1, here.coordinate

    return tamper


def a_row_less(book):
    """Take a row out of each table."""
    for sheet in (s for s in book if s.title not in PAGES | SOLUTION):
        sheet.delete_rows(min(4, sheet.max_row))
        yield sheet.title, 0, ""


def a_row_more(book):
    """Repeat the last row of each table below it."""
    for sheet in (s for s in book if s.title not in PAGES | SOLUTION):
        sheet.append([c.value for c in sheet[sheet.max_row]])
        yield sheet.title, sheet.max_row, ""


def pages(book):
    """Change a number of the first page, its title, and the scenario on the charts."""
    number = next(c for r in book["Overview"].iter_rows() for c in r if is_number(c.value))
    number.value -= 0.01
    yield "Overview", number.row, number.coordinate
    for sheet, place in (("Overview", "A1"), ("Charts", "A2")):
        book[sheet][place].value = f"{book[sheet][place].value}, approved"
        yield sheet, book[sheet][place].row, place


def odd_ones(book):
    """A digit, two cells swapped, a formula with the right value, a remark, a yes for a no."""
    landed = at(book, "Plan", "Landed cost")
    landed.value *= 1 + 1e-7
    one, other = (at(book, "Prices", "Marginal price", row) for row in (2, 6))
    one.value, other.value = other.value, one.value
    formula = at(book, "Prices", "Demand")
    formula.value = f"={formula.value}"
    book["Plan"]["Z2"] = "as agreed"
    binds = at(book, "Share limits", "Binding")
    binds.value = "no" if binds.value == "yes" else "yes"
    for here in (landed, one, other, formula, book["Plan"]["Z2"], binds):
        yield here.parent.title, here.row, here.coordinate


ALONE = {
    "numbers": every_number, "a row less": a_row_less, "a row more": a_row_more, "pages": pages,
    "odd ones": odd_ones,
    **{f"texts {turn}": a_text_of_each_sheet(turn) for turn in range(4)},
    **{f"headers {turn}": a_header_of_each_sheet(turn) for turn in range(2)},
}  # fmt: skip
"""Cells that the proof does not need: each is named, whatever else was changed."""


# ---- the solution --------------------------------------------------------------------------------


def of_family(sheet, family, change=lambda value: value * 0.999):
    """Change the first number of a family in Values or Duals."""

    def tamper(book):
        here = book[sheet].cell(first(sheet, "Family", family)(book), 4)
        here.value = change(here.value)
        return sheet, 0, ""

    return tamper


def put(sheet, header, change):
    """Change the first cell of a column."""

    def tamper(book):
        here = at(book, sheet, header)
        here.value = change(here.value)
        return sheet, 2, here.coordinate

    return tamper


def short_by_one(book):
    """Take a tonne from a flow: its row no longer adds up."""
    at(book, "Plan", "Tonnes").value -= 1
    return "Plan", 2, ""


def drop_row(sheet, row=2, where=""):
    def tamper(book):
        book[sheet].delete_rows(row)
        return where, 0, ""

    return tamper


def clear_flow(book):
    for each in book["Plan"][3]:
        each.value = None
    return "", 0, ""


def add_row(sheet):
    """Repeat the last row below it."""

    def tamper(book):
        book[sheet].append([c.value for c in book[sheet][book[sheet].max_row]])
        return sheet, book[sheet].max_row, ""

    return tamper


def move_tonne(book):
    """Move a tonne from one flow to another of the same mineral, member and year."""
    seen = {}
    for row in range(2, book["Plan"].max_row + 1):
        key = tuple(at(book, "Plan", h, row).value for h in ("Year", "Mineral", "Member"))
        if key in seen:
            a, b = at(book, "Plan", "Tonnes", seen[key]), at(book, "Plan", "Tonnes", row)
            a.value, b.value = a.value - 1, b.value + 1
            return "Plan", row, ""
        if at(book, "Plan", "Contract", row).value is None:
            seen[key] = row
    raise AssertionError


def rename(book):
    """Call a member by another name, everywhere."""
    for each in (c for sheet in book for row in sheet.iter_rows() for c in row):
        if each.value == "Other EU":
            each.value = "Rest of the EU"
    return "Plan", 0, ""


def title(book):
    book["Prices"].title = "Price list"
    return "Prices", 0, ""


def remove(book):
    del book["Refiners"]
    return "Refiners", 0, ""


def hide_shortage(book):
    """Take a shortage out everywhere that a reader would look: its row and its value."""
    hidden = ("this plan", "shortage", "Copper | Japan | 2026")
    rows = book["Values"].iter_rows(2)
    book["Values"].delete_rows(
        next(cells[0].row for cells in rows if tuple(c.value for c in cells[:3]) == hidden)
    )
    book["Shortages"].delete_rows(2)
    return "Values", 0, ""


TOGETHER = (
    (move_tonne, of_family("Duals", "share_limit"), put("Values", "Key", "{} more".format)),
    (short_by_one, of_family("Values", "ore"), drop_row("Checks", 4, "Checks")),
    (drop_row("Plan"), of_family("Values", "stock_shortfall"), drop_row("Duals", 3, "Duals")),
    (clear_flow, of_family("Duals", "balance"), put("Values", "Family", "{}s".format)),
    (add_row("Plan"), put("Duals", "Dual", str), remove),
    (put("Plan", "Refiner", "{} Ltd".format), add_row("Duals"), title),
    (put("Values", "Plan", lambda _: "another plan"), rename),
    (hide_shortage,),
)
"""Changes of the solution that are made in one plan."""
