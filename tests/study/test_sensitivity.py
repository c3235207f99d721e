"""Sensitivity: closed forms, laws, and each end against a plan of the edited workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from models.errors import InputError, PlannerError
from models.plan import BUILT
from models.plan.parts import Parts
from models.results import About
from models.schema.evidence import pedigree
from planner.render.style import number_format
from planner.render.table import facts_of_columns
from planner.sheets.context import estimates
from planner.studies.factors import LEAST, MOST
from planner.studies.kind import Tables
from planner.studies.places import Processes
from planner.studies.sensitivity import BY, COST, DECISIONS, SHORTAGE, SensitivityStudy
from planner.studies.sensitivity_findings import sensitivity_findings
from planner.studies.sensitivity_tables import EXACT, NEITHER, Sensitivities
from planner.workbook.read import read_tables
from tests.budget import BUDGET
from tests.models.desk import make, refiner
from tests.reference.cases import ALL, EVERYTHING, random_book
from tests.small_book import small_book
from tests.study.sensitive import agrees, edited, of, planned, rows_of, same_everywhere, studied


def ranged(*rows: tuple[str, str, float, float], **more: object) -> list[dict[str, object]]:
    """Rows of Uncertainty: sheet, column, low, high."""
    names = ("Sheet", "Column", "Low", "High")
    return [dict(zip(names, row, strict=True)) | more for row in rows]


def two(*rows: tuple[str, str, float, float], **more: object) -> dict[str, object]:
    """A at 1 and B at 2, 100 t each, for a demand of 150: 200."""
    plants = refiner("Sur", "Chile", 100, 1), refiner("Jin", "China", 100, 2)
    return make(*plants, demand=150, Uncertainty=ranged(*rows), **more)


# ---- closed forms --------------------------------------------------------------------------------


def test_ten_tonnes_more_demand_cost_twenty() -> None:
    row = of(rows_of(two(("Demand", "Demand", 1, 160 / 150))), "Demand", "Demand")
    assert (row["cost_low_usd"], row["cost_high_usd"]) == (pytest.approx(200), pytest.approx(220))
    assert (row["swing_usd"], row["first_order"]) == (pytest.approx(20), EXACT)


def test_ten_tonnes_more_of_the_cheaper_plant_save_ten() -> None:
    row = of(rows_of(two(("Refiners", "Capacity", 1, 1.1))), "Refiners", "Capacity", "Sur")
    assert row["cost_high_usd"] == pytest.approx(190)
    assert row["first_order_high_usd"] == pytest.approx(-10)


def test_a_dearer_plant_costs_less_than_its_shadow_price_says() -> None:
    """From 1 to 3: A gives 50 t instead of 100, so 150 more, where linear says 200."""
    row = of(rows_of(two(("Refiners", "Cost", 1, 3))), "Refiners", "Cost", "Sur")
    assert row["cost_high_usd"] == pytest.approx(350)
    assert row["first_order_high_usd"] == pytest.approx(200)
    assert row["first_order"] == MOST
    assert row["otherwise_high"] == "50 t less copper from Sur; 50 t more copper from Jin"


def test_a_smaller_plant_costs_more_than_its_shadow_price_says() -> None:
    """From 100 to 25 t: 100 t of B and 25 t short, where linear says 75."""
    row = of(rows_of(two(("Refiners", "Capacity", 0.25, 1))), "Refiners", "Capacity", "Sur")
    assert row["cost_low_usd"] == pytest.approx(25 + 200 + 25 * 500)
    assert (row["first_order"], row["first_order_low_usd"]) == (LEAST, pytest.approx(75))
    assert row["short_low_t"] == pytest.approx(25)


def test_worth_of_knowing_a_capacity_before_building() -> None:
    """Up to 60 t at 0.8 a t to build, A at 1 with 50 or 100 t, B at 3: 238 planned, 234 known."""
    plant = {
        "Project": "New", "Refiner": "New", "Mineral": "copper", "Country": "Chile",
        "Capacity (t/yr)": 60, "Capex (USD m)": 48e-6, "Cost (USD/t)": 1, "First year": 2026,
        "Life (yr)": 1,
    }  # fmt: skip
    plants = refiner("Sur", "Chile", 75, 1), refiner("Jin", "China", 1000, 3)
    book = make(
        *plants, demand=150, Projects=[plant], settings={"Cost of capital": 0},
        Uncertainty=ranged(("Refiners", "Capacity", 2 / 3, 4 / 3)),
    )  # fmt: skip
    row = of(rows_of(book), "Refiners", "Capacity", "Sur")
    low, high = row["cost_low_usd"], row["cost_high_usd"]
    assert (low, high) == (pytest.approx(278), pytest.approx(190))
    known = (low + high) / 2
    assert (known, row["worth_usd"]) == (pytest.approx(234), pytest.approx(4))
    assert known + row["worth_usd"] == pytest.approx(238)
    assert row["otherwise_high"].startswith("New: 83.3 % built instead of 100 %")


def test_pedigree_of_five_threes() -> None:
    assert pedigree("3,3,3,3,3") == pytest.approx(1.262, abs=5e-4)
    assert pedigree("1,1,1,1,1") == 1.0


# ---- ranges --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "note", "low", "high"),
    [
        ("3,3,3,3,3", None, 1 / 1.26209, 1.26209),
        (33333, None, 1 / 1.26209, 1.26209),
        ("Published", "Estimate: a guess", 0.95, 1.05),
        ("derived", None, 0.9, 1.1),
        ("estimate", None, 0.8, 1.2),
        ("guess", None, 0.6, 1.4),
        (None, "Estimate: of a report", 0.8, 1.2),
        (None, "LME", 0.95, 1.05),
    ],
)
def test_a_grade_gives_the_range_of_its_row(
    grade: object, note: object, low: float, high: float
) -> None:
    book = two()
    book["Refiners"][0] |= {"Grade": grade, "Note": note}
    row = of(rows_of(book), "Refiners", "Cost", "Sur")
    assert (row["low"], row["high"]) == (
        pytest.approx(low, rel=1e-5),
        pytest.approx(high, rel=1e-5),
    )


@pytest.mark.parametrize(
    ("cells", "by"),
    [
        ({}, "no source or grade: 8 % assumed"),
        ({"Note": "  ", "Source": None}, "no source or grade: 8 % assumed"),
        ({"Source": "USGS 2026"}, "published"),
        ({"Note": "LME"}, "published"),
        ({"Grade": "published"}, "published"),
        ({"Note": "Estimate: a guess"}, "estimate"),
    ],
)
def test_a_number_is_called_published_only_where_its_row_says_something(
    cells: dict[str, object], by: str
) -> None:
    book = two(settings={"Published range": 0.08})
    book["Refiners"][0] |= cells
    study, tables = studied(book)
    rows: Any = study.answer(tables)["factors"]
    assert of(rows, "Refiners", "Cost", "Sur")["by"] == by
    said = str(cells.get("Source") or cells.get("Note", "")).strip()
    assert of(rows, "Refiners", "Cost", "Sur")["origin"] == said


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.95, 1.05, "0.95 to 1.05"),
        (1 / 1.26209, 1.26209, "0.792 to 1.26"),
        (0.0, 12.5, "0 to 12.5"),
        (0.6, 1.0, "0.6 to 1"),
        (0.004, 250.0, "0.004 to 250"),
    ],
)
def test_a_terminal_and_a_sheet_show_a_range_as_it_is(low: float, high: float, shown: str) -> None:
    study, tables = studied(two(("Refiners", "Cost", low, high)))
    table = study.front(tables, "Title").table
    assert table is not None
    facts = facts_of_columns([table.column(h) for h in ("What", "Range, times the value")])
    (line,) = [row for row in facts.rows if row[0] == "Cost of Sur for copper"]
    assert line[1:] == (shown,)
    assert number_format(Sensitivities.high.fmt, [low, high]).startswith("[<10]0.00##;")


def test_the_last_row_that_names_a_number_gives_its_range() -> None:
    rows = ranged(("Refiners", "Capacity (t/yr)", 0.5, 2), ("refiners", "capacity", 0.9, 1.3))
    rows[1] |= {"Country": "CHL"}
    book = two() | {"Uncertainty": rows}
    found = rows_of(book)
    assert of(found, "Refiners", "Capacity", "Jin")["high"] == 2
    assert of(found, "Refiners", "Capacity", "Sur")["high"] == 1.3


def test_an_end_is_cut_at_the_bound() -> None:
    book = two(("Refiners", "Recovery", 0.5, 2))
    for row, recovery in zip(book["Refiners"], (0.9, 0.3), strict=True):
        row["Recovery"] = recovery
    found = rows_of(book)
    cut = of(found, "Refiners", "Recovery", "Sur")
    assert 0.9 * cut["high"] <= 1.0
    assert cut["high"] == pytest.approx(1 / 0.9)
    assert of(found, "Refiners", "Recovery", "Jin")["high"] == 2
    for row in found:
        agrees(book, row)


# ---- numbers that move together ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ranges", "low", "high", "by"),
    [
        ((), 0.95, 1.05, "published"),
        ((("Capacity", 0.9, 1.3),), 0.9, 1.3, "row 2 of Uncertainty"),
        ((("Available share", 0.5, 2),), 0.5, 1.25, "row 2 of Uncertainty"),
        ((("Available share", 1, 1), ("Capacity", 1, 1)), 1, 1, "row 3 of Uncertainty"),
        ((("Capacity", 1, 1.4), ("Available share", 0.2, 1.1)), 0.2, 1.4,
         "row 3 of Uncertainty and row 2 of Uncertainty"),
    ],
)  # fmt: skip
def test_capacity_and_available_share_are_one_factor_with_the_wider_range(
    ranges: tuple[tuple[str, float, float], ...], low: float, high: float, by: str
) -> None:
    book = two(*(("Refiners", *each) for each in ranges))
    book["Refiners"][0] |= {"Available share": 0.8, "Source": "USGS"}
    found = rows_of(book)
    assert not [row for row in found if row["column"] == "Available share"]
    row = of(found, "Refiners", "Capacity", "Sur")
    assert (row["what"], row["cells"]) == ("Usable capacity of Sur for copper", ["D2"])
    assert (row["low"], row["high"], row["by"]) == (low, pytest.approx(high), by)
    assert of(found, "Refiners", "Capacity", "Jin")["what"] == "Capacity of Jin for copper"
    agrees(book, row)


@pytest.mark.parametrize(
    ("named", "sheet", "cells"),
    [
        ((("Refiners", "Cost"),), "Refiners", ["Refiners!E2", "Refiners!E3"]),
        ((("Demand", "Demand"), ("Refiners", "Capacity")), "Refiners, Demand",
         ["Refiners!D2", "Refiners!D3", "Demand!C2"]),
        ((("Minerals", "Price"), ("Demand", "Demand")), "Minerals, Demand",
         ["Minerals!B2", "Demand!C2"]),
        ((("Refiners", "Available share"), ("Refiners", "Capacity")), "Refiners",
         ["Refiners!D2", "Refiners!D3"]),
        ((("Refiners", "Available share"), ("Demand", "2026")), "Refiners, Demand",
         ["Refiners!F2", "Refiners!F3", "Demand!C2"]),
        ((("Demand", "Demand"),), "Demand", ["C2"]),
    ],
)  # fmt: skip
def test_numbers_of_one_assumption_are_one_factor(
    named: tuple[tuple[str, str], ...], sheet: str, cells: list[str]
) -> None:
    book = two()
    for row in book["Refiners"]:
        row["Available share"] = 0.5
    names = ("World demand", " world  demand")
    book["Uncertainty"] = [
        {"Sheet": sheet, "Column": column, "Low": 0.7, "High": 1.4, "Together": names[i % 2]}
        for i, (sheet, column) in enumerate(named)
    ]
    study, tables = studied(book, is_grouped=True)
    answer: Any = study.answer(tables)
    (row,) = (each for each in answer["factors"] if each["what"].casefold() == "world demand")
    assert (row["sheet"], row["cells"], row["count"]) == (sheet, cells, len(cells))
    agrees(book, row)
    others = [each for each in answer["factors"] if each is not row]
    moved = {f"{each['sheet']}!{cell}" for each in others for cell in each["cells"]}
    assert not moved & {cell if "!" in cell else f"{sheet}!{cell}" for cell in cells}


def test_an_assumption_is_cut_at_the_nearest_bound() -> None:
    book = two() | {"Uncertainty": ranged(("Refiners", "Recovery", 0.5, 2), Together="x")}
    for row, recovery in zip(book["Refiners"], (0.9, 0.3), strict=True):
        row["Recovery"] = recovery
    (row,) = (each for each in rows_of(book) if each["what"] == "x")
    assert row["high"] == pytest.approx(1 / 0.9)
    agrees(book, row)


@pytest.mark.parametrize(
    ("lows", "highs", "names", "cell"),
    [
        ((0.5, 0.6), (2, 2), ("a", "a"), "C3"),
        ((0.5, 0.5), (2, 3), ("a", "A"), "D3"),
        ((0.5, 0.5, 0.4), (2, 2, 2), ("a", "b", " a "), "C4"),
        ((0.5, 0.6), (2, 2), ("a", "b"), ""),
        ((0.5, 0.6), (2, 2), (None, None), ""),
        ((0.5, 0.5), (2, 2), ("a", "a"), ""),
    ],
)
def test_rows_of_an_assumption_have_one_range(
    lows: tuple[float, ...], highs: tuple[float, ...], names: tuple[object, ...], cell: str
) -> None:
    columns = ("Capacity", "Cost", "Recovery")
    rows = [
        {"Sheet": "Refiners", "Column": column, "Low": low, "High": high, "Together": name}
        for column, low, high, name in zip(columns, lows, highs, names, strict=False)
    ]
    book = two() | {"Uncertainty": rows}
    for row in book["Refiners"]:
        row["Recovery"] = 0.9
    if not cell:
        assert read_tables(book).case.uncertainty
        return
    with pytest.raises(InputError) as caught:
        read_tables(book)
    assert [f.cell for f in caught.value.findings if f.sheet == "Uncertainty"] == [cell]


# ---- what is listed ------------------------------------------------------------------------------


LONG = "Concentrator of the northern mine, line two (aggregate)"


@pytest.mark.parametrize("by", [COST, SHORTAGE, DECISIONS])
@pytest.mark.parametrize("plants", [1, 3, 9])
def test_the_chart_shows_the_largest_numbers(plants: int, by: str) -> None:
    every = [refiner(f"{LONG} {i}", "Chile", 10 + i, 1 + i) for i in range(plants)]
    study, tables = studied(make(*every, demand=20 * plants), by=by)
    picture, *_ = study.pictures(tables)
    most = {COST: "swing_cash_usd", SHORTAGE: "swing_short_t", DECISIONS: "moved"}[by]
    rows: Any = tables.records(Sensitivities)
    moving = sorted((r for r in rows if r[most]), key=lambda r: -r[most])[:12]
    assert list(picture.categories) == [r["what"] for r in moving]
    count = f"The {len(moving)} numbers that change " if len(moving) > 1 else "The number that "
    assert picture.title.startswith(count)


# ---- laws ----------------------------------------------------------------------------------------


def test_a_range_of_one_to_one_changes_nothing_and_plans_nothing() -> None:
    rows = [("Refiners", c, 1, 1) for c in ("Capacity", "Cost")]
    rows += [("Demand", "Demand", 1, 1), ("Minerals", "Price", 1, 1)]
    study, tables = studied(two(*rows), is_grouped=True)
    answer = study.answer(tables)
    assert len(study.outcomes) == 1
    assert {row["swing_usd"] for row in (*answer["factors"], *answer["groups"])} == {0}
    assert [s.text for s in study.findings(tables) if s.place == "answer"] == [
        "No number in its range would change what is built.",
        "No number in its range changes the missing share of a mineral's need.",
    ]


def test_an_idle_plant_changes_nothing_within_its_range() -> None:
    book = make(
        refiner("Sur", "Chile", 300, 1), refiner("Jin", "China", 100, 2), demand=150,
        Uncertainty=ranged(("Refiners", "Capacity", 0, 3), ("Refiners", "Cost", 0.6, 3)),
    )  # fmt: skip
    found = rows_of(book)
    for column in ("Capacity", "Cost"):
        assert of(found, "Refiners", column, "Jin")["swing_usd"] == 0


def idle(seed: int) -> int:
    """How many plants of a random book sell nothing: what is theirs changes nothing.

    Without contracts, whose least tonnes are paid for where a plant can't sell them.
    """
    book = random_book(np.random.default_rng(seed), 2, ALL - {"contracts"})
    try:
        plan = planned(book)
    except PlannerError:
        return 0
    ranges = ("Refiners", "Capacity", 0, 1.5), ("Refiners", "Cost", 1, 3)
    found = [
        row for row in rows_of({**book, "Uncertainty": ranged(*ranges)}) if row["by"][:3] == "row"
    ]
    e, count = plan.expanded, 0
    sold = {e.sources[s].name: 0.0 for s in range(len(e.sources))}
    for source, tonnes in zip(e.sources, plan.sold.sum(axis=1), strict=True):
        sold[source.name] += tonnes
    for row in found:
        name = book["Refiners"][int(row["cells"][0][1:]) - 2]["Refiner"]
        if row["sheet"] == "Refiners" and sold.get(name) == 0 and row["swing_usd"] is not None:
            count += 1
            assert row["swing_usd"] == 0, row
    return count


@pytest.mark.slow
def test_numbers_of_plants_that_sell_nothing_change_nothing() -> None:
    assert sum(idle(seed) for seed in range(200, 208)) >= 5


def test_a_group_of_one_is_its_factor_and_others_move_together() -> None:
    study, tables = studied(two(), is_grouped=True)
    factors, groups = (study.answer(tables)[name] for name in ("factors", "groups"))
    alike = (
        "cost_low_usd",
        "cost_high_usd",
        "short_low_t",
        "short_high_t",
        "swing_usd",
        "worth_usd",
    )
    for sheet, column in (("Demand", "Demand"), ("Minerals", "Price")):
        one, group = (of(rows, sheet, column) for rows in (factors, groups))
        assert [one[key] for key in alike] == [group[key] for key in alike]
    both = of(groups, "Refiners", "Cost")
    assert (both["numbers"] if "numbers" in both else both["count"]) == 2
    assert both["swing_usd"] == pytest.approx(0.1 * 200)
    assert both["alone_usd"] == pytest.approx(0.1 * 100 + 0.1 * 100)


def test_one_process_and_two_say_the_same() -> None:
    same_everywhere(small_book(), Processes(2))


# ---- each end is the plan of the edited workbook -------------------------------------------------


WIDE = [
    ("Freight", "Freight"), ("Lanes", "Tariff"), ("Contracts", "Price"), ("Mines", "Premium"),
    ("Stockpiles", "Opening"), ("Refiners", "Recovery"), ("Share limits", "Penalty"),
    ("Budget", "Capex"), ("Refiners", "Capacity"), ("Demand", "2026"), ("Projects", "Capex"),
]  # fmt: skip


@pytest.mark.slow
def test_every_end_in_a_small_book_is_a_plan_of_the_edited_book() -> None:
    book = small_book()
    book["Uncertainty"] = ranged(*((*place, 0.7, 1.4) for place in WIDE))
    found = rows_of(book)
    assert len(found) == 41
    for row in found:
        agrees(book, row)


METALS = ("antimony", "cobalt", "copper", "lithium", "nickel")


def tied(capex: float) -> dict[str, list[dict[str, object]]]:
    """Five metals, each with a plant to build, and a budget in money m that ties the plants."""
    book: dict[str, list[dict[str, object]]] = make(
        years=(2026, 2027), settings={"Discount rate": 0.1}
    )
    book["Minerals"] = [
        {"Mineral": m, "Price (USD/t)": 50 + i, "Shortage cost (USD/t)": 400 if i == 1 else None}
        for i, m in enumerate(METALS)
    ]
    book["Demand"] = [
        {"Mineral": m, "Member": "A", "2026": 90 + 9 * i, "2027": 110} for i, m in enumerate(METALS)
    ]
    book["Refiners"] = [
        refiner(f"{place} {m}", place, t - i, cost + i) | {"Mineral": m, "Available share": 0.9}
        for i, m in enumerate(METALS)
        for place, t, cost in (("Chile", 60, 10), ("China", 75, 22))
    ]
    book["Projects"] = [
        {"Project": f"New {m}", "Refiner": f"New {m}", "Mineral": m, "Country": "Chile",
         "Capacity (t/yr)": 30, "Capex (USD m)": (1 + i / 3) * 1e-3, "Cost (USD/t)": 9 + i,
         "First year": 2026 + i % 2, "Lead time (yr)": i % 2, "Life (yr)": 5}
        for i, m in enumerate(METALS)
    ]  # fmt: skip
    book["Budget"] = [{"Year": y, "Capex (USD m)": capex} for y in (2026, 2027)]
    return book


@pytest.mark.parametrize("capex", [1e-3, 1.4e-3])
def test_parts_have_who_would_use_a_cheaper_budget(
    monkeypatch: pytest.MonkeyPatch, capex: float
) -> None:
    """With plants that cost nearly the same, fewer runs are planned twice; their ends are equal."""
    book, solve = tied(capex), Parts.solve
    for i, row in enumerate(book["Projects"]):
        row |= {"Cost (USD/t)": 9 + i / 10, "Capex (USD m)": (1 + i / 10) * 1e-3}
    failed, ends = list[int](), list[Any]()
    for near in (Parts._nearly_used, frozenset[int]()):
        gone = list[bool]()

        def counted(self: Parts, rows: Any, gone: list[bool] = gone) -> Any:
            solution = solve(self, rows)
            gone.append(solution is None)
            return solution

        monkeypatch.setattr(Parts, "_nearly_used", near)
        monkeypatch.setattr(Parts, "solve", counted)
        found = rows_of(book)
        ends.append(
            {
                (*row["cells"], end): row[f"cost_{end}_usd"]
                for row in found
                for end in ("low", "high")
            }
        )
        failed.append(sum(gone))
    assert failed[0] <= failed[1] // 2
    assert ends[0] == pytest.approx(ends[1], rel=1e-9, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("capex", [0.5e-3, 1.4e-3, 9e-3])
def test_every_end_is_a_plan_of_the_edited_book_where_a_budget_ties_minerals(
    monkeypatch: pytest.MonkeyPatch, capex: float
) -> None:
    solved, kept_builds = list[bool](), set[int]()
    solve = Parts.solve

    def counted(self: Parts, rows: Any) -> Any:
        solution = solve(self, rows)
        solved.append(solution is not None)
        kept_builds.update(len(minerals) for minerals, is_fixed in self._parts if is_fixed)
        return solution

    monkeypatch.setattr(Parts, "solve", counted)
    book = tied(capex)
    found = rows_of(book)
    assert sum(solved) > len(found) // 2
    assert kept_builds == {1}, "fixed builds leave the others no say in the budget"
    for row in found:
        agrees(book, row)
    deciding = [row for row in found if row["builds"] == "yes"]
    assert deciding
    built = as_built(book)
    for row in deciding:
        lost = []
        for end in ("low", "high"):
            other = edited(book, row["sheet"], row["cells"], row[end])
            lost.append(planned({**other, "Built": built}).objective - row[f"cost_{end}_usd"])
        assert row["worth_usd"] == pytest.approx(sum(lost) / 2, rel=1e-5), row["what"]


def as_built(book: Mapping[str, Any]) -> list[dict[str, object]]:
    """What the plan of a book builds, as rows of Built for every year in which it could."""
    plan = planned(book)
    (project, year), fraction = plan.component_arrays(BUILT)
    parts = {(p, y): f for p, y, f in zip(project.tolist(), year.tolist(), fraction, strict=True)}
    return [
        {"Project": p.name, "Year": y, "Fraction": min(1.0, max(0.0, parts.get((i, y), 0.0)))}
        for i, p in enumerate(plan.case.projects)
        for y in range(p.first_year, plan.case.years[-1] + 1)
    ]


def drawn(seed: int, most: int) -> int:
    """How many numbers of a random book were held against plans of the edited book."""
    book = random_book(np.random.default_rng(seed), 2, EVERYTHING if seed % 2 else ALL)
    try:
        base = planned(book).objective
    except PlannerError:
        return 0
    book["Settings"] = [*book.get("Settings", []), {"Setting": "Published range", "Value": 0.3}]
    found = rows_of(book)
    chosen = np.random.default_rng(seed).permutation(len(found))[:most]
    for i in chosen:
        agrees(book, found[i])
        bounded(base, found[i])
    return len(chosen)


def bounded(base: float, row: dict[str, object]) -> None:
    """A first-order figure that is said to be a bound is one."""
    for end in ("low", "high"):
        cost, first = row[f"cost_{end}_usd"], row[f"first_order_{end}_usd"]
        if cost is None or first is None:
            continue
        beyond = cost - base - first
        least = -1e-6 * max(1.0, abs(base))
        assert row["first_order"] != LEAST or beyond >= least, row
        assert row["first_order"] != MOST or beyond <= -least, row
        assert row["first_order"] in {EXACT, LEAST, MOST, NEITHER}, row


@pytest.mark.slow
def test_ends_of_random_books_are_plans_of_edited_books() -> None:
    assert sum(drawn(seed, 3) for seed in range(5)) >= 10


@pytest.mark.slow
@pytest.mark.fuzz
def test_ends_of_many_random_books_are_plans_of_edited_books() -> None:
    """A long run holds 200 numbers and more against plans of edited books."""
    count = BUDGET // 10
    assert sum(drawn(seed, 8) for seed in range(100, 100 + count)) >= 2 * count


# ---- rules on the sheet --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "cell", "words"),
    [
        (("Refinery", "Capacity", 1, 1), "A2", "did you mean 'Refiners'?"),
        (("Refiners", "Capcity", 1, 1), "B2", "did you mean 'Capacity'?"),
        (("Share limits", "Share", 1, 1), "B2", "is what you choose, not an uncertain fact"),
        (("Settings", "Discount rate", 1, 1), "B2", "has no column of numbers"),
        (("Refiners", "Capacity", 1.1, 1.2), "C2", "the number 1.1"),
        (("Refiners", "Capacity", 0.9, 0.95), "D2", "the number 0.95"),
    ],
)
def test_a_row_that_names_no_number_is_an_error_at_its_cell(
    row: tuple[str, str, float, float], cell: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_tables(two(row))
    (found,) = (f for f in caught.value.findings if f.sheet == "Uncertainty")
    assert found.cell == cell
    assert words in f"{found.found} {found.hint}"


def test_a_selector_that_a_sheet_has_not_is_an_error_and_one_of_nothing_a_warning() -> None:
    rows = ranged(("Demand", "Demand", 0.5, 2))
    rows[0]["Country"] = "Chile"
    with pytest.raises(InputError, match="has no Country"):
        read_tables(two() | {"Uncertainty": rows})
    rows = ranged(("Refiners", "Cost", 0.5, 2))
    rows[0]["Country"] = "Peru"
    warnings = read_tables(two() | {"Uncertainty": rows}).warnings
    (warned,) = (f for f in warnings if f.sheet == "Uncertainty")
    assert warned.found == "no number of the workbook matches the row"


def test_a_grade_that_is_none_is_an_error_and_decides_what_counts_as_an_estimate() -> None:
    book = two()
    book["Refiners"][0]["Grade"] = "publishd"
    with pytest.raises(InputError, match="did you mean 'published'"):
        read_tables(book)
    book["Refiners"][0] |= {"Grade": "guess"}
    book["Refiners"][1] |= {"Grade": "published", "Note": "Estimate: no"}
    assert estimates(read_tables(book).case) == "1 of 5 rows"


# ---- what is not known ---------------------------------------------------------------------------


def test_an_end_without_a_plan_is_named_and_the_others_are_known() -> None:
    """A recovery of 0 is none."""
    book = two(("Refiners", "Recovery", 0, 1))
    for row in book["Refiners"]:
        row["Recovery"] = 0.9
    study, tables = studied(book)
    assert study.trouble.startswith("2 runs without a plan; the first is Refiners")
    rows = study.answer(tables)["factors"]
    lost = of(rows, "Refiners", "Recovery", "Sur")
    assert lost["cost_low_usd"] is lost["swing_usd"] is lost["worth_usd"] is None
    assert (lost["rank"], lost["first_order"]) == (len(rows) - 1, "not known")
    said = [s.text for s in study.findings(tables)]
    assert said[0].endswith("change what is built, of those with a proven plan at each end.")
    assert "Numbers of which an end has no proven plan: 2." in said


@pytest.mark.parametrize(
    ("swing", "said"),
    [
        (0.0, "No number in its range changes the missing share of a mineral's need."),
        (0.0004, "No number in its range changes the missing share of a mineral's need by 0.1 %"),
        (0.00099, "No number in its range changes the missing share of a mineral's need by 0.1 %"),
        (0.001, "Cost of Sur changes most what is missing of a mineral: 2 % of the need for"),
        (0.3, "Cost of Sur changes most what is missing of a mineral: 2 % of the need for"),
    ],
)
def test_a_change_that_rounds_to_nothing_is_not_called_most(swing: float, said: str) -> None:
    rows = [
        {"what": what, "sheet": "Refiners", "cells": cell, "builds": "no", "hit": "tin",
         "swing_hit": part, "hit_low": 0.02, "hit_high": 0.02 + part}
        for what, cell, part in (("Cost of Jin", "D2", 0.0), ("Cost of Sur", "D3", swing))
    ]  # fmt: skip
    tables = Tables([Sensitivities.of_rows(rows, words={"money": "USD"})])
    assert sensitivity_findings(tables)[1].text.startswith(said)


@pytest.mark.parametrize(
    ("other", "most"), [(0.1, "most "), (0.29, "most "), (0.2998, ""), (0.3, "")]
)
def test_of_numbers_that_change_as_much_none_changes_most(other: float, most: str) -> None:
    rows = [
        {"what": f"Cost {i}", "sheet": "Refiners", "cells": f"D{i}", "builds": "no",
         "swing_cash": 1e6 * part, "cash_low": 0.0, "cash_high": 1e6 * part, "hit": "tin",
         "swing_hit": part, "hit_low": 0.02, "hit_high": 0.02 + part}
        for i, part in enumerate((0.3, other))
    ]  # fmt: skip
    tables = Tables([Sensitivities.of_rows(rows, words={"money": "USD"})])
    missing, cash = (s.text for s in sensitivity_findings(tables)[1:3])
    assert missing.startswith(f"Cost 0 changes {most}what is missing")
    assert cash.startswith(f"Cost 0 changes {most}what buyers pay in cash, by 300 thousand")


@pytest.mark.parametrize(("recovery", "covers"), [(0.5, "."), (0, ", of those with a proven plan")])
def test_a_need_missing_in_full_changes_tonnes_and_no_share(recovery: float, covers: str) -> None:
    book = make(
        refiner("Sur", "Chile", 0, 1, Recovery=0.9), demand=150,
        Uncertainty=ranged(("Demand", "Demand", 0.9, 1.1), ("Refiners", "Recovery", recovery, 1)),
    )  # fmt: skip
    study, tables = studied(book)
    assert of(study.answer(tables)["factors"], "Demand", "Demand")["swing_short_t"] == 30
    share = "No number in its range changes the missing share of a mineral's need"
    assert study.findings(tables)[1].text.startswith(share + covers)


@pytest.mark.parametrize("by", [COST, SHORTAGE, DECISIONS])
def test_numbers_that_change_builds_come_first_then_the_largest_swings(by: str) -> None:
    rng = np.random.default_rng(5)
    drawn = ("worth", "swing_cash", "swing_hit", "moved")
    rows: list[dict[str, Any]] = [
        {"what": f"Cost {i}", "sheet": "Refiners", "cells": f"D{i}", "builds": builds}
        | dict(zip(drawn, rng.random(4).tolist(), strict=True))
        for i, builds in enumerate(rng.choice(["yes", "no", "not known"], 12).tolist())
    ]
    rows[0] |= {"builds": "no", "swing_cash": None, "swing_hit": None, "moved": None}
    asked = About.of_rows([{"what": BY, "value": by}])
    tables = Tables([Sensitivities.of_rows(rows, words={"money": "USD"}), asked])
    numbers = SensitivityStudy.main_table(tables)
    assert numbers is not None
    table, shown = numbers.result.frame(), numbers.fields[3].name
    first = (table["builds"] == "yes").to_numpy()
    assert 0 < first.sum() < len(table)
    assert list(first) == sorted(first, reverse=True)
    for part, column in ((table[first], "worth"), (table[~first], shown)):
        values = part[column].fillna(0.0).astype(float)
        assert values.is_monotonic_decreasing


def test_nothing_to_decide_is_said() -> None:
    study, tables = studied(make(refiner("Sur", "Chile", 0, 0), demand=0), is_grouped=True)
    assert study.findings(tables)[0].text.startswith("No number ")
    assert study.pictures(tables) == ()
