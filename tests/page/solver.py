"""HiGHS for the page, or no test."""

from __future__ import annotations

import pytest

from models.errors import UsageError
from planner.page import highs


def solver_or_skip() -> highs.Highs:
    """The solver; where npm cannot bring it, the test that needs it is skipped."""
    try:
        return highs.fetch_highs()
    except UsageError as error:
        pytest.skip(str(error))
