"""What was delivered: read from a workbook or CSV, compared with the plan, taken over."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import openpyxl
import pytest

from planner.workbook import read
from planner.workbook.template import write_book
from tests.budget import few
from tests.cli.roll.book import PLAN, deliver, fill, places, refiner, three_rows, write_three
from tests.order_book import table

PLANNED = {"Near": (60.0, 1.0), "Far": (40.0, 2.0)}


def roll(ask, actuals="actuals.xlsx", to=2027):
    """Roll the plan; returns exit code and answer."""
    return ask("roll", PLAN, "three.xlsx", "--to", to, "--actuals", actuals, "-o", "next.xlsx")


# ---- the workbook to fill in ---------------------------------------------------------------------


def test_all_orders_of_the_year_are_in_it(three, call):
    """Ids, planned tonnes and landed price; what is to be filled is empty."""
    call("orders", PLAN, "orders")
    with Path("orders/orders.csv").open(encoding="utf-8-sig") as file:
        orders = {r["order_id"]: r for r in csv.DictReader(file) if r["year"] == "2026"}
    rows = {row["Order"]: row for row in table(three, "Deliveries")}
    assert rows.keys() == orders.keys()
    for name, row in rows.items():
        assert row["Planned (t)"] == pytest.approx(float(orders[name]["tonnes"]))
        assert row["Planned price (USD/t)"] == pytest.approx(float(orders[name]["unit_landed"]))
        assert (row["Delivered (t)"], row["Paid (USD/t)"]) == (None, None)
        assert row["Plan"] == orders[name]["plan_id"]
    (stock,) = table(three, "Stocks")
    assert (stock["Year"], stock["Planned (t)"], stock["Closing (t)"]) == (2026, 10, None)
    (plant,) = table(three, "Built")
    assert (plant["Project"], plant["Year"], plant["Planned"]) == ("New", 2027, 1)


@pytest.mark.parametrize("name", ["actuals.xlsx", "sub/of this/actuals.xlsx", "outputs/a.xlsx"])
def test_the_command_on_its_first_page_runs_in_its_folder(three, call, name, monkeypatch):
    """With INPUT, FILE and NEXT filled in."""
    home = Path.cwd()
    assert call("new", "--actuals", PLAN, "--force", "-o", name)[0] == 0
    monkeypatch.chdir(Path(name).parent)
    page = openpyxl.load_workbook(Path(name).name).worksheets[0]
    texts = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value]
    (typed,) = [text for text in texts if text.startswith("planner roll ")]
    start, _, rest = typed.partition(" INPUT ")
    words = rest.replace("FILE", Path(name).name).replace("NEXT", str(home / "next.xlsx")).split()
    plan = start.removeprefix("planner roll ")
    code, _, err = call("roll", plan, home / "three.xlsx", *words)
    assert code == 0, err


def test_it_has_drop_downs_and_refuses_what_is_no_number(three):
    """Excel offers names, and refuses texts and negative amounts."""
    letters, _ = places(three)
    rules = openpyxl.load_workbook(three)["Deliveries"].data_validations.dataValidation
    kinds = {str(r.sqref)[0]: (r.type, r.formula1) for r in rules}
    assert kinds[letters["Refiner"]][0] == "list"
    assert kinds[letters["Delivered"]][:1] == ("decimal",)
    assert kinds[letters["Delivered"]][1] in {"0", "0.0"}


def test_years_that_the_plan_does_not_have(three, ask):
    """Wrong usage, with the years there are."""
    code, answer = ask("new", "--actuals", PLAN, "--year", 2031, "-o", "other.xlsx")
    assert code == 2
    assert "2026 to 2028" in answer["errors"][0]["message"]


@pytest.mark.parametrize("needed", [(0, 0, 0), (5, 0, 5)])
def test_a_year_without_a_need_is_a_year_of_the_plan(needed, folder, ask):
    three = three_rows()
    years = [key for key in three["Demand"][0] if str(key).isdigit()]
    three["Demand"] = [row | dict(zip(years, needed, strict=True)) for row in three["Demand"]]
    del three["Stockpiles"]
    write_book(Path("idle.xlsx"), three)
    ask("solve", "idle.xlsx", "-o", "idle-plan.xlsx")
    code, answer = ask("new", "--actuals", "idle-plan.xlsx", "--year", 2027, "-o", "filled.xlsx")
    assert code == 0, answer["errors"]


# ---- as planned ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("is_filled", [False, True])
def test_actuals_equal_to_the_plan_change_nothing(three, ask, is_filled):
    """Blank cells, or the planned figures typed in: the same next case."""
    if is_filled:
        deliver(three, **PLANNED)
        fill(three, "Stocks", E2=10)
        fill(three, "Built", D2=1)
    code, answer = roll(ask)
    assert code == 0
    assert answer["as_planned"] == (0 if is_filled else answer["figures"])
    assert answer["price_variance_usd"] == answer["quantity_variance_usd"] == 0
    ask("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "plain.xlsx")
    assert read(Path("next.xlsx")).case == read(Path("plain.xlsx")).case


# ---- what came -----------------------------------------------------------------------------------


def test_variance_by_price_and_quantity(three, ask):
    """By hand: near 54 t at 1.1 for 60 at 1, far 40 t at 2.5 for 2."""
    deliver(three, Near=(54, 1.1), Far=(40, 2.5))
    _, answer = roll(ask)
    assert (answer["planned_t"], answer["delivered_t"]) == (100, 94)
    assert answer["price_variance_usd"] == pytest.approx(54 * 0.1 + 40 * 0.5)
    assert answer["quantity_variance_usd"] == -6
    assert answer["as_planned"] == 2
    sold = {s.refiner: s.tonnes for s in read(Path("next.xlsx")).case.current_supply}
    assert sold == {"Near": 54, "Far": 40}


@pytest.mark.slow
@pytest.mark.parametrize("seed", few(range(5), 2))
def test_variance_adds_up_to_the_cent(three, ask, seed):
    """Odd prices and tonnes: both parts make the difference, of each supplier and in all."""
    came = {"Near": (60 * (0.37 + seed / 7), 1.0071 + seed / 3), "Far": (41.3333 + seed, 1.9999)}
    deliver(three, **came)
    _, answer = roll(ask)
    names = "Planned cost", "Paid in all", "Difference in cost", "By price", "By quantity"
    rows = table("next.xlsx", "What differed")
    lines = [[round(100 * row[f"{name} (USD)"]) for name in names] for row in rows]
    sums = [sum(cents) for cents in zip(*lines, strict=True)]
    assert len(lines) == len(came)
    for planned, paid, money, price, quantity in (*lines, sums):
        assert paid - planned == money == price + quantity
    assert 100 * answer["price_variance_usd"] == pytest.approx(sums[3])
    assert 100 * answer["quantity_variance_usd"] == pytest.approx(sums[4])
    assert sums[1] == pytest.approx(100 * sum(t * price for t, price in came.values()), abs=1.1)


def test_a_late_plant_and_a_drawn_reserve(three, ask):
    """The plant comes in 2028; 25 t are in the reserve, more than it holds by Max."""
    fill(three, "Stocks", E2=25)
    fill(three, "Built", D2=0, A3="New", B3=2028, D3=1)
    code, answer = roll(ask)
    assert code == 0
    case = read(Path("next.xlsx")).case
    assert [(b.year, b.fraction) for b in case.built] == [(2027, 0), (2028, 1)]
    (pile,) = case.stockpiles
    assert (pile.opening, pile.max, pile.target.base) == (25, 25, 10)
    assert any("Max of the reserve of Copper, A is raised" in note for note in answer["notes"])
    # begun in 2027, so that nothing of the first budget is used up
    assert {b.year: b.capex for b in case.budget}[2026] == pytest.approx(20e-6)


@pytest.mark.slow
def test_a_purchase_that_no_order_was_for(folder, ask, call):
    """Names in place of an order: 10 t of a third supplier at 6, who would have asked for 5."""
    refiners = [*three_rows()["Refiners"], refiner("Third", "Japan", 50, 5)]
    write_three(folder / "three.xlsx", Refiners=refiners)
    assert call("solve", "three.xlsx")[0] == 0
    assert call("new", "--actuals", PLAN, "-o", "actuals.xlsx")[0] == 0
    fill("actuals.xlsx", B9=2026, C9="copper", D9="third", F9="a", J9=10, K9=6)
    code, answer = roll(ask)
    assert code == 0
    assert (answer["price_variance_usd"], answer["quantity_variance_usd"]) == (10, 50)
    assert (answer["planned_t"], answer["delivered_t"]) == (100, 110)
    sold = {s.refiner: s.tonnes for s in read(Path("next.xlsx")).case.current_supply}
    assert sold == {"Near": 60, "Far": 40, "Third": 10}


def test_an_order_by_its_deliveries(three, ask):
    """Two quarters of 15 t came short and dear; the others count as planned."""
    letters, rows = places(three)
    order, row = letters["Order"], rows["Near"]
    name = openpyxl.load_workbook(three)["Deliveries"][f"{order}{row}"].value
    fill(three, **{f"{order}{row}": f"{name}-Q1", f"J{row}": 10, f"K{row}": 2})
    fill(three, A9=f"{name}-Q4", J9=0)
    code, answer = roll(ask)
    assert code == 0
    assert answer["delivered_t"] == pytest.approx(10 + 15 + 15 + 40)
    assert answer["price_variance_usd"] == pytest.approx(10)
    assert answer["quantity_variance_usd"] == pytest.approx(-20)


def test_orders_by_their_names_in_a_csv(three, ask):
    """A purchaser's extract: year, mineral, refiner, member; a semicolon apart."""
    text = "Year;Mineral;Refiner;Member;Delivered (t);Paid (USD/t)\n2026;COPPER;near ;A;50;1.5\n"
    Path("actuals.csv").write_text(text, encoding="utf-8")
    code, answer = roll(ask, "actuals.csv")
    assert code == 0
    assert (answer["delivered_t"], answer["price_variance_usd"]) == (90, 25)
    assert answer["quantity_variance_usd"] == -10


