"""The sheet of ranges: assumptions behind many cells, and plants that make less than they could."""

from inputs.cases import Case
from inputs.tables import Record, member, mineral, number, read, source


def uncertainty(case: Case) -> list[Record]:
    """Ranges of numbers, as factors; a name in `Together` is one assumption behind many cells."""
    refiner = {row["id"]: row["refiner"] for row in read("refiners")}
    return [
        {
            "Sheet": row["sheet"],
            "Column": row["column"],
            "Mineral": mineral(row["mineral"]) if row["mineral"] else None,
            "Refiner": refiner[row["refiner_id"]] if row["refiner_id"] else None,
            "Member": member(row["member"]) if row["member"] else None,
            "Low": number(row["low"]),
            "High": number(row["high"]),
            "Together": row["together"] or None,
            "Source": source("uncertainty", f"{row['source']}; {row['note']}"),
        }
        for row in read("uncertainty")
        if row["case"] in {"", case.name}
    ]
