"""Who of a member's tiers is short where some suppliers may serve only some (contract 8.5)."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

from .cells import number
from .continuity import spread, tiers
from .program import Program
from .reading import Case, Source

DEAR = 1000.0
"""How many times the dearest tier's cost a tonne counts that nobody could have served."""


def lacking(
    case: Case,
    key: tuple[str, str, int],
    flow: Mapping[tuple[Source, str, int], float],
    before: float,
    short: float,
) -> tuple[dict[str | None, float], float]:
    """(t each tier is short at the least cost, t served from suppliers that may not serve).

    key is mineral, member and year; before is the stock at the end of the year before, and short
    what the member is short in all, in t.
    """
    mineral, member, year = key
    found, patterns = tiers(case, *key), case.patterns(*key)
    if not patterns:
        return spread(found, short), 0.0
    most = number(case.stock_rows.get((mineral, member), {}), "Max draw (t/yr)")
    supplies = [
        (pattern, fsum(flow.get((source, member, year), 0.0) for source in sources))
        for pattern, sources in patterns.items()
    ]
    supplies.append((case.tiers_of(mineral, member), before if most is None else min(before, most)))
    program, dear = Program(), DEAR * max([1.0, *(tier.cost for tier in found)])
    missing = {tier.name: program.add(tier.cost, tier.demand) for tier in found}
    wrong = {tier.name: program.add(dear) for tier in found}
    program.row([(column, 1.0) for column in missing.values()], "=", short)
    served = {tier.name: [missing[tier.name], wrong[tier.name]] for tier in found}
    for pattern, amount in supplies:
        columns = {name: program.add(0.0) for name in pattern}
        program.row([(column, 1.0) for column in columns.values()], "<=", amount)
        for name, column in columns.items():
            served[name].append(column)
    for tier in found:
        program.row([(column, 1.0) for column in served[tier.name]], ">=", tier.demand)
    _, x = program.optimum()
    split = {name: float(x[column]) for name, column in missing.items()}
    return split, fsum(float(x[column]) for column in wrong.values())
