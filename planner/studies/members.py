"""Who pays, as part of a report: of any study that has members pay against a reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from models.results import WhoPays
from planner.render.chart import Picture
from planner.sheets.pictures import who_pays
from planner.studies.kind import Numbers, Section, Tables


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
