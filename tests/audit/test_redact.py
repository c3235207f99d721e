"""Redact: members' figures go from every part of the workbook, totals stay, it still is a plan."""

from __future__ import annotations

import re
import zipfile

import openpyxl
import pytest

from models.errors import UsageError
from models.results import CATALOGUE, Checks, Glossary, Look, Summary
from planner.audit.accounts import account_of
from planner.audit.file import open_plan
from planner.audit.redact import GONE as BLANKED
from planner.audit.redact import (
    OTHERS,
    WITHHELD,
    members_of,
    redact,
    spelled_members,
    write_redacted,
)
from planner.cli import main
from tests.small_book import workbook

GONE, ALONE = ("Korea", "Other EU"), ("Japan",)
_OF_WHOM = ("Member", "Buyer")


def book_of_three():
    """The small book, in which all three members buy both minerals and hold stocks."""
    book = workbook()
    book["Demand"].append(["Copper", "Other EU", 311, 317])
    book["Demand"].append(["Lithium", "Japan", 41, 43])
    book["Demand"].append(["Lithium", "Korea", 59, 61])
    book["Stockpiles"].append(["Copper", "Korea", 97, 31, 37, 20000, 3])
    book["Stockpiles"].append(["Copper", "Other EU", 89, 23, 29, 20000, 3])
    book["Contracts"].append(["C-Seoul", "Onsan", "Copper", "Korea", 113, 127, 8009, 2026, 2027])
    book["Share limits"].append(
        ["max", "Copper", "Other EU", "country", "Chile", 0.777, None, None, 5000, None]
    )
    return book


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plan of three members, and its copy without two of them."""
    folder = tmp_path_factory.mktemp("redact")
    book_of_three().save(folder / "case.xlsx")
    assert main(["solve", str(folder / "case.xlsx"), "--output", str(folder / "plan.xlsx")]) == 0
    for name, gone in (("redacted.xlsx", GONE), ("alone.xlsx", ALONE)):
        write_redacted(folder / name, redact(open_plan(folder / "plan.xlsx"), gone))
    return folder


@pytest.fixture(scope="module")
def books(made):
    """Both workbooks."""
    names = ("plan.xlsx", "redacted.xlsx")
    return tuple(openpyxl.load_workbook(made / name) for name in names)


def rows(sheet):
    """Return a sheet's rows by header, units left out."""
    heads = [str(c.value).partition(" (")[0] for c in sheet[1]]
    return [dict(zip(heads, row, strict=True)) for row in sheet.iter_rows(2, values_only=True)]


