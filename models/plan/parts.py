"""Parts: what the blocks of a Case leave apart, each as a Case of its own.

The plan of a case is the plans of its parts side by side. A study that changes a few minerals at a
time plans each part once for each change that touches it, not once for every mixture of changes.
"""

from __future__ import annotations

from models.case import Case
from models.program.blocks import split
from models.resolve import Expanded
from models.schema import BY_REFINER, ShareLimit


def parts(case: Case) -> tuple[tuple[str, ...], ...]:
    """Return the minerals that belong together, in the order of the case's minerals.

    Blocks tie them, or a limit on one mineral that names a refiner of another. The case must keep
    the rules of ``models.checks``.
    """
    expanded = Expanded(case)
    names = expanded.minerals
    root = {name: name for name in names}
    tied = [{names[m] for m, _ in block} for block in split(expanded.case)]
    tied += [
        {row.mineral, *(s.mineral for s in expanded.sources if s.name == row.supplier)}
        for row in case.share_limits
        if row.mineral and row.group == BY_REFINER
    ]
    for together in tied:
        roots = {root[name] for name in together}
        first = min(roots, key=names.index, default="")
        root = {name: first if old in roots else old for name, old in root.items()}
    return tuple(
        tuple(name for name in names if root[name] == each) for each in dict.fromkeys(root.values())
    )


def part(case: Case, minerals: tuple[str, ...]) -> Case:
    """Return the case of some minerals alone, without scenarios and risks.

    Its objective and its amounts are those of its minerals in the whole case, where ``minerals``
    are whole parts.
    """
    of = frozenset(minerals)
    mine = case.of_minerals(minerals)
    sellers = {r.name for r in mine.refiners} | {p.refiner for p in mine.projects} | {""}
    return mine.change(
        lanes=tuple(
            row for row in case.lanes if row.mineral in {"", *of} and row.refiner in sellers
        ),
        share_limits=tuple(row for row in case.share_limits if _counts(row, of, sellers)),
        ore_lanes=tuple(row for row in case.ore_lanes if row.mineral in {"", *of}),
        ceilings=tuple(c for c in case.ceilings if c[2] in of),
        scenarios=(),
        risks=(),
    )


def _counts(row: ShareLimit, minerals: frozenset[str], sellers: set[str]) -> bool:
    """Whether a limit counts for any of some minerals, as far as its own cells say."""
    named = row.group == BY_REFINER and row.supplier not in sellers
    return row.mineral in {"", *minerals} and not named
