"""Compare: the base case and scenarios of it, each planned in full and compared with the base."""

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
from models.measures import SAME_COST, change, keeps_enough, ratio, shortage_rates, sums
from models.plan import PENALTIES, Plan
from models.results import About, Result, field
from models.results.common import SHORT, units_of, words_of
from models.results.field import Colour, Field, Look, matrix_of
from models.units import MILLION
from planner import scenarios
from planner.render import words
from planner.render.chart import Form, Picture, Role, Series, drawn, heat, numbers, short
from planner.render.sentences import hardest, in_years, missing, worst_first
from planner.render.table import COALITION_BUYER, Table, table_of, with_number
from planner.scenarios import Variant, WhatIf, scenario_name
from planner.sheets import changes
from planner.sheets.context import Context, once
from planner.sheets.figures import NO_TOP, binding, figures
from planner.sheets.findings import Row
from planner.studies import cases, compare_tables, members
from planner.studies.compare_tables import Comparison, MissingByYear, ScenarioMinerals
from planner.studies.engine import Outcome, Tell
from planner.studies.kind import YEARS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.studies.members import BillsByScenario
from planner.studies.places import builds_in_background
from planner.workbook.findings import sentence

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

_MOST_ERRORS = 3
"""How many errors a scenario's row shows; JSON and the command's last lines show all."""
MOST_CHANGES = 2_000
"""How many changes of one scenario are listed; a last row counts the others."""


@dataclass(frozen=True)
class Entry:
    """One case of a comparison, with its plan.

    ``context`` holds the plan; it is None if there is none, and ``error`` says why. ``cell_of``
    gives the address of a cell of the workbook by sheet, row and column header, or "".
    ``foreseen`` has the same meaning as in ``ComparedCase``; ``changes`` are the case's changes in
    words; ``sheets`` are ``plan_sheets`` of the plan, if they are known.
    """

    name: str
    case: Case
    context: Context | None = None
    error: str = ""
    cell_of: Callable[[str, int, str], str] = lambda *_: ""
    foreseen: str = ""
    changes: str = ""
    sheets: compare_tables.PlanSheets | None = None


# ---- projects built differently ------------------------------------------------------------------


ALL_PROJECTS = "All projects"
"""The name of the row that sums all projects of a scenario, changed or not."""
_MOST_NAMED = 2
"""How many projects one line names at most."""
_AMOUNTS = ["capex", "tonnes"]


def differing_projects(base: Context, context: Context) -> list[Row]:
    """Return the projects that a scenario builds differently, the largest change of capex first.

    Rows have the fields of ``ProjectsBuilt``: capex [money m], tonnes [t over all years].
    """
    before, after, rows = _builds_of(base), _builds_of(context), list[Row]()
    for name in {**before, **after}:
        sides = before.get(name, {}), after.get(name, {})
        was, now = (side.get("parts", {}) for side in sides)
        by = (abs(now.get(year, 0.0) - was.get(year, 0.0)) for year in {**was, **now})
        if max(by) > tolerances.SAME_SHARE:
            rows.append(_side_by_side(name, *sides))
    return sorted(rows, key=lambda row: (-abs(row["capex_more"]), row["project"]))


@once
def _builds_of(context: Context) -> dict[str, dict[str, Any]]:
    """Return each project's mineral, country, capex, tonnes and starts, and fractions by year."""
    table = context.plan.projects
    totals: Any = table.groupby("project")[_AMOUNTS].sum()
    builds: dict[str, dict[str, Any]] = totals.to_dict("index")
    columns = (table[n].tolist() for n in ("project", "mineral", "country", "year", "built"))
    for name, mineral, country, year, part in zip(*columns, strict=True):
        builds[name] |= {"mineral": mineral, "country": country}
        builds[name].setdefault("parts", {})[year] = part
    for build in builds.values():
        build["starts"] = ", ".join(
            f"{part:z.0%} in {year}" if round(part, 2) else f"<1% in {year}"
            for year, part in sorted(build["parts"].items())
            if part > tolerances.SAME_SHARE
        )
    return builds


def _side_by_side(project: str, before: Row, after: Row) -> Row:
    """Return a project in the base and in a scenario as one row; {} where it does not exist."""
    either = before or after
    row: Row = {"project": project} | {n: either.get(n, "") for n in ("mineral", "country")}
    for when, side in (("before", before), ("after", after)):
        row |= {f"{name}_{when}": side.get(name, 0.0) for name in _AMOUNTS}
        row[f"starts_{when}"] = side.get("starts", "")
    for name in _AMOUNTS:
        row[f"{name}_more"] = change(row[f"{name}_after"], row[f"{name}_before"])
    return row


def _largest_changes(differing: Iterable[Row]) -> str:
    """Return the projects whose capex changes most: ``Nolans +819.1, Becancour -705.5``."""
    names = [
        f"{row['project']} {words.signed(row['capex_more'], ',.1f')}"
        if round(row["capex_more"], 1)
        else f"{row['project']} in other years"
        for row in differing
    ]
    return words.few(names, _MOST_NAMED)


# ---- flows that differ ---------------------------------------------------------------------------


LEVELS = ("country to member", "country to plants", "refiner to coalition")
COUNTRY_TO_MEMBER, COUNTRY_TO_PLANTS, REFINER_TO_COALITION = LEVELS


