"""Sheets that say what holds: lanes, ore lanes, contracts, share limits, security."""

from __future__ import annotations

from .cases_sheets import Cells, Draft


def lanes(draft: Draft) -> None:
    """Lane rules, overlapping, some closing lanes, some with a Max of 0."""
    choose = draft.choose
    rows = draft.sheets["Lanes"] = []
    if not draft.on("lanes"):
        return
    for _ in range(choose.integer(0, 2 * draft.size)):
        mineral, country, refiner = None, None, None
        if choose.chance(75):
            name, its_mineral, its_country, _ = choose.pick(draft.sources)
            refiner = name if choose.chance(50) else None
            mineral = its_mineral if choose.chance(40) else None
            country = its_country if choose.chance(50 if refiner is None else 20) else None
        row: Cells = {
            "Mineral": mineral,
            "From country": country,
            "Refiner": refiner,
            "To member": choose.maybe(60, draft.members),
            "Freight (USD/t)": choose.cost(300) if choose.chance(40) else None,
            "Tariff": choose.maybe(40, [0.1, 0, 0.25, 1.5]),
            "Open": choose.maybe(30, ["no", "yes"]),
            "Max (t/yr)": choose.amount(300) if choose.chance(40) else None,
        }
        rows.append(draft.span(row, 20))


def ore_lanes(draft: Draft) -> None:
    """Ore lane rules."""
    choose = draft.choose
    rows = draft.sheets["Ore lanes"] = []
    places = [str(row["Country"]) for row in draft.sheets["Mines"]]
    if not places:
        return
    for _ in range(choose.integer(0, draft.size)):
        row: Cells = {
            "Mineral": choose.maybe(40, draft.mined),
            "Mine country": choose.maybe(60, places),
            "Refiner country": choose.maybe(50, [source[2] for source in draft.sources]),
            "Freight (USD/t)": choose.cost(200) if choose.chance(60) else None,
            "Open": choose.maybe(30, ["no", "yes"]),
        }
        rows.append(draft.span(row, 15))


def contracts(draft: Draft) -> None:
    """Contracts, some above demand or capacity, some of one refiner, some at price 0."""
    choose = draft.choose
    rows = draft.sheets["Contracts"] = []
    if not draft.on("contracts") or not choose.chance(85):
        return
    for index in range(choose.integer(1, 2 * draft.size)):
        seller = choose.pick(draft.sheets["Refiners"])
        least = choose.amount() if choose.chance(75) else None
        most = None
        if choose.chance(50):
            most = (least or 0.0) + (choose.amount(300) if choose.chance(70) else 0.0)
        row: Cells = {
            "Contract": f"C{index + 1}",
            "Refiner": seller["Refiner"],
            "Mineral": seller["Mineral"],
            "Member": choose.pick(draft.members),
            "Min (t/yr)": least,
            "Max (t/yr)": most,
            "Price (USD/t)": choose.cost() if choose.chance(60) else None,
        }
        rows.append(draft.span(row, 20))


def limits(draft: Draft) -> None:
    """Share limits of all kinds, hard and soft, max and min, refining and mining."""
    choose = draft.choose
    rows = draft.sheets["Share limits"] = []
    if not draft.on("limits"):
        return
    changed = draft.since(15)
    for _ in range(choose.integer(0, draft.size + 1)):
        mining = bool(draft.mined) and choose.chance(30)
        is_min = choose.chance(25)
        row = _mining(draft, is_min) if mining else _refining(draft, is_min)
        row = {"Limit": "min" if is_min else "max"} | row | {"Share": choose.share()}
        for year in changed:
            row[f"Share {year}"] = choose.share() if choose.chance(50) else None
        row["Penalty (USD/t)"] = choose.cost(3000) if choose.chance(40) else None
        row["Stage"] = "mining" if mining else choose.maybe(20, ["refining"])
        rows.append(draft.span(row, 15))


def _outside(draft: Draft) -> str:
    """`each outside NAME` of some bloc."""
    return f"each outside {draft.choose.pick(draft.blocs)}"


