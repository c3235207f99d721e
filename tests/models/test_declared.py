"""Components are declared once, in full, and all that is told reads the declaration."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import models.program.program as program_module
from models.answers.explain import explain
from models.answers.least_change import LeastChange, relaxable_words
from models.program import component as declared
from models.program import families
from models.program.builder import Builder, unique_keys
from models.program.component import (
    BUYING,
    MINERAL,
    NOT_LISTED,
    NOT_RELAXABLE,
    PROJECT,
    REFINER,
    TAKING,
    YEAR,
    Columns,
    Component,
    CostHeading,
    Label,
    RelaxableCells,
    Rows,
    components,
    cost_headings,
    key_matches,
    listed_kinds,
    year_of_key,
)
from models.program.family import Family
from models.program.frame import Frame
from models.program.market import PURCHASE, by_right
from models.program.solved import Solved
from planner.sheets import explain as words
from tests.models import test_golden as golden
from tests.models.desk import BookT, cost, jin, make, read, sur
from tests.models.desk import solve_once as solve
from tests.models.test_golden import NAMES as FAMILY_NAMES

ROOT = Path(__file__).parents[2]
DIMENSIONS = {
    value for name, value in vars(declared).items() if name.isupper() and isinstance(value, str)
}


@pytest.mark.parametrize("of", components(), ids=lambda of: of.name)
def test_a_component_is_declared_in_full(of: Component) -> None:
    """Key, meaning and unit; columns: headings or no cost; rows: what they bear on, or nothing."""
    assert of.key
    assert set(of.key) <= DIMENSIONS
    assert re.fullmatch(r"[A-Z].+\.", of.meaning)
    assert of.unit in {declared.TONNES, declared.FRACTION, declared.MONEY}
    if of.cell is not None:
        sheet, field = of.cell
        assert sheet.column_of(field).header
    if isinstance(of, Columns):
        assert of.move
        assert of.headings or of.cell is None
        assert (of.decision is None) == (of.decided is None)
        # whoever buys something is listed: what follows from other decisions costs no purchase
        assert PURCHASE not in of.headings or of.decision in set(listed_kinds()) - {TAKING}
    if isinstance(of, Rows):
        assert of.kind
        assert callable(of.label)
        assert of.bears_on is None or callable(of.bears_on)
        # what bears on a price is the limit of a cell, or of what was agreed before an event
        assert of.bears_on is None or of.cell is not None or of.kind == "agreed"


def test_a_component_is_declared_once() -> None:
    """A second one of the same name is refused."""
    first = components()[0]
    with pytest.raises(ValueError, match="declared twice"):
        dataclasses.replace(first)


def test_headings_are_told_once_and_cash_first() -> None:
    """The order of the cost table."""
    found = cost_headings()
    assert len({heading.name for heading in found}) == len(found)
    assert [h.is_penalty for h in found] == sorted(h.is_penalty for h in found)


# ---- what a component has to declare -------------------------------------------------------------


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what any component declares; what a test declares is gone after it."""
    monkeypatch.setattr(declared, "_COMPONENTS", dict(declared._COMPONENTS))
    return {"name": "new", "key": (MINERAL, YEAR), "meaning": "A new one."}


def test_columns_that_are_decided_say_as_what_they_are_listed(own: dict[str, Any]) -> None:
    """A family that is added is among the decisions under risk, or says that it isn't."""
    columns = own | {"move": "new", "decided": year_of_key, "is_first_stage": False}
    with pytest.raises(ValueError, match="declare decision"):
        Columns(**columns)
    with pytest.raises(ValueError, match="declare is_first_stage"):
        Columns(**columns | {"is_first_stage": None, "decision": BUYING})
    before, kind = listed_kinds(), dataclasses.replace(BUYING, rank=9, name="leased")
    Columns(**columns, decision=kind)
    Columns(**columns | {"name": "other", "decision": NOT_LISTED})
    assert listed_kinds() == (*before, kind)
    assert [kind.name for kind in before[:4]] == [
        "built", "in stock at the end of the year", "bought", "taken",
    ]  # fmt: skip


