"""The command orders: what each member's workbook and the CSV hold, and what is no plan."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from planner.documents.orders import COLUMNS, fixed_point
from planner.workbook.plan_file import read_plan
from tests.books import editing
from tests.order_book import PLAN, lines, order_rows, summary, table, write_order_book

ANSWER = {
    "status", "plan", "plan_sha256", "plan_id", "scenario", "currency", "orders", "tonnes",
    "total", "take_or_pay", "members", "output", "files", "removed", "kept", "warnings", "errors",
    "seconds", "periods",
}  # fmt: skip


def test_workbooks_add_up_to_the_plan(plan, call):
    code, out, err = call("orders", PLAN, "orders")
    assert (code, out) == (0, "")
    assert sorted(p.name for p in Path("orders").iterdir()) == [
        "A.xlsx", "B-C.xlsx", "README.txt", "orders.csv", "orders.json",
    ]  # fmt: skip
    assert re.search(r"All +\d+ +230 +2,830 +200 +25\n", err)
    flows = read_plan(plan).tables["Plan"]
    for header, money in (("Tonnes", "Tonnes"), ("Total (USD)", "Total (USD)")):
        found = [
            row[money] for name in ("A", "B-C") for row in table(f"orders/{name}.xlsx", "Orders")
        ]
        assert sum(found) == pytest.approx(flows[header].sum(), rel=1e-14)
        assert len(found) == len(flows)
    total = sum(summary(f"orders/{name}.xlsx")["Total of all orders"] for name in ("A", "B-C"))
    assert total == pytest.approx(2830)
    assert sum(float(r["total_amount"]) for r in lines()) == pytest.approx(2830)
    assert sum(float(r["tonnes"]) for r in lines()) == pytest.approx(230)


def test_a_member_by_hand(plan, call):
    """A: 60 t in 2026 and 84.375 t in 2027, 10 t of the contract paid for and not taken."""
    call("orders", PLAN, "orders")
    said = summary("orders/A.xlsx")
    assert said["Tonnes: Copper"] == pytest.approx(144.375)
    assert said["Freight of all orders"] == pytest.approx(144.375)
    assert said["Tariff of all orders"] == 0
    assert said["Price of all orders"] + 144.375 == pytest.approx(said["Total of all orders"])
    assert said["Paid for untaken"] == pytest.approx(200)
    assert said["Total with take or pay"] == pytest.approx(said["Total of all orders"] + 200)
    assert said["Short: Copper"] == pytest.approx(15.625)
    duties = {row["Year"]: row for row in table("orders/A.xlsx", "Obligations")}
    assert [duties[y]["Minimum in force (t)"] for y in (2026, 2027)] == [10, 10]
    assert [duties[y]["Taken (t)"] for y in (2026, 2027)] == pytest.approx([0, 10])
    assert [duties[y]["Untaken (t)"] for y in (2026, 2027)] == pytest.approx([10, 0])
    assert [duties[y]["Paid for untaken (USD)"] for y in (2026, 2027)] == pytest.approx([200, 0])
    assert "Stock" not in openpyxl.load_workbook("orders/A.xlsx").sheetnames


def test_stock_and_shortage_by_hand(plan, call):
    """B/C draws its 5 t in 2027 and is short 9.375 t; it has no contract."""
    call("orders", PLAN, "orders")
    moves = {row["Year"]: row for row in table("orders/B-C.xlsx", "Stock")}
    assert [moves[y]["Movement (t)"] for y in (2026, 2027)] == pytest.approx([0, -5])
    assert moves[2026]["Opening (t)"] == pytest.approx(5)
    assert moves[2027]["Closing (t)"] == pytest.approx(0)
    [short] = table("orders/B-C.xlsx", "Shortages")
    assert (short["Year"], short["Short (t)"]) == (2027, pytest.approx(9.375))
    assert "Obligations" not in openpyxl.load_workbook("orders/B-C.xlsx").sheetnames
    assert "Paid for untaken" not in summary("orders/B-C.xlsx")


def test_every_column_of_every_sheet_is_explained(plan, call):
    call("orders", PLAN, "orders")
    book = openpyxl.load_workbook("orders/A.xlsx")
    for sheet in book.sheetnames[1:]:
        for cell in book[sheet][1]:
            assert cell.comment is not None, (sheet, cell.value)
    readme = Path("orders/README.txt").read_text(encoding="utf-8-sig")
    for name, meaning in COLUMNS:
        assert re.search(rf"^  {name} +{re.escape(meaning)}$", readme, re.MULTILINE)


def test_csv_is_plain(plan, call):
    call("orders", PLAN, "orders")
    raw = Path("orders/orders.csv").read_bytes()
    assert raw.startswith(b'\xef\xbb\xbf"order_id",')
    assert raw.count(b"\r\n") == raw.count(b"\n") == len(lines()) + 1
    levies = {"unit_levy", "levy_amount"}  # only where an order pays one
    names = [name for name, _ in COLUMNS if name not in levies]
    assert list(lines()[0]) == names
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
    for row in lines():
        assert re.fullmatch(r"ORD-\d{4}-[0-9a-z]{12}", row["order_id"])
        assert (row["start_date"], row["end_date"]) == (
            f"{row['year']}-01-01",
            f"{row['year']}-12-31",
        )
        assert (row["currency"], row["price_year"], row["mass_unit"]) == ("USD", "2026", "t Cu")
        assert row["country_code"] == {"China": "CHN", "Chile": "CHL"}[row["country"]]
        for name in names:
            if name.endswith(("_amount", "tonnes")) or name.startswith("unit_"):
                assert re.fullmatch(r"\d+(\.\d+)?", row[name]), (name, row[name])


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.0, 2, "0"),
        (-1e-12, 2, "0"),
        (1e-6, 8, "0.000001"),
        (1234567.5, 2, "1234567.5"),
        (1200.0, 2, "1200"),
        (0.1 + 0.2, 8, "0.3"),
        (143761.199999999, 8, "143761.2"),
        (-5.25, 1, "-5.2"),
        (3e20, 2, "3" + "0" * 20),
    ],
)
def test_numbers_without_exponents(value, decimals, text):
    assert fixed_point(value, decimals, 12) == text


def test_answers_another_program(plan, ask):
    code, answer = ask("orders", PLAN, "orders")
    assert code == 0
    assert set(answer) == ANSWER
    assert (answer["status"], answer["currency"], answer["scenario"]) == ("ok", "USD", "Base")
    assert answer["total"] == pytest.approx(2830)
    assert answer["take_or_pay"] == pytest.approx(200)
    a, b = answer["members"]
    assert (a["member"], b["member"]) == ("A", "B/C")
    assert (a["tonnes"], b["tonnes"]) == (pytest.approx(144.375), pytest.approx(85.625))
    assert a["price"] + a["tariff"] + a["freight"] == pytest.approx(a["total"])
    assert (a["untaken_t"], b["short_t"]) == (pytest.approx(10), pytest.approx(9.375))
    assert all(Path(path).is_file() for path in answer["files"])


@pytest.mark.parametrize(("cell", "value"), [("G2", 61), ("K2", 12)])
def test_a_row_that_contradicts_itself_is_refused(plan, call, cell, value):
    with editing(plan) as book:
        book["Plan"][cell] = value
    code, _, err = call("orders", PLAN, "orders")
    assert code == 1
    assert "tonnes times landed cost is not the total" in err
    assert not Path("orders").exists()


def test_wrong_usage(plan, call, ask):
    assert call("orders", PLAN)[0] == 2
    code, _, err = call("orders", "outputs/two-pan.xlsx", "orders")
    assert code == 1
    assert "did you mean outputs/two-plan.xlsx?" in err.lower()
    code, _, err = call("orders", "two.xlsx", "orders")
    assert code == 1
    assert "planner solve two.xlsx" in err
    code, answer = ask("orders", "two.xlsx", "orders")
    assert (code, answer["status"], len(answer["errors"])) == (1, "input_error", 1)
    code, _, err = call("orders", PLAN, "two.xlsx")
    assert code == 4
    assert "is a file: name a folder" in err
    assert not Path("orders").exists()


def test_a_sweep_is_no_plan(plan, call):
    call("sweep", "two.xlsx", "--from", "1", "--to", "0.8", "--step", "0.2", "--workers", "1")
    code, _, err = call("orders", "outputs/two-sweep.xlsx", "orders")
    assert code == 1
    assert "this is a sweep, not a plan" in err


def test_names_that_a_spreadsheet_would_run(folder, call):
    rows = order_rows()
    rows["Refiners"][0]["Refiner"] = "=1+1"
    write_order_book(folder / "odd.xlsx", **rows)
    call("solve", "odd.xlsx")
    assert call("orders", "outputs/odd-plan.xlsx", "orders")[0] == 0
    assert {r["refiner"] for r in lines()} == {"'=1+1", "Chile works"}
    refiners = [row["Refiner"] for row in table("orders/A.xlsx", "Orders")]
    assert "=1+1" in refiners


def test_several_minerals_units_and_another_currency(folder, call, ask):
    """Orders of every mineral add up, by member, to what the plan's sheet Plan says."""
    rows = order_rows()
    rows["Settings"] = [
        {"Setting": "Currency", "Value": "EUR"},
        {"Setting": "Default freight (EUR/t)", "Value": 1.25},
    ]
    rows["Minerals"] = [
        {"Mineral": "Copper", "Price (EUR/t)": 50, "Unit": "t Cu"},
        {"Mineral": "Gallium", "Price (EUR/t)": 1e6, "Unit": "t metal"},
        {"Mineral": "Tin", "Price (EUR/t)": 90},
    ]
    works = [{k.replace("USD", "EUR"): v for k, v in r.items()} for r in rows["Refiners"]]
    rows["Refiners"] = works + [
        {**works[0], "Mineral": m, "Capacity (t/yr)": c, "Cost (EUR/t)": p}
        for m, c, p in (("Gallium", 0.123456, 654321.5), ("Tin", 33.3, 71.7))
    ]
    rows["Demand"] += [
        {"Mineral": m, "Member": n, "2026": v, "2027": v / 3}
        for m, n, v in (("Gallium", "A", 0.1), ("Gallium", "B/C", 0.05), ("Tin", "A", 20))
    ]
    rows["Contracts"] = [
        {k.replace("USD", "EUR"): v for k, v in row.items()} for row in rows["Contracts"]
    ]
    write_order_book(folder / "euro.xlsx", **rows)
    assert call("solve", "euro.xlsx")[0] == 0
    code, answer = ask("orders", "outputs/euro-plan.xlsx", "orders")
    assert (code, answer["currency"], answer["warnings"]) == (0, "EUR", [])
    flows = read_plan(folder / "outputs/euro-plan.xlsx").tables["Plan"]
    units = {"Copper": "t Cu", "Gallium": "t metal", "Tin": "t"}
    assert {(r["mineral"], r["mass_unit"]) for r in lines()} == set(units.items())
    assert {r["currency"] for r in lines()} == {"EUR"}
    for member in ("A", "B/C"):
        said = summary(f"orders/{member.replace('/', '-')}.xlsx")
        mine = flows[flows["Member"] == member]
        assert said["Total of all orders"] == pytest.approx(mine["Total (EUR)"].sum(), rel=1e-12)
        for mineral in mine["Mineral"].unique():
            part = mine[mine["Mineral"] == mineral]
            told = [r for r in lines() if (r["member"], r["mineral"]) == (member, mineral)]
            tonnes, money = part["Tonnes"].sum(), part["Total (EUR)"].sum()
            assert said[f"Tonnes: {mineral}"] == pytest.approx(tonnes, rel=1e-12)
            assert said[f"Total: {mineral}"] == pytest.approx(money, rel=1e-12)
            assert sum(float(r["tonnes"]) for r in told) == pytest.approx(tonnes, abs=1e-7)
            cents = sum(float(r["total_amount"]) for r in told)
            assert cents == pytest.approx(money, abs=0.01 * len(told))
    for row in lines():
        parts = sum(float(row[f"{name}_amount"]) for name in ("price", "tariff", "freight"))
        assert parts == pytest.approx(float(row["total_amount"]), abs=0.02)
        assert re.fullmatch(r"\d+(\.\d{1,2})?", row["total_amount"])


