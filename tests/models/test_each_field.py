"""Variants that differ in one field: what a session takes over of the base is still true of them.

A session shares with a variant whatever its changes do not touch. So each field of a case is
changed alone, and the variant's program and plan are held against those made from scratch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from models.case import Case
from models.errors import InputError
from models.plan import Session
from models.program import Program, build_program, fit
from models.program.compile import differences
from models.resolve import Expanded
from models.resolve import expanded as expanded_module
from models.schema import SHEETS, Built, ByYear, Lane, OreLane, PriceFloor
from models.schema.column import CellKind, Column
from planner.studies.agreed_plan import decisions_before
from tests.budget import BUDGET, at_length
from tests.models.desk import jin, make, read, refiner, solve_case, sur
from tests.models.stages import oxide_and_alloy, random_stages
from tests.models.test_laws import draw
from tests.models.test_proof import book

BOOKS = BUDGET // 10
ALWAYS = {"minerals", "members", "years"}


def base() -> Case:
    """Return a case with rows on every sheet: a mineral with all that ties years, and one without.

    Zinc has tiers, ore and limits of each kind, and one block a year.
    """
    made = book()
    made["Minerals"].append({"Mineral": "zinc", "Price (USD/t)": 40})
    for row, group in zip(made["Members"], ("pact", "pact"), strict=True):
        row["Group"] = group
    made["Demand"] += [
        {"Mineral": "zinc", "Member": "A", "Tier": "defence", "2026": 30, "2027": 35},
        {"Mineral": "zinc", "Member": "A", "2026": 60, "2027": 50},
        {"Mineral": "zinc", "Member": "B", "2026": 40, "2027": 45},
    ]
    made["Tiers"] = [{"Tier": "defence", "Shortage cost multiple": 30}]
    for name, country, capacity, cost in (
        ("Jin", "CHN", 60, 8), ("Zur", "PER", 50, 12), ("Wal", "AUS", 30, 17),
    ):  # fmt: skip
        made["Refiners"].append(
            refiner(name, country, capacity, cost, Needs_ore="yes") | {"Mineral": "zinc"}
        )
    made["Mines"] += [
        {"Mineral": "zinc", "Country": "PER", "Capacity (t/yr)": 80},
        {"Mineral": "zinc", "Country": "COD", "Capacity (t/yr)": 40, "Premium (USD/t)": 1},
    ]
    made["Ore lanes"] = [{"Mine country": "PER", "Refiner country": "CHN", "Freight (USD/t)": 2}]
    made["Countries"] = [{"Country": "CHN", "Bloc": "other"}, {"Country": "PER", "Bloc": "south"}]
    made["Freight"] = [{"From country": "CHN", "A": 3, "B": 2}]
    made["Share limits"] += [
        {"Limit": "max", "Supplier group": "bloc", "Supplier": "south", "Share": 0.3, "Stage": s}
        | {"Penalty (USD/t)": 20}
        for s in ("refining", "mining")
    ]
    made["Price floors"] = [
        {"Mineral": "zinc", "Floor (USD/t)": 14, "Exempt": "Peru"},
        {"Mineral": "zinc", "Floor (USD/t)": 11, "Zone": "south"},
        {"Mineral": "copper", "Floor (USD/t)": 25, "Floor 2027 (USD/t)": 5},
    ]
    made["Security"] = [
        {"Mineral": "zinc", "Max short": 0.3},
        {"Lost country": "CHN", "Max short": 0.2, "Max short 2027": 0.4, "Penalty (USD/t)": 30},
    ]
    return read(made)


def another(column: Column, value: Any) -> Any:
    """Return another value that a column allows, a tenth less of a number; the same if it has none.

    A number by year changes from the second year on.
    """
    if isinstance(value, ByYear):
        return ByYear(value.base, ((2027, another(column, value.base)),))
    match column.kind:
        case CellKind.YES_NO:
            new: Any = not value
        case CellKind.CHOICE:
            new = next(each for each in column.choices if each != value)
        case CellKind.COUNTRY:
            new = "PER" if value != "PER" else "AUS"
        case CellKind.YEAR:
            new = 2026 if value == 2027 else 2027
        case CellKind.WHOLE:
            new = 2 if value == 1 else 1
        case CellKind.NUMBER | CellKind.SHARE:
            new = 0.9 * value if value else min(5.0, 0.4 * column.most)
        case _ if column.several:
            new = ("south",) if value != ("south",) else ("other",)
        case _:
            new = value if column.required else ""
    return new


def blank(column: Column, value: Any) -> Any:
    """Return what stands in a blank cell for a number; 0 where it is blank or may not be."""
    if column.kind not in {CellKind.NUMBER, CellKind.SHARE}:
        return value
    default = DEFAULTS.get(column)
    nothing = ByYear(0.0) if isinstance(value, ByYear) else 0.0
    return nothing if default in {dataclasses.MISSING, value} else default


DEFAULTS = {
    dataclasses.replace(f.metadata["column"], field=f.name): f.default
    for of in SHEETS
    for f in dataclasses.fields(of)
    if "column" in f.metadata
}


def change_of(name: str, change: Callable[[Any], Any]) -> Callable[[Case], Case]:
    """Return a change of the records of a sheet."""
    return lambda case: case.change(**{name: tuple(change(getattr(case, name)))})


def first(name: str, at: int = 0, **fields: Any) -> Callable[[Case], Case]:
    """Return a change of some fields of one record."""

    def change(case: Case) -> Case:
        records = list(getattr(case, name))
        records[at] = dataclasses.replace(records[at], **fields)
        return case.change(**{name: tuple(records)})

    return change


def without(name: str) -> Callable[[Case], Case]:
    """Return a change that leaves the first record out."""
    return change_of(name, lambda records: records[1:])


def more(name: str, record: Any) -> Callable[[Case], Case]:
    """Return a change that adds a record."""
    return change_of(name, lambda records: (*records, record))


def setting(**fields: Any) -> Callable[[Case], Case]:
    """Return a change of Settings."""
    return lambda case: case.change(settings=dataclasses.replace(case.settings, **fields))


def begun_of(case: Case, after: int, fraction: float) -> Built:
    """Return a row of Built of the first project, so many years after the first one."""
    return Built(project=case.projects[0].name, year=case.years[0] + after, fraction=fraction)


def agreed(case: Case) -> Case:
    """Cap what the first source may sell, and what the first member may buy of it."""
    of, member = Expanded(case).sources[0], case.members[0].name
    source = (of.name, of.project, of.mineral)
    return case.change(
        ceilings=tuple((*source, year, 15.0) for year in case.years),
        member_ceilings=tuple((*source, member, year, 5.0) for year in case.years),
    )


def decided(case: Case) -> Case:
    """Let what the case's plan decides before its second year stand."""
    return case.change(fixed_decisions=decisions_before(solve_case(case), case.years[1]))