def _flows_that_differ(
    base: Context, context: Context, projects: Iterable[Row]
) -> Iterator[dict[str, object]]:
    """Yield the rows of ``FlowDifferences``; ``projects`` are the ``differing_projects``."""
    groups = defaultdict[tuple[str, str], list[dict[Any, Any]]](list)
    keys = ["mineral", "level", "seller", "buyer"]
    for row in changes.changed_amounts(_flows(base), _flows(context), keys, 2):
        groups[row["mineral"], row["level"]].append(row)
    differ = changes.minerals_that_differ(zip(_by_year(base), _by_year(context), strict=True))
    units = units_of(base.case)
    same = [m.name for m in base.case.minerals if m.name not in differ]
    for mineral in (m.name for m in base.case.minerals if m.name in differ):
        for level in LEVELS:
            names = {"mineral": mineral, "level": level, "unit": units.get(mineral, "")}
            yield from ({**row, **names} for row in changes.largest_moves(groups[mineral, level]))
    if same:
        yield {"seller": f"Same cost and shortage as in the base: {', '.join(same)}"}
    if base.case.budget and len({row["mineral"] for row in projects}) > 1:
        shared = "Projects of several minerals change, and they share one budget"
        yield {"seller": f"{shared}: see the sheet {compare_tables.ProjectsBuilt.TABLE}"}


@once
def _flows(context: Context) -> changes.Amounts:
    """Return the tonnes of all years by mineral, level, seller and buyer."""
    sold = _sales(context)
    names = {code: context.country(code) for code in sold["country"].unique()}
    plants = sold["project"].where(sold["project"] != "", sold["refiner"])
    by_country = sold.assign(seller=sold["country"].map(names))
    by_plant = sums(sold.assign(seller=plants), "tonnes", "mineral", "seller")
    return {
        **sums(by_country, "tonnes", "mineral", "level", "seller", "buyer"),
        **{(m, REFINER_TO_COALITION, s, COALITION_BUYER): t for (m, s), t in by_plant.items()},
    }


def _sales(context: Context) -> pd.DataFrame:
    """Return the flows to members and to plants; inputs that members supply are not sold."""
    flows = context.plan.flows
    flows = flows.assign(level=COUNTRY_TO_MEMBER, buyer=flows["member"])
    if not context.plan.expanded.intakes:
        return flows
    inputs = context.plan.inputs[context.plan.inputs["member"] == ""]
    plants = "plants in " + inputs["plant_country"].map(context.country)
    inputs = inputs.assign(level=COUNTRY_TO_PLANTS, buyer=plants)
    return pd.concat([flows, inputs], ignore_index=True)


@once
def _by_year(context: Context) -> list[dict[tuple[str, int], float]]:
    """Return the cost of purchases and the shortage, by mineral and year."""
    tables = ((_sales(context), "total"), (context.plan.supply, "short"))
    return [sums(table, amount, "mineral", "year") for table, amount in tables]


# ---- tables --------------------------------------------------------------------------------------


def comparison(entries: Sequence[Entry], projects: Mapping[str, Iterable[Row]]) -> Comparison:
    """Return the first table; ``projects`` are the ``differing_projects`` by scenario."""
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
        "inputs": [len([*changes.input_differences(base.case, entry.case)]) for entry in entries],
        "moved": [_largest_changes(projects.get(entry.name, ())) for entry in entries],
        "demand": [cases.demand_change(base.case, entry.case) for entry in entries],
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
    total = {entry.name: value for entry, value in zip(entries, totals, strict=True)}
    return {
        "foresight": [cases.UNFORESEEN if entry.foreseen else "foreseen" for entry in entries],
        "surprise": [
            change(total[entry.name], total.get(entry.foreseen)) if entry.foreseen else None
            for entry in entries
        ],
    }


def _of_plan(context: Context) -> dict[str, float]:
    """Return a plan's values for the sheet Comparison [money m, t]."""
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
    # how many minerals keep 80 % of supply if their largest supplier stops
    served = {"keep_enough": "served_without", "keep_through": "served_through"}
    kept = [
        (name, [row.get(field_name) for row in figures(context)])
        for name, field_name in served.items()
        if name == "keep_enough" or plan.expanded.intakes
    ]
    return {
        **{name: amount / MILLION for name, amount in money_of.items()},
        "tonnes": plan.tonnes,
        "short": plan.shortage,
        "served": plan.served_share,
        "binding": float(len(binding(plan))),
        **{name: float(sum(map(keeps_enough, filter(words.known, left)))) for name, left in kept},
    }


def scenario_minerals(entries: Sequence[Entry]) -> ScenarioMinerals | None:
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
            rows.append({**NO_TOP, **row, **more, "scenario": name, "worth_short": worth})
    units, t = words_of(next(iter(planned.values())).case), ScenarioMinerals
    made = t.of_rows(rows, words=units)
    is_staged = any(context.plan.expanded.intakes for context in planned.values())
    return made if is_staged else made.without(t.taken, t.stage_country, t.served_through)


def missing_by_year(
    entries: Sequence[Entry], absent: Mapping[str, cases.Short] | None = None
) -> MissingByYear | None:
    """Return one row per scenario, mineral and year, or None if no case has a plan.

    ``absent`` is the shortage if a scenario is planned for and does not happen, by scenario.
    """
    plans = {e.name: e.context.plan for e in entries if e.context is not None}
    if not plans:
        return None
    short = {e.name: _by_year(e.context)[1] for e in entries if e.context is not None}
    need = {n: sums(plan.supply, "demand", "mineral", "year") for n, plan in plans.items()}
    base = entries[0].name
    for name, tonnes in (absent or {}).items() if base in need else ():
        short[cases.absent_name(name)], need[cases.absent_name(name)] = tonnes, need[base]
    before, rows = short.get(base), list[Row]()
    for name, lost in short.items():
        more = before and {key: change(t, before.get(key, 0.0)) or 0.0 for key, t in lost.items()}
        parts, parts_more = (shortage_rates(each or {}, need[name]) for each in (lost, more))
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
    """Return each mineral's shortage at the price of the year [money]."""
    table, worth = context.plan.short, defaultdict[str, float](float)
    columns = (table[name] for name in ("mineral", "year", "short"))
    for mineral, year, tonnes in zip(*columns, strict=True):
        worth[mineral] += float(tonnes) * context.case.mineral_of[mineral].price.value(int(year))
    return worth


