"""Every scenario beside the base: a row a scenario, and a row a scenario and mineral."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from models.case import fold
from models.measures import served_if_largest_stops
from models.plan import Plan
from models.results.field import Look
from planner.render.table import Cell, Column, Table, column
from planner.render.text import clean
from planner.sheets.comparison.builds import told
from planner.sheets.comparison.changes import changed_cells
from planner.sheets.comparison.entry import Entry, difference
from planner.sheets.figures import (
    Figures,
    binding,
    coalition_purchases,
    figures,
)

MILLION = 1e6


def ending(entries: Sequence[Entry]) -> str:
    """Return how headers name the last year planned."""
    years = entries[0].case.years
    return f" in {years[-1]}" if years else " in the last year"


def comparison(entries: Sequence[Entry]) -> Table:
    """One row a scenario: what it costs, what is short, and how that differs from the base."""
    base, money = entries[0], entries[0].case.settings.currency
    plans = [entry.context.plan if entry.context is not None else None for entry in entries]

    def of(read: Callable[[Plan], float]) -> list[float | None]:
        return [None if plan is None else read(plan) for plan in plans]

    def against(values: list[float | None]) -> list[float | None]:
        return [difference(value, values[0]) for value in values]

    total, cash = of(lambda p: p.objective / MILLION), of(lambda p: p.cash / MILLION)
    tonnes, short = of(lambda p: p.tonnes), of(lambda p: p.shortage)
    more = against(total)
    whole = total[0] or None
    shown: tuple[Column, ...] = (
        column("Scenario", Look.TEXT, (entry.name for entry in entries)),
        column(f"Total cost ({money} m)", Look.MILLIONS, total),
        column(f"Total cost against base ({money} m)", Look.MILLIONS, more),
        column(
            "Total cost against base (%)",
            Look.SHARE,
            [None if by is None or whole is None else by / whole for by in more],
        ),
        column(f"Cash cost ({money} m)", Look.MILLIONS, cash),
        column("Short (t)", Look.TONNES, short),
        column("Short against base (t)", Look.TONNES, against(short)),
        column("Served share of demand", Look.SHARE, of(lambda p: p.served_share)),
        column("Served if largest suppliers stop", Look.SHARE, of(_if_lost)),
        column("Result", Look.LONG, [entry.error or "proven optimal" for entry in entries]),
    )
    inputs = [changed_cells(base.case, entry.case) for entry in entries]
    moved = [
        "" if base.context is None or entry.context is None else told(base.context, entry.context)
        for entry in entries
    ]
    if any(moved):
        shown += (column(f"Projects that change most, capex ({money} m)", Look.LONG, moved),)
    further = (
        column("Tonnes purchased (t)", Look.TONNES, tonnes),
        column(f"Purchases cost ({money} m)", Look.MILLIONS, of(lambda p: p.purchases / MILLION)),
        column(f"Cash cost against base ({money} m)", Look.MILLIONS, against(cash)),
        column("Binding share limits", Look.COUNT, of(lambda p: float(len(binding(p))))),
        column("Inputs changed", Look.COUNT, inputs),
    )
    return Table("Comparison", shown + further, printed=len(shown))


def _if_lost(plan: Plan) -> float:
    """Return the share of demand served if each mineral's largest country of each year stops."""
    return served_if_largest_stops(coalition_purchases(plan), plan.case.total_demand)


def _matrix(
    name: str, entries: Sequence[Entry], cell: Callable[[Figures], float | None]
) -> Table | None:
    """Return a table with a row a scenario and a column a mineral; None without minerals."""
    minerals = [mineral.name for mineral in entries[0].case.minerals]
    if not minerals:
        return None
    of: list[dict[str, float | None]] = [
        {f.name: cell(f) for f in figures(entry.context)} if entry.context is not None else {}
        for entry in entries
    ]
    columns = [column("Scenario", Look.TEXT, (entry.name for entry in entries))]
    headers = {m: f"{m} (mineral)" if fold(m) == "scenario" else clean(m) for m in minerals}
    columns += [column(headers[m], Look.SHARE, [found.get(m) for found in of]) for m in minerals]
    return Table(name, tuple(columns), against_first=tuple(headers.values()))


