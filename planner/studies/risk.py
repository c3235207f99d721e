"""Risk: what a plan costs and leaves short when events strike by chance.

What is drawn and planned stands in ``draws``; here are the tables that come of it, and the finding,
the charts and the lines that are made of these tables alone. Percentages of the sheet Risk are
numbers, whose errors have more digits than a share's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import numpy as np

from models import errors, schema, units
from models.measures import part
from models.resolve import Bools, Floats
from models.results import Colour, Field, Look, Result, common, field
from models.results import Figure as Total
from planner.options import IntegerOption, Share
from planner.render.chart import Form, Picture, Role, Series, decimals, numbers, round_step, short
from planner.render.table import Record, records
from planner.render.words import (
    known,
    money,
    number_of,
    plain,
    scale,
    scaled,
    share,
    tariff_words,
    word,
)
from planner.scenarios.events import events
from planner.sheets.estimates import estimates
from planner.sheets.findings import number_short, shortages
from planner.studies.draws import AGREED, ANEW, Chances, Risk, Sample, risk
from planner.studies.engine import Tell
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.spread import Chance, added, chance, spread

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

R = TypeVar("R", bound=Result)


class PlanLabel(NamedTuple):
    """One of the two plans of a draw: how headers and columns call it, and its colour."""

    header: str
    key: str
    role: Role


PLANS = {
    AGREED: PlanLabel("as agreed", "agreed", Role.PLAN),
    ANEW: PlanLabel("re-planned", "anew", Role.ANEW),
}


class Format(NamedTuple):
    """How a measure is shown: unit, look and scale on the sheet; on the terminal; in JSON."""

    unit: str
    look: Look
    scale: float
    form: str
    line: str = ""
    key: str = ""


COST, CASH, SHORTAGE = Total.TOTAL_COST.value, Total.CASH_COST.value, Total.SHORTAGE.value
SHARE, MORE = f"{SHORTAGE}, share of demand", "Any shortage beyond the base's"
_FORMATS = {
    COST: Format("{money} m", Look.MILLIONS, 1e-6, ",.0f", key="objective_usd"),
    CASH: Format("{money} m", Look.MILLIONS, 1e-6, ",.0f", key="cash_usd"),
    SHORTAGE: Format("t", Look.TONNES, 1.0, ",.0f", key="shortage_t"),
    SHARE: Format(
        "% of demand", Look.PRICE, 100.0, ".2f", "  share of demand", key="shortage_share"
    ),
    MORE: Format("% of draws", Look.PRICE, 100.0, ".1f", "Shorter than no event"),
}

_NOW = "Discounted."
_BY_CHANCE = " A figure within two standard errors of 0, either sign, may be chance alone."
_PLAN = field.text("Plan")


class Measures(Result):
    """One row a measure and plan: mean, percentiles and tail, each with how sure it is."""

    TABLE, GRAIN, BOOK, FILTERED = "Risk", ("measure", "plan"), "risk", False

    measure = common.MEASURE.like(look=Look.TEXT)
    plan = _PLAN
    unit = common.UNIT.like(meaning="")
    base = field.share("No event")
    mean = field.share("Mean")
    error = field.share("Standard error of the mean", key="standard_error")
    low = field.share("5th percentile", key="p5")
    middle = field.share("Median", key="p50")
    high = field.share("95th percentile", key="p95")
    high_from = field.share("95 % interval, from", key="p95_from")
    high_to = field.share("95 % interval, to", key="p95_to")
    tail = field.share("Mean of the worst 5 % (CVaR 95)", key="cvar95")
    tail_error = field.share("Standard error of CVaR", key="cvar95_standard_error")
    interval = field.text("The interval is of")


class _Shortages(Result):
    """One row a plan and who may be short: how likely, and how much."""

    mineral = common.MINERAL
    member = common.MEMBER.like(optional=True)
    plan = _PLAN
    demand = common.DEMAND.like(key="demand_t")
    base = field.tonnes("Short without events", key="base_t")
    short = field.share("Chance of being short", key="chance_short")
    more = field.share(
        "Chance of being shorter than without events", key="chance_shorter_than_base"
    )
    least = field.share("Its 95 % interval, from")
    most = field.share("Its 95 % interval, to")
    mean = field.tonnes("Expected short", key="expected_t")
    error = field.tonnes("Standard error", key="standard_error_t")
    share = field.share("Expected share short", key="expected_share", colour=Colour.HEAT)
    middle = field.tonnes("Median short", key="p50_t")
    high = field.tonnes("95th percentile", key="p95_t")
    tail = field.tonnes("CVaR 95", key="cvar95_t")


class RiskByMineral(_Shortages):
    """One row a mineral and plan: how likely the coalition is short, and how much."""

    TABLE, GRAIN, BOOK = "Risk by mineral", ("mineral", "plan"), "risk"


class ByMember(_Shortages):
    """One row a mineral, a member with demand for it, and plan: how likely it is short."""

    TABLE, GRAIN, BOOK = "Risk by member", ("mineral", "member", "plan"), "risk"

    member = common.MEMBER


def _adds(plan: str, cost: str, tonnes: str) -> tuple[Field, Field, Field, Field, Field]:
    """Declare what a year of an event adds to a plan, and how sure that is."""
    header = PLANS[plan].header
    path = f"a_year_adds.{header.replace(' ', '_').replace('-', '_')}"
    million = Field.millions("")
    return (
        million.like(
            header=f"A year adds, {header}",
            meaning=f"{cost} {_NOW}{_BY_CHANCE}",
            key=f"{path}.cost_usd",
        ),
        million.like(
            header=f"Standard error ({{money}} m), {header}",
            meaning=_NOW,
            unit="",
            key=f"{path}.cost_standard_error_usd",
        ),
        field.tonnes(f"A year adds short, {header}", tonnes + _BY_CHANCE, key=f"{path}.short_t"),
        field(f"Standard error (t), {header}", Look.TONNES, key=f"{path}.short_standard_error_t"),
        field.text(
            f"Distinguishable from 0, {header}",
            "Which of the two figures lies more than 1.96 standard errors from 0. The others are"
            " not distinguishable from 0: more draws, or more years of the event in them, would"
            " tell.",
        ),
    )


class Events(Result):
    """One row an event: how often it was drawn, and what a year of it adds to each plan."""

    TABLE, GRAIN, BOOK, FILTERED = "Events", ("event",), "risk", False

    event = field.text("Event")
    probability = field.share("Yearly probability", key="yearly_probability")
    duration = field("Duration", Look.COUNT, unit="yr", key="duration_yr")
    drawn = field.share("Draws with it", key="share_of_draws")
    years = field("Years a draw", Look.DAYS, key="years_per_draw")
    cost_agreed, cost_error_agreed, short_agreed, short_error_agreed, apart_agreed = _adds(
        AGREED,
        "What a year of the event adds to total cost, from how draws with more and fewer such years"
        " differ.",
        "What a year of the event adds to shortage.",
    )
    cost_anew, cost_error_anew, short_anew, short_error_anew, apart_anew = _adds(
        ANEW, "The same of the plan made anew.", "The same of the plan made anew."
    )


def _comes_to(plan: str) -> tuple[Field, Field, Field, Field]:
    """Declare what a plan comes to in a draw."""
    header = PLANS[plan].header
    return (
        field.millions(f"Total cost, {header}", _NOW),
        field.millions(f"Cash cost, {header}", common.UNDISCOUNTED),
        field.tonnes(f"Short, {header}"),
        field.share(f"Share short, {header}"),
    )


class Draws(Result):
    """One row a draw: what happens, and what each plan comes to."""

    TABLE, GRAIN, BOOK = "Draws", ("draw",), "risk"

    draw = field("Draw", Look.COUNT)
    cost_agreed, cash_agreed, short_agreed, share_agreed = _comes_to(AGREED)
    cost_anew, cash_anew, short_anew, share_anew = _comes_to(ANEW)
    events = field("Events", Look.REMARK)


# ---- the tables, of what was drawn ---------------------------------------------------------------
#
# Amounts are in t of contained metal over all years; NaN: not known.

Row = dict[str, object]
_APART = 1.96
"""Standard errors from 0 that 95 of 100 figures stay within where there is nothing but chance."""
_WHICH = {
    (True, True): "cost and shortage",
    (True, False): "cost alone",
    (False, True): "shortage alone",
    (False, False): "neither",
}


def _amounts(cost: Any, cash: Any, short: Any, demand: float) -> dict[str, Any]:
    share = short / demand if demand > 0 else np.zeros_like(short)
    return {COST: cost, CASH: cash, SHORTAGE: short, SHARE: share}


def _of_draws(risk: Risk, sample: Sample) -> dict[str, Floats]:
    short, demand = sample.short.sum(axis=(1, 2)), risk.base.case.total_demand
    return _amounts(sample.objective, sample.cash, short, demand)


def measures(risk: Risk) -> Measures:
    """Return what each measure is over all draws, in money, t and parts of 1.

    Of a chance: mean and error alone, the interval being that of the chance itself.
    """
    case, reading, words = risk.base.case, risk.reading, common.words_of(risk.base.case)
    lacks = float(reading.short.sum())
    base = _amounts(reading.objective, reading.cash, lacks, case.total_demand) | {MORE: 0.0}
    rows: list[Row] = []
    for name, without in base.items():
        unit = _FORMATS[name].unit.format_map(words)
        for sample in risk.samples:
            row: Row = {"measure": name, "plan": sample.name, "unit": unit, "base": float(without)}
            if name == MORE:
                of = _chance(beyond(risk, sample))
                row |= {"mean": of.share, "error": of.error, "interval": "the probability"}
                row |= {"high_from": of.least, "high_to": of.most}
            else:
                known_ones = _of_draws(risk, sample)[name][sample.known]
                row |= {**vars(spread(known_ones)), "interval": "the 95th percentile"}
            rows.append(row)
    return Measures.of_rows(rows, words=words)


def in_units(of: Measures) -> Measures:
    """Return the measures in the units that their rows name, each cell with its look."""
    shown = [_FORMATS[name] for name in of.measure]
    numbers = [f.name for f in Measures.FIELDS if f.look is Look.SHARE]
    data: dict[str, Any] = dict(of.data)
    for name in numbers:
        pairs = zip(of.data[name], shown, strict=True)
        data[name] = [float(v) * each.scale if known(v) else None for v, each in pairs]
    looks = {name: [each.look for each in shown] for name in numbers}
    return Measures(words=of.words, looks=looks, **data)


def minerals(risk: Risk) -> RiskByMineral:
    """Return how likely the coalition is short of each mineral."""
    rows = [
        _shortages(risk, sample, m, "", slice(None))
        for m in range(len(risk.base.expanded.minerals))
        for sample in risk.samples
    ]
    made = RiskByMineral.of_rows(rows, words=common.words_of(risk.base.case))
    return made.without(RiskByMineral.member)


def members(risk: Risk) -> ByMember:
    """Return how likely each member is short of what it needs."""
    e = risk.base.expanded
    rows = [
        _shortages(risk, sample, m, member, j)
        for m in range(len(e.minerals))
        for j, member in enumerate(e.members)
        if e.demand[m, j].sum() > 0
        for sample in risk.samples
    ]
    return ByMember.of_rows(rows, words=common.words_of(risk.base.case))


def _shortages(risk: Risk, sample: Sample, mineral: int, member: str, at: int | slice) -> Row:
    e = risk.base.expanded
    kept = sample.short[sample.known][:, mineral, at]
    tonnes: Floats = kept if kept.ndim == 1 else kept.sum(axis=1)
    base = float(np.sum(risk.reading.short[mineral, at]))
    demand = float(np.sum(e.demand[mineral, at]))
    least = _tolerance(risk)[mineral]
    of, more = spread(tonnes), _chance(tonnes > base + least)
    return {
        **vars(of),
        "mineral": e.minerals[mineral],
        "member": member,
        "plan": sample.name,
        "demand": demand,
        "base": base,
        "share": part(of.mean, demand) or 0.0,
        "short": _chance(tonnes > least).share,
        "more": more.share,
        "least": more.least,
        "most": more.most,
    }


def happenings(risk: Risk) -> Events:
    """Return how often each event was drawn, and what a year of it adds.

    NaN for an event that was never drawn, or in all years of all draws.
    """
    every = events(risk.base.case)
    lasted = [[len(dict(draw.under_way).get(e.name, ())) for e in every] for draw in risk.draws]
    years = np.array(lasted, dtype=float).reshape(len(risk.draws), len(every))
    columns: dict[str, Any] = {
        "event": [event.name for event in every],
        "probability": [event.probability for event in every],
        "duration": [event.duration for event in every],
        "drawn": (years > 0).mean(axis=0),
        "years": years.mean(axis=0),
    }
    for sample in risk.samples:
        key, kept = PLANS[sample.name].key, sample.known
        lacks: Floats = sample.short.sum(axis=(1, 2))
        cost, tonnes = (added(of[kept], years[kept]) for of in (sample.objective, lacks))
        columns[f"cost_{key}"], columns[f"cost_error_{key}"] = cost
        columns[f"short_{key}"], columns[f"short_error_{key}"] = tonnes
        columns[f"apart_{key}"] = distinguishable(*cost, *tonnes)
    return Events(words=common.words_of(risk.base.case), **columns)


def distinguishable(
    cost: Floats, cost_error: Floats, lacks: Floats, lacks_error: Floats
) -> list[str]:
    """Return which of two figures are too far from 0, against their errors, to be chance."""
    seen = np.abs(cost) > _APART * cost_error, np.abs(lacks) > _APART * lacks_error
    return [
        "" if math.isnan(error) else _WHICH[bool(dear), bool(short_of)]
        for dear, short_of, error in zip(*seen, cost_error, strict=True)
    ]


def every_draw(risk: Risk) -> Draws:
    """Return what happens in each draw, and what each plan comes to."""
    columns: dict[str, Any] = {
        "draw": list(range(1, len(risk.draws) + 1)),
        "events": [draw.label for draw in risk.draws],
    }
    for sample in risk.samples:
        values = _of_draws(risk, sample).values()
        names = (f"{of}_{PLANS[sample.name].key}" for of in ("cost", "cash", "short", "share"))
        columns |= dict(zip(names, values, strict=True))
    return Draws(words=common.words_of(risk.base.case), **columns)


def beyond(risk: Risk, sample: Sample) -> Bools:
    """Return of each known draw whether it leaves any mineral shorter than the base does."""
    lacks, base = sample.short[sample.known].sum(axis=2), risk.reading.short.sum(axis=1)
    more: Bools = (lacks > base + _tolerance(risk)).any(axis=1)
    return more


def _tolerance(risk: Risk) -> Floats:
    """What counts as nothing short, by mineral, over all years [t]."""
    e = risk.base.expanded
    return np.array([sum(risk.base.tolerance(name, y) for y in e.years) for name in e.minerals])


def _chance(happened: Bools) -> Chance:
    return chance(int(np.sum(happened)), len(happened))


_ENOUGH = 20
"""Draws in the worst 5 % below which the tail says little."""


def caution(risk: Risk) -> str:
    """Say what so few draws cannot tell; "" where there are enough."""
    parts = []
    for sample in risk.samples:
        lost = int((~sample.known).sum())
        if lost:
            why = "without a plan" if risk.stopped is None else "not finished when it was stopped"
            said = f"{number_of(lost, 'draw')} {why}, left out of the figures"
            parts.append(f"{sample.name.lower()}: {said}")
    count = int(max(sample.known.sum() for sample in risk.samples))
    few = _too_few(count)
    return "; ".join([*parts, f"{number_of(count, 'draw')}: {few}"] if few else parts)


def _too_few(count: int) -> str:
    """Say that the worst of so many draws are too few; "" where they are enough."""
    tail = count // 20
    if tail >= _ENOUGH:
        return ""
    if not tail:
        return (
            "too few to have a worst 5 %, so the 95th percentile and CVaR say nothing; take --draws"
            f" {20 * _ENOUGH} or more"
        )
    return (
        f"the worst 5 % are {number_of(tail, 'draw')}, too few to trust the 95th percentile and"
        f" CVaR; take --draws {20 * _ENOUGH} or more"
    )


# ---- JSON ----------------------------------------------------------------------------------------

_SPREAD = tuple(f for f in Measures.FIELDS if f.look is Look.SHARE)
_OF_SHORT = tuple(f for f in _Shortages.FIELDS if f.json_key != f.name)
"""The numbers of a shortage that JSON tells: those with a name of their own there."""
_OF_EVENT = tuple(f for f in Events.FIELDS if not f.name.startswith("apart"))


def _of_plan(of: R, plan: str) -> R:
    return of.where([p == plan for p in of.data["plan"]])


def _row(every: Measures, tables: Tables, plan: str) -> Record:
    """Return what a plan comes to, in all and mineral by mineral, of each member by member."""
    of = _of_plan(every, plan)
    spreads = dict(zip(of.measure, records(of, *_SPREAD), strict=True))
    more = spreads[MORE]
    by_member: dict[str, Record] = {}
    each = _of_plan(tables[ByMember], plan)
    rows = records(each, *_OF_SHORT)
    for mineral, member, row in zip(each.mineral, each.member, rows, strict=True):
        by_member.setdefault(mineral, {})[member] = row
    whole = _of_plan(tables[RiskByMineral], plan)
    return {
        "plan": plan,
        **{shown.key: spreads[name] for name, shown in _FORMATS.items() if shown.key},
        "chance_of_shortage_beyond_base": {
            "mean": more["mean"],
            "standard_error": more["standard_error"],
            "from": more["p95_from"],
            "to": more["p95_to"],
        },
        "by_mineral": {
            mineral: {**row, "by_member": by_member.get(mineral, {})}
            for mineral, row in zip(whole.mineral, records(whole, *_OF_SHORT), strict=True)
        },
    }


def _nested(row: Record) -> Record:
    """Return an object of objects, where keys are paths."""
    made: Record = {}
    for path, value in row.items():
        *above, key = path.split(".")
        place: Any = made
        for each in above:
            place = place.setdefault(each, {})
        place[key] = value
    return made


# ---- charts, of the tables alone -----------------------------------------------------------------

_BARS = 24
"""Columns of a histogram, about."""
_FAR = 4.0
"""Draws this many times the middle half's span above it share the last column of a histogram."""
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


