"""Assemble the manual's pages from what the code declares: ``python -m docs.assemble``.

``docs/workbook.md`` comes from the catalogue, ``docs/mathematics.md`` from the docstrings of the
families. In other pages, the lists of keys between ``<!-- keys of NAME -->`` and ``<!-- /keys -->``
come from the declarations of answers. A test compares all with the code.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from models.checks import magnitude
from models.program import market, sourcing
from models.program.component import Columns, Rows
from models.program.families import FAMILIES
from models.schema import (
    ACTION_CELLS,
    EVENT_ACTIONS,
    SHEETS,
    CellKind,
    Column,
    EventStep,
    Project,
    Record,
    Refiner,
    ScenarioStep,
)
from models.schema.policy import MOST_DELAY, SELECTORS
from planner.cli import study
from planner.cli.answer import PLANNED, SHARED
from planner.cli.commands import solve
from planner.cli.commands.workbook import CHECK_KEYS
from planner.render.front import NAME as FRONT
from planner.render.keys import AnswerKeys, listed_keys
from planner.scenarios import ACTIONS
from planner.sheets import SHEETS as PLAN_SHEETS
from planner.sheets import front
from planner.sheets.glossary import TERMS
from planner.studies import STUDIES
from planner.workbook.archive import MOST_CELLS, MOST_PACKED

HERE = Path(__file__).parent

_RULES = (
    "Brackets say what a cell holds if its header doesn't, and what a blank cell means. A column "
    "marked * must be filled. A column marked ~ can also be given by year: "
    "`Capacity 2028 (t/yr)` holds from 2028 on. A row holds from its `First year` to its `Last "
    "year`; blank: always. A column with a unit in its header holds a number; "
    "masses can be kg, lb, t, kt or Mt. Money is in the setting `Currency`. A country is an "
    "English name, ISO2 or ISO3 code. A fraction is a number from 0 to 1, or a percentage. "
    "Minerals, members, refiners and tiers are named as in their sheets. "
    "Every sheet can have the columns `Note`, `Source` and `Grade`. Case and spaces are ignored in "
    "headers, names, settings and countries.\n\n"
    "Merged cells over a column that is read, and rows or columns of totals, are errors.\n\n"
    "The planner reads the number in a cell, however its format shows it. Hidden rows, columns "
    "and sheets are read, with a warning.\n\n"
    f"A file can have {MOST_PACKED >> 20} MB and {MOST_CELLS:,} cells, counted on each sheet from "
    "A1 to the last one. Larger and damaged files are refused, with the reason.\n"
)
_ACTION_RULES = (
    "The rows of one name apply from top to bottom. A blank selector matches all; a selector that "
    "the action does not list must be blank. *Plants* are selected by Mineral, Country, Refiner "
    "and Owner, *years* by First year and Last year. An event of the sheet Risks cannot have an "
    "action marked †, which holds for all years.\n"
)
_PLAN_RULES = (
    "Tonnes are contained metal. Money is undiscounted unless a header says otherwise. A sheet "
    "without rows is left out, but for `Shortages`: it is empty where nothing is short. The last "
    "sheet, `Glossary`, explains the terms that the plan uses. "
    "`Values`, `Duals`, `Chart data` and `Shortages` are for the screen, not for print.\n"
)
_JUMP, _MEDIAN, _OF_PRICE = magnitude.YEAR_TO_YEAR, magnitude.FROM_MEDIAN, magnitude.FROM_PRICE
_ODD, _STEADY, _ALL = magnitude.ODD_YEAR, magnitude.STEADY, magnitude.WHOLE_COLUMN
_SLIPS = f"""\
## Numbers that look wrong

`planner check` warns of numbers that probably have a wrong digit, unit or percent sign. A row gets
at most one warning. The check ignores cells of 0, least shares, and rows whose `Note` says
`{magnitude.CHECKED}`. A factor also counts downwards (1/10), unless it says more than.

