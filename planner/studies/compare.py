"""Compare: the base case and what-ifs of it, each planned whole and set beside the base."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from models import tolerances
from models.answers.cost_sharing import DualBill
from models.case import Case, fold
from models.errors import InputError, Mistakes, PlannerError, UsageError
from models.measures import SAME_COST, change, keeps_enough, missing_in_each, part, sums
from models.plan import PENALTIES, Plan
from models.results import About, Members, Result, field
from models.results.common import SHORT, units_of, words_of
from models.results.field import Colour, Field, Look, crossed
from models.units import MILLION
from planner import scenarios
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.table import COALITION_BUYER, Table, TableColumn, table_of, with_number
from planner.render.words import (
    clean,
    counted,
    each_year,
    few,
    known,
    money,
    number_of,
    percent,
    share,
    signed,
    span,
    tariff_words,
)
from planner.scenarios import Variant, WhatIf, scenario_name
from planner.sheets.context import Context, once
from planner.sheets.figures import binding, figures
from planner.sheets.findings import Row
from planner.sheets.inputs import ADDED, input_differences
from planner.sheets.missing import hardest, in_years, missing, worst_first
from planner.studies import cases
from planner.studies.compare_tables import (
    LARGEST_SHARES,
    SCENARIO,
    SHORT_BY_MINERAL,
    Comparison,
    FlowDifferences,
    MissingByYear,
    ProjectsBuilt,
    ScenarioInputs,
    ScenarioMinerals,
    WhoPaysByScenario,
)
from planner.studies.engine import Outcome, Tell
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.members import BillsByScenario, bills_section, who_pays_section
from planner.studies.regret import (
    Regret,
    Short,
    in_vain,
    in_vain_costs,
    not_knowing,
    regrets,
    short_of,
    stays_away,
)
from planner.workbook.findings import sentence

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

_MOST_ERRORS = 3
"""Errors of a scenario told in its row; JSON and the end of the command have them all."""
MOST_CHANGES = 2_000
"""Changes listed of one scenario at most; the rest is counted in a last row."""


# ---- plans set side by side ----------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One case of a comparison.

    ``case`` is the case that is planned; ``context`` holds its plan (None: there is none, and
    ``error`` says why). ``cell_of`` gives the address of a cell of the workbook by
    sheet, row and column header, "" where there is none. ``foreseen`` is as of ``Compared``;
    ``changes`` says in words what the case changes.
    """

    name: str
    case: Case
    context: Context | None = None
    error: str = ""
    cell_of: Callable[[str, int, str], str] = lambda *_: ""
    foreseen: str = ""
    changes: str = ""


def stacked(entries: Sequence[Entry], make: Callable[[Context], Table | None]) -> Table | None:
    """Return a plan's sheet for all plans, one under another, with the column Scenario first.

    None where no plan has the sheet.
    """
    made = [(clean(e.name), make(e.context)) for e in entries if e.context is not None]
    parts = [(name, table) for name, table in made if table is not None]
    if not parts:
        return None
    first = parts[0][1]
    names = [name for name, table in parts for _ in range(len(table))]
    columns = [TableColumn(SCENARIO.header, Look.TEXT, names)]
    for header in dict.fromkeys(header for _, table in parts for header in table.headers):
        of = [(len(t), next((c for c in t.columns if c.header == header), None)) for _, t in parts]
        own = next(column for _, column in of if column is not None)
        values = [v for rows, c in of for v in ([None] * rows if c is None else c.values)]
        looks = [look for rows, c in of for look in (c and c.looks) or [own.look] * rows]
        kept = looks if own.looks else None
        columns.append(dataclasses.replace(own, values=values, looks=kept))
    printed = None if first.printed is None else first.printed + 1
    # the plan's own Changes sets today beside it; here that name says which inputs differ
    name = "Changes from today" if first.name == ScenarioInputs.TABLE else first.name
    return dataclasses.replace(first, name=name, columns=tuple(columns), printed=printed)


# ---- projects built otherwise --------------------------------------------------------------------


ALL_PROJECTS = "All projects"
"""In the place of a project's name: what all of a scenario's take, those that do not change too."""
_MOST_NAMED = 2
"""Projects named in a line at most."""
_AMOUNTS = ["capex", "tonnes"]


def moved(base: Context, context: Context) -> list[Row]:
    """Return the projects that a scenario builds otherwise, the largest change of capex first.

    Rows by the fields of ProjectsBuilt: capex [money m], tonnes [t over all years].
    """
    (before, parts_before), (after, parts_after) = _built(base), _built(context)
    by = parts_after.sub(parts_before, fill_value=0.0).abs().groupby(level="project").max()
    differ = by.index[by > tolerances.SAME_SHARE]
    rows = [_beside(str(name), before.get(name, {}), after.get(name, {})) for name in differ]
    return sorted(rows, key=lambda row: (-abs(row["capex_more"]), row["project"]))


@once
def _built(context: Context) -> tuple[dict[Any, Any], pd.Series[float]]:
    """Return by project mineral, country, capex, tonnes and starts; what starts of it by year."""
    rows = context.plan.projects
    starting = rows[rows["built"] > tolerances.SAME_SHARE].sort_values("year")
    words = [
        f"{part:z.0%} in {year}" if round(part, 2) else f"<1% in {year}"
        for part, year in zip(starting["built"], starting["year"], strict=True)
    ]
    starts = starting.assign(starts=words).groupby("project")["starts"].agg(", ".join)
    groups = rows.groupby("project")
    found = groups[["mineral", "country"]].first().join([groups[_AMOUNTS].sum(), starts])
    parts = rows.groupby(["project", "year"])["built"].sum()
    return found.astype({"starts": object}).fillna({"starts": ""}).to_dict("index"), parts


def _beside(project: str, before: Row, after: Row) -> Row:
    """Return a project of the base and of a scenario side by side; {}: it is not there."""
    either = before or after
    row: Row = {"project": project} | {n: either.get(n, "") for n in ("mineral", "country")}
    for when, of in (("before", before), ("after", after)):
        row |= {f"{name}_{when}": of.get(name, 0.0) for name in _AMOUNTS}
        row[f"starts_{when}"] = of.get("starts", "")
    for name in _AMOUNTS:
        row[f"{name}_more"] = change(row[f"{name}_after"], row[f"{name}_before"])
    return row


def _in_a_line(base: Context, context: Context) -> str:
    """Return in a line which projects' capex changes most [money m], "" where none does.

    ``Nolans +819.1, Becancour -705.5 and 4 more``
    """
    changes = [(row["project"], row["capex_more"]) for row in moved(base, context)]
    return few(
        [
            f"{project} {signed(change, ',.1f')}"
            if round(change, 1)
            else f"{project} at another time"
            for project, change in changes
        ],
        _MOST_NAMED,
    )


def _with_total(base: Context, context: Context) -> list[Row]:
    """Return the projects that move, and below them what all of both plans take."""
    rows = moved(base, context)
    sums = [{n: float(c.plan.projects[n].sum()) for n in _AMOUNTS} for c in (base, context)]
    return [*rows, _beside(ALL_PROJECTS, *sums)] if rows else []


# ---- flows that differ ---------------------------------------------------------------------------


MOST_FLOWS = 10
"""Flows listed at most of one scenario, mineral and level; a row below counts the others."""

