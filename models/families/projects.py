"""Projects: plants that could be built, within a budget of capital."""

from __future__ import annotations

from typing import Any

import pyomo.core as pyo

from models.expand import budget_year, capital_charge, start_years, starts
from models.frame import Frame, total
from models.schema import Project


def add(f: Frame) -> None:
    r"""A project delivers no more than what is built of it; its capital fits the budget.

    .. math:: \sum_j x_{p,m,j,t} \le capacity_p \sum_{t - life_p < y \le t} b_{p,y}       [t/yr]
    .. math:: \sum_t b_{p,t} \le 1, \qquad
              \sum_{p,t : t - lead_p = y} capex_p \, b_{p,t} \le budget_y         [money m]

    variables   built b, the fraction whose output starts in year t, 0 to 1 (0 or 1 if whole)
    posts       cost heading "capital" (capital-recovery factor x capex, each year of output)
    dual        of the capacity: its rent [money/t]; of the budget: what one more million would
                save [money per million]
    source      capacity expansion, Luss (1982), Operations Research 30(5)
    """
    e, case = f.expanded, f.case
    minerals = {e.minerals[m] for m, _ in f.cells}
    found = [p for p in case.projects if p.mineral in minerals]
    builds = {(p.name, year): p for p in found for year in start_years(p, e.years)}
    within = pyo.Binary if case.settings.whole_projects else pyo.NonNegativeReals
    f.model.built = pyo.Var(
        list(builds),
        within=within,
        bounds=lambda _, *key: (1.0 if builds[key].built_in is not None else 0.0, 1.0),
    )
    f.units.update(built="fraction", project_once="fraction", budget="money")
    once = {p.name: [(p.name, y) for y in start_years(p, e.years)] for p in found}
    f.model.project_once = pyo.Constraint(
        [name for name, keys in once.items() if keys],
        rule=lambda b, name: (None, total([b.built[key] for key in once[name]]), 1.0),
    )
    _capacity(f)
    _budget(f, builds)
    columns, charges, years = [], [], []
    for (name, start), p in builds.items():
        for year in e.years:
            if start <= year < start + p.life:
                columns.append(f.model.built[name, start])
                charges.append(capital_charge(case, p))
                years.append(year)
    f.books.cost("capital", columns, charges, years)


def _capacity(f: Frame) -> None:
    e = f.expanded
    rows: dict[tuple[str, str, str, int], tuple[list[Any], list[float]]] = {}
    for (r, t), columns in f.by_source_year.items():
        source = e.sources[r]
        if isinstance(source.record, Project):
            begun = starts(source.record, e.years, e.years[t])
            built = [f.model.built[source.project, y] for y in begun]
            amounts = [1.0] * len(columns) + [-float(e.nameplate[r, t])] * len(built)
            key = (source.name, source.project, source.mineral, e.years[t])
            rows[key] = ([*columns, *built], amounts)
    f.model.project_capacity = pyo.Constraint(
        list(rows), rule=lambda _, *key: (None, total(*rows[key]), 0.0)
    )


def _budget(f: Frame, builds: dict[tuple[str, int], Project]) -> None:
    budget = {b.year: b.capex for b in f.case.budget}
    spent: dict[int, list[tuple[str, int]]] = {}
    for (name, start), p in builds.items():
        year = budget_year(p, start, f.expanded.years)
        if year in budget and p.built_in is None and p.capex > 0:
            spent.setdefault(year, []).append((name, start))
    f.model.budget = pyo.Constraint(
        sorted(spent),
        rule=lambda b, year: (
            None,
            total(
                [b.built[key] for key in spent[year]],
                [builds[key].capex for key in spent[year]],
            ),
            budget[year],
        ),
    )
