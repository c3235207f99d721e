"""Risk: the cost and shortage of a plan if events happen by chance.

``draws`` makes the draws and their plans. This module makes the tables, the finding and the charts.
The sheet Risk has percentages as numbers, since their errors need more digits than a share has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import numpy as np

from models import errors, schema, tolerances, units
from models.measures import ratio
from models.plan import Plan
from models.resolve import Bools, Floats
from models.results import Colour, Field, Look, Result, common, field
from models.results import Figure as Total
from planner.options import Share, draw_options
from planner.render import chart
from planner.render.chart import Form, Picture, Role, Series, numbers, short
from planner.render.claims import Sentence, say, told
from planner.render.keys import AnswerKey, table_key
from planner.render.table import Record, records
from planner.render.words import known, money, number_of, scale, scaled, share, word
from planner.scenarios.events import events
from planner.sheets.context import estimates
from planner.studies import draws as drawing
from planner.studies.delays import Delays, costliest_delay, delays
from planner.studies.draws import AGREED, REPLANNED, DrawResults, RiskResults
from planner.studies.engine import Tell, outcomes_not_run
from planner.studies.kind import Numbers, Section, StudyKind, Tables
from planner.studies.spread import Chance, chance, effects, spread, step_counts

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

R = TypeVar("R", bound=Result)


class PlanLabel(NamedTuple):
    """One of the two plans of a draw: its name in headers and in field names, and its colour."""

    header: str
    key: str
    role: Role


PLANS = {
    AGREED: PlanLabel("as agreed", "agreed", Role.PLAN),
    REPLANNED: PlanLabel("re-planned", "replanned", Role.REPLANNED),
}


class Format(NamedTuple):
    """The format of a measure: unit, look and scale on the sheet; its key in JSON."""

    unit: str
    look: Look
    scale: float
    key: str = ""


COST, CASH, SHORTAGE = Total.TOTAL_COST.value, Total.CASH_COST.value, Total.SHORTAGE.value
SHARE, MORE = f"{SHORTAGE}, share of demand", "Any shortage beyond the base's"
_FORMATS = {
    COST: Format("{money} m", Look.MILLIONS, 1e-6, "objective_usd"),  # noqa: RUF027
    CASH: Format("{money} m", Look.MILLIONS, 1e-6, "cash_usd"),  # noqa: RUF027
    SHORTAGE: Format("t", Look.TONNES, 1.0, "shortage_t"),
    SHARE: Format("% of demand", Look.PRICE, 100.0, "shortage_share"),
    MORE: Format("% of draws", Look.PRICE, 100.0),
}

_NOW = "Discounted."
_BY_CHANCE = " A figure within two standard errors of 0, above or below, may be chance."
_PLAN = field.text("Plan")


class Measures(Result):
    """One row per measure and plan: mean, percentiles and tail, with standard errors."""

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

    def __init__(
        self, *, looks: Mapping[str, Sequence[Look]] | None = None, **columns: Any
    ) -> None:
        """Give each row the look of its measure, also if the sheet is read from a file."""
        named = [_FORMATS.get(name) for name in columns["measure"]]
        of_rows = [Look.FACTOR if form is None else form.look for form in named]
        super().__init__(looks=looks or dict.fromkeys(self.numbers(), of_rows), **columns)

    @classmethod
    def numbers(cls) -> list[str]:
        """Return the fields whose cells have the unit of their row."""
        return [f.name for f in cls.FIELDS if f.look is Look.SHARE]


class _Shortages(Result):
    """One row per plan and mineral, or also per member: how likely a shortage is, and how large."""

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
    base_share = field.share("Missing without events (share)", optional=True)
    further = field.share("Further missing by events (share)", "On average.", optional=True)
    middle = field.tonnes("Median short", key="p50_t")
    high = field.tonnes("95th percentile", key="p95_t")
    tail = field.tonnes("CVaR 95", key="cvar95_t")


class RiskByMineral(_Shortages):
    """One row per mineral and plan: how likely a shortage is, and how large."""

    TABLE, GRAIN, BOOK = "Risk by mineral", ("mineral", "plan"), "risk"


class ByMember(_Shortages):
    """One row per mineral, member with demand for it, and plan."""

    TABLE, GRAIN, BOOK = "Risk by member", ("mineral", "member", "plan"), "risk"

    member = common.MEMBER


def _adds(plan: str, cost: str, tonnes: str) -> tuple[Field, Field, Field, Field, Field]:
    header = PLANS[plan].header
    path = f"a_year_adds.{header.replace(' ', '_').replace('-', '_')}"
    error = field.millions(f"Standard error ({{money}} m), {header}", _NOW)
    return (
        field.millions(
            f"A year adds, {header}", f"{cost} {_NOW}{_BY_CHANCE}", key=f"{path}.cost_usd"
        ),
        error.like(unit="", key=f"{path}.cost_standard_error_usd"),
        field.tonnes(f"A year adds short, {header}", tonnes + _BY_CHANCE, key=f"{path}.short_t"),
        field(f"Standard error (t), {header}", Look.TONNES, key=f"{path}.short_standard_error_t"),
        field.text(
            f"Distinguishable from 0, {header}",
            "Which of the two figures lies more than 1.96 standard errors from 0. A figure that is"
            " not named may be chance: more draws, or more years of the event in them, would tell.",
        ),
    )


class Events(Result):
    """One row per event: how often it was drawn, and what a year of it adds to each plan."""

    TABLE, GRAIN, BOOK, FILTERED = "Events", ("event",), "risk", False

    event = field.text("Event")
    probability = field.share("Yearly probability", key="yearly_probability")
    duration = field("Duration", Look.COUNT, unit="yr", key="duration_yr")
    drawn = field.share("Draws with it", key="share_of_draws")
    years = field("Years a draw", Look.DAYS, key="years_per_draw")
    cost_agreed, cost_error_agreed, short_agreed, short_error_agreed, apart_agreed = _adds(
        AGREED,
        "What one year of the event adds to total cost, estimated from draws with more and with"
        " fewer such years.",
        "What one year of the event adds to shortage.",
    )
    (
        cost_replanned,
        cost_error_replanned,
        short_replanned,
        short_error_replanned,
        apart_replanned,
    ) = _adds(REPLANNED, "The same for the re-planned plan.", "The same for the re-planned plan.")


def _totals(plan: str) -> tuple[Field, Field, Field, Field]:
    header = PLANS[plan].header
    return (
        field.millions(f"Total cost, {header}", _NOW),
        field.millions(f"Cash cost, {header}", common.UNDISCOUNTED),
        field.tonnes(f"Short, {header}"),
        field.share(f"Share short, {header}"),
    )


class Draws(Result):
    """One row per draw: its events, and the totals of each plan."""

    TABLE, GRAIN, BOOK = "Draws", ("draw",), "risk"

    draw = field("Draw", Look.COUNT)
    cost_agreed, cash_agreed, short_agreed, share_agreed = _totals(AGREED)
    cost_replanned, cash_replanned, short_replanned, share_replanned = _totals(REPLANNED)
    events = field("Events", Look.REMARK)


# ---- tables from the draws -----------------------------------------------------------------------
#
# Amounts are in t of contained metal over all years; NaN: not known.

Row = dict[str, object]
_SIGNIFICANT = 1.96
"""Number of standard errors around 0 that hold 95 % of figures without a real effect."""
_WHICH = {
    (True, True): "cost and shortage",
    (True, False): "cost alone",
    (False, True): "shortage alone",
    (False, False): "neither",
}


def _amounts(cost: Any, cash: Any, short: Any, demand: float) -> dict[str, Any]:
    share = short / demand if demand > 0 else np.zeros_like(short)
    return {COST: cost, CASH: cash, SHORTAGE: short, SHARE: share}


def _measures_of(risk: RiskResults, sample: DrawResults) -> dict[str, Floats]:
    short, demand = sample.short.sum(axis=(1, 2)), risk.base.case.total_demand
    return _amounts(sample.objective, sample.cash, short, demand)


def measures(risk: RiskResults) -> Measures:
    """Return statistics of each measure over all draws, in money, t and fractions.

    A probability has only a mean, a standard error and its own interval.
    """
    case, totals, words = risk.base.case, risk.base_totals, common.words_of(risk.base.case)
    amounts = totals.objective, totals.cash, float(totals.short.sum())
    base = _amounts(*amounts, case.total_demand) | {MORE: 0.0}
    rows: list[Row] = []
    for name, without in base.items():
        unit = _FORMATS[name].unit.format_map(words)
        for sample in risk.samples:
            row: Row = {"measure": name, "plan": sample.name, "unit": unit, "base": float(without)}
            if name == MORE:
                lost = sample.short[sample.is_known].sum(axis=2)
                least = totals.short.sum(axis=1) + _tolerance(risk)
                more = _chance_of((lost > least).any(axis=1))  # any mineral, in known draws
                row |= {"mean": more.share, "error": more.error, "interval": "the probability"}
                row |= {"high_from": more.least, "high_to": more.most}
            else:
                values = _measures_of(risk, sample)[name][sample.is_known]
                row |= {**vars(spread(values)), "interval": "the 95th percentile"}
            rows.append(row)
    return Measures.of_rows(rows, words=words)


def in_units(table: Measures) -> Measures:
    """Return the measures in the units of their rows, each cell with its number format."""
    formats = [_FORMATS[name] for name in table.measure]
    data: dict[str, Any] = dict(table.data)
    for name in Measures.numbers():
        pairs = zip(table.data[name], formats, strict=True)
        data[name] = [float(v) * form.scale if known(v) else None for v, form in pairs]
    return Measures(words=table.words, **data)


def minerals(risk: RiskResults) -> RiskByMineral:
    every = range(len(risk.base.expanded.minerals))
    rows = [_shortages(risk, s, m, slice(None)) for m in every for s in risk.samples]
    table = RiskByMineral.of_rows(rows, words=common.words_of(risk.base.case))
    return table.without(RiskByMineral.member)


def members(risk: RiskResults) -> ByMember:
    e = risk.base.expanded
    rows = [
        _shortages(risk, sample, m, slice(j, j + 1)) | {"member": e.members[j]}
        for m, j in np.argwhere(e.demand.sum(axis=2) > 0).tolist()
        for sample in risk.samples
    ]
    return ByMember.of_rows(rows, words=common.words_of(risk.base.case))


def _shortages(risk: RiskResults, sample: DrawResults, mineral: int, buyers: slice) -> Row:
    e = risk.base.expanded
    tonnes: Floats = sample.short[sample.is_known][:, mineral, buyers].sum(axis=1)
    base = float(np.sum(risk.base_totals.short[mineral, buyers]))
    demand = float(np.sum(e.demand[mineral, buyers]))
    least = _tolerance(risk)[mineral]
    statistics, more = spread(tonnes), _chance_of(tonnes > base + least)
    return {
        **vars(statistics),
        "mineral": e.minerals[mineral],
        "plan": sample.name,
        "demand": demand,
        "base": base,
        "share": ratio(statistics.mean, demand) or 0.0,
        "base_share": ratio(base, demand),
        "further": ratio(statistics.mean - base, demand),
        "short": _chance_of(tonnes > least).share,
        "more": more.share,
        "least": more.least,
        "most": more.most,
    }


def event_effects(risk: RiskResults) -> Events:
    """Return how often each event was drawn, and what a year of it adds.

    It adds NaN if it was never drawn, or drawn in all years of all draws.
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
        key, kept = PLANS[sample.name].key, sample.is_known
        short: Floats = sample.short.sum(axis=(1, 2))
        amounts = (values[kept] for values in (sample.objective, short))
        cost, tonnes = (effects(amount, years[kept]) for amount in amounts)
        columns[f"cost_{key}"], columns[f"cost_error_{key}"] = cost
        columns[f"short_{key}"], columns[f"short_error_{key}"] = tonnes
        columns[f"apart_{key}"] = significant(*cost, *tonnes)
    return Events(words=common.words_of(risk.base.case), **columns)


