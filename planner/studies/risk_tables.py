"""The tables of a study of risks: measures, shortages, events, delays and draws.

The sheet Risk has percentages as numbers, since their errors need more digits than a share has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from models.measures import ratio
from models.plan import BUILT
from models.resolve import Bools, Floats
from models.results import Colour, Field, Format, Result, common, field
from models.results import Figure as Total
from planner.render.chart import Role
from planner.render.words import known
from planner.scenarios.actions import delayed_projects
from planner.scenarios.events import events_of
from planner.studies.draws import AS_AGREED, REPLANNED, DrawResults, RiskResults
from planner.studies.spread import Chance, chance, estimated_effects, spread


class PlanLabel(NamedTuple):
    """One of the two plans of a draw: its name in headers and in field names, and its colour."""

    header: str
    key: str
    role: Role


PLANS = {
    AS_AGREED: PlanLabel("as agreed", "agreed", Role.PLAN),
    REPLANNED: PlanLabel("re-planned", "replanned", Role.REPLANNED),
}


class MeasureFormat(NamedTuple):
    """The format of a measure: unit, format and scale on the sheet; its key in JSON."""

    unit: str
    fmt: Format
    scale: float
    key: str = ""


COST, CASH, SHORTAGE = Total.TOTAL_COST.value, Total.CASH_COST.value, "Missing, all minerals"
SHARE, MORE = f"{SHORTAGE}, share of need", "Any mineral further missing"
FORMATS = {
    COST: MeasureFormat("{money} m", Format.MILLIONS, 1e-6, "objective_usd"),
    CASH: MeasureFormat("{money} m", Format.MILLIONS, 1e-6, "cash_usd"),
    SHORTAGE: MeasureFormat("t", Format.TONNES, 1.0, "shortage_t"),
    SHARE: MeasureFormat("% of need", Format.PRICE, 100.0, "shortage_share"),
    MORE: MeasureFormat("% of draws", Format.PRICE, 100.0),
}

_NOW = "Discounted."
_BY_CHANCE = " A figure within two standard errors of 0, above or below, may be chance."
_PLAN = field.text("Plan")


class Measures(Result):
    """One row per measure and plan: mean, percentiles and tail, with standard errors."""

    TABLE, GRAIN, BOOK, FILTERED = "Risk", ("measure", "plan"), "risk", False

    measure = common.MEASURE.like(fmt=Format.TEXT)
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
        self, *, formats: Mapping[str, Sequence[Format]] | None = None, **columns: Any
    ) -> None:
        """Give each row the format of its measure, also if the sheet is read from a file."""
        named = [FORMATS.get(name) for name in columns["measure"]]
        of_rows = [Format.FACTOR if form is None else form.fmt for form in named]
        super().__init__(formats=formats or dict.fromkeys(self.number_fields(), of_rows), **columns)

    @classmethod
    def number_fields(cls) -> list[str]:
        """Return the fields whose cells have the unit of their row."""
        return [f.name for f in cls.FIELDS if f.fmt is Format.SHARE]


class RiskByMineral(Result):
    """One row per mineral and plan: how likely a shortage is, and how large."""

    TABLE, GRAIN, BOOK = "Risk by mineral", ("mineral", "plan"), "risk"

    mineral = common.MINERAL
    plan = _PLAN
    demand = common.NEED.like(key="demand_t")
    base = field.tonnes("Missing without events", key="base_t")
    short = field.share("Chance that some is missing", key="chance_short")
    more = field.share("Chance of further missing by events", key="chance_shorter_than_base")
    least = field.share("Its 95 % interval, from")
    most = field.share("Its 95 % interval, to")
    mean = field.tonnes("Missing on average", key="expected_t")
    error = field.tonnes("Standard error", key="standard_error_t")
    share = field.share("Missing on average (share)", key="expected_share", colour=Colour.HEAT)
    base_share = field.share("Missing without events (share)", optional=True)
    further = field.share("Further missing by events (share)", "On average.", optional=True)
    middle = field.tonnes("Missing, median", key="p50_t")
    high = field.tonnes("Missing, 95th percentile", key="p95_t")
    tail = field.tonnes("Missing, CVaR 95", key="cvar95_t")


def _adds(plan: str, cost: str, tonnes: str) -> tuple[Field, Field, Field, Field]:
    """Return the declared columns of what a year of an event adds in a plan."""
    header = PLANS[plan].header
    path = f"a_year_adds.{header.replace(' ', '_').replace('-', '_')}"
    error = field.millions(f"Standard error ({{money}} m), {header}", _NOW)
    return (
        field.millions(
            f"A year adds, {header}", f"{cost} {_NOW}{_BY_CHANCE}", key=f"{path}.cost_usd"
        ),
        error.like(unit="", key=f"{path}.cost_standard_error_usd"),
        field.tonnes(f"A year adds missing, {header}", tonnes + _BY_CHANCE, key=f"{path}.short_t"),
        field(f"Standard error (t), {header}", Format.TONNES, key=f"{path}.short_standard_error_t"),
    )


class Events(Result):
    """One row per event: how often it was drawn, and what a year of it adds to each plan."""

    TABLE, GRAIN, BOOK, FILTERED = "Events", ("event",), "risk", False

    event = field.text("Event")
    probability = field.share("Yearly probability", key="yearly_probability")
    duration = field("Duration", Format.COUNT, unit="yr", key="duration_yr")
    drawn = field.share("Draws with it", key="share_of_draws")
    years = field("Years a draw", Format.DAYS, key="years_per_draw")
    cost_agreed, cost_error_agreed, short_agreed, short_error_agreed = _adds(
        AS_AGREED,
        "What one year of the event adds to total cost, estimated from draws with more and with"
        " fewer such years.",
        "What one year of the event adds to missing tonnes.",
    )
    cost_replanned, cost_error_replanned, short_replanned, short_error_replanned = _adds(
        REPLANNED, "The same for the re-planned plan.", "The same for the re-planned plan."
    )


def _total_columns(plan: str) -> tuple[Field, Field, Field, Field]:
    header = PLANS[plan].header
    return (
        field.millions(f"Total cost, {header}", _NOW),
        field.millions(f"Cash cost, {header}", common.UNDISCOUNTED),
        field.tonnes(f"Missing, {header}"),
        field.share(f"Missing (share), {header}"),
    )


class Draws(Result):
    """One row per draw: its events, and the totals of each plan."""

    TABLE, GRAIN, BOOK = "Draws", ("draw",), "risk"

    draw = field("Draw", Format.COUNT)
    cost_agreed, cash_agreed, short_agreed, share_agreed = _total_columns(AS_AGREED)
    cost_replanned, cash_replanned, short_replanned, share_replanned = _total_columns(REPLANNED)
    events = field("Events", Format.REMARK)


class Delays(Result):
    """One row per event and plant that it delays: how likely it is, and what it adds each time."""

    TABLE, GRAIN, BOOK = "Delays", ("event", "project"), "risk"

    event = field.text("Event")
    project = common.PROJECT.like(meaning="")
    mineral = common.MINERAL
    later = field(
        "Later by", Format.COUNT, "The sum of the event's delays.", unit="yr", key="late_yr"
    )
    due = field("Due", Format.YEAR, "First year of output in the plan without events.", key="due")
    probability = field.share("Yearly probability", key="yearly_probability")
    drawn = field.share("Draws with it", key="share_of_draws")
    short = field.tonnes(
        "A delay adds missing, as agreed",
        "What the event adds to shortage each time, with all its plants, as in the sheet Events.",
        key="short_t",
    )
    cost = field.millions(
        "A delay adds, as agreed",
        "What the event adds to total cost each time. Discounted.",
        key="cost_usd",
    )


# ---- tables from the draws -----------------------------------------------------------------------
#
# Amounts are in t of contained metal over all years; NaN: not known.

Row = dict[str, object]


def _amounts_of_draws(cost: Any, cash: Any, short: Any, demand: float) -> dict[str, Any]:
    share = short / demand if demand > 0 else np.zeros_like(short)
    return {COST: cost, CASH: cash, SHORTAGE: short, SHARE: share}


def _measures_of(risk: RiskResults, sample: DrawResults) -> dict[str, Floats]:
    short, demand = sample.short.sum(axis=(1, 2)), risk.base.case.total_demand
    return _amounts_of_draws(sample.objective, sample.cash, short, demand)


def risk_measures(risk: RiskResults) -> Measures:
    """Return statistics of each measure over all draws, in money, t and fractions.

    A probability has only a mean, a standard error and its own interval.
    """
    case, totals, words = risk.base.case, risk.base_totals, common.words_of(risk.base.case)
    amounts = totals.objective, totals.cash, float(totals.short.sum())
    base = _amounts_of_draws(*amounts, case.total_demand) | {MORE: 0.0}
    rows: list[Row] = []
    for name, without in base.items():
        unit = FORMATS[name].unit.format_map(words)
        for sample in risk.samples:
            row: Row = {"measure": name, "plan": sample.name, "unit": unit, "base": float(without)}
            if name == MORE:
                lost = sample.short[sample.is_known].sum(axis=2)
                least = totals.short.sum(axis=1) + least_shortages(risk)
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
    formats = [FORMATS[name] for name in table.measure]
    data: dict[str, Any] = dict(table.data)
    for name in Measures.number_fields():
        pairs = zip(table.data[name], formats, strict=True)
        data[name] = [float(v) * form.scale if known(v) else None for v, form in pairs]
    return Measures(words=table.words, **data)


def risk_by_mineral(risk: RiskResults) -> RiskByMineral:
    positions = range(len(risk.base.expanded.minerals))
    rows = [_shortages(risk, s, m) for m in positions for s in risk.samples]
    return RiskByMineral.of_rows(rows, words=common.words_of(risk.base.case))


def _shortages(risk: RiskResults, sample: DrawResults, mineral: int) -> Row:
    """Return the statistics of a mineral's shortage over all draws."""
    e = risk.base.expanded
    tonnes: Floats = sample.short[sample.is_known][:, mineral].sum(axis=1)
    base = float(np.sum(risk.base_totals.short[mineral]))
    demand = float(np.sum(e.demand[mineral]))
    least = least_shortages(risk)[mineral]
    statistics, more = spread(tonnes), _chance_of(tonnes > base + least)
    return {
        **vars(statistics),
        "mineral": e.minerals[mineral],
        "plan": sample.name,
        "demand": demand,
        "base": base,
        "share": ratio(statistics.mean, demand),
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
    events = events_of(risk.base.case)
    lasted = [[len(dict(draw.under_way).get(e.name, ())) for e in events] for draw in risk.draws]
    years = np.array(lasted, dtype=float).reshape(len(risk.draws), len(events))
    columns: dict[str, Any] = {
        "event": [event.name for event in events],
        "probability": [event.probability for event in events],
        "duration": [event.duration for event in events],
        "drawn": (years > 0).mean(axis=0),
        "years": years.mean(axis=0),
    }
    for sample in risk.samples:
        key, kept = PLANS[sample.name].key, sample.is_known
        short: Floats = sample.short.sum(axis=(1, 2))
        amounts = (values[kept] for values in (sample.objective, short))
        cost, tonnes = (estimated_effects(amount, years[kept]) for amount in amounts)
        columns[f"cost_{key}"], columns[f"cost_error_{key}"] = cost
        columns[f"short_{key}"], columns[f"short_error_{key}"] = tonnes
    return Events(words=common.words_of(risk.base.case), **columns)


def delays(risk: RiskResults, effects: Events) -> list[Delays]:
    """Return the table, most tonnes missing first; none if no event delays a plant."""
    case, due = risk.base.case, dict[str, int]()
    for name, year in risk.base.amounts(BUILT):
        due[name] = min(year, due.get(name, year))
    of_event = {row["event"]: row for row in effects.frame().to_dict("records")}
    rows = []
    for event in events_of(case):
        later = dict[str, int]()
        for step in (case.risks[i] for i in event.rows if case.risks[i].is_once):
            for name in delayed_projects(case, step):
                later[name] = later.get(name, 0) + int(step.value or 0)
        row = of_event[event.name]
        rows += [
            {
                "event": event.name, "project": p.name, "mineral": p.mineral,
                "later": later[p.name], "due": due.get(p.name), "probability": event.probability,
                "drawn": row["drawn"], "short": row["short_agreed"], "cost": row["cost_agreed"],
            }
            for p in case.projects if p.name in later
        ]  # fmt: skip
    rows.sort(key=lambda row: -row["short"] if known(row["short"]) else math.inf)
    return [Delays.of_rows(rows, words=common.words_of(case))] if rows else []


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


def least_shortages(risk: RiskResults) -> Floats:
    """The largest shortage that counts as none, by mineral, over all years [t]."""
    e = risk.base.expanded
    return np.array([sum(risk.base.tolerance(name, y) for y in e.years) for name in e.minerals])


def _chance_of(happened: Bools) -> Chance:
    return chance(int(np.sum(happened)), len(happened))
