"""The brief of a plan: at most six slides, with the sentences of the first pages.

A slide shows as many sentences as it has room for. Its notes have the others, and say where each
number is: file, sheet, column and cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models import errors, units
from models.measures import IF_IT_STOPS, sums
from models.results.field import Field, Look, Result
from models.results.members import Members
from models.results.overall import COST, ByMineral, Figure, Summary
from models.results.proof import About, ChartData, Checks
from models.results.supply import Flows, Prices, Projects
from planner.render import words
from planner.render.chart import Form, Picture, Role, Series, numbers, top
from planner.render.front import NAME as OVERVIEW
from planner.render.front import KeyFinding
from planner.render.sentences import largest_first
from planner.render.slides import Slide, has_room, is_drawable, split_by_room, with_fewer_bars
from planner.render.words import known, money, word
from planner.report import plan as report
from planner.report.study import kind_and_tables, plot_of, study_verdict
from planner.report.supply import supply
from planner.sheets.findings import answer, cautions, findings, rows_of
from planner.studies.kind import Section
from planner.workbook.findings import address
from planner.workbook.grid import Area
from planner.workbook.parts import table_places
from planner.workbook.plan_file import PlanFile, StudyFile

ANSWER, MINERALS, COSTS = "The answer", "The plan by mineral", "What it costs, and who pays"
STOPS, DECIDE, SURE = (
    "What if the largest supplier stops", "What to decide this year", "How sure it is",
)  # fmt: skip
SLIDE_OF = {
    "scorecard": MINERALS,
    "bills": COSTS, "sweep": COSTS,
    "stress": STOPS, "compare": STOPS,
    "exit": DECIDE, "support": DECIDE, "ranges": DECIDE,
    "sensitivity": SURE, "under-risk": SURE, "risk": SURE,
}  # fmt: skip
"""The slide for each kind of study; if several belong to one slide, the first is shown."""
TOO_LONG = "The names are too long for this slide. See its notes."
_MOST_BARS = 10
_BEGIN = "Begin to build in {year}, for {cost}: {plants}."
_NOTHING_TO_BUILD = "The plan begins to build no plant in {year}."
_ORDER = "Purchases in {year} cost {cost}, the largest part ({part}) in {country}."


@dataclass(frozen=True)
class _Content:
    """Sentences for a slide, the most important first, its chart, and where its numbers are."""

    topic: str
    sentences: Sequence[str]
    picture: Picture | None
    sources: Sequence[str]
    notes: Sequence[str] = field(default_factory=tuple)
    instead: str = ""
    """A figure shown if names are so long that no sentence fits."""

    def slide(self) -> Slide:
        """Return the slide, with the sentences that it has room for; the others go to its notes."""
        shown, left = split_by_room(self.topic, self.sentences)
        shown = shown or split_by_room(self.topic, (self.instead,))[0] or (TOO_LONG,)
        more = list(dict.fromkeys((*left, *self.notes)))
        notes = [" ".join((self.topic if self.topic.endswith("?") else f"{self.topic}:", *shown))]
        notes += ["Not on the slide:", *more] if more else []
        notes += ["Where each number is:", *dict.fromkeys(self.sources)]
        picture = None if self.picture is None else with_fewer_bars(self.picture)
        alt = plot_of(picture).alt if picture is not None else ""
        return Slide(self.topic, shown, picture, alt, tuple(notes))


def brief(plan: PlanFile, studies: Sequence[StudyFile] = ()) -> tuple[Slide, ...]:
    """Return the slides of a plan, with the findings of studies of the same input.

    SolverError if the plan fails its own checks, UsageError if a study is of another input.
    """
    proof, is_sound = report.verdict(plan)
    if not is_sound:
        msg = f"{plan.path} is not proven, so no brief is made of it. {proof}"
        raise errors.SolverError(msg)
    given: dict[str, list[StudyFile]] = {}
    for study in studies:
        kind, tables = kind_and_tables(study)
        theirs = tables.option(Figure.INPUT_SHA256) if About in tables else ""
        ours = word(plan.measure(Figure.INPUT_SHA256))
        if theirs and ours and theirs != ours:
            other = f"{study.path} was made from another input than {plan.path}"
            msg = f"{other}: plan and study again"
            raise errors.UsageError(msg)
        given.setdefault(SLIDE_OF.get(kind.NAME, DECIDE), []).append(study)
    order = list(SLIDE_OF)
    given.get(SURE, []).sort(key=lambda study: order.index(kind_and_tables(study)[0].NAME))
    made = {
        ANSWER: _answer(plan, proof), MINERALS: _minerals(plan), COSTS: _costs(plan),
        STOPS: _stops(plan), DECIDE: _decide(plan), SURE: _Content(SURE, (), None, ()),
    }  # fmt: skip
    contents = (_with(plan, topic, each, given.get(topic, ())) for topic, each in made.items())
    return tuple(each.slide() for each in contents if each.sentences)


_BESIDE = {MINERALS, DECIDE}


# ---- content from the plan -----------------------------------------------------------------------


def _answer(plan: PlanFile, proof: str) -> _Content:
    """Return the answer under its question, with the title of the plan if it fits."""
    question, first, _ = _reply(plan)
    said = [text for text in (first, plan.title) if text]
    topic = question if split_by_room(question, said[:1])[0] else ANSWER
    short = plan.result(ByMineral).short
    picture = report.shortfall(plan) if any(known(t) and t > 0 for t in short) else None
    scenario, years = (word(plan.measure(name)) for name in (Figure.SCENARIO, Figure.YEARS))
    about = [f"Plan: {plan.title}. {Figure.SCENARIO}: {scenario}. {Figure.YEARS}: {years}.", proof]
    return _Content(
        topic,
        said,
        picture,
        (
            *_cells(plan, ByMineral, ByMineral.demand, ByMineral.short, ByMineral.short_of_supply,
                    ByMineral.short_by_limits),
            *_measures(plan, Figure.TITLE, Figure.QUESTION, Figure.SCENARIO, Figure.YEARS),
            f"The proof: sheet {Checks.TABLE}.",
            f"File: {plan.path.name}, SHA-256 {plan.sha256}.",
        ),
        (*about, *report.notes(plan)),
    )  # fmt: skip


def _reply(plan: PlanFile) -> tuple[str, str, str]:
    """Return the question, the first sentence of its answer, and the other sentences."""
    reply = answer(plan.result(ByMineral), word(plan.measure(Figure.QUESTION)))
    if reply is None:
        return "", "", ""
    first, *further = _sentences(plan, reply.text)
    return reply.question, first, " ".join(further)


def _minerals(plan: PlanFile) -> _Content:
    _, _, worst = _reply(plan)
    found = _findings(plan)
    need = found[0].text if found else ""
    return _Content(
        MINERALS,
        [text for text in (worst, need, *cautions(plan.result(ByMineral), plan.country)) if text],
        _picture(supply(plan)),
        (
            *_cells(plan, ByMineral, ByMineral.demand, ByMineral.short, ByMineral.short_by_limits,
                    ByMineral.supplier_share, ByMineral.supplier_limit),
            *_cells(plan, Flows, Flows.mineral, Flows.country, Flows.tonnes),
        ),
        instead=found[0].number if found else "",
    )  # fmt: skip


def _costs(plan: PlanFile) -> _Content:
    """Return what the limits cost, always with the tonnes that are missing because of them."""
    found, sentences = _findings(plan), list[str]()
    notes = [text for text in (report.in_all(plan),) if text]
    if len(found) > 1:
        sentences = _sentences(plan, found[1].text)
        with_part = f"{found[1].name}: {found[1].number}. {sentences[0]}"
        if found[1].number[0].isdigit() and has_room([COSTS, with_part, *sentences[-1:]]):
            sentences[0] = with_part
        if not has_room([COSTS, *sentences]):
            sentences = [sentences[0], *sentences[-1:], *sentences[1:-1]]
        if not has_room([COSTS, *sentences[:2]]):
            notes, sentences = [*notes, *sentences], [TOO_LONG]
    picture = _picture(report.members(plan)) or _picture(report.costs(plan))
    fields = (Members.paid_a_year, Members.extra, Members.extra_shortage)
    return _Content(
        COSTS,
        sentences,
        picture,
        (
            *_cells(plan, Members, *fields),
            *_cells(plan, ByMineral, ByMineral.extra, ByMineral.purchased,
                    ByMineral.short_by_limits, ByMineral.paid),
            *_measures(plan, Figure.CASH_COST, Figure.LIMITS_COST_A_YEAR,
                       *(name for name in plan.measures if name.startswith(COST))),
        ),
        notes,
    )  # fmt: skip


def _stops(plan: PlanFile) -> _Content:
    """Return how much of the need is still met if each mineral's largest supplier stops."""
    found, sentences, left = _findings(plan), list[str](), ""
    if len(found) > 2:  # noqa: PLR2004 - the third finding
        text, _, left = found[2].text.partition(IF_IT_STOPS)
        sentences = _sentences(plan, text.strip())
        sentences.insert(1, f"{found[2].name}: {found[2].number}.")
    return _Content(
        STOPS,
        sentences,
        _left(plan),
        (*_cells(plan, ByMineral, ByMineral.supplier, ByMineral.served_without,
                 ByMineral.stage_country, ByMineral.served_through),),
        [f"{IF_IT_STOPS}{left}"] if sentences and left else [],
        found[2].number if sentences else "",
    )  # fmt: skip


