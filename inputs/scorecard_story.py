"""The example's scorecard: ``python -m inputs.scorecard_story`` writes into docs/scorecard.md.

The tables show the scores, and the supply before the plan next to the shares that the International
Energy Agency publishes.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from inputs.story import CASES, replaced
from models.case import Case
from models.plan import Plan, solve
from models.scorecard import Score, scorecard
from planner.workbook import read

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "scorecard.md"
REST = "ROW"
SHOWN = (
    ("hhi_country", "HHI", "{:,.0f}"),
    ("processing", "processed at home", "{:.0%}"),
)
"""The measures that the page shows: name, heading, format."""


def scores_table(scores: Sequence[Score], case: Case) -> str:
    """Return the Markdown table of scores before the plan and in its last year, by mineral."""
    by_measure = {(s.measure.name, s.mineral): s for s in scores if not s.buyer.name}
    last = case.years[-1]
    lines = [
        f"| before → {last} | " + " | ".join(heading for _, heading, _ in SHOWN) + " |",
        "|---|" + "---:|" * len(SHOWN),
    ]
    for mineral in case.minerals:
        cells = []
        for name, _, form in SHOWN:
            score = by_measure[name, mineral.name]
            values = (score.before.amount, score.last.amount)
            cells.append(" → ".join("-" if v is None else form.format(v) for v in values))
        lines.append(f"| {mineral.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def published() -> dict[tuple[str, str], tuple[str, float, float]]:
    """Return by mineral and stage the IEA's largest country of 2024, its share, the top three's."""
    tonnes: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    with (HERE / "data" / "iea_outlook.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["stage"] in {"refining", "mining"} and row["value_2024_t"]:
                name = row["mineral"].replace("_", " ").capitalize()
                tonnes[name, row["stage"]][row["country"]] = float(row["value_2024_t"])
    shares = {}
    for key, by_country in tonnes.items():
        total = sum(by_country.values())
        top = sorted(((t, c) for c, t in by_country.items() if c != REST), reverse=True)
        shares[key] = (top[0][1], top[0][0] / total, sum(t for t, _ in top[:3]) / total)
    return shares


def published_table(plan: Plan) -> str:
    """Return the table of the workbook's shares before the plan and the IEA's of 2024."""
    by_measure = {(s.measure.name, s.mineral): s for s in scorecard(plan) if not s.buyer.name}
    iea, case = published(), plan.case
    lines = [
        "| refined | CR1, workbook | CR1, IEA 2024 | CR3, workbook | CR3, IEA 2024 |",
        "|---|---:|---:|---:|---:|",
    ]
    threes = []
    for mineral in case.minerals:
        known = iea.get((mineral.name, "refining"))
        if known is None:
            continue
        country, first, three = known
        one, more = by_measure["cr1", mineral.name].before, by_measure["cr3", mineral.name].before
        threes.append((more.amount, three))
        lines.append(
            f"| {mineral.name} | {one.remark} {one.amount:.1%} | "
            f"{case.country_name(country)} {first:.1%} | {more.amount:.1%} | {three:.1%} |"
        )
    ours, theirs = (sum(each) / len(threes) for each in zip(*threes, strict=True))
    lines.append(f"| mean | | | {ours:.1%} | {theirs:.1%} |")
    return "\n".join(lines)


def main() -> None:
    """Write the tables between their marks."""
    plan = solve(read(HERE / f"{CASES[0]}.xlsx").case)
    page = replaced(PAGE.read_text(encoding="utf-8"), "published", published_table(plan))
    scores = f"{scores_table(scorecard(plan), plan.case)}\n"
    PAGE.write_text(replaced(page, "scores", scores), encoding="utf-8")


if __name__ == "__main__":
    main()
