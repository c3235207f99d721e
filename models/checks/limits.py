"""Share limits: who buys, who supplies, and which combinations have a meaning."""

from __future__ import annotations

from collections.abc import Iterator

from models.case import Case
from models.checks.common import advise, at, did_you_mean, plants, seller
from models.errors import Finding
from models.schema import (
    BY_BLOC,
    BY_COUNTRY,
    BY_KIND,
    BY_OWNER,
    BY_REFINER,
    EACH,
    EACH_OUTSIDE,
    MIN,
    MINING,
    PRIMARY,
    RECYCLED,
    ShareLimit,
)


def buyers_are_defined(case: Case) -> Iterator[Finding]:
    """A buyer is each, a member, or a group of members."""
    known = {EACH, *case.member_of, *case.groups}
    for limit in case.share_limits:
        if limit.buyer and limit.buyer not in known:
            said = f"the buyer {limit.buyer!r} is no member and no group"
            wanted = "each, a member, a group, or a blank cell for the coalition as one"
            yield at(limit, "buyer", said, wanted, did_you_mean(limit.buyer, known))


def suppliers_are_defined(case: Case) -> Iterator[Finding]:
    """A supplier is a name of its group: a country, a bloc, a kind, a refiner."""
    for limit in case.share_limits:
        name = limit.supplier
        if not name:
            continue
        if name.startswith(EACH_OUTSIDE):
            bloc = name.removeprefix(EACH_OUTSIDE)
            if limit.group in {BY_COUNTRY, BY_OWNER} and bloc not in case.blocs:
                said = f"the bloc {bloc!r} is not defined"
                wanted = "coalition, other or a bloc of the sheet Countries"
                yield at(limit, "supplier", said, wanted, did_you_mean(bloc, case.blocs))
        elif limit.group == BY_BLOC and name not in case.blocs:
            said = f"the bloc {name!r} is not defined"
            wanted = "coalition, other or a bloc of the sheet Countries"
            yield at(limit, "supplier", said, wanted, did_you_mean(name, case.blocs))
        elif limit.group == BY_KIND and name not in {PRIMARY, RECYCLED}:
            said = f"{name!r} is no kind"
            hint = did_you_mean(name, {PRIMARY, RECYCLED})
            yield at(limit, "supplier", said, f"{PRIMARY} or {RECYCLED}", hint)
        elif limit.group == BY_REFINER:
            yield from _refiner(case, limit)


def _refiner(case: Case, limit: ShareLimit) -> Iterator[Finding]:
    name, mineral = limit.supplier, limit.mineral
    if name not in case.refiner_names:
        said = f"{name!r} is not in Refiners or Projects"
        hint = did_you_mean(name, case.refiner_names)
        yield at(limit, "supplier", said, "a name of the sheet Refiners or Projects", hint)
    elif mineral and not any(seller(p) == name and p.mineral == mineral for p in plants(case)):
        yield advise(limit, "supplier", f"{name} does not refine {mineral}: its share is always 0")


def shape(case: Case) -> Iterator[Finding]:
    """A min names its supplier; `each outside` is for countries; ore is the coalition's alone."""
    for limit in case.share_limits:
        outside = limit.supplier.startswith(EACH_OUTSIDE)
        if limit.limit == MIN and (not limit.supplier or outside):
            said = "a min without a named supplier"
            yield at(limit, "supplier", said, f"the name of a {limit.group}")
        elif outside and limit.group not in {BY_COUNTRY, BY_OWNER}:
            said = f"{limit.supplier!r} with the supplier group {limit.group}"
            wanted = f"a name of that group, or the supplier group {BY_COUNTRY} or {BY_OWNER}"
            yield at(limit, "supplier", said, wanted)
        if limit.stage != MINING:
            continue
        if limit.buyer:
            said = f"the buyer {limit.buyer!r} in stage mining"
            yield at(limit, "buyer", said, "a blank cell: ore is counted for the coalition as one")
        if limit.group not in {BY_COUNTRY, BY_BLOC}:
            said = f"the supplier group {limit.group} in stage mining"
            yield at(limit, "group", said, f"{BY_COUNTRY} or {BY_BLOC}")
