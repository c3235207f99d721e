"""What-ifs of the command line: names, mistakes, and plans against workbooks edited by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.errors import UsageError
from models.plan import solve
from planner.cli.common import WhatIfOptions
from planner.scenarios import Variant
from planner.workbook import read, read_tables
from planner.workbook.template import template_tables
from tests.books import write_book
from tests.cli.desk import ROOT
from tests.models.desk import jin, make, new_works, refiner, sur


def country_pair():
    """Two refiners of China, one of Chile, a project; members by country and by group."""
    project = new_works() | {"Refiner": "Jin north", "Country": "CHN", "Capacity (t/yr)": 10}
    book = make(
        jin(),
        refiner("Jin south", "CHN", 40, 15),
        sur(),
        demand={"Nippon": 50, "Gaul": 40, "Saxony": 30},
        years=(2026, 2027),
        Mines=[
            {"Mineral": "copper", "Country": "CHN", "Capacity (t/yr)": 300},
            {"Mineral": "copper", "Country": "PER", "Capacity (t/yr)": 200},
        ],
        Projects=[project],
    )
    countries = {"Nippon": ("Japan", None), "Gaul": ("France", "EU"), "Saxony": ("Germany", "EU")}
    for row in book["Members"]:
        row["Country"], row["Group"] = countries[row["Member"]]
    return book


CASE = read_tables(country_pair()).case


def steps(asked: WhatIfOptions):
    """Each step's action, selectors, years and value."""
    return [
        (s.action, s.mineral, s.country, s.refiner, s.member, s.first_year, s.last_year, s.value)
        for what_if in asked(CASE)
        for s in what_if.steps
    ]


def blocked(text: str):
    return [step[1:5] for step in steps(WhatIfOptions(blocks=(text,)))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CHN:Nippon", [("", "CHN", "", "Nippon")]),
        ("china:JPN", [("", "CHN", "", "Nippon")]),
        (" PRC : japan : COPPER ", [("copper", "CHN", "", "Nippon")]),
        ("*:Nippon", [("", "", "", "Nippon")]),
        ("CHN:*", [("", "CHN", "", "")]),
        ("*:*:copper", [("copper", "", "", "")]),
        ("jin:EU", [("", "", "Jin", "Gaul"), ("", "", "Jin", "Saxony")]),
        ("Jin *:JPN", [("", "", "Jin north", "Nippon"), ("", "", "Jin south", "Nippon")]),
    ],
)
def test_block(text, wanted):
    """A country by name or code, a refiner, a member by name, country or group; * is all."""
    assert blocked(text) == wanted
    assert {step[0] for step in steps(WhatIfOptions(blocks=(text,)))} == {"block lanes"}


def test_lose():
    """A country loses its refiners, projects and ore; a refiner what it has.

    SUR is Suriname's code, which no row of the workbook has: the refiner is meant.
    """
    nothing = (None, None)
    assert steps(WhatIfOptions(losses=("china",))) == [
        ("scale capacity", "", "CHN", "", "", *nothing, 0.0),
        ("block ore", "", "CHN", "", "", *nothing, None),
    ]
    assert steps(WhatIfOptions(losses=("SUR",))) == [
        ("scale capacity", "", "", "Sur", "", *nothing, 0.0)
    ]
    assert [step[3] for step in steps(WhatIfOptions(losses=("jin*",)))] == [
        "Jin",
        "Jin north",
        "Jin south",
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("scale capacity; value=0.5", ("scale capacity", "", "", "", "", None, None, 0.5)),
        (
            " Scale  Capacity ;country = China; YEARS=2026-2027; Value=50 %;",
            ("scale capacity", "", "CHN", "", "", 2026, 2027, 0.5),
        ),
        (
            "block lanes; mineral=copper; refiner=sur; member=JPN; years=2027-",
            ("block lanes", "copper", "", "Sur", "Nippon", 2027, None, None),
        ),
        ("scale mines; years=-2026; value=0", ("scale mines", "", "", "", "", None, 2026, 0.0)),
        ("scale cost; years=2027; value=2", ("scale cost", "", "", "", "", 2027, 2027, 2.0)),
        (
            "scale cost; first year=2026; last year=2026; value=2",
            ("scale cost", "", "", "", "", 2026, 2026, 2.0),
        ),
        ("build project; years=2027", ("build project", "", "", "", "", 2027, None, None)),
        (
            "delay project; first year=2027; value=2",
            ("delay project", "", "", "", "", 2027, None, 2.0),
        ),
        (
            "add capacity; refiner=Sur; value=-0.02 kt",
            ("add capacity", "", "", "Sur", "", None, None, -20.0),
        ),
        (
            "set lane max; country=CHN; member=Nippon; value=5 t/yr",
            ("set lane max", "", "CHN", "", "Nippon", None, None, 5.0),
        ),
        ("set tariff; value=150%", ("set tariff", "", "", "", "", None, None, 1.5)),
    ],
)
def test_what_if(text, wanted):
    """The words of the sheet Scenarios, with years in one word, percentages and units."""
    assert steps(WhatIfOptions(changes=(text,))) == [wanted]