def significant(cost: Floats, cost_error: Floats, short: Floats, short_error: Floats) -> list[str]:
    """Return for each event which of its two figures differ from 0, at the 95 % level, in words.

    The words are those in ``_WHICH``, such as ``cost alone``; "" if the errors are not known.
    """
    seen = np.abs(cost) > _SIGNIFICANT * cost_error, np.abs(short) > _SIGNIFICANT * short_error
    return [
        "" if math.isnan(error) else _WHICH[bool(dear), bool(short_of)]
        for dear, short_of, error in zip(*seen, cost_error, strict=True)
    ]


def draw_rows(risk: RiskResults) -> Draws:
    columns: dict[str, Any] = {
        "draw": list(range(1, len(risk.draws) + 1)),
        "events": [draw.label for draw in risk.draws],
    }
    for sample in risk.samples:
        values = _measures_of(risk, sample).values()
        names = (f"{name}_{PLANS[sample.name].key}" for name in ("cost", "cash", "short", "share"))
        columns |= dict(zip(names, values, strict=True))
    return Draws(words=common.words_of(risk.base.case), **columns)


def _tolerance(risk: RiskResults) -> Floats:
    """The largest shortage that counts as none, by mineral, over all years [t]."""
    e = risk.base.expanded
    return np.array([sum(risk.base.tolerance(name, y) for y in e.years) for name in e.minerals])


