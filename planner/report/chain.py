"""The chart of the chain of minerals that are made from one another, from ore to member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from models.results import Flows, Members, Ore, PlantInputs, Refiners, Result, common, field
from models.results.inputs import PRODUCTS
from planner.render.facts import facts_of
from planner.render.plotly import Stage, StageLink, StageNode, staged_flows, staged_width
from planner.render.words import NAMED, listed, percent, tonnes, uncapitalized
from planner.report.page import Choice, Plot, ReportSection, View
from planner.report.supply import ALL_YEARS, OTHER_MEMBERS, OTHERS, supplier_colours
from planner.workbook.plan_file import PlanFile

_MOST = 6
"""Most countries of a mineral, and most members, that are drawn; the smaller ones are merged."""
_ROW, _AROUND = 38, 120
"""Height in pixels of a country, and of the space around the chart."""
_ORE = "ore"
_Ends = tuple[str, StageNode, StageNode]
"""A mineral, its source and its target."""


class ChainParts(Result):
    """The table of a chain's flows, stage by stage, the largest of each mineral first."""

    mineral = common.MINERAL.like(meaning="The mineral or ore that is delivered.")
    source = field.text("From country")
    target = field.text("To country or member")
    amount, part = common.TONNES, field.share("Part of the mineral")


@dataclass(frozen=True)
class Chain:
    """Minerals made from one another: ``made_of`` are the inputs of each product."""

    made_of: Mapping[str, frozenset[str]]

    @cached_property
    def minerals(self) -> frozenset[str]:
        return frozenset(self.made_of).union(*self.made_of.values())

    @property
    def name(self) -> str:
        """The last products."""
        inputs = frozenset().union(*self.made_of.values())
        return listed(sorted(self.minerals - inputs, key=str.casefold), NAMED)

    def stage(self, mineral: str) -> int:
        """Return the number of stages before a mineral."""
        return max((1 + self.stage(name) for name in self.made_of.get(mineral, ())), default=0)


def supply_chains(inputs: pd.DataFrame) -> list[Chain]:
    """Return the chains in a plan's sheet Inputs, sorted by name."""
    links = [
        (mineral, product)
        for mineral, products in zip(inputs["mineral"], inputs["product"], strict=True)
        for product in str(products).split(PRODUCTS)
    ]
    group = {name: frozenset(link) for link in links for name in link}
    for mineral, product in links:
        joined = group[mineral] | group[product]
        group |= dict.fromkeys(joined, joined)
    made_of = {product: frozenset(m for m, p in links if p == product) for _, product in links}
    chains = [
        Chain({product: made_of[product] for product in sorted(names & made_of.keys())})
        for names in dict.fromkeys(group.values())
    ]
    return sorted(chains, key=lambda chain: chain.name.casefold())


def chain(plan: PlanFile) -> ReportSection | None:
    """Return the charts of all chains, with a selector of the chain and one of the year."""
    inputs = _named(plan, plan.result(PlantInputs), "country", "plant_country")
    inputs = inputs[inputs["tonnes"] > 0]
    if inputs.empty:
        return None
    sold = _named(plan, plan.result(Flows), "country")
    ore = _named(plan, plan.result(Ore), "mine_country", "country")
    years = [str(year) for year in sorted(inputs["year"].unique())]
    periods = [ALL_YEARS, *years] if len(years) > 1 else years
    chains, colours = supply_chains(inputs), supplier_colours(plan)
    made = _named(plan, plan.result(Refiners), "country")
    views: dict[Choice, View] = {}
    for c, each in enumerate(chains):
        for p, period in enumerate(periods):
            tables = [inputs, sold, ore, made]
            if period != ALL_YEARS:
                tables = [rows[rows["year"] == int(period)] for rows in tables]
            views[c, p] = _view(each, tables, period, colours)
    selectors = {"Chain": tuple(each.name for each in chains), common.YEAR.header: tuple(periods)}
    return ReportSection(
        "chain",
        "The chain from ore to member",
        "Each column is a stage: the countries that make a mineral. The members that buy are on the"
        " right. Widths do not show tonnes: the inputs of a plant are together as wide as its"
        " output, and each input has an equal part of that width. Inputs of plants that make"
        " nothing are only in the table. Tonnes that a member hands to a plant in its country are"
        " drawn through that member.",
        views,
        selectors,
    )


def _named(plan: PlanFile, result: Result, *columns: str) -> pd.DataFrame:
    table = result.frame()
    return table.assign(**{name: table[name].map(plan.country) for name in columns})


@dataclass(frozen=True)
class _Flow:
    """Tonnes of a mineral from one node to another, and the plant that takes them."""

    mineral: str
    source: StageNode
    target: StageNode
    tonnes: float
    plant: str = ""


