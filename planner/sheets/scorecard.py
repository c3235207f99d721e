"""The scorecard: every measure before the plan and after, beside the benchmarks it is to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.case import Case
from models.plan import Plan
from models.results import Benchmarks, Look, Scorecard
from models.results.common import words_of
from models.scorecard import Score, Told, Value, scorecard, told
from planner.render.table import Cell
from planner.render.words import each_year
from planner.sheets.context import Context

MET, MISSED, UNTOLD = "✓ met", "✗ missed", "– no data"
"""What is said of a benchmark: a sign and a word, so that no colour is needed to tell."""

_LOOKS = {
    "share": Look.SHARE,
    "days": Look.DAYS,
    "index, 0 to 10,000": Look.INDEX,
    "index, 0 to 10": Look.SECONDS,
}


def scorecard_sheet(context: Context) -> Scorecard | None:
    """Return the sheet Scorecard; None where nothing is planned."""
    return scorecard_of(context.plan)


def scorecard_of(plan: Plan, scores: Sequence[Score] | None = None) -> Scorecard | None:
    """Return the scorecard of a plan, a row at the head of each measure; ``scores`` if known."""
    found = scorecard(plan) if scores is None else scores
    if not found:
        return None
    case, rows, sections, looks = plan.case, list[dict[str, Cell]](), list[int](), list[Look]()
    heading = None
    for score in found:
        said = told(score.measure)
        about: dict[str, Cell] = {"source": said.source, "formula": said.formula}
        if score.measure is not heading:
            heading = score.measure
            sections.append(len(rows))
            rows.append({"measure": f"{said.title}: {said.unit}", **about})
            looks.append(Look.TEXT)
        rows.append({"measure": said.title, **about, **_row(score, case, said)})
        looks.append(_LOOKS.get(said.unit, _LOOKS.get(said.unit.split()[0], Look.SHARE)))
    fields = [f.name for f in Scorecard.FIELDS]
    if case.years[0] == case.years[-1]:
        fields.remove(Scorecard.after_last.name)
    mixed = (Scorecard.before, Scorecard.after_first, Scorecard.after_last)
    return Scorecard(
        words=words_of(case),
        looks={f.name: looks for f in mixed},
        sections=sections,
        **{name: [row.get(name) for row in rows] for name in fields},
    )


def _row(score: Score, case: Case, said: Told) -> dict[str, Cell]:
    return {
        "mineral": score.mineral,
        "buyer": score.buyer.name,
        "before": score.before.amount,
        "after_first": score.first.amount,
        "after_last": score.last.amount,
        "required": None if score.required is None else score.required.share,
        "met": met(score),
        "unit": said.unit,
        "before_is": before_is(score),
        "remark": remark(score, case) or None,
    }


def met(score: Score) -> str | None:
    """Return what is said of a score's benchmark; None where it has none."""
    if score.required is None:
        return None
    return {True: MET, False: MISSED, None: UNTOLD}[score.met]


def before_is(score: Score) -> str | None:
    """Return what the score before is of; None where there is none."""
    if score.before.amount is None:
        return None
    name = score.measure.__name__
    if name == "cover":
        return "opening"
    if name.startswith("n_1"):
        return "usable"
    mined = name in {"extraction", "one_country_ore"}
    return "today" if score.is_of_today and not mined else "nameplate"


def remark(score: Score, case: Case) -> str:
    """Return who a score is about, or why it has no number, and the years that miss a benchmark."""
    years = case.years
    values = {"before": score.before, str(years[0]): score.first, str(years[-1]): score.last}
    said = [_who(values)]
    if score.missed:
        said.append(f"missed in {each_year(score.missed)}")
    return "; ".join(part for part in said if part)


def _who(values: dict[str, Value]) -> str:
    """Return what is said of each moment, once where it is the same of all."""
    by_words: dict[str, list[str]] = {}
    for when, value in values.items():
        if value.said:
            by_words.setdefault(value.said, []).append(when)
    if len(by_words) == 1 and len(next(iter(by_words.values()))) == len(values):
        return next(iter(by_words))
    return "; ".join(f"{', '.join(when)}: {words}" for words, when in by_words.items())


YES, NO, NOT_ASKED = "✓ yes", "✗ no", "– not asked"


@dataclass(frozen=True)
class Price:
    """A benchmark that the plan misses, and the plan in which it is asked for.

    ``worst`` and ``reached`` are (year, share) of the worst year, in the plan and in the other;
    ``cash`` and ``cost`` are that one's less the plan's [money], ``short`` and ``short_others`` its
    shortage less the plan's [t]. None, and ``reason``, where it was not asked for or has no plan.
    ``years`` are how many it is asked for, ``kept`` in how many of them it is kept; ``is_moved``
    says that asking for it changes the share of any. ``is_of_purchases`` says that limits are of
    purchases, by Share basis.
    """

    benchmark: str
    mineral: str
    buyer: str
    required: float
    is_most: bool
    worst: tuple[int, float]
    reached: tuple[int, float] | None = None
    is_kept: bool | None = None
    is_moved: bool = False
    years: int = 0
    kept: int = 0
    cash: float | None = None
    cost: float | None = None
    short: float | None = None
    short_others: float | None = None
    reason: str = ""
    is_of_purchases: bool = False

    @property
    def says(self) -> str:
        """Whether it can be kept, in words."""
        if self.reason or self.reached is None:
            return self.reason
        year, share = self.reached
        said = []
        if not self.is_kept:
            how = (
                "supply takes it to" if self.is_moved else "supply gives nothing beyond the plan's"
            )
            said = [f"cannot be met: {how} {share:.1%} in {year}, the worst year"]
            if self.kept:
                said.append(f"met in {self.kept} of {self.years} years")
        if self.is_of_purchases and self.is_most:
            said.append("asked for of purchases, as Share basis says")
        lacks = []
        if self.short and self.short > 0:
            lacks.append(f"{self.short:,.0f} t")
        if self.short_others and self.short_others > 0:
            lacks.append(f"{self.short_others:,.0f} t of other minerals (one budget)")
        if lacks:
            said.append(f"leaves short {', '.join(lacks)}")
        return "; ".join(said)


def benchmarks_of(prices: Sequence[Price], money: str) -> Benchmarks:
    """Return the sheet EU benchmarks: the missed ones, in the order of the scorecard."""
    return Benchmarks(
        words={"money": money},
        benchmark=[p.benchmark for p in prices],
        mineral=[p.mineral for p in prices],
        buyer=[p.buyer for p in prices],
        kind=["max" if p.is_most else "min" for p in prices],
        required=[p.required for p in prices],
        worst_share=[p.worst[1] for p in prices],
        worst_year=[p.worst[0] for p in prices],
        share_if_asked=[None if p.reached is None else p.reached[1] for p in prices],
        can_be_met=[_can(p) for p in prices],
        extra_cash=[None if p.cash is None else p.cash / 1e6 for p in prices],
        extra_cost=[None if p.cost is None else p.cost / 1e6 for p in prices],
        extra_short=[p.short for p in prices],
        extra_short_others=[p.short_others for p in prices],
        remark=[p.says for p in prices],
    )


def _can(price: Price) -> str:
    if price.is_kept is None:
        return NOT_ASKED
    return YES if price.is_kept else NO