def _left(plan: PlanFile) -> Picture | None:
    """Return the chart of the share of each mineral's need that is still met."""
    table = plan.result(ByMineral)
    rows = [row for row in rows_of(table) if known(row["served_without"])]
    if not rows:
        return None
    names = tuple(f"{row['mineral']}, without {plan.country(row['supplier'])}" if row["supplier"]
                  else str(row["mineral"]) for row in rows)  # fmt: skip
    title = f"Share of need still met if the largest supplier stops, {table.words['last']}"
    still_met = Series("Still met", Role.PLAN, numbers(row["served_without"] for row in rows))
    return Picture(title, Form.ROWS, names, (still_met,), "Share of need", "")


def _decide(plan: PlanFile) -> _Content:
    """Return the plants to begin in the first year, and the purchases of that year."""
    bought = plan.result(Flows).frame()
    years = [int(year) for year in bought["year"].unique()]
    built = plan.result(Projects).frame()
    begun = built[built["capex"].fillna(0.0) > 0] if len(built) else built
    years += [int(year) for year in begun["spent_in"].dropna()]
    if not years:
        return _Content(DECIDE, ("Nothing is bought or built.",), None, ())
    year = min(years)
    begun = begun[begun["spent_in"] == year]
    cost = sums(begun, "capex", "project")
    first = bought[bought["year"] == year]
    paid = sums(first.assign(country=first["country"].map(plan.country)), "total", "country")
    sentences, picture = [], None
    if cost:
        cost = {plant: amount * units.MILLION for plant, amount in cost.items()}
        total = money(sum(cost.values()), plan.currency)
        sentences.append(_BEGIN.format(year=year, cost=total, plants=largest_first(cost, str)))
        picture = _bars(plan, f"Plants to begin in {year}", cost, "{unit}")
    elif len(built):
        sentences.append(_NOTHING_TO_BUILD.format(year=year))
    if paid:
        total, country = money(sum(paid.values()), plan.currency), max(paid, key=lambda n: paid[n])
        part = money(paid[country], plan.currency)
        sentences.append(_ORDER.format(year=year, cost=total, country=country, part=part))
        picture = picture or _bars(plan, f"Purchases in {year} by country", paid, "{unit}")
    return _Content(
        DECIDE,
        sentences,
        picture,
        (
            *_cells(plan, Projects, Projects.project, Projects.capex, Projects.spent_in),
            *_cells(plan, Flows, Flows.year, Flows.country, Flows.total),
        ),
    )


