"""Valid books at the edge of what a workbook may say, and every command that reads one.

A book is the small one with a name that some format, page or frame takes for its own, and one to
three of its numbers and sheets at an extreme. Every book is known again by its number.
"""

from __future__ import annotations

from random import Random

from tests.books import in_euros
from tests.small_book import Change, Tables, add, both, column, put, small_book, without


def each(sheet: str, header: str, value: object) -> Change:
    """Set a column in all rows."""

    def change(book: Tables) -> None:
        assert header in book[sheet][0], header
        book[sheet] = [row | {header: value} for row in book[sheet]]

    return change


def only(sheet: str, *rows: int) -> Change:
    """Keep some rows of a sheet, the first being 2."""

    def change(book: Tables) -> None:
        book[sheet] = [book[sheet][row - 2] for row in rows]

    return change


def setting(name: str, value: object) -> Change:
    """Set a setting."""

    def change(book: Tables) -> None:
        book["Settings"] = [row for row in book["Settings"] if row["Setting"] != name]
        book["Settings"].append({"Setting": name, "Value": value})

    return change


def demand(*tonnes: float | None) -> Change:
    """Set every row of Demand, by year."""
    years = zip(("2026", "2027"), tonnes, strict=True)
    return both(*(each("Demand", year, t) for year, t in years))


def euros(book: Tables) -> None:
    """Say all money in euros."""
    book |= in_euros(book)
    setting("Currency", "EUR")(book)


WHOLE = setting("Whole projects", "yes")
SECOND_MINERAL = ("Lithium", "Tianqi", "Ganfeng")


def one_mineral(book: Tables) -> None:
    """Leave out lithium and all that has to do with it."""
    for sheet, rows in book.items():
        book[sheet] = [r for r in rows if not set(map(str, r.values())) & {*SECOND_MINERAL}]


def one_member(book: Tables) -> None:
    """Leave out all members but Japan."""
    for sheet, rows in book.items():
        kept = [r for r in rows if not set(map(str, r.values())) & {"Korea", "Other EU"}]
        book[sheet] = [{h: v for h, v in r.items() if h not in {"Korea", "Other EU"}} for r in kept]
    book["Share limits"] = [row for row in book["Share limits"] if row["Buyer"] != "Asia"]


NO_PROJECTS = both(without("Projects"), without("Budget"), only("Scenarios", 2, 3))
BARE = both(
    *(without(s) for s in ("Share limits", "Contracts", "Stockpiles", "Mines", "Ore lanes")),
    NO_PROJECTS,
)

