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
from planner import page as engine_of
from planner.cli import main
from planner.page.pack import program, sealed
from planner.page.sliders import adjustable, grid
from planner.run import open_input
from planner.workbook import read_tables
from tests.budget import BUDGET
from tests.models.desk import jin, make, sur
from tests.page.draws import draw, unmoved, variant_of
from tests.reference.cases import SECURE, random_book

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
    of, lacking = adjustable(case)
    assert not lacking
    rng = np.random.default_rng(7)
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(3 * DRAWS))]
    for answer, plan in holds(case, planned(case, settings), settings):
        assert answer["paid"] == pytest.approx(plan.purchases, rel=1e-6)
        assert answer["tariffs"] == pytest.approx(plan.tariffs, rel=1e-6, abs=1e-3)
        assert answer["short"] == pytest.approx(plan.shortage, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(max(6, DRAWS // 3)))
def test_random_books(seed, planned):
    """Contracts, stocks, projects, ore, tiers, soft limits, shares of purchases: all that is."""
    book = random_book(np.random.default_rng([31, seed]), 1 + seed % 3, SECURE)
    case = read_tables(book).case
    of, _ = adjustable(case)
    rng = np.random.default_rng([32, seed])
    settings = [unmoved(case, len(of.countries)), *(draw(of, rng) for _ in range(5))]
    assert list(holds(case, planned(case, settings, bases=seed % 2 == 0), settings))


def test_the_command_gives_the_same(planned, tmp_path, monkeypatch, capsys):
    """The line that the page tells, run as it stands."""
    file = INPUTS / "plain.xlsx"
    case = open_input(file).case
    of = adjustable(case)[0]
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
    at = adjustable(case)[0].countries.index("CHN")
    settings = [unmoved(case, 2) for _ in range(3)]
    settings[1]["tariff"][at], settings[2]["tariff"][at] = 0.1, 0.0
    still, raised, none = planned(case, settings)
    assert (still["tariffs"], raised["tariffs"]) == pytest.approx((225, 375))
    assert raised["command"].endswith('--what-if "raise tariff; country=CHN; value=0.1"')
    assert none["objective"] == pytest.approx(still["objective"])
    assert list(holds(case, [raised], settings[1:2]))


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
    of, _ = adjustable(open_input(INPUTS / "plain.xlsx").case)
    said, raw = program(of, list(of.bases(grid(of)[:4])))
    words, arrays = tmp_path / "words.json", tmp_path / "arrays.bin"
    words.write_text(json.dumps(said, separators=(",", ":")), encoding="utf-8")
    arrays.write_bytes(raw)
    engine = Path(engine_of.__file__).with_name("engine.js")
    seal = sealed(words.read_text(encoding="utf-8"), raw)
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
