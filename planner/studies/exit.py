"""Exit: how far purchases from a country can fall, by which year, and at what cost.

The exit path is the cheapest plan that buys the fewest tonnes from the country;
``models.answers.exit`` defines and proves it. This module has its tables, and the finding and the
charts, which are made from the tables alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from models import answers, errors, tolerances
from models.plan import Plan
from models.results import DecideNow, Field, Result
from planner.options import CAP_HELP, NeededOption
from planner.render import chart, words
from planner.render.chart import Picture, Role, Series, drawn, series_values, shortened
from planner.render.claims import Sentence
from planner.render.keys import AnswerKey, table_key
from planner.render.palette import COLOURS
from planner.scenarios.named import Named
from planner.sheets import explain
from planner.sheets.pictures import who_pays
from planner.studies.engine import OnProgress, OnStage, Outcome, Run, Study, run_study
from planner.studies.exit_findings import exit_findings
from planner.studies.exit_tables import (
    DECLARED,
    NONE,
    OF,
    SELLERS,
    BindingLimits,
    Builds,
    Exits,
    Paying,
    Sellers,
    WayOut,
    tables_of,
)
from planner.studies.kind import BASIS, TROUBLE, Numbers, StudyKind, Tables
from planner.workbook.cells import iso3_code

if TYPE_CHECKING:
    from planner.scenarios.start import Start
    from planner.studies.places import Where

# ---- charts and words, made from the tables alone ------------------------------------------------

_MOST_LINES, _MOST_SMALL = len(COLOURS), 12
"""How many minerals get a line, and a chart: those with the country's largest shares."""


def _largest_dependence(tables: Tables, most: int) -> dict[str, pd.DataFrame]:
    """Return the yearly rows of the minerals with the country's largest shares in the plan."""
    minerals, least = tables[WayOut].frame().groupby("mineral", sort=False), tolerances.LEAST_FLOW
    rows = {str(mineral): years for mineral, years in minerals if years["planned"].max() > least}
    shares = {mineral: chart.peak(years["planned_share"]) for mineral, years in rows.items()}
    return {mineral: rows[mineral] for mineral in chart.top(shares, most)}


def _curves(tables: Tables) -> dict[str, Picture]:
    """Return a chart per mineral: the country's share by year in the plan and on the exit path."""
    curves = dict[str, Picture]()
    for mineral, rows in _largest_dependence(tables, _MOST_SMALL).items():
        country, basis = shortened(tables.option(OF)), tables.option(BASIS)
        title = f"{shortened(mineral)}: {country}'s share of {basis}"
        form = chart.Form.LINES if len(rows) > 1 else chart.Form.GROUPED
        planned, left = (series_values(rows[name]) for name in ("planned_share", "left_share"))
        sides = Series("Plan", Role.PLAN, planned), Series("Exit path", Role.REPLANNED, left)
        years = tuple(map(int, rows["year"]))
        curves[mineral] = Picture(title, form, years, sides, "", "", small=True)
    return curves


def _panel(tables: Tables, plan: str, share_of: Field) -> Picture | None:
    """Return a chart of the country's share by year, one line per mineral, in one of the plans."""
    minerals = _largest_dependence(tables, _MOST_LINES)
    years = sorted({int(year) for year in tables[WayOut].year})
    title = f"{shortened(tables.option(OF))}'s share of {tables.option(BASIS)} by year: {plan}"
    shares = {mineral: series_values(rows[share_of.name]) for mineral, rows in minerals.items()}
    picture = chart.lines(title, years, shares, "Share", is_panel=True)
    return picture and picture.with_merged_lines


# ---- the study -----------------------------------------------------------------------------------


