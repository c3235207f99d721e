"""What a sweep over security claims: of which losses, minerals and years, and of which not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from models.case import Case
from models.measures import rounded
from planner.render.words import known, listed, share
from planner.scenarios.parameters import SECURITY, Parameter
from planner.scenarios.parameters import percent as percent_of
from planner.sheets.survival import EVERY_YEAR, NOT_TESTED, Cells, asked_of, tests_of
from planner.studies.kind import KeyFigure, Tables

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 2
"""Minerals that a sentence names; one more is named, too, or counted."""
_LOSES = "Country that is lost"
"""The row of About that says whose loss is tested."""


def tested_by(case: Case, parameter: Parameter) -> Cells:
    """Return the minerals and years in which a sweep over security sets what may be short."""
    aimed = {aim.mineral for aim in parameter.aims}
    cells = asked_of(case) if parameter.kind == SECURITY else {}
    return {m: years for m, years in cells.items() if aimed & {"", m}}


def covered(case: Case, parameter: Parameter) -> dict[str, str]:
    """Return as rows of About which losses a sweep over security tests, and what it doesn't."""
    if parameter.kind != SECURITY:
        return {}
    tests = tests_of(case, tested_by(case, parameter))
    lacking = tests.lacking.removeprefix(f"{NOT_TESTED}: ").removesuffix(".")
    return {_LOSES: tests.lost, **({NOT_TESTED: lacking} if lacking else {})}


def with_tested(rows: pd.DataFrame, tested: Mapping[str, str]) -> pd.DataFrame:
    """Return rows with the years that are tested, blank where nothing is known of a loss.

    ``tested`` are the years of each mineral, in words.
    """
    is_tested = rows["mineral"].isin(["", *tested])
    claims = {name: rows[name].where(is_tested) for name in ("missing", "kept")}
    return rows.assign(tested=rows["mineral"].map(tested).fillna(""), **claims)


def safe_down_to(rows: pd.DataFrame) -> pd.DataFrame:
    """Return by mineral the least Max short ``safe`` down to which nothing is missing at any point.

    ``next`` is the point after it, at which something is; NaN where nothing is missing at any.
    """
    tested = rows[rows["value"] < 1.0].sort_values("value", ascending=False)
    is_safe = tested.groupby("mineral", sort=False)["missing"].cummax() <= 0
    safe = tested[is_safe].groupby("mineral", sort=False)["value"].min()
    missed = tested[~is_safe].groupby("mineral", sort=False)["value"].max()
    ends = safe.to_frame("safe").assign(next=missed.reindex(safe.index))
    return ends.sort_values("safe", kind="stable")


def price_of_security(points: pd.DataFrame, ends: str, tables: Tables) -> tuple[KeyFigure, str]:
    """Return down to which Max short nothing is missing of each mineral that is tested.

    Beside it which mineral becomes dearest, and which minerals and years no claim covers.
    """
    rows = points[(points["mineral"] != "") & (points["tested"] != "")]
    name = "Nothing is missing if a country is lost"
    lost, lacking = tables.option(_LOSES), tables.option(NOT_TESTED)
    untested = f" {NOT_TESTED}: {lacking}." if lacking else ""
    years, safe = dict(zip(rows["mineral"], rows["tested"], strict=True)), safe_down_to(rows)
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
    if steps:  # between the two points nothing is planned
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
    remark = f"{listed(each) or 'No mineral'}: what may be short of it without {lost}.{untested}"
    return KeyFigure(name, value, remark), f"{finding}.{untested}".removesuffix(".")
