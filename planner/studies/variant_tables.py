"""The tables of a study of variants: a plan's numbers by run, by run and mineral, by run and buyer.

All are made from ``PlanNumbers``, each compared with the numbers of the reference run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from models import tolerances
from models.measures.same_tonnes import is_named
from models.results import Colour, Field, Name, Result, Runs, common, field
from models.results.field import matrix_of
from models.results.numbers import PlanNumbers
from planner.render.claims import Claim, NoRowsError, Place, Sentence, SheetRows, say
from planner.render.words import known

Row = dict[str, Any]
"""The numbers of a run, for one mineral or for all together, by the names of fields."""

T = TypeVar("T", bound=Result)


class RunTable(PlanNumbers):
    """A plan's numbers with the run to which they belong.

    ``LEAD`` are the fields of the first columns, ``LEFT_OUT`` fields of ``PlanNumbers`` that the
    table doesn't have.
    """

    LEAD: ClassVar[tuple[str, ...]] = ("run", "mineral")
    LEFT_OUT: ClassVar[frozenset[str]] = frozenset()

    run = field.text("{run}", "The run: a change of the case. The reference comes first.")
    trouble = Runs.trouble.like(meaning="Why the run has no plan.", key="error", optional=True)

    def __init_subclass__(cls) -> None:
        """Put the leading fields first."""
        super().__init_subclass__()
        order = (*cls.LEAD, *(f.name for f in cls.FIELDS))
        names = dict.fromkeys(name for name in order if name not in cls.LEFT_OUT)
        cls.FIELDS = tuple(getattr(cls, name) for name in names)


OF_MINERALS = frozenset({
    "mineral", "tonnes_compared", "supplier", "supplier_share", "supplier_of_demand", "served_last",
    "served_through", "dependence", "country", "outside",
})  # fmt: skip
"""The numbers that only a single mineral has."""


class RunTotals(RunTable):
    """One row per run: the numbers of all minerals together."""

    GRAIN = ("run",)
    LEAD = ("run", "hit", "hit_share")
    LEFT_OUT = OF_MINERALS
    hit = field.text(
        "Mineral hit hardest",
        "The mineral with the largest further missing share of need. Blank: nothing more is"
        " missing.",
        names=Name.MINERAL,
        key="hit_hardest",
    )
    hit_share = PlanNumbers.further_missing_share.like(
        header="Further missing of that mineral (share of its need)", key="hit_hardest_share"
    )


class RunMinerals(RunTable):
    """One row per mineral and run."""

    TABLE, GRAIN, BOOK = "By mineral", ("mineral", "run"), "study"
    LEAD = ("run", "mineral")
    LEFT_OUT = frozenset({"trouble"})
    mineral = common.MINERAL


# ---- sentences -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Harm:
    """What runs leave further missing of minerals, and how sentences begin and end.

    ``rows`` have a row per run and mineral, ``share`` is what is further missing. Sentences on a
    run begin with ``hardest`` if no other row has as much, with ``next``, ``same`` (as much), or
    else with ``plain``; a slot such as ``{most[run]}`` names the run. ``when`` follows in the
    first sentence. All end with ``than``.
    """

    rows: SheetRows
    share: Field
    hardest: str
    next: str
    same: str
    plain: str
    than: str
    when: str = ""

    def most(self, rows: SheetRows) -> Claim | None:
        """Return the row with most further missing; None if nothing is, or nothing is needed."""
        try:
            most = rows.largest(self.share)
        except NoRowsError:
            return None
        return most if most.number > tolerances.MISSING_PART else None

    def of_hardest(
        self, most: Claim, place: Place = "answer", name: str = "", **claims: Any
    ) -> Sentence:
        """Return the sentence on the row with most further missing."""
        start = self.hardest if self.rows.stands_out(most, self.share) else self.plain
        return self._sentence(place, f"{start}{self.when}", most, name, **claims)

    def of_next(self, most: Claim, follows: Claim, others: SheetRows) -> Sentence:
        """Return the sentence on the run with most further missing of the ``others``."""
        is_alone = sum(map(known, others.cells(self.share))) == 1
        is_next = is_alone or others.stands_out(follows, self.share)
        start = self.next if is_next else self.plain
        return self._sentence("answer", self.same if f"{follows}" == f"{most}" else start, follows)

    def _sentence(
        self, place: Place, start: str, most: Claim, name: str = "", **claims: Any
    ) -> Sentence:
        text = f"{start}: {{most}} of the need for {{most[mineral]}} is further missing"
        large = "most" if name else ""
        return say(place, f"{text} {self.than}.", name=name, large=large, most=most, **claims)


# ---- rows ----------------------------------------------------------------------------------------


def mineral_rows(
    name: object, numbers: PlanNumbers | None, reference: PlanNumbers | None, **more: object
) -> list[Row]:
    """Return the rows of a run by mineral, all minerals together first; [] without a plan."""
    if numbers is None:
        return []
    compared = numbers if reference is None else numbers.against(reference)
    return [{"run": name, **row, **more} for row in compared.by_mineral().values()]


def with_named_costs(minerals: Result, run: Field = RunMinerals.run) -> set[Any]:
    """Return the runs whose extra cost a sentence may name: of no mineral too little is bought.

    ``minerals`` has a row per run and mineral; ``run`` is the column that names the run.
    """
    rows = list(minerals.rows(run, RunMinerals.tonnes_compared))
    return {name for name, _ in rows} - {
        name for name, compared in rows if known(compared) and not is_named(compared)
    }


def hardest_hit(rows: Sequence[Row]) -> Row:
    """Return the mineral of a run with the largest further missing share; {} if none has one."""
    parts = [(row["further_missing_share"] or 0.0, -i) for i, row in enumerate(rows) if i]
    part, at = max(parts, default=(0.0, 0))
    if part <= tolerances.MISSING_PART:
        return {"hit_share": 0.0} if rows else {}
    return {"hit": rows[-at]["mineral"], "hit_share": part}


def table_from(kind: type[T], rows: Iterable[Row], texts: Mapping[str, str]) -> T:
    """Return the table of some rows, which may have more values than its fields.

    Optional fields that no row fills are left out.
    """
    names = [f.name for f in kind.FIELDS]
    return filled(kind.of_rows([{n: row.get(n) for n in names} for row in rows], words=texts))


def filled(table: T) -> T:
    """Return a table without its optional fields that no row fills."""
    optional = (f for f in table.fields if f.optional)
    return table.without(*(f for f in optional if not any(map(_is_filled, table.data[f.name]))))


def _is_filled(value: object) -> bool:
    return value is not None and value != ""


def heat_map(  # noqa: PLR0913, PLR0917 - the parts of a matrix
    table: Result,
    lead: Sequence[Field],
    across: Field,
    cell: Field,
    name: str = "Heat map",
    names: Sequence[str] = (),
) -> Result:
    """Return a field of a table as a matrix, such as one row per run and one column per mineral.

    ``lead`` are the fields that name a row, ``across`` the field that names a column; ``names`` are
    the columns in order, if they are known.
    """
    cells = {tuple(row[:-1]): row[-1] for row in table.rows(*lead, across, cell)}
    runs = dict.fromkeys(table.rows(*lead))
    columns = {f: [run[i] for run in runs] for i, f in enumerate(lead)}
    names = names or list(dict.fromkeys(str(each) for (each,) in table.rows(across)))
    declared = cell.like(colour=Colour.HEAT)
    return matrix_of(name, columns or {f: [] for f in lead}, names, cells, declared, table.words)
