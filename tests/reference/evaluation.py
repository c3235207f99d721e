"""A given plan priced and checked straight from the book by loops and group sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from math import fsum, inf

from .built import left, payments
from .cells import filled, in_years, must, number
from .continuity import growth_limits, tiers, today
from .end_use import lacking
from .floors import levy, zones_of_member
from .limits import Limit, limits
from .model import CASH
from .neutral import Book, Evaluation, Flows, Row, Totals
from .program import Program
from .reading import Case, Source
from .security import Target, can_sell, targets
from .shares import belongs, largest_share
from .stages import Line
from .worst import Worst


class Ledger:
    """A plan as sums by key, and the running costs and violations."""

    def __init__(self, book: Book, flows: Flows) -> None:
        self.case = Case(book)
        self.worst = Worst()
        #: (kind, mineral, year) -> undiscounted USD
        self.money: dict[tuple[str, str, int], list[float]] = defaultdict(list)
        self.purchases: list[float] = []
        self.spot: dict[tuple[Source, str, int], float] = defaultdict(float)
        self.tranche: dict[tuple[int, int], float] = defaultdict(float)
        self.flow: dict[tuple[Source, str, int], float] = defaultdict(float)
        self.bought: dict[tuple[str, str, int], float] = defaultdict(float)
        self.stock: dict[tuple[str, str, int], float] = defaultdict(float)
        self.built: dict[tuple[str, int], float] = defaultdict(float)
        self.ore: dict[tuple[str, Source, int], float] = defaultdict(float)
        self.inputs: dict[tuple[Source, Line, int], float] = defaultdict(float)
        self.handed: dict[tuple[str, Line, int], float] = defaultdict(float)
        self.tariffs: list[float] = []
        self.levies: list[float] = []
        self.short: dict[tuple[str, str, int], float] = {}
        self.by_tier: dict[tuple[str, str, str | None], float] = defaultdict(float)
        self.load(flows)
        self.load_stages(flows)

    def known(self, good: bool, amount: float, name: str) -> bool:
        """Whether an entry belongs to the book; what does not is a violation of its size."""
        if not good:
            self.worst.note(abs(amount), f"no such thing in the book: {name}")
        return good

    def load(self, flows: Flows) -> None:
        """Sum the plan up by key; negative amounts are violations."""
        case = self.case
        sources = {(s.refiner, s.project, s.mineral): s for s in case.sources}
        for refiner, project, mineral, member, year, t in flows.spot:
            name = f"spot {refiner} {project or ''} {mineral} {member} {year}"
            source = sources.get((refiner, project, mineral))
            if self.known(
                source is not None and member in case.members and year in case.years, t, name
            ):
                assert source is not None
                self.spot[source, member, year] += t
                self.flow[source, member, year] += t
                self.bought[mineral, member, year] += t
            self.worst.note(-t, f"negative {name}")
        rows = case.book.get("Contracts", ())
        for k, year, t in flows.contracts:
            name = f"contract {k} {year}"
            if self.known(0 <= k < len(rows) and year in case.years, t, name):
                refiner, mineral = must(rows[k], "Refiner"), must(rows[k], "Mineral")
                member = must(rows[k], "Member")
                self.tranche[k, year] += t
                self.flow[sources[refiner, None, mineral], member, year] += t
                self.bought[mineral, member, year] += t
            self.worst.note(-t, f"negative {name}")
        for mineral, member, year, t in flows.stock:
            name = f"stock {mineral} {member} {year}"
            if self.known((mineral, member) in case.stock_rows and year in case.years, t, name):
                self.stock[mineral, member, year] = t
            self.worst.note(-t, f"negative {name}")
        for project, year, fraction in flows.builds:
            name = f"build {project} {year}"
            if self.known(project in case.project_rows and year in case.years, fraction, name):
                self.built[project, year] += fraction
            self.worst.note(-fraction, f"negative {name}")
        for mine, refiner, project, mineral, year, t in flows.ore:
            name = f"ore {mine} {refiner} {project or ''} {mineral} {year}"
            source = sources.get((refiner, project, mineral))
            good = source is not None and case.uses_ore(source) and mine in case.mines(mineral)
            if self.known(good and year in case.years, t, name):
                assert source is not None
                self.ore[mine, source, year] += t
            self.worst.note(-t, f"negative {name}")

    def load_stages(self, flows: Flows) -> None:
        """Sum up what plants buy and what members hand over."""
        case = self.case
        sources = {(s.refiner, s.project, s.mineral): s for s in case.sources}
        lines = {(line.input, line.plant): line for line in case.stages.lines}
        for seller, plant, year, t in flows.inputs:
            name = f"input {seller} for {plant} {year}"
            source, line = sources.get(seller), lines.get((seller[2], plant))
            good = year in case.years and (source, line) in case.stages.flows(year)
            if self.known(good, t, name):
                assert source is not None
                assert line is not None
                self.inputs[source, line, year] += t
            self.worst.note(-t, f"negative {name}")
        for member, of, plant, year, t in flows.handed:
            name = f"handed {of} by {member} to {plant} {year}"
            line = lines.get((of, plant))
            good = year in case.years and (member, line) in case.stages.handed(year)
            if self.known(good, t, name):
                assert line is not None
                self.handed[member, line, year] += t
            self.worst.note(-t, f"negative {name}")

    def made(self, source: Source, year: int) -> float:
        """t that a source sells in a year, to members and to plants."""
        flow = [t for (s, _, y), t in self.flow.items() if (s, y) == (source, year)]
        return fsum(flow + [t for (s, _, y), t in self.inputs.items() if (s, y) == (source, year)])

    def taken(self, mineral: str, year: int, lost: str | None = None) -> float:
        """t of a mineral that plants take, those of a lost country left out, and that the unmet
        demand of its products would have taken."""
        bought = [(line, t) for (_, line, y), t in self.inputs.items() if y == year]
        handed = [(line, t) for (_, line, y), t in self.handed.items() if y == year]
        return fsum(
            t for line, t in bought + handed if line.input == mineral and line.country != lost
        ) + fsum(
            ratio * self.short[product, member, year]
            for product, ratio in self.case.stages.unmet[mineral].items()
            for member in self.case.members
        )

    def stages(self) -> None:
        """Inputs: cost, tariff, freight, levy; what plants need against what they take."""
        case = self.case
        for (source, line, year), t in self.inputs.items():
            lane, cost = case.stages.lane(source, line, year), case.cost(source, year)
            usd = self.land(
                source, case.blocs(line.country), year, t, (cost, lane.tariff, lane.freight),
                at_home=line.country in case.homes,
            )  # fmt: skip
            self.pay("inputs", source.mineral, year, usd)
        for line in case.stages.lines:
            for year in case.years:
                fed = fsum(
                    [t for (_, p, y), t in self.inputs.items() if (p, y) == (line, year)]
                    + [t for (_, p, y), t in self.handed.items() if (p, y) == (line, year)]
                )
                for source, ratio in line.outputs:
                    less = (ratio * self.made(source, year) - fed) / max(1.0, ratio)
                    self.worst.note(less if line.joint else abs(less), f"need of {line} {year}")

    def land(
        self,
        source: Source,
        zones: Collection[str],
        year: int,
        t: float,
        terms: tuple[float, float, float],
        *,
        at_home: bool = True,
    ) -> float:
        """USD of a flow at terms of price, tariff and freight, with its levy."""
        price, tariff, freight = terms
        landed = price * (1.0 + tariff) + freight
        extra = levy(self.case, source, zones, year, landed)
        self.purchases.append(t * (landed + extra))
        if at_home:
            self.tariffs.append(t * price * tariff)
            self.levies.append(t * extra)
        return t * (landed + extra)

    def pay(self, kind: str, mineral: str, year: int, usd: float) -> None:
        """Book undiscounted USD of a year."""
        self.money[kind, mineral, year].append(usd)

    def purchase(self) -> None:
        """Spot flows: cost, closed lanes, both kinds of lane Max, capacity of refiners."""
        case = self.case
        for (source, member, year), t in self.spot.items():
            lane = case.lane(source, member, year)
            terms = case.cost(source, year), lane.tariff, lane.freight
            usd = self.land(source, zones_of_member(case, member), year, t, terms)
            self.pay("spot", source.mineral, year, usd)
        by_country: dict[tuple[str, str, str, int], float] = defaultdict(float)
        most: dict[tuple[str, str, str, int], float] = {}
        for (source, member, year), t in self.flow.items():
            lane = case.lane(source, member, year)
            if not lane.open:
                self.worst.note(t, f"closed lane {source} {member} {year}")
            self.worst.note(t - lane.max_source, f"lane max {source} {member} {year}")
            by_country[source.mineral, source.country, member, year] += t
            most[source.mineral, source.country, member, year] = lane.max_country
        for key, t in by_country.items():
            self.worst.note(t - most[key], "lane max of country " + " ".join(map(str, key)))
        for source in case.sources:
            for year in case.years:
                over = self.made(source, year) - self.room(source, year)
                self.worst.note(over, f"capacity {source} {year}")

    def room(self, source: Source, year: int) -> float:
        """t a source can deliver in a year, with the builds of the plan."""
        if source.project is None:
            return self.case.usable(source, year)
        life = self.case.life(source.project)
        running = fsum(
            fraction
            for (project, start), fraction in self.built.items()
            if project == source.project and start <= year < start + life
        )
        running += fsum(
            part.fraction
            for part in self.case.standing
            if part.project == source.project and part.runs(self.case, year)
        )
        return running * filled(self.case.project_rows[source.project], "Capacity (t/yr)", 0.0)

    def contracts(self) -> None:
        """Contract flows: cost, years, Max; untaken = Min after force majeure - flow, paid."""
        case = self.case
        rows = case.book.get("Contracts", ())
        for k, row in enumerate(rows):
            for year in case.years:
                t = self.tranche[k, year]
                if not any(value is not None for value in row.values()):
                    continue
                source = next(
                    s
                    for s in case.sources
                    if (s.refiner, s.project, s.mineral) == (row["Refiner"], None, row["Mineral"])
                )
                lane = case.lane(source, must(row, "Member"), year)
                price = filled(row, "Price (USD/t)", case.cost(source, year))
                zones = zones_of_member(case, must(row, "Member"))
                usd = self.land(source, zones, year, t, (price, lane.tariff, lane.freight))
                self.pay("contracts", source.mineral, year, usd)
                most = filled(row, "Max (t/yr)", inf) if in_years(row, year) else 0.0
                self.worst.note(t - most, f"contract max {k} {year}")
                mine = self.owed(row, source, year)
                if mine > 0:
                    alike = fsum(
                        self.owed(other, source, year)
                        for other in rows
                        if (other.get("Refiner"), other.get("Mineral"))
                        == (row["Refiner"], row["Mineral"])
                    )
                    mine *= min(1.0, case.usable(source, year) / alike)
                self.pay("untaken", source.mineral, year, max(0.0, mine - t) * price)

    def owed(self, row: Row, source: Source, year: int) -> float:
        """A contract's minimum in t, 0 where it lapses, before shrinking to capacity."""
        lane = self.case.lane(source, must(row, "Member"), year)
        lapsed = (
            not in_years(row, year)
            or not lane.open
            or min(lane.max_country, lane.max_source) == 0
            or self.case.usable(source, year) == 0
        )
        return 0.0 if lapsed else filled(row, "Min (t/yr)", 0.0)

    def balance(self) -> None:
        """Shortage from the balance, stock bounds, stock shortfall, unfair shortage."""
        case = self.case
        everyone = tuple(case.members)
        weight = case.setting("Fair shortage weight", 0.1)
        for mineral in case.minerals:
            for member in everyone:
                row = case.stock_rows.get((mineral, member))
                before = 0.0 if row is None else filled(row, "Opening (t)", 0.0)
                for year in case.years:
                    after = self.stock[mineral, member, year]
                    demand = case.demand(mineral, member, year)
                    handed = fsum(
                        t
                        for (j, line, y), t in self.handed.items()
                        if (j, line.input, y) == (member, mineral, year)
                    )
                    short = demand + handed - self.bought[mineral, member, year] - before + after
                    where = f"{mineral} {member} {year}"
                    self.worst.note(-short, f"balance (too much) {where}")
                    self.worst.note(short - demand, f"balance (stock from nowhere) {where}")
                    self.short[mineral, member, year] = min(max(short, 0.0), demand)
                    if row is not None:
                        self.worst.note(after - filled(row, "Max (t)", 0.0), f"stock max {where}")
                        fill, draw = number(row, "Max fill (t/yr)"), number(row, "Max draw (t/yr)")
                        over = -inf if fill is None else after - before - fill
                        self.worst.note(over, f"stock fill {where}")
                        over = -inf if draw is None else before - after - draw
                        self.worst.note(over, f"stock draw {where}")
                        holding = filled(row, "Holding cost (USD/t/yr)", 0.0)
                        self.pay("holding", mineral, year, after * holding)
                        target, penalty = case.stock_target(mineral, member, year)
                        self.pay("stock target", mineral, year, max(0.0, target - after) * penalty)
                    before = after
            for year in case.years:
                cost = case.shortage_cost(mineral, year)
                missing = fsum(self.short[mineral, j, year] for j in everyone)
                for j in everyone:
                    found = tiers(case, mineral, j, year)
                    short, wrong = lacking(
                        case, (mineral, j, year), self.flow, self.stock_before(mineral, j, year),
                        self.short[mineral, j, year],
                    )  # fmt: skip
                    self.worst.note(wrong, f"tiers of {mineral} {j} {year}")
                    for tier in found:
                        self.pay("shortage", mineral, year, short[tier.name] * tier.cost)
                        self.by_tier[mineral, j, tier.name] += short[tier.name]
                demand = case.demand_of(mineral, everyone, year)
                if demand > 0:
                    for j in everyone:
                        part = case.demand(mineral, j, year) / demand
                        unfair = max(0.0, self.short[mineral, j, year] - part * missing)
                        self.pay("unfair shortage", mineral, year, unfair * weight * cost)

    def stock_before(self, mineral: str, member: str, year: int) -> float:
        """t of stock at the end of the year before; 0 without a stockpile."""
        row = self.case.stock_rows.get((mineral, member), {})
        earlier = [t for t in self.case.years if t < year]
        if earlier:
            return self.stock.get((mineral, member, earlier[-1]), 0.0)
        return filled(row, "Opening (t)", 0.0)

    def continuity(self) -> None:
        """Switched tonnes of the first year, paid; growth of refiners' sales."""
        case = self.case
        cost, first = case.setting("Switching cost (USD/t)", 0.0), case.years[0]
        for (source, member), t in today(case).items():
            away = max(0.0, t - self.flow.get((source, member, first), 0.0))
            self.pay("switching", source.mineral, first, away * cost)
        for limit in growth_limits(case):
            source, year, before = limit.source, limit.year, limit.before
            most = limit.constant
            if before is not None:
                most += limit.factor * self.made(source, before)
            self.worst.note(self.made(source, year) - most, f"growth {source} {year}")

    def projects(self) -> None:
        """Capital charges; years, fractions (as t of capacity) and budgets of the builds."""
        case = self.case
        spent: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for (project, start), fraction in self.built.items():
            row = case.project_rows[project]
            mineral = must(row, "Mineral")
            size, capex = output(row), filled(row, "Capex (USD m)", 0.0)
            if start < filled(row, "First year", -inf):
                self.worst.note(fraction * size, f"build before first year {project} {start}")
            if any((part.project, part.start) == (project, start) for part in case.standing):
                self.worst.note(fraction * size, f"build beside Built {project} {start}")
            if case.whole_projects:
                part_built = min(abs(fraction), abs(fraction - left(case, project)))
                self.worst.note(part_built * size, f"whole {project} {start}")
            if capex > 0:
                spent[case.budget_year(project, start)].append((fraction * capex, fraction * size))
            for year in case.years:
                if start <= year < start + case.life(project):
                    self.pay("capital", mineral, year, fraction * case.yearly_capital(project))
        for project, row in case.project_rows.items():
            total = fsum(f for (name, _), f in self.built.items() if name == project)
            rest = left(case, project)
            self.worst.note((total - rest) * output(row), f"built more than once {project}")
        due = payments(case)
        for year, (years, most) in case.budgets.items():
            every = [paid for y in years for paid in spent[y]]
            money, size = fsum(m for m, _ in every), fsum(s for _, s in every)
            if money > 0:
                rest = max(0.0, most - fsum(due.get(y, 0.0) for y in years))
                self.worst.note((money - rest) / money * size, f"budget {year}")

    def standing(self) -> None:
        """Capital charges of what is begun or stands."""
        case = self.case
        for part in case.standing:
            mineral = must(case.project_rows[part.project], "Mineral")
            for year in case.years:
                if part.charged(case, year):
                    usd = part.fraction * case.yearly_capital(part.project)
                    self.pay("capital", mineral, year, usd)

    def mining(self) -> None:
        """Ore: cost, closed lanes, mine capacity, ore in = flow out / recovery."""
        case = self.case
        mined: dict[tuple[str, str, int], float] = defaultdict(float)
        fed: dict[tuple[Source, int], float] = defaultdict(float)
        for (mine, source, year), t in self.ore.items():
            cost, is_open = case.ore_lane(mine, source, year)
            self.pay("ore", source.mineral, year, t * cost)
            if not is_open:
                self.worst.note(t, f"closed ore lane {mine} {source} {year}")
            mined[source.mineral, mine, year] += t
            fed[source, year] += t
        for (mineral, mine, year), t in mined.items():
            most = case.mine_capacity(mineral, mine, year)
            self.worst.note(t - most, f"mine capacity {mineral} {mine} {year}")
        for source in filter(case.uses_ore, case.sources):
            for year in case.years:
                out = self.made(source, year)
                self.worst.note(
                    abs(fed[source, year] - out / source.recovery), f"ore of {source} {year}"
                )

    def shares(self) -> None:
        """Share limits: what is over a hard one is a violation, over a soft one it is paid."""
        case = self.case
        for limit in limits(case):
            inside, total = self.mined(limit) if limit.mining else self.sold(limit)
            base = case.demand_of(limit.mineral, limit.buyers, limit.year)
            if limit.coalition:
                base += self.taken(limit.mineral, limit.year)
            else:
                base += fsum(
                    t
                    for (member, line, year), t in self.handed.items()
                    if member in limit.buyers and (line.input, year) == (limit.mineral, limit.year)
                )
            if limit.is_max and case.purchases_basis:
                base = total
            over = inside - limit.share * base
            over = over if limit.is_max else -over
            if limit.penalty is None:
                self.worst.note(over, str(limit))
            else:
                self.pay(
                    "share penalties", limit.mineral, limit.year, max(0.0, over) * limit.penalty
                )

    def mined(self, limit: Limit) -> tuple[float, float]:
        """t of ore of the supplier of a limit, and of all."""
        inside = total = 0.0
        for (mine, source, year), t in self.ore.items():
            if (source.mineral, year) == (limit.mineral, limit.year):
                names = {mine} | (self.case.blocs(mine) if limit.group == "bloc" else set())
                total += t
                inside += t if limit.supplier in names else 0.0
        return inside, total

    def sold(self, limit: Limit) -> tuple[float, float]:
        """t that the supplier of a limit sells to its buyer, and that all sell."""
        flows = [
            (source, t)
            for (source, member, year), t in self.flow.items()
            if year == limit.year and member in limit.buyers
        ]
        if limit.coalition:
            flows += [(s, t) for (s, _, year), t in self.inputs.items() if year == limit.year]
        flows = [(source, t) for source, t in flows if source.mineral == limit.mineral]
        group = [t for s, t in flows if belongs(self.case, s, limit.group, limit.supplier)]
        return fsum(group), fsum(t for _, t in flows)

    def security(self) -> None:
        """What is missing where a country is lost, with the reserves that make it cost least."""
        found: dict[tuple[str, int], list[Target]] = defaultdict(list)
        for target in targets(self.case):
            found[target.mineral, target.year].append(target)
        for (mineral, year), alike in found.items():
            self.pay("security", mineral, year, self.missing(mineral, year, alike))

    def missing(self, mineral: str, year: int, found: list[Target]) -> float:
        """USD of a mineral's missing tonnes; reserves matter to each other by their ore alone."""
        case, surge, best = self.case, self.case.setting("Surge", 0.2), Program()
        ore = fsum(case.mine_capacity(mineral, mine, year) for mine in case.mines(mineral))
        sold: dict[str, float] = defaultdict(float)
        reserves: dict[str, list[int]] = defaultdict(list)
        mined: list[tuple[int, float]] = []
        for source in case.sources:
            if source.mineral != mineral:
                continue
            flow = self.made(source, year)
            sold[source.country] += flow
            room = self.room(source, year)
            more = min(surge * room, room - flow) if can_sell(case, source, year) else 0.0
            reserves[source.country].append(best.add(0.0, max(0.0, more)))
            if case.uses_ore(source):
                ore -= flow / source.recovery
                mined.append((reserves[source.country][-1], 1.0 / source.recovery))
        best.row(mined, "<=", max(0.0, ore))
        for target in found:
            needed = target.needed + target.kept * self.taken(mineral, year, target.lost)
            needed -= fsum(t for k, t in sold.items() if k != target.lost)
            for of, member in case.stock_rows if target.stocks else ():
                needed -= self.stock_before(mineral, member, year) if of == mineral else 0.0
            helping = [(c, 1.0) for k, of_k in reserves.items() if k != target.lost for c in of_k]
            best.row([*helping, (best.add(target.penalty), 1.0)], ">=", needed)
        return best.optimum()[0]


