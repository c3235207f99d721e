"""What-ifs: each action a pure function from Case to Case.

A scenario is the actions of one name applied top to bottom; the case it is applied to never
changes. What a step cannot say is refused by ``models.checks`` (a selector that the action does not
list, a value missing or not allowed); a step that touches nothing gives a warning.
"""

from __future__ import annotations

from models.case import BASE, Case, fold
from models.errors import Finding, warning
from models.schema import ScenarioStep
from planner.scenarios import demand, limits, supply
from planner.scenarios.limits import drop_share_limits, set_max_country_share
from planner.scenarios.select import Action

__all__ = [
    "ACTIONS",
    "BASE",
    "apply",
    "apply_with_findings",
    "drop_share_limits",
    "names",
    "set_max_country_share",
]

ACTIONS: dict[str, Action] = {
    "block lanes": supply.block_lanes,
    "set lane max": supply.set_lane_max,
    "set tariff": supply.set_tariff,
    "scale freight": supply.scale_freight,
    "scale capacity": supply.scale_capacity,
    "add capacity": supply.add_capacity,
    "scale cost": supply.scale_cost,
    "scale demand": demand.scale_demand,
    "scale mines": supply.scale_mines,
    "block ore": supply.block_ore,
    "build project": supply.build_project,
    "set stock target": demand.set_stock_target,
    "set max country share": limits.set_max_country_share_step,
    "drop share limits": limits.drop_share_limits_step,
    "remove member": demand.remove_member,
}
"""What each action of the sheet Scenarios does."""


def names(case: Case) -> tuple[str, ...]:
    """Return the scenarios of a case in the order of their first rows, without Base."""
    return tuple(dict.fromkeys(step.name for step in case.scenarios))


def apply(case: Case, name: str) -> Case:
    """Return the case of a scenario; ``Base`` is the case itself. Raises KeyError if unknown."""
    changed, _ = apply_with_findings(case, name)
    return changed


def apply_with_findings(case: Case, name: str) -> tuple[Case, tuple[Finding, ...]]:
    """Return the case of a scenario and a warning for each step that touches nothing."""
    if fold(name) == fold(BASE):
        return case, ()
    steps = [step for step in case.scenarios if fold(step.name) == fold(name)]
    if not steps:
        raise KeyError(name)
    changed, findings = case.change(scenario=steps[0].name), []
    for step in steps:
        after = ACTIONS[step.action](changed, step)
        if after == changed:
            findings.append(
                warning(
                    ScenarioStep.SHEET,
                    step.row,
                    "Action",
                    found=f"`{step.action}` of {step.name} changes nothing",
                    hint="no row matches its selectors and years, or it stands so already",
                )
            )
        changed = after
    return changed, tuple(findings)
