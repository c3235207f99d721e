"""Names that would be read as something else."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import BASE, Case, fold
from models.checks.common import at
from models.errors import Finding
from models.schema import EACH, REST_OF_WORLD, Freight

COLUMNS = {"note", "source", fold(Freight.column_of("country").header)}
"""Headers of Freight, folded, that are no member's column."""


def names_that_mean_something_else(case: Case) -> Iterator[Finding]:
    """A member or group named each, a group named like a member, a scenario named Base."""
    members = {fold(m.name): m.name for m in case.members}
    for member in case.members:
        if fold(member.name) == EACH:
            yield at(member, "name", f"a member named {member.name!r}", "another name", _EACH)
        elif fold(member.name) in COLUMNS:
            said = f"a member named {member.name!r}"
            yield at(member, "name", said, "another name", "Freight has a column of that name")
        if member.group and fold(member.group) == EACH:
            yield at(member, "group", f"a group named {member.group!r}", "another name", _EACH)
        elif member.group and fold(member.group) in members:
            said = f"the group {member.group!r} has the name of a member"
            yield at(member, "group", said, "a name that no member has")
    for step in case.scenarios:
        if fold(step.name) == fold(BASE):
            said = f"a scenario named {step.name!r}"
            yield at(step, "name", said, "another name", "Base is the workbook as it stands")


_EACH = "in Share limits `each` is every member alone"


def member_countries(case: Case) -> Iterator[Finding]:
    """The rest of the world is outside the coalition."""
    for member in case.members:
        if member.country == REST_OF_WORLD:
            said = "the rest of the world as a member's country"
            yield at(member, "country", said, "a country", "leave it blank for several countries")
