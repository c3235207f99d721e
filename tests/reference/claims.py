"""Repeats each claim of a run's findings, from its JSON and its workbook alone (contract, 8.2).

``python -m tests.reference.claims RESULT.json WORKBOOK.xlsx`` prints what is wrong.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import openpyxl
from openpyxl.utils.cell import coordinate_to_tuple

_OPS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "=": lambda a, b: a == b,
    ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
}  # fmt: skip
_SCALES = {"%": 0.01, "thousand": 1e3, "million": 1e6, "bn": 1e9}
_NUMBER_WORDS = {
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    "hundred", "thousand", "million", "billion", "bn", "dozen", "half", "third", "quarter", "twice",
    "double", "both", "pair",
}  # fmt: skip
_OF_ALL, _EITHER = {"all", "none", "count"}, {"largest", "smallest", "first", "last"}
_NEEDS = {
    word: rules
    for words, rules in (
        ("worst", {"first"}),
        ("hardest largest most highest greatest biggest costliest dearest", {"largest"}),
        ("least smallest fewest lowest cheapest", {"smallest"}),
        ("furthest longest shortest soonest earliest latest tightest loosest nearest", _EITHER),
        ("no none nothing nobody every all", _OF_ALL),
    )
    for word in words.split()
}
"""Superlatives and words for all, and the rules of which a claim must have one."""
_PLACES = ["answer", "figure", "decide", "care"]
_OF_A_ROW = {"value", "largest", "smallest", "first", "last", "difference"}
_PARTS = {"rule", "sheet", "column", "row", "where", "test", "minus", "value"}
_MAIN = {"Comparison", "Stress", "Frontier", "By mineral"}
"""The sheets whose first row may be called the worst."""
_TOTALS = {"all", "Coalition"}
"""Cells that name the sum of other rows."""
_SLOT = re.compile(r"\{(\d+)(?:\[([^\]]*)\])?\}")
_WORD = re.compile(r"[^\W\d_]+")
_UNIT = re.compile(r"\(([^()]+)\)$")


# ---- the workbook ----------------------------------------------------------------------------


class Sheet:
    """A sheet: headers, and a dict of cells for each row."""

    def __init__(self, headers, rows):
        self.headers = list(headers)
        self.rows = [dict(zip(self.headers, row, strict=True)) for row in rows]

    def matching(self, wanted):
        return [row for row in self.rows if all(row.get(h) == v for h, v in wanted.items())]

    def where(self, conditions):
        def meets(cell, wanted):
            if isinstance(wanted, dict):
                return cell != wanted["not"]
            return cell in wanted if isinstance(wanted, list) else cell == wanted

        return [r for r in self.rows if all(meets(r.get(h), w) for h, w in conditions.items())]


class Page:
    """The first sheet: its texts as (row, column, text), its links as (row, column, target)."""

    def __init__(self, sheet):
        cells = [cell for row in sheet.iter_rows() for cell in row]
        self.texts = [(c.row, c.column, _plain(c.value)) for c in cells if isinstance(c.value, str)]
        linked = ((c.row, c.column, c.hyperlink) for c in cells if c.hyperlink is not None)
        self.links = [(r, k, str(h.location or h.target)) for r, k, h in linked]

    def places(self, sentence):
        """Return row and column of each cell in which a sentence stands."""
        return [(row, column) for row, column, text in self.texts if sentence in text]


def _plain(text):
    return text.replace("\u00a0", " ")


def read_workbook(path):
    """Return the first page of a workbook, and its other sheets by name, without charts."""
    book, sheets = openpyxl.load_workbook(path), {}
    for sheet in book.worksheets[1:]:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        if rows and rows[0] and isinstance(rows[0][0], str):
            sheets[sheet.title] = Sheet(rows[0], rows[1:])
    return Page(book.worksheets[0]), sheets


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(a, b):
    if _is_number(a) and _is_number(b):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return type(a) is type(b) and a == b


# ---- claims ------------------------------------------------------------------------------------


def _cell(sheets, sheet, column, row, why):
    """Return the only row of a sheet that is named, and its cell; None if there is no such row."""
    if sheet not in sheets:
        why.append(f"no sheet {sheet}")
        return None, None
    found = sheets[sheet].matching(row)
    if not row or len(found) != 1 or column not in sheets[sheet].headers:
        why.append(f"{sheet}: {len(found)} rows are {row}, column {column}")
        return None, None
    return found[0], found[0][column]


def wrong_claim(claim, sheets):
    """Return what is wrong with a claim: [] if its rule gives its value again."""
    rule, sheet = claim["rule"], claim["sheet"]
    headers = {claim["column"], *claim.get("where", {})}
    headers |= {claim["test"][0]} if "test" in claim else set()
    if sheet not in sheets or not headers <= set(sheets[sheet].headers):
        return [f"no columns {sorted(headers)} on a sheet {sheet}"]
    needs = {"row": rule in _OF_A_ROW, "test": rule in _OF_ALL, "minus": rule == "difference"}
    why = [f"a {rule} with {p}" for p, needed in needs.items() if bool(claim.get(p)) != needed]
    why += [f"no part of a claim: {part}" for part in claim.keys() - _PARTS]
    left = sheets[sheet].where(claim.get("where", {}))
    check = _wrong_cell if rule in _OF_A_ROW else _wrong_rows
    return why or check(claim, left, sheets)


def _wrong_cell(claim, left, sheets):
    why, rule, value = [], claim["rule"], claim["value"]
    sheet, column = claim["sheet"], claim["column"]
    row, cell = _cell(sheets, sheet, column, claim["row"], why)
    if row is None:
        return why
    if rule == "difference":
        other = claim["minus"]
        if set(other) != {"sheet", "column", "row"}:
            other = {"sheet": sheet, "column": column, "row": other}
        _, less = _cell(sheets, other["sheet"], other["column"], other["row"], why)
        if not _is_number(less) or not _is_number(cell):
            return [*why, "a difference without two numbers"]
        cell -= less
    if cell is None or not _same(cell, value):
        why.append(f"the cell is {cell}, not {value}")
    if rule in {"largest", "smallest"}:
        numbers = [r for r in left if _is_number(r[column])]
        best = {"largest": max, "smallest": min}[rule](numbers, key=lambda r: r[column], default=0)
        if best is not row:
            why.append(f"the {rule} {column} is in another row")
        totals = [any(r.get(h) in _TOTALS for h in ("Mineral", "Member")) for r in numbers]
        if any(totals) and not all(totals):
            why.append("a total is among the rows compared")
    if rule in {"first", "last"} and left[-(rule == "last")] is not row:
        why.append(f"another row is {rule}")
    return why


def _wrong_rows(claim, left, _):
    rule, value = claim["rule"], claim["value"]
    if rule == "sum":
        total = math.fsum(r[claim["column"]] for r in left if _is_number(r[claim["column"]]))
        return [] if _same(total, value) else [f"the sum is {total}, not {value}"]
    tested, op, bound = claim["test"]
    cells = [r[tested] for r in left]
    passed = [
        c is not None and isinstance(c, str) == isinstance(bound, str) and _OPS[op](c, bound)
        for c in cells
    ]
    held = {"count": sum(passed), "all": all(passed), "none": not any(passed)}.get(rule)
    same = type(held) is type(value) and held == value and (rule == "count" or held)
    return [] if same else [f"{rule} is {held}, not {value}"]


# ---- numbers in words ----------------------------------------------------------------------------


def number_in(text):
    """Return a number in words, whether it is only a bound, and its significant digits."""
    found = re.fullmatch(
        r"(under |over )?(\d[\d,]*(?:\.\d+)?)(?: (%|thousand|million|bn)(?!\w))?( .*?)??( less)?",
        text,
    )
    if found is None:
        return None
    bound, digits, scale, _, less = found.groups()
    digits = digits.replace(",", "")
    significant = len(digits.replace(".", "").strip("0")) or 1
    sign = -1.0 if less else 1.0
    return sign * float(digits) * _SCALES.get(scale, 1.0), (bound or "").strip(), significant


def _wrong_number(text, value, header):  # noqa: PLR0911 - a case each
    """Return what is wrong with the words for a number of a column."""
    found, unit = number_in(text), _UNIT.search(header)
    if found is None:
        return "no number"
    shown, bound, significant = found
    words = unit[1].removesuffix(" m") if unit else ""
    if words == "share" and "%" not in text:
        return "a share without %"
    if words not in {"", "share"} and not re.search(rf" {re.escape(words)}(?: less)?$", text):
        return f"not in {words}"
    actual = value * 1e6 if unit and unit[1].endswith(" m") else value
    if (actual < 0) != text.endswith(" less") and shown:
        return "a fall without less, or a rise with it"
    if bound == "under":
        return "" if 0 < abs(actual) < abs(shown) else "not under it"
    if bound == "over":
        return "" if abs(shown) < abs(actual) < 1 else "not over it"
    if re.fullmatch(r"(19|20|21)\d\d", text):
        return "" if actual == shown else "another year"
    if significant > 3:
        return "more than three digits"
    place = math.floor(math.log10(abs(actual))) - 2 if actual else -12
    place = max(place, -3) if "%" in text else place
    room = 0.5 * 10.0**place * (1 + 1e-6) + 1e-12 * max(1.0, abs(actual))
    return "" if abs(shown - actual) <= room else f"rounded from {actual}"


def _wrong_slot(text, value, claim, header):
    if value is None or isinstance(value, bool):
        return "no cell"
    if isinstance(value, str):
        return "" if text == value else f"the cell is {value}"
    is_amount = header == "test" or (not header and claim["rule"] not in _OF_ALL)
    return _wrong_number(text, value, claim["column"] if is_amount else "")


# ---- sentences -----------------------------------------------------------------------------------


def wrong_finding(finding, sheets):
    """Return what is wrong with a finding: its claims, its template, its slots, its words."""
    claims, template = finding["claims"], finding["template"]
    why = [f"claim {i}: {each}" for i, c in enumerate(claims) for each in wrong_claim(c, sheets)]
    is_figure, parts = finding["place"] == "figure", {"sentence", "place", "template", "claims"}
    if finding["place"] not in _PLACES or set(finding) != parts | (
        {"name", "number"} if is_figure else set()
    ):
        why.append(f"a finding of {finding['place']} with {sorted(finding)}")
    parts, slots = _SLOT.split(template), _SLOT.findall(template)
    if any(int(number) >= len(claims) for number, _ in slots):
        return [*why, "a slot without a claim"]
    cells = [_slot(claims[int(number)], header) for number, header in slots]
    texts = [f"({re.escape(c)})" if isinstance(c, str) else "(.+?)" for c in cells]
    pattern = "".join(
        re.escape(part) + text for part, text in zip(parts[::3], [*texts, ""], strict=True)
    )
    match = re.fullmatch(pattern, finding["sentence"])
    if match is None:
        return [*why, "the sentence is not its template"]
    for (number, header), cell, text in zip(slots, cells, match.groups(), strict=True):
        wrong = _wrong_slot(text, cell, claims[int(number)], header)
        why += [f"slot {number}[{header}] says {text!r}: {wrong}"] if wrong else []
    outside = " \x00 ".join(parts[::3])
    if is_figure:
        why += _wrong_words(finding.get("name", ""), [], sheets, claims)
        if finding.get("number") not in match.groups():
            why.append("the large print is no slot")
    return why + _wrong_words(outside, claims, sheets, claims) + _two_rows(claims)


def _slot(claim, header):
    """Return what a slot stands for: the claim's value, the bound of its test, or a cell."""
    if header == "test":
        return claim["test"][2] if "test" in claim else None
    return claim.get("row", {}).get(header) if header else claim["value"]


