"""The example rows of a new template: a small case that can be solved, with a binding limit.

All its figures are invented, but plausible; the notes say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from models import schema, units
from models.schema import Record
from planner.workbook.headers import RECORDS, REMARKS, SETTING, VALUE
from planner.workbook.template.columns import Row, rows_of, title

MADE_UP = "Example figure: replace it."
_BOTH_ROWS = f"Both rows of this event happen together, for two years. {MADE_UP}"

_LITHIUM, _COBALT = "Lithium", "Cobalt"
_CHINA, _US, _JAPAN, _GERMANY = "China", "United States", "Japan", "Germany"
_CHILE, _AUSTRALIA, _FINLAND, _CONGO = "Chile", "Australia", "Finland", "DR Congo"
_COMPANY = "Example Metals"
_SALAR, _KOKKOLA = "Antofagasta carbonate plant", "Kokkola cobalt refinery"
_KWINANA, _RHINE = "Kwinana hydroxide plant", "Rhine battery recycling"
_SICHUAN, _ZHEJIANG = "Sichuan hydroxide plants", "Zhejiang cobalt refineries"


def template_tables() -> dict[str, list[dict[str, object]]]:
    return {sheet: [dict(row) for row in rows] for sheet, rows in _TABLES.items()}


def template_rows(sheets: Sequence[str]) -> dict[str, list[list[object]]]:
    tables = template_tables()
    return {name: rows_of(RECORDS[name], tables) for name in RECORDS if name in sheets}


def _example(
    record: type[Record], names: str, *rows: tuple[object, ...]
) -> tuple[str, Sequence[Row]]:
    """Return a sheet's name and its rows; ``names`` are fields, years or members; None is blank."""
    headers = {c.field: title(c, units.MONEY) for c in record.columns()} | REMARKS
    if record.SPREAD:
        headers |= {name: name for name in names.split(", ") if name not in headers}
    there = [headers[name] for name in names.split(", ")]
    filled = (zip(there, row, strict=False) for row in rows)
    kept = [{header: value for header, value in row if value is not None} for row in filled]
    return record.SHEET, kept


def _settings() -> Sequence[Row]:
    pairs = ((column, getattr(_SETTINGS, column.field)) for column in schema.Settings.columns())
    return [
        {SETTING.header: title(column, units.MONEY), VALUE.header: value}
        for column, value in pairs
        if value is not None and value != ""
    ]


