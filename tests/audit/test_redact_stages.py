"""Redact where minerals are made from one another: what members hand to plants stays hidden."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from planner.audit.file import open_plan
from planner.audit.redact import redact, write_redacted
from planner.cli import main
from planner.workbook.template import write_book
from tests.audit.adversary import sheets, too_close
from tests.budget import at_length
from tests.models.stages import ALLY, CHINA, cap, made, oxide_and_alloy, plant, stages
from tests.reference.cases import STAGED, random_book

NAMES = ("Ann", "Bob", "Cid", "Dot")


def planned(tmp_path, book, *hidden, **options):
    """Return the plan of a book and the copy without some members."""
    case, plan, copy = (tmp_path / f"{name}.xlsx" for name in ("case", "plan", "copy"))
    book = {name: rows for name, rows in book.items() if rows}
    write_book(case, book)
    assert main(["solve", str(case), "--output", str(plan), "--workers", "1"]) == 0
    write_redacted(copy, redact(open_plan(plan), hidden, **options))
    return plan, copy


def handing(*at_home):
    """Return a book in which the members at home buy oxide of China and hand it to their plant."""
    book = stages(
        {"oxide": 50, "alloy": 100},
        [plant("Bao", "oxide", CHINA, 1), plant("Arafura", "alloy", ALLY, 2)],
        [made("alloy", "oxide")], {"alloy": 10},
        Input_lanes=[{"Input": "oxide", "Open": "no"}],
        Stockpiles=[
            {"Mineral": "oxide", "Member": name, "Max (t)": 40, "Opening (t)": 5, "Target (t)": 5}
            for name in at_home
        ],
    )  # fmt: skip
    book["Members"] = [
        {"Member": name, "Country": ALLY if name in at_home else None} for name in NAMES
    ]
    book["Demand"] = [
        {"Mineral": mineral, "Member": name, "2026": tonnes + i}
        for mineral, tonnes in (("alloy", 10), ("oxide", 3)) for i, name in enumerate(NAMES)
    ]  # fmt: skip
    return book


def test_what_one_member_hands_over_withholds_the_whole_chain(tmp_path):
    """Ann alone hands oxide to the plant: oxide in is alloy out, so neither has totals."""
    plan, copy = planned(tmp_path, handing("Ann"), "Ann", "Bob")
    assert any(row["Handed over by"] == "Ann" for row in sheets(plan)["Inputs"])
    shown = sheets(copy)
    assert not shown["Inputs"]
    assert {row["Mineral"] for row in shown["Refiners"]} == {"oxide", "alloy"}
    assert all(row["Tonnes"] is None for row in shown["Refiners"])
    assert all(row["Average landed cost"] is None for row in shown["Prices"])
    assert all(row["Cash cost"] is None for row in shown["Members"] if "Cash cost" in row)
    found, counted = too_close(plan, copy, {"Ann", "Bob"})
    assert found == []
    assert counted > 4


def test_what_two_members_hand_over_is_shown_in_sum(tmp_path):
    """Ann and Bob both do: a row for both, and a plant's purchases beside it as they are."""
    book = handing("Ann", "Bob")
    book["Lanes"] = [{"Mineral": "oxide", "To member": "Ann", "Max (t/yr)": 30}]
    _, copy = planned(tmp_path, book, "Ann", "Bob", keep_totals=True)
    rows = sheets(copy)["Inputs"]
    assert [row["Handed over by"] for row in rows] == ["Others (redacted)"]
    assert rows[0]["Tonnes"] == pytest.approx(10 + 11 + 12 + 13)
    assert rows[0]["Plant"] is None


def test_a_plan_whose_members_hand_nothing_over_keeps_what_plants_buy(tmp_path):
    """The contract's closed form b, for four members: two of them are taken out, inputs stay."""
    book = oxide_and_alloy(cap(0.65))
    book["Members"] = [{"Member": name, "Country": None} for name in NAMES]
    book["Demand"] = [{"Mineral": "alloy", "Member": name, "2026": 5} for name in NAMES]
    plan, copy = planned(tmp_path, book, "Ann", "Bob")
    bought = [row["Tonnes"] for row in sheets(plan)["Inputs"]]
    assert [row["Tonnes"] for row in sheets(copy)["Inputs"]] == bought
    assert too_close(plan, copy, {"Ann", "Bob"})[0] == []


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(at_length(3, 6)))
def test_no_figure_of_any_chain_is_known_too_closely(tmp_path, seed):
    """Each two members together, by a program of a reader that knows what plants take."""
    case, plan, copy = (tmp_path / f"{name}.xlsx" for name in ("case", "plan", "copy"))
    write_book(case, random_book(np.random.default_rng([28, seed]), 2 + seed % 3, STAGED))
    assert main(["solve", str(case), "--output", str(plan), "--workers", "1"]) == 0
    members = list(dict.fromkeys(r["Member"] for r in sheets(plan)["Prices"]))
    groups = [members[:1], members[:2], members[1:3], members[-1:]]
    for hidden in {tuple(group) for group in groups if group}:
        made_of = redact(open_plan(plan), hidden)
        write_redacted(copy, made_of)
        assert too_close(plan, copy, set(hidden))[0] == [], hidden
        whole = chains(sheets(plan).get("Inputs", ()))
        assert all(chain <= made_of.withheld.totals or not chain & made_of.withheld.totals
                   for chain in whole)  # fmt: skip
        texts = [str(v) for row in sheets(copy).get("Inputs", ()) for v in row.values()]
        assert not {*texts} & {*hidden}


def chains(rows):
    """Return the sets of minerals that are made from one another."""
    found = defaultdict(set)
    for row in rows:
        link = {row["Input"], *row["Product"].split("; ")}
        joined = link.union(*(found[name] for name in link))
        found.update((name, joined) for name in joined)
    return list(found.values())
