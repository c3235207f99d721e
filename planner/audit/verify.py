"""Verifies a plan: proves it again from its workbook and its input, and compares every cell."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from models import resolve, tolerances
from models.case import Case
from models.errors import Finding
from models.plan import Plan, block_solver, solving
from models.program import ComponentArrays, Program, build_program
from models.results import Checks, Duals, Field, Flows, Summary, Values
from planner import _version, scenarios, scratch, seal
from planner.audit import compare
from planner.audit.file import RECORDS, PlanSheets, SheetRow
from planner.render.words import clean_text, few, year_span
from planner.sheets import Table, write_plan
from planner.sheets.checks import DUALS, FREE, THIS, VALUES, key_text
from planner.workbook import Book, excel, plan_file, save
from planner.workbook.grid import Grid

_SCRATCH = Path("the folder for temporary files")
_NO_NUMBER = "no plan can have this value"
_MOST = 1e100
"""The largest absolute value in a plan; the product of two such values is still finite.

Amounts and prices are far smaller. Duals may be large: if sales may grow a hundredfold per year,
one more tonne today is worth as much as everything it grows into.
"""


class ComparisonBasis(StrEnum):
    """How a plan was compared with what the planner writes."""

    PARTS = "part by part"
    CELLS = "cell by cell"
    FIELDS = "field by field"


@dataclass(frozen=True)
class Verdict:
    """The result of a plan's verification.

    ``findings`` are the mismatches, in the order of the sheets. ``cells`` is the number of cells
    compared, ``records`` the number of those that the run recorded about itself. ``compared``: all
    parts of the file; only cells, if another program saved it; only fields, if another version of
    the planner wrote it. ``is_proven``: the values and duals in the workbook prove that the plan
    is optimal for the case, whatever its other cells are.

    Computed here: ``violation`` [t] is the largest of any constraint, ``allowed`` [t] the largest
    accepted; ``dual_infeasibility`` [-] is relative to prices, ``gap`` [-] to the ``objective``
    [money, discounted]. From the plan: ``search_gap`` [-] is the recorded MIP gap for projects
    that are built completely or not at all, ``input_file`` the recorded name of the input,
    ``unknown`` the sheets that the planner doesn't write.
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
    unknown: tuple[str, ...] = ()


def verify(file: PlanSheets, book: Book, case: Case, variant: scenarios.Variant) -> Verdict:
    """Return whether a workbook is the proven plan of a case, with all mismatches.

    ``book`` is the input as read; ``variant`` stands for the recorded options, which change the
    input to ``case``. Nothing is solved: the plan is written again from its own values and duals,
    and compared. Raises InputError if a sheet of the workbook cannot be read, and WriteError if
    there is no space to write the plan again.
    """
    solution = _Solution(file)
    plan = solution.rebuilt_plan(case, THIS)
    free = None
    if case.share_limits:
        free = solution.comparison_plan(scenarios.drop_share_limits(case), FREE)
    findings = solution.findings
    is_proven = not findings
    recorded = file.recorded
    if recorded.input_file:
        book = dataclasses.replace(book, path=Path(recorded.input_file))
    with contextlib.ExitStack() as stack:
        with save.as_write_error(_SCRATCH):
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
        compared, differing, cells, unknown = _comparison_with_copy(file, copy, tables)
    proof = plan.proof
    return Verdict(
        findings=tuple(_findings_in_order([*findings, *differing], [*tables])),
        compared=compared,
        is_proven=is_proven,
        cells=cells,
        records=sum(line.cells[0] in RECORDS for line in file.table_rows(Summary.measure)),
        sheets=len(file.grids),
        violation=proof.violation,
        allowed=proof.allowed,
        dual_infeasibility=proof.dual_infeasibility,
        gap=proof.gap,
        objective=plan.objective,
        whole_projects=case.settings.whole_projects and bool(case.projects),
        search_gap=proof.mip_gap,
        input_file=recorded.input_file,
        unknown=unknown,
    )


def plan_of(file: PlanSheets, case: Case) -> tuple[Plan, tuple[Finding, ...]]:
    """Rebuild the plan of a case from a workbook's values and duals; findings if it is no proof."""
    solution = _Solution(file)
    return solution.rebuilt_plan(case, THIS), tuple(solution.findings)


def is_other_input(file: PlanSheets, book: Book) -> bool:
    """Return whether the plan was made from another input than this one, by its own record."""
    return file.recorded.input_sha256 != book.sha256


