"""Exit: how far purchases from a country can fall, by which year, and at what cost.

The exit path is the cheapest plan that buys the fewest tonnes from the country;
``models.answers.exit`` defines and proves it. This module has its tables, and the finding and the
charts, which are made from the tables alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from models import answers, errors, measures, resolve, tolerances
from models.plan import PENALTIES, Plan
from models.results import (
    Checks,
    Field,
    Look,
    PlanNumbers,
    Projects,
    Result,
    WhoPays,
    common,
    field,
    members,
)
from models.results.common import COUNTRY, MEMBER, MINERAL, YEAR
from planner.options import CAP_HELP, NeededOption
from planner.render import chart, words
from planner.render.chart import Picture, Role, Series, drawn, numbers, short
from planner.render.keys import AnswerKey, table_key
from planner.render.sentences import missing
from planner.render.words import course, from_to, known, listed, money, percent, share, tonnes
from planner.scenarios.named import Named
from planner.sheets import explain, findings
from planner.sheets.pictures import who_pays
from planner.studies.engine import Outcome, Run, Study, Tell, run_study
from planner.studies.kind import (
    BASIS,
    TROUBLE,
    Headline,
    KeyFigure,
    Numbers,
    Section,
    StudyKind,
    Tables,
)
from planner.workbook.countries import country_code

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

OF = COUNTRY.header
"""The row of About that names the country."""
SELLERS, NONE = "Plants and mines there", "none"
"""The row of About that says so if the workbook has no plant and no mine in the country."""
_AS_PLANNED, _NO_MORE = "as planned", "the exit path has no more built by"
_NAMED = 3
"""How many minerals or plants a sentence names; the rest are only counted."""


# ---- tables --------------------------------------------------------------------------------------


def _level_field(level: int) -> Field:
    return field(
        f"At most {level} % from",
        Look.YEAR,
        f"The first year from which the country sells at most {level} % of {{basis}} in every year."
        " Blank: no such year is planned.",
        key=f"at_most_{level}_from",
        blank="never",
    )


_ON_PATH = "On the exit path: the cheapest plan that buys the fewest tonnes there."
_STEP = "Of the share of the plant that starts in this year."
_LEVELS = {50: "half", 25: "quarter", 10: "tenth", 0: "none"}
"""Levels of the country's share in per cent, and the fields of the years from which they hold."""


class Exits(Result):
    """One row per mineral: how far purchases from the country can fall, when, and at what cost."""

    TABLE, GRAIN, BOOK = "Exit", ("mineral",), "exit"

    mineral = MINERAL
    planned = field.tonnes("Bought there in the plan", "Over all years.")
    left = field.tonnes("Left", f"Bought there over all years. {_ON_PATH}")
    planned_share = field.share(
        "Plan's share, {last}", "The country's sales / {basis}, in the plan."
    )
    left_share = field.share("Share left, {last}", f"The country's sales / {{basis}}. {_ON_PATH}")
    half, quarter, tenth, none = map(_level_field, _LEVELS)
    cash = field.millions(
        "Extra cash",
        "Cash paid on the exit path minus cash paid in the plan. Undiscounted.",
        key="extra_cash_usd",
    )
    penalties = field.millions(
        "Extra shortage and penalties",
        "Shortage, missing reserves and exceeded soft limits at their prices: exit path minus plan."
        " Their tonnes never exceed the plan's, so this is above 0 only if members share a shortage"
        f" differently. Nobody pays it in cash. {common.UNDISCOUNTED}",
        key="extra_penalties_usd",
    )
    a_tonne = field.price(
        "Extra cash a tonne spared",
        "Extra cash / tonnes no longer bought there. Blank: no extra cash is paid.",
        key="extra_cash_usd_per_t",
    )
    remark = field(
        "What holds it up",
        Look.SENTENCE,
        "For the last year with purchases there: how much others sell, and the largest limits that"
        " are reached. The sheet What holds it up lists all limits.",
        widest=70,
    )
    alone = field.tonnes(
        "Left if it came first",
        "The fewest tonnes over all years if this mineral had first call on the budget. If that is"
        " less than the column Left, other minerals use up a part of the budget.",
        printed=False,
    )