_SETTINGS = schema.Settings(
    plan_title="Example: two battery metals, at most 65 % from one country",
    price_year=2025,
    default_freight=150,
)
_TABLES: dict[str, Sequence[Row]] = dict(
    [
        (schema.Settings.SHEET, _settings()),
        _example(
            schema.Mineral,
            "name, price, unit, note",
            (_LITHIUM, 48000, "t Li content", MADE_UP),
            (_COBALT, 35000, "t Co content", MADE_UP),
        ),
        _example(
            schema.Member,
            "name, country, group",
            (_US, _US),
            (_JAPAN, _JAPAN),
            (_GERMANY, _GERMANY, "EU"),
        ),
        _example(
            schema.Country,
            "code, blocs",
            *(
                (member, schema.COALITION)
                for member in (_US, _JAPAN, _GERMANY, _FINLAND, _AUSTRALIA)
            ),
            (_CHILE, "partner"),
            (_CONGO, schema.OTHER),
            (_CHINA, schema.OTHER),
        ),
        _example(
            schema.Refiner,
            "name, mineral, country, capacity, cost, available_share, kind, company, note",
            (_SICHUAN, _LITHIUM, _CHINA, 200000, 42000, 0.4, None, None, MADE_UP),
            (_SALAR, _LITHIUM, _CHILE, 30000, 45000, 1.0, None, None, MADE_UP),
            (_KWINANA, _LITHIUM, _AUSTRALIA, 12000, 52000, None, None, _COMPANY, MADE_UP),
            (_ZHEJIANG, _COBALT, _CHINA, 150000, 31000, 0.3, None, None, MADE_UP),
            (_KOKKOLA, _COBALT, _FINLAND, 14000, 36000, None, None, _COMPANY, MADE_UP),
            (_RHINE, _COBALT, _GERMANY, 3000, 38000, None, schema.RECYCLED, None, MADE_UP),
        ),
        _example(
            schema.Demand,
            "mineral, member, 2026, 2027, 2028",
            (_LITHIUM, _US, 24000, 28000, 33000),
            (_LITHIUM, _JAPAN, 14000, 15000, 16000),
            (_LITHIUM, _GERMANY, 18000, 21000, 25000),
            (_COBALT, _US, 9000, 9500, 10000),
            (_COBALT, _JAPAN, 11000, 11000, 11500),
            (_COBALT, _GERMANY, 8000, 8500, 9000),
        ),
        _example(
            schema.Freight,
            f"country, {_US}, {_JAPAN}, {_GERMANY}",
            (_CHINA, 180, 70, 250),
            (_CHILE, 150, 200, 180),
            (_AUSTRALIA, 170, 90, 170),
            (_FINLAND, 130, 230, 60),
            (_GERMANY, 120, 230, 20),
        ),
        _example(
            schema.Lane,
            "mineral, country, member, tariff, first_year, note",
            (_LITHIUM, _CHINA, _US, 0.1, 2027, "Example: a tariff of 10 % from 2027 on."),
        ),
        _example(
            schema.ShareLimit,
            "limit, group, supplier, share, note",
            (
                schema.MAX,
                schema.BY_COUNTRY,
                f"{schema.EACH_OUTSIDE}{schema.COALITION}",
                0.65,
                "No country outside the coalition supplies over 65 % of the demand for a mineral.",
            ),
        ),
        _example(
            schema.PriceFloor,
            "mineral, floor, exempt, first_year, note",
            (_COBALT, 33000, _AUSTRALIA, 2027, "Cheaper imports pay the difference to the floor."),
        ),
        _example(
            schema.SecurityTarget,
            "max_short, note",
            (0.2, "If any one outside country is lost, at most 20 % of each mineral is short."),
        ),
        _example(
            schema.Contract,
            "name, refiner, mineral, member, min, max, price, first_year, last_year",
            ("Offtake 1", _SALAR, _LITHIUM, _GERMANY, 4000, 8000, 44000, 2026, 2028),
        ),
        _example(
            schema.Project,
            "name, refiner, mineral, country, capacity, capex, cost, first_year, lead_time, note",
            (
                *("Nevada lithium, phase 1", "Nevada lithium", _LITHIUM, _US),
                *(7000, 900, 30000, 2027, 1, MADE_UP),
            ),
        ),
        _example(
            schema.Built,
            "project, year, fraction, note",
            (
                "Nevada lithium, phase 1",
                2027,
                0.25,
                "A quarter is begun. The plan decides the rest.",
            ),
        ),
        _example(schema.BudgetYear, "year, capex", (2026, 600), (2027, 600), (2028, 600)),
        _example(
            schema.Support,
            "plant, mineral, strike, clawback, payer, first_year, last_year, note",
            (_KOKKOLA, _COBALT, 40000, 50000, _GERMANY, 2027, 2030, MADE_UP),
        ),
        _example(
            schema.Stockpile,
            "mineral, member, max, opening, target, holding_cost, note",
            (
                *(_COBALT, _JAPAN, 2500, 1000, 1500, 200),
                "Target penalty is blank: the reserve may cover a shortage, but not save money.",
            ),
        ),
        _example(
            schema.Mine,
            "mineral, country, capacity, premium, note",
            (_LITHIUM, _AUSTRALIA, 90000, None, MADE_UP),
            (_LITHIUM, _CHILE, 45000, 100, MADE_UP),
        ),
        _example(
            schema.OreLane,
            "mineral, mine_country, refiner_country, freight, note",
            (_LITHIUM, _AUSTRALIA, _CHINA, 600, "Per t of lithium contained in the concentrate."),
        ),
        _example(
            schema.Input,
            "mineral, refiner, input, tonnes, note",
            (_COBALT, _RHINE, _LITHIUM, 0, "Example: 0, so this plant needs no lithium."),
        ),
        _example(
            schema.InputLane,
            "input, country, to_country, freight, note",
            (
                _LITHIUM,
                _CHILE,
                _GERMANY,
                150,
                "Used only if a plant in Germany needs lithium.",
            ),
        ),
        _example(schema.Tier, "name, multiple", ("defence", 50), ("industry", 10)),
        _example(
            schema.CurrentSupply,
            "refiner, mineral, member, tonnes",
            (_SICHUAN, _LITHIUM, _US, 20000),
            (_SICHUAN, _LITHIUM, _JAPAN, 11000),
            (_SALAR, _LITHIUM, _GERMANY, 9000),
            (_ZHEJIANG, _COBALT, _JAPAN, 8000),
            (_KOKKOLA, _COBALT, _GERMANY, 7000),
        ),
        _example(
            schema.Right,
            "member, refiner, share, note",
            (_GERMANY, _KOKKOLA, 0.6, "Germany's part of the plant if members plan alone."),
        ),
        _example(
            schema.DataSource,
            "sheet, place, columns_of, note",
            (
                *(schema.Demand.SHEET, "demand.csv"),
                *("material=Mineral; buyer=Member; tons=2026 (t)", "A file beside this workbook."),
            ),
        ),
        _example(
            schema.Uncertainty,
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
        _example(
            schema.ScenarioStep,
            "name, action, mineral, country, first_year, last_year, value, note",
            (
                *("Export ban", "block lanes", _LITHIUM, _CHINA, 2027, None, None),
                "No Chinese lithium from 2027 on.",
            ),
            ("Half", "set max country share", None, None, None, None, 0.5),
            ("Weak year in Chile", "scale capacity", None, _CHILE, 2027, 2027, 0.5),
        ),
        _example(
            schema.EventStep,
            "name, action, mineral, country, value, probability, duration, note",
            ("Chinese export stop", "block lanes", _LITHIUM, _CHINA, None, 0.05, 2, _BOTH_ROWS),
            ("Chinese export stop", "scale capacity", _COBALT, _CHINA, 0.5, 0.05, 2, MADE_UP),
            ("Drought in Chile", "scale capacity", None, _CHILE, 0.6, 0.1, None, MADE_UP),
        ),
    ]
)