COUNTRY_TO_MEMBER, REFINER_TO_COALITION = "country to member", "refiner to coalition"


def _flows_that_differ(base: Context, context: Context) -> Iterator[dict[str, object]]:
    """Yield the rows of one scenario."""
    flows = pd.concat([_flows(base).assign(when="before"), _flows(context).assign(when="after")])
    by = flows.groupby(["mineral", "level", "seller", "buyer", "when"])["tonnes"].sum()
    both = by.unstack(fill_value=0).reindex(columns=["before", "after"], fill_value=0.0)
    parts = dict(list(both.reset_index(["seller", "buyer"]).groupby(["mineral", "level"])))
    same = _same(base, context)
    for mineral in (m.name for m in base.case.minerals if m.name not in same):
        for level in (COUNTRY_TO_MEMBER, REFINER_TO_COALITION):
            of = {"mineral": mineral, "level": level, "unit": units_of(base.case).get(mineral, "")}
            if (mineral, level) in parts:
                changes = _largest_changes(parts[mineral, level])
                yield from ({**of, **row} for row in changes)
    if same:
        yield {"seller": f"As in the base in cost and shortage: {', '.join(same)}"}
    if base.case.budget and len({row["mineral"] for row in moved(base, context)}) > 1:
        shared = "Projects of several minerals share a budget and change"
        yield {"seller": f"{shared}: see {ProjectsBuilt.TABLE}"}


@once
def _flows(context: Context) -> pd.DataFrame:
    """Return the tonnes of all years by mineral, level, seller and buyer."""
    flows = context.plan.flows
    plants = flows["project"].where(flows["project"] != "", flows["refiner"])
    levels = (
        (COUNTRY_TO_MEMBER, flows["country"].map(context.country), flows["member"]),
        (REFINER_TO_COALITION, plants, COALITION_BUYER),
    )
    return pd.concat(
        flows[["mineral", "tonnes"]].assign(level=level, seller=seller, buyer=buyer)
        for level, seller, buyer in levels
    )


def _same(base: Context, context: Context) -> list[str]:
    """Return the minerals that cost, and leave short, what they do in the base, year by year."""
    there, here = (_by_year(c) for c in (base, context))
    found = []
    for mineral in (m.name for m in base.case.minerals):
        scale = max(1.0, *(abs(v) for key, v in there.items() if key[0] == mineral), 0.0)
        keys = [key for key in {**there, **here} if key[0] == mineral]
        if all(
            abs(here.get(k, 0.0) - there.get(k, 0.0)) <= tolerances.SAME_COST * scale for k in keys
        ):
            found.append(mineral)
    return found


@once
def _by_year(context: Context) -> dict[tuple[str, str, int], float]:
    """Return what is paid for purchases and what is short, by mineral and year."""
    return {
        (mineral, amount, year): value
        for table, amount in ((context.plan.flows, "total"), (context.plan.supply, "short"))
        for (mineral, year), value in sums(table, amount, "mineral", "year").items()
    }