CASES: dict[str, Change] = {
    "as it is": lambda _: None,
    "no demand": demand(0, 0),
    "no demand in a year": demand(500, 0),
    "a year left blank": demand(500, None),
    "all years left blank": demand(None, None),
    "no demand, no rules": both(demand(0, 0), BARE),
    "no capacity": each("Refiners", "Capacity (t/yr)", 0),
    "nothing open to the coalition": each("Refiners", "Available share", 0),
    "nothing to buy": both(
        each("Refiners", "Capacity (t/yr)", 0), each("Refiners", "Capacity 2028 (t/yr)", None),
        each("Stockpiles", "Max (t)", 0), each("Stockpiles", "Opening (t)", 0), NO_PROJECTS,
    ),
    "one member": one_member,
    "one mineral": one_mineral,
    "one year": both(without("Demand", "2027"), only("Scenarios", 3)),
    "all lanes closed": both(without("Lanes"), lambda b: b.update({"Lanes": [{"Open": "no"}]})),
    "all ore lanes closed": lambda b: b.update({"Ore lanes": [{"Open": "no"}]}),
    "no mines": each("Mines", "Capacity (t/yr)", 0),
    "only Rest of world": both(
        each("Refiners", "Country", "Rest of world"), each("Refiners", "Owner country", None),
        NO_PROJECTS, setting("Default freight (USD/t)", 10),
    ),
    "dust beside a mountain": both(demand(1e9, 1e9), put("Demand", 2, "2026", 1e-9)),
    "dust alone": demand(1e-9, 1e-9),
    "a millionth of a gram": demand(1e-12, 1e-12),
    "dust and whole projects": both(demand(1e-9, 1e-9), WHOLE),
    "price 0": each("Minerals", "Price (USD/t)", 0),
    "shortage cost 0": each("Minerals", "Shortage cost (USD/t)", 0),
    "nothing costs anything": both(
        each("Minerals", "Price (USD/t)", 0), each("Minerals", "Shortage cost (USD/t)", 0),
        each("Refiners", "Cost (USD/t)", 0), each("Freight", "Japan", 0),
        each("Freight", "Korea", 0), each("Freight", "Other EU", 0),
    ),
    "shortage cost multiple 0": setting("Shortage cost multiple", 0),
    "fair shortage weight 0": setting("Fair shortage weight", 0),
    "target penalty 0": each("Stockpiles", "Target penalty (USD/t/yr)", 0),
    "target penalty 0 and short": both(
        each("Stockpiles", "Target penalty (USD/t/yr)", 0), demand(9000, 9000)
    ),
    "stock max 0": both(each("Stockpiles", "Max (t)", 0), each("Stockpiles", "Opening (t)", 0)),
    "stock is all there is": both(
        each("Refiners", "Capacity (t/yr)", 0), each("Stockpiles", "Max (t)", 1e6),
        each("Stockpiles", "Opening (t)", 1e6),
    ),
    "project of no capacity": each("Projects", "Capacity (t/yr)", 0),
    "budget 0": each("Budget", "Capex (USD m)", 0),
    "capex 0": each("Projects", "Capex (USD m)", 0),
    "project after the horizon": each("Projects", "First year", 2040),
    "project of one year's life": column("Projects", "Life (yr)", 1),
    "whole projects": WHOLE,
    "whole projects, nothing to build": both(WHOLE, NO_PROJECTS),
    "whole projects, no budget": both(WHOLE, each("Budget", "Capex (USD m)", 0)),
    "contracts only": both(
        each("Refiners", "Capacity (t/yr)", 100), each("Contracts", "Min (t/yr)", 100),
        each("Contracts", "Max (t/yr)", 100), NO_PROJECTS,
    ),
    "contract of nothing": both(
        each("Contracts", "Min (t/yr)", 0), each("Contracts", "Max (t/yr)", 0)
    ),
    "contract without demand": both(demand(0, 0), each("Contracts", "Min (t/yr)", 90)),
    "share limits 0": each("Share limits", "Share", 0),
    "share limit 0 with min 1": both(
        each("Share limits", "Share", 0), put("Share limits", 3, "Share", 1),
        put("Share limits", 6, "Share", 1),
    ),
    "share limits 0 of purchases": both(
        each("Share limits", "Share", 0), setting("Share basis", "purchases")
    ),
    "a scenario without the members": add(
        "Scenarios", "Nobody", "remove member", None, None, None, "Japan"
    ),
    "a scenario without the only member": both(
        one_member, add("Scenarios", "Nobody", "remove member", None, None, None, "Japan")
    ),
    "no scenario": without("Scenarios"),
    "euros": euros,
    "members without country": both(
        each("Members", "Country", None), each("Members", "Group", None),
        lambda b: b["Share limits"].pop(3),
    ),
    "discount rate 0": setting("Discount rate", 0),
    "discount rate 1": setting("Discount rate", 1),
    "cost of capital 0": setting("Cost of capital", 0),
    "events that never begin": each("Risks", "Yearly probability", 0),
    "events that always begin": each("Risks", "Yearly probability", 1),
    "no share limits": without("Share limits"),
    "nothing may be short": lambda b: b.update(Security=[{"Max short": 0}]),
    "all may be short": lambda b: b.update(Security=[{"Max short": 1}]),
    "all lanes of Max 0": lambda b: b.update(Lanes=[{"Max (t/yr)": 0}]),
    "amounts at their bound": both(
        demand(1e10, 1e10), each("Refiners", "Capacity (t/yr)", 1e10),
        each("Refiners", "Capacity 2028 (t/yr)", None),
    ),
    "prices at their bound": both(
        each("Minerals", "Price (USD/t)", 1e8), each("Minerals", "Shortage cost (USD/t)", None),
        setting("Shortage cost multiple", 1000),
    ),
    "costs at their bound": both(
        each("Refiners", "Cost (USD/t)", 1e8), each("Contracts", "Price (USD/t)", 1e8),
        lambda b: b.update(Lanes=[{"Tariff": 10, "Freight (USD/t)": 1e8}]),
    ),
    "capex at its bound": both(
        each("Projects", "Capex (USD m)", 1e7), each("Projects", "Life (yr)", 1)
    ),
    "hardly any recovery": each("Refiners", "Recovery", 1e-6),
    "a target beyond reach": both(
        each("Stockpiles", "Target (t)", 1e10), each("Stockpiles", "Target penalty (USD/t/yr)", 1e8)
    ),
    "penalties of nothing": each("Share limits", "Penalty (USD/t)", 0),
    "least and most at odds": lambda b: b.update({"Share limits": [
        {"Limit": limit, "Supplier group": "country", "Supplier": "China", "Share": share}
        for limit, share in (("min", 1), ("max", 0))
    ]}),
    "contracts above demand": both(
        each("Contracts", "Min (t/yr)", 1e10), each("Contracts", "Max (t/yr)", None)
    ),
    "a fairness just below 1": setting("Fair shortage weight", 0.999),
    "budgets carried over": both(
        setting("Carry over budget", "yes"), put("Budget", 2, "Year", 2025),
        put("Budget", 3, "Capex (USD m)", 0), add("Budget", 2026, 1),
    ),
    "nothing but what must be": both(BARE, without("Countries"), without("Lanes")),
}  # fmt: skip


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
