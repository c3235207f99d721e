"""Bills: who gains from planning together, who should pay what, and who is tempted to leave."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import numpy as np

from models import errors, schema, tolerances
from models.answers.cost_sharing import (
    AS_BOUGHT,
    BY_DEMAND,
    DUAL_PRICES,
    EQUAL_SAVINGS,
    NUCLEOLUS,
    SHAPLEY,
    Sharing,
    Tempted,
    costs_of,
    dual_bills_of,
    sharing_of,
)
from models.answers.games import MOST_MEMBERS
from models.case import Case
from models.measures import beyond, part
from models.plan import Plan
from models.resolve import Expanded, Floats, Rights, stock_target, survivals
from models.results import About, Field, Look, Name, Result, field
from models.results import Figure as Measure
from models.results.common import COUNTRY, MEMBER, MINERAL, words_of
from models.results.field import spread_over
from planner._version import __version__
from planner.render import palette
from planner.render.chart import Form, Picture, Role, Series, drawn, short
from planner.render.words import (
    clean,
    counted,
    few,
    known,
    listed,
    money,
    opened,
    share,
    tariff_words,
)
from planner.seal import seal
from planner.studies.engine import Outcome, Run, Study, Tell, run_study
from planner.studies.kind import Headline, KeyFigure, Numbers, Section, StudyKind, Tables
from planner.workbook.plan_file import read_study

if TYPE_CHECKING:
    from planner.run import Start
    from planner.studies.places import Where

RULES = {
    AS_BOUGHT: "each pays for what it buys and bears what it is short",
    BY_DEMAND: "in proportion to what it needs, at the workbook's prices, discounted",
    EQUAL_SAVINGS: "each saves the same amount",
    DUAL_PRICES: "each pays what its demand is worth at the plan's marginal prices, and is paid"
    " what its rights are worth (Owen)",
    NUCLEOLUS: "the largest gain by leaving is as small as it can be",
    SHAPLEY: "each pays what it adds to cost on average, in whatever order members come",
}
"""How each rule splits the cost."""
_SPLIT = {
    AS_BOUGHT: AS_BOUGHT,
    BY_DEMAND: BY_DEMAND,
    **{rule: f"by {rule}" for rule in (EQUAL_SAVINGS, DUAL_PRICES)},
    **{rule: f"by the {rule}" for rule in (NUCLEOLUS, SHAPLEY)},
}
"""What a rule is called after "split"."""
_UNKNOWN = ("the split {split} is not known", "who would leave the split {split} is not known")
"""What is said of a search that failed: of a rule's bills, or of who is tempted by them."""
_A_RUN = 64
"""Groups planned in a run: neighbours start from one another."""
_MOST_BARS = 16
"""Members in a chart at most: those that save most."""
_NAMED = 4
"""Members of a group that are all named; of a larger one the first two are."""


# ---- tables --------------------------------------------------------------------------------------

_NOW = "Discounted to the first year."


def _millions(header: str, meaning: str, **more: Any) -> Field:
    return field.millions(header, f"{meaning} {_NOW}", **{"key": "{name}_usd", **more})


def _saved(rule: str, key: str, **more: Any) -> Field:
    said = f"What it costs alone less its bill: {RULES[rule]}. Below 0: it would do better alone."
    return _millions(f"Saves {rule}", said, key=f"saving_{key}_usd", **more)


RULE = field.text("Rule", "How the cost of planning together is split.")
ALONE = _millions(
    "Alone",
    "What it costs alone, with its rights: cash, and what it is short at its price.",
)


class Savings(Result):
    """What each member saves by planning together, by every rule for who pays what."""

    TABLE, GRAIN, BOOK = "Savings", ("member",), "bills"
    member = MEMBER.like(meaning="Coalition: all of them together.", names=Name.BUYER)
    alone = ALONE
    as_bought = _saved(AS_BOUGHT, "as_bought")
    by_demand = _saved(BY_DEMAND, "by_demand")
    equal = _saved(EQUAL_SAVINGS, "equal_savings")
    duals = _saved(DUAL_PRICES, "dual_prices")
    nucleolus = _saved(NUCLEOLUS, "nucleolus", optional=True)
    shapley = _saved(SHAPLEY, "shapley", optional=True)


NOT_KNOWN = "not known: the search failed"
"""In the place of the group that is most tempted."""
_SAVINGS = {
    AS_BOUGHT: Savings.as_bought,
    BY_DEMAND: Savings.by_demand,
    EQUAL_SAVINGS: Savings.equal,
    DUAL_PRICES: Savings.duals,
    NUCLEOLUS: Savings.nucleolus,
    SHAPLEY: Savings.shapley,
}


