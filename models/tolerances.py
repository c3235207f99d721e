"""Every tolerance of the planner, once, named for what it guards.

A number without a unit is a part of what it is compared with, as its line says.
"""

# ---- what a proof accepts ----------------------------------------------------------------------

MOST_VIOLATION = 1e-6
"""Accepted violation of any constraint, as a part of what its block needs at the largest demand."""
MOST_GAP = 1e-7
"""Accepted relative dual infeasibility and relative gap."""
MOST_MIP_GAP = 1e-9
"""Accepted MIP gap of whole projects: 0 but for rounding."""
FINEST_TERMS = 1e-7
"""What violations are parts of is no smaller than this part of the largest terms added up.

A violation of 1e-13 of them is as fine as a solver gets with doubles.
"""
NEGLIGIBLE_PRICE = 1e-8
"""Prices below this part of the largest are rounding themselves."""
SETTLED = 1e-11
"""An earlier plan needs no solve if violation and gap are below this: the rounding of sums."""
REFUTED = 1e-6
"""An earlier plan surely needs a solve if it misses a limit by more than this part of it."""
SAME_COEFFICIENT = 1e-12
"""How far apart two coefficients may be, as a part of the larger: the order of a sum's terms."""
SLIDER_RULE = 1e-9
"""How far a number of a page may be from its slider's rule, as a part of it (of 1 if smaller)."""
RECOUNTED_COST = 1e-9
"""Accepted relative difference between the objective and the cost counted from the tables."""
PROOF_ROUNDING = 1e-3
"""A figure of the proof below this part of what is accepted counts as 0: it differs by machine."""
PROOF_REPEATED = 1e-6
"""A figure of the proof may differ by this part of what is accepted when it is computed again."""
SAME_CELL = 1e-9
"""Cells of two files of one plan may differ by this part: sums differ by the order of terms."""
CANCELLED = 1e-13
"""Amounts that cancel to less than this part of their sizes are 0."""

# ---- amounts -----------------------------------------------------------------------------------

LEAST_FLOW = 1e-6
"""Flows [t], and parts of a plant, up to this are left out of tables."""
SAME_ORDER = 1e-3
"""An order changes where its tonnes do by more than this [t], a kilogram."""
UNLISTED_FLOWS = 1e-3
"""Flows too small to be listed may add up to this [t]."""
LEAST_DEMAND = 1e-9
"""Demand up to this [t], a milligram, counts as none."""
SOLVED_VALUE = 1e-9
"""A value below this part of the block's smallest need is the solver's rounding: it becomes 0.

The need of a mineral and year is its largest demand of one member.
"""
REMAINDER = 1e-9
"""A difference below this part of the whole is left over when numbers cancel: 0."""
FINEST_NEED = 1e-9
"""A need below this part of what is bought or built in one piece is as fine as numbers get."""
CAPACITY_LEFT = 1e-12
"""Capacity below this part is what rounding leaves after as much was taken from it."""
DEMAND_MET = 1e-12
"""Demand met but for this part of it counts as met in full."""
LEAST_MOVE = 1e-6
"""A change below this part of a mineral's largest flow is none."""
MISSING_PART = 1e-6
"""A missing part of need up to this is nothing: the rounding of a plan."""
WITHHELD_FIGURE = 1e-6
"""A figure up to this part of the mineral's largest counts as 0: it needs no protection."""

# ---- comparisons -------------------------------------------------------------------------------

SAME_SHARE = 1e-6
"""Shares, and parts of a plant, that differ by less are equal."""
LIMIT_KEPT = 1e-6
"""A share beyond its limit or benchmark by less keeps it: the rounding of a plan."""
SHOWN_SHARE = 5e-4
"""Shares that differ by less read alike: half a tenth of a percent."""
ROUNDED_STEP = 1e-4
"""A share above a step of its last digit by less than this part of the step is rounded down."""
SAME_SUM = 1e-6
"""Relative difference of two sums of one plan that rounding may make."""
SAME_COST = 1e-7
"""Costs, prices and flows that differ by a smaller part, the solver's precision, are equal."""
SAME_MULTIPLE = 1e-9
"""Multiples of a usual price that differ by this part are equal."""
WHOLE_SUM = 1e-9
"""Shares that miss 1 by less add up to 1."""
CONVERTED_UNIT = 1e-9
"""Amounts and prices may be off by this part after a conversion of units."""
ROUNDED_MAX = 1e-3
"""A Max may be below its target by this part: it often is the target, rounded."""

# ---- prices, changes and games -----------------------------------------------------------------

NO_REDUCED_COST = 1e-7
"""A reduced cost below this part of the prices that make it up is none."""
NO_DUAL = 1e-9
"""Duals below this part of the largest, slack below this part of demand, and moves of fewer tonnes
are rounding."""
NO_COST_GAP = 1e-7
"""A plant's cost gap below this part of its landed cost is none."""
LEAST_PAYMENT = 1e-5
"""No payment below this part of what a tonne costs differs from none."""
PAYMENT_TIE = 1e-6
"""A payment that works also works with this part less: at a tie the plan may leave the plant."""
SPARED_TONNES = 1e-6
"""A limit that spares fewer tonnes a unit than this spares none."""
CHANGE_SLACK = 1e-9
"""What may exceed the least change, or the plan's shortage, as a part of demand."""
CHANGED_UNITS = 1e-9
"""A change of fewer units than this is rounding."""
POLICY_WEIGHT = 1e-12
"""A smaller weight of a policy in a mix is rounding."""
PLAIN_PLAN = 1e-12
"""How closely the plain plan's amounts are kept, as a part of the largest need."""
BILL_ROUNDING = 1e-7
"""Bills below this part of what all cost are the solver's rounding."""
BILLS_SUM = 1e-9
"""Bills that sum to the cost to this part are prices of the coalition's program."""
GAIN_OF_ONE_MORE = 5e-9
"""What one more member in a group has to gain it, as a part of what all cost: ties go to fewer."""
TIGHT_GROUP = 1e-7
"""A dual above this, of duals that sum to 1, says that a group gains the most everywhere."""
RANK = 1e-9
"""A remainder below this is none: whether groups say anything new of members."""
LEAST_RATIO = 1e-6
"""Fewer tonnes of an input for a tonne of the product are a slip; 0 says that none is needed."""
TIGHTER_ROW = 1e-6
"""A row is added only if it is tighter than the plant's own row by this part."""
ROUNDED_UP = 1e-12
"""A number above a step by less than this part is at the step when it is rounded up."""
TWO_PLANS = 1e-5
"""Differences of two plans below this part of what is needed are their rounding."""
KNOWN_EXACTLY = 1e-6
"""A redacted figure that is known to this part of it is known exactly."""
CONVERTED = 1e-12
"""Numbers that differ by less, relatively, are one number in two units."""
