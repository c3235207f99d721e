"""Verify: a plan proven again from its workbook and its input, and every cell of it compared."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from models.case import Case
from models.errors import Finding
from models.plan import Plan
from models.plan.proof import worst_place
from models.plan.solving import plan_again
from models.program import program_of
from models.resolve import SPOT, Expanded
from models.solve import MOST_GAP, MOST_VIOLATION
from planner._version import __version__
from planner.audit.compare import compare, in_common
from planner.audit.file import CHECKS, RECORDS, PlanSheets
from planner.audit.parts import parts
from planner.audit.shape import amiss as amiss_in
from planner.audit.solution import has, taken
from planner.scenarios import Variant, drop_share_limits
from planner.seal import SEAL, is_short
from planner.sheets import Table, write_plan
from planner.sheets.duals import DUALS, FREE, LOST, THIS, VALUES
from planner.sheets.front import largest_supplier
from planner.sheets.lost import Lost
from planner.studies.losses import without_country
from planner.workbook import Book
from planner.workbook.excel import open_excel
from planner.workbook.plan_columns import PLAN, SUMMARY

_NAMED = 3


class Compared(StrEnum):
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
    [both -]; ``objective`` [money, discounted]. ``input_file`` is what the plan calls its input.
    """

    findings: tuple[Finding, ...]
    compared: Compared = Compared.PARTS
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
    input_file: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether everything matches."""
        return not self.findings


def verify(
    file: PlanSheets, book: Book, case: Case, variant: Variant, *, lost_is_due: bool
) -> Verdict:
    """Return whether a workbook is the proven plan of a case, and what does not match.

    ``book`` is the input as read, ``variant`` what the recorded options ask for, ``case`` what it
    makes of the input. ``lost_is_due`` says whether a run of this case plans its largest loss, too.
    Nothing is solved: the file is written again from its own values and duals, and compared.
    Raises InputError where a sheet of the workbook cannot be read.
    """
    solution = _Solution(file)
    plan = solution.plan(case, THIS)
    free = solution.beside(drop_share_limits(case), FREE) if case.share_limits else None
    lost = _lost(solution, plan, is_due=lost_is_due)
    findings = solution.findings
    is_proven = not findings
    recorded = file.recorded
    if recorded.input_file:
        book = dataclasses.replace(book, path=Path(recorded.input_file))
    with tempfile.TemporaryDirectory(prefix="planner-") as folder:
        made = Path(folder) / "plan.xlsx"
        known = write_plan(
            made,
            plan,
            book,
            without_limits=free,
            options=variant.options,
            timings=recorded.timings,
            made_with=variant.typed,
            lost=lost,
            record=recorded.record,
        )
        compared, differing = _compared(file, made, known)
    proof = plan.proof
    return Verdict(
        findings=tuple(_in_order([*findings, *differing], [*known])),
        compared=compared,
        is_proven=is_proven,
        cells=sum(len(g.header) * (1 + len(g.rows)) for g in file.grids.values()),
        records=sum(line.cells[0] in RECORDS for line in file.lines(SUMMARY, ("Measure",))),
        sheets=len(file.grids),
        violation=proof.violation,
        allowed=proof.allowed,
        dual_infeasibility=proof.dual_infeasibility,
        gap=proof.gap,
        objective=plan.objective,
        whole_projects=case.settings.whole_projects and bool(case.projects),
        input_file=recorded.input_file,
    )


def is_other_input(file: PlanSheets, book: Book) -> bool:
    """Return whether the plan says that it was made from another file than this one."""
    return file.recorded.input_sha256 != book.sha256


def _compared(
    file: PlanSheets, made: Path, known: Mapping[str, Table]
) -> tuple[Compared, list[Finding]]:
    """Return how a file was compared with the one made anew, and what differs."""
    found = parts(file.path, made)
    if found.is_own and not found.unsure:
        return Compared.PARTS, []
    anew = {grid.title: grid for grid in open_excel(made).grids}
    if found.is_own:
        return Compared.PARTS, compare(file.grids, anew, known)
    findings = list(amiss_in(file))
    is_older = file.recorded.record.planner != __version__
    if is_older:
        findings += compare(*in_common(file.grids, anew, known), known)
    else:
        findings += compare(file.grids, anew, known)
    if found.is_saved_anew and is_short(file.sealed):
        findings = [f for f in findings if not (f.sheet == CHECKS and SEAL in f.found)]
    if found.is_saved_anew or is_older:
        said = "this part is none that opening and saving a plan makes"
        findings += [Finding(found=f"{name}: {said}") for name in found.strange]
        return Compared.FIELDS if is_older else Compared.CELLS, findings
    said = "this part of the file is not as the planner writes it"
    for name, title, cell in found.told(file.listed, cells=bool(findings)):
        findings.append(Finding(title, found=f"{name}: {said}", cell=cell))
    return Compared.PARTS, findings


class _Solution:
    """The plans whose values and duals a workbook holds, and why they are no proven ones."""

    def __init__(self, file: PlanSheets) -> None:
        self.file, self.recorded = file, file.recorded
        self.findings: list[Finding] = []

    def plan(self, case: Case, whose: str) -> Plan:
        """Return the plan of a case that the workbook's solution makes."""
        plan, amiss = self._of(case, whose)
        self.findings += amiss
        return plan

    def beside(self, case: Case, whose: str) -> Plan | None:
        """Return a plan that this one is set against; None where it is missing, which is told.

        A plan of nothing has no value and no dual: there it is not missing.
        """
        plan, amiss = self._of(case, whose)
        if amiss and not has(self.file, whose):
            said = f"the plan {whose} is missing: what it is set against is not proven"
            self.findings.append(Finding(VALUES, found=said))
            return None
        self.findings += amiss
        return plan

    def _of(self, case: Case, whose: str) -> tuple[Plan, list[Finding]]:
        expanded = Expanded(case)
        program = program_of(expanded)
        found = taken(self.file, expanded, program, whose)
        plan = plan_again(
            expanded,
            program,
            found.x,
            found.prices,
            mip_gap=self.recorded.mip_gap if whose == THIS else 0.0,
            failures=self.recorded.failures if whose == THIS else (),
            built=self.recorded.built if whose == THIS else 0,
        )
        return plan, [*found.findings, *_unproven(plan, whose)]


