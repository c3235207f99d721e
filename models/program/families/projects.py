"""Projects: plants that could be built, within a budget of capital."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models import resolve, tolerances
from models.case import Case, begun_capital
from models.program import component, market
from models.program.builder import Builder, Charge, integers, key_arrays, unique_keys
from models.program.family import Family
from models.resolve import Ints
from models.schema import BudgetYear, Project

if TYPE_CHECKING:
    from models.program.frame import Frame, Row
    from models.program.solved import Flow, Solved

CAPITAL = component.CostHeading(
    "capital", remark="For projects: the capex as a yearly charge over their life."
)
_WHOLE, _MORE = 1.0 - tolerances.SAME_SHARE, 1.0 + tolerances.SAME_SHARE
_UNBUILT = component.Obstacle(
    "planned plant that is not built", many="planned plants that are not built"
)


def running_fraction(plan: Solved, project: Project, year: int) -> float:
    begun = resolve.running_starts(project, plan.expanded.years, year)
    return sum(plan.value(BUILT, (project.name, y)) for y in begun)


def charged_part(plan: Solved, project: Project, year: int) -> float:
    """Return the fraction of a project whose capital is charged in a year."""
    years = plan.expanded.years
    every = _start_years(project, years)
    parts = ((y, resolve.charged_fraction(project, y, year, years)) for y in every)
    return sum(part * plan.value(BUILT, (project.name, y)) for y, part in parts if part)


def _capacity_label(plan: Solved, key: Any) -> component.Label:
    name, project, mineral, year = key
    record: Any = plan.record(name, project, mineral)
    built = running_fraction(plan, record, year)
    part = f", {built * 100:.4g} % built" if built < _WHOLE else ""
    return component.Label(f"capacity of project {project}{part}", CAPACITY.place(record, year))


def _capacity_step(plan: Solved, key: Any, at: int) -> tuple[float, component.LimitStep]:
    """Return the capacity, and one tonne of it, times the fraction of the plant that is built."""
    plant: Any = plan.record(*key[:3])
    built = [c for c, _ in plan.row_entries(at) if plan.column_key(c)[0] is BUILT]
    return plant.capacity.value(key[3]), component.LimitStep(
        at, entries=tuple((c, -1.0) for c in built)
    )


def _full(plan: Solved, flow: Flow) -> component.Obstacle:
    source = plan.expanded.sources[flow.source]
    if plan.sold[flow.source, flow.year] <= flow.tolerance:
        return _UNBUILT
    return component.Obstacle("capacity open to the coalition is used up at", source.project)


def remaining_budgets(plan: Solved, spenders: Iterable[Project]) -> dict[int, float]:
    """Return the money left in each year's budget, plus the spending of some projects [money m].

    With Carry over budget it is the money left of all budgets up to the year, minus the part that
    later spending needs. Years without a budget are left out.
    """
    case = plan.case
    left = resolve.free_budgets(case)
    limited = {p.name: p for p in spenders if p.built_in is None}
    for (name, start), part in plan.amounts(BUILT).items():
        if name in limited and start not in dict(limited[name].begun):
            year = resolve.budget_year(limited[name], start, case.years)
            if year in left:
                left[year] -= part * limited[name].capex
    if case.settings.carry_over_budget:
        so_far = dict(zip(left, itertools.accumulate(left.values()), strict=True))
        later = itertools.accumulate(reversed(so_far.values()), min)
        left = dict(zip(reversed(so_far), later, strict=True))
    return {year: max(0.0, left[year]) for year in sorted(left)}


def _budget_label(plan: Solved, year: int) -> component.Label:
    row = next(b for b in plan.case.budget if b.year == year)
    has_earlier = any(b.year < year for b in plan.case.budget)
    carried = has_earlier and plan.case.settings.carry_over_budget
    rest = " and the money left of earlier ones" if carried else ""
    return component.Label(f"the budget of {year}{rest}", BUDGET.place(row, year), "money m")


def _budget_bears_on(plan: Solved, _: component.Rows, year: int, where: component.Where) -> bool:
    """Return whether a plant of the mineral that could run in the year is paid in a budget year.

    With Carry over budget it may also be paid in an earlier year, if all budgets up to then are
    spent.
    """
    mineral, _member, wanted = where
    e = plan.expanded
    paying = {
        resolve.budget_year(p, start, e.years)
        for p in plan.case.projects
        if p.mineral == mineral and p.built_in is None and p.capex > 0
        for start in resolve.start_years(p, e.years)
        if start <= wanted < start + p.life
    }
    if not plan.case.settings.carry_over_budget:
        return year in paying
    total = {y: capex for y, capex in resolve.free_budgets(plan.case).items() if y <= year}
    paid = sum(
        part * p.capex
        for p in plan.case.projects if p.built_in is None
        for start in resolve.start_years(p, e.years)
        if resolve.budget_year(p, start, e.years) in total
        and (part := plan.value(BUILT, (p.name, start))) > 0
    )  # fmt: skip
    limited = {row.year for row in plan.case.budget if row.year <= year}
    return paid >= _WHOLE * sum(total.values()) and not paying.isdisjoint(limited)


def _year_begun(case: Case, key: Any) -> int:
    """Return the year in which building begins, and is paid for, for output in a key's year."""
    name, start = key
    project = next(p for p in case.projects if p.name == name)
    return resolve.budget_year(project, start, case.years)


