"""A case's linear program, written twice, and descriptions of its columns and rows.

A family of constraints is one file (``families``): its components, its rows in Pyomo and the same
rows as arrays. A model built in Pyomo (``sourcing``) is compared with the arrays row by row and
number by number before it is solved, so an error in either is found. Once a block's model is proven
this way, blocks of the same shape take their numbers from the arrays, and so does the same block in
a variant of the case: a model is built once and re-used.
"""

from models.program.builder import ComponentArrays as ComponentArrays
from models.program.builder import NameIndex as NameIndex
from models.program.builder import Program as Program
from models.program.component import FRACTION as FRACTION
from models.program.component import TONNES as TONNES
from models.program.program import FittedVariant as FittedVariant
from models.program.program import build_program as build_program
from models.program.program import fit as fit
from models.program.program import split_blocks as split_blocks
from models.program.scaling import Scaling as Scaling
from models.program.scaling import choose_scaling as choose_scaling
from models.program.scaling import joined_scalings as joined_scalings
from models.program.solved import CashCost as CashCost
from models.program.solved import Flow as Flow
from models.program.solved import Solved as Solved
