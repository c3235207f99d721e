"""Ranges: the least and the most that the coalition could buy from each supplier.

The plans compared cost at most a little more cash for a mineral, and have no more shortage in any
year. If least and most differ, the purchase can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click
import pandas as pd

from models import tolerances
from models.answers.ranges import BY_COUNTRY, BY_PROJECT, BY_REFINER, Range, ranges
from models.case import Case
from models.measures import ratio
from models.results import Field, Result, ShareLimits, field
from models.results.common import COUNTRY, MINERAL, UNDISCOUNTED, words_of
from planner.options import CAP_HELP, Share
from planner.render.chart import Form, Picture, Role, Series, series_values, shortened
from planner.render.claims import Sentence, say
from planner.render.keys import AnswerKey, table_key
from planner.render.table import with_number
from planner.render.words import counted, few, share_words
from planner.studies.engine import Run, Study
from planner.studies.kind import TROUBLE, Numbers, StudyKind, Tables

if TYPE_CHECKING:
    from planner.scenarios.start import Start

CHANGES, FIXED, UNKNOWN = "yes", "no", "not known"
"""Values of the column Can it change."""
YES = "yes"
"""Value of the column Main supplier."""
POINT = 0.01
"""A purchase is fixed if its least and most differ by less than this fraction of demand."""
SLACK, _OF_CASH = "Slack", " of each mineral's cash"
"""The row of About with the most extra cash, and how its value ends."""
_BY = "By"
"""The row of About that says what counts as a supplier."""
_MOST_NAMED = 3


# ---- tables --------------------------------------------------------------------------------------


def _of_demand(header: str, meaning: str) -> Field:
    """Return a declared column of a share of the coalition's demand."""
    return field.share(header, f"{meaning} / the coalition's demand, all years.")


class Ranges(Result):
    """Purchases from each supplier over all years: as planned, the least and the most.

    The least and the most come from separate plans. Each costs at most the slack more cash for the
    mineral, and has no more shortage in any year. Two suppliers cannot both be at their least.
    """

    TABLE, GRAIN, BOOK = "Ranges", ("mineral", "country", "supplier"), "ranges"
    mineral = MINERAL
    supplier = ShareLimits.supplier.like(
        names=None, meaning="A country, or a plant with --by refiner and --by project."
    )
    country = COUNTRY.like(meaning="Where the supplier is.")
    now = field.tonnes("Now", "What is bought as planned.")
    least = field.tonnes("Least", "The least that could be bought within the slack.")
    most = field.tonnes("Most", "The most that could be bought within the slack.")
    now_share = _of_demand("Share of demand in the plan", "What is bought as planned")
    least_share = _of_demand("Least possible share", "The least within the slack")
    most_share = _of_demand("Largest possible share", "The most within the slack")
    free = _of_demand("Share could fall by", "Tonnes now minus the least")
    slack = field.money(
        "Extra cash a year",
        "The extra cash that each of these plans may cost, for the mineral and those made from or"
        f" into it. {UNDISCOUNTED}",
        optional=True,
    )
    main = field.text(
        "Main supplier", f"{YES}: no other row of the mineral sells more.", optional=True
    )
    verdict = field.text(
        "Can it change",
        f"{CHANGES}: least and most differ by at least one percentage point of demand. {FIXED}:"
        f" they differ by less. {UNKNOWN}: the search for the least or the most failed.",
    )


def ranges_table(ranges_found: Sequence[Range], case: Case, by: str) -> Ranges:
    """Return the table: minerals in the case's order, the largest seller first."""
    position_of = {m.name: i for i, m in enumerate(case.minerals)}
    rows, seen = list[dict[str, object]](), set[str]()
    for r in sorted(ranges_found, key=lambda r: (position_of[r.mineral], -r.now, -(r.most or 0.0))):
        demand = sum(case.coalition_demand(r.mineral, y) for y in case.years)
        need, verdict = r.base or demand, UNKNOWN
        ends = {end: getattr(r, end) for end in ("now", "least", "most")}
        shares = {f"{end}_share": t if t is None else ratio(t, need) for end, t in ends.items()}
        if r.least is not None and r.most is not None:
            verdict = CHANGES if r.most - r.least >= POINT * need else FIXED
        named = {"supplier": _supplier_name(r, case, by), "verdict": verdict}
        if r.now > 0 and r.mineral not in seen:
            named["main"] = YES
            seen.add(r.mineral)
        if r.least is not None:
            shares["free"] = ratio(r.now - r.least, need)
        rows.append({**vars(r), **shares, **named})
    return Ranges.of_rows(rows, words=words_of(case))


