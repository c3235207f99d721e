"""The sweep: one number of a case turned step by step, and what each step costs.

Over the cap on single countries it is the frontier of cost and shortage: the less one country may
supply, the dearer the plan, until tonnes are lacking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from models.answers import least_share
from models.case import Case
from models.errors import SolverError, UsageError
from models.measures import (
    beyond,
    largest_country_shares,
    part,
    premium,
    premium_like_for_like,
    premium_with_shortage,
    served_share,
)
from models.plan import PENALTIES, Plan
from models.results import Field, Look, Name, Result, field
from models.results.common import UNDISCOUNTED, words_of
from models.schema.column import MOST_TARIFF
from models.units import percent_hint
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.words import counted, known, money, percent, scale, share, tonnes
from planner.scenarios import set_max_country_share
from planner.scenarios.parameters import KINDS, Parameter, parameter_of
from planner.scenarios.parameters import percent as percent_of
from planner.studies.engine import Outcome, Outcomes, Run, Study, Tell, run_study
from planner.studies.kind import (
    BASIS,
    YEARS,
    Figure,
    Headline,
    Numbers,
    Section,
    StudyKind,
    Tables,
)

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

ALL = ""
"""In the place of a mineral's name: all of them together."""
POINT = 0.01
"""What a slope is per: one percentage point."""
MOST_POINTS = 1_000
"""Points of a sweep at most."""
CHAIN = 10
"""Points of a chain at most: neighbours start from one another, chains run side by side."""
_SLIP = 100
"""A number up to this in the place of a fraction was likely meant in per cent."""
_LOST = 1e-6
"""A point costs tonnes where more than this part of demand is short beyond the reference."""


# ---- tables --------------------------------------------------------------------------------------

_TOTAL = (
    "What the program minimises: cash, shortage and other penalties, discounted to the first year."
)
_CASH = "All that is paid: purchases, ore, capital charges, holding, take or pay; no shortage, no"
_TOP = "The largest share of one country in any year, Rest of world left out."
_MINERAL = field(
    "Mineral",
    Look.TEXT,
    "all: the coalition's whole plan, its tonnes by weight.",
    names=Name.MINERALS,
)


class _Amounts(Result):
    """What one plan costs, buys and leaves short, by mineral."""

    mineral = _MINERAL
    objective = field("Total cost", Look.MONEY, _TOTAL, unit="{money}", key="objective_usd")
    purchases = field(
        "Purchases",
        Look.MONEY,
        f"Cost or price, tariff and freight of all flows. {UNDISCOUNTED}",
        unit="{money}",
        key="purchases_usd",
    )
    cash = field(
        "Cash cost", Look.MONEY, f"{_CASH} penalties. {UNDISCOUNTED}", unit="{money}",
        key="cash_usd",
    )  # fmt: skip
    tonnes = field("Tonnes", Look.TONNES, "What is bought over all years, for stock too.")
    short = field(
        "Short",
        Look.TONNES,
        "Demand neither bought nor taken from stock, all years together.",
        unit="t",
        key="shortage_t",
    )
    served = field(
        "Served share", Look.SHARE, "1 less what is short over demand.", key="served_share"
    )
    share = field("Largest country share", Look.SHARE, _TOP, key="max_country_share")
    country = field("Largest country", Look.TEXT, key="largest_country")


