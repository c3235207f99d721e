"""Redact: a plan's workbook without some members' orders, stocks, contracts and prices.

The workbook is written again from its tables, so that no part of it keeps anything that goes.
Totals stay where they say nothing of a single member. First page and charts go: nobody can account
for what their sentences and shares give away.
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
from models.results import (
    ByMineral,
    Checks,
    Contracts,
    Field,
    Figure,
    Members,
    Name,
    Prices,
    Scorecard,
    Stocks,
    Summary,
)
from models.results.field import spread_header
from models.results.overall import COUNTED_IN, HHI_BY, OPTION
from planner.audit.accounts import AccountRow, AccountSheet, sheet_of
from planner.audit.file import PYTHON, TIME, PlanSheets
from planner.audit.intervals import PROTECTION, Withheld, withheld
from planner.audit.salt import new_salt, salted
from planner.render.table import COALITION_BUYER, Cell, Table
from planner.render.xlsx import write_workbook
from planner.workbook.countries import country_code, country_words, member_meant
from planner.workbook.parts import cell_formats
from planner.workbook.plan_columns import REDACTED, SUMMARY

OTHERS, WITHHELD, GONE = "Others (redacted)", "Withheld (redacted)", "(redacted)"
"""Names of the row of several members together and of a row without figures, and what replaces a
text that names a member."""
OF_A_MEMBER = "N-1, demand of the others"
"""The score that is computed with the demand of a single country's members."""

_OF_THE_RUN = {
    Figure.TITLE, Figure.QUESTION, Figure.SCENARIO, Figure.STATUS, Figure.YEARS, Figure.PRICE_YEAR,
    Figure.MINERALS, Figure.ESTIMATES,
    Figure.MEMBERS, Figure.SHARE_BASIS, Figure.WHOLE_PROJECTS, Figure.CARRY_OVER_BUDGET,
    Figure.INPUT_FILE, Figure.INPUT_SHA256, Figure.PLANNER, Figure.SOLVER, PYTHON, Figure.WRITTEN,
}  # fmt: skip
"""Measures of Summary that say nothing of what is bought, needed or held."""
_OF_MONEY = (Figure.PURCHASES_COST, Figure.COST_PER_TONNE)
"""Measures of Summary with what is paid, which is in the reader's program."""
_OF_SUMS = (
    *_OF_MONEY, COUNTED_IN, Figure.DEMAND, Figure.TONNES, Figure.SHORTAGE, Figure.SERVED_SHARE,
    Figure.IF_IT_STOPS,
    ByMineral.country.header, ByMineral.limit.header, ByMineral.years_at_limit.header,
    "Binding limits on other suppliers", HHI_BY,
    ByMineral.short_of_supply.header, ByMineral.short_by_limits.header,
    "Shadow price: ",
)  # fmt: skip
"""Beginnings of measures of Summary that say no more than the sums in the reader's program, or
that are of another plan. All others go: cash, penalties, holding cost and what the limits cost are
sums of money with weights by member."""
_SUPPLY = {
    Name.COUNTRY, Name.REFINER, Name.PROJECT, Name.MINERAL, Name.SUPPLIER, Name.MEMBER, Name.BUYER,
}  # fmt: skip
_CLASSES = {"unit", "kind", "group", "check", "sheet", "column"}
"""Names and fields of those who supply, and what: a country that is a member's name, too, stays."""
_FREE = ("note", "source")
"""Fields of the input that hold whatever somebody wrote: no pattern finds every name in it. Those
of the scorecard are the planner's own."""
_WITH_INPUTS = (Prices.landed, Members.paid_a_year, Members.paid, Members.extra, Members.dearer)
"""What a member that stays pays, with what went into what it bought."""
_ROW_GOES = {"measure", "what"}
"""Fields whose text says what the row is of."""


@dataclass(frozen=True)
class Redacted:
    """A plan's workbook without some members.

    ``rows`` counts by sheet the rows that went, and the rows that are in their place; ``withheld``
    says which minerals' totals are withheld. ``salt`` is of the input's fingerprint: it is for the
    owner alone.
    """

    tables: tuple[Table, ...]
    title: str
    made_by: str
    members: tuple[str, ...]
    rows: dict[str, tuple[int, int]]
    withheld: Withheld
    salt: str


def members_of(file: PlanSheets) -> tuple[str, ...]:
    """Return the members that a plan has, in the order of the sheet Prices."""
    names = (line.cells[0] for line in file.lines(Prices.member))
    return tuple(dict.fromkeys(str(name) for name in names if name is not None))


