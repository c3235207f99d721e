"""Removes some members' orders, stocks, contracts and prices from a plan's workbook.

The workbook is written again from its tables, so that no part of it keeps removed content. Totals
stay unless they reveal the figures of a single member. First page and charts are removed: what
their sentences and shares reveal cannot be controlled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from models import case, errors, schema
from models.results.field import Field, Name, spread_header
from models.results.members import Members
from models.results.overall import COUNTED_IN, HHI_BY, OPTION, ByMineral, Figure, Scorecard, Summary
from models.results.proof import Checks
from models.results.supply import Contracts, Prices, Stocks
from planner.audit.accounts import AccountRow, AccountSheet, sheet_of
from planner.audit.file import PYTHON, TIME, PlanSheets
from planner.audit.intervals import PROTECTION, Withheld, withheld
from planner.audit.salt import new_salt, salted
from planner.render.table import COALITION_BUYER, Cell, Table
from planner.render.xlsx import write_workbook
from planner.workbook.countries import country_code, country_words, member_meant
from planner.workbook.parts import cell_formats
from planner.workbook.plan_file import REDACTED, SUMMARY

OTHERS, WITHHELD, GONE = "Others (redacted)", "Withheld (redacted)", "(redacted)"
"""Labels: of a row for several members, of a row without figures, of a text that named a member."""
OF_A_MEMBER = "N-1, demand of the others"
"""The score that depends on the demand of a single country's members."""

_OF_THE_RUN = {
    Figure.TITLE, Figure.QUESTION, Figure.SCENARIO, Figure.STATUS, Figure.YEARS, Figure.PRICE_YEAR,
    Figure.MINERALS, Figure.ESTIMATES,
    Figure.MEMBERS, Figure.SHARE_BASIS, Figure.WHOLE_PROJECTS, Figure.CARRY_OVER_BUDGET,
    Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER, Figure.SOLVER, PYTHON, Figure.WRITTEN,
}  # fmt: skip
"""Measures of Summary that reveal nothing about purchases, demand or stocks."""
_OF_MONEY = (Figure.PURCHASES_COST, Figure.COST_PER_TONNE)
"""Measures of Summary on total payments; the reader's linear program accounts for them."""
_OF_SUMS = (
    *_OF_MONEY, COUNTED_IN, Figure.DEMAND, Figure.TONNES, Figure.SHORTAGE, Figure.SERVED_SHARE,
    Figure.IF_IT_STOPS,
    ByMineral.country.header, ByMineral.limit.header, ByMineral.years_at_limit.header,
    "Binding limits on other suppliers", HHI_BY,
    ByMineral.short_of_supply.header, ByMineral.short_by_limits.header,
    "Shadow price: ",
)  # fmt: skip
"""First words of measures of Summary that reveal no more than the sums in the reader's program, or
that are about another plan. All other measures are removed: cash, penalties, holding cost and the
cost of limits are sums with a different weight for each member."""
_SUPPLY = {
    Name.COUNTRY, Name.REFINER, Name.PROJECT, Name.MINERAL, Name.SUPPLIER, Name.MEMBER, Name.BUYER,
}  # fmt: skip
_CLASSES = {"unit", "kind", "group", "check", "sheet", "column"}
"""Names and fields of suppliers and minerals: there a country stays, also if it is a member."""
_FREE = ("note", "source")
"""Fields of the input with free text, in which no pattern finds every name. Those of the scorecard
are written by the planner."""
_WITH_INPUTS = (Prices.landed, Members.paid_a_year, Members.paid, Members.extra, Members.dearer)
"""Payments of remaining members that include inputs."""
_ROW_GOES = {"measure", "what"}
"""Fields whose text identifies the row: if it names a member, the row is removed."""


@dataclass(frozen=True)
class Redacted:
    """A plan's workbook without some members.

    ``rows`` has the number of removed rows and of rows that replace them, by sheet. ``salt`` is the
    salt of the input's fingerprint: only the owner may have it.
    """

    tables: tuple[Table, ...]
    title: str
    made_by: str
    members: tuple[str, ...]
    rows: dict[str, tuple[int, int]]
    withheld: Withheld
    salt: str


def members_of(file: PlanSheets) -> tuple[str, ...]:
    names = (line.cells[0] for line in file.lines(Prices.member))
    return tuple(dict.fromkeys(str(name) for name in names if name is not None))


