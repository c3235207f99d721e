"""Questions about a plan, answered as data: why it is as it is, and what would end a shortage.

Each module answers one question:

- ``explain``: what sets the marginal price of one mineral, member and year (``price``), which
  limits bind, and which of all limits have the largest rents.
- ``least_change``: the smallest change of the workbook that removes a shortage.
- ``search``: the smallest cap on single countries that costs no supply.
- ``exit``: the cheapest plan that buys the least from a country.
- ``ranges``: the least and the most that plans near the plan buy from each supplier, and the plan
  among these that buys least from a country.
- ``nearest``: which purchases of two plans differ only by exchanges that cost nothing.
- ``payment``: what an idle plant needs to run, and tariffs and price floors in place of caps.
- ``pool``, ``cost_sharing``: what groups of members pay alone, and fair splits of the cost.
- ``futures``, ``recourse``: one plan for several futures.

What the sheets of several commands need is also here.
"""

from models.answers.exit import Exit as Exit
from models.answers.exit import ExitBarrier as ExitBarrier
from models.answers.exit import exit_from as exit_from
from models.answers.explain import Bound as Bound
from models.answers.explain import Explanation as Explanation
from models.answers.explain import members_short_together as members_short_together
from models.answers.least_change import relaxable_words as relaxable_words
from models.answers.least_change import rounded_up as rounded_up
from models.answers.nearest import exchanged as exchanged
from models.answers.price import NEUTRAL as NEUTRAL
from models.answers.price import MarginalPrice as MarginalPrice
from models.answers.price import Move as Move
from models.answers.search import least_share as least_share
from models.program.component import OPEN as OPEN
from models.program.component import SHARE as SHARE
from models.program.component import CellAddress as CellAddress
from models.program.component import step_in_force as step_in_force