def _chance_of(happened: Bools) -> Chance:
    return chance(int(np.sum(happened)), len(happened))


_LEAST_IN_TAIL = 20
"""Smallest number of draws in the worst 5 % for percentile and CVaR to be trusted."""


def caution(risk: RiskResults) -> str:
    """Return a warning if draws are missing or too few; "" if not."""
    why = "without a plan" if risk.stopped is None else "not finished when it was stopped"
    lost = {sample.name.lower(): int((~sample.is_known).sum()) for sample in risk.samples}
    count = int(max(sample.is_known.sum() for sample in risk.samples))
    few = _too_few(count)
    return "; ".join([
        *(f"{name}: {number_of(number, 'draw')} {why}, left out of the figures"
          for name, number in lost.items() if number),
        *([f"{number_of(count, 'draw')}: {few}"] if few else []),
    ])  # fmt: skip


def _too_few(count: int) -> str:
    """Return why ``count`` draws are too few for the worst 5 %; "" if they are enough."""
    tail, more = count // 20, f"take --draws {20 * _LEAST_IN_TAIL} or more"
    if tail >= _LEAST_IN_TAIL:
        return ""
    if not tail:
        return f"too few to have a worst 5 %, so ignore the 95th percentile and CVaR; {more}"
    return (
        f"the worst 5 % are {number_of(tail, 'draw')}, too few to trust the 95th percentile and"
        f" CVaR; {more}"
    )


