"""Events by chance: hand-computed draws of a case of two refiners, and what a sample says.

Jin of China sells 100 t at 10, Sur of Chile 100 t at 20; A needs 100 t a year, and a tonne short
costs 500. Agreed is all from Jin, 1,000 a year. Where Jin's lanes close for a year, Sur may surge
to 20 t: 20 x 20 + 80 x 500 = 40,400 as agreed, and 100 x 20 = 2,000 where it was foreseen.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest

from models.case import CaseStep, CaseSteps, Selection
from models.errors import SolverError, UsageError
from models.plan import solve as solve_case
from models.plan.solving import case_of, linked_minerals
from models.schema import ScenarioStep
from planner.scenarios.actions import ActionKind
from planner.studies import Here, Run
from planner.studies.draws import (
    AS_AGREED,
    REPLANNED,
    Chances,
    RiskResults,
    Surge,
    draws,
    foreseen,
    plan_draws,
    runs_of_years,
    surprise,
)
from planner.studies.kind import Tables
from planner.studies.places import Processes
from planner.studies.risk import RiskStudy, _too_few_draws
from planner.studies.risk_tables import (
    MORE,
    Draws,
    Events,
    RiskByMineral,
    draw_rows,
    event_effects,
    risk_by_mineral,
    risk_measures,
)
from planner.studies.spread import chance, conditional_value_at_risk, estimated_effects, spread
from planner.workbook import read_tables
from planner.workbook.template import template_tables
from tests.models.desk import Row, jin, make, read, sur
from tests.reference.cases import random_book

YEARS = (2026, 2027)
HIT, FORESEEN = 39_400.0, 1_000.0
"""What a year without Jin adds to the cost, as agreed and re-planned."""


def event(probability: float, name: str = "Ban", **cells: object) -> Row:
    """A row of Risks: China's lanes close."""
    row = {
        "Event": name,
        "Action": "block lanes",
        "Country": "China",
        "Value": None,
        "First year": None,
        "Duration (yr)": None,
        "Yearly probability": probability,
    }
    return row | {header.replace("_", " "): value for header, value in cells.items()}


def studied(
    *rows: Row, number: int = 40, years=YEARS, keep_caps=False, surge=0.2, **more
) -> RiskResults:
    """The study of the two refiners, run here."""
    case = read(make(jin(), sur(), years=years, Risks=list(rows), **more))
    return plan_draws(case, Chances(number, 3, surge, keep_caps), Here())


# ---- by hand -----------------------------------------------------------------------------------


def test_an_event_that_never_happens_changes_nothing() -> None:
    found = studied(event(0.0))
    for sample in found.samples:
        assert sample.objective.tolist() == [2_000.0] * 40
        assert sample.cash.tolist() == [2_000.0] * 40
        assert not sample.short.any()
    assert found.distinct_draws == 1
    assert len(found.outcomes) == 2  # the case without an event, once a plan


def test_an_event_that_always_happens_hits_every_year() -> None:
    found = studied(event(1.0))
    assert found.as_agreed.objective == pytest.approx([2_000 + 2 * HIT] * 40)
    assert found.as_agreed.cash == pytest.approx([2 * 20 * 20] * 40)
    assert found.as_agreed.short[:, 0, 0] == pytest.approx([160.0] * 40)
    assert found.replanned.objective == pytest.approx([2_000 + 2 * FORESEEN] * 40)
    assert not found.replanned.short.any()
    told = risk_measures(found).frame().set_index(["measure", "plan"])
    assert told.loc[(MORE, AS_AGREED), "mean"] == 1.0
    assert told.loc[(MORE, REPLANNED), "mean"] == 0.0
    assert told.loc[("Missing, all minerals, share of need", AS_AGREED), "mean"] == pytest.approx(
        0.8
    )


def test_the_mean_of_many_draws_is_the_binomial_expectation() -> None:
    """Years hit are binomial (2, 0.3): mean 0.6, and none with probability 0.49."""
    found = studied(event(0.3), number=600)
    hit = [len(dict(draw.under_way).get("Ban", ())) for draw in found.draws]
    for sample, adds in ((found.as_agreed, HIT), (found.replanned, FORESEEN)):
        assert sample.objective == pytest.approx([2_000 + adds * years for years in hit])
        exact, sd = 2_000 + 0.6 * adds, adds * math.sqrt(2 * 0.3 * 0.7)
        of = spread(sample.objective)
        assert of.error == pytest.approx(sd / math.sqrt(600), rel=0.1)
        assert abs(of.mean - exact) < 3 * of.error
    (row,) = risk_by_mineral(found).frame().query("plan == @AS_AGREED").to_dict("records")
    assert row["short"] == row["more"] == np.mean(np.array(hit) > 0)
    assert abs(row["more"] - 0.51) < 3 * math.sqrt(0.51 * 0.49 / 600)
    assert row["least"] < 0.51 < row["most"]
    assert row["mean"] == pytest.approx(80 * np.mean(hit))
    assert found.distinct_draws == 4
    assert len(found.outcomes) == 8  # four sets of years, two plans


