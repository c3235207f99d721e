"""What studies say, on tables made by hand: bounds, one or many, who is named first."""

from __future__ import annotations

import numpy as np
import pytest

from models.answers.cost_sharing import AS_BOUGHT, DUAL_PRICES, EQUAL_SAVINGS
from models.results import About
from planner.studies import bills, ranges, risk, support, under_risk
from planner.studies.kind import YEARS, Tables

USD = {"money": "USD"}


# ---- bills ---------------------------------------------------------------------------------------


BUYS = "If each member pays for what it buys,"
NOR = ". The same holds if costs are split by dual prices."
NOBODY = ". If costs are split by dual prices, no group would do better on its own."
GROUP = "would do better as a group of their own"
UNKNOWN = "It is not known who would do better alone if each member pays for what it buys"
ALONE = "than if each planned alone."
SHORT = "Their shortage costs"
PRICED = "at the price of a missing tonne."


@pytest.mark.parametrize(
    ("cash", "avoided", "words"),
    [
        (2e6, 0.0, f"2.0 m USD less in cash {ALONE}"),
        (-2e6, 0.0, f"2.0 m USD more in cash {ALONE}"),
        (
            0.0,
            5e6,
            f"as much in cash as if each planned alone. {SHORT} 5.0 m USD less, {PRICED}",
        ),
        (
            2e6,
            -5e6,
            f"2.0 m USD less in cash {ALONE} Their shortage costs 5.0 m USD more, {PRICED}",
        ),
    ],
)
def test_what_planning_together_saves(cash: float, avoided: float, words: str) -> None:
    pay = "If the members plan together, they pay"
    assert bills._saved_together(cash, avoided, "USD") == f"{pay} {words}"
    assert "changes nothing in total" in bills._saved_together(0.0, 0.0, "USD")


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (
            "",
            f"{BUYS} no group would do better on its own{NOR}",
        ),
        ("A", f"{BUYS} A would do better alone{NOBODY}"),
        ("A; B", f"{BUYS} A and B {GROUP}{NOBODY}"),
        ("A; B; C; D", f"{BUYS} A, B, C and D {GROUP}{NOBODY}"),
        ("A; B; C; D; E", f"{BUYS} 5 of the 7 members {GROUP}{NOBODY}"),
        (bills.NOT_KNOWN, f"{UNKNOWN}{NOBODY}"),
    ],
)
def test_who_would_leave_a_split(group: str, words: str) -> None:
    pairs = {AS_BOUGHT: group, EQUAL_SAVINGS: "A; B", DUAL_PRICES: ""}
    groups = bills.Groups.of_rows([{"rule": r, "group": g} for r, g in pairs.items()])
    assert bills._who_leaves(groups, 7) == words


def test_the_dearest_wishes_are_named_first() -> None:
    rows = [
        {
            "member": f"M{i}",
            "wish": "a limit",
            "costs_it": i * 1e6,
            "others": 0.0,
            "whole": i * 1e6,
        }
        for i in range(6)
    ]
    wished = [*bills._requirement_costs(bills.OwnRequirements.of_rows(rows), "USD")]
    assert [text.split(" (")[0] for text in wished] == [
        f"M{i}'s own requirements" for i in (5, 4, 3, 2)
    ]
    assert wished[0].endswith("cost it 5.0 m USD and the others 0 USD.")


# ---- ranges --------------------------------------------------------------------------------------


def ranges_of(*rows: tuple[str, str, float, float, str]) -> str:
    """The finding of ranges by mineral, supplier, share now and least."""
    table = ranges.Ranges.of_rows(
        [
            {"mineral": m, "supplier": s, "now_share": now, "least_share": least,
             "most_share": now, "verdict": verdict}
            for m, s, now, least, verdict in rows
        ]
    )  # fmt: skip
    about = About(what=[ranges.SLACK], value=["1 % of each mineral's own cash"])
    return ranges.RangesStudy.headline(Tables([table, about])).finding


def test_whose_share_could_fall_furthest_is_named_and_whose_cannot() -> None:
    free, fixed = ranges.CHOICE, ranges.FACT
    small = ("tin", "China", ranges.POINT, 0.0, free)
    large = ("zinc", "Peru", 0.6, 0.2, free)
    said = (
        "If the coalition pays 1 % more for zinc, Peru's share of demand could fall from 60.0 %"
        " to 20.0 %."
    )
    assert ranges_of(small, large) == said
    assert ranges_of(small).startswith("If the coalition pays 1 % more for tin, China's share")
    one, two = ("lead", "Peru", 0.4, 0.4, fixed), ("iron", "Chile", 0.7, 0.7, fixed)
    end = "can't fall by even 1 percentage point for 1 % more cash."
    assert ranges_of(large, one) == f"{said} Peru's share of lead {end}"
    assert ranges_of(large, two) == f"{said} Chile's share of iron {end}"
    assert ranges_of(large, one, ("tin", "Peru", 0.5, 0.5, fixed)) == (
        f"{said} Peru's shares of tin and lead {end}"
    )
    assert ranges_of(large, one, two) == (
        f"{said} The largest suppliers' shares of iron and lead {end}"
    )
    assert ranges_of(one).startswith("No mineral's largest supplier could sell less, even if")