# ---- JSON ----------------------------------------------------------------------------------------

_SPREAD_FIELDS = tuple(f for f in Measures.FIELDS if f.look is Look.SHARE)
_SHORTAGE_FIELDS = tuple(f for f in _Shortages.FIELDS if f.json_key != f.name)
"""The fields of a shortage that JSON has: fields with a key of their own."""
_EVENT_FIELDS = tuple(f for f in Events.FIELDS if not f.name.startswith("apart"))


def _rows_of(table: R, plan: str) -> R:
    return table.where([p == plan for p in table.data["plan"]])


def _row(every: Measures, tables: Tables, plan: str) -> Record:
    """Return the results of a plan as JSON: in total, by mineral, and by mineral and member."""
    table, members = _rows_of(every, plan), _rows_of(tables[ByMember], plan)
    spreads = dict(zip(table.measure, records(table, *_SPREAD_FIELDS), strict=True))
    by_member: dict[str, Record] = {}
    rows = zip(members.mineral, members.member, records(members, *_SHORTAGE_FIELDS), strict=True)
    for mineral, member, row in rows:
        by_member.setdefault(mineral, {})[member] = row
    minerals, more = _rows_of(tables[RiskByMineral], plan), spreads[MORE]
    totals = records(minerals, *_SHORTAGE_FIELDS)
    ends = {"mean": "mean", "standard_error": "standard_error", "from": "p95_from", "to": "p95_to"}
    return {
        "plan": plan,
        **{shown.key: spreads[name] for name, shown in _FORMATS.items() if shown.key},
        _MORE_KEY: {key: more[name] for key, name in ends.items()},
        "by_mineral": {
            mineral: {**row, "by_member": by_member.get(mineral, {})}
            for mineral, row in zip(minerals.mineral, totals, strict=True)
        },
    }


def _nested(row: Record) -> Record:
    """Return nested objects for keys that are paths: ``{"a.b": 1}`` becomes ``{"a": {"b": 1}}``."""
    nested: Record = {}
    for path, value in row.items():
        *above, key = path.split(".")
        place: Any = nested
        for name in above:
            place = place.setdefault(name, {})
        place[key] = value
    return nested


