"""Ways to tamper with a plan: each changes an open workbook and says where.

What is said is (sheet, row, cell): sheet "", row 0 and cell "" stand for any.
"""

from __future__ import annotations


def cell(book, sheet, measure, header="Value"):
    """Return the cell of a row that begins with a text, in a column."""
    heads = [c.value for c in book[sheet][1]]
    row = next(r for r in book[sheet].iter_rows() if r[0].value == measure)
    return row[heads.index(header)]


def at(book, sheet, header, row=2):
    """Return a cell by its header, its unit apart."""
    heads = [str(c.value).partition(" (")[0] for c in book[sheet][1]]
    return book[sheet].cell(row, heads.index(header) + 1)


def put(sheet, header, change, row=2):
    """Change a cell, and say which one that was."""

    def tamper(book):
        here = at(book, sheet, header, row)
        before = here.value
        here.value = change(before)
        assert here.value != before
        return sheet, here.row, here.coordinate

    return tamper


def measure(name, change):
    """Change a number of Summary."""

    def tamper(book):
        here = cell(book, "Summary", name)
        here.value = change(here.value)
        return "Summary", here.row, here.coordinate

    return tamper


def first(sheet, header, text):
    """Return the first row of a sheet whose column holds a text."""

    def row(book):
        for number in range(2, book[sheet].max_row + 1):
            if at(book, sheet, header, number).value == text:
                return number
        raise AssertionError(text)

    return row


def of_family(sheet, family, change):
    """Change the first number of a family in Values or Duals."""

    def tamper(book):
        row = first(sheet, "Family", family)(book)
        here = book[sheet].cell(row, 4)
        here.value = change(here.value)
        return sheet, 0, ""

    return tamper


def drop_row(sheet, row=2):
    """Take a row out."""

    def tamper(book):
        book[sheet].delete_rows(row)
        return "" if sheet == "Plan" else sheet, 0, ""

    return tamper


def drop_rows(sheet, row, count):
    """Take several rows out that follow each other."""

    def tamper(book):
        book[sheet].delete_rows(row, count)
        return sheet, row, ""

    return tamper


def clear_row(sheet, row=3):
    """Empty the cells of a row."""

    def tamper(book):
        for each in book[sheet][row]:
            each.value = None
        return "", 0, ""

    return tamper


def add_row(sheet):
    """Repeat the last row below it."""

    def tamper(book):
        last = [c.value for c in book[sheet][book[sheet].max_row]]
        book[sheet].append(last)
        return sheet, book[sheet].max_row, ""

    return tamper


def swap(sheet, header, one, other):
    """Swap two cells of a column."""

    def tamper(book):
        a, b = at(book, sheet, header, one), at(book, sheet, header, other)
        assert a.value != b.value
        a.value, b.value = b.value, a.value
        return sheet, a.row, a.coordinate

    return tamper


def units(sheet, header, new):
    """Give a header another unit."""

    def tamper(book):
        here = at(book, sheet, header, 1)
        here.value = new
        return sheet, here.row, here.coordinate

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


def short_by_one(book):
    """Take a tonne from a flow: its row no longer adds up."""
    here = at(book, "Plan", "Tonnes")
    here.value -= 1
    return "Plan", here.row, ""


def rename(book):
    """Call a member by another name, everywhere."""
    for sheet in book:
        for row in sheet.iter_rows():
            for each in row:
                if each.value == "Other EU":
                    each.value = "Rest of the EU"
    return "Plan", 0, ""


def title(book):
    """Give a sheet another name."""
    book["Prices"].title = "Price list"
    return "Prices", 0, ""


def remove(book):
    """Take a sheet out."""
    del book["Refiners"]
    return "Refiners", 0, ""


def formula(book):
    """Put a formula in the place of a number."""
    here = at(book, "Prices", "Demand")
    here.value = f"={here.value}"
    return "Prices", here.row, here.coordinate


def beside(book):
    """Write beside a table."""
    book["Plan"]["Z2"] = "as agreed"
    return "Plan", 2, "Z2"


def hide_shortage(book):
    """Take a shortage out everywhere that a reader would look: its row and its value."""
    hidden = ("this plan", "shortage", "Copper | Japan | 2026")
    row = next(
        cells[0].row
        for cells in book["Values"].iter_rows(2)
        if tuple(c.value for c in cells[:3]) == hidden
    )
    book["Values"].delete_rows(row)
    book["Shortages"].delete_rows(2)
    return "Values", 0, ""


def on_page(sheet, place, change):
    """Change a cell of a sheet that is no table."""

    def tamper(book):
        here = book[sheet][place]
        before = here.value
        here.value = change(before)
        assert here.value != before
        return sheet, here.row, place

    return tamper


def first_number(book):
    """Change the first number of the first page."""
    here = next(c for r in book["Overview"].iter_rows() for c in r if isinstance(c.value, float))
    here.value -= 0.01
    return "Overview", here.row, here.coordinate


def lower(value):
    """Return a little less."""
    return value * 0.999


