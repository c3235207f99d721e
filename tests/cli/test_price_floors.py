"""Price floors on every surface: what they cost, who pays, and the sweep over them."""

from __future__ import annotations

from itertools import chain

import openpyxl
import pytest

from models.errors import UsageError
from planner.cli import main
from planner.scenarios.parameters import parameter_of
from tests.books import write_book
from tests.cli.desk import told
from tests.models.desk import BookT, make, read, refiner
from tests.models.test_hand_floors import border
from tests.order_book import table


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a book as case.xlsx, where the command then works."""
    monkeypatch.chdir(tmp_path)

    def made(book: BookT):
        write_book(tmp_path / "case.xlsx", book, sheets=book)
        return tmp_path / "case.xlsx"

    return made


def two_members(**more: object) -> BookT:
    """Return a book of two years and two members, 100 and 50 t; the floor is 10, then 12."""
    book = make(
        refiner("Out", "CHN", 1000, 8), refiner("In", "USA", 60, 11),
        demand={"A": [100, 100], "B": [50, 50]}, years=(2026, 2027),
        Price_floors=[{"Mineral": "copper", "Floor (USD/t)": 10, "Floor 2027 (USD/t)": 10.5}],
        Lanes=[{"From country": "CHN", "Tariff": 0.125}], **more,
    )  # fmt: skip
    for row, code in zip(book["Members"], ("USA", "DEU"), strict=True):
        row["Country"] = code
    return book


def test_json_and_the_one_sentence(write, capsys) -> None:
    """A tonne at 8 with a tariff of 1 lands at 9: 150 x 1, then 150 x 1.5 of levies."""
    case = write(two_members())
    found = told(capsys, "solve", case, "-o", "plan.xlsx")
    assert found["tariffs_usd"] == pytest.approx(300)
    assert found["levies_usd"] == pytest.approx(375)
    assert found["purchases_usd"] == pytest.approx(150 * 20.5)
    assert found["net_cost_usd"] == pytest.approx(150 * 16)
    said = "300 USD of the cash cost is tariffs and 375 USD levies. Members' own treasuries"
    assert main(["report", "plan.xlsx", "-o", "plan.html"]) == 0
    page = (case.parent / "plan.html").read_text(encoding="utf-8").replace("&#39;", "'")
    assert page.count(said) == 1


def test_who_pays_by_year(write, capsys) -> None:
    """In Levies and Members; nothing of it without a floor."""
    case = write(two_members())
    assert main(["solve", str(case), "-o", "plan.xlsx"]) == 0
    paid = {(r["Year"], r["Member"]): r["Levies (USD)"] for r in table("plan.xlsx", "Levies")}
    assert paid == {(2026, "A"): pytest.approx(100), (2026, "B"): pytest.approx(50),
                    (2027, "A"): pytest.approx(150), (2027, "B"): pytest.approx(75)}  # fmt: skip
    each = {r["Member"]: r["Levies a year (USD m)"] for r in table("plan.xlsx", "Members")}
    assert each == {"A": pytest.approx(125e-6), "B": pytest.approx(62.5e-6)}
    assert main(["verify", "plan.xlsx", str(case)]) == 0
    free = write({k: v for k, v in two_members().items() if k != "Price floors"})
    assert main(["solve", str(free), "-o", "free.xlsx"]) == 0
    book = openpyxl.load_workbook("free.xlsx")
    assert "Levies" not in book.sheetnames
    heads = [str(c.value) for sheet in ("Plan", "Members", "Summary") for c in book[sheet][1]]
    heads += [str(r["Measure"]) for r in table("free.xlsx", "Summary")]
    assert not [head for head in heads if "levy" in head.lower() or "levies" in head.lower()]
    capsys.readouterr()


def test_orders_have_the_levy(write, capsys) -> None:
    """It is a part of what a tonne lands at."""
    case = write(two_members())
    told(capsys, "solve", case, "-o", "plan.xlsx")
    found = told(capsys, "orders", "plan.xlsx", "orders")
    members = {m["member"]: (m["tariff"], m["levy"], m["total"]) for m in found["members"]}
    assert members["A"] == pytest.approx((200, 250, 2050))
    assert members["B"] == pytest.approx((100, 125, 1025))
    of = {r["Measure"]: r["Value"] for r in table("orders/A.xlsx", "Summary")}
    assert of["Levy of all orders"] == pytest.approx(250)


def test_compare_and_the_action(write, capsys) -> None:
    """A wall of 12 lets the insider sell: 90 t of 150 then pay 3 in levies."""
    step = {"Scenario": "Wall", "Action": "set price floor", "Mineral": "copper", "Value": 12}
    case = write(two_members(Scenarios=[step]))
    base, wall = told(capsys, "compare", case, "-o", "c.xlsx")["rows"]
    assert base["levies_usd"] == pytest.approx(375)
    assert wall["levies_usd"] == pytest.approx(2 * 90 * 3)
    assert wall["net_cost_usd"] == pytest.approx(2 * (90 * 8 + 60 * 11))
    levies = [r["Levies in it (USD)"] for r in table("c.xlsx", "Comparison")]
    assert levies == pytest.approx([375, 540])
    what_if = told(capsys, "solve", case, "--what-if", "set price floor; value=12", "-o", "w.xlsx")
    assert what_if["levies_usd"] == pytest.approx(wall["levies_usd"])


def test_a_sweep_over_the_floor(write, capsys) -> None:
    """8 to 13 by 1: at 12 the insider sells its 60."""
    case = write(border())
    words = ("sweep", case, "--over", "floor", "--from", 8, "--to", 13, "--step", 1)
    found = told(capsys, *words, "-o", "s.xlsx")
    points = [(r["value"], r["cash_usd"], r["levies_usd"], r["net_cost_usd"])
              for r in found["rows"]]  # fmt: skip
    assert [points[0], points[2], *points[4:]] == [
        pytest.approx(of)
        for of in ((8, 800, 0, 800), (10, 1000, 200, 800), (12, 1140, 160, 980),
                   (13, 1180, 200, 980))
    ]  # fmt: skip
    copper = [r for r in table("s.xlsx", "Frontier") if r["Mineral"] == "copper"]
    outside = [(r["Price floor (USD/t)"], r["Bought outside (t)"]) for r in copper]
    assert [outside[0], outside[2], *outside[4:]] == [(8, 100), (10, 100), (12, 40), (13, 40)]
    assert main([*map(str, words), "-o", "s.xlsx", "-v"]) == 0
    out = " ".join(capsys.readouterr().err.split())
    assert BOUGHT.format(8, 100) in out
    assert BOUGHT.format(13, 40) in out
    assert main(["report", "s.xlsx", "-o", "s.html"]) == 0


EXEMPT = refiner("Free", "CHL", 1000, 20)
PAID = "At a floor of {} USD/t: buyers pay {} USD."
BOUGHT = "At a floor of {} USD/t: {} t of copper is bought outside the coalition."


@pytest.mark.parametrize(
    ("points", "capacity", "ends"),
    [
        ((6, 8, 1), 1000, [(6, "800", "0"), (8, "800", "0")]),
        ((6, 30, 12), 1000, [(6, "800", "0"), (30, "2,000", "0")]),
        ((30, 6, 12), 1000, [(6, "800", "0"), (30, "2,000", "0")]),
        ((6, 18, 12), 1000, [(6, "800", "0"), (18, "1,800", "1,000")]),
        ((21, 30, 3), 1000, [(21, "2,000", "0"), (30, "2,000", "0")]),
        ((6, 30, 12), 40, [(6, "800", "0"), (30, "2,600", "1,320")]),
        ((30, 30, 1), 1000, [(30, "2,000", "0")]),
    ],
)
def test_what_is_paid_at_the_lowest_and_the_highest_floor(
    write, capsys, points, capacity, ends
) -> None:
    """Out sells at 8 a t, and an exempt plant at 20: at 30 it has taken the place of Out.

    At both ends 100 t are bought outside; at 18 Out pays 1,000 of levies.
    """
    book = make(refiner("Out", "CHN", 1000, 8), EXEMPT | {"Capacity (t/yr)": capacity})
    book["Members"][0]["Country"] = "USA"
    book["Price floors"] = [{"Mineral": "copper", "Floor (USD/t)": 1, "Exempt": "Chile"}]
    case = write(book)
    options = zip(("--from", "--to", "--step"), points, strict=True)
    words = ("sweep", case, "--over", "floor", *chain.from_iterable(options))
    assert main([*map(str, words), "-o", "s.xlsx", "-v"]) == 0
    out = " ".join(capsys.readouterr().err.split())
    said = [PAID.format(*end) for end in ends] + [BOUGHT.format(end[0], 100) for end in ends]
    levies = [f"Levies are {levy} USD of it." for _, _, levy in ends if levy != "0"]
    assert not [sentence for sentence in said if sentence not in out]
    assert (out.count("At a floor of"), out.count("Levies are")) == (len(said), len(levies))
    assert all(sentence in out for sentence in levies)


def test_a_floor_is_swept_for_one_mineral() -> None:
    """By itself where there is one; else it has to be named."""
    book = border()
    found = parameter_of(read(book), "floor")
    assert (found.typed, found.default_range) == ("floor", (25, 75, 5))
    assert found.run_name(12500) == "Price floor, copper 12,500 USD/t"
    book["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 3.3})
    needed = "floor needs one mineral: write floor:NAME; NAME is one of copper, zinc"
    with pytest.raises(UsageError, match=needed):
        parameter_of(read(book), "floor")
    assert parameter_of(read(book), "floor:zinc").default_range == (1.65, 4.95, 0.33)