# ---- plants that the budget keeps from being built ----------------------------------------------


@dataclass(frozen=True)
class UnaffordablePlant:
    """A plant that would be worth its capital, but that the budget cannot pay for.

    ``built`` is the fraction that runs in the year asked about, ``needs`` the capital of the rest,
    and ``left`` the money left for it in the budget of ``year`` [money m]. ``what`` and ``place``
    are that budget's words and cell.
    """

    project: Project
    built: float
    needs: float
    left: float
    year: int
    what: str
    place: component.CellAddress | None


def unaffordable_plants(plan: Solved, mineral: str, year: int) -> tuple[UnaffordablePlant, ...]:
    """Return the plants worth building for a year that no budget can pay for in time.

    In every year in which they could be paid, the budget is spent or, for integer projects, too
    small. Of several such budgets, the one with the most money left is reported. The value of a
    plant follows from the plan's shadow prices, so it is marginal.
    """
    left = remaining_budgets(plan, plan.case.projects)
    found = (
        _unpaid_capital(plan, p, year, left) for p in plan.case.projects if p.mineral == mineral
    )
    return tuple(plant for plant in found if plant is not None)


def _unpaid_capital(
    plan: Solved, project: Project, year: int, left_in: dict[int, float]
) -> UnaffordablePlant | None:
    e, whole = plan.expanded, plan.case.settings.whole_projects
    own = dict(project.begun)
    begun = resolve.running_starts(project, e.years, year) if project.built_in is None else []
    begun = [start for start in begun if start not in own]
    paying = {resolve.budget_year(project, start, e.years) for start in begun}
    built = running_fraction(plan, project, year)
    every = resolve.start_years(project, e.years)
    is_once = whole and any(plan.value(BUILT, (project.name, y)) > 0 for y in every)
    if (
        project.capex <= 0
        or built >= _WHOLE
        or is_once
        or not paying
        or not paying <= left_in.keys()
    ):
        return None
    most = max(paying, key=lambda y: (left_in[y], -y))
    needs = project.capex * (1.0 - built)
    if left_in[most] >= needs * (_WHOLE if whole else 1.0 - _WHOLE):
        return None
    if not any(_is_worth_it(plan, project, start) for start in begun):
        return None
    label = _budget_label(plan, most)
    return UnaffordablePlant(project, built, needs, left_in[most], most, label.what, label.place)


def _is_worth_it(plan: Solved, project: Project, start: int) -> bool:
    """Return whether a plant saves more than its capital charge at the plan's shadow prices.

    A tonne of its capacity saves as much as for its best buyer in each year of output. The prices
    of the budget and of the capacity itself are left out.
    """
    e, d, flow = plan.expanded, plan.expanded.deliveries, plan.program.flow
    column = plan.column_at(BUILT, (project.name, start))
    r = next(i for i, source in enumerate(e.sources) if source.project == project.name)
    saves = 0.0
    for t, year in enumerate(e.years):
        if start <= year < start + project.life:
            columns = flow[np.flatnonzero((d.source == r) & (d.year == t))].tolist()
            best = max((-_reduced(plan, c, (CAPACITY,)) for c in columns), default=0.0)
            saves += float(e.nameplate[r, t]) * max(0.0, best)
    return saves > _MORE * _reduced(plan, column, (CAPACITY, BUDGET))


