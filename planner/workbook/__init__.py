"""Workbooks to records and back; the only place that knows cells."""

from planner.workbook.read import Book, read, read_tables
from planner.workbook.records import DefaultTaken

__all__ = ["Book", "DefaultTaken", "read", "read_tables"]
