"""Stochastic programs with recourse, as arrays: the extensive form, or a decomposition of it.

``ExtensiveForm`` holds the programs of all scenarios in one (Birge & Louveaux (2011), Introduction
to Stochastic Programming, 2nd ed., ch. 2 and 3). Scenarios with the same history share their
columns. The objective is the expected cost, or in part the conditional value at risk, which is
linear (Rockafellar & Uryasev (2000), Journal of Risk 2(3)).

``MasterProblem`` takes several such subproblems that share only a few limits and the tail of the
sum of their costs (Dantzig & Wolfe (1960), Operations Research 8(1)). A policy is a plan of one
subproblem for all scenarios, and a column of the master problem. The duals of the master problem
price the limits, and each subproblem returns its cheapest policy at these prices. A convex
combination of policies is a plan. At any prices, the costs of the subproblems give a lower bound
(Lagrange).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from models import case, solve, tolerances
from models.answers.search import WarmStartedSequence, first_proven
from models.errors import SolverError
from models.program import TONNES, Scaling, choose_scaling
from models.program.component import FRACTION
from models.resolve import Bools, Floats, Ints
from models.solve import highs

_MOST_ROUNDS = 100
"""The most rounds of prices and policies; a gap that is still open then is reported."""
_ENOUGH = 0.01
"""The search ends at this part of a proof's largest gap, or where a proven gap stops halving."""
_RADIUS = 0.1
"""Box-step radius of the prices, as a fraction of the largest price, doubled each round."""
_STEADY = 0.8
"""Smoothing weight of the scenarios' weights, reduced by 0.1 each round."""


# ---- costs by scenario ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Tail:
    """The objective: (1 - weight) x mean + weight x CVaR of the scenarios' costs.

    The CVaR is the mean cost of the most expensive 1 - ``alpha`` of all scenarios, by probability.
    If 1 - ``alpha`` is smaller than every probability, it is the cost of the most expensive
    scenario.
    """

    alpha: float = 0.95
    weight: float = 0.0

    @property
    def counts(self) -> bool:
        """Whether the objective is not simply the mean, which the CVaR is at ``alpha`` 0."""
        return self.weight > 0 and self.alpha > 0


def cvar(costs: Floats, chances: Floats, alpha: float) -> float:
    """Return the conditional value at risk [money] of ``costs`` [s] with probabilities [s].

    That is the mean cost of the most expensive 1 - ``alpha`` of all scenarios, by probability.
    """
    order = np.argsort(-costs, kind="stable")
    before = np.cumsum(chances[order]) - chances[order]
    part = np.clip((1.0 - alpha) - before, 0.0, chances[order])
    total = float(part.sum())
    return float((part * costs[order]).sum()) / total if total > 0 else float(costs.max())


def valued(costs: Floats, chances: Floats, tail: Tail) -> float:
    """Return the objective of a plan under risk [money], from its cost in each scenario [s]."""
    expected = float((chances * costs).sum())
    if not tail.weight:
        return expected
    return (1.0 - tail.weight) * expected + tail.weight * cvar(costs, chances, tail.alpha)


def tail_weights(chances: Floats, alpha: float) -> Floats:
    """Return the weight in the CVaR of each scenario's cost above eta, the value at risk [s].

    It is the probability / (1 - ``alpha``). All weights are 0 if 1 - ``alpha`` is not above the
    smallest probability: the CVaR is then the largest cost. Raises ValueError for a probability of
    0: eta would not be below the cost of that scenario.
    """
    if not (chances > 0).all():
        msg = "each scenario needs a probability above 0"
        raise ValueError(msg)
    tail = 1.0 - alpha
    return chances / tail if tail > chances.min() else np.zeros(len(chances))


# ---- the extensive form, as arrays ---------------------------------------------------------------


@dataclass(frozen=True)
class ScenarioProgram:
    """The program of one scenario, with an id for each of its columns and rows.

    Columns with the same id are one decision for all scenarios. Equal rows with the same id are
    merged. The units are those of ``models.program``.
    """

    rows: solve.LinearProgram
    column_ids: Ints
    row_ids: Ints
    column_unit: Any
    row_unit: Any


