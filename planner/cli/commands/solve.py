"""The commands solve, watch and explain: the cheapest plan of a workbook, and its reasons."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models import errors
from models.errors import InputError, Mistakes
from planner.cli import answer, common
from planner.cli.answer import Answer, Command, Key, findings_by_severity, finish, what_if_facts
from planner.cli.common import JSON, WORKBOOK, case_options, stage_reporter
from planner.cli.words import line, show_findings, show_front, warned
from planner.options import DecimalOption, IntegerOption, Share
from planner.render import words
from planner.render.keys import AnswerKey, AnswerKeys, table_key
from planner.render.words import missing_option, terminal_safe
from planner.stops import mark_handled, raise_pending_stop

if TYPE_CHECKING:
    from models.answers.explain import Explanation
    from models.answers.least_change import LeastChange
    from models.case import Case
    from models.plan import Plan
    from planner.run import PlanRun
    from planner.scenarios.start import Start
    from planner.sheets.explain import Cells
    from planner.studies import Where
    from planner.workbook.plan_file import PlanFile


_SEED, _ALPHA = 1, 0.95
_COLLECT_AFTER_OF_PLAN = 1_000_000
"""New objects until Python collects garbage. The objects of one plan are needed until it is
written; to look for garbage among them takes a twentieth of the time of a larger plan."""


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.case_options
@click.option(
    "--solver",
    default="",
    metavar="NAME",
    help="A solver that Pyomo can find, such as gurobi, cplex or glpk [HiGHS].",
)
@click.option(
    "--time-limit",
    "seconds",
    type=DecimalOption(min=1.0),
    metavar="S",
    help="With the setting Whole projects: longest search for the best choice of projects, in"
    " seconds. Then the best plan so far is written, with its gap.",
)
@click.option(
    "--gap",
    type=Share(),
    default=0.0,
    metavar="G",
    help="With the setting Whole projects: end the search once no plan can cost less by more than"
    " this share: 0.01 is 1 % [0].",
)
@click.option(
    "--under-risk",
    is_flag=True,
    help="Make one plan for many futures, drawn from the events of the sheet Risks.",
)
@click.option(
    "--futures",
    type=IntegerOption(1, 100_000),
    metavar="N",
    help="With --under-risk: number of futures, drawn as planner risk draws them [100; 20 with"
    " the setting Whole projects].",
)
@click.option(
    "--seed",
    type=IntegerOption(0, 2**63 - 1),
    metavar="S",
    help=f"With --under-risk: seed of the draws; the same seed gives the same futures [{_SEED}].",
)
@click.option(
    "--weight",
    type=Share(),
    metavar="W",
    help="With --under-risk: weight of the CVaR of cost; the expected cost weighs 1 - W [0].",
)
@click.option(
    "--cvar",
    type=Share(),
    metavar="A",
    help=f"With --under-risk: level of the CVaR, the mean cost of the dearest 1 - A of futures"
    f" [{_ALPHA}].",
)
@common.output_option(
    "Write the plan here [outputs/<FILE's name>[-<scenario> what-if ...]-plan.xlsx].", "PLAN"
)
@common.CSV
@common.study_options
@common.VERBOSE
@common.JSON
def solve(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    variation: dict[str, Any],
    solver: str,
    seconds: float | None,
    gap: float,
    under_risk: bool,
    futures: int | None,
    seed: int | None,
    weight: float | None,
    cvar: float | None,
    output: Path | None,
    csv_folder: Path | None,
    where: Where,
    verbose: bool,
    as_json: bool,
) -> int:
    """Find the cheapest plan of a workbook and write it as a workbook.

    FILE is never changed. If the old plan is open in Excel, the new one is written beside it.

    What-ifs apply after the scenario: first all --block, then all --lose, then all --what-if.
    Options of one kind apply in the order in which you give them.

    \b
    planner solve case.xlsx --block "China:Japan:Graphite"
    planner solve case.xlsx --lose COD --what-if "scale demand; mineral=Cobalt; value=1.2"
    planner solve case.xlsx --what-if "scale capacity; country=CHN; years=2027-2030; value=70%"

    With --solver, another solver solves the Pyomo model. The planner proves that plan, too, without
    the solver.

    With --under-risk, one plan is made for many futures, drawn from the events of the sheet Risks.
    All futures build the same projects. All other decisions are the same in two futures until the
    first year in which their events differ. A second workbook, outputs/<FILE's
    name>-under-risk.xlsx, compares this plan with the plan that ignores the events. It also says
    how much could be saved if the future were known.

    \b
    planner solve case.xlsx --under-risk --futures 20 --seed 7
    planner solve case.xlsx --under-risk --weight 50% --cvar 90%

    Without --output, the plan's file name contains its scenario and what-ifs, so different cases
    have different files. An input workbook is never replaced.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    if solver and (seconds is not None or gap):
        answer.refuse("--time-limit and --gap only work with HiGHS: leave them or --solver out")
    how = {"futures": futures, "seed": seed, "weight": weight, "cvar": cvar}
    given = [name for name, value in how.items() if value is not None]
    if given and not under_risk:
        answer.refuse(f"--{given[0]} needs --under-risk")
    if under_risk and solver:
        answer.refuse("--under-risk only works with HiGHS: leave --solver out")
    if cvar is not None and not weight:
        answer.refuse("--cvar has no effect without a --weight, such as --weight 50%")
    from models.case import SearchLimits
    from planner.studies import LocalProcesses

    if not (under_risk or isinstance(where, LocalProcesses)):
        answer.refuse("--cluster needs --under-risk: a single plan is made on this machine")
    if under_risk:
        from planner.cli.study import run_study_command
        from planner.studies import STUDIES

        return run_study_command(
            STUDIES["under-risk"].kind,
            file=file,
            output=output,
            csv_folder=csv_folder,
            where=where,
            verbose=verbose,
            as_json=as_json,
            asked=variation.pop("what_ifs"),
            **variation,
            search=SearchLimits(seconds, gap),
            futures=futures,
            seed=_SEED if seed is None else seed,
            alpha=_ALPHA if cvar is None else cvar,
            weight=weight or 0.0,
        )

    def output_path(name: str = "") -> Path:
        part = common.case_part(file, variation, name)
        return common.plan_path(file, output, csv_folder, part=part)

    output_path()  # an unusable path is an error before any work is done
    click.get_current_context().call_on_close(partial(gc.set_threshold, *gc.get_threshold()))
    gc.set_threshold(_COLLECT_AFTER_OF_PLAN)
    from models.solve.highs import LISTENER, SearchProgress
    from planner.run import solve_file

    on_stage = common.stage_reporter(as_json)

    def report_search(state: SearchProgress) -> None:
        gap = f"gap {words.percent(state.gap)}" if math.isfinite(state.gap) else "no plan yet"
        on_stage(f"Choosing which projects to build, {state.seconds:z.0f} s: {gap}")

    LISTENER.set(report_search)
    run = solve_file(
        file,
        **variation,
        search=SearchLimits(seconds, gap),
        solver=solver,
        in_background=True,
        on_stage=on_stage,
    )
    target = output_path(run.plan.case.scenario)  # as the workbook spells it
    written, problem = write_run(run, target, csv_folder)
    if not as_json:
        show_plan(run, written, verbose=verbose)
    if written is not None:
        common.report_path(target, written)
    return answer.finish(plan_answer(run, written), as_json=as_json, failed=problem)


