"""Compare: the base case and what-ifs of it, each planned in full and compared with the base."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from models import tolerances
from models.answers.cost_sharing import DualBill
from models.background import result_getter
from models.case import Case, fold
from models.errors import InputError, Mistakes, PlannerError, UsageError
from models.measures import SAME_COST, change, keeps_enough, missing_in_each, part, sums
from models.plan import PENALTIES, Plan
from models.results import About, Result, field
from models.results.common import SHORT, units_of, words_of
from models.results.field import Colour, Field, Look, crossed
from models.units import MILLION
from planner import scenarios
from planner.render import words
from planner.render.chart import Form, Picture, Role, Series, drawn, heat, short
from planner.render.sentences import hardest, in_years, missing, worst_first
from planner.render.table import COALITION_BUYER, Table, table_of, with_number
from planner.scenarios import Variant, WhatIf, scenario_name
from planner.sheets.context import Context, once
from planner.sheets.figures import binding, figures
from planner.sheets.findings import Row
from planner.sheets.inputs import ADDED, input_differences
from planner.sheets.moves import largest_moves, minerals_that_differ, moves
from planner.studies import cases, regret
from planner.studies.charged import bought_by_plants
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
from planner.studies.members import (
    FOR_SAME,
    BillsByScenario,
    bills_section,
    more_paid,
    premium_words,
    same_tonnes,
    who_pays_section,
)
from planner.studies.places import is_worth_a_fork
from planner.workbook.findings import sentence

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

_MOST_ERRORS = 3
"""Errors of a scenario that its row names; JSON and the end of the command have them all."""
MOST_CHANGES = 2_000
"""Changes of one scenario that are listed; a last row counts the others."""


# ---- plans set side by side ----------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One case of a comparison.

    ``case`` is the case that is planned; ``context`` holds its plan (None: it has none, and
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


# ---- projects built otherwise --------------------------------------------------------------------


ALL_PROJECTS = "All projects"
"""In the place of a project's name: the sum over all of a scenario's, changed or not."""
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
    texts = [
        f"{part:z.0%} in {year}" if round(part, 2) else f"<1% in {year}"
        for part, year in zip(starting["built"], starting["year"], strict=True)
    ]
    starts = starting.assign(starts=texts).groupby("project")["starts"].agg(", ".join)
    groups = rows.groupby("project")
    projects = groups[["mineral", "country"]].first().join([groups[_AMOUNTS].sum(), starts])
    parts = rows.groupby(["project", "year"])["built"].sum()
    return projects.astype({"starts": object}).fillna({"starts": ""}).to_dict("index"), parts


def _beside(project: str, before: Row, after: Row) -> Row:
    """Return a project of the base and of a scenario side by side; {}: it is not there."""
    either = before or after
    row: Row = {"project": project} | {n: either.get(n, "") for n in ("mineral", "country")}
    for when, side in (("before", before), ("after", after)):
        row |= {f"{name}_{when}": side.get(name, 0.0) for name in _AMOUNTS}
        row[f"starts_{when}"] = side.get("starts", "")
    for name in _AMOUNTS:
        row[f"{name}_more"] = change(row[f"{name}_after"], row[f"{name}_before"])
    return row


def _in_a_line(base: Context, context: Context) -> str:
    """Return in a line which projects' capex changes most [money m], "" where none does.

    ``Nolans +819.1, Becancour -705.5 and 4 more``
    """
    projects = ((row["project"], row["capex_more"]) for row in moved(base, context))
    names = [
        f"{project} {words.signed(more, ',.1f') if round(more, 1) else 'at another time'}"
        for project, more in projects
    ]
    return words.few(names, _MOST_NAMED)


def _with_total(base: Context, context: Context) -> list[Row]:
    """Return the projects that move, and below them the sums of all projects."""
    rows = moved(base, context)
    sums = [{n: float(c.plan.projects[n].sum()) for n in _AMOUNTS} for c in (base, context)]
    return [*rows, _beside(ALL_PROJECTS, *sums)] if rows else []


# ---- flows that differ ---------------------------------------------------------------------------


COUNTRY_TO_MEMBER, COUNTRY_TO_PLANTS, REFINER_TO_COALITION = LEVELS = (
    "country to member",
    "country to plants",
    "refiner to coalition",
)


def _flows_that_differ(base: Context, context: Context) -> Iterator[dict[str, object]]:
    """Yield the rows of one scenario."""
    groups = defaultdict[tuple[str, str], list[dict[Any, Any]]](list)
    for row in moves(_flows(base), _flows(context), ["mineral", "level"]).to_dict("records"):
        groups[row["mineral"], row["level"]].append(row)
    differ = minerals_that_differ(zip(_by_year(base), _by_year(context), strict=True))
    units = units_of(base.case)
    same = [m.name for m in base.case.minerals if m.name not in differ]
    for mineral in (m.name for m in base.case.minerals if m.name in differ):
        for level in LEVELS:
            names = {"mineral": mineral, "level": level, "unit": units.get(mineral, "")}
            yield from ({**row, **names} for row in largest_moves(groups[mineral, level]))
    if same:
        yield {"seller": f"Same cost and shortage as in the base: {', '.join(same)}"}
    if base.case.budget and len({row["mineral"] for row in moved(base, context)}) > 1:
        shared = "Projects of several minerals share a budget and change"
        yield {"seller": f"{shared}: see {ProjectsBuilt.TABLE}"}


@once
def _flows(context: Context) -> pd.Series[float]:
    """Return the tonnes of all years by mineral, level, seller and buyer."""
    flows, inputs = context.plan.flows, bought_by_plants(context.plan)
    sold = _joined(
        flows.assign(level=COUNTRY_TO_MEMBER, buyer=flows["member"]),
        inputs.assign(
            level=COUNTRY_TO_PLANTS,
            buyer="plants in " + inputs["plant_country"].map(context.country),
        ),
    )
    plants = sold["project"].where(sold["project"] != "", sold["refiner"])
    both = pd.concat([
        sold.assign(seller=sold["country"].map(context.country)),
        sold.assign(level=REFINER_TO_COALITION, seller=plants, buyer=COALITION_BUYER),
    ])  # fmt: skip
    return both.groupby(["mineral", "level", "seller", "buyer"])["tonnes"].sum()


def _joined(flows: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([flows, inputs], ignore_index=True) if len(inputs) else flows


def _by_year(context: Context) -> list[pd.Series[float]]:
    """Return what is paid for purchases, and what is short, by mineral and year."""
    paid = _joined(context.plan.flows, bought_by_plants(context.plan))
    tables = ((paid, "total"), (context.plan.supply, "short"))
    return [table.groupby(["mineral", "year"])[amount].sum() for table, amount in tables]


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
        "demand": [cases.demand_against(base.case, entry.case) for entry in entries],
        "changes": [entry.changes for entry in entries],
    }
    rare = (Comparison.moved, Comparison.demand, Comparison.levies)
    blank = [each for each in rare if not any(columns[each.name])]
    if all(count is None for count in columns["keep_through"]):
        blank.append(Comparison.keep_through)
    if any(entry.foreseen for entry in entries):
        columns |= _foresight(entries, columns["total"])
    else:
        blank += [Comparison.foresight, Comparison.surprise]
    return Comparison(words=words_of(base.case), **columns).without(*blank)


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
    """Return the columns of the sheet Comparison of a plan [money m, t]."""
    plan = context.plan
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
        "keep_enough": _keep(context, "served_without"),
        **({"keep_through": _keep(context, "served_through")} if plan.expanded.intakes else {}),
        "binding": float(len(binding(plan))),
    }


def _keep(context: Context, served: str) -> float:
    """Return how many minerals keep enough of their need if a supplier stops."""
    left = (row.get(served) for row in figures(context))
    return float(sum(map(keeps_enough, filter(words.known, left))))


def by_mineral(entries: Sequence[Entry]) -> ScenarioMinerals | None:
    """Return a row a mineral and scenario; None where no case has a plan."""
    planned = {e.name: e.context for e in entries if e.context is not None}
    if not planned:
        return None
    minerals = {n: {row["mineral"]: row for row in figures(c)} for n, c in planned.items()}
    base, rows = minerals.get(entries[0].name, {}), list[Row]()
    for mineral in dict.fromkeys(mineral for each in minerals.values() for mineral in each):
        for name, row in ((n, each[mineral]) for n, each in minerals.items() if mineral in each):
            before = base.get(mineral, {})
            more = {
                f"{amount}_more": change(row[amount], before.get(amount))
                for amount in ("short", "landed", "hhi_purchases")
            }
            worth = _worth_short(planned[name]).get(mineral, 0.0)
            rows.append({**row, **more, "scenario": name, "worth_short": worth})
    units, t = words_of(next(iter(planned.values())).case), ScenarioMinerals
    made = t.of_rows(rows, words=units)
    is_staged = any(context.plan.expanded.intakes for context in planned.values())
    return made if is_staged else made.without(t.taken, t.stage_country, t.served_through)


def by_year(
    entries: Sequence[Entry], vain: Mapping[str, regret.Short] | None = None
) -> MissingByYear | None:
    """Return a row a scenario, mineral and year; None where no case has a plan.

    ``vain`` is what is short where a scenario is planned for and stays away, by the scenario.
    """
    plans = {e.name: e.context.plan for e in entries if e.context is not None}
    if not plans:
        return None
    short = {name: regret.short_of(plan) for name, plan in plans.items()}
    need = {n: sums(plan.supply, "demand", "mineral", "year") for n, plan in plans.items()}
    base = entries[0].name
    for name, tonnes in (vain or {}).items() if base in need else ():
        short[regret.stays_away(name)], need[regret.stays_away(name)] = tonnes, need[base]
    before, rows = short.get(base), list[Row]()
    for name, lost in short.items():
        more = before and {key: change(t, before.get(key, 0.0)) or 0.0 for key, t in lost.items()}
        parts, parts_more = (missing_in_each(each or {}, need[name]) for each in (lost, more))
        ever = {mineral for (mineral, _), t in lost.items() if t > 0}
        ever |= {mineral for (mineral, _), t in (more or {}).items() if t < 0}
        rows += [
            {
                "scenario": name, "mineral": key[0], "year": key[1], "need": need[name][key],
                "short": tonnes, "short_more": more and more[key],
                "part": parts[key], "part_more": parts_more.get(key),
            }
            for key, tonnes in lost.items() if key[0] in ever
        ]  # fmt: skip
    return MissingByYear.of_rows(rows, words=words_of(entries[0].case))


@once
def _worth_short(context: Context) -> dict[str, float]:
    """Return what each mineral is short, at the price of the year [money]."""
    table, worth = context.plan.short, defaultdict[str, float](float)
    columns = (table[name] for name in ("mineral", "year", "short"))
    for mineral, year, tonnes in zip(*columns, strict=True):
        worth[mineral] += float(tonnes) * context.case.mineral_of[mineral].price.value(int(year))
    return worth


def changes(entries: Sequence[Entry]) -> ScenarioInputs | None:
    """Return a row an input that differs; None where there is only the base."""
    if len(entries) <= 1:
        return None
    base = entries[0].case
    rows: list[dict[str, Any]] = []
    for entry in entries[1:]:
        inputs = list(input_differences(base, entry.case))
        for each in inputs[:MOST_CHANGES]:
            cell = entry.cell_of(each.sheet, each.row, each.column) if each.row else ADDED
            rows.append({**vars(each), "scenario": entry.name, "cell": cell})
        left = len(inputs) - MOST_CHANGES
        if left > 0 or not inputs:
            name = f"and {left:,} more" if left > 0 else "nothing differs from the base"
            rows.append({"scenario": entry.name, "what": name, "look": Look.TEXT})
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
    pairs = ((name, row) for name, each in planned.items() for row in _with_total(base, each))
    rows = [{"scenario": name, **row} for name, row in pairs]
    return ProjectsBuilt.of_rows(rows, words=words_of(base.case)) if rows else None


def paying(base: Context, planned: Mapping[str, Context]) -> WhoPaysByScenario:
    """Return who pays more or less in each planned case than in the base."""
    supply = [(name, context.plan.supply) for name, context in planned.items()]
    return WhoPaysByScenario.of_cases(base.case, base.plan.supply, supply)


def matrix(
    minerals: Sequence[str], rows: Mapping[str, Sequence[float | None]], name: str, meaning: str
) -> Result:
    """Return shares with a row a scenario and a column a mineral."""
    headers = [
        f"{m} (mineral)" if fold(m) == fold(SCENARIO.header) else words.clean(m) for m in minerals
    ]
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
        cells = {f["mineral"]: cell(f) for f in (figures(entry.context) if entry.context else ())}
        values[entry.name] = [cells.get(m) for m in minerals]
    return table_of(matrix(minerals, values, *sheet)) if minerals else None


def results(
    entries: Sequence[Entry],
    vain: Mapping[str, Outcome[regret.Short]] | None = None,
    bills: Mapping[str, DualBill] | None = None,
) -> list[Result]:
    """Return the declared tables of a comparison.

    ``vain`` are, by an unforeseen case's name, the plans for it if it stays away.
    """
    base, *others = entries
    planned = {e.name: e.context for e in others if e.context is not None}
    # what is compared with the base's plan: nothing without it
    against = (base.context, planned) if base.context is not None and planned else None
    outcomes = vain or {}
    costs = {name: outcome.objective for name, outcome in outcomes.items()}
    foreseen = {e.name: e.foreseen for e in entries}
    away = {foreseen[n]: o.found for n, o in outcomes.items() if o.found is not None}
    tables = (
        comparison(entries),
        regret.regrets(base.case, _pairs(entries), costs),
        by_mineral(entries),
        by_year(entries, away),
        against and paying(*against),
        BillsByScenario.of_bills(base.case, bills or {}),
        changes(entries),
        against and flow_differences(*against),
        against and builds(*against),
    )
    return [table for table in tables if table is not None]


def sheets_of_plans(entries: Sequence[Entry], *, are_all: bool = False) -> list[Table]:
    """Return the sheets of plans that several may have; unless ``are_all``, rows that differ."""
    from planner.studies.stacked import stacked

    plans = [(e.name, e.context) for e in entries if e.context is not None]
    return list(stacked(plans, are_all=are_all)) if plans else []


def sheets(
    entries: Sequence[Entry], tables: Iterable[Result], of_plans: Iterable[Table] | None = None
) -> tuple[Table, ...]:
    """Return the sheets of a comparison, of its declared ``tables``, in order.

    Entries without a plan have a row in the first. ``of_plans`` are the plans' own sheets, with the
    rows that differ unless given.
    """
    first, *others = (table_of(r, entries[0].case.country_name) for r in tables)
    every = [
        first,
        _matrix(SHORT_BY_MINERAL, entries, lambda f: 1.0 - f["served"]),
        _matrix(LARGEST_SHARES, entries, lambda f: f.get("last_share", 0.0)),
        *others,
        *(sheets_of_plans(entries) if of_plans is None else of_plans),
    ]
    return tuple(table for table in every if table is not None)


def _row(entry: Entry, plan: Plan | None, base: Plan | None) -> dict[str, Any]:
    """Return a case as JSON has it: all have the same keys, null where there is no plan."""
    return {
        "scenario": entry.name,
        "objective_usd": plan and plan.objective,
        "difference_usd": plan and base and plan.objective - base.objective,
        "cash_usd": plan and plan.cash,
        "purchases_usd": plan and plan.purchases,
        "inputs_t": plan and plan.inputs_tonnes,
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
"""Minerals drawn one by one in a chart; the others are drawn together."""
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
        if words.known(value)
    }
    pairs = {name.removesuffix(f" ({cases.UNFORESEEN})"): by for name, by in cost.items()}
    ranks = [
        (0, 0.0) if name not in cost and not name.endswith(f" from {year}")
        else (1, -cost.get(name, pairs.get(name, 0.0)))
        for name in names
    ]  # fmt: skip
    best = sorted(range(len(names)), key=lambda i: (ranks[i], i))[:_MOST_SCENARIOS]
    return planned.iloc[sorted(best)]


class _ComparisonTables:
    """What charts and finding read of the tables of a comparison."""

    def __init__(self, tables: Tables) -> None:
        """Read what each scenario costs, and the currency."""
        self.tables = tables
        self.every = tables[Comparison].frame()
        self.currency = tables[Comparison].words.get("money", "")
        self.paid = more_paid(tables, WhoPaysByScenario)

    def read(self, names: Iterable[str]) -> None:
        """Read of some scenarios what each leaves missing, in each year and over all years."""
        self.when = {name: _by_year_of(self.tables, name, _BEYOND) for name in names}
        more = ScenarioMinerals.short_more
        self.whole = {name: _lacking(self.tables, name, more) for name in self.when}

    def dearer_by(self, name: str) -> float:
        """Return by what part a scenario makes the same tonnes dearer; 0 where unknown."""
        return part(*self.paid[name]) or 0.0


class _ComparisonCharts(_ComparisonTables):
    """The charts of a comparison; scenarios beyond the first twelve are left to the tables."""

    def __init__(self, tables: Tables) -> None:
        """Read the tables."""
        super().__init__(tables)
        planned = with_number(self.every, "total")
        year = tables.option(UNFORESEEN_BEFORE)
        self.table = _drawn(planned, year) if year else planned.head(_MOST_SCENARIOS)
        self.names = [str(name) for name in self.table["scenario"]]
        left = len(planned) - len(self.table)
        shown = f"{len(self.table)} of {len(planned)}"
        self.more = f" ({shown if year else f'the first {shown}'})" if left else ""
        self.horizon = tables.option(YEARS)
        self.discounts = bool(tables.option(RATE))
        self.rows = pd.DataFrame()
        if ScenarioMinerals in tables:
            minerals = tables[ScenarioMinerals]
            self.rows, self.words = minerals.frame(), minerals.words
            self.minerals = list(dict.fromkeys(self.rows["mineral"]))
        self.read(self.names)
        self.worst = {
            name: max(parts.items(), key=lambda each: each[1], default=("", 0.0))
            for name, parts in self.whole.items()
        }

    def all(self) -> tuple[Picture, ...]:
        """Return the charts of the workbook."""
        if self.table.empty or self.rows.empty or self.horizon == "no years":
            return ()
        pictures = [self.dearer(), self.missing(), self.cost(), self.short()]
        pictures += [self.largest(mineral) for mineral in self.minerals]
        pictures += [self.short_of(mineral) for mineral in self.minerals]
        return drawn(*pictures)

    def labels(self, *, small: bool = False) -> tuple[str, ...]:
        """Return the names of the bars, each on one line so that none is left out for want of room.

        Longer ones lose their middle, for scenarios often differ at their ends; if two are then
        alike, they are numbered in the order of the sheet Comparison.
        """
        most = _SMALL_LABEL if small else _LABEL
        names = [words.clean(name) for name in self.names]
        cut = [_without_middle(name, most) for name in names]
        return tuple(
            shown if cut.count(shown) == 1 else _without_middle(f"{number}: {name}", most)
            for number, (name, shown) in enumerate(zip(names, cut, strict=True), start=1)
        )

    def column(self, mineral: str, name: str) -> list[float | None]:
        """Return a column of a mineral by scenario; None where it is blank."""
        rows = self.rows[self.rows["mineral"] == mineral]
        values = dict(zip(rows["scenario"], rows[name], strict=True))
        return [float(values[s]) if words.known(values.get(s)) else None for s in self.names]

    def money(self, highest: float) -> tuple[float, str, Look]:
        """Return what amounts are divided by, the unit they are then in, and how they look."""
        size, word = (_BILLION, "bn") if highest >= 10 * _BILLION else (MILLION, "m")
        look = Look.COUNT if highest >= _WHOLE * size else Look.MILLIONS
        return size, f"{self.currency} {word}", look

    @property
    def ranked(self) -> list[str]:
        """The scenarios, what leaves most of a mineral missing beyond the base first."""
        dear = {name: self.dearer_by(name) for name in self.names[1:]}
        return sorted(dear, key=lambda name: (-round(self.worst[name][1], 6), -dear[name]))

    def dearer(self) -> Picture | None:
        """How much dearer the same tonnes are in each scenario than in the base."""
        names = self.ranked
        title = f"Extra cost of the same tonnes, against the base, {self.horizon}{self.more}"
        series = [Series("Extra cost", Role.PLAN, [self.dearer_by(name) for name in names])]
        return self.panel(title, names, series, "Part of what they cost in the base")

    def missing(self) -> Picture | None:
        """What is missing beyond the base of the mineral hit hardest, in its worst year."""
        names = self.ranked
        peaks = [self.peak(name) for name in names]
        title = (
            "What is missing beyond the base in the worst year, for the mineral hit"
            f" hardest{self.more}"
        )
        hit = [
            self.worst[name][0] if peak > tolerances.MISSING_PART else ""
            for name, peak in zip(names, peaks, strict=True)
        ]
        series = [Series(MissingByYear.part.header, Role.SHORT, peaks, hints=hit)]
        return self.panel(title, names, series, "Of the mineral's need", hit)

    def peak(self, name: str) -> float:
        """Return what part of the mineral that a scenario hits hardest is missing in a year."""
        mineral, whole = self.worst[name]
        years = _parts_of(self.when[name].get(mineral, {}))
        return max(years.values(), default=0.0) if whole > tolerances.MISSING_PART else 0.0

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
            [float(v) * MILLION if words.known(v) else 0.0 for v in self.table[name]]
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
        worth = {m: [v or 0.0 for v in self.column(m, "worth_short")] for m in self.minerals}
        totals = {m: sum(values) for m, values in worth.items()}
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
            columns = zip(*(worth[m] for m in rest), strict=True)
            others = tuple(sum(column) / size for column in columns)
            series.append(Series(f"{len(rest)} others", Role.OTHER, others))
        title = f"Metal short, at its stated price, {self.horizon}{self.more}"
        return Picture(title, Form.BARS, self.labels(), tuple(series), unit, "", look)

    def largest(self, mineral: str) -> Picture | None:
        """A mineral's largest country share in the last year against its limit, by scenario."""
        shares = [share or 0.0 for share in self.column(mineral, "last_share")]
        caps = self.column(mineral, "last_limit")
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
        parts = [0.0 if v is None else 1.0 - v for v in self.column(mineral, "served")]
        if not any(part > 0 for part in parts):
            return None
        series = [Series(SHORT.header, Role.SHORT, tuple(parts))]
        title = f"{short(mineral)}: short, {self.horizon}"
        return self.small(title, series, "Share of coalition demand")

    def small(self, title: str, series: Sequence[Series], axis: str) -> Picture:
        """Return a small chart of bars, one a scenario."""
        names = self.labels(small=True)
        return Picture(title, Form.BARS, names, tuple(series), axis, "", small=True)