class Bills(Result):
    """What each member pays by every rule, in cash and in priced shortage apart.

    A shortage cannot be handed on: each rule leaves it where the plan has it, and settles in cash.
    """

    TABLE, GRAIN, BOOK = "Bills", ("rule", "member"), "bills"
    rule = RULE
    member = Savings.member
    alone = ALONE
    bill = _millions("Bill", "Its part of what all cost together.")
    saving = _millions("Saves", "Alone less bill. Below 0: it would do better alone.")
    part = field.share(
        "Saves, of alone", "Its saving over what it costs alone.", key="saving_share"
    )
    cash_alone = _millions("Cash alone", "What it pays alone.")
    cash = _millions("Cash of bill", "Its bill less its priced shortage: below 0 it is paid.")
    cash_saving = _millions("Saves in cash", "Cash alone less cash of the bill.")
    priced_alone = _millions(
        "Priced shortage alone",
        "What it is short alone, what its reserves lack and other penalties, at their prices.",
    )
    priced = _millions("Priced shortage together", "The same in the plan together; nobody pays it.")
    transfer = _millions(
        "Transfer",
        "What it pays the others beyond what it pays as bought; below 0 it is paid. All sum to 0.",
    )
    least = _millions(
        "Least bill", "By the dual prices at which it pays least; there may be several."
    )
    most = _millions("Largest bill", "By the dual prices at which it pays most.")


class Transfers(Result):
    """Who pays whom, so that from what each bought all come to a rule's bills."""

    TABLE, GRAIN, BOOK = "Transfers", ("rule", "payer", "receiver"), "bills"
    rule = RULE
    payer = field.text("Payer", "The member that pays.", names=Name.MEMBER)
    receiver = field.text("Receiver", "The member that is paid.", names=Name.MEMBER)
    amount = _millions("Amount", "In cash; few payments, of many that would do.")


class Groups(Result):
    """By every rule the group of members that would gain most by planning on their own."""

    TABLE, GRAIN, BOOK = "Groups", ("rule",), "bills"
    rule = RULE
    group = field(
        "Most tempted to leave", Look.SENTENCE, "Blank: no group costs less alone than its bills."
    )
    gain = _millions("Gains by leaving", "Their bills less what they cost as a group.")
    bill = _millions("Their bills", "What they pay together.")
    cost = _millions("As a group alone", "What they cost with their rights alone.")
    at_most = _millions(
        "No group gains more than", "Proven by bounds on every group, not by listing."
    )
    in_parts = _millions(
        "Nor do parts of members",
        "A bound on groups in which members may be with a part of all they have; blank: not asked.",
    )


class Coalitions(Result):
    """What every group of members costs alone."""

    TABLE, GRAIN, BOOK = "Coalitions", ("number",), "bills"
    number = field("Number", Look.COUNT, "Its bits say who is there, the first member the lowest.")
    group = field("Group", Look.SENTENCE)
    size = field("Size", Look.COUNT, "How many members.")
    cost = _millions("Cost", "What it costs with its rights alone.")
    saving = _millions("Saves", "What its members cost alone in sum, less that.")


class Wishes(Result):
    """What a member's own limits, stock targets and security cost it, and what they cost others.

    Its bill by dual prices, and the others', with them less without them.
    """

    TABLE, GRAIN, BOOK = "Wishes", ("member", "what"), "bills"
    member = MEMBER.like(meaning="The member whose wishes they are.")
    what = field(
        "Its own",
        Look.SENTENCE,
        "Rows of Share limits with it as buyer, and targets of its reserves; apart from them its"
        " part of Security: that its demand counts in what has to be left if a country is lost.",
    )
    own = _millions("Costs it", "Its bill with them less without.", key="costs_it_usd")
    others = _millions("Costs the others", "Below 0: they gain by it.", key="costs_others_usd")
    whole = _millions(
        "Costs all", "What all cost together with them less without.", key="costs_all_usd"
    )
    alone = _millions(
        "Would cost it alone", "The same of what it costs alone.", key="costs_alone_usd"
    )


class RightsUsed(Result):
    """What part of each plant and mine each member counts as its own alone: means over years."""

    TABLE, GRAIN, BOOK = "Rights", ("what", "name", "mineral", "country"), "bills"
    what = field.text("What", "A refiner, a project, a mine country, or all budgets.")
    name = field.text("Name")
    mineral = MINERAL
    country = COUNTRY.like(meaning="Where it stands.")
    members = field.share(
        MEMBER.header,
        "Its part: by the sheet Rights, what that leaves by the setting.",
        spread=True,
    )


# ---- what is read of a plan ----------------------------------------------------------------------


@dataclass(frozen=True)
class CostsOf:
    """Reads what groups cost, by their numbers as of ``games.groups``."""

    numbers: tuple[int, ...]

    def __call__(self, plan: Plan) -> tuple[float | None, ...]:
        """Return the costs [money]; None of a group whose cost nothing proves."""
        return costs_of(plan, self.numbers)


