"""The way out of a country: how little of it a plan can do with, by which year, at what cost.

What is asked, and how it is proven, stands in ``models.answers.exit``; here are the tables that
come of it, and the finding, the charts and the lines that are made of these tables alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from models import answers, errors, measures, resolve, tolerances
from models.measures import shares_of, stays_within, sums
from models.plan import PENALTIES, Plan
from models.results import Checks, Field, Look, Projects, Result, WhoPays, field, members
from models.results.common import (
    CAPACITY,
    CHANGE,
    COUNTRY,
    DEMAND,
    KIND,
    LIMIT,
    MEMBER,
    MINERAL,
    PROJECT,
    SHORT,
    UNDISCOUNTED,
    UNIT,
    YEAR,
    words_of,
)
from planner.options import NeededOption
from planner.render.chart import Form, Picture, Role, Series, drawn, numbers, short
from planner.render.words import (
    each_year,
    known,
    listed,
    missing_option,
    money,
    percent,
    share,
    span,
    tariff_words,
    tonnes,
)
from planner.scenarios.named import Named
from planner.sheets import explain, findings
from planner.sheets.missing import missing
from planner.sheets.pictures import who_pays
from planner.studies.engine import Outcome, Run, Study, Tell, run_study
from planner.studies.kind import BASIS, Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.workbook.countries import country_code

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

OF = COUNTRY.header
"""The row of About that names the country."""
_SOLD, _TOLD = tolerances.LEAST_FLOW, tolerances.TWO_PLANS
"""Tonnes, and shares of what is needed, up to the first are nothing; other amounts up to the second
part of it are not told: two plans' rounding."""
_AS_PLANNED, _FEWER = "as planned", "instead of"


# ---- tables --------------------------------------------------------------------------------------


def _from(level: int) -> Field:
    return field(
        f"At most {level} % from",
        Look.YEAR,
        f"The first year from which on the country sells at most {level} % of {{basis}} in every"
        " year, on the way out. Blank: never within the years planned.",
        key=f"at_most_{level}_from",
        blank="never",
    )


_LEFT = "On the way out: the cheapest plan with the least tonnes of the country."
_LEVELS = {50: "half", 25: "quarter", 10: "tenth", 0: "none"}
"""Levels of a share in per cent, and the fields that say from when it is kept."""


class Exits(Result):
    """One row a mineral: how little of the country is left, from when, at what cost, and why."""

    TABLE, GRAIN, BOOK = "Exit", ("mineral",), "exit"

    mineral = MINERAL
    planned = field.tonnes("Bought there in the plan", "Of the country, over all years.")
    left = field.tonnes("Left", f"Bought there over all years. {_LEFT}")
    planned_share = field.share(
        "Plan's share, {last}", "What the country sells over {basis}, in the plan."
    )
    left_share = field.share("Share left, {last}", f"The same. {_LEFT}")
    half, quarter, tenth, none = map(_from, _LEVELS)
    cash = field.millions(
        "Extra cash",
        "Additional payments compared with the plan. Undiscounted.",
        key="extra_cash_usd",
    )
    penalties = field.millions(
        "Extra shortage and penalties",
        "What shortage, reserves below target and soft limits count for more than in the plan, of"
        " none of which there is more in tonnes: 0 or below, but where members share it otherwise."
        f" No cash. {UNDISCOUNTED}",
        key="extra_penalties_usd",
    )
    a_tonne = field.price(
        "Extra cash a tonne spared",
        "Extra cash over the tonnes that are not bought there; blank where less is paid.",
        key="extra_cash_usd_per_t",
    )
    remark = field(
        "What holds it up",
        Look.SENTENCE,
        "Of the last year in which anything is left: who sells what, and the largest limits that"
        " are reached. All of them stand in the sheet What holds it up.",
        widest=70,
    )
    alone = field.tonnes(
        "Left if it came first",
        "The least over all years if no other mineral mattered. If it is lower, other"
        " minerals take a part of the shared budget.",
        printed=False,
    )