def _cost_histogram(tables: Tables) -> Picture | None:
    return _histogram(tables, "cost", COST, tables[Draws].words["money"])


def _histogram(tables: Tables, of: str, title: str, currency: str) -> Picture | None:
    """Return how many draws fall into each step of a quantity, of both plans; None of no draw."""
    draws = tables[Draws].data
    samples = [[float(v) for v in draws[f"{of}_{p.key}"] if known(v)] for p in PLANS.values()]
    every = sorted(v for sample in samples for v in sample)
    if not every:
        return None
    edges = _edges(every[0], _end(every))
    size, unit = 0.01, "% of demand"
    if currency:
        size, unit = scale(max(abs(e) for e in edges), currency)
    digits = decimals((edges[1] - edges[0]) / size)
    labels = [f"{low / size:z,.{digits}f}" for low in edges[:-1]]
    open_ended = every[-1] >= edges[-1]
    last = ""
    if open_ended:
        labels[-1] += "+"
        beyond = sum(v >= edges[-2] for v in max(filter(None, samples), key=max))
        last = f"; the last: {number_of(beyond, 'draw')}, up to {every[-1] / size:z,.{digits}f}"
    return Picture(
        title=f"{title}, {tables.option(YEARS)}: {max(map(len, samples)):,} draws",
        form=Form.COUNTS,
        categories=tuple(labels),
        series=_series(_counts(sample, edges) for sample in samples),
        axis="draws",
        across=f"{unit}, from this to the next{last}",
        look=Look.COUNT,
    )


