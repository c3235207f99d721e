"""Arrays straight into HiGHS as one program: numpy, one ``passModel``, dual simplex, no presolve.

The limit of what a program in one piece can do; no names, no model, no checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from models.case import Case
from tests.bench.clock import Clock
from tests.bench.facts import FAIR_WEIGHT, Facts, Piles, of_case
from tests.bench.rivals.child import SOLVER, Answer, main

Array = np.ndarray
Box = tuple[slice, slice]
"""Minerals and years, by position."""


@dataclass(frozen=True)
class Program:
    """A linear program by columns; ``places`` says where each kind of row begins."""

    cost: Array
    upper: Array
    row_lower: Array
    row_upper: Array
    starts: Array
    index: Array
    values: Array
    places: dict[str, int]


def everything(facts: Facts) -> Box:
    """Return the box of all minerals and years."""
    return slice(0, len(facts.minerals)), slice(0, len(facts.years))


@dataclass(frozen=True)
class Columns:
    """Columns of one kind: cost, upper bound, row and value of each entry, entries of each."""

    cost: Array
    upper: Array
    index: Array
    values: Array
    counts: Array


class Place:
    """Where the rows of a box stand, and what the columns of all kinds ask for."""

    def __init__(self, facts: Facts, box: Box) -> None:
        """Lay out the rows: kind by kind, in each by year, mineral or refiner, member."""
        self.facts, (self.minerals, self.years) = facts, box
        self.inside = np.flatnonzero(
            (facts.mineral_of >= self.minerals.start) & (facts.mineral_of < self.minerals.stop)
        )
        self.mineral = facts.mineral_of[self.inside] - self.minerals.start
        self.country = facts.country_of[self.inside]
        code = self.mineral * len(facts.countries) + self.country
        pairs, self.pair = np.unique(code, return_inverse=True)
        self.pair_mineral = pairs // len(facts.countries)
        self.demand = np.moveaxis(facts.demand[self.minerals, :, self.years], 2, 0)
        self.shape = n_t, n_m, n_j = self.demand.shape
        self.worth = facts.worth[self.years][:, None, None]
        cells, n_p = n_t * n_m * n_j, len(pairs)
        self.sizes = {
            "capacity": n_t * len(self.inside),
            "balance": cells,
            "cap_all": n_t * n_p,
            "cap_each": n_t * n_p * n_j,
            "total": n_t * n_m,
            "fair": cells,
            "target": cells if facts.piles else 0,
        }
        ends = np.cumsum(list(self.sizes.values()))
        self.at = dict(zip(self.sizes, (ends - list(self.sizes.values())).tolist(), strict=True))
        self.cell = np.arange(cells, dtype=np.int32).reshape(self.shape)

    def flows(self) -> Columns:
        """What each refiner sells to each member: four rows each."""
        (n_t, n_m, n_j), n_r = self.shape, len(self.inside)
        t, r, j = np.ogrid[:n_t, :n_r, :n_j]
        index = np.empty((n_t, n_r, n_j, 4), dtype=np.int32)
        index[..., 0] = self.at["capacity"] + t * n_r + r
        index[..., 1] = self.at["balance"] + (t * n_m + self.mineral[r]) * n_j + j
        pair = t * len(self.pair_mineral) + self.pair[r]
        index[..., 2] = self.at["cap_all"] + pair
        index[..., 3] = self.at["cap_each"] + pair * n_j + j
        landed = self.facts.cost[self.inside][:, None] + self.facts.freight[self.country]
        return _even(self.worth * landed, np.inf, index, 1.0)

    def shortage(self) -> list[Columns]:
        """What each member is short, all of them together, and each beyond its part."""
        n_t, n_m, _ = self.shape
        price = self.worth * self.facts.short_cost[self.minerals][:, None]
        price = np.broadcast_to(price, self.shape)
        cell, fair = self.cell, self.at["fair"] + self.cell
        total = self.at["total"] + np.arange(n_t * n_m).reshape(n_t, n_m, 1)
        short = np.stack([self.at["balance"] + cell, total + 0 * cell, fair], axis=-1)
        part = -self.demand / self.demand.sum(axis=2, keepdims=True)
        pooled = np.concatenate([np.full((n_t, n_m, 1), -1.0), part], axis=2)
        most = self.demand if self.facts.piles else np.inf
        return [
            _even(price, most, short, 1.0),
            _even(np.zeros((n_t, n_m)), np.inf, np.concatenate([total, fair], axis=2), pooled),
            _even(FAIR_WEIGHT * price, np.inf, fair[..., None], -1.0),
        ]

    def stocks(self, piles: Piles) -> list[Columns]:
        """What each member holds at the end of each year, and what its target lacks."""
        balance, target = self.at["balance"] + self.cell, self.at["target"] + self.cell
        holding = self.worth * piles.holding[self.minerals]
        most = np.broadcast_to(piles.most[self.minerals], self.shape)
        carried = np.stack([balance[:-1], balance[1:], target[:-1]], axis=-1)
        last = np.stack([balance[-1:], target[-1:]], axis=-1)
        return [
            _even(holding[:-1], most[:-1], carried, np.array([-1.0, 1.0, 1.0])),
            _even(holding[-1:], most[-1:], last, np.array([-1.0, 1.0])),
            _even(self.worth * piles.penalty[self.minerals], np.inf, target[..., None], 1.0),
        ]

    def bounds(self) -> tuple[Array, Array]:
        """Return the least and the most of each row."""
        facts, sizes = self.facts, self.sizes
        of_each = self.demand[:, self.pair_mineral]
        balance = self.demand.copy()
        least_target = np.zeros(0)
        if facts.piles is not None:
            balance[0] -= facts.piles.opening[self.minerals]
            target = facts.piles.target[self.minerals]
            least_target = np.broadcast_to(target, self.shape).ravel()
        most = np.concatenate(
            [
                np.tile(facts.capacity[self.inside], self.shape[0]),
                balance.ravel(),
                facts.cap_all * of_each.sum(axis=2).ravel(),
                facts.cap_each * of_each.ravel(),
                np.zeros(sizes["total"] + sizes["fair"]),
                np.full(sizes["target"], np.inf),
            ]
        )
        least = np.full(len(most), -np.inf)
        for name in ("balance", "total"):
            where = slice(self.at[name], self.at[name] + sizes[name])
            least[where] = most[where]
        least[self.at["target"] :] = least_target
        return least, most


def _even(cost: Array, upper: float | Array, index: Array, values: float | Array) -> Columns:
    """Return columns that have as many entries each as ``index`` is wide."""
    return Columns(
        cost.ravel(),
        np.broadcast_to(upper, cost.shape).ravel(),
        index.ravel(),
        np.broadcast_to(values, index.shape).ravel(),
        np.full(cost.size, index.shape[-1], dtype=np.int32),
    )


def program(facts: Facts, box: Box) -> Program:
    """Return the program of a box; with stocks it must span all years."""
    place = Place(facts, box)
    parts = [place.flows(), *place.shortage()]
    if facts.piles is not None:
        parts += place.stocks(facts.piles)
    least, most = place.bounds()

    def joined(name: str) -> Array:
        return np.concatenate([getattr(part, name) for part in parts])

    return Program(
        cost=joined("cost"),
        upper=joined("upper"),
        row_lower=least,
        row_upper=most,
        starts=np.concatenate([[0], np.cumsum(joined("counts"))]).astype(np.int32),
        index=joined("index").astype(np.int32, copy=False),
        values=joined("values"),
        places=place.at,
    )


def highs() -> Any:
    """Return a new, silent HiGHS with the settings that suit this program."""
    solver = highspy.Highs()
    for name, value in {"output_flag": False, **SOLVER}.items():
        solver.setOptionValue(name, value)
    return solver


def hand_over(solver: Any, made: Program) -> None:
    """Pass a program to HiGHS in one call, as arrays: ten times quicker than by a ``HighsLp``."""
    columns, rows = len(made.cost), len(made.row_lower)
    status = solver.passModel(
        columns,
        rows,
        len(made.values),
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize),
        0.0,
        made.cost,
        np.zeros(columns),
        made.upper,
        made.row_lower,
        made.row_upper,
        made.starts,
        made.index,
        made.values,
        np.zeros(columns, dtype=np.int32),  # none has to be whole
    )
    if status != highspy.HighsStatus.kOk:
        msg = "HiGHS refused the program"
        raise RuntimeError(msg)


def optimum(solver: Any) -> tuple[float, Array, Array]:
    """Solve what HiGHS holds; return the objective, values and duals."""
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        msg = f"HiGHS ended with {solver.getModelStatus()}"
        raise RuntimeError(msg)
    found = solver.getSolution()
    value = float(solver.getInfo().objective_function_value)
    return value, np.asarray(found.col_value), np.asarray(found.row_dual)


def solve(case: Case, clock: Clock) -> Answer:
    """Build, hand over and solve the program in one piece."""
    clock.start()
    facts = of_case(case)
    solver = highs()
    hand_over(solver, program(facts, everything(facts)))
    objective, *_ = optimum(solver)
    return Answer([objective], clock.stop())


if __name__ == "__main__":
    main(solve)