class WayOut(Result):
    """One row a mineral and year: the country's share in the plan and on the way out."""

    TABLE, GRAIN, BOOK = "Way out", ("mineral", "year"), "exit"

    mineral = MINERAL
    year = YEAR
    demand = DEMAND.like(meaning="What the coalition needs in the year.")
    planned = field.tonnes("Bought there in the plan", "Of the country.")
    left = field.tonnes("Left", f"Bought there. {_LEFT}")
    planned_share = field.share("Plan's share", "What the country sells over {basis}, in the plan.")
    left_share = field.share("Share left", f"The same. {_LEFT}")
    others = field.tonnes("Bought of others", _LEFT)
    stock = field.tonnes(
        "From stock", "Tonnes drawn from stock less tonnes stored. Below 0: more is stored."
    )
    planned_short = field.tonnes("Short in the plan")
    short = SHORT.like(meaning=f"{_LEFT} Never more than in the plan.")


class Builds(Result):
    """Plants of the way out in the order in which building begins, by name where it is one year."""

    TABLE, GRAIN, BOOK = "Builds in order", ("project", "start"), "exit"

    rank = field("No.", Look.COUNT)
    mineral = MINERAL
    project = PROJECT
    country = COUNTRY
    begin = field("Building begins", Look.YEAR, "The year whose budget pays for it.")
    start = field("Output from", Look.YEAR, "The first year of output.")
    part = field.share("Part", "The part of the plant that begins then.")
    capacity = CAPACITY.like(meaning="Of that part.")
    capex = Projects.capex.like(meaning="Of that part.", key="capex_usd_m")
    change = field.text(
        "Against the plan",
        f"What the plan builds of it; {_AS_PLANNED}: the same from the same year. {_FEWER}: the way"
        " out has built no more of it by then than the plan.",
    )


class BindingLimits(Result):
    """What holds it up: limits that are reached and keep tonnes with the country, largest first."""

    TABLE, GRAIN, BOOK = "What holds it up", ("mineral", "what"), "exit"

    mineral = MINERAL
    kind = KIND.like(
        meaning="capacity, project capacity, mine, lane, share limit, budget and so on."
    )
    what = field("What", Look.SENTENCE, "The limit, as it is in the last of the years.")
    years = field.text("In", "The years in which it is reached and has a value.")
    limit = LIMIT.like(look=Look.TONNES, meaning="In the last of these years.")
    unit = UNIT.like(meaning="Of the limit. point: a hundredth of a share.")
    spares = field(
        "Spares a unit",
        Look.DAYS,
        "By how many tonnes one unit more in that year (of a minimum: less) would lower what is"
        " bought there over all years, if the mineral came first, at the margin.",
        unit="t",
        key="spares_t_per_unit",
    )
    cell = Checks.cell.like(meaning="The cell of the workbook that states it.")


class Sellers(Result):
    """Who sells more or less: a row a mineral and country, over all years, the largest first."""

    TABLE, GRAIN, BOOK = "Who sells instead", ("mineral", "country"), "exit"

    mineral = MINERAL
    country = COUNTRY
    planned = field.tonnes("In the plan", "Sold over all years.")
    sold = field.tonnes("On the way out")
    change = CHANGE.like(meaning="On the way out less in the plan.", unit="t")


class Paying(Result):
    """Who pays for the way out: a row a member, against the plan, money a year."""

    TABLE, GRAIN, BOOK = "Who pays", ("member",), "exit"

    member = MEMBER
    paid_a_year, extra, dearer = WhoPays.paid_a_year, WhoPays.extra, WhoPays.dearer
    paid_short, extra_shortage = WhoPays.paid_short, WhoPays.extra_shortage


# ---- the tables, of what was found ---------------------------------------------------------------

Row = dict[str, Any]


def tables_of(found: answers.Exit, cells: explain.Cells, name: str) -> list[Result]:
    """Return the tables of an exit; ``name`` is the country's."""
    case = found.plan.case
    words = words_of(case)
    years = {m: rows for m, rows in _way_out(found).items() if m not in found.unknown}
    exits = [_exit(found, mineral, rows, name) for mineral, rows in years.items()]
    every = [row for of in years.values() for row in of]
    (who,) = members.paying(case, [found.path.supply], found.plan.supply)
    return [
        Exits.of_rows(exits, words=words),
        WayOut.of_rows(every, words=words),
        Builds.of_rows(_builds(found), words=words),
        BindingLimits.of_rows(_limits(found, cells), words=words),
        Sellers.of_rows(_sellers(found), words=words),
        Paying.of_rows(who, words=words),
    ]