def parts(path):
    """Return the text of every part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def is_theirs(sheet, row, gone):
    """Return whether a row is of one of the members that go."""
    if sheet in {"Values", "Duals"}:
        return any(f" {name} " in f" {row['Key']} " for name in gone)
    return any(row.get(head) in gone for head in _OF_WHOM)


@pytest.mark.parametrize(("copy", "gone"), [("redacted.xlsx", GONE), ("alone.xlsx", ALONE)])
def test_no_number_of_theirs_is_left_in_any_part(made, books, copy, gone):
    theirs, others = set(), set()
    for sheet in books[0]:
        if sheet.title in {"Overview", "Charts"}:
            continue
        for row in rows(sheet):
            found = {
                v for v in row.values() if isinstance(v, float) or (isinstance(v, int) and v > 99)
            }
            (theirs if is_theirs(sheet.title, row, gone) else others).update(found)
    only = {f"{v:.17G}" for v in theirs - others}
    assert len(only) > 30
    text = "\n".join(parts(made / copy).values())
    left = set(re.findall(r">([^<>]+)<", re.sub(r't="s"><v>\d+</v>', "", text)))
    assert len({f"{v:.17G}" for v in others} & left) > 30  # numbers are found where they stand
    assert not only & left


def test_their_names_are_gone_but_for_the_country_of_one(made, books):
    for name, text in parts(made / "redacted.xlsx").items():
        assert "Other EU" not in text, name
        assert "C-Seoul" not in text, name
    for sheet in books[1]:
        for row in rows(sheet):
            assert not any(row.get(head) in GONE for head in _OF_WHOM), sheet.title
    countries = {row["Country"] for row in rows(books[1]["Refiners"])}
    assert any("Korea" in country for country in countries)  # Onsan stands there


def test_totals_stay_and_several_members_stand_together(books):
    plan, redacted = books
    for measure in ("Purchases cost", "Tonnes purchased", "Shortage", "Cost per tonne"):
        both = [
            next(r["Value"] for r in rows(b["Summary"]) if r["Measure"] == measure) for b in books
        ]
        assert both[0] == both[1]
    never = {f.header.partition(" {")[0] for f in account_of("By mineral").never}
    minerals = [
        [{h: v for h, v in r.items() if h.partition(" 2")[0] not in never} for r in rows(b)]
        for b in (plan["By mineral"], redacted["By mineral"])
    ]
    assert minerals[0] == minerals[1]
    named_there = {v for r in rows(redacted["By mineral"]) for v in r.values()}
    assert not named_there & set(GONE)
    assert rows(plan["Refiners"]) == rows(redacted["Refiners"])
    for year, copper in ((2026, 500 + 311), (2027, 510 + 317)):
        row = next(
            r for r in rows(redacted["Prices"])
            if (r["Year"], r["Mineral"], r["Member"]) == (year, "Copper", OTHERS)
        )  # fmt: skip
        assert row["Demand"] == copper
        assert row["Marginal price"] is None
    for year in (2026, 2027):
        sums = [
            sum(
                r["Tonnes"]
                for r in rows(b["Plan"])
                if (r["Year"], r["Mineral"]) == (year, "Copper")
            )
            for b in books
        ]
        assert sums[0] == pytest.approx(sums[1])
    of_stock = [r for r in rows(redacted["Stocks"]) if r["Member"] == OTHERS]
    assert [r["Max"] for r in of_stock] == [97 + 89] * 2
    assert of_stock[0]["Opening"] == 31 + 23
    assert of_stock[0]["Target"] is None  # it may be days of demand
    others = [r for r in rows(redacted["Plan"]) if r["Member"] == OTHERS]
    assert {r["Total"] for r in others} == {None}  # what they pay tells who buys


def test_what_only_one_of_them_has_is_not_shown_as_a_sum(books):
    """Korea alone has a contract, the EU alone a limit of its own: nothing stands for them."""
    assert all(r["Member"] == "Japan" for r in rows(books[1]["Contracts"]))
    assert {r["Buyer"] for r in rows(books[1]["Share limits"])} <= {"Coalition", "Japan"}
    assert any(r["Buyer"] == "Other EU" for r in rows(books[0]["Share limits"]))


def test_of_a_member_taken_out_alone_is_told_that_figures_are_withheld(made, books):
    """A row without figures stands where one was, but for stocks: that there are any is a figure.

    Totals, less the others, are its own: they are withheld, and the others and the plants stay.
    """
    plan, alone = books[0], openpyxl.load_workbook(made / "alone.xlsx")
    figures = {"Plan": ("Tonnes", "Total", "Landed cost"), "Prices": ("Demand", "Marginal price")}
    for sheet, heads in figures.items():
        withheld = [r for r in rows(alone[sheet]) if r["Member"] == WITHHELD]
        assert {(r["Year"], r["Mineral"]) for r in withheld} == {
            (r["Year"], r["Mineral"]) for r in rows(plan[sheet]) if r["Member"] == "Japan"
        }
        assert [r[head] for r in withheld for head in heads] == [None] * len(withheld) * len(heads)
    assert {r["Member"] for r in rows(alone["Stocks"])} == {"Korea", "Other EU"}
    remark = next(r["Remark"] for r in rows(alone["Summary"]) if r["Measure"] == "Redacted")
    assert WITHHELD in remark
    assert "do not add up" in remark
    assert "Totals of Copper and Lithium are withheld" in remark
    stays = ("Demand", "Purchases", "Short", "Average landed cost")
    korea = [
        [[r[head] for head in stays] for r in rows(b["Prices"]) if r["Member"] == "Korea"]
        for b in (plan, alone)
    ]
    assert korea[0] == korea[1]
    capacity = [[r["Capacity"] for r in rows(b["Refiners"])] for b in (plan, alone)]
    assert capacity[0] == capacity[1]


def test_no_total_that_tells_a_member_is_left_in_any_part(made, books):
    """Neither as a number nor in a sentence, a chart or its cache, of one mineral or of all."""
    totals, others = set(), set()
    for sheet in books[0]:
        if sheet.title in {"Overview", "Charts"}:
            continue
        of_run = {"Summary", "Checks", "Values", "Duals", "Chart data"}
        for row in rows(sheet):
            found = {v for v in row.values() if isinstance(v, float) and v > 1}
            is_total = sheet.title in {"By mineral", "Scorecard", "Ore"} | of_run or (
                row.get("Buyer") == "Coalition"
            )
            if sheet.title == "Refiners":
                totals |= {row[head] for head in ("Tonnes", "Utilization", "Scarcity rent")}
                found = {row["Capacity"], row["Nameplate capacity"]}
            (totals if is_total else others).update(found)
    only = {f"{v:.17G}" for v in totals - others if v and v not in {1, 2}}
    # what capacity alone gives stays
    only -= {f"{r['HHI by capacity']:.17G}" for r in rows(books[0]["By mineral"])}
    run = {r["Value"] for r in rows(books[0]["Summary"]) if str(r["Measure"]).startswith("Time: ")}
    only -= {f"{v:.17G}" for v in run}
    accepted = {v for r in rows(books[0]["Checks"]) for v in (r["Value"], r["Accepted up to"])}
    only -= {f"{v:.17G}" for v in accepted if isinstance(v, int | float)}
    assert len(only) > 40
    text = parts(made / "alone.xlsx")
    left = set(re.findall(r">([^<>]+)<", re.sub(r't="s"><v>\d+</v>', "", "\n".join(text.values()))))
    assert not only & left
    assert not [name for name in text if "chart" in name]
    assert not {"Overview", "Charts", "Chart data"} & set(
        openpyxl.load_workbook(made / "alone.xlsx").sheetnames
    )


def test_every_column_has_an_account(books):
    """A column that nobody accounts for is blank where totals are withheld: the list of those."""
    blank = set()
    for sheet in books[0]:
        account = account_of(sheet.title)
        kept = () if account is None else account.kept
        stays = {f.header.partition(" {")[0] for f in kept if not f.spread}
        if stays:
            heads = {re.sub(r" \d{4}$", "", str(c.value).partition(" (")[0]) for c in sheet[1]}
            heads -= {"Copper", "Lithium"}  # the columns that Summary has of them, see below
            blank |= {(sheet.title, head) for head in heads - stays}
            assert stays <= heads | {
                "Tier",
                "Owner country",
                "Owner",
                "Kind",
                "Project",
                "Support",
                "Levy",
                "Levies a year",
                "Max fill",
                "Max draw",
            }
    of_mineral = {head for sheet, head in blank if sheet == "By mineral"}
    assert {head for sheet, head in blank if sheet != "By mineral"} == {
        "Binding", "Cause", "Gap", "Landed cost against average", "Marginal price", "Scarcity rent",
        "Shadow price", "Shadow price of a day", "Shadow price of min", "Shadow price of target",
        "Tonnes", "Utilization",
    }  # fmt: skip
    assert {"Demand", "Purchases", "Short", "HHI by purchases"} < of_mineral


def test_members_rows_go_and_what_is_against_all_of_them(books, made):
    """What the others pay against the average of all tells the average, and so who lacks."""
    plan, redacted = books
    alone = rows(openpyxl.load_workbook(made / "alone.xlsx")["Members"])
    assert [r["Member"] for r in rows(redacted["Members"])] == ["Japan"]
    against = {"Landed cost against average": None}
    assert rows(redacted["Members"])[0] == rows(plan["Members"])[0] | against
    assert [r["Member"] for r in alone] == ["Korea", "Other EU"]
    assert [r["Landed cost against average"] for r in alone] == [None, None]
    assert all(r["Need by value"] and r["Paid a year"] for r in alone)


def test_summary_tells_of_no_mineral_whose_totals_are_withheld(made, books):
    """Its columns are as the totals are: as planned, or blank with what sums over minerals."""
    plan, redacted = ([[c.value for c in row] for row in b["Summary"].iter_rows()] for b in books)
    money = ("Limits cost", "Extra cost")  # set against another plan: it tells who pays what
    wanted = [row[3:5] for row in plan if any(row[3:5]) and not row[0].startswith(money)]
    assert plan[0][3:5] == ["Copper", "Lithium"]
    assert [row[3:5] for row in redacted if any(row[3:5])] == wanted
    alone = rows(openpyxl.load_workbook(made / "alone.xlsx")["Summary"])
    assert not any(row["Copper"] or row["Lithium"] for row in alone)


OTHERS_THAN_ROWS = {Summary, Checks, Glossary}
ACCOUNTS = [a for a in map(account_of, CATALOGUE) if a and a.result not in OTHERS_THAN_ROWS]


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.result.TABLE)
def test_every_column_of_numbers_has_one_place_in_what_a_reader_knows(account):
    """A new one fails here until it is said what it tells: it may be in the reader's program."""
    inputs = getattr(account.result, "INPUTS", ())
    carried = {c.field for of in inputs for c in of.columns() if c.carried}
    numbers = [
        f for f in account.result.FIELDS
        if not f.look.is_text and f.look is not Look.YEAR and f.name not in carried
    ]  # fmt: skip
    places = (account.of_row, account.implied, account.money, account.never)
    count = {f.header: sum(f in place for place in places) for f in numbers}
    assert count == dict.fromkeys(count, 1)
    sheet = account_of("Prices") if account.result.TABLE == "Shortages" else account
    known = sheet.known_sums
    assert {f.header for f in account.sums} <= {f.header for f in known}


