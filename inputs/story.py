"""The numbers of the larger example: ``python -m inputs.story`` writes ``docs/results.md``.

For each mineral: the dominant country's share of refining capacity, and of demand in the cheapest
plan without a cap and with the workbook's cap; the smallest cap that costs no supply; the costs and
shortage that the cap causes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.answers.search import least_share
from models.plan import PENALTIES, Plan, solve
from models.results import PlanNumbers
from models.results.members import dependences_of
from models.schema.policy import EACH
from planner.render.words import minimum_share
from planner.scenarios import drop_share_limits, set_max_country_share
from planner.workbook import read

HERE = Path(__file__).parent
CASES = ("critical-minerals", "critical-minerals-first-use")
DOMINANT = "CHN"
MOSTLY = 0.9
"""A member that buys a larger share of a mineral in one country depends on that country."""
YEAR = 2030
"""The year in which the cap reaches the EU's benchmark of 65 %."""

HEAD = f"""# Results of critical-minerals

Written by `python -m inputs.story`; do not edit by hand. Shares are of the coalition's demand in
{YEAR}. Money and shortages are sums over 2026 to 2035, undiscounted, with capital of projects.
Where the cap leaves demand unmet, cash cost falls because less is bought. Many inputs are estimates
(`inputs/README.md`).
"""


@dataclass(frozen=True)
class Line:
    """One mineral; shares are of the coalition's demand in 2030, money over all years.

    ``capacity`` is the country's share of refining capacity; ``least`` the smallest cap that costs
    no supply. The cap costs ``cash`` [USD], with capital of projects; ``per_tonne`` [USD/t bought]
    is the extra landed cost of the same tonnes, as in the plan's Summary. ``forbidden`` [t] is the
    shortage that the cap causes, ``lacking`` [t] the shortage without a cap.
    """

    mineral: str
    capacity: float
    free: float
    capped: float
    least: float
    cash: float
    per_tonne: float
    lacking: float
    forbidden: float


def story(path: Path) -> list[Line]:
    """Return the lines of one workbook."""
    case = read(path).case
    capped, free = solve(case), solve(drop_share_limits(case))
    smallest = least_share(set_max_country_share(case, 1.0), free)
    return [_line(m.name, capped, free, smallest[m.name]) for m in case.minerals]


def _line(mineral: str, capped: Plan, free: Plan, smallest: float) -> Line:
    every = free.sources
    sources = every[
        (every["mineral"] == mineral) & (every["year"] == YEAR) & (every["project"] == "")
    ]
    there = sources[sources["country"] == DOMINANT]["nameplate"].sum()
    extra = PlanNumbers.of(capped, free).row(mineral)["extra_cost"]
    lacking = _sum(free, mineral, "short")
    return Line(
        mineral=mineral,
        capacity=float(there / sources["nameplate"].sum()),
        free=_share(free, mineral),
        capped=_share(capped, mineral),
        least=smallest,
        cash=_cash(capped, mineral) - _cash(free, mineral),
        per_tonne=extra / _sum(capped, mineral, "purchased"),
        lacking=lacking,
        forbidden=_sum(capped, mineral, "short") - lacking,
    )


def _cash(plan: Plan, mineral: str) -> float:
    """Return all that is paid for a mineral, capital of projects included [money]."""
    costs = plan.mineral_costs
    own = (costs["mineral"] == mineral) & ~costs["heading"].isin(PENALTIES)
    return float(costs[own]["money"].sum())


def _sum(plan: Plan, mineral: str, column: str) -> float:
    return float(plan.supply[plan.supply["mineral"] == mineral][column].sum())


def _share(plan: Plan, mineral: str) -> float:
    table = plan.countries
    chosen = table[
        (table["mineral"] == mineral)
        & (table["year"] == YEAR)
        & (table["buyer"] == "")
        & (table["country"] == DOMINANT)
    ]
    return float((chosen["tonnes"] / chosen["demand"]).sum())


def table(lines: list[Line]) -> str:
    """Return the lines as a Markdown table."""
    head = (
        "| mineral | China's share of refining capacity | China in the cheapest plan, no cap | "
        "China at the cap of 65 % | smallest cap that costs no supply | "
        "cash cost of the cap, USD m | extra cost of the same tonnes, USD/t | "
        "short without a cap, t | short because of the cap, t |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
    )
    return head + "\n".join(
        f"| {line.mineral} | {line.capacity:.1%} | {line.free:.1%} | {line.capped:.1%} | "
        f"{_least(line.least, 1)} | {_signed(line.cash / 1e6)} | "
        f"{_signed(line.per_tonne)} | {line.lacking:,.0f} | {abs(line.forbidden):,.0f} |"
        for line in lines
    )


def _least(share: float, digits: int) -> str:
    return minimum_share(share, digits).replace(" ", "")


def _signed(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 0.5 else "0"  # noqa: PLR2004 - rounds to 0


def each_member(path: Path) -> str:
    """Return the section on the cap on each member, compared with a cap on the coalition alone."""
    case = read(path).case
    both = solve(case)
    alone = solve(
        case.change(share_limits=tuple(row for row in case.share_limits if row.buyer != EACH))
    )
    extra, last = both.objective - alone.objective, case.years[-1]
    counts = [[_dependent(plan, m.name) for m in case.minerals] for plan in (alone, both)]
    before, after = (_span(each) for each in counts)
    return (
        "## The cap on each member too\n\nA cap on the coalition as one buyer lets a member buy "
        "all it needs of a mineral in one country, as long as others buy elsewhere: in "
        f"{last}, {before} of {len(case.members)} members would buy over {MOSTLY:.0%} of a mineral "
        "in one country outside, by mineral. With the cap on each member, too, "
        f"{after} would; total cost rises by {extra / 1e6:,.0f} USD m "
        f"({extra / alone.objective:.3%}), and shortage by "
        f"{abs(both.shortage - alone.shortage):,.0f} t.\n"
    )


def _span(counts: list[int]) -> str:
    """Return the lowest and highest of some counts, in words."""
    least, most = min(counts), max(counts)
    return f"{least} to {most}" if least < most else str(most or "none")


def _dependent(plan: Plan, mineral: str) -> int:
    """Return how many members buy over 90 % of a mineral in one country."""
    largest = (one for each in dependences_of(plan).values() for one in each)
    return sum(one.mineral == mineral and one.share > MOSTLY for one in largest)


def replaced(page: str, mark: str, text: str) -> str:
    """Return a page with new text between two marks."""
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, rest = page.split(start)
    return f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}"


def page(lines: list[Line]) -> str:
    """Return the page of results."""
    return "\n".join([HEAD, f"{table(lines)}\n", each_member(HERE / f"{CASES[0]}.xlsx")])


def main() -> None:
    """Write the page."""
    lines = story(HERE / f"{CASES[0]}.xlsx")
    (HERE.parent / "docs" / "results.md").write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
