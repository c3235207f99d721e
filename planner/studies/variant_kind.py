"""A study of variants: what all of them do with the runs of their source.

A kind says which runs there are (``source``) and names its main sheet. It may add tables, charts
and findings of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from models import tolerances
from models.program import CashCost
from models.results import Field, Result
from models.results.common import words_of
from models.results.numbers import ALL, PlanNumbers
from planner.render.chart import (
    Form,
    Picture,
    Role,
    Series,
    drawn,
    lines,
    peak,
    series_values,
    shortened,
    some_of,
)
from planner.render.keys import AnswerKey
from planner.render.table import Record, Table, json_value, table_of
from planner.render.words import known, listed
from planner.studies.engine import Outcome, Study
from planner.studies.kind import Numbers, Section, StudyKind, Tables
from planner.studies.source import RunSource
from planner.studies.variant_tables import (
    OF_MINERALS,
    Row,
    RunMinerals,
    RunTable,
    RunTotals,
    hardest_hit,
    heat_map,
    mineral_rows,
    table_from,
)


class VariantStudy(StudyKind):
    """A study whose runs come from a ``Source``; the first run is the reference."""

    TOTALS: ClassVar[type[RunTotals]]
    """The main sheet, with one row per run."""
    RUN_HEADER: ClassVar[str] = "Run"
    """The header of the column that names a run."""
    BEFORE: ClassVar[str] = "the reference"
    """The reference in sentences: ``the base``."""

    MORE_NUMBERS: ClassVar[tuple[Field, ...]] = ()
    """Numbers of a run in JSON beside those of every study."""

    run_source: RunSource

    def __init_subclass__(cls) -> None:
        """List the tables of a kind that names only its main sheet."""
        super().__init_subclass__()
        if "TOTALS" in vars(cls) and "RESULTS" not in vars(cls):
            cls.RESULTS = (cls.TOTALS, RunMinerals)

    def source(self) -> RunSource:
        """Return the runs, the reference first."""
        raise NotImplementedError

    def study(self) -> Study[Any]:
        self.run_source = self.source()
        return self.run_source.study

    @cached_property
    def compared(self) -> Sequence[Outcome[Any]]:
        """The outcomes of the runs that are compared, the reference first."""
        return self.outcomes

    # ---- tables ----------------------------------------------------------------------------------

    def numbers(self, outcome: Outcome[Any]) -> PlanNumbers | None:
        """Return the numbers of a run's plan; None without a plan."""
        kept = outcome.result
        return kept if kept is None or isinstance(kept, PlanNumbers) else kept.numbers

    def further_cells(self, outcome: Outcome[Any]) -> Row:
        """Return what the main sheet's row of a run has beside its numbers."""
        del outcome
        return {}

    @property
    def texts(self) -> dict[str, str]:
        """The words of headers: units, years and what a run is."""
        return words_of(self.start.case) | {"run": self.RUN_HEADER}

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        """The rows of each run by mineral, all minerals together first; [] without a plan."""
        reference = self.numbers(self.compared[0])
        return {o.name: mineral_rows(o.name, self.numbers(o), reference) for o in self.compared}

    def tables(self) -> list[Result]:
        rows, texts = self.rows, self.texts
        totals = [
            {"run": o.name, "trouble": o.error} | (rows[o.name] or [{}])[0]
            | hardest_hit(rows[o.name]) | self.further_cells(o)
            for o in self.compared
        ]  # fmt: skip
        by_run = [row for each in rows.values() for row in each if row["mineral"] != ALL]
        order = {name: i for i, name in enumerate(dict.fromkeys(r["mineral"] for r in by_run))}
        by_run.sort(key=lambda row: order[row["mineral"]])
        return [
            table_from(self.TOTALS, totals, texts),
            table_from(RunMinerals, by_run, texts),
        ]

    def sheets(self, tables: Tables) -> list[Table]:
        sheets = super().sheets(tables)
        if RunMinerals in tables:
            sheets.insert(1, table_of(self.heat(tables)))
        return sheets

    @classmethod
    def heat(cls, tables: Tables) -> Result:
        """Return what is further missing by run and mineral, as a matrix."""
        fields = RunMinerals
        first = next(iter(tables[cls.TOTALS].run), "")
        rows = tables[fields].where([run != first for run in tables[fields].run])
        return heat_map(rows, (fields.run,), fields.mineral, fields.further_missing_share)

    # ---- other surfaces --------------------------------------------------------------------------

    @property
    def paid(self) -> Mapping[str, CashCost]:
        """The costs of the reference, and of the run with the highest tariffs and levies."""
        costs = {
            o.name: CashCost(row["cash"], row["tariffs"], row["levies"])
            for o in self.compared
            if (kept := self.numbers(o)) is not None
            for row in [kept.row()]
        }
        most = sorted(costs, key=lambda name: -costs[name].duties)[:1]
        shown = dict.fromkeys((*list(costs)[:1], *most))
        return {name: costs[name] for name in shown}

    @classmethod
    def entry_of(cls, rows: Sequence[Row], error: str = "") -> dict[str, object]:
        """Return a run in JSON: its numbers in all and by mineral; null without a plan.

        ``rows`` are its rows by mineral, all minerals together first.
        """
        total, minerals = (rows[0], rows[1:]) if rows else ({}, ())
        of_all = [f for f in RunTable.FIELDS if f.name not in OF_MINERALS and not f.fmt.is_text]
        of_one = [f for f in RunTable.FIELDS if f.name in OF_MINERALS and f.name != "mineral"]

        def numbers(row: Row, *more: Field) -> dict[str, object]:
            fields = (*of_all, *cls.MORE_NUMBERS, *more)
            values = {f.json_key: json_value(row.get(f.name)) for f in fields}
            return {**values, "served_share": served(row)}

        shares = {row["mineral"]: row["share"] for row in minerals if row["share"] is not None}
        return {
            **numbers(total),
            RunTable.share.json_key: shares,
            "by_mineral": {row["mineral"]: numbers(row, *of_one) for row in minerals},
            "error": error or None,
        }

    # ---- made from the tables alone --------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        t = cls.TOTALS
        fields = (t.run, t.cash, t.extra_cost_share, t.hit, t.hit_share)
        return Numbers(tables[t], fields) if t in tables else None

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        del tables
        return f"Extra cost and further missing: compared with {cls.BEFORE}."

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return charts(tables[cls.TOTALS])

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        sections = super().sections(tables)
        return with_heat_map(sections, cls.heat(tables)) if RunMinerals in tables else sections