def _bars(plan: PlanFile, title: str, amounts: Mapping[str, float], axis: str) -> Picture:
    chosen = top(amounts, _MOST_BARS)
    chosen.sort(key=lambda name: -amounts[name])
    if len(chosen) < len(amounts):
        title += f" (the {len(chosen)} largest of {len(amounts)})"
    series = Series("Cost", Role.PLAN, numbers(amounts[name] for name in chosen))
    picture = Picture(title, Form.ROWS, tuple(chosen), (series,), axis, "", Look.MONEY)
    return picture.in_money(plan.currency)


def _findings(plan: PlanFile) -> tuple[KeyFinding, ...]:
    years = plan.result(Prices).frame()["year"].nunique()
    return findings(plan.result(ByMineral), years, plan.country)


def _picture(section: Section | None) -> Picture | None:
    views = section.views.values() if section is not None else ()
    return next((p for drawn, _ in views for p in drawn if is_drawable(p)), None)


def _sentences(plan: PlanFile, text: str) -> list[str]:
    names = [str(name) for kind, each in _NAMES for name in plan.result(kind).data[each.name]]
    return words.sentences(text, [*names, *plan.countries.values()])


_NAMES = (
    (ByMineral, ByMineral.mineral), (Members, Members.member), (Projects, Projects.project),
)  # fmt: skip
"""Names from the input that sentences may contain."""