def named(file: PlanSheets, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return members as the plan spells them; UsageError names the closest to an unknown one."""
    from models.checks.common import did_you_mean

    spellings = {case.fold(name): name for name in members_of(file)}
    for name in wanted:
        if case.fold(name) not in spellings:
            by_code = {code: m for m in spellings.values() if (code := country_code(m))}
            hint = member_meant(name, by_code) or did_you_mean(name, spellings.values())
            hint = hint or f"there is {', '.join(spellings.values())}"
            msg = f"{name!r} is not a member in {file.path}; {hint}"
            raise errors.UsageError(msg)
    return tuple(dict.fromkeys(spellings[case.fold(name)] for name in wanted))


def redact(
    file: PlanSheets,
    members: tuple[str, ...],
    protection: float = PROTECTION,
    *,
    keep_totals: bool = False,
) -> Redacted:
    """Return a plan without members, who are named as in its sheets.

    The fingerprint of its input is salted: whoever knows all of the input but one number could try
    numbers until the plain one fits. Raises UsageError where the plan has not all of its own
    sheets, or tables are not as written.
    """
    sheets = _sheets(file)
    every, gone, salt = frozenset(members_of(file)), frozenset(members), new_salt()
    rules = _Rules(sheets, gone, every, withheld(sheets, gone, protection, keep_totals=keep_totals))
    tables: list[Table] = []
    rows: dict[str, tuple[int, int]] = {}
    values: dict[Cell, Cell] = {}
    for sheet in sheets:
        kept = [_salted(line, salt) for line in rules.redacted(sheet)]
        table = sheet.of_lines(kept)
        joined = sum(line.cells.get(sheet.whose) in {OTHERS, WITHHELD} for line in kept)
        if gone_rows := len(sheet.table) - len(table) + joined:
            rows[sheet.table.name] = gone_rows, joined
        if sheet.account.result is Summary:
            values = {line.cells["measure"]: line.cells["value"] for line in kept}
            table = sheet.of_lines([*rules.mark(), *replace(sheet, table=table).lines])
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


def _salted(line: AccountRow, salt: str) -> AccountRow:
    """Return a line of Summary, the fingerprint of the input salted where it is that."""
    if line.cells.get("measure") != Figure.INPUT_SHA256 or not line.cells["value"]:
        return line
    remark = "Salted: it says nothing of the input without the salt, which the owner keeps."
    return line.having(value=salted(str(line.cells["value"]), salt), remark=remark)


def _sheets(file: PlanSheets) -> list[AccountSheet]:
    """Return the sheets that have an account; UsageError where one is missing or unreadable."""
    shown = cell_formats(file.path)
    every = [sheet_of(grid, shown[title]) for title, grid in file.grids.items()]
    sheets = [sheet for sheet in every if sheet is not None]
    names = {sheet.table.name for sheet in sheets}
    lacks = [name for name in (SUMMARY, ByMineral.TABLE, Prices.TABLE) if name not in names]
    if lacks:
        msg = f"{file.path} has no sheet {lacks[0]}: redact a plan as planner solve wrote it"
        raise errors.UsageError(msg)
    for sheet in sheets:
        if not sheet.is_whole:
            msg = f"{file.path}: the sheet {sheet.table.name} is not as planner solve wrote it"
            raise errors.UsageError(msg)
    return sheets


def write_redacted(path: Path, copy: Redacted) -> None:
    write_workbook(path, copy.tables, (), copy.title, copy.made_by, charts_before="")


@dataclass(frozen=True)
class _Rules:
    """What goes from each sheet with members, and what replaces those members together.

    ``gone`` are the members that are taken out of all that the plan has, ``members``; of some
    minerals totals are ``withheld``.
    """

    sheets: list[AccountSheet]
    gone: frozenset[str]
    members: frozenset[str]
    withheld: Withheld

    @cached_property
    def _telling(self) -> Telling:
        return telling(self.sheets, self.gone, self.members)

    @cached_property
    def _minerals(self) -> set[str]:
        cells = (s.texts("mineral") for s in self.sheets if s.account.result is ByMineral)
        return {name for texts in cells for (name,) in texts}

    def redacted(self, sheet: AccountSheet) -> list[AccountRow]:
        """Return a sheet's rows without the members', and without texts that name them."""
        kept: list[AccountRow] = []
        taken: dict[tuple[Cell, Cell], list[AccountRow]] = {}
        below: dict[tuple[Cell, Cell], int] = {}
        for line in sheet.lines:
            who = line.cells.get(sheet.whose)
            key = line.cells.get("year"), line.cells.get("mineral")
            if who in self.gone:
                taken.setdefault(key, []).append(line)
                below.setdefault(key, len(kept))
            elif not self._is_group(sheet, who):
                cleaned = self._cleaned(line, sheet)
                if cleaned is not None and self._lacks_totals(line, sheet):
                    cleaned = _without_totals(cleaned, sheet, is_total=who == COALITION_BUYER)
                if cleaned is not None:
                    kept.append(cleaned)
                    below[key] = len(kept)
        if sheet.account.sums:
            order = {key: i for i, key in enumerate(taken)}
            # below those who stay: among them its place in the order would give a name away
            for key in sorted(taken, key=lambda key: (below[key], order[key]), reverse=True):
                lines = taken[key]
                joined = _joined(lines, sheet, has_sums=not self._lacks_totals(lines[0], sheet))
                if joined is not None:
                    kept.insert(below[key], joined)
        return kept

    def mark(self) -> tuple[AccountRow, AccountRow]:
        """Return the heading and the row at the top of Summary that say what was redacted."""
        count = f"{len(self.gone)} member{'s' if len(self.gone) > 1 else ''}"
        lacking = "Totals of tonnes are as planned and still count what is taken out."
        if self.withheld.sentences:
            sums = "So are sums over minerals: they would give away what is taken out."
            lacking = " ".join([*self.withheld.sentences, sums])
        remark = (
            f"{OTHERS} stands for several members together, {WITHHELD} for figures that are left"
            f" out: where cells are blank, rows do not add up to the totals. {lacking}"
        )
        value = f"orders, stocks, contracts and prices of {count}"
        heading = AccountRow({"measure": f"This copy leaves out {value}."}, is_section=True)
        return heading, AccountRow({"measure": REDACTED, "value": value, "remark": remark})

    def _is_group(self, sheet: AccountSheet, who: Cell) -> bool:
        is_member = who is None or who == COALITION_BUYER or who in self.members
        return sheet.whose == "buyer" and isinstance(who, str) and not is_member

    def _lacks_totals(self, line: AccountRow, sheet: AccountSheet) -> bool:
        """Return whether a line is of a mineral whose totals the sheet withholds.

        A line of Members is of all minerals.
        """
        if sheet.account.result is Members:
            return self.withheld.is_partial
        minerals = self.withheld.totals
        if sheet.account.result in {Stocks, Scorecard}:  # they have stocks in sum
            minerals |= self.withheld.stocks
        return line.cells.get("mineral") in minerals

    def _cleaned(self, line: AccountRow, sheet: AccountSheet) -> AccountRow | None:
        """Return a sheet's line without texts that name a member; None where it is of one."""
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
                is_supply = False  # a company may be the member's own, as in the column Owner
            if is_supply or not isinstance(value, str) or not self._telling.search(value):
                continue
            if name in _ROW_GOES:
                return None
            cells[name] = GONE
        return blanked.having(**cells)

    def _blanked(self, line: AccountRow, sheet: AccountSheet) -> AccountRow | None:
        """Return a line without what else its sheet gives away of members; None: it goes."""
        cells, result = line.cells, sheet.account.result
        measure = str(cells.get("measure") or "")
        if result is Summary:
            if line.is_section or self._stays(measure):
                return line.having(value=GONE) if measure.startswith(OPTION) else line
            return self._of_minerals(line, sheet) if measure.startswith(_OF_SUMS) else None
        if result is Checks:
            if cells["check"] == "run":  # options as typed serve to verify, which is over
                return None
            if cells["check"] == "warning":  # it may quote any cell of the input
                line = line.having(what=GONE, cell=None, column=None, value=None)
            if cells.get("unit") == "t":  # a part of the largest demand of any member
                line = line.having(accepted=None)
        never = [f.name for f in sheet.account.never if f.name in cells]
        if result is ByMineral and cells.get("mineral") in self.withheld.money:
            never += [f.name for f in sheet.account.money if f.name in cells]
        if self.withheld.chained:
            of_chain = result is Members or cells.get("mineral") in self.withheld.chained
            never += [f.name for f in _WITH_INPUTS if f.name in cells] if of_chain else []
        line = line.having(**dict.fromkeys(never))
        if result is Scorecard and measure.startswith(OF_A_MEMBER):
            return None
        if result is Contracts and cells.get("minimum") != cells.get("min"):
            # by how much minimums shrink gives away what all of them are together
            return line.having(minimum=None, untaken=None, paid=None)
        return line

    def _of_minerals(self, line: AccountRow, sheet: AccountSheet) -> AccountRow | None:
        """Return what a row of Summary says of minerals that have nothing withheld, if any."""
        lacks = self._lacking(str(line.cells.get("measure") or ""))
        headers = {n: f.header for n, f in sheet.fields.items() if self._is_mineral(f)}
        withheld = {spread_header(Summary, mineral) for mineral in lacks}
        goes = (name for name, header in headers.items() if header in withheld)
        left = line.having(value=None, **dict.fromkeys(goes))
        return left if any(left.cells[name] is not None for name in headers) else None

    def _is_mineral(self, field: Field) -> bool:
        """Return whether a column of Summary is a mineral's."""
        return field.spread and field.header in {
            spread_header(Summary, mineral) for mineral in self._minerals
        }

    def _lacking(self, measure: str) -> AbstractSet[str]:
        minerals = self.withheld.totals
        return minerals | self.withheld.money if measure.startswith(_OF_MONEY) else minerals

    def _stays(self, measure: str) -> bool:
        """Return whether a measure of Summary has no total in it that is withheld.

        A sum over minerals, less all the others, would give the withheld one away.
        Older plans have a row for each mineral, which stays with it.
        """
        if measure in _OF_THE_RUN or measure.startswith((OPTION, TIME)):
            return True
        if not measure.startswith(_OF_SUMS):
            return False
        if not self.withheld.is_partial and not self._lacking(measure):
            return True
        minerals = {mineral for mineral in self._minerals if measure.endswith(f": {mineral}")}
        return bool(minerals) and not minerals & self._lacking(measure)


def _without_totals(line: AccountRow, sheet: AccountSheet, *, is_total: bool) -> AccountRow | None:
    """Return a line of a mineral whose totals are withheld; None where it has only totals."""
    stays = {f.name for f in sheet.account.kept}
    if is_total or not stays:
        return None
    return line.having(**dict.fromkeys(line.cells.keys() - stays))


def _joined(lines: list[AccountRow], sheet: AccountSheet, *, has_sums: bool) -> AccountRow | None:
    """Return the row of several members together, or one that says that figures are withheld."""
    account, first = sheet.account, lines[0]
    has_sums = has_sums and len({line.cells[sheet.whose] for line in lines}) > 1
    if not has_sums and not account.tells_one:
        return None
    cells = {name: first.cells[name] for name in ("year", "mineral", "unit") if name in first.cells}
    cells[sheet.whose] = OTHERS if has_sums else WITHHELD
    for column in account.sums if has_sums else ():
        values = (line.cells[column.name] for line in lines)
        cells[column.name] = float(sum(v for v in values if isinstance(v, int | float)))
    return AccountRow(cells, first.looks)


# ---- words that give a member away: its own name is not the only one ----------------------------

_PLACES = ("refiner", "mineral", "country", "project")
_STEM, _CODE = 4, 3
"""Letters that a word keeps at least where it is inflected; those of a country's code at most."""
_TYPED = re.compile(r"--(?:block|lose|what-if)\b|set stock target")
"""Options as typed, which may name a member by a code; a target for all is a target of each."""


@dataclass(frozen=True)
class Telling:
    """What matches a text that gives a member away: names in any form, codes as written."""

    pattern: re.Pattern[str]

    def search(self, text: str) -> bool:
        """Return whether a text gives a member away, however its letters and spaces are coded."""
        return self.pattern.search(_folded(text)) is not None


def telling(
    sheets: Iterable[AccountSheet], gone: AbstractSet[str], members: AbstractSet[str]
) -> Telling:
    """Return what matches a text that gives a member away.

    Such are its name and the country of that name with its codes, inflected forms of them
    (Japanese, Koreas), those of its contracts, and groups of buyers: a group may be one member.
    """
    words = set(gone)
    theirs: set[str] = set()
    kept: set[str] = set(members)
    for sheet in sheets:
        for name, whose in sheet.texts("contract", "member"):
            (theirs if whose in gone else kept).add(name)
        buyers = {name for (name,) in sheet.texts("buyer")}
        words |= buyers - members - {COALITION_BUYER}
        kept.update(name for place in _PLACES for (name,) in sheet.texts(place))
    codes = {code for name in gone for code in country_words(name)}
    named = {name for name in codes if not _is_code(name)}
    stems = {rf"(?<!\w){re.escape(_stem(_folded(word)))}" for word in gone | named if _bends(word)}
    whole = {re.escape(_folded(word)) for word in words | named | (theirs - kept)}
    pattern = "|".join(sorted(stems | {_word(text) for text in whole}, key=len, reverse=True))
    coded = "|".join(sorted(re.escape(code) for code in codes - named)) or "(?!)"
    return Telling(
        re.compile(rf"(?i:{pattern}|{_TYPED.pattern})|(?<![A-Za-z])(?:{coded})(?![A-Za-z])")
    )


def _folded(text: str) -> str:
    """Return a text in one form of its letters, without marks that are not seen, single-spaced."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    return " ".join(seen.split())


def _stem(word: str) -> str:
    return word[: max(_STEM, len(word) - 2)]


def _bends(word: str) -> bool:
    """Return whether a name is one word of Latin letters, long enough to be known by its stem."""
    return word.isalpha() and word.isascii() and len(word) > _STEM


def _word(escaped: str) -> str:
    is_short = escaped.isascii() and len(escaped) < _STEM
    return rf"(?<!\w){escaped}(?:'?s)?(?!\w)" if is_short else escaped


def _is_code(word: str) -> bool:
    return word.isupper() and len(word) <= _CODE