class ExtensiveForm:
    """The programs of all scenarios as one program, ``rows``.

    ``place`` has by scenario the positions of its columns in ``rows``. The tail is counted in
    ``unit`` [money].
    """

    def __init__(
        self,
        scenarios: Sequence[ScenarioProgram],
        chances: Floats,
        tail: Tail | None = None,
        *,
        need: float = 1.0,
        unit: float = 1.0,
    ) -> None:
        """Join the scenarios' programs; violations are relative to ``need`` [t]."""
        self.scenarios, self.chances = scenarios, chances
        self.tail, self.need = tail or Tail(), need
        every = np.concatenate([s.column_ids for s in scenarios])
        self.numbers, inverse = np.unique(every, return_inverse=True)
        ends = np.cumsum([len(s.column_ids) for s in scenarios])[:-1]
        self.place: list[Ints] = np.split(inverse.astype(np.int64), ends)
        programs, count = [s.rows for s in scenarios], len(self.numbers)
        # [column of any scenario]: its scenario, its column in ``rows``, and its cost
        self._scenario_of = np.repeat(np.arange(len(scenarios)), [len(r.cost) for r in programs])
        self._column_of, self._cost = inverse, np.concatenate([r.cost for r in programs])
        lower, upper = np.full(count, np.inf), np.full(count, -np.inf)
        whole, self.column_unit = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int8)
        for scenario, place in zip(scenarios, self.place, strict=True):
            # where scenarios differ in the bounds of a shared column, the widest never bind: the
            # scenarios' rows limit the column, too
            np.minimum.at(lower, place, scenario.rows.lower)
            np.maximum.at(upper, place, scenario.rows.upper)
            whole[place] |= scenario.rows.whole
            self.column_unit[place] = scenario.column_unit
        self.rows = solve.LinearProgram(
            cost=self.weighted_costs(chances),
            lower=lower,
            upper=upper,
            whole=whole,
            **self._merged_rows(programs),
        )
        if self.tail.counts:
            self._add_tail(unit)

    def _merged_rows(self, programs: Sequence[solve.LinearProgram]) -> dict[str, Any]:
        """Return limits and nonzeros of the rows of all scenarios, without equal rows of one id."""
        # [row of any scenario]
        widths = np.concatenate([np.diff(r.starts) for r in programs])
        lower = np.concatenate([r.row_lower for r in programs])
        upper = np.concatenate([r.row_upper for r in programs])
        ids = np.concatenate([s.row_ids for s in self.scenarios])
        # [nonzero of any scenario], each row's sorted by column, so that equal rows look the same
        row_of = np.repeat(np.arange(len(widths)), widths)
        column_of = np.concatenate(
            [place[r.columns] for r, place in zip(programs, self.place, strict=True)]
        )
        order = np.argsort(row_of * max(len(self.numbers), 1) + column_of, kind="stable")
        column_of = column_of[order]
        values = np.concatenate([r.values for r in programs])[order]
        # a row is left out if it equals the first row with its id
        _, at, inverse = np.unique(ids, return_index=True, return_inverse=True)
        first: Ints = at[inverse]
        kept = first == np.arange(len(first))
        kept |= (lower != lower[first]) | (upper != upper[first])
        kept |= _rows_that_differ(first, widths, column_of, values)
        self._kept = kept
        self.row_unit = np.concatenate([s.row_unit for s in self.scenarios])[kept]
        return {
            "row_lower": lower[kept],
            "row_upper": upper[kept],
            "starts": np.concatenate([[0], np.cumsum(widths[kept])]).astype(np.int64),
            "columns": column_of[kept[row_of]],
            "values": values[kept[row_of]],
        }

    def _add_tail(self, unit: float) -> None:
        """Add eta, one q per scenario, and the rows q >= cost - eta, all in ``unit``."""
        rows, weight, count = self.rows, self.tail.weight, len(self.chances)
        weights, eta = tail_weights(self.chances, self.tail.alpha), len(rows.cost)
        each = np.arange(count)
        entries = (
            len(rows.row_lower) + np.concatenate([self._scenario_of, each, each]),
            np.concatenate([self._column_of, np.full(count, eta), eta + 1 + each]),
            np.concatenate([-self._cost / unit, np.ones(2 * count)]),
        )
        columns = (
            weight * unit * np.append(1.0, weights),
            np.append(-np.inf, np.zeros(count)),
            np.append(np.inf, np.where(weights > 0, np.inf, 0.0)),
        )
        rows = dataclasses.replace(rows, cost=(1.0 - weight) * rows.cost)
        self.rows = rows.extended(entries, columns, (np.zeros(count), np.full(count, np.inf)))
        self.column_unit = np.append(self.column_unit, np.full(count + 1, FRACTION, np.int8))
        self.row_unit = np.append(self.row_unit, np.full(count, FRACTION, np.int8))

    def joined_basis(self, statuses: Sequence[tuple[Any, Any]]) -> Any:
        """Return a basis of ``rows`` from the statuses of each scenario's columns and rows.

        It need not be complete or feasible: the solver completes it, and begins there.
        """
        columns = np.zeros(len(self.rows.cost), dtype=np.uint8)
        for place, (of_columns, _) in zip(self.place, statuses, strict=True):
            columns[place] = of_columns
        rows = np.ones(len(self.rows.row_lower), dtype=np.uint8)
        of_rows = np.concatenate([of_rows for _, of_rows in statuses])[self._kept]
        rows[: len(of_rows)] = of_rows
        return highs.basis_of(columns, rows)

    def weighted_costs(self, weights: Floats) -> Floats:
        """Return the cost of each column [money] with the given weights of scenarios [s]."""
        amounts = weights[self._scenario_of] * self._cost
        return solve.summed_at((self._column_of,), amounts, (len(self.numbers),))

    def solved(
        self,
        rows: solve.LinearProgram | None = None,
        is_accepted: Callable[[list[Floats]], bool] = lambda _: True,
        search: case.SearchLimits = case.NO_SEARCH_LIMITS,
        start: Any = None,
    ) -> tuple[list[Floats], solve.Certificate, Any]:
        """Return the proven values by scenario, the proof, and the basis.

        ``rows`` is the extensive form with other bounds. ``is_accepted`` is an additional test that
        the values by scenario must pass. ``search`` limits the search for integer columns.
        ``start`` is a basis near the optimum; it is no use with integer columns. Raises SolverError
        where no attempt is proven.
        """
        accepted = search.gap if search.seconds is None else np.inf
        rows = self.rows if rows is None else rows

        def accepts(solution: solve.Solution, proof: solve.Certificate) -> bool:
            return proof.passed_within(accepted) and is_accepted(self.by_scenario(solution.x))

        units = {"column_unit": self.column_unit, "row_unit": self.row_unit}
        scaled = partial(choose_scaling, rows, need=self.need, **units)
        limits = {"seconds": search.seconds, "gap": search.gap}
        question = f"plan for {len(self.scenarios)} futures at once"  # the user's word
        proof_of = partial(self.certificate, rows)
        if start is not None and not rows.whole.any():
            attempts = (highs.NEAR,)
            with suppress(SolverError):
                solution, proof = first_proven(
                    question, rows, scaled, proof_of, accepts, attempts, start=start
                )
                return self.by_scenario(solution.x), proof, solution.basis
        solution, proof = first_proven(question, rows, scaled, proof_of, accepts, **limits)
        return self.by_scenario(solution.x), proof, solution.basis

    def by_scenario(self, x: Floats) -> list[Floats]:
        return [x[place] for place in self.place]

    def joined(self, x: Sequence[Floats]) -> Floats:
        """Return the values of all columns without those of the tail, from each scenario's."""
        values = np.full(len(self.numbers), np.nan)
        for place, scenario_x in zip(self.place, x, strict=True):
            values[place] = scenario_x
        return values

    def costs(self, x: Sequence[Floats]) -> Floats:
        """Return the cost of each scenario [s] in money."""
        return np.array(
            [(s.rows.cost * values).sum() for s, values in zip(self.scenarios, x, strict=True)]
        )

    def certificate(self, rows: solve.LinearProgram, solution: solve.Solution) -> solve.Certificate:
        """Return the proof of a solution, passed or not; the program counts as one block."""
        tonnes = (self.column_unit == TONNES, self.row_unit == TONNES)
        proofs = solve.certify_alone(rows, solution, self.need, tonnes)
        return proofs.of_block(0, mip_gap=solution.mip_gap)