# ---- content from studies ------------------------------------------------------------------------


def _with(plan: PlanFile, topic: str, content: _Content, studies: Sequence[StudyFile]) -> _Content:
    """Return a slide with the finding and the chart of its first study; the notes have the rest.

    On slides in ``_BESIDE`` the finding follows the plan's sentences; on others it replaces them.
    """
    for number, study in enumerate(studies):
        kind, tables = kind_and_tables(study)
        headline = kind.headline(tables)
        figures = [f"{figure.name}: {figure.value}." for figure in headline.figures]
        name = study.path.name
        source = (
            f"{name}: the sentences in sheet {OVERVIEW}, the chart in sheet {ChartData.TABLE}, all"
            f" numbers in sheet {kind.RESULTS[0].TABLE}. SHA-256 {study.sha256}."
        )
        content = replace(content, sources=(*content.sources, source))
        if number:
            notes = (*content.notes, f"{kind.TITLE}: {headline.finding}")
            content = replace(content, notes=notes)
            continue
        drawn = (*kind.pictures(tables), *(p for section in kind.sections(tables)
                 for pictures, _ in section.views.values() for p in pictures))  # fmt: skip
        first, *further = _sentences(plan, headline.finding)
        theirs = (first, *(figures if topic == SURE else ()), *further)
        picture = next((p for p in drawn if is_drawable(p)), content.picture)
        cautions_of = (study_verdict(tables)[0], *headline.care)
        care = tuple(f"{kind.TITLE}: {text}" for text in cautions_of)
        if topic in _BESIDE:
            notes = (*content.notes, *care)
            content = replace(content, sentences=(*content.sentences, *theirs), notes=notes)
        else:
            notes, instead = (*content.sentences, *content.notes, *care), next(iter(figures), "")
            content = replace(
                content, sentences=theirs, picture=picture, notes=notes, instead=instead
            )
    return content


# ---- where numbers are ---------------------------------------------------------------------------


def _cells(plan: PlanFile, kind: type[Result], *fields: Field) -> Iterator[str]:
    """Yield where the columns of some fields are, with their cells if the sheet has a table."""
    table = plan.tables.get(kind.TABLE)
    if table is None or not len(table):
        return
    place = _places(plan).get(kind.TABLE)
    headers = [str(header) for header in table.columns]
    positions = kind.positions(headers)
    columns = []
    for position in (positions[each.name] for each in fields if each.name in positions):
        cells = ""
        if place is not None:
            column = place.left + position
            ends = (address(column, row) for row in (place.top + 1, place.bottom))
            cells = f" ({' to '.join(dict.fromkeys(ends))})"
        columns.append(f"{headers[position]}{cells}")
    if columns:
        yield f"Sheet {kind.TABLE}: {'; '.join(columns)}."


def _places(plan: PlanFile) -> dict[str, Area]:
    return {sheet: place.area for sheet, place in table_places(plan.path).items()}


def _measures(plan: PlanFile, *names: str) -> Iterator[str]:
    """Yield where some rows of Summary are."""
    place = _places(plan).get(Summary.TABLE)
    rows = {str(name): row for row, name in enumerate(plan.result(Summary).data["measure"], 1)}
    table = plan.tables.get(Summary.TABLE)
    if table is None:
        return
    positions = Summary.positions([str(header) for header in table.columns])
    cells = [
        f"{name} ({address(place.left + positions['value'], place.top + rows[name])})"
        if place is not None
        else name
        for name in map(str, names)
        if name in rows
    ]
    if cells:
        yield f"Sheet {Summary.TABLE}: {'; '.join(cells)}."
