"""One run: a workbook and the command's options to findings, or to plans, timed."""

from planner.run.opening import open_input, open_plan, open_sheets
from planner.run.solve import Run, plans_its_loss, solve_file
from planner.run.start import Ask, Start, check_file, start_file

__all__ = [
    "Ask",
    "Run",
    "Start",
    "check_file",
    "open_input",
    "open_plan",
    "open_sheets",
    "plans_its_loss",
    "solve_file",
    "start_file",
]
