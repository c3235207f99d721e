"""Lanes: refined mineral moves from a refiner's country to a member, at a cost."""

from __future__ import annotations

import math
from typing import Any

import pyomo.core as pyo

from models.frame import Frame, total


def add(f: Frame) -> None:
    r"""What one country, or one refiner, ships to one member fits the lane.

    .. math:: \sum_{r \in R_{c}} (x_{r,m,j,t} + y_{r,m,j,t}) \le max_{m,c,j,t}, \qquad
              x_{r,m,j,t} + y_{r,m,j,t} \le max_{r,m,j,t}                        [t/yr]

    variables   none of its own; a closed lane has no column at all
    posts       cost headings "tariff" (a fraction of cost or price) and "freight"
    dual        what one more tonne of lane would save [money/t]
    source      minimum-cost multicommodity flow, Ahuja, Magnanti & Orlin (1993), ch. 17
    """
    e = f.expanded
    by_country: dict[tuple[str, str, str, int], tuple[list[Any], float]] = {}
    by_refiner: dict[tuple[str, str, str, str, int], tuple[list[Any], float]] = {}
    for (r, j, t), columns in f.by_source_member_year.items():
        source, member, year = e.sources[r], e.members[j], e.years[t]
        refiner_max, country_max = e.lane_max(r, j, t)
        if math.isfinite(refiner_max):
            key = (source.name, source.project, source.mineral, member, year)
            by_refiner[key] = (columns, refiner_max)
        if math.isfinite(country_max):
            at = (source.country, source.mineral, member, year)
            by_country.setdefault(at, ([], country_max))[0].extend(columns)
    f.model.country_lane_max = pyo.Constraint(
        list(by_country), rule=lambda _, *key: (None, total(by_country[key][0]), by_country[key][1])
    )
    f.model.refiner_lane_max = pyo.Constraint(
        list(by_refiner), rule=lambda _, *key: (None, total(by_refiner[key][0]), by_refiner[key][1])
    )
    years = f.years_of_deliveries
    tariff = f.of_deliveries("cost") * f.of_deliveries("tariff")
    f.books.cost("tariff", f.delivery, tariff, years)
    f.books.cost("freight", f.delivery, f.of_deliveries("freight"), years)
