"""The findings, charts and report of a study of risks, made from its tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import partial

from models import tolerances
from models.results import Format
from planner.render import chart
from planner.render.chart import Form, Picture, Role, Series, series_values, shortened
from planner.render.claims import Sentence, collect_sentences, say
from planner.render.words import known, number_of, unit_scale
from planner.studies.delays import costliest_delay
from planner.studies.draws import AS_AGREED
from planner.studies.kind import Tables
from planner.studies.risk_tables import COST, MORE, PLANS, Draws, Events, Measures, RiskByMineral
from planner.studies.spread import step_counts

LEFT_OUT = "Left out of the total cost"
"""The row of About with the plan's penalty that this study does not count."""

# ---- charts --------------------------------------------------------------------------------------

_BARS = 24
"""Approximate number of columns of a histogram."""
_TAIL_RANGES = 4.0
"""The last column of a histogram has all draws that are further above the third quartile than this
many interquartile ranges."""


def _histogram(tables: Tables, measure: str, title: str, currency: str) -> Picture | None:
    draws = tables[Draws].data
    columns = (draws[f"{measure}_{plan.key}"] for plan in PLANS.values())
    samples = [[float(v) for v in column if known(v)] for column in columns]
    every = sorted(v for sample in samples for v in sample)
    if not every:
        return None
    quarter, three, end = every[len(every) // 4], every[(3 * len(every)) // 4], every[-1]
    if three > quarter:
        end = min(end, three + _TAIL_RANGES * (three - quarter))
    edges = _edges(every[0], end)
    size, unit = 0.01, "% of need"
    if currency:
        size, unit = unit_scale(max(abs(e) for e in edges), currency)
    digits = chart.decimals((edges[1] - edges[0]) / size)
    labels = [f"{low / size:z,.{digits}f}" for low in edges[:-1]]
    last = ""
    if every[-1] >= edges[-1]:
        labels[-1] += "+"
        in_last = sum(v >= edges[-2] for v in max(filter(None, samples), key=max))
        last = f"; last bar: {number_of(in_last, 'draw')}, up to {every[-1] / size:z,.{digits}f}"
    title += f", {tables.years}: {max(map(len, samples)):,} draws"
    series = _series_of_plans(step_counts(sample, edges) for sample in samples)
    across = f"{unit}, lower end of each bar{last}"
    return Picture(title, Form.COUNTS, tuple(labels), series, "draws", across, Format.COUNT)


def _series_of_plans(values: Iterable[Iterable[float | None]]) -> tuple[Series, ...]:
    pairs = zip(PLANS.items(), values, strict=True)
    return tuple(Series(name, plan.role, tuple(each)) for (name, plan), each in pairs)


def _edges(low: float, high: float) -> list[float]:
    """Return round edges of steps from ``low`` to ``high``; one step if these are the same."""
    span = high - low
    if span <= max(abs(low), abs(high)) * 1e-9:
        span = max(abs(low), abs(high)) * 0.02 or 1.0
    step = chart.round_step(span / _BARS, (1.0, 2.0, 2.5, 5.0, 10.0))
    first, last = math.floor(low / step + 1e-9), math.floor(high / step + 1e-9) + 1
    return [round(i * step, 12) for i in range(first, last + 1)]


def _short_by_mineral(tables: Tables) -> Picture | None:
    rows = tables[RiskByMineral].frame()
    if not (rows["share"].fillna(0.0) > 0).any():
        return None
    rows["No event"] = (rows["base"] / rows["demand"]).where(rows["demand"] > 0, 0.0)
    columns = [("No event", Role.OTHER, AS_AGREED, "No event")]
    columns += [(f"{name}, on average", plan.role, name, "share") for name, plan in PLANS.items()]
    names = tuple(shortened(name) for name in dict.fromkeys(rows["mineral"]))
    series = tuple(
        Series(name, role, series_values(100.0 * rows[rows["plan"] == plan][column].astype(float)))
        for name, role, plan, column in columns
    )
    title = f"Missing share of need by mineral, {tables.years}"
    fmt = Format.DAYS  # a decimal: an axis of shares would reach to 100 %
    return Picture(title, Form.GROUPED, names, series, "% of need", "", fmt)


def pictures(tables: Tables) -> tuple[Picture, ...]:
    """Return the charts of the study."""
    costs = _histogram(tables, "cost", COST, tables[Draws].words["money"])
    shares = _histogram(tables, "share", "Missing share of need", "")
    return chart.drawn(_short_by_mineral(tables), shares, costs)


# ---- findings ------------------------------------------------------------------------------------


def findings(tables: Tables) -> tuple[Sentence, ...]:
    """Return the sentences of the first page."""
    if not any(map(known, tables[Draws].cost_agreed)):
        return (say("answer", "The draws have not been planned, so there is no result."),)
    every = (
        _hardest_hit_sentence,
        _chance_of_more,
        _spared_by_calm,
        _likeliest,
        costliest_delay,
        _warnings,
    )
    return collect_sentences(*(partial(make, tables) for make in every))


def _hardest_hit_sentence(tables: Tables) -> Iterator[Sentence]:
    """Yield the mineral of which events leave most further missing in the agreed plan."""
    t, rows = RiskByMineral, tables.sheet(RiskByMineral).where(plan=AS_AGREED)
    most = rows.largest(t.further)
    if most.number <= tolerances.MISSING_PART:
        none = rows.none(t.further, ">", tolerances.MISSING_PART)
        yield say(
            "answer", "On average, no mineral is further missing than without events.", none=none
        )
        return
    row = rows.where(mineral=most["mineral"])
    text = (
        "Events hit {top[mineral]} hardest: on average {top} of its need is further missing than"
        " without events, so that {mean} is missing."
    )
    yield say("answer", text, top=most, mean=row.value(t.share))


def _chance_of_more(tables: Tables) -> Iterator[Sentence]:
    """Yield in how many draws some mineral is shorter than without events."""
    chance_of_it = tables.sheet(Measures).where(measure=MORE, plan=AS_AGREED).value(Measures.mean)
    text = "In {part} % of draws, some mineral is further missing than without events."
    yield say("answer", text, part=chance_of_it)


def _spared_by_calm(tables: Tables) -> Iterator[Sentence]:
    t, rows = RiskByMineral, tables.sheet(RiskByMineral).where(plan=AS_AGREED)
    spared = rows.count(t.further, "<=", tolerances.MISSING_PART)
    if spared.number:
        text = "Minerals not further missing than without events, on average: {count}."
        yield say("figure", text, name="Minerals unaffected", large="count", count=spared)


def _likeliest(tables: Tables) -> Iterator[Sentence]:
    """Yield the most probable event."""
    t, most = Events, tables.sheet(Events).largest(Events.probability)
    text = "Most probable is {top[event]}: it begins with a probability of {top} in a year."
    yield say("figure", text, name=t.probability.header, large="top", top=most)


def _warnings(tables: Tables) -> Iterator[Sentence]:
    yield say("care", "The coalition keeps the agreed plan. After an event each supplier can sell"
                      " the agreed tonnes and a surge.")  # fmt: skip
    if tables.option(LEFT_OUT):
        penalty = tables.asked(LEFT_OUT)
        yield say("care", f"{LEFT_OUT}: {{left}}.", left=penalty)
