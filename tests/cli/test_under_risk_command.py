"""The command solve --under-risk: what it writes, says, refuses and how it ends."""

from __future__ import annotations

import numpy as np
import openpyxl
import pytest

from models.answers import recourse
from models.answers.futures import under_risk
from models.answers.recourse import Tail
from planner.cli import main
from planner.studies import under_risk as kind
from planner.studies.draws import Draw, draws
from planner.studies.kind import Tables
from planner.studies.under_risk_tables import Expected, Futures
from planner.workbook import read
from planner.workbook.template import template_tables
from tests.books import write_book
from tests.cli.desk import sheets, told
from tests.models.desk import jin, make, refiner
from tests.order_book import table

ASKED = ("--under-risk", "--futures", "8", "--seed", "3", "--workers", "1")
FEW = 5
"""As many futures are planned at once in tests of more; the rest are planned apart."""
TABLES = ["Under risk", "Decisions", "Futures", "Missing on average", "About", "Runs"]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """The example of the template."""
    path = tmp_path_factory.mktemp("under-risk") / "case.xlsx"
    write_book(path, template_tables())
    return path


@pytest.fixture(scope="module")
def made(case):
    """A plan under risk of eight futures, with its tables as CSV."""
    to = ("--output", str(case.with_name("made.xlsx")), "--csv", str(case.with_name("csv")))
    assert main(["solve", str(case), *ASKED, *to]) == 0
    return case.with_name("made.xlsx")


def answer(capsys, *words: object) -> dict:
    """What a program hears, but for where and how long."""
    found = told(capsys, *words)
    return {key: value for key, value in found.items() if key not in {"seconds", "output"}}


def test_the_workbook_has_its_sheets_and_its_runs_are_proven(made) -> None:
    assert sheets(made) == ["Overview", *TABLES]
    assert (made.parent / "csv" / "futures.csv").exists()
    runs = table(made, "Runs")
    assert {row["Proven"] for row in runs} == {"yes"}
    names = [row["Run"] for row in runs]
    assert len(set(names)) == len(names)
    assert any(name.endswith(", plain plan") for name in names)
    told = " ".join(str(v) for row in openpyxl.load_workbook(made)["Overview"].values for v in row)
    assert "Planning for events leaves no mineral less missing, on average." in told
    assert "Too few futures to say how sure this is" in told


def test_futures_are_the_draws_of_planner_risk(made, case) -> None:
    drawn = [draw.label for draw in draws(read(case).case, 8, 3)]
    rows = table(made, "Futures")
    assert [row["Events"] for row in rows] == list(dict.fromkeys(drawn))
    chances = [row["Probability"] for row in rows]
    assert chances == [drawn.count(row["Events"]) / 8 for row in rows]


def test_the_sums_are_of_the_futures(made) -> None:
    rows, (expected, *_) = table(made, "Futures"), table(made, "Under risk")
    ways = ("Each future known", "Plan under risk", "Plain plan")
    known, risky, plain = (
        sum(row["Probability"] * row[f"{way} (USD m)"] for row in rows) for way in ways
    )
    assert [expected[f"{way} (USD m)"] for way in ways] == pytest.approx([known, risky, plain])
    assert expected["Knowing would save (USD m)"] == pytest.approx(risky - known)
    assert expected["Planning under risk saves (USD m)"] == pytest.approx(plain - risky)
    assert known <= risky <= plain
    short = {
        way: sum(row[f"{way} (t)"] for row in table(made, "Missing on average")) for way in ways
    }
    assert short["Plan under risk"] == pytest.approx(
        sum(row["Probability"] * row["Missing, plan under risk (t)"] for row in rows)
    )


def test_the_tail_costs_on_average_what_it_spares_at_the_end(case, capsys) -> None:
    mean, tail = (
        answer(capsys, "solve", case, *ASKED, *more, "--output", case.with_name("tail.xlsx"))
        for more in ((), ("--weight", "0.9", "--cvar", "0.5"))
    )
    slight = answer(
        capsys, "solve", case, *ASKED, "--weight", "1e-12", "--output", case.with_name("tail.xlsx")
    )
    for way in ("known_usd", "under_risk_usd", "plain_usd"):  # minerals together, or apart
        assert slight["worth"][0][way] == pytest.approx(mean["worth"][0][way], rel=1e-7)
    assert (tail["weight"], tail["alpha"]) == (0.9, 0.5)
    least, expected, cvar, _ = tail["worth"]
    assert least["under_risk_usd"] == pytest.approx(
        0.1 * expected["under_risk_usd"] + 0.9 * cvar["under_risk_usd"]
    )
    near = 1e-7 * expected["under_risk_usd"]
    assert mean["worth"][0]["under_risk_usd"] <= expected["under_risk_usd"] + near
    assert [row["measure"] for row in mean["worth"]] == [
        "Expected total cost", "CVaR 95 of total cost", "Dearest future",
    ]  # fmt: skip