# ---- charts, from the tables alone ---------------------------------------------------------------

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
    size, unit = 0.01, "% of demand"
    if currency:
        size, unit = scale(max(abs(e) for e in edges), currency)
    digits = chart.decimals((edges[1] - edges[0]) / size)
    labels = [f"{low / size:z,.{digits}f}" for low in edges[:-1]]
    last = ""
    if every[-1] >= edges[-1]:
        labels[-1] += "+"
        beyond = sum(v >= edges[-2] for v in max(filter(None, samples), key=max))
        last = f"; last bar: {number_of(beyond, 'draw')}, up to {every[-1] / size:z,.{digits}f}"
    title += f", {tables.years}: {max(map(len, samples)):,} draws"
    series = _series(step_counts(sample, edges) for sample in samples)
    across = f"{unit}, lower end of each bar{last}"
    return Picture(title, Form.COUNTS, tuple(labels), series, "draws", across, Look.COUNT)


def _series(values: Iterable[Iterable[float | None]]) -> tuple[Series, ...]:
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
    columns = [("No event", Role.OTHER, AGREED, "No event")]
    columns += [(f"{name}, expected", plan.role, name, "share") for name, plan in PLANS.items()]
    names = tuple(short(name) for name in dict.fromkeys(rows["mineral"]))
    series = tuple(
        Series(name, role, numbers(100.0 * rows[rows["plan"] == plan][column].astype(float)))
        for name, role, plan, column in columns
    )
    title = f"Missing share of demand by mineral, {tables.years}"
    look = Look.DAYS  # a decimal: an axis of shares would reach to 100 %
    return Picture(title, Form.GROUPED, names, series, "% of demand", "", look)


class _Steps(Result):
    """One row per step of cost: the number of draws in it."""

    step = field.text("From ({unit})")
    agreed = field(AGREED, Look.COUNT)
    replanned = field(REPLANNED, Look.COUNT)


# ---- findings ------------------------------------------------------------------------------------


def _hardest_hit(tables: Tables) -> Iterator[Sentence]:
    """Yield the mineral of which events leave most further missing in the agreed plan."""
    t, rows = RiskByMineral, tables.sheet(RiskByMineral).where(plan=AGREED)
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
    chance_of_it = tables.sheet(Measures).where(measure=MORE, plan=AGREED).value(Measures.mean)
    text = "In {part} % of draws, some mineral is further missing than without events."
    yield say("answer", text, part=chance_of_it)


def _spared(tables: Tables) -> Iterator[Sentence]:
    t, rows = RiskByMineral, tables.sheet(RiskByMineral).where(plan=AGREED)
    spared = rows.count(t.further, "<=", tolerances.MISSING_PART)
    if spared.number:
        text = "Minerals not further missing than without events, on average: {count}."
        yield say("figure", text, name="Minerals unaffected", large="count", count=spared)


def _likeliest(tables: Tables) -> Iterator[Sentence]:
    """Yield the most probable event."""
    t, most = Events, tables.sheet(Events).largest(Events.probability)
    text = "Most probable is {top[event]}: it begins with a probability of {top} in a year."
    yield say("figure", text, name=t.probability.header, large="top", top=most)


def _care(tables: Tables) -> Iterator[Sentence]:
    yield say("care", "The coalition keeps the agreed plan. After an event each supplier can sell"
                      " the agreed tonnes and a surge.")  # fmt: skip
    if tables.option(LEFT_OUT):
        penalty = tables.asked(LEFT_OUT)
        yield say("care", f"{LEFT_OUT}: {{left}}.", left=penalty)


# ---- the study -----------------------------------------------------------------------------------

LEFT_OUT = "Left out of the total cost"
"""The row of About with the plan's penalty that this study does not count."""
_WAIVED = "waived in years with an event"
_SEED_HELP = "Seed of the random draws: the same seed gives the same draws."
_MORE_KEY = "chance_of_shortage_beyond_base"
_EVENT_KEYS = tuple(dict.fromkeys(f.json_key.partition(".")[0] for f in _EVENT_FIELDS))
_PLAN_KEYS = (
    "plan",
    *(shown.key for shown in _FORMATS.values() if shown.key),
    _MORE_KEY,
    "by_mineral",
)


