"""What it would cost to keep the EU's benchmarks that a plan misses, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.results import Benchmarks

YES, NO, NOT_ASKED = "✓ yes", "✗ no", "– not asked"


@dataclass(frozen=True)
class Price:
    """A benchmark that the plan misses, and the plan in which it is asked for.

    ``worst`` and ``reached`` are (year, share) of the worst year, in the plan and in the other;
    ``cash`` and ``cost`` are that one's less the plan's [money], ``short`` and ``short_others`` its
    shortage less the plan's [t]. None, and ``reason``, where it was not asked for or has no plan.
    ``years`` are how many it is asked for, ``kept`` in how many of them it is kept; ``is_moved``
    says that asking for it changes the share of any. ``is_of_purchases`` says that limits are of
    purchases, by Share basis.
    """

    benchmark: str
    mineral: str
    buyer: str
    required: float
    is_most: bool
    worst: tuple[int, float]
    reached: tuple[int, float] | None = None
    is_kept: bool | None = None
    is_moved: bool = False
    years: int = 0
    kept: int = 0
    cash: float | None = None
    cost: float | None = None
    short: float | None = None
    short_others: float | None = None
    reason: str = ""
    is_of_purchases: bool = False

    @property
    def says(self) -> str:
        """Whether it can be kept, in words."""
        if self.reason or self.reached is None:
            return self.reason
        year, share = self.reached
        said = []
        if not self.is_kept:
            how = (
                "supply takes it to" if self.is_moved else "supply gives nothing beyond the plan's"
            )
            said = [f"cannot be met: {how} {share:.1%} in {year}, the worst year"]
            if self.kept:
                said.append(f"met in {self.kept} of {self.years} years")
        if self.is_of_purchases and self.is_most:
            said.append("asked for of purchases, as Share basis says")
        lacks = []
        if self.short and self.short > 0:
            lacks.append(f"{self.short:,.0f} t")
        if self.short_others and self.short_others > 0:
            lacks.append(f"{self.short_others:,.0f} t of other minerals (one budget)")
        if lacks:
            said.append(f"leaves short {', '.join(lacks)}")
        return "; ".join(said)


def benchmarks_of(prices: Sequence[Price], money: str) -> Benchmarks:
    """Return the sheet EU benchmarks: the missed ones, in the order of the scorecard."""
    return Benchmarks(
        words={"money": money},
        benchmark=[p.benchmark for p in prices],
        mineral=[p.mineral for p in prices],
        buyer=[p.buyer for p in prices],
        kind=["max" if p.is_most else "min" for p in prices],
        required=[p.required for p in prices],
        worst_share=[p.worst[1] for p in prices],
        worst_year=[p.worst[0] for p in prices],
        share_if_asked=[None if p.reached is None else p.reached[1] for p in prices],
        can_be_met=[_can(p) for p in prices],
        extra_cash=[None if p.cash is None else p.cash / 1e6 for p in prices],
        extra_cost=[None if p.cost is None else p.cost / 1e6 for p in prices],
        extra_short=[p.short for p in prices],
        extra_short_others=[p.short_others for p in prices],
        remark=[p.says for p in prices],
    )


def _can(price: Price) -> str:
    if price.is_kept is None:
        return NOT_ASKED
    return YES if price.is_kept else NO