| what | warning |
|---|---|
| demand of a year | {_JUMP:g} times the year before; {_ODD:g} times all other years, if those differ by a factor of at most {_STEADY:g} |
| a price or cost by year | {_JUMP:g} times the year before |
| an amount or money, except in `Current supply` | {_MEDIAN:g} times the median of its column for the same mineral; with at least {magnitude.ENOUGH} numbers |
| a capacity | more than {magnitude.OF_DEMAND:g} times all demand for the mineral in any year |
| all capacities of a mineral together | {_ALL:,.0f} times its demand |
| a price in `Contracts` or `Supports` | {_OF_PRICE:g} times the mineral's price, in all its years |
| a cap in `Share limits` or `Scenarios` | less than {magnitude.LEAST_CAP * 100:g} % |
| `Max` of a stockpile | less than its target, in t or in days |
"""  # noqa: E501 - rows of a table
_LEGEND = (
    "Made from the docstrings of the families by `python -m docs.assemble`; do not edit by "
    "hand. Indices: m mineral, j member, t year, r source (refiner or project), c country, "
    "k contract, n mine country, p project. Amounts are tonnes of contained metal, as the "
    "workbook defines it. Money is constant, in the workbook's currency.\n\n"
    "Columns and rows have the names of the sheets Values and Duals, and of LP and MPS files. "
    "*Terms* are the entries in the member's balance and in cost.\n"
)


def workbook_page() -> str:
    """Return the page on the workbook's sheets and columns."""
    parts = [
        "# The workbook, sheet by sheet\n",
        "Made from the planner's catalogue by `python -m docs.assemble`; do not edit by hand.\n",
        _RULES,
    ]
    for sheet in SHEETS:
        required = " (required)" if sheet.REQUIRED else ""
        parts.append(f"## {sheet.SHEET}{required}\n\n{sheet.MEANING}\n")
        parts.append(_columns(sheet))
    parts += [_actions(), _SLIPS, _plan_sheets()]
    return "\n".join(parts)


def _plan_sheets() -> str:
    """Return the sheets of a plan, the first page in full."""
    what, _, how = (inspect.getdoc(front) or "").partition("\n\n")
    lines = [
        "## The plan, sheet by sheet\n",
        f"{_PLAN_RULES}\n### {FRONT}\n\n{what}\n\n{how}\n\n### The sheets after it\n",
    ]
    for result in PLAN_SHEETS:
        first = " ".join((inspect.getdoc(result) or "").replace("``", "`").split()).split(". ")[0]
        lines.append(f"- `{result.TABLE}`: {first.removesuffix('.')}.")
    return "\n".join(lines) + "\n"


def _actions() -> str:
    """Return the table of what the actions of scenarios and events do."""
    lines = [
        "### Actions of a scenario or an event\n",
        _ACTION_RULES,
        "| action | does | selectors | Value |",
        "|---|---|---|---|",
    ]
    for name, action in ACTIONS.items():
        takes = ACTION_CELLS[name]
        does = (inspect.getdoc(action) or "").splitlines()[0]
        left = [f for f in SELECTORS if f not in takes.selectors]
        chosen = takes.selectors if len(left) > 1 else left
        headers = ", ".join(ScenarioStep.column_of(field).header for field in chosen)
        headers = headers.replace("First year, Last year", "years")
        headers = headers.replace("Mineral, Country, Refiner, Owner", "plants")
        if len(left) <= 1:
            headers = f"all but {headers}" if left else "all"
        bounds = takes.value or "blank"
        if takes.most <= MOST_DELAY:  # larger ones only catch slips
            bounds += f", {takes.least:g} to {takes.most:g}" if takes.value else ""
        mark = "" if name in EVENT_ACTIONS else "†"
        lines.append(f"| `{name}`{mark} | {does} | {headers} | {bounds} |")
    return "\n".join(lines) + "\n"


ALL_IF_BLANK = "A blank selector matches all."
"""What a sheet says of its selectors, so that its columns need not."""

_LIKE: dict[type[Record], type[Record]] = {EventStep: ScenarioStep, Project: Refiner}
"""Sheets that share columns with an earlier one."""


def _columns(sheet: type[Record]) -> str:
    """Return what each column of a sheet holds and means, and what a blank cell of it means."""
    like = _LIKE.get(sheet)
    shared = [c for c in sheet.columns() if like is not None and c in like.columns()]
    lines: list[str] = []
    first = ""
    for column in sheet.columns():
        marks = ("*" if column.required else "") + ("~" if column.by_year else "")
        title, meaning = f"`{column.title}`{marks}", column.meaning
        if column.field == "last_year" and first:  # one line for both years
            lines[-1] = f"- {first}, {title}"
            continue
        if meaning in {f"{word} {column.header.lower()}." for word in ("The", "Which")}:
            meaning = ""  # the header says as much
        if column not in shared:
            is_said = column.default == "all" and ALL_IF_BLANK in sheet.MEANING
            blank = f"blank: {column.default}" if column.default and not is_said else ""
            holds = "; ".join(filter(None, (_holds(column), blank)))
            held = f" ({holds})" if holds else ""
            lines.append(f"- {title}{held}{': ' * bool(meaning)}{meaning}")
        first = title if column.field == "first_year" else ""
    if like is not None:
        lines.append(f"- {', '.join(f'`{c.title}`' for c in shared)}: as in {like.SHEET}.")
    spread = {
        "years": "- `2026`, ... (blank: 0, with a warning): Tonnes in that year.",
        "members": "- a member (blank: Default freight): USD/t to that member.",
    }
    if sheet.SPREAD:
        lines.append(spread[sheet.SPREAD])
    return "\n".join(lines) + "\n"


