"""The sweep: one number of a case is changed step by step, and each step is planned.

Over the cap on single countries, it gives the frontier of cost and shortage: the less one country
may supply, the dearer the plan, until supply is missing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from models import measures, tolerances
from models.case import normalize
from models.results import Field, Result
from models.results.common import words_of
from models.results.numbers import ALL
from models.schema import SecurityTarget
from planner.options import fraction_of
from planner.render import words
from planner.render.chart import Picture
from planner.render.keys import AnswerKey
from planner.scenarios import parameters
from planner.scenarios.parameters import exact_percent as percent_of
from planner.studies import source, sweep_tables
from planner.studies.engine import Outcome
from planner.studies.kind import BASIS, TROUBLE, Numbers, Tables
from planner.studies.source import (
    AS_IN_WORKBOOK,
    NOT_TESTED,
    RunSource,
    cap_path_words,
    case_years_needed,
    title_of,
    years_words,
)
from planner.studies.sweep_tables import (
    CHANGED,
    FloorFrontier,
    Frontier,
    Reference,
    SmallestCaps,
    sweep_findings,
)
from planner.studies.variant_kind import VariantStudy, line_charts
from planner.studies.variant_tables import Row, hardest_hit, mineral_rows, table_from

if TYPE_CHECKING:
    from planner.scenarios.start import Start

ONE_CAP = "One cap for all years"
OWN_CAP = "The workbook's cap"
"""The row of About with the workbook's cap, if one holds for every mineral, buyer and year."""
OVER = "Over"
"""The row of About with the number that is changed, as the user typed it."""
_ASSUMED = (
    "The workbook has no row, so the loss of each country outside the coalition is tested for all"
    " minerals. Stocks count."
)
_STEPS = {
    parameters.CAP: "A point tighter",
    parameters.SECURITY: "A point tighter",
    parameters.FLOOR: "A unit more",
}


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A number, or a percentage with its sign."""

    name = "amount"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Convert a text such as 0.65, 65% or 1.5."""
        text = str(value).strip()
        amount = fraction_of(text)
        if not math.isfinite(amount):
            self.fail(f"{text!r} is not a number such as 0.65 or 65%", param, ctx)
        return amount


_NUMBERS = (Frontier.slope, Frontier.lost, Frontier.kept)
_POINT_KEYS = (
    "over", "cap", "value", *VariantStudy.entry_of(()), *(f.json_key for f in _NUMBERS)
)  # fmt: skip