def cells() -> Iterator[tuple[str, Callable[[Case], Case]]]:
    """Yield a change of each column that a plan reads, in the first or the last row by turns."""
    case = base()
    for of in SHEETS:
        name = Case.SHEET_FIELDS[of.SHEET]
        for i, column in enumerate(of.columns()):
            records = case.records(of.SHEET)
            if not of.IS_PLANNED or not records or column.kind is CellKind.TEXT:
                continue
            at = -(i % 2)
            now = getattr(records[at], column.field)
            for to in (another, blank):
                value = to(column, now)
                if value == now:
                    continue
                new = {column.field: value}
                change = setting(**new) if name == "settings" else first(name, at, **new)
                yield f"{name}: {column.header} {value}", change


OF_PLANS = [
    name for of in SHEETS if of.IS_PLANNED and base().records(of.SHEET)
    if (name := Case.SHEET_FIELDS[of.SHEET]) not in {"settings", *ALWAYS}
]  # fmt: skip
TWEAKS: dict[str, Callable[[Case], Case]] = {
    "nothing": lambda case: case.change(),
    **dict(cells()),
    **{f"no {name}": change_of(name, lambda _: ()) for name in OF_PLANS},
    **{f"less of {name}": without(name) for name in OF_PLANS},
    "lanes in another order": change_of("lanes", reversed),
    "a floor more": more("price_floors", PriceFloor(mineral="zinc", zone="other", floor=ByYear(9))),
    "the same limit twice": lambda case: more("share_limits", case.share_limits[0])(case),
    "demand": first("demand", tonnes=((2026, 5.0), (2027, 60.0))),
    "freight": first("freight", costs=(("A", 30.0), ("B", 20.0))),
    "a lane more": more("lanes", Lane(country="PER", max=9.0)),
    "a lane shut": more("lanes", Lane(country="CHN", member="A", open=False)),
    "ore shut": more("ore_lanes", OreLane(mine_country="COD", open=False)),
    "begun": lambda case: more("built", begun_of(case, 0, 0.4))(case),
    "begun before": lambda case: more("built", begun_of(case, -1, 0.7))(case),
    "nothing begun": lambda case: more("built", begun_of(case, 1, 0.0))(case),
    "built": lambda case: first("projects", built_in=case.years[0])(case),
    "agreed": agreed,
    "decided before": decided,
}


