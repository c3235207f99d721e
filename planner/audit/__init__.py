"""Plans after the fact: proven again from two files, and made fit to be passed on.

``verify`` recomputes a plan from its workbook and its input alone; nothing is solved. ``redact``
takes members' orders, stocks and prices out of a plan's workbook.
"""

from planner.audit.file import PlanSheets, Recorded, open_plan
from planner.audit.verify import Verdict, verify

__all__ = ["PlanSheets", "Recorded", "Verdict", "open_plan", "verify"]