class Sweep(VariantStudy):
    """Find what a tighter cap on single countries costs and leaves missing.

    The workbook is planned many times. Each point sets a cap for all minerals, as
    --max-country-share of planner solve does, after the scenario and what-ifs. The result shows
    cost, shortage and the extra cost of the same tonnes at each point, in total and by mineral. It
    also shows the smallest cap at which nothing is further missing.

    --over changes another number instead: a factor on demand, capacity, cost, freight or mines; a
    tariff; a price floor at the border, in money per tonne of one mineral; or security, the share
    of demand that may be short if any one country is lost. WHO is a country or a refiner (for
    demand, a member or group).

    \b
    planner sweep case.xlsx
    planner sweep case.xlsx --from 80% --to 40% --step 2.5%
    planner sweep case.xlsx --over capacity:CHN:cobalt --from 1 --to 0 --step 0.1
    planner sweep case.xlsx --over tariff:China --to 0.5
    planner sweep case.xlsx --over floor:cobalt --from 50000 --to 80000 --step 5000
    planner sweep case.xlsx --over security --from 1 --to 0 --step 0.1

    A point without a proven plan is listed with its reason; all others are written. The exit code
    is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "sweep", "Sweep", "frontier"
    QUESTION = "What does a tighter cap, or a change of another number, cost?"
    HEADING = "{what_is_studied}: {plan}"
    PART = "[<KNOB>-]"
    RESULTS, findings = sweep_tables.RESULTS, staticmethod(sweep_findings)
    ANSWER = (
        AnswerKey("as_in_workbook", "the limits as they are", when="over the cap, with limits"),
        AnswerKey("over", "the number that is swept"),
        AnswerKey("rows", "the points", rows=_POINT_KEYS, optional=("over", "cap", "value")),
        AnswerKey("reference", "the plan that the points are compared with"),
        AnswerKey("smallest_cap", "the smallest cap that costs no supply, by mineral"),
        *TROUBLE,
        AnswerKey("not_tested", "countries whose loss isn't tested", when="over security"),
    )
    MORE_NUMBERS = _NUMBERS
    OPTIONS = (
        click.option(
            "--from", "first", type=Amount(), metavar="A", help="The first point [cap: 0.9]."
        ),
        click.option("--to", "last", type=Amount(), metavar="B", help="The last point [cap: 0.3]."),
        click.option(
            "--step",
            type=Amount(),
            metavar="D",
            help="Distance between points; the last step may be shorter [cap: 0.05].",
        ),
        click.option(
            "--over",
            default="cap",
            metavar="KNOB",
            help="What to change: cap; floor:MINERAL; security:MINERAL; or demand, capacity, cost,"
            " tariff, freight or mines, with :WHO:MINERAL [cap].",
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
        super().__init__(start)
        self.case = parameters.with_security(start.case, over)
        self.parameter = parameters.parameter_of(self.case, over)
        asked = zip((first, last, step), self.parameter.default_range, strict=True)
        bounds = (default if given is None else given for given, default in asked)
        self.points = source.evenly_spaced(self.parameter, *bounds)
        self.task = words.counted(len(self.points), "point")
        self.path = cap_path_words(self.case) if self.parameter.is_cap else ""

    @classmethod
    def file_part(cls, options: Mapping[str, Any]) -> str:
        typed = str(options["over"]).strip().replace(":", "-")
        return "" if normalize(typed) == parameters.CAP.word else typed

    def source(self) -> RunSource:
        return source.number_source(self.case, self.parameter, self.points)

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        return self.outcomes[-len(self.points) - bool(self.path) :]

    @property
    def what_is_studied(self) -> str:
        basis = self.start.case.settings.share_basis
        given = (f"{words.uncapitalized(name)} {v}" for name, v in self.start.options.items())
        return "; ".join([title_of(self.parameter, self.points, basis), *given])

    @property
    def options(self) -> dict[str, str]:
        cap = source.uniform_cap(self.start.case) if self.parameter.is_cap else None
        return {
            OVER: self.parameter.typed,
            CHANGED: "" if self.parameter.is_cap else self.parameter.title,
            "First point": self.parameter.words(self.points[0]),
            "Last point": self.parameter.words(self.points[-1]),
            "Points": f"{len(self.points):,}",
            AS_IN_WORKBOOK: self.path,
            OWN_CAP: "" if cap is None else percent_of(cap),
            **self.start.options,
            SecurityTarget.SHEET: "" if self.case == self.start.case else _ASSUMED,
            **source.tested_losses(self.case, self.parameter),
            "Compared with": f"the case {self.parameter.kind.before}",
            Frontier.trouble.header: self.trouble,
        }

    @property
    def trouble(self) -> str:
        before = self.compared[0]
        if before.error:
            return f"the plan to compare with is not known: {before.error}"
        return before.result.trouble if before.result else ""

    def name_of_run(self, outcome: Outcome[Any]) -> str:
        return outcome.name.removeprefix(f"{self.parameter.title} ")

    # ---- tables ----------------------------------------------------------------------------------

    @property
    def valued(self) -> list[tuple[float | None, Outcome[Any]]]:
        """The value and the outcome of each point; None for the workbook's own caps."""
        return list(zip(self.run_source.values, self.compared[1:], strict=True))

    def point_rows(self) -> list[list[Row]]:
        """Return the rows of each point by mineral, all minerals first; [] without a plan."""
        first, before = (
            self.numbers(self.compared[0]),
            tuple[float | None, dict[str, Row]]((None, {})),
        )
        tested = years_words(
            source.tested_cells(self.case, self.parameter), case_years_needed(self.case)
        )
        is_security, rows_by_point = self.parameter.kind == parameters.SECURITY, list[list[Row]]()
        for value, outcome in self.valued:
            point = {"value": value, "trouble": outcome.error}
            if self.path:
                point["point"] = f"{AS_IN_WORKBOOK}: {self.path}" if value is None else ONE_CAP
            rows = mineral_rows(outcome.name, self.numbers(outcome), first, **point)
            if rows:
                rows[0] |= hardest_hit(rows)
            now = {row["mineral"]: row for row in rows}
            for name, row in now.items():
                more = outcome.result.more[name] if outcome.result else {}
                row["slope"] = more["slope"]
                if not self.parameter.is_cap:
                    row["slope"] = self._rise(value, row, before)
                if is_security and (not name or name in tested):
                    row |= {"lost": more["lost"], "kept": more["kept"]}
                    row["tested"] = tested.get(name, "")
            before = (value, now)
            rows_by_point.append(rows)
        return rows_by_point

    def _rise(self, value: Any, row: Row, before: tuple[Any, dict[str, Row]]) -> float | None:
        """Return the rise of total cost per point since the previous point; None at the first."""
        other = before[1].get(row["mineral"])
        if other is None:
            return None
        more = measures.difference(row["objective"], other["objective"], row["objective"])
        step = 1.0 if self.parameter.kind.is_price else measures.POINT
        sign = -1.0 if self.parameter.kind == parameters.SECURITY else 1.0
        return sign * more / (value - before[0]) * step or 0.0  # not -0.0

    def tables(self) -> list[Result]:
        kind, texts = self.parameter.kind, words_of(self.start.case)
        axis = {"axis": "Cap" if self.parameter.is_cap else self.parameter.title, "run": "Point"}
        texts = texts | axis | {"step": _STEPS.get(kind, "A point more")}
        points = self.point_rows()
        rows = [
            row
            for (value, outcome), each in zip(self.valued, points, strict=True)
            for row in each or [{"value": value, "mineral": ALL, "trouble": outcome.error}]
        ]
        tables: list[Result] = [
            table_from(FloorFrontier if kind.is_price else Frontier, rows, texts)
        ]
        if self.parameter.is_cap:
            tables.append(self.smallest_caps(points, texts))
        numbers = self.numbers(self.compared[0])
        if numbers is not None:
            tables.append(table_from(Reference, numbers.by_mineral().values(), texts))
        return tables

    def smallest_caps(self, points: Sequence[Sequence[Row]], texts: Mapping[str, str]) -> Result:
        """Return by mineral the smallest cap, and the loosest point with more missing."""
        rows, uncapped = list[Row](), self.compared[0].result
        known_caps = dict(uncapped.smallest) if uncapped else {}
        for name, row in (uncapped.numbers.by_mineral() if uncapped else {}).items():
            least = tolerances.MISSING_PART * (row["need"] or 0.0)
            more = [
                (p["value"], p["missing"] - row["missing"])
                for p in (p for point in points for p in point if p["mineral"] == name)
                if p["value"] is not None and p["missing"] - row["missing"] > least
            ]
            value, further = max(more, default=(None, None))
            of_cap = {"smallest": known_caps.get(name), "costs_from": value}
            rows.append({**row, **of_cap, "further_missing": further})
        return table_from(SmallestCaps, rows, texts)

    # ---- JSON and terminal -----------------------------------------------------------------------

    def answer(self, tables: Tables) -> dict[str, object]:
        over, key = {"over": self.parameter.typed}, "cap" if self.parameter.is_cap else "value"
        entries = [
            (value, self.entry_of(rows, o.error))
            for (value, o), rows in zip(self.valued, self.point_rows(), strict=True)
        ]
        knob = {} if self.parameter.is_cap else over
        first = self.numbers(self.compared[0])
        reference = [] if first is None else [*first.by_mineral().values()]
        caps = tables.records(SmallestCaps)
        by_name = {str(row["mineral"]): row["smallest"] for row in caps if row["mineral"]}
        smallest = {name: cap for name, cap in by_name.items() if cap is not None}
        return {
            **({"as_in_workbook": {"caps": self.path, **entries[0][1]}} if self.path else {}),
            **over,
            "scenario": self.start.case.scenario,
            "rows": [{**knob, key: v, **row} for v, row in entries if v is not None],
            "reference": self.entry_of(reference, self.compared[0].error),
            "smallest_cap": smallest,
            "trouble": self.trouble or None,
            **({"not_tested": tables.option(NOT_TESTED) or None}
               if self.parameter.kind == parameters.SECURITY else {}),
        }  # fmt: skip

    @classmethod
    def shown(cls, main: Result) -> tuple[Field, ...]:
        t = type(main)
        names = ["point", "value", "hit", "hit_share", "kept", "extra_cost_share", "cash",
                 "trouble"]  # fmt: skip
        if t is FloorFrontier:
            names = ["value", "hit", "hit_share", "outside", "cash", "levies", "net_cash"]
        return tuple(getattr(t, name) for name in names if name in main.data)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        if Frontier not in tables:
            return None
        frontier = tables[Frontier]
        points = frontier.where([mineral == ALL for mineral in frontier.mineral])
        return Numbers(points, cls.shown(points))

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        against = f"Compared with {tables.option('Compared with')}."
        return f"{against} Cash falls where less is bought."

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        points = tables[Frontier]
        fields, axis = type(points), points.words.get("axis", "")
        is_cap, horizon = axis == "Cap", tables.years
        across = f"{axis} on any one country: share of {tables.option(BASIS)}" if is_cap else axis
        cost = (fields.extra_cost.header, "Share of their cost", fields.extra_cost_share)
        if not is_cap and fields.lost.name not in points.data:
            cost = (fields.cash.header, points.words.get("money", ""), fields.cash)
        cap = tables.option(OWN_CAP)
        mark = (f"The workbook's cap, {cap}", float(cap.removesuffix(" %")) / 100) if cap else None
        return line_charts(
            points, fields.mineral, fields.value, across,
            cost=(f"{cost[0]}, {horizon}", *cost[1:]),
            part=(f"{fields.missing.header}, {horizon}", "Share of need", fields.missing_share),
            mark=mark,
        )  # fmt: skip