CELLS_ALONE = {
    "a cost": put("Plan", "Cost", lower),
    "a freight": put("Plan", "Freight", lambda v: v + 1, row=3),
    "a total": put("Plan", "Total", lower, row=4),
    "a landed cost in the seventh digit": put("Plan", "Landed cost", lambda v: v * (1 + 1e-7)),
    "a country": put("Plan", "Country", lambda _: "Norway"),
    "a price": put("Prices", "Marginal price", lower, row=3),
    "two prices are swapped": swap("Prices", "Marginal price", 2, 6),
    "a demand in Prices": put("Prices", "Demand", lower),
    "a headline of the first page": first_number,
    "the title of the first page": on_page("Overview", "A1", lambda v: f"{v}, approved"),
    "the scenario on the charts": on_page("Charts", "A2", lambda v: v.replace("Base", "Embargo")),
    "a mineral's demand": put("By mineral", "Need", lower),
    "a score": put("Scorecard", "Before", lower, row=3),
    "a shortage": put("Shortages", "Short", lower),
    "the cause of a shortage": put("Shortages", "Cause", lambda _: "Nobody sells any."),
    "the share of a shortage": put("Shortages", "Share short", lambda v: v / 2),
    "what a contract takes": put("Contracts", "Taken", lambda v: v + 1),
    "a mine's premium": put("Ore", "Premium", lambda v: v + 1),
    "a stock value": put("Stocks", "Closing", lambda v: v + 1),
    "the limit of a share": put("Share limits", "Limit", lambda v: v + 0.1),
    "a limit that binds": put("Share limits", "Binding", lambda v: "no" if v == "yes" else "yes"),
    "a country's share": put("Country shares", "Share of demand", lower),
    "a refiner's capacity": put("Refiners", "Capacity", lower),
    "a project's start": put("Projects", "Started", lambda v: 1 - v / 2, row=3),
    "the total cost": measure("Total cost", lower),
    "the served share": measure("Served share", lambda v: v - 0.01),
    "the scenario": measure("Scenario", lambda _: "Embargo"),
    "the input's hash": measure("Input SHA-256", lambda v: v[::-1]),
    "a verdict": put("Checks", "Passed", lambda _: "no"),
    "a verdict's words": put("Checks", "What", lambda _: "Not passed: see the rows that say no."),
    "what a check accepts": put("Checks", "Accepted up to", lambda v: v * 10, row=3),
    "a figure of the proof": put("Checks", "Value", lambda v: v + 1e-3, row=3),
    "a number behind a chart": put("Chart data", "Value", lambda v: v + 0.01),
    "a term": put("Glossary", "Term", lambda v: f"{v}s"),
    "a header": units("Refiners", "Utilization", "Use"),
    "a currency": units("Plan", "Total", "Total (EUR)"),
    "a formula": formula,
    "a remark beside": beside,
}
"""Cells that nothing else is computed from: each is named, whatever else was changed."""

TAMPERINGS = {
    "a tonne is moved": move_tonne,
    "a tonne is taken away": short_by_one,
    "a flow is dropped": drop_row("Plan"),
    "a flow is emptied": clear_row("Plan"),
    "a flow is added": add_row("Plan"),
    "a refiner's name": put("Plan", "Refiner", lambda v: f"{v} Ltd"),
    "a member's name everywhere": rename,
    "a unit": units("Prices", "Demand", "Demand (kt)"),
    "a row of prices": drop_row("Prices"),
    "several rows of prices": drop_rows("Prices", 3, 3),
    "a row of Shortages": drop_row("Shortages"),
    "a row of Shortages is added": add_row("Shortages"),
    "a shortage is hidden": hide_shortage,
    "a row of Checks": drop_row("Checks", 4),
    "a row of Summary": drop_row("Summary", 12),
    "a dual of a limit": of_family("Duals", "share_limit", lower),
    "a dual of a balance": of_family("Duals", "balance", lower),
    "a dual is dropped": drop_row("Duals", 3),
    "a dual is added": add_row("Duals"),
    "a text for a number": put("Duals", "Dual", str),
    "a value of ore": of_family("Values", "ore", lower),
    "a shortfall in Values": of_family("Values", "stock_shortfall", lower),
    "a key": put("Values", "Key", lambda v: f"{v} more"),
    "a family": put("Values", "Family", lambda v: f"{v}s"),
    "whose a value is": put("Values", "Plan", lambda _: "another plan"),
    "a sheet is removed": remove,
    "a sheet is renamed": title,
}

TOGETHER = (
    ("a tonne is moved", "a unit", "a row of Checks"),
    ("a tonne is taken away", "a row of prices", "a row of Shortages", "a row of Summary"),
    ("a flow is dropped", "several rows of prices", "a row of Shortages is added"),
    ("a flow is emptied", "a dual of a limit", "a value of ore"),
    ("a flow is added", "a dual of a balance", "a shortfall in Values"),
    ("a refiner's name", "a dual is dropped", "a key"),
    ("a dual is added", "a family", "a sheet is removed"),
    ("a text for a number", "whose a value is", "a sheet is renamed"),
    ("a member's name everywhere",),
    ("a shortage is hidden",),
)
"""Changes of sheets that are changed in one plan."""
assert sorted(name for names in TOGETHER for name in names) == sorted(TAMPERINGS)
