"""The sheet Scorecard, every number worked out anew from the cells of the workbooks as written.

Nothing of the product is used but what it wrote: pandas reads the plan and the input.
"""

from __future__ import annotations

import copy
import functools
from pathlib import Path

import pandas as pd
import pytest

from models.plan import solve
from planner.render.words import each_year
from planner.sheets import write_plan
from planner.workbook import read
from tests.books import editing
from tests.budget import few
from tests.sheets.desk import made, rows, written

INPUTS = Path(__file__).parents[2] / "inputs"
EXAMPLE, FIRST_USE = (INPUTS / f"critical-minerals{name}.xlsx" for name in ("", "-first-use"))
FIVE = ["Cobalt", "Copper", "Graphite", "Lithium", "Rare earths"]
FIRST, LAST = 2026, 2035
REST = "Rest of world"
Cells = dict[str, pd.DataFrame]


def five(path: Path) -> Path:
    """Return the example without the rows of the minerals that the first five are not."""
    with editing(EXAMPLE, path) as book:
        for sheet in book.worksheets:
            heads = [cell.value for cell in sheet[1]]
            if "Mineral" in heads:
                column = heads.index("Mineral") + 1
                for at in range(sheet.max_row, 1, -1):
                    if sheet.cell(at, column).value not in {None, *FIVE}:
                        sheet.delete_rows(at)
    return path


@pytest.fixture(scope="module", params=few(["ten minerals", "five minerals", "first use"], 2))
def cells(request, tmp_path_factory) -> Cells:
    """The rows of a plan's sheets as written, and those of its input's as ``in NAME``.

    The last example has today's supply.
    """
    folder = tmp_path_factory.mktemp("scorecard")
    source = {"ten minerals": EXAMPLE, "first use": FIRST_USE}.get(request.param)
    source = source or five(folder / "five.xlsx")
    book = read(source)
    write_plan(folder / "plan.xlsx", solve(book.case), book)
    wanted = ["Scorecard", "Plan", "Refiners", "Ore", "Stocks", "Prices"]
    found = pd.read_excel(
        folder / "plan.xlsx",
        sheet_name=wanted,
        keep_default_na=False,
        na_values=[""],
        engine="calamine",
    )
    given = pd.read_excel(
        source, sheet_name=None, keep_default_na=False, na_values=[""], engine="calamine"
    )
    given.setdefault("Current supply", pd.DataFrame(columns=["Mineral", "Tonnes (t/yr)"]))
    return found | {f"in {name}": frame for name, frame in given.items()}


@pytest.fixture(scope="module")
def scores(cells) -> dict[tuple[str, str, str], pd.Series]:
    found = cells["Scorecard"].dropna(subset="Mineral")
    found = found.assign(Remark=found["Remark"].fillna(""))
    return {(r["Measure"], r["Mineral"], r["Buyer"]): r for _, r in found.iterrows()}


@pytest.fixture(scope="module")
def minerals(cells) -> list[str]:
    return list(cells["in Minerals"]["Mineral"])


@pytest.fixture(scope="module")
def sums(cells):
    """What the cells of a mineral and a buyer add up to."""
    return functools.cache(functools.partial(Sums, cells))


class Sums:
    """What the cells add up to."""

    def __init__(self, cells: Cells, mineral: str, buyer: str) -> None:
        members, countries = cells["in Members"], cells["in Countries"].set_index("Country")
        bloc = "coalition" if buyer == "Coalition" else buyer
        own = members if buyer == "Coalition" else members[members["Group"] == buyer]
        self.members = set(own["Member"])
        blocs = countries["Bloc"].fillna("").str.split(";")
        self.inside = [c for c, of in blocs.items() if bloc in {name.strip() for name in of}]
        self.governance = countries["Governance"]
        self.cells, self.mineral = cells, mineral
        self.found: dict[tuple[str, int | None], pd.DataFrame] = {}
        now = self.of("in Current supply")
        self.is_of_today = now["Tonnes (t/yr)"].sum() > 0
        if self.is_of_today:
            works = self.of("in Refiners").drop(columns=["Mineral", "Source", "Note"])
            now = now.merge(works, on="Refiner", validate="many_to_one")
            now["Owner country"] = now["Owner country"].fillna(now["Country"])
            now["Kind"] = now["Kind"].fillna("primary")
        self.today = now.rename(columns={"Tonnes (t/yr)": "Tonnes"})

    def of(self, sheet: str, year: int | None = None) -> pd.DataFrame:
        if (sheet, year) not in self.found:
            frame = self.cells[sheet] if year is None else self.of(sheet)
            kept = frame["Mineral"] == self.mineral if year is None else frame["Year"] == year
            self.found[sheet, year] = frame[kept]
        return self.found[sheet, year]

    def own(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["Member"].isin(self.members)]

    def demand(self, year: int) -> float:
        return self.own(self.of("Prices", year))["Demand (t)"].sum()

    def consumed(self, year: int | None) -> float:
        if year is None and self.is_of_today:
            return self.own(self.today)["Tonnes"].sum()
        return self.demand(year or FIRST)

    def supply(self, year: int | None, by: str = "Country", kind: str = "") -> pd.Series:
        """Return tonnes bought, those of today, or capacity, by where they come from."""
        if year is None and not self.is_of_today:
            frame = self.of("Refiners", FIRST)
            frame = frame[frame["Project"].isna()]
            frame = frame.assign(Tonnes=frame["Nameplate capacity (t/yr)"])
        else:
            frame = self.own(self.today if year is None else self.of("Plan", year))
        if kind:
            frame = frame[frame["Kind"] == kind]
        return frame[frame["Tonnes"] > 0].groupby(by)["Tonnes"].sum()

    def ore(self, year: int | None) -> pd.Series:
        if year is not None:
            return self.of("Ore", year).groupby("Mine country")["Tonnes"].sum()
        mines = self.of("in Mines")
        opened = mines["First year"].fillna(FIRST) <= FIRST
        still = mines["Last year"].fillna(LAST) >= FIRST
        return mines[opened & still].groupby("Country")["Capacity (t/yr)"].sum()

    def within(self, amounts: pd.Series) -> float:
        return amounts[amounts.index.isin(self.inside)].sum()

    def outside(self, amounts: pd.Series) -> float:
        third = amounts[~amounts.index.isin([*self.inside, REST])]
        return third.max() if len(third) else 0.0


