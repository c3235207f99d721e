"""The sheets that say what is mined, how much of it is open, and where ore may go."""

from collections.abc import Iterable

from inputs.cases import Case
from inputs.tables import (
    YEARS,
    Record,
    Row,
    by_confidence,
    country,
    interpolate,
    mineral,
    names,
    note,
    number,
    read,
    source,
    tonnes,
)

BASE = 2024
PROJECTED = (2024, 2030, 2035)


def mines(case: Case) -> list[Record]:
    """What each country can mine for the coalition, a column a year.

    Only minerals whose mine figures are comparable to their refiners': gallium and germanium are
    by-products without mines of their own, natural graphite is another thing than anode material.
    """
    found = []
    for row in read("mines"):
        if row["mineral"] not in names("minerals", "mineral") or not row["contained_t"]:
            continue
        path, share = _mined(row), open_share(case, row["mineral"], row["country"])
        if max(path.values()) > 0:
            found.append(_mine(row, path, share))
    return found


def ore_lanes(case: Case) -> list[Record]:
    """Bans on ore in force, then where ore goes by its nature."""
    del case
    bans = [
        row | {"mine_country": row["from_country"], "refiner_country": "", "open": "no"}
        for row in read("lanes_closed")
        if row["base"] == "yes" and row["stage"] == "mining" and _has_mines(row["mineral"])
    ]
    return [
        *(
            _ore_lane(
                row,
                "lanes_closed",
                by_confidence(row | {"note": f"{row['reason']}; closed since {row['from_year']}"}),
            )
            for row in bans
        ),
        *(_ore_lane(row, "ore_lanes", by_confidence(row)) for row in read("ore_lanes")),
    ]


def open_share(case: Case, of: str, where: str) -> float:
    """The part of a country's ore that is open to the coalition.

    A member's ore is open in full. Elsewhere, ore refined at home is open as far as the refiners
    there are; ore that leaves is open as far as the refiners of countries that refine more than
    they mine, weighted by what they lack.
    """
    refined, opened, mined, ours = _balance(case, of)
    if where in ours:
        return 1.0
    lacking = {c: max(0.0, t - mined.get(c, 0.0)) for c, t in refined.items()}
    abroad = sum(lacking[c] * opened[c] for c in lacking) / sum(lacking.values())
    at_home = min(1.0, refined.get(where, 0.0) / mined[where]) if mined[where] else 0.0
    return at_home * opened.get(where, 0.0) + (1 - at_home) * abroad


def _balance(
    case: Case, of: str
) -> tuple[dict[str, float], dict[str, float], dict[str, float], set[str]]:
    """By country: refined from ore in 2024, the open part of it, mined in 2024; the coalition."""
    refined: dict[str, float] = {}
    sold: dict[str, float] = {}
    for row in read("refiners"):
        if row["mineral"] == of and row["needs_ore"] == "yes":
            made = float(row["production_2024_t"] or 0)
            refined[row["country"]] = refined.get(row["country"], 0.0) + made
            sold[row["country"]] = sold.get(row["country"], 0.0) + made * case.share(row).value
    opened = {c: sold[c] / made if made else 0.0 for c, made in refined.items()}
    mined = {
        r["country"]: float(r["contained_t"] or 0) for r in read("mines") if r["mineral"] == of
    }
    ours = {r["country"] for r in read("countries") if "coalition" in r["blocs"].split(";")}
    return refined, opened, mined, ours


def _mined(row: Row) -> dict[int, float]:
    """What can be mined, by year: the most so far of output, a forecast and what is projected."""
    base = float(row["contained_t"])
    mined = number(row["mine_production_2024_t"]) or 0
    newer = number(row["mine_production_2025e_t"]) or 0
    most = max(base, base * newer / mined if mined else 0.0, number(row["forecast_2026_t"]) or 0)
    path = {}
    for year in YEARS:
        most = max(most, _projected(row, base, year))
        feed = number(row["project_feed_t"]) or 0
        path[year] = most + (feed if feed and year >= int(row["project_feed_from"]) else 0)
        quota = row["quota_2026_t"] if year == YEARS[0] else row["quota_2027_t"]
        if quota:
            path[year] = min(path[year], float(quota))
    return path


