"""Workbooks of the tests, written as the planner writes its template."""

from planner.workbook.template import write_book

__all__ = ["write_book"]