def named(amounts: pd.Series) -> pd.Series:
    return (amounts / amounts.sum()).drop(REST, errors="ignore")


def top(amounts: pd.Series, number: int) -> float:
    return named(amounts).nlargest(number).sum()


def hhi(amounts: pd.Series) -> float:
    return ((100 * named(amounts)) ** 2).sum()


def governed(s: Sums, year: int | None) -> float | tuple[float, float]:
    """Return the index; where values lack, what it is between."""
    shares = named(s.supply(year)) ** 2
    scores = s.governance.reindex(shares.index)
    low = (shares * (2.5 - scores) * 2).sum()
    unknown = shares[scores.isna()].sum()
    return low if scores.notna().all() else (low, low + 10 * unknown)


def extraction(s: Sums, year: int | None) -> float | None:
    return s.within(s.ore(year)) / s.demand(year or FIRST) if len(s.of("in Mines")) else None


def mined(s: Sums, year: int | None) -> float | None:
    if not len(s.of("in Mines")):
        return None
    return s.outside(s.ore(year)) / (s.ore(None).sum() if year is None else s.demand(year))


def refined(s: Sums, year: int | None) -> float:
    amounts = s.supply(year)
    return s.outside(amounts) / (amounts.sum() if year is None else s.demand(year))


def recycled(s: Sums, year: int | None) -> float | None:
    if not (s.of("in Refiners")["Kind"] == "recycled").any():
        return None
    return s.within(s.supply(year, kind="recycled")) / s.consumed(year)


def processed(s: Sums, year: int | None) -> float:
    return s.within(s.supply(year)) / s.consumed(year)


def cover(s: Sums, year: int | None) -> float | None:
    piles = s.own(s.of("in Stockpiles"))
    if not len(piles):
        return None
    closing = piles["Opening (t)"] if year is None else s.own(s.of("Stocks", year))["Closing (t)"]
    return closing.sum() / (s.demand(year or FIRST) / 365)


def left(s: Sums, year: int | None, *, rest: bool) -> float:
    frame = s.of("Refiners", year or FIRST)
    frame = frame[frame["Project"].isna()] if year is None else frame
    usable = frame.groupby("Country")["Capacity (t/yr)"].sum()
    lost = usable.drop(REST, errors="ignore").idxmax()
    demand = s.demand(year or FIRST)
    if rest:
        members, s = s.cells["in Members"], copy.copy(s)
        s.members = set(members[members["Country"] == lost]["Member"])
        demand -= s.demand(year or FIRST)
    return (usable.sum() - usable[lost]) / demand


