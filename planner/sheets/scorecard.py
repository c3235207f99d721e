"""The scorecard: every measure before the plan and after, next to its benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from models.case import Case
from models.plan import Plan
from models.results import Format, Scorecard
from models.results.common import words_of
from models.scorecard import Score, Value, scorecard
from planner.render.table import Cell
from planner.render.words import each_year

MET, MISSED, NO_DATA = "✓ met", "✗ missed", "– no data"
"""Verdicts on a benchmark: a sign and a word, readable without colour."""


def scorecard_of(plan: Plan, scores: Sequence[Score] | None = None) -> Scorecard | None:
    """Return the scorecard of a plan, with a heading row for each measure; None without years.

    ``scores`` are computed unless given.
    """
    scores = scorecard(plan) if scores is None else scores
    if not scores:
        return None
    case, rows, sections, formats = plan.case, list[dict[str, Cell]](), list[int](), list[Format]()
    for measure, group in groupby(scores, key=lambda score: score.measure):
        about: dict[str, Cell] = {"source": measure.source, "formula": measure.formula}
        sections.append(len(rows))
        rows.append({"measure": f"{measure.title}: {measure.unit}", **about})
        scored = [{"measure": measure.title, **about, **_score_row(score, case)} for score in group]
        formats += [Format.TEXT, *[measure.fmt] * len(scored)]
        rows += scored
    mixed = (Scorecard.before, Scorecard.after_first, Scorecard.after_last)
    by_field = {f.name: formats for f in mixed}
    card = Scorecard.of_rows(rows, words=words_of(case), formats=by_field, sections=sections)
    return card if len(case.years) > 1 else card.without(Scorecard.after_last)


def _score_row(score: Score, case: Case) -> dict[str, Cell]:
    return {
        "mineral": score.mineral,
        "buyer": score.buyer.name,
        "before": score.before.amount,
        "after_first": score.first.amount,
        "after_last": score.last.amount,
        "required": None if score.required is None else score.required.share,
        "met": result_mark(score),
        "unit": score.measure.unit,
        "before_is": score.before_is or None,
        "remark": remark(score, case) or None,
    }


def result_mark(score: Score) -> str | None:
    """Return ``MET``, ``MISSED`` or ``NO_DATA``; None if the measure has no benchmark."""
    return None if score.required is None else {True: MET, False: MISSED, None: NO_DATA}[score.met]


def remark(score: Score, case: Case) -> str:
    """Return whom a score is about or why it has no number, and which limits it misses.

    It lists the years that miss a benchmark, and limits that are kept for demand but not purchases.
    """
    years = case.years
    values = {"before": score.before, str(years[0]): score.first, str(years[-1]): score.last}
    missed = f"missed in {each_year(score.missed)}" if score.missed else ""
    return "; ".join(filter(None, (_remarks(values), missed, _limit_remark(score, case))))


def _limit_remark(score: Score, case: Case) -> str:
    """Return where a limit of the workbook is kept for demand but not for purchases; "" if none."""
    if not score.exceeded_by_purchases:
        return ""
    most = score.exceeded_by_purchases[0]
    years = {each.year for each in score.exceeded_by_purchases}
    who, part = case.country_name(most.country), f"{most.of_purchases:z.0%} of purchases"
    more = f"; over it in {each_year(years)}" if len(years) > 1 else ""
    return f"{who} has {part} in {most.year}, over the limit of {most.limit:z.0%} of demand{more}"


def _remarks(values: dict[str, Value]) -> str:
    """Return the remark of each time, only once if all are the same."""
    by_words: dict[str, list[str]] = {}
    for when, value in values.items():
        if value.remark:
            by_words.setdefault(value.remark, []).append(when)
    if len(by_words) == 1 and len(next(iter(by_words.values()))) == len(values):
        return next(iter(by_words))
    return "; ".join(f"{', '.join(when)}: {words}" for words, when in by_words.items())
