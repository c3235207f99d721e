"""Workbooks to records and back; the only place that knows cells."""

from planner.workbook.findings import DefaultUsed
from planner.workbook.read import Book, read, read_tables

__all__ = ["Book", "DefaultUsed", "read", "read_tables"]