# ---- risk ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "words"),
    [(19, "too few to have a worst 5 %"), (20, "1 draw, too few"), (399, "19 draws"), (400, "")],
)
def test_when_draws_are_too_few(count: int, words: str) -> None:
    assert (words in risk._too_few(count)) if words else not risk._too_few(count)


def test_a_figure_just_as_far_as_chance_reaches_is_not_distinguishable() -> None:
    one, bound = np.ones(3), np.array([risk._SIGNIFICANT, risk._SIGNIFICANT * 1.001, -2.0])
    assert risk.significant(bound, one, one * 0.0, one) == [
        "neither", "cost alone", "cost alone",
    ]  # fmt: skip
    assert risk.significant(bound[1:2], one[:1], bound[1:2], one[:1]) == ["cost and shortage"]


def test_the_likeliest_shortage_is_listed_first() -> None:
    rows = [
        {"mineral": m, "plan": plan, "more": more}
        for m, more in (("tin", 0.1), ("zinc", 0.4), ("lead", 0.0))
        for plan in (risk.AGREED, risk.REPLANNED)
    ]
    table = risk._rows_of(risk.RiskByMineral.of_rows(rows), risk.AGREED)
    assert list(table.ranked(risk.RiskByMineral.more).mineral) == ["zinc", "tin"]


# ---- support -------------------------------------------------------------------------------------


def test_plants_at_the_bound_are_cheap_and_the_dearest_is_named() -> None:
    parts = (support._SMALL, support._SMALL * 1.1, 0.5)
    rows = [
        {"mineral": "tin", "plant": f"P{i}", "home": support.HOME, "of_price": part,
         "payment": 100.0 * part, "helps": support.ALL_YEARS}
        for i, part in enumerate(parts)
    ]  # fmt: skip
    tables = Tables([support.Plants.of_rows(rows, words=USD), About(what=[YEARS], value=["2026"])])
    headline = support.SupportStudy.headline(tables)
    assert headline.finding == (
        "3 plants in the coalition are idle. A payment of at most 1 % of the mineral's price would"
        " make 1 of them run, if each is paid alone. Relative to the price, P2 (tin) needs the"
        " highest payment: 50 USD/t, or 50 % of the price."
    )
    first = support.SupportStudy.pictures(tables)[0]
    assert first.categories == ("tin: P0, 1 %",)


# ---- under risk ----------------------------------------------------------------------------------


def decision(kind: str, who: str, plain: dict[int, float], risky: dict[int, float]):
    years = sorted({*plain, *risky})
    return [
        {"what": kind, "mineral": "tin", "who": who, "year": year,
         "plain_t": plain.get(year, 0.0), "under_risk_t": risky.get(year, 0.0)}
        for year in years
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (decision("built", "Oulu tin", {2030: 10.0}, {2028: 10.0}),
         "Build Oulu tin 2 years earlier"),
        (decision("built", "Oulu", {2028: 10.0}, {2029: 10.0}), "Build Oulu (tin) 1 year later"),
        (decision("built", "Oulu tin", {2028: 10.0}, {2028: 12.0}), "Build Oulu tin larger"),
        (decision("built", "Oulu tin", {2028: 10.0}, {}), "Do not build Oulu tin"),
        (decision("built", "Oulu tin", {}, {2028: 10.0}), "Build Oulu tin"),
        (decision("built", "Tin A", {2028: 9.0}, {2028: 5.0})
         + decision("built", "Tin B", {2028: 9.0}, {2027: 9.0}),
         "Build Tin A smaller and Tin B 1 year earlier"),
        (decision("bought", "Peru", {2026: 5.0}, {2026: 6.0}), "Buy more tin from Peru in 2026"),
        (decision("taken", "Peru: A", {2026: 5.0}, {2026: 4.0}),
         "Take less tin from Peru: A in 2026"),
        (decision("in stock at the end of the year", "A", {2026: 5.0}, {2026: 6.0}),
         "Keep more tin in stock in A"),
    ],
)  # fmt: skip
def test_what_to_decide_otherwise_in_words(rows, words: str) -> None:
    assert under_risk._advice(rows, 2) == words


def test_the_saving_is_called_unsure_from_its_own_size_on() -> None:
    for error, is_unsure in ((0.0, False), (4.9, False), (5.0, True)):
        care = " ".join(under_risk._care({"error": error, "vss": 5.0}, 100, [1, 2]))
        assert ("no larger than its margin of error" in care) == is_unsure, error
    for futures, words in ((1, "1 future is too few"), (9, "9 futures are too few")):
        care = next(under_risk._care({"error": None, "vss": 5.0}, futures, []))
        assert care.startswith(f"{words} to say how sure the saving is")


def test_missing_is_of_the_mineral_for_which_the_plans_differ_most() -> None:
    rows = [("tin", 0.0, 50.0, 50.0), ("zinc", 0.0, 10.0, 30.0), ("lead", 0.0, 5.0, 6.0)]
    names = ("mineral", "informed", "risky", "plain")
    made = [dict(zip(names, row, strict=True)) | {"demand": 100.0} for row in rows]
    tables = Tables([under_risk.Expected.of_rows(made)])
    assert under_risk._missing(tables) == (
        "10 % of zinc",
        "30 % in the plain plan, as a share of the need in all years.",
    )
    tables = Tables([under_risk.Expected.of_rows(made[:1])])
    assert under_risk._missing(tables) == (
        "50 % of tin",
        "as in the plain plan, as a share of the need in all years.",
    )