def test_rows_that_limit_supply_say_what_relaxes_them(own: dict[str, Any]) -> None:
    """They are named among what may end a shortage, or declare that nothing relaxes them."""
    rows = own | {"kind": "new", "label": lambda *_: Label("new"), "divided": by_right}
    with pytest.raises(ValueError, match="declare relaxable"):
        Rows(**rows, bears_on=key_matches)
    before = relaxable_words()
    for name, kind in (("one", "quotas"), ("two", "quotas"), ("three", NOT_RELAXABLE)):
        Rows(**rows | {"name": name}, bears_on=key_matches, relaxable=kind)
    assert relaxable_words() == (*before, "quotas")


def test_what_no_change_ends_names_a_kind_that_is_added(own: dict[str, Any]) -> None:
    """The sentence of ``planner explain`` reads what the rows declare."""
    plan = solve(make(jin(10), sur(10), demand={"A": 70}))
    found = explain(plan, "copper", "A", 2026)
    cells = words.Cells(plan.case, plan.case, lambda *_: "", lambda *_: None)
    Rows(
        **own, kind="new", label=lambda *_: Label("new"), divided=by_right, bears_on=key_matches,
        relaxable="quotas",
    )  # fmt: skip
    for is_dear in (True, False):
        lines = "\n".join(words.explained(found, LeastChange(left=50.0, is_dear=is_dear), cells))
        assert " and quotas" in lines


def test_rows_are_relaxed_by_their_family_where_they_say_so() -> None:
    """The cells that a least change moves loosen the rows that declare it, and no others."""
    relaxed = set()
    for name in FAMILY_NAMES:
        if name == "inputs":
            continue  # no change is searched for where minerals are made from one another
        case = read(getattr(golden, name)())
        for year in case.years:
            cells = RelaxableCells(case.of_minerals(["copper"]), year, need=1.0)
            for family in families.FAMILIES:
                if family.relaxation is not None:
                    family.relaxation.collect(cells)
            relaxed |= {rows for cell in cells.found.values() for rows, *_ in cell.limits}
    assert relaxed == {of for of in components() if isinstance(of, Rows) and of.relaxable}


def test_columns_that_are_decided_say_when(own: dict[str, Any]) -> None:
    """In the first stage they are the same in all futures; a plan under risk depends on it."""
    with pytest.raises(ValueError, match="declare is_first_stage"):
        Columns(**own, move="new", decided=year_of_key)
    first = {of.name for of in components() if isinstance(of, Columns) and of.is_first_stage}
    assert first == {"built", "rest_built", "budget_carried"}


# ---- no name is typed twice ----------------------------------------------------------------------

ASKED = {"value", "dual", "part", "row_part", "costs_of", "amounts", "columns_named", "rows_named"}
"""What takes a component."""
NAMES = {of.name for of in components()}
PLAIN = {name for name in NAMES if "_" in name} - {"mine_capacity", "stock_target"}
"""Names that are nothing else: not a word, nor a function or a column of a table."""