def output(row: Row) -> float:
    """t/yr by which a fraction built in excess is measured; at least 1."""
    return max(filled(row, "Capacity (t/yr)", 0.0), 1.0)


def evaluate(book: Book, flows: Flows) -> Evaluation:
    """Price and check a plan; the variables it leaves out take their smallest allowed values."""
    ledger = Ledger(book, flows)
    ledger.purchase()
    ledger.contracts()
    ledger.balance()
    ledger.continuity()
    ledger.projects()
    ledger.standing()
    ledger.mining()
    ledger.stages()
    ledger.shares()
    ledger.security()
    case = ledger.case
    money = {key: fsum(parts) for key, parts in ledger.money.items()}
    costs: dict[str, float] = defaultdict(float)
    for (kind, _, year), usd in money.items():
        costs[kind] += usd * case.discount(year)
    by_mineral = dict.fromkeys(case.minerals, 0.0)
    for (mineral, _, _), t in ledger.short.items():
        by_mineral[mineral] += t
    demand = fsum(
        case.demand(m, j, t) for m in case.minerals for j in case.members for t in case.years
    )
    totals = Totals(
        fsum(ledger.purchases),
        fsum(ledger.flow.values()),
        fsum(ledger.short.values()),
        demand,
        by_mineral,
        dict(ledger.by_tier),
        fsum(ledger.inputs.values()),
        fsum(ledger.tariffs),
        fsum(ledger.levies),
        fsum(usd for (kind, _, _), usd in money.items() if kind in CASH)
        - fsum(ledger.tariffs + ledger.levies),
    )
    return Evaluation(
        fsum(usd * case.discount(year) for (_, _, year), usd in money.items()),
        totals,
        dict(costs),
        money,
        ledger.worst.amount,
        ledger.worst.name,
        ledger.short,
        largest_share(case, ledger.flow, ledger.inputs, ledger.taken),
    )
