"""What is known of a study while it runs, and what is sent to another process and back."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_origin, get_type_hints

from models.plan import Proof
from planner.study.chain import Outcome, Planner, Run, Study, fault

TRIES = 3
"""How often a run may take its worker down before it is reported as failed."""


@dataclass(frozen=True)
class Progress:
    """How far a study is: runs finished of all, and a notice where there is something to say."""

    done: int
    total: int
    notice: str = ""


Tell = Callable[[Progress], None]
"""Hears of a study's progress; called in the process and thread of ``run_study`` alone."""


class Board:
    """The outcomes known so far, by the positions of the chain and of the run in it."""

    def __init__(self, study: Study[Any], tell: Tell) -> None:
        """Know nothing yet."""
        self.study = study
        self.tell = tell
        self.kept: dict[tuple[int, int], Outcome[Any]] = {}
        self.finished: set[tuple[int, int]] = set()

    def keep(self, chain: int, run: int, outcome: Outcome[Any]) -> None:
        """Take an outcome; one that comes again is the same and changes nothing."""
        self.kept.setdefault((chain, run), outcome)
        self.saw(chain, run)

    def take(self, sent: object) -> None:
        """Keep what a worker sent back: packed outcomes by the positions of chain and run.

        What is none is left out.
        """
        if not isinstance(sent, dict):
            return
        for chain, run in sorted(self.positions & sent.keys()):
            outcome = unpack(sent[chain, run], self.name(chain, run), self.promised)
            self.keep(chain, run, outcome)

    @cached_property
    def positions(self) -> frozenset[tuple[int, int]]:
        """The positions of all runs."""
        chains = enumerate(self.study.chains)
        return frozenset((at, i) for at, chain in chains for i in range(len(chain)))

    @cached_property
    def promised(self) -> type:
        """The class of what is read of each plan."""
        return returned_by(self.study.read)

    def saw(self, chain: int, run: int) -> None:
        """Count a run as finished, whose outcome is here or still to come."""
        if (chain, run) in self.positions - self.finished:
            self.finished.add((chain, run))
            self.notify()

    def notify(self, notice: str = "") -> None:
        """Tell how far the study is, and what else there is to say."""
        self.tell(Progress(len(self.finished), self.study.runs, notice))

    def fail(self, errand: Errand, error: str, *, ran: bool = True) -> None:
        """Give every run of an errand without an outcome the same error."""
        for i in errand.runs:
            if (errand.chain, i) not in self.kept:
                name = self.name(errand.chain, i)
                self.keep(errand.chain, i, Outcome(name, error=error, ran=ran))

    def name(self, chain: int, run: int) -> str:
        """Return the name of a run."""
        return self.study.chains[chain][run].name

    def errands(self) -> list[Errand]:
        """Return one errand a chain: the first chain, then the longest of the others.

        The first has what the others are measured against, so that little is known without it where
        a study is stopped; the longest come next, so that workers end at about one time.
        """
        found = [Errand(at, 0, len(chain)) for at, chain in enumerate(self.study.chains) if chain]
        return sorted(found, key=lambda errand: (errand.chain > 0, -errand.end))

    def after_death(self, errand: Errand, died: str) -> list[Errand]:
        """Return what is left to do of an errand whose worker died.

        The errand is done again from its start, since what a run starts from are the runs before
        it. A run that has taken its worker down ``TRIES`` times is reported as failed, and the
        chain goes on behind it as behind any failed run. Where all runs are known to be finished
        and their outcomes are not here, handing them over takes the worker down: all are failed.
        """
        chain, deaths = errand.chain, errand.deaths + 1
        at = next((i for i in errand.runs if (chain, i) not in self.finished), errand.end)
        if deaths < TRIES:
            name = self.name(chain, min(at, errand.end - 1))
            self.notify(f"{died} while planning {name}; its runs are planned again")
            return [Errand(chain, errand.first, errand.end, deaths)]
        times = f"{deaths} time{'' if deaths == 1 else 's'}"
        if at == errand.end:
            self.fail(errand, f"{died} while handing over what it had found, {times}")
            return []
        error = f"{died} while planning it, {times}"
        self.keep(chain, at, Outcome(self.name(chain, at), error=error))
        parts = (Errand(chain, errand.first, at), Errand(chain, at + 1, errand.end))
        return [part for part in parts if any((chain, i) not in self.kept for i in part.runs)]


