"""The findings of a plan: sentences whose every number is a claim on one of its sheets.

They are made from the tables alone, so a report that is made later from the saved workbook has the
same sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from models import schema, tolerances
from models.measures.same_tonnes import NAMED_FROM, is_named
from models.results import (
    ByMineral,
    ChangedBuilds,
    ChangedOrders,
    DecideNow,
    Field,
    Figure,
    Result,
    Security,
    Stocks,
    Tiers,
)
from models.results.overall import CURRENT_SUPPLY
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.claims import (
    Claim,
    NoRowsError,
    Place,
    Sentence,
    SheetRows,
    SheetTables,
    say,
    told,
)
from planner.render.words import known
from planner.sheets.decide import decided

Country = Callable[[str], str]
Row = dict[str, Any]
"""A row of a table by the names of its fields; None where a cell is blank."""
MET, MET_OF_ONE, EXTRA_COST, PURCHASES, LOSS = (
    "Needs met in full", "Need met", ByMineral.extra_cost.header, "Cost of purchases",
    "Need met without a supplier",
)  # fmt: skip
"""Names of the figures."""
_MET = tolerances.MISSING_PART
"""Need counts as met if at most this fraction is missing."""


def findings(tables: SheetTables) -> tuple[Sentence, ...]:
    """Return the sentences of a plan's first page, those of each part in order of importance."""
    makers = (
        _answer, _cut_off, _met, _extra_cost, _loss, _decided, _cautioned, _moved, _broken,
        _insecure, _basis, _reserves, _reordered, _estimates,
    )  # fmt: skip
    return told(*(partial(make, tables) for make in makers))


# ---- the answer, and three figures ---------------------------------------------------------------


def _counts(minerals: SheetRows) -> tuple[Claim, Claim, Claim]:
    """Return how many minerals are needed, how many run short, and how many exceed a limit."""
    part = ByMineral.missing_share
    needed, lacking = minerals.count(part, ">=", 0.0), minerals.count(part, ">", _MET)
    if not needed.number:
        raise NoRowsError(ByMineral.TABLE)
    return needed, lacking, minerals.count(ByMineral.limits_kept, "=", "no")


