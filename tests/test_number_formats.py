"""Number formats: what is printed is what is read, or the cell is a finding."""

from __future__ import annotations

import re
import zipfile

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.formatting.rule import Rule
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat

from models.errors import InputError
from planner.workbook import grid, read
from planner.workbook.excel import open_excel
from planner.workbook.grid import Printed
from planner.workbook.number_format import other_number, other_text, shows_numbers
from tests.small_book import faults, workbook

OTHER = {
    '"10 %"': 0.65,
    "[$10%]": 0.65,
    '1"%"': 0.65,
    '[<1]"10 %";0%': 0.65,
    '[=0.65]"10 %";General': 0.65,
    '[>0.5]"1"0;0%': 0.65,
    '"-"0%': 0.1,
    '"− "0%': 0.1,
    "(0%)": 0.1,
    '0%"-"': 0.1,
    '"１０ %"': 0.65,
    '"１０％"': 0.65,
    '"①⓪ %"': 0.65,
    '0.00"%"': 0.65,
    "0.00\\%": 0.65,
    "0.00[$%]": 0.65,
    '0.00"‰"': 0.65,
    '0.00" pct"': 0.65,
    '"1"': 0.65,
    '"n/a"': 0.65,
    ";;;": 0.65,
    "0%;;": -0.4,
    "[>1]0%": 0.65,
    "0.00,": 4600,
    "0,": 4600,
    "0,,": 4600,
    '0,"M"': 4600,
    '0"k"': 4600,
    '0" thousand"': 4600,
    '0"万"': 4600,
    '0"00"': 4600,
    '0" 000"': 4600,
    '0"e3"': 4600,
    '0"x10³"': 4600,
    '0" × 10^3"': 4600,
    '"1"0': 4600,
    '0".5"': 4600.0,
    '0"."00': 4600,
    "0\\,00": 4600,
    "0\\.000": 4600,
    "0*0": 4600,
    '0"/2"': 4600,
    '0"½"': 4600,
    '0" of 9000"': 4600,
    '"9000 "0': 4600,
    '0;"-"': -4600,
    "0;0": -4600,
    '0" kg"': 4600,
    '0" kt"': 4600,
    "[$-409]mmmm": 4600,
}
"""Formats that print another number than is read, or none, each with a value."""

SAME = {
    "General": 4600.123,
    "@": 4600,
    "0": 4600.4,
    "0.00": 4600.126,
    "#,##0": 4600.4,
    "#,##0.00": 4600.126,
    "0%": 0.65,
    "0.0%": 0.6543,
    "0 %": 0.65,
    "0\\ %": 0.65,
    "0.00E+00": 4600.0,
    "000.0E+0": 46000.0,
    "# ?/?": 0.5,
    "# ??/16": 12.34,
    "#": 0.3,
    "0000": 46,
    '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-': 4600.1,
    '_($* #,##0.00_);_($* \\(#,##0.00\\);_($* "-"??_);_(@_)': -4600.1,
    "#,##0_);(#,##0)": -4600,
    "#,##0;[Red]#,##0": -4600,
    "[Blue]0.0;[Red]-0.0": -4600.0,
    '0.0%;-0.0%;"–"': 0.0,
    "0;-0;": 0.0,
    '"€ "#,##0;"€ "-#,##0': -4600,
    "#,##0 [$€-407]": 4600,
    "[$$-409]#,##0.00": 4600,
    "[$USD] #,##0": 4600,
    '"US$" 0': 4600,
    '#,##0 "t"': 4600,
    '0" t CO2"': 4600,
    '0.0 "t Li2CO3"': 4600.0,
    '0 "m³"': 4600,
    '0 "m3"': 4600,
    '0 "mt"': 4600,
    '0 "t/yr"': 4600,
    '0.00 "USD/kg"': 4600.0,
    '0 "per t"': 4600,
    'General" t"': 4600.5,
    "0 000": 4600,
    "0'000": 4600,
    '0.0,"k"': 4600,
    '0.000,,"M"': 4600,
    '[>=1000000]0.0,,"M";[>=1000]0.0,"k";0': 4600,
    "0\\,00\\,000": 1234567,
    "[=0]0;[>=0.01]#,##0.00;0.0E+00": 1e-5,
    "[=0]0;[<100]#,##0.0;#,##0": 12.34,
    "0;;;@": 4600,
    "[DBNum1]General": 4600,
}
"""Formats that print what is read, rounded, each with a value."""


