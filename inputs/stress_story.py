"""The shortage if China is lost, with and without the cap: ``python -m inputs.stress_story``.

The larger example loses its suppliers, with purchases agreed under the cap and without it. Writes
the chart ``docs/stress.svg``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from inputs.story import CASES, DOMINANT
from planner.studies import Here
from planner.studies.agreed_plan import Rules
from planner.studies.kind import Tables
from planner.studies.losses import LossKind, Stress, stress
from planner.studies.stress_tables import LossByMineral, tables_of
from planner.workbook import read

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
CHART = "stress.svg"

BLUE, PALE_BLUE, GREY, PALE_GREY = "#0072B2", "#B9DCF0", "#7F8894", "#D9DDE2"
INK, LINE = "#1F2933", "#C9D0D8"
LEFT, WIDE, BAR, GAP, ROW, TOP = 108, 560, 15, 3, 48, 96


@dataclass(frozen=True)
class Line:
    """One mineral when the dominant country is lost; shares are of ten years' demand.

    ``before`` is the plan's own shortage, ``added`` the shortage that the loss adds; names that
    begin with ``free_`` are for the plan without the cap.
    """

    mineral: str
    before: float
    added: float
    free_before: float
    free_added: float


def lines(tested: Stress) -> list[Line]:
    """Return the minerals in the workbook's order."""
    study, lost = Tables(tables_of(tested)), tested.case.country_name(DOMINANT)
    both = study[LossByMineral].frame()
    rows = {
        str(row["mineral"]): row
        for row in both.to_dict("records")
        if row["kind"] == LossKind.COUNTRY and row["lost"] == lost
    }
    return [
        Line(
            name,
            before=row["agreed_share"],
            added=row["share"],
            free_before=row["free_agreed_share"],
            free_added=row["free_share"],
        )
        for name in tested.capped.plan.expanded.minerals
        if (row := rows.get(name)) is not None
    ]


# ---- the chart ---------------------------------------------------------------------------------


def chart(title: str, of_minerals: Sequence[Line]) -> str:
    """Return two bars a mineral, capped and uncapped: short before the loss, and by it."""
    width, height = LEFT + WIDE + 70, TOP + ROW * len(of_minerals) + 34
    body = [
        _text(14, 26, title, size=16, weight="bold"),
        *_key(14, PALE_BLUE, BLUE, "agreed under the cap: short before the loss, and by it"),
        *_key(384, PALE_GREY, GREY, "agreed without a cap"),
    ]
    for tenth in range(0, 11, 2):
        x = LEFT + WIDE * tenth / 10
        body += [
            f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 28}" stroke="{LINE}"/>',
            _text(x, height - 10, f"{tenth * 10} %", anchor="middle", colour=GREY),
        ]
    for i, line in enumerate(of_minerals):
        y = TOP + ROW * i
        body.append(_text(LEFT - 10, y + BAR + 6, line.mineral, anchor="end", weight="bold"))
        body += _bar(y, (line.before, line.added), (PALE_BLUE, BLUE))
        body += _bar(y + BAR + GAP, (line.free_before, line.free_added), (PALE_GREY, GREY))
    inner = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="Arial, Helvetica, sans-serif" role="img">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#FFFFFF"/>\n'
        f"{inner}\n</svg>\n"
    )


def _bar(y: int, shares: tuple[float, float], colours: tuple[str, str]) -> list[str]:
    """What was short before, then what the loss adds, with the sum behind it."""
    shapes, x = [], float(LEFT)
    for share, colour in zip(shares, colours, strict=True):
        shapes.append(
            f'<rect x="{x:.1f}" y="{y}" width="{WIDE * share:.1f}" height="{BAR}" fill="{colour}"/>'
        )
        x += WIDE * share
    return [*shapes, _text(x + 6, y + BAR - 3, f"{sum(shares):.0%}", colour=INK)]


def _key(x: int, pale: str, full: str, words: str) -> list[str]:
    return [
        f'<rect x="{x}" y="46" width="14" height="12" fill="{pale}"/>',
        f'<rect x="{x + 14}" y="46" width="14" height="12" fill="{full}"/>',
        _text(x + 36, 57, words),
    ]


def _text(  # noqa: PLR0913 - how a word looks, all of it named
    x: float,
    y: float,
    words: str,
    *,
    size: int = 12,
    weight: str = "normal",
    anchor: str = "start",
    colour: str = INK,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'
    )


def main() -> None:
    """Write the chart of the larger example."""
    tested = stress(read(HERE / f"{CASES[0]}.xlsx").case, Rules(), where=Here())
    of_minerals = lines(tested)
    country = tested.case.country_name(DOMINANT)
    title = f"{country} lost: share of ten years' demand short, surge 20 %"
    (DOCS / CHART).write_text(chart(title, of_minerals), encoding="utf-8")


if __name__ == "__main__":
    main()