def _series(values: Iterable[Iterable[float | None]]) -> tuple[Series, ...]:
    pairs = zip(PLANS.items(), values, strict=True)
    return tuple(Series(name, plan.role, tuple(of)) for (name, plan), of in pairs)


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
    step = round_step(span / _BARS, _ROUND)
    first, last = math.floor(low / step + 1e-9), math.floor(high / step + 1e-9) + 1
    return [round(i * step, 12) for i in range(first, last + 1)]


def _counts(values: Sequence[float], edges: Sequence[float]) -> tuple[float, ...]:
    """Return how many values lie in each step, its lower edge included."""
    steps = len(edges) - 1
    at = np.floor((np.array(values) - edges[0]) / (edges[1] - edges[0]) + 1e-9)
    counts = np.bincount(at.clip(0, steps - 1).astype(int), minlength=steps)
    return tuple(counts.astype(float).tolist())


def _short_by_mineral(tables: Tables) -> Picture | None:
    """Return what part of demand each mineral is short: without events, and expected with them."""
    rows = tables[RiskByMineral].frame()
    if not (rows["share"].fillna(0.0) > 0).any():
        return None
    own = {plan: rows[rows["plan"] == plan] for plan in PLANS}
    base = [part(*of) or 0.0 for of in own[AGREED][["base", "demand"]].to_numpy().tolist()]
    series = [Series("No event", Role.OTHER, tuple(100.0 * v for v in base))]
    for name, plan in PLANS.items():
        shares = numbers(100.0 * own[name]["share"].astype(float))
        series.append(Series(f"{name}, expected", plan.role, shares))
    return Picture(
        title=f"Share of demand short by mineral, {tables.option(YEARS)}",
        form=Form.GROUPED,
        categories=tuple(short(name) for name in dict.fromkeys(rows["mineral"])),
        series=tuple(series),
        axis="% of demand",
        across="",
        look=Look.DAYS,  # a decimal: an axis of shares would reach to 100 %
    )


