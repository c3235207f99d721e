"""What plants buy of one another, and which mineral's buyers it is charged to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from models.plan import Plan


def bought_by_plants(plan: Plan) -> pd.DataFrame:
    """Return the rows of ``Plan.inputs`` that are sold; what members hand over they have bought."""
    return plan.inputs[plan.inputs["member"] == ""]