def test_what_a_year_of_an_event_adds() -> None:
    """Two events that never hurt the same years of one another: exact in every draw."""
    found = studied(
        event(0.3, "Ban", Last_year=2026), event(0.4, "Later", First_year=2027), number=60
    )
    rows = event_effects(found).frame().set_index("event")
    assert rows["probability"].tolist() == [0.3, 0.4]
    assert 0 < rows.loc["Ban", "drawn"] < 1
    # an event is under way in years in which its row does not hold: a year of it adds half, about
    assert 0.2 * HIT < rows.loc["Ban", "cost_agreed"] < 0.8 * HIT
    assert 0 < rows.loc["Ban", "cost_error_agreed"] < HIT


def test_share_limits_are_waived_in_years_with_an_event_alone() -> None:
    """At most 60 t a country: agreed is 60 + 40 t, 1,400 a year; Sur may surge to 40 + 50 t.

    Hit in 2027 alone, Sur gives 90 t where limits are waived, 60 where they are kept. 2026 is as
    agreed in both, though all from Jin would be cheaper.
    """
    limit = {"Limit": "max", "Supplier group": "country", "Share": 0.6}
    for keep, sold in ((False, 90.0), (True, 60.0)):
        found = studied(
            event(1.0, First_year=2027),
            number=1,
            keep_caps=keep,
            surge=0.5,
            Share_limits=[limit],
        )
        cost = 1_400 + sold * 20 + (100 - sold) * 500
        assert found.as_agreed.objective == pytest.approx([cost])
        assert found.replanned.objective == pytest.approx([1_400 + 60 * 20 + 40 * 500])


def test_nothing_is_stored_in_expectation_of_an_event() -> None:
    """Re-planned stores 80 t of 2026 for 2027 and buys 20 t of Sur more; as agreed cannot know."""
    pile = {"Mineral": "copper", "Member": "A", "Max (t)": 80, "Opening (t)": 0, "Target (t)": 0}
    found = studied(event(1.0, First_year=2027), number=1, Stockpiles=[pile])
    assert found.as_agreed.short[0, 0, 0] == pytest.approx(80)
    assert found.replanned.short[0, 0, 0] == pytest.approx(0)


def test_what_was_short_anyway_stays_in_the_figures() -> None:
    """50 t are short in 2027 with no event; the ban adds what Jin sold."""
    found = studied(event(1.0, First_year=2027), number=1, demand={"A": [100, 250]})
    assert found.base_totals.short.sum() == pytest.approx(50)
    assert found.as_agreed.short.sum() == pytest.approx(50 + 100)
    assert found.replanned.short.sum() == pytest.approx(150)


def test_a_built_plant_is_paid_for_though_it_cannot_sell() -> None:
    """The plant of the agreed plan stands; who knew beforehand would not have built it."""
    plant = {
        "Project": "P",
        "Refiner": "P",
        "Mineral": "copper",
        "Country": "China",
        "Capacity (t/yr)": 100,
        "Capex (USD m)": 0.001,
        "Cost (USD/t)": 1,
        "First year": 2026,
        "Life (yr)": 2,
    }
    money = {"Cost of capital": 0}
    found = studied(event(1.0), number=1, Projects=[plant], settings=money)
    capital = 1_000.0
    assert found.base_totals.objective == pytest.approx(2 * 100 + capital)
    assert found.as_agreed.objective == pytest.approx([capital + 2 * (20 * 20 + 80 * 500)])
    assert found.replanned.objective == pytest.approx([2 * 2_000])