class Frontier(Result):
    """What each cap costs and leaves short: all minerals together first, then each."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep"
    knob = field("Knob", Look.TEXT, "What is turned.", optional=True)
    value = field(
        "Cap",
        Look.SHARE,
        "The most that one country may supply of the coalition's base in a year, set for all"
        " minerals as --max-country-share of solve does.",
        key="cap",
    )
    mineral = _MINERAL
    objective, purchases, cash = _Amounts.objective, _Amounts.purchases, _Amounts.cash
    tonnes, short = _Amounts.tonnes, _Amounts.short
    lost = field(
        "Short by the cap",
        Look.TONNES,
        "Short, less what is short without any cap on single countries.",
        unit="t",
        key="shortage_beyond_t",
    )
    served = _Amounts.served
    share = _Amounts.share.like(
        meaning=f"{_TOP} Countries that the cap leaves alone (the coalition's own, where the"
        " workbook says so) count, too."
    )
    country = _Amounts.country
    slope = field(
        "A point looser saves",
        Look.MONEY,
        "What a cap looser by one percentage point saves in total cost: its shadow prices x base,"
        " over all countries and years; at a kink any value between the slopes on both sides.",
        unit="{money}",
        key="slope_usd_per_point",
    )
    premium = field(
        "Premium",
        Look.PRICE,
        "Cash cost less that of the reference (no cap on single countries; of another knob the case"
        " as given), over tonnes bought. It falls below 0 where tonnes that cannot be had are not"
        " paid for.",
        unit="{money}/t",
        key="premium_usd_per_t",
    )
    like_for_like = field(
        "Premium like for like",
        Look.PRICE,
        "Cash cost of a tonne bought, less what a tonne of that mineral costs in the reference; of"
        " all minerals the sum over tonnes bought.",
        unit="{money}/t",
        key="premium_like_for_like_usd_per_t",
    )
    dearer = field(
        "Dearer like for like",
        Look.SHARE,
        "The premium like for like over what the same tonnes cost in the reference.",
        key="dearer_like_for_like",
    )
    with_shortage = field(
        "Premium with shortage",
        Look.PRICE,
        "Total cost less that of the reference, over demand: shortage counts at its stated cost. Of"
        " all minerals it never falls as a cap tightens.",
        unit="{money}/t",
        key="premium_with_shortage_usd_per_t",
    )
    demand = field("Demand", Look.TONNES, "What is needed over all years.", unit="t", optional=True)
    trouble = field("Trouble", Look.LONG, "Why this point has no plan.", key="error", optional=True)


class TurnedFrontier(Frontier):
    """What each value of another number costs and leaves short, against the case as given."""

    TABLE, GRAIN, BOOK = "Frontier", ("value", "mineral"), "sweep of another number"
    value = field("Value", Look.SHARE, "What it is set to: of a factor 100 % is the case as given.")
    lost = Frontier.lost.like(
        header="Short beyond as given",
        meaning="Short, less what is short in the case as given.",
    )
    slope = Frontier.slope.like(
        header="A point more costs",
        meaning="What one percentage point more adds to total cost, as the difference to the point"
        " before; below 0: it saves.",
    )


class SmallestCaps(Result):
    """By mineral the smallest cap that costs no tonne, and how things stand without any cap."""

    TABLE, GRAIN, BOOK = "Smallest caps", ("mineral",), "sweep"
    mineral = _MINERAL.like(meaning="all: the largest of the minerals' smallest caps.")
    smallest = field(
        "Smallest cap",
        Look.SHARE,
        "The smallest cap on single countries at which no more need be short than without any, in"
        " every year; exact, not from the grid. The cheapest plan at that cap may still leave"
        " tonnes short that cost more than a shortage. Minerals that a budget ties share it out."
        " Blank: not known, as where shares are of purchases.",
    )
    costs_from = field(
        "First point that costs tonnes",
        Look.SHARE,
        "The loosest cap of this sweep at which more is short than without any; blank: none is.",
    )
    lost = field(
        "Short by the cap there",
        Look.TONNES,
        "What is short at that point beyond what is short without any cap.",
        unit="t",
    )
    country = field("Largest country without caps", Look.TEXT)
    share = field(
        "Its share without caps",
        Look.SHARE,
        "Its largest share in any year; purchases for stock count, so that it may exceed 100 % of"
        " demand.",
    )
    cash = field("Cash cost without caps", Look.MONEY, unit="{money}")
    tonnes = field("Tonnes without caps", Look.TONNES)
    short = field("Short without caps", Look.TONNES, unit="t")


class AsGiven(_Amounts):
    """The case with the number as it stands, which the premiums are against."""

    TABLE, GRAIN, BOOK = "As given", ("mineral",), "sweep of another number"
    mineral = _MINERAL
    cash = _Amounts.cash.like(
        meaning=f"All that is paid: no shortage, no penalties. {UNDISCOUNTED}"
    )


_FIGURES = (
    Frontier.objective, Frontier.purchases, Frontier.cash, Frontier.tonnes, Frontier.short,
    Frontier.lost, Frontier.served, Frontier.slope, Frontier.premium, Frontier.like_for_like,
    Frontier.dearer, Frontier.with_shortage,
)  # fmt: skip
"""What JSON has of a point, and of a mineral at it."""


# ---- points --------------------------------------------------------------------------------------


def grid(parameter: Parameter, first: float, last: float, step: float) -> tuple[float, ...]:
    """Return the points from first to last, both included; the last step may be a shorter one.

    Raises UsageError where a number is out of bounds, the step leads nowhere or to too many points.
    """
    most = parameter.kind.most
    for option, value in (("--from", first), ("--to", last)):
        if not 0.0 <= value <= most:
            slip = most <= MOST_TARIFF and most < value <= _SLIP
            hint = f"; {percent_hint(value)}" if slip else ""
            bounds = "0 to 1 (100 %)" if most == 1.0 else f"0 to {most:g}"
            msg = f"{option} {value:g}: {parameter.title} goes from {bounds}{hint}"
            raise UsageError(msg)
    way = last - first
    if step == 0 or not math.isfinite(step):
        msg = f"--step {step:g} leads nowhere: name a step such as {parameter.kind.step:g}"
        raise UsageError(msg)
    if step < 0 <= way or step > most:
        slip = most <= 1.0 <= step <= _SLIP
        hint = percent_hint(step) if slip else "the direction is that from --from to --to"
        msg = f"--step {step:g} does not lead from {first:g} to {last:g}; {hint}"
        raise UsageError(msg)
    # Decimal, so that 0.9 by 0.05 meets 0.3 and every point is the number that one would type.
    start, end, by = (Decimal(repr(number)) for number in (first, last, abs(step)))
    steps = math.ceil(abs(end - start) / by)
    if steps >= MOST_POINTS:
        msg = (
            f"from {first:g} to {last:g} by {abs(step):g} is {steps + 1:,} points, of at most"
            f" {MOST_POINTS:,}: take a larger --step"
        )
        raise UsageError(msg)
    sign = 1 if end > start else -1
    return (*(float(start + sign * i * by) for i in range(steps)), last)


# ---- what is read of a plan ----------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """What one plan says of one mineral, or of all of them (``ALL``).

    Tonnes in t over all years; ``objective`` discounted, ``purchases`` and ``cash`` not [money].
    ``share`` is the largest of one country in any year, ``country`` whose (None, "": nobody sells).
    ``saved`` is what one point more of the cap on single countries saves by the plan's duals [money
    discounted to the first year].
    """

    mineral: str
    objective: float
    purchases: float
    cash: float
    demand: float
    tonnes: float
    short: float
    share: float | None
    country: str
    saved: float

    @property
    def served(self) -> float:
        """The part of demand that is met; 1 where there is none."""
        return served_share(self.demand, self.short)


Readings = Mapping[str, Reading]
"""What is read of a plan, by mineral, all of them first; empty where there is no plan."""


def read(plan: Plan) -> tuple[Reading, ...]:
    """Return the readings of a plan, all minerals first."""
    costs = plan.mineral_costs
    paid = costs[~costs["heading"].isin(PENALTIES)]
    objective, cash = _sums(costs, "discounted"), _sums(paid, "money")
    purchases = _sums(plan.flows, "total")
    demand, tonnes, short = (_sums(plan.supply, c) for c in ("demand", "purchased", "short"))
    saved = _saved(plan)
    tops = largest_country_shares(plan.countries, plan.case.settings.share_basis)
    each = []
    for name in plan.expanded.minerals:
        own = tops.get(name)
        each.append(
            Reading(
                mineral=name,
                objective=objective.get(name, 0.0),
                purchases=purchases.get(name, 0.0),
                cash=cash.get(name, 0.0),
                demand=demand.get(name, 0.0),
                tonnes=tonnes.get(name, 0.0),
                short=short.get(name, 0.0),
                share=None if own is None else own.share,
                country="" if own is None else plan.case.country_name(own.country),
                saved=saved.get(name, 0.0),
            )
        )
    top = max((r for r in each if r.share is not None), key=lambda r: r.share or 0.0, default=None)
    whole = Reading(
        mineral=ALL,
        objective=plan.objective,
        purchases=plan.purchases,
        cash=plan.cash,
        demand=plan.case.total_demand,
        tonnes=plan.tonnes,
        short=plan.shortage,
        share=None if top is None else top.share,
        country="" if top is None else top.country,
        saved=sum(saved.values()),
    )
    return (whole, *each)


def _sums(table: pd.DataFrame, amount: str) -> dict[str, float]:
    sums = table.groupby("mineral")[amount].sum()
    return dict(zip(map(str, sums.index), sums.tolist(), strict=True))


def _saved(plan: Plan) -> dict[str, float]:
    """Return by mineral what one point more saves: each cap's dual x its base, discounted."""
    case, found = plan.case, dict[str, float]()
    table = plan.limits
    for at, mineral, year, base, price in zip(
        *(table[c] for c in ("limit", "mineral", "year", "base", "shadow_price")), strict=True
    ):
        if case.share_limits[at].caps_each_country:
            worth = float(price * base) * case.discount(year) * POINT
            found[mineral] = found.get(mineral, 0.0) + worth
    return found