def _comparison_with_copy(
    file: PlanSheets, copy: Path, tables: Mapping[str, Table]
) -> tuple[ComparisonBasis, list[Finding], int, tuple[str, ...]]:
    """Return how a file was compared with the copy, the differences, and the number of cells.

    Also the titles of sheets that the planner doesn't write. If all parts are equal, the sheets
    are not read.
    """
    unsure = compare.unsure_parts(file.path, copy)
    if unsure is not None and not unsure:
        size = sum(_cells_of_sheet(file, title, tables) for title in file.grids)
        return ComparisonBasis.PARTS, [], size, ()
    cells = sum(_cell_count(grid) for grid in file.grids.values())
    written = {sheet.title: sheet.grid for sheet in excel.open_excel(copy).sheets}
    if file.recorded.record.planner != _version.__version__:
        both = compare.common_fields(file.grids, written, tables)
        findings = [
            *compare.differing_cells(*both, tables),
            *compare.unmatched(file.grids, written, tables),
        ]
        return ComparisonBasis.FIELDS, findings, cells, ()
    findings = [*compare.differing_cells(file.grids, written, tables)]
    if unsure is not None:
        return ComparisonBasis.PARTS, findings, cells, ()
    if seal.is_rounded(file.sealed):  # a program that saves fewer digits breaks the seal
        findings = [f for f in findings if not (f.sheet == Checks.TABLE and seal.SEAL in f.found)]
    return ComparisonBasis.CELLS, findings, cells, compare.unknown_sheets(file.grids, written)


def _cell_count(grid: Grid) -> int:
    """Return the number of cells of a table, with its header."""
    return len(grid.header) * (1 + len(grid.rows))


def _cells_of_sheet(file: PlanSheets, title: str, tables: Mapping[str, Table]) -> int:
    """Return the number of cells of an unchanged sheet: those of its table, with the header."""
    part = plan_file.PART.fullmatch(title)
    table = tables.get(title)
    if table is None and part is not None and part[1] in tables:  # the first counted all rows
        return len(tables[part[1]].columns)
    return (
        _cell_count(file.grids[title]) if table is None else len(table.columns) * (1 + len(table))
    )


class _Solution:
    """Rebuilds plans from a workbook's values and duals, and collects findings against a proof.

    An entry is left out, with a finding, if it is not a number, is a duplicate, or does not belong
    to a column or row of the program.
    """

    def __init__(self, file: PlanSheets) -> None:
        self.file, self.findings = file, list[Finding]()

    def rebuilt_plan(self, case: Case, whose: str) -> Plan:
        """Rebuild the plan that the workbook names ``whose`` from its values and duals.

        Reasons why it is not proven are added to ``findings``.
        """
        plan, findings = self._plan(case, whose)
        self.findings += findings
        return plan

    def comparison_plan(self, case: Case, whose: str) -> Plan | None:
        """Rebuild a plan with which this one is compared; None and a finding if it is missing.

        A plan that buys nothing has no values and no duals, and is not missing.
        """
        plan, findings = self._plan(case, whose)
        names = (n.cells[0] for f in (Values.plan, Duals.plan) for n in self.file.table_rows(f))
        if findings and whose not in names:
            message = f"the plan {whose} is missing, so figures compared with it are not proven"
            self.findings.append(Finding(VALUES, found=message))
            return None
        self.findings += findings
        return plan

    def _plan(self, case: Case, whose: str) -> tuple[Plan, list[Finding]]:
        """Rebuild a plan; the findings are reasons why it is not proven."""
        expanded = resolve.Expanded(case)
        program = build_program(expanded)
        findings: list[Finding] = []
        size = len(program.rows.cost)
        x = self._numbers(Values.value, whose, program.variables, size, findings)
        size = len(program.rows.row_lower)
        prices = self._numbers(Duals.dual, whose, program.constraints, size, findings)
        run: dict[str, Any] = {}
        if whose == THIS:
            recorded = self.file.recorded
            run = {name: getattr(recorded, name) for name in ("mip_gap", "failures", "built")}
            for line, column, tonnes in self._flows(expanded, program, findings):
                if x[column]:
                    message = "this flow is also in a row above, or in the sheet Values"
                    findings.append(line.finding_at(Flows.tonnes, message))
                x[column] += tonnes
        plan = solving.plan_from_solution(expanded, program, x, prices, **run)
        return plan, [*findings, *_unproven(plan, whose)]

    def _numbers(
        self,
        column: Field,
        whose: str,
        groups: Sequence[ComponentArrays],
        size: int,
        findings: list[Finding],
    ) -> resolve.Floats:
        """Return values or undiscounted duals in the program's order, 0 for missing ones."""
        sheet = Values if column is Values.value else Duals
        numbers, seen = np.zeros(size), np.zeros(size, dtype=bool)
        places: dict[str, dict[str, int]] = {}
        for line in self.file.table_rows(sheet.plan, sheet.family, sheet.key, column):
            plan, family, key, number = line.cells
            name = str(family)
            if plan != whose:
                if whose == THIS and plan != FREE:
                    message = f"a plan's workbook does not contain a plan named {plan!r}"
                    expected = f"{THIS!r} or {FREE!r}"
                    findings.append(line.finding_at(sheet.plan, message, expected))
                continue
            if name not in places:
                places[name] = _position_of_key(groups, name)
            place = places[name].get(str(key), -1)
            if not places[name]:
                findings.append(line.finding_at(sheet.family, f"the case has no {name!r}"))
            elif place < 0:
                findings.append(line.finding_at(sheet.key, f"the case has no {name} {key!r}"))
            elif not _is_number_in_range(number):
                findings.append(line.finding_at(column, _NO_NUMBER))
            elif seen[place]:
                findings.append(line.finding_at(sheet.key, f"{name} {key!r} is there twice"))
            else:
                numbers[place], seen[place] = float(number), True
        return numbers

    def _flows(
        self, e: resolve.Expanded, program: Program, findings: list[Finding]
    ) -> Iterator[tuple[SheetRow, int, float]]:
        """Yield the column and the tonnes of each spot flow in the sheet Plan.

        Flows under a contract are read from Values, since contracts may share a name.
        """
        d = e.deliveries
        spot = np.flatnonzero(d.contract == resolve.SPOT)
        sources = [
            tuple(clean_text(name).strip() for name in (s.mineral, s.name, s.project))
            for s in e.sources
        ]
        members = [clean_text(name).strip() for name in e.members]
        keys = zip(*(each[spot].tolist() for each in (d.year, d.source, d.member)), strict=True)
        columns = {
            (e.years[t], *sources[r], members[j]): column
            for (t, r, j), column in zip(keys, program.flow[spot].tolist(), strict=True)
        }
        fields = (Flows.year, Flows.mineral, Flows.refiner, Flows.project, Flows.member)
        for line in self.file.table_rows(*fields, Flows.contract, Flows.tonnes):
            year, mineral, refiner, project, member, contract, tonnes = line.cells
            if contract is not None:
                continue
            key = (year, str(mineral), str(refiner), str(project or ""), str(member))
            column = columns.get(key, -1)
            if column < 0:
                message = f"in the case {refiner} sells no {mineral} to {member} in {year}"
                findings.append(line.finding_at(Flows.refiner, message))
            elif not _is_number_in_range(tonnes):
                findings.append(line.finding_at(Flows.tonnes, _NO_NUMBER))
            else:
                yield line, column, float(tonnes)


