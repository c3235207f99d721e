"""The findings of a plan: sentences whose every number is a claim on one of its sheets.

They are made from the tables alone, so a report that is made later from the saved workbook has the
same sentences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from models import schema, tolerances
from models.case import BASE
from models.measures.same_tonnes import NAMED_FROM, is_named
from models.results import (
    About,
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
from models.results.decisions import Kind
from models.results.overall import CURRENT_SUPPLY, OPTION
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, shortened
from planner.render.claims import (
    Claim,
    NoRowsError,
    Place,
    Sentence,
    SheetRows,
    SheetTables,
    collect_sentences,
    say,
)
from planner.render.words import known

Country = Callable[[str], str]
Row = dict[str, Any]
"""A row of a table by the names of its fields; None where a cell is blank."""
MET, MET_OF_ONE, EXTRA_COST, PURCHASES, LOSS, USE = (
    "Needs met in full", "Need met", ByMineral.extra_cost.header, "Cost of purchases",
    "Part of need kept without a supplier", "Missing for a use in a year",
)  # fmt: skip
"""Names of the figures."""
_MET = tolerances.MISSING_PART
"""Need counts as met if at most this fraction is missing."""


def plan_findings(tables: SheetTables) -> tuple[Sentence, ...]:
    """Return the sentences of a plan's first page, those of each part in order of importance."""
    makers = (
        _answers, _most_of_a_use, _extra_cost, _worst_loss, _met, _decided, _cautioned,
        _compared_note, _moved, _broken, _insecure, _basis, _reserve_targets, _reordered,
        _estimates,
    )  # fmt: skip
    return collect_sentences(*(partial(make, tables) for make in makers))


# ---- the answer, and three figures ---------------------------------------------------------------


def _verb(count: Claim, one: str, several: str) -> str:
    """Return the verb of a count: ``runs`` for a single mineral, otherwise ``run``."""
    return one if count.number == 1 else several


def _needed_short_over(minerals: SheetRows) -> tuple[Claim, Claim, Claim]:
    """Return how many minerals are needed, how many run short, and how many break a limit."""
    part = ByMineral.missing_share
    needed, lacking = minerals.count(part, ">=", 0.0), minerals.count(part, ">", _MET)
    if not needed.number:
        raise NoRowsError(ByMineral.TABLE)
    return needed, lacking, minerals.count(ByMineral.limits_kept, "=", "no")


def nothing_needed(minerals: SheetRows, missing_share: Field) -> Iterator[Sentence]:
    """Yield that nothing is needed; NoRowsError if the missing share of a mineral is known."""
    nothing = minerals.none(missing_share, ">=", 0.0)
    yield say("answer", "Nothing is needed in the planned years.", none=nothing)


