"""Checks: the proof of the plan, what was odd in the input, and every default taken.

With the input workbook, Values, Duals and the sheet Plan are enough to prove the plan again without
solving anything (``planner.audit``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from models import measures, tolerances
from models.plan import OPTIMAL, Plan
from models.program import ComponentArrays
from models.resolve import SPOT, Floats
from models.results import Checks, Duals, Flows, Format, Result, Values
from planner.render.words import clean_text, few, search_words
from planner.seal import SEAL, SEALED, seal
from planner.sheets.context import Context, once
from planner.workbook.findings import sentence

OPTION = "run"
"""Kind of row that holds an option of the run: its name in Column, what was typed in the text.
So the options can be applied again. The seal is such a row, too."""

_WHERE = re.compile(r" of the largest need in .+(?=, dual infeasibility)")

WORST = (
    "Largest violation of any constraint",
    "Largest violation, divided by the largest need of the same minerals and years",
    "Largest violation of a mineral's balance, divided by its largest demand",
)
"""Figures of the proof that are followed by the place where they were reached."""

MIP_GAP = "Gap of the search over whole projects"
MODELS = "Pyomo models compared with the arrays, one for all blocks of the same shape"
FAILED = "Solves that failed the proof before one passed it"
"""Rows that ``planner.audit`` reads back."""
_NAMED = 3
"""Most minerals of a block that are named."""


Rows = Iterator[dict[str, Any]]
"""Rows of the sheet: cells by field, and the format of the value; missing fields are blank."""


@once
def checks(context: Context) -> Checks:
    proof = [*_proof_rows(context), *_program(context)]
    passed = all(row.get("passed") != "no" for row in proof)
    words = _all_passed(context) if passed else 'Not passed: see the rows with "no".'
    verdict = {"check": "verdict", "what": words, "passed": "yes" if passed else "no"}
    rows = [verdict, *proof, *_warning_rows(context)]
    formats = [row.pop("fmt", Format.COUNT) for row in rows]
    return Checks.of_rows(rows, formats={Checks.value.name: formats})


def _all_passed(context: Context) -> str:
    plan = context.plan
    if plan.extension is not None:
        start = "Passed: the plan keeps every rule of the case and of what was added to its model"
        return f"{start} ({plan.extension.words}), and no other plan that does is cheaper."
    if plan.status == OPTIMAL:
        return "Passed: the plan is optimal and keeps every rule of the case."
    return f"Passed: the plan keeps every rule of the case. {search_words(plan.proof.mip_gap)}"


def _warning_rows(context: Context) -> Rows:
    for finding in context.warnings:
        cell = finding.cell or (f"row {finding.row}" if finding.row else "")
        cell_words = {"sheet": finding.sheet, "cell": cell, "column": finding.column}
        yield {"check": "warning", "what": sentence(finding), **cell_words}
    for default in context.book.defaults:
        blank = {
            "what": f"Blank. Used: {default.used}",
            "value": default.cells,
            "unit": "blank cells",
        }
        yield {"check": "default", "sheet": default.sheet, "column": default.column, **blank}


def _proof_figure(text: str, value: float, accepted: float, unit: str) -> dict[str, Any]:
    """Return a figure of the proof; it passes if it is at most ``accepted``."""
    return {
        "check": "proof",
        "what": text,
        "passed": "yes" if value <= accepted else "no",
        "value": _seen(value, accepted) if np.isfinite(value) else None,
        "fmt": Format.TINY,
        "accepted": accepted,
        "unit": unit,
    }


def _seen(value: float, accepted: float) -> float:
    """Return a value of the proof, 0 if it is only rounding."""
    return float(value) if value > tolerances.PROOF_ROUNDING * accepted else 0.0


def _proof_rows(context: Context) -> Rows:
    proof, more = context.plan.proof, context.plan.extension
    added = bool(more and more.integer_count)
    is_whole = context.case.settings.whole_projects or added
    what = "integer variables" if added else "builds"
    fixed = f" (with the {what} fixed as in this plan)" if is_whole else ""
    is_seen = proof.violated and _seen(proof.violation, proof.allowed)
    where_worst = f", at {proof.violated}" if is_seen else ""
    yield _proof_figure(f"{WORST[0]}{where_worst}", proof.violation, proof.allowed, "t")
    worst, most, where_worst = 0.0, tolerances.MOST_VIOLATION, ""
    for block in context.plan.blocks:  # each by its own need: small minerals count as large ones
        if block.certificate.violation > worst:
            worst, cells = block.certificate.violation, context.plan.program.blocks[block.block]
            names = [context.plan.expanded.minerals[m] for m in sorted({m for m, _ in cells})]
            where_worst = f", reached for {few(names, _NAMED)}" if _seen(worst, most) else ""
    yield _proof_figure(f"{WORST[1]}{where_worst}", worst, most, "relative")
    text, gap = f"Largest dual infeasibility{fixed}", tolerances.MOST_GAP
    yield _proof_figure(text, proof.dual_infeasibility, gap, "relative")
    yield _proof_figure(f"Gap between primal and dual objective{fixed}", proof.gap, gap, "relative")
    if is_whole:
        search = context.case.search
        accepted = proof.mip_gap if search.seconds is not None else search.gap
        yield _proof_figure(MIP_GAP, proof.mip_gap, accepted, "relative")
    yield from _recount(context)


def _recount(context: Context) -> Rows:
    """Yield the totals, computed again from the plan's tables and the case."""
    plan = context.plan
    recounted = float(plan.costs["discounted"].sum())
    recounted += plan.extension.cost if plan.extension else 0.0
    scale = max(abs(plan.objective), abs(recounted), 1e-12)
    off = abs(plan.objective - recounted) / scale
    text = "Total cost computed from the tables, compared with the solver's"
    yield _proof_figure(text, off, tolerances.RECOUNTED_COST, "relative")
    supply, cell = plan.supply, ("mineral", "member", "year")
    stocks = plan.stocks.assign(stored=plan.stocks["closing"] - plan.stocks["opening"])
    keys = list(zip(*(supply[name] for name in cell), strict=True))
    added = measures.sums(stocks, "stored", *cell), measures.sums(plan.inputs, "tonnes", *cell)
    change, given = (np.array([s.get(key, 0.0) for key in keys], dtype=float) for s in added)
    left = (supply["purchased"] - change - given + supply["short"] - supply["demand"]).abs()
    worst = float(left.max()) if len(left) else 0.0
    text = "Purchases, stocks and shortage compared with demand, computed from the tables"
    yield _proof_figure(text, worst, plan.proof.allowed, "t")
    largest = supply["demand"].groupby(supply["mineral"]).max()
    shares = left.groupby(supply["mineral"]).max() / largest.where(largest > 0)
    shares = shares.dropna()
    most = _seen(float(shares.max()), tolerances.MOST_VIOLATION) if len(shares) else 0.0
    text = f"{WORST[2]}, reached for {shares.idxmax()}" if most else WORST[2]
    yield {"check": "proof", "what": text, "value": most, "fmt": Format.TINY, "unit": "relative"}
    yield from _input_gaps(plan)
    over = plan.sources["tonnes"] - plan.sources["usable"]
    worst = max(0.0, float(over.max())) if len(over) else 0.0
    text = "Tonnes beyond usable capacity, computed from the tables"
    yield _proof_figure(text, worst, plan.proof.allowed, "t")


