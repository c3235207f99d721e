"""The tables of a stress test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from models.case import Case
from models.results.field import Look
from planner.render.table import Column, Table, column

STRESS, BY_MINERAL, HEAT, AGAINST = "Stress", "Stress by mineral", "Heat map", "Capped or not"
PARTED, MATRIX, COSTS, DETAIL, LEFT = (
    "Embargoes", "Embargo matrix", "Embargo cost", "Stress detail", "N-1",
)  # fmt: skip
EMBARGO = "embargo"

_LAST_PRINTED = "Extra cost with shortage ("
_WHO = {"country": "country", "refiner": "refiner", EMBARGO: "embargo"}


@dataclass(frozen=True)
class Tested:
    """A stress test as its sheets take it.

    ``losses``, ``minerals``, ``detail`` and ``embargoes`` have the columns that a study's stress
    test gives them, worst loss first; ``n_minus_1`` those of N-1. ``is_capped`` says that the case
    has share limits, so that the losses hit the plan without them too.
    """

    case: Case
    losses: pd.DataFrame
    minerals: pd.DataFrame
    detail: pd.DataFrame
    embargoes: pd.DataFrame
    n_minus_1: pd.DataFrame
    years: tuple[int, ...]
    is_capped: bool

    @property
    def money(self) -> str:
        """The workbook's money."""
        return self.case.settings.currency

    def of(self, table: pd.DataFrame, *, parted: bool) -> pd.DataFrame:
        """Return the rows of embargoes, or those of all other losses."""
        return table[(table["kind"] == EMBARGO) == parted]

    def names(self, codes: Iterable[str]) -> list[str]:
        """Return countries as the workbook spells them."""
        return [self.case.country_name(code) if code else "" for code in codes]


def stress_tables(tested: Tested) -> list[Table]:
    """Return the sheets in order; those of embargoes where some were asked for."""
    made = [_stress(tested), _heat(tested), _by_mineral(tested)]
    if tested.is_capped:
        made.append(_against(tested))
    if not tested.of(tested.losses, parted=True).empty:
        made += [_parted(tested), _matrix(tested), _costs(tested)]
    return [*made, _left(tested), _detail(tested)]


# ---- losses ------------------------------------------------------------------------------------


def _stress(tested: Tested) -> Table:
    """One row a country or refiner lost, worst first."""
    rows = tested.of(tested.losses, parted=False)
    found = [
        column("Lost", Look.TEXT, rows["lost"]),
        column("What", Look.TEXT, rows["kind"].map(_WHO)),
    ]
    if any(rows["refiner"]):
        found.append(column("Country", Look.TEXT, tested.names(rows["country"])))
    numbers = _numbers(tested, rows)
    return Table(STRESS, (*found, *numbers), printed=len(found) + _printed(numbers))


def _numbers(tested: Tested, rows: pd.DataFrame) -> list[Column]:
    """Return the columns that all kinds of loss share."""
    money, per_t = tested.money, f"{tested.money}/t"
    found = [
        column("Lost (t)", Look.TONNES, rows["lost_t"]),
        column("Replaced (t)", Look.TONNES, rows["replaced_t"]),
        column("From stock (t)", Look.TONNES, rows["stock_t"]),
        column(
            "Short, capped plan (t)" if tested.is_capped else "Short (t)",
            Look.TONNES,
            rows["short_t"],
        ),
    ]
    if tested.is_capped:
        found.append(column("Short, uncapped plan (t)", Look.TONNES, rows["free_short_t"]))
    found += [
        column("Worst mineral", Look.TEXT, rows["worst"]),
        column("Share short of it", Look.SHARE, rows["worst_share"]),
        column("Time to survive (days)", Look.DAYS, rows["survived"]),
        column("Stock used (days)", Look.DAYS, rows["stock_days"]),
        column(f"Extra cash cost ({money} m)", Look.MILLIONS, rows["cash"] / 1e6),
        column(f"Extra cost with shortage ({money} m)", Look.MILLIONS, rows["cost"] / 1e6),
    ]
    if tested.is_capped:
        head = f"Extra cost with shortage, uncapped plan ({money} m)"
        found.append(column(head, Look.MILLIONS, rows["free_cost"] / 1e6))
    found += [
        column(f"Highest marginal price ({per_t})", Look.PRICE, rows["price"]),
        column("Times the mineral's price", Look.DAYS, rows["price_over"]),
        column("Highest where", Look.TEXT, rows["price_at"]),
    ]
    if any(rows["error"]):
        found.append(column("Trouble", Look.LONG, rows["error"]))
    return found


