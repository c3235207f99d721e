"""Checks: the proof of the plan, what was odd in the input, and every default taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.results import Checks, Look
from models.solve import MOST_GAP, MOST_VIOLATION
from planner.render.table import Cell
from planner.sheets.context import Context, once

_MOST_RECOUNT = 1e-9
"""Accepted relative difference between the objective and the cost recounted from the tables."""

MADE_WITH = "Options as typed: "
"""What stands before the run's options, so that they can be applied again."""

WORST = (
    "Largest violation of any constraint",
    "The largest violation against the largest need of the same minerals and years",
    "The same against each mineral's own largest demand",
)
"""Figures of the proof that name behind them where they were reached."""

_NAMED = 3
"""How many minerals of a block are named."""


@dataclass
class _Rows:
    """Rows of the sheet, by field; values with their looks."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(  # noqa: PLR0913 - a row has many parts, all of them named
        self,
        kind: str,
        text: str,
        *,
        passed: bool | None = None,
        place: tuple[str, str, str] = ("", "", ""),
        value: Cell = None,
        look: Look = Look.COUNT,
        accepted: float | None = None,
        unit: str = "",
    ) -> None:
        """Add a row."""
        sheet, cell, column = place
        self.rows.append(
            {
                "check": kind,
                "passed": "" if passed is None else "yes" if passed else "no",
                "sheet": sheet,
                "cell": cell,
                "column": column,
                "what": text,
                "value": value,
                "look": look,
                "accepted": accepted,
                "unit": unit,
            }
        )

    def proof(self, text: str, value: float, accepted: float, unit: str) -> None:
        """Add a figure of the proof: it passes up to what is accepted."""
        self.add(
            "proof",
            text,
            passed=bool(value <= accepted),
            value=float(value) if np.isfinite(value) else None,
            look=Look.TINY,
            accepted=accepted,
            unit=unit,
        )


@once
def checks(context: Context) -> Checks:
    """Return the sheet Checks."""
    rows = _Rows()
    _proof(context, rows)
    _program(context, rows)
    passed = all(row["passed"] != "no" for row in rows.rows)
    verdict = _Rows()
    words = (
        "Passed: the plan is optimal and keeps to the case."
        if passed
        else "Not passed: see the rows that say no."
    )
    verdict.add("verdict", words, passed=passed)
    for finding in context.book.warnings:
        cell = finding.cell or (f"row {finding.row}" if finding.row else "")
        rows.add("warning", finding.message, place=(finding.sheet, cell, finding.column))
    for taken in context.book.defaults:
        rows.add(
            "default",
            f"Blank. Used: {taken.used}",
            place=(taken.sheet, "", taken.column),
            value=taken.cells,
            unit="blank cells",
        )
    made = verdict.rows + rows.rows
    data: dict[str, Any] = {f.name: [row[f.name] for row in made] for f in Checks.FIELDS}
    return Checks(looks={Checks.value.name: [row["look"] for row in made]}, **data)


def _proof(context: Context, rows: _Rows) -> None:
    proof = context.plan.proof
    fixed = " (holds for the builds fixed)" if context.case.settings.whole_projects else ""
    at = f", at {proof.violated}" if proof.violated else ""
    rows.proof(f"{WORST[0]}{at}", proof.violation, proof.allowed, "t")
    _by_block(context, rows)
    rows.proof(f"Largest dual infeasibility{fixed}", proof.dual_infeasibility, MOST_GAP, "relative")
    rows.proof(f"Gap between primal and dual objective{fixed}", proof.gap, MOST_GAP, "relative")
    if context.case.settings.whole_projects:
        rows.proof("Gap of the search over whole builds", proof.mip_gap, 0.0, "relative")
    _recount(context, rows)


def _by_block(context: Context, rows: _Rows) -> None:
    """The largest violation of each block against its own need: small minerals are not lost."""
    expanded = context.plan.expanded
    worst, where = 0.0, ""
    for block in context.plan.blocks:
        share = block.certificate.violation
        if share > worst:
            cells = context.plan.program.blocks[block.block]
            names = [expanded.minerals[m] for m in sorted({m for m, _ in cells})]
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            worst, where = share, ", ".join(names[:_NAMED]) + more
    at = f", reached for {where}" if where else ""
    rows.proof(
        f"{WORST[1]}{at}",
        worst,
        MOST_VIOLATION,
        "relative",
    )


def _recount(context: Context, rows: _Rows) -> None:
    """The totals counted again from the plan's tables and the case."""
    plan = context.plan
    recounted = float(plan.costs["discounted"].sum())
    scale = max(abs(plan.objective), abs(recounted), 1e-12)
    rows.proof(
        "Total cost recounted from the tables against the solver's",
        abs(plan.objective - recounted) / scale,
        _MOST_RECOUNT,
        "relative",
    )
    supply, stocks = plan.supply, plan.stocks
    kept = {
        (row["mineral"], row["member"], row["year"]): row["closing"] - row["opening"]
        for row in stocks.to_dict("records")
    }
    keys = zip(supply["mineral"], supply["member"], supply["year"], strict=True)
    change = np.array([kept.get(key, 0.0) for key in keys], dtype=float)
    left = supply["purchased"] - change + supply["short"] - supply["demand"]
    worst = float(left.abs().max()) if len(left) else 0.0
    rows.proof(
        "Purchases, stocks and shortage against demand, recounted from the tables",
        worst,
        plan.proof.allowed,
        "t",
    )
    by_mineral = left.abs().groupby(supply["mineral"]).max()
    largest = supply["demand"].groupby(supply["mineral"]).max()
    shares = (by_mineral / largest.where(largest > 0)).dropna()
    at = f", reached for {shares.idxmax()}" if len(shares) and shares.max() > 0 else ""
    rows.add(
        "proof",
        f"{WORST[2]}{at}",
        value=float(shares.max()) if len(shares) else 0.0,
        look=Look.TINY,
        unit="relative",
    )
    over = plan.sources["tonnes"] - plan.sources["usable"]
    worst = max(0.0, float(over.max())) if len(over) else 0.0
    rows.proof(
        "Tonnes beyond usable capacity, recounted from the tables", worst, plan.proof.allowed, "t"
    )


def _program(context: Context, rows: _Rows) -> None:
    proof = context.plan.proof
    rows.add(
        "program",
        "Blocks, each counted from the case, solved and proven alone",
        value=proof.blocks,
        unit="blocks",
    )
    rows.add(
        "program",
        "Models built and compared with the case, one for all blocks of a shape",
        value=proof.models,
        unit="models",
    )
    for text, value in (
        ("Rows (constraints)", proof.rows),
        ("Columns (variables)", proof.columns),
        ("Nonzeros", proof.nonzeros),
    ):
        rows.add("program", f"{text} of the linear program", value=value)
    rows.add(
        "program", "Attempts that failed before one passed the proof", value=len(proof.retries)
    )
    for failure in proof.retries:
        rows.add("program", failure)
    if context.made_with:
        rows.add("run", f"{MADE_WITH}{context.made_with}")