def scenario_inputs(entries: Sequence[Entry]) -> compare_tables.ScenarioInputs | None:
    if len(entries) <= 1:
        return None
    base = entries[0].case
    rows: list[dict[str, Any]] = []
    for entry in entries[1:]:
        inputs = list(changes.input_differences(base, entry.case))
        for each in inputs[:MOST_CHANGES]:
            cell = entry.cell_of(each.sheet, each.row, each.column) if each.row else changes.ADDED
            rows.append({**vars(each), "scenario": entry.name, "cell": cell})
        left = len(inputs) - MOST_CHANGES
        if left > 0 or not inputs:
            name = f"and {left:,} more" if left > 0 else "nothing differs from the base"
            rows.append({"scenario": entry.name, "what": name, "look": Look.TEXT})
    looks = [row["look"] for row in rows]
    return compare_tables.ScenarioInputs.of_rows(rows, looks={"before": looks, "after": looks})


def _who_pays(base: Context, planned: Mapping[str, Context]) -> compare_tables.WhoPaysByScenario:
    supply = [(name, context.plan.supply) for name, context in planned.items()]
    return compare_tables.WhoPaysByScenario.of_cases(base.case, base.plan.supply, supply)


def _against_base(
    base: Context, planned: Mapping[str, Context], changed: Mapping[str, list[Row]]
) -> Iterator[Result]:
    """Yield the flows that change most, and the projects ``changed`` by scenario."""
    flows, projects = list[Row](), list[Row]()
    for name, context in planned.items():
        rows = changed[name]
        flows += ({"scenario": name, **row} for row in _flows_that_differ(base, context, rows))
        if rows:
            every = [
                {n: float(c.plan.projects[n].sum()) for n in _AMOUNTS} for c in (base, context)
            ]
            rows = [*rows, _side_by_side(ALL_PROJECTS, *every)]
        projects += ({"scenario": name, **row} for row in rows)
    yield compare_tables.FlowDifferences.of_rows(flows)
    if projects:
        yield compare_tables.ProjectsBuilt.of_rows(projects, words=words_of(base.case))


def matrix(
    minerals: Sequence[str], rows: Mapping[str, Sequence[float | None]], name: str, meaning: str
) -> Result:
    headers = [
        f"{m} (mineral)" if fold(m) == fold(compare_tables.SCENARIO.header) else words.clean(m)
        for m in minerals
    ]
    cells = {
        (scenario, header): value
        for scenario, row in rows.items()
        for header, value in zip(headers, row, strict=True)
    }
    lead = {Comparison.scenario.like(meaning=""): list(rows)}
    cell = field.share("", meaning, colour=Colour.AGAINST_FIRST)
    return matrix_of(name, lead, headers, cells, cell, {})


def _matrix(
    sheet: tuple[str, str], entries: Sequence[Entry], cell: Callable[[Row], float | None]
) -> Table | None:
    minerals = [mineral.name for mineral in entries[0].case.minerals]
    values = {}
    for entry in entries:
        cells = {f["mineral"]: cell(f) for f in (figures(entry.context) if entry.context else ())}
        values[entry.name] = [cells.get(m) for m in minerals]
    return table_of(matrix(minerals, values, *sheet)) if minerals else None


def results(
    entries: Sequence[Entry],
    absent: Mapping[str, Outcome[cases.Short]] | None = None,
    bills: Mapping[str, DualBill] | None = None,
) -> list[Result]:
    """Return the declared tables of a comparison.

    ``absent`` has, by the name of each surprise, the run that plans for it although it does not
    happen.
    """
    base, *others = entries
    planned = {e.name: e.context for e in others if e.context is not None}
    who_pays, differing, projects = None, list[Result](), dict[str, list[Row]]()
    if base.context is not None and planned:
        projects = {name: differing_projects(base.context, c) for name, c in planned.items()}
        who_pays = _who_pays(base.context, planned)
        differing = [*_against_base(base.context, planned, projects)]
    outcomes, foreseen = absent or {}, {e.name: e.foreseen for e in entries}
    costs = {name: outcome.objective for name, outcome in outcomes.items()}
    total_costs = (
        (e.name, e.foreseen, e.context.plan.objective if e.context else None) for e in entries
    )
    away = {foreseen[n]: o.result for n, o in outcomes.items() if o.result is not None}
    tables = (
        comparison(entries, projects),
        cases.regret_table(base.case, total_costs, costs),
        scenario_minerals(entries),
        missing_by_year(entries, away),
        who_pays,
        BillsByScenario.of_bills(base.case, bills or {}),
        scenario_inputs(entries),
        *differing,
    )
    return [table for table in tables if table is not None]


def sheets_of_plans(entries: Sequence[Entry], *, are_all: bool = False) -> list[Table]:
    """Return the sheets of all plans, with the rows that differ, or all rows if ``are_all``."""
    plans = [
        (e.name, e.context, e.sheets or compare_tables.plan_sheets(e.context.plan))
        for e in entries
        if e.context is not None
    ]
    return list(compare_tables.stacked(plans, are_all=are_all)) if plans else []


def sheets(
    entries: Sequence[Entry], tables: Iterable[Result], of_plans: Iterable[Table] | None = None
) -> tuple[Table, ...]:
    """Return the sheets of a comparison, made from its declared ``tables``, in order.

    Entries without a plan have a row in the first sheet. ``of_plans`` are the sheets of the plans;
    None: those with the rows that differ.
    """
    first, *others = (table_of(r, entries[0].case.country_name) for r in tables)
    every = [
        first,
        _matrix(compare_tables.SHORT_BY_MINERAL, entries, lambda f: 1.0 - f["served"]),
        _matrix(compare_tables.LARGEST_SHARES, entries, lambda f: f.get("last_share", 0.0)),
        *others,
        *(sheets_of_plans(entries) if of_plans is None else of_plans),
    ]
    return tuple(table for table in every if table is not None)


