"""What ``--over`` says: the knob of a sweep, on whom, for which mineral."""

from __future__ import annotations

from collections.abc import Iterable

from models.case import Case, fold
from models.checks.common import did_you_mean
from models.errors import Mistakes, UsageError
from models.schema import ScenarioStep
from planner.scenarios.named import Named
from planner.studies.knobs import CAP, COUNTRY, KNOBS, MEMBER, SELLER, THE_CAP, Kind, Knob


def knob_of(case: Case, said: str) -> Knob:
    """Return the knob that ``capacity:CHN:cobalt`` and the like mean; places may have a ``*``.

    Raises UsageError for an unknown knob, place or mineral, with the closest name, and for a knob
    that changes nothing of the case.
    """
    word, colon, rest = (part.strip() for part in said.partition(":"))
    kind = next((kind for kind in KNOBS if kind.word == fold(word)), None)
    words = [kind.word for kind in KNOBS]
    if kind is None:
        near = did_you_mean(word, words)
        hint = f"{near} " if near.startswith("did") else ""
        msg = f"--over {said!r}: no such knob; {hint}there is {_list(words)}"
        raise UsageError(msg)
    if kind == CAP:
        if colon:
            msg = f"--over {said!r}: the cap is swept for all minerals at once; write --over cap"
            raise UsageError(msg)
        return THE_CAP
    wrong = Mistakes()
    with wrong.kept(f"--over {said!r}: "):
        knob = _aimed(Named(case), kind, rest)
    wrong.tell()
    if not knob.turns(case):
        msg = f"--over {said!r}: the workbook has nothing that this changes{_places(case, kind)}"
        raise UsageError(msg)
    return knob


def _aimed(named: Named, kind: Kind, rest: str) -> Knob:
    """Return a knob on a place and a mineral; both may be blank, and a mineral may stand alone."""
    place, mineral = _split(named, kind, rest)
    wrong = Mistakes()
    with wrong.kept():
        minerals = named.minerals(mineral)
    with wrong.kept():
        _find(named, kind, place)
    wrong.tell()
    shown: tuple[str, ...] = ("",)
    chosen: list[tuple[str, str, str]]  # country, refiner, member
    if kind.place == MEMBER:
        shown = named.members(place)
        chosen = [("", "", member) for member in shown]
    elif kind.place == SELLER:
        sellers = named.sellers(place or "*")
        shown = tuple(seller.words for seller in sellers)
        chosen = [(seller.country, seller.refiner, "") for seller in sellers]
    else:
        country = named.country(place)
        shown = (named.country_name(country, place) if country else "",)
        chosen = [(country, "", "")]
    aims = tuple(
        ScenarioStep(name="sweep", action=kind.action, mineral=of, country=c, refiner=r, member=m)
        for c, r, m in chosen
        for of in minerals
    )
    who, what = _list(filter(None, shown)), _list(filter(None, minerals))
    title = f"{kind.title} {kind.joint} {who}" if who else kind.title
    said = ":".join(filter(None, (kind.word, place, mineral)))
    return Knob(kind, said, f"{title}, {what}" if what else title, aims)


def _split(named: Named, kind: Kind, rest: str) -> tuple[str, str]:
    """Return the words for place and mineral."""
    if ":" in rest:
        place, _, mineral = (part.strip() for part in rest.rpartition(":"))
        return place, mineral
    try:  # demand:cobalt means the mineral, unless someone is called so
        _find(named, kind, rest)
    except UsageError:
        if fold(rest) in {fold(m.name) for m in named.case.minerals}:
            return "", rest
        raise
    return rest, ""


def _find(named: Named, kind: Kind, text: str) -> None:
    """Raise UsageError where nobody is called so, with the closest name or code."""
    if not text:
        return
    try:
        if kind.place == MEMBER:
            named.members(text)
        elif kind.place == SELLER:
            named.sellers(text)
        else:
            named.country(text)
    except UsageError as error:
        msg = f"{error}{_close_code(named.case, kind, text, str(error))}"
        raise UsageError(msg) from error


def _places(case: Case, kind: Kind) -> str:
    """Name the countries where there is something to turn, the first dozen."""
    if kind.place == MEMBER:
        return ""
    if kind.place == SELLER:
        codes = {r.country for r in case.refiners} | {p.country for p in case.projects}
        what = "refiners and projects stand in"
    else:
        codes = {m.country for m in case.mines}
        what = "mines are in"
    names = sorted(map(case.country_name, codes))
    if not names:
        return f"; it has no {what.partition(' ')[0]}"
    most = 12
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"; its {what} {', '.join(names[:most])}{more}"


def _close_code(case: Case, kind: Kind, place: str, told: str) -> str:
    """Name the country whose code is close to what was typed, where nothing else is named."""
    if kind.place not in {SELLER, COUNTRY} or "did you mean" in told:
        return ""
    codes = {r.country for r in case.refiners} | {m.country for m in case.mines}
    near = did_you_mean(place, codes)
    return f"; {near}" if near.startswith("did") else ""


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