def _printed(numbers: list[Column]) -> int:
    """Return how many columns are printed: to the extra cost, so that a page can be read."""
    last = next(i for i, c in enumerate(numbers) if c.header.startswith(_LAST_PRINTED))
    return last + 1


def _by_mineral(tested: Tested) -> Table:
    """One row a loss and mineral of which something is lost."""
    rows, money, per_t = tested.minerals, tested.money, f"{tested.money}/t"
    return Table(
        BY_MINERAL,
        (
            column("Lost", Look.TEXT, rows["lost"]),
            column("What", Look.TEXT, rows["kind"].map(_WHO)),
            column("Mineral", Look.TEXT, rows["mineral"]),
            column("Demand (t)", Look.TONNES, rows["demand"]),
            column("Short in the agreed plan (t)", Look.TONNES, rows["agreed_short_t"]),
            column("Lost (t)", Look.TONNES, rows["lost_t"]),
            column("Replaced (t)", Look.TONNES, rows["replaced_t"]),
            column("From stock (t)", Look.TONNES, rows["stock_t"]),
            column("Short (t)", Look.TONNES, rows["short_t"]),
            column("Share short", Look.SHARE, rows["share"]),
            column("Short from", Look.YEAR, _years(rows["short_from"])),
            column("Time to survive (days)", Look.DAYS, rows["survived"]),
            column("Stock used (days)", Look.DAYS, rows["stock_days"]),
            column(f"Extra cash cost ({money} m)", Look.MILLIONS, rows["cash"] / 1e6),
            column(f"Extra cost with shortage ({money} m)", Look.MILLIONS, rows["cost"] / 1e6),
            column(f"Highest marginal price ({per_t})", Look.PRICE, rows["price"]),
            column("Times the mineral's price", Look.DAYS, rows["price_over"]),
            column("Highest for", Look.TEXT, rows["price_member"]),
            column("Highest in", Look.YEAR, _years(rows["price_year"])),
        ),
        heat=("Share short",),
    )


def _against(tested: Tested) -> Table:
    """One row a country or refiner lost and mineral: the agreed plan, and that without limits."""
    rows = tested.of(tested.minerals, parted=False)
    return Table(
        AGAINST,
        (
            column("Lost", Look.TEXT, rows["lost"]),
            column("What", Look.TEXT, rows["kind"].map(_WHO)),
            column("Mineral", Look.TEXT, rows["mineral"]),
            column("Lost, capped plan (t)", Look.TONNES, rows["lost_t"]),
            column("Lost, uncapped plan (t)", Look.TONNES, rows["free_lost_t"]),
            column("Short, capped plan (t)", Look.TONNES, rows["short_t"]),
            column("Short, uncapped plan (t)", Look.TONNES, rows["free_short_t"]),
            column("Share short, capped plan", Look.SHARE, rows["share"]),
            column("Share short, uncapped plan", Look.SHARE, rows["free_share"]),
            column("Short before the loss, capped plan", Look.SHARE, rows["agreed_share"]),
            column("Short before the loss, uncapped plan", Look.SHARE, rows["free_agreed_share"]),
        ),
        heat=("Share short, capped plan", "Share short, uncapped plan"),
    )


def _heat(tested: Tested) -> Table:
    """Rows lost, columns minerals: the share of the coalition's demand that is newly short."""
    losses = tested.of(tested.losses, parted=False)
    rows = tested.of(tested.minerals, parted=False)
    shares = {
        (str(kind), str(lost), str(mineral)): share
        for kind, lost, mineral, share in zip(
            rows["kind"], rows["lost"], rows["mineral"], rows["share"], strict=True
        )
    }
    minerals = [m.name for m in tested.case.minerals]
    who = list(zip(losses["kind"], losses["lost"], strict=True))
    return Table(
        HEAT,
        (
            column("Lost", Look.TEXT, losses["lost"]),
            column("What", Look.TEXT, losses["kind"].map(_WHO)),
            *(
                column(name, Look.SHARE, [shares.get((*key, name)) for key in who])
                for name in minerals
            ),
        ),
        heat=tuple(minerals),
    )