class WayOut(Result):
    """One row per mineral and year: the country's share in the plan and on the exit path."""

    TABLE, GRAIN, BOOK = "Way out", ("mineral", "year"), "exit"

    mineral = MINERAL
    year = YEAR
    demand = common.DEMAND.like(meaning="What the coalition needs in the year.")
    planned = field.tonnes("Bought there in the plan")
    left = field.tonnes("Left", f"Bought there. {_ON_PATH}")
    planned_share = field.share("Plan's share", Exits.planned_share.meaning)
    left_share = field.share("Share left", Exits.left_share.meaning)
    others = field.tonnes("Bought of others", f"Bought from other countries. {_ON_PATH}")
    stock = field.tonnes(
        "From stock", "Tonnes drawn from stock minus tonnes stored. Below 0: more is stored."
    )
    planned_short = field.tonnes("Short in the plan")
    short = common.SHORT.like(meaning=f"Never more than in the plan. {_ON_PATH}")


class Builds(Result):
    """Plants that the exit path builds, by the year in which building begins, then by name."""

    TABLE, GRAIN, BOOK = "Builds in order", ("project", "start"), "exit"

    rank = field("No.", Look.COUNT)
    mineral = MINERAL
    project = common.PROJECT
    country = COUNTRY
    begin = field("Building begins", Look.YEAR, "The year in which the budget pays for it.")
    start = field("Output from", Look.YEAR, "The first year of output.")
    part = field.share("Part", "The share of the plant that starts in this year.")
    capacity = common.CAPACITY.like(meaning=_STEP)
    capex = Projects.capex.like(meaning=_STEP, key="capex_usd_m")
    change = field.text(
        "Against the plan",
        "How much of this plant the plan builds, and whether the exit path has built more of it by"
        f" this year. {_AS_PLANNED}: the plan starts the same share in the same year.",
    )


class BindingLimits(Result):
    """Binding limits that prevent lower purchases from the country, the largest effect first."""

    TABLE, GRAIN, BOOK = "What holds it up", ("mineral", "what"), "exit"

    mineral = MINERAL
    kind = common.KIND.like(
        meaning="capacity, project capacity, mine, lane, share limit, budget and so on."
    )
    what = field("What", Look.SENTENCE, "The limit, as it is in the last of these years.")
    years = field.text("In", "The years in which the limit is reached and has a dual value.")
    limit = common.LIMIT.like(look=Look.TONNES, meaning="In the last of these years.")
    unit = common.UNIT.like(meaning="The unit of the limit. point: a percentage point of a share.")
    spares = field(
        "Spares a unit",
        Look.DAYS,
        "How many fewer tonnes would be bought there over all years if the limit were one unit"
        " looser in that year and this mineral had first call on the budget. It holds for small"
        " changes.",
        unit="t",
        key="spares_t_per_unit",
    )
    cell = Checks.cell.like(meaning="The cell of the workbook that states the limit.")


class Sellers(Result):
    """One row per mineral and country that sells more or less, the largest change first."""

    TABLE, GRAIN, BOOK = "Who sells instead", ("mineral", "country"), "exit"

    mineral = MINERAL
    country = COUNTRY
    planned = field.tonnes("In the plan", "Sold over all years.")
    sold = field.tonnes("On the way out", "Sold over all years.")
    change = common.CHANGE.like(meaning="Exit path minus plan.", unit="t")


class Paying(Result):
    """One row per member: what it pays more on the exit path than in the plan, a year."""

    TABLE, GRAIN, BOOK = "Who pays", ("member",), "exit"

    member = MEMBER
    paid_a_year, extra, dearer = WhoPays.paid_a_year, WhoPays.extra, WhoPays.dearer
    paid_short, extra_shortage = WhoPays.paid_short, WhoPays.extra_shortage


# ---- the tables of a result ----------------------------------------------------------------------

Row = dict[str, Any]


def tables_of(result: answers.Exit, cells: explain.Cells, name: str) -> list[Result]:
    case = result.plan.case
    years = {m: rows for m, rows in _way_out(result).items() if m not in result.unknown}
    exits = [_exit(result, mineral, rows, name) for mineral, rows in years.items()]
    path, plan = (PlanNumbers.of(each) for each in (result.path, result.plan))
    payers = members.payments_against(path, plan)
    way_out, texts = [row for rows in years.values() for row in rows], common.words_of(case)
    tables = (exits, way_out, _builds(result), _limits(result, cells), _sellers(result), payers)
    pairs = zip(ExitStudy.RESULTS, tables, strict=True)
    return [kind.of_rows(rows, words=texts) for kind, rows in pairs]


