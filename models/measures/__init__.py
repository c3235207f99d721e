"""Every named number of the product, computed here and nowhere else.

A docstring gives the formula, the unit and the base. The base differs: a share can be a share of
demand, of purchases or of value, in the last year or in any year. Each sheet names its base, and
passes it as an argument. Rest of world is many small suppliers: it counts in the base of shares,
but not as a country. The functions take amounts, not plans, so a plan and a workbook that is read
back are measured in the same way.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
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
"""Days in a year of demand."""


def rounded_share(share: float) -> float:
    """Return a share rounded as sheets print it, to a tenth of a percentage point."""
    return round(share, 3)


def without_rest_of_world(amounts: Mapping[str, float]) -> dict[str, float]:
    """Return the amounts without Rest of world, which is not a single country."""
    return {name: amount for name, amount in amounts.items() if name != schema.REST_OF_WORLD}


def ratio(amount: float, whole: float) -> float | None:
    """Return amount / whole; None if the whole is (nearly) 0."""
    quotient = amount / whole if whole > 0 else math.inf
    return quotient if math.isfinite(quotient) else None


def difference(amount: float, other: float, base: float) -> float:
    """Return amount - other, or 0 if they differ only by rounding relative to ``base``."""
    gap = amount - other
    return gap if abs(gap) > tolerances.REMAINDER * abs(base) else 0.0


def sums(table: pd.DataFrame, amount: str, *by: str) -> dict[Any, float]:
    """Return the sums of an amount, grouped by one column or by a tuple of columns."""
    totals = table.groupby([*by])[amount].sum()
    return dict(zip(totals.index.tolist(), totals.tolist(), strict=True))


def sums_within(table: pd.DataFrame, amount: str, *by: str) -> dict[Any, dict[str, float]]:
    """Return the sums of an amount by the last column, nested in groups of the other columns."""
    nested = defaultdict[Any, dict[str, float]](dict)
    for (*others, last), total in sums(table, amount, *by).items():
        nested[tuple(others) if len(others) > 1 else others[0]][last] = total
    return nested


def net_change(
    now: float | None, was: float | None, noise: float = tolerances.REMAINDER
) -> float | None:
    """Return now - was; 0 if they differ by at most ``noise`` x the larger; None if unknown."""
    if now is None or was is None:
        return None
    by = now - was
    return by if abs(by) > noise * max(abs(now), abs(was)) else 0.0


def net_sums(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums over the first axis; 0 where the terms cancel but for rounding."""
    totals = np.asarray(amounts.sum(axis=0))
    least = tolerances.CANCELLED_SUM * np.abs(amounts).sum(axis=0)
    return np.where(np.abs(totals) <= least, 0.0, totals)


# ---- concentration -----------------------------------------------------------------------------


def largest_countries(amounts: Mapping[str, float], number: int = 1) -> list[tuple[str, float]]:
    """Return the countries with the largest amounts; ties are sorted by name.

    formula: the ``number`` largest amounts of single countries
    unit: the unit of the amounts
    """
    countries = without_rest_of_world(amounts)
    return sorted(countries.items(), key=lambda each: (-each[1], each[0]))[:number]


def hhi(amounts: Mapping[str, float]) -> float | None:
    """Return the Herfindahl-Hirschman index; None if nothing is supplied.

    formula: sum over c of (100 S_c)^2, S_c the country's share of all amounts
    unit: index, 0 to 10,000
    base: all amounts, Rest of world included
    """
    whole = float(np.sum(list(amounts.values())))
    if whole <= 0:
        return None
    shares = np.array(list(without_rest_of_world(amounts).values())) / whole * 100.0
    return float((shares**2).sum())


@dataclass(frozen=True)
class Top:
    """The largest share of one country (a code), its year, and the limit on it (None: no limit)."""

    country: str
    year: int
    share: float
    limit: float | None


