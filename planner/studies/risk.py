"""Risk: the cost and shortage of a plan if events happen by chance.

``draws`` makes the draws and their plans, ``risk_tables`` the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models import errors, schema, tolerances
from models.plan import Plan
from models.results import Format, Result
from planner.options import Share, draw_options
from planner.render.chart import Form, Picture, Role, Series, drawn, series_values, shortened
from planner.render.claims import Sentence, say
from planner.render.keys import AnswerKey, table_key
from planner.render.table import Record, records
from planner.render.words import known, money_words, number_of, share_words
from planner.sheets.context import estimates
from planner.studies import draws as drawing
from planner.studies import risk_tables
from planner.studies.draws import AS_AGREED, REPLANNED, RiskResults
from planner.studies.engine import OnProgress, OnStage
from planner.studies.kind import Numbers, StudyKind, Tables
from planner.studies.risk_tables import (
    FORMATS,
    MORE,
    PLANS,
    Delays,
    Draws,
    Events,
    Measures,
    RiskByMineral,
)

if TYPE_CHECKING:
    from planner.scenarios.start import Start
    from planner.studies.places import Where

R = TypeVar("R", bound=Result)
LEFT_OUT = "Penalty of Security, not in the total cost"
"""The row of About with the plan's penalty that this study does not count."""


_LEAST_IN_TAIL = 20
"""Smallest number of draws in the worst 5 % for percentile and CVaR to be trusted."""


def caution(risk: RiskResults) -> str:
    """Return a warning if draws are missing or too few; "" if not."""
    why = "without a plan" if risk.stopped is None else "not finished when it was stopped"
    lost = {sample.name.lower(): int((~sample.is_known).sum()) for sample in risk.samples}
    partly = any(0 < number < len(risk.draws) for number in lost.values())
    count = int(max(sample.is_known.sum() for sample in risk.samples))
    few = _too_few_draws(count)
    return "; ".join([
        *(f"{name}: {number_of(number, 'draw')} {why}, left out of the figures"
          for name, number in lost.items() if number),
        *(["the others are not a random sample of all draws"] if partly else []),
        *([f"{number_of(count, 'draw')}: {few}"] if few else []),
    ])  # fmt: skip


def _too_few_draws(count: int) -> str:
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

_SPREAD_FIELDS = tuple(f for f in Measures.FIELDS if f.fmt is Format.SHARE)
_SHORTAGE_FIELDS = tuple(f for f in RiskByMineral.FIELDS if f.json_key != f.name)
"""The fields of a shortage that JSON has: fields with a key of their own."""


def _rows_of_plan(table: R, plan: str) -> R:
    """Return the rows of one plan: the agreed or the re-planned one."""
    return table.where([p == plan for p in table.data["plan"]])


def _plan_results(measures: Measures, tables: Tables, plan: str) -> Record:
    """Return the results of a plan as JSON: in total, and by mineral."""
    table, minerals = _rows_of_plan(measures, plan), _rows_of_plan(tables[RiskByMineral], plan)
    spreads = dict(zip(table.measure, records(table, *_SPREAD_FIELDS), strict=True))
    more, totals = spreads[MORE], records(minerals, *_SHORTAGE_FIELDS)
    ends = {"mean": "mean", "standard_error": "standard_error", "from": "p95_from", "to": "p95_to"}
    return {
        "plan": plan,
        **{shown.key: spreads[name] for name, shown in FORMATS.items() if shown.key},
        _MORE_KEY: {key: more[name] for key, name in ends.items()},
        "by_mineral": dict(zip(minerals.mineral, totals, strict=True)),
    }


def _nested(row: Record) -> Record:
    """Return nested objects for keys that are paths: ``{"a.b": 1}`` becomes ``{"a": {"b": 1}}``."""
    nested: Record = {}
    for path, value in row.items():
        *above, key = path.split(".")
        inner: Any = nested
        for name in above:
            inner = inner.setdefault(name, {})
        inner[key] = value
    return nested