def _way_out(found: answers.Exit) -> dict[str, list[Row]]:
    """Return the rows of each mineral by year."""
    case = found.plan.case
    sold = [_sold(plan, found.country) for plan in (found.plan, found.path)]
    lacking = [sums(plan.supply, "short", "mineral", "year") for plan in (found.plan, found.path)]
    bought = sums(found.path.supply, "purchased", "mineral", "year")
    rows: dict[str, list[Row]] = {m.name: [] for m in case.minerals}
    for mineral, of in rows.items():
        for year in case.years:
            at, need = (mineral, year), case.coalition_demand(mineral, year)
            (planned, planned_share), (left, left_share) = (s.get(at, (0.0, 0.0)) for s in sold)
            before, gone = (_solid(of.get(at, 0.0), need) for of in lacking)
            total = bought.get(at, 0.0)
            of.append({
                "mineral": mineral, "year": year, "demand": need,
                "planned": planned, "planned_share": planned_share,
                "left": left, "left_share": left_share, "others": max(0.0, total - left),
                "stock": _solid(need - gone - total, need or total),
                "planned_short": before, "short": gone,
            })  # fmt: skip
    return rows


def _solid(amount: float, of: float) -> float:
    """Return an amount, 0 where it is a plan's rounding beside what it is a part of."""
    return amount if abs(amount) > _TOLD * of else 0.0


def _sold(plan: Plan, country: str) -> dict[tuple[str, int], tuple[float, float | None]]:
    """Return what the country sells by mineral and year [t], and its share; None without a base."""
    rows = plan.countries
    rows = rows[(rows["buyer"] == "") & (rows["country"] == country) & (rows["tonnes"] > _SOLD)]
    shares = shares_of(rows, plan.case.settings.share_basis)
    columns = (rows["mineral"], rows["year"], rows["tonnes"], shares)
    return {
        (str(m), int(y)): (float(t), float(s) if known(s) else None)
        for m, y, t, s in zip(*columns, strict=True)
        if not known(s) or s > _SOLD
    }


def _exit(found: answers.Exit, mineral: str, years: Sequence[Row], name: str) -> Row:
    """Return a mineral's row; its money is 0 where rounding alone parts the two plans."""
    planned, left = (sum(row[of] for row in years) for of in ("planned", "left"))
    shares = {row["year"]: row["left_share"] for row in years}
    last: Row = years[-1] if years else {"planned_share": None, "left_share": None}
    cash, penalties = (_extra(found, mineral, is_penalty=of) for of in (False, True))
    return {
        "mineral": mineral, "planned": planned, "left": left,
        "alone": None if mineral in found.failed else found.alone.get(mineral, 0.0),
        "planned_share": last["planned_share"], "left_share": last["left_share"],
        **{f: stays_within(shares, level / 100) for level, f in _LEVELS.items()},
        "cash": cash, "penalties": penalties,
        "a_tonne": measures.part(cash, _solid(planned - left, planned)) if cash > 0 else None,
        "remark": _remark(found, mineral, years, name) + _shared(found, mineral, cash),
    }  # fmt: skip


def _extra(found: answers.Exit, mineral: str, *, is_penalty: bool) -> float:
    """Return what a mineral costs more than in the plan [money, undiscounted]."""
    after, before = (
        float(table.loc[table["heading"].isin(PENALTIES) == is_penalty, "money"].sum())
        for plan in (found.path, found.plan)
        for table in [plan.mineral_costs[plan.mineral_costs["mineral"] == mineral]]
    )
    whole = found.plan.mineral_costs["money"].abs().sum()
    # the search leaves a shortage within a part of demand, so that two equal ones part by more
    # than the rounding of a sum
    is_same = measures.change(after, before, _SOLD) == 0.0
    return 0.0 if is_same else measures.beyond(after, before, whole)


def _shared(found: answers.Exit, mineral: str, cash: float) -> str:
    """Return why a mineral that isn't bought there costs something else, "" of any other."""
    if not cash or mineral in {*found.alone, *found.failed} or not found.plan.case.budget:
        return ""
    return "; its cost changes since plants of all minerals share one budget"