def spelled_members(file: PlanSheets, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return members' names as the plan spells them; UsageError for an unknown name."""
    from models.checks.common import did_you_mean

    spellings = {case.fold(name): name for name in members_of(file)}
    for name in names:
        if case.fold(name) not in spellings:
            by_code = {code: m for m in spellings.values() if (code := country_code(m))}
            hint = member_meant(name, by_code) or did_you_mean(name, spellings.values())
            hint = hint or f"there is {', '.join(spellings.values())}"
            msg = f"{name!r} is not a member in {file.path}; {hint}"
            raise errors.UsageError(msg)
    return tuple(dict.fromkeys(spellings[case.fold(name)] for name in names))


def redact(
    file: PlanSheets,
    members: tuple[str, ...],
    protection: float = PROTECTION,
    *,
    keep_totals: bool = False,
) -> Redacted:
    """Return a plan without some members, whose names are spelled as in the plan.

    The fingerprint of its input is salted. Raises UsageError if a sheet of the plan is missing or
    changed.
    """
    sheets = _sheets(file)
    every, gone, salt = frozenset(members_of(file)), frozenset(members), new_salt()
    hidden = withheld(sheets, gone, protection, keep_totals=keep_totals)
    rules = _Rules(sheets, gone, every, hidden, name_pattern(sheets, gone, every))
    tables: list[Table] = []
    rows: dict[str, tuple[int, int]] = {}
    values: dict[Cell, Cell] = {}
    for sheet in sheets:
        kept = rules.redacted(sheet)
        for i, line in enumerate(kept):
            if line.cells.get("measure") == Figure.INPUT_SHA256 and line.cells["value"]:
                value = salted(str(line.cells["value"]), salt)
                kept[i] = line.with_cells(value=value, remark=_SALTED)
        table = sheet.with_lines(kept)
        joined = sum(line.cells.get(sheet.member_field) in {OTHERS, WITHHELD} for line in kept)
        if gone_rows := len(sheet.table) - len(table) + joined:
            rows[sheet.table.name] = gone_rows, joined
        if sheet.account.result is Summary:
            values = {line.cells["measure"]: line.cells["value"] for line in kept}
            table = sheet.with_lines([*rules.mark(), *replace(sheet, table=table).lines])
        tables.append(table)
    title = str(values.get(Figure.TITLE) or "Plan")
    return Redacted(
        tables=tuple(tables),
        title=f"{title} {GONE}" if title != GONE else f"Plan {GONE}",
        made_by=f"{values.get(Figure.SCENARIO) or 'Plan'}; redacted",
        members=members,
        rows=rows,
        withheld=rules.withheld,
        salt=salt,
    )


_SALTED = "Salted: it reveals nothing about the input without the salt, which the owner keeps."
"""The remark on the input's fingerprint."""


def _sheets(file: PlanSheets) -> list[AccountSheet]:
    """Return the sheets with an account; UsageError if one is missing or changed."""
    shown = cell_formats(file.path)
    every = [sheet_of(grid, shown[title]) for title, grid in file.grids.items()]
    sheets = [sheet for sheet in every if sheet is not None]
    names = {sheet.table.name for sheet in sheets}
    absent = [name for name in (SUMMARY, ByMineral.TABLE, Prices.TABLE) if name not in names]
    if absent:
        msg = f"{file.path} has no sheet {absent[0]}: redact a plan as planner solve wrote it"
        raise errors.UsageError(msg)
    for sheet in sheets:
        if not sheet.is_complete:
            msg = f"{file.path}: the sheet {sheet.table.name} is not as planner solve wrote it"
            raise errors.UsageError(msg)
    return sheets


def write_redacted(path: Path, copy: Redacted) -> None:
    """Write the workbook of a redacted plan to a path; the salt is not written."""
    write_workbook(path, copy.tables, (), copy.title, copy.made_by, charts_before="")


@dataclass(frozen=True)
class _Rules:
    """What is removed from each sheet, and the rows that replace the removed members.

    ``members`` are all members of the plan, ``gone`` the removed ones. ``names`` matches texts that
    reveal one of them.
    """

    sheets: list[AccountSheet]
    gone: frozenset[str]
    members: frozenset[str]
    withheld: Withheld
    names: re.Pattern[str]

    @cached_property
    def _minerals(self) -> set[str]:
        cells = (s.texts("mineral") for s in self.sheets if s.account.result is ByMineral)
        return {name for texts in cells for (name,) in texts}

    def redacted(self, sheet: AccountSheet) -> list[AccountRow]:
        """Return a sheet's rows without those of removed members, and without their names."""
        kept: list[AccountRow] = []
        removed: dict[tuple[Cell, Cell], list[AccountRow]] = {}
        below: dict[tuple[Cell, Cell], int] = {}
        for line in sheet.lines:
            who = line.cells.get(sheet.member_field)
            key = line.cells.get("year"), line.cells.get("mineral")
            if who in self.gone:
                removed.setdefault(key, []).append(line)
                below.setdefault(key, len(kept))
            elif (  # groups of buyers are left out
                sheet.member_field != "buyer"
                or not isinstance(who, str)
                or who == COALITION_BUYER
                or who in self.members
            ):
                cleaned = self._cleaned(line, sheet)
                if cleaned is not None and self._withholds_totals(line, sheet):
                    stays = {f.name for f in sheet.account.kept}
                    blank = dict.fromkeys(line.cells.keys() - stays)
                    has_only_totals = who == COALITION_BUYER or not stays
                    cleaned = None if has_only_totals else cleaned.with_cells(**blank)
                if cleaned is not None:
                    kept.append(cleaned)
                    below[key] = len(kept)
        if sheet.account.sums:
            order = {key: i for i, key in enumerate(removed)}
            # below the remaining members: a row among them would reveal a name by its place
            for key in sorted(removed, key=lambda key: (below[key], order[key]), reverse=True):
                lines = removed[key]
                has_sums = not self._withholds_totals(lines[0], sheet)
                joined = _joined(lines, sheet, has_sums=has_sums)
                if joined is not None:
                    kept.insert(below[key], joined)
        return kept

    def mark(self) -> tuple[AccountRow, AccountRow]:
        """Return the heading and the row at the top of Summary that state what was redacted."""
        count = f"{len(self.gone)} member{'s' if len(self.gone) > 1 else ''}"
        totals = "Totals of tonnes are as planned and include the removed members."
        if self.withheld.sentences:
            sums = "Sums over minerals are withheld, too, since they would reveal removed figures."
            totals = " ".join([*self.withheld.sentences, sums])
        remark = (
            f"{OTHERS} means several members together, {WITHHELD} means figures that are withheld."
            f" Where cells are blank, rows do not add up to the totals. {totals}"
        )
        value = f"orders, stocks, contracts and prices of {count}"
        heading = AccountRow({"measure": f"This copy leaves out {value}."}, is_section=True)
        return heading, AccountRow({"measure": REDACTED, "value": value, "remark": remark})

    def _withholds_totals(self, line: AccountRow, sheet: AccountSheet) -> bool:
        """Return whether a line is for a mineral whose totals are withheld in the sheet.

        A line of Members is for all minerals.
        """
        if sheet.account.result is Members:
            return self.withheld.is_partial
        minerals = self.withheld.totals
        if sheet.account.result in {Stocks, Scorecard}:  # they have total stocks
            minerals |= self.withheld.stocks
        return line.cells.get("mineral") in minerals

    def _cleaned(self, line: AccountRow, sheet: AccountSheet) -> AccountRow | None:
        """Return a line without texts that name a removed member; None if it is about one."""
        blanked = self._blanked(line, sheet)
        if blanked is None:
            return None
        cells = dict(blanked.cells)
        for name, value in blanked.cells.items():
            if name in _FREE and sheet.account.result is not Scorecard:
                cells[name] = None if value is None else GONE
                continue
            field = sheet.fields[name]
            is_supply = field.names in _SUPPLY or name in _CLASSES or self._is_mineral(field)
            if field.names is Name.SUPPLIER and line.cells.get("group") == schema.BY_COMPANY:
                is_supply = False  # the company may belong to the member
            if is_supply or not isinstance(value, str) or not self.names.search(_folded(value)):
                continue
            if name in _ROW_GOES:
                return None
            cells[name] = GONE
        return blanked.with_cells(**cells)

    def _blanked(self, line: AccountRow, sheet: AccountSheet) -> AccountRow | None:
        """Return a line without cells that reveal more about members; None if it is removed."""
        cells, result = line.cells, sheet.account.result
        measure = str(cells.get("measure") or "")
        if result is Summary:
            if line.is_section or self._stays(measure):
                return line.with_cells(value=GONE) if measure.startswith(OPTION) else line
            return self._of_minerals(line, sheet) if measure.startswith(_OF_SUMS) else None
        if result is Checks:
            if cells["check"] == "run":  # options are only needed to verify the plan
                return None
            if cells["check"] == "warning":  # it may quote any cell of the input
                line = line.with_cells(what=GONE, cell=None, column=None, value=None)
            if cells.get("unit") == "t":  # a part of the largest demand of any member
                line = line.with_cells(accepted=None)
        never = [f.name for f in sheet.account.never if f.name in cells]
        if result is ByMineral and cells.get("mineral") in self.withheld.money:
            never += [f.name for f in sheet.account.money if f.name in cells]
        if self.withheld.chained:
            of_chain = result is Members or cells.get("mineral") in self.withheld.chained
            never += [f.name for f in _WITH_INPUTS if f.name in cells] if of_chain else []
        line = line.with_cells(**dict.fromkeys(never))
        if result is Scorecard and measure.startswith(OF_A_MEMBER):
            return None
        if result is Contracts and cells.get("minimum") != cells.get("min"):
            # how much the minimums shrink reveals their sum over all members
            return line.with_cells(minimum=None, untaken=None, paid=None)
        return line

    def _of_minerals(self, line: AccountRow, sheet: AccountSheet) -> AccountRow | None:
        """Return a row of Summary with the minerals of which nothing is withheld, if any."""
        minerals = self._withheld_in(str(line.cells.get("measure") or ""))
        headers = {n: f.header for n, f in sheet.fields.items() if self._is_mineral(f)}
        withheld = {spread_header(Summary, mineral) for mineral in minerals}
        blanked = (name for name, header in headers.items() if header in withheld)
        left = line.with_cells(value=None, **dict.fromkeys(blanked))
        return left if any(left.cells[name] is not None for name in headers) else None

    def _is_mineral(self, field: Field) -> bool:
        return field.spread and field.header in {
            spread_header(Summary, mineral) for mineral in self._minerals
        }

    def _withheld_in(self, measure: str) -> AbstractSet[str]:
        minerals = self.withheld.totals
        return minerals | self.withheld.money if measure.startswith(_OF_MONEY) else minerals

    def _stays(self, measure: str) -> bool:
        """Return whether a measure of Summary has no withheld total in it.

        A sum over minerals minus the shown ones would reveal the withheld one. Older plans have one
        row per mineral, which stays if the mineral is shown.
        """
        if measure in _OF_THE_RUN or measure.startswith((OPTION, TIME)):
            return True
        if not measure.startswith(_OF_SUMS):
            return False
        if not self.withheld.is_partial and not self._withheld_in(measure):
            return True
        minerals = {mineral for mineral in self._minerals if measure.endswith(f": {mineral}")}
        return bool(minerals) and not minerals & self._withheld_in(measure)


def _joined(lines: list[AccountRow], sheet: AccountSheet, *, has_sums: bool) -> AccountRow | None:
    """Return the row for several members together, or a row that marks withheld figures."""
    account, first = sheet.account, lines[0]
    has_sums = has_sums and len({line.cells[sheet.member_field] for line in lines}) > 1
    if not has_sums and not account.has_withheld_row:
        return None
    cells = {name: first.cells[name] for name in ("year", "mineral", "unit") if name in first.cells}
    cells[sheet.member_field] = OTHERS if has_sums else WITHHELD
    for column in account.sums if has_sums else ():
        values = (line.cells[column.name] for line in lines)
        cells[column.name] = float(sum(v for v in values if isinstance(v, int | float)))
    return AccountRow(cells, first.looks)


# ---- texts that reveal a member: by its name, its country's names and codes, its contracts -------

_PLACES = ("refiner", "mineral", "country", "project")
_STEM, _CODE = 4, 3
"""Least letters of a stem that inflected forms share; most letters of a country's code."""
_TYPED = re.compile(r"--(?:block|lose|what-if)\b|set stock target")
"""Options as typed, which may name a member by a code; a target for all is a target for each."""


def name_pattern(
    sheets: Iterable[AccountSheet], gone: AbstractSet[str], members: AbstractSet[str]
) -> re.Pattern[str]:
    """Return a pattern for ``_folded`` texts that reveal a removed member.

    These are its name, the names and codes of its country, inflected forms (Japanese, Koreas), the
    names of its contracts, and groups of buyers, since a group may have only one member. Names
    match in any form, codes as written.
    """
    words = set(gone)
    theirs: set[str] = set()
    kept: set[str] = set(members)
    for sheet in sheets:
        for name, member in sheet.texts("contract", "member"):
            (theirs if member in gone else kept).add(name)
        buyers = {name for (name,) in sheet.texts("buyer")}
        words |= buyers - members - {COALITION_BUYER}
        kept.update(name for place in _PLACES for (name,) in sheet.texts(place))
    codes = {code for name in gone for code in country_words(name)}
    named = {name for name in codes if not name.isupper() or len(name) > _CODE}
    stems = {  # of names that are one word of Latin letters, long enough to have inflected forms
        rf"(?<!\w){re.escape(_folded(word)[: max(_STEM, len(_folded(word)) - 2)])}"
        for word in gone | named
        if word.isalpha() and word.isascii() and len(word) > _STEM
    }
    whole = {re.escape(_folded(word)) for word in words | named | (theirs - kept)}
    whole = {
        rf"(?<!\w){text}(?:'?s)?(?!\w)" if text.isascii() and len(text) < _STEM else text
        for text in whole
    }
    pattern = "|".join(sorted(stems | whole, key=len, reverse=True))
    coded = "|".join(sorted(re.escape(code) for code in codes - named)) or "(?!)"
    return re.compile(rf"(?i:{pattern}|{_TYPED.pattern})|(?<![A-Za-z])(?:{coded})(?![A-Za-z])")


def _folded(text: str) -> str:
    """Return a text in normal Unicode form, without invisible characters, single-spaced."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())