def _wrong_words(outside, claims, sheets, about):
    """Return what a text says outside its slots that no claim covers.

    ``about`` are claims with names of rows that the text must not have.
    """
    words = set(_WORD.findall(outside.casefold()))
    why = ["a number outside the slots"] if re.search(r"\d", outside) else []
    why += [f"{word!r} outside the slots" for word in words & _NUMBER_WORDS]
    free = {w for c in claims for w in _WORD.findall(c["column"].casefold())}
    rules = {claim["rule"] for claim in claims}
    why += [
        f"{word!r} without its rule"
        for word in words - free
        if word in _NEEDS and not _NEEDS[word] & rules
    ]
    firsts = {c["sheet"] for c in claims if c["rule"] == "first"}
    if "worst" in words - free and not firsts & _MAIN:
        why.append("the worst of a sheet that isn't the main one")
    named = {
        n for n in _names(about, sheets) if re.search(rf"(?<!\w){re.escape(n)}(?!\w)", outside)
    }
    return why + [f"the name {name!r} outside the slots" for name in sorted(named)]


def _names(claims, sheets):
    """Return the names of rows of the sheets that claims are about, but About."""
    keys = {(c["sheet"], h) for c in claims for h in c.get("row", {})}
    keys |= {(c["sheet"], h) for c in claims for h in ("Mineral", "Member", "Country", "Scenario")}
    cells = (
        row[header]
        for sheet, header in keys
        if sheet in sheets and sheet != "About" and header in sheets[sheet].headers
        for row in sheets[sheet].rows
    )
    return {cell for cell in cells if isinstance(cell, str)} - _TOTALS