def _without_middle(name: str, most: int) -> str:
    """Return a name of at most so many characters, its beginning and its end."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end].rstrip()}…{name[-end:].lstrip()}"


# ---- the kind ------------------------------------------------------------------------------------

_BILLS = (
    "by shadow prices; plants are built in fractions, and a fair sharing of shortage costs nothing"
)
FORESEEN = (
    "Each scenario is planned as if everyone knew of it from the first year, so the true"
    " total cost is this or more."
)
YEAR_OPTION = "--unforeseen"
UNFORESEEN_BEFORE = "Unforeseen before"
"""The row of About that has the year, where scenarios are planned as unforeseen, too."""


def known_year(case: Case, year: int | None) -> None:
    """Raise UsageError where the year before which nobody knows is not a year of the case."""
    if year is not None and year not in case.years:
        years = words.each_year(case.years)
        msg = f"{YEAR_OPTION} {year} is not a year of the plan, which has {years}"
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
    HEADING = "{plan}: comparison"
    LACKING = "no case planned"
    MONEY = "total cost is a present value; the other amounts are undiscounted"
    RESULTS = (
        Comparison, ScenarioMinerals, MissingByYear, WhoPaysByScenario, BillsByScenario,
        regret.Regret,
    )  # fmt: skip
    READ_IN = cases.__name__
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
        wrong, names = Mistakes(), list[str]()
        for name in chosen:
            with wrong.collect():
                names.append(scenario_name(start.book.case, name))
        with wrong.collect():
            known_year(start.book.case, unforeseen)
        with wrong.collect():
            what_ifs = asked(start.book.case)
            self.asked = Variant(what_ifs=what_ifs, max_country_share=max_country_share)
        wrong.raise_if_any()
        self.chosen = tuple(dict.fromkeys(names))
        every = self.chosen or scenarios.names(start.book.case)
        self.cases = cases.compared(start.book.case, tuple(every), self.asked)
        self.unforeseen = unforeseen
        self.bills: dict[str, DualBill | str] | None = {} if bills else None
        if unforeseen is not None:
            nothing = (
                f"{YEAR_OPTION} {unforeseen}: no earlier year is planned, so nothing can come as a"
                " surprise"
            )
            if len(self.cases) == 1:
                msg = f"{nothing}. {HOW}"
                raise UsageError(msg)
            self.cases = cases.with_unforeseen(start.book.case, self.cases, unforeseen)
            if not any(each.foreseen for each in self.cases):
                warnings = (finding.found for each in self.cases for finding in each.warnings)
                msg = f"{nothing}: {'; '.join(w for w in warnings if cases.UNFORESEEN in w)}"
                raise UsageError(msg)
        self.task = words.number_of(len(self.cases), "case")
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
        self.cases, outcomes = cases.plan_cases(case, self.cases, where, tell, bills=bills)
        if bills:
            plans = ((outcome.name, outcome.found) for outcome in outcomes)
            self.bills = {n: p.bill for n, p in plans if p is not None and p.bill is not None}
        self.outcomes = outcomes.every
        self.entries = [self._entry(case) for case in self.cases]
        self.differing = result_getter(
            lambda: sheets_of_plans(self.entries), in_background=is_worth_a_fork(where, [case])
        )
        self.vain = regret.in_vain(case, self.cases, outcomes, where)
        self.stopped = self.vain.stopped

    @property
    def tariff_sentence(self) -> str:
        """Those of the base, and of the scenario that has most."""
        paid = {e.name: e.context.plan.cash_cost for e in self.entries if e.context is not None}
        most = sorted(paid, key=lambda name: -paid[name].duties)[:1]
        names = dict.fromkeys([*list(paid)[:1], *most])
        return words.tariff_words(
            {name: paid[name] for name in names}, self.start.case.settings.currency
        )

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
        findings = (
            finding
            for case in self.cases
            if isinstance(case.variant, Variant)  # the same unforeseen has no others
            for finding in case.variant.within(case.errors)
        )
        placed = self.start.book.layout.in_order(findings)
        return InputError(placed) if placed else None

    @property
    def judged(self) -> Sequence[Outcome[Any]]:
        """Every case; those that break the rules have that as their error."""
        outcomes = {outcome.name: outcome for outcome in self.outcomes}
        names = {e.name: regret.stays_away(e.foreseen) for e in self.entries}
        return [
            *(outcomes.get(e.name) or Outcome(e.name, error=e.error) for e in self.entries),
            *(dataclasses.replace(outcome, name=names[outcome.name]) for outcome in self.vain),
        ]

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """Every case, and every one that is planned for and stays away."""
        return self.judged

    @property
    def progress_label(self) -> str:
        planned = sum(entry.context is not None for entry in self.entries)
        return f"{planned} of {len(self.entries)} cases planned"

    @property
    def subject(self) -> str:
        """The base and how many scenarios."""
        foreseen = sum(isinstance(case.variant, Variant) for case in self.cases)
        subject = f"Base and {words.number_of(foreseen - 1, 'scenario')}"
        return subject if self.unforeseen is None else f"{subject}, foreseen and unforeseen"

    @property
    def options(self) -> dict[str, str]:
        """The scenarios that were chosen, what-ifs and limit, the discount rate."""
        chosen = {"Scenarios": ", ".join(self.chosen)} if self.chosen else {}
        rate = self.start.case.settings.discount_rate
        late = {UNFORESEEN_BEFORE: f"{self.unforeseen}"} if self.unforeseen is not None else {}
        options = (
            chosen | self.asked.changes | late | ({RATE: words.percent(rate)} if rate > 0 else {})
        )
        options["Loss of a supplier"] = (
            "known from the scenario's first year and planned for: the coalition buys again from"
            " scratch. planner stress holds it to a plan already agreed; the plan's Overview says"
            " what is left if nothing is bought instead."
        )
        options[WhoPaysByScenario.TABLE] = f"{SAME_COST} planner solve may show another"
        return options if self.bills is None else options | {BillsByScenario.TABLE: _BILLS}

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
        bills = {e.name: b for e in self.entries if isinstance(b := every.get(e.name), DualBill)}
        vain = {outcome.name: outcome for outcome in self.vain}
        return results(self.entries, vain, bills if self.entries[0].name in bills else {})

    def sheets(self, tables: Tables) -> list[Table]:
        """Return the sheets, with the rows of the plans that differ from the base."""
        return self._sheets(tables, self.differing())

    def all_rows(self, tables: Tables) -> list[Table]:
        return self._sheets(tables, sheets_of_plans(self.entries, are_all=True))

    def _sheets(self, tables: Tables, of_plans: list[Table]) -> list[Table]:
        declared = (r for kind, r in tables.results.items() if kind is not About)
        return list(sheets(self.entries, declared, of_plans))

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a scenario, and the what-ifs of the command's own case."""
        plans = [entry.context.plan if entry.context else None for entry in self.entries]
        rows = [
            _row(entry, plan, plans[0]) for entry, plan in zip(self.entries, plans, strict=True)
        ]
        answer: dict[str, object] = {"rows": rows, "who_pays": tables.records(WhoPaysByScenario)}
        if self.bills is not None:
            answer["bills"] = tables.records(BillsByScenario)
        if self.unforeseen is None:
            return answer
        cost = {row["scenario"]: row["objective_usd"] for row in rows}
        foresight = _foresight(self.entries, list(cost.values()))
        for row, is_foreseen, surprise in zip(rows, *foresight.values(), strict=True):
            row |= {"foresight": is_foreseen, "surprise_usd": surprise}
        return {"unforeseen": self.unforeseen, **answer, "regret": tables.records(regret.Regret)}

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return _ComparisonCharts(tables).all()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say which scenario leaves most missing, when, and what the same tonnes cost."""
        return _ComparisonFinding(tables).headline()

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
        """Return a row a scenario."""
        c = Comparison
        more = (c.surprise,) if self.unforeseen is not None else ()
        fields = (c.scenario, c.total, c.more, *more, c.short, c.short_more, c.served)
        yield Numbers(tables[c], fields)
        if BillsByScenario in tables:
            dearest = tables[BillsByScenario].dearest
            heading = f"Bills before and after: {next(iter(dearest.scenario))}"
            yield Numbers(dearest, BillsByScenario.FIELDS[1:], heading)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return what each scenario costs, and maps of shortage and of the largest shares."""
        charts, c = _ComparisonCharts(tables), Comparison
        more = (c.surprise,) if tables.option(UNFORESEEN_BEFORE) else ()
        fields = (c.scenario, c.total, c.more, *more, c.cash, c.short, c.short_more)
        numbers = Numbers(tables[c], (*fields, c.served, c.result))
        lead = "Total cost, discounted, shortage and penalties included."
        costs = numbers.view(*(p for p in charts.all() if not p.small))
        sections = [Section("cost", "What each scenario costs", lead, costs)]
        sections += who_pays_section(tables, WhoPaysByScenario, SCENARIO.header, "the base")
        sections += bills_section(tables)
        if charts.rows.empty:
            return tuple(sections)
        served, shares = (
            [charts.column(mineral, name) for mineral in charts.minerals]
            for name in ("served", "last_share")
        )
        short = [[None if v is None else 1.0 - v for v in values] for values in served]
        for key, heading, lead, columns in (
            ("shortage", "Shortage by mineral",
             "Part of each mineral's demand that is short, all years.", short),
            ("shares", "Largest share of one country",
             "In the last year, of each mineral.", shares),
        ):  # fmt: skip
            rows = dict(zip(charts.names, map(list, zip(*columns, strict=True)), strict=True))
            table = matrix(charts.minerals, rows, heading, "")
            picture = heat(f"{heading}, by scenario", table, table.fields[1:], "share", Role.PLAN)
            sections.append(Section(key, heading, lead, Numbers(table).view(picture)))
        return tuple(sections)


