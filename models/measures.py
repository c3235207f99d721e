"""Every number that has a name in the product, each computed here and nowhere else.

A docstring gives the formula, the unit and the base, since the same word is asked of demand, of
purchases or by value, of the last year or of any: a surface says which in its own words, and calls
the measure with that argument. Rest of world is many small suppliers: it counts in what shares are
of, and is no country itself. Nothing here knows a plan: amounts go in, so that what is read back of
a workbook is measured as the plan itself is.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models import schema, tolerances

if TYPE_CHECKING:
    import pandas as pd

POINT = 0.01
"""A percentage point: the unit of a limit on a share."""
DAYS = 365
"""Days of a year of demand."""


def printed(share: float) -> float:
    """Return a share as it is printed, to a tenth of a point: a reader sees closer ones as one."""
    return round(share, 3)


def named(amounts: Mapping[str, float]) -> dict[str, float]:
    """Return the amounts of single countries: Rest of world left out."""
    return {name: amount for name, amount in amounts.items() if name != schema.REST_OF_WORLD}


def part(amount: float, whole: float) -> float | None:
    """Return a part of a whole; None where the whole is nothing, or next to it: no number then."""
    ratio = amount / whole if whole > 0 else math.inf
    return ratio if math.isfinite(ratio) else None


def beyond(amount: float, other: float, base: float) -> float:
    """Return an amount less another, 0 where rounding alone parts them against what they are of."""
    difference = amount - other
    return difference if abs(difference) > tolerances.REMAINDER * abs(base) else 0.0


def sums(table: pd.DataFrame, amount: str, *by: str) -> dict[Any, float]:
    """Return the sums of an amount by the values of a column, or by tuples of several columns'."""
    totals = table.groupby([*by])[amount].sum()
    return dict(zip(totals.index.tolist(), totals.tolist(), strict=True))


def sums_within(table: pd.DataFrame, amount: str, *by: str) -> dict[Any, dict[str, float]]:
    """Return the sums of an amount by the values of the last column, within those of the others."""
    nested = defaultdict[Any, dict[str, float]](dict)
    for (*others, last), total in sums(table, amount, *by).items():
        nested[tuple(others) if len(others) > 1 else others[0]][last] = total
    return nested


def change(
    now: float | None, was: float | None, noise: float = tolerances.REMAINDER
) -> float | None:
    """Return now less before, None if unknown, 0 if less than ``noise`` of the larger apart."""
    if now is None or was is None:
        return None
    by = now - was
    return by if abs(by) > noise * max(abs(now), abs(was)) else 0.0


