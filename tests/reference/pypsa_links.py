"""Ten small books with stages, and each as a network of PyPSA: plants are links of efficiency.

``python -m tests.reference.pypsa_links`` solves the networks and writes their optima to
``pypsa_links.json``. It needs the dependency group ``near-optimal``; tests read the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cases_sheets import BookT, Cells
from .hand import book_of, made_from, seller

if TYPE_CHECKING:
    import pypsa

OPTIMA = Path(__file__).with_suffix(".json")
UNLIMITED = 1e9

# ---- the books -----------------------------------------------------------------------------------


def two_stages() -> BookT:
    """One plant a stage: 1.25 t of oxide for a tonne of alloy."""
    sellers = [seller("Bao", "oxide", "CHN", 2), seller("Mag", "alloy", "USA", 3)]
    return book_of({"oxide": 0.0, "alloy": 20.0}, sellers, [made_from("alloy", "oxide", 1.25)])


def scarce_stages() -> BookT:
    """Two plants a stage, the cheap ones too small."""
    sellers = [
        seller("Bao", "oxide", "CHN", 2, 14), seller("Lyn", "oxide", "AUS", 4.5, 30),
        seller("Zhong", "alloy", "CHN", 1.5, 12), seller("Mag", "alloy", "USA", 6, 40),
    ]  # fmt: skip
    return book_of({"oxide": 0.0, "alloy": 25.0}, sellers, [made_from("alloy", "oxide", 1.4)])


def tariffs() -> BookT:
    """A tariff and freight on oxide on its way to plants, and on the alloy that A buys in China."""
    lanes = [
        {"Input": "oxide", "From country": "CHN", "To country": "USA", "Tariff": 0.2,
         "Freight (USD/t)": 0.4},
        {"Input": "oxide", "From country": "AUS", "To country": "USA", "Freight (USD/t)": 0.9},
    ]  # fmt: skip
    last = [{"From country": "CHN", "Tariff": 0.45, "Freight (USD/t)": 0.7}]
    return scarce_stages() | {"Input lanes": lanes, "Lanes": last}


def three_stages() -> BookT:
    """Ore, oxide and metal, of two countries each."""
    sellers = [
        seller("Pit", "ore", "CHN", 0.3, 100), seller("Weld", "ore", "AUS", 0.5, 120),
        seller("Bao", "oxide", "CHN", 2, 18), seller("Lyn", "oxide", "AUS", 3, 25),
        seller("Zhong", "metal", "CHN", 1, 9), seller("Less", "metal", "EST", 2.2, 30),
    ]  # fmt: skip
    inputs = [made_from("oxide", "ore", 4.5), made_from("metal", "oxide", 1.17)]
    return book_of({"ore": 0.0, "oxide": 0.0, "metal": 22.0}, sellers, inputs)


def four_stages() -> BookT:
    """Ore to magnets: the second stage is too small for all demand, so some is short."""
    sellers = [
        seller("Pit", "ore", "CHN", 0.3), seller("Bao", "oxide", "CHN", 2, 20),
        seller("Lyn", "oxide", "AUS", 5, 6), seller("Less", "alloy", "EST", 1, 21),
        seller("Zhong", "alloy", "CHN", 0.6, 8), seller("Mag", "magnet", "USA", 7, 50),
        seller("Ning", "magnet", "CHN", 4, 10),
    ]  # fmt: skip
    inputs = [
        made_from("oxide", "ore", 6), made_from("alloy", "oxide", 1.2),
        made_from("magnet", "alloy", 1.1),
    ]  # fmt: skip
    lanes = [{"Input": "alloy", "From country": "CHN", "Tariff": 0.3, "Freight (USD/t)": 0.05}]
    demand = {"ore": 0.0, "oxide": 0.0, "alloy": 0.0, "magnet": 24.0}
    return book_of(demand, sellers, inputs) | {"Input lanes": lanes}


def joint_line() -> BookT:
    """One line gives NdPr and DyTb; a plant without inputs can sell DyTb alone, dearly."""
    sellers = [
        seller("Mine", "ore", "AUS", 1), seller("Kuantan", "NdPr", "MYS", 2, 60),
        seller("Kuantan", "DyTb", "MYS", 6, 60), seller("Dyon", "DyTb", "CHN", 300, 5),
    ]  # fmt: skip
    inputs = [
        made_from(product, "ore", ratio, Refiner="Kuantan", Joint="yes")
        for product, ratio in (("NdPr", 4.5), ("DyTb", 500.0))
    ]
    return book_of({"ore": 0.0, "NdPr": 10.0, "DyTb": 0.3}, sellers, inputs)


def two_joint_lines() -> BookT:
    """Two lines on concentrates of their own; a magnet takes of both products."""
    sellers = [
        seller("West", "first", "USA", 1, 60), seller("East", "second", "AUS", 5, 40),
        seller("Ning", "magnet", "CHN", 3, 30),
        *(seller(line, of, "USA", 0.5) for line in ("L1", "L2") for of in ("NdPr", "DyTb")),
    ]  # fmt: skip
    yields = [
        ("NdPr", "L1", "first", 0.22), ("DyTb", "L1", "first", 0.002),
        ("NdPr", "L2", "second", 0.20), ("DyTb", "L2", "second", 0.05),
    ]  # fmt: skip
    inputs = [
        *(made_from(of, by, 1 / part, Refiner=line, Joint="yes") for of, line, by, part in yields),
        made_from("magnet", "NdPr", 0.28), made_from("magnet", "DyTb", 0.02),
    ]  # fmt: skip
    demand = {"first": 0.0, "second": 0.0, "NdPr": 4.0, "DyTb": 0.1, "magnet": 21.0}
    return book_of(demand, sellers, inputs)


def two_inputs() -> BookT:
    """Alloy takes metal and boron, one of them scarce, and a member needs the metal, too."""
    sellers = [
        seller("Less", "metal", "EST", 8, 16), seller("Zhong", "metal", "CHN", 5, 10),
        seller("Bor", "boron", "TUR", 2, 0.2), seller("Searles", "boron", "USA", 11, 3),
        seller("Mag", "alloy", "USA", 3, 40),
    ]  # fmt: skip
    inputs = [made_from("alloy", "metal", 0.9), made_from("alloy", "boron", 0.0125)]
    return book_of({"metal": 6.0, "boron": 0.0, "alloy": 25.0}, sellers, inputs)


def growing_demand() -> BookT:
    """Three years, discounted at 7 %; a cheap plant of the first stage opens in the second."""
    book = scarce_stages()
    book["Settings"].append({"Setting": "Discount rate", "Value": 0.07})
    book["Refiners"].append(seller("Nola", "oxide", "AUS", 1, 20, First_year=2027))
    for row, tonnes in zip(book["Demand"], ((1.0, 2.0, 3.0), (18.0, 27.0, 36.0)), strict=True):
        row |= {str(2026 + i): t for i, t in enumerate(tonnes)}
    return book


def named_plants() -> BookT:
    """One plant needs less than others, one recycles without any; a lane between plants is shut."""
    sellers = [
        seller("Bao", "oxide", "CHN", 2, 20), seller("Lyn", "oxide", "AUS", 4, 9),
        seller("Zhong", "alloy", "CHN", 1, 10), seller("Mag", "alloy", "USA", 2.5, 20),
        seller("Again", "alloy", "DEU", 9, 4, Kind="recycled"),
    ]  # fmt: skip
    inputs = [made_from("alloy", "oxide", 1.3), made_from("alloy", "oxide", 1.05, Refiner="Mag")]
    shut = [{"Input": "oxide", "From country": "CHN", "To country": "USA", "Open": "no"}]
    book = book_of({"oxide": 2.0, "alloy": 22.0}, sellers, inputs)
    return book | {"Input lanes": shut}


BOOKS: dict[str, Callable[[], BookT]] = {
    make.__name__: make
    for make in (
        two_stages, scarce_stages, tariffs, three_stages, four_stages, joint_line, two_joint_lines,
        two_inputs, growing_demand, named_plants,
    )
}  # fmt: skip

# ---- the networks --------------------------------------------------------------------------------


def network(book: BookT) -> pypsa.Network:
    """A bus at each plant's gate, at each of its inputs, and for each mineral that A needs.

    Plants without inputs are generators, the others links of efficiency 1 / tonnes per tonne;
    sales are links at what they cost; shortage is a generator. Years are snapshots.
    """
    import pandas as pd
    import pypsa

    years = [int(header) for header in book["Demand"][0] if header.isdigit()]
    settings = {row["Setting"]: row["Value"] for row in book["Settings"]}
    rate = float(settings.get("Discount rate", 0.0))
    n = pypsa.Network(snapshots=pd.Index(years, name="snapshot"))
    n.snapshot_weightings["objective"] = [(1 + rate) ** -(year - years[0]) for year in years]
    for mineral, wanted in zip(book["Minerals"], book["Demand"], strict=True):
        market = f"{mineral['Mineral']} for A"
        n.add("Bus", market)
        n.add("Load", market, bus=market, p_set=[float(wanted[str(year)]) for year in years])
        cost = float(mineral["Shortage cost (USD/t)"])
        n.add("Generator", f"no {market}", bus=market, p_nom=UNLIMITED, marginal_cost=cost)
    for row in book["Refiners"]:
        n.add("Bus", gate(row))
        for needed in needs(book, row):
            n.add("Bus", at_plant(row, needed), overwrite=True)
    for row in book["Refiners"]:
        sales(n, book, row)
    lines: dict[tuple[str, str], list[tuple[Cells, float]]] = {}
    for row in book["Refiners"]:
        runs = [float(year >= int(row.get("First year", years[0]))) for year in years]
        inputs = needs(book, row)
        joint = next((needed for needed in inputs if needed.get("Joint")), None)
        size = float(row["Capacity (t/yr)"])
        if joint is not None:
            ratio = float(joint["Tonnes per tonne"])
            lines.setdefault((str(row["Refiner"]), str(joint["Input"])), []).append((row, ratio))
            line = f"{gate(row)} of the line"
            n.add("Bus", line)
            n.add("Generator", f"unsold {line}", bus=line, p_nom=UNLIMITED, p_min_pu=-1, p_max_pu=0)
            n.add("Link", line, bus0=line, bus1=gate(row), p_nom=size, p_max_pu=runs)
        elif inputs:
            first, *others = (float(needed["Tonnes per tonne"]) for needed in inputs)
            more: dict[str, Any] = {}
            for i, ratio in enumerate(others, 2):
                more |= {f"bus{i}": at_plant(row, inputs[i - 1]), f"efficiency{i}": -ratio / first}
            n.add("Link", gate(row), bus0=at_plant(row, inputs[0]), bus1=gate(row), p_max_pu=runs,
                  efficiency=1 / first, p_nom=size * first, **more)  # fmt: skip
        else:
            n.add("Generator", gate(row), bus=gate(row), p_nom=size, p_max_pu=runs)
    for (refiner, name), products in lines.items():
        ends: dict[str, Any] = {}
        for i, (row, ratio) in enumerate(products, 1):
            number = "" if i == 1 else str(i)
            ends |= {f"bus{i}": f"{gate(row)} of the line", f"efficiency{number}": 1 / ratio}
        n.add("Link", f"{refiner} of {name}", bus0=f"{name} at {refiner}", p_nom=UNLIMITED, **ends)
    return n


def gate(row: Cells) -> str:
    """The bus at which a plant sells a mineral."""
    return f"{row['Mineral']} of {row['Refiner']}"


def needs(book: BookT, row: Cells) -> list[Cells]:
    """The rows of Inputs that a plant goes by: its own, else that of all primary ones."""
    of_product = [needed for needed in book["Inputs"] if needed["Mineral"] == row["Mineral"]]
    chosen: dict[object, Cells] = {}
    for needed in sorted(of_product, key=lambda needed: bool(needed.get("Refiner"))):
        named = needed.get("Refiner")
        if named == row["Refiner"] or (not named and row.get("Kind", "primary") == "primary"):
            chosen[needed["Input"]] = needed
    return list(chosen.values())


def at_plant(row: Cells, needed: Cells) -> str:
    """The bus of an input at a plant; a joint one is shared by the products of the line."""
    of_line = needed.get("Joint")
    return (
        f"{needed['Input']} at {row['Refiner']}{'' if of_line else ' for ' + str(row['Mineral'])}"
    )


def sales(n: pypsa.Network, book: BookT, row: Cells) -> None:
    """Add what a plant can sell of a mineral to A and to plants."""
    cost = float(row["Cost (USD/t)"])
    market = f"{row['Mineral']} for A"
    tariff, freight, _ = lane(book.get("Lanes", []), row, None)
    price = cost * (1 + tariff) + freight
    n.add("Link", f"{gate(row)} to A", bus0=gate(row), bus1=market, p_nom=UNLIMITED,
          marginal_cost=price)  # fmt: skip
    for place, country in takers(book, str(row["Mineral"])):
        tariff, freight, is_open = lane(book.get("Input lanes", []), row, country)
        price = cost * (1 + tariff) + freight
        if is_open:
            n.add("Link", f"{gate(row)} to {place}", bus0=gate(row), bus1=place, p_nom=UNLIMITED,
                  marginal_cost=price)  # fmt: skip


def takers(book: BookT, mineral: str) -> Iterator[tuple[str, object]]:
    """The buses at plants that take a mineral, each once, and their countries."""
    places = {
        at_plant(row, needed): row["Country"]
        for row in book["Refiners"]
        for needed in needs(book, row)
        if needed["Input"] == mineral
    }
    yield from places.items()


def lane(rows: list[Cells], row: Cells, country: object) -> tuple[float, float, bool]:
    """Tariff, freight and whether a lane is open from a plant to A (None) or a plant's country."""
    tariff, freight, is_open = 0.0, 0.0, True
    for change in rows:
        if change.get("Input", row["Mineral"]) != row["Mineral"]:
            continue
        if change["From country"] != row["Country"]:
            continue
        if change.get("To country", country) == country:
            tariff = float(change.get("Tariff", tariff))
            freight = float(change.get("Freight (USD/t)", freight))
            is_open = change.get("Open", "yes") == "yes"
    return tariff, freight, is_open


def optimum(book: BookT) -> dict[str, Any]:
    """The objective of a book's network, and what is short of each mineral in all years."""
    n = network(book)
    status = n.optimize(solver_name="highs", log_to_console=False, include_objective_constant=False)
    assert status == ("ok", "optimal"), status
    short = {row["Mineral"]: float(n.generators_t.p[f"no {row['Mineral']} for A"].sum())
             for row in book["Minerals"]}  # fmt: skip
    return {"objective": float(n.objective), "short": {k: t for k, t in short.items() if t > 1e-9}}


if __name__ == "__main__":
    optima = {name: optimum(make()) for name, make in BOOKS.items()}
    OPTIMA.write_text(json.dumps(optima, indent=1) + "\n", encoding="utf-8")