def wrong(**asked: str) -> str:
    with pytest.raises(UsageError) as error:
        WhatIfOptions(**{kind: (text,) for kind, text in asked.items()})(CASE)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CHN", "as in CHN:JPN"),
        ("CHN:", "as in CHN:JPN"),
        ("a:b:c:d", "as in CHN:JPN"),
        ("Chna:JPN", "did you mean 'China'?"),
        ("Jim:JPN", "did you mean 'Jin'?"),
        ("CHN:Nipon", "did you mean 'Nippon'?"),
        ("CHN:PER", "'PER' is not a member in the workbook"),
        ("JPN:CHN", "did you mean CHN:JPN?"),
        ("CHN:JPN:coper", "did you mean 'copper'?"),
        ("south:JPN", "did you mean 'Jin south'?"),
    ],
)
def test_a_block_that_is_none(text, said):
    told = wrong(blocks=text)
    assert told.startswith(f"--block {text!r}: ")
    assert said in told


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("NORTH", ["Jin north"]),
        ("sou", ["Jin south"]),
        ("jin", ["Jin"]),
        ("Jin", ["Jin"]),
        ("China", []),
    ],
)
def test_a_part_of_a_name_loses_all_that_have_it(text, wanted):
    """Countries come first, then names as a whole, then whole words, then their beginnings."""
    [lost] = WhatIfOptions(losses=(text,))(CASE)
    assert [step.refiner for step in lost.steps if step.refiner] == wanted
    assert lost.words == (" and ".join(wanted) or "China")


def test_words_before_their_beginnings():
    """A country that is nearly named is asked about; one letter of a word is no name."""
    book = country_pair()
    book["Refiners"] += [refiner("Huayou Quzhou", "CHN", 1, 20), refiner("Huayou", "PER", 1, 20)]
    book["Refiners"] += [refiner("Huay works", "CHN", 1, 20), refiner("Chinalco", "PER", 1, 20)]
    case = read_tables(book).case

    def lost(text: str) -> str:
        return WhatIfOptions(losses=(text,))(case)[0].words

    assert lost("huayou") == "Huayou"
    assert lost("huay") == "Huay works"
    assert lost("hua") == "Huay works and Huayou and Huayou Quzhou"
    assert lost("Quzhou") == "Huayou Quzhou"
    for text, said in (
        ("Chin", "did you mean 'China'?"),
        ("ayou", 'write "*ayou*" for all of them'),
    ):
        with pytest.raises(UsageError, match="is not a country or a refiner") as error:
            lost(text)
        assert said in str(error.value)
    with pytest.raises(UsageError):
        lost("qu")