_WAIVED = "waived in years with an event"
_SEED_HELP = "Seed of the random draws: the same seed gives the same draws."
_MORE_KEY = "chance_of_shortage_beyond_base"
_EVENT_KEYS = tuple(dict.fromkeys(f.json_key.partition(".")[0] for f in Events.FIELDS))
_PLAN_KEYS = (
    "plan",
    *(shown.key for shown in FORMATS.values() if shown.key),
    _MORE_KEY,
    "by_mineral",
)


def _plans(study: RiskStudy, tables: Tables) -> list[Record]:
    measures = risk_tables.risk_measures(study.risk)
    return [_plan_results(measures, tables, plan) for plan in PLANS]


# ---- its chart, made from the tables alone -------------------------------------------------------


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


# ---- findings ------------------------------------------------------------------------------------


def _hardest_hit_sentence(tables: Tables) -> Iterator[Sentence]:
    """Yield the mineral that events hit hardest, compared with the same plan without events."""
    fields, rows = RiskByMineral, tables.sheet(RiskByMineral).where(plan=AS_AGREED)
    most = rows.largest(fields.further)
    if most.number <= tolerances.MISSING_PART:
        none = rows.none(fields.further, ">", tolerances.MISSING_PART)
        yield say(
            "answer", "On average, no mineral is further missing than without events.", none=none
        )
        return
    row = rows.where(mineral=most["mineral"])
    text = "On average, {top} of the need for {top[mineral]} is"
    if rows.stands_out(most, fields.further):
        text = "Events hit {top[mineral]} hardest: on average {top} of its need is"
    text += " further missing than without events, so that {mean} is missing."
    yield say("answer", text, top=most, mean=row.value(fields.share))


def _chance_of_more(tables: Tables) -> Iterator[Sentence]:
    """Yield in how many draws some mineral is shorter than without events."""
    chance_of_it = tables.sheet(Measures).where(measure=MORE, plan=AS_AGREED).value(Measures.mean)
    text = "In {part} % of draws, some mineral is further missing than without events."
    yield say("answer", text, part=chance_of_it)


def _spared_by_calm(tables: Tables) -> Iterator[Sentence]:
    fields, rows = RiskByMineral, tables.sheet(RiskByMineral).where(plan=AS_AGREED)
    spared = rows.count(fields.further, "<=", tolerances.MISSING_PART)
    if spared.number:
        text = "Minerals not further missing than without events, on average: {count}."
        yield say("figure", text, name="Minerals unaffected", large="count", count=spared)


def _likeliest(tables: Tables) -> Iterator[Sentence]:
    """Yield an event with the largest probability, as the most probable if it is the only one."""
    fields, rows = Events, tables.sheet(Events)
    most, text = rows.largest(fields.probability), "{top[event]} begins"
    if rows.stands_out(most, fields.probability):
        text = "Most probable is {top[event]}: it begins"
    text += " with a probability of {top} in a year."
    yield say("figure", text, name=fields.probability.header, large="top", top=most)


def _warnings(tables: Tables) -> Iterator[Sentence]:
    yield say("care", "The coalition keeps the agreed plan. After an event each supplier can sell"
                      " the agreed tonnes and a surge.")  # fmt: skip
    if tables.option(LEFT_OUT):
        yield say("care", "The total cost is without the plan's penalty of Security: losses come as"
                          " events here.")  # fmt: skip


def _costliest_delay(tables: Tables) -> Iterator[Sentence]:
    """Yield the plant whose delay leaves most missing each time."""
    rows = tables.sheet(Delays)
    most = rows.largest(Delays.short)
    if most.number > tolerances.LEAST_FLOW:
        text = "Each time {top[event]} makes {top[project]} late, {top} more is missing."
        if rows.stands_out(most, Delays.short):
            text = (
                "Of plants that may be late, {top[project]} leaves most missing each time: {top}."
            )
        yield say("figure", text, name="Missing if it is late", large="top", top=most)


# ---- the kind ------------------------------------------------------------------------------------


