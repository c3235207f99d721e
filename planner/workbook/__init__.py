"""Workbooks to records and back; the only place that knows cells."""

from planner.workbook.findings import DefaultTaken
from planner.workbook.read import Book, read, read_tables

__all__ = ["Book", "DefaultTaken", "read", "read_tables"]
