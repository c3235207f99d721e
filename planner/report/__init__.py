"""A report to read in a browser, made from the workbook of a plan or of a study: one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from planner.studies import kind_of
from planner.workbook.archive import sheet_names
from planner.workbook.plan_file import PlanFile, StudyFile, read_plan, read_study
from planner.workbook.read import with_suggestion

if TYPE_CHECKING:
    from planner.render.front import FirstPage

__all__ = ["first_page_of", "read_plan_or_study", "report_html"]


def read_plan_or_study(path: Path) -> PlanFile | StudyFile:
    """Read the workbook of a plan or of a study.

    InputError if it is neither; if the file is missing, the error suggests a similar name.
    """
    return with_suggestion(path, _read_plan_or_study)


def _read_plan_or_study(path: Path) -> PlanFile | StudyFile:
    kind = kind_of(sheet_names(path))
    if kind is None:
        return read_plan(path)
    return read_study(path, kind.RESULTS[0].TABLE, kind.NAME)


def first_page_of(source: PlanFile | StudyFile) -> tuple[FirstPage, str, bool]:
    """Return the first page of a workbook, the verdict on its proofs, and whether all are given."""
    from planner.report.page import kind_and_tables, study_verdict
    from planner.report.plan import first_page_of_plan, proof_verdict

    if isinstance(source, PlanFile):
        return first_page_of_plan(source), *proof_verdict(source)
    kind, tables = kind_and_tables(source)
    return kind.front(tables, source.title), *study_verdict(tables)


def report_html(*sources: PlanFile | StudyFile) -> str:
    """Return the HTML of a report of the first workbook, followed by the findings of studies."""
    from planner.report.page import combined_page, html_of, study_page
    from planner.report.plan import plan_page

    first, *further = (
        plan_page(source) if isinstance(source, PlanFile) else study_page(source)
        for source in sources
    )
    return html_of(combined_page(first, further))