def with_heat_map(sections: Sequence[Section], heat: Result) -> tuple[Section, ...]:
    """Return the parts of a report with a heat map after the main table; none if it has none."""
    lead = "What is further missing. Blank: nothing is."
    section = Section("heat-map", "Heat map", lead, Numbers(heat).view(heat_picture(heat)))
    return (*sections[:1], section, *sections[1:]) if sections else ()


def served(row: Row) -> float | None:
    """Return the share of need that is met; None without a plan, 1 where nothing is needed."""
    if not row:
        return None
    return 1.0 - (row["missing_share"] or 0.0)


def _runs(study: VariantStudy, _: Tables) -> list[Record]:
    """Return the runs in JSON, the reference first."""
    rows = study.rows
    return [{"run": o.name, **study.entry_of(rows[o.name], o.error)} for o in study.compared]


VariantStudy.ANSWER = (AnswerKey("rows", "the runs", _runs, ("run", *VariantStudy.entry_of(()))),)


# ---- charts by run, made from the tables alone ---------------------------------------------------


MOST_BARS, MOST_LINES, MOST_ROWS = 12, 6, 30
"""How many runs, minerals and rows of a heat map are drawn at most."""


def charts(main: RunTotals) -> tuple[Picture, ...]:
    """Return bars by run, without the reference, which is the first row.

    They show what is further missing of the mineral hit hardest, and what the same tonnes cost.
    """
    fields = type(main)
    rows = [*main.rows(fields.run, fields.hit, fields.hit_share, fields.extra_cost_share)][1:]
    costs = [(row[0], row[3]) for row in rows if _is_visible(row[3])]
    return drawn(
        missing_chart([row[:3] for row in rows]),
        _bars(fields.extra_cost.header, costs, Role.PLAN, "Share of their cost in the reference"),
    )


def missing_chart(rows: Sequence[tuple[Any, ...]]) -> Picture | None:
    """Return bars by run of what is further missing of the mineral hit hardest, the most first.

    ``rows`` are name, mineral hit hardest, and its further missing share.
    """
    short_rows = sorted((row for row in rows if _is_visible(row[2])), key=lambda row: -row[2])
    named = [
        (f"{name}: {mineral}" if mineral else name, part) for name, mineral, part in short_rows
    ]
    title, axis = "Further missing of the mineral hit hardest", "Share of the mineral's need"
    return _bars(title, named, Role.SHORT, axis)


