"""One plan, one number: every surface says of it what a hand count of its flows says."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models import measures
from models.measures.same_tonnes import NAMED_FROM
from models.results import ByMineral, CountryShares, Figure, Members, PlanNumbers
from models.scorecard import CR1, HHI_COUNTRY, scorecard
from planner.cli.commands.solve import plan_answer
from planner.documents.difference import compare_plans
from planner.documents.folder import write_csv
from planner.render.chart import Role
from planner.report.plan import charts, first_page_of_plan
from planner.run import solve_file
from planner.sheets import Context, write_plan
from planner.sheets.findings import EXTRA_COST, result_rows
from planner.sheets.front import SHOWN, overview
from planner.workbook.plan_file import read_plan
from tests.books import write_book
from tests.budget import few
from tests.reference.cases import random_book
from tests.reference.measures import same_tonnes

CASES = [
    (seed, spelling, basis, currency)
    for seed in (0, 1, 2, 3, 4, 5, 7, 8, 9, 11)
    for spelling, basis, currency in (
        ("ROW", "purchases", "EUR"), ("Rest of world", "demand", "USD"),
    )
]  # fmt: skip


def test_what_cancels_out_is_nothing_and_what_is_not_known_stays() -> None:
    """The rounding of a sum is not a number to tell; NaN is no nothing."""
    amounts = np.array([[0.1, 1e12, np.nan, 1e12], [0.2, 1.0, 1.0, 5e-4], [-0.3, -1e12, 0, -1e12]])
    found = measures.net_sums(amounts)
    assert found[:2].tolist() == [0.0, 1.0]
    assert np.isnan(found[2])
    assert found[3] == 0.0


def book_of(seed, spelling, basis, currency):
    """A random book without limits of its own, one country of which is Rest of world."""
    book = random_book(np.random.default_rng(seed), 1 + seed % 4)
    book.pop("Share limits", None)
    members = {row["Country"] for row in book["Members"]}
    others = [r["Country"] for r in book["Refiners"] if r["Country"] not in members]
    gone = others[0] if others else None
    kept = {"Settings", "Minerals", "Members", "Countries"}
    made = {
        name: [
            {
                header.replace("USD", currency): (
                    spelling
                    if gone and cell == gone and name not in kept
                    else cell.replace("USD", currency)
                    if isinstance(cell, str)
                    else cell
                )
                for header, cell in row.items()
            }
            for row in rows
        ]
        for name, rows in book.items()
    }
    drop = {"Share basis", "Currency"}
    made["Settings"] = [r for r in made["Settings"] if r["Setting"] not in drop]
    made["Settings"] += [
        {"Setting": "Share basis", "Value": basis}, {"Setting": "Currency", "Value": currency},
    ]  # fmt: skip
    return made


def by_hand(plan, basis, year=None):
    """Each mineral's largest share of one country, counted from the flows."""
    found = {}
    flows = plan.flows if year is None else plan.flows[plan.flows["year"] == year]
    for mineral in plan.expanded.minerals:
        mine = flows[flows["mineral"] == mineral]
        found[mineral] = 0.0
        for (when, country), rows in mine.groupby(["year", "country"]):
            if country == "ROW":
                continue
            whole = plan.case.coalition_demand(mineral, int(when))
            if basis == "purchases":
                whole = mine.loc[mine["year"] == when, "tonnes"].sum()
            if whole > 0:
                found[mineral] = max(found[mineral], float(rows["tonnes"].sum() / whole))
    return found


def number(value):
    """A number, 0 for what is blank."""
    return 0.0 if value is None or math.isnan(value) else value


