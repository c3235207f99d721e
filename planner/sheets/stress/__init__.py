"""The sheets of a stress test: what each loss does, the heat maps, N-1, and their charts."""

from planner.sheets.stress.pictures import stress_pictures
from planner.sheets.stress.tables import STRESS, Tested, stress_tables

__all__ = ["STRESS", "Tested", "stress_pictures", "stress_tables"]