def _remark(found: answers.Exit, mineral: str, years: Sequence[Row], name: str) -> str:
    """Return what keeps a mineral with the country in the last year in which any is left."""
    if mineral not in {*found.alone, *found.failed}:
        return "nothing is bought there in the plan"
    row = next((row for row in reversed(years) if row["left"] > _SOLD), None)
    if row is None:
        return "nothing holds it up: none is left in any year"
    others = [f"others sell {tonnes(row['others'])}"]
    others += [f"{tonnes(row['stock'])} come out of stock"] if row["stock"] > 0 else []
    others += [f"{tonnes(row['short'])} are short as planned"] if row["short"] > 0 else []
    holds = [h for h in found.holds if (h.mineral, h.year) == (mineral, row["year"])]
    holds.sort(key=lambda h: -h.at * h.spares)
    sizes = (f"{h.what} ({tonnes(h.at)})" if h.unit == "t" else h.what for h in holds)
    full = listed(sizes, 2) if holds else "all that others can deliver"
    need = tonnes(row["demand"])
    return (
        f"in {row['year']} {need} are needed: {', '.join(others)}, {tonnes(row['left'])} stay with"
        f" {name}; reached: {full}"
    )


def _builds(found: answers.Exit) -> list[Row]:
    case = found.plan.case
    after, before = (_parts(plan) for plan in (found.path, found.plan))
    rows = list[Row]()
    for p in case.projects:
        for year, part in after[p.name].items():
            rows.append({
                "mineral": p.mineral, "project": p.name, "country": p.country,
                "begin": resolve.budget_year(p, year, case.years), "start": year, "part": part,
                "capacity": part * p.capacity.value(year), "capex": part * p.capex,
                "change": _change(before[p.name], after[p.name], year),
                "ground": year - p.lead_time,
            })  # fmt: skip
    # a plant that needs longer than there is begins first, though no budget before the first pays
    rows.sort(key=lambda row: (row["ground"], row["project"], row["start"]))
    return [{"rank": rank, **row} for rank, row in enumerate(rows, start=1)]


def begun_otherwise(builds: Builds, mineral: str = "") -> dict[str, int]:
    """Return by plant when building begins of what goes beyond the plan, the first one first.

    A plant that is built in steps is one, from the first of them that makes it larger than planned
    by then; ``mineral`` "" is all minerals.
    """
    of, begun = Builds, dict[str, int]()
    for plant, own, year, change in builds.rows(of.project, of.mineral, of.begin, of.change):
        is_more = change != _AS_PLANNED and not str(change).startswith(_FEWER)
        if is_more and mineral in {"", own}:
            begun.setdefault(str(plant), int(year))
    return begun


def _parts(plan: Plan) -> dict[str, dict[int, float]]:
    """Return what is still to be built of each project by the year in which it starts."""
    begun = {p.name: dict(p.begun) for p in plan.case.projects}
    found = defaultdict[str, dict[int, float]](dict)
    for row in plan.projects.to_dict("records"):
        part = row["built"] - begun[row["project"]].get(row["year"], 0.0)
        if part > _TOLD:
            found[row["project"]][row["year"]] = part
    return found


def _change(planned: Mapping[int, float], built: Mapping[int, float], year: int) -> str:
    """Return what the plan builds of a plant, against what the way out starts in a year."""
    if abs(planned.get(year, 0.0) - built[year]) < tolerances.SAME_SHARE:
        return _AS_PLANNED
    if not planned:
        return "not in the plan"
    ahead = sum(built[y] - planned.get(y, 0.0) for y in built if y <= year)
    ahead -= sum(part for y, part in planned.items() if y <= year and y not in built)
    kept = all(abs(built.get(y, 0.0) - part) < tolerances.SAME_SHARE for y, part in planned.items())
    how = "on top of" if kept else "more than" if ahead > tolerances.SAME_SHARE else _FEWER
    return f"{how} the plan's " + ", ".join(
        f"{share(part)} from {y}" for y, part in sorted(planned.items())
    )


def _limits(found: answers.Exit, cells: explain.Cells) -> list[Row]:
    """Return a row a mineral and limit, whatever the years."""
    currency = found.plan.case.settings.currency
    of: dict[Any, list[answers.Hold]] = defaultdict(list)
    for hold in found.holds:
        which = (hold.place.sheet, hold.place.row) if hold.place is not None else hold.what
        of[hold.mineral, hold.kind, which].append(hold)
    rows = []
    for (mineral, kind, _), holds in of.items():
        last = max(holds, key=lambda hold: hold.year)
        rows.append({
            "mineral": mineral, "kind": kind, "what": last.what,
            "years": each_year(hold.year for hold in holds),
            "limit": last.at, "unit": last.unit.replace("money", currency), "spares": last.spares,
            "cell": cells.cell(last.place),
            "size": sum(hold.at * hold.spares for hold in holds),
        })  # fmt: skip
    order = found.plan.expanded.mineral_at
    return sorted(rows, key=lambda row: (order[row["mineral"]], -row["size"], row["what"]))