def shares_of(table: Any, base: str) -> Any:
    """Return each row's tonnes as a share of its buyer's demand, or purchases, in that year.

    The result is a series, or an array if the columns of ``table`` are arrays.

    formula: tonnes / demand, or tonnes / purchases; NaN where the base is 0
    unit: share
    base: ``base``, demand or purchases
    """
    if f"of_{base}" in table:  # of a result, which has the shares themselves
        return table[f"of_{base}"]
    whole = table["purchased" if base == schema.PURCHASES else "demand"]
    return table["tonnes"] / np.where(whole > 0, whole, np.nan)


@dataclass(frozen=True)
class OverByPurchases:
    """A limit that a country's share of demand keeps, but its share of purchases exceeds.

    ``buyer`` "" is the coalition, ``country`` is a code. The shares are of the mineral in the year.
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
    """Return by how much each row's share of purchases exceeds a limit on its share of demand.

    Only rows whose share of demand keeps the limit have a number. This happens when there is a
    shortage: 65 % of demand may be 80 % of purchases. The rows are as in ``tops``.

    formula: tonnes / purchases - limit if tonnes / demand <= limit < tonnes / purchases, to
             within 1e-6; else NaN
    unit: share
    base: purchases; all NaN if ``base``, the base of the limits, is not demand
    """
    excess: pd.Series[float] = shares_of(table, schema.PURCHASES) - table["limit"]
    is_kept = shares_of(table, schema.DEMAND) <= table["limit"] + tolerances.LIMIT_KEPT
    return excess.where(is_kept & (excess > tolerances.LIMIT_KEPT) & (base == schema.DEMAND))


def over_by_purchases(table: pd.DataFrame, base: str) -> list[OverByPurchases]:
    """Return each limit that the share of demand keeps and the share of purchases exceeds.

    The largest excess comes first. The rows have the columns mineral, buyer and country, and the
    columns of ``excess_of_purchases``.
    """
    excess = excess_of_purchases(table, base)
    rows = table[excess.notna()]
    names = (rows[c].tolist() for c in ("mineral", "buyer", "country", "year"))
    shares = (shares_of(rows, schema.DEMAND), shares_of(rows, schema.PURCHASES), rows["limit"])
    columns = (*names, *(each.tolist() for each in shares))
    broken = [OverByPurchases(*row) for row in zip(*columns, strict=True)]
    return sorted(broken, key=lambda each: -each.excess)


def largest_country_shares(
    table: pd.DataFrame, base: str, by: Sequence[str] = ("mineral",)
) -> dict[Any, Top]:
    """Return the coalition's largest country share for each value of some columns.

    The keys are values of one column, or tuples of several. The rows also have the column buyer,
    which is "" for the coalition. Minerals that no country sells are left out.
    """
    largest = tops(table[table["buyer"] == ""], base, by)
    return {key[0]: top for key, top in largest.items()} if len(by) == 1 else largest


def tops(table: Any, base: str, by: Sequence[str]) -> dict[Any, Top]:
    """Return the largest country share among rows with the same values in some columns.

    The rows, of a table or of columns that are arrays, have country, year, tonnes, limit (NaN if
    there is none) and the columns of ``shares_of``. Of equal shares the first row counts. Rest of
    world is no country, and a country that sells nothing does not count.

    formula: max over countries c and years t of tonnes[c, t] / base[t]
    unit: share
    base: ``base``, demand or purchases of the year
    """
    rows = (table[c].tolist() for c in ("country", "year", "tonnes", "limit"))
    shares = shares_of(table, base).tolist()
    keys = zip(*(table[c].tolist() for c in by), strict=True) if by else [()] * len(shares)
    best: dict[Any, Top] = {}
    for key, country, year, tonnes, limit, share in zip(keys, *rows, shares, strict=True):
        if country == schema.REST_OF_WORLD or tonnes <= 0:
            continue
        if share > (
            best[key].share + tolerances.REMAINDER if key in best else -tolerances.REMAINDER
        ):
            cap = None if limit is None or math.isnan(limit) else float(limit)
            best[key] = Top(str(country), int(year), float(share), cap)
    return best


def stays_within(shares: Mapping[int, float | None], most: float) -> int | None:
    """Return the first year from which a share never exceeds a limit; None if there is none.

    A year whose share is None (sales without any demand) counts as above the limit.

    formula: min y such that share[t] <= most for all years t >= y, to within 1e-6
    unit: year
    base: the base of the shares, by year
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
    """Return the outside country that sells most, and its share; None if none sells.

    ``home`` has the countries of the coalition, which are not counted as suppliers to lose.

    formula: max over c outside of amount[c] / sum of all amounts; ties go to the first code
    unit: share
    base: all amounts, including those from the coalition and from Rest of world
    """
    outside = {c: amount for c, amount in amounts.items() if c not in home and amount > 0}
    most = largest_countries(outside)
    return (most[0][0], most[0][1] / sum(amounts.values())) if most else None


