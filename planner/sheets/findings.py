"""What a reader of a plan is told first, in words: from the rows of By mineral and nothing else.

Page, report and terminal say the same sentences. A finding counts minerals; none adds them up but
what is paid, which says the mineral that is most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from models.measures import part, printed
from models.results import ByMineral, Field, Result, Security
from models.results.members import MUCH, is_much
from models.schema import DEMAND
from planner.render.chart import Form, Picture, Role, Series, short
from planner.render.front import Light, Point, State
from planner.render.words import amount, counted, known, listed, share, solid

Country = Callable[[str], str]
Row = dict[str, Any]
"""A row of By mineral by the names of its fields; None where a cell is blank."""

SURVIVES = 0.8
"""A mineral of which so much is served without its largest supplier survives the loss."""
TOLD = (
    ByMineral.mineral, ByMineral.need, ByMineral.supplier_today, ByMineral.supplier_today_share,
    ByMineral.supplier, ByMineral.supplier_share, ByMineral.supplier_of_demand,
    ByMineral.supplier_limit, ByMineral.served_without_today, ByMineral.served_without,
    ByMineral.short_of_supply, ByMineral.short_by_limits, ByMineral.extra, ByMineral.dependent,
    ByMineral.dependent_country, ByMineral.dependent_share,
)  # fmt: skip
"""The fields of By mineral that are told first: on the first page and in the report."""
_NAMED = 3
"""Minerals that a sentence names; more are counted."""
_SAME = 1e-6
_MOVED = 0.005
"""Shares that move by less stay."""


def rows_of(table: Result) -> list[Row]:
    """Return the rows of a table; a blank cell is None, whether read back or just made."""
    names = [f.name for f in table.fields]
    return [
        {name: None if _is_blank(value) else value for name, value in zip(names, row, strict=True)}
        for row in table.rows(*table.fields)
    ]


def _is_blank(value: Any) -> bool:
    return value is None or value != value or value == ""  # noqa: PLR0124 - NaN is a blank cell


def findings(table: ByMineral, years: int, country: Country) -> tuple[Point, ...]:
    """Return the findings of a plan: cap, loss of the largest suppliers, dependence, cost.

    ``years`` are how many are planned; ``country`` names a country by its code. A mineral whose
    row is blank, as of a redacted plan, is not counted; of no row nothing is found.
    """
    words = table.words
    rows = [row for row in rows_of(table) if known(row["need"])]
    if not rows:
        return ()
    last = words["last"]
    return (
        _limits(rows, words["basis"], country),
        _loss(rows, last, country),
        _dependence(rows, last, country),
        _cost(rows, years, words["money"]),
    )


def counts(number: int, whole: int, verb: str, one: str, many: str = "") -> str:
    """Return how many of all minerals do what: ``Of 8 minerals, 5 keep to their limits``."""
    alone = "has" if verb == "have" else f"{verb}s"
    if whole == 1:
        does = alone if number else f"does not {verb}"
        return f"The one mineral {does} {one}"
    does, rest = (alone, one) if number == 1 else (verb, many or one)
    return f"Of {whole:,} minerals, {f'{number:,}' if number else 'none'} {does} {rest}"


def _number(number: int, whole: int) -> str:
    return f"{number:,} of {whole:,}"


def _limits(rows: Sequence[Row], basis: str, country: Country) -> Point:
    name, sheet = "Share limits", "Country shares"
    under = [row for row in rows if row["limits_kept"]]
    if not under:
        return Point(name, "none", "No share limit bears on what is needed.", sheet)
    kept = sum(row["limits_kept"] == "yes" for row in under)
    said = counts(
        kept, len(under), "keep", "to its share limits in every year",
        "to their share limits in every year",
    )  # fmt: skip
    if len(under) < len(rows):
        said += f" ({counted(len(rows) - len(under), 'other')} without any)"
    more = of_purchases_above(rows, basis, country)
    return Point(name, _number(kept, len(under)), f"{said}.{f' {more}' if more else ''}", sheet)


def of_purchases_above(rows: Sequence[Row], basis: str, country: Country) -> str:
    """Return where a limit on demand is kept and the share of what is bought lies above it."""
    above = [
        row
        for row in rows
        if basis == DEMAND
        and known(row["supplier_limit"])
        and known(row["supplier_share"])
        and printed(row["supplier_share"]) > printed(row["supplier_limit"])
    ]
    if not above:
        return ""
    above.sort(key=lambda row: -(row["supplier_share"] - row["supplier_limit"]))
    named = [
        f"{row['mineral']}: {country(row['supplier'])} sells {share(row['supplier_share'])} of what"
        f" is bought, limit {share(row['supplier_limit'])}"
        for row in above
    ]
    return f"Limits are of demand; of purchases more comes from one country ({_few(named)})."


def _few(named: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = len(named) - _NAMED
    return "; ".join([*named[:_NAMED], *([f"{more} more"] if more > 0 else [])])


def _loss(rows: Sequence[Row], last: str, country: Country) -> Point:
    name, sheet = "If the largest supplier stops", "By mineral"
    needed = [row for row in rows if known(row["served_without"])]
    if not needed:
        return Point(name, "no need", f"Nothing is needed in {last}.", sheet)
    if not any(row["supplier"] for row in needed):
        said = f"No single country outside the coalition sells to it in {last}."
        return Point(name, "nobody", said, sheet)
    survive = _surviving(needed, "served_without")
    end = f"served to {share(SURVIVES)} or more in {last} if"
    said = counts(
        survive, len(needed), "stay", f"{end} its largest supplier stops",
        f"{end} their largest supplier stops",
    )  # fmt: skip
    today = [row for row in rows if known(row["served_without_today"])]
    if today:
        before = _surviving(today, "served_without_today")
        of = f" of {len(today):,}" if len(today) != len(needed) else ""
        said += f"; today {before or 'none'}{of}"
    least = min(needed, key=lambda row: row["served_without"])
    said += f". The least is left of {least['mineral']}: {share(least['served_without'])}"
    if least["supplier"]:
        said += f" without {country(least['supplier'])}"
    if known(least["served_without_today"]):
        said += f" (today {share(least['served_without_today'])})"
    return Point(name, _number(survive, len(needed)), f"{said}.{_against(rows)}", sheet)


def _surviving(rows: Sequence[Row], field: str) -> int:
    return sum(row[field] >= SURVIVES - _SAME for row in rows)


def _against(rows: Sequence[Row]) -> str:
    """Return of which minerals less is left than today, and of how many more."""
    both = [
        (row["served_without"] - row["served_without_today"], str(row["mineral"]))
        for row in rows
        if known(row["served_without"]) and known(row["served_without_today"])
    ]
    if not both:
        return ""
    more = sum(change > _MOVED for change, _ in both)
    less = [name for change, name in sorted(both) if change < -_MOVED]
    said = f" More than today is left of {more or 'none'}, less of {len(less) or 'none'}"
    return f"{said}{f': {listed(less, _NAMED)}' if less else ''}."


def _dependence(rows: Sequence[Row], last: str, country: Country) -> Point:
    """Say of how many minerals some member buys much in one country: one measure in every plan."""
    name, sheet = "Members that depend on one country", "By mineral"
    rows = [row for row in rows if not row["dependent"] or known(row["dependent_share"])]
    bought = [row for row in rows if row["dependent"]]
    if not bought:
        said = f"No member buys from a single country outside the coalition in {last}."
        return Point(name, "none", said, sheet)
    much, whole = sum(is_much(row["dependent_share"]) for row in bought), len(rows)
    of = "the one mineral" if whole == 1 else f"{much or 'each'} of {whole:,} minerals"
    some = "some member buys more than" if much else "every member buys at most"
    said = f"Of {of} {some} {share(MUCH)} in one country outside in {last}"
    wholly = [row for row in bought if row["wholly_dependent"]]
    wholly.sort(key=lambda row: (-row["wholly_dependent"], str(row["mineral"])))
    if wholly:
        said += f", of {len(wholly):,} all of it: {_few([_who(row, country) for row in wholly])}"
    else:
        most = max(bought, key=lambda row: printed(row["dependent_share"]))
        said += (
            f"; of none all of it. The most: {most['dependent']},"
            f"{' each' if _alike(most) > 1 else ''} {share(most['dependent_share'])} of its"
            f" {most['mineral']} in {country(most['dependent_country'])}"
        )
    number = f"{_number(much, whole)} {'mineral' if whole == 1 else 'minerals'}"
    return Point(name, number, f"{said}.", sheet)


def _alike(row: Row) -> int:
    return int(row["alike"] or 1)


def _who(row: Row, country: Country) -> str:
    """Return who buys all of a mineral in one country, and where."""
    who, where = row["dependent"], country(row["dependent_country"])
    if row["wholly_dependent"] > _alike(row):
        who, where = f"{row['wholly_dependent']:,} members", f"{where} and others"
    return f"{who} ({row['mineral']}, {where})"


def _cost(rows: Sequence[Row], years: int, money: str) -> Point:
    name, sheet = "What the share limits cost a year", "By mineral"
    if not any(row["limits_kept"] for row in rows):
        return Point(
            name, "nothing", "No share limit bears on what is needed: none costs anything.", sheet
        )
    found = like_for_like(rows)
    if found is None:
        said = "What the same tonnes cost without share limits is not known."
        return Point(name, "not known", said, sheet)
    more, same = found
    parts = {row["mineral"]: row["extra"] * row["purchased"] for row in _bought(rows)}
    a_year = solid(more, same) / max(1, years)
    if not a_year:
        said = "Like for like, the tonnes bought cost the same as without limits."
        return Point(name, f"0 {money}", f"{said}{_unpaid(rows, years, money)}", sheet)
    weight = _weight(parts, more, years, money) if len(parts) > 1 else ""
    number = amount(abs(a_year), money)
    of, free = part(abs(more), same), "" if same > 0 else ", which cost nothing"
    said = (
        f"Like for like, the tonnes bought cost {number} a year"
        f"{f' ({share(of)})' if of is not None else ''} {'more' if a_year > 0 else 'less'} than the"
        f" same tonnes without limits{free}{weight}."
        f"{_unpaid(rows, years, money)}"
    )
    return Point(name, f"{'-' if a_year < 0 else ''}{number}", said, sheet)


def _weight(parts: Mapping[str, float], more: float, years: int, money: str) -> str:
    """Return which mineral is most of what is paid more, and what the others are beside it."""
    top = max(parts, key=lambda m: (abs(parts[m]), m))
    rest = more - parts[top]
    one, others = (amount(abs(cost) / max(1, years), money) for cost in (parts[top], rest))
    if abs(rest) <= _SAME * abs(more):
        return f"; {top} alone is all of it"
    if (rest > 0) == (parts[top] > 0):
        return f"; {top} alone is {one} of it"
    more_here, there = ("more", "less") if parts[top] > 0 else ("less", "more")
    who = "the others together" if len(parts) > 2 else "the other"  # noqa: PLR2004
    return f"; of that {top} {one} {more_here}, {who} {others} {there}"


def _unpaid(rows: Sequence[Row], years: int, money: str) -> str:
    """Return what limits leave short, which is in no cost that is paid, and its price."""
    short = [row for row in rows if (row["short_by_limits"] or 0.0) > 0]
    if not short:
        return ""
    short.sort(key=lambda row: -(row["shortage_by_limits"] or 0.0))
    named = [f"{amount(row['short_by_limits'], 't')} of {row['mineral']}" for row in short]
    lost = sum(row["shortage_by_limits"] or 0.0 for row in short) / max(1, years)
    price = f", priced {amount(lost, money)} a year" if lost > 0 else ""
    return (
        f" Not in it, for nobody pays it: what they leave short,"
        f" {listed(named, _NAMED)} over all years{price}."
    )


def _bought(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if known(row["extra"]) and known(row["landed"])]


def like_for_like(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Return what all tonnes bought cost more than without limits, and what they cost there."""
    bought = _bought(rows)
    more = sum(row["extra"] * row["purchased"] for row in bought)
    return (more, sum(row["paid"] for row in bought) - more) if bought else None