# ---- the report, of the tables alone -------------------------------------------------------------


class _Steps(Result):
    """How many draws lie between two costs."""

    step = field.text("From ({unit})")
    agreed = field(AGREED, Look.COUNT)
    anew = field(ANEW, Look.COUNT)


def _spread_section(tables: Tables) -> Iterator[Section]:
    picture = _cost_histogram(tables)
    if picture is not None:
        agreed, anew = (series.values for series in picture.series)
        unit = {"unit": picture.across.partition(",")[0]}
        steps = _Steps(words=unit, step=picture.categories, agreed=agreed, anew=anew)
        lead = (
            "How many draws cost how much: as agreed, the plan struck by events; re-planned, as if"
            " the events had been known beforehand."
        )
        yield Section("spread", "The spread of cost", lead, Numbers(steps).view(picture))


def _short_section(tables: Tables) -> Iterator[Section]:
    of = tables[RiskByMineral]
    if len(of):
        title, axis = "Expected part of demand that is short", "Expected part of demand short"
        names = tuple(map(str, dict.fromkeys(of.mineral)))
        series = _series(numbers(_of_plan(of, p).share) for p in PLANS)
        picture = Picture(title, Form.ROWS, names, series, axis, "")
        lead = "The mean over all draws, shortage without events included."
        told = Numbers(of, _SHORT).view(picture)
        yield Section("minerals", "What is expected to be short", lead, told)