@dataclass(frozen=True)
class WithoutWishes:
    """The case without one member's own share limits and stock targets, and its bills there.

    Where it is ``secured``, without its part of Security instead. ``what`` are the wishes in words.
    """

    member: int
    what: str
    secured: bool = False

    def __call__(self, case: Case) -> Case:
        """Return the changed case."""
        if self.secured:
            return case
        name = case.members[self.member].name
        return case.change(
            share_limits=tuple(row for row in case.share_limits if row.buyer != name),
            stockpiles=tuple(
                dataclasses.replace(pile, target=schema.ByYear(0.0), target_days=None)
                if pile.member == name
                else pile
                for pile in case.stockpiles
            ),
        )

    def read(self, plan: Plan) -> object:
        """Return all bills by dual prices, and what the member costs alone."""
        return dual_bills_of(plan, self.member, secured=not self.secured)


def wishes_of(case: Case) -> Iterator[WithoutWishes]:
    """Yield each member's own limits and targets, and its part of Security; none that it lacks."""
    secured = _secured(case) if case.security else {}
    for i, name in enumerate(m.name for m in case.members):
        limits = sum(row.buyer == name for row in case.share_limits)
        kept = [
            pile.mineral
            for pile in case.stockpiles
            if pile.member == name and any(stock_target(case, pile, y) > 0 for y in case.years)
        ]
        said = [counted(limits, "share limit")] if limits else []
        said += [f"stock targets: {few(kept)}"] if kept else []
        if said:
            yield WithoutWishes(i, "; ".join(said))
        if secured.get(name):
            yield WithoutWishes(i, f"part of Security: {few([*secured[name]])}", secured=True)


def _secured(case: Case) -> dict[str, dict[str, None]]:
    """Return by member the minerals of which some of its demand has to be served."""
    e, found = Expanded(case), {m.name: dict[str, None]() for m in case.members}
    for m, t in np.ndindex(len(e.minerals), len(e.years)):
        if any(of.most_short < 1.0 for of in survivals(e, m, t)):
            for j in np.flatnonzero(e.demand[m, :, t] > 0).tolist():
                found[e.members[j]][e.minerals[m]] = None
    return found


def read(plan: Plan) -> object:
    """Return who pays what for a plan; other runs read something else."""
    return sharing_of(plan)


def in_fractions(case: Case) -> Case:
    settings = dataclasses.replace(case.settings, whole_projects=False)
    return case.change(settings=settings) if case.settings.whole_projects else case


def study_of(
    case: Case, known_costs: Mapping[int, float], *, exact: bool, wishes: bool = False
) -> Study[object]:
    """Return the runs: the plan together; with ``exact`` every group whose cost is not known.

    Groups come so that neighbours differ in one member (a Gray code). With ``wishes`` the case is
    planned without those of each member, too.
    """
    count = len(case.members)
    numbers = (k ^ (k >> 1) for k in range(1, 1 << count)) if exact else iter(())
    left = [n for n in numbers if n not in known_costs]
    chunks = [tuple(left[at : at + _A_RUN]) for at in range(0, len(left), _A_RUN)]
    runs = [
        Run(f"Groups, {at} of {len(chunks)}", read=CostsOf(of)) for at, of in enumerate(chunks, 1)
    ]
    apart = [
        Run(f"Without {case.members[of.member].name}: {of.what}", of, of.read)
        for of in (wishes_of(case) if wishes else ())
    ]
    every = (Run("Together"), *apart, *runs)
    return Study(in_fractions(case), tuple((run,) for run in every), read)


# ---- tables made ---------------------------------------------------------------------------------


def made_of(sharing: Sharing, costs: Mapping[int, float], case: Case) -> list[Result]:
    """Return the tables of who pays what; ``costs`` are those of groups that are known."""
    made = [savings(sharing, case), bills(sharing, case), transfers(sharing, case)]
    made.append(tempted(sharing, case))
    if costs:
        made.append(coalitions(sharing, costs, case))
    return [*made, rights(case)]


def savings(sharing: Sharing, case: Case) -> Savings:
    """Return a row for all members, and one for each."""
    amounts = {"alone": sharing.alone}
    for rule, split in sharing.bills.items():
        amounts[_SAVINGS[rule].name] = _no_rounding(sharing.alone - split, sharing)
    columns: dict[str, Any] = {name: [of.sum(), *of] for name, of in amounts.items()}
    return Savings(words=words_of(case), member=["", *(m.name for m in case.members)], **columns)


def _no_rounding(amounts: Floats, sharing: Sharing) -> Floats:
    least = 1e-3 * tolerances.BILL_ROUNDING * (abs(sharing.cost) or 1.0)
    return np.where(np.abs(amounts) > least, amounts, 0.0)


