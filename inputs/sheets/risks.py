"""The sheet of events that may happen, each with how likely it is to begin in a year."""

from inputs.cases import Case
from inputs.tables import Record, by_confidence, country, member, mineral, number, read, source


def risks(case: Case) -> list[Record]:
    """Measures of states that happened before, by how often they did, and the loss of China."""
    del case
    return [
        {
            "Event": row["event"],
            "Action": row["action"],
            "Mineral": mineral(row["mineral"]) if row["mineral"] else None,
            "Country": country(row["country"]) if row["country"] else None,
            "Refiner": None,
            "Member": member(row["member"]) if row["member"] else None,
            "First year": number(row["first_year"]),
            "Last year": number(row["last_year"]),
            "Value": number(row["value"]),
            "Yearly probability": number(row["probability"]),
            "Duration (yr)": number(row["duration_yr"]),
            "Source": source("risks", row["source"]),
            "Note": by_confidence(row),
        }
        for row in read("risks")
    ]
