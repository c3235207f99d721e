"""Writes input workbooks from plain rows, and the template to start from."""

from planner.workbook.template.columns import rows_of
from planner.workbook.template.rows import template_rows, template_tables
from planner.workbook.template.write import EVERY_CASE, FormBook, write_book

__all__ = ["EVERY_CASE", "FormBook", "rows_of", "template_rows", "template_tables", "write_book"]