def survival(table: Security, country: Country) -> Light | None:
    """Return whether a plan survives what Security has lost; None where it has nothing lost."""
    rows = rows_of(table)
    if not rows:
        return None
    every, lost, targets = (
        list(dict.fromkeys(row[name] for row in rows)) for name in ("mineral", "country", "target")
    )
    loss = f"the loss of {country(lost[0])}" if len(lost) == 1 else "the loss of any one country"
    most = f"with at most {share(1.0 - targets[0])} short"
    most = most if len(targets) == 1 else "with no more short than Security allows"
    missed = [row for row in rows if row["missing"] > 0]
    question, said = "Does it survive the loss of a country?", f"It survives {loss} {most}"
    if not missed:
        return Light(question, State.GOOD, f"{said}, in every year.", table.TABLE)
    years = {m: {row["year"] for row in missed if row["mineral"] == m} for m in every}
    fail = sorted((m for m in every if years[m]), key=lambda m: len(years[m]))
    whole = len({row["year"] for row in rows})
    when = {m: f" in {len(years[m])} of {whole} years" if whole > 1 else "" for m in fail}
    named = listed((f"{m}{when[m]}" for m in fail), _NAMED)
    state, said = State.CARE, f"{said}, but for {named}"
    if len(fail) == len(every):
        state = State.BAD
        said = f"It does not survive {loss} {most}: more is short of {named}"
    worst = max(missed, key=lambda row: row["target"] - row["served"])
    said += (
        f". The worst: without {country(worst['country'])} {share(1.0 - worst['served'])} of"
        f" {worst['mineral']} is short in {worst['year']}."
    )
    return Light(question, state, said, table.TABLE)


