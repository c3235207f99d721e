"""The magnet case: concentrate, oxide, alloy and magnet, each stage made from the one before it.

Its tables are `data/magnet_*.csv`; members, countries, freight and the money of the settings are
those of the larger cases. The cost of a plant is its toll: what it asks without its inputs.
"""

from collections.abc import Iterable

from inputs import uses
from inputs.cases import PUBLISHED
from inputs.sheets import market
from inputs.sheets.policy import LIFE, RATE
from inputs.tables import (
    ASSUMED,
    YEARS,
    Record,
    Row,
    by_confidence,
    country,
    interpolate,
    member,
    names,
    note,
    number,
    read,
    source,
    tonnes,
)

MAGNETS, BY_USE = "magnets", "magnets-by-use"
TITLE = "Magnets: from ore to magnet"
SAME_SETTINGS = (
    "Currency",
    "Discount rate",
    "Shortage cost multiple",
    "Fair shortage weight",
    "Share basis",
    "Cost of capital",
)
"""Settings that are those of the larger cases."""
LIMIT_FROM = 2030
"""The year of the EU's benchmark: it asks nothing before."""
GROWTH = "world demand for magnet rare earths (IEA, Stated Policies), on straight lines"
"""How the demand of later years is made of that of 2024."""
SPREAD = (2026, 2027, 2028, 2029)
"""The years over which public money is spread."""


def magnets_book(*, by_use: bool = False) -> dict[str, list[Record]]:
    """The sheets of the workbook; ``by_use``: a member's need is split by use."""
    demand = [_demand(row) for row in read("magnet_demand")]
    if by_use:
        members = [row["member"] for row in read("magnet_demand")]
        whole = zip(members, demand, strict=True)
        demand = [part for member, row in whole for part in uses.split("magnet", member, row)]
    return {
        "Settings": _settings(),
        "Minerals": [_mineral(row) for row in read("magnet_minerals")],
        "Members": market.members(PUBLISHED),
        "Countries": _countries(),
        "Refiners": [_plant(row) for row in read("magnet_plants")],
        **({"Tiers": uses.tiers(["magnet"])} if by_use else {}),
        "Demand": demand,
        "Inputs": [_input(row) for row in read("magnet_inputs")],
        "Input lanes": [_input_lane(row) for row in read("magnet_input_lanes")],
        "Freight": _freight(),
        "Share limits": [_limit()],
        "Projects": [_project(row) for row in read("magnet_projects")],
        "Built": [_built(row) for row in read("magnet_projects") if row["built_year"]],
        "Budget": [_budget(year) for year in YEARS],
        "Scenarios": [
            _step(row, by_use=by_use)
            for row in read("magnet_scenarios")
            if by_use or not row["tier"]
        ],
    }


def _settings() -> list[Record]:
    """The title, and the settings that are those of the larger cases."""
    title: Record = {"Setting": "Plan title", "Value": TITLE, "Source": None, "Note": None}
    price: Record = {
        "Setting": "Price year",
        "Value": 2025,
        "Source": source("magnet_minerals", "prices of 2025"),
        "Note": None,
    }
    known = {row["setting"]: row for row in read("settings")}
    return [title, price] + [
        {
            "Setting": name,
            "Value": known[name]["value"]
            if name in ("Currency", "Share basis")
            else number(known[name]["value"]),
            "Source": source("settings", known[name]["source"]),
            "Note": by_confidence(known[name]),
        }
        for name in SAME_SETTINGS
    ]


def _mineral(row: Row) -> Record:
    how = row["confidence"]
    return {
        "Mineral": row["name"],
        "Price (USD/t)": number(row["price_usd_t"]),
        "Unit": row["unit"],
        "Source": source("magnet_minerals", row["source"], row["mineral"]),
        "Note": note(
            [
                f"one price held from {YEARS[0]} to {YEARS[-1]}",
                f"price ({row['note']})" if how in ASSUMED else "",
            ],
            ["" if how in ASSUMED else f"price {how} ({row['note']})"],
        ),
    }


def _countries() -> list[Record]:
    """Countries with a plant, and those of the coalition: a bloc is all of its countries."""
    tables = ("magnet_plants", "magnet_projects")
    codes = {row["country"] for table in tables for row in read(table)}
    codes |= {row["owner_country"] for table in tables for row in read(table)}
    places = {country(code) for code in codes if code}
    return [
        record
        for record in market.countries(PUBLISHED)
        if record["Country"] in places or "coalition" in str(record["Bloc"]).split("; ")
    ]