def write_run(
    run: PlanRun, target: Path, csv_folder: Path | None = None
) -> tuple[Path | None, errors.WriteError | None]:
    """Write a plan and, if a folder is named, its tables; return path and error."""
    from planner.sheets import Table, write_plan
    from planner.sheets.context import RunRecord

    # the workbook states the seconds before it is written
    timings, sheets = dict(run.seconds), dict[str, Table]()
    record = RunRecord(solver=run.solver) if run.solver else RunRecord()

    def write(path: Path) -> None:
        sheets.update(
            write_plan(
                path,
                run.plan,
                run.book,
                without_limits=run.without_limits,
                options=run.options,
                timings=timings,
                made_with=run.made_with,
                cache=run.kept,
                record=record,
            )
        )
        run.confirm()

    return common.write_workbook_and_tables(target, write, csv_folder, sheets.values, run.seconds)


def plan_keys() -> AnswerKeys:
    """Return the keys of the answer of solve, beyond those of every command that plans."""
    from models.results import ByMineral

    return (
        AnswerKey("search_gap", "gap of the search for integer projects; 0 without any"),
        AnswerKey(Key.OBJECTIVE_USD, "total cost, discounted, with penalties and priced shortage"),
        AnswerKey("purchases_usd", "cash paid, tariffs and levies included; not discounted"),
        AnswerKey("tariffs_usd", "tariffs in it"),
        AnswerKey("levies_usd", "levies in it"),
        AnswerKey("net_cost_usd", "cash less what members' treasuries receive"),
        AnswerKey(Key.TONNES, "tonnes that members buy"),
        AnswerKey("inputs_t", "tonnes of inputs that plants buy"),
        AnswerKey("shortage_t", "tonnes missing"),
        AnswerKey("served_share", "share of demand that is met"),
        AnswerKey("max_country_share", "largest share of one country, by mineral"),
        AnswerKey(
            "served_if_lost",
            "share served in the last year without a country, by mineral and country, at the"
            " `last_stage` and `through_all_stages`",
            when="with stages",
        ),
        table_key(Key.MINERALS, ByMineral),
    )


