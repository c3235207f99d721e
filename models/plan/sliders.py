"""A case's program and its changes by sliders, so that a page can plan it again by itself.

A slider changes a case, and so some numbers of its program, never its set of columns and rows. The
change is read from the programs of a few cases with one layout, so no rule of the program is
repeated here. Each slider is tested on a case from which it was not read, and refused if its change
is not linear.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from models import schema
from models.case import Case
from models.errors import SolverError
from models.plan.block_solver import BlockSolver, pieces
from models.plan.variation import NoVectorsError, Variation, apart, differs, line_through
from models.program import Program, Scaling
from models.resolve import Expanded, Floats, Ints
from models.solve import ARRAYS, LinearProgram
from models.solve.highs import PersistentSolver, statuses

MINERAL, COUNTRY = "mineral", "country"
DEMAND = "demand"
"""The slider that scales demand and all amounts given as a share of demand."""
_TWICE, _TRIED_DEMAND = 2.0, 1.1
"""The factors on demand when a slider is read together with demand, and when it is tested."""

Settings = Mapping[str, Sequence[float]]
"""For each slider, by name: its value for each part (mineral or country); NaN: not moved."""


class NotLinearError(NoVectorsError):
    """A slider does not change the program linearly."""


@dataclass(frozen=True)
class Slider:
    """A number that can be moved: its name, its change of a case, and its parts.

    ``parts`` are MINERAL or COUNTRY if the slider has one value for each of them, or "". ``change``
    takes a case, the value, and "" (all parts at once) or a country's code. The change is read at
    the values ``between`` and tested at ``tried``. If it ``scales``, the value is a factor, and 1
    changes nothing; otherwise the value replaces the number. With ``is_loss`` it has no value: a
    part is lost or not. ``straight`` gives a case in which the change is linear; in the case itself
    no number then falls below that at value 0.
    """

    name: str
    change: Callable[[Case, float, str], Case]
    between: tuple[float, float] = (0.5, 1.0)
    tried: float = 0.75
    scales: bool = False
    parts: str = ""
    is_loss: bool = False
    straight: Callable[[Case], Case] | None = None


@dataclass(frozen=True)
class Layer:
    """The change of numbers in one array by a slider.

    With the slider's value v and demand's factor d, the numbers at positions ``at`` become ``const
    + slope x v + (d - 1) x (const_d + slope_d x v)``. For a slider that scales, ``slope x (v - 1)``
    is added to them instead. ``part`` has the number of the slider's value that each position
    follows. Later layers replace earlier ones. With ``least``, no number falls below that.
    """

    slider: str
    array: str
    scales: bool
    at: Ints
    part: Ints
    const: Floats
    slope: Floats
    const_d: Floats
    slope_d: Floats
    least: Floats | None = None


def set_to(base: LinearProgram, layers: Sequence[Layer], settings: Settings) -> LinearProgram:
    """Return a program's arrays with the sliders' values; the page does this in JavaScript."""
    arrays = {name: getattr(base, name).copy() for name in ARRAYS}
    (demand,) = settings.get(DEMAND, (1.0,))
    for layer in layers:
        if layer.slider not in settings:
            continue
        value = np.array(settings[layer.slider], dtype=float)[layer.part]
        on, array = ~np.isnan(value), arrays[layer.array]
        positions, value = layer.at[on], value[on]
        if layer.scales:
            array[positions] += layer.slope[on] * (value - 1.0)
        else:
            array[positions] = layer.const[on] + layer.slope[on] * value
            array[positions] += (demand - 1.0) * (layer.const_d[on] + layer.slope_d[on] * value)
            if layer.least is not None:
                array[positions] = np.maximum(array[positions], layer.least[on])
    return dataclasses.replace(base, **arrays)


@dataclass(frozen=True)
class Basis:
    """An optimal basis for some settings: the status of each column, then of each row.

    ``objective`` [money] is the cost of the plan with these settings.
    """

    settings: Settings
    objective: float
    statuses: Ints


@dataclass
class Adjustable:
    """A case's program that sliders change.

    ``layout`` is a case with every column and row that any setting needs. ``layers`` are the
    changes by sliders, ``countries`` the parts of sliders by country.
    """

    case: Case
    layout: Case
    countries: tuple[str, ...] = ()
    layers: list[Layer] = field(default_factory=list)
    demand: Slider | None = None

    @cached_property
    def expanded(self) -> Expanded:
        return Expanded(self.layout)

    @cached_property
    def solver(self) -> BlockSolver:
        """The solver with the scaling of the layout's blocks; no Pyomo model is built."""
        return BlockSolver(self.expanded, is_compared=False)

    @property
    def program(self) -> Program:
        return self.solver.program

    @cached_property
    def base(self) -> LinearProgram:
        return self.arrays_of(self.case)

    @cached_property
    def scaling(self) -> Scaling:
        return self.solver.scaling_of(range(len(self.program.blocks)))

    @cached_property
    def pieces(self) -> list[tuple[int, ...]]:
        """The groups of blocks that are solved together."""
        return pieces(self.program, range(len(self.program.blocks)))

    @cached_property
    def variation(self) -> Variation:
        return Variation(self.expanded, self.program)

    def arrays_of(self, case: Case) -> LinearProgram:
        """Return the arrays of a case in the layout; NoVectorsError if its rows differ."""
        return self.variation.arrays_of(case)

    def add(self, slider: Slider) -> None:
        """Add a slider; NotLinearError if its effect on the program is not linear."""
        self.layers += self._losses(slider) if slider.is_loss else self._moves(slider)
        if slider.name == DEMAND:
            self.demand = slider

    # ---- the change by a slider ------------------------------------------------------------------

    def _moves(self, slider: Slider) -> list[Layer]:
        """Return a slider's layers, read at two values, and at both with demand doubled."""
        case = self.case if slider.straight is None else slider.straight(self.case)
        base = self.base if case is self.case else self.arrays_of(case)
        ends = [self._set(slider, value, case=case) for value in slider.between]
        more = [self._set(slider, value, _TWICE, case) for value in self._with_demand(slider)]
        lowest = None if slider.straight is None else self._set(slider, 0.0)
        layers = []
        for name in ARRAYS:
            numbers = [getattr(rows, name) for rows in (base, *ends, *more)]
            moved = np.flatnonzero(np.any([differs(n, numbers[0]) for n in numbers[1:3]], axis=0))
            if not len(moved):
                continue
            const, slope = line_through(numbers[1][moved], numbers[2][moved], slider.between)
            const_d, slope_d = np.zeros((2, len(moved)))
            if more:
                twice = line_through(numbers[3][moved], numbers[4][moved], slider.between)
                const_d, slope_d = map(apart, twice, (const, slope))
            fields = (moved, self._parts(slider.parts, name, moved), const, slope, const_d, slope_d)
            least = None if lowest is None else getattr(lowest, name)[moved]
            if least is not None and not differs(const, least).any():
                least = None  # the line never falls below it
            layers.append(Layer(slider.name, name, slider.scales, *fields, least))
        self._try(slider, layers)
        return layers

    def _with_demand(self, slider: Slider) -> tuple[float, ...]:
        return () if self.demand is None or slider.scales else slider.between

    def _set(
        self, slider: Slider, value: float, demand: float = 1.0, case: Case | None = None
    ) -> LinearProgram:
        """Return the arrays of a case (None: its own) with demand scaled and all parts set."""
        case = case or self.case
        if demand != 1.0 and self.demand is not None:
            case = self.demand.change(case, demand, "")
        return self.arrays_of(slider.change(case, value, ""))

    def _try(self, slider: Slider, layers: list[Layer]) -> None:
        """Compare the layers with cases from which they were not made."""
        count = max((int(layer.part.max()) + 1 for layer in layers), default=1)
        demand_layers = [layer for layer in self.layers if layer.slider == DEMAND]
        for demand in (1.0, _TRIED_DEMAND) if self._with_demand(slider) else (1.0,):
            settings = {DEMAND: (demand,), slider.name: (slider.tried,) * count}
            arrays = set_to(self.base, [*demand_layers, *layers], settings)
            wanted = self._set(slider, slider.tried, demand)
            for name in ARRAYS:
                if differs(getattr(arrays, name), getattr(wanted, name)).any():
                    msg = f"{slider.name} does not change the program linearly ({name})"
                    raise NotLinearError(msg)

    def _losses(self, slider: Slider) -> list[Layer]:
        """Return the layers of each country's loss; they do not depend on other sliders."""
        fixed: dict[str, list[tuple[Ints, Ints, Floats]]] = {name: [] for name in ARRAYS}
        for number, country in enumerate(self.countries):
            if country == schema.REST_OF_WORLD:  # not a country
                continue
            rows = self.arrays_of(slider.change(self.case, 0.0, country))
            for name in ARRAYS:
                values = getattr(rows, name)
                moved = np.flatnonzero(differs(values, getattr(self.base, name)))
                fixed[name].append((moved, np.full(len(moved), number), values[moved]))
        layers = []
        for name, parts in fixed.items():
            if not parts:
                continue
            moved, part, const = (np.concatenate([p[i] for p in parts]) for i in range(3))
            if len(moved):
                zeros = np.zeros(len(moved))
                layers.append(
                    Layer(slider.name, name, False, moved, part, const, zeros, zeros, zeros)
                )
        return layers

    def _parts(self, parts: str, array: str, positions: Ints) -> Ints:
        """Return the number of the slider's value that each position follows."""
        if not parts:
            return np.zeros(len(positions), dtype=np.int64)
        program = self.program
        if array == "values":
            positions = program.rows.entry_rows()[positions]
        if parts == COUNTRY:
            return self.country_of_column[positions]
        groups = program.variables if array in {"cost", "lower", "upper"} else program.constraints
        size = len(program.rows.cost if groups is program.variables else program.rows.row_lower)
        mineral = np.zeros(size, dtype=np.int64)
        for group in groups:
            mineral[group.at] = group.cell // len(self.expanded.years)
        return mineral[positions]

    @cached_property
    def country_of_column(self) -> Ints:
        """The position of the seller's country of each column; -1 if it is no sale."""
        number = {country: i for i, country in enumerate(self.countries)}
        of_source = np.array([number[s.country] for s in self.expanded.sources], dtype=np.int64)
        countries = np.full(len(self.program.rows.cost), -1, dtype=np.int64)
        countries[self.program.sold] = of_source[self.expanded.sales.source]
        return countries

    # ---- bases --------------------------------------------------------------------------------

    def bases(self, wanted: Iterable[Settings]) -> Iterator[Basis]:
        """Yield an optimal basis of each setting, in order; each starts from the one before.

        Settings without a proven solution are left out, and so are cases with integer builds, which
        need a search.
        """
        if self.base.whole.any() or not len(self.base.cost):
            return
        held: dict[int, PersistentSolver] = {}
        for settings in wanted:
            with contextlib.suppress(SolverError):
                yield self._basis(settings, held)

    def _basis(self, settings: Settings, held: dict[int, PersistentSolver]) -> Basis:
        """Return the basis of a setting; ``held`` are the solvers by the first block of a piece."""
        program, rows = self.program, set_to(self.base, self.layers, settings)
        solutions, x, duals = [], [], []
        for first, *rest in self.pieces:
            last = rest[-1] if rest else first
            columns, inside = program.columns_of(first, last), program.rows_of(first, last)
            part = _part_of_scaling(self.scaling, columns, inside)
            scaled = part.scaled(program.block(first, last, rows))
            solver = held.setdefault(first, PersistentSolver())
            solver.change_program(scaled)
            solution = part.unscaled(solver.run_with_fallbacks())
            solutions.append(statuses(solution.basis))
            x.append(solution.x)
            duals.append(solution.duals)
        values = np.concatenate(x), np.concatenate(duals)
        proof = program.certify(*values, self.solver.measure, rows=rows)
        if not all(proof.of_block(b).passed for b in range(len(program.blocks))):
            msg = "the solution is not proven"
            raise SolverError(msg)
        in_order = [part for parts in zip(*solutions, strict=True) for part in parts]
        return Basis(settings, float(proof.primal.sum()), np.concatenate(in_order))


def _part_of_scaling(scaling: Scaling, columns: slice, rows: slice) -> Scaling:
    return Scaling(
        scaling.column[columns], scaling.row[rows], scaling.price[columns], scaling.dual[rows]
    )
