"""The plain example: two minerals, three members, six refiners, three years, one limit.

Small enough to read on one screen, made from the same tables by adding up: the refiners of a
country are one refiner, the members of the EU one member.
"""

from inputs.cases import Share, even_share, final_demand
from inputs.tables import (
    Record,
    Row,
    country,
    in_force,
    mineral,
    note,
    planning_prices,
    read,
    source,
    tonnes,
)

PLAIN = "plain"
PLAIN_YEARS = (2026, 2027, 2028)
LIMIT = 0.65
MINERALS = {"lithium": ("CHN", "CHL", "ARG"), "rare_earths": ("CHN", "MYS", "USA")}
MEMBERS = {
    "United States": ("USA",),
    "Japan": ("JPN",),
    "European Union": ("DEU", "FRA", "ITA", "EUO"),
}


def plain_book() -> dict[str, list[Record]]:
    """The sheets of the plain workbook."""
    return {
        "Settings": _settings(),
        "Minerals": _minerals(),
        "Members": [
            {"Member": name, "Country": country(codes[0]) if len(codes) == 1 else None}
            for name, codes in MEMBERS.items()
        ],
        "Refiners": [_refiner(of, where) for of, places in MINERALS.items() for where in places],
        "Demand": [_demand(of, name) for of in MINERALS for name in MEMBERS],
        "Freight": [_freight(where) for where in sorted({c for p in MINERALS.values() for c in p})],
        "Share limits": [
            {
                "Limit": "max",
                "Supplier group": "country",
                "Supplier": "each outside coalition",
                "Share": LIMIT,
                "Source": source("share_path", read("share_path")[-1]["source"]),
                "Note": "The EU's benchmark for 2030, here for all three members and every year",
            }
        ],
    }


def _settings() -> list[Record]:
    return [
        {"Setting": "Plan title", "Value": "Two minerals, three buyers"},
        {"Setting": "Currency", "Value": "USD"},
    ]


def _minerals() -> list[Record]:
    prices = planning_prices()
    return [
        {
            "Mineral": mineral(of),
            "Price (USD/t)": round(float(prices[of]["planning_price_2026_usd_t"])),
            "Unit": next(row["unit"] for row in read("minerals") if row["mineral"] == of),
            "Source": source("prices", prices[of]["source"], of),
            "Note": note([f"one price held from {PLAIN_YEARS[0]} to {PLAIN_YEARS[-1]}"]),
        }
        for of in MINERALS
    ]


def _refiner(of: str, where: str) -> Record:
    """All refiners of a country as one: capacities added, cost and open share their averages."""
    rows = [r for r in in_force() if r["mineral"] == of and r["country"] == where]
    rows = [r for r in rows if even_share(r).value > 0]
    sizes = [float(r["capacity_t"]) for r in rows]
    price = float(planning_prices()[of]["planning_price_2026_usd_t"])

    def mean(values: list[float]) -> float:
        return sum(v * s for v, s in zip(values, sizes, strict=True)) / sum(sizes)

    shares: list[Share] = [even_share(r) for r in rows]
    premium = mean([float(r["cost_premium_pct"]) for r in rows])
    return {
        "Refiner": f"{country(where)} {mineral(of).lower()}",
        "Mineral": mineral(of),
        "Country": country(where),
        "Capacity (t/yr)": tonnes(sum(sizes)),
        "Cost (USD/t)": round(price * (1 + premium / 100)),
        "Available share": round(mean([s.value for s in shares]), 4),
        "Source": source("refiners", f"sum of {', '.join(r['id'] for r in rows)}"),
        "Note": note(
            [
                f"cost, the planning price with an assumed premium of {premium:+.3g} %",
                "capacities in part estimated",
                *({s.basis for s in shares if s.confidence == "estimate"}),
            ]
        ),
    }


def _demand(of: str, name: str) -> Record:
    rows = [r for r in read("demand") if r["mineral"] == of and r["member"] in MEMBERS[name]]
    paths = [final_demand(r) for r in rows]
    return {
        "Mineral": mineral(of),
        "Member": name,
        **{str(year): tonnes(sum(path[year] for path in paths)) for year in PLAIN_YEARS},
        "Source": source("demand", f"sum of {', '.join(MEMBERS[name])}", of),
        "Note": note(["final demand, as in critical-minerals.xlsx"]),
    }


def _freight(where: str) -> Record:
    """Freight to each member; to the EU the mean of its four buyers."""
    rows: dict[str, Row] = {r["destination"]: r for r in read("freight") if r["origin"] == where}
    return {
        "From country": country(where),
        **{
            name: round(sum(float(rows[c]["freight_usd_t"]) for c in codes) / len(codes))
            for name, codes in MEMBERS.items()
        },
        "Source": source("freight", rows["USA"]["source"], where),
        "Note": note(["sea lanes 40 + 0.006 x km USD/t"]),
    }
