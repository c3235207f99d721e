"""Case in, Plan out: check, split, build, solve, prove, join.

``solve`` takes the ``map`` that runs the blocks: the built-in one, a process pool's or a cluster's.
With an analyst's extension of the Pyomo model, or another solver, it solves that model in this
process (``by_model``). A ``Session`` plans a case and its variants one after another. Readers of
plans import components from here, as for ``plan.amounts(SHORTAGE)``.
"""

from models.plan.block_solver import OPTIMAL as OPTIMAL
from models.plan.block_solver import Proof as Proof
from models.plan.block_solver import status_of as status_of
from models.plan.by_model import model as model
from models.plan.plan import PENALTIES as PENALTIES
from models.plan.plan import Extension as Extension
from models.plan.plan import Plan as Plan
from models.plan.session import Session as Session
from models.plan.solving import solve as solve
from models.plan.supports import SupportBill as SupportBill
from models.plan.supports import difference_payment as difference_payment
from models.plan.supports import payments_by_member as payments_by_member
from models.plan.supports import support_bills as support_bills
from models.program.families.contracts import UNTAKEN as UNTAKEN
from models.program.families.diversification import EXCESS as EXCESS
from models.program.families.ore import ORE as ORE
from models.program.families.projects import BUDGET as BUDGET
from models.program.families.projects import BUILT as BUILT
from models.program.families.projects import REST as REST
from models.program.families.projects import UnaffordablePlant as UnaffordablePlant
from models.program.families.security import MISSING as MISSING
from models.program.families.security import SECURITY_PENALTY as SECURITY_PENALTY
from models.program.families.security import security_requirements as security_requirements
from models.program.families.shortage import OF_TIER as OF_TIER
from models.program.families.shortage import SHORTAGE as SHORTAGE
from models.program.families.stockpiles import STOCK as STOCK
from models.program.market import LEVY as LEVY
from models.program.market import PLANT_DEMAND as PLANT_DEMAND
from models.program.market import TARIFF as TARIFF