@pytest.mark.parametrize("text", ["", "*", " "])
def test_a_loss_of_nobody(text):
    assert "name a country, a refiner or a company" in wrong(losses=text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "choose from block lanes, "),
        ("scal capacity; value=1", "did you mean 'scale capacity'?"),
        ("country=CHN; scale capacity", "begin with an action"),
        ("scale capacity", "needs a value, a factor from 0 to 1000"),
        ("scale capacity; value=x", "value=x is not a number"),
        ("scale capacity; value=-1", "expected a factor from 0 to 1000"),
        ("scale capacity; value=1,5", "without separators of thousands"),
        ("scale capacity; value=5 kt", "value=5 kt is not a number"),
        ("scale capacity; value=1e400", "expected a factor from 0 to 1000"),
        ("scale capacity; value=nan", "value=nan is not a number"),
        ("add capacity; value=5 MT", "write t or Mt"),
        ("set max country share; value=65", "did you mean 0.65 (65 %)?"),
        ("set tariff; value=25", "did you mean 0.25 (25 %)?"),
        ("scale demand; country=CHN; value=2", "it accepts mineral, member, years, value"),
        ("drop share limits; years=2027", "it accepts mineral"),
        ("scale capacity; member=JPN; value=2", "`scale capacity` does not accept member"),
        ("scale capacity; cuntry=CHN; value=2", "did you mean 'country'?"),
        ("scale capacity; value=2; value=3", "value is given twice"),
        ("scale capacity; country=; value=3", "leave out country= to select all"),
        ("scale capacity; CHN; value=2", "write country=CHN"),
        ("scale capacity; copper; value=2", "write mineral=copper"),
        ("scale capacity; Jin; value=2", "write refiner=Jin"),
        ("scale demand; Nippon; value=2", "write member=Nippon"),
        ("scale capacity; 0.5", "write value=0.5"),
        ("scale capacity; 2026-2027; value=2", "write years=2026-2027"),
        ("scale capacity; years=26; value=2", "write years=2027-2030, 2027-"),
        ("scale capacity; years=2027 2030; value=2", "write years=2027-2030"),
        ("scale capacity; years=2027-2026; value=2", "is before the first year 2027"),
        (
            "scale capacity; years=2026; first year=2026; value=2",
            "leave out first year= and last year=",
        ),
        ("scale capacity; first year=soon; value=2", "first year=soon is not a year"),
        ("scale capacity; country=Chna; value=2", "did you mean 'China'?"),
        ("build project; years=2026-2027", "accepts only one year"),
        ("delay project; value=1.5", "whole years from 1 to 100"),
        ("delay project; refiner=Sur; value=1", "No project of Sur"),
        ("delay project; member=Nippon; value=1", "does not accept member"),
        ("block lanes; plant=Sur", "is not a plant in the workbook"),
        ("block lanes; plnt=Sur", "did you mean 'plant'?"),
        ("set tariff; plant=Sur; value=0.1", "`set tariff` does not accept plant"),
        ("build project; years=2030", "a year of the sheet Demand (2026 to 2027)"),
        ("build project; refiner=Sur", "No project of Sur"),
    ],
)
def test_a_what_if_that_is_none(text, said):
    """What a row of the sheet Scenarios is refused for, and every slip of the form."""
    told = wrong(changes=text)
    assert told.startswith(f"--what-if {text!r}: ")
    assert said in told


def test_all_mistakes_are_told_at_once():
    with pytest.raises(UsageError) as error:
        WhatIfOptions(("CHN",), ("Chna",), ("scale cost",))(CASE)
    lines = str(error.value).splitlines()
    assert [line.split()[0] for line in lines] == ["--block", "--lose", "--what-if"]
    with pytest.raises(UsageError) as error:
        WhatIfOptions(blocks=("Chna:Nippn:coper",), wrong=("--surge '-1' is no share",))(CASE)
    lines = str(error.value).splitlines()
    assert len(lines) == 4
    assert all(line.startswith("--block 'Chna:Nippn:coper': ") for line in lines[:3])
    assert [w for w in ("Chna", "Nippn", "coper") for line in lines if f": '{w}' is not" in line]
    assert lines[3].startswith("--surge")