def _detail(tested: Tested) -> Table:
    """One row a loss, mineral, member and year that it touches."""
    rows = tested.detail
    return Table(
        DETAIL,
        (
            column("Lost", Look.TEXT, rows["lost"]),
            column("What", Look.TEXT, rows["kind"].map(_WHO)),
            column("Mineral", Look.TEXT, rows["mineral"]),
            column("Member", Look.TEXT, rows["member"]),
            column("Year", Look.YEAR, _years(rows["year"])),
            column("Demand (t)", Look.TONNES, rows["demand"]),
            column("Lost (t)", Look.TONNES, rows["lost_t"]),
            column("Replaced (t)", Look.TONNES, rows["replaced_t"]),
            column("From stock (t)", Look.TONNES, rows["stock_t"]),
            column("Short (t)", Look.TONNES, rows["short_t"]),
        ),
    )


# ---- embargoes ---------------------------------------------------------------------------------


def _parted(tested: Tested) -> Table:
    """One row a country and member whose lanes are closed, worst first."""
    rows = tested.of(tested.losses, parted=True).merge(
        tested.embargoes.drop(columns="cost"), on=["country", "member"], how="left"
    )
    return Table(
        PARTED,
        (
            column("Country", Look.TEXT, tested.names(rows["country"])),
            column("Member", Look.TEXT, rows["member"]),
            *_numbers(tested, rows),
            column("Short of the member itself (t)", Look.TONNES, rows["own_short_t"]),
            column("Member's demand short, by value", Look.SHARE, rows["own_share"]),
        ),
    )


def _matrix(tested: Tested) -> Table:
    return _crossed(tested, MATRIX, "own_share", Look.SHARE)


def _costs(tested: Tested) -> Table:
    return _crossed(tested, COSTS, "cost", Look.MILLIONS)


def _crossed(tested: Tested, name: str, what: str, look: Look) -> Table:
    """Rows countries, worst first, columns members; blank where the agreed plan has no trade."""
    rows = tested.embargoes
    cells = {
        (str(country), str(member)): float(value) / (1e6 if look is Look.MILLIONS else 1.0)
        for country, member, value in zip(rows["country"], rows["member"], rows[what], strict=True)
    }
    codes = list(rows.groupby("country", sort=True)["cost"].sum().sort_values().index[::-1])
    unit = f" ({tested.money} m)" if look is Look.MILLIONS else ""
    members = [m.name for m in tested.case.members]
    return Table(
        name,
        (
            column("Country", Look.TEXT, tested.names(codes)),
            *(
                column(f"{member}{unit}", look, [cells.get((code, member)) for code in codes])
                for member in members
            ),
        ),
        heat=tuple(f"{member}{unit}" for member in members),
    )


# ---- N-1 ---------------------------------------------------------------------------------------


def _left(tested: Tested) -> Table:
    """One row a mineral and year: supply without its largest country, over demand."""
    rows = tested.n_minus_1
    return Table(
        LEFT,
        (
            column("Mineral", Look.TEXT, rows["mineral"]),
            column("Year", Look.YEAR, _years(rows["year"])),
            column("Demand (t)", Look.TONNES, rows["demand"]),
            column("Supply open to the coalition (t)", Look.TONNES, rows["supply"]),
            column("Largest country", Look.TEXT, tested.names(rows["largest"])),
            column("Supply of the largest (t)", Look.TONNES, rows["largest_supply"]),
            column("Demand of the largest (t)", Look.TONNES, rows["largest_demand"]),
            column("Supply left over all demand", Look.SHARE, rows["over_all"]),
            column("Supply left over the rest's demand", Look.SHARE, rows["over_rest"]),
            column("Bought in the agreed plan (t)", Look.TONNES, rows["bought"]),
            column("Largest seller in it", Look.TEXT, tested.names(rows["seller"])),
            column("Sold by the largest seller (t)", Look.TONNES, rows["seller_sold"]),
            column("Bought of others over all demand", Look.SHARE, rows["bought_over_all"]),
        ),
    )


def _years(values: pd.Series[float]) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in values]
