"""Verify: a plan proven again from its workbook and its input, and every cell of it compared."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from models import tolerances
from models.case import Case
from models.errors import Finding
from models.plan import Plan, block_solver, solving
from models.program import ComponentArrays, Program, build_program
from models.resolve import SPOT, Expanded, Floats
from models.results import Checks, Duals, Field, Flows, Summary, Values
from planner import _version, scenarios, scratch, seal
from planner.audit.compare import compare, in_common, unmatched
from planner.audit.file import RECORDS, PlanSheets, SheetRow
from planner.audit.parts import PackageParts, amiss, parts
from planner.render.words import clean, few, span
from planner.sheets import Table, write_plan
from planner.sheets.checks import DUALS, FREE, THIS, VALUES, key_text
from planner.workbook import Book, excel, plan_columns, save
from planner.workbook.grid import Grid

_SCRATCH = Path("the folder for temporary files")
_NO_NUMBER = "this cell holds no number that a plan could have"
_MOST = 1e100
"""A number beyond is no plan's, and of two that are not beyond the product is a number, too.

Amounts and prices are far below; duals need not be: where sales may grow a hundredfold a year, one
tonne more today is worth as much as all that it grows to.
"""


class ComparisonBasis(StrEnum):
    """How a plan was compared with what the planner writes."""

    PARTS = "part by part"
    CELLS = "cell by cell"
    FIELDS = "field by field"


@dataclass(frozen=True)
class Verdict:
    """What became of a plan's verification.

    ``findings`` are what does not match, in the order of the sheets, each with its cell where it
    has one; ``cells`` were compared, ``records`` of them being the run's own. ``compared`` says
    how: all parts of the file, the cells alone of one that another program saved, or the fields of
    one that another version of the planner wrote. ``is_proven`` says whether the values and duals
    that the workbook holds prove an optimum of the case, whatever its other cells say. As computed
    here: ``violation`` [t] is the largest of any constraint, up to ``allowed`` [t] of which is
    accepted; ``dual_infeasibility`` is a part of the prices in it and ``gap`` one of the objective
    [both -]; ``objective`` [money, discounted]; ``search_gap`` [-] is what the run says that a
    search for whole builds left. ``input_file`` is what the plan calls its input.
    """

    findings: tuple[Finding, ...]
    compared: ComparisonBasis = ComparisonBasis.PARTS
    is_proven: bool = False
    cells: int = 0
    records: int = 0
    sheets: int = 0
    violation: float = float("nan")
    allowed: float = float("nan")
    dual_infeasibility: float = float("nan")
    gap: float = float("nan")
    objective: float = float("nan")
    whole_projects: bool = False
    search_gap: float = 0.0
    input_file: str = ""

    @property
    def is_verified(self) -> bool:
        return not self.findings


def verify(file: PlanSheets, book: Book, case: Case, variant: scenarios.Variant) -> Verdict:
    """Return whether a workbook is the proven plan of a case, and what does not match.

    ``book`` is the input as read, ``variant`` what the recorded options ask for, ``case`` what it
    makes of the input. Nothing is solved: the file is written again from its own values and duals,
    and compared. Raises InputError where a sheet of the workbook cannot be read, and WriteError
    where there is no room to write it again.
    """
    solution = _Solution(file)
    plan = solution.plan(case, THIS)
    free = solution.beside(scenarios.drop_share_limits(case), FREE) if case.share_limits else None
    findings = solution.findings
    is_proven = not findings
    recorded = file.recorded
    if recorded.input_file:
        book = dataclasses.replace(book, path=Path(recorded.input_file))
    with contextlib.ExitStack() as stack:
        with save.told_as_write_error(_SCRATCH):
            copy = stack.enter_context(scratch.scratch_folder()) / "plan.xlsx"
            tables = write_plan(
                copy,
                plan,
                book,
                without_limits=free,
                options=variant.options,
                timings=recorded.timings,
                made_with=variant.typed,
                record=recorded.record,
                is_packed=False,
            )
        compared, differing, cells = _compared(file, copy, tables)
    proof = plan.proof
    return Verdict(
        findings=tuple(_in_order([*findings, *differing], [*tables])),
        compared=compared,
        is_proven=is_proven,
        cells=cells,
        records=sum(line.cells[0] in RECORDS for line in file.lines(Summary.measure)),
        sheets=len(file.grids),
        violation=proof.violation,
        allowed=proof.allowed,
        dual_infeasibility=proof.dual_infeasibility,
        gap=proof.gap,
        objective=plan.objective,
        whole_projects=case.settings.whole_projects and bool(case.projects),
        search_gap=proof.mip_gap,
        input_file=recorded.input_file,
    )


def plan_of(file: PlanSheets, case: Case) -> tuple[Plan, tuple[Finding, ...]]:
    """Return the plan of a case that a workbook's values and duals make, and why it is no proof."""
    solution = _Solution(file)
    return solution.plan(case, THIS), tuple(solution.findings)