def test_a_stock_against_an_embargo_by_hand(tmp_path, capsys) -> None:
    """As in the tests of the model: 50 t stored at 11 save 10 or 500 each in the second year."""
    pile = {"Mineral": "copper", "Member": "A", "Opening (t)": 0, "Max (t)": 100,
            "Target (t)": 0, "Holding cost (USD/t/yr)": 1}  # fmt: skip
    ban = {"Event": "Ban", "Action": "block lanes", "Country": "China", "First year": 2027,
           "Yearly probability": 0.5}  # fmt: skip
    book = make(jin(150), years=(2026, 2027), Stockpiles=[pile], Risks=[ban])
    write_book(tmp_path / "case.xlsx", book, sheets=book)
    to = ("--output", tmp_path / "made.xlsx")
    found = answer(capsys, "solve", tmp_path / "case.xlsx", *ASKED[:2], 20, *to)
    part = sum(bool(draw.hits) for draw in draws(read(tmp_path / "case.xlsx").case, 20, 1)) / 20
    assert 0 < part < 1
    (row, *_) = found["worth"]
    by_hand = {
        "known_usd": (1 - part) * 2_000 + part * 26_550,
        "under_risk_usd": (1 - part) * 2_050 + part * 26_550,
        "plain_usd": (1 - part) * 2_000 + part * 51_000,
    }
    assert {key: row[key] for key in by_hand} == pytest.approx(by_hand, rel=1e-6)
    changed = {(d["what"], d["who"], d["year"]): d["change_t"] for d in found["decisions"]}
    assert changed["in stock at the end of the year", "A", 2026] == pytest.approx(50)
    assert changed["bought", "China", 2026] == pytest.approx(50)
    # a ban that is drawn for 2026 alone changes nothing: that future is told as the calm one it is
    assert {of["events"] for of in found["rows"]} == {"no event", "Ban 2027"}


def test_how_sure_the_saving_is_by_hand(tmp_path, capsys) -> None:
    """Of a batch with a ban in a part p of its futures 24,450 p - 50 (1 - p), at least 0."""
    pile = {"Mineral": "copper", "Member": "A", "Opening (t)": 0, "Max (t)": 100,
            "Target (t)": 0, "Holding cost (USD/t/yr)": 1}  # fmt: skip
    ban = {"Event": "Ban", "Action": "block lanes", "Country": "China", "First year": 2027,
           "Yearly probability": 0.2}  # fmt: skip
    book = make(jin(150), years=(2026, 2027), Stockpiles=[pile], Risks=[ban])
    path, made = tmp_path / "case.xlsx", tmp_path / "made.xlsx"
    write_book(path, book, sheets=book)
    for futures, many in ((9, 0), (10, 2), (23, 4), (50, 5)):
        asked = (path, "--under-risk", "--futures", futures, "--workers", 1, "--output", made)
        found = answer(capsys, "solve", *asked)
        hit = [any(year == 2027 for _, year in d.hits) for d in draws(read(path).case, futures, 1)]
        parts = [np.mean(of) for of in np.array_split(hit, many)] if many else []
        by_hand = [max(0.0, 24_450 * p - 50 * (1 - p)) for p in parts]
        batches = found["batches"]
        assert [b["vss_usd"] for b in batches] == pytest.approx(by_hand, rel=1e-6, abs=1e-3)
        assert sum(b["futures"] for b in batches) == (futures if many else 0)
        row, said = found["worth"][0], first_page(made)
        if not many:
            assert row["vss_error_usd"] is None
            assert "Too few futures to say how sure this is" in said
            continue
        t = {2: 12.706, 4: 3.182, 5: 2.776}[many]
        by = t * np.std(by_hand, ddof=1) / np.sqrt(many)
        assert row["vss_error_usd"] == pytest.approx(by, rel=1e-6, abs=1e-3)
        assert ("within its margin of error" in said) == (by > 0 and by >= row["vss_usd"])


