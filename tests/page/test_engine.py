"""The page's engine, run by Node: what it plans is what ``planner solve`` plans."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.plan import Session
from models.results import Security
from planner import page as engine_of
from planner.cli import main
from planner.page import seal_of, serialized_program
from planner.page.sliders import starting_settings, with_sliders
from planner.sheets.findings import result_rows
from planner.workbook import read_tables
from planner.workbook.read import open_input
from tests.budget import BUDGET, few
from tests.models.desk import jin, make, sur
from tests.models.test_hand_built import begun
from tests.models.test_hand_floors import border, walled
from tests.page.draws import draw, unmoved, variant_of
from tests.reference.cases import SECURE, random_book
from tests.sheets.desk import refiner, rows

INPUTS = Path(__file__).parents[2] / "inputs"
DRAWS = BUDGET // 2


def holds(case, answers, settings):
    """Hold each answer against the plan of the command that the page says does the same."""
    # what is bought may differ where several plans cost the same
    session = Session(case)
    for answer, of in zip(answers, settings, strict=True):
        try:
            plan = session.solve(variant_of(case, answer["command"]))
        except InputError:  # such as a mineral whose name a command cannot say
            continue
        assert answer["proof"]["passed"], (of, answer)
        assert answer["objective"] == pytest.approx(plan.objective, rel=1e-6, abs=1e-3), of
        yield answer, plan


def test_the_small_example_as_the_command_plans_it(planned):
    """Any settings of the sliders, 60 at random."""
    case = open_input(INPUTS / "plain.xlsx").case
    of, lacking = with_sliders(case)
    assert not lacking
    rng = np.random.default_rng(7)
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(3 * DRAWS))]
    for answer, plan in holds(case, planned(case, settings), settings):
        assert answer["paid"] == pytest.approx(plan.purchases, rel=1e-6)
        assert answer["tariffs"] == pytest.approx(plan.tariffs, rel=1e-6, abs=1e-3)
        assert answer["short"] == pytest.approx(plan.shortage, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(max(2, DRAWS // 3)))
def test_random_books(seed, planned):
    """Contracts, stocks, projects, ore, tiers, soft limits, shares of purchases: all that is."""
    book = random_book(np.random.default_rng([31, seed]), 1 + seed % 3, SECURE)
    case = read_tables(book).case
    of, _ = with_sliders(case)
    rng = np.random.default_rng([32, seed])
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(5))]
    assert list(holds(case, planned(case, settings, bases=seed % 2 == 0), settings))


@pytest.mark.slow
def test_what_is_claimed_of_a_loss_is_what_the_command_finds(planned):
    """How many losses are tested and missed, and the worst, as the sheet Security has them."""
    rng, seen = np.random.default_rng(33), set()
    for seed in range(max(4, DRAWS // 4)):
        book = random_book(np.random.default_rng([34, seed]), 1 + seed % 2, SECURE)
        book["Settings"].append({"Setting": "Fair shortage weight", "Value": 0})
        book["Settings"] = [*{row["Setting"]: row for row in book["Settings"]}.values()]
        for row in book["Security"]:
            row["Penalty (USD/t)"] = (
                1000.0 + rng.random()
            )  # none is free: what is missing has to be
        case = read_tables(book).case
        of, _ = with_sliders(case)
        settings = [unmoved(case, len(of.countries))]
        settings += [{**draw(of, rng), "security": [most] * len(case.minerals)}
                     for most in (0.05, 0.3, 0.6, 1.0)]  # fmt: skip
        if not any(layer.slider == "security" for layer in of.layers):
            settings = settings[:1]
        for answer, plan in holds(case, planned(case, settings), settings):
            rows = [
                row for row in result_rows(Security.from_plan(plan)) if round(row["target"], 3) > 0
            ]
            found = answer["losses"]
            assert found["tested"] == len(rows)
            assert (found["missed"] > 0) == any(row["missing"] > 0 for row in rows)
            seen |= {found["missed"] > 0, f"tested {found['tested'] > 0}"}
    assert seen == {True, False, "tested True", "tested False"}


def test_the_worst_loss_is_named_as_the_plan_names_it(planned):
    """Need 100, China 100 at 10 and Chile 100 at 20, 5 % may be short: without China 55 % is."""
    book = rows(Refiners=[refiner("J", "China", 100, 10), refiner("S", "Chile", 100, 20)])
    book |= {"Share limits": [], "Security": [{"Max short": 0.6, "First year": 2027}]}
    for row in book["Demand"]:
        row |= {"2026": 50, "2027": 50}
    case = read_tables(book).case
    still = unmoved(case, len(with_sliders(case)[0].countries))
    kept, moved = planned(case, [still, still | {"security": [0.05]}])
    assert kept["losses"] == {"tested": 2, "missed": 0, "worst": None}
    worst = moved["losses"]["worst"]
    assert (worst["country"], worst["mineral"], worst["year"]) == ("China", "copper", 2027)
    assert worst["short"] == pytest.approx(0.55)


def test_the_command_gives_the_same(planned, tmp_path, monkeypatch, capsys):
    """The line that the page tells, run as it stands."""
    file = INPUTS / "plain.xlsx"
    case = open_input(file).case
    of = with_sliders(case)[0]
    moved = unmoved(case, len(of.countries)) | {"cap": [0.5, 0.5], "demand": [1.1]}
    moved["lost"][of.countries.index("CHN")] = 1
    (answer,) = planned(case, [moved], file=str(file))
    monkeypatch.chdir(tmp_path)
    words = shlex.split(answer["command"])
    assert words[:3] == ["planner", "solve", str(file)]
    assert main([*words[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["objective_usd"] == pytest.approx(answer["objective"], rel=1e-9)


def test_a_tariff_is_raised_from_what_it_was(planned):
    """Lanes with 20 and 5 %: 10 points more are 30 and 15 %; 0 more is nothing."""
    book = make(
        jin(150), sur(100), demand={"A": 100, "B": 50}, Lanes=[
            {"From country": "China", "To member": "A", "Tariff": 0.2},
            {"From country": "China", "To member": "B", "Tariff": 0.05},
        ],
    )  # fmt: skip
    case = read_tables(book).case
    at = with_sliders(case)[0].countries.index("CHN")
    settings = [unmoved(case, 2) for _ in range(3)]
    settings[1]["tariff"][at], settings[2]["tariff"][at] = 0.1, 0.0
    still, raised, none = planned(case, settings)
    assert (still["tariffs"], raised["tariffs"]) == pytest.approx((225, 375))
    assert raised["command"].endswith('--what-if "raise tariff; country=CHN; value=0.1"')
    assert none["objective"] == pytest.approx(still["objective"])
    assert list(holds(case, [raised], settings[1:2]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_tariff_below_a_price_floor_takes_the_place_of_the_levy(seed, planned):
    """Whatever is moved, the plan, its tariffs and its levies are those of the command."""
    case = read_tables(walled(seed)).case
    of, lacking = with_sliders(case)
    assert not [said for said in lacking if said.startswith("Tariff")]
    rng = np.random.default_rng([33, seed])
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(6))]
    for answer, plan in holds(case, planned(case, settings), settings):
        assert answer["paid"] == pytest.approx(plan.purchases, rel=1e-5)


def test_a_tariff_is_paid_in_place_of_a_levy(planned):
    """8 a tonne and a floor of 10: 20 % more of tariff are 1.6 of the 2, 50 % are 4 and no levy."""
    case = read_tables(border(10)).case
    at = with_sliders(case)[0].countries.index("CHN")
    settings = [unmoved(case, 2) for _ in range(3)]
    settings[1]["tariff"][at], settings[2]["tariff"][at] = 0.2, 0.5
    answers = list(holds(case, planned(case, settings), settings))
    money = [(of["paid"], of["tariffs"], of["levies"]) for of, _ in answers]
    assert money == [pytest.approx(of) for of in ((1000, 0, 200), (1000, 160, 40), (1140, 160, 0))]
    for answer, plan in answers:
        assert (answer["tariffs"], answer["levies"]) == pytest.approx((plan.tariffs, plan.levies))


BUDGETS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 3.0)


@pytest.mark.parametrize("half", few([0.0, 0.5, 1.0], 2))
@pytest.mark.parametrize("budget", few([0.0005, 0.001, 0.0015], 2))
def test_a_budget_counts_as_at_least_what_built_pays(half, budget, planned):
    """At any part of the budget, below what Built pays of it or above: the plan of the command."""
    case = read_tables(begun((2028, half), budget=budget)).case
    still = unmoved(case, len(with_sliders(case)[0].countries))
    settings = [still | {"budget": [part]} for part in BUDGETS]
    answers = list(holds(case, planned(case, settings), settings))
    assert len(answers) == len(BUDGETS)
    assert answers[0][0]["objective"] >= answers[-1][0]["objective"]


def test_a_carried_budget_beside_built_has_no_slider():
    """What Built pays counts in sums then, and no year follows a line; without Built all do."""
    carried = {"Carry_over_budget": "yes"}
    case = read_tables(begun((2028, 0.5), budget=0.0005, **carried)).case
    of, lacking = with_sliders(case)
    assert not [layer for layer in of.layers if layer.slider == "budget"]
    assert lacking == (
        'Budget can\'t be moved here; use planner solve --what-if "scale budget; value=...".',
    )
    case = read_tables(begun(budget=0.0005, **carried)).case
    of, lacking = with_sliders(case)
    assert [layer for layer in of.layers if layer.slider == "budget"]
    assert not lacking


def test_the_hash_is_sha_256(tmp_path):
    """At all lengths around those of a block."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    engine = Path(engine_of.__file__).with_name("engine.js")
    texts = [bytes(i * 7 % 256 for i in range(size)) for size in (0, 1, 3, 55, 56, 63, 64, 65, 999)]
    script = (
        f"const {{ sha256 }} = require({json.dumps(str(engine))}), texts = {[*map(list, texts)]};"
        "console.log(JSON.stringify(texts.map((text) => sha256(Uint8Array.from(text)))))"
    )
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [hashlib.sha256(text).hexdigest() for text in texts]


