"""The study of ranges: its table, finding and charts."""

from __future__ import annotations

import pytest

from models.answers.ranges import BY_COUNTRY, BY_PROJECT, BY_REFINER, Range, ranges
from models.answers.search import WarmStartedSequence
from models.errors import SolverError
from models.results import About, Figure
from models.solve import Certificate, LinearProgram, Solution
from planner.studies.kind import Tables
from planner.studies.ranges import CHANGES, FIXED, SLACK, UNKNOWN, Ranges, RangesStudy, ranges_table
from tests.models.desk import jin, make, read, sur
from tests.models.desk import solve_once as solve

MORE = "For 1 % of each mineral's own cash more, "
NO_FALL = MORE + "no {}'s share of demand could fall by a percentage point."


def found(*rows: tuple[str, float, float, float]) -> list[Range]:
    return [Range("copper", country, "", "", *of) for country, *of in rows]


def tables_of(made: Ranges, by: str = BY_COUNTRY) -> Tables:
    said = {SLACK: "1 % of each mineral's own cash", "By": by} | dict.fromkeys(
        (Figure.FIRST_YEAR, Figure.LAST_YEAR), "2026"
    )
    return Tables([made, About(what=[*said], value=[*said.values()])])


def said_of(made: Ranges, by: str = BY_COUNTRY) -> list[str]:
    every = RangesStudy.findings(tables_of(made, by))
    return [sentence.text for sentence in every if sentence.place != "care"]


def test_a_point_of_demand_tells_a_choice_from_a_fact() -> None:
    case = read(make(jin(), sur()))
    made = ranges_table(found(("CHL", 2, 0, 2), ("CHN", 80, 79.5, 80.4)), case, BY_COUNTRY)
    assert list(made.rows(Ranges.supplier, Ranges.now_share, Ranges.verdict)) == [
        ("CHN", 0.8, FIXED),
        ("CHL", 0.02, CHANGES),
    ]
    assert said_of(made)[1:] == [
        "CHN's share of the demand for copper stays within a percentage point of 80 %.",
        "Minerals whose main supplier's share is fixed to within a percentage point: 1.",
    ]


def test_bars_end_at_the_most() -> None:
    case = read(make(jin(), sur()))
    made = ranges_table(found(("CHN", 80, 30, 95)), case, BY_COUNTRY)
    first, *_ = RangesStudy.pictures(tables_of(made))
    assert first.categories == ("copper: CHN",)
    parts = [series.values[0] for series in first.series]
    assert parts == pytest.approx([0.30, 0.50, 0.15])


def test_a_project_is_told_from_a_refiner_of_its_name() -> None:
    case = read(make(jin(), sur()))
    rows = [Range("copper", "CHN", "Jin", name, 1, 1, 1) for name in ("", "Jin")]
    assert ranges_table(rows, case, BY_REFINER).supplier == ["Jin", "Jin (project)"]


@pytest.mark.parametrize(
    ("by", "rows", "said"),
    [
        (BY_COUNTRY, [("CHN", 0, 0, 0)], ["No supplier sells to the coalition in this plan."]),
        (BY_PROJECT, [("CHN", 0, 0, 0)], ["No project sells to the coalition in this plan."]),
        (BY_PROJECT, [("CHN", 0, 0, 20), ("CHL", 0, 0, 30)],
         ["No project sells to the coalition in this plan.",
          MORE + "Opened could sell most: 30 % of the demand for copper."]),
        (BY_COUNTRY, [("CHN", 0.4, 0.4, 0.4)],
         [NO_FALL.format("supplier"),
          "Minerals whose main supplier's share is fixed to within a percentage point: 1."]),
        (BY_PROJECT, [("CHN", 12, 12, 12.5)],
         [NO_FALL.format("project"),
          "Opened's share of the demand for copper stays within a percentage point of 12 %.",
          "Minerals whose main project's share is fixed to within a percentage point: 1."]),
        (BY_PROJECT, [], ["The workbook is without a project that could sell what is needed."]),
    ],
    ids=["nobody", "no project", "projects that could", "hardly any", "fixed", "no rows"],
)  # fmt: skip
def test_the_first_page_speaks_of_the_rows_of_its_table(by, rows, said) -> None:
    """With projects alone, refiners may sell all; a share that rounds to 0 is not named."""
    project = "Opened" if by == BY_PROJECT else ""
    ends = [Range("copper", country, "", project, *of) for country, *of in rows]
    made = ranges_table(ends, read(make(jin())), by)
    assert said_of(made, by) == said
    assert bool(RangesStudy.pictures(tables_of(made))) == any(now for _, now, *_ in rows)