def test_re_planned_is_no_dearer_where_share_limits_are_kept() -> None:
    """Known beforehand and free in what to build: the lower bound. Without a price for security."""
    case = read_tables(template_tables()).case.change(security=())
    found = plan_draws(case, Chances(30, 2, keep_caps=True), Here())
    assert (found.replanned.objective <= found.as_agreed.objective * (1 + 1e-6)).all()
    calm = [i for i, draw in enumerate(found.draws) if not draw.hits]
    assert calm
    for sample in found.samples:
        assert sample.objective[calm] == pytest.approx(found.base.objective)
        assert sample.cash[calm] == pytest.approx(found.base.cash)


def test_a_workbook_without_events_says_how_to_add_them() -> None:
    with pytest.raises(UsageError, match="--with Risks"):
        plan_draws(read(make(jin(), sur())), Chances(1), Here())


@dataclass(frozen=True)
class Unsolved:
    """A change to a case that has no plan."""

    def __call__(self, case):
        msg = "no proven optimum"
        raise SolverError(msg)


def test_a_draw_without_a_plan_is_left_out(monkeypatch) -> None:
    """The others stand, and the figures are theirs."""
    from planner.studies import draws as study

    case = read(make(jin(), sur(), years=YEARS, Risks=[event(0.5)]))
    whole = plan_draws(case, Chances(30, 3), Here())

    def faulty(case, hits, *more, **how):
        change = surprise(case, hits, *more, **how)
        return change if len(hits) < 2 else Unsolved()

    monkeypatch.setattr(study, "surprise", faulty)
    found = plan_draws(case, Chances(30, 3), Here())
    both = np.array([len(draw.hits) == 2 for draw in found.draws])
    assert 0 < both.sum() < 30
    assert found.as_agreed.is_known.tolist() == (~both).tolist()
    assert found.replanned.is_known.all()
    told = risk_measures(found).frame().set_index(["measure", "plan"])
    mean = told.loc[("Total cost", AS_AGREED), "mean"]
    assert mean == pytest.approx(whole.as_agreed.objective[~both].mean())
    assert draw_rows(found).frame()["cost_agreed"].isna().tolist() == both.tolist()
    assert not risk_by_mineral(found).frame()["mean"].isna().any()


def stop_half_way(progress) -> None:
    """Ctrl-C as the re-planned half begins."""
    if progress.done == progress.total // 2:
        raise KeyboardInterrupt


def test_what_is_finished_is_kept_at_ctrl_c() -> None:
    case = read(make(jin(), sur(), years=YEARS, Risks=[event(0.5)]))
    found = plan_draws(case, Chances(20, 3), Here(), stop_half_way)
    assert found.as_agreed.is_known.all()
    assert not found.replanned.is_known.any()
    told = risk_measures(found).frame().set_index(["measure", "plan"])
    assert told.loc[("Total cost", AS_AGREED), "mean"] > 2_000
    assert math.isnan(told.loc[("Total cost", REPLANNED), "mean"])
    assert math.isnan(told.loc[(MORE, REPLANNED), "mean"])
    assert len(risk_by_mineral(found)) == 2
    assert event_effects(found).frame()["cost_replanned"].isna().all()
    assert isinstance(found.stopped, KeyboardInterrupt)
    assert {outcome.ran for outcome in found.outcomes} == {True, False}


# ---- draws -------------------------------------------------------------------------------------


def risky(*rows: Row, years=tuple(range(2026, 2036))):
    """A case of ten years."""
    return read(make(jin(), sur(), years=years, Risks=list(rows)))


def test_a_draw_does_not_depend_on_how_many_are_made() -> None:
    case = risky(event(0.2), event(0.1, "Strike"))
    assert draws(case, 50, 7)[:20] == draws(case, 20, 7)
    assert draws(case, 20, 7) != draws(case, 20, 8)


def test_an_event_at_the_end_leaves_the_others_as_they_are() -> None:
    one = draws(risky(event(0.2)), 30, 1)
    two = draws(risky(event(0.2), event(0.5, "Strike")), 30, 1)
    bans = [dict(draw.under_way).get("Ban") for draw in two]
    assert bans == [dict(draw.under_way).get("Ban") for draw in one]


def test_a_likelier_event_happens_in_the_same_draws_and_more() -> None:
    """What is drawn is compared across probabilities like for like."""
    rare, often = draws(risky(event(0.1)), 40, 1), draws(risky(event(0.3)), 40, 1)
    assert all(set(a.hits) <= set(b.hits) for a, b in zip(rare, often, strict=True))
    assert sum(len(d.hits) for d in rare) < sum(len(d.hits) for d in often)