def bills(sharing: Sharing, case: Case) -> Bills:
    """Return by rule a row for all members, and one for each."""
    rows, priced, duals = list[dict[str, Any]](), sharing.bought_priced, sharing.duals
    for rule, split in sharing.bills.items():
        amounts = {
            "alone": sharing.alone,
            "bill": split,
            "saving": _no_rounding(sharing.alone - split, sharing),
            "cash_alone": sharing.alone_paid,
            "cash": split - priced,
            "cash_saving": _no_rounding(sharing.alone_paid - split + priced, sharing),
            "priced_alone": sharing.alone_priced,
            "priced": priced,
            "transfer": _no_rounding(split - sharing.bills[AS_BOUGHT], sharing),
        }
        ends = {"least": duals.least, "most": duals.most} if rule == DUAL_PRICES else {}
        rows.append({"member": ""} | {name: float(of.sum()) for name, of in amounts.items()})
        for i, member in enumerate(case.members):
            own = {name: float(of[i]) for name, of in (amounts | ends).items()}
            rows.append({"member": member.name, **own})
        for row in rows[-len(split) - 1 :]:
            row |= {"rule": rule, "part": part(row["saving"], row["alone"])}
    return Bills.of_rows(rows, words=words_of(case))


def transfers(sharing: Sharing, case: Case) -> Transfers:
    """Return who pays whom by every rule but the one as bought: the largest amounts meet first."""
    rows = [
        {"rule": rule, "payer": case.members[i].name, "receiver": case.members[j].name, "amount": a}
        for rule, split in sharing.bills.items()
        for i, j, a in _settled(_no_rounding(split - sharing.bills[AS_BOUGHT], sharing))
    ]
    return Transfers.of_rows(rows, words=words_of(case))


def _settled(owed: Floats) -> Iterator[tuple[int, int, float]]:
    """Yield payer, receiver and amount until nobody owes (above 0) or is owed anything."""
    left = owed.astype(float).copy()
    for _ in range(len(left)):
        i, j = int(np.argmax(left)), int(np.argmin(left))
        amount = float(min(left[i], -left[j]))
        if amount <= 0.0:
            return
        yield i, j, amount
        left[i] -= amount
        left[j] += amount


def tempted(sharing: Sharing, case: Case) -> Groups:
    """Return by rule the group most tempted to leave; of a rule whose search failed that it did."""
    rows = []
    for rule in sharing.bills:
        of = sharing.tempted.get(rule)
        if of is None:
            rows.append({"rule": rule, "group": NOT_KNOWN})
            continue
        row = {**vars(of), "rule": rule, "group": _group(case, of.group)}
        if of.group:
            bill = float(sharing.bills[rule][list(of.group)].sum())
            row |= {"bill": bill, "cost": bill - of.gain}
        rows.append(row)
    return Groups.of_rows(rows, words=words_of(case))


def _group(case: Case, members: Iterable[int]) -> str:
    return "; ".join(case.members[i].name for i in members)


def coalitions(sharing: Sharing, costs: Mapping[int, float], case: Case) -> Coalitions:
    """Return a row a group whose cost is known."""
    rows = []
    for number in sorted(costs):
        of, cost = [i for i in range(len(case.members)) if number >> i & 1], costs[number]
        saving = float(sharing.alone[of].sum()) - cost
        row = {"number": number, "group": _group(case, of), "size": len(of)}
        rows.append({**row, "cost": cost, "saving": saving})
    return Coalitions.of_rows(rows, words=words_of(case))


def wishes(
    sharing: Sharing, without: Mapping[WithoutWishes, tuple[tuple[float, ...], float]], case: Case
) -> Wishes:
    """Return a row a member with wishes of its own that are priced."""
    rows = []
    for of, (bills_without, alone) in without.items():
        member = of.member
        more = _no_rounding(sharing.bills[DUAL_PRICES] - np.array(bills_without), sharing)
        rows.append(
            {
                "member": case.members[member].name,
                "what": of.what,
                "own": float(more[member]),
                "others": float(more.sum() - more[member]),
                "whole": float(more.sum()),
                "alone": float(sharing.alone[member]) - alone,
            }
        )
    return Wishes.of_rows(rows, words=words_of(case))


def rights(case: Case) -> Result:
    """Return a row a plant and mine, and one for all budgets, with a column a member."""
    e = Expanded(case)
    of = Rights(e)
    rows = [
        ("project" if s.project else "refiner", s.project or s.name, s.mineral, s.country, *parts)
        for s, parts in zip(e.sources, of.sources.mean(axis=1).tolist(), strict=True)
    ]
    rows += [
        ("mine", "", mine.mineral, mine.country, *parts)
        for mine, parts in zip(case.mines, of.mines.mean(axis=1).tolist(), strict=True)
    ]
    if case.budget:
        rows.append(("budget", "", "", "", *of.capital.tolist()))
    kind = spread_over(RightsUsed, RightsUsed.members, [clean(m.name) for m in case.members])
    names = [f.name for f in kind.FIELDS]
    return kind.of_rows([dict(zip(names, row, strict=True)) for row in rows], words=words_of(case))


