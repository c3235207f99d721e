"""The program: a case's linear program, said twice, and what is told of its parts.

A family of constraints is one file (``families``): its components, its rows in Pyomo and the same
rows as arrays. A model built in Pyomo (``sourcing``) is compared with the arrays row by row and
number by number before it is solved, so what is wrong in either shows. Once a block's model is so
proven, blocks of the same shape, and the same block in a variant of the case, take their numbers
from the arrays: a model is built once and re-used.
"""

from models.program.builder import Group, Names, within
from models.program.component import FRACTION, MONEY, TONNES
from models.program.program import Fitted, Program, fit, program_of, split
from models.program.scaling import Scaling, joined, scaling, units_of
from models.program.solved import Flow, Solved

__all__ = [
    "FRACTION",
    "MONEY",
    "TONNES",
    "Fitted",
    "Flow",
    "Group",
    "Names",
    "Program",
    "Scaling",
    "Solved",
    "fit",
    "joined",
    "program_of",
    "scaling",
    "split",
    "units_of",
    "within",
]