def _way_out(result: answers.Exit) -> dict[str, list[Row]]:
    path, case, both = result.path, result.plan.case, (result.plan, result.path)
    sold = [_sold(plan, result.country) for plan in both]
    short = [measures.sums(plan.supply, "short", "mineral", "year") for plan in both]
    bought = measures.sums(path.supply, "purchased", "mineral", "year")
    flows, to_plants = path.expanded.input_flows, np.zeros(path.beyond_demand.shape)
    np.add.at(to_plants, (flows.mineral, flows.year), path.taken)
    unmet = path.beyond_demand - to_plants - path.handed_by.sum(axis=1)  # for missing products
    minerals: dict[str, list[Row]] = {mineral.name: [] for mineral in case.minerals}
    for m, t in np.ndindex(to_plants.shape):
        mineral, year = key = path.expanded.minerals[m], path.expanded.years[t]
        need = case.coalition_demand(mineral, year) + float(path.beyond_demand[m, t])
        (planned, planned_share), (left, left_share) = (s.get(key, (0.0, 0.0)) for s in sold)
        short_before, short_left = (_without_rounding(s.get(key, 0.0), need) for s in short)
        total = bought.get(key, 0.0) + float(to_plants[m, t])
        met = need - short_left - float(unmet[m, t])
        minerals[mineral].append({
            "mineral": mineral, "year": year, "demand": need,
            "planned": planned, "planned_share": planned_share,
            "left": left, "left_share": left_share, "others": max(0.0, total - left),
            "stock": _without_rounding(met - total, need or total),
            "planned_short": short_before, "short": short_left,
            "unmet": _without_rounding(float(unmet[m, t]), need),
        })  # fmt: skip
    return minerals


def _without_rounding(amount: float, total: float) -> float:
    """Return an amount, or 0 if it is only rounding between two plans, relative to ``total``."""
    return amount if abs(amount) > tolerances.PLAN_DIFFERENCE * total else 0.0


def _sold(plan: Plan, country: str) -> dict[tuple[str, int], tuple[float, float | None]]:
    """Return the country's sales by mineral and year [t], and its share; None without a base."""
    rows, least = plan.countries, tolerances.LEAST_FLOW
    rows = rows[(rows["buyer"] == "") & (rows["country"] == country) & (rows["tonnes"] > least)]
    shares = measures.shares_of(rows, plan.case.settings.share_basis)
    columns = (rows["mineral"], rows["year"], rows["tonnes"], shares)
    return {
        (str(mineral), int(year)): (float(sold), float(part) if known(part) else None)
        for mineral, year, sold, part in zip(*columns, strict=True)
        if not known(part) or part > least
    }


def _exit(result: answers.Exit, mineral: str, years: Sequence[Row], name: str) -> Row:
    planned, left = (sum(row[amount] for row in years) for amount in ("planned", "left"))
    shares = {row["year"]: row["left_share"] for row in years}
    last: Row = years[-1] if years else {"planned_share": None, "left_share": None}
    cash, penalties = (_extra(result, mineral, is_penalty=each) for each in (False, True))
    fewer = _without_rounding(planned - left, planned)
    remark = _why_left(result, mineral, years, name)
    if cash and result.plan.case.budget and mineral not in {*result.alone, *result.failed}:
        remark += "; its cost changes, since plants of all minerals share one budget"
    return {
        "mineral": mineral, "planned": planned, "left": left,
        "alone": None if mineral in result.failed else result.alone.get(mineral, 0.0),
        "planned_share": last["planned_share"], "left_share": last["left_share"],
        **{name: measures.stays_within(shares, level / 100) for level, name in _LEVELS.items()},
        "cash": cash, "penalties": penalties, "remark": remark,
        "a_tonne": measures.ratio(cash, fewer) if cash > 0 else None,
    }  # fmt: skip