def _rows_that_differ(first: Ints, widths: Ints, column_of: Ints, values: Floats) -> Bools:
    """Return which rows differ in their nonzeros from the row given by ``first``.

    ``first`` and ``widths`` have one entry a row, ``column_of`` and ``values`` one a nonzero.
    """
    starts = np.concatenate([[0], np.cumsum(widths)])
    has_same_width = widths == widths[first]
    # [nonzero of a row as wide as its first row]: it, its row, and the nonzero it is compared with
    entries = np.flatnonzero(np.repeat(has_same_width, widths))
    row_of = np.repeat(np.arange(len(widths)), np.where(has_same_width, widths, 0))
    compared = entries - starts[row_of] + starts[first[row_of]]
    differs = (column_of[entries] != column_of[compared]) | (values[entries] != values[compared])
    return np.asarray(~has_same_width | (np.bincount(row_of[differs], minlength=len(widths)) > 0))


# ---- subproblems that share few limits -----------------------------------------------------------


@dataclass(frozen=True)
class MergedScenarios:
    """One subproblem in extensive form, its scenarios with the same data merged.

    ``scenario_of`` [s] is the merged scenario of original scenario s. One unit of the column at
    ``columns`` [i] uses ``uses`` [limit, i] of each shared limit. ``start`` is a basis near the
    optimum, or None. Raises ValueError if the form has a tail, since the master problem has one for
    all subproblems' costs together, or for a column that the form doesn't have, such as -1.
    """

    extensive: ExtensiveForm
    scenario_of: Ints
    columns: Ints
    uses: Floats
    start: Any = None

    def __post_init__(self) -> None:
        if self.extensive.tail.counts:
            msg = "a subproblem has no tail: there is one, for the sum of all subproblems' costs"
            raise ValueError(msg)
        if ((self.columns < 0) | (self.columns >= len(self.extensive.numbers))).any():
            msg = "a limit is on columns that the subproblem doesn't have"
            raise ValueError(msg)

    def policy_solver(self) -> WarmStartedSequence:
        """Return the warm-started sequence of programs that finds the subproblem's policies."""
        form = self.extensive
        units = (form.column_unit, form.row_unit)
        return WarmStartedSequence(
            form.rows, "policy", need=form.need, measure=form.need, units=units,
            start=self.start, warm=highs.NEAR,
        )  # fmt: skip

    def policy(
        self, asked: WarmStartedSequence, rows: solve.LinearProgram, prices: Floats, weights: Floats
    ) -> tuple[Policy, solve.Certificate]:
        """Return the cheapest policy at ``prices`` [limit] and ``weights`` [s], and its proof.

        ``rows`` is the extensive form with other bounds.
        """
        form = self.extensive
        own_weights = solve.summed_at((self.scenario_of,), weights, (len(form.scenarios),))
        cost = form.weighted_costs(own_weights)
        np.add.at(cost, self.columns, (prices[:, None] * self.uses).sum(axis=0))
        solution, proof = asked.solved(dataclasses.replace(rows, cost=cost))
        used = np.flatnonzero(solution.x)
        costs = form.costs(form.by_scenario(solution.x))[self.scenario_of]
        return Policy(used, solution.x[used], costs, self.limit_use(solution.x)), proof

    def limit_use(self, x: Floats) -> Floats:
        return np.asarray((self.uses * x[self.columns]).sum(axis=1))


