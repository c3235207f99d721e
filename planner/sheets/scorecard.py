"""The scorecard: every measure before the plan and after, beside the benchmarks it is to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.case import Case
from models.plan import Plan
from models.scorecard import Score, Told, Value, scorecard, told
from planner.sheets.context import COALITION_BUYER, Context
from planner.sheets.scorecard_notes import SCORECARD
from planner.sheets.table import Cell, Column, Look, Table
from planner.wording import each_year

MET, MISSED, UNTOLD = "✓ met", "✗ missed", "– no data"
"""What is said of a benchmark: a sign and a word, so that no colour is needed to tell."""

_LOOKS = {
    "share": Look.SHARE,
    "days": Look.DAYS,
    "index, 0 to 10,000": Look.INDEX,
    "index, 0 to 10": Look.SECONDS,
}
_PRINTED = 11


@dataclass
class _Rows:
    """Rows of the sheet, by column; numbers with their looks."""

    cells: dict[str, list[Cell]] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)

    def add(self, look: Look, **cells: Cell) -> None:
        """Add a row."""
        self.looks.append(look)
        for name, cell in cells.items():
            self.cells.setdefault(name, []).append(cell)


def scorecard_sheet(context: Context) -> Table | None:
    """One row a measure, buyer and mineral: before, after the first and the last year, benchmark.

    None where nothing is planned.
    """
    return scorecard_table(context.plan)


def scorecard_table(plan: Plan, scores: Sequence[Score] | None = None) -> Table | None:
    """Return the sheet Scorecard of a plan; ``scores`` where they are known."""
    found = scorecard(plan) if scores is None else scores
    if not found:
        return None
    rows, case = _Rows(), plan.case
    heading = None
    for score in found:
        said = told(score.measure)
        if score.measure is not heading:
            heading = score.measure
            rows.sections.append(len(rows.looks))
            _add(rows, None, f"{said.title}: {said.unit}", said)
        _add(rows, (score, case), said.title, said)
    return _table(case, rows)


def _add(rows: _Rows, of: tuple[Score, Case] | None, title: str, said: Told) -> None:
    """Add the row of a score, or the one that heads a measure."""
    if of is None:
        blank = dict.fromkeys(
            (
                "mineral",
                "buyer",
                "before",
                "first",
                "last",
                "required",
                "met",
                "unit",
                "is",
                "remark",
            )
        )
        rows.add(Look.TEXT, measure=title, source=said.source, formula=said.formula, **blank)
        return
    score, case = of
    rows.add(
        _LOOKS.get(said.unit, _LOOKS.get(said.unit.split()[0], Look.SHARE)),
        measure=title,
        mineral=score.mineral,
        buyer=score.buyer.name or COALITION_BUYER,
        before=score.before.amount,
        first=score.first.amount,
        last=score.last.amount,
        required=None if score.required is None else score.required.share,
        met=met(score),
        unit=said.unit,
        remark=remark(score, case) or None,
        source=said.source,
        formula=said.formula,
        **{"is": before_is(score)},
    )


def _table(case: Case, rows: _Rows) -> Table:
    cells, looks = rows.cells, rows.looks
    first, last = case.years[0], case.years[-1]
    after = [Column(f"After, {first}", Look.SHARE, cells["first"], looks)]
    if last != first:
        after.append(Column(f"After, {last}", Look.SHARE, cells["last"], looks))
    return Table(
        SCORECARD,
        (
            Column("Measure", Look.TEXT, cells["measure"]),
            Column("Mineral", Look.TEXT, cells["mineral"]),
            Column("Buyer", Look.TEXT, cells["buyer"]),
            Column("Before", Look.SHARE, cells["before"], looks),
            *after,
            Column("Required", Look.SHARE, cells["required"]),
            Column("Met", Look.TEXT, cells["met"]),
            Column("Unit", Look.TEXT, cells["unit"]),
            Column("Before is", Look.TEXT, cells["is"]),
            Column("Remark", Look.LONG, cells["remark"]),
            Column("Source", Look.REMARK, cells["source"]),
            Column("Formula", Look.REMARK, cells["formula"]),
        ),
        frozenset(rows.sections),
        printed=_PRINTED if last != first else _PRINTED - 1,
        lights=("Met",),
    )


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