class _ComparisonFinding(_ComparisonTables):
    """The finding of a comparison, of its tables alone."""

    def __init__(self, tables: Tables) -> None:
        """Read the tables; scenarios are those with a plan, those that come unforeseen apart."""
        super().__init__(tables)
        self.base, others = self.every.iloc[0], with_number(self.every.iloc[1:], "more")
        foresight = others["foresight"] if "foresight" in others else pd.Series("", others.index)
        self.late = others[foresight == cases.UNFORESEEN]
        self.others = others[foresight != cases.UNFORESEEN]
        self.names = [str(name) for name in self.others["scenario"]]
        self.read(self.names)
        self.rank = {n: max(parts.values(), default=0.0) for n, parts in self.whole.items()}
        self.minerals = len(self.whole[self.names[0]]) if self.names else 0

    def lacks(self, name: str) -> str:
        """Return what a scenario leaves missing of each mineral, in the years in which it does."""
        when = self.when[name]
        years = sorted({y for each in when.values() for y, (more, _) in each.items() if more > 0})
        # one base for all that is named: the need of all years from the first to the last of them
        parts = {
            mineral: _over_all({
                y: (max(0.0, more), need)
                for y, (more, need) in each.items()
                if years and years[0] <= y <= years[-1]
            })
            for mineral, each in when.items()
        }  # fmt: skip
        return missing(
            parts, f" beyond the base, {words.span(years)}" if years else " beyond the base"
        )

    def headline(self) -> Headline:
        """Return the finding, its three numbers, and how to read them."""
        here = _lacking(self.tables, str(self.base["scenario"]), ScenarioMinerals.short)
        cash = self.base["cash"]
        amount = words.money(float(cash) * MILLION, self.currency) if words.known(cash) else ""
        base = KeyFigure(
            str(self.base["scenario"]),
            f"{amount} paid" if amount else "unknown",
            f"{self.tables.option(YEARS)}. {missing(here)}.",
        )
        if self.others.empty:
            none = KeyFigure("Scenarios", "none", "no scenario has a proven plan.")
            finding = f"In the base the coalition pays {amount}, and {hardest(here)}."
            finding += " No scenario has a proven plan to compare with it."
            return Headline(finding if amount else "The base has no plan.", (base, none))
        worst, dearest = max(self.names, key=lambda n: self.rank[n]), self.dearest
        figures = [self._worst(worst), self._dearest(dearest), base]
        surprised, surprise = list[KeyFigure](), ""
        if not self.late.empty:
            year = self.tables.option(UNFORESEEN_BEFORE)
            late, surprise = regret.not_knowing(self.late, year, self.currency, self.missing_beyond)
            surprised = [
                *late,
                *regret.in_vain_costs(self.tables, self.currency, self.missing_beyond),
            ]
        if surprised:
            figures = [figures[0], *surprised]
        finding = " ".join(filter(None, (self._sentence(worst), surprise)))
        return Headline(finding, tuple(figures), tuple(self._care(dearest)))

    @property
    def dearest(self) -> str:
        """The scenario whose tonnes are dearest; of equal ones that with the largest extra cost."""
        return max(self.names, key=lambda n: (self.dearer_by(n), self.paid[n][0]))

    def severity(self, name: str) -> tuple[str, dict[int, float]]:
        """Return the mineral that a scenario hits hardest, and what part is missing by year."""
        parts = {mineral: _over_all(years) for mineral, years in self.when[name].items()}
        mineral = next(iter(worst_first(parts)), "")
        return mineral, _parts_of(self.when[name].get(mineral, {}))

    def _sentence(self, worst: str) -> str:
        """Return which scenario leaves most missing, and what the others cost and leave missing."""
        rest = [n for n in self.names if n != worst]
        mineral, years = self.severity(worst)
        if not mineral:
            none = "No scenario leaves more of a mineral missing than the base."
            premium = self._premium(self.dearest)
            return f"{none} The dearest is {self.dearest}: {premium}." if premium else none
        parts = (_over_all(each) for each in self.when[worst].values())
        many = sum(each > tolerances.MISSING_PART for each in parts)
        short = f"more {mineral} missing than the base: {in_years(years)}."
        if self.minerals > 1:
            short = (
                f"more of {many} of {self.minerals} minerals missing than the base. {mineral} is"
                f" hit hardest: {in_years(years)}."
            )
        finding = f"The worst scenario is {worst}. It leaves {short}"
        if not rest:
            more = self._premium(worst).removesuffix(f" {FOR_SAME}")
            return (
                f"{finding} The tonnes that are still bought cost {more} than in the base."
                if more
                else finding
            )
        costs = self._premium(max(rest, key=self.dearer_by)) or "no more"
        hit = max(max(self.severity(n)[1].values(), default=0.0) for n in rest)
        lacks, end = "nothing more", ""
        if hit:
            lacks, end = f"at most {words.share(hit)} more of any mineral's need", " in any year"
        which = "The other scenario costs" if len(rest) == 1 else "The other scenarios cost at most"
        return f"{finding} {which} {costs}, and {lacks} is missing{end}."

    def _premium(self, name: str) -> str:
        """Return how much dearer the same tonnes are in a scenario; "" where they are not."""
        by = self.dearer_by(name)
        return premium_words(by) if by > tolerances.MISSING_PART else ""

    def _worst(self, name: str) -> KeyFigure:
        mineral, years = self.severity(name)
        if not mineral:
            return KeyFigure(
                "Most is missing in", "none", "no scenario leaves more missing than the base."
            )
        rows = self.tables[Comparison].rows(Comparison.scenario, Comparison.changes)
        changes = dict(rows).get(name)
        remark = f"{mineral}: {in_years(years)}. {self.lacks(name)}."
        remark += f" Changed inputs: {changes}." if changes else ""
        return KeyFigure("Most is missing in", name, remark)

    def _dearest(self, name: str) -> KeyFigure:
        extra, _ = self.paid[name]
        if not extra > 0:
            return KeyFigure(
                "Dearest for the same tonnes", "none", "no scenario makes them dearer."
            )
        remark = f"{words.money(extra, self.currency)} a year more. {self.lacks(name)}."
        by = part(*self.paid[name])
        shown = f"{name}: +{words.share(by)}" if by is not None else name
        return KeyFigure("Dearest for the same tonnes", shown, remark)

    def _care(self, dearest: str) -> Iterator[str]:
        """Yield what is known ahead, and what costs are of."""
        known_ahead = FORESEEN
        if not self.late.empty:
            year = self.tables.option(UNFORESEEN_BEFORE)
            known_ahead = (
                f"{FORESEEN} Each scenario is also planned as if nobody had known of it before"
                f" {year}."
            )
        yield known_ahead
        differs = self.others["demand"] if "demand" in self.others else [""] * len(self.others)
        other = cases.of_other_demand(zip(self.others["scenario"], differs, strict=True))
        yield f"{same_tonnes()} {other}".rstrip()
        if BillsByScenario in self.tables:
            yield self.tables[BillsByScenario].sentence(dearest)

    def missing_beyond(self, name: str, other: str) -> str:
        """Return what one case leaves missing more than another, in the years in which it does."""
        here, there = (_by_year_of(self.tables, n, MissingByYear.short) for n in (name, other))
        more = {
            mineral: {
                year: (tonnes - there.get(mineral, {}).get(year, (0.0, 0.0))[0], need)
                for year, (tonnes, need) in years.items()
            }
            for mineral, years in here.items()
        }
        parts = {mineral: _over_all(years) for mineral, years in more.items()}
        mineral = next(iter(worst_first(parts)), "")
        if not mineral:
            return "Nothing more is missing"
        return f"More of {mineral} is missing: {in_years(_parts_of(more[mineral]))}"