def _answer(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    if not minerals.count(ByMineral.missing_share, ">=", 0.0).number:
        nothing = minerals.none(ByMineral.missing_share, ">=", 0.0)
        yield say("answer", "Nothing is needed in the planned years.", none=nothing)
        return
    needed, lacking, beyond = _counts(minerals)
    part, one = ByMineral.missing_share, needed.number == 1
    if not lacking.number:
        if beyond.number:
            exceed = "exceeds" if beyond.number == 1 else "exceed"
            of = "{over} of {needed} minerals"
            text = f"Not within the limits: {of} {exceed} a share limit, which costs a penalty."
            yield say("answer", text, over=beyond, needed=needed)
        else:
            text = "Yes: no mineral runs short."
            yield say("answer", text, none=minerals.none(part, ">", _MET))
        return
    run = "runs" if lacking.number == 1 else "run"
    if not one:
        text = f"No: {{short}} of {{needed}} minerals {run} short."
        yield say("answer", text, short=lacking, needed=needed)
    hardest = minerals.largest(part)
    own = minerals.where(mineral=hardest["mineral"])
    start = "No: {top} of the need for {top[mineral]} is missing" if one else (
        "{top[mineral]} is hit hardest: {top} of its need is missing")  # fmt: skip
    try:
        kept = own.value(ByMineral.limits_kept), own.value(ByMineral.missing_without_limits_share)
    except NoRowsError:
        yield say("answer", f"{start}.", top=hardest, short=lacking)
        return
    free = kept[1]
    if free.number <= _MET:
        yield say(
            "answer", f"{start}, because of the limits.", top=hardest, short=lacking, free=free
        )
    elif free.number >= hardest.number * (1 - tolerances.SHOWN_SHARE):
        yield say(
            "answer", f"{start}, with limits or without.", top=hardest, short=lacking, free=free
        )
    else:
        text = f"{start}, {{free}} without limits."
        yield say("answer", text, top=hardest, short=lacking, free=free)


def _cut_off(tables: SheetTables) -> Iterator[Sentence]:
    """Yield the tier of which most is missing, among those that some suppliers may not serve."""
    tiers = tables.sheet(Tiers).where(closed={"not": None}, tier={"not": None})
    top = tiers.largest(Tiers.share)
    if top.number > _MET:
        yield say(
            "answer",
            "Some suppliers are closed to {top[tier]} in {top[member]}: {top} of its need for"
            " {top[mineral]} is missing in {top[year]}.",
            top=top,
        )


def _met(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    needed, _, _ = _counts(minerals)
    if needed.number == 1:
        served = minerals.where(missing_share={"not": None}).value(ByMineral.served)
        yield say(
            "figure",
            "{served} of the need for {served[mineral]}.",
            name=MET_OF_ONE,
            large="served",
            served=served,
        )
        return
    met = minerals.count(ByMineral.missing_share, "<=", _MET)
    yield say(
        "figure",
        "The need for {met} of {needed} minerals is met in full.",
        name=MET,
        large="met",
        met=met,
        needed=needed,
    )


def _extra_cost(tables: SheetTables) -> Iterator[Sentence]:
    """Yield the extra cost of the minerals of which enough is bought, or else what members pay."""
    minerals, part = tables.sheet(ByMineral), ByMineral.tonnes_compared
    try:
        compared = dict(zip(minerals.cells(ByMineral.mineral), minerals.cells(part), strict=True))
        few = [name for name, of in compared.items() if known(of) and not is_named(of)]
        rows = minerals.where(mineral=[str(m) for m in compared if m not in few])
        extra = (rows if few else minerals).sum(ByMineral.extra_cost)
    except NoRowsError:  # without share limits, or without the plan that has none
        text = "Members pay {paid} in the planned years."
        paid = minerals.sum(ByMineral.paid)
        if not paid.number:
            return
        yield say("figure", text, name=PURCHASES, large="paid", paid=paid)
        return
    more = " more" if extra.number >= 0 else ""
    text = f"{{extra}}{more} than without limits"
    if not few:
        yield say("figure", f"{text}.", name=EXTRA_COST, large="extra", extra=extra)
        return
    of = minerals.count(part, ">=", NAMED_FROM)
    text += ", counting only minerals of which {of[test]} or more is still bought."
    yield say("figure", text, name=EXTRA_COST, large="extra", extra=extra, of=of)


def _loss(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    served, supplier, also = ByMineral.served_without, ByMineral.supplier, ""
    try:
        least = minerals.smallest(ByMineral.served_through)
        served, supplier = ByMineral.served_through, ByMineral.stage_country
        also = " and its inputs"
    except NoRowsError:
        least = minerals.where(supplier={"not": None}).smallest(served)
    who = minerals.where(mineral=least["mineral"]).value(supplier)
    last = tables.asked(Figure.LAST_YEAR)
    text = f"Without {{who}} in {{last}}{also}, {{least[mineral]}} keeps least: {{least}}."
    yield say(
        "figure", text, name=LOSS, large="least", least=least,
        who=who, last=last,
    )  # fmt: skip


def _decided(tables: SheetTables) -> tuple[Sentence, ...]:
    return decided(tables.sheet(DecideNow))


# ---- what to read with care ----------------------------------------------------------------------


def _broken(tables: SheetTables) -> Iterator[Sentence]:
    needed, lacking, beyond = _counts(tables.sheet(ByMineral))
    if lacking.number and beyond.number:
        text = "{over} of {needed} minerals exceed a share limit, which costs a penalty."
        yield say("care", text, over=beyond, needed=needed)


def _insecure(tables: SheetTables) -> Iterator[Sentence]:
    rows = tables.sheet(Security)
    tested, missed = (rows.count(Security.missing, op, 0.0) for op in (">=", ">"))
    if missed.number:
        yield say(
            "care",
            "{missed} of {tested} losses on the sheet Security leave more missing than it allows.",
            missed=missed,
            tested=tested,
        )


def _basis(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    top = minerals.where(supplier_limit={"not": None}).largest(ByMineral.supplier_share)
    own = minerals.where(mineral=top["mineral"])
    who, limit = own.value(ByMineral.supplier), own.value(ByMineral.supplier_limit)
    beyond = top.number > limit.number + tolerances.SHOWN_SHARE
    if tables.asked(Figure.SHARE_BASIS).value != schema.DEMAND or not beyond:
        return
    yield say(
        "care",
        "Limits are shares of demand: of {top[mineral]} bought, {who} sells {top}.",
        top=top,
        who=who,
    )


def _reserves(tables: SheetTables) -> Iterator[Sentence]:
    last = tables.asked(Figure.LAST_YEAR)
    rows = tables.sheet(Stocks).where(year=int(last.number))
    held = rows.count(Stocks.target, ">", 0.0)
    below = rows.count(Stocks.shortfall, ">", tolerances.LEAST_FLOW)
    if below.number:
        yield say(
            "care",
            "In {last}, {below} of {held} reserves are below target.",
            below=below,
            held=held,
            last=last,
        )


def _cautioned(tables: SheetTables) -> Iterator[Sentence]:
    yield say("care", "{caution}", caution=tables.asked(Figure.CAUTION))


def _moved(tables: SheetTables) -> Iterator[Sentence]:
    yield from moved(tables.sheet(ChangedBuilds), "care")


def moved(builds: SheetRows, place: Place) -> Iterator[Sentence]:
    """Yield the plant of which most is built later or earlier than in the plan before."""
    top = builds.largest(ChangedBuilds.change)
    if top.number <= 0:
        top = builds.smallest(ChangedBuilds.change)
    row = builds.of(top)
    now, before = row.value(ChangedBuilds.now), row.value(ChangedBuilds.before)
    yield say(place, "Built for {top[year]} of {top[project]}: {now} of the plant, {before} in the"
                     " last plan.", top=top, now=now, before=before)  # fmt: skip


def _reordered(tables: SheetTables) -> Iterator[Sentence]:
    rows = tables.sheet(ChangedOrders)
    more, less = (rows.count(ChangedOrders.change, op, 0.0) for op in (">", "<"))
    yield say(
        "care",
        "Orders new or larger since the last plan: {more}; gone or smaller: {less}.",
        more=more,
        less=less,
    )


def _estimates(tables: SheetTables) -> Iterator[Sentence]:
    marked, every = (tables.asked(name) for name in (Figure.ESTIMATED_ROWS, Figure.INPUT_ROWS))
    yield say(
        "care",
        "{marked} of {every} rows of the input are marked as estimates.",
        marked=marked,
        every=every,
    )


# ---- rows and the chart --------------------------------------------------------------------------


def present_fields(table: Result, chosen: Sequence[Field]) -> tuple[Field, ...]:
    """Return the chosen fields without the optional ones that a table hasn't."""
    return tuple(f for f in chosen if not f.optional or f.name in table.data)


def rows_of(table: Result) -> list[Row]:
    """Return the rows of a table; a blank cell is None, whether read back or just made."""
    names = [f.name for f in table.fields]
    return [
        {name: None if _is_blank(value) else value for name, value in zip(names, row, strict=True)}
        for row in table.rows(*table.fields)
    ]


def _is_blank(value: Any) -> bool:
    return value is None or value != value or value == ""  # noqa: PLR0124 - NaN is a blank cell


_LEAST_BARS = 2
"""Fewest minerals in the chart: a single bar shows no more than its number."""


def chart(rows: Sequence[Row], words: Mapping[str, str]) -> Picture | None:
    """Return the chart of the largest supplier's share of purchases, without and with limits.

    It also shows its share today if the workbook says what is bought today. None if fewer than two
    minerals have a share, or if no share differs from 0.
    """
    drawn = [r for r in rows if known(r["supplier_share"]) or known(r["supplier_free_share"])]
    if len(drawn) < _LEAST_BARS:
        return None
    today = [r["supplier_today_share"] if r["today_by"] == CURRENT_SUPPLY else None for r in drawn]
    plan = "With limits" if any(known(row["supplier_free_share"]) for row in drawn) else "Plan"
    series = [
        Series("Today", Role.OTHER, today, palette.ORANGE),
        Series("Without limits", Role.FREE, [row["supplier_free_share"] for row in drawn]),
        Series(plan, Role.PLAN, [row["supplier_share"] for row in drawn]),
    ]
    shown = tuple(s for s in series if any(map(known, s.values)))
    named = tuple(short(str(row["mineral"])) for row in drawn)
    title = f"Largest supplier's share of purchases, {words['last']}"
    return Picture(title, Form.GROUPED, named, shown, "", "")
