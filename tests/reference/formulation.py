"""The whole mathematics of contract section 3 as one linear program for the whole book.

Where the contract leaves room, these are the readings (quoted words are the contract's):

Columns and defaults (section 2)
 1. "blank leaves what stood": a blank by-year cell is skipped; years of such columns may lie
    before the horizon, in its gaps or after it; the latest filled one up to the year holds.
 2. "Shortage cost (USD/t)~ (price x multiple)": where no cell stands in a year, the default uses
    the price of that same year.
 3. "A country not listed is coalition if ..., else other": a listed country with a blank Bloc is
    treated as not listed; one with a filled Bloc is in those blocs only, so a member's country
    listed as `friends` is not in `coalition`.
 4. "Kind", "Owner country" of Projects: as in Refiners (primary; the project's own country), not
    taken over from the refiner of that name.
 5. "a fiftieth of the mineral's shortage cost, in the last year half of it": half of the shortage
    cost (not of the fiftieth), of the year in question; the last year is that of the horizon, so
    a horizon of one year has only that. "half" of the fiftieth would sell the reserve off.
 6. "Target (t)" may exceed Max: the difference is a shortfall that is paid for.
 7. "Default freight": a lane row's freight is no freight row; the base must exist anyway.
 8. A refiner's name in Lanes or Share limits may be that of a project's new refiner.
Lanes
 9. "Max of a row without Refiner binds all refiners of the country": projects in the country
    too, contracts too. Both kinds of Max are overridden only by rows of their own kind.
10. A lane row that names a refiner also holds for the projects under its name; its Max then
    holds for each of them alone.
11. "Tariff (fraction of the refiner's cost)": of a contract, of the contract's price.
Capacity and projects
12. "A project ... its flow <= its capacity x ...": available share, years and recovery of the
    refiner's row do not touch it. It uses ore only if it is primary (recovery 1).
13. b exists for the horizon's years only; a first year before the horizon means its first year.
14. "in each year of the horizon from the start of output on, for at most life years": life runs
    on the calendar, so years in a gap of the horizon use life up and cost nothing.
15. "the Budget of year t - Lead time": a year in a gap of the horizon has its own budget row, or
    no limit without one. A lead time does not forbid an early start of output by itself.
    "for every year with a row in Budget, the spending of all such years up to it <= their budgets
    up to it" (Carry over budget): a row before the horizon adds its budget, since nothing is spent
    in its year; spending in years without a row is in no sum.
Contracts
16. Contracts draw on the capacity of the refiner's row, never on a project under its name, so
    force majeure looks at that capacity alone.
17. "the lane is closed or its Max is 0": either kind of Max. A Max that is merely below Min is
    no force majeure. Outside its years a contract has neither flow nor minimum.
18. "w is paid at the contract's price": without tariff and freight; its minimum is the shrunk one.
Share limits
19. Rest of world: no limit from a blank supplier or `each outside` for country and owner; it
    counts in bloc other (unless Countries says otherwise), in kind and in refiner.
20. A blank supplier of group bloc is one limit for each bloc, coalition and other included; a
    country in two blocs counts in both. Blocs are those of the place of refining, not the owner.
21. `each outside NAME` for owner looks at the blocs of the owner country.
22. Group refiner: a refiner and the projects under its name together.
23. "A row with blank Mineral counts only for minerals that have the named refiner": in Refiners
    or Projects. With another named supplier it counts for all minerals, so a min whose supplier
    sells nothing of a mineral is missed in full and paid for.
24. "a group": pooled, one limit on the sum over its members. `each` is each member, not group.
25. Base 0 with a hard max forbids all flow to that buyer, purchases for stock included.
26. A penalty of 0 is a penalty (soft at no cost), not a blank.
27. "sum of z of the group against the same base": z in t contained, undivided by recovery.
28. "(a max in basis purchases: the total z of that mineral and year)": over all mine countries.
29. A min's blank penalty is the shortage cost of the mineral in the year of the miss.
Rest
30. "coalition demand" in fair shortage is the sum over all members of that mineral and year; no
    rows where it is 0. "shortage cost" there is that of the year.
31. s[t-1] is the stock of the previous year column, Opening before the first. Holding cost is
    per year column. A member without a stockpile has s = 0.
32. The exponent of the discount counts calendar years, so a gap discounts too.
33. "purchases_usd ... of all flows": spot and contracts; ore, untaken tonnes, capital are not in.
Days, tiers, today's supply (docs/continuity.md)
34. `Target (days)` of 0 is a target of 0; with both targets blank the opening stock is it.
35. A tier's cost is price of the year x multiple, whatever stands in Shortage cost and its setting;
    without a multiple it is the mineral's own shortage cost.
    Fair shortage, misses of a min and of a stock target keep the mineral's own shortage cost.
36. Demand without a tier, beside tiers of the same member, is a tier of its own (None). Tiers of
    one cost share a shortage: solve splits it anyhow, evaluate by demand.
37. A refiner, mineral and member without a row of Current supply have 0 t today.
38. Switching is paid whatever the reason of the fall, a closed lane or a lost refiner too.
39. `Max growth` holds for its row, refiner and mineral. A row of 0 t makes today known; where it
    is unknown, T is 0, so later years have the floor.
40. The floor is added once, also over a gap. Where a refiner cannot sell, S = 0 meets any limit,
    so that case needs no exception. With T > 0 a year of no sales then rules out all later ones.
41. A growth limit is hard and no force majeure: minimums above it are untaken and paid.
Security (section 6)
42. "a source which can sell in t": usable capacity above 0 (a project: a start that may be made
    or is made runs), and an open lane with both kinds of Max above 0 to some member with demand
    in t or a row of Stockpiles, or an open input lane (52). Ore is not looked at.
43. A project that can run makes its country one that is lost, built or not. The row of a lost
    country from which nothing is bought is missed all the same where the others are too few.
44. "mines' capacity": of the year, open ore lanes or not; the lost country's mines included.
45. "Penalty (USD/t) (a tenth of the mineral's shortage cost ...)": of the year that is missed.
46. "stocks of all members": of members with a row of Stockpiles, whatever their target.
47. Rows do not override each other: each is a target of its own, with its own v for each country.
48. Reserves count in no share limit, lane or growth limit, and cost nothing.
Companies (section 7.6)
49. A project's Owner is its own cell, not that of the refiner under whose name it sells.
50. A row that names a company and a mineral which it does not make counts (a min is missed); one
    with a blank mineral counts only for the minerals of which the company has a source.
Stages (section 7.1)
51. A row of Inputs is a row of its cells: where the row without a refiner says 0, unmet demand of
    the product would have taken 0, whatever the rows that name a refiner say.
52. "a plant that can sell nothing takes nothing": it takes nothing, bought or handed over, where it
    can't sell in the sense of Security; an input lane to such a plant is nobody's outlet.
53. A member wants a mineral in a year with demand above 0 then, or with a row of Stockpiles.
54. The base of a limit on mining is the coalition's, so what plants take of the mineral counts.
55. "the coalition" as a buyer is a blank Buyer; a member, `each` or a group that happens to be all
    members is another buyer.
56. "what unmet demand would have taken" in Security: of all members, wherever the plants are.
57. A row of Current supply with a Plant makes today's supply of its mineral known; nothing is paid
    for switching away from a plant.
58. A scenario's row that names a member reaches plants in its country, the supplier's own too.
    Several rows for one project's or refiner's name reach all sources under it.
59. Cost of an input is booked under the input; it is cash.
Price floors (section 7.3)
60. A project is in the zone of its own country, like a refiner; Rest of world is in bloc other.
61. An exempt name is a country, or a bloc of the supplier's country.
62. tariffs_usd and levies_usd have those of all flows to members, and of flows to plants in a
    member's country; net_cost_usd is spot, contracts, inputs, untaken tonnes, ore, storage,
    capital and switching less those two.
Begun plants, fill and draw (section 7.4)
63. "what falls due in the horizon": year - lead time not before the first year. A row after the
    horizon takes its part of the project, and of the budget.
64. "in years that have no row": a row with fraction 0 keeps that year from being used.
65. "the budget counts as that much": the larger of the two, by year, or by sum up to the year.
66. A whole project's rest is built in one year or not at all.
67. Max fill and Max draw hold from one year column to the next, over a gap too, and from Opening.
End use, late plants (section 8.5)
68. "demand without a tier is one of them": where the member has such a row of Demand, or no row of
    the mineral at all; else a lane that is closed to all its named tiers is a closed lane.
69. Rows of Lanes with a tier and rows without one override each other, from top to bottom.
70. A tier without demand in the year is a tier: a source that is open to it alone can sell, fills
    stock, and its contracts' minimums stand.
71. A delay's First year is compared with the year that a row of Built has by then, delays before
    it included. The years that late rows have now are the ones in which nothing can be built.
72. A build that a delay moves into a gap of the horizon runs and is charged in the years after it;
    beyond the horizon it is neither built nor charged, and cannot be built otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from .evaluation import evaluate
from .model import Model
from .neutral import Book, Evaluation, Flows, Optimum, Totals
from .reading import Case

__all__ = ["Evaluation", "Flows", "Optimum", "Totals", "evaluate", "solve"]


def solve(book: Book, builds: Mapping[tuple[str, int], float] | None = None) -> Optimum:
    """The optimum of a book: discounted USD, totals, and the plan in neutral form.

    With `builds`, (project, first year of output) -> fraction, the builds are fixed to those (0
    where left out): then one LP even with whole projects; NoOptimumError where they break a rule.
    """
    return Model(Case(book), builds).solve()