def is_other_input(file: PlanSheets, book: Book) -> bool:
    """Return whether the plan says that it was made from another file than this one."""
    return file.recorded.input_sha256 != book.sha256


def _compared(
    file: PlanSheets, copy: Path, tables: Mapping[str, Table]
) -> tuple[ComparisonBasis, list[Finding], int]:
    """Return how a file was compared with the copy, what differs, and of how many cells.

    Sheets that are the copy's, part for part, are not read.
    """
    difference = parts(file.path, copy)
    if difference.is_own and not difference.unsure:
        return ComparisonBasis.PARTS, [], sum(_size(file, title, tables) for title in file.grids)
    cells = sum(_cells(grid) for grid in file.grids.values())
    return *_differences(file, difference, copy, tables), cells


def _cells(grid: Grid) -> int:
    return len(grid.header) * (1 + len(grid.rows))


def _size(file: PlanSheets, title: str, tables: Mapping[str, Table]) -> int:
    """Return how many cells a sheet has that is as it was made: its table's, with its header."""
    part = plan_columns.PART.fullmatch(title)
    table = tables.get(title)
    if table is None and part is not None and part[1] in tables:  # the first counted all rows
        return len(tables[part[1]].columns)
    return _cells(file.grids[title]) if table is None else len(table.columns) * (1 + len(table))


def _differences(
    file: PlanSheets, difference: PackageParts, copy: Path, tables: Mapping[str, Table]
) -> tuple[ComparisonBasis, list[Finding]]:
    """Return how a file was compared, and what differs, where it is not the same part for part."""
    written = {grid.title: grid for grid in excel.open_excel(copy).grids}
    if difference.is_own:
        return ComparisonBasis.PARTS, compare(file.grids, written, tables)
    findings = list(amiss(file))
    is_older = file.recorded.record.planner != _version.__version__
    if is_older:
        findings += compare(*in_common(file.grids, written, tables), tables)
        findings += unmatched(file.grids, written, tables)
    else:
        findings += compare(file.grids, written, tables)
    if difference.is_saved_anew and seal.is_short(file.sealed):
        findings = [f for f in findings if not (f.sheet == Checks.TABLE and seal.SEAL in f.found)]
    if difference.is_saved_anew or is_older:
        message = "opening and saving a plan makes no such part"
        findings += [Finding(found=f"{name}: {message}") for name in difference.strange]
        return ComparisonBasis.FIELDS if is_older else ComparisonBasis.CELLS, findings
    message = "this part of the file is not as the planner writes it"
    for name, title, cell in difference.named(file.listed, cells=bool(findings)):
        findings.append(Finding(title, found=f"{name}: {message}", cell=cell))
    return ComparisonBasis.PARTS, findings