@pytest.mark.parametrize("code", OTHER)
def test_a_format_that_prints_another_number_is_found(code):
    assert other_number(code, float(OTHER[code])) is not None
    assert not shows_numbers(code)


@pytest.mark.parametrize("code", SAME)
def test_a_format_that_prints_the_number_is_none_to_find(code):
    assert other_number(code, float(SAME[code])) is None


_PLACES = st.tuples(
    st.sampled_from(["0", "#,##0", "0 000", "00000", "#0", "?0"]),
    st.sampled_from(["", ".0", ".00", ".0#", ".??"]),
)
_BESIDE = st.sampled_from(["", " t", " t CO2", "_-", " USD", " €", '" t/yr"', "* "])
_VALUES = st.floats(0, 1e12, allow_subnormal=False)


@settings(deadline=None)
@given(_PLACES, _BESIDE, _VALUES, st.integers(1, 9), st.booleans())
def test_a_format_prints_the_number_unless_a_digit_is_put_beside_it(
    places, beside, value, digit, is_before
):
    """Rounding is none; a digit at either end makes it another number, ten times it or more."""
    code = "".join(places)
    text = beside if beside[:1] in {"_", "*", '"'} else f'"{beside}"'
    assert other_number(code + text, value) is None
    assert shows_numbers(code + text)
    forged = f'"{digit}"{code}{text}' if is_before else f'{code}"{digit}"{text}'
    rounded = float(f"{value:.0f}")
    if is_before or not places[1]:
        assert other_number(forged, rounded or 1.0) is not None


@settings(deadline=None)
@example(("0", ".??"), 1, 1.0)
@given(_PLACES, st.integers(1, 3), st.floats(1, 1e9))
def test_a_number_in_thousands_says_so_in_words(places, times, value):
    whole, decimals = places
    word = {1: "k", 2: "million", 3: "bn"}[times]
    scaled = f"{whole}{decimals}{',' * times}"
    assert other_number(f'{scaled}" {word}"', value) is None
    if value > 2:
        assert other_number(scaled, value) is not None


@pytest.mark.parametrize(
    ("code", "is_other"),
    [
        ("General", False), ("@", False), ("0.00", False), ("0;-0;0;@", False), ("_(@_)", False),
        ("@*.", False), (";;;", True), ('0;0;0;"Chile"', True), ('"Not "@', True),
        ('0;0;0;@" and Chile"', True),
    ],
)  # fmt: skip
def test_a_text_is_shown_as_it_is_read(code, is_other):
    assert (other_text(code, "China") is not None) is is_other


# ---- in a workbook ------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    def save(made):
        made.save(tmp_path / "book.xlsx")
        return read(tmp_path / "book.xlsx")

    return save


def test_the_cell_is_a_finding_that_says_what_is_shown(saved):
    for code, value in OTHER.items():
        made = workbook()
        place = "Share limits!F2" if value < 1 else "Demand!C2"
        sheet, _, cell = place.partition("!")
        made[sheet][cell].value, made[sheet][cell].number_format = value, code
        told = faults(saved, made)
        assert [at for at, _ in told] == [place], code
        assert re.search(f"the number {value:g}.*, shown as", told[0][1]), told


def test_a_format_that_prints_what_is_read_is_read(saved):
    """A share and a demand in each format, ten times as many cells as formats."""
    for code, value in SAME.items():
        made = workbook()
        sheet, cell = ("Share limits", "F2") if 0 < value < 1 else ("Demand", "C2")
        made[sheet][cell].value, made[sheet][cell].number_format = abs(value), code
        odd = [w for w in saved(made).warnings if "figure checked" not in w.found]
        assert not odd or value < 0, code


def test_a_number_under_a_header_of_its_unit_is_read(saved):
    made = workbook()
    made["Refiners"]["D1"].value = "Capacity (kt/yr)"
    made["Refiners"]["E1"].value = "Capacity 2028 (kt/yr)"
    for row in range(2, 6):
        made["Refiners"].cell(row, 4).number_format = '0 "kt"'
        made["Refiners"].cell(row, 4).value /= 1000
    made["Refiners"]["E2"].value /= 1000
    assert saved(made).case.refiners[0].capacity.at(2026) == 1000