def _extra(result: answers.Exit, mineral: str, *, is_penalty: bool) -> float:
    """Return the extra cost of a mineral compared with the plan [money, undiscounted]."""
    after, before = (
        float(table.loc[table["heading"].isin(PENALTIES) == is_penalty, "money"].sum())
        for plan in (result.path, result.plan)
        for table in [plan.mineral_costs[plan.mineral_costs["mineral"] == mineral]]
    )
    # the search fixes a shortage only within a tolerance, which is larger than a sum's rounding
    if measures.change(after, before, tolerances.LEAST_FLOW) == 0.0:
        return 0.0
    return measures.difference(after, before, result.plan.mineral_costs["money"].abs().sum())


def _why_left(result: answers.Exit, mineral: str, years: Sequence[Row], name: str) -> str:
    """Return why some of a mineral is still bought there, in the last year in which it is."""
    if mineral not in {*result.alone, *result.failed}:
        return "nothing is bought there in the plan"
    row = next((row for row in reversed(years) if row["left"] > tolerances.LEAST_FLOW), None)
    if row is None:
        return "nothing holds it up: none is bought there in any year"
    more = {"stock": "come out of stock", "short": "are short (also in the plan)"}
    more["unmet"] = "are inputs of products that are short"
    parts = [f"others sell {tonnes(row['others'])}"]
    parts += [f"{tonnes(row[each])} {what}" for each, what in more.items() if row[each] > 0]
    parts += [f"{name} still sells {tonnes(row['left'])}"]
    holds = [hold for hold in result.holds if (hold.mineral, hold.year) == (mineral, row["year"])]
    holds.sort(key=lambda hold: -hold.limit * hold.spares)
    limits = [f"{h.words} ({tonnes(h.limit)})" if h.unit == "t" else h.words for h in holds]
    reached = listed(limits, 2) or "all that others can deliver"
    need = tonnes(row["demand"])
    return f"in {row['year']} {need} are needed: {', '.join(parts)}; limits reached: {reached}"


def _builds(result: answers.Exit) -> list[Row]:
    case = result.plan.case
    after, before = (_parts(plan) for plan in (result.path, result.plan))
    rows = [
        {
            "mineral": p.mineral, "project": p.name, "country": p.country,
            "begin": resolve.budget_year(p, year, case.years), "start": year, "part": part,
            "capacity": part * p.capacity.value(year), "capex": part * p.capex,
            "change": _change(before[p.name], after[p.name], year), "ground": year - p.lead_time,
        }
        for p in case.projects
        for year, part in after[p.name].items()
    ]  # fmt: skip
    # sorted by the true first year of building, which may be before the first budget
    rows.sort(key=lambda row: (row["ground"], row["project"], row["start"]))
    return [{"rank": rank, **row} for rank, row in enumerate(rows, start=1)]


def plants_beyond_plan(builds: Builds, mineral: str = "") -> dict[str, int]:
    """Return the plants that the exit path builds beyond the plan, with the year building begins.

    The earliest plant comes first. For a plant that is built in steps, it is the year of the first
    step that makes the plant larger than planned by then. ``mineral`` "" means all minerals.
    """
    begun = dict[str, int]()
    fields = (Builds.project, Builds.mineral, Builds.begin, Builds.change)
    for plant, plant_mineral, year, change in builds.rows(*fields):
        is_more = change != _AS_PLANNED and _NO_MORE not in str(change)
        if is_more and mineral in {"", plant_mineral}:
            begun.setdefault(str(plant), int(year))
    return begun


def _parts(plan: Plan) -> dict[str, dict[int, float]]:
    """Return the share of each project that the plan starts, by year."""
    begun = {p.name: dict(p.begun) for p in plan.case.projects}
    parts = defaultdict[str, dict[int, float]](dict)
    rows = plan.projects[["project", "year", "built"]]
    for project, year, built in rows.itertuples(index=False):
        part = built - begun[project].get(year, 0.0)
        if part > tolerances.PLAN_DIFFERENCE:
            parts[project][year] = part
    return parts


def _change(planned: Mapping[int, float], built: Mapping[int, float], year: int) -> str:
    """Say how the share that the exit path starts in a year differs from the plan."""
    least = tolerances.SAME_SHARE
    if abs(planned.get(year, 0.0) - built[year]) < least:
        return _AS_PLANNED
    if not planned:
        return "not in the plan"
    ahead = sum(part for start, part in built.items() if start <= year)
    ahead -= sum(part for start, part in planned.items() if start <= year)
    is_kept = all(abs(built.get(start, 0.0) - part) < least for start, part in planned.items())
    here = f"the exit path has more built by {year}" if ahead > least else f"{_NO_MORE} {year}"
    here = "the exit path adds this share" if is_kept else here
    parts = listed(f"{share(part)} from {start}" for start, part in sorted(planned.items()))
    return f"the plan builds {parts}; {here}"


