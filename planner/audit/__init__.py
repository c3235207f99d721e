"""Verifies and redacts finished plans.

``verify`` computes a plan again from its workbook and its input; nothing is solved. ``redact``
removes orders, stocks and prices of some members from a plan's workbook.
"""

from planner.audit.file import PlanSheets, Recorded, open_plan
from planner.audit.verify import Verdict, verify

__all__ = ["PlanSheets", "Recorded", "Verdict", "open_plan", "verify"]
