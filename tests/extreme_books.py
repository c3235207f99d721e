"""Valid books at the edge of what a workbook may say, and every command that reads one.

A book is the small one with a name that some format, page or frame takes for its own, and one to
three of its numbers and sheets at an extreme. Every book is known again by its number.
"""

from __future__ import annotations

from random import Random

from tests.cli.test_degenerate import CASES, each, setting
from tests.small_book import Change, Tables, both, put, small_book

NAMES: tuple[str, ...] = (
    "{x}", "{}", "{0}", "{mineral.name!r}", "{{", "}", "%s", "%(name)s", "100 %", "$x", "${x}",
    "<b>", "</script><script>", "&amp;", "'", '"', "\\", "\\n", "`", "[red]x[/red]", "[/]", "|",
    "🪨⛏️ 銅", "👩‍👩‍👧‍👦", "مصفاة", "é" + "\u0301" * 40, "x" * 250, "ab " * 80 + "end",
    "=1+1", "+1", "-1", "-", "@x", "#REF!", "_x0041_", "0", "-0", "1e5", "2026", "1.5", "TRUE",
    "nan", "inf", "None", "null", "true", "Country", "Year", "Total", "Mineral", "Member",
    "Rest of world", "Coalition", "all", "each", "other", "Base", "Refiner", "Supplier",
    "Case", "index", "name",
    "self", "Note", "Source", "China", "Chile", "ROW", "CON", "a/b:c*d?e[f]", "../x", " ", "a  b",
)  # fmt: skip
"""What a mineral, member, refiner, project, contract or scenario may be called."""

OWNERS = (
    ("Minerals", "Mineral"), ("Members", "Member"), ("Refiners", "Refiner"),
    ("Projects", "Project"), ("Contracts", "Contract"), ("Scenarios", "Scenario"),
    ("Risks", "Event"), ("Countries", "Bloc"), ("Members", "Group"),
)  # fmt: skip

DUST = (0.3 - 0.1 - 0.2, -0.0, 5e-324, 1e-300, 1e-12, 1e-9, 1e-6, 1e-3)
"""Demands that are left over when numbers cancel, or next to nothing."""


def renamed(was: str, new: str) -> Change:
    """Call something otherwise wherever it is named, in headers as well."""

    def change(book: Tables) -> None:
        for sheet, rows in book.items():
            book[sheet] = [
                {new if h == was else h: new if v == was else v for h, v in row.items()}
                for row in rows
            ]

    return change


def dust(rng: Random) -> Change:
    """Some demands, or all of them, are dust."""
    value = abs(rng.choice(DUST)) or 0.0
    if rng.random() < 0.4:
        return both(each("Demand", "2026", value), each("Demand", "2027", value))
    rows = rng.sample((2, 3, 4), rng.choice((1, 2)))
    return both(*(put("Demand", row, rng.choice(("2026", "2027")), value) for row in rows))


def scaled(rng: Random) -> Change:
    """A column of amounts or of money, a million times as much or as little."""
    sheet, header = rng.choice((
        ("Refiners", "Capacity (t/yr)"), ("Refiners", "Cost (USD/t)"), ("Demand", "2026"),
        ("Demand", "2027"), ("Minerals", "Price (USD/t)"), ("Projects", "Capex (USD m)"),
        ("Freight", "Japan"), ("Stockpiles", "Opening (t)"), ("Mines", "Capacity (t/yr)"),
        ("Share limits", "Penalty (USD/t)"), ("Stockpiles", "Holding cost (USD/t/yr)"),
    ))  # fmt: skip
    by = rng.choice((1e-9, 1e-6, 1e-3, 1e3, 1e5))

    def change(book: Tables) -> None:
        for row in book.get(sheet, []):
            if isinstance(row.get(header), int | float):
                row[header] = float(str(row[header])) * by

    return change


def few_events(rng: Random) -> Change:
    """One event or none, seldom or always."""
    keep, often = rng.choice((0, 1, 2, 3)), rng.choice((0, 1e-12, 1e-6, 0.5, 1))

    def change(book: Tables) -> None:
        book["Risks"] = book["Risks"][:keep]
        for row in book["Risks"]:
            row["Yearly probability"] = often

    return change


def settings(rng: Random) -> Change:
    """A setting at the end of its range."""
    return setting(*rng.choice((
        ("Discount rate", 0), ("Discount rate", 1), ("Shortage cost multiple", 0),
        ("Shortage cost multiple", 1e6), ("Fair shortage weight", 0), ("Fair shortage weight", 1),
        ("Share basis", "purchases"), ("Whole projects", "yes"), ("Currency", "EUR"),
        ("Plan title", rng.choice(NAMES)), ("Carry over budget", "yes"),
    )))  # fmt: skip


def degenerate(rng: Random) -> Change:
    """One of the cases that are next to nothing."""
    return CASES[rng.choice(list(CASES))]


def extreme_book(number: int) -> tuple[Tables, list[str]]:
    """Return a book by its number, and what was made of it."""
    rng = Random(f"extreme {number}")
    book, said = small_book(), []
    for _ in range(rng.choice((0, 1, 2, 4))):
        sheet, header = rng.choice(OWNERS)
        names = [str(row[header]) for row in book[sheet] if row[header]]
        was, new = rng.choice(names), rng.choice(NAMES)
        renamed(was, new)(book)
        said.append(f"{header} {was!r} is {new[:20]!r}")
    for _ in range(rng.choice((1, 1, 2, 3))):
        kind = rng.choice((dust, dust, scaled, few_events, settings, degenerate, degenerate))
        at = rng.random()
        try:
            kind(Random(at))(book)
        except (KeyError, AssertionError, IndexError, StopIteration):
            continue  # what it changes is gone or has another name
        said.append(f"{kind.__name__} {at:.3f}")
    return book, said