def _limits(result: answers.Exit, cells: explain.Cells) -> list[Row]:
    groups: dict[Any, list[answers.ExitBarrier]] = defaultdict(list)
    for hold in result.holds:
        place = (hold.place.sheet, hold.place.row) if hold.place is not None else hold.words
        groups[hold.mineral, hold.kind, place].append(hold)
    rows = []
    for (mineral, kind, _), holds in groups.items():
        last = max(holds, key=lambda hold: hold.year)
        rows.append({
            "mineral": mineral, "kind": kind, "what": last.words,
            "years": words.each_year(hold.year for hold in holds), "limit": last.limit,
            "unit": last.unit.replace("money", result.plan.case.settings.currency),
            "spares": last.spares, "cell": cells.cell(last.place),
            "size": sum(hold.limit * hold.spares for hold in holds),
        })  # fmt: skip
    order = result.plan.expanded.mineral_at
    return sorted(rows, key=lambda row: (order[row["mineral"]], -row["size"], row["what"]))


def _sellers(result: answers.Exit) -> list[Row]:
    before, after = (
        measures.sums(table[table["buyer"] == ""], "tonnes", "mineral", "country")
        for table in (result.plan.countries, result.path.countries)
    )
    rows = []
    for key in dict.fromkeys([*before, *after]):
        planned, sold = before.get(key, 0.0), after.get(key, 0.0)
        change = _without_rounding(sold - planned, max(planned, sold))
        if key[0] in result.alone and change != 0.0:
            row = dict(zip(Sellers.GRAIN, key, strict=True))
            rows.append(row | {"planned": planned, "sold": sold, "change": change})
    order = result.plan.expanded.mineral_at
    return sorted(rows, key=lambda r: (order[r["mineral"]], -abs(r["change"]), r["country"]))


# ---- charts and words, made from the tables alone ------------------------------------------------

_MOST_LINES, _MOST_SMALL = 8, 12
"""How many minerals get a line, and a chart: those with the country's largest shares."""


def _bought(tables: Tables, most: int) -> dict[str, pd.DataFrame]:
    """Return the yearly rows of the minerals with the country's largest shares in the plan."""
    minerals, least = tables[WayOut].frame().groupby("mineral", sort=False), tolerances.LEAST_FLOW
    rows = {str(mineral): years for mineral, years in minerals if years["planned"].max() > least}
    shares = {mineral: chart.peak(years["planned_share"]) for mineral, years in rows.items()}
    return {mineral: rows[mineral] for mineral in chart.top(shares, most)}


def _curves(tables: Tables) -> dict[str, Picture]:
    """Return a chart per mineral: the country's share by year in the plan and on the exit path."""
    curves = dict[str, Picture]()
    for mineral, rows in _bought(tables, _MOST_SMALL).items():
        title = f"{short(mineral)}: {short(tables.option(OF))}'s share of {tables.option(BASIS)}"
        form = chart.Form.LINES if len(rows) > 1 else chart.Form.GROUPED
        planned, left = (numbers(rows[name]) for name in ("planned_share", "left_share"))
        sides = Series("Plan", Role.PLAN, planned), Series("Exit path", Role.REPLANNED, left)
        years = tuple(map(int, rows["year"]))
        curves[mineral] = Picture(title, form, years, sides, "", "", small=True)
    return curves


def _panel(tables: Tables, plan: str, share_of: Field) -> Picture | None:
    """Return a chart of the country's share by year, one line per mineral, in one of the plans."""
    minerals = _bought(tables, _MOST_LINES)
    years = sorted({int(year) for year in tables[WayOut].year})
    title = f"{short(tables.option(OF))}'s share of {tables.option(BASIS)} by year: {plan}"
    shares = {mineral: numbers(rows[share_of.name]) for mineral, rows in minerals.items()}
    picture = chart.lines(title, years, shares, "Share", is_panel=True)
    return picture and picture.joined


