"""An input workbook that was written is read back equal."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import schema
from models.case import Case
from models.errors import InputError
from models.schema import SHEETS, ByYear
from planner.workbook import read
from planner.workbook.template import EVERY_CASE, template_tables, write_book
from tests.case_rows import tables_of

QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("sheets", [EVERY_CASE, [record.SHEET for record in SHEETS]])
def test_a_template_is_read_without_error_or_warning(tmp_path, sheets):
    path = tmp_path / "case.xlsx"
    write_book(path, template_tables(), sheets=sheets)
    book = read(path)
    # its few years are fewer than a project lives, which is told
    assert {(w.sheet, w.column) for w in book.warnings} <= {("Projects", "First year")}
    assert book.case.years == (2026, 2027, 2028)


def back(case, path):
    write_book(path, tables_of(case))
    return read(path).case


def close(one, two):
    """Whether two values are equal, numbers to 1e-15."""
    if isinstance(one, float) and isinstance(two, int | float):
        return abs(one - two) <= 1e-15 * abs(one)
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) == len(two) and all(map(close, one, two))
    if dataclasses.is_dataclass(one):
        return type(one) is type(two) and all(
            close(getattr(one, f.name), getattr(two, f.name))
            for f in dataclasses.fields(one)
            if f.compare or f.name in {"note", "source"}
        )
    return one == two


@pytest.mark.parametrize("name", ["critical-minerals", "critical-minerals-first-use"])
def test_the_example_cases_come_back(tmp_path, request, name):
    path = request.config.rootpath / "inputs" / f"{name}.xlsx"
    case = read(path).case
    assert close(case, back(case, tmp_path / "back.xlsx"))


def test_the_template_comes_back(tmp_path):
    write_book(tmp_path / "case.xlsx", template_tables())
    case = read(tmp_path / "case.xlsx").case
    again = back(case, tmp_path / "back.xlsx")
    assert close(case, again)
    assert tables_of(again) == tables_of(case)


def test_a_case_without_demand_keeps_its_years(tmp_path):
    write_book(tmp_path / "case.xlsx", template_tables())
    case = read(tmp_path / "case.xlsx").case
    try:
        again = back(case.change(demand=()), tmp_path / "back.xlsx")
    except InputError:
        pytest.skip("the reader wants a row of demand")
    assert again.years == case.years


def numbers(most):
    """Return numbers that the reader takes: 0, and others that are not next to it."""
    return st.just(0.0) | st.floats(1e-20, most)


AMOUNT, PRICE, SHARE = numbers(1e10), numbers(1e8), numbers(1.0)
YEARS = st.integers(2020, 2060)


def by_year(numbers):
    steps = st.dictionaries(st.integers(2026, 2030), numbers, max_size=3)
    return st.builds(lambda base, s: ByYear(base, tuple(sorted(s.items()))), numbers, steps)


def maybe(strategy):
    return st.none() | strategy


@st.composite
def cases(draw):
    refiners = [
        schema.Refiner(
            name=f"R{i}",
            mineral=draw(st.sampled_from(["M", "N"])),
            country=draw(st.sampled_from(["CHN", "CHL", "USA", "ROW"])),
            capacity=draw(by_year(AMOUNT)),
            cost=draw(by_year(PRICE)),
            kind=draw(st.sampled_from(["primary", "recycled"])),
            owner=draw(st.sampled_from(["", "CHN"])),
            first_year=draw(maybe(YEARS)),
            available_share=draw(st.just(ByYear()) | by_year(SHARE)),
            recovery=draw(st.floats(0.01, 1)),
            needs_ore=draw(maybe(st.booleans())),
            note=draw(st.sampled_from(["", "a note", "=1+1"])),
        )
        for i in range(draw(st.integers(1, 3)))
    ]
    lanes = [
        schema.Lane(
            country="CHL",
            freight=draw(maybe(PRICE)),
            tariff=draw(maybe(numbers(10.0))),
            open=draw(maybe(st.booleans())),
            max=draw(maybe(AMOUNT)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    currency = draw(st.sampled_from(["USD", "EUR"]))
    return Case(
        years=(2026, 2027),
        settings=schema.Settings(
            currency=currency,
            default_freight=draw(PRICE),
            discount_rate=draw(SHARE),
            whole_projects=draw(st.booleans()),
            carry_over_budget=draw(st.booleans()),
        ),
        minerals=(
            schema.Mineral(name="M", price=draw(by_year(PRICE)), unit="t M"),
            schema.Mineral(name="N", price=ByYear(1.0), shortage_cost=draw(by_year(PRICE))),
        ),
        members=(schema.Member(name="A", country="USA"), schema.Member(name="B", group="EU")),
        countries=(
            schema.Country(
                code="CHN", blocs=("far", "other"), governance=draw(st.integers(-20, 20)) / 10
            ),
        ),
        refiners=tuple(refiners),
        demand=(
            schema.Demand(mineral="M", member="A", tonnes=((2026, draw(AMOUNT)), (2027, 0.0))),
            schema.Demand(mineral="N", member="B", tonnes=((2026, 1.0), (2027, draw(AMOUNT)))),
        ),
        freight=(schema.Freight(country="CHN", costs=(("A", draw(PRICE)),)),),
        lanes=tuple(lanes),
        share_limits=(schema.ShareLimit(limit="max", group="country", share=draw(by_year(SHARE))),),
        projects=(
            schema.Project(
                name="P",
                refiner="New",
                mineral="M",
                country="USA",
                capacity=ByYear(draw(AMOUNT)),
                capex=draw(numbers(1e7)),
                cost=ByYear(draw(PRICE)),
                first_year=2027,
                life=draw(st.integers(1, 40)),
            ),
        ),
        budget=(schema.BudgetYear(year=2026, capex=draw(numbers(1e7))),),
    )


@pytest.mark.slow
@QUICK
@given(case=cases())
def test_any_case_comes_back(tmp_path, case):
    again = back(case, tmp_path / "back.xlsx")
    assert close(case.change(country_names=()), again.change(country_names=()))
