"""The sheets of a risk study: what chance makes of cost and shortage, and who bears it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from models.results.field import Look
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.table import Cell, Column, Table, column

RISK, BY_MINERAL, BY_MEMBER = "Risk", "Risk by mineral", "Risk by member"
EVENTS, DRAWS = "Events", "Draws"

_MILLION = 1e6
_LOOKS = {"money": Look.MILLIONS, "t": Look.TONNES, "share": Look.PRICE, "chance": Look.PRICE}
"""How a measure's cells look; percent as numbers, whose errors have more digits than a share's."""
_SCALES = {"money": 1.0 / _MILLION, "t": 1.0, "share": 100.0, "chance": 100.0}
_BARS = 24
"""Columns of a histogram, about."""
_APART = 1.96
"""Standard errors from 0 that 95 of 100 figures stay within where there is nothing but chance."""
_WHICH = {
    (True, True): "cost and shortage",
    (True, False): "cost alone",
    (False, True): "shortage alone",
    (False, False): "neither",
}
_FAR = 4.0
"""Draws this many times the middle half's span above it share the last column of a histogram."""
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Drawn:
    """A risk study as its sheets take it.

    ``plans`` name the agreed plan and the one made anew; the tables have the columns that the study
    gives them, ``horizon`` is the years in words.
    """

    plans: tuple[str, str]
    measures: pd.DataFrame
    minerals: pd.DataFrame
    members: pd.DataFrame
    events: pd.DataFrame
    draws: pd.DataFrame
    currency: str
    horizon: str


def risk_tables(drawn: Drawn) -> list[Table]:
    """Return the sheets of a risk study, the summary first."""
    return [
        summary(drawn),
        shortages(BY_MINERAL, drawn.minerals),
        shortages(BY_MEMBER, drawn.members),
        events(drawn),
        draws(drawn),
    ]


def summary(drawn: Drawn) -> Table:
    """One row a measure and plan: mean, percentiles and tail, each with how sure it is."""
    rows = drawn.measures
    kinds = rows["kind"].tolist()
    units = {
        "money": f"{drawn.currency} m",
        "t": "t",
        "share": "% of demand",
        "chance": "% of draws",
    }
    headers = {
        "base": "No event",
        "mean": "Mean",
        "error": "Standard error of the mean",
        "low": "5th percentile",
        "middle": "Median",
        "high": "95th percentile",
        "high_from": "95 % interval, from",
        "high_to": "95 % interval, to",
        "tail": "Mean of the worst 5 % (CVaR 95)",
        "tail_error": "Standard error of CVaR",
    }
    return Table(
        RISK,
        (
            column("Measure", Look.TEXT, rows["measure"]),
            column("Plan", Look.TEXT, rows["plan"]),
            column("Unit", Look.TEXT, [units[kind] for kind in kinds]),
            *(_mixed(header, rows[name], kinds) for name, header in headers.items()),
            column("The interval is of", Look.TEXT, [_interval(kind) for kind in kinds]),
        ),
        filtered=False,
    )


def _interval(kind: str) -> str:
    return "the probability" if kind == "chance" else "the 95th percentile"


def _mixed(header: str, values: pd.Series, kinds: Sequence[str]) -> Column:
    """Return a column whose cells look as their measure does; money in millions, shares in %."""
    cells: list[Cell] = []
    for value, kind in zip(values.tolist(), kinds, strict=True):
        known = value is not None and math.isfinite(value)
        cells.append(float(value) * _SCALES[kind] if known else None)
    return Column(header, Look.SHARE, cells, [_LOOKS[kind] for kind in kinds])