def _all_but(result: Result, *left_out: Field) -> tuple[Field, ...]:
    names = {field.name for field in left_out}
    return tuple(field for field in result.fields if field.name not in names)


def _shares(row: Row) -> tuple[str, str]:
    return percent(row["planned_share"]), percent(row["left_share"])


class _ExitFinding:
    """The finding of an exit: ``rows`` are the minerals that the plan buys from the country."""

    def __init__(self, tables: Tables) -> None:
        exits, years = tables[Exits], tables[WayOut].frame()
        rows = findings.rows_of(exits)
        self.rows: list[Row] = [row for row in rows if row["planned"] > tolerances.LEAST_FLOW]
        self.last = int(max(years["year"], default=0))
        self.last_year = years[years["year"] == self.last].set_index("mineral")
        total = years.groupby("mineral", sort=False)[["short", "demand"]].sum().to_dict()
        parts = measures.shortage_rates(total["short"], total["demand"])
        self.missing = f"{missing(parts)}, as in the plan."
        self.name, self.basis = tables.option(OF), tables.option(BASIS)
        self.currency, self.builds = exits.words["money"], tables[Builds]

    @property
    def sentence(self) -> str:
        """How many minerals can do without the country, and which plant must be begun first."""
        gone, furthest = [row for row in self.rows if known(row["none"])], self.furthest
        where = f" of {self.basis} in {self.last}"
        named = {row["mineral"] for row in (*gone, furthest) if row is not None}
        only = self.rows[0]
        if len(self.rows) == 1 and gone:
            sentence = f"{only['mineral']} can do without {self.name} from {only['none']:z.0f}."
        elif len(self.rows) == 1:
            sentence = (
                f"{only['mineral']} cannot do without {self.name} by {self.last}:"
                f" {percent(only['left_share'] or 0.0)} of {self.basis} still comes from there."
            )
        else:
            years = listed([f"{row['mineral']} from {row['none']:z.0f}" for row in gone], _NAMED)
            end = ""
            if furthest is None:
                end = f" {self.name}'s share in {self.last} cannot fall for any of these minerals."
            elif not known(furthest["none"]):
                end = (
                    f" {self.name}'s share falls most for {furthest['mineral']},"
                    f" {from_to(*_shares(furthest))}{where}."
                )
            sentence = (
                f"By {self.last}, {len(gone) or 'none'} of {len(self.rows)} minerals can do without"
                f" {self.name}{': ' if gone else ''}{years}.{end}"
            )
        first = next(iter(plants_beyond_plan(self.builds).items()), None)
        if first is None:
            return sentence
        plant, year = first
        mineral = str(dict(self.builds.rows(Builds.project, Builds.mineral))[plant])
        sentence += (
            f" The first plant to build beyond the plan is {plant}, for {mineral}: building has to"
            f" begin in {year}."
        )
        for row in self.rows:
            if row["mineral"] == mineral and mineral not in named and known(row["left_share"]):
                change = course(row["planned_share"], row["left_share"])
                sentence += f" On the exit path {self.name}'s share of {mineral} {change}{where}."
        return sentence

    @property
    def furthest(self) -> Row | None:
        """The mineral whose share falls most in the last year; None if no fall is visible."""

        def fall(row: Row) -> float:
            return float((row["planned_share"] or 0.0) - (row["left_share"] or 0.0))

        falls = (row for row in self.rows if fall(row) > tolerances.SHOWN_SHARE)
        return max((row for row in falls if len({*_shares(row)}) > 1), key=fall, default=None)

    def figures(self) -> Iterator[KeyFigure]:
        levels = {level: name for level, name in _LEVELS.items() if level}
        counts = [sum(known(row[name]) for row in self.rows) for name in levels.values()]
        shares = {str(row["mineral"]): float(row["left_share"] or 0.0) for row in self.rows}
        hardest = max(shares, key=lambda mineral: shares[mineral])
        alike = [m for m in shares if shares[hardest] - shares[m] <= tolerances.SHOWN_SHARE]
        left = f"{listed(alike, _NAMED)} each" if len(alike) > 1 else hardest
        others, need = map(tonnes, self.last_year.loc[hardest, ["others", "demand"]])
        yield KeyFigure(
            f"Minerals at or below {' / '.join(map(str, levels))} % by {self.last}",
            f"{' / '.join(map(str, counts))} of {len(self.rows)}",
            f"of the minerals that the plan buys there. The largest share remains for {left}:"
            f" {percent(shares[hardest])} of {self.basis}. In {self.last} other countries sell"
            f" {others} of the {need} of {hardest} that the coalition needs.",
        )
        cash, remark = sum(row["cash"] for row in self.rows), "over all years."
        dearest = max(self.rows, key=lambda row: row["cash"])
        if known(dearest["a_tonne"]):
            remark += (
                f" The largest amount is for {dearest['mineral']}:"
                f" {money(dearest['a_tonne'], self.currency)} per tonne no longer bought from"
                f" {self.name}."
            )
        yield KeyFigure("Extra cash", money(cash, self.currency), f"{remark} {self.missing}")
        begun = plants_beyond_plan(self.builds)
        if begun:
            names = listed([f"{plant} ({year})" for plant, year in begun.items()], _NAMED)
            name = f"Plants needed to leave {self.name}, beyond the plan"
            yield KeyFigure(name, str(len(begun)), f"first {names}.")


