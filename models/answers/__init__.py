"""What a plan answers: why it is as it is, and what would end a shortage, as facts.

``explain`` says what sets the marginal price of one mineral, member and year, and what binds
there; ``scarcest`` what is scarcest in the whole plan; ``least_change`` the smallest change of the
workbook that removes a shortage; ``least_share`` the smallest cap on single countries that costs
no supply.
"""

from models.answers.explain import Scarce, explain, scarcest
from models.answers.facts import Bound, Explanation, Move, Price
from models.answers.least_change import LeastChange, Newcomer, least_change
from models.answers.least_share import least_share
from models.answers.price import NEUTRAL
from models.answers.search import SPARE, Change, applied, rounded_up
from models.program.component import OPEN, SHARE, Place, Term, limit_words, step_in_force

__all__ = [
    "NEUTRAL",
    "OPEN",
    "SHARE",
    "SPARE",
    "Bound",
    "Change",
    "Explanation",
    "LeastChange",
    "Move",
    "Newcomer",
    "Place",
    "Price",
    "Scarce",
    "Term",
    "applied",
    "explain",
    "least_change",
    "least_share",
    "limit_words",
    "rounded_up",
    "scarcest",
    "step_in_force",
]
