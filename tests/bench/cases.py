"""Seeded cases of four sizes, in memory and as workbooks.

Nothing couples minerals or years (but in the variants with stocks, where a reserve ties the years
of its mineral), every refiner may sell to every member, one country refines about half of each
mineral, and supply is a little short: so caps, capacities and fair shortage all bind somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.case import Case
from models.schema import (
    ByYear,
    Column,
    Demand,
    Freight,
    Lane,
    Member,
    Mineral,
    Project,
    Record,
    Refiner,
    Settings,
    ShareLimit,
    Stockpile,
)

SEED = 20261125
FIRST_YEAR = 2026
CAP_ALL, CAP_EACH = 0.3, 0.4
"""The most that one country may supply of the coalition's, and of each member's demand."""
SWEEP = tuple(float(s) for s in np.linspace(0.40, 0.16, 50))
"""The caps on the coalition's share that a sweep goes through."""

_CODES = (
    "CHN", "JPN", "KOR", "USA", "DEU", "CHL", "IND", "AUS", "CAN", "BRA",
    "IDN", "MYS", "ZAF", "FIN", "NOR", "BEL", "POL", "MEX", "KAZ", "RUS",
)  # fmt: skip
_DOMINANT, _NEXT = 0.48, 0.75


@dataclass(frozen=True)
class Size:
    """How large a case is; ``refiners`` are of each mineral."""

    minerals: int
    years: int
    refiners: int
    members: int
    countries: int
    stocks: bool = False

    @property
    def flows(self) -> int:
        """How many flows there can be."""
        return self.minerals * self.years * self.refiners * self.members

    @property
    def blocks(self) -> int:
        """How many parts do not touch one another."""
        return self.minerals * (1 if self.stocks else self.years)


SIZES = {
    "XS": Size(2, 3, 6, 3, 4),
    "S": Size(5, 10, 19, 8, 12),
    "M": Size(10, 15, 35, 20, 15),
    "L": Size(24, 20, 70, 30, 20),
    "XL": Size(120, 40, 70, 30, 20),
    "XS-stocks": Size(2, 3, 6, 3, 4, stocks=True),
    "S-stocks": Size(5, 10, 19, 8, 12, stocks=True),
    "M-stocks": Size(10, 15, 35, 20, 15, stocks=True),
}


def make(size: Size, seed: int = SEED) -> Case:
    """Return the case of a size; the same on every machine."""
    rng = np.random.default_rng(seed)
    years = tuple(range(FIRST_YEAR, FIRST_YEAR + size.years))
    codes = _CODES[: size.countries]
    members = [f"Member {j + 1:02d}" for j in range(size.members)]
    minerals, refiners, demand = [], [], []
    buys = rng.lognormal(0.0, 0.8, size.members)
    for m in range(size.minerals):
        name = f"Mineral {m + 1:03d}"
        price = float(np.round(rng.lognormal(9.0, 1.0), 2))
        minerals.append(Mineral(name=name, price=ByYear(price)))
        first = 1e4 * rng.lognormal(0.0, 0.5) * buys * rng.uniform(0.5, 1.5, size.members)
        growth = np.cumprod(rng.uniform(0.97, 1.04, (size.members, size.years)), axis=1)
        need = np.round(first[:, None] * growth, 1)
        demand += [
            Demand(
                mineral=name,
                member=members[j],
                tonnes=tuple(zip(years, need[j].tolist(), strict=True)),
            )
            for j in range(size.members)
        ]
        weights = _country_weights(rng, size.countries)
        home = _homes(rng, size.refiners, weights)
        within = rng.uniform(0.5, 1.5, size.refiners)
        sums = np.bincount(home, weights=within, minlength=size.countries)
        capacity = 1.3 * need.sum(axis=0).mean() * weights[home] * within / sums[home]
        cheaper = np.where(home == int(weights.argmax()), 0.85, 1.0)
        cost = price * rng.uniform(0.7, 1.3, size.refiners) * cheaper
        refiners += [
            Refiner(
                name=f"Refiner {m + 1:03d}-{r + 1:02d}",
                mineral=name,
                country=codes[home[r]],
                capacity=ByYear(float(np.round(capacity[r], 1))),
                cost=ByYear(float(np.round(cost[r], 2))),
            )
            for r in range(size.refiners)
        ]
    base = rng.uniform(20.0, 150.0, size.countries)
    freight = np.round(base[:, None] + rng.uniform(0.0, 80.0, (size.countries, size.members)), 2)
    return Case(
        years=years,
        settings=Settings(discount_rate=0.03),
        minerals=tuple(minerals),
        members=tuple(Member(name=name) for name in members),
        refiners=tuple(refiners),
        demand=tuple(demand),
        freight=tuple(
            Freight(country=code, costs=tuple(zip(members, row, strict=True)))
            for code, row in zip(codes, freight.tolist(), strict=True)
        ),
        share_limits=(
            ShareLimit(limit="max", group="country", share=ByYear(CAP_ALL)),
            ShareLimit(limit="max", buyer="each", group="country", share=ByYear(CAP_EACH)),
        ),
        stockpiles=tuple(_stockpiles(demand)) if size.stocks else (),
    )


def _country_weights(rng: np.random.Generator, countries: int) -> np.ndarray:
    """Return each country's part of the capacity: one about half, the others ever less."""
    rest = _NEXT ** np.arange(countries - 1)
    weights = np.concatenate([[_DOMINANT], (1.0 - _DOMINANT) * rest / rest.sum()])
    return weights[rng.permutation(countries)]


