"""Which projects get built at which cap: ``python -m inputs.projects_story``.

Writes ``docs/projects.md`` and its chart. For no cap, the cap of the workbook (a path to 65 % in
2030) and caps of 50 % and 40 % it plans with projects, without them, with projects that are built
in full or not at all, and without a budget.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from inputs.projects_chart import chart
from inputs.story import CASES
from models.case import Case
from models.plan import Plan, solve
from planner.scenarios import drop_share_limits, set_max_country_share
from planner.workbook import read

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
CHART = f"projects-{CASES[0]}.svg"
NONE, PATH = "no cap", "65 % path"
TIGHTER = {"50 %": 0.5, "40 %": 0.4}
CAPS = (NONE, PATH, *TIGHTER)
ALL, SOME = 0.9995, 0.0005
MILLION = 1e6

HEAD = """# Projects: which get built at which cap

Which projects `critical-minerals` builds at four caps, and what they save. In the first-use case
the same projects are built at all four. Written by `python -m inputs.projects_story`. The sheet
`Projects` of the plan has the part of each project and its capital.

- `65 % path` is the workbook's cap: 85 % in 2026, falling to 65 % from 2030.
- *Money saved* (USD m): how much lower total discounted cost is than without projects, with parts
  of projects, whole projects only, or no budget. A missing tonne counts at what a shortage costs,
  so use this to rank projects, not as a return on capital.
- The budget is the total of public money pledged or committed.
"""


@dataclass(frozen=True)
class Run:
    """One cap of one workbook: with projects, without, with whole ones, and with no budget."""

    cap: str
    free: Plan
    bare: Plan
    whole: Plan
    rich: Plan

    @property
    def built(self) -> dict[str, float]:
        """The fraction built of each project."""
        return _built(self.free)

    @property
    def built_whole(self) -> dict[str, float]:
        """The same where a project is built in full or not at all."""
        return _built(self.whole)


def _built(plan: Plan) -> dict[str, float]:
    return {str(k): float(v) for k, v in plan.projects.groupby("project")["built"].sum().items()}


def capped(case: Case, cap: str) -> Case:
    """Return the case under one of the caps."""
    if cap == NONE:
        return drop_share_limits(case)
    return case if cap == PATH else set_max_country_share(case, TIGHTER[cap])


def runs(case: Case) -> list[Run]:
    """Plan every cap four times."""
    settings = dataclasses.replace(case.settings, whole_projects=True)
    every_run = []
    for cap in CAPS:
        under = capped(case, cap)
        without = under.change(projects=(), budget=(), scenarios=())
        whole = under.change(settings=settings)
        rich = under.change(budget=())
        every_run.append(Run(cap, solve(under), solve(without), solve(whole), solve(rich)))
    return every_run


def summary(every_run: list[Run]) -> str:
    """Return the table of plants built, their capital and what they save, one row per cap."""
    lines = [
        "| cap | in full | in part | capital | money saved | whole projects only | no budget |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for run in every_run:
        full = sum(v >= ALL for v in run.built.values())
        part = sum(SOME < v < ALL for v in run.built.values())
        capital = float(run.free.projects["capex"].sum())
        saved = (run.bare.objective - p.objective for p in (run.free, run.whole, run.rich))
        money = " | ".join(f"{each / MILLION:,.0f}" for each in saved)
        lines.append(f"| {run.cap} | {full} | {part} | {capital:,.0f} | {money} |")
    return "\n".join(lines)


def page() -> tuple[str, str]:
    """Return the page and its chart."""
    case = read(HERE / f"{CASES[0]}.xlsx").case
    every_run = runs(case)
    rows = [
        (
            p.name.split(" (")[0],  # without what a plant also makes
            p.mineral,
            [(r.built.get(p.name, 0.0), r.built_whole.get(p.name, 0.0)) for r in every_run],
        )
        for p in sorted(case.projects, key=lambda p: (p.mineral, p.name))
    ]
    parts = [
        HEAD,
        f"![Part of each project that is built, by cap]({CHART})\n",
        summary(every_run) + "\n",
    ]
    return "\n".join(parts), chart(f"Projects built, {CASES[0]}", list(CAPS), rows)


def main() -> None:
    """Write the page and its chart."""
    text, picture = page()
    (DOCS / "projects.md").write_text(text, encoding="utf-8")
    (DOCS / CHART).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
