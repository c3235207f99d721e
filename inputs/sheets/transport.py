"""The sheets that say how refined minerals travel."""

from inputs.cases import Case
from inputs.tables import (
    ASSUMED,
    YEARS,
    Record,
    Row,
    by_confidence,
    country,
    member,
    mineral,
    note,
    number,
    read,
    source,
)


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
            "Note": by_confidence(
                row | {"note": f"{row['reason']}; closed since {row['from_year']}"}
            ),
        }
        for row in read("lanes_closed")
        if row["base"] == "yes" and row["stage"] == "refining"
    ]


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