def warned(**asked: str) -> list[str]:
    what_ifs = WhatIfOptions(**{kind: (text,) for kind, text in asked.items()})(CASE)
    _, findings = Variant(what_ifs=what_ifs).with_findings(CASE)
    assert all(finding.severity == "warning" for finding in findings)
    return [finding.message for finding in findings]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"blocks": "PER:JPN"}, "`--block PER:JPN` changes nothing. it matches no refiner in"),
        ({"losses": "France"}, "`--lose France` changes nothing"),
        ({"changes": "scale capacity; value=1"}, "changes nothing"),
        ({"changes": "set stock target; value=1"}, "no stockpile"),
        ({"changes": "scale demand; years=2030-; value=2"}, "after the last planned year, 2027"),
        ({"changes": "drop share limits; value=1"}, "takes no Value, so this number is ignored"),
    ],
)
def test_what_touches_nothing_is_warned_of(asked, said):
    assert any(said in message for message in warned(**asked)), warned(**asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"blocks": "CHN:JPN"},
        {"losses": "CHN"},
        {"losses": "PER"},
        {"losses": "Chile"},
        {"changes": "scale mines; country=PER; value=0.5"},
    ],
)
def test_what_touches_something_is_not(asked):
    """A lost country without refiners loses its ore, one without ore its refiners."""
    assert warned(**asked) == []


# ---- against workbooks edited by hand ----------------------------------------------------------


def step(action: str, value: float | None = None, **selectors: str):
    return {"Action": action, "Value": value, **selectors}


# ---- the command -------------------------------------------------------------------------------


def test_solve_plans_what_an_edited_workbook_gives(case, ask, folder):
    """Chile lost: its capacity 0, its ore lanes closed; the input is not touched."""
    before = case.read_bytes()
    tables = template_tables()
    for row in tables["Refiners"]:
        if row["Country"] == "Chile":
            row["Capacity (t/yr)"] = 0
    tables["Ore lanes"].append({"Mine country": "Chile", "Open": "no"})
    write_book(folder / "edited.xlsx", tables)
    code, lost = ask("solve", case, "--lose", "CHL")
    _, edited = ask("solve", "edited.xlsx")
    _, base = ask("solve", case)
    assert code == 0
    assert lost["objective_usd"] == pytest.approx(edited["objective_usd"], rel=1e-9)
    assert lost["objective_usd"] > base["objective_usd"]
    assert lost["what_ifs"] == [{"option": "--lose", "given": "CHL", "does": "Chile"}]
    assert (lost["scenario"], base["what_ifs"]) == ("Base", [])
    assert case.read_bytes() == before


def test_what_ifs_come_after_the_scenario_and_before_the_limit(case, ask):
    """A scenario's cap of 50 % is dropped by the what-if; the option's 40 % then holds."""
    drop = ("--what-if", "drop share limits")
    _, free = ask("solve", case, "--scenario", "Half", *drop)
    _, same = ask("solve", case, *drop)
    assert free["objective_usd"] == pytest.approx(same["objective_usd"], rel=1e-9)
    _, tight = ask("solve", case, *drop, "--max-country-share", "0.4")
    assert max(tight["max_country_share"].values()) <= 0.4 + 1e-9


def test_the_plan_says_what_was_asked(case, call):
    import openpyxl

    what = "scale demand; mineral=cobalt; years=2027-; value=1.2"
    asked = ("--block", "CHN:JPN", "--block", "*:DEU", "--what-if", what)
    assert call("solve", case, *asked)[0] == 0
    said = {
        "Option: Block": "China to Japan; all to Germany",
        "Option: What if": "scale demand (Cobalt, from 2027): 1.2",
    }
    (plan,) = Path("outputs").glob("case-what-if block *-plan.xlsx")
    book = openpyxl.load_workbook(plan)
    rows = book["Summary"].iter_rows(values_only=True)
    summary = {row[0]: row[1] for row in rows}
    assert said.items() <= summary.items()
    made = (
        "Base; block China to Japan; all to Germany; what if scale demand (Cobalt, from 2027): 1.2"
    )
    assert summary["Scenario"] == made
    front = book["Overview"].iter_rows(values_only=True)
    assert [cell for row in front for cell in row if made in str(cell)]


