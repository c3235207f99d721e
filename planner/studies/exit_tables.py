"""The tables of an exit: minerals, years, builds and limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models import answers, measures, resolve, tolerances
from models.plan import PENALTIES, Plan
from models.plan.stages import dependence
from models.results import Checks, DecideNow, Field, Format, Projects, Result, common, field
from models.results.common import COUNTRY, MINERAL, YEAR
from models.results.decisions import changes_of, decisions_of
from planner.render import words
from planner.render.words import known, listed, share_words, tonnes_words
from planner.sheets import explain

OF = COUNTRY.header
"""The row of About that names the country."""
SELLERS, NONE = "Plants and mines there", "none"
"""The row of About that says so if the workbook has no plant and no mine in the country."""
EXIT_PATH = "The exit path"
"""The plan of the exit in the sheet Decide now."""
AS_PLANNED, _NOT_IN_PLAN, _NO_MORE = (
    "as planned",
    "not in the plan",
    "the exit path has no more built by",
)
NEW, MORE = "new", "earlier or larger"
"""Values of the column "More than the plan"."""


# ---- tables --------------------------------------------------------------------------------------


def _level_field(level: int) -> Field:
    return field(
        f"At most {level} % of {{basis}}, from year",
        Format.YEAR,
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
        "Its share of {basis} in the plan, {last}", "The country's sales / {basis}, in the plan."
    )
    left_share = field.share(
        "Its share of {basis} on the exit path, {last}",
        f"The country's sales / {{basis}}. {_ON_PATH}",
    )
    fall = field.share(
        "Fall at the last stage, {last}",
        "How much its own share of purchases falls, from the plan to the exit path.",
    )
    depends = field.share(
        "Dependence on it through all stages in the plan, {last}",
        "Share of purchases that its loss takes, through all stages: also what others make"
        " from its inputs and ore. In the plan.",
    )
    left_depends = field.share(
        "Dependence on it through all stages on the exit path, {last}", f"The same. {_ON_PATH}"
    )
    depends_fall = field.share(
        "Fall of the dependence through all stages, {last}",
        "What the plan depends on it minus what is left.",
    )
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
        Format.SENTENCE,
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
    demand = common.DEMAND.like(
        header="Demand and inputs of plants",
        meaning="What members need in the year, and what plants take, or would take for products"
        " that are missing.",
    )
    planned = field.tonnes("Bought there in the plan")
    left = field.tonnes("Left", f"Bought there. {_ON_PATH}")
    planned_share = field.share("Plan's share", Exits.planned_share.meaning)
    left_share = field.share("Share left", Exits.left_share.meaning)
    others = field.tonnes("Bought of others", f"Bought from other countries. {_ON_PATH}")
    stock = field.tonnes(
        "From stock", "Tonnes drawn from stock minus tonnes stored. Below 0: more is stored."
    )
    planned_short = field.tonnes("Missing in the plan")
    short = common.MISSING_TONNES.like(meaning=f"Never more than in the plan. {_ON_PATH}")


class Builds(Result):
    """Plants that the exit path builds, by the year in which building begins, then by name."""

    TABLE, GRAIN, BOOK = "Builds in order", ("project", "start"), "exit"

    rank = field("No.", Format.COUNT)
    mineral = MINERAL
    project = common.PROJECT
    country = COUNTRY
    begin = field("Building begins", Format.YEAR, "The year in which the budget pays for it.")
    start = field("Output from", Format.YEAR, "The first year of output.")
    part = field.share("Part", "The share of the plant that starts in this year.")
    capacity = common.CAPACITY.like(meaning=_STEP)
    capex = Projects.capex.like(meaning=_STEP, key="capex_usd_m")
    more_than_plan = field.text(
        "More than the plan",
        f"{NEW}: the plan does not build this plant. {MORE}: by this year, the exit path has built"
        " more of it than the plan. Blank: neither.",
        optional=True,
        key="beyond",
    )
    change = field.text(
        "Against the plan",
        "How much of this plant the plan builds, and whether the exit path has built more of it by"
        f" this year. {AS_PLANNED}: the plan starts the same share in the same year.",
    )


class BindingLimits(Result):
    """Binding limits that prevent lower purchases from the country, the largest effect first."""

    TABLE, GRAIN, BOOK = "What holds it up", ("mineral", "what"), "exit"

    mineral = MINERAL
    kind = common.KIND.like(
        meaning="capacity, project capacity, mine, lane, share limit, budget and so on."
    )
    what = field("What", Format.SENTENCE, "The limit, as it is in the last of these years.")
    years = field.text("In", "The years in which the limit is reached and has a dual value.")
    limit = common.LIMIT.like(fmt=Format.TONNES, meaning="In the last of these years.")
    unit = common.UNIT.like(meaning="The unit of the limit. point: a percentage point of a share.")
    spares = field(
        "Spares a unit",
        Format.DAYS,
        "How many fewer tonnes would be bought there over all years if the limit were one unit"
        " looser in that year and this mineral had first call on the budget. It holds for small"
        " changes.",
        unit="t",
        key="spares_t_per_unit",
    )
    cell = Checks.cell.like(meaning="The cell of the workbook that states the limit.")


DECLARED = (Exits, WayOut, Builds, BindingLimits)
"""The tables of an exit, the main one first."""


# ---- the tables of a result ----------------------------------------------------------------------

Row = dict[str, Any]


def tables_of(result: answers.Exit, cells: explain.Cells, name: str) -> list[Result]:
    case = result.plan.case
    years = {m: rows for m, rows in _way_out(result).items() if m not in result.unknown}
    exits = [_exit(result, mineral, rows, name) for mineral, rows in years.items()]
    way_out, texts = [row for rows in years.values() for row in rows], common.words_of(case)
    tables = exits, way_out, _build_rows(result), _barrier_rows(result, cells)
    pairs = zip(DECLARED, tables, strict=True)
    made = [kind.of_rows(rows, words=texts) for kind, rows in pairs]
    now, planned = map(decisions_of, (result.path, result.plan))
    changes = changes_of(now, planned, answers.exchanged(result.path, planned, result.country))
    return [*made, DecideNow.of_changes({EXIT_PATH: changes}, case)]


def _way_out(result: answers.Exit) -> dict[str, list[Row]]:
    """Return the rows of WayOut by mineral, one for each year."""
    path, case, both = result.path, result.plan.case, (result.plan, result.path)
    sold = [_country_sales(plan, result.country) for plan in both]
    short = [measures.sums(plan.supply, "short", "mineral", "year") for plan in both]
    bought = measures.sums(path.supply, "purchased", "mineral", "year")
    flows, to_plants = path.expanded.input_flows, np.zeros(path.plant_demand.shape)
    np.add.at(to_plants, (flows.mineral, flows.year), path.delivered_to_plants)
    unmet = path.plant_demand - to_plants - path.transferred_by.sum(axis=1)  # for missing products
    minerals: dict[str, list[Row]] = {mineral.name: [] for mineral in case.minerals}
    for m, t in np.ndindex(to_plants.shape):
        mineral, year = key = path.expanded.minerals[m], path.expanded.years[t]
        need = case.coalition_demand(mineral, year) + float(path.plant_demand[m, t])
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


def _country_sales(plan: Plan, country: str) -> dict[tuple[str, int], tuple[float, float | None]]:
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
    """Return the row of a mineral on the main sheet."""
    planned, left = (sum(row[amount] for row in years) for amount in ("planned", "left"))
    shares = {row["year"]: row["left_share"] for row in years}
    last: Row = years[-1] if years else {"planned_share": None, "left_share": None}
    m = result.plan.expanded.mineral_at[mineral]
    depends, left_depends, sold, left_sold = (
        float(part) * (part > tolerances.SAME_SHARE) if known(part) else None
        for through in (True, False)
        for plan in (result.plan, result.path)
        for part in [dependence(plan, result.country, through=through)[m, -1]]
    )
    cash, penalties = (_extra(result, mineral, is_penalty=each) for each in (False, True))
    fewer = _without_rounding(planned - left, planned)
    remark = _why_left(result, mineral, years, name)
    if cash and result.plan.case.budget and mineral not in {*result.alone, *result.failed}:
        remark += "; its cost changes, since plants of all minerals share one budget"
    return {
        "mineral": mineral, "planned": planned, "left": left,
        "alone": None if mineral in result.failed else result.alone.get(mineral, 0.0),
        "planned_share": last["planned_share"], "left_share": last["left_share"],
        "fall": _fall(sold, left_sold),
        "depends": depends, "left_depends": left_depends,
        "depends_fall": _fall(depends, left_depends),
        **{name: measures.stays_within(shares, level / 100) for level, name in _LEVELS.items()},
        "cash": cash, "penalties": penalties, "remark": remark,
        "a_tonne": measures.ratio(cash, fewer) if cash > 0 else None,
    }  # fmt: skip


def _fall(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else _without_rounding(before - after, 1.0)


def _extra(result: answers.Exit, mineral: str, *, is_penalty: bool) -> float:
    """Return the extra cost of a mineral compared with the plan [money, undiscounted]."""
    after, before = (
        float(table.loc[table["heading"].isin(PENALTIES) == is_penalty, "money"].sum())
        for plan in (result.path, result.plan)
        for table in [plan.mineral_costs[plan.mineral_costs["mineral"] == mineral]]
    )
    # the search fixes a shortage only within a tolerance, which is larger than a sum's rounding
    if measures.net_change(after, before, tolerances.LEAST_FLOW) == 0.0:
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
    parts = [f"others sell {tonnes_words(row['others'])}"]
    parts += [f"{tonnes_words(row[each])} {what}" for each, what in more.items() if row[each] > 0]
    parts += [f"{name} still sells {tonnes_words(row['left'])}"]
    holds = [hold for hold in result.holds if (hold.mineral, hold.year) == (mineral, row["year"])]
    holds.sort(key=lambda hold: -hold.limit * hold.spares)
    limits = [f"{h.words} ({tonnes_words(h.limit)})" if h.unit == "t" else h.words for h in holds]
    reached = listed(limits, 2) or "all that others can deliver"
    need = tonnes_words(row["demand"])
    return f"in {row['year']} {need} are needed: {', '.join(parts)}; limits reached: {reached}"


def _build_rows(result: answers.Exit) -> list[Row]:
    case = result.plan.case
    after, before = (_started_shares(plan) for plan in (result.path, result.plan))
    rows = [
        {
            "mineral": p.mineral, "project": p.name, "country": p.country,
            "begin": resolve.budget_year(p, year, case.years), "start": year, "part": part,
            "capacity": part * p.capacity.value(year), "capex": part * p.capex,
            "change": change, "ground": year - p.lead_time,
            "more_than_plan": _more_than_plan(change),
        }
        for p in case.projects
        for year, part in after[p.name].items()
        for change in [_change_in_words(before[p.name], after[p.name], year)]
    ]  # fmt: skip
    # sorted by the true first year of building, which may be before the first budget
    rows.sort(key=lambda row: (row["ground"], row["project"], row["start"]))
    return [{"rank": rank, **row} for rank, row in enumerate(rows, start=1)]


def _more_than_plan(change: str) -> str | None:
    """Return whether the exit path builds a plant newly, or more of it; None if neither."""
    if change == _NOT_IN_PLAN:
        return NEW
    return None if change == AS_PLANNED or _NO_MORE in change else MORE


def _started_shares(plan: Plan) -> dict[str, dict[int, float]]:
    """Return the share of each project that the plan starts, by year."""
    begun = {p.name: dict(p.begun) for p in plan.case.projects}
    parts = defaultdict[str, dict[int, float]](dict)
    rows = plan.projects[["project", "year", "built"]]
    for project, year, built in rows.itertuples(index=False):
        part = built - begun[project].get(year, 0.0)
        if part > tolerances.PLAN_DIFFERENCE:
            parts[project][year] = part
    return parts


def _change_in_words(planned: Mapping[int, float], built: Mapping[int, float], year: int) -> str:
    """Say how the share that the exit path starts in a year differs from the plan."""
    least = tolerances.SAME_SHARE
    if abs(planned.get(year, 0.0) - built[year]) < least:
        return AS_PLANNED
    if not planned:
        return _NOT_IN_PLAN
    ahead = sum(part for start, part in built.items() if start <= year)
    ahead -= sum(part for start, part in planned.items() if start <= year)
    is_kept = all(abs(built.get(start, 0.0) - part) < least for start, part in planned.items())
    here = f"the exit path has more built by {year}" if ahead > least else f"{_NO_MORE} {year}"
    here = "the exit path adds this share" if is_kept else here
    parts = listed(f"{share_words(part)} from {start}" for start, part in sorted(planned.items()))
    return f"the plan builds {parts}; {here}"


def _barrier_rows(result: answers.Exit, cells: explain.Cells) -> list[Row]:
    groups: dict[Any, list[answers.ExitBarrier]] = defaultdict(list)
    for hold in result.holds:
        cell = (hold.place.sheet, hold.place.row) if hold.place is not None else hold.words
        groups[hold.mineral, hold.kind, cell].append(hold)
    rows = []
    for (mineral, kind, _), holds in groups.items():
        last = max(holds, key=lambda hold: hold.year)
        rows.append({
            "mineral": mineral, "kind": kind, "what": last.words,
            "years": words.each_year(hold.year for hold in holds), "limit": last.limit,
            "unit": last.unit.replace("money", result.plan.case.settings.currency),
            "spares": last.spares, "cell": cells.address(last.place),
            "size": sum(hold.limit * hold.spares for hold in holds),
        })  # fmt: skip
    rank_of = result.plan.expanded.mineral_at
    return sorted(rows, key=lambda row: (rank_of[row["mineral"]], -row["size"], row["what"]))
