"""The program as arrays is the model's, block by block and number by number."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.case import Case
from models.program import NameIndex, build_program
from models.program.builder import Builder
from models.program.compile import compile_model, differences
from models.program.sourcing import build
from models.resolve import Expanded
from models.schema import SHEETS
from tests.budget import BUDGET, at_length, few
from tests.models import test_golden
from tests.models.desk import jin, make, read, sur
from tests.models.desk import solve_once as solve
from tests.models.test_laws import draw


def agrees(case: Case) -> None:
    """Every block's model is the program's."""
    expanded = Expanded(case)
    program = build_program(expanded)
    for b, cells in enumerate(program.blocks):
        model = compile_model(build(expanded, cells).model)
        assert differences(model, program.block(b)) == []


@pytest.mark.parametrize("seed", few(range(60), 20))
def test_every_block_of_random_books(seed: int) -> None:
    """All features, each block built and compared."""
    agrees(read(draw(seed)))


@pytest.mark.fuzz
def test_every_block_of_more_books() -> None:
    """The same on as many books as the budget allows."""
    for seed in range(1000, 1000 + BUDGET):
        agrees(read(draw(seed)))


@pytest.mark.parametrize("seed", range(at_length(8, 20)))
def test_a_block_alone_is_a_block_of_the_whole(seed: int) -> None:
    """The program of some minerals alone has their blocks' columns and rows, in the same order."""
    case = read(draw(seed))
    whole = build_program(Expanded(case))
    for b, cells in enumerate(whole.blocks):
        minerals = sorted({m for m, _ in cells})
        part = case.of_minerals(case.minerals[m].name for m in minerals)
        own = tuple((minerals.index(m), t) for m, t in cells)
        alone = build_program(Expanded(part), blocks=(own,)).block(0)
        of = whole.block(b)
        for name in ("cost", "lower", "upper", "row_lower", "row_upper", "values", "columns"):
            assert np.array_equal(getattr(alone, name), getattr(of, name)), name


def test_a_component_of_several_parts() -> None:
    """Each row of Share limits is a part of its own: all of them are the component."""
    limits = [
        {
            "Limit": "max",
            "Supplier group": "country",
            "Supplier": s,
            "Share": 0.4,
            "Penalty (USD/t)": 9,
        }
        for s in ("CHN", "CHL")
    ]
    plan = solve(make(jin(), sur(), demand=100, Share_limits=limits))
    keys, excess = plan.component_arrays("excess")
    assert sorted(excess.tolist()) == pytest.approx([0, 60])  # Jin at 10 + 9 is below Sur at 20
    assert [len(key) for key in keys] == [2] * 5
    keys, prices = plan.row_part("share_limit")
    assert [len(key) for key in keys] == [2] * 5
    assert sorted(prices.tolist()) == pytest.approx([-9, 0])


def test_a_component_that_there_is_not() -> None:
    """A misspelt name is refused; one that the case has none of is empty, or 0."""
    plan = solve(make(jin()))
    assert plan.value("ore", ("COD", "Jin", "", "copper", 2026)) == 0.0
    assert plan.dual("budget", 2026) == 0.0
    assert len(plan.component_arrays("excess")[1]) == len(plan.row_part("agreed_sales")[1]) == 0
    for wrong in (
        lambda: plan.value("shortages", ()),
        lambda: plan.dual("shortage", ()),
        lambda: plan.component_arrays("balance"),
        lambda: plan.row_part("mines"),
        lambda: plan.costs_of("spot", "holding"),
    ):
        with pytest.raises(KeyError, match="no component"):
            wrong()
    b = Builder(plan.expanded, NameIndex())
    none = np.zeros(0, dtype=np.int64)
    with pytest.raises(KeyError, match="no component 'spott'"):
        b.add_columns("spott", (none,), cost=0.0)


def test_what_differs_is_named() -> None:
    """A cost, a limit, a coefficient, a bound, a row: each is told by its name."""
    case = read(draw(3))
    program = build_program(Expanded(case))
    rows = program.block(0)

    def bumped(name: str) -> object:
        array = getattr(rows, name).copy()
        array[np.flatnonzero(np.isfinite(array))[0]] += 1.0
        return dataclasses.replace(rows, **{name: array})

    for name in ("cost", "lower", "row_upper", "values"):
        said = differences(bumped(name), rows)
        assert said, name
        assert all(" of " in words for words in said)
    keys = list(rows.row_keys)
    other = [dataclasses.replace(keys[0], name="stranger"), *keys[1:]]
    said = differences(dataclasses.replace(rows, row_keys=tuple(other)), rows)
    assert any("is missing" in words for words in said)
    assert any("does not exist in the case" in words for words in said)


def test_what_no_program_is_made_of_is_never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variant that differs there alone has the base's program; whatever is read is planned."""
    read_fields = set[str]()

    def recorded(self: Case, name: str) -> object:
        read_fields.add(name)
        return object.__getattribute__(self, name)

    cases = [read(draw(seed)) for seed in range(10)]
    cases += [read(getattr(test_golden, name)()) for name in test_golden.NAMES]
    monkeypatch.setattr(Case, "__getattribute__", recorded, raising=False)
    for case in cases:
        expanded = Expanded(case)
        for cells in build_program(expanded).blocks:
            build(expanded, cells)
    monkeypatch.undo()
    labels = {"country_names", "scenario"}
    sheets = {*Case.SHEET_FIELDS.values()}
    unplanned = {Case.SHEET_FIELDS[record.SHEET] for record in SHEETS if not record.IS_PLANNED}
    unplanned |= {f.name for f in dataclasses.fields(Case) if "is_label" in f.metadata}
    assert read_fields & unplanned <= labels  # a label names things, in messages too
    assert sheets - read_fields <= unplanned
    assert unplanned - labels == {
        "supports",
        "rights",
        "scenarios",
        "risks",
        "built",
        "sources",
        "uncertainty",
    }
