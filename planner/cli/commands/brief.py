"""The command brief: slides about a plan and its studies, for people who decide."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import click

from planner.cli.answer import Answer, Command, Key, errors_in, finish, refuse
from planner.cli.commands import common
from planner.cli.paths import output_file, pptx_path
from planner.cli.words import line


@click.command(cls=Command)
@click.argument("file", metavar="PLAN", type=common.WORKBOOK)
@click.argument("studies", metavar="[STUDY]...", type=common.WORKBOOK, nargs=-1)
@common.output_option("Write the slides here [beside PLAN, with -brief.pptx].", "SLIDES")
@common.JSON
def brief(file: Path, studies: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Make at most six slides of a plan, with charts that can be edited.

    PLAN is a workbook from planner solve. Each STUDY workbook of the same input adds its finding to
    the slide that asks its question. With a study by sensitivity, risk or solve --under-risk, one
    more slide says how sure the plan is. Speaker notes say where each number is.

    \b
    planner brief outputs/case-plan.xlsx
    planner brief outputs/case-plan.xlsx outputs/case-stress.xlsx -o brief.pptx

    A plan that fails its own checks is refused.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are
    began = time.perf_counter()
    wanted = output or file.with_name(f"{file.stem}-brief.pptx")
    place = output_file(pptx_path(wanted), "brief")
    common.require("brief", "slides need python-pptx and Plotly, which are", "pptx", "plotly")
    from planner.render.slides import write_slides
    from planner.report.brief import brief as slides_of
    from planner.run import open_report
    from planner.workbook.plan_file import PlanFile, StudyFile
    from planner.workbook.save import save

    tell = common.progress(as_json)
    plan: PlanFile | None = None
    added: list[StudyFile] = []
    for path in (file, *studies):
        tell(f"Reading {path}")
        with errors_in(path):
            source = open_report(path)
        if isinstance(source, StudyFile) and plan is not None:
            added.append(source)
        elif isinstance(source, PlanFile) and plan is None:
            plan = source
        elif plan is None:
            refuse(f"{path} is a study: the first workbook must be a plan")
        else:
            refuse(f"{path} is a plan: all workbooks but the first must be studies")
    if plan is None:
        raise AssertionError
    slides = slides_of(plan, added)
    tell("Drawing")
    written = save(place, partial(write_slides, slides=slides, title=plan.title))
    common.report_path(place, written)
    seconds = time.perf_counter() - began
    if not as_json:
        line("Brief", f"{written}: {len(slides)} slides  ({seconds:z.1f} s)")
    answer: Answer = {
        Key.STATUS: "ok",
        Key.OUTPUT: str(written),
        "slides": [{"topic": slide.topic, "words": list(slide.words)} for slide in slides],
        Key.ERRORS: [],
        Key.WARNINGS: [],
        Key.SECONDS: round(seconds, 6),
    }
    return finish(answer, as_json=as_json)