def _plant(row: Row) -> Record:
    """One plant: what it can make, how much of it is open, and its toll."""
    premium = float(row["cost_premium_pct"])
    labels = {
        "capacity": (row["capacity_confidence"], row["capacity_basis"]),
        "available share": (row["share_confidence"], row["share_basis"]),
    }
    later: Record = {
        f"Capacity {year} (t/yr)": number(row["later_capacity_t"])
        if row["later_year"] == str(year)
        else None
        for year in sorted({int(r["later_year"]) for r in read("magnet_plants") if r["later_year"]})
    }
    return {
        "Refiner": row["plant"],
        "Mineral": _name(row["mineral"]),
        "Country": country(row["country"]),
        "Capacity (t/yr)": number(row["capacity_t"]),
        **later,
        "Cost (USD/t)": round(_toll(row["mineral"], premium)),
        "Kind": row["kind"],
        "Owner country": country(row["owner_country"]),
        "First year": number(row["first_year"]),
        "Available share": number(row["available_share"]),
        "Source": source("magnet_plants", row["source"] or "no source", row["plant"]),
        "Note": note(
            [_toll_note(premium), *_labels(labels, are_assumed=True)],
            [*_labels(labels, are_assumed=False), row["note"]],
        ),
    }


def _demand(row: Row) -> Record:
    """What a member's industry uses, grown as world demand for magnet rare earths grows."""
    world = next(
        r
        for r in read("iea_outlook")
        if r["mineral"] == "rare_earths" and r["stage"] == "demand, all uses"
    )
    path = {year: float(world[f"value_{year}_t"]) for year in PUBLISHED}
    base, how = float(row["use_2024_t"]), row["confidence"]
    return {
        "Mineral": _name("magnet"),
        "Member": member(row["member"]),
        **{
            str(year): tonnes(base * interpolate(path, year) / path[PUBLISHED[0]]) for year in YEARS
        },
        "Source": source("magnet_demand", row["source"], row["member"]),
        "Note": note([f"2024 {how} ({row['note']})", f"grown as {GROWTH}"]),
    }


def _input(row: Row) -> Record:
    return {
        "Mineral": _name(row["mineral"]),
        "Refiner": row["plant"] or None,
        "Input": _name(row["input"]),
        "Tonnes per tonne": number(row["tonnes_per_tonne"]),
        "Joint": row["joint"],
        "Source": source("magnet_inputs", row["source"] or "no source"),
        "Note": _remark(row),
    }


def _input_lane(row: Row) -> Record:
    return {
        "Input": _name(row["input"]) if row["input"] else None,
        "From country": country(row["from_country"]) if row["from_country"] else None,
        "To country": country(row["to_country"]) if row["to_country"] else None,
        "Freight (USD/t)": number(row["freight_usd_t"]),
        "Open": row["open"] or None,
        "Source": source("magnet_input_lanes", row["source"] or "no source"),
        "Note": _remark(row),
    }


def _freight() -> list[Record]:
    """Freight of magnets, from each country that makes some."""
    origins = {
        row["country"] for table in ("magnet_plants", "magnet_projects") for row in read(table)
    }
    lanes: dict[str, list[Row]] = {}
    for row in read("freight"):
        if row["origin"] in origins:
            lanes.setdefault(row["origin"], []).append(row)
    return [
        {
            "From country": country(origin),
            **{member(row["destination"]): number(row["freight_usd_t"]) for row in rows},
            "Source": source("freight", rows[0]["source"], origin),
            "Note": note(["sea lanes 40 + 0.006 x km USD/t, the 40 assumed"]),
        }
        for origin, rows in lanes.items()
    ]


def _limit() -> Record:
    """No country outside gives more than the EU's benchmark, of any mineral, from its year on."""
    benchmark = read("share_path")[-1]
    return {
        "Limit": "max",
        "Supplier group": "country",
        "Supplier": "each outside coalition",
        "Share": number(benchmark["share"]),
        "First year": LIMIT_FROM,
        "Source": source("share_path", benchmark["source"]),
        "Note": note(remarks=[benchmark["note"]]),
    }