def shortages(name: str, rows: pd.DataFrame) -> Table:
    """One row a mineral, or mineral and member, and plan: how likely it is short, and how much."""
    whose = [column("Member", Look.TEXT, rows["member"])] if name == BY_MEMBER else []
    return Table(
        name,
        (
            column("Mineral", Look.TEXT, rows["mineral"]),
            *whose,
            column("Plan", Look.TEXT, rows["plan"]),
            column("Demand (t)", Look.TONNES, rows["demand"]),
            column("Short without events (t)", Look.TONNES, rows["base"]),
            column("Chance of being short", Look.SHARE, rows["short"]),
            column("Chance of being shorter than without events", Look.SHARE, rows["more"]),
            column("Its 95 % interval, from", Look.SHARE, rows["least"]),
            column("Its 95 % interval, to", Look.SHARE, rows["most"]),
            column("Expected short (t)", Look.TONNES, rows["mean"]),
            column("Standard error (t)", Look.TONNES, rows["error"]),
            column("Expected share short", Look.SHARE, rows["share"]),
            column("Median short (t)", Look.TONNES, rows["middle"]),
            column("95th percentile (t)", Look.TONNES, rows["high"]),
            column("CVaR 95 (t)", Look.TONNES, rows["tail"]),
        ),
        heat=("Expected share short",),
    )


def events(drawn: Drawn) -> Table:
    """One row an event: how often it was drawn, and what a year of it adds to each plan."""
    rows, money = drawn.events, drawn.currency
    found = []
    for key, plan in zip(("agreed", "anew"), drawn.plans, strict=True):
        said = plan[:1].lower() + plan[1:]
        cost, cost_error = (rows[f"{n}_{key}"] / _MILLION for n in ("cost", "cost_error"))
        found += [
            column(f"A year adds, {said} ({money} m)", Look.MILLIONS, cost),
            column(f"Standard error ({money} m), {said}", Look.MILLIONS, cost_error),
            column(f"A year adds short, {said} (t)", Look.TONNES, rows[f"short_{key}"]),
            column(f"Standard error (t), {said}", Look.TONNES, rows[f"short_error_{key}"]),
            _apart(f"Distinguishable from 0, {said}", rows, key),
        ]
    return Table(
        EVENTS,
        (
            column("Event", Look.TEXT, rows["event"]),
            column("Yearly probability", Look.SHARE, rows["probability"]),
            column("Duration (yr)", Look.COUNT, rows["duration"]),
            column("Draws with it", Look.SHARE, rows["drawn"]),
            column("Years a draw", Look.DAYS, rows["years"]),
            *found,
        ),
        filtered=False,
    )


def _apart(header: str, rows: pd.DataFrame, key: str) -> Column:
    """Say which of a plan's two figures are too far from 0, against their errors, to be chance."""
    seen = [
        rows[f"{name}_{key}"].abs() > _APART * rows[f"{name}_error_{key}"]
        for name in ("cost", "short")
    ]
    known = rows[f"cost_error_{key}"].notna()
    return column(
        header,
        Look.TEXT,
        [
            _WHICH[bool(cost), bool(short)] if told else ""
            for cost, short, told in zip(*seen, known, strict=True)
        ],
    )


def draws(drawn: Drawn) -> Table:
    """One row a draw: what happens, and what each plan comes to."""
    rows, money = drawn.draws, drawn.currency
    found = []
    for key, plan in zip(("agreed", "anew"), drawn.plans, strict=True):
        said = plan[:1].lower() + plan[1:]
        found += [
            column(f"Total cost, {said} ({money} m)", Look.MILLIONS, rows[f"cost_{key}"] / 1e6),
            column(f"Cash cost, {said} ({money} m)", Look.MILLIONS, rows[f"cash_{key}"] / 1e6),
            column(f"Short, {said} (t)", Look.TONNES, rows[f"short_{key}"]),
            column(f"Share short, {said}", Look.SHARE, rows[f"share_{key}"]),
        ]
    return Table(
        DRAWS,
        (
            column("Draw", Look.COUNT, rows["draw"]),
            *found,
            column("Events", Look.REMARK, [told or "no event" for told in rows["events"]]),
        ),
    )


# ---- charts ------------------------------------------------------------------------------------


def risk_pictures(drawn: Drawn) -> list[Picture]:
    """Return the histograms of cost and shortage, and what each mineral is expected to be short."""
    found = [
        _histogram(drawn, "cost", f"Total cost, {drawn.horizon}", drawn.currency),
        _histogram(drawn, "share", f"Share of demand short, {drawn.horizon}", ""),
        _by_mineral(drawn),
    ]
    return [picture for picture in found if picture is not None]