def _input_gaps(plan: Plan) -> Rows:
    """Yield how far plants' inputs are from what their output needs, from the tables."""
    if not plan.expanded.plant_inputs:
        return
    keys = ("year", "mineral", "plant", "plant_project", "product")
    arrived = measures.sums(plan.inputs, "tonnes", *keys)
    made = measures.sums(plan.sources, "tonnes", "year", "refiner", "project", "mineral")
    worst = 0.0
    for plant_input in plan.expanded.plant_inputs:
        for year in plan.case.years:
            key = (
                year,
                plant_input.mineral,
                plant_input.refiner,
                plant_input.project,
                plant_input.product,
            )
            came = arrived.get(key, 0.0)
            for r, ratio in plant_input.needs:
                product = plan.expanded.sources[r].mineral
                need = ratio * made.get(
                    (year, plant_input.refiner, plant_input.project, product), 0.0
                )
                worst = max(worst, need - came if plant_input.is_joint else abs(need - came))
    what = "Plants' inputs compared with what their output needs, computed from the tables"
    yield _proof_figure(what, worst, plan.proof.allowed, "t")


def _program(context: Context) -> Rows:
    """Yield the rows on the size of the program: blocks, rows, columns, nonzeros."""
    proof = context.plan.proof
    for text, value, unit in (
        ("Blocks: independent parts of the program, each solved and proven separately",
         proof.blocks, "blocks"),
        (MODELS, proof.models, "models"),
        ("Rows (constraints) of the linear program", proof.rows, ""),
        ("Columns (variables) of the linear program", proof.columns, ""),
        ("Nonzeros of the linear program", proof.nonzeros, ""),
        (FAILED, len(proof.retries), ""),
        *((_WHERE.sub("", failure), None, "") for failure in proof.retries),
    ):  # fmt: skip
        yield {"check": "program", "what": text, "value": value, "unit": unit}
    for option, given in context.made_with:
        yield {"check": OPTION, "what": given, "column": option}
    sealed: list[Result] = [
        Flows.from_plan(context.plan),
        values_table(context),
        duals_table(context),
    ]
    sheets = {type(sheet): sheet for sheet in sealed}
    columns = tuple(sheets[result].data[field.name] for result, field in SEALED)
    yield {"check": OPTION, "what": f"{SEAL}: {seal(columns)}"}