# ---- runs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """One plan of a sweep: all minerals first, then each.

    ``smallest`` are the smallest caps that cost no tonne of supply, known from the reference alone;
    ``trouble`` says why they are not known.
    """

    readings: tuple[Reading, ...]
    smallest: tuple[tuple[str, float], ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class SweepResult:
    """A sweep and what came of it.

    ``rows`` has a row a point and mineral, all minerals first; a point without a plan is one row
    with its ``trouble``. Its columns: value; mineral; objective, purchases, cash [money]; demand,
    tonnes, short, lost (short beyond the reference) [t]; served, share, country; slope [money a
    point]; premium, like_for_like, with_shortage [money/t]; dearer (like_for_like as a fraction).
    ``reference`` has the same columns for the case that the premiums are measured against (empty:
    not known). ``smallest`` has one row a mineral, for the cap alone: mineral, smallest (the least
    cap that costs no tonne), costs_from (the loosest point that does) and lost (tonnes there).
    """

    parameter: Parameter
    points: tuple[float, ...]
    rows: pd.DataFrame
    reference: pd.DataFrame
    smallest: pd.DataFrame
    outcomes: Outcomes[Point]
    trouble: str


def without_country_caps(case: Case) -> Case:
    """Return the case without the limits that a cap on single countries sets; all others stay."""
    kept = tuple(row for row in case.share_limits if not row.caps_each_country)
    return case.change(share_limits=kept)


def as_given(case: Case) -> Case:
    """Return the case itself."""
    return case


@dataclass(frozen=True)
class Reader:
    """Reads a point of its plan; of the case without caps on countries also the smallest caps."""

    base: Case
    of_cap: bool

    def __call__(self, plan: Plan) -> Point:
        """Return what a sweep keeps of a plan."""
        readings = read(plan)
        if not self.of_cap or any(row.caps_each_country for row in plan.case.share_limits):
            return Point(readings)
        try:
            found = least_share(set_max_country_share(self.base, 1.0), plan)
        except SolverError as error:
            return Point(readings, trouble=f"the smallest caps are not known: {error}")
        return Point(readings, tuple((m, found[m]) for m in plan.expanded.minerals if m in found))


def study_of(base: Case, parameter: Parameter, points: Sequence[float]) -> Study[Point]:
    """Return the runs of a sweep: the reference, then the points in chains of neighbours."""
    first = (
        Run("No cap on single countries", without_country_caps)
        if parameter.is_cap
        else Run("As given", as_given)
    )
    runs = [Run(parameter.name(value), parameter.at(value)) for value in points]
    chains = [tuple(runs[at : at + CHAIN]) for at in range(0, len(runs), CHAIN)]
    return Study(base, ((first,), *chains), Reader(base, parameter.is_cap))


def sweep(
    base: Case,
    parameter: Parameter,
    points: Sequence[float],
    where: Where | None = None,
    tell: Tell | None = None,
) -> SweepResult:
    """Plan a case at each value of a knob; a point without a plan does not lose the others.

    ``where`` and ``tell`` as in ``run_study``.
    """
    outcomes = run_study(study_of(base, parameter, points), where, tell)
    compared, *turned = outcomes
    free = by_mineral(_readings(compared.found))
    rows = frontier(
        points,
        [by_mineral(_readings(outcome.found)) for outcome in turned],
        [outcome.error for outcome in turned],
        free,
        by_duals=parameter.is_cap,
    )
    least = dict(compared.found.smallest) if compared.found is not None else {}
    trouble = [compared.error and f"what to compare with is not known: {compared.error}"]
    trouble += [compared.found.trouble if compared.found is not None else ""]
    return SweepResult(
        parameter,
        tuple(points),
        rows,
        reference(free),
        smallest_caps(rows, free, least) if parameter.is_cap else pd.DataFrame(),
        outcomes,
        "; ".join(filter(None, trouble)),
    )


def _readings(point: Point | None) -> tuple[Reading, ...]:
    return () if point is None else point.readings


def title_of(parameter: Parameter, points: Sequence[float]) -> str:
    """Return a sweep in words: ``Cap from 90 % to 30 %, 13 points``."""
    span = percent_of(points[0])
    if len(points) > 1:
        span = f"from {span} to {percent_of(points[-1])}, {len(points)} points"
    return f"{parameter.title} {span}"


# ---- rows ----------------------------------------------------------------------------------------


_COLUMNS = (
    "value", "mineral", "objective", "purchases", "cash", "demand", "tonnes", "short", "lost",
    "served", "share", "country", "slope", "premium", "like_for_like", "dearer", "with_shortage",
    "trouble",
)  # fmt: skip
_WORDS = ("mineral", "country", "trouble")


def by_mineral(readings: Sequence[Reading]) -> dict[str, Reading]:
    """Return readings by mineral."""
    return {of.mineral: of for of in readings}


def frontier(
    points: Sequence[float],
    found: Sequence[Readings],
    troubles: Sequence[str],
    free: Readings,
    *,
    by_duals: bool,
) -> pd.DataFrame:
    """Return a row a point and mineral, with the columns ``_COLUMNS``.

    ``found`` and ``troubles`` are each point's; ``free`` is the reference. ``by_duals`` says that a
    slope is read from the duals of the plan; else it is the difference to the point before.
    """
    rows: list[dict[str, object]] = []
    before: tuple[float, Readings] | None = None
    for value, now, trouble in zip(points, found, troubles, strict=True):
        if not now:
            rows.append({"value": value, "mineral": ALL, "trouble": trouble})
        like = _like_for_like(now, free)
        for name, of in now.items():
            slope = of.saved if by_duals else _difference(value, of, before)
            rows.append(_row(value, of, free.get(name), slope, like.get(name)))
        before = (value, now) if now else None
    return _frame(rows)


def reference(free: Readings) -> pd.DataFrame:
    """Return the reference's rows, one a mineral, with the columns ``_COLUMNS``."""
    return _frame([_row(None, of, None, None, None) for of in free.values()])


