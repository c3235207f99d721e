"""Plain rows to an input workbook, a template to start from, and a case back to plain rows."""

from planner.workbook.template.rows import tables_of, template_tables
from planner.workbook.template.write import EVERY_CASE, write_book

__all__ = ["EVERY_CASE", "tables_of", "template_tables", "write_book"]
