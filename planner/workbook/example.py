"""The example rows of a new template: a small case that can be solved, with a binding limit.

All its figures are invented, but plausible; the notes say so. The texts of the sheet Read me come
last: the question that a plan answers, the rules for a workbook, and the commands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models import schema, units
from models.schema import Record
from planner.workbook.headers import REMARKS, SETTING, VALUE, header_text

Row = Mapping[str, object]

MADE_UP = "Example figure: replace it."
_BOTH_ROWS = f"Both rows of this event happen together, for two years. {MADE_UP}"

_LITHIUM, _COBALT = "Lithium", "Cobalt"
_CHINA, _US, _JAPAN, _GERMANY = "China", "United States", "Japan", "Germany"
_CHILE, _AUSTRALIA, _FINLAND, _CONGO = "Chile", "Australia", "Finland", "DR Congo"
_COMPANY = "Example Metals"
_SALAR, _KOKKOLA = "Antofagasta carbonate plant", "Kokkola cobalt refinery"
_KWINANA, _RHINE = "Kwinana hydroxide plant", "Rhine battery recycling"
_SICHUAN, _ZHEJIANG = "Sichuan hydroxide plants", "Zhejiang cobalt refineries"


_SETTINGS = schema.Settings(
    plan_title="Example: two battery metals",
    price_year=2025,
    default_freight=150,
)
_ROWS: dict[type[Record], tuple[Any, ...]] = {
    schema.Mineral: (
        "name, price, unit, note",
        (_LITHIUM, 48000, "t Li content", MADE_UP),
        (_COBALT, 35000, "t Co content", MADE_UP),
    ),
    schema.Member: (
        "name, country, group",
        (_US, _US),
        (_JAPAN, _JAPAN),
        (_GERMANY, _GERMANY, "EU"),
    ),
    schema.Country: (
        "code, blocs",
        *((member, schema.COALITION) for member in (_US, _JAPAN, _GERMANY, _FINLAND, _AUSTRALIA)),
        (_CHILE, "partner"),
        (_CONGO, schema.OTHER),
        (_CHINA, schema.OTHER),
    ),
    schema.Refiner: (
        "name, mineral, country, capacity, cost, available_share, kind, company, note",
        (_SICHUAN, _LITHIUM, _CHINA, 200000, 42000, 0.4, None, None, MADE_UP),
        (_SALAR, _LITHIUM, _CHILE, 30000, 45000, 1.0, None, None, MADE_UP),
        (_KWINANA, _LITHIUM, _AUSTRALIA, 12000, 52000, None, None, _COMPANY, MADE_UP),
        (_ZHEJIANG, _COBALT, _CHINA, 150000, 31000, 0.3, None, None, MADE_UP),
        (_KOKKOLA, _COBALT, _FINLAND, 14000, 36000, None, None, _COMPANY, MADE_UP),
        (_RHINE, _COBALT, _GERMANY, 3000, 38000, None, schema.RECYCLED, None, MADE_UP),
    ),
    schema.Demand: (
        "mineral, member, 2026, 2027, 2028",
        (_LITHIUM, _US, 24000, 28000, 33000),
        (_LITHIUM, _JAPAN, 14000, 15000, 16000),
        (_LITHIUM, _GERMANY, 18000, 21000, 25000),
        (_COBALT, _US, 9000, 9500, 10000),
        (_COBALT, _JAPAN, 11000, 11000, 11500),
        (_COBALT, _GERMANY, 8000, 8500, 9000),
    ),
    schema.Freight: (
        f"country, {_US}, {_JAPAN}, {_GERMANY}",
        (_CHINA, 180, 70, 250),
        (_CHILE, 150, 200, 180),
        (_AUSTRALIA, 170, 90, 170),
        (_FINLAND, 130, 230, 60),
        (_GERMANY, 120, 230, 20),
    ),
    schema.Lane: (
        "mineral, country, member, tariff, first_year, note",
        (_LITHIUM, _CHINA, _US, 0.1, 2027, "Example: a tariff of 10 % from 2027 on."),
    ),
    schema.ShareLimit: (
        "limit, group, supplier, share, note",
        (
            schema.MAX,
            schema.BY_COUNTRY,
            f"{schema.EACH_OUTSIDE}{schema.COALITION}",
            0.65,
            "No country outside the coalition supplies over 65 % of the demand for a mineral.",
        ),
    ),
    schema.PriceFloor: (
        "mineral, floor, exempt, first_year, note",
        (_COBALT, 33000, _AUSTRALIA, 2027, "Cheaper imports pay the difference to the floor."),
    ),
    schema.SecurityTarget: (
        "max_short, note",
        (0.2, "If any one outside country is lost, at most 20 % of each mineral is short."),
    ),
    schema.Contract: (
        "name, refiner, mineral, member, min, max, price, first_year, last_year",
        ("Offtake 1", _SALAR, _LITHIUM, _GERMANY, 4000, 8000, 44000, 2026, 2028),
    ),
    schema.Project: (
        "name, refiner, mineral, country, capacity, capex, cost, first_year, lead_time, note",
        (
            *("Nevada lithium, phase 1", "Nevada lithium", _LITHIUM, _US),
            *(7000, 900, 30000, 2027, 1, MADE_UP),
        ),
    ),
    schema.Built: (
        "project, year, fraction, note",
        ("Nevada lithium, phase 1", 2027, 0.25, "A quarter is begun. The plan decides the rest."),
    ),
    schema.BudgetYear: ("year, capex", (2026, 600), (2027, 600), (2028, 600)),
    schema.Support: (
        "plant, mineral, strike, clawback, payer, first_year, last_year, note",
        (_KOKKOLA, _COBALT, 40000, 50000, _GERMANY, 2027, 2030, MADE_UP),
    ),
    schema.Stockpile: (
        "mineral, member, max, opening, target, holding_cost, note",
        (
            *(_COBALT, _JAPAN, 2500, 1000, 1500, 200),
            "Target penalty is blank: the reserve may cover a shortage, but not save money.",
        ),
    ),
    schema.Mine: (
        "mineral, country, capacity, premium, note",
        (_LITHIUM, _AUSTRALIA, 90000, None, MADE_UP),
        (_LITHIUM, _CHILE, 45000, 100, MADE_UP),
    ),
    schema.OreLane: (
        "mineral, mine_country, refiner_country, freight, note",
        (_LITHIUM, _AUSTRALIA, _CHINA, 600, "Per t of lithium contained in the concentrate."),
    ),
    schema.Input: (
        "mineral, refiner, input, tonnes, note",
        (_COBALT, _RHINE, _LITHIUM, 0, "Example: 0, so this plant needs no lithium."),
    ),
    schema.InputLane: (
        "input, country, to_country, freight, note",
        (_LITHIUM, _CHILE, _GERMANY, 150, "Used only if a plant in Germany needs lithium."),
    ),
    schema.Tier: ("name, multiple", ("defence", 50), ("industry", 10)),
    schema.CurrentSupply: (
        "refiner, mineral, member, tonnes",
        (_SICHUAN, _LITHIUM, _US, 20000),
        (_SICHUAN, _LITHIUM, _JAPAN, 11000),
        (_SALAR, _LITHIUM, _GERMANY, 9000),
        (_ZHEJIANG, _COBALT, _JAPAN, 8000),
        (_KOKKOLA, _COBALT, _GERMANY, 7000),
    ),
    schema.Right: (
        "member, refiner, share, note",
        (_GERMANY, _KOKKOLA, 0.6, "Germany's part of the plant if members plan alone."),
    ),
    schema.DataSource: (
        "sheet, place, columns_of, note",
        (
            *(schema.Demand.SHEET, "demand.csv"),
            *("material=Mineral; buyer=Member; tons=2026 (t)", "A file beside this workbook."),
        ),
    ),
    schema.Uncertainty: (
        "sheet, header, mineral, low, high, note",
        (
            schema.Refiner.SHEET,
            schema.Refiner.column_of("capacity").header,
            _COBALT,
            0.7,
            1.2,
            "Example: a wide range.",
        ),
    ),
    schema.ScenarioStep: (
        "name, action, mineral, country, first_year, last_year, value, note",
        (
            *("Export ban", "block lanes", _LITHIUM, _CHINA, 2027, None, None),
            "No Chinese lithium from 2027 on.",
        ),
        ("Half", "set max country share", None, None, None, None, 0.5),
        ("Weak year in Chile", "scale capacity", None, _CHILE, 2027, 2027, 0.5),
    ),
    schema.EventStep: (
        "name, action, mineral, country, value, probability, duration, note",
        ("Chinese export stop", "block lanes", _LITHIUM, _CHINA, None, 0.05, 2, _BOTH_ROWS),
        ("Chinese export stop", "scale capacity", _COBALT, _CHINA, 0.5, 0.05, 2, MADE_UP),
        ("Drought in Chile", "scale capacity", None, _CHILE, 0.6, 0.1, None, MADE_UP),
    ),
}
"""Each sheet's columns (fields, years or members), then its rows; None is blank."""