def chart(rows: Sequence[Row], words: Mapping[str, str]) -> Picture | None:
    """Return the largest supplier's share today and in the plan, of what the limit on it is of.

    Today nothing is known to be short: what is bought is what is needed.
    """
    drawn = [row for row in rows if row["supplier_share"] is not None]
    limits, basis = [row["supplier_limit"] for row in drawn], words["basis"]
    field = ByMineral.supplier_of_demand if basis == DEMAND else ByMineral.supplier_share
    series = (
        Series("Today", Role.FREE, [row["supplier_today_share"] for row in drawn]),
        Series(f"Plan, {words['last']}", Role.PLAN, [row[field.name] for row in drawn]),
        Series(f"Limit {words['last']}", Role.LIMIT, limits),
    )
    named = tuple(short(str(row["mineral"])) for row in drawn)
    shown = tuple(s for s in series if any(known(value) for value in s.values))
    title = f"Largest supplier's share of {basis}, today and in the plan"
    return Picture(title, Form.GROUPED, named, shown, "", "") if drawn else None


# ---- what changed --------------------------------------------------------------------------------


def moves(table: ByMineral, country: Country) -> Iterator[str]:
    """Yield whose largest supplier sells more, or less, of what is bought than today."""
    rows, last = rows_of(table), table.words["last"]
    both = [
        row for row in rows if known(row["supplier_share"]) and known(row["supplier_today_share"])
    ]
    moved = [(row["supplier_share"] - row["supplier_today_share"], row) for row in both]
    for verb, sign in (("falls", -1), ("rises", 1)):
        found = sorted((m for m in moved if m[0] * sign > _MOVED), key=lambda m: -m[0] * sign)
        if found:
            named = [_move(row, country) for _, row in found]
            yield (
                f"The largest supplier's share of purchases {verb} from today to {last} for"
                f" {_number(len(found), len(both))} {'mineral' if len(both) == 1 else 'minerals'}:"
                f" {_few(named)}."
            )
    if both and not any(abs(change) > _MOVED for change, _ in moved):
        yield f"No largest supplier's share of purchases differs in {last} from today's."


