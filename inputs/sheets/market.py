"""The sheets that say who needs what, and who refines it."""

from inputs import uses
from inputs.cases import Case, rounded
from inputs.tables import (
    ASSUMED,
    YEARS,
    Record,
    Row,
    by_confidence,
    country,
    in_force,
    member,
    mineral,
    note,
    number,
    planning_prices,
    read,
    source,
)
from models.schema.column import MOST_PRICE


def settings(case: Case) -> list[Record]:
    """The setting, its value, and why it is that."""
    said = {"Plan title": case.title, "Caution": case.caution}
    title, caution = (
        Record(Setting=name, Value=text, Source=None, Note=None) for name, text in said.items()
    )
    return (
        [title]
        + [
            {
                "Setting": row["setting"],
                "Value": row["value"]
                if row["setting"] in ("Currency", "Share basis", "Whole projects")
                else number(row["value"]),
                "Source": source("settings", row["source"]),
                "Note": by_confidence(row),
            }
            for row in read("settings")
        ]
        + [caution]
    )


def minerals(case: Case) -> list[Record]:
    """The planning price of each mineral, one for all years, and what a tonne short costs."""
    del case
    prices, losses = planning_prices(), {row["mineral"]: row for row in read("shortage_cost")}
    return [
        _mineral(row, prices[row["mineral"]], losses.get(row["mineral"]))
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
            "Note": by_confidence(row),
        }
        for row in read("countries")
    ]


def refiners(case: Case) -> list[Record]:
    """The refiners and recyclers in force in some year of the horizon."""
    return [_refiner(case, row) for row in in_force()]


def demand(case: Case) -> list[Record]:
    """What each member needs of each mineral, and for which use, a column a year."""
    return [
        part
        for row in read("demand")
        for part in (
            uses.split(row["mineral"], row["member"], _demand(case, row))
            if case.by_use
            else [_demand(case, row)]
        )
    ]


def tiers(case: Case) -> list[Record]:
    """The uses of demand."""
    return uses.tiers(row["mineral"] for row in read("minerals")) if case.by_use else []


def _demand(case: Case, row: Row) -> Record:
    return {
        "Mineral": mineral(row["mineral"]),
        "Member": member(row["member"]),
        **({"Tier": None} if case.by_use else {}),
        **rounded(case.demand(row)),
        "Source": source("demand", row["source"], f"{row['mineral']} {row['member']}"),
        "Note": note([case.demand_estimate(row)], [row[case.demand_note]]),
    }


def _mineral(row: Row, price: Row, loss: Row | None) -> Record:
    """One mineral; ``loss`` is the published loss of a shortage, None where none was found."""
    sources = [source("prices", price["source"], row["mineral"])]
    if loss is not None:
        sources.append(source("shortage_cost", loss["source"], row["mineral"]))
    return {
        "Mineral": row["name"],
        "Price (USD/t)": number(price["planning_price_2026_usd_t"]),
        "Shortage cost (USD/t)": None if loss is None else min(_lost_per_tonne(loss), MOST_PRICE),
        "Unit": row["unit"],
        "Source": "; ".join(sources),
        "Note": note(
            [f"one price held from {YEARS[0]} to {YEARS[-1]}", _shortage_basis(loss)],
            [price["series"], price["planning_basis"], price["unit_note"], row["note"]],
        ),
    }


def _lost_per_tonne(loss: Row) -> int:
    """The published loss a year by the tonnes it is of [USD/t], three digits."""
    per_tonne = float(loss["loss_musd_per_year"]) * 1e6 / float(loss["lost_t_per_year"])
    return int(float(f"{per_tonne:.3g}"))


def _shortage_basis(loss: Row | None) -> str:
    """What the cost of a tonne short rests on."""
    if loss is None:
        return "shortage cost, no published loss was found, so ten times the price (Settings)"
    per_tonne = _lost_per_tonne(loss)
    most = (
        f" is {per_tonne:,} USD/t, held at the most that a workbook may say"
        if per_tonne > MOST_PRICE
        else ""
    )
    return (
        f"shortage cost, a loss of GDP of {float(loss['loss_musd_per_year']):,.0f} USD m a year "
        f"over {loss['lost_t_per_year']} t, {loss['lost_basis']},{most}"
    ).rstrip(",")


def _refiner(case: Case, row: Row) -> Record:
    """One plant, company or country aggregate."""
    price = float(planning_prices()[row["mineral"]]["planning_price_2026_usd_t"])
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
