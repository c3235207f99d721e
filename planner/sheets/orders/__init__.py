"""The workbook of one member's orders."""

from planner.sheets.orders.tables import Member, Origin, member_tables

__all__ = ["Member", "Origin", "member_tables"]
