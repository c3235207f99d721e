"""By mineral of random books, held against measures recomputed from the plan's other sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.budget import at_length

from .cases import ALL, OWNED, random_book
from .cells import text
from .measures import Sheets, of_mineral, same_tonnes
from .product import NEAR, run

FEATURES = (ALL | OWNED | {"stages", "floors", "stockpiles"}) - {"whole projects", "tiers"}
near = pytest.approx


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(2, 30)))
def test_by_mineral_is_recomputed(seed: int, tmp_path: Path) -> None:
    """Need, missing, purchases' shares, what is left without the supplier, extra cost."""
    book = random_book(np.random.default_rng([41, seed]), 3, FEATURES)
    sides = []
    for name, each in (("plan", book), ("free", {**book, "Share limits": []})):
        plan = tmp_path / f"{name}.xlsx"
        code, said = run({k: rows for k, rows in each.items() if rows}, tmp_path, "solve",
                         "--output", str(plan))  # fmt: skip
        assert code == 0, said
        sides.append(Sheets(book, plan))
    here, there = sides
    last, parts = here.years[-1], same_tonnes(here.lots(), there.lots())
    for row in here.rows["By mineral"]:
        mineral = text(row, "Mineral") or ""
        need, missing = here.need(mineral, here.years), here.missing(mineral, here.years)
        scale = NEAR * max(1.0, need, here.taken(mineral, last))
        assert row["Need (t)"] == near(need, abs=scale)
        assert row["Missing (t)"] == near(missing, abs=10 * scale)
        assert (row["Missing (share)"] is None) == (need <= 0)
        sold = here.sold(mineral, last)
        outside = {code: t for code, t in sold.items() if here.is_outside(code)}
        top = max(outside.values(), default=0.0)
        share = row[f"Its share of purchases in {last}"]
        if top > 1e-3:
            assert share == near(top / sum(sold.values()), abs=1e-6), mineral
            drawn = sum(max(0.0, here.drawn(mineral, j, last)) for j in here.members)
            base = here.need(mineral, [last]) + here.taken(mineral, last)
            met = base - here.missing(mineral, [last])
            left = min(met, sum(sold.values()) - top + drawn)
            if base > 0 and sum(t > top - 1e-3 for t in outside.values()) == 1:
                assert row[f"Served if it stops, in {last}"] == near(
                    max(0.0, left / base), abs=1e-5
                ), mineral
        extra = next(v for h, v in row.items() if h.startswith("Extra cost of the same tonnes ("))
        if extra is not None:
            _, more, cost = of_mineral(parts, mineral)
            assert extra == near(more, rel=1e-6, abs=1e-6 * max(1.0, cost)), mineral