@pytest.fixture(scope="module", params=few(CASES, 6), ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}")
def made(request, tmp_path_factory):
    """A plan, its workbook read back and its CSV files."""
    folder = tmp_path_factory.mktemp("one")
    write_book(folder / "case.xlsx", book_of(*request.param))
    run = solve_file(folder / "case.xlsx", max_country_share=(None, 0.6)[request.param[0] % 2])
    path = folder / "plan.xlsx"
    tables = write_plan(
        path, run.plan, run.book, without_limits=run.without_limits, options=run.options,
    )  # fmt: skip
    write_csv(folder / "csv", tables.values())
    with (folder / "csv" / "by-mineral.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = {line["Mineral"].removeprefix("'"): line for line in csv.DictReader(file)}
    basis = request.param[2]
    return SimpleNamespace(run=run, plan=run.plan, file=read_plan(path), csv=lines, basis=basis)


def test_the_cases_have_rest_of_world_in_both_spellings():
    """Else the others would prove nothing of it."""
    cells = [
        (spelling, row.get("Country"))
        for seed, spelling, basis, currency in CASES
        for row in book_of(seed, spelling, basis, currency)["Refiners"]
    ]
    assert {spelling for spelling, country in cells if spelling == country} == {
        "ROW", "Rest of world",
    }  # fmt: skip


@pytest.mark.slow
def test_largest_share_of_one_country_in_any_year(made):
    plan, file = made.plan, made.file
    wanted = by_hand(plan, made.basis)
    found = {
        "plan": plan.max_country_share,
        "JSON": json.loads(json.dumps(plan_answer(made.run, None)))["max_country_share"],
        "By mineral": dict(file.result(ByMineral).rows(ByMineral.mineral, ByMineral.share)),
        "Summary": {
            m: file.number(f"Largest country's share of {made.basis}: {m}") for m in wanted
        },
        "CSV": {
            m: float(line[f"Largest share of {made.basis}"] or 0) for m, line in made.csv.items()
        },
        "sweep": {m: r["share"] for m, r in PlanNumbers.of(plan).by_mineral().items() if m},
        "diff": {r["mineral"]: r["share_old"] for r in compare_plans(file, file).minerals},
    }
    for surface, said in found.items():
        for mineral, share in wanted.items():
            shown = number(said.get(mineral))
            assert shown == pytest.approx(share, abs=1e-9), (surface, mineral)


@pytest.mark.slow
def test_the_same_country_is_named(made):
    plan, file = made.plan, made.file
    rows = file.result(ByMineral).rows(ByMineral.mineral, ByMineral.country)
    itself = compare_plans(file, file)
    assert itself.is_equal  # also if a member buys none of a mineral: its landed cost is blank
    countries = {r["mineral"]: r["country_old"] for r in itself.minerals}
    for mineral, country in rows:
        if country is None:
            continue
        assert country != "ROW"
        name = plan.case.country_name(country)
        assert countries[mineral] == name


@pytest.mark.slow
def test_page_report_json_and_sheet_say_the_same_of_each_mineral(made):
    """The rows of By mineral are the only ones; what is said of them is said in the same words."""
    answer = json.loads(json.dumps(plan_answer(made.run, None)))["minerals"]
    back = result_rows(made.file.result(ByMineral))
    assert [row["mineral"] for row in answer] == [row["mineral"] for row in back]
    for said, read_back in zip(answer, back, strict=True):
        for field in (f for f in SHOWN if f.name in made.run.minerals.data):
            one, other = said[field.json_key], read_back[field.name]
            if isinstance(one, float | int):
                assert one == pytest.approx(other, abs=1e-9), field.name
            else:
                assert (one or None) == other, field.name
    page = [each.json() for each in made.run.front.findings]
    assert [each.json() for each in first_page_of_plan(made.file).findings][: len(page)] == page


@pytest.mark.slow
def test_if_the_largest_supplier_stops_has_one_number(made):
    """Counted from the flows of the last year; the same on every surface, mineral by mineral."""
    plan, file, last = made.plan, made.file, made.plan.case.years[-1]
    home = {c for c in plan.flows["country"] if "coalition" in plan.case.blocs_of(c)} | {"ROW"}
    wanted = {}
    for mineral in plan.expanded.minerals:
        need = plan.case.coalition_demand(mineral, last)
        if need <= 0:
            continue
        at = (plan.flows["mineral"] == mineral) & (plan.flows["year"] == last)
        sold = plan.flows[at].groupby("country")["tonnes"].sum()
        supply = plan.supply[(plan.supply["mineral"] == mineral) & (plan.supply["year"] == last)]
        met = need - supply["short"].sum()
        outside = sold[[c for c in sold.index if c not in home]]
        left = sold.sum() - (outside.max() if len(outside) else 0.0)
        drawn = max(0.0, met - sold.sum())
        wanted[mineral] = max(0.0, min(met, left + drawn) / need)
    answer = plan_answer(made.run, None)["minerals"]
    context = Context(plan, made.run.book, made.run.without_limits)
    page = overview(context).table
    header = ByMineral.served_without.title({"last": str(last)})
    of_page = {each.header: each.values for each in page.columns}
    assert bool(wanted) == (header in of_page)  # blank columns are left out
    shown = zip(page.columns[0].values, of_page[header], strict=True) if wanted else ()
    said = {
        "By mineral": dict(
            file.result(ByMineral).rows(ByMineral.mineral, ByMineral.served_without)
        ),
        "Summary": {m: file.number(f"{Figure.IF_IT_STOPS}: {m}") for m in wanted},
        "JSON": {row["mineral"]: row["served_without"] for row in answer},
        "CSV": {m: float(line[header] or "nan") for m, line in made.csv.items()},
        "page": dict(shown),
    }
    for surface, of in said.items():
        for mineral, left in wanted.items():
            assert of[mineral] == pytest.approx(left, abs=1e-6), (surface, mineral)
    if not any(row["supplier"] for row in result_rows(made.run.minerals) if row["need"]):
        return
    kept = sum(left >= measures.KEEPS_ENOUGH - 1e-6 for left in wanted.values())
    assert file.number(Figure.KEEP_ENOUGH) == kept


@pytest.mark.slow
def test_rest_of_world_is_no_country_of_the_charts(made):
    wanted = {year: by_hand(made.plan, made.basis, year) for year in made.plan.case.years}
    drawn, limited = charts(made.file), made.file.result(CountryShares).frame()
    is_each = limited.loc[(limited["buyer"] == "") & (limited["country"] != "ROW"), "limit"]
    for picture in drawn.get("largest", ()):
        assert not [name for name in picture.categories if name.endswith((": ROW", "of world"))]
    for picture in drawn.get("years", ()) if is_each.notna().all() or is_each.isna().all() else ():
        mineral = picture.title.partition(":")[0]
        (shares,) = (s.values for s in picture.series if s.role is Role.PLAN)
        said = [wanted[year].get(mineral, 0.0) for year in picture.categories]
        assert shares == pytest.approx(said, abs=1e-9)


@pytest.mark.slow
def test_shares_and_concentration_of_the_scorecard(made):
    year = made.plan.case.years[-1]
    wanted = by_hand(made.plan, "purchases", year)
    for score in scorecard(made.plan):
        if score.measure is CR1 and score.last.amount is not None:
            assert score.last.amount == pytest.approx(wanted[score.mineral], abs=1e-9)
    if len(made.plan.case.years) == 1:
        of = {s.mineral: s.last.amount for s in scorecard(made.plan) if s.measure is HHI_COUNTRY}
        table = made.file.result(ByMineral)
        for mineral, index in table.rows(ByMineral.mineral, ByMineral.hhi_purchases):
            assert (of[mineral] or 0.0) == pytest.approx(number(index))


def lots(plan):
    """What members buy, flow by flow."""
    names = ("member", "mineral", "year", "tonnes", "landed")
    return zip(*(plan.flows[name].tolist() for name in names), strict=True)


@pytest.mark.slow
def test_what_limits_cost_like_for_like(made, tmp_path):
    """Page, members, Summary, diff: one sum, that of the flows."""
    run, plan, free = made.run, made.plan, made.run.without_limits
    if free is None or plan.purchases <= 0:
        return
    years = len(plan.case.years)
    write_plan(tmp_path / "free.xlsx", free, run.book)
    sheet, table = made.file.result(Members), made.file.result(ByMineral)
    told = [of[ByMineral.extra_cost.json_key] for of in plan_answer(run, None)["minerals"]]
    changed = compare_plans(read_plan(tmp_path / "free.xlsx"), made.file).who_pays
    parts = same_tonnes(lots(plan), lots(free)).values()
    tonnes, wanted = (sum(part[i] for part in parts) for i in (0, 1))
    said = {
        "Members": sum(sheet.extra) * years,
        "By mineral": sum(map(number, table.extra_cost)),
        "JSON": sum(of or 0.0 for of in told),
        "Summary": (made.file.number(ByMineral.extra.header) or 0.0) * tonnes,
        "PlanNumbers": PlanNumbers.of(plan, free).row()["extra_cost"],
        "diff": sum(changed.extra),
    }
    near = 1e-7 * plan.purchases
    assert said == pytest.approx(dict.fromkeys(said, wanted), abs=near)
    price = next((f for f in run.front.of("figure") if f.name == EXTRA_COST), None)
    compared = [row["tonnes_compared"] for row in result_rows(table)]
    mostly_missing = any(part is not None and part < NAMED_FROM for part in compared)
    if abs(wanted) > near and any(row["limits_kept"] for row in result_rows(table)):
        whole = price is not None and not price.claims[0].where
        assert whole != mostly_missing
        assert not whole or price.claims[0].value == pytest.approx(wanted, abs=near)


@pytest.mark.slow
def test_what_is_served_and_what_a_tonne_costs(made):
    plan, file = made.plan, made.file
    demand, short = plan.case.total_demand, float(plan.supply["short"].sum())
    served = max(0.0, 1.0 - short / demand) if demand > 0 else 1.0
    answer = plan_answer(made.run, None)
    whole = PlanNumbers.of(plan).row()
    figures = {line.measure: line.old for line in compare_plans(file, file).lines}
    said = (plan.served_share, answer["served_share"], 1.0 - (whole["missing_share"] or 0.0),
            file.number(Figure.SERVED_SHARE), figures[Figure.SERVED_SHARE])  # fmt: skip
    assert said == pytest.approx([served] * 5, abs=1e-9)
    assert file.currency == plan.case.settings.currency == answer["currency"]
    bought = float(plan.flows["tonnes"].sum())
    if bought > 0:
        cost = float(plan.flows["total"].sum()) / bought
        assert file.number(Figure.COST_PER_TONNE) == pytest.approx(cost, rel=1e-6)
    each = {row["mineral"]: row["landed_old"] for row in compare_plans(file, file).minerals}
    for mineral, landed in file.result(ByMineral).rows(ByMineral.mineral, ByMineral.landed):
        if not math.isnan(landed):
            assert each[mineral] == pytest.approx(landed, rel=1e-9)


def test_the_manual_tells_the_measures_of_a_loss_apart_in_the_words_of_the_sheets():
    """Each sentence is written once, in models.measures."""
    manual = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
    for said in (
        measures.IF_IT_STOPS,
        measures.WITH_SURGE,
        measures.IN_SECURITY,
        measures.BY_CAPACITY,
        measures.PLANNED_AGAIN,
        measures.HELD_TO_ORDERS,
    ):
        assert f"| {said} |" in manual