@pytest.mark.parametrize("more", [(), ("--weight", "50%", "--cvar", "80%")])
def test_a_batch_is_the_plan_of_its_futures_alone(tmp_path, capsys, more) -> None:
    """The first of two, of five futures each, is what five futures give."""
    path, made = tmp_path / "case.xlsx", tmp_path / "made.xlsx"
    write_book(path, often())
    asked = ("solve", path, "--under-risk", *more, "--output", made, "--workers", 1, "--futures")
    both, alone = (answer(capsys, *asked, futures) for futures in (10, 5))
    (first, _), row = both["batches"], alone["worth"][0]
    for name in ("known_usd", "under_risk_usd", "plain_usd", "evpi_usd", "vss_usd"):
        near = {"rel": 1e-6, "abs": 1e-6 * row["known_usd"]}
        assert first[name] == pytest.approx(row[name], **near), name


def first_page(path) -> str:
    """All that the first page says."""
    rows = openpyxl.load_workbook(path)["Overview"].values
    return " ".join(str(v) for row in rows for v in row if v)


@pytest.mark.parametrize("change", ["no sheet", "chance 0"])
def test_without_events_it_is_the_plain_plan_and_says_so(tmp_path, capsys, change: str) -> None:
    book = template_tables()
    if change == "no sheet":
        del book["Risks"]
    else:
        book["Risks"] = [row | {"Yearly probability": 0} for row in book["Risks"]]
    path = tmp_path / "case.xlsx"
    write_book(path, book, sheets=book)
    found = answer(capsys, "solve", path, "--under-risk", "--output", tmp_path / "made.xlsx")
    plain = answer(capsys, "solve", path, "--output", tmp_path / "plan.xlsx")
    (row, *_) = found["worth"]
    cost = pytest.approx(plain["objective_usd"], rel=1e-7)
    assert [row[key] for key in ("known_usd", "under_risk_usd", "plain_usd")] == [cost] * 3
    assert (row["evpi_usd"], row["vss_usd"]) == (0, 0)
    assert not any(of["change_t"] for of in found["decisions"])
    first = openpyxl.load_workbook(tmp_path / "made.xlsx")["Overview"].values
    told = " ".join(v for row in first for v in row if isinstance(v, str))
    assert "No event happens in a drawn future: the plan under risk is the plain plan." in told
    assert ("add the sheet Risks" in told) == ("Risks" not in book)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--futures", "5"), "--futures needs --under-risk"),
        (("--seed", "5"), "--seed needs --under-risk"),
        (("--cluster", "tcp://127.0.0.1:1"), "--cluster needs --under-risk"),
        (("--weight", "5%"), "--weight needs --under-risk"),
        (("--cvar", "90%"), "--cvar needs --under-risk"),
        (("--under-risk", "--cvar", "90%"), "without a --weight"),
        (("--under-risk", "--solver", "glpk"), "leave --solver out"),
        (("--under-risk", "--futures", "0"), "from 1 to"),
    ],
)
def test_what_contradicts_itself_is_refused(case, capsys, words, said: str) -> None:
    assert main(["solve", str(case), *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("is_whole", [False, True])
def test_more_futures_than_can_be_planned_are_refused(
    tmp_path, capsys, monkeypatch, is_whole: bool
) -> None:
    """By the columns of minerals that limits tie; with whole projects by what differs."""
    monkeypatch.setattr(kind, "MOST_COLUMNS", 1_000)
    monkeypatch.setattr(kind, "MOST", 5)
    book = often()
    settings = [row for row in book["Settings"] if row["Setting"] != "Whole projects"]
    value = "yes" if is_whole else "no"
    book["Settings"] = [*settings, {"Setting": "Whole projects", "Value": value}]
    write_book(tmp_path / "case.xlsx", book)
    assert main(["solve", str(tmp_path / "case.xlsx"), "--under-risk", "--futures", "3000"]) == 2
    told = capsys.readouterr().err
    assert "3,000 futures cannot be planned at once" in told
    expected = "with whole projects is 5" if is_whole else "columns, and the limit is 1,000"
    assert expected in told


def test_draws_are_told_apart_without_comparing_all_with_all(tmp_path) -> None:
    """That comes before any refusal of too many."""
    compared = []

    class Hit(tuple):
        __slots__ = ()
        __hash__ = tuple.__hash__

        def __eq__(self, other: object) -> bool:
            compared.append(other)
            return tuple.__eq__(self, other)

    write_book(tmp_path / "case.xlsx", often())
    case = read(tmp_path / "case.xlsx").case
    drawn = [Draw((), (Hit((0, year)),)) for year in range(300) for _ in range(2)]
    parts = kind._groups_of(case, drawn, Tail(), ())
    assert max(len(p.hits) for p in parts) == 300
    assert len(compared) <= 10 * len(parts) * len(drawn)


@pytest.mark.parametrize("what", ["nobody needs it", "need 0", "no seller", "capacity 0", "all"])
def test_a_mineral_that_is_not_bought_has_nothing_to_plan(tmp_path, capsys, what: str) -> None:
    """Jin and Kim sell copper; an event may take Jin. Tin is in the workbook, but nobody buys it.

    "all": copper is not needed, either.
    """
    tin = jin(0 if what == "capacity 0" else 100) | {"Mineral": "tin"}
    sellers = [jin(), refiner("Kim", "KOR", 100, 20), *([tin] if what != "no seller" else [])]
    book = make(*sellers, demand=0 if what == "all" else 100)
    book["Minerals"].append({"Mineral": "tin", "Price (USD/t)": 50})
    if what != "nobody needs it":
        needed = 100 if what in {"no seller", "capacity 0"} else 0
        book["Demand"].append(book["Demand"][0] | {"Mineral": "tin", "2026": needed})
    book["Risks"] = [
        {"Event": "Loss", "Action": "scale capacity", "Country": "CHN", "Value": 0,
         "Yearly probability": 0.5, "Duration (yr)": 1}
    ]  # fmt: skip
    path = tmp_path / "case.xlsx"
    write_book(path, book, sheets=book)
    found = answer(capsys, "solve", path, *ASKED, "--output", tmp_path / "made.xlsx")
    assert found["status"] == "optimal"


def often() -> dict:
    """The template's book with events that begin every other year."""
    book = template_tables()
    book["Risks"] = [
        row | {"Event": f"Event {i}", "Yearly probability": 0.5, "Duration (yr)": 1}
        for i, row in enumerate(book["Risks"])
    ]
    return book


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--weight", "50%", "--cvar", "80%")])
def test_many_futures_cost_what_they_do_as_one_program_anywhere(
    tmp_path, capsys, monkeypatch, more
) -> None:
    """Minerals apart, on one process and on two; then all as one. The gap is told."""
    path, made = tmp_path / "case.xlsx", tmp_path / "made.xlsx"
    write_book(path, often())
    monkeypatch.setitem(under_risk.__kwdefaults__, "at_once", FEW)
    asked = ("solve", path, "--under-risk", "--futures", 12, *more, "--output", made, "--workers")
    one, two = (answer(capsys, *asked, n) for n in (1, 2))
    assert one == two
    assert one["different_futures"] > FEW
    about = {row["What"]: row["Value"] for row in table(made, "About")}
    assert about["Proven"] == f"to within {one['proven_gap']:.0e} of the lowest possible cost"
    monkeypatch.setitem(under_risk.__kwdefaults__, "at_once", 1_000)
    whole = answer(capsys, *asked, 1)
    for way in ("known_usd", "under_risk_usd", "plain_usd"):
        assert one["worth"][0][way] == pytest.approx(whole["worth"][0][way], rel=1e-6)
    assert max(one["proven_gap"], whole["proven_gap"]) <= 1e-7


@pytest.mark.slow
def test_what_is_left_open_between_minerals_is_told(tmp_path, capsys, monkeypatch) -> None:
    """After a round of prices of nothing; the note says so, and by how much at most."""
    path, made = tmp_path / "case.xlsx", tmp_path / "made.xlsx"
    write_book(path, often())
    monkeypatch.setitem(under_risk.__kwdefaults__, "at_once", FEW)
    asked = ("solve", path, "--under-risk", "--futures", 12, "--weight", "50%", "--cvar", "80%")
    asked = (*asked, "--output", made, "--workers", 1)
    exact = answer(capsys, *asked)
    monkeypatch.setattr(recourse, "_MOST_ROUNDS", 1)
    rough = answer(capsys, *asked)
    assert (exact["status"], rough["status"]) == ("optimal", "feasible")
    costs = [found["worth"][0]["under_risk_usd"] for found in (exact, rough)]
    assert costs[0] <= costs[1] * (1 + 1e-7)
    assert costs[1] * (1 - rough["search_gap"]) <= costs[0] * (1 + 1e-7)
    for more, how in ((), "used up its rounds"), (("--time-limit", 60), "ended early"):
        answer(capsys, *asked, *more)
        about = {row["What"]: row["Value"] for row in table(made, "About")}
        assert about["Search"].startswith(
            f"The search for what minerals share {how}. This is the best"
        )


def test_a_search_that_may_end_early_says_how_far_it_came(tmp_path, capsys) -> None:
    """A gap of one half of the cost is met by the first whole plan found."""
    book = template_tables()
    settings = [row for row in book["Settings"] if row["Setting"] != "Whole projects"]
    book["Settings"] = [*settings, {"Setting": "Whole projects", "Value": "yes"}]
    write_book(tmp_path / "case.xlsx", book)
    to = ("--output", tmp_path / "made.xlsx")
    exact, rough = (
        answer(capsys, "solve", tmp_path / "case.xlsx", *ASKED, *more, *to)
        for more in ((), ("--gap", "90%", "--time-limit", "60"))
    )
    assert (exact["status"], exact["search_gap"]) == ("optimal", 0)
    costs = [found["worth"][0]["under_risk_usd"] for found in (exact, rough)]
    assert costs[0] <= costs[1] * (1 + 1e-7)
    assert costs[1] * (1 - rough["search_gap"]) <= costs[0] * (1 + 1e-7)
    assert rough["status"] == ("feasible" if rough["search_gap"] > 1e-9 else "optimal")
    about = {row["What"]: row["Value"] for row in table(tmp_path / "made.xlsx", "About")}
    assert ("Search" in about) == (rough["status"] == "feasible")


@pytest.mark.parametrize(("cvar", "is_one"), [("0.95", True), ("0.5", False)])
def test_a_tail_of_one_future_is_told(case, capsys, cvar: str, is_one: bool) -> None:
    made = case.with_name("few.xlsx")
    answer(capsys, "solve", case, *ASKED, "--weight", "1", "--cvar", cvar, "--output", made)
    about = {row["What"]: row["Value"] for row in table(made, "About")}
    assert ("the most expensive one" in about["What is least"]) == is_one


def test_scenarios_and_what_ifs_are_planned_under_risk(case, capsys) -> None:
    asked = ("--lose", "China", "--max-country-share", "60%")
    found = answer(capsys, "solve", case, *ASKED, *asked, "--output", case.with_name("lost.xlsx"))
    assert found["what_ifs"]
    about = {row["What"] for row in table(case.with_name("lost.xlsx"), "About")}
    assert {"Futures", "Seed", "What is least", "Plain plan"} <= about


def test_a_report_tells_of_it(made, case, tmp_path) -> None:
    plan = tmp_path / "plan.xlsx"
    assert main(["solve", str(case), "--output", str(plan)]) == 0
    assert main(["report", str(plan), str(made), "-o", str(tmp_path / "all.html")]) == 0
    told = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert "under risk: decisions" in told.lower()


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (((0.1, 0.1), (0.2, 0.2)), ["Planning for events leaves no mineral less missing"]),
        (((0.1, 0.3), (0.2, 0.2)), ["Planning for events helps tin most"]),
        (((0.1, 0.3), (0.2, 0.1)), ["Planning for events helps tin", "But more zinc is missing"]),
        (((0.1, 0.3), (0.2, 0.25)), ["Planning for events helps tin most"]),
        (((0.3, 0.1), (0.1, 0.2)), ["Planning for events helps zinc", "But more tin is missing"]),
    ],
)
def test_the_mineral_that_planning_for_events_harms_is_named_too(shares, said) -> None:
    rows = [
        {"mineral": name, "demand": 100.0, "risky_share": risky, "plain_share": plain,
         "spared": plain - risky}
        for name, (risky, plain) in zip(("tin", "zinc"), shares, strict=True)
    ]  # fmt: skip
    futures = Futures.of_rows([{"future": 1, "events": "a strike"}], words={"money": "USD"})
    tables = Tables([Expected.of_rows(rows, words={"money": "USD"}), futures])
    found = [s.text for s in kind._most_spared(tables)]
    for text, start in zip(found, said, strict=True):
        assert text.startswith(start)