def test_a_mistake_is_wrong_usage(case, call, ask):
    code, out, err = call("solve", case, "--lose", "Chna")
    assert (code, out) == (2, "")
    assert "--lose 'Chna': 'Chna' is not a country or a refiner; did you mean 'China'?" in err
    code, answer = ask("solve", case, "--block", "x")
    assert (code, answer["status"]) == (2, "usage_error")


def test_what_records_contradict_is_told_with_what_was_asked(case, call, ask):
    """Costs beyond the bound of a price, at the cell that is scaled."""
    twice = ("--what-if", "scale cost; value=1000") * 2
    code, answer = ask("solve", case, *twice)
    assert (code, answer["status"]) == (1, "input_error")
    first = answer["errors"][0]
    assert (first["sheet"], first["cell"]) == ("Refiners", "E2")
    assert 'with --what-if "scale cost; value=1000"' in first["message"].casefold()
    code, out, err = call("solve", case, *twice)
    assert (code, out) == (1, "")
    assert "Refiners!E2" in err


def test_a_what_if_that_touches_nothing_is_told_and_planned(case, ask):
    code, answer = ask("solve", case, "--lose", "Peru")
    assert code == 0
    assert any("`--lose Peru` changes nothing" in w["message"] for w in answer["warnings"])


def test_every_example_of_the_page_is_understood():
    """Each option that docs/what-ifs.md shows, by the first example, or by that with tiers."""
    page = (ROOT / "docs" / "what-ifs.md").read_text(encoding="utf-8")
    shown = re.findall(r"--(block|lose|what-if) (?:\"([^\"]+)\"|([\w:]+))", page)
    fields = {"block": "blocks", "lose": "losses", "what-if": "changes"}
    schematic = {"FROM:TO", "WHO", "ACTION; ...", "...; refiner=..."}
    told = [(fields[o], quoted or bare) for o, quoted, bare in shown]
    told = [(field, text) for field, text in told if text not in schematic]
    assert len(told) >= 12
    first, tiers = (
        read(ROOT / "inputs" / f"{name}.xlsx").case
        for name in ("critical-minerals", "magnets-by-use")
    )
    for field, text in told:
        case = tiers if "tier=" in text or "plant=" in text else first
        what_ifs = WhatIfOptions(**{field: (text,)})(case)
        assert Variant(what_ifs=what_ifs).with_findings(case)[1] == (), text


def test_variants_are_sent_to_other_processes():
    import pickle

    asked = WhatIfOptions(("CHN:JPN",), ("PER",), ("scale demand; value=1.5",))
    variant = Variant("Base", asked(CASE), 0.5)
    assert pickle.loads(pickle.dumps(variant)) == variant
    assert pickle.loads(pickle.dumps(variant))(CASE) == variant(CASE)


@pytest.mark.parametrize(("value", "is_told"), [("70", True), ("10", True), ("9.5", False)])
def test_a_factor_that_looks_like_a_percentage_is_told(value, is_told) -> None:
    """It is taken as it stands, here and in the sheet Scenarios: one rule warns of both."""
    (what_if,) = WhatIfOptions(changes=(f"scale capacity; country=China; value={value}",))(CASE)
    told = [finding.message for finding in what_if.findings]
    assert any(f"{value} times as much as in the workbook" in said for said in told) == is_told
    assert any(f"did you mean {float(value) / 100:g}" in said for said in told) == is_told


def test_a_name_far_from_any_country_has_no_nearest() -> None:
    with pytest.raises(UsageError) as error:
        WhatIfOptions(losses=("Atlantis",))(CASE)
    assert "Albania" not in str(error.value)
    with pytest.raises(UsageError, match="did you mean 'France'"):
        WhatIfOptions(losses=("Frnace",))(CASE)


