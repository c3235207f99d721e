"""The account: a case's linear program as arrays, straight from the case, apart from the model.

Two uses. A model built in Pyomo is compared with it, row by row and number by number, before it is
solved: what is wrong in either shows. And once a block's model is so proven, blocks of the same
shape, and the same block in a variant of the case, take their numbers from here: a model is built
once and re-used.
"""

from models.account.builder import COLUMNS, FRACTION, MONEY, ROWS, TONNES, Names, known
from models.account.compare import differences
from models.account.keys import Laid, within
from models.account.program import Program, account
from models.account.scaling import Scaling, joined, scaling, units_of
from models.account.variant import Fitted, Kinds, fit

__all__ = [
    "COLUMNS",
    "FRACTION",
    "MONEY",
    "ROWS",
    "TONNES",
    "Fitted",
    "Kinds",
    "Laid",
    "Names",
    "Program",
    "Scaling",
    "account",
    "differences",
    "fit",
    "joined",
    "known",
    "scaling",
    "units_of",
    "within",
]