def _example_rows(record: type[Record], names: str, *rows: tuple[object, ...]) -> Sequence[Row]:
    headers = {c.field: header_text(c, units.MONEY) for c in record.columns()} | REMARKS
    # a sheet of years or members has columns that no field names
    there = [headers.get(n, n) if record.SPREAD else headers[n] for n in names.split(", ")]
    filled = (zip(there, row, strict=False) for row in rows)
    return [{header: value for header, value in row if value is not None} for row in filled]


TABLES: dict[str, Sequence[Row]] = {
    schema.Settings.SHEET: [
        {
            SETTING.header: header_text(column, units.MONEY),
            VALUE.header: None if (value := getattr(_SETTINGS, column.field)) == "" else value,
        }
        for column in schema.Settings.columns()
    ],
    **{record.SHEET: _example_rows(record, *rows) for record, rows in _ROWS.items()},
}


QUESTION = (
    "Who should buy how much of a mineral from which refiner, in which year and at what cost, "
    "if no single country may supply more than a given share?"
)

RULES = """
The first row with any text holds the headers of a sheet. Columns may be in any order, and empty
rows are skipped. Rows that are hidden or filtered out in Excel still count.

Columns with a dark header must be filled in every row. In other columns, a blank cell means the
default. The note of the header names it: point at the header to see its note.

The header states the unit: numbers under Capacity (kt/yr) are kilotonnes a year. You may use kg,
lb, t, kt and Mt. Money is in the Currency of the sheet Settings.

Shares and rates are fractions from 0 to 1: 0.65, or 65 % in a cell formatted as percent.

If the note of a column says "By year", you may add the column again with a year: Capacity 2028
(t/yr) applies from 2028 on. In Demand every year has its own column.

Countries are English names or ISO codes; Rest of world is supply from unknown countries. Minerals,
members and refiners must be spelled as in their own sheets.

A number stored as text, n/a, #REF! or a date instead of a number is an error, and reported with its
cell. The planner never guesses.

In Lanes, Ore lanes, Scenarios and Risks a later row overrides an earlier one; in all other sheets
the order of rows does not matter.

It is not an error if supply is too small: the plan shows the shortage with its cause and cost.

The planner never writes to this workbook. The columns Note and Source are copied into the plan.
"""
"""The rules for a workbook, one per paragraph."""

COMMANDS = (
    ("planner check FILE", "lists every error and warning, each with its cell"),
    ("planner solve FILE", "writes the plan to outputs/<name of this file>-plan.xlsx"),
    ("planner solve FILE --max-country-share 0.5", "the same with a tighter limit on each country"),
    ("planner solve FILE --scenario NAME", "the same with a what-if of the sheet Scenarios"),
    ("planner new FILE --all", "a template with every sheet"),
)