def _row(entry: Entry, plan: Plan | None, base: Plan | None) -> dict[str, Any]:
    """Return a case in JSON; all cases have the same keys, null if there is no plan."""
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


# ---- charts, made from the tables alone ----------------------------------------------------------


_MOST_SCENARIOS = 12
_MOST_MINERALS = 6
"""How many minerals a chart draws one by one; the others are drawn together."""
_BILLION = 1e9
_WITHOUT_DECIMALS = 20
"""An axis that reaches so many millions, or billions, has no decimals."""
_LABEL, _SMALL_LABEL = 48, 34
"""How many characters of a scenario's name fit beside its bar, in large and in small charts."""
DISCOUNT_RATE = "Discount rate"
"""The row of About with the discount rate, if there is one."""


def _drawn(planned: pd.DataFrame, year: str) -> pd.DataFrame:
    """Return the rows that charts draw if scenarios are unforeseen, too; in the table's order.

    Foreseen scenarios come first, then the costliest surprises, each with its foreseen case.
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
    """The numbers that the charts and the finding read from the tables of a comparison."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.every = tables[Comparison].frame()
        self.currency = tables[Comparison].words.get("money", "")
        self.paid = members.more_paid(tables, compare_tables.WhoPaysByScenario)

    def read_missing(self, names: Iterable[str]) -> None:
        """Set ``when`` and ``whole``: what is missing in these scenarios beyond the base.

        Both are by scenario and mineral. ``when`` has the missing tonnes and the need by year [t],
        ``whole`` the missing share of need over all years.
        """
        self.when = {name: _by_year_of(self.tables, name, _BEYOND) for name in names}
        more = ScenarioMinerals.short_more
        self.whole = {name: _missing_parts(self.tables, name, more) for name in self.when}

    def dearer_by(self, name: str) -> float:
        """Return the fraction by which a scenario makes the same tonnes dearer; 0 if unknown."""
        return ratio(*self.paid[name]) or 0.0


