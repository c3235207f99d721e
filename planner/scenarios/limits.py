"""Actions on share limits."""

from __future__ import annotations

import dataclasses

from models.case import Case, fold, in_force
from models.schema import BY_COUNTRY, MAX, ByYear, ScenarioStep, ShareLimit
from planner.scenarios.select import value_of


def set_max_country_share(case: Case, share: float, mineral: str = "") -> Case:
    """Return the case with every max on countries, each alone, at a share.

    Per mineral, every refining max limit on countries capped each alone becomes ``share``, in its
    own years, its penalty kept; each year in which none of these has the coalition as buyer gets a
    hard one on the coalition, each country alone. ``mineral`` "" is all of them. A limit on
    countries outside a bloc is one of these: it keeps leaving the bloc's own countries alone.
    Raises KeyError for a mineral that the case has not.
    """
    mineral = _known(case, mineral)
    chosen = [m.name for m in case.minerals if mineral in {"", m.name}]
    rows: list[ShareLimit] = []
    for row in case.share_limits:
        if not row.caps_each_country or row.mineral not in {"", *chosen}:
            rows.append(row)
            continue
        capped = dataclasses.replace(row, share=ByYear(share))
        if not row.mineral and mineral:  # the others keep what the row says of all
            rows.append(_without(row, mineral))
            capped = dataclasses.replace(capped, mineral=mineral)
        if row.mineral or mineral not in row.except_minerals:
            rows.append(capped)
    for name in chosen:
        covered = {
            year
            for year in case.years
            for row in rows
            if row.caps_each_country
            and not row.buyer
            and row.mineral in {"", name}
            and name not in row.except_minerals
            and in_force(row, year)
        }
        rows += [
            ShareLimit(
                limit=MAX,
                mineral=name,
                group=BY_COUNTRY,
                share=ByYear(share),
                first_year=first,
                last_year=last,
            )
            for first, last in _stretches(case.years, covered)
        ]
    return case.change(share_limits=tuple(rows))


def _stretches(years: tuple[int, ...], covered: set[int]) -> list[tuple[int | None, int | None]]:
    """Return the uncovered years as (first, last) stretches; all of them as (None, None)."""
    if not covered:
        return [(None, None)]
    found: list[tuple[int | None, int | None]] = []
    first: int | None = None
    for year, after in zip(years, [*years[1:], None], strict=True):
        if year not in covered:
            first = year if first is None else first
            if after is None or after in covered:
                found.append((first, year))
                first = None
    return found


def set_max_country_share_step(case: Case, step: ScenarioStep) -> Case:
    """Every max on countries, each alone, becomes Value; where there is none, a hard one is set."""
    return set_max_country_share(case, value_of(step), step.mineral)


def drop_share_limits(case: Case, mineral: str = "") -> Case:
    """Return the case without share limits (of one mineral, or of all)."""
    mineral = _known(case, mineral)
    if not mineral:
        return case.change(share_limits=())
    rows = [
        row if row.mineral else _without(row, mineral)
        for row in case.share_limits
        if row.mineral != mineral
    ]
    every = {m.name for m in case.minerals}
    return case.change(
        share_limits=tuple(r for r in rows if r.mineral or every - {*r.except_minerals})
    )


def _known(case: Case, mineral: str) -> str:
    """Return a mineral's name as the case spells it ("" for all); KeyError where it has none."""
    known = {fold(m.name): m.name for m in case.minerals} | {"": ""}
    return known[fold(mineral)]


def _without(row: ShareLimit, mineral: str) -> ShareLimit:
    """Return a row for all minerals that leaves one out."""
    left_out = tuple(sorted({*row.except_minerals, mineral}))
    return dataclasses.replace(row, except_minerals=left_out)


def drop_share_limits_step(case: Case, step: ScenarioStep) -> Case:
    """Share limits are gone."""
    return drop_share_limits(case, step.mineral)