@pytest.mark.parametrize(("copy", "who"), [("redacted.xlsx", OTHERS), ("alone.xlsx", WITHHELD)])
def test_what_stands_for_members_stands_below_those_who_stay(made, copy, who):
    """Among rows in the order of refiners and members its place would tell one of its own."""
    book = openpyxl.load_workbook(made / copy)
    for sheet in ("Plan", "Prices"):
        of = [(r["Year"], r["Mineral"], r["Member"] == who) for r in rows(book[sheet])]
        assert of == sorted(of)
        assert any(is_theirs for *_, is_theirs in of)


def test_words_that_give_a_member_away_go_too(tmp_path):
    """Its contract's name, its code in an option, a target set for all, a group it is alone in."""
    book = book_of_three()
    book["Members"]["C2"] = "Nippon"  # the group of Japan alone
    book["Share limits"]["C5"] = "Nippon"
    book["Contracts"]["A2"] = "Tokyo Bay"
    book["Refiners"]["N1"], book["Refiners"]["N2"] = "Note", "sells by Tokyo Bay and Nippon"
    book["Stockpiles"]["D2"] = 21.375
    book.save(tmp_path / "case.xlsx")
    plan = tmp_path / "plan.xlsx"
    assert main([
        "solve", str(tmp_path / "case.xlsx"), "--output", str(plan),
        "--what-if", "set stock target; member=JPN; value=77.375", "--block", "CHL:JPN:Lithium",
    ]) == 0  # fmt: skip
    before = "\n".join(parts(plan).values())
    words = ("Tokyo Bay", "Nippon", "77.375", "JPN:Lithium", "21.375")
    assert [word for word in words if word not in before] == []
    write_redacted(tmp_path / "copy.xlsx", redact(open_plan(plan), ALONE))
    for name, text in parts(tmp_path / "copy.xlsx").items():
        assert [word for word in words if word in text] == [], name
    copy = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    assert any(r["Note"] == BLANKED for r in rows(copy["Refiners"]))


