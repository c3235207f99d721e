"""Plain rows to an input workbook, and a template to start from."""

from planner.workbook.template.rows import template_tables
from planner.workbook.template.write import EVERY_CASE, OtherBook, write_book

__all__ = ["EVERY_CASE", "OtherBook", "template_tables", "write_book"]