@dataclass(frozen=True)
class Policy:
    """A plan of a subproblem for all its scenarios: ``amounts`` of ``columns``, all others 0.

    ``costs`` [s] in money covers all scenarios of the master problem; ``limit_use`` [limit] is the
    amount used of each limit.
    """

    columns: Ints
    amounts: Floats
    costs: Floats
    limit_use: Floats


@dataclass(frozen=True)
class ConvexCombination:
    """The best convex combination of policies: the values ``x`` of each subproblem's columns.

    ``least`` [money] is the lower bound that ``prices`` [limit] and ``weights`` [s] prove, up to
    ``dual_infeasibility``. ``overrun`` is the largest relative violation of a limit. ``pools`` has
    each subproblem's policies.
    """

    x: tuple[Floats, ...]
    least: float
    dual_infeasibility: float
    overrun: float
    prices: Floats
    weights: Floats
    pools: tuple[tuple[Policy, ...], ...]


class MasterProblem:
    """The subproblems that share ``limits`` (> 0) and the ``tail`` of the sum of their costs.

    ``chances`` [s] (> 0) are the probabilities of all scenarios; money is in multiples of ``unit``.
    """

    def __init__(
        self,
        subproblems: Sequence[MergedScenarios],
        limits: Floats,
        chances: Floats,
        tail: Tail,
        unit: float,
    ) -> None:
        self.subproblems, self.limits, self.chances, self.unit = subproblems, limits, chances, unit
        self.weight = tail.weight if tail.counts else 0.0
        self.tail_weights = tail_weights(chances, tail.alpha)
        self._solvers = [each.policy_solver() for each in subproblems]

    def best_mix(
        self,
        rows: Sequence[solve.LinearProgram],
        start: ConvexCombination | None = None,
        search: case.SearchLimits = case.NO_SEARCH_LIMITS,
    ) -> ConvexCombination:
        """Return the best convex combination, proven optimal unless ``search`` ends it early.

        ``rows`` has each subproblem's extensive form with other bounds. ``start`` has policies and
        prices to begin with, and its first policies keep the limits together. Without it, the
        cheapest policies at prices of 0 have to keep them: fix what the limits are on. Raises
        SolverError if the first policies exceed a limit, or where a program is not proven.
        """
        ends = time.perf_counter() + (np.inf if search.seconds is None else search.seconds)
        proven, enough = (max(f * tolerances.MOST_GAP, search.gap) for f in (0.5, _ENOUGH))
        pools = [list(pool) for pool in start.pools] if start else [[] for _ in self.subproblems]
        prices = best_prices = start.prices if start else np.zeros(len(self.limits))
        weights = best_weights = start.weights if start else self.chances
        least, dual_infeasibility, last = -np.inf, 0.0, np.inf
        for i in range(_MOST_ROUNDS):
            every = zip(self.subproblems, self._solvers, rows, strict=True)
            policies = [each.policy(solver, r, prices, weights) for each, solver, r in every]
            bound = sum(proof.dual for _, proof in policies) - float((prices * self.limits).sum())
            if bound > least:
                least, best_prices, best_weights = bound, prices, weights
                dual_infeasibility = max(proof.dual_infeasibility for _, proof in policies)
            for pool, (policy, _) in zip(pools, policies, strict=True):
                pool.append(policy)
            mix, value, next_prices, next_weights = self._master(pools)
            gap, before = self.gap(value, least), last
            last = gap
            is_proven = gap <= enough or before / 2 < gap <= proven
            if is_proven or time.perf_counter() > ends:
                break
            # prices from few policies oscillate: at first they stay near those of the best bound
            kept = max(0.0, _STEADY - i / 10) if start else 0.0
            weights = kept * best_weights + (1.0 - kept) * next_weights
            radius = _RADIUS * 2.0**i * (np.max(best_prices, initial=0.0) or np.inf)
            least_prices = np.maximum(best_prices - radius, 0.0)
            prices = np.clip(next_prices, least_prices, best_prices + radius)
        x = tuple(np.zeros(len(program.cost)) for program in rows)
        for values, pool, of_pool in zip(x, pools, mix, strict=True):
            for policy, share in zip(pool, of_pool.tolist(), strict=True):
                values[policy.columns] += share * policy.amounts
        uses = (each.limit_use(values) for each, values in zip(self.subproblems, x, strict=True))
        overrun = float(np.max(sum(uses, -self.limits) / self.limits, initial=0.0))
        policies_of = tuple(map(tuple, pools))
        return ConvexCombination(
            x, least, dual_infeasibility, overrun, best_prices, best_weights, policies_of
        )

    def gap(self, value: float, least: float) -> float:
        """Return the relative gap between a plan's cost and the lower bound."""
        return (value - least) / max(abs(value), self.unit)

    def _master(
        self, pools: Sequence[Sequence[Policy]]
    ) -> tuple[list[Floats], float, Floats, Floats]:
        """Return the weights of each subproblem's policies, their value [money], the next prices.

        Prices are of the limits [money] and weights of the scenarios. The columns are the policies,
        then eta and one q per scenario if the tail counts. The rows make the weights of each
        subproblem add up to 1, keep the limits, and say q >= cost - eta.
        """
        policies = [policy for pool in pools for policy in pool]
        subproblem_of = np.repeat(np.arange(len(pools)), [len(pool) for pool in pools])
        count, limits = len(policies), len(self.limits)
        scenarios = len(self.chances) if self.weight else 0  # the rows of the tail
        costs = np.array([policy.costs for policy in policies]).T / self.unit  # [s, policy]
        limit_use = np.array([policy.limit_use for policy in policies]).T.reshape(limits, count)
        shares = limit_use / self.limits[:, None]  # [limit, policy]
        tail_row, used = len(pools) + limits, np.nonzero(shares)
        entries = [
            (subproblem_of, np.arange(count), np.ones(count)),
            (len(pools) + used[0], used[1], shares[used]),
        ]
        cost = (1.0 - self.weight) * (self.chances[:, None] * costs).sum(axis=0)
        lower, upper = np.zeros(count), np.full(count, np.inf)
        if scenarios:
            each, paid = np.arange(scenarios), np.nonzero(costs)
            entries += [
                (tail_row + paid[0], paid[1], -costs[paid]),
                (tail_row + each, np.full(scenarios, count), np.ones(scenarios)),
                (tail_row + each, count + 1 + each, np.ones(scenarios)),
            ]
            cost = np.concatenate([cost, self.weight * np.append(1.0, self.tail_weights)])
            lower = np.concatenate([lower, [-np.inf], np.zeros(scenarios)])
            is_above_eta = np.where(self.tail_weights > 0, np.inf, 0.0)
            upper = np.concatenate([upper, [np.inf], is_above_eta])
        # the first policies keep the limits up to rounding, which the limits allow
        allowed = np.maximum(1.0, shares[:, _first_positions(pools)].sum(axis=1))
        if (allowed > 1.0 + tolerances.MOST_VIOLATION).any():
            msg = f"the first policies use {allowed.max():.6g} times what a shared limit allows"
            raise SolverError(msg)
        ones = np.ones(len(pools))
        rows = solve.LinearProgram.of(
            [np.concatenate(pieces) for pieces in zip(*entries, strict=True)],
            (cost, lower, upper),
            (
                np.concatenate([ones, np.full(limits, -np.inf), np.zeros(scenarios)]),
                np.concatenate([ones, allowed, np.full(scenarios, np.inf)]),
            ),
        )
        sizes = np.ones(len(cost)), np.ones(tail_row + scenarios)
        solution, proof = first_proven(
            "mix of policies",
            rows,
            lambda **_: Scaling(*sizes, *sizes),
            lambda x: solve.certify_alone(rows, x, 1.0, (sizes[0] > 0, sizes[1] > 0)).of_block(0),
        )
        _, limit_duals, tail_duals = np.split(solution.duals, [len(pools), tail_row])
        weights = solution.x[:count]
        weights = np.where(weights > tolerances.POLICY_WEIGHT, weights, 0.0)
        mix = [part / part.sum() for part in np.split(weights, _first_positions(pools)[1:])]
        prices = np.maximum(-limit_duals, 0.0) * self.unit / self.limits
        return mix, proof.primal * self.unit, prices, self._scenario_weights(tail_duals)

    def _scenario_weights(self, tail_duals: Floats) -> Floats:
        """Return the scenarios' weights [s]: the duals of the tail, clipped to their bounds.

        What clipping takes or adds is given to the others, so that the weights of the tail add up
        to its own. With these weights the bound is valid for any duals.
        """
        if not self.weight:
            return self.chances
        most = self.weight * np.where(self.tail_weights > 0, self.tail_weights, 1.0)
        weights = np.clip(tail_duals, 0.0, most)
        rest = self.weight - float(weights.sum())
        headroom = most - weights if rest > 0 else weights
        weights += rest * headroom / max(float(headroom.sum()), 1e-300)
        return np.asarray((1.0 - self.weight) * self.chances + weights)


def _first_positions(pools: Sequence[Sequence[Policy]]) -> Ints:
    return np.cumsum([0, *(len(pool) for pool in pools)])[:-1]