def _project(row: Row) -> Record:
    """One project; its cost is without the capital of a tonne, taken off at most half."""
    whole, premium = _toll(row["mineral"], float(row["cost_premium_pct"])), row["cost_premium_pct"]
    capital = float(row["capex_musd"]) * 1e6 * RATE / (1 - (1 + RATE) ** -LIFE)
    how = row["capex_confidence"]
    return {
        "Project": row["project"],
        "Refiner": row["project"],
        "Mineral": _name(row["mineral"]),
        "Country": country(row["country"]),
        "Capacity (t/yr)": number(row["capacity_t"]),
        "Capex (USD m)": number(row["capex_musd"]),
        "Cost (USD/t)": round(whole - min(capital / float(row["capacity_t"]), whole / 2)),
        "First year": int(row["first_year"]),
        "Lead time (yr)": number(row["lead_time_yr"]),
        "Kind": row["kind"],
        "Owner country": country(row["owner_country"]),
        "Life (yr)": LIFE,
        "Source": source("magnet_projects", row["source"], row["project"]),
        "Note": note(
            [
                _toll_note(float(premium)),
                f"capital a tonne at {RATE * 100:.0f} % over {LIFE} years taken off it",
                "" if how == "published" else f"capex {how}, {row['capex_basis']}".rstrip(", "),
            ],
            [row["confidence"] if row["confidence"] != "published" else "", row["note"]],
        ),
    }


def _built(row: Row) -> Record:
    return {
        "Project": row["project"],
        "Year": int(row["built_year"]),
        "Fraction": 1,
        "Source": source("magnet_projects", row["source"], row["project"]),
        "Note": note(remarks=[row["built_basis"]]),
    }


def _budget(year: int) -> Record:
    """Public money, spread evenly, and what the plants already begun cost."""
    pledged = sum(float(row["amount_musd"]) for row in read("magnet_budget"))
    public = pledged / len(SPREAD) if year in SPREAD else 0.0
    begun = [
        row
        for row in read("magnet_projects")
        if row["built_year"] and int(row["built_year"]) - int(row["lead_time_yr"]) == year
    ]
    capital = sum(float(row["capex_musd"]) for row in begun)
    listed = ", ".join(row["project"] for row in begun)
    return {
        "Year": year,
        "Capex (USD m)": number(f"{public + capital:g}"),
        "Source": source("magnet_budget", "public money named for magnets"),
        "Note": note(
            [
                f"{public:,.0f}, a part of {pledged:,.0f} of public money, spread evenly over "
                f"{SPREAD[0]} to {SPREAD[-1]}"
                if public
                else "",
                f"{capital:,.0f} of plants already begun ({listed})" if begun else "",
            ],
            ["" if public or begun else "nothing is named for this year"],
        ),
    }


def _step(row: Row, *, by_use: bool) -> Record:
    return {
        "Scenario": row["scenario"],
        "Action": row["action"],
        "Mineral": _name(row["mineral"]) if row["mineral"] else None,
        "Country": country(row["country"]) if row["country"] else None,
        "Member": member(row["member"]) if row["member"] else None,
        **({"Tier": row["tier"] or None} if by_use else {}),
        "Plant": row["plant"] or None,
        "First year": number(row["first_year"]),
        "Value": number(row["value"]),
        "Source": source("magnet_scenarios", row["source"]),
        "Note": _remark(row),
    }


def _name(code: str) -> str:
    """`ndpr` becomes `NdPr oxide`."""
    return names("magnet_minerals", "mineral")[code]


def _toll(code: str, premium: float) -> float:
    """What a plant asks for a tonne without its inputs [USD/t]; ``premium`` is in percent."""
    row = next(row for row in read("magnet_minerals") if row["mineral"] == code)
    return float(row["toll_usd_t"]) * (1 + premium / 100)


def _toll_note(premium: float) -> str:
    return f"cost, what China asks without inputs with an assumed premium of {premium:+g} %"


def _labels(labels: dict[str, tuple[str, str]], *, are_assumed: bool) -> Iterable[str]:
    """What is assumed, or what else is said, of the numbers of a plant."""
    for name, (how, why) in labels.items():
        if (how in ASSUMED) == are_assumed and why:
            yield f"{name} ({why})" if are_assumed else f"{name} {how} ({why})"


def _remark(row: Row) -> str | None:
    """The row's own note, marked where it is an estimate, or led by its confidence."""
    how = row["confidence"]
    if how in ASSUMED:
        return note([row["note"]])
    return note(remarks=[how if how not in ("published", "definition") else "", row["note"]])