def _sellers(found: answers.Exit) -> list[Row]:
    sold = [
        sums(table[table["buyer"] == ""], "tonnes", "mineral", "country")
        for table in (found.plan.countries, found.path.countries)
    ]
    rows = []
    for mineral, country in dict.fromkeys([*sold[0], *sold[1]]):
        planned, now = (of.get((mineral, country), 0.0) for of in sold)
        change = _solid(now - planned, max(planned, now))
        if mineral in found.alone and change != 0.0:
            rows.append({
                "mineral": mineral, "country": country, "planned": planned, "sold": now,
                "change": change,
            })  # fmt: skip
    order = found.plan.expanded.mineral_at
    return sorted(rows, key=lambda r: (order[r["mineral"]], -abs(r["change"]), r["country"]))


# ---- charts and words, of the tables alone -------------------------------------------------------

_MOST_LINES = 8
"""Minerals with a line at most."""
_MOST_SMALL = 12
"""Minerals with a chart at most: those of which most of demand is bought there in the plan."""


def _curves(tables: Tables) -> dict[str, Picture]:
    """Return by mineral the country's share by year: the plan's, and on the way out."""
    table, name, basis = tables[WayOut].frame(), tables.option(OF), tables.option(BASIS)
    found = {}
    for mineral, rows in table.groupby("mineral", sort=False):
        if (rows["planned"] > _SOLD).any():
            years = tuple(int(year) for year in rows["year"])
            series = (
                Series("Plan", Role.PLAN, numbers(rows["planned_share"])),
                Series("Way out", Role.ANEW, numbers(rows["left_share"])),
            )
            form = Form.LINES if len(years) > 1 else Form.GROUPED
            title = f"{short(str(mineral))}: {short(name)}'s share of {basis}"
            found[str(mineral)] = Picture(title, form, years, series, "", "", small=True)
    most = table.groupby("mineral")["planned_share"].max().fillna(0.0)
    kept = sorted(found, key=lambda m: -most[m])[:_MOST_SMALL]
    return {m: picture for m, picture in found.items() if m in kept}


def _panels(tables: Tables) -> Iterator[Picture]:
    """Yield the country's share by year, a line a mineral: of the plan, and of the way out."""
    table, name = tables[WayOut].frame(), tables.option(OF)
    years = sorted({int(year) for year in table["year"]})
    bought = table[table["planned"] > _SOLD]
    most = bought.groupby("mineral")["planned_share"].max().fillna(0.0)
    kept = most.sort_values(ascending=False, kind="stable").index[:_MOST_LINES]
    if len(years) < 2 or not len(kept):  # noqa: PLR2004 - one year is no line
        return
    for what, of in (("the plan", "planned_share"), ("the way out", "left_share")):
        lines = [
            Series(short(str(m)), Role.ONE_OF_MANY, numbers(table[table["mineral"] == m][of]))
            for m in dict.fromkeys(table["mineral"]) if m in kept
        ]  # fmt: skip
        title = f"{short(name)}'s share of {tables.option(BASIS)} by year: {what}"
        yield Picture(
            title, Form.LINES, tuple(years), tuple(lines), "Share", "", is_panel=True
        )  # fmt: skip


def _share(row: Row, of: str) -> float:
    return float(row[of]) if known(row[of]) else 0.0


def sums_of(tables: Tables, amount: Field) -> dict[str, float]:
    """Return an amount of the way out by mineral, over all years."""
    found = defaultdict[str, float](float)
    for mineral, value in tables[WayOut].rows(WayOut.mineral, amount):
        found[str(mineral)] += float(value)
    return found