def holds(session: Session, variant: Case) -> None:
    """Hold a variant's program and plan in a session against those made from scratch."""
    try:
        truth = solve_case(variant)
    except InputError:
        with pytest.raises(InputError):
            session.solve(variant)
        return
    plan = session.solve(variant)
    assert plan.objective == pytest.approx(truth.objective, rel=1e-9, abs=1e-6)
    anew = build_program(Expanded(variant))
    for b in range(len(anew.blocks)):
        assert differences(plan.program.block(b), anew.block(b)) == []
    laid_out(plan.program, session.base.program)


def laid_out(own: Program, base: Program) -> None:
    """Hold a variant laid out as its base against the variant; what does not fit stays the base's.

    Whatever is bought in the blocks that fit, their rows come to the same.
    """
    found = fit(own, base)
    x = np.random.default_rng(0).uniform(0.5, 1.5, len(own.rows.cost))
    laid = np.zeros(len(base.rows.cost))
    laid[found.columns[found.columns >= 0]] = x[found.columns >= 0]
    activity, true = found.arrays.activity(laid), own.rows.activity(x)
    for b, of in enumerate(found.of_block.tolist()):
        if of >= 0:
            inside = own.rows_of(b)
            assert activity[found.rows[inside]] == pytest.approx(true[inside], rel=1e-12, abs=1e-9)
    for b in set(range(len(base.blocks))) - set(found.of_block.tolist()):
        at, rows = base.columns_of(b), base.rows_of(b)
        entries = slice(int(base.rows.starts[rows.start]), int(base.rows.starts[rows.stop]))
        for name, stretch in (
            ("cost", at), ("lower", at), ("upper", at), ("row_lower", rows), ("row_upper", rows),
            ("values", entries),
        ):  # fmt: skip
            here, there = getattr(found.arrays, name)[stretch], getattr(base.rows, name)[stretch]
            assert np.array_equal(here, there), name


@pytest.fixture(scope="module")
def session() -> Session:
    """Return the session of the base case, shared: a restart leaves no trace."""
    return Session(base())


@pytest.mark.slow
@pytest.mark.parametrize("name", TWEAKS)
def test_one_field(name: str, session: Session) -> None:
    """A variant that differs in one field, started from the base's plan."""
    session.restart()
    variant = TWEAKS[name](session.case)
    assert name == "nothing" or variant != session.case
    holds(session, variant)