def test_warnings_on_rows_of_members_are_blanked(tmp_path):
    """A warning may tell the amount that it is on without naming whose it is."""
    book = book_of_three()
    book["Demand"]["D3"] = None  # Korea's copper of 2027: taken as 0, with a warning
    book.save(tmp_path / "case.xlsx")
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "--output", str(plan)]) == 0
    told = [
        r for r in rows(openpyxl.load_workbook(plan)["Checks"])
        if r["Check"] == "warning" and r["Sheet"] == "Demand"
    ]  # fmt: skip
    assert told
    write_redacted(tmp_path / "copy.xlsx", redact(open_plan(plan), ALONE))
    kept = [
        r for r in rows(openpyxl.load_workbook(tmp_path / "copy.xlsx")["Checks"])
        if r["Check"] == "warning" and r["Sheet"] == "Demand"
    ]  # fmt: skip
    assert {r["What"] for r in kept} == {BLANKED}


def test_of_two_neither_can_be_had_from_the_totals(made, books):
    """Total less those who stay is what both have together, wherever a sum is shown."""
    plan, redacted = books
    for key in {(r["Year"], r["Mineral"]) for r in rows(plan["Prices"])}:
        each = [
            r for r in rows(plan["Prices"])
            if (r["Year"], r["Mineral"]) == key and r["Member"] in GONE
        ]  # fmt: skip
        both = [
            r for r in rows(redacted["Prices"])
            if (r["Year"], r["Mineral"]) == key and r["Member"] == OTHERS
        ]  # fmt: skip
        assert len(both) == 1
        for head in ("Demand", "Purchases"):
            assert all(r[head] for r in each)
            assert both[0][head] == pytest.approx(sum(r[head] for r in each))
            assert both[0][head] not in [r[head] for r in each]


