"""Claims are computed again by a checker that knows only JSON and sheets; wrong ones fall."""

from __future__ import annotations

import copy

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.results import About, Field, Format, Name, Result
from planner.render.claims import NoRowsError, SheetRows, UncoveredError, say, text_of
from planner.render.front import FirstPage
from planner.render.table import table_of
from planner.render.xlsx import write_workbook
from tests.reference.claims import (
    Sheet,
    number_in,
    read_workbook,
    wrong_claim,
    wrong_finding,
    wrong_findings,
    wrong_page,
    wrong_tables,
)


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
    ("value", "fmt", "unit", "text"),
    [
        (0.16424, Format.SHARE, "", "16.4 %"),
        (0.0672, Format.SHARE, "", "6.7 %"),
        (0.05149, Format.SHARE, "", "5.1 %"),
        (0.0004, Format.SHARE, "", "under 0.1 %"),
        (0.9995, Format.SHARE, "", "over 99.9 %"),
        (5e-7, Format.SHARE, "", "0 %"),
        (2e-6, Format.SHARE, "", "under 0.1 %"),
        (1 - 5e-7, Format.SHARE, "", "100 %"),
        (0.995, Format.SHARE, "", "99.5 %"),
        (1.0, Format.SHARE, "", "100 %"),
        (0.0, Format.SHARE, "", "0 %"),
        (-0.052, Format.SHARE, "", "5.2 % less"),
        (17.263, Format.SHARE, "", "1,730 %"),
        (1.1e9, Format.MONEY, "USD", "1.1 bn USD"),
        (-5.24e6, Format.MONEY, "USD", "5.24 million USD less"),
        (1100.0, Format.MILLIONS, "USD m", "1.1 bn USD"),
        (23_637.0, Format.TONNES, "t", "23.6 thousand t"),
        (999_600.0, Format.TONNES, "t", "1 million t"),
        (1_284.0, Format.TONNES, "t", "1,280 t"),
        (0.04213, Format.TONNES, "t", "0.0421 t"),
        (0.0002, Format.PRICE, "USD/t", "under 0.001 USD/t"),
        (2035.0, Format.YEAR, "", "2035"),
        (12, Format.COUNT, "", "12"),
        ("China", Format.TEXT, "", "China"),
    ],
)
def test_a_slot_has_three_digits_and_a_unit(value, fmt, unit, text) -> None:
    assert text_of(value, fmt, unit) == text
    if isinstance(value, float) and fmt is not Format.YEAR:
        assert number_in(text)[2] <= 3


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
    other = {"other": rows.value(Sample.kept, mineral="Zinc")} if "{other}" in template else {}
    with pytest.raises(UncoveredError):
        say("answer", template, top=top, **other)


def test_of_equal_rows_the_first_is_named() -> None:
    assert selection(TABLE).largest(Sample.kept)["mineral"] == "Zinc"
    with pytest.raises(NoRowsError):
        selection(TABLE).where(mineral="Lead").largest(Sample.kept)
    with pytest.raises(NoRowsError):
        selection(TABLE).all(Sample.kept, ">", 0.2)


# ---- wrong claims fall -----------------------------------------------------------------------


ASKED = About.of({"Country": "China", "Last year": (2035, Format.YEAR)})


