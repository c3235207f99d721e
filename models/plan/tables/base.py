"""What every table of a plan is made with."""

from __future__ import annotations

from typing import Any

import pandas as pd

LEAST_FLOW = 1e-6
"""Flows up to this are left out of the tables [t]."""


def table(rows: list[dict[str, Any]], columns: list[str], order: list[str]) -> pd.DataFrame:
    """Return rows as a table, sorted by the given columns; empty tables keep their columns."""
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(order, kind="stable", ignore_index=True) if order else found
