"""The frontier of a sweep: what each step of a knob costs, and what it leaves short."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from planner.render import palette
from planner.render.chart import Role, Series
from planner.render.plotly import Scale, lines
from planner.render.text import word
from planner.render.words import known, money, number, percent, scale, tonnes
from planner.report.part import Block, Choice, Headline, Part, Plot, Selector, View
from planner.report.studies.tables import Tables, blank, facts, in_order

_SHEET, _ALL, _CAP = "Frontier", "all", "Cap"


def sweep(tables: Tables) -> tuple[tuple[Headline, ...], tuple[Part, ...]]:
    """Return the headlines and the parts of a sweep's report."""
    is_cap = bool(tables.header(_SHEET, _CAP))
    named = tables.part(_SHEET, knob="Knob")["knob"]
    knob = _CAP if is_cap else word(named.iloc[0])
    table = tables.part(
        _SHEET, at=_CAP if is_cap else "Value", mineral="Mineral", cash="Cash cost",
        objective="Total cost", short="Short", served="Served share",
        share="Largest country share", country="Largest country",
    )  # fmt: skip
    table = table[pd.to_numeric(table["at"], errors="coerce").notna()]
    currency = tables.unit(_SHEET, "Cash cost")
    every = table[(table["mineral"] == _ALL) & table["objective"].notna()]
    return _headlines(tables, every, knob, currency), _parts(tables, table, knob, currency)


def _headlines(
    tables: Tables, every: pd.DataFrame, knob: str, currency: str
) -> tuple[Headline, ...]:
    if every.empty:
        return (Headline("Points", "none", "no point has a proven plan."),)
    first, last = every.iloc[0], every.iloc[-1]
    ends = f"{knob} from {percent(first['at'])} to {percent(last['at'])}"
    cost = last["objective"] - first["objective"]
    found = [
        Headline(
            "Total cost, from end to end",
            f"{'+' if cost > 0 else ''}{money(float(cost), currency)}"
            if known(cost)
            else "unknown",
            f"{ends}; discounted, shortage and penalties included.",
        ),
        Headline(
            f"Demand served at {percent(last['at'])}",
            percent(last["served"], 2) or "unknown",
            f"{tonnes(float(last['short']))} are short; at {percent(first['at'])} "
            f"{percent(first['served'], 2)} is served.",
        ),
    ]
    smallest = _smallest(tables)
    if smallest is not None:
        found.append(smallest)
    return tuple(found)


def _smallest(tables: Tables) -> Headline | None:
    """Return the smallest cap that costs no tonne, of all minerals, beside the first share."""
    table = tables.part(
        "Smallest caps", mineral="Mineral", cap="Smallest cap", free="Largest country without caps",
        share="Its share without caps",
    )  # fmt: skip
    row = table[table["mineral"] == _ALL]
    if row.empty or not known(row.iloc[0]["cap"]):
        return None
    at = row.iloc[0]
    return Headline(
        "Smallest cap that costs no tonne",
        percent(at["cap"]),
        f"all minerals under one cap; without caps {word(at['free'])} has {percent(at['share'])}"
        f"{_beyond(at['share'])}.",
    )


def _beyond(share: object) -> str:
    """Return what a reader who stumbles over more than the whole has to know."""
    return " (beyond 100 % is bought for stock)" if known(share) and share > 1 else ""


def _parts(tables: Tables, table: pd.DataFrame, knob: str, currency: str) -> tuple[Part, ...]:
    minerals = in_order(table["mineral"])
    if not minerals:
        return ()
    views: dict[Choice, View] = {
        (i,): _view(table[table["mineral"] == mineral], mineral, knob, currency)
        for i, mineral in enumerate(minerals)
    }
    options = tuple("All minerals" if m == _ALL else m for m in minerals)
    part = Part(
        "frontier",
        f"The frontier: cost and shortage by {knob[:1].lower()}{knob[1:]}",
        "Each mark is a plan of its own, proven optimal. Total cost counts shortage at its price; "
        "cash cost is what is paid, and falls where tonnes are not bought.",
        views,
        (Selector("Mineral", options),),
        small=True,
        blocks=_caps(tables),
    )
    return (part,)


