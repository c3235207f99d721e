"""The page on the magnet case: ``python -m inputs.magnets_story`` writes ``docs/magnets.md``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inputs.magnets import BY_USE, LIMIT_FROM, MAGNETS
from inputs.story import DOMINANT
from inputs.tables import read as table
from models.case import Case
from models.plan import Plan, solve
from models.schema import ScenarioStep
from planner.render.words import percent
from planner.scenarios import BASE, apply, set_max_country_share
from planner.scenarios.actions import apply_steps
from planner.workbook import read

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "magnets.md"
NO_CAPS, OXIDE_ALONE, MAGNETS_ALONE = "No caps", "Cap on oxide alone", "Cap on magnets alone"
STOPS = "China stops exports"
DEFENCE, JAPAN, ENTITIES = "Dual-use ban on Japan", "No magnets to Japan", "Ten entities named"
FLOOR, FLOOR_FREE, FLOOR_MAGNETS = (
    "Floor on oxide",
    "Floor on oxide, no caps",
    "Floor on magnets, no caps",
)
CUT_OFF, CUT_FROM = ("Japan alloy", "Japan magnets"), 2027
PRODUCT = "Magnets"
STAGES = ("NdPr oxide", "DyTb oxide", "Magnet alloy", PRODUCT)
TIGHTER = (0.65, 0.5, 0.4)
MILLION = 1e6
METAL_IN_OXIDE = 0.857
"""Tonnes of metal in a tonne of NdPr oxide."""
WIDE = 100
TIED = "\N{NO-BREAK SPACE}%"
"""A percent sign that stays with its number."""
SOME = 0.0005
"""The least part of a plant that counts as built."""


@dataclass(frozen=True)
class Plans:
    """The plans that the page compares: the workbook's, its scenarios, and tighter caps."""

    case: Case
    base: Plan
    scenarios: dict[str, Plan]
    capped: dict[float, Plan]
    with_sales: dict[str, Plan]
    """Plans where plants elsewhere may sell oxide and alloy to China, by scenario."""
    cut_off: dict[str, Plan]
    """Plans where China no longer supplies one plant, or all plants abroad of a list."""
    by_use: dict[str, Plan]
    """Plans of the workbook in which need is split by use, by scenario."""

    @property
    def free(self) -> Plan:
        """The plan without caps."""
        return self.scenarios[NO_CAPS]

    @property
    def last(self) -> int:
        """The last year."""
        return self.case.years[-1]


def make_plans() -> Plans:
    """Plan the workbook, its scenarios, and one cap for all stages in its own years."""
    case = read(HERE / f"{MAGNETS}.xlsx").case
    wanted = (
        NO_CAPS, OXIDE_ALONE, MAGNETS_ALONE, STOPS, FLOOR, FLOOR_FREE, FLOOR_MAGNETS,
        JAPAN, ENTITIES,
    )  # fmt: skip
    base, opened = solve(case), with_sales_to_china(case)
    by_use = read(HERE / f"{BY_USE}.xlsx").case
    tighter = {s: solve(set_in_its_years(case, s)) for s in TIGHTER[1:]}
    return Plans(
        case,
        base,
        {name: solve(apply(case, name)) for name in wanted},
        {TIGHTER[0]: base, **tighter},
        {OXIDE_ALONE: solve(apply(opened, OXIDE_ALONE)), BASE: solve(opened)},
        {plant: solve(without_inputs(case, plant)) for plant in CUT_OFF},
        {BASE: solve(by_use), DEFENCE: solve(apply(by_use, DEFENCE))},
    )


def without_inputs(case: Case, plant: str) -> Case:
    """Return the case in which China no longer supplies a plant."""
    cut = ScenarioStep(
        name=plant, action="block lanes", country="CHN", plant=plant, first_year=CUT_FROM
    )
    return apply_steps(case, [cut])


def with_sales_to_china(case: Case) -> Case:
    """Return the case with the lanes of oxide and alloy to China open."""
    lanes = tuple(row for row in case.input_lanes if row.input not in STAGES)
    return case.change(input_lanes=lanes)


def set_in_its_years(case: Case, share: float) -> Case:
    """Return the case with another cap, from the year of the workbook's own on."""
    capped = set_max_country_share(case, share)
    (kept,) = [row for row in capped.share_limits if row.first_year == LIMIT_FROM]
    return capped.change(share_limits=(kept,))