class _ComparisonCharts(_ComparisonTables):
    """The charts of a comparison, of at most twelve scenarios."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        planned = with_number(self.every, "total")
        year = tables.option(UNFORESEEN_BEFORE)
        self.table = _drawn(planned, year) if year else planned.head(_MOST_SCENARIOS)
        self.names = [str(name) for name in self.table["scenario"]]
        left = len(planned) - len(self.table)
        shown = f"{len(self.table)} of {len(planned)}"
        self.more = f" ({shown if year else f'the first {shown}'})" if left else ""
        self.horizon = tables.option(YEARS)
        self.discounts = bool(tables.option(DISCOUNT_RATE))
        self.rows = dict[tuple[str, str], Row]()
        if ScenarioMinerals in tables:
            table = tables[ScenarioMinerals]
            every: Any = table.frame().to_dict("records")
            self.rows = {(row["mineral"], row["scenario"]): row for row in every}
            self.words = table.words
            self.minerals = list(dict.fromkeys(mineral for mineral, _ in self.rows))
        self.read_missing(self.names)
        self.worst = {
            name: max(parts.items(), key=lambda each: each[1], default=("", 0.0))
            for name, parts in self.whole.items()
        }

    def charts(self) -> tuple[Picture, ...]:
        if self.table.empty or not self.rows or self.horizon == "no years":
            return ()
        title = f"Extra cost of the same tonnes, against the base, {self.horizon}{self.more}"
        extra = Series("Extra cost", Role.PLAN, [self.dearer_by(name) for name in self.ranked])
        pictures = [self.panel_chart(title, extra, "Share of their cost in the base")]
        pictures += [self.missing_chart(), self.total_cost_chart(), self.shortage_chart()]
        pictures += [self.largest_share_chart(mineral) for mineral in self.minerals]
        pictures += [self.mineral_shortage_chart(mineral) for mineral in self.minerals]
        return drawn(*pictures)

    def labels(self, *, small: bool = False) -> tuple[str, ...]:
        """Return the names of the bars, each short enough for one line.

        Longer names lose their middle, because scenarios often differ at their ends. If two are
        then equal, they are numbered in the order of the sheet Comparison.
        """
        most = _SMALL_LABEL if small else _LABEL
        names = [words.clean(name) for name in self.names]
        cut = [_without_middle(name, most) for name in names]
        return tuple(
            shown if cut.count(shown) == 1 else _without_middle(f"{number}: {name}", most)
            for number, (name, shown) in enumerate(zip(names, cut, strict=True), start=1)
        )

    def column(self, mineral: str, name: str) -> list[float | None]:
        """Return a mineral's field ``name`` of ``ScenarioMinerals`` for each case that is drawn.

        The order is that of ``names``; None where the number is not known.
        """
        values = (self.rows.get((mineral, name_of), {}).get(name) for name_of in self.names)
        return [float(value) if words.known(value) else None for value in values]

    def money_scale(self, highest: float) -> tuple[float, str, Look]:
        """Return the divisor, the unit and the number format for amounts up to ``highest``."""
        size, word = (_BILLION, "bn") if highest >= 10 * _BILLION else (MILLION, "m")
        look = Look.COUNT if highest >= _WITHOUT_DECIMALS * size else Look.MILLIONS
        return size, f"{self.currency} {word}", look

    @property
    def ranked(self) -> list[str]:
        """The scenarios, sorted by the largest shortage of a mineral beyond the base."""
        dear = {name: self.dearer_by(name) for name in self.names[1:]}
        return sorted(dear, key=lambda name: (-round(self.worst[name][1], 6), -dear[name]))

    def missing_chart(self) -> Picture | None:
        peaks, hit = list[float](), list[str]()  # the mineral hit hardest, in its worst year
        for name in self.ranked:
            mineral, whole = self.worst[name]
            years = _parts_of(self.when[name].get(mineral, {})).values()
            peaks.append(max(years, default=0.0) if whole > tolerances.MISSING_PART else 0.0)
            hit.append(mineral if peaks[-1] > tolerances.MISSING_PART else "")
        what = "The mineral hit hardest: what is missing beyond the base in its worst year"
        series = Series(MissingByYear.part.header, Role.SHORT, peaks, hints=hit)
        return self.panel_chart(f"{what}{self.more}", series, "Share of the mineral's need")

    def panel_chart(self, title: str, series: Series, axis: str) -> Picture | None:
        """Return bars of shares by ranked scenario; hints name the mineral of each bar, if any."""
        if not any(series.values):
            return None
        labels = dict(zip(self.names, self.labels(small=True), strict=True))
        hints = series.hints or [""] * len(series.values)
        pairs = zip(self.ranked, hints, strict=True)
        shown = tuple(f"{labels[name]}{hint and ': '}{hint}" for name, hint in pairs)
        return Picture(title, Form.BARS, shown, (series,), axis, "", is_panel=True)

    def total_cost_chart(self) -> Picture:
        paid, fines = (
            [float(v) * MILLION if words.known(v) else 0.0 for v in self.table[name]]
            for name in ("paid", "penalties")
        )
        size, unit, look = self.money_scale(max(a + b for a, b in zip(paid, fines, strict=True)))
        title = f"Total cost, {self.horizon}{self.more}"
        series = (
            Series("Paid", Role.PLAN, numbers(paid, size)),
            Series("Shortage and other penalties", Role.SHORT, numbers(fines, size)),
        )
        axis = f"{unit}, discounted" if self.discounts else unit
        return Picture(title, Form.BARS, self.labels(), series, axis, "", look)

    def shortage_chart(self) -> Picture | None:
        worth = {m: [v or 0.0 for v in self.column(m, "worth_short")] for m in self.minerals}
        totals = {m: sum(values) for m, values in worth.items()}
        ranked = sorted((m for m in totals if totals[m] > 0), key=lambda m: -totals[m])
        if not ranked:
            return None
        count = _MOST_MINERALS
        count -= len(ranked) == count + 1  # "1 others" would be wrong
        shown, rest = ranked[:count], ranked[count:]
        sums = [sum(column) for column in zip(*worth.values(), strict=True)]
        size, unit, look = self.money_scale(max(sums))
        series = [Series(short(m), Role.ONE_OF_MANY, numbers(worth[m], size)) for m in shown]
        if rest:
            others = map(sum, zip(*(worth[m] for m in rest), strict=True))
            series.append(Series(f"{len(rest)} others", Role.OTHER, numbers(others, size)))
        title = f"Shortage at the mineral's price, {self.horizon}{self.more}"
        return Picture(title, Form.BARS, self.labels(), tuple(series), unit, "", look)

    def largest_share_chart(self, mineral: str) -> Picture | None:
        shares = [share or 0.0 for share in self.column(mineral, "last_share")]
        caps = self.column(mineral, "last_limit")
        if not any(shares):
            return None
        above = [0.0 if c is None else s - c for s, c in zip(shares, caps, strict=True)]
        over = [by if by > tolerances.REMAINDER else 0.0 for by in above]
        room = [max(0.0, -by) for by in above]
        inside = tuple(s - by for s, by in zip(shares, over, strict=True))
        series = [Series("Largest country share", Role.PLAN, inside)]
        if any(over):
            series.append(Series("Beyond its limit", Role.SHORT, tuple(over)))
        if any(by > tolerances.REMAINDER for by in room):
            series.append(Series("Headroom up to its limit", Role.INSIDE_IDLE, tuple(room)))
        limits = {cap for cap in caps if cap is not None}
        limit = f", limit {limits.pop() * 100:.4g} %" if len(limits) == 1 else ""
        title = f"{short(mineral)}: largest country in {self.words['last']}{limit}"
        return self.small_chart(title, series, f"Share of coalition {self.words['basis']}")

    def mineral_shortage_chart(self, mineral: str) -> Picture | None:
        parts = [0.0 if v is None else 1.0 - v for v in self.column(mineral, "served")]
        if not any(part > 0 for part in parts):
            return None
        series = [Series(SHORT.header, Role.SHORT, tuple(parts))]
        title = f"{short(mineral)}: short, {self.horizon}"
        return self.small_chart(title, series, "Share of coalition demand")

    def small_chart(self, title: str, series: Sequence[Series], axis: str) -> Picture:
        names = self.labels(small=True)
        return Picture(title, Form.BARS, names, tuple(series), axis, "", small=True)


def _without_middle(name: str, most: int) -> str:
    """Return a name with its middle cut out if it has more than ``most`` characters."""
    if len(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end].rstrip()}…{name[-end:].lstrip()}"


# ---- the kind ------------------------------------------------------------------------------------

_BILLS = (
    "computed from shadow prices; there, plants may be built in fractions, and the penalty for"
    " unequal sharing of a shortage does not count"
)
FORESEEN = (
    "Each scenario is planned as if everyone knew of it from the first year, so the true"
    " total cost is this or more."
)
YEAR_OPTION = "--unforeseen"
UNFORESEEN_BEFORE = "Unforeseen before"
"""The row of About with the year in which scenarios come as a surprise, if they do."""


class Compare(StudyKind):
    """Plan a workbook's base case and every scenario, and compare them.

    The workbook shows each scenario's cost and shortage against the base case, its changed inputs
    and the flows that change most. It also has the sheets of all plans, with the column Scenario
    first. Each scenario is planned as if it were known from the first year.

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
        Comparison, ScenarioMinerals, MissingByYear, compare_tables.WhoPaysByScenario,
        BillsByScenario, cases.Regret,
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
            help="Also show what each member pays by dual prices, in the base and in each"
            " scenario.",
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
        wrong, names = Mistakes(), list[str]()
        for name in chosen:
            with wrong.collect():
                names.append(scenario_name(start.book.case, name))
        with wrong.collect():
            if unforeseen is not None and unforeseen not in start.book.case.years:
                years = words.each_year(start.book.case.years)
                msg = f"{YEAR_OPTION} {unforeseen} is not a year of the plan, which has {years}"
                raise UsageError(msg)
        with wrong.collect():
            what_ifs = asked(start.book.case)
            self.asked = Variant(what_ifs=what_ifs, max_country_share=max_country_share)
        wrong.raise_if_any()
        self.chosen = tuple(dict.fromkeys(names))
        every = self.chosen or scenarios.names(start.book.case)
        self.cases = cases.compared_cases(start.book.case, tuple(every), self.asked)
        self.unforeseen = unforeseen
        self.bills: dict[str, DualBill | str] | None = {} if bills else None
        if unforeseen is not None:
            why = "no earlier year is planned, so nothing can come as a surprise"
            nothing = f"{YEAR_OPTION} {unforeseen}: {why}"
            if len(self.cases) == 1:
                msg = f"{nothing}. {HOW_TO_ADD_SCENARIOS}"
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
        """Return no arguments for ``start_file``: options make the compared cases."""
        del options
        return {}

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        del say
        case, bills = self.start.book.case, self.bills is not None
        self.cases, outcomes = cases.plan_cases(case, self.cases, where, tell, bills=bills)
        if bills:
            plans = ((outcome.name, outcome.result) for outcome in outcomes)
            self.bills = {n: p.bill for n, p in plans if p is not None and p.bill is not None}
        self.outcomes = outcomes.every
        self.entries = [self._entry(case) for case in self.cases]
        late = builds_in_background(where, [case])
        self.differing = result_getter(lambda: sheets_of_plans(self.entries), in_background=late)
        self.absent = cases.plan_absent(case, self.cases, outcomes, where)
        self.stopped = self.absent.stopped

    @property
    def tariff_sentence(self) -> str:
        paid = {e.name: e.context.plan.cash_cost for e in self.entries if e.context is not None}
        most = sorted(paid, key=lambda name: -paid[name].duties)[:1]
        shown = {name: paid[name] for name in (*list(paid)[:1], *most)}
        return words.tariff_words(shown, self.start.case.settings.currency)

    def _entry(self, case: cases.ComparedCase) -> Entry:
        book = self.start.book
        changed, cell_of = case.variant(book.case), book.layout.cell
        says = cases.changes_in_words(book.case, case.variant)
        if case.errors:
            placed = book.layout.in_order(case.errors)
            why = " ".join(f"{f.place}: {sentence(f)}" for f in placed[:_MOST_ERRORS])
            more = f" (and {len(placed) - _MOST_ERRORS} more)" if len(placed) > _MOST_ERRORS else ""
            return Entry(case.name, changed, None, why + more, cell_of, case.foreseen, says)
        outcome = next(o for o in self.outcomes if o.name == case.name)
        planned, of_case = outcome.result, (outcome.error, cell_of, case.foreseen, says)
        context = None if planned is None else Context(planned.plan, book)
        sheets_of_plan = None if planned is None else planned.sheets
        return Entry(case.name, changed, context, *of_case, sheets_of_plan)

    @property
    def errors(self) -> PlannerError | None:
        """The errors in the input of all cases, in the order of the workbook; None without any."""
        findings = (
            finding
            for case in self.cases
            if isinstance(case.variant, Variant)  # a surprise has the same errors
            for finding in case.variant.with_origin(case.errors)
        )
        placed = self.start.book.layout.in_order(findings)
        return InputError(placed) if placed else None

    @property
    def required_outcomes(self) -> Sequence[Outcome[Any]]:
        """The outcomes of all cases, and of the plans that prepare for what then does not happen.

        A case with an error in its input has an outcome that says so.
        """
        outcomes = {outcome.name: outcome for outcome in self.outcomes}
        names = {e.name: cases.absent_name(e.foreseen) for e in self.entries}
        return [
            *(outcomes.get(e.name) or Outcome(e.name, error=e.error) for e in self.entries),
            *(dataclasses.replace(outcome, name=names[outcome.name]) for outcome in self.absent),
        ]

    runs = required_outcomes

    @property
    def progress_label(self) -> str:
        planned = sum(entry.context is not None for entry in self.entries)
        return f"{planned} of {len(self.entries)} cases planned"

    @property
    def subject(self) -> str:
        foreseen = sum(isinstance(case.variant, Variant) for case in self.cases)
        subject = f"Base and {words.number_of(foreseen - 1, 'scenario')}"
        return subject if self.unforeseen is None else f"{subject}, foreseen and unforeseen"

    @property
    def options(self) -> dict[str, str]:
        rate, year = self.start.case.settings.discount_rate, self.unforeseen
        return {
            "Scenarios": ", ".join(self.chosen),
            **self.asked.changes,
            UNFORESEEN_BEFORE: "" if year is None else str(year),
            DISCOUNT_RATE: words.percent(rate) if rate > 0 else "",
            "Loss of a supplier": "The loss is known from the scenario's first year, so the"
            " coalition chooses all its purchases again. planner stress keeps the purchases of an"
            " agreed plan instead. The plan's Overview shows the supply that remains if nothing"
            " replaces the lost supply.",
            compare_tables.WhoPaysByScenario.TABLE: f"{SAME_COST} planner solve may show another of"
            " these plans.",
            BillsByScenario.TABLE: "" if self.bills is None else _BILLS,
        }

    @property
    def what_ifs(self) -> tuple[WhatIf, ...]:
        return self.asked.what_ifs

    @property
    def trouble(self) -> str:
        unknown = [f"{n}: {w}" for n, w in (self.bills or {}).items() if isinstance(w, str)]
        no_bills = f"no bills for {'; '.join(unknown)}" if unknown else ""
        return HOW_TO_ADD_SCENARIOS if len(self.cases) == 1 else no_bills

    def tables(self) -> list[Result]:
        every = self.bills or {}
        bills = {e.name: b for e in self.entries if isinstance(b := every.get(e.name), DualBill)}
        absent = {outcome.name: outcome for outcome in self.absent}
        return results(self.entries, absent, bills if self.entries[0].name in bills else {})

    def sheets(self, tables: Tables, of_plans: list[Table] | None = None) -> list[Table]:
        declared = (r for kind, r in tables.results.items() if kind is not About)
        return list(sheets(self.entries, declared, of_plans or self.differing()))

    def all_rows(self, tables: Tables) -> list[Table]:
        return self.sheets(tables, sheets_of_plans(self.entries, are_all=True))

    def answer(self, tables: Tables) -> dict[str, object]:
        plans = [entry.context.plan if entry.context else None for entry in self.entries]
        rows = [_row(e, plan, plans[0]) for e, plan in zip(self.entries, plans, strict=True)]
        who_pays = tables.records(compare_tables.WhoPaysByScenario)
        answer: dict[str, object] = {"rows": rows, "who_pays": who_pays}
        if self.bills is not None:
            answer["bills"] = tables.records(BillsByScenario)
        if self.unforeseen is None:
            return answer
        cost = {row["scenario"]: row["objective_usd"] for row in rows}
        foresight = _foresight(self.entries, list(cost.values()))
        for row, is_foreseen, surprise in zip(rows, *foresight.values(), strict=True):
            row |= {"foresight": is_foreseen, "surprise_usd": surprise}
        return {"unforeseen": self.unforeseen, **answer, "regret": tables.records(cases.Regret)}

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        return _ComparisonCharts(tables).charts()

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        return _ComparisonFinding(tables).headline()

    def terminal_tables(self, tables: Tables) -> Iterator[Numbers]:
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
        charts, c = _ComparisonCharts(tables), Comparison
        more = (c.surprise,) if tables.option(UNFORESEEN_BEFORE) else ()
        fields = (c.scenario, c.total, c.more, *more, c.cash, c.short, c.short_more)
        numbers = Numbers(tables[c], (*fields, c.served, c.result))
        lead = "Total cost is discounted, and includes shortage and penalties."
        costs = numbers.view(*(p for p in charts.charts() if not p.small))
        sections = [Section("cost", "What each scenario costs", lead, costs)]
        who, scenario = compare_tables.WhoPaysByScenario, c.scenario.header
        sections += members.who_pays_section(tables, who, scenario, "the base")
        sections += members.bills_section(tables)
        if not charts.rows:
            return tuple(sections)
        served, shares = (
            [charts.column(mineral, name) for mineral in charts.minerals]
            for name in ("served", "last_share")
        )
        short = [[None if v is None else 1.0 - v for v in values] for values in served]
        for key, heading, lead, columns in (
            ("shortage", "Shortage by mineral",
             "Shortage as a share of each mineral's demand, all years.", short),
            ("shares", "Largest share of one country",
             "The largest share of any one country in each mineral, in the last year.", shares),
        ):  # fmt: skip
            rows = dict(zip(charts.names, map(list, zip(*columns, strict=True)), strict=True))
            table = matrix(charts.minerals, rows, heading, "")
            picture = heat(f"{heading}, by scenario", table, table.fields[1:], "share", Role.PLAN)
            sections.append(Section(key, heading, lead, Numbers(table).view(picture)))
        return tuple(sections)


