"""The sheets of a workbook, one function each: a case in, the rows of that sheet out.

To add a sheet, write its function here and put it in `SHEETS`, in the order of the workbook.
"""

from collections.abc import Callable, Iterator

from inputs.cases import Case, rounded
from inputs.tables import (
    YEARS,
    Cell,
    Record,
    Row,
    country,
    member,
    mineral,
    note,
    number,
    read,
    source,
)

ASSUMED = ("assumption", "estimate")
REMARKS = ("recalled", "derived", "judgement")


def settings(case: Case) -> list[Record]:
    """The setting, its value, and why it is that."""
    title: Record = {"Setting": "Plan title", "Value": case.title, "Source": None, "Note": None}
    return [title] + [
        {
            "Setting": row["setting"],
            "Value": row["value"]
            if row["setting"] in ("Currency", "Share basis")
            else number(row["value"]),
            "Source": source("settings", row["source"]),
            "Note": _by_confidence(row),
        }
        for row in read("settings")
    ]


def minerals(case: Case) -> list[Record]:
    """The planning price of each mineral, one price for all years."""
    del case
    prices = _planning_prices()
    return [
        {
            "Mineral": row["name"],
            "Price (USD/t)": number(prices[row["mineral"]]["planning_price_2026_usd_t"]),
            "Unit": row["unit"],
            "Source": source("prices", prices[row["mineral"]]["source"], row["mineral"]),
            "Note": note(
                [f"one price held from {YEARS[0]} to {YEARS[-1]}"],
                [
                    prices[row["mineral"]]["series"],
                    prices[row["mineral"]]["planning_basis"],
                    prices[row["mineral"]]["unit_note"],
                ],
            ),
        }
        for row in read("minerals")
    ]


def members(case: Case) -> list[Record]:
    """The buyers; the EU is a group of four of them."""
    del case
    return [
        {
            "Member": row["name"],
            "Country": country(row["country"]) if row["country"] else None,
            "Group": row["group"] or None,
            "Source": source("members", row["source"]),
            "Note": note(remarks=[row["note"]]),
        }
        for row in read("members")
    ]


def countries(case: Case) -> list[Record]:
    """The blocs of each country and its governance score, where one was read."""
    del case
    return [
        {
            "Country": row["name"],
            "Bloc": "; ".join(row["blocs"].split(";")) or "other",
            "Governance": number(row["governance"]),
            "Source": source("countries", row["source"], row["country"]),
            "Note": _by_confidence(row),
        }
        for row in read("countries")
    ]


def refiners(case: Case) -> list[Record]:
    """The refiners and recyclers in force in some year of the horizon."""
    return [_refiner(case, row) for row in _in_force()]


def demand(case: Case) -> list[Record]:
    """What each member needs of each mineral, a column a year."""
    return [
        {
            "Mineral": mineral(row["mineral"]),
            "Member": member(row["member"]),
            **rounded(case.demand(row)),
            "Source": source("demand", row["source"], f"{row['mineral']} {row['member']}"),
            "Note": note([case.demand_estimate(row)], [row[case.demand_note]]),
        }
        for row in read("demand")
    ]


def freight(case: Case) -> list[Record]:
    """The whole matrix: every origin of the data to every member."""
    del case
    lanes: dict[str, list[Row]] = {}
    for row in read("freight"):
        lanes.setdefault(row["origin"], []).append(row)
    return [
        {
            "From country": country(origin),
            **{member(row["destination"]): number(row["freight_usd_t"]) for row in rows},
            "Source": source("freight", rows[0]["source"], origin),
            "Note": note(_freight_estimates(rows), [f"port: {rows[0]['origin_port']}"]),
        }
        for origin, rows in lanes.items()
    ]


def lanes(case: Case) -> list[Record]:
    """The lanes for refined metal that are closed in the base case."""
    del case
    refiner = {row["id"]: row["refiner"] for row in read("refiners")}
    return [
        {
            "Mineral": mineral(row["mineral"]) if row["mineral"] else None,
            "From country": country(row["from_country"]) if row["from_country"] else None,
            "Refiner": refiner[row["refiner_id"]] if row["refiner_id"] else None,
            "To member": member(row["to_member"]) if row["to_member"] else None,
            "Open": "no",
            "First year": int(row["from_year"]) if int(row["from_year"]) > YEARS[0] else None,
            "Last year": number(row["to_year"]),
            "Source": source("lanes_closed", row["source"]),
            "Note": _by_confidence(
                row | {"note": f"{row['reason']}; closed since {row['from_year']}"}
            ),
        }
        for row in read("lanes_closed")
        if row["base"] == "yes" and row["stage"] == "refining"
    ]


