"""A reader of a redacted plan who computes what can be: nothing of the planner's own is used.

The reader has the workbook, and knows which members were taken out, which of them need or buy a
mineral in a year and which have a stock of it, and what a tonne costs each of them landed. Every
figure of theirs is an unknown; every cell that ties unknowns to one another is an equation or a
bound. The least and the most of a figure are two linear programs.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
import openpyxl
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

MONEY = ("Average landed cost", "Purchases (USD)")
LEVELS = ("Opening", "Closing", "Target", "Change")
STOCK = ("Opening", "Closing", "Target", "Below target", "Max")


def sheets(path):
    """Return every table of a workbook: its rows by header, units left out."""
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(2)
def _read(path, _):
    """Read a workbook as it was at a time, once: that of the example takes some seconds."""
    found = {}
    book = openpyxl.load_workbook(path, read_only=True)
    for sheet in book:
        heads = []
        rows = sheet.iter_rows(values_only=True)
        for value in next(rows, ()):
            bare = str(value).partition(" (")[0]
            heads.append(str(value) if bare in heads else bare)
        found[sheet.title] = [dict(zip(heads, row, strict=True)) for row in rows]
    book.close()
    return found


def withheld(plan, hidden):
    """Return the figures of members by mineral: what a reader must not be able to compute."""
    found = defaultdict(lambda: defaultdict(float))
    for row in plan["Plan"]:
        if row["Member"] in hidden:
            site = (row["Refiner"], row["Project"])
            found[row["Mineral"]]["flow", row["Member"], row["Year"], site] += row["Tonnes"]
    for sheet, heads in (("Prices", ("Demand", "Purchases", "Short")), ("Stocks", STOCK)):
        for row in plan.get(sheet, ()):
            if row["Member"] in hidden:
                for head in heads:
                    found[row["Mineral"]][head, row["Member"], row["Year"]] = row[head]
    for row in plan.get("Inputs", ()):
        if row["Handed over by"] in hidden:
            key = ("Handed", row["Handed over by"], row["Year"], (row["Plant"], row["Product"]))
            found[row["Input"]][key] += row["Tonnes"]
    for row in plan.get("Stocks", ()):
        if row["Member"] in hidden:
            key = ("Change", row["Member"], row["Year"])
            found[row["Mineral"]][key] = row["Closing"] - row["Opening"]
    return found


def landed(plan, hidden):
    """Return what a tonne from a site costs a member in a year, by mineral: a reader knows prices.

    Where a member buys nothing, it is what the site costs the others on average.
    """
    paid = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for row in plan["Plan"]:
        site = (row["Year"], (row["Refiner"], row["Project"]))
        for key in ((row["Member"], *site), ("", *site)) if row["Member"] in hidden else ():
            paid[row["Mineral"]][key][0] += row["Total"]
            paid[row["Mineral"]][key][1] += row["Tonnes"]
    return {
        mineral: {key: usd / tonnes for key, (usd, tonnes) in of.items() if tonnes}
        for mineral, of in paid.items()
    }


class Mineral:
    """The reader's unknowns and equations of one mineral."""

    def __init__(self, name, shown, figures, prices):
        self.name, self.figures, self.prices = name, figures, prices
        self.years = sorted({row["Year"] for row in shown["Prices"] if row["Mineral"] == name})
        self.unknown, self.equal, self.most = {}, [], []
        self.members = {key[1] for key in figures}
        of = {
            sheet: [row for row in rows if row.get("Mineral") == name]
            for sheet, rows in shown.items()
        }
        self.taken = [row for row in shown.get("Inputs", ()) if row["Input"] == name]
        self.kept = [r for r in of["Prices"] if not str(r["Member"]).endswith("(redacted)")]
        self.structure()
        self.sites(of)
        self.purchases()
        self.needs(of)
        self.handed()
        self.stocks(of)
        self.totals(of, shown)
        self.paid(of, shown)

    def column(self, *key):
        return self.unknown.setdefault(key, len(self.unknown))

    def of_all(self, *key):
        """Return the sum over the members of a figure that is by year."""
        head, *by = key
        keys = ((head, member, *by) for member in self.members)
        return {self.unknown[k]: 1.0 for k in keys if k in self.unknown}

    def sum(self, row, value):
        if value is not None:
            self.equal.append((row, float(value)))

    def others(self, head, year):
        return sum(r[head] for r in self.kept if r["Year"] == year)

    def true(self, head, year):
        """What all of them have: of an input told by a share's base less what plants take."""
        return sum(v for key, v in self.figures.items() if (key[0], key[2]) == (head, year))

    def structure(self):
        """Make an unknown of what each member may have: that it may have it is known."""
        for head, member, year, *_ in self.figures:
            active = any(
                self.figures.get((h, member, year)) for h in ("Demand", "Purchases", "Short")
            )
            held = any(self.figures.get((h, member, y)) for h in STOCK for y in self.years)
            if head in {"Demand", "Purchases", "Short"} and active:
                self.column(head, member, year)
            if head in STOCK and held:
                self.column(head, member, year)

    def sites(self, of):
        """What a site sells in all, or at most, less what the others buy of it."""
        bought = defaultdict(float)
        of_country = defaultdict(float)
        place = {}
        for row in of["Plan"]:
            if row["Refiner"] is not None:
                bought[row["Year"], row["Refiner"], row["Project"]] += row["Tonnes"]
                of_country[row["Year"], row["Country"]] += row["Tonnes"]
        for row in self.taken:
            if row["Supplier"] is not None:  # else handed over
                bought[row["Year"], row["Supplier"], row["Project"]] += row["Tonnes"]
                of_country[row["Year"], row["Supplier country"]] += row["Tonnes"]
        for row in of["Refiners"]:
            year, site = row["Year"], (row["Refiner"], row["Project"])
            place[year, site] = row["Country"]
            for member in self.members:
                if ("Purchases", member, year) in self.unknown:
                    self.column("flow", member, year, site)
            theirs, left = self.of_all("flow", year, site), bought[year, *site]
            tonnes = self.sold(row)
            if tonnes is None:
                self.most.append((theirs, row["Capacity"] - left))
            else:
                self.sum(theirs, tonnes - left)
        for row in of["Country shares"]:
            if row["Buyer"] == "Coalition" and row["Tonnes"] is not None:
                key = (row["Year"], row["Country"])
                flows = {
                    self.unknown[k]: 1.0
                    for k in self.unknown
                    if k[0] == "flow" and k[2] == key[0] and place[key[0], k[3]] == key[1]
                }
                self.sum(flows, row["Tonnes"] - of_country[key])

    @staticmethod
    def sold(row):
        """Return what a site sells in all: as told, by its utilization, or by its rent."""
        if row["Tonnes"] is None and row["Utilization"] is not None:
            return row["Utilization"] * row["Capacity"]
        return row["Capacity"] if row["Tonnes"] is None and row["Scarcity rent"] else row["Tonnes"]

    def purchases(self):
        """What a member buys is what flows to it."""
        for member in self.members:
            for year in self.years:
                if ("Purchases", member, year) in self.unknown:
                    flows = {
                        i: 1.0 for k, i in self.unknown.items() if k[:3] == ("flow", member, year)
                    }
                    self.sum(flows | {self.unknown["Purchases", member, year]: -1.0}, 0)

    def needs(self, of):
        """What all of them need, buy and lack, as told or as a share tells it."""
        for row in of["Prices"]:
            if row["Member"] == "Others (redacted)":
                for head in ("Demand", "Purchases", "Short"):
                    self.sum(self.of_all(head, row["Year"]), row[head])
        for row in of["Country shares"]:
            if row["Buyer"] != "Coalition" or not row["Tonnes"]:
                continue
            for head, share in (("Demand", "Share of demand"), ("Purchases", "Share of purchases")):
                if row[share]:
                    told = row["Tonnes"] / row[share] - self.others(head, row["Year"])
                    told = self.true(head, row["Year"]) if self.taken else told
                    self.sum(self.of_all(head, row["Year"]), told)
        for row in of["Share limits"]:
            if row["Buyer"] == "Coalition" and row["Share of"] == "demand":
                base = row["Base"]
                if base is None and row["Binding"] == "yes" and row["Tonnes"] and row["Limit"]:
                    base = row["Tonnes"] / row["Limit"]
                if base is not None:
                    told = base - self.others("Demand", row["Year"])
                    told = self.true("Demand", row["Year"]) if self.taken else told
                    self.sum(self.of_all("Demand", row["Year"]), told)

    def handed(self):
        """What all of them hand to a plant: its need less what it buys, where that is shown."""
        plants = defaultdict(float)
        for (head, member, *place), tonnes in self.figures.items():
            if head == "Handed":
                self.column(head, member, *place)
                plants[tuple(place)] += tonnes
        for place, tonnes in plants.items() if self.taken else ():
            self.sum(self.of_all("Handed", *place), tonnes)

    def stocks(self, of):
        """The balance of each member in each year, and its stock from year to year."""
        for row in of.get("Stocks", ()):
            if row["Member"] == "Others (redacted)":
                for head in STOCK:
                    self.sum(self.of_all(head, row["Year"]), row[head])
        signs = {"Purchases": 1, "Short": 1, "Demand": -1, "Opening": 1, "Closing": -1}
        for member in self.members:
            for i, year in enumerate(self.years):
                at = {h: self.unknown.get((h, member, year)) for h in (*signs, *STOCK)}
                row = {at[h]: sign for h, sign in signs.items() if at[h] is not None}
                handed = ("Handed", member, year)
                row |= {i: -1 for key, i in self.unknown.items() if key[:3] == handed}
                if row:
                    self.sum(row, 0)
                if at["Demand"] is not None:
                    self.most.append(({at["Short"]: 1, at["Demand"]: -1}, 0))
                if at["Opening"] is not None:
                    self.most.append(({at["Closing"]: 1, at["Max"]: -1}, 0))
                    least = {at["Target"]: 1, at["Closing"]: -1, at["Below target"]: -1}
                    self.most.append((least, 0))
                    moved = self.column("Change", member, year)
                    self.sum({moved: -1, at["Closing"]: 1, at["Opening"]: -1}, 0)
                    if i:
                        before = self.unknown["Closing", member, self.years[i - 1]]
                        self.sum({at["Opening"]: 1, before: -1}, 0)

    def totals(self, of, shown):
        """What By mineral and Summary tell of all years."""
        heads = {"Demand": "Demand", "Purchases": "Tonnes purchased", "Short": "Shortage"}
        every = {row["Mineral"]: row for row in shown["By mineral"]}
        said = {row["Measure"]: row["Value"] for row in shown["Summary"]}
        own = {row["Measure"]: row.get(self.name) for row in shown["Summary"]}
        for head, measure in heads.items():
            total = every[self.name][head]
            total = own.get(measure) if total is None else total
            rest = [row[head] for name, row in every.items() if name != self.name]
            if total is None and said.get(measure) is not None and None not in rest:
                total = said[measure] - sum(rest)  # of all minerals less the others
            each, usd = (v for h, v in every[self.name].items() if h in MONEY)
            if total is None and head == "Purchases" and usd and each:
                total = usd / each
            if total is not None:
                row = {}
                for year in self.years:
                    row |= self.of_all(head, year)
                self.sum(row, total - sum(self.others(head, year) for year in self.years))

    def paid(self, of, shown):
        """What those taken out pay: in a row of their own, or the total less what others pay."""
        money = defaultdict(dict)
        for key, i in self.unknown.items():
            if key[0] == "flow":
                _, member, year, site = key
                price = self.prices.get((member, year, site), self.prices.get(("", year, site), 0))
                money[year][i] = price
        for row in of["Plan"]:
            if row["Member"] == "Others (redacted)" and row["Total"] is not None:
                self.cost(money[row["Year"]], row["Total"])
        (own,) = (row for row in shown["By mineral"] if row["Mineral"] == self.name)
        each, usd = (v for h, v in own.items() if h in MONEY)
        measures = {row["Measure"]: row.get(self.name) for row in shown["Summary"]}
        usd = measures.get("Purchases cost") if usd is None else usd
        each = measures.get("Cost per tonne") if each is None else each
        tonnes = own["Purchases"]
        if usd is None and each is not None and tonnes is not None:
            usd = each * tonnes
        others = sum(
            row["Total"] for row in of["Plan"] if not str(row["Member"]).endswith("(redacted)")
        )
        if usd is not None:
            every = {i: price for row in money.values() for i, price in row.items()}
            made = {m for row in shown.get("Inputs", ()) for m in row["Product"].split("; ")}
            if self.name in made:  # less what its inputs cost, which what plants take in tells
                names = {i: key for key, i in self.unknown.items()}
                usd = sum(price * self.figures.get(names[i], 0) for i, price in every.items())
                others = 0
            self.cost(every, usd - others)

    def cost(self, row, usd):
        """Add what is paid in all, in tonnes of the dearest, as every other row is."""
        dearest = max(row.values(), default=0)
        if dearest:
            self.sum({i: price / dearest for i, price in row.items()}, usd / dearest)

    def intervals(self, keys=None):
        """Yield every figure with its value, the least and the most that it can be."""
        scale = max(1e-12, *(abs(v) for v in self.figures.values()))
        count = len(self.unknown)
        equal, most = (self.matrix(rows, count) for rows in (self.equal, self.most))
        bounds = [(None if key[0] == "Change" else 0, None) for key in self.unknown]
        for key, value in self.figures.items():
            if key not in self.unknown or (keys is not None and key not in keys):
                continue
            found = []
            for sign in (1, -1):
                cost = np.zeros(count)
                cost[self.unknown[key]] = sign
                # what is written in a cell is rounded: every row may be off by next to nothing
                found.append(self.run(cost, equal, most, bounds, scale))
            yield key, value, found[0], -found[1]

    @staticmethod
    def matrix(rows, count):
        at = [(i, j, v) for i, (row, _) in enumerate(rows) for j, v in row.items()]
        i, j, v = zip(*at, strict=True) if at else ((), (), ())
        return csr_array((v, (i, j)), shape=(len(rows), count)), np.array([b for _, b in rows])

    @staticmethod
    def run(cost, equal, most, bounds, scale):
        (a, b), (c, d) = equal, most
        near = 1e-9 * scale + 1e-9 * np.abs(b)
        made = linprog(
            cost,
            A_ub=vstack([a, -a, c]),
            b_ub=np.concatenate([b + near, near - b, d + 1e-9 * scale]) / scale,
            bounds=bounds,
            method="highs",
        )
        if made.status in {3, 4}:
            return -np.inf
        assert made.status == 0, made.message
        return made.fun * scale


def too_close(plan, redacted, hidden, protection=0.2, minerals=()):
    """Return the figures that a reader knows within less than a part of them, and all counted.

    ``minerals`` are those looked at; all, where none is named.
    """
    true, shown = sheets(plan), sheets(redacted)
    found, counted, prices = [], 0, landed(true, hidden)
    for mineral, figures in withheld(true, hidden).items():
        if minerals and mineral not in minerals:
            continue
        least = 1e-6 * max(abs(v) for v in figures.values())
        for key, value, low, high in Mineral(
            mineral, shown, figures, prices.get(mineral, {})
        ).intervals():
            size = abs(value)
            if key[0] in LEVELS:  # that a reserve is empty is a figure, too
                size = max(abs(figures[head, *key[1:]]) for head in LEVELS)
            needs = ("Demand", "Purchases", "Short")
            if key[0] == "Change" and not any(figures[head, *key[1:]] for head in needs):
                continue  # who neither needs nor buys moves no stock: known without the workbook
            if size <= least:
                continue
            counted += 1
            assert low - 1e-6 * size <= value <= high + 1e-6 * size, (mineral, key)
            if high - low < protection * size * (1 - 1e-4):
                found.append((mineral, *key, value, low, high))
    return found, counted
