"""Sheets of the third round: stages, price floors, Built, fill and draw of stocks.

All of them are drawn last, so that books without them are as they were.
"""

from __future__ import annotations

from .cases_sheets import Cells, Draft

RATIOS = [1, 0.5, 2, 1.25, 4.5, 0.1, 500, 1e-3]
LINES = ["S1", "S2"]


def stages(draft: Draft) -> None:
    """Chains of inputs, each mineral from those before it; separation lines; stock for plants."""
    choose = draft.choose
    if not draft.on("stages"):
        return
    _separation(draft)
    rows: dict[tuple[object, ...], Cells] = {}

    def put(product: str, refiner: object, name: str, ratio: float, joint: str | None) -> None:
        rows[product, refiner, name] = {
            "Mineral": product,
            "Refiner": refiner,
            "Input": name,
            "Tonnes per tonne": ratio,
            "Joint": joint,
        }

    for index, product in enumerate(draft.minerals[1:], start=1):
        if choose.chance(10):
            continue
        near, far = draft.minerals[index - 1], draft.minerals[: index - 1]
        for name in [near, *choose.some(far, 25)]:
            if choose.chance(75):
                put(product, None, name, choose.pick([*RATIOS[:6], 0]), choose.maybe(20, ["no"]))
            for refiner in _makers(draft, product):
                if choose.chance(30):
                    put(product, refiner, name, choose.pick([*RATIOS, 0]), choose.maybe(20, ["no"]))
    for refiner, products in _lines(draft).items():
        first = min(draft.minerals.index(product) for product in products)
        if first > 0 and choose.chance(90):
            name = choose.pick(draft.minerals[:first])
            for product in products:
                put(product, refiner, name, choose.pick(RATIOS[:6]), "yes")
    draft.sheets["Inputs"] = list(rows.values())
    _stocks_for_plants(draft)


def _makers(draft: Draft, product: str) -> list[str]:
    """Refiners of a product, also those of projects alone."""
    plants = [*draft.sheets["Refiners"], *draft.sheets.get("Projects", [])]
    return list(dict.fromkeys(str(r["Refiner"]) for r in plants if r["Mineral"] == product))


def _separation(draft: Draft) -> None:
    """Refiners of several products in one country, none of them the first mineral."""
    choose = draft.choose
    for refiner in LINES[: choose.integer(0, 2) if len(draft.minerals) > 1 else 0]:
        _, _, country, _ = choose.pick(draft.sources)
        for mineral in choose.some(draft.minerals[1:], 70) or [draft.minerals[1]]:
            draft.sheets["Refiners"].append(
                {
                    "Refiner": refiner,
                    "Mineral": mineral,
                    "Country": country,
                    "Capacity (t/yr)": choose.amount(),
                    "Cost (USD/t)": choose.cost(200),
                    "Recovery": 0.8 if draft.on("mines") and choose.chance(20) else None,
                }
            )
            draft.sources.append((refiner, mineral, country, country))


def _lines(draft: Draft) -> dict[str, list[str]]:
    """Refiner -> its products, where all are made in one country; now and then one of a few."""
    found: dict[str, list[str]] = {}
    for row in draft.sheets["Refiners"]:
        refiner = str(row["Refiner"])
        alike = {r["Country"] for r in draft.sheets["Refiners"] if r["Refiner"] == refiner}
        if len(alike) == 1 and (refiner in LINES or draft.choose.chance(20)):
            found.setdefault(refiner, []).append(str(row["Mineral"]))
    return found


def _stocks_for_plants(draft: Draft) -> None:
    """Stockpiles of inputs for members that have plants at home, most of them with Max 0."""
    choose = draft.choose
    rows = draft.sheets["Stockpiles"]
    there = {(row["Mineral"], row["Member"]) for row in rows}
    used = list(dict.fromkeys(str(row["Input"]) for row in draft.sheets["Inputs"]))
    homes = {source[2] for source in draft.sources}
    for member in draft.sheets["Members"]:
        for name in used if member["Country"] in homes else ():
            if (name, member["Member"]) in there or not choose.chance(40):
                continue
            most = choose.amount(200) if choose.chance(40) else 0.0
            opening = choose.pick([0.0, most, None])
            rows.append(
                {
                    "Mineral": name,
                    "Member": member["Member"],
                    "Max (t)": most,
                    "Opening (t)": opening,
                    "Target (t)": choose.maybe(50, [0.0]),
                    "Target (days)": None,
                }
            )