# ---- the kind ------------------------------------------------------------------------------------

_PRICES, _FAIR, _BUILDS = "Dual prices", "Sharing a shortage fairly", "Builds"
_RIGHTS, _CONTRACTS, _LISTED = "Rights", "Contracts", "Groups listed"
_SEAL = "Seal of the sheet Coalitions"
"""Rows of About."""


class BillsStudy(StudyKind):
    """Find who gains from planning together, and who should pay what.

    Each member is planned alone, with its own demand, stocks, contracts, limits and rights to
    capacity (sheet and setting Rights). Then all members are planned together. Their joint cost is
    split in four ways: as bought, by demand, by equal savings and by dual prices. For each split,
    the study names the group of members that would gain most by leaving, and its gain. With dual
    prices, no group gains by leaving.

    \b
    planner bills case.xlsx
    planner bills case.xlsx --scenario "Export ban" --csv tables
    planner bills case.xlsx --exact
    planner bills case.xlsx --wishes

    With --exact, every group is planned (4,095 groups for 12 members), for the nucleolus and the
    Shapley value. If you stop the study, it writes the groups planned so far; --resume continues.
    """  # noqa: D301 - \b is click's mark for lines that are kept as they are

    NAME, TITLE, WRITES = "bills", "Bills", "bills"
    MONEY = "discounted to the first year"
    QUESTION = "Who gains from planning together, and what would be fair?"
    HEADING = "Bills: {plan}"
    RESULTS = (Savings, Bills, Transfers, Groups, Wishes, Coalitions, RightsUsed)
    OPTIONS = (
        click.option(
            "--exact",
            is_flag=True,
            help=f"Plan every group of up to {MOST_MEMBERS} members: nucleolus and Shapley value.",
        ),
        click.option(
            "--wishes",
            is_flag=True,
            help="Price each member's own share limits, stock targets and part of Security: what"
            " they cost it and the others.",
        ),
        click.option(
            "--resume",
            type=click.Path(path_type=Path),
            metavar="BOOK",
            help="Continue --exact from an earlier bills workbook of the same input and options."
            " Groups that were edited since are planned again.",
        ),
    )
    task = "members alone and together"

    def __init__(self, start: Start, *, exact: bool, wishes: bool, resume: Path | None) -> None:
        """Take what is asked; UsageError where every group is asked for of too many members."""
        super().__init__(start)
        self.exact = exact or resume is not None
        self.wishes = wishes
        self.without: dict[WithoutWishes, tuple[tuple[float, ...], float]] = {}
        self.count = len(start.case.members)
        if self.exact and self.count > MOST_MEMBERS:
            msg = f"--exact plans every group of up to {MOST_MEMBERS} members, not of {self.count}"
            raise errors.UsageError(msg)
        self.costs: dict[int, float] = {}
        self.refused = ""
        if resume is not None:
            self.costs, self.refused = _resumed(resume, start)

    def plan(self, where: Where | None, tell: Tell | None, say: Callable[[str], None]) -> None:
        """Plan all together and each alone; with --exact every group."""
        del say
        study = study_of(self.start.case, self.costs, exact=self.exact, wishes=self.wishes)
        found = run_study(study, where, tell)
        self.outcomes, self.stopped = found.every, found.stopped
        for (run,), outcome in zip(study.chains, self.outcomes, strict=True):
            if not isinstance(outcome.found, tuple):
                continue
            if isinstance(run.read, CostsOf):
                pairs = zip(run.read.numbers, outcome.found, strict=True)
                self.costs |= {number: cost for number, cost in pairs if cost is not None}
            elif isinstance(run.change, WithoutWishes):
                self.without[run.change] = outcome.found

    @property
    def planned(self) -> bool:
        return self.outcomes[0].planned

    @property
    def every(self) -> int:
        return (1 << self.count) - 1

    @cached_property
    def sharing(self) -> Sharing:
        """Who pays what, also by the rules that take every group where all are known."""
        found = cast("Sharing", self.outcomes[0].found)
        if len(self.costs) < self.every:
            return found
        return found.listed(np.array([0.0, *(self.costs[n] for n in range(1, self.every + 1))]))

    @property
    def progress(self) -> str:
        return f"{len(self.costs):,} of {self.every:,} groups planned" if self.exact else ""

    @property
    def runs(self) -> Sequence[Outcome[Any]]:
        """The plan together, and runs that failed: of groups the sheet Coalitions has the costs."""
        return (self.outcomes[0], *(o for o in self.outcomes[1:] if not o.planned))

    @property
    def tariffs(self) -> str:
        return tariff_words({"together": self.sharing.paid}, self.start.case.settings.currency)

    @property
    def subject(self) -> str:
        return counted(self.count, "member")

    @property
    def options(self) -> dict[str, str]:
        """What was asked, and what the bills assume."""
        case, of = self.start.case, self.sharing
        settings, rows = case.settings, len(case.rights)
        said = {_RIGHTS: settings.rights + (f"; {counted(rows, 'row')} of Rights" if rows else "")}
        width = float(np.max(of.duals.most - of.duals.least, initial=0.0))
        several = (
            "some of many: each bill is the mean of those at which a member pays least or most"
        )
        said[_PRICES] = (
            several if width > tolerances.BILL_ROUNDING * abs(of.cost) else "the only ones"
        )
        if settings.fair_shortage_weight > 0:
            more = money(max(of.fairly, 0.0), settings.currency)
            said[_FAIR] = (
                f"not priced: a member's part depends on who is there. The plan costs {more} more"
                " for it, left out of all bills in proportion"
            )
        if settings.whole_projects:
            said[_BUILDS] = (
                "as fractions: with whole plants there may be no bills that leave no group a reason"
                " to go"
            )
        if case.contracts:
            said[_CONTRACTS] = "minimums as in the plan together, where capacity shrinks them"
        if self.exact:
            said[_LISTED] = self.progress
            said[_SEAL] = _seal(self.costs.items(), self.start)
        return {**self.start.options, **said}

    @property
    def trouble(self) -> str:
        """What is not known though it was asked for, and why: each search that failed."""
        told = [
            f"{_UNKNOWN[rule in self.sharing.bills].format(split=_SPLIT[rule])}: {why}"
            for rule, why in self.sharing.failed.items()
        ]
        if self.exact and len(self.costs) < self.every:
            told.append(f"nucleolus and Shapley value are not known: {self.progress}")
        lacking = [o for o in self.outcomes[1:] if o.unproven]
        told += [f"not known of the run {o.name}: {o.error}" for o in lacking]
        return "; ".join(told)

    def tables(self) -> list[Result]:
        """Return savings, bills, transfers, groups and rights; where asked what wishes cost."""
        case = self.start.case
        made = made_of(self.sharing, self.costs, case)
        return [*made, wishes(self.sharing, self.without, case)] if self.wishes else made

    def answer(self, tables: Tables) -> dict[str, object]:
        """Return what all cost, the bills, the transfers and who is tempted to leave."""
        of, members = self.sharing, self.start.case.members

        def names(group: Tempted | None) -> list[str] | None:
            return None if group is None else [members[i].name for i in group.group]

        return {
            "scenario": self.start.case.scenario,
            "alone_usd": float(of.alone.sum()),
            "together_usd": of.cost,
            "cash_alone_usd": float(of.alone_paid.sum()),
            "cash_together_usd": of.cost - float(of.bought_priced.sum()),
            "bills": [row for row in tables.records(Bills) if row["member"]],
            "transfers": tables.records(Transfers),
            "groups": [
                {**row, Groups.group.json_key: names(of.tempted.get(rule))}
                for row, rule in zip(tables.records(Groups), of.bills, strict=True)
            ],
            "groups_planned": len(self.costs),
            "resume_refused": self.refused or None,
            "wishes": tables.records(Wishes),
            "trouble": self.trouble or None,
        }

    def screen(self, tables: Tables) -> Iterator[str | Numbers]:
        """Return what each saves by every rule, and who is tempted to leave."""
        if self.refused:
            yield self.refused
        yield Numbers(tables[Savings])
        leaving = (Groups.rule, Groups.gain, Groups.group)
        yield Numbers(tables[Groups], leaving, "Who would gain alone")
        if Wishes in tables:
            yield Numbers(tables[Wishes], heading="What a member's own wishes cost")

    # ---- of the tables alone ---------------------------------------------------------------------

    @classmethod
    def headline(cls, tables: Tables) -> Headline:
        """Say what planning together saves, in cash and in all, and who would leave which split."""
        of, rows = tables[Bills], tables[Bills].frame()
        currency, members = of.words.get("money", ""), len(rows["member"].unique()) - 1
        if members <= 1:
            none = KeyFigure("In the coalition", "1 member", "alone and together are the same.")
            return Headline("There is one member: nothing to share.", (none,))
        all_of = rows[rows["member"] == ""].iloc[0]
        cash, alone = float(all_of["cash_saving"]), float(all_of["cash_alone"])
        lacking, kept = _avoided(all_of), _kept(tables[Groups])
        finding = f"{_together(cash, lacking, currency)} {_leaving(tables[Groups], members)}"
        of_it = f"{share(cash / alone)} of {money(alone, currency)}." if alone > 0 else ""
        figures = (
            KeyFigure("Cash saved by planning together", money(cash, currency), of_it),
            KeyFigure(
                "Priced shortage avoided",
                money(lacking, currency),
                "at its price; no cash is paid." if lacking else "alone as much is short.",
            ),
            KeyFigure(
                "Splits that no group would leave",
                listed(kept, 2) if kept else "none",
                f"of {counted(len(tables[Groups]), 'split')}; the sheet Groups has who would.",
            ),
        )
        return Headline(finding + _wished(tables, currency), figures)

    @classmethod
    def pictures(cls, tables: Tables) -> tuple[Picture, ...]:
        """Return savings by member and rule, the way from alone to together, cash and shortage."""
        saved = tables[Savings]
        return drawn(_by_rule(saved, tables[Groups]), _waterfall(saved), _apart(tables[Bills]))

    @classmethod
    def sections(cls, tables: Tables) -> tuple[Section, ...]:
        """Return savings by rule, each rule's bills, and who is tempted to leave."""
        saved, every = tables[Savings], tables[Bills]
        views = Section.views_by(every, Bills.rule, lambda rule, rows: _apart(rows, rule))
        lead = (
            "What each member costs alone less its bill. Cash can be handed on, a shortage cannot:"
            " it is left where the plan has it, and counts at its price."
        )
        blocks = [
            Numbers(tables[Groups], heading="Who is tempted most to leave"),
            Numbers(tables[Transfers], heading="Who pays whom, from as bought"),
        ]
        if Wishes in tables:
            blocks.append(Numbers(tables[Wishes], heading="What own wishes cost"))
        gains = Numbers(saved).view(_by_rule(saved, tables[Groups]), _waterfall(saved))
        return (
            Section("savings", "Who gains", lead, gains),
            Section("bills", "Who pays what", lead, views, "Rule", tuple(blocks)),
        )