def _supplier_name(supplier: Range, case: Case, by: str) -> str:
    if by == BY_REFINER and supplier.project:
        return f"{supplier.project} (project)"
    return supplier.project or supplier.refiner or case.country_name(supplier.country)


# ---- charts and words, made from the tables alone ------------------------------------------------


def _bars(title: str, names: Iterable[str], rows: pd.DataFrame) -> Picture:
    """Return bars of what must be bought, what is bought by choice, and what more could be."""
    now, least, most = (rows[f"{end}_share"] for end in ("now", "least", "most"))
    series = (
        Series("The least that must be bought", Role.PLAN, series_values(least.clip(0.0))),
        Series(
            "Bought in the plan by choice", Role.REPLANNED, series_values((now - least).clip(0.0))
        ),
        Series("Could be bought in addition", Role.POSSIBLE, series_values((most - now).clip(0.0))),
    )
    axis = "Share of coalition demand, all years"
    return Picture(title, Form.BARS, tuple(map(shortened, names)), series, axis, "")


def _who(tables: Tables) -> str:
    """Return what the table's rows are: with projects alone, other suppliers may sell more."""
    return BY_PROJECT if tables.option(_BY) == BY_PROJECT else "supplier"


def _freest(tables: Tables) -> Iterator[Sentence]:
    """Yield the supplier whose share could fall most."""
    fields, who = Ranges, _who(tables)
    if fields not in tables:
        text = f"The workbook is without a {who} that could sell what is needed."
        yield say("answer", text)
        return
    rows, asked = tables.sheet(fields), tables.asked(SLACK)
    if max(tables[fields].now) <= tolerances.LEAST_FLOW:
        none = rows.none(fields.now, ">", tolerances.LEAST_FLOW)
        yield say("answer", f"No {who} sells to the coalition in this plan.", none=none)
        most = rows.largest(fields.most_share)
        if most.number >= POINT:
            text = "For {slack} more, {most[supplier]} could sell most: {most} of the demand for"
            yield say("answer", f"{text} {{most[mineral]}}.", most=most, slack=asked)
        return
    most = rows.largest(fields.free)
    if most.number < POINT:
        none = rows.none(fields.free, ">=", POINT)
        text = f"For {{slack}} more, no {who}'s share of demand could fall by a percentage point."
        yield say("answer", text, none=none, slack=asked)
        return
    row = rows.row_of(most)
    text = (
        "For {slack} more, {top[supplier]}'s share of the demand for {top[mineral]} could fall"
        " most: from {now} to {least}."
    )
    ends = row.value(fields.now_share), row.value(fields.least_share)
    yield say("answer", text, top=most, now=ends[0], least=ends[1], slack=asked)
    yield say("figure", "That is {cash} more cash a year for {top[mineral]}, its inputs and its"
                        " products.", name=fields.slack.header, large="cash",
              cash=row.value(fields.slack), top=most)  # fmt: skip


def _fixed(tables: Tables) -> Iterator[Sentence]:
    """Yield the main supplier with the largest share of those whose share can hardly change."""
    fields = Ranges
    most = tables.sheet(fields).where(main=YES, verdict=FIXED).largest(fields.now_share)
    if most.number >= POINT:
        text = "{top[supplier]}'s share of the demand for {top[mineral]} stays within a percentage"
        yield say("answer", f"{text} point of {{top}}.", top=most)


def _free_and_fixed(tables: Tables) -> Iterator[Sentence]:
    """Yield of how many minerals the main supplier could sell less, and of how many it is fixed."""
    fields, rows, who = Ranges, tables.sheet(Ranges).where(main=YES), _who(tables)
    free, fixed = rows.count(fields.free, ">=", POINT), rows.count(fields.verdict, "=", FIXED)
    if free.number:
        text = f"Minerals whose main {who} could sell less, by a percentage point of demand:"
        name = f"Main {who} could sell less"
        yield say("figure", f"{text} {{free}}.", name=name, large="free", free=free)
    if fixed.number:
        text = f"Minerals whose main {who}'s share is fixed to within a percentage point:"
        name = f"Main {who} is fixed"
        yield say("figure", f"{text} {{fixed}}.", name=name, large="fixed", fixed=fixed)


def _warnings(tables: Tables) -> Iterator[Sentence]:
    rows = tables.sheet(Ranges)
    unknown = rows.count(Ranges.verdict, "=", UNKNOWN)
    if unknown.number:
        yield say("care", "Suppliers whose range is not known: {count}.", count=unknown)
    if len(rows) > 1:
        yield say("care", f"Each {_who(tables)} moves by itself: they cannot fall together.")


# ---- the kind ------------------------------------------------------------------------------------