def input_lanes(draft: Draft) -> None:
    """Rules for input flows, overlapping, some closing lanes."""
    choose = draft.choose
    used = [row["Input"] for row in draft.sheets.get("Inputs", [])]
    if not used:
        return
    rows = draft.sheets["Input lanes"] = []
    places = [source[2] for source in draft.sources]
    for _ in range(choose.integer(0, draft.size + 1)):
        name = choose.maybe(50, used)
        takers = [
            str(plant["Refiner"])
            for plant in draft.sheets["Refiners"]
            if any(_takes(draft, plant, each) for each in ([name] if name else used))
        ]
        row: Cells = {
            "Input": name,
            "From country": choose.maybe(40, places),
            "Refiner": choose.maybe(25, [source[0] for source in draft.sources]),
            "To country": choose.maybe(50, places),
            "To plant": choose.maybe(25, takers) if takers else None,
            "Freight (USD/t)": choose.cost(200) if choose.chance(60) else None,
            "Tariff": choose.maybe(40, [0.1, 0, 0.25, 1.5]),
            "Open": choose.maybe(30, ["no", "yes"]),
        }
        rows.append(draft.span(row, 15))


def sold_to_plants(draft: Draft) -> None:
    """Rows of Current supply that name a plant, where the sheet may have a meaning."""
    choose = draft.choose
    if not draft.sheets.get("Inputs") or not (draft.on("growth") or draft.on("switching")):
        return
    rows = draft.sheets.setdefault("Current supply", [])
    for seller in draft.sheets["Refiners"]:
        plants = [
            str(plant["Refiner"])
            for plant in draft.sheets["Refiners"]
            if _takes(draft, plant, str(seller["Mineral"]))
        ]
        for plant in choose.some(list(dict.fromkeys(plants)), 25):
            rows.append(
                {
                    "Refiner": seller["Refiner"],
                    "Mineral": seller["Mineral"],
                    "Member": None,
                    "Plant": plant,
                    "Tonnes (t/yr)": choose.amount(400),
                }
            )


def _takes(draft: Draft, plant: Cells, name: str) -> bool:
    """Whether a row of Refiners needs an input."""
    rows = [
        row
        for row in draft.sheets["Inputs"]
        if (row["Mineral"], row["Input"]) == (plant["Mineral"], name)
    ]
    own = [row for row in rows if row["Refiner"] == plant["Refiner"]]
    general = [row for row in rows if row["Refiner"] is None and plant.get("Kind") != "recycled"]
    return any(row["Tonnes per tonne"] != 0 for row in own or general)


def floors(draft: Draft) -> None:
    """Price floors of several zones, some by year, some with exempt countries and blocs."""
    choose = draft.choose
    if not draft.on("floors"):
        return
    rows = draft.sheets["Price floors"] = []
    changed = draft.since(15)
    zones = [None, *(bloc for bloc in draft.blocs if bloc != "coalition")]
    places = [*dict.fromkeys(source[2] for source in draft.sources), *draft.blocs]
    for mineral in draft.minerals:
        for zone in choose.some(zones, 50):
            exempt = choose.some(places, 15)
            row: Cells = {
                "Mineral": mineral,
                "Zone": "coalition" if zone is None and choose.chance(30) else zone,
                "Floor (USD/t)": choose.cost(1500),
            }
            for year in changed:
                row[f"Floor {year} (USD/t)"] = choose.cost(1500) if choose.chance(50) else None
            row["Exempt"] = "; ".join(exempt) or None
            cut = choose.integer(1, 2 * len(draft.years)) if len(draft.years) > 1 else 99
            if cut < len(draft.years):  # two rows, one after the other
                later = row | {"Floor (USD/t)": choose.cost(1500), "Exempt": None}
                rows.append(row | {"First year": None, "Last year": draft.years[cut] - 1})
                rows.append(later | {"First year": draft.years[cut], "Last year": None})
            else:
                rows.append(draft.span(row, 20))


def built(draft: Draft) -> None:
    """What is begun or stands: before the horizon, in it, in its gaps and after it."""
    choose = draft.choose
    if not draft.on("built"):
        return
    rows = draft.sheets["Built"] = []
    span = range(draft.years[0] - 3, draft.years[-1] + 2)
    for project in draft.sheets.get("Projects", []):
        if not choose.chance(75):
            continue
        rest = 1.0
        for year in sorted({choose.pick(span) for _ in range(choose.integer(1, 3))}):
            part = choose.pick([1.0, 0.5, 0.25, 0.0, choose.share()])
            if part <= rest:
                rest -= part
                rows.append({"Project": project["Project"], "Year": year, "Fraction": part})


def fill_and_draw(draft: Draft) -> None:
    """How much of a stock may come in or go out in a year."""
    choose = draft.choose
    if not draft.on("fill and draw"):
        return
    for row in draft.sheets["Stockpiles"]:
        row["Max fill (t/yr)"] = choose.amount(200) if choose.chance(50) else None
        row["Max draw (t/yr)"] = choose.amount(200) if choose.chance(50) else None
