"""Claims are computed again by a checker that knows only JSON and sheets; wrong ones fall."""

from __future__ import annotations

import copy

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.results import Field, Look, Name, Result
from planner.render.claims import NoRowsError, SheetRows, UncoveredError, say, text_of
from planner.render.table import table_of
from tests.reference.claims import Sheet, number_in, wrong_claim, wrong_finding


class Sample(Result):
    """Supplies of minerals."""

    GRAIN = ("mineral", "country")
    mineral = Field.text("Mineral", names=Name.MINERAL)
    country = Field.country("Country")
    kept = Field.share("Kept")
    paid = Field.millions("Paid")
    tonnes = Field.tonnes("Tonnes in {last}")


Sample.TABLE = "Sample"  # set last, so that it is not in the catalogue
NAMES = {"CN": "China", "FR": "France", "JP": "Japan"}
WORDS = {"money": "USD", "last": "2035"}
amounts = st.one_of(
    st.none(),
    st.sampled_from([0.0, 1.0, 0.5, -0.25, 1e-9]),
    st.floats(-1e12, 1e12, allow_nan=False).filter(lambda v: v == 0 or abs(v) > 1e-9),
)


@st.composite
def samples(draw):
    """Tables in which cells are blank and equal values are frequent."""
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(["Tin", "Zinc", "Bismuth 2"]), st.sampled_from([*NAMES])),
            min_size=1,
            unique=True,
        )
    )
    rows = [
        {"mineral": m, "country": c, "kept": draw(amounts), "paid": draw(amounts),
         "tonnes": draw(amounts)}
        for m, c in keys
    ]  # fmt: skip
    return Sample.of_rows(rows, words=WORDS)


def selection(sample):
    return SheetRows(sample, NAMES.__getitem__)


def sheets(sample):
    table = table_of(sample, NAMES.__getitem__)
    rows = zip(*(column.values for column in table.columns), strict=True)
    return {table.name: Sheet(table.headers, rows)}


FIELDS = [Sample.kept, Sample.paid, Sample.tonnes]


@given(
    samples(),
    st.sampled_from(FIELDS),
    st.sampled_from(["<", "<=", "=", ">=", ">"]),
    amounts,
    st.sampled_from(
        [{}, {"mineral": "Tin"}, {"country": ["China", "Japan"]}, {"country": {"not": "China"}}]
    ),
)
def test_each_rule_gives_its_value_again(sample, field, op, bound, where) -> None:
    """Also with blanks, equal values, values below 0, and conditions of three kinds."""
    rows, made = selection(sample).where(**where), []
    for rule in (rows.largest, rows.smallest, rows.first, rows.last, rows.sum):
        try:
            made.append(rule(field))
        except NoRowsError:
            assert not any(isinstance(v, float) for v in rows.cells(field))
    for test in (rows.count, rows.all, rows.none):
        try:
            made.append(test(field, op, bound or 0.0))
        except NoRowsError:
            assert test != rows.count or not len(rows)
    made += [c.minus_cell(d) for c in made[:2] for d in made[2:4]]
    assert [why for claim in made for why in wrong_claim(claim.json(), sheets(sample))] == []


@given(samples(), st.sampled_from(FIELDS))
def test_a_sentence_holds(sample, field) -> None:
    """Its template, its slots as rounded, its rows; a country by its name."""
    rows = selection(sample)
    assume(any(v is not None for v in rows.cells(field)))
    top, low = rows.largest(field), rows.count(field, "<=", 0.5)
    said = say("answer", "{top[country]} sells most: {top} of {top[mineral]}.", top=top)
    counted = say(
        "figure", "{low} rows have {low[test]} or less.", name="Low", large="low", low=low
    )
    assert wrong_finding(said.json(), sheets(sample)) == []
    assert wrong_finding(counted.json(), sheets(sample)) == []


TABLE = Sample.of_rows(
    [
        {"mineral": "Tin", "country": "CN", "kept": 0.1642, "paid": 1.1e9, "tonnes": 23_637.0},
        {"mineral": "Zinc", "country": "JP", "kept": 0.5, "paid": -5.24e6, "tonnes": 12.0},
        {"mineral": "Bismuth", "country": "FR", "kept": 0.5, "paid": None, "tonnes": 0.0},
    ],
    words=WORDS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "look", "unit", "text"),
    [
        (0.16424, Look.SHARE, "", "16.4 %"),
        (0.0672, Look.SHARE, "", "6.7 %"),
        (0.05149, Look.SHARE, "", "5.1 %"),
        (0.0004, Look.SHARE, "", "under 0.1 %"),
        (0.9995, Look.SHARE, "", "over 99.9 %"),
        (1.0, Look.SHARE, "", "100 %"),
        (0.0, Look.SHARE, "", "0 %"),
        (-0.052, Look.SHARE, "", "5.2 % less"),
        (17.263, Look.SHARE, "", "1,730 %"),
        (1.1e9, Look.MONEY, "USD", "1.1 bn USD"),
        (-5.24e6, Look.MONEY, "USD", "5.24 million USD less"),
        (1100.0, Look.MILLIONS, "USD m", "1.1 bn USD"),
        (23_637.0, Look.TONNES, "t", "23.6 thousand t"),
        (999_600.0, Look.TONNES, "t", "1 million t"),
        (1_284.0, Look.TONNES, "t", "1,280 t"),
        (0.04213, Look.TONNES, "t", "0.0421 t"),
        (0.0002, Look.PRICE, "USD/t", "under 0.001 USD/t"),
        (2035.0, Look.YEAR, "", "2035"),
        (12, Look.COUNT, "", "12"),
        ("China", Look.TEXT, "", "China"),
    ],
)
def test_a_slot_has_three_digits_and_a_unit(value, look, unit, text) -> None:
    assert text_of(value, look, unit) == text
    if isinstance(value, float) and look is not Look.YEAR:
        assert number_in(text)[3] <= 3