def _move(row: Row, country: Country) -> str:
    before, after = country(row["supplier_today"]), country(row["supplier"])
    who = before if before == after else f"{before} to {after}"
    shares = f"{share(row['supplier_today_share'])} to {share(row['supplier_share'])}"
    return f"{row['mineral']} {shares} ({who})"


def served_in_full(rows: Sequence[Row]) -> tuple[str, float]:
    """Return of how many minerals all need is met, in words, and the least share that is."""
    needed = [row for row in rows if row["demand"] > 0]
    full = sum(row["short"] <= 0 for row in needed)
    said = counts(full, len(needed), "have", "all need met", "all need met")
    least = min(needed, key=lambda row: row["served"])
    if least["short"] > 0:
        said += f"; the least is met of {least['mineral']}: {share(least['served'])}"
    return f"{said}.", least["served"]


def shortages(parts: Mapping[str, float], beyond: str = "") -> str:
    """Return of how many minerals need is short, and the one shortest of it: never a sum of them.

    ``parts`` are of need, by mineral: ``3 of 8 minerals are short, most of all Tin: 41 % of need``.
    """
    short = [(part, name) for name, part in parts.items() if part > _SAME]
    if not short:
        return f"no mineral is short{beyond}"
    most, name = max(short, key=lambda each: each[0])
    if len(parts) == 1:
        return f"{name} is short{beyond}: {share(most)} of need"
    verb, which = ("is", "") if len(short) == 1 else ("are", "most of all ")
    return (
        f"{_number(len(short), len(parts))} minerals {verb} short{beyond}, {which}{name}:"
        f" {share(most)} of need"
    )


def number_short(parts: Mapping[str, float]) -> str:
    """Return of how many minerals need is short: ``3 of 8``."""
    return _number(sum(part > _SAME for part in parts.values()), len(parts))


def lacks(rows: Sequence[Row]) -> str:
    """Return what is short because supply can't give it, and because limits forbid it."""
    parts: list[tuple[str, Field]] = [
        ("supply can't give", ByMineral.short_of_supply),
        ("the limits forbid", ByMineral.short_by_limits),
    ]
    said = []
    for what, field in parts:
        short = [row for row in rows if (row[field.name] or 0.0) > 0]
        short.sort(key=lambda row: -row[field.name] / row["demand"])
        named = [f"{row['mineral']} {share(row[field.name] / row['demand'])}" for row in short]
        if named:
            said.append(f"{what} {listed(named, _NAMED)}")
    return f"Of need over all years {'; '.join(said)}." if said else ""
