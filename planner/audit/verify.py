"""Verify: a plan proven again from its workbook and its input, and every cell of it compared."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.case import Case
from models.errors import Finding
from models.plan import Plan
from models.plan.proof import place_words, worst_place
from models.plan.solving import plan_again
from models.program import program_of
from models.resolve import SPOT, Expanded
from models.solve import MOST_GAP, MOST_VIOLATION
from planner.audit.compare import compare
from planner.audit.file import PlanSheets, Recorded
from planner.audit.left import not_fitting
from planner.audit.shape import amiss as amiss_in
from planner.audit.solution import has_free, lost, taken
from planner.scenarios import drop_share_limits
from planner.scenarios.variant import Variant
from planner.sheets import write_plan
from planner.sheets.duals import DUALS, FREE, THIS, VALUES
from planner.workbook import Book
from planner.workbook.excel import open_excel
from planner.workbook.plan_columns import PLAN

_NAMED = 3
_MORE = re.compile(r" and \d+ more$")


@dataclass(frozen=True)
class Verdict:
    """What became of a plan's verification.

    ``findings`` are what does not match, in the order of the sheets, each with its cell where it
    has one; ``cells`` were compared, ``records`` of them being the run's own. ``is_proven`` says
    whether the values and duals that the workbook holds prove an optimum of the case, whatever its
    other cells say. As computed here: ``violation`` [t] is the largest of any constraint, up to
    ``allowed`` [t] of which is accepted; ``dual_infeasibility`` is a part of the prices in it and
    ``gap`` one of the objective [both -]; ``objective`` [money, discounted]. ``has_lost`` says
    whether the workbook tells what is left when the largest supplier has stopped.
    """

    findings: tuple[Finding, ...]
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
    has_lost: bool = False

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
    Nothing is solved. Raises InputError where a sheet of the workbook cannot be read.
    """
    shown = list(amiss_in(file))
    recorded = file.recorded
    plan, findings = _plan(file, case, THIS, recorded)
    free = None
    if case.share_limits and has_free(file):
        free, amiss = _plan(file, drop_share_limits(case), FREE, recorded)
        findings += amiss
    is_proven = not findings
    if case.share_limits and free is None:
        said = f"the plan {FREE} is missing: what the limits cost is not proven"
        findings.append(Finding(VALUES, found=said))
    if recorded.input_file:
        book = dataclasses.replace(book, path=Path(recorded.input_file))
    left, amiss = lost(file, case)
    findings += [*shown, *amiss, *not_fitting(plan, left, is_due=lost_is_due)]
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
            lost=left,
        )
        anew = {grid.title: grid for grid in open_excel(made).grids}
    told = compare(file.grids, anew, known, lambda text: _is_place(plan, text))
    proof = plan.proof
    return Verdict(
        findings=tuple(_in_order([*findings, *told.findings], list(anew))),
        is_proven=is_proven,
        cells=told.cells,
        records=told.records,
        sheets=len(anew),
        violation=proof.violation,
        allowed=proof.allowed,
        dual_infeasibility=proof.dual_infeasibility,
        gap=proof.gap,
        objective=plan.objective,
        whole_projects=case.settings.whole_projects and bool(case.projects),
        has_lost=left is not None,
    )


def is_other_input(file: PlanSheets, book: Book) -> bool:
    """Return whether the plan says that it was made from another file than this one."""
    return file.recorded.input_sha256 != book.sha256


def _plan(
    file: PlanSheets, case: Case, whose: str, recorded: Recorded
) -> tuple[Plan, list[Finding]]:
    """Return the plan that the workbook's solution makes, and why it is no proven one."""
    expanded = Expanded(case)
    program = program_of(expanded)
    found = taken(file, expanded, program, whose)
    of_run = whose == THIS
    plan = plan_again(
        expanded,
        program,
        found.x,
        found.prices,
        mip_gap=recorded.mip_gap if of_run else 0.0,
        failures=recorded.failures if of_run else (),
        built=recorded.built if of_run else 0,
    )
    return plan, [*found.findings, *_unproven(plan, whose)]


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


def _is_place(plan: Plan, text: str) -> bool:
    """Return whether a text names minerals of the plan or a row or column of its program."""
    minerals = set(plan.expanded.minerals)
    if text in minerals or {*_MORE.sub("", text).split(", ")} <= minerals:
        return True
    return any(
        text == place_words(group.name, key)
        for group in (*plan.program.constraints, *plan.program.variables)
        if text.startswith(place_words(group.name, ""))
        for key in group.keys(np.arange(len(group.at)))
    )


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