@pytest.mark.parametrize(
    ("sheet", "cell", "value"),
    [
        ("Contracts", "F1", "Least"),
        ("Contracts", "F2", "ten"),
        ("Stocks", "D2", None),
        ("Shortages", "E2", "=1/0"),
    ],
)
def test_sheets_that_somebody_broke(plan, ask, sheet, cell, value):
    with editing(plan) as book:
        book[sheet][cell] = value
    code, answer = ask("orders", PLAN, "orders")
    [error] = answer["errors"]
    assert (code, error["sheet"]) == (1, sheet)
    assert error["cell"] == ("A1" if cell == "F1" else cell)
    assert not Path("orders").exists()


def test_a_plan_without_purchases(folder, call, ask):
    """Nothing is bought: the members still hear what they are short of, B/C less its stock."""
    rows = order_rows()
    del rows["Contracts"], rows["Stockpiles"]
    rows["Lanes"] = [{"Open": "no"}]
    write_order_book(folder / "none.xlsx", **rows)
    call("solve", "none.xlsx")
    code, answer = ask("orders", "outputs/none-plan.xlsx", "orders")
    assert (code, answer["orders"], answer["total"]) == (0, 0, 0)
    assert [m["short_t"] for m in answer["members"]] == pytest.approx([160, 95])
    assert lines() == []
    assert len(table("orders/A.xlsx", "Shortages")) == 2


def test_what_is_there_is_said_in_the_first_line(plan, call):
    """Of the folder, and of each member's workbook."""
    call("orders", PLAN, "orders")
    said = Path("orders/README.txt").read_text(encoding="utf-8-sig").splitlines()[0]
    assert re.fullmatch(r"\d+ orders of \d+ members?, 2026 to 2027", said)
    for path in Path("orders").glob("*.xlsx"):
        first = openpyxl.load_workbook(path).worksheets[0]["A2"].value
        member = summary(str(path))["Member"]
        assert re.fullmatch(rf"\d+ orders? of {member}, 2026 to 2027", first)