def test_the_first_page_says_what_could_fall_and_what_not() -> None:
    """The answer in two sentences, of demand, with the choice that is largest."""
    case = read(make(jin(), sur()))
    table = ranges_table(found(("CHN", 44, 18, 44)), case, BY_COUNTRY)
    both = Ranges.of_rows([*table.frame().to_dict("records"), _zinc()], words=table.words)
    assert said_of(both) == [
        (
            "For 1 % of each mineral's own cash more, CHN's share of the demand for copper could"
            " fall most: from 44 % to 18 %."
        ),
        "CHN's share of the demand for zinc stays within a percentage point of 70 %.",
        "Minerals whose main supplier could sell less, by a percentage point of demand: 1.",
        "Minerals whose main supplier's share is fixed to within a percentage point: 1.",
    ]


def test_the_largest_choice_is_of_all_suppliers() -> None:
    """Chile sells less than China, and could sell less by more points."""
    case = read(make(jin(), sur()))
    table = ranges_table(found(("CHN", 44, 38, 44), ("CHL", 30, 2, 36)), case, BY_COUNTRY)
    assert (
        "CHL's share of the demand for copper could fall most: from 30 % to 2 %."
        in (said_of(table)[0])
    )


def _zinc() -> dict[str, object]:
    shares = dict.fromkeys(("now_share", "least_share", "most_share"), 0.7)
    tonnes = dict.fromkeys(("now", "least", "most"), 70.0)
    names = {"mineral": "zinc", "supplier": "CHN", "country": "CHN", "verdict": FIXED}
    names |= {"main": "yes", "free": 0.0}
    return names | shares | tonnes


@pytest.mark.parametrize("ends", [(None, 90.0), (40.0, None), (None, None)])
def test_an_end_that_nothing_proves_is_not_known(ends: tuple[float | None, float | None]) -> None:
    """The others are kept: table, finding and chart say of one supplier that it is not known."""
    case = read(make(jin(), sur()))
    rows = [Range("copper", "CHN", "", "", 80, *ends), *found(("CHL", 20, 5, 60))]
    made = ranges_table(rows, case, BY_COUNTRY)
    assert list(made.verdict) == [UNKNOWN, CHANGES]
    tables = tables_of(made)
    unknown = "Suppliers whose range is not known: 1."
    assert unknown in [sentence.text for sentence in RangesStudy.findings(tables)]
    assert RangesStudy.pictures(tables)
    assert RangesStudy.sections(tables)


def test_a_search_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least of the first supplier is refused; what else is asked is as without that."""
    plan = solve(make(jin(), sur()))
    expected = ranges(plan, "copper", 0.1)
    asked = WarmStartedSequence.solved

    def failing(self: WarmStartedSequence, rows: LinearProgram) -> tuple[Solution, Certificate]:
        if len(refused) == 0:
            refused.append(rows)
            raise SolverError(why)
        return asked(self, rows)

    refused, why = list[LinearProgram](), "no proven range of copper"
    monkeypatch.setattr(WarmStartedSequence, "solved", failing)
    first, *others = ranges(plan, "copper", 0.1)
    assert refused
    assert first.least is None
    assert first.most == expected[0].most
    assert [r.most for r in others] == pytest.approx([r.most for r in expected[1:]])