def test_an_event_lasts_its_years_within_the_horizon() -> None:
    begun, lasting = (draws(risky(event(0.1, Duration_yr=1)), 60, 4), None)
    rows = event(0.1) | {"Duration (yr)": 3}
    lasting = draws(risky(rows), 60, 4)
    for one, three in zip(begun, lasting, strict=True):
        years = {y for _, of in one.under_way for y in of}
        held = {y for _, of in three.under_way for y in of}
        assert held == {y + i for y in years for i in range(3) if y + i <= 2035}


def test_years_and_events_are_drawn_apart_as_often_as_their_probabilities() -> None:
    case = risky(event(0.2), event(0.1, "Strike"))
    found = draws(case, 2_000, 1)
    for name, probability in (("Ban", 0.2), ("Strike", 0.1)):
        for year in case.years:
            often = np.mean([year in dict(d.under_way).get(name, ()) for d in found])
            assert abs(often - probability) < 4 * math.sqrt(probability * (1 - probability) / 2_000)
    both = np.mean([2030 in dict(d.under_way).get("Ban", ()) and
                    2030 in dict(d.under_way).get("Strike", ()) for d in found])  # fmt: skip
    assert abs(both - 0.02) < 4 * math.sqrt(0.02 * 0.98 / 2_000)


def test_years_in_words() -> None:
    assert runs_of_years((2026, 2028, 2029, 2030)) == "2026, 2028-2030"


def test_here_and_in_two_processes_the_same() -> None:
    case = read_tables(template_tables()).case
    one = plan_draws(case, Chances(25, 5), Here())
    two = plan_draws(case, Chances(25, 5), Processes(2))
    for a, b in zip(one.samples, two.samples, strict=True):
        assert a.objective.tolist() == b.objective.tolist()
        assert a.cash.tolist() == b.cash.tolist()
        assert a.short.tolist() == b.short.tolist()
    assert [o.name for o in one.outcomes] == [o.name for o in two.outcomes]


# ---- what a sample says ------------------------------------------------------------------------


def test_spread_of_a_known_sample() -> None:
    """1 to 20, in any order: Excel's PERCENTILE.INC gives 1.95, 10.5 and 19.05."""
    of = spread(np.random.default_rng(1).permutation(np.arange(1.0, 21.0)))
    assert (of.mean, of.middle) == (10.5, 10.5)
    assert (of.low, of.high) == pytest.approx((1.95, 19.05))
    assert of.error == pytest.approx(math.sqrt(35) / math.sqrt(20))
    assert of.tail == pytest.approx(20)  # the worst 5 % are one draw
    assert math.isnan(of.high_to)  # twenty draws cannot bound the 95th percentile from above


@pytest.mark.parametrize(
    ("level", "mean"),
    [(0.9, 10.0), (0.8, 9.5), (0.5, 8.0), (0.85, (10 + 0.5 * 9) / 1.5), (0.95, 10.0), (0.0, 5.5)],
)
def test_mean_of_the_worst_part(level, mean) -> None:
    """Of 1 to 10; 15 % of ten draws are the tenth and half of the ninth."""
    sample = np.arange(10.0, 0.0, -1.0)
    assert conditional_value_at_risk(sample, level)[0] == pytest.approx(mean)
    around = np.linspace(0, 11, 2201)
    of = [v + np.maximum(0, sample - v).sum() / ((1 - level) * 10) for v in around]
    assert min(of) == pytest.approx(mean)  # the formula of Rockafellar and Uryasev


def test_the_percentile_lies_in_its_interval() -> None:
    """Of 1,000 draws, the 936th to the 965th: 950 +- 1.96 x sqrt(1000 x 0.95 x 0.05)."""
    of = spread(np.arange(1.0, 1001.0))
    assert (of.high_from, of.high_to) == (936.0, 965.0)
    assert of.low <= of.middle <= of.high <= of.tail


def test_interval_holds_the_percentile_as_often_as_it_says() -> None:
    """Of uniform samples, whose 95th percentile is 0.95."""
    rng = np.random.default_rng(3)
    held = [(of := spread(rng.random(400))).high_from <= 0.95 <= of.high_to for _ in range(400)]
    assert 0.92 <= np.mean(held) <= 0.99


def test_a_chance_and_its_interval() -> None:
    """Wilson: none of 100 is at most 3.84 / 103.84."""
    none = chance(0, 100)
    assert (none.share, none.least) == (0.0, 0.0)
    assert none.most == pytest.approx(3.8415 / 103.8415, rel=1e-4)
    assert chance(50, 100).error == pytest.approx(0.05)
    assert chance(100, 100).most == 1.0