# ---- supply after a loss: six measures, with a sentence for each ---------------------------------

IF_IT_STOPS = (
    "All that the country sells is then lost, nothing is bought elsewhere, and stocks give"
    " only what the plan already draws from them."
)
"""Explains ``served_without``, which is the same figure in every sheet and study."""
SEE_MORE = "planner stress tests the loss of each country, from any year."
WITH_SURGE = (
    "Each other supplier also sells more: up to the setting Surge x its usable capacity, but"
    " no more than the capacity that is open to the coalition and not sold yet."
)
IN_SECURITY = (
    "This test loses one country at a time. It counts the extra tonnes that the others can"
    " sell, and all stocks."
)
BY_CAPACITY = "N-1 counts all capacity open to the coalition, whether the plan buys from it or not."
PLANNED_AGAIN = (
    "Here the loss is known beforehand, and the coalition plans everything again. In planner"
    " stress it must keep its orders."
)
SAME_COST = (
    "Several plans can have the same total cost but differ in who buys from whom, and so in"
    " what each member pays. One of them is shown."
)
TIED_INPUTS = (
    "Plans with the same cost can give inputs to different plants, so this share can differ too."
)
"""Added wherever a loss is counted through all stages of production."""
HELD_TO_ORDERS = (
    "The coalition keeps its orders. It makes up for a loss with extra sales of others, with"
    " stocks and with waived limits."
)
"""Explains figures of planner stress."""
KEEPS_ENOUGH = 0.8
"""A mineral is secure if this share of need is served without its largest supplier."""


def keeps_enough(served: float) -> bool:
    """Return whether ``served`` (of need, without the largest supplier) is KEEPS_ENOUGH or more."""
    return served >= KEEPS_ENOUGH - tolerances.LIMIT_KEPT


# ---- served demand ------------------------------------------------------------------------------


def served_share(demand: float, short: float) -> float:
    """Return the share of demand that is met.

    formula: 1 - short / demand, at least 0; 1 where nothing is needed
    unit: share
    base: demand, of the same minerals and years as ``short``
    """
    return max(0.0, 1.0 - short / demand) if demand > 0 else 1.0


def drawn_from_stock(need: Any, transferred: Any, short: Any, bought: Any) -> Any:
    """Return what one member draws from its stock in a year; arrays give arrays.

    What another member adds to its own stock takes nothing off: add up over members afterwards.

    formula: max(0, need + transferred to plants - short - bought)
    unit: t
    """
    return np.maximum(0.0, need + transferred - short - bought)


def served_without(others: float, drawn: float, base: float, missing: float) -> float | None:
    """Return the share that is served without a supplier in a year; None if nothing is needed.

    ``others`` are the tonnes that members and plants buy from all others, ``drawn`` what those
    members draw from stocks that do draw. ``base`` is demand with what plants take (bought, or
    transferred to plants), ``missing`` the part of demand that the plan does not serve. Nothing is
    bought instead.

    formula: min(base - missing, others + drawn) / base
    unit: share
    base: demand of the year and what plants take
    """
    left = ratio(min(base - missing, others + drawn), base)
    return None if left is None else max(0.0, left)


SURGE = schema.Settings.surge
"""Default extra sales of a supplier when another is lost, as a fraction of its usable capacity."""


