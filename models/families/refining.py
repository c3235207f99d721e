"""Refining: a refiner sells no more than its capacity that is open to the coalition."""

from __future__ import annotations

import pyomo.core as pyo

from models.frame import Frame, total


def add(f: Frame) -> None:
    r"""All that a refiner delivers in a year fits its usable capacity.

    .. math:: \sum_{j} \Bigl( x_{r,m,j,t} + \sum_{k \in K_{r,j}} y_{k,t} \Bigr)
              \le capacity_{r,m,t} \cdot available_{r,m,t}                       [t/yr]

    variables   none of its own; spot x and contracted y stand in the frame
    posts       into the member's balance x and y; cost heading "purchase"
    dual        the scarcity rent: what one more tonne of usable capacity would save [money/t]
    source      capacitated transportation problem, Ahuja, Magnanti & Orlin (1993), ch. 1.2
    """
    e = f.expanded
    rows = {}
    for (r, t), columns in f.by_source_year.items():
        if not e.sources[r].project:
            source = e.sources[r]
            rows[source.name, source.mineral, e.years[t]] = (columns, float(e.usable[r, t]))
    f.model.refining_capacity = pyo.Constraint(
        list(rows), rule=lambda _, *key: (None, total(rows[key][0]), rows[key][1])
    )
    minerals, members, years = (f.of_deliveries(n).tolist() for n in ("mineral", "member", "year"))
    for column, m, j, t in zip(f.delivery, minerals, members, years, strict=True):
        f.books.into(f.key(m, j, t), column)
    f.books.cost("purchase", f.delivery, f.of_deliveries("cost"), f.years_of_deliveries)
