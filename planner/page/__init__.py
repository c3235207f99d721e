"""A page for a browser that plans a workbook's case again while a slider is moved."""

from planner.page.write import PlanningPage, page_of

__all__ = ["PlanningPage", "page_of"]