def plan_answer(run: PlanRun, output: Path | None) -> Answer:
    from planner.render.table import records
    from planner.sheets.summary import STAGES

    plan = run.plan
    return {
        Key.STATUS: plan.status,
        "search_gap": plan.proof.mip_gap,
        Key.OBJECTIVE_USD: plan.objective,
        "purchases_usd": plan.purchases,
        "tariffs_usd": plan.tariffs,
        "levies_usd": plan.levies,
        "net_cost_usd": plan.cash_cost.net,
        Key.TONNES: plan.tonnes,
        "inputs_t": plan.inputs_tonnes,
        "shortage_t": plan.shortage,
        "served_share": plan.served_share,
        Key.SCENARIO: plan.case.scenario,
        Key.WHAT_IFS: [answer.what_if_facts(what_if) for what_if in run.what_ifs],
        Key.CURRENCY: plan.case.settings.currency,
        Key.OUTPUT: None if output is None else str(output),
        "max_country_share": dict(plan.max_country_share),
        **_if_lost(plan),
        Key.FINDINGS: [each.json() for each in run.front.findings],
        Key.MINERALS: records(run.minerals),
        Key.WARNINGS: answer.findings_by_severity(run.warnings)[Key.WARNINGS],
        Key.SECONDS: {stage: round(run.seconds.get(stage, 0.0), 6) for stage in (*STAGES, "write")},
        Key.ERRORS: [],
    }


def _if_lost(plan: Plan) -> dict[str, Any]:
    """Return the share served in the last year if a country stops; {} without stages."""
    if not plan.expanded.plant_inputs:
        return {}
    keys, minerals = ("last_stage", "through_all_stages"), dict[str, Any]()
    for mineral, shares in plan.served_if_lost(plan.case.years[-1]).items():
        minerals[mineral] = {c: dict(zip(keys, both, strict=True)) for c, both in shares.items()}
    return {"served_if_lost": minerals}


# ---- terminal ------------------------------------------------------------------------------------


def show_plan(run: PlanRun, output: Path | None, *, verbose: bool = False) -> None:
    """Print the plan's first page, what is odd, and where the plan is."""
    from planner.sheets.findings import COMPARED

    last = []
    if run.warnings:
        last.append(warned(run.warnings, run.book.path))
    if not verbose and any(each.text == COMPARED for each in run.front.of("care")):
        last.append(COMPARED)
    if run.solver:
        last.append(f"Solved by {run.solver}; the proof does not use it")
    if run.trouble:
        last.append(f"Note: {run.trouble}")
    if output is not None:
        last.append(f"Plan: {output}  ({sum(run.seconds.values()):z.1f} s)")
    show_front(run.front, last, verbose=verbose)