def share_limits(case: Case) -> list[Record]:
    """No country outside the coalition above a share that falls to the benchmark of 2030."""
    del case
    first, *later = read("share_path")
    assumed = [row["year"] for row in (first, *later) if row["confidence"] in ASSUMED]
    return [
        {
            "Limit": "max",
            "Mineral": None,
            "Buyer": None,
            "Supplier group": "country",
            "Supplier": "each outside coalition",
            "Share": number(first["share"]),
            **{f"Share {row['year']}": number(row["share"]) for row in later},
            "First year": None,
            "Last year": None,
            "Penalty (USD/t)": None,
            "Source": source("share_path", later[-1]["source"]),
            "Note": note(
                [f"shares of {assumed[0]} to {assumed[-1]}, {first['source']}"],
                [later[-1]["note"]],
            ),
        }
    ]


def _planning_prices() -> dict[str, Row]:
    """The reference price series of each mineral."""
    return {row["mineral"]: row for row in read("prices") if row["reference"] == "yes"}


def _in_force() -> Iterator[Row]:
    """Rows that have capacity in at least one year of the horizon."""
    for row in read("refiners"):
        first, last = number(row["first_year"]), number(row["last_year"])
        ended = last is not None and last < YEARS[0]
        late = first is not None and first > YEARS[-1]
        if not ended and not late and number(row["capacity_t"]):
            yield row


def _refiner(case: Case, row: Row) -> Record:
    """One plant, company or country aggregate."""
    price = float(_planning_prices()[row["mineral"]]["planning_price_2026_usd_t"])
    share = case.share(row)
    premium = float(row["cost_premium_pct"])
    labels = {
        "capacity": (row["capacity_confidence"], row["capacity_basis"]),
        "available share": (share.confidence, share.basis),
    }
    return {
        "Refiner": row["refiner"],
        "Mineral": mineral(row["mineral"]),
        "Country": country(row["country"]),
        "Capacity (t/yr)": number(row["capacity_t"]),
        "Capacity 2027 (t/yr)": number(row["capacity_2027_t"]),
        "Cost (USD/t)": round(price * (1 + premium / 100)),
        "Kind": row["kind"],
        "Owner country": country(row["owner_country"]),
        "First year": number(row["first_year"]),
        "Last year": number(row["last_year"]),
        "Available share": number(f"{share.value:.4f}"),
        "Needs ore": row["needs_ore"],
        "Source": source("refiners", row["source"], row["id"]),
        "Note": note(
            [
                f"cost, the planning price with an assumed premium of {premium:+g} %",
                *(f"{k} ({why})" for k, (how, why) in labels.items() if how in ASSUMED),
            ],
            [
                *(
                    f"{k} {how} ({why})"
                    for k, (how, why) in labels.items()
                    if how not in ASSUMED and why
                ),
                row["note"],
            ],
        ),
    }


def _freight_estimates(rows: list[Row]) -> list[str]:
    """How the lanes of one origin are estimated: the sea rate, then the stated figures."""
    reasons: dict[str, list[str]] = {}
    rate = "sea lanes 40 + 0.006 x km USD/t, the 40 assumed, the slope from one quoted route"
    for row in rows:
        if row["confidence"] in ASSUMED:
            reasons.setdefault(row["note"], []).append(member(row["destination"]))
    found = [
        f"{'all lanes' if len(to) == len(rows) else 'to ' + ', '.join(to)} ({reason})"
        for reason, to in reasons.items()
    ]
    inland = max((float(row["inland_surcharge_usd_t"]) for row in rows), default=0)
    return [rate, *found, f"inland surcharge of {inland:g} USD/t" if inland else ""]


def _by_confidence(row: Row) -> Cell:
    """The row's own note, marked as an estimate, or led by its confidence, where it needs it."""
    how = row["confidence"]
    if how in ASSUMED:
        return note([row["note"]])
    return note(remarks=[how if how.startswith(REMARKS) else "", row["note"]])


SHEETS: tuple[tuple[str, Callable[[Case], list[Record]]], ...] = (
    ("Settings", settings),
    ("Minerals", minerals),
    ("Members", members),
    ("Countries", countries),
    ("Refiners", refiners),
    ("Demand", demand),
    ("Freight", freight),
    ("Lanes", lanes),
    ("Share limits", share_limits),
)
