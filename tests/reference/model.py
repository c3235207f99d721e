"""Variables and constraints of contract section 3; the readings stand in formulation.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from math import inf

import numpy as np
from numpy.typing import NDArray

from .answer import Border, ShortT, plan, totals
from .built import left, payments
from .cells import filled, in_years, must, number
from .continuity import growth_limits, tiers, today
from .contracts import minimums
from .floors import levy, zones_of_member
from .limits import Limit, limits
from .neutral import Optimum
from .program import Program
from .reading import Case, Source
from .security import can_sell, targets
from .stages import Line

CASH = frozenset(
    {"spot", "contracts", "inputs", "untaken", "ore", "holding", "capital", "switching"}
)
"""Kinds of cost that are cash; all others are penalties."""


class Model:
    """Variables and constraints of section 3; amounts in t, money in discounted USD."""

    def __init__(
        self,
        case: Case,
        builds: Mapping[tuple[str, int], float] | None = None,
        free: Collection[str] = (),
    ) -> None:
        """Builds are the program's own, or those given, but of the projects that are free."""
        self.case = case
        self.fixed = builds
        self.free = case.project_rows if builds is None else free
        self.program = Program()
        self.spot: dict[tuple[Source, str, int], int] = {}
        self.contract: dict[tuple[int, int], int] = {}
        self.paid: dict[int, float] = {}  # column -> undiscounted USD/t of a flow
        self.border: dict[int, Border] = {}
        self.inputs: dict[tuple[Source, Line, int], int] = {}
        self.handed: dict[tuple[str, Line, int], int] = {}
        self.flow: dict[tuple[Source, str, int], list[int]] = defaultdict(list)
        self.ore: dict[tuple[str, Source, int], int] = {}
        self.short: ShortT = {}  # by tier
        self.stock: dict[tuple[str, str, int], int] = {}
        #: the part of what is left of a project, by the first year of output
        self.build: dict[tuple[str, int], int] = {}
        #: rows of Built by their first year of output, as columns that are fixed
        self.stands: dict[tuple[str, int], int] = {}
        self.lacking: dict[tuple[str, str, int], int] = {}  # of a stock target
        self.shares = list(limits(case))
        #: (kind, mineral) -> columns with their undiscounted USD
        self.costs: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)

    def solve(self) -> Optimum:
        """Build, solve, read back."""
        self.build_all()
        return self.answer(*self.program.optimum())

    def answer(self, objective: float, x: NDArray[np.float64]) -> Optimum:
        """The plan that the values of the variables are."""
        flows = plan(
            x,
            spot=self.spot,
            contracts=self.contract,
            stock=self.stock,
            builds=self.build,
            ore=self.ore,
            inputs=self.inputs,
            handed=self.handed,
            left={project: left(self.case, project) for project in self.case.project_rows},
        )
        members = [c for columns in self.flow.values() for c in columns]
        found = totals(self.case, x, self.paid, self.short, border=self.border, members=members)
        found.inputs_t = float(sum(x[c] for c in self.inputs.values()))
        found.net_cost_usd = float(sum(usd * x[c] for c, usd in self.net().items()))
        return Optimum(objective, found, flows)

    def net(self) -> dict[int, float]:
        """Column -> undiscounted USD of cash, without tariffs and levies paid at home."""
        result: dict[int, float] = defaultdict(float)
        for (kind, _), columns in self.costs.items():
            for column, usd in columns if kind in CASH else ():
                result[column] += usd
        for column, border in self.border.items():
            result[column] -= border.tariff + border.levy
        return result

    def build_all(self) -> None:
        """All variables and rows."""
        self.add_projects()
        self.add_spot()
        self.add_contracts()
        self.add_inputs()
        self.add_ore()
        self.add_stock()
        self.add_shortage()
        self.capacity_rows()
        self.need_rows()
        self.lane_rows()
        self.balance_rows()
        self.tier_rows()
        self.stock_rows()
        self.share_rows()
        self.switching_rows()
        self.growth_rows()
        self.security_rows()

    def pay(self, kind: str, mineral: str, year: int, usd: float, upper: float = inf) -> int:
        """A variable in t at undiscounted USD a t of a year; its kind as the evaluation says it."""
        column = self.program.add(usd * self.case.discount(year), upper)
        self.costs[kind, mineral].append((column, usd))
        return column

    # variables, with the rows that concern nothing else

    def add_projects(self) -> None:
        """b[p,t] with its capital charges; sum b <= 1; capex against the budgets (Projects).

        A column is the fraction of what Built leaves of the project; rows of Built are fixed
        columns, and a budget counts as at least what is due of them.
        """
        case, program = self.case, self.program
        spent: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for part in case.standing:
            years = [t for t in case.years if part.charged(case, t)]
            column = self.capital(part.project, years, 1.0, part.fraction, whole=False)
            program.row([(column, 1.0)], "=", part.fraction, mass=False)
            self.stands[part.project, part.start] = column
        for project, row in case.project_rows.items():
            starts = []
            rest = left(case, project)
            for start in case.years:
                years = [t for t in case.years if start <= t < start + case.life(project)]
                allowed = start >= filled(row, "First year", -inf)
                allowed = allowed and (project, start) not in self.stands
                allowed = allowed or case.decided.get(project) == start
                column = self.capital(
                    project,
                    years,
                    rest,
                    case.part_of_project(project) if allowed and rest > 0 else 0.0,
                    whole=case.whole_projects and project in self.free,
                )
                if self.fixed is not None and project not in self.free:
                    fraction = self.fixed.get((project, start), 0.0) / (rest or 1.0)
                    program.row([(column, 1.0)], "=", fraction, mass=False)
                self.build[project, start] = column
                starts.append((column, 1.0))
                if case.decided.get(project) != start:
                    capex = filled(row, "Capex (USD m)", 0.0) * rest
                    spent[case.budget_year(project, start)].append((column, capex))
            program.row(starts, "<=", case.part_of_project(project), mass=False)
        due = payments(case)
        for years, money in case.budgets.values():
            terms = [term for year in years for term in spent[year]]
            top = max((capex for _, capex in terms), default=0.0) or 1.0
            program.row(
                [(column, capex / top) for column, capex in terms],
                "<=",
                max(0.0, money - sum(due.get(year, 0.0) for year in years)) / top,
                mass=False,
            )

    def capital(
        self, project: str, years: list[int], part: float, upper: float, *, whole: bool
    ) -> int:
        """A column for a fraction of a part of a project, with its charges in some years."""
        charge = self.case.yearly_capital(project) * part
        column = self.program.add(
            charge * sum(self.case.discount(t) for t in years), upper, whole=whole, mass=False
        )
        mineral = must(self.case.project_rows[project], "Mineral")
        self.costs["capital", mineral].append((column, charge * len(years)))
        return column

    def add_spot(self) -> None:
        """x[r,m,j,t] at cost (1 + tariff) + freight; 0 on closed lanes (Lane)."""
        case = self.case
        for source in case.sources:
            for member in case.members:
                for year in case.years:
                    lane = case.lane(source, member, year)
                    cost = case.cost(source, year)
                    landed = cost * (1.0 + lane.tariff) + lane.freight
                    extra = levy(case, source, zones_of_member(case, member), year, landed)
                    price = landed + extra - min(case.support(source, year), cost)
                    room = inf if lane.open else 0.0
                    column = self.pay("spot", source.mineral, year, price, room)
                    self.spot[source, member, year] = column
                    self.paid[column] = price
                    self.border[column] = Border(cost * lane.tariff, extra)
                    self.flow[source, member, year].append(column)

    def add_contracts(self) -> None:
        """y[k,t] <= Max, w[k,t], y + w >= Min after force majeure (Contract)."""
        case = self.case
        sources = {(s.refiner, s.mineral): s for s in case.sources if s.project is None}
        for year in case.years:
            least = minimums(case.whole, year)
            for k, row in enumerate(case.book.get("Contracts", ())):
                if row.get("Member") not in case.members:
                    continue
                source = sources[must(row, "Refiner"), must(row, "Mineral")]
                lane = case.lane(source, must(row, "Member"), year)
                price = filled(row, "Price (USD/t)", case.cost(source, year))
                most = filled(row, "Max (t/yr)", inf) if in_years(row, year) and lane.open else 0.0
                landed = price * (1.0 + lane.tariff) + lane.freight
                zones = zones_of_member(case, must(row, "Member"))
                extra = levy(case, source, zones, year, landed)
                full = landed + extra - min(case.support(source, year), price)
                column = self.pay("contracts", source.mineral, year, full, most)
                self.contract[k, year] = column
                self.paid[column] = full
                self.border[column] = Border(price * lane.tariff, extra)
                self.flow[source, must(row, "Member"), year].append(column)
                if k in least:
                    untaken = self.pay("untaken", source.mineral, year, price)
                    self.program.row([(column, 1.0), (untaken, 1.0)], ">=", least[k])

    def add_inputs(self) -> None:
        """f[s,p,t] at cost (1 + tariff) + freight and a levy; h[j,p,t] for nothing (Stages)."""
        case = self.case
        for year in case.years:
            for source, line in case.stages.flows(year):
                lane = case.stages.lane(source, line, year)
                cost = case.cost(source, year)
                landed = cost * (1.0 + lane.tariff) + lane.freight
                extra = levy(case, source, case.blocs(line.country), year, landed)
                price = landed + extra - min(case.support(source, year), cost)
                column = self.pay("inputs", source.mineral, year, price)
                self.inputs[source, line, year] = column
                self.paid[column] = price
                if line.country in case.homes:
                    self.border[column] = Border(cost * lane.tariff, extra)
            for member, line in case.stages.handed(year):
                column = self.pay("handed", line.input, year, 0.0)
                self.handed[member, line, year] = column

    def made(self, source: Source, year: int) -> list[int]:
        """Columns of all that a source sells in a year, to members and to plants."""
        return [c for j in self.case.members for c in self.flow[source, j, year]] + [
            c for (s, _, t), c in self.inputs.items() if (s, t) == (source, year)
        ]

    def fed(self, line: Line, year: int) -> list[int]:
        """Columns of all that a line takes in a year, bought or handed over."""
        return [c for (_, p, t), c in self.inputs.items() if (p, t) == (line, year)] + [
            c for (_, p, t), c in self.handed.items() if (p, t) == (line, year)
        ]

    def taken(self, mineral: str, year: int, lost: str | None = None) -> list[tuple[int, float]]:
        """What plants take of a mineral, those of a lost country left out, and what the unmet
        demand of its products would have taken."""
        terms = [
            (column, 1.0)
            for line in self.case.stages.lines
            if line.input == mineral and line.country != lost
            for column in self.fed(line, year)
        ]
        for product, ratio in self.case.stages.unmet[mineral].items():
            for member in self.case.members:
                terms += [(c, ratio) for c in self.short[product, member, year].values()]
        return terms

    def need_rows(self) -> None:
        """Input = tonnes per tonne x made; of a joint line at least that, for each product."""
        for line in self.case.stages.lines:
            for year in self.case.years:
                fed = self.fed(line, year)
                for source, ratio in line.outputs:
                    scale = max(1.0, ratio)
                    terms = [(c, 1.0 / scale) for c in fed]
                    terms += [(c, -ratio / scale) for c in self.made(source, year)]
                    self.program.row(terms, ">=" if line.joint else "=", 0.0)

    def add_ore(self) -> None:
        """z[n,r,m,t] at premium + freight; ore = flow / recovery; mine capacity (Ore)."""
        case, program = self.case, self.program
        for year in case.years:
            for source in filter(case.uses_ore, case.sources):
                terms = []
                for mine in case.mines(source.mineral):
                    cost, is_open = case.ore_lane(mine, source, year)
                    room = inf if is_open else 0.0
                    column = self.pay("ore", source.mineral, year, cost, room)
                    self.ore[mine, source, year] = column
                    terms.append((column, source.recovery))
                terms += [(column, -1.0) for column in self.made(source, year)]
                program.row(terms, "=", 0.0)
            for mineral, mine in case.mine_rows:
                program.row(
                    [
                        (column, 1.0)
                        for (n, source, t), column in self.ore.items()
                        if (n, source.mineral, t) == (mine, mineral, year)
                    ],
                    "<=",
                    case.mine_capacity(mineral, mine, year),
                )

    def add_stock(self) -> None:
        """s[m,j,t] <= Max at holding cost; s + v >= Target at the target's penalty (Stock)."""
        case, program = self.case, self.program
        for (mineral, member), row in case.stock_rows.items():
            for year in case.years:
                holding = filled(row, "Holding cost (USD/t/yr)", 0.0)
                most = filled(row, "Max (t)", 0.0)
                stock = self.pay("holding", mineral, year, holding, most)
                target, penalty = case.stock_target(mineral, member, year)
                shortfall = self.pay("stock target", mineral, year, penalty)
                program.row([(stock, 1.0), (shortfall, 1.0)], ">=", target)
                self.stock[mineral, member, year] = stock
                self.lacking[mineral, member, year] = shortfall

    def add_shortage(self) -> None:
        """u[m,j,t] <= demand by tier at the tier's cost; h at weight x the mineral's cost."""
        case, program = self.case, self.program
        weight = case.setting("Fair shortage weight", 0.1)
        for mineral in case.minerals:
            for year in case.years:
                cost = case.shortage_cost(mineral, year)
                for member in case.members:
                    self.short[mineral, member, year] = {
                        tier.name: self.pay("shortage", mineral, year, tier.cost, tier.demand)
                        for tier in tiers(case, mineral, member, year)
                    }
                whole = case.demand_of(mineral, tuple(case.members), year)
                if whole <= 0 or weight == 0:
                    continue
                for member in case.members:
                    part = case.demand(mineral, member, year) / whole
                    terms = [
                        (column, (j == member) - part)
                        for j in case.members
                        for column in self.short[mineral, j, year].values()
                    ]
                    unfair = self.pay("unfair shortage", mineral, year, weight * cost)
                    terms.append((unfair, -1.0))
                    program.row(terms, "<=", 0.0)

    # rows

    def capacity_rows(self) -> None:
        """Flow of a refiner <= usable capacity; of a project <= capacity x running fractions."""
        case = self.case
        for source in case.sources:
            for year in case.years:
                terms = [(c, 1.0) for c in self.made(source, year)]
                if source.project is None:
                    self.program.row(terms, "<=", case.usable(source, year))
                    continue
                terms += [(c, -size) for c, size in self.running(source.project, year)]
                self.program.row(terms, "<=", 0.0)

    def running(self, project: str, year: int) -> list[tuple[int, float]]:
        """Columns of the starts that run in a year, with the t/yr of a project built in full."""
        size = filled(self.case.project_rows[project], "Capacity (t/yr)", 0.0)
        rest, since = left(self.case, project), year - self.case.life(project)
        return [
            (column, size * part)
            for columns, part in ((self.build, rest), (self.stands, 1.0))
            for (name, start), column in columns.items()
            if name == project and since < start <= year
        ]

    def lane_rows(self) -> None:
        """Max of a country's and of a source's lane to a member (Lane)."""
        case = self.case
        for member in case.members:
            for year in case.years:
                pooled: dict[tuple[str, str], list[int]] = defaultdict(list)
                most: dict[tuple[str, str], float] = {}
                for source in case.sources:
                    lane = case.lane(source, member, year)
                    columns = self.flow[source, member, year]
                    pooled[source.mineral, source.country] += columns
                    most[source.mineral, source.country] = lane.max_country
                    if lane.max_source < inf:
                        self.program.row([(c, 1.0) for c in columns], "<=", lane.max_source)
                for key, columns in pooled.items():
                    if most[key] < inf:
                        self.program.row([(c, 1.0) for c in columns], "<=", most[key])

    def balance_rows(self) -> None:
        """Q + s[t-1] - s[t] + u = demand (Balance)."""
        case = self.case
        for (mineral, member, year), short in self.short.items():
            terms = [(column, 1.0) for column in short.values()]
            for source in case.sources:
                if source.mineral == mineral:
                    terms += [(c, 1.0) for c in self.flow[source, member, year]]
            terms += [
                (column, -1.0)
                for (j, line, t), column in self.handed.items()
                if (j, line.input, t) == (member, mineral, year)
            ]
            right = case.demand(mineral, member, year)
            if (mineral, member) in case.stock_rows:
                terms.append((self.stock[mineral, member, year], -1.0))
                earlier = [t for t in case.years if t < year]
                if earlier:
                    terms.append((self.stock[mineral, member, earlier[-1]], 1.0))
                else:
                    right -= filled(case.stock_rows[mineral, member], "Opening (t)", 0.0)
            self.program.row(terms, "=", right)

    def tier_rows(self) -> None:
        """For each pattern: sum of a <= its flows. For each tier: sum of a + d + u >= demand.
        Sum of d <= s[t-1] and Max draw (Tiers)."""
        case, program = self.case, self.program
        for (mineral, member, year), short in self.short.items():
            patterns = case.patterns(mineral, member, year)
            if not patterns:
                continue
            served = {tier: [(column, 1.0)] for tier, column in short.items()}
            for pattern, sources in patterns.items():
                shared = [(c, -1.0) for s in sources for c in self.flow[s, member, year]]
                for tier in pattern:
                    column = program.add(0.0)
                    served[tier].append((column, 1.0))
                    shared.append((column, 1.0))
                program.row(shared, "<=", 0.0)
            if (mineral, member) in case.stock_rows:
                drawn = []
                for columns in served.values():
                    column = program.add(0.0)
                    columns.append((column, 1.0))
                    drawn.append((column, 1.0))
                most = number(case.stock_rows[mineral, member], "Max draw (t/yr)")
                if most is not None:
                    program.row(drawn, "<=", most)
                earlier = [t for t in case.years if t < year]
                opening = filled(case.stock_rows[mineral, member], "Opening (t)", 0.0)
                if earlier:
                    drawn.append((self.stock[mineral, member, earlier[-1]], -1.0))
                program.row(drawn, "<=", 0.0 if earlier else opening)
            for tier in tiers(case, mineral, member, year):
                program.row(served[tier.name], ">=", tier.demand)

    def stock_rows(self) -> None:
        """s[t] - s[t-1] <= Max fill; s[t-1] - s[t] <= Max draw."""
        for (mineral, member), row in self.case.stock_rows.items():
            for year in self.case.years:
                now, change = self.stock[mineral, member, year], filled(row, "Opening (t)", 0.0)
                before = [t for t in self.case.years if t < year]
                terms = [(now, 1.0)]
                if before:
                    terms.append((self.stock[mineral, member, before[-1]], -1.0))
                    change = 0.0
                fill, draw = number(row, "Max fill (t/yr)"), number(row, "Max draw (t/yr)")
                if fill is not None:
                    self.program.row(terms, "<=", fill + change)
                if draw is not None:
                    self.program.row(terms, ">=", change - draw)

    def share_rows(self) -> None:
        """Flow of the group <= share x base + e, or >= share x base - e (Share limit)."""
        case, program = self.case, self.program
        for limit in self.shares:
            inside: list[int] = []
            everything: list[int] = []
            if limit.mining:
                for (mine, source, year), column in self.ore.items():
                    if (source.mineral, year) == (limit.mineral, limit.year):
                        everything.append(column)
                        names = {mine} if limit.group == "country" else case.blocs(mine)
                        inside += [column] if limit.supplier in names else []
            for source in () if limit.mining else case.sources:
                if source.mineral != limit.mineral:
                    continue
                columns = [c for j in limit.buyers for c in self.flow[source, j, limit.year]]
                if limit.coalition:
                    columns = self.made(source, limit.year)
                everything += columns
                if (
                    limit.supplier
                    in {
                        "country": [source.country],
                        "owner": [source.owner],
                        "bloc": sorted(case.blocs(source.country)),
                        "kind": [source.kind],
                        "company": [source.company],
                        "refiner": [source.refiner],
                    }[limit.group]
                ):
                    inside += columns
            terms = [(c, 1.0) for c in inside]
            right = limit.share * case.demand_of(limit.mineral, limit.buyers, limit.year)
            if limit.is_max and case.purchases_basis:
                terms += [(c, -limit.share) for c in everything]
                right = 0.0
            else:
                terms += [(c, -limit.share * base) for c, base in self.base(limit)]
            if limit.penalty is not None:
                excess = self.pay("share penalties", limit.mineral, limit.year, limit.penalty)
                terms.append((excess, -1.0 if limit.is_max else 1.0))
            program.row(terms, "<=" if limit.is_max else ">=", right)

    def base(self, limit: Limit) -> list[tuple[int, float]]:
        """What the base of a limit has beside demand: what plants take, or what the buyer hands
        to them."""
        if limit.coalition:
            return self.taken(limit.mineral, limit.year)
        return [
            (column, 1.0)
            for (member, line, year), column in self.handed.items()
            if member in limit.buyers and (line.input, year) == (limit.mineral, limit.year)
        ]

    def switching_rows(self) -> None:
        """Today's tonnes - flow of the first year <= switched tonnes, at the switching cost."""
        cost, first = self.case.setting("Switching cost (USD/t)", 0.0), self.case.years[0]
        for (source, member), t in today(self.case).items() if cost > 0 else ():
            terms = [(c, 1.0) for c in self.flow[source, member, first]]
            terms.append((self.pay("switching", source.mineral, first, cost), 1.0))
            self.program.row(terms, ">=", t)

    def growth_rows(self) -> None:
        """Sales <= (1 + growth)^years x those before + floor."""
        for limit in growth_limits(self.case):
            terms = [(c, 1.0) for c in self.made(limit.source, limit.year)]
            if limit.before is not None:
                terms += [(c, -limit.factor) for c in self.made(limit.source, limit.before)]
            self.program.row(terms, "<=", limit.constant)

    def security_rows(self) -> None:
        """Reserves g of all who can sell, ore for them, and what is missing where one is lost.

        g <= surge x usable capacity; flow + g <= usable capacity; of minerals with mines, sum of
        (flow + g) / recovery <= all mines; outside the lost country flow + g + stock + v >= needed.
        """
        case, program = self.case, self.program
        if not case.sheet("Security"):
            return
        sold: dict[tuple[Source, int], list[tuple[int, float]]] = {}
        surge = case.setting("Surge", 0.2)
        for source in case.sources:
            for year in case.years:
                terms = [(c, 1.0) for c in self.made(source, year)]
                if can_sell(case.whole, source, year):
                    room = [] if source.project is None else self.running(source.project, year)
                    usable = case.usable(source, year) if source.project is None else 0.0
                    reserve = program.add(0.0)
                    terms.append((reserve, 1.0))
                    more = [(c, -surge * size) for c, size in room]
                    program.row([(reserve, 1.0), *more], "<=", surge * usable)
                    program.row(terms + [(c, -size) for c, size in room], "<=", usable)
                sold[source, year] = terms
        for mineral in case.minerals:
            for year in case.years if case.mines(mineral) else ():
                ore = [
                    (c, 1.0 / source.recovery)
                    for (source, t), terms in sold.items()
                    if t == year and source.mineral == mineral and case.uses_ore(source)
                    for c, _ in terms
                ]
                mined = sum(case.mine_capacity(mineral, n, year) for n in case.mines(mineral))
                program.row(ore, "<=", mined)
        for target in targets(case):
            missing = self.pay("security", target.mineral, target.year, target.penalty)
            terms, right = [(missing, 1.0)], target.needed
            need = self.taken(target.mineral, target.year, target.lost)
            terms += [(c, -target.kept * base) for c, base in need]
            for (source, year), of in sold.items():
                if (source.mineral, year) == (target.mineral, target.year):
                    terms += of if source.country != target.lost else []
            for mineral, member in case.stock_rows if target.stocks else ():
                before = [t for t in case.years if t < target.year]
                if mineral == target.mineral and before:
                    terms.append((self.stock[mineral, member, before[-1]], 1.0))
                elif mineral == target.mineral:
                    right -= filled(case.stock_rows[mineral, member], "Opening (t)", 0.0)
            program.row(terms, ">=", right)
