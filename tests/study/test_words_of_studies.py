"""What studies say at their thresholds: counts, order, singulars and signs of results by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from models.answers.cost_sharing import DualBill
from models.case import BASE
from models.results import About, Result
from planner.studies.cases import Regret, surprise_cost, vain_preparation
from planner.studies.exit import Builds, Exits, ExitStudy, WayOut
from planner.studies.kind import BASIS, YEARS, KeyFigure, Tables
from planner.studies.losses import LossKind
from planner.studies.members import BillsByScenario, more_paid, premium_words, same_tonnes
from planner.studies.stress import (
    Detail,
    Embargoes,
    LossByMineral,
    Losses,
    NMinusOne,
    Solidarity,
    StressTest,
)
from planner.studies.sweep import ALL, OVER, Frontier, SmallestCaps, Sweep, _smallest_caps
from planner.studies.sweep_tables import WhoPaysByCap, price_of_security
from tests.models.desk import jin, make, read
from tests.study.test_way_out import told

WORDS = {"money": "USD", "plan": "", "last": "2027", "basis": "demand", "discounted": "discounted"}
Row = dict[str, Any]


def made(kind: type[Result], *rows: Row) -> Result:
    """Return a table of rows; what a row does not say is blank."""
    return kind.of_rows(rows, words=WORDS)


def about(**options: str) -> About:
    return About(what=[*options], value=[*options.values()])


# ---- the way out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("tonnes", [0.4, 1e-5])
def test_a_country_that_sells_little_is_left_all_the_same(tonnes: float) -> None:
    """What is above a millionth of a tonne is bought there, and stays there."""
    tables = told(make(jin(200), demand=tonnes, years=(2026, 2027)))
    (row,) = tables[Exits].frame().to_dict("records")
    assert row["left_share"] == pytest.approx(1.0)
    assert "China still sells" in row["remark"]
    assert ExitStudy.headline(tables).finding.startswith("copper cannot do without China by 2027")


def exits(*minerals: tuple[str, float, float, int | None], last: int = 2027) -> Tables:
    """Return an exit of minerals by name, planned and left share, and the year of none."""
    rows = [
        {"mineral": m, "planned": 9.0, "left": 9.0, "planned_share": planned, "left_share": left,
         "none": none, "cash": 1e6 * i, "a_tonne": 5.0, "remark": ""}
        for i, (m, planned, left, none) in enumerate(minerals)
    ]  # fmt: skip
    years = [
        {"mineral": m, "year": year, "demand": 100.0, "planned": 9.0, "left": 9.0, "short": 0.0,
         "others": year - 2000.0, "planned_share": planned, "left_share": left}
        for m, planned, left, _ in minerals for year in (last - 1, last)
    ]  # fmt: skip
    options = about(**{"Country": "China", BASIS: "demand"})
    return Tables([made(Exits, *rows), made(WayOut, *years), made(Builds), options])


def test_the_mineral_that_falls_by_most_gets_furthest() -> None:
    tables = exits(("tin", 0.9, 0.5, None), ("zinc", 0.6, 0.1, None), ("lead", 0.3, 0.0, 2027))
    finding = ExitStudy.headline(tables).finding
    assert finding == (
        "By 2027, 1 of 3 minerals can do without China: lead from 2027. China's share falls most"
        " for zinc, from 60.0 % to 10.0 % of demand in 2027."
    )


def test_a_fall_that_does_not_show_is_none() -> None:
    """Half a tenth of a percent reads the same; more is a fall."""
    same = exits(("tin", 0.6, 0.5996, None), ("zinc", 0.5, 0.5, None))
    assert ExitStudy.headline(same).finding.endswith(
        "By 2027, none of 2 minerals can do without China. China's share in 2027 cannot"
        " fall for any of these minerals."
    )
    less = exits(("tin", 0.6, 0.5994, None), ("zinc", 0.5, 0.5, None))
    assert "China's share falls most for tin" in ExitStudy.headline(less).finding
    shown = exits(("tin", 0.6504, 0.6496, None), ("zinc", 0.5006, 0.4994, None))
    assert "falls most for zinc, from 50.1 % to 49.9 %" in ExitStudy.headline(shown).finding


@pytest.mark.parametrize(
    ("second", "left"), [(0.5995, "tin and zinc each: 60.0 %"), (0.5994, "tin: 60.0 %")]
)
def test_minerals_that_read_the_same_are_named_together(second: float, left: str) -> None:
    first, extra = ExitStudy.headline(
        exits(("tin", 0.9, 0.6, None), ("zinc", 0.9, second, None))
    ).figures
    assert (
        f"The largest share remains for {left} of demand. In 2027 other countries sell 27 t"
        in first.remark
    )
    said = "The largest amount is for zinc: 5 USD per tonne no longer bought from China."
    assert said in extra.remark


# ---- the stress test -----------------------------------------------------------------------------


def stressed(*losses: Row, years: tuple[int, ...] = (2026,), **tables: list[Row]) -> Tables:
    """Return a stress test of two minerals of 100 t a year; a loss takes ``tin`` and ``zinc`` t."""
    minerals = ("tin", "zinc")
    rows, by_mineral, detail = list[Row](), list[Row](), list[Row]()
    for loss in losses:
        who = {"lost": loss["lost"], "kind": LossKind.COUNTRY}
        short = {m: float(loss.get(m, 0.0)) for m in minerals}
        worst = max(short, key=lambda m: short[m])
        rows.append({
            **who, "short_t": sum(short.values()), "cost": 1e6 * sum(short.values()),
            "worst": worst if short[worst] else None, "worst_share": short[worst] / 100,
            "survived": loss.get("days"), "error": None,
        })  # fmt: skip
        by_mineral += [who | {"mineral": m, "share": t / 100} for m, t in short.items()]
        detail += [who | {"mineral": m, "member": "A", "year": years[0], "short_t": t}
                   for m, t in short.items() if t]  # fmt: skip
    left = [
        {"mineral": m, "year": y, "demand": 100.0, "need": 100.0} for m in minerals for y in years
    ]
    kinds = {Losses: rows, LossByMineral: by_mineral, NMinusOne: left, Detail: detail}
    kinds |= {Embargoes: tables.get("embargoes", []), Solidarity: tables.get("sharing", [])}
    options = about(Surge="20 % of usable capacity")
    return Tables([*(made(kind, *rows) for kind, rows in kinds.items()), options])


@pytest.mark.parametrize(
    ("tin", "zinc", "finding"),
    [
        (30, 40, "2 of 2 minerals run short, zinc by 40 % of need in 2026."),
        (30, 0, "1 of 2 minerals runs short, tin by 30 % of need in 2026."),
    ],
)
def test_the_worst_loss_is_named_first(tin: float, zinc: float, finding: str) -> None:
    tables = stressed(
        {"lost": "Chile", "tin": 20}, {"lost": "China", "tin": tin, "zinc": zinc}, {"lost": "Peru"}
    )
    headline = StressTest.headline(tables)
    assert headline.finding == (
        f"The loss of China is the worst: {finding} No other loss leaves more than 20 % of any"
        " mineral's need missing in any year."
    )
    assert headline.figures[0].value == "China"


def test_a_lesser_loss_of_nothing_leaves_nothing() -> None:
    """A ten-millionth of need is rounding."""
    for tonnes, end in (
        (9e-5, "more missing than in the agreed plan."),
        (0.2, "more than 0.2 % of any mineral's need"),
    ):
        tables = stressed({"lost": "China", "tin": 50}, {"lost": "Peru", "zinc": tonnes})
        assert f"No other loss leaves {end}" in StressTest.headline(tables).finding


@pytest.mark.parametrize(
    ("days", "said"),
    [(None, "never"), (0.0, "at once"), (0.9, "at once"), (1.0, "1 day"), (2.0, "2 days"),
     (1234.4, "1,234 days")],
)  # fmt: skip
def test_how_soon_the_first_shortage_comes(days: float | None, said: str) -> None:
    figures = StressTest.headline(stressed({"lost": "China", "tin": 50, "days": days})).figures
    assert (figures[2].name, figures[2].value) == ("First shortage after the loss of China", said)


def sharing(lost: str, cost: float, alone: float, kind: str = LossKind.EMBARGO) -> Row:
    return {"lost": lost, "kind": kind, "member": "", "cost": cost, "alone_cost": alone}


def test_resale_undoes_an_embargo_that_costs_a_hundredth() -> None:
    """Up to a hundredth of what it costs unshared is next to nothing; beyond it is not."""
    rows = [
        sharing("Chile to A", 1.0e6, 100e6), sharing("Peru to A", 1.01e6, 100e6),
        sharing("China to A", 0.0, 50e6), sharing("Peru to B", 5e6, 5e6),
        sharing("China", 10e6, 70e6, LossKind.COUNTRY), sharing("Peru", 1e6, 2e6, "country"),
    ]  # fmt: skip
    care = StressTest.headline(stressed({"lost": "China", "tin": 50}, sharing=rows)).care
    assert care[1] == (
        "If members did not share the remaining supply, the loss of China would cost 70.0 m USD"
        " instead of 10.0 m USD. 2 of 3 embargoes on one member cost almost nothing, because the"
        " others resell to it. For example, Chile to A costs 1.0 m USD; without resale it would"
        " cost 100.0 m USD."
    )


# ---- the sweep -----------------------------------------------------------------------------------


def test_what_is_not_short_costs_no_tonnes() -> None:
    """A mineral without need loses 0 of 0 t at each point: no point costs tonnes of it."""
    rows = pd.DataFrame([
        {"mineral": m, "value": v, "short": s, "demand": d}
        for m, v, s, d in (
            ("tin", 0.8, 5.0, 100.0), ("tin", 0.6, 7.0, 100.0), ("tin", 0.4, 9.0, 100.0),
            ("zinc", 0.8, 0.0, 0.0), ("zinc", 0.6, 0.0, 0.0),
        )
    ])  # fmt: skip
    free = pd.DataFrame({"mineral": ["tin", "zinc"], "short": [5.0, 0.0]})
    smallest = _smallest_caps(rows, free, {"tin": 0.7})
    assert smallest["costs_from"].fillna(-1).tolist() == [0.6, -1]
    assert smallest["lost"].fillna(-1).tolist() == [2.0, -1]


def swept(*points: tuple[float, float | None, float]) -> Tables:
    """Return a sweep of caps by value, premium and served part of the one mineral's need."""
    rows = [
        {"value": value, "mineral": mineral, "objective": 1e6, "cash": 1e6, "demand": 100.0,
         "served": served, "dearer": premium, "country": "", "trouble": ""}
        for mineral in (ALL, "tin") for value, premium, served in points
    ]  # fmt: skip
    options = about(**{OVER: "cap", BASIS: "demand", YEARS: "2026"})
    return Tables([made(Frontier, *rows), made(SmallestCaps), options])