class RiskStudy(StudyKind):
    """Draw the events of the sheet Risks many times, and test the plan against each draw.

    In each year, an event begins with its Yearly probability, independently of other years and
    events. Each draw is planned twice. The first run keeps the agreed plan, and its suppliers can
    sell a surge. The second run re-plans as if the events had been known beforehand. The workbook
    shows the spread of cost and shortage, by mineral, what each event adds, and every draw.

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
    MONEY = "total cost is a present value; cash cost is undiscounted"
    RESULTS = (Measures, RiskByMineral, Events, Delays, Draws)
    ANSWER = (
        AnswerKey("draws", "draws of events", lambda study, _: len(study.risk.draws)),
        AnswerKey("distinct_draws", "draws that differ", "risk.distinct_draws"),
        AnswerKey("plans", "runs that were planned", lambda study, _: len(study.outcomes)),
        AnswerKey("seed", "the seed of the draws", "chances.seed"),
        AnswerKey("surge", "extra sales of others, a fraction of capacity", "chances.surge"),
        AnswerKey("keep_caps", "whether limits stay", "chances.keep_caps"),
        AnswerKey("rows", "both plans, from the sheets of results", _plans, _PLAN_KEYS),
        AnswerKey(
            "events",
            "the sheet `Events`",
            lambda _, tables: [*map(_nested, tables.records(Events))],
            _EVENT_KEYS,
        ),
        table_key("delays", Delays),
    )
    SHOWN = (
        RiskByMineral.mineral, RiskByMineral.demand, RiskByMineral.base_share, RiskByMineral.share,
        RiskByMineral.further, RiskByMineral.more,
    )  # fmt: skip
    NOTE = "All years together, in the plan as agreed. Sorted by further missing."
    TOPICS = (
        _hardest_hit_sentence, _chance_of_more, _spared_by_calm, _likeliest, _costliest_delay,
        _warnings,
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

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        del on_stage
        self.risk = drawing.plan_draws(self.start.case, self.chances, where, on_progress)
        self.outcomes, self.stopped = self.risk.outcomes, self.risk.stopped
        limits = caution(self.risk)
        if limits:
            book = self.start.book
            book = replace(book, warnings=(*book.warnings, errors.warning("", found=limits)))
            self.start = replace(self.start, book=book)

    @property
    def has_plan(self) -> bool:
        begun = any(outcome.ran for outcome in self.outcomes)
        return begun and any(sample.is_known.any() for sample in self.risk.samples)

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan without events": self.risk.base}

    @property
    def options(self) -> dict[str, str]:
        chances, kept = self.chances, "kept in all years"
        guess = estimates(self.start.book.case, schema.EventStep.SHEET)
        penalty = money_words(self.risk.left_out, self.start.case.settings.currency)
        return {
            **self.start.options,
            "Draws": f"{len(self.risk.draws):,}",
            "Different draws": f"{self.risk.distinct_draws:,}",
            "Seed": str(chances.seed),
            LEFT_OUT: penalty if self.risk.left_out else "",
            "Probabilities": guess and f"from the sheet Risks; {guess} are estimates",
            "Surge": "from the year of the first event on, each supplier can sell more than agreed:"
            f" {share_words(chances.surge)} of its usable capacity, as far as it is free",
            "Share limits, as agreed": kept if chances.keep_caps else _WAIVED,
            "Share limits, re-planned": kept,
            AS_AGREED: "the plan without events, hit by the events. Plants stay as built; each"
            " supplier sells at most the agreed tonnes and its surge. The plain plan of planner"
            " solve --under-risk costs less: after an event it buys again from any supplier",
            REPLANNED: "the cheapest plan if the events are known beforehand",
        }

    def tables(self) -> list[Result]:
        risk, added = self.risk, risk_tables.event_effects(self.risk)
        return [
            risk_tables.in_units(risk_tables.risk_measures(risk)),
            risk_tables.risk_by_mineral(risk),
            added,
            *risk_tables.delays(risk, added),
            risk_tables.draw_rows(risk),
        ]

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        if not any(map(known, tables[Draws].cost_agreed)):
            return (say("answer", "The draws have not been planned, so there is no result."),)
        return super().findings(tables)

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the minerals in the agreed plan, the most further missing first."""
        if RiskByMineral not in tables:
            return None
        as_agreed = _rows_of_plan(tables[RiskByMineral], AS_AGREED)
        return Numbers(as_agreed.ordered(RiskByMineral.further), cls.SHOWN)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return drawn(_short_by_mineral(tables))
