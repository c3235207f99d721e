"""Share limits of the book, one object for each limit that counts (contract sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .cells import by_year, in_years, must, number, same_company, text
from .neutral import Row
from .reading import ROW, Case, Source


@dataclass(frozen=True)
class Limit:
    """One limit: a supplier group into a buyer, of one mineral in one year.

    share is a fraction of the base; penalty is USD per t of excess, None for a hard limit.
    """

    row: int
    is_max: bool
    mining: bool
    mineral: str
    buyers: tuple[str, ...]
    group: str
    supplier: str
    year: int
    share: float
    penalty: float | None
    coalition: bool
    """Whether the buyer is the coalition as one: then what plants take counts, too."""

    def __str__(self) -> str:
        sense = "max" if self.is_max else "min"
        return (
            f"share limit {self.row} ({sense} {self.group} {self.supplier} into "
            f"{'+'.join(self.buyers)}, {self.mineral} {self.year})"
        )


def buyers_of(case: Case, cell: str | None) -> list[tuple[str, ...]]:
    """Buyers a cell stands for; each buyer is the tuple of the members it pools, of those there."""
    everyone = case.whole.members
    if cell is None:
        found = [tuple(everyone)]
    elif cell.lower() == "each":
        found = [(member,) for member in everyone]
    elif cell in everyone:
        found = [(cell,)]
    else:
        found = [tuple(j for j, row in everyone.items() if text(row, "Group") == cell)]
        assert found[0], cell
    here = [tuple(member for member in buyer if member in case.members) for buyer in found]
    return [buyer for buyer in here if buyer]


def names_in(case: Case, mineral: str, group: str, mining: bool) -> set[str]:
    """All supplier names of a kind of group that can send anything of the mineral."""
    if mining:
        countries = set(case.mines(mineral))
        if group == "country":
            return countries
        return {bloc for country in countries for bloc in case.blocs(country)}
    names: set[str] = set()
    for source in case.sources:
        if source.mineral == mineral:
            names |= labels(case, group, source)
    return names


def labels(case: Case, group: str, source: Source) -> set[str]:
    """Names under which a source counts in a kind of group."""
    if group == "bloc":
        return case.blocs(source.country)
    if group == "company":
        return {source.company} - {None}
    alone = {"country": source.country, "owner": source.owner, "kind": source.kind}
    return {alone.get(group, source.refiner)}


def supplier_of(cell: str, group: str) -> str:
    """The supplier that a cell names."""
    return same_company(cell) if group == "company" else cell


def suppliers_of(case: Case, mineral: str, group: str, cell: str | None, mining: bool) -> list[str]:
    """Supplier names a cell stands for, each a limit of its own.

    Rest of world is limited by name only: no blank and no `each outside` reaches it.
    """
    if cell is not None and not cell.lower().startswith("each outside "):
        return [supplier_of(cell, group)]
    found = names_in(case, mineral, group, mining)
    if group in ("country", "owner"):
        found.discard(ROW)
    if cell is not None:
        bloc = cell[len("each outside ") :].strip()
        found = {name for name in found if bloc not in case.blocs(name)}
    return sorted(found)


def minerals_of(case: Case, row: Row, group: str, mining: bool) -> list[str]:
    """Minerals a row counts for."""
    named, supplier = text(row, "Mineral"), text(row, "Supplier")
    result = list(case.minerals) if named is None else [named]
    if named is None and mining:
        result = [m for m in result if case.mines(m)]
    if named is None and group in ("refiner", "company") and supplier is not None:
        name = supplier_of(supplier, group)
        having = {source.mineral for source in case.sources if name in labels(case, group, source)}
        result = [m for m in result if m in having]
    return result


def limits(case: Case) -> Iterator[Limit]:
    """All limits of the book."""
    for index, row in enumerate(case.sheet("Share limits")):
        is_max = must(row, "Limit").lower() == "max"
        mining = (text(row, "Stage") or "refining").lower() == "mining"
        group = must(row, "Supplier group").lower()
        for year in case.years:
            share = by_year(row, "Share", "", year)
            assert share is not None
            if not in_years(row, year):
                continue
            for mineral in minerals_of(case, row, group, mining):
                penalty = number(row, "Penalty (USD/t)")
                if penalty is None and not is_max:
                    penalty = case.shortage_cost(mineral, year)
                for name in suppliers_of(case, mineral, group, text(row, "Supplier"), mining):
                    for buyers in buyers_of(case, text(row, "Buyer")):
                        yield Limit(
                            index,
                            is_max,
                            mining,
                            mineral,
                            buyers,
                            group,
                            name,
                            year,
                            share,
                            penalty,
                            text(row, "Buyer") is None,
                        )