def _resumed(path: Path, start: Start) -> tuple[dict[int, float], str]:
    """Return the costs of groups that an earlier workbook has, and why it has none to take, if so.

    They are taken from one of the same input, options and planner whose seal is that of its groups.
    Raises UsageError where it is of another input, or asked otherwise; InputError where it is none.
    """
    study = read_study(path, Savings.TABLE, BillsStudy.NAME)
    tables = Tables.read(study.tables, (Coalitions, About))
    said = {Measure.INPUT_SHA256: start.book.sha256, **start.options}
    about = dict(tables[About].rows(About.what, About.value)) if About in tables else {}
    asked = {name: about.get(name) for name in (*said, Measure.SCENARIO) if name in about}
    if asked != said:
        msg = f"--resume {path} is of another workbook, scenario or what-if than this case"
        raise errors.UsageError(msg)
    if Coalitions not in tables:
        return {}, ""
    table = tables[Coalitions]
    rows = [
        (int(number), float(cost))
        for number, cost in table.rows(Coalitions.number, Coalitions.cost)
        if known(number) and known(cost)
    ]
    if len(rows) == len(table) and about.get(_SEAL) == _seal(rows, start):
        return dict(rows), ""
    return {}, (
        f"{path} is not as the planner wrote it, or was written by another version:"
        " its groups are planned again"
    )