BY_HAND = {
    "Share of the largest country (CR1)": lambda s, y: top(s.supply(y), 1),
    "Share of the three largest countries (CR3)": lambda s, y: top(s.supply(y), 3),
    "Concentration by country (HHI)": lambda s, y: hhi(s.supply(y)),
    "Concentration by country of the owner (HHI by owner)": lambda s, y: hhi(
        s.supply(y, "Owner country")
    ),
    "Concentration weighted by governance (HHI-WGI)": governed,
    "Extraction at home": extraction,
    "Processing at home": processed,
    "Recycling at home": recycled,
    "Refined in one country outside": refined,
    "Mined in one country outside": mined,
    "Import reliance": lambda s, y: max(0.0, 1.0 - processed(s, y)),
    "Days of cover": cover,
    "N-1, all demand": lambda s, y: left(s, y, rest=False),
    "N-1, demand of the others": lambda s, y: left(s, y, rest=True),
}
BENCHMARKS = {
    "Extraction at home": 0.10,
    "Processing at home": 0.40,
    "Recycling at home": 0.25,
    "Refined in one country outside": 0.65,
    "Mined in one country outside": 0.65,
}
# Of the examples' stockpiles none is the EU's, so that there is no row of its cover.
OF_COALITION = {
    "Days of cover",
    *list(BY_HAND)[:5],
    "Mined in one country outside",
    *list(BY_HAND)[12:],
}
MOMENTS = {"Before": None, f"After, {FIRST}": FIRST, f"After, {LAST}": LAST}


@pytest.mark.slow
@pytest.mark.parametrize("measure", BY_HAND)
def test_every_number_is_what_the_cells_give(measure, scores, sums, minerals):
    shown_of, by_hand_of, between = {}, {}, set()
    for buyer in ("Coalition",) if measure in OF_COALITION else ("Coalition", "EU"):
        for mineral in minerals:
            row = scores[measure, mineral, buyer]
            for header, year in MOMENTS.items():
                key = (mineral, buyer, header)
                by_hand = BY_HAND[measure](sums(mineral, buyer), year)
                if isinstance(by_hand, float):
                    shown_of[key], by_hand_of[key] = row[header], by_hand
                    continue
                assert pd.isna(row[header]), key
                assert row["Remark"], key
                if by_hand is not None:
                    low_high = "between {:.2f} and {:.2f}: no Governance".format(*by_hand)
                    assert low_high in row["Remark"], key
                    between.add(key)
    assert len(shown_of) + len(between) >= 3
    assert shown_of == pytest.approx(by_hand_of, rel=1e-6, abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("measure", BENCHMARKS)
def test_every_benchmark_is_judged_by_the_years_from_2030(measure, scores, sums):
    judged = set()
    for (name, mineral, buyer), row in scores.items():
        if name != measure:
            assert pd.isna(row["Required"]) == (name not in BENCHMARKS)
            continue
        s, required = sums(mineral, buyer), BENCHMARKS[measure]
        assert row["Required"] == required
        shares = {year: BY_HAND[measure](s, year) for year in range(2030, LAST + 1)}
        if None in shares.values():
            assert row["Met"] == "– no data"
            continue
        most = measure.endswith("one country outside")
        missed = [
            y
            for y, share in shares.items()
            if (share - required if most else required - share) > 1e-6
        ]
        assert row["Met"] == ("✗ missed" if missed else "✓ met")
        assert (f"missed in {each_year(missed)}" in row["Remark"]) == bool(missed)
        judged.add(row["Met"])
    assert judged


def test_no_row_is_there_that_was_not_worked_out(scores, minerals):
    found = pd.Series([name for name, _, _ in scores]).value_counts().to_dict()
    assert found == {name: len(minerals) * (1 if name in OF_COALITION else 2) for name in BY_HAND}


def test_before_is_said(scores, cells):
    of = scores["Concentration by country (HHI)", "Cobalt", "Coalition"]["Before is"]
    assert of == ("today" if len(cells["in Current supply"]) else "nameplate")


def test_governance_and_recycling_lacking_are_named(scores, minerals):
    for mineral in minerals:  # the one country without a score refines nickel alone
        row = scores["Concentration weighted by governance (HHI-WGI)", mineral, "Coalition"]
        assert ("no Governance for New Caledonia" in row["Remark"]) == (mineral == "Nickel")
    row = scores["Recycling at home", "Graphite", "EU"]
    assert row["Remark"] == "no recycled supply of it in the workbook"


def test_a_heading_says_of_what_and_rows_give_source_and_formula():
    table = made(rows())["Scorecard"]
    heads = [table.columns[0].values[at] for at in sorted(table.sections)]
    assert len(heads) == 14
    assert "Share of the largest country (CR1): share of supply" in heads
    assert not any(" = " in head or "S_c" in head for head in heads)
    assert all(table.column("Formula").values)
    assert table.headers[-1] == "Formula"
    assert all(table.column("Source").values)


def test_met_and_missed_are_coloured_and_signed(tmp_path):
    book = written(tmp_path / "plan.xlsx", rows())
    sheet = book["Scorecard"]
    rules = [rule for found in sheet.conditional_formatting for rule in found.rules]
    assert {rule.text for rule in rules} == {"✓", "✗"}
    assert sheet.print_title_rows == "$1:$1"


def test_of_one_year_there_is_one_column_after():
    book = rows()
    for row in book["Demand"]:
        del row["2027"]
    headers = made(book)["Scorecard"].headers
    assert [h for h in headers if h.startswith("After")] == ["After, 2026"]