def _frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame([dict(row) for row in rows], columns=list(_COLUMNS))
    numbers = [name for name in _COLUMNS if name not in _WORDS]
    words = table[list(_WORDS)].astype(object)
    table[list(_WORDS)] = words.where(words.notna(), "")
    return table.astype(dict.fromkeys(numbers, float))


def _row(
    value: float | None,
    of: Reading,
    free: Reading | None,
    slope: float | None,
    like: tuple[float, float] | None,
) -> dict[str, object]:
    """Return a row; ``like`` is what ``_like_for_like`` says. Without a reference those are blank.

    Differences that are rounding are 0.
    """
    row: dict[str, object] = {
        "value": value,
        "mineral": of.mineral,
        "objective": of.objective,
        "purchases": of.purchases,
        "cash": of.cash,
        "demand": of.demand,
        "tonnes": of.tonnes,
        "short": of.short,
        "served": of.served,
        "share": of.share,
        "country": of.country,
        "slope": slope,
    }
    if free is not None:
        row["lost"] = beyond(of.short, free.short, max(of.demand, free.demand))
        row["premium"] = premium(of.cash, free.cash, of.tonnes)
        row["with_shortage"] = premium_with_shortage(of.objective, free.objective, of.demand)
    if like is not None and of.tonnes > 0:
        extra, same = like
        row["like_for_like"] = extra / of.tonnes
        row["dearer"] = part(extra, same)
    return row


def _like_for_like(now: Readings, free: Readings) -> dict[str, tuple[float, float]]:
    """Return by mineral what its tonnes cost more than the same tonnes in the reference, and that.

    The same tonnes are priced at the reference's cash cost per tonne; a mineral that is not bought
    there has none. All minerals together are the sums.
    """
    amounts = {
        name: (of.cash, of.tonnes, free[name].cash, free[name].tonnes)
        for name, of in now.items()
        if name != ALL and name in free and free[name].tonnes > 0
    }
    each = {name: premium_like_for_like([of]) for name, of in amounts.items()}
    found = {**each, ALL: premium_like_for_like(amounts.values())}
    return {name: of for name, of in found.items() if of is not None}


def _difference(value: float, of: Reading, before: tuple[float, Readings] | None) -> float | None:
    """Return what one point more saves between this point and the one before."""
    other = None if before is None else before[1].get(of.mineral)
    if before is None or other is None:
        return None
    saved = beyond(other.objective, of.objective, of.objective)
    return saved / (value - before[0]) * POINT or 0.0  # not -0.0