def shortage(entries: Sequence[Entry]) -> Table | None:
    """What part of its demand each mineral is short, all years together."""
    return _matrix("Short by mineral", entries, lambda f: 1.0 - f.served)


def largest(entries: Sequence[Entry]) -> Table | None:
    """The largest share of one country by mineral in the last year, whoever it is."""
    return _matrix("Largest shares", entries, lambda f: f.last.share if f.last else 0.0)


def by_mineral(entries: Sequence[Entry]) -> Table | None:
    """One row a mineral and scenario, the scenarios of a mineral under one another."""
    planned = [(e.name, e.context, figures(e.context)) for e in entries if e.context is not None]
    if not planned:
        return None
    at_base = {f.name: f for f in planned[0][2]} if entries[0].context is not None else {}
    first = planned[0][1]
    last, per_tonne, basis = ending(entries), first.per_tonne, first.basis
    rows = [
        (name, context, f)
        for mineral in dict.fromkeys(f.name for _, _, found in planned for f in found)
        for name, context, found in planned
        for f in found
        if f.name == mineral
    ]
    fs = [f for _, _, f in rows]

    def country(get: str) -> list[Cell]:
        tops = [(context, getattr(f, get)) for _, context, f in rows]
        return [context.country(top.country) if top else None for context, top in tops]

    def against(read: Callable[[Figures], float | None]) -> list[float | None]:
        bases = [at_base.get(f.name) for f in fs]
        return [
            None if b is None else difference(read(f), read(b))
            for f, b in zip(fs, bases, strict=True)
        ]

    shown: tuple[Column, ...] = (
        column("Scenario", Look.TEXT, (name for name, _, _ in rows)),
        column("Mineral", Look.TEXT, (f.name for f in fs)),
        column("Demand (t)", Look.TONNES, (f.demand for f in fs)),
        column("Purchases (t)", Look.TONNES, (f.purchased for f in fs)),
        column("Short (t)", Look.TONNES, (f.short for f in fs)),
        column("Short against base (t)", Look.TONNES, against(lambda f: f.short)),
        column("Served share of demand", Look.SHARE, (f.served for f in fs)),
        column(f"Average landed cost ({per_tonne})", Look.PRICE, (f.average_cost for f in fs)),
        column(
            f"Landed cost against base ({per_tonne})", Look.PRICE, against(lambda f: f.average_cost)
        ),
        column(f"Largest country{last}", Look.TEXT, country("last")),
        column(f"Largest share{last}", Look.SHARE, (f.last.share if f.last else None for f in fs)),
        column(f"Limit{last}", Look.SHARE, (f.last.limit if f.last else None for f in fs)),
        column("HHI by purchases", Look.INDEX, (f.hhi_purchases for f in fs)),
        column("HHI against base", Look.INDEX, against(lambda f: f.hhi_purchases)),
        column("Served if largest supplier stops", Look.SHARE, (f.served_if_lost for f in fs)),
    )
    further: tuple[Column, ...] = (
        column("Unit", Look.TEXT, (f.unit for f in fs)),
        column(f"Purchases ({first.currency})", Look.MONEY, (f.cost for f in fs)),
        column(
            f"Largest share of {basis}", Look.SHARE, (f.top.share if f.top else None for f in fs)
        ),
        column("Limit on it", Look.SHARE, (f.top.limit if f.top else None for f in fs)),
        column("Largest country", Look.TEXT, country("top")),
        column("In year", Look.YEAR, (f.top.year if f.top else None for f in fs)),
    )
    return Table("By mineral", shown + further, printed=len(shown))
