"""Why a plan is as it is: Plan in, facts out.

``explain`` says what sets the marginal price of one mineral, member and year, and what binds there;
``scarcest`` what is scarcest in the whole plan.
"""

from models.plan.explain.cell import explain
from models.plan.explain.facts import Bound, Explanation, Move, Place, Price, Term
from models.plan.explain.scarcest import scarcest
from models.plan.explain.words import limit_words

__all__ = [
    "Bound",
    "Explanation",
    "Move",
    "Place",
    "Price",
    "Term",
    "explain",
    "limit_words",
    "scarcest",
]
