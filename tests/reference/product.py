"""The planner run by its public command, and what it says held against the second formulation."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import entry_points
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest

from .answer import Border
from .cells import filled, must, text
from .evaluation import evaluate
from .model import Model
from .neutral import Book, Flows, Row
from .reading import Case

MAIN = next(iter(entry_points(group="console_scripts", name="planner")))
"""The command `planner`, run in this process: a process of its own takes seconds to start."""
NEAR = 1e-6
SUMS = ("inputs_t", "tonnes", "purchases_usd", "tariffs_usd", "levies_usd", "net_cost_usd")


@dataclass
class Answer:
    """What the command prints as JSON, t short by mineral from its workbook, and the plan."""

    said: dict[str, Any]
    short: dict[str, float]
    plan: Flows


def write(book: Book, path: Path) -> None:
    """The book as a workbook."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for name, rows in book.items():
        sheet = workbook.create_sheet(name)
        headers = list(dict.fromkeys(header for row in rows for header in row))
        sheet.append(headers)
        for row in rows:
            sheet.append([row.get(header) for header in headers])
    workbook.save(path)


def run(book: Book, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The command on a book: its exit code, and what it prints as JSON."""
    source = folder / "book.xlsx"
    write(book, source)
    command = ["planner", options[0], str(source), "--json", *options[1:]]
    said, notes = StringIO(), StringIO()
    with patch.object(sys, "argv", command), redirect_stdout(said), redirect_stderr(notes):
        try:
            code = MAIN.load()()
        except SystemExit as end:
            code = end.code
    return int(code or 0), json.loads(said.getvalue())


def planned(book: Book, folder: Path, *options: str) -> Answer:
    """The plan of the planner's own command."""
    plan = folder / "plan.xlsx"
    plan.unlink(missing_ok=True)
    code, said = run(book, folder, "solve", "--output", str(plan), *options)
    assert code == 0, said
    workbook = openpyxl.load_workbook(plan, read_only=True)
    sheets = {
        name: list(records(workbook[name].iter_rows(values_only=True)))
        for name in ("Shortages", "Plan", "Stocks", "Projects", "Ore", "Inputs")
        if name in workbook.sheetnames
    }
    return Answer(said, shortages(sheets), flows(book, sheets))


def shortages(sheets: Book) -> dict[str, float]:
    """t short by mineral in the sheet Shortages."""
    result: dict[str, float] = defaultdict(float)
    for row in sheets.get("Shortages", ()):
        result[must(row, "Mineral")] += filled(row, "Short (t)", 0.0)
    return dict(result)


def flows(book: Book, sheets: Book) -> Flows:
    """The plan that a workbook shows, row by row."""
    plan, numbers = Flows(), {}
    for k, row in enumerate(book.get("Contracts", ())):
        numbers[row.get("Contract")] = k
    for row in sheets.get("Plan", ()):
        year, t = int(filled(row, "Year", 0)), filled(row, "Tonnes", 0.0)
        if row["Contract"] is not None:
            plan.contracts.append((numbers[row["Contract"]], year, t))
            continue
        who = must(row, "Refiner"), text(row, "Project"), must(row, "Mineral")
        plan.spot.append((*who, must(row, "Member"), year, t))
    for row in sheets.get("Stocks", ()):
        key = must(row, "Mineral"), must(row, "Member"), int(filled(row, "Year", 0))
        plan.stock.append((*key, filled(row, "Closing (t)", 0.0)))
    stands = {(row["Project"], row["Year"]): row["Fraction"] for row in book.get("Built", ())}
    for row in sheets.get("Projects", ()):
        key = must(row, "Project"), int(filled(row, "Year", 0))
        more = filled(row, "Started", 0.0) - float(str(stands.get(key, 0.0)))
        plan.builds.append((*key, max(0.0, more)))
    for row in sheets.get("Ore", ()):
        who = must(row, "Refiner"), text(row, "Project"), must(row, "Mineral")
        year, t = int(filled(row, "Year", 0)), filled(row, "Tonnes", 0.0)
        plan.ore.append((must(row, "Mine country"), *who, year, t))
    joint = {
        (row["Refiner"], row["Input"], row["Mineral"])
        for row in book.get("Inputs", ())
        if row.get("Joint") == "yes"
    }
    for row in sheets.get("Inputs", ()):
        year, t, name = int(filled(row, "Year", 0)), filled(row, "Tonnes", 0.0), must(row, "Input")
        plant, project, made = must(row, "Plant"), text(row, "Plant project"), must(row, "Product")
        together = project is None and (plant, name, made.split("; ")[0]) in joint
        line = plant, project, None if together else made
        if row["Supplier"] is None:
            plan.handed.append((must(row, "Member"), name, line, year, t))
        else:
            seller = must(row, "Supplier"), text(row, "Project"), name
            plan.inputs.append((seller, line, year, t))
    return plan


def records(rows: Iterator[tuple[Any, ...]]) -> Iterator[Row]:
    """Rows of a sheet by header."""
    header = next(rows)
    for row in rows:
        yield dict(zip(header, row, strict=False))


@dataclass
class Bound:
    """Least and most of a sum among the plans that cost as little as the optimum."""

    least: float
    most: float

    def holds(self, value: float, size: float) -> bool:
        """Whether a value lies in it, within rounding."""
        room = NEAR * max(size, abs(self.least), abs(self.most))
        return self.least - room <= value <= self.most + room


class Optima:
    """All plans of a book that cost as little as the optimum."""

    def __init__(self, model: Model) -> None:
        model.build_all()
        self.model = model
        self.objective, x = model.program.optimum()
        program = model.program
        for column, whole in enumerate(program.whole):
            if whole:
                program.whole[column] = False
                program.row([(column, 1.0)], "=", round(float(x[column])), mass=False)
        self.costs = list(program.cost)
        top = max(self.costs, default=0.0) or 1.0
        most = (self.objective + NEAR * NEAR * abs(self.objective)) / top
        terms = [(c, cost / top) for c, cost in enumerate(self.costs) if cost > 0]
        program.row(terms, "<=", most + NEAR * NEAR, mass=False)

    def bound(self, weights: Mapping[int, float]) -> Bound:
        """Least and most of a weighted sum of columns."""
        ends = []
        for sign in (1.0, -1.0):
            costs = [0.0] * len(self.costs)
            for column, weight in weights.items():
                costs[column] = sign * weight
            self.model.program.cost = costs
            ends.append(sign * self.model.program.optimum()[0])
        return Bound(*ends)

    def sums(self) -> dict[str, dict[int, float]]:
        """Each sum of the JSON as weights of columns."""
        model, none = self.model, Border(0.0, 0.0)
        flows = [c for columns in model.flow.values() for c in columns]
        return {
            "inputs_t": dict.fromkeys(model.inputs.values(), 1.0),
            "tonnes": dict.fromkeys(flows, 1.0),
            "purchases_usd": model.paid,
            "tariffs_usd": {c: model.border.get(c, none).tariff for c in model.paid},
            "levies_usd": {c: model.border.get(c, none).levy for c in model.paid},
            "net_cost_usd": dict(model.net()),
        }

    def shortage(self, mineral: str) -> dict[int, float]:
        """What a mineral is short in all."""
        tiers = [columns for (m, _, _), columns in self.model.short.items() if m == mineral]
        return {c: 1.0 for columns in tiers for c in columns.values()}


def differences(model: Model, answer: Answer, sums: tuple[str, ...] = SUMS) -> list[str]:
    """What the planner says otherwise than the second formulation; sums it must have."""
    optima, said, found = Optima(model), answer.said, []
    objective = pytest.approx(optima.objective, rel=NEAR, abs=NEAR)
    if said["objective_usd"] != objective:
        return [f"objective_usd {said['objective_usd']!r}, here {optima.objective!r}"]
    amounts = [*model.program.right, 1.0]
    size = max(abs(amount) for amount in amounts)
    checks = [
        (f"short of {m}", answer.short.get(m, 0.0), optima.shortage(m), size)
        for m in model.case.minerals
    ]
    every = {c: 1.0 for columns in model.short.values() for c in columns.values()}
    checks.append(("shortage_t", said["shortage_t"], every, size))
    weights, money = optima.sums(), abs(optima.objective)
    for name in sums:
        if name not in said:
            found.append(f"{name} is missing")
            continue
        checks.append((name, said[name], weights[name], size if name.endswith("_t") else money))
    for name, value, columns, scale in checks:
        bound = optima.bound(columns)
        if not bound.holds(value, scale):
            found.append(f"{name} {value!r}, here {bound.least!r} to {bound.most!r}")
    return found


def agrees(book: Book, folder: Path, sums: tuple[str, ...] = SUMS) -> None:
    """The planner's plan has the cost, shortages and sums found here, and keeps all rules."""
    answer = planned(book, folder)
    found = differences(Model(Case(book)), answer, sums)
    found += faults(book, answer, sums)
    assert not found, found


def faults(book: Book, answer: Answer, sums: tuple[str, ...] = SUMS) -> list[str]:
    """What the planner says otherwise than its own plan, priced and checked from the book."""
    check, said = evaluate(book, answer.plan), answer.said
    case = Case(book)
    keys = product(case.minerals, case.members, case.years)
    amounts = [case.demand(*key) for key in keys] + [t for *_, t in answer.plan.inputs]
    size = max([*amounts, 1.0])
    pairs = [(name, said[name], getattr(check.totals, name)) for name in ("shortage_t", *sums)]
    pairs.append(("objective_usd", said["objective_usd"], check.objective))
    pairs += [
        (f"max_country_share of {m}", said["max_country_share"][m], share)
        for m, share in check.max_country_share.items()
    ]
    found = [
        f"{name} {one!r}, its plan {other!r}"
        for name, one, other in pairs
        if one != pytest.approx(other, rel=NEAR, abs=NEAR * (size if name.endswith("_t") else 1))
    ]
    if check.violation > NEAR * size:
        found.append(f"{check.violated} broken by {check.violation} t")
    return found