def _two_rows(claims):
    rows = [c.get("row", {}) for c in claims if c["sheet"] != "About"]
    pairs = ((one, other) for i, one in enumerate(rows) for other in rows[:i])
    clash = any(one[h] != other[h] for one, other in pairs for h in one.keys() & other.keys())
    return ["claims about two rows"] if clash else []


# ---- the first page ------------------------------------------------------------------------------


def wrong_findings(findings, path):
    """Return what is wrong with the findings of a run: claims, sentences, cells and links."""
    return wrong_page(findings, *read_workbook(path))


def wrong_page(findings, page, sheets):
    """Return what is wrong with findings of a first page, and with the other sheets."""
    wrong = [f"{f['sentence']}: {why}" for f in findings for why in wrong_finding(f, sheets)]
    wrong += [f"{f['sentence']}: {why}" for f in findings for why in _wrong_place(f, page, sheets)]
    at = [min(page.places(_plain(f["sentence"])), default=(0, 0)) for f in findings]
    order = [_PLACES.index(f["place"]) for f in findings if f["place"] in _PLACES]
    if at != sorted(at) or order != sorted(order):
        wrong.append("the findings are not in the order of the page")
    return wrong + wrong_tables(sheets)


def _wrong_place(finding, page, sheets):
    """Return what is wrong with the cell, the large print and the link of a finding."""
    places = page.places(_plain(finding["sentence"]))
    if len(places) != 1:
        return [f"it stands in {len(places)} cells of the first sheet"]
    ((row, column),) = places
    (text,) = (t for r, k, t in page.texts if (r, k) == (row, column))
    why, claims = [], finding["claims"]
    if len(re.findall(r"\bfurther\b", text)) and len(re.findall(r"\b(than|beyond)\b", text)) != 1:
        why.append("further than what is not said once")
    further = any(re.match(r"Further missing|.* further ", c["column"]) for c in claims)
    if further and not re.search(r"\b(further|less)\b", text):
        why.append("what is further missing is not called so")
    if finding["place"] == "figure":
        above = {t for r, k, t in page.texts if k == column and row - 2 <= r < row}
        if above != {_plain(finding["name"]), _plain(finding["number"])}:
            why.append(f"above it stands {above}")
    near = [t for r, _, t in page.links if row <= r <= row + 2]
    if claims and not any(_leads_to(target, claim, sheets) for target in near for claim in claims):
        why.append(f"no link to its cell among {near}")
    return why