def test_the_csv_of_orders_with_two_columns_more(three, ask, call):
    """orders.csv itself, with what came: its other columns are no matter."""
    call("orders", PLAN, "orders")
    with Path("orders/orders.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["year"] == "2026"]
    with Path("came.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "Delivered (t)"])
        writer.writeheader()
        writer.writerows(row | {"Delivered (t)": float(row["tonnes"]) / 2} for row in rows)
    code, answer = roll(ask, "came.csv")
    assert code == 0
    assert answer["delivered_t"] == pytest.approx(50)


# ---- what is refused -----------------------------------------------------------------------------

BAD = {
    "unknown id": ({"A2": "ORD-2026-nobody"}, "A2", "has no order"),
    "a later year": ({"A2": None, "B2": 2028}, "B2", "a past year"),
    "a year outside": ({"A2": None, "B2": 2040}, "B2", "a past year"),
    "negative": ({"J2": -1}, "J2", ""),
    "text": ({"J2": "ten"}, "J2", ""),
    "an error": ({"K2": "#REF!"}, "K2", ""),
    "another plan": ({"L2": "P-otherplan"}, "L2", "to another plan"),
    "an unknown member": ({"A2": None, "F2": "Japan"}, "F2", "not in the plan"),
    "names of another order": ({"D2": "Elsewhere"}, "D2", "but the order"),
    "no names": ({"A2": None, "B2": None}, "B2", "the row has no order"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_bad_actuals(three, ask, name):
    """An error at the cell, and nothing is written."""
    cells, place, words = BAD[name]
    fill(three, **cells)
    code, answer = roll(ask)
    assert code == 1
    assert place in {error["cell"] for error in answer["errors"]}
    assert any(words in error["message"] for error in answer["errors"])
    assert all(error["sheet"] == "Deliveries" for error in answer["errors"])
    assert not Path("next.xlsx").exists()


@pytest.mark.parametrize("is_by_name", [False, True])
def test_an_order_given_twice(three, ask, is_by_name):
    """The same id in two rows, or the id and then the names."""
    book = openpyxl.load_workbook(three)
    sheet = book["Deliveries"]
    for column in range(1, 8):
        sheet.cell(4, column).value = sheet.cell(2, column).value
    if is_by_name:
        sheet["A4"] = None
    sheet["J2"], sheet["J4"] = 5, 6
    book.save(three)
    code, answer = roll(ask)
    assert code == 1
    (error,) = answer["errors"]
    assert error["cell"] == ("B4" if is_by_name else "A4")
    assert "twice, first in A2" in error["message"]


BAD_BUILT = {
    "an unknown project": ({"A2": "Nowhere", "D2": 1}, "A2"),
    "more than all of it": ({"A3": "New", "B3": 2028, "D3": 0.5}, "D3"),
    "before the plan": ({"A3": "New", "B3": 2020, "D3": 0}, "B3"),
    "above 1": ({"D2": 1.5}, "D2"),
}


@pytest.mark.parametrize("name", BAD_BUILT)
def test_bad_plants(three, ask, name):
    """At the cell, too."""
    cells, place = BAD_BUILT[name]
    fill(three, "Built", **cells)
    code, answer = roll(ask)
    assert (code, answer["errors"][0]["sheet"]) == (1, "Built")
    assert place in {error["cell"] for error in answer["errors"]}


def test_bad_stocks(three, ask):
    """A reserve that there is not, a year that is not over."""
    fill(three, "Stocks", B2="Nobody", E2=1)
    assert roll(ask)[1]["errors"][0]["cell"] in {"A2", "B2"}
    fill(three, "Stocks", B2="A", C2=2028, E2=1)
    assert roll(ask)[1]["errors"][0]["cell"] == "C2"


def test_a_file_that_is_none(three, ask, folder):
    """The input itself, a workbook without such a sheet, a file of bytes."""
    openpyxl.Workbook().save(folder / "empty.xlsx")
    (folder / "broken.csv").write_bytes(b"\xff\xfe\x00")
    for name, words in (
        ("three.xlsx", "is an input workbook"), ("empty.xlsx", "no sheet of actuals"),
        ("broken.csv", "not valid UTF-16"),
    ):  # fmt: skip
        code, answer = roll(ask, name)
        assert code == 1
        assert words in answer["errors"][0]["message"]
        assert not Path("next.xlsx").exists()


def test_a_slip_in_an_id_has_a_hint(three, ask):
    """One letter is wrong."""
    name = openpyxl.load_workbook(three)["Deliveries"]["A2"].value
    fill(three, A2=f"{name[:-1]}{'0' if name[-1] != '0' else '1'}")
    _, answer = roll(ask)
    assert f"Did you mean '{name}'?" in answer["errors"][0]["message"]


@pytest.mark.slow
def test_an_order_whole_and_in_parts(three, ask):
    """Given twice, whichever comes first."""
    name = openpyxl.load_workbook(three)["Deliveries"]["A2"].value
    fill(three, J2=5, A9=f"{name}-Q2", J9=1)
    assert roll(ask)[1]["errors"][0]["cell"] == "A9"
    fill(three, A2=f"{name}-Q2", A9=name)
    assert roll(ask)[1]["errors"][0]["cell"] == "A9"
    fill(three, A2=f"{name}-Q2", A9=f"{name}-M01", C9=None, D9=None, F9=None)
    assert roll(ask)[1]["errors"][0]["cell"] == "A9"


@pytest.mark.slow
def test_a_plan_of_one_year_cannot_be_rolled(folder, ask, call):
    rows = three_rows(Demand=[{"Mineral": "Copper", "Member": "A", "2026": 100}])
    one_year = {name: rows[name] for name in ("Settings", "Minerals", "Members", "Refiners")}
    write_book(folder / "three.xlsx", one_year | {"Demand": rows["Demand"]})
    assert call("solve", "three.xlsx")[0] == 0
    assert call("new", "--actuals", PLAN, "-o", "actuals.xlsx")[0] == 0
    code, answer = roll(ask)
    assert code == 2
    assert "the plan has only one year" in answer["errors"][0]["message"]


@pytest.mark.slow
def test_an_answer_names_the_file_that_has_the_errors(three, folder, ask, call):
    """The plan of another input, the actuals, an input, no plan at all; the terminal names it."""
    write_three(folder / "other.xlsx", Minerals=[{"Mineral": "Copper", "Price (USD/t)": 51}])
    write_three(folder / "bad.xlsx", Minerals=[{"Mineral": "Copper", "Price (USD/t)": -1}])
    openpyxl.Workbook().save("empty.xlsx")
    wrong = Path("wrong.xlsx")
    shutil.copy(three, wrong)
    fill(wrong, J2=-1)
    rolled = ("roll", PLAN, "three.xlsx", "--to", 2027, "-o", "next.xlsx", "--actuals")
    for words, file in (
        (("roll", PLAN, "other.xlsx", "--to", 2027, "-o", "next.xlsx"), PLAN),
        ((*rolled, wrong), wrong),
        ((*rolled, "bad.xlsx"), "bad.xlsx"),
        (("check", "bad.xlsx"), "bad.xlsx"),
        (("solve", "bad.xlsx"), "bad.xlsx"),
        (("diff", PLAN, "empty.xlsx"), "empty.xlsx"),
    ):
        code, answer = ask(*words)
        assert (code, answer["status"], answer["file"]) == (1, "input_error", str(file)), words
        _, out, err = call(*words)
        assert f"{file}: 1 error" in out + err, words


# ---- a refiner's own sale, and that of its project -----------------------------------------------

OWN_AND_PROJECT = {
    "own": ("2026,Copper,Near,A,,50", {"": 50, "New": 40}),
    "project": ("2026,Copper,Near,A,New,30", {"": 60, "New": 30}),
    "both": ("2026,Copper,Near,A,,50\n2026,Copper,Near,A,NEW ,30", {"": 50, "New": 30}),
    "project first": ("2026,Copper,Near,A,New,30\n2026,copper,near,a,,50", {"": 50, "New": 30}),
    "nothing of its own": ("2026,Copper,Near,A,,0", {"": 0, "New": 40}),
}


@pytest.mark.slow
@pytest.mark.parametrize(("lines", "came"), OWN_AND_PROJECT.values(), ids=OWN_AND_PROJECT)
def test_a_blank_project_is_the_refiners_own_sale(folder, ask, lines, came):
    """Near sells 60 t of its own and 40 t of its project New, in two orders of the same names."""
    (project,) = three_rows()["Projects"]
    own = project | {"Refiner": "Near", "Country": "Germany", "First year": 2026}
    write_three(folder / "three.xlsx", Projects=[own | {"Lead time (yr)": 0}])
    assert ask("solve", "three.xlsx")[0] == 0
    header = "Year,Mineral,Refiner,Member,Project,Delivered (t)"
    Path("came.csv").write_text(f"{header}\n{lines}\n", encoding="utf-8")
    code, answer = roll(ask, "came.csv")
    assert code == 0, answer
    assert answer["delivered_t"] == pytest.approx(sum(came.values()))
    (sale,) = (s for s in read(Path("next.xlsx")).case.current_supply if s.refiner == "Near")
    assert sale.tonnes == pytest.approx(came[""])


def test_a_blank_project_where_only_the_project_sells(three, ask):
    """New works sells nothing of its own: the row says which project is meant."""
    text = "Year,Mineral,Refiner,Member,Delivered (t)\n2026,Copper,New works,A,5\n"
    Path("came.csv").write_text(text, encoding="utf-8")
    code, answer = roll(ask, "came.csv")
    assert code == 1
    assert "does not refine Copper" in answer["errors"][0]["message"]