class RangesStudy(StudyKind):
    """Find the least and the most that each supplier could sell at nearly the plan's cost.

    For each mineral and supplier, the study finds the least and the most tonnes that the coalition
    could buy over all years. The mineral's cash cost may rise by at most the slack, and shortage
    may not rise in any year. Suppliers are countries, refiners or projects. Builds stay as planned,
    except with --by project.

    \b
    planner ranges case.xlsx
    planner ranges case.xlsx --slack 5% --by refiner
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "ranges", "Ranges", "ranges"
    HEADING = "{what_is_studied}: {plan}"
    QUESTION = "Where could we buy differently at almost no extra cost?"
    RESULTS = (Ranges,)
    ANSWER = (
        AnswerKey("slack", "the fraction of a mineral's cost that may be added", "slack"),
        AnswerKey("by", "whose sales vary, as asked", "by"),
        table_key("ranges", Ranges),
        *TROUBLE,
    )
    SHOWN = (
        Ranges.mineral, Ranges.supplier, Ranges.now_share, Ranges.least_share, Ranges.most_share,
        Ranges.verdict,
    )  # fmt: skip
    TOPICS = _freest, _fixed, _free_and_fixed, _warnings
    LIMIT = CAP_HELP
    OPTIONS = (
        click.option(
            "--slack",
            type=Share(),
            default=0.01,
            metavar="S",
            help="How far a mineral's cash cost may rise above the plan's, as a fraction [0.01].",
        ),
        click.option(
            "--by",
            type=click.Choice([BY_COUNTRY, BY_REFINER, BY_PROJECT]),
            default=BY_COUNTRY,
            help="What counts as a supplier [country]. With project, the plants built for the"
            " mineral may change.",
        ),
    )

    def __init__(self, start: Start, *, slack: float, by: str) -> None:
        super().__init__(start)
        self.slack, self.by = slack, by
        self.task = f"the case, then ranges of {counted(len(start.case.minerals), 'mineral')}"

    def study(self) -> Study[tuple[Range, ...]]:
        """Return a run for each mineral, which finds its suppliers' ranges."""
        names = [m.name for m in self.start.case.minerals]
        read = partial(ranges, slack=self.slack, by=self.by)
        runs = ((Run(name, read=partial(read, mineral=name)),) for name in names)
        return Study(self.start.case, tuple(runs), read)

    @property
    def found(self) -> list[Range]:
        return [r for outcome in self.outcomes for r in outcome.result or ()]

    @property
    def trouble(self) -> str:
        case = self.start.case
        missing = [r for r in self.found if r.least is None or r.most is None]
        names = few([f"{_supplier_name(r, case, self.by)} ({r.mineral})" for r in missing])
        return f"no range is known for {names}: no proven plan" if missing else ""

    @property
    def what_is_studied(self) -> str:
        return f"Purchases that could change for {share_words(self.slack)} more cash, by {self.by}"

    @property
    def options(self) -> dict[str, str]:
        within = f"{share_words(self.slack)}{_OF_CASH}"
        built = "free within the budget" if self.by == BY_PROJECT else "as planned"
        asked = {SLACK: within, "Kept": "no more shortage in any year", _BY: self.by}
        return {**asked, "What is built": built, **self.start.options}

    def tables(self) -> list[Result]:
        return [ranges_table(self.found, self.start.case, self.by)]

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def main_table(cls, tables: Tables) -> Numbers | None:
        """Return each mineral's largest suppliers."""
        if Ranges not in tables:
            return None
        table = tables[Ranges]
        rank, is_bought = table.frame().groupby("mineral", sort=False).cumcount(), any(table.now)
        kept = [
            (now > 0 or not is_bought) and i < _MOST_NAMED
            for now, i in zip(table.now, rank, strict=True)
        ]
        return Numbers(table.where(kept), cls.SHOWN)

    @classmethod
    def table_note(cls, tables: Tables) -> str:
        return (
            f"For each mineral its {_who(tables)}s by tonnes; shares of its demand, all years."
            f" Possible: for {tables.option(SLACK).removesuffix(_OF_CASH)} more cash, with no more"
            " missing."
        )

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        rows = with_number(tables[Ranges].frame(), "now_share")
        rows = rows.astype({f"{end}_share": float for end in ("now", "least", "most")})
        first = rows[rows["now_share"] > 0].drop_duplicates("mineral")
        if first.empty:
            return ()
        names = [f"{m}: {s}" for m, s in zip(first["mineral"], first["supplier"], strict=True)]
        title = f"How far each mineral's largest {_who(tables)} could vary, {tables.years}"
        return (_bars(title, names, first),)
