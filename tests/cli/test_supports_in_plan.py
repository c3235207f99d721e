"""Supports in the plan: who pays whom under which row, in Members and on the first page."""

from __future__ import annotations

import openpyxl
import pytest

from models.plan import support_bills
from models.results import Members
from tests.books import write_book
from tests.models.desk import BookT, jin, make, solve, sur
from tests.models.test_support import support


def books() -> dict[str, tuple[BookT, dict[str, float]]]:
    """Return books, and what each member pays a year: 10 a tonne, of 100 t by demand."""
    two = {"A": [75.0, 75.0], "B": [25.0, 25.0]}
    of = {"demand": two, "years": (2026, 2027)}
    group = make(jin(), Supports=[support(Payer="EU")], **of)
    for member in group["Members"]:
        member["Group"] = "EU"
    back = support(Strike_price=40) | {"Strike price (USD/t)": 40, "Clawback above (USD/t)": 45}
    return {
        "by demand": (make(jin(), Supports=[support()], **of), {"A": 750, "B": 250}),
        "a member": (make(jin(), Supports=[support(Payer="B")], **of), {"A": 0, "B": 1000}),
        "a group": (group, {"A": 750, "B": 250}),
        "one year": (
            make(jin(), Supports=[support(Payer="B", First_year=2027)], **of), {"A": 0, "B": 500},
        ),
        "paid back": (make(jin(), Supports=[back], **of), {"A": -375, "B": -125}),
    }  # fmt: skip


@pytest.mark.parametrize("name", books())
def test_members_say_who_pays_whom(name: str) -> None:
    book, expected = books()[name]
    if name == "paid back":
        del book["Supports"][0]["Strike price"]
    plan = solve(book)
    made = Members.from_plan(plan, None)
    assert dict(zip(made.member, made.floors, strict=True)) == pytest.approx(expected)
    told = dict(zip(made.member, made.floors_of, strict=True))
    for member, money in expected.items():
        assert told[member] == ("Jin (copper), row 2 of Supports" if money else "")
    assert sum(made.floors) * 2 == pytest.approx(sum(bill.total for bill in support_bills(plan)))


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ({}, ""),
        (
            {"Supports": [support(Plant="Sur")]},
            "Sur (row 2 of Supports) sells nothing, so no support is paid.",
        ),
        (
            {"Supports": [support(Plant="Sur"), support(), support(Plant="Sur")]},
            (
                "A pays Jin (row 3 of Supports) 1,000 USD in 2026. Sur (row 2 of Supports) and"
                " Sur (row 4 of Supports) sell nothing, so no support is paid."
            ),
        ),
    ],
    ids=["none", "idle", "one of two"],
)
def test_members_has_supports_only_if_one_pays(sheets, words, folder, ask) -> None:
    write_book(folder / "plain.xlsx", make(jin(), sur(), **sheets))
    code, said = ask("solve", "plain.xlsx")
    assert code == 0
    plan = openpyxl.load_workbook(folder / said["output"])
    headers = {cell.value for cell in plan["Members"][1]}
    paid = {"Contracts for difference a year (USD m)", "Paid to"}
    assert (paid <= headers) == ("pays" in words)
    assert ask("verify", said["output"], "plain.xlsx")[0] == 0
