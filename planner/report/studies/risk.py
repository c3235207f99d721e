"""What events by chance do to cost and supply: the spread, what is short, which event adds it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from planner.render.chart import Role, Series
from planner.render.plotly import bars, rows
from planner.render.text import word
from planner.render.words import known, money, number, percent, scaled
from planner.report.part import Headline, Part, Plot, View
from planner.report.studies.tables import Tables, blank, facts, in_order

_SHEET, _AGREED, _ANEW = "Risk", "As agreed", "Re-planned"
_MILLION = 1e6
_BINS = 24
_ROLE = {_AGREED: Role.PLAN, _ANEW: Role.ANEW}


def risk(tables: Tables) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    """Return the headlines and the parts of a study of risks."""
    parts = (_spread(tables), _minerals(tables), _events(tables))
    return _headlines(tables), tuple(part for part in parts if part is not None)


def _headlines(tables: Tables) -> tuple[Headline, ...]:
    table = tables.part(
        _SHEET, name="Measure", plan="Plan", unit="Unit", none="No event", mean="Mean",
        high="95th percentile", tail="Mean of the worst 5 %",
    )  # fmt: skip
    table = table[table["plan"] == _AGREED]
    found = []
    for name, shown in (
        ("Total cost", _amount),
        ("Shortage, share of demand", _of_hundred),
    ):
        row = table[table["name"] == name]
        if row.empty or not known(row.iloc[0]["mean"]):
            continue
        at = row.iloc[0]
        unit = word(at["unit"])
        found.append(
            Headline(
                f"{name}: mean",
                shown(at["mean"], unit),
                f"without events {shown(at['none'], unit)}; one draw in twenty is above "
                f"{shown(at['high'], unit)}.",
            )
        )
    chance = table[table["name"].astype(str).str.startswith("Any shortage beyond")]
    if len(chance) and known(chance.iloc[0]["mean"]):
        found.append(
            Headline(
                "Chance of more shortage than without events",
                _of_hundred(chance.iloc[0]["mean"], word(chance.iloc[0]["unit"])),
                "of the plan as agreed, over all years.",
            )
        )
    return tuple(found)


def _amount(value: object, unit: str) -> str:
    currency = unit.removesuffix(" m")
    return money(value * _MILLION, currency) if known(value) else "unknown"


def _of_hundred(value: object, unit: str) -> str:
    """Return a share: the sheet counts it in per cent and says so in its unit."""
    whole = 100 if unit.startswith("%") else 1
    return percent(value / whole, 2) if known(value) else "unknown"


def _spread(tables: Tables) -> Part | None:
    """Draw how often the draws cost how much."""
    header = tables.header("Draws", "Total cost, as agreed")
    table = tables.part("Draws", agreed="Total cost, as agreed", anew="Total cost, re-planned")
    given = header.rpartition("(")[2].rstrip(")").removesuffix(" m")
    both, unit = scaled([*blank(table["agreed"]), *blank(table["anew"])], given)
    drawn = {_AGREED: both[: len(table)], _ANEW: both[len(table) :]}
    every = [v for values in drawn.values() for v in values if v is not None]
    if not every:
        return None
    low, high = min(every), max(every)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    step = _round_up((high - low) / _BINS)
    first = math.floor(low / step) * step
    edges = np.arange(first, high + step, step)
    names = [number(edge) for edge in edges[:-1]]
    if len(set(names)) < len(names):  # edges closer than the digits that are shown
        names = [f"{edge:,.6g}" for edge in edges[:-1]]
    series, columns = [], {f"From ({unit})": names}
    for name, values in drawn.items():
        counts, _ = np.histogram([v for v in values if v is not None], bins=edges)
        found: list[float | None] = [float(c) for c in counts]
        series.append(Series(name, _ROLE[name], found))
        columns[name] = [f"{c:,}" for c in counts]
    figure = bars(names, series, axis="Draws", shares=False)
    figure.update_xaxes(title_text=f"Total cost, from ({unit})")
    figure.update_layout(bargap=0.06)
    plot = Plot(
        "Draws by their total cost",
        figure,
        f"Columns of {len(table):,} draws by total cost, from {number(low)} to {number(high)} "
        f"{unit}.",
        340,
    )
    numeric = facts(columns)
    return Part(
        "spread",
        "The spread of cost",
        "How many draws cost how much: as agreed, the plan struck by events; re-planned, as if the "
        "events had been known beforehand.",
        {(): View((plot,), numeric)},
    )


def _round_up(step: float) -> float:
    tenth = 10.0 ** math.floor(math.log10(step))
    return next(f * tenth for f in (1.0, 2.0, 5.0, 10.0) if f * tenth >= step * (1 - 1e-9))


def _minerals(tables: Tables) -> Part | None:
    table = tables.part(
        "Risk by mineral", mineral="Mineral", plan="Plan", before="Short without events",
        chance="Chance of being shorter than without events", share="Expected share short",
        short="Expected short", tail="CVaR 95", demand="Demand",
    )  # fmt: skip
    minerals = in_order(table["mineral"])
    if not minerals:
        return None
    series = []
    for plan in in_order(table["plan"]):
        of = table[table["plan"] == plan].set_index("mineral")
        values = blank(of["share"].reindex(minerals))
        series.append(Series(plan, _ROLE.get(plan, Role.ANEW), values))
    figure = rows(minerals, series, axis="Expected part of demand short", grouped=True)
    top = max(
        ((v, m) for m, v in zip(minerals, series[0].values, strict=True) if v is not None),
        default=None,
    )
    alt = f"Bars of {len(minerals)} minerals." + (
        f" The most is expected short of {top[1]}: {percent(top[0])} of its demand." if top else ""
    )
    plot = Plot("Expected part of demand that is short", figure, alt, 120 + 44 * len(minerals))
    columns: dict[str, Iterable[object]] = {
        "Mineral": table["mineral"],
        "Plan": table["plan"],
        "Short without events (t)": table["before"],
        "Expected short (t)": table["short"],
        "Expected part short": table["share"],
        "Chance of being shorter": table["chance"],
        "Mean of the worst 5 % (t)": table["tail"],
    }
    looks = {"Expected part short": "share", "Chance of being shorter": "share"}
    return Part(
        "minerals",
        "What is expected to be short",
        "The mean over all draws, shortage without events included.",
        {(): View((plot,), facts(columns, looks))},
    )


def _events(tables: Tables) -> Part | None:
    table = tables.part(
        "Events", event="Event", yearly="Yearly probability", draws="Draws with it",
        agreed="A year adds, as agreed", anew="A year adds, re-planned",
    )  # fmt: skip
    header = tables.header("Events", "A year adds, as agreed")
    table = table[pd.to_numeric(table["agreed"], errors="coerce").notna()]
    if table.empty:
        return None
    given = header.rpartition("(")[2].rstrip(")")
    names = [word(e) for e in table["event"]]
    both, unit = scaled([*blank(table["agreed"]), *blank(table["anew"])], given.removesuffix(" m"))
    series = [
        Series(_AGREED, Role.PLAN, both[: len(names)]),
        Series(_ANEW, Role.ANEW, both[len(names) :]),
    ]
    figure = rows(names, series, axis=unit, shares=False, grouped=True)
    top = table.sort_values("agreed", ascending=False, kind="stable").iloc[0]
    plot = Plot(
        f"What a year of each event adds to total cost ({unit})",
        figure,
        f"Bars of {len(names)} events. A year of {word(top['event'])} adds the most: "
        f"{number(top['agreed'])} {given} as agreed.",
        120 + 44 * len(names),
    )
    columns: dict[str, Iterable[object]] = {
        "Event": table["event"],
        "Yearly probability": table["yearly"],
        "Draws with it": table["draws"],
        f"A year adds, as agreed ({given})": table["agreed"],
        f"A year adds, re-planned ({given})": table["anew"],
    }
    looks = {"Yearly probability": "share", "Draws with it": "share"}
    return Part(
        "events",
        "What each event adds",
        "Estimated over all draws; the workbook has the standard errors.",
        {(): View((plot,), facts(columns, looks))},
    )
