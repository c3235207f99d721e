"""The brief of a plan: at most six slides, with the sentences of the first pages.

A slide shows as many sentences as it has room for. Its notes have the others, and name the sheets
that have the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models import errors
from models.measures import IF_IT_STOPS, sums
from models.results.decisions import DecideNow, Kind
from models.results.field import Format, Result
from models.results.members import Members
from models.results.overall import ByMineral, Figure, Summary
from models.results.proof import About, ChartData, Checks
from models.results.supply import Flows, Projects
from planner.render import words
from planner.render.chart import Form, Picture, Role, Series, series_values, top
from planner.render.front import NAME as OVERVIEW
from planner.render.slides import Slide, is_drawable, split_by_room, with_fewer_bars
from planner.render.words import known, word
from planner.report import plan as report
from planner.report.page import kind_and_tables, plot_of, study_verdict
from planner.sheets.findings import EXTRA_COST, LOSS, MET, MET_OF_ONE, PURCHASES, result_rows
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
        notes += ["Where the numbers are:", *dict.fromkeys(self.sources)]
        picture = None if self.picture is None else with_fewer_bars(self.picture)
        alt = plot_of(picture).alt if picture is not None else ""
        return Slide(self.topic, shown, picture, alt, tuple(notes))


def brief(plan: PlanFile, studies: Sequence[StudyFile] = ()) -> tuple[Slide, ...]:
    """Return the slides of a plan, with the findings of studies of the same input.

    SolverError if the plan fails its own checks, UsageError if a study is of another input.
    """
    proof, is_sound = report.proof_verdict(plan)
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
    topics = list(SLIDE_OF)
    given.get(SURE, []).sort(key=lambda study: topics.index(kind_and_tables(study)[0].NAME))
    made = {
        ANSWER: _answer_slide(plan, proof), MINERALS: _minerals_slide(plan), COSTS: _costs(plan),
        STOPS: _stops(plan), DECIDE: _decide(plan), SURE: _Content(SURE, (), None, ()),
    }  # fmt: skip
    contents = (
        _with_study(plan, topic, each, given.get(topic, ())) for topic, each in made.items()
    )
    return tuple(each.slide() for each in contents if each.sentences)


_BESIDE = {MINERALS, DECIDE}


# ---- content from the plan -----------------------------------------------------------------------


def _answer_slide(plan: PlanFile, proof: str) -> _Content:
    """Return the answer under its question, with the title of the plan if it fits."""
    front = report.first_page_of_plan(plan)
    texts = [*(each.text for each in front.of("answer")), plan.title]
    topic = front.question if split_by_room(front.question, texts[:1])[0] else ANSWER
    short = plan.result(ByMineral).short
    several = sum(known(each) and each > 0 for each in short) > 1
    picture = _drawable(
        *(report.charts(plan).get("shortage", ()) if several else ()), *front.pictures
    )
    scenario, years = (word(plan.measure(name)) for name in (Figure.SCENARIO, Figure.YEARS))
    about = [f"Plan: {plan.title}. {Figure.SCENARIO}: {scenario}. {Figure.YEARS}: {years}.", proof]
    return _Content(
        topic,
        texts,
        picture,
        _sheets(plan, ByMineral, Summary, Checks),
        (*about, *report.report_notes(plan)),
    )


def _sheets(plan: PlanFile, *kinds: type[Result]) -> tuple[str]:
    """Return which sheets of which file have the numbers of a slide."""
    sheets = words.listed(kind.TABLE for kind in kinds)
    return (f"{plan.path.name}, SHA-256 {plan.sha256}: {sheets}.",)


def _figure_sentences(plan: PlanFile, *names: str) -> list[str]:
    """Return the sentences of figures, with those that the first page has no room for."""
    return [each.text for each in report.first_page_of_plan(plan).sentences if each.name in names]


def _minerals_slide(plan: PlanFile) -> _Content:
    front = report.first_page_of_plan(plan)
    hardest, warnings = front.of("answer")[1:], front.of("care")
    return _Content(
        MINERALS,
        [*_figure_sentences(plan, MET, MET_OF_ONE), *(each.text for each in (*hardest, *warnings))],
        _drawable(*report.charts(plan).get("supply", ())),
        _sheets(plan, ByMineral, Flows),
    )


def _costs(plan: PlanFile) -> _Content:
    """Return what the limits cost."""
    notes = [text for text in (report.in_all(plan),) if text]
    costs, _ = report.costs_section(plan).view
    picture = _drawable(*report.charts(plan).get("payers", ()), *costs)
    return _Content(
        COSTS,
        _figure_sentences(plan, EXTRA_COST, PURCHASES),
        picture,
        _sheets(plan, Members, ByMineral, Summary),
        notes,
    )


def _stops(plan: PlanFile) -> _Content:
    """Return how much of the need is still met if each mineral's largest supplier stops."""
    return _Content(
        STOPS,
        _figure_sentences(plan, LOSS),
        _left(plan),
        _sheets(plan, ByMineral),
        [IF_IT_STOPS],
    )