class _ExitFinding:
    """What is said of an exit: ``rows`` are the minerals that the plan buys there.

    ``last_year`` is by mineral what others sell then, and what is needed [t].
    """

    def __init__(self, tables: Tables) -> None:
        """Read the tables."""
        exits, of = tables[Exits], WayOut
        self.rows: list[Row] = [r for r in findings.rows_of(exits) if r["planned"] > _SOLD]
        out = [*tables[of].rows(of.mineral, of.year, of.others, of.demand)]
        self.last = max((int(year) for _, year, *_ in out), default=0)
        self.last_year = {str(m): of_it for m, year, *of_it in out if year == self.last}
        need, gone = (sums_of(tables, amount) for amount in (of.demand, of.short))
        self.lacks = f"{missing(measures.missing_in_each(gone, need))}, as in the plan."
        self.name, self.basis = tables.option(OF), tables.option(BASIS)
        self.currency = exits.words["money"]

    def sentence(self, builds: Builds) -> str:
        """Return how many minerals can do without the country, and what has to begin first."""
        gone = [row for row in self.rows if known(row["none"])]
        down, named = self.furthest, {row["mineral"] for row in gone}
        if len(self.rows) == 1:
            said = self._alone(self.rows[0])
        else:
            said = f"By {self.last} {len(gone) or 'none'} of {len(self.rows)} minerals can do"
            said += f" without {self.name}"
            names = [f"{row['mineral']} from {row['none']:z.0f}" for row in gone]
            said += f": {listed(names, 3)}" if gone else ""
            if down is None:
                said += f"; no share of {self.last} falls."
            elif known(down["none"]):
                said += "."
            else:
                said += f"; {down['mineral']} gets furthest, {self.fall(down)}."
        named |= {row["mineral"] for row in [down] if row is not None}
        minerals = dict(builds.rows(Builds.project, Builds.mineral))
        for plant, year in begun_otherwise(builds).items():
            mineral = str(minerals[plant])
            which = [row for row in self.rows if row["mineral"] == mineral]
            falls = (
                f", which falls {self.fall(which[0])}," if which and mineral not in named else ""
            )
            return (
                f"{said} For {mineral}{falls} building beyond the plan has to begin in {year}, with"
                f" {plant}."
            )
        return said

    def _alone(self, row: Row) -> str:
        """Return how far the only mineral that the plan buys there gets."""
        if known(row["none"]):
            return f"{row['mineral']} can do without {self.name} from {row['none']:z.0f}."
        left = percent(_share(row, "left_share"))
        return (
            f"{row['mineral']} cannot do without {self.name} by {self.last}: {left} of"
            f" {self.basis} {'still comes' if self.furthest is None else 'is left'}"
            f"{' from there' if self.furthest is None else ''}."
        )

    @property
    def furthest(self) -> Row | None:
        """The mineral whose share of the last year falls by most; None where none does."""
        falls = [_share(row, "planned_share") - _share(row, "left_share") for row in self.rows]
        most = max(falls)
        return self.rows[falls.index(most)] if most > tolerances.SHOWN_SHARE else None

    @property
    def hardest(self) -> Row:
        """The mineral of which the largest share is left in the last year."""
        return max(self.rows, key=lambda row: _share(row, "left_share"))

    @property
    def as_much_left(self) -> str:
        """The minerals of which the largest share is left that read the same; "" of one alone."""
        most = _share(self.hardest, "left_share")
        ties = [
            r["mineral"]
            for r in self.rows
            if most - _share(r, "left_share") <= tolerances.SHOWN_SHARE
        ]
        return f"{listed(ties, 3)} each" if len(ties) > 1 else ""

    @property
    def dearest(self) -> Row:
        return max(self.rows, key=lambda row: row["cash"])

    def fall(self, row: Row) -> str:
        before, after = (percent(row[of]) for of in ("planned_share", "left_share"))
        return f"from {before} to {after} of {self.basis} in {self.last}"

    def figures(self, builds: Builds) -> Iterator[KeyFigure]:
        """Yield the numbers that the finding rests on."""
        levels = {level: of for level, of in _LEVELS.items() if level}
        many = [sum(known(row[of]) for row in self.rows) for of in levels.values()]
        below = " / ".join(f"{level}" for level in levels)
        left = self.as_much_left or str(self.hardest["mineral"])
        others, need = self.last_year[self.hardest["mineral"]]
        most = percent(_share(self.hardest, "left_share"))
        yield KeyFigure(
            f"Minerals at or below {below} % by {self.last}",
            f"{' / '.join(map(str, many))} of {len(self.rows)}",
            f"of the minerals bought there. Most is left of {left}, {most} of {self.basis}: others"
            f" sell {tonnes(others)} of the {tonnes(need)} of {self.hardest['mineral']} that"
            f" {self.last} needs.",
        )
        cash, dear = sum(row["cash"] for row in self.rows), self.dearest
        said = "over all years."
        if known(dear["a_tonne"]):
            each = money(dear["a_tonne"], self.currency)
            said = (
                f"over all years, most of it for {dear['mineral']}: {each} for each tonne spared."
            )
        yield KeyFigure("Extra cash", money(cash, self.currency), f"{said} {self.lacks}")
        begun = begun_otherwise(builds)
        if begun:
            names = listed([f"{plant} ({year})" for plant, year in begun.items()], 3)
            yield KeyFigure("Plants to build beyond the plan", str(len(begun)), f"first {names}.")


