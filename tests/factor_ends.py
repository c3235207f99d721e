"""Hold both ends of every factor against plain plans of the edited workbook, outside the suite.

    python -m tests.factor_ends inputs/plain.xlsx inputs/magnets.xlsx --first 0 --last 100

Each end of each number of ``planner sensitivity`` is planned again without sensitivity's code: the
cells that the study names are multiplied in the workbook's tables, which are read, checked and
solved as a workbook of their own. Total cost, missing tonnes and, of the same plan, cash must be
those of the study. For the numbers that change what is built the worth of knowing is computed
again: the edited workbook is also planned with the builds of the base plan. ``--study`` has the
answer of ``planner sensitivity --json``, if it is known already. Exit code 1: something differs.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from models.case import Case
from models.plan import BUILT, Plan, Session
from models.plan.block_solver import BlockSolver
from models.program import build_program
from models.program.families.projects import BUDGET
from models.resolve import Expanded
from planner.workbook.read import read_tables
from tests.study.sensitive import NEAR, Book, edited, studied

FIGURES = ("cost", "missing", "cash", "worth")


def tables_of(path: Path) -> Book:
    """Return the cells of a workbook's sheets: a dict by header for each row below the first."""
    book = openpyxl.load_workbook(path, data_only=True)
    found = dict[str, list[dict[str, object]]]()
    for sheet in book.worksheets:
        headers, *rows = [[*row] for row in sheet.iter_rows(values_only=True)] or [[]]
        named = [h for h in headers if h is not None]
        if len(named) == len({*named}):
            found[sheet.title] = [
                {str(h): v for h, v in zip(headers, row, strict=True) if h is not None}
                for row in rows
            ]
    return found


def cost_with_builds(case: Case, base: Plan) -> float:
    """Return the least cost of a case with the builds of the base plan, whatever the budget."""
    keys, amounts = base.component_arrays(BUILT)
    built = dict(zip(zip(*map(np.ndarray.tolist, keys), strict=True), amounts, strict=True))
    expanded = Expanded(case)
    program = build_program(expanded)
    rows = program.rows
    lower, upper, most = rows.lower.copy(), rows.upper.copy(), rows.row_upper.copy()
    for columns in program.variables:
        if columns.component is BUILT:
            index = zip(*map(np.ndarray.tolist, columns.index), strict=True)
            lower[columns.at] = upper[columns.at] = [built.get(key, 0.0) for key in index]
    for limits in program.constraints:
        if limits.component is BUDGET:
            most[limits.at] = np.inf
    fixed = dataclasses.replace(rows, lower=lower, upper=upper, row_upper=most)
    solver = BlockSolver(expanded, dataclasses.replace(program, rows=fixed), is_compared=False)
    return sum(result.certificate.primal for result in solver.solve_all())


def apart(one: float, other: float, least: float = 1.0) -> float:
    return abs(one - other) / max(least, abs(one), abs(other))


def differences(
    book: Book, factors: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield each end, and by figure how far the study is from a plain plan (relative)."""
    base = Session(read_tables(book).case, is_compared=False).base
    for row in factors:
        lost, known = [], row["builds"] == "yes" and row["worth_usd"] is not None
        for end in ("low", "high"):
            cost = row[f"cost_{end}_usd"]
            if cost is None:
                continue
            case = read_tables(edited(book, row["sheet"], row["cells"], row[end])).case
            plan = Session(case, is_compared=False).base
            found = {
                "cost": apart(cost, plan.objective),
                "missing": apart(row[f"short_{end}_t"], plan.shortage),
            }
            if found["cost"] < 1e-14 and found["missing"] < 1e-12:  # of equally cheap ones, this
                found["cash"] = apart(row[f"cash_{end}_usd"], plan.cash)
            lost.append(cost_with_builds(case, base) - plan.objective if known else 0.0)
            yield f"{row['what']} ({row['sheet']} {row['cells']}), {end}", found
        if known:
            ends = [float(row[end]) != 1.0 for end in ("low", "high")]
            worth = max(0.0, sum(lost) / len(ends))
            yield (
                f"{row['what']}, worth of knowing",
                {"worth": apart(row["worth_usd"], worth, NEAR * abs(base.objective))},
            )


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("files", type=Path, nargs="+")
    asked.add_argument("--study", type=Path)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--last", type=int)
    options, code = asked.parse_args(), 0
    for path in options.files:
        book = tables_of(path)
        if options.study:
            factors = json.loads(options.study.read_text("utf-8"))["factors"]
        else:
            study, tables = studied(book)
            answer: Any = study.answer(tables)
            factors = answer["factors"]
        part = factors[options.first : options.last]
        worst, count = dict.fromkeys(FIGURES, 0.0), dict.fromkeys(FIGURES, 0)
        for name, found in differences(book, part):
            for figure, by in found.items():
                worst[figure], count[figure] = max(worst[figure], by), count[figure] + 1
                if by > NEAR:
                    code = 1
                    sys.stdout.write(f"{name}: {figure} differs by {by:.2g}\n")
            done = count["cost"]
            if done % 50 == 0:
                sys.stderr.write(f"{path.name}: {done} ends, {worst}\n")
        said = ", ".join(f"{f} {worst[f]:.1e} of {count[f]}" for f in FIGURES)
        numbers = f"{len(part)} of {len(factors)} numbers"
        sys.stdout.write(f"{path.name}: {numbers}; differ at most by: {said}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