class _Solution:
    """The plans that a workbook's values and duals make, and why they are not proven.

    What names no column or row of a program, is there twice or is no number is left out, with a
    finding.
    """

    def __init__(self, file: PlanSheets) -> None:
        self.file, self.findings = file, list[Finding]()

    def has(self, whose: str) -> bool:
        """Return whether the workbook holds values or duals of a plan."""
        plans = (Values.plan, Duals.plan)
        return any(line.cells[0] == whose for plan in plans for line in self.file.lines(plan))

    def plan(self, case: Case, whose: str) -> Plan:
        """Return the plan of a case that the workbook's solution makes."""
        plan, amiss = self._plan(case, whose)
        self.findings += amiss
        return plan

    def beside(self, case: Case, whose: str) -> Plan | None:
        """Return a plan that this one is compared with; None where it is missing, with a finding.

        A plan of nothing has no value and no dual: there it is not missing.
        """
        plan, amiss = self._plan(case, whose)
        if amiss and not self.has(whose):
            message = f"the plan {whose} is missing, so what is compared with it is not proven"
            self.findings.append(Finding(VALUES, found=message))
            return None
        self.findings += amiss
        return plan

    def _plan(self, case: Case, whose: str) -> tuple[Plan, list[Finding]]:
        """Return a plan, and why it is no proven one."""
        expanded = Expanded(case)
        program = build_program(expanded)
        amiss: list[Finding] = []
        size = len(program.rows.cost)
        x = self._numbers(Values.value, whose, program.variables, size, amiss)
        size = len(program.rows.row_lower)
        prices = self._numbers(Duals.dual, whose, program.constraints, size, amiss)
        run: dict[str, Any] = {}
        if whose == THIS:
            recorded = self.file.recorded
            run = {name: getattr(recorded, name) for name in ("mip_gap", "failures", "built")}
            for line, column, tonnes in self._flows(expanded, program, amiss):
                if x[column]:
                    message = "this flow is there twice: here and before, or in the sheet Values"
                    amiss.append(line.finding(Flows.tonnes, message))
                x[column] += tonnes
        plan = solving.plan_from_solution(expanded, program, x, prices, **run)
        return plan, [*amiss, *_unproven(plan, whose)]

    def _numbers(
        self,
        column: Field,
        whose: str,
        groups: Sequence[ComponentArrays],
        size: int,
        amiss: list[Finding],
    ) -> Floats:
        """Return values or undiscounted duals in the program's order, 0 for what is not there."""
        sheet = Values if column is Values.value else Duals
        numbers, seen = np.zeros(size), np.zeros(size, dtype=bool)
        places: dict[str, dict[str, int]] = {}
        for line in self.file.lines(sheet.plan, sheet.family, sheet.key, column):
            plan, family, key, number = line.cells
            name = str(family)
            if plan == whose and name not in places:
                places[name] = _places(groups, name)
            place = places[name].get(str(key), -1) if plan == whose else -1
            if plan != whose:
                if whose == THIS and plan != FREE:
                    message = f"this workbook has no plan {plan!r}"
                    expected = f"{THIS!r} or {FREE!r}"
                    amiss.append(line.finding(sheet.plan, message, expected))
            elif not places[name]:
                amiss.append(line.finding(sheet.family, f"the case has no {name!r}"))
            elif place < 0:
                amiss.append(line.finding(sheet.key, f"the case has no {name} {key!r}"))
            elif not _fits(number):
                amiss.append(line.finding(column, _NO_NUMBER))
            elif seen[place]:
                amiss.append(line.finding(sheet.key, f"{name} {key!r} is there twice"))
            else:
                numbers[place], seen[place] = float(number), True
        return numbers

    def _flows(
        self, e: Expanded, program: Program, amiss: list[Finding]
    ) -> Iterator[tuple[SheetRow, int, float]]:
        """Yield the column and the tonnes of each spot flow of the sheet Plan.

        Flows under a contract are in Values, too, since contracts may share a name.
        """
        d = e.deliveries
        spot = np.flatnonzero(d.contract == SPOT)
        sources = [
            tuple(clean(name).strip() for name in (s.mineral, s.name, s.project)) for s in e.sources
        ]
        members = [clean(name).strip() for name in e.members]
        keys = zip(*(each[spot].tolist() for each in (d.year, d.source, d.member)), strict=True)
        columns = {
            (e.years[t], *sources[r], members[j]): column
            for (t, r, j), column in zip(keys, program.flow[spot].tolist(), strict=True)
        }
        fields = (Flows.year, Flows.mineral, Flows.refiner, Flows.project, Flows.member)
        for line in self.file.lines(*fields, Flows.contract, Flows.tonnes):
            year, mineral, refiner, project, member, contract, tonnes = line.cells
            if contract is not None:
                continue
            key = (year, str(mineral), str(refiner), str(project or ""), str(member))
            column = columns.get(key, -1)
            if column < 0:
                message = f"in the case {refiner} sells no {mineral} to {member} in {year}"
                amiss.append(line.finding(Flows.refiner, message))
            elif not _fits(tonnes):
                amiss.append(line.finding(Flows.tonnes, _NO_NUMBER))
            else:
                yield line, column, float(tonnes)