def smallest_caps(rows: pd.DataFrame, free: Readings, least: Mapping[str, float]) -> pd.DataFrame:
    """Return a row a mineral: its smallest cap, and the loosest point that costs tonnes.

    mineral, smallest (NaN: not known), costs_from (NaN: no point does), lost [t there].
    """
    found = []
    for name in free:
        own = rows[rows["mineral"] == name]
        costly = own[own["lost"] > _LOST * own["demand"]].sort_values("value")
        at = costly.iloc[-1] if len(costly) else None
        found.append(
            {
                "mineral": name,
                "smallest": max(least.values(), default=None) if name == ALL else least.get(name),
                "costs_from": None if at is None else at["value"],
                "lost": None if at is None else at["lost"],
            }
        )
    numbers = ("smallest", "costs_from", "lost")
    table = pd.DataFrame(found, columns=["mineral", *numbers])
    return table.astype(dict.fromkeys(numbers, float))


def results(of: SweepResult, words: Mapping[str, str]) -> tuple[Result, Result]:
    """Return the tables of a sweep: the frontier, and the smallest caps or the case as given."""
    rows, free = of.rows, of.reference
    minerals = list(dict.fromkeys(rows["mineral"]))
    rows = pd.concat([rows[rows["mineral"] == name] for name in minerals]) if minerals else rows
    columns: dict[str, Any] = {f.name: rows[f.name] for f in Frontier.FIELDS if f.name in rows}
    if not any(rows["trouble"]):
        del columns["trouble"]
    if of.parameter.is_cap:
        least: dict[str, Any] = {
            name: of.smallest[name] for name in ("mineral", "smallest", "costs_from", "lost")
        }
        without: dict[str, Any] = {
            name: free[name] for name in ("country", "share", "cash", "tonnes", "short")
        }
        return Frontier(words=words, **columns), SmallestCaps(words=words, **least, **without)
    columns |= {"knob": [of.parameter.title] * len(rows), "slope": 0.0 - rows["slope"]}  # not -0.0
    given = AsGiven(words=words, **dict[str, Any]((f.name, free[f.name]) for f in AsGiven.FIELDS))
    return TurnedFrontier(words=words, **columns), given


# ---- charts, of the tables alone -----------------------------------------------------------------

_MOST_LINES = 6
"""Lines of a chart at most: those that rise highest."""
_MOST_SMALL = 12
"""Minerals with a chart of their own at most: those that cost most."""
_SEEN = 5e-4
"""A line of shares that stays below this everywhere is not worth a line."""
_AMOUNTS = {"extra", "cash", "short"}
"""Figures that are no shares: in money or tonnes."""