def _position_of_key(groups: Sequence[ComponentArrays], family: str) -> dict[str, int]:
    """Return the position in the program of each key of a family; keys are texts as in sheets."""
    places: dict[str, int] = {}
    for group in groups:
        if group.name == family:
            keys = group.keys(np.arange(len(group.at)))
            places.update(zip(map(key_text, keys), group.at.tolist(), strict=True))
    return places


def _is_number_in_range(value: object) -> TypeGuard[int | float]:
    return plan_file.fits_double(value) and abs(value) <= _MOST


def _unproven(plan: Plan, whose: str) -> Iterator[Finding]:
    """Yield a finding for each tolerance that a block's certificate exceeds."""
    which = "" if whose == THIS else f" of the plan {whose}"
    for block in plan.blocks:
        certificate, cells = block.certificate, np.array(plan.program.blocks[block.block])
        minerals = [plan.expanded.minerals[m] for m in np.unique(cells[:, 0]).tolist()]
        years = [plan.expanded.years[t] for t in np.unique(cells[:, 1]).tolist()]
        where = f"{few(minerals)}, {year_span(years)}"
        most = f"at most {tolerances.MOST_GAP:g}"
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
                f"the duals{which} do not prove that the plan is the cheapest for {where}: a"
                " reduced cost or dual has the wrong sign, by"
                f" {certificate.dual_infeasibility:.3g} relative to the prices there"
            )
            yield Finding(DUALS, found=message, expected=most)
        if not certificate.gap <= tolerances.MOST_GAP:
            message = (
                f"the cost from the values{which} and the cost from its duals differ for {where},"
                f" by {certificate.gap:.3g} of the cost: the plan is not proven to be the cheapest"
            )
            yield Finding(DUALS, found=message, expected=most)


def _sheet_of(plan: Plan, block: int, worst: int) -> str:
    """Return the sheet with the values that break a constraint: Plan if they are spot flows."""
    program, rows = plan.program, plan.program.block(block)
    if worst < len(rows.row_lower):
        columns = rows.columns[rows.starts[worst] : rows.starts[worst + 1]]
    else:
        columns = np.array([worst - len(rows.row_lower)])
    positions = columns + program.columns_of(block).start
    spot = program.flow[plan.expanded.deliveries.contract == resolve.SPOT]
    others = plan.x[positions[~np.isin(positions, spot)]]
    return VALUES if bool((others != 0).any()) else plan_file.PLAN


def _findings_in_order(findings: list[Finding], titles: list[str]) -> list[Finding]:
    """Return findings without duplicates, causes before consequences.

    First findings on the proof and on whole sheets, then on cells of the solution, then all others
    in the order of sheets and rows.
    """
    rank_of = {title: i for i, title in enumerate(titles)}
    solution = {plan_file.PLAN, VALUES, DUALS}

    def sort_key(f: Finding) -> tuple[bool, bool, int, int]:
        return (bool(f.cell), f.sheet not in solution, rank_of.get(f.sheet, len(rank_of)), f.row)

    return sorted(dict.fromkeys(findings), key=sort_key)