@pytest.mark.parametrize("style", ["", 's="0"', 's="00"', 's=" 0"', "s='0'"])
def test_the_first_format_is_of_cells_without_one(tmp_path, style):
    """However the cell names its format, or does not."""
    path, forged = tmp_path / "book.xlsx", tmp_path / "forged.xlsx"
    made = workbook()
    made["Demand"]["C2"].number_format = '"10"'
    made.save(path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/styles.xml":  # the look of the cell becomes the first one
                looks = re.search(rb"<cellXfs[^>]*>(.*?)</cellXfs>", part)[1]
                every = re.findall(rb"<xf .*?(?:/>|</xf>)", looks)
                part = part.replace(looks, b"".join([every[-1], *every[1:]]))
            if b"<v>600</v>" in part:
                part = re.sub(rb'<c r="C2"[^>]*><v>600', f'<c r="C2" {style}><v>600'.encode(), part)
            new.writestr(name, part)
    demand = next(grid for grid in open_excel(forged).grids if grid.title == "Demand")
    assert demand.values(3)[0] == Printed(600, "10", 10.0, 0.0)


def test_what_a_conditional_format_may_print_is_looked_at(saved):
    for code, is_told in (('"10 %"', True), ("0.000", False)):
        made = workbook()
        look = DifferentialStyle(numFmt=NumberFormat(numFmtId=200, formatCode=code))
        rule = Rule(type="expression", dxf=look, formula=["TRUE"])
        made["Demand"].conditional_formatting.add("C2:C3 D4", rule)
        if is_told:
            assert [at for at, _ in faults(saved, made)] == ["Demand!C2", "Demand!C3", "Demand!D4"]
        else:
            saved(made)


@pytest.mark.parametrize("code", ["0." + "0" * 253, "0" + "%" * 254, "?/?" + "%" * 252])
@pytest.mark.parametrize("value", [0.0, 1.0, -1e-300, 1.7e308])
def test_a_format_as_long_as_excel_has_them_is_understood(code, value):
    """Whatever it prints."""
    assert isinstance(shows_numbers(code), bool)
    other_number(code, value)
    assert not shows_numbers(f"{code}0000")


def test_conditional_formats_of_too_many_cells_are_refused(tmp_path, monkeypatch):
    """Each is looked at for each of its cells."""
    monkeypatch.setattr(grid, "MOST_FORMATTED", 40)
    path = tmp_path / "many.xlsx"
    made = openpyxl.Workbook()
    for i in range(20):
        made.active.append(["x", float(i)] if i else ["Name", "Number"])
    for i in range(3):
        style = DifferentialStyle(numFmt=NumberFormat(170 + i, f'[>{10**17 + i}]"x";0'))
        rule = Rule(type="expression", dxf=style, formula=["FALSE"])
        made.active.conditional_formatting.add("A1:B20", rule)
    made.save(path)
    with pytest.raises(InputError, match="Sheet: conditional formatting covers more than 40 cells"):
        _ = open_excel(path).grids


def test_a_conditional_format_of_newer_workbooks_is_looked_at(tmp_path):
    """It has its format beside the rule, not in the list of formats."""
    space = "http://schemas.microsoft.com/office"
    new = (
        f'<extLst><ext xmlns:x14="{space}/spreadsheetml/2009/9/main" uri="u">'
        f'<x14:conditionalFormattings xmlns:xm="{space}/excel/2006/main">'
        '<x14:conditionalFormatting><x14:cfRule type="expression" id="i"><xm:f>TRUE</xm:f><x14:dxf>'
        '<numFmt numFmtId="200" formatCode="&quot;10&quot;"/></x14:dxf></x14:cfRule>'
        "<xm:sqref>C2 D3:D4</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings>"
        "</ext></extLst></worksheet>"
    )
    workbook().save(tmp_path / "book.xlsx")
    path = tmp_path / "forged.xlsx"
    with zipfile.ZipFile(tmp_path / "book.xlsx") as old, zipfile.ZipFile(path, "w") as made:
        for name in old.namelist():
            part = old.read(name)
            is_demand = b"<v>600</v>" in part
            made.writestr(name, part.replace(b"</worksheet>", new.encode()) if is_demand else part)
    told = [f.place for f in _findings(path)]
    assert told == ["Demand!C2", "Demand!D3", "Demand!D4"]


def _findings(path):
    with pytest.raises(InputError) as error:
        read(path)
    return error.value.findings


def test_a_name_that_is_shown_as_another_is_a_finding(saved):
    made = workbook()
    made["Refiners"]["C2"].number_format = '0;0;0;"China"'
    assert [at for at, _ in faults(saved, made)] == ["Refiners!C2"]


def test_a_format_that_is_given_twice_is_refused(tmp_path):
    made = workbook()
    made["Demand"]["C2"].number_format = '0" t"'
    made.save(tmp_path / "book.xlsx")
    with zipfile.ZipFile(tmp_path / "book.xlsx") as old:
        parts = {name: old.read(name) for name in old.namelist()}
    own = re.search(rb"<numFmt [^>]*>", parts["xl/styles.xml"])[0]
    again = own.replace(b" t", b" kt") + own
    parts["xl/styles.xml"] = parts["xl/styles.xml"].replace(own, again)
    with zipfile.ZipFile(tmp_path / "twice.xlsx", "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    with pytest.raises(InputError, match="in different ways"):
        read(tmp_path / "twice.xlsx")


# ---- hidden, and volatile -----------------------------------------------------------------------


def warned(book):
    return [(f.place, f.found) for f in book.warnings]


def test_what_is_hidden_and_read_is_named(saved):
    made = workbook()
    made["Demand"].sheet_state = "veryHidden"
    for row in (3, 5):
        made["Refiners"].row_dimensions[row].hidden = True
    made["Refiners"].row_dimensions[4].height = 0.5
    made["Refiners"].row_dimensions[99].hidden = True  # holds nothing
    made["Minerals"].column_dimensions["C"].hidden = True
    made["Minerals"].column_dimensions["E"].hidden = True  # a note
    made["Members"].column_dimensions["B"].width = 0.1
    made.create_sheet("Lists").sheet_state = "hidden"  # not read
    assert warned(saved(made)) == [
        ("Minerals!C1", "the column Shortage cost (C) is hidden but still read"),
        ("Members!B1", "the column Country (B) is hidden but still read"),
        ("Refiners!A3", "rows 3, 4, 5 are hidden but still read"),
        ("Demand", "the sheet is hidden but still read"),
    ]


def test_a_sheet_whose_rows_are_hidden_unless_said_otherwise(saved):
    made = workbook()
    made["Refiners"].sheet_format.zeroHeight = True
    made["Refiners"].row_dimensions[1].height = 15
    assert warned(saved(made)) == [("Refiners!A2", "rows 2, 3, 4, 5 are hidden but still read")]


FORMULAS = {
    "RAND()*600": "RAND", "randbetween( 1,600)": "RANDBETWEEN", "600+0*NOW()": "NOW",
    "IF(TODAY()>1,600,0)": "TODAY", "SUM(OFFSET(C1,1,0))": "OFFSET", 'INDIRECT("C3")': "INDIRECT",
    "_xlfn.RANDARRAY(1)": "RANDARRAY", 'CELL("row",A1)': "CELL",
    "600&amp;RAND()": "RAND", "&#82;AND()": "RAND", "Today_s*1": "TODAY_S", "600": "",
    '"RAND()"': "", "STRAND(1)": "", "RAND_1+1": "", "NOW": "",
}  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_that_has_another_value_each_time_is_named(tmp_path, formula):
    path, forged = tmp_path / "book.xlsx", tmp_path / "forged.xlsx"
    made = workbook()
    made.defined_names["Today_s"] = openpyxl.workbook.defined_name.DefinedName(
        "Today_s", attr_text="Other_day+0"
    )
    made.defined_names["Other_day"] = openpyxl.workbook.defined_name.DefinedName(
        "Other_day", attr_text="TODAY()"
    )
    made.save(path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            part = old.read(name).replace(
                b"<v>600</v>", f"<f>{formula}</f><v>600</v>".encode(), 1
            ).replace(b't="n"><f>', b"><f>")  # fmt: skip
            new.writestr(name, part)
    said = [found for place, found in warned(read(forged)) if place == "Demand!C2"]
    function = FORMULAS[formula]
    assert bool(said) is bool(function), said
    assert not function or f"({function}) changes each time the workbook is calculated" in said[0]