class _Charts:
    """The charts of a sweep: cost, room for a cap, who gets dearer, who goes short; each mineral.

    Over a cap the tight end stands on the right, and cost and shortage are what the cap adds. Of
    another knob, which changes how much is bought, they are all that is paid, and all that is
    short; the scale runs as the sweep does.
    """

    def __init__(self, tables: Tables) -> None:
        """Read the tables."""
        frontier = tables[Frontier]
        self.rows = frontier.frame()
        self.rows = self.rows[pd.to_numeric(self.rows["value"], errors="coerce").notna()]
        self.minerals = list(dict.fromkeys(self.rows["mineral"]))
        self.caps = tables[SmallestCaps].frame() if SmallestCaps in tables else pd.DataFrame()
        self.is_cap = not isinstance(frontier, TurnedFrontier)
        self.title = "Cap" if self.is_cap else str(frontier.frame()["knob"].iloc[0])
        self.currency = frontier.words.get("money", "")
        self.basis, self.horizon = tables.option(BASIS), tables.option(YEARS)
        word = tables.option(OVER).partition(":")[0]
        self.is_factor = any(kind.is_factor for kind in KINDS if kind.word == word)
        whole = self.rows[self.rows["mineral"] == ALL]
        self.values = [float(v) for v in whole["value"]]
        if self.is_cap:
            self.values.sort(reverse=True)

    def all(self) -> tuple[Picture, ...]:
        """Return the charts of the workbook."""
        if len(self.values) < 2:  # noqa: PLR2004 - one point is no line
            return ()
        lost, lacking = ("lost share", " by the cap") if self.is_cap else ("short share", "")
        before = f"Above its cash cost {self.before}"
        made = [
            self.paid(),
            self.room() if self.is_cap else self.tonnes_short(),
            self.lines("dearer", "How much dearer a tonne becomes", before),
            self.lines(lost, f"Demand that goes short{lacking}", "Share of coalition demand"),
            *(self.small(name) for name in self.dearest()),
        ]
        return tuple(p for p in made if p is not None)

    @property
    def before(self) -> str:
        """What is compared with."""
        return "without caps" if self.is_cap else "as given"

    def across(self, *, small: bool = False) -> str:
        """Return the title of the scale."""
        if not self.is_cap:
            of = "100 % = as given" if self.is_factor else "share of the cost at the refiner's gate"
            return f"{self.title} ({of})"
        if small:
            return "Cap on any one country: loose → tight"
        return f"Cap on any one country's share of coalition {self.basis}: loose → tight"

    def at(self, mineral: str, name: str) -> tuple[float | None, ...]:
        """Return a mineral's figures, nothing seen as 0; None where there is no plan."""
        own = self.rows[self.rows["mineral"] == mineral]
        nothing = 0.0 if name in _AMOUNTS else _SEEN
        found = {
            float(value): None if pd.isna(y) else float(y) if abs(y) >= nothing else 0.0
            for value, y in zip(own["value"], _figures(own, name), strict=True)
        }
        return tuple(found.get(value) for value in self.values)

    def picture(self, title: str, series: Sequence[Series], axis: str, **more: Any) -> Picture:
        """Return lines over the values."""
        across = self.across(small=bool(more.get("small")))
        values = tuple(self.values)
        return Picture(
            title, Form.LINES, values, tuple(series), axis, across, scale=Look.SHARE, **more
        )

    def paid(self) -> Picture | None:
        """What the cap adds to the cost of the tonnes bought; of another knob all that is paid."""
        name, axis = ("extra", "Extra") if self.is_cap else ("cash", "Paid")
        paid = f"{self.title}: what is paid for what is bought"
        what = "What the cap adds to the cost of what is still bought" if self.is_cap else paid
        amounts = self.at(ALL, name)
        most = _peak(amounts)
        if not most:
            return None
        size, unit = scale(most, self.currency) if most < 1e12 else (1e9, f"{self.currency} bn")  # noqa: PLR2004
        scaled = tuple(None if v is None else v / size for v in amounts)
        return self.picture(
            f"{what}, {self.horizon}",
            [Series(f"{axis} cost", Role.PLAN, scaled)],
            f"{axis}, cash cost ({unit})",
            look=Look.MILLIONS,
        )

    def tonnes_short(self) -> Picture | None:
        """What is short in all: a cost that falls for want of supply is no gain."""
        amounts = self.at(ALL, "short")
        if not _peak(amounts):
            return None
        title = f"{self.title}: what is short, all minerals by weight, {self.horizon}"
        return self.picture(
            title, [Series("Short", Role.SHORT, amounts)], "Short", look=Look.TONNES
        )

    def room(self) -> Picture | None:
        """How far a cap can go down before it costs tonnes, beside the largest share without."""
        caps = self.caps
        told = [
            (str(mineral), float(least), float(of))
            for mineral, least, of in zip(
                *(caps[c] for c in ("mineral", "smallest", "share")), strict=True
            )
            if mineral != ALL and not pd.isna(least) and not pd.isna(of)
        ][:_MOST_SMALL]
        if not told:  # of a mineral that nobody sells there is no share to compare with
            return None
        free, least = tuple(of for _, _, of in told), tuple(cap for _, cap, _ in told)
        return Picture(
            f"How tight a cap can be before supply is lost, {self.horizon}",
            Form.GROUPED,
            tuple(short(mineral) for mineral, _, _ in told),
            (
                Series("Largest country without caps", Role.FREE, free),
                Series("Smallest cap that need cost no tonne", Role.PLAN, least),
            ),
            f"Share of coalition {self.basis}",
            "Mineral",
        )

    def lines(self, name: str, title: str, axis: str) -> Picture | None:
        """Return a chart of one figure, a line a mineral: the same minerals in the same colours."""
        kept, told = self.rising()
        lines = {mineral: self.at(mineral, name) for mineral in kept}
        if all(_peak(line) < _SEEN for line in lines.values()):
            return None
        some = "" if len(kept) == told else f" (the {len(kept)} of {told} that change most)"
        series = [Series(short(m), Role.ONE_OF_MANY, line) for m, line in lines.items()]
        return self.picture(f"{title}, {self.horizon}{some}", series, axis)

    def rising(self) -> tuple[list[str], int]:
        """Return the minerals that rise highest in cost or shortage, and how many rise at all."""
        rise: dict[str, float] = {}
        for name in ("dearer", "lost share"):
            of = {m: _peak(self.at(m, name)) for m in self.minerals if m != ALL}
            most = max(of.values(), default=0.0)
            for mineral, peak in of.items():
                if peak >= _SEEN:
                    rise[mineral] = rise.get(mineral, 0.0) + peak / most
        highest = sorted(rise, key=lambda m: -rise[m])[:_MOST_LINES]
        return [m for m in self.minerals if m in highest], len(rise)

    def dearest(self) -> list[str]:
        """Return the minerals with a chart of their own: with demand, those that cost most."""
        of = {m: self.rows[self.rows["mineral"] == m] for m in self.minerals if m != ALL}
        named = [m for m, rows in of.items() if rows["demand"].max() > 0]
        kept = sorted(named, key=lambda m: -float(of[m]["cash"].max()))[:_MOST_SMALL]
        return [m for m in named if m in kept]

    def small(self, mineral: str) -> Picture:
        """One mineral: how much dearer, and how much is short, with its smallest cap if known."""
        dearer = f"Dearer than {self.before}, of cost"
        series = [
            Series(dearer, Role.PLAN, self.at(mineral, "dearer")),
            Series("Short, of demand", Role.SHORT, self.at(mineral, "short share")),
        ]
        least = self.least(mineral)
        said = "" if least is None else f": no tonne need be lost down to {least * 100:.1f} %"
        return self.picture(f"{short(mineral)}{said}", series, "", small=True)

    def least(self, mineral: str) -> float | None:
        """Return the smallest cap of a mineral that costs no tonne, where it is known."""
        of = self.caps[self.caps["mineral"] == mineral]["smallest"] if len(self.caps) else ()
        return next((float(cap) for cap in of if not pd.isna(cap)), None)

    def of_mineral(self, mineral: str) -> tuple[Picture, ...]:
        """Return the charts of one mineral for a report: cost, shortage, the largest country."""
        own = self.rows[self.rows["mineral"] == mineral]
        name = "all minerals" if mineral == ALL else mineral
        size, unit = scale(float(own["objective"].abs().max()), self.currency)
        total, cash = (
            tuple(None if v is None else v / size for v in self.at(mineral, of))
            for of in ("objective", "cash")
        )
        held = [Series("Largest country", Role.PLAN, self.at(mineral, "share"), hints=[
            str(c or "") for c in own["country"]
        ])]  # fmt: skip
        if self.is_cap:
            held.append(Series("Cap", Role.LIMIT, tuple(self.values)))
        paid = [Series("Total cost", Role.PLAN, total), Series("Cash cost", Role.FREE, cash)]
        lacking = [Series("Short", Role.SHORT, self.at(mineral, "short share"))]
        return (
            self.picture(f"Cost, {name} ({unit})", paid, unit, look=Look.MILLIONS),
            self.picture(f"Part of demand that is short, {name}", lacking, "Part of demand short"),
            self.picture(f"Largest share of one country, {name}", held, "Share of one country"),
        )


