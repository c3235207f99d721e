"""What the headers of an orders workbook mean where the plan's own notes do not say."""

from __future__ import annotations

ORDER_NOTES = {
    "Orders: Order": "The order's id: of its year, mineral, refiner, project, member and contract."
    " It stays the same in every plan that has such an order.",
    "Orders: Revision": "Changes when the order's tonnes, prices, unit or currency do, else never.",
    "Orders: Contract": "The contract that it is bought under; blank: spot.",
    "Orders: Price": "The refiner's cost, or the contract's price, at the gate.",
    "Orders: Price in all": "Tonnes x price.",
    "Orders: Tariff in all": "Tonnes x tariff.",
    "Orders: Freight in all": "Tonnes x freight.",
    "By year: Orders": "How many orders there are.",
    "By year: Tonnes": "Tonnes ordered, as the column Unit defines them.",
    "By year: Price in all": "The refiners' cost, or the contracts' price, of all tonnes.",
    "By year: Tariff in all": "Tariff of all tonnes.",
    "By year: Freight in all": "Freight of all tonnes.",
    "By year: Landed cost": "Total over tonnes.",
    "By year: Untaken": "Contract tonnes that are paid for and not taken.",
    "By year: Paid for untaken": "Untaken x the contracts' price; no tariff and no freight.",
    "By year: Total": "Price, tariff and freight of all tonnes. Undiscounted.",
    "By year: Into stock": "What goes into the member's stock; below 0 out of it.",
    "Obligations: Contract": "The contract, as the workbook names it, or its row there.",
    "Obligations: Price": "The contract's price, at the gate; the refiner's cost if it has none.",
    "Obligations: Minimum": "What the contract has the member take, or pay for, in the year.",
    "Obligations: Minimum in force": "The minimum less what force majeure lets lapse.",
    "Obligations: Maximum": "The most the contract gives; blank: no maximum.",
    "Obligations: Taken": "What is ordered under the contract.",
    "Obligations: Untaken": "What is missing to the minimum in force: take or pay.",
    "Obligations: Paid for untaken": "Untaken x price; no tariff and no freight.",
    "Stock: Movement": "Into stock; below 0 out of it.",
}