@dataclass(frozen=True)
class Errand:
    """What a worker is sent: runs ``first`` to before ``end`` of a chain, from the base's plan on.

    ``deaths`` counts the workers that died on it.
    """

    chain: int
    first: int
    end: int
    deaths: int = 0

    @property
    def runs(self) -> range:
        """The positions of its runs in the chain."""
        return range(self.first, self.end)


@dataclass
class Desk:
    """What a worker keeps of one study: its case and session, and the outcomes found here.

    ``study`` is what ``pack_study`` made, unpacked with the first chain; ``kept`` are packed
    outcomes by the positions of chain and run; ``ended`` asks the running chain to end.
    """

    study: bytes
    kept: dict[tuple[int, int], bytes] = field(default_factory=dict)
    ended: bool = False

    @cached_property
    def planner(self) -> Planner[Any]:
        """The study's case, what is read of a plan, and the session."""
        return Planner(*pickle.loads(self.study))  # noqa: S301 - from the process that began it

    def outcomes(self, runs: bytes) -> Iterator[bytes]:
        """Plan runs one after another; each outcome comes packed."""
        chain: tuple[Run, ...] = pickle.loads(runs)  # noqa: S301 - as above
        for outcome in self.planner.outcomes(chain):
            try:
                yield pickle.dumps(outcome)
            except Exception as error:  # noqa: BLE001 - whatever an object raises there
                text = f"what was read of the plan cannot be sent back: {fault(error)}"
                yield pickle.dumps(Outcome(outcome.name, error=text))
            if self.ended:
                return


def pack_study(study: Study[Any]) -> bytes:
    """Return the base case and what is read of each plan, as sent to each worker once.

    Raises TypeError where ``read`` cannot be sent.
    """
    return _pack((study.base, study.read), "what a study reads of a plan")


def pack_runs(study: Study[Any], errand: Errand) -> bytes:
    """Return the runs of an errand; TypeError where a change cannot be sent."""
    return _pack(study.chains[errand.chain][errand.first : errand.end], "a run of a study")


def unpack(outcome: bytes, name: str, promised: type = object) -> Outcome[Any]:
    """Return an outcome that was sent back; one that says so where what came is none.

    ``promised`` is the class of what is read of a plan.
    """
    try:
        found = pickle.loads(outcome)  # noqa: S301 - from a worker we gave work to
    except Exception as error:  # noqa: BLE001 - whatever an object raises there
        return Outcome(name, error=f"what was read of the plan did not arrive: {fault(error)}")
    if isinstance(found, Outcome) and found.name == name and _is_whole(found, promised):
        return found
    return Outcome(name, error=f"its worker sent back what is no outcome of it: {found!r:.80}")


def _is_whole(outcome: Outcome[Any], promised: type) -> bool:
    """Return whether an outcome has why there is no plan, or all that there is of one."""
    if not isinstance(outcome.error, str) or not isinstance(outcome.ran, bool):
        return False
    of_plan = (outcome.found, promised), (outcome.objective, float), (outcome.proof, Proof)
    return bool(outcome.error) or all(isinstance(value, kind) for value, kind in of_plan)


def returned_by(read: Callable[..., object]) -> type:
    """Return the class that a function, or an object that can be called, says that it returns."""
    function = read if inspect.isroutine(read) else type(read).__call__
    try:
        said = get_type_hints(function).get("return", object)
    except (NameError, TypeError):  # names that are there for a type checker alone
        return object
    kind = get_origin(said) or said
    return kind if isinstance(kind, type) else object


def _pack(thing: object, what: str) -> bytes:
    try:
        return pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        msg = f"{what} cannot be sent to another process: {fault(error)}"
        raise TypeError(msg) from error
