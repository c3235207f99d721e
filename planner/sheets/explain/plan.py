"""What is scarcest and what is shortest in a whole plan: sentences for its first sheet.

Pure, and the same for every reader of a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.sheets.explain.amounts import amount, large, one_unit

if TYPE_CHECKING:
    from models.answers import Scarce
    from models.plan import Plan


def scarce_words(scarce: Scarce, currency: str) -> str:
    """Return what is scarcest, and what a unit more of it would save at the margin."""
    hard = scarce.hardest
    of = f"{scarce.mineral}, " if scarce.mineral else ""
    return (
        f"Scarcest: {of}{hard.what}. At the margin, {one_unit(hard.unit, currency)} more in "
        f"{hard.year} would save {large(hard.worth)} {currency}."
    )


def shortage_words(plan: Plan) -> str:
    """Return where most is lost to shortage, and why; "" where nothing is short.

    The mineral and year whose shortage costs most, with the cause told of the member that is short
    of most tonnes, as it stands in the sheet Shortages.
    """
    table = plan.shortages
    if table.empty:
        return ""
    case = plan.case
    cost = [
        case.shortage_cost(mineral, year)
        for mineral, year in zip(table["mineral"], table["year"].tolist(), strict=True)
    ]
    lost = (table["short"] * cost).groupby([table["mineral"], table["year"]]).sum()
    mineral, year = min(lost.index, key=lambda at: (-lost[at], at))
    rows = table[(table["mineral"] == mineral) & (table["year"] == year)]
    cause = rows.loc[rows["short"].idxmax(), "cause"]
    short, need = float(rows["short"].sum()), case.coalition_demand(mineral, int(year))
    return (
        f"Short above all: {mineral} in {year}, {amount(short)} t, {short / need * 100:.3g} % of "
        f"the coalition's need. {cause}"
    )
