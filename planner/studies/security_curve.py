"""The finding of a sweep over security, and which losses, minerals and years it covers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.case import Case
from models.measures import rounded
from planner.render.words import known, listed, share
from planner.scenarios.parameters import SECURITY, Parameter
from planner.scenarios.parameters import percent as percent_of
from planner.sheets.survival import EVERY_YEAR, NOT_TESTED, Cells, tests_of, years_tested
from planner.studies.kind import KeyFigure, Tables

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 2
"""How many minerals a sentence names; the rest are only counted."""
_LOSES = "Country that is lost"
"""The row of About that names the countries whose loss is tested."""


def tested_cells(case: Case, parameter: Parameter) -> Cells:
    """Return the minerals and years whose allowed shortage a sweep over security sets."""
    aimed = {aim.mineral for aim in parameter.aims}
    cells = years_tested(case) if parameter.kind == SECURITY else {}
    return {m: years for m, years in cells.items() if aimed & {"", m}}


def tested_losses(case: Case, parameter: Parameter) -> dict[str, str]:
    """Return rows of About that say which losses a sweep over security tests, and which not."""
    if parameter.kind != SECURITY:
        return {}
    tests = tests_of(case, tested_cells(case, parameter))
    untested = tests.untested.removeprefix(f"{NOT_TESTED}: ").removesuffix(".")
    return {_LOSES: tests.lost, **({NOT_TESTED: untested} if untested else {})}


def with_tested_years(rows: pd.DataFrame, tested: Mapping[str, str]) -> pd.DataFrame:
    """Return a sweep's rows with the tested years; results of untested minerals are blank.

    ``tested`` has the years of each mineral, in words.
    """
    is_tested = rows["mineral"].isin(["", *tested])
    claims = {name: rows[name].where(is_tested) for name in ("missing", "kept")}
    return rows.assign(tested=rows["mineral"].map(tested).fillna(""), **claims)


def safe_limits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by mineral how far Max short can be lowered with nothing missing.

    ``safe`` is the lowest point for which nothing is missing there or at any point above. ``next``
    is the next lower point, at which supply is missing (NaN: at no point).
    """
    tested = rows[rows["value"] < 1.0].sort_values("value", ascending=False)
    is_safe = tested.groupby("mineral", sort=False)["missing"].cummax() <= 0
    safe = tested[is_safe].groupby("mineral", sort=False)["value"].min()
    missed = tested[~is_safe].groupby("mineral", sort=False)["value"].max()
    ends = safe.to_frame("safe").assign(next=missed.reindex(safe.index))
    return ends.sort_values("safe", kind="stable")


def price_of_security(points: pd.DataFrame, ends: str, tables: Tables) -> tuple[KeyFigure, str]:
    """Return how far Max short can be lowered for each tested mineral, as a key figure and words.

    The words also name the mineral that becomes dearest, and the minerals and years not tested.
    """
    rows = points[(points["mineral"] != "") & (points["tested"] != "")]
    name = "Nothing is missing if a country is lost"
    lost, gaps = tables.option(_LOSES), tables.option(NOT_TESTED)
    untested = f" {NOT_TESTED}: {gaps}." if gaps else ""
    years, safe = dict(zip(rows["mineral"], rows["tested"], strict=True)), safe_limits(rows)
    each = [
        f"{percent_of(value)} of {mineral}"
        f"{'' if years[mineral] == EVERY_YEAR else f' in {years[mineral]}'}"
        for mineral, value in safe["safe"].items()
    ]
    left, value = "some supply is missing at every point", "at no point"
    if each:
        left = f"no supply is missing down to {listed(each, _NAMED)}"
        bounds = map(percent_of, (safe["safe"].min(), safe["safe"].max()))
        value = f"down to {' to '.join(dict.fromkeys(bounds))}"
    finding = f"{ends}: without {lost}, {left}"
    steps = sorted({point for point in safe["next"] if known(point)}, reverse=True)
    if steps:  # what happens between the two points is not known
        finding += (
            f", but some is missing at the next point, {listed(map(percent_of, steps), _NAMED)}"
        )
    columns = (rows[column].tolist() for column in ("dearer", "mineral", "value"))
    more = [row for row in zip(*columns, strict=True) if known(row[0]) and rounded(row[0]) > 0]
    if more:
        dearer, mineral, point = max(more, key=lambda row: row[0])
        finding += (
            f"; {mineral} {'becomes dearest: ' if len(years) > 1 else 'costs '}{share(dearer)} more"
            f" at {percent_of(point)}"
        )
    remark = f"Shortage allowed without {lost}: {listed(each) or 'no mineral tested'}.{untested}"
    return KeyFigure(name, value, remark), f"{finding}.{untested}".removesuffix(".")