def _reduced(plan: Solved, column: int, left_out: tuple[component.Rows, ...]) -> float:
    """Return a column's reduced cost [money of the first year], without the duals of some rows."""
    program = plan.program
    cost = float(program.rows.cost[column])
    for row, amount in plan.column_entries(column):
        if plan.component_of(row) not in left_out:
            year = int(program.row_year[row])
            worth = plan.case.discount(year) if year else 1.0
            cost -= amount * float(plan.prices[row]) * worth
    return cost


BUILT = component.Columns(
    name="built",
    key=(component.PROJECT, component.YEAR),
    index=(component.PROJECT, component.CALENDAR),
    meaning="The fraction of a project that is built, with output from a year on.",
    cell=(Project, "capex"),
    unit=component.FRACTION,
    headings=(CAPITAL,),
    move="fraction of project {project} built, with output from {year}",
    decided=_year_begun,
    is_first_stage=True,
    decision=component.BUILDING,
    divided=market.by_right,
)
REST = component.Columns(
    name="rest_built",
    key=(component.PROJECT, component.YEAR),
    index=(component.PROJECT, component.CALENDAR),
    meaning="Whether the unbuilt rest of an integer project is built.",
    unit=component.FRACTION,
    is_move=False,
    move="fraction of the rest of {project} built, with output from {year}",
    decided=_year_begun,
    is_first_stage=True,
    decision=component.NOT_LISTED,
)
WHOLE_REST = component.Rows(
    name="whole_rest",
    key=(component.PROJECT, component.YEAR),
    index=(component.PROJECT, component.CALENDAR),
    meaning="The unbuilt rest of an integer project is built completely or not at all.",
    unit=component.FRACTION,
    kind="project once",
    label=lambda _, __: component.Label("project once"),
    divided=market.to_nobody,
)
ONCE = component.Rows(
    name="project_once",
    key=(component.PROJECT,),
    meaning="A project is built at most once.",
    unit=component.FRACTION,
    kind="project once",
    label=lambda _, __: component.Label("project once"),
    divided=market.by_right,
)
CAPACITY = component.Rows(
    name="project_capacity",
    key=component.SOURCE_YEAR,
    meaning="A project delivers at most its capacity times the fraction that is built.",
    cell=(Project, "capacity"),
    kind="project capacity",
    label=_capacity_label,
    bears_on=component.key_matches,
    relaxable=component.NOT_RELAXABLE,
    is_capacity=True,
    obstacles=component.obstacle_when_full(_full),
    obstacle_rank=0,
    step=_capacity_step,
    divided=market.to_nobody,
)
CARRIED = component.Columns(
    name="budget_carried",
    key=(component.YEAR,),
    index=(component.CALENDAR,),
    meaning="Budget left over in a year for later years, if it is carried over.",
    unit=component.MONEY,
    is_move=False,
    move="budget left over in {year} for later years",
    is_first_stage=True,
)
BUDGET = component.Rows(
    name="budget",
    key=(component.YEAR,),
    index=(component.CALENDAR,),
    meaning="The capital of plants paid from a year's budget is at most that budget.",
    cell=(BudgetYear, "capex"),
    unit=component.MONEY,
    kind="budget",
    label=_budget_label,
    bears_on=_budget_bears_on,
    relaxable="budgets",
    divided=market.by_capital,
)