@pytest.mark.slow
def test_two_fields_one_after_another(session: Session) -> None:
    """Variants in a chain, of each two changes of neighbouring rows of the table."""
    session.restart()
    names = list(TWEAKS)
    for one, other in zip(names[::5], names[1::5], strict=False):
        try:
            variant = TWEAKS[other](TWEAKS[one](session.case))
        except (IndexError, KeyError):
            continue
        holds(session, variant)


def test_room_grows_with_the_least_shares() -> None:
    """What a stock without end may hold depends on how many least shares there are: 6,000 more."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 1e6, "Opening (t)": 10}
    limit = {
        "Limit": "min", "Mineral": "copper", "Supplier group": "country", "Supplier": "CHL",
        "Share": 0.2,
    }  # fmt: skip
    made = make(jin(9e3), sur(9e3), demand=6e3, Stockpiles=[pile], Share_limits=[limit])
    session = Session(read(made))
    session.restart()
    holds(session, more("share_limits", session.case.share_limits[0])(session.case))
    holds(session, without("share_limits")(session.case))


@pytest.mark.slow
@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(300, 300 + BOOKS))
def test_fields_of_random_books(seed: int) -> None:
    """Changes that a random book has the records for, in a chain, in a random order.

    A third of them in every run, and all in a long one.
    """
    case = read(draw(seed))
    of_book = Session(case)
    order = np.random.default_rng(seed).permutation(len(TWEAKS)).tolist()
    for at in order[: at_length(12, len(order))]:
        try:
            variant = list(TWEAKS.values())[at](case)
        except IndexError:
            continue
        holds(of_book, variant)


# ---- what a resolved part is made of -------------------------------------------------------------


def test_each_resolved_part_reads_what_it_is_declared_to_be_made_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No part of an expanded case reads a field whose change would not have it made again."""
    fields = {f.name for f in dataclasses.fields(Case)}
    read_now: set[str] = set()

    def spy(case: Case, name: str) -> Any:
        if name in fields:
            read_now.add(name)
        return object.__getattribute__(case, name)

    found: dict[str, set[str]] = {}
    books = [*map(draw, range(12)), *map(random_stages, range(6))]
    for staged in books[-6:]:
        floors = [{"Mineral": r["Mineral"], "Floor (USD/t)": 5} for r in staged["Minerals"]]
        staged["Price floors"] = floors
    for case in (base(), *map(read, books)):
        for name in expanded_module._MADE_OF:
            fresh = Expanded(case.change())  # without what others have looked up
            with monkeypatch.context() as patch:
                read_now.clear()
                patch.setattr(Case, "__getattribute__", spy, raising=False)
                getattr(fresh, name)
                found.setdefault(name, set()).update(read_now)
    of_sources = {"refiners", "projects"}  # read before: when sources are made
    for name, declared in expanded_module._MADE_OF.items():
        assert found[name] - ALWAYS <= declared, name
        assert declared - of_sources <= found[name], name  # nothing is made again for no reason


@pytest.mark.parametrize(
    "change",
    [
        first("countries", blocs=("coalition",)), lambda case: case.change(home_blocs=()),
        without("price_floors"), first("price_floors", exempt=("CHN",)),
    ],
)  # fmt: skip
def test_levies_on_inputs_follow_blocs_and_floors(change: Callable[[Case], Case]) -> None:
    """A variant takes no levy over from the case that it is a variant of."""
    book = oxide_and_alloy(
        Price_floors=[{"Mineral": "oxide", "Floor (USD/t)": 9}],
        Countries=[{"Country": "CHN", "Bloc": "east"}],
    )
    case = read(book | {"Members": [{"Member": "A", "Country": "AUS"}]})
    expanded = Expanded(case)
    assert expanded.input_flows.levy.any()
    variant = change(case)
    levies = expanded.changed(variant).input_flows.levy
    assert levies.tolist() == Expanded(variant).input_flows.levy.tolist()
    assert levies.tolist() != expanded.input_flows.levy.tolist()