class ExitStudy(StudyKind):
    """Find how far purchases from a country can fall, by which year, and at what cost.

    The plan is first made as planner solve makes it. For each mineral, the study then finds the
    fewest tonnes from the country over all years, with no more shortage in any year than in the
    plan. The exit path is the cheapest such plan, with all minerals under one budget. It shows from
    which year the country's share stays at or below 50, 25, 10 and 0 %, which plants must be begun
    first, and which limits prevent a lower share.

    \b
    planner exit case.xlsx --country China
    planner exit case.xlsx --country CHN --scenario "Export ban" --csv tables

    If a country sells nothing in the plan, the coalition has already left it. Without a proven
    plan, nothing is written and the exit code is 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    SHOWN = (
        Exits.mineral, Exits.planned_share, Exits.left_share, Exits.depends, Exits.left_depends,
        Exits.half, Exits.quarter, Exits.none, Exits.cash,
    )  # fmt: skip
    NAME, TITLE, WRITES = "exit", "Exit", "exit path"
    QUESTION = "How far can we get away from a country, by when, and what must we build first?"
    RESULTS = (*DECLARED, DecideNow)
    ANSWER = (
        AnswerKey("country", "the country that is left", lambda study, _: study.country),
        AnswerKey("objective_usd", "total cost without it", lambda s, _: s.result.path.objective),
        AnswerKey(
            "plan_objective_usd",
            "total cost of the plan",
            lambda study, _: study.result.plan.objective,
        ),
        table_key("rows", Exits),
        table_key("path", WayOut),
        table_key("builds", Builds),
        table_key("limits", BindingLimits),
        table_key("sellers", Sellers),
        table_key("who_pays", Paying),
        *TROUBLE,
    )
    PART = "<C>-"
    LIMIT = CAP_HELP
    OPTIONS = (
        click.option(
            "--country",
            cls=NeededOption,
            metavar="C",
            help="The country to leave: a name or code  [required]",
        ),
    )
    task = "the case and its exit path"

    def __init__(self, start: Start, *, country: str | None) -> None:
        super().__init__(start)
        names = Named(start.case)
        if country is None:
            raise errors.UsageError(words.missing_option("--country", names.countries_outside()))
        self.country = names.country_code(country.strip())
        if not self.country:
            msg = "--country: name one country"
            raise errors.UsageError(msg)
        self.name = names.country_name(self.country, country.strip())
        self.sells = names.sells(self.country)

    @classmethod
    def file_part(cls, options: Mapping[str, Any]) -> str:
        """Return the country for the workbook's name: its code, or as typed if it is not known."""
        typed = str(options["country"] or "").strip()
        return iso3_code(typed) or typed

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        del on_stage
        leave = partial(answers.exit_from, country=self.country)
        outcomes = run_study(
            Study(self.start.case, ((Run("The plan"),),), leave), where, on_progress
        )
        self.outcomes, self.stopped = outcomes.every, outcomes.stopped
        if outcomes[0].result is not None:
            self.result = outcomes[0].result

    @property
    def trouble(self) -> str:
        if not self.planned:
            return ""
        result, fewest = self.result, "the fewest tonnes of {} with first call on the budget are"
        unknown = {f"the exit path of {m} is": why for m, why in result.unknown.items()}
        unknown |= {fewest.format(m): why for m, why in result.failed.items()}
        return "; ".join(f"{what} not known: {why}" for what, why in unknown.items())

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan": self.result.plan, "the exit path": self.result.path}

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        least: list[Outcome[Any]] = [
            Outcome(f"Fewest tonnes: {mineral or 'all minerals together'}", proof=proof)
            for mineral, proof in self.result.proofs.items()
        ]
        path = self.result.path
        last = Outcome[Any]("The exit path", objective=path.objective, proof=path.proof)
        return (*self.outcomes, *least, last)

    @property
    def subject(self) -> str:
        return f"how to leave {self.name}, {super().subject}"

    @property
    def options(self) -> dict[str, str]:
        return {
            OF: self.name,
            **({} if self.sells else {SELLERS: NONE}),
            **self.start.options,
            "Counted": "Sales of its refiners and projects to the coalition, purchases for stock"
            " included. Its ore that other countries refine does not count.",
            "Kept": "Every limit of the workbook. Compared with the plan, no mineral is shorter in"
            " any year, no reserve is further below its target, no soft limit is exceeded by more,"
            " and no mineral is bought there more over all years.",
            "All minerals": "They share one budget. First the sum over minerals of the country's"
            " shares of demand is minimized, then cost.",
            "Zero share": "A share of at most 0.0001 % counts as 0.",
        }

    def tables(self) -> list[Result]:
        layout = self.start.book.layout
        cells = explain.Cells(self.start.book.case, self.start.case, layout.known_cell, layout.unit)
        return tables_of(self.result, cells, self.name)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def findings(cls, tables: Tables) -> tuple[Sentence, ...]:
        return exit_findings(tables)

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the minerals; without the dependence where it is just the country's own share."""
        t = Exits
        pairs = ((t.depends, t.planned_share), (t.left_depends, t.left_share))
        same = all(
            a is None or abs(a - (b or 0.0)) <= tolerances.SHOWN_SHARE
            for pair in pairs
            for a, b in tables.rows(t, *pair)
        )
        left_out = [depends.name for depends, _ in pairs if same]
        return Numbers(tables[t], tuple(f for f in cls.SHOWN if f.name not in left_out))

    @classmethod
    def legend(cls, tables: Tables) -> str:
        dependence = "Dependence: share of purchases. Extra cash: against the plan."
        return f"“It” is {tables.option(OF)}. {dependence}"

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        payers = tables[Paying]
        costs = payers.rows(Paying.member, Paying.extra, Paying.extra_shortage)
        title = f"Who pays for leaving {shortened(tables.option(OF))}, per year"
        return drawn(
            _panel(tables, "the plan", WayOut.planned_share),
            _panel(tables, "the exit path", WayOut.left_share),
            *_curves(tables).values(),
            who_pays(title, costs, payers.words["money"], "the plan"),
        )