# ---- the study -----------------------------------------------------------------------------------


class ExitStudy(StudyKind):
    """Find how little the coalition can buy from a country, by which year, and at what cost.

    The plan is first made as planner solve makes it. For each mineral, the study then finds the
    fewest tonnes from the country over all years, with no year shorter than in the plan. The
    cheapest such plan follows, with all minerals under one budget. It shows from which year the
    country's share stays at or below 50, 25, 10 and 0 %, what must be built first, and what holds
    the exit up.

    \b
    planner exit case.xlsx --country China
    planner exit case.xlsx --country CHN --scenario "Export ban" --csv tables

    If a country sells nothing in the plan, the coalition has already left it. Without a proven
    plan, nothing is written and the exit code is 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "exit", "Exit", "way out"
    QUESTION = "How far can we get away from a country, by when, and what comes first?"
    RESULTS = (Exits, WayOut, Builds, BindingLimits, Sellers, Paying)
    LACKING = "no way out planned"
    PART = "<C>-"
    LIMIT = "Cap one country's share of each mineral, 0 to 1. Applied last."
    OPTIONS = (
        click.option(
            "--country",
            cls=NeededOption,
            metavar="C",
            help="The country to leave: a name or code  [required]",
        ),
    )
    task = "the case and its way out"

    def __init__(self, start: Start, *, country: str | None) -> None:
        """Take the country; UsageError for one that is not known, or where none is named."""
        super().__init__(start)
        named = Named(start.case)
        if country is None:
            raise errors.UsageError(missing_option("--country", named.countries_outside()))
        self.country = named.country(country.strip())
        if not self.country:
            msg = "--country: name one country"
            raise errors.UsageError(msg)
        self.name = named.country_name(self.country, country.strip())

    @classmethod
    def part(cls, options: Mapping[str, Any]) -> str:
        """Return the country's code: the way out of another country is another workbook."""
        typed = str(options["country"] or "").strip()
        return country_code(typed) or typed

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan the case, and read its way out."""
        del say
        leave = partial(answers.exit_from, country=self.country)
        asked = Study(self.start.case, ((Run("The plan"),),), leave)
        done = run_study(asked, where, tell)
        self.outcomes, self.stopped = done.every, done.stopped
        for outcome in filter(None, (each.found for each in done)):
            self.found = outcome

    @property
    def known(self) -> str:
        return "the way out is planned" if self.planned else "nothing is planned"

    @property
    def trouble(self) -> str:
        """Which searches failed, and why."""
        if not self.planned:
            return ""
        told = [f"the way out of {m} is not known: {why}" for m, why in self.found.unknown.items()]
        told += [
            f"the least of {m}, if it came first, is not known: {why}"
            for m, why in self.found.failed.items()
        ]
        return "; ".join(told)

    @property
    def tariffs(self) -> str:
        """Those of the plan, and of the way out."""
        plans = {"the plan": self.found.plan, "the way out": self.found.path}
        paid = {name: of.cash_cost for name, of in plans.items()}
        return tariff_words(paid, self.start.case.settings.currency)

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """The plan, each least, and the way out; what was least stands with its name."""
        found = self.found
        least: list[Outcome[Any]] = [
            Outcome(f"Least: {mineral}" if mineral else "Least: all minerals together", proof=proof)
            for mineral, proof in found.proofs.items()
        ]
        path: Outcome[Any] = Outcome(
            "The way out", objective=found.path.objective, proof=found.path.proof
        )
        return (*self.outcomes, *least, path)

    @property
    def what(self) -> str:
        return f"the way out of {self.name}, {span(self.start.case.years)}"

    @property
    def options(self) -> dict[str, str]:
        """The country, scenario and what-ifs, and what was assumed."""
        return {
            OF: self.name,
            **self.start.options,
            "Counted": "what its refiners and projects sell to the coalition, purchases for stock"
            " included; ore from there that others refine is not",
            "Kept": "every limit of the workbook; against the plan no mineral is shorter in any"
            " year, no reserve lacks more of its target, no soft limit is exceeded by more and no"
            " mineral is bought there more in all",
            "All minerals": "share one budget. The sum of the country's demand shares is minimized"
            " first, then cost",
            "Left altogether": "as far as a plan shows: at most 0.0001 % of the share's base",
        }

    def tables(self) -> list[Result]:
        """Return the exit by mineral, the way out by year, builds, limits, sellers, members."""
        layout = self.start.book.layout
        cells = explain.Cells(self.start.book.case, self.start.case, layout.known_cell, layout.unit)
        return tables_of(self.found, cells, self.name)

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return an object a row of each table."""
        keys = ("rows", "path", "builds", "limits", "sellers", "who_pays")
        return {
            "scenario": self.start.case.scenario,
            "country": self.country,
            "objective_usd": self.found.path.objective,
            "plan_objective_usd": self.found.plan.objective,
            "trouble": self.trouble or None,
            **{key: tables.records(of) for key, of in zip(keys, self.RESULTS, strict=True)},
        }

    def screen(self, tables: Tables) -> Iterable[str | Numbers]:
        """Return the exit by mineral, and what is built otherwise than planned."""
        exits, builds = tables[Exits], tables[Builds]
        left_out = {Exits.planned, Exits.left, Exits.a_tonne, Exits.remark, Exits.alone}
        yield Numbers(exits, tuple(f for f in exits.fields if f not in left_out))
        new = builds.where([change != _AS_PLANNED for change in builds.change])
        left_out = {Builds.rank, Builds.country, Builds.capex}
        told = tuple(f for f in builds.fields if f not in left_out)
        yield Numbers(new, told, "Built otherwise than planned")

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what can be left, how far the others fall, and what it costs."""
        found = _ExitFinding(tables)
        if not found.rows:
            said = (
                f"Nothing is bought of {tables.option(OF)} in the plan: its share is 0 % already."
            )
            return Headline(said, (KeyFigure("Left", "already", "no mineral is bought there."),))
        care = (
            f"No mineral is shorter in any year than in the plan. {found.lacks}",
            "Building begins in the year of a plant's first output less its lead time.",
        )
        builds = tables[Builds]
        return Headline(found.sentence(builds), tuple(found.figures(builds)), care)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return the share by year of each mineral, and who pays."""
        of = tables[Paying]
        costs = of.rows(Paying.member, Paying.extra, Paying.extra_shortage)
        title = f"Who pays for the way out of {short(tables.option(OF))}, a year"
        who = who_pays(title, costs, of.words["money"], "the plan")
        return drawn(*_panels(tables), *_curves(tables).values(), who)

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return the way out by year, the exit by mineral with what holds it up, and builds."""
        name, curves = tables.option(OF), _curves(tables)
        out = tables[WayOut].where([mineral in curves for mineral in tables[WayOut].mineral])
        views = Section.views_by(out, WayOut.mineral, lambda mineral, _: curves[mineral])
        exits, builds = tables[Exits], tables[Builds]
        brief = [f for f in exits.fields if f.name not in {Exits.remark.name, Exits.alone.name}]
        blocks = [
            Numbers(exits, tuple(brief), "By mineral"),
            Numbers(exits, (Exits.mineral, Exits.remark), Exits.remark.header),
        ]
        blocks += [Numbers(builds, heading=Builds.TABLE)] if len(builds) else []
        heading = f"The way out of {name}"
        if not views:
            return (Section("exit", heading, "", blocks[0].view()),)
        lead = (
            "The least tonnes of the country over all years with no year shorter than in the plan,"
            " and of all plans with so little the cheapest."
        )
        return (Section("exit", heading, lead, views, MINERAL.header, tuple(blocks)),)