def _seal(costs: Iterable[tuple[int, float]], start: Start) -> str:
    """Return the seal of groups' costs: of the numbers as a sheet has them, and of what was asked.

    Read back they are in millions and then in money again, which may move the last digit.
    """
    rows = sorted(costs)
    scale = Coalitions.cost.scale
    asked = (f"{name}: {value}" for name, value in sorted(start.options.items()))
    texts = (__version__, start.book.sha256, *asked)
    return seal(([n for n, _ in rows], [cost / scale * scale for _, cost in rows]), texts)


# ---- words and charts ----------------------------------------------------------------------------


def _avoided(row: Any) -> float:
    return beyond(row["priced_alone"], row["priced"], row["alone"])


def _together(cash: float, lacking: float, currency: str) -> str:
    """Return what planning together saves, in cash and in priced shortage."""
    if cash == 0.0 and lacking == 0.0:
        return "Planning together saves nothing."
    paid = f"save {money(cash, currency)}" if cash >= 0 else f"pay {money(-cash, currency)} more"
    short_of = money(abs(lacking), currency)
    also = "avoid" if lacking > 0 else "go without more, worth"
    if lacking == 0.0:
        return f"Together the members {paid} in cash."
    worth = f"shortages worth {short_of}" if lacking > 0 else short_of
    return f"Together the members {paid} in cash and {also} {worth} at their price."


def _named(group: str) -> str:
    """Return a group in words: all of few, else how many and the first of them."""
    names = group.split("; ")
    if len(names) <= _NAMED:
        return listed(names)
    return f"{len(names)} members ({few(names, 2)})"


def _kept(leaving: Groups) -> list[str]:
    return [rule for rule, group in leaving.rows(Groups.rule, Groups.group) if not group]