def _view(of: pd.DataFrame, mineral: str, knob: str, currency: str) -> View:
    name = "all minerals" if mineral == _ALL else mineral
    at = [float(v) for v in of["at"]]
    falling = len(at) > 1 and at[0] > at[-1]
    size, unit = scale(max((abs(v) for v in blank(of["objective"]) if v), default=0.0), currency)
    total = [v if v is None else v / size for v in blank(of["objective"])]
    cash = [v if v is None else v / size for v in blank(of["cash"])]
    short = [v if v is None else 1.0 - v for v in blank(of["served"])]
    short = [v if v is None or v > 1e-9 else 0.0 for v in short]  # noqa: PLR2004 - a solver's dust
    largest = blank(of["share"])
    over = Scale(at, knob, ".0%", falling)
    cost = lines(
        over,
        [
            Series("Total cost", Role.PLAN, total),
            Series("Cash cost", Role.ONE_OF_MANY, cash, palette.ORANGE),
        ],
        axis=unit,
        look=",",
    )
    cost.update_yaxes(rangemode="normal")
    short_line = [Series("Short", Role.SHORT, short)]
    lacking = lines(over, short_line, axis="Part of demand short", look=".1%")
    held = [Series("Largest country", Role.PLAN, largest, hints=[word(c) for c in of["country"]])]
    if knob == _CAP:
        held.append(Series("Cap", Role.LIMIT, at))
    shares = lines(over, held, axis="Share of one country", look=".0%")
    ends = f"from {percent(at[0])} to {percent(at[-1])}"
    plots = (
        Plot(
            f"Cost, {name} ({unit})", cost,
            f"Lines of cost, {name}, {ends}: total cost from {_first(total)} to {_last(total)} "
            f"{unit}, cash cost from {_first(cash)} to {_last(cash)}.",
        ),
        Plot(
            f"Part of demand that is short, {name}", lacking,
            f"A line of shortage, {name}, {ends}: from {percent(short[0])} to "
            f"{percent(short[-1])} of demand.",
        ),
        Plot(
            f"Largest share of one country, {name}", shares,
            f"A line of the largest country's share, {name}, {ends}: from {percent(largest[0])} to "
            f"{percent(largest[-1])}.",
        ),
    )  # fmt: skip
    columns: dict[str, Iterable[object]] = {
        knob: at,
        f"Total cost ({unit})": total,
        f"Cash cost ({unit})": cash,
        "Short (t)": list(of["short"]),
        "Part of demand short": short,
        "Largest country": list(of["country"]),
        "Its share": largest,
    }
    looks = dict.fromkeys((knob, "Part of demand short", "Its share"), "share")
    return View(plots, facts(columns, looks))


def _first(values: list[float | None]) -> str:
    return number(values[0]) or "unknown"


def _last(values: list[float | None]) -> str:
    return number(values[-1]) or "unknown"


def _caps(tables: Tables) -> tuple[Block, ...]:
    """Return the smallest caps by mineral."""
    table = tables.part(
        "Smallest caps", mineral="Mineral", cap="Smallest cap",
        costs="First point that costs tonnes", short="Short by the cap there",
        free="Largest country without caps", share="Its share without caps",
    )  # fmt: skip
    if table.empty:
        return ()
    numbers = facts(
        {
            "Mineral": ["all minerals" if m == _ALL else m for m in table["mineral"]],
            "Smallest cap": table["cap"],
            "First cap here that costs tonnes": table["costs"],
            "Short by the cap there (t)": table["short"],
            "Largest country without caps": table["free"],
            "Its share": table["share"],
        },
        {
            "Smallest cap": "share",
            "First cap here that costs tonnes": "share",
            "Its share": "share",
        },
    )
    more = any(_beyond(share) for share in table["share"])
    note = "Shares are of demand: beyond 100 % is bought for stock." if more else ""
    return (Block("The smallest caps that cost no tonne of supply", numbers, note),)