def _lost(solution: _Solution, plan: Plan, *, is_due: bool) -> Lost | None:
    """Return what is left when the largest supplier has stopped, as the workbook proves it."""
    country = largest_supplier(plan)
    if not country or not (is_due or has(solution.file, LOST)):
        return None
    try:
        return without_country(plan, country, lambda case: _left(solution, case))
    except LookupError:
        return None


def _left(solution: _Solution, case: Case) -> Plan:
    left = solution.beside(case, LOST)
    if left is None:
        raise LookupError
    return left


def _unproven(plan: Plan, whose: str) -> Iterator[Finding]:
    """Yield what the certificates refuse, block by block."""
    of = "" if whose == THIS else f" of the plan {whose}"
    e = plan.expanded
    for block in plan.blocks:
        certificate = block.certificate
        where = _where(plan, block.block, e.minerals, e.years)
        if not certificate.violation <= MOST_VIOLATION:
            name = _worst(plan, block.block, block.worst)
            yield Finding(
                _sheet_of(plan, block.block, block.worst) if whose == THIS else VALUES,
                found=f"the values{of} break the constraint {name} by"
                f" {certificate.violation * block.measure:.6g} t ({where})",
                expected=f"at most {MOST_VIOLATION * block.measure:.3g} t",
            )
        if not certificate.dual_infeasibility <= MOST_GAP:
            yield Finding(
                DUALS,
                found=f"the duals{of} prove nothing for {where}: a reduced cost or dual has the"
                f" wrong sign by {certificate.dual_infeasibility:.3g} of its prices",
                expected=f"at most {MOST_GAP:g}",
            )
        if not certificate.gap <= MOST_GAP:
            yield Finding(
                DUALS,
                found=f"values and duals{of} differ in what they say {where} costs, by"
                f" {certificate.gap:.3g} of it: it is not proven to be the cheapest",
                expected=f"at most {MOST_GAP:g}",
            )


def _worst(plan: Plan, block: int, worst: int) -> str:
    """Return the name of a block's row or column that is violated most."""
    found = worst_place(plan.program, block, worst)
    return f"{found[0]} {found[1]}" if found is not None else "(none)"


def _sheet_of(plan: Plan, block: int, worst: int) -> str:
    """Return the sheet that holds what breaks a constraint: Plan if spot flows alone do."""
    program, rows = plan.program, plan.program.block(block)
    if worst < len(rows.row_lower):
        columns = rows.columns[rows.starts[worst] : rows.starts[worst + 1]]
    else:
        columns = np.array([worst - len(rows.row_lower)])
    at = columns + program.columns_of(block).start
    spot = program.flow[plan.expanded.deliveries.contract == SPOT]
    return VALUES if bool((plan.x[at[~np.isin(at, spot)]] != 0).any()) else PLAN


def _where(plan: Plan, block: int, minerals: tuple[str, ...], years: tuple[int, ...]) -> str:
    """Return the minerals and years of a block in words."""
    cells = np.array(plan.program.blocks[block])
    names = [minerals[m] for m in np.unique(cells[:, 0]).tolist()]
    at = [years[t] for t in np.unique(cells[:, 1]).tolist()]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    horizon = f"{at[0]} to {at[-1]}" if len(at) > 1 else f"{at[0]}"
    return f"{', '.join(names[:_NAMED])}{more}, {horizon}"


def _in_order(findings: list[Finding], titles: list[str]) -> list[Finding]:
    """Return findings once each, causes before what follows from them.

    First those of the proof and of whole sheets, then the cells of the solution, then all others in
    the order of sheets and rows.
    """
    place = {title: i for i, title in enumerate(titles)}
    solution = {PLAN, VALUES, DUALS}

    def rank(f: Finding) -> tuple[bool, bool, int, int]:
        return (bool(f.cell), f.sheet not in solution, place.get(f.sheet, len(place)), f.row)

    return sorted(dict.fromkeys(findings), key=rank)
