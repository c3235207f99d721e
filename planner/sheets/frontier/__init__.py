"""The sheets of a sweep: what each point costs, the smallest caps, and their charts."""

from planner.sheets.frontier.pictures import sweep_pictures
from planner.sheets.frontier.swept import Swept
from planner.sheets.frontier.tables import SMALLEST, sweep_tables

__all__ = ["SMALLEST", "Swept", "sweep_pictures", "sweep_tables"]
