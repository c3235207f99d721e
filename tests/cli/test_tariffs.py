"""Tariffs: how much of what is paid they are, and what it costs net of them, once on a surface."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest

from models.measures import net_cost
from models.plan import solve
from models.program.market import TARIFF
from planner.cli import main
from tests.books import write_book
from tests.budget import BUDGET
from tests.cli.desk import told
from tests.models.desk import jin, make, read, sur
from tests.reference.cases import random_book

SAID = "Members' own treasuries receive this money"
CHINA = [{"From country": "China", "Tariff": 0.5}]
LIMIT = [{"Limit": "max", "Supplier group": "country", "Share": 0.7}]


@pytest.fixture
def book(tmp_path, monkeypatch):
    """China sells 60 at 10 and a tariff of 50 %, Chile 40 at 20: 1,700 with tariffs of 300."""
    monkeypatch.chdir(tmp_path)
    made = make(jin(60), sur(100), Lanes=CHINA, Share_limits=LIMIT)
    write_book(tmp_path / "case.xlsx", made, sheets=made)
    return tmp_path / "case.xlsx"


def test_what_members_treasuries_receive_by_hand(book, capsys) -> None:
    found = told(capsys, "solve", book)
    assert (found["purchases_usd"], found["tariffs_usd"]) == pytest.approx((1_700, 300))
    assert found["net_cost_usd"] == pytest.approx(1_400)


def test_of_a_contract_it_is_of_its_price(tmp_path) -> None:
    """50 t at 12 and 50 %: 300; shortage, what is not taken and freight have none."""
    signed = {"Refiner": "Jin", "Mineral": "copper", "Member": "A", "Min (t/yr)": 50,
              "Max (t/yr)": 50, "Price (USD/t)": 12}  # fmt: skip
    few = make(jin(50), Contracts=[signed], Lanes=[CHINA[0] | {"Freight (USD/t)": 3}])
    plan = solve(read(few))
    assert plan.shortage == pytest.approx(50)
    assert plan.tariffs == pytest.approx(300)
    assert plan.cash == pytest.approx(50 * 12 + 300 + 150)
    none = solve(read(make(jin(0), Lanes=CHINA)))
    assert (none.tariffs, none.cash, net_cost(none.cash, none.tariffs)) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(max(4, BUDGET // 5)))
def test_they_are_the_heading_of_the_costs(seed: int) -> None:
    """And the flows' own; what is net is what all else of the cash costs."""
    plan = solve(read(random_book(np.random.default_rng([7, seed]), 1 + seed % 3)))
    costs = plan.costs.set_index("heading")["money"]
    near = {"rel": 1e-9, "abs": 1e-6}
    assert plan.tariffs == pytest.approx(costs[TARIFF.name], **near)
    flows = plan.flows
    assert plan.tariffs == pytest.approx(
        (flows["tonnes"] * flows["cost"] * flows["tariff"]).sum(), **near
    )
    assert net_cost(plan.cash, plan.tariffs) == pytest.approx(plan.cash - plan.tariffs, **near)


def test_rows_of_studies_have_the_same_keys(book, capsys) -> None:
    base, capped = told(capsys, "compare", book, "--max-country-share", "50%")["rows"]
    assert (base["tariffs_usd"], base["net_cost_usd"]) == pytest.approx((300, 1_400))
    assert (capped["tariffs_usd"], capped["net_cost_usd"]) == pytest.approx((250, 1_500))
    (row,) = told(capsys, "sweep", book, "--from", "50%", "--to", "50%")["rows"]
    assert (row["tariffs_usd"], row["net_cost_usd"]) == pytest.approx((250, 1_500))
    for of in row["by_mineral"].values():
        assert (of["tariffs_usd"], of["net_cost_usd"]) == pytest.approx((250, 1_500))


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("solve",),
        ("compare", "--max-country-share", "50%"),
        ("sweep", "--from", "60%", "--to", "50%"),
        ("exit", "--country", "China"),
        ("stress",),
        ("bills",),
        ("support",),
    ],
)
def test_every_surface_says_it_once(book, capsys, words) -> None:
    """About and the report, of levies, too; never the first page, nor a book without any."""
    command, *rest = words
    for case, times in ((book, 1), (levied(book), 1), (free(book), 0)):
        capsys.readouterr()
        made = case.with_name(f"{case.stem}-{command}-made.xlsx")
        assert main([command, str(case), *rest, "--output", str(made)]) == 0
        assert SAID not in " ".join(capsys.readouterr().err.split())
        heard = {
            sheet.title: sum(str(v).count(SAID) for row in sheet.values for v in row)
            for sheet in openpyxl.load_workbook(made)
        }
        about = 0 if command == "solve" else times
        assert sum(heard.values()) == heard["About"] == about
        html = made.with_suffix(".html")
        assert main(["report", str(made), "-o", str(html)]) == 0
        text = html.read_text(encoding="utf-8").replace("&#x27;", "'").replace("&#39;", "'")
        assert text.count(SAID) == times


def levied(book):
    """The same case with a price floor in place of tariffs."""
    path = book.with_name("levied.xlsx")
    floor = [{"Mineral": "copper", "Floor (USD/t)": 15}]
    made = make(jin(60), sur(100), Price_floors=floor, Share_limits=LIMIT)
    write_book(path, made, sheets=made)
    return path


def free(book):
    """The same case without tariffs."""
    path = book.with_name("free.xlsx")
    made = make(jin(60), sur(100), Share_limits=LIMIT)
    write_book(path, made, sheets=made)
    return path