def model(f: Frame) -> None:
    r"""A project delivers at most the part that is built; its capital is at most the budget.

    .. math:: \sum_j x_{p,m,j,t} \le capacity_p \sum_{t - life_p < y \le t} b_{p,y}       [t/yr]
    .. math:: \sum_t b_{p,t} \le 1, \qquad
              \sum_{p,t : t - lead_p = y} capex_p \, b_{p,t} + l_y - l_{y'} \le budget_y   [money m]
    .. math:: b_{p,t} = begun_{p,t} \; [Built], \qquad b_{p,t} = rest_p \, z_{p,t} \; [whole]

    The sheet Built fixes begun, also before the first year. Its payments are taken from the budget,
    which stays at least 0 (``resolve.free_budgets``). If a scenario delays a row of it, its output
    begins and ends later, and its payments and charges stay (``resolve.charged_fraction``). y' is
    the last year with a budget before y. Without Carry over budget there is no l. With it, total
    spending up to y is at most the sum of all budgets up to y; years without a row of Budget are
    unlimited and left out.

    variables   built b, the fraction whose output starts in year t, 0 to 1 (0 or 1 if integer);
                rest built z, 0 or 1, if an integer project is partly built; budget carried l, the
                money left for later years [money m]
    posts       cost heading "capital" (capital-recovery factor x capex, each year of output)
    dual        of the capacity: its rent [money/t]; of the budget: the saving of one more million
                in that year [money per million], spent then or, carried over, in a later year
    source      capacity expansion, Luss (1982), Operations Research 30(5)
    """
    e, case = f.expanded, f.case
    minerals = {e.minerals[m] for m, _ in f.cells}
    found = [p for p in case.projects if p.mineral in minerals]
    builds = {(p.name, year): Build(p, year) for p in found for year in _start_years(p, e.years)}
    is_whole = case.settings.whole_projects
    built = f.variables(
        BUILT,
        builds,
        lower={key: b.bounds[0] for key, b in builds.items()},
        upper={key: b.bounds[1] for key, b in builds.items()},
        whole={key for key, b in builds.items() if is_whole and b.is_new},
    )
    f.built = built
    once: dict[Any, Row] = {}
    for p in found:
        years = [y for y in resolve.start_years(p, e.years) if y not in dict(p.begun)]
        if years:
            once[p.name] = (None, [built[p.name, y] for y in years], None, resolve.unbuilt(p))
    f.constraints(ONCE, once)
    _rest(f, built, [b for b in builds.values() if is_whole and b.is_remainder])
    _add_capacity(f, built)
    every = {key: b.project for key, b in builds.items()}
    _budget(f, built, {key: p for key, p in every.items() if key[1] not in dict(p.begun)})
    runs = [
        (key, p, part, year) for key, p in every.items() for year in e.years
        if (part := resolve.charged_fraction(p, key[1], year, e.years))
    ]  # fmt: skip
    charges = [part * resolve.capital_charge(case, p) for _, p, part, _ in runs]
    f.add_cost(CAPITAL, [built[key] for key, *_ in runs], charges, [year for *_, year in runs])


@dataclass(frozen=True)
class Build:
    """The column for the fraction of a project that is built, with output from a year on."""

    project: Project
    year: int

    @property
    def bounds(self) -> tuple[float, float]:
        """The lower and upper bound; equal if it is begun, or if a scenario has it built."""
        fixed = resolve.fixed_builds(self.project)
        if self.year in fixed:
            return fixed[self.year], fixed[self.year]
        return 0.0, resolve.unbuilt(self.project)

    @property
    def is_new(self) -> bool:
        """Whether nothing of the project is built yet."""
        return self.year not in dict(self.project.begun) and resolve.unbuilt(self.project) == 1.0

    @property
    def is_remainder(self) -> bool:
        """Whether the column is the undecided rest of a partly built project."""
        return 0.0 < resolve.unbuilt(self.project) < 1.0 and self.year not in resolve.fixed_builds(
            self.project
        )


def _start_years(project: Project, years: tuple[int, ...]) -> list[int]:
    return sorted({*resolve.start_years(project, years), *dict(project.begun)})


def _rest(f: Frame, built: Any, rest: list[Build]) -> None:
    """Build the rest of partly built projects completely or not at all."""
    keys = {(b.project.name, b.year): resolve.unbuilt(b.project) for b in rest}
    z = f.variables(REST, keys, whole=keys, upper=dict.fromkeys(keys, 1.0) if keys else None)
    rows: dict[Any, Row] = {
        key: (0.0, [built[key], z[key]], [1.0, -left], 0.0) for key, left in keys.items()
    }
    f.constraints(WHOLE_REST, rows)