def _plans(study: RiskStudy, tables: Tables) -> list[Record]:
    every = measures(study.risk)
    return [_row(every, tables, plan) for plan in PLANS]


def _events(_: object, tables: Tables) -> list[Record]:
    return [_nested(row) for row in records(tables[Events], *_EVENT_FIELDS)]


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
    QUESTION = "What may random events do to cost and supply?"
    HEADING = "{plan}: results under random events"
    LACKING = "no draw complete"
    MONEY = "total cost is a present value; cash cost is undiscounted"
    RESULTS = (Measures, RiskByMineral, ByMember, Events, Delays, Draws)
    ANSWER = (
        AnswerKey("draws", "draws of events", lambda study, _: len(study.risk.draws)),
        AnswerKey("distinct_draws", "draws that differ", lambda study, _: study.risk.distinct),
        AnswerKey("plans", "runs that were planned", lambda study, _: len(study.outcomes)),
        AnswerKey("seed", "the seed of the draws", lambda study, _: study.chances.seed),
        AnswerKey(
            "surge",
            "extra sales of others, a fraction of capacity",
            lambda s, _: s.chances.surge,
        ),
        AnswerKey("keep_caps", "whether limits stay", lambda study, _: study.chances.keep_caps),
        AnswerKey("rows", "both plans, from the sheets of results", _plans, _PLAN_KEYS),
        AnswerKey("events", "the sheet `Events`", _events, _EVENT_KEYS),
        table_key("delays", Delays),
    )
    SHOWN = (
        Measures.measure, Measures.plan, Measures.unit, Measures.base, Measures.mean,
        Measures.middle, Measures.high,
    )  # fmt: skip
    WHAT_IFS = False
    LIMIT = "Cap one country's share of each mineral in both plans, 0 to 1. Applied last."
    OPTIONS = (
        *draw_options(1000, "Number of draws.", _SEED_HELP),
        click.option(
            "--surge",
            type=Share(),
            metavar="U",
            help="How much more than agreed each supplier can sell, as a share of its usable"
            " capacity, up to its free capacity [the setting Surge].",
        ),
        click.option(
            "--keep-caps", is_flag=True, help="Also keep share limits in the years of an event."
        ),
    )

    def __init__(
        self, start: Start, *, draws: int, seed: int, surge: float | None, keep_caps: bool
    ) -> None:
        super().__init__(start)
        surge = start.case.settings.surge if surge is None else surge
        self.chances = drawing.Chances(draws, seed, surge, keep_caps)
        self.task = number_of(draws, "draw")

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        del say
        case = self.start.case
        try:
            event_free = drawing.plan_without_events(case, where)
        except (KeyboardInterrupt, SystemExit) as stop:
            none = outcomes_not_run(drawing.names_of_runs(case, self.chances), stop)
            self.outcomes, self.stopped = none.every, none.stopped
            return
        self.risk = drawing.plan_draws(case, self.chances, where, tell, event_free)
        self.outcomes, self.stopped = self.risk.outcomes, self.risk.stopped
        limits = caution(self.risk)
        if limits:
            book = self.start.book
            book = replace(book, warnings=(*book.warnings, errors.warning("", found=limits)))
            self.start = replace(self.start, book=book)

    @property
    def planned(self) -> bool:
        begun = any(outcome.ran for outcome in self.outcomes)
        return begun and any(sample.is_known.any() for sample in self.risk.samples)

    @property
    def progress_label(self) -> str:
        every, samples = len(self.risk.draws), self.risk.samples
        counts = {s.name.lower(): int(s.is_known.sum()) for s in samples}
        done = ", ".join(f"{name} {n:,} of {every:,} draws" for name, n in counts.items())
        partly = any(0 < n < every for n in counts.values())
        return f"figures cover {done}{': not a random sample of all draws' if partly else ''}"

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan without events": self.risk.base}

    @property
    def subject(self) -> str:
        limits = "kept" if self.chances.keep_caps else _WAIVED
        draws = number_of(len(self.risk.draws), "draw")
        asked = (f"{name.lower()} {value}" for name, value in self.start.options.items())
        return "; ".join([
            f"{draws} ({self.risk.distinct:,} different), seed {self.chances.seed}",
            f"surge {share(self.chances.surge)}", f"share limits {limits}", *asked,
        ])  # fmt: skip

    @property
    def options(self) -> dict[str, str]:
        chances, kept = self.chances, "kept in all years"
        guess = estimates(self.start.book.case, schema.EventStep.SHEET)
        penalty = money(self.risk.left_out, self.start.case.settings.currency)
        penalty += ": the plan's penalty of Security, because losses come as events here"
        return {
            **self.start.options,
            "Draws": f"{len(self.risk.draws):,}",
            "Different draws": f"{self.risk.distinct:,}",
            "Seed": str(chances.seed),
            LEFT_OUT: penalty if self.risk.left_out else "",
            "Probabilities": guess and f"from the sheet Risks; {guess} are estimates",
            "Surge": "from the year of the first event on, each supplier can sell more than agreed:"
            f" {share(chances.surge)} of its usable capacity, as far as it is free",
            "Share limits, as agreed": kept if chances.keep_caps else _WAIVED,
            "Share limits, re-planned": kept,
            AGREED: "the plan without events, hit by the events. Plants stay as built; each"
            " supplier sells at most the agreed tonnes and its surge. The plain plan of planner"
            " solve --under-risk costs less: after an event it buys again from any supplier",
            REPLANNED: "the cheapest plan if the events are known beforehand",
        }

    def tables(self) -> list[Result]:
        first = in_units(measures(self.risk)), minerals(self.risk), members(self.risk)
        added = event_effects(self.risk)
        return [*first, added, *delays(self.risk, added), draw_rows(self.risk)]

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        if not any(map(known, tables[Draws].cost_agreed)):
            return (say("answer", "The draws have not been planned, so there is no result."),)
        every = _hardest_hit, _chance_of_more, _spared, _likeliest, costliest_delay, _care
        return told(*(partial(make, tables) for make in every))

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        costs = _histogram(tables, "cost", COST, tables[Draws].words["money"])
        shares = _histogram(tables, "share", "Missing share of demand", "")
        return chart.drawn(_short_by_mineral(tables), shares, costs)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        return tuple(_sections(tables))


