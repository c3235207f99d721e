"""Who pays, as part of a report: of any study that has members pay against a reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from models.results import WhoPays
from planner.render.chart import Picture
from planner.render.words import money
from planner.sheets.pictures import who_pays
from planner.studies.kind import Figure, Numbers, Section, Tables


def most_paid(
    tables: Tables, of: type[WhoPays], case: Any, named: str, reference: str
) -> Sequence[Figure]:
    """Return who pays most in a case of a study, shortage at its cost counted; none where none."""
    rows = tables[of].rows(of.case, of.member, of.extra, of.extra_shortage) if of in tables else ()
    own = [(member, cash, lost) for name, member, cash, lost in rows if name == case]
    most = max(own, key=lambda row: row[1] + row[2], default=("", 0.0, 0.0))
    if not most[1] + most[2] > 0:
        return ()
    currency = tables[of].words.get("money", "")
    each, whole = (
        f"{money(cash, currency)} in cash and {money(lost, currency)} in shortage at its cost"
        for cash, lost in (most[1:], (sum(row[1] for row in own), sum(row[2] for row in own)))
    )
    said = f"{each} more a year than {reference}, {named}; all members together {whole}."
    return (Figure("Who pays most", str(most[0]), said),)


def who_pays_section(
    tables: Tables,
    of: type[WhoPays],
    choice: str,
    reference: str,
    name: Callable[[Any], str] = str,
) -> Sequence[Section]:
    """Return the part of a report that says who pays, case by case; none where nobody is compared.

    ``choice`` says what the cases are, ``name`` what one is called.
    """
    if of not in tables:
        return ()
    table = tables[of]
    currency = table.words.get("money", "")
    views: dict[str, tuple[Sequence[Picture], Numbers]] = {}
    for case in dict.fromkeys(table.case):
        rows = table.where([each == case for each in table.case])
        fields = tuple(f for f in of.FIELDS if f.name != of.case.name)
        costs = rows.rows(of.member, of.extra, of.extra_shortage)
        chart = who_pays(f"Who pays: {name(case)}", costs, currency, reference)
        views[name(case)] = ([chart] if chart is not None else [], Numbers(rows, fields))
    lead = (
        f"A year, against {reference}: cash for the same tonnes, and beside it what is short, at"
        " the shortage cost, which nobody pays in cash."
    )
    return (Section("members", "Who pays", lead, views, choice),)