def _largest_changes(flows: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the flows that differ, the largest change first, and a row for what is left out."""
    both = flows.assign(change=flows["after"] - flows["before"])
    both["by"] = both["change"].abs()
    most = float(both[["before", "after"]].to_numpy().max(initial=0.0))
    both = both[both["by"] > tolerances.LEAST_MOVE * most]
    both = both.sort_values(["by", "seller", "buyer"], ascending=[False, True, True])
    yield from both.head(MOST_FLOWS).drop(columns="by").to_dict("records")  # type: ignore[misc]
    rest = both.iloc[MOST_FLOWS:]
    if len(rest):
        before, after = float(rest["before"].sum()), float(rest["after"].sum())
        amounts = {"before": before, "after": after, "change": after - before}
        yield {"seller": counted(len(rest), "other flow"), **amounts}


# ---- tables made ---------------------------------------------------------------------------------


def comparison(entries: Sequence[Entry]) -> Comparison:
    """Return a row a scenario: what it costs, what is short, how that differs from the base."""
    base = entries[0]
    rows = [{} if e.context is None else _of_plan(e.context) for e in entries]
    columns: dict[str, Any] = {f.name: [row.get(f.name) for row in rows] for f in Comparison.FIELDS}
    for more, name in (("more", "total"), ("cash_more", "cash"), ("short_more", "short")):
        columns[more] = [change(value, columns[name][0]) for value in columns[name]]
    whole = columns["total"][0]
    columns |= {
        "scenario": [entry.name for entry in entries],
        "more_share": [by / whole if whole and by is not None else None for by in columns["more"]],
        "result": [entry.error or "proven optimal" for entry in entries],
        "inputs": [len([*input_differences(base.case, entry.case)]) for entry in entries],
        "moved": [
            "" if base.context is None or e.context is None else _in_a_line(base.context, e.context)
            for e in entries
        ],
    }
    columns["demand"] = [cases.demand_against(base.case, entry.case) for entry in entries]
    columns["changes"] = [entry.changes for entry in entries]
    rare = (Comparison.moved, Comparison.demand, Comparison.levies)
    lacking = [of for of in rare if not any(columns[of.name])]
    if any(entry.foreseen for entry in entries):
        columns |= _foresight(entries, columns["total"])
    else:
        lacking += [Comparison.foresight, Comparison.surprise]
    return Comparison(words=words_of(base.case), **columns).without(*lacking)


def _foresight(entries: Sequence[Entry], totals: Sequence[float | None]) -> dict[str, list[Any]]:
    """Return which entries are foreseen, and what it costs that others are not [money m]."""
    total = {entry.name: value for entry, value in zip(entries, totals, strict=True)}
    return {
        "foresight": [cases.UNFORESEEN if entry.foreseen else "foreseen" for entry in entries],
        "surprise": [
            change(total[entry.name], total.get(entry.foreseen)) if entry.foreseen else None
            for entry in entries
        ],
    }


def _pairs(entries: Sequence[Entry]) -> Iterator[tuple[str, str, float | None]]:
    """Yield each entry's name, what it is foreseen, and its total cost [money]."""
    for e in entries:
        yield e.name, e.foreseen, e.context.plan.objective if e.context else None


def _of_plan(context: Context) -> dict[str, float]:
    """Return what the sheet Comparison says of a plan [money m, t]."""
    plan, left = context.plan, [row.get("served_without") for row in figures(context)]
    costs, is_penalty = plan.costs["discounted"], plan.costs["heading"].isin(PENALTIES)
    money_of = {
        "total": plan.objective,
        "cash": plan.cash,
        "tariffs": plan.tariffs,
        "levies": plan.levies,
        "net_cost": plan.cash_cost.net,
        "purchases": plan.purchases,
        "paid": float(costs[~is_penalty].sum()),
        "penalties": float(costs[is_penalty].sum()),
    }
    return {
        **{name: amount / MILLION for name, amount in money_of.items()},
        "tonnes": plan.tonnes,
        "short": plan.shortage,
        "served": plan.served_share,
        "keep_enough": float(sum(map(keeps_enough, filter(known, left)))),
        "binding": float(len(binding(plan))),
    }


def by_mineral(entries: Sequence[Entry]) -> ScenarioMinerals | None:
    """Return a row a mineral and scenario; None where no case has a plan."""
    planned = {e.name: e.context for e in entries if e.context is not None}
    if not planned:
        return None
    made = {n: {row["mineral"]: row for row in figures(of)} for n, of in planned.items()}
    base, rows = made.get(entries[0].name, {}), list[Row]()
    for mineral in dict.fromkeys(mineral for of in made.values() for mineral in of):
        for name, row in ((name, of[mineral]) for name, of in made.items() if mineral in of):
            before = base.get(mineral, {})
            more = {
                f"{what}_more": change(row[what], before.get(what))
                for what in ("short", "landed", "hhi_purchases")
            }
            worth = _worth_short(planned[name]).get(mineral, 0.0)
            rows.append({**row, **more, "scenario": name, "worth_short": worth})
    words = words_of(next(iter(planned.values())).case)
    return ScenarioMinerals.of_rows(rows, words=words)


def by_year(
    entries: Sequence[Entry], vain: Mapping[str, Short] | None = None
) -> MissingByYear | None:
    """Return a row a scenario, mineral and year; None where no case has a plan.

    ``vain`` is what is short where a scenario is planned for and stays away, by the scenario.
    """
    plans = {e.name: e.context.plan for e in entries if e.context is not None}
    if not plans:
        return None
    short = {name: short_of(plan) for name, plan in plans.items()}
    need = {n: sums(plan.supply, "demand", "mineral", "year") for n, plan in plans.items()}
    base = entries[0].name
    for name, of in (vain or {}).items() if base in need else ():
        short[stays_away(name)], need[stays_away(name)] = of, need[base]
    before, rows = short.get(base), list[Row]()
    for name, of in short.items():
        more = before and {at: change(t, before.get(at, 0.0)) or 0.0 for at, t in of.items()}
        parts, parts_more = (missing_in_each(each or {}, need[name]) for each in (of, more))
        ever = {mineral for (mineral, _), t in of.items() if t > 0}
        ever |= {mineral for (mineral, _), t in (more or {}).items() if t < 0}
        rows += [
            {
                "scenario": name, "mineral": at[0], "year": at[1], "need": need[name][at],
                "short": tonnes, "short_more": more and more[at],
                "part": parts[at], "part_more": parts_more.get(at),
            }
            for at, tonnes in of.items() if at[0] in ever
        ]  # fmt: skip
    return MissingByYear.of_rows(rows, words=words_of(entries[0].case))


@once
def _worth_short(context: Context) -> dict[str, float]:
    """Return what each mineral is short, at the price of the year [money]."""
    table, found = context.plan.short, defaultdict[str, float](float)
    columns = (table[name] for name in ("mineral", "year", "short"))
    for mineral, year, tonnes in zip(*columns, strict=True):
        found[mineral] += float(tonnes) * context.case.mineral_of[mineral].price.value(int(year))
    return found


def changes(entries: Sequence[Entry]) -> ScenarioInputs | None:
    """Return a row an input that differs; None where there is only the base."""
    if len(entries) <= 1:
        return None
    base = entries[0].case
    rows: list[dict[str, Any]] = []
    for entry in entries[1:]:
        found = list(input_differences(base, entry.case))
        for each in found[:MOST_CHANGES]:
            cell = entry.cell_of(each.sheet, each.row, each.column) if each.row else ADDED
            rows.append({**vars(each), "scenario": entry.name, "cell": cell})
        left = len(found) - MOST_CHANGES
        if left > 0 or not found:
            what = f"and {left:,} more" if left > 0 else "nothing differs from the base"
            rows.append({"scenario": entry.name, "what": what, "look": Look.TEXT})
    looks = [row["look"] for row in rows]
    return ScenarioInputs.of_rows(rows, looks={"before": looks, "after": looks})


def flow_differences(base: Context, planned: Mapping[str, Context]) -> FlowDifferences:
    """Return a row a flow over all years."""
    rows = [
        {"scenario": name, **row}
        for name, context in planned.items()
        for row in _flows_that_differ(base, context)
    ]
    return FlowDifferences.of_rows(rows)


def builds(base: Context, planned: Mapping[str, Context]) -> ProjectsBuilt | None:
    """Return a row a scenario and project that it builds otherwise; None where there is none."""
    rows = [
        {"scenario": name, **row} for name, of in planned.items() for row in _with_total(base, of)
    ]
    return ProjectsBuilt.of_rows(rows, words=words_of(base.case)) if rows else None


def paying(base: Context, planned: Mapping[str, Context]) -> WhoPaysByScenario:
    supply = [(name, of.plan.supply) for name, of in planned.items()]
    return WhoPaysByScenario.of_cases(base.case, base.plan.supply, supply)


def matrix(
    minerals: Sequence[str], rows: Mapping[str, Sequence[float | None]], name: str, meaning: str
) -> Result:
    """Return shares with a row a scenario and a column a mineral."""
    headers = [f"{m} (mineral)" if fold(m) == fold(SCENARIO.header) else clean(m) for m in minerals]
    cells = {
        (scenario, header): value
        for scenario, row in rows.items()
        for header, value in zip(headers, row, strict=True)
    }
    lead = {Comparison.scenario.like(meaning=""): list(rows)}
    cell = field.share("", meaning, colour=Colour.AGAINST_FIRST)
    return crossed(name, lead, headers, cells, cell, {})


def _matrix(
    sheet: tuple[str, str], entries: Sequence[Entry], cell: Callable[[Row], float | None]
) -> Table | None:
    """Return the sheet of a matrix; None without minerals."""
    minerals = [mineral.name for mineral in entries[0].case.minerals]
    values = {}
    for entry in entries:
        of = {f["mineral"]: cell(f) for f in (figures(entry.context) if entry.context else ())}
        values[entry.name] = [of.get(m) for m in minerals]
    return table_of(matrix(minerals, values, *sheet)) if minerals else None


def results(
    entries: Sequence[Entry],
    vain: Mapping[str, Outcome[Short]] | None = None,
    bills: Mapping[str, DualBill] | None = None,
) -> list[Result]:
    """Return the declared tables of a comparison.

    ``vain`` are, by an unforeseen case's name, what comes of planning for it if it stays away.
    """
    base, *others = entries
    planned = {e.name: e.context for e in others if e.context is not None}
    # what is set against the base's plan: nothing without it
    against = (base.context, planned) if base.context is not None and planned else None
    costs = {name: of.objective for name, of in (vain or {}).items()}
    known_as = {e.name: e.foreseen for e in entries}
    away = {known_as[n]: of.found for n, of in (vain or {}).items() if of.found is not None}
    made = (
        comparison(entries),
        regrets(base.case, _pairs(entries), costs),
        by_mineral(entries),
        by_year(entries, away),
        against and paying(*against),
        BillsByScenario.of_bills(base.case, bills or {}),
        changes(entries),
        against and flow_differences(*against),
        against and builds(*against),
    )
    return [result for result in made if result is not None]


def sheets(entries: Sequence[Entry], made: Iterable[Result]) -> tuple[Table, ...]:
    """Return the sheets of a comparison in order; entries without a plan have a row in the first.

    ``made`` are its declared tables.

    Of the plan's own sheets all are there that several plans may have.
    """
    from planner.sheets import STACKED

    first, *others = (table_of(r, entries[0].case.country_name) for r in made)
    every = [
        first,
        _matrix(SHORT_BY_MINERAL, entries, lambda f: 1.0 - f["served"]),
        _matrix(LARGEST_SHARES, entries, lambda f: f.get("last_share", 0.0)),
        *others,
        *(stacked(entries, partial(_of_plans, result)) for result in STACKED),
    ]
    return tuple(table for table in every if table is not None)


def _of_plans(result: type[Result], context: Context) -> Table | None:
    """Return a plan's sheet; none is set against the plan without limits, but against the base."""
    from planner.sheets import sheet

    if result is not Members:
        return sheet(result, context)
    made = Members.of(context.plan, None)
    made = made.without(Members.extra, Members.dearer, Members.extra_shortage)
    return table_of(made, context.country)


def _row(entry: Entry, plan: Plan | None, base: Plan | None) -> dict[str, Any]:
    """Return what JSON has of a case; all have the same keys, null where no plan is."""
    return {
        "scenario": entry.name,
        "objective_usd": plan and plan.objective,
        "difference_usd": plan and base and plan.objective - base.objective,
        "cash_usd": plan and plan.cash,
        "purchases_usd": plan and plan.purchases,
        "tariffs_usd": plan and plan.tariffs,
        "levies_usd": plan and plan.levies,
        "net_cost_usd": plan and plan.cash_cost.net,
        "tonnes": plan and plan.tonnes,
        "shortage_t": plan and plan.shortage,
        "served_share": plan and plan.served_share,
        "max_country_share": plan and dict(plan.max_country_share),
        "error": entry.error or None,
    }


# ---- charts, of the tables alone -----------------------------------------------------------------


_MOST_SCENARIOS = 12
_MOST_MINERALS = 6
"""Minerals told apart in one chart; the others are drawn together."""
_BILLION = 1e9
_WHOLE = 20
"""Amounts up to so many millions, or billions, have a decimal on their axis."""
_LABEL, _SMALL_LABEL = 48, 34
"""Characters of a scenario's name beside its bar, in large charts and in small ones."""
RATE = "Discount rate"
"""The row of About that has it, where there is one."""


def _drawn(planned: pd.DataFrame, year: str) -> pd.DataFrame:
    """Return the rows that are drawn where scenarios are unforeseen, too; in their order.

    Scenarios as they are come first; then what it costs most not to know, beside the same, known.
    """
    names = [str(name) for name in planned["scenario"]]
    cost = {
        name: float(value)
        for name, value in zip(names, planned["surprise"], strict=True)
        if known(value)
    }
    pairs = {name.removesuffix(f" ({cases.UNFORESEEN})"): by for name, by in cost.items()}
    ranks = [
        (0, 0.0) if name not in cost and not name.endswith(f" from {year}")
        else (1, -cost.get(name, pairs.get(name, 0.0)))
        for name in names
    ]  # fmt: skip
    best = sorted(range(len(names)), key=lambda i: (ranks[i], i))[:_MOST_SCENARIOS]
    return planned.iloc[sorted(best)]


class _ComparisonCharts:
    """The charts of a comparison; scenarios beyond the first twelve are left to the tables."""

    def __init__(self, tables: Tables) -> None:
        """Read the tables."""
        every = tables[Comparison].frame()
        planned = with_number(every, "total")
        year = tables.option(UNFORESEEN_BEFORE)
        self.table = _drawn(planned, year) if year else planned.head(_MOST_SCENARIOS)
        self.names = [str(name) for name in self.table["scenario"]]
        left = len(planned) - len(self.table)
        shown = f"{len(self.table)} of {len(planned)}"
        self.more = f" ({shown if year else f'the first {shown}'})" if left else ""
        self.currency = tables[Comparison].words.get("money", "")
        self.horizon = tables.option(YEARS)
        self.discounts = bool(tables.option(RATE))
        self.rows = pd.DataFrame()
        if ScenarioMinerals in tables:
            of = tables[ScenarioMinerals]
            self.rows, self.words = of.frame(), of.words
            self.minerals = list(dict.fromkeys(self.rows["mineral"]))
        self.paid = _paid(tables)
        self.severity = {name: _severity(tables, name) for name in self.names}
        self.worst = dict[str, tuple[str, float]]()
        for name in self.names:
            more = _lacking(tables, name, ScenarioMinerals.short_more)
            self.worst[name] = max(more.items(), key=lambda of: of[1], default=("", 0.0))

    def all(self) -> tuple[Picture, ...]:
        """Return the charts of the workbook."""
        if self.table.empty or self.rows.empty or self.horizon == "no years":
            return ()
        found = [self.dearer(), self.missing(), self.cost(), self.short()]
        found += [self.largest(mineral) for mineral in self.minerals]
        found += [self.short_of(mineral) for mineral in self.minerals]
        return tuple(p for p in found if p is not None)

    def labels(self, *, small: bool = False) -> tuple[str, ...]:
        """Return the names of the bars, each on one line so that none is left out for want of room.

        Longer ones lose their middle, for scenarios often differ at their ends; those that are
        alike then are numbered, in the order of the sheet Comparison.
        """
        most = _SMALL_LABEL if small else _LABEL
        names = [clean(name) for name in self.names]
        cut = [_without_middle(name, most) for name in names]
        return tuple(
            shown if cut.count(shown) == 1 else _without_middle(f"{number}: {name}", most)
            for number, (name, shown) in enumerate(zip(names, cut, strict=True), start=1)
        )

    def of(self, mineral: str, name: str) -> list[float | None]:
        """Return a column of a mineral by scenario; None where it is blank."""
        own = self.rows[self.rows["mineral"] == mineral]
        found = dict(zip(own["scenario"], own[name], strict=True))
        return [float(found[s]) if known(found.get(s)) else None for s in self.names]

    def money(self, highest: float) -> tuple[float, str, Look]:
        """Return what amounts are divided by, the unit they are then in, and how they look."""
        size, word = (_BILLION, "bn") if highest >= 10 * _BILLION else (MILLION, "m")
        look = Look.COUNT if highest >= _WHOLE * size else Look.MILLIONS
        return size, f"{self.currency} {word}", look

    @property
    def ranked(self) -> list[str]:
        """The scenarios, what leaves most of a mineral missing beyond the base first."""
        dear = {name: part(*self.paid[name]) or 0.0 for name in self.names[1:]}
        return sorted(dear, key=lambda name: (-round(self.worst[name][1], 6), -dear[name]))

    def dearer(self) -> Picture | None:
        """How much dearer the same tonnes are in each scenario than in the base."""
        names = self.ranked
        of = [part(*self.paid[name]) or 0.0 for name in names]
        title = f"Extra cost of the same tonnes, against the base, {self.horizon}{self.more}"
        series = [Series("Extra cost", Role.PLAN, of)]
        return self.panel(title, names, series, "Of what they cost in the base")

    def missing(self) -> Picture | None:
        """What is missing beyond the base of the mineral hit hardest, in its worst year."""
        names = self.ranked
        of = [self.peak(name) for name in names]
        title = f"Missing beyond the base in the worst year, of the mineral hit hardest{self.more}"
        hit = [
            self.worst[name][0] if part > tolerances.MISSING_PART else ""
            for name, part in zip(names, of, strict=True)
        ]
        series = [Series(MissingByYear.part.header, Role.SHORT, of, hints=hit)]
        return self.panel(title, names, series, "Of the mineral's need", hit)

    def peak(self, name: str) -> float:
        """Return what part of the mineral that a scenario hits hardest is missing in a year."""
        mineral, of = self.worst[name]
        years = _parts_of(self.severity[name].get(mineral, {}))
        return max(years.values(), default=0.0) if of > tolerances.MISSING_PART else 0.0

    def panel(
        self,
        title: str,
        names: Sequence[str],
        series: Sequence[Series],
        axis: str,
        hit: Sequence[str] = (),
    ) -> Picture | None:
        """Return bars of shares by scenario; ``hit`` are the minerals that they are of, if any."""
        if not names or not any(series[0].values):
            return None
        labels = dict(zip(self.names, self.labels(small=True), strict=True))
        minerals = hit or [""] * len(names)
        shown = [labels[n] + (f": {m}" if m else "") for n, m in zip(names, minerals, strict=True)]
        return Picture(title, Form.BARS, tuple(shown), tuple(series), axis, "", is_panel=True)

    def cost(self) -> Picture:
        """What each scenario costs: what is paid, and shortage and other penalties."""
        paid, fines = (
            [float(v) * MILLION if known(v) else 0.0 for v in self.table[name]]
            for name in ("paid", "penalties")
        )
        size, unit, look = self.money(max(a + b for a, b in zip(paid, fines, strict=True)))
        title, axis = f"Total cost, {self.horizon}{self.more}", unit
        series = (
            Series("Paid", Role.PLAN, tuple(v / size for v in paid)),
            Series("Shortage and other penalties", Role.SHORT, tuple(v / size for v in fines)),
        )
        axis = f"{unit}, discounted" if self.discounts else unit
        return Picture(title, Form.BARS, self.labels(), series, axis, "", look)

    def short(self) -> Picture | None:
        """What is short in each scenario, at its stated price, so that minerals can be added up."""
        worth = {m: [v or 0.0 for v in self.of(m, "worth_short")] for m in self.minerals}
        totals = {m: sum(of) for m, of in worth.items()}
        ranked = sorted((m for m in totals if totals[m] > 0), key=lambda m: -totals[m])
        if not ranked:
            return None
        shown, rest = ranked[:_MOST_MINERALS], ranked[_MOST_MINERALS:]
        if len(rest) == 1:  # a single one needs no name for many
            shown, rest = ranked[: _MOST_MINERALS - 1], ranked[_MOST_MINERALS - 1 :]
        sums = [sum(column) for column in zip(*worth.values(), strict=True)]
        size, unit, look = self.money(max(sums))
        series = [
            Series(short(m), Role.ONE_OF_MANY, tuple(v / size for v in worth[m])) for m in shown
        ]
        if rest:
            others = tuple(sum(of) / size for of in zip(*(worth[m] for m in rest), strict=True))
            series.append(Series(f"{len(rest)} others", Role.OTHER, others))
        title = f"Metal short, at its stated price, {self.horizon}{self.more}"
        return Picture(title, Form.BARS, self.labels(), tuple(series), unit, "", look)

    def largest(self, mineral: str) -> Picture | None:
        """A mineral's largest country share in the last year against its limit, by scenario."""
        shares = [share or 0.0 for share in self.of(mineral, "last_share")]
        caps = self.of(mineral, "last_limit")
        if not any(shares):
            return None
        pairs = list(zip(shares, caps, strict=True))
        over = [
            s - cap if cap is not None and s > cap + tolerances.REMAINDER else 0.0
            for s, cap in pairs
        ]
        room = [0.0 if cap is None else max(0.0, cap - s) for s, cap in pairs]
        inside = tuple(s - by for s, by in zip(shares, over, strict=True))
        series = [Series("Largest country share", Role.PLAN, inside)]
        if any(over):
            series.append(Series("Beyond its limit", Role.SHORT, tuple(over)))
        if any(by > tolerances.REMAINDER for by in room):
            series.append(Series("Room up to its limit", Role.INSIDE_IDLE, tuple(room)))
        limits = {cap for cap in caps if cap is not None}
        limit = f", limit {limits.pop() * 100:.4g} %" if len(limits) == 1 else ""
        title = f"{short(mineral)}: largest country in {self.words['last']}{limit}"
        return self.small(title, series, f"Share of coalition {self.words['basis']}")

    def short_of(self, mineral: str) -> Picture | None:
        """What part of a mineral's demand is short, by scenario, where any is."""
        parts = [0.0 if of is None else 1.0 - of for of in self.of(mineral, "served")]
        if not any(part > 0 for part in parts):
            return None
        series = [Series(SHORT.header, Role.SHORT, tuple(parts))]
        title = f"{short(mineral)}: short, {self.horizon}"
        return self.small(title, series, "Share of coalition demand")

    def small(self, title: str, series: Sequence[Series], axis: str) -> Picture:
        names = self.labels(small=True)
        return Picture(title, Form.BARS, names, tuple(series), axis, "", small=True)


def _without_middle(name: str, most: int) -> str:
    """Return a name of at most so many characters, its beginning and its end."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end].rstrip()}…{name[-end:].lstrip()}"


# ---- the kind ------------------------------------------------------------------------------------

_BILLS = "by dual prices; builds as fractions, sharing a shortage fairly not priced"
FORESEEN = "Each scenario is planned as if it were known from the first year."
YEAR_OPTION = "--unforeseen"
UNFORESEEN_BEFORE = "Unforeseen before"
"""The row of About that has the year, where scenarios are planned as unforeseen, too."""


def known_year(case: Case, year: int | None) -> None:
    """Raise UsageError for a year before which nobody knows that is none of the case's."""
    if year is not None and year not in case.years:
        msg = f"{YEAR_OPTION} {year} is no year of the plan, which has {each_year(case.years)}"
        raise UsageError(msg)


class Compare(StudyKind):
    """Plan a workbook's base case and every scenario, and compare them.

    The workbook shows each scenario's cost and shortage against the base case, its changed inputs
    and the flows that move most. It also holds all plans, with the column Scenario first. Each
    scenario is planned as if it were known from the first year.

    What-ifs and --max-country-share make one more case: the base case with these changes.

    \b
    planner compare case.xlsx
    planner compare case.xlsx --scenario "Export ban" --lose COD
    planner compare case.xlsx --unforeseen 2030
    planner compare case.xlsx --bills

    A scenario that contradicts the workbook's rules, or has no proven optimum, is listed with its
    reason. The other scenarios are planned and written. The exit code is then 1 or 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "compare", "Comparison of scenarios", "comparison"
    QUESTION = "What does each scenario cost and leave missing?"
    HEADING = "{named}: comparison"
    LACKING = "no case planned"
    MONEY = (
        "total cost discounted at the discount rate; cash cost, purchases, who pays undiscounted"
    )
    RESULTS = (
        Comparison, ScenarioMinerals, MissingByYear, WhoPaysByScenario, BillsByScenario, Regret,
    )  # fmt: skip
    SCENARIO = False
    LIMIT = "Also compare a case with this cap on one country's share of each mineral, 0 to 1."
    OPTIONS = (
        click.option(
            "--scenario",
            "chosen",
            multiple=True,
            metavar="NAME",
            help="Compare this scenario only. Repeatable.",
        ),
        click.option(
            YEAR_OPTION,
            type=int,
            metavar="YEAR",
            help="Also plan each scenario as a surprise in YEAR: earlier decisions, begun builds"
            " included, stay as in the base plan.",
        ),
        click.option(
            "--bills",
            is_flag=True,
            help="Also show who pays in each scenario: bills by dual prices, before and after.",
        ),
    )

    def __init__(  # noqa: PLR0913 - what may be asked
        self,
        start: Start,
        *,
        chosen: tuple[str, ...],
        asked: Callable[[Case], tuple[WhatIf, ...]],
        max_country_share: float | None,
        unforeseen: int | None,
        bills: bool,
    ) -> None:
        """Take the cases to compare; UsageError for an unknown scenario, what-if or year."""
        wrong, found = Mistakes(), list[str]()
        for name in chosen:
            with wrong.kept():
                found.append(scenario_name(start.book.case, name))
        with wrong.kept():
            known_year(start.book.case, unforeseen)
        with wrong.kept():
            what_ifs = asked(start.book.case)
            self.asked = Variant(what_ifs=what_ifs, max_country_share=max_country_share)
        wrong.tell()
        self.chosen = tuple(dict.fromkeys(found))
        names = self.chosen or scenarios.names(start.book.case)
        self.cases = cases.compared(start.book.case, tuple(names), self.asked)
        self.unforeseen = unforeseen
        self.bills: dict[str, DualBill | str] | None = {} if bills else None
        if unforeseen is not None:
            if len(self.cases) == 1:
                msg = f"{YEAR_OPTION} {unforeseen}: nothing can come unforeseen. {HOW}"
                raise UsageError(msg)
            self.cases = cases.with_unforeseen(start.book.case, self.cases, unforeseen)
            if not any(each.foreseen for each in self.cases):
                every = (finding.found for each in self.cases for finding in each.warnings)
                why = "; ".join(found for found in every if cases.UNFORESEEN in found)
                msg = f"{YEAR_OPTION} {unforeseen}: nothing can come unforeseen: {why}"
                raise UsageError(msg)
        self.task = number_of(len(self.cases), "case")
        warned = [*start.book.warnings, *(f for case in self.cases for f in case.warnings)]
        book = dataclasses.replace(start.book, warnings=start.book.layout.in_order(warned))
        super().__init__(dataclasses.replace(start, book=book))

    @classmethod
    def base(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Take none: what is asked makes a case of its own."""
        del options
        return {}

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the base, and each case that keeps the rules."""
        del say
        case, bills = self.start.book.case, self.bills is not None
        self.cases, found = cases.plan_cases(case, self.cases, where, tell, bills=bills)
        if bills:
            made = ((outcome.name, outcome.found) for outcome in found)
            self.bills = {n: of.bill for n, of in made if of is not None and of.bill is not None}
        self.outcomes = found.every
        self.entries = [self._entry(case) for case in self.cases]
        self.vain = in_vain(case, self.cases, found, where)
        self.stopped = self.vain.stopped

    @property
    def tariffs(self) -> str:
        """Those of the base, and of the scenario that has most."""
        paid = {e.name: e.context.plan.cash_cost for e in self.entries if e.context is not None}
        most = sorted(paid, key=lambda name: -paid[name].duties)[:1]
        told = dict.fromkeys([*list(paid)[:1], *most])
        return tariff_words({name: paid[name] for name in told}, self.start.case.settings.currency)

    def _entry(self, case: cases.ComparedCase) -> Entry:
        """Return a case with its plan, or with why it has none."""
        book = self.start.book
        changed, cell_of = case.variant(book.case), book.layout.cell
        says = cases.in_words(book.case, case.variant)
        if case.errors:
            placed = book.layout.in_order(case.errors)
            why = " ".join(f"{f.place}: {sentence(f)}" for f in placed[:_MOST_ERRORS])
            more = f" (and {len(placed) - _MOST_ERRORS} more)" if len(placed) > _MOST_ERRORS else ""
            return Entry(case.name, changed, None, why + more, cell_of, case.foreseen, says)
        outcome = next(o for o in self.outcomes if o.name == case.name)
        context = None if outcome.found is None else Context(outcome.found.plan, book)
        return Entry(case.name, changed, context, outcome.error, cell_of, case.foreseen, says)

    @property
    def errors(self) -> PlannerError | None:
        """Where the records of a case contradict the workbook's rules."""
        found = (
            finding
            for case in self.cases
            if isinstance(case.variant, Variant)  # the same unforeseen has no others
            for finding in case.variant.within(case.errors)
        )
        placed = self.start.book.layout.in_order(found)
        return InputError(placed) if placed else None

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """Every case; those that break the rules have that as their error."""
        known_as = {outcome.name: outcome for outcome in self.outcomes}
        own = [known_as.get(e.name) or Outcome(e.name, error=e.error) for e in self.entries]
        named = {e.name: stays_away(e.foreseen) for e in self.entries}
        return own + [dataclasses.replace(of, name=named[of.name]) for of in self.vain]

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """Every case, and every one that is planned for and stays away."""
        return self.judged

    @property
    def known(self) -> str:
        planned = sum(entry.context is not None for entry in self.entries)
        return f"{planned} of {len(self.entries)} cases planned"

    @property
    def what(self) -> str:
        """The base and how many scenarios."""
        foreseen = sum(isinstance(case.variant, Variant) for case in self.cases)
        of = f"Base and {number_of(foreseen - 1, 'scenario')}"
        return of if self.unforeseen is None else f"{of}, foreseen and unforeseen"

    @property
    def options(self) -> dict[str, str]:
        """The scenarios that were chosen, what-ifs and limit, the discount rate."""
        chosen = {"Scenarios": ", ".join(self.chosen)} if self.chosen else {}
        rate = self.start.case.settings.discount_rate
        late = {UNFORESEEN_BEFORE: f"{self.unforeseen}"} if self.unforeseen is not None else {}
        found = chosen | self.asked.changes | late | ({RATE: percent(rate)} if rate > 0 else {})
        found["Loss of a supplier"] = (
            "in a scenario known from its first year, and planned for: what is left is bought anew,"
            " without what was agreed. planner stress strikes a plan already agreed, and the plan's"
            " own Overview asks what is left if nothing is bought instead: other questions"
        )
        found[WhoPaysByScenario.TABLE] = f"{SAME_COST} planner solve may show another"
        return found if self.bills is None else found | {BillsByScenario.TABLE: _BILLS}

    @property
    def what_ifs(self) -> tuple[WhatIf, ...]:
        return self.asked.what_ifs

    @property
    def trouble(self) -> str:
        """How to have something to compare with, where there is nothing."""
        unknown = [f"{n}: {w}" for n, w in (self.bills or {}).items() if isinstance(w, str)]
        lacking = f"no bills of {'; '.join(unknown)}" if unknown else ""
        return HOW if len(self.cases) == 1 else lacking

    def tables(self) -> list[Result]:
        """Return the declared tables."""
        every = self.bills or {}
        bills = {e.name: of for e in self.entries if isinstance(of := every.get(e.name), DualBill)}
        vain = {of.name: of for of in self.vain}
        return results(self.entries, vain, bills if self.entries[0].name in bills else {})

    def sheets(self, tables: Tables) -> list[Table]:
        """Return all sheets, those of the plans under one another among them."""
        declared = (r for kind, r in tables.results.items() if kind is not About)
        return list(sheets(self.entries, declared))

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a scenario, and the what-ifs of the command's own case."""
        plans = [entry.context.plan if entry.context else None for entry in self.entries]
        rows = [
            _row(entry, plan, plans[0]) for entry, plan in zip(self.entries, plans, strict=True)
        ]
        told: dict[str, object] = {"rows": rows}
        told["who_pays"] = tables.records(WhoPaysByScenario)
        if self.bills is not None:
            told["bills"] = tables.records(BillsByScenario)
        if self.unforeseen is None:
            return told
        cost = {row["scenario"]: row["objective_usd"] for row in rows}
        of = _foresight(self.entries, list(cost.values()))
        for row, foresight, surprise in zip(rows, *of.values(), strict=True):
            row |= {"foresight": foresight, "surprise_usd": surprise}
        return {"unforeseen": self.unforeseen, **told, "regret": tables.records(Regret)}

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return _ComparisonCharts(tables).all()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say which scenario leaves most missing, when, and what the same tonnes cost."""
        return _ComparisonFinding(tables).headline()

    def screen(self, tables: Tables) -> Iterator[Numbers]:
        """Return a row a scenario."""
        of = Comparison
        more = (of.surprise,) if self.unforeseen is not None else ()
        fields = (of.scenario, of.total, of.more, *more, of.short, of.short_more, of.served)
        yield Numbers(tables[Comparison], fields)
        if BillsByScenario in tables:
            dearest = tables[BillsByScenario].dearest
            heading = f"Bills before and after: {next(iter(dearest.scenario))}"
            yield Numbers(dearest, BillsByScenario.FIELDS[1:], heading)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return what each scenario costs, and maps of shortage and of the largest shares."""
        charts, of = _ComparisonCharts(tables), Comparison
        more = (of.surprise,) if tables.option(UNFORESEEN_BEFORE) else ()
        fields = (of.scenario, of.total, of.more, *more, of.cash, of.short, of.short_more)
        numbers = Numbers(tables[Comparison], (*fields, of.served, of.result))
        lead = "Total cost, discounted, shortage and penalties included."
        costs = numbers.view(*(p for p in charts.all() if not p.small))
        found = [Section("cost", "What each scenario costs", lead, costs)]
        found += who_pays_section(tables, WhoPaysByScenario, SCENARIO.header, "the base")
        found += bills_section(tables)
        if charts.rows.empty:
            return tuple(found)
        for key, heading, lead, name in (
            ("shortage", "Shortage by mineral",
             "Part of each mineral's demand that is short, all years.", "served"),
            ("shares", "Largest share of one country",
             "In the last year, of each mineral.", "last_share"),
        ):  # fmt: skip
            by = [charts.of(m, name) for m in charts.minerals]
            if name == "served":
                by = [[None if v is None else 1.0 - v for v in each] for each in by]
            values = dict(zip(charts.names, map(list, zip(*by, strict=True)), strict=True))
            series = tuple(Series(s, Role.PLAN, row) for s, row in values.items())
            title, minerals = f"{heading}, by scenario", tuple(charts.minerals)
            picture = Picture(title, Form.HEAT, minerals, series, "share", "")
            shares = Numbers(matrix(charts.minerals, values, heading, ""))
            found.append(Section(key, heading, lead, shares.view(picture)))
        return tuple(found)


class _ComparisonFinding:
    """What is said of a comparison first, of its tables alone."""

    def __init__(self, tables: Tables) -> None:
        """Read the tables; scenarios are those with a plan, those that come unforeseen apart."""
        self.tables = tables
        table = tables[Comparison]
        self.currency = table.words.get("money", "")
        every = table.frame()
        self.base, others = every.iloc[0], with_number(every.iloc[1:], "more")
        foresight = others["foresight"] if "foresight" in others else pd.Series("", others.index)
        self.late = others[foresight == cases.UNFORESEEN]
        self.others = others[foresight != cases.UNFORESEEN]
        self.names = [str(name) for name in self.others["scenario"]]
        self.paid = _paid(tables)
        self.when = {n: _severity(tables, n) for n in self.names}
        whole = {n: _lacking(tables, n, ScenarioMinerals.short_more) for n in self.names}
        self.rank = {n: max(of.values(), default=0.0) for n, of in whole.items()}
        self.minerals = len(whole[self.names[0]]) if self.names else 0

    def lacks(self, name: str) -> str:
        """Return what a scenario leaves missing of each mineral, in the years in which it does."""
        when = self.when[name]
        years = sorted({year for of in when.values() for year, (more, _) in of.items() if more > 0})
        # one base for all that is named: the need of all years from the first to the last of them
        within = {
            m: {y: (max(0.0, more), need) for y, (more, need) in of.items()
                if years and years[0] <= y <= years[-1]}
            for m, of in when.items()
        }  # fmt: skip
        parts = {m: _over_all(of) for m, of in within.items()}
        return missing(parts, f" beyond the base, {span(years)}" if years else " beyond the base")

    def headline(self) -> Headline:
        """Return the finding, its three numbers, and how to read them."""
        here = _lacking(self.tables, str(self.base["scenario"]), ScenarioMinerals.short)
        cash = self.base["cash"]
        paid = f"{money(float(cash) * MILLION, self.currency)} paid" if known(cash) else "unknown"
        lacks = f"{missing(here)}."
        base = KeyFigure(str(self.base["scenario"]), paid, f"{self.tables.option(YEARS)}. {lacks}")
        if self.others.empty:
            none = KeyFigure("Scenarios", "none", "there is none with a proven plan.")
            said = f"In the base {paid.removesuffix(' paid')} is paid and {hardest(here)}."
            said += " There is no scenario with a proven plan beside it."
            return Headline(said if known(cash) else "The base has no plan.", (base, none))
        worst, dearest = max(self.names, key=lambda n: self.rank[n]), self.dearest
        figures = [self._worst(worst), self._dearest(dearest), base]
        surprised, said = list[KeyFigure](), ""
        if not self.late.empty:
            year = self.tables.option(UNFORESEEN_BEFORE)
            late, said = not_knowing(self.late, year, self.currency, self.missing_beyond)
            vain = in_vain_costs(self.tables, self.currency, self.missing_beyond)
            surprised = [*late, *vain]
        if surprised:
            figures = [figures[0], *surprised]
        return Headline(" ".join(filter(None, (self._sentence(worst), said))), tuple(figures),
                        tuple(self._care(dearest)))  # fmt: skip

    @property
    def dearest(self) -> str:
        paid = {n: self.paid.get(n, (0.0, 0.0)) for n in self.names}
        return max(paid, key=lambda n: (part(*paid[n]) or 0.0, paid[n][0]))

    def severity(self, name: str) -> tuple[str, dict[int, float]]:
        """Return the mineral that a scenario hits hardest, and what part is missing by year."""
        parts = {m: _over_all(of) for m, of in self.when[name].items()}
        mineral = next(iter(worst_first(parts)), "")
        return mineral, _parts_of(self.when[name].get(mineral, {}))

    def _sentence(self, worst: str) -> str:
        """Return which scenario leaves most missing, and what the others cost and leave missing."""
        rest = [n for n in self.names if n != worst]
        mineral, years = self.severity(worst)
        if not mineral:
            none = "No scenario leaves more of a mineral missing than the base."
            premium = self._premium(self.dearest)
            return f"{none} {f'{self.dearest} costs most: {premium}.' if premium else ''}".rstrip()
        many = sum(_over_all(of) > tolerances.MISSING_PART for of in self.when[worst].values())
        short = f"{mineral} is shorter"
        if self.minerals > 1:
            verb = "is" if many == 1 else "are"
            short = f"{many} of {self.minerals} minerals {verb} shorter, {mineral}"
        said = f"{worst} is worst. Beyond the base {short} by {in_years(years)}."
        if not rest:
            premium = self._premium(worst)
            more = premium.removesuffix(_FOR_SAME)
            return f"{said} {f'The tonnes still bought cost {more}.' if premium else ''}".rstrip()
        dear = max(rest, key=lambda n: part(*self.paid.get(n, (0.0, 0.0))) or 0.0)
        costs = self._premium(dear) or "no more"
        hit = max(max(self.severity(n)[1].values(), default=0.0) for n in rest)
        lacks = (
            f"at most {share(hit)} more of a mineral"
            if hit > tolerances.MISSING_PART
            else "nothing more"
        )
        which = "The other scenario costs" if len(rest) == 1 else "The others cost at most"
        end = " in any year" if hit > tolerances.MISSING_PART else ""
        return f"{said} {which} {costs}, and {lacks} is missing{end}."

    def _premium(self, name: str) -> str:
        """Return how much dearer the same tonnes are in a scenario; "" where they are not."""
        extra, same = self.paid.get(name, (0.0, 0.0))
        of = part(extra, same)
        return (
            f"{share(of)} more{_FOR_SAME}"
            if of is not None and of > tolerances.MISSING_PART
            else ""
        )

    def _worst(self, name: str) -> KeyFigure:
        mineral, years = self.severity(name)
        if not mineral:
            return KeyFigure("Most is missing in", "none", "no scenario leaves more missing.")
        of = Comparison
        changes = dict(self.tables[of].rows(of.scenario, of.changes)).get(name)
        what = f" It changes: {changes}." if changes else ""
        said = f"{mineral}: {in_years(years)}. {self.lacks(name)}.{what}"
        return KeyFigure("Most is missing in", name, said)

    def _dearest(self, name: str) -> KeyFigure:
        extra, same = self.paid.get(name, (0.0, 0.0))
        if not extra > 0:
            return KeyFigure("Dearest for the same tonnes", "none", "none makes them dearer.")
        said = f"{money(extra, self.currency)} a year more. {self.lacks(name)}."
        of = part(extra, same)
        shown = f"{name}: +{share(of)}" if of is not None else name
        return KeyFigure("Dearest for the same tonnes", shown, said)

    def _care(self, dearest: str) -> Iterator[str]:
        """Yield what is known ahead, and what costs are of."""
        known_ahead = FORESEEN
        if not self.late.empty:
            year = self.tables.option(UNFORESEEN_BEFORE)
            known_ahead = f"{FORESEEN[:-1]}, and again as if nobody had known before {year}."
        yield known_ahead
        differs = self.others["demand"] if "demand" in self.others else [""] * len(self.others)
        other = cases.of_other_demand(zip(self.others["scenario"], differs, strict=True))
        yield f"{_SAME_TONNES} {other}".rstrip()
        if BillsByScenario in self.tables:
            yield self.tables[BillsByScenario].said(dearest).replace("for it", f"for {dearest}")

    def missing_beyond(self, name: str, other: str) -> str:
        """Return what one case leaves missing more than another, in the years in which it does."""
        (here, need), (there, _) = (_short_of(self.tables, of) for of in (name, other))
        more = {
            m: {y: t - there.get(m, {}).get(y, 0.0) for y, t in of.items()}
            for m, of in here.items()
        }
        parts = {
            m: (part(sum(of.values()), sum(need[m].values())) or 0.0) for m, of in more.items()
        }
        mineral = next(iter(worst_first(parts)), "")
        if not mineral:
            return "Nothing more is missing"
        years = in_years(missing_in_each(more[mineral], need[mineral]))
        return f"More of {mineral} is missing: {years}"


_FOR_SAME = " for the same tonnes"
_SAME_TONNES = (
    "Costs compare the same tonnes: what is missing is not paid for, and stands beside them."
)


def _short_of(
    tables: Tables, name: str
) -> tuple[dict[str, dict[int, float]], dict[str, dict[int, float]]]:
    """Return what a case leaves short and needs, by mineral and year, of minerals ever short."""
    of = MissingByYear
    short, need = defaultdict[str, dict[int, float]](dict), defaultdict[str, dict[int, float]](dict)
    fields = (of.scenario, of.mineral, of.year, of.short, of.need)
    for scenario, mineral, year, tonnes, wanted in tables[of].rows(*fields) if of in tables else ():
        if scenario == name:
            short[mineral][int(year)], need[mineral][int(year)] = float(tonnes), float(wanted)
    return short, need


ByYear = dict[int, tuple[float, float]]
"""By year what is missing beyond the base and what is needed [t]."""


def _severity(tables: Tables, scenario: str) -> dict[str, ByYear]:
    """Return by mineral what is missing beyond the base in each year, and what is needed [t]."""
    of, found = MissingByYear, defaultdict[str, ByYear](dict)
    fields = (of.scenario, of.mineral, of.year, of.short_more, of.need)
    for name, mineral, year, more, need in tables[of].rows(*fields) if of in tables else ():
        if name == scenario and known(more):
            found[str(mineral)][int(year)] = float(more), float(need)
    return found


def _parts_of(years: ByYear) -> dict[int, float]:
    return {year: part(more, need) or 0.0 for year, (more, need) in years.items()}


def _over_all(years: ByYear) -> float:
    more, need = (sum(of) for of in zip(*years.values(), strict=True)) if years else (0.0, 0.0)
    return part(more, need) or 0.0


def _paid(tables: Tables) -> dict[str, tuple[float, float]]:
    """Return by scenario what its tonnes cost more a year than in the base, and there [money]."""
    of, found = WhoPaysByScenario, defaultdict[str, tuple[float, float]](lambda: (0.0, 0.0))
    for name, paid, more in (
        tables[of].rows(of.case, of.paid_a_year, of.extra) if of in tables else ()
    ):
        extra, same = found[str(name)]
        found[str(name)] = extra + float(more), same + float(paid) - float(more)
    return found


def _lacking(tables: Tables, scenario: str, amount: Field) -> dict[str, float]:
    """Return what part of each mineral's need an amount is in a scenario, 0 where not known."""
    of = ScenarioMinerals
    rows = tables[of].rows(of.scenario, of.mineral, of.demand, amount) if of in tables else ()
    return {
        str(mineral): tonnes / need if known(tonnes) else 0.0
        for name, mineral, need, tonnes in rows
        if name == scenario and need > 0
    }


HOW = (
    "There is no scenario to compare with: add rows to the sheet Scenarios (planner new --with "
    'Scenarios shows how), or ask for a what-if, as in --lose "China"'
)