def _event_section(tables: Tables) -> Iterator[Section]:
    of = tables[Events].where([known(cost) for cost in tables[Events].cost_agreed])
    if len(of):
        costs = [v for plan in PLANS.values() for v in of.data[f"cost_{plan.key}"]]
        both, unit = scaled(numbers(costs, units.MILLION), of.words["money"])
        title, names = f"What a year of each event adds to total cost ({unit})", map(word, of.event)
        series = _series((both[: len(of)], both[len(of) :]))
        picture = Picture(title, Form.ROWS, tuple(names), series, unit, "", look=Look.MILLIONS)
        lead = "Estimated over all draws; the workbook has the standard errors."
        yield Section("events", "What each event adds", lead, Numbers(of, _ADDED).view(picture))


_SHORT = (
    RiskByMineral.mineral, RiskByMineral.plan, RiskByMineral.base, RiskByMineral.mean,
    RiskByMineral.share, RiskByMineral.more, RiskByMineral.tail,
)  # fmt: skip
_ADDED = (
    Events.event, Events.probability, Events.drawn, Events.cost_agreed, Events.cost_anew
)  # fmt: skip


# ---- what a person reads on the terminal, of the tables alone ------------------------------------


def _measure(row: Mapping[str, Any]) -> str:
    shown = _FORMATS[row["measure"]]
    name = shown.line or f"{row['measure']}, {row['unit']}" if row["plan"] == AGREED else ""
    sign = "%" if shown.line else ""
    cells = [
        f"{row[key]:{shown.form}}{sign}" if known(row[key]) else ""
        for key in ("base", "mean", "error", "middle", "high", "tail")
    ]
    cells[0] = "" if row["measure"] == MORE else cells[0]
    return f"  {name:<23} {row['plan'].lower():<11}" + "".join(f"{cell:>14}" for cell in cells)


