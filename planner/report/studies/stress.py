"""What each loss of a stress test leaves short, as a heat map, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from planner.render.chart import Role, Series
from planner.render.plotly import heat, heat_width, rows
from planner.render.text import word
from planner.render.words import known, money, number, percent, scaled, tonnes
from planner.report.part import Headline, Part, Plot, View
from planner.report.studies.tables import Tables, blank, facts, largest_cell

_SHEET, _MAP = "Stress", "Heat map"
_MOST = 30
"""Losses that are drawn; the workbook has them all, the worst first."""
_MOST_BARS = 15
_MILLION = 1e6


def stress(tables: Tables) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    """Return the headlines and the parts of a stress test's report."""
    table = tables.part(
        _SHEET, lost="Lost", what="What", tonnes="Lost (t)", replaced="Replaced",
        short="Short, capped plan", free="Short, uncapped plan", mineral="Worst mineral",
        share="Share short of it", days="Time to survive", cost="Extra cost with shortage",
        cash="Extra cash cost",
    )  # fmt: skip
    currency = tables.unit(_SHEET, "Extra cost with shortage").removesuffix(" m")
    parts = (_heat_map(tables), _worst(table, currency))
    return _headlines(table, currency), tuple(part for part in parts if part is not None)


def _headlines(table: pd.DataFrame, currency: str) -> tuple[Headline, ...]:
    known_rows = table[pd.to_numeric(table["short"], errors="coerce").notna()]
    if known_rows.empty:
        return (Headline("Losses", "none", "no loss has a proven plan."),)
    by_tonnes = known_rows.sort_values("short", ascending=False, kind="stable").iloc[0]
    by_share = known_rows.sort_values("share", ascending=False, kind="stable").iloc[0]
    by_cost = known_rows.sort_values("cost", ascending=False, kind="stable").iloc[0]
    free = by_tonnes["free"]
    uncapped = f"; {tonnes(float(free))} in the uncapped plan" if known(free) else ""
    return (
        Headline(
            "Most tonnes short",
            word(by_tonnes["lost"]),
            f"{tonnes(float(by_tonnes['short']))} short on top of the agreed plan{uncapped}.",
        ),
        Headline(
            "Largest part of a mineral short",
            percent(by_share["share"]) or "none",
            f"{word(by_share['mineral'])}, where {word(by_share['lost'])} is lost."
            if known(by_share["share"]) and by_share["share"] > 0
            else "no loss leaves any mineral short.",
        ),
        Headline(
            "Dearest loss, shortage priced",
            money(float(by_cost["cost"]) * _MILLION, currency)
            if known(by_cost["cost"])
            else "none",
            f"{word(by_cost['lost'])}; losses are taken one at a time.",
        ),
    )


def _heat_map(tables: Tables) -> Part | None:
    if _MAP not in tables:
        return None
    sheet = tables.sheets[_MAP]
    minerals = [str(h) for h in sheet.columns if h not in {"Lost", "What"}]
    names = names_of(sheet)
    values = [blank(row) for row in sheet[minerals].to_numpy(dtype=object)]
    drawn = values[:_MOST]
    worst = largest_cell(names, minerals, values)
    more = len(values) - len(drawn)
    alt = f"A map of {len(drawn)} losses and {len(minerals)} minerals. " + (
        f"The most is short of {worst[2]} where {worst[1]} is lost: {percent(worst[0])} of its "
        "demand."
        if worst
        else "No loss touches any mineral."
    )
    title = "Part of demand short on top of the agreed plan"
    if more:
        title += f": the worst {len(drawn)} of {len(values)} losses"
    plot = Plot(title, heat(names[:_MOST], minerals, drawn, what="short"), alt,
                100 + 26 * len(drawn), heat_width(minerals))  # fmt: skip
    columns: dict[str, Iterable[object]] = {"Lost": names}
    columns |= {m: [row[i] for row in values] for i, m in enumerate(minerals)}
    return Part(
        "heat-map",
        "What each loss leaves short",
        "Losses in rows, the worst on top; minerals in columns. Blank: none of the mineral comes "
        "from there.",
        {(): View((plot,), facts(columns, dict.fromkeys(minerals, "share")))},
    )


def names_of(sheet: pd.DataFrame) -> list[str]:
    """Return what is lost; a refiner that is named as another row is says that it is one."""
    lost = [word(v) for v in sheet["Lost"]]
    what = [word(v) for v in sheet["What"]] if "What" in sheet else [""] * len(lost)
    return [
        f"{name} ({kind})" if kind and lost.count(name) > 1 else name
        for name, kind in zip(lost, what, strict=True)
    ]


def _worst(table: pd.DataFrame, currency: str) -> Part | None:
    of = table[pd.to_numeric(table["cost"], errors="coerce").notna()]
    if of.empty:
        return None
    named = names_of(of.rename(columns={"lost": "Lost", "what": "What"}))
    dearest = of.assign(name=named).sort_values("cost", ascending=False, kind="stable")
    dearest = dearest.head(_MOST_BARS)
    names = [str(n) for n in dearest["name"]]
    values, unit = scaled(blank(dearest["cost"]), currency)
    series = [Series("Extra cost with shortage", Role.PLAN, values)]
    plot = Plot(
        f"Extra cost with shortage priced ({unit})",
        rows(names, series, axis=unit, shares=False),
        f"Bars of the {len(names)} dearest losses. {names[0]} costs {number(values[0])} "
        f"{unit} with shortage priced.",
        110 + 28 * len(names),
    )
    columns: dict[str, Iterable[object]] = {
        "Lost": named,
        "Lost (t)": of["tonnes"],
        "Replaced (t)": of["replaced"],
        "Short, capped plan (t)": of["short"],
        "Short, uncapped plan (t)": of["free"],
        "Worst mineral": of["mineral"],
        "Share short of it": of["share"],
        "Time to survive (days)": of["days"],
        f"Extra cost with shortage ({currency} m)": of["cost"],
    }
    return Part(
        "losses",
        "What each loss costs",
        "Against the agreed plan by the same rules with nothing lost.",
        {(): View((plot,), facts(columns, {"Share short of it": "share"}))},
    )