def _is_visible(value: Any) -> bool:
    return known(value) and abs(value) > tolerances.SHOWN_SHARE


def _bars(title: str, bars: Sequence[tuple[str, Any]], role: Role, axis: str) -> Picture | None:
    """Return a bar for each run; None with fewer than two of them."""
    if len(bars) < 2:  # noqa: PLR2004
        return None
    first = bars[:MOST_BARS]
    names, values = tuple(shortened(name) for name, _ in first), series_values(v for _, v in first)
    title += some_of(len(first), len(bars), "first")
    series = (Series(axis, role, values),)
    return Picture(title, Form.BARS, names, series, axis, "", is_panel=True)


def heat_picture(heat: Result) -> Picture | None:
    """Return a heat map of what is hit as a chart; runs with equal values share a row."""
    lead = sum(not f.name.startswith("of_") for f in heat.fields)
    alike: dict[tuple[float | None, ...], list[str]] = {}
    for name, *values in heat.rows(heat.fields[0], *heat.fields[lead:]):
        key = tuple(float(v) if _is_visible(v) else None for v in values)
        if any(map(known, key)):
            alike.setdefault(key, []).append(str(name))
    rows = list(alike.items())[:MOST_ROWS]
    hit = [i for i in range(len(heat.fields) - lead) if any(known(key[i]) for key, _ in rows)]
    if len(hit) < 2:  # noqa: PLR2004 - bars show a single mineral
        return None
    title = f"Further missing, as a share of need{some_of(len(rows), len(alike), 'first')}"
    columns = tuple(heat.fields[lead + i].title({}) for i in hit)
    series = tuple(
        Series(listed(names, 1), Role.SHORT, [key[i] for i in hit]) for key, names in rows
    )
    return Picture(title, Form.HEAT, columns, series, "further missing", "")


# ---- over the values of a number -----------------------------------------------------------------


def line_charts(  # noqa: PLR0913 - what lines over a number show
    points: Result,
    mineral: Field,
    value: Field,
    across: str,
    *,
    cost: tuple[str, str, Field],
    part: tuple[str, str, Field],
    mark: tuple[str, float] | None = None,
) -> tuple[Picture, ...]:
    """Return two panels over a number: a cost of all minerals, and a part of each mineral's need.

    ``cost`` and ``part`` are title, axis and field. The number's axis runs as the points do. Points
    without a value are levels. ``mark`` names a value that is drawn as a vertical line.
    """
    places = [v for v in dict.fromkeys(v for (v,) in points.rows(value)) if known(v)]
    if len(places) < 2:  # noqa: PLR2004 - one point is no line
        return ()
    title, axis, field = cost
    whole = _lines_of(points, mineral, value, field, places)
    series = [Series("All minerals", Role.PLAN, whole.pop(ALL, ()))]
    level = [y for m, v, y in points.rows(mineral, value, field) if m == ALL and not known(v)]
    series += [Series("As in the workbook", Role.LIMIT, [y] * len(places)) for y in level]
    pictures: list[Picture | None] = [
        Picture(title, Form.LINES, tuple(places), tuple(series), axis, "", scale=value.fmt,
                fmt=field.fmt, is_panel=True)
        if peak(series[0].values) else None
    ]  # fmt: skip
    title, axis, field = part
    values = _lines_of(points, mineral, value, field, places)
    values = {name: line for name, line in values.items() if name != ALL and peak(line)}
    drawn_lines = lines(
        title, places, values, axis, across=across, most=MOST_LINES, which="hit hardest",
        scale=value.fmt, is_panel=True,
    )  # fmt: skip
    pictures.append(drawn_lines and _marked(drawn_lines, mark))
    return drawn(*pictures)


def _lines_of(
    points: Result, mineral: Field, value: Field, field: Field, places: Sequence[Any]
) -> dict[str, Sequence[float | None]]:
    """Return a field by mineral, over the places; None where a point has no plan."""
    cells: dict[str, dict[Any, Any]] = {}
    for name, place, amount in points.rows(mineral, value, field):
        cells.setdefault(name, {})[place] = amount
    return {name: series_values(row.get(place) for place in places) for name, row in cells.items()}


def _marked(picture: Picture, mark: tuple[str, float] | None) -> Picture:
    if mark is None or mark[1] not in picture.categories:
        return picture
    values = [picture.highest if place == mark[1] else None for place in picture.categories]
    return replace(picture, series=(*picture.series, Series(mark[0], Role.HERE, values)))