def share(plan: Plan, mineral: str, year: int, country: str = DOMINANT) -> float:
    """Return a country's share of members' and plants' purchases of a mineral."""
    rows = plan.countries
    sales = rows[
        (rows["mineral"] == mineral)
        & (rows["year"] == year)
        & (rows["buyer"] == "")
        & (rows["country"] == country)
    ]
    return float((sales["tonnes"] / sales["demand"]).sum())


def met_without(plan: Plan, year: int, country: str = DOMINANT) -> tuple[float, float]:
    """Return the share of magnets still supplied without a country: at the last stage, and all."""
    return plan.served_if_lost(year)[PRODUCT][country]


def extra_cash(plan: Plan, free: Plan) -> float:
    """Return the extra cash of a plan, compared with another [USD m]."""
    return (plan.cash - free.cash) / MILLION


def caps_table(plans: Plans) -> str:
    """Return the table of shares in the last year, and extra cash, by set of caps."""
    rows = {
        "none": plans.free,
        "magnets alone": plans.scenarios[MAGNETS_ALONE],
        "oxide alone": plans.scenarios[OXIDE_ALONE],
        "every stage": plans.base,
        "oxide alone, sales to China": plans.with_sales[OXIDE_ALONE],
        "every stage, sales to China": plans.with_sales[BASE],
    }
    last = (
        "met without China, counting magnets | counting all stages | extra cash, USD m | short, t"
    )
    lines = [f"| cap of 65 % on | {' | '.join(STAGES)} | {last} |", "|---|" + "---:|" * 8]
    for name, plan in rows.items():
        cells = [
            *(_part(share(plan, mineral, plans.last)) for mineral in STAGES),
            *map(_part, met_without(plan, plans.last)),
            f"{extra_cash(plan, plans.free):z,.0f}",
            f"{plan.shortage:z,.0f}",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def tighter_table(plans: Plans) -> str:
    """Return the table of cost and shortage of tighter caps on every stage."""
    demand = float(plans.base.supply["demand"].sum())
    lines = [
        (
            "| cap on every stage | extra cash, USD m | short, t | short, share of need |"
            " met without China, all stages |"
        ),
        "|---:|---:|---:|---:|---:|",
    ]
    for cap, plan in plans.capped.items():
        lines.append(
            f"| {_part(cap)} | {extra_cash(plan, plans.free):z,.0f} | {plan.shortage:z,.0f} | "
            f"{_part(plan.shortage / demand)} | {_part(met_without(plan, plans.last)[1])} |"
        )
    return "\n".join(lines)


def built(plan: Plan) -> dict[str, tuple[str, dict[int, float]]]:
    """Return by project its mineral and the part that starts in each year."""
    parts: dict[str, tuple[str, dict[int, float]]] = {}
    for row in plan.projects.itertuples():
        if row.built > SOME:
            parts.setdefault(str(row.project), (str(row.mineral), {}))[1][int(row.year)] = row.built
    return parts


def builds_table(plans: Plans) -> str:
    """Return the plants that are not begun yet, by the year in which building begins."""
    begun = {row["project"] for row in table("magnet_projects") if row["built_year"]}
    lead = {p.name: p.lead_time for p in plans.case.projects}
    free, rows = built(plans.free), []
    for project, (mineral, years) in built(plans.base).items():
        if project not in begun:
            parts = ", ".join(f"{_part(part)} {year}" for year, part in years.items())
            alone = sum(free[project][1].values()) if project in free else 0.0
            rows.append((min(years) - lead[project], project, mineral, parts, _part(alone)))
    head = "| begun | plant | stage | output from | built without caps |\n|---:|---|---|---|---:|\n"
    return head + "\n".join(f"| {' | '.join(map(str, row))} |" for row in sorted(rows))


def floors_table(plans: Plans) -> str:
    """Return the table of costs and purchases in China by price floor."""
    rows = {
        "no floor, no caps": plans.free,
        "on NdPr oxide, no caps": plans.scenarios[FLOOR_FREE],
        "on magnets, no caps": plans.scenarios[FLOOR_MAGNETS],
        "no floor, caps": plans.base,
        "on NdPr oxide, caps": plans.scenarios[FLOOR],
    }
    lines = [
        (
            "| floor | cash, USD m | levies | net of levies | magnets from China, t |"
            " met without China, all stages |"
        ),
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, plan in rows.items():
        cost = plan.cash_cost
        cells = (cost.cash, cost.levies, cost.cash - cost.levies - cost.tariffs)
        money = " | ".join(f"{cell / MILLION:z,.0f}" for cell in cells)
        through = _part(met_without(plan, plans.last)[1])
        lines.append(f"| {name} | {money} | {chinese(plan):,.0f} | {through} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Capacity:
    """Nameplate capacity of today's plants by mineral [t/yr]: in China, and elsewhere."""

    china: dict[str, float]
    elsewhere: dict[str, float]

    def share_of_china(self, code: str) -> float:
        """Return China's share of the capacity of a stage."""
        return self.china[code] / (self.china[code] + self.elsewhere[code])


def capacity() -> Capacity:
    """Add up today's plants."""
    china: dict[str, float] = {}
    elsewhere: dict[str, float] = {}
    for row in table("magnet_plants"):
        side = china if row["country"] == DOMINANT else elsewhere
        side[row["mineral"]] = side.get(row["mineral"], 0.0) + float(row["capacity_t"])
    return Capacity(china, elsewhere)


def ratio(product: str, needed: str) -> float:
    """Return the tonnes of an input for a tonne of a product, where no plant is named."""
    return next(
        float(row["tonnes_per_tonne"])
        for row in table("magnet_inputs")
        if (row["mineral"], row["input"], row["plant"]) == (product, needed, "")
    )


def page(plans: Plans) -> str:
    """Return the page, with its paragraphs filled."""
    today = capacity()
    alloy, oxide = ratio("magnet", "alloy"), ratio("alloy", "ndpr")
    feeds = {
        "oxide": today.elsewhere["ndpr"] / oxide / alloy,
        "alloy": today.elsewhere["alloy"] / alloy,
        "magnet": today.elsewhere["magnet"],
    }
    kt = {name: f"{tonnes / 1e3:,.0f} kt" for name, tonnes in feeds.items()}
    need = plans.base.supply.groupby("year")["demand"].sum()
    needs = [f"{need[year] / 1e3:,.0f} kt in {year}" for year in (plans.case.years[0], plans.last)]
    begun = sum(bool(row["built_year"]) for row in table("magnet_projects"))
    metal = today.elsewhere["alloy"] * oxide * METAL_IN_OXIDE / 1e3
    missing = missing_by_year(plans.scenarios[STOPS])
    free, base = plans.free, plans.base
    magnet_floor, oxide_floor = plans.scenarios[FLOOR_MAGNETS], plans.scenarios[FLOOR]
    magnets = plans.scenarios[MAGNETS_ALONE]
    base_with_sales = plans.with_sales[BASE]
    cut, other = (plans.cut_off[plant] for plant in CUT_OFF)
    short, unchanged = sum(missing_by_year(cut).values()) > SOME, other.objective == base.objective
    made, makes = (output(plan, CUT_OFF[0]) / 1e3 for plan in (base, cut))

    def through(plan: Plan) -> str:
        return _part(met_without(plan, plans.last)[1])

    text = f"""# From ore to magnet

`inputs/magnets.xlsx` asks where a coalition's magnets come from, at every stage: concentrate, oxide,
alloy, magnet ([how stages work](stages.md)). It has today's plants by name, announced plants
limited by a public budget, and members' need for magnets: {" and ".join(needs)}. From {LIMIT_FROM} on no
country outside the coalition may supply more than 65 % of any stage. `python -m inputs.magnets_story` writes
this page.

## One stage is not enough

{caps_table(plans)}

*China's share of what members and plants buy at each stage in {plans.last}. Met without China: the share of
members' need for magnets in {plans.last} that would still be met if China stopped, counting only magnets, or all
stages. Extra cash is the sum over ten years, compared with no cap.*

**A cap on magnets alone** looks safe. But counting all stages, {through(magnets)} of the need would be met without
China, since magnets made elsewhere are made from Chinese alloy and oxide.

**A cap on oxide alone** works because it counts oxide inside Chinese magnets, and because in the workbook only
Lynas may sell oxide or alloy to China. If others may sell too, {through(plans.with_sales[OXIDE_ALONE])} would be
met: their oxide goes into Chinese alloy.

**A cap on every stage** costs USD {extra_cash(base, free):,.0f} m, and {through(base)} would be met. With sales to
China it is {through(base_with_sales)}: plants elsewhere sell oxide to China and buy Chinese alloy, within each cap. So
look at what is met counting all stages, not at shares.

## What a tighter cap costs

{tighter_table(plans)}

At 65 % nobody goes short. Tighter caps cost magnets, not money: there are too few plants for alloy and magnets
elsewhere. Cash can fall because less is bought.

## Which plants come first

The workbook counts {begun} projects as built, because building has begun: Caremag (NdPr and DyTb), Eneabba, MP's
10X (alloy and magnets) and Blacksburg's magnets. Beyond them the plan builds:

{builds_table(plans)}

Most are plants for alloy, the scarcest stage. Plants outside China separate oxide for {kt["oxide"]} of magnets
a year and can sinter {kt["magnet"]}, but their alloy is enough for {kt["alloy"]}.

## If China stops exports

If nothing leaves China from 2027, and that is known today ([one of six
measures](security.md#six-measures-of-a-loss)), {_part(missing[2027])} of the need is missing in
2027, {_part(missing[2030])} in 2030 and {_part(missing[plans.last])} in {plans.last}.

## If one plant is cut off

China may also name a plant ([how](stages.md#scenarios)). If it sells no input to Japan's alloy plant from {CUT_FROM} on,
{"some magnets are missing" if short else "nobody runs short"}, and it costs USD {extra_cash(cut, base):,.0f} m:
the plant makes {makes:,.0f} kt of alloy in ten years instead of {made:,.0f} kt, from dearer oxide, and others make
the rest. To cut off Japan's magnet plant {"changes nothing: it buys no Chinese alloy" if unchanged else "costs more"}.

## Who is cut off, and for what use

{cut_off_table(plans)}

*Extra cash compared with the workbook's plan, over ten years.*

China bans dual-use goods for the armed forces of Japan (January 2026), and for ten named entities in the
United States (June 2026), MP Materials and USA Rare Earth among them. `inputs/magnets-by-use.xlsx` splits each
member's need for magnets by use: defence, vehicles and wind, other. **To the letter, the ban on Japan costs nothing**: its
defence needs {defence(plans) / 1e3:,.1f} kt in ten years, and plants elsewhere serve it. **At its widest**,
with no Chinese magnet for any use in Japan, the others buy in China most of what Japan bought there. **The ten
entities** are {len(named_plants(plans))} plants and projects here: they take alloy and oxide of others, and
nobody goes short. A missing tonne costs the same in each use, so the split alone costs nothing.

## What a price floor does

{floors_table(plans)}

The US [guarantees MP Materials](support.md#price-floors-the-sheet-supports) 110 USD a kg of NdPr. The scenarios make it a
floor for all NdPr oxide at the coalition's border. **Without caps it changes nothing**: plants at home buy no
cheaper oxide from outside, and finished magnets pay no levy. With caps it costs USD {extra_cash(oxide_floor, base):,.0f} m and makes no magnet safer: plants at home buy
{(lynas(base) - lynas(oxide_floor)) / 1e3:,.0f} kt less from the plant of Lynas in Malaysia, outside the
coalition, and more from dearer plants.

**A floor on magnets** acts on what members buy. At about the shadow price of the cap it moves
{(chinese(free) - chinese(magnet_floor)) / 1e3:,.0f} kt of magnets away from China in ten years. But their alloy may
still be Chinese: counting all stages, {through(magnet_floor)} of the need would be met without China.

Costs in this workbook exclude inputs, and so do the floors: 78,400 USD/t for oxide (110,000 minus the cost of
concentrate) and 21,000 USD/t for magnets.

## Compared with published figures

| | published | here |
|---|---|---|
| China's share of separation | 91 % of output (IEA) | {_part(today.share_of_china("ndpr"))} of capacity; plants elsewhere are not fully used |
| China's share of magnets | 94 % (IEA) | {_part(today.share_of_china("magnet"))} of capacity, taken from the IEA |
| China's share of alloy | not found | {_part(today.share_of_china("alloy"))} of capacity |
| oxide elsewhere | 18.7 kt a year of capacity | {today.elsewhere["ndpr"] / 1e3:,.1f} kt of NdPr |
| alloy elsewhere | for about 4 kt of rare earths | for {metal:,.1f} kt |

The IEA's shares are from its commentary of 23 October 2025. The last two published figures are from a public
list of plants based on company statements.

## What to read with care

- How much more plants elsewhere charge than Chinese plants is a judgement, and it decides which plants run.
  Before {LIMIT_FROM} most plants elsewhere are idle in the plan; in reality, contracts keep them running.
- Members' need is published for the EU and roughly for the United States; the rest are estimates. Japan's
  plants publish no capacity.
- All magnets count as one kind. Magnets for electric motors need several times as much dysprosium and
  terbium, so heavy rare earths are scarcer than shown here.
- `Note` marks every estimate, and `inputs/README.md` says how the figures were made.
"""  # noqa: E501 - paragraphs are filled below
    return "\n".join(_filled(text.splitlines())).replace(TIED, " %")


def _filled(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a page, with paragraphs and list items filled again."""
    held: list[str] = []
    for line in [*lines, ""]:
        is_prose = bool(line) and line[0] not in "|#"
        if held and (not is_prose or line.startswith("- ")):
            hang = "  " if held[0].startswith("- ") else ""
            yield from textwrap.wrap(
                " ".join(part.strip() for part in held).replace(" %", TIED), WIDE,
                subsequent_indent=hang, break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            held = []
        if is_prose:
            held.append(line)
        else:
            yield line


def cut_off_table(plans: Plans) -> str:
    """Return the table of the scenarios that name a use, a member or plants."""
    lines = [
        "| China sells no | extra cash, USD m | short, t | Japan's magnets from China, t |",
        "|---|---:|---:|---:|",
    ]
    rows = {
        "magnets to Japan's defence": (plans.by_use[DEFENCE], plans.by_use[BASE]),
        "magnets to Japan": (plans.scenarios[JAPAN], plans.base),
        "inputs to plants of the ten entities": (plans.scenarios[ENTITIES], plans.base),
    }
    for name, (plan, before) in rows.items():
        flows = plan.flows
        to_japan = flows[(flows["member"] == "Japan") & (flows["country"] == DOMINANT)]
        cells = [extra_cash(plan, before), plan.shortage, float(to_japan["tonnes"].sum())]
        lines.append(f"| {name} | {' | '.join(f'{cell:z,.0f}' for cell in cells)} |")
    return "\n".join(lines)


def defence(plans: Plans) -> float:
    """Return what Japan's defence needs in all years [t]."""
    rows = plans.by_use[BASE].case.demand
    return sum(t for r in rows if (r.member, r.tier) == ("Japan", "defence") for _, t in r.tonnes)


def named_plants(plans: Plans) -> set[str]:
    """Return the plants and projects that the scenario of the ten entities cuts off."""
    return {step.plant for step in plans.case.scenarios if step.name == ENTITIES}


def _part(value: float) -> str:
    """Return a share in whole percent."""
    return percent(value, 0)


def chinese(plan: Plan) -> float:
    """Return the magnets that members buy in China [t]."""
    bought = plan.countries
    rows = (bought["mineral"] == PRODUCT) & (bought["buyer"] == "")
    return float(bought[rows & (bought["country"] == DOMINANT)]["tonnes"].sum())


def lynas(plan: Plan) -> float:
    """Return the oxide that plants outside China buy from the line in Malaysia [t]."""
    rows = plan.inputs
    is_home = (rows["country"] == "MYS") & (rows["plant_country"] != DOMINANT)
    return float(rows[is_home]["tonnes"].sum())


def output(plan: Plan, refiner: str) -> float:
    """Return what a refiner makes in all years [t]."""
    return float(plan.sources[plan.sources["refiner"] == refiner]["tonnes"].sum())


def missing_by_year(plan: Plan) -> dict[int, float]:
    """Return the share of the need for magnets that is missing, by year."""
    sums = plan.supply.groupby("year")[["short", "demand"]].sum()
    return {int(year): float(row["short"] / row["demand"]) for year, row in sums.iterrows()}


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(make_plans()), encoding="utf-8")


if __name__ == "__main__":
    main()