def _holds(column: Column) -> str:
    if column.header == ScenarioStep.column_of("action").header:
        return "action (below)"
    if column.kind is CellKind.CHOICE:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    if column.refers:
        names = " or ".join(sheet.lower().removesuffix("s") for sheet in column.refers)
        return "" if column.header.lower().endswith(names) else names
    kind = str(column.kind.value).partition(" from ")[0].partition(" (")[0].removeprefix("a ")
    is_clear = {"number": "(" in column.title, "country": column.header.lower().endswith(kind)}
    return "" if is_clear.get(kind, kind == "name") else kind


def mathematics_page() -> str:
    """Return the page on the program, from the docstrings of its families."""
    parts = [
        "# The mathematics\n",
        _LEGEND,
    ]
    listed: set[str] = set()
    balance = _names(market, listed)  # first: other modules import what it declares
    for family in FAMILIES:
        module = importlib.import_module(family.model.__module__)
        text = _markdown(inspect.getdoc(family.model) or "")
        parts.append(f"## {inspect.getdoc(module)}\n\n{text}\n{_names(module, listed)}\n")
    text = _markdown(inspect.getdoc(market.balance) or "")
    parts.append(f"## Balance\n\n{text}\n{balance}\n")
    parts.append(f"## Objective\n\n{_markdown(inspect.getdoc(sourcing.objective) or '')}\n")
    return "\n".join(parts)


def _names(module: ModuleType, listed: set[str]) -> str:
    """Return the columns and rows that a module declares, as in Values and Duals, and list them."""
    lines = []
    for kind, title in ((Columns, "columns"), (Rows, "rows")):
        found = [of for of in vars(module).values() if isinstance(of, kind)]
        names = [
            f"`{of.name}({','.join(of.key)})`{('', ' [fraction]', ' [money]')[of.unit]}"
            for of in found
            if of.name not in listed
        ]
        listed.update(of.name for of in found)
        if names:
            lines.append(f"- **{title}**: {', '.join(names)}")
    return "\n".join(lines)


def _markdown(text: str) -> str:
    """Turn a docstring's formulas into display mathematics and its parts into a list."""
    out: list[str] = []
    lines = iter(text.splitlines())
    formula: list[str] = []
    for line in lines:
        if line.startswith(".. math::"):
            out += ["```math", *formula, "```"] if formula else []
            formula = [line.removeprefix(".. math::").strip()]
            continue
        if formula and line.startswith("   "):
            formula.append(line.strip())
            continue
        if formula:
            out += ["```math", *formula, "```"]
            formula = []
        head, _, rest = line.partition("  ")
        if head in {"variables", "posts", "dual", "source"}:
            title = "terms" if head == "posts" else head
            out.append(f"- **{title}**: {rest.strip()}")
        else:
            out.append(line.strip() if line.startswith("    ") else line)
    if formula:
        out += ["```math", *formula, "```"]
    return "\n".join(out)


# ---- keys of JSON, in pages that are written by hand ---------------------------------------------

_KEYS = re.compile(r"(<!-- keys of (?P<of>.+?) -->\n\n).*?(?=<!-- /keys -->)", re.DOTALL)
"""A list of keys in a page, between two comments."""


def keys_of(name: str) -> AnswerKeys:
    """Return the keys that only the answer of a command or study has, or those of many."""
    if name in STUDIES:
        return STUDIES[name].kind.ANSWER
    many = {"every check": SHARED, "every plan": PLANNED, "every study": study.KEYS}
    return (many | {"solve": solve.plan_keys(), "check": CHECK_KEYS})[name]


def with_keys(page: Path) -> str:
    """Return the text of a page with its lists of keys as declared."""

    def listed(match: re.Match[str]) -> str:
        return f"{match[1]}{listed_keys(keys_of(match['of']))}\n\n"

    return _KEYS.sub(listed, page.read_text(encoding="utf-8"))


_WITH_KEYS = [p for p in sorted(HERE.glob("*.md")) if _KEYS.search(p.read_text(encoding="utf-8"))]


def glossary_page() -> str:
    """Return the page of terms: those of the sheet Glossary."""
    terms = (f"- **{term.name}**: {term.meaning}" for term in TERMS)
    return "\n".join(("# Glossary", "", *terms, ""))


PAGES: dict[str, Callable[[], str]] = {
    "workbook.md": workbook_page,
    "mathematics.md": mathematics_page,
    "glossary.md": glossary_page,
    **{page.name: partial(with_keys, page) for page in _WITH_KEYS},
}
"""The pages that are assembled, in whole or in part."""


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