def literals(tree: ast.AST) -> list[ast.Constant]:
    """Return the texts of a file that are a component's name where one is meant."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in PLAIN:
            found.append(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of_values = ast.unparse(node.func).endswith(("values.get", "duals.get"))
            if node.func.attr in ASKED or of_values:
                found += [a for a in node.args[:1] if getattr(a, "value", None) in NAMES]
        if isinstance(node, ast.Compare) and ast.unparse(node.left).endswith(".name"):
            found += [c for c in node.comparators if getattr(c, "value", None) in NAMES]
    return found


@pytest.mark.slow
def test_no_name_of_a_component_is_typed_again() -> None:
    """Whoever means a component uses what is declared: a name typed twice comes to differ."""
    declaring = ROOT / "models" / "program"
    files = [p for room in ("models", "planner") for p in (ROOT / room).rglob("*.py")]
    found = []
    for path in files:
        if path.parent.name == "families" or path == declaring / "market.py":
            continue
        hits = literals(ast.parse(path.read_text(encoding="utf-8")))
        found += [f"{path.relative_to(ROOT)}:{node.lineno}" for node in hits]
    assert found == []


def test_a_family_types_its_names_once() -> None:
    """In its own file, too, a name stands in its declaration alone."""
    declaring = ROOT / "models" / "program"
    for path in [*(declaring / "families").glob("*.py"), declaring / "market.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = [
            keyword.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "name"
        ]
        assert [n.lineno for n in literals(tree) if n not in named] == [], path


# ---- a family that is added ----------------------------------------------------------------------


@pytest.fixture
def _quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """A family of this test's own: the coalition buys 30 t of Jin a year; beyond, a duty is due."""
    monkeypatch.setattr(declared, "_COMPONENTS", dict(declared._COMPONENTS))
    duty = CostHeading("quota duty")
    key = (REFINER, PROJECT, MINERAL, YEAR)
    beyond = Columns(
        name="beyond_quota", key=key, meaning="Tonnes beyond the quota.", cell=None,
        headings=(duty,), move="beyond the quota of {refiner}, {year}",
    )  # fmt: skip

    def label(_: Solved, key: Any) -> Label:
        return Label(f"the quota of {key[0]}")

    quota = Rows(
        name="quota", key=key, meaning="A quota.", cell=None, kind="quota", label=label,
        bears_on=key_matches, relaxable=NOT_RELAXABLE, divided=by_right,
    )  # fmt: skip

    def model(f: Frame) -> None:
        e, rows = f.expanded, {}
        sold = {
            (s.name, s.project, s.mineral, e.years[t]): columns
            for (r, t), columns in f.by_source_year.items()
            if (s := e.sources[r]).name == "Jin"
        }
        over = f.variables(beyond, sold, upper=dict.fromkeys(sold, 10.0))
        for at, columns in sold.items():
            rows[at] = (None, [*columns, over[at]], [1.0] * len(columns) + [-1.0], 30.0)
        f.constraints(quota, rows)
        f.add_cost(duty, list(over.values()), [7.0] * len(sold), [at[3] for at in sold])

    def arrays(b: Builder) -> None:
        e, d = b.expanded, b.expanded.deliveries
        at = np.flatnonzero([e.sources[r].name == "Jin" for r in d.source])
        (r, t), inverse = unique_keys(d.source[at], d.year[at])

        over = b.add_columns(beyond, (r, t), price=7.0, upper=10.0)
        rows = b.add_rows(quota, (r, t), most=30.0)
        b.add_entries(rows[inverse], b.flow[at], 1.0)
        b.add_entries(rows, over, -1.0)

    family = Family(model, arrays)
    every = (*families.FAMILIES[:-1], family, families.FAMILIES[-1])
    monkeypatch.setattr(families, "FAMILIES", every)
    monkeypatch.setattr(program_module, "_BEFORE_LIMITS", every[:-1])


def scarce() -> BookT:
    """Jin could serve all at 10 a t; a quota lets the coalition have 30 t, and 10 t at a duty."""
    return make(jin(100), sur(20), demand={"A": 70, "B": 30}, years=(2026, 2027))


@pytest.mark.usefixtures("_quota")
def test_a_family_that_is_added_is_told_truly() -> None:
    """Plan, cost, cause, and what binds, without a line anywhere else."""
    plan = solve(scarce())
    assert plan.shortage == pytest.approx(2 * 40)
    assert cost(plan, "quota duty") == pytest.approx(2 * 10 * 7)
    assert plan.costs["money"].sum() == pytest.approx(plan.objective)
    assert plan.cash == pytest.approx(2 * (40 * 10 + 20 * 20 + 70))
    for cause in plan.shortages["cause"]:
        assert cause == "Capacity open to the coalition is used up at Sur; the quota of Jin binds."
    found = explain(plan, "copper", "A", 2026)
    assert {bound.kind: bound.limit for bound in found.binding} == {"capacity": 20, "quota": 30}
    assert found.price is not None
    assert sum(term.amount for term in found.price.terms) == pytest.approx(found.price.amount)


@pytest.mark.usefixtures("_quota")
def test_what_a_family_that_is_added_costs_is_a_part_of_a_price() -> None:
    """Where a tonne more would pay the duty, the price says so."""
    book = make(jin(100), sur(20), demand={"A": 35}, years=(2026,))
    book["Refiners"][1]["Cost (USD/t)"] = 60
    price = explain(solve(book), "copper", "A", 2026).price
    assert price is not None
    assert (price.amount, price.words) == (pytest.approx(17), "Jin (CHN)")
    assert {term.what: term.amount for term in price.terms} == {
        "cost at Jin (CHN)": pytest.approx(10),
        "the quota of Jin": pytest.approx(7),
    }
    assert [(m.what, m.cost) for m in price.moves if m.kind == "beyond_quota"] == [
        ("beyond the quota of Jin, 2026", pytest.approx(7))
    ]