def _leads_to(target, claim, sheets):
    """Return whether a link leads to the cell of a claim, or to the column of several rows."""
    sheet, _, cell = target.lstrip("#").rpartition("!")
    sheet = sheet.strip("'").replace("''", "'")
    if (
        sheet != claim["sheet"]
        or sheet not in sheets
        or claim["column"] not in sheets[sheet].headers
    ):
        return False
    row, column = coordinate_to_tuple(cell.replace("$", ""))
    if column - 1 != sheets[sheet].headers.index(claim["column"]):
        return False
    rows = sheets[sheet].rows[row - 2 : row - 1] if row > 1 else []
    return sheets[sheet].matching(claim["row"]) == rows if claim.get("row") else not rows


# ---- the tables ----------------------------------------------------------------------------------

_SORTED = {"Stress": "Extra cost with shortage ("}
"""Sheets that are ordered by a column, largest first; its header begins so."""


_ASKED = {
    "Years", "First year", "Last year", "Sweep", "First point", "Last point", "Points", "Draws",
    "Futures", "Seed", "Loss", "Country", "Slack", "Unforeseen before", "Discount rate",
    "The workbook's cap",
}  # fmt: skip
"""Rows of About on what was asked, each with at most one number."""
_NUMBER = re.compile(r"\d[\d,.]*")


def wrong_tables(sheets):
    """Return what is wrong with sheets: headers, order, shares of a need of 0, rows of About."""
    wrong = []
    for name, sheet in sheets.items():
        old = [h for h in sheet.headers if isinstance(h, str) and h == "Short (t)"]
        wrong += [f"{name}: header {header}" for header in old if name != "Shortages"]
        for header in {"Missing (share)", "Further missing (share)"} & set(sheet.headers):
            if any(r.get("Need (t)") == 0 and r[header] is not None for r in sheet.rows):
                wrong.append(f"{name}: {header} where nothing is needed")
        cost = next((h for h in sheet.headers if str(h).startswith(_SORTED.get(name, "\0"))), "")
        cells = [r[cost] for r in sheet.rows if r.get("Lost") != "Base"] if cost else []
        numbers = [c for c in cells if _is_number(c)]
        if numbers != sorted(numbers, reverse=True):
            wrong.append(f"{name} is not ordered by {cost}")
    about = sheets["About"].rows if "About" in sheets else []
    several = (
        r for r in about if r["What"] in _ASKED and len(_NUMBER.findall(str(r["Value"]))) > 1
    )
    wrong += [f"About: several numbers of {row['What']}" for row in several]
    return wrong


def main(result, workbook):
    """Print what is wrong with a run's findings."""
    findings = json.loads(Path(result).read_text(encoding="utf-8"))["findings"]
    wrong = wrong_findings(findings, workbook)
    said = "\n".join(wrong) or f"{sum(len(f['claims']) for f in findings)} claims hold"
    sys.stdout.write(f"{said}\n")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(bool(main(*sys.argv[1:])))