def _likely_short(tables: Tables) -> Iterator[str]:
    """Yield which minerals are the likeliest to be shorter than without events, as agreed."""
    rows = _of_plan(tables[RiskByMineral], AGREED).frame()
    rows = rows[rows["more"] > 0].sort_values("more", ascending=False)
    if rows.empty:
        yield f"{'Shorter':<13} no mineral in any draw, as agreed"
        return
    yield f"{'Shorter':<13} chance by mineral, and the shortage expected, as agreed"
    wide = max(len(plain(name)) for name in rows["mineral"])
    for row in rows.to_dict("records"):
        yield (
            f"  {plain(row['mineral']):<{wide}}  {row['more']:z6.1%}  "
            f"{row['mean']:z,.0f} t ({row['share']:z.2%} of demand), "
            f"{row['base']:z,.0f} t without events"
        )


# ---- the study -----------------------------------------------------------------------------------

LEFT_OUT = "Left out of the total cost"
"""The row of About that says which penalty of the plan is no cost here."""
_MOST_DRAWS = 100_000
_MOST_SEED = 2**63 - 1


def _lacking(tables: Tables) -> tuple[dict[str, float], dict[str, float]]:
    """Return what part of each mineral's need is short on average as agreed, and without events."""
    table = _of_plan(tables[RiskByMineral], AGREED).frame()
    table = table[table["demand"] > 0]
    return (
        dict(zip(table["mineral"], table["share"], strict=True)),
        dict(zip(table["mineral"], table["base"] / table["demand"], strict=True)),
    )