def _add_capacity(f: Frame, built: Any) -> None:
    e = f.expanded
    rows: dict[Any, Row] = {}
    for (r, t), columns in f.by_source_year.items():
        source = e.sources[r]
        if isinstance(source.record, Project):
            begun = resolve.running_starts(source.record, e.years, e.years[t])
            plants = [built[source.project, y] for y in begun]
            amounts = [1.0] * len(columns) + [-float(e.nameplate[r, t])] * len(plants)
            rows[*source.key, e.years[t]] = (None, [*columns, *plants], amounts, 0.0)
    f.constraints(CAPACITY, rows)


def _budget(f: Frame, built: Any, builds: dict[tuple[str, int], Project]) -> None:
    budget = resolve.free_budgets(f.case)
    spent: dict[int, list[tuple[str, int]]] = {}
    for (name, start), p in builds.items():
        year = resolve.budget_year(p, start, f.expanded.years)
        if year in budget and p.built_in is None and p.capex > 0:
            spent.setdefault(year, []).append((name, start))
    years = _limited(f.case, spent)
    left = f.variables(CARRIED, years[:-1] if f.case.settings.carry_over_budget else [])
    rows: dict[Any, Row] = {}
    for before, year in zip([None, *years], years, strict=False):
        keys = spent.get(year, [])
        columns, amounts = [built[key] for key in keys], [builds[key].capex for key in keys]
        for of_year, sign in ((year, 1.0), (before, -1.0)):
            if of_year in left:
                columns.append(left[of_year])
                amounts.append(sign)
        rows[year] = (None, columns, amounts, budget[year])
    f.constraints(BUDGET, rows)


def _limited(case: Case, spent: Iterable[int]) -> list[int]:
    """Return the years whose budgets limit spending, with earlier ones if it is carried over."""
    years = sorted(spent)
    if not (years and case.settings.carry_over_budget):
        return years
    due = begun_capital(case.projects, case.years)
    last = max([years[-1], *due, *(row.year for row in case.budget if row.committed)])
    return sorted(row.year for row in case.budget if row.year <= last)


def arrays(b: Builder) -> None:
    e, case = b.expanded, b.expanded.case
    projects = enumerate(case.projects)
    builds = [
        (p, Build(project, y)) for p, project in projects for y in _start_years(project, e.years)
    ]
    p, begin = key_arrays([(p, build.year) for p, build in builds], 2)
    # a project belongs to its mineral's first year
    first = b.mineral_of[component.PROJECT][p] * b.years
    plants = [build.project for _, build in builds]
    charge = np.array([resolve.capital_charge(case, q) for q in plants], dtype=float)
    end = begin + np.array([q.life for q in plants], dtype=np.int64)
    years = integers(e.years)[:, None]
    charged = np.where((begin <= years) & (years < end), 1.0, 0.0)  # in each year of its life
    for i, (q, start) in enumerate(zip(plants, begin.tolist(), strict=True)):
        if q.late or q.shifts:
            charged[:, i] = [resolve.charged_fraction(q, start, y, e.years) for y in e.years]
    charges = [Charge(CAPITAL, charge * part, np.full(len(p), s)) for s, part in enumerate(charged)]
    worth = [
        sum(part * b.discount[s] for s, part in enumerate(of) if part) for of in charged.T.tolist()
    ]
    is_whole = case.settings.whole_projects
    lower, upper = np.array([build.bounds for _, build in builds]).reshape(-1, 2).T
    columns = b.add_columns(
        BUILT, (p, begin),
        cell=first,
        cost=charge * np.array(worth, dtype=float),
        charges=charges,
        lower=lower,
        upper=upper,
        whole=np.array([float(is_whole and build.is_new) for _, build in builds]),
    )  # fmt: skip
    b.built = {(q, of.year): c for (q, of), c in zip(builds, columns.tolist(), strict=True)}
    own = [i for i, (_, build) in enumerate(builds) if build.year not in dict(plants[i].begun)]
    free = integers(own)
    (once,), inverse = unique_keys(p[free])
    no_year = np.zeros(len(once), dtype=np.int64)  # its dual is in no year's money
    most = np.array([resolve.unbuilt(case.projects[q]) for q in once.tolist()])
    rows = b.add_rows(ONCE, (once,), most=most, year=no_year)
    b.add_entries(rows[inverse], columns[free], 1.0)
    rest = integers([i for i, (_, build) in enumerate(builds) if is_whole and build.is_remainder])
    z = b.add_columns(REST, (p[rest], begin[rest]), cell=first[rest], upper=1.0, whole=1.0)
    no_year = np.zeros(len(rest), dtype=np.int64)
    rows = b.add_rows(
        WHOLE_REST, (p[rest], begin[rest]), cell=first[rest], least=0.0, most=0.0, year=no_year
    )
    b.add_entries(rows, columns[rest], 1.0)
    b.add_entries(rows, z, -np.array([resolve.unbuilt(plants[i]) for i in rest.tolist()]))
    _capacity_arrays(b)
    _budget_arrays(b, [(i, builds[i][1]) for i in own], first)