def _projected(row: Row, base: float, year: int) -> float:
    """The output of 2024, moved as the base case of the IEA moves for the country or the rest.

    It is held where the IEA has no outlook for the mineral.
    """
    if not _has_outlook(row["mineral"]):
        return base
    outlook = {
        r["country"]: {y: float(r[f"value_{y}_t"]) for y in PROJECTED}
        for r in read("iea_outlook")
        if r["mineral"] == row["mineral"] and r["stage"] == "mining"
    }
    own = outlook.get(row["country"]) if row["country"] != "ROW" else None
    if own:
        return base + interpolate(own, year) - own[BASE]
    return base * interpolate(outlook["ROW"], year) / outlook["ROW"][BASE]


def _mine(row: Row, path: dict[int, float], share: float) -> Record:
    """One mineral of one country, each year's column filled where it changes."""
    cells: Record = {"Capacity (t/yr)": tonnes(path[YEARS[0]] * share)}
    stood = cells["Capacity (t/yr)"]
    for year in YEARS[1:]:
        value = tonnes(path[year] * share)
        cells[f"Capacity {year} (t/yr)"] = None if value == stood else value
        stood = value
    return {
        "Mineral": mineral(row["mineral"]),
        "Country": country(row["country"]),
        **cells,
        "Premium (USD/t)": 0,
        "Source": source("mines", row["source"], f"{row['mineral']} {row['country']}"),
        "Note": note(_mine_estimates(row, path, share), [row["note"], row["ore_export_note"]]),
    }


def _mine_estimates(row: Row, path: dict[int, float], share: float) -> Iterable[str]:
    """What is estimated in a row of Mines."""
    yield (
        f"{share * 100:.0f} % of {tonnes(path[YEARS[0]]):,} t a year in {YEARS[0]} is taken as "
        "open to the coalition"
    )
    if row["quota_2027_t"]:
        yield f"export quota of 2026 and 2027, held to {YEARS[-1]}"
    elif float(row["contained_t"]):
        growth = " and the growth of the IEA base case by then, never falling"
        forecast = ", a forecast of 2026" if row["forecast_2026_t"] else ""
        yield f"the most of 2024, 2025{forecast}{growth if _has_outlook(row['mineral']) else ''}"
    if row["contained_confidence"] in ("estimate", "derived"):
        yield f"contained {row['contained_confidence']} ({row['contained_basis']})"
    if row["project_feed_t"]:
        yield (
            f"{number(row['project_feed_t']):,} t from {row['project_feed_from']} on: "
            f"{row['project_feed_basis']}"
        )


def _has_outlook(of: str) -> bool:
    """Whether the IEA projects the mining of a mineral."""
    return any(r["mineral"] == of and r["stage"] == "mining" for r in read("iea_outlook"))


def _has_mines(of: str) -> bool:
    """Whether a mineral has rows in Mines."""
    return of in names("minerals", "mineral") and any(
        row["mineral"] == of and row["contained_t"] for row in read("mines")
    )


def _ore_lane(row: Row, table: str, remark: str | float | None) -> Record:
    """One row of Ore lanes."""
    start = row.get("from_year", "")
    return {
        "Mineral": mineral(row["mineral"]) if row["mineral"] else None,
        "Mine country": country(row["mine_country"]) if row["mine_country"] else None,
        "Refiner country": country(row["refiner_country"]) if row["refiner_country"] else None,
        "Open": row["open"],
        "First year": int(start) if start and int(start) > YEARS[0] else None,
        "Source": source(table, row["source"]),
        "Note": remark,
    }