def _sections(tables: Tables) -> Iterator[Section]:
    costs = _histogram(tables, "cost", COST, tables[Draws].words["money"])
    if costs is not None:
        lead = (
            "The number of draws at each cost. As agreed: the events hit the agreed plan."
            " Re-planned: the events were known beforehand."
        )
        agreed, replanned = (series.values for series in costs.series)
        words = {"unit": costs.across.partition(",")[0]}
        steps = _Steps(words=words, step=costs.categories, agreed=agreed, replanned=replanned)
        yield Section("spread", "The spread of cost", lead, Numbers(steps).view(costs))
    if RiskByMineral in tables:
        lead = "The mean over all draws. It includes the shortage that there is without events."
        views = Numbers(tables[RiskByMineral], _SHORT).view(_short_by_mineral(tables))
        yield Section("minerals", "Expected shortage by mineral", lead, views)
    events = tables[Events].where([known(cost) for cost in tables[Events].cost_agreed])
    if len(events):
        lead = "Estimated over all draws; the workbook has the standard errors."
        added = [v for plan in PLANS.values() for v in events.data[f"cost_{plan.key}"]]
        both, unit = scaled(numbers(added, units.MILLION), events.words["money"])
        title = f"What a year of each event adds to total cost ({unit})"
        series = _series((both[: len(events)], both[len(events) :]))
        names = tuple(map(word, events.event))
        picture = Picture(title, Form.ROWS, names, series, unit, "", look=Look.MILLIONS)
        views = Numbers(events, _ADDED).view(picture)
        yield Section("events", "What each event adds", lead, views)
    if Delays in tables:
        lead = (
            "What an event adds each time, with all its plants. The agreed plan keeps its orders."
        )
        yield Section("delays", "Plants that may be late", lead, Numbers(tables[Delays]).view(None))


_SHORT = (
    RiskByMineral.mineral, RiskByMineral.plan, RiskByMineral.base, RiskByMineral.mean,
    RiskByMineral.share, RiskByMineral.more.like(header="Chance of more"), RiskByMineral.tail,
)  # fmt: skip
_ADDED = (
    Events.event, Events.probability, Events.drawn, Events.cost_agreed, Events.cost_replanned
)  # fmt: skip
