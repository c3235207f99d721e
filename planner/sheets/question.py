"""The question that a plan answers, in the words of its share limits."""

from __future__ import annotations

from models.case import Case, in_force
from models.schema import COALITION, EACH_OUTSIDE
from planner.render.words import share


def question(case: Case) -> str:
    """Return what a plan of a case is to say: whether its need is met within its share limits.

    One cap on single countries for all minerals is named; where it changes, with the year from
    which it stays. The answer is of all years.
    """
    asked, limits = "Can the coalition get what it needs", case.share_limits
    if not limits or not case.years:
        return f"{asked}?"
    paths = {
        tuple(row.share.value(year) if in_force(row, year) else None for year in case.years)
        for row in limits
    }
    path = paths.pop()
    is_cap = all(r.caps_each_country and not (r.mineral or r.except_minerals) for r in limits)
    of_all = any(not row.buyer for row in limits)
    suppliers = {row.supplier for row in limits}
    if not (is_cap and of_all) or paths or len(suppliers) > 1 or path[-1] is None:
        return f"{asked} within its share limits?"
    outside = " outside it" if suppliers == {f"{EACH_OUTSIDE}{COALITION}"} else ""
    steps = [year for year, of in zip(case.years, path, strict=True) if of != path[-1]]
    later = [year for year in case.years if steps and year > steps[-1]]
    since = f" (from {later[0]})" if later else ""
    return f"{asked} with at most {share(path[-1])} from any one country{outside}{since}?"
