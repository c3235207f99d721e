"""The changes that CONTRIBUTING shows: made word by word in a copy, which then keeps the rules."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from tests.waiting import HANG

pytestmark = pytest.mark.slow(60)

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALKS = re.split(r"^\*\*\d\. ", PAGE.partition("## Where other")[0], flags=re.MULTILINE)[1:]
BLOCK = re.compile(r"^```(python|)\n(.+?)^```", re.MULTILINE | re.DOTALL)
WHERE = re.compile(r"`((?:models|planner)/\S+\.py)`")
TYPED = {"planner": ("-m", "planner"), "make docs": ("-m", "docs.assemble")}
"""How a copy runs what is typed in a clone; `serve` waits for visitors, `git` is the reader's."""

RULES = (
    "test_house.py",
    "test_wording.py",
    "test_docs.py::test_page_is_what_the_code_says",
    "test_checks.py::test_every_action_says_what_it_takes",
    "cli/test_command.py::test_every_command_and_option_is_described",
    "cli/test_degenerate.py::test_every_command_is_called",
)


def run(tree: Path, *words: str, shell: str = "") -> None:
    env = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(
        shell or [sys.executable, *words], shell=bool(shell), cwd=tree, env=env,
        capture_output=True, text=True, check=False, timeout=HANG,
    )  # fmt: skip
    assert done.returncode == 0, (shell or words, done.stdout[-3000:], done.stderr[-3000:])


def add(tree: Path, before: str, code: str) -> None:
    """Put code where the text before it says: in a class, before a name, or at a file's end."""
    file = tree / WHERE.findall(before)[-1]
    source = file.read_text(encoding="utf-8") if file.exists() else ""
    end = len(source)
    if place := re.search(r"`class (\w+)`", before):
        end = source.index("\n\n\n", source.index(f"\nclass {place[1]}("))
    elif place := re.search(r"before `(\w+)`", before):
        end = source.index(f"\n{place[1]} = ")
    file.write_text(f"{source[:end]}\n{code}\n{source[end:]}", encoding="utf-8")


def walk(tree: Path, text: str) -> None:
    """Make the changes of a walk, and run its commands."""
    done = 0
    for block in BLOCK.finditer(text):
        kind, code = block.groups()
        if kind:
            add(tree, text[done : block.start()], code)
        for line in [] if kind else code.splitlines():
            for command in (part.strip() for part in line.partition("#")[0].split("&&")):
                typed = next((name for name in TYPED if command.startswith(name)), "")
                if typed and "serve" not in command:
                    run(tree, *TYPED[typed], *shlex.split(command.removeprefix(typed)))
                elif command.startswith("sed "):
                    run(tree, shell=line)
        done = block.end()


def test_the_walks_of_contributing(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if not name.endswith(".png"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    for text in WALKS:
        walk(tmp_path, text)
    headers = [cell.value for cell in openpyxl.load_workbook(tmp_path / "x.xlsx")["Minerals"][1]]
    plan = openpyxl.load_workbook(tmp_path / "outputs" / "plain-plan.xlsx")
    assert "Purity" in headers
    assert "Large flows" in plan.sheetnames
    assert "half_of_a_plant" in {row[1].value for row in plan["Duals"].iter_rows()}
    assert (tmp_path / "outputs" / "plain-strikes.html").exists()
    for page, word in {"workbook": "scale open share", "mathematics": "Terminal Railroad"}.items():
        assert word in (tmp_path / "docs" / f"{page}.md").read_text(encoding="utf-8")
    run(tmp_path, "-m", "ruff", "format", "-q", "models", "planner")
    run(tmp_path, "-m", "ruff", "check", "-q", "models", "planner")
    run(
        tmp_path,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        *(f"tests/{r}" for r in RULES),
    )