def net(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over the first axis; 0 where it is the rounding of what cancels out.

    Unlike ``change``, which leaves out what is small beside a plan, it keeps all that is real.
    """
    totals = np.asarray(amounts.sum(axis=0))
    least = tolerances.CANCELLED * np.abs(amounts).sum(axis=0)
    return np.where(np.abs(totals) <= least, 0.0, totals)


# ---- concentration -----------------------------------------------------------------------------


def largest(amounts: Mapping[str, float], number: int = 1) -> list[tuple[str, float]]:
    """Return the countries with the most, by name where equal.

    formula: the ``number`` largest amounts of single countries
    unit: that of the amounts
    """
    return sorted(named(amounts).items(), key=lambda each: (-each[1], each[0]))[:number]


def hhi(amounts: Mapping[str, float]) -> float | None:
    """Return the Herfindahl-Hirschman index; None where nothing is supplied.

    formula: sum over c of (100 S_c)^2, S_c the country's share of all amounts
    unit: index, 0 to 10,000
    base: all that is supplied, Rest of world too
    """
    whole = float(np.sum(list(amounts.values())))
    if whole <= 0:
        return None
    shares = np.array(list(named(amounts).values())) / whole * 100.0
    return float((shares**2).sum())


@dataclass(frozen=True)
class Top:
    """The largest share of one country: whose (a code), when, and the limit on it (None: none)."""

    country: str
    year: int
    share: float
    limit: float | None


def shares_of(table: pd.DataFrame, base: str) -> pd.Series[float]:
    """Return each row's tonnes over what its buyer needs, or purchases, in that year.

    formula: tonnes / demand, or tonnes / purchases; NaN where the base is 0
    unit: share
    base: ``base``, demand or purchases
    """
    if f"of_{base}" in table:  # of a result, which has the shares themselves
        return table[f"of_{base}"]
    whole = table["purchased" if base == schema.PURCHASES else "demand"]
    return table["tonnes"] / whole.where(whole > 0)


def largest_country_share(table: pd.DataFrame, base: str, *, idle: bool = False) -> Top | None:
    """Return the largest share of one country among rows; None where no country sells.

    The rows have country, year, tonnes and limit, and what ``shares_of`` asks for, of one buyer and
    mineral; they are of one year, or of all that are meant. Of equal shares the first row's counts.
    ``idle`` has a country under a limit count that sells nothing.

    formula: max over countries c and years t of tonnes[c, t] / base[t]
    unit: share
    base: ``base``, demand or purchases of the year
    """
    return _tops(table, base, (), idle=idle).get(())


@dataclass(frozen=True)
class OverByPurchases:
    """A limit that a country keeps of a buyer's demand, and breaks of what the buyer purchases.

    ``buyer`` "" is the coalition, ``country`` a code; shares of the mineral in the year.
    """

    mineral: str
    buyer: str
    country: str
    year: int
    of_demand: float
    of_purchases: float
    limit: float

    @property
    def excess(self) -> float:
        return self.of_purchases - self.limit


def excess_of_purchases(table: pd.DataFrame, base: str) -> pd.Series[float]:
    """Return how far each row's share of purchases is above a limit that its share of demand keeps.

    It happens where demand is short: 65 % of demand may be 80 % of what is bought. The rows are
    those of ``largest_country_share``.

    formula: tonnes / purchases - limit where tonnes / demand <= limit < tonnes / purchases, to
             within 1e-6; else NaN
    unit: share
    base: purchases; all NaN where ``base``, what limits are of, is not demand
    """
    excess = shares_of(table, schema.PURCHASES) - table["limit"]
    is_kept = shares_of(table, schema.DEMAND) <= table["limit"] + tolerances.LIMIT_KEPT
    return excess.where(is_kept & (excess > tolerances.LIMIT_KEPT) & (base == schema.DEMAND))


def over_by_purchases(table: pd.DataFrame, base: str) -> list[OverByPurchases]:
    """Return every limit that is kept of demand and broken of purchases, the farthest first.

    The rows have mineral, buyer and country, and what ``excess_of_purchases`` asks for.
    """
    excess = excess_of_purchases(table, base)
    rows = table[excess.notna()]
    columns = (rows[c] for c in ("mineral", "buyer", "country", "year"))
    shares = (shares_of(rows, schema.DEMAND), shares_of(rows, schema.PURCHASES), rows["limit"])
    broken = [
        OverByPurchases(str(mineral), str(buyer), str(country), int(year), *map(float, rest))
        for mineral, buyer, country, year, *rest in zip(*columns, *shares, strict=True)
    ]
    return sorted(broken, key=lambda each: -each.excess)


def largest_country_shares(
    table: pd.DataFrame, base: str, by: Sequence[str] = ("mineral",)
) -> dict[Any, Top]:
    """Return the same among the rows of the coalition by the values of a column, or by tuples.

    The rows have those columns and buyer ("" the coalition), too. A mineral of which no country
    sells is not in it.
    """
    largest = _tops(table[table["buyer"] == ""], base, by)
    return {key[0]: top for key, top in largest.items()} if len(by) == 1 else largest


def _tops(
    table: pd.DataFrame, base: str, by: Sequence[str], *, idle: bool = False
) -> dict[Any, Top]:
    """Return the largest share of one country among the rows alike in some columns."""
    rows = (table[c].tolist() for c in ("country", "year", "tonnes", "limit"))
    shares = shares_of(table, base).tolist()
    keys = zip(*(table[c].tolist() for c in by), strict=True) if by else [()] * len(shares)
    best: dict[Any, Top] = {}
    for key, country, year, tonnes, limit, share in zip(keys, *rows, shares, strict=True):
        if country == schema.REST_OF_WORLD or not (idle or tonnes > 0):
            continue
        if share > (
            best[key].share + tolerances.REMAINDER if key in best else -tolerances.REMAINDER
        ):
            cap = None if limit is None or math.isnan(limit) else float(limit)
            best[key] = Top(str(country), int(year), float(share), cap)
    return best


def stays_within(shares: Mapping[int, float | None], most: float) -> int | None:
    """Return the first year from which on a share is at most so much in every year; None: never.

    A year whose share has no base (None: something is sold where nothing is needed) is above.

    formula: min y such that share[t] <= most for all years t >= y, to within 1e-6
    unit: year
    base: that of the shares, by year
    """
    first = None
    for year in sorted(shares, reverse=True):
        share = shares[year]
        if share is None or share > most + tolerances.LIMIT_KEPT:
            break
        first = year
    return first


# ---- who depends on whom -----------------------------------------------------------------------


def largest_supplier(
    amounts: Mapping[str, float], home: Collection[str]
) -> tuple[str, float] | None:
    """Return the one country outside with the most, and its share; None where none sells.

    ``home`` are the countries inside the coalition: none of them is a supplier to be feared.

    formula: max over c outside of amount[c] / sum of all amounts; by code where equal
    unit: share
    base: all amounts: what is bought, from inside and from Rest of world too
    """
    outside = {c: amount for c, amount in amounts.items() if c not in home and amount > 0}
    most = largest(outside)
    return (most[0][0], most[0][1] / sum(amounts.values())) if most else None


# ---- what a loss leaves: six measures, each in a sentence ----------------------------------------

IF_IT_STOPS = (
    "All that the country sells is then lost, nothing is bought elsewhere, and stocks give"
    " only what the plan draws."
)
"""The first of them, ``served_without``: it has one number on every surface."""
SEE_MORE = "planner stress tests the loss of each country, from any year."
WITH_SURGE = (
    "Each other supplier also sells more: up to the setting Surge x its usable capacity, as"
    " far as that is open to the coalition and not sold already."
)
IN_SECURITY = (
    "This test loses one country at a time, and counts what the others can sell more and all"
    " stocks."
)
BY_CAPACITY = "N-1 counts all capacity open to the coalition, whether the plan buys from it or not."
PLANNED_AGAIN = (
    "Here the loss is known beforehand, and the coalition plans everything again; planner"
    " stress holds it to its orders."
)
SAME_COST = (
    "Several plans can cost the same in all and differ in who buys from whom, and so in what"
    " each member pays; one of them is shown."
)
TIED_INPUTS = (
    "Plans of the same cost can differ in which plant gets whose inputs, and so in this part."
)
"""Said wherever a loss is counted through all stages: that share is of the plan shown."""
HELD_TO_ORDERS = (
    "The coalition keeps its orders; it answers a loss with what others can sell more, with"
    " stocks and with waived limits."
)
"""The other five: with surge, in Security, of the scorecard, planned again, held to orders."""
KEEPS_ENOUGH = 0.8
"""A mineral of which so much is served without its largest supplier keeps enough."""


def keeps_enough(served: float) -> bool:
    """Return whether so much is served without the largest supplier, but for rounding."""
    return served >= KEEPS_ENOUGH - tolerances.LIMIT_KEPT


# ---- what is served ----------------------------------------------------------------------------


def served_share(demand: float, short: float) -> float:
    """Return the share of demand that is met.

    formula: 1 - short / demand, at least 0; 1 where nothing is needed
    unit: share
    base: demand, of whatever minerals and years the amounts are of
    """
    return max(0.0, 1.0 - short / demand) if demand > 0 else 1.0


def drawn_from_stock(need: float, handed: float, short: float, bought: float) -> float:
    """Return what stocks give in a year beyond what is added to them, of a member or of all.

    formula: max(0, need + handed to plants - short - bought)
    unit: t
    """
    return max(0.0, need + handed - short - bought)


def served_without(others: float, drawn: float, need: float, served: float) -> float | None:
    """Return the share of a year's need that is served without a supplier; None without need.

    What the supplier sells is lost. ``others`` is what is bought from all others, ``drawn`` what
    stocks give in that year with the supplier, ``served`` the share served with it: nothing is
    bought instead, no more is drawn, and what was bought to fill a stock or for plants serves need
    first.

    formula: min(served, (others + drawn) / need)
    unit: share
    base: demand of the year
    """
    left = part(others + drawn, need)
    return None if left is None else max(0.0, min(served, left))


SURGE = schema.Settings.surge
"""What a supplier that is left sells more, of its usable capacity, unless a planner says."""


def missing_in_each(short: Mapping[Any, float], need: Mapping[Any, float]) -> dict[Any, float]:
    """Return what part of need is missing in each year, or of each mineral: how severe it is there.

    formula: short / need of the same year; 0 where nothing is needed. Weighted by need the parts
             sum to the whole: sum of part x need = sum of short
    unit: share; below 0 where ``short`` is against a reference in which more is missing
    base: need of the year, or of the mineral
    """
    return {key: (part(amount, need.get(key, 0.0)) or 0.0) for key, amount in short.items()}


def with_surge(sold: float, usable: float, surge: float) -> float:
    """Return what a supplier sells at most when it sells more by a part of its usable capacity.

    A plant that sells more than its usable capacity goes on doing so, and no more.

    formula: min(sold + surge x usable, max(usable, sold))
    unit: t a year
    """
    return min(sold + surge * usable, max(usable, sold))


def survived_share(left: float, demand: float) -> float:
    """Return the share of a year's demand that is served if a country is lost.

    ``left`` is what all others sell and could sell more, and what is in stock when the year begins;
    lanes are left aside, and members share it.

    formula: min(1, left / demand); 1 where nothing is needed
    unit: share
    base: demand of the year
    """
    return min(1.0, left / demand) if demand > 0 else 1.0


def short_by_limits(short: float, without: float, demand: float) -> float:
    """Return what share limits add to a shortage; below 0 where they move supply here.

    formula: short - short without share limits; 0 where that is rounding against demand
    unit: t
    """
    return beyond(short, without, demand)


def days_of_cover(stock: float, demand: float) -> float | None:
    """Return how long a stock lasts; None where nothing is needed.

    formula: stock / (demand / 365)
    unit: days
    base: demand of one year
    """
    return part(stock * DAYS, demand)


# ---- what it costs -----------------------------------------------------------------------------


def landed_cost(paid: float, tonnes: float) -> float | None:
    """Return what a tonne bought costs landed on average; None where nothing is bought.

    formula: sum of tonnes x (cost or price, tariff, freight) / sum of tonnes
    unit: money/t, undiscounted
    base: tonnes bought
    """
    return part(paid, tonnes)


def net_cost(cash: float, duties: float) -> float:
    """Return what the coalition pays to others: duties go from its buyers to its own treasuries.

    formula: cash cost - sum of tonnes x (tariff x cost or price + levy); 0 if it is rounding
    unit: money, undiscounted
    base: all flows to members; shortage and other penalties are no cash
    """
    return beyond(cash, duties, cash)


def premium(cash: float, reference: float, tonnes: float) -> float | None:
    """Return what is paid more than in a reference, over what is bought; None of nothing bought.

    formula: (cash - cash of the reference) / tonnes
    unit: money/t, undiscounted
    base: tonnes bought here; it falls below 0 where tonnes that cannot be had are not paid for
    """
    return part(beyond(cash, reference, reference), tonnes)


def premium_with_shortage(total: float, reference: float, demand: float) -> float | None:
    """Return what total cost is more than in a reference, over demand; None without demand.

    formula: (total cost - total cost of the reference) / demand
    unit: money/t, discounted, shortage at its stated cost
    base: demand
    """
    return part(beyond(total, reference, reference), demand)


# ---- member by member --------------------------------------------------------------------------


def paid(bought: pd.DataFrame) -> pd.Series[float]:
    """Return what each row pays for its purchases; 0 where nothing is bought.

    The rows of ``bought``, here and below, are of a year, mineral and member, with purchased [t]
    and landed, the average landed cost [money/t; NaN where nothing is bought].

    formula: purchased x landed cost
    unit: money, undiscounted
    """
    return (bought["purchased"] * bought["landed"]).fillna(0.0)


def paid_at_coalition_cost(bought: pd.DataFrame) -> pd.Series[float]:
    """Return what each row's tonnes cost at what the coalition pays for such a tonne.

    formula: purchased[m, j, t] x sum over i of paid[m, i, t] / sum over i of purchased[m, i, t]
    unit: money, undiscounted
    base: tonnes that the coalition buys of the mineral in the year, the member's own among them
    """
    return bought["purchased"] * _coalition_cost(bought).fillna(0.0)


def paid_at_reference_cost(bought: pd.DataFrame, reference: pd.DataFrame) -> pd.Series[float]:
    """Return what each row's tonnes would cost at the cost of a tonne in a reference.

    formula: purchased[m, j, t] x landed cost[m, j, t] of the reference; where the member buys none
             there, the coalition's; where nobody does, its own: such tonnes cost no more
    unit: money, undiscounted
    base: tonnes bought here
    """
    keys = ["year", "mineral", "member"]
    there = reference.assign(coalition=_coalition_cost(reference))
    before = bought[keys].merge(there[[*keys, "landed"]], "left", keys)["landed"]
    of_all = there[[*keys[:2], "coalition"]].drop_duplicates(keys[:2])
    all_there = bought[keys].merge(of_all, "left", keys[:2])["coalition"]
    cost = before.fillna(all_there).set_axis(bought.index).fillna(bought["landed"])
    return (bought["purchased"] * cost).fillna(0.0)


def _coalition_cost(bought: pd.DataFrame) -> pd.Series[float]:
    """Return each row's average landed cost of all members in its year; NaN where nobody buys."""
    by = [bought["year"], bought["mineral"]]
    money, tonnes = (
        amount.groupby(by).transform("sum") for amount in (paid(bought), bought["purchased"])
    )
    return money / tonnes.where(tonnes > 0)


def landed_against_coalition(bought: pd.DataFrame) -> dict[str, float]:
    """Return by how much each member's own basket is dearer than at the coalition's cost.

    formula: sum over m, t of paid / sum over m, t of paid at coalition cost - 1
    unit: share; above 0 the member pays more than all members together for the same basket
    base: what the member's own basket costs at the coalition's average of each mineral and year
    """
    money, same = (
        _sums(bought, amount, "member") for amount in (paid(bought), paid_at_coalition_cost(bought))
    )
    return {name: beyond(money[name], base, base) / base for name, base in same.items() if base > 0}


def like_for_like(
    bought: pd.DataFrame, reference: pd.DataFrame, *by: str
) -> dict[Any, tuple[float, float]]:
    """Return what tonnes cost more than the same tonnes in a reference, and what those cost.

    The one answer to what limits, a scenario or a cap cost in cash: by the values of a column,
    mineral or member, of which either add up to the same, or by tuples of several columns'.
    Charges for new plants are in no tonne's landed cost.

    formula: sum over m, j, t of (paid - paid at reference cost); below 0 where they are cheaper
    unit: money, undiscounted; a year, per tonne bought, or as a part of the second, as a surface
          says
    base: tonnes bought here, each at its member's own cost of the mineral and year: what is not
          bought is not paid for
    """
    money, same = (
        _sums(bought, amount, *by)
        for amount in (paid(bought), paid_at_reference_cost(bought, reference))
    )
    return {name: (beyond(money[name], base, base), base) for name, base in same.items()}


def constant_basket(
    bought: pd.DataFrame, reference: pd.DataFrame, *by: str
) -> dict[Any, dict[str, tuple[float, float]]]:
    """Return what each mineral's tonnes cost more than in a reference, and what they cost there.

    The premium that a plan's first page and every point of a sweep show: against the plan of the
    same case without share limits, started from nothing, so that it is one plan for both. By the
    values of some columns, then by mineral; without ``by`` under ``()``. Left out are minerals that
    nobody buys in the reference: what they would cost there is not known.

    formula: ``like_for_like``, and over all minerals the sums of both
    unit: money, undiscounted
    base: tonnes bought here, each at its member's own cost of the mineral and year
    """
    there = sums(reference, "purchased", "mineral")
    nested = defaultdict[Any, dict[str, tuple[float, float]]](dict)
    for key, pair in like_for_like(bought, reference, *by, "mineral").items():
        *others, mineral = key if by else (key,)
        if there.get(mineral, 0.0) > 0:
            nested[tuple(others) if len(others) != 1 else others[0]][mineral] = pair
    return nested


def together(parts: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    """Return what all minerals of a basket cost more than in a reference, and cost there."""
    return sum(extra for extra, _ in parts.values()), sum(same for _, same in parts.values())


def _sums(bought: pd.DataFrame, amount: pd.Series[float], *by: str) -> dict[Any, float]:
    return sums(bought.assign(amount=amount), "amount", *by)


@dataclass(frozen=True)
class Dependence:
    """What a buyer depends on: the share of its purchases [t] of a mineral that a country sells."""

    mineral: str
    country: str
    share: float
    purchased: float


def dependences(sold: pd.DataFrame, home: Container[str]) -> list[Dependence]:
    """Return of each mineral that a buyer purchases its largest outside supplier, largest first.

    The rows are of one buyer and one year, with mineral, country, tonnes and purchased. ``home``
    are the countries that nobody depends on: the coalition's own. Equal shares stand by name.

    formula: max over countries c outside the coalition of tonnes[c] / purchased
    unit: share
    base: what the buyer purchases of the mineral in the year, from Rest of world, too
    """
    best: dict[str, Dependence] = {}
    columns = (sold[c] for c in ("mineral", "country", "tonnes", "purchased"))
    for mineral, country, tonnes, whole in zip(*columns, strict=True):
        if country == schema.REST_OF_WORLD or country in home or not tonnes > 0:
            continue
        tie = Dependence(str(mineral), str(country), float(tonnes / whole), float(whole))
        before = best.get(tie.mineral)
        if before is None or tie.share > before.share + tolerances.REMAINDER:
            best[tie.mineral] = tie
    return sorted(best.values(), key=lambda each: (-round(each.share, 9), each.mineral))