@pytest.mark.parametrize(
    "template",
    [
        "It is 16 % of {top[mineral]}.",
        "Both are short of {top[mineral]}: {top}.",
        "The worst is {top[mineral]}: {top}.",
        "{top} is the least.",
        "Every mineral keeps {top}.",
        "{top} more than Zinc.",
        "{top} and {other}.",
        "{top[kept]} is kept.",
        "{top[gone]} is kept.",
    ],
)
def test_what_no_claim_covers_is_refused(template) -> None:
    rows = selection(TABLE)
    top = rows.largest(Sample.tonnes)
    with pytest.raises(UncoveredError):
        say("answer", template, top=top, other=rows.value(Sample.kept, mineral="Zinc"))


def test_of_equal_rows_the_first_is_named() -> None:
    assert selection(TABLE).largest(Sample.kept)["mineral"] == "Zinc"
    with pytest.raises(NoRowsError):
        selection(TABLE).where(mineral="Lead").largest(Sample.kept)
    with pytest.raises(NoRowsError):
        selection(TABLE).all(Sample.kept, ">", 0.2)


def _true_findings():
    rows = selection(TABLE)
    top, zinc = rows.largest(Sample.tonnes), rows.value(Sample.kept, mineral="Zinc")
    tin = rows.value(Sample.kept, mineral="Tin")
    return [
        say("answer", "Most is bought of {top[mineral]}: {top}.", top=top),
        say(
            "figure",
            "{n} keep {n[test]}.",
            name="Kept",
            large="n",
            n=rows.count(Sample.kept, ">=", 0.5),
        ),
        say(
            "care",
            "{zinc[mineral]} keeps {zinc}, {more} more.",
            zinc=zinc,
            more=zinc.minus_cell(tin),
        ),
        say("decide", "All keep {a[test]}.", a=rows.all(Sample.kept, ">", 0.1)),
        say("care", "{s} are bought.", s=rows.where(mineral={"not": "Tin"}).sum(Sample.tonnes)),
    ]


def _change(number, *path, to):
    def change(findings):
        at = findings[number]
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = to

    return change


WRONG = {
    "value": _change(0, "claims", 0, "value", to=23_600.0),
    "row": _change(0, "claims", 0, "row", to={"Mineral": "Zinc", "Country": "Japan"}),
    "superlative": _change(0, "claims", 0, "rule", to="smallest"),
    "column": _change(0, "claims", 0, "column", to="Kept"),
    "where": _change(4, "claims", 0, "where", to={}),
    "test": _change(3, "claims", 0, "test", to=["Kept", ">", 0.2]),
    "count": _change(1, "claims", 0, "value", to=3),
    "minus": _change(2, "claims", 1, "minus", to={"Mineral": "Bismuth"}),
    "rounding": _change(0, "sentence", to="Most is bought of Tin: 23.7 thousand t."),
    "name": _change(0, "sentence", to="Most is bought of Zinc: 23.6 thousand t."),
    "sheet": _change(0, "claims", 0, "sheet", to="Other"),
    "large print": _change(1, "number", to="3"),
    "digit in the template": _change(0, "template", to="It is {0[Mineral]}: 23.6 thousand t."),
    "name in the template": _change(0, "template", to="Most is bought of Tin: {0}."),
    "no rule": _change(0, "template", to="The least is bought of {0[Mineral]}: {0}."),
    "scale": _change(0, "sentence", to="Most is bought of Tin: 23.6 million t."),
    "unnamed row": _change(0, "claims", 0, "row", to={}),
    "two rows": _change(2, "claims", 0, "row", "Mineral", to="Tin"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_each_kind_of_wrong_claim_falls(kind) -> None:
    there, findings = sheets(TABLE), [each.json() for each in _true_findings()]
    assert [why for each in findings for why in wrong_finding(each, there)] == []
    broken = copy.deepcopy(findings)
    WRONG[kind](broken)
    assert broken != findings
    assert [why for each in broken for why in wrong_finding(each, there)]
