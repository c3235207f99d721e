"""Results: declared once, shown the same everywhere, and read back as they were."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from models.results import (
    CATALOGUE,
    CountryShares,
    Flows,
    Format,
    Name,
    Prices,
    Result,
    Shortages,
    field,
)
from models.results.common import PlanTable
from models.schema.column import Record, country_code, named, number
from planner.documents.folder import write_csv
from planner.render.table import records, table_of
from planner.run import solve_file
from planner.sheets import write_plan
from planner.workbook.plan_file import read_plan
from tests.books import write_book
from tests.reference.cases import random_book

ALL = [Flows, Shortages, CountryShares, Prices]


def test_a_result_takes_all_its_columns_and_no_other():
    class Taken(Result):
        name = field("Name", Format.TEXT)
        tonnes = field("Tonnes", Format.TONNES, optional=True)

    assert len(Taken(name=["a", "b"])) == 2
    with pytest.raises(TypeError, match="tons"):
        Taken(name=["a"], tons=[1.0])
    with pytest.raises(TypeError, match="name"):
        Taken(tonnes=[1.0])
    with pytest.raises(ValueError, match="length"):
        Taken(name=["a"], tonnes=[1.0, 2.0])


def test_rows_whose_attribute_was_renamed_are_refused():
    @dataclass
    class Loss:
        country: str
        lost_t: float

    class LossesShown(Result):
        country = field.text("Country")
        lost = field.tonnes("Lost")
        remark = field.text("Remark", optional=True)

    with pytest.raises(TypeError, match="LossesShown: no row names lost; no field is named lost_t"):
        LossesShown.of_rows([vars(Loss("CHN", 1.0)), vars(Loss("ZAF", 2.0))])
    more = LossesShown.of_rows([{"country": "CHN", "lost": 1.0, "price": 2.0}])
    assert (more.country, more.lost, more.remark) == (["CHN"], [1.0], [None])
    assert LossesShown.of_rows([{"country": "CHN"}, {"lost": 1.0}]).lost == [None, 1.0]
    assert LossesShown.of_rows([{"country": "CHN"}]).lost == [None]
    assert len(LossesShown.of_rows([])) == 0


def test_a_header_is_read_with_what_fills_it():
    assert Prices.marginal.title({"money": "EUR"}) == "Marginal price (EUR/t)"
    assert Prices.marginal.parsed("Marginal price (EUR/t)") == {"money": "EUR"}
    assert Prices.marginal.parsed("Marginal price (EUR)") is None
    assert Prices.short.parsed("Missing (t)") == {}


def test_what_is_not_finite_is_blank_and_a_boolean_yes_or_no():
    class Mixed(Result):
        number = field("Number", Format.TONNES)
        is_so = field("So", Format.TEXT)
        country = field("Country", Format.TEXT, names=Name.COUNTRY)

    made = Mixed(number=[1.0, np.nan], is_so=[True, False], country=["JPN", "ROW"])
    table = table_of(made, {"JPN": "Japan", "ROW": "Rest of world"}.__getitem__)
    assert [c.values for c in table.columns] == [
        [1.0, None], ["yes", "no"], ["Japan", "Rest of world"],
    ]  # fmt: skip
    assert records(made)[1] == {"number": None, "is_so": False, "country": "ROW"}


def test_every_result_says_what_it_is_and_names_its_grain():
    for result in CATALOGUE.values():
        assert result.__doc__, result
        titles = [f.header_with_unit for f in result.FIELDS]
        keys = [f.json_key for f in result.FIELDS]
        assert len(set(titles)) == len(titles), result
        assert len(set(keys)) == len(keys), result


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A random case, its plan and the plan read back."""
    folder = tmp_path_factory.mktemp("results")
    write_book(folder / "case.xlsx", random_book(np.random.default_rng(5), 2))
    run = solve_file(folder / "case.xlsx", max_country_share=0.4)
    path = folder / "plan.xlsx"
    tables = write_plan(path, run.plan, run.book, without_limits=run.without_limits)
    write_csv(folder / "csv", tables.values())
    return run.plan, read_plan(path), folder


@pytest.mark.parametrize("result", ALL, ids=lambda r: r.TABLE)
def test_a_plan_is_read_back_as_it_was(made, result):
    plan, file, _ = made
    here, there = result.from_plan(plan), file.result(result)
    assert len(here) == len(there) > 0
    assert file.currency == here.words["money"] == there.words.get("money", file.currency)
    for each in here.fields:
        wanted, found = (pd.Series(r.frame()[each.name]) for r in (here, there))
        if each.fmt.is_text:
            assert found.fillna("").tolist() == wanted.fillna("").tolist(), each
        else:
            np.testing.assert_array_equal(found.astype(float), wanted.astype(float), str(each))


@pytest.mark.parametrize("result", ALL, ids=lambda r: r.TABLE)
def test_every_surface_says_the_same(made, result):
    plan, _, folder = made
    table = result.from_plan(plan)
    objects = records(table)
    json.dumps(objects, allow_nan=False)
    name = result.TABLE.lower().replace(" ", "-")
    with (folder / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(objects) == len(lines) == len(table_of(table, plan.case.country_name))
    for each in table.fields:
        header = each.title(table.words)
        for told, line in zip(objects, lines, strict=True):
            if not each.fmt.is_text and told[each.json_key] is not None:
                assert float(line[header]) == told[each.json_key]
            elif each.names is Name.COUNTRY:
                assert line[header].lstrip("'") == plan.case.country_name(told[each.json_key])


def test_what_the_input_carries_stands_last_as_the_input_declares_it():
    class Plant(Record):
        name: str = named("Plant", "Its name.")
        site: str = country_code("Site", "Where it is.", value="", carried=True)
        fee: float = number("Fee", "What it asks.", "USD/t", value=0.0, carried=True)

    class Plants(PlanTable):
        """Plants."""

        INPUTS = (Plant,)
        tonnes = field("Tonnes", Format.TONNES)

    assert [f.header_with_unit for f in Plants.FIELDS] == [
        "Tonnes",
        "Unit",
        "Site",
        "Fee ({money}/t)",
        "Note",
        "Source",
    ]
    _, _, site, fee, *_ = Plants.FIELDS
    assert (site.names, site.meaning, site.printed) == (Name.COUNTRY, "Where it is.", False)
    assert fee.fmt is Format.PRICE