def _left(plan: PlanFile) -> Picture | None:
    """Return the chart of the share of each mineral's need that is still met."""
    table = plan.result(ByMineral)
    rows = [row for row in result_rows(table) if known(row["served_without"])]
    if not rows:
        return None
    who = plan.country_name
    names = tuple(f"{row['mineral']}, without {who(row['supplier'])}" if row["supplier"]
                  else str(row["mineral"]) for row in rows)  # fmt: skip
    title = f"Share of need still met if the largest supplier stops, {table.words['last']}"
    still_met = Series("Still met", Role.PLAN, series_values(row["served_without"] for row in rows))
    return Picture(title, Form.ROWS, names, (still_met,), "Share of need", "")


def _decide(plan: PlanFile) -> _Content:
    """Return what to decide in the first year: the costliest rows of the sheet Decide now."""
    rows = plan.result(DecideNow).frame()
    rows["country"] = [plan.country_name(code) if code else "" for code in rows["country"]]
    begun, bought = (rows[rows["decision"] == kind] for kind in (Kind.BEGIN, Kind.BUY))
    year = plan.result(About).option(Figure.FIRST_YEAR) or "the first year"
    title, cost = f"Capital of the plants to begin in {year}", sums(begun, "cost", "what")
    if len(cost) == 1 or not cost:
        title, cost = f"Cost of purchases in {year}, by country", sums(bought, "cost", "country")
    texts = [each.text for each in report.first_page_of_plan(plan).of("decide")]
    return _Content(
        DECIDE,
        texts or ["Nothing is decided this year."],
        _bars(plan, title, cost, "{unit}") if len(cost) > 1 else None,
        _sheets(plan, DecideNow),
    )


def _bars(plan: PlanFile, title: str, amounts: Mapping[str, float], axis: str) -> Picture:
    """Return bars of the largest amounts; the title says how many there are."""
    chosen = top(amounts, _MOST_BARS)
    chosen.sort(key=lambda name: -amounts[name])
    if len(chosen) < len(amounts):
        title += f" (the {len(chosen)} largest of {len(amounts)})"
    series = Series("Cost", Role.PLAN, series_values(amounts[name] for name in chosen))
    picture = Picture(title, Form.ROWS, tuple(chosen), (series,), axis, "", Format.MONEY)
    return picture.in_money(plan.currency)


def _drawable(*pictures: Picture) -> Picture | None:
    """Return the first chart that a slide can show, None if there is none."""
    return next(filter(is_drawable, pictures), None)


def _sentences(plan: PlanFile, text: str) -> list[str]:
    names = [str(name) for kind, each in _NAMES for name in plan.result(kind).data[each.name]]
    return words.split_sentences(text, [*names, *plan.countries.values()])


_NAMES = (
    (ByMineral, ByMineral.mineral), (Members, Members.member), (Projects, Projects.project),
)  # fmt: skip
"""Names from the input that sentences may contain."""


# ---- content from studies ------------------------------------------------------------------------


def _with_study(
    plan: PlanFile, topic: str, content: _Content, studies: Sequence[StudyFile]
) -> _Content:
    """Return a slide with the finding and the chart of its first study; the notes have the rest.

    On slides in ``_BESIDE`` the finding follows the plan's sentences; on others it replaces them.
    """
    for number, study in enumerate(studies):
        kind, tables = kind_and_tables(study)
        front = kind.front(tables, "")
        figures = [f"{figure.name}: {figure.number}." for figure in front.of("figure")]
        texts = [each.text for each in front.of("answer")]
        name = study.path.name
        source = (
            f"{name}: the sentences in sheet {OVERVIEW}, the chart in sheet {ChartData.TABLE}, all"
            f" numbers in sheet {kind.RESULTS[0].TABLE}. SHA-256 {study.sha256}."
        )
        content = replace(content, sources=(*content.sources, source))
        if number:
            notes = (*content.notes, f"{kind.TITLE}: {' '.join(texts)}")
            content = replace(content, notes=notes)
            continue
        drawn = (*kind.pictures(tables), *(p for section in kind.sections(tables)
                 for p in section.view[0]))  # fmt: skip
        first, *further = [part for text in texts for part in _sentences(plan, text)]
        theirs = (first, *(figures if topic == SURE else ()), *further)
        picture = _drawable(*drawn) or content.picture
        cautions_of = (study_verdict(tables)[0], *(each.text for each in front.of("care")))
        warnings = tuple(f"{kind.TITLE}: {text}" for text in cautions_of)
        if topic in _BESIDE:
            notes = (*content.notes, *warnings)
            content = replace(content, sentences=(*content.sentences, *theirs), notes=notes)
        else:
            notes, instead = (
                (*content.sentences, *content.notes, *warnings),
                next(iter(figures), ""),
            )
            content = replace(
                content, sentences=theirs, picture=picture, notes=notes, instead=instead
            )
    return content
