"""Plans that differ in what single members of those taken out do give the same redacted plan.

A cell that differs tells of one of them. Only what is paid for a mineral may differ: the intervals
know that.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import openpyxl
import pytest

from models.plan.solving import plan_from_solution
from models.program import build_program
from models.resolve import SPOT, Expanded
from models.results import ByMineral, Figure
from planner.audit.file import open_plan
from planner.audit.redact import redact, write_redacted
from planner.run import solve_file
from planner.sheets import write_plan
from planner.workbook.template import write_book
from tests.audit.test_redact import book_of_three
from tests.reference.cases import random_book

PAID = (ByMineral.landed.header, ByMineral.paid.header)
MAY_DIFFER = {Figure.PURCHASES_COST, Figure.COST_PER_TONNE, Figure.INPUT_SHA256, Figure.WRITTEN}


PAIRS = 5
"""Plans that are compared with another."""


def spot_flows(plan):
    """Return the column of each spot flow by year, source and member."""
    d = plan.expanded.deliveries
    return {
        (int(d.year[i]), int(d.source[i]), int(d.member[i])): int(plan.program.flow[i])
        for i in np.flatnonzero(d.contract == SPOT)
    }


def swapped(plan):
    """Yield two members and a plan in which they have swapped some of their suppliers.

    The first buys a and could as well buy b, where the other buys d, which could buy c.
    """
    of, e, seen = spot_flows(plan), plan.expanded, set()
    for (t, r, j), a in of.items():
        for (u, s, k), d in of.items():
            b, c = of.get((t, s, j)), of.get((t, r, k))
            is_pair = t == u and r != s and j < k and (j, k) not in seen and None not in {b, c}
            is_one = e.sources[r].mineral == e.sources[s].mineral
            if is_pair and is_one and plan.x[a] > 1 and plan.x[d] > 1:
                seen.add((j, k))
                x, amount = plan.x.copy(), 0.3 * min(plan.x[a], plan.x[d])
                x[[a, d]] -= amount
                x[[b, c]] += amount
                other = plan_from_solution(e, plan.program, x, plan.prices)
                yield (e.members[j], e.members[k]), other


def needing_otherwise(plan):
    """Yield two members and a plan in which one needs and buys less and the other more."""
    of, e, seen = spot_flows(plan), plan.expanded, set()
    for (t, r, j), a in of.items():
        for k in range(len(e.members)):
            mineral, year, names = e.sources[r].mineral, e.years[t], (e.members[j], e.members[k])
            needs = plan.case.demand_of.get((mineral, names[1], year), 0)
            is_pair = k != j and (j, k) not in seen and (t, r, k) in of
            if is_pair and plan.x[a] > 1 and needs > 1:
                seen.add((j, k))
                x, amount = plan.x.copy(), 0.3 * plan.x[a]
                x[[a, of[t, r, k]]] += (-amount, amount)
                now = Expanded(shifted(plan.case, mineral, year, names, amount))
                yield names, plan_from_solution(now, build_program(now), x, plan.prices)


def shifted(case, mineral, year, members, tonnes):
    """Return a case in which one member needs so much less in a year, and another so much more."""
    changes = dict(zip(members, (-tonnes, tonnes), strict=True))

    def needs(row):
        if row.mineral != mineral or row.member not in changes:
            return row
        more = changes.pop(row.member)  # of several tiers the first changes
        tonnes = tuple((y, t + more if y == year else t) for y, t in row.tonnes)
        return replace(row, tonnes=tonnes)

    return replace(case, demand=tuple(needs(row) for row in case.demand))


def cells(path):
    """Return every cell of a workbook by sheet, row and header; rows of Summary by measure."""
    found = {}
    book = openpyxl.load_workbook(path)
    del book["Checks"], book["Glossary"]  # neither of the two plans need be proven
    for sheet in book:
        heads = [str(c.value).partition(" (")[0] if c.value else "" for c in sheet[1]]
        for i, row in enumerate(sheet.iter_rows(2, values_only=True)):
            key = str(row[0]) if sheet.title == "Summary" else i
            found |= {
                (sheet.title, key, j, h): v for j, (h, v) in enumerate(zip(heads, row, strict=True))
            }
    return found


def differing(one, other):
    """Return what two copies say differently, beyond the last digits and what the run wrote."""
    assert one.keys() == other.keys()
    found = []
    for (sheet, row, _, head), value in one.items():
        now = other[sheet, row, _, head]
        if isinstance(value, float | int) and isinstance(now, float | int):
            is_same = np.isclose(value, now, rtol=1e-9, atol=1e-6)
        else:
            is_same = value == now
        is_known = row in MAY_DIFFER or (sheet == "By mineral" and head in PAID)
        is_known |= (sheet, head) == ("Scorecard", "Remark")  # of equal countries any is first
        if not is_same and not is_known:
            found.append((sheet, row, head, value, now))
    return found


def plans(folder):
    """Yield the small book's plan and those of random books."""
    case = folder / "case.xlsx"
    book_of_three().save(case)
    yield solve_file(case)
    for seed in range(40):
        write_book(case, random_book(np.random.default_rng(seed), 1 + seed % 4))
        yield solve_file(case)


def copy_of(run, plan, members, folder):
    """Return the cells of the copy of a plan without members, all totals kept."""
    file, copy = folder / "plan.xlsx", folder / "copy.xlsx"
    write_plan(file, plan, run.book, without_limits=run.without_limits)
    write_redacted(copy, redact(open_plan(file), members, keep_totals=True))
    return cells(copy)


@pytest.mark.parametrize("other_plans", [swapped, needing_otherwise])
def test_single_members_show_nowhere_but_in_what_is_paid(tmp_path, other_plans):
    """Of as many books as give some pairs of plans to be compared."""
    compared = 0
    for run in plans(tmp_path):
        for names, other in islice(other_plans(run.plan), 2):
            copies = [copy_of(run, plan, names, tmp_path) for plan in (run.plan, other)]
            assert differing(*copies) == [], names
            compared += 1
        if compared >= PAIRS:
            return
    pytest.fail(f"{compared} pairs in all books")
