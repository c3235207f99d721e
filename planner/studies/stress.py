"""The stress test: what is missing and what it costs if a supplier of the agreed plan is lost.

``losses`` plans the losses, ``stress_tables`` has their tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from models import errors
from models.results import Format, Result
from models.results.numbers import PlanNumbers
from planner.options import Share
from planner.render.chart import Picture, drawn
from planner.render.keys import AnswerKey, table_key
from planner.render.table import Record, Table, json_value, table_of
from planner.render.words import money_words
from planner.studies.agreed_plan import Rules
from planner.studies.engine import OnProgress, OnStage
from planner.studies.kind import Numbers, Section, StudyKind, Tables
from planner.studies.losses import LossKind, stress
from planner.studies.stress_tables import (
    FIRST_YEAR,
    LIMITS,
    NOTHING_TO_LOSE,
    STOCKS,
    SURGE,
    WAIVED,
    Detail,
    Embargoes,
    LossByMineral,
    Losses,
    Solidarity,
    nothing_to_lose,
    stress_findings,
    tables_of,
)
from planner.studies.variant_kind import missing_chart, with_heat_map
from planner.studies.variant_tables import heat_map

if TYPE_CHECKING:
    from models.case import Case
    from models.plan import Plan
    from planner.scenarios.start import Start
    from planner.studies.places import Where

_SHOWN_FIELDS = (
    Losses.lost, Losses.worst, Losses.worst_share, Losses.survived, Losses.cash,
)  # fmt: skip


def _extra_cost(amount: float, currency: str) -> str:
    return f"{money_words(abs(amount), currency)} {'more' if amount > 0 else 'less'}"


def _losses_in_json(_: object, tables: Tables) -> list[Record]:
    """Return the losses of all kinds, each with what is missing by mineral."""
    by, short = LossByMineral, defaultdict[tuple[object, ...], dict[str, float]](dict)
    for *who, mineral, tonnes in tables.rows(by, by.kind, by.lost, by.mineral, by.short_t):
        short[*who,][mineral] = tonnes
    return [
        {f.json_key: json_value(row.get(f.name)) for f in Losses.FIELDS}
        | {"short_by_mineral_t": short[row["kind"], row["lost"]]}
        for kind in (Losses, Embargoes)
        for row in tables[kind].frame().astype(object).to_dict("records")
    ]


class StressTest(StudyKind):
    """Remove each supplier country of the agreed plan in turn, and see what replaces it.

    The agreed plan is made first, with the scenario, what-ifs and limits. Then each supplier is
    removed in turn, from the first year (or --year) to the last. The other suppliers sell the
    agreed tonnes, and more as far as --surge allows. Plants are built as agreed, and members may
    draw on stocks. Share limits are lifted unless --keep-caps is given. The same losses are also
    tested in the plan without share limits, to show the benefit of diversification. With
    --solidarity none, they are also tested with members that do not share.

    \b
    planner stress case.xlsx
    planner stress case.xlsx --refiners --pairs
    planner stress case.xlsx --pairs --solidarity none
    planner stress case.xlsx --surge 0 --keep-caps --year 2030

    A run without a proven plan is listed with its reason. The exit code is then 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "stress", "Stress test", "stress test"
    QUESTION = "What if a supplier is lost after the plan is agreed?"
    HEADING = "Stress test: {plan}"
    MONEY = (
        "all amounts are undiscounted, from the first year of the loss; total cost in planner"
        " compare is a present value"
    )
    task = "the agreed plan"
    RESULTS = (Losses, LossByMineral, Solidarity, Embargoes, Detail)
    ANSWER = (
        AnswerKey("surge", "extra sales of others, a fraction of capacity", "rules.surge"),
        AnswerKey("keep_caps", "whether limits stay", "rules.keep_caps"),
        AnswerKey(
            "first_year", "the first year without the supplier", lambda s, _: s.result.years[0]
        ),
        AnswerKey("last_year", "the last year", lambda s, _: s.result.years[-1]),
        table_key("rows", Losses, _losses_in_json, more=("short_by_mineral_t",)),
        table_key("solidarity", Solidarity),
    )
    findings = staticmethod(stress_findings)
    LIMIT = "Cap one country's share of each mineral in the agreed plan, 0 to 1. Applied last."
    OPTIONS = (
        click.option(
            "--refiners", is_flag=True, help="Also test the loss of each refiner that sells."
        ),
        click.option(
            "--pairs",
            is_flag=True,
            help="Also close each supplier country's lanes to each member (the embargo matrix), and"
            " to each tier of demand.",
        ),
        click.option(
            "--surge",
            type=Share(),
            metavar="S",
            help="How much more the other suppliers can sell than agreed, as a share of their"
            " usable capacity, as far as it is free [the setting Surge].",
        ),
        click.option(
            "--keep-caps",
            is_flag=True,
            help="Keep the share limits, which are otherwise lifted after a loss.",
        ),
        click.option(
            "--solidarity",
            type=click.Choice(["full", "none"]),
            default="full",
            help="With none, also test members that do not share: each buys at most the agreed"
            " tonnes and its share of the surge [full].",
        ),
        click.option(
            "--year", type=int, metavar="Y", help="First year of the loss [the first planned year]."
        ),
    )

    def __init__(  # noqa: PLR0913 - the options of the command
        self,
        start: Start,
        *,
        refiners: bool,
        pairs: bool,
        surge: float | None,
        keep_caps: bool,
        solidarity: str,
        year: int | None,
    ) -> None:
        super().__init__(start)
        years = start.case.years
        if year is not None and year not in years:
            close = min(years, key=lambda y: abs(y - year), default=None)
            hint = f"; did you mean {close}?" if close is not None else ""
            msg = f"--year {year} is not a year of the sheet Demand{hint}"
            raise errors.UsageError(msg)
        surge = start.case.settings.surge if surge is None else surge
        self.rules = Rules(surge, keep_caps, year, solidarity == "full")
        asked = {LossKind.COUNTRY: True, LossKind.REFINER: refiners,
                 LossKind.EMBARGO: pairs, LossKind.END_USE: pairs}  # fmt: skip
        self.kinds = [kind for kind, is_asked in asked.items() if is_asked]

    def plan(self, where: Where | None, on_progress: OnProgress | None, on_stage: OnStage) -> None:
        self.result = stress(
            self.start.case,
            self.rules,
            self.kinds,
            where=where,
            on_progress=on_progress,
            on_stage=on_stage,
        )
        self.outcomes, self.stopped = self.result.outcomes, self.result.stopped

    @property
    def has_plan(self) -> bool:
        begun = any(outcome.ran for outcome in self.outcomes)
        return begun and self.result.capped.without_loss.result is not None

    @property
    def options(self) -> dict[str, Any]:
        rules, result, currency = self.rules, self.result, self.start.case.settings.currency
        limits = "kept" if rules.keep_caps else WAIVED
        options = {
            NOTHING_TO_LOSE: nothing_to_lose(result),
            "Loss": "of countries and refiners that sell in the agreed plan, to the last year",
            FIRST_YEAR: (result.years[0], Format.YEAR),
            SURGE: f"{rules.surge * 100:g} % of usable capacity more than agreed, each"
            " year, as far as it is free",
            LIMITS: limits if result.case.share_limits else "none in the workbook",
            PlanNumbers.need.header: "all that members need. Further missing is what the agreed"
            " plan meets and what is missing after the loss.",
            "Plants": "built as agreed; the extra cost does not include their capital",
            "Extra cost": "compared with the same rules and no loss",
        }
        if result.case.stockpiles:
            options[STOCKS] = (
                "They may be drawn below the agreed level, at the target's penalty. Tonnes missing"
                " at the end must be refilled, and count in the extra cost."
            )
        if not rules.solidarity:
            options[Solidarity.TABLE] = (
                "Shared: members share the remaining supply. Unshared: each buys from a supplier no"
                " more than agreed, and its share of the surge by its rights (sheet and setting"
                " Rights)."
            )
        calm = result.capped.without_loss.result
        if calm is not None:  # waived limits and a surge of cheap suppliers lower the cost
            more = _extra_cost(
                float(calm.cash.sum() - result.capped.agreed_totals.cash.sum()), currency
            )
            options["Nothing lost"] = (
                f"Under these rules, the agreed plan costs {more} in cash even without a loss."
            )
        return {**self.start.options, **options}

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the agreed plan": self.result.capped.plan}

    @property
    def tariff_sentence(self) -> str:
        effects = {loss: each for loss, each in self.result.capped.effects.items() if each}
        dearest = max(effects, key=lambda loss: effects[loss].cash.sum(), default=None)
        more = float(effects[dearest].duties.sum()) if dearest is not None else 0.0
        if dearest is None or not more:
            return super().tariff_sentence
        case = self.result.case
        kinds = "tariffs and levies" if case.price_floors else "tariffs"
        by = f"{kinds} are {_extra_cost(more, case.settings.currency)}"
        lost = f"If {dearest.name(case)} is lost, {by}. The extra cash includes this."
        return f"{super().tariff_sentence} {lost}".strip()

    # ---- tables ----------------------------------------------------------------------------------

    def tables(self) -> list[Result]:
        return tables_of(self.result)

    def sheets(self, tables: Tables) -> list[Table]:
        return stress_sheets(tables, self.start.case)

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return the losses of the first kind, such as countries, and those of an end use."""
        every = (tables[each] for each in (Losses, Embargoes) if each in tables)
        if (table := next(every, None)) is None:
            return None
        shown = {table.kind[0], LossKind.END_USE}
        return Numbers(table.where([kind in shown for kind in table.kind]), _SHOWN_FIELDS)

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        main = cls.main_table(tables)
        note = "Sorted by extra cost, with missing tonnes at their price."
        if tables.option(LIMITS) == WAIVED:
            note = f"Share limits are lifted. {note}"
        if main is None or not any((cash or 0.0) < 0 for cash in main.result.data["cash"]):
            return note
        return f"{note} Cash below 0: less is bought."

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        fields, losses = Losses, tables[Losses]
        rows = losses.rows(fields.lost, fields.worst, fields.worst_share, fields.kind)
        countries = [row[:3] for row in rows if row[3] == LossKind.COUNTRY]
        return drawn(missing_chart(countries))

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        return with_heat_map(super().sections(tables), _losses_by_mineral(tables))


def stress_sheets(tables: Tables, case: Case) -> list[Table]:
    name = case.country_name
    shown = [
        table_of(tables[Losses], name),
        table_of(_losses_by_mineral(tables)),
        table_of(tables[LossByMineral]),
    ]
    shown += [table_of(tables[Solidarity])] if Solidarity in tables else []
    if Embargoes in tables:
        pairs, fields = tables[Embargoes], Embargoes
        members = [member.name for member in case.members]
        cells = (pairs, (fields.country,), fields.member, fields.own_share)
        matrix = heat_map(*cells, "Embargo matrix", members)
        shown += [table_of(pairs.without(fields.lost, fields.kind), name), table_of(matrix, name)]
    return [*shown, table_of(tables[Detail])]


def _losses_by_mineral(tables: Tables) -> Result:
    fields = LossByMineral
    return heat_map(tables[fields], (fields.lost, fields.kind), fields.mineral, fields.share)