def test_a_premium_is_more_less_nothing_or_unknown() -> None:
    headline = Sweep.headline(swept((0.9, -0.02, 1.0), (0.5, 0.0, 0.75)))
    assert headline.finding == (
        "At 90 % the coalition pays 2 % less for the same tonnes, and nothing is missing. At 50 %"
        " it pays 0 % more for the same tonnes, and 25 % of the need for tin is missing."
    )
    assert [figure.value for figure in headline.figures] == ["-2 %", "0 %"]
    headline = Sweep.headline(swept((0.9, None, 1.0), (0.5, 0.031, 1.0)))
    assert "At 90 % the coalition pays an amount that is not known, and" in headline.finding
    assert [figure.value for figure in headline.figures] == ["not known", "+3.1 %"]


def test_the_sentence_on_the_same_tonnes_names_the_reference() -> None:
    """One sentence, with or without a reference; the sweep and a comparison say it."""
    assert same_tonnes() == (
        "Costs compare the same tonnes. Nobody pays for tonnes that are missing, so the cash paid"
        " may fall all the same."
    )
    with_reference = "with and without share limits"
    assert same_tonnes(with_reference) in Sweep.headline(swept((0.9, 0.0, 1.0))).care
    assert f"the same tonnes {with_reference}. Nobody" in same_tonnes(with_reference)
    assert premium_words(-0.2) == "20 % less for the same tonnes"