def _histogram(drawn: Drawn, name: str, title: str, currency: str) -> Picture | None:
    """Return how many draws fall into each step of a quantity, of both plans; None of no draw."""
    samples = [drawn.draws[f"{name}_{key}"].dropna().tolist() for key in ("agreed", "anew")]
    every = sorted(float(v) for sample in samples for v in sample)
    if not every:
        return None
    edges = _edges(every[0], _end(every))
    scale, unit = _scale(max(abs(e) for e in edges), currency)
    digits = _decimals((edges[1] - edges[0]) / scale)
    labels: list[Cell] = [f"{low / scale:,.{digits}f}" for low in edges[:-1]]
    open_ended = every[-1] >= edges[-1]
    if open_ended:
        labels[-1] = f"{labels[-1]}+"
    series = [
        Series(plan, role, tuple(_counts(sample, edges)))
        for plan, role, sample in zip(drawn.plans, (Role.PLAN, Role.ANEW), samples, strict=True)
    ]
    count = max(len(sample) for sample in samples)
    return Picture(
        title=f"{title}: {count:,} draws",
        form=Form.COUNTS,
        categories=tuple(labels),
        series=tuple(series),
        axis="draws",
        across=f"{unit}, from this to the next{'; the last: this and more' if open_ended else ''}",
        look=Look.COUNT,
    )


def _by_mineral(drawn: Drawn) -> Picture | None:
    """Return what part of demand each mineral is short: without events, and expected with them."""
    rows = drawn.minerals
    names = list(dict.fromkeys(rows["mineral"]))
    plans = [rows[rows["plan"] == plan] for plan in drawn.plans]
    if not names or not (rows["share"].fillna(0.0) > 0).any():
        return None
    base = [of / need if need > 0 else 0.0 for of, need in plans[0][["base", "demand"]].to_numpy()]
    shares = [base, *(plan["share"].tolist() for plan in plans)]
    heads = ("No event", *(f"{plan}, expected" for plan in drawn.plans))
    roles = (Role.OTHER, Role.PLAN, Role.ANEW)
    return Picture(
        title=f"Share of demand short by mineral, {drawn.horizon}",
        form=Form.GROUPED,
        categories=tuple(short(name) for name in names),
        series=tuple(
            Series(head, role, tuple(None if math.isnan(v) else 100.0 * v for v in of))
            for head, role, of in zip(heads, roles, shares, strict=True)
        ),
        axis="% of demand",
        across="",
        look=Look.DAYS,  # a decimal: an axis of shares would reach to 100 %
    )


def _end(every: Sequence[float]) -> float:
    """Return up to where steps of their own are worth it: a long tail goes into the last one."""
    quarter, three = every[len(every) // 4], every[(3 * len(every)) // 4]
    far = three + _FAR * (three - quarter)
    return min(every[-1], far) if three > quarter else every[-1]


def _edges(low: float, high: float) -> list[float]:
    """Return round edges of steps that hold two numbers; one step where they are the same."""
    span = high - low
    if span <= max(abs(low), abs(high)) * 1e-9:
        span = max(abs(low), abs(high)) * 0.02 or 1.0
    tenth = 10.0 ** math.floor(math.log10(span / _BARS))
    step = next(f * tenth for f in _ROUND if f * tenth >= span / _BARS * (1.0 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.floor(high / step + 1e-9) + 1
    return [round(i * step, 12) for i in range(first, last + 1)]


def _counts(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    """Return how many values lie in each step, its lower edge included."""
    step = edges[1] - edges[0]
    found = [0.0] * (len(edges) - 1)
    for value in values:
        at = math.floor((value - edges[0]) / step + 1e-9)
        found[min(max(at, 0), len(found) - 1)] += 1
    return found


def _scale(largest: float, currency: str) -> tuple[float, str]:
    """Return what the labels of a quantity are divided by, and their unit."""
    if not currency:
        return 0.01, "% of demand"
    for size, word in ((1e9, "bn"), (1e6, "m")):
        if largest >= size:
            return size, f"{currency} {word}"
    return 1.0, currency


def _decimals(step: float) -> int:
    """Return the decimals that steps of a size need."""
    return next((d for d in range(8) if abs(round(step, d) - step) < step * 1e-6), 8)