# ---- companies -----------------------------------------------------------------------------------


def owned():
    """The small case with owners: Acme in China and Chile, Jin's project of another company."""
    book = country_pair()
    for row, owner in zip(book["Refiners"], ("Acme Metals", None, " ACME  metals"), strict=True):
        row["Owner"] = owner
    book["Projects"][0]["Owner"] = "Beta"
    return read_tables(book).case


def asked_of(case, **options) -> tuple[str, list[tuple[str, str, str, str]]]:
    """What the options of a case do: the words, and each step's action and selectors."""
    (what_if,) = WhatIfOptions(**{name: (text,) for name, text in options.items()})(case)
    steps_ = [(s.action, s.country, s.refiner, s.company) for s in what_if.steps]
    return what_if.words, steps_


@pytest.mark.parametrize("text", ["ACME METALS", " acme   metals ", "Acme", "metals", "Acm*"])
def test_lose_a_company(text):
    """By its name as one likes to write it, by a word of it, or by a pattern."""
    words, steps_ = asked_of(owned(), losses=text)
    assert words.casefold() == "acme  metals".replace("  ", " ")
    assert steps_ == [("scale capacity", "", "", words)]


def test_a_country_comes_before_a_company_and_a_company_before_a_refiner():
    book = country_pair()
    book["Refiners"][0]["Owner"], book["Refiners"][2]["Owner"] = "China", "Jin south"
    case = read_tables(book).case
    assert asked_of(case, losses="China")[1][0] == ("scale capacity", "CHN", "", "")
    # the refiner of that name has no Owner: it is as likely meant
    assert asked_of(case, losses="Jin south")[1] == [
        ("scale capacity", "", "", "Jin south"),
        ("scale capacity", "", "Jin south", ""),
    ]
    book["Refiners"][1]["Owner"] = "Beta"  # now it has said whose it is
    case = read_tables(book).case
    assert asked_of(case, losses="Jin south")[1] == [("scale capacity", "", "", "Jin south")]


def test_losing_a_company_is_its_row_of_scenarios():
    case = owned()
    (lost,) = WhatIfOptions(losses=("acme metals",))(case)
    (row,) = WhatIfOptions(changes=("scale capacity; owner=acme metals; value=0",))(case)
    (blocked,) = WhatIfOptions(blocks=("Acme Metals:*",))(case)
    (both,) = WhatIfOptions(changes=("block lanes; owner=ACME*",))(case)
    plans = [solve(Variant(what_ifs=(of,))(case)).objective for of in (lost, row, blocked, both)]
    assert plans == pytest.approx([plans[0]] * 4)
    assert plans[0] > solve(case).objective
    assert row.words == f"scale capacity ({case.refiners[0].company}): 0"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"losses": "Acme Metal Co"}, "is not a country, a company or a refiner; did you mean"),
        ({"changes": "block lanes; owner=Acme Metal"}, "is not a company in the workbook"),
        (
            {"changes": "scale demand; owner=Beta; value=2"},
            "`scale demand` does not accept owner",
        ),
        ({"changes": "set lane max; owner=Beta; value=2"}, "does not accept owner"),
        ({"changes": "build project; owner=Acme Metals"}, "No project of"),
        ({"changes": "scale capacity; Beta; value=2"}, "write owner=Beta"),
        ({"changes": "scale cost; ownr=Beta; value=2"}, "did you mean 'owner'?"),
        ({"changes": "scale cost; owner=Beta"}, "needs a value"),
    ],
)
def test_mistakes_with_companies(options, said):
    with pytest.raises(UsageError) as error:
        asked_of(owned(), **options)
    assert said in str(error.value)


def test_what_an_action_takes_names_the_owner():
    with pytest.raises(UsageError, match="accepts mineral, country, refiner, owner, years, value"):
        asked_of(owned(), changes="scale cost; member=Nippon; value=2")