def _flows(chain: Chain, tables: Sequence[pd.DataFrame]) -> Iterator[_Flow]:
    """Yield the flows of a chain: ore, inputs, purchases, and what members supply."""
    inputs, sold, ore, sources = tables
    made = sources.groupby(["refiner", "mineral", "year"])["tonnes"].sum().to_dict()
    mined = ore[ore["mineral"].isin(chain.minerals)]
    first = 1 if len(mined) else 0
    last = first + 1 + max(map(chain.stage, chain.minerals))

    def node_of(mineral: str, place: str) -> StageNode:
        return StageNode(float(first + chain.stage(mineral)), mineral, place)

    for row in mined.to_dict("records"):
        mineral, mine = row["mineral"], row["mine_country"]
        start = StageNode(0.0, f"{mineral} {_ORE}", mine)
        end = node_of(mineral, row["country"])
        yield _Flow(f"{mineral} {_ORE}", start, end, row["tonnes"], row["refiner"])
    handed = dict[tuple[Any, ...], float]()
    for row in inputs[inputs["mineral"].isin(chain.minerals)].to_dict("records"):
        mineral, member = row["mineral"], row["member"]
        if isinstance(member, str) and member:
            key = row["year"], mineral, member
            handed[key] = handed.get(key, 0.0) + row["tonnes"]
            start = _hands(node_of(mineral, member))
        else:
            start = node_of(mineral, row["country"])
        products = str(row["product"]).split(PRODUCTS)
        parts = [made.get((row["plant"], name, row["year"]), 0.0) for name in products]
        for name, part in zip(products, parts, strict=True):
            share = part / sum(parts) if sum(parts) > 0 else 1.0 / len(parts)
            if share > 0:
                target = node_of(name, row["plant_country"])
                yield _Flow(mineral, start, target, row["tonnes"] * share, row["plant"])
    bought = sold.groupby(["year", "mineral", "member"])["tonnes"].sum().to_dict()
    for row in sold[sold["mineral"].isin(chain.minerals)].to_dict("records"):
        mineral, member = row["mineral"], row["member"]
        key = row["year"], mineral, member
        part = min(1.0, handed.get(key, 0.0) / bought[key]) if bought[key] > 0 else 0.0
        start = node_of(mineral, row["country"])
        for target, share in (
            (_hands(node_of(mineral, member)), part),
            (StageNode(float(last), "", member), 1.0 - part),
        ):
            if share * row["tonnes"] > 0:
                yield _Flow(mineral, start, target, share * row["tonnes"])


def _hands(node: StageNode) -> StageNode:
    """Return the node of a member that hands tonnes over, between two stages."""
    return StageNode(node.column + 0.5, node.mineral, f"{node.place} supplies")


def _widths(chain: Chain, flows: Sequence[_Flow], made: pd.DataFrame) -> list[float]:
    """Return how wide each flow is: a plant's inputs are together as wide as its output.

    Widths are computed from the last products back; each last product is 1 wide in total. A tonne
    for a member is as wide as a tonne for plants. A node's width is divided among its plants by
    tonnes, and a plant's width among its inputs in equal parts. Plants without listed inputs have
    no flow on the left, so a node may be wider on its right. Inputs of a plant that makes nothing
    have no width.
    """
    width = [0.0] * len(flows)
    of_place = made.groupby(["mineral", "country"])["tonnes"].sum().to_dict()
    of_plant = made.groupby(["mineral", "country", "refiner"])["tonnes"].sum().to_dict()

    def divide_by_tonnes(total: float, parts: list[int]) -> None:
        """Set ``width`` of the flows at positions ``parts``: their shares of ``total`` by tonnes.

        If they have no tonnes, their widths stay as they are.
        """
        tonnes = sum(flows[i].tonnes for i in parts)
        for i in parts if tonnes > 0 else ():
            width[i] = total * flows[i].tonnes / tonnes

    for mineral in _in_order(chain):
        own = [i for i, f in enumerate(flows) if f.mineral == mineral]
        taken = [i for i in own if flows[i].plant]
        bought = [i for i in own if not flows[i].target.mineral]
        used = sum(width[i] for i in taken)
        if used > 0:
            per_tonne = used / sum(flows[i].tonnes for i in taken)
            divide_by_tonnes(per_tonne * sum(flows[i].tonnes for i in bought), bought)
        else:
            divide_by_tonnes(1.0, bought)
        into = dict[tuple[StageNode, str], dict[str, list[int]]]()
        for i, f in enumerate(flows):
            if f.target.mineral == mineral:
                into.setdefault((f.target, f.plant), {}).setdefault(f.mineral, []).append(i)
        for (node, plant), inputs in sorted(into.items(), key=lambda each: -each[0][0].column):
            key = mineral, node.place
            own_part = of_plant.get((*key, plant), 0.0)
            part = own_part / of_place[key] if own_part > 0 else 0.0 if plant else 1.0
            for parts in inputs.values():
                leaving = sum(width[i] for i, f in enumerate(flows) if f.source == node)
                divide_by_tonnes(leaving * part / len(inputs), parts)
    return width


