"""Store plans of this version, for later ones to verify: ``python -m tests.stored``.

Writes inputs and plans into ``tests/stored/VERSION``, each by the commands that a user types.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import openpyxl

from planner import __version__
from planner.cli import main
from tests.models.desk import BookT
from tests.models.stages import ALLY, CHINA, cap, made, plant, stages

HERE = Path(__file__).parent


def chain() -> BookT:
    """Return oxide, alloy and magnets, with a ban on a tier, a reserve, security and a project."""
    book = stages(
        {"oxide": 50, "alloy": 100, "magnet": 300},
        [
            plant("Bao", "oxide", CHINA, 10, 400),
            plant("Lyn", "oxide", ALLY, 20, 60),
            plant("Zhong", "alloy", CHINA, 20, 300),
            plant("Zhong", "magnet", CHINA, 50, 300),
            plant("Nord", "magnet", "EST", 90, 40),
        ],
        [made("alloy", "oxide", 1.25), made("magnet", "alloy", 1.1)],
        {},
        years=(2026, 2027, 2028),
        settings={"Plan title": "Magnets by use", "Discount rate": 0.05},
        members={"Japan": "Japan", "France": "France"},
    )
    demand = (("Japan", "defence", (5, 6, 7)), ("Japan", "cars", (80, 90, 100)),
              ("France", "", (40, 40, 45)))  # fmt: skip
    return book | {
        "Demand": [
            {"Mineral": "magnet", "Member": member, "Tier": tier or None}
            | dict(zip(("2026", "2027", "2028"), tonnes, strict=True))
            for member, tier, tonnes in demand
        ],
        "Tiers": [
            {"Tier": "defence", "Shortage cost multiple": 50},
            {"Tier": "cars", "Shortage cost multiple": 10},
        ],
        "Lanes": [{"From country": CHINA, "To member": "Japan", "Tier": "defence", "Open": "no"}],
        "Share limits": [cap(0.8, "magnet", **{"Penalty (USD/t)": 400})],
        "Security": [{"Mineral": "magnet", "Max short": 0.6}],
        "Stockpiles": [
            {"Mineral": "magnet", "Member": "Japan", "Max (t)": 30, "Opening (t)": 4,
             "Target (t)": 6, "Holding cost (USD/t/yr)": 2, "Max draw (t/yr)": 4}
        ],
        "Projects": [
            {"Project": "Saga", "Refiner": "Saga", "Mineral": "alloy", "Country": "Japan",
             "Capacity (t/yr)": 60, "Capex (USD m)": 0.01, "Cost (USD/t)": 35,
             "First year": 2027, "Lead time (yr)": 1}
        ],
    }  # fmt: skip


def save(book: BookT, path: Path) -> None:
    """Write plain rows as a workbook."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in book.items():
        sheet = workbook.create_sheet(title)
        headers = list(dict.fromkeys(header for row in rows for header in row))
        sheet.append([int(h) if h.isdigit() else h for h in headers])
        for row in rows:
            sheet.append([row.get(header) for header in headers])
    workbook.save(path)


COMMANDS = (
    "new plain.xlsx --example plain",
    "solve plain.xlsx -o plain-plan.xlsx",
    "new folder --csv --all",
    "solve folder -o folder-plan.xlsx",
    "solve chain.xlsx --block China:France --max-country-share 0.7 -o chain-plan.xlsx",
)


def store(folder: Path) -> None:
    """Write the inputs and plans of this version into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.chdir(folder)
    save(chain(), Path("chain.xlsx"))
    for command in COMMANDS:
        if code := main(shlex.split(command)):
            sys.exit(code)


if __name__ == "__main__":
    store(HERE / __version__)
