"""Sheets that say what there is: settings, names, refiners, projects, demand, mines, stocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .dice import Chooser

Cells = dict[str, object]
BookT = dict[str, list[Cells]]

MINERALS = ["copper", "lithium", "cobalt", "graphite", "rare earths", "nickel"]
MEMBERS = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta"]
MEMBER_COUNTRIES = ["USA", "JPN", "DEU", "AUS", "FRA", "KOR"]
REFINERS = [f"R{i}" for i in range(1, 30)]
SUPPLIERS = ["CHN", "CHL", "USA", "COD", "DEU", "IDN", "AUS"]
BLOCS = ["friends", "EU", "east"]


@dataclass
class Draft:
    """A book in the making: its sheets and the names drawn so far."""

    choose: Chooser
    features: frozenset[str]
    size: int
    sheets: BookT = field(default_factory=dict)
    years: list[int] = field(default_factory=list)
    minerals: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    blocs: list[str] = field(default_factory=lambda: ["coalition", "other"])
    mined: list[str] = field(default_factory=list)
    #: (refiner, mineral, country, owner), refiners and projects
    sources: list[tuple[str, str, str, str]] = field(default_factory=list)

    def on(self, feature: str) -> bool:
        """Whether a feature is allowed."""
        return feature in self.features

    def supplier_country(self) -> str:
        """A country of refining or mining; Rest of world now and then."""
        if self.on("ROW") and self.choose.chance(10):
            return "ROW"
        return self.choose.pick(SUPPLIERS)

    def span(self, row: Cells, percent: int = 15) -> Cells:
        """First year and Last year, mostly blank."""
        first = self.choose.maybe(percent, self.years)
        last = self.choose.maybe(percent, self.years)
        if first is not None and last is not None and last < first:
            first, last = last, first
        return row | {"First year": first, "Last year": last}

    def since(self, percent: int = 25) -> list[int]:
        """Years of by-year columns of one quantity; also beside the horizon and in its gaps."""
        if not self.on("by year"):
            return []
        span = range(self.years[0] - 1, self.years[-1] + 2)
        return [year for year in span if self.choose.chance(percent)]

    def book(self) -> BookT:
        """The sheets that have rows; all rows of a sheet have the same columns."""
        result: BookT = {}
        for name, rows in self.sheets.items():
            headers = list(dict.fromkeys(header for row in rows for header in row))
            if rows:
                result[name] = [{header: row.get(header) for header in headers} for row in rows]
        return result


def settings(draft: Draft) -> None:
    """Settings, each blank or left out now and then."""
    choose = draft.choose
    rows: Cells = {}
    if draft.on("discount"):
        rows["Discount rate"] = choose.maybe(60, [0.03, 0.1, 0.0, 0.5])
    rows["Cost of capital"] = choose.maybe(30, [0.05, 0.0, 0.2])
    rows["Default freight (USD/t)"] = choose.cost(100) if choose.chance(60) else None
    rows["Shortage cost multiple"] = choose.maybe(30, [2, 1.5, 20, 0])
    rows["Fair shortage weight"] = choose.maybe(40, [0, 0.3, 0.9])
    if draft.on("purchases basis"):
        rows["Share basis"] = choose.maybe(60, ["purchases", "demand"])
    if draft.on("whole projects"):
        rows["Whole projects"] = choose.maybe(60, ["yes", "no"])
    draft.sheets["Settings"] = [
        {"Setting": name, "Value": value}
        for name, value in rows.items()
        if value is not None or choose.chance(20)
    ]
    first = choose.pick([2026, 2030])
    draft.years = [first]
    for _ in range(choose.integer(1, max(1, draft.size + 1)) - 1):
        draft.years.append(draft.years[-1] + (choose.pick([2, 3]) if choose.chance(15) else 1))


def minerals(draft: Draft) -> None:
    """Minerals with prices and shortage costs, by year now and then."""
    choose = draft.choose
    least = 2 if draft.on("stages") else 1
    draft.minerals = MINERALS[: choose.integer(least, max(least, min(draft.size, len(MINERALS))))]
    priced, short = draft.since(10), draft.since(10)
    for mineral in draft.minerals:
        row: Cells = {"Mineral": mineral, "Price (USD/t)": choose.cost()}
        for year in priced:
            row[f"Price {year} (USD/t)"] = choose.cost() if choose.chance(50) else None
        row["Shortage cost (USD/t)"] = choose.cost(5000) if choose.chance(30) else None
        for year in short:
            row[f"Shortage cost {year} (USD/t)"] = choose.cost(5000) if choose.chance(50) else None
        draft.sheets.setdefault("Minerals", []).append(row)


def members(draft: Draft) -> None:
    """Members, some without a country, some in groups."""
    choose = draft.choose
    draft.members = MEMBERS[: choose.integer(1, max(1, min(draft.size + 1, len(MEMBERS))))]
    rows = draft.sheets["Members"] = []
    for member, country in zip(draft.members, MEMBER_COUNTRIES, strict=False):
        group = choose.maybe(50, ["EU", "pact"]) if draft.on("groups") else None
        rows.append(
            {
                "Member": member,
                "Country": None if choose.chance(25) else country,
                "Group": group,
            }
        )
        if group is not None and group not in draft.groups:
            draft.groups.append(group)


def refiners(draft: Draft) -> None:
    """Refiners of one or several minerals; zero capacities, years, shares, recoveries."""
    choose = draft.choose
    rows = draft.sheets["Refiners"] = []
    grown, dearer, opened = draft.since(), draft.since(), draft.since(15)
    for refiner in REFINERS[: choose.integer(1, max(1, 2 * draft.size))]:
        own = draft.supplier_country()
        several = choose.some(draft.minerals, 25)
        for mineral in several or [choose.pick(draft.minerals)]:
            country = own if not choose.chance(5) else draft.supplier_country()
            row: Cells = {
                "Refiner": refiner,
                "Mineral": mineral,
                "Country": country,
                "Capacity (t/yr)": choose.amount(),
                "Cost (USD/t)": choose.cost(),
            }
            for year in grown:
                row[f"Capacity {year} (t/yr)"] = choose.amount() if choose.chance(50) else None
            for year in dearer:
                row[f"Cost {year} (USD/t)"] = choose.cost() if choose.chance(50) else None
            if draft.on("recycled"):
                row["Kind"] = choose.maybe(40, ["recycled", "primary"])
            owner = draft.supplier_country() if draft.on("owners") and choose.chance(30) else None
            row["Owner country"] = owner
            row["Available share"] = choose.share() if choose.chance(20) else None
            for year in opened:
                row[f"Available share {year}"] = choose.share() if choose.chance(40) else None
            if draft.on("mines"):
                row["Recovery"] = choose.maybe(40, [0.9, 0.5, 0.123, 1])
                row["Needs ore"] = choose.maybe(20, ["yes", "no"])
            rows.append(draft.span(row, 10))
            draft.sources.append((refiner, mineral, country, owner or country))


def projects(draft: Draft) -> None:
    """Projects at existing and new refiners; budgets, some 0, some in gaps of the horizon."""
    choose = draft.choose
    if not draft.on("projects") or not choose.chance(85):
        return
    rows = draft.sheets["Projects"] = []
    for index in range(choose.integer(1, draft.size)):
        country, refiner = draft.supplier_country(), choose.pick(["N1", "N2"])
        mineral, owner = choose.pick(draft.minerals), None
        if choose.chance(50):
            refiner, mineral, country, _ = choose.pick(draft.sources)
        elif choose.chance(10):
            refiner = choose.pick(draft.sources)[0]
        row: Cells = {
            "Project": f"P{index + 1}",
            "Refiner": refiner,
            "Mineral": mineral,
            "Country": country,
            "Capacity (t/yr)": choose.amount(),
            "Capex (USD m)": choose.cost(1000) * choose.mass / 1000,
            "Cost (USD/t)": choose.cost(),
            "First year": choose.pick([*draft.years, draft.years[0] - 1, draft.years[-1] + 1]),
            "Lead time (yr)": choose.maybe(50, [1, 2, 0, 5]),
        }
        if draft.on("recycled"):
            row["Kind"] = choose.maybe(40, ["recycled", "primary"])
        if draft.on("owners"):
            owner = draft.supplier_country() if choose.chance(30) else None
            row["Owner country"] = owner
        row["Life (yr)"] = choose.maybe(50, [1, 2, 3, 30])
        rows.append(row)
        draft.sources.append((refiner, mineral, country, owner or country))
    spends = range(draft.years[0] - 1, draft.years[-1] + 1)
    draft.sheets["Budget"] = [
        {"Year": year, "Capex (USD m)": choose.cost(1500) * choose.mass / 1000}
        for year in choose.some(spends, 35)
    ]


def carried_budget(draft: Draft) -> None:
    """Budgets of which the rest is carried over; drawn last, so that books are else as without."""
    value = draft.choose.maybe(50, ["yes", "yes", "no"])
    if draft.on("carried budget") and draft.sheets.get("Budget") and value is not None:
        draft.sheets["Settings"].append({"Setting": "Carry over budget", "Value": value})


def countries(draft: Draft) -> None:
    """Countries with blocs, several of them now and then, or with a blank."""
    choose = draft.choose
    if not draft.on("blocs"):
        return
    listed = [*dict.fromkeys([*SUPPLIERS, *MEMBER_COUNTRIES])]
    if draft.on("ROW"):
        listed.append("ROW")
    rows = draft.sheets["Countries"] = []
    for country in choose.some(listed, 30):
        names = choose.some([*BLOCS, "coalition", "other"], 25)
        rows.append({"Country": country, "Bloc": "; ".join(names) or None, "Governance": None})
        draft.blocs += [name for name in names if name not in draft.blocs]


def demand(draft: Draft) -> None:
    """Demand with missing rows, blanks and zeros; at least one row."""
    choose = draft.choose
    rows = draft.sheets["Demand"] = []
    for mineral in draft.minerals:
        for member in draft.members:
            if rows and choose.chance(15):
                continue
            row: Cells = {"Mineral": mineral, "Member": member}
            for year in draft.years:
                row[str(year)] = None if choose.chance(5) else choose.amount(600)
            rows.append(row)


def freight(draft: Draft) -> None:
    """The freight matrix; full wherever there is no default freight."""
    choose = draft.choose
    default = any(
        row["Setting"] == "Default freight (USD/t)" and row["Value"] is not None
        for row in draft.sheets["Settings"]
    )
    rows = draft.sheets["Freight"] = []
    for country in dict.fromkeys(source[2] for source in draft.sources):
        if default and choose.chance(40):
            continue
        row: Cells = {"From country": country}
        for member in draft.members:
            row[member] = None if default and choose.chance(20) else choose.cost(200)
        rows.append(row)


def mines(draft: Draft) -> None:
    """Mines of some minerals."""
    choose = draft.choose
    rows = draft.sheets["Mines"] = []
    if not draft.on("mines"):
        return
    grown = draft.since(15)
    for mineral in draft.minerals:
        found = []
        for _ in range(choose.pick([0, 1, 2, 3])):
            country = draft.supplier_country()
            if country in found:
                continue
            found.append(country)
            row: Cells = {
                "Mineral": mineral,
                "Country": country,
                "Capacity (t/yr)": choose.amount(2000),
                "Premium (USD/t)": choose.cost(100) if choose.chance(50) else None,
            }
            for year in grown:
                row[f"Capacity {year} (t/yr)"] = choose.amount(2000) if choose.chance(50) else None
            rows.append(draft.span(row, 10))
        draft.mined += [mineral] if found else []


def stockpiles(draft: Draft) -> None:
    """Stockpiles; opening stock up to Max, targets now and then above it."""
    choose = draft.choose
    rows = draft.sheets["Stockpiles"] = []
    if not draft.on("stockpiles"):
        return
    for mineral in draft.minerals:
        for member in choose.some(draft.members, 50):
            most = choose.amount(500)
            rows.append(
                {
                    "Mineral": mineral,
                    "Member": member,
                    "Max (t)": most,
                    "Opening (t)": choose.pick([most, most / 2, 0.0, None]),
                    "Target (t)": choose.amount(500) if choose.chance(50) else None,
                    "Target penalty (USD/t/yr)": choose.cost(500) if choose.chance(40) else None,
                    "Holding cost (USD/t/yr)": choose.cost(50) if choose.chance(50) else None,
                }
            )
