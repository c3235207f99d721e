"""A small valid workbook with every sheet, as plain rows, and small changes to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import openpyxl
import pytest

from models.errors import InputError, Severity

Tables = dict[str, list[dict[str, object]]]
Change = Callable[[Tables], None]


def _rows(headers: str, *rows: Sequence[object]) -> list[dict[str, object]]:
    names = headers.split("|")
    return [dict(zip(names, row, strict=True)) for row in rows]


def small_book() -> Tables:
    """A new copy of the workbook; a valid one without warnings."""
    _ = None
    return {
        "Settings": _rows(
            "Setting|Value",
            ("Plan title", "Small"),
            ("Currency", "USD"),
            ("Price year", 2026),
            ("Discount rate", 0.05),
            ("Whole projects", "no"),
            ("Share basis", "demand"),
            ("Shortage cost multiple", 10),
            ("Fair shortage weight", 0.1),
        ),
        "Minerals": _rows(
            "Mineral|Price (USD/t)|Shortage cost (USD/t)|Unit|Note",
            ("Copper", 9000, _, "t Cu", "LME"),
            ("Lithium", 12000.5, 100000, "t LCE", _),
        ),
        "Members": _rows(
            "Member|Country|Group",
            ("Japan", "Japan", "Asia"),
            ("Korea", "South Korea", "Asia"),
            ("Other EU", _, "EU"),
        ),
        "Countries": _rows(
            "Country|Bloc|Governance",
            ("Chile", "friends", 1.1),
            ("China", "east; large", -0.4),
        ),
        "Refiners": _rows(
            "Refiner|Mineral|Country|Capacity (t/yr)|Capacity 2028 (t/yr)|Cost (USD/t)|Kind"
            "|Owner country|First year|Last year|Available share|Recovery|Needs ore",
            ("Codelco", "Copper", "Chile", 1000, 1100, 8000, _, _, _, _, 1, 0.95, "yes"),
            ("Jiangxi", "Copper", "China", 5000, _, 7500, "primary", _, 2020, 2040, 0.5, _, _),
            ("Ganfeng", "Lithium", "China", 900, _, 10000, _, "CHN", _, _, 0.5, _, "no"),
            ("Onsan", "Copper", "Korea", 700, _, 8200, "recycled", "kor", _, _, 1, _, _),
        ),
        "Demand": _rows(
            "Mineral|Member|2026|2027",
            ("Copper", "Japan", 600, 650),
            ("Copper", "Korea", 500, 510),
            ("Lithium", "Other EU", 300, 320),
        ),
        "Freight": _rows(
            "From country|Japan|Korea|Other EU",
            ("Chile", 90, 95, 80),
            ("China", 40, 30, 100),
            ("South Korea", 20, 0, 110),
            ("Australia", 60, 65, 120),
        ),
        "Lanes": _rows(
            "Mineral|From country|Refiner|To member|Freight (USD/t)|Tariff|Open|Max (t/yr)"
            "|First year|Last year",
            ("Copper", "China", _, "Japan", _, 0.1, "yes", 500, _, _),
            (_, "China", "Ganfeng", _, 70, _, _, _, 2026, 2027),
        ),
        "Share limits": _rows(
            "Limit|Mineral|Buyer|Supplier group|Supplier|Share|First year|Last year"
            "|Penalty (USD/t)|Stage",
            ("max", _, _, "country", "each outside coalition", 0.65, _, _, 5000, _),
            ("min", "Copper", "Japan", "bloc", "friends", 0.1, 2026, 2027, 500, _),
            ("max", "Copper", _, "country", _, 0.9, _, _, _, "mining"),
            ("max", _, "Asia", "refiner", "Jiangxi", 0.8, _, _, 900, "refining"),
            ("min", "Copper", "each", "kind", "recycled", 0.05, _, _, _, _),
        ),
        "Contracts": _rows(
            "Contract|Refiner|Mineral|Member|Min (t/yr)|Max (t/yr)|Price (USD/t)|First year"
            "|Last year",
            ("C-1", "Codelco", "Copper", "Japan", 10, 100, 8100, 2026, 2027),
        ),
        "Projects": _rows(
            "Project|Refiner|Mineral|Country|Capacity (t/yr)|Capex (USD m)|Cost (USD/t)"
            "|First year|Lead time (yr)|Kind|Owner country|Life (yr)",
            ("Kwinana", "Tianqi", "Lithium", "Australia", 300, 20, 9000, 2027, 1, _, _, 4),
        ),
        "Budget": _rows("Year|Capex (USD m)", (2026, 30), (2027, 10)),
        "Stockpiles": _rows(
            "Mineral|Member|Max (t)|Opening (t)|Target (t)|Target penalty (USD/t/yr)"
            "|Holding cost (USD/t/yr)",
            ("Copper", "Japan", 100, 20, 30, 200, 5),
        ),
        "Mines": _rows(
            "Mineral|Country|Capacity (t/yr)|Premium (USD/t)|First year|Last year",
            ("Copper", "Chile", 3000, 10, _, _),
            ("Copper", "Peru", 2000, _, _, _),
        ),
        "Ore lanes": _rows(
            "Mineral|Mine country|Refiner country|Freight (USD/t)|Open|First year|Last year",
            ("Copper", "Peru", "China", 15, "yes", _, _),
        ),
        "Scenarios": _rows(
            "Scenario|Action|Mineral|Country|Refiner|Member|First year|Last year|Value",
            ("Embargo", "block lanes", _, "China", _, _, 2027, _, _),
            ("Growth", "scale demand", "Copper", _, _, _, _, _, 1.2),
            ("Growth", "build project", "Lithium", _, "Tianqi", _, 2027, _, _),
        ),
        "Risks": _rows(
            "Event|Action|Mineral|Country|Refiner|Member|First year|Last year|Value"
            "|Yearly probability|Duration (yr)",
            ("Strike", "scale capacity", "Copper", "Chile", _, _, _, _, 0.5, 0.1, 2),
            ("Strike", "scale mines", "Copper", "Chile", _, _, _, 2027, 0.5, 0.1, 2),
            ("Ban", "block lanes", "Lithium", "China", _, _, _, _, _, 0.05, _),
        ),
    }


def put(sheet: str, row: int, header: str, value: object) -> Change:
    """Set a cell; ``row`` is the row of the worksheet, 2 the first of data."""

    def change(book: Tables) -> None:
        assert header in book[sheet][row - 2], header
        book[sheet][row - 2][header] = value

    return change


def head(sheet: str, header: str, new: str) -> Change:
    """Rename a header where it stands."""

    def change(book: Tables) -> None:
        assert header in book[sheet][0], header
        book[sheet] = [{new if k == header else k: v for k, v in r.items()} for r in book[sheet]]

    return change


def add(sheet: str, *values: object) -> Change:
    """Add a row with values from the left."""

    def change(book: Tables) -> None:
        headers = list(book[sheet][0])
        filled = [*values, *[None] * (len(headers) - len(values))]
        book[sheet].append(dict(zip(headers, filled, strict=True)))

    return change


def column(sheet: str, header: str, *values: object) -> Change:
    """Add a column on the right with values from the top."""

    def change(book: Tables) -> None:
        for i, row in enumerate(book[sheet]):
            row[header] = values[i] if i < len(values) else None

    return change


def without(sheet: str, *headers: str) -> Change:
    """Take out a sheet, or columns of it."""

    def change(book: Tables) -> None:
        if not headers:
            del book[sheet]
        else:
            book[sheet] = [{k: v for k, v in r.items() if k not in headers} for r in book[sheet]]

    return change


def both(*changes: Change) -> Change:
    """Make several changes."""

    def change(book: Tables) -> None:
        for one in changes:
            one(book)

    return change


def workbook() -> openpyxl.Workbook:
    """The small book as an openpyxl workbook."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in small_book().items():
        sheet = made.create_sheet(title)
        sheet.append([int(h) if h.isdigit() else h for h in rows[0]])
        for row in rows:
            sheet.append(list(row.values()))
    return made


def faults(call, *args) -> list[tuple[str, str]]:
    """Place and message of every error that a call raises."""
    with pytest.raises(InputError) as caught:
        call(*args)
    return [(f.place, f.message) for f in caught.value.findings if f.severity is Severity.ERROR]