def _homes(rng: np.random.Generator, refiners: int, weights: np.ndarray) -> np.ndarray:
    """Return the country of each refiner: one in each as far as they go, the rest by weight."""
    order = np.argsort(-weights, kind="stable")[:refiners]
    rest = rng.choice(len(weights), size=refiners - len(order), p=weights)
    return np.concatenate([order, rest])


def _stockpiles(demand: list[Demand]) -> list[Stockpile]:
    """Return a reserve for each mineral and member: a tenth of a year's need, to be doubled."""
    return [
        Stockpile(
            mineral=row.mineral,
            member=row.member,
            max=round(row.tonnes[0][1] * 0.5, 1),
            opening=round(row.tonnes[0][1] * 0.1, 1),
            target=ByYear(round(row.tonnes[0][1] * 0.2, 1)),
            target_penalty=200.0,
            holding_cost=5.0,
        )
        for row in demand
    ]


def desk() -> Case:
    """Return ten minerals over ten years: 12 members, 30 refiners of each mineral, 15 countries."""
    return make(Size(10, 10, 30, 12, 15))


def lanes(size: int = 400) -> Case:
    """Return a case of as many refiners as members, and a row of Lanes for each pair."""
    rng = np.random.default_rng(SEED)
    freight = rng.integers(1, 100, (size, size))
    return Case(
        years=(FIRST_YEAR,),
        settings=Settings(default_freight=0.0),
        minerals=(Mineral(name="Copper", price=ByYear(1000.0)),),
        members=tuple(Member(name=f"M{j}", country="USA") for j in range(size)),
        demand=tuple(
            Demand(mineral="Copper", member=f"M{j}", tonnes=((FIRST_YEAR, 1.0),))
            for j in range(size)
        ),
        refiners=tuple(_plant(f"R{i}") for i in range(size)),
        lanes=tuple(
            Lane(refiner=f"R{i}", member=f"M{j}", freight=float(freight[i, j]))
            for i in range(size)
            for j in range(size)
        ),
    )


def facilities(projects: int = 50, members: int = 100) -> Case:
    """Return a case of whole projects, which of them to build: facility location."""
    rng = np.random.default_rng(SEED)
    freight = rng.integers(1, 1000, (projects, members))
    return Case(
        years=(FIRST_YEAR,),
        settings=Settings(default_freight=0.0, whole_projects=True, cost_of_capital=0.0),
        minerals=(Mineral(name="Copper", price=ByYear(1000.0)),),
        members=tuple(Member(name=f"M{j}", country="USA") for j in range(members)),
        demand=tuple(
            Demand(mineral="Copper", member=f"M{j}", tonnes=((FIRST_YEAR, 1.0),))
            for j in range(members)
        ),
        refiners=(_plant("Old"),),
        projects=tuple(
            Project(
                name=f"P{i}",
                refiner=f"P{i}",
                mineral="Copper",
                country="AUS",
                life=1,
                first_year=FIRST_YEAR,
                lead_time=0,
                capacity=ByYear(float(members)),
                capex=0.003,
                cost=ByYear(1.0),
            )
            for i in range(projects)
        ),
        lanes=tuple(
            Lane(refiner=f"P{i}", member=f"M{j}", freight=float(freight[i, j]))
            for i in range(projects)
            for j in range(members)
        ),
    )


def _plant(name: str) -> Refiner:
    one = ByYear(1.0)
    return Refiner(name=name, mineral="Copper", country="CHL", capacity=one, cost=one)


BOOKS = {"desk": desk, "lanes": lanes, "facilities": facilities}
"""Cases of a kind of their own, by the name of their size."""


def write_workbook(case: Case, path: Path) -> None:
    """Write a case as a workbook of plain tables, as a person would hand it in."""
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        for sheet in case.SHEET_FIELDS:
            rows = _settings(case) if sheet == "Settings" else _table(case, sheet)
            if len(rows) > 1:
                page = book.add_worksheet(sheet)
                for at, row in enumerate(rows):
                    page.write_row(at, 0, row)


def _settings(case: Case) -> list[list[object]]:
    plain = Settings()
    stated = {c.title: getattr(case.settings, c.field) for c in Settings.columns()
              if getattr(case.settings, c.field) != getattr(plain, c.field)
              and c.field != "discount_rate"}  # fmt: skip
    rows = [[name, "yes" if value is True else value] for name, value in stated.items()]
    return [["Setting", "Value"], ["Discount rate", case.settings.discount_rate], *rows]


def _table(case: Case, sheet: str) -> list[list[object]]:
    """Return a sheet's rows, blank columns left out."""
    records = case.records(sheet)
    if not records:
        return []
    spread = _spread(case, sheet)
    columns = [c for c in type(records[0]).columns() if any(_cell(r, c) for r in records)]
    head: list[object] = [c.title for c in columns]
    return [
        [*head, *spread],
        *([*(_cell(r, c) for c in columns), *_spread_of(r, spread)] for r in records),
    ]


def _cell(record: Record, column: Column) -> object:
    value = getattr(record, column.field)
    if isinstance(value, ByYear):
        return value.base
    return None if value in {"", ()} else value


def _spread(case: Case, sheet: str) -> list[object]:
    """Return the headers of a sheet's columns beyond the declared ones."""
    return {"Demand": list(case.years), "Freight": [m.name for m in case.members]}.get(sheet, [])


def _spread_of(record: Record, spread: list[object]) -> list[object]:
    if isinstance(record, Demand):
        return [dict(record.tonnes)[year] for year in spread]
    return [dict(record.costs)[name] for name in spread] if isinstance(record, Freight) else []