# ---- watch ---------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", type=common.WORKBOOK)
@common.case_options
@common.output_option("Write the plan here [where planner solve writes it].", "PLAN")
@common.JSON
def watch(file: Path, variation: dict[str, Any], output: Path | None, as_json: bool) -> int:
    """Plan again each time the workbook is saved, and say what changed.

    The command writes the plan to the same file as planner solve. Three lines compare each plan
    with the one before it: cells of the workbook, minerals, flows. If the workbook has errors, they
    are listed, and the command waits for the next save. Press Ctrl-C to stop (exit code 0). With
    --json, the command prints one line of JSON per plan.

    \b
    planner watch case.xlsx
    planner watch case.xlsx --scenario Embargo
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    common.require("watch", "watch needs watchfiles, which is", "watchfiles")
    target = common.plan_path(file, output, None, part=common.case_part(file, variation))
    watched = _WatchedPlan(file, variation, target, as_json)
    from planner.workbook.save import fingerprint, watch_saves

    digest = ""
    with suppress(OSError, errors.InputError):
        digest = fingerprint(file)
    with suppress(KeyboardInterrupt):
        for _ in chain([None], watch_saves(file, digest)):
            watched.plan_again()
    mark_handled()
    if not as_json:
        click.echo(f"Ended: {words.number_of(watched.plans, 'plan')} of {file}", err=True)
    return 0


@dataclass
class _WatchedPlan:
    """What ``planner watch`` plans: the workbook, its last run and plan, the number of plans."""

    file: Path
    variation: dict[str, Any]
    target: Path
    as_json: bool
    last: tuple[PlanRun, PlanFile] | None = None
    plans: int = 0

    def plan_again(self) -> None:
        """Plan, write and show changes; an error is shown, and the command goes on."""
        try:
            self._plan_and_write()
        except errors.InputError as error:
            raise_pending_stop()
            if self.as_json:
                found = answer.findings_by_severity(error.findings)
                answer.print_json({Key.STATUS: "input_error", **found}, indent=None)
            else:
                show_findings(self.file, error.findings, err=True)
        except errors.PlannerError as error:
            raise_pending_stop()
            if isinstance(error, errors.UsageError) and not self.plans:
                raise
            if self.as_json:
                answer.print_json(answer.failure_answer("error", str(error)), indent=None)
            else:
                click.echo(f"Error: {error}", err=True)
        if not self.as_json:
            line("Watching", f"{self.file}; Ctrl-C stops")

    def _plan_and_write(self) -> None:
        """Plan the workbook, write the plan, and print it or its changes since the last."""
        from planner.run import solve_file
        from planner.workbook.read import open_plan

        on_stage = common.stage_reporter(self.as_json)
        run = solve_file(self.file, **self.variation, in_background=True, on_stage=on_stage)
        written, problem = write_run(run, self.target)
        if written is None or problem is not None:
            raise problem or errors.PlannerError(f"{self.target} was not written")
        common.report_path(self.target, written)
        plan, lines = open_plan(written), dict[str, str]()
        last, self.last, self.plans = self.last, (run, plan), self.plans + 1
        if last is not None:
            from planner.cli.commands.diff import changes
            from planner.documents.difference import compare_plans
            from planner.documents.inputs import compare_inputs

            before, old = last
            inputs = compare_inputs(old, plan, (before.book, run.book))
            lines = dict(changes(compare_plans(old, plan), inputs))
        elif not self.as_json:
            show_plan(run, written)
        if self.as_json:
            changed = {head.casefold(): text for head, text in lines.items()}
            warnings = answer.findings_by_severity(run.warnings)[Key.WARNINGS]
            ended: Answer = {Key.STATUS: run.plan.status, Key.OUTPUT: str(written)}
            ended |= {"changes": changed, Key.WARNINGS: warnings}
            answer.print_json(ended, indent=None)
            return
        if lines:
            click.echo(f"Planned at {time.strftime('%H:%M:%S')}", err=True)
        for head, text in lines.items():
            line(head, words.terminal_safe(text))


# ---- explain -------------------------------------------------------------------------------------


@click.command(cls=Command)
@click.argument("file", type=WORKBOOK)
@click.option("--mineral", metavar="NAME", help="A mineral of the sheet Minerals  [required]")
@click.option(
    "--member",
    metavar="NAME",
    help="A member of the sheet Members, by name or country  [required]",
)
@click.option("--year", type=int, metavar="Y", help="A year of the sheet Demand  [required]")
@case_options
@JSON
def explain(  # noqa: PLR0913, PLR0917 - a command has the parameters that it has
    file: Path,
    mineral: str | None,
    member: str | None,
    year: int | None,
    variation: dict[str, Any],
    as_json: bool,
) -> int:
    """Explain what a member pays for a mineral in a year, and the cause of a shortage.

    The command splits the marginal price of supply into its parts. Then it lists the binding
    limits, and how much one more unit of each limit would save. If the member has a shortage, the
    command shows the smallest change of the workbook that removes it. It writes no file.

    \b
    planner explain case.xlsx --mineral lithium --member Japan --year 2028
    planner explain case.xlsx --mineral Cobalt --member JPN --year 2030 --lose COD
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    from planner.scenarios.start import start_file

    on_stage = stage_reporter(as_json)
    start = start_file(file, **variation, on_stage=on_stage)
    cell = _spelt_cell(start.case, mineral, member, year)
    began = time.perf_counter()
    from planner.sheets import explain as words

    layout = start.book.layout
    cells = words.Cells(start.book.case, start.case, layout.known_cell, layout.unit)
    explanation, change = _explained(start, cell, cells, on_stage)
    without = _shortage_without_changes(start, cell, change, on_stage)
    if not as_json:
        for name, value in start.options.items():
            click.echo(terminal_safe(f"{name}: {value}"))
        for text in words.explained(explanation, change, cells, without):
            click.echo(terminal_safe(text))
    seconds = {"read": start.seconds, "solve": time.perf_counter() - began}
    answer = {
        Key.STATUS: "optimal",
        **words.explanation_json(explanation, change, cells),
        "short_without_what_ifs_t": without,
        Key.CURRENCY: start.case.settings.currency,
        Key.SCENARIO: start.case.scenario,
        Key.WHAT_IFS: [what_if_facts(what_if) for what_if in start.variant.what_ifs],
        Key.WARNINGS: findings_by_severity(start.book.warnings)[Key.WARNINGS],
        Key.SECONDS: {stage: round(took, 6) for stage, took in seconds.items()},
    }
    return finish(answer, as_json=as_json)