TAMPERED = """
const fs = require("node:fs"), [file, words, arrays, seal] = process.argv.slice(1);
const { unpack } = require(file), text = fs.readFileSync(words, "utf8");
const bytes = new Uint8Array(fs.readFileSync(arrays)), refused = [], tried = [];
const isRefused = (said, changed, by) => {
  try { unpack(said, changed.buffer, by); return false; } catch { return true; }
};
const own = !isRefused(text, bytes, seal);
for (const [name, [type, offset, length]] of Object.entries(JSON.parse(text).arrays)) {
  for (const at of length ? [0, length >> 1, length - 1] : []) {
    const changed = bytes.slice(), byte = offset + (at + 1) * Number(type[1]) - 1;
    changed[byte] ^= 1;
    (isRefused(text, changed, seal) ? refused : tried).push(name);
  }
}
const later = text.replace(/"scales":(true|false)/, (_, is) => `"scales":${is === "false"}`);
console.log(JSON.stringify({ own, refused, tried, words: isRefused(later, bytes, seal),
  seal: isRefused(text, bytes, seal.replace(/./, (c) => (c === "0" ? "1" : "0"))) }));
"""
"""Turns one bit of the first, the middle and the last number of each array."""


def test_an_array_of_which_a_bit_is_another_plans_nothing(tmp_path):
    """Cost, bounds, coefficients, what sliders do to them, bases, scales, places: every array."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    of, _ = with_sliders(open_input(INPUTS / "plain.xlsx").case)
    said, raw = serialized_program(of, list(of.bases(starting_settings(of)[:4])))
    words, arrays = tmp_path / "words.json", tmp_path / "arrays.bin"
    words.write_text(json.dumps(said, separators=(",", ":")), encoding="utf-8")
    arrays.write_bytes(raw)
    engine = Path(engine_of.__file__).with_name("engine.js")
    seal = seal_of(words.read_text(encoding="utf-8"), raw)
    done = subprocess.run(
        [node, "-e", TAMPERED, engine, words, arrays, seal],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found.pop("tried") == []
    refused = set(found.pop("refused"))
    assert refused == {name for name, (_, _, size) in said["arrays"].items() if size}
    assert refused >= {"cost", "lower", "upper", "row_lower", "row_upper", "values", "layer0_slope"}
    assert found == {"own": True, "words": True, "seal": True}
