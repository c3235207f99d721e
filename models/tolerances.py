"""Every tolerance of the planner, once, named for what it guards.

A number without a unit is relative: a fraction of the amount that its line names.
"""

# ---- proofs ------------------------------------------------------------------------------------

MOST_VIOLATION = 1e-6
"""Largest accepted violation of a constraint, relative to the largest need in its block."""
MOST_GAP = 1e-7
"""Accepted relative dual infeasibility and relative gap."""
MOST_MIP_GAP = 1e-9
"""Accepted MIP gap of plans with whole projects: 0 but for rounding."""
FINEST_TERMS = 1e-7
"""A violation is compared with need, but at least with this fraction of the largest terms.

With terms of that size, a solver that computes with doubles gets no finer.
"""
NEGLIGIBLE_PRICE = 1e-8
"""Prices below this fraction of the largest price are rounding errors."""
NEEDS_NO_SOLVE = 1e-11
"""An earlier plan needs no new solve if its violation and gap are below this."""
REFUTED = 1e-6
"""An earlier plan surely needs a solve if it misses a limit by more than this part of it."""
REFUTED_GAP = 100.0 * NEEDS_NO_SOLVE
"""It surely needs one, too, if a column's gap is above this fraction of its block's cost."""
SLIDER_RULE = 1e-9
"""Largest relative difference between a figure on the page and its slider's rule.

It is an absolute difference for figures below 1.
"""
RECOUNTED_COST = 1e-9
"""Accepted relative difference between the objective and the cost added up from the tables."""
PROOF_ROUNDING = 1e-3
"""A figure of the proof below this fraction of its tolerance counts as 0: machines differ."""
PROOF_REPEATED = 1e-6
"""A figure of the proof may differ by this fraction of its tolerance when it is recomputed."""
SAME_CELL = 1e-9
"""Cells of two files of one plan may differ by this fraction: sums depend on their order."""
CANCELLED_SUM = 1e-13
"""A sum of terms below this fraction of their sizes counts as 0: the terms cancel."""

# ---- amounts -----------------------------------------------------------------------------------

LEAST_FLOW = 1e-6
"""Tonnes, and fractions of a plant, up to this are left out of tables."""
SAME_ORDER = 1e-3
"""An order or decision counts as changed if its tonnes change by more than this [t], a kilogram."""
LEAST_DEMAND = 1e-9
"""Demand up to this [t], a milligram, counts as none."""
SOLVED_VALUE = 1e-9
"""A value below this fraction of the block's smallest need is rounding, and becomes 0.

The need of a mineral and year is its largest demand of one member.
"""
REMAINDER = 1e-9
"""A difference below this fraction of the compared amounts is rounding, and counts as 0."""
FINEST_NEED = 1e-9
"""A need below this fraction of the amount bought or built at once is below precision."""
USED_UP = 1e-12
"""What is left of a capacity, or of demand, is rounding below this fraction of it."""
LEAST_MOVE = 1e-6
"""A change below this fraction of a mineral's largest flow counts as no change."""
MISSING_PART = 1e-6
"""Need counts as met if at most this fraction is missing: the rounding of a plan."""

# ---- comparisons -------------------------------------------------------------------------------

SAME_SHARE = 1e-6
"""Shares, and fractions of a plant, are equal if they differ by less than this."""
LIMIT_KEPT = 1e-6
"""A share may exceed its limit or benchmark by this: the rounding of a plan."""
SHOWN_SHARE = 5e-4
"""Shares that differ by less than this look alike: half a tenth of a percentage point."""
ROUNDED_STEP = 1e-4
"""A share less than this fraction of a rounding step above a step is rounded down to it."""
SAME_SUM = 1e-6
"""Relative difference that rounding may cause between two sums of one plan."""
SAME_COST = 1e-7
"""Costs, prices and flows are equal if they differ by less than this: solver precision."""
SAME_RATIO = 1e-9
"""Ratios of amounts or prices are equal if they differ by at most this fraction."""
SAME_NUMBER = 1e-12
"""Numbers are equal if they differ by at most this fraction: another unit or order of a sum."""
WHOLE_SUM = 1e-9
"""Shares add up to 1 if their sum differs from 1 by less than this."""
ROUNDED_MAX = 1e-3
"""A Max may be below its target by this fraction: it often is the target, rounded."""

# ---- prices, changes and games -----------------------------------------------------------------

NO_REDUCED_COST = 1e-7
"""A reduced cost, or a plant's cost gap, below this fraction of its prices counts as 0."""
NO_DUAL = 1e-9
"""Rounding: duals below this fraction of the largest, slack below this fraction of demand, and
moves of fewer tonnes."""
LEAST_PAYMENT = 1e-5
"""A payment below this fraction of a tonne's cost counts as 0."""
PAYMENT_TIE = 1e-6
"""A payment that works also works if it is lower by this fraction.

At exactly the payment that works, the plan may leave the plant unused at the same cost.
"""
CHANGE_SLACK = 1e-9
"""Fraction of demand by which a search may exceed the least change, or the plan's shortage."""
CHANGED_UNITS = 1e-9
"""A change of fewer units than this is rounding."""
SAME_CAP = 1e-5
"""The smallest cap is searched to within this share."""
CAP_ROUNDING = 1e-10
"""A cap, or a further missing share of need, of at most this is rounding."""
POLICY_WEIGHT = 1e-12
"""A weight of a policy below this, in a mix of policies, is rounding."""
SAME_AMOUNTS = 1e-12
"""Accepted change of the ordinary plan's amounts, as a fraction of the largest need."""
WORTH_KNOWING = 1e-6
"""A number changes what is built if knowing it saves more than this fraction of total cost."""
BILL_ROUNDING = 1e-7
"""Bills below this fraction of all members' cost are the solver's rounding."""
BILLS_SUM = 1e-9
"""Bills are the coalition's prices if their sum differs from its cost by less than this."""
GAIN_OF_ONE_MORE = 5e-9
"""A group grows by a member only if that gains this fraction of total cost: ties stay small."""
LEAST_RATIO = 1e-6
"""Least tonnes of an input per tonne of product; 0 means that none is needed."""
TIGHTER_ROW = 1e-6
"""A row is added only if it is tighter than the plant's own row by this fraction."""
ROUNDED_UP = 1e-12
"""A number that exceeds a step by less than this fraction is rounded down to it, not up."""
PLAN_DIFFERENCE = 1e-5
"""Differences of two plans below this fraction of need are rounding."""