def _capacity_arrays(b: Builder) -> None:
    e, d = b.expanded, b.expanded.sales
    planned = np.array([bool(s.project) for s in e.sources], dtype=bool)
    at = np.flatnonzero(planned[d.source])
    rows, (r, t), inverse = b.rows_by_key(CAPACITY, at, most=0.0)
    b.add_entries(rows[inverse], b.sold[at], 1.0)
    own, built, size = b.running_builds(r, t)
    b.add_entries(rows[own], built, -size)


def _budget_arrays(b: Builder, builds: list[tuple[int, Build]], first: Ints) -> None:
    """Limit new builds to the money that budgets have left; ``builds`` have their positions."""
    e, case = b.expanded, b.expanded.case
    limits, capex_of = resolve.free_budgets(case), dict[int, float]()
    spent: dict[int, list[int]] = {}
    for i, build in builds:
        project = build.project
        year = resolve.budget_year(project, build.year, e.years)
        if year in limits and project.built_in is None and project.capex > 0:
            spent.setdefault(year, []).append(i)
            capex_of[i] = project.capex
    years = integers(_limited(case, spent))
    # a budget belongs to the block of its first project: it links all their minerals
    standing = [spent.get(y) or spent[max(spent)] for y in years.tolist()]
    cell = integers([int(first[paid[0]]) for paid in standing])
    most = np.array([limits[y] for y in years.tolist()])
    rows = b.add_rows(BUDGET, (years,), cell=cell, most=most, year=years)
    carries = slice(0, -1 if case.settings.carry_over_budget else 0)
    left = b.add_columns(CARRIED, (years[carries],), cell=cell[carries])
    b.add_entries(rows[carries], left, 1.0)
    b.add_entries(rows[1 : len(left) + 1], left, -1.0)
    at = list(b.built.values())
    for row, year in zip(rows.tolist(), years.tolist(), strict=True):
        paid = spent.get(year, [])
        capex = np.array([capex_of[i] for i in paid])
        b.add_entries(np.full(len(paid), row), integers([at[i] for i in paid]), capex)


def _ties(case: Case) -> Iterable[str]:
    return (p.mineral for p in case.projects)


def _joins(case: Case) -> Iterable[tuple[str, ...]]:
    """The minerals of all plants that share a budget."""
    paid = tuple(p.mineral for p in case.projects if p.built_in is None or p.begun)
    return (paid,) if case.budget and paid else ()


def _relaxable_cells(cells: component.RelaxableCells) -> None:
    """The budget of a year; if it is 0, one unit is the capital of the most expensive plant."""
    dearest = max((p.capex for p in cells.case.projects), default=0.0)
    for row in cells.case.budget:
        cell = cells.add_cell(
            row, "capex", row.year, what=f"budget of {row.year}", unit="money m", was=row.capex,
            loosens=(BUDGET, row.year) if dearest > 0 else None,
        )  # fmt: skip
        if cell is not None:
            cell.size = cell.was or dearest


FAMILY = Family(
    model,
    arrays,
    ties=_ties,
    joins=_joins,
    relaxation=component.Relaxation(_relaxable_cells, rank=4),
)