# ---- the sheets Values and Duals -----------------------------------------------------------------

VALUES, DUALS = Values.TABLE, Duals.TABLE
THIS, FREE = "this plan", "without share limits"
"""The plan whose values and duals are listed: this one, or the same case without share limits."""


@once
def values_table(context: Context) -> Values:
    """Return the sheet Values: the variables that are not 0, by plan.

    The plans are this one, without the spot flows that the sheet Plan lists, and the one without
    share limits.
    """

    def rows_of(plan: Plan) -> Iterator[tuple[str, str, float]]:
        numbers = plan.solver_x
        if plan is context.plan:
            is_spot = plan.expanded.deliveries.contract == SPOT
            numbers[plan.program.flow[is_spot & (plan.delivered > tolerances.LEAST_FLOW)]] = 0.0
        return _keyed(plan.program.variables, numbers)

    plan, family, key, value = _stacked(context, rows_of)
    return Values(plan=plan, family=family, key=key, value=value)


@once
def duals_table(context: Context) -> Duals:
    plan, family, key, dual = _stacked(
        context, lambda plan: _keyed(plan.program.constraints, plan.prices)
    )
    return Duals(words={"money": context.currency}, plan=plan, family=family, key=key, dual=dual)


def _stacked(
    context: Context, rows_of: Callable[[Plan], Iterator[tuple[str, str, float]]]
) -> tuple[Sequence[Any], ...]:
    """Return the columns of the rows of this plan and of the plan without share limits."""
    plans = {THIS: context.plan, FREE: context.without_limits}
    stacked = [
        (whose, *row) for whose, plan in plans.items() if plan is not None for row in rows_of(plan)
    ]
    return tuple(zip(*stacked, strict=True)) if stacked else ((),) * 4


def _keyed(parts: Sequence[ComponentArrays], numbers: Floats) -> Iterator[tuple[str, str, float]]:
    """Yield family, key in words and number of every column or row whose number is not 0."""
    for group in parts:
        mine = numbers[group.at]
        filled = np.flatnonzero(mine)
        if group.is_share_limit:  # the limits of a row of Share limits together
            filled = filled[np.argsort(group.index[0][filled], kind="stable")]
        for key, number in zip(group.keys(filled), mine[filled].tolist(), strict=True):
            yield group.name, key_text(key), number


def key_text(key: Any) -> str:
    """Return a key in words: ``Cobalt | Japan | 2026``; no two keys have the same."""
    parts = [*map(str, key)] if isinstance(key, tuple) else [str(key)]
    text = " | ".join(parts)
    if "\\" in text or text.count("|") >= len(parts):  # rare: else nothing to escape
        text = " | ".join(p.replace("\\", "\\\\").replace("|", "\\|") for p in parts)
    return clean_text(text).strip()