def test_what_one_of_each_adds() -> None:
    """5 + 2 a + 3 b, exactly; of what never varies nothing is known."""
    counts = np.array([[*pair, 0.0, 1.0] for pair in itertools.product(range(3), range(4))])
    found, errors = estimated_effects(5 + counts @ [2.0, 3.0, 9.0, 9.0], counts)
    assert found[:2] == pytest.approx([2, 3])
    assert errors[:2] == pytest.approx([0, 0], abs=1e-9)
    assert np.isnan(found[2:]).all()


# ---- parts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_the_parts_of_a_case_cost_what_it_costs(seed) -> None:
    """Whatever the case: minerals, money and shortage are those of the parts together."""
    case = read_tables(random_book(np.random.default_rng([41, seed]), 3)).case
    split = linked_minerals(case)
    assert sorted(name for of in split for name in of) == sorted(m.name for m in case.minerals)
    whole = solve_case(case)
    plans = [solve_case(case_of(case, of)) for of in split]
    assert sum(p.objective for p in plans) == pytest.approx(whole.objective, rel=1e-6, abs=1e-3)
    assert sum(p.cash for p in plans) == pytest.approx(whole.cash, rel=1e-4, abs=1)


def test_changes_can_be_sent() -> None:
    """To another process: equal after the journey."""
    import pickle

    step = ScenarioStep(name="X", action="block lanes", first_year=2026, last_year=2026)
    kinds = Surge((("Jin", "", "copper", 2026, 5.0),)), ActionKind(step)
    change = CaseSteps(tuple(CaseStep(kind, Selection(years=frozenset({2026}))) for kind in kinds))
    assert pickle.loads(pickle.dumps(Run("x", change))) == Run("x", change)
    case = read_tables(template_tables()).case
    sent = pickle.loads(pickle.dumps(foreseen(case, ((0, case.years[0]),))))
    assert sent(case) == foreseen(case, ((0, case.years[0]),))(case) != case


def test_a_sample_without_a_worst_twentieth_says_so() -> None:
    """Below twenty draws there is no such part; of a few it is counted; of many nothing is said."""
    assert _too_few_draws(10).startswith("too few to have a worst 5 %")
    assert _too_few_draws(19).startswith("too few to have a worst 5 %")
    assert _too_few_draws(20).startswith("the worst 5 % are 1 draw,")
    assert _too_few_draws(100).startswith("the worst 5 % are 5 draws,")
    assert _too_few_draws(399).startswith("the worst 5 % are 19 draws,")
    assert _too_few_draws(400) == ""


@pytest.mark.parametrize("penalty", [0.0, 3.0])
def test_what_no_event_costs_less_than_the_plan_is_said(penalty: float) -> None:
    """80 of Jin's 100 t may not be missing: at 3 a tonne this is a penalty of the plan alone."""
    row = {"Max short": 0.2, "Penalty (USD/t)": penalty, "Lost country": "China"}
    book = make(jin(100), demand=100, Risks=[event(0.5)]) | {"Security": [row]}
    found = plan_draws(read(book), Chances(4, 1), Here())
    assert found.left_out == pytest.approx(80 * penalty)
    assert found.base.objective - found.base_totals.objective == pytest.approx(80 * penalty)


@pytest.mark.parametrize(
    ("other", "is_hardest"), [(0.1, True), (0.19, True), (0.1999, False), (0.2, False)]
)
def test_no_mineral_is_hit_hardest_and_no_event_most_probable_among_equals(
    other: float, is_hardest: bool
) -> None:
    words = {"money": "USD"}
    minerals = [
        {"mineral": name, "plan": AS_AGREED, "further": part, "share": part}
        for name, part in (("tin", 0.2), ("zinc", other))
    ]
    events = [{"event": name, "probability": p} for name, p in (("Ban", 0.2), ("War", other))]
    made = [RiskByMineral.of_rows(minerals, words=words), Events.of_rows(events, words=words)]
    made.append(Draws.of_rows([{"cost_agreed": 1.0}], words=words))
    found = [s.text for s in RiskStudy.findings(Tables(made))]
    assert any(s.startswith("Events hit tin hardest") for s in found) is is_hardest
    assert any(s.startswith("Most probable is Ban") for s in found) is is_hardest
    assert (
        any(s.startswith("On average, 20 % of the need for tin") for s in found) is not is_hardest
    )