def _met_or_missing(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    nothing = collect_sentences(partial(nothing_needed, minerals, ByMineral.missing_share))
    if nothing:
        yield from nothing
        return
    needed, lacking, breaking = _needed_short_over(minerals)
    part, one = ByMineral.missing_share, needed.number == 1
    if not lacking.number:
        if breaking.number:
            yield say("answer", f"Not within the limits: {_broken_by(breaking)}", over=breaking)
        else:
            text = "Yes: no mineral runs short."
            yield say("answer", text, none=minerals.none(part, ">", _MET))
        return
    if not one:
        text = f"No: {{short}} of {{needed}} minerals {_verb(lacking, 'runs', 'run')} short."
        yield say("answer", text, short=lacking, needed=needed)
    hardest = minerals.largest(part)
    own = minerals.where(mineral=hardest["mineral"])
    start = f"{'No: ' if one else ''}{{top}} of the need for {{top[mineral]}} is missing"
    if minerals.stands_out(hardest, part):
        start = "{top[mineral]} is hit hardest: {top} of its need is missing"
    try:
        kept = own.value(ByMineral.limits_kept), own.value(ByMineral.missing_without_limits_share)
    except NoRowsError:
        yield say("answer", f"{start}.", top=hardest, short=lacking)
        return
    free = kept[1]
    if free.number <= _MET:  # with a what-if, such as a late plant, limits aren't the only cause
        why = "but not without limits" if _is_changed_case(tables) else "because of the limits"
        yield say("answer", f"{start}, {why}.", top=hardest, short=lacking, free=free)
    elif f"{free}" == f"{hardest}":
        yield say(
            "answer", f"{start}, with limits or without.", top=hardest, short=lacking, free=free
        )
    else:
        text = f"{start}, {{free}} without limits."
        yield say("answer", text, top=hardest, short=lacking, free=free)


def _answers(tables: SheetTables) -> Iterator[Sentence]:
    """Yield the answer; a use that is short comes second, before the mineral hit hardest."""
    first, *rest = _met_or_missing(tables)
    yield first
    yield from collect_sentences(partial(_use, tables))
    yield from rest


def _use(tables: SheetTables) -> Iterator[Sentence]:
    """Yield the use that is hit hardest: one that is closed to suppliers, if such is."""
    uses = tables.sheet(Tiers)
    apart = hit_apart(uses, Tiers.share, Tiers.year, Tiers.mineral, Tiers.member)
    closed = (use for use in apart if use["closed"])
    top = next(closed, apart[0])
    if top.number > _MET:
        yield say(
            "answer",
            "Of {top[member]}'s uses of {top[mineral]} in {top[year]}, {top[tier]} is hit hardest:"
            " {top} of its need is missing."
            + (" Some suppliers are closed to it." if top["closed"] else ""),
            top=top,
        )


_A_POINT = 0.01
"""A difference of the missing share between uses that is named: less may be rounding of needs."""


def hit_apart(rows: SheetRows, share: Field, *by: Field) -> list[Claim]:
    """Return each use whose share exceeds all others with the same cells ``by``, largest first.

    Demand without a tier is a use, too, though without a name. If other uses of a member miss the
    same share, a use says no more than the member. NoRowsError without any.
    """
    uses = defaultdict[tuple[Any, ...], list[tuple[float, Any]]](list)
    for tier, part, *cells in zip(*(rows.cells(f) for f in (Tiers.tier, share, *by)), strict=True):
        if known(part):
            uses[tuple(cells)].append((float(part), tier))
    apart = {}
    for key, parts in uses.items():
        (most, tier), *others = sorted(parts, key=itemgetter(0), reverse=True)
        if tier is not None and others and most - others[0][0] > _A_POINT:
            apart[key] = most
    if not apart:
        raise NoRowsError(share.header)
    keys = sorted(apart, key=lambda key: -apart[key])
    groups = (dict(zip((f.name for f in by), key, strict=True)) for key in keys)
    return [rows.where(**group).largest(share) for group in groups]


def _most_of_a_use(tables: SheetTables) -> Iterator[Sentence]:
    """Yield the use that misses most tonnes of the answer's mineral in the answer's year."""
    named = collect_sentences(partial(_use, tables))
    if named and named[0].behind is not None:
        of = named[0].behind
        uses = tables.sheet(Tiers).where(mineral=of["mineral"], year=int(of["year"]))
        top = uses.largest(Tiers.short)
        if not top["tier"] or not uses.stands_out(top, Tiers.short):
            return
        yield say(
            "figure",
            "In {top[year]}, most {top[mineral]} is missing for {top[tier]} in {top[member]}:"
            " {top}.",
            name=USE,
            large="top",
            top=top,
        )


def _met(tables: SheetTables) -> Iterator[Sentence]:
    """Yield how much of the need is met."""
    minerals = tables.sheet(ByMineral)
    needed, _, _ = _needed_short_over(minerals)
    if needed.number == 1:
        served = minerals.where(missing_share={"not": None}).value(ByMineral.served)
        yield say(
            "figure",
            "{served} of the need for {served[mineral]} is met.",
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
    begin, end = tables.asked(Figure.FIRST_YEAR), tables.asked(Figure.LAST_YEAR)
    more = " more" if extra.number >= 0 else ""
    years = "From {first} to {last}" if begin.number < end.number else "In {last}"
    text = f"{years}, the same tonnes cost {{extra}}{more} than without share limits"
    if not few:
        yield say(
            "figure", f"{text}.", name=EXTRA_COST, large="extra", extra=extra, first=begin,
            last=end,
        )  # fmt: skip
        return
    of = minerals.count(part, ">=", NAMED_FROM)
    text += ". Only minerals of which {of[test]} or more is still bought count."
    yield say(
        "figure", text, name=EXTRA_COST, large="extra", extra=extra, of=of, first=begin, last=end
    )


def _worst_loss(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    try:
        minerals.smallest(part := ByMineral.served_through)
        supplier, also = ByMineral.stage_country, ", at any stage"
    except NoRowsError:  # no mineral is made from others
        part, supplier, also = ByMineral.served_without, ByMineral.supplier, ""
    least = minerals.where(**{supplier.name: {"not": None}}).smallest(part)
    lost = minerals.where(mineral=least["mineral"]).value(supplier)
    text = f"If {{who}} stopped selling in {{last}}{also}, {{least[mineral]}} would keep"
    if minerals.stands_out(least, part):
        text = f"{text} least of its need: {{least}}."
    else:
        text = f"{text} {{least}} of its need."
    yield say(
        "figure", text, name=LOSS, large="least", least=least, who=lost,
        last=tables.asked(Figure.LAST_YEAR),
    )  # fmt: skip


def _decided(tables: SheetTables) -> tuple[Sentence, ...]:
    return decide_now(tables.sheet(DecideNow))


# ---- what to read with care ----------------------------------------------------------------------


def _broken_by(count: Claim) -> str:
    """Return how many minerals break a share limit, as a template with the slot ``over``."""
    mineral = _verb(count, "mineral breaks", "minerals break")
    return f"{{over}} {mineral} a share limit, as its penalty allows."


def _broken(tables: SheetTables) -> Iterator[Sentence]:
    """Yield how many minerals break a share limit, if some mineral runs short as well."""
    _, lacking, breaking = _needed_short_over(tables.sheet(ByMineral))
    if lacking.number and breaking.number:
        yield say("care", _broken_by(breaking), over=breaking)


def _insecure(tables: SheetTables) -> Iterator[Sentence]:
    """Yield how many targets of the sheet Security are missed, and the one by most tonnes."""
    rows, part = tables.sheet(Security), Security.missing
    tested, missed = (rows.count(each, ">", 0.0) for each in (Security.target, part))
    if missed.number:
        top = rows.largest(part)
        several = "the most " if rows.stands_out(top, part) else "such as "
        which = "" if missed.number == 1 else several
        yield say(
            "care",
            f"{{missed}} of {{tested}} Security targets {_verb(missed, 'is', 'are')} missed,"
            f" {which}by {{top}} of {{top[mineral]}} if {{top[country]}} is lost in {{top[year]}}.",
            missed=missed,
            tested=tested,
            top=top,
        )


def _basis(tables: SheetTables) -> Iterator[Sentence]:
    minerals = tables.sheet(ByMineral)
    top = minerals.where(supplier_limit={"not": None}).largest(ByMineral.supplier_share)
    own = minerals.where(mineral=top["mineral"])
    who, limit = own.value(ByMineral.supplier), own.value(ByMineral.supplier_limit)
    last = tables.asked(Figure.LAST_YEAR)
    exceeding = top.number > limit.number + tolerances.SHOWN_SHARE
    if tables.asked(Figure.SHARE_BASIS).value != schema.DEMAND or not exceeding:
        return
    yield say(
        "care",
        "Limits are shares of demand: of {top[mineral]} bought in {last}, {who} sells {top}.",
        top=top,
        who=who,
        last=last,
    )


def _reserve_targets(tables: SheetTables) -> Iterator[Sentence]:
    last = tables.asked(Figure.LAST_YEAR)
    rows = tables.sheet(Stocks).where(year=int(last.number))
    held = rows.count(Stocks.target, ">", 0.0)
    below = rows.count(Stocks.shortfall, ">", tolerances.LEAST_FLOW)
    if below.number:
        are = _verb(below, "is", "are")
        yield say(
            "care",
            f"In {{last}}, {{below}} of {{held}} reserves {are} below target.",
            below=below,
            held=held,
            last=last,
        )


def _cautioned(tables: SheetTables) -> Iterator[Sentence]:
    """Yield the plan's caution."""
    yield say("care", "{caution}", caution=tables.asked(Figure.CAUTION))


COMPARED = "What the scenario or the what-ifs cost is not shown here: planner compare shows it."


def _compared_note(tables: SheetTables) -> Iterator[Sentence]:
    if _is_changed_case(tables):
        yield say("care", COMPARED)


def _is_changed_case(tables: SheetTables) -> bool:
    """Return whether the plan is of a scenario, or has what-ifs."""
    if not tables.get(About):
        return False
    asked = tables.sheet(About)
    names = [f"{OPTION}{name}" for name in _WHAT_IFS]
    is_base = asked.where(what=str(Figure.SCENARIO)).cells(About.value) in ([], [BASE])
    return not is_base or bool(asked.where(what=names).cells(About.value))


_WHAT_IFS = ("Block", "Lose", "What if")
"""The options of what-ifs, as the sheet About names them."""


def _moved(tables: SheetTables) -> Iterator[Sentence]:
    yield from moved_build(tables.sheet(ChangedBuilds), "care")


def moved_build(builds: SheetRows, place: Place) -> Iterator[Sentence]:
    """Yield the plant of which most is built later or earlier than in the plan before."""
    top = builds.largest(ChangedBuilds.change)
    if top.number <= 0:
        top = builds.smallest(ChangedBuilds.change)
    row = builds.row_of(top)
    now, before = row.value(ChangedBuilds.now), row.value(ChangedBuilds.before)
    yield say(place, "Built for {top[year]} of {top[project]}: {now} of the plant, {before} in the"
                     " last plan.", top=top, now=now, before=before)  # fmt: skip


def _reordered(tables: SheetTables) -> Iterator[Sentence]:
    """Yield how many orders are larger or smaller than in the last plan."""
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
        f"{{marked}} of {{every}} rows of the input {_verb(marked, 'is', 'are')} marked as"
        " estimates.",
        marked=marked,
        every=every,
    )


# ---- rows and the chart --------------------------------------------------------------------------


def result_rows(table: Result) -> list[Row]:
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


def supplier_chart(rows: Sequence[Row], words: Mapping[str, str]) -> Picture | None:
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
    named = tuple(shortened(str(row["mineral"])) for row in drawn)
    title = f"Largest supplier's share of purchases, {words['last']}"
    return Picture(title, Form.GROUPED, named, shown, "", "")


# ---- what to decide now: the costliest decisions -------------------------------------------------


_KINDS: tuple[Mapping[Kind, str], ...] = (
    {Kind.BEGIN: "begin {top[what]} ({top[mineral]})"},
    {
        Kind.CONTRACT: "buy {top[mineral]} for {top[member]} from {top[what]} under its"
        " {top[decision]}",
        Kind.FILL: "put {top[mineral]} into the stockpile of {top[member]}",
        Kind.DRAW: "draw {top[mineral]} from the stockpile of {top[member]}",
    },
    {Kind.BUY: "buy {top[mineral]} for {top[member]} from {top[what]}"},
)
"""Each kind of decision in words; of the kinds in one entry only the costliest is named."""
_PART, _TONNES = "{amount} of ", "{amount} {top[unit]} of "
_ALL_SHEET = f"All {{count}} decisions: sheet {DecideNow.TABLE}."


def decide_now(rows: SheetRows, base: str = "", *, is_one: bool = True) -> tuple[Sentence, ...]:
    """Return the costliest decision of each kind: plants to begin, contracts, purchases.

    ``rows`` are those of a sheet Decide now. If they are compared with another plan, ``base`` is
    that plan in words, and each sentence has the amount in both. With ``is_one`` the rows are of a
    single plan, and its name is not shown.
    """
    case = "" if is_one else "In {top[case]}: "
    made = [partial(_costliest, rows, words, base, case) for words in _KINDS]
    return collect_sentences(*made, partial(_count_of_decisions, rows))


def _count_of_decisions(rows: SheetRows) -> Iterator[Sentence]:
    """Yield how many decisions there are; a page that names all of them leaves it out."""
    yield say("decide", _ALL_SHEET, count=rows.count(DecideNow.amount, ">=", 0.0))


def _costliest(
    rows: SheetRows, words: Mapping[Kind, str], base: str, case: str
) -> Iterator[Sentence]:
    """Yield the costliest decision of some kinds; ``case`` begins its sentence.

    A decision of the other plan that is dropped has the amount 0.
    """
    of_kind = rows.where(decision=[*map(str, words)])
    costliest = of_kind.largest(DecideNow.cost)
    row, kind = of_kind.row_of(costliest), Kind(costliest["decision"])
    now, amount_words = row.value(DecideNow.amount), _PART if kind is Kind.BEGIN else _TONNES
    claims: dict[str, Any] = {"top": costliest, "amount": now}
    (verb, rest), end = words[kind].split(" ", 1), ""
    if base:
        claims["before"] = row.value(DecideNow.before)
        unit = "" if kind is Kind.BEGIN else " {top[unit]}"
        end = f", {{before}}{unit} in {base}"
    elif costliest.number:  # what is drawn from a stockpile costs nothing
        end = ": {top}"
    if verb == costliest["decision"] and (case or not now.number):
        verb = "{top[decision]}"  # the word of the row itself
    if not now.number:
        verb, amount_words = f"do not {verb}", ""
    elif kind is Kind.BEGIN and not base and now.number >= 1 - tolerances.SAME_SHARE:
        amount_words = ""  # the whole plant
    start = case + verb if case else verb[0].upper() + verb[1:]
    yield say("decide", f"{start} {amount_words}{rest} in {{top[year]}}{end}.", **claims)
