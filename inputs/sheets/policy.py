"""The sheets that say what is limited, built and stored, and the what-ifs."""

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
    planning_prices,
    read,
    source,
    tonnes,
)


def share_limits(case: Case) -> list[Record]:
    """No country outside the coalition above a share that falls to the benchmark of 2030.

    Neither for the coalition as one nor for a member: a cap on the sum alone lets some members buy
    all they need of a mineral in one country.
    """
    del case
    first, *later = read("share_path")
    assumed = [row["year"] for row in (first, *later) if row["confidence"] in ASSUMED]
    each = "asked of each member too, an assumption: the benchmark is the EU's as a whole"
    return [
        {
            "Limit": "max",
            "Mineral": None,
            "Buyer": buyer,
            "Supplier group": "country",
            "Supplier": "each outside coalition",
            "Share": number(first["share"]),
            **{f"Share {row['year']}": number(row["share"]) for row in later},
            "First year": None,
            "Last year": None,
            "Penalty (USD/t)": None,
            "Source": source("share_path", later[-1]["source"]),
            "Note": note(
                [
                    f"shares of {assumed[0]} to {assumed[-1]}, {first['source']}",
                    each if buyer else "",
                ],
                [later[-1]["note"]],
            ),
        }
        for buyer in (None, "each")
    ]


PIPELINE = (
    "the pipeline of 8,500 USD m is a list of projects, not money, and no part of this: see the "
    "scenario US-Australia pipeline built"
)
DAYS = 365
RATE, LIFE = 0.08, 20
"""What the data took capital off a unit cost with: the Cost of capital and Life of the sheets."""


def projects(case: Case) -> list[Record]:
    """The projects whose capacity, first year and capital are known or estimated."""
    del case
    return [_project(row) for row in read("projects") if row["usable"] == "yes"]


def budget(case: Case) -> list[Record]:
    """Public pledges, and the capital of projects already committed, in their first year."""
    del case
    pledged = {
        int(row["year"]): row
        for row in read("budget")
        if row["item"] == "planner: public money only"
    }
    rows = []
    for year in YEARS:
        begun = [
            row
            for row in read("projects")
            if row["usable"] == "yes"
            and row["committed"] == "yes"
            and int(row["first_year"]) == year
        ]
        pledge = float(pledged[year]["amount_musd"]) if year in pledged else 0.0
        capital = sum(float(row["capex_musd"]) for row in begun)
        listed = ", ".join(f"{row['id']} {float(row['capex_musd']):g}" for row in begun)
        why = [
            f"{pledge:,.0f}, half of what Australia and the USA pledged at least, spread over "
            "two years"
            if pledge
            else "",
            f"{capital:,.0f} of projects already committed, all in their first year ({listed})"
            if begun
            else "",
        ]
        nothing = "nothing is pledged or committed for this year: put in what a later round brings"
        rows.append(
            {
                "Year": year,
                "Capex (USD m)": number(f"{pledge + capital:g}"),
                "Source": source("budget", pledged[year]["item"] if pledge else "pledges")
                + (" and data/projects.csv" if begun else ""),
                "Note": note(why, [PIPELINE]) if pledge or begun else note(remarks=[nothing]),
            }
        )
    return rows


def stockpiles(case: Case) -> list[Record]:
    """The reserves of Japan and South Korea, by the days their policies name."""
    return [_stockpile(case, row) for row in read("stockpile_policy")]


def scenarios(case: Case) -> list[Record]:
    """What-ifs, most of them from measures that states took; of a use, where demand has uses."""
    return [
        {
            "Scenario": row["scenario"],
            "Action": row["action"],
            "Mineral": mineral(row["mineral"]) if row["mineral"] else None,
            "Country": country(row["country"]) if row["country"] else None,
            "Refiner": None,
            "Member": member(row["member"]) if row["member"] else None,
            **({"Tier": row["tier"] or None} if case.by_use else {}),
            "First year": number(row["first_year"]),
            "Last year": number(row["last_year"]),
            "Value": number(row["value"]),
            "Source": source("scenarios", row["source"]),
            "Note": by_confidence(row),
        }
        for row in read("scenarios")
        if case.by_use or not row["tier"]
    ]


def project_cost(row: Row) -> float:
    """What a tonne costs without capital [USD/t], at the planning price.

    The price x (1 + premium), less the capital of a tonne at 8 % over 20 years, at most half of it:
    the rule of `unit_cost_ex_capital_usd_t`, which stands on the prices of 2024.
    """
    price = float(planning_prices()[row["mineral"]]["planning_price_2026_usd_t"])
    whole = price * (1 + float(row["cost_premium_pct"]) / 100)
    charge = float(row["capex_musd"]) * 1e6 * RATE / (1 - (1 + RATE) ** -LIFE)
    return whole - min(charge / float(row["capacity_t"]), whole / 2)


def _project(row: Row) -> Record:
    """One project; capital is spent in its first year where it is already committed."""
    lead = number(row["lead_time_yr"])
    premium = float(row["cost_premium_pct"])
    capex, year = row["capex_confidence"], row["first_year_basis"]
    return {
        "Project": row["project"],
        "Refiner": row["project"],
        "Mineral": mineral(row["mineral"]),
        "Country": country(row["country"]),
        "Capacity (t/yr)": number(row["capacity_t"]),
        "Capex (USD m)": number(row["capex_musd"]),
        "Cost (USD/t)": round(project_cost(row)),
        "First year": int(row["first_year"]),
        "Lead time (yr)": lead,
        "Kind": row["kind"],
        "Owner country": country(row["owner_country"]),
        "Life (yr)": LIFE,
        "Source": source("projects", row["source"], row["id"]),
        "Note": note(
            [
                f"cost, the planning price with an assumed premium of {premium:+g} %",
                f"capital a tonne at {RATE * 100:.0f} % over {LIFE} years taken off it",
                f"lead time, {lead} years from spending to output" if lead else "",
                f"capex {capex}" if not capex.startswith("published") else "",
                f"first year, {year}" if year.startswith("estimate") else "",
            ],
            [
                f"committed: {row['committed_basis']}" if row["committed"] == "yes" else "",
                f"status: {row['status']}" if row["committed"] == "no" else "",
                row["note"],
                "owner recalled",
            ],
        ),
    }


def _stockpile(case: Case, row: Row) -> Record:
    """A reserve in days: its size follows the member's demand in the case."""
    found = next(
        r for r in read("demand") if r["mineral"] == row["mineral"] and r["member"] == row["member"]
    )
    path = case.demand(found)
    days = {k: float(row[f"{k}_days"]) for k in ("opening", "max")}
    silent = row["opening_confidence"] == "silent"
    return {
        "Mineral": mineral(row["mineral"]),
        "Member": member(row["member"]),
        "Max (t)": tonnes(days["max"] / DAYS * max(path.values())),
        "Opening (t)": tonnes(days["opening"] / DAYS * path[YEARS[0]]),
        "Target (days)": number(row["target_days"]),
        "Source": source("stockpile_policy", row["source"], f"{row['mineral']} {row['member']}"),
        "Note": note(
            [
                f"Max, {days['max']:g} days of the largest demand, an assumption",
                "" if silent else f"opening, {days['opening']:g} days of {YEARS[0]}",
                "target in days of the demand of this workbook, assumed"
                if row["target_confidence"] in ASSUMED
                else "",
            ],
            [row["note"]],
        ),
    }