def _leaving(leaving: Groups, members: int) -> str:
    """Return who would leave the split as bought, and which splits nobody would."""
    group = dict(leaving.rows(Groups.rule, Groups.group))[AS_BOUGHT]
    kept = [_SPLIT[rule] for rule in _kept(leaving)]
    if group == NOT_KNOWN:
        said = "Who would do better alone if each pays for what it buys is not known"
    elif group:
        count = len(group.split("; "))
        who = _named(group) if count <= _NAMED else f"{count} of {counted(members, 'member')}"
        alone = "on its own" if count == 1 else "as a group of their own"
        said = f"If each pays for what it buys, {who} would do better {alone}"
    else:
        said = "If each pays for what it buys, nobody would do better alone"
    if not kept or kept == [_SPLIT[AS_BOUGHT]]:
        return f"{said}."
    others = [split for split in kept if split != _SPLIT[AS_BOUGHT]]
    link = "nor if it is split" if not group else "split"
    nobody = "" if not group else ", nobody would"
    return f"{said}{',' if not group else ';'} {link} {listed(others)}{nobody}."


def _wished(tables: Tables, currency: str) -> str:
    """Return what members' own wishes cost them and the others, the dearest first."""
    if Wishes not in tables:
        return ""
    fields = (Wishes.whole, Wishes.member, Wishes.what, Wishes.own, Wishes.others)
    rows = sorted(tables[Wishes].rows(*fields), reverse=True)
    said = [
        f"the wishes of {member} ({what}) cost it {money(own, currency)} and the others"
        f" {money(others, currency)}"
        for _, member, what, own, others in rows[:_NAMED]
    ]
    whole = "; ".join(said)
    return f" {opened(whole)}."


_SAVED = "Saved against alone ({unit})"


def _told(saved: Savings) -> list[int]:
    """Return the members of a chart, those that save most by dual prices first."""
    rows = [i for i, member in enumerate(saved.member) if member]
    most = sorted(rows, key=lambda i: -abs(saved.duals[i]))
    return most[:_MOST_BARS]


def _by_rule(saved: Savings, leaving: Groups) -> Picture | None:
    """What each member saves, a column a split; its name says whether a group would leave it."""
    at = _told(saved)
    left = {
        _SAVINGS[rule].name
        for rule, group in leaving.rows(Groups.rule, Groups.group)
        if group not in {"", NOT_KNOWN}
    }
    fields = saved.fields[2:]
    names = {f.name: f.header + " (a group would leave)" * (f.name in left) for f in fields}
    each = {names[f.name]: [saved.data[f.name][i] for i in at] for f in fields}
    each = {h: of for h, of in each.items() if all(map(known, of))}
    if not any(v for of in each.values() for v in of):
        return None
    return Picture(
        "What each member saves by planning together, by rule",
        Form.GROUPED,
        tuple(short(str(saved.member[i])) for i in at),
        tuple(Series(h, Role.ONE_OF_MANY, of) for h, of in each.items()),
        _SAVED,
        MEMBER.header,
    ).in_money(saved.words.get("money", ""))


def _waterfall(saved: Savings) -> Picture | None:
    """The savings by dual prices on one another, up to what all save."""
    at = [i for i in _told(saved) if saved.duals[i] > 0]
    if not at:
        return None
    amounts = [float(saved.duals[i]) for i in at]
    before = [sum(amounts[:i]) for i in range(len(at))]
    return Picture(
        f"What planning together saves by {DUAL_PRICES}, member by member",
        Form.STACKED,
        (*(short(str(saved.member[i])) for i in at), "All of these"),
        (
            Series("Saved by those before", Role.FREE, [*before, None], colour=palette.GRID),
            Series("Saved", Role.PLAN, [*amounts, sum(amounts)]),
        ),
        _SAVED,
        MEMBER.header,
    ).in_money(saved.words.get("money", ""))


def _apart(of: Bills, rule: str = DUAL_PRICES) -> Picture | None:
    """What each member saves by a rule in cash, and in shortage at its price."""
    frame = of.frame()
    rows = frame[(frame["rule"] == rule) & (frame["member"] != "")]
    rows = rows.sort_values("saving", ascending=False, kind="stable").head(_MOST_BARS)
    cash = rows["cash_saving"].astype(float)
    lacking = rows.apply(_avoided, axis="columns").astype(float)
    if not (cash.any() or lacking.any()):
        return None
    return Picture(
        f"In cash and in shortage: what each member saves, {rule}",
        Form.GROUPED,
        tuple(short(str(member)) for member in rows["member"]),
        (
            Series("Saved in cash", Role.PLAN, cash.tolist()),
            Series("Shortage avoided at its price (no cash)", Role.SHORT, lacking.tolist()),
        ),
        _SAVED,
        MEMBER.header,
    ).in_money(of.words.get("money", ""))
