"""Repeats each claim of a run's findings, from its JSON and its workbook alone.

``python -m tests.reference.claims RESULT.json WORKBOOK.xlsx`` prints what is wrong.
"""

from __future__ import annotations

import json
import math
import re
import sys
from pathlib import Path

import openpyxl

_OPS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "=": lambda a, b: a == b,
    ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
}  # fmt: skip
_SCALES = {"%": 0.01, "thousand": 1e3, "million": 1e6, "bn": 1e9}
_NUMBER_WORDS = {
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "hundred", "thousand", "million", "billion", "bn", "dozen", "half", "twice", "double",
    "both",
}  # fmt: skip
_OF_ALL = {"all", "none", "count"}
_NEEDS = {
    "worst": {"first"}, "hardest": {"largest"}, "largest": {"largest"}, "most": {"largest"},
    "least": {"smallest"}, "smallest": {"smallest"}, "no": _OF_ALL, "every": _OF_ALL,
    "all": _OF_ALL,
}  # fmt: skip
_SLOT = re.compile(r"\{(\d+)(?:\[([^\]]*)\])?\}")


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


def read_sheets(path):
    """Return the sheets of a workbook by name, without its first page and its charts."""
    book = openpyxl.load_workbook(path)
    sheets = {}
    for sheet in book.worksheets[1:]:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        if rows and rows[0] and isinstance(rows[0][0], str):
            sheets[sheet.title] = Sheet(rows[0], rows[1:])
    return sheets


def first_page(path):
    """Return the texts of the first sheet as (row, text), and its links as (row, target)."""
    sheet = openpyxl.load_workbook(path).worksheets[0]
    texts, links = [], []
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                texts.append((cell.row, cell.value.replace("\u00a0", " ")))
            if cell.hyperlink is not None:
                links.append((cell.row, str(cell.hyperlink.location or cell.hyperlink.target)))
    return texts, links


def _same(a, b):
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
    return a == b


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


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
    sheet, headers = claim["sheet"], {claim["column"], *claim.get("where", {})}
    headers |= {claim["test"][0]} if "test" in claim else set()
    if sheet not in sheets or not headers <= set(sheets[sheet].headers):
        return [f"no columns {sorted(headers)} on a sheet {sheet}"]
    left = sheets[sheet].where(claim.get("where", {}))
    if claim["rule"] in {"value", "largest", "smallest", "first", "last", "difference"}:
        return _wrong_cell(claim, left, sheets)
    row = [f"a {claim['rule']} has no row"] if claim.get("row") else []
    return row + _wrong_rows(claim, left)


def _wrong_cell(claim, left, sheets):
    why, rule, value = [], claim["rule"], claim["value"]
    sheet, column = claim["sheet"], claim["column"]
    row, cell = _cell(sheets, sheet, column, claim.get("row", {}), why)
    if row is None:
        return why
    if rule == "difference":
        other = claim["minus"]
        if set(other) != {"sheet", "column", "row"}:
            other = {"sheet": sheet, "column": column, "row": other}
        _, less = _cell(sheets, other["sheet"], other["column"], other["row"], why)
        if less is None or not _is_number(cell):
            return [*why, "a difference without two numbers"]
        cell -= less
    if not _same(cell, value):
        why.append(f"the cell is {cell}, not {value}")
    if rule in {"largest", "smallest"}:
        numbers = [r for r in left if _is_number(r[column])]
        best = {"largest": max, "smallest": min}[rule](numbers, key=lambda r: r[column], default=0)
        if best is not row:
            why.append(f"the {rule} {column} is in another row")
    filled = [r for r in left if r[column] is not None] or [None]
    if rule in {"first", "last"} and filled[-(rule == "last")] is not row:
        why.append(f"another row is {rule}")
    return why


def _wrong_rows(claim, left):
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
    same = type(held) is type(value) and held == value
    return [] if same else [f"{rule} is {held}, not {value}"]


def number_in(text):
    """Return a number in words, half of its last digit, and whether it is only a bound."""
    found = re.search(r"[\d,]*\.?\d+", text)
    if found is None:
        return None
    digits = found[0].replace(",", "")
    scale = next((s for word, s in _SCALES.items() if re.search(rf"{word}(?!\w)", text)), 1.0)
    decimals = len(digits.partition(".")[2])
    significant = len(digits.replace(".", "").strip("0")) or 1
    step = 10.0**-decimals
    if not decimals and float(digits) >= 1000:
        step = 10.0 ** (len(digits.lstrip("0")) - 3)
    sign = -1.0 if text.endswith(" less") else 1.0
    bound = "under" if text.startswith("under") else "over" if text.startswith("over") else ""
    return sign * float(digits) * scale, 0.5 * step * scale, bound, significant