def _places(groups: Sequence[ComponentArrays], family: str) -> dict[str, int]:
    """Return the position in the program of each key of a family, in words."""
    places: dict[str, int] = {}
    for group in groups:
        if group.name == family:
            keys = group.keys(np.arange(len(group.at)))
            places.update(zip(map(key_text, keys), group.at.tolist(), strict=True))
    return places


def _fits(value: object) -> TypeGuard[int | float]:
    return plan_columns.is_number(value) and abs(value) <= _MOST


def _unproven(plan: Plan, whose: str) -> Iterator[Finding]:
    """Yield what the certificates refuse, block by block."""
    which = "" if whose == THIS else f" of the plan {whose}"
    for block in plan.blocks:
        certificate, where = block.certificate, _where(plan, block.block)
        refused = f"at most {tolerances.MOST_GAP:g}"
        if not certificate.violation <= tolerances.MOST_VIOLATION:
            worst = block_solver.worst_place(plan.program, block.block, block.worst)
            name = f"{worst[0]} {worst[1]}" if worst is not None else "(none)"
            yield Finding(
                _sheet_of(plan, block.block, block.worst) if whose == THIS else VALUES,
                found=f"the values{which} break the constraint {name} by"
                f" {certificate.violation * block.measure:.6g} t ({where})",
                expected=f"at most {tolerances.MOST_VIOLATION * block.measure:.3g} t",
            )
        if not certificate.dual_infeasibility <= tolerances.MOST_GAP:
            message = (
                f"the duals{which} prove nothing for {where}: a reduced cost or dual has the wrong"
                f" sign by {certificate.dual_infeasibility:.3g} of its prices"
            )
            yield Finding(DUALS, found=message, expected=refused)
        if not certificate.gap <= tolerances.MOST_GAP:
            message = (
                f"values and duals{which} give two costs for {where}, which differ by"
                f" {certificate.gap:.3g} of it: the plan is not proven to be the cheapest"
            )
            yield Finding(DUALS, found=message, expected=refused)


def _sheet_of(plan: Plan, block: int, worst: int) -> str:
    """Return the sheet that holds what breaks a constraint: Plan if spot flows alone do."""
    program, rows = plan.program, plan.program.block(block)
    if worst < len(rows.row_lower):
        columns = rows.columns[rows.starts[worst] : rows.starts[worst + 1]]
    else:
        columns = np.array([worst - len(rows.row_lower)])
    positions = columns + program.columns_of(block).start
    spot = program.flow[plan.expanded.deliveries.contract == SPOT]
    others = plan.x[positions[~np.isin(positions, spot)]]
    return VALUES if bool((others != 0).any()) else plan_columns.PLAN


def _where(plan: Plan, block: int) -> str:
    """Return the minerals and years of a block in words."""
    cells = np.array(plan.program.blocks[block])
    names = [plan.expanded.minerals[m] for m in np.unique(cells[:, 0]).tolist()]
    years = [plan.expanded.years[t] for t in np.unique(cells[:, 1]).tolist()]
    return f"{few(names)}, {span(years)}"


def _in_order(findings: list[Finding], titles: list[str]) -> list[Finding]:
    """Return findings once each, causes before what follows from them.

    First those of the proof and of whole sheets, then the cells of the solution, then all others in
    the order of sheets and rows.
    """
    place = {title: i for i, title in enumerate(titles)}
    solution = {plan_columns.PLAN, VALUES, DUALS}

    def rank(f: Finding) -> tuple[bool, bool, int, int]:
        return (bool(f.cell), f.sheet not in solution, place.get(f.sheet, len(place)), f.row)

    return sorted(dict.fromkeys(findings), key=rank)