def test_what_is_paid_more_adds_members_up() -> None:
    rows = ({"case": 0.5, "paid_a_year": p, "extra": e} for p, e in ((10.0, 4.0), (5.0, -1.0)))
    assert more_paid(Tables([made(WhoPaysByCap, *rows)]), WhoPaysByCap) == {"0.5": (3.0, 12.0)}
    assert more_paid(Tables([]), WhoPaysByCap) == {}


# ---- who pays by bills ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bills", "said"),
    [
        ({"A": 7e6, "B": 3e6}, ("A pays most for Ban: 2.0 m USD more than in the base, and B gains"
                                " 2.0 m USD.")),
        ({"A": 7e6, "B": 5e6}, "A pays most for Ban: 2.0 m USD more than in the base."),
        ({"A": 6e6, "B": 8e6}, "B pays most for Ban: 3.0 m USD more than in the base."),
        ({"A": 5e6, "B": 5e6}, ""), ({"A": 4e6, "B": 5e6}, ""),
    ],
)  # fmt: skip
def test_who_pays_most_by_bills(bills: dict[str, float], said: str) -> None:
    none = dict.fromkeys("AB", 0.0)
    before = DualBill({"A": 5e6, "B": 5e6}, none)
    table = BillsByScenario.of_bills(
        read(make(jin(), demand={"A": 50.0, "B": 50.0})),
        {"Base": before, "Ban": DualBill(bills, none)},
    )
    assert table is not None
    assert table.sentence("Ban") == (said and f"In bills by shadow prices, {said}")