def _refining(draft: Draft, is_min: bool) -> Cells:
    """Mineral, buyer, supplier group and supplier of a limit on refining."""
    choose = draft.choose
    groups = ["country", "kind", "refiner"]
    groups += ["owner"] if draft.on("owners") else []
    groups += ["bloc"] if draft.on("blocs") else []
    group = choose.pick(groups)
    refiner, its_mineral, country, owner = choose.pick(draft.sources)
    mineral = its_mineral if choose.chance(50) else None
    named = {
        "country": country,
        "owner": owner,
        "refiner": refiner,
        "kind": choose.pick(["primary", "recycled"]),
        "bloc": choose.pick(draft.blocs),
    }[group]
    supplier = named if is_min or choose.chance(40) else None
    if supplier is None and group in ("country", "owner") and choose.chance(30):
        supplier = _outside(draft)
    buyers = ["each", *draft.members, *draft.groups]
    return {
        "Mineral": mineral,
        "Buyer": choose.maybe(60, buyers),
        "Supplier group": group,
        "Supplier": supplier,
    }


def _mining(draft: Draft, is_min: bool) -> Cells:
    """The same of a limit on mining: the coalition as one, group country or bloc."""
    choose = draft.choose
    group = choose.pick(["country", "bloc"] if draft.on("blocs") else ["country"])
    mine = choose.pick(draft.sheets["Mines"])
    named = mine["Country"] if group == "country" else choose.pick(draft.blocs)
    supplier = named if is_min or choose.chance(40) else None
    if supplier is None and group == "country" and choose.chance(30):
        supplier = _outside(draft)
    mineral = mine["Mineral"] if choose.chance(60) else None
    if choose.chance(10):
        mineral = choose.pick(draft.minerals)  # also one without mines
    return {
        "Mineral": mineral,
        "Buyer": None,
        "Supplier group": group,
        "Supplier": supplier,
    }


def security(draft: Draft) -> None:
    """Rows of Security, overlapping; drawn last, so books are else as without."""
    choose = draft.choose
    if not draft.on("security"):
        return
    surge = choose.maybe(60, [0.5, 0, 1, 0.05, 0.2])
    if surge is not None or choose.chance(20):
        draft.sheets["Settings"].append({"Setting": "Surge", "Value": surge})
    rows = draft.sheets["Security"] = []
    changed = draft.since(15)
    sellers = sorted({source[2] for source in draft.sources} - {"ROW"}) or ["CHN"]
    for _ in range(choose.integer(1, draft.size)):
        row: Cells = {
            "Mineral": choose.maybe(50, draft.minerals),
            "Lost country": choose.pick(sellers) if choose.chance(25) else None,
            "Max short": choose.share(),
        }
        if row["Lost country"] is None and choose.chance(30):
            row["Lost country"] = _outside(draft)
        for year in changed:
            row[f"Max short {year}"] = choose.share() if choose.chance(50) else None
        row["Count stocks"] = choose.maybe(40, ["no", "yes"])
        row["Penalty (USD/t)"] = choose.cost(1000) if choose.chance(50) else None
        rows.append(draft.span(row, 15))


OWNERS = ["Acme", "ACME", " acme ", "Cob  & Sons", "cob & sons", "Borealis"]
"""Three companies, two of them spelt in several ways."""


def companies(draft: Draft) -> None:
    """Owners of refiners and projects, limits on them; drawn last, so books are else as without."""
    choose = draft.choose
    if not draft.on("companies"):
        return
    plants = [*draft.sheets["Refiners"], *draft.sheets.get("Projects", [])]
    for row in plants:
        row["Owner"] = choose.maybe(75, OWNERS)
    known = [str(row["Owner"]) for row in plants if row["Owner"] is not None]
    for _ in range(choose.integer(1, draft.size) if known else 0):
        is_min = choose.chance(25)
        row: Cells = {
            "Limit": "min" if is_min else "max",
            "Mineral": choose.maybe(50, draft.minerals),
            "Buyer": choose.maybe(50, ["each", *draft.members, *draft.groups]),
            "Supplier group": "company",
            "Supplier": _spelt(draft, choose.pick(known)) if is_min or choose.chance(50) else None,
            "Share": choose.share(),
            "Penalty (USD/t)": choose.cost(3000) if choose.chance(40) else None,
            "Stage": None,
        }
        draft.sheets["Share limits"].append(draft.span(row, 15))


def _spelt(draft: Draft, name: str) -> str:
    """A company's name in other letters and spaces."""
    return draft.choose.pick([name, name.upper(), f"  {name.lower().replace(' ', '  ')} "])
