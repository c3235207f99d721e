"""The account: a case's linear program as arrays, straight from the case, apart from the model.

Two uses. A model built in Pyomo is compared with it, row by row and number by number, before it is
solved: what is wrong in either shows. And once a block's model is so proven, blocks of the same
shape, and the same block in a variant of the case, take their numbers from here: a model is built
once and re-used.
"""

from models.account.builder import FRACTION, MONEY, TONNES, Names
from models.account.compare import differences
from models.account.program import Laid, Program, account, within
from models.account.scaling import Scaling, joined, scaling, units_of
from models.account.variant import Fitted, fit

__all__ = [
    "FRACTION",
    "MONEY",
    "TONNES",
    "Fitted",
    "Laid",
    "Names",
    "Program",
    "Scaling",
    "account",
    "differences",
    "fit",
    "joined",
    "scaling",
    "units_of",
    "within",
]