# ---- regret --------------------------------------------------------------------------------------


def nothing_more(name: str, other: str) -> str:
    return f"Nothing more is missing in {name} than in {other}"


def test_the_scenario_that_is_planned_for_in_vain_at_most_cost() -> None:
    rows = [{"scenario": "Boom", "regret": 1e6, "likely": 0.1},
            {"scenario": "Ban", "regret": 2e6, "likely": None}]  # fmt: skip
    (figure,) = vain_preparation(Tables([made(Regret, *rows)]), "USD", nothing_more)
    assert figure.value == "2.0 m USD"
    assert figure.remark == (
        'if the coalition prepares for "Ban", and it then does not happen. The amount is total'
        " cost, with shortage at its price. Nothing more is missing in Ban (planned for, stays"
        f" away) than in {BASE}."
    )
    (figure,) = vain_preparation(Tables([made(Regret, rows[0])]), "USD", nothing_more)
    assert figure.remark.endswith(" Preparing pays off if the scenario is at least 10.0 % likely.")
    rows = [row | {"regret": 0.0} for row in rows]
    assert vain_preparation(Tables([made(Regret, *rows)]), "USD", nothing_more) == (
        KeyFigure(
            "Preparing in vain costs at most",
            "0 USD",
            "preparing for a scenario that does not happen costs nothing extra.",
        ),
    )
    assert vain_preparation(Tables([]), "USD", nothing_more) == ()


@pytest.mark.parametrize(
    ("surprise", "value", "said"),
    [
        ([0.0, 0.0], "0 USD", "A surprise in 2029 costs nothing extra, whichever scenario comes."),
        ([-1.0, 0.0], "0 USD", "A surprise in 2029 costs nothing extra, whichever scenario comes."),
        (
            [0.5, 0.2],
            "500,000 USD",
            'As a surprise in 2029, "Boom" costs 500,000 USD more than if',
        ),
        (
            [0.5, 0.6],
            "600,000 USD",
            'As a surprise in 2029, "Ban" costs 600,000 USD more than if',
        ),
    ],
)
def test_the_surprise_that_costs_most(surprise: list[float], value: str, said: str) -> None:
    names = ["Boom (unforeseen)", "Ban (unforeseen)"]
    late = pd.DataFrame({"scenario": names, "surprise": surprise})
    (figure,), sentence = surprise_cost(late, "2029", "USD", nothing_more)
    assert (figure.value, sentence[: len(said)]) == (value, said)


# ---- the price of security -----------------------------------------------------------------------


def secured(*minerals: tuple[str, float, list[float]]) -> str:
    """Return the finding of minerals by name, what they cost more, and what is missing by point."""
    rows = [
        {"mineral": m, "value": value, "missing": lost, "dearer": dearer if value == 0.0 else 0.0,
         "tested": "every year"}
        for m, dearer, missing in minerals
        for value, lost in zip((0.5, 0.25, 0.0), missing, strict=True)
    ]  # fmt: skip
    options = about(**{"Country that is lost": "any one country", YEARS: "2026"})
    return price_of_security(pd.DataFrame(rows), "Max short", Tables([options]))[1]


def test_down_to_where_nothing_is_missing() -> None:
    assert secured(("tin", 0.1, [0, 0, 0])) == (
        "Max short: without any one country, no supply is missing down to 0 % of tin; tin costs"
        " 10 % more at 0 %"
    )
    assert secured(("tin", 0.1, [0, 0, 5]), ("zinc", 0.2, [0, 3, 5])) == (
        "Max short: without any one country, no supply is missing down to 25 % of tin and 50 % of"
        " zinc, but some is missing at the next point, 25 % and 0 %; zinc becomes dearest: 20 %"
        " more at 0 %"
    )
    assert secured(("tin", 0.0, [1, 1, 1])) == (
        "Max short: without any one country, some supply is missing at every point"
    )