def _view(
    chain: Chain, tables: Sequence[pd.DataFrame], period: str, colours: dict[str, str]
) -> View:
    flows = [*_flows(chain, tables)]
    total = defaultdict[str, float](float)
    sums, width = defaultdict[_Ends, float](float), defaultdict[_Ends, float](float)
    for f, wide in zip(flows, _widths(chain, flows, tables[-1]), strict=True):
        total[f.mineral] += f.tonnes
        sums[f.mineral, f.source, f.target] += f.tonnes
        width[f.mineral, f.source, f.target] += wide
    order = sorted(sums, key=lambda key: (key[1].column, key[0], -sums[key], str(key)))
    rows = [
        {"mineral": key[0], "source": key[1].place, "target": _place(key[2]),
         "amount": sums[key], "part": sums[key] / total[key[0]]}
        for key in order
    ]  # fmt: skip
    links = [
        StageLink(*key[1:], width[key], f"{key[0]}: {tonnes(sums[key])}")
        for key in order
        if width[key] > 0
    ]
    facts = facts_of(ChainParts.of_rows(rows))
    if not links:
        return View((), facts)
    when = uncapitalized(period)
    stages = [*_stages(links)]
    largest = listed([_largest(mineral, sums) for mineral in _in_order(chain)], NAMED)
    alt = f"The chain of {chain.name}, {when}. The largest producer of each mineral: {largest}."
    gathered = _gathered(links)
    rows_high = max(len({n for n in _nodes(gathered) if n.column == s.column}) for s in stages)
    height = _AROUND + _ROW * rows_high
    figure = staged_flows(gathered, stages, colours, height)
    plot = Plot(f"{chain.name}, {when}", figure, alt, height, staged_width(figure))
    return View((plot,), facts)


def _place(node: StageNode) -> str:
    return f"{node.place}, {node.mineral}" if node.mineral and node.column % 1 == 0 else node.place


def _in_order(chain: Chain) -> list[str]:
    return sorted(chain.minerals, key=lambda name: (-chain.stage(name), name))


def _largest(mineral: str, sums: Mapping[_Ends, float]) -> str:
    """Return the country that makes most of a mineral, and its share."""
    by_place = defaultdict[str, float](float)
    for (name, source, _), amount in sums.items():
        if name == mineral and source.column % 1 == 0:
            by_place[source.place] += amount
    if not by_place:
        return f"{mineral} none"
    place = max(by_place, key=lambda name: (by_place[name], name))
    return f"{mineral} {place} ({percent(by_place[place] / sum(by_place.values()))})"


def _stages(links: Iterable[StageLink]) -> Iterator[Stage]:
    nodes = sorted(_nodes(links), key=lambda node: (node.column, node.mineral))
    for column in dict.fromkeys(node.column for node in nodes if node.column % 1 == 0):
        minerals = dict.fromkeys(node.mineral for node in nodes if node.column == column)
        yield Stage(column, tuple(filter(None, minerals)) or (Members.TABLE,))


def _nodes(links: Iterable[StageLink]) -> set[StageNode]:
    return {node for link in links for node in (link.source, link.target)}


def _gathered(links: list[StageLink]) -> list[StageLink]:
    """Return the links with small countries of a mineral, and small members, merged."""
    weight = defaultdict[StageNode, float](float)
    for link in links:
        for node in (link.source, link.target):
            weight[node] += link.amount
    groups = dict[tuple[float, str], list[StageNode]]()
    for node in sorted(weight, key=lambda node: (-weight[node], node.place)):
        groups.setdefault((node.column, node.mineral), []).append(node)
    merged = {
        node: StageNode(column, mineral, OTHERS if mineral else OTHER_MEMBERS)
        for (column, mineral), nodes in groups.items()
        for node in (nodes[_MOST - 1 :] if len(nodes) > _MOST else ())
    }
    sums = dict[tuple[StageNode, StageNode, str], float]()
    words = dict[tuple[StageNode, StageNode, str], list[str]]()
    for link in links:
        key = (
            merged.get(link.source, link.source), merged.get(link.target, link.target),
            link.words.partition(":")[0],
        )  # fmt: skip
        sums[key] = sums.get(key, 0.0) + link.amount
        words.setdefault(key, []).append(link.words)
    return [
        StageLink(*key[:2], amount, words[key][0] if len(words[key]) == 1 else f"{key[2]}, several")
        for key, amount in sums.items()
    ]