def test_it_says_so_on_its_first_sheet_and_in_its_properties(made, books):
    first = books[1].worksheets[0]
    said = [str(c.value) for row in first.iter_rows() for c in row if c.value is not None]
    assert any("edacted" in text for text in said)
    assert "redacted" in books[1].properties.title
    assert "redacted" in books[1].properties.subject
    assert open_plan(made / "redacted.xlsx").recorded.redacted


def test_it_still_looks_like_a_plan(books):
    plan, redacted = books
    out = {"Overview", "By year", "Charts", "Chart data", "Values", "Duals"}  # pictures and pivots
    kept = [name for name in plan.sheetnames if name not in out]
    assert redacted.sheetnames == kept
    for name in kept:
        one, other = plan[name], redacted[name]
        assert [c.value for c in one[1]][1:] == [c.value for c in other[1]][1:]
        assert one.freeze_panes == other.freeze_panes
        assert [t.displayName for t in one.tables.values()] == [
            t.displayName for t in other.tables.values()
        ]
    for name, header in (("Plan", "Tonnes"), ("By mineral", "Served share of demand")):
        at = [c.value for c in plan[name][1]].index(header) + 1
        one, other = (b[name].cell(2, at) for b in books)
        assert (one.number_format, one.font.name) == (other.number_format, other.font.name)


def test_what_can_be_computed_is_told(made):
    """Of two nothing; of one alone every figure, exactly; totals are kept where that is asked."""
    file = open_plan(made / "plan.xlsx")
    assert redact(file, GONE).withheld.computable == {}
    found = redact(file, ("Korea",)).withheld
    assert found.totals == set(found.computable) == {"Copper", "Lithium"}
    assert found.stocks == set()
    told = {(k.figure.column.header, k.figure.year): k for k in found.computable["Copper"]}
    assert told["Demand", 2026].least == pytest.approx(500)
    assert told["Demand", 2026].most == pytest.approx(500)
    assert told["Opening", 2026].most == pytest.approx(31)
    kept = redact(file, ("Korea",), keep_totals=True)
    assert (kept.withheld.totals, set(kept.withheld.computable)) == (set(), {"Copper", "Lithium"})


def test_a_contract_that_shrinks_does_not_tell_another_ones_minimum(tmp_path):
    """Minimums beyond capacity shrink in proportion: by how much tells what all of them are."""
    book = book_of_three()
    book["Contracts"].append(["C-2", "Onsan", "Copper", "Japan", 700, None, 8009, 2026, 2027])
    book.save(tmp_path / "case.xlsx")
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(tmp_path / "case.xlsx"), "--output", str(plan)]) == 0
    shrunk = next(
        r for r in rows(openpyxl.load_workbook(plan)["Contracts"]) if r["Contract"] == "C-2"
    )
    assert shrunk["Min in force"] < shrunk["Min"]
    write_redacted(tmp_path / "copy.xlsx", redact(open_plan(plan), GONE))
    left = rows(openpyxl.load_workbook(tmp_path / "copy.xlsx")["Contracts"])
    assert {r["Contract"]: r["Min in force"] for r in left} == {"C-1": 10, "C-2": None}


def test_names_are_spelt_as_the_plan_does(made):
    file = open_plan(made / "plan.xlsx")
    assert members_of(file) == ("Japan", "Korea", "Other EU")
    assert spelled_members(file, ("other eu", "KOREA", "Korea")) == ("Other EU", "Korea")
    with pytest.raises(UsageError, match="did you mean 'Korea'"):
        spelled_members(file, ("Corea",))