# ---- the study -----------------------------------------------------------------------------------


class ExitStudy(StudyKind):
    """Find how far purchases from a country can fall, by which year, and at what cost.

    The plan is first made as planner solve makes it. For each mineral, the study then finds the
    fewest tonnes from the country over all years, with no more shortage in any year than in the
    plan. The exit path is the cheapest such plan, with all minerals under one budget. It shows from
    which year the country's share stays at or below 50, 25, 10 and 0 %, which plants must be begun
    first, and which limits prevent a lower share.

    \b
    planner exit case.xlsx --country China
    planner exit case.xlsx --country CHN --scenario "Export ban" --csv tables

    If a country sells nothing in the plan, the coalition has already left it. Without a proven
    plan, nothing is written and the exit code is 3.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "exit", "Exit", "exit path"
    QUESTION = "How far can we get away from a country, by when, and what must we build first?"
    RESULTS = (Exits, WayOut, Builds, BindingLimits, Sellers, Paying)
    ANSWER = (
        AnswerKey("country", "the country that is left", lambda study, _: study.country),
        AnswerKey("objective_usd", "total cost without it", lambda s, _: s.result.path.objective),
        AnswerKey(
            "plan_objective_usd",
            "total cost of the plan",
            lambda study, _: study.result.plan.objective,
        ),
        table_key("rows", Exits),
        table_key("path", WayOut),
        table_key("builds", Builds),
        table_key("limits", BindingLimits),
        table_key("sellers", Sellers),
        table_key("who_pays", Paying),
        *TROUBLE,
    )
    LACKING = "no exit path planned"
    PART = "<C>-"
    LIMIT = CAP_HELP
    OPTIONS = (
        click.option(
            "--country",
            cls=NeededOption,
            metavar="C",
            help="The country to leave: a name or code  [required]",
        ),
    )
    task = "the case and its exit path"

    def __init__(self, start: Start, *, country: str | None) -> None:
        super().__init__(start)
        names = Named(start.case)
        if country is None:
            raise errors.UsageError(words.missing_option("--country", names.countries_outside()))
        self.country = names.country(country.strip())
        if not self.country:
            msg = "--country: name one country"
            raise errors.UsageError(msg)
        self.name = names.country_name(self.country, country.strip())
        self.sells = names.sells(self.country)

    @classmethod
    def file_part(cls, options: Mapping[str, Any]) -> str:
        """Return the country for the workbook's name: its code, or as typed if it is not known."""
        typed = str(options["country"] or "").strip()
        return country_code(typed) or typed

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        del say
        leave = partial(answers.exit_from, country=self.country)
        outcomes = run_study(Study(self.start.case, ((Run("The plan"),),), leave), where, tell)
        self.outcomes, self.stopped = outcomes.every, outcomes.stopped
        if outcomes[0].result is not None:
            self.result = outcomes[0].result

    @property
    def progress_label(self) -> str:
        return "the exit path is planned" if self.planned else "nothing is planned"

    @property
    def trouble(self) -> str:
        if not self.planned:
            return ""
        result, fewest = self.result, "the fewest tonnes of {} with first call on the budget are"
        unknown = {f"the exit path of {m} is": why for m, why in result.unknown.items()}
        unknown |= {fewest.format(m): why for m, why in result.failed.items()}
        return "; ".join(f"{what} not known: {why}" for what, why in unknown.items())

    @property
    def plans(self) -> Mapping[str, Plan]:
        return {"the plan": self.result.plan, "the exit path": self.result.path}

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        least: list[Outcome[Any]] = [
            Outcome(f"Fewest tonnes: {mineral or 'all minerals together'}", proof=proof)
            for mineral, proof in self.result.proofs.items()
        ]
        path = self.result.path
        last = Outcome[Any]("The exit path", objective=path.objective, proof=path.proof)
        return (*self.outcomes, *least, last)

    @property
    def subject(self) -> str:
        return f"how to leave {self.name}, {super().subject}"

    @property
    def options(self) -> dict[str, str]:
        return {
            OF: self.name,
            **({} if self.sells else {SELLERS: NONE}),
            **self.start.options,
            "Counted": "Sales of its refiners and projects to the coalition, purchases for stock"
            " included. Its ore that other countries refine does not count.",
            "Kept": "Every limit of the workbook. Compared with the plan, no mineral is shorter in"
            " any year, no reserve is further below its target, no soft limit is exceeded by more,"
            " and no mineral is bought there more over all years.",
            "All minerals": "They share one budget. First the sum over minerals of the country's"
            " shares of demand is minimized, then cost.",
            "Zero share": "A share of at most 0.0001 % counts as 0.",
        }

    def tables(self) -> list[Result]:
        layout = self.start.book.layout
        cells = explain.Cells(self.start.book.case, self.start.case, layout.known_cell, layout.unit)
        return tables_of(self.result, cells, self.name)

    def terminal_tables(self, tables: Tables) -> Iterable[str | Numbers]:
        exits, builds = tables[Exits], tables[Builds]
        left_out = Exits.planned, Exits.left, Exits.a_tonne, Exits.remark, Exits.alone
        yield Numbers(exits, _all_but(exits, *left_out))
        changed = builds.where([change != _AS_PLANNED for change in builds.change])
        fields = _all_but(builds, Builds.rank, Builds.country, Builds.capex)
        yield Numbers(changed, fields, "Plants built differently from the plan")

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        finding = _ExitFinding(tables)
        if not finding.rows:
            why = "its share is already 0 %"
            if tables.option(SELLERS) == NONE:
                why = "the workbook has no plant and no mine there"
            return Headline(
                f"The plan buys nothing from {tables.option(OF)}: {why}.",
                (KeyFigure("Purchases there", "none", "no mineral is bought from the country."),),
            )
        care = (
            f"The exit path has no more shortage in any year than the plan. {finding.missing}",
            "Building of a plant begins one lead time before its first year of output.",
        )
        return Headline(finding.sentence, tuple(finding.figures()), care)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        payers = tables[Paying]
        costs = payers.rows(Paying.member, Paying.extra, Paying.extra_shortage)
        title = f"Who pays for leaving {short(tables.option(OF))}, per year"
        return drawn(
            _panel(tables, "the plan", WayOut.planned_share),
            _panel(tables, "the exit path", WayOut.left_share),
            *_curves(tables).values(),
            who_pays(title, costs, payers.words["money"], "the plan"),
        )

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        curves, exits, builds = _curves(tables), tables[Exits], tables[Builds]
        years = tables[WayOut].where([mineral in curves for mineral in tables[WayOut].mineral])
        views = Section.views_by(years, WayOut.mineral, lambda mineral, _: curves[mineral])
        brief = _all_but(exits, Exits.remark, Exits.alone)
        remarks = Numbers(exits, (Exits.mineral, Exits.remark), Exits.remark.header)
        blocks = [Numbers(exits, brief, "By mineral"), remarks]
        blocks += [Numbers(builds, heading=Builds.TABLE)] if len(builds) else []
        heading = f"The exit from {tables.option(OF)}"
        if not views:
            return (Section("exit", heading, "", blocks[0].view()),)
        lead = (
            "The exit path is the cheapest plan that buys the fewest tonnes from the country over"
            " all years, with no more shortage in any year than in the plan."
        )
        return (Section("exit", heading, lead, views, MINERAL.header, tuple(blocks)),)