def _explained(
    start: Start, cell: tuple[str, str, int], cells: Cells, on_stage: Callable[[str], None]
) -> tuple[Explanation, LeastChange | None]:
    """Plan the case; return the explanation of a cell, and the change that ends its shortage."""
    from models.answers.explain import explain
    from models.answers.least_change import least_change
    from models.plan import solve

    on_stage("Planning")
    try:
        plan = solve(start.case)
    except InputError as error:
        raise start.input_error(error.findings) from error
    explanation = explain(plan, *cell)
    if explanation.is_short:
        on_stage("Looking for the smallest change that removes the shortage")
    return explanation, least_change(plan, *cell, cells.is_overridden)


def _shortage_without_changes(
    start: Start,
    cell: tuple[str, str, int],
    change: LeastChange | None,
    on_stage: Callable[[str], None],
) -> float | None:
    """Return the shortage without scenario and what-ifs [t], if no change ends the shortage.

    None if a change does, or if no scenario or what-if is applied.
    """
    mineral, member, year = cell
    book = start.book.case
    if change is None or change.changes or not start.options or year not in book.years:
        return None
    if mineral not in book.mineral_of or member not in book.member_of:
        return None
    from models.plan import SHORTAGE, solve

    on_stage("Planning without scenario and what-ifs")
    return solve(book).value(SHORTAGE, (mineral, member, year))


def _spelt_cell(
    case: Case, mineral: str | None, member: str | None, year: int | None
) -> tuple[str, str, int]:
    """Return the names as the workbook spells them; UsageError says what is wrong with each.

    For a missing option it lists the possible values.
    """
    from planner.scenarios.named import Named

    named, spelt, wrong = Named(case), list[str](), Mistakes()
    for selector, text, choices in (
        ("mineral", mineral, [m.name for m in case.minerals]),
        ("member", member, [m.name for m in case.members]),
    ):
        option = f"--{selector}"
        if text is None:
            wrong.lines.append(missing_option(option, choices))
            continue
        with wrong.collect(f"{option}: "):
            several = named.names(selector, text)
            spelt.append(several[0])
            if len(several) > 1 or not several[0]:
                which = f", such as {several[0]}" if several[0] else ""
                wrong.lines.append(f"{option} {text!r} names several: name one{which}")
    if year is None:
        wrong.lines.append(missing_option("--year", list(map(str, case.years))))
    elif year not in case.years:
        close = min(case.years, key=lambda y: abs(y - year), default=None)
        hint = "" if close is None else f"; did you mean {close}?"
        wrong.lines.append(f"--year {year} is not a year of the sheet Demand{hint}")
    wrong.raise_if_any()
    return spelt[0], spelt[1], year or 0