def with_surge(sold: float, usable: float, surge: float) -> float:
    """Return a supplier's largest sales after a surge by a fraction of its usable capacity.

    Sales that are already above the usable capacity stay as they are.

    formula: min(sold + surge x usable, max(usable, sold))
    unit: t a year
    """
    return min(sold + surge * usable, max(usable, sold))


def survived_share(left: float, demand: float) -> float:
    """Return the share of a year's demand that is served if a country is lost.

    ``left`` are the sales and the surge of all other suppliers, and the stocks at the start of the
    year. Lanes are ignored, and members share these tonnes.

    formula: min(1, left / demand); 1 where nothing is needed
    unit: share
    base: demand of the year
    """
    return min(1.0, left / demand) if demand > 0 else 1.0


def short_by_limits(short: float, without: float, demand: float) -> float:
    """Return the extra shortage that share limits cause; below 0 if they divert supply here.

    formula: short - short without share limits; 0 if that is rounding relative to demand
    unit: t
    """
    return difference(short, without, demand)


def days_of_cover(stock: float, demand: float) -> float | None:
    """Return how long a stock lasts; None if nothing is needed.

    formula: stock / (demand / 365)
    unit: days
    base: demand of one year
    """
    return ratio(stock * DAYS, demand)


# ---- costs --------------------------------------------------------------------------------------


def landed_cost(paid: float, tonnes: float) -> float | None:
    """Return the average landed cost of the tonnes bought; None if nothing is bought.

    formula: sum of tonnes x (cost or price, tariff, freight) / sum of tonnes
    unit: money/t, undiscounted
    base: tonnes bought
    """
    return ratio(paid, tonnes)


def net_cost(cash: float, duties: float) -> float:
    """Return the cost without duties, which buyers pay to the coalition's own treasuries.

    formula: cash cost - sum of tonnes x (tariff x cost or price + levy); 0 if it is rounding
    unit: money, undiscounted
    base: all flows to members; shortage and other penalties are not paid in cash
    """
    return difference(cash, duties, cash)


# ---- member by member --------------------------------------------------------------------------


def payment_by_row(bought: pd.DataFrame) -> pd.Series[float]:
    """Return the payment of each row for its purchases; 0 if nothing is bought.

    In ``bought``, here and below, each row is for one year, mineral and member. It has purchased
    [t] and landed, the average landed cost [money/t; NaN if nothing is bought].

    formula: purchased x landed cost
    unit: money, undiscounted
    """
    return (bought["purchased"] * bought["landed"]).fillna(0.0)


@dataclass(frozen=True)
class Dependence:
    """The share of a buyer's purchases [t] of a mineral that one country sells."""

    mineral: str
    country: str
    share: float
    purchased: float


def dependences(sold: pd.DataFrame, home: Collection[str]) -> dict[str, list[Dependence]]:
    """Return by buyer the largest outside supplier of each mineral that it purchases.

    The largest share comes first; ties are sorted by mineral. Of a mineral's countries with equal
    shares the first row counts. The rows are of one year and any buyers and minerals, with the
    columns buyer, mineral, country, year, tonnes, limit and purchased. ``home`` has the coalition's
    countries, which do not count as suppliers to depend on. Buyers without a supplier outside are
    left out.

    formula: max over countries c outside the coalition of tonnes[c] / purchased
    unit: share
    base: all that the buyer purchases of the mineral in the year, Rest of world included
    """
    outside = sold[~sold["country"].isin([*home])]
    cells = zip(outside["buyer"].tolist(), outside["mineral"].tolist(), strict=True)
    purchased = dict(zip(cells, outside["purchased"].tolist(), strict=True))
    ties = defaultdict[str, list[Dependence]](list)
    for (buyer, mineral), top in tops(outside, schema.PURCHASES, ("buyer", "mineral")).items():
        bought = purchased[buyer, mineral]
        ties[buyer].append(Dependence(mineral, top.country, top.share, bought))
    for each in ties.values():
        each.sort(key=lambda tie: (-round(tie.share, 9), tie.mineral))
    return dict(ties)