def _figures(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    if name == "lost share":
        return rows["lost"] / rows["demand"].where(rows["demand"] > 0)
    if name == "short share":
        return 1.0 - rows["served"]
    if name == "extra":
        return rows["like_for_like"] * rows["tonnes"]
    return rows[name]


def _peak(values: Sequence[float | None]) -> float:
    return max((abs(v) for v in values if v is not None), default=0.0)


# ---- the kind ------------------------------------------------------------------------------------

OVER = "Over"
"""The row of About that has what was turned, as typed."""


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number, or a percentage with its sign."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read 0.65, 65% or 1.5."""
        text = str(value).strip()
        try:
            amount = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            amount = math.nan
        if not math.isfinite(amount):
            self.fail(f"{text!r} is not a number such as 0.65 or 65%", param, ctx)
        return amount


class Sweep(StudyKind):
    """Plan a workbook at each of many caps on what one country may supply: cost against cap.

    Each point sets the cap for all minerals, as --max-country-share of solve does, after scenario
    and what-ifs. One workbook is written: cost, shortage and premium at each point, in all and by
    mineral; the smallest cap that costs no tonne of supply; charts.

    --over turns another number instead: a factor on demand, capacity, cost, freight or mines, or a
    tariff. WHO is a country or a refiner (of demand: a member or group), MINERAL a mineral.

    \b
    planner sweep case.xlsx
    planner sweep case.xlsx --from 80% --to 40% --step 2.5%
    planner sweep case.xlsx --over capacity:CHN:cobalt --from 1 --to 0 --step 0.1
    planner sweep case.xlsx --over tariff:China --to 0.5

    A point without a proven plan stands in its row with the reason; all others are written. The
    exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "sweep", "Sweep", "frontier"
    QUESTION = "What does each step of a tighter cap, or of another number, cost?"
    LACKING = "no point planned"
    RESULTS = (Frontier, TurnedFrontier, SmallestCaps, AsGiven)
    OPTIONS = (
        click.option(
            "--from", "first", type=Amount(), metavar="A", help="The first point [cap: 0.9]."
        ),
        click.option("--to", "last", type=Amount(), metavar="B", help="The last point [cap: 0.3]."),
        click.option(
            "--step",
            type=Amount(),
            metavar="D",
            help="From point to point; the last step may be shorter [cap: 0.05].",
        ),
        click.option(
            "--over",
            default="cap",
            metavar="KNOB",
            help="What is turned: cap; demand, capacity, cost, tariff, freight or mines, each with"
            " :WHO:MINERAL [cap].",
        ),
    )

    def __init__(
        self,
        start: Start,
        *,
        over: str,
        first: float | None,
        last: float | None,
        step: float | None,
    ) -> None:
        """Take the points; UsageError for an unknown knob, or points that make no sense."""
        super().__init__(start)
        self.parameter = parameter_of(start.case, over)
        of = self.parameter.kind
        span = zip((first, last, step), (of.first, of.last, of.step), strict=True)
        self.points = grid(self.parameter, *(own if said is None else said for said, own in span))

    @property
    def task(self) -> str:
        """The number of points."""
        return counted(len(self.points), "point")

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the reference and all points."""
        del say
        self.result = sweep(self.start.case, self.parameter, self.points, where, tell)
        self.outcomes, self.stopped = self.result.outcomes.every, self.result.outcomes.stopped

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """The points, without what they are compared with."""
        return self.outcomes[1:]

    @property
    def known(self) -> str:
        """How many points have a plan."""
        planned = sum(outcome.planned for outcome in self.judged)
        return f"{planned:,} of {len(self.points):,} points planned"

    @property
    def what(self) -> str:
        """The knob and the points: ``Cap from 90 % to 30 %, 13 points``."""
        asked = (f"{name[:1].lower()}{name[1:]} {v}" for name, v in self.start.options.items())
        return "; ".join([title_of(self.parameter, self.points), *asked])

    @property
    def options(self) -> dict[str, str]:
        """The points, the knob as typed, scenario and what-ifs, what premiums are against."""
        against = "the same case without caps on single countries"
        said = {self.TITLE: title_of(self.parameter, self.points), OVER: self.parameter.typed}
        said |= self.start.options
        said["Premiums are against"] = against if self.parameter.is_cap else "the case as given"
        return said | ({"Trouble": self.trouble} if self.trouble else {})

    @property
    def trouble(self) -> str:
        """Why the reference, or the smallest caps, are not known."""
        return self.result.trouble

    def tables(self) -> list[Result]:
        """Return the frontier, and the smallest caps or the case as given."""
        return list(results(self.result, words_of(self.start.case)))

    def label(self, outcome: Outcome[Any]) -> str:
        """Return the value of a point."""
        return outcome.name.removeprefix(f"{self.parameter.title} ")

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a point, the reference, and the smallest caps."""
        of, rows = self.result, list[dict[str, object]]()
        del tables
        for value in of.points:
            at = of.rows[of.rows["value"] == value]
            turned: dict[str, object] = {Frontier.value.json_key: value}
            if not self.parameter.is_cap:
                turned = {"over": self.parameter.typed, TurnedFrontier.value.json_key: value}
            error = next((said for said in at["trouble"] if said), None)
            rows.append({**turned, **_object(at), Frontier.trouble.json_key: error})
        caps = (
            of.smallest if self.parameter.is_cap else pd.DataFrame({"mineral": [], "smallest": []})
        )
        pairs = zip(caps["mineral"], caps["smallest"], strict=True)
        return {
            "over": self.parameter.typed,
            "scenario": self.start.case.scenario,
            "rows": rows,
            "reference": _object(of.reference),
            "smallest_cap": {m: cap for m, cap in pairs if m != ALL and not math.isnan(cap)},
            "trouble": self.trouble or None,
        }

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return the charts."""
        return _Charts(tables).all()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what the whole way costs, what it leaves short, and how far it costs no tonne."""
        of = tables[Frontier].frame()
        of = of[(of["mineral"] == ALL) & pd.to_numeric(of["objective"], errors="coerce").notna()]
        charts = _Charts(tables)
        if of.empty:
            none = Figure("Points", "none", "no point has a proven plan.")
            return Headline("No point has a proven plan.", (none,))
        first, last = of.iloc[0], of.iloc[-1]
        cost = float(last["objective"] - first["objective"])
        ends = f"{charts.title} from {percent(first['value'])} to {percent(last['value'])}"
        more = f"{'+' if cost > 0 else ''}{money(cost, charts.currency)}"
        figures = [
            Figure(
                "Total cost, from end to end",
                more,
                f"{ends}; discounted, shortage and penalties included.",
            ),
            Figure(
                f"Demand served at {percent(last['value'])}",
                percent(last["served"], 2),
                f"{tonnes(float(last['short']))} are short; at {percent(first['value'])}"
                f" {percent(first['served'], 2)} is served.",
            ),
        ]
        served = f"{share(first['served'])} to {share(last['served'])}"
        said = [f"{ends} changes total cost by {more}, and the demand served from {served}"]
        least = charts.least(ALL)
        if least is not None:
            row = charts.caps[charts.caps["mineral"] == ALL].iloc[0]
            free = "without caps no country sells."
            if known(row["share"]):
                beyond_all = " (beyond 100 % is bought for stock)" if row["share"] > 1 else ""
                free = f"without caps {row['country']} has {percent(row['share'])}{beyond_all}."
            remark = f"all minerals under one cap; {free}"
            name = "Smallest cap that costs no tonne"
            figures.append(Figure(name, percent(least), remark))
            said.append(f"no tonne need be lost down to a cap of {percent(least)}")
        return Headline(f"{'; '.join(said)}.", tuple(figures))

    def screen(self, tables: Tables) -> tuple[Numbers, ...]:
        """Return the points of all minerals together, and the smallest caps."""
        frontier = tables[Frontier]
        of = type(frontier)
        whole = frontier.where([mineral == ALL for mineral in frontier.mineral])
        fields: tuple[Field, ...] = (
            of.value,
            of.cash,
            of.dearer,
            of.short,
            of.lost,
            of.served,
            of.slope,
        )
        found = [Numbers(whole, fields)]
        if SmallestCaps in tables:
            caps = tables[SmallestCaps]
            kept = caps.where([m != ALL and known(c) for m, c in caps.rows(
                SmallestCaps.mineral, SmallestCaps.smallest)])  # fmt: skip
            fields = (SmallestCaps.mineral, SmallestCaps.smallest)
            if len(kept):
                found.append(Numbers(kept, fields, "Smallest caps that need cost no tonne"))
        return tuple(found)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the frontier of all minerals and of each, and the charts of the workbook."""
        charts, frontier = _Charts(tables), tables[Frontier]
        of = type(frontier)
        fields = (of.value, of.objective, of.cash, of.short, of.served, of.country, of.share)
        views = {
            "All minerals" if mineral == ALL else mineral: (
                charts.of_mineral(mineral),
                Numbers(frontier.where([m == mineral for m in frontier.mineral]), fields),
            )
            for mineral in charts.minerals
        }
        if not views:
            return ()
        blocks: tuple[Numbers, ...] = ()
        if SmallestCaps in tables:
            caps = tables[SmallestCaps]
            is_more = any(known(s) and s > 1 for s in caps.share)
            note = "Shares are of demand: beyond 100 % is bought for stock." if is_more else ""
            heading = "The smallest caps that cost no tonne of supply"
            blocks = (Numbers(caps, SmallestCaps.FIELDS[:6], heading, note),)
        knob = f"{charts.title[:1].lower()}{charts.title[1:]}"
        return (
            Section(
                "frontier",
                f"The frontier: cost and shortage by {knob}",
                "Each mark is a plan of its own, proven optimal. Total cost counts shortage at its"
                " price; cash cost is what is paid, and falls where tonnes are not bought.",
                views,
                "Mineral",
                blocks,
            ),
        )


def _object(rows: pd.DataFrame) -> dict[str, object]:
    """Return the object of one point: all minerals, and each by name; null where no plan is."""
    by_name = {str(row["mineral"]): row for row in rows.to_dict("records")}
    whole = by_name.pop(ALL, {})
    shares = {m: row["share"] for m, row in by_name.items()}
    return {
        **_numbers(whole),
        Frontier.share.json_key: shares,
        "by_mineral": {
            m: {
                **_numbers(row),
                Frontier.share.json_key: row["share"],
                Frontier.country.json_key: row["country"] or None,
            }
            for m, row in by_name.items()
        },
    }


def _numbers(row: Mapping[Any, Any]) -> dict[str, object]:
    return {f.json_key: row.get(f.name) for f in _FIGURES}
