"""A report to read in a browser, made from the workbook of a plan or of a study: one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from planner.studies import kind_of
from planner.workbook.parts import sheet_names
from planner.workbook.plan_file import PlanFile, StudyFile, read_plan, read_study

__all__ = ["Report", "read_report", "report_html"]


@dataclass(frozen=True)
class Report:
    """A workbook that a report is made of."""

    source: PlanFile | StudyFile

    @property
    def is_study(self) -> bool:
        return isinstance(self.source, StudyFile)


def read_report(path: Path) -> Report:
    """Read the workbook of a plan or of a study; InputError if it is neither."""
    kind = kind_of(sheet_names(path))
    if kind is None:
        return Report(read_plan(path))
    return Report(read_study(path, kind.RESULTS[0].TABLE, kind.NAME))


def report_html(report: Report, *studies: Report) -> str:
    """Return the HTML of a report, followed by the findings of the studies."""
    from planner.report.page import combined_page, html_of
    from planner.report.plan import plan_page
    from planner.report.study import study_page

    first, *further = (
        plan_page(source) if isinstance(source, PlanFile) else study_page(source)
        for source in (report.source, *(study.source for study in studies))
    )
    return html_of(combined_page(first, further))
