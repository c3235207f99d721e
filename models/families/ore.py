"""Ore: what a refiner sells was mined somewhere, and that somewhere has a capacity."""

from __future__ import annotations

from typing import Any

import pyomo.core as pyo

from models.expand import mine_capacity, ore_lane
from models.frame import Frame, total


def add(f: Frame) -> None:
    r"""A refiner that needs ore takes in what it sells, divided by its recovery.

    .. math:: \sum_n z_{n,r,m,t} = \frac{1}{recovery_r} \sum_j (x + y)_{r,m,j,t}, \qquad
              \sum_r z_{n,r,m,t} \le capacity_{n,m,t}                        [t contained/yr]

    Minerals without mines have no ore stage.

    variables   ore z from mine country n to source r [t contained], where the ore lane is open
    posts       cost headings "ore premium" and "ore freight"
    dual        of the ore balance: what a tonne of ore at the refiner is worth; of the mine: what
                one more tonne of mine capacity would save [money/t contained]
    source      two-stage transshipment, Orden (1956), Management Science 2(3)
    """
    e, case = f.expanded, f.case
    mined = {m.mineral for m in case.mines}
    flows: dict[tuple[str, str, str, str, int], tuple[float, float]] = {}
    balance: dict[tuple[str, str, str, int], tuple[list[Any], float]] = {}
    of_mine: dict[tuple[str, str, int], float] = {}
    for (r, t), columns in f.by_source_year.items():
        source, year = e.sources[r], e.years[t]
        if not source.needs_ore or source.mineral not in mined:
            continue
        balance[source.name, source.project, source.mineral, year] = (columns, source.recovery)
        for mine in case.mines:
            capacity = mine_capacity(mine, year) if mine.mineral == source.mineral else 0.0
            if capacity <= 0:
                continue
            freight, is_open = ore_lane(case, source.mineral, mine.country, source.country, year)
            if is_open:
                key = (mine.country, source.name, source.project, source.mineral, year)
                flows[key] = (mine.premium, freight)
                of_mine[mine.country, source.mineral, year] = capacity
    f.model.ore = pyo.Var(list(flows), within=pyo.NonNegativeReals)
    arriving: dict[tuple[str, str, str, int], list[Any]] = {}
    for key in flows:
        country, name, project, mineral, year = key
        f.ore_of.setdefault((country, mineral, year), []).append(f.model.ore[key])
        arriving.setdefault((name, project, mineral, year), []).append(f.model.ore[key])

    def ore_balance(_: Any, *key: Any) -> Any:
        columns, recovery = balance[key]
        ore = arriving.get(key, [])
        amounts = [1.0] * len(ore) + [-1.0 / recovery] * len(columns)
        return (0.0, total([*ore, *columns], amounts), 0.0)

    f.model.ore_balance = pyo.Constraint(list(balance), rule=ore_balance)
    f.model.mine_capacity = pyo.Constraint(
        list(of_mine), rule=lambda _, *key: (None, total(f.ore_of[key]), of_mine[key])
    )
    columns = [f.model.ore[key] for key in flows]
    years = [key[4] for key in flows]
    f.books.cost("ore premium", columns, [premium for premium, _ in flows.values()], years)
    f.books.cost("ore freight", columns, [freight for _, freight in flows.values()], years)