def _wrong_slot(text, value, in_millions):
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return text != value
    found = number_in(text)
    if found is None:
        return True
    shown, half, bound, significant = found
    actual = value * 1e6 if in_millions else value
    if bound == "under":
        return not 0 < abs(actual) < abs(shown)
    if bound == "over":
        return not abs(shown) < abs(actual) < 1
    is_year = 1900 <= abs(actual) <= 2200 and float(actual).is_integer()
    return abs(shown - actual) > half * (1 + 1e-6) + 1e-12 or (significant > 3 and not is_year)


def wrong_finding(finding, sheets):
    """Return what is wrong with a finding: its claims, its template, its slots, its words."""
    claims, template = finding["claims"], finding["template"]
    why = [f"claim {i}: {each}" for i, c in enumerate(claims) for each in wrong_claim(c, sheets)]
    parts, slots = _SLOT.split(template), _SLOT.findall(template)
    if any(int(number) >= len(claims) for number, _ in slots):
        return [*why, "a slot without a claim"]
    cells = [_slot(claims[int(number)], header, sheets) for number, header in slots]
    texts = [f"({re.escape(c)})" if isinstance(c, str) else "(.+?)" for c in cells]
    pattern = "".join(
        re.escape(part) + text for part, text in zip(parts[::3], [*texts, ""], strict=True)
    )
    match = re.fullmatch(pattern, finding["sentence"])
    if match is None:
        return [*why, "the sentence is not its template"]
    for (number, header), cell, text in zip(slots, cells, match.groups(), strict=True):
        if _wrong_slot(text, cell, _in_millions(claims[int(number)], header)):
            why.append(f"slot {number}[{header}] says {text!r}")
    if finding["place"] == "figure":
        if re.search(r"\d", finding["name"]):
            why.append("a number in the name of a figure")
        if finding["number"] not in match.groups():
            why.append("the large print is no slot")
    return why + _wrong_words(" \x00 ".join(parts[::3]), claims, sheets) + _two_rows(claims)


def _slot(claim, header, sheets):
    """Return what a slot stands for: the claim's value, the bound of its test, or a cell."""
    if not header or header == "test":
        return claim["test"][2] if header else claim["value"]
    rows = sheets[claim["sheet"]].matching(claim["row"]) if claim["sheet"] in sheets else []
    return rows[0].get(header) if len(rows) == 1 else None


def _in_millions(claim, header):
    is_amount = header == "test" or claim["rule"] not in {"count", "all", "none"}
    return is_amount and claim["column"].endswith(" m)")


def _wrong_words(outside, claims, sheets):
    """Return what a template says outside its slots that no claim covers."""
    words = set(re.findall(r"[^\W\d_]+", outside.casefold()))
    why = ["a number outside the slots"] if re.search(r"\d", outside) else []
    why += [f"{word!r} outside the slots" for word in words & _NUMBER_WORDS]
    rules = {claim["rule"] for claim in claims}
    free = {w for c in claims for w in re.findall(r"[^\W\d_]+", c["column"].casefold())}
    bare = (word for word in words - free if not _NEEDS.get(word, rules) & rules)
    why += [f"{word!r} without its rule" for word in bare if word in _NEEDS]
    columns = {(c["sheet"], h) for c in claims for h in c.get("row", {}) if c["sheet"] in sheets}
    names = {r[h] for s, h in columns if s != "About" for r in sheets[s].rows}
    texts = (n for n in names if isinstance(n, str))
    named = (n for n in texts if re.search(rf"(?<!\w){re.escape(n)}(?!\w)", outside))
    return why + [f"the name {name!r} outside the slots" for name in named]


def _two_rows(claims):
    rows = [c.get("row", {}) for c in claims if c["sheet"] != "About"]
    pairs = ((one, other) for i, one in enumerate(rows) for other in rows[:i])
    clash = any(one[h] != other[h] for one, other in pairs for h in one.keys() & other.keys())
    return ["claims about two rows"] if clash else []


def wrong_findings(findings, path):
    """Return what is wrong with the findings of a run: claims, sentences and their cells."""
    sheets = read_sheets(path)
    texts, links = first_page(path)
    wrong = []
    for finding in findings:
        said = finding["sentence"].replace("\u00a0", " ")
        why = wrong_finding(finding, sheets)
        rows = [row for row, text in texts if said in text]
        if not rows:
            why.append("the sentence is in no cell of the first sheet")
        named = {c["sheet"] for c in finding["claims"]}
        near = {target.split("!")[0].strip("#'") for at, target in links
                if any(row <= at <= row + 2 for row in rows)}  # fmt: skip
        if named and not named & near:
            why.append(f"no link to {sorted(named)} near rows {rows}")
        wrong += [f"{finding['sentence']}: {each}" for each in why]
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