class _ComparisonFinding(_ComparisonTables):
    """The finding of a comparison, made from its tables alone."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self.base, others = self.every.iloc[0], with_number(self.every.iloc[1:], "more")
        foresight = others["foresight"] if "foresight" in others else pd.Series("", others.index)
        self.late = others[foresight == cases.UNFORESEEN]
        self.others = others[foresight != cases.UNFORESEEN]
        self.names = [str(name) for name in self.others["scenario"]]
        self.read_missing(self.names)
        self.rank = {n: max(parts.values(), default=0.0) for n, parts in self.whole.items()}
        self.minerals = len(self.whole[self.names[0]]) if self.names else 0

    def missing_words(self, name: str) -> str:
        """Return the extra shortage of each mineral in a scenario, in the years that have any."""
        when = self.when[name]
        years = sorted({y for each in when.values() for y, (more, _) in each.items() if more > 0})
        # shares are of the need in all years from the first to the last year with a shortage
        parts = {
            mineral: _over_all({
                y: (max(0.0, more), need)
                for y, (more, need) in each.items()
                if years and years[0] <= y <= years[-1]
            })
            for mineral, each in when.items()
        }  # fmt: skip
        return missing(parts, f" beyond the base{f', {words.span(years)}' if years else ''}")

    def headline(self) -> Headline:
        here = _missing_parts(self.tables, str(self.base["scenario"]), ScenarioMinerals.short)
        cash = self.base["cash"]
        amount = words.money(float(cash) * MILLION, self.currency) if words.known(cash) else ""
        remark = f"{self.tables.option(YEARS)}. {missing(here)}."
        paid = f"{amount} paid" if amount else "unknown"
        base = KeyFigure(str(self.base["scenario"]), paid, remark)
        if self.others.empty:
            is_alone = len(self.every) == 1
            why = "there is no scenario" if is_alone else "no scenario has a proven plan"
            none = KeyFigure("Scenarios", "none", f"{why}.")
            finding = f"In the base the coalition pays {amount}, and {hardest(here)}."
            finding += f" {words.capitalized(why)} to compare with it."
            return Headline(finding if amount else "The base has no plan.", (base, none))
        worst, dearest = max(self.names, key=lambda n: self.rank[n]), self.dearest
        figures = [self._worst(worst), self._dearest(dearest), base]
        surprised, surprise = list[KeyFigure](), ""
        if not self.late.empty:
            year = self.tables.option(UNFORESEEN_BEFORE)
            shown = self.currency, self.missing_beyond
            late, surprise = cases.surprise_cost(self.late, year, *shown)
            surprised = [*late, *cases.vain_preparation(self.tables, *shown)]
        if surprised:
            figures = [figures[0], *surprised]
        finding = " ".join(filter(None, (self._sentence(worst), surprise)))
        return Headline(finding, tuple(figures), tuple(self._care(dearest)))

    @property
    def dearest(self) -> str:
        """The name of the scenario with the largest extra cost, in %, of the same tonnes."""
        return max(self.names, key=lambda n: (self.dearer_by(n), self.paid[n][0]))

    def severity(self, name: str) -> tuple[str, dict[int, float]]:
        """Return the mineral that a scenario hits hardest, and its missing part of need by year."""
        parts = {mineral: _over_all(years) for mineral, years in self.when[name].items()}
        mineral = next(iter(worst_first(parts)), "")
        return mineral, _parts_of(self.when[name].get(mineral, {}))

    def _sentence(self, worst: str) -> str:
        rest = [n for n in self.names if n != worst]
        mineral, years = self.severity(worst)
        if not mineral:
            none = "No scenario leaves more of a mineral missing than in the base."
            premium = self._premium(self.dearest)
            return f'{none} The dearest is "{self.dearest}": {premium}.' if premium else none
        parts = (_over_all(each) for each in self.when[worst].values())
        many = sum(each > tolerances.MISSING_PART for each in parts)
        short = f"of the need for {mineral} is missing"
        if self.minerals > 1:
            short = f"is missing for {many} of {self.minerals} minerals. {mineral} is hit hardest"
        finding = f'The worst scenario is "{worst}". Compared with the base, more {short}'
        finding += f": {in_years(years)}."
        if not rest:
            more = self._premium(worst).removesuffix(f" {members.FOR_SAME}")
            still = f" The tonnes that are still bought cost {more} than in the base."
            return finding + (still if more else "")
        costs = self._premium(max(rest, key=self.dearer_by)) or "no more"
        hit = max(max(self.severity(n)[1].values(), default=0.0) for n in rest)
        more = "nothing more is missing"
        if hit:
            need = f"{words.share(hit)} of any mineral's need"
            more = f"at most a further {need} is missing in any year"
        which = "The other scenario costs" if len(rest) == 1 else "The other scenarios cost at most"
        return f"{finding} {which} {costs}, and {more}."

    def _premium(self, name: str) -> str:
        by = self.dearer_by(name)
        return members.premium_words(by) if by > tolerances.MISSING_PART else ""

    def _worst(self, name: str) -> KeyFigure:
        mineral, years = self.severity(name)
        if not mineral:
            name, remark = "none", "no scenario leaves more missing than in the base."
        else:
            rows = self.tables[Comparison].rows(Comparison.scenario, Comparison.changes)
            changes = dict(rows).get(name)
            remark = f"{mineral}: {in_years(years)}. {self.missing_words(name)}."
            remark += f" Changed inputs: {changes}." if changes else ""
        return KeyFigure("Most is missing in", name, remark)

    def _dearest(self, name: str) -> KeyFigure:
        extra, _ = self.paid[name]
        shown, remark = "none", "no scenario makes them dearer."
        if extra > 0:
            remark = f"{words.money(extra, self.currency)} a year more. {self.missing_words(name)}."
            by = ratio(*self.paid[name])
            shown = f"{name}: +{words.share(by)}" if by is not None else name
        return KeyFigure("Dearest for the same tonnes", shown, remark)

    def _care(self, dearest: str) -> Iterator[str]:
        year = self.tables.option(UNFORESEEN_BEFORE)
        late = f" Each scenario is also planned as if nobody knew of it before {year}."
        yield FORESEEN + ("" if self.late.empty else late)
        differs = self.others["demand"] if "demand" in self.others else [""] * len(self.others)
        other = cases.other_demand_sentence(zip(self.others["scenario"], differs, strict=True))
        yield f"{members.same_tonnes()} {other}".rstrip()
        if BillsByScenario in self.tables:
            yield self.tables[BillsByScenario].sentence(dearest)

    def missing_beyond(self, name: str, other: str) -> str:
        """Say what is missing in one case beyond another, in the years that have any."""
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
"""The missing tonnes and the need by year [t]."""
_BEYOND = MissingByYear.short_more


def _by_year_of(tables: Tables, scenario: str, amount: Field) -> dict[str, ByYear]:
    """Return a missing amount and the need by year, for each mineral that is ever short."""
    years, t = defaultdict[str, ByYear](dict), MissingByYear
    rows = tables[t].rows(t.scenario, t.mineral, t.year, amount, t.need) if t in tables else ()
    for name, mineral, year, tonnes, need in rows:
        if name == scenario and words.known(tonnes):
            years[str(mineral)][int(year)] = float(tonnes), float(need)
    return years


def _parts_of(years: ByYear) -> dict[int, float]:
    return {year: ratio(more, need) or 0.0 for year, (more, need) in years.items()}


def _over_all(years: ByYear) -> float:
    more, need = (sum(side) for side in zip(*years.values(), strict=True)) if years else (0.0, 0.0)
    return ratio(more, need) or 0.0


def _missing_parts(tables: Tables, scenario: str, amount: Field) -> dict[str, float]:
    """Return an amount as a share of each mineral's need in a scenario; 0 where not known."""
    t = ScenarioMinerals
    rows = tables[t].rows(t.scenario, t.mineral, t.demand, amount) if t in tables else ()
    return {
        str(mineral): tonnes / need if words.known(tonnes) else 0.0
        for name, mineral, need, tonnes in rows
        if name == scenario and need > 0
    }


HOW_TO_ADD_SCENARIOS = (
    "There is no scenario to compare with the base. Add rows to the sheet Scenarios (planner new"
    ' --with Scenarios shows how), or add a what-if to the command, such as --lose "China"'
)