ByYear = dict[int, tuple[float, float]]
"""By year what is missing and what is needed [t]."""
_BEYOND = MissingByYear.short_more


def _by_year_of(tables: Tables, scenario: str, amount: Field) -> dict[str, ByYear]:
    """Return by mineral, of those ever short, an amount that is missing in each year, and need."""
    years, t = defaultdict[str, ByYear](dict), MissingByYear
    rows = tables[t].rows(t.scenario, t.mineral, t.year, amount, t.need) if t in tables else ()
    for name, mineral, year, tonnes, need in rows:
        if name == scenario and words.known(tonnes):
            years[str(mineral)][int(year)] = float(tonnes), float(need)
    return years


def _parts_of(years: ByYear) -> dict[int, float]:
    return {year: part(more, need) or 0.0 for year, (more, need) in years.items()}


def _over_all(years: ByYear) -> float:
    more, need = (sum(side) for side in zip(*years.values(), strict=True)) if years else (0.0, 0.0)
    return part(more, need) or 0.0


def _lacking(tables: Tables, scenario: str, amount: Field) -> dict[str, float]:
    """Return what part of each mineral's need an amount is in a scenario, 0 where not known."""
    t = ScenarioMinerals
    rows = tables[t].rows(t.scenario, t.mineral, t.demand, amount) if t in tables else ()
    return {
        str(mineral): tonnes / need if words.known(tonnes) else 0.0
        for name, mineral, need, tonnes in rows
        if name == scenario and need > 0
    }


HOW = (
    "There is no scenario to compare with. Add rows to the sheet Scenarios (planner new"
    ' --with Scenarios shows how), or add a what-if, as in --lose "China"'
)