def _true_findings():
    rows, asked = selection(TABLE), SheetRows(ASKED)
    top, zinc = rows.largest(Sample.tonnes), rows.value(Sample.kept, mineral="Zinc")
    tin, last = rows.value(Sample.kept, mineral="Tin"), asked.value(About.value, what="Last year")
    kept = rows.count(Sample.kept, ">=", 0.5)
    return [
        say("answer", "Most is bought of {top[mineral]}: {top}.", top=top),
        say("answer", "No mineral keeps more than {n[test]}.", n=rows.none(Sample.kept, ">", 0.9)),
        say("figure", "{n} keep {n[test]}.", name="Kept", large="n", n=kept),
        say(
            "figure",
            "{low[mineral]} costs least, {low}, in {last}.",
            name="Cost",
            large="low",
            low=rows.smallest(Sample.paid),
            last=last,
        ),
        say(
            "decide",
            "{zinc[mineral]} keeps {zinc}, {more} more.",
            zinc=zinc,
            more=zinc.minus_cell(tin),
        ),
        say("decide", "All keep {a[test]}.", a=rows.all(Sample.kept, ">", 0.1)),
        say("care", "{s} are bought.", s=rows.where(mineral={"not": "Tin"}).sum(Sample.tonnes)),
        say(
            "care",
            "The first is {one[mineral]}: {one}; the last is paid {two}.",
            one=rows.where(mineral=["Zinc", "Tin"]).first(Sample.kept),
            two=rows.where(mineral=["Tin"]).last(Sample.paid),
        ),
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The findings in a workbook: their JSON, the first page, the other sheets."""
    path = tmp_path_factory.mktemp("claims") / "made.xlsx"
    said = tuple(_true_findings())
    front = FirstPage("Sample", "How much is kept?", said)
    tables = [table_of(TABLE, NAMES.__getitem__), table_of(ASKED)]
    write_workbook(path, tables, (), "Sample", front=front)
    assert wrong_findings([each.json() for each in said], path) == []
    return [each.json() for each in front.findings], *read_workbook(path)


def _set(*path, to):
    """Change a finding, or a part of it: the number of the finding comes first."""

    def change(made):
        at = made[0]
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = to

    return change


def _said(number, was, now):
    """Change a sentence on all surfaces: in JSON and in its cell."""

    def change(made):
        findings, page, _ = made
        finding = findings[number]
        old, new = finding["sentence"], finding["sentence"].replace(was, now)
        assert old != new
        page.texts = [(r, c, new if text == old else text) for r, c, text in page.texts]
        finding["sentence"] = new
        if "number" in finding:
            finding["number"] = finding["number"].replace(was, now)

    return change


def _template(number, was, now):
    """Write a part of a template outside its slots: in JSON, its sentence and its cell."""

    def change(made):
        _said(number, was, now)(made)
        assert was in made[0][number]["template"]
        made[0][number]["template"] = made[0][number]["template"].replace(was, now)

    return change


def _cell(sheet, row, header, to):
    def change(made):
        made[2][sheet].rows[row][header] = to

    return change


def _page(change):
    def changed(made):
        page = made[1]
        page.texts, page.links = change(page.texts, page.links)

    return changed


def _claim(number, *path, to, claim=0):
    return _set(number, "claims", claim, *path, to=to)


_OTHER = {"sheet": "Sample", "column": "Paid (USD m)", "row": {"Mineral": "Tin"}}
_TEXT = {"sheet": "About", "column": "Value", "row": {"What": "Country"}}
_ZINC = {"Mineral": "Zinc", "Country": "Japan"}
WRONG = {
    "value": [
        _claim(0, "value", to=23_600.0), _claim(1, "value", to=False), _claim(2, "value", to=3),
        _claim(3, "value", to=-5.3), _claim(6, "value", to=23_649.0), _claim(4, "value", to="50 %"),
    ],
    "row": [
        _claim(0, "row", to=_ZINC), _claim(0, "row", to={}),
        _claim(0, "row", to={"Mineral": "Gold"}),
        _claim(3, "row", to={"What": "Country"}, claim=1), _claim(2, "row", to=_ZINC),
    ],
    "rule": [
        _claim(0, "rule", to="smallest"), _claim(3, "rule", to="value"),
        _claim(7, "rule", to="last"),
        _claim(2, "rule", to="sum"), _claim(1, "rule", to="all"), _claim(7, "rule", to="largest"),
        _claim(0, "rule", to="mean"),
    ],
    "column and sheet": [
        _claim(0, "column", to="Kept"), _claim(0, "sheet", to="Other"),
        _claim(6, "column", to="Paid (USD m)"),
        _claim(3, "sheet", to="Sample", claim=1), _claim(1, "column", to="Share"),
    ],
    "where": [
        _claim(6, "where", to={}), _claim(6, "where", to={"Mineral": "Tin"}),
        _claim(0, "where", to={"Mineral": ["Zinc", "Bismuth"]}),
        _claim(7, "where", to={"Mineral": {"not": "Tin"}}),
        _claim(2, "where", to={"Country": "France"}), _claim(0, "where", to={"Metal": "Tin"}),
    ],
    "test": [
        _claim(5, "test", to=["Kept", ">", 0.2]), _claim(1, "test", to=["Kept", ">=", 0.5]),
        _claim(2, "test", to=["Kept", ">", 0.5]), _claim(2, "test", to=["Mineral", "=", "Tin"]),
        _claim(5, "test", to=["Tonnes in 2035 (t)", ">", 0.1]),
        _claim(0, "test", to=["Kept", ">", 0.1]),
    ],
    "minus": [
        _claim(4, "minus", to={"Mineral": "Bismuth"}, claim=1), _claim(4, "minus", to={}, claim=1),
        _claim(4, "minus", to=_OTHER, claim=1),
        _claim(4, "minus", to=_TEXT, claim=1),
        _claim(4, "row", to={"Mineral": "Bismuth", "Country": "France"}, claim=1),
    ],
    "rounding, scale and unit": [
        _said(0, "23.6", "23.7"), _said(0, "thousand", "million"),
        _said(0, "23.6 thousand", "23,637"),
        _said(4, "50 %", "50"), _said(3, " less", ""), _said(0, " t.", " USD."),
        _said(5, "10 %", "11 %"),
        _said(3, "2035", "2,035"), _said(4, "33.6 %", "under 0.1 %"),
        _said(4, "50 %", "over 99.9 %"),
    ],
    "name in a slot": [
        _said(0, "Tin", "Zinc"), _said(4, "Zinc", "Tin"), _said(7, "Tin", "Zinc"),
        _said(3, "Zinc", "Bismuth"),
        _set(0, "template", to="Most is bought of {0[Metal]}: {0}."),
    ],
    "words outside slots": [
        _template(6, "are bought", "of 3 are bought"),
        _template(6, "are bought", "of both are bought"),
        _template(6, "are bought", "are bought of Zinc"),
        _template(6, "are bought", "are the most"),
        _template(6, "are bought", "are bought of every mineral"),
        _template(6, "are bought", "are the worst"),
        _template(0, "Most is bought of", "Least is bought of"),
        _template(7, "The first", "The worst"),
        _set(2, "name", to="Kept by 2"), _set(2, "name", to="Largest kept"),
        _set(2, "name", to="Kept of Tin"),
    ],
    "two rows, large print, parts": [
        _claim(4, "row", "Mineral", to="Tin"), _set(2, "number", to="3"),
        _set(3, "number", to="2035 t"),
        _set(2, "place", to="banner"), _set(0, "name", to="Bought"), _claim(0, "why", to="so"),
        _set(0, "template", to="Most is bought of {0[Mineral]}: 23.6 thousand t."),
        _set(0, "template", to="{7} is bought."),
    ],
    "page": [
        lambda made: made[0].reverse(),
        _page(lambda texts, links: (texts, [])),
        _page(lambda texts, links: (texts, [(r, c, "'About'!B2") for r, c, _ in links])),
        _page(lambda texts, links: (texts, [(r, c, t.replace("2", "3")) for r, c, t in links])),
        _page(lambda texts, links: (texts, [(r + 3, c, t) for r, c, t in links])),
        _page(lambda texts, links: ([*texts, (90, 1, texts[2][2])], links)),
        _page(lambda texts, links: ([(*at, t.replace("Most", "More")) for *at, t in texts], links)),
        _page(lambda texts, links: ([(r, c, "3" if t == "2" else t) for r, c, t in texts], links)),
        _template(6, "are bought", "are further missing"),
    ],
    "cell of the workbook": [
        _cell("Sample", 0, "Tonnes in 2035 (t)", 23_638.0), _cell("Sample", 1, "Kept", 0.4),
        _cell("Sample", 2, "Paid (USD m)", -9.0),
        _cell("Sample", 2, "Tonnes in 2035 (t)", 9e4),
        _cell("About", 1, "Value", 2036), _cell("Sample", 0, "Mineral", "Zinc"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [pytest.param(c, id=f"{k}-{i}") for k, every in WRONG.items() for i, c in enumerate(every)],
)
def test_each_wrong_claim_falls(change, written) -> None:
    assert wrong_page(*written) == []
    broken = copy.deepcopy(written)
    change(broken)
    assert wrong_page(*broken)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Prices", [{"Short (t)": 1.0}]),
        ("By mineral", [{"Need (t)": 0.0, "Missing (share)": 0.0}]),
        ("Frontier", [{"Need (t)": 0, "Further missing (share)": 0}]),
        ("Stress", [{"Extra cost with shortage (USD m)": v} for v in (1.0, 2.0)]),
        ("About", [{"What": "Years", "Value": "2026 to 2035"}]),
        ("About", [{"What": "Draws", "Value": "20, 14 different"}]),
    ],
)
def test_each_wrong_table_falls(name, rows) -> None:
    """A header of before, a share of a need of 0, a wrong order, two numbers in a row."""
    assert wrong_tables({name: Sheet(rows[0], [row.values() for row in rows])})
