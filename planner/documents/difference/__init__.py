"""What differs between two plan workbooks: their inputs, totals, minerals, members, flows."""

from planner.documents.difference.compare import PlanDifference, compare_plans, write_difference
from planner.documents.difference.inputs import Inputs, compare_inputs, find_input

__all__ = [
    "Inputs",
    "PlanDifference",
    "compare_inputs",
    "compare_plans",
    "find_input",
    "write_difference",
]