class RiskStudy(StudyKind):
    """Draw the events of the sheet Risks many times, and test the plan against each draw.

    In each year, an event begins with its Yearly probability, independently of other years and
    events. Each draw is planned twice. The first run keeps the agreed plan, and its suppliers can
    sell a surge. The second run re-plans as if the events had been known beforehand. The workbook
    shows the spread of cost and shortage, who is likely to be short, what each event adds, and
    every draw.

    \b
    planner risk case.xlsx
    planner risk case.xlsx --draws 5000 --seed 7 --surge 10%
    planner risk case.xlsx --max-country-share 50%
    planner new my-case.xlsx --with Risks       to see what the sheet looks like

    A draw without a proven plan is listed, but left out of the figures. The exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "risk", "Study of risks", "risk study"
    QUESTION = "What do events that may happen do to cost and supply?"
    HEADING = "{named}: events by chance"
    LACKING = "no draw complete"
    MONEY = "total cost discounted at the discount rate, cash cost undiscounted"
    RESULTS = (Measures, RiskByMineral, ByMember, Events, Draws)
    WHAT_IFS = False
    LIMIT = "Cap one country's share of each mineral in both plans, 0 to 1. Applied last."
    OPTIONS = (
        click.option(
            "--draws",
            type=IntegerOption(1, _MOST_DRAWS),
            default=1000,
            show_default=True,
            metavar="N",
            help="Number of draws.",
        ),
        click.option(
            "--seed",
            type=IntegerOption(0, _MOST_SEED),
            default=1,
            show_default=True,
            metavar="S",
            help="Seed of the random draws: the same seed gives the same draws.",
        ),
        click.option(
            "--surge",
            type=Share(),
            metavar="U",
            help="How much more each supplier can sell than agreed, as a share of its usable"
            " capacity [the setting Surge].",
        ),
        click.option(
            "--keep-caps", is_flag=True, help="Also keep share limits in the years of an event."
        ),
    )

    def __init__(
        self, start: Start, *, draws: int, seed: int, surge: float | None, keep_caps: bool
    ) -> None:
        """Take how often is drawn, from which seed, and what may answer an event."""
        super().__init__(start)
        surge = start.case.settings.surge if surge is None else surge
        self.chances = Chances(draws, seed, surge, keep_caps)
        self.task = number_of(draws, "draw")

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan all draws twice; what so few cannot tell is warned of."""
        del say
        self.found = risk(self.start.case, self.chances, where, tell)
        self.outcomes, self.stopped = self.found.outcomes, self.found.stopped
        said = caution(self.found)
        if said:
            book = self.start.book
            book = replace(book, warnings=(*book.warnings, errors.warning("", found=said)))
            self.start = replace(self.start, book=book)

    @property
    def planned(self) -> bool:
        return any(sample.known.any() for sample in self.found.samples)

    @property
    def known(self) -> str:
        """Of how many draws the figures are, and that those finished early are no sample."""
        counts = [
            (of.name.lower(), int(of.known.sum()), len(of.known)) for of in self.found.samples
        ]
        said = ", ".join(f"{name} {done:,} of {every:,} draws" for name, done, every in counts)
        partly = any(0 < done < every for _, done, every in counts)
        return f"figures are of: {said}{', no fair sample of all' if partly else ''}"

    @property
    def tariffs(self) -> str:
        """Those of the plan without events."""
        base = self.found.base
        plans = {"the plan without events": base.cash_cost}
        return tariff_words(plans, self.start.case.settings.currency)

    @property
    def what(self) -> str:
        """The draws, and what may answer an event."""
        found, chances = self.found, self.chances
        limits = "kept" if chances.keep_caps else "waived in years with an event"
        draws = number_of(len(found.draws), "draw")
        asked = (f"{name.lower()} {value}" for name, value in self.start.options.items())
        return "; ".join(
            [
                f"{draws} ({found.distinct:,} differ), seed {chances.seed}",
                f"surge {chances.surge:z.0%}",
                f"share limits {limits}",
                *asked,
            ]
        )

    @property
    def options(self) -> dict[str, str]:
        """The scenario, what is drawn, and what may answer an event."""
        found, chances = self.found, self.chances
        limits, guess = "kept in all years", estimates(self.start.book.case, schema.EventStep.SHEET)
        return {
            **self.start.options,
            "Draws": f"{len(found.draws):,}, of which {found.distinct:,} differ",
            "Seed": str(chances.seed),
            **({LEFT_OUT: self._left_out} if self.found.left_out else {}),
            **({"Probabilities": f"of the sheet Risks; estimates: {guess}"} if guess else {}),
            "Surge": f"{chances.surge:z.0%} of a supplier's usable capacity, from the first event",
            "Share limits, as agreed": limits
            if chances.keep_caps
            else "waived in years with an event",
            "Share limits, re-planned": limits,
            AGREED: "the plan without events, struck by them as they come: plants as built, "
            "each supplier within what was agreed and its surge; dearer than the plain plan of"
            " planner solve --under-risk, which from an event on buys anew of any supplier",
            ANEW: "the cheapest plan had the events been known beforehand",
        }

    @property
    def _left_out(self) -> str:
        size = money(self.found.left_out, self.start.case.settings.currency)
        return f"{size}, the penalty of Security in the plan, since here losses come as events"

    def tables(self) -> list[Result]:
        """Return the measures, who may be short, the events and the draws."""
        risk = self.found
        made = in_units(measures(risk)), minerals(risk), members(risk)
        return [*made, happenings(risk), every_draw(risk)]

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return what was drawn, a row a plan, that of the agreed plan first, and the events."""
        every = measures(self.found)
        return {
            "scenario": self.start.case.scenario,
            "draws": len(self.found.draws),
            "distinct_draws": self.found.distinct,
            "plans": len(self.outcomes),
            "seed": self.chances.seed,
            "surge": self.chances.surge,
            "keep_caps": self.chances.keep_caps,
            "rows": [_row(every, tables, plan) for plan in PLANS],
            "events": [_nested(row) for row in records(tables[Events], *_OF_EVENT)],
        }

    def screen(self, tables: Tables) -> Iterator[str]:
        """Return what both plans come to, a line a measure, and who is likely to be short."""
        heads = ("no event", "mean", "+/-", "median", "95th", "CVaR 95")
        yield f"  {'':<35}" + "".join(f"{head:>14}" for head in heads)
        for row in tables[Measures].frame().to_dict("records"):
            yield _measure({str(name): value for name, value in row.items()})
        yield "  +/-: standard error of the mean; CVaR 95: mean of the worst 5 % of the draws"
        yield from _likely_short(tables)

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Return what the agreed plan costs and leaves short on average, against no event."""
        of = _of_plan(tables[Measures], AGREED)
        rows = {row["measure"]: row for row in of.frame().to_dict("records")}
        currency = rows[COST]["unit"].removesuffix(" m")

        def amount(value: float) -> str:
            return money(value * units.MILLION, currency)

        figures, paid = [], rows[CASH]
        base, mean, high = (rows[COST][key] for key in ("base", "mean", "high"))
        if known(mean):
            remark = (
                f"without events {amount(paid['base'])}. What is missing is not paid for: with"
                f" shortage at its price and penalties, total cost is {amount(mean)} on average,"
                f" {amount(base)} without events; one draw in twenty is above {amount(high)}"
            )
            few = _too_few(sum(map(known, tables[Draws].data[f"cost_{PLANS[AGREED].key}"])))
            remark += f": {few}." if few else "."
            figures.append(KeyFigure(f"{CASH}: mean", amount(paid["mean"]), remark))
            expected, before = _lacking(tables)
            remark = f"{shortages(expected)}; without events {shortages(before)}."
            figures.append(KeyFigure("Minerals short on average", number_short(expected), remark))
        more = rows[MORE]["mean"]
        if known(more):
            name = "Chance of more shortage than without events"
            remark = "of any mineral, over all years, in the plan as agreed."
            figures.append(KeyFigure(name, share(more / 100), remark))
        if len(figures) < 3:  # noqa: PLR2004 - a figure is not known
            return Headline("Nothing is known: no draw has a proven plan.", tuple(figures))
        cost, lacks, chances = figures
        finding = (
            f"With events by chance the agreed plan pays {cost.value} in cash on average,"
            f" {amount(paid['base'])} without events. On average"
            f" {lacks.remark.partition(';')[0]}. In {chances.value} of draws some mineral is"
            " shorter than without events."
        )
        penalty = tables.option(LEFT_OUT)
        return Headline(finding, tuple(figures), (f"{LEFT_OUT}: {penalty}.",) if penalty else ())

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return the histograms, and what each mineral is expected to be short."""
        shares = _histogram(tables, "share", "Share of demand short", "")
        found = (_cost_histogram(tables), shares, _short_by_mineral(tables))
        return tuple(picture for picture in found if picture is not None)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the spread, what is short, and what each event adds."""
        return (*_spread_section(tables), *_short_section(tables), *_event_section(tables))
